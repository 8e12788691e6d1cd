"""How sure a share is, drawn: each bar and line is the figure of a table of the result."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sheets import collisions, left_over, with_long_texts, written

from stemgeo.errors import ResultError
from stemgeo.maps import kinds
from stemgeo.maps.certainty import LINES
from stemgeo.maps.sheet import Ground
from stemgeo.speech import LANGUAGES

if TYPE_CHECKING:
    import geopandas as gpd

    from stemgeo.maps.text import MapText

PLACES = (("region", "VLG", 0.0), ("province", "Limburg", -0.1))
ENDS = {
    "speed": ("travel.bands at their low", 0.27, "travel.bands at their high", 0.49),
    "door": ("60 s at the doors", 0.35, "0 s at the doors", 0.39),
    "walking": ("travel.walking_speed_ms = 0.9", 0.38, "travel.walking_speed_ms = 1.6", 0.4),
    "waiting": ("travel.signal_s = 20, travel.crossing_s = 10", 0.37, "travel.signal_s = 0", 0.39),
    "recognition": ("as the study has it", 0.39, "academies.recognition_years = 3", 0.41),
    "dates": ("3 without a date do not count", 0.33, "3 without a date count", 0.39),
    "detour": ("travel.detour_factor = 1.4", 0.36, "travel.detour_factor = 1.2", 0.42),
    "placing": ("demand.method = centroid", 0.3, "demand.method = grid", 0.39),
    "surfaces": ("where no surface is tagged", 0.39, "where no surface is tagged", 0.39),
    "together": ("all low ends", 0.15, "all high ends", 0.52),
}
QUIET = {
    "map": ("where no maxspeed is tagged", 0.15, "where no maxspeed is tagged", 0.34),
    "rules": ("travel.stress_rules = bna", 0.16, "travel.stress_rules = default", 0.2),
}


def result(cutoff: float = 15.0, last: int = 30, parts: Any = ENDS) -> Any:
    """Give the tables of a study whose share is 39 %, over quiet roads 19 %; Limburg is behind."""
    bars, cover, times = [], [], []
    for level, code, less in PLACES:
        for profile, share in (("all", 0.39), ("low_stress", 0.19)):
            place = {"level": level, "code": code, "profile": profile}
            known = {"band": "all", "scenario": "central", "share": share + less}
            cover.append({**place, **known})
            for part, ends in (parts if profile == "all" else QUIET).items():
                for end, value, at in (("low", *ends[:2]), ("high", *ends[2:])):
                    named = {"part": part, "end": end, "value": value}
                    bars.append({**place, **named, "share": at + less})
            for convention in ("study", "flat_15_kmh"):
                if profile == "all" or convention == "study":
                    minutes = {
                        f"share_{n:02}_min": n / 40 * share if n <= last else np.nan
                        for n in range(1, 31)
                    }
                    times.append({**place, "band": "all", "convention": convention, **minutes})
    travel = SimpleNamespace(cutoff_min=cutoff, horizon_min=60.0)
    tables = {"uncertainty": bars, "coverage": cover, "times": times}
    return SimpleNamespace(
        study=SimpleNamespace(travel=travel), **{k: pd.DataFrame(v) for k, v in tables.items()}
    )


@pytest.fixture
def ground(municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText) -> Ground:
    """The land on a grid."""
    return Ground(municipalities, academies, text)


def test_the_widest_bar_stands_first_and_all_together_last(ground: Ground) -> None:
    """Rows in the order of what each does; each end is on the picture as the table has it."""
    drawn = kinds.tornado.draw_map(ground, tables=result())
    table, said = drawn.table, written(drawn.figure)
    wide = (table["share_high"] - table["share_low"]).round(9).tolist()
    assert table["part"].iloc[[0, -1]].tolist() == ["speed", "together"]
    assert wide[:-1] == sorted(wide[:-1], reverse=True)
    assert set(table["share"]) == {0.39}
    for part, (_, low, _, high) in ENDS.items():
        row = table.set_index("part").loc[part]
        assert (row["share_low"], row["share_high"]) == (low, high)
        for share in (low, high):
            assert f"{share * 100:.1f} %".replace(".", ",") in said
    assert "In de studie 39,0 %" in said
    assert "van 60 tot 0 seconden per rit" in said
    assert "van 0,9 tot 1,6 meter per seconde" in said
    assert not any("jaar, waar alleen" in one for one in said)  # one end is that of the study


def test_bars_are_of_the_place_and_the_roads(ground: Ground) -> None:
    """A province has its own; over quiet roads so do the map and the rules."""
    limburg = replace(ground, province="Limburg")
    table = kinds.tornado.draw_map(limburg, tables=result(), by="low_stress").table
    assert table["part"].tolist() == ["map", "rules"]
    assert table["share_low"].round(9).tolist() == [0.05, 0.06]
    assert table["share"].round(9).tolist() == [0.09, 0.09]
    assert set(table["profile"]) == {"low_stress"}


def test_what_was_not_measured_is_said(ground: Ground) -> None:
    """Some assumptions are told to be some; without any there is one line that says what to do."""
    some = {part: ENDS[part] for part in ("speed", "door")}
    drawn = kinds.tornado.draw_map(ground, tables=result(parts=some))
    assert "De andere aannames zijn voor dit resultaat niet gemeten." in drawn.alt
    with pytest.raises(ResultError, match="stemgeo run --uncertainty"):
        kinds.tornado.draw_map(ground, tables=result(), by="quiet_1")
    nothing = result()
    nothing.times = nothing.times.head(0)
    with pytest.raises(ResultError, match="no shares by minute of Vlaanderen; run the study again"):
        kinds.by_minute.draw_map(ground, tables=nothing)
    edge = replace(ground, edge=ground.municipalities.boundary)
    with pytest.raises(ResultError, match="has no ground; leave --isochrones out"):
        kinds.tornado.draw_map(edge, tables=result())


def test_lines_are_the_shares_of_the_table(ground: Ground) -> None:
    """Over all roads, over quiet ones, and at one speed for all; the range stands at 15 minutes."""
    drawn = kinds.by_minute.draw_map(ground, tables=result())
    table = drawn.table
    assert list(table.groupby(["profile", "convention"]).size()) == [30, 30, 30]
    lines = [one for one in drawn.figure.axes[1].lines if len(one.get_xdata()) == 30]
    drawn_shares = sorted(tuple(one.get_ydata()) for one in lines)
    of_table = [tuple(rows["share"]) for _, rows in table.groupby(["profile", "convention"])]
    assert drawn_shares == sorted(of_table)
    at = table.dropna(subset="share_low")
    assert at[["minutes", "convention", "profile"]].values.tolist() == [[15, "study", "all"]]
    assert at[["share_low", "share_high"]].values.tolist() == [[0.27, 0.49]]
    promise = "Binnen 15 minuten: 39,0 % (laag tot hoog 27,0 % tot 49,0 %)"
    assert promise in " ".join(written(drawn.figure))
    assert f"{promise}." in drawn.alt.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["tornado", "by_minute"])
@pytest.mark.parametrize("province", [None, "Limburg"])
def test_charts_speak_every_language_and_nothing_collides(
    ground: Ground, kind: str, language: Any, province: str | None
) -> None:
    """Also with long titles; the title says what is shown, of where and when."""
    of_study = dict.fromkeys(("title", "notice", "method_note", "source", "date"), "X")
    text = replace(ground.text, language=language, **of_study)
    for said in (text, with_long_texts(text, language)):
        on = replace(ground, province=province, text=said)
        drawn = kinds.KINDS[kind].draw_map(on, tables=result())
        drawn.figure.draw_without_rendering()  # the scales find their places only then
        assert collisions(drawn.figure) == []
    on = replace(ground, province=province, text=text)
    drawn = kinds.KINDS[kind].draw_map(on, tables=result(cutoff=20))
    assert left_over(" ".join([*written(drawn.figure), drawn.alt]), language) == []
    assert drawn.alt.startswith(f"{drawn.figure.get_label()}. X. ")
    assert str(drawn.figure.get_label()).endswith(", 2022")


def test_a_short_horizon_and_a_far_promise(ground: Ground) -> None:
    """Lines end at the horizon, and minutes beyond the lines are told and not drawn."""
    drawn = kinds.by_minute.draw_map(ground, tables=result(cutoff=45, last=20))
    assert drawn.table["minutes"].max() == 20
    assert "Binnen 45 minuten: 39,0 %" in drawn.alt.replace("\N{NO-BREAK SPACE}", " ")
    assert drawn.table["share_low"].isna().all()
    assert set(LINES) >= set(drawn.table["profile"])
