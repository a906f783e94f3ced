"""Reads the DCAT catalog of a running platform as a harvester would, and checks
the mandatory part of DCAT-AP 3 on every page, in all three spellings.

    python check_dcat.py http://127.0.0.1:8080
"""

import re
import sys
import urllib.request

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, SKOS, XSD, Namespace

SPDX = Namespace("http://spdx.org/rdf/terms#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
SPELLINGS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}
PAGES_MAX = 1_000

faults: list[str] = []


def fault(subject, text: str) -> None:
    faults.append(f"{subject}: {text}")


def literal(graph: Graph, subject, predicate, name: str) -> None:
    values = list(graph.objects(subject, predicate))
    if not values:
        fault(subject, f"has no {name}")
    if any(not isinstance(v, Literal) or not str(v).strip() for v in values):
        fault(subject, f"{name} is not a text")


def node(graph: Graph, subject, predicate, name: str, least: int = 0, most: int | None = None) -> list:
    values = list(graph.objects(subject, predicate))
    if len(values) < least:
        fault(subject, f"has {len(values)} {name}, not {least}")
    if most is not None and len(values) > most:
        fault(subject, f"has {len(values)} {name}, at most {most}")
    if any(isinstance(v, Literal) for v in values):
        fault(subject, f"{name} is a text, not a resource")
    return values


def moment(graph: Graph, subject, predicate, name: str) -> None:
    values = list(graph.objects(subject, predicate))
    if len(values) > 1:
        fault(subject, f"has {len(values)} {name}")
    if any(getattr(v, "datatype", None) not in (XSD.date, XSD.dateTime, XSD.gYear, XSD.gYearMonth) for v in values):
        fault(subject, f"{name} is not a date")


def check_catalog(graph: Graph) -> None:
    catalogs = list(graph.subjects(RDF.type, DCAT.Catalog))
    if len(catalogs) != 1:
        fault("page", f"has {len(catalogs)} catalogs")
    for catalog in catalogs:
        literal(graph, catalog, DCTERMS.title, "title")
        literal(graph, catalog, DCTERMS.description, "description")
        node(graph, catalog, DCTERMS.publisher, "publisher", least=1, most=1)
        moment(graph, catalog, DCTERMS.modified, "modified")
        node(graph, catalog, DCTERMS.license, "licence", most=1)
    for agent in graph.subjects(RDF.type, FOAF.Agent):
        literal(graph, agent, FOAF.name, "name")
    for concept in graph.subjects(RDF.type, SKOS.Concept):
        literal(graph, concept, SKOS.prefLabel, "label")
    for scheme in graph.subjects(RDF.type, SKOS.ConceptScheme):
        literal(graph, scheme, DCTERMS.title, "title")
    for service in graph.subjects(RDF.type, DCAT.DataService):
        literal(graph, service, DCTERMS.title, "title")
        node(graph, service, DCAT.endpointURL, "endpoint", least=1)


def check_datasets(graph: Graph) -> list[str]:
    found = []
    for dataset in graph.subjects(RDF.type, DCAT.Dataset):
        found.append(str(dataset))
        literal(graph, dataset, DCTERMS.title, "title")
        literal(graph, dataset, DCTERMS.description, "description")
        moment(graph, dataset, DCTERMS.issued, "issued")
        moment(graph, dataset, DCTERMS.modified, "modified")
        node(graph, dataset, DCTERMS.publisher, "publisher", most=1)
        node(graph, dataset, DCTERMS.accrualPeriodicity, "frequency", most=1)
        for theme in node(graph, dataset, DCAT.theme, "theme"):
            if not isinstance(theme, URIRef):
                fault(dataset, "theme is not an IRI")
        if not node(graph, dataset, DCAT.distribution, "distribution", least=1):
            continue
    for distribution in graph.subjects(RDF.type, DCAT.Distribution):
        check_distribution(graph, distribution)
    return found


def check_distribution(graph: Graph, distribution) -> None:
    node(graph, distribution, DCAT.accessURL, "access address", least=1)
    node(graph, distribution, DCAT.downloadURL, "download address", least=1)
    node(graph, distribution, DCTERMS.format, "format", most=1)
    node(graph, distribution, DCTERMS.license, "licence", least=1, most=1)
    for size in graph.objects(distribution, DCAT.byteSize):
        if size.datatype != XSD.nonNegativeInteger:
            fault(distribution, "size is not a count")
    for checksum in node(graph, distribution, SPDX.checksum, "checksum", least=1, most=1):
        node(graph, checksum, SPDX.algorithm, "algorithm", least=1, most=1)
        values = list(graph.objects(checksum, SPDX.checksumValue))
        if len(values) != 1 or values[0].datatype != XSD.hexBinary or not re.fullmatch("[0-9a-fA-F]{64}", str(values[0])):
            fault(distribution, "checksum is not 64 hex digits")


def read_pages(base: str, extension: str) -> tuple[list[str], int]:
    """Follows hydra:next to the last page; the datasets, and the total told."""
    address, datasets, total = f"{base}/catalog.{extension}", [], None
    for _ in range(PAGES_MAX):
        with urllib.request.urlopen(address, timeout=30) as answer:
            graph = Graph().parse(data=answer.read(), format=SPELLINGS[extension])
        check_catalog(graph)
        datasets += check_datasets(graph)
        total = next((int(t) for t in graph.objects(None, HYDRA.totalItems)), total)
        following = next(graph.objects(None, HYDRA.next), None)
        if following is None:
            return datasets, total or 0
        address = str(following)
    fault("catalog", "has no last page")
    return datasets, total or 0


def main() -> int:
    base = sys.argv[1].rstrip("/")
    by_spelling = {}
    for extension in SPELLINGS:
        datasets, total = read_pages(base, extension)
        by_spelling[extension] = sorted(datasets)
        if len(set(datasets)) != total:
            fault(extension, f"{len(set(datasets))} datasets on its pages, {total} told")
    if len({tuple(d) for d in by_spelling.values()}) != 1:
        fault("catalog", "its spellings differ")
    for line in faults:
        print("fault:", line)
    print(f"DCAT: {len(by_spelling['ttl'])} datasets in {len(SPELLINGS)} spellings, {len(faults)} faults")
    return 1 if faults or not by_spelling["ttl"] else 0


if __name__ == "__main__":
    sys.exit(main())
