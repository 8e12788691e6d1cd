"""Facts about the annex that says how sure the shares are: each cell is a figure of the result."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import openpyxl
import pytest
from books import lines_of, rows_of

import stemgeo as sg
from stemgeo.report.sureness import write_sureness
from stemgeo.speech import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study over roads with how sure it is, in a folder, and its workbook."""
    base = tmp_path_factory.mktemp("sure")
    study = sg.load_study(hand.write_study(base / "study"))
    sg.run(study, uncertainty=True).write(base / "result")
    write_sureness(sg.Result.from_folder(base / "result"), base, "zeker")
    return base


def near(cell: float | None, text: str) -> bool:
    """Say whether a cell is the figure of a CSV; empty is empty."""
    return cell is None if text == "" else cell == pytest.approx(float(text), abs=1e-6)


def test_each_assumption_has_both_its_ends(base: Path) -> None:
    """Of the region and each province, over each kind of roads."""
    bars = lines_of(base / "result/tables/uncertainty.csv")
    wanted = {
        (row["level"], row["code"], row["profile"], row["part"])
        for row in bars
        if row["level"] in ("region", "province")
    }
    rows = rows_of(base / "zeker.xlsx", "Aannames")
    assert len(rows) == len(wanted)
    assert all(row["Aanname"] and row["Wegen"] and row["Gebied"] for row in rows)
    shares = {(row["end"], float(row["share"])) for row in bars if row["level"] != "municipality"}
    for row in rows:
        assert ("low", row["Aandeel als ze ongunstig uitvalt"]) in shares
        assert ("high", row["Aandeel als ze gunstig uitvalt"]) in shares
    assert "alles samen" in {row["Aanname"] for row in rows}


def test_each_municipality_has_its_verdict(base: Path) -> None:
    """Its least, measured and most share over quiet roads, and on how many streets it depends."""
    known = lines_of(base / "result/tables/verdicts.csv")
    rows = rows_of(base / "zeker.xlsx", "Oordeel per gemeente")
    assert len(rows) == len(known)
    by_key = {(row["NIS-code"], row["Wegen"]): row for row in rows}
    roads = {"low_stress": "rustige wegen", "quiet_1": "zeer rustige wegen"}
    for one in known:
        row = by_key[one["nis_code"], roads[one["profile"]]]
        measured = int(one["covered"]) + int(one["uncovered"])
        if not measured:
            assert row["Oordeel"] == "niemand gemeten"
            continue
        for head, name in (
            ("Aandeel, minst", "covered_least"),
            ("Aandeel, zoals gemeten", "covered"),
            ("Aandeel, meest", "covered_most"),
        ):
            assert row[head] == pytest.approx(int(one[name]) / measured)
        stands = one["covered_least"] == one["covered_most"]
        assert (row["Oordeel"] == "staat vast") == stands
        assert row["Straten waarvan het afhangt"] == int(one["ways"])


def test_the_streets_to_check_are_listed(base: Path) -> None:
    """Each with its number on the map, what it lacks, and how many children ride over it."""
    known = lines_of(base / "result/tables/to-check.csv")
    rows = rows_of(base / "zeker.xlsx", "Na te kijken straten")
    assert known
    key = ("NIS-code", "Nummer in OpenStreetMap", "Kinderen die erover rijden")
    assert sorted(tuple(map(str, (row[one] for one in key))) for row in rows) == sorted(
        (one["nis_code"], one["way"], one["children"]) for one in known
    )


def test_the_streets_to_check_are_drawn(base: Path) -> None:
    """Each once, as a line of the map, with the municipalities whose share depends on it."""
    drawn = gpd.read_file(base / "result/to-check.gpkg").set_index("way")
    known = lines_of(base / "result/tables/to-check.csv")
    assert set(drawn.index) == {int(one["way"]) for one in known}
    for one in known:
        way = drawn.loc[int(one["way"])]
        assert one["nis_code"] in way["municipalities"].split(",")
        assert way["children"] >= int(one["children"])
    # The streets of the lattice are six kilometres long.
    assert drawn.length.round().isin([6000]).mean() > 0.5


def test_the_web_map_has_the_streets_to_check(base: Path) -> None:
    """Of a run as of its folder; each told with the numbers of the annex."""
    page = (base / "result/map.html").read_text(encoding="utf-8")
    assert sg.read_result(base / "result").web_map() == page
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    told = json.loads(data)["tables"]["streets"]
    known = lines_of(base / "result/tables/to-check.csv")
    assert {row[-1] for row in told["rows"]} == {one["way"] for one in known}
    for row in told["rows"]:
        own = [one for one in known if one["way"] == row[-1]]
        cells = " ".join(row[3:-1]).replace(".", "").replace(",", "").split()
        assert sorted(int(one) for one in cells if one.isdecimal()) == sorted(
            int(one["children"]) for one in own
        )


def test_the_share_minute_by_minute_is_that_of_times(base: Path) -> None:
    """From 1 to 30, over each kind of roads, of the provinces, and by the fixed convention."""
    times = [one for one in lines_of(base / "result/tables/times.csv") if one["band"] == "all"]
    rows = rows_of(base / "zeker.xlsx", "Aandeel per minuut")
    assert [row["Minuten"] for row in rows] == [str(minute) for minute in range(1, 31)]

    def take(code: str, profile: str, convention: str) -> list[str]:
        (one,) = [
            row
            for row in times
            if (row["code"], row["profile"], row["convention"]) == (code, profile, convention)
            and row["level"] in ("region", "province")
        ]
        return [one[f"share_{minute:02}_min"] for minute in range(1, 31)]

    for head, key in (
        ("Studiegebied, alle wegen", ("VLG", "all", "study")),
        ("Studiegebied, rustige wegen", ("VLG", "low_stress", "study")),
        ("Limburg", ("Limburg", "all", "study")),
        ("Studiegebied, vaste afspraak (15 km/u)", ("VLG", "all", "flat_15_kmh")),
    ):
        assert all(near(row[head], text) for row, text in zip(rows, take(*key), strict=True))


def test_the_fixed_convention_stands_beside_ours(base: Path) -> None:
    """Of the region, the provinces and the municipalities."""
    times = {
        (one["level"], one["name"], one["convention"]): one
        for one in lines_of(base / "result/tables/times.csv")
        if (one["band"], one["profile"], one["level"]) == ("all", "all", "municipality")
    }
    coverage = {
        one["name"]: one["share"]
        for one in lines_of(base / "result/tables/coverage.csv")
        if (one["level"], one["band"], one["scenario"], one["profile"])
        == ("municipality", "all", "central", "all")
    }
    rows = rows_of(base / "zeker.xlsx", "Vaste afspraak")
    assert [row["Soort"] for row in rows] == ["gebied", *["provincie"] * 2, *["gemeente"] * 3]
    for row in rows[3:]:
        flat = times["municipality", row["Gebied"], "flat_15_kmh"]
        assert near(row["Aandeel volgens de vaste afspraak"], flat["share_15_min"])
        assert near(row["Aandeel binnen bereik"], coverage[row["Gebied"]])


def test_what_was_not_measured_has_no_sheet(base: Path, tmp_path: Path) -> None:
    """Without --uncertainty neither verdicts nor streets; sheets have names in each language."""
    study = sg.load_study(hand.write_study(tmp_path / "study", straight_line=True))
    plain = sg.run(study).write(tmp_path / "result")
    for language in LANGUAGES:
        result = sg.Result.from_folder(plain, language)
        path = write_sureness(result, tmp_path, f"zeker-{language}")
        names = openpyxl.load_workbook(path).sheetnames
        assert len(names) == 5
        told = write_sureness(
            sg.Result.from_folder(base / "result", language), tmp_path, f"vol-{language}"
        )
        assert len(openpyxl.load_workbook(told).sheetnames) == 7
