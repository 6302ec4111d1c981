//! What the relay's worker thread asks of the heap and of the kernel's lock queue: an allocator that counts,
//! and the C library's `syscall`, through which the standard library and `parking_lot` reach futexes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::arch::asm;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Allocations of worker threads, growth included.
pub static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
/// Times a worker thread waited for a lock or woke who did.
pub static FUTEX_CALLS: AtomicU64 = AtomicU64::new(0);

/// How the relay names its workers' threads.
const WORKERS: &[u8] = b"relay-";

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is a worker. A thread gets its name after its first allocations, so that only a yes
/// is for ever.
fn is_worker() -> bool {
    IS_WORKER.with(|known| {
        if !known.get() {
            let mut name = [0_u8; 16];
            // SAFETY: PR_GET_NAME writes at most 16 bytes where its second argument points.
            unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
            known.set(name.starts_with(WORKERS));
        }
        known.get()
    })
}

struct Watched;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

fn note() {
    if is_worker() {
        ALLOCATIONS.fetch_add(1, Relaxed);
    }
}

// SAFETY: every call is passed on to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from the system's allocator.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: `pointer` came from the system's allocator, and the promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Takes the place of the C library's `syscall` in this program, for everything that is linked into it.
// SAFETY: it does what `syscall(2)` documents: six arguments, an error as -1 and `errno`.
#[unsafe(no_mangle)]
extern "C" fn syscall(number: i64, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64 {
    if number == libc::SYS_futex && is_worker() {
        FUTEX_CALLS.fetch_add(1, Relaxed);
    }
    let result: i64;
    // SAFETY: the arguments are the caller's, who answers for them to the kernel; rcx and r11 are what the
    // instruction overwrites.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    if (-4095..0).contains(&result) {
        // SAFETY: it points to this thread's errno.
        unsafe { *libc::__errno_location() = -result as i32 };
        return -1;
    }
    result
}

#[test]
fn what_a_worker_allocates_and_waits_for_is_counted() {
    use std::sync::mpsc;
    let (allocations, futex_calls) = (ALLOCATIONS.load(Relaxed), FUTEX_CALLS.load(Relaxed));
    let (sender, receiver) = mpsc::channel();
    let waits = move || {
        let some: Vec<u8> = receiver.recv().unwrap();
        std::hint::black_box(vec![some.len(); 9]);
    };
    let thread = std::thread::Builder::new().name("relay-test".to_owned()).spawn(waits).unwrap();
    while FUTEX_CALLS.load(Relaxed) == futex_calls {
        std::thread::yield_now();
    }
    sender.send(vec![1]).unwrap();
    thread.join().unwrap();
    assert!(ALLOCATIONS.load(Relaxed) > allocations);
}
