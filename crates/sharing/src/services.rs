//! 接口服务: what the gateway offers, one resource in one mode. An interface
//! opens with its first grant and keeps its address from then on.

use base::{Ctx, Error, Page, ResourceId, Result, ServiceId};
use catalog::{PublishedEntry, PublishedItem};
use db::Tx;
use protect::Mode;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};

use crate::Sharing;
use crate::grants::GrantQuery;
use crate::model::{ApplicationRef, RequestedItem, ResourceRef, mode_name};
use crate::store::service;

/// An interface that the caller's institution has a grant for.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SharingService)]
pub struct ServiceView {
    pub id: String,
    /// Name in the gateway's address.
    pub slug: String,
    pub resource: ResourceRef,
    pub mode: Mode,
    /// Items of the grant, with their masks.
    pub items: Vec<RequestedItem>,
    pub grant_id: String,
    pub scenario: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationRef>,
    /// What a call looks up by.
    pub key_items: Vec<RequestedItem>,
    /// Address on this node.
    pub url: String,
    /// Body of a call, to be filled in.
    pub sample: serde_json::Value,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ServiceQuery {
    /// Id of an interface: its rows only, one a grant.
    #[param(max_length = 64)]
    pub service: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// What a row is looked up by: the key items that identify a person or an
/// organisation; else what identifies one; else the whole key.
pub fn key_items(entry: &PublishedEntry) -> Vec<&PublishedItem> {
    let identifies = |item: &&PublishedItem| matches!(item.identifier.as_deref(), Some("citizen_id" | "uscc"));
    let keyed: Vec<_> = entry.keys().filter(identifies).collect();
    if !keyed.is_empty() {
        return keyed;
    }
    match entry.items.iter().find(identifies) {
        Some(item) => vec![item],
        None => entry.keys().collect(),
    }
}

impl Sharing {
    /// The id of the resource's interface in a mode, opened where it is new.
    pub(crate) async fn open_service(&self, tx: &mut Tx, resource: &ResourceId, mode: Mode) -> Result<String> {
        let found = service::Entity::find()
            .filter(service::Column::ResourceId.eq(resource.as_str()))
            .filter(service::Column::Mode.eq(mode_name(mode)))
            .one(tx.conn())
            .await?;
        if let Some(row) = found {
            return Ok(row.id);
        }
        let entry = self.catalog.published(resource).await?;
        let keys: Vec<RequestedItem> = key_items(&entry).into_iter().map(Into::into).collect();
        let id = ServiceId::new(tx.ctx());
        let row = service::ActiveModel {
            id: Set(id.0.clone()),
            slug: Set(slug(&entry.code, mode)),
            resource_id: Set(resource.0.clone()),
            provider: Set(entry.provider_id.0.clone()),
            mode: Set(mode_name(mode).to_owned()),
            key_items: Set(serde_json::to_string(&keys).map_err(Error::internal)?),
            created_at: Set(tx.ctx().now().0),
        };
        service::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        Ok(id.0)
    }

    /// Interfaces that the caller's institution may call now.
    pub async fn services(&self, ctx: &Ctx, query: ServiceQuery) -> Result<Page<ServiceView>> {
        let query = GrantQuery {
            role: Some("consumer".into()),
            state: Some("active".into()),
            service: query.service,
            cursor: query.cursor,
            limit: query.limit,
        };
        let grants = self.grants(ctx, &query).await?;
        let ids: Vec<&str> = grants.items.iter().map(|g| g.service_id.as_str()).collect();
        let rows = service::Entity::find()
            .filter(service::Column::Id.is_in(ids))
            .all(self.store.conn())
            .await?;
        let mut items = vec![];
        for grant in grants.items {
            let Some(row) = rows.iter().find(|row| row.id == grant.service_id) else {
                continue;
            };
            let keys: Vec<RequestedItem> = serde_json::from_str(&row.key_items).map_err(Error::internal)?;
            items.push(ServiceView {
                id: row.id.clone(),
                slug: row.slug.clone(),
                url: format!("/gateway/v1/{}", row.slug),
                sample: sample(&keys, &grant.items, grant.mode),
                resource: grant.resource,
                mode: grant.mode,
                items: grant.items,
                grant_id: grant.id,
                scenario: grant.scenario,
                application: grant.application,
                key_items: keys,
            });
        }
        Ok(Page {
            items,
            next: grants.next,
            total: None,
        })
    }
}

/// Lower-case letters, digits and hyphens of the resource's code, and the mode.
fn slug(code: &str, mode: Mode) -> String {
    let safe: String = code
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    format!("{}-{}", safe.trim_matches('-'), mode_name(mode))
}

fn sample(keys: &[RequestedItem], items: &[RequestedItem], mode: Mode) -> serde_json::Value {
    let blank = |items: &[RequestedItem]| -> serde_json::Map<String, serde_json::Value> {
        items
            .iter()
            .map(|item| (item.name.clone(), serde_json::Value::String(String::new())))
            .collect()
    };
    match mode {
        Mode::Verify => {
            let others: Vec<RequestedItem> = items
                .iter()
                .filter(|i| keys.iter().all(|k| k.name != i.name))
                .take(1)
                .cloned()
                .collect();
            serde_json::json!({ "keys": blank(keys), "match": blank(&others) })
        }
        _ => serde_json::json!({ "keys": blank(keys) }),
    }
}
