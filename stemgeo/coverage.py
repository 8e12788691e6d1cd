"""Who is covered: children within reach of an academy, at every level.

covered + uncovered + unmeasured = children, at every level, to the last child.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo import facts
from stemgeo.arrays import divide_or_nan, sum_by_owner
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs import vintages
from stemgeo.inputs.territory import PART, PARTLY
from stemgeo.inputs.vectors import find_polygons
from stemgeo.study import LEVELS
from stemgeo.tables import COUNTS, SCHEMAS, list_sides, order_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.demand import AgeCell

    Longs = NDArray[np.int64]

ALL_BANDS = "all"
REGION = facts.REGION
KEYS = ["level", "code", "name", "band", "scenario", "profile"]
_Key = tuple[str, str, str]
"""Profile, scenario and band."""


@dataclass(frozen=True)
class Reached:
    """What the ages of a cell reach in one scenario and profile, in the order of the points.

    Attributes
    ----------
    profile, scenario, cell
        Which rider this is.
    covered
        Whether each point has an academy within the cutoff, shape (points,).
    measured
        Whether the point could be tied to the network, shape (points,).
    """

    profile: str
    scenario: str
    cell: AgeCell
    covered: NDArray[np.bool_]
    measured: NDArray[np.bool_]


@dataclass(frozen=True)
class Level:
    """One way to divide the children over places.

    Attributes
    ----------
    name
        "region", "province", "municipality", "zone" or the key of a layer.
    code, label
        Of each place, sorted by code.
    place
        The place in which each demand point lies, shape (points,).
    """

    name: str
    code: NDArray[np.object_]
    label: NDArray[np.object_]
    place: NDArray[np.intp]


def levels_of(
    demand: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    label: str = "",
    partly: Collection[str] = (),
) -> list[Level]:
    """Find the place of every demand point at every level, largest first.

    Parameters
    ----------
    demand
        The demand table.
    zones, municipalities
        Their tables; a place without children is there too.
    layers
        Polygons of the user with `code` and `name`. A point on a border, or in two of them,
        belongs to the first; one in none to the place with the empty code.
    label
        What all of it is called; that of `region_name` when empty.
    partly
        Provinces of which this is but a part.
    """
    by_zone = zones.sort_values("zone_id")
    towns = municipalities.sort_values("nis_code")
    zone = pd.Index(by_zone["zone_id"]).get_indexer(demand["zone_id"])
    town_of_zone = pd.Index(towns["nis_code"]).get_indexer(by_zone["nis_code"])
    provinces, province_of_town = np.unique(towns["province"].to_numpy(object), return_inverse=True)
    town = town_of_zone[zone]
    whole = np.array([[REGION[0], label or region_name(municipalities)]], dtype=object)
    named = [PARTLY.format(one) if one in partly else one for one in provinces]
    return [
        Level("region", whole[:, 0], whole[:, 1], np.zeros(len(demand), dtype=np.intp)),
        Level("province", provinces, np.array(named, dtype=object), province_of_town[town]),
        *(level_of_layer(name, layer, demand) for name, layer in layers.items()),
        Level(
            "municipality",
            towns["nis_code"].to_numpy(object),
            towns["name"].to_numpy(object),
            town,
        ),
        Level("zone", by_zone["zone_id"].to_numpy(object), by_zone["name"].to_numpy(object), zone),
    ]


def region_name(municipalities: pd.DataFrame) -> str:
    """Name what all municipalities of a study make together: Flanders, or a part of it."""
    return REGION[1] if vintages.cover_flanders(municipalities["nis_code"]) else PART


def level_of_layer(name: str, layer: gpd.GeoDataFrame, demand: gpd.GeoDataFrame) -> Level:
    """Find the place of every demand point in a layer; see `levels_of`.

    Parameters
    ----------
    name, layer
        What the level is called, and polygons with `code` and `name`.
    demand
        Points, in the same CRS.
    """
    layer = layer.sort_values("code")
    # The empty code sorts before all others.
    place = find_polygons(demand.geometry.to_numpy(), layer.geometry.to_numpy()) + 1
    code, label = (np.append("", layer[column].to_numpy(object)) for column in ("code", "name"))
    if place.all():
        return Level(name, code[1:], label[1:], place - 1)
    return Level(name, code, label, place)


def coverage_table(
    demand: gpd.GeoDataFrame, reached: Sequence[Reached], levels: Sequence[Level]
) -> pd.DataFrame:
    """Count covered children per place of every level.

    Parameters
    ----------
    demand
        The demand table.
    reached
        For each age cell, scenario and profile, what each demand point reaches.
    levels
        As from `levels_of`.

    Returns
    -------
    DataFrame
        The coverage table, by level (as given), code, profile, scenario and band. `share` is
        covered / (covered + uncovered), NaN when nothing was measured.
    """
    children = {one.cell.name: demand[one.cell.column].to_numpy() for one in reached}
    return pd.concat(_count_levels(levels, reached, children), ignore_index=True)


def groups_table(
    demand: gpd.GeoDataFrame,
    reached: Sequence[Reached],
    levels: Sequence[Level],
    counted: pd.DataFrame,
) -> pd.DataFrame:
    """Count girls and boys apart, and lay the gaps between them and between the bands side by side.

    Parameters
    ----------
    demand, reached, levels
        As for `coverage_table`. Without sexes in the population there are the rows of both
        sexes alone.
    counted
        The coverage table, with these levels.

    Returns
    -------
    DataFrame
        The columns of the coverage table with `sex` ("all", "F", "M"), and two differences of
        shares: `gap_to_all` with all children of the same place, scenario and profile, and
        `girls_minus_boys` of the same band (NaN where sexes are not known).
    """
    names = {one.cell.name: one.cell for one in reached}
    by_sex = {}
    if all(cell.girls in demand for cell in names.values()):
        by_sex["F"] = {name: demand[cell.girls].to_numpy() for name, cell in names.items()}
        by_sex["M"] = {
            name: demand[cell.column].to_numpy() - by_sex["F"][name] for name, cell in names.items()
        }
    # Place by place, profile and scenario, the rows of the bands stand together, all bands last.
    bands = len({cell.band.name for cell in names.values()}) + 1
    of_sex = {sex: _count_levels(levels, reached, children) for sex, children in by_sex.items()}
    parts = []
    for at, level in enumerate(levels):
        own = {"all": counted[counted["level"] == level.name]}
        own |= {sex: of_levels[at] for sex, of_levels in of_sex.items()}
        share = {sex: rows["share"].to_numpy().reshape(-1, bands) for sex, rows in own.items()}
        apart = share["F"] - share["M"] if by_sex else share["all"] * np.nan
        for sex, rows in own.items():
            to_all = share[sex] - share["all"][:, -1:]
            gaps = {"gap_to_all": to_all.ravel(), "girls_minus_boys": apart.ravel()}
            parts.append(rows.assign(sex=sex, **gaps))
    return order_columns("groups", pd.concat(parts, ignore_index=True))


def _count_levels(
    levels: Sequence[Level], reached: Sequence[Reached], children: Mapping[str, Longs]
) -> list[pd.DataFrame]:
    """Give the rows of each level, from the children of each age cell at each point."""
    # Points of the same places are added up first: levels are of these, and they are far fewer.
    first, finest = _cross_levels(levels)
    sums: dict[_Key, Longs] = {}
    for one in reached:
        counts = sum_by_place(finest, children[one.cell.name], one.covered, one.measured)
        for band in (one.cell.band.name, ALL_BANDS):
            key = (one.profile, one.scenario, band)
            sums[key] = sums.get(key, 0) + counts
    keys = sorted(sums, key=lambda key: (key[0], key[1], _age_order(key[2])))
    counts = np.concatenate([sums[key] for key in keys], axis=1)
    parts = []
    for level in levels:
        owner = level.place[first][:, None] * counts.shape[1] + np.arange(counts.shape[1])
        own = sum_by_owner(owner.ravel(), counts.ravel(), len(level.code) * counts.shape[1])
        parts.append(_lay_out(level, keys, own.reshape(-1, len(COUNTS)).T))
    return parts


def _cross_levels(levels: Sequence[Level]) -> tuple[NDArray[np.intp], Level]:
    """Give a level with a nameless place for all points that share theirs in each, and the first.

    The first are points; shape (places,).
    """
    place = np.zeros(len(levels[0].place), dtype=np.intp)
    for level in levels:
        place, _ = pd.factorize(place * len(level.code) + level.place)
    first = np.flatnonzero(~pd.Index(place).duplicated())
    nameless = np.full(len(first), "", dtype=object)
    return first, Level("", nameless, nameless, place)


def _lay_out(level: Level, keys: Sequence[_Key], counts: Longs) -> pd.DataFrame:
    """Lay the counts of a level out as rows: those of each place and key; shape (counts, rows)."""
    named = dict(zip(COUNTS, counts, strict=True))
    table = {
        "level": level.name,
        "code": np.repeat(level.code, len(keys)),
        "name": np.repeat(level.label, len(keys)),
        **{
            name: np.tile([key[at] for key in keys], len(level.code))
            for name, at in (("band", 2), ("scenario", 1), ("profile", 0))
        },
    }
    # At once, in the order of its schema: a table into which columns are put is slow.
    return pd.DataFrame(table | named | {"share": share_covered(named)})


def with_shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Add to counts of children the measures that are worked out from them."""
    return counts.assign(share=share_covered(counts))


def share_covered(counts: Mapping[str, Longs] | pd.DataFrame) -> NDArray[np.float64]:
    """Give covered / (covered + uncovered) of each row, NaN where nothing was measured."""
    return divide_or_nan(counts["covered"], counts["covered"] + counts["uncovered"])


def _age_order(band: str) -> tuple[bool, int]:
    """Sort bands by their first age, all together last."""
    return band == ALL_BANDS, 0 if band == ALL_BANDS else int(band.partition("-")[0])


def sum_by_place(
    level: Level, children: Longs, covered: NDArray[np.bool_], measured: NDArray[np.bool_]
) -> Longs:
    """Sum the children of each place, and of those who are covered and so on, as `COUNTS` has.

    Parameters
    ----------
    level
        The places.
    children, covered, measured
        Of each demand point: how many, and as in `Reached`; shape (points,).
    """
    state = 2 - measured.astype(np.intp) - (measured & covered)
    by_state = sum_by_owner(3 * level.place + state, children, 3 * len(level.code)).reshape(-1, 3)
    counts = np.empty((len(by_state), len(COUNTS)), dtype=by_state.dtype)
    counts[:, 0], counts[:, 1:] = by_state.sum(axis=1), by_state  # as COUNTS has them
    return counts


def lay_side_by_side(
    counted: pd.DataFrame,
    table: str,
    keys: Sequence[str] = ("level", "code"),
    *,
    band: str = ALL_BANDS,
    sex: str = "all",
    profile: str = "all",
) -> pd.DataFrame:
    """Lay speeds and roads side by side, as a table of the data dictionary has them.

    Parameters
    ----------
    counted
        The coverage table, or for a sex the groups table.
    table
        The name of a table: of its columns those of coverage are given, in its order.
    keys
        What a row is of.
    band, sex
        Which rows are taken, unless they are among the keys.
    profile
        The roads that stand for "all".

    Returns
    -------
    DataFrame
        By the keys, in the order of `counted`: `name`, if it has one, and the measures. Quiet
        roads that were not measured have no column.

    Raises
    ------
    ResultError
        If nothing is counted over these roads at the central speeds.
    """
    for name, value in (("band", band), ("sex", sex)):
        if name in counted and name not in keys:
            counted = counted[counted[name] == value]
    parts = dict(iter(counted.set_index(list(keys)).groupby(["scenario", "profile"], sort=False)))
    if ("central", profile) not in parts:
        what = f"has no rows of roads '{profile}' at the central speeds"
        raise ResultError(Problem("coverage", what, "run it again"))
    central = parts["central", profile]
    columns = {"name": central["name"]} if "name" in central else {}
    for name, (measure, scenario, roads) in list_sides(table).items():
        part = parts.get((scenario, profile if roads == "all" else roads))
        if part is not None:
            columns[name] = part[measure]
        elif SCHEMAS[table].columns[name].required:
            columns[name] = central[measure] * np.nan
    return pd.DataFrame(columns, index=central.index)


def municipality_table(
    coverage: pd.DataFrame,
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    profile: str = "all",
) -> gpd.GeoDataFrame:
    """Lay both measures side by side: has an academy, and children within reach.

    Parameters
    ----------
    coverage
        The coverage table.
    municipalities
        Their table.
    academies
        The academies that count on the study's date, with `nis_code` and `planned`.
    profile
        The roads over which children are counted.

    Returns
    -------
    GeoDataFrame
        For each municipality: `academies` (number), `planned` (of them those of a plan),
        `has_academy` (at least one, planned or not), the counts of the central
        scenario over all bands, `share` with `share_low` and `share_high`.
    """
    rows = coverage[coverage["level"] == "municipality"]
    figures = lay_side_by_side(rows, "annex-1-municipalities", ["code"], profile=profile)
    table = municipalities[["nis_code", "name", "province", "geometry"]].copy()
    inside = academies["nis_code"].value_counts()
    table["academies"] = inside.reindex(table["nis_code"], fill_value=0).to_numpy(np.int64)
    planned = academies.loc[academies["planned"], "nis_code"].value_counts()
    table["planned"] = planned.reindex(table["nis_code"], fill_value=0).to_numpy(np.int64)
    table["has_academy"] = table["academies"] > 0
    return table.join(figures.drop(columns="name"), on="nis_code")


def status_of(now: pd.Series, then: pd.Series) -> pd.Series:
    """Tell whether places that have an academy, or had one, keep, win, lose or lack it.

    Parameters
    ----------
    now, then
        Whether each place has one, of the same index.

    Returns
    -------
    Series
        "with", "new", "lost" or "without".
    """
    kept = pd.Series("without", index=now.index)
    kept[now & then], kept[now & ~then], kept[~now & then] = "with", "new", "lost"
    return kept.astype("str")


def changes_table(
    municipalities: pd.DataFrame, now: pd.DataFrame, before: pd.DataFrame
) -> pd.DataFrame:
    """Lay the recognised academies of two days beside each other, by municipality.

    Parameters
    ----------
    municipalities
        With `nis_code`, `name` and `province`.
    now, before
        The academies of the register that count on each day, with `nis_code`.

    Returns
    -------
    DataFrame
        The table `changes_table` of the data dictionary.
    """
    table = pd.DataFrame(municipalities[["nis_code", "name", "province"]]).reset_index(drop=True)
    for name, academies in (("academies", now), ("academies_before", before)):
        counted = academies["nis_code"].value_counts()
        table[name] = counted.reindex(table["nis_code"], fill_value=0).to_numpy(np.int64)
    has, had = table["academies"] > 0, table["academies_before"] > 0
    return table.assign(has_academy=has, had_academy=had, status=status_of(has, had))


def summary_table(
    counted: pd.DataFrame,
    municipalities: gpd.GeoDataFrame,
    by: str = "province",
    *,
    band: str = ALL_BANDS,
    sex: str = "all",
) -> pd.DataFrame:
    """Give the table that answers the question: one row for each place of a level.

    Parameters
    ----------
    counted
        The coverage table, or for one sex the groups table.
    municipalities
        As from `municipality_table`.
    by
        A level of the table: "region", "province", "municipality", "zone" or a layer.
    band
        An age band of the study, or "all".
    sex
        "all", "F" or "M".

    Returns
    -------
    DataFrame
        The table `provinces` of the data dictionary; `municipalities` and `with_academy` of
        region, province and municipality, not for a single band; the region comes last when `by`
        is "province".

    Raises
    ------
    ResultError
        If the table has no such level, band or sex; it names those that there are.
    """
    _refuse_unknown(counted["sex"] if "sex" in counted else pd.Series(["all"], name="sex"), sex)
    _refuse_unknown(counted["level"], by)
    levels = [by, "region"] if by == "province" else [by]
    # By level first: of Flanders there are hundreds of thousands of rows, and few of one level.
    rows = pd.concat([counted[counted["level"] == level] for level in levels])
    _refuse_unknown(rows["band"], band)
    table = lay_side_by_side(rows, "provinces", band=band, sex=sex)
    # Which academies serve a band is another question: beside it the number would mislead.
    if by in ("region", "province", "municipality") and band == ALL_BANDS:
        # Of a province of which but slivers without a child lie in the area none is counted.
        counts = _count_academies(municipalities)
        table = table.join(counts.reindex(table.index, fill_value=0))
    return order_columns("provinces", table.reset_index())


def _refuse_unknown(column: pd.Series, value: str) -> None:
    there = list(column.unique())
    if value in there:
        return
    what, mend = f"the result has no {column.name} '{value}'", f"it has: {', '.join(there)}"
    if column.name == "sex":
        what, mend = f"girls and boys are not told apart ('{value}')", "the population has no sexes"
    elif column.name == "level" and value in LEVELS:
        what = f"girls and boys are not counted by {value}"
    raise ResultError(Problem("coverage", what, mend))


def keep_counted(towns: pd.DataFrame) -> pd.DataFrame:
    """Leave out parts of municipalities with no child and no academy: slivers along a border.

    Parameters
    ----------
    towns
        With name, children and has_academy.
    """
    parts = towns["name"].str.endswith(PARTLY.format(""))
    return towns[~parts | (towns["children"] > 0) | towns["has_academy"]]


def _count_academies(municipalities: gpd.GeoDataFrame) -> pd.DataFrame:
    """How many municipalities, and how many with an academy, by level and code."""
    columns = ["nis_code", "name", "children", "province", "has_academy"]
    plain = keep_counted(pd.DataFrame(municipalities[columns]))
    codes = {
        "region": plain.assign(code=REGION[0]),
        "province": plain.assign(code=plain["province"]),
        "municipality": plain.assign(code=plain["nis_code"]),
    }
    parts = [part.assign(level=level) for level, part in codes.items()]
    grouped = pd.concat(parts).groupby(["level", "code"])["has_academy"]
    return pd.DataFrame({"municipalities": grouped.size(), "with_academy": grouped.sum()})
