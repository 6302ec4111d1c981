//! An allocator that knows how many bytes the relay holds, per thread: those taken and given back
//! inside [`of_relay`]. The clients of a test share its thread, and their memory does not count.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static IS_RELAY: Cell<bool> = const { Cell::new(false) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    if IS_RELAY.with(Cell::get) {
        LIVE.with(|live| live.set(live.get() + bytes));
    }
}

/// What an allocation takes of the heap: glibc's chunks are multiples of 16 with 8 for itself.
fn taken(size: usize) -> i64 {
    ((size + 8).next_multiple_of(16)).max(32) as i64
}

// SAFETY: every call goes to the system's allocator unchanged; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(taken(layout.size()));
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-taken(layout.size()));
        // SAFETY: `pointer` came from this allocator, so from the system's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(taken(size) - taken(layout.size()));
        // SAFETY: as for `dealloc`; the caller's promise about `size` is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Lets the relay work. What it gives out must be cloned before it is used outside, or dropped inside.
pub fn of_relay<R>(work: impl FnOnce() -> R) -> R {
    let before = IS_RELAY.with(|is| is.replace(true));
    let result = work();
    IS_RELAY.with(|is| is.set(before));
    result
}

/// Does something that is not the relay's inside of [`of_relay`].
pub fn of_others<R>(work: impl FnOnce() -> R) -> R {
    let before = IS_RELAY.with(|is| is.replace(false));
    let result = work();
    IS_RELAY.with(|is| is.set(before));
    result
}

/// Bytes of this thread's relay.
pub fn live() -> i64 {
    LIVE.with(Cell::get)
}
