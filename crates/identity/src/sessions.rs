//! Signing in with a password. Single sign-on will come in beside
//! [`Identity::sign_in`] and end in [`Identity::open`] like it.

use base::{Actor, Ctx, DataUserId, Error, InstitutionId, PersonId, Result, limits};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use crate::people::{parse_roles, verify_password};
use crate::store::{data_user, person, session};
use crate::{Identity, errors};

/// Name of the session cookie.
pub const COOKIE: &str = "shuqiao_session";
/// How often the moment of the last request is written down, ms.
const SEEN_EVERY_MS: i64 = 60_000;
/// Verified when an account does not exist, so that the answer takes as long.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2h1cWlhby1kZWNveS1zYWx0$GpZ3sK/oH9p7VIiLp56G64Zo/8rUNtXn6kYz0aLYaXQ";

/// An account that signs in, of either table.
struct Account {
    id: String,
    password: String,
    failures: i32,
    locked_until: i64,
    active: bool,
    actor: Actor,
}

impl Identity {
    /// Returns the cookie's token. Five failures lock the account for a
    /// quarter of an hour.
    pub async fn sign_in(&self, ctx: &Ctx, login: &str, password: &str) -> Result<(Actor, String)> {
        let found = self.account(&login.trim().to_ascii_lowercase()).await?;
        let Some(account) = found else {
            verify_password(password.to_owned(), DECOY.to_owned()).await?;
            return Err(Error::new(&errors::BAD_CREDENTIALS));
        };
        let now = ctx.now();
        if account.locked_until > now.0 {
            return Err(Error::new(&errors::LOCKED));
        }
        if !verify_password(password.to_owned(), account.password.clone()).await? {
            return Err(self.failed(ctx, &account).await?);
        }
        if !account.active {
            return Err(Error::new(&errors::INACTIVE));
        }
        if account.failures > 0 {
            self.set_failures(ctx, &account, 0, 0).await?;
        }
        let token = self.open(ctx, account.actor.id()).await?;
        Ok((account.actor, token))
    }

    /// A session for an actor that has proved who it is.
    pub async fn open(&self, ctx: &Ctx, actor_id: &str) -> Result<String> {
        let token = crypto::hex::encode(ctx.chance.bytes::<32>());
        let row = session::ActiveModel {
            token_hash: Set(hash(&token)),
            actor_id: Set(actor_id.to_owned()),
            created_at: Set(ctx.now().0),
            seen_at: Set(ctx.now().0),
        };
        let tx = self.store.begin(ctx).await?;
        session::Entity::delete_many()
            .filter(session::Column::CreatedAt.lt(ctx.now().0 - limits::SESSION_MAX_MS))
            .exec(tx.conn())
            .await?;
        session::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        tx.commit().await?;
        Ok(token)
    }

    pub async fn sign_out(&self, ctx: &Ctx, token: &str) -> Result<()> {
        let tx = self.store.begin(ctx).await?;
        session::Entity::delete_by_id(hash(token)).exec(tx.conn()).await?;
        tx.commit().await.map(|_| ())
    }

    /// Who a cookie's token stands for; anonymous when it is unknown, idle for
    /// too long, or its account was closed.
    pub async fn resolve(&self, ctx: &Ctx, token: &str) -> Result<Actor> {
        let Some(row) = session::Entity::find_by_id(hash(token)).one(self.store.conn()).await? else {
            return Ok(Actor::Anonymous);
        };
        let now = ctx.now().0;
        if now - row.created_at > limits::SESSION_MAX_MS || now - row.seen_at > limits::SESSION_IDLE_MS {
            return Ok(Actor::Anonymous);
        }
        if now - row.seen_at > SEEN_EVERY_MS {
            let tx = self.store.begin(ctx).await?;
            session::Entity::update_many()
                .col_expr(session::Column::SeenAt, Expr::value(now))
                .filter(session::Column::TokenHash.eq(&row.token_hash))
                .exec(tx.conn())
                .await?;
            tx.commit().await?;
        }
        if row.actor_id.starts_with(DataUserId::PREFIX) {
            let user = data_user::Entity::find_by_id(&row.actor_id)
                .one(self.store.conn())
                .await?;
            return Ok(user.map_or(Actor::Anonymous, |u| Actor::DataUser { id: u.id.into() }));
        }
        let person = person::Entity::find_by_id(&row.actor_id).one(self.store.conn()).await?;
        Ok(person
            .filter(|p| p.active)
            .map_or(Actor::Anonymous, |p| person_actor(&p)))
    }

    async fn account(&self, login: &str) -> Result<Option<Account>> {
        let person = person::Entity::find()
            .filter(person::Column::Login.eq(login))
            .one(self.store.conn())
            .await?;
        if let Some(p) = person {
            return Ok(Some(Account {
                actor: person_actor(&p),
                id: p.id,
                password: p.password,
                failures: p.failures,
                locked_until: p.locked_until,
                active: p.active,
            }));
        }
        let user = data_user::Entity::find()
            .filter(data_user::Column::Login.eq(login))
            .one(self.store.conn())
            .await?;
        Ok(user.map(|u| Account {
            actor: Actor::DataUser {
                id: DataUserId(u.id.clone()),
            },
            id: u.id,
            password: u.password,
            failures: u.failures,
            locked_until: u.locked_until,
            active: true,
        }))
    }

    /// Counts a failure; the one too many locks and stands in the ledger.
    async fn failed(&self, ctx: &Ctx, account: &Account) -> Result<Error> {
        let failures = account.failures + 1;
        if failures < limits::SIGN_IN_FAILURES_MAX as i32 {
            self.set_failures(ctx, account, failures, 0).await?;
            return Ok(Error::new(&errors::BAD_CREDENTIALS));
        }
        self.set_failures(ctx, account, 0, ctx.now().0 + limits::SIGN_IN_LOCK_MS)
            .await?;
        Ok(Error::new(&errors::LOCKED))
    }

    async fn set_failures(&self, ctx: &Ctx, account: &Account, failures: i32, locked_until: i64) -> Result<()> {
        let mut tx = self.store.begin(ctx).await?;
        match account.actor {
            Actor::DataUser { .. } => {
                data_user::Entity::update_many()
                    .col_expr(data_user::Column::Failures, Expr::value(failures))
                    .col_expr(data_user::Column::LockedUntil, Expr::value(locked_until))
                    .filter(data_user::Column::Id.eq(&account.id))
                    .exec(tx.conn())
                    .await?
            }
            _ => {
                person::Entity::update_many()
                    .col_expr(person::Column::Failures, Expr::value(failures))
                    .col_expr(person::Column::LockedUntil, Expr::value(locked_until))
                    .filter(person::Column::Id.eq(&account.id))
                    .exec(tx.conn())
                    .await?
            }
        };
        if locked_until > 0 {
            tx.append(Entry::new("account.locked", account.id.as_str()));
        }
        tx.commit().await.map(|_| ())
    }
}

fn person_actor(p: &person::Model) -> Actor {
    Actor::Person {
        id: PersonId(p.id.clone()),
        institution: InstitutionId(p.institution_id.clone()),
        roles: parse_roles(&p.roles),
    }
}

fn hash(token: &str) -> String {
    crypto::hex::encode(crypto::sha256(token.as_bytes()))
}
