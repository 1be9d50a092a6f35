//! wasmote.

use super::{Call, Host, Kind, Look, Outcome, Place, Runner, Scenario, Signature, Step, Stop, Type, Val};
#[cfg(feature = "jit")]
use wasmote::ModuleStats;
use wasmote::{
    Caller, Engine, EngineConfig, Error, ExternRef, FuncType, HostCall, HostError, Instance, Linker, Module,
    Quotas, Store, Trap, Value,
};

/// Whether fuel is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Metering {
    /// The code does not count.
    Off,
    /// The instance has so much.
    Fuel(u64),
}

/// What makes wasmote's code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// The interpreter alone.
    Interpreted,
    /// The JIT, as far as there is room for so many bytes; then the interpreter.
    Native(usize),
    /// The same, each function when it is first called.
    Lazy(usize),
    /// The interpreter, each function when it is first called; so many bytes of those that do not run are kept.
    Encoded(usize),
}

/// Runs a scenario by the interpreter.
pub fn run(scenario: &Scenario, metering: Metering) -> Vec<Step> {
    run_as(scenario, metering, Code::Interpreted)
}

/// Runs a scenario.
pub fn run_as(scenario: &Scenario, metering: Metering, code: Code) -> Vec<Step> {
    super::run(scenario, |host| {
        Ours::new(scenario, host, metering, code).map_err(|error| match error {
            Error::Host(_) => Stop::Trap(Trap::Host),
            Error::Trap(trap) => Stop::Trap(trap),
            other => Stop::Other(other.to_string()),
        })
    })
}

fn engine(metering: Metering, code: Code) -> Result<Engine, Error> {
    let fuel = metering != Metering::Off;
    let (jit, lazy, code_limit) = match code {
        Code::Interpreted => (false, false, 0),
        Code::Native(limit) => (true, false, limit),
        Code::Lazy(limit) => (true, true, limit),
        Code::Encoded(_) => (false, true, 0),
    };
    Engine::new(EngineConfig { fuel, jit, lazy, code_limit, ..EngineConfig::default() })
}

/// What the scenario's module holds, loaded like this.
#[cfg(feature = "jit")]
pub fn stats(scenario: &Scenario, metering: Metering, code: Code) -> Result<ModuleStats, Error> {
    let engine = engine(metering, code)?;
    Ok(Module::from_copy(&engine, &scenario.wasm)?.stats())
}

struct Ours {
    store: Store,
    support: Instance,
    instance: Instance,
    metering: Metering,
}

impl Ours {
    fn new(scenario: &Scenario, host: Host, metering: Metering, code: Code) -> Result<Ours, Error> {
        let engine = engine(metering, code)?;
        let code_bytes = if let Code::Encoded(budget) = code { budget } else { usize::MAX };
        let quotas = Quotas { stack_bytes: 1 << 20, code_bytes, ..Quotas::default() };
        let mut store = Store::new(&engine, quotas)?;
        let support = Module::from_copy(&engine, &scenario.support)?;
        let support = Linker::new(&engine).instantiate(&mut store, &support)?;
        let mut linker = Linker::new(&engine);
        for (number, import) in scenario.imports.iter().enumerate() {
            let (module, name) = (&import.module, &import.name);
            match &import.function {
                Some(signature) => {
                    linker.host(module, name, Function::new(number, signature, host.clone()))?
                }
                None => {
                    let item = support.export(&store, &number.to_string());
                    linker.define(module, name, item.ok_or(Error::NotFound)?)?;
                }
            }
        }
        let module = Module::from_copy(&engine, &scenario.wasm)?;
        let mut quotas = *store.quotas();
        if let Metering::Fuel(fuel) = metering {
            quotas.fuel = fuel;
        }
        let instance = linker.instantiate_with(&mut store, &module, &quotas)?;
        Ok(Ours { store, support, instance, metering })
    }
}

impl Runner for Ours {
    fn call(&mut self, call: &Call) -> Outcome {
        let mut called = || -> Result<_, Error> {
            let func = self.instance.func_dyn(&self.store, &call.name)?;
            let args: Vec<_> = call.args.iter().map(|&arg| to(arg)).collect();
            let types: Vec<_> = func.ty(&self.store)?.results().collect();
            let mut results: Vec<_> = types.into_iter().map(Value::zero).collect();
            func.call(&mut self.store, &args, &mut results)?;
            Ok(results.into_iter().map(of).collect())
        };
        called().map_err(|error| match error.trap() {
            Some(trap) => Stop::Trap(trap),
            None => Stop::Other(error.to_string()),
        })
    }

    fn state(&mut self, support: bool, name: &str, kind: Kind, look: &mut Look) -> Result<(), String> {
        let instance = if support { self.support } else { self.instance };
        let store = &self.store;
        let mut see = || -> Result<(), Error> {
            match kind {
                Kind::Global => look.value(of(instance.global(store, name)?.get(store)?)),
                Kind::Memory => look.bytes(instance.memory(store, name)?.data(store)?),
                Kind::Table => {
                    let table = instance.table(store, name)?;
                    let size = table.size(store)?;
                    look.number(size.into());
                    for at in 0..size {
                        look.value(of(table.get(store, at)?));
                    }
                }
                Kind::Func => {}
            }
            Ok(())
        };
        see().map_err(|error| error.to_string())
    }

    fn counted(&mut self) -> Option<u64> {
        match self.metering {
            Metering::Off => None,
            Metering::Fuel(fuel) => Some(fuel - self.instance.fuel(&self.store).ok()?),
        }
    }

    fn trace(&mut self) -> Result<Vec<Place>, String> {
        let place = |frame| {
            let resolved = self.store.resolve(frame).map_err(|error| error.to_string())?;
            Ok(Place { func: resolved.func, offset: resolved.offset.ok_or("a frame without place")? })
        };
        self.store.backtrace().frames().iter().map(place).collect()
    }
}

fn of(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value as u32),
        Value::I64(value) => Val::I64(value as u64),
        Value::F32(value) => Val::f32(value.to_bits()),
        Value::F64(value) => Val::f64(value.to_bits()),
        Value::FuncRef(func) => Val::Func(func.is_some()),
        Value::ExternRef(number) => Val::Extern(number.map(ExternRef::get)),
    }
}

fn to(value: Val) -> Value {
    match value {
        Val::I32(value) => Value::I32(value as i32),
        Val::I64(value) => Value::I64(value as i64),
        Val::F32(bits) => Value::F32(f32::from_bits(bits)),
        Val::F64(bits) => Value::F64(f64::from_bits(bits)),
        Val::Func(_) => Value::FuncRef(None),
        Val::Extern(number) => Value::ExternRef(number.and_then(ExternRef::new)),
    }
}

/// A host function of any type.
struct Function {
    number: usize,
    signature: Signature,
    params: Vec<u8>,
    results: Vec<u8>,
    host: Host,
}

impl Function {
    fn new(number: usize, signature: &Signature, host: Host) -> Function {
        let bytes = |types: &[Type]| types.iter().map(|ty| ty.byte()).collect();
        Function {
            number,
            params: bytes(&signature.params),
            results: bytes(&signature.results),
            signature: signature.clone(),
            host,
        }
    }
}

impl HostCall for Function {
    fn ty(&self) -> FuncType<'_> {
        FuncType::new(&self.params, &self.results)
    }

    fn call(&self, _: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        let mut at = 0;
        let mut read = |ty: &Type| {
            let low = u64::from(cells[at]);
            let long = matches!(ty, Type::I64 | Type::F64);
            let bits = if long { low | u64::from(cells[at + 1]) << 32 } else { low };
            at += 1 + usize::from(long);
            match ty {
                Type::Func => Val::Func(bits != 0),
                Type::Extern => Val::Extern((bits != 0).then_some(bits as u32)),
                _ => Val::from_bits(*ty, bits),
            }
        };
        let args: Vec<Val> = self.signature.params.iter().map(&mut read).collect();
        let given = self.host.call(self.number, &args, &self.signature.results).ok_or(HostError::Code(1))?;
        let mut at = 0;
        for (value, ty) in given.iter().zip(&self.signature.results) {
            let long = matches!(ty, Type::I64 | Type::F64);
            cells[at] = value.bits() as u32;
            if long {
                cells[at + 1] = (value.bits() >> 32) as u32;
            }
            at += 1 + usize::from(long);
        }
        Ok(())
    }
}
