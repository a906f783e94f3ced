//! Signatures: Ed25519 (RFC 8032) and SM2 (GB/T 32918.2-2016 with SM3), with
//! keys in PKCS#8 and SPKI, PEM, as OpenSSL reads and writes them.

use base::Chance;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes};
use ed25519_dalek::{Signer, Verifier};
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pkcs8::LineEnding;

use crate::{CryptoError, Result};

/// The distinguishing identifier of the signer that GM/T 0009 prescribes where
/// none is agreed.
pub const SM2_USER_ID: &str = "1234567812345678";

/// An Ed25519 signing key.
#[derive(Clone)]
pub struct Ed25519Key(ed25519_dalek::SigningKey);

impl Ed25519Key {
    pub fn generate(chance: &Chance) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&chance.bytes::<32>()))
    }
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
    pub fn public(&self) -> Ed25519Public {
        Ed25519Public(self.0.verifying_key())
    }
    /// PKCS#8 version 1: OpenSSL 3.0 does not read version 2, which carries the
    /// public half as well.
    pub fn to_pem(&self) -> Result<String> {
        let pair = KeypairBytes {
            secret_key: self.0.to_bytes(),
            public_key: None,
        };
        let pem = pair
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| CryptoError::Malformed("Ed25519 key"))?;
        Ok(pem.as_str().to_owned())
    }
    pub fn from_pem(pem: &str) -> Result<Self> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem)
            .map(Self)
            .map_err(|_| CryptoError::Malformed("Ed25519 private key in PKCS#8 PEM"))
    }
}
impl std::fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ed25519Key({:?})", self.public())
    }
}

/// The public half of an [`Ed25519Key`].
#[derive(Clone, PartialEq, Eq)]
pub struct Ed25519Public(ed25519_dalek::VerifyingKey);

impl Ed25519Public {
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let bytes: &[u8; 32] = bytes
            .try_into()
            .map_err(|_| CryptoError::Malformed("Ed25519 public key"))?;
        ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .map(Self)
            .map_err(|_| CryptoError::Malformed("Ed25519 public key"))
    }
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
    /// Strict verification: refuses keys of small order, which verify anything.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
    pub fn to_pem(&self) -> Result<String> {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| CryptoError::Malformed("Ed25519 public key"))
    }
    pub fn from_pem(pem: &str) -> Result<Self> {
        ed25519_dalek::VerifyingKey::from_public_key_pem(pem)
            .map(Self)
            .map_err(|_| CryptoError::Malformed("Ed25519 public key in PEM"))
    }
}
impl std::fmt::Debug for Ed25519Public {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

/// An SM2 signing key. Signs under [`SM2_USER_ID`].
#[derive(Clone)]
pub struct Sm2Key(sm2::SecretKey);

impl Sm2Key {
    pub fn generate(chance: &Chance) -> Self {
        // 32 random bytes are a scalar of the group but for one draw in 2^32.
        loop {
            if let Ok(key) = sm2::SecretKey::from_slice(&chance.bytes::<32>()) {
                return Self(key);
            }
        }
    }
    pub fn from_scalar(scalar: &[u8]) -> Result<Self> {
        sm2::SecretKey::from_slice(scalar)
            .map(Self)
            .map_err(|_| CryptoError::Malformed("SM2 private key"))
    }
    /// r and s, 32 bytes each, big-endian.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64]> {
        self.sign_as(SM2_USER_ID, message)
    }
    /// [`Self::sign`] under another distinguishing identifier.
    pub fn sign_as(&self, user_id: &str, message: &[u8]) -> Result<[u8; 64]> {
        let key = sm2::dsa::SigningKey::new(user_id, &self.0).map_err(|_| CryptoError::Signing("SM2 key"))?;
        let signature: sm2::dsa::Signature = key.try_sign(message).map_err(|_| CryptoError::Signing("SM2"))?;
        Ok(signature.to_bytes().into())
    }
    pub fn public(&self) -> Sm2Public {
        Sm2Public(self.0.public_key())
    }
    pub fn to_pem(&self) -> Result<String> {
        let pem = sm2::pkcs8::EncodePrivateKey::to_pkcs8_pem(&self.0, LineEnding::LF)
            .map_err(|_| CryptoError::Malformed("SM2 key"))?;
        Ok(pem.as_str().to_owned())
    }
    pub fn from_pem(pem: &str) -> Result<Self> {
        <sm2::SecretKey as sm2::pkcs8::DecodePrivateKey>::from_pkcs8_pem(pem)
            .map(Self)
            .map_err(|_| CryptoError::Malformed("SM2 private key in PKCS#8 PEM"))
    }
}
impl std::fmt::Debug for Sm2Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sm2Key({:?})", self.public())
    }
}

/// The public half of an [`Sm2Key`].
#[derive(Clone, PartialEq, Eq)]
pub struct Sm2Public(sm2::PublicKey);

impl Sm2Public {
    /// From a SEC 1 point: 65 bytes uncompressed or 33 compressed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        sm2::PublicKey::from_sec1_bytes(bytes)
            .map(Self)
            .map_err(|_| CryptoError::Malformed("SM2 public key"))
    }
    /// The uncompressed SEC 1 point, 65 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_sec1_point(false).as_bytes().to_vec()
    }
    /// The compressed SEC 1 point, 33 bytes.
    pub fn to_compressed(&self) -> Vec<u8> {
        self.0.to_sec1_point(true).as_bytes().to_vec()
    }
    /// `signature`: r and s, 32 bytes each, big-endian.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_as(SM2_USER_ID, message, signature)
    }
    pub fn verify_as(&self, user_id: &str, message: &[u8], signature: &[u8]) -> bool {
        let Ok(key) = sm2::dsa::VerifyingKey::new(user_id, self.0) else {
            return false;
        };
        sm2::dsa::Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    }
    pub fn to_pem(&self) -> Result<String> {
        sm2::pkcs8::EncodePublicKey::to_public_key_pem(&self.0, LineEnding::LF)
            .map_err(|_| CryptoError::Malformed("SM2 public key"))
    }
    pub fn from_pem(pem: &str) -> Result<Self> {
        <sm2::PublicKey as sm2::pkcs8::DecodePublicKey>::from_public_key_pem(pem)
            .map(Self)
            .map_err(|_| CryptoError::Malformed("SM2 public key in PEM"))
    }
}
impl std::fmt::Debug for Sm2Public {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.to_compressed()))
    }
}

/// An SM2 signature as OpenSSL and most other software carry it: a DER
/// `SEQUENCE { r INTEGER, s INTEGER }` (GM/T 0009).
pub fn sm2_signature_to_der(signature: &[u8]) -> Result<Vec<u8>> {
    let signature = sm2::dsa::Signature::from_slice(signature).map_err(|_| CryptoError::Malformed("SM2 signature"))?;
    Ok(signature.to_der().as_bytes().to_vec())
}

/// The way back from [`sm2_signature_to_der`].
pub fn sm2_signature_from_der(der: &[u8]) -> Result<[u8; 64]> {
    sm2::dsa::Signature::from_der(der)
        .map(|s| s.to_bytes().into())
        .map_err(|_| CryptoError::Malformed("SM2 signature in DER"))
}
