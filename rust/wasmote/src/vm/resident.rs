//! Functions that are encoded when they are first called, and their code, of which a store holds no more than its budget.
//!
//! Each instance has records of its own for them, and each store code of its own: so a store is all that knows of them, and
//! it is used by one thread at a time. A record's entry is [`first_call`] as long as there is no code, `code` is null, and
//! `frame_cells` the place of the body then, with [`NOT_ENCODED`], which says for the interpreter what `entry` says for others.
//!
//! When the budget is used up, functions are given up that do not run and have not been called for a while. Calls take note of
//! nothing, so that they cost no more than of what was there from the beginning; but where room is needed a hand goes round
//! among those that do not run, and puts each to rest that it passes: its entry is [`first_call`] again, which wakes up what
//! is called. What still rests when the hand comes by again has not been called since, and goes. However many go, they are passed
//! twice at most.

use super::call::{instance, made};
use super::instance::store;
use super::state::State;
use crate::encoded::Encoded;
use crate::{Error, Module};
use core::ptr;
use core::sync::atomic::Ordering;
use wasmote_core::vm::{FuncRecord, NOT_ENCODED, StackVm, VmCtx};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// Functions that are encoded.
pub(super) struct Resident {
    /// By the address of their code.
    functions: Vec<Function>,
    /// The one that is looked at next when room is needed.
    hand: usize,
    /// Their [`Function::bytes`] together.
    bytes: usize,
    /// How many functions have been encoded, those that were encoded again included.
    encoded: u32,
}

struct Function {
    code: Vec<u8>,
    record: *const FuncRecord,
    /// Place of the body in the module.
    place: u32,
    /// Only known while room is made.
    running: bool,
    state: Presence,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Awake,
    Resting,
    GivenUp,
}

impl Function {
    fn bytes(code: usize) -> usize {
        code + size_of::<Function>()
    }

    fn start(&self) -> *const u8 {
        self.code.as_ptr()
    }
}

/// A record for each function that `module` defines, which lead to [`first_call`]; none if the module itself has the functions'
/// code.
pub(super) fn records(heap: &Heap, module: &Module) -> Result<Vec<FuncRecord>, OutOfMemory> {
    let mut records = Vec::new(heap);
    if module.code().records().is_empty() {
        let parsed = module.parsed();
        records.reserve_exact((parsed.func_count() - parsed.import_funcs()) as usize)?;
        for (place, own) in parsed.body_places().zip(0..) {
            let ty = crate::module::func_type(parsed, own);
            records.push(FuncRecord::new(first_call, ptr::null(), ty, place | NOT_ENCODED))?;
        }
    }
    Ok(records)
}

/// What else `frame_cells` says than that the function is not to be entered.
fn known(record: &FuncRecord) -> u32 {
    record.frame_cells.load(Ordering::Relaxed) & !NOT_ENCODED
}

impl Resident {
    pub fn new(heap: &Heap) -> Resident {
        Resident { functions: Vec::new(heap), hand: 0, bytes: 0, encoded: 0 }
    }

    /// Bytes that are held of code, and what is known of them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many functions have been encoded, those that were encoded again included.
    pub fn encoded(&self) -> u32 {
        self.encoded
    }

    /// The number of functions whose code begins at or before an address.
    fn behind(&self, address: *const u8) -> usize {
        self.functions.partition_point(|function| function.start() <= address)
    }

    /// The record of the function whose code holds an address, and how many bytes that lies behind the first.
    pub fn find(&self, address: *const u8) -> Option<(*const FuncRecord, u32)> {
        let function = self.functions.get(self.behind(address).checked_sub(1)?)?;
        let bytes = address.addr() - function.start().addr();
        (bytes < function.code.len()).then_some((function.record, bytes as u32))
    }

    /// Gives code up until there is room for those of a function, if they are not in use.
    fn make_room(&mut self, bytes: usize, budget: usize, stack: *const StackVm) {
        if self.bytes + bytes <= budget {
            return;
        }
        // SAFETY: (R1) code waits for us.
        unsafe {
            wasmote_interp::frames(stack, |behind| {
                let at = self.behind(behind.wrapping_sub(1)).checked_sub(1);
                if let Some(function) = at.and_then(|at| self.functions.get_mut(at)) {
                    function.running = true;
                }
            });
        }
        for _ in 0..2 * self.functions.len() {
            if self.bytes + bytes <= budget {
                break;
            }
            self.pass();
        }
        self.close_ranks();
    }

    /// Puts the function to rest that the hand points to, or gives it up if it rests already.
    fn pass(&mut self) {
        if self.hand >= self.functions.len() {
            self.hand = 0;
        }
        let at = self.hand;
        self.hand += 1;
        let Some(function) = self.functions.get_mut(at).filter(|function| !function.running) else { return };
        // SAFETY: (R7) the record lives as long as the store, and nobody who runs uses its code.
        let record = unsafe { &*function.record };
        match function.state {
            Presence::Awake => {
                record.entry.store(first_call as *mut (), Ordering::Relaxed);
                record
                    .frame_cells
                    .store(record.frame_cells.load(Ordering::Relaxed) | NOT_ENCODED, Ordering::Relaxed);
                function.state = Presence::Resting;
            }
            Presence::Resting => {
                record.code.store(ptr::null_mut(), Ordering::Relaxed);
                record.frame_cells.store(function.place | NOT_ENCODED, Ordering::Relaxed);
                self.bytes -= Function::bytes(function.code.len());
                function.state = Presence::GivenUp;
            }
            Presence::GivenUp => {}
        }
    }

    /// Frees those that were given up.
    fn close_ranks(&mut self) {
        let (mut at, mut before_hand) = (0, 0);
        let hand = self.hand;
        self.functions.retain(|function| {
            function.running = false;
            let kept = function.state != Presence::GivenUp;
            if cfg!(feature = "extra-checks") && !kept {
                // No instruction.
                function.code.fill(u8::MAX);
            }
            before_hand += usize::from(kept && at < hand);
            at += 1;
            kept
        });
        self.hand = before_hand;
    }

    /// Wakes a function up that rests.
    fn wake(&mut self, record: &FuncRecord) {
        let start = record.code.load(Ordering::Relaxed).cast_const().cast();
        let at = self.behind(start).checked_sub(1);
        if let Some(function) = at.and_then(|at| self.functions.get_mut(at)) {
            function.state = Presence::Awake;
            record.frame_cells.store(known(record), Ordering::Relaxed);
            record.entry.store(wasmote_interp::entry as *mut (), Ordering::Release);
        }
    }

    /// Keeps the code of a function, and tells its record.
    fn keep(
        &mut self,
        code: Vec<u8>,
        frame_cells: u32,
        record: *const FuncRecord,
    ) -> Result<(), OutOfMemory> {
        let (start, bytes) = (code.as_ptr(), Function::bytes(code.len()));
        let at = self.behind(start);
        // SAFETY: (R7) the record lives as long as the store.
        let told = unsafe { &*record };
        let place = known(told);
        self.functions.push(Function { code, record, place, running: false, state: Presence::Awake })?;
        if let Some((last, before)) = self.functions.split_last_mut() {
            before.iter_mut().skip(at).for_each(|after| core::mem::swap(after, last));
        }
        // The hand comes to it last.
        if at <= self.hand {
            self.hand += 1;
        }
        self.bytes += bytes;
        self.encoded = self.encoded.wrapping_add(1);
        told.code.store(start.cast_mut().cast(), Ordering::Relaxed);
        told.frame_cells.store(frame_cells, Ordering::Relaxed);
        told.entry.store(wasmote_interp::entry as *mut (), Ordering::Release);
        Ok(())
    }
}

/// Wakes own function `own` of an instance of `module` up, or encodes it. If memory runs out, at the cost of all that do not run.
///
/// # Safety
/// The code of `store` waits; `record` is the function's.
unsafe fn call_for(
    store: *mut State,
    module: &Module,
    own: u32,
    record: *const FuncRecord,
) -> Result<(), Error> {
    // SAFETY: (R1) code waits for us; (R7) the record lives as long as the store.
    let (state, told) = unsafe { (&mut *store, &*record) };
    let (resident, heap, budget) = (&mut state.resident, &state.heap, state.quotas.code_bytes);
    if !told.code.load(Ordering::Relaxed).is_null() {
        resident.wake(told);
        return Ok(());
    }
    let place = known(told);
    let stack = &raw const state.stack;
    let attempt = |resident: &mut Resident| {
        let scratch = heap.account(usize::MAX)?;
        let mut encoded = Encoded::new(module.parsed(), &scratch, &scratch, module.metered());
        let (code, frame_cells) = encoded.code(own, place)?;
        resident.make_room(Function::bytes(code.len()), budget, stack);
        Ok(resident.keep(Vec::copy_of(heap, code)?, frame_cells, record)?)
    };
    let first = attempt(resident);
    if first != Err(Error::OutOfMemory) {
        return first;
    }
    resident.make_room(0, 0, stack);
    attempt(resident)
}

/// Gives up what is held beyond the budget, if it does not run any more.
///
/// # Safety
/// The code of `store` waits.
pub(super) unsafe fn trim(store: *mut State) {
    // SAFETY: (R1) code waits for us.
    let state = unsafe { &mut *store };
    state.resident.make_room(0, state.quotas.code_bytes, &raw const state.stack);
}

/// `Entry` of a function that has no code.
unsafe extern "C" fn first_call(
    callee: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    // SAFETY: (R1) (R2) code waits for us; (R7) the record is one of the instance's.
    unsafe {
        let own = record.offset_from_unsigned((*callee).funcs) as u32;
        let called = call_for(store(callee), instance(callee).module(), own, record);
        made(called, callee, record, cells, caller)
    }
}
