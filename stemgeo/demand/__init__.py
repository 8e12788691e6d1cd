"""Children at points: from municipality totals to the places where they live.

A child is whole. Each step hands out whole children over parts in proportion to their weights,
so that the parts add up to the total exactly, and every level adds up to the input.
"""

from stemgeo.demand.places import OUTSIDE, Ground, count_children
from stemgeo.demand.points import AgeCell, Placed, age_cells, place_children, served_ages, serves

__all__ = [
    "OUTSIDE",
    "AgeCell",
    "Ground",
    "Placed",
    "age_cells",
    "count_children",
    "place_children",
    "served_ages",
    "serves",
]
