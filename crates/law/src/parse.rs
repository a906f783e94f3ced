//! Reads rule-set files: TOML, one set a file; a set may extend another.
//!
//! A set that extends another has its texts, its grounds and its procedures,
//! except where it names its own: a procedure replaces the one of the same
//! kind whole, and grounds replace those of the same area and attribute whole.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    Article, Effect, Ground, Instrument, LawError, Next, OutcomeSpec, Party, ProcedureSpec, RuleSet, StepSpec, Text,
    kinds,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    version: String,
    title: Text,
    extends: Option<String>,
    #[serde(default)]
    instruments: Vec<RawInstrument>,
    #[serde(default)]
    grounds: Vec<RawGround>,
    #[serde(default)]
    citations: BTreeMap<String, String>,
    #[serde(default)]
    procedures: Vec<RawProcedure>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInstrument {
    id: String,
    title: Text,
    short: Text,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGround {
    area: String,
    attribute: String,
    code: String,
    zh: String,
    en: String,
    article: String,
    #[serde(default)]
    requires: Vec<String>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProcedure {
    kind: String,
    zh: String,
    en: String,
    ends: Vec<RawEnd>,
    steps: Vec<RawStep>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEnd {
    name: String,
    zh: String,
    en: String,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    name: String,
    zh: String,
    en: String,
    by: Party,
    within: Option<u16>,
    count_from: Option<String>,
    articles: Vec<String>,
    outcomes: Vec<RawOutcome>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutcome {
    name: String,
    zh: String,
    en: String,
    next: Option<String>,
    end: Option<String>,
    #[serde(default)]
    reason_required: bool,
    #[serde(default)]
    once: bool,
    #[serde(default)]
    again: bool,
    effect: Option<Effect>,
    #[serde(default)]
    tell: Vec<Party>,
    #[serde(default)]
    articles: Vec<String>,
}

/// Reads the sets in order; a set may extend any before it.
pub(crate) fn rule_sets(texts: &[&str]) -> Result<Vec<RuleSet>, LawError> {
    let mut sets: Vec<RuleSet> = vec![];
    for text in texts {
        let file: File = toml::from_str(text).map_err(|e| LawError::new("rule set", e))?;
        let fail = |message: String| LawError::new(&file.name, message);
        if sets.iter().any(|set| set.name == file.name) {
            return Err(fail("a rule set of this name was read before".into()));
        }
        let parent = match &file.extends {
            None => None,
            Some(name) => Some(
                sets.iter()
                    .find(|s| s.name == *name)
                    .ok_or_else(|| fail(format!("extends {name}, which is not known")))?,
            ),
        };
        let set = rule_set(&file, parent).map_err(fail)?;
        sets.push(set);
    }
    Ok(sets)
}

fn rule_set(file: &File, parent: Option<&RuleSet>) -> Result<RuleSet, String> {
    let own = file.instruments.iter().map(|raw| Instrument {
        id: raw.id.clone(),
        title: raw.title.clone(),
        short: raw.short.clone(),
    });
    let own: Vec<Instrument> = own.collect();
    let inherited = parent.map(|p| p.instruments.clone()).unwrap_or_default();
    let inherited = inherited.into_iter().filter(|i| own.iter().all(|o| o.id != i.id));
    let instruments: Vec<Instrument> = own.iter().cloned().chain(inherited).collect();

    let mut grounds = file
        .grounds
        .iter()
        .map(|raw| ground(raw, &instruments))
        .collect::<Result<Vec<_>, _>>()?;
    let replaced = |g: &Ground| {
        file.grounds
            .iter()
            .any(|own| own.area == g.area && own.attribute == g.attribute)
    };
    grounds.extend(
        parent
            .into_iter()
            .flat_map(|p| &p.grounds)
            .filter(|g| !replaced(g))
            .cloned(),
    );

    let mut citations = vec![];
    for (name, code) in &file.citations {
        citations.push((name.clone(), article(code, &instruments)?));
    }
    let inherited = parent
        .into_iter()
        .flat_map(|p| &p.citations)
        .filter(|(name, _)| !file.citations.contains_key(name));
    citations.extend(inherited.cloned());

    let mut procedures = file
        .procedures
        .iter()
        .map(|raw| procedure(raw, &instruments))
        .collect::<Result<Vec<_>, _>>()?;
    let replaced = |p: &ProcedureSpec| file.procedures.iter().any(|own| own.kind == p.kind);
    procedures.extend(
        parent
            .into_iter()
            .flat_map(|p| &p.procedures)
            .filter(|p| !replaced(p))
            .cloned(),
    );

    for (index, spec) in procedures.iter().enumerate() {
        if procedures[..index].iter().any(|other| other.kind == spec.kind) {
            return Err(format!("procedure {} stands twice", spec.kind));
        }
        if let Some(fault) = spec.faults().first() {
            return Err(format!("procedure {}: {fault}", spec.kind));
        }
    }
    if let Some(missing) = kinds::REQUIRED
        .iter()
        .find(|kind| procedures.iter().all(|p| p.kind != **kind))
    {
        return Err(format!("procedure {missing} is not described"));
    }
    Ok(RuleSet {
        name: file.name.clone(),
        version: file.version.clone(),
        title: file.title.clone(),
        instruments,
        grounds,
        citations,
        procedures,
    })
}

fn ground(raw: &RawGround, instruments: &[Instrument]) -> Result<Ground, String> {
    const STATEMENTS: [&str; 4] = ["reason", "condition", "basis", "treatment"];
    if let Some(unknown) = raw.requires.iter().find(|r| !STATEMENTS.contains(&r.as_str())) {
        return Err(format!("ground {} requires {unknown}, which no entry states", raw.code));
    }
    Ok(Ground {
        area: raw.area.clone(),
        attribute: raw.attribute.clone(),
        code: raw.code.clone(),
        title: Text {
            zh: raw.zh.clone(),
            en: raw.en.clone(),
        },
        article: article(&raw.article, instruments)?,
        requires: raw.requires.clone(),
    })
}

fn procedure(raw: &RawProcedure, instruments: &[Instrument]) -> Result<ProcedureSpec, String> {
    let steps = raw
        .steps
        .iter()
        .map(|raw| step(raw, instruments))
        .collect::<Result<Vec<_>, _>>();
    Ok(ProcedureSpec {
        kind: raw.kind.clone(),
        title: Text {
            zh: raw.zh.clone(),
            en: raw.en.clone(),
        },
        steps: steps.map_err(|e| format!("procedure {}: {e}", raw.kind))?,
        ends: raw
            .ends
            .iter()
            .map(|e| {
                (
                    e.name.clone(),
                    Text {
                        zh: e.zh.clone(),
                        en: e.en.clone(),
                    },
                )
            })
            .collect(),
    })
}

fn step(raw: &RawStep, instruments: &[Instrument]) -> Result<StepSpec, String> {
    let outcomes = raw
        .outcomes
        .iter()
        .map(|o| outcome(o, instruments))
        .collect::<Result<Vec<_>, _>>();
    Ok(StepSpec {
        name: raw.name.clone(),
        title: Text {
            zh: raw.zh.clone(),
            en: raw.en.clone(),
        },
        by: raw.by,
        within: raw.within,
        count_from: raw.count_from.clone(),
        articles: articles(&raw.articles, instruments)?,
        outcomes: outcomes.map_err(|e| format!("step {}: {e}", raw.name))?,
    })
}

fn outcome(raw: &RawOutcome, instruments: &[Instrument]) -> Result<OutcomeSpec, String> {
    let next = match (&raw.next, &raw.end) {
        (Some(step), None) => Next::Step(step.clone()),
        (None, Some(end)) => Next::End(end.clone()),
        _ => return Err(format!("outcome {}: needs either `next` or `end`", raw.name)),
    };
    Ok(OutcomeSpec {
        name: raw.name.clone(),
        title: Text {
            zh: raw.zh.clone(),
            en: raw.en.clone(),
        },
        next,
        reason_required: raw.reason_required,
        once: raw.once,
        again: raw.again,
        effect: raw.effect,
        tell: raw.tell.clone(),
        articles: articles(&raw.articles, instruments)?,
    })
}

fn articles(codes: &[String], instruments: &[Instrument]) -> Result<Vec<Article>, String> {
    codes.iter().map(|code| article(code, instruments)).collect()
}

/// `ordinance-2022/30.1.3`: text, article, paragraph, item.
pub(crate) fn article(code: &str, instruments: &[Instrument]) -> Result<Article, String> {
    let bad = || format!("{code} is no article: expected INSTRUMENT/ARTICLE[.PARAGRAPH[.ITEM]]");
    let (id, place) = code.split_once('/').ok_or_else(bad)?;
    let instrument = instruments
        .iter()
        .find(|i| i.id == id)
        .ok_or_else(|| format!("{code}: no text is called {id}"))?;
    let numbers = place
        .split('.')
        .map(|n| n.parse::<u16>().ok().filter(|n| *n > 0))
        .collect::<Option<Vec<_>>>();
    match numbers.as_deref() {
        Some([number, rest @ ..]) if rest.len() <= 2 => Ok(Article {
            instrument: instrument.clone(),
            number: *number,
            paragraph: rest.first().copied(),
            item: rest.get(1).copied(),
        }),
        _ => Err(bad()),
    }
}
