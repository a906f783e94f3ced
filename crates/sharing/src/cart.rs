//! 申购车: what a person means to apply for.

use base::{Ctx, Error, Result};
use identity::{Action, Target};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};
use serde::{Deserialize, Serialize};

use crate::Sharing;
use crate::model::{Line, check_lines};
use crate::store::cart;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Cart {
    #[schema(max_items = 50)]
    pub items: Vec<Line>,
}

impl Sharing {
    pub async fn cart(&self, ctx: &Ctx) -> Result<Cart> {
        self.may_apply(ctx)?;
        let row = cart::Entity::find_by_id(ctx.actor.id()).one(self.store.conn()).await?;
        row.map_or(Ok(Cart::default()), |row| {
            serde_json::from_str(&row.document).map_err(Error::internal)
        })
    }

    /// Replaces the cart. No ledger entry: nothing is decided by it.
    pub async fn save_cart(&self, ctx: &Ctx, cart: Cart) -> Result<Cart> {
        self.may_apply(ctx)?;
        let wrong = check_lines(&cart.items, Error::invalid(vec![]), true);
        if !wrong.fields.is_empty() {
            return Err(wrong);
        }
        for line in &cart.items {
            self.catalog.published(&line.resource_id.as_str().into()).await?;
        }
        let row = cart::ActiveModel {
            person: Set(ctx.actor.id().to_owned()),
            document: Set(serde_json::to_string(&cart).map_err(Error::internal)?),
            updated_at: Set(ctx.now().0),
        };
        let replace = OnConflict::column(cart::Column::Person)
            .update_columns([cart::Column::Document, cart::Column::UpdatedAt])
            .to_owned();
        let tx = self.store.begin(ctx).await?;
        cart::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(cart)
    }

    pub(crate) fn may_apply(&self, ctx: &Ctx) -> Result<()> {
        let target = ctx
            .actor
            .institution()
            .map_or_else(Target::any, |own| Target::any().party(own));
        self.identity.authz.check(ctx, Action::SharingApply, &target)
    }
}
