//! The one place that maps a file into memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// A file that is read as a slice.
pub struct Map(memmap2::Mmap);

impl Map {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: an index file is complete and synced before it gets its name
        // and nothing in the platform writes to it afterwards; it is only ever
        // unlinked, which leaves the mapping whole. The directory belongs to
        // the platform's own user, as any database file does.
        Ok(Self(unsafe { memmap2::Mmap::map(&file)? }))
    }
}

impl Deref for Map {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}
