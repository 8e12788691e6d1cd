"""What a run finds: the tables, with the study and the inputs they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stemgeo.coverage import summary_table
from stemgeo.notes import Note

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from stemgeo.inputs import Inputs
    from stemgeo.study import Study


@dataclass(frozen=True)
class Tables:
    """Everything a run found.

    Attributes
    ----------
    study, inputs
        What was asked, of which data.
    coverage, groups, municipalities, academies, gaps, demand, access, isochrones
        The tables; see `docs/data-dictionary.md`. `municipalities` has both measures side by
        side, `academies` those that count on the study's date.
    gap_municipalities, gap_children
        The municipalities of each gap, and every child that is not in time, see `gaps.Gaps`.
    changes
        Recognised academies against the year before, see `coverage.changes`.
    candidates
        The table `candidate-municipalities`: where one academy more would add most.
    times
        Minutes to the nearest academies, academies within reach and the share by minute, see
        `times.times`.
    effects
        What a choice of the model changes: children in time with surfaces counted and without.
    placement
        By which method the children of each zone were placed.
    sensitivity
        The share of each province when the children are placed by other methods.
    uncertainty
        The shares with each assumption at both its ends, see `uncertainty`.
    to_check, verdicts
        The roads on which quiet shares depend, and of which municipalities; None unless they
        were asked for.
    quintiles, concentration
        Coverage by each attribute of the study, see `equity`; None when it names none.
    subsidy
        What each applicant gets under the subsidy rules of the study's year, see `subsidy`.
    network_counts
        By profile: what was read of the roads and left out; empty for "straight-line".
    building_counts
        What was read of the extract's buildings and left out; empty when they were not read.
    notes
        What a reader of the figures must know: warnings of the inputs and of the run.
    """

    study: Study
    inputs: Inputs
    coverage: pd.DataFrame
    groups: pd.DataFrame
    times: pd.DataFrame
    municipalities: gpd.GeoDataFrame
    academies: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    gap_municipalities: pd.DataFrame
    gap_children: pd.DataFrame
    changes: pd.DataFrame
    candidates: pd.DataFrame
    demand: gpd.GeoDataFrame
    access: pd.DataFrame
    isochrones: gpd.GeoDataFrame | None
    effects: pd.DataFrame
    placement: pd.DataFrame
    sensitivity: pd.DataFrame
    uncertainty: pd.DataFrame
    to_check: pd.DataFrame | None
    verdicts: pd.DataFrame | None
    quintiles: pd.DataFrame | None
    concentration: pd.DataFrame | None
    subsidy: pd.DataFrame
    network_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    building_counts: dict[str, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    def summary(self, by: str = "province", *, band: str = "all", sex: str = "all") -> pd.DataFrame:
        """One row for each place of a level; see `coverage.summary_table`."""
        counted = self.coverage if sex == "all" else self.groups
        return summary_table(counted, self.municipalities, by, band=band, sex=sex)
