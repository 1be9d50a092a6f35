//! What an instance imports.

use crate::caller::LinkedFunc;
use crate::handle::{array, find_string, get};
use crate::instance::{InstanceBody, failed};
use crate::message::{Failure, Report, Text};
use crate::signature;
use crate::store::StoreCell;
use crate::types::wasmote_status::*;
use crate::types::*;
use core::ffi::c_void;
use wasmote::{
    Error, Extern, ExternKind, ExternType, Func, FuncType, Import, Instance, LinkReason, Module, Quotas,
    Resolve, Store,
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
            let found =
                unsafe { find_string(line.module).and_then(|_| get::<InstanceBody>(line.instance).ok()) };
            let fits = |body: &InstanceBody| first.is_none_or(|first| first.store.is(&body.store));
            let Some(body) = found.filter(|body| fits(body)) else {
                return Err(bad_line(report, "instances: ", place));
            };
            first = first.or(Some(body));
        }
        Ok(first)
    }

    /// Makes an instance of a module with what the tables have for its imports.
    ///
    /// # Errors
    /// A line of a table that is wrong; an import that is not found, or of another type; the runtime's.
    ///
    /// # Safety
    /// (C1) (C3) (C6) As the header demands of imports; (C9) the module's bytes stay until the store is dropped.
    pub unsafe fn instantiate(
        &self,
        store: &mut Store,
        module: &Module,
        quotas: &Quotas,
        cell: &StoreCell,
        report: &mut Report<'_>,
    ) -> Result<Instance, Failure> {
        // SAFETY: (C3) the caller says so.
        unsafe { self.check_functions(report) }?;
        Instance::prepare(store, module, quotas, &mut Resolver { imports: self, cell, report, other: None })
            .map_err(|error| {
                match error {
                    // The report is told already.
                    Error::Link(_) => error.into(),
                    _ => failed(store, &error, report),
                }
            })
    }

    /// Makes sure that all lines of the table of functions are good.
    ///
    /// # Safety
    /// (C3) As the header demands of imports.
    unsafe fn check_functions(&self, report: &mut Report<'_>) -> Result<(), Failure> {
        for (place, line) in (0..).zip(self.functions) {
            // SAFETY: (C3) the caller says so.
            let strings =
                unsafe { (find_string(line.module), find_string(line.name), find_string(line.signature)) };
            let (Some(module), Some(name), Some(signature), Some(_)) =
                (strings.0, strings.1, strings.2, line.function)
            else {
                return Err(bad_line(report, "functions: ", place));
            };
            if let Err(at) = signature::check(signature) {
                return Err(report.tell(WASMOTE_ERR_INVALID_ARGUMENT, u32::MAX, |text| {
                    text.add(module)
                        .add(".")
                        .add(name)
                        .add(": bad signature at character ")
                        .number(at as u32);
                    text.add(": ").add(signature);
                }));
            }
        }
        Ok(())
    }

    /// What the tables have under the names of an import: the last line of the functions, or else the export of the last
    /// of the instances that has it.
    ///
    /// # Safety
    /// (C1) (C3) As the header demands of imports.
    unsafe fn find(&self, store: &Store, import: &Import<'_>) -> Found<'a> {
        // SAFETY: (C1) (C3) the caller says so.
        unsafe {
            let is = |from, name| find_string(from) == Some(name);
            let line = self
                .functions
                .iter()
                .rfind(|line| is(line.module, import.module) && is(line.name, import.name));
            if let Some(line) = line {
                return Found::Line(line);
            }
            for line in self.instances.iter().rev().filter(|line| is(line.module, import.module)) {
                let body = get::<InstanceBody>(line.instance).ok();
                // SAFETY: (C4) its store is marked, as it is the one that we have.
                let instance = body.map(|body| (*body.caller.get()).instance());
                if let Some(item) = instance.and_then(|instance| instance.export(store, import.name)) {
                    return Found::Extern(item);
                }
            }
        }
        Found::Nothing
    }
}

/// Finds imports in the application's tables, and reports those that it does not find there, or with another type.
struct Resolver<'r, 'i, 'e> {
    /// Good for as long as this lives: (C1) (C3) (C6) (C9) as the header demands of imports and modules.
    imports: &'r Imports<'i>,
    cell: &'r StoreCell,
    report: &'r mut Report<'e>,
    /// The signature of a function that has not the import's type.
    other: Option<&'i str>,
}

impl Resolve for Resolver<'_, '_, '_> {
    fn find(&mut self, store: &mut Store, import: &Import<'_>) -> Result<Result<Extern, LinkReason>, Error> {
        // SAFETY: (C1) (C3) the header demands it.
        let line = match unsafe { self.imports.find(store, import) } {
            Found::Nothing => return Ok(Err(LinkReason::Unknown)),
            Found::Extern(item) => return Ok(Ok(item)),
            Found::Line(line) => line,
        };
        // SAFETY: (C3) the header demands it.
        let signature = unsafe { find_string(line.signature) }.unwrap_or_default();
        match (import.ty, line.function) {
            (ExternType::Func(ty), Some(function)) if signature::is(signature, ty) => {
                let func = LinkedFunc {
                    // SAFETY: (C9) only the lifetime changes: the type is read in the module's bytes, and the
                    // function belongs to a store that keeps the module.
                    ty: unsafe { core::mem::transmute::<FuncType<'_>, FuncType<'static>>(ty) },
                    function,
                    user_data: line.user_data,
                    data: self.imports.data,
                    cell: self.cell,
                };
                Ok(Ok(Extern::Func(Func::host(store, func)?)))
            }
            _ => {
                self.other = Some(signature);
                Ok(Err(LinkReason::Type))
            }
        }
    }

    fn refused(&mut self, store: &Store, import: &Import<'_>, found: Option<Extern>, reason: LinkReason) {
        let unknown = reason == LinkReason::Unknown;
        self.report.write(import.offset, |text| {
            text.add(import.module).add(".").add(import.name);
            text.add(if unknown { ": not found, expected " } else { ": expected " });
            write_type(text, import.ty);
            match (found, self.other, reason) {
                _ if unknown => {}
                (Some(Extern::Func(func)), ..) => {
                    text.add(", found function ");
                    func.ty(store).map(|ty| text.func_type(ty)).ok();
                }
                (_, Some(signature), _) => _ = text.add(", found function ").add(signature),
                (.., LinkReason::Kind(kind)) => _ = text.add(", found ").add(kind_name(kind)),
                _ => _ = text.add(", found another type, size or mutability"),
            }
        });
    }
}

/// What the tables have for an import.
enum Found<'i> {
    Nothing,
    /// A line of the table of functions.
    Line(&'i wasmote_host_func_t),
    Extern(Extern),
}

fn bad_line(report: &mut Report<'_>, table: &str, place: u32) -> Failure {
    report.tell(WASMOTE_ERR_INVALID_ARGUMENT, u32::MAX, |text| {
        text.add("bad line in the table of ").add(table).number(place);
    })
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
