//! Detection of incompressible bytes.
//!
//! Images are full of compressed files; searching them for repetitions takes the most time and
//! finds nothing. Pure, with integers only: the same result on every machine.

/// Fewer bytes are too few for a decision.
const SIZE_MIN: usize = 16 * 1024;

/// How much more often than in noise two bytes may be equal, in parts of 256. At this bound an
/// entropy code for single bytes saves a third of a percent.
const UNEVEN_MAX: u64 = 10;

/// Window of deflate.
const WINDOW: usize = 32 * 1024;

/// One in so many positions is sampled, chosen by its content, so that repetitions are sampled at
/// any offset.
const SAMPLED: u32 = 64;

/// Size of the table of sampled positions.
const PLACES: usize = 4096;

/// At most one in so many sampled positions may repeat earlier bytes.
const REPEATED: usize = 64;

/// Whether compression is useless: all bytes are about equally frequent, and hardly any sequence
/// repeats.
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
    // In noise the sum is 1/256 of the square.
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
    fn only_noise_is_dense() {
        for size in [16 * 1024, 100_000, 256 * 1024] {
            let noise = noise(size);
            assert!(is_dense(&noise), "{size}");
            // Seven of eight bits.
            let seven: Vec<u8> = noise.iter().map(|byte| byte & 0x7f).collect();
            assert!(!is_dense(&seven), "{size}");
            // Noise that repeats soon.
            let again = [&noise[..size / 8], &noise[..size / 8]].concat().repeat(4);
            assert_eq!(is_dense(&again), size / 8 > WINDOW, "{size}");
        }
        assert!(!is_dense(&noise(100)));
        assert!(!is_dense(&vec![0; 100_000]));
        // One tenth repeats.
        let mut some = noise(250_000);
        for start in (0..240_000).step_by(10_000) {
            some.copy_within(start..start + 1000, start + 5000);
        }
        assert!(!is_dense(&some));
    }
}
