//! Addresses of signing in, organisations and people.

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::error::Problem;
use base::{Actor, Ctx, DataUserId, Error, InstitutionId, Page, PageQuery, PersonId, Result, codes};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::institutions::{Institution, InstitutionForm, InstitutionQuery, Kind};
use crate::people::{DataUser, DataUserForm, Person, PersonChange, PersonForm};
use crate::sessions::COOKIE;
use crate::{Identity, Node};

pub fn routes<S>() -> OpenApiRouter<S>
where
    Identity: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(sign_in, who_am_i, sign_out))
        .routes(routes!(list_institutions, create_institution))
        .routes(routes!(show_institution, change_institution))
        .routes(routes!(list_people, create_person))
        .routes(routes!(change_person))
        .routes(routes!(register_data_user))
        .routes(routes!(my_data_user))
        .routes(routes!(list_divisions))
}

#[derive(Deserialize, utoipa::ToSchema)]
pub struct SignIn {
    #[schema(max_length = 64)]
    login: String,
    #[schema(max_length = 200)]
    password: String,
}

/// Who is signed in, and what for.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Me {
    actor: ActorView,
    node: NodeView,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct ActorView {
    /// anonymous, person, data_user
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    institution: Option<InstitutionView>,
    roles: Vec<base::Role>,
    /// Ids of the actions that the actor may do on what is its own.
    actions: Vec<&'static str>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct InstitutionView {
    id: InstitutionId,
    name: String,
    short_name: String,
    kind: Kind,
    division: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct NodeView {
    name: String,
    /// province, city, county
    level: String,
    division: String,
    division_name: String,
    rule_set: String,
    rule_set_title: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct DivisionView {
    code: &'static str,
    name: &'static str,
    short_name: &'static str,
    english: &'static str,
    level: codes::Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'static str>,
}

#[derive(Deserialize, utoipa::ToSchema)]
pub struct InstitutionChange {
    /// The revision that was read.
    revision: i32,
    #[serde(flatten)]
    form: InstitutionForm,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    #[param(max_length = 64)]
    institution: Option<String>,
}

impl Identity {
    async fn me(&self, ctx: &Ctx) -> Result<Me> {
        let mut view = ActorView {
            kind: "anonymous",
            id: None,
            name: None,
            institution: None,
            roles: ctx.actor.roles().to_vec(),
            actions: self.authz.own_actions(ctx),
        };
        match &ctx.actor {
            Actor::Person { id, institution, .. } => {
                let home = self.institution(institution).await?;
                view.kind = "person";
                view.id = Some(id.0.clone());
                view.name = Some(self.person(id).await?.name);
                view.institution = Some(InstitutionView {
                    id: home.id,
                    name: home.name,
                    short_name: home.short_name,
                    kind: home.kind,
                    division: home.division,
                });
            }
            Actor::DataUser { id } => {
                view.kind = "data_user";
                view.id = Some(id.0.clone());
                view.name = Some(self.data_user(id).await?.name);
            }
            Actor::Anonymous | Actor::System => {}
        }
        Ok(Me {
            actor: view,
            node: self.node_view(),
        })
    }

    fn node_view(&self) -> NodeView {
        let Node {
            name,
            division,
            rule_set,
        } = self.node.as_ref().clone();
        let found = codes::division(&division);
        NodeView {
            name,
            level: found.map_or("province", |d| d.level.as_str()).to_owned(),
            division_name: found.map_or(division.clone(), |d| d.name.to_owned()),
            division,
            rule_set,
            rule_set_title: self.rule_set_title.to_string(),
        }
    }

    fn cookie(&self, token: &str, seconds: i64) -> String {
        let secure = if self.secure_cookies { "; Secure" } else { "" };
        format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
    }
}

/// The session token among a request's cookies.
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(COOKIE_HEADER)?.to_str().ok()?;
    cookies
        .split(';')
        .find_map(|c| c.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// 登录
#[utoipa::path(post, path = "/session", tag = "identity", operation_id = "sign_in", security(()), request_body = SignIn,
    responses((status = 200, body = Me), (status = 423, body = Problem)))]
async fn sign_in(State(identity): State<Identity>, ctx: Ctx, Json(body): Json<SignIn>) -> Result<Response> {
    let (actor, token) = identity.sign_in(&ctx, &body.login, &body.password).await?;
    let me = identity.me(&ctx.as_actor(actor)).await?;
    let cookie = identity.cookie(&token, base::limits::SESSION_MAX_MS / 1000);
    Ok(([(SET_COOKIE, cookie)], Json(me)).into_response())
}

/// 当前登录人
#[utoipa::path(get, path = "/session", tag = "identity", operation_id = "who_am_i", security(()), responses((status = 200, body = Me)))]
async fn who_am_i(State(identity): State<Identity>, ctx: Ctx) -> Result<Json<Me>> {
    identity.me(&ctx).await.map(Json)
}

/// 退出登录
#[utoipa::path(delete, path = "/session", tag = "identity", operation_id = "sign_out", security(()),
    responses((status = 204)))]
async fn sign_out(State(identity): State<Identity>, ctx: Ctx, headers: HeaderMap) -> Result<Response> {
    if let Some(token) = session_token(&headers) {
        identity.sign_out(&ctx, token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, identity.cookie("", 0))]).into_response())
}

/// 机构列表
#[utoipa::path(get, path = "/institutions", tag = "identity", operation_id = "list_institutions", params(InstitutionQuery, PageQuery),
    responses((status = 200, body = Page<Institution>)))]
async fn list_institutions(
    State(identity): State<Identity>,
    ctx: Ctx,
    Query(query): Query<InstitutionQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Institution>>> {
    identity.institutions(&ctx, query, page).await.map(Json)
}

/// 登记机构
#[utoipa::path(post, path = "/institutions", tag = "identity", operation_id = "create_institution", request_body = InstitutionForm,
    responses((status = 201, body = Institution)))]
async fn create_institution(
    State(identity): State<Identity>,
    ctx: Ctx,
    Json(form): Json<InstitutionForm>,
) -> Result<(StatusCode, Json<Institution>)> {
    Ok((
        StatusCode::CREATED,
        Json(identity.create_institution(&ctx, form).await?),
    ))
}

/// 机构详情
#[utoipa::path(get, path = "/institutions/{id}", tag = "identity", operation_id = "show_institution", params(("id" = String, Path, max_length = 64)),
    responses((status = 200, body = Institution)))]
async fn show_institution(
    State(identity): State<Identity>,
    ctx: Ctx,
    Path(id): Path<InstitutionId>,
) -> Result<Json<Institution>> {
    identity
        .authz
        .check(&ctx, crate::Action::InstitutionRead, &crate::Target::any())?;
    identity.institution(&id).await.map(Json)
}

/// 变更机构
#[utoipa::path(patch, path = "/institutions/{id}", tag = "identity", operation_id = "change_institution", params(("id" = String, Path, max_length = 64)),
    request_body = InstitutionChange,
    responses((status = 200, body = Institution)))]
async fn change_institution(
    State(identity): State<Identity>,
    ctx: Ctx,
    Path(id): Path<InstitutionId>,
    Json(change): Json<InstitutionChange>,
) -> Result<Json<Institution>> {
    identity
        .change_institution(&ctx, &id, change.revision, change.form)
        .await
        .map(Json)
}

/// 人员列表
#[utoipa::path(get, path = "/people", tag = "identity", operation_id = "list_people", params(PeopleQuery, PageQuery),
    responses((status = 200, body = Page<Person>)))]
async fn list_people(
    State(identity): State<Identity>,
    ctx: Ctx,
    Query(query): Query<PeopleQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Person>>> {
    identity
        .people(&ctx, query.institution.as_deref(), page)
        .await
        .map(Json)
}

/// 添加人员
#[utoipa::path(post, path = "/people", tag = "identity", operation_id = "create_person", request_body = PersonForm,
    responses((status = 201, body = Person)))]
async fn create_person(
    State(identity): State<Identity>,
    ctx: Ctx,
    Json(form): Json<PersonForm>,
) -> Result<(StatusCode, Json<Person>)> {
    Ok((StatusCode::CREATED, Json(identity.create_person(&ctx, form).await?)))
}

/// 变更人员:角色、停用、重置密码
#[utoipa::path(patch, path = "/people/{id}", tag = "identity", operation_id = "change_person", params(("id" = String, Path, max_length = 64)),
    request_body = PersonChange,
    responses((status = 200, body = Person)))]
async fn change_person(
    State(identity): State<Identity>,
    ctx: Ctx,
    Path(id): Path<PersonId>,
    Json(change): Json<PersonChange>,
) -> Result<Json<Person>> {
    identity.change_person(&ctx, &id, change).await.map(Json)
}

/// 注册数据利用主体
#[utoipa::path(post, path = "/data-users", tag = "identity", operation_id = "register_data_user", security(()), request_body = DataUserForm,
    responses((status = 201, body = DataUser)))]
async fn register_data_user(
    State(identity): State<Identity>,
    ctx: Ctx,
    Json(form): Json<DataUserForm>,
) -> Result<(StatusCode, Json<DataUser>)> {
    Ok((
        StatusCode::CREATED,
        Json(identity.register_data_user(&ctx, form).await?),
    ))
}

/// 我的注册信息
#[utoipa::path(get, path = "/data-users/me", tag = "identity", operation_id = "my_data_user",
    responses((status = 200, body = DataUser)))]
async fn my_data_user(State(identity): State<Identity>, ctx: Ctx) -> Result<Json<DataUser>> {
    let id: &DataUserId = match &ctx.actor {
        Actor::DataUser { id } => id,
        Actor::Person { .. } => return Err(Error::not_found("注册信息")),
        _ => return Err(Error::new(&base::error::SIGN_IN_REQUIRED)),
    };
    identity.data_user(id).await.map(Json)
}

/// 行政区划:1 个省、11 个设区市、90 个县(市、区)
#[utoipa::path(get, path = "/divisions", tag = "identity", operation_id = "list_divisions", security(()), responses((status = 200, body = Vec<DivisionView>)))]
async fn list_divisions() -> Json<Vec<DivisionView>> {
    let view = |d: &'static codes::Division| DivisionView {
        code: d.code,
        name: d.name,
        short_name: d.short_name,
        english: d.english,
        level: d.level,
        parent: d.parent,
    };
    Json(codes::divisions().iter().map(view).collect())
}
