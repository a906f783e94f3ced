//! Step 7: what is opened, and how anybody reads it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::Stage;
use super::client::{Api, text};

/// Opens an entry and waits until its files are there.
async fn publish(opener: &Api, anybody: &Api, resource: &str) -> Result<Value> {
    if anybody.status(&format!("/api/v1/datasets/{resource}")).await? != 200 {
        opener
            .post(&format!("/api/v1/datasets/{resource}/publish"), &json!({}))
            .await?;
    }
    opened(anybody, resource).await
}

pub async fn opened(anybody: &Api, resource: &str) -> Result<Value> {
    for _ in 0..600 {
        if anybody.status(&format!("/api/v1/datasets/{resource}")).await? == 200 {
            let dataset = anybody.get(&format!("/api/v1/datasets/{resource}")).await?;
            if dataset["state"] == "open" && dataset["downloads_offered"].as_array().is_some_and(|d| !d.is_empty()) {
                return Ok(dataset);
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!("dataset {resource} was not open within two minutes")
}

pub async fn open(stage: &mut Stage) -> Result<String> {
    let anybody = stage.anybody()?;
    let opener = stage.as_person("scjg-shenpi").await?;
    let equipment = stage.state.get("resource.equipment")?;
    let dataset = publish(&opener, &anybody, &equipment).await?;
    stage.state.put("slug.equipment", text(&dataset, "slug")?)?;
    let author = stage.as_person("dsj-bianmu").await?;
    for facts in super::collection::FACTS {
        let resource = stage.state.get(&format!("resource.{}", facts.key))?;
        publish(&author, &anybody, &resource).await?;
    }
    Ok(format!(
        "{} 个数据集，登记证 {} 行",
        super::collection::FACTS.len() + 1,
        dataset["rows"]
    ))
}

pub async fn read(stage: &mut Stage) -> Result<String> {
    let anybody = stage.anybody()?;
    let equipment = stage.state.get("resource.equipment")?;
    let dataset = anybody.get(&format!("/api/v1/datasets/{equipment}")).await?;
    let dictionary = dataset["dictionary"].as_array().context("no dictionary")?;
    ensure!(
        dictionary.len() == generate::schema::EQUIPMENT.len(),
        "the dictionary has {} items",
        dictionary.len()
    );
    let mut formats = vec![];
    for download in dataset["downloads_offered"].as_array().context("no downloads")? {
        let href = text(download, "href")?;
        let path = href.strip_prefix(anybody.base()).unwrap_or(href);
        let response = anybody
            .request(reqwest::Method::GET, path)
            .send()
            .await?
            .error_for_status()?;
        let bytes = response.bytes().await?;
        let digest = crypto::hex::encode(crypto::sha256(&bytes));
        ensure!(
            download["sha256"] == digest.as_str(),
            "{path} is not the file that its checksum names"
        );
        formats.push(text(download, "format")?.to_uppercase());
    }
    for wanted in ["CSV", "XLSX", "JSON", "XML"] {
        ensure!(
            formats.iter().any(|f| f == wanted),
            "no download as {wanted}: {formats:?}"
        );
    }
    let preview = anybody
        .get(&format!("/api/v1/datasets/{equipment}/preview?limit=5"))
        .await?;
    ensure!(
        preview["rows"]
            .as_array()
            .or(preview["items"].as_array())
            .is_some_and(|r| r.len() == 5),
        "no preview: {preview}"
    );
    let slug = stage.state.get("slug.equipment")?;
    let listed = anybody.get("/api/3/action/package_list").await?;
    let names = listed["result"].as_array().context("CKAN lists nothing")?;
    ensure!(
        names.iter().any(|n| *n == slug.as_str()),
        "CKAN does not list {slug}: {listed}"
    );
    ensure!(
        anybody.text("/catalog.ttl").await?.contains("特种设备使用登记证"),
        "the DCAT catalog does not hold the dataset"
    );
    Ok(format!("下载校验 {};CKAN {} 个数据集", formats.join("、"), names.len()))
}
