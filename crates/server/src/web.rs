//! The web app, embedded: one page for every address that no route takes, with
//! a head (title, description, structured data) and readable content from the
//! server where a page has them.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::Error;

use crate::AppState;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

pub async fn serve(State(state): State<AppState>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Error::not_found("该地址").into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if let Some(file) = Dist::get(path).filter(|_| path != "index.html") {
        // names under assets/ carry a hash of their content
        let lasting = path.starts_with("assets/");
        let cache = if lasting {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=300"
        };
        let mime = HeaderValue::from_str(file.metadata.mimetype())
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        return (
            [
                (header::CONTENT_TYPE, mime),
                (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
            ],
            Body::from(file.data),
        )
            .into_response();
    }
    // a file that is not there is not a page
    if path.starts_with("assets/")
        || path.starts_with("api/")
        || path.rsplit('/').next().is_some_and(|f| f.contains('.'))
    {
        return Error::not_found("该地址").into_response();
    }
    page(&state, path).await
}

async fn page(state: &AppState, path: &str) -> Response {
    let Some(index) = Dist::get("index.html") else {
        let text = "The web app is not built: run `npm ci && npm run build` in web/, or `cargo xtask demo`.\n";
        return (
            StatusCode::NOT_FOUND,
            [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
            text,
        )
            .into_response();
    };
    let html = String::from_utf8_lossy(&index.data).into_owned();
    let head = match path.strip_prefix("datasets/") {
        Some(slug) if !slug.is_empty() && !slug.contains('/') => state.opening.page_head(slug).await,
        _ => None,
    };
    let html = match head {
        None => html,
        Some(head) => with_head(&html, &head),
    };
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        html,
    )
        .into_response()
}

fn with_head(html: &str, head: &opening::PageHead) -> String {
    let title = escape(&head.title);
    let data = match head.json_ld.as_str() {
        "" => String::new(),
        data => format!("<script type=\"application/ld+json\">{data}</script>\n"),
    };
    let tags = format!(
        "<title>{title}</title>\n<meta name=\"description\" content=\"{}\">\n{data}</head>",
        escape(&head.description)
    );
    let without_title = match (html.find("<title>"), html.find("</title>")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &html[..from], &html[to + "</title>".len()..]),
        _ => html.to_owned(),
    };
    without_title.replacen("</head>", &tags, 1).replacen(
        "<div id=\"root\"></div>",
        &format!("<div id=\"root\">{}</div>", head.noscript_html),
        1,
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
