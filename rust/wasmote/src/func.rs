//! Functions, called with typed or with dynamic arguments.

use crate::vm::{self, Call, Context};
use crate::{Error, Value, WasmValues};
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
    pub fn call(&self, cx: &mut impl Context, args: &[Value], results: &mut [Value]) -> Result<(), Error> {
        let mut given = args.iter().copied();
        let result_count = results.len();
        let mut got = results.iter_mut();
        let mut result = |value| {
            if let Some(to) = got.next() {
                *to = value;
            }
        };
        call_dynamic(*self, cx, (args.len(), &mut || given.next()), (result_count, &mut result))
    }

    /// [`call`](Func::call) with arguments and results that are nowhere in a row: `args` are so many, and `arg` is
    /// called for each of them, in order; `result` is called with each of the `results`.
    ///
    /// # Errors
    /// As of [`call`](Func::call); [`Error::WrongType`] also if `arg` has none.
    pub fn call_with(
        &self,
        cx: &mut impl Context,
        (args, arg): (usize, &mut dyn FnMut() -> Option<Value>),
        (results, result): (usize, &mut dyn FnMut(Value)),
    ) -> Result<(), Error> {
        call_dynamic(*self, cx, (args, arg), (results, result))
    }
}

/// For all contexts, so that it is compiled once.
fn call_dynamic(
    func: Func,
    mut cx: &mut dyn Context,
    (args, arg): (usize, &mut dyn FnMut() -> Option<Value>),
    (results, result): (usize, &mut dyn FnMut(Value)),
) -> Result<(), Error> {
    let mut call = Call::new(&mut cx, func, None)?;
    let (ty, mut cells) = call.parts();
    if args != ty.params().len() || results != ty.results().len() {
        return Err(Error::WrongType);
    }
    for ty in ty.params() {
        let value = arg().filter(|value| value.ty() == ty).ok_or(Error::WrongType)?;
        value.write(&mut cells);
    }
    if !call.refs_belong() {
        return Err(Error::NotFound);
    }
    call.run()?;
    let (ty, cells) = call.parts();
    let mut cells = &*cells;
    for ty in ty.results() {
        result(Value::read(ty, &mut cells));
    }
    Ok(())
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
        call.run()?;
        Ok(R::read(call.cells()))
    }
}
