//! 共享概况 (SHA-10): demands, how many were met, how long it took.

use base::{Ctx, Result};
use identity::{Action, Target};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::Sharing;
use crate::store::{grant, request};

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SharingOverview {
    /// 共享需求
    pub requests: u64,
    pub running: u64,
    /// Granted.
    pub met: u64,
    pub refused: u64,
    /// Granted of decided, 0 to 1; absent before the first decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met_ratio: Option<f64>,
    /// Working days from request to decision; absent before the first decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_working_days: Option<f64>,
    pub active_grants: u64,
}

impl Sharing {
    /// Figures of the node, for everybody who works on it.
    pub async fn overview(&self, ctx: &Ctx) -> Result<SharingOverview> {
        self.identity.authz.check(ctx, Action::TaskRead, &Target::any())?;
        let conn = self.store.conn();
        let in_state = async |state: &str| {
            request::Entity::find()
                .filter(request::Column::State.eq(state))
                .count(conn)
                .await
        };
        let (running, met, refused) = (
            in_state("running").await?,
            in_state("granted").await?,
            in_state("refused").await?,
        );
        let decided = met + refused;
        let days: Option<Option<i64>> = request::Entity::find()
            .select_only()
            .column_as(request::Column::TookDays.sum(), "days")
            .into_tuple()
            .one(conn)
            .await?;
        let of_decided = |n: f64| (decided > 0).then(|| n / decided as f64);
        Ok(SharingOverview {
            requests: running + decided,
            running,
            met,
            refused,
            met_ratio: of_decided(met as f64),
            average_working_days: of_decided(days.flatten().unwrap_or_default() as f64),
            active_grants: grant::Entity::find()
                .filter(grant::Column::State.eq("active"))
                .count(conn)
                .await?,
        })
    }
}
