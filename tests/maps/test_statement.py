"""The accessibility statement of the web map."""

from __future__ import annotations

import pytest

from stemgeo.maps.statement import AXE, write_statement
from stemgeo.speech import LANGUAGES
from stemgeo.study import Publisher
from stemgeo.texts import load_texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_has_what_the_model_asks(language: str) -> None:
    """Decree, directive, norm, how far it conforms, how that was found, and where to go."""
    publisher = Publisher(name="Departement Proef", contact="toegankelijk@proef.be")
    parts = write_statement("Wie raakt er?", publisher, load_texts(language))
    assert [bool(part.heading) for part in parts] == [False, *[True] * 5]
    said = " ".join(line for part in parts for line in part.lines)
    for told in (
        "Departement Proef",
        "Wie raakt er?",
        "Bestuursdecreet",
        "2016/2102",
        "EN 301 549",
        "WCAG",
        "2.1",
        "AA",
        "2026",
        f"axe-core {AXE}",
        "toegankelijk@proef.be",
        "Vlaamse Ombudsdienst",
    ):
        assert told in said.replace("\N{NO-BREAK SPACE}", " ")
    assert "[" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_no_study_says_is_left_open_and_said(language: str) -> None:
    """Body and contact stand in square brackets then, and a line says who fills them in."""
    words = load_texts(language)
    first, *_, contact, _ = write_statement("T", None, words)
    assert first.lines[0].startswith("[")
    assert "[" in contact.lines[0]
    assert first.lines[1] == words("web.statement.unfilled")
