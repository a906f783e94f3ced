//! Checks that a procedure is sound, and lists its paths.

use std::collections::HashSet;

use crate::spec::To;
use crate::{OutcomeSpec, ProcedureSpec, Taken};

/// Paths of one procedure beyond which its description is taken for a mistake.
const PATHS_MAX: usize = 10_000;

impl ProcedureSpec {
    /// What is wrong with the description; empty when it is sound.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.shape_faults();
        if faults.is_empty() {
            faults.extend(self.reach_faults());
            if let Some(step) = self.endless_step() {
                faults.push(format!(
                    "step {step} lies on a loop without an outcome marked `once` or `again`"
                ));
            }
        }
        faults
    }

    fn shape_faults(&self) -> Vec<String> {
        let mut faults = vec![];
        let mut names = HashSet::new();
        if self.steps.is_empty() {
            faults.push("no step".to_owned());
        }
        for step in &self.steps {
            if !names.insert(step.name.as_str()) {
                faults.push(format!("step {} stands twice", step.name));
            }
            if step.articles.is_empty() {
                faults.push(format!("step {} has no article", step.name));
            }
            if step.outcomes.is_empty() {
                faults.push(format!("step {} has no outcome", step.name));
            }
            if let Some(earlier) = &step.count_from
                && self
                    .step(earlier)
                    .is_none_or(|e| e.within.is_none() && e.count_from.is_none())
            {
                faults.push(format!(
                    "step {} counts from {earlier}, which has no deadline",
                    step.name
                ));
            }
            let mut outcomes = HashSet::new();
            for outcome in &step.outcomes {
                if !outcomes.insert(outcome.name.as_str()) {
                    faults.push(format!("outcome {} of step {} stands twice", outcome.name, step.name));
                }
                if let Err(error) = self.follow(outcome) {
                    faults.push(format!(
                        "outcome {} of step {} leads nowhere: {error}",
                        outcome.name, step.name
                    ));
                }
            }
        }
        faults
    }

    fn reach_faults(&self) -> Vec<String> {
        let mut faults = vec![];
        let reached = self.reached();
        for step in self.steps.iter().filter(|step| !reached.contains(step.name.as_str())) {
            faults.push(format!("step {} is never reached", step.name));
        }
        for (end, _) in &self.ends {
            let ends_so = |o: &OutcomeSpec| matches!(self.follow(o), Ok(To::End { name, .. }) if name == end);
            if !self.steps.iter().flat_map(|s| &s.outcomes).any(ends_so) {
                faults.push(format!("end {end} is never reached"));
            }
        }
        faults
    }

    /// Steps reachable from the first.
    fn reached(&self) -> HashSet<&str> {
        let mut reached: HashSet<&str> = HashSet::new();
        let mut open: Vec<&str> = self.steps.first().map(|s| s.name.as_str()).into_iter().collect();
        while let Some(name) = open.pop() {
            if reached.insert(name) {
                open.extend(self.onward(name, |_| true));
            }
        }
        reached
    }

    fn onward<'a>(&'a self, step: &str, keep: impl Fn(&OutcomeSpec) -> bool) -> Vec<&'a str> {
        let outcomes = self
            .step(step)
            .into_iter()
            .flat_map(|s| &s.outcomes)
            .filter(|o| keep(o));
        outcomes
            .filter_map(|o| {
                if let Ok(To::Step(next)) = self.follow(o) {
                    Some(next.name.as_str())
                } else {
                    None
                }
            })
            .collect()
    }

    /// A step on a loop that nothing bounds, if there is one. Without such a
    /// loop every path comes to an end, because each step has an outcome.
    fn endless_step(&self) -> Option<&str> {
        let bounded = |o: &OutcomeSpec| !(o.once || o.again);
        self.steps.iter().map(|s| s.name.as_str()).find(|start| {
            let mut seen = HashSet::new();
            let mut open = self.onward(start, bounded);
            while let Some(name) = open.pop() {
                if name == *start {
                    return true;
                }
                if seen.insert(name) {
                    open.extend(self.onward(name, bounded));
                }
            }
            // a step whose only ways on are loops would never end
            self.step(start)
                .is_some_and(|s| s.outcomes.iter().all(|o| o.once || o.again))
        })
    }

    /// Every path from beginning to end; an outcome marked `again` or `once` is
    /// taken at most once on each.
    pub fn paths(&self) -> Vec<Vec<Taken>> {
        let mut done = vec![];
        let mut open = vec![(self.begin().name.clone(), Vec::<Taken>::new())];
        while let Some((step, path)) = open.pop() {
            if done.len() >= PATHS_MAX {
                break;
            }
            for outcome in self.step(&step).into_iter().flat_map(|s| &s.outcomes) {
                let taken = Taken {
                    step: step.clone(),
                    outcome: outcome.name.clone(),
                };
                if (outcome.once || outcome.again) && path.contains(&taken) {
                    continue;
                }
                let mut path = path.clone();
                path.push(taken);
                match self.follow(outcome) {
                    Ok(To::Step(next)) => open.push((next.name.clone(), path)),
                    Ok(To::End { .. }) => done.push(path),
                    Err(_) => {}
                }
            }
        }
        done
    }
}
