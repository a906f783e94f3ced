//! Signatures against published vectors and against the OpenSSL on the machine.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use base::Chance;
use crypto::sign::{sm2_signature_from_der, sm2_signature_to_der};
use crypto::{Ed25519Key, Ed25519Public, SM2_USER_ID, Sm2Key, Sm2Public, hex};
use proptest::prelude::*;

/// GM/T 0003.5-2012, appendix A: the recommended curve, the default identifier.
#[test]
fn sm2_verifies_the_signature_of_the_standard() {
    let public = Sm2Public::from_bytes(
        &hex::decode(concat!(
            "04",
            "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        ))
        .unwrap(),
    )
    .unwrap();
    let signature = hex::decode(concat!(
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    ))
    .unwrap();
    assert!(public.verify(b"message digest", &signature));
    assert!(!public.verify(b"message digesT", &signature));
    assert!(!public.verify_as("1234567812345679", b"message digest", &signature));

    let secret =
        Sm2Key::from_scalar(&hex::decode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").unwrap())
            .unwrap();
    assert_eq!(secret.public(), public);
}

/// RFC 8032, section 7.1, test 2.
#[test]
fn ed25519_gives_the_signature_of_the_rfc() {
    let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
    let key = Ed25519Key::from_seed(&seed.try_into().unwrap());
    let signature = key.sign(&[0x72]);
    assert_eq!(
        hex::encode(signature),
        concat!(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
    );
    assert!(key.public().verify(&[0x72], &signature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_altered_bit_of_message_or_signature_is_refused(
        seed: u64, message in prop::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index, bit in 0u8..8
    ) {
        let chance = Chance::seeded(seed);
        let (ed, sm) = (Ed25519Key::generate(&chance), Sm2Key::generate(&chance));
        let (ed_sig, sm_sig) = (ed.sign(&message), sm.sign(&message).unwrap());
        prop_assert!(ed.public().verify(&message, &ed_sig) && sm.public().verify(&message, &sm_sig));
        let mut other = message.clone();
        other[at.index(message.len())] ^= 1 << bit;
        prop_assert!(!ed.public().verify(&other, &ed_sig) && !sm.public().verify(&other, &sm_sig));
        for (signature, is_sm2) in [(ed_sig, false), (sm_sig, true)] {
            let mut altered = signature;
            altered[at.index(64)] ^= 1 << bit;
            let passes = if is_sm2 { sm.public().verify(&message, &altered) } else { ed.public().verify(&message, &altered) };
            prop_assert!(!passes);
        }
    }
}

fn openssl(dir: &Path, args: &[&str]) -> std::process::Output {
    Command::new("openssl")
        .current_dir(dir)
        .args(args)
        .output()
        .expect("openssl is installed")
}

fn must(output: std::process::Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn openssl_verifies_our_sm2_signature_and_we_verify_its() {
    let dir = tempfile::tempdir().unwrap();
    let key = Sm2Key::generate(&Chance::seeded(11));
    let message = "浙江省公共数据条例".as_bytes();
    let distid = format!("distid:{SM2_USER_ID}");
    std::fs::write(dir.path().join("key.pem"), key.to_pem().unwrap()).unwrap();
    std::fs::write(dir.path().join("pub.pem"), key.public().to_pem().unwrap()).unwrap();
    std::fs::write(dir.path().join("msg"), message).unwrap();

    std::fs::write(
        dir.path().join("ours.sig"),
        sm2_signature_to_der(&key.sign(message).unwrap()).unwrap(),
    )
    .unwrap();
    let verify = [
        "pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-rawin", "-digest", "sm3",
    ];
    let common = ["-in", "msg", "-pkeyopt", &distid];
    must(openssl(
        dir.path(),
        &[&verify[..], &common[..], &["-sigfile", "ours.sig"]].concat(),
    ));

    let sign = [
        "pkeyutl",
        "-sign",
        "-inkey",
        "key.pem",
        "-rawin",
        "-digest",
        "sm3",
        "-out",
        "theirs.sig",
    ];
    must(openssl(dir.path(), &[&sign[..], &common[..]].concat()));
    let theirs = sm2_signature_from_der(&std::fs::read(dir.path().join("theirs.sig")).unwrap()).unwrap();
    assert!(key.public().verify(message, &theirs));
    assert!(!key.public().verify(b"another", &theirs));

    // a key that OpenSSL made
    must(openssl(
        dir.path(),
        &["genpkey", "-algorithm", "SM2", "-out", "made.pem"],
    ));
    must(openssl(
        dir.path(),
        &["pkey", "-in", "made.pem", "-pubout", "-out", "made.pub"],
    ));
    let made = Sm2Key::from_pem(&std::fs::read_to_string(dir.path().join("made.pem")).unwrap()).unwrap();
    let made_public = Sm2Public::from_pem(&std::fs::read_to_string(dir.path().join("made.pub")).unwrap()).unwrap();
    assert_eq!(made.public(), made_public);
}

#[test]
fn openssl_verifies_our_ed25519_signature_and_we_verify_its() {
    let dir = tempfile::tempdir().unwrap();
    let key = Ed25519Key::generate(&Chance::seeded(12));
    let message = "检查点".as_bytes();
    std::fs::write(dir.path().join("key.pem"), key.to_pem().unwrap()).unwrap();
    std::fs::write(dir.path().join("pub.pem"), key.public().to_pem().unwrap()).unwrap();
    std::fs::write(dir.path().join("msg"), message).unwrap();
    std::fs::write(dir.path().join("ours.sig"), key.sign(message)).unwrap();
    let verify = "pkeyutl -verify -pubin -inkey pub.pem -rawin -in msg -sigfile ours.sig";
    must(openssl(dir.path(), &verify.split(' ').collect::<Vec<_>>()));
    let sign = "pkeyutl -sign -inkey key.pem -rawin -in msg -out theirs.sig";
    must(openssl(dir.path(), &sign.split(' ').collect::<Vec<_>>()));
    let theirs = std::fs::read(dir.path().join("theirs.sig")).unwrap();
    assert!(key.public().verify(message, &theirs));
    let read_back = Ed25519Public::from_pem(&std::fs::read_to_string(dir.path().join("pub.pem")).unwrap()).unwrap();
    assert_eq!(read_back, key.public());
}

#[test]
fn openssl_gives_the_same_sm3_and_hmac() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("msg"), b"shuqiao").unwrap();
    let hash = openssl(dir.path(), &["dgst", "-sm3", "-r", "msg"]);
    assert!(String::from_utf8_lossy(&hash.stdout).starts_with(&hex::encode(crypto::sm3(b"shuqiao"))));
    let mac = openssl(
        dir.path(),
        &["dgst", "-sm3", "-r", "-mac", "HMAC", "-macopt", "hexkey:0102", "msg"],
    );
    let ours = hex::encode(crypto::hash::hmac_sm3(&[1, 2], b"shuqiao"));
    assert!(String::from_utf8_lossy(&mac.stdout).starts_with(&ours));
}
