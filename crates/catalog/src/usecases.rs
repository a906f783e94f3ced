//! What people do with entries: one function a use-case.

use std::collections::{HashMap, HashSet};

use base::{Ctx, Error, FieldError, InstitutionId, ItemId, ResourceId, Result, StepId};
use db::Tx;
use identity::{Action, Target, institutions::Kind};
use law::{Effect, kinds};
use ledger::Entry as LedgerEntry;
use procedure::{Parties, Subject};
use serde::{Deserialize, Serialize};

use crate::access::{not_found, sees};
use crate::compare::compare;
use crate::errors::{DECIDED_BEFORE, REVISION_CONFLICT, WRONG_STATE};
use crate::model::{Document, Item};
use crate::queries::state_title;
use crate::states::{Event, State, TransitionError};
use crate::store::{self, Entry, measure, version};
use crate::validate::{Depth, Rules, validate};
use crate::views::{EditConflict, Resource};
use crate::vocabulary::{Vocabulary, find};
use crate::{Catalog, code};

/// A new entry.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct NewResource {
    /// The institution whose data it is; the caller's own where empty.
    #[serde(default)]
    pub provider_id: Option<InstitutionId>,
    #[serde(flatten)]
    pub document: Document,
}

/// A draft's new text, with the revision that it was written against.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct SaveResource {
    pub revision: i64,
    #[serde(flatten)]
    pub document: Document,
}

/// The revision that the caller saw; without it the newest is meant.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = CatalogAtRevision)]
pub struct AtRevision {
    pub revision: Option<i64>,
}

/// The decision of the authority on a version under review.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = CatalogReview)]
pub struct Review {
    /// An outcome that the open step allows: `publish` or `return`.
    #[schema(max_length = 64)]
    pub outcome: String,
    /// Required for a return.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
    #[schema(max_length = 64)]
    pub step_id: String,
    pub revision: i64,
}

/// Why an entry is taken out of force.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = CatalogWithdrawal)]
pub struct Withdraw {
    #[schema(max_length = 4000)]
    pub reason: String,
    pub revision: Option<i64>,
}

/// What saving came to.
pub enum Saved {
    Saved(Box<Resource>),
    /// Somebody else was faster; both texts are handed back.
    Conflict(Box<EditConflict>),
}

/// What a load of an entry's data is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Rows of the table after the load.
    pub rows: u64,
    pub at: base::Moment,
}

impl Catalog {
    pub async fn create(&self, ctx: &Ctx, new: NewResource) -> Result<Resource> {
        let own = ctx.actor.institution().cloned();
        let provider = new
            .provider_id
            .or(own)
            .ok_or_else(|| Action::CatalogEdit.refused_to(ctx))?;
        self.identity()
            .authz
            .check(ctx, Action::CatalogEdit, &Target::owned_by(&provider))?;
        if !store::is_id(provider.as_str()) {
            return Err(Error::not_found("机构"));
        }
        let institution = self.identity().institution(&provider).await?;
        let mut document = new.document;
        self.check(ctx, &document, Depth::Draft)?;
        self.check_references(ctx, &document).await?;
        give_item_ids(ctx, &mut document, &[]);

        let mut tx = self.store().begin(ctx).await?;
        let division = document
            .division_code
            .clone()
            .unwrap_or_else(|| institution.division.clone());
        let class = find(&Vocabulary::shipped()?.subjects, &document.subject).and_then(|t| t.number.as_deref());
        let code = code::give(tx.conn(), &institution, &division, class).await?;
        let now = ctx.now();
        let entry = Entry {
            id: ResourceId::new(ctx),
            code,
            provider_id: provider,
            title: document.title.clone(),
            division_code: division,
            state: State::NEW,
            revision: 1,
            procedure_id: None,
            created_at: now,
            updated_at: now,
            published_at: None,
            withdrawn_at: None,
        };
        store::insert(tx.conn(), &entry).await?;
        let row = new_version(ctx, &entry, &document)?;
        let ledger = self
            .ledger_entry(Event::Created, &entry)
            .put("digest", row.digest.as_str());
        store::save_version(tx.conn(), row).await?;
        tx.append(ledger);
        tx.commit().await?;
        self.resource(ctx, &entry.id, None).await
    }

    /// Saves a draft. A returned entry's next draft is opened by its first save.
    pub async fn save(&self, ctx: &Ctx, id: &ResourceId, save: SaveResource) -> Result<Saved> {
        self.may_read(ctx)?;
        let mut tx = self.store().begin(ctx).await?;
        let mut entry = locked(&tx, id).await?;
        self.require(ctx, Action::CatalogEdit, &entry)?;
        let mut document = save.document;
        self.check(ctx, &document, Depth::Draft)?;
        self.check_references(ctx, &document).await?;
        if entry.revision != save.revision {
            drop(tx);
            return self.conflict(ctx, id, document).await.map(Saved::Conflict);
        }
        let before = self.newest_row(&tx, &entry).await?;
        let (state, event) = entry.state.edit().map_err(|e| wrong_state(ctx, e))?;
        give_item_ids(ctx, &mut document, &store::decode(&before)?.items);
        entry.state = state;
        entry.updated_at = ctx.now();
        if state.published().is_none() {
            entry.title = document.title.clone();
        }
        let mut row = new_version(ctx, &entry, &document)?;
        if before.version == row.version {
            (row.created_by, row.created_at) = (before.created_by, before.created_at);
        }
        if !store::update(tx.conn(), &mut entry, save.revision).await? {
            drop(tx);
            return self.conflict(ctx, id, document).await.map(Saved::Conflict);
        }
        let ledger = self.ledger_entry(event, &entry).put("digest", row.digest.as_str());
        store::save_version(tx.conn(), row).await?;
        tx.append(ledger);
        tx.commit().await?;
        Ok(Saved::Saved(Box::new(self.resource(ctx, id, None).await?)))
    }

    /// To the authority of the node's level. Everything that the law asks of
    /// an entry is checked here.
    pub async fn submit(&self, ctx: &Ctx, id: &ResourceId, at: AtRevision) -> Result<Resource> {
        self.may_read(ctx)?;
        let authority = self.identity().body(Kind::Authority).await?;
        let authority = authority.ok_or_else(|| Error::internal("this node has no authority on file"))?;
        let mut tx = self.store().begin(ctx).await?;
        let mut entry = locked(&tx, id).await?;
        self.require(ctx, Action::CatalogSubmit, &entry)?;
        let seen = seen(&entry, at.revision)?;
        let before = self.newest_row(&tx, &entry).await?;
        let document = store::decode(&before)?;
        let (state, event) = entry.state.submit().map_err(|e| wrong_state(ctx, e))?;
        self.check(ctx, &document, Depth::Complete)?;

        let parties = Parties::new()
            .authority(authority.id)
            .provider(entry.provider_id.clone());
        let subject = Subject::new("resource", id.as_str(), document.title.clone());
        let href = format!("/console/catalog/{id}/review");
        let started = self
            .procedures()
            .start(&mut tx, kinds::CATALOG_REVIEW, subject, href, parties)
            .await?;
        entry.state = state;
        entry.updated_at = ctx.now();
        entry.procedure_id = Some(started.procedure.0.clone());
        guarded(&tx, &mut entry, seen).await?;
        let mut row = new_version(ctx, &entry, &document)?;
        if before.version == row.version {
            (row.created_by, row.created_at) = (before.created_by, before.created_at);
            (row.saved_by, row.saved_at) = (before.saved_by, before.saved_at);
        }
        row.submitted_by = Some(ctx.actor.id().to_owned());
        row.submitted_at = Some(ctx.now().0);
        row.procedure_id = Some(started.procedure.0.clone());
        let ledger = self
            .ledger_entry(event, &entry)
            .put("digest", row.digest.as_str())
            .put("procedure", started.procedure.as_str());
        store::save_version(tx.conn(), row).await?;
        tx.append(ledger);
        tx.commit().await?;
        self.resource(ctx, id, None).await
    }

    /// 审核. Of two reviewers who decide at once, one wins; the other is told.
    pub async fn review(&self, ctx: &Ctx, id: &ResourceId, review: Review) -> Result<Resource> {
        self.may_read(ctx)?;
        if let Some(reason) = &review.reason {
            check_reason(ctx, reason, false)?;
        }
        if !store::is_id(&review.step_id) {
            return Err(Error::not_found("办理环节"));
        }
        let mut tx = self.store().begin(ctx).await?;
        let mut entry = locked(&tx, id).await?;
        self.require(ctx, Action::CatalogReview, &entry)?;
        let seen = seen(&entry, Some(review.revision))?;
        let mut row = self.newest_row(&tx, &entry).await?;
        let step = StepId(review.step_id);
        let decided = self
            .procedures()
            .decide(&mut tx, id.as_str(), &step, &review.outcome, review.reason.as_deref())
            .await?;
        let (state, event) = match decided.effect {
            Some(Effect::Publish) => entry.state.publish().map_err(|e| wrong_state(ctx, e))?,
            Some(Effect::Return) => entry.state.send_back().map_err(|e| wrong_state(ctx, e))?,
            // a step in between: the review goes on
            _ => {
                tx.commit().await?;
                return self.resource(ctx, id, None).await;
            }
        };
        let superseded = entry.state.published();
        let document = store::decode(&row)?;
        entry.state = state;
        entry.updated_at = ctx.now();
        if event == Event::Published {
            entry.published_at = Some(ctx.now());
            entry.title = document.title;
            entry.division_code = document.division_code.unwrap_or(entry.division_code);
            if let Some(number) = superseded
                && let Some(mut old) = store::version(tx.conn(), id, number).await?
            {
                old.standing = "superseded".into();
                store::save_version(tx.conn(), old).await?;
            }
        }
        guarded(&tx, &mut entry, seen).await?;
        let mut ledger = self.ledger_entry(event, &entry).put("digest", row.digest.as_str());
        for article in &decided.articles {
            ledger = ledger.article(article.citation(base::Lang::Zh));
        }
        if let Some(reason) = &decided.reason {
            ledger = ledger.put("reason", reason.hash.as_str());
        }
        row.standing = if event == Event::Published {
            "published"
        } else {
            "returned"
        }
        .into();
        row.decided_by = Some(ctx.actor.id().to_owned());
        row.decided_at = Some(ctx.now().0);
        row.reason_id = decided.reason.map(|r| r.id.0);
        store::save_version(tx.conn(), row).await?;
        tx.append(ledger);
        tx.commit().await?;
        self.resource(ctx, id, None).await
    }

    /// Opens the next version of a published entry, beginning with its text.
    pub async fn revise(&self, ctx: &Ctx, id: &ResourceId, at: AtRevision) -> Result<Resource> {
        self.may_read(ctx)?;
        let mut tx = self.store().begin(ctx).await?;
        let mut entry = locked(&tx, id).await?;
        self.require(ctx, Action::CatalogEdit, &entry)?;
        let seen = seen(&entry, at.revision)?;
        let document = store::decode(&self.newest_row(&tx, &entry).await?)?;
        let (state, event) = entry.state.revise().map_err(|e| wrong_state(ctx, e))?;
        entry.state = state;
        entry.updated_at = ctx.now();
        guarded(&tx, &mut entry, seen).await?;
        store::save_version(tx.conn(), new_version(ctx, &entry, &document)?).await?;
        tx.append(self.ledger_entry(event, &entry));
        tx.commit().await?;
        self.resource(ctx, id, None).await
    }

    /// 撤回: out of force, never erased.
    pub async fn withdraw(&self, ctx: &Ctx, id: &ResourceId, withdraw: Withdraw) -> Result<Resource> {
        self.may_read(ctx)?;
        let reason = withdraw.reason.trim();
        check_reason(ctx, reason, true)?;
        let mut tx = self.store().begin(ctx).await?;
        let mut entry = locked(&tx, id).await?;
        self.require(ctx, Action::CatalogWithdraw, &entry)?;
        let seen = seen(&entry, withdraw.revision)?;
        let mut row = self.newest_row(&tx, &entry).await?;
        let (state, event) = entry.state.withdraw().map_err(|e| wrong_state(ctx, e))?;
        let kept = tx.text(reason).await?;
        entry.state = state;
        entry.updated_at = ctx.now();
        entry.withdrawn_at = Some(ctx.now());
        guarded(&tx, &mut entry, seen).await?;
        // a version that was in force keeps saying so; the entry says that it is withdrawn
        if row.standing != "published" {
            row.standing = "withdrawn".into();
        }
        row.reason_id = Some(kept.id.0);
        store::save_version(tx.conn(), row).await?;
        tx.append(self.ledger_entry(event, &entry).put("reason", kept.hash.as_str()));
        tx.commit().await?;
        self.resource(ctx, id, None).await
    }

    /// Collection tells of a load, in the transaction that appends its own
    /// ledger entry; that entry names the resource and so refreshes the index.
    pub async fn record_load(&self, tx: &Tx, id: &ResourceId, load: Load) -> Result<()> {
        store::set_load(tx.conn(), id, i64::try_from(load.rows).unwrap_or(i64::MAX), load.at).await
    }

    /// Sharing tells of a request, in the transaction that begins it.
    pub async fn record_request(&self, tx: &Tx, id: &ResourceId) -> Result<()> {
        store::add_count(tx.conn(), id.as_str(), measure::Column::Requests, 1).await
    }

    fn check(&self, ctx: &Ctx, document: &Document, depth: Depth) -> Result<()> {
        let rules = Rules {
            vocabulary: Vocabulary::shipped()?,
            rule_set: self.law().rules(),
            lang: ctx.lang,
        };
        let mistakes = validate(document, depth, &rules);
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(mistakes))
        }
    }

    /// Institutions and entries that a document names must be there.
    async fn check_references(&self, ctx: &Ctx, document: &Document) -> Result<()> {
        let mut mistakes = vec![];
        if let Some(unit) = &document.responsible_id {
            let known = store::is_id(unit.as_str()) && self.identity().institution(unit).await.is_ok();
            if !known {
                mistakes.push(unknown_reference(ctx, "responsible_id".into()));
            }
        }
        let related: Vec<String> = document
            .related
            .iter()
            .map(|r| r.0.clone())
            .filter(|r| store::is_id(r))
            .collect();
        let viewer = self.viewer(ctx);
        let known = store::entries(self.store().conn(), &related).await?;
        for (i, id) in document.related.iter().enumerate() {
            if !known.get(id.as_str()).is_some_and(|entry| sees(&viewer, entry, None)) {
                mistakes.push(unknown_reference(ctx, format!("related[{i}]")));
            }
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(mistakes))
        }
    }

    async fn newest_row(&self, tx: &Tx, entry: &Entry) -> Result<version::Model> {
        let row = store::version(tx.conn(), &entry.id, entry.state.newest()).await?;
        row.ok_or_else(|| Error::internal(format!("the newest version of {} is gone", entry.id)))
    }

    fn ledger_entry(&self, event: Event, entry: &Entry) -> LedgerEntry {
        let mut ledger = LedgerEntry::new(event.as_str(), entry.id.as_str())
            .put("code", entry.code.as_str())
            .put("provider", entry.provider_id.as_str())
            .put("version", entry.state.newest());
        // what is decided in a review cites the outcome's own articles
        if !matches!(event, Event::Published | Event::Returned)
            && let Some(spec) = self.law().rules().procedure(kinds::CATALOG_REVIEW)
        {
            ledger = ledger.article(spec.begin().citation(base::Lang::Zh));
        }
        ledger
    }

    async fn conflict(&self, ctx: &Ctx, id: &ResourceId, submitted: Document) -> Result<Box<EditConflict>> {
        let current = self.resource(ctx, id, None).await?;
        let row = store::version(self.store().conn(), id, current.head.version)
            .await?
            .ok_or_else(not_found)?;
        let differences = compare(&store::decode(&row)?, &submitted, ctx.lang)?;
        let problem = Error::new(&REVISION_CONFLICT).problem(ctx.lang, Some(&ctx.trace));
        Ok(Box::new(EditConflict {
            problem,
            current: Box::new(current),
            submitted: Box::new(submitted),
            differences,
        }))
    }
}

async fn locked(tx: &Tx, id: &ResourceId) -> Result<Entry> {
    store::entry(tx.conn(), id).await?.ok_or_else(not_found)
}

/// The revision to write against: the one that the caller saw must be the newest.
fn seen(entry: &Entry, revision: Option<i64>) -> Result<i64> {
    match revision {
        Some(revision) if revision != entry.revision => Err(Error::new(&DECIDED_BEFORE)),
        _ => Ok(entry.revision),
    }
}

async fn guarded(tx: &Tx, entry: &mut Entry, seen: i64) -> Result<()> {
    if store::update(tx.conn(), entry, seen).await? {
        Ok(())
    } else {
        Err(Error::new(&DECIDED_BEFORE))
    }
}

fn wrong_state(ctx: &Ctx, e: TransitionError) -> Error {
    let step = match (e.step, ctx.lang) {
        ("edit", base::Lang::Zh) => "编辑",
        ("submit", base::Lang::Zh) => "提交审核",
        ("publish", base::Lang::Zh) => "发布",
        ("return", base::Lang::Zh) => "退回",
        ("revise", base::Lang::Zh) => "修订",
        ("withdraw", base::Lang::Zh) => "撤回",
        (step, _) => step,
    };
    Error::new(&WRONG_STATE)
        .with("state", state_title(e.state, ctx.lang).unwrap_or(e.state))
        .with("step", step)
}

fn check_reason(ctx: &Ctx, reason: &str, required: bool) -> Result<()> {
    let max = base::limits::LONG_TEXT_CHARS_MAX;
    let (code, zh, en) = if required && reason.trim().is_empty() {
        ("required", "请填写理由".to_owned(), "give the reason".to_owned())
    } else if reason.chars().count() > max {
        (
            "too_long",
            format!("理由不能超过 {max} 个字"),
            format!("at most {max} characters"),
        )
    } else if reason
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        (
            "control_character",
            "理由含有不可见的控制字符，请删除".to_owned(),
            "remove the control characters".to_owned(),
        )
    } else {
        return Ok(());
    };
    let message = if ctx.lang == base::Lang::En { en } else { zh };
    Err(Error::invalid(vec![FieldError {
        field: "reason".into(),
        code: code.into(),
        message,
    }]))
}

fn unknown_reference(ctx: &Ctx, field: String) -> FieldError {
    let message = match ctx.lang {
        base::Lang::Zh => "没有找到所选的对象，请重新选择",
        base::Lang::En => "not found; choose again",
    };
    FieldError {
        field,
        code: "unknown".into(),
        message: message.into(),
    }
}

fn new_version(ctx: &Ctx, entry: &Entry, document: &Document) -> Result<version::Model> {
    let text = serde_json::to_string(document).map_err(Error::internal)?;
    Ok(version::Model {
        resource_id: entry.id.0.clone(),
        version: i32::try_from(entry.state.newest()).map_err(Error::internal)?,
        standing: entry
            .state
            .working()
            .map_or("draft", |(_, stage)| stage.as_str())
            .to_owned(),
        digest: crypto::hex::encode(crypto::sha256(text.as_bytes())),
        document: text,
        created_by: ctx.actor.id().to_owned(),
        created_at: ctx.now().0,
        saved_by: ctx.actor.id().to_owned(),
        saved_at: ctx.now().0,
        submitted_by: None,
        submitted_at: None,
        decided_by: None,
        decided_at: None,
        reason_id: None,
        procedure_id: None,
    })
}

/// An item keeps its id through all versions: by the id that it comes with,
/// where that is one of this entry's, else by its column name.
fn give_item_ids(ctx: &Ctx, document: &mut Document, before: &[Item]) {
    let known: HashSet<&ItemId> = before.iter().filter_map(|i| i.id.as_ref()).collect();
    let by_name: HashMap<&str, &ItemId> = before
        .iter()
        .filter_map(|i| Some((i.name.as_str(), i.id.as_ref()?)))
        .collect();
    let mut taken: HashSet<ItemId> = HashSet::new();
    for item in &mut document.items {
        item.id = item
            .id
            .take()
            .filter(|id| known.contains(id) && taken.insert(id.clone()));
    }
    for item in document.items.iter_mut().filter(|i| i.id.is_none()) {
        let same_name = by_name.get(item.name.as_str()).map(|id| (*id).clone());
        let id = same_name
            .filter(|id| !taken.contains(id))
            .unwrap_or_else(|| ItemId::new(ctx));
        taken.insert(id.clone());
        item.id = Some(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Actor, Moment};

    #[test]
    fn cat_4_items_keep_their_ids_and_foreign_ids_are_not_taken_over() {
        let ctx = Ctx::test(Actor::System, Moment(0), 1);
        let item = |id: Option<&str>, name: &str| Item {
            id: id.map(Into::into),
            name: name.into(),
            ..Item::default()
        };
        let before = [item(Some("itm_a"), "cert_no"), item(Some("itm_b"), "name")];
        let items = vec![
            item(Some("itm_b"), "full_name"),
            item(None, "cert_no"),
            item(Some("itm_of_another_entry"), "phone"),
            item(Some("itm_b"), "copy"),
        ];
        let mut document = Document {
            items,
            ..Document::default()
        };
        give_item_ids(&ctx, &mut document, &before);
        let ids: Vec<&str> = document
            .items
            .iter()
            .filter_map(|i| i.id.as_ref())
            .map(|id| id.as_str())
            .collect();
        assert_eq!(ids[..2], ["itm_b", "itm_a"], "renamed by id, unsent id by name");
        assert!(ids[2].starts_with("itm_") && ids[2] != "itm_of_another_entry");
        let distinct: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(distinct.len(), 4);
    }
}
