//! wasmi: all is translated when a module is loaded, without counting fuel.

use wasmi::{Config, Instance, Linker, Module, Store, TypedFunc};

pub use wasmi::Error;

pub struct Engine {
    engine: wasmi::Engine,
    store: Store<()>,
    module: Option<Module>,
    instance: Option<(Instance, TypedFunc<i32, i32>)>,
}

impl Engine {
    pub fn new() -> Engine {
        let mut config = Config::default();
        // The default, said because it matters.
        config.compilation_mode(wasmi::CompilationMode::Eager).consume_fuel(false);
        // Names are kept otherwise.
        config.ignore_custom_sections(true);
        let engine = wasmi::Engine::new(&config);
        let store = Store::new(&engine, ());
        Engine { engine, store, module: None, instance: None }
    }

    pub fn load(&mut self, wasm: &[u8]) -> Result<(), Error> {
        self.module = Some(Module::new(&self.engine, wasm)?);
        Ok(())
    }

    pub fn instantiate(&mut self, name: &str) -> Result<(), Error> {
        let Some(module) = &self.module else { return Ok(()) };
        let mut linker = Linker::new(&self.engine);
        linker.func_wrap("env", "tick", |value: i32| value.wrapping_add(1))?;
        let instance = linker.instantiate_and_start(&mut self.store, module)?;
        let func = instance.get_typed_func(&self.store, name)?;
        self.instance = Some((instance, func));
        Ok(())
    }

    pub fn call(&mut self, argument: i32) -> Result<i32, Error> {
        let Some((_, func)) = &self.instance else { return Ok(0) };
        func.call(&mut self.store, argument)
    }

    /// Of all exported memories.
    pub fn memory_bytes(&self) -> usize {
        let Some((instance, _)) = &self.instance else { return 0 };
        let memories = instance.exports(&self.store).filter_map(wasmi::Export::into_memory);
        memories.map(|memory| memory.data_size(&self.store)).sum()
    }
}
