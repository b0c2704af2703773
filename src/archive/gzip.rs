//! gzip on several threads: one gzip member for each block of the input, in order.
//!
//! A stream of several members is valid gzip (RFC 1952, section 2.2), and layers have long used it
//! (eStargz has a member for each file). This permits libdeflate, which compresses whole buffers:
//! the same size in three quarters of zlib's time. The output depends only on the input and the
//! level, not on the number of threads or the sizes of writes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::mpsc::{self, Receiver};

use libdeflater::{CompressionLvl, Compressor};

use super::dense::is_dense;
use super::pool::Pool;

/// Input bytes of a member. Each begins with an empty window, which costs half a percent at this
/// size.
const BLOCK: usize = 256 * 1024;

/// The level that stores bytes uncompressed.
const STORED: u32 = 0;

/// A compressed block.
struct Block {
    output: Vec<u8>,
    /// The buffer of the input, for reuse.
    input: Vec<u8>,
}

/// Compresses the bytes that are written to it.
pub(super) struct Gzip<W: Write> {
    output: W,
    level: u32,
    pool: &'static Pool,
    /// The block being filled.
    block: Vec<u8>,
    /// Whether a member was written already.
    begun: bool,
    /// Blocks being compressed, in order.
    ahead: VecDeque<Receiver<io::Result<Block>>>,
    /// Buffers for reuse.
    spare: Vec<Vec<u8>>,
}

impl<W: Write> Gzip<W> {
    /// Begins a stream.
    pub(super) fn new(output: W, level: u32, pool: &'static Pool) -> Self {
        Self {
            output,
            level,
            pool,
            block: Vec::with_capacity(BLOCK),
            begun: false,
            ahead: VecDeque::new(),
            spare: Vec::new(),
        }
    }

    /// Hands the filled block to the pool.
    fn submit(&mut self, next: Vec<u8>) {
        let input = mem::replace(&mut self.block, next);
        let level = self.level;
        let (sender, receiver) = mpsc::sync_channel(1);
        self.pool.submit(move || {
            // The receiver is gone if the stream was abandoned.
            let _ = sender.send(member(level, input));
        });
        self.ahead.push_back(receiver);
        self.begun = true;
    }

    /// Writes members in order until at most `ahead` are left.
    fn drain(&mut self, ahead: usize) -> io::Result<()> {
        while self.ahead.len() > ahead {
            let Some(next) = self.ahead.pop_front() else {
                break;
            };
            let stopped = |_| io::Error::other("a compression thread has stopped");
            let mut block = next.recv().map_err(stopped)??;
            self.output.write_all(&block.output)?;
            block.input.clear();
            self.spare.push(block.input);
        }
        Ok(())
    }

    /// Writes the remaining members.
    pub(super) fn finish(mut self) -> io::Result<W> {
        // Empty input gives one member as well.
        if !self.block.is_empty() || !self.begun {
            self.submit(Vec::new());
        }
        self.drain(0)?;
        self.output.flush()?;
        Ok(self.output)
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK {
            // One block for each thread, and one to fill while the first is written.
            self.drain(self.pool.threads())?;
            let fresh = || Vec::with_capacity(BLOCK);
            let next = self.spare.pop().unwrap_or_else(fresh);
            self.submit(next);
        }
        Ok(taken)
    }

    /// Blocks stay whole: the output must not depend on flushes.
    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// The buffers of a thread, kept between blocks because they are large.
struct State {
    level: u32,
    compressor: Compressor,
    /// The buffer for a member whose size is not known yet.
    output: Vec<u8>,
}

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

/// Compresses one block into a member of its own.
fn member(level: u32, input: Vec<u8>) -> io::Result<Block> {
    let output = if is_dense(&input) {
        State::new(STORED)?.shrink(&input)
    } else {
        STATE.with_borrow_mut(|state| match state {
            Some(state) if state.level == level => state.shrink(&input),
            _ => state.insert(State::new(level)?).shrink(&input),
        })
    }?;
    Ok(Block { output, input })
}

impl State {
    fn new(level: u32) -> io::Result<Self> {
        let number = i32::try_from(level).map_err(io::Error::other)?;
        let known = CompressionLvl::new(number)
            .map_err(|_| io::Error::other(format!("gzip has no level {level}")))?;
        let mut compressor = Compressor::new(known);
        let output = vec![0; compressor.gzip_compress_bound(BLOCK)];
        Ok(Self {
            level,
            compressor,
            output,
        })
    }

    fn shrink(&mut self, input: &[u8]) -> io::Result<Vec<u8>> {
        let length = self
            .compressor
            .gzip_compress(input, &mut self.output)
            .map_err(io::Error::other)?;
        Ok(self.output[..length].to_vec())
    }
}
