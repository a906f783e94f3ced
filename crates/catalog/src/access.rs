//! Who may see and do what with an entry. The rules themselves are Cedar
//! policies; here stands only how an entry is put before them.

use base::{Ctx, Error, Result};
use identity::{Action, Target};

use crate::Catalog;
use crate::model::OpeningAttribute;
use crate::search::{PUBLIC, SIGNED_IN, Viewer, audience_of_unit};
use crate::states::{Stage, State};
use crate::store::Entry;

impl Catalog {
    /// What part of the catalog the actor of `ctx` looks at.
    pub fn viewer(&self, ctx: &Ctx) -> Viewer {
        let permits = |action, target: &Target| self.identity().authz.permits(ctx, action, target);
        if permits(Action::CatalogReadDraft, &Target::any()) {
            return Viewer::All;
        }
        match ctx.actor.institution() {
            Some(unit) if permits(Action::CatalogReadDraft, &Target::owned_by(unit)) => Viewer::Unit(unit.clone()),
            _ if permits(Action::CatalogRead, &Target::any()) => Viewer::SignedIn,
            _ => Viewer::Public,
        }
    }

    /// Steps that the actor may take with an entry as it stands.
    pub(crate) fn actions(&self, ctx: &Ctx, entry: &Entry) -> Vec<String> {
        let target = Target::owned_by(&entry.provider_id);
        let may = |action| self.identity().authz.permits(ctx, action, &target);
        let stage = entry.state.working().map(|(_, stage)| stage);
        let under_work = matches!(stage, Some(Stage::Draft | Stage::Returned));
        let mut actions = vec![];
        let mut offer = |name: &str, yes: bool| {
            if yes {
                actions.push(name.to_owned());
            }
        };
        offer("edit", under_work && may(Action::CatalogEdit));
        offer("submit", under_work && may(Action::CatalogSubmit));
        offer("review", stage == Some(Stage::InReview) && may(Action::CatalogReview));
        offer(
            "revise",
            matches!(entry.state, State::Published { .. }) && may(Action::CatalogEdit),
        );
        offer(
            "withdraw",
            entry.state.withdraw().is_ok() && may(Action::CatalogWithdraw),
        );
        actions
    }

    pub(crate) fn require(&self, ctx: &Ctx, action: Action, entry: &Entry) -> Result<()> {
        if !sees(&self.viewer(ctx), entry, None) {
            return Err(not_found());
        }
        self.identity()
            .authz
            .check(ctx, action, &Target::owned_by(&entry.provider_id))
    }
}

pub(crate) fn not_found() -> Error {
    Error::not_found("目录条目")
}

/// Whether the viewer knows of the entry. `opening` is the attribute of the
/// published version, asked for only where the open catalog is meant.
pub(crate) fn sees(viewer: &Viewer, entry: &Entry, opening: Option<OpeningAttribute>) -> bool {
    sees_drafts(viewer, entry)
        || match viewer {
            Viewer::Public => entry.state.in_force().is_some() && is_opened(opening),
            _ => entry.state.published().is_some(),
        }
}

/// Whether the viewer knows the versions that were never published.
pub(crate) fn sees_drafts(viewer: &Viewer, entry: &Entry) -> bool {
    match viewer {
        Viewer::All => true,
        Viewer::Unit(unit) => *unit == entry.provider_id,
        Viewer::SignedIn | Viewer::Public => false,
    }
}

fn is_opened(opening: Option<OpeningAttribute>) -> bool {
    matches!(
        opening,
        Some(OpeningAttribute::Unconditional | OpeningAttribute::Restricted)
    )
}

/// The same rule, as the index keeps it. The two agree by the test
/// `the_index_and_the_detail_page_agree_on_who_sees_what`.
pub(crate) fn audience(entry: &Entry, opening: Option<OpeningAttribute>) -> Vec<String> {
    let mut audience = vec![audience_of_unit(&entry.provider_id)];
    if entry.state.published().is_some() {
        audience.push(SIGNED_IN.to_owned());
    }
    if entry.state.in_force().is_some() && is_opened(opening) {
        audience.push(PUBLIC.to_owned());
    }
    audience
}

/// The state that those are told who may not see drafts.
pub(crate) fn public_state(state: State) -> &'static str {
    match state {
        State::Revising { .. } => "published",
        state => state.name(),
    }
}

/// The version that a viewer is shown unless another is asked for: what is or
/// was in force, else what is under work.
pub(crate) fn shown_version(state: State) -> u32 {
    state.published().unwrap_or_else(|| state.newest())
}
