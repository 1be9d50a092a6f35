//! tinywasm, with stacks that do not grow.

use tinywasm::engine::Config;
use tinywasm::types::Module;
use tinywasm::{FuncContext, FunctionTyped, HostFunction, Imports, ModuleInstance, StackConfig, Store};

pub use tinywasm::Error;

pub struct Engine {
    store: Store,
    module: Option<Module>,
    instance: Option<(ModuleInstance, FunctionTyped<i32, i32>)>,
}

impl Engine {
    pub fn new() -> Engine {
        let config = Config::new()
            .with_value_stack_32(StackConfig::fixed(8192))
            .with_value_stack_64(StackConfig::fixed(4096))
            .with_value_stack_128(StackConfig::fixed(1))
            .with_call_stack(StackConfig::fixed(512));
        Engine { store: Store::new(tinywasm::Engine::new(config)), module: None, instance: None }
    }

    pub fn load(&mut self, wasm: &[u8]) -> Result<(), Error> {
        self.module = Some(tinywasm::parse_bytes(wasm)?);
        Ok(())
    }

    pub fn instantiate(&mut self, name: &str) -> Result<(), Error> {
        let Some(module) = &self.module else { return Ok(()) };
        let mut imports = Imports::new();
        let tick =
            HostFunction::from(&mut self.store, |_: FuncContext<'_>, value: i32| Ok(value.wrapping_add(1)));
        imports.define("env", "tick", tick);
        let instance = ModuleInstance::instantiate(&mut self.store, module, Some(imports))?;
        let func = instance.func(&self.store, name)?;
        // Its memory has no bytes before something is written to it; then it could not be told what else the heap has.
        if let Ok(memory) = instance.memory("memory") {
            let byte = memory.read_vec(&self.store, 0, 1)?;
            memory.write(&mut self.store, 0, &byte)?;
        }
        self.instance = Some((instance, func));
        Ok(())
    }

    pub fn call(&mut self, argument: i32) -> Result<i32, Error> {
        let Some((_, func)) = &self.instance else { return Ok(0) };
        func.call(&mut self.store, argument)
    }

    /// Of the exported memory.
    pub fn memory_bytes(&self) -> usize {
        let Some((instance, _)) = &self.instance else { return 0 };
        let Ok(memory) = instance.memory("memory") else { return 0 };
        memory.len(&self.store).unwrap_or(0)
    }
}
