"""Changes of roads as tables: what each brings, where, what it costs, and what is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array

from stemgeo import subsidy
from stemgeo.arrays import sum_by_owner
from stemgeo.facts import LAMBERT_72
from stemgeo.network.edit_places import draw_edit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stemgeo.inputs import Inputs
    from stemgeo.network.edits import RoadEdit
    from stemgeo.network.graph import Network
    from stemgeo.notes import Note
    from stemgeo.study import LinkCost, Study

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Longs = NDArray[np.int64]

TOGETHER = "together"
"""In the place of an id: all that is chosen to be done."""
CENTRAL = "central"
"""The view of the ranks that is that of the figures."""
UNKNOWN_CENTS = -1
"""What something costs of which nobody says it."""
ALIKE = 0.5
"""Two that share more than this part of the longer one are for the most part the same."""
_KIND_OF_CHANGE = {"quiet": "stretch", "open": "stretch", "crossing": "junction", "add": "gap"}


@dataclass(frozen=True, eq=False, repr=False)
class LinkTables:
    """What changes of roads bring, and what was chosen.

    Attributes
    ----------
    study, inputs
        What was asked, of which data; inputs are in no folder.
    links, towns, ranks, sets
        The tables `links`, `links-municipalities`, `link-ranks` and `link-sets`.
    edits
        What is chosen of the roads, as the table `network_edits`, behind the study's own.
    academies
        What is chosen of the places, as rows of the register; in no folder.
    municipalities
        Over the roads that this is about, with nothing done.
    register
        The academies that count, those that are chosen too.
    looked_at, gaining
        How many changes were looked at, and how many bring anyone by themselves.
    left_out
        What was found and not looked at: "too_long", and by kind what is beyond `links.most`.
    in_time, measured_children
        Children within reach with nothing done, and all of whom something is measured.
    counted
        Children whom a whole measurement with all that is chosen has more within reach.
    proven
        Whether no choice of what was looked at together brings more, as is proven.
    notes
        What the reader of the figures must know.
    """

    study: Study
    inputs: Inputs
    links: gpd.GeoDataFrame
    towns: pd.DataFrame
    ranks: pd.DataFrame
    sets: pd.DataFrame
    edits: gpd.GeoDataFrame
    academies: gpd.GeoDataFrame
    municipalities: gpd.GeoDataFrame
    register: gpd.GeoDataFrame
    looked_at: int
    gaining: int
    left_out: dict[str, int]
    in_time: int
    measured_children: int
    counted: int
    proven: bool
    notes: tuple[Note, ...]

    @property
    def promised(self) -> int:
        """Children whom all that is chosen brings within reach."""
        return int(self.sets["adds"].sum())


class LinkFigures(NamedTuple):
    """What some changes bring, in their order.

    Attributes
    ----------
    newly
        By the name of each band, and "" for all: shape (changes,).
    low, high
        All bands at the other speeds of the study.
    minutes
        Now and then from end to end, shape (changes, 2).
    cents
        What each costs; UNKNOWN_CENTS: nobody says.
    same
        As from `find_same`.
    """

    newly: Mapping[str, Longs]
    low: Longs
    high: Longs
    minutes: Floats
    cents: Longs
    same: Longs


def price_edits(
    edits: Sequence[RoadEdit],
    across: Mapping[int, str],
    own: Mapping[str, float],
    cost: Mapping[Any, LinkCost],
    network: Network,
) -> Longs:
    """Say what each edit costs, in cents, by the prices of its kind; UNKNOWN_CENTS without any.

    Parameters
    ----------
    edits, network
        The edits, and the network that they are of.
    across
        What a bridge or tunnel crosses, by the number of its edit: the dearest counts.
    own
        What projects of one's own cost, by their id, euro; NaN: nobody says.
    cost
        By kind.
    """
    cents = np.full(len(edits), UNKNOWN_CENTS, dtype=np.int64)
    for number, edit in enumerate(edits):
        if edit.edit_id in own:
            if np.isfinite(own[edit.edit_id]):
                cents[number] = round(own[edit.edit_id] * subsidy.CENTS)
            continue
        crossed = [one for one in across.get(number, "").split("; ") if one]
        kinds = crossed or [_KIND_OF_CHANGE[edit.change]]
        if all(kind in cost for kind in kinds):
            length_m = measure_edit(network, edit)
            euros = (cost[kind].each_eur + cost[kind].per_m_eur * length_m for kind in kinds)
            cents[number] = round(max(euros) * subsidy.CENTS)
    return cents


def measure_edit(network: Network, edit: RoadEdit) -> float:
    """Measure what an edit changes, metres; a new road in a straight line, a crossing 0."""
    if edit.change == "add":
        return float(shapely.length(shapely.LineString(edit.line)))
    return float(network.length_mm[edit.segments].sum(dtype=np.int64)) / 1000


def sum_costs(members: Sequence[Indices], cents: Longs) -> Longs:
    """Add up what edits cost that are done together; UNKNOWN_CENTS where one is not known.

    Parameters
    ----------
    members
        The numbers of the edits of each.
    cents
        Of each edit.
    """
    return np.array(
        [
            cents[of].sum() if (cents[of] != UNKNOWN_CENTS).all() else UNKNOWN_CENTS
            for of in members
        ],
        dtype=np.int64,
    )


def to_euros(cents: Longs) -> Floats:
    """Give euros; NaN where nobody says."""
    return np.where(cents == UNKNOWN_CENTS, np.nan, cents / subsidy.CENTS)


def order_links(
    table: gpd.GeoDataFrame,
    members: Sequence[Indices],
    edit_m: Floats,
    newly: Longs,
    most: int,
    chosen: Sequence[int] = (),
) -> Indices:
    """Order those that bring anyone: most children first, of equals the shortest, then by id.

    What does no more than a part of it would is left out: whoever builds the part has the children.
    So is what is for the most part the same as one that is listed and brings as many.

    Parameters
    ----------
    table
        The candidates.
    members
        The numbers of the edits of each.
    edit_m
        How long each edit is.
    newly
        Whom each brings within reach.
    most
        So many at most.
    chosen
        Those that are listed whatever they bring.
    """
    order = np.lexsort((table["link_id"].to_numpy("U"), table["length_m"].to_numpy(), -newly))
    order = order[newly[order] > 0]
    sizes = np.array([len(one) for one in members], dtype=np.intp)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    edit = np.concatenate([np.zeros(0, np.intp), *members])
    of = csr_array((np.ones(len(edit)), (owner, edit)), shape=(len(sizes), len(edit_m)))
    weight = np.maximum(edit_m, 1.0)  # of a crossing too
    long = of @ weight
    listed: list[int] = []
    for one in order:
        if len(listed) == most:
            break
        mine = np.zeros(len(edit_m))
        mine[members[one]] = 1
        is_part = (of @ mine == sizes) & (sizes > 0) & (sizes < sizes[one])
        shared = of[listed] @ (mine * weight)
        alike = shared > ALIKE * np.maximum(long[listed], long[one])
        if newly[is_part].max(initial=0) < newly[one] and not alike.any():
            listed.append(int(one))
    kept = np.isin(order, [*listed, *chosen])
    return np.asarray(order[kept], dtype=np.intp)


def measure_edits(edits: Sequence[RoadEdit], network: Network) -> Floats:
    """Give the length of the roads that each edit makes better, metres.

    Parameters
    ----------
    edits, network
        On its roads.
    """
    return np.array([network.length_mm[one.segments].sum() / 1000 for one in edits], np.float64)


def build_links(
    candidates: gpd.GeoDataFrame, of: LinkFigures, ranks: pd.DataFrame, towns: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Build the table `links`.

    Parameters
    ----------
    candidates
        The rows of those that are listed, in their order.
    of
        What they bring.
    ranks
        The table `link-ranks` of them.
    towns
        With `nis_code` and `name`.
    """
    rows = candidates.reset_index(drop=True)
    names = towns.set_index("nis_code")["name"]
    euros = to_euros(of.cents)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(euros > 0, of.newly[""] / euros * 1000, np.nan)
    by_link = ranks.groupby("link_id")["rank"]
    steady = {"views": by_link.size(), "rank_best": by_link.min(), "rank_worst": by_link.max()}
    steady["first_in"] = ranks.assign(first=ranks["rank"] == 1).groupby("link_id")["first"].sum()
    now, then = (np.where(np.isfinite(one), one, np.nan) for one in of.minutes.T)
    known = np.append(rows["link_id"].to_numpy(object), "")
    columns: dict[str, Any] = {
        "rank": np.arange(1, len(rows) + 1),
        **{name: rows[name] for name in ("link_id", "kind", "name", "across", "ways", "nis_code")},
        "municipality": names.reindex(rows["nis_code"]).fillna("").to_numpy(object),
        "length_m": rows["length_m"].to_numpy(np.float64),
        **{name: rows[name].to_numpy(np.int64) for name in ("pieces", "stress")},
        "minutes_now": now,
        "minutes_then": then,
        "newly": of.newly[""],
        "newly_low": of.low,
        "newly_high": of.high,
        **{f"newly_{band}": one for band, one in of.newly.items() if band},
        "same_as": known[of.same[:, 0]],
        "newly_same": of.same[:, 1],
        "cost_eur": euros,
        "per_1000_eur": each,
        **{
            name: steady[name].reindex(rows["link_id"]).to_numpy(np.int64)
            for name in ("views", "first_in", "rank_best", "rank_worst")
        },
    }
    return gpd.GeoDataFrame(columns, geometry=rows.geometry.to_crs(LAMBERT_72))


def find_same(gained: pd.DataFrame, count: int) -> Longs:
    """Find which of those before it brings most of the children that each brings.

    Parameters
    ----------
    gained
        Whom each option brings: `option`, `point`, `cell` and `children`.
    count
        Of the first so many options.

    Returns
    -------
    int64 array, shape (count, 2)
        The number of that option, and how many children both bring; -1 and 0 where no other brings
        more than half of them.
    """
    mine = gained[gained["option"] < count]
    unit = mine["point"].to_numpy() * (gained["cell"].max() + 1 if len(gained) else 1)
    _, unit = np.unique(unit + mine["cell"].to_numpy(), return_inverse=True)
    children = mine["children"].to_numpy(np.int64)
    shape = count, int(unit.max(initial=-1)) + 1
    each = csr_array((children, (mine["option"].to_numpy(), unit)), shape=shape)
    both = (each @ (each > 0).astype(np.int64).T).toarray()
    whole, both = both.diagonal().copy(), np.tril(both, -1)
    found = np.stack([both.argmax(axis=1), both.max(axis=1)], axis=1) if count else both
    found = found.reshape(count, 2).astype(np.int64)
    found[found[:, 1] <= ALIKE * whole] = -1, 0
    return found


def build_towns(
    ids: Sequence[str],
    gained: pd.DataFrame,
    bands: Sequence[str],
    codes: Any,
    towns: Any,
) -> pd.DataFrame:
    """Build the table `links-municipalities`.

    Parameters
    ----------
    ids
        Whose children are told.
    gained
        Whom each of them brings: `option`, `point`, `cell` and `children`.
    bands
        The name of the band of each cell.
    codes
        The NIS code of each point.
    towns
        The municipalities: `nis_code`, `name`, `province`.
    """
    known = pd.Index(towns["nis_code"])
    place = known.get_indexer(pd.Index(codes))[gained["point"].to_numpy(np.intp)]
    option, children = gained["option"].to_numpy(), gained["children"].to_numpy(np.int64)
    band = np.array(bands, dtype=object)[gained["cell"].to_numpy(np.intp)]
    names = list(dict.fromkeys(bands))
    parts = []
    for number, one in enumerate(ids):
        here = (option == number) & (place >= 0)
        sums = {
            f"newly_{name}": sum_by_owner(place[mine], children[mine], len(known))
            for name, mine in ((name, here & (band == name)) for name in names)
        }
        rows = pd.DataFrame({"link_id": one, **_name_towns(towns), "newly": 0, **sums})
        rows["newly"] = rows[[*sums]].sum(axis=1)
        rows = rows[rows["newly"] > 0]
        parts.append(rows.sort_values(["newly", "nis_code"], ascending=[False, True]))
    if not parts:
        newly = ("newly", *(f"newly_{name}" for name in names))
        counts = dict.fromkeys(newly, np.zeros(0, np.int64))
        return pd.DataFrame({"link_id": np.zeros(0, object), **_name_towns(towns[:0]), **counts})
    return pd.concat(parts, ignore_index=True)


def _name_towns(towns: pd.DataFrame) -> dict[str, Any]:
    return {name: towns[name].to_numpy(object) for name in ("nis_code", "name", "province")}


def rank_views(ids: Sequence[str], newly: Mapping[str, Longs]) -> pd.DataFrame:
    """Build the table `link-ranks`: those that bring as many have the same rank.

    Parameters
    ----------
    ids
        Of those that are listed.
    newly
        What each brings, by the view.
    """
    parts = [
        pd.DataFrame(
            {
                "view": view,
                "link_id": np.array(ids, dtype=object),
                "newly": counts,
                "rank": pd.Series(-counts).rank(method="min").astype(np.int64).to_numpy(),
            }
        )
        for view, counts in newly.items()
    ]
    return pd.concat(parts, ignore_index=True)


def list_edit_rows(
    network: Network, edits: Sequence[RoadEdit], names: Sequence[str], cents: Longs
) -> gpd.GeoDataFrame:
    """Give edits as the table `network-edits`.

    Parameters
    ----------
    network, edits
        The edits, and the network that they are of.
    names
        What each is called.
    cents
        What each costs.
    """
    rows = [
        {
            "edit_id": edit.edit_id,
            "name": name or edit.edit_id,
            "change": edit.change,
            "level": edit.level if edit.change in ("quiet", "add") else pd.NA,
            "oneway": edit.oneway,
            "osm_way": pd.NA,
            "cost_eur": cost,
            "geometry": draw_edit(network, edit),
        }
        for edit, name, cost in zip(edits, names, to_euros(cents), strict=True)
    ]
    table = pd.DataFrame(rows, columns=[*EDIT_COLUMNS]).astype(_EDIT_TYPES)
    shapes = gpd.GeoSeries(table["geometry"].to_numpy(), crs=network.crs)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes.to_crs(LAMBERT_72))


EDIT_COLUMNS = ("edit_id", "name", "change", "level", "oneway", "osm_way", "cost_eur", "geometry")
_EDIT_TYPES: dict[str, Any] = {
    "level": "Int64",
    "oneway": bool,
    "osm_way": "Int64",
    "cost_eur": "float64",
}
