//! The ledger's tiles and checkpoints. Both move together, beside appending and
//! never in its way: a checkpoint reads the entries since the one before, grows
//! the tiles, and signs the root only if tiles, entries and head agree.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::{Ctx, Error, Result};
use ledger::note::{Signers, Verifier};
use ledger::proof::{Recipe, bake, consistency_recipes, inclusion_recipes};
use ledger::tile::{self, TileBuilder, TileId};
use ledger::{Checkpoint, ConsistencyProof, Frontier, Hash, InclusionProof};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::errors::{LEDGER_ALTERED, NOT_COVERED};
use crate::ledger_log::{self, entry};
use crate::{Migration, Store};

pub mod tile_row {
    use sea_orm::entity::prelude::*;

    /// A tile that is full, or reaches to the newest checkpoint.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_tile")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub level: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub idx: i64,
        /// Up to 256 hashes of 32 bytes.
        #[sea_orm(column_type = "Blob")]
        pub hashes: Vec<u8>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod checkpoint_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_checkpoint")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub size: i64,
        /// The signed note.
        #[sea_orm(column_type = "Text")]
        pub note: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("db-0005-ledger-tiles")
            .entity(tile_row::Entity)
            .entity(checkpoint_row::Entity),
    ]
}

/// Entries read at once.
pub(crate) const PAGE: u64 = 8 * tile::TILE_WIDTH;
/// Tiles written by one statement.
const TILES_PER_INSERT: usize = 64;

/// A checkpoint and the note that signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub checkpoint: Checkpoint,
    pub note: String,
}

impl Store {
    /// Signs the ledger as it stands; gives the newest checkpoint again where
    /// nothing was appended since, and `None` for an empty ledger.
    ///
    /// # Errors
    /// `ledger.altered` where entries, tiles, head and the last checkpoint do not
    /// agree: what contradicts itself is not signed.
    pub async fn sign_checkpoint(&self, ctx: &Ctx, signers: &Signers) -> Result<Option<Signed>> {
        let tx = self.begin(ctx).await?;
        self.lock_checkpoints(tx.conn()).await?;
        let Some(head) = ledger_log::head(tx.conn()).await? else {
            return Ok(None);
        };
        let head = Frontier::from_bytes(&head.frontier).map_err(altered)?;
        let last = latest(tx.conn(), &signers.verifiers()).await?;
        if let Some(last) = &last
            && last.checkpoint.size == head.size()
        {
            return Ok(Some(last.clone()));
        }
        let from = last.as_ref().map_or(0, |l| l.checkpoint.size);
        let mut builder = resume(tx.conn(), from).await?;
        if let Some(last) = &last
            && builder.frontier().root() != last.checkpoint.root
        {
            return Err(altered("the tiles do not give the root of the last checkpoint"));
        }
        let tiles = grow(tx.conn(), &mut builder, from, head.size()).await?;
        if builder.frontier() != head {
            return Err(altered("the entries do not give the head"));
        }
        save(tx.conn(), tiles).await?;
        let checkpoint = Checkpoint {
            origin: signers.name().to_owned(),
            size: head.size(),
            root: head.root(),
            at: ctx.now(),
        };
        let note = checkpoint.sign(signers).map_err(Error::internal)?;
        let row = checkpoint_row::ActiveModel {
            size: Set(checkpoint.size as i64),
            note: Set(note.clone()),
        };
        checkpoint_row::Entity::insert(row)
            .exec_without_returning(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(Some(Signed { checkpoint, note }))
    }

    /// # Errors
    /// `ledger.altered` where its signatures do not verify.
    pub async fn latest_checkpoint(&self, verifiers: &[Verifier]) -> Result<Option<Signed>> {
        latest(self.conn(), verifiers).await
    }
    /// Checkpoints of less than `below` entries, newest first.
    ///
    /// # Errors
    /// `ledger.altered` where signatures do not verify.
    pub async fn checkpoints(&self, verifiers: &[Verifier], below: Option<u64>, limit: u64) -> Result<Vec<Signed>> {
        let mut find = checkpoint_row::Entity::find()
            .order_by_desc(checkpoint_row::Column::Size)
            .limit(limit);
        if let Some(below) = below {
            find = find.filter(checkpoint_row::Column::Size.lt(below as i64));
        }
        find.all(self.conn())
            .await?
            .into_iter()
            .map(|row| open(row, verifiers))
            .collect()
    }

    /// Proof that entry `seq` is in the tree of `size` entries; `size` at most that
    /// of the newest checkpoint. Reads one tile a level: ≤ 8 rows by key.
    ///
    /// # Errors
    /// `ledger.not_covered`.
    pub async fn inclusion_proof(&self, seq: u64, size: u64) -> Result<InclusionProof> {
        if seq >= size {
            return Err(Error::new(&NOT_COVERED));
        }
        let hashes = self.hashes(&inclusion_recipes(seq, size)).await?;
        Ok(InclusionProof {
            index: seq,
            size,
            hashes,
        })
    }
    /// Proof that the tree of `from` entries is the beginning of that of `to`.
    ///
    /// # Errors
    /// `ledger.not_covered`.
    pub async fn consistency_proof(&self, from: u64, to: u64) -> Result<ConsistencyProof> {
        if from > to {
            return Err(Error::new(&NOT_COVERED));
        }
        let hashes = self.hashes(&consistency_recipes(from, to)).await?;
        Ok(ConsistencyProof { from, to, hashes })
    }
    async fn hashes(&self, recipes: &[Recipe]) -> Result<Vec<Hash>> {
        let ids: BTreeSet<TileId> = recipes.iter().flatten().map(|node| TileId::of(*node).0).collect();
        let mut tiles = HashMap::new();
        for id in ids {
            tiles.insert(
                id,
                tile(self.conn(), id).await?.ok_or_else(|| Error::new(&NOT_COVERED))?,
            );
        }
        bake(recipes, |node| {
            let (id, range) = TileId::of(node);
            tiles
                .get(&id)
                .and_then(|hashes| tile::node_in(hashes, range))
                .ok_or_else(|| Error::new(&NOT_COVERED))
        })
    }

    /// The first `width` hashes of a tile; `None` where it does not reach so far.
    pub async fn tile(&self, id: TileId, width: u64) -> Result<Option<Vec<Hash>>> {
        let hashes = tile(self.conn(), id).await?;
        Ok(hashes.and_then(|hashes| hashes.get(..width as usize).map(<[Hash]>::to_vec)))
    }
    /// The bundle of `width` entries from `index` × 256 on (C2SP tlog-tiles).
    pub async fn entry_bundle(&self, index: u64, width: u64) -> Result<Option<Vec<u8>>> {
        let Some(from) = index.checked_mul(tile::TILE_WIDTH) else {
            return Ok(None);
        };
        let rows = rows(self.conn(), from, width).await?;
        if rows.len() as u64 != width {
            return Ok(None);
        }
        let mut bundle = vec![];
        for row in rows {
            tile::push_bundled(&mut bundle, &row.canonical);
        }
        Ok(Some(bundle))
    }
}

pub(crate) fn altered(why: impl std::fmt::Display) -> Error {
    Error::new(&LEDGER_ALTERED).because(why)
}

async fn latest(conn: &impl ConnectionTrait, verifiers: &[Verifier]) -> Result<Option<Signed>> {
    let row = checkpoint_row::Entity::find()
        .order_by_desc(checkpoint_row::Column::Size)
        .limit(1)
        .one(conn)
        .await?;
    row.map(|row| open(row, verifiers)).transpose()
}

fn open(row: checkpoint_row::Model, verifiers: &[Verifier]) -> Result<Signed> {
    let checkpoint =
        Checkpoint::open(&row.note, verifiers).map_err(|e| altered(format!("checkpoint {}: {e}", row.size)))?;
    if checkpoint.size != row.size as u64 {
        return Err(altered(format!(
            "checkpoint {} was signed for {}",
            row.size, checkpoint.size
        )));
    }
    Ok(Signed {
        checkpoint,
        note: row.note,
    })
}

/// Entries `from` on, in order.
pub(crate) async fn rows(conn: &impl ConnectionTrait, from: u64, limit: u64) -> Result<Vec<entry::Model>> {
    Ok(entry::Entity::find()
        .filter(entry::Column::Seq.gte(from as i64))
        .order_by_asc(entry::Column::Seq)
        .limit(limit)
        .all(conn)
        .await?)
}

pub(crate) async fn tile(conn: &impl ConnectionTrait, id: TileId) -> Result<Option<Vec<Hash>>> {
    let key = (i32::from(id.level), id.index as i64);
    let Some(row) = tile_row::Entity::find_by_id(key).one(conn).await? else {
        return Ok(None);
    };
    tile::from_bytes(&row.hashes)
        .map(Some)
        .ok_or_else(|| altered(format!("tile {}", id.path(tile::TILE_WIDTH))))
}

async fn resume(conn: &impl ConnectionTrait, size: u64) -> Result<TileBuilder> {
    let mut open = HashMap::new();
    for (id, width) in TileBuilder::open_ids(size).filter(|(_, width)| *width > 0) {
        if let Some(hashes) = tile(conn, id).await?.filter(|hashes| hashes.len() as u64 == width) {
            open.insert(id, hashes);
        }
    }
    TileBuilder::resume(size, |id, width| {
        open.remove(&id)
            .ok_or_else(|| altered(format!("tile {} is missing", id.path(width))))
    })
}

/// Reads the entries `from..to` into the tiles; gives the tiles that changed.
async fn grow(
    conn: &impl ConnectionTrait,
    builder: &mut TileBuilder,
    from: u64,
    to: u64,
) -> Result<BTreeMap<TileId, Vec<Hash>>> {
    let mut tiles = BTreeMap::new();
    let mut next = from;
    while next < to {
        let page = rows(conn, next, PAGE.min(to - next)).await?;
        if page.is_empty() {
            return Err(altered(format!("entry {next} is missing")));
        }
        for row in page {
            let leaf = ledger::leaf_hash(&row.canonical);
            if row.seq as u64 != next || row.leaf != leaf {
                return Err(altered(format!("entry {next}")));
            }
            builder.push(leaf, |id, hashes| {
                tiles.insert(id, hashes.to_vec());
            });
            next += 1;
        }
    }
    for (id, hashes) in builder.open_tiles() {
        tiles.insert(id, hashes.to_vec());
    }
    Ok(tiles)
}

async fn save(conn: &impl ConnectionTrait, tiles: BTreeMap<TileId, Vec<Hash>>) -> Result<()> {
    let rows: Vec<_> = tiles
        .into_iter()
        .map(|(id, hashes)| tile_row::ActiveModel {
            level: Set(i32::from(id.level)),
            idx: Set(id.index as i64),
            hashes: Set(tile::to_bytes(&hashes)),
        })
        .collect();
    for chunk in rows.chunks(TILES_PER_INSERT) {
        let mut update = OnConflict::columns([tile_row::Column::Level, tile_row::Column::Idx]);
        update.update_column(tile_row::Column::Hashes);
        tile_row::Entity::insert_many(chunk.to_vec())
            .on_conflict(update)
            .exec_without_returning(conn)
            .await?;
    }
    Ok(())
}
