"""How far apart the children of a gap may live, and what is drawn: as they were placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import cKDTree

from stemgeo.gaps.join import join_by_cells
from stemgeo.speech import format_number
from stemgeo.study import GAP_DISTANCE_M
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.gaps.join import PointGroups
    from stemgeo.speech import Language
    from stemgeo.study import Study

_NEARLY_ALL = 0.95
_LOOKED_AT = 10_000
_TOUCHES_M = 1.0
_MANY_SIZES = 1.5
"""Where large cells are so many times as wide as small ones, a grid has cells of many sizes."""

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
    smallest_m
        Size of the small cells of a grid of many sizes, whose cells are joined where they touch;
        None where all are about as large, or the study gives a distance.
    """

    distance_m: float
    cell_m: float | None = None
    cells: bool = False
    alone: bool = True
    smallest_m: float | None = None

    @classmethod
    def from_study(cls, study: Study, weights: gpd.GeoDataFrame | None) -> Joining:
        """Take what the study says; else what the grid by which it places children asks.

        Cells that touch, even in a corner, are neighbours. Cells of many sizes are joined by what
        touches; over roads nearly all must reach.
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
        small, large = np.quantile(size, [1 - _NEARLY_ALL, _NEARLY_ALL])
        of_many = cells and not asked and large > _MANY_SIZES * small
        if of_many and (study.gaps.method != "roads" or study.straight_line):
            sizes = (float(f"{one:.3g}") for one in (size.max(), size.min()))
            return cls(GAP_DISTANCE_M, next(sizes), cells, alone=False, smallest_m=next(sizes))
        large_m = _round_length(large)
        return cls(asked or far_m, large_m, cells, bool(asked))

    def join_touching(
        self, joined: PointGroups, cell: NDArray[np.intp], weights: gpd.GeoDataFrame
    ) -> PointGroups:
        """Join groups of points that lie in one cell, or in cells that touch.

        Parameters
        ----------
        joined
            By distance.
        cell
            In which each point lies, as from `find_cells`.
        weights
            The cells.
        """
        used = np.unique(cell)
        shapes = weights.geometry.to_numpy()[used]
        # Corners were moved from another projection, and may be a little apart.
        one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_TOUCHES_M)
        beside = np.stack([one, other], axis=1)[one < other]
        return join_by_cells(joined, np.searchsorted(used, cell), beside)

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
    cell = small = ""
    if joining.cell_m is not None and not of_zones:
        key = "cells" if joining.cells else "points"
        cell = format_number(joining.cell_m, language, 0)
    if joining.smallest_m is not None and not of_zones:
        key, small = "sizes", format_number(joining.smallest_m, language, 0)
    alone = text("gaps.drawn.alone") if cell and not joining.alone else ""
    return text(f"gaps.drawn.{key}", cell=cell, small=small) + text("gaps.drawn.counted") + alone
