//! Reading the ledger for people.

use base::{Ctx, Error, Moment, Page, PageQuery, Result};
use chrono::NaiveDate;
use db::ledger_log::{decode, entry};
use identity::{Action, Target};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::model::{AuditView, CheckpointView, EntryView, InclusionView, LedgerQuery, Party};
use crate::{Supervision, title_of_kind};

impl Supervision {
    pub(crate) fn may_read(&self, ctx: &Ctx) -> Result<()> {
        self.identity.authz.check(ctx, Action::LedgerRead, &Target::any())
    }

    /// Entries, newest first.
    pub async fn entries(&self, ctx: &Ctx, query: &LedgerQuery) -> Result<Page<EntryView>> {
        self.may_read(ctx)?;
        let mut found = entry::Entity::find().filter(filter(query)?);
        if let Some(cursor) = &query.cursor {
            let below: i64 = cursor.parse().map_err(|_| Error::bad_request("cursor"))?;
            found = found.filter(entry::Column::Seq.lt(below));
        }
        let limit = PageQuery {
            cursor: None,
            limit: query.limit,
        }
        .limit();
        let rows = found
            .order_by_desc(entry::Column::Seq)
            .limit(limit + 1)
            .all(self.store.conn())
            .await?;
        let page = Page::from_overfetch(rows, limit, |row| row.seq.to_string());
        Ok(Page {
            items: self.views(ctx, page.items).await?,
            next: page.next,
            total: None,
        })
    }

    pub async fn entry(&self, ctx: &Ctx, seq: u64) -> Result<EntryView> {
        self.may_read(ctx)?;
        let row = self.row(seq).await?;
        let mut views = self.views(ctx, vec![row]).await?;
        views.pop().ok_or_else(|| Error::not_found("账本条目"))
    }

    async fn row(&self, seq: u64) -> Result<entry::Model> {
        let seq = i64::try_from(seq).map_err(|_| Error::not_found("账本条目"))?;
        let row = entry::Entity::find_by_id(seq).one(self.store.conn()).await?;
        row.ok_or_else(|| Error::not_found("账本条目"))
    }

    /// Proof that the entry is in the newest checkpoint; signs one where the entry
    /// is newer.
    pub async fn prove(&self, ctx: &Ctx, seq: u64) -> Result<InclusionView> {
        self.may_read(ctx)?;
        let row = self.row(seq).await?;
        let verifiers = self.verifiers();
        let mut latest = self.store.latest_checkpoint(&verifiers).await?;
        if latest.as_ref().is_none_or(|l| l.checkpoint.size <= seq) {
            latest = self.checkpoint(ctx).await?;
        }
        let latest = latest.ok_or_else(|| Error::not_found("检查点"))?;
        let proof = self.store.inclusion_proof(seq, latest.checkpoint.size).await?;
        Ok(InclusionView {
            seq,
            leaf_hash: crypto::hex::encode(&row.leaf),
            proof,
            checkpoint: CheckpointView::new(latest, &verifiers),
        })
    }

    pub async fn latest_checkpoint(&self) -> Result<CheckpointView> {
        let verifiers = self.verifiers();
        let latest = self.store.latest_checkpoint(&verifiers).await?;
        let latest = latest.ok_or_else(|| Error::not_found("检查点"))?;
        Ok(CheckpointView::new(latest, &verifiers))
    }

    /// Newest first.
    pub async fn checkpoints(&self, page: &PageQuery) -> Result<Page<CheckpointView>> {
        let below = page
            .cursor
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| Error::bad_request("cursor"))?;
        let verifiers = self.verifiers();
        let found = self.store.checkpoints(&verifiers, below, page.limit() + 1).await?;
        let page = Page::from_overfetch(found, page.limit(), |s| s.checkpoint.size.to_string());
        Ok(page.map(|signed| CheckpointView::new(signed, &verifiers)))
    }

    /// Checks every byte of the ledger in the store.
    pub async fn audit(&self, ctx: &Ctx) -> Result<AuditView> {
        self.may_read(ctx)?;
        let report = self.store.verify_store(self.signers.name(), self.verifiers()).await?;
        if !report.is_clean() {
            tracing::error!(findings = report.findings.len(), "the ledger was altered");
        }
        Ok(AuditView::new(report, ctx.lang))
    }

    async fn views(&self, ctx: &Ctx, rows: Vec<entry::Model>) -> Result<Vec<EntryView>> {
        let actors = self.identity.actor_names(rows.iter().map(|r| r.actor.clone())).await?;
        let institutions = self
            .identity
            .institution_names(rows.iter().filter_map(|r| r.institution.clone()))
            .await?;
        let system = if ctx.lang == base::Lang::En {
            "the platform"
        } else {
            "平台"
        };
        let anonymous = if ctx.lang == base::Lang::En {
            "not signed in"
        } else {
            "未登录者"
        };
        rows.into_iter()
            .map(|row| {
                let entry = decode(&row)?;
                let name = match entry.actor.as_str() {
                    "system" => system.to_owned(),
                    "anonymous" => anonymous.to_owned(),
                    id => actors.get(id).cloned().unwrap_or_else(|| id.to_owned()),
                };
                let institution = entry.institution.map(|id| Party {
                    name: institutions
                        .get(&id)
                        .map_or_else(|| id.clone(), |(name, _)| name.clone()),
                    id,
                });
                Ok(EntryView {
                    seq: entry.seq,
                    at: entry.at,
                    kind_title: title_of_kind(&entry.kind, ctx.lang),
                    kind: entry.kind,
                    subject: entry.subject,
                    actor: Party { id: entry.actor, name },
                    institution,
                    articles: entry.articles,
                    trace: entry.trace,
                    data: entry.data,
                    leaf_hash: crypto::hex::encode(&row.leaf),
                    canonical: String::from_utf8(row.canonical).map_err(Error::internal)?,
                })
            })
            .collect()
    }
}

fn filter(query: &LedgerQuery) -> Result<Condition> {
    let mut all = Condition::all();
    if let Some(kind) = &query.kind {
        // 0x2f is what follows the dot: a range, which the index serves
        all = match kind.contains('.') {
            true => all.add(entry::Column::Kind.eq(kind)),
            false => all
                .add(entry::Column::Kind.gt(format!("{kind}.")))
                .add(entry::Column::Kind.lt(format!("{kind}/"))),
        };
    }
    if let Some(subject) = &query.subject {
        all = all.add(entry::Column::Subject.eq(subject));
    }
    if let Some(actor) = &query.actor {
        all = all.add(entry::Column::Actor.eq(actor));
    }
    if let Some(from) = &query.from {
        all = all.add(entry::Column::At.gte(moment(from, Moment::start_of, "from")?.0));
    }
    if let Some(to) = &query.to {
        all = all.add(entry::Column::At.lte(moment(to, Moment::end_of, "to")?.0));
    }
    Ok(all)
}

fn moment(text: &str, of_day: fn(NaiveDate) -> Moment, field: &str) -> Result<Moment> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(of_day);
    day.or_else(|| Moment::parse(text))
        .ok_or_else(|| Error::bad_request(field))
}
