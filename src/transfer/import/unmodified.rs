//! The contents of files that are unmodified since an earlier import: their layers need not be
//! hashed.
//!
//! As in git's index: a file with the same device, inode, size and change times is the same, unless
//! it was changed so shortly before it was read that a later change could have the same time. Pure
//! except for reading the times. This knowledge only decides what the registry is asked for;
//! everything that is sent is read and hashed.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::archive::BlobInfo;
use crate::oci::Digest;

/// Maximum number of files; the least recently imported is evicted.
const FILES: usize = 64;
/// Maximum number of parts of a file; images have at most 127 layers.
const PARTS: usize = 512;
/// Minimum time between the last change of a file and its import: clocks of file systems tick every
/// 10 ms or faster.
const SETTLED: Duration = Duration::from_millis(100);
/// The same for times without useful fractions; some file systems round to 2 s.
const SETTLED_COARSE: Duration = Duration::from_secs(5);
/// Times that are multiples of this have no useful fraction.
const COARSE: u32 = 1_000_000;

/// Identifies a file and its last change: times since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    device: u64,
    inode: u64,
    size: u64,
    modified: Duration,
    changed: Duration,
}

/// The result for a part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) offset: u64,
    pub(super) size: u64,
    /// The digest of the bytes.
    pub(super) digest: Digest,
    /// The digest of the decompressed bytes.
    pub(super) diff_id: Digest,
}

/// A file and its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UnmodifiedFile {
    file: Fingerprint,
    parts: Vec<Part>,
}

/// The state of a file when its import began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beginning {
    pub(super) file: Fingerprint,
    /// The time at that moment.
    now: Duration,
}

impl Fingerprint {
    /// The state of a file now; `None` if its times are out of range.
    fn of(file: &File) -> io::Result<Option<Self>> {
        let metadata = file.metadata()?;
        let time = |seconds: i64, nanoseconds: i64| {
            let seconds = u64::try_from(seconds).ok()?;
            Some(Duration::new(seconds, u32::try_from(nanoseconds).ok()?))
        };
        let modified = time(metadata.mtime(), metadata.mtime_nsec());
        let changed = time(metadata.ctime(), metadata.ctime_nsec());
        Ok(modified.zip(changed).map(|(modified, changed)| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified,
            changed,
        }))
    }

    /// Whether a change after a moment gets another time than the last change before it.
    fn is_settled(&self, now: Duration) -> bool {
        let coarse = self.changed.subsec_nanos().is_multiple_of(COARSE);
        let margin = if coarse { SETTLED_COARSE } else { SETTLED };
        self.changed + margin < now
    }

    fn is_of_the_file_of(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

impl Beginning {
    /// Reads the state of a file before its content.
    pub(super) fn of(file: &File) -> io::Result<Option<Self>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let file = Fingerprint::of(file)?;
        Ok(file.zip(now.ok()).map(|(file, now)| Self { file, now }))
    }

    /// The results, if the file is still unmodified.
    pub(super) fn found(&self, file: &File, parts: Vec<Part>) -> Option<UnmodifiedFile> {
        let now = Fingerprint::of(file).ok().flatten()?;
        let certain = now == self.file && self.file.is_settled(self.now) && !parts.is_empty();
        certain.then_some(UnmodifiedFile { file: now, parts })
    }
}

impl Part {
    /// A part at an offset; `None` if it has no diffID.
    pub(super) fn new(offset: u64, info: &BlobInfo) -> Option<Self> {
        Some(Self {
            offset,
            size: info.size,
            digest: info.digest,
            diff_id: *info.diff_id.as_ref().ok()?,
        })
    }
}

/// The part of a file at an offset.
pub(super) fn find(
    all: &[UnmodifiedFile],
    file: &Fingerprint,
    offset: u64,
    size: u64,
) -> Option<Part> {
    let known = all.iter().find(|known| known.file == *file)?;
    let mut parts = known.parts.iter();
    parts
        .find(|part| part.offset == offset && part.size == size)
        .copied()
}

/// Moves a file to the end. Entries of its earlier states are removed.
pub(super) fn merge(all: &mut Vec<UnmodifiedFile>, mut new: UnmodifiedFile) {
    for old in all.extract_if(.., |old| old.file.is_of_the_file_of(&new.file)) {
        if old.file == new.file {
            let parts = old.parts.into_iter();
            let others = parts.filter(|old| new.parts.iter().all(|part| part.offset != old.offset));
            let others: Vec<Part> = others.collect();
            new.parts.extend(others);
        }
    }
    new.parts.truncate(PARTS);
    all.push(new);
    let surplus = all.len().saturating_sub(FILES);
    all.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hasher;
    use crate::oci::Algorithm;

    fn part(offset: u64, content: &str) -> Part {
        let digest = Hasher::digest(Algorithm::Sha256, content.as_bytes());
        Part {
            offset,
            size: 10,
            digest,
            diff_id: digest,
        }
    }

    fn file(inode: u64, changed: Duration) -> Fingerprint {
        Fingerprint {
            device: 1,
            inode,
            size: 100,
            modified: Duration::from_secs(5),
            changed,
        }
    }

    fn unmodified(file: Fingerprint, parts: &[Part]) -> UnmodifiedFile {
        let parts = parts.to_vec();
        UnmodifiedFile { file, parts }
    }

    #[test]
    fn parts_are_found_by_file_and_offset() {
        let known = file(7, Duration::new(9, 123));
        let all = [unmodified(known, &[part(0, "a"), part(512, "b")])];
        assert_eq!(find(&all, &known, 512, 10), Some(part(512, "b")));
        assert_eq!(find(&all, &known, 512, 11), None);
        assert_eq!(find(&all, &known, 1024, 10), None);
        let modified = Duration::new(5, 1);
        for other in [
            Fingerprint { device: 2, ..known },
            Fingerprint { inode: 8, ..known },
            Fingerprint { size: 101, ..known },
            Fingerprint { modified, ..known },
            file(7, Duration::new(9, 124)),
        ] {
            assert_eq!(find(&all, &other, 512, 10), None, "{other:?}");
        }
    }

    #[test]
    fn a_change_can_be_hidden_only_within_a_tick() {
        let fine = file(1, Duration::new(100, 1));
        assert!(!fine.is_settled(Duration::new(100, 1)));
        assert!(!fine.is_settled(Duration::new(100, 90_000_000)));
        assert!(fine.is_settled(Duration::new(100, 110_000_000)));
        assert!(!fine.is_settled(Duration::new(90, 0)));
        let coarse = file(1, Duration::from_secs(100));
        assert!(!coarse.is_settled(Duration::from_secs(102)));
        assert!(coarse.is_settled(Duration::from_secs(106)));
    }

    #[test]
    fn a_changed_file_has_another_fingerprint() {
        let (old, new) = (file(1, Duration::new(1, 1)), file(1, Duration::new(2, 1)));
        let mut all = Vec::new();
        merge(&mut all, unmodified(old, &[part(0, "a")]));
        merge(&mut all, unmodified(file(2, old.changed), &[part(0, "c")]));
        merge(&mut all, unmodified(old, &[part(512, "b")]));
        assert_eq!(all.len(), 2);
        assert_eq!(find(&all, &old, 0, 10), Some(part(0, "a")));
        assert_eq!(find(&all, &old, 512, 10), Some(part(512, "b")));
        merge(&mut all, unmodified(new, &[part(0, "d")]));
        assert_eq!(all.len(), 2);
        assert_eq!(find(&all, &old, 0, 10), None);
        assert_eq!(find(&all, &new, 512, 10), None);
        assert_eq!(find(&all, &new, 0, 10), Some(part(0, "d")));
    }

    #[test]
    fn it_is_bounded() {
        let parts: Vec<Part> = (0..600).map(|number| part(number * 512, "x")).collect();
        let mut all = Vec::new();
        for inode in 0..FILES as u64 + 3 {
            merge(
                &mut all,
                unmodified(file(inode, Duration::new(1, 1)), &parts),
            );
        }
        assert_eq!(all.len(), FILES);
        assert!(all.iter().all(|known| known.parts.len() == PARTS));
        assert_eq!(find(&all, &file(2, Duration::new(1, 1)), 0, 10), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "it touches a file")]
    fn a_file_changed_during_the_import_is_not_recorded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.tar");
        std::fs::write(&path, "before").unwrap();
        let open = File::open(&path).unwrap();
        let later = |beginning: Beginning| Beginning {
            now: beginning.now + Duration::from_secs(10),
            ..beginning
        };
        let young = Beginning::of(&open).unwrap().unwrap();
        assert_eq!(young.found(&open, vec![part(0, "a")]), None);
        let settled = later(young);
        assert!(settled.found(&open, vec![part(0, "a")]).is_some());
        assert_eq!(settled.found(&open, Vec::new()), None);
        std::fs::write(&path, "after that").unwrap();
        assert_eq!(settled.found(&open, vec![part(0, "a")]), None);
    }
}
