//! Use-cases of rules.

use base::{Ctx, Error, QualityRuleId, ResourceId, Result};
use catalog::PublishedEntry;
use db::Tx;
use identity::Action;
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::Quality;
use crate::errors::RULE_CHANGED;
use crate::rule::{Draft, Rule, propose};
use crate::store::rule;
use crate::views::ChangeRule;

impl Quality {
    /// A resource's rules; the proposed ones are adopted when it has none yet,
    /// so that a table is never unchecked because nobody wrote a rule.
    pub(crate) async fn adopted(&self, tx: &mut Tx, entry: &PublishedEntry) -> Result<Vec<Rule>> {
        let rules = rules_of(tx.conn(), &entry.id).await?;
        if !rules.is_empty() {
            return Ok(rules);
        }
        let drafts = propose(entry);
        let mut out = vec![];
        for draft in drafts {
            out.push(insert(tx, &entry.id, draft).await?);
        }
        tx.append(Entry::new("quality.rules_proposed", entry.id.as_str()).put("rules", out.len()));
        Ok(out)
    }

    pub async fn rules(&self, ctx: &Ctx, resource: &ResourceId) -> Result<Vec<Rule>> {
        let entry = self.entry_for(ctx, Action::QualityRead, resource).await?;
        let rules = rules_of(self.store().conn(), &entry.id).await?;
        if !rules.is_empty() {
            return Ok(rules);
        }
        let mut tx = self.store().begin(ctx).await?;
        let rules = self.adopted(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(rules)
    }

    pub async fn create_rule(&self, ctx: &Ctx, resource: &ResourceId, draft: Draft) -> Result<Rule> {
        let entry = self.entry_for(ctx, Action::QualityManage, resource).await?;
        draft.check(&entry)?;
        let mut tx = self.store().begin(ctx).await?;
        self.adopted(&mut tx, &entry).await?;
        let created = insert(&mut tx, resource, draft).await?;
        tx.append(
            Entry::new("quality.rule_created", resource.as_str())
                .put("rule", created.id.as_str())
                .put("kind", created.kind.as_str()),
        );
        tx.commit().await?;
        Ok(created)
    }

    pub async fn change_rule(&self, ctx: &Ctx, id: &QualityRuleId, change: ChangeRule) -> Result<Rule> {
        let row = rule::Entity::find_by_id(id.as_str()).one(self.store().conn()).await?;
        let before = Rule::try_from(row.ok_or_else(|| Error::not_found("质量规则"))?)?;
        let entry = self.entry_for(ctx, Action::QualityManage, &before.resource_id).await?;
        let draft = Draft {
            title: change.title.unwrap_or(before.title),
            kind: before.kind,
            items: change.items.unwrap_or(before.items),
            params: change.params.unwrap_or(before.params),
            tolerance: change.tolerance.unwrap_or(before.tolerance),
        };
        draft.check(&entry)?;
        let enabled = change.enabled.unwrap_or(before.enabled);
        let mut tx = self.store().begin(ctx).await?;
        let changed = rule::Entity::update_many()
            .col_expr(rule::Column::Title, Expr::value(draft.title))
            .col_expr(rule::Column::Items, Expr::value(json(&draft.items)?))
            .col_expr(rule::Column::Params, Expr::value(json(&draft.params)?))
            .col_expr(rule::Column::Tolerance, Expr::value(draft.tolerance))
            .col_expr(rule::Column::Enabled, Expr::value(enabled))
            .col_expr(rule::Column::Revision, Expr::value(change.revision + 1))
            .col_expr(rule::Column::UpdatedAt, Expr::value(ctx.now().0))
            .filter(rule::Column::Id.eq(id.as_str()))
            .filter(rule::Column::Revision.eq(change.revision))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::new(&RULE_CHANGED));
        }
        let entry = Entry::new("quality.rule_changed", before.resource_id.as_str()).put("rule", id.as_str());
        tx.append(entry.put("enabled", enabled));
        tx.commit().await?;
        let row = rule::Entity::find_by_id(id.as_str()).one(self.store().conn()).await?;
        row.ok_or_else(|| Error::not_found("质量规则"))?.try_into()
    }
}

pub(crate) async fn rules_of(conn: &impl sea_orm::ConnectionTrait, resource: &ResourceId) -> Result<Vec<Rule>> {
    let rows = rule::Entity::find()
        .filter(rule::Column::ResourceId.eq(resource.as_str()))
        .all(conn)
        .await?;
    let mut rules: Vec<Rule> = rows.into_iter().map(Rule::try_from).collect::<Result<_>>()?;
    let order = |kind: &str| crate::kinds::library().kinds.iter().position(|k| k.name == kind);
    rules.sort_by(|a, b| order(&a.kind).cmp(&order(&b.kind)).then_with(|| a.id.cmp(&b.id)));
    Ok(rules)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

async fn insert(tx: &mut Tx, resource: &ResourceId, draft: Draft) -> Result<Rule> {
    let now = tx.ctx().now();
    let row = rule::Model {
        id: QualityRuleId::new(tx.ctx()).0,
        resource_id: resource.0.clone(),
        title: draft.title.trim().to_owned(),
        kind: draft.kind,
        items: json(&draft.items)?,
        params: json(&draft.params)?,
        tolerance: draft.tolerance,
        enabled: true,
        revision: 1,
        created_at: now.0,
        updated_at: now.0,
    };
    rule::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.conn())
        .await?;
    row.try_into()
}
