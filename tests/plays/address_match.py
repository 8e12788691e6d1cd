"""Adresmatch of the Flemish address register (v2): its ten nearest addresses, best first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from served import Asked, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from served import Server

PATH = "/api.basisregisters.vlaanderen.be/v2/adresmatch"
_GML = (
    '<gml:Point srsName="https://www.opengis.net/def/crs/EPSG/0/{crs}" '
    'xmlns:gml="http://www.opengis.net/gml/3.2"><gml:pos>{x} {y}</gml:pos></gml:Point>'
)


class Known(NamedTuple):
    """An address of the register that is played."""

    street: str
    number: str
    town: str
    x: float
    y: float
    score: float = 100.0
    postcode: str = "9290"
    method: str = "aangeduidDoorBeheerder"
    of: str = "gebouw"
    status: str = "inGebruik"
    crs: int = 31370


def _name(text: str) -> dict[str, Any]:
    return {"geografischeNaam": {"spelling": text, "taal": "nl"}}


def write_match(one: Known) -> dict[str, Any]:
    """Write an address as Adresmatch does."""
    number = str(abs(hash_of(one)))
    return {
        "@type": "Adres",
        "identificator": {"objectId": number, "naamruimte": "https://data.vlaanderen.be/id/adres"},
        "gemeente": {"objectId": "42003", "gemeentenaam": _name(one.town)},
        "postinfo": {"objectId": one.postcode},
        "straatnaam": {"objectId": "1", "straatnaam": _name(one.street)},
        "huisnummer": one.number,
        "volledigAdres": _name(f"{one.street} {one.number}, {one.postcode} {one.town}"),
        "adresPositie": {
            "geometrie": {"type": "Point", "gml": _GML.format(crs=one.crs, x=one.x, y=one.y)},
            "positieGeometrieMethode": one.method,
            "positieSpecificatie": one.of,
        },
        "adresStatus": one.status,
        "officieelToegekend": True,
        "score": one.score,
        "links": [],
    }


def hash_of(one: Known) -> int:
    """Number an address, the same each time."""
    return sum(ord(mark) * place for place, mark in enumerate(f"{one.x}{one.y}{one.number}", 1))


def play_address_match(server: Server, known: Sequence[Known]) -> None:
    """Answer with the addresses of the street that is asked for, best first."""

    def answer(asked: Asked) -> Reply:
        there = [one for one in known if one.street == asked.one("straatnaam")]
        matches = [write_match(one) for one in sorted(there, key=lambda one: -one.score)][:10]
        warnings = [] if matches else [{"code": "10", "message": "Onbekende 'Straatnaam'."}]
        content = {"@context": "x", "adresMatches": matches, "warnings": warnings}
        return Reply(json.dumps(content).encode(), kind="application/json")

    server.play(PATH, answer)
