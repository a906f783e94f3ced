//! 访问日志 for people: the provider sees who reads its data, the consumer its
//! own calls, the auditor all; and who read one record.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRef, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base::{Actor, Ctx, Error, Moment, Page, Result, limits};
use identity::{Action, Target};
use ledger::Entry;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serve::access_log::{Cursor, Filter, Found, Record, Scope};
use serve::gateway::CONSOLE;
use serve::index::{KeyItem, key_of};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::applications::{application, org};
use crate::gateway::GatewayBridge;
use crate::model::OrgRef;
use crate::store::service;

/// Records of one export at most.
pub const EXPORT_RECORDS_MAX: usize = 100_000;

/// Something with a name.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Named {
    pub id: String,
    pub title: String,
    pub name: String,
}

/// One call on the gateway.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AccessRecord {
    /// Place in the log: segment and position.
    pub id: String,
    pub at: Moment,
    pub request_id: String,
    /// Where it came from.
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<Named>,
    /// 使用部门
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<OrgRef>,
    /// 数源部门
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<OrgRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Items returned or compared, by their titles.
    pub items: Vec<String>,
    /// `ok` or `refused`.
    pub outcome: String,
    /// Why it was refused: the error's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Records returned.
    pub rows: u32,
    pub duration_us: u32,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccessLogQuery {
    /// Id of a resource.
    #[param(max_length = 64)]
    pub resource: Option<String>,
    /// Id of an application.
    #[param(max_length = 64)]
    pub application: Option<String>,
    /// Id of a grant.
    #[param(max_length = 64)]
    pub grant: Option<String>,
    /// `ok`, or the code of a refusal.
    #[param(max_length = 64)]
    pub outcome: Option<String>,
    /// RFC 3339.
    #[param(max_length = 40)]
    pub from: Option<String>,
    /// RFC 3339, not included.
    #[param(max_length = 40)]
    pub to: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Which record. The value goes in the body, never in an address, and is
/// hashed at once.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct ByRecord {
    #[schema(max_length = 64)]
    pub resource_id: String,
    /// Value of the look-up item: the citizen ID, the USCC.
    #[schema(min_length = 1, max_length = 200)]
    pub key_value: String,
}

/// The outcome of comparing the log on disk with the ledger.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AccessLogCheck {
    /// Sealed segments whose root is in the ledger.
    pub segments: u64,
    pub records: u64,
    /// Empty where not a byte has changed.
    pub findings: Vec<AccessLogFinding>,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AccessLogFinding {
    pub segment: u64,
    /// `missing`, `manifest`, `root`, `chain`, `records`, `filter`, `ledger`.
    pub code: String,
}

impl GatewayBridge {
    /// What of the log the caller may see.
    fn scope(&self, ctx: &Ctx) -> Result<Scope> {
        let authz = &self.identity().authz;
        if ctx.actor == Actor::System || authz.permits(ctx, Action::AccessLogRead, &Target::any()) {
            return Ok(Scope::All);
        }
        let own = ctx.actor.institution().ok_or_else(|| match ctx.actor.is_signed_in() {
            true => Error::forbidden(Action::AccessLogRead.title(ctx.lang)),
            false => Error::new(&base::error::SIGN_IN_REQUIRED),
        })?;
        let provider = authz.permits(ctx, Action::AccessLogRead, &Target::owned_by(own));
        let consumer = authz.permits(ctx, Action::AccessLogRead, &Target::any().party(own));
        match (provider, consumer) {
            (true, true) => Ok(Scope::Institution(own.0.clone())),
            (true, false) => Ok(Scope::Provider(own.0.clone())),
            (false, true) => Ok(Scope::Consumer(own.0.clone())),
            (false, false) => Err(Error::forbidden(Action::AccessLogRead.title(ctx.lang))),
        }
    }

    fn filter(&self, ctx: &Ctx, query: &AccessLogQuery) -> Result<Filter> {
        let moment = |text: &Option<String>| match text.as_deref() {
            None | Some("") => Ok(None),
            // a "+" that was not encoded arrives as a blank
            Some(text) => Moment::parse(&text.replace(' ', "+"))
                .map(Some)
                .ok_or_else(|| Error::bad_request("from, to")),
        };
        let wanted = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
        Ok(Filter {
            resource: wanted(&query.resource),
            application: wanted(&query.application),
            grant: wanted(&query.grant),
            outcome: wanted(&query.outcome),
            from: moment(&query.from)?,
            to: moment(&query.to)?,
            ..Filter::of(self.scope(ctx)?)
        })
    }

    /// Calls that the caller may see, newest first.
    pub async fn access_log(&self, ctx: &Ctx, query: &AccessLogQuery) -> Result<Page<AccessRecord>> {
        let filter = self.filter(ctx, query)?;
        self.access_page(filter, query.cursor.as_deref(), query.limit).await
    }

    async fn access_page(
        &self,
        filter: Filter,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<AccessRecord>> {
        let before = match cursor {
            None => None,
            Some(text) => Some(Cursor::parse(text).ok_or_else(|| Error::bad_request("cursor"))?),
        };
        let limit = u64::from(limit.unwrap_or(limits::PAGE_DEFAULT).clamp(1, limits::PAGE_MAX));
        let found = match self.gateway().log() {
            Some(log) => log.page(filter, before, limit as usize + 1).await?,
            None => Vec::new(),
        };
        let page = Page::from_overfetch(found, limit, |found| found.cursor.to_string());
        Ok(Page {
            items: self.access_records(page.items).await?,
            next: page.next,
            total: None,
        })
    }

    /// 谁看过这条记录: who read one record, when, for which scenario. For the
    /// provider and auditors; the question itself goes into the ledger.
    pub async fn who_read(&self, ctx: &Ctx, asked: &ByRecord) -> Result<Page<AccessRecord>> {
        if !ctx.actor.is_signed_in() && ctx.actor != Actor::System {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let resource = asked.resource_id.as_str().into();
        let entry = self.catalog().published(&resource).await?;
        let target = Target::owned_by(&entry.provider_id);
        self.identity().authz.check(ctx, Action::AccessLogByRecord, &target)?;
        let value = asked.key_value.trim();
        if value.is_empty() || value.chars().count() > limits::SHORT_TEXT_CHARS_MAX {
            return Err(Error::invalid(vec![]).field("key_value", "required", "请填写要查询的标识值"));
        }
        let keys: Vec<KeyItem> = crate::services::key_items(&entry)
            .into_iter()
            .map(|item| KeyItem {
                name: item.name.clone(),
                capitals: matches!(item.identifier.as_deref(), Some("citizen_id" | "uscc")),
            })
            .collect();
        // a key of several items is asked for with their values in order, one a line
        let values: Vec<&str> = if keys.len() > 1 {
            value.lines().collect()
        } else {
            vec![value]
        };
        if values.len() != keys.len() {
            return Err(Error::invalid(vec![]).field("key_value", "items", "每个查询项各填一行"));
        }
        let hash = self.gateway().record_hash(resource.as_str(), &key_of(&keys, &values));
        let filter = Filter {
            resource: Some(resource.0.clone()),
            record: Some(hash),
            ..Filter::of(match ctx.actor.institution() {
                Some(own) if *own == entry.provider_id => Scope::Provider(own.0.clone()),
                _ => Scope::All,
            })
        };
        let page = self.access_page(filter, None, Some(limits::PAGE_MAX)).await?;
        let mut tx = self.store().begin(ctx).await?;
        tx.append(Entry::new("access_log.asked_by_record", resource.as_str()).put("found", page.items.len()));
        tx.commit().await?;
        Ok(page)
    }

    /// Compares every sealed segment with its root in the ledger.
    pub async fn check_access_log(&self, ctx: &Ctx) -> Result<AccessLogCheck> {
        self.identity().authz.check(ctx, Action::LedgerRead, &Target::any())?;
        let recorded = self.recorded_segments().await?;
        let (segments, records) = (recorded.len() as u64, recorded.iter().map(|r| r.records).sum());
        let findings = match self.gateway().log().cloned() {
            Some(log) => tokio::task::spawn_blocking(move || log.verify(&recorded))
                .await
                .map_err(Error::internal)??,
            None => Vec::new(),
        };
        let findings = findings
            .into_iter()
            .map(|f| AccessLogFinding {
                segment: f.segment,
                code: f.code.to_owned(),
            })
            .collect();
        Ok(AccessLogCheck {
            segments,
            records,
            findings,
        })
    }

    async fn access_records(&self, found: Vec<Found>) -> Result<Vec<AccessRecord>> {
        let ids = |of: fn(&Record) -> &str| -> Vec<String> {
            let ids: HashSet<&str> = found
                .iter()
                .map(|f| of(&f.record))
                .filter(|id| !id.is_empty())
                .collect();
            ids.into_iter().map(str::to_owned).collect()
        };
        let conn = self.store().conn();
        let institutions = [ids(|r| &r.institution), ids(|r| &r.provider)].concat();
        let names = self.identity().institution_names(institutions).await?;
        let entries = self.catalog().published_many(&ids(|r| &r.resource)).await?;
        let applications = application::Entity::find()
            .filter(application::Column::Id.is_in(ids(|r| &r.application)))
            .all(conn)
            .await?;
        let applications: HashMap<&str, &str> = applications.iter().map(|a| (a.id.as_str(), a.name.as_str())).collect();
        let services = service::Entity::find()
            .filter(service::Column::Id.is_in(ids(|r| &r.service)))
            .all(conn)
            .await?;
        let modes: HashMap<&str, &str> = services.iter().map(|s| (s.id.as_str(), s.mode.as_str())).collect();
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let named = |id: &str, name: &str| Named {
            id: id.to_owned(),
            title: name.to_owned(),
            name: name.to_owned(),
        };
        Ok(found
            .iter()
            .map(|Found { cursor, record }| {
                let entry = entries.get(&*record.resource);
                let title = |item: &str| {
                    let known = entry.and_then(|e| e.items.iter().find(|i| i.name == item));
                    known.map_or_else(|| item.to_owned(), |i| i.title.clone())
                };
                let application = match &*record.application {
                    "" => None,
                    CONSOLE => Some(named(CONSOLE, "控制台试用")),
                    id => Some(named(id, applications.get(id).copied().unwrap_or(id))),
                };
                let ok = &*record.outcome == "ok";
                AccessRecord {
                    id: cursor.to_string(),
                    at: record.at,
                    request_id: record.request_id.to_string(),
                    address: record.address.to_string(),
                    application,
                    consumer: some(&record.institution).map(|id| org(&names, &id)),
                    provider: some(&record.provider).map(|id| org(&names, &id)),
                    resource: some(&record.resource).map(|id| named(&id, entry.map_or(&*id, |e| &e.title))),
                    service_id: some(&record.service),
                    mode: modes.get(&*record.service).map(|m| (*m).to_owned()),
                    grant_id: some(&record.grant),
                    scenario: some(&record.scenario),
                    items: record.items.split(',').filter(|i| !i.is_empty()).map(title).collect(),
                    outcome: if ok { "ok" } else { "refused" }.to_owned(),
                    code: (!ok).then(|| record.outcome.to_string()),
                    rows: record.rows,
                    duration_us: record.latency_us,
                }
            })
            .collect())
    }

    /// The filtered log as CSV, at most [`EXPORT_RECORDS_MAX`] records.
    pub async fn export_access_log(&self, ctx: &Ctx, query: &AccessLogQuery) -> Result<String> {
        let filter = self.filter(ctx, query)?;
        let mut out = String::from(
            "\u{feff}时间，请求编号，来源地址，应用，使用部门，数源部门，数据资源，授权编号，应用场景，数据项，结果，原因代码，记录数，耗时(微秒)\r\n",
        );
        let (mut cursor, mut left): (Option<String>, usize) = (None, EXPORT_RECORDS_MAX);
        loop {
            let page = self
                .access_page(filter.clone(), cursor.as_deref(), Some(limits::PAGE_MAX))
                .await?;
            for record in page.items.iter().take(left) {
                append_line(&mut out, record);
            }
            left = left.saturating_sub(page.items.len());
            match page.next {
                Some(next) if left > 0 => cursor = Some(next),
                _ => return Ok(out),
            }
        }
    }
}

fn append_line(out: &mut String, record: &AccessRecord) {
    let name = |org: &Option<OrgRef>| org.as_ref().map(|o| o.name.clone()).unwrap_or_default();
    let title = |named: &Option<Named>| named.as_ref().map(|n| n.title.clone()).unwrap_or_default();
    let fields = [
        record.at.rfc3339(),
        record.request_id.clone(),
        record.address.clone(),
        title(&record.application),
        name(&record.consumer),
        name(&record.provider),
        title(&record.resource),
        record.grant_id.clone().unwrap_or_default(),
        record.scenario.clone().unwrap_or_default(),
        record.items.join("、"),
        if record.outcome == "ok" { "成功" } else { "拒绝" }.to_owned(),
        record.code.clone().unwrap_or_default(),
        record.rows.to_string(),
        record.duration_us.to_string(),
    ];
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        append_field(out, field);
    }
    out.push_str("\r\n");
}

/// Quoted where needed; what a spreadsheet would take for a formula gets an
/// apostrophe before it.
fn append_field(out: &mut String, field: &str) {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !field.contains([',', '"', '\r', '\n']) {
        out.push_str(field);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&field.replace('"', "\"\""));
    out.push('"');
}

pub(crate) fn routes<S>() -> OpenApiRouter<S>
where
    GatewayBridge: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_access_log))
        .routes(routes!(who_read_record))
        .routes(routes!(export_access_log))
        .routes(routes!(check_access_log))
}

/// Calls that the caller may see, newest first.
#[utoipa::path(get, path = "/access-log", tag = "sharing", operation_id = "list_access_log", params(AccessLogQuery),
    responses((status = 200, body = Page<AccessRecord>)))]
async fn list_access_log(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Query(query): Query<AccessLogQuery>,
) -> Result<Json<Page<AccessRecord>>> {
    this.access_log(&ctx, &query).await.map(Json)
}

/// Who read one record.
#[utoipa::path(post, path = "/access-log/by-record", tag = "sharing", operation_id = "who_read_record",
    request_body = ByRecord, responses((status = 200, body = Page<AccessRecord>)))]
async fn who_read_record(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Json(asked): Json<ByRecord>,
) -> Result<Json<Page<AccessRecord>>> {
    this.who_read(&ctx, &asked).await.map(Json)
}

/// The filtered log as CSV, up to 100,000 records.
#[utoipa::path(get, path = "/access-log/export", tag = "sharing", operation_id = "export_access_log",
    params(AccessLogQuery), responses((status = 200, body = String, content_type = "text/csv")))]
async fn export_access_log(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Query(query): Query<AccessLogQuery>,
) -> Result<Response> {
    let csv = this.export_access_log(&ctx, &query).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"access-log.csv\""),
    ];
    Ok((headers, Body::from(csv)).into_response())
}

/// Compares the sealed log with the roots in the ledger.
#[utoipa::path(post, path = "/access-log/verify", tag = "sharing", operation_id = "check_access_log", responses((status = 200, body = AccessLogCheck)))]
async fn check_access_log(State(this): State<GatewayBridge>, ctx: Ctx) -> Result<Json<AccessLogCheck>> {
    this.check_access_log(&ctx).await.map(Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_in_the_export_stays_text() {
        let mut out = String::new();
        for field in ["=1+1", "a\"b", "plain"] {
            append_field(&mut out, field);
            out.push('|');
        }
        assert_eq!(out, "\"'=1+1\"|\"a\"\"b\"|plain|");
    }
}
