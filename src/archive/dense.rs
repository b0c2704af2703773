//! Bytes that can't be made smaller, and how they are recognized.
//!
//! Images are full of files that are compressed already, and looking for what is alike in them takes
//! the longest of all and finds nothing. Pure, and whole numbers only: the same answer everywhere.

/// Fewer bytes than this say too little of themselves.
const SIZE_MIN: usize = 16 * 1024;

/// How much more often two bytes may be alike than in noise, in parts of 256. At this bound a code
/// for single bytes saves a third of a percent.
const UNEVEN_MAX: u64 = 10;

/// How far back deflate can refer.
const WINDOW: usize = 32 * 1024;

/// One position of so many is remembered, chosen by its content, so that what comes again is
/// remembered again wherever it lies.
const SAMPLED: u32 = 64;

/// Places to remember positions in.
const PLACES: usize = 4096;

/// One sampled position of so many may be followed by bytes that were there before.
const REPEATED: usize = 64;

/// Whether compressing is of no use: all bytes are about as frequent, and hardly any sequence comes
/// twice.
pub(super) fn is_dense(bytes: &[u8]) -> bool {
    bytes.len() >= SIZE_MIN && is_even(bytes) && !repeats(bytes)
}

fn is_even(bytes: &[u8]) -> bool {
    let mut counts = [0_u64; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let alike: u64 = counts.iter().map(|count| count * count).sum();
    let size = bytes.len() as u64;
    // In noise the sum is the 256th part of the square.
    alike * 256 <= size * size / 256 * (256 + UNEVEN_MAX)
}

fn repeats(bytes: &[u8]) -> bool {
    let mut places = vec![usize::MAX; PLACES];
    let (mut sampled, mut repeated) = (0, 0);
    for (at, window) in bytes.windows(8).enumerate() {
        let word = u32::from_le_bytes([window[0], window[1], window[2], window[3]]);
        let hash = word.wrapping_mul(0x9e37_79b1);
        if hash >> 26 != hash % SAMPLED {
            continue;
        }
        sampled += 1;
        let place = &mut places[(hash >> 8) as usize % PLACES];
        let before = std::mem::replace(place, at);
        let near = before != usize::MAX && at - before <= WINDOW;
        if near && bytes[before..before + window.len()] == *window {
            repeated += 1;
        }
    }
    repeated * REPEATED > sampled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(size: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let next = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        });
        next.take(size).collect()
    }

    #[test]
    fn noise_is_dense_and_other_things_are_not() {
        for size in [16 * 1024, 100_000, 256 * 1024] {
            let noise = noise(size);
            assert!(is_dense(&noise), "{size}");
            // Seven bits of eight.
            let seven: Vec<u8> = noise.iter().map(|byte| byte & 0x7f).collect();
            assert!(!is_dense(&seven), "{size}");
            // Noise that comes again soon.
            let again = [&noise[..size / 8], &noise[..size / 8]].concat().repeat(4);
            assert_eq!(is_dense(&again), size / 8 > WINDOW, "{size}");
        }
        assert!(!is_dense(&noise(100)));
        assert!(!is_dense(&vec![0; 100_000]));
        // One part in ten comes again.
        let mut some = noise(250_000);
        for start in (0..240_000).step_by(10_000) {
            some.copy_within(start..start + 1000, start + 5000);
        }
        assert!(!is_dense(&some));
    }
}
