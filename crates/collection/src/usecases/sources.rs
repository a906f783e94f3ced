use base::{Ctx, Error, FieldError, Moment, ResourceId, Result, SourceId, limits};
use catalog::model::PublishedEntry;
use identity::{Action, Target};
use ledger::Entry;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use crate::Collection;
use crate::errors::{BAD_CONFIG, BASIS_REQUIRED, IDENTIFIER_REQUIRED, KEY_REQUIRED, REVISION_CONFLICT, SOURCE_PAUSED};
use crate::model::{About, Mode, Source, SourceChange, SourceConfig, SourceForm, SourceKind, SourceState};
use crate::store::source;

/// 《浙江省公共数据条例》: data is collected for lawful duties, within their scope.
const BASIS_ARTICLE: &str = "《浙江省公共数据条例》第十六条";
const IDENTIFIER_ARTICLE: &str = "《浙江省公共数据条例》第十七条";

impl Collection {
    pub async fn create_source(&self, ctx: &Ctx, form: SourceForm) -> Result<Source> {
        let entry = self.entry(ctx, &form.resource_id).await?;
        self.identity()
            .authz
            .check(ctx, Action::SourceManage, &Target::owned_by(&entry.provider_id))?;
        let about = form.about.unwrap_or_else(|| about_of(&entry));
        let mode = form.load_mode.unwrap_or(Mode::Append);
        let id = SourceId::new(ctx).0;
        let row = source::Model {
            resource_id: form.resource_id.0.clone(),
            provider_id: entry.provider_id.0.clone(),
            title: form.title.trim().to_owned(),
            kind: form.kind.as_str().to_owned(),
            config: self.seal_config(ctx, &id, &form.config)?,
            id,
            legal_basis: form.legal_basis.trim().to_owned(),
            purpose: form.purpose.trim().to_owned(),
            scope: form.scope.trim().to_owned(),
            consent: form.consent.map(|c| c.trim().to_owned()).filter(|c| !c.is_empty()),
            about: about.as_str().to_owned(),
            load_mode: mode.as_str().to_owned(),
            schedule: form.schedule,
            state: SourceState::Active.as_str().to_owned(),
            revision: 1,
            created_at: ctx.now().0,
            created_by: ctx.actor.id().to_owned(),
        };
        check_source(&row, &form.config, &entry)?;
        let mut tx = self.store().begin(ctx).await?;
        source::Entity::insert(source::ActiveModel::from(row.clone()).reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        tx.append(
            Entry::new("collection.source_created", &row.id)
                .article(BASIS_ARTICLE)
                .put("resource", row.resource_id.as_str())
                .put("kind", row.kind.as_str())
                .put("load_mode", row.load_mode.as_str()),
        );
        tx.commit().await?;
        self.source_view(row, &entry.title, None)
    }

    pub async fn change_source(&self, ctx: &Ctx, id: &SourceId, change: SourceChange) -> Result<Source> {
        let mut row = self.source_row(ctx, id, Action::SourceManage).await?;
        let entry = self.entry(ctx, &ResourceId(row.resource_id.clone())).await?;
        let mut config = self.config_of(&row)?;
        if let Some(new) = change.config {
            let url = new.url.clone().filter(|u| !u.contains(HIDDEN)).or(config.url);
            config = SourceConfig { url, ..new };
            row.config = self.seal_config(ctx, &row.id, &config)?;
        }
        let set = |field: &mut String, new: Option<String>| {
            if let Some(new) = new {
                *field = new.trim().to_owned();
            }
        };
        set(&mut row.title, change.title);
        set(&mut row.legal_basis, change.legal_basis);
        set(&mut row.purpose, change.purpose);
        set(&mut row.scope, change.scope);
        row.consent = change.consent.or(row.consent).filter(|c| !c.trim().is_empty());
        row.schedule = change.schedule.or(row.schedule);
        row.load_mode = change.load_mode.map_or(row.load_mode, |m| m.as_str().to_owned());
        row.state = change.state.map_or(row.state, |s| s.as_str().to_owned());
        check_source(&row, &config, &entry)?;
        row.revision = change.revision + 1;
        let mut tx = self.store().begin(ctx).await?;
        let changed = source::Entity::update_many()
            .set(source::ActiveModel {
                id: sea_orm::NotSet,
                ..source::ActiveModel::from(row.clone()).reset_all()
            })
            .filter(source::Column::Id.eq(id.as_str()))
            .filter(source::Column::Revision.eq(change.revision))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::new(&REVISION_CONFLICT));
        }
        tx.append(
            Entry::new("collection.source_changed", id.as_str())
                .put("resource", row.resource_id.as_str())
                .put("state", row.state.as_str())
                .put("load_mode", row.load_mode.as_str()),
        );
        tx.commit().await?;
        self.source_view(row, &entry.title, None)
    }

    /// The row, if the actor may do `action` with it; else it does not exist.
    pub(crate) async fn source_row(&self, ctx: &Ctx, id: &SourceId, action: Action) -> Result<source::Model> {
        let found = source::Entity::find_by_id(id.as_str()).one(self.store().conn()).await?;
        let row = found.ok_or_else(|| Error::not_found("数据来源"))?;
        let owner = Target::owned_by(&row.provider_id.as_str().into());
        self.identity()
            .authz
            .reveal(ctx, Action::BatchRead, &owner, "数据来源")?;
        self.identity().authz.check(ctx, action, &owner)?;
        Ok(row)
    }

    pub(crate) fn config_of(&self, row: &source::Model) -> Result<SourceConfig> {
        let sealed = crypto::hex::decode(&row.config).map_err(Error::internal)?;
        let master = &self.identity().keys.master;
        let text = master.open(row.id.as_bytes(), &sealed).map_err(Error::internal)?;
        serde_json::from_slice(&text).map_err(Error::internal)
    }
    /// A configuration may hold a department's password: whoever reads the
    /// store without the node's keys must not have it.
    fn seal_config(&self, ctx: &Ctx, id: &str, config: &SourceConfig) -> Result<String> {
        let text = serde_json::to_vec(config).map_err(Error::internal)?;
        let master = &self.identity().keys.master;
        let sealed = master
            .seal(&ctx.chance, id.as_bytes(), &text)
            .map_err(Error::internal)?;
        Ok(crypto::hex::encode(sealed))
    }

    pub(crate) fn source_view(
        &self,
        row: source::Model,
        resource_title: &str,
        last_batch: Option<crate::model::Batch>,
    ) -> Result<Source> {
        let mut config = self.config_of(&row)?;
        config.url = config.url.map(|u| without_password(&u));
        let bad = || Error::internal("a stored source has an unknown word");
        Ok(Source {
            id: SourceId(row.id),
            resource_id: ResourceId(row.resource_id),
            resource_title: resource_title.to_owned(),
            provider_id: row.provider_id,
            title: row.title,
            kind: SourceKind::parse(&row.kind).ok_or_else(bad)?,
            config,
            legal_basis: row.legal_basis,
            purpose: row.purpose,
            scope: row.scope,
            consent: row.consent,
            about: About::parse(&row.about).ok_or_else(bad)?,
            load_mode: Mode::parse(&row.load_mode).ok_or_else(bad)?,
            schedule: row.schedule,
            state: SourceState::parse(&row.state).ok_or_else(bad)?,
            revision: row.revision,
            created_at: Moment(row.created_at),
            last_batch,
        })
    }
}

pub(crate) fn require_active(row: &source::Model) -> Result<()> {
    if row.state == SourceState::Active.as_str() {
        Ok(())
    } else {
        Err(Error::new(&SOURCE_PAUSED))
    }
}

const HIDDEN: &str = "******";

fn without_password(url: &str) -> String {
    match url
        .split_once("://")
        .and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?)))
    {
        Some((scheme, (login, host))) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{HIDDEN}@{host}")
        }
        None => url.to_owned(),
    }
}

fn about_of(entry: &PublishedEntry) -> About {
    let has = |identifier: &str| entry.items.iter().any(|i| i.identifier.as_deref() == Some(identifier));
    match () {
        () if has("citizen_id") => About::Personal,
        () if has("uscc") => About::LegalPerson,
        () => About::Other,
    }
}

fn check_source(row: &source::Model, config: &SourceConfig, entry: &PublishedEntry) -> Result<()> {
    let fault = |field: &str, code: &str, message: &str| FieldError {
        field: field.into(),
        code: code.into(),
        message: message.into(),
    };
    let mut faults: Vec<FieldError> = vec![];
    // Without a law the subject's consent is the basis; it must be on record.
    if row.legal_basis.is_empty() && row.consent.is_none() {
        faults.push(fault(
            "legal_basis",
            "required",
            "请填写法律依据；没有法律依据的，请记录被收集人的同意",
        ));
    }
    if row.purpose.is_empty() {
        faults.push(fault("purpose", "required", "请填写收集目的"));
    }
    if row.scope.is_empty() {
        faults.push(fault("scope", "required", "请填写收集范围"));
    }
    if !faults.is_empty() {
        return Err(Error {
            fields: faults,
            ..Error::new(&BASIS_REQUIRED)
        }
        .article(BASIS_ARTICLE));
    }
    for (field, value, most) in [
        ("title", &row.title, limits::SHORT_TEXT_CHARS_MAX),
        ("legal_basis", &row.legal_basis, limits::LONG_TEXT_CHARS_MAX),
        ("purpose", &row.purpose, limits::LONG_TEXT_CHARS_MAX),
        ("scope", &row.scope, limits::LONG_TEXT_CHARS_MAX),
    ] {
        if value.chars().count() > most {
            faults.push(fault(field, "too_long", &format!("不超过 {most} 个字符")));
        }
    }
    if row.title.is_empty() {
        faults.push(fault("title", "required", "请填写名称"));
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    necessary_identifier(row, entry)?;
    if row.load_mode == Mode::Upsert.as_str() && entry.keys().next().is_none() {
        return Err(Error::new(&KEY_REQUIRED));
    }
    check_config(row, config)
}

/// COL-3: what is about persons carries the citizen ID, what is about legal
/// persons the USCC.
fn necessary_identifier(row: &source::Model, entry: &PublishedEntry) -> Result<()> {
    let (subject, identifier, needed) = match About::parse(&row.about) {
        Some(About::Personal) => ("自然人", "公民身份号码", "citizen_id"),
        Some(About::LegalPerson) => ("法人和非法人组织", "统一社会信用代码", "uscc"),
        _ => return Ok(()),
    };
    if entry.items.iter().any(|i| i.identifier.as_deref() == Some(needed)) {
        return Ok(());
    }
    Err(Error::new(&IDENTIFIER_REQUIRED)
        .with("subject", subject)
        .with("identifier", identifier)
        .article(IDENTIFIER_ARTICLE))
}

fn check_config(row: &source::Model, config: &SourceConfig) -> Result<()> {
    let bad = |detail: &str| Err(Error::new(&BAD_CONFIG).with("detail", detail));
    let missing = |value: &Option<String>| value.as_deref().is_none_or(|v| v.trim().is_empty());
    match SourceKind::parse(&row.kind) {
        Some(SourceKind::Sqlite) => {
            if missing(&config.file) || missing(&config.table) {
                return bad("需要文件名和表名");
            }
            super::pull::plain_file_name(config.file.as_deref().unwrap_or_default())?;
        }
        Some(SourceKind::Postgres) => {
            if missing(&config.url) || missing(&config.table) {
                return bad("需要数据库地址和表名");
            }
            if !config.url.as_deref().unwrap_or_default().starts_with("postgres") {
                return bad("数据库地址应以 postgres:// 开头");
            }
        }
        _ => return Ok(()),
    }
    for name in [&config.table, &config.cursor_column].into_iter().flatten() {
        super::pull::identifier(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown_again() {
        assert_eq!(
            without_password("postgres://li:s3@cret@db:5432/x"),
            "postgres://li:******@db:5432/x"
        );
        assert_eq!(without_password("postgres://db/x"), "postgres://db/x");
    }
}
