//! Functions and values.

use crate::handle::{array, array_mut, can_put, put, string, text};
use crate::instance::failed;
use crate::message::{Failure, Report, Text, run};
use crate::store::Access;
use crate::types::wasmote_status::*;
use crate::types::*;
use core::ffi::c_char;
use wasmote::{Error, Extern, ExternRef, Func, FuncType, ValType, Value, WasmValue};

/// The value that the application gives.
pub(crate) fn value_in(value: &wasmote_value_t) -> Result<Value, Failure> {
    let ty = u8::try_from(value.r#type).ok().and_then(ValType::from_byte);
    // SAFETY: (C3) all members of the union are plain bits, and the header demands that they are set.
    unsafe {
        Ok(match ty.ok_or(WASMOTE_ERR_TYPE_MISMATCH)? {
            ValType::I32 => Value::I32(value.of.i32),
            ValType::I64 => Value::I64(value.of.i64),
            ValType::F32 => Value::F32(value.of.f32),
            ValType::F64 => Value::F64(value.of.f64),
            ValType::FuncRef => Value::FuncRef(func_in(value.of.r#ref)),
            ValType::ExternRef => Value::ExternRef(ExternRef::new(value.of.r#ref)),
        })
    }
}

/// The value that the application gets.
pub(crate) fn value_out(value: Value) -> wasmote_value_t {
    let mut of = wasmote_value_of_t { i64: 0 };
    match value {
        Value::I32(value) => of.i32 = value,
        Value::I64(value) => of.i64 = value,
        Value::F32(value) => of.f32 = value,
        Value::F64(value) => of.f64 = value,
        Value::FuncRef(_) | Value::ExternRef(_) => of.r#ref = value.bits() as u32,
    }
    wasmote_value_t { r#type: value.ty() as wasmote_type_t, of }
}

fn func_in(cell: u32) -> Option<Func> {
    <Option<Func> as WasmValue>::read(&mut [cell].as_slice())
}

impl Access<'_> {
    /// The function that the application names.
    #[inline(always)]
    pub fn func(&mut self, func: wasmote_func_t) -> Result<Func, Failure> {
        let found = func_in(func.handle).filter(|_| func.owner == self.id());
        found.ok_or_else(|| WASMOTE_ERR_INVALID_ARGUMENT.into())
    }

    /// What the application gets of a function.
    fn func_out(&mut self, func: Func) -> wasmote_func_t {
        wasmote_func_t { owner: self.id(), handle: Value::FuncRef(Some(func)).bits() as u32 }
    }

    /// Writes the function that the instance exports under a name.
    ///
    /// # Safety
    /// (C3) As for [`put`].
    unsafe fn put_export(&mut self, name: &str, out: *mut wasmote_func_t) -> Result<(), Failure> {
        match self.instance().export(self.cx(), name) {
            // SAFETY: (C3) the caller says so.
            Some(Extern::Func(func)) => unsafe { put(out, self.func_out(func)) },
            _ => Err(WASMOTE_ERR_NOT_FOUND.into()),
        }
    }
}

/// Finds the function that the instance exports under a name; `*out` is it. WASMOTE_ERR_NOT_FOUND.
/// Not from an interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_func(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    out: *mut wasmote_func_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        unsafe {
            let mut access = Access::new(instance)?;
            access.put_export(string(name)?, out)
        }
    })
}

/// As wasmote_instance_func(), of a name of `length` bytes that need not be NUL terminated, and may hold NUL: one that
/// wasmote_module_export() gave, for instance.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_instance_func_n(
    instance: *mut wasmote_instance_t,
    name: *const c_char,
    length: usize,
    out: *mut wasmote_func_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) (C3) the header demands it.
        unsafe {
            let name = text(array(name.cast(), length)?)?;
            let mut access = Access::new(instance)?;
            access.put_export(name, out)
        }
    })
}

/// The function that a WASMOTE_FUNCREF of this instance, or of one that is linked with it, refers to; `*out` is it.
/// WASMOTE_ERR_NOT_FOUND: the reference is null, or none of theirs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_func_from_ref(
    instance: *mut wasmote_instance_t,
    reference: u32,
    out: *mut wasmote_func_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let mut access = unsafe { Access::new(instance) }?;
        let func = func_in(reference).ok_or(WASMOTE_ERR_NOT_FOUND)?;
        func.ty(access.cx())?;
        // SAFETY: (C3) the header demands it.
        unsafe { put(out, access.func_out(func)) }
    })
}

/// Writes the type of a function, as in `wasmote_host_func_t`, to `text`, which has `size` bytes: NUL terminated, and
/// cut off if it is too long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_func_signature(
    instance: *mut wasmote_instance_t,
    func: wasmote_func_t,
    text: *mut c_char,
    size: usize,
) -> wasmote_status_t {
    run(|| {
        can_put(text)?;
        // SAFETY: (C1) (C3) the header demands it.
        let (mut access, text) = unsafe { (Access::new(instance)?, array_mut(text, size)?) };
        let func = access.func(func)?;
        Text::new(text).func_type(func.ty(access.cx())?);
        Ok(())
    })
}

/// Calls a function of the instance, or of one that is linked with it. Types and numbers of arguments and results must
/// be the function's; results are written if it returns.
///
/// WASMOTE_ERR_TYPE_MISMATCH; WASMOTE_ERR_BUSY: it runs in another thread, or the call is made in a host function not
/// through wasmote_caller_instance(); WASMOTE_ERR_INVALID_ARGUMENT: also a function of another instance. A trap:
/// `error` says where, and wasmote_instance_backtrace(). The instance may be called again after it.
/// To fill `error` the function that trapped is compiled once more; give NULL where time counts.
///
/// From one thread at a time. It needs about 600 bytes of the thread's stack beside what host functions use, whatever
/// the module does, and more to fill `error` after a trap, or if it compiles lazily: see docs/kconfig.md. Not from an
/// interrupt service routine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_func_call(
    instance: *mut wasmote_instance_t,
    func: wasmote_func_t,
    args: *const wasmote_value_t,
    arg_count: usize,
    results: *mut wasmote_value_t,
    result_count: usize,
    error: *mut wasmote_error_t,
) -> wasmote_status_t {
    // SAFETY: (C3) the header demands it.
    let report = unsafe { Report::new(error) };
    report.run(|report| {
        // SAFETY: (C1) the header demands it.
        let mut access = unsafe { Access::new(instance) }?;
        let func = access.func(func)?;
        // SAFETY: (C3) the header demands it.
        let args = unsafe { array(args, arg_count) }?;
        // SAFETY: (C3) the header demands it. Before the call, so that one that cannot be answered is not made.
        unsafe { array_mut(results, result_count) }?;
        // SAFETY: (C3) so many are there, as was checked.
        unsafe { call(&mut access, func, &Values { args, results, result_count }, report) }
    })
}

/// Arguments, and where results are written.
pub(crate) struct Values<'a> {
    pub args: &'a [wasmote_value_t],
    /// Not borrowed while host functions run, which may know the place.
    pub results: *mut wasmote_value_t,
    pub result_count: usize,
}

/// Calls a function.
///
/// # Safety
/// (C3) There is room for so many results.
#[inline(never)]
pub(crate) unsafe fn call(
    access: &mut Access<'_>,
    func: Func,
    values: &Values<'_>,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let write = |ty: &FuncType<'_>, cells: &mut [u32]| {
        let types = ty.param_bytes();
        if values.args.len() != types.len() || values.result_count != ty.result_bytes().len() {
            return false;
        }
        let mut to = cells.as_mut_ptr();
        for (value, &ty) in values.args.iter().zip(types) {
            if value.r#type != ty.into() {
                return false;
            }
            // SAFETY: (C3) all members of the union are plain bits, and the header demands that they are set. (R4) There are two cells
            // for each.
            unsafe {
                if ValType::cells_of(ty) == 2 {
                    to.write(value.of.i64 as u32);
                    to = to.add(1);
                    to.write((value.of.i64 >> 32) as u32);
                } else {
                    to.write(value.of.r#ref);
                }
                to = to.add(1);
            }
        }
        true
    };
    let read = |ty: &FuncType<'_>, cells: &[u32]| {
        let mut from = cells.as_ptr();
        let mut result = values.results;
        for &ty in ty.result_bytes() {
            let mut of = wasmote_value_of_t { i64: 0 };
            // SAFETY: (R4) there are two cells for each; (C3) as many results as there is room for.
            unsafe {
                if ValType::cells_of(ty) == 2 {
                    of.i64 = i64::from(*from) | i64::from(*from.add(1)) << 32;
                    from = from.add(1);
                } else {
                    of.r#ref = *from;
                }
                from = from.add(1);
                result.write(wasmote_value_t { r#type: ty.into(), of });
                result = result.add(1);
            }
        }
    };
    // By a reference to it, so that the block may be looked at meanwhile (C5).
    func.call_cells(&mut access.cx(), write, read).map_err(|error| ended(access, &error, report))
}

/// What a call has failed with.
#[cold]
#[inline(never)]
fn ended(access: &mut Access<'_>, error: &Error, report: &mut Report<'_>) -> Failure {
    match access.store() {
        Ok(store) => failed(store, error, report),
        // In a host function the frames belong to the call that is still running.
        Err(_) => report.fail(error, None),
    }
}
