"""The edits of roads of a study: checked against its roads before anything else, and told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.errors import Findings, InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.network_edits import read_network_edits
from stemgeo.network.edit_places import add_edits, draw_edit, match_edits
from stemgeo.network.edits import measure_mm
from stemgeo.notes import Note, Said, clean_text, say, say_amount, say_count, say_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.network.edits import Joint, RoadEdit
    from stemgeo.network.graph import Network
    from stemgeo.study import Travel

SAID = {
    "quiet": Said("made quiet", "rustig gemaakt", "rendue calme"),
    "open": Said("opened both ways", "in beide richtingen open", "ouverte dans les deux sens"),
    "add": Said("added", "toegevoegd", "ajoutée"),
    "close": Said("closed", "afgesloten", "fermée"),
    "crossing": Said("made safe to cross", "veilig over te steken", "traversée sécurisée"),
}
"""What becomes of a road."""

_MOST_TOLD = 30
_SHORT = 3


def place_edits(
    network: Network, table: gpd.GeoDataFrame, travel: Travel, where: Said | None = None
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Find where edits lie on the roads of a study, and how long they are.

    Parameters
    ----------
    network
        As from `Network.whole`.
    table
        The table `network-edits`, as read.
    travel
        How the study travels.
    where
        What of several measurements the notes are of.

    Returns
    -------
    GeoDataFrame, list of Note
        The same rows, with `length_m` (missing of a crossing), and where each lies on the roads;
        and what is told of them.

    Raises
    ------
    InputError
        Naming every edit that lies on no road, is not joined to any, or changes nothing.
    """
    findings, idle = Findings(), find_idle_changes(travel)
    for row in table[table["change"].isin(idle)].itertuples():
        what = f"'{row.change}' changes nothing {idle[row.change]}"
        findings.error(f"road edit '{clean_text(row.edit_id, 40)}'", what, "leave it out")
    meant = table[~table["change"].isin(idle)]
    edits: list[RoadEdit] = []
    network = network.restrict_to(ferries=travel.ferries)
    try:
        edits = match_edits(network, meant)
    except InputError as error:
        findings.errors += [one for one in error.problems if isinstance(one, Problem)]
    findings.raise_errors()
    drawn = gpd.GeoSeries([draw_edit(network, one) for one in edits], crs=network.crs)
    lengths = pd.array([_measure_m(network, one) for one in edits], dtype="Int64")
    placed = meant.set_geometry(drawn.to_crs(LAMBERT_72).set_axis(meant.index))
    placed.insert(len(placed.columns) - 1, "length_m", lengths)
    of = where or Said("roads", "wegen", "routes")
    names = dict(zip(placed["edit_id"], placed["name"].astype(str), strict=True))
    return placed, [_note_edits(placed, of), *_note_shut(find_shut(network, edits), names, of)]


def find_shut(network: Network, edits: Sequence[RoadEdit]) -> dict[str, list[str]]:
    """Find the edits of which nothing comes, since others close the roads that they are of.

    A closed road is passed by nobody, however quiet or open it is; a new road that is joined to
    closed ones alone leads nowhere, and nobody crosses where all that cross are closed.

    Parameters
    ----------
    network
        That they lie on.
    edits
        As from `match_edits`, all that are done together.

    Returns
    -------
    dict
        By the id of each such edit the ids of those that close its roads.
    """
    closing = [one for one in edits if one.change == "close"]
    if not closing:
        return {}
    times = np.zeros(len(network.length_mm), dtype=np.intp)
    for one in closing:
        times[one.segments] += 1
    added = Counter(joint for one in edits if one.change == "add" for joint in one.joints)
    found = {}
    for edit in edits:
        for roads in _list_needed(network, edit, added):
            if len(roads) and (times[roads] > (edit.change == "close")).all():
                found[edit.edit_id] = [
                    one.edit_id
                    for one in closing
                    if one is not edit and np.isin(roads, one.segments).any()
                ]
    return found


def _list_needed(
    network: Network, edit: RoadEdit, added: Counter[Joint]
) -> Iterator[NDArray[np.intp]]:
    """Yield segments of each of which, together, one at least must be open for an edit to count."""
    if edit.change in ("quiet", "open", "close"):
        yield edit.segments
    elif edit.change == "crossing":
        edge, end = np.nonzero((edit.node == network.ends.T) & network.busy_ends)
        yield np.where(end, network.first_segment[edge + 1] - 1, network.first_segment[edge])
    elif edit.change == "add":
        # Where another new road begins as well one may go on over that.
        for joint in edit.joints:
            if added[joint] == 1:
                yield _list_segments_at(network, joint)


def _list_segments_at(network: Network, joint: Joint) -> NDArray[np.intp]:
    """List the open segments that meet at a place on the roads."""
    segment, offset_mm = joint
    edge = network.segment_edge[segment]
    first, stop = network.first_segment[edge], network.first_segment[edge + 1]
    if 0 < offset_mm < network.length_mm[segment]:
        return np.array([segment], dtype=np.intp)
    beside = segment + (1 if offset_mm else -1)
    if first <= beside < stop:
        return np.sort(np.array([segment, beside], dtype=np.intp))
    node = network.ends[1 if offset_mm else 0, edge]
    edge, end = np.nonzero(node == network.ends.T)
    at = np.where(end, network.first_segment[edge + 1] - 1, network.first_segment[edge])
    return np.unique(at[network.open_[:, edge].any(axis=0)]).astype(np.intp)


def edit_network(network: Network, edits: gpd.GeoDataFrame | str | Path) -> Network:
    """Give a network of one's own with roads changed: see `docs/network-edits.md`.

    >>> sg.access(edit_network(network, "wegen.geojson"), academies, demand, speed_kmh=15)

    Doors and islands stay those of before: nobody comes to live along an added road. For quiet
    roads alone: `edit_network(network, edits).calm_to("low_stress")`.

    Parameters
    ----------
    network
        As from `Network.from_osm`.
    edits
        A file of edits, or what `stemgeo.inputs.network_edits.read_network_edits` made of one.

    Raises
    ------
    InputError
        Naming every edit that lies on no road, is not joined to any, or changes nothing.
    """
    table = edits if isinstance(edits, gpd.GeoDataFrame) else read_network_edits(edits)
    return add_edits(network, table)


def find_idle_changes(travel: Travel) -> dict[str, str]:
    """Say which changes would change nothing, however one travels by a study, and why."""
    if travel.on_foot:
        return dict.fromkeys(("quiet", "crossing"), "on foot: no road is too busy")
    if travel.profiles == ("all",):
        why = "over all roads alone: give travel.profiles one of quiet roads"
        return dict.fromkeys(("quiet", "crossing"), why)
    if travel.busy_crossings == "ignore":
        return {"crossing": 'with travel.busy_crossings = "ignore": give "push" or "end"'}
    return {}


def _measure_m(network: Network, edit: RoadEdit) -> int | None:
    if edit.change == "crossing":
        return None
    by = network.length_mm[edit.segments]
    mm = measure_mm(network, edit.line) if edit.change == "add" else by
    return round(int(mm.sum()) / 1000)


def _note_edits(placed: gpd.GeoDataFrame, where: Said) -> Note:
    """Tell which roads are not as the map has them, each with what becomes of it and its length."""
    what = say(
        "measured with roads that are not as the map has them: {each}",
        "gemeten met wegen die anders zijn dan op de kaart: {each}",
        "mesuré avec des voies qui ne sont pas comme sur la carte : {each}",
        each=say_roads(placed),
    )
    return Note(where, what)


def _note_shut(
    shut: Mapping[str, list[str]], names: Mapping[str, str], where: Said
) -> Iterator[Note]:
    """Tell which edits change nothing, as the road that they are of is closed by another."""

    def call(edit_id: str) -> str:
        return clean_text(names[edit_id], 60)

    each = [
        say(
            "{name} (closed by {others})",
            "{name} (afgesloten door {others})",
            "{name} (fermée par {others})",
            name=call(one),
            others=say_list([call(other) for other in others], _SHORT),
        )
        for one, others in shut.items()
    ]
    if each:
        yield Note(
            where,
            say(
                "no effect, as the road there is closed by another edit: {each}",
                "zonder gevolg, want een andere aanpassing sluit er de weg af: {each}",
                "sans effet, car une autre modification y ferme la voie : {each}",
                each=say_list(each, _MOST_TOLD),
            ),
            say(
                "leave one of both out",
                "laat een van beide weg",
                "laissez l’une des deux de côté",
            ),
        )


def find_own_edits(
    edits: gpd.GeoDataFrame | None, others: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame | None:
    """Give the edits of one result that another has not: told apart by what they do and where.

    Parameters
    ----------
    edits, others
        As from `place_edits`; None without any.

    Returns
    -------
    GeoDataFrame or None
        None where there are none.
    """
    if edits is None:
        return None
    known = set() if others is None else set(_list_doings(others))
    own = edits[[one not in known for one in _list_doings(edits)]]
    return own if len(own) else None


def _list_doings(edits: gpd.GeoDataFrame) -> list[tuple[object, ...]]:
    """Say of each edit what it does and where, to the centimetre; whatever it is called."""
    at = edits.geometry.normalize().set_precision(0.01).to_wkb(hex=True)
    level = edits["level"].fillna(1).astype(int).where(edits["change"].isin(["quiet", "add"]), 0)
    return [*zip(edits["change"], level, edits["oneway"].astype(bool), at, strict=True)]


def say_roads(placed: gpd.GeoDataFrame) -> Said:
    """List edited roads, each with what becomes of it and its length.

    Parameters
    ----------
    placed
        As from `place_edits`.
    """
    each = [
        _say_road(name, change, None if pd.isna(length) else int(length))
        for name, change, length in placed[["name", "change", "length_m"]].itertuples(index=False)
    ]
    return say_list(each, _MOST_TOLD)


def say_edits(edits: gpd.GeoDataFrame) -> Said:
    """Say in a line which roads are changed, for what is printed around a map.

    Parameters
    ----------
    edits
        The table `network-edits`.
    """
    each = [_say_road(*row) for row in edits[["name", "change"]].itertuples(index=False)]
    return say(
        "with {edits}: {each}",
        "met {edits}: {each}",
        "avec {edits} : {each}",
        edits=say_count(len(edits), "road edit"),
        each=say_list(each, _SHORT),
    )


def _say_road(name: str, change: str, length_m: int | None = None) -> Said:
    """Call a road by its name, with what becomes of it and its length where that is said."""
    of: dict[str, Said | str] = {"name": clean_text(name, 60), "what": SAID[change]}
    if length_m is None:
        return say("{name} ({what})", "{name} ({what})", "{name} ({what})", **of)
    return say(
        "{name} ({what}, {length} m)",
        "{name} ({what}, {length} m)",
        "{name} ({what}, {length} m)",
        **of,
        length=say_amount(length_m),
    )
