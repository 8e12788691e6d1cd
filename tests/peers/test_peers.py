"""What `make peers` found still holds for the rules of today; Valhalla itself is not run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from classes import KINDS, REASONS, TO_WEIGH, kind_of, kind_of_node
from lab import kept_answers
from page import lab_table

from stemgeo.network import bicycle

PAGE = (Path(__file__).parents[2] / "docs" / "peers.md").read_text(encoding="utf-8")


def part(heading: str) -> list[str]:
    """Give the lines of the page below a heading."""
    return re.split(r"^#+ ", PAGE.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0].splitlines()


def test_tag_by_tag_the_page_tells_the_rules_of_today() -> None:
    """Held against what Valhalla said of some 2,800 combinations; else `make peers`."""
    table = [line for line in part("Tag by tag") if line.startswith("|")]
    assert table == [line for line in lab_table(kept_answers()) if line]


def test_no_difference_is_left_to_be_weighed() -> None:
    """Each is in a class with a verdict: in the table of classes, and tag by tag."""
    met = {line.split(" | ")[0].strip("| ") for line in part("Classes of difference")[3:]}
    met |= set(kept_answers().difference.kinds)
    assert not {name for name in met & REASONS.keys() if REASONS[name].verdict == TO_WEIGH}
    assert "and 0 for none that was found." in part("Conclusions")[1]


def test_the_page_explains_each_class_that_it_met() -> None:
    """In the words of today, each with its source."""
    told = part("What each is, and what we make of it")
    known = {f"- **{k.name}**: {k.what} *{k.verdict}* ({k.source}.)": k for k in REASONS.values()}
    assert {line for line in told if line} <= known.keys()
    met = {known[line].name for line in told if line}
    assert set(kept_answers().difference.kinds) <= met


@pytest.mark.parametrize(
    ("text", "theirs", "kind"),
    [
        ("highway=residential", (True, True), None),
        ("highway=residential access=private", (True, True), "private"),
        ("highway=residential access=staff", (True, True), "for others than a child"),
        ("highway=primary vehicle=delivery", (True, True), "delivery"),
        ("highway=residential vehicle=no", (False, False), "pushing where bicycles are barred"),
        ("highway=pedestrian area=yes bicycle=yes", (None, None), "rim of a square"),
        ("highway=residential oneway=yes", (True, False), "pushing against a one-way street"),
        ("highway=tertiary building=house", (None, None), "closed way that is an area too"),
        ("highway=residential", (None, None), "not in Valhalla's tiles"),
        ("highway=construction", (True, True), "open to Valhalla alone"),
    ],
)
def test_a_way_falls_in_a_class(
    text: str, theirs: tuple[bool | None, bool | None], kind: str | None
) -> None:
    """By its tags, and by what either engine does against its drawn direction."""
    tags = dict(part.split("=") for part in text.split())
    assert kind_of(tags, bicycle.classify_way(tags), theirs, 1) == kind
    assert kind is None or kind in KINDS


@pytest.mark.parametrize(
    ("text", "passes", "kind"),
    [
        ("barrier=gate", True, None),
        ("barrier=stile;gate", True, "barrier that no bicycle passes"),
        ("barrier=gate access=private", True, "barrier that is closed or locked"),
        ("barrier=gate locked=yes", True, "barrier that is closed or locked"),
        ("barrier=gate vehicle=no", False, "barrier passed on foot"),
        ("highway=traffic_signals bicycle=no", False, "node that is no barrier"),
        ("barrier=bollard", False, "node open to us alone"),
    ],
)
def test_a_node_falls_in_a_class(text: str, passes: bool, kind: str | None) -> None:  # noqa: FBT001
    """By its barrier and by who may pass."""
    assert kind_of_node(dict(part.split("=") for part in text.split()), passes=passes) == kind
    assert kind is None or kind in KINDS
