"""Facts about the tables of an answer: each cell is the result's own figure, and nothing runs."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pypdf
import pytest

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.inputs.files import is_formula, strip_control, unquote_formula
from stemgeo.report.annex import annex_stem, write_gaps, write_municipalities
from stemgeo.report.files import MANIFEST, write_manifest
from stemgeo.report.spreadsheet import (
    MOST_UNITS,
    Column,
    Frame,
    TableSheet,
    write_spreadsheet_csv,
    write_workbook,
)
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpyxl.worksheet.worksheet import Worksheet

pytestmark = pytest.mark.usefixtures("read_once")

REPORTED = {
    "Limburg": 27,
    "Antwerpen": 39,
    "Oost-Vlaanderen": 53,
    "Vlaams-Brabant": 38,
    "West-Vlaanderen": 64,
}
"""Municipalities with an academy at the end of 2022, in the ministry's order of provinces."""
FIGURES = {
    "Binnen bereik (15 minuten)": ("all", "central", "covered"),
    "Binnen bereik, laag": ("all", "low", "covered"),
    "Binnen bereik, hoog": ("all", "high", "covered"),
    "Niet binnen bereik": ("all", "central", "uncovered"),
    "Niet gemeten": ("all", "central", "unmeasured"),
    "Aandeel binnen bereik": ("all", "central", "share"),
    "Aandeel binnen bereik, laag": ("all", "low", "share"),
    "Aandeel binnen bereik, hoog": ("all", "high", "share"),
    "Aandeel binnen bereik over rustige wegen": ("low_stress", "central", "share"),
}
"""Profile, scenario and column of coverage.csv under each heading."""
CHILDREN = "Kinderen (5 tot en met 17 jaar)"
EVERYWHERE = FIGURES | {CHILDREN: ("all", "central", "children")}

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def folder(written_sample: Path) -> Path:
    """The example study's result, written."""
    return written_sample


@pytest.fixture(scope="module")
def answer(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its two annexes in Dutch."""
    place = tmp_path_factory.mktemp("answer")
    write_municipalities(sg.read_result(folder, "nl"), place)
    write_gaps(sg.read_result(folder, "nl"), place)
    return place


@pytest.fixture(scope="module")
def coverage(folder: Path) -> dict[tuple[str, ...], dict[str, str]]:
    """coverage.csv as text, by level, code, band, scenario and profile."""
    keys = ("level", "code", "band", "scenario", "profile")
    return {tuple(row[key] for key in keys): row for row in lines(folder / "tables/coverage.csv")}


def lines(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """Read a CSV as text and nothing else."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def header_of(sheet: Worksheet) -> int:
    """Find the header row: the first of those that stay in view and are filtered."""
    return int(re.findall(r"\d+", sheet.auto_filter.ref)[0])


def rows_of(path: Path, name: str) -> Rows:
    """Read a sheet by its headings."""
    sheet = openpyxl.load_workbook(path)[name]
    heads = [cell.value for cell in sheet[header_of(sheet)]]
    assert len(set(heads)) == len(heads)
    below = sheet.iter_rows(min_row=header_of(sheet) + 1, values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in below]


def same(cell: float | None, text: str) -> bool:
    """Say whether a cell is the figure of a CSV, to its last decimal; empty is empty."""
    return cell is None if text == "" else cell is not None and Decimal(str(cell)) == Decimal(text)


@cache
def as_text(path: Path) -> pd.DataFrame:
    """Read a table of the example study once; not to be changed."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def copied(folder: Path, place: Path, change: Callable[[str, pd.DataFrame], pd.DataFrame]) -> Path:
    """Copy the tables of a result, changed, as a result of their own."""
    (place / "tables").mkdir(parents=True)
    for path in sorted((folder / "tables").glob("*.csv")):
        table = as_text(path)
        changed = change(path.stem, table)
        if changed is table:
            shutil.copy(path, place / "tables")
        else:
            changed.to_csv(place / "tables" / path.name, index=False)
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    write_manifest(place, content)
    return place


# -- every figure is that of coverage.csv ------------------------------------------------------


def test_the_municipalities_with_an_academy_are_those_the_minister_reported(answer: Path) -> None:
    """Each sheet of a province lists as many as were reported, first; 221 in all."""
    path = answer / "bijlage-1-gemeenten.xlsx"
    for province, count in REPORTED.items():
        *towns, total = rows_of(path, province)
        having = [row["Heeft een STEM-academie"] for row in towns]
        assert having == ["ja"] * count + ["nee"] * (len(towns) - count)
        assert [row["STEM-academies"] > 0 for row in towns] == [has == "ja" for has in having]
        assert total["Heeft een STEM-academie"] == f"{count} van de {len(towns)}"
    totals = rows_of(path, "Totalen")
    with_academy = {row["Gebied"]: row["Gemeenten met een STEM-academie"] for row in totals}
    assert with_academy == REPORTED | {"Vlaanderen": 221}
    assert list(with_academy) == [*REPORTED, "Vlaanderen"]


def test_each_figure_of_a_municipality_is_that_of_coverage(
    answer: Path, coverage: dict[tuple[str, ...], dict[str, str]]
) -> None:
    """Every number on the five sheets stands in coverage.csv, total rows included."""
    seen = set()
    for province in REPORTED:
        *towns, total = rows_of(answer / "bijlage-1-gemeenten.xlsx", province)
        places = [("municipality", row["NIS-code"], row) for row in towns]
        for level, code, row in [*places, ("province", province, total)]:
            for head, (profile, scenario, column) in EVERYWHERE.items():
                figure = coverage[level, code, "all", scenario, profile]
                assert same(row[head], figure[column]), (code, head)
            if level == "municipality":
                assert row["Gemeente"] == figure["name"]
                seen.add(code)
    assert seen == {key[1] for key in coverage if key[0] == "municipality"}
    assert len(seen) == 300


def test_the_totals_are_those_of_coverage(
    answer: Path, folder: Path, coverage: dict[tuple[str, ...], dict[str, str]]
) -> None:
    """Every number of the first sheet; municipalities and academies are counted from the table."""
    annex = lines(folder / "tables/annex-1-municipalities.csv")
    for row in rows_of(answer / "bijlage-1-gemeenten.xlsx", "Totalen"):
        area = row["Gebied"]
        place = ("region", "VLG") if area == "Vlaanderen" else ("province", area)
        for head, (profile, scenario, column) in EVERYWHERE.items():
            assert same(row[head], coverage[(*place, "all", scenario, profile)][column])
        mine = [one for one in annex if area in ("Vlaanderen", one["province"])]
        assert row["Gemeenten"] == len(mine)
        assert row["STEM-academies"] == sum(int(one["academies"]) for one in mine)


def test_ages_and_sexes_are_those_of_groups(answer: Path, folder: Path) -> None:
    """Each area has each age band and all ages, for all, girls and boys, as in groups.csv."""
    keys = ("level", "code", "sex", "band", "scenario", "profile")
    groups = {tuple(row[key] for key in keys): row for row in lines(folder / "tables/groups.csv")}
    sexes = {"meisjes en jongens": "all", "meisjes": "F", "jongens": "M"}
    rows = rows_of(answer / "bijlage-1-gemeenten.xlsx", "Leeftijd en geslacht")
    assert len(rows) == 6 * 4 * 3
    for row in rows:
        ages = re.findall(r"\d+", row["Leeftijd"])
        area = row["Gebied"]
        place = ("region", "VLG") if area == "Vlaanderen" else ("province", area)
        group = (*place, sexes[row["Geslacht"]], "-".join(ages) or "all")
        assert same(row["Kinderen van de groep"], groups[(*group, "central", "all")]["children"])
        for head, (profile, scenario, column) in FIGURES.items():
            assert same(row[head], groups[(*group, scenario, profile)][column])


def test_the_belgian_csv_has_every_figure(
    answer: Path, coverage: dict[tuple[str, ...], dict[str, str]]
) -> None:
    """Semicolons, decimal commas, CRLF, a byte order mark; shares in per cent, whole."""
    path = answer / "bijlage-1-gemeenten.csv"
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n") == 301
    rows = lines(path, ";")
    assert [row["Provincie"] for row in rows] == sorted(
        (row["Provincie"] for row in rows), key=list(REPORTED).index
    )
    for row in rows:
        for head, (profile, scenario, column) in EVERYWHERE.items():
            text = coverage["municipality", row["NIS-code"], "all", scenario, profile][column]
            cell = row[f"{head} (%)" if column == "share" else head]
            assert "." not in cell
            number = Decimal(cell.replace(",", "."))
            assert number == Decimal(text) * (100 if column == "share" else 1)


def test_the_csv_for_programs_follows_the_dictionary(
    answer: Path, coverage: dict[tuple[str, ...], dict[str, str]]
) -> None:
    """The columns of `answer-municipalities`, with commas and points, as in coverage.csv."""
    path = answer / "gegevens" / "bijlage-1-gemeenten.csv"
    rows = lines(path)
    columns_of = SCHEMAS["answer-municipalities"].columns
    beside = ["share_before", "points", "share_planned"]  # of an answer with more than a result
    assert [*rows[0], *beside] == list(columns_of)
    assert not path.read_bytes().startswith(b"\xef\xbb\xbf")
    columns = {"low": {"covered_low": "covered", "share_low": "share"}}
    columns["high"] = {"covered_high": "covered", "share_high": "share"}
    columns["central"] = {name: name for name in ("children", "covered", "uncovered", "share")}
    assert len(rows) == 300
    for row in rows:
        for scenario, named in columns.items():
            figure = coverage["municipality", row["nis_code"], "all", scenario, "all"]
            assert [row[name] for name in named] == [figure[name] for name in named.values()]
        quiet = coverage["municipality", row["nis_code"], "all", "central", "low_stress"]
        assert row["share_low_stress"] == quiet["share"]


# -- gaps and candidates -----------------------------------------------------------------------


def test_the_gaps_are_those_of_the_result(answer: Path, folder: Path) -> None:
    """Each gap stands once, on the sheet of its roads, with its children and its time."""
    known = {row["gap_id"]: row for row in lines(folder / "tables/gaps.csv")}
    names = {row["academy_id"]: row["name"] for row in lines(folder / "tables/academies.csv")}
    heads = {
        "Hiaten": ("all", "Kinderen niet binnen bereik (15 minuten)"),
        "Hiaten over rustige wegen": (
            "low_stress",
            "Kinderen alleen over drukke wegen binnen bereik",
        ),
    }
    seen = []
    for sheet, (profile, head) in heads.items():
        for row in rows_of(answer / "bijlage-8-hiaten.xlsx", sheet):
            gap = known[row["Hiaat"]]
            assert gap["profile"] == profile
            assert same(row[head], gap["uncovered"])
            for band in ("5-8", "9-11", "12-17"):
                first, last = band.split("-")
                cell = row[f"Van hen {first} tot en met {last} jaar"]
                assert same(cell, gap[f"uncovered_{band}"])
            minutes = row["Mediane fietstijd (minuten)"]
            assert (minutes is None) == (gap["median_time_s"] == "")
            assert minutes is None or minutes * 60 == pytest.approx(float(gap["median_time_s"]))
            assert row["Dichtstbijzijnde STEM-academie"] == names.get(gap["nearest_academy_id"])
            assert row["Reden"]
            seen.append(row["Hiaat"])
    assert sorted(seen) == sorted(known)


def test_the_candidates_are_those_of_the_result(answer: Path, folder: Path) -> None:
    """In their order, with what an academy adds; a place costs 1.000 euro by the rules of 2021."""
    rows = rows_of(answer / "bijlage-8-hiaten.xlsx", "Kandidaat-gemeenten")
    known = lines(folder / "tables/candidate-municipalities.csv")
    heads = {
        "Rang": "rank",
        CHILDREN: "children",
        "Niet binnen bereik": "uncovered",
        "Aandeel binnen bereik": "share",
        "Extra kinderen binnen bereik met één academie": "adds",
        "Van hen uit de gemeente zelf": "adds_here",
        "Van hen uit andere gemeenten": "adds_beyond",
    }
    assert [row["NIS-code"] for row in rows] == [row["nis_code"] for row in known]
    for row, candidate in zip(rows, known, strict=True):
        assert all(same(row[head], candidate[name]) for head, name in heads.items())
        cost = row["Kost van één plaats (euro, regels van 2021)"]
        assert cost == (1000 if candidate["place_id"] else None)


def test_the_gaps_for_programs_are_the_results_own_tables(answer: Path, folder: Path) -> None:
    """Byte for byte."""
    names = {
        "bijlage-8-hiaten": "gaps",
        "bijlage-8-hiaten-gemeenten": "gap-municipalities",
        "bijlage-8-hiaten-kandidaat-gemeenten": "candidate-municipalities",
    }
    for name, table in names.items():
        own = (folder / "tables" / f"{table}.csv").read_bytes()
        assert (answer / "gegevens" / f"{name}.csv").read_bytes() == own


def test_the_belgian_csv_of_gaps_has_each_gap(answer: Path, folder: Path) -> None:
    """With the roads that it is a gap of; the candidates have a file of their own."""
    rows = lines(answer / "bijlage-8-hiaten.csv", ";")
    words = {"all": "alle wegen", "low_stress": "rustige wegen"}
    expected = {
        (row["gap_id"], words[row["profile"]], row["uncovered"])
        for row in lines(folder / "tables/gaps.csv")
    }
    assert {(row["Hiaat"], row["Wegen"], row["Kinderen van het hiaat"]) for row in rows} == expected
    candidates = lines(answer / "bijlage-8-hiaten-kandidaat-gemeenten.csv", ";")
    assert len(candidates) == len(lines(folder / "tables/candidate-municipalities.csv"))


# -- how it looks ------------------------------------------------------------------------------


def test_every_sheet_can_be_read_filtered_and_printed(answer: Path, folder: Path) -> None:
    """Header in view, filter, notice, A4 landscape, header on each page; no merge, no formula."""
    notice = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["notice"]
    for path in sorted(answer.glob("*.xlsx")):
        book = openpyxl.load_workbook(path)
        for sheet in book:
            head = header_of(sheet)
            assert len(sheet.title) <= 31
            assert sheet.freeze_panes.endswith(str(head + 1))
            assert not sheet.merged_cells.ranges
            assert notice in [sheet.cell(row, 1).value for row in range(1, head)]
            assert notice in sheet.oddFooter.left.text
            assert sheet.page_setup.orientation == "landscape"
            assert int(sheet.page_setup.paperSize) == 9
            assert sheet.print_title_rows == f"${head}:${head}"
            assert all(cell.font.b and cell.value for cell in sheet[head])
            assert {cell.data_type for row in sheet for cell in row} <= {"s", "n", "d"}
        assert book.properties.creator is None
        assert book.properties.created.date() == dt.date(2022, 12, 31)


def test_numbers_are_numbers_and_codes_are_text(answer: Path) -> None:
    """A count, a share, a code and a date each have the type and format of their kind."""
    book = openpyxl.load_workbook(answer / "bijlage-1-gemeenten.xlsx")
    sheet = book["Limburg"]
    cells = {cell.value: sheet.cell(header_of(sheet) + 1, cell.column) for cell in
             sheet[header_of(sheet)]}  # fmt: skip
    assert isinstance(cells["NIS-code"].value, str)
    assert cells[CHILDREN].number_format == "#,##0"
    assert isinstance(cells[CHILDREN].value, int)
    assert cells["Aandeel binnen bereik"].number_format == "0.0%"
    sources = rows_of(answer / "bijlage-1-gemeenten.xlsx", "Bronnen")
    assert {type(row["Datum"]) for row in sources} == {dt.datetime}
    assert {row["Licentie"] for row in sources} == {"MIT", "CC BY 4.0"}


def test_a_filter_leaves_the_total_alone(answer: Path) -> None:
    """The filter of a province ends above its last row."""
    sheet = openpyxl.load_workbook(answer / "bijlage-1-gemeenten.xlsx")["Limburg"]
    first, last = map(int, re.findall(r"\d+", sheet.auto_filter.ref))
    assert last - first == 42
    assert sheet.cell(last + 1, 2).value == "Totaal"
    assert sheet.max_row == last + 1


def test_the_notes_say_how_it_was_measured(answer: Path, folder: Path) -> None:
    """Title, date, measure, method, speeds and every note of the run; each column once."""
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    notes = [one["nl"] for one in content["notes"]]
    assert notes
    for path in sorted(answer.glob("*.xlsx")):
        rows = rows_of(path, "Toelichting")
        topics = [row["Onderwerp"] for row in rows]
        for topic in ("Titel", "Datum van de gegevens", "Wat is gemeten", "Hoe is gemeten"):
            assert topics.count(topic) == 1
        told = [row["Toelichting"] for row in rows if row["Onderwerp"] == "Opmerking bij de meting"]
        assert told == notes
        columns = [topic for topic in topics if topic.startswith("Kolom")]
        assert len(set(columns)) == len(columns)
        assert not [cell for row in rows for cell in row.values() if "{" in cell]


def test_the_same_result_gives_the_same_bytes(answer: Path, folder: Path, tmp_path: Path) -> None:
    """Every file, written again elsewhere."""
    written = [
        *write_municipalities(sg.read_result(folder, "nl"), tmp_path),
        *write_gaps(sg.read_result(folder, "nl"), tmp_path),
    ]
    assert len(written) == 9
    assert {path.relative_to(tmp_path) for path in written} == {
        path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()
    }
    for path in written:
        assert path.read_bytes() == (answer / path.relative_to(tmp_path)).read_bytes()


def test_in_english_the_words_are_english_and_the_figures_the_same(
    answer: Path, folder: Path, tmp_path: Path
) -> None:
    """Names of files, sheets and headings change; no number does."""
    written = [
        *write_municipalities(sg.read_result(folder, "en"), tmp_path),
        *write_gaps(sg.read_result(folder, "en"), tmp_path),
    ]
    assert [path.relative_to(tmp_path).as_posix() for path in written[:4]] == [
        "annex-1-municipalities.xlsx",
        "annex-1-municipalities.csv",
        "data/annex-1-municipalities.csv",
        "annex-8-gaps.xlsx",
    ]
    english = openpyxl.load_workbook(written[0])
    dutch = openpyxl.load_workbook(answer / "bijlage-1-gemeenten.xlsx")
    front = ["Totals", "Age and sex", "Age by municipality", "Register"]
    provinces = ["Limburg", "Antwerp", "East Flanders", "Flemish Brabant", "West Flanders"]
    assert english.sheetnames == [*front, *provinces, "Notes", "Sources"]
    for name, ours in (("Limburg", "Limburg"), ("Antwerp", "Antwerpen")):
        heads = [cell.value for cell in english[name][header_of(english[name])]]
        assert {"Municipality", "Share within reach, low", "Children (aged 5 to 17)"} <= set(heads)
        numbers = [
            [cell.value for row in sheet.iter_rows(min_row=5) for cell in row
             if cell.data_type == "n"]
            for sheet in (english[name], dutch[ours])
        ]  # fmt: skip
        assert numbers[0] == numbers[1]


def test_the_names_of_the_annexes_are_those_of_the_ministry() -> None:
    """1 the table, 2 Flanders, 3 to 7 the provinces in its order, 8 gaps, 9 the map."""
    assert [annex_stem(number, "nl") for number in range(1, 10)] == [
        "bijlage-1-gemeenten",
        "bijlage-2-vlaanderen",
        "bijlage-3-limburg",
        "bijlage-4-antwerpen",
        "bijlage-5-oost-vlaanderen",
        "bijlage-6-vlaams-brabant",
        "bijlage-7-west-vlaanderen",
        "bijlage-8-hiaten",
        "bijlage-9-kaart",
    ]
    assert annex_stem(9, "en") == "annex-9-map"


# -- other results -----------------------------------------------------------------------------

UNSEEN, HARDLY = "71002", "71004"
"""As and Beringen, in Limburg."""


def less_measured(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Leave one municipality without a measured child, and one with a few."""
    key = {"coverage": "code", "annex-1-municipalities": "nis_code"}.get(name)
    if key is None:
        return table
    rows = table.copy()
    shares = [column for column in rows if column.startswith("share")]
    for code, measured in ((UNSEEN, 0), (HARDLY, 1)):
        at = rows[key] == code
        if name == "coverage":
            at &= (rows["level"] == "municipality") & (rows["children"] != "0")
        rows.loc[at, ["covered", "uncovered"]] = [str(measured), "0"]
        rows.loc[at, "unmeasured"] = rows.loc[at, "children"].astype(int).sub(measured).astype(str)
        rows.loc[at, shares] = "1.000000" if measured else ""
    return rows


def test_a_place_without_a_figure_says_so(folder: Path, tmp_path: Path) -> None:
    """Its share is an empty cell, never 0; a share that speaks for few is marked."""
    changed = copied(folder, tmp_path / "r", less_measured)
    workbook, belgian, plain = write_municipalities(sg.read_result(changed, "nl"), tmp_path)
    rows = {row["NIS-code"]: row for row in rows_of(workbook, "Limburg")}
    assert rows[UNSEEN]["Aandeel binnen bereik"] is None
    assert rows[UNSEEN]["Aandeel binnen bereik over rustige wegen"] is None
    assert rows[UNSEEN]["Opmerking"] == "geen cijfer: niemand gemeten"
    assert rows[HARDLY]["Aandeel binnen bereik"] == 1
    assert rows[HARDLY]["Opmerking"] == "minder dan de helft gemeten"
    assert [row["Opmerking"] for row in rows.values()].count(None) == len(rows) - 2
    notes = [row["Onderwerp"] for row in rows_of(workbook, "Toelichting")]
    assert "Kolom \N{LEFT DOUBLE QUOTATION MARK}Opmerking\N{RIGHT DOUBLE QUOTATION MARK}" in notes
    shares = {row["NIS-code"]: row["Aandeel binnen bereik (%)"] for row in lines(belgian, ";")}
    assert (shares[UNSEEN], shares[HARDLY]) == ("", "100,0000")
    marks = {row["nis_code"]: (row["share"], row["partly_measured"]) for row in lines(plain)}
    assert (marks[UNSEEN], marks[HARDLY]) == (("", "False"), ("1.000000", "True"))


def test_what_there_is_not_has_no_column(folder: Path, answer: Path, tmp_path: Path) -> None:
    """No remarks or planned places in the sample: no column; with a plan there is one."""
    heads = set(rows_of(answer / "bijlage-1-gemeenten.xlsx", "Limburg")[0])
    assert not heads & {"Opmerking", "STEM-academies, waarvan gepland"}

    def planned(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name != "annex-1-municipalities":
            return table
        return table.assign(planned=(table["nis_code"] == UNSEEN).astype(int).astype(str))

    changed = copied(folder, tmp_path / "r", planned)
    rows = rows_of(write_municipalities(sg.read_result(changed, "nl"), tmp_path)[0], "Limburg")
    assert rows[-1]["STEM-academies, waarvan gepland"] == 1


def test_a_study_of_all_roads_alone_has_nothing_on_quiet_ones(folder: Path, tmp_path: Path) -> None:
    """No column for quiet roads, and no sheet of their gaps."""
    changed = copied(
        folder,
        tmp_path / "r",
        lambda _, table: table[table["profile"] == "all"] if "profile" in table else table,
    )
    content = json.loads((changed / MANIFEST).read_text(encoding="utf-8"))
    content["study"]["travel"]["profiles"] = ["all"]
    write_manifest(changed, content)
    workbook, *_, plain = write_municipalities(sg.read_result(changed, "nl"), tmp_path)
    for sheet in ("Totalen", "Leeftijd en geslacht", "Limburg"):
        assert not [head for head in rows_of(workbook, sheet)[0] if "rustig" in head]
    assert "share_low_stress" not in lines(plain)[0]
    gaps = openpyxl.load_workbook(write_gaps(sg.read_result(changed, "nl"), tmp_path)[0])
    assert "Hiaten over rustige wegen" not in gaps.sheetnames


def test_a_part_of_flanders_without_gaps_has_its_own_sheets(folder: Path, tmp_path: Path) -> None:
    """One province, called the study area in all; a table of nothing has its headings."""
    towns = pd.read_csv(folder / "tables/annex-1-municipalities.csv", dtype=str)
    mine = {"Limburg", "VLG", *towns.loc[towns["province"] == "Limburg", "nis_code"]}

    def only_limburg(name: str, table: pd.DataFrame) -> pd.DataFrame:
        if name in ("gaps", "gap-municipalities", "candidate-municipalities"):
            return table.iloc[:0]
        key = {"coverage": "code", "groups": "code", "annex-1-municipalities": "nis_code"}
        return table[table[key[name]].isin(mine)] if name in key else table

    changed = copied(folder, tmp_path / "r", only_limburg)
    content = json.loads((changed / MANIFEST).read_text(encoding="utf-8"))
    content["text"]["nl"]["region"] = "Studiegebied"
    write_manifest(changed, content)
    workbook = write_municipalities(sg.read_result(changed, "nl"), tmp_path)[0]
    names = openpyxl.load_workbook(workbook).sheetnames
    front = ["Totalen", "Leeftijd en geslacht", "Leeftijd per gemeente", "Register"]
    assert names == [*front, "Limburg", "Toelichting", "Bronnen"]
    totals = rows_of(workbook, "Totalen")
    assert [row["Gebied"] for row in totals] == ["Limburg", "Studiegebied"]
    workbook, belgian, *_ = write_gaps(sg.read_result(changed, "nl"), tmp_path)
    for sheet in ("Hiaten", "Hiaten over rustige wegen", "Kandidaat-gemeenten"):
        assert rows_of(workbook, sheet) == []
    assert belgian.read_bytes().count(b"\r\n") == 1


def test_texts_and_notes_are_told_in_the_language_of_the_answer(
    folder: Path, tmp_path: Path
) -> None:
    """A manifest has them in both."""
    changed = copied(folder, tmp_path / "r", lambda _, table: table)
    content = json.loads((changed / MANIFEST).read_text(encoding="utf-8"))
    text = content["text"]["nl"]
    content["text"]["en"]["date"] = "A day in June."
    content["notes"] = [{"nl": "Een noot.", "en": "A note."}]
    write_manifest(changed, content)
    for language, told in (
        ("nl", {"Een noot.", text["date"]}),
        ("en", {"A note.", "A day in June."}),
    ):
        workbook = write_municipalities(sg.read_result(changed, language), tmp_path)[0]
        sheet = openpyxl.load_workbook(workbook)["Toelichting" if language == "nl" else "Notes"]
        assert told <= {cell.value for cell in sheet["B"]}


def test_a_changed_table_is_refused(folder: Path, tmp_path: Path) -> None:
    """An answer rests on what the run wrote."""
    changed = copied(folder, tmp_path / "r", lambda _, table: table)
    with (changed / "tables/coverage.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(ResultError, match="was changed after the run"):
        write_municipalities(sg.read_result(changed, "nl"), tmp_path)
    with pytest.raises(ResultError, match="holds no result of a run"):
        write_gaps(sg.read_result(tmp_path / "nothing", "nl"), tmp_path)


# -- names that want to be something else ------------------------------------------------------

HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '=HYPERLINK("http://x","y")',
    "http://x",
    "mailto:a@b.be",
    "internal:Totalen!A1",
    "{=1+1}",
    "12345",
    "1e5",
    "WAAR",
    "<script>alert(1)</script>",
    "<r><t>x</t></r>",
    "<r></si></sst>&evil;</r>",
    "a & b ]]> <!-- &lt;",
    "_x0041_",
    '$x$ \\begin{x} #read("a") {{ 7*7 }} ${x}',
    "é 😀 \N{RIGHT-TO-LEFT OVERRIDE}תיבה",
    "een\nregel",
    " voor en na ",
    "'s-Gravenvoeren",
    'a;b,c"d',
]
PAGES = "{page}/{pages}".format
FRAME = Frame("R&G &[Picture] <b>", ["&P =1+1 R&D"], dt.date(2022, 12, 31), PAGES, "[…]")


def book_of(path: Path, names: list[str]) -> list[Any]:
    """Write names as cells and titles, check the file's parts, and read the cells back."""
    columns = [Column("Naam"), Column("Aantal", "whole")]
    rows = [[name, number] for number, name in enumerate(names)]
    write_workbook(path, [TableSheet("Blad", names[0], columns, rows, totals=1)], FRAME)
    with zipfile.ZipFile(path) as parts:
        assert parts.testzip() is None
        for part in parts.namelist():
            tree = ET.fromstring(parts.read(part))  # noqa: S314
            assert not [one.tag for one in tree.iter() if one.tag.endswith(("}f", "}hyperlink"))]
        assert not [name for name in parts.namelist() if "external" in name or "/media" in name]
    sheet = openpyxl.load_workbook(path, rich_text=False)["Blad"]
    head = header_of(sheet)
    assert [cell.hyperlink for row in sheet for cell in row if cell.hyperlink] == []
    cells = [sheet.cell(head + 1 + at, 1) for at in range(len(names))]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    return [unescaped(cell.value) for cell in cells]


def unescaped(text: str) -> str:
    """Read how the format writes a carriage return, as a spreadsheet does; openpyxl does not."""
    return text.replace("_x000D_", "\r")


def test_no_name_becomes_a_formula_a_link_or_markup_in_a_workbook(tmp_path: Path) -> None:
    """Each cell is a text, the very name; every part of the file is XML without a formula."""
    assert book_of(tmp_path / "a.xlsx", HOSTILE) == HOSTILE


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_something_else_as_a_title(tmp_path: Path, name: str) -> None:
    """Above a table a name is a text as well."""
    book_of(tmp_path / "a.xlsx", [name])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Blad"]
    lead = unescaped(" ".join(cell.value for cell in sheet["A"][: header_of(sheet) - 2]))
    assert lead.split() == [*name.split(), "&P", "=1+1", "R&D"]
    assert sheet.oddFooter.left.text.replace("&&\N{WORD JOINER}", "&") == "&P =1+1 R&D"


def test_control_characters_are_shown(tmp_path: Path) -> None:
    """XML forbids them: each has a picture of its own, so that none is lost."""
    names = [f"a{chr(code)}b" for code in range(32) if chr(code) not in "\t\n\r"]
    found = book_of(tmp_path / "a.xlsx", names)
    assert found == [f"a{chr(0x2400 + ord(name[1]))}b" for name in names]
    assert len(set(found)) == len(names)


@pytest.mark.parametrize("mark", ["x", "😀"])
def test_a_text_too_long_for_a_cell_says_that_it_goes_on(tmp_path: Path, mark: str) -> None:
    """A cell holds 32.767 UTF-16 units: so much of the beginning, and the words; no more."""
    whole, longer = mark * (32_766 // len(mark.encode("utf-16-le")) * 2), mark * 40_000
    (kept, cut) = book_of(tmp_path / "a.xlsx", [whole, longer])
    assert kept == whole
    assert cut.endswith(" […]")
    assert longer.startswith(cut.removesuffix(" […]"))
    assert MOST_UNITS - 2 <= len(cut.encode("utf-16-le")) // 2 <= MOST_UNITS


def test_no_name_becomes_a_formula_in_a_belgian_csv(tmp_path: Path) -> None:
    """What a spreadsheet would run has an apostrophe before it; nothing else is changed."""
    path = tmp_path / "a.csv"
    columns = [Column("Naam"), Column("Aandeel", "share")]
    write_spreadsheet_csv(path, columns, [[name, -0.25] for name in [*HOSTILE, "\0"]])
    with path.open(encoding="utf-8-sig", newline="") as file:
        _, *rows = csv.reader(io.StringIO(file.read(), newline=""), delimiter=";")
    names = [name for name, _ in rows]
    assert [unquote_formula(name) for name in names] == [*HOSTILE, "␀"]
    assert [name for name in names if is_formula(name) and name[0] != "'"] == []
    assert len([name for name in names if name.startswith("'")]) == 9
    assert {number for _, number in rows} == {"-25,0000"}


def test_hostile_names_of_municipalities_and_academies_stay_names(
    folder: Path, tmp_path: Path
) -> None:
    """From a result to its annexes: the workbook and the file for programs have the very names."""
    codes = [row["nis_code"] for row in lines(folder / "tables/annex-1-municipalities.csv")]
    given = [name for name in HOSTILE if name == name.strip() and "\r" not in name]
    given = [strip_control(name) for name in given]
    names = dict(zip(codes, [*given, "x" * 40_000], strict=False))

    def renamed(name: str, table: pd.DataFrame) -> pd.DataFrame:
        key = {"coverage": "code"}.get(name, "nis_code")
        if name == "academies":
            return table.assign(name="=1+1")
        if key not in table or "name" not in table:
            return table
        return table.assign(name=table[key].map(names).fillna(table["name"]))

    changed = copied(folder, tmp_path / "r", renamed)
    workbook, belgian, plain = write_municipalities(sg.read_result(changed, "nl"), tmp_path)
    found = {
        row["NIS-code"]: unescaped(row["Gemeente"])
        for province in REPORTED
        for row in rows_of(workbook, province)[:-1]
    }
    short = {code: name for code, name in names.items() if len(name) < MOST_UNITS}
    assert short.items() <= found.items()
    written = {row["nis_code"]: row["name"] for row in lines(plain)}
    assert {code: unquote_formula(name) for code, name in written.items()}.items() >= names.items()
    assert not any(name.startswith(tuple("=+-@\t\r\n")) for name in written.values())
    for code, name in {row["NIS-code"]: row["Gemeente"] for row in lines(belgian, ";")}.items():
        assert not name.startswith(tuple("=+-@\t\r\n"))
        assert name.removeprefix("'") == names.get(code, name).removeprefix("'")
    gaps = openpyxl.load_workbook(write_gaps(sg.read_result(changed, "nl"), tmp_path)[0])
    cells = [cell for sheet in gaps for row in sheet for cell in row if cell.value == "=1+1"]
    assert len(cells) > 100
    assert {cell.data_type for cell in cells} == {"s"}
    shown = gaps["Gemeenten per hiaat"].iter_rows(values_only=True)
    long = [cell for row in shown for cell in row if isinstance(cell, str) and len(cell) > 30_000]
    assert long
    for cell in long:
        assert cell.endswith("[…] ingekort; volledig in het CSV-bestand")


# -- another spreadsheet -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def libreoffice(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Give what has LibreOffice turn a workbook into a PDF, or its first sheet into CSV."""
    place = tmp_path_factory.mktemp("office")

    def convert(path: Path, form: str = "") -> Path:
        home = f"-env:UserInstallation={(place / 'home').as_uri()}"
        # 44: comma; 34: quotes; 76: UTF-8; cells as stored, not as shown; text always quoted.
        form = form or "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,false,false"
        subprocess.run(
            [soffice, home, "--headless", "--convert-to", form, "--outdir", place, path],
            check=True,
            capture_output=True,
        )
        return place / f"{path.stem}.{form[:3]}"

    return convert


def test_libreoffice_reads_the_very_figures_and_names(
    libreoffice: Callable[..., Path], answer: Path, tmp_path: Path
) -> None:
    """The workbook opens, and turned into CSV it has every cell that was written."""
    with libreoffice(answer / "bijlage-1-gemeenten.xlsx").open(encoding="utf-8") as file:
        found = list(csv.reader(file))
    rows = rows_of(answer / "bijlage-1-gemeenten.xlsx", "Totalen")
    for row, cells in zip(rows, found[-len(rows) :], strict=True):
        for written, cell in zip(row.values(), cells, strict=True):
            number = cell.removesuffix("%")
            factor = 1 if number == cell else 100
            if isinstance(written, str):
                assert cell == written
            else:
                assert Decimal(number) == Decimal(str(written)) * factor
    names = [name for name in HOSTILE if "\r" not in name and name == name.strip()]
    book_of(tmp_path / "names.xlsx", names)
    with libreoffice(tmp_path / "names.xlsx").open(encoding="utf-8") as file:
        assert [name for name, _ in list(csv.reader(file))[-len(names) :]] == names


@pytest.mark.parametrize("count", [3, 12, 15, 24])
def test_on_paper_no_letter_is_smaller_than_eight_points(
    libreoffice: Callable[..., Path], tmp_path: Path, count: int
) -> None:
    """However many columns; what does not fit beside goes on, with the first columns again."""
    heads = ["Gemeente", *(f"Aandeel binnen bereik over weg {number}" for number in range(count))]
    columns = [Column(heads[0]), *(Column(head, "share") for head in heads[1:])]
    rows = [["Sint-Katelijne-Waver", *[0.5] * count] for _ in range(3)]
    sheet = TableSheet("Blad", "Een titel die boven de tabel staat", columns, rows)
    frame = Frame("Titel", ["Een vermelding"], dt.date(2022, 12, 31), "{page} / {pages}".format, "")
    path = write_workbook(tmp_path / "breed.xlsx", [sheet], frame)
    pages = pypdf.PdfReader(libreoffice(path, "pdf")).pages
    sizes: list[float] = []

    def see(text: str, cm: list[float], tm: list[float], _font: object, size: float) -> None:
        sizes.extend([abs(tm[3] * size * cm[3])] if text.strip() else [])

    said = [page.extract_text(visitor_text=see) for page in pages]
    assert min(sizes) >= 8
    assert (len(pages) == 1) == (count <= 15)
    assert all("Waver" in one for one in said)
