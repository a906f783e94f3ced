//! Deadlines that ran out: each is flagged once, in the ledger and to its desk
//! and the authority (SUP-1).

use base::{Ctx, Error, Moment, Result};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::engine::procedure_row;
use crate::notices::{Notice, Recipient};
use crate::store::step;
use crate::{Parties, Procedures, Subject};

/// Steps flagged in one transaction.
const BATCH: u64 = 100;

impl Procedures {
    /// A timer calls this; it is safe to call at any time and from several
    /// processes. Returns how many were flagged.
    pub async fn flag_overdue(&self, ctx: &Ctx) -> Result<u64> {
        let mut flagged = 0;
        loop {
            let batch = self.flag_some(ctx).await?;
            flagged += batch;
            if batch < BATCH {
                return Ok(flagged);
            }
        }
    }

    async fn flag_some(&self, ctx: &Ctx) -> Result<u64> {
        let mut tx = self.store.begin(ctx).await?;
        let late = step::Entity::find()
            .filter(step::Column::ClosedAt.is_null())
            .filter(step::Column::OverdueFlagged.eq(false))
            .filter(step::Column::OrderDue.lt(ctx.now().0))
            .order_by_asc(step::Column::OrderDue)
            .limit(BATCH)
            .all(tx.conn())
            .await?;
        let mut flagged = 0;
        for row in late {
            let guarded = step::Entity::update_many()
                .col_expr(step::Column::OverdueFlagged, Expr::value(true))
                .filter(step::Column::Id.eq(row.id.as_str()))
                .filter(step::Column::OverdueFlagged.eq(false))
                .filter(step::Column::ClosedAt.is_null())
                .exec(tx.conn())
                .await?;
            if guarded.rows_affected == 0 {
                continue;
            }
            flagged += 1;
            self.flag(&mut tx, &row).await?;
        }
        tx.commit().await?;
        Ok(flagged)
    }

    async fn flag(&self, tx: &mut db::Tx, row: &step::Model) -> Result<()> {
        let procedure = procedure_row(tx.conn(), &row.procedure_id).await?;
        let parties: Parties = serde_json::from_str(&procedure.parties).map_err(Error::internal)?;
        let spec = self.spec(tx.conn(), &procedure.spec_id).await?;
        let at = spec
            .step(&row.name)
            .ok_or_else(|| Error::internal(format!("{} has no step {}", spec.kind, row.name)))?;
        let entry = Entry::new("procedure.overdue", procedure.subject_id.as_str())
            .article(at.citation(base::Lang::Zh))
            .put("procedure", procedure.id.as_str())
            .put("kind", procedure.kind.as_str())
            .put("step", row.name.as_str())
            .put("step_id", row.id.as_str())
            .put("by", row.party.as_str());
        let entry = match row.due {
            Some(due) => entry.put("due", Moment(due).rfc3339()),
            None => entry,
        };
        tx.append(match &row.institution {
            Some(institution) => entry.put("of", institution.as_str()),
            None => entry,
        });
        let mut desks: Vec<_> = [parties.desk(at.by), parties.desk(law::Party::Authority)]
            .into_iter()
            .flatten()
            .collect();
        desks.dedup();
        for desk in desks {
            let title = &procedure.subject_title;
            Notice {
                to: Recipient::Desk(desk.clone()),
                kind: "procedure.overdue".into(),
                zh: format!("{title}:{}已逾期", at.title.zh),
                en: format!("{title}: {} is overdue", at.title.en),
                subject: Subject::new(&procedure.subject_type, &procedure.subject_id, title),
                href: procedure.href.clone(),
            }
            .post(tx)
            .await?;
        }
        Ok(())
    }
}
