//! An allocator that starts every large buffer on a cache line.
//!
//! A wide register is as long as a cache line. Where a matrix starts 16 bytes into one, as the system's
//! allocator leaves it, every load and store touches two.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, with large buffers on cache lines. A program takes it by
/// `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CacheAligned;

/// Bytes of a cache line, and of a 512-bit register.
const LINE: usize = 64;
/// Bytes from which a buffer is worth it.
const LARGE: usize = 1024;

fn on_line(layout: Layout) -> Layout {
    if layout.size() < LARGE {
        return layout;
    }
    layout.align_to(LINE).unwrap_or(layout)
}

// SAFETY: everything is handed to `System`, with a layout of the same size that depends on the layout alone,
// so that what is freed is described as it was when it was asked for; `System` meets the contract.
unsafe impl GlobalAlloc for CacheAligned {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc(on_line(layout)) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(on_line(layout)) }
    }

    unsafe fn dealloc(&self, buffer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(buffer, on_line(layout)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_start_on_cache_lines_and_keep_what_they_hold() {
        for size in [8, LARGE, 5000, 1 << 20] {
            let layout = Layout::from_size_align(size, 4).unwrap();
            // SAFETY: each buffer is written and read within its size, and freed with its last layout.
            unsafe {
                let buffer = CacheAligned.alloc_zeroed(layout);
                assert!(!buffer.is_null());
                assert_eq!(*buffer.add(size - 1), 0);
                *buffer = 7;
                // From small to large and back: `realloc` moves between both kinds.
                let grown = CacheAligned.realloc(buffer, layout, 2 * LARGE + size);
                assert_eq!((grown.addr() % LINE, *grown), (0, 7));
                let layout = Layout::from_size_align(2 * LARGE + size, 4).unwrap();
                let shrunk = CacheAligned.realloc(grown, layout, 8);
                assert_eq!(*shrunk, 7);
                CacheAligned.dealloc(shrunk, Layout::from_size_align(8, 4).unwrap());
            }
        }
    }
}
