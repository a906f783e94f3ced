//! Proofs, tiles and checkpoints against the naive tree.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::collections::HashMap;

use base::{Chance, Moment};
use crypto::{Ed25519Key, Sm2Key};
use ledger::note::{Signers, Verifier, check};
use ledger::proof::{Node, bake, consistency_recipes, inclusion_recipes};
use ledger::tile::{self, TILE_WIDTH, TileBuilder, TileId};
use ledger::tree::root_of;
use ledger::{Checkpoint, ConsistencyProof, Frontier, Hash, InclusionProof, leaf_hash};
use proptest::prelude::*;

fn leaves(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn node_of(leaves: &[Hash], node: Node) -> Result<Hash, ()> {
    let (low, high) = (
        (node.index << node.level) as usize,
        ((node.index + 1) << node.level) as usize,
    );
    leaves.get(low..high).map(root_of).ok_or(())
}

/// RFC 6962 section 2.1.1, word for word.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return vec![];
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    if index < k {
        [naive_path(index, left), vec![root_of(right)]].concat()
    } else {
        [naive_path(index - k, right), vec![root_of(left)]].concat()
    }
}

#[test]
fn every_proof_of_every_small_tree_verifies_and_is_the_naive_one() {
    let all = leaves(40);
    for size in 1..=40u64 {
        let tree = &all[..size as usize];
        let root = root_of(tree);
        for index in 0..size {
            let hashes = bake(&inclusion_recipes(index, size), |n| node_of(tree, n)).unwrap();
            assert_eq!(hashes, naive_path(index as usize, tree), "{index} of {size}");
            let proof = InclusionProof { index, size, hashes };
            assert!(proof.verify(&tree[index as usize], &root));
            assert!(!proof.verify(&leaf_hash(b"another"), &root));
        }
        for from in 0..=size {
            let hashes = bake(&consistency_recipes(from, size), |n| node_of(tree, n)).unwrap();
            let proof = ConsistencyProof { from, to: size, hashes };
            let earlier = root_of(&all[..from as usize]);
            assert!(proof.verify(&earlier, &root), "{from} to {size}");
            if from < size {
                assert!(!proof.verify(&leaf_hash(b"another"), &root), "{from} to {size}");
                assert!(
                    from == 0 || !proof.verify(&earlier, &leaf_hash(b"another")),
                    "{from} to {size}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn an_altered_proof_does_not_verify(size in 2u64..3000, index: prop::sample::Index, at: prop::sample::Index, bit in 0u8..8) {
        let tree = leaves(size);
        let (index, root) = (index.index(size as usize) as u64, root_of(&tree));
        let hashes = bake(&inclusion_recipes(index, size), |n| node_of(&tree, n)).unwrap();
        let leaf = tree[index as usize];
        let good = InclusionProof { index, size, hashes };
        prop_assert!(good.verify(&leaf, &root));
        let mut altered = good.clone();
        let which = at.index(altered.hashes.len());
        altered.hashes[which][3] ^= 1 << bit;
        prop_assert!(!altered.verify(&leaf, &root));
        let mut short = good.clone();
        short.hashes.pop();
        prop_assert!(!short.verify(&leaf, &root));
        let mut long = good.clone();
        long.hashes.push(leaf);
        prop_assert!(!long.verify(&leaf, &root));
    }

    #[test]
    fn tiles_answer_every_node_that_a_proof_needs(size in 1u64..70_000, index: prop::sample::Index, from: prop::sample::Index) {
        let mut tiles: HashMap<TileId, Vec<Hash>> = HashMap::new();
        let (mut builder, mut frontier, mut roots) = (TileBuilder::default(), Frontier::new(), vec![ledger::tree::empty_root()]);
        let from = from.index(size as usize) as u64;
        for i in 0..size {
            let leaf = leaf_hash(&i.to_be_bytes());
            builder.push(leaf, |id, hashes| { tiles.insert(id, hashes.to_vec()); });
            frontier.push(leaf);
            if i + 1 == from { roots.push(frontier.root()); }
        }
        for (id, hashes) in builder.open_tiles() {
            prop_assert_eq!(id.width(size), hashes.len() as u64);
            tiles.insert(id, hashes.to_vec());
        }
        let resumed = TileBuilder::resume(size, |id, width| {
            let tile = tiles.get(&id).cloned().ok_or("missing")?;
            if tile.len() as u64 == width { Ok(tile) } else { Err("width") }
        });
        prop_assert_eq!(resumed.as_ref(), Ok(&builder));
        prop_assert_eq!(builder.frontier(), frontier.clone());
        let node = |n: Node| {
            let (id, range) = TileId::of(n);
            tiles.get(&id).and_then(|t| tile::node_in(t, range)).ok_or(())
        };
        let index = index.index(size as usize) as u64;
        let proof = InclusionProof { index, size, hashes: bake(&inclusion_recipes(index, size), node).unwrap() };
        prop_assert!(proof.verify(&leaf_hash(&index.to_be_bytes()), &frontier.root()));
        let proof = ConsistencyProof { from, to: size, hashes: bake(&consistency_recipes(from, size), node).unwrap() };
        prop_assert!(proof.verify(roots.last().unwrap(), &frontier.root()));
    }
}

#[test]
fn tile_paths_are_those_of_the_specification() {
    for (level, index, width, path) in [
        (0, 0, 256, "0/000"),
        (1, 1_234_067, 256, "1/x001/x234/067"),
        (0, 273, 112, "0/273.p/112"),
    ] {
        let id = TileId { level, index };
        assert_eq!(id.path(width), path);
        assert_eq!(TileId::parse(path), Some((id, width)));
    }
    for bad in [
        "0/0",
        "0/x000/001",
        "8/000",
        "0/000.p/256",
        "0/000.p/0",
        "0/001/002",
        "/000",
        "0/../0",
        "0/000.p/05",
    ] {
        assert_eq!(TileId::parse(bad), None, "{bad}");
    }
    assert_eq!(TILE_WIDTH, 256);
}

fn signers(seed: u64) -> Signers {
    let chance = Chance::seeded(seed);
    Signers::new(
        "shuqiao.test/ledger",
        Ed25519Key::generate(&chance),
        Sm2Key::generate(&chance),
    )
}

#[test]
fn a_checkpoint_opens_with_both_keys_and_with_no_byte_altered() {
    let signers = signers(5);
    let checkpoint = Checkpoint {
        origin: "shuqiao.test/ledger".into(),
        size: 42,
        root: [9; 32],
        at: Moment(1_795_000_000_000),
    };
    let note = checkpoint.sign(&signers).unwrap();
    let verifiers = signers.verifiers();
    assert_eq!(Checkpoint::open(&note, &verifiers).unwrap(), checkpoint);
    for at in 0..note.len() {
        let mut altered = note.clone().into_bytes();
        altered[at] ^= 1;
        if let Ok(altered) = String::from_utf8(altered) {
            assert!(Checkpoint::open(&altered, &verifiers).is_err(), "byte {at}");
        }
    }
    // signed by one only
    let lines: Vec<_> = note.lines().collect();
    let alone = lines[..lines.len() - 1].join("\n") + "\n";
    assert!(Checkpoint::open(&alone, &verifiers).unwrap_err().contains("SM2"));
    assert!(Checkpoint::open(&note, &self::signers(6).verifiers()).is_err());
}

/// The example of the signed-note specification (Go's sumdb key and note).
#[test]
fn notes_and_keys_are_those_of_the_specification() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let verifier = Verifier::decode(key).unwrap();
    assert_eq!(verifier.encode(), key);
    let note = concat!(
        "If you think cryptography is the answer to your problem,\n",
        "then you don't know what your problem is.\n",
        "\n",
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    );
    assert_eq!(check(note, &[verifier]).unwrap().good, [true]);
    assert!(Verifier::decode(&key.replace("c74f20a3", "c74f20a4")).is_err());
    for verifier in signers(1).verifiers() {
        assert_eq!(Verifier::decode(&verifier.encode()).unwrap(), verifier);
    }
}
