//! wasmi.

use super::{Call, Host, Kind, Look, Outcome, Runner, Scenario, Stop, Type, Val};
use ::wasmi::errors::{ErrorKind, InstantiationError};
use ::wasmi::{
    Config, Engine, Error, Extern, ExternRef, FuncType, Instance, Linker, Module, Nullable, Ref, Store,
    TrapCode, ValType,
};
use ::wasmote::Trap;

pub struct Wasmi {
    store: Store<()>,
    support: Instance,
    instance: Instance,
}

impl Wasmi {
    pub fn new(scenario: &Scenario, host: Host) -> Result<Wasmi, Stop> {
        let mut config = Config::default();
        config.wasm_custom_page_sizes(true).wasm_tail_call(true).wasm_extended_const(true);
        config.wasm_multi_memory(false).set_max_recursion_depth(10_000).set_max_stack_height(16 << 20);
        let engine = Engine::new(&config);
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let support = Module::new(&engine, &scenario.support).map_err(stop)?;
        let support = linker.instantiate_and_start(&mut store, &support).map_err(stop)?;
        for (number, import) in scenario.imports.iter().enumerate() {
            let (module, name) = (&import.module, &import.name);
            let defined = match &import.function {
                Some(signature) => {
                    let types = |types: &[Type]| types.iter().map(|&ty| ty_of(ty)).collect::<Vec<_>>();
                    let ty = FuncType::new(types(&signature.params), types(&signature.results));
                    let (host, wanted) = (host.clone(), signature.results.clone());
                    linker.func_new(module, name, ty, move |mut caller, args, results| {
                        let args: Vec<Val> = args.iter().map(|arg| of(&caller, arg)).collect();
                        let given = host.call(number, &args, &wanted).ok_or_else(|| Error::new("host"))?;
                        for (result, value) in results.iter_mut().zip(given) {
                            *result = to(&mut caller, value);
                        }
                        Ok(())
                    })
                }
                None => {
                    let item = support.get_export(&store, &number.to_string());
                    linker.define(module, name, item.ok_or(Stop::Other("not exported".into()))?)
                }
            };
            defined.map_err(|error| Stop::Other(error.to_string()))?;
        }
        let module = Module::new(&engine, &scenario.wasm).map_err(stop)?;
        let instance = linker.instantiate_and_start(&mut store, &module).map_err(stop)?;
        Ok(Wasmi { store, support, instance })
    }
}

impl Runner for Wasmi {
    fn call(&mut self, call: &Call) -> Outcome {
        let func =
            self.instance.get_func(&self.store, &call.name).ok_or(Stop::Other("not exported".into()))?;
        let args: Vec<_> = call.args.iter().map(|&arg| to(&mut self.store, arg)).collect();
        let mut results: Vec<_> =
            call.results.iter().map(|&ty| ::wasmi::Val::default_for_ty(ty_of(ty))).collect();
        func.call(&mut self.store, &args, &mut results).map_err(stop)?;
        Ok(results.iter().map(|result| of(&self.store, result)).collect())
    }

    fn state(&mut self, support: bool, name: &str, _: Kind, look: &mut Look) -> Result<(), String> {
        let instance = if support { self.support } else { self.instance };
        match instance.get_export(&self.store, name).ok_or("not exported")? {
            Extern::Global(global) => look.value(of(&self.store, &global.get(&self.store))),
            Extern::Memory(memory) => look.bytes(memory.data(&self.store)),
            Extern::Table(table) => {
                look.number(table.size(&self.store));
                for at in 0..table.size(&self.store) {
                    let value = match table.get(&self.store, at).ok_or("no such element")? {
                        Ref::Func(func) => Val::Func(!func.is_null()),
                        Ref::Extern(number) => extern_of(&self.store, number),
                    };
                    look.value(value);
                }
            }
            Extern::Func(_) => {}
        }
        Ok(())
    }

    fn counted(&mut self) -> Option<u64> {
        let count = self.instance.exports(&self.store).max_by_key(|export| export.name().len())?;
        match count.into_global()?.get(&self.store) {
            ::wasmi::Val::I64(count) => Some(count as u64),
            _ => None,
        }
    }
}

fn ty_of(ty: Type) -> ValType {
    match ty {
        Type::I32 => ValType::I32,
        Type::I64 => ValType::I64,
        Type::F32 => ValType::F32,
        Type::F64 => ValType::F64,
        Type::Func => ValType::FuncRef,
        Type::Extern => ValType::ExternRef,
    }
}

fn of(store: &impl ::wasmi::AsContext, value: &::wasmi::Val) -> Val {
    match value {
        ::wasmi::Val::I32(value) => Val::I32(*value as u32),
        ::wasmi::Val::I64(value) => Val::I64(*value as u64),
        ::wasmi::Val::F32(value) => Val::f32(value.to_bits()),
        ::wasmi::Val::F64(value) => Val::f64(value.to_bits()),
        ::wasmi::Val::FuncRef(func) => Val::Func(!func.is_null()),
        ::wasmi::Val::ExternRef(number) => extern_of(store, *number),
        ::wasmi::Val::V128(_) => Val::I32(0),
    }
}

fn extern_of(store: &impl ::wasmi::AsContext, value: Nullable<ExternRef>) -> Val {
    Val::Extern(value.val().and_then(|number| number.data(store.as_context()).downcast_ref::<u32>().copied()))
}

fn to(store: &mut impl ::wasmi::AsContextMut, value: Val) -> ::wasmi::Val {
    match value {
        Val::I32(value) => ::wasmi::Val::I32(value as i32),
        Val::I64(value) => ::wasmi::Val::I64(value as i64),
        Val::F32(bits) => ::wasmi::Val::F32(::wasmi::F32::from_bits(bits)),
        Val::F64(bits) => ::wasmi::Val::F64(::wasmi::F64::from_bits(bits)),
        Val::Func(_) => ::wasmi::Val::FuncRef(Nullable::Null),
        Val::Extern(None) => ::wasmi::Val::ExternRef(Nullable::Null),
        Val::Extern(Some(number)) => ::wasmi::Val::ExternRef(ExternRef::new(store, number).into()),
    }
}

fn stop(error: Error) -> Stop {
    // The trap of an active segment is no trap here.
    if let ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) = error.kind() {
        return Stop::Trap(Trap::TableOutOfBounds);
    }
    let Some(code) = error.as_trap_code() else {
        return if error.to_string() == "host" {
            Stop::Trap(Trap::Host)
        } else {
            Stop::Other(error.to_string())
        };
    };
    Stop::Trap(match code {
        TrapCode::UnreachableCodeReached => Trap::Unreachable,
        TrapCode::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds => Trap::TableOutOfBounds,
        TrapCode::IndirectCallToNull => Trap::IndirectCallToNull,
        TrapCode::IntegerDivisionByZero => Trap::IntegerDivisionByZero,
        TrapCode::IntegerOverflow => Trap::IntegerOverflow,
        TrapCode::BadConversionToInteger => Trap::BadConversionToInteger,
        TrapCode::StackOverflow => Trap::StackOverflow,
        TrapCode::BadSignature => Trap::BadSignature,
        TrapCode::OutOfFuel => Trap::OutOfFuel,
        other => return Stop::Other(format!("{other:?}")),
    })
}
