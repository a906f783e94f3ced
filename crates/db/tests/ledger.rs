//! The ledger in the store: checkpoints, proofs, export, and that no byte of its
//! tables changes unnoticed. On SQLite always, on PostgreSQL where
//! SHUQIAO_TEST_POSTGRES names a server (`cargo xtask test` does).

#![allow(clippy::expect_used, clippy::unwrap_used)]

use base::{Actor, Chance, Ctx, InstitutionId, Moment, PersonId};
use crypto::{Ed25519Key, Sm2Key};
use db::ledger_log::{entry, head};
use db::ledger_tiles::{checkpoint_row, tile_row};
use db::{Backend, Store};
use futures::TryStreamExt;
use ledger::Entry;
use ledger::audit::{Problem, Report};
use ledger::export::{Trust, verify};
use ledger::note::Signers;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, Database, EntityTrait, ExprTrait, QueryFilter};

const ORIGIN: &str = "shuqiao/330000/ledger";

struct Fixture {
    store: Store,
    ctx: Ctx,
    signers: Signers,
    _dir: tempfile::TempDir,
}

fn actor() -> Actor {
    Actor::Person {
        id: PersonId::from("per_1"),
        institution: InstitutionId::from("org_1"),
        roles: vec![],
    }
}

async fn fixture(backend: Backend, name: &str) -> Option<Fixture> {
    let dir = tempfile::tempdir().unwrap();
    let url = match backend {
        Backend::Sqlite => format!("sqlite://{}", dir.path().join("control.db").display()),
        Backend::Postgres => {
            let server = std::env::var("SHUQIAO_TEST_POSTGRES").ok()?;
            let database = format!("ledger_{name}_{}", std::process::id());
            let admin = Database::connect(format!("{server}/postgres")).await.unwrap();
            admin
                .execute_unprepared(&format!("DROP DATABASE IF EXISTS {database}"))
                .await
                .unwrap();
            admin
                .execute_unprepared(&format!("CREATE DATABASE {database}"))
                .await
                .unwrap();
            format!("{server}/{database}")
        }
    };
    let ctx = Ctx::test(actor(), Moment(1_795_000_000_000), 7);
    let store = Store::connect(&url, &ctx, &[]).await.unwrap();
    let chance = Chance::seeded(9);
    let signers = Signers::new(ORIGIN, Ed25519Key::generate(&chance), Sm2Key::generate(&chance));
    Some(Fixture {
        store,
        ctx,
        signers,
        _dir: dir,
    })
}

impl Fixture {
    async fn append(&self, count: usize) {
        let mut tx = self.store.begin(&self.ctx).await.unwrap();
        for i in 0..count {
            let entry = Entry::new("catalog.published", format!("res_{i}"));
            tx.append(entry.article("《浙江省公共数据条例》第二十条").put("version", i));
        }
        tx.commit().await.unwrap();
    }
    async fn sign(&self) -> u64 {
        self.store
            .sign_checkpoint(&self.ctx, &self.signers)
            .await
            .unwrap()
            .unwrap()
            .checkpoint
            .size
    }
    async fn audit(&self) -> Report {
        self.store.verify_store(ORIGIN, self.signers.verifiers()).await.unwrap()
    }
    async fn export(&self, size: u64) -> Vec<u8> {
        let stream = self.store.export(ORIGIN.into(), self.signers.verifiers(), size);
        stream.try_collect::<Vec<_>>().await.unwrap().concat()
    }
}

async fn on_both(name: &str, test: impl AsyncFn(Fixture)) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        if let Some(fixture) = fixture(backend, name).await {
            test(fixture).await;
        }
    }
}

#[tokio::test]
async fn checkpoints_prove_every_entry_and_their_own_history() {
    on_both("proofs", async |f| {
        assert_eq!(
            f.store.sign_checkpoint(&f.ctx, &f.signers).await.unwrap(),
            None,
            "nothing to sign"
        );
        let mut sizes = vec![];
        for count in [1, 2, 255, 300, 1] {
            f.append(count).await;
            sizes.push(f.sign().await);
        }
        assert_eq!(sizes, [1, 3, 258, 558, 559]);
        assert_eq!(f.sign().await, 559, "nothing new: the same again");
        let all = f.store.checkpoints(&f.signers.verifiers(), None, 10).await.unwrap();
        let latest = &all[0].checkpoint;
        let entries = f.store.entries(0, 1000).await.unwrap();
        for seq in [0u64, 1, 255, 256, 257, 511, 558] {
            let leaf = ledger::leaf_hash(&entries[seq as usize].canonical());
            assert!(
                f.store
                    .inclusion_proof(seq, latest.size)
                    .await
                    .unwrap()
                    .verify(&leaf, &latest.root),
                "{seq}"
            );
        }
        for earlier in &all[1..] {
            let proof = f
                .store
                .consistency_proof(earlier.checkpoint.size, latest.size)
                .await
                .unwrap();
            assert!(proof.verify(&earlier.checkpoint.root, &latest.root));
        }
        assert_eq!(
            f.store.inclusion_proof(559, 559).await.unwrap_err().code(),
            "ledger.not_covered"
        );
        assert_eq!(
            f.store.inclusion_proof(0, 5000).await.unwrap_err().code(),
            "ledger.not_covered"
        );
        assert!(f.audit().await.is_clean());
    })
    .await;
}

#[tokio::test]
async fn an_export_verifies_offline() {
    on_both("export", async |f| {
        f.append(300).await;
        f.sign().await;
        f.append(5).await;
        let size = f.sign().await;
        let bytes = f.export(size).await;
        let trust = Trust {
            verifiers: f.signers.verifiers(),
            checkpoints: vec![],
        };
        let report = verify(bytes.as_slice(), &trust).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!((report.entries, report.covered, report.checkpoints), (305, 305, 2));
        let mut altered = bytes.clone();
        let at = bytes.windows(7).position(|w| w == b"res_123").unwrap();
        altered[at + 4] = b'9';
        let report = verify(altered.as_slice(), &trust).unwrap();
        assert_eq!(report.findings[0].entries, Some((123, 123)));
        assert_eq!(report.findings[0].problem, Problem::EntryAltered);
    })
    .await;
}

#[tokio::test]
async fn what_contradicts_itself_is_not_signed() {
    on_both("unsigned", async |f| {
        f.append(4).await;
        f.sign().await;
        f.append(4).await;
        set(&f, 6, entry::Column::Canonical, Expr::value(b"{}".to_vec())).await;
        let refused = f.store.sign_checkpoint(&f.ctx, &f.signers).await.unwrap_err();
        assert_eq!(refused.code(), "ledger.altered");
    })
    .await;
}

async fn set(f: &Fixture, seq: i64, column: entry::Column, value: Expr) {
    entry::Entity::update_many()
        .col_expr(column, value)
        .filter(entry::Column::Seq.eq(seq))
        .exec(f.store.conn())
        .await
        .unwrap();
}

/// Where a byte stands that is about to flip.
#[derive(Debug)]
enum Place {
    Entry(i64, entry::Column),
    Head(head::Column),
    Tile(i32, i64, tile_row::Column),
    Checkpoint(i64, checkpoint_row::Column),
}

fn flip_bytes(bytes: &[u8], chance: &Chance) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let at = u32::from_be_bytes(chance.bytes()) as usize % out.len();
    out[at] ^= 1 << (chance.bytes::<1>()[0] % 8);
    out
}
/// The low bit of an ASCII character, so that it stays text in either store.
fn flip_text(text: &str, chance: &Chance) -> String {
    let places: Vec<usize> = text
        .bytes()
        .enumerate()
        .filter(|(_, b)| (33..127).contains(b))
        .map(|(i, _)| i)
        .collect();
    let at = places[u32::from_be_bytes(chance.bytes()) as usize % places.len()];
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] ^= 1;
    String::from_utf8(bytes).unwrap()
}
fn flip_number(number: i64, chance: &Chance) -> i64 {
    number ^ (1 << (chance.bytes::<1>()[0] % 40))
}

/// A high bit: a low one would meet the unique key of another row.
fn flip_key(number: i64, chance: &Chance) -> i64 {
    number ^ (1 << (10 + chance.bytes::<1>()[0] % 40))
}

/// Flips one bit of one column, looks, and puts it back.
async fn flip(f: &Fixture, place: &Place, chance: &Chance) -> Report {
    // a key column moves the row itself, so the row is found again by its value
    macro_rules! run {
        ($module:ident, $find:expr, $id:expr, $column:expr, $field:ident, $flipped:expr, $is_key:expr) => {{
            let row = $find.one(f.store.conn()).await.unwrap().unwrap();
            let old = row.$field.clone();
            let new = $flipped(&old);
            $module::Entity::update_many()
                .col_expr($column, Expr::value(new.clone()))
                .filter($id.clone())
                .exec(f.store.conn())
                .await
                .unwrap();
            let report = f.audit().await;
            let back = $module::Entity::update_many().col_expr($column, Expr::value(old));
            let back = if $is_key {
                back.filter($column.eq(new))
            } else {
                back.filter($id.clone())
            };
            assert_eq!(back.exec(f.store.conn()).await.unwrap().rows_affected, 1);
            report
        }};
    }
    match place {
        Place::Entry(seq, column) => {
            let (find, id) = (entry::Entity::find_by_id(*seq), entry::Column::Seq.eq(*seq));
            use entry::Column as C;
            match column {
                C::Seq => run!(entry, find, id, C::Seq, seq, |n: &i64| flip_key(*n, chance), true),
                C::At => run!(entry, find, id, C::At, at, |n: &i64| flip_number(*n, chance), false),
                C::Kind => run!(entry, find, id, C::Kind, kind, |t: &String| flip_text(t, chance), false),
                C::Subject => run!(
                    entry,
                    find,
                    id,
                    C::Subject,
                    subject,
                    |t: &String| flip_text(t, chance),
                    false
                ),
                C::Actor => run!(
                    entry,
                    find,
                    id,
                    C::Actor,
                    actor,
                    |t: &String| flip_text(t, chance),
                    false
                ),
                C::Institution => run!(
                    entry,
                    find,
                    id,
                    C::Institution,
                    institution,
                    |t: &Option<String>| t.as_deref().map(|t| flip_text(t, chance)),
                    false
                ),
                C::Canonical => run!(
                    entry,
                    find,
                    id,
                    C::Canonical,
                    canonical,
                    |b: &Vec<u8>| flip_bytes(b, chance),
                    false
                ),
                C::Leaf => run!(
                    entry,
                    find,
                    id,
                    C::Leaf,
                    leaf,
                    |b: &Vec<u8>| flip_bytes(b, chance),
                    false
                ),
            }
        }
        Place::Head(column) => {
            let (find, id) = (head::Entity::find(), head::Column::Id.is_not_null());
            use head::Column as C;
            match column {
                C::Id => run!(
                    head,
                    find,
                    id,
                    C::Id,
                    id,
                    |n: &i32| flip_number((*n).into(), chance) as i32 ^ 2,
                    true
                ),
                C::Size => run!(head, find, id, C::Size, size, |n: &i64| flip_number(*n, chance), false),
                C::Frontier => run!(
                    head,
                    find,
                    id,
                    C::Frontier,
                    frontier,
                    |b: &Vec<u8>| flip_bytes(b, chance),
                    false
                ),
            }
        }
        Place::Tile(level, idx, column) => {
            use tile_row::Column as C;
            let (find, id) = (
                tile_row::Entity::find_by_id((*level, *idx)),
                C::Level.eq(*level).and(C::Idx.eq(*idx)),
            );
            match column {
                C::Level => run!(tile_row, find, id, C::Level, level, |n: &i32| n ^ 2, true),
                C::Idx => run!(tile_row, find, id, C::Idx, idx, |n: &i64| n ^ 8, true),
                C::Hashes => run!(
                    tile_row,
                    find,
                    id,
                    C::Hashes,
                    hashes,
                    |b: &Vec<u8>| flip_bytes(b, chance),
                    false
                ),
            }
        }
        Place::Checkpoint(size, column) => {
            use checkpoint_row::Column as C;
            let (find, id) = (checkpoint_row::Entity::find_by_id(*size), C::Size.eq(*size));
            match column {
                C::Size => run!(
                    checkpoint_row,
                    find,
                    id,
                    C::Size,
                    size,
                    |n: &i64| flip_key(*n, chance),
                    true
                ),
                C::Note => run!(
                    checkpoint_row,
                    find,
                    id,
                    C::Note,
                    note,
                    |t: &String| flip_text(t, chance),
                    false
                ),
            }
        }
    }
}

fn places(sizes: &[i64]) -> Vec<Place> {
    use entry::Column as C;
    let mut out = vec![];
    for seq in [0, 3, 255, 256, 299, 303] {
        for column in [
            C::Seq,
            C::At,
            C::Kind,
            C::Subject,
            C::Actor,
            C::Institution,
            C::Canonical,
            C::Leaf,
        ] {
            out.push(Place::Entry(seq, column));
        }
    }
    out.extend([head::Column::Id, head::Column::Size, head::Column::Frontier].map(Place::Head));
    for (level, idx) in [(0, 0), (0, 1), (1, 0)] {
        out.extend(
            [tile_row::Column::Level, tile_row::Column::Idx, tile_row::Column::Hashes]
                .map(|c| Place::Tile(level, idx, c)),
        );
    }
    for size in sizes {
        out.extend([checkpoint_row::Column::Size, checkpoint_row::Column::Note].map(|c| Place::Checkpoint(*size, c)));
    }
    out
}

#[tokio::test]
async fn sec_2_one_flipped_byte_anywhere_in_the_ledger_is_found_and_named() {
    on_both("flips", async |f| {
        f.append(10).await;
        f.sign().await;
        f.append(290).await;
        f.sign().await;
        f.append(4).await; // not under a checkpoint yet
        assert!(f.audit().await.is_clean(), "{:?}", f.audit().await.findings);
        let rounds = if f.store.backend() == Backend::Sqlite { 6 } else { 1 };
        let chance = Chance::seeded(42);
        for place in (0..rounds).flat_map(|_| places(&[10, 300])) {
            let report = flip(&f, &place, &chance).await;
            let names = |word: &str| report.findings.iter().any(|finding| finding.place.starts_with(word));
            let blamed = || {
                report
                    .findings
                    .iter()
                    .filter_map(|finding| finding.entries)
                    .flat_map(|(a, b)| a..=b)
            };
            let named = match &place {
                Place::Entry(seq, _) => blamed().count() > 0 && blamed().all(|s| s == *seq as u64),
                Place::Head(_) => names("head") && blamed().count() == 0,
                Place::Tile(level, idx, _) => names(&format!("tile {level}/{idx:03}")),
                Place::Checkpoint(size, _) => {
                    names("checkpoint ") && (names(&format!("checkpoint {size}")) || !report.is_clean())
                }
            };
            assert!(named, "{place:?}: {:?}", report.findings);
        }
        assert!(f.audit().await.is_clean());
    })
    .await;
}
