//! All rules of a resource in one scan of its table: the columns are read once,
//! every batch goes through every test, partitions run side by side.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use base::{Error, Moment, Result, codes};
use catalog::PublishedEntry;
use futures::StreamExt;
use lake::{BATCH_COLUMN, DataFrame, Lake, ROW_COLUMN, TableName, column};
use protect::{AccessPlan, Internal, Mask, ReadyMask};

use crate::columns::{Moments, Numbers, Texts};
use crate::rule::{Rule, Test, When};

/// Failing rows that are kept of one rule and run; all are counted.
pub const FAILURES_KEPT_MAX: usize = 10_000;

/// A row that failed: where it came from, and its key, masked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    pub batch: String,
    /// Row of the batch's source.
    pub row: i64,
    /// Items of the key, masked, and the value at fault, masked.
    pub key: Vec<(String, String)>,
    pub value: Option<String>,
}

/// What a rule came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub rule: usize,
    /// Values (or rows, or whole tables) looked at.
    pub checked: u64,
    pub failed: u64,
    /// The first by batch and row.
    pub failures: Vec<Failure>,
    /// For rules of the whole table: what was found.
    pub found: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scanned {
    pub rows: u64,
    pub outcomes: Vec<Outcome>,
}

/// What a scan needs to know of the table.
pub struct Subject<'a> {
    pub entry: &'a PublishedEntry,
    pub version: u64,
    /// Only rows of these batches; all where absent.
    pub batches: Option<Vec<String>>,
    pub newest_load: Option<Moment>,
    pub now: Moment,
}

struct Prepared {
    /// Test, its items, and whether the table has them all.
    tests: Vec<(Test, Vec<String>, bool)>,
    keys: Vec<Shown>,
    /// How the first item of each rule is shown: the value at fault.
    firsts: Vec<Option<Shown>>,
    now: Moment,
}

struct Shown {
    name: String,
    mask: Option<ReadyMask>,
}

impl Shown {
    fn show(&self, value: &str) -> String {
        match &self.mask {
            Some(mask) => mask.value(value).unwrap_or_default().into_owned(),
            None => value.to_owned(),
        }
    }
}

/// What a partition found of one rule.
#[derive(Default)]
struct Tally {
    checked: u64,
    failed: u64,
    failures: Vec<Failure>,
}

/// Runs `rules` over the subject's table in one scan.
pub async fn scan(lake: &Lake, subject: &Subject<'_>, rules: &[Rule]) -> Result<Scanned> {
    let (prepared, present) = prepare(lake, subject, rules).await?;
    let columns = wanted(&prepared, rules)
        .into_iter()
        .filter(|name| present.contains(name))
        .collect::<Vec<_>>();
    let frame = frame(lake, subject, &columns).await?;
    let prepared = Arc::new(prepared);
    let (rows, tallies) = run(frame, prepared.clone()).await?;
    let has = |name: &str| present.contains(name);
    let outcome = |(at, mut tally): (usize, Tally)| {
        let (test, items, complete) = &prepared.tests[at];
        let whole = match *complete {
            // Nothing of it can be right.
            false if !matches!(test, Test::Readable) => Some((true, "缺少数据项".to_owned())),
            _ => whole_table(test, items, &has, rows, subject),
        };
        if let Some((failed, found)) = whole {
            return Outcome {
                rule: at,
                checked: 1,
                failed: u64::from(failed),
                failures: vec![],
                found: Some(found),
            };
        }
        tally.failures.sort();
        tally.failures.truncate(FAILURES_KEPT_MAX);
        Outcome {
            rule: at,
            checked: tally.checked,
            failed: tally.failed,
            failures: tally.failures,
            found: None,
        }
    };
    Ok(Scanned {
        rows,
        outcomes: tallies.into_iter().enumerate().map(outcome).collect(),
    })
}

/// Reads the columns that `rules` read and does nothing with them: what the
/// cost of the rules is measured against. Returns the rows.
pub async fn bare_scan(lake: &Lake, subject: &Subject<'_>, rules: &[Rule]) -> Result<u64> {
    let (mut prepared, present) = prepare(lake, subject, rules).await?;
    let columns = wanted(&prepared, rules)
        .into_iter()
        .filter(|name| present.contains(name))
        .collect::<Vec<_>>();
    let frame = frame(lake, subject, &columns).await?;
    prepared.tests.clear();
    Ok(run(frame, Arc::new(prepared)).await?.0)
}

/// The rules' tests, and the columns that the table has.
async fn prepare(lake: &Lake, subject: &Subject<'_>, rules: &[Rule]) -> Result<(Prepared, BTreeSet<String>)> {
    let table = TableName::new(subject.entry.id.as_str())?;
    let schema = lake.schema(&table, Some(subject.version)).await?;
    let present: BTreeSet<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let mut tests = vec![];
    for rule in rules {
        let test = Test::new(&rule.kind, &rule.items, &rule.params)
            .map_err(|(field, _)| Error::internal(format!("rule {} has a wrong parameter {field}", rule.id)))?;
        let complete = rule
            .items
            .iter()
            .chain(&rule.params.when)
            .all(|name| present.contains(name));
        tests.push((test, rule.items.clone(), complete));
    }
    let keys = subject.entry.keys().filter(|k| present.contains(&k.name));
    let prepared = Prepared {
        keys: keys.map(shown).collect::<Result<_>>()?,
        firsts: rules.iter().map(|r| first(subject.entry, r)).collect::<Result<_>>()?,
        tests,
        now: subject.now,
    };
    Ok((prepared, present))
}

/// How an item is shown to those who correct it: they have the row's number,
/// so a sensitive value (L3 and above) need not leave the lake whole.
fn shown(item: &catalog::PublishedItem) -> Result<Shown> {
    let suits = |m: &&protect::NamedMask| item.identifier.as_ref().is_some_and(|i| m.suits.contains(i));
    let mask = match protect::mask_library().iter().find(suits) {
        _ if item.grade < catalog::model::Grade::L3 => None,
        Some(named) => Some(Mask::named(&named.name)?.ready(None)?),
        None => Some(Mask::named("last_4")?.ready(None)?),
    };
    Ok(Shown {
        name: item.name.clone(),
        mask,
    })
}

fn first(entry: &PublishedEntry, rule: &Rule) -> Result<Option<Shown>> {
    let first = rule
        .items
        .first()
        .and_then(|name| entry.items.iter().find(|i| i.name == *name));
    first.map(shown).transpose()
}

/// Columns that the tests and the keys read.
fn wanted(prepared: &Prepared, rules: &[Rule]) -> BTreeSet<String> {
    let row_rules = rules
        .iter()
        .filter(|r| !matches!(r.kind.as_str(), "readable" | "row_count_min" | "table_fresh"));
    let read = row_rules.flat_map(|r| r.items.iter().chain(&r.params.when)).cloned();
    // A table is readable when its columns are read, so that rule reads them all.
    let all = rules
        .iter()
        .filter(|r| r.kind == "readable")
        .flat_map(|r| r.items.iter())
        .cloned();
    read.chain(all)
        .chain(prepared.keys.iter().map(|k| k.name.clone()))
        .collect()
}

async fn frame(lake: &Lake, subject: &Subject<'_>, columns: &[String]) -> Result<DataFrame> {
    let resource = &subject.entry.id;
    let plan = AccessPlan::internal(Internal::QualityScan, resource.clone(), resource.as_str());
    let mut frame = lake.frame(&plan, Some(subject.version)).await?;
    if let Some(batches) = &subject.batches {
        // Each file holds one batch, so files of other batches are skipped unread.
        let list = batches
            .iter()
            .map(|b| datafusion::logical_expr::lit(b.as_str()))
            .collect();
        frame = frame
            .filter(column(BATCH_COLUMN).in_list(list, false))
            .map_err(Error::internal)?;
    }
    let own = [BATCH_COLUMN, ROW_COLUMN].into_iter();
    let select: Vec<_> = columns.iter().map(String::as_str).chain(own).map(column).collect();
    frame.select(select).map_err(Error::internal)
}

async fn run(frame: DataFrame, prepared: Arc<Prepared>) -> Result<(u64, Vec<Tally>)> {
    let streams = frame.execute_stream_partitioned().await.map_err(Error::internal)?;
    let mut tasks = tokio::task::JoinSet::new();
    for mut stream in streams {
        let prepared = prepared.clone();
        tasks.spawn(async move {
            let mut rows = 0;
            let mut tallies: Vec<Tally> = prepared.tests.iter().map(|_| Tally::default()).collect();
            while let Some(batch) = stream.next().await {
                let batch = batch.map_err(Error::internal)?;
                rows += batch.num_rows() as u64;
                prepared.batch(&batch, &mut tallies)?;
                tokio::task::yield_now().await;
            }
            Ok::<_, Error>((rows, tallies))
        });
    }
    let mut rows = 0;
    let mut all: Vec<Tally> = prepared.tests.iter().map(|_| Tally::default()).collect();
    while let Some(done) = tasks.join_next().await {
        let (more, tallies) = done.map_err(Error::internal)??;
        rows += more;
        for (sum, tally) in all.iter_mut().zip(tallies) {
            sum.checked += tally.checked;
            sum.failed += tally.failed;
            sum.failures.extend(tally.failures);
        }
    }
    Ok((rows, all))
}

/// Rules of the whole table: whether it failed, and what was found.
fn whole_table(
    test: &Test,
    items: &[String],
    has: &dyn Fn(&str) -> bool,
    rows: u64,
    subject: &Subject<'_>,
) -> Option<(bool, String)> {
    match test {
        Test::RowCountMin(min) => Some((rows < *min, rows.to_string())),
        Test::TableFresh(days) => {
            let latest = subject.newest_load?;
            let age_days = (subject.now.0 - latest.0).max(0) / 86_400_000;
            Some((age_days > i64::from(*days), latest.rfc3339()))
        }
        Test::Readable => {
            let missing: Vec<&str> = items.iter().map(String::as_str).filter(|name| !has(name)).collect();
            Some((!missing.is_empty(), missing.join(",")))
        }
        _ => None,
    }
}

impl Prepared {
    fn batch(&self, batch: &RecordBatch, tallies: &mut [Tally]) -> Result<()> {
        let mut failing = Vec::new();
        for (at, (test, items, present)) in self.tests.iter().enumerate() {
            if !present {
                continue;
            }
            failing.clear();
            let checked = self.failing(test, items, batch, &mut failing)?;
            let tally = &mut tallies[at];
            tally.checked += checked;
            tally.failed += failing.len() as u64;
            let room = FAILURES_KEPT_MAX.saturating_sub(tally.failures.len());
            if room > 0 && !failing.is_empty() {
                failing.truncate(room);
                self.keep(batch, self.firsts[at].as_ref(), &failing, &mut tally.failures)?;
            }
        }
        Ok(())
    }

    fn keep(
        &self,
        batch: &RecordBatch,
        first: Option<&Shown>,
        failing: &[usize],
        out: &mut Vec<Failure>,
    ) -> Result<()> {
        let keys: Vec<(&Shown, Texts)> = self
            .keys
            .iter()
            .map(|k| Ok((k, texts(batch, &k.name)?)))
            .collect::<Result<_>>()?;
        let first = match first {
            Some(first) => Some((first, texts(batch, &first.name)?)),
            None => None,
        };
        let batches = texts(batch, BATCH_COLUMN)?;
        let rows = column_of(batch, ROW_COLUMN)?;
        let rows = rows
            .as_any()
            .downcast_ref::<Int64Array>()
            .ok_or_else(|| Error::internal("_row is no integer"))?;
        for &row in failing {
            let show = |(shown, texts): &(&Shown, Texts)| texts.get(row).map(|v| shown.show(v));
            out.push(Failure {
                batch: batches.get(row).unwrap_or_default().to_owned(),
                row: rows.value(row),
                key: keys
                    .iter()
                    .map(|k| (k.0.name.clone(), show(k).unwrap_or_default()))
                    .collect(),
                value: first.as_ref().and_then(show),
            });
        }
        Ok(())
    }

    /// Puts the failing rows of a batch into `out`; returns how many values
    /// were looked at. Except where emptiness is the question, what is null is
    /// not looked at.
    fn failing(&self, test: &Test, items: &[String], batch: &RecordBatch, out: &mut Vec<usize>) -> Result<u64> {
        let rows = batch.num_rows();
        let first = items.first().map_or("", String::as_str);
        let second = items.get(1).map_or("", String::as_str);
        let mut on_text = |bad: &mut dyn FnMut(&str) -> bool| -> Result<u64> {
            let texts = texts(batch, first)?;
            let mut checked = 0;
            for row in 0..rows {
                let Some(value) = texts.get(row) else { continue };
                checked += 1;
                if bad(value) {
                    out.push(row);
                }
            }
            Ok(checked)
        };
        match test {
            Test::RowCountMin(_) | Test::TableFresh(_) | Test::Readable => Ok(0),
            Test::LengthMax(max) => on_text(&mut |v| v.len() > *max && v.chars().count() > *max),
            Test::Pattern(pattern) => on_text(&mut |v| !pattern.is_match(v)),
            Test::HalfWidth => on_text(&mut |v| !v.is_ascii() && codes::has_full_width(v)),
            Test::Codes(allowed) => on_text(&mut |v| !allowed.contains(v)),
            Test::CitizenId => on_text(&mut |v| codes::citizen_id(v).is_err()),
            Test::Uscc => on_text(&mut |v| !codes::uscc(v).is_plausible()),
            Test::Division => on_text(&mut |v| codes::division(v).is_none()),
            Test::Phone => on_text(&mut |v| !codes::is_mobile_phone(v)),
            Test::NotNull => {
                let texts = texts(batch, first)?;
                out.extend((0..rows).filter(|row| texts.get(*row).is_none_or(|v| v.trim().is_empty())));
                Ok(rows as u64)
            }
            Test::Range(min, max) => {
                let numbers = Numbers::new(column_of(batch, first)?).map_err(Error::internal)?;
                Ok(each(rows, out, |row| numbers.get(row).map(|n| n < *min || n > *max)))
            }
            Test::Unique(seen) => {
                let columns: Vec<Texts> = items.iter().map(|name| texts(batch, name)).collect::<Result<_>>()?;
                let again = |row: usize| seen.again(columns.iter().map(|c| c.get(row).unwrap_or_default()));
                Ok(each(rows, out, |row| {
                    columns.iter().any(|c| c.get(row).is_some()).then(|| again(row))
                }))
            }
            Test::RequiredWhen(when) => {
                let (value, condition) = (texts(batch, first)?, texts(batch, &when.item)?);
                let empty = |row| value.get(row).is_none_or(|v| v.trim().is_empty());
                Ok(each(rows, out, |row| holds(when, &condition, row).then(|| empty(row))))
            }
            Test::Implies(when, allowed) => {
                let (value, condition) = (texts(batch, first)?, texts(batch, &when.item)?);
                let wrong = |row| !value.get(row).is_some_and(|v| allowed.contains(v));
                Ok(each(rows, out, |row| holds(when, &condition, row).then(|| wrong(row))))
            }
            Test::EqualWhen(when) => {
                let (one, other) = (texts(batch, first)?, texts(batch, second)?);
                let condition = match when {
                    Some(when) => Some((when, texts(batch, &when.item)?)),
                    None => None,
                };
                let applies = |row| condition.as_ref().is_none_or(|(w, texts)| holds(w, texts, row));
                Ok(each(rows, out, |row| {
                    applies(row).then(|| one.get(row) != other.get(row))
                }))
            }
            Test::Order => {
                let (one, other) = (moments(batch, first)?, moments(batch, second)?);
                Ok(each(rows, out, |row| {
                    one.get(row).zip(other.get(row)).map(|(a, b)| a > b)
                }))
            }
            Test::BirthMatches => {
                let (birth, id) = (moments(batch, first)?, texts(batch, second)?);
                let told = |row| id.get(row).and_then(|v| codes::citizen_id(v).ok()).map(|c| c.birth);
                Ok(each(rows, out, |row| {
                    birth.get(row).zip(told(row)).map(|(a, b)| a.date() != b)
                }))
            }
            Test::Fresh(days) => {
                let moments = moments(batch, first)?;
                let oldest = self.now.0 - i64::from(*days) * 86_400_000;
                Ok(each(rows, out, |row| moments.get(row).map(|m| m.0 < oldest)))
            }
            Test::NotFuture => {
                let moments = moments(batch, first)?;
                Ok(each(rows, out, |row| moments.get(row).map(|m| m > self.now)))
            }
        }
    }
}

/// Goes through the rows: `None` is not looked at, `Some(true)` fails.
fn each(rows: usize, out: &mut Vec<usize>, fails: impl Fn(usize) -> Option<bool>) -> u64 {
    let mut checked = 0;
    for row in 0..rows {
        let Some(fails) = fails(row) else { continue };
        checked += 1;
        if fails {
            out.push(row);
        }
    }
    checked
}

fn holds(when: &When, condition: &Texts, row: usize) -> bool {
    condition.get(row).is_some_and(|v| when.values.contains(v))
}

fn column_of<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch
        .column_by_name(name)
        .ok_or_else(|| Error::internal(format!("the scan has no column {name}")))
}

fn texts(batch: &RecordBatch, name: &str) -> Result<Texts> {
    Texts::new(column_of(batch, name)?).map_err(Error::internal)
}

fn moments(batch: &RecordBatch, name: &str) -> Result<Moments> {
    Moments::new(column_of(batch, name)?).map_err(Error::internal)
}
