//! All that a call is judged by, as it stood at one place of the ledger.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Moment, Result};
use protect::{AccessPlan, Mode, ReadyMask, ReadyPlan};

use super::{Addresses, Bucket};
use crate::index::{Index, KeyItem, Lookup};

#[derive(Default)]
pub struct Snapshot {
    /// Last entry of the ledger that it knows.
    pub version: u64,
    /// By the name in the address.
    pub services: HashMap<Arc<str>, Arc<Service>>,
    /// By id, which is the client id.
    pub applications: HashMap<Arc<str>, Arc<Application>>,
}

/// 接口服务: one resource in one mode.
pub struct Service {
    pub id: Arc<str>,
    pub mode: Mode,
    pub resource: Arc<str>,
    /// 数源部门
    pub provider: Arc<str>,
    pub key_items: Vec<KeyItem>,
    /// The resource is suspended on every door.
    pub suspended: bool,
    /// `None` until its index is built.
    pub table: Option<Arc<Table>>,
    /// By application, newest first.
    pub grants: HashMap<Arc<str>, Vec<Arc<Grant>>>,
    /// By consumer, newest first: for the console.
    pub grants_of_institutions: HashMap<Arc<str>, Vec<Arc<Grant>>>,
}

/// One version of a table, ready to be asked.
pub struct Table {
    pub items: Vec<String>,
    pub version: u64,
    pub as_of: Moment,
    pub rows: Arc<dyn Lookup>,
}

impl From<Arc<Index>> for Table {
    fn from(index: Arc<Index>) -> Self {
        Self {
            items: index.manifest.items.clone(),
            version: index.manifest.spec.version,
            as_of: index.manifest.spec.as_of,
            rows: index,
        }
    }
}

/// 应用
pub struct Application {
    pub id: Arc<str>,
    /// 使用部门
    pub institution: Arc<str>,
    pub active: bool,
    pub addresses: Addresses,
    /// `None` until a secret was made.
    pub secret: Option<Secret>,
}

/// What is kept of a client secret. The secret has 256 random bits, so a salted
/// hash is enough: there is nothing to guess.
#[derive(Clone)]
pub struct Secret {
    pub version: u32,
    pub salt: [u8; 16],
    pub hash: [u8; 32],
}

impl Secret {
    pub fn matches(&self, secret: &str) -> bool {
        crypto::constant_time_eq(&crypto::salted_hash(&self.salt, secret), &self.hash)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    Active,
    Suspended,
    Ended,
}

/// 共享授权, compiled for the rows of one table version.
pub struct Grant {
    pub id: Arc<str>,
    pub state: GrantState,
    pub expires_at: Option<Moment>,
    pub scenario: Arc<str>,
    /// Names of all items, with commas between, for the log.
    pub items_text: Arc<str>,
    pub(super) items: Vec<GrantedItem>,
    pub(super) plan: ReadyPlan,
    pub(super) filtered: bool,
    pub(super) bucket: Option<Arc<Bucket>>,
}

pub(super) struct GrantedItem {
    pub name: String,
    /// Position in the encoded row; `None` if the table lacks the item.
    pub position: Option<usize>,
    /// `"name":`
    pub prefix: Vec<u8>,
    pub mask: Option<ReadyMask>,
}

impl Grant {
    /// From a grant's plan and the items of the table it will be asked on. The
    /// bucket comes from [`super::Gateway::bucket`], so that a new snapshot gives
    /// nobody a fresh second.
    pub fn new(
        id: &str,
        state: GrantState,
        plan: &AccessPlan,
        table_items: &[String],
        bucket: Option<Arc<Bucket>>,
    ) -> Result<Self> {
        let ready = plan.ready()?;
        let items: Vec<GrantedItem> = plan
            .items()
            .unwrap_or_default()
            .iter()
            .map(|item| {
                let mut prefix = Vec::new();
                crate::index::write_json_text(&mut prefix, &item.name);
                prefix.push(b':');
                GrantedItem {
                    position: table_items.iter().position(|name| *name == item.name),
                    mask: ready.mask_of(&item.name).flatten().cloned(),
                    name: item.name.clone(),
                    prefix,
                }
            })
            .collect();
        Ok(Self {
            id: id.into(),
            state,
            expires_at: plan.expires_at(),
            scenario: plan.scenario().into(),
            items_text: items
                .iter()
                .map(|i| i.name.as_str())
                .collect::<Vec<_>>()
                .join(",")
                .into(),
            items,
            filtered: plan.filter().is_some(),
            plan: ready,
            bucket,
        })
    }

    pub(super) fn item(&self, name: &str) -> Option<&GrantedItem> {
        self.items.iter().find(|item| item.name == name)
    }
}
