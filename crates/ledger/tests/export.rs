//! An export verifies offline, and no byte of it can change unnoticed.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::collections::HashMap;

use base::{Chance, Moment};
use crypto::{Ed25519Key, Sm2Key};
use ledger::audit::{Problem, Report};
use ledger::export::{Trust, checkpoint_line, end_line, entry_line, header_line, tile_line, verify};
use ledger::note::Signers;
use ledger::tile::{TileBuilder, TileId};
use ledger::{Checkpoint, Entry, Frontier, Hash, leaf_hash};

const ORIGIN: &str = "shuqiao.test/ledger";

fn signers(seed: u64) -> Signers {
    let chance = Chance::seeded(seed);
    Signers::new(ORIGIN, Ed25519Key::generate(&chance), Sm2Key::generate(&chance))
}

fn entry(seq: u64) -> Entry {
    let mut entry = Entry::new("catalog.published", format!("res_{seq}"))
        .article("《浙江省公共数据条例》第二十条")
        .put("version", seq)
        .put("reason", "9f86d081884c7d65");
    (entry.seq, entry.at, entry.actor, entry.trace) = (seq, Moment(1_795_000_000_000), "per_1".into(), "0a0b".into());
    entry
}

/// An export of entries that `change` may have changed before they were sealed.
fn export(size: u64, signers: &Signers, checkpoints: &[u64], change: impl Fn(&mut Entry)) -> Vec<u8> {
    let (mut tiles, mut builder, mut frontier) = (
        HashMap::<TileId, Vec<Hash>>::new(),
        TileBuilder::default(),
        Frontier::new(),
    );
    let (mut entries, mut notes) = (vec![], vec![]);
    for seq in 0..size {
        let mut e = entry(seq);
        change(&mut e);
        let canonical = e.canonical();
        let leaf = leaf_hash(&canonical);
        builder.push(leaf, |id, hashes| {
            tiles.insert(id, hashes.to_vec());
        });
        frontier.push(leaf);
        entries.push((canonical, leaf));
        if checkpoints.contains(&(seq + 1)) {
            let checkpoint = Checkpoint {
                origin: ORIGIN.into(),
                size: seq + 1,
                root: frontier.root(),
                at: Moment(0),
            };
            notes.push((seq + 1, checkpoint.sign(signers).unwrap()));
        }
    }
    for (id, hashes) in builder.open_tiles() {
        tiles.insert(id, hashes.to_vec());
    }
    let mut out = header_line(ORIGIN, size, &signers.verifiers()).into_bytes();
    for (size, note) in &notes {
        out.extend(checkpoint_line(*size, note).bytes());
    }
    let mut upper: Vec<_> = tiles.iter().filter(|(id, _)| id.level > 0).collect();
    upper.sort();
    for (id, hashes) in upper {
        out.extend(tile_line(*id, hashes).bytes());
    }
    for (seq, (canonical, leaf)) in entries.iter().enumerate() {
        if seq % 256 == 0 {
            let id = TileId {
                level: 0,
                index: seq as u64 / 256,
            };
            out.extend(tile_line(id, &tiles[&id]).bytes());
        }
        out.extend(entry_line(canonical, leaf));
    }
    out.extend(end_line(size).bytes());
    out
}

fn audit(bytes: &[u8]) -> Report {
    verify(bytes, &Trust::default()).unwrap()
}

#[test]
fn an_untouched_export_is_clean() {
    for (size, checkpoints) in [
        (1, vec![1]),
        (7, vec![3, 7]),
        (256, vec![256]),
        (600, vec![100, 300, 600]),
    ] {
        let report = audit(&export(size, &signers(1), &checkpoints, |_| {}));
        assert!(report.is_clean(), "{:?}", report.findings);
        assert_eq!(
            (report.entries, report.covered, report.checkpoints),
            (size, size, checkpoints.len() as u64)
        );
    }
}

#[test]
fn every_flipped_byte_is_found_and_named() {
    let bytes = export(7, &signers(2), &[3, 7], |_| {});
    let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let mut at = 0;
    for line in lines {
        let seq = line
            .strip_prefix(b"{\"entry\":")
            .map(|rest| Entry::from_canonical(&rest[..rest.len() - 76]).unwrap().seq);
        for offset in 0..line.len() {
            let mut altered = bytes.clone();
            altered[at + offset] ^= 1;
            let report = audit(&altered);
            assert!(!report.is_clean(), "byte {offset} of {}", String::from_utf8_lossy(line));
            if let Some(seq) = seq {
                let named = report
                    .findings
                    .iter()
                    .any(|f| f.entries.is_some_and(|(a, b)| a <= seq && seq <= b));
                assert!(named, "entry {seq}, byte {offset}: {:?}", report.findings);
                // the others are left in peace, but for the line that a lost line feed swallows
                let blamed = report
                    .findings
                    .iter()
                    .filter_map(|f| f.entries)
                    .flat_map(|(a, b)| a..=b);
                assert!(
                    blamed
                        .into_iter()
                        .all(|s| s == seq || (s == seq + 1 && offset + 1 == line.len())),
                    "{:?}",
                    report.findings
                );
            }
        }
        at += line.len();
    }
}

#[test]
fn a_rewritten_entry_with_hash_and_tile_rewritten_too_contradicts_the_signed_root() {
    let (signers, honest) = (signers(3), export(600, &signers(3), &[100, 300, 600], |_| {}));
    let forged = export(600, &signers, &[100, 300, 600], |e| {
        if e.seq == 150 {
            *e = Entry {
                subject: "res_other".into(),
                ..e.clone()
            };
        }
    });
    // the forger cannot sign: the honest checkpoints stay
    let pick = |bytes: &[u8], notes: bool| -> Vec<Vec<u8>> {
        bytes
            .split_inclusive(|b| *b == b'\n')
            .filter(|l| l.starts_with(b"{\"checkpoint\"") == notes)
            .map(<[u8]>::to_vec)
            .collect()
    };
    let rest = pick(&forged, false);
    let mixed = [vec![rest[0].clone()], pick(&honest, true), rest[1..].to_vec()]
        .concat()
        .concat();
    let report = audit(&mixed);
    let root = report
        .findings
        .iter()
        .find(|f| f.problem == Problem::RootDiffers)
        .unwrap();
    assert_eq!(
        root.entries,
        Some((100, 299)),
        "between the last good checkpoint and the first bad one"
    );
}

#[test]
fn an_entry_and_its_hash_rewritten_together_are_named_by_the_tile() {
    let bytes = export(20, &signers(4), &[20], |_| {});
    let text = String::from_utf8(bytes).unwrap();
    let honest = entry(11);
    let forged = Entry {
        subject: "res_other".into(),
        ..honest.clone()
    };
    let line = |e: &Entry| String::from_utf8(entry_line(&e.canonical(), &leaf_hash(&e.canonical()))).unwrap();
    let report = audit(text.replace(&line(&honest), &line(&forged)).as_bytes());
    let problems: Vec<_> = report.findings.iter().map(|f| (f.problem.clone(), f.entries)).collect();
    assert_eq!(
        problems,
        [
            (Problem::EntryAltered, Some((11, 11))),
            (Problem::LeafAltered, Some((11, 11)))
        ]
    );
}

#[test]
fn missing_doubled_and_cut_lines_are_named() {
    let bytes = export(20, &signers(5), &[10, 20], |_| {});
    let lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let at = lines.iter().position(|l| l.starts_with(b"{\"entry\"")).unwrap();
    let without = [&lines[..at + 4], &lines[at + 5..]].concat().concat();
    let report = audit(&without);
    assert_eq!(
        report
            .findings
            .iter()
            .map(|f| (f.problem.clone(), f.entries))
            .collect::<Vec<_>>(),
        [(Problem::EntryMissing, Some((4, 4)))]
    );
    let doubled = [&lines[..at + 5], &lines[at + 4..]].concat().concat();
    assert_eq!(audit(&doubled).findings[0].problem, Problem::EntryUnexpected);
    let cut = lines[..at + 15].concat();
    assert!(audit(&cut).findings.iter().any(|f| f.problem == Problem::EntriesCutOff));
}

#[test]
fn a_ledger_written_anew_is_caught_by_trusted_keys_and_by_an_old_checkpoint() {
    let signers_kept = signers(6);
    let old = Checkpoint {
        origin: ORIGIN.into(),
        size: 5,
        root: [1; 32],
        at: Moment(0),
    }
    .sign(&signers_kept)
    .unwrap();
    let bytes = export(7, &signers_kept, &[7], |_| {});
    let trust = Trust {
        verifiers: signers_kept.verifiers(),
        checkpoints: vec![old],
    };
    let report = verify(bytes.as_slice(), &trust).unwrap();
    assert_eq!(report.findings[0].problem, Problem::RootDiffers);
    let trust = Trust {
        verifiers: signers(7).verifiers(),
        checkpoints: vec![],
    };
    let report = verify(bytes.as_slice(), &trust).unwrap();
    assert!(report.findings.iter().any(|f| f.problem == Problem::KeyUnknown));
    assert!(report.findings.iter().any(|f| f.problem == Problem::CheckpointAltered));
}
