"""A site of a result: every figure stands in its tables, every link leads somewhere in it."""

from __future__ import annotations

import csv
import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import hand
import html5lib
import pytest
from terminal import stemgeo as said_by

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.inputs.files import unquote_formula
from stemgeo.inputs.vintages import name_of
from stemgeo.publish import site as writer
from stemgeo.publish.site import publish_site
from stemgeo.report.files import check_file, write_manifest
from stemgeo.speech import LANGUAGES, format_decimals, format_percent, format_whole
from stemgeo.tables import SCHEMAS
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("read_once")

NUMBER = re.compile(r"\d[\d.,\u00a0\u202f]*\d|\d")
CODES = sorted(hand.SMALL)
KINDS = ["index", "11001", "10000", "about", "accessibility", "map"]


class Cell(NamedTuple):
    """A marked figure of a page."""

    page: Path
    language: str
    node: ET.Element
    of: str

    @property
    def told(self) -> str:
        """What stands there."""
        return "".join(self.node.itertext())


@cache
def parsed(path: Path) -> ET.Element:
    """Read a page by the rules of the standard, which must find no error in it."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root: ET.Element = parser.parse(path.read_text("utf-8"))
    assert parser.errors == [], path
    return root


def pages_of(site: Path) -> list[Path]:
    """List the pages."""
    return sorted(site.rglob("*.html"))


def marked_of(site: Path) -> Iterator[Cell]:
    """Give each marked figure of all pages."""
    for path in pages_of(site):
        root = parsed(path)
        for node in root.iter():
            if "data-of" in node.attrib:
                yield Cell(path, root.attrib["lang"], node, node.attrib["data-of"])


@cache
def rows_of(result: Path, table: str) -> dict[str, dict[str, str]]:
    """Read a table of the result by its key, as anyone would."""
    with (result / "tables" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = ["|".join(row[one] for one in SCHEMAS[table].unique or ()) for row in rows]
    assert len(set(keys)) == len(rows)
    return dict(zip(keys, rows, strict=True))


def look_up(result: Path, of: str) -> tuple[str, dict[str, str], str]:
    """Find the cell that a figure names: its column, its row and what stands there."""
    table, rest = of.split("/", 1)
    key, column = rest.rsplit("/", 1)
    row = rows_of(result, table)[key]
    return column, row, row[column]


def test_every_figure_stands_in_the_tables_of_the_result(site: Path, small_result: Path) -> None:
    """Each is the cell that it names, to the last decimal, written as its language does."""
    seen = set()
    for one in marked_of(site):
        column, _, cell = look_up(small_result, one.of)
        if one.node.tag == "data":
            assert one.node.attrib["value"] == cell, one.of
            write = format_percent if column.startswith("share") else format_whole
            assert one.told == write(float(cell), one.language), one.of
        elif one.node.tag == "time":
            assert one.node.attrib["datetime"] == cell[:10]
            assert cell[:4] in one.told
        elif column == "share":
            assert (cell, one.told) == ("", load_texts(one.language)("map.no_figure"))
        else:
            assert column == "reason"
        seen.add(one.of.split("/", 1)[0])
    wanted = {"coverage", "annex-1-municipalities", "provinces", "gaps", "gap-municipalities"}
    wanted |= {"to-check", "verdicts", "candidate-municipalities", "academies"}
    assert seen == wanted


def test_figures_in_a_reason_stand_in_the_row_of_its_gap(site: Path, small_result: Path) -> None:
    """What a sentence counts, measures or dates is a cell of that row, or part of a name in it."""
    told = 0
    for one in marked_of(site):
        column, row, cell = look_up(small_result, one.of)
        if column != "reason":
            continue
        assert load_texts(one.language)(f"reason.name.{cell}") in one.told
        known = set()
        for value in row.values():
            known |= set(NUMBER.findall(value))
            if re.fullmatch(r"-?\d+(\.\d+)?", value):
                known.add(format_decimals(float(value), one.language))
                known.add(format_whole(float(value), one.language))
        names = (name["name"] for name in rows_of(small_result, "academies").values())
        known |= {n for name in names for n in NUMBER.findall(name)}
        found = NUMBER.findall(one.told)
        assert set(found) <= known, one.told
        told += len(found)
    assert told > 10


def texts_of(node: ET.Element) -> Iterator[str]:
    """Give the text of a page that is no marked figure, no name and nothing that a study says."""
    if node.tag in ("script", "style", "head") or not isinstance(node.tag, str):
        return
    if node.tag == "bdi" or {"data-of", "data-said"} & node.attrib.keys():
        return
    yield node.text or ""
    for child in node:
        yield from texts_of(child)
        yield child.tail or ""


def test_no_figure_stands_unmarked(site: Path) -> None:
    """Beside what is marked, names of data and words of the study no page has a digit."""
    for path in pages_of(site):
        if path.stem != "map":  # its figures are those of the next test
            body = parsed(path).find("body")
            assert body is not None
            assert not [one for one in texts_of(body) if re.search(r"\d", one)], path


def test_what_a_study_says_is_what_it_asked(site: Path, small_result: Path) -> None:
    """Numbers that no table has are those of the study: ages, minutes, classes, days, sources."""
    content = json.loads((small_result / "manifest.json").read_text("utf-8"))
    asked = json.dumps([content["study"], content["text"]], ensure_ascii=False)
    travel, gaps = content["study"]["travel"], content["study"]["gaps"]
    known = set(re.findall(r"\d+", asked))
    known.add(f"{travel['cutoff_min'] + gaps['just_too_far_min']:g}")
    for language in LANGUAGES:
        for stem in (*CODES, "index", "10000"):
            for node in parsed(site / language / f"{stem}.html").iter():
                if "data-said" in node.attrib:
                    assert set(re.findall(r"\d+", "".join(node.itertext()))) <= known


def test_the_table_of_the_map_tells_the_same(site: Path, small_result: Path) -> None:
    """Each municipality's row on the map has the figures of the first annex."""
    towns = rows_of(small_result, "annex-1-municipalities")
    for language in LANGUAGES:
        root = parsed(site / language / "map.html")
        (table,) = root.findall(".//table[@data-ground='municipalities']")
        rows = table.findall("tbody/tr")
        assert len(rows) == len(towns)
        for row in rows:
            link = row.find("th/a")
            assert link is not None
            of = towns[link.attrib["href"][1:]]
            cells = [cell.text for cell in row.findall("td")][1:]
            counted = ("children", "covered", "uncovered", "unmeasured", "academies")
            wanted = [format_whole(float(of[one]), language) for one in counted]
            assert cells[0] == format_percent(float(of["share"]), language)
            assert cells[1:6] == wanted


def test_names_are_those_of_the_data(site: Path, small_result: Path) -> None:
    """A cell of a table, a province as a language calls it, or what the study says."""
    content = json.loads((small_result / "manifest.json").read_text("utf-8"))
    cells = {
        unquote_formula(value)
        for table in ("academies", "gaps", "to-check", "candidate-municipalities", "coverage")
        for row in rows_of(small_result, table).values()
        for value in row.values()
    }
    for language in LANGUAGES:
        words = load_texts(language)
        known = cells | set(words.list_below("province.name").values())
        known |= set(words.list_below("province.of").values())
        known |= {content["text"][language][name] for name in ("title", "notice")}
        known |= {one[language] for one in content["notes"]}
        for path in (site / language).glob("*.html"):
            for node in parsed(path).iter("bdi"):
                assert "".join(node.itertext()) in known, path


def test_what_is_from_strangers_stays_text(site: Path) -> None:
    """Marks in names and in the notice are read as they are written, and become nothing else."""
    page = parsed(site / "nl" / "11001.html")
    said = "".join(page.itertext())
    assert "Proefacademie <b>West</b> `${x}`" in said
    assert "Proef <b>&amp;</b> {{7*7}} `${x}` voor niemand" in said
    assert not list(page.iter("b"))


def links_of(path: Path) -> Iterator[str]:
    """Give every address that a page names."""
    for node in parsed(path).iter():
        for name in ("href", "src", "srcset", "action", "data", "poster", "formaction"):
            # An icon of nothing: else a browser would ask a host for one.
            if node.attrib.get(name, "data:,") != "data:,":
                yield node.attrib[name]


def test_every_link_leads_somewhere_in_the_site(site: Path) -> None:
    """To a file that is there, and a part that is there; nothing is named that lies elsewhere."""
    seen = set()
    for path in pages_of(site):
        for link in links_of(path):
            parts = urlsplit(link)
            assert (parts.scheme, parts.netloc, parts.path[:1] == "/") == ("", "", False), link
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), (path, link)
            assert target.is_relative_to(site.resolve())
            if parts.fragment and target.stem != "map":
                ids = {node.attrib.get("id") for node in parsed(target).iter()}
                assert parts.fragment in ids
            elif parts.fragment and path != target:
                assert parts.fragment in CODES
            seen.add(target)
    lonely = {one.resolve() for one in site.rglob("*") if one.is_file()} - seen
    # Found by the search alone, by who takes the folder, or behind a link of the look.
    assert {one.name for one in lonely} <= {"manifest.json", "index.html"}


def test_each_page_can_load_nothing_from_elsewhere(site: Path) -> None:
    """Its policy allows files of its own alone; the look names no address."""
    for path in pages_of(site):
        (policy,) = [
            node.attrib["content"]
            for node in parsed(path).iter("meta")
            if node.attrib.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy.startswith("default-src 'none'; ")
        assert not re.search(r"https?:|unsafe|\*", policy)
    for path in site.glob("assets/*.css"):
        assert not re.search(r"@import|url\((?!#)", path.read_text("utf-8"))


def test_each_page_says_notice_and_sources(site: Path, small_result: Path) -> None:
    """And each leads to the same page in the other languages."""
    text = json.loads((small_result / "manifest.json").read_text("utf-8"))["text"]
    for language in LANGUAGES:
        pages = sorted((site / language).glob("*.html"))
        stems = {path.stem for path in pages}
        assert stems == {*CODES, "10000", "70000", "index", "about", "accessibility", "map"}
        for path in pages:
            root = parsed(path)
            said = "".join(root.itertext())
            assert root.attrib["lang"] == language
            assert text[language]["notice"] in said
            assert text[language]["source"] in said
            for other in LANGUAGES:
                if (other, path.stem) != (language, "map"):
                    assert f"../{other}/{path.name}" in {*links_of(path), f"../{language}/map.html"}


def test_a_page_has_the_parts_that_it_is_for(site: Path) -> None:
    """One picture for all languages, whose words stand in the page; each table with its head."""
    for language in LANGUAGES:
        for code in CODES:
            root = parsed(site / language / f"{code}.html")
            (picture,) = root.iter("img")
            assert picture.attrib["src"] == f"../pictures/{code}.svg"
            assert name_of(code) in picture.attrib["alt"]
            ids = [node.attrib["id"] for node in root.iter("h2")]
            assert ids == [
                "map",
                "ages",
                "gaps-0",
                "gaps-1",
                "streets",
                "academies",
                "best",
                "files",
            ]
            assert len(list(root.iter("h1"))) == 1
    for path in site.glob("pictures/*.svg"):
        drawing = ET.parse(path).getroot()  # noqa: S314 -- our own
        assert not {"text", "title", "desc"} & {node.tag.split("}")[-1] for node in drawing.iter()}


def test_a_municipality_downloads_its_own_rows(site: Path, small_result: Path) -> None:
    """Those of the tables of the result that are of it, in their order, under the same heads."""
    for table, column in (
        ("coverage", "code"),
        ("to-check", "nis_code"),
        ("academies", "nis_code"),
    ):
        with (site / "data" / "11001" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            own = list(csv.DictReader(file))
        whole = [
            row
            for row in rows_of(small_result, table).values()
            if row[column] == "11001" and row.get("level") in (None, "municipality")
        ]
        assert own == whole != []


@pytest.mark.usefixtures("drawn_each_time")
def test_the_same_result_gives_the_same_bytes(
    site: Path, small_result: Path, tmp_path: Path
) -> None:
    """And the manifest has the hash of each file; a site is known by it."""
    again = publish_site(small_result, tmp_path / "again").folder
    names = {one.relative_to(site) for one in site.rglob("*") if one.is_file()}
    assert names == {one.relative_to(again) for one in again.rglob("*") if one.is_file()}
    for name in names:
        assert (site / name).read_bytes() == (again / name).read_bytes(), name
    content = json.loads((site / "manifest.json").read_text("utf-8"))
    assert {str(name) for name in names} == {*content["outputs"], "manifest.json"}
    for name in content["outputs"]:
        check_file(again, name, content)
    assert all(re.fullmatch(r"[A-Za-z0-9./-]+", str(name)) for name in names)


def test_nobodys_work_is_lost(site: Path, small_result: Path, tmp_path: Path) -> None:
    """An own site gives way; one that was worked on, or another folder, does not unless kept."""
    place = tmp_path / "site"
    shutil.copytree(site, place)
    publish_site(small_result, place)
    page = place / "nl" / "11001.html"
    page.write_text("van mij", encoding="utf-8")
    with pytest.raises(ResultError, match=r"holds what stemgeo did not write: nl/11001\.html"):
        publish_site(small_result, place)
    assert page.read_text("utf-8") == "van mij"
    publish_site(small_result, place, replace=True)
    (kept,) = tmp_path.glob("site.old-*")
    assert (kept / "nl" / "11001.html").read_text("utf-8") == "van mij"
    with pytest.raises(ResultError, match="is the result of `stemgeo run`"):
        publish_site(small_result, small_result)


def test_half_a_site_is_never_seen(
    small_result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails in the middle leaves nothing."""

    def fail(_: object) -> str:
        raise ResultError("full")

    monkeypatch.setattr(writer, "write_choice", fail)
    with pytest.raises(ResultError, match="full"):
        publish_site(small_result, tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


WORDS = """[study.facility.nl]
        singular = "bibliotheek"
        plural = "bibliotheken"
        article = "de"
        [inputs]
        plan = "plan.csv"
        """


def test_a_site_has_what_its_study_has(tmp_path: Path) -> None:
    """No road is quiet in a straight line; one language has words; what is planned is called so.

    An academy that the plan moves is there: it is called moved.
    """
    study = hand.write_study(tmp_path / "study", straight_line=True)
    plan = "id;wijziging;naam;x;y\nP1;nieuw;Plan 9;151500;201500\nS1;verplaatst;;154000;202000\n"
    (study / "plan.csv").write_text(plan, encoding="utf-8")
    asked = (study / "study.toml").read_text("utf-8").replace("[inputs]", WORDS, 1)
    who = '[output]\n        publisher = { name = "Stad <Proef>", contact = "site@proef.be" }'
    (study / "study.toml").write_text(asked.replace("[output]", who), encoding="utf-8")
    made = publish_site(sg.run(sg.load_study(study)), tmp_path / "site")
    assert {one.name for one in made.folder.iterdir() if one.is_dir()} == {
        *("assets", "data", "nl", "pictures")
    }
    assert made.notes == ()
    stated = "".join(parsed(made.folder / "nl" / "accessibility.html").itertext())
    assert "Stad <Proef> streeft ernaar" in stated
    assert "site@proef.be" in stated
    assert "[" not in stated
    root = parsed(made.folder / "nl" / "11001.html")
    ids = [node.attrib["id"] for node in root.iter("h2")]
    assert ids == ["map", "ages", "gaps-0", "academies", "best", "files"]
    said = "".join(root.itertext())
    assert "Plan 9 (gepland)" in said
    assert "Proefacademie Oost (verplaatst)" in said
    assert "bibliotheek (gepland of verplaatst)" in said
    web = (made.folder / "nl" / "map.html").read_text("utf-8")
    assert "bibliotheek (gepland)" in web
    assert "bibliotheek (verplaatst)" in web
    assert "met ten minste 1 kind dat niet" in said
    assert "bibliotheek" in said
    assert "STEM" not in said
    assert "rustige wegen" not in said
    for path in pages_of(made.folder):
        body = parsed(path).find("body")
        assert body is not None
        if path.stem != "map":
            assert not [one for one in texts_of(body) if re.search(r"\d", one)], path


def test_a_site_says_what_its_plan_does(tmp_path: Path) -> None:
    """What it opens, moves and closes, by name; a study without an open academy has a site too.

    A gap of one child is told so.
    """
    study = hand.write_study(tmp_path / "study")
    (study / "plan.csv").write_text(
        "academy_id;wijziging\nS1;gesloten\nS2;gesloten\n", encoding="utf-8"
    )
    asked = (study / "study.toml").read_text("utf-8")
    asked = asked.replace("[gaps]", 'plan = "plan.csv"\n[gaps]', 1)
    (study / "study.toml").write_text(asked, encoding="utf-8")
    sg.run(sg.load_study(study)).write(tmp_path / "result")
    made = publish_site(tmp_path / "result", tmp_path / "site").folder
    for language, told in (("nl", "sluit 2 academies"), ("fr", "ferme 2 académies")):
        said = "".join(parsed(made / language / "about.html").itertext())
        assert told in said
        assert "Proefacademie <b>West</b> `${x}`" in said
    share = [one.told for one in marked_of(made) if one.of.endswith("|all|central|all/share")]
    assert {one.replace("\u00a0", " ") for one in share} <= {"0,0 %", "0.0%", "0,0\u202f%"}


def test_without_a_script_the_map_says_where_its_figures_are(site: Path) -> None:
    """In place of a map that stays empty."""
    for language in LANGUAGES:
        (told,) = parsed(site / language / "map.html").findall(".//noscript//p")
        assert told.text == load_texts(language)("web.page.no_script")


def test_tables_that_are_not_of_one_run_are_refused(small_result: Path, tmp_path: Path) -> None:
    """A folder can be a stranger's, sealed again: one line says which row is missing."""
    forged = shutil.copytree(small_result, tmp_path / "forged")
    table = forged / "tables" / "gap-municipalities.csv"
    table.write_text(table.read_text("utf-8").replace("G001", "G999"), encoding="utf-8")
    content = json.loads((forged / "manifest.json").read_text("utf-8"))
    (forged / "manifest.json").unlink()
    write_manifest(forged, content)
    with pytest.raises(ResultError, match=r"gaps\.csv has no row of G999") as caught:
        publish_site(forged, tmp_path / "site")
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "site").exists()


def test_the_command_says_where_and_what_is_lacking(small_result: Path, tmp_path: Path) -> None:
    """On standard error, in the language of the study; of another result it says what it is."""
    said = said_by("publish", small_result, "--out", tmp_path / "site")
    assert said.status == 0
    assert "pagina’s" in said.err
    assert "[output.publisher]" in said.err
    assert (tmp_path / "site" / "index.html").is_file()
    wrong = said_by("publish", tmp_path / "site", "--out", tmp_path / "other")
    assert wrong.status == 1
    assert "is the result of `stemgeo publish`, not of a run" in wrong.err
    again = said_by("verify", tmp_path / "site")
    assert again.status == 1
    assert "the result that it was made of: give the folder of that" in again.err
    assert again.err.count("\n") == 1
