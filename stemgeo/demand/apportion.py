"""Handing out what cannot be divided: whole children over parts with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Longs = NDArray[np.int64]


def apportion(total: Longs, weight: Longs, owner: NDArray[np.intp]) -> Longs:
    """Hand out whole units over parts in proportion to their weights.

    Unit k of a total of N goes to the part in which (k - 1/2) / N of the cumulated weight falls,
    so the units lie evenly along the parts and no part is off by one or more from its due.

    Parameters
    ----------
    total
        Units of each owner, shape (owners,).
    weight
        Weight of each part, at least 0, shape (parts,).
    owner
        The owner of each part, rising, shape (parts,).

    Returns
    -------
    int64 array, shape (parts,)
        Adds up to `total` for every owner whose parts weigh more than nothing.
    """
    after = np.cumsum(weight)
    first = np.searchsorted(owner, np.arange(len(total)))
    stop = np.searchsorted(owner, np.arange(len(total)), side="right")
    cumulated = np.concatenate([[0], after])
    whole = (cumulated[stop] - cumulated[first])[owner]
    units = total[owner]

    def handed_out(share: Longs) -> Longs:
        return np.asarray((2 * share * units + whole) // np.maximum(2 * whole, 1))

    before_owner = cumulated[first][owner]
    start = after - weight - before_owner
    return handed_out(after - before_owner) - handed_out(start)


def apportion_kinds(
    counts: Longs, weight: Longs, owner: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Hand out units of several kinds over parts, each kind evenly and their total evenly.

    How many units a part gets follows from the total alone, as in `apportion`. Who they are:
    all units of an owner stand in one row and fill the parts in their order. Unit j of the n of
    a kind stands at (j - 1 + u) / n of the row; of equal places the first kind goes first. u is
    the kind's own shift (1/2, 1/4, 3/4, 1/8, ..., the sequence of van der Corput), so that the
    kinds of which there is only one do not all crowd in the middle of the row.

    Parameters
    ----------
    counts
        Units of each owner and kind, shape (owners, kinds).
    weight, owner
        Of each part, as in `apportion`.

    Returns
    -------
    tuple of arrays
        Part and kind of each unit. An owner whose parts weigh nothing hands out nothing.
    """
    slots = apportion(counts.sum(axis=1), weight, owner)
    part = np.repeat(np.arange(len(weight)), slots)
    has_place = np.bincount(owner, weights=slots, minlength=len(counts)) > 0
    of, kind = np.nonzero(counts * has_place[:, None])
    n = counts[of, kind]
    each = np.repeat(np.arange(len(n)), n)
    before = np.arange(len(each)) - np.repeat(np.cumsum(n) - n, n)
    place = (before + _shifts(counts.shape[1])[kind[each]]) / n[each]
    row = np.lexsort((kind[each], place, of[each]))
    return part, kind[each][row]


def _shifts(kinds: int) -> NDArray[np.float64]:
    """Give 1/2, 1/4, 3/4, 1/8, 5/8, ...: the binary digits of 1, 2, 3, ... mirrored."""
    return np.array([int(f"{i:b}"[::-1], 2) / 2 ** i.bit_length() for i in range(1, kinds + 1)])
