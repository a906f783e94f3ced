//! Which encoding a text file has, found over the whole of it: the first bytes
//! of a file of a million rows are usually ASCII and tell nothing.

use std::io::{self, Read};

use base::Error;
use base::limits::LINE_BYTES_MAX;
use encoding_rs::{Decoder, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::errors::{ENCODING_MIXED, ENCODING_UNKNOWN, LINE_TOO_LONG};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Gb18030,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Gb18030 => "gb18030",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "gb18030" | "gbk" | "gb2312" => Some(Self::Gb18030),
            "utf-16le" | "utf-16" => Some(Self::Utf16Le),
            "utf-16be" => Some(Self::Utf16Be),
            _ => None,
        }
    }
    fn codec(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Gb18030 => GB18030,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
        }
    }
}

/// Line (1-based) and byte offset of a line's begin.
type Position = (u64, u64);

#[derive(Default)]
struct Evidence {
    utf8: Option<Position>,
    gb: Option<Position>,
    neither: Option<Position>,
}

/// Reads all of `source` once, with memory for two lines. Errors carry the
/// line and byte where they stand: `collection.encoding_mixed`,
/// `collection.encoding_unknown`, `collection.line_too_long`.
pub fn detect(source: &mut impl Read) -> Result<Encoding, Error> {
    let mut buffer = vec![0u8; LINE_BYTES_MAX + (1 << 20)];
    let mut filled = fill(source, &mut buffer, 0)?;
    if let Some(wide) = utf16(&buffer[..filled]) {
        return Ok(wide);
    }
    let mut evidence = Evidence::default();
    let (mut line, mut offset) = (1u64, 0u64);
    loop {
        let ended = filled < buffer.len();
        let region = match memchr::memrchr(b'\n', &buffer[..filled]) {
            _ if ended => filled,
            Some(last) => last + 1,
            None => return Err(too_long(line, offset)),
        };
        line = weigh(&buffer[..region], line, offset, &mut evidence)?;
        if let Some((line, offset)) = evidence.neither {
            return Err(Error::new(&ENCODING_UNKNOWN).with("line", line).with("offset", offset));
        }
        if let (Some((utf8_line, _)), Some((gb_line, offset))) = (evidence.utf8, evidence.gb) {
            return Err(Error::new(&ENCODING_MIXED)
                .with("utf8_line", utf8_line)
                .with("gb_line", gb_line)
                .with("offset", offset));
        }
        if ended {
            return Ok(if evidence.gb.is_some() {
                Encoding::Gb18030
            } else {
                Encoding::Utf8
            });
        }
        offset += region as u64;
        buffer.copy_within(region..filled, 0);
        let rest = filled - region;
        filled = fill(source, &mut buffer, rest)?;
    }
}

fn fill(source: &mut impl Read, buffer: &mut [u8], mut filled: usize) -> Result<usize, Error> {
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Error::internal(e)),
        }
    }
    Ok(filled)
}

/// By its mark, or by the zero bytes that ASCII leaves in every second place.
pub(super) fn utf16(start: &[u8]) -> Option<Encoding> {
    match start {
        [0xff, 0xfe, ..] => return Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => return Some(Encoding::Utf16Be),
        _ => {}
    }
    let probe = &start[..start.len().min(4096) & !1];
    let zeros = |from: usize| probe.iter().skip(from).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let some = probe.len() / 8;
    match () {
        _ if odd > some && even == 0 => Some(Encoding::Utf16Le),
        _ if even > some && odd == 0 => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Weighs whole lines; returns the number of the line after them.
fn weigh(region: &[u8], first_line: u64, offset: u64, evidence: &mut Evidence) -> Result<u64, Error> {
    let mut line = first_line;
    let whole = std::str::from_utf8(region).is_ok();
    // Only lines can tell where a mix begins; a region that is UTF-8 throughout
    // is looked at by line until the first evidence was found.
    let by_line = !whole || (evidence.utf8.is_none() && !region.is_ascii());
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', region).chain(std::iter::once(region.len())) {
        if end - start > LINE_BYTES_MAX {
            return Err(too_long(line, offset + start as u64));
        }
        if by_line && end > start {
            let text = &region[start..end];
            let here = (line, offset + start as u64);
            match std::str::from_utf8(text) {
                Ok(text) if strong(text) => drop(evidence.utf8.get_or_insert(here)),
                Ok(_) => {}
                Err(_)
                    if GB18030
                        .decode_without_bom_handling_and_without_replacement(text)
                        .is_some() =>
                {
                    evidence.gb.get_or_insert(here);
                }
                Err(_) => drop(evidence.neither.get_or_insert(here)),
            }
        }
        if end < region.len() {
            line += 1;
        }
        start = end + 1;
    }
    Ok(line)
}

/// Two or three Chinese characters of GB18030 can by chance look like UTF-8
/// (联通 is the famous one); three three-byte characters hardly do.
fn strong(line: &str) -> bool {
    line.chars()
        .filter(|c| c.len_utf8() >= 3 && *c != '\u{feff}')
        .nth(2)
        .is_some()
}

fn too_long(line: u64, offset: u64) -> Error {
    Error::new(&LINE_TOO_LONG)
        .with("line", line)
        .with("offset", offset)
        .with("limit", LINE_BYTES_MAX)
}

/// Gives UTF-8, whatever `source` is in; without the byte order mark.
pub struct Utf8Reader<R> {
    source: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    raw_at: usize,
    ended: bool,
    out: Vec<u8>,
    out_at: usize,
}

impl<R: Read> Utf8Reader<R> {
    pub fn new(source: R, encoding: Encoding) -> Self {
        Self {
            source,
            // Even UTF-8 goes through the decoder until its mark is gone.
            decoder: Some(encoding.codec().new_decoder_with_bom_removal()),
            raw: vec![],
            raw_at: 0,
            ended: false,
            out: vec![],
            out_at: 0,
        }
    }

    fn decode_more(&mut self) -> io::Result<()> {
        self.out.clear();
        self.out_at = 0;
        while self.out.is_empty() {
            if self.raw_at == self.raw.len() && !self.ended {
                self.raw.resize(256 * 1024, 0);
                let n = self.source.read(&mut self.raw)?;
                self.raw.truncate(n);
                self.raw_at = 0;
                self.ended = n == 0;
            }
            let Some(decoder) = self.decoder.as_mut() else {
                return Ok(());
            };
            let input = &self.raw[self.raw_at..];
            let room = decoder.max_utf8_buffer_length(input.len()).unwrap_or(1 << 20);
            self.out.resize(room, 0);
            let (_, read, written, replaced) = decoder.decode_to_utf8(input, &mut self.out, self.ended);
            self.raw_at += read;
            self.out.truncate(written);
            if replaced {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a character is not of the file's encoding",
                ));
            }
            if self.ended && self.raw_at == self.raw.len() {
                self.decoder = None;
                return Ok(());
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.out_at == self.out.len() {
            if self.decoder.is_none() {
                return Ok(0);
            }
            self.decode_more()?;
        }
        let n = into.len().min(self.out.len() - self.out_at);
        into[..n].copy_from_slice(&self.out[self.out_at..self.out_at + n]);
        self.out_at += n;
        Ok(n)
    }
}

/// Only the length of lines, where the encoding is told by the sender. UTF-16
/// is measured in bytes between line feeds all the same.
pub fn measure_lines(source: &mut impl Read) -> Result<(), Error> {
    let mut buffer = vec![0u8; 1 << 20];
    let (mut line, mut offset, mut length) = (1u64, 0u64, 0usize);
    loop {
        let n = source.read(&mut buffer).map_err(Error::internal)?;
        if n == 0 {
            return Ok(());
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &buffer[..n]) {
            length += end - start;
            if length > LINE_BYTES_MAX {
                return Err(too_long(line, offset));
            }
            offset += length as u64 + 1;
            (length, line, start) = (0, line + 1, end + 1);
        }
        length += n - start;
        if length > LINE_BYTES_MAX {
            return Err(too_long(line, offset));
        }
    }
}
