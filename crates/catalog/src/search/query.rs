//! From what a person typed and chose to a query of the index.
//!
//! Scores are sums of constants, one for each way in which a text was found,
//! and do not depend on the rest of the index: the same query gives the same
//! order while entries come and go, so that a cursor stays where it is.
//! Nothing typed is ever parsed as a query language.

use base::limits;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query, RegexQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::Viewer;
use super::analyse::{self, Gram};
use super::fold::fold;
use super::schema::Fields;

/// What each way of being found is worth.
mod worth {
    /// The title is what was typed.
    pub const TITLE: f32 = 64.0;
    pub const CODE: f32 = 48.0;
    /// The title begins with it.
    pub const TITLE_BEGIN: f32 = 8.0;
    /// It stands in the title.
    pub const IN_TITLE: f32 = 16.0;
    /// An item is called so.
    pub const ITEM: f32 = 12.0;
    pub const UNIT: f32 = 6.0;
    pub const IN_TEXT: f32 = 2.0;
    pub const WORD_IN_TITLE: f32 = 3.0;
    pub const WORD_IN_TEXT: f32 = 1.0;
    pub const PINYIN: f32 = 10.0;
}

/// Parts of a query that count; what comes after them is not looked at.
const PARTS_MAX: usize = 8;

pub type BoxQuery = Box<dyn Query>;

/// Chosen values of one facet: any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub facet: String,
    pub values: Vec<String>,
}

/// What was typed, cut at white space and signs.
pub fn parts(q: &str) -> Vec<String> {
    let q: String = fold(q).chars().take(limits::QUERY_CHARS_MAX).collect();
    let separates = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@'));
    let mut parts: Vec<String> = q
        .split(separates)
        .map(|p| p.trim_matches(|c: char| !c.is_alphanumeric()).to_owned())
        .filter(|p| !p.is_empty())
        .collect();
    parts.truncate(PARTS_MAX);
    parts
}

pub struct Compiler<'a> {
    pub fields: &'a Fields,
    pub viewer: &'a Viewer,
}

impl Compiler<'_> {
    /// `except` leaves one facet's choice out, to count its other values.
    pub fn compile(&self, q: &str, chosen: &[Chosen], except: Option<&str>) -> BoxQuery {
        let mut clauses: Vec<(Occur, BoxQuery)> = vec![(Occur::Must, flat(0.0, self.audience()))];
        if let Some(text) = self.text(q) {
            clauses.push((Occur::Must, text));
        }
        for choice in chosen.iter().filter(|c| Some(c.facet.as_str()) != except) {
            clauses.push((Occur::Must, flat(0.0, self.choice(choice))));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// Entitlement stands inside the query, so that totals, facets and pages
    /// know nothing of what the viewer may not see.
    fn audience(&self) -> BoxQuery {
        match self.viewer {
            Viewer::All => Box::new(AllQuery),
            Viewer::Unit(unit) => any(vec![
                self.term(self.fields.audience, super::SIGNED_IN),
                self.term(self.fields.audience, &super::audience_of_unit(unit)),
            ]),
            Viewer::SignedIn => self.term(self.fields.audience, super::SIGNED_IN),
            Viewer::Public => self.term(self.fields.audience, super::PUBLIC),
        }
    }

    fn choice(&self, choice: &Chosen) -> BoxQuery {
        if choice.facet == "state" {
            return self.state(&choice.values);
        }
        match self.fields.facet(&choice.facet) {
            Some(field) => any(choice.values.iter().map(|v| self.term(field, v)).collect()),
            None => Box::new(EmptyQuery),
        }
    }

    /// Others' entries have the state that others may know.
    fn state(&self, values: &[String]) -> BoxQuery {
        let of = |field: Field| any(values.iter().map(|v| self.term(field, v)).collect());
        let full = || {
            self.fields
                .facet("state")
                .map_or_else(|| Box::new(EmptyQuery) as BoxQuery, of)
        };
        match self.viewer {
            Viewer::All => full(),
            Viewer::Unit(unit) => {
                let own = || self.term(self.fields.audience, &super::audience_of_unit(unit));
                any(vec![
                    Box::new(BooleanQuery::new(vec![(Occur::Must, own()), (Occur::Must, full())])),
                    Box::new(BooleanQuery::new(vec![
                        (Occur::MustNot, own()),
                        (Occur::Must, of(self.fields.public_state)),
                    ])),
                ])
            }
            Viewer::SignedIn | Viewer::Public => of(self.fields.public_state),
        }
    }

    /// Every part must be found somewhere. Nothing typed means everything;
    /// something typed of which nothing can be looked up means nothing.
    fn text(&self, q: &str) -> Option<BoxQuery> {
        if q.trim().is_empty() {
            return None;
        }
        let parts = parts(q);
        if parts.is_empty() {
            return Some(Box::new(EmptyQuery));
        }
        let mut clauses: Vec<(Occur, BoxQuery)> = parts.iter().map(|part| (Occur::Must, self.part(part))).collect();
        if parts.len() > 1 {
            let whole = fold(q.trim());
            clauses.push((
                Occur::Should,
                flat(worth::TITLE, self.term(self.fields.title_exact, &whole)),
            ));
            clauses.push((
                Occur::Should,
                flat(worth::TITLE, self.term(self.fields.title_exact, &parts.concat())),
            ));
        }
        Some(Box::new(BooleanQuery::new(clauses)))
    }

    fn part(&self, part: &str) -> BoxQuery {
        let f = self.fields;
        let mut ways: Vec<BoxQuery> = vec![
            flat(worth::TITLE, self.term(f.title_exact, part)),
            flat(worth::ITEM, self.term(f.item_exact, part)),
        ];
        ways.extend(begins_with(f.title_exact, part).map(|q| flat(worth::TITLE_BEGIN, q)));
        for (field, score) in [
            (f.title_grams, worth::IN_TITLE),
            (f.unit_grams, worth::UNIT),
            (f.body_grams, worth::IN_TEXT),
        ] {
            ways.extend(phrase(field, &analyse::grams(part)).map(|q| flat(score, q)));
        }
        ways.extend(self.sentence(part));
        if part.is_ascii() {
            ways.extend(begins_with(f.code, part).map(|q| flat(worth::CODE, q)));
            ways.extend(self.pinyin(part));
        }
        any(ways)
    }

    /// The words of a longer part, in any order; of many, most.
    fn sentence(&self, part: &str) -> Option<BoxQuery> {
        let words = analyse::words(part);
        let needed = if words.len() <= 2 {
            words.len()
        } else {
            (words.len() * 7).div_ceil(10)
        };
        if words.is_empty() {
            return None;
        }
        let found = |word: &String| {
            any(vec![
                flat(worth::WORD_IN_TITLE, self.term(self.fields.title_words, word)),
                flat(worth::WORD_IN_TEXT, self.term(self.fields.body_words, word)),
            ])
        };
        let clauses = words.iter().map(|w| (Occur::Should, found(w))).collect();
        Some(Box::new(BooleanQuery::with_minimum_required_clauses(clauses, needed)))
    }

    fn pinyin(&self, part: &str) -> Vec<BoxQuery> {
        let letters: String = part.chars().filter(char::is_ascii_alphanumeric).collect();
        if letters.len() < 2 {
            return vec![];
        }
        let f = self.fields;
        [(f.initials, analyse::INITIALS_PIECE), (f.pinyin, analyse::PINYIN_PIECE)]
            .into_iter()
            .filter(|(_, piece)| letters.len() >= *piece)
            .filter_map(|(field, piece)| phrase(field, &analyse::pieces(&letters, piece)))
            .map(|q| flat(worth::PINYIN, q))
            .collect()
    }

    fn term(&self, field: Field, text: &str) -> BoxQuery {
        Box::new(TermQuery::new(
            Term::from_field_text(field, text),
            IndexRecordOption::Basic,
        ))
    }
}

fn any(queries: Vec<BoxQuery>) -> BoxQuery {
    Box::new(BooleanQuery::union(queries))
}

/// Worth the same wherever it matches.
fn flat(score: f32, query: BoxQuery) -> BoxQuery {
    Box::new(ConstScoreQuery::new(query, score))
}

/// Terms one after the other. A single character is found at the begin of any
/// pair, or alone at the end of a run.
fn phrase(field: Field, grams: &[Gram]) -> Option<BoxQuery> {
    if let [only] = grams
        && only.tail
    {
        return begins_with(field, &only.text);
    }
    let terms: Vec<(usize, Term)> = grams
        .iter()
        .filter(|g| !g.tail)
        .map(|g| (g.position, Term::from_field_text(field, &g.text)))
        .collect();
    match terms.as_slice() {
        [] => None,
        [(_, only)] => Some(Box::new(TermQuery::new(only.clone(), IndexRecordOption::Basic))),
        _ => Some(Box::new(PhraseQuery::new_with_offset(terms))),
    }
}

/// Terms that begin with a text, whatever signs stand in it.
fn begins_with(field: Field, text: &str) -> Option<BoxQuery> {
    let mut pattern = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            pattern.push(c);
        } else {
            pattern.extend(['[', c, ']']);
        }
    }
    pattern.push_str(".*");
    // A pattern beyond the automaton's size is longer than any title or code.
    RegexQuery::from_pattern(&pattern, field)
        .ok()
        .map(|q| Box::new(q) as BoxQuery)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_cut_into_parts_and_never_grows_beyond_the_limit() {
        assert_eq!(parts("  社会保险 (个人),参保  "), ["社会保险", "个人", "参保"]);
        assert_eq!(parts("330000-MB1588765-03"), ["330000-mb1588765-03"]);
        assert_eq!(parts("title:*^2 AND \"a"), ["title", "2", "and", "a"]);
        assert_eq!(parts("'; DROP TABLE x; --"), ["drop", "table", "x"]);
        assert!(parts(&"长 ".repeat(100_000)).len() <= PARTS_MAX);
        assert!(parts("※※※").is_empty());
    }
}
