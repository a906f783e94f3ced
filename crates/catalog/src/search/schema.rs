//! Fields of the index. One document per catalog entry.

use base::Moment;
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use tantivy::{TantivyDocument, Term};

use super::analyse::{self, Gram};
use super::fold::fold;

/// Raised whenever a field or the analysis changes: an older index is rebuilt.
pub const VERSION: u32 = 2;

/// The fields that can be filtered by and counted.
pub const FACETS: &[&str] = &[
    "sharing",
    "opening",
    "subject",
    "unit",
    "library",
    "level",
    "division",
    "mode",
    "collection",
    "frequency",
    "resource_format",
    "grade",
    "state",
];

#[derive(Clone)]
pub struct Fields {
    pub schema: Schema,
    /// Id of the entry.
    pub id: Field,
    /// Who may find it: see [`super::Viewer`].
    pub audience: Field,
    pub code: Field,
    pub title_exact: Field,
    pub item_exact: Field,
    pub title_grams: Field,
    pub unit_grams: Field,
    pub body_grams: Field,
    pub title_words: Field,
    pub body_words: Field,
    pub initials: Field,
    pub pinyin: Field,
    facets: Vec<(&'static str, Field)>,
    /// The state as those see it who may not see drafts.
    pub public_state: Field,
    pub numbers: Numbers,
}

/// Fast fields for sorting and summing, `u64`.
#[derive(Clone, Copy)]
pub struct Numbers {
    pub requests: Field,
    pub updated: Field,
    pub title_length: Field,
    pub title_order: Field,
    pub title_order_low: Field,
    /// Makes every order total and stable: a hash of the id.
    pub tie: Field,
    pub items: Field,
}

/// What the index is told of an entry.
#[derive(Clone, Debug, Default)]
pub struct Indexed {
    pub id: String,
    pub audience: Vec<String>,
    pub code: String,
    pub title: String,
    pub summary: String,
    pub unit_id: String,
    pub unit_names: Vec<String>,
    /// Column name, title and meaning of each item.
    pub items: Vec<(String, String, String)>,
    /// Words in which libraries and subject are called.
    pub other_words: Vec<String>,
    /// Values by the names of [`FACETS`] (without `unit`).
    pub facets: Vec<(&'static str, String)>,
    pub public_state: String,
    pub requests: u64,
    pub updated: Option<Moment>,
}

impl Fields {
    pub fn build() -> Self {
        let mut builder = Schema::builder();
        let indexed = |option| {
            TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_index_option(option)
                .set_fieldnorms(false)
        };
        let exact = TextOptions::default().set_indexing_options(indexed(IndexRecordOption::Basic));
        let placed = TextOptions::default().set_indexing_options(indexed(IndexRecordOption::WithFreqsAndPositions));
        let facet = exact.clone().set_fast("raw");
        let number = || NumericOptions::default().set_fast();
        let id = builder.add_text_field("id", exact.clone().set_stored());
        let audience = builder.add_text_field("audience", exact.clone());
        let code = builder.add_text_field("code", exact.clone());
        let title_exact = builder.add_text_field("title_exact", exact.clone());
        let item_exact = builder.add_text_field("item_exact", exact.clone());
        let title_grams = builder.add_text_field("title_grams", placed.clone());
        let unit_grams = builder.add_text_field("unit_grams", placed.clone());
        let body_grams = builder.add_text_field("body_grams", placed.clone());
        let title_words = builder.add_text_field("title_words", exact.clone());
        let body_words = builder.add_text_field("body_words", exact.clone());
        let initials = builder.add_text_field("initials", placed.clone());
        let pinyin = builder.add_text_field("pinyin", placed);
        let facets = FACETS
            .iter()
            .map(|name| (*name, builder.add_text_field(name, facet.clone())))
            .collect();
        let public_state = builder.add_text_field("public_state", facet);
        let numbers = Numbers {
            requests: builder.add_u64_field("requests", number()),
            updated: builder.add_u64_field("updated", number()),
            title_length: builder.add_u64_field("title_length", number()),
            title_order: builder.add_u64_field("title_order", number()),
            title_order_low: builder.add_u64_field("title_order_low", number()),
            tie: builder.add_u64_field("tie", number()),
            items: builder.add_u64_field("items", number()),
        };
        let schema = builder.build();
        Self {
            schema,
            id,
            audience,
            code,
            title_exact,
            item_exact,
            title_grams,
            unit_grams,
            body_grams,
            title_words,
            body_words,
            initials,
            pinyin,
            facets,
            public_state,
            numbers,
        }
    }

    pub fn facet(&self, name: &str) -> Option<Field> {
        self.facets.iter().find(|(n, _)| *n == name).map(|(_, field)| *field)
    }

    pub fn id_term(&self, id: &str) -> Term {
        Term::from_field_text(self.id, id)
    }

    pub fn document(&self, entry: &Indexed) -> TantivyDocument {
        let mut d = TantivyDocument::new();
        d.add_text(self.id, &entry.id);
        for who in &entry.audience {
            d.add_text(self.audience, who);
        }
        d.add_text(self.code, fold(&entry.code));
        d.add_text(self.title_exact, fold(entry.title.trim()));
        add_grams(&mut d, self.title_grams, analyse::grams(&entry.title));
        for name in &entry.unit_names {
            add_grams(&mut d, self.unit_grams, analyse::grams(name));
        }
        let mut body_words = analyse::words(&entry.summary);
        add_grams(&mut d, self.body_grams, analyse::grams(&entry.summary));
        for (name, title, meaning) in &entry.items {
            d.add_text(self.item_exact, fold(name));
            d.add_text(self.item_exact, fold(title.trim()));
            for text in [name, title, meaning] {
                add_grams(&mut d, self.body_grams, analyse::grams(text));
                body_words.extend(analyse::words(text));
            }
        }
        for text in &entry.other_words {
            add_grams(&mut d, self.body_grams, analyse::grams(text));
            body_words.extend(analyse::words(text));
        }
        for name in &entry.unit_names {
            body_words.extend(analyse::words(name));
        }
        add_words(&mut d, self.title_words, analyse::words(&entry.title));
        add_words(&mut d, self.body_words, body_words);
        add_grams(
            &mut d,
            self.initials,
            analyse::pieces(&analyse::initials(&entry.title), analyse::INITIALS_PIECE),
        );
        add_grams(
            &mut d,
            self.pinyin,
            analyse::pieces(&analyse::full_pinyin(&entry.title), analyse::PINYIN_PIECE),
        );
        self.add_values(&mut d, entry);
        d
    }

    fn add_values(&self, d: &mut TantivyDocument, entry: &Indexed) {
        for (name, value) in &entry.facets {
            if let Some(field) = self.facet(name) {
                d.add_text(field, value);
            }
        }
        if let Some(field) = self.facet("unit") {
            d.add_text(field, &entry.unit_id);
        }
        d.add_text(self.public_state, &entry.public_state);
        let (order, order_low) = analyse::title_order(&entry.title);
        let n = self.numbers;
        d.add_u64(n.requests, entry.requests);
        d.add_u64(n.updated, entry.updated.map_or(0, |m| u64::try_from(m.0).unwrap_or(0)));
        d.add_u64(n.title_length, entry.title.chars().count() as u64);
        d.add_u64(n.title_order, order);
        d.add_u64(n.title_order_low, order_low);
        d.add_u64(n.tie, tie(&entry.id));
        d.add_u64(n.items, entry.items.len() as u64);
    }
}

/// FNV-1a: the same on every machine and in every build.
fn tie(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn add_grams(d: &mut TantivyDocument, field: Field, grams: Vec<Gram>) {
    add_tokens(d, field, grams.into_iter().map(|g| (g.text, g.position)).collect());
}
fn add_words(d: &mut TantivyDocument, field: Field, mut words: Vec<String>) {
    words.sort_unstable();
    words.dedup();
    add_tokens(d, field, words.into_iter().enumerate().map(|(i, w)| (w, i)).collect());
}
fn add_tokens(d: &mut TantivyDocument, field: Field, terms: Vec<(String, usize)>) {
    if terms.is_empty() {
        return;
    }
    let tokens = terms
        .into_iter()
        .map(|(text, position)| Token {
            offset_from: 0,
            offset_to: 0,
            position,
            text,
            position_length: 1,
        })
        .collect();
    d.add_pre_tokenized_text(
        field,
        PreTokenizedString {
            text: String::new(),
            tokens,
        },
    );
}
