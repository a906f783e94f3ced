//! What the addresses of supervision give and take.

use std::collections::BTreeMap;

use base::{Lang, Moment};
use db::Signed;
use ledger::audit::Report;
use ledger::note::Verifier;
use ledger::{ConsistencyProof, InclusionProof, Value};
use serde::{Deserialize, Serialize};

/// Somebody or some institution, by id; the name where it is known.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = LedgerParty)]
pub struct Party {
    pub id: String,
    pub name: String,
}

/// 账本条目
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = LedgerEntry)]
pub struct EntryView {
    pub seq: u64,
    pub at: Moment,
    pub kind: String,
    pub kind_title: String,
    /// Id of what it is about.
    pub subject: String,
    pub actor: Party,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<Party>,
    /// Citations.
    pub articles: Vec<String>,
    pub trace: String,
    /// Ids, codes, hashes, counts.
    pub data: BTreeMap<String, Value>,
    /// SHA-256 of a zero byte and `canonical`, hex.
    pub leaf_hash: String,
    /// The bytes that were sealed, as text.
    pub canonical: String,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// `catalog.published`, or `catalog` for all of a capability's.
    #[param(max_length = 64)]
    pub kind: Option<String>,
    /// Id of what entries are about.
    #[param(max_length = 64)]
    pub subject: Option<String>,
    /// Id of who decided.
    #[param(max_length = 64)]
    pub actor: Option<String>,
    /// First day, `2026-11-20`, or moment (RFC 3339).
    #[param(max_length = 40)]
    pub from: Option<String>,
    /// Last day, or moment.
    #[param(max_length = 40)]
    pub to: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// One signature line of a checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SignatureView {
    /// `Ed25519` or `SM2`.
    pub algorithm: String,
    pub name: String,
    /// The public key as a C2SP verifier key.
    pub verifier: String,
}

/// 检查点
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = LedgerCheckpoint)]
pub struct CheckpointView {
    pub origin: String,
    /// Entries that it covers.
    pub size: u64,
    /// Hex.
    pub root: String,
    pub at: Moment,
    /// The signed note (C2SP).
    pub note: String,
    pub signatures: Vec<SignatureView>,
}
impl CheckpointView {
    pub(crate) fn new(signed: Signed, verifiers: &[Verifier]) -> Self {
        let signature = |v: &Verifier| SignatureView {
            algorithm: v.key.algorithm().to_owned(),
            name: v.name.clone(),
            verifier: v.encode(),
        };
        Self {
            origin: signed.checkpoint.origin,
            size: signed.checkpoint.size,
            root: crypto::hex::encode(signed.checkpoint.root),
            at: signed.checkpoint.at,
            note: signed.note,
            signatures: verifiers.iter().map(signature).collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InclusionView {
    pub seq: u64,
    /// Hex.
    pub leaf_hash: String,
    pub proof: InclusionProof,
    pub checkpoint: CheckpointView,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConsistencyView {
    pub proof: ConsistencyProof,
}

/// What a check of the whole ledger found.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = LedgerAudit)]
pub struct AuditView {
    pub ok: bool,
    pub entries: u64,
    /// One sentence a finding, in the language of the request.
    pub problems: Vec<String>,
    pub report: Report,
}
impl AuditView {
    pub(crate) fn new(report: Report, lang: Lang) -> Self {
        let problems = report.findings.iter().map(|f| f.text(lang)).collect();
        Self {
            ok: report.is_clean(),
            entries: report.entries,
            problems,
            report,
        }
    }
}
