//! 申请: one request for each resource, all in one transaction.

use base::{Ctx, Error, InstitutionId, Result, ShareRequestId, limits};
use catalog::PublishedEntry;
use catalog::model::{SharingAttribute, SharingMode};
use identity::Action;
use identity::institutions::Kind;
use law::kinds;
use ledger::Entry;
use procedure::{Parties, Subject};
use protect::Mode;
use sea_orm::{EntityTrait, Set};
use serde::Deserialize;

use crate::Sharing;
use crate::applications::application;
use crate::errors::{BATCH_NOT_AVAILABLE, MODE_NOT_OFFERED, NO_APPLICATION, NO_KEY, NOT_SHARED, OWN_DATA};
use crate::model::{Line, RequestedItem, Terms, check_lines, mode_name};
use crate::services::key_items;
use crate::store::request;

/// 共享申请, for one or several resources with the same scenario.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ShareApplication)]
pub struct Application {
    /// 应用场景
    #[schema(max_length = 200)]
    pub scenario: String,
    /// 用途
    #[schema(max_length = 4000)]
    pub purpose: String,
    pub mode: Mode,
    /// 依据: the duty or law that the use rests on.
    #[schema(max_length = 4000)]
    pub basis: Option<String>,
    /// 使用期限, months; the grant ends after it.
    #[schema(minimum = 1, maximum = 120)]
    pub term_months: Option<u32>,
    /// The application that will call; any of the institution's where absent.
    #[schema(max_length = 64)]
    pub application_id: Option<String>,
    #[schema(min_items = 1, max_items = 50)]
    pub lines: Vec<Line>,
}

/// Months that a grant may run at most.
const TERM_MONTHS_MAX: u32 = 120;

impl Application {
    fn check(&self) -> Result<()> {
        let mut wrong = Error::invalid(vec![]);
        let texts = [
            ("scenario", self.scenario.as_str(), limits::SHORT_TEXT_CHARS_MAX, true),
            ("purpose", self.purpose.as_str(), limits::LONG_TEXT_CHARS_MAX, true),
            (
                "basis",
                self.basis.as_deref().unwrap_or_default(),
                limits::LONG_TEXT_CHARS_MAX,
                false,
            ),
        ];
        for (field, text, max, required) in texts {
            if required && text.trim().is_empty() {
                wrong = wrong.field(field, "required", "必填");
            }
            if text.chars().count() > max {
                wrong = wrong.field(field, "too_long", format!("不超过 {max} 个字"));
            }
        }
        if self
            .term_months
            .is_some_and(|months| months == 0 || months > TERM_MONTHS_MAX)
        {
            wrong = wrong.field("term_months", "out_of_range", "使用期限应为 1 到 120 个月");
        }
        if self.lines.is_empty() {
            wrong = wrong.field("lines", "required", "请至少选择一个资源");
        }
        wrong = check_lines(&self.lines, wrong, false);
        if wrong.fields.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

impl Sharing {
    /// Applies for the caller's institution. Returns the ids of the requests, in
    /// the order of the lines.
    pub async fn apply(&self, ctx: &Ctx, application: Application) -> Result<Vec<ShareRequestId>> {
        self.may_apply(ctx)?;
        application.check()?;
        if application.mode == Mode::Batch {
            return Err(Error::new(&BATCH_NOT_AVAILABLE));
        }
        let applicant = ctx.actor.institution().cloned();
        let applicant = applicant.ok_or_else(|| Action::SharingApply.refused_to(ctx))?;
        self.check_application(application.application_id.as_deref(), &applicant)
            .await?;
        let mut asked = vec![];
        for line in &application.lines {
            let entry = self.catalog.published(&line.resource_id.as_str().into()).await?;
            let items = self.requested(ctx, &application, line, &entry, &applicant)?;
            let kind = self.kind_for(ctx, &entry, &items).await?;
            let parties = self.parties(&entry.provider_id, &applicant).await?;
            asked.push((entry, items, kind, parties));
        }
        let mut tx = self.store.begin(ctx).await?;
        let mut ids = vec![];
        for (entry, items, kind, parties) in asked {
            let id = self
                .request(&mut tx, &application, &entry, &applicant, items, kind, parties)
                .await?;
            ids.push(id);
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// The application that is to call belongs to the applicant and is in use.
    async fn check_application(&self, id: Option<&str>, applicant: &InstitutionId) -> Result<()> {
        let Some(id) = id else { return Ok(()) };
        let row = application::Entity::find_by_id(id).one(self.store.conn()).await?;
        match row {
            Some(row) if row.institution == applicant.as_str() && row.active => Ok(()),
            _ => Err(Error::new(&NO_APPLICATION)),
        }
    }

    /// The items asked for, if the entry may be asked for like this.
    fn requested(
        &self,
        ctx: &Ctx,
        application: &Application,
        line: &Line,
        entry: &PublishedEntry,
        applicant: &InstitutionId,
    ) -> Result<Vec<RequestedItem>> {
        let rules = self.procedures.law().rules();
        let cite = |error: Error, name: &str| match rules.citation(name) {
            Some(article) => error.article(article.citation(ctx.lang)),
            None => error,
        };
        if entry.provider_id == *applicant {
            return Err(Error::new(&OWN_DATA));
        }
        let mode = match application.mode {
            Mode::Verify => SharingMode::Verify,
            Mode::Query => SharingMode::Query,
            Mode::Batch => SharingMode::Batch,
        };
        if !entry.modes.is_empty() && !entry.modes.contains(&mode) {
            return Err(cite(
                Error::new(&MODE_NOT_OFFERED).with("mode", mode.title(ctx.lang)),
                "request",
            ));
        }
        if key_items(entry).is_empty() {
            return Err(Error::new(&NO_KEY));
        }
        let mut items: Vec<RequestedItem> = vec![];
        for id in &line.item_ids {
            let item = entry.item(id).ok_or_else(|| {
                Error::invalid(vec![]).field(
                    "lines.item_ids",
                    "unknown_item",
                    format!("{}没有这个数据项", entry.title),
                )
            })?;
            if item.sharing == SharingAttribute::NotShared {
                return Err(cite(Error::new(&NOT_SHARED).with("item", &item.title), "attribute"));
            }
            if items.iter().all(|known| known.id != item.id) {
                items.push(item.into());
            }
        }
        Ok(items)
    }

    /// Which procedure decides: unconditional only where every item is.
    async fn kind_for(&self, ctx: &Ctx, entry: &PublishedEntry, items: &[RequestedItem]) -> Result<&'static str> {
        let rules = self.procedures.law().rules();
        if rules.procedure(kinds::SHARING_UNCOLLECTED).is_some() {
            let shown = self.catalog.resource(ctx, &entry.id, None).await?;
            if shown.head.collection_state != Some(catalog::model::CollectionState::Collected) {
                return Ok(kinds::SHARING_UNCOLLECTED);
            }
        }
        let unconditional = |item: &RequestedItem| {
            entry
                .item(&item.id)
                .is_some_and(|i| i.sharing == SharingAttribute::Unconditional)
        };
        let all = entry.sharing == SharingAttribute::Unconditional && items.iter().all(unconditional);
        Ok(if all {
            kinds::SHARING_UNCONDITIONAL
        } else {
            kinds::SHARING_RESTRICTED
        })
    }

    async fn parties(&self, provider: &InstitutionId, applicant: &InstitutionId) -> Result<Parties> {
        let mut parties = Parties::new().provider(provider.clone()).applicant(applicant.clone());
        if let Some(authority) = self.identity.body(Kind::Authority).await? {
            parties = parties.authority(authority.id);
        }
        if let Some(government) = self.identity.body(Kind::Government).await? {
            parties = parties.government(government.id);
        }
        if let Some(committee) = self.identity.body(Kind::ExpertCommittee).await? {
            parties = parties.committee(committee.id);
        }
        Ok(parties)
    }

    #[allow(clippy::too_many_arguments)]
    async fn request(
        &self,
        tx: &mut db::Tx,
        application: &Application,
        entry: &PublishedEntry,
        applicant: &InstitutionId,
        items: Vec<RequestedItem>,
        kind: &str,
        parties: Parties,
    ) -> Result<ShareRequestId> {
        let ctx = tx.ctx().clone();
        let id = ShareRequestId::new(&ctx);
        let scenario = tx.text(application.scenario.trim()).await?;
        let purpose = tx.text(application.purpose.trim()).await?;
        let basis = match application
            .basis
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            Some(text) => Some(tx.text(text).await?),
            None => None,
        };
        let ledger = Entry::new("sharing.requested", id.as_str())
            .put("resource", entry.id.as_str())
            .put("resource_version", entry.version)
            .put("provider", entry.provider_id.as_str())
            .put("applicant", applicant.as_str())
            .put("mode", mode_name(application.mode))
            .put(
                "items",
                items.iter().map(|i| i.id.as_str()).collect::<Vec<_>>().join(","),
            )
            .put("scenario_hash", scenario.hash.as_str())
            .put("purpose_hash", purpose.hash.as_str());
        tx.append(match self.procedures.law().rules().citation("request") {
            Some(article) => ledger.article(article.citation(base::Lang::Zh)),
            None => ledger,
        });
        let subject = Subject::new("share_request", id.as_str(), entry.title.clone());
        let href = format!("/sharing/requests/{id}");
        let started = self.procedures.start(tx, kind, subject, href, parties).await?;
        let row = request::ActiveModel {
            id: Set(id.0.clone()),
            resource_id: Set(entry.id.0.clone()),
            resource_version: Set(entry.version as i32),
            resource_code: Set(entry.code.clone()),
            resource_title: Set(entry.title.clone()),
            provider: Set(entry.provider_id.0.clone()),
            applicant: Set(applicant.0.clone()),
            applied_by: Set(ctx.actor.id().to_owned()),
            scenario_text: Set(scenario.id.0),
            purpose_text: Set(purpose.id.0),
            basis_text: Set(basis.map(|text| text.id.0)),
            mode: Set(mode_name(application.mode).to_owned()),
            term_months: Set(application.term_months.map(|months| months as i32)),
            application_id: Set(application.application_id.clone()),
            items: Set(serde_json::to_string(&items).map_err(Error::internal)?),
            terms: Set(serde_json::to_string(&Terms::default()).map_err(Error::internal)?),
            state: Set("running".into()),
            procedure_id: Set(started.procedure.0),
            grant_id: Set(None),
            created_at: Set(ctx.now().0),
            decided_at: Set(None),
            took_days: Set(None),
        };
        request::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        self.catalog.record_request(tx, &entry.id).await?;
        Ok(id)
    }
}
