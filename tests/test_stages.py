"""What long work tells of itself: stages in their order, counted off, said in three languages."""

from __future__ import annotations

from stemgeo.notes import Said, say
from stemgeo.speech import LANGUAGES
from stemgeo.stages import (
    DRAWING_MAPS,
    MEASURING_YEARS,
    READING_FILES,
    STAGES,
    TRAVEL_TIMES,
    count_off,
    needs_search,
    tell_between,
)


def test_things_are_counted_off_in_each_language() -> None:
    """Which of how many, with the stage that they are of; or in words of their own."""
    third = count_off(DRAWING_MAPS, 3, 1300)
    assert [third.to_text(one) for one in ("en", "nl", "fr")] == [
        "Drawing maps (3 of 1,300)",
        "Kaarten tekenen (3 van 1.300)",
        "Dessin des cartes (3 sur 1\N{NARROW NO-BREAK SPACE}300)",
    ]
    assert third.stage == DRAWING_MAPS
    named = count_off(MEASURING_YEARS, 1, 2, say("2021", "2021", "2021"))
    assert (named.nl, named.stage) == ("2021 (1 van 2)", MEASURING_YEARS)


def test_a_part_tells_how_far_the_whole_is() -> None:
    """From 0 to 1 of its own, it goes from where it begins to where it ends."""
    told: list[tuple[Said, float]] = []
    part = tell_between(lambda what, share: told.append((what, share)), 0.5, 0.7)
    for share in (0.0, 0.5, 1.0):
        part(DRAWING_MAPS, share)
    assert told == [(DRAWING_MAPS, share) for share in (0.5, 0.6, 0.7)]


def test_the_stages_of_a_command_are_told_apart() -> None:
    """No two of a command have the same words, in any language: their number follows from them."""
    for command, stages in STAGES.items():
        for language in LANGUAGES:
            assert len({one.to_text(language) for one in stages}) == len(stages), command


def test_only_a_search_of_roads_is_compiled() -> None:
    """What measures needs it, what draws or writes does not."""
    assert needs_search([READING_FILES, TRAVEL_TIMES])
    assert [name for name, stages in STAGES.items() if not needs_search(stages)] == [
        *("check", "batch", "compare", "answer", "publish", "map"),
    ]
