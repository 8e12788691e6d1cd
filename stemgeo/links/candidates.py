"""Which changes of roads could bring children within reach: what `gains` then weighs exactly.

Kinds: a stretch that is too stressful between two places that are not, chains of them, a busy
crossing, a bridge or tunnel, a short link, and the user's own projects. What cannot bring anyone is
left out by the times from the academies and from the children, see `reach`; no child whom a change
brings within reach by itself is missed so, at the central speeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stemgeo.access.travellers import OverNetwork
from stemgeo.errors import InputError, Problem
from stemgeo.links.drawn import draw_candidates
from stemgeo.links.reach import list_reaches
from stemgeo.links.seeking import CutRoads, MapNames, Seeking
from stemgeo.measure import network_hashes
from stemgeo.stages import LOOKING_FOR_ROADS, Progress, report_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from stemgeo.links.chains import Sets
    from stemgeo.measure import Measured, Prepared
    from stemgeo.network.edits import RoadEdit


@dataclass(frozen=True)
class LinkCandidates:
    """Changes of roads that may bring children within reach.

    Attributes
    ----------
    edits
        Each by itself, on the roads of `Measured.riders[0]`.
    members
        Which edits each candidate is made of, by their numbers.
    table
        A row for each candidate, see `drawn.draw_candidates`.
    left_out
        How many were found and are not here: "too_long" (stretches beyond `max_stretch_m`), and by
        kind those beyond `most`.
    """

    edits: list[RoadEdit]
    members: Sets
    table: gpd.GeoDataFrame
    left_out: dict[str, int]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.table)


def list_candidates(
    prepared: Prepared,
    measured: Measured,
    projects: Sequence[RoadEdit] = (),
    progress: Progress = report_nothing,
) -> LinkCandidates:
    """List the changes of roads that may bring children within reach, as `[links]` asks.

    Parameters
    ----------
    prepared, measured
        Of a study over roads.
    projects
        The user's own, matched to the roads of `measured.riders[0]`.
    progress
        Told how far it is.
    """
    study, every, inputs = prepared.study, measured.riders[0], prepared.inputs
    if not isinstance(every, OverNetwork):
        what = "in a straight line there are no roads that could be better"
        raise InputError(Problem("links", what, "give an extract of roads as network"))
    own = projects if "project" in study.links.kinds else ()
    names = MapNames(inputs.network, network_hashes(inputs) if inputs.network else [])
    roads = CutRoads.of_study(every, study.links_profile, study.links, names, own)
    found = _seek(prepared, roads, progress)
    chosen, left_out = found.choose(len(projects))
    edits, members, table = draw_candidates(found, chosen, projects, inputs.municipalities)
    return LinkCandidates(edits, members, table, left_out)


def _seek(prepared: Prepared, roads: CutRoads, progress: Progress) -> Seeking:
    """Look for all who ride alike, one after the other; nothing of their searches is kept."""
    found = Seeking(roads)
    for number, search in enumerate(list_reaches(prepared, roads.calm, roads.every)):
        progress(LOOKING_FOR_ROADS, number / (number + 2))
        found.look(search())
    return found
