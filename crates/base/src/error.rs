//! Errors as people and programs meet them: a stable code, what is wrong, what
//! to do next, and the article where one applies. On the wire they are
//! `application/problem+json` (RFC 9457). The server's outermost layer renders
//! them in the language of the request and logs the internal ones, once.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::Lang;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One kind of error, declared once by [`errors!`](crate::errors).
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorKind {
    /// Stable, dotted: `catalog.revision_conflict`.
    pub code: &'static str,
    pub status: u16,
    /// What is wrong. `{name}` stands for a parameter.
    pub zh: &'static str,
    pub en: &'static str,
    /// What to do next.
    pub next_zh: &'static str,
    pub next_en: &'static str,
}

/// Declares error kinds and a table `KINDS` of all of them, for the docs.
///
/// ```
/// base::errors! {
///     REVISION_CONFLICT = 409 "catalog.revision_conflict",
///         "该条目已被他人修改", "this entry was changed by somebody else",
///         "请比较两个版本后重新提交", "compare the two versions and submit again";
/// }
/// let e = base::Error::new(&REVISION_CONFLICT);
/// assert_eq!(e.kind.status, 409);
/// ```
#[macro_export]
macro_rules! errors {
    ($($name:ident = $status:literal $code:literal, $zh:literal, $en:literal, $next_zh:literal, $next_en:literal;)*) => {
        $(pub static $name: $crate::ErrorKind = $crate::ErrorKind {
            code: $code, status: $status, zh: $zh, en: $en, next_zh: $next_zh, next_en: $next_en,
        };)*
        /// Every error of this crate, for the documentation.
        pub static KINDS: &[&$crate::ErrorKind] = &[$(&$name),*];
    };
}

crate::errors! {
    NOT_FOUND = 404 "not_found",
        "没有找到{what}", "{what} was not found",
        "请检查地址，或确认您有权查看", "check the address, or whether you may see it";
    SIGN_IN_REQUIRED = 401 "sign_in_required",
        "请先登录", "sign in first",
        "登录后重试", "sign in and try again";
    FORBIDDEN = 403 "forbidden",
        "您的角色不能{action}", "your role may not {action}",
        "请联系本单位管理员开通相应角色", "ask your institution's administrator for the role";
    INVALID = 422 "invalid",
        "提交的内容有误", "the submission has mistakes",
        "请按各字段的提示修改后重新提交", "correct the fields as told and submit again";
    BAD_REQUEST = 400 "bad_request",
        "请求无法识别：{detail}", "the request cannot be read: {detail}",
        "请对照接口说明修改请求", "compare the request with the API description";
    CONFLICT = 409 "conflict",
        "该事项的状态已经变化", "the state has changed meanwhile",
        "请刷新后再决定", "reload, then decide";
    TOO_LARGE = 413 "too_large",
        "{what}超过上限{limit}", "{what} is larger than the limit of {limit}",
        "请拆分后重试", "split it and try again";
    TOO_MANY = 429 "too_many_requests",
        "请求过于频繁", "too many requests",
        "请按 Retry-After 的秒数等待后重试", "wait as Retry-After says";
    UNAVAILABLE = 503 "unavailable",
        "服务暂时不可用：{what}", "temporarily unavailable: {what}",
        "请稍后重试；数据没有丢失", "try again later; nothing was lost";
    DISK_FULL = 507 "disk_full",
        "存储空间已满", "the storage is full",
        "请联系平台管理员清理空间后重试；已保存的数据没有丢失", "ask the administrator to free space, then try again; what was saved is safe";
    INTERNAL = 500 "internal",
        "平台内部错误", "internal error",
        "请稍后重试，并向平台管理员提供追踪号", "try again later and give the trace number to the administrator";
}

/// A mistake in one field of a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON path of the field: `items[3].name`.
    pub field: String,
    /// Stable code: `required`, `too_long`, `check_digit` …
    pub code: String,
    /// In the language of the request where it can be; Chinese else.
    pub message: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{}{}", kind.code, internal.as_deref().map(|i| format!(": {i}")).unwrap_or_default())]
pub struct Error {
    pub kind: &'static ErrorKind,
    pub params: Vec<(&'static str, String)>,
    pub fields: Vec<FieldError>,
    /// Citation as shown: 《浙江省公共数据条例》第二十五条.
    pub article: Option<String>,
    /// For the log only; never sent. No personal data here either.
    pub internal: Option<String>,
    /// Seconds, for `Retry-After`.
    pub retry_after_s: Option<u64>,
}

impl Error {
    pub fn new(kind: &'static ErrorKind) -> Self {
        Self {
            kind,
            params: vec![],
            fields: vec![],
            article: None,
            internal: None,
            retry_after_s: None,
        }
    }
    pub fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.params.push((name, value.to_string()));
        self
    }
    pub fn article(mut self, citation: impl Into<String>) -> Self {
        self.article = Some(citation.into());
        self
    }
    pub fn field(mut self, field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.fields.push(FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        });
        self
    }
    pub fn because(mut self, internal: impl std::fmt::Display) -> Self {
        self.internal = Some(internal.to_string());
        self
    }
    pub fn internal(because: impl std::fmt::Display) -> Self {
        Self::new(&INTERNAL).because(because)
    }
    pub fn not_found(what: &str) -> Self {
        Self::new(&NOT_FOUND).with("what", what)
    }
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        Self {
            fields,
            ..Self::new(&INVALID)
        }
    }
    pub fn bad_request(detail: impl std::fmt::Display) -> Self {
        Self::new(&BAD_REQUEST).with("detail", detail)
    }
    pub fn forbidden(action: &str) -> Self {
        Self::new(&FORBIDDEN).with("action", action)
    }
    pub fn code(&self) -> &'static str {
        self.kind.code
    }

    pub fn title(&self, lang: Lang) -> String {
        self.fill(if lang == Lang::En { self.kind.en } else { self.kind.zh })
    }
    pub fn next(&self, lang: Lang) -> String {
        self.fill(if lang == Lang::En {
            self.kind.next_en
        } else {
            self.kind.next_zh
        })
    }
    fn fill(&self, template: &str) -> String {
        self.params.iter().fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    pub fn problem(&self, lang: Lang, trace: Option<&str>) -> Problem {
        Problem {
            r#type: format!("/docs/errors#{}", self.kind.code),
            title: self.title(lang),
            status: self.kind.status,
            code: self.kind.code.to_owned(),
            next: self.next(lang),
            article: self.article.clone(),
            errors: self.fields.clone(),
            trace: trace.map(str::to_owned),
        }
    }
    pub fn render(&self, lang: Lang, trace: Option<&str>) -> Response {
        let status = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.problem(lang, trace)).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json; charset=utf-8"),
        );
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The body of every error answer (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// Address of the error's description.
    pub r#type: String,
    /// What is wrong, in the language of the request.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code, for programs.
    pub code: String,
    /// What to do next.
    pub next: String,
    /// Article of the law, where one applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    /// Mistakes by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Trace number of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// Rendered in Chinese at once, so that no error is ever without a body; the
/// server's outer layer finds the error in the extensions and renders it anew
/// in the request's language with its trace.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.render(Lang::Zh, None);
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

/// Only the kind of a store's failure goes on; its text may quote values.
#[cfg(feature = "store")]
impl From<sea_orm::DbErr> for Error {
    fn from(e: sea_orm::DbErr) -> Self {
        use sea_orm::{DbErr, SqlErr};
        if let Some(SqlErr::UniqueConstraintViolation(_)) = e.sql_err() {
            return Self::new(&CONFLICT).because("unique constraint");
        }
        let text = e.to_string();
        if text.contains("disk is full") || text.contains("No space left") {
            return Self::new(&DISK_FULL);
        }
        match e {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::new(&UNAVAILABLE).with("what", "store").because(text),
            _ => Self::internal(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_is_wrong_and_what_to_do_in_both_languages() {
        let e = Error::not_found("目录条目").article("《条例》第二十条");
        let p = e.problem(Lang::Zh, Some("t"));
        assert_eq!(
            (p.status, p.code.as_str(), p.title.as_str()),
            (404, "not_found", "没有找到目录条目")
        );
        assert!(!e.next(Lang::En).is_empty());
        assert_eq!(p.article.as_deref(), Some("《条例》第二十条"));
    }
}
