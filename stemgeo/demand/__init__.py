"""Children at points: from municipality totals to the places where they live.

A child is whole. Each step hands out whole children over parts in proportion to their weights,
so that the parts add up to the total exactly, and every level adds up to the input.
"""

from stemgeo.demand.places import OUTSIDE, PlacingGround, count_children
from stemgeo.demand.points import (
    AgeCell,
    PlacedChildren,
    cut_age_cells,
    place_children,
    served_ages,
    which_serve,
)

__all__ = [
    "OUTSIDE",
    "AgeCell",
    "PlacedChildren",
    "PlacingGround",
    "count_children",
    "cut_age_cells",
    "place_children",
    "served_ages",
    "which_serve",
]
