"""Facts about what a result tells of itself: a data package, and a record for catalogues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import hand
import pytest
import rdflib
from frictionless import validate
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, RDFS, SKOS, XSD

import stemgeo as sg
from stemgeo.report.dcat import _name_contact
from stemgeo.report.describing import DESCRIPTIONS
from stemgeo.tables import SCHEMAS
from stemgeo.texts import load_texts
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = [
    pytest.mark.usefixtures("read_once"),
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated"),  # rdflib, of itself
]

AT = "https://data.example.be/stem/dcat.jsonld"
EU = "http://publications.europa.eu/resource/authority/"
VCARD = rdflib.Namespace("http://www.w3.org/2006/vcard/ns#")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
PUBLISHER = """
[output.publisher]
name = "Departement \\"=Proef\\" <WEWIS>"
contact = "open+data@example.be"
uri = "https://data.vlaanderen.be/id/organisatie/OVO000000"
page = "https://www.example.be/stem"
licence = "https://data.vlaanderen.be/id/licentie/modellicentie-gratis-hergebruik/v1.0"
access = "public"
"""


def write(base: Path, more: str = "", name: str = "result") -> Path:
    """Measure the small study in a straight line, and write the result."""
    folder = hand.write_study(base / f"study-{name}", straight_line=True)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    return sg.run(sg.load_study(folder)).write(base / name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result that says who publishes it; not to be changed."""
    return write(tmp_path_factory.mktemp("described"), PUBLISHER)


@pytest.fixture(scope="module")
def package(folder: Path) -> dict[str, Any]:
    """Its data package."""
    found: dict[str, Any] = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return found


def graph_of(folder: Path, name: str = "dcat.jsonld") -> rdflib.Graph:
    """Read a record as if it were published."""
    form = "turtle" if name.endswith(".ttl") else "json-ld"
    text = (folder / name).read_text("utf-8")
    return rdflib.Graph().parse(data=text, format=form, publicID=AT)


@pytest.fixture(scope="module")
def graph(folder: Path) -> rdflib.Graph:
    """Its record."""
    return graph_of(folder)


def dataset_of(graph: rdflib.Graph) -> Any:
    """Give the one dataset of a record."""
    (found,) = graph.subjects(RDF.type, DCAT.Dataset)
    return found


def test_the_data_package_is_valid_and_so_is_every_table(folder: Path) -> None:
    """By frictionless: metadata, hash and bytes of each file, every cell, keys and limits."""
    report = validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["name", "type", "note"])[:5]
    assert {one.type for one in report.tasks} == {"table", "file"}


def test_a_cell_that_its_column_cannot_have_is_found(folder: Path, tmp_path: Path) -> None:
    """The schema says something: a share above one, a word for a number, a row twice."""
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    (tmp_path / "tables").mkdir()
    table = (folder / "tables" / "provinces.csv").read_text("utf-8").splitlines()
    header, (first, *others) = table[0].split(","), [one.split(",") for one in table[1:]]
    for column, cell, kind in (
        ("share", "1.5", "constraint-error"),
        ("children", "veel", "type-error"),
        ("children", "", "constraint-error"),
        ("code", others[0][header.index("code")], "primary-key"),
    ):
        row = [cell if one == column else old for one, old in zip(header, first, strict=True)]
        lines = [header, row, *others]
        path = tmp_path / "tables" / "provinces.csv"
        path.write_text("".join(f"{','.join(one)}\n" for one in lines), encoding="utf-8")
        (resource,) = (one for one in package["resources"] if one["name"] == "provinces")
        resource |= {"hash": f"sha256:{hash_file(path)}", "bytes": path.stat().st_size}
        told = tmp_path / "datapackage.json"
        told.write_text(json.dumps(package | {"resources": [resource]}), encoding="utf-8")
        assert kind in {one for (one,) in validate(str(told)).flatten(["type"])}, column


def test_every_file_is_told_of_with_its_hash(folder: Path, package: dict[str, Any]) -> None:
    """All but what describes, and the manifest, which has the hashes of these."""
    files = {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}
    told = {one["path"]: one for one in package["resources"]}
    assert told.keys() == files - {*DESCRIPTIONS, "manifest.json"}
    for name, one in told.items():
        assert one["hash"] == f"sha256:{hash_file(folder / name)}"
        assert one["bytes"] == (folder / name).stat().st_size
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["outputs"].keys() == files - {"manifest.json"}
    assert manifest["outputs"]["dcat.ttl"]["sha256"] == hash_file(folder / "dcat.ttl")


def test_columns_are_those_of_the_data_dictionary(package: dict[str, Any]) -> None:
    """Type, limits and text of a column are those of its schema; the titles of the language."""
    of = {one["name"]: one for one in package["resources"]}
    assert (package["title"], of["coverage"]["title"]) == (
        "Kleine | proef",
        "Kinderen binnen bereik",
    )
    assert of["academies"]["title"] == "STEM-academies"
    fields = {one["name"]: one for one in of["coverage"]["schema"]["fields"]}
    schema = SCHEMAS["coverage"]
    assert [*fields] == [*schema.columns]
    assert {n: one["description"] for n, one in fields.items()} == {
        name: one.description for name, one in schema.columns.items()
    }
    assert fields["share"]["constraints"] == {"minimum": 0, "maximum": 1}
    assert fields["children"]["constraints"] == {"minimum": 0, "required": True}
    assert fields["scenario"]["constraints"] == {"enum": ["low", "central", "high"]}
    assert fields["covered"]["title"] == "Binnen bereik"
    gaps = {one["name"]: one for one in of["gaps"]["schema"]["fields"]}
    assert gaps["median_time_s"]["constraints"] == {"minimum": 0}  # empty: nobody gets there
    assert of["coverage"]["schema"]["primaryKey"] == list(schema.unique or ())
    places = {one["name"]: one["type"] for one in of["academies"]["schema"]["fields"]}
    assert (places["x_m"], places["valid_from"], places["planned"]) == ("number", "date", "boolean")


def test_every_table_of_a_result_has_a_name() -> None:
    """In the catalogues; those that are read, or stand inside others, need none."""
    named = load_texts("nl").list_below("table").keys()
    assert named <= SCHEMAS.keys()
    inside = {"municipalities", "zones", "children", "layer", "attribute", "reported"}
    assert SCHEMAS.keys() - named == inside | {"answer-municipalities", "batch"}


def test_sources_licence_and_publisher_are_told(package: dict[str, Any]) -> None:
    """As each source asks to be named; the licence of the result is what the study says."""
    assert [one["title"] for one in package["sources"]] == [
        "Proefgrenzen (CC0)",
        "Proefbevolking",
        "Proefregister",
    ]
    (licence,) = package["licenses"]
    assert licence["path"].endswith("modellicentie-gratis-hergebruik/v1.0")
    assert package["contributors"][0]["title"] == 'Departement "=Proef" <WEWIS>'


def test_both_forms_of_the_record_say_the_same(folder: Path, graph: rdflib.Graph) -> None:
    """JSON-LD and Turtle; no statement is lost in either."""
    assert isomorphic(graph, graph_of(folder, "dcat.ttl"))
    assert len(graph) > 200


NODES = {
    DCTERMS.publisher: FOAF.Agent,
    DCAT.contactPoint: VCARD.Kind,
    DCTERMS.accessRights: DCTERMS.RightsStatement,
    DCTERMS.language: DCTERMS.LinguisticSystem,
    DCTERMS.spatial: DCTERMS.Location,
    DCTERMS.temporal: DCTERMS.PeriodOfTime,
    DCTERMS.provenance: DCTERMS.ProvenanceStatement,
    DCAT.theme: SKOS.Concept,
    DCAT.landingPage: FOAF.Document,
    DCAT.distribution: DCAT.Distribution,
    DCTERMS.license: DCTERMS.LicenseDocument,
    DCTERMS["format"]: DCTERMS.MediaTypeOrExtent,
    DCAT.mediaType: DCTERMS.MediaType,
    SPDX.checksum: SPDX.Checksum,
}
"""Of DCAT-AP 3: what the value of a property is."""


def test_the_record_has_what_dcat_ap_and_flanders_ask(graph: rdflib.Graph) -> None:
    """Mandatory properties of catalogue, dataset and distribution, each of the class it must be."""
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    dataset = dataset_of(graph)
    assert graph.value(catalogue, DCAT.dataset) == dataset
    both = (DCTERMS.title, DCTERMS.description, DCTERMS.publisher)
    for node, asked in (
        (catalogue, both),
        (dataset, (*both, DCTERMS.identifier, DCAT.contactPoint, DCTERMS.accessRights)),
        *((one, (DCAT.accessURL, DCTERMS.license, DCTERMS.title))
          for one in graph.objects(dataset, DCAT.distribution)),
    ):  # fmt: skip
        for one in asked:
            assert graph.value(node, one) is not None, (node, one)
    for one, kind in NODES.items():
        values = list(graph.objects(None, one))
        assert values, one
        assert all((value, RDF.type, kind) in graph for value in values), one
    for one in (DCTERMS.title, DCTERMS.description, DCAT.keyword, FOAF.name):
        assert all(isinstance(value, rdflib.Literal) for value in graph.objects(None, one))
    for one in (DCTERMS.accessRights, DCTERMS.publisher, DCTERMS.temporal):
        assert len(list(graph.objects(dataset, one))) == 1
    for size in graph.objects(None, DCAT.byteSize):
        assert isinstance(size, rdflib.Literal)
        assert size.datatype == XSD.nonNegativeInteger


def test_what_it_is_of_is_told_by_the_tables_of_the_union(graph: rdflib.Graph) -> None:
    """Days, ground, languages, themes and forms by the addresses that catalogues know."""
    dataset = dataset_of(graph)
    period = graph.value(dataset, DCTERMS.temporal)
    days = [str(graph.value(period, one)) for one in (DCAT.startDate, DCAT.endDate)]
    assert days == ["2022-01-01", "2022-12-31"]
    assert {str(one) for one in graph.objects(dataset, DCTERMS.spatial)} == {
        f"https://data.vlaanderen.be/id/gemeente/{code}" for code in hand.SMALL_CHILDREN
    }
    languages = {str(one)[-3:] for one in graph.objects(dataset, DCTERMS.language)}
    assert languages == {"NLD", "ENG", "FRA"}
    assert {one.language for one in graph.objects(dataset, DCTERMS.description)} == {
        "nl",
        "en",
        "fr",
    }
    assert rdflib.URIRef(f"{EU}data-theme/EDUC") in graph.objects(dataset, DCAT.theme)
    assert rdflib.URIRef(f"{EU}access-right/PUBLIC") in graph.objects(dataset, DCTERMS.accessRights)
    forms = {str(one).rpartition("/")[2] for one in graph.objects(None, DCTERMS["format"])}
    assert forms == {"CSV", "PARQUET", "GPKG", "HTML", "SVG", "TXT"}
    mail = graph.value(graph.value(dataset, DCAT.contactPoint), VCARD.hasEmail)
    assert str(mail) == "mailto:open+data@example.be"
    assert str(graph.value(graph.value(dataset, DCTERMS.publisher), FOAF.name)).endswith("<WEWIS>")


def test_files_are_found_beside_the_record_or_where_the_study_says(
    graph: rdflib.Graph, folder: Path, tmp_path: Path
) -> None:
    """Relative addresses; an address of the folder makes them whole, in both forms."""
    links = {str(one) for one in graph.objects(None, DCAT.downloadURL)}
    assert "https://data.example.be/stem/tables/coverage.csv" in links
    elsewhere = write(tmp_path, PUBLISHER + 'folder = "https://open.example.be/2022"\n')
    for name in ("dcat.jsonld", "dcat.ttl"):
        links = {str(one) for one in graph_of(elsewhere, name).objects(None, DCAT.downloadURL)}
        assert "https://open.example.be/2022/maps/vlaanderen.svg" in links
    assert len(links) == len(json.loads((folder / "datapackage.json").read_text())["resources"])


def test_what_the_study_does_not_say_is_left_out_and_named(tmp_path: Path) -> None:
    """No publisher, catalogue, licence nor rights: one line says what to fill in, and where."""
    bare = write(tmp_path)
    graph = graph_of(bare)
    dataset = dataset_of(graph)
    for one in (DCTERMS.publisher, DCAT.contactPoint, DCTERMS.accessRights, DCTERMS.license):
        assert not list(graph.objects(None, one))
    assert not list(graph.subjects(RDF.type, DCAT.Catalog))
    said = str(graph.value(dataset, RDFS.comment))
    assert said == (
        "Nog niet ingevuld in study.toml, onder [output.publisher]: "
        "name, contact, uri, page, licence, access."
    )
    package = json.loads((bare / "datapackage.json").read_text("utf-8"))
    assert "licenses" not in package
    assert "contributors" not in package


@pytest.mark.parametrize(
    ("contact", "name"),
    [
        ("https://www.example.be/vraag", "hasURL"),
        ("+32 (2) 553 00 00", "hasTelephone"),
        ("loket 3, Brussel", "note"),
    ],
)
def test_a_contact_is_what_it_looks_like(folder: Path, contact: str, name: str) -> None:
    """A page, a telephone number, or the words as they stand."""
    publisher = sg.read_result(folder).study.output.publisher
    assert publisher is not None
    told = _name_contact(publisher.model_copy(update={"contact": contact}))
    assert f"vcard:{name}" in told


@pytest.mark.parametrize("key", ["uri", "page", "folder", "licence"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    """It would stand in a record as something that nobody can open, or end it."""
    for value in ("www.example.be", "javascript:alert(1)", "https://a b", "https://a.be/<x>", ""):
        folder = hand.write_study(tmp_path / "study", straight_line=True)
        with (folder / "study.toml").open("a", encoding="utf-8") as file:
            file.write(PUBLISHER.split("uri", maxsplit=1)[0] + f'{key} = "{value}"\n')
        with pytest.raises(sg.StudyError, match=f"publisher.{key}.*whole address"):
            sg.load_study(folder)


def test_every_command_describes_what_it_writes(folder: Path, tmp_path: Path) -> None:
    """A plan, a trend, a comparison and an answer too; all of them valid."""
    result = sg.read_result(folder)
    study = sg.load_study(hand.write_study(tmp_path / "study", straight_line=True))
    made = {
        "plan": sg.site(study.with_siting(places=1)),
        "trend": sg.trend(study, [2021, 2022]),
        "both": sg.compare(result, result),
    }
    for name, one in made.items():
        one.write(tmp_path / name)
    sg.answer(folder, tmp_path / "answer")
    titles = set()
    for name in (*made, "answer"):
        report = validate(str(tmp_path / name / "datapackage.json"))
        assert report.valid, (name, report.flatten(["name", "type", "note"])[:5])
        assert "table" in {task.type for task in report.tasks}
        graph = graph_of(tmp_path / name)
        assert isomorphic(graph, graph_of(tmp_path / name, "dcat.ttl"))
        titles.add(str(graph.value(dataset_of(graph), DCTERMS.title)))
    assert len(titles) == 2  # a comparison has a title of its own


def test_a_result_that_is_described_is_verified(folder: Path) -> None:
    """The descriptions come out again to the byte."""
    assert sg.verify(folder, folder.parent / "study-result").same
