"""The catalogues of texts: the same in each language, all used, none missing."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from stemgeo.speech import LANGUAGES, held_together
from stemgeo.texts import load_texts
from stemgeo.texts.wording import FORMS

HOME = Path(__file__).parents[2] / "stemgeo"
KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")


@cache
def forms(language: str) -> dict[str, tuple[str, ...]]:
    """Give each text of a catalogue, in each of its forms."""
    with (HOME / "texts" / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    found = {}
    for one in catalogue:
        if one.id:
            key = one.id if isinstance(one.id, str) else one.id[0]
            assert key not in found, f"{key} stands twice"
            found[key] = (one.string,) if isinstance(one.string, str) else tuple(one.string or ())
    return found


def placeholders(text: str) -> set[str]:
    """Give the names of the parts of a text, but for the words of a study: grammars differ."""
    names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return {one for one in names if "|" not in one and one[0].lower() + one[1:] not in FORMS}


@cache
def named() -> tuple[set[str], set[str], set[str]]:
    """Give the keys that the package names, the beginnings it adds to, and what it asks at once."""
    whole, begun, asked = set(), set(), set()
    for path in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
            elif isinstance(node, ast.Constant) and KEY.fullmatch(str(node.value)):
                whole.add(str(node.value))
            elif isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                first = [str(one.value) for one in node.args[:1] if isinstance(one, ast.Constant)]
                if called == "list_below":
                    begun |= {f"{one}." for one in first}
                elif called in ("text", "words", "say_count"):
                    asked |= {one for one in first if KEY.fullmatch(one)}
    return whole, begun, asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_texts_with_the_same_parts(language: str) -> None:
    """No text is missing in a language, none is empty, and each has the parts of the others."""
    ours, dutch = forms(language), forms("nl")
    assert ours.keys() == dutch.keys()
    for key, written in ours.items():
        assert all(written), f"{key} is empty"
        assert (len(written) > 1) == (len(dutch[key]) > 1), f"{key} counts in one alone"
        parts = [placeholders(text) - {"count"} for text in (*written, *dutch[key])]
        assert all(one == parts[0] for one in parts), f"{key}: {parts}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_has_each_form_of_its_language(language: str) -> None:
    """A text of so many has as many forms as its language has, the last of them with the count.

    Of places it may stand in a part of its own, "2 academies", or in the list below it.
    """
    many = get_plural(language).num_plurals
    for key, written in forms(language).items():
        if len(written) > 1:
            assert len(written) == many, key
            counted = {
                "plan.for": "{places}",
                "plan.random": "",
                "plan.cost": "",
                "plan.cost_own": "",
                "publish.no_gaps": "{least}",
                "publish.no_quiet_gaps": "{least}",
                "question.see": "{number}",
                "question.see_also": "{number}",
            }
            assert counted.get(key, "{count}") in written[-1], key


def test_each_language_has_its_catalogue() -> None:
    """There is a file for each language that is spoken, and no other."""
    assert {path.stem for path in (HOME / "texts").glob("*.po")} == set(LANGUAGES)


def test_each_text_is_used_and_each_that_is_asked_for_is_there() -> None:
    """No catalogue has a text that nothing asks for; no key is asked for that none has."""
    whole, begun, asked = named()
    keys = forms("nl").keys()
    beginnings = tuple(one for one in begun if KEY.fullmatch(f"{one}x"))
    assert not {key for key in keys - whole if not key.startswith(beginnings)}
    assert not asked - keys


def test_a_text_is_filled_in_and_counted_as_its_language_does() -> None:
    """A figure stands in the text as the language writes it; what is not there is told."""
    assert load_texts("fr")("gaps.drawn.cells", cell="250").startswith(
        "Tracé autour des mailles de 250"
    )
    assert load_texts("fr")("gaps.drawn.counted") == held_together(
        " ; ce tracé ne sert pas au comptage.", "fr"
    )
    with pytest.raises(KeyError):
        load_texts("nl")("gaps.drawn.nothing")
