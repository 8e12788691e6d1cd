"""What outputs say of quiet roads: for whom they are quiet enough, never who is allowed there."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from stemgeo.profiles import QUIET, ROADS
from stemgeo.report import annex, summary
from stemgeo.report.plan import say_over_roads
from stemgeo.texts import load_texts

HERE = Path(__file__).parents[1]
TEXTS = [
    *(HERE / name for name in ("README.md", "CONTRIBUTING.md")),
    *(
        path
        for folder in ("stemgeo", "docs", "data", "notebooks")
        for path in sorted((HERE / folder).rglob("*"))
        if path.suffix in (".py", ".md", ".toml", ".ipynb", ".html", ".js")
    ),
]
TABLE = pd.DataFrame(
    {
        "code": ["VLG"],
        "name": ["Vlaanderen"],
        "children": [10],
        "covered": [6],
        "uncovered": [4],
        "unmeasured": [0],
        "share": [0.6],
        "share_low": [0.5],
        "share_high": [0.7],
        "share_low_stress": [0.4],
        "share_quiet_1": [0.1],
    }
)


def test_no_text_gives_an_age_or_the_law_for_a_level_of_stress() -> None:
    """No level is that of a child of nine, and stress says not who may ride where."""
    wrong = re.compile(
        r"kind van negen|child of nine|negen jaar|ook een kind .{0,20}mag", re.IGNORECASE
    )
    found = [path.name for path in TEXTS if wrong.search(path.read_text(encoding="utf-8"))]
    assert len(TEXTS) > 100
    assert found == []


LINES = {
    "nl": """
Op rustige wegen: alleen over wegen die rustig genoeg zijn voor de meeste volwassenen en voor \
kinderen die het verkeer aankunnen (verkeersstress 1 en 2; Mekuria, Furth en Nixon, 2012).
Op zeer rustige wegen: alleen over wegen die rustig genoeg zijn voor kinderen (verkeersstress 1; \
Mekuria, Furth en Nixon, 2012).
Welke wegen rustig zijn, zeggen de strenge regels van de Bicycle Network Analysis (PeopleForBikes).
""",
    "en": """
On quiet roads: only over roads quiet enough for most adults and for children who can cope with \
traffic (level of traffic stress 1 and 2; Mekuria, Furth and Nixon, 2012).
On very quiet roads: only over roads quiet enough for children (level of traffic stress 1; \
Mekuria, Furth and Nixon, 2012).
Which roads are quiet is said by the strict rules of the Bicycle Network Analysis (PeopleForBikes).
""",
}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_summary_says_for_whom_the_roads_are_quiet_enough(language: str) -> None:
    """Two levels for most adults, one for children, and by whose rules; none without the share."""
    lines = LINES[language].strip().splitlines()
    assert summary.say_quiet_roads(TABLE, language, "bna") == lines
    less = TABLE.drop(columns="share_quiet_1")
    assert summary.say_quiet_roads(less, language, "bna") == [lines[0], lines[2]]
    none = less.drop(columns="share_low_stress")
    assert summary.say_quiet_roads(none, language, "bna") == []


@pytest.mark.parametrize(
    ("language", "heads"),
    [
        ("nl", {"op rustige wegen": "40,0 %", "op zeer rustige wegen": "10,0 %"}),
        ("en", {"on quiet roads": "40.0%", "on very quiet roads": "10.0%"}),
    ],
)
def test_both_shares_stand_side_by_side(language: str, heads: dict[str, str]) -> None:
    """The share over level 1 beside that over levels 1 and 2, each under its own head."""
    shown = summary.format_coverage(TABLE, language, "region")
    assert shown.iloc[0, -2:].to_dict() == heads


@pytest.mark.parametrize("language", ["nl", "en", "fr"])
def test_every_part_of_a_report_has_words_for_every_profile(language: str) -> None:
    """The summary, the annex and a plan call the roads of a profile alike."""
    for name, one in QUIET.items():
        roads = one.roads.to_text(language)
        assert annex.KINDS[f"share_{name}"] == "share"
        assert summary.list_short_heads(load_texts(language))[f"share_{name}"].endswith(roads)
        assert say_over_roads(name, language) == load_texts(language)("plan.over", roads=roads)
    assert say_over_roads("all", language) == ""
    assert list(ROADS) == ["all", "low_stress", "quiet_1"]
