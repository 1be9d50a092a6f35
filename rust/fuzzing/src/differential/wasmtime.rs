//! wasmtime.

use super::{Call, Host, Kind, Look, Outcome, Runner, Scenario, Stop, Type, Val};
use ::wasmote::Trap;
use wasmtime::{
    AsContextMut, Config, Engine, Extern, ExternRef, Func, FuncType, Instance, Linker, Module, Ref, RefType,
    Rooted, Store, ValType,
};

pub struct Wasmtime {
    store: Store<()>,
    support: Instance,
    instance: Instance,
}

/// The error of a host function that traps.
#[derive(Debug)]
struct HostTrap;

impl std::fmt::Display for HostTrap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("host")
    }
}

impl std::error::Error for HostTrap {}

impl Wasmtime {
    pub fn new(scenario: &Scenario, host: Host) -> Result<Wasmtime, Stop> {
        let made = || -> wasmtime::Result<Wasmtime> {
            let engine = engine()?;
            let mut store = Store::new(&engine, ());
            let mut linker = Linker::new(&engine);
            let support = Module::new(&engine, &scenario.support)?;
            let support = linker.instantiate(&mut store, &support)?;
            for (number, import) in scenario.imports.iter().enumerate() {
                let (module, name) = (&import.module, &import.name);
                match &import.function {
                    Some(signature) => {
                        let types = |types: &[Type]| types.iter().map(|&ty| ty_of(ty)).collect::<Vec<_>>();
                        let ty = FuncType::new(&engine, types(&signature.params), types(&signature.results));
                        let (host, wanted) = (host.clone(), signature.results.clone());
                        let func = Func::new(&mut store, ty, move |mut caller, args, results| {
                            let args = args.iter().map(|arg| of(&mut caller, arg)).collect::<Vec<_>>();
                            let given = host.call(number, &args, &wanted).ok_or(HostTrap)?;
                            for (result, value) in results.iter_mut().zip(given) {
                                *result = to(&mut caller, value)?;
                            }
                            Ok(())
                        });
                        linker.define(&store, module, name, func)?;
                    }
                    None => {
                        let item = support.get_export(&mut store, &number.to_string());
                        if let Some(item) = item {
                            linker.define(&store, module, name, item)?;
                        }
                    }
                }
            }
            let module = Module::new(&engine, &scenario.wasm)?;
            let instance = linker.instantiate(&mut store, &module)?;
            Ok(Wasmtime { store, support, instance })
        };
        made().map_err(stop)
    }
}

/// One for all: it keeps caches.
fn engine() -> wasmtime::Result<Engine> {
    static ENGINE: std::sync::OnceLock<Engine> = std::sync::OnceLock::new();
    if let Some(engine) = ENGINE.get() {
        return Ok(engine.clone());
    }
    let mut config = Config::new();
    config.wasm_custom_page_sizes(true).wasm_tail_call(true).wasm_extended_const(true);
    config.cranelift_opt_level(wasmtime::OptLevel::None);
    // Small memories, many of them.
    config.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(0);
    config.max_wasm_stack(1 << 20);
    let engine = Engine::new(&config)?;
    Ok(ENGINE.get_or_init(|| engine).clone())
}

impl Runner for Wasmtime {
    fn call(&mut self, call: &Call) -> Outcome {
        let mut called = || -> wasmtime::Result<Vec<Val>> {
            let func = self.instance.get_func(&mut self.store, &call.name);
            let func = func.ok_or_else(|| wasmtime::Error::msg("not exported"))?;
            let mut args = Vec::new();
            for &arg in &call.args {
                args.push(to(&mut self.store, arg)?);
            }
            let mut results = vec![wasmtime::Val::I32(0); call.results.len()];
            func.call(&mut self.store, &args, &mut results)?;
            Ok(results.iter().map(|result| of(&mut self.store, result)).collect())
        };
        called().map_err(stop)
    }

    fn state(&mut self, support: bool, name: &str, _: Kind, look: &mut Look) -> Result<(), String> {
        let instance = if support { self.support } else { self.instance };
        match instance.get_export(&mut self.store, name).ok_or("not exported")? {
            Extern::Global(global) => {
                let value = global.get(&mut self.store);
                look.value(of(&mut self.store, &value));
            }
            Extern::Memory(memory) => look.bytes(memory.data(&self.store)),
            Extern::Table(table) => {
                let size = table.size(&self.store);
                look.number(size);
                for at in 0..size {
                    let value = match table.get(&mut self.store, at).ok_or("no such element")? {
                        Ref::Func(func) => Val::Func(func.is_some()),
                        Ref::Extern(number) => extern_of(&mut self.store, number),
                        _ => return Err("an element of another type".into()),
                    };
                    look.value(value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn counted(&mut self) -> Option<u64> {
        None
    }
}

fn ty_of(ty: Type) -> ValType {
    match ty {
        Type::I32 => ValType::I32,
        Type::I64 => ValType::I64,
        Type::F32 => ValType::F32,
        Type::F64 => ValType::F64,
        Type::Func => ValType::Ref(RefType::FUNCREF),
        Type::Extern => ValType::Ref(RefType::EXTERNREF),
    }
}

fn of(store: &mut impl AsContextMut, value: &wasmtime::Val) -> Val {
    match value {
        wasmtime::Val::I32(value) => Val::I32(*value as u32),
        wasmtime::Val::I64(value) => Val::I64(*value as u64),
        wasmtime::Val::F32(bits) => Val::f32(*bits),
        wasmtime::Val::F64(bits) => Val::f64(*bits),
        wasmtime::Val::FuncRef(func) => Val::Func(func.is_some()),
        wasmtime::Val::ExternRef(number) => extern_of(store, *number),
        _ => Val::I32(0),
    }
}

fn extern_of(store: &mut impl AsContextMut, value: Option<Rooted<ExternRef>>) -> Val {
    let number =
        value.and_then(|value| value.data(store.as_context_mut()).ok()??.downcast_ref::<u32>().copied());
    Val::Extern(number)
}

fn to(store: &mut impl AsContextMut, value: Val) -> wasmtime::Result<wasmtime::Val> {
    Ok(match value {
        Val::I32(value) => wasmtime::Val::I32(value as i32),
        Val::I64(value) => wasmtime::Val::I64(value as i64),
        Val::F32(bits) => wasmtime::Val::F32(bits),
        Val::F64(bits) => wasmtime::Val::F64(bits),
        Val::Func(_) => wasmtime::Val::FuncRef(None),
        Val::Extern(None) => wasmtime::Val::ExternRef(None),
        Val::Extern(Some(number)) => wasmtime::Val::ExternRef(Some(ExternRef::new(store, number)?)),
    })
}

fn stop(error: wasmtime::Error) -> Stop {
    if error.downcast_ref::<HostTrap>().is_some() {
        return Stop::Trap(Trap::Host);
    }
    use wasmtime::Trap as Theirs;
    let Some(trap) = error.downcast_ref::<Theirs>() else { return Stop::Other(format!("{error:#}")) };
    Stop::Trap(match trap {
        Theirs::UnreachableCodeReached => Trap::Unreachable,
        Theirs::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        Theirs::TableOutOfBounds => Trap::TableOutOfBounds,
        Theirs::IndirectCallToNull => Trap::IndirectCallToNull,
        Theirs::IntegerDivisionByZero => Trap::IntegerDivisionByZero,
        Theirs::IntegerOverflow => Trap::IntegerOverflow,
        Theirs::BadConversionToInteger => Trap::BadConversionToInteger,
        Theirs::StackOverflow => Trap::StackOverflow,
        Theirs::BadSignature => Trap::BadSignature,
        Theirs::OutOfFuel => Trap::OutOfFuel,
        other => return Stop::Other(format!("{other:?}")),
    })
}
