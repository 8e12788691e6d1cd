"""A study of something else than STEM academies: its words, its rules, and no word of STEM."""

from __future__ import annotations

import re
import shutil
import zipfile
from typing import TYPE_CHECKING

import drawing
import hand
import pytest
from books import HYPHEN, pages_of
from terminal import stemgeo

import stemgeo as sg
from stemgeo.errors import InputError, StemgeoError, StudyError
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.letter import write_letter

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.speech import Language

pytestmark = pytest.mark.usefixtures("computed_once", "read_once")

LIBRARY = """
        [study.facility]
        nl = { singular = "bibliotheek", plural = "bibliotheken", article = "de" }
        fr = { singular = "bibliothèque", plural = "bibliothèques", article = "une" }
        en = { singular = "library", plural = "libraries" }
"""
PARK = """
        [study.facility.nl]
        singular = "park"
        plural = "parken"
        article = "het"
        label = "erkend"
        label_noun = "de erkenning"
        [study.facility.fr]
        singular = "parc"
        plural = "parcs"
        article = "un"
"""
OF_STEM = re.compile(
    r"(?i)\bstem\b(?!geo)|acad[eé]m|vlaio|subsid|subvention|\btraject|parcours|\berken|recogni|reconn"
)


def write_study(folder: Path, facility: str, *more: str) -> Path:
    """Write a small study of one province in a straight line, of what is sought."""
    study = hand.write_study(folder, straight_line=True)
    path = study / "study.toml"
    asked = path.read_text("utf-8").replace("academies.csv", "plaatsen.csv")
    asked = asked.replace("        [inputs]", f"{facility}        [inputs]", 1)
    path.write_text(asked + "".join(f"\n        {one}" for one in more), encoding="utf-8")
    register = (study / "academies.csv").read_text("utf-8").replace("Proefacademie", "Plaats")
    (study / "academies.csv").unlink()
    (study / "plaatsen.csv").write_text(register, encoding="utf-8")
    return study


def check_refused(study: Path, *said: str) -> None:
    """A study is refused in so many lines, each with what is said."""
    with pytest.raises(StudyError) as refusal:
        sg.load_study(study)
    lines = str(refusal.value).split("\n")
    assert [one for one, due in zip(lines, said, strict=True) if due not in one] == []


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Libraries, run, with the answer in three languages, a plan and a trend beside it."""
    with drawing.lettered("pdf"):
        return write_library(tmp_path_factory.mktemp("library"))


def write_library(home: Path) -> Path:
    """Type the commands, each with what it says beside it; maps as PDF have their letters."""
    study = write_study(home / "study", LIBRARY)
    said = [stemgeo("run", study, "--out", home / "result")]
    for language in ("nl", "fr", "en"):
        out = home / f"answer-{language}"
        said.append(stemgeo("answer", home / "result", "--out", out, "--lang", language))
    said.append(stemgeo("site", study, "-n", "1", "--out", home / "plan"))
    said.append(stemgeo("trend", study, "--years", "2021-2022", "--out", home / "trend"))
    said += [stemgeo("check", study), stemgeo("compare", home / "result", home / "result")]
    assert [one.status for one in said] == [0] * len(said), "".join(one.err for one in said)
    (home / "said.txt").write_text("".join(one.out + one.err for one in said), encoding="utf-8")
    shutil.rmtree(study)
    return home


def read_text(path: Path) -> str:
    """Give what a person reads of a file; of a table for programs nothing."""
    if path.suffix == ".pdf":
        return re.sub(rf"{HYPHEN}\s*", "", "\n".join(pages_of(path)))
    if path.suffix in (".docx", ".xlsx"):
        with zipfile.ZipFile(path) as parts:
            named = [one for one in parts.namelist() if one.endswith(".xml")]
            return " ".join(
                re.sub("<[^>]+>", " ", parts.read(one).decode("utf-8")) for one in named
            )
    if path.suffix == ".html":
        page = re.sub(r"(?s)<(script|style).*?</\1>|<!--.*?-->", " ", path.read_text("utf-8"))
        seen = re.findall(r'(?:alt|title|aria-label|placeholder)="([^"]*)"', page)
        return " ".join([re.sub("<[^>]*>", " ", page), *seen])
    of_annex = path.suffix == ".csv" and path.name.startswith(("bijlage", "annex"))
    if of_annex and path.parent.name.startswith("answer"):
        return path.read_text("utf-8-sig")
    return path.read_text("utf-8") if path.suffix in (".md", ".txt", ".svg") else ""


def test_no_word_of_stem_is_left(library: Path) -> None:
    """In text, maps, annexes, web map, charts, notes, messages and names of files.

    Columns of tables for programs, and the files that are called as these tables, keep their
    names: they are the design's own.
    """
    read = {path: read_text(path) for path in library.rglob("*") if path.is_file()}
    assert sum(map(bool, read.values())) > 60
    assert {path.suffix for path, text in read.items() if text} >= {
        *(".pdf", ".docx", ".xlsx", ".html", ".csv", ".md", ".txt", ".svg"),
    }
    # The key of the input, where check says how to write it down, and its columns.
    tables = re.compile(
        r"academies\.\w+|academy_id|academies +\w+\.csv|\[inputs\.academies\]|om academies altijd"
    )
    left = {
        path.name: OF_STEM.findall(tables.sub("", text) + path.stem.replace("academies", ""))
        for path, text in read.items()
    }
    assert {name: found for name, found in left.items() if found} == {}


def test_each_text_speaks_of_libraries(library: Path) -> None:
    """In the language that was asked, in the letter and in the names of annexes."""
    letters = {"nl": "antwoord", "fr": "reponse", "en": "answer"}
    told = {
        "nl": ("Welke gemeenten hebben een bibliotheek?", "bijlage-2-vlaanderen-bibliotheken.svg"),
        "fr": ("Quelles communes ont une bibliothèque", "annexe-2-flandre-bibliotheques.svg"),
        "en": ("Which municipalities have a library?", "annex-2-flanders-libraries.svg"),
    }
    for language, (text, name) in told.items():
        place = library / f"answer-{language}"
        assert text in read_text(place / f"{letters[language]}.docx")
        assert (place / name).is_file()
    summary = (library / "result" / "summary.md").read_text("utf-8")
    assert "een bibliotheek bereiken die op 31 december 2022 open is" in summary
    assert "van 1 van de 3 bibliotheken is alleen de eerste dag bekend" in summary


def test_nothing_has_the_price_of_a_stem_academy(library: Path) -> None:
    """No table of subsidies, and no cost of a plan of which nobody said it."""
    result, plan = sg.read_result(library / "result"), library / "plan"
    assert result.subsidy is None
    assert not (library / "answer-nl" / "gegevens" / "subsidy.csv").exists()
    assert "euro" not in (plan / "summary.md").read_text("utf-8")
    assert "wat de plaatsen kosten, is niet bekend" in (plan / "summary.md").read_text("utf-8")
    assert (library / "said.txt").read_text("utf-8").count("euro") == 0


def test_a_plan_of_places_with_a_cost_of_their_own_has_a_price(tmp_path: Path) -> None:
    """What the candidates say they cost is added up, and keeps a budget."""
    study = write_study(tmp_path / "study", LIBRARY)
    asked = study / "study.toml"
    with_list = '        candidates = "lijst.csv"\n        [gaps]'
    asked.write_text(asked.read_text("utf-8").replace("        [gaps]", with_list), "utf-8")
    rows = ["naam;x;y;kostprijs", "A;158000;201000;1000", "B;156000;205000;5000"]
    (study / "lijst.csv").write_text("\n".join(rows) + "\n", "utf-8")
    plan = sg.site(sg.load_study(study).with_siting(budget_eur=2000))
    assert plan.places["cost_eur"].tolist() == [1000]
    assert "Deze plaats kost 1.000 euro" in "".join(plan._build_texts().values())
    (study / "lijst.csv").write_text("\n".join([*rows[:2], "B;156000;205000;"]) + "\n", "utf-8")
    with pytest.raises(InputError, match="needs what each place costs, and 1 of 2 have no cost"):
        sg.site(sg.load_study(study).with_siting(budget_eur=2000))


def letter(folder: Path, language: Language) -> str:
    """Give the text of the answer in a language."""
    source = Source.from_folder(folder, language)
    one = {"number": 1, "title": "", "file": ""}
    keys = ("municipalities", "region", "gaps", "last_map", "sureness", "Antwerpen", "Limburg")
    keys += ("Anvers", "Limbourg", *(one["name"] for one in gather_figures(source)["provinces"]))
    annexes = {"all": [], "pictures": []} | dict.fromkeys(keys, one)
    return repr(write_letter(gather_figures(source) | {"annexes": annexes}, language, None).blocks)


def test_columns_that_only_a_subsidy_reads_are_told(tmp_path: Path) -> None:
    """Trajectories of a library change nothing where no rules of a subsidy are chosen."""
    study = write_study(tmp_path, LIBRARY)
    rows = (study / "plaatsen.csv").read_text("utf-8").splitlines()
    lacks = rows[0].count(";")
    ends = ["trajectories", *"234"]
    told = [
        row + ";" * (lacks + 1 - row.count(";")) + end for row, end in zip(rows, ends, strict=True)
    ]
    (study / "plaatsen.csv").write_text("\n".join(told), encoding="utf-8")
    said = "not used: trajectories; no rules of a subsidy are chosen"
    assert any(said in str(one) for one in sg.check(sg.load_study(study)).notes)


def test_a_het_word_and_a_masculine_one_are_bent_as_they_should(tmp_path: Path) -> None:
    """A park is erkend, its parks are erkende; le parc, du parc, au parc."""
    study = write_study(tmp_path / "study", PARK)
    result = sg.run(sg.load_study(study)).write(tmp_path / "result")
    summary = (result / "summary.md").read_text("utf-8")
    assert "een park bereiken dat op 31 december 2022 erkend is" in summary
    assert "tot het dichtstbijzijnde park" in summary
    dutch, french = letter(result, "nl"), letter(result, "fr")
    assert "minstens één erkend park" in dutch
    assert "zou één bijkomend park, op de beste plaats" in dutch
    assert "op welk uur het park open is" in dutch
    assert "au moins un parc ouvert" in french
    assert "Où des parcs supplémentaires sont-ils le plus utiles" in french
    assert "heure le parc est ouvert" in french


def test_a_language_without_words_is_asked_for(tmp_path: Path) -> None:
    """Never a word of another language: of outputs, of an answer, and of what is read again."""
    study = write_study(tmp_path / "study", PARK)
    asked = study / "study.toml"
    asked.write_text(
        asked.read_text("utf-8").replace("[output]", '[output]\n        language = "en"'), "utf-8"
    )
    check_refused(study, "has no words in 'en', in which outputs are; give [study.facility.en]")
    asked.write_text(asked.read_text("utf-8").replace('"en"', '"nl"'), "utf-8")
    loaded = sg.load_study(study)
    assert loaded.languages == ("nl", "fr")
    with pytest.raises(StemgeoError, match="has no words in 'en'"):
        loaded.with_language("en")


def test_what_a_language_needs_is_asked_all_at_once(tmp_path: Path) -> None:
    """Each word that is wrong or missing, with what to write."""
    study = write_study(
        tmp_path / "study",
        """
        [study.facility.nl]
        singular = "**bieb**"
        plural = "biebs"
        article = "een"
        [study.facility.fr]
        singular = "halle"
        plural = "halles"
        article = "une"
        elision = false
        label = "habilitée"
        label_noun = "une habilitation"
        [study.facility.en]
        singular = "unit"
        plural = "units"
        label = "active"
""",
    )
    check_refused(
        study,
        "'study.facility.nl.singular': must be a word or some: letters, digits, spaces, hyphens",
        '\'study.facility.nl.article\': must be "de" or "het"',
        "'study.facility.fr': label_elision: is missing: whether l’ and d’ stand before 'habilit",
        "'study.facility.en': label and label_noun: give both, or neither",
    )


def test_a_label_that_no_rule_inflects_is_asked_for(tmp_path: Path) -> None:
    """Actief becomes actieve: the study says so."""
    word = 'singular = "club", plural = "clubs", article = "de", label = "actief"'
    facility = f'        [study]\nfacility.nl = {{ {word}, label_noun = "de werking" }}\n'
    study = hand.write_study(tmp_path / "study", straight_line=True)
    asked = (study / "study.toml").read_text("utf-8").replace("        [study]\n", facility, 1)
    (study / "study.toml").write_text(asked, "utf-8")
    check_refused(study, "label_inflected: is missing: how 'actief' stands before the word")


def test_the_rules_of_stem_academies_hold_where_they_are_chosen(tmp_path: Path) -> None:
    """Ages, how long a recognition lasts, and what is paid: of another facility none by itself."""
    study = sg.load_study(write_study(tmp_path / "study", LIBRARY))
    assert study.academies.ages == (0, 120)
    assert study.academies.recognition == "endless"
    assert study.subsidy.year is None
    chosen = ("[subsidy]", "year = 2023", "[academies]", "ages = [6, 12]", "recognition_years = 4")
    study = sg.load_study(write_study(tmp_path / "chosen", LIBRARY, *chosen))
    assert (study.subsidy.year, study.academies.ages) == (2023, (6, 12))
    assert (study.academies.recognition, study.academies.recognition_years) == (None, 4)
    idle = ("[subsidy]", "trajectories_per_place = 2", "[academies]", 'recognition = "first"',
            "recognition_from = 2022-01-01")  # fmt: skip
    check_refused(
        write_study(tmp_path / "idle", LIBRARY, *idle),
        'academies.recognition: "first" is of STEM academies; give recognition_years',
        "subsidy.trajectories_per_place: changes nothing without subsidy.year: the rules for STEM",
    )
