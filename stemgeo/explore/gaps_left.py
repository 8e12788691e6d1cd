"""What is left of each gap when academies come and go: its children before and after.

The gaps are those of a run, under the same ids; a point stays in the gap in which it lay. Who falls
out of reach elsewhere may make a gap that there was not: a run finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from stemgeo.arrays import list_once, sum_by_owner
from stemgeo.gaps.areas import find_areas
from stemgeo.gaps.late import PROFILES
from stemgeo.reasons import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stemgeo.explore.ground import SearchGround
    from stemgeo.explore.moves import Moved, Moves
    from stemgeo.gaps.areas import GapGround

    Bools = NDArray[np.bool_]
    Longs = NDArray[np.int64]
    Points = NDArray[np.intp]


class GapLeft(NamedTuple):
    """What a change leaves of a gap.

    Attributes
    ----------
    gap_id, profile, name
        As in the table of gaps.
    before, after
        Its children who are out of reach; of quiet roads those who are not within reach over these.
    closes
        Whether fewer are left than make a gap.
    """

    gap_id: str
    profile: str
    name: str
    before: int
    after: int
    closes: bool


def add_up_late(ground: SearchGround, within: Callable[[str, int], Bools]) -> pd.DataFrame:
    """Add up the children of each point who are out of reach: what `find_areas` takes.

    Parameters
    ----------
    ground
        Where they live.
    within
        Of a profile and a cell, which points have an academy of the ages within reach at the
        central speeds.
    """
    late = np.zeros((len(PROFILES), len(ground.measured)), dtype=np.int64)
    for cell, children in enumerate(ground.children):
        over_all = within(PROFILES[0], cell)
        late[0] += np.where(ground.measured & ~over_all, children, 0)
        if PROFILES[1] in ground.profiles:
            quiet = within(PROFILES[1], cell)
            late[1] += np.where(ground.measured & over_all & ~quiet, children, 0)
    profile, point = np.nonzero(late)
    return pd.DataFrame({"profile": profile, "point": point, "children": late[profile, point]})


@dataclass(frozen=True)
class KeptGaps:
    """The gaps of a study, with the points that lie in them.

    Attributes
    ----------
    ids, names, before
        Of each gap, in the order of the table: its id, name and children, shape (gaps,).
    profile
        Its position in PROFILES, shape (gaps,).
    gap
        In which gap of each profile each point lies, or NOWHERE; int32, shape (profiles, points).
    min_children
        The fewest that make a gap.
    """

    ids: NDArray[np.str_]
    names: NDArray[np.str_]
    before: Longs
    profile: NDArray[np.int8]
    gap: NDArray[np.int32]
    min_children: int

    @classmethod
    def from_late(cls, rows: pd.DataFrame, ground: GapGround, threads: int) -> KeptGaps:
        """Find the gaps, as a run does.

        Parameters
        ----------
        rows
            As from `add_up_late`.
        ground
            Where the children live.
        threads
            As for `find_areas`.
        """
        areas = find_areas(rows, ground, threads)
        profile, point = (rows[name].to_numpy() for name in ("profile", "point"))
        gap = np.full((len(PROFILES), len(ground.points)), NOWHERE, dtype=np.int32)
        gap[profile, point] = areas.area
        inside = areas.area != NOWHERE
        of_gap = np.zeros(len(areas.ids), dtype=np.int8)
        of_gap[areas.area[inside]] = profile[inside]
        children = rows["children"].to_numpy()[inside]
        return cls(
            np.array(areas.ids, dtype=np.str_),
            np.array(areas.list_names(), dtype=np.str_),
            sum_by_owner(areas.area[inside], children, len(areas.ids)),
            of_gap,
            gap,
            ground.rules.min_children,
        )

    def count_left(self, moves: Moves) -> list[GapLeft]:
        """Say what a change leaves of the gaps in which a child comes within reach, or is lost."""
        gaps = len(self.ids)
        more, touched = np.zeros(gaps, dtype=np.int64), np.zeros(gaps, dtype=np.bool_)
        for (over_all, quiet), cells in _list_alike(moves).items():
            both = [over_all] if quiet is None else [over_all, quiet]
            point = list_once(
                np.concatenate([part for one in both for part in (one.gained, one.lost)])
            )
            count = moves.children[:, point][cells].sum(axis=0)
            for number, (was, is_) in enumerate(_list_left(point, *both)):
                moved = np.flatnonzero((was != is_) & (count > 0))
                gap = self.gap[number, point[moved]]
                there = gap != NOWHERE
                by = np.where(is_[moved], count[moved], -count[moved])
                more += sum_by_owner(gap[there], by[there], gaps)
                touched[gap[there]] = True
        return [self._tell(one, int(more[one])) for one in np.flatnonzero(touched).tolist()]

    def _tell(self, one: int, more: int) -> GapLeft:
        before = int(self.before[one])
        return GapLeft(
            gap_id=str(self.ids[one]),
            profile=PROFILES[self.profile[one]],
            name=str(self.names[one]),
            before=before,
            after=before + more,
            closes=before + more < self.min_children,
        )


def _list_alike(moves: Moves) -> dict[tuple[Moved, Moved | None], list[int]]:
    """List the cells that a change moves alike, over all roads and over quiet ones."""
    alike: dict[tuple[Moved, Moved | None], list[int]] = {}
    for cell in range(len(moves.children)):
        over_all, quiet = PROFILES
        both = moves.by_ages[over_all, cell], moves.by_ages.get((quiet, cell))
        alike.setdefault(both, []).append(cell)
    return alike


def _list_left(
    point: Points, over_all: Moved, quiet: Moved | None = None
) -> list[tuple[Bools, Bools]]:
    """Say at which points children are of gaps before and after, by profile.

    Who came over all roads and comes over none then is no nearer over quiet ones: such a gap does
    not close by that.
    """
    came, comes = over_all.find_both(point)
    left = [(~came, ~comes)]
    if quiet is not None:
        before, after = quiet.find_both(point)
        left.append((came & ~before, (came | comes) & ~after))
    return left
