"""What is kept of a study beside its counts: what a change of academies may mean."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.explore.best import (
    BestPlaces,
    ReachedFrom,
    list_central_paces,
    list_served_ages,
)
from stemgeo.explore.gaps_left import KeptGaps, add_up_late
from stemgeo.gaps.areas import GapGround
from stemgeo.inputs import cache
from stemgeo.measure import network_hashes
from stemgeo.siting.places import list_candidates
from stemgeo.stages import FINDING_GAPS, TRYING_PLACES, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.explore.ground import SearchGround
    from stemgeo.inputs import Inputs
    from stemgeo.measure import Prepared, Traveller

    Bools = NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class BesideCounts:
    """What a study knows besides who is within reach.

    Attributes
    ----------
    candidates
        Where an academy could come, as siting has it: of the study's list what can be used, without
        a list one for each zone; by academy_id.
    gaps
        Areas of children out of reach.
    best
        Whom each of the candidates would bring within reach.
    mapped
        The schools and libraries of the map; None without one.
    layer
        The places by which the subsidy counts, where the study chose a layer for that.
    """

    candidates: gpd.GeoDataFrame
    gaps: KeptGaps
    best: BestPlaces
    mapped: pd.DataFrame | None
    layer: gpd.GeoDataFrame | None

    @classmethod
    def from_prepared(
        cls,
        prepared: Prepared,
        ground: SearchGround,
        riders: Mapping[str, Traveller],
        within: Callable[[str, int], Bools],
        threads: int,
        progress: Progress,
    ) -> BesideCounts:
        """Find it out.

        Parameters
        ----------
        prepared, ground, riders
            The study, where its children live, and who travels over the roads of each profile.
        within
            Of a profile and a cell, which points have an academy of the ages within reach at the
            central speeds.
        threads
            Searches that run side by side; the result is the same.
        progress
            Told how far it is.
        """
        progress(FINDING_GAPS, 0.5)
        candidates = list_candidates(prepared, ground.first).table
        where = GapGround.from_prepared(prepared, ground.first)
        gaps = KeptGaps.from_late(add_up_late(ground, within), where, threads)

        def tell(share: float) -> None:
            progress(TRYING_PLACES, 0.55 + 0.35 * share)

        return cls(
            candidates,
            gaps,
            BestPlaces.from_ground(ground, riders, candidates, within, threads, tell),
            _load_mapped(prepared.inputs),
            prepared.inputs.layers.get(prepared.study.subsidy.place_layer),
        )

    def save(self, folder: Path) -> None:
        """Write it beside the board, as arrays and tables."""
        tables = {"places": self.candidates, "mapped": self.mapped, "layer": self.layer}
        for name, table in tables.items():
            if table is not None:
                content = io.BytesIO()
                table.to_parquet(content, index=False)
                cache.write_sealed(content.getvalue(), folder / name)
        arrays: dict[str, NDArray[Any]] = {
            f"gaps_{name}": getattr(self.gaps, name) for name in _OF_GAPS
        }
        for number, found in enumerate(self.best.reach.values()):
            arrays |= {f"from_{number}_{name}": one for name, one in found._asdict().items()}
        arrays["adds"] = np.stack(list(self.best.base.values()))
        told = {"least": self.gaps.min_children}
        cache.save_arrays(folder, "beside", told, **arrays)

    @classmethod
    def load(cls, folder: Path, ground: SearchGround) -> BesideCounts:
        """Open what `save` wrote, mapped and not read.

        Parameters
        ----------
        folder
            Of the board.
        ground
            Its own.

        Raises
        ------
        InputError
            If a file is missing or is not what was written.
        """
        told, arrays = cache.map_arrays(folder, "beside")
        study = ground.first.study
        candidates = gpd.read_parquet(io.BytesIO(cache.read_sealed(folder / "places")))
        paces = list_central_paces(study.travel, ground.cells)
        of_each = product(ground.profiles, dict.fromkeys(paces))
        reach = {
            search: ReachedFrom(*(arrays[f"from_{number}_{name}"] for name in ReachedFrom._fields))
            for number, search in enumerate(of_each)
        }
        base = dict(zip(ground.profiles, arrays["adds"], strict=True))
        serves = list_served_ages(candidates, ground.cells, study.academies)
        layer, mapped = folder / "layer", folder / "mapped"
        return cls(
            candidates,
            KeptGaps(
                **{name: arrays[f"gaps_{name}"] for name in _OF_GAPS}, min_children=told["least"]
            ),
            BestPlaces(reach, paces, serves, base),
            pd.read_parquet(io.BytesIO(cache.read_sealed(mapped))) if mapped.exists() else None,
            gpd.read_parquet(io.BytesIO(cache.read_sealed(layer))) if layer.exists() else None,
        )


def _load_mapped(inputs: Inputs) -> pd.DataFrame | None:
    if not inputs.network:
        return None
    # Here, because a study without roads need not load what reads them.
    from stemgeo.inputs.mapped_places import load_mapped_places

    return load_mapped_places(inputs.network, network_hashes(inputs))


_OF_GAPS = ("ids", "names", "before", "profile", "gap")
