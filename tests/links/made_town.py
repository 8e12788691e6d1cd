"""The made town as a study has it, and what whole measurements of it count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import lattice
import numpy as np
import pandas as pd

from stemgeo.access.travellers import OverNetwork
from stemgeo.links.gains import GainKind
from stemgeo.measure import Prepared, find_reached, measure_day
from stemgeo.network.edit_places import draw_edit
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.network import Network
    from stemgeo.network.edits import RoadEdit

PROFILES = ("all", "low_stress", "quiet_1")
CUTOFF_MIN = 6


class MadeTown:
    """The made town as a study has it, and what a whole measurement counts in it."""

    def __init__(self, network: Network, **travel: Any) -> None:
        chosen = {"profiles": PROFILES, "cutoff_min": CUTOFF_MIN, "ferries": True} | travel
        study = hand.study(
            "wegen.osm", addresses="a.csv", demand={"method": "buildings"}, travel=chosen
        )
        self.prepared = Prepared.from_inputs(study, lattice.inputs(900, 5), network)
        self.measured = measure_day(self.prepared, study.about.date)

    @property
    def rider(self) -> OverNetwork:
        """Who rides over all roads."""
        rider = self.measured.riders[0]
        assert isinstance(rider, OverNetwork)
        return rider

    def count(
        self,
        network: Network,
        places: gpd.GeoDataFrame,
        profiles: Sequence[str] = PROFILES,
        scenarios: Sequence[str] = SCENARIOS,
    ) -> dict[GainKind, int]:
        """Count the children within reach over other roads, with more academies."""
        prepared, study = self.prepared, self.prepared.study
        young = study.travel.pavements_under_10
        beside = network.take_to_pavements() if young else None
        every = pd.concat([self.rider.academies, places], ignore_index=True)
        rider = replace(self.rider, network=network, beside=beside, _riders={})
        rider = rider.for_points(prepared.points).for_academies(every)
        return {
            GainKind(profile, scenario, cell): int(
                prepared.points[one.cell.column].to_numpy()[one.covered & one.measured].sum()
            )
            for profile in profiles
            for scenario in scenarios
            for cell, one in enumerate(
                find_reached(
                    rider if profile == "all" else rider.in_profile(profile),
                    prepared,
                    1,
                    scenario=scenario,
                )
            )
        }

    def sum_up(self, network: Network, places: gpd.GeoDataFrame, scenario: str) -> int:
        """Count all children over quiet roads in a scenario."""
        return sum(self.count(network, places, ["low_stress"], [scenario]).values())


def draw_places(random: np.random.Generator, count: int) -> gpd.GeoDataFrame:
    """Draw academies that may come, of several ages, open on the day."""
    made = lattice.academies(random, [f"N{number}" for number in range(count)])
    return made.assign(valid_from=pd.NaT, valid_until=pd.NaT)


def write_edits(network: Network, edits: Sequence[RoadEdit]) -> gpd.GeoDataFrame:
    """Write edits as the table `network_edits`."""
    return gpd.GeoDataFrame(
        {
            "edit_id": [edit.edit_id for edit in edits],
            "change": [edit.change for edit in edits],
            "level": pd.array([edit.level for edit in edits], dtype="Int64"),
            "oneway": [edit.oneway for edit in edits],
            "osm_way": pd.array([pd.NA] * len(edits), dtype="Int64"),
        },
        geometry=[draw_edit(network, edit) for edit in edits],
        crs=network.crs,
    )
