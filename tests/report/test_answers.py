"""Facts about the answer to parliament: every figure in every file is that of the tables."""

from __future__ import annotations

import csv
import datetime as dt
import json
import posixpath
import re
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import hand
import html5lib
import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest
from books import broken, pages_of
from lxml import etree
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo import facts
from stemgeo.errors import ResultError
from stemgeo.report import content
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.filling import FILTERS, TESTS

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("computed_once", "read_once")

PROVINCES = ("Limburg", "Antwerpen", "Oost-Vlaanderen", "Vlaams-Brabant", "West-Vlaanderen")
WITH_ACADEMY = dict(zip(PROVINCES, (27, 39, 53, 38, 64), strict=True))
SVG = "{http://www.w3.org/2000/svg}"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAPS = [
    f"bijlage-{number}-{name}{suffix}"
    for number, name in enumerate(("Vlaanderen", *PROVINCES), start=2)
    for suffix in ("", "-academies")
]
MAPS += ["bijlage-8-hiaten", *(f"bijlage-8-hiaten-{name}" for name in PROVINCES)]
MAPS += ["bijlage-10-zekerheid-aannames", "bijlage-10-zekerheid-minuten"]
MAPS = [name.lower() for name in MAPS]


def whole(value: float) -> str:
    """Write a number as a Belgian does, by other code than the answer's."""
    return f"{int(value):,}".replace(",", ".")


def share(covered: float, uncovered: float) -> str:
    """Work a share out anew: one decimal, a comma, a space that does not break."""
    return f"{100 * covered / (covered + uncovered):.1f}".replace(".", ",") + "\xa0%"


def paragraphs(path: Path) -> list[str]:
    return [par.text for par in docx.Document(str(path)).paragraphs if par.text.strip()]


def words_of(element: etree._Element) -> str:
    return "".join(node.text or "" for node in element.iter(f"{WORD}t"))


def tables(path: Path) -> dict[str, list[list[str]]]:
    """Give each table of a document by the caption above it."""
    body, found, caption = docx.Document(str(path)), {}, ""
    for element in body.element.body:
        if element.tag.endswith("}tbl"):
            # Straight from the XML: python-docx goes through the table anew for each row.
            found[caption] = [
                ["\n".join(map(words_of, cell.iter(f"{WORD}p"))) for cell in row.iter(f"{WORD}tc")]
                for row in element.iter(f"{WORD}tr")
            ]
        elif element.tag.endswith("}p"):
            caption = words_of(element) or caption
    return found


@cache
def coverage(path: Path) -> list[dict[str, str]]:
    """Read coverage.csv of an answer with nothing but the csv module."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows(folder: Path, **wanted: str) -> list[dict[str, str]]:
    """Give rows of it."""
    return [
        row
        for row in coverage(folder / "gegevens" / "coverage.csv")
        if all(row[name] == value for name, value in wanted.items())
    ]


def figure(folder: Path, code: str, **other: str) -> dict[str, float]:
    """Give the one row of a province or the region."""
    asked = {"band": "all", "scenario": "central", "profile": "all"} | other
    level = "region" if code == "VLG" else "province"
    (row,) = rows(folder, level=level, code=code, **asked)
    return {name: float(row[name]) for name in ("children", "covered", "uncovered", "unmeasured")}


def svg_words(path: Path) -> list[str]:
    return ["".join(node.itertext()) for node in etree.parse(path).iter(f"{SVG}text")]


PLAIN = {str, int, float, bool, dt.date, list, dict, type(None)}
"""All that a figure may be: nothing that can act."""


def walked(value: object) -> set[type]:
    """Give the kinds of all that is in a figure."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value)}.union(*map(walked, inside))


# -- the bundle ------------------------------------------------------------------------------


def test_the_bundle_has_what_a_cabinet_needs(sample_answer: Path) -> None:
    """Text, tables, maps in the order of the ministry, web map, manifest; names from codes."""
    there = {path.relative_to(sample_answer).as_posix() for path in sample_answer.rglob("*.*")}
    wanted = {"antwoord.docx", "antwoord.pdf", "manifest.json", "LEESMIJ.txt"}
    wanted |= {"bijlage-1-gemeenten.xlsx", "bijlage-1-gemeenten.csv", "bijlage-9-kaart.html"}
    wanted |= {"bijlage-8-hiaten.xlsx", "bijlage-8-hiaten.csv", "gegevens/coverage.csv"}
    wanted |= {f"{name}.{form}" for name in MAPS for form in ("png", "svg", "pdf")}
    wanted |= {f"gegevens/{name}.csv" for name in MAPS}
    assert wanted <= there


def test_the_text_says_how_many_municipalities_have_an_academy(sample_answer: Path) -> None:
    """221 of 300, by province, and 220 a year before: as the minister reported."""
    said = paragraphs(sample_answer / "antwoord.docx")
    reported = facts.read_reported().query("indicator == 'municipalities_with_academy'")
    before = reported.query("year == 2021 and region == 'Vlaanderen'")["value"].iloc[0]
    first = next(one for one in said if one.startswith("Op 31 december 2022"))
    assert "hadden 221 van de 300 gemeenten minstens één erkende STEM-academie" in first
    assert f"Op 31 december 2021 waren het er {int(before)}." in first
    for province, count in WITH_ACADEMY.items():
        (line,) = [one for one in said if one.startswith(f"{province}: ")]
        assert line.startswith(f"{province}: {count} van de ")
    assert sum(WITH_ACADEMY.values()) == 221


def test_every_figure_of_the_tables_is_that_of_coverage_csv(sample_answer: Path) -> None:
    """Children, within reach, out of reach, share, range and quiet roads: by province."""
    found = tables(sample_answer / "antwoord.docx")
    (by_province,) = [
        rows for head, rows in found.items() if "binnen 15\xa0minuten fietsen" in head
    ]
    assert [row[0] for row in by_province[1:]] == [*PROVINCES, "Vlaanderen"]
    assert figure(sample_answer, "VLG")["unmeasured"] == 0  # a column of zeros is left out
    for name, *cells in by_province[1:]:
        code = "VLG" if name == "Vlaanderen" else name
        own = figure(sample_answer, code)
        low, high = (figure(sample_answer, code, scenario=one) for one in ("low", "high"))
        quiet, calm = (
            figure(sample_answer, code, profile=one) for one in ("low_stress", "quiet_1")
        )
        assert cells == [
            *(whole(own[one]) for one in ("children", "covered", "uncovered")),
            share(own["covered"], own["uncovered"]),
            " tot ".join(share(one["covered"], one["uncovered"]) for one in (low, high)),
            share(quiet["covered"], quiet["uncovered"]),
            share(calm["covered"], calm["uncovered"]),
        ]
    (by_age,) = [rows for head, rows in found.items() if "naar leeftijd" in head]
    for band, (ages, *cells) in zip(("5-8", "9-11", "12-17"), by_age[1:], strict=True):
        own = figure(sample_answer, "VLG", band=band)
        assert ages == f"{band.replace('-', ' tot en met ')} jaar"
        assert cells[:3] == [
            whole(own["children"]),
            whole(own["covered"]),
            share(own["covered"], own["uncovered"]),
        ]


def test_every_sentence_with_figures_is_that_of_the_tables(sample_answer: Path) -> None:
    """The share and its range, the gaps, the reasons, the candidates and the costs."""
    said = "\n".join(paragraphs(sample_answer / "antwoord.docx"))
    own = figure(sample_answer, "VLG")
    low, high = (figure(sample_answer, "VLG", scenario=one) for one in ("low", "high"))
    quiet = figure(sample_answer, "VLG", profile="low_stress")
    measured = own["covered"] + own["uncovered"]
    assert f"Van de {whole(measured)} kinderen en jongeren van 5 tot en met 17 jaar" in said
    assert f"kan {share(own['covered'], own['uncovered'])} binnen 15\xa0minuten" in said
    assert f"Dat zijn {whole(own['covered'])} kinderen." in said
    assert f"het bedraagt {share(low['covered'], low['uncovered'])} als" in said
    assert f"en {share(high['covered'], high['uncovered'])} als" in said
    assert f"{whole(quiet['covered'])} kinderen." in said
    with (sample_answer / "gegevens" / "bijlage-8-hiaten.csv").open(encoding="utf-8") as file:
        gaps = list(csv.DictReader(file))
    late = [row for row in gaps if row.get("profile", "all") == "all"]
    inside = sum(int(row["uncovered"]) for row in late)
    assert f"{whole(own['uncovered'])} kinderen hebben geen STEM-academie binnen bereik." in said
    assert f"wonen er {whole(inside)} in {whole(len(late))} aaneengesloten gebieden" in said
    assert f"en {whole(own['uncovered'] - inside)} in kleinere groepen" in said
    lapsed = sum(int(row["children_lapsed"]) for row in late)
    assert re.search(rf"erkenning verlopen \([^)]+\): {whole(lapsed)} kinderen", said)
    with (sample_answer / "gegevens" / "subsidy.csv").open(encoding="utf-8") as file:
        cost = sum(int(row["amount_eur"]) for row in csv.DictReader(file))
    assert f"academies samen {whole(cost)}\xa0euro." in said
    assert f"blijft {whole(500_000 - cost)}\xa0euro over." in said


def test_word_and_pdf_say_the_same(sample_answer: Path) -> None:
    """Every paragraph, item and cell of the one stands in the other, in the same order."""
    foot = r"Schematische voorbeelddata, niet voor publicatie . \d+\s*$"
    pages = pages_of(sample_answer / "antwoord.pdf")
    pdf = re.sub(r"\s", "", "".join(re.sub(foot, "", page) for page in pages))
    body = docx.Document(str(sample_answer / "antwoord.docx")).element.body
    at, missing = 0, []
    for par in body.iter(f"{WORD}p"):
        text = words_of(par)
        found = broken(re.sub(r"\s", "", text)).search(pdf, at)
        if found is None:
            missing.append(text)
        else:
            at = found.end()
    assert missing == []


def test_the_annexes_name_every_file_and_no_reader_meets_an_id(sample_answer: Path) -> None:
    """Both maps of each region have a number of their own; academies are told by name."""
    document = sample_answer / "antwoord.docx"
    listed = next(rows for rows in tables(document).values() if rows[0][0] == "Nr.")
    files = {row[2]: row[0] for row in listed[1:]}
    assert {f"{name}.pdf" for name in MAPS} <= set(files)
    assert all((sample_answer / name).is_file() for name in files)
    captions = [one for one in paragraphs(document) if one.startswith("Bijlage ")]
    assert [one.split(".")[0] for one in captions] == [f"Bijlage {files[f'{n}.pdf']}" for n in MAPS]
    cells = [cell for rows in tables(document).values() for row in rows for cell in row]
    assert not any(re.search(r"VA-\d", one) for one in [*cells, *paragraphs(document)])


def test_the_document_opens_in_another_program(
    soffice: str, sample_answer: Path, tmp_path: Path
) -> None:
    """LibreOffice reads it: every paragraph and caption, and a page for each map."""
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    orders = [soffice, "--headless", profile, "--convert-to", "pdf", "--outdir", str(tmp_path)]
    document = str(sample_answer / "antwoord.docx")
    subprocess.run([*orders, document], check=True, capture_output=True)
    reader = pypdf.PdfReader(tmp_path / "antwoord.pdf")
    foot = r"Schematische voorbeelddata, niet voor publicatie . \d+\s*$"
    text = " ".join(re.sub(foot, "", page.extract_text()) for page in reader.pages)
    squeezed = re.sub(r"\s", "", text)
    for line in paragraphs(sample_answer / "antwoord.docx"):
        assert re.sub(r"\s", "", line) in squeezed
    turned = [page.mediabox.width > page.mediabox.height for page in reader.pages]
    assert turned[-len(MAPS) :] == [lies(sample_answer / f"{name}.svg") for name in MAPS]


def lies(path: Path) -> bool:
    """Tell whether a map is wider than it is high."""
    width, height = (float(one) for one in etree.parse(path).getroot().get("viewBox").split()[2:])
    return width > height


def test_each_map_has_its_alt_text_and_its_rows(sample_answer: Path) -> None:
    """In Word as in the picture; and as many rows as the map has places."""
    document = docx.Document(str(sample_answer / "antwoord.docx"))
    alts = {
        shape._inline.docPr.get("name"): shape._inline.docPr.get("descr")
        for shape in document.inline_shapes
    }
    assert list(alts) == MAPS
    for name, alt in alts.items():
        tree = etree.parse(sample_answer / f"{name}.svg")
        assert tree.findtext(f"{SVG}desc") == alt
        assert "Schematische voorbeelddata, niet voor publicatie" in alt
    with (sample_answer / "gegevens" / "bijlage-3-limburg.csv").open(encoding="utf-8") as file:
        drawn = list(csv.DictReader(file))
    municipal = rows(
        sample_answer, level="municipality", band="all", scenario="central", profile="all"
    )
    known = {row["code"]: row for row in municipal}
    assert len(drawn) == 42
    for row in drawn:
        assert float(row["share"]) == float(known[row["nis_code"]]["share"])


def test_the_figures_on_the_maps_are_those_of_the_tables(sample_answer: Path) -> None:
    """How many have an academy, and how many municipalities each class of the share holds."""
    with (sample_answer / "gegevens" / "bijlage-1-gemeenten.csv").open(encoding="utf-8") as file:
        annex = list(csv.DictReader(file))
    assert len(annex) == 300
    for number, province in enumerate(PROVINCES, start=3):
        own = [row for row in annex if row["province"] == province]
        words = svg_words(sample_answer / f"bijlage-{number}-{province.lower()}.svg")
        total = f"Gemeenten met een STEM-academie: {WITH_ACADEMY[province]} van de {len(own)}"
        assert total in words
        shares = [float(row["share"]) for row in own]
        for low in range(0, 100, 20):
            inside = sum(low <= 100 * one < low + 20 or (low == 80 and one == 1) for one in shares)
            place = words.index(f"{low} tot {low + 20}\xa0%")
            noun = "gemeente" if inside == 1 else "gemeenten"
            assert words[place + 1] == f"{inside} {noun}"


def test_dutch_that_a_minister_can_sign(sample_answer: Path) -> None:
    """No English, no word of programs, no empty value, no number in another country's manner."""
    document = sample_answer / "antwoord.docx"
    cells = [cell for rows in tables(document).values() for row in rows for cell in row]
    said = "\n".join([*paragraphs(document), *cells])
    bare = re.sub(r"\S+\.(?:xlsx|pdf|html|csv)|CC BY 4\.0", "", said)
    words = r"\b(?:nan|none|null|true|false|the|of the|and|csv|json|python|dataframe|software)\b"
    assert re.findall(words, bare, re.IGNORECASE) == []
    assert re.findall(r"\d,\d{3}\b|\d\.\d{1,2}\b", bare) == []
    assert re.findall(r"\d %", bare) == []  # that space may break


def test_the_read_me_names_every_file_and_source(sample_answer: Path) -> None:
    """What each is, of which day, whose data, what one must know, and how to compute it again."""
    said = (sample_answer / "LEESMIJ.txt").read_text("utf-8")
    # Figures and map of the gaps have one name: each is told.
    assert said.count("bijlage-8-hiaten: ") == 2
    for path in set(sample_answer.iterdir()) - {sample_answer / "LEESMIJ.txt"}:
        stem = path.name if path.is_dir() else path.stem
        assert stem.removesuffix("-academies").removesuffix("-kandidaat-gemeenten") in said
    assert "stemgeo verify ." in said
    assert "31 december 2022" in said
    assert "CC BY 4.0" in said
    content = json.loads((sample_answer / "manifest.json").read_text("utf-8"))
    for note in content["result"]["notes"]:
        assert note["nl"] in said


def test_the_manifest_names_study_versions_sources_and_hashes(sample_answer: Path) -> None:
    """Enough to make the answer again; and PDF/UA-1, and no number from nowhere."""
    content = json.loads((sample_answer / "manifest.json").read_text("utf-8"))
    assert content["command"] == "answer"
    assert content["pdf_standard"] == "ua-1"
    assert content["typed_numbers"] == []
    assert {"typst", "python-docx", "xlsxwriter", "matplotlib"} <= set(content["libraries"])
    assert content["result"]["study_file"]["sha256"]
    assert content["result"]["inputs"][0]["sha256"]
    files = set(content_of(sample_answer)) - {"manifest.json"}
    assert set(content["outputs"]) == files


# -- of a small study ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small study and its result; not to be changed."""
    base = tmp_path_factory.mktemp("small")
    hand.write_study(base / "study")
    assert stemgeo("run", base / "study", "--out", base / "result").status == 0
    return base


@pytest.fixture(scope="module")
def english(small: Path) -> Path:
    """Its answer in English."""
    said = stemgeo("answer", small / "result", "--out", small / "answer", "--lang", "en")
    assert said.status == 0
    assert said.err.splitlines()[-1] == "Proef, niet voor publicatie"
    assert str(small / "answer" / "answer.docx") in said.out.splitlines()
    return small / "answer"


def test_an_answer_in_english_is_english(english: Path) -> None:
    """Text, file names and folders; the names of places stay as they are written."""
    there = set(content_of(english))
    assert {"answer.docx", "answer.pdf", "README.txt", "annex-1-municipalities.xlsx"} <= there
    assert {"annex-2-flanders.svg", "annex-8-gaps.csv", "annex-9-map.html"} <= there
    said = "\n".join(paragraphs(english / "answer.docx"))
    assert "Which municipalities have a STEM academy?" in said
    assert re.findall(r"\b(?:een|het|van|gemeenten|kinderen)\b", said) == []


def test_an_answer_in_french_is_french(small: Path) -> None:
    """Text, tables, file names and folders; names, titles and what files are called stay."""
    place = sg.answer(small / "result", small / "reponse", language="fr")
    there = set(content_of(place))
    assert {"reponse.docx", "reponse.pdf", "LISEZMOI.txt", "annexe-1-communes.xlsx"} <= there
    assert {"annexe-2-flandre.svg", "annexe-8-lacunes.csv", "annexe-9-carte.html"} <= there
    said = paragraphs(place / "reponse.docx")
    assert "1. Quelles communes ont une académie STEM\N{NO-BREAK SPACE}?" in said
    for name in ("annexe-1-communes.xlsx", "annexe-8-lacunes.xlsx"):
        book = openpyxl.load_workbook(place / name)
        rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
        said += [*book.sheetnames, *(one for row in rows for one in row if isinstance(one, str))]
    said += (place / "LISEZMOI.txt").read_text("utf-8").splitlines()
    foreign = re.compile(r"\b(?:een|het|van|gemeenten|kinderen|wegen|the|of|children|roads)\b")
    files = re.compile(r"\w+\.(?:gpkg|txt|csv|osm)\b")
    assert [one for one in said if foreign.search(files.sub("", one))] == []
    assert not [one for one in said if re.search(r"[^\s|] [:;?!»%]", one)]


@pytest.mark.usefixtures("drawn_each_time")
def test_twice_the_same_command_gives_the_same_bytes(small: Path, english: Path) -> None:
    """Text, tables, maps, page and manifest: all of them, wherever they are written."""
    again = sg.answer(small / "result", small / "other" / "place", language="en")
    assert content_of(again) == content_of(english)


def test_an_answer_of_a_straight_line_study_says_so(tmp_path: Path) -> None:
    """No quiet roads in it, and the caution on the first page."""
    hand.write_study(tmp_path / "study", straight_line=True)
    sg.run(sg.load_study(tmp_path / "study")).write(tmp_path / "result")
    assert walked(gather_figures(Source.from_folder(tmp_path / "result"))) <= PLAIN
    place = sg.answer(tmp_path / "result", tmp_path / "antwoord")
    said = paragraphs(place / "antwoord.docx")
    assert any(one.startswith("Let op: benadering in vogelvlucht") for one in said)
    assert not any("over rustige wegen" in one for one in said)
    sheets = openpyxl.load_workbook(place / "bijlage-8-hiaten.xlsx").sheetnames
    assert "Hiaten" in sheets[0]
    assert "Hiaten over rustige wegen" not in sheets
    gaps = pd.read_csv(place / "bijlage-8-hiaten.csv", sep=";")
    assert set(gaps["Wegen"]) == {"in vogelvlucht"}


def test_a_template_of_ones_own_changes_the_text_alone(small: Path, tmp_path: Path) -> None:
    """Its words stand in both documents, a number typed in it is told, and it can be verified."""
    said = stemgeo("templates", tmp_path / "mine")
    assert said.status == 0
    assert set(said.out.splitlines()) == {str(path) for path in (tmp_path / "mine").iterdir()}
    (tmp_path / "mine" / "deel.md").write_text("Een deel.\n", encoding="utf-8")
    text = (
        "# Ons antwoord\n\n{% include 'deel.md' %}\n\n"
        "Sinds 2014: {{ region.with_academy }} gemeenten.\n\n"
        "![De kaart]({{ annexes.pictures[0].key | as_is }})\n"
    )
    (tmp_path / "mine" / "antwoord.nl.md").write_text(text, encoding="utf-8")
    out = tmp_path / "antwoord"
    orders = ("--out", out, "--templates", tmp_path / "mine")
    said = stemgeo("answer", small / "result", *orders)
    assert said.status == 0
    assert "geen tabel staat ervoor in: 2014" in said.err
    assert paragraphs(out / "antwoord.docx")[0] == "Ons antwoord"
    assert "Ons antwoord" in pypdf.PdfReader(out / "antwoord.pdf").pages[0].extract_text()
    assert "2014" in (out / "LEESMIJ.txt").read_text("utf-8")
    content = json.loads((out / "manifest.json").read_text("utf-8"))
    assert content["templates"] == {"antwoord.nl.md": text, "deel.md": "Een deel.\n"}
    # A manifest can be a stranger's: its templates are filled in only when they are trusted.
    said = stemgeo("verify", out, "--study", small / "study")
    assert said.status == 0
    assert "Weggelaten: antwoord.docx en antwoord.pdf" in said.out
    assert "Alles behalve antwoord.docx en antwoord.pdf is gelijk" in said.out
    trusted = sg.verify(out, small / "study", trust_templates=True)
    assert trusted.same
    assert not trusted.left_out


def test_a_template_that_attacks_leaves_the_disk_as_it_is(
    small: Path, english: Path, tmp_path: Path
) -> None:
    """Neither `answer` nor `verify`, trusting or not, writes what a stranger's text asks for."""
    target = tmp_path / "prooi"
    attack = f"# T\n\n{{{{ sexes.girls.tofile('{target}', ' ', 'text %s') }}}}\n"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "antwoord.nl.md").write_text(attack, encoding="utf-8")
    with pytest.raises(ResultError, match=re.escape("'.tofile()' is no item")):
        sg.answer(small / "result", tmp_path / "antwoord", templates=tmp_path / "mine")
    assert not (tmp_path / "antwoord").exists()
    shutil.copytree(english, tmp_path / "answer")
    path = tmp_path / "answer" / "manifest.json"
    content = json.loads(path.read_text("utf-8")) | {"templates": {"answer.en.md": attack}}
    path.write_text(json.dumps(content), encoding="utf-8")
    found = sg.verify(tmp_path / "answer", small / "study")
    assert found.left_out == ("answer.docx", "answer.pdf")
    found = sg.verify(tmp_path / "answer", small / "study", trust_templates=True)
    (told,) = found.of("result")
    assert str(told.what).startswith(
        "cannot be computed again: is not understood: '.tofile()' is no "
    )
    assert not target.exists()


def test_trusting_templates_that_are_not_there_is_refused(small: Path, english: Path) -> None:
    """An option that changes nothing would be taken for one that does."""
    with pytest.raises(ResultError, match="holds no templates of its own to trust"):
        sg.verify(english, small / "study", trust_templates=True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda base: {"result": base / "study"}, "holds no result of a run"),
        (lambda base: {"plan": base / "study" / "study.toml"}, "stemgeo run STUDY --plan study"),
        (lambda base: {"place": base / "result"}, "is the result of `stemgeo run`"),
        (lambda base: {"plan": base / "result"}, "counts no plan; run the study with one"),
        (lambda base: {"before": base / "study"}, "holds no result of a run"),
        (lambda base: {"place": base / "result" / "antwoord"}, "of which the answer is made"),
    ],
)
def test_what_is_no_result_is_refused(
    small: Path, tmp_path: Path, change: Callable[[Path], dict[str, Path]], told: str
) -> None:
    """In a line that names the folder; nothing is written."""
    asked = {"result": small / "result", "place": tmp_path / "new"} | change(small)
    with pytest.raises(ResultError, match=re.escape(told)):
        sg.answer(**asked)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_a_picture_that_is_not_there_is_refused(small: Path, tmp_path: Path) -> None:
    """With the names of those that are; nothing is written."""
    (tmp_path / "antwoord.nl.md").write_text("# T\n\n![x](luxemburg)\n", encoding="utf-8")
    with pytest.raises(ResultError, match="no picture 'luxemburg'; there are: bijlage-2-vl"):
        sg.answer(small / "result", tmp_path / "new", templates=tmp_path)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tekst\n", "antwoord.nl.md: has no title; begin with"),
        ("# \n\n## Kop\n", "antwoord.nl.md: has no title"),
        ("## Kop\n\n# T\n", "antwoord.nl.md: has no title"),
        ("# T\n\n### Kop\n", "a heading '###' stands below none '##'"),
        ("# T\n\n## Kop\n\n## Kop\n\n#### Kop\n", "a heading '####' stands below none '###'"),
    ],
)
def test_headings_that_no_screen_reader_follows_are_refused(
    small: Path, tmp_path: Path, text: str, told: str
) -> None:
    """Otherwise the PDF would be no PDF/UA, and nobody would know."""
    (tmp_path / "antwoord.nl.md").write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match=re.escape(told)):
        sg.answer(small / "result", tmp_path / "new", templates=tmp_path)
    assert not (tmp_path / "new").exists()


def test_a_changed_table_is_not_answered_with(small: Path, tmp_path: Path) -> None:
    """Whoever edits coverage.csv by hand gets no answer of it."""
    result = shutil.copytree(small / "result", tmp_path / "result")
    table = result / "tables" / "coverage.csv"
    table.write_text(table.read_text("utf-8").replace("Limburg", "Limbourg"), encoding="utf-8")
    with pytest.raises(ResultError, match="was changed after the run"):
        sg.answer(result, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_plan_and_an_earlier_result_are_told(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the places add, and the share of then, marked where it speaks for few."""
    study = sg.load_study(small / "study")
    plan = sg.site(study.with_siting(places=1)).write(tmp_path / "plan")
    shutil.copytree(small / "study", tmp_path / "study")
    toml = tmp_path / "study" / "study.toml"
    toml.write_text(toml.read_text("utf-8").replace("2022-12-31", "2021-12-31"), encoding="utf-8")
    before = sg.run(sg.load_study(toml), anyway=True).write(tmp_path / "before")
    told = gather_figures(Source.from_folder(small / "result"), plan=plan, before=before)
    assert told["plan"]
    assert told["before"]
    assert (told["before"]["partly"], told["before"]["provinces_partly"]) == (False, [])
    monkeypatch.setattr(content, "find_partly_measured", lambda rows, *_: np.full(len(rows), True))
    few = gather_figures(Source.from_folder(small / "result"), before=before)["before"]
    assert (few["partly"], few["provinces_partly"]) == (True, list(few["provinces"]))
    monkeypatch.undo()
    assert told["sexes"]
    assert walked(told) <= PLAIN
    place = sg.answer(small / "result", tmp_path / "antwoord", plan=plan, before=before)
    said = "\n".join(paragraphs(place / "antwoord.docx"))
    with (plan / "tables" / "plan.csv").open(encoding="utf-8") as file:
        (first,) = csv.DictReader(file)
    assert f": {whole(int(first['newly']))} kinderen meer." in said
    with (before / "tables" / "coverage.csv").open(encoding="utf-8") as file:
        (then,) = [
            row
            for row in csv.DictReader(file)
            if (row["level"], row["band"], row["scenario"], row["profile"])
            == ("region", "all", "central", "all")
        ]
    data = place / "gegevens"
    assert (data / "plan.csv").read_bytes() == (plan / "tables" / "plan.csv").read_bytes()
    earlier = (before / "tables" / "coverage.csv").read_bytes()
    assert (data / "coverage-before.csv").read_bytes() == earlier
    for name in ("bijlage-2-vlaanderen-verandering.svg", "gegevens/effects.csv"):
        assert (place / name).is_file()
    with pytest.raises(ResultError, match="is of 2022-12-31, not of a day before 2021-12-31"):
        sg.answer(before, tmp_path / "new", before=small / "result")
    old = share(float(then["covered"]), float(then["uncovered"]))
    assert f"Op 31 december 2021 bedroeg het aandeel {old}." in said
    assert "Hoeveel van het verschil" not in said  # the same data, so all of it
    with pytest.raises(ResultError, match=r"another study than the result: study.date differ"):
        sg.answer(before, tmp_path / "new", plan=plan)


def test_a_plan_that_begins_elsewhere_is_refused(small: Path, tmp_path: Path) -> None:
    """Other rules for what it costs, or places that the result counts as open already."""
    study = sg.load_study(small / "study")
    plan = sg.site(study.with_siting(places=1)).write(tmp_path / "plan")
    planned = sg.run(study.with_plan(plan / "plan.csv")).write(tmp_path / "planned")
    with pytest.raises(
        ResultError, match=r"begins with \d+ children within reach, the result has \d+"
    ):
        sg.answer(planned, tmp_path / "new", plan=plan)
    shutil.copytree(small / "study", tmp_path / "study")
    toml = tmp_path / "study" / "study.toml"
    text = toml.read_text("utf-8").replace("[gaps]", "[subsidy]\nyear = 2023\n[gaps]")
    toml.write_text(text, encoding="utf-8")
    other = sg.site(sg.load_study(toml).with_siting(places=1)).write(tmp_path / "other")
    with pytest.raises(ResultError, match=r"another study than the result: subsidy.year differ"):
        sg.answer(small / "result", tmp_path / "new", plan=other)


def test_academies_that_are_all_gone_are_told(tmp_path: Path) -> None:
    """Nobody is recognised today, and the text says who was a year before."""
    study = hand.write_study(tmp_path / "study", straight_line=True)
    head, *_ = hand.SMALL_ACADEMIES.splitlines()
    row = "S1;Weg;Proef;160500,0;203500,0;;;01/01/2021;31/12/2021"
    (study / "academies.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
    sg.run(sg.load_study(study)).write(tmp_path / "result")
    place = sg.answer(tmp_path / "result", tmp_path / "antwoord")
    said = "\n".join(paragraphs(place / "antwoord.docx"))
    assert "Op 31 december 2021 was het er 1." in said
    assert "Geen erkende academie meer heeft Boechout." in said


def test_a_study_without_children_has_an_answer(tmp_path: Path) -> None:
    """Nothing is measured, and that is what it says."""
    study = hand.write_study(tmp_path / "study", straight_line=True)
    rows = [f"{code}|F|7|0|2022\n" for code in hand.SMALL]
    head = "CD_REFNIS|CD_SEX|CD_AGE|MS_POPULATION|CD_YEAR\n"
    (study / "bevolking.txt").write_text(head + "".join(rows), encoding="utf-8")
    sg.run(sg.load_study(study)).write(tmp_path / "result")
    place = sg.answer(tmp_path / "result", tmp_path / "antwoord")
    assert "Van geen enkel kind kon de fietstijd gemeten worden." in paragraphs(
        place / "antwoord.docx"
    )


def test_the_archive_is_as_word_wants_it(english: Path) -> None:
    """A whole zip, each part valid XML, every relation and type there."""
    with zipfile.ZipFile(english / "answer.docx") as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        for name in names:
            if name.endswith((".xml", ".rels")):
                etree.fromstring(archive.read(name))
        tree = etree.fromstring(archive.read("word/_rels/document.xml.rels"))
        for relation in tree:
            if relation.get("TargetMode") != "External":
                assert posixpath.normpath(f"word/{relation.get('Target')}") in names


def test_the_filters_and_tests_of_templates_are_documented() -> None:
    """docs/answer.md has each that there is, and none that there is not."""
    page = (Path(__file__).parents[2] / "docs" / "answer.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (filters|tests) of Jinja \| (.*) \|$", page, re.MULTILINE))
    own = {"as_is", "decimal", "euro", "listed", "minutes", "percent"}
    assert set(re.findall(r"`(\w+)`", rows["filters"])) == set(FILTERS) - own
    words = {name for name in TESTS if name.isalpha()}
    assert set(re.findall(r"`(\w+)`", rows["tests"])) == words | {"defined", "undefined"}


def test_what_a_template_can_name_is_documented(written_sample: Path) -> None:
    """docs/answer.md has every name, and none that is not there."""
    told = gather_figures(Source.from_folder(written_sample, "nl"))
    page = (Path(__file__).parents[2] / "docs" / "answer.md").read_text("utf-8")
    named: dict[str, set[str]] = {}
    owner = ""
    for line in page[page.index("What can be named") :].splitlines():
        if line.startswith("| `"):
            for part, name in re.findall(r"`(\w*)\.?(\w*)`", line.split(" | ")[0]):
                owner = part or owner
                named.setdefault(owner, set()).update({name} - {""})
    assert set(named) == {*told, "annexes"}
    for owner, value in told.items():
        if isinstance(value, dict):
            quiet = owner == "quiet_gaps"  # as `gaps`
            assert named[owner] == (set() if quiet else set(value)), owner


def test_every_page_is_valid_html(small: Path, english: Path, sample_answer: Path) -> None:
    """The parser of the HTML standard finds no error in any web map."""
    pages = [small / "result" / "map.html", english / "annex-9-map.html"]
    for page in [*pages, sample_answer / "bijlage-9-kaart.html"]:
        parser = html5lib.HTMLParser()
        parser.parse(page.read_text("utf-8"))
        assert parser.errors == []


def test_every_svg_is_valid(english: Path, sample_answer: Path) -> None:
    """Well-formed, each id once, and nothing is referred to that is not there or elsewhere."""
    drawn = [*english.glob("*.svg"), *sample_answer.glob("*.svg")]
    assert len(drawn) > len(MAPS)
    for path in drawn:
        root = etree.parse(path).getroot()
        assert root.tag == f"{SVG}svg"
        ids = [node.get("id") for node in root.iter() if node.get("id")]
        assert len(ids) == len(set(ids))
        text = path.read_text("utf-8")
        used = re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", text)
        assert {one or other for one, other in used} <= set(ids)
        assert not re.findall(r"href=\"(?!#)[^\"]", text)
        assert root.get("aria-labelledby", "").split() != []
        assert set(root.get("aria-labelledby", "").split()) <= set(ids)
