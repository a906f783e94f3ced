//! Parameters of an action: a JSON object in a POST, a query string in a GET.

use serde_json::{Map, Value};

use super::CkanError;

#[derive(Clone, Debug, Default)]
pub struct Params(Map<String, Value>);

impl Params {
    pub fn from_json(value: Value) -> Result<Self, CkanError> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            Value::Null => Ok(Self::default()),
            _ => Err(CkanError::BadRequest(
                "Request data JSON decoded to something that is not a dict".into(),
            )),
        }
    }
    /// A key that comes several times is a list.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut map = Map::new();
        for (key, value) in pairs {
            match map.get_mut(&key) {
                None => {
                    map.insert(key, Value::String(value));
                }
                Some(Value::Array(values)) => values.push(Value::String(value)),
                Some(first) => *first = Value::Array(vec![first.take(), Value::String(value)]),
            }
        }
        Self(map)
    }
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|v| !v.is_null())
    }
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
    pub fn required(&self, name: &str) -> Result<&str, CkanError> {
        self.text(name)
            .filter(|s| !s.is_empty())
            .ok_or_else(|| CkanError::missing(name))
    }
    pub fn number(&self, name: &str) -> Result<Option<u64>, CkanError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(n)) if n.as_u64().is_some() => Ok(n.as_u64()),
            Some(Value::String(s)) if s.is_empty() => Ok(None),
            Some(Value::String(s)) => s
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| CkanError::invalid(name, "Invalid integer")),
            Some(_) => Err(CkanError::invalid(name, "Must be a natural number")),
        }
    }
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(b)) => *b,
            Some(Value::String(s)) => matches!(s.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "t" | "y"),
            Some(Value::Number(n)) => n.as_u64() != Some(0),
            _ => false,
        }
    }
    /// A list, a JSON list in a text, or texts with commas between.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        match self.get(name) {
            Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
            Some(Value::String(s)) if s.trim_start().starts_with('[') => match serde_json::from_str::<Vec<String>>(s) {
                Ok(values) => values,
                Err(_) => vec![s.clone()],
            },
            Some(Value::String(s)) if name == "fields" || name == "facet.field" => s
                .split(',')
                .map(|p| p.trim().to_owned())
                .filter(|p| !p.is_empty())
                .collect(),
            Some(Value::String(s)) if !s.is_empty() => vec![s.clone()],
            _ => vec![],
        }
    }
    /// An object, or a JSON object in a text.
    pub fn object(&self, name: &str) -> Result<Map<String, Value>, CkanError> {
        match self.get(name) {
            None => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map.clone()),
            Some(Value::String(s)) if s.trim().is_empty() => Ok(Map::new()),
            Some(Value::String(s)) => {
                serde_json::from_str(s).map_err(|_| CkanError::invalid(name, "Cannot parse JSON"))
            }
            Some(_) => Err(CkanError::invalid(name, "Not a dictionary")),
        }
    }
}
