"""How far apart the children of a gap may live, and what is drawn: as they were placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from stemgeo.speech import format_number
from stemgeo.study import GAP_DISTANCE_M
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.speech import Language
    from stemgeo.study import Study

_NEARLY_ALL = 0.95
_LOOKED_AT = 10_000
_FEWEST = 9
"""Points that can be a grid, three by three; fewer are places by themselves."""


@dataclass(frozen=True)
class Joining:
    """How children out of reach are joined to areas.

    Attributes
    ----------
    distance_m
        The largest distance between neighbours.
    cell_m
        Size of the grid's cells, or the distance between its points; None without a grid.
    cells
        Whether it is of cells.
    alone
        Whether a cell by itself is a gap.
    """

    distance_m: float
    cell_m: float | None = None
    cells: bool = False
    alone: bool = True

    @classmethod
    def from_study(cls, study: Study, weights: gpd.GeoDataFrame | None) -> Joining:
        """Take what the study says; else what the grid by which it places children asks.

        Cells that touch, even in a corner, are neighbours. Of cells of many sizes nearly all
        must reach.
        """
        asked = study.gaps.distance_m
        if weights is None or study.method != "grid":
            return cls(asked or GAP_DISTANCE_M)
        step = max(1, len(weights) // _LOOKED_AT)
        shape = weights.geometry.to_numpy()
        looked_at = shape[::step]
        cells = bool((shapely.get_dimensions(looked_at) == 2).all())
        if cells:
            size = np.sqrt(shapely.area(looked_at))
            reach = 2 * shapely.minimum_bounding_radius(looked_at) * 1.05
        else:
            place = np.unique(shapely.get_coordinates(shapely.centroid(shape)), axis=0)
            if len(place) < _FEWEST:
                return cls(asked or GAP_DISTANCE_M)
            size = np.asarray(cKDTree(place).query(place[::step], k=2)[0])[:, 1]
            reach = 1.5 * size
        far_m = max(GAP_DISTANCE_M, _round_length(np.quantile(reach, _NEARLY_ALL)))
        return cls(
            asked or far_m, _round_length(np.quantile(size, _NEARLY_ALL)), cells, bool(asked)
        )

    def find_cells(
        self, x: NDArray[np.float64], y: NDArray[np.float64], weights: gpd.GeoDataFrame
    ) -> NDArray[np.intp]:
        """Say in or at which cell or point of the grid each place lies.

        Parameters
        ----------
        x, y
            Metres, shape (places,).
        weights
            The cells or points of the grid.
        """
        tree = shapely.STRtree(weights.geometry.to_numpy())
        return np.asarray(tree.nearest(shapely.points(x, y)), dtype=np.intp)


def _round_length(metres: float) -> float:
    """Give two figures of a length: 1,000 m, 940 m."""
    return float(f"{metres:.2g}")


def describe_outlines(study: Study, weights: gpd.GeoDataFrame | None, language: Language) -> str:
    """Say what the outlines of gaps are drawn around.

    Parameters
    ----------
    study, weights
        What is asked, and the grid if there is one.
    language
        Of the words.
    """
    text, joining = load_texts(language), Joining.from_study(study, weights)
    of_zones = study.gaps.method == "zones"
    key = "zones" if of_zones else study.method
    cell = ""
    if joining.cell_m is not None and not of_zones:
        key = "cells" if joining.cells else "points"
        cell = format_number(joining.cell_m, language, 0)
    alone = text("gaps.drawn.alone") if cell and not joining.alone else ""
    return text(f"gaps.drawn.{key}", cell=cell) + text("gaps.drawn.counted") + alone
