//! The accounted, fallible heap.
//!
//! A [`Heap`] is a handle to an account: it counts the bytes in use and their peak, has a limit, and draws on an
//! engine's root, which is the platform's allocator or a pool given by the embedder. [`Vec`](crate::Vec) and [`Shared`]
//! offer only operations that can fail, so nothing above this module can run out of memory in any other way
//! than by an error.
//!
//! All counts of one root, and its pool, are guarded by one platform mutex: allocation is rare here, and
//! not every target has atomic read-modify-write.

#[cfg(feature = "pool")]
use crate::pool::Pool;
use crate::{Mutex, abi};
use core::alloc::Layout;
use core::cell::{Cell, UnsafeCell};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::Deref;
use core::ptr::NonNull;

/// There is no memory, or the account's limit is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory;

/// Where an engine's memory comes from.
struct Root {
    mutex: Mutex,
    /// Guarded by the mutex.
    source: UnsafeCell<Source>,
    /// The account of everything that the engine holds.
    account: Account,
    /// Fails the allocation that brings this to zero (see [`Heap::fail_after`]).
    countdown: Cell<u32>,
}

/// The platform's allocator, or a pool.
#[derive(Default)]
struct Source {
    #[cfg(feature = "pool")]
    pool: Option<Pool>,
}

/// Counts of bytes. Guarded by the root's mutex.
struct Account {
    refs: Cell<u32>,
    used: Cell<usize>,
    peak: Cell<usize>,
    limit: Cell<usize>,
    /// The root, of which this may be the own account.
    root: NonNull<Root>,
}

/// A handle to a heap account. Cloning it names the same account; the account and its root are freed with
/// the last handle, and every allocation holds one.
pub struct Heap {
    account: NonNull<Account>,
}

// SAFETY: (P2) everything behind the pointers is only touched while holding the root's mutex.
unsafe impl Send for Heap {}
// SAFETY: (P2) as above.
unsafe impl Sync for Heap {}

/// Bytes in use by an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HeapStats {
    /// Bytes in use.
    pub used: usize,
    /// The most that were in use at a time.
    pub peak: usize,
}

impl Heap {
    /// The root account of a new engine that draws on the platform's allocator.
    pub fn platform() -> Result<Heap, OutOfMemory> {
        Heap::on(Source::default())
    }

    /// The root account of a new engine that draws on `memory` alone.
    ///
    /// # Safety
    /// Nobody else may use `memory` until the last handle to this engine's accounts is dropped.
    #[cfg(feature = "pool")]
    pub unsafe fn pool(memory: NonNull<[u8]>) -> Result<Heap, OutOfMemory> {
        // SAFETY: (P4) the caller hands the memory over.
        Heap::on(Source { pool: Some(unsafe { Pool::new(memory) }) })
    }

    /// The root account of a new engine.
    fn on(mut source: Source) -> Result<Heap, OutOfMemory> {
        let layout = Layout::new::<Root>();
        // SAFETY: (P3) the size is not 0 and the alignment at most 16.
        let block = unsafe { source.obtain(layout) }.ok_or(OutOfMemory)?;
        let place = block.cast::<Root>();
        let account = Account::new(usize::MAX, place);
        account.used.set(layout.size());
        account.obtained();
        // SAFETY: (P1) `init` follows, when it has its final place.
        let mutex = unsafe { Mutex::storage() };
        let root = Root { mutex, source: UnsafeCell::new(source), account, countdown: Cell::new(0) };
        // SAFETY: (P3) a fresh block of the right layout, which is given back if nobody gets to know it.
        unsafe {
            place.write(root);
            if !place.as_ref().mutex.init() {
                Root::free(place);
                return Err(OutOfMemory);
            }
            Ok(Heap { account: NonNull::from(&place.as_ref().account) })
        }
    }

    /// A new account on the same root, with a limit in bytes. The root's own limit holds as well.
    pub fn account(&self, limit: usize) -> Result<Heap, OutOfMemory> {
        let root = self.root_account();
        let place = root.allocate(Layout::new::<Account>())?.cast::<Account>();
        // SAFETY: (P3) a fresh block of the right layout.
        unsafe { place.write(Account::new(limit, self.counts().root)) };
        // The block itself stays on the root's account, whose handle lives on in `Account::root`.
        core::mem::forget(root);
        Ok(Heap { account: place })
    }

    /// The account of the whole engine.
    fn root_account(&self) -> Heap {
        let account = &self.root().account;
        Heap::count(self.account, &account.refs, 1);
        Heap { account: NonNull::from(account) }
    }

    /// Sets the account's limit in bytes. Below what is in use it only stops further allocation.
    pub fn set_limit(&self, limit: usize) {
        self.root().mutex.with(|| self.counts().limit.set(limit));
    }

    /// Bytes in use by this account.
    pub fn stats(&self) -> HeapStats {
        self.root()
            .mutex
            .with(|| HeapStats { used: self.counts().used.get(), peak: self.counts().peak.get() })
    }

    /// For tests of what happens when memory runs out: lets the engine's `n`th allocation from now fail
    /// (1 is the next one). 0 lets all succeed again.
    pub fn fail_after(&self, n: u32) {
        self.root().mutex.with(|| self.root().countdown.set(n));
    }

    fn root(&self) -> &Root {
        // SAFETY: (P2) the root lives as long as any handle.
        unsafe { self.counts().root.as_ref() }
    }

    fn is_root(&self) -> bool {
        core::ptr::eq(self.account.as_ptr(), &self.root().account)
    }

    /// Changes a count of owners, guarded by the mutex of the root that the account draws on, by `by`; returns it.
    /// The account is no reference: others may free it as soon as the mutex is given back.
    #[inline(never)]
    fn count(account: NonNull<Account>, owners: &Cell<u32>, by: i32) -> u32 {
        // SAFETY: (P2) account and root live as long as the handle that the caller counts with.
        let root = unsafe { account.as_ref().root.as_ref() };
        root.mutex.with(|| {
            owners.set(owners.get().wrapping_add_signed(by));
            owners.get()
        })
    }

    fn counts(&self) -> &Account {
        // SAFETY: (P2) an account lives as long as any handle to it.
        unsafe { self.account.as_ref() }
    }

    /// Charges `more` bytes to the account and the root, for the time being without the memory.
    fn charge(&self, more: usize) -> Result<(), OutOfMemory> {
        let root = self.root();
        match root.countdown.get() {
            0 => {}
            1 => {
                root.countdown.set(0);
                return Err(OutOfMemory);
            }
            n => root.countdown.set(n - 1),
        }
        let own = self.counts();
        own.charge(more)?;
        if !self.is_root() && root.account.charge(more).is_err() {
            own.used.set(own.used.get() - more);
            return Err(OutOfMemory);
        }
        Ok(())
    }

    /// What was charged has been obtained: it counts for the peak.
    fn obtained(&self) {
        self.counts().obtained();
        self.root().account.obtained();
    }

    fn credit(&self, less: usize) {
        let own = self.counts();
        own.used.set(own.used.get() - less);
        if !self.is_root() {
            let root = &self.root().account;
            root.used.set(root.used.get() - less);
        }
    }

    /// Where memory comes from.
    ///
    /// # Safety
    /// The mutex is held, as long as this is used.
    #[allow(clippy::mut_from_ref)] // As the cell's own.
    unsafe fn source(&self) -> &mut Source {
        // SAFETY: (P2) the mutex is held.
        unsafe { &mut *self.root().source.get() }
    }
}

impl Root {
    /// Gives its block back.
    ///
    /// # Safety
    /// (P2) Nobody else knows it.
    unsafe fn free(place: NonNull<Root>) {
        // SAFETY: (P3) obtained by `Heap::on` with this layout; what is in it is read out.
        unsafe { place.read().source.into_inner().give_back(place.cast(), Layout::new::<Root>()) }
    }
}

impl Source {
    /// # Safety
    /// (P3) `layout.size() > 0`, and the alignment is at most 16.
    #[inline(always)]
    unsafe fn obtain(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        #[cfg(feature = "pool")]
        if let Some(pool) = &mut self.pool {
            return pool.allocate(layout.size());
        }
        // SAFETY: (P3) the caller says so.
        NonNull::new(unsafe { abi::wasmote_platform_alloc(layout.size(), layout.align()) }.cast())
    }

    /// # Safety
    /// (P3) `block` came from `obtain` with `old`; neither size is 0.
    unsafe fn change(&mut self, block: NonNull<u8>, old: Layout, new: Layout) -> Option<NonNull<u8>> {
        #[cfg(feature = "pool")]
        if let Some(pool) = &mut self.pool {
            // SAFETY: (P3) the block came from this pool.
            return unsafe { pool.reallocate(block, old.size(), new.size()) };
        }
        // SAFETY: (P3) the block came from the platform with this layout.
        NonNull::new(
            unsafe {
                abi::wasmote_platform_realloc(block.as_ptr().cast(), old.size(), new.size(), old.align())
            }
            .cast(),
        )
    }

    /// # Safety
    /// (P3) `block` came from `obtain` with `layout`.
    #[inline(always)]
    unsafe fn give_back(&mut self, block: NonNull<u8>, layout: Layout) {
        #[cfg(feature = "pool")]
        if let Some(pool) = &mut self.pool {
            // SAFETY: (P3) the block came from this pool.
            return unsafe { pool.deallocate(block, layout.size()) };
        }
        // SAFETY: (P3) the block came from the platform with this layout.
        unsafe { abi::wasmote_platform_free(block.as_ptr().cast(), layout.size(), layout.align()) }
    }
}

impl Account {
    fn new(limit: usize, root: NonNull<Root>) -> Account {
        Account { refs: Cell::new(1), used: Cell::new(0), peak: Cell::new(0), limit: Cell::new(limit), root }
    }

    fn obtained(&self) {
        self.peak.set(self.peak.get().max(self.used.get()));
    }

    fn charge(&self, more: usize) -> Result<(), OutOfMemory> {
        let used = self.used.get().checked_add(more).ok_or(OutOfMemory)?;
        if used > self.limit.get() {
            return Err(OutOfMemory);
        }
        self.used.set(used);
        Ok(())
    }
}

impl Clone for Heap {
    fn clone(&self) -> Heap {
        Heap::count(self.account, &self.counts().refs, 1);
        Heap { account: self.account }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        if Heap::count(self.account, &self.counts().refs, -1) != 0 {
            return;
        }
        if !self.is_root() {
            // The handle that `account` forgot: it frees the block, and then the root if it was the last.
            let root = Heap { account: NonNull::from(&self.root().account) };
            // SAFETY: (P3) allocated by `account` on the root's account with this layout; this was the last handle.
            unsafe { root.deallocate(self.account.cast(), Layout::new::<Account>()) };
        } else {
            let place = self.counts().root;
            self.root().mutex.deinit();
            // SAFETY: (P2) the last handle.
            unsafe { Root::free(place) };
        }
    }
}

impl core::fmt::Debug for Heap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Heap")
    }
}

impl Heap {
    /// Allocates a block on this account.
    pub fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, OutOfMemory> {
        if layout.size() == 0 {
            return Ok(dangling(layout));
        }
        self.root().mutex.with(|| {
            self.charge(layout.size())?;
            // SAFETY: (P2) the mutex is held; the size is not 0.
            let block = unsafe { self.source().obtain(layout) };
            match block {
                Some(_) => self.obtained(),
                None => self.credit(layout.size()),
            }
            block.ok_or(OutOfMemory)
        })
    }

    /// Gives a block back.
    ///
    /// # Safety
    /// The block was allocated on this account with this layout, and is not used any more.
    pub unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        if layout.size() != 0 {
            self.root().mutex.with(|| {
                // SAFETY: (P3) the caller says that it came from here with this layout.
                unsafe { self.source().give_back(block, layout) };
                self.credit(layout.size());
            });
        }
    }

    /// Grows or shrinks a block; `Err` leaves it as it was.
    ///
    /// # Safety
    /// The block was allocated on this account with the layout `old`; `new` has the same alignment. The old address
    /// is not used any more if it succeeds.
    pub unsafe fn reallocate(
        &self,
        block: NonNull<u8>,
        old: Layout,
        new: Layout,
    ) -> Result<NonNull<u8>, OutOfMemory> {
        if old.size() == 0 {
            return self.allocate(new);
        }
        if new.size() == 0 {
            // SAFETY: (P3) as the caller says.
            unsafe { self.deallocate(block, old) };
            return Ok(dangling(new));
        }
        self.root().mutex.with(|| {
            let more = new.size().saturating_sub(old.size());
            if more > 0 {
                self.charge(more)?;
            }
            // SAFETY: (P3) the caller says that it came from here with the old layout.
            let changed = unsafe { self.source().change(block, old, new) };
            match changed {
                Some(_) => {
                    self.credit(old.size().saturating_sub(new.size()));
                    self.obtained();
                }
                None => self.credit(more),
            }
            changed.ok_or(OutOfMemory)
        })
    }
}

fn dangling(layout: Layout) -> NonNull<u8> {
    // An address that is aligned and not 0, as zero-sized blocks need.
    NonNull::new(core::ptr::without_provenance_mut(layout.align())).unwrap_or(NonNull::dangling())
}

/// A value on a [`Heap`] with several owners, on any thread. Like `Arc`, but fallible, and without atomic
/// instructions, which some targets lack: the count is guarded by the heap's mutex.
///
/// It is the address of the value, which has a head in front.
pub struct Shared<T: ?Sized>(NonNull<T>);

/// What is known of a shared value whatever its type is, so that the code for it is there once.
struct Head {
    owners: Cell<u32>,
    heap: Heap,
}

impl Head {
    /// A block of this layout, which begins with a head and has one owner.
    #[inline(never)]
    fn allocate(heap: &Heap, layout: Layout) -> Result<NonNull<Head>, OutOfMemory> {
        let place = heap.allocate(layout)?.cast::<Head>();
        // SAFETY: (P3) a fresh block, large enough and aligned for its head.
        unsafe { place.write(Head { owners: Cell::new(1), heap: heap.clone() }) };
        Ok(place)
    }

    /// Changes the number of owners by `by`, and returns it.
    ///
    /// # Safety
    /// The caller is one of the owners.
    unsafe fn count(place: NonNull<Head>, by: i32) -> u32 {
        // SAFETY: (P5) lives as long as any owner.
        let Head { owners, heap } = unsafe { place.as_ref() };
        Heap::count(heap.account, owners, by)
    }

    /// # Safety
    /// `place` came from `allocate` with this layout, and is not used any more.
    #[inline(never)]
    unsafe fn free(place: NonNull<Head>, layout: Layout) {
        // SAFETY: (P3) as the caller says. The heap is read out, to outlive the block.
        unsafe {
            let heap = place.read().heap;
            heap.deallocate(place.cast(), layout);
        }
    }
}

// SAFETY: (P5) as `Arc`: the value is shared, and may be dropped on another thread; the count is guarded.
unsafe impl<T: Send + Sync + ?Sized> Send for Shared<T> {}
// SAFETY: (P5) as above.
unsafe impl<T: Send + Sync + ?Sized> Sync for Shared<T> {}

/// The layout of a value with its head in front.
#[inline(always)]
fn with_head(value: Layout) -> Layout {
    let (size, align) = (size_of::<Head>() + value.size(), align_of::<Head>().max(value.align()));
    // SAFETY: (P3) the alignment of one of them; `make` refuses values that are too large.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

impl<T> Shared<T> {
    /// Moves a value onto the heap.
    pub fn new(heap: &Heap, value: T) -> Result<Shared<T>, OutOfMemory> {
        Shared::make(heap, || value)
    }

    /// Puts a value onto the heap that is made where it stays: it need not be moved there, or dropped if there is no memory.
    pub fn make(heap: &Heap, value: impl FnOnce() -> T) -> Result<Shared<T>, OutOfMemory> {
        const { assert!(align_of::<T>() <= size_of::<Head>(), "values come right behind their heads") };
        const { assert!(size_of::<T>() < isize::MAX as usize / 2, "a value and its head are one block") };
        let head = Head::allocate(heap, with_head(Layout::new::<T>()))?;
        // SAFETY: (P3) a fresh block of the right layout.
        unsafe {
            let place = head.add(1).cast::<T>();
            place.write(value());
            Ok(Shared(place))
        }
    }
}

/// Room on the heap for a value that is moved there later.
///
/// For what borrows from itself: a value that is handed over and dropped inside, because there is no memory, would free what its
/// references promise to be there until the call returns.
pub struct Room<T>(Shared<MaybeUninit<T>>);

impl<T> Room<T> {
    /// Obtains it.
    pub fn new(heap: &Heap) -> Result<Room<T>, OutOfMemory> {
        Ok(Room(Shared::make(heap, MaybeUninit::uninit)?))
    }

    /// Moves the value there.
    #[inline(always)]
    pub fn fill(self, value: T) -> Shared<T> {
        let place = Shared::into_raw(self.0).cast::<T>();
        // SAFETY: (P5) the only owner, of a block of the same layout; it is one of the value from here on.
        unsafe {
            place.write(value);
            Shared::from_raw(place)
        }
    }
}

impl<T: ?Sized> Shared<T> {
    /// Number of owners. Another thread may change it at any time, unless it is 1.
    pub fn owners(this: &Shared<T>) -> u32 {
        // SAFETY: (P5) an owner.
        unsafe { Head::count(this.head(), 0) }
    }

    /// The account that it is on.
    pub fn heap(this: &Shared<T>) -> &Heap {
        // SAFETY: (P5) an owner.
        unsafe { &(*this.head().as_ptr()).heap }
    }

    /// Gives an owner up for the value's address, from which [`from_raw`](Shared::from_raw) makes it again.
    pub fn into_raw(this: Shared<T>) -> NonNull<T> {
        ManuallyDrop::new(this).0
    }

    /// # Safety
    /// The address came from [`into_raw`](Shared::into_raw), and this is the only owner that is made of it. It may be that of
    /// a trait that the value implements.
    pub unsafe fn from_raw(value: NonNull<T>) -> Shared<T> {
        Shared(value)
    }

    fn head(&self) -> NonNull<Head> {
        // SAFETY: (P5) the block begins with it, and lives as long as any owner.
        unsafe { self.0.cast::<Head>().sub(1) }
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        // SAFETY: (P5) an owner.
        unsafe { Head::count(self.head(), 1) };
        Shared(self.0)
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: (P5) lives as long as any owner.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: (P3) (P5) an owner; if it was the last one, the value is dropped once, then the block that `make`
        // allocated with this layout is freed.
        unsafe {
            let head = self.head();
            if Head::count(head, -1) == 0 {
                let layout = with_head(Layout::for_value(self.0.as_ref()));
                self.0.drop_in_place();
                Head::free(head, layout);
            }
        }
    }
}

impl<T: core::fmt::Debug + ?Sized> core::fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        (**self).fmt(f)
    }
}
