//! Where in a text the query was found, as parts of the text: whoever shows
//! them marks the hits; no markup travels, so none can be smuggled in.

use serde::{Deserialize, Serialize};

use super::analyse;
use super::fold::{fold, fold_char};
use super::query::parts;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HighlightPiece)]
pub struct Piece {
    pub text: String,
    /// Whether the query was found here.
    pub hit: bool,
}

/// A field of a row with the places where the query was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Highlight {
    /// `title`, `summary`, `code`, `provider` or `item`.
    pub field: String,
    pub pieces: Vec<Piece>,
}

/// Characters of a long text that are shown around the first hit.
const SNIPPET_CHARS: usize = 80;

pub struct Highlighter {
    /// Folded texts to look for: what was typed, and its words.
    needles: Vec<Vec<char>>,
    /// Letters that may be initials.
    letters: Vec<Vec<char>>,
}

impl Highlighter {
    pub fn new(q: &str) -> Self {
        let parts = parts(q);
        let mut needles: Vec<Vec<char>> = parts.iter().map(|p| p.chars().collect()).collect();
        for word in parts.iter().flat_map(|p| analyse::words(p)) {
            let word: Vec<char> = fold(&word).chars().collect();
            if word.len() > 1 && !needles.contains(&word) {
                needles.push(word);
            }
        }
        needles.sort_by_key(|n| std::cmp::Reverse(n.len()));
        let letters = parts
            .iter()
            .filter(|p| p.len() > 1 && p.bytes().all(|b| b.is_ascii_alphanumeric()))
            .map(|p| p.chars().collect())
            .collect();
        Self { needles, letters }
    }

    /// The text in pieces, or nothing where the query is not in it.
    pub fn mark(&self, field: &str, text: &str) -> Option<Highlight> {
        let chars: Vec<char> = text.chars().collect();
        let folded: Vec<char> = chars.iter().copied().map(fold_char).collect();
        let mut hits = vec![false; chars.len()];
        for needle in &self.needles {
            mark_all(&folded, needle, &mut hits);
        }
        if !hits.contains(&true) && !self.letters.is_empty() {
            let initials: Vec<char> = chars
                .iter()
                .map(|c| analyse::initials(&c.to_string()).chars().next().unwrap_or(' '))
                .collect();
            for letters in &self.letters {
                mark_all(&initials, letters, &mut hits);
            }
        }
        let first = hits.iter().position(|hit| *hit)?;
        let (from, to) = if chars.len() <= 2 * SNIPPET_CHARS {
            (0, chars.len())
        } else {
            let from = first.saturating_sub(SNIPPET_CHARS / 2);
            (from, (from + 2 * SNIPPET_CHARS).min(chars.len()))
        };
        Some(Highlight {
            field: field.to_owned(),
            pieces: cut(&chars[from..to], &hits[from..to]),
        })
    }
}

fn mark_all(text: &[char], needle: &[char], hits: &mut [bool]) {
    if needle.is_empty() || needle.len() > text.len() {
        return;
    }
    for start in 0..=text.len() - needle.len() {
        if text[start..start + needle.len()] == *needle {
            hits[start..start + needle.len()].fill(true);
        }
    }
}

fn cut(chars: &[char], hits: &[bool]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = vec![];
    for (&c, &hit) in chars.iter().zip(hits) {
        match pieces.last_mut() {
            Some(last) if last.hit == hit => last.text.push(c),
            _ => pieces.push(Piece {
                text: c.to_string(),
                hit,
            }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(q: &str, text: &str, expect: Option<&str>) {
        let marked = Highlighter::new(q).mark("title", text).map(|h| {
            h.pieces
                .iter()
                .map(|p| if p.hit { format!("[{}]", p.text) } else { p.text.clone() })
                .collect::<String>()
        });
        assert_eq!(marked.as_deref(), expect);
    }

    #[test]
    fn cat_14_hits_are_marked_in_the_text_as_it_is_written() {
        check("參保", "社会保险个人参保信息", Some("社会保险个人[参保]信息"));
        check("个人参保 信息", "社会保险个人参保信息", Some("社会保险[个人参保信息]"));
        check("grcb", "社会保险个人参保信息", Some("社会保险[个人参保]信息"));
        check("医疗", "社会保险个人参保信息", None);
        check("<b>", "<b>参保</b>", Some("<[b]>参保</[b]>"));
    }

    #[test]
    fn a_long_text_is_cut_around_its_first_hit() {
        let text = format!("{}参保{}", "前".repeat(500), "后".repeat(500));
        let marked = Highlighter::new("参保").mark("summary", &text).expect("it is found");
        let shown: usize = marked.pieces.iter().map(|p| p.text.chars().count()).sum();
        assert_eq!(shown, 2 * SNIPPET_CHARS);
        assert!(marked.pieces.iter().any(|p| p.hit && p.text == "参保"));
    }
}
