"""Words and numbers on maps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import hand
import numpy as np
import pandas as pd
import pytest

from stemgeo import speech
from stemgeo.maps import text as text_
from stemgeo.reasons import REASONS
from stemgeo.report import summary
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from stemgeo.maps.text import MapText

NL, EN = load_texts("nl"), load_texts("en")


def plain(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ")


def test_numbers_in_dutch_and_english() -> None:
    """Numbers read as in the ministry's answers: 37.376 and 62,4 %."""
    assert plain(text_.say_share(0.6243, NL)) == "62,4 %"
    assert text_.say_share(0.6243, EN) == "62.4%"
    assert text_.say_share(np.nan, NL) == "geen cijfer"


@pytest.mark.parametrize(
    ("ids", "moved", "told"),
    [
        (["S1", "P1"], ["S1"], "STEM-academie (gepland of verplaatst)"),
        (["S1"], ["S1"], "STEM-academie (verplaatst)"),
        (["P1"], [], "STEM-academie (gepland)"),
        (["P1"], None, "STEM-academie (gepland)"),
    ],
)
def test_what_a_plan_moves_is_not_called_planned(
    ids: list[str], moved: list[str] | None, told: str
) -> None:
    """It is there already; where one mark stands for both, the legend says both."""
    places = hand.academies({one: hand.spot(1, 1) for one in [*ids, "S9"]})
    places["planned"] = places["academy_id"].isin(ids)
    gone = {"academy_id": ["S9"], "change": ["closed"]}
    changes = (
        pd.concat([pd.DataFrame({"academy_id": moved, "change": "moved"}), pd.DataFrame(gone)])
        if moved is not None
        else None
    )
    marked = text_.mark_moved(places, changes)
    assert marked.loc[text_.is_moved(marked), "academy_id"].tolist() == (moved or [])
    assert text_.name_planned(marked, NL) == told


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (1249 / 2000, "62,5 %"),
        (0.6235, "62,4 %"),
        (0.62449, "62,4 %"),
        (0.99951, "99,9 %"),
        (1 - 1e-9, "99,9 %"),
        (1.0, "100,0 %"),
        (0.0, "0,0 %"),
    ],
)
def test_a_share_is_the_same_in_the_text_and_on_the_maps(share: float, told: str) -> None:
    """Halves go up as in a spreadsheet, and what is not all is never 100 %."""
    assert plain(text_.say_share(share, NL)) == told
    assert plain(summary.format_share(share, "nl")) == told


def test_percent_does_not_break() -> None:
    """A number and its sign stay on one line."""
    assert " " not in text_.say_share(0.5, NL)


def test_class_labels() -> None:
    """Bounds are written out for every class, whole or not."""
    labels = [plain(label) for label in text_.format_classes((0, 12.5, 80, 100), NL)]
    assert labels == ["0 tot 12,5 %", "12,5 tot 80 %", "80 tot 100 %"]


def test_words_for_every_reason() -> None:
    """The reasons that the gaps table gives have words, and no other has."""
    from stemgeo.reasons import REASONS

    assert set(NL.list_below("reason.name")) == set(REASONS)


EVIDENCE = {
    "straight_km": 3.46,
    "barriers": "waterway Leie; motorway E17; railway",
    "detour_factor": 2.68,
    "stretch": "Grote Steenweg",
    "stretch_m": 1896.9,
    "age_academy_id": "A1",
    "age_academy_ages": "8-12",
    "extra_min": 2.51,
    "lapsed_academy": "Techniekclub",
    "lapsed_on": "2021-12-31",
}


@pytest.mark.parametrize(
    ("reason", "dutch", "english"),
    [
        (
            "no_academy_near",
            "geen academie in de buurt (de dichtstbijzijnde op 3,5 km in vogelvlucht)",
            "no academy nearby (the nearest at 3.5 km in a straight line)",
        ),
        (
            "barrier",
            (
                "omweg rond een barrière (Leie, autosnelweg E17, spoorweg, "
                "2,7 keer zo lang als in vogelvlucht)"
            ),
            (
                "detour around a barrier (Leie, motorway E17, railway, "
                "2.7 times as long as in a straight line)"
            ),
        ),
        (
            "stress",
            "alleen over drukke wegen (het vaakst over 1.896 m Grote Steenweg)",
            "over busy roads only (most often over 1,896 m of Grote Steenweg)",
        ),
        (
            "age",
            "academie voor andere leeftijden (A1, voor 8 tot en met 12 jaar)",
            "academy for other ages (A1, for 8 to 12 years)",
        ),
        (
            "just_too_far",
            "net te ver (2,5 minuten te lang)",
            "just too far (2.5 minutes too long)",
        ),
        (
            "lapsed",
            "erkenning verlopen (Techniekclub, erkend tot en met 31 december 2021)",
            "recognition ended (Techniekclub, recognised until 31 December 2021)",
        ),
        ("too_far", "ruim te ver", "much too far"),
    ],
)
def test_a_reason_is_told_with_what_shows_it(reason: str, dutch: str, english: str) -> None:
    """In a sentence that stands alone; without evidence the reason by itself."""
    assert text_.say_gap_reason(EVIDENCE | {"reason": reason}, NL) == dutch
    assert text_.say_gap_reason(EVIDENCE | {"reason": reason}, EN) == english
    nothing = dict.fromkeys(EVIDENCE, float("nan"))
    assert text_.say_gap_reason(nothing | {"reason": reason}, NL) == dutch.partition(" (")[0]


@pytest.mark.parametrize("language", speech.LANGUAGES)
def test_a_reader_can_tell_the_reasons_apart(language: str) -> None:
    """No two have a name or a meaning in common; what is too far says by how many minutes."""
    words, study = load_texts(language), hand.study(gaps={"just_too_far_min": 2.5})
    names = [text_.say_reason(one, words) for one in REASONS]
    meanings = text_.define_reasons(REASONS, study, words)
    assert len({*names, *meanings.values()}) == 2 * len(REASONS)
    assert list(meanings) == list(REASONS)
    mark = "." if language == "en" else ","
    assert re.findall(r"[\d.,]+", meanings["just_too_far"]) == ["15", f"17{mark}5"]
    assert re.findall(r"[\d.,]+", meanings["too_far"]) == [f"17{mark}5"]
    assert list(text_.define_reasons(["too_far"], study, words)) == ["too_far"]


@pytest.mark.parametrize(
    ("reason", "of_them", "dutch", "english"),
    [
        (
            "age",
            8706,
            (
                "academie voor andere leeftijden (8.706 van de 21.133 kinderen; "
                "A1, voor 8 tot en met 12 jaar)"
            ),
            "academy for other ages (8,706 of 21,133 children; A1, for 8 to 12 years)",
        ),
        (
            "too_far",
            8706,
            "ruim te ver (8.706 van de 21.133 kinderen)",
            "much too far (8,706 of 21,133 children)",
        ),
        (
            "too_far",
            21_132,
            "ruim te ver (21.132 van de 21.133 kinderen)",
            "much too far (21,132 of 21,133 children)",
        ),
        ("too_far", 21_133, "ruim te ver", "much too far"),
    ],
)
def test_a_reason_says_of_how_many_it_is(
    reason: str, of_them: int, dutch: str, english: str
) -> None:
    """As soon as one child of the gap has another reason; when all share it, no count."""
    gap = EVIDENCE | {"reason": reason, "uncovered": 21_133, f"children_{reason}": of_them}
    assert text_.say_gap_reason(gap, NL) == dutch
    assert text_.say_gap_reason(gap, EN) == english


def test_a_reason_names_the_academy_where_names_are_known() -> None:
    """By its name, one whose recognition ended too; a number says nothing to a reader."""
    names = {"A1": "Techniekclub Leie"}
    age = text_.say_gap_reason(EVIDENCE | {"reason": "age"}, NL, names)
    assert age.endswith("(Techniekclub Leie, voor 8 tot en met 12 jaar)")
    lapsed = text_.say_gap_reason(EVIDENCE | {"reason": "lapsed"}, NL, names)
    assert lapsed == "erkenning verlopen (Techniekclub, erkend tot en met 31 december 2021)"
    by_rule = EVIDENCE | {"reason": "lapsed", "lapsed_by": "rule"}
    assert text_.say_gap_reason(by_rule, NL, names) == (
        "erkenning verlopen (Techniekclub, waarvan de erkenning naar haar duur liep tot en met "
        "31 december 2021)"
    )


def test_a_gap_in_many_municipalities_names_three() -> None:
    """The others are counted; three or fewer are all named."""
    assert text_.name_gap_places(
        {"name": "Lochristi, Laarne, Lokeren", "municipalities": 5}, NL
    ) == ("Lochristi, Laarne, Lokeren en 2 andere")
    assert text_.name_gap_places({"name": "Gent", "municipalities": 1}, NL) == "Gent"


def test_a_title_says_over_which_roads(text: MapText) -> None:
    """Where they are not all; without a year it ends with the place."""
    shown = text.showing("map.share.title", "Limburg").shown
    assert shown.endswith("kunnen bereiken, Limburg, 2022")
    quiet = replace(text, roads=" over rustige wegen", year="", minutes="20")
    shown = quiet.showing("map.share.title", "Limburg").shown
    assert "binnen 20 minuten" in shown
    assert shown.endswith("kunnen bereiken over rustige wegen, Limburg")
    assert quiet.headline == text.title
