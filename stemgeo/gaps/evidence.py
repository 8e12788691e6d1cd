"""What shows the reason of a gap: the barrier crossed, the stressful stretch, the academy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.access.travellers import OverNetwork
from stemgeo.demand import served_ages
from stemgeo.gaps.late import find_value_of_most, lower_median
from stemgeo.measure import add_up_ways, network_hashes
from stemgeo.network.stress import LEVELS
from stemgeo.reasons import COLUMNS, REASONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.gaps.reasons import Case
    from stemgeo.network.graph import Network

_TYPES = {
    name: "float64" if kind == "to nearest" else kind
    for name, (kind, _) in COLUMNS.items()
    if kind != "str"
}


def find_evidence(rows: pd.DataFrame, gaps: int, case: Case) -> pd.DataFrame:
    """Show the reasons of each gap.

    Parameters
    ----------
    rows
        As from `with_reasons`, with `gap`: its number, 0 to gaps - 1; none without a gap.
    gaps
        How many there are.
    case
        What was measured.

    Returns
    -------
    DataFrame
        A row for each gap, with COLUMNS; what a gap has no child for is empty.
    """
    median_m = lower_median(rows["gap"], rows["straight_m"], rows["children"])
    table = pd.DataFrame({"straight_km": median_m / 1000}).reindex(range(gaps))
    for part in (_find_barriers, _find_stretches, _find_other_ages, _find_lapsed):
        table = table.join(part(rows, case))
    for name in COLUMNS.keys() - _TYPES.keys():
        text = table[name].astype(object)
        table[name] = text.where(text.notna(), "").astype("str")
    return table.astype(_TYPES)[list(COLUMNS)]


def _rows_of_reason(rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    return rows[rows["reason"] == list(REASONS).index(reason)]


def _find_barriers(rows: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Name the academy straight ahead, the detour to it, and what lies between."""
    rows = _rows_of_reason(rows, "barrier")
    academies = case.measured.academies
    ahead = find_value_of_most(rows["gap"], rows["shown_by"], rows["children"])
    table = pd.DataFrame(
        {
            "barrier_academy_id": academies["academy_id"].iloc[ahead].to_numpy(object),
            "detour_factor": lower_median(rows["gap"], rows["figure"], rows["children"]),
            "barriers": "",
        },
        index=ahead.index,
    )
    extracts = case.prepared.inputs.network
    if table.empty or not extracts:
        return table
    from stemgeo.network.barriers import load_barriers, name_crossed

    rows = rows[rows["shown_by"].to_numpy() == ahead.reindex(rows["gap"]).to_numpy()]
    home, place = _find_middles(rows, case), academies.geometry.iloc[ahead]
    ends = np.stack([home, np.stack([place.x, place.y], axis=1)], axis=1)
    lines = gpd.GeoSeries(shapely.linestrings(ends), crs=academies.crs)
    known = load_barriers(extracts, network_hashes(case.prepared.inputs))
    between = [
        "; ".join(f"{kind} {name}".strip() for kind, name in found)
        for found in name_crossed(known, lines)
    ]
    return table.assign(barriers=between)


def _find_middles(rows: pd.DataFrame, case: Case) -> NDArray[np.float64]:
    """Give for each gap the place of the child nearest to the middle of them all."""
    place = case.find_xy(rows)
    each = pd.DataFrame(
        {
            "gap": rows["gap"].to_numpy(),
            "x": place[:, 0],
            "y": place[:, 1],
            "children": rows["children"].to_numpy(),
        }
    )
    weighed = each.assign(x=each["x"] * each["children"], y=each["y"] * each["children"])
    sums = weighed.groupby("gap").sum()
    middle = sums[["x", "y"]].div(sums["children"], axis=0).reindex(each["gap"]).to_numpy()
    far_m = np.rint(np.hypot(*(place - middle).T) * 1000)
    each = each.assign(far_m=far_m).sort_values(["gap", "far_m", "x", "y"])
    return np.asarray(each.drop_duplicates("gap")[["x", "y"]].to_numpy())


def _find_stretches(rows: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Name the stressful road on the quickest ride of most children, with its length.

    How many they are is not told: most meet other such roads, or could go another way, so that
    it is not what this road made quiet would bring, and roads do not add up.
    """
    columns = ["stretch", "stretch_way", "stretch_m"]
    rows = _rows_of_reason(rows, "stress")
    if rows.empty or not isinstance(case.rider, OverNetwork):
        return pd.DataFrame(columns=columns)
    riders = rows.rename(columns={"gap": "group"})
    ways = add_up_ways(case.prepared, case.rider, riders, _is_too_stressful)
    return _longest_ridden(ways.rename(columns={"group": "gap"}), case).set_axis(columns, axis=1)


def _is_too_stressful(network: Network) -> NDArray[np.bool_]:
    """Whether segments are too stressful for a quiet ride, along and against, (segments, 2)."""
    stress = np.stack([network.stress_forward, network.stress_backward], axis=1)
    return np.asarray(stress > LEVELS["low_stress"])


def _longest_ridden(ways: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Join the ways of a road by its name, and choose the road with most children on it."""
    inputs = case.prepared.inputs
    names: dict[int, str] = {}
    if inputs.network:
        from stemgeo.network.barriers import load_way_names

        names = load_way_names(inputs.network, network_hashes(inputs), ways["way"].tolist())
    told = [names.get(one, "") for one in ways["way"].tolist()]
    name = pd.Series(told, index=ways.index, dtype="str")
    ways = ways.assign(name=name, road=name.where(name != "", ways["way"].astype(str)))
    ways = ways.sort_values(["gap", "children", "mm", "way"], ascending=[True, False, False, True])
    roads = ways.groupby(["gap", "road"], sort=False).agg(
        name=("name", "first"), way=("way", "first"), mm=("mm", "sum"), children=("children", "max")
    )
    roads = roads.reset_index().sort_values(
        ["gap", "children", "mm", "way"], ascending=[True, False, False, True]
    )
    chosen = roads.drop_duplicates("gap").set_index("gap")
    chosen = chosen.assign(metres=chosen["mm"] / 1000)
    return pd.DataFrame(chosen[["name", "way", "metres"]])


def _find_other_ages(rows: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Name the academy within reach that serves other ages, and those."""
    rows = _rows_of_reason(rows, "age")
    shown = find_value_of_most(rows["gap"], rows["shown_by"], rows["children"])
    chosen, rules = case.measured.academies.iloc[shown], case.prepared.study.academies
    ages = [f"{low}-{high}" for low, high in zip(*served_ages(chosen, rules), strict=True)]
    return pd.DataFrame(
        {"age_academy_id": chosen["academy_id"].to_numpy(object), "age_academy_ages": ages},
        index=shown.index,
    )


def _find_lapsed(rows: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Name the academy whose recognition ended, and its last day."""
    rows = _rows_of_reason(rows, "lapsed")
    shown = find_value_of_most(rows["gap"], rows["shown_by"], rows["children"])
    chosen = case.ended.iloc[shown]
    return pd.DataFrame(
        {
            "lapsed_academy_id": chosen["academy_id"].to_numpy(object),
            "lapsed_academy": chosen["name"].to_numpy(object),
            "lapsed_on": chosen["last_day"].to_numpy("datetime64[s]"),
            "lapsed_by": chosen["last_day_by"].to_numpy(object),
        },
        index=shown.index,
    )
