//! A small graph and its three spellings: Turtle, RDF/XML and JSON-LD.
//!
//! Predicates and classes are prefixed names out of [`PREFIXES`], so that each
//! spelling can shorten them; other IRIs are written whole.

use std::fmt::Write;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

pub const PREFIXES: &[(&str, &str)] = &[
    ("adms", "http://www.w3.org/ns/adms#"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcatap", "http://data.europa.eu/r5r/"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("hydra", "http://www.w3.org/ns/hydra/core#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("spdx", "http://spdx.org/rdf/terms#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// Whole IRI.
    Iri(String),
    /// Prefixed name.
    Name(&'static str),
    Blank(u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    Node(Node),
    Text {
        value: String,
        lang: Option<&'static str>,
    },
    /// With a prefixed datatype.
    Typed {
        value: String,
        datatype: &'static str,
    },
}

impl From<Node> for Object {
    fn from(node: Node) -> Self {
        Object::Node(node)
    }
}

pub fn iri(s: impl Into<String>) -> Node {
    Node::Iri(s.into())
}
pub fn zh(value: impl Into<String>) -> Object {
    Object::Text {
        value: value.into(),
        lang: Some("zh"),
    }
}
pub fn en(value: impl Into<String>) -> Object {
    Object::Text {
        value: value.into(),
        lang: Some("en"),
    }
}
pub fn text(value: impl Into<String>) -> Object {
    Object::Text {
        value: value.into(),
        lang: None,
    }
}
pub fn typed(value: impl ToString, datatype: &'static str) -> Object {
    Object::Typed {
        value: value.to_string(),
        datatype,
    }
}

/// Statements by subject, in the order in which they were made.
#[derive(Default)]
pub struct Graph {
    subjects: IndexMap<Node, Vec<(&'static str, Object)>>,
    blanks: u32,
}

impl Graph {
    pub fn add(&mut self, subject: &Node, predicate: &'static str, object: impl Into<Object>) {
        let statement = (predicate, object.into());
        let about = self.subjects.entry(subject.clone()).or_default();
        if !about.contains(&statement) {
            about.push(statement);
        }
    }
    pub fn a(&mut self, subject: &Node, class: &'static str) {
        self.add(subject, "rdf:type", Node::Name(class));
    }
    pub fn blank(&mut self) -> Node {
        self.blanks += 1;
        Node::Blank(self.blanks)
    }

    pub fn turtle(&self) -> String {
        let mut out = String::new();
        for (prefix, base) in PREFIXES {
            let _ = writeln!(out, "@prefix {prefix}: <{base}> .");
        }
        for (subject, about) in &self.subjects {
            let _ = write!(out, "\n{}", turtle_node(subject));
            for (i, (predicate, object)) in about.iter().enumerate() {
                let end = if i + 1 == about.len() { " ." } else { " ;" };
                let predicate = if *predicate == "rdf:type" { "a" } else { predicate };
                let _ = write!(
                    out,
                    "{} {predicate} {}{end}",
                    if i == 0 { "" } else { "\n   " },
                    turtle_object(object)
                );
            }
            out.push('\n');
        }
        out
    }

    pub fn rdf_xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF");
        for (prefix, base) in PREFIXES {
            let _ = write!(out, " xmlns:{prefix}=\"{base}\"");
        }
        out.push_str(">\n");
        for (subject, about) in &self.subjects {
            let _ = writeln!(out, "<rdf:Description{}>", xml_reference(subject, "rdf:about"));
            for (predicate, object) in about {
                let _ = match object {
                    Object::Node(node) => writeln!(out, "  <{predicate}{}/>", xml_reference(node, "rdf:resource")),
                    Object::Text { value, lang } => {
                        let lang = lang.map(|l| format!(" xml:lang=\"{l}\"")).unwrap_or_default();
                        writeln!(out, "  <{predicate}{lang}>{}</{predicate}>", xml_text(value))
                    }
                    Object::Typed { value, datatype } => {
                        let datatype = expand(datatype);
                        writeln!(
                            out,
                            "  <{predicate} rdf:datatype=\"{datatype}\">{}</{predicate}>",
                            xml_text(value)
                        )
                    }
                };
            }
            out.push_str("</rdf:Description>\n");
        }
        out.push_str("</rdf:RDF>\n");
        out
    }

    pub fn json_ld(&self) -> Value {
        let context: Map<String, Value> = PREFIXES
            .iter()
            .map(|(prefix, base)| ((*prefix).to_owned(), Value::from(*base)))
            .collect();
        let graph: Vec<Value> = self
            .subjects
            .iter()
            .map(|(subject, about)| {
                let mut node = Map::new();
                node.insert("@id".into(), json_id(subject));
                for (predicate, object) in about {
                    let (key, value) = match (*predicate, object) {
                        ("rdf:type", Object::Node(class)) => ("@type", json_id(class)),
                        (_, Object::Node(other)) => (*predicate, json!({ "@id": json_id(other) })),
                        (_, Object::Text { value, lang: None }) => (*predicate, json!({ "@value": value })),
                        (_, Object::Text { value, lang: Some(l) }) => {
                            (*predicate, json!({ "@value": value, "@language": l }))
                        }
                        (_, Object::Typed { value, datatype }) => {
                            (*predicate, json!({ "@value": value, "@type": datatype }))
                        }
                    };
                    match node.entry(key).or_insert_with(|| Value::Array(vec![])) {
                        Value::Array(values) => values.push(value),
                        single => *single = value,
                    }
                }
                Value::Object(node)
            })
            .collect();
        json!({ "@context": context, "@graph": graph })
    }
}

fn expand(name: &str) -> String {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let base = PREFIXES.iter().find(|(p, _)| *p == prefix).map_or("", |(_, b)| *b);
    format!("{base}{local}")
}

/// An IRI without the characters that neither Turtle nor RFC 3987 allows.
fn clean_iri(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '\u{0}'..='\u{20}' | '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' => {
                let mut bytes = [0; 4];
                for b in c.encode_utf8(&mut bytes).bytes() {
                    let _ = write!(out, "%{b:02X}");
                }
            }
            c => out.push(c),
        }
    }
    out
}

fn turtle_node(node: &Node) -> String {
    match node {
        Node::Iri(s) => format!("<{}>", clean_iri(s)),
        Node::Name(name) => (*name).to_owned(),
        Node::Blank(n) => format!("_:b{n}"),
    }
}

fn turtle_object(object: &Object) -> String {
    match object {
        Object::Node(node) => turtle_node(node),
        Object::Text {
            value,
            lang: Some(lang),
        } => format!("\"{}\"@{lang}", turtle_escape(value)),
        Object::Text { value, lang: None } => format!("\"{}\"", turtle_escape(value)),
        Object::Typed { value, datatype } => format!("\"{}\"^^{datatype}", turtle_escape(value)),
    }
}

fn turtle_escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

fn xml_reference(node: &Node, attribute: &str) -> String {
    match node {
        Node::Iri(s) => format!(" {attribute}=\"{}\"", xml_text(&clean_iri(s))),
        Node::Name(name) => format!(" {attribute}=\"{}\"", expand(name)),
        Node::Blank(n) => format!(" rdf:nodeID=\"b{n}\""),
    }
}

/// Escaped, without what XML 1.0 cannot carry at all.
fn xml_text(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            c if c.is_control() && c != '\n' && c != '\t' => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

fn json_id(node: &Node) -> Value {
    Value::from(match node {
        Node::Iri(s) => clean_iri(s),
        Node::Name(name) => expand(name),
        Node::Blank(n) => format!("_:b{n}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_out_of_a_literal_or_an_iri_cannot() {
        let mut g = Graph::default();
        let s = iri("http://x/a> <b\"");
        g.add(&s, "dct:title", zh("换行\n引号\"反斜\\ <b>&amp; \u{1}"));
        g.add(&s, "dcat:byteSize", typed(5, "xsd:nonNegativeInteger"));
        let turtle = g.turtle();
        assert!(turtle.contains("<http://x/a%3E%20%3Cb%22>"), "{turtle}");
        assert!(
            turtle.contains(r#""换行\n引号\"反斜\\ <b>&amp; \u0001"@zh"#),
            "{turtle}"
        );
        assert!(turtle.contains(r#""5"^^xsd:nonNegativeInteger"#));
        let xml = g.rdf_xml();
        assert!(xml.contains("反斜\\ &lt;b&gt;&amp;amp; </dct:title>"), "{xml}");
        let json = g.json_ld();
        assert_eq!(json["@graph"][0]["dct:title"][0]["@language"], "zh");
    }
}
