//! Deadlines that run out (SUP-1): in the last third of its time a step's desk
//! is warned once; past its end it is flagged once, in the ledger and to its desk
//! and the authority.

use base::{Ctx, Error, Moment, Result};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::engine::procedure_row;
use crate::notices::{Notice, Recipient};
use crate::store::step;
use crate::{Parties, Procedures, Subject};

/// Steps flagged in one transaction.
const BATCH: u64 = 100;

#[derive(Clone, Copy)]
enum Pass {
    Warning,
    Overdue,
}

impl Pass {
    fn mark(self) -> step::Column {
        match self {
            Pass::Warning => step::Column::Warned,
            Pass::Overdue => step::Column::OverdueFlagged,
        }
    }
    /// Open, not marked yet, and its time has come.
    fn still(self, now: Moment) -> Condition {
        let open = Condition::all()
            .add(step::Column::ClosedAt.is_null())
            .add(self.mark().eq(false));
        match self {
            Pass::Warning => open
                .add(step::Column::WarnsAt.lte(now.0))
                .add(step::Column::OrderDue.gte(now.0)),
            Pass::Overdue => open.add(step::Column::OrderDue.lt(now.0)),
        }
    }
}

impl Procedures {
    /// A timer calls this; it is safe to call at any time and from several
    /// processes. Warns where it is due, and returns how many steps were
    /// flagged as overdue.
    pub async fn flag_overdue(&self, ctx: &Ctx) -> Result<u64> {
        while self.pass(ctx, Pass::Warning).await? == BATCH {}
        let mut flagged = 0;
        loop {
            let batch = self.pass(ctx, Pass::Overdue).await?;
            flagged += batch;
            if batch < BATCH {
                return Ok(flagged);
            }
        }
    }

    async fn pass(&self, ctx: &Ctx, pass: Pass) -> Result<u64> {
        let mut tx = self.store.begin(ctx).await?;
        let found = step::Entity::find()
            .filter(pass.still(ctx.now()))
            .order_by_asc(step::Column::OrderDue)
            .limit(BATCH)
            .all(tx.conn())
            .await?;
        let mut marked = 0;
        for row in found {
            let guarded = step::Entity::update_many()
                .col_expr(pass.mark(), Expr::value(true))
                .filter(step::Column::Id.eq(row.id.as_str()))
                .filter(pass.still(ctx.now()))
                .exec(tx.conn())
                .await?;
            if guarded.rows_affected == 0 {
                continue;
            }
            marked += 1;
            match pass {
                Pass::Warning => self.warn(&mut tx, &row).await?,
                Pass::Overdue => self.flag(&mut tx, &row).await?,
            }
        }
        tx.commit().await?;
        Ok(marked)
    }

    async fn warn(&self, tx: &mut db::Tx, row: &step::Model) -> Result<()> {
        let procedure = procedure_row(tx.conn(), &row.procedure_id).await?;
        let parties: Parties = serde_json::from_str(&procedure.parties).map_err(Error::internal)?;
        let spec = self.spec(tx.conn(), &procedure.spec_id).await?;
        let (Some(at), Some(due)) = (spec.step(&row.name), row.due) else {
            return Ok(());
        };
        let Some(desk) = parties.desk(at.by) else { return Ok(()) };
        let (title, day) = (&procedure.subject_title, Moment(due).date());
        Notice {
            to: Recipient::Desk(desk.clone()),
            kind: "procedure.warning".into(),
            zh: format!("{title}：{}将于{}到期", at.title.zh, day.format("%Y年%-m月%-d日")),
            en: format!("{title}: {} is due on {day}", at.title.en),
            subject: Subject::new(&procedure.subject_type, &procedure.subject_id, title),
            href: procedure.href.clone(),
        }
        .post(tx)
        .await?;
        Ok(())
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
                zh: format!("{title}：{}已逾期", at.title.zh),
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
