//! The last bytes of an upload, kept for repetition.
//!
//! Pure. Invariant: the chunks are the bytes from [`Window::start`] to [`Window::end`] without a
//! gap; beyond [`CAPACITY`] the oldest chunks are dropped.

use std::collections::VecDeque;

use bytes::Bytes;

/// Bytes kept.
const CAPACITY: u64 = 8 * 1024 * 1024;
/// Maximum size of a chunk, so that only a little is sent or dropped at once.
const PIECE: usize = 256 * 1024;

/// The last bytes of an upload.
#[derive(Debug, Default)]
pub(super) struct Window {
    pieces: VecDeque<Bytes>,
    start: u64,
    end: u64,
}

impl Window {
    /// An empty window at an offset.
    pub(super) fn at(offset: u64) -> Self {
        Self {
            pieces: VecDeque::new(),
            start: offset,
            end: offset,
        }
    }

    /// The offset after the last byte.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Whether the window contains the content from an offset on.
    pub(super) fn reaches(&self, offset: u64) -> bool {
        (self.start..=self.end).contains(&offset)
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            self.end += piece.len() as u64;
            self.pieces.push_back(piece);
        }
    }

    /// Drops chunks that are more than [`CAPACITY`] bytes before an offset.
    pub(super) fn forget_before(&mut self, offset: u64) {
        while let Some(first) = self.pieces.front()
            && self.start + first.len() as u64 + CAPACITY <= offset
        {
            self.start += first.len() as u64;
            self.pieces.pop_front();
        }
    }

    /// The chunk at an offset; `None` at the end.
    pub(super) fn piece(&self, offset: u64) -> Option<Bytes> {
        // Usually it is the last.
        let mut start = self.end;
        for piece in self.pieces.iter().rev() {
            start -= piece.len() as u64;
            if start <= offset {
                let within = usize::try_from(offset - start).ok()?;
                return (within < piece.len()).then(|| piece.slice(within..));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(window: &Window, mut offset: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(piece) = window.piece(offset) {
            offset += piece.len() as u64;
            bytes.extend_from_slice(&piece);
        }
        bytes
    }

    #[test]
    fn only_the_last_bytes_are_kept() {
        let piece = Bytes::from(vec![7; PIECE]);
        let mut window = Window::at(0);
        let count = CAPACITY / PIECE as u64 + 10;
        for _ in 0..count {
            window.push(piece.clone());
            window.forget_before(window.end());
        }
        let end = count * PIECE as u64;
        assert_eq!(window.end(), end);
        assert!(window.reaches(end) && window.reaches(end - CAPACITY));
        assert!(!window.reaches(end - CAPACITY - 1) && !window.reaches(end + 1));
        assert_eq!(window.pieces.len(), 32);
    }

    #[test]
    fn large_pieces_are_cut() {
        let mut window = Window::at(5);
        window.push(Bytes::from(vec![1; 3 * PIECE + 1]));
        assert_eq!(window.pieces.len(), 4);
        assert_eq!(window.end(), 5 + 3 * PIECE as u64 + 1);
        assert_eq!(window.piece(4), None);
        assert_eq!(window.piece(window.end()), None);
    }

    proptest! {
        #[test]
        fn pieces_from_any_offset(
            sizes in prop::collection::vec(0_usize..5000, 0..20), at in 0_u64..100, share in 0.0_f64..1.0,
        ) {
            let mut window = Window::at(at);
            let mut all = Vec::new();
            for (number, size) in sizes.iter().enumerate() {
                let bytes = vec![u8::try_from(number).unwrap(); *size];
                all.extend_from_slice(&bytes);
                window.push(bytes.into());
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a share of a small number")]
            let skip = (all.len() as f64 * share) as usize;
            prop_assert!(window.reaches(at + skip as u64));
            prop_assert_eq!(read(&window, at + skip as u64), &all[skip..]);
        }
    }
}
