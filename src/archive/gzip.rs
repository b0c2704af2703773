//! gzip on several threads: one member, as pigz writes it.
//!
//! The input is cut into blocks of a fixed size. Each becomes deflate blocks of its own, with the
//! 32 KiB before it as a dictionary so that little is lost, and ends on a byte boundary so that they
//! can be joined; the checksums of the blocks are combined. What comes out depends on the input and
//! the level alone: not on the number of threads, nor on the sizes of the writes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::mem;
use std::sync::mpsc::{self, Receiver};

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::pool::Pool;
use super::stored::{is_dense, stored};

/// Input bytes that one thread takes at a time.
const BLOCK: usize = 256 * 1024;

/// How far back deflate can refer.
const WINDOW: usize = 32 * 1024;

/// Magic, deflate, no flags, no time, no extra flags, an unknown system: nothing of this machine.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A block that was compressed.
struct Block {
    output: Vec<u8>,
    crc: Crc,
    /// The buffer of the input, to be used again.
    input: Vec<u8>,
}

/// Compresses what is written to it.
pub(super) struct Gzip<W: Write> {
    output: W,
    level: u32,
    pool: &'static Pool,
    /// The block that fills up.
    block: Vec<u8>,
    /// The last bytes of the block before it.
    dictionary: Vec<u8>,
    /// Blocks that are being compressed, in order.
    ahead: VecDeque<Receiver<io::Result<Block>>>,
    /// Buffers to use again.
    spare: Vec<Vec<u8>>,
    crc: Crc,
    /// Bytes in all, as the trailer has them.
    size: u32,
}

impl<W: Write> Gzip<W> {
    /// Begins a stream; its header is written with the first block.
    pub(super) fn new(output: W, level: u32, pool: &'static Pool) -> Self {
        Self {
            output,
            level,
            pool,
            block: Vec::with_capacity(BLOCK),
            dictionary: Vec::new(),
            ahead: VecDeque::new(),
            spare: Vec::new(),
            crc: Crc::new(),
            size: 0,
        }
    }

    /// Hands the filled block to the pool.
    fn submit(&mut self, last: bool) {
        let next = if last {
            Vec::new()
        } else {
            let fresh = || Vec::with_capacity(BLOCK);
            self.spare.pop().unwrap_or_else(fresh)
        };
        let input = mem::replace(&mut self.block, next);
        let tail = input[input.len().saturating_sub(WINDOW)..].to_vec();
        let dictionary = mem::replace(&mut self.dictionary, tail);
        let level = self.level;
        let (sender, receiver) = mpsc::sync_channel(1);
        self.pool.submit(move || {
            // Nobody listens any more where the stream was given up.
            let _ = sender.send(deflate(level, &dictionary, input, last));
        });
        self.ahead.push_back(receiver);
    }

    /// Writes the compressed blocks in their order, waiting until at most `ahead` are left.
    fn drain(&mut self, ahead: usize) -> io::Result<()> {
        while self.ahead.len() > ahead {
            let Some(next) = self.ahead.pop_front() else {
                break;
            };
            let stopped = |_| io::Error::other("a thread that compresses has stopped");
            let mut block = next.recv().map_err(stopped)??;
            self.output.write_all(&block.output)?;
            self.crc.combine(&block.crc);
            self.size = self.size.wrapping_add(block.crc.amount());
            block.input.clear();
            self.spare.push(block.input);
        }
        Ok(())
    }

    /// Writes what is left and the trailer.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.begin()?;
        self.submit(true);
        self.drain(0)?;
        self.output.write_all(&self.crc.sum().to_le_bytes())?;
        self.output.write_all(&self.size.to_le_bytes())?;
        self.output.flush()?;
        Ok(self.output)
    }

    /// Writes the header, once.
    fn begin(&mut self) -> io::Result<()> {
        // A block was compressed before this one exactly when there is a dictionary.
        if self.dictionary.is_empty() {
            self.output.write_all(&HEADER)?;
        }
        Ok(())
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK {
            self.begin()?;
            // One for each thread, and one to go on with while the first is written.
            self.drain(self.pool.threads())?;
            self.submit(false);
        }
        Ok(taken)
    }

    /// Blocks stay whole: what comes out must not depend on when somebody flushed.
    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

thread_local! {
    /// The state of deflate is large: each thread keeps the one of the level it had last.
    static STATE: RefCell<Option<(u32, Compress)>> = const { RefCell::new(None) };
}

/// Compresses one block.
fn deflate(level: u32, dictionary: &[u8], input: Vec<u8>, last: bool) -> io::Result<Block> {
    let output = if is_dense(&input) {
        stored(&input, last)
    } else {
        shrink(level, dictionary, &input, last)?
    };
    let mut crc = Crc::new();
    crc.update(&input);
    Ok(Block { output, crc, input })
}

/// Compresses bytes that can be made smaller.
fn shrink(level: u32, dictionary: &[u8], input: &[u8], last: bool) -> io::Result<Vec<u8>> {
    STATE.with_borrow_mut(|state| {
        let (_, compress) = match state.take() {
            Some((of, mut compress)) if of == level => {
                compress.reset();
                state.insert((level, compress))
            }
            _ => state.insert((level, Compress::new(Compression::new(level), false))),
        };
        if !dictionary.is_empty() {
            compress
                .set_dictionary(dictionary)
                .map_err(io::Error::other)?;
        }
        run(compress, input, last)
    })
}

/// Feeds a block and flushes it to a byte boundary, or to the end of the stream.
fn run(compress: &mut Compress, input: &[u8], last: bool) -> io::Result<Vec<u8>> {
    let flush = if last {
        FlushCompress::Finish
    } else {
        FlushCompress::Sync
    };
    // Fixed codes take nine bits for some bytes; the rest is for flushes.
    let mut output = Vec::with_capacity(input.len() + input.len() / 7 + 64);
    let before = compress.total_in();
    loop {
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(input.len());
        let status = compress
            .compress_vec(&input[taken..], &mut output, flush)
            .map_err(io::Error::other)?;
        // With room left there is nothing more to come.
        let ended = if last {
            status == flate2::Status::StreamEnd
        } else {
            output.len() < output.capacity()
        };
        if ended {
            return Ok(output);
        }
        output.reserve(4096);
    }
}
