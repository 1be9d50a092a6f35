//! Calls from the host into code, and what code calls of the runtime's.

use super::context::{Context, Origin};
use super::instance::{InstanceData, store};
use super::interrupt::InterruptHandle;
use super::state::{Called, State};
use crate::backtrace::CodePlace;
use crate::{Error, Func};
use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use wasmote_core::vm::{AGAIN, Entry, FuncRecord, HOSTS, StackVm, VmCtx};
use wasmote_core::{Feature, FuncType, Trap, ValType};

/// A call that is being prepared or has returned.
pub(crate) struct Call<'a> {
    state: *mut State,
    /// Of the module's bytes or the host function's, which stay as they are as long as the store.
    ty: FuncType<'a>,
    callee: *mut VmCtx,
    /// The host function that calls, if one does.
    caller: Option<NonNull<Caller<'static>>>,
    record: *const FuncRecord,
    cells: *mut u32,
    len: usize,
    _context: PhantomData<&'a mut State>,
}

impl<'a> Call<'a> {
    /// Prepares a call of `func`, which must have the type `ty` if there is one.
    ///
    /// # Errors
    /// `NotFound` if it is no function of this store's, `WrongType`, or a trap: the value stack is used up.
    #[inline(always)]
    pub fn new(cx: &'a mut impl Context, func: Func, ty: Option<FuncType<'_>>) -> Result<Call<'a>, Error> {
        let origin = cx.origin();
        // SAFETY: (R1) no code runs, or it waits for us. What is kept of it is a type.
        let state: &'a State = unsafe { &*origin.state };
        let Called { ctx: callee, record, ty: found } = state.called(func).ok_or(Error::NotFound)?.get();
        if ty.is_some_and(|ty| ty != found) {
            return Err(Error::WrongType);
        }
        // As if all of them took two cells, which costs less to find out.
        let len = 2 * found.param_bytes().len().max(found.result_bytes().len());
        if !fits(&state.stack, origin.free, len) {
            return Err(Error::Trap(Trap::StackOverflow));
        }
        let Origin { state, free: cells, caller } = origin;
        Ok(Call { state, ty: found, callee, caller, record, cells, len, _context: PhantomData })
    }

    /// The function's type and the cells.
    pub fn parts(&mut self) -> (&FuncType<'a>, &mut [u32]) {
        // SAFETY: (R4) there is room for them, and nobody else uses the stack above its free cell.
        (&self.ty, unsafe { core::slice::from_raw_parts_mut(self.cells, self.len) })
    }

    /// The cells of the arguments, and after [`run`](Call::run) of the results.
    pub fn cells(&mut self) -> &mut [u32] {
        self.parts().1
    }

    /// Whether the function references among the arguments belong to this store; those of another would lead
    /// nowhere.
    pub fn refs_belong(&mut self) -> bool {
        // Not `contains`, for which the library has a search by words.
        let other = |&ty: &u8| ty != ValType::FuncRef as u8;
        if !Feature::ReferenceTypes.compiled() || self.ty.param_bytes().iter().all(other) {
            return true;
        }
        // SAFETY: (R1) no code runs, or it waits for us.
        let state = unsafe { &*self.state };
        state.refs_belong(self.ty.param_bytes(), self.cells())
    }

    /// Runs the function.
    ///
    /// # Errors
    /// [`Error::Trap`] or [`Error::Host`].
    #[inline(always)]
    pub fn run(&mut self) -> Result<(), Error> {
        // SAFETY: (R1) (R2) (R4) the store lives as long as the call; nothing of it is borrowed while code runs.
        unsafe {
            let caller = self.caller.map_or(self.callee, |caller| caller.as_ref().ctx.as_ptr());
            let code = loop {
                let code = entry(self.record)(self.callee, self.record, self.cells, caller);
                if code != AGAIN || !cfg!(any(feature = "jit-lazy", feature = "interp-lazy")) {
                    break code;
                }
            };
            #[cfg(feature = "interp-lazy")]
            super::resident::trim(self.state);
            let Some(trap) = Trap::from_code(code) else {
                (*self.state).trace.forget();
                return Ok(());
            };
            (*self.state).trace.end();
            if let Some(caller) = self.caller {
                caller.as_ref().fail();
            }
            Err(if trap == Trap::Host { Error::Host((*self.state).host_code) } else { Error::Trap(trap) })
        }
    }
}

/// How a function is called.
///
/// # Safety
/// `record` is a function's.
pub(super) unsafe fn entry(record: *const FuncRecord) -> Entry {
    // Only then other threads may change it meanwhile.
    let order = if cfg!(feature = "jit-lazy") { Ordering::Acquire } else { Ordering::Relaxed };
    // SAFETY: (R7) the caller says so; nothing else is stored there.
    unsafe { core::mem::transmute::<*mut (), Entry>((*record).entry.load(order)) }
}

/// What an [`Entry`] answers that had to make the function's code first: to be called again, or what that code answers, since native
/// code calls functions of other instances once.
///
/// # Safety
/// As of [`Entry`], which was called with these.
#[cfg(any(feature = "jit-lazy", feature = "interp-lazy"))]
pub(super) unsafe fn made(
    made: Result<(), Error>,
    callee: *mut VmCtx,
    record: *const FuncRecord,
    cells: *mut u32,
    caller: *mut VmCtx,
) -> u32 {
    match made {
        Ok(()) if callee == caller || cfg!(not(feature = "jit")) => AGAIN,
        // SAFETY: (R7) the caller says so.
        Ok(()) => unsafe { entry(record)(callee, record, cells, caller) },
        Err(_) => Trap::NotCompiled as u32,
    }
}

/// Whether there are `len` free cells from `cells` on.
pub(super) fn fits(stack: &StackVm, cells: *mut u32, len: usize) -> bool {
    // It may be less than none.
    (stack.control as isize).wrapping_sub(cells as isize) >= (len * size_of::<u32>()) as isize
}

/// What a host function knows of the code that called it, and its way to the store.
#[derive(Debug)]
#[repr(C)]
pub struct Caller<'a> {
    /// Of the host function; null if there is none, and the store is seen from outside.
    record: *const FuncRecord,
    /// The host function's cells, above which the value stack is free. It is one byte further if a call that was made through
    /// this has trapped.
    cells: Cell<*mut u32>,
    pub(super) ctx: NonNull<VmCtx>,
    _store: PhantomData<&'a mut State>,
}

impl Caller<'_> {
    /// # Safety
    /// (R2) (R4) (R5) `ctx` is that of the instance that calls, `cells` are those of the host function of this record, or the
    /// first free ones if there is none, as long as this is used.
    #[inline(always)]
    pub(super) unsafe fn new(record: *const FuncRecord, cells: *mut u32, ctx: *mut VmCtx) -> Self {
        // SAFETY: (R2) a context.
        let ctx = unsafe { NonNull::new_unchecked(ctx) };
        Caller { record, cells: Cell::new(cells), ctx, _store: PhantomData }
    }

    /// The same, while this one is borrowed. That a call has trapped is told by the one that was used.
    #[inline(always)]
    pub fn reborrow(&mut self) -> Caller<'_> {
        Caller { record: self.record, cells: self.cells.clone(), ctx: self.ctx, _store: PhantomData }
    }

    /// The host function, as it was given to the store; null if the store is seen from outside.
    #[inline(always)]
    pub fn host_function(&self) -> *const () {
        // SAFETY: (R5) a host function's record.
        unsafe { self.record.as_ref() }
            .map_or(core::ptr::null(), |record| record.code.load(Ordering::Relaxed))
    }

    fn cells(&self) -> *mut u32 {
        self.cells.get().map_addr(|address| address & !(align_of::<u32>() - 1))
    }

    /// The first cell of the value stack above the host function's own.
    pub(super) fn free(&self) -> *mut u32 {
        // SAFETY: (R5) a host function's record.
        match unsafe { self.record.as_ref() } {
            Some(record) => self.cells().wrapping_add(record.frame_cells.load(Ordering::Relaxed) as usize),
            None => self.cells(),
        }
    }

    /// Whether a call that was made through this has trapped.
    pub(super) fn failed(&self) -> bool {
        !self.cells.get().is_aligned()
    }

    fn fail(&self) {
        self.cells.set(self.cells().wrapping_byte_add(1));
    }

    pub(super) fn state_ptr(&self) -> *mut State {
        // SAFETY: (R2) the calling instance's context.
        unsafe { super::instance::store(self.ctx.as_ptr()) }
    }

    /// A number that its store has alone, for as long as it is there.
    #[inline(always)]
    pub fn store_id(&self) -> usize {
        self.state_ptr().addr()
    }

    /// The number of the instance that calls.
    pub(crate) fn number(&self) -> u32 {
        // SAFETY: (R2) the calling instance's context.
        unsafe { self.ctx.as_ref().number }
    }

    /// What the runtime knows of the instance that calls; `None` if no instance does, as the host called its own function.
    fn data(&self) -> Option<&InstanceData> {
        // SAFETY: (R2) the calling instance's context.
        if self.number() == HOSTS { None } else { Some(unsafe { instance(self.ctx.as_ptr()) }) }
    }

    /// A handle that interrupts the instance that calls, and all others of its store.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        crate::vm::state(self).interrupt_handle()
    }

    /// The start function of the instance that calls; `None` if the module has none.
    pub fn start_func(&self) -> Option<Func> {
        self.data()?.start_func()
    }

    /// The caller's memory; `None` if it has none.
    pub fn memory(&mut self) -> Option<&mut [u8]> {
        // SAFETY: (R2) (R3) the memory is there; code waits for us, and our borrow keeps us from calling back.
        unsafe {
            let ctx = self.ctx.as_ref();
            self.data()?.memory_at()?;
            Some(core::slice::from_raw_parts_mut(ctx.memory_base, ctx.memory_len))
        }
    }
}

/// # Safety
/// `ctx` is an instance's, not that of the host functions, and nobody changes what the instance knows while it is borrowed.
pub(super) unsafe fn instance<'a>(ctx: *mut VmCtx) -> &'a InstanceData {
    // SAFETY: (R2) the caller says so.
    unsafe { &*super::instance::data(ctx) }
}

/// `VmCtx::signature_matches`: types of different modules are compared by their contents.
pub(super) unsafe extern "C" fn signature_matches(ctx: *mut VmCtx, ty: u32, reference: u32) -> bool {
    // SAFETY: (R1) (R2) code waits for us.
    unsafe {
        let ty = instance(ctx).module().parsed().func_type_at(ty);
        Func::from_cell(reference).and_then(|func| (*store(ctx)).is_of_type(func, ty)) == Some(true)
    }
}

/// `StackVm::record_frame`.
pub(super) unsafe extern "C" fn record_frame(_: *mut StackVm, ctx: *mut VmCtx, code: *const ()) -> bool {
    // SAFETY: (R1) (R2) code is being left, so nobody borrows the store.
    unsafe {
        let store = store(ctx);
        (*store).trace.push((*ctx).number, place(store, ctx, code))
    }
}

/// What a frame keeps of a code position.
#[cfg(not(feature = "interp-lazy"))]
unsafe fn place(_: *const State, _: *const VmCtx, code: *const ()) -> CodePlace {
    CodePlace::Address(code.addr())
}

/// What a frame keeps of a code position.
///
/// # Safety
/// `ctx` is an instance's of the store, which nobody borrows.
#[cfg(feature = "interp-lazy")]
unsafe fn place(store: *const State, ctx: *const VmCtx, code: *const ()) -> CodePlace {
    // SAFETY: (R1) the caller says so; (R7) a function that runs is one of the instance's.
    unsafe {
        match (*store).resident.find(code.cast()) {
            Some((record, bytes)) => CodePlace::In(record.offset_from_unsigned((*ctx).funcs) as u32, bytes),
            None => CodePlace::Address(code.addr()),
        }
    }
}

/// `VmCtx::unwind` where there is no compiled code.
#[cfg(not(feature = "jit"))]
pub(super) unsafe extern "C" fn no_frames(_: *mut VmCtx, _: *const usize, _: *const ()) {}
