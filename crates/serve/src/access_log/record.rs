//! One call, and its bytes in the open log.

use std::sync::Arc;

use base::Moment;

/// Keyed hash of a key, cut to 16 bytes.
pub type RecordHash = [u8; 16];

/// One call on the gateway. Ids are empty where a refused call did not get far
/// enough to know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub at: Moment,
    pub request_id: Arc<str>,
    /// Where the call came from.
    pub address: Arc<str>,
    pub application: Arc<str>,
    /// 使用部门: the institution whose application it is.
    pub institution: Arc<str>,
    pub grant: Arc<str>,
    pub service: Arc<str>,
    pub resource: Arc<str>,
    /// 数源部门: the institution whose data it is.
    pub provider: Arc<str>,
    pub scenario: Arc<str>,
    /// `ok`, or the code of the refusal.
    pub outcome: Arc<str>,
    /// Names of the items returned or compared, with commas between.
    pub items: Arc<str>,
    /// Records returned.
    pub rows: u32,
    /// Microseconds from the first byte understood to the answer ready.
    pub latency_us: u32,
    /// Keyed hash of the key asked for; zero where none was read.
    pub key_hash: RecordHash,
    /// Keyed hash of the key of each record returned or compared, each once.
    pub record_hashes: Vec<RecordHash>,
}

impl Default for Record {
    fn default() -> Self {
        let empty: Arc<str> = Arc::from("");
        Self {
            at: Moment(0),
            request_id: empty.clone(),
            address: empty.clone(),
            application: empty.clone(),
            institution: empty.clone(),
            grant: empty.clone(),
            service: empty.clone(),
            resource: empty.clone(),
            provider: empty.clone(),
            scenario: empty.clone(),
            outcome: empty.clone(),
            items: empty,
            rows: 0,
            latency_us: 0,
            key_hash: [0; 16],
            record_hashes: Vec::new(),
        }
    }
}

impl Record {
    pub(super) fn texts(&self) -> [&Arc<str>; 11] {
        [
            &self.request_id,
            &self.address,
            &self.application,
            &self.institution,
            &self.grant,
            &self.service,
            &self.resource,
            &self.provider,
            &self.scenario,
            &self.outcome,
            &self.items,
        ]
    }

    pub(super) fn texts_mut(&mut self) -> [&mut Arc<str>; 11] {
        [
            &mut self.request_id,
            &mut self.address,
            &mut self.application,
            &mut self.institution,
            &mut self.grant,
            &mut self.service,
            &mut self.resource,
            &mut self.provider,
            &mut self.scenario,
            &mut self.outcome,
            &mut self.items,
        ]
    }

    /// Was this record read, or asked for, in the call?
    pub fn touches(&self, hash: &RecordHash) -> bool {
        self.key_hash == *hash || self.record_hashes.contains(hash)
    }

    /// Appends the record: moment, rows, latency, key hash, hashes, texts.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.at.0.to_le_bytes());
        out.extend_from_slice(&self.rows.to_le_bytes());
        out.extend_from_slice(&self.latency_us.to_le_bytes());
        out.extend_from_slice(&self.key_hash);
        out.extend_from_slice(&(self.record_hashes.len() as u32).to_le_bytes());
        for hash in &self.record_hashes {
            out.extend_from_slice(hash);
        }
        for text in self.texts() {
            // every text is an id, a code or a scenario of limited length
            let bytes = &text.as_bytes()[..text.floor_char_boundary(usize::from(u16::MAX))];
            out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
            out.extend_from_slice(bytes);
        }
    }

    /// Takes one record off the front.
    pub(super) fn read(input: &mut &[u8]) -> Option<Self> {
        let mut record = Record {
            at: Moment(i64::from_le_bytes(take(input)?)),
            ..Record::default()
        };
        record.rows = u32::from_le_bytes(take(input)?);
        record.latency_us = u32::from_le_bytes(take(input)?);
        record.key_hash = take(input)?;
        for _ in 0..u32::from_le_bytes(take(input)?) {
            record.record_hashes.push(take(input)?);
        }
        for text in record.texts_mut() {
            let length = usize::from(u16::from_le_bytes(take(input)?));
            let (bytes, rest) = input.split_at_checked(length)?;
            *text = std::str::from_utf8(bytes).ok()?.into();
            *input = rest;
        }
        Some(record)
    }
}

fn take<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, rest) = input.split_first_chunk::<N>()?;
    *input = rest;
    Some(*bytes)
}

#[cfg(test)]
pub(super) fn sample(n: u64) -> Record {
    let hash: RecordHash = crypto::sha256(&n.to_le_bytes())[..16].try_into().expect("16 bytes");
    Record {
        at: Moment(1_000 + n as i64),
        request_id: format!("q{n}").into(),
        application: "app_1".into(),
        institution: "org_consumer".into(),
        provider: "org_provider".into(),
        service: if n.is_multiple_of(2) { "svc_a" } else { "svc_b" }.into(),
        resource: "res_1".into(),
        scenario: "医保待遇核定".into(),
        outcome: if n.is_multiple_of(5) { "gateway.rate" } else { "ok" }.into(),
        items: "name,status".into(),
        rows: 1,
        latency_us: 80,
        key_hash: hash,
        record_hashes: vec![hash],
        ..Record::default()
    }
}
