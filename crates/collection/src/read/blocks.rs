//! A text file in blocks of whole records, whatever a record is.

use std::io::Read;

use base::limits::LINE_BYTES_MAX;
use base::{Error, Result};

use super::{BLOCK_BYTES, Block};
use crate::errors::{BROKEN_FILE, LINE_TOO_LONG};

/// The begin of a text, read and not yet cut.
pub struct Text<R> {
    text: R,
    /// Begins at the begin of a record.
    buffer: Vec<u8>,
    next_row: u64,
    ended: bool,
    /// For messages.
    format: &'static str,
}

/// Where a block ends.
#[derive(Debug, PartialEq)]
pub struct Cut {
    /// After the last whole record.
    pub end: usize,
    pub records: u64,
}

impl<R: Read> Text<R> {
    pub fn open(text: R, format: &'static str) -> Result<Self> {
        let mut begun = Self {
            text,
            buffer: vec![],
            next_row: 1,
            ended: false,
            format,
        };
        begun.fill()?;
        Ok(begun)
    }

    pub fn start(&self) -> &[u8] {
        &self.buffer
    }

    /// Past the header, which is the first record.
    pub fn skip_header(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
        self.next_row += 1;
    }

    /// `cut` finds the whole records at the begin of what it is given, and takes
    /// all of it when the text has ended.
    pub fn blocks<C: FnMut(&[u8], bool) -> Cut>(self, cut: C) -> Blocks<R, C> {
        Blocks { text: self, cut }
    }

    fn fill(&mut self) -> Result<()> {
        let wanted = BLOCK_BYTES - self.buffer.len().min(BLOCK_BYTES);
        let n = (&mut self.text)
            .take(wanted as u64)
            .read_to_end(&mut self.buffer)
            .map_err(|e| Error::new(&BROKEN_FILE).with("detail", self.format).because(e))?;
        self.ended = n < wanted;
        Ok(())
    }

    fn give_up(&mut self, error: Error) -> Option<Result<Block>> {
        self.ended = true;
        self.buffer.clear();
        Some(Err(error))
    }
}

pub struct Blocks<R, C> {
    text: Text<R>,
    cut: C,
}

impl<R: Read, C: FnMut(&[u8], bool) -> Cut> Iterator for Blocks<R, C> {
    type Item = Result<Block>;
    fn next(&mut self) -> Option<Result<Block>> {
        let text = &mut self.text;
        if !text.ended
            && let Err(e) = text.fill()
        {
            return text.give_up(e);
        }
        if text.buffer.is_empty() {
            return None;
        }
        let Cut { end, records } = (self.cut)(&text.buffer, text.ended);
        // What is left is one record without an end; it may grow to a line's
        // limit, no further: an open quote would else swallow the file.
        if text.buffer.len() - end > LINE_BYTES_MAX {
            let line = text.next_row + records;
            return text.give_up(
                Error::new(&LINE_TOO_LONG)
                    .with("line", line)
                    .with("offset", "?")
                    .with("limit", LINE_BYTES_MAX),
            );
        }
        let rest = text.buffer.split_off(end);
        let bytes = std::mem::replace(&mut text.buffer, rest);
        let first_row = text.next_row;
        text.next_row += records;
        Some(Ok(Block::Bytes {
            bytes,
            first_row,
            rows: records,
        }))
    }
}
