//! The ledger as a stream of the export's lines (`ledger::export`).

use base::{Error, Result};
use futures::stream::{Stream, try_unfold};
use ledger::Hash;
use ledger::export::{checkpoint_line, end_line, entry_line, header_line, tile_line};
use ledger::note::Verifier;
use ledger::tile::{self, TILE_WIDTH, TileId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::Store;
use crate::ledger_tiles::{checkpoint_row, rows, tile_row};

enum Next {
    Front,
    /// The tile of level 0 with this index, and its entries.
    Tile(u64),
    End,
    Nothing,
}

impl Store {
    /// The first `size` entries with all that proves them, in chunks of 256. Take a
    /// checkpoint first, and its size, so that every entry is covered.
    pub fn export(
        &self,
        origin: String,
        verifiers: Vec<Verifier>,
        size: u64,
    ) -> impl Stream<Item = Result<Vec<u8>>> + Send + 'static {
        let store = self.clone();
        try_unfold(Next::Front, move |next| {
            let (store, origin, verifiers) = (store.clone(), origin.clone(), verifiers.clone());
            async move {
                let tile_or_end = |index: u64| {
                    if index * TILE_WIDTH < size {
                        Next::Tile(index)
                    } else {
                        Next::End
                    }
                };
                Ok(match next {
                    Next::Front => Some((store.export_front(&origin, &verifiers, size).await?, tile_or_end(0))),
                    Next::Tile(index) => Some((store.export_tile(index, size).await?, tile_or_end(index + 1))),
                    Next::End => Some((end_line(size).into_bytes(), Next::Nothing)),
                    Next::Nothing => None,
                })
            }
        })
    }

    async fn export_front(&self, origin: &str, verifiers: &[Verifier], size: u64) -> Result<Vec<u8>> {
        let mut out = header_line(origin, size, verifiers).into_bytes();
        let notes = checkpoint_row::Entity::find()
            .filter(checkpoint_row::Column::Size.lte(size as i64))
            .order_by_asc(checkpoint_row::Column::Size)
            .all(self.conn())
            .await?;
        for row in notes {
            out.extend_from_slice(checkpoint_line(row.size as u64, &row.note).as_bytes());
        }
        let tiles = tile_row::Entity::find()
            .filter(tile_row::Column::Level.gt(0))
            .order_by_asc(tile_row::Column::Level)
            .order_by_asc(tile_row::Column::Idx)
            .all(self.conn())
            .await?;
        for row in tiles {
            let id = TileId {
                level: u8::try_from(row.level).map_err(Error::internal)?,
                index: row.idx as u64,
            };
            let hashes = tile::from_bytes(&row.hashes).unwrap_or_default();
            // the store may have gone on meanwhile
            let width = id.width(size).min(hashes.len() as u64);
            if width > 0 {
                out.extend_from_slice(tile_line(id, &hashes[..width as usize]).as_bytes());
            }
        }
        Ok(out)
    }

    async fn export_tile(&self, index: u64, size: u64) -> Result<Vec<u8>> {
        let id = TileId { level: 0, index };
        let mut out = vec![];
        if let Some(row) = tile_row::Entity::find_by_id((0, index as i64)).one(self.conn()).await? {
            let hashes = tile::from_bytes(&row.hashes).unwrap_or_default();
            let width = id.width(size).min(hashes.len() as u64);
            if width > 0 {
                out.extend_from_slice(tile_line(id, &hashes[..width as usize]).as_bytes());
            }
        }
        for row in rows(self.conn(), index * TILE_WIDTH, id.width(size)).await? {
            // an altered leaf hash is exported as it stands: verification is to find it
            let leaf: Hash = row.leaf.try_into().unwrap_or_default();
            out.extend_from_slice(&entry_line(&row.canonical, &leaf));
        }
        Ok(out)
    }
}
