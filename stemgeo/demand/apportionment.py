"""Handing out what cannot be divided: whole children over parts with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stemgeo.arrays import list_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Longs = NDArray[np.int64]


PHASES = 256
HALF = PHASES // 2

PLACE_BITS = 40
"""Places in a row that are the same in so many bits are equal; the rest is for 8 million owners."""


def apportion(
    total: Longs, weight: Longs, owner: NDArray[np.intp], phase: Longs | None = None
) -> Longs:
    """Hand out whole units over parts in proportion to their weights.

    Unit k of a total of N goes to the part in which (k - 1 + p) / N of the cumulated weight falls,
    so the units lie evenly along the parts and no part is off by one or more from its due.

    Parameters
    ----------
    total
        Units of each owner, shape (owners,).
    weight
        Weight of each part, at least 0, shape (parts,).
    owner
        The owner of each part, rising, shape (parts,).
    phase
        p of each owner in 256ths, 1 to 256, shape (owners,); a half when not given. With the same
        p everywhere a single unit would always go to the same part of the row.

    Returns
    -------
    int64 array, shape (parts,)
        Adds up to `total` for every owner whose parts weigh more than nothing.
    """
    weight = _coarsen_weights(total, weight, owner)
    after = np.cumsum(weight)
    first = np.searchsorted(owner, np.arange(len(total)))
    stop = np.searchsorted(owner, np.arange(len(total)), side="right")
    cumulated = np.concatenate([[0], after])
    whole = (cumulated[stop] - cumulated[first])[owner]
    units = total[owner]
    late = PHASES - (np.full(len(total), HALF) if phase is None else phase)[owner]

    def handed_out(share: Longs) -> Longs:
        return np.asarray((PHASES * share * units + late * whole) // np.maximum(PHASES * whole, 1))

    before_owner = cumulated[first][owner]
    start = after - weight - before_owner
    return handed_out(after - before_owner) - handed_out(start)


def _coarsen_weights(total: Longs, weight: Longs, owner: NDArray[np.intp]) -> Longs:
    """Make the weights of an owner coarser where products with its units would leave 63 bits."""
    whole = np.bincount(owner, weights=weight, minlength=len(total))
    with np.errstate(divide="ignore"):
        bits = np.ceil(np.log2(PHASES * whole * (total + 1.0))) - 62
    shift = np.clip(bits, 0, 62).astype(np.int64)[owner]
    return np.where(weight > 0, np.maximum(weight >> shift, 1), 0)


def apportion_kinds(
    counts: Longs,
    weight: Longs,
    owner: NDArray[np.intp],
    shift: NDArray[np.float64],
    phase: Longs,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Hand out units of several kinds over parts, each kind evenly and their total evenly.

    How many units a part gets follows from the total alone, as in `apportion`. Who they are: all
    units of an owner stand in one row and fill the parts in their order. Unit j of the n of a
    kind stands at (j - 1 + u) / n of the row, where u is the kind's shift.

    Parameters
    ----------
    counts
        Units of each owner and kind, shape (owners, kinds).
    weight, owner
        Of each part, as in `apportion`.
    shift
        u of each owner and kind, 0 to 1, shape (owners, kinds). Kinds with the same shift and the
        same number stand at the same places.
    phase
        As in `apportion`. Of equal places the first kind goes first; where it is odd, the last.

    Returns
    -------
    tuple of arrays
        Part and kind of each unit. An owner whose parts weigh nothing hands out nothing.
    """
    slots = apportion(counts.sum(axis=1), weight, owner, phase)
    part = np.repeat(np.arange(len(weight)), slots)
    has_place = np.bincount(owner, weights=slots, minlength=len(counts)) > 0
    of, kind = np.nonzero(counts * has_place[:, None])
    # The kinds of an owner in the order in which they go first: a stable sort keeps it.
    at = np.lexsort((np.where(phase[of] % 2 == 1, -kind, kind), of))
    of, kind = of[at], kind[at]
    n = counts[of, kind]
    each, before = list_ranges(0, n)
    place = (before + shift[of, kind][each]) / n[each]
    # Owner and place in one number: runs that are nearly in order are sorted in a quarter of the
    # time that all places together take.
    row = np.argsort(
        (of[each] << PLACE_BITS) + (place * 2**PLACE_BITS).astype(np.int64), kind="stable"
    )
    return part, kind[each][row]
