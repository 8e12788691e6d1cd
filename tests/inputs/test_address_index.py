"""Facts about addresses kept by their street: those that a register would be placed by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stemgeo as sg
from stemgeo.inputs import mapped_addresses, open_place_sources
from stemgeo.inputs.address_index import ROWS, StreetIndex
from stemgeo.inputs.addresses import fold_street, parse_address
from stemgeo.inputs.mapped_addresses import load_every_mapped, load_mapped_addresses
from stemgeo.inputs.placing import AddressBook, Place

if TYPE_CHECKING:
    from pathlib import Path

TOWNS = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 6, 6))})


def tag(street: str, number: str, **more: str) -> dict[str, str]:
    """Tag an address as the map has it."""
    return {"addr:street": street, "addr:housenumber": number, "addr:postcode": "2630"} | more


MARKS = {
    1: ((1.0, 1.0), tag("Kerkstraat", "12")),
    2: ((1.1, 1.0), tag("Kerkstraat", "14")),
    3: ((2.0, 1.0), tag("Heirweg; Veldstraat", "1")),
    4: ((3.0, 1.0), tag("Rue de l’Église", "5", **{"addr:city": "Aartselaar"})),
    5: ((4.0, 1.0), {"addr:place": "Hoeve", "addr:housenumber": "1"}),
}


def write(folder: Path) -> Path:
    """Write a map with addresses."""
    path = folder / "wegen.osm"
    nodes = {number: at for number, (at, _) in MARKS.items()} | {8: (0, 0), 9: (1, 0)}
    said = {number: tags for number, (_, tags) in MARKS.items()}
    path.write_text(hand.osm_xml(nodes, [([8, 9], {"highway": "service"})], said), "utf-8")
    return path


@pytest.mark.parametrize(
    "street", ["kerkstr.", "Veldstraat", "Rue de l'Eglise", "Hoeve", "Nergens"]
)
def test_a_street_has_the_rows_that_a_register_would_read(tmp_path: Path, street: str) -> None:
    """As if it had been asked for by itself, however it is written."""
    paths, key = [write(tmp_path)], fold_street(street)
    rows = load_every_mapped(paths).take_streets([key]).rows
    theirs = load_mapped_addresses(paths, [key]).rows
    # What stands on two streets is there under both, and under the other for a register alone.
    theirs = theirs[theirs["street"].map(fold_street).astype(str) == key]
    assert len(theirs) == (0 if street == "Nergens" else 2 if "kerk" in key else 1)
    order = [*ROWS]
    assert_frame_equal(
        rows.sort_values(order, ignore_index=True)[order],
        theirs.sort_values(order, ignore_index=True)[order],
        check_dtype=False,
    )


def test_an_extract_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever types another street waits for no reading."""
    paths = [write(tmp_path)]
    first = load_every_mapped(paths)
    monkeypatch.setattr(mapped_addresses, "read_mapped_addresses", None)
    assert load_every_mapped(paths).table.equals(first.table)


def test_rows_come_out_as_they_went_in() -> None:
    """Texts, places and order; also of none at all."""
    rows = pd.DataFrame(
        [
            ["Kerkstraat", "1", "", "", 1.5, 2.5],
            ["Kerkstraat", "3", "2630", "Aartselaar", 3.0, 4.0],
        ],
        columns=[*ROWS],
    )
    back = StreetIndex.from_rows("address_point", rows).take_streets(["kerkstraat"])
    assert isinstance(back, AddressBook)
    assert_frame_equal(back.rows, rows, check_dtype=False)
    none = StreetIndex.from_rows("address_point", rows.iloc[:0])
    assert none.take_streets(["kerkstraat"]).rows.empty
    assert none.list_near(["kerkstraat"], TOWNS).rows == {}


def test_a_study_looks_addresses_up_in_all_its_files(tmp_path: Path) -> None:
    """Its address points first, then its extracts; of what neither has nothing is made up."""
    folder = hand.write_study(tmp_path / "study")
    write(folder)
    points = "straat;huisnr;postcode;x;y\nDorpsplein;7;2630;152000;202000\n"
    (folder / "adressen.csv").write_text(points, encoding="utf-8")
    file = folder / "study.toml"
    given = 'addresses = { path = "adressen.csv", source = "Proef", crs = "EPSG:31370" }\n[gaps]'
    file.write_text(file.read_text(encoding="utf-8").replace("[gaps]", given), encoding="utf-8")
    for _ in range(2):  # read, and from the cache
        sources = open_place_sources(sg.load_study(folder))
        asked = ["Dorpsplein 7, 2630 Aartselaar", "Kerkstr. 12, 2630", "Elders 1, 2630 Aartselaar"]
        found = sources.find_places([parse_address(one) for one in asked])
        by = [one.placed_by if isinstance(one, Place) else "" for one in found]
        assert by == ["address_point", "map_address", "municipality"]
        assert isinstance(found[0], Place)
        assert (found[0].x, found[0].y) == (152_000, 202_000)
