//! One pass over the matches: how many, which come next after the cursor, and
//! the counts of each facet.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use super::Sort;

/// Place of an entry in the order: greater comes earlier. The last number is
/// the entry's own, so no two places are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub [u64; 4]);

impl Place {
    pub fn to_cursor(self) -> String {
        self.0.map(|n| format!("{n:x}")).join("-")
    }
    pub fn parse(cursor: &str) -> Option<Self> {
        let numbers: Vec<u64> = cursor
            .split('-')
            .map(|n| u64::from_str_radix(n, 16).ok())
            .collect::<Option<_>>()?;
        numbers.try_into().ok().map(Place)
    }
}

/// How states are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum States {
    /// The viewer knows the true state of everything.
    True,
    /// Of the unit's own entries only; of others the public one.
    OwnedBy(String),
    Public,
}

pub struct Walk {
    pub sort: Sort,
    pub after: Option<Place>,
    /// Places kept; none where only counts are asked for.
    pub limit: usize,
    pub facets: Vec<&'static str>,
    pub states: States,
}

#[derive(Default)]
pub struct Found {
    pub total: u64,
    /// Items of all matches together.
    pub items: u64,
    /// In order, at most `limit`.
    pub top: Vec<(Place, DocAddress)>,
    pub facets: HashMap<&'static str, BTreeMap<String, u64>>,
}

impl Collector for Walk {
    type Fruit = Found;
    type Child = SegmentWalk;

    fn for_segment(&self, ordinal: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<SegmentWalk> {
        let fast = segment.fast_fields();
        let mut counters = vec![];
        for name in &self.facets {
            if *name == "state" {
                continue;
            }
            counters.extend(fast.str(name)?.map(|column| Counter::new(name, column)));
        }
        let states = match self.facets.contains(&"state") {
            true => Some(StateCounter::new(segment, &self.states)?),
            false => None,
        };
        Ok(SegmentWalk {
            ordinal,
            sort: self.sort,
            after: self.after,
            limit: self.limit,
            keys: Keys::new(segment, self.sort)?,
            items_column: fast.u64("items")?,
            heap: BinaryHeap::with_capacity(self.limit + 1),
            total: 0,
            items: 0,
            counters,
            states,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance && self.limit > 0
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Found>>) -> tantivy::Result<Found> {
        let mut all = Found::default();
        for found in fruits {
            let found = found?;
            all.total += found.total;
            all.items += found.items;
            all.top.extend(found.top);
            for (name, counts) in found.facets {
                let sums = all.facets.entry(name).or_default();
                for (value, count) in counts {
                    *sums.entry(value).or_default() += count;
                }
            }
        }
        all.top.sort_unstable_by_key(|(place, _)| Reverse(*place));
        all.top.truncate(self.limit);
        Ok(all)
    }
}

pub struct SegmentWalk {
    ordinal: SegmentOrdinal,
    sort: Sort,
    after: Option<Place>,
    limit: usize,
    keys: Keys,
    items_column: Column<u64>,
    /// The worst of the kept on top.
    heap: BinaryHeap<Reverse<(Place, DocId)>>,
    total: u64,
    items: u64,
    counters: Vec<Counter>,
    states: Option<StateCounter>,
}

impl SegmentCollector for SegmentWalk {
    type Fruit = tantivy::Result<Found>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        self.items += self.items_column.first(doc).unwrap_or(0);
        for counter in &mut self.counters {
            counter.count(doc);
        }
        if let Some(states) = &mut self.states {
            states.count(doc);
        }
        if self.limit == 0 {
            return;
        }
        let place = self.keys.place(self.sort, doc, score);
        if self.after.is_some_and(|after| place >= after) {
            return;
        }
        if self.heap.len() < self.limit {
            self.heap.push(Reverse((place, doc)));
        } else if self.heap.peek().is_some_and(|Reverse((worst, _))| place > *worst) {
            self.heap.pop();
            self.heap.push(Reverse((place, doc)));
        }
    }

    fn harvest(self) -> Self::Fruit {
        let mut facets = HashMap::new();
        for counter in self.counters {
            facets.insert(counter.name, counter.values()?);
        }
        if let Some(states) = self.states {
            facets.insert("state", states.values()?);
        }
        let top = self
            .heap
            .into_iter()
            .map(|Reverse((place, doc))| (place, DocAddress::new(self.ordinal, doc)))
            .collect();
        Ok(Found {
            total: self.total,
            items: self.items,
            top,
            facets,
        })
    }
}

/// The columns that an order needs.
struct Keys {
    first: Column<u64>,
    second: Column<u64>,
    tie: Column<u64>,
}

impl Keys {
    fn new(segment: &SegmentReader, sort: Sort) -> tantivy::Result<Self> {
        let (first, second) = match sort {
            Sort::Relevance => ("title_length", "requests"),
            Sort::Requests => ("requests", "updated"),
            Sort::Updated => ("updated", "requests"),
            Sort::Title => ("title_order", "title_order_low"),
        };
        let fast = segment.fast_fields();
        Ok(Self {
            first: fast.u64(first)?,
            second: fast.u64(second)?,
            tie: fast.u64("tie")?,
        })
    }

    fn place(&self, sort: Sort, doc: DocId, score: Score) -> Place {
        let of = |column: &Column<u64>| column.first(doc).unwrap_or(0);
        let (first, second, tie) = (of(&self.first), of(&self.second), of(&self.tie));
        Place(match sort {
            // Of equal finds the shorter title says it more exactly.
            Sort::Relevance => [u64::from(score.max(0.0).to_bits()), !first, second, tie],
            Sort::Requests | Sort::Updated => [first, second, 0, tie],
            Sort::Title => [!first, !second, 0, tie],
        })
    }
}

/// Counts the values of one facet by their numbers in the segment's dictionary.
struct Counter {
    name: &'static str,
    column: StrColumn,
    counts: Vec<u64>,
}

impl Counter {
    fn new(name: &'static str, column: StrColumn) -> Self {
        let counts = vec![0; column.num_terms()];
        Self { name, column, counts }
    }
    fn count(&mut self, doc: DocId) {
        for ordinal in self.column.ords().values_for_doc(doc) {
            if let Some(count) = self.counts.get_mut(ordinal as usize) {
                *count += 1;
            }
        }
    }
    fn values(&self) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut values = BTreeMap::new();
        let mut text = String::new();
        for (ordinal, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if self.column.ord_to_str(ordinal as u64, &mut text)? {
                values.insert(text.clone(), count);
            }
        }
        Ok(values)
    }
}

/// Counts states without telling of others' drafts.
struct StateCounter {
    full: Option<Counter>,
    public: Option<Counter>,
    /// The unit whose true states are known: its number in the dictionary.
    unit: Option<(StrColumn, u64)>,
    everything: bool,
}

impl StateCounter {
    fn new(segment: &SegmentReader, states: &States) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let unit = match states {
            States::OwnedBy(unit) => match fast.str("unit")? {
                Some(column) => column
                    .dictionary()
                    .term_ord(unit.as_bytes())?
                    .map(|ordinal| (column, ordinal)),
                None => None,
            },
            _ => None,
        };
        Ok(Self {
            full: fast.str("state")?.map(|c| Counter::new("state", c)),
            public: fast.str("public_state")?.map(|c| Counter::new("state", c)),
            unit,
            everything: *states == States::True,
        })
    }
    fn count(&mut self, doc: DocId) {
        let own = self.everything
            || self
                .unit
                .as_ref()
                .is_some_and(|(column, unit)| column.ords().first(doc) == Some(*unit));
        let counter = if own { &mut self.full } else { &mut self.public };
        if let Some(counter) = counter {
            counter.count(doc);
        }
    }
    fn values(&self) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut sums = BTreeMap::new();
        for counter in self.full.iter().chain(&self.public) {
            for (value, count) in counter.values()? {
                *sums.entry(value).or_default() += count;
            }
        }
        Ok(sums)
    }
}
