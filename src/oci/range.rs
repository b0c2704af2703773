//! Byte ranges: of a read (`Range`, RFC 9110 section 14.2) and of an upload chunk (`Content-Range`,
//! OCI distribution specification, "Pushing a blob in chunks").

/// Bytes `start` to `end`, both included, of content with a known length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// The last byte.
    pub end: u64,
}

impl ByteRange {
    /// Number of bytes; never 0.
    pub fn length(self) -> u64 {
        self.end - self.start + 1
    }
}

/// Why a range is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// No byte of the content is in the range.
    #[error("the range lies outside of the content")]
    Unsatisfiable,
    /// The text is not a range.
    #[error("the range is malformed")]
    Malformed,
}

/// Parses a `Range` header for content of `length` bytes.
///
/// `Ok(None)` means the whole content: another unit than bytes, a list of ranges, or a malformed
/// range, all of which RFC 9110 lets a server ignore.
pub fn parse_byte_range(header: &str, length: u64) -> Result<Option<ByteRange>, RangeError> {
    let Some(range) = header.trim().strip_prefix("bytes=") else {
        return Ok(None);
    };
    let Some((first, last)) = range.trim().split_once('-') else {
        return Ok(None);
    };
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let Some(suffix) = decimal(last) else {
            return Ok(None);
        };
        if suffix == 0 || length == 0 {
            return Err(RangeError::Unsatisfiable);
        }
        return Ok(Some(ByteRange {
            start: length.saturating_sub(suffix),
            end: length - 1,
        }));
    }
    let Some(start) = decimal(first) else {
        return Ok(None);
    };
    let end = if last.is_empty() {
        u64::MAX
    } else {
        match decimal(last) {
            Some(end) if end >= start => end,
            _ => return Ok(None),
        }
    };
    if start >= length {
        return Err(RangeError::Unsatisfiable);
    }
    Ok(Some(ByteRange {
        start,
        end: end.min(length - 1),
    }))
}

/// Parses the `Content-Range` of an upload chunk: `<start>-<end>`, both included. The form of RFC
/// 9110, `bytes <start>-<end>/<total>`, is accepted too.
pub fn parse_content_range(header: &str) -> Result<ByteRange, RangeError> {
    let text = header.trim();
    let text = text
        .strip_prefix("bytes")
        .map_or(text, |rest| rest.trim_start_matches([' ', '=']));
    let text = text.split('/').next().unwrap_or_default();
    let (start, end) = text.split_once('-').ok_or(RangeError::Malformed)?;
    match (decimal(start.trim()), decimal(end.trim())) {
        (Some(start), Some(end)) if start <= end && end < u64::MAX => Ok(ByteRange { start, end }),
        _ => Err(RangeError::Malformed),
    }
}

/// Digits only: no sign, no space, no overflow.
fn decimal(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_of_ten_bytes() {
        let range = |start, end| Ok(Some(ByteRange { start, end }));
        for (header, expected) in [
            ("bytes=0-3", range(0, 3)),
            ("bytes=4-", range(4, 9)),
            ("bytes=8-100", range(8, 9)),
            ("bytes=-3", range(7, 9)),
            ("bytes=-30", range(0, 9)),
            ("bytes=-0", Err(RangeError::Unsatisfiable)),
            ("bytes=10-", Err(RangeError::Unsatisfiable)),
            ("bytes=5-4", Ok(None)),
            ("bytes=0-1,3-4", Ok(None)),
            ("items=0-1", Ok(None)),
            ("bytes=+1-2", Ok(None)),
        ] {
            assert_eq!(parse_byte_range(header, 10), expected, "{header}");
        }
        assert_eq!(
            parse_byte_range("bytes=0-", 0),
            Err(RangeError::Unsatisfiable)
        );
    }

    proptest! {
        #[test]
        fn a_range_lies_inside(header in "bytes=[0-9]{0,20}-[0-9]{0,20}", length in any::<u64>()) {
            if let Ok(Some(range)) = parse_byte_range(&header, length) {
                prop_assert!(range.start <= range.end && range.end < length);
            }
        }

        #[test]
        fn never_panics(header in ".{0,60}", length in any::<u64>()) {
            let _ = parse_byte_range(&header, length);
            let _ = parse_content_range(&header);
        }

        #[test]
        fn content_range_round_trip(start in 0..u64::MAX / 2, more in 0..u64::MAX / 4) {
            let range = ByteRange { start, end: start + more };
            prop_assert_eq!(parse_content_range(&format!("{}-{}", range.start, range.end)), Ok(range));
            prop_assert_eq!(
                parse_content_range(&format!("bytes {}-{}/*", range.start, range.end)),
                Ok(range)
            );
        }
    }
}
