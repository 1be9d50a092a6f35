//! Functions, called with typed or with dynamic arguments.

use crate::vm::{self, Call, Context, HostCall, HostFunc};
use crate::{Error, Store, Value, WasmValues};
use core::marker::PhantomData;
use core::num::NonZeroU32;
use wasmote_core::FuncType;
use wasmote_core::vm::{FUNC_BITS, func_ref};

/// A reference to a function of a store, also the value of a `funcref` that is not null.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Func(NonZeroU32);

impl Func {
    pub(crate) fn new(instance: u32, index: u32) -> Option<Func> {
        Func::from_cell(func_ref(instance, index))
    }

    /// The function of a reference; `None` is null, or no reference at all.
    pub(crate) fn from_cell(cell: u32) -> Option<Func> {
        if cell >> FUNC_BITS == 0 { None } else { NonZeroU32::new(cell).map(Func) }
    }

    pub(crate) fn cell(self) -> u32 {
        self.0.get()
    }

    /// A function of the host's, which stays as long as the store, on the store's heap: its quota bounds how many there are.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Limit`].
    pub fn host(store: &mut Store, function: impl HostCall + 'static) -> Result<Func, Error> {
        let state = store.state_mut();
        let function = <dyn HostFunc>::new(&state.heap, function)?;
        state.add_host(function)
    }

    /// Its type (WebAssembly Core, 2.3.6).
    ///
    /// # Errors
    /// [`Error::NotFound`] if it is no function of this store's.
    pub fn ty<'c>(&self, cx: &'c impl Context) -> Result<FuncType<'c>, Error> {
        vm::state(cx).func_type(*self).ok_or(Error::NotFound)
    }

    /// The function with its arguments and results as Rust types.
    ///
    /// # Errors
    /// [`Error::WrongType`] if its type is another one; [`Error::NotFound`].
    pub fn typed<P: WasmValues, R: WasmValues>(&self, cx: &impl Context) -> Result<TypedFunc<P, R>, Error> {
        if self.ty(cx)? != FuncType::new(P::TYPES, R::TYPES) {
            return Err(Error::WrongType);
        }
        Ok(TypedFunc { func: *self, types: PhantomData })
    }

    /// Calls it (WebAssembly Core, 4.5.5).
    ///
    /// # Errors
    /// [`Error::WrongType`] if arguments or `results` differ from the type in number or an argument in its type;
    /// [`Error::NotFound`]; [`Error::Trap`] or [`Error::Host`] if execution ended early.
    pub fn call(&self, cx: &mut dyn Context, args: &[Value], results: &mut [Value]) -> Result<(), Error> {
        let count = results.len();
        let write = |ty: &FuncType<'_>, mut cells: &mut [u32]| {
            let fits = ty.params().eq(args.iter().map(Value::ty)) && ty.results().len() == count;
            if fits {
                args.iter().for_each(|value| value.write(&mut cells));
            }
            fits
        };
        let read = |ty: &FuncType<'_>, mut cells: &[u32]| {
            for (to, ty) in results.iter_mut().zip(ty.results()) {
                *to = Value::read(ty, &mut cells);
            }
        };
        let mut cx = cx;
        self.call_cells(&mut cx, write, read)
    }

    /// [`call`](Func::call) with arguments and results that are no [`Value`]s: `write` puts the arguments into cells, one for
    /// i32, f32 and references, two for i64 and f64 with the low half first, and says whether they are of the function's
    /// type; `read` finds the results there. There are two cells for each argument, and for each result.
    ///
    /// # Errors
    /// As of [`call`](Func::call).
    #[inline(always)]
    pub fn call_cells(
        &self,
        cx: &mut impl Context,
        write: impl FnOnce(&FuncType<'_>, &mut [u32]) -> bool,
        read: impl FnOnce(&FuncType<'_>, &[u32]),
    ) -> Result<(), Error> {
        let mut call = Call::new(cx, *self, None)?;
        let (ty, cells) = call.parts();
        if !write(ty, cells) {
            return Err(Error::WrongType);
        }
        // Whatever `write` has written.
        if !call.refs_belong() {
            return Err(Error::NotFound);
        }
        run(&mut call)?;
        let (ty, cells) = call.parts();
        read(ty, cells);
        Ok(())
    }
}

/// A function with arguments `P` and results `R`.
pub struct TypedFunc<P, R> {
    func: Func,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P, R> core::fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.func.fmt(f)
    }
}

impl<P: WasmValues, R: WasmValues> TypedFunc<P, R> {
    /// The function without its types.
    pub fn func(&self) -> Func {
        self.func
    }

    /// Calls it (WebAssembly Core, 4.5.5).
    ///
    /// # Errors
    /// [`Error::Trap`] or [`Error::Host`] if execution ended early; [`Error::NotFound`] or [`Error::WrongType`] if
    /// it, or a reference among the arguments, is of another store.
    pub fn call(&self, cx: &mut impl Context, args: P) -> Result<R, Error> {
        // The type is compared again: the handle may have come from another store.
        let mut call = Call::new(cx, self.func, Some(FuncType::new(P::TYPES, R::TYPES)))?;
        args.write(call.cells());
        if P::FUNC_REFS && !call.refs_belong() {
            return Err(Error::NotFound);
        }
        run(&mut call)?;
        Ok(R::read(call.cells()))
    }
}

/// Runs a call, and reports how it ended if it did so early.
#[inline(always)]
fn run(call: &mut Call<'_>) -> Result<(), Error> {
    let ended = call.run();
    #[cfg(feature = "log")]
    crate::events::ended(&ended);
    ended
}
