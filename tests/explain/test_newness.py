"""Facts about what is new on the ground, and what in the data alone: only dates tell."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import hand
import pytest

import stemgeo as sg
from stemgeo.explain.newness import judge_date

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.report.bridge import Explanation

FIRST, LAST = dt.date(2020, 1, 1), dt.date(2022, 12, 31)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2021", "ground"),
        ("2020-01", "unknown"),
        ("2020-01-01", "data"),
        ("2020-01-02", "ground"),
        ("2022-12", "ground"),
        ("2022-12-31", "ground"),
        ("2019", "data"),
        ("1950", "data"),
        ("2023", "unknown"),
        ("~2021", "unknown"),
        ("2021-13", "unknown"),
        ("", "unknown"),
        ("٢٠٢١", "unknown"),
    ],
)
def test_a_date_tells_where_a_road_is_new(text: str, told: str) -> None:
    """After the first day, up to the last; a year that holds the first day says nothing."""
    assert judge_date(text, FIRST, LAST) == told
    assert judge_date(text, LAST, FIRST) == told


def rows(found: Explanation, part: str) -> list[tuple[object, ...]]:
    table = found.new[found.new["part"] == part]
    return sorted(table.drop(columns="part").itertuples(index=False, name=None), key=str)


def test_academies_are_new_by_their_dates(tmp_path: Path) -> None:
    """Since then, earlier and not in the register of then, and without a date; gone likewise."""
    a = hand.write_study(tmp_path / "a", straight_line=True)
    b = hand.write_study(tmp_path / "b", straight_line=True)
    register = "academy_id;naam;x;y;valid_from;valid_until\n"
    (a / "academies.csv").write_text(
        register
        + "K;Blijft;151000;201000;01/01/2019;\n"
        + "W;Weg;152000;201000;;\n"
        + "L;Liep af;153000;201000;01/01/2019;30/06/2022\n",
        encoding="utf-8",
    )
    (b / "academies.csv").write_text(
        register
        + "K;Blijft;151000;201000;01/01/2019;31/12/2024\n"
        + "L;Liep af;153000;201000;01/01/2019;30/06/2022\n"
        + "N;Nieuw;154000;201000;01/03/2022;\n"
        + "V;Vroeger;155000;201000;01/03/2019;31/12/2024\n"
        + "D;Zonder;156000;201000;;\n",
        encoding="utf-8",
    )
    path = a / "study.toml"
    text = path.read_text("utf-8").replace("2022-12-31", "2020-06-30", 1)
    path.write_text(text + "[academies]\nrecognition_years = 5\n", encoding="utf-8")
    path = b / "study.toml"
    path.write_text(
        path.read_text("utf-8") + "[academies]\nrecognition_years = 5\n", encoding="utf-8"
    )
    found = sg.explain(a, b)
    told = [one[:3] for one in rows(found, "academies")]
    assert told == [
        ("gone", "ground", 1),
        ("gone", "unknown", 1),
        ("new", "data", 1),
        ("new", "ground", 1),
        ("new", "unknown", 1),
    ]


def test_academies_elsewhere_are_no_news_of_an_area(tmp_path: Path) -> None:
    """Who stops in another municipality than those of the study is not told of it."""
    folders = [hand.write_study(tmp_path / one, straight_line=True) for one in "ab"]
    for folder, gone in zip(folders, ("", "31/12/2021"), strict=True):
        path = folder / "study.toml"
        text = path.read_text("utf-8").replace("date = 2022", 'area = ["11001"]\ndate = 2022', 1)
        path.write_text(text, encoding="utf-8")
        register = [f"{at};{at};{at};201000;01/06/2021;{gone}" for at in (151000, 171000, 172000)]
        text = "\n".join(["academy_id;naam;x;y;valid_from;valid_until", *register])
        (folder / "academies.csv").write_text(text, encoding="utf-8")
    assert [one[:3] for one in rows(sg.explain(*folders), "academies")] == [("gone", "data", 1)]


def test_roads_are_new_by_their_tags(tmp_path: Path) -> None:
    """Of the ways that A has not; a way with another number over the same ground is not new."""
    a, b = hand.write_study(tmp_path / "a"), hand.write_study(tmp_path / "b")
    path = b / "wegen.osm"
    text = path.read_text("utf-8").replace('<way id="5"', '<way id="500"')
    assert '<way id="27"' in text
    text = text.replace('<way id="27"', '<way id="600"')  # the road to the east
    text = text.replace('v="tertiary"/>', 'v="tertiary"/><tag k="start_date" v="2021-06"/>')
    path.write_text(text, encoding="utf-8")
    path = a / "wegen.osm"
    text = path.read_text("utf-8")
    at = text.index('<way id="27"')
    path.write_text(text[:at] + "</osm>", encoding="utf-8")
    path = a / "study.toml"
    path.write_text(path.read_text("utf-8").replace("2022-12-31", "2020-12-31", 1), "utf-8")
    found = sg.explain(a, b)
    ((change, told, number, length_m),) = rows(found, "roads")
    assert (change, told, number) == ("new", "ground", 1)
    assert length_m == pytest.approx(6000, rel=0.001)
    assert "1 sindsdien aangelegd (6,0 km)" in found.write(tmp_path / "out").joinpath(
        "summary.md"
    ).read_text("utf-8")
