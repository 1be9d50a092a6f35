//! Rust functions and closures as host functions.

use crate::vm::{Caller, HostCall};
use crate::{HostError, WasmValue, WasmValues};
use core::marker::PhantomData;
use wasmote_core::FuncType;

/// What a host function may return: values ([`WasmValues`]), or a `Result` of values and whatever becomes a
/// [`HostError`].
pub trait HostResults {
    /// The values.
    type Values: WasmValues;
    #[doc(hidden)]
    fn values(self) -> Result<Self::Values, HostError>;
}

impl<T: WasmValues> HostResults for T {
    type Values = T;
    fn values(self) -> Result<T, HostError> {
        Ok(self)
    }
}

impl<T: WasmValues, E: Into<HostError>> HostResults for Result<T, E> {
    type Values = T;
    fn values(self) -> Result<T, HostError> {
        self.map_err(Into::into)
    }
}

/// A function or closure that can be a host function: up to eight arguments, each a [`WasmValue`], after an
/// optional first one `&mut Caller<'_>`. `P` and `R` are found by the compiler.
pub trait HostFn<P, R>: Send + Sync + 'static {
    #[doc(hidden)]
    const PARAMS: &'static [u8];
    #[doc(hidden)]
    const RESULTS: &'static [u8];
    #[doc(hidden)]
    fn invoke(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError>;
}

/// Stands for the caller among the arguments.
#[derive(Debug)]
pub struct WithCaller;

macro_rules! host_fns {
    ($( ($($name:ident)*) )*) => { $(
        #[allow(non_snake_case, unused_mut, unused_variables)]
        impl<Function, $($name,)* R> HostFn<($($name,)*), R> for Function
        where
            Function: Fn($($name),*) -> R + Send + Sync + 'static,
            $($name: WasmValue,)*
            R: HostResults,
        {
            const PARAMS: &'static [u8] = &[$($name::TYPE as u8),*];
            const RESULTS: &'static [u8] = R::Values::TYPES;
            fn invoke(&self, _: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
                let mut args: &[u32] = cells;
                $( let $name = <$name as WasmValue>::read(&mut args); )*
                self($($name),*).values()?.write(cells);
                Ok(())
            }
        }

        #[allow(non_snake_case, unused_mut, unused_variables)]
        impl<Function, $($name,)* R> HostFn<(WithCaller, $($name,)*), R> for Function
        where
            Function: Fn(&mut Caller<'_>, $($name),*) -> R + Send + Sync + 'static,
            $($name: WasmValue,)*
            R: HostResults,
        {
            const PARAMS: &'static [u8] = &[$($name::TYPE as u8),*];
            const RESULTS: &'static [u8] = R::Values::TYPES;
            fn invoke(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
                let mut args: &[u32] = cells;
                $( let $name = <$name as WasmValue>::read(&mut args); )*
                self(caller, $($name),*).values()?.write(cells);
                Ok(())
            }
        }
    )* };
}

host_fns! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

/// A typed function in the general form.
pub(crate) struct Typed<F, P, R> {
    function: F,
    types: PhantomData<fn(P) -> R>,
}

impl<F, P, R> Typed<F, P, R> {
    pub fn new(function: F) -> Self {
        Typed { function, types: PhantomData }
    }
}

impl<P, R, F: HostFn<P, R>> HostCall for Typed<F, P, R> {
    fn ty(&self) -> FuncType<'_> {
        FuncType::new(F::PARAMS, F::RESULTS)
    }

    fn call(&self, caller: &mut Caller<'_>, cells: &mut [u32]) -> Result<(), HostError> {
        self.function.invoke(caller, cells)
    }
}
