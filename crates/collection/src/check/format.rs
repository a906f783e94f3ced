//! Representation formats of items: the notation of GB/T 18391 (`n6`, `an..50`,
//! `c..100`), or a pattern between `^` and `$`.

use base::{Error, Result};
use regex::Regex;

#[derive(Debug)]
pub enum Pattern {
    Class { class: Class, least: usize, most: usize },
    Regex(Regex),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Class {
    /// `n`
    Digits,
    /// `a`
    Letters,
    /// `an`
    LettersAndDigits,
    /// `c`, `u`: anything
    Any,
}

impl Pattern {
    /// `None` for notations that describe another type (`YYYYMMDD`, `n..10,2`):
    /// the item's type has its own check.
    pub fn parse(format: &str) -> Result<Option<Self>> {
        let format = format.trim();
        if format.starts_with('^') {
            let regex = Regex::new(format)
                .map_err(|e| Error::bad_request(format!("信息项的格式不是有效的正则表达式：{format}")).because(e))?;
            return Ok(Some(Self::Regex(regex)));
        }
        let split = format.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(format.len());
        let (letters, size) = format.split_at(split);
        let class = match letters {
            "n" => Class::Digits,
            "a" => Class::Letters,
            "an" => Class::LettersAndDigits,
            "c" | "u" => Class::Any,
            _ => return Ok(None),
        };
        let bounds = match size.split_once("..") {
            Some((least, most)) => (
                if least.is_empty() { Some(0) } else { least.parse().ok() },
                most.parse().ok(),
            ),
            None => (size.parse().ok(), size.parse().ok()),
        };
        Ok(match bounds {
            (Some(least), Some(most)) => Some(Self::Class { class, least, most }),
            _ => None,
        })
    }

    pub fn fits(&self, value: &str) -> bool {
        match self {
            Self::Regex(regex) => regex.is_match(value),
            Self::Class { class, least, most } => {
                let of_class = match class {
                    Class::Digits => value.bytes().all(|b| b.is_ascii_digit()),
                    Class::Letters => value.bytes().all(|b| b.is_ascii_alphabetic()),
                    Class::LettersAndDigits => value.bytes().all(|b| b.is_ascii_alphanumeric()),
                    Class::Any => true,
                };
                let count = if *class == Class::Any {
                    value.chars().count()
                } else {
                    value.len()
                };
                of_class && (*least..=*most).contains(&count)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_means_class_and_length() {
        let fits = |format: &str, value: &str| Pattern::parse(format).expect("parses").expect("is one").fits(value);
        assert!(fits("n6", "330100") && !fits("n6", "33010") && !fits("n6", "33010a"));
        assert!(fits("an..8", "A1") && !fits("an..8", "A1-") && !fits("an2..3", "A"));
        assert!(fits("c..3", "杭州市") && !fits("c..3", "杭州市区"));
        assert!(fits("^\\d{2}$", "12") && !fits("^\\d{2}$", "123"));
        assert!(Pattern::parse("YYYYMMDD").expect("parses").is_none());
        assert!(Pattern::parse("^(").is_err());
    }
}
