"""Studies of small maps drawn by hand, with a few children and academies at known places."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import numpy as np
import shapely

from stemgeo.access.search import unpack_labels
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import OverNetwork
from stemgeo.links.candidates import LinkCandidates, list_candidates
from stemgeo.measure import Measured, Prepared, measure_day
from stemgeo.network.edits import lay_edits
from stemgeo.network.graph import Network
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stemgeo.network.edits import RoadEdit

STREET = {"highway": "residential", "maxspeed": "30", "surface": "asphalt"}
LOUD = {"highway": "primary", "maxspeed": "70", "lanes": "2", "surface": "asphalt"}
"""Ridden, and far too busy for a child; where it is pushed it takes 3.75 times as long."""

FAR = {901: (-9, -9), 902: (-9, -8.9), 903: (15, -9), 904: (15, -8.9), 905: (3, 15), 906: (3, 14.9)}
FAR_WAYS = [([one, one + 1], STREET) for one in (901, 903, 905)]
"""Islands far away: the ground of a map is the hull of its roads."""

Ways = "Sequence[tuple[Sequence[int], Mapping[str, str]]]"


class Town:
    """A map, who lives there and where academies are; everyone rides 15 km/h."""

    def __init__(
        self,
        folder: Path,
        nodes: Mapping[int, tuple[float, float]],
        ways: Ways,
        homes: Sequence[tuple[float, float]],
        sites: Sequence[tuple[float, float]],
        *,
        cutoff_min: float,
        said: Mapping[int, Mapping[str, str]] | None = None,
        links: Mapping[str, Any] | None = None,
        **travel: Any,
    ) -> None:
        """Draw and measure it; places in kilometres from the corner."""
        path = folder / "wegen.osm"
        drawn = hand.osm_xml({**nodes, **FAR}, [*ways, *FAR_WAYS], said)
        path.write_text(drawn, encoding="utf-8")
        roads = Network.whole_from_roads(read_roads([path]))
        speed = dict.fromkeys(("low", "central", "high"), 15)
        study = hand.study(
            "wegen.osm",
            addresses="adressen.csv",
            demand={"method": "buildings"},
            travel={"cutoff_min": cutoff_min, "speed_kmh": speed, "snap_limit_m": 60} | travel,
            links=dict(links or {}),
        )
        ground = hand.municipalities({"11001": ("Antwerpen", hand.square(-9, -9, 30, 30))})
        each = [("11001", age, "F", len(homes)) for age in range(5, 18)]
        doors = gpd.GeoDataFrame(
            {"weight": np.ones(len(homes))},
            geometry=[hand.spot(*one) for one in homes],
            crs=hand.CRS,
        )
        inputs = hand.inputs(
            ground,
            hand.children(each),
            academies=hand.academies({f"A{at}": hand.spot(*one) for at, one in enumerate(sites)}),
            addresses=doors,
        )
        self.prepared = Prepared.from_inputs(study, inputs, roads)
        self.measured: Measured = measure_day(self.prepared, dt.date(2022, 12, 31), threads=1)

    def list_candidates(self, projects: Sequence[RoadEdit] = ()) -> LinkCandidates:
        """List what could bring someone within reach."""
        return list_candidates(self.prepared, self.measured, projects)

    def count_gain(self, edits: Sequence[RoadEdit]) -> int:
        """Count whom edits bring within reach, by a whole run over the roads with them."""
        return count_gain(self.prepared, self.measured, edits)


def count_gain(prepared: Prepared, measured: Measured, edits: Sequence[RoadEdit]) -> int:
    """Count whom edits bring within reach, by a whole run; all are held where they were placed."""
    every = measured.riders[0]
    assert isinstance(every, OverNetwork)
    laid = lay_edits(every.network, edits)
    late, gained = minutes_to_ms(prepared.study.travel.cutoff_min), 0
    riders = [_ride_over(prepared, every, one) for one in (laid.before, laid.after)]
    for cell in prepared.cells:
        before, after = (
            unpack_labels(one.find_nearest(cell, "central"))[0] <= late for one in riders
        )
        assert not (before & ~after).any()
        gained += int(prepared.points[cell.column].to_numpy()[after & ~before].sum())
    return gained


def _ride_over(prepared: Prepared, every: OverNetwork, network: Network) -> OverNetwork:
    """Give the same traveller over edited roads, tied to them anew, in the profile of links."""
    beside = network.take_to_pavements() if every.beside else None
    one = replace(every, network=network, beside=beside, _riders={})
    one = one.for_points(prepared.points).for_academies(every.academies)
    profile = prepared.study.links_profile
    return one if profile == "all" else one.in_profile(profile)


def tell(found: LinkCandidates) -> list[tuple[str, int, int]]:
    """Give the kind, the number of edits and the length in metres of each candidate."""
    table = found.table
    return sorted(
        zip(table["kind"], table["pieces"].tolist(), table["length_m"].round().astype(int).tolist(),
            strict=True)
    )  # fmt: skip


def line_of(found: LinkCandidates, at: int) -> shapely.Geometry:
    """Give the shape of a candidate in kilometres from the corner of the ground."""
    shape = found.table.geometry.iloc[at]
    return shapely.transform(shape, lambda xy: (xy - [hand.X0, hand.Y0]) / 1000)
