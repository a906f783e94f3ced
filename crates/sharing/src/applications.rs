//! 应用: a consumer's program that calls the gateway. It has a client id (its
//! own id) and a client secret, shown once; a new secret revokes every token
//! that the old one got.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::StatusCode;
use base::{Actor, ApplicationId, Ctx, Error, InstitutionId, Moment, Page, PageQuery, Result, limits};
use identity::{Action, Target};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};
use serve::gateway::{Addresses, Secret};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::gateway::GatewayBridge;
use crate::model::OrgRef;

pub mod application {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "share_application")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// 使用部门
        pub institution: String,
        pub name: String,
        pub scenario: String,
        /// JSON list of networks.
        #[sea_orm(column_type = "Text")]
        pub addresses: String,
        pub active: bool,
        /// 0 until a secret was made; then counts the secrets.
        pub secret_version: i32,
        pub secret_salt: Option<String>,
        /// Hex of the salted hash.
        pub secret_hash: Option<String>,
        pub secret_at: Option<i64>,
        pub created_by: String,
        pub created_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn migrations() -> Vec<db::Migration> {
    vec![
        db::Migration::new("sharing-0002-applications")
            .entity(application::Entity)
            .index("share_application", &["institution", "id"]),
    ]
}

/// Networks of one application at most.
const ADDRESSES_MAX: usize = 50;

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    /// Also the client id.
    pub id: String,
    pub client_id: String,
    pub name: String,
    pub scenario: String,
    pub institution: OrgRef,
    /// Networks from which it may call. Empty: from the address that got the token.
    pub addresses: Vec<String>,
    pub active: bool,
    pub created_at: Moment,
    /// When the secret in force was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_issued_at: Option<Moment>,
}

/// An application to be registered, or its new particulars.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct ApplicationForm {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(min_length = 1, max_length = 200)]
    pub scenario: String,
    /// `10.1.2.0/24`, `2001:db8::1`
    #[serde(default)]
    #[schema(max_items = 50)]
    pub addresses: Vec<String>,
}

impl ApplicationForm {
    fn checked(self) -> Result<Self> {
        let mut wrong = Error::invalid(vec![]);
        let (name, scenario) = (self.name.trim().to_owned(), self.scenario.trim().to_owned());
        for (field, text) in [("name", &name), ("scenario", &scenario)] {
            if text.is_empty() {
                wrong = wrong.field(field, "required", "必填");
            } else if text.chars().count() > limits::SHORT_TEXT_CHARS_MAX {
                wrong = wrong.field(field, "too_long", "不超过 200 个字");
            }
        }
        if self.addresses.len() > ADDRESSES_MAX {
            wrong = wrong.field("addresses", "too_many", "最多 50 个地址段");
        }
        if Addresses::parse(self.addresses.iter().map(String::as_str)).is_err() {
            wrong = wrong.field("addresses", "format", "请填写 IP 地址或 CIDR 地址段，例如 10.1.2.0/24");
        }
        let addresses = self.addresses.iter().map(|a| a.trim().to_owned()).collect();
        if wrong.fields.is_empty() {
            Ok(Self {
                name,
                scenario,
                addresses,
            })
        } else {
            Err(wrong)
        }
    }
}

/// The secret is shown here and never again.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ClientSecret {
    pub client_id: String,
    pub client_secret: String,
}

impl application::Model {
    pub(crate) fn secret(&self) -> Option<Secret> {
        let mut secret = Secret {
            version: u32::try_from(self.secret_version).ok()?,
            salt: [0; 16],
            hash: [0; 32],
        };
        crypto::hex::decode_to_slice(self.secret_salt.as_deref()?, &mut secret.salt).ok()?;
        crypto::hex::decode_to_slice(self.secret_hash.as_deref()?, &mut secret.hash).ok()?;
        Some(secret)
    }
    pub(crate) fn networks(&self) -> Result<Vec<String>> {
        serde_json::from_str(&self.addresses).map_err(Error::internal)
    }
}

fn own(ctx: &Ctx) -> Result<&InstitutionId> {
    ctx.actor.institution().ok_or_else(|| match ctx.actor.is_signed_in() {
        true => Error::forbidden(Action::ApplicationManage.title(ctx.lang)),
        false => Error::new(&base::error::SIGN_IN_REQUIRED),
    })
}

impl GatewayBridge {
    /// Registers an application of the caller's institution.
    pub async fn register_application(&self, ctx: &Ctx, form: ApplicationForm) -> Result<ApplicationView> {
        let institution = own(ctx)?.clone();
        self.identity()
            .authz
            .check(ctx, Action::ApplicationManage, &Target::any().party(&institution))?;
        let form = form.checked()?;
        let mut tx = self.store().begin(ctx).await?;
        let id = ApplicationId::new(ctx);
        let row = application::ActiveModel {
            id: Set(id.0.clone()),
            institution: Set(institution.0.clone()),
            name: Set(form.name),
            scenario: Set(form.scenario),
            addresses: Set(serde_json::to_string(&form.addresses).map_err(Error::internal)?),
            active: Set(true),
            secret_version: Set(0),
            secret_salt: Set(None),
            secret_hash: Set(None),
            secret_at: Set(None),
            created_by: Set(ctx.actor.id().to_owned()),
            created_at: Set(ctx.now().0),
        };
        application::Entity::insert(row)
            .exec_without_returning(tx.conn())
            .await?;
        tx.append(
            Entry::new("application.registered", id.as_str())
                .put("institution", institution.as_str())
                .put("addresses", form.addresses.len()),
        );
        tx.commit().await?;
        self.application(ctx, &id).await
    }

    pub async fn change_application(
        &self,
        ctx: &Ctx,
        id: &ApplicationId,
        form: ApplicationForm,
    ) -> Result<ApplicationView> {
        let row = self.own_application(ctx, id).await?;
        let form = form.checked()?;
        let mut tx = self.store().begin(ctx).await?;
        application::Entity::update_many()
            .col_expr(application::Column::Name, Expr::value(form.name))
            .col_expr(application::Column::Scenario, Expr::value(form.scenario))
            .col_expr(
                application::Column::Addresses,
                Expr::value(serde_json::to_string(&form.addresses).map_err(Error::internal)?),
            )
            .filter(application::Column::Id.eq(&row.id))
            .exec(tx.conn())
            .await?;
        tx.append(Entry::new("application.changed", &row.id).put("addresses", form.addresses.len()));
        tx.commit().await?;
        self.application(ctx, id).await
    }

    /// 停用 or 启用: calls and tokens of an inactive application are refused.
    pub async fn set_application_active(&self, ctx: &Ctx, id: &ApplicationId, active: bool) -> Result<ApplicationView> {
        let row = self.own_application(ctx, id).await?;
        let mut tx = self.store().begin(ctx).await?;
        let changed = application::Entity::update_many()
            .col_expr(application::Column::Active, Expr::value(active))
            .filter(application::Column::Id.eq(&row.id))
            .filter(application::Column::Active.eq(!active))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected > 0 {
            let kind = if active {
                "application.activated"
            } else {
                "application.deactivated"
            };
            tx.append(Entry::new(kind, &row.id));
            tx.commit().await?;
        }
        self.application(ctx, id).await
    }

    /// A new secret; the old one and its tokens are refused from then on.
    pub async fn make_secret(&self, ctx: &Ctx, id: &ApplicationId) -> Result<ClientSecret> {
        let row = self.own_application(ctx, id).await?;
        let secret = crypto::hex::encode(ctx.chance.bytes::<32>());
        let salt = ctx.chance.bytes::<16>();
        let mut tx = self.store().begin(ctx).await?;
        let made = application::Entity::update_many()
            .col_expr(application::Column::SecretVersion, Expr::value(row.secret_version + 1))
            .col_expr(
                application::Column::SecretSalt,
                Expr::value(Some(crypto::hex::encode(salt))),
            )
            .col_expr(
                application::Column::SecretHash,
                Expr::value(Some(crypto::hex::encode(crypto::salted_hash(&salt, &secret)))),
            )
            .col_expr(application::Column::SecretAt, Expr::value(Some(ctx.now().0)))
            .filter(application::Column::Id.eq(&row.id))
            .filter(application::Column::SecretVersion.eq(row.secret_version))
            .exec(tx.conn())
            .await?;
        if made.rows_affected == 0 {
            return Err(Error::new(&base::error::CONFLICT));
        }
        tx.append(Entry::new("application.secret_made", &row.id).put("version", i64::from(row.secret_version) + 1));
        tx.commit().await?;
        // the person has the secret in hand: it works from the next call on
        self.refresh().await?;
        Ok(ClientSecret {
            client_id: row.id,
            client_secret: secret,
        })
    }

    pub async fn application(&self, ctx: &Ctx, id: &ApplicationId) -> Result<ApplicationView> {
        let row = self.application_row(ctx, id).await?;
        self.application_views(vec![row])
            .await?
            .pop()
            .ok_or_else(|| Error::not_found("应用"))
    }

    /// Newest first.
    pub async fn applications(&self, ctx: &Ctx, page: &PageQuery) -> Result<Page<ApplicationView>> {
        let mut found = application::Entity::find();
        if !self.sees_all(ctx) {
            let own = own(ctx)?;
            self.identity()
                .authz
                .check(ctx, Action::SharingRead, &Target::any().party(own))?;
            found = found.filter(Condition::all().add(application::Column::Institution.eq(own.as_str())));
        }
        if let Some(before) = &page.cursor {
            found = found.filter(application::Column::Id.lt(before));
        }
        let rows = found
            .order_by_desc(application::Column::Id)
            .limit(page.limit() + 1)
            .all(self.store().conn())
            .await?;
        let page = Page::from_overfetch(rows, page.limit(), |row| row.id.clone());
        Ok(Page {
            items: self.application_views(page.items).await?,
            next: page.next,
            total: None,
        })
    }

    fn sees_all(&self, ctx: &Ctx) -> bool {
        ctx.actor == Actor::System || self.identity().authz.permits(ctx, Action::SharingRead, &Target::any())
    }

    async fn application_row(&self, ctx: &Ctx, id: &ApplicationId) -> Result<application::Model> {
        if !ctx.actor.is_signed_in() && ctx.actor != Actor::System {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let row = application::Entity::find_by_id(id.as_str())
            .one(self.store().conn())
            .await?;
        let row = row.ok_or_else(|| Error::not_found("应用"))?;
        if !self.sees_all(ctx) {
            let target = Target::any().party(&row.institution.as_str().into());
            self.identity()
                .authz
                .reveal(ctx, Action::SharingRead, &target, "应用")?;
        }
        Ok(row)
    }

    async fn own_application(&self, ctx: &Ctx, id: &ApplicationId) -> Result<application::Model> {
        let row = self.application_row(ctx, id).await?;
        let target = Target::any().party(&row.institution.as_str().into());
        self.identity().authz.check(ctx, Action::ApplicationManage, &target)?;
        Ok(row)
    }

    async fn application_views(&self, rows: Vec<application::Model>) -> Result<Vec<ApplicationView>> {
        let names = self
            .identity()
            .institution_names(rows.iter().map(|r| r.institution.clone()))
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(ApplicationView {
                    addresses: row.networks()?,
                    client_id: row.id.clone(),
                    institution: org(&names, &row.institution),
                    id: row.id,
                    name: row.name,
                    scenario: row.scenario,
                    active: row.active,
                    created_at: Moment(row.created_at),
                    secret_issued_at: row.secret_at.map(Moment),
                })
            })
            .collect()
    }
}

pub(crate) fn org(names: &HashMap<String, (String, String)>, id: &str) -> OrgRef {
    let (name, short_name) = match names.get(id) {
        Some((name, short)) => (name.clone(), Some(short.clone())),
        None => (id.to_owned(), None),
    };
    OrgRef {
        id: id.into(),
        name,
        short_name,
    }
}

pub fn routes<S>() -> OpenApiRouter<S>
where
    GatewayBridge: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_applications, create_application))
        .routes(routes!(show_application, change_application))
        .routes(routes!(make_application_secret))
        .routes(routes!(activate_application))
        .routes(routes!(deactivate_application))
}

/// Applications of the caller's institution, newest first.
#[utoipa::path(get, path = "/applications", tag = "sharing", operation_id = "list_applications", params(PageQuery),
    responses((status = 200, body = Page<ApplicationView>)))]
async fn list_applications(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ApplicationView>>> {
    this.applications(&ctx, &page).await.map(Json)
}

/// 登记应用
#[utoipa::path(post, path = "/applications", tag = "sharing", operation_id = "create_application",
    request_body = ApplicationForm, responses((status = 201, body = ApplicationView)))]
async fn create_application(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Json(form): Json<ApplicationForm>,
) -> Result<(StatusCode, Json<ApplicationView>)> {
    Ok((StatusCode::CREATED, Json(this.register_application(&ctx, form).await?)))
}

/// One application.
#[utoipa::path(get, path = "/applications/{id}", tag = "sharing", operation_id = "show_application",
    params(("id" = String, Path, max_length = 64)), responses((status = 200, body = ApplicationView)))]
async fn show_application(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<ApplicationView>> {
    this.application(&ctx, &id.into()).await.map(Json)
}

/// Name, scenario and addresses.
#[utoipa::path(put, path = "/applications/{id}", tag = "sharing", operation_id = "change_application",
    params(("id" = String, Path, max_length = 64)), request_body = ApplicationForm, responses((status = 200, body = ApplicationView)))]
async fn change_application(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(form): Json<ApplicationForm>,
) -> Result<Json<ApplicationView>> {
    this.change_application(&ctx, &id.into(), form).await.map(Json)
}

/// Makes a new secret, shown once; the old one and its tokens end.
#[utoipa::path(post, path = "/applications/{id}/secret", tag = "sharing", operation_id = "make_application_secret",
    params(("id" = String, Path, max_length = 64)), responses((status = 200, body = ClientSecret)))]
async fn make_application_secret(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<ClientSecret>> {
    this.make_secret(&ctx, &id.into()).await.map(Json)
}

/// 启用
#[utoipa::path(post, path = "/applications/{id}/activate", tag = "sharing", operation_id = "activate_application",
    params(("id" = String, Path, max_length = 64)), responses((status = 200, body = ApplicationView)))]
async fn activate_application(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<ApplicationView>> {
    this.set_application_active(&ctx, &id.into(), true).await.map(Json)
}

/// 停用: its calls are refused within a second.
#[utoipa::path(post, path = "/applications/{id}/deactivate", tag = "sharing",
    operation_id = "deactivate_application", params(("id" = String, Path, max_length = 64)), responses((status = 200, body = ApplicationView)))]
async fn deactivate_application(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<ApplicationView>> {
    this.set_application_active(&ctx, &id.into(), false).await.map(Json)
}
