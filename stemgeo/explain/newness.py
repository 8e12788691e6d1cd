"""What is new on the ground, and what in the data alone; only where the data say so.

Of an academy the dates of its recognition tell, of a road the tags `start_date` and `opening_date`
of its way (OSM wiki, Key:start_date). Whatever has no date is told as unknown.
"""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pandas as pd

from stemgeo.explain.ends import ACADEMIES, ROADS
from stemgeo.explain.hybrids import choose_academies, list_academies
from stemgeo.inputs.extracts import read_tagged
from stemgeo.network.crossings import NO_WAY
from stemgeo.recognition import keep_own, list_days
from stemgeo.tables import order_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.explain.ends import LoadedEnd
    from stemgeo.explain.hybrids import Hybrids
    from stemgeo.network.graph import Network

NEW, GONE = "new", "gone"
GROUND, DATA, PLAN, UNKNOWN = "ground", "data", "plan", "unknown"
"""Where something is new: see the table `bridge-new`."""
_DATES = ("start_date", "opening_date")


def list_new(hybrids: Hybrids) -> pd.DataFrame:
    """Count what came and what went between both ends: the table `bridge-new`."""
    rows = [(ACADEMIES, change, told, 1, np.nan) for change, told in _yield_academies(hybrids)]
    if ROADS in hybrids.differing:
        rows += [(ROADS, NEW, told, 1, length_m) for told, length_m in _yield_roads(hybrids)]
    table = pd.DataFrame(rows, columns=["part", "change", "told", "number", "length_m"])
    keys = ["part", "change", "told"]
    sums = table.groupby(keys, sort=False).agg(
        number=("number", "sum"), length_m=("length_m", lambda one: one.sum(min_count=1))
    )
    whole = {"number": "int64", "length_m": "float64"}
    return order_columns("bridge-new", sums.reset_index().astype(whole))


def _yield_academies(hybrids: Hybrids) -> Iterator[tuple[str, str]]:
    """Yield each academy of the area that counts at one end alone: whether it is new, and where."""
    a, b = hybrids.a, hybrids.b
    ours, theirs = (
        keep_own(one.study, choose_academies(one, one.study.academies)) for one in (a, b)
    )
    came = theirs[~theirs["academy_id"].isin(ours["academy_id"])]
    for date, planned in _list_dates(came, b, 0):
        yield NEW, PLAN if planned else _judge_day(date, a.study.about.date, b.study.about.date)
    went = ours[~ours["academy_id"].isin(theirs["academy_id"])]
    # What B's register says of the end of a recognition goes before what A's did.
    known = list_academies(b)
    known = known[known["academy_id"].isin(went["academy_id"])]
    rest = went[~went["academy_id"].isin(known["academy_id"])]
    closed = set() if b.inputs.changed is None else set(b.inputs.changed["academy_id"])
    # What holds on its last day is gone on the next.
    eve, last = (one.study.about.date - dt.timedelta(days=1) for one in (a, b))
    for table, end in ((known, b), (rest, a)):
        dates = _list_dates(table, end, 1)
        for (date, planned), one in zip(dates, table["academy_id"], strict=True):
            yield GONE, PLAN if planned or one in closed else _judge_day(date, eve, last)


def _list_dates(
    academies: gpd.GeoDataFrame, end: LoadedEnd, which: int
) -> list[tuple[dt.date | None, bool]]:
    """Give the first (0) or last (1) day of each recognition, and whether a plan has it."""
    days = list_days(academies, end.study.academies)[which]
    return [
        (None if pd.isna(day) else day.date(), bool(planned))
        for day, planned in zip(days, academies["planned"], strict=True)
    ]


def _judge_day(day: dt.date | None, first: dt.date, last: dt.date) -> str:
    """Say whether what is of a day came after the first day, up to the last one."""
    if day is None:
        return UNKNOWN
    return GROUND if first < day <= last or last < day <= first else DATA


def _yield_roads(hybrids: Hybrids) -> Iterator[tuple[str, float]]:
    """Yield each way that B's roads have and A's have not: where it is new, and how long."""
    a, b = hybrids.a, hybrids.b
    ours, theirs = (hybrids.load_roads(one, one.study) for one in (a, b))
    if ours is None or theirs is None:
        return
    length_mm = _measure_new(ours, theirs)
    if not length_mm:
        return
    paths = b.inputs.network
    said = read_tagged(paths, osmium.osm.WAY, osmium.filter.KeyFilter(*_DATES), list(_DATES))
    dates = {
        int(one["id"]): one["start_date"] or one["opening_date"] for one in said.to_dict("records")
    }
    first, last = (_find_day_of_roads(one) for one in (a, b))
    for way, mm in length_mm.items():
        yield judge_date(dates.get(way, ""), first, last), mm / 1000


def _measure_new(ours: Network, theirs: Network) -> dict[int, int]:
    """Measure of each way that only the second has the pieces that only it has, millimetres.

    A way that was cut in two has a new number over old ground: its pieces tell.
    """
    alone = ~np.isin(theirs.way, np.append(ours.way, NO_WAY))
    at = np.flatnonzero(alone)
    new = at[~np.isin(_find_middles(theirs)[at], _find_middles(ours))]
    ways, number = np.unique(theirs.way[new], return_inverse=True)
    sums = np.zeros(len(ways), np.int64)
    np.add.at(sums, number, theirs.length_mm[new])
    return dict(zip(ways.tolist(), sums.tolist(), strict=True))


def _find_middles(network: Network) -> NDArray[np.complex128]:
    """Give the middle of each segment, the same whichever way it is drawn."""
    first = np.arange(len(network.way)) + network.segment_edge
    x, y = network.vertex_x, network.vertex_y
    return np.asarray((x[first] + x[first + 1]) + 1j * (y[first] + y[first + 1]))


def _find_day_of_roads(end: LoadedEnd) -> dt.date:
    """Say of when the roads of an end are: of their newest extract, else the day of the study."""
    days = [one.date for one in end.inputs.provenance if one.role == "network" and one.date]
    return max(days, default=end.study.about.date)


def judge_date(text: str, first: dt.date, last: dt.date) -> str:
    """Say where a road is new by its date, as OpenStreetMap writes it.

    Parameters
    ----------
    text
        2019, 2019-05 or 2019-05-31; anything else is unknown.
    first, last
        Of when the roads were at both ends.
    """
    span = _read_span(text)
    first, last = sorted((first, last))
    if span is None or span[0] > last:
        return UNKNOWN
    if span[1] <= first:
        return DATA
    return GROUND if span[0] > first and span[1] <= last else UNKNOWN


def _read_span(text: str) -> tuple[dt.date, dt.date] | None:
    """Give the first and the last day that a date may mean."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text.strip(), re.ASCII)
    if found is None:
        return None
    year, month, day = found.groups()
    with suppress(ValueError):
        low = dt.date(int(year), int(month or 1), int(day or 1))
        if day:
            return low, low
        after = (low.year + low.month // 12, low.month % 12 + 1) if month else (low.year + 1, 1)
        return low, dt.date(*after, 1) - dt.timedelta(days=1)
    return None
