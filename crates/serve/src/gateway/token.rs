//! 访问令牌: everything needed to judge a call stands in the token, under a
//! MAC with the node's key. So it is checked in memory and survives a restart.

use std::net::{IpAddr, Ipv6Addr};

use base::{Chance, Error, Moment, Result, limits};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crypto::{KeyedHash, constant_time_eq};

use crate::errors::{TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_OTHER_NODE};

const PREFIX: &str = "sq1.";
const DOMAIN: &str = "gateway/token";
const MAC: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub node: String,
    pub application: String,
    /// Version of the application's secret: a new secret revokes older tokens.
    pub key_version: u32,
    pub expires_at: Moment,
    /// Where it was issued to.
    pub address: IpAddr,
}

impl Token {
    pub fn issue(
        node: &str,
        application: &str,
        key_version: u32,
        address: IpAddr,
        now: Moment,
        keys: &KeyedHash,
        chance: &Chance,
    ) -> String {
        let mut payload = Vec::with_capacity(128);
        for text in [node, application] {
            let bytes = &text.as_bytes()[..text.floor_char_boundary(255)];
            payload.push(bytes.len() as u8);
            payload.extend_from_slice(bytes);
        }
        payload.extend_from_slice(&key_version.to_le_bytes());
        payload.extend_from_slice(&now.plus_ms(limits::TOKEN_MS).0.to_le_bytes());
        let address = match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        payload.extend_from_slice(&address.octets());
        payload.extend_from_slice(&chance.bytes::<8>());
        let mac = keys.of(DOMAIN, &payload);
        payload.extend_from_slice(&mac);
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(payload))
    }

    /// Reads a token of this node. Each reason to refuse has its own code; that
    /// a token is another node's is believed without its MAC, which only that
    /// node could check.
    pub fn read(text: &str, node: &str, now: Moment, keys: &KeyedHash) -> Result<Self> {
        let invalid = || Error::new(&TOKEN_INVALID);
        let encoded = text.strip_prefix(PREFIX).ok_or_else(invalid)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded.trim_end_matches('='))
            .map_err(|_| invalid())?;
        let (payload, mac) = bytes
            .split_at_checked(bytes.len().saturating_sub(MAC))
            .ok_or_else(invalid)?;
        let token = Self::parse(payload).ok_or_else(invalid)?;
        if token.node != node {
            return Err(Error::new(&TOKEN_OTHER_NODE));
        }
        if !constant_time_eq(mac, &keys.of(DOMAIN, payload)) {
            return Err(invalid());
        }
        if token.expires_at <= now {
            return Err(Error::new(&TOKEN_EXPIRED));
        }
        Ok(token)
    }

    fn parse(mut payload: &[u8]) -> Option<Self> {
        let mut text = || {
            let (length, rest) = payload.split_first()?;
            let (text, rest) = rest.split_at_checked(usize::from(*length))?;
            payload = rest;
            Some(std::str::from_utf8(text).ok()?.to_owned())
        };
        let (node, application) = (text()?, text()?);
        let (key_version, payload) = payload.split_first_chunk::<4>()?;
        let (expires_at, payload) = payload.split_first_chunk::<8>()?;
        let (address, nonce) = payload.split_first_chunk::<16>()?;
        (nonce.len() == 8).then(|| Self {
            node,
            application,
            key_version: u32::from_le_bytes(*key_version),
            expires_at: Moment(i64::from_le_bytes(*expires_at)),
            address: IpAddr::V6(Ipv6Addr::from(*address)).to_canonical(),
        })
    }
}
