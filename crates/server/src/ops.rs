//! For the people who keep it running: is it alive, is it ready, what does it do.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::AppState;

/// Counts since the start.
#[derive(Default)]
pub struct Ops {
    answers: [AtomicU64; 5],
}

impl Ops {
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].fetch_add(1, Ordering::Relaxed);
    }
}

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(state): State<AppState>) -> impl IntoResponse {
    match state.store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(e) => {
            tracing::error!(error = %e, "the control store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the control store does not answer\n")
        }
    }
}

/// Prometheus text. Names carry their unit.
async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let mut out = String::new();
    out.push_str("# HELP shuqiao_http_answers_total Answers outside of the gateway by class of status\n# TYPE shuqiao_http_answers_total counter\n");
    for (i, count) in state.ops.answers.iter().enumerate() {
        let _ = writeln!(
            out,
            "shuqiao_http_answers_total{{class=\"{}xx\"}} {}",
            i + 1,
            count.load(Ordering::Relaxed)
        );
    }
    if let Ok(size) = state.store.ledger_size().await {
        let _ = writeln!(
            out,
            "# HELP shuqiao_ledger_entries Entries in the ledger\n# TYPE shuqiao_ledger_entries gauge\nshuqiao_ledger_entries {size}"
        );
    }
    if let Ok(queued) = state.jobs.queued().await {
        let _ = writeln!(
            out,
            "# HELP shuqiao_jobs_waiting Jobs queued or running\n# TYPE shuqiao_jobs_waiting gauge\nshuqiao_jobs_waiting {queued}"
        );
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out)
}
