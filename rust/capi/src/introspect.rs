//! What modules import and export.

use crate::handle::{get, put};
use crate::message::{Text, run};
use crate::module::ModuleBody;
use crate::types::wasmote_status::WASMOTE_ERR_NOT_FOUND;
use crate::types::*;
use core::ptr;
use wasmote::{ExternKind, ExternType};

fn describe(module: Option<&str>, name: &str, ty: ExternType<'_>) -> wasmote_extern_t {
    let mut found = wasmote_extern_t {
        module: module.map_or(ptr::null(), |module| module.as_ptr().cast()),
        module_length: module.map_or(0, str::len),
        name: name.as_ptr().cast(),
        name_length: name.len(),
        kind: ExternKind::Func as wasmote_kind_t,
        r#type: 0,
        is_mutable: false,
        min: 0,
        max: 0,
        page_bytes: 0,
        signature: [0; WASMOTE_SIGNATURE_SIZE],
    };
    match ty {
        ExternType::Func(ty) => {
            Text::new(&mut found.signature).func_type(ty);
        }
        ExternType::Table(ty) => {
            found.kind = ExternKind::Table as wasmote_kind_t;
            found.r#type = ty.element as wasmote_type_t;
            (found.min, found.max) = (ty.limits.min, ty.limits.max.unwrap_or(u32::MAX));
        }
        ExternType::Memory(ty) => {
            found.kind = ExternKind::Memory as wasmote_kind_t;
            found.page_bytes = 1 << ty.page_log2;
            (found.min, found.max) = (ty.limits.min, ty.limits.max.unwrap_or(u32::MAX));
        }
        ExternType::Global(ty) => {
            found.kind = ExternKind::Global as wasmote_kind_t;
            found.r#type = ty.value as wasmote_type_t;
            found.is_mutable = ty.mutable;
        }
    }
    found
}

/// The number of the module's imports; 0 if the handle is not valid. From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_import_count(module: *const wasmote_module_t) -> usize {
    // SAFETY: (C1) the header demands it.
    unsafe { get::<ModuleBody>(module) }.map_or(0, |body| body.module.imports().count())
}

/// An import of the module, counted from 0 in the module's order. WASMOTE_ERR_NOT_FOUND: it has not so many.
/// From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_import(
    module: *const wasmote_module_t,
    index: usize,
    out: *mut wasmote_extern_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let body = unsafe { get::<ModuleBody>(module) }?;
        let import = body.module.imports().nth(index).ok_or(WASMOTE_ERR_NOT_FOUND)?;
        // SAFETY: (C3) the header demands it.
        unsafe { put(out, describe(Some(import.module), import.name, import.ty)) }
    })
}

/// The number of the module's exports; 0 if the handle is not valid. From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_export_count(module: *const wasmote_module_t) -> usize {
    // SAFETY: (C1) the header demands it.
    unsafe { get::<ModuleBody>(module) }.map_or(0, |body| body.module.exports().count())
}

/// An export of the module, counted from 0 in the module's order. WASMOTE_ERR_NOT_FOUND: it has not so many.
/// From any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wasmote_module_export(
    module: *const wasmote_module_t,
    index: usize,
    out: *mut wasmote_extern_t,
) -> wasmote_status_t {
    run(|| {
        // SAFETY: (C1) the header demands it.
        let body = unsafe { get::<ModuleBody>(module) }?;
        let (export, ty) = body.module.exports().nth(index).ok_or(WASMOTE_ERR_NOT_FOUND)?;
        // SAFETY: (C3) the header demands it.
        unsafe { put(out, describe(None, export.name, ty)) }
    })
}
