"""The gaps of a study: which there are, in which municipalities, with whom, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.arrays import sum_by_owner
from stemgeo.gaps.areas import find_areas
from stemgeo.gaps.evidence import find_evidence
from stemgeo.gaps.late import (
    PROFILES,
    find_value_of_most,
    late_children,
    lower_median,
)
from stemgeo.gaps.reasons import Case, add_reasons
from stemgeo.measure import count_cores
from stemgeo.reasons import NOWHERE, REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from stemgeo.gaps.areas import GapAreas
    from stemgeo.measure import Measured, Prepared

    Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Gaps:
    """The gaps of a study.

    Attributes
    ----------
    table
        A row for each gap, most children first; see `docs/data-dictionary.md`.
    shares
        The municipalities of each gap with their part of its children.
    children
        A row for each point and age cell with children who are out of reach, in a gap or not:
        `point` (position in the demand table), `ages` (of the cell), `band`, `nis_code`,
        `profile`, `children`, `gap_id` (empty: in an area with too few for a gap), `reason`.
        A child has one row at most.
    """

    table: gpd.GeoDataFrame
    shares: pd.DataFrame
    children: pd.DataFrame


def find_gaps(prepared: Prepared, measured: Measured, *, threads: int | None = None) -> Gaps:
    """Find the connected areas of uncovered children, and why they are out of reach.

    Parameters
    ----------
    prepared, measured
        Of a study and its day. The central scenario is used; `[gaps]` of the study says how
        children are joined to an area, how many make a gap and how reasons are told.
    threads
        Searches that run side by side, all cores when not given; the result is the same.

    Returns
    -------
    Gaps
        Of profile "all" the children whom no road brings within reach; of "low_stress", when the
        study has it, those within reach over all roads but not over quiet ones. Children of each
        profile, in a gap or not, add up to the uncovered of the coverage table.
    """
    case = Case.from_measured(prepared, measured, threads or count_cores())
    rows = add_reasons(late_children(prepared, measured), case)
    areas = find_areas(rows, case.ground, case.threads)
    inside = rows.assign(gap=areas.area)[areas.area != NOWHERE]
    drawn = areas.draw(case.ground, case.threads)
    return Gaps(
        gpd.GeoDataFrame(
            _describe_gaps(inside, areas, case), geometry=drawn, crs=prepared.points.crs
        ),
        areas.shares,
        _list_children(rows, areas, case),
    )


def _describe_gaps(inside: pd.DataFrame, areas: GapAreas, case: Case) -> pd.DataFrame:
    """Lay out what is known of each gap; its outline comes last."""
    study, ids = case.prepared.study, areas.ids
    grouped = inside.groupby("gap")
    table = pd.DataFrame({"gap_id": pd.array(ids, dtype="str")})
    profile = grouped["profile"].first().to_numpy(np.intp)
    table["profile"] = pd.array(np.array(PROFILES, dtype=object)[profile], dtype="str")
    provinces = areas.list_by_gap("province")
    table["name"] = pd.array(areas.list_names(), dtype="str")
    table["near"] = pd.array(_name_near(inside, case), dtype="str")
    table["municipalities"] = pd.array([len(each) for each in provinces], dtype="int64")
    texts = [", ".join(dict.fromkeys(each)) for each in provinces]
    table["provinces"] = pd.array(texts, dtype="str")
    band = np.array([study.travel.bands.index(cell.band) for cell in case.prepared.cells])
    by_band = _sum_by_kind(inside, band[inside["cell"]], len(study.travel.bands), len(ids))
    table["uncovered"] = by_band.sum(axis=1)
    for number, one in enumerate(study.travel.bands):
        table[f"uncovered_{one.name}"] = by_band[:, number]
    nearest = _nearest_to_most(inside, case)
    table["nearest_academy_id"] = pd.array(nearest.to_numpy(object), dtype="str")
    median_s = lower_median(inside["gap"], inside["time_s"], inside["children"]).to_numpy(
        np.float64
    )
    cutoff_s = minutes_to_ms(study.travel.cutoff_min) / 1000
    table["median_time_s"] = median_s
    table["extra_min"] = (median_s - cutoff_s) / 60
    sums = _sum_by_kind(inside, inside["reason"].to_numpy(), len(REASONS), len(ids))
    # Of equal counts the first is taken: the earlier reason.
    reason = np.array(list(REASONS), dtype=object)[sums.argmax(axis=1)]
    table["reason"] = pd.array(reason, dtype="str")
    for number, name in enumerate(REASONS):
        table[f"children_{name}"] = sums[:, number]
    return table.join(find_evidence(inside, len(ids), case))


def _sum_by_kind(
    inside: pd.DataFrame, kind: NDArray[np.integer], kinds: int, gaps: int
) -> NDArray[np.int64]:
    """Count the children of each gap by kind, shape (gaps, kinds)."""
    place = inside["gap"].to_numpy(np.int64) * kinds + kind
    return sum_by_owner(place, inside["children"], gaps * kinds).reshape(gaps, kinds)


def _name_near(inside: pd.DataFrame, case: Case) -> list[str]:
    """Name for each gap the zone in which most of its children live, without its municipality.

    Empty where zones have no names of their own, as municipalities taken for zones.
    """
    zones = case.prepared.inputs.zones
    number = pd.Series(
        case.ground.find_zones(inside["point"].to_numpy(np.intp)), index=inside.index
    )
    most = find_value_of_most(inside["gap"], number, inside["children"])
    chosen = zones.iloc[most.to_numpy(np.intp)]
    towns = chosen["nis_code"].map(case.ground.towns.set_index("nis_code")["name"])
    names = []
    for name, town, id_ in zip(chosen["name"], towns, chosen["zone_id"], strict=True):
        before, mark, after = str(name).partition(" - ")
        own = after if mark and before.casefold() == str(town).casefold() else str(name)
        names.append("" if name in (town, id_) else own)
    return names


def _nearest_to_most(inside: pd.DataFrame, case: Case) -> pd.Series:
    """Give the academy nearest to more children than any other, or to more than have none."""
    academies = case.measured.academies["academy_id"].to_numpy(object)
    # Academies stand in the order of their ids; of as many children an academy goes before none.
    number = inside["academy"].where(inside["academy"] != NOWHERE, len(academies))
    chosen = find_value_of_most(inside["gap"], number, inside["children"])
    return pd.Series(np.append(academies, "")[chosen.to_numpy(np.intp)], index=chosen.index)


def _list_children(rows: pd.DataFrame, areas: GapAreas, case: Case) -> pd.DataFrame:
    """Write out who is out of reach, with words for numbers."""
    cells, area, ids = case.prepared.cells, areas.area, areas.ids
    bands = list(dict.fromkeys(cell.band.name for cell in cells))
    band = np.array([bands.index(cell.band.name) for cell in cells])
    number = rows["cell"].to_numpy()

    def named(place: NDArray[np.integer], names: Iterable[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(place, pd.Index(list(names), dtype="str"))

    return pd.DataFrame(
        {
            "point": rows["point"].to_numpy(),
            "ages": named(number, [cell.name for cell in cells]),
            "band": named(band[number], bands),
            "nis_code": named(case.ground.town[rows["point"]], case.ground.towns["nis_code"]),
            "profile": named(rows["profile"].to_numpy(), list(PROFILES)),
            "children": rows["children"].to_numpy(),
            "gap_id": named(np.where(area == NOWHERE, len(ids), area), [*ids, ""]),
            "reason": named(rows["reason"].to_numpy(), list(REASONS)),
        }
    )
