"""Notes are said in each language: in the code, and of dirty inputs, by number."""

from __future__ import annotations

import ast
import datetime as dt
import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from stemgeo.demand.placement_notes import HOW
from stemgeo.demand.places import FALLBACK, OUTSIDE, OWN
from stemgeo.errors import Findings
from stemgeo.inputs.academies import load_academies
from stemgeo.inputs.attributes import load_attribute
from stemgeo.inputs.boundaries import load_municipalities, load_zones, warn_of_overlaps_and_holes
from stemgeo.inputs.messages import say_rows
from stemgeo.inputs.population import load_population
from stemgeo.notes import (
    Note,
    Said,
    say,
    say_amount,
    say_count,
    say_day,
    say_decimals,
    say_list,
    write_in_all,
)
from stemgeo.report.imprint import build_map_text
from stemgeo.report.summary import escape_markdown, write_summary_markdown
from stemgeo.speech import LANGUAGES
from stemgeo.study import Attribute, Input
from stemgeo.texts.wording import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stemgeo.study_run import Result

PACKAGE = Path(__file__).parent.parent.parent / "stemgeo"

ENGLISH = re.compile(
    r"(?i)\b(?:the|and|are|not|with|without|from|their|there|which|has|have|had been|that|they|"
    r"them|its|this|than|for|on|by|each|such|used|children|municipalit\w+|academy|left out|"
    r"outside|nobody|lies?|study's|roads|given|counts?)\b"
)
"""Words that no Dutch sentence has; "is", "in", "of", "had", "take" and "rest" are Dutch too."""
FOREIGN = re.compile(
    r"(?i)\b(?:the|and|are|not|with|without|from|their|which|has|have|that|they|this|than|by|each|"
    r"used|children|left|lies?|given|het|een|van|zijn|naar|niet|wordt|kinderen|wegen|zoals|voor)\b"
    r"|'"
)
"""Words of English and Dutch that no French sentence has, and the mark that it does not write."""

# -- the code ---------------------------------------------------------------------------------


def texts(node: ast.expr) -> list[str] | None:
    """Give the constant texts that an expression can be; None when it is something else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        ways = [texts(node.body), texts(node.orelse)]
        return None if None in ways else [text for way in ways for text in way or []]
    return None


def blanks(text: str) -> set[str]:
    """Name the parts that a text leaves open, but for the words of a study."""
    names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return {one for one in names if "|" not in one and one not in FORMS}


def is_text(node: ast.expr) -> bool:
    """Whether an expression is plain text, so of one language."""
    if isinstance(node, ast.BinOp):
        return is_text(node.left) or is_text(node.right)
    if isinstance(node, ast.IfExp):
        return is_text(node.body) or is_text(node.orelse)
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(one, ast.Constant) and str(one.value).strip() for one in node.values)
    return texts(node) is not None


def faults_of_call(call: ast.Call) -> Iterator[str]:
    """Say what is wrong with `say(en, nl, fr, ...)` or `Said(en, nl, fr)`."""
    if len(call.args) != 3:
        of_each = not call.args and is_said(call, "Said")  # Said(**{...})
        if not of_each and not any(isinstance(one, ast.Starred) for one in call.args):
            yield "not in three languages"
        return
    told = [texts(one) for one in call.args]
    for written, foreign in zip(told[1:], (ENGLISH, FOREIGN), strict=True):
        if written is not None and not all(written):
            yield "empty in a language"
        for text in written or []:
            # Options are typed as they are, whatever one speaks.
            prose = re.sub(r"{[\w|]*}|--[a-z]+", "", text)
            yield from (f"'{word}' of another language" for word in foreign.findall(prose))
    if not is_said(call, "say"):
        return
    if None in told:
        yield "say takes texts that stand there"
    elif len({frozenset(blanks(text)) for one in told for text in one or []}) > 1:
        yield "other parts in one language than in another"
    for word in call.keywords:
        if word.arg and is_text(word.value):
            yield f"'{word.arg}' is a text of one language"


def is_said(call: ast.Call, *names: str) -> bool:
    """Whether a call is of one of these functions or methods."""
    called = call.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in names


def faults(source: str) -> list[str]:
    """Say which notes in a module are not made in each language."""
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        if is_said(call, "say", "Said"):
            found += [f"line {call.lineno}: {fault}" for fault in faults_of_call(call)]
        if is_said(call, "warn", "warn_at", "Note"):
            told = [*call.args, *(word.value for word in call.keywords)]
            found += [f"line {call.lineno}: one language" for one in told if is_text(one)]
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_note_is_made_in_fewer_languages(path: Path) -> None:
    """Each has three texts, with the same parts, and none has words of another's language."""
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'file.warn("no name")',
        'file.warn(f"no name of {x}")',
        'findings.warn(name, say("a", "b", "c"), "mend it")',
        'file.warn_at(row, what, mend="mend it" if x else y)',
        'Note("network", say("a", "b", "c"))',
        'Note(where, "a" + b)',
        'say("no name")',
        'say("no name", "geen naam")',
        'say("no name", "", "pas de nom")',
        'say("no name", "geen naam", "")',
        'say("no {name}", "geen {naam}", "pas de {name}", name=x, naam=x)',
        'say("no {name}", "geen naam", "pas de {name}", name=x)',
        'say("no {name}", "geen {name}", "pas de nom", name=x)',
        'say("no {name}", "geen {name}", "pas de {name}", name="one")',
        'say("no name", "not a naam", "pas de nom")',
        'say("no name", "geen naam", "geen naam, niet een")',
        'say("no name", "geen naam", "pas d\'un nom")',
        'Said("has", "has", "a")',
        'Said("is" if x else "are", "is" if x else "are", "est")',
    ],
)
def test_every_way_to_forget_a_language_is_found(source: str) -> None:
    """The check itself can fail."""
    assert faults(source)


def test_the_package_makes_many_notes() -> None:
    """The check sees them: more than forty, in more than ten modules."""
    made = {
        path: sum(is_said(node, "say") for node in ast.walk(tree) if isinstance(node, ast.Call))
        for path in PACKAGE.rglob("*.py")
        if (tree := ast.parse(path.read_text(encoding="utf-8")))
    }
    assert sum(made.values()) > 40
    assert sum(count > 0 for count in made.values()) > 10


def test_every_thing_that_is_counted_has_its_words() -> None:
    """Whatever `say_count` is asked for in the package is known."""
    asked = {
        call.args[1].value
        for path in PACKAGE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and is_said(call, "say_count")
        and isinstance(call.args[1], ast.Constant)
    }
    assert {"child", "municipality", "zone"} <= asked
    for thing in asked:
        one, several = say_count(1, thing), say_count(2, thing)
        assert str(one) == f"1 {thing}"
        assert all(one.to_text(each) != several.to_text(each) for each in LANGUAGES)


def test_each_method_that_is_fallen_back_on_has_its_dutch() -> None:
    """A child that is placed by another method than asked: the report says which, in Dutch."""
    on = {(asked, one) for asked, ways in FALLBACK.items() for one in ways}
    placed = {one for asked, one in on if one not in OWN.get(asked, (asked,))}
    assert placed - {OUTSIDE} <= set(HOW)


# -- what is said -----------------------------------------------------------------------------


def test_numbers_days_and_rows_are_written_by_language() -> None:
    """Thousands, decimals, months, one and several."""
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert say_amount(4249) == Said("4,249", "4.249", f"4{thin}249")
    assert say_decimals(1234.5, 2) == Said("1,234.50", "1.234,50", f"1{thin}234,50")
    days = ("31 August 2022", "31 augustus 2022", "31 août 2022")
    assert say_day(dt.date(2022, 8, 31)) == Said(*days)
    assert say_count(1, "zone") == Said("1 zone", "1 zone", "1 zone")
    assert say_count(0, "child") == Said("0 children", "0 kinderen", "0 enfant")
    assert say_count(1, "child") == Said("1 child", "1 kind", "1 enfant")
    many = ("37,376 children", "37.376 kinderen", f"37{thin}376 enfants")
    assert say_count(37376, "child") == Said(*many)
    assert say_list(list("abc"), 3) == Said("a, b, c", "a, b, c", "a, b, c")
    rest = ("0, 1 and 39 more", "0, 1 en nog 39", "0, 1 et encore 39")
    assert say_list(range(41), 2) == Said(*rest)
    assert say_rows("row", [2, 3]) == Said("row 2, 3", "rij 2, 3", "ligne 2, 3")


def test_what_a_file_holds_is_no_template() -> None:
    """Braces in a name stand as they are, in each language."""
    name = "{x} {0.__class__} :"
    told = say("at {name}", "bij {name}", "à {name}", name=name)
    assert told == Said(f"at {name}", f"bij {name}", f"à {name}")


def test_a_note_is_english_as_text_and_in_each_language_in_a_manifest() -> None:
    """The command line prints the English; a manifest holds all; French keeps marks with words."""
    few = say("few", "weinig", "peu")
    add = say("add some", "voeg toe", "ajoutez-en")
    note = Note(Said("network", "wegen", "réseau"), few, add)
    assert str(note) == note.to_text("en") == "network: few; add some"
    assert note.to_text("nl") == "wegen: weinig; voeg toe"
    assert note.to_text("fr") == "réseau\u00a0: peu\u00a0; ajoutez-en"
    assert write_in_all((note,)) == [{one: note.to_text(one) for one in LANGUAGES}]
    assert Note("a.csv", few).to_text("nl") == "a.csv: weinig"
    assert Note("a\u2003\n .csv", few).to_text("fr") == "a .csv\u00a0: peu"


# -- dirty inputs -----------------------------------------------------------------------------

REGISTER = """\
naam;x;y
=Een;105000;205000
Twee;105000;205000
Twee;105000;205000
;115000;205000
Drie;260000,4;205000
"""


def of_register(folder: Path, towns: gpd.GeoDataFrame, text: str) -> list[Note]:
    path = folder / "academies.csv"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    load_academies(Input(path=path), towns, findings)
    assert findings.errors == []
    return findings.warnings


def of_zones(
    folder: Path, towns: gpd.GeoDataFrame, zones: dict[str, shapely.Geometry]
) -> list[Note]:
    path, findings = folder / "zones.gpkg", Findings()
    frame = gpd.GeoDataFrame({"zone_id": list(zones)}, geometry=list(zones.values()), crs=31370)
    frame.to_file(path)
    read, _ = load_zones(Input(path=path), towns, 2025, findings)
    assert findings.errors == []
    children = pd.DataFrame({"nis_code": towns["nis_code"], "children": 150_000})
    warn_of_overlaps_and_holes(read, towns, children, path.name, findings)
    return findings.warnings


def said(notes: list[Note], language: str = "nl") -> list[str]:
    return [note.to_text(language) for note in notes]


def test_a_dirty_register_in_both_languages(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """No CRS, no ids, a formula, a row without a name, a spot twice, a place far away."""
    notes = of_register(tmp_path, municipalities, REGISTER)
    (crs,) = [line for line in said(notes) if "EPSG" in line]
    assert crs == (
        "academies.csv: zegt niet in welk stelsel de coördinaten staan; ze zijn gelezen als meter "
        'in Lambert 72 (EPSG:31370); geef crs = "EPSG:31370" op om zeker te zijn'
    )
    (ids,) = [line for line in said(notes) if "A001" in line]
    assert ids == (
        "academies.csv: heeft geen kolom academy_id; de volgorde van de rijen geeft A001, A002, "
        "...; voeg academy_id toe, zodat elke rij de hare houdt"
    )
    assert "academies.csv, rij 5: geen naam; in de plaats staat de academy_id" in said(notes)
    assert "academies.csv, row 5: no name; its academy_id is shown" in said(notes, "en")
    assert any("rij 2: 'name' begint als een formule: =Een" in line for line in said(notes))
    assert any("rij 2, 3, 4: dezelfde coördinaten" in line for line in said(notes))
    (far,) = [note for note in notes if "100" in note.to_text("en")]
    assert "Drie lies outside the study area, 100.0 km from it" in far.to_text("en")
    assert "Drie ligt buiten het studiegebied, 100,0 km ervandaan" in far.to_text("nl")
    assert not [line for line in said(notes) if ENGLISH.search(line)]


@pytest.mark.parametrize(
    ("extra", "dutch", "english"),
    [
        (1, "1 paar zones overlapt, samen 1,00 km² met", "1 pair of zones overlaps, 1.00 km2 in"),
        (
            2,
            "2 paren zones overlappen, samen 2,00 km² met",
            "2 pairs of zones overlap, 2.00 km2 in",
        ),
    ],
)
def test_one_and_several_overlaps(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, extra: int, dutch: str, english: str
) -> None:
    """Verb, noun and decimals follow the number and the language."""
    zones = dict(zip(municipalities["nis_code"] + "a", municipalities.geometry, strict=True))
    for place in range(extra):
        left = 101_000 + 10_000 * place
        code = municipalities["nis_code"].iloc[place]
        zones[f"{code}b"] = shapely.box(left, 201_000, left + 1000, 202_000)
    notes = of_zones(tmp_path, municipalities, zones)
    (line,) = said(notes)
    assert dutch in line
    assert english in notes[0].to_text("en")
    assert f"naar oppervlakte ongeveer {['1.500', '3.000'][extra - 1]} kinderen" in line
    assert "een kind daar telt één keer" in line
    assert not ENGLISH.search(line)


@pytest.mark.parametrize(
    ("stray", "dutch"),
    [
        (1, "1 zone ligt buiten de gemeente van haar code"),
        (2, "2 zones liggen buiten de gemeente van hun code"),
    ],
)
def test_one_and_several_zones_elsewhere(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, stray: int, dutch: str
) -> None:
    """Zones of Aartselaar and Mechelen that lie in the next town: "haar" of one, "hun" of two."""
    codes = municipalities["nis_code"].tolist()
    zones = dict(zip(municipalities["nis_code"] + "a", municipalities.geometry, strict=True))
    for place in range(stray):
        zones[f"{codes[place]}a"] = municipalities.geometry.iloc[place + 3]
    assert any(dutch in line for line in said(of_zones(tmp_path, municipalities, zones)))
    assert not [
        line for line in said(of_zones(tmp_path, municipalities, zones)) if ENGLISH.search(line)
    ]


def test_dirty_outlines_people_and_attributes(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Missing towns, a crossed outline, ages that end early, a cut line, towns without value."""
    findings = Findings()
    strik = shapely.Polygon([(0, 0), (10_000, 10_000), (10_000, 0), (0, 10_000)])
    outlines = municipalities.geometry.tolist()
    outlines[0] = shapely.affinity.translate(strik, 100_000, 200_000)
    path = tmp_path / "gemeenten.gpkg"
    towns = municipalities[["nis_code", "name"]].set_geometry(outlines, crs=31370)
    towns.to_file(path)
    load_municipalities(Input(path=path), 2025, findings)
    people = tmp_path / "p.csv"
    rows = [f"{code};7;F;12" for code in municipalities["nis_code"]]
    people.write_text("\n".join(["nis_code;age;sex;children", *rows]), encoding="utf-8")
    load_population(Input(path=people), {7, 8}, 2025, municipalities, findings)
    values = tmp_path / "v.csv"
    lines = [f"{code};1.500" for code in municipalities["nis_code"][:4]]
    values.write_text("\n".join(["nis_code;inkomen", *lines, "99999;2.000", ""]), encoding="utf-8")
    zones = municipalities.assign(zone_id=municipalities["nis_code"])
    load_attribute("i", Attribute(path=values), zones, municipalities, 2025, findings)
    assert findings.errors == []
    dutch = said(findings.warnings)
    for told in (
        "gemeenten.gpkg: 1 omtrek kruist zichzelf en is hersteld: 11001 Aartselaar",
        "gemeenten.gpkg: 279 van de 285 Vlaamse gemeenten van 2025 staan er niet in:",
        "en nog 269; dat klopt alleen voor een studie van een deel van Vlaanderen",
        "p.csv: de laatste regel heeft geen einde",
        "p.csv: telt niemand van 8 jaar, leeftijden die de studie meetelt",
        "na elke punt of komma in 'inkomen' staan drie cijfers (zoals 1.500)",
        "v.csv: geen waarde voor 2 van de 6 gemeenten van de studie: 44021 Gent, 71016 Genk",
        "v.csv: 1 van de 5 rijen hoort bij geen plaats van de studie, dus weggelaten: rij 6",
    ):
        assert any(told in line for line in dutch), told
    assert len(dutch) == 7
    assert not [line for line in dutch if ENGLISH.search(line)]


def test_no_english_in_the_notes_of_the_sample(sample_result: Result) -> None:
    """Every note of the example study in Dutch; names of academies and zones aside, all of it."""
    assert len(sample_result.notes) > 1
    study, inputs = sample_result.study, sample_result.inputs
    text = write_summary_markdown(sample_result, build_map_text(study, inputs))
    for note in sample_result.notes:
        assert not ENGLISH.search(note.to_text("nl")), note.to_text("nl")
        french = re.sub("'[^']*'", "", note.to_text("fr"))  # names of columns are as they are
        assert not FOREIGN.search(french), french
        assert ENGLISH.search(note.to_text("en"))
        assert escape_markdown(note.to_text("nl")) in text
        assert escape_markdown(note.to_text("en")) not in text
