//! 通知: what somebody should know and need not decide. All capabilities post
//! here, in the transaction of the decision that the notice is about.

use base::{Actor, Ctx, Error, Lang, Moment, NoticeId, Page, PageQuery, Result, Role};
use db::Tx;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Set,
};
use serde::{Deserialize, Serialize};

use crate::store::{notice, notice_read};
use crate::{Desk, Procedures, Subject};

/// Who is told.
#[derive(Clone, Debug)]
pub enum Recipient {
    /// Whoever sits at a party's desk.
    Desk(Desk),
    /// Everybody of an institution.
    Institution(base::InstitutionId),
    DataUser(base::DataUserId),
}

/// A notice to be posted. Texts are without personal data.
#[derive(Clone, Debug)]
pub struct Notice {
    pub to: Recipient,
    /// Stable, dotted.
    pub kind: String,
    pub zh: String,
    pub en: String,
    pub subject: Subject,
    /// Page of the web app that shows it.
    pub href: String,
}

impl Notice {
    pub async fn post(self, tx: &mut Tx) -> Result<NoticeId> {
        let id = NoticeId::new(tx.ctx());
        let (institution, role, data_user) = match self.to {
            Recipient::Desk(desk) => (
                desk.institution.map(Into::into),
                Some(desk.role.as_str().to_owned()),
                desk.data_user.map(Into::into),
            ),
            Recipient::Institution(institution) => (Some(institution.into()), None, None),
            Recipient::DataUser(user) => (None, None, Some(user.into())),
        };
        let row = notice::ActiveModel {
            id: Set(id.0.clone()),
            institution: Set(institution),
            role: Set(role),
            data_user: Set(data_user),
            kind: Set(self.kind),
            title_zh: Set(self.zh),
            title_en: Set(self.en),
            subject_type: Set(self.subject.r#type),
            subject_id: Set(self.subject.id),
            href: Set(self.href),
            at: Set(tx.ctx().now().0),
        };
        notice::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        Ok(id)
    }
}

/// A notice as its reader sees it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Notice)]
pub struct NoticeRow {
    pub id: String,
    /// Stable, dotted.
    pub kind: String,
    pub title: String,
    /// Type and id of what it is about.
    pub subject_type: String,
    pub subject_id: String,
    /// Page of the web app that shows it.
    pub href: String,
    pub at: Moment,
    pub read: bool,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NoticeQuery {
    /// Only those not read yet.
    pub unread: Option<bool>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

impl Procedures {
    /// The caller's notices, newest first; `total` counts the unread ones.
    pub async fn notices(&self, ctx: &Ctx, query: &NoticeQuery) -> Result<Page<NoticeRow>> {
        let mine = mine(&ctx.actor)?;
        let reader = ctx.actor.id();
        let read_ids = notice_read::Entity::find()
            .select_only()
            .column(notice_read::Column::NoticeId)
            .filter(notice_read::Column::Reader.eq(reader));
        let unread = Expr::col((notice::Entity, notice::Column::Id)).not_in_subquery(read_ids.into_query());
        let total = notice::Entity::find()
            .filter(mine.clone())
            .filter(unread.clone())
            .count(self.store.conn())
            .await?;
        let mut found = notice::Entity::find().filter(mine);
        if query.unread == Some(true) {
            found = found.filter(unread);
        }
        if let Some(before) = &query.cursor {
            found = found.filter(notice::Column::Id.lt(before));
        }
        let limit = PageQuery {
            cursor: None,
            limit: query.limit,
        }
        .limit();
        let rows = found
            .order_by_desc(notice::Column::Id)
            .limit(limit + 1)
            .all(self.store.conn())
            .await?;
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let read = notice_read::Entity::find()
            .filter(notice_read::Column::Reader.eq(reader))
            .filter(notice_read::Column::NoticeId.is_in(ids))
            .all(self.store.conn())
            .await?;
        let views = rows.into_iter().map(|row| {
            let read = read.iter().any(|r| r.notice_id == row.id);
            view(row, ctx.lang, read)
        });
        let mut page = Page::from_overfetch(views.collect(), limit, |n: &NoticeRow| n.id.clone());
        page.total = Some(total);
        Ok(page)
    }

    /// Marks a notice as read by the caller; once more changes nothing.
    pub async fn read_notice(&self, ctx: &Ctx, id: &str) -> Result<NoticeRow> {
        let found = notice::Entity::find_by_id(id)
            .filter(mine(&ctx.actor)?)
            .one(self.store.conn())
            .await?;
        let row = found.ok_or_else(|| Error::not_found("通知"))?;
        let tx = self.store.begin(ctx).await?;
        let mark = notice_read::ActiveModel {
            notice_id: Set(row.id.clone()),
            reader: Set(ctx.actor.id().to_owned()),
            at: Set(ctx.now().0),
        };
        let once = OnConflict::columns([notice_read::Column::NoticeId, notice_read::Column::Reader])
            .do_nothing()
            .to_owned();
        notice_read::Entity::insert(mark)
            .on_conflict(once)
            .exec_without_returning(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(view(row, ctx.lang, true))
    }
}

fn mine(actor: &Actor) -> Result<Condition> {
    match actor {
        Actor::Person { institution, roles, .. } => {
            let names: Vec<&str> = roles.iter().map(|role: &Role| role.as_str()).collect();
            Ok(Condition::all()
                .add(notice::Column::Institution.eq(institution.as_str()))
                .add(
                    Condition::any()
                        .add(notice::Column::Role.is_null())
                        .add(notice::Column::Role.is_in(names)),
                ))
        }
        Actor::DataUser { id } => Ok(Condition::all().add(notice::Column::DataUser.eq(id.as_str()))),
        _ => Err(Error::new(&base::error::SIGN_IN_REQUIRED)),
    }
}

fn view(row: notice::Model, lang: Lang, read: bool) -> NoticeRow {
    NoticeRow {
        id: row.id,
        kind: row.kind,
        title: if lang == Lang::En { row.title_en } else { row.title_zh },
        subject_type: row.subject_type,
        subject_id: row.subject_id,
        href: row.href,
        at: Moment(row.at),
        read,
    }
}
