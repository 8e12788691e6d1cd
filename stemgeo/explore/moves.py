"""Who comes within reach and who falls out of it at the central speeds, point by point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ages = tuple[str, int]
    """Over the roads of which profile, and of which cell."""


@dataclass(frozen=True, repr=False)
class Moves:
    """The points that a change may move, and whom it does.

    Attributes
    ----------
    points
        Which of all points, shape (points,).
    children
        How many of each age, shape (cells, points).
    before
        By profile and cell, who had an academy of the ages within reach, shape (points,).
    gained, lost
        Who comes within reach, and who falls out of it; of each of these.
    """

    points: NDArray[np.intp]
    children: NDArray[np.int32]
    before: Mapping[Ages, Bools]
    gained: Mapping[Ages, Bools]
    lost: Mapping[Ages, Bools]

    def find_after(self, ages: Ages) -> Bools:
        """Say who has an academy of the ages within reach then."""
        return (self.before[ages] | self.gained[ages]) & ~self.lost[ages]
