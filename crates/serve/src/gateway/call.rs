//! One call, from its credential to its answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use base::{Error, Moment, Result, limits};
use bytes::Bytes;
use protect::Mode;
use serde::Deserialize;
use serde_json::Value;

use super::snapshot::{Application, Grant, GrantState, GrantedItem, Service, Table};
use super::{Gateway, Token, answer};
use crate::access_log::Record;
use crate::errors::*;
use crate::index::{Row, key_of};

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub enum Credential<'a> {
    /// `Authorization: Bearer …`, as it came.
    Bearer(Option<&'a str>),
    /// Tried out in the console: the person's session and right to try were
    /// checked before, so no token and no address are asked for.
    Console { institution: &'a str },
}

/// What is asked, read only once the caller is known to be one who may ask.
#[derive(Clone, Debug)]
pub enum Input {
    /// A JSON body.
    Body(Bytes),
    /// Parameters of the address, decoded.
    Query(Vec<(String, String)>),
    Ready(Request),
    /// The body could not be received.
    Unreadable(&'static str),
}

/// A look-up (`keys`), and for verify the values to compare (`match`).
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GatewayRequest)]
pub struct Request {
    /// A value for every key item of the service.
    pub keys: serde_json::Map<String, Value>,
    /// Verify: items and the values they should have.
    #[serde(default, rename = "match")]
    pub matches: serde_json::Map<String, Value>,
    /// Query: fewer items than are granted. All that are granted, if absent.
    #[serde(default)]
    pub items: Option<Vec<String>>,
}

/// What stands for the application in the log when a service was tried out in the console.
pub const CONSOLE: &str = "console";

#[derive(Clone, Copy)]
enum Caller<'a> {
    Application(&'a str),
    Institution(&'a str),
}

#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub service: &'a str,
    pub credential: Credential<'a>,
    pub address: IpAddr,
    /// Which grant, where the application has several for the service.
    pub grant: Option<&'a str>,
    pub input: Input,
}

#[derive(Debug)]
pub struct Answer {
    pub request_id: Arc<str>,
    pub grant: Option<Arc<str>>,
    /// The JSON body, or why not.
    pub result: Result<Vec<u8>>,
}

impl Gateway {
    /// Answers a call; the record of it stands in the access log when this returns.
    pub async fn call(&self, call: Call<'_>) -> Answer {
        let started = Instant::now();
        let inner = &*self.inner;
        let number = inner.calls.fetch_add(1, Ordering::Relaxed);
        let request_id: Arc<str> = format!("{:016x}{number:016x}", inner.run).into();
        let mut record = Record {
            at: inner.clock.now(),
            request_id: Arc::clone(&request_id),
            address: call.address.to_string().into(),
            ..Record::default()
        };
        let mut result = self.decide(call, &mut record);
        if result.is_ok() {
            inner.answered.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(log) = &inner.log {
            record.outcome = result.as_ref().map_or_else(|e| e.code(), |_| "ok").into();
            record.latency_us = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
            if let Err(error) = log.append(&record).await {
                result = Err(error);
            }
        }
        let grant = (!record.grant.is_empty()).then_some(record.grant);
        Answer {
            request_id,
            grant,
            result,
        }
    }

    fn decide(&self, call: Call<'_>, record: &mut Record) -> Result<Vec<u8>> {
        if self.snapshot_age_ms().is_none_or(|age| age > limits::GRANTS_AGE_MS_MAX) {
            return Err(Error::new(&GRANTS_STALE));
        }
        let snapshot = self.inner.snapshot.load();
        let caller = match call.credential {
            Credential::Bearer(token) => {
                let token = self.token(token, record.at)?;
                let application = snapshot.applications.get(token.application.as_str());
                let application = application.ok_or_else(|| Error::new(&TOKEN_INVALID))?;
                record.application = Arc::clone(&application.id);
                record.institution = Arc::clone(&application.institution);
                admit(application, &token, call.address)?;
                Caller::Application(&application.id)
            }
            Credential::Console { institution } => {
                record.application = CONSOLE.into();
                record.institution = institution.into();
                Caller::Institution(institution)
            }
        };
        let service = snapshot
            .services
            .get(call.service)
            .ok_or_else(|| Error::new(&NO_SERVICE))?;
        record.service = Arc::clone(&service.id);
        record.resource = Arc::clone(&service.resource);
        record.provider = Arc::clone(&service.provider);
        let grant = find_grant(service, caller, call.grant)?;
        record.grant = Arc::clone(&grant.id);
        record.scenario = Arc::clone(&grant.scenario);
        usable(service, grant, record.at)?;
        let request = read(service, call.input)?;
        let wanted = wanted(service, grant, &request, record)?;
        if let Some(bucket) = &grant.bucket {
            bucket.take(record.at).map_err(|seconds| Error {
                retry_after_s: Some(seconds),
                ..Error::new(&RATE).with("rate", bucket.per_s())
            })?;
        }
        let table = service.table.as_deref().ok_or_else(|| Error::new(&INDEX_NOT_READY))?;
        let key = key_of(&service.key_items, &key_values(service, &request)?);
        record.key_hash = self.record_hash(&service.resource, &key);
        let rows = rows_of(table, grant, &key)?;
        if !rows.is_empty() {
            record.record_hashes.push(record.key_hash);
        }
        record.rows = rows.len() as u32;
        match service.mode {
            Mode::Verify => Ok(answer::verify(&rows, &wanted, &request.matches)),
            Mode::Query | Mode::Batch => answer::query(table, &rows, &wanted),
        }
    }

    fn token(&self, text: Option<&str>, now: Moment) -> Result<Token> {
        let text = text.ok_or_else(|| Error::new(&TOKEN_MISSING))?;
        Token::read(text, &self.inner.node, now, &self.inner.keys)
    }

    /// A token for a client that shows its secret (OAuth 2, client credentials).
    pub fn issue_token(&self, client_id: &str, client_secret: &str, address: IpAddr) -> Result<String> {
        if self.snapshot_age_ms().is_none_or(|age| age > limits::GRANTS_AGE_MS_MAX) {
            return Err(Error::new(&GRANTS_STALE));
        }
        let inner = &*self.inner;
        let snapshot = inner.snapshot.load();
        let invalid = || Error::new(&CLIENT_INVALID);
        let application = snapshot.applications.get(client_id).ok_or_else(invalid)?;
        let secret = application
            .secret
            .as_ref()
            .filter(|s| s.matches(client_secret))
            .ok_or_else(invalid)?;
        if !application.active {
            return Err(Error::new(&APPLICATION_INACTIVE));
        }
        if !application.addresses.is_empty() && !application.addresses.contains(address) {
            return Err(Error::new(&ADDRESS_NOT_ALLOWED));
        }
        let now = inner.clock.now();
        Ok(Token::issue(
            &inner.node,
            client_id,
            secret.version,
            address,
            now,
            &inner.keys,
            &inner.chance,
        ))
    }
}

/// The application's state, its secret's version, and where the call comes from.
fn admit(application: &Application, token: &Token, address: IpAddr) -> Result<()> {
    if application
        .secret
        .as_ref()
        .is_none_or(|s| s.version != token.key_version)
    {
        return Err(Error::new(&TOKEN_REVOKED));
    }
    if !application.active {
        return Err(Error::new(&APPLICATION_INACTIVE));
    }
    if application.addresses.is_empty() {
        // no addresses registered: the token is good where it was issued to
        if token.address != address {
            return Err(Error::new(&TOKEN_REPLAYED));
        }
    } else if !application.addresses.contains(address) {
        return Err(Error::new(&ADDRESS_NOT_ALLOWED));
    }
    Ok(())
}

/// The grant that was named; else one that can be used; else the newest, whose
/// state then gives the reason.
fn find_grant<'s>(service: &'s Service, caller: Caller<'_>, named: Option<&str>) -> Result<&'s Grant> {
    let grants = match caller {
        Caller::Application(id) => service.grants.get(id),
        Caller::Institution(id) => service.grants_of_institutions.get(id),
    };
    let grants = grants.map(Vec::as_slice).unwrap_or_default();
    let grant = match named {
        Some(id) => grants.iter().find(|g| *g.id == *id),
        None => grants.iter().find(|g| g.state == GrantState::Active).or(grants.first()),
    };
    grant.map(|g| &**g).ok_or_else(|| Error::new(&NOT_GRANTED))
}

fn usable(service: &Service, grant: &Grant, now: Moment) -> Result<()> {
    if service.suspended {
        return Err(Error::new(&RESOURCE_SUSPENDED));
    }
    match grant.state {
        GrantState::Suspended => Err(Error::new(&GRANT_SUSPENDED)),
        GrantState::Ended => Err(Error::new(&GRANT_ENDED)),
        GrantState::Active if grant.expires_at.is_some_and(|end| now >= end) => Err(Error::new(&GRANT_EXPIRED)),
        GrantState::Active => Ok(()),
    }
}

fn read(service: &Service, input: Input) -> Result<Request> {
    let unreadable = |detail: &str| Error::new(&CALL_UNREADABLE).with("detail", detail);
    match input {
        Input::Ready(request) => Ok(request),
        Input::Unreadable(detail) => Err(unreadable(detail)),
        // serde's text can quote the input, which holds personal data
        Input::Body(body) => {
            serde_json::from_slice(&body).map_err(|e| unreadable(&format!("JSON {}:{}", e.line(), e.column())))
        }
        Input::Query(parameters) => {
            let mut request = Request::default();
            for (name, value) in parameters {
                if service.key_items.iter().any(|k| k.name == name) {
                    request.keys.insert(name, value.into());
                } else if name == "items" {
                    request.items = Some(value.split(',').map(|s| s.trim().to_owned()).collect());
                } else if let Some(item) = name.strip_prefix("match.") {
                    request.matches.insert(item.to_owned(), value.into());
                } else {
                    return Err(Error::new(&KEY_UNKNOWN).with("item", name));
                }
            }
            Ok(request)
        }
    }
}

/// The granted items that the call is about; refuses one that is not granted.
fn wanted<'g>(
    service: &Service,
    grant: &'g Grant,
    request: &Request,
    record: &mut Record,
) -> Result<Vec<&'g GrantedItem>> {
    let item = |name: &str| {
        grant
            .item(name)
            .ok_or_else(|| Error::new(&ITEM_NOT_GRANTED).with("item", name))
    };
    let names: Vec<&str> = match service.mode {
        Mode::Verify if request.matches.is_empty() => return Err(Error::new(&MATCH_MISSING)),
        Mode::Verify => request.matches.keys().map(String::as_str).collect(),
        _ if !request.matches.is_empty() => return Err(Error::new(&MATCH_NOT_ALLOWED)),
        _ => match &request.items {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => {
                record.items = Arc::clone(&grant.items_text);
                return Ok(grant.items.iter().collect());
            }
        },
    };
    let items = names.iter().map(|name| item(name)).collect::<Result<Vec<_>>>()?;
    record.items = names.join(",").into();
    Ok(items)
}

/// The values of the key, in the order of the service's key items.
fn key_values(service: &Service, request: &Request) -> Result<Vec<String>> {
    if let Some(unknown) = request
        .keys
        .keys()
        .find(|name| service.key_items.iter().all(|k| k.name != **name))
    {
        return Err(Error::new(&KEY_UNKNOWN).with("item", unknown));
    }
    let value = |name: &str| match request.keys.get(name) {
        Some(value) => answer::text_of(value).filter(|text| !text.trim().is_empty()),
        None => None,
    };
    let missing = |name: &str| Error::new(&KEY_MISSING).with("item", name);
    service
        .key_items
        .iter()
        .map(|item| Ok(value(&item.name).ok_or_else(|| missing(&item.name))?.into_owned()))
        .collect()
}

/// The rows of a key that the grant's row filter lets through.
fn rows_of<'t>(table: &'t Table, grant: &Grant, key: &[u8]) -> Result<Vec<Row<'t>>> {
    let mut kept = Vec::new();
    for row in table.rows.get(key).map_err(Error::internal)? {
        let row = row.map_err(Error::internal)?;
        let value = |name: &str| row.text(table.items.iter().position(|item| item == name)?);
        if grant.filtered && !grant.plan.admits(&value) {
            continue;
        }
        if kept.len() == limits::GATEWAY_ROWS_MAX {
            return Err(Error::new(&TOO_MANY_ROWS).with("limit", limits::GATEWAY_ROWS_MAX));
        }
        kept.push(row);
    }
    Ok(kept)
}
