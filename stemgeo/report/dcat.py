"""A record of a result for catalogues of open data: DCAT-AP 3, and what DCAT-AP Vlaanderen asks.

Addresses of files are relative: they hold wherever the record is published beside them.

Sources: DCAT-AP 3.0 and its SHACL shapes (SEMIC); DCAT-AP VL, whose catalogue of Flanders reads
Turtle; the authority tables of the Publications Office of the EU; NUTS of Eurostat.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stemgeo.report.packaging import MEDIA_TYPES, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from stemgeo.report.described import Described
    from stemgeo.study import Publisher

_EU = "http://publications.europa.eu/resource/authority/"
_PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_LANGUAGES = {"nl": "NLD", "en": "ENG", "fr": "FRA"}
_FLANDERS = f"{_EU}atu/BEL_RG_VLS"
_NUTS = {
    "Antwerpen": "BE21",
    "Limburg": "BE22",
    "Oost-Vlaanderen": "BE23",
    "Vlaams-Brabant": "BE24",
    "West-Vlaanderen": "BE25",
}
_THEMES = {"REGI": "Regions and cities", "SOCI": "Population and society", "TRAN": "Transport"}
_OF_ACADEMIES = {"EDUC": "Education, culture and sport"}
_FORMS = ("csv", "docx", "gpkg", "html", "json", "parquet", "pdf", "png", "svg", "txt", "xlsx")
"""Those that the authority table of file types has, in capitals."""
_MEDIA = "https://www.iana.org/assignments/media-types/"


def build_record(told: Described, find_schema: Callable[[str], str]) -> dict[str, Any]:
    """Give the record as JSON-LD: a dataset and its files, in a catalogue if one publishes it.

    Parameters
    ----------
    told
        What is known of the result.
    find_schema
        Gives the name of the schema of a file.
    """
    publisher = told.study.output.publisher
    context = dict(_PREFIXES)
    if publisher and publisher.folder:
        context = {"@base": f"{publisher.folder.rstrip('/')}/"} | context
    about = {
        "dct:title": [_say(told.title, told.language)],
        "dct:description": [_say(text, one) for one, text in told.descriptions.items()],
        "dct:language": [
            _node(f"{_EU}language/{_LANGUAGES[one]}", "dct:LinguisticSystem")
            for one in told.descriptions
        ],
    }
    if publisher:
        about["dct:publisher"] = [_name_agent(publisher)]
    dataset = {"@id": told.identifier, "@type": "dcat:Dataset"} | about
    dataset |= {name: one for name, one in _yield_facts(told, find_schema) if one}
    graph = [dataset]
    if publisher:
        whole = {"@id": f"{told.identifier}#catalogue", "@type": "dcat:Catalog"} | about
        graph.append(whole | {"dcat:dataset": [{"@id": told.identifier}]})
    return {"@context": context, "@graph": graph}


def _yield_facts(
    told: Described, find_schema: Callable[[str], str]
) -> Iterator[tuple[str, list[Any]]]:
    """Give what the dataset says beside its title and text."""
    publisher, (first, last) = told.study.output.publisher, told.days
    own = _OF_ACADEMIES if told.study.about.facility is None else {}
    yield "dct:identifier", [{"@value": told.identifier}]
    yield "dcat:keyword", [_say(one, told.language) for one in told.keywords]
    yield (
        "dcat:theme",
        [
            _node(f"{_EU}data-theme/{key}", "skos:Concept")
            | {"skos:prefLabel": [_say(label, "en")]}
            for key, label in (own | _THEMES).items()
        ],
    )
    yield "dct:spatial", [_node(one, "dct:Location") for one in _list_places(told)]
    period = {"dcat:startDate": [_date(first)], "dcat:endDate": [_date(last)]}
    yield "dct:temporal", [{"@type": "dct:PeriodOfTime"} | period]
    whose = [_say(line, told.language) for line, _ in told.sources]
    yield "dct:provenance", whose and [{"@type": "dct:ProvenanceStatement", "rdfs:label": whose}]
    if publisher:
        yield "dcat:contactPoint", [_name_contact(publisher)]
        yield "dcat:landingPage", _name_page(publisher)
        yield "dct:accessRights", _name_access(publisher)
    yield "rdfs:comment", [_say(told.lacking, told.language)] if told.lacking else []
    yield (
        "dcat:distribution",
        [_describe_file(told, name, one, find_schema(name)) for name, one in told.files.items()],
    )


def _describe_file(
    told: Described, name: str, listed: Mapping[str, Any], schema: str
) -> dict[str, Any]:
    form, publisher = Path(name).suffix.removeprefix("."), told.study.output.publisher
    title, address = title_of(schema, told.words), {"@id": quote(name)}
    about: dict[str, Any] = {
        "@id": f"{told.identifier}#{quote(name)}",
        "@type": "dcat:Distribution",
        "dct:title": [_say(title, told.language) if title else {"@value": name}],
        "dcat:accessURL": [address],
        "dcat:downloadURL": [address],
        "dcat:byteSize": [{"@value": str(listed["size_bytes"]), "@type": "xsd:nonNegativeInteger"}],
        "spdx:checksum": [
            {
                "@type": "spdx:Checksum",
                "spdx:algorithm": [{"@id": "spdx:checksumAlgorithm_sha256"}],
                "spdx:checksumValue": [{"@value": listed["sha256"], "@type": "xsd:hexBinary"}],
            }
        ],
    }
    if form in _FORMS:
        kind = _node(f"{_EU}file-type/{form.upper()}", "dct:MediaTypeOrExtent")
        about["dct:format"] = [kind]
    if form in MEDIA_TYPES:
        about["dcat:mediaType"] = [_node(f"{_MEDIA}{MEDIA_TYPES[form]}", "dct:MediaType")]
    if publisher and publisher.licence:
        about["dct:license"] = [_node(publisher.licence, "dct:LicenseDocument")]
    return about


def _list_places(told: Described) -> list[str]:
    """Give the addresses of the ground: Flanders, or provinces and municipalities."""
    nuts, town = "http://data.europa.eu/nuts/code/", "https://data.vlaanderen.be/id/gemeente/"
    return [f"{nuts}{_NUTS[one]}" if one in _NUTS else f"{town}{one}" for one in told.ground] or [
        _FLANDERS
    ]


def _name_agent(publisher: Publisher) -> dict[str, Any]:
    told = {"@type": "foaf:Agent", "foaf:name": [{"@value": publisher.name}]}
    return {"@id": publisher.uri} | told if publisher.uri else told


def _name_contact(publisher: Publisher) -> dict[str, Any]:
    """Say where questions are asked: by mail, on a page, or as it is written."""
    told = {"@type": "vcard:Kind", "vcard:fn": [{"@value": publisher.name}]}
    contact = publisher.contact
    if re.fullmatch(r"[^\s@<>\"]+@[^\s@<>\"]+", contact):
        return told | {"vcard:hasEmail": [{"@id": f"mailto:{quote(contact, safe='@+')}"}]}
    if re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", contact):
        return told | {"vcard:hasURL": [{"@id": contact}]}
    if re.fullmatch(r"\+?[0-9 ./()-]{6,}", contact):
        return told | {"vcard:hasTelephone": [{"@id": f"tel:{re.sub('[^+0-9]', '', contact)}"}]}
    return told | {"vcard:note": [{"@value": contact}]}


def _name_page(publisher: Publisher) -> list[Any]:
    return [_node(publisher.page, "foaf:Document")] if publisher.page else []


def _name_access(publisher: Publisher) -> list[Any]:
    access = (publisher.access or "").upper().replace("-", "_")
    return [_node(f"{_EU}access-right/{access}", "dct:RightsStatement")] if access else []


def _node(address: str, kind: str) -> dict[str, Any]:
    return {"@id": address, "@type": kind}


def _say(text: str, language: str) -> dict[str, str]:
    return {"@value": text, "@language": str(language)}


def _date(day: object) -> dict[str, str]:
    return {"@value": str(day), "@type": "xsd:date"}


# -- turtle ----------------------------------------------------------------------------------


def write_turtle(record: Mapping[str, Any]) -> str:
    """Write a record as Turtle: the same statements, a subject a block.

    Parameters
    ----------
    record
        As from `build_record`.
    """
    context, waiting, written = dict(record["@context"]), [*record["@graph"]], set()
    base = context.pop("@base", None)
    blocks = [f"@base <{base}> ."] if base else []
    blocks += ["\n".join(f"@prefix {name}: <{one}> ." for name, one in context.items())]
    while waiting:
        node = waiting.pop(0)
        block = f"{_write_address(node['@id'])} {_write_facts(node, waiting)} ."
        if block not in written:
            blocks.append(block)
        written.add(block)
    return "\n\n".join(blocks) + "\n"


def _write_facts(node: Mapping[str, Any], waiting: list[Any]) -> str:
    """Write what is said of a node; nodes with an address of their own wait for their block."""
    facts = [f"a {node['@type']}"]
    for name, values in node.items():
        if not name.startswith("@"):
            facts.append(f"{name} {', '.join(_write_value(one, waiting) for one in values)}")
    return " ;\n    ".join(facts)


def _write_value(value: Mapping[str, Any], waiting: list[Any]) -> str:
    if "@value" in value:
        text = json.dumps(value["@value"], ensure_ascii=False)
        kind = f"^^{value['@type']}" if "@type" in value else ""
        return text + (f"@{value['@language']}" if "@language" in value else kind)
    if "@id" not in value:
        return f"[ {_write_facts(value, waiting)} ]"
    if len(value) > 1:
        waiting.append(value)
    return _write_address(value["@id"])


def _write_address(address: str) -> str:
    return address if address.partition(":")[0] in _PREFIXES else f"<{address}>"
