//! The hot path of the relay: sealing and opening a packet must not touch the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use tongke_transport::webrtc::srtp::{Context, MAX_OVERHEAD, MasterKey, Profile};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

#[test]
fn sealing_and_opening_rtp_allocate_nothing_after_the_first_packet() {
    for profile in Profile::ALL {
        let key =
            MasterKey::new(profile, &[1; 32][..profile.key_len()], &[2; 14][..profile.salt_len()]).unwrap();
        let (mut seal, mut open) = (Context::new(profile, &key), Context::new(profile, &key));
        let mut out = Vec::with_capacity(1200 + MAX_OVERHEAD);
        let mut before = 0;
        for sequence in 0..2_000u16 {
            for ssrc in [1u32, 2] {
                out.clear();
                out.extend_from_slice(&[0x80, 96]);
                out.extend_from_slice(&sequence.to_be_bytes());
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(&ssrc.to_be_bytes());
                out.resize(1200, 7);
                assert!(seal.seal_rtp(&mut out, 0));
                assert_eq!(open.open_rtp(&mut out), Ok(1200));
            }
            if sequence == 0 {
                before = allocations();
            }
        }
        assert_eq!(allocations() - before, 0, "{profile:?}");
    }
}
