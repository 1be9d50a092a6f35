//! What an instance imports.

use crate::caller::LinkedFunc;
use crate::handle::{array, get, string};
use crate::instance::InstanceBody;
use crate::message::{Failure, Report, Text};
use crate::signature::Signature;
use crate::store::StoreCell;
use crate::types::wasmote_status::*;
use crate::types::*;
use core::ffi::c_void;
use wasmote::{
    Context, Extern, ExternKind, ExternType, FuncType, Import, LinkError, LinkReason, Linker, Module,
};

/// The application's tables.
pub(crate) struct Imports<'a> {
    functions: &'a [wasmote_host_func_t],
    instances: &'a [wasmote_import_instance_t],
    data: *mut c_void,
}

impl<'a> Imports<'a> {
    /// # Safety
    /// (C3) As the header demands of imports, for as long as they are borrowed.
    pub unsafe fn new(imports: *const wasmote_imports_t) -> Result<Imports<'a>, Failure> {
        // SAFETY: (C3) the caller says so.
        unsafe {
            let Some(imports) = imports.as_ref() else {
                return Ok(Imports { functions: &[], instances: &[], data: core::ptr::null_mut() });
            };
            Ok(Imports {
                functions: array(imports.functions, imports.function_count)?,
                instances: array(imports.instances, imports.instance_count)?,
                data: imports.data,
            })
        }
    }

    /// The instances, all of one store; the first stands for the store.
    ///
    /// # Errors
    /// `WASMOTE_ERR_INVALID_ARGUMENT`, with the place of the one that is wrong.
    ///
    /// # Safety
    /// (C1) (C3) As the header demands of imports.
    pub unsafe fn first_instance(
        &self,
        report: &mut Report<'_>,
    ) -> Result<Option<&'a InstanceBody>, Failure> {
        let mut first: Option<&InstanceBody> = None;
        for (place, line) in (0..).zip(self.instances) {
            // SAFETY: (C1) (C3) the caller says so.
            let found = unsafe { string(line.module).and_then(|_| get::<InstanceBody>(line.instance)) };
            let fits = |body: &InstanceBody| first.is_none_or(|first| first.store.is(&body.store));
            let Some(body) = found.ok().filter(|body| fits(body)) else {
                return Err(report.tell(WASMOTE_ERR_INVALID_ARGUMENT, u32::MAX, |text| {
                    text.add("bad line in the table of instances: ").number(place);
                }));
            };
            first = first.or(Some(body));
        }
        Ok(first)
    }

    /// Defines what the module imports, as far as the tables have it.
    ///
    /// # Errors
    /// A line of a table that is wrong, or a function of another type.
    ///
    /// # Safety
    /// (C1) (C3) (C6) As the header demands of imports; (C9) the module's bytes stay until the store is dropped.
    pub unsafe fn link<'n>(
        &self,
        linker: &mut Linker<'n>,
        module: &'n Module,
        cell: &StoreCell,
        report: &mut Report<'_>,
    ) -> Result<(), Failure>
    where
        'a: 'n,
    {
        for line in self.instances {
            // SAFETY: (C1) (C3) the caller says so.
            let (name, body) = unsafe { (string(line.module)?, get::<InstanceBody>(line.instance)?) };
            linker.instance(name, body.instance)?;
        }
        for (place, line) in self.functions.iter().enumerate() {
            // SAFETY: (C3) the caller says so.
            unsafe { HostLine::read(line, place, report) }?;
        }
        for import in module.imports() {
            for (place, line) in self.functions.iter().enumerate().rev() {
                // SAFETY: (C3) the caller says so.
                let line = unsafe { HostLine::read(line, place, report) }?;
                if line.module != import.module || line.name != import.name {
                    continue;
                }
                let ty = match import.ty {
                    ExternType::Func(ty) if line.signature.is(ty) => ty,
                    _ => {
                        return Err(incompatible(report, &import, |text| {
                            text.add("function ").add(line.signature.text());
                        }));
                    }
                };
                // Once for all imports of these names, or else linking took their number times itself.
                if linker.defines(line.module, line.name) {
                    break;
                }
                let function = LinkedFunc {
                    // SAFETY: (C9) only the lifetime changes: the type is read in the module's bytes, and the
                    // function belongs to a store that keeps the module.
                    ty: unsafe { core::mem::transmute::<FuncType<'_>, FuncType<'static>>(ty) },
                    function: line.function,
                    user_data: line.user_data,
                    data: self.data,
                    cell,
                };
                linker.host(line.module, line.name, function)?;
                break;
            }
        }
        Ok(())
    }

    /// Reports an import that the linker did not find, or found with another type.
    ///
    /// # Safety
    /// (C1) (C3) As the header demands of imports.
    pub unsafe fn explain(
        &self,
        cx: &impl Context,
        module: &Module,
        error: LinkError,
        report: &mut Report<'_>,
    ) -> Failure {
        let Some(import) = module.import_at(error.offset) else {
            return wasmote::Error::Link(error).into();
        };
        if error.reason == LinkReason::Unknown {
            return report.tell(WASMOTE_ERR_UNKNOWN_IMPORT, import.offset, |text| {
                write_names(text, &import).add(": not found, expected ");
                write_type(text, import.ty);
            });
        }
        // SAFETY: (C1) (C3) the caller says so.
        let found = self.instances.iter().rev().find_map(|line| unsafe {
            let (name, body) = (string(line.module).ok()?, get::<InstanceBody>(line.instance).ok()?);
            if name == import.module { body.instance.export(cx, import.name) } else { None }
        });
        incompatible(report, &import, |text| match (error.reason, found) {
            (_, Some(Extern::Func(func))) => {
                func.ty(cx).map(|ty| text.add("function ").func_type(ty)).ok();
            }
            (LinkReason::Kind(kind), _) => {
                text.add(kind_name(kind));
            }
            _ => {
                text.add("another type, size or mutability");
            }
        })
    }
}

/// A line of a table of host functions.
struct HostLine<'a> {
    module: &'a str,
    name: &'a str,
    signature: Signature<'a>,
    function: unsafe extern "C" fn(*mut wasmote_caller_t, *mut u32, *mut c_void) -> wasmote_status_t,
    user_data: *mut c_void,
}

impl<'a> HostLine<'a> {
    /// # Safety
    /// (C3) As the header demands of imports.
    unsafe fn read(
        line: &'a wasmote_host_func_t,
        place: usize,
        report: &mut Report<'_>,
    ) -> Result<HostLine<'a>, Failure> {
        // SAFETY: (C3) the caller says so.
        let strings = unsafe { (string(line.module), string(line.name), string(line.signature)) };
        let ((Ok(module), Ok(name), Ok(signature)), Some(function)) = (strings, line.function) else {
            return Err(report.tell(WASMOTE_ERR_INVALID_ARGUMENT, u32::MAX, |text| {
                text.add("bad line in the table of functions: ").number(place as u32);
            }));
        };
        match Signature::read(signature) {
            Ok(signature) => Ok(HostLine { module, name, signature, function, user_data: line.user_data }),
            Err(at) => Err(report.tell(WASMOTE_ERR_INVALID_ARGUMENT, u32::MAX, |text| {
                text.add(module).add(".").add(name).add(": bad signature at character ").number(at as u32);
                text.add(": ").add(signature);
            })),
        }
    }
}

fn incompatible(report: &mut Report<'_>, import: &Import<'_>, found: impl FnOnce(&mut Text<'_>)) -> Failure {
    report.tell(WASMOTE_ERR_INCOMPATIBLE_IMPORT, import.offset, |text| {
        write_names(text, import).add(": expected ");
        write_type(text, import.ty);
        text.add(", found ");
        found(text);
    })
}

fn write_names<'t, 'b>(text: &'t mut Text<'b>, import: &Import<'_>) -> &'t mut Text<'b> {
    text.add(import.module).add(".").add(import.name)
}

fn write_type(text: &mut Text<'_>, ty: ExternType<'_>) {
    match ty {
        ExternType::Func(ty) => text.add("function ").func_type(ty),
        ExternType::Table(_) => text.add(kind_name(ExternKind::Table)),
        ExternType::Memory(_) => text.add(kind_name(ExternKind::Memory)),
        ExternType::Global(ty) => {
            text.add(if ty.mutable { "mutable global " } else { "global " }).add(ty.value.name())
        }
    };
}

fn kind_name(kind: ExternKind) -> &'static str {
    match kind {
        ExternKind::Func => "function",
        ExternKind::Table => "table",
        ExternKind::Memory => "memory",
        ExternKind::Global => "global",
    }
}
