//! The bytes behind a ring: chunks in a circle, written one after the other. What is written never
//! moves, and the circle has as many chunks as the publisher's rate needs.

use super::RingSize;
use std::time::{Duration, Instant};

/// Chunks that were not needed for so many times the time to keep are given back.
const SPARE_AFTER: u32 = 4;

/// Where a payload lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    chunk: u32,
    /// The chunk's when it was written: another one now means that it was overwritten.
    turn: u32,
    start: u32,
    len: u32,
}

struct Chunk {
    /// Empty: given back.
    bytes: Box<[u8]>,
    /// How often it was begun.
    turn: u32,
    /// The chunk that is written after this one.
    next: u32,
    /// When it was last written to.
    written: Instant,
}

/// Bounded by [`RingSize::chunks`]; the oldest chunk is overwritten when it is old enough, or when
/// there may be no more.
pub(super) struct Chunks {
    size: RingSize,
    chunks: Vec<Chunk>,
    /// Places of chunks that were given back.
    free: Vec<u32>,
    current: u32,
    /// Bytes written of the current chunk.
    used: usize,
}

impl Chunks {
    /// Nothing, for which no memory is taken.
    pub fn new(size: RingSize) -> Self {
        Self { size, chunks: Vec::new(), free: Vec::new(), current: 0, used: 0 }
    }

    /// Copies a payload in, which must not be longer than a chunk.
    pub fn write(&mut self, now: Instant, payload: &[u8]) -> Span {
        if self.chunks.is_empty() || self.used + payload.len() > self.size.chunk_bytes {
            self.advance(now);
        }
        let start = self.used;
        self.used += payload.len();
        let chunk = &mut self.chunks[self.current as usize];
        chunk.bytes[start..self.used].copy_from_slice(payload);
        chunk.written = now;
        Span { chunk: self.current, turn: chunk.turn, start: start as u32, len: payload.len() as u32 }
    }

    /// A payload, if it was not overwritten.
    pub fn read(&self, span: &Span) -> Option<&[u8]> {
        let chunk = self.chunks.get(span.chunk as usize).filter(|chunk| chunk.turn == span.turn)?;
        Some(&chunk.bytes[span.start as usize..][..span.len as usize])
    }

    pub fn is_intact(&self, span: &Span) -> bool {
        self.chunks.get(span.chunk as usize).is_some_and(|chunk| chunk.turn == span.turn)
    }

    /// Bytes of memory.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.live() * self.size.chunk_bytes
    }

    fn live(&self) -> usize {
        self.chunks.len() - self.free.len()
    }

    /// Goes on with the oldest chunk, or with a new one if that is still needed.
    fn advance(&mut self, now: Instant) {
        self.used = 0;
        if self.chunks.is_empty() {
            return self.add(now);
        }
        let next = self.next_of(self.current);
        if self.live() < self.size.chunks && self.age(now, next) < self.size.keep_for(self.live()) {
            return self.add(now);
        }
        self.give_back_spare(now);
        self.current = self.next_of(self.current);
        let chunk = &mut self.chunks[self.current as usize];
        chunk.turn = chunk.turn.wrapping_add(1);
    }

    /// Puts a new chunk behind the current one and makes it that.
    fn add(&mut self, now: Instant) {
        let bytes = vec![0; self.size.chunk_bytes].into_boxed_slice();
        let place = self.free.pop().unwrap_or_else(|| {
            self.chunks.push(Chunk { bytes: Box::default(), turn: 0, next: 0, written: now });
            self.chunks.len() as u32 - 1
        });
        let next = if place == self.current { place } else { self.next_of(self.current) };
        let chunk = &mut self.chunks[place as usize];
        (chunk.bytes, chunk.next) = (bytes, next);
        self.chunks[self.current as usize].next = place;
        self.current = place;
    }

    /// Gives back one chunk if the one after it is old as well.
    fn give_back_spare(&mut self, now: Instant) {
        let oldest = self.next_of(self.current);
        let second = self.next_of(oldest);
        if self.live() < 3 || self.age(now, second) < self.size.keep * SPARE_AFTER {
            return;
        }
        self.chunks[self.current as usize].next = second;
        let spare = &mut self.chunks[oldest as usize];
        spare.turn = spare.turn.wrapping_add(1);
        spare.bytes = Box::default();
        self.free.push(oldest);
    }

    fn next_of(&self, chunk: u32) -> u32 {
        self.chunks[chunk as usize].next
    }

    fn age(&self, now: Instant, chunk: u32) -> Duration {
        now.saturating_duration_since(self.chunks[chunk as usize].written)
    }
}
