//! A rule set: the texts it rests on, the grounds it knows, its procedures.

use base::Lang;
use serde::{Deserialize, Serialize};

use crate::{Article, ArticleView, Instrument, ProcedureSpec, Text};

/// 规则集: a versioned file that a node names in its configuration.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// `zhejiang-2022`
    pub name: String,
    /// Of the file. A running procedure keeps the version under which it began.
    pub version: String,
    pub title: Text,
    pub instruments: Vec<Instrument>,
    pub grounds: Vec<Ground>,
    /// Articles that acts outside of a procedure cite, by name.
    pub(crate) citations: Vec<(String, Article)>,
    pub(crate) procedures: Vec<ProcedureSpec>,
}

/// 事由: on what a unit may rest an attribute that is not "unconditional".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// `sharing` or `opening`.
    pub area: String,
    /// The attribute that it supports: `restricted`, `not_shared`, `prohibited`.
    pub attribute: String,
    /// Stable within the area: `personal_information`.
    pub code: String,
    pub title: Text,
    pub article: Article,
    /// What the entry has to state: of `reason`, `condition`, `basis`, `treatment`.
    pub requires: Vec<String>,
}

/// A ground as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Ground)]
pub struct GroundView {
    pub attribute: String,
    pub code: String,
    pub title: String,
    pub article: ArticleView,
    /// What an entry that rests on it has to state: of `reason`, `condition`,
    /// `basis`, `treatment`.
    pub requires: Vec<String>,
}

impl Ground {
    pub fn view(&self, lang: Lang) -> GroundView {
        GroundView {
            attribute: self.attribute.clone(),
            code: self.code.clone(),
            title: self.title.get(lang).to_owned(),
            article: self.article.view(lang),
            requires: self.requires.clone(),
        }
    }
}

impl RuleSet {
    /// Its title, for people.
    pub fn title(&self, lang: Lang) -> &str {
        self.title.get(lang)
    }
    pub fn procedure(&self, kind: &str) -> Option<&ProcedureSpec> {
        self.procedures.iter().find(|spec| spec.kind == kind)
    }
    pub fn procedures(&self) -> impl Iterator<Item = &ProcedureSpec> {
        self.procedures.iter()
    }
    /// Grounds of an area (`sharing`, `opening`), for one attribute or all.
    pub fn grounds<'a>(&'a self, area: &'a str, attribute: Option<&'a str>) -> impl Iterator<Item = &'a Ground> {
        self.grounds
            .iter()
            .filter(move |g| g.area == area && attribute.is_none_or(|a| a == g.attribute))
    }
    pub fn ground(&self, area: &str, attribute: &str, code: &str) -> Option<&Ground> {
        self.grounds
            .iter()
            .find(|g| g.area == area && g.attribute == attribute && g.code == code)
    }
    pub fn instrument(&self, id: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|instrument| instrument.id == id)
    }
    /// The article that an act outside of any procedure cites: `grant_suspension`,
    /// `risk_suspension`, `scope_of_use`, `use_record`.
    pub fn citation(&self, name: &str) -> Option<&Article> {
        self.citations
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, article)| article)
    }
    /// An article by its code, as `ordinance-2022/25.2`, where this rule set
    /// knows the text.
    pub fn article(&self, code: &str) -> Option<Article> {
        crate::parse::article(code, &self.instruments).ok()
    }
}
