//! Memory for code on hosts: Linux on x86-64 and ARM. Elsewhere there is none.
//!
//! On x86-64 the same pages are mapped twice, one mapping behind the other: the first can be executed, the second written. So no
//! page is both at one address, and code is written while other code of its page runs. Pages that nobody writes to take
//! no memory. On ARM, where emulators do not notice that, pages change from the one to the other, and code that is written
//! apart has pages of its own ([`crate::code::GRANULE`]).

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "arm"))))]
mod imp {
    use core::ffi::c_void;

    #[unsafe(no_mangle)]
    extern "C" fn wasmote_platform_code_claim(_size: *mut usize) -> *mut c_void {
        core::ptr::null_mut()
    }

    #[unsafe(no_mangle)]
    extern "C" fn wasmote_platform_code_release(_region: *mut c_void) {}

    #[unsafe(no_mangle)]
    extern "C" fn wasmote_platform_code_write(_to: *mut c_void, _code: *const c_void, _size: usize) {}
}

#[cfg(all(target_os = "linux", target_arch = "arm"))]
mod imp {
    use crate::code::GRANULE;
    use core::ffi::c_void;
    use core::ptr::null_mut;
    use libc::{MAP_ANONYMOUS, MAP_FAILED, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE};

    /// Bytes of each claim.
    const SIZE: usize = 16 << 20;
    /// The system call that makes changed code visible: arch/arm/include/uapi/asm/unistd.h.
    const CACHEFLUSH: libc::c_long = 0x0F_0002;

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasmote_platform_code_claim(size: *mut usize) -> *mut c_void {
        // SAFETY: (P10) a place that the kernel chooses; (P6) the place for the size, as the header says.
        unsafe {
            *size = SIZE;
            let region =
                libc::mmap(null_mut(), SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if region == MAP_FAILED { null_mut() } else { region }
        }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasmote_platform_code_release(region: *mut c_void) {
        // SAFETY: (P10) mapped by the claim, and no longer used.
        unsafe { libc::munmap(region, SIZE) };
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasmote_platform_code_write(to: *mut c_void, code: *const c_void, size: usize) {
        let before = to.addr() % GRANULE;
        // SAFETY: (P10) the pages lie within the claim; nothing else is on them, as who writes there keeps to the granule.
        unsafe {
            let (page, len) = (to.byte_sub(before), before + size);
            libc::mprotect(page, len, PROT_READ | PROT_WRITE);
            to.cast::<u8>().copy_from_nonoverlapping(code.cast(), size);
            libc::mprotect(page, len, PROT_READ | PROT_EXEC);
            libc::syscall(CACHEFLUSH, to.addr(), to.addr() + size, 0);
        }
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod imp {
    use core::ffi::{c_int, c_void};
    use core::ptr::null_mut;
    use libc::{MAP_FAILED, MAP_FIXED, MAP_SHARED, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE};

    /// Bytes of each claim: a multiple of the page size, and less than what a branch or call reaches.
    const SIZE: usize = 16 << 20;

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasmote_platform_code_claim(size: *mut usize) -> *mut c_void {
        // SAFETY: (P10) no file is known before. It goes with its mappings.
        let file = unsafe { libc::memfd_create(c"wasmote-code".as_ptr(), libc::MFD_CLOEXEC) };
        if file < 0 {
            return null_mut();
        }
        // SAFETY: (P10) the file is ours.
        let region = unsafe { map(file) }.unwrap_or(null_mut());
        // SAFETY: (P10) mappings do not need the file's number.
        unsafe { libc::close(file) };
        // SAFETY: (P6) the place for the size, as the header says.
        unsafe { *size = SIZE };
        synchronise_cores(REGISTER);
        region
    }

    /// # Safety
    /// `file` is a memory file that nobody else uses.
    unsafe fn map(file: c_int) -> Option<*mut c_void> {
        // SAFETY: (P10) a place for both mappings that the kernel chooses, where nothing else is.
        let region = unsafe {
            if libc::ftruncate(file, SIZE as libc::off_t) != 0 {
                return None;
            }
            libc::mmap(null_mut(), 2 * SIZE, PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
        };
        if region == MAP_FAILED {
            return None;
        }
        // SAFETY: (P10) both lie within the place just reserved. A forked process does not get them: it would write into
        // its parent's code.
        let mapped = unsafe {
            let fixed =
                |at, access| libc::mmap(at, SIZE, access, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
            fixed(region, PROT_READ | PROT_EXEC)
                && fixed(region.byte_add(SIZE), PROT_READ | PROT_WRITE)
                && libc::madvise(region, 2 * SIZE, libc::MADV_DONTFORK) == 0
        };
        if !mapped {
            // SAFETY: (P10) reserved above; nobody knows of it.
            unsafe { libc::munmap(region, 2 * SIZE) };
            return None;
        }
        Some(region)
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasmote_platform_code_release(region: *mut c_void) {
        // SAFETY: (P10) mapped by the claim, and no longer used.
        unsafe { libc::munmap(region, 2 * SIZE) };
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn wasmote_platform_code_write(to: *mut c_void, code: *const c_void, size: usize) {
        // SAFETY: (P10) what can be written lies `SIZE` bytes behind what can be executed.
        unsafe { to.byte_add(SIZE).cast::<u8>().copy_from_nonoverlapping(code.cast(), size) };
        synchronise_cores(SYNCHRONISE);
    }

    // Of the system call membarrier: linux/membarrier.h.
    const SYNCHRONISE: c_int = 1 << 5;
    const REGISTER: c_int = 1 << 6;

    /// Cores see changed code by themselves, but one that has fetched the old is only told by a serialising instruction, as
    /// the code was written at another address. The kernel lets every core that runs this process carry one out; one
    /// that does not know how (4.16 is the first) did so at the latest when it last switched to the thread.
    fn synchronise_cores(command: c_int) {
        // SAFETY: (P10) touches no memory.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    }
}
