//! The open log: frames of records, each bound to the one before.
//!
//! ```text
//! head   magic "SQAL0001" · segment number u64 · chain 32 bytes
//! frame  payload length u32 · records u32 · chain 32 bytes · payload
//! chain  SHA-256(chain before · payload)
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base::{Clock, Error, Moment, Result};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::segment::{self, Manifest, SegmentRoot};
use super::{Limits, Record};
use crate::errors::LOG_UNAVAILABLE;

const MAGIC: &[u8; 8] = b"SQAL0001";
const HEAD: usize = 8 + 8 + 32;
const FRAME_HEAD: usize = 4 + 4 + 32;
pub(super) type Chain = [u8; 32];

/// What the start found in the log of the run before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Records of logs that were not sealed yet.
    pub records: u64,
    /// Bytes behind the last whole frame; kept beside the log as `NNN.cut`.
    pub bytes_cut: u64,
}

pub struct AccessLog {
    pub(super) directory: PathBuf,
    clock: Arc<dyn Clock>,
    limits: Limits,
    open: Mutex<Open>,
    /// Sealed so far, oldest first.
    pub(super) sealed: Mutex<Vec<Arc<Manifest>>>,
    sealing: Mutex<()>,
    newest_sealed: watch::Sender<u64>,
    pub recovered: Recovered,
}

struct Open {
    file: File,
    number: u64,
    since: Moment,
    chain: Chain,
    bytes: u64,
    records: u64,
    pending: Vec<u8>,
    pending_records: u32,
    batch: Arc<Batch>,
    /// Somebody has taken on to write the pending records.
    led: bool,
}

/// The records that one write carries, and who waits for it.
#[derive(Default)]
struct Batch {
    written: OnceLock<bool>,
    notify: Notify,
}

impl Batch {
    fn finish(&self, written: bool) {
        let _ = self.written.set(written);
        self.notify.notify_waiters();
    }

    async fn wait(&self) -> bool {
        loop {
            let mut notified = std::pin::pin!(self.notify.notified());
            notified.as_mut().enable();
            if let Some(written) = self.written.get() {
                return *written;
            }
            notified.await;
        }
    }
}

/// Writes when dropped: a caller that hangs up must not leave others waiting.
struct Lead<'a>(&'a AccessLog);
impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.0.flush();
    }
}

impl AccessLog {
    /// Opens the log, recovers what the last run left open, and begins a new
    /// segment. Segments that are full but not sealed are sealed by the next
    /// [`AccessLog::seal_closed`].
    ///
    /// Segments are numbered from 1.
    pub fn open(directory: &Path, clock: Arc<dyn Clock>, limits: Limits) -> Result<Self> {
        fs::create_dir_all(directory).map_err(Error::internal)?;
        let sealed = segment::load_all(directory)?;
        let mut recovered = Recovered::default();
        let mut number = sealed.last().map_or(0, |m| m.body.number);
        let mut chain = sealed.last().map_or([0; 32], |m| m.body.chain);
        for log in logs(directory).map_err(Error::internal)? {
            if log <= number {
                // sealed just before the process ended
                fs::remove_file(log_path(directory, log)).map_err(Error::internal)?;
                continue;
            }
            let read = read_log(&log_path(directory, log)).map_err(Error::internal)?;
            if read.bytes_cut > 0 {
                cut(directory, log, read.bytes_whole).map_err(Error::internal)?;
                tracing::warn!(
                    segment = log,
                    bytes = read.bytes_cut,
                    "cut a torn tail off the access log"
                );
            }
            recovered.records += read.records.len() as u64;
            recovered.bytes_cut += read.bytes_cut;
            if read.records.is_empty() {
                // a run without a call leaves no segment
                fs::remove_file(log_path(directory, log)).map_err(Error::internal)?;
                continue;
            }
            (number, chain) = (log, read.chain);
        }
        let open = Open::create(directory, number + 1, chain, clock.now()).map_err(Error::internal)?;
        let newest_sealed = watch::Sender::new(sealed.last().map_or(0, |m| m.body.number));
        Ok(Self {
            directory: directory.to_owned(),
            clock,
            limits,
            open: Mutex::new(open),
            sealed: Mutex::new(sealed),
            sealing: Mutex::new(()),
            newest_sealed,
            recovered,
        })
    }

    /// Returns when the record is in the operating system's hands. An error
    /// (503 `gateway.log_unavailable`) means that it is not: the answer must
    /// not leave then.
    pub async fn append(&self, record: &Record) -> Result<()> {
        let (batch, lead) = {
            let mut open = self.open.lock();
            record.write(&mut open.pending);
            open.pending_records += 1;
            (Arc::clone(&open.batch), !std::mem::replace(&mut open.led, true))
        };
        if lead {
            let lead = Lead(self);
            // whoever is ready to run now adds its record to the same write
            tokio::task::yield_now().await;
            drop(lead);
        }
        if batch.wait().await {
            Ok(())
        } else {
            Err(Error::new(&LOG_UNAVAILABLE))
        }
    }

    fn flush(&self) {
        let mut open = self.open.lock();
        open.led = false;
        let batch = std::mem::take(&mut open.batch);
        let written = open.write_pending();
        if let Err(error) = &written {
            tracing::error!(%error, "the access log cannot be written; calls are refused");
        }
        if open.records >= self.limits.records_max {
            self.rotate(&mut open);
        }
        drop(open);
        batch.finish(written.is_ok());
    }

    /// Closes the open segment and begins the next. If that cannot be done the
    /// old one goes on.
    fn rotate(&self, open: &mut Open) {
        let next = open
            .file
            .sync_all()
            .and_then(|()| Open::create(&self.directory, open.number + 1, open.chain, self.clock.now()));
        match next {
            Ok(next) => {
                let (batch, led) = (Arc::clone(&open.batch), open.led);
                let (pending, pending_records) = (std::mem::take(&mut open.pending), open.pending_records);
                *open = Open {
                    pending,
                    pending_records,
                    batch,
                    led,
                    ..next
                };
            }
            Err(error) => tracing::error!(%error, "no new segment of the access log; the old one goes on"),
        }
    }

    /// Forces the open segment to the disk, and closes it if it is old enough.
    pub fn tick(&self) -> Result<()> {
        let file = {
            let mut open = self.open.lock();
            if open.records > 0 && self.clock.now().0 - open.since.0 >= self.limits.age_ms_max {
                self.rotate(&mut open);
            }
            open.file.try_clone().map_err(Error::internal)?
        };
        file.sync_data().map_err(Error::internal)
    }

    /// Closes the open segment whatever its age, if it holds anything.
    pub fn close_segment(&self) {
        let mut open = self.open.lock();
        if open.records > 0 {
            self.rotate(&mut open);
        }
    }

    /// Seals every closed segment, in order. Blocking: a full one takes about
    /// a second.
    pub fn seal_closed(&self) -> Result<Vec<SegmentRoot>> {
        let _one_at_a_time = self.sealing.lock();
        let current = self.open.lock().number;
        let mut roots = Vec::new();
        for number in logs(&self.directory).map_err(Error::internal)? {
            let previous = self.sealed.lock().last().cloned();
            let path = log_path(&self.directory, number);
            if number >= current {
                continue;
            }
            let read = read_log(&path).map_err(Error::internal)?;
            let manifest = segment::seal(&self.directory, number, previous.as_deref(), &read)?;
            roots.push(manifest.segment_root());
            self.sealed.lock().push(Arc::new(manifest));
            fs::remove_file(&path).map_err(Error::internal)?;
            self.newest_sealed.send_replace(number);
        }
        Ok(roots)
    }

    /// Roots of the sealed segments after a number, oldest first: whoever
    /// writes them into the ledger remembers the last.
    pub fn sealed_after(&self, number: u64) -> Vec<SegmentRoot> {
        self.sealed
            .lock()
            .iter()
            .filter(|m| m.body.number > number)
            .map(|m| m.segment_root())
            .collect()
    }

    /// Tells the number of the newest sealed segment.
    pub fn newest_sealed(&self) -> watch::Receiver<u64> {
        self.newest_sealed.subscribe()
    }

    pub fn manifests(&self) -> Vec<Arc<Manifest>> {
        self.sealed.lock().clone()
    }

    /// Records of the segments that are not sealed yet, oldest first, by segment.
    pub(super) fn unsealed(&self) -> Result<Vec<(u64, Vec<Record>)>> {
        let newest = self.sealed.lock().last().map_or(0, |m| m.body.number);
        let mut all = Vec::new();
        for number in logs(&self.directory).map_err(Error::internal)? {
            if number > newest {
                match read_log(&log_path(&self.directory, number)) {
                    Ok(read) => all.push((number, read.records)),
                    // sealed between the look and the read: found among the sealed
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(e) => return Err(Error::internal(e)),
                }
            }
        }
        Ok(all)
    }
}

impl Open {
    fn create(directory: &Path, number: u64, chain: Chain, since: Moment) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(log_path(directory, number))?;
        let mut head = Vec::with_capacity(HEAD);
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(&number.to_le_bytes());
        head.extend_from_slice(&chain);
        file.write_all(&head)?;
        Ok(Self {
            file,
            number,
            since,
            chain,
            bytes: HEAD as u64,
            records: 0,
            pending: Vec::new(),
            pending_records: 0,
            batch: Arc::default(),
            led: false,
        })
    }

    fn write_pending(&mut self) -> io::Result<()> {
        if self.pending_records == 0 {
            return Ok(());
        }
        let records = std::mem::take(&mut self.pending_records);
        let chain = chain_of(&self.chain, &self.pending);
        let mut frame = Vec::with_capacity(FRAME_HEAD + self.pending.len());
        frame.extend_from_slice(&(self.pending.len() as u32).to_le_bytes());
        frame.extend_from_slice(&records.to_le_bytes());
        frame.extend_from_slice(&chain);
        frame.append(&mut self.pending);
        if let Err(error) = self.file.write_all(&frame) {
            // half a frame must not stand before the next whole one
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.chain = chain;
        self.bytes += frame.len() as u64;
        self.records += u64::from(records);
        Ok(())
    }
}

fn chain_of(before: &Chain, payload: &[u8]) -> Chain {
    let mut hasher = crypto::Hasher::sha256();
    hasher.update(before);
    hasher.update(payload);
    hasher.finish()
}

pub(super) fn log_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:012}.log"))
}

/// Numbers of the logs that are there, ascending.
fn logs(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "log") {
            numbers.extend(
                path.file_stem()
                    .and_then(|s| s.to_str())
                    .and_then(|s| s.parse::<u64>().ok()),
            );
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

pub(super) struct ReadLog {
    pub records: Vec<Record>,
    pub chain: Chain,
    pub bytes_whole: u64,
    pub bytes_cut: u64,
}

/// Reads frames up to the first that is not whole.
pub(super) fn read_log(path: &Path) -> io::Result<ReadLog> {
    let bytes = fs::read(path)?;
    let mut read = ReadLog {
        records: Vec::new(),
        chain: [0; 32],
        bytes_whole: 0,
        bytes_cut: bytes.len() as u64,
    };
    let Some((head, mut rest)) = bytes.split_at_checked(HEAD).filter(|(head, _)| head.starts_with(MAGIC)) else {
        return Ok(read);
    };
    read.chain.copy_from_slice(&head[16..]);
    read.bytes_whole = HEAD as u64;
    while let Some((frame, after)) = next_frame(rest, &read.chain) {
        read.records.extend(frame.records);
        read.chain = frame.chain;
        read.bytes_whole += (rest.len() - after.len()) as u64;
        rest = after;
    }
    read.bytes_cut = rest.len() as u64;
    Ok(read)
}

struct Frame {
    chain: Chain,
    records: Vec<Record>,
}

fn next_frame<'a>(bytes: &'a [u8], before: &Chain) -> Option<(Frame, &'a [u8])> {
    let (head, rest) = bytes.split_at_checked(FRAME_HEAD)?;
    let length = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    let count = u32::from_le_bytes(head[4..8].try_into().ok()?);
    let (mut payload, rest) = rest.split_at_checked(length)?;
    let chain = chain_of(before, payload);
    if chain[..] != head[8..] {
        return None;
    }
    let records = (0..count)
        .map(|_| Record::read(&mut payload))
        .collect::<Option<Vec<_>>>()?;
    payload.is_empty().then_some((Frame { chain, records }, rest))
}

/// Keeps what stands behind the last whole frame in a file of its own: it may
/// be the remains of a write, or of somebody's tampering.
fn cut(directory: &Path, number: u64, bytes_whole: u64) -> io::Result<()> {
    let path = log_path(directory, number);
    let tail = fs::read(&path)?.split_off(bytes_whole as usize);
    let mut kept = File::create(path.with_extension("cut"))?;
    kept.write_all(&tail)?;
    kept.sync_all()?;
    let file = OpenOptions::new().write(true).open(&path)?;
    file.set_len(bytes_whole)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
