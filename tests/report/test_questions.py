"""Facts about an answer to a question: its head, each section below what it answers, and proof."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import hand
import openpyxl
import pandas as pd
import pytest
from books import broken, pages_of
from terminal import stemgeo

import stemgeo as sg
from stemgeo import facts
from stemgeo.errors import ResultError
from stemgeo.report import annex, answers
from stemgeo.report.accounts import sum_participants
from stemgeo.report.answers import build_answer
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.letter import Heading, Item, Paragraph, Picture, Table, write_letter
from stemgeo.report.questions import SECTIONS, arrange_letter
from stemgeo.study import ParliamentQuestion
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from stemgeo.report.letter import Block, Letter
    from stemgeo.speech import Language

pytestmark = pytest.mark.usefixtures("computed_once", "read_once")

LANGUAGES: tuple[Language, ...] = ("nl", "fr", "en")
ASKED = """
[question]
number = 275
asked = 2023-02-13
answered = 2023-03-06
from = "Robrecht Bothuyne"
to = "Jo Brouns"
function = "Vlaams minister van Economie, Innovatie, Werk, Sociale Economie en Landbouw"
questions = [
  \"\"\"
  Welke Vlaamse gemeenten organiseerden in 2022 minstens één STEM-academie? Graag een overzicht per
  provincie en met vermelding van hoeveel kinderen en jongeren ze daarmee telkens bereikten + een
  onderscheid naar gender als deze gegevens beschikbaar zijn.\"\"\",
  "In hoeveel middelen voorzag de minister voor deze maatregel in 2022? Welk budget is er in 2023?",
  { text = "Een overzicht, met 36.340 <b>kinderen</b> in 2021.", sections = ["years", "events"] },
  "Wat eten de kinderen daar?",
]
"""
"""The three questions of the question on 2022, one with words of a stranger, and one in vain."""
PARTICIPANTS = """academy_id;year;children;girls;boys
S1;2022;100;30;60
S2;2022;57;;
S1;2021;40;10;30
"""
BUDGET = """year;line;euro;recipients;source
2022;uitrollen van STEM-activiteiten;464.500;52 STEM-academies;{0}
2022;vernieuwende projecten;885.685,05;13;{0}
2023;STEM in de vrije tijd;2.500.000;;{0}
"""
EVENTS = """date;place;label;ages
2022-03-01;Aartselaar;STEM-academie;6-12
2022-04-01;As;;12-14
2021-05-01;As;ja;
"""


def write_question(folder: Path, asked: str = ASKED) -> Path:
    """Write a small study with a question, the seeds' figures as reported, and examples."""
    study = hand.write_study(folder, straight_line=True)
    seeds = facts.read_reported().query("unit != 'EUR'")
    lines = [
        f"{one.year};{one.indicator};{one.region};{one.value:g};{one.qualifier};{one.source}"
        for one in seeds.itertuples()
        if one.qualifier in ("", "minstens")
    ]
    lines += [
        f"2022;{one.indicator};Vlaanderen;{one.value:g};;{one.source}"
        for one in seeds.query("year == 2022 and qualifier == 'gemiddeld'").itertuples()
    ]
    texts = {"reported": "\n".join(["year;indicator;code;value;at_least;source", *lines, ""])}
    texts |= {"participants": PARTICIPANTS, "events": EVENTS}
    texts["budget"] = BUDGET.format(str(seeds["source"].iloc[-1]))
    inputs = ""
    for role, text in texts.items():
        (study / f"{role}.csv").write_text(text, encoding="utf-8")
        source = f', source = "Voorbeeld {role}"' if role in ("participants", "events") else ""
        inputs += f'{role} = {{ path = "{role}.csv"{source} }}\n'
    toml = (study / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace("[gaps]", f"{inputs}{asked}[gaps]")
    (study / "study.toml").write_text(toml, encoding="utf-8")
    return study


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of that study."""
    base = tmp_path_factory.mktemp("question")
    return sg.run(sg.load_study(write_question(base / "study"))).write(base / "result")


@pytest.fixture(scope="module")
def written(result: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its answer, in Dutch."""
    place = tmp_path_factory.mktemp("written") / "antwoord"
    status, _, told = stemgeo("answer", result, "--out", place)
    assert status == 0
    # Of a question that nothing answers it is said.
    assert "geen deel van de tekst beantwoordt vraag 4" in told
    return place


def said(block: Block) -> str:
    """Give the words of a block, with plain spaces."""
    if isinstance(block, Table):
        cells = ["".join(run.text for run in cell) for row in block.rows for cell in row]
        told = "\n".join([block.caption, *cells])
    elif isinstance(block, Heading | Picture):
        told = block.text if isinstance(block, Heading) else block.caption
    else:
        told = "".join(run.text for run in block.runs)
    return told.replace("\xa0", " ").replace("\u202f", " ")


def below(letter: Letter) -> dict[str, str]:
    """Give all that is below each heading of the second level."""
    found: dict[str, list[str]] = {"": []}
    for block in letter.blocks:
        if isinstance(block, Heading) and block.level == 2:
            found[block.text] = []
        else:
            found[[*found][-1]].append(said(block))
    return {head: "\n".join(texts) for head, texts in found.items()}


# -- proof -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_of_2023_stands_below_its_questions(result: Path, language: Language) -> None:
    """Each figure of the minister's answer is below the question it answers, with its source."""
    made = build_answer(result, language=language)
    words, parts = load_texts(language), below(made.letter)
    point, comma = {"nl": (".", ","), "fr": (" ", ","), "en": (",", ".")}[language]
    percent = {"nl": " %", "fr": " %", "en": "%"}[language]
    source = "Antwoord op de parlementaire vraag 'STEM-academies - Stand van zaken' over 2022"
    one, two, three = (parts[words("question.head", number=number)] for number in (1, 2, 3))
    least = words("reported.at_least", figure=f"37{point}376")
    for text, figures in (
        (one, [least, f"72{percent}", f"28{percent}"]),
        (two, [f"464{point}500", f"885{point}685{comma}05", f"2{point}500{point}000"]),
        (three, [f"1{point}882", f"1{point}252", f"36{point}340", "162", "220", "221"]),
    ):
        assert source in text
        for figure in figures:
            assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d])", text), figure
    assert (made.letter.typed, made.letter.unanswered) == ((), (4,))
    assert parts[words("question.head", number=4)].endswith(words("question.unanswered"))
    assert words("question.rest") in parts
    assert "52 STEM-academies" in two
    assert words.say_count("reported.recipients", 13) in two


def test_the_question_of_2023_can_be_verified(result: Path, written: Path) -> None:
    """No number is unvouched, the tables behind go along, and nothing differs computed again."""
    made = sg.read_result(written)
    assert (made.typed_numbers, made.unanswered, made.pdf_standard) == ([], [4], "ua-1")
    for name in ("reported-figures", "participants", "budget", "events"):
        behind = (written / "gegevens" / f"{name}.csv").read_bytes()
        assert behind == (result / "tables" / f"{name}.csv").read_bytes()
    budget = (written / "gegevens" / "budget.csv").read_text(encoding="utf-8")
    assert "885685.05" in budget
    found = sg.verify(written, result.parent / "study")
    assert found.same, found.lines()


def test_the_workbook_lists_participants_by_municipality(written: Path) -> None:
    """Those of the study's year, with girls, boys, and of how many that was reported."""
    book = openpyxl.load_workbook(written / "bijlage-1-gemeenten.xlsx", read_only=True)
    rows = [[*row] for row in book["Deelnemers"].iter_rows(values_only=True)]
    assert rows[0][0] == "Wie deelnam in 2022, per gemeente"
    kept = [row for row in rows if row[0] in ("Aartselaar", "Boechout")]
    assert kept == [
        ["Aartselaar", "Antwerpen", 57, None, None, None],
        ["Boechout", "Antwerpen", 100, 30, 60, 90],
    ]


def test_a_sheet_of_participants_has_no_empty_columns(result: Path) -> None:
    """Where nobody reported girls and boys there are none, nor of how many that is known."""
    source = Source.from_folder(result, "nl")
    table = source.participants
    assert table is not None
    assert "took_part_girls" in annex._list_participants(source)["participants"]
    table = table.assign(girls=pd.array([None] * len(table), dtype="Int64"))
    vars(source)["participants"] = table
    (listed,) = annex._list_participants(source).values()
    assert [*listed] == ["town", "province", "took_part"]


def test_word_and_pdf_have_the_question(written: Path) -> None:
    """The head as the ministry writes it; each question as it was asked, in a style of its own."""
    pars = docx.Document(str(written / "antwoord.docx")).paragraphs
    told = [(one.style.name, one.text.replace("\xa0", " ")) for one in pars if one.text.strip()]
    assert told[:3] == [
        ("Normal", "JO BROUNS"),
        ("Normal", "Vlaams minister van Economie, Innovatie, Werk, Sociale Economie en Landbouw"),
        ("Title", "ANTWOORD op vraag nr. 275 van 13 februari 2023 van ROBRECHT BOTHUYNE"),
    ]
    assert ("Normal", "Datum: 6 maart 2023") in told
    quotes = [text for style, text in told if style == "Quote"]
    assert quotes[0].startswith("Welke Vlaamse gemeenten organiseerden in 2022")
    assert quotes[-2].endswith("met 36.340 <b>kinderen</b> in 2021.")
    readme = (written / "LEESMIJ.txt").read_text(encoding="utf-8")
    assert "Vragen zonder antwoord in de tekst: 4" in readme
    words = re.sub(r"\s", "", "".join(pages_of(written / "antwoord.pdf")[:6]))
    assert all(broken(re.sub(r"\s", "", one)).search(words) for one in quotes)


# -- figures ---------------------------------------------------------------------------------


def test_sums_of_participants_are_exact_and_say_of_whom(result: Path) -> None:
    """157 of two academies of two; 90 whose sex is known, a third of them girls; years apart."""
    told: dict[str, Any] = gather_figures(Source.from_folder(result, "nl"))["participants"]
    assert (told["children"], told["girls"], told["boys"], told["with_sex"]) == (157, 30, 60, 90)
    assert told["share_girls"] == pytest.approx(1 / 3, abs=1e-15)
    assert (told["academies"], told["academies_reporting"], told["at_least"]) == (2, 2, False)
    assert (told["municipalities"], told["municipalities_reporting"]) == (2, 2)
    assert [(one["name"], one["children"]) for one in told["provinces"]] == [
        ("Limburg", None),
        ("Antwerpen", 157),
    ]
    assert [(one["year"], one["children"]) for one in told["years"]] == [
        ("2021", 40),
        ("2022", 157),
    ]
    table = pd.DataFrame(
        {
            "nis_code": ["1", "1", "2"],
            **{name: pd.array([1, None, None], dtype="Int64") for name in ("girls", "boys")},
            "children": pd.array([5, 2, None], dtype="Int64"),
            **{name: pd.array([None] * 3, dtype="Int64") for name in ("trajectories", "online")},
        }
    )
    sums = sum_participants(table, ["nis_code"])
    assert sums.loc["1", ["participants", "with_sex"]].tolist() == [7, 2]
    assert sums.loc["2"].isna().all()


def test_what_the_overview_by_year_has_is_told_once(result: Path) -> None:
    """Figures of other years stand in the overview alone, if the study's year has such a one."""
    told: dict[str, Any] = gather_figures(Source.from_folder(result, "nl"))["reported"]
    years = {one["year"]: one["children"] for one in told["years"]["rows"]}
    assert years["2021"] == "minstens 36.340"
    assert {one["year"] for one in told["of_municipalities"]["rows"]} == {"2022"}
    took_part = [one["year"] for one in told["of_participants"]["rows"] if one["value"] > 100]
    assert took_part == ["2022"]
    # Hours of activities have no column there: each year of them is listed.
    assert "2016" in {one["year"] for one in told["of_events"]["rows"]}


def test_events_and_budgets_are_counted_by_year(result: Path) -> None:
    """Two events of 2022, one with the label; the cents of a year are added up exactly."""
    told = gather_figures(Source.from_folder(result, "en"))
    events, budget = told["events"], told["budget"]
    assert (events["count"], events["labelled"], events["unlabelled"]) == (2, 1, 1)
    assert [(one["year"], one["count"]) for one in events["years"]] == [("2021", 1), ("2022", 2)]
    assert [one["count"] for one in events["ages"]] == [1, 1, 2]
    assert budget["years"][0]["total_eur"] == 1350185.05
    assert [one["euro"] for one in budget["now"]] == [464500, 885685.05]


def test_sources_are_named_once_and_not_on_maps(result: Path) -> None:
    """What is quoted is named with its figure and among the sources; no map shows it."""
    source = Source.from_folder(result, "nl")
    listed = gather_figures(source)["sources"]
    assert "Voorbeeld participants" in listed
    assert len(listed) == len(set(listed))
    assert "Voorbeeld" not in source.text.source


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_took_part_and_who_can_reach_are_told_apart(result: Path, language: Language) -> None:
    """No sentence of a letter speaks of both without saying which is which."""
    took = {
        "nl": r"deelnemer|deelnam|namen? .*deel\b|deelgenomen|bereikte",
        "fr": r"particip|touché",
        "en": r"participant|took part|take part|reached",
    }[language]
    can = {
        "nl": r"binnen bereik|(kan|kunnen|kunt)\b.*bereiken|bereikbaar",
        "fr": r"à portée|peu(t|vent) .*atteindre",
        "en": r"within reach|can reach",
    }[language]
    clear = {"nl": r"deelneemt", "fr": r"participe", "en": r"takes part"}[language]
    letter = build_answer(result, language=language).letter
    kinds = {"took": 0, "can": 0}
    for block in letter.blocks:
        if isinstance(block, Picture) or (
            isinstance(block, Paragraph) and block.kind == "question"
        ):
            continue
        for sentence in re.split(r"(?<=[.?!:])\s|\n", said(block)):
            both = [bool(re.search(form, sentence, re.IGNORECASE)) for form in (took, can)]
            assert both != [True, True], sentence
            kinds["took"] += both[0]
            kinds["can"] += both[1]
            if re.search(r"\bbereikt(e|en)?\b|\breached\b", sentence):
                assert re.search(rf"{took}|{clear}", sentence), sentence
    assert min(kinds.values()) > 3


def test_the_cost_of_the_model_stands_apart_from_budgets(result: Path) -> None:
    """It is named as a model, in another section than the amounts that were granted."""
    for language, model, question in (
        ("nl", "Volgens het model", 2),
        ("en", "According to the model", 2),
    ):
        parts = below(build_answer(result, language=language).letter)  # type: ignore[arg-type]
        words = load_texts(language)
        assert model not in parts[words("question.head", number=question)]
        (line,) = [one for one in parts[words("question.rest")].split("\n") if model in one]
        assert re.search(r"2[., ]000", line)


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_are_told_in_good_grammar_and_no_column_is_empty(
    result: Path, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One girl is no girls; what no row has gets no column; what the ages leave out is said."""
    figures: dict[str, Any] = gather_figures(Source.from_folder(result, language))
    one = {"children": 1, "girls": 1, "boys": 0, "with_sex": 1, "share_girls": 1.0}
    figures["participants"] |= {**one, "share_boys": 0.0, "trajectories": 1}
    figures["events"] |= {"unaged": 7}
    monkeypatch.setattr(answers, "gather_figures", lambda *_, **__: figures)
    told = "\n".join(said(block) for block in build_answer(result, language=language).letter.blocks)
    good, bad, ages, sex = {
        "nl": ("1 meisje (", "Er zijn 1", "Voor 7 is geen leeftijd", "Aandeel meisjes"),
        "fr": (
            "1 fille (",
            "ont été signalés",
            "Aucun âge n’est indiqué pour 7",
            "Part des filles",
        ),
        "en": ("1 girl (", "1 trajectories", "For 7 no age is given", "Share of girls"),
    }[language]
    assert good in told
    assert ages in told
    assert bad not in told
    whom = load_texts(language).say_count("reported.recipients", 13)
    assert (sex in told, whom in told) == (True, True)
    figures["participants"] |= {"with_sex": None, "girls": None, "boys": None}
    for row in figures["budget"]["lines"]["rows"]:
        row["recipients"] = ""
    figures["events"] |= {"count": 0, "labelled": 0, "unlabelled": 0}
    letter = build_answer(result, language=language).letter
    tables = [one.rows for one in letter.blocks if isinstance(one, Table)]
    assert all(len({len(row) for row in rows}) == 1 for rows in tables)
    told = "\n".join(said(block) for block in letter.blocks)
    heads = {"nl": "Voor wie", "fr": "Bénéficiaires", "en": "For whom"}
    assert not any(head in told.split("\n") for head in (sex, heads[language]))
    none = {"nl": "heeft er geen in 2022", "fr": "aucun en 2022", "en": "holds none in 2022"}
    assert f"{none[language]} (" in told


def test_the_only_year_of_a_file_is_told_when_it_is_another(tmp_path: Path) -> None:
    """Participants and events of 2021 alone stand in the years of an answer on 2022."""
    study = hand.write_study(tmp_path, straight_line=True)
    (study / "p.csv").write_text("academy_id;year;children\nS1;2021;10\n", encoding="utf-8")
    (study / "e.csv").write_text("date;place\n2021-05-01;Aartselaar\n", encoding="utf-8")
    toml = (study / "study.toml").read_text(encoding="utf-8")
    given = 'participants = "p.csv"\nevents = "e.csv"\n[gaps]'
    (study / "study.toml").write_text(toml.replace("[gaps]", given), encoding="utf-8")
    folder = sg.run(sg.load_study(study)).write(tmp_path / "result")
    told = gather_figures(Source.from_folder(folder, "nl"))
    assert told["participants"]["children"] is None
    assert [(one["year"], one["children"]) for one in told["participants"]["years"]] == [
        ("2021", 10)
    ]
    assert [(one["year"], one["count"]) for one in told["events"]["years"]] == [("2021", 1)]


# -- which section answers which ---------------------------------------------------------------

MARKED = """# Titel

Boven.

## Waar? {gaps}

Hiaten.

### Meer

## Hoeveel geld? {budget}

12 euro.

## Bijlagen

Lijst.
"""


def arranged(folder: Path, template: str, *questions: object, **said_: Any) -> Letter:
    """Fill a template of one's own in and arrange it by these questions."""
    (folder / "antwoord.nl.md").write_text(template, encoding="utf-8")
    asked = {"asked": dt.date(2023, 1, 1), "from": "A", "questions": questions} | said_
    letter = write_letter({"question": None}, "nl", folder)
    return arrange_letter(letter, ParliamentQuestion.model_validate(asked), "nl")


def headings(letter: Letter) -> list[str]:
    return [f"{one.level} {one.text}" for one in letter.blocks if isinstance(one, Heading)]


def test_the_words_of_a_question_choose_its_section(tmp_path: Path) -> None:
    """Below the first that asks for it; what nobody asks comes after; what follows stays last."""
    letter = arranged(tmp_path, MARKED, "Welk budget is er?", "En het budget van 2023?")
    assert headings(letter) == [
        *("1 Titel", "2 Vraag 1", "3 Hoeveel geld?", "2 Vraag 2"),
        *("2 Toelichting", "3 Waar?", "4 Meer", "2 Bijlagen"),
    ]
    assert "Zie het antwoord op vraag 1." in [said(one) for one in letter.blocks]
    assert letter.unanswered == ()
    assert letter.typed == ("12",)


def test_a_later_question_refers_to_all_that_is_above(tmp_path: Path) -> None:
    """To each question with a section that it asks for too, also below sections of its own."""
    asked = ("Welk budget is er?", "Waar zijn hiaten?", "En het budget en de hiaten van 2023?")
    told = [said(one) for one in arranged(tmp_path, MARKED, *asked).blocks]
    assert told[told.index(asked[2]) + 1] == "Zie het antwoord op vragen 1 en 2."
    told = [said(one) for one in arranged(tmp_path, MARKED, asked[0], asked[2]).blocks]
    at = told.index(asked[2])
    assert told[at + 1 : at + 3] == ["Zie ook het antwoord op vraag 1.", "Waar?"]


def test_a_question_without_an_answer_is_said(tmp_path: Path) -> None:
    """In a frame below it, and by its number; never is it silently empty."""
    letter = arranged(tmp_path, MARKED, "Wat eet men?", "Welk budget is er?")
    assert letter.unanswered == (1,)
    cautions = [
        one for one in letter.blocks if isinstance(one, Paragraph) and one.kind == "caution"
    ]
    assert [said(one) for one in cautions] == ["Deze vraag is hier nog niet beantwoord."]
    alone = arranged(tmp_path, "# T\n\n## Oud\n\nTekst.\n", "Welk budget?")
    assert (alone.unanswered, headings(alone)) == ((1,), ["1 T", "2 Vraag", "2 Oud"])


def test_the_study_and_the_template_choose_before_the_words(tmp_path: Path) -> None:
    """The study names sections of a question, a template the question of a section."""
    given = {"text": "Wat eet men?", "sections": ["budget"]}
    letter = arranged(tmp_path, MARKED, given, "Welk budget is er?")
    assert headings(letter)[1:3] == ["2 Vraag 1", "3 Hoeveel geld?"]
    marked = MARKED.replace("{budget}", "{budget 2}")
    letter = arranged(tmp_path, marked, "Welk budget is er?", "Wat eet men?")
    assert headings(letter)[1:4] == ["2 Vraag 1", "2 Vraag 2", "3 Hoeveel geld?"]
    assert letter.typed == ("12",)
    assert "Zie het antwoord op vraag 2." in [said(one) for one in letter.blocks]
    with pytest.raises(ResultError, match="answers question 2; the study asks 1"):
        arranged(tmp_path, marked, "Wat eet men?")
    with pytest.raises(ResultError, match="names a section 'geld', and no text has it; there are:"):
        arranged(tmp_path, MARKED, {"text": "a", "sections": ["geld"]})


def test_a_template_can_put_the_questions_itself(tmp_path: Path) -> None:
    """One that writes `question.questions` is left in its order, with its sections numbered."""
    own = MARKED.replace("Boven.", "{% if question %}{{ question.questions }}{% endif %}")
    letter = arranged(tmp_path, own, "Welk budget?")
    assert headings(letter)[1:4] == ["2 1. Waar?", "3 Meer", "2 2. Hoeveel geld?"]
    assert letter.unanswered == ()


def test_text_is_no_mark_and_no_markup(tmp_path: Path) -> None:
    """What data or a question says is neither a section nor markup, nor a number typed."""
    (tmp_path / "antwoord.nl.md").write_text("# T\n\n## {{ name }}\n\nx\n", encoding="utf-8")
    letter = write_letter({"name": "Aalst {budget}"}, "nl", tmp_path)
    assert [(one.text, one.key) for one in letter.blocks if isinstance(one, Heading)] == [
        ("T", ""),
        ("Aalst {budget}", ""),
    ]
    hostile = "# kop {{ 7 * 7 }} **vet** [x](http://y) | 275 {budget}\n- 3 keer"
    letter = arranged(tmp_path, MARKED, hostile, language="fr")
    quotes = [one for one in letter.blocks if isinstance(one, Paragraph) and one.kind == "question"]
    assert [said(one) for one in quotes] == hostile.split("\n")
    assert {one.language for one in quotes} == {"fr"}
    assert all(not (run.bold or run.link) for one in quotes for run in one.runs)
    assert letter.typed == ("12",)
    assert not any(isinstance(one, Item) for one in letter.blocks)


def test_each_section_of_the_package_is_known_by_words_in_each_language(result: Path) -> None:
    """The templates mark the same sections, each with words by which a question asks for it."""
    folder = Path(sg.__file__).parent / "report" / "templates"
    for path in folder.glob("*.md"):
        marks = re.findall(r"^## .*\{([a-z]+)\}$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert sorted(marks) == sorted(SECTIONS)
    for language in LANGUAGES:
        assert set(load_texts(language).list_below("question.words")) == set(SECTIONS)
    heads = headings(build_answer(result, language="nl").letter)
    assert not any(re.match(r"\d \d+\.", one) for one in heads)
