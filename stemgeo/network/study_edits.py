"""The edits of roads of a study: checked against its roads before anything else, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from stemgeo.errors import Findings, InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.network_edits import read_network_edits
from stemgeo.network.edit_places import add_edits, draw_edit, match_edits
from stemgeo.network.edits import measure_mm
from stemgeo.notes import Note, Said, clean_text, say, say_amount, say_count, say_list

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.network.edits import RoadEdit
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


def place_edits(network: Network, table: gpd.GeoDataFrame, travel: Travel) -> gpd.GeoDataFrame:
    """Find where edits lie on the roads of a study, and how long they are.

    Parameters
    ----------
    network
        As from `Network.whole`.
    table
        The table `network-edits`, as read.
    travel
        How the study travels.

    Returns
    -------
    GeoDataFrame
        The same rows, with `length_m` (missing of a crossing), and where each lies on the roads.

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
    return placed


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


def note_edits(placed: gpd.GeoDataFrame, where: Said | None = None) -> Note:
    """Tell which roads are not as the map has them, each with what becomes of it and its length.

    Parameters
    ----------
    placed
        As from `place_edits`.
    where
        What of several measurements it is told of.
    """
    what = say(
        "measured with roads that are not as the map has them: {each}",
        "gemeten met wegen die anders zijn dan op de kaart: {each}",
        "mesuré avec des voies qui ne sont pas comme sur la carte : {each}",
        each=say_roads(placed),
    )
    return Note(where or Said("roads", "wegen", "routes"), what)


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
