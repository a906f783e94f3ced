//! The store's own check of the ledger: every byte of its tables against every
//! other, and against what was signed.

use std::collections::{BTreeMap, HashMap};

use base::Result;
use ledger::audit::{Auditor, Finding, Problem, Recorded, Report};
use ledger::note::Verifier;
use ledger::tile::{self, TILE_WIDTH, TileId};
use ledger::{Entry, Frontier, Hash};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::Store;
use crate::ledger_log::{self, entry};
use crate::ledger_tiles::{PAGE, checkpoint_row, tile_row};

/// The columns of an entry that nothing can make unreadable: numbers and bytes.
type Sealed = (i64, i64, Vec<u8>, Vec<u8>);

struct Texts {
    kind: String,
    subject: String,
    actor: String,
    institution: Option<String>,
}

impl Store {
    /// Reads the whole ledger and names every byte that does not fit. Memory does
    /// not grow with the ledger but for one hash in 256 entries.
    ///
    /// # Errors
    /// Those of reading. Whatever is wrong with the ledger is a finding.
    pub async fn verify_store(&self, origin: &str, verifiers: Vec<Verifier>) -> Result<Report> {
        let (notes, unreadable) = self.notes().await?;
        let (upper, odd_tiles) = self.upper_tiles().await?;
        let mut auditor = Auditor::new(origin, verifiers, notes, upper);
        unreadable
            .into_iter()
            .chain(odd_tiles)
            .for_each(|finding| auditor.find(finding));
        let head = self.head_for_audit(&mut auditor).await?;
        let rows = entry::Entity::find().count(self.conn()).await?;
        // what any record counts, so that a row carried off to a far number is no endless gap
        let claimed = rows
            .max(auditor.tiled())
            .max(head.as_ref().map_or(0, Frontier::size).min(rows + 1));
        self.audit_entries(&mut auditor, claimed).await?;
        self.audit_leaf_tiles(&mut auditor).await?;
        Ok(auditor.finish(head.as_ref()))
    }

    /// One by one where together fails: one unreadable text must not hide the rest.
    async fn notes(&self) -> Result<(Vec<(u64, String)>, Vec<Finding>)> {
        let find = || checkpoint_row::Entity::find().order_by_asc(checkpoint_row::Column::Size);
        if let Ok(rows) = find().all(self.conn()).await {
            return Ok((rows.into_iter().map(|r| (r.size as u64, r.note)).collect(), vec![]));
        }
        let sizes: Vec<i64> = find()
            .select_only()
            .column(checkpoint_row::Column::Size)
            .into_tuple()
            .all(self.conn())
            .await?;
        let (mut notes, mut findings) = (vec![], vec![]);
        for size in sizes {
            match checkpoint_row::Entity::find_by_id(size).one(self.conn()).await {
                Ok(row) => notes.extend(row.map(|r| (r.size as u64, r.note))),
                Err(_) => findings.push(Finding::new(Problem::CheckpointAltered, format!("checkpoint {size}"))),
            }
        }
        Ok((notes, findings))
    }

    async fn upper_tiles(&self) -> Result<(HashMap<TileId, Vec<Hash>>, Vec<Finding>)> {
        let rows = tile_row::Entity::find()
            .filter(tile_row::Column::Level.ne(0))
            .all(self.conn())
            .await?;
        let (mut tiles, mut findings) = (HashMap::new(), vec![]);
        for row in rows {
            match u8::try_from(row.level) {
                // bytes that are no hashes compare as different from what they should be
                Ok(level) => {
                    let id = TileId {
                        level,
                        index: row.idx as u64,
                    };
                    tiles.insert(id, tile::from_bytes(&row.hashes).unwrap_or_default());
                }
                Err(_) => findings.push(Finding::new(
                    Problem::TileUnexpected,
                    format!("tile {}/{}", row.level, row.idx),
                )),
            }
        }
        Ok((tiles, findings))
    }

    async fn head_for_audit(&self, auditor: &mut Auditor) -> Result<Option<Frontier>> {
        let row = ledger_log::head(self.conn()).await?;
        let frontier = row.as_ref().and_then(|row| Frontier::from_bytes(&row.frontier).ok());
        match (&row, &frontier) {
            (Some(row), Some(frontier)) if row.size as u64 == frontier.size() => {}
            (None, _) if entry::Entity::find().count(self.conn()).await? == 0 => {}
            (Some(row), _) => {
                auditor.find(Finding::new(Problem::HeadAltered, "head").detail(format!("its size says {}", row.size)))
            }
            (None, _) => auditor.find(Finding::new(Problem::HeadAltered, "head").detail("it is missing")),
        }
        Ok(frontier)
    }

    async fn audit_entries(&self, auditor: &mut Auditor, claimed: u64) -> Result<()> {
        let mut after = i64::MIN;
        let mut current: Option<(u64, Option<Vec<Hash>>)> = None;
        loop {
            let page: Vec<Sealed> = entry::Entity::find()
                .select_only()
                .columns([
                    entry::Column::Seq,
                    entry::Column::At,
                    entry::Column::Canonical,
                    entry::Column::Leaf,
                ])
                .filter(entry::Column::Seq.gt(after))
                .order_by_asc(entry::Column::Seq)
                .limit(PAGE)
                .into_tuple()
                .all(self.conn())
                .await?;
            let Some(last) = page.last().map(|row| row.0) else {
                break;
            };
            let texts = self.texts_of_entries(after, last).await?;
            for (seq, at, canonical, leaf) in page {
                let number = seq as u64;
                if seq < 0 || number < auditor.next() || number >= claimed {
                    auditor.find(unexpected(seq, &canonical));
                    continue;
                }
                while auditor.next() < number {
                    self.push(auditor, &mut current, None, None).await?;
                }
                let leaf = leaf.try_into().ok();
                let read = self.push(auditor, &mut current, Some(&canonical), leaf).await?;
                if let Some(entry) = read {
                    compare(auditor, &entry, at, texts.get(&seq));
                }
            }
            after = last;
        }
        while auditor.next() < claimed {
            self.push(auditor, &mut current, None, None).await?;
        }
        Ok(())
    }

    async fn push(
        &self,
        auditor: &mut Auditor,
        current: &mut Option<(u64, Option<Vec<Hash>>)>,
        canonical: Option<&[u8]>,
        leaf: Option<Hash>,
    ) -> Result<Option<Entry>> {
        let seq = auditor.next();
        let index = seq / TILE_WIDTH;
        if current.as_ref().is_none_or(|(i, _)| *i != index) {
            let row = tile_row::Entity::find_by_id((0, index as i64)).one(self.conn()).await?;
            *current = Some((index, row.and_then(|row| tile::from_bytes(&row.hashes))));
        }
        let hashes = current.as_ref().and_then(|(_, hashes)| hashes.as_ref());
        let tile = hashes
            .and_then(|hashes| hashes.get((seq % TILE_WIDTH) as usize))
            .copied();
        Ok(auditor.push(canonical, Recorded { leaf, tile }))
    }

    async fn texts_of_entries(&self, after: i64, last: i64) -> Result<BTreeMap<i64, Texts>> {
        type Row = (i64, String, String, String, Option<String>);
        let find = |low: i64, high: i64| {
            entry::Entity::find()
                .select_only()
                .columns([
                    entry::Column::Seq,
                    entry::Column::Kind,
                    entry::Column::Subject,
                    entry::Column::Actor,
                    entry::Column::Institution,
                ])
                .filter(entry::Column::Seq.gt(low))
                .filter(entry::Column::Seq.lte(high))
                .into_tuple::<Row>()
        };
        let mut rows = vec![];
        match find(after, last).all(self.conn()).await {
            Ok(all) => rows = all,
            // some text is no text any more: the others are still compared
            Err(_) => {
                let numbers: Vec<i64> = entry::Entity::find()
                    .select_only()
                    .column(entry::Column::Seq)
                    .filter(entry::Column::Seq.gt(after))
                    .filter(entry::Column::Seq.lte(last))
                    .into_tuple()
                    .all(self.conn())
                    .await?;
                for seq in numbers {
                    rows.extend(
                        find(seq.saturating_sub(1), seq)
                            .all(self.conn())
                            .await
                            .unwrap_or_default(),
                    );
                }
            }
        }
        let texts = |(seq, kind, subject, actor, institution)| {
            (
                seq,
                Texts {
                    kind,
                    subject,
                    actor,
                    institution,
                },
            )
        };
        Ok(rows.into_iter().map(texts).collect())
    }

    /// What no entry asked for.
    async fn audit_leaf_tiles(&self, auditor: &mut Auditor) -> Result<()> {
        let tiles = auditor.next().div_ceil(TILE_WIDTH) as i64;
        let rows: Vec<i64> = tile_row::Entity::find()
            .select_only()
            .column(tile_row::Column::Idx)
            .filter(tile_row::Column::Level.eq(0))
            .filter(
                Condition::any()
                    .add(tile_row::Column::Idx.lt(0))
                    .add(tile_row::Column::Idx.gte(tiles)),
            )
            .into_tuple()
            .all(self.conn())
            .await?;
        for idx in rows {
            auditor.find(Finding::new(Problem::TileUnexpected, format!("tile 0/{idx}")));
        }
        // the last tile reaches to the newest checkpoint and no further
        let tiled = auditor.tiled();
        let id = TileId {
            level: 0,
            index: tiled / TILE_WIDTH,
        };
        let row = tile_row::Entity::find_by_id((0, id.index as i64))
            .one(self.conn())
            .await?;
        if let Some(row) = row
            && row.hashes.len() as u64 > id.width(tiled) * 32
        {
            auditor.find(Finding::new(
                Problem::TileUnexpected,
                format!("tile {}", id.path(TILE_WIDTH)),
            ));
        }
        Ok(())
    }
}

fn unexpected(seq: i64, canonical: &[u8]) -> Finding {
    let finding = Finding::new(Problem::EntryUnexpected, format!("row {seq}"));
    match Entry::from_canonical(canonical) {
        Ok(entry) => Finding {
            entries: Some((entry.seq, entry.seq)),
            ..finding
        }
        .detail(format!("it holds entry {}", entry.seq)),
        Err(_) => finding,
    }
}

fn compare(auditor: &mut Auditor, entry: &Entry, at: i64, texts: Option<&Texts>) {
    let mut column = |name: &str, same: bool| {
        if !same {
            auditor.find(Finding::column(entry.seq, name));
        }
    };
    column("at", at == entry.at.0);
    match texts {
        Some(texts) => {
            column("kind", texts.kind == entry.kind);
            column("subject", texts.subject == entry.subject);
            column("actor", texts.actor == entry.actor);
            column("institution", texts.institution == entry.institution);
        }
        None => column("texts", false),
    }
}
