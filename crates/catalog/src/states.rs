//! The life of a catalog entry, pure.
//!
//! ```text
//!            submit            publish
//!   draft ──────────▶ in_review ──────▶ published ──revise──▶ revising
//!     ▲                   │ return         ▲                 (draft → in_review → returned,
//!     └─────edit──── returned              └────publish───    the published version stays)
//!   draft, returned, published, revising (not in review) ──withdraw──▶ withdrawn
//! ```
//!
//! A version that left its unit is frozen: after a return, the next edit opens
//! the next version, so that what was reviewed can always be compared with
//! what came after. No transition goes back from `withdrawn`, none erases.

/// Where the version under work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Draft,
    InReview,
    Returned,
}
impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Draft => "draft",
            Stage::InReview => "in_review",
            Stage::Returned => "returned",
        }
    }
    pub fn parse(s: &str) -> Option<Self> {
        [Stage::Draft, Stage::InReview, Stage::Returned]
            .into_iter()
            .find(|stage| stage.as_str() == s)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Never published yet.
    Preparing {
        version: u32,
        stage: Stage,
    },
    Published {
        version: u32,
    },
    /// Published, and its next version is under work.
    Revising {
        published: u32,
        version: u32,
        stage: Stage,
    },
    /// 已撤回. `published` is the last version that was public, if any was.
    Withdrawn {
        published: Option<u32>,
        version: u32,
    },
}

/// What happened; names the ledger entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Created,
    Edited,
    Submitted,
    Published,
    Returned,
    RevisionOpened,
    Withdrawn,
}
impl Event {
    /// Kind of the ledger entry.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::Created => "catalog.created",
            Event::Edited => "catalog.edited",
            Event::Submitted => "catalog.submitted",
            Event::Published => "catalog.published",
            Event::Returned => "catalog.returned",
            Event::RevisionOpened => "catalog.revision_opened",
            Event::Withdrawn => "catalog.withdrawn",
        }
    }
}

/// The state does not allow the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry that is {state} cannot {step}")]
pub struct TransitionError {
    pub state: &'static str,
    pub step: &'static str,
}

impl State {
    /// Where every entry begins.
    pub const NEW: State = State::Preparing {
        version: 1,
        stage: Stage::Draft,
    };

    /// The name that the API shows.
    pub fn name(self) -> &'static str {
        match self {
            State::Preparing { stage, .. } => stage.as_str(),
            State::Published { .. } => "published",
            State::Revising { .. } => "revising",
            State::Withdrawn { .. } => "withdrawn",
        }
    }
    /// The version that everybody signed in may read.
    pub fn published(self) -> Option<u32> {
        match self {
            State::Preparing { .. } => None,
            State::Published { version } => Some(version),
            State::Revising { published, .. } => Some(published),
            State::Withdrawn { published, .. } => published,
        }
    }
    /// The version that is in force: published and not withdrawn.
    pub fn in_force(self) -> Option<u32> {
        if let State::Withdrawn { .. } = self {
            None
        } else {
            self.published()
        }
    }
    /// The version under work and where it stands.
    pub fn working(self) -> Option<(u32, Stage)> {
        match self {
            State::Preparing { version, stage } | State::Revising { version, stage, .. } => Some((version, stage)),
            _ => None,
        }
    }
    pub fn newest(self) -> u32 {
        match self {
            State::Preparing { version, .. }
            | State::Published { version }
            | State::Revising { version, .. }
            | State::Withdrawn { version, .. } => version,
        }
    }

    fn refuse(self, step: &'static str) -> TransitionError {
        TransitionError {
            state: self.name(),
            step,
        }
    }
    fn with_working(self, version: u32, stage: Stage) -> Self {
        match self {
            State::Revising { published, .. } => State::Revising {
                published,
                version,
                stage,
            },
            _ => State::Preparing { version, stage },
        }
    }

    /// The draft's words change; after a return the next version is opened.
    pub fn edit(self) -> Result<(Self, Event), TransitionError> {
        match self.working() {
            Some((_, Stage::Draft)) => Ok((self, Event::Edited)),
            Some((version, Stage::Returned)) => Ok((self.with_working(version + 1, Stage::Draft), Event::Edited)),
            _ => Err(self.refuse("edit")),
        }
    }
    /// To the authority. A returned version is submitted again as the next one.
    pub fn submit(self) -> Result<(Self, Event), TransitionError> {
        match self.working() {
            Some((version, Stage::Draft)) => Ok((self.with_working(version, Stage::InReview), Event::Submitted)),
            Some((version, Stage::Returned)) => Ok((self.with_working(version + 1, Stage::InReview), Event::Submitted)),
            _ => Err(self.refuse("submit")),
        }
    }
    pub fn publish(self) -> Result<(Self, Event), TransitionError> {
        match self.working() {
            Some((version, Stage::InReview)) => Ok((State::Published { version }, Event::Published)),
            _ => Err(self.refuse("publish")),
        }
    }
    pub fn send_back(self) -> Result<(Self, Event), TransitionError> {
        match self.working() {
            Some((version, Stage::InReview)) => Ok((self.with_working(version, Stage::Returned), Event::Returned)),
            _ => Err(self.refuse("return")),
        }
    }
    pub fn revise(self) -> Result<(Self, Event), TransitionError> {
        match self {
            State::Published { version } => Ok((
                State::Revising {
                    published: version,
                    version: version + 1,
                    stage: Stage::Draft,
                },
                Event::RevisionOpened,
            )),
            _ => Err(self.refuse("revise")),
        }
    }
    /// Out of force for good; a running review is ended by its reviewer first.
    pub fn withdraw(self) -> Result<(Self, Event), TransitionError> {
        match self {
            State::Withdrawn { .. }
            | State::Preparing {
                stage: Stage::InReview, ..
            }
            | State::Revising {
                stage: Stage::InReview, ..
            } => Err(self.refuse("withdraw")),
            _ => Ok((
                State::Withdrawn {
                    published: self.published(),
                    version: self.newest(),
                },
                Event::Withdrawn,
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Step = fn(State) -> Result<(State, Event), TransitionError>;
    const STEPS: [Step; 6] = [
        State::edit,
        State::submit,
        State::publish,
        State::send_back,
        State::revise,
        State::withdraw,
    ];

    #[test]
    fn cat_1_an_entry_goes_from_draft_over_review_to_published_and_back_by_return() {
        let (reviewed, _) = State::NEW.submit().expect("a draft can be submitted");
        let (returned, event) = reviewed.send_back().expect("a review can return");
        assert_eq!((returned.name(), event.as_str()), ("returned", "catalog.returned"));
        let (redrafted, _) = returned.edit().expect("a returned entry can be edited");
        assert_eq!(
            redrafted,
            State::Preparing {
                version: 2,
                stage: Stage::Draft
            },
            "what was reviewed stays as it was"
        );
        let (published, _) = redrafted
            .submit()
            .and_then(|(s, _)| s.publish())
            .expect("the second try is published");
        assert_eq!(published, State::Published { version: 2 });
        assert_eq!(
            State::NEW.publish().unwrap_err().state,
            "draft",
            "nothing is published without a review"
        );
    }

    #[test]
    fn cat_4_a_published_version_stays_in_force_while_the_next_is_made_and_withdrawal_is_final() {
        let published = State::Published { version: 3 };
        let (revising, _) = published.revise().expect("a published entry can be revised");
        let (in_review, _) = revising.submit().expect("the revision can be submitted");
        let (returned, _) = in_review.send_back().expect("the revision can be returned");
        for state in [revising, in_review, returned] {
            assert_eq!((state.name(), state.in_force()), ("revising", Some(3)));
        }
        let (gone, _) = published.withdraw().expect("a published entry can be withdrawn");
        assert_eq!((gone.published(), gone.in_force()), (Some(3), None));
        assert!(
            STEPS.iter().all(|step| step(gone).is_err()),
            "nothing leads out of withdrawn"
        );
    }

    proptest! {
        #[test]
        fn cat_4_no_sequence_of_steps_loses_a_version_or_publishes_an_unreviewed_one(
            steps in prop::collection::vec(0..STEPS.len(), 0..60)
        ) {
            let mut state = State::NEW;
            let mut under_review: Option<u32> = None;
            for step in steps {
                let Ok((next, event)) = STEPS[step](state) else { continue };
                prop_assert!(next.newest() >= state.newest() && next.newest() <= state.newest() + 1);
                match event {
                    Event::Submitted => under_review = next.working().map(|(v, _)| v),
                    Event::Published => {
                        prop_assert_eq!(next.in_force(), under_review, "only what was reviewed is published");
                        prop_assert_eq!(next.in_force(), Some(next.newest()));
                        under_review = None;
                    }
                    Event::Returned => under_review = None,
                    Event::Edited => prop_assert_eq!(under_review, None, "nothing changes under the reviewer's eyes"),
                    Event::Withdrawn => prop_assert_eq!(under_review, None),
                    Event::Created | Event::RevisionOpened => {}
                }
                if event != Event::Published && event != Event::Withdrawn {
                    prop_assert_eq!(next.in_force(), state.in_force(), "only a decision changes what is in force");
                }
                state = next;
            }
        }
    }
}
