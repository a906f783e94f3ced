//! Paging by cursor: stable under inserts, the same at page 1 and page 1,000.

use serde::{Deserialize, Serialize};

use crate::limits;

/// Query of every list. `cursor` is opaque: the `next` of the page before.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}
impl PageQuery {
    pub fn limit(&self) -> u64 {
        u64::from(self.limit.unwrap_or(limits::PAGE_DEFAULT).clamp(1, limits::PAGE_MAX))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Rows in all that the asker may see, where that is known cheaply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}
impl<T> Page<T> {
    /// From one row more than was asked for: the extra row only tells that
    /// there is a next page.
    pub fn from_overfetch(mut items: Vec<T>, limit: u64, cursor_of: impl Fn(&T) -> String) -> Self {
        let more = items.len() as u64 > limit;
        items.truncate(limit as usize);
        let next = if more { items.last().map(cursor_of) } else { None };
        Self {
            items,
            next,
            total: None,
        }
    }
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
            total: self.total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_row_becomes_the_cursor_of_the_last_shown() {
        let page = Page::from_overfetch(vec![1, 2, 3], 2, |n| n.to_string());
        assert_eq!((page.items, page.next.as_deref()), (vec![1, 2], Some("2")));
        assert_eq!(Page::from_overfetch(vec![1, 2], 2, |n| n.to_string()).next, None);
    }
}
