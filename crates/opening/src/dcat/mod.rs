//! The open catalog as DCAT-AP 3, for harvesters: one page of datasets a
//! request, pages linked with Hydra. Pure.

pub mod rdf;

use base::Moment;

use crate::files::Format;
use crate::model::{Dataset, LICENCE};
use rdf::{Graph, Node, en, iri, text, typed, zh};

/// Datasets of one page.
pub const PAGE: usize = 100;

const EU: &str = "http://publications.europa.eu/resource/authority";
const IANA: &str = "http://www.iana.org/assignments/media-types";

/// Who publishes the catalog, and where it stands.
#[derive(Clone, Debug)]
pub struct Site {
    /// Scheme and host, without a slash at the end.
    pub base: String,
    /// 浙江省公共数据开放平台
    pub title: String,
    /// The authority of the node.
    pub publisher: String,
}

/// The spellings of the catalog, by the ending of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    Turtle,
    JsonLd,
    RdfXml,
}

impl Spelling {
    pub fn extension(self) -> &'static str {
        match self {
            Spelling::Turtle => "ttl",
            Spelling::JsonLd => "jsonld",
            Spelling::RdfXml => "rdf",
        }
    }
    pub fn content_type(self) -> &'static str {
        match self {
            Spelling::Turtle => "text/turtle; charset=utf-8",
            Spelling::JsonLd => "application/ld+json",
            Spelling::RdfXml => "application/rdf+xml; charset=utf-8",
        }
    }
    pub fn write(self, graph: &Graph) -> String {
        match self {
            Spelling::Turtle => graph.turtle(),
            Spelling::JsonLd => graph.json_ld().to_string(),
            Spelling::RdfXml => graph.rdf_xml(),
        }
    }
}

/// Page `page` (from 1) of the catalog; `None` past the last one.
pub fn catalog(site: &Site, open: &[&Dataset], page: usize, spelling: Spelling) -> Option<Graph> {
    let pages = open.len().div_ceil(PAGE).max(1);
    if page == 0 || page > pages {
        return None;
    }
    let shown = &open[(page - 1) * PAGE..(page * PAGE).min(open.len())];
    let mut g = Graph::default();
    let catalog = iri(format!("{}/catalog", site.base));
    describe_catalog(&mut g, site, &catalog, open);
    let here = |n: usize| iri(format!("{}/catalog.{}?page={n}", site.base, spelling.extension()));
    let view = here(page);
    g.add(&catalog, "hydra:view", view.clone());
    g.a(&view, "hydra:PartialCollectionView");
    g.add(&view, "hydra:first", here(1));
    g.add(&view, "hydra:last", here(pages));
    if page > 1 {
        g.add(&view, "hydra:previous", here(page - 1));
    }
    if page < pages {
        g.add(&view, "hydra:next", here(page + 1));
    }
    g.add(&catalog, "hydra:totalItems", typed(open.len(), "xsd:integer"));
    let service = service(&mut g, site, &catalog);
    for dataset in shown {
        let node = describe_dataset(&mut g, site, dataset);
        g.add(&catalog, "dcat:dataset", node.clone());
        g.add(&service, "dcat:servesDataset", node);
    }
    Some(g)
}

/// One dataset by itself, as its page offers it.
pub fn dataset(site: &Site, dataset: &Dataset) -> Graph {
    let mut g = Graph::default();
    describe_dataset(&mut g, site, dataset);
    g
}

fn describe_catalog(g: &mut Graph, site: &Site, catalog: &Node, open: &[&Dataset]) {
    g.a(catalog, "dcat:Catalog");
    g.add(catalog, "dct:title", zh(&site.title));
    g.add(catalog, "dct:title", en("Open public data catalog"));
    g.add(
        catalog,
        "dct:description",
        zh(format!("{}无条件开放的公共数据目录", site.title)),
    );
    g.add(catalog, "dct:identifier", text(format!("{}/catalog", site.base)));
    let publisher = agent(g, site, "authority", &site.publisher);
    g.add(catalog, "dct:publisher", publisher);
    g.add(catalog, "dct:language", iri(format!("{EU}/language/ZHO")));
    g.a(&iri(format!("{EU}/language/ZHO")), "dct:LinguisticSystem");
    let home = iri(format!("{}/", site.base));
    g.a(&home, "foaf:Document");
    g.add(catalog, "foaf:homepage", home);
    let licence = licence(g, site);
    g.add(catalog, "dct:license", licence);
    if let Some(updated) = open.iter().map(|d| d.updated_at).max() {
        g.add(catalog, "dct:modified", moment(updated));
    }
    let themes = themes(g, site);
    g.add(catalog, "dcat:themeTaxonomy", themes);
}

fn describe_dataset(g: &mut Graph, site: &Site, d: &Dataset) -> Node {
    let page = format!("{}/datasets/{}", site.base, d.slug);
    let node = iri(format!("{page}#dataset"));
    g.a(&node, "dcat:Dataset");
    g.add(&node, "dct:title", zh(&d.title));
    g.add(
        &node,
        "dct:description",
        zh(if d.summary.is_empty() { &d.title } else { &d.summary }),
    );
    g.add(&node, "dct:identifier", text(&d.code));
    g.add(&node, "dct:issued", moment(d.opened_at));
    g.add(&node, "dct:modified", moment(d.updated_at));
    g.add(
        &node,
        "dcat:version",
        text(format!("{}.{}", d.version, d.table_version)),
    );
    g.add(&node, "dct:language", iri(format!("{EU}/language/ZHO")));
    g.a(&iri(format!("{EU}/language/ZHO")), "dct:LinguisticSystem");
    let public = iri(format!("{EU}/access-right/PUBLIC"));
    g.a(&public, "dct:RightsStatement");
    g.add(&node, "dct:accessRights", public);
    let opener = agent(g, site, &d.opener.id, &d.opener.name);
    g.add(&node, "dct:publisher", opener);
    let contact = iri(format!("{}/organizations/{}#contact", site.base, d.opener.id));
    g.a(&contact, "vcard:Kind");
    g.a(&contact, "vcard:Organization");
    g.add(&contact, "vcard:fn", zh(&d.opener.name));
    g.add(&contact, "vcard:hasURL", iri(format!("{page}#opinion")));
    g.add(&node, "dcat:contactPoint", contact);
    if !d.subject.code.is_empty() {
        let theme = iri(format!("{}/subjects#{}", site.base, encode(&d.subject.code)));
        g.a(&theme, "skos:Concept");
        g.add(&theme, "skos:prefLabel", zh(&d.subject.title));
        if !d.subject.title_en.is_empty() {
            g.add(&theme, "skos:prefLabel", en(&d.subject.title_en));
        }
        let scheme = themes(g, site);
        g.add(&theme, "skos:inScheme", scheme);
        g.add(&node, "dcat:theme", theme);
    }
    for word in &d.keywords {
        g.add(&node, "dcat:keyword", zh(&word.title));
    }
    if let Some(frequency) = frequency(&d.frequency.code) {
        let frequency = iri(format!("{EU}/frequency/{frequency}"));
        g.a(&frequency, "dct:Frequency");
        g.add(&node, "dct:accrualPeriodicity", frequency);
    }
    if !d.division.code.is_empty() {
        let place = iri(format!("{}/divisions#{}", site.base, d.division.code));
        g.a(&place, "dct:Location");
        g.add(&place, "skos:prefLabel", zh(&d.division.name));
        g.add(&place, "dct:identifier", text(&d.division.code));
        g.add(&node, "dct:spatial", place);
    }
    let document = iri(&page);
    g.a(&document, "foaf:Document");
    g.add(&node, "dcat:landingPage", document);
    for file in &d.files {
        let distribution = distribution(g, site, d, file);
        g.add(&node, "dcat:distribution", distribution);
    }
    node
}

fn distribution(g: &mut Graph, site: &Site, d: &Dataset, file: &crate::files::FileFacts) -> Node {
    let name = file.format.as_str();
    let page = format!("{}/datasets/{}", site.base, d.slug);
    let node = iri(format!("{page}#{name}"));
    g.a(&node, "dcat:Distribution");
    g.add(&node, "dct:title", zh(format!("{}({})", d.title, name.to_uppercase())));
    if let Some(note) = &file.note {
        g.add(&node, "dct:description", zh(note));
    }
    let access = iri(&page);
    g.add(&node, "dcat:accessURL", access);
    g.add(
        &node,
        "dcat:downloadURL",
        iri(format!("{}/api/v1/datasets/{}/files/{name}", site.base, d.slug)),
    );
    g.add(&node, "dct:issued", moment(d.opened_at));
    g.add(&node, "dct:modified", moment(d.built_at));
    g.add(&node, "dcat:byteSize", typed(file.bytes, "xsd:nonNegativeInteger"));
    let checksum = iri(format!("{page}#{name}-sha256"));
    g.a(&checksum, "spdx:Checksum");
    g.add(&checksum, "spdx:algorithm", Node::Name("spdx:checksumAlgorithm_sha256"));
    g.a(&Node::Name("spdx:checksumAlgorithm_sha256"), "spdx:ChecksumAlgorithm");
    g.add(&checksum, "spdx:checksumValue", typed(&file.sha256, "xsd:hexBinary"));
    g.add(&node, "spdx:checksum", checksum);
    let media = iri(format!("{IANA}/{}", file.format.media_type()));
    g.a(&media, "dct:MediaType");
    g.add(&node, "dcat:mediaType", media);
    let format = iri(format!("{EU}/file-type/{}", eu_file_type(file.format)));
    g.a(&format, "dct:MediaTypeOrExtent");
    g.add(&node, "dct:format", format);
    let licence = licence(g, site);
    g.add(&node, "dct:license", licence);
    node
}

fn service(g: &mut Graph, site: &Site, catalog: &Node) -> Node {
    let node = iri(format!("{}/api/3#service", site.base));
    g.a(&node, "dcat:DataService");
    g.add(&node, "dct:title", zh("公共数据开放接口"));
    g.add(&node, "dct:title", en("Open public data API"));
    g.add(&node, "dcat:endpointURL", iri(format!("{}/api/v1/datasets", site.base)));
    g.add(
        &node,
        "dcat:endpointDescription",
        iri(format!("{}/openapi.json", site.base)),
    );
    let licence = licence(g, site);
    g.add(&node, "dct:license", licence);
    g.add(catalog, "dcat:service", node.clone());
    node
}

fn agent(g: &mut Graph, site: &Site, id: &str, name: &str) -> Node {
    let node = iri(format!("{}/organizations/{id}", site.base));
    g.a(&node, "foaf:Agent");
    g.a(&node, "foaf:Organization");
    g.add(&node, "foaf:name", zh(if name.is_empty() { id } else { name }));
    node
}

fn licence(g: &mut Graph, site: &Site) -> Node {
    let node = iri(format!("{}/developers#{}", site.base, LICENCE.id));
    g.a(&node, "dct:LicenseDocument");
    g.add(&node, "dct:title", zh(LICENCE.title));
    g.add(&node, "dct:title", en(LICENCE.title_en));
    node
}

fn themes(g: &mut Graph, site: &Site) -> Node {
    let node = iri(format!("{}/subjects", site.base));
    g.a(&node, "skos:ConceptScheme");
    g.add(&node, "dct:title", zh("主题领域"));
    node
}

fn moment(m: Moment) -> rdf::Object {
    typed(m.rfc3339(), "xsd:dateTime")
}

fn encode(s: &str) -> String {
    percent_encoding::utf8_percent_encode(s, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn eu_file_type(format: Format) -> &'static str {
    match format {
        Format::Csv => "CSV",
        Format::Xlsx => "XLSX",
        Format::Json => "JSON",
        Format::Xml => "XML",
    }
}

/// EU authority table "frequency", for the codes of the catalog's vocabulary.
fn frequency(code: &str) -> Option<&'static str> {
    Some(match code {
        "realtime" => "UPDATE_CONT",
        "daily" => "DAILY",
        "weekly" => "WEEKLY",
        "monthly" => "MONTHLY",
        "quarterly" => "QUARTERLY",
        "half_yearly" => "ANNUAL_2",
        "yearly" => "ANNUAL",
        "irregular" => "IRREG",
        "once" => "NEVER",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::tests::shelf;

    fn site() -> Site {
        Site {
            base: "http://127.0.0.1:8080".into(),
            title: "浙江省公共数据开放".into(),
            publisher: "省大数据局".into(),
        }
    }

    #[test]
    fn opn_2_a_page_bears_open_datasets_with_checksums_and_links_to_the_next() {
        let shelf = shelf();
        let open: Vec<&Dataset> = shelf.open().map(AsRef::as_ref).collect();
        let g = catalog(&site(), &open, 1, Spelling::Turtle).expect("page");
        let turtle = g.turtle();
        assert_eq!(turtle.matches(" a dcat:Dataset ").count(), 3);
        assert_eq!(turtle.matches(" a dcat:Distribution ").count(), 12);
        assert!(turtle.contains("^^xsd:hexBinary"));
        assert!(!turtle.contains("重点排污单位"), "suspended");
        assert!(catalog(&site(), &open, 2, Spelling::Turtle).is_none());
        assert!(
            catalog(&site(), &[], 1, Spelling::Turtle).is_some(),
            "an empty catalog is a page"
        );

        let many: Vec<Dataset> = (0..101)
            .map(|n| crate::shelf::tests::dataset(n, "甲", "乙", "330000"))
            .collect();
        let many: Vec<&Dataset> = many.iter().collect();
        let first = catalog(&site(), &many, 1, Spelling::Turtle).expect("page").turtle();
        assert!(first.contains("hydra:next <http://127.0.0.1:8080/catalog.ttl?page=2>"));
        assert!(first.contains("hydra:totalItems \"101\"^^xsd:integer"));
    }
}
