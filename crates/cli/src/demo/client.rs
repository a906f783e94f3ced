//! The platform's API as a person uses it: a session of its own, and errors
//! that tell what the platform said.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

#[derive(Clone)]
pub struct Api {
    base: String,
    http: Client,
}

impl Api {
    /// Not signed in.
    pub fn new(base: &str) -> Result<Self> {
        let http = Client::builder().cookie_store(true).no_proxy().build()?;
        Ok(Self {
            base: base.to_owned(),
            http,
        })
    }
    pub async fn signed_in(base: &str, login: &str, password: &str) -> Result<Self> {
        let api = Self::new(base)?;
        let body = serde_json::json!({ "login": login, "password": password });
        api.post("/api/v1/session", &body)
            .await
            .with_context(|| format!("signing in as {login}"))?;
        Ok(api)
    }
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .header("X-Requested-With", "shuqiao")
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        json_of(self.request(Method::GET, path).send().await?, path).await
    }
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        json_of(self.request(Method::POST, path).json(body).send().await?, path).await
    }
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        json_of(self.request(Method::PUT, path).json(body).send().await?, path).await
    }
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        json_of(self.request(Method::PATCH, path).json(body).send().await?, path).await
    }

    /// A file as the only part named `file`, streamed from disk.
    pub async fn upload(&self, path: &str, file: &Path) -> Result<Value> {
        let part = reqwest::multipart::Part::file(file)
            .await
            .with_context(|| file.display().to_string())?;
        let form = reqwest::multipart::Form::new().part("file", part);
        json_of(self.request(Method::POST, path).multipart(form).send().await?, path).await
    }

    /// What must be refused: returns status and stable code.
    pub async fn refused(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, String)> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        ensure!(
            status.is_client_error() || status.is_server_error(),
            "{path} was not refused but answered {status}"
        );
        let problem: Value = response.json().await.context("a refusal without a problem body")?;
        Ok((status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned()))
    }

    pub async fn status(&self, path: &str) -> Result<StatusCode> {
        Ok(self.request(Method::GET, path).send().await?.status())
    }
    pub async fn text(&self, path: &str) -> Result<String> {
        Ok(self
            .request(Method::GET, path)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?)
    }
}

async fn json_of(response: Response, path: &str) -> Result<Value> {
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        let problem: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        bail!("{path} answered {status}: {problem}");
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered no JSON"))
}

/// A text field that must be there.
pub fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field]
        .as_str()
        .with_context(|| format!("no `{field}` in {value}"))
}

/// The first of a list's items that `wanted` picks.
pub fn find(page: &Value, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    page["items"].as_array()?.iter().find(|item| wanted(item)).cloned()
}
