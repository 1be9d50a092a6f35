//! Functions that are encoded when they are first called, and their words, of which a store holds no more than its budget.
//!
//! Each instance has records of its own for them, and each store words of its own: so a store is all that knows of them, and
//! it is used by one thread at a time. A record's entry is [`first_call`] as long as there are no words, `code` is null, and
//! `frame_cells` the place of the body then.
//!
//! When the budget is used up, functions are given up that do not run and have not been called for a while. Calls take note of
//! nothing, so that they cost no more than of what was there from the beginning; but from time to time all that do not run
//! are put to rest: their entry is [`first_call`] again, which wakes up what is called. Those that still rest when room is
//! needed have not been called since, and the one that was encoded first goes.

use super::call::{instance, made};
use super::state::State;
use crate::encoded::Encoded;
use crate::{Error, Module};
use core::ptr;
use core::sync::atomic::Ordering;
use wasmote_core::vm::{FuncRecord, StackVm, VmCtx};
use wasmote_platform::{Heap, OutOfMemory, Vec};

/// Functions that are encoded.
pub(super) struct Resident {
    /// By the address of their words.
    functions: Vec<Function>,
    /// Their [`Function::bytes`] together.
    bytes: usize,
    /// How many functions have been encoded, those that were encoded again included.
    encoded: u32,
}

struct Function {
    words: Vec<u32>,
    record: *const FuncRecord,
    /// Place of the body in the module.
    place: u32,
    /// How many were encoded before.
    age: u32,
    running: bool,
    resting: bool,
}

impl Function {
    fn bytes(words: usize) -> usize {
        words * size_of::<u32>() + size_of::<Function>()
    }

    fn start(&self) -> *const u32 {
        self.words.as_ptr()
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
            records.push(FuncRecord::new(first_call, ptr::null(), ty, place))?;
        }
    }
    Ok(records)
}

impl Resident {
    pub fn new(heap: &Heap) -> Resident {
        Resident { functions: Vec::new(heap), bytes: 0, encoded: 0 }
    }

    /// Bytes that are held of words, and what is known of them.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many functions have been encoded, those that were encoded again included.
    pub fn encoded(&self) -> u32 {
        self.encoded
    }

    /// The number of functions whose words begin at or before an address.
    fn behind(&self, address: *const u32) -> usize {
        let (mut low, mut high) = (0, self.functions.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.functions.get(middle) {
                Some(function) if function.start() <= address => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// The record of the function whose words hold an address, and how many bytes that lies behind the first.
    pub fn find(&self, address: *const u32) -> Option<(*const FuncRecord, u32)> {
        let function = self.functions.get(self.behind(address).checked_sub(1)?)?;
        let bytes = address.addr() - function.start().addr();
        (bytes < size_of_val(&*function.words)).then_some((function.record, bytes as u32))
    }

    /// Gives words up until there is room for those of a function, if they are not in use.
    fn make_room(&mut self, bytes: usize, budget: usize, stack: *const StackVm) {
        if self.bytes + bytes <= budget {
            return;
        }
        for function in self.functions.iter_mut() {
            function.running = false;
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
        while self.bytes + bytes > budget {
            let Some(at) = self.oldest_resting().or_else(|| {
                self.put_to_rest();
                self.oldest_resting()
            }) else {
                break;
            };
            self.give_up(at);
        }
        // So that by the next time those are awake that are called.
        if self.oldest_resting().is_none() {
            self.put_to_rest();
        }
    }

    /// The function that was encoded first, of those that rest and do not run.
    fn oldest_resting(&self) -> Option<usize> {
        let resting =
            self.functions.iter().zip(0..).filter(|(function, _)| function.resting && !function.running);
        Some(resting.max_by_key(|(function, _)| self.encoded.wrapping_sub(function.age))?.1)
    }

    /// Puts all to rest that do not run.
    fn put_to_rest(&mut self) {
        for function in self.functions.iter_mut().filter(|function| !function.running) {
            function.resting = true;
            // SAFETY: (R7) the record lives as long as the store.
            unsafe { &*function.record }.entry.store(first_call as *mut (), Ordering::Relaxed);
        }
    }

    /// Wakes a function up that rests.
    fn wake(&mut self, record: &FuncRecord) {
        let words = record.code.load(Ordering::Relaxed).cast_const().cast();
        let at = self.behind(words).checked_sub(1);
        if let Some(function) = at.and_then(|at| self.functions.get_mut(at)) {
            function.resting = false;
            record.entry.store(wasmote_interp::entry as *mut (), Ordering::Release);
        }
    }

    fn give_up(&mut self, at: usize) {
        if let Some(after) = self.functions.get_mut(at..) {
            after.rotate_left(1);
        }
        let Some(mut function) = self.functions.pop() else { return };
        if cfg!(feature = "extra-checks") {
            // No instruction.
            function.words.fill(u32::MAX);
        }
        self.bytes -= Function::bytes(function.words.len());
        // SAFETY: (R7) the record lives as long as the store, and no code that uses the words runs.
        let record = unsafe { &*function.record };
        record.entry.store(first_call as *mut (), Ordering::Relaxed);
        record.code.store(ptr::null_mut(), Ordering::Relaxed);
        record.frame_cells.store(function.place, Ordering::Relaxed);
    }

    /// Keeps the words of a function, and tells its record.
    fn keep(
        &mut self,
        words: Vec<u32>,
        frame_cells: u32,
        record: *const FuncRecord,
    ) -> Result<(), OutOfMemory> {
        let (start, bytes) = (words.as_ptr(), Function::bytes(words.len()));
        let at = self.behind(start);
        // SAFETY: (R7) the record lives as long as the store.
        let told = unsafe { &*record };
        let place = told.frame_cells.load(Ordering::Relaxed);
        let age = self.encoded;
        self.functions.push(Function { words, record, place, age, running: false, resting: false })?;
        if let Some(after) = self.functions.get_mut(at..) {
            after.rotate_right(1);
        }
        self.bytes += bytes;
        self.encoded = self.encoded.wrapping_add(1);
        told.frame_cells.store(frame_cells, Ordering::Relaxed);
        told.code.store(start.cast_mut().cast(), Ordering::Relaxed);
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
    let place = told.frame_cells.load(Ordering::Relaxed);
    let stack = &raw const state.stack;
    let attempt = |resident: &mut Resident| {
        let scratch = heap.root_account().account(usize::MAX)?;
        let mut encoded = Encoded::new(module.parsed(), &scratch, &scratch, module.metered());
        let (words, frame_cells) = encoded.words(own, place)?;
        resident.make_room(Function::bytes(words.len()), budget, stack);
        Ok(resident.keep(Vec::copy_of(heap, words)?, frame_cells, record)?)
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

/// `Entry` of a function that has no words.
unsafe extern "C" fn first_call(
    callee: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    // SAFETY: (R1) (R2) code waits for us; (R7) the record is one of the instance's.
    unsafe {
        let own = record.offset_from_unsigned((*callee).funcs) as u32;
        let instance = instance(callee);
        let module = instance.module().ok_or(Error::NotFound);
        let called = module.and_then(|module| call_for(instance.store, module, own, record));
        made(called, callee, record, cells, caller)
    }
}
