//! The CKAN action API over the open catalog (reading only), so that every
//! tool that speaks CKAN finds, lists, harvests and queries what is opened.
//!
//! Deliberately absent: actions that write (they answer CKAN's authorization
//! error; publishing is a decision, taken in the console), and
//! `datastore_search_sql` (raw SQL for everybody).

mod actions;
mod datastore;
pub mod expr;
pub mod params;
mod search;
pub mod shape;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

pub use actions::{ACTIONS, call};

/// An error as CKAN clients know it.
#[derive(Debug)]
pub enum CkanError {
    NotFound,
    /// By field.
    Validation(Map<String, Value>),
    Denied,
    /// Plain text, not an object: as CKAN answers an unknown action.
    BadRequest(String),
    Search(String),
    Inner(base::Error),
}

impl CkanError {
    pub fn missing(field: &str) -> Self {
        Self::invalid(field, "Missing value")
    }
    pub fn invalid(field: &str, message: &str) -> Self {
        Self::Validation([(field.to_owned(), json!([message]))].into_iter().collect())
    }
}

impl From<base::Error> for CkanError {
    fn from(e: base::Error) -> Self {
        match e.kind.status {
            404 | 410 => Self::NotFound,
            422 => Self::Validation(e.fields.iter().map(|f| (f.field.clone(), json!([f.message]))).collect()),
            400 => Self::invalid("filters", &e.title(base::Lang::En)),
            _ => Self::Inner(e),
        }
    }
}

/// `{"help":…,"success":true,"result":…}` or its failing sister.
pub fn answer(base: &str, action: &str, outcome: Result<Value, CkanError>) -> Response {
    let help = format!("{base}/api/3/action/help_show?name={action}");
    let (status, error) = match outcome {
        Ok(result) => return axum::Json(json!({ "help": help, "success": true, "result": result })).into_response(),
        Err(CkanError::BadRequest(text)) => return (StatusCode::BAD_REQUEST, axum::Json(json!(text))).into_response(),
        // the server's outer layer logs and renders these as everywhere else
        Err(CkanError::Inner(e)) => return e.into_response(),
        Err(CkanError::NotFound) => (
            StatusCode::NOT_FOUND,
            json!({ "__type": "Not Found Error", "message": "Not found" }),
        ),
        Err(CkanError::Denied) => (
            StatusCode::FORBIDDEN,
            json!({ "__type": "Authorization Error", "message": "Access denied: this API only reads" }),
        ),
        Err(CkanError::Search(message)) => (
            StatusCode::CONFLICT,
            json!({ "__type": "Search Query Error", "message": message }),
        ),
        Err(CkanError::Validation(mut fields)) => {
            fields.insert("__type".into(), json!("Validation Error"));
            (StatusCode::CONFLICT, Value::Object(fields))
        }
    };
    (
        status,
        axum::Json(json!({ "help": help, "success": false, "error": error })),
    )
        .into_response()
}
