"""Minutes to the nearest academies, how many are within reach, and the share minute by minute.

Measures that others publish, to lay beside theirs: at the study's own speeds, and by one fixed
convention (`study.FLAT`). The three nearest within the horizon say all of it: whoever has three
of them within the cutoff has three or more.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numba import njit

from stemgeo.access.search import THREE, unpack_labels
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import Pace, find_pace, search_key
from stemgeo.arrays import divide_or_nan, sum_by_owner
from stemgeo.coverage import ALL_BANDS
from stemgeo.measure import count_cores
from stemgeo.study import FLAT
from stemgeo.tables import MINUTES, STUDY, WITHIN, check_table, share_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from stemgeo.coverage import Level
    from stemgeo.demand import AgeCell
    from stemgeo.measure import Measured, Prepared, Traveller

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

HALF, MOST = 5, 9
"""Tenths of the children: those of the median and of the 90th percentile."""

MINUTE_MS = 60_000
BEYOND = np.iinfo(np.int32).max
"""Time to what is not there within the horizon, ms: later than any other."""


@njit(cache=True, nogil=True)
def find_least_rows(key: Rows, children: Longs, keys: int, tenths: int) -> Longs:
    """Find by key the first row with which so many tenths of the children are there, rounded up.

    Parameters
    ----------
    key, children
        Of each row, the rows in order of a value: that of the row found is the least that so many
        of the children do not exceed.
    keys
        How many there are.
    tenths
        `HALF` or `MOST`.

    Returns
    -------
    int64 array, shape (keys,)
        The row, or -1 of a key without children.
    """
    due = np.zeros(keys, dtype=np.int64)
    for row in range(len(key)):
        due[key[row]] += children[row]
    for one in range(keys):
        due[one] = -(-due[one] * tenths // 10)
    found = np.full(keys, -1, dtype=np.int64)
    for row in range(len(key)):
        one = key[row]
        if due[one] > 0:
            due[one] -= children[row]
            if due[one] <= 0:
                found[one] = row
    return found


class _Children(NamedTuple):
    """Children at points, of any band; shapes (rows,)."""

    point: Rows
    band: Rows
    children: Longs

    def take(self, rows: Rows) -> _Children:
        return _Children(*(part[rows] for part in self))


class _Few(NamedTuple):
    """The nearest academies of points, or of rows of children; shapes (rows,).

    Attributes
    ----------
    nearest_ms
        To the nearest, or BEYOND.
    three_ms
        To the three nearest, added up, or BEYOND when there are fewer within the horizon.
    three_at_least_ms
        The same, with the horizon instead for each of them that is beyond it.
    within
        How many of the three are within the cutoff.
    """

    nearest_ms: Ints
    three_ms: Ints
    three_at_least_ms: Ints
    within: Ints

    def take(self, rows: Rows) -> _Few:
        return _Few(*(part[rows] for part in self))


_AnyRows = TypeVar("_AnyRows", _Children, _Few)


@dataclass(frozen=True)
class _Way:
    """One way of travelling: by a convention, over the roads of a profile."""

    convention: str
    traveller: Traveller
    pace: Pace | None
    cutoff_min: float
    horizon_min: float

    @property
    def horizon_ms(self) -> int:
        return minutes_to_ms(self.horizon_min)

    def pace_of(self, cell: AgeCell) -> Pace:
        return self.pace or find_pace(self.traveller.study.travel, cell)

    def search_few(self, cell: AgeCell, points: Rows) -> _Few:
        """Search for the nearest academies that serve a cell, from some of the points."""
        traveller = self.traveller.for_some_points(points)
        ms, _ = unpack_labels(
            traveller.find_three_nearest(cell, self.pace_of(cell), self.horizon_min)
        )
        at_least = np.minimum(ms, self.horizon_ms).sum(axis=1)
        there = ms <= self.horizon_ms
        return _Few(
            np.where(there[:, 0], ms[:, 0], BEYOND).astype(np.int32),
            np.where(there[:, -1], at_least, BEYOND).astype(np.int32),
            at_least.astype(np.int32),
            (ms <= minutes_to_ms(self.cutoff_min)).sum(axis=1, dtype=np.int32),
        )


@dataclass(frozen=True)
class _WayReach:
    """What the measured children of a way reach, in order of either time.

    Attributes
    ----------
    way
        How they travel.
    by_nearest, few
        Each row and what it reaches, in order of the time to the nearest.
    by_three, three_ms
        The same rows in order of the time to three, with that time.
    """

    way: _Way
    by_nearest: _Children
    few: _Few
    by_three: _Children
    three_ms: Ints

    @classmethod
    def from_rides(cls, way: _Way, rides: _Children, few: _Few) -> _WayReach:
        # Alike ones in any order: sums and values by tenths hang on neither.
        one, other = (ms.argsort() for ms in (few.nearest_ms, few.three_ms))
        return cls(way, rides.take(one), few.take(one), rides.take(other), few.three_ms[other])


def measure_times(
    prepared: Prepared, measured: Measured, *, threads: int | None = None
) -> pd.DataFrame:
    """Lay out the minutes to the nearest academies of the children of every place.

    Parameters
    ----------
    prepared, measured
        Of the study; the central scenario is told of.
    threads
        Searches that run side by side, all cores when not given; the result is the same.

    Returns
    -------
    DataFrame
        The table `times` of the data dictionary: by level (as given), code, convention, profile
        and band, all bands together last.
    """
    cells = prepared.cells
    bands = sorted({cell.band.ages for cell in cells})
    everyone = [_list_cell_children(prepared, cell, bands.index(cell.band.ages)) for cell in cells]
    is_measured = measured.reached[0].measured
    known = [rows.take(np.flatnonzero(is_measured[rows.point])) for rows in everyone]
    ways, levels, together = _list_ways(measured), prepared.levels, _join_rows(everyone)
    counted = [_Sums(level, together, len(bands)).add_up() for level in levels]
    parts: list[list[dict[str, NDArray[Any]]]] = [[] for _ in levels]
    # Way by way, so that what the rides of one reach is forgotten before the next.
    for one in _search_by_way(ways, cells, known, threads or count_cores()):
        for level, children, part in zip(levels, counted, parts, strict=True):
            part.append(_measure_level(level, children, one))
    names = [*(f"{first}-{last}" for first, last in bands), ALL_BANDS]
    tables = [_build_level(*one, ways, names) for one in zip(levels, parts, strict=True)]
    return check_table("times", pd.concat(tables, ignore_index=True))


def _list_ways(measured: Measured) -> list[_Way]:
    """Give the study's own, over the roads of each profile, and that of others over all roads."""
    travel = measured.riders[0].study.travel
    own = [_Way(STUDY, one, None, travel.cutoff_min, travel.horizon_min) for one in measured.riders]
    if travel.on_foot:
        return own  # the convention is of bicycles
    flat = measured.riders[0].at_flat_speed(FLAT.speed_kmh)
    return [*own, _Way(FLAT.name, flat, Pace(FLAT.speed_kmh), FLAT.cutoff_min, FLAT.horizon_min)]


def _list_cell_children(prepared: Prepared, cell: AgeCell, band: int) -> _Children:
    """List the children of a cell, a row for each point with any."""
    children = prepared.points[cell.column].to_numpy()
    point = np.flatnonzero(children)
    return _Children(point, np.full(len(point), band), children[point])


def _join_rows(parts: Sequence[_AnyRows]) -> _AnyRows:
    """Lay rows end to end."""
    return type(parts[0])(*map(np.concatenate, zip(*parts, strict=True)))


def _search_by_way(
    ways: Sequence[_Way], cells: Sequence[AgeCell], rides: Sequence[_Children], threads: int
) -> Iterator[_WayReach]:
    """Search for the rides of each cell by each way, side by side; alike ones share a search."""
    tasks: dict[tuple[int, Pace, bytes], list[int]] = {}
    for number, way in enumerate(ways):
        for index, cell in enumerate(cells):
            same = search_key(way.traveller, cell, way.pace_of(cell))
            tasks.setdefault((number, *same), []).append(index)

    def search(task: tuple[tuple[int, Pace, bytes], list[int]]) -> list[tuple[int, int, _Few]]:
        (number, *_), alike = task
        wanted = np.bincount(np.concatenate([rides[index].point for index in alike])) > 0
        few, row = (
            ways[number].search_few(cells[alike[0]], np.flatnonzero(wanted)),
            np.cumsum(wanted) - 1,
        )
        return [(number, index, few.take(row[rides[index].point])) for index in alike]

    everyone = _join_rows(rides)
    with ThreadPoolExecutor(threads) as pool:  # the kernel holds no lock
        found = chain.from_iterable(pool.map(search, tasks.items()))
        for number, of_way in groupby(found, key=lambda one: one[0]):
            few = {index: part for _, index, part in of_way}
            in_order = _join_rows([few[index] for index in range(len(cells))])
            yield _WayReach.from_rides(ways[number], everyone, in_order)


class _Sums:
    """Adds up rows of children by the places of a level and the bands, all bands together last."""

    def __init__(self, level: Level, rows: _Children, bands: int) -> None:
        self.shape = len(level.code), bands
        self.children = rows.children
        self.place = level.place[rows.point]
        self.key = self.place * bands + rows.band

    def add_up(self, each: Ints | NDArray[np.bool_] | int = 1) -> Longs:
        """Sum the children, each of them so often; shape (places, bands + 1)."""
        return self._sum_by_key(self.key, 1, self.children * each)[..., 0]

    def split_by(self, part: Ints, parts: int) -> Longs:
        """Count the children of each part by itself; shape (places, bands + 1, parts)."""
        return self._sum_by_key(self.key * parts + part, parts, self.children)

    def _sum_by_key(self, key: Rows, parts: int, weights: Longs) -> Longs:
        sums = sum_by_owner(key, weights, parts * self.shape[0] * self.shape[1])
        by_band = sums.reshape(*self.shape, parts)
        return np.concatenate([by_band, by_band.sum(axis=1, keepdims=True)], axis=1)

    def least_min(self, ms: Ints, tenths: int) -> Floats:
        """Give the least minutes that so many tenths do not exceed, NaN if BEYOND.

        The rows stand in the order of these times; shape (places, bands + 1).
        """
        places, bands = self.shape
        by_band = find_least_rows(self.key, self.children, places * bands, tenths)
        together = find_least_rows(self.place, self.children, places, tenths)
        at = np.column_stack([by_band.reshape(places, bands), together])
        found = np.append(ms, BEYOND)[at]  # row -1, of nobody, is the last
        return np.where(found < BEYOND, found / MINUTE_MS, np.nan)


def _build_level(
    level: Level,
    parts: Sequence[Mapping[str, NDArray[Any]]],
    ways: Sequence[_Way],
    bands: Sequence[str],
) -> pd.DataFrame:
    """Lay the measures of each way out as the rows of a level."""
    table = {
        "level": level.name,
        "code": np.repeat(level.code, len(parts) * len(bands)),
        "name": np.repeat(level.label, len(parts) * len(bands)),
        "band": np.tile(np.array(bands, dtype=object), len(level.code) * len(parts)),
    }
    for column, each in (
        ("profile", [way.traveller.profile for way in ways]),
        ("convention", [way.convention for way in ways]),
    ):
        names = np.array(each, dtype=object)
        table[column] = np.tile(np.repeat(names, len(bands)), len(level.code))
    measures = {name: np.stack([part[name] for part in parts], axis=1).ravel() for name in parts[0]}
    return pd.DataFrame(table | measures)


def _measure_level(level: Level, children: Longs, one: _WayReach) -> dict[str, NDArray[Any]]:
    """Give the measures of a way by name, each of shape (places, bands + 1)."""
    bands, few = children.shape[1] - 1, one.few
    near, three = (_Sums(level, rows, bands) for rows in (one.by_nearest, one.by_three))
    horizon, last = one.way.horizon_ms, len(MINUTES)
    # By minute 1 to the last, later, and beyond the horizon.
    minute = np.clip(-(-few.nearest_ms // MINUTE_MS) - 1, 0, last)
    minute[few.nearest_ms == BEYOND] = last + 1
    split = near.split_by(minute, last + 2)
    measured, by_minute = split.sum(axis=2), split.cumsum(axis=2)
    within = near.split_by(few.within, len(WITHIN))
    return {
        "children": children,
        "measured": measured,
        "unmeasured": children - measured,
        "nearest_median_min": near.least_min(few.nearest_ms, HALF),
        "nearest_p90_min": near.least_min(few.nearest_ms, MOST),
        "nearest_mean_min": divide_or_nan(
            near.add_up(np.minimum(few.nearest_ms, horizon)), measured
        )
        / MINUTE_MS,
        "nearest_beyond": split[..., -1],
        "three_median_min": three.least_min(one.three_ms, HALF) / THREE,
        "three_p90_min": three.least_min(one.three_ms, MOST) / THREE,
        "three_mean_min": divide_or_nan(near.add_up(few.three_at_least_ms), measured)
        / THREE
        / MINUTE_MS,
        "three_beyond": near.add_up(few.three_ms == BEYOND),
        **{name: within[..., number] for number, name in enumerate(WITHIN)},
        **{
            # Beyond the horizon nobody was looked for.
            share_column(minute): divide_or_nan(by_minute[..., minute - 1], measured)
            if minute * MINUTE_MS <= horizon
            else np.full(measured.shape, np.nan)
            for minute in MINUTES
        },
    }
