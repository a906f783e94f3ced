//! CKAN's shapes of our nouns: a dataset is a package, a file a resource, an
//! opener an organization, a subject a group, a library a tag.

use base::Moment;
use serde_json::{Value, json};

use crate::dcat::Site;
use crate::files::FileFacts;
use crate::model::{Dataset, DictionaryItem, LICENCE, OrgRef, Word};
use crate::slug::{slug, with_suffix};

/// CKAN writes naive UTC with microseconds.
pub fn moment(m: Moment) -> String {
    let utc = m.in_china().naive_utc();
    utc.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

pub fn organization_name(opener: &OrgRef) -> String {
    with_suffix(&slug(&opener.name), &opener.id)
}

pub fn resource_id(d: &Dataset, file: &FileFacts) -> String {
    format!("{}.{}", d.id, file.format.as_str())
}

pub fn package(site: &Site, d: &Dataset) -> Value {
    let resources: Vec<Value> = d
        .files
        .iter()
        .enumerate()
        .map(|(i, f)| resource(site, d, f, i))
        .collect();
    let tags: Vec<Value> = d.keywords.iter().map(tag).collect();
    let extras: Vec<Value> = [
        ("code", d.code.clone()),
        ("opening_attribute", "unconditional".to_owned()),
        ("update_frequency", d.frequency.title.clone()),
        ("division_code", d.division.code.clone()),
        ("division", d.division.name.clone()),
        ("rows", d.rows.to_string()),
        ("table_version", d.table_version.to_string()),
        ("grade", d.grade.clone()),
    ]
    .into_iter()
    .map(|(key, value)| json!({ "key": key, "value": value }))
    .collect();
    json!({
        "id": d.id, "name": d.slug, "title": d.title, "notes": d.summary,
        "url": format!("{}/datasets/{}", site.base, d.slug),
        "version": format!("{}.{}", d.version, d.table_version),
        "state": "active", "type": "dataset", "private": false, "isopen": true,
        "license_id": LICENCE.id, "license_title": LICENCE.title, "license_url": licence_url(site),
        "author": d.opener.name, "author_email": null, "maintainer": d.opener.name, "maintainer_email": null,
        "owner_org": d.opener.id, "organization": organization(&d.opener, None), "creator_user_id": null,
        "groups": [group(&d.subject, None)],
        "num_tags": tags.len(), "tags": tags,
        "num_resources": resources.len(), "resources": resources,
        "extras": extras,
        "metadata_created": moment(d.opened_at), "metadata_modified": moment(d.updated_at),
        "relationships_as_subject": [], "relationships_as_object": [],
    })
}

pub fn resource(site: &Site, d: &Dataset, file: &FileFacts, position: usize) -> Value {
    let format = file.format.as_str();
    json!({
        "id": resource_id(d, file), "package_id": d.id,
        "name": format!("{}.{format}", d.title), "description": file.note.clone().unwrap_or_default(),
        "format": format.to_uppercase(), "mimetype": file.format.media_type(), "mimetype_inner": null,
        "url": format!("{}/api/v1/datasets/{}/files/{format}", site.base, d.slug), "url_type": null,
        "size": file.bytes, "hash": file.sha256, "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256",
        "resource_type": "file", "cache_url": null, "cache_last_updated": null,
        "state": "active", "position": position,
        // as in CKAN, the table behind a package is searched through its CSV
        "datastore_active": file.format == crate::files::Format::Csv,
        "created": moment(d.opened_at), "last_modified": moment(d.built_at), "metadata_modified": moment(d.built_at),
    })
}

pub fn organization(opener: &OrgRef, package_count: Option<usize>) -> Value {
    json!({
        "id": opener.id, "name": organization_name(opener), "title": opener.name, "display_name": opener.name,
        "type": "organization", "is_organization": true, "state": "active", "approval_status": "approved",
        "description": "", "image_url": "", "image_display_url": "", "package_count": package_count,
    })
}

pub fn group(subject: &Word, package_count: Option<usize>) -> Value {
    json!({
        "id": subject.code, "name": subject.code, "title": subject.title, "display_name": subject.title,
        "type": "group", "is_organization": false, "state": "active", "approval_status": "approved",
        "description": subject.title_en, "image_url": "", "image_display_url": "", "package_count": package_count,
    })
}

pub fn tag(word: &Word) -> Value {
    json!({ "id": word.code, "name": word.title, "display_name": word.title, "state": "active", "vocabulary_id": null })
}

pub fn licence_url(site: &Site) -> String {
    format!("{}/developers#{}", site.base, LICENCE.id)
}

pub fn licence(site: &Site) -> Value {
    json!({
        "id": LICENCE.id, "title": LICENCE.title, "url": licence_url(site), "status": "active",
        "is_okd_compliant": true, "is_osi_compliant": false, "is_generic": false, "family": "",
        "domain_content": false, "domain_data": true, "domain_software": false, "od_conformance": "not reviewed",
    })
}

/// Column of a datastore answer.
pub fn field(item: &DictionaryItem) -> Value {
    let kind = match item.r#type.as_str() {
        "integer" => "int",
        "decimal" => "numeric",
        "date" => "date",
        "datetime" => "timestamp",
        "boolean" => "bool",
        _ => "text",
    };
    json!({ "id": item.name, "type": kind, "info": { "label": item.title, "notes": item.meaning } })
}
