"""The words for what is sought: each form that a sentence of each language needs."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from test_texts import forms as forms_of_catalogue

from stemgeo.notes import Note, say, say_count, say_several, tell_notes
from stemgeo.speech import LANGUAGES
from stemgeo.study import MODES, DutchWords, EnglishWords, FrenchWords
from stemgeo.texts import load_texts
from stemgeo.texts.wording import FORMS, STEM_ACADEMY, Tongue, Wording, build_forms

OF = {"nl": DutchWords, "fr": FrenchWords, "en": EnglishWords}
LIBRARY: dict[str, dict[str, Any]] = {
    "nl": {"singular": "bibliotheek", "plural": "bibliotheken", "article": "de"},
    "fr": {"singular": "bibliothèque", "plural": "bibliothèques", "article": "une"},
    "en": {"singular": "library", "plural": "libraries"},
}
PARK: dict[str, dict[str, Any]] = {
    "nl": {"singular": "park", "plural": "parken", "article": "het", "label": "erkend",
           "label_noun": "de erkenning"},
    "fr": {"singular": "parc", "plural": "parcs", "article": "un", "label": "reconnu",
           "label_noun": "un agrément"},
    "en": {"singular": "park", "plural": "parks"},
}  # fmt: skip
SCHOOL = {"singular": "école", "plural": "écoles", "article": "une"}


def tongue(language: str, words: dict[str, Any], mode: str = "bicycle") -> Tongue:
    """Speak a language in words as a study gives them."""
    return Tongue(language, Wording(OF[language](**words).to_words(), mode))


@pytest.mark.parametrize(
    ("language", "words", "key", "told"),
    [
        ("nl", LIBRARY["nl"], "web.isochrones", "Fietstijd tot de dichtstbijzijnde bibliotheek"),
        ("nl", PARK["nl"], "web.isochrones", "Fietstijd tot het dichtstbijzijnde park"),
        ("nl", LIBRARY["nl"], "map.change.new_academy", "nieuwe bibliotheek"),
        ("nl", PARK["nl"], "map.change.new_academy", "nieuw park"),
        ("nl", PARK["nl"], "map.change.lost_academy", "park dat er niet meer is"),
        ("nl", PARK["nl"], "recognition.dated.some_one", "erkend "),
        ("nl", PARK["nl"], "recognition.dated.some", "erkende "),
        ("nl", LIBRARY["nl"], "recognition.dated.some", "open "),
        ("nl", LIBRARY["nl"], "head.academies", "Bibliotheken"),
        ("nl", LIBRARY["nl"], "assumption.recognition", "duur van een openstelling"),
        ("fr", LIBRARY["fr"], "web.isochrones",
         "Temps à vélo jusqu’à la bibliothèque la plus proche"),
        ("fr", PARK["fr"], "web.isochrones", "Temps à vélo jusqu’au parc le plus proche"),
        ("fr", SCHOOL, "web.isochrones", "Temps à vélo jusqu’à l’école la plus proche"),
        ("fr", PARK["fr"], "map.change.new_academy", "nouveau parc"),
        ("fr", {"singular": "hôpital", "plural": "hôpitaux", "article": "un", "elision": True},
         "map.change.new_academy", "nouvel hôpital"),
        ("fr", {"singular": "halle", "plural": "halles", "article": "une", "elision": False},
         "reason.name.no_academy_near", "pas de halle à proximité"),
        ("fr", SCHOOL, "reason.name.no_academy_near", "pas d’école à proximité"),
        ("fr", LIBRARY["fr"], "reason.name.no_academy_near", "pas de bibliothèque à proximité"),
        ("fr", PARK["fr"], "web.beyond", "aucun parc à portée"),
        ("fr", PARK["fr"], "web.academies_planned", "Parcs (prévus)"),
        ("fr", PARK["fr"], "reason.name.lapsed", "agrément échu"),
        ("fr", LIBRARY["fr"], "reason.name.lapsed", "période d’ouverture échue"),
        ("fr", PARK["fr"], "recognition.dated.some", " reconnus"),
        ("fr", LIBRARY["fr"], "recognition.dated.some", " ouvertes"),
        ("en", LIBRARY["en"], "head.has_academy", "Has a library"),
        ("en", {"singular": "office", "plural": "offices"}, "head.has_academy", "Has an office"),
        ("en", {"singular": "NHS centre", "plural": "NHS centres", "article": "an"},
         "head.has_academy", "Has an NHS centre"),
        ("en", PARK["en"], "web.academies", "Parks"),
    ],
)  # fmt: skip
def test_a_text_takes_the_form_that_its_language_needs(
    language: str, words: dict[str, Any], key: str, told: str
) -> None:
    """Gender, articles, elision, agreement and capitals, for words of either gender."""
    assert load_texts(tongue(language, words))(key) == told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", MODES)
def test_each_form_that_a_text_names_is_there_in_its_language(language: str, mode: str) -> None:
    """No text keeps a form in braces, whatever is sought and however one gets there."""
    for words in (LIBRARY[language], PARK[language]):
        spoken = load_texts(tongue(language, words, mode))
        assert spoken.forms.keys() <= FORMS
        for key, written in forms_of_catalogue(language).items():
            for text in written:
                filled = spoken._fill(text)
                left = {one.lower() for one in re.findall(r"\{([A-Za-z_|]+)\}", filled)}
                assert not left & FORMS, f"{key}: {left}"
                assert "|" not in filled, key


def test_what_is_sought_is_a_stem_academy_unless_a_study_says_otherwise() -> None:
    """A plain language has the words for STEM academies."""
    assert load_texts("nl")("map.reach.none") == "geen STEM-academie"
    assert load_texts("fr")("web.isochrones").endswith("jusqu’à l’académie STEM la plus proche")
    assert build_forms("en", STEM_ACADEMY["en"])["a_short"] == "an academy"


def test_a_note_is_told_in_the_words_of_the_study() -> None:
    """Where no words are, the note stands in the language that has some; data stays as it is."""
    name = "Park {shorts} \ue000short\ue001"
    what = say(
        "{number} near {name}: {a_facility}", "{number} bij {name}: {nieuwe|nieuw} {facility}",
        "{number} près de {name} : {un|une} {facility}", number=say_count(2, "academy"), name=name,
    )  # fmt: skip
    note = Note(say_several("academy"), what)
    assert str(note).startswith("academies: 2 academies near Park {shorts} short: a STEM academy")
    (told,) = tell_notes([note], [tongue("nl", PARK["nl"])])
    assert told.to_text("nl") == "parken: 2 parken bij Park {shorts} short: nieuw park"
    assert str(told) == told.to_text("nl")


def test_a_language_keeps_its_words_when_it_is_copied() -> None:
    """It equals the plain language, and lasts through copies and other processes."""
    spoken = tongue("nl", PARK["nl"])
    assert spoken == "nl"
    for one in (copy.deepcopy(spoken), pickle.loads(pickle.dumps(spoken))):  # noqa: S301
        assert one.wording == spoken.wording


def test_a_language_is_asked_of_the_study_alone() -> None:
    """Whoever took `output.language` would lose the words of the study."""
    home = Path(__file__).parents[2] / "stemgeo"
    asked = re.compile(r"output\.language")
    found = {
        path.name: asked.findall(path.read_text("utf-8"))
        for path in home.rglob("*.py")
        if path.name not in ("study.py", "tables.py")
    }
    assert not any(found.values())


OF_STEM = re.compile(
    r"(?i)\bstem[- ]|\bacadem(?:y|ies?)\b|\bacadémies?\b|\berken(?:d|ning)|recogni[st]|"
    r"reconnu|reconnaissance"
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_catalogue_names_what_is_sought(language: str) -> None:
    """But for figures reported of STEM academies, and words by which a question is known."""
    reported = {"trend.reported_note", "chart.trend.sources"}
    found = {
        key: text
        for key, written in forms_of_catalogue(language).items()
        for text in written
        if not key.startswith("question.words.") and OF_STEM.search(re.sub(r"\{\w*\}", "", text))
    }
    assert found.keys() == reported


def test_no_note_names_what_is_sought() -> None:
    """What is said beside its cause has the words of the study too."""
    found = [
        f"{path.name}, line {call.lineno}: {one.value}"
        for path in (Path(__file__).parents[2] / "stemgeo").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("say", "Said")
        for one in ast.walk(call)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
        if OF_STEM.search(re.sub(r"\{\w*\}|academies\.\w+|academy_id", "", one.value))
        and one.value != "academy"  # the key of `say_count`
        and path.name != "beginning.py"  # a study that is new is of STEM academies
    ]
    assert found == []


def test_no_text_has_a_part_that_is_called_as_a_form() -> None:
    """A word of the study would stand where a figure or a name is due."""
    found = [
        f"{path.name}: {word.arg}"
        for path in (Path(__file__).parents[2] / "stemgeo").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", getattr(call.func, "id", ""))
        in ("say", "text", "words", "say_count")
        for word in call.keywords
        if word.arg and word.arg.lower() in FORMS
    ]
    assert found == []


@pytest.mark.parametrize(
    ("noun", "elided", "told"),
    [
        ("une habilitation", True, "l’habilitation"),
        ("une homologation", True, "l’homologation"),
        ("une halte", False, "la halte"),
        ("un agrément", None, "l’agrément"),
    ],
)
def test_the_noun_of_a_label_is_elided_as_the_study_says(
    noun: str, told: str, *, elided: bool | None
) -> None:
    """Where its first letter does not tell; asked for, and refused where it changes nothing."""
    words = {**LIBRARY["fr"], "label": "habilitée", "label_noun": noun, "label_elision": elided}
    made = FrenchWords.model_validate(words).to_words()
    assert build_forms("fr", made)["the_noun"] == told
    other = True if elided is None else None
    why = "changes nothing" if elided is None else "is missing: whether l’ and d’ stand before"
    with pytest.raises(ValueError, match=f"label_elision: {why}"):
        FrenchWords.model_validate(words | {"label_elision": other})


@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_e_bike_has_a_word_of_its_own(language: str) -> None:
    """Its speed is not called that of a bicycle."""
    told = {
        mode: load_texts(Tongue(language, Wording(STEM_ACADEMY[language], mode)))(
            "assumption.speed"
        )
        for mode in ("bicycle", "e-bike", "foot")
    }
    assert len(set(told.values())) == 3
