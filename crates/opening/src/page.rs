//! What a dataset's page says without scripts: for search engines, link
//! previews, and people who keep scripts off. The server puts it into the
//! web app's page.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::Opening;
use crate::dcat::Site;
use crate::model::{Dataset, LICENCE};
use crate::rows::RowsQuery;
use crate::states::State;

/// Rows in the page's own text.
const ROWS: u64 = 10;

/// The head of a page. `title` and `description` are plain texts, to be
/// escaped by who puts them into HTML; `json_ld` and `noscript_html` are ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageHead {
    pub title: String,
    pub description: String,
    /// Text of a `<script type="application/ld+json">`; cannot end it early.
    pub json_ld: String,
    pub noscript_html: String,
}

impl Opening {
    /// `None` where no dataset bears the name; the page then says so itself.
    pub async fn page_head(&self, slug: &str) -> Option<PageHead> {
        let shelf = match self.shelf().await {
            Ok(shelf) => shelf,
            Err(e) => {
                tracing::error!(error = %e, "a dataset's page goes out without its head");
                return None;
            }
        };
        let d = shelf.visible(slug)?;
        if !d.is_open() {
            return Some(shut(d));
        }
        let query = RowsQuery {
            limit: ROWS,
            ..RowsQuery::default()
        };
        // the page stands without its first rows too
        let rows = self.rows(d, &query).await.map(|found| found.rows).unwrap_or_default();
        Some(PageHead {
            title: format!("{} · {}", d.title, d.opener.name),
            description: description(d),
            json_ld: in_script(&json_ld(self.site(), d)),
            noscript_html: html(d, &rows),
        })
    }
}

/// JSON that cannot end the script element it stands in.
fn in_script(json: &Value) -> String {
    json.to_string().replace('<', "\\u003c")
}

fn shut(d: &Dataset) -> PageHead {
    let state = if d.state == State::Withdrawn {
        "已撤回"
    } else {
        "已中止开放"
    };
    PageHead {
        title: format!("{}({state})", d.title),
        description: format!("该数据集{state}，暂不提供数据。"),
        json_ld: in_script(&json!({ "@context": "https://schema.org/", "@type": "WebPage", "name": d.title })),
        noscript_html: format!("<h1>{}</h1><p>该数据集{state}，暂不提供数据。</p>", escape(&d.title)),
    }
}

fn description(d: &Dataset) -> String {
    let text = if d.summary.is_empty() { &d.title } else { &d.summary };
    let short: String = text.chars().take(120).collect();
    format!(
        "{short} 开放主体：{}；共{}行、{}个数据项，{}更新。",
        d.opener.name,
        d.rows,
        d.items.len(),
        d.frequency.title
    )
}

fn json_ld(site: &Site, d: &Dataset) -> Value {
    let page = format!("{}/datasets/{}", site.base, d.slug);
    let distribution: Vec<Value> = d
        .files
        .iter()
        .map(|f| {
            json!({
                "@type": "DataDownload", "encodingFormat": f.format.media_type(), "sha256": f.sha256,
                "contentUrl": format!("{}/api/v1/datasets/{}/files/{}", site.base, d.slug, f.format.as_str()),
                "contentSize": f.bytes.to_string(),
            })
        })
        .collect();
    json!({
        "@context": "https://schema.org/", "@type": "Dataset", "@id": page, "url": page,
        "name": d.title, "description": if d.summary.chars().count() < 50 { description(d) } else { d.summary.clone() },
        "identifier": d.code, "version": format!("{}.{}", d.version, d.table_version), "inLanguage": "zh-CN",
        "keywords": d.keywords.iter().map(|k| &k.title).chain([&d.subject.title]).collect::<Vec<_>>(),
        "datePublished": d.opened_at.rfc3339(), "dateModified": d.updated_at.rfc3339(),
        "isAccessibleForFree": true, "license": format!("{}/developers#{}", site.base, LICENCE.id),
        "creator": { "@type": "GovernmentOrganization", "name": d.opener.name },
        "spatialCoverage": d.division.name, "temporalCoverage": d.time_span,
        "variableMeasured": d.items.iter().map(|i| json!({ "@type": "PropertyValue", "name": i.title, "alternateName": i.name, "description": i.meaning })).collect::<Vec<_>>(),
        "includedInDataCatalog": { "@type": "DataCatalog", "name": site.title, "url": format!("{}/", site.base) },
        "distribution": distribution,
    })
}

fn html(d: &Dataset, rows: &[serde_json::Map<String, Value>]) -> String {
    let mut out = String::new();
    let _ = write!(out, "<h1>{}</h1><p>{}</p>", escape(&d.title), escape(&d.summary));
    let facts = [
        ("开放主体", d.opener.name.clone()),
        ("主题领域", d.subject.title.clone()),
        ("开放属性", "无条件开放".to_owned()),
        ("更新频率", d.frequency.title.clone()),
        ("更新时间", d.updated_at.in_china().format("%Y年%m月%d日").to_string()),
        ("数据量", format!("{}行", d.rows)),
        ("许可", LICENCE.title.to_owned()),
    ];
    out.push_str("<dl>");
    for (name, value) in facts {
        let _ = write!(out, "<dt>{name}</dt><dd>{}</dd>", escape(&value));
    }
    out.push_str("</dl><h2>下载</h2><ul>");
    for f in &d.files {
        let format = f.format.as_str();
        let _ = write!(
            out,
            "<li><a href=\"/api/v1/datasets/{}/files/{format}\">{}</a>({}字节,SHA-256 {})</li>",
            d.slug,
            format.to_uppercase(),
            f.bytes,
            f.sha256
        );
    }
    out.push_str("</ul><h2>数据字典</h2><table><tr><th>名称</th><th>数据项</th><th>含义</th></tr>");
    for i in &d.items {
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&i.title),
            escape(&i.name),
            escape(&i.meaning)
        );
    }
    out.push_str("</table>");
    if !rows.is_empty() {
        out.push_str("<h2>数据预览</h2><table><tr>");
        for i in &d.items {
            let _ = write!(out, "<th>{}</th>", escape(&i.title));
        }
        out.push_str("</tr>");
        for row in rows {
            out.push_str("<tr>");
            for i in &d.items {
                let shown = match row.get(&i.name) {
                    Some(Value::String(s)) => s.clone(),
                    None | Some(Value::Null) => String::new(),
                    Some(other) => other.to_string(),
                };
                let _ = write!(out, "<td>{}</td>", escape(&shown));
            }
            out.push_str("</tr>");
        }
        out.push_str("</table>");
    }
    out
}

fn escape(s: &str) -> String {
    s.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::tests::dataset;

    #[test]
    fn a_hostile_summary_stays_text() {
        let mut d = dataset(1, "甲", "乙", "330000");
        d.summary = "</script><script>alert(1)</script>".repeat(3);
        let site = Site {
            base: "http://h".into(),
            title: "t".into(),
            publisher: "p".into(),
        };
        let ld = in_script(&json_ld(&site, &d));
        assert!(!ld.contains("</script"));
        assert_eq!(
            serde_json::from_str::<Value>(&ld).expect("json")["description"],
            d.summary.as_str()
        );
        assert!(!html(&d, &[]).contains("<script"));
        d.state = State::Suspended;
        assert!(!shut(&d).json_ld.contains("distribution"));
    }
}
