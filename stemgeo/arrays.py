"""What numpy and numba lack: runs of equal values, ranges end to end, sums, what is compiled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")
R = TypeVar("R")

_MANY = 1 << 20
"""Values that are worth a thread."""


def starts_of_runs(*keys: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the first of each run of equal values; of several arrays, where any of them changes."""
    first = np.ones(len(keys[0]), dtype=np.bool_)
    first[1:] = keys[0][1:] != keys[0][:-1]
    for one in keys[1:]:
        first[1:] |= one[1:] != one[:-1]
    return first


def list_once(values: NDArray[Any]) -> NDArray[Any]:
    """List each of some whole numbers once, in order; quicker than numpy's own, which hashes."""
    # Stable: no slower of what is in no order, and fifty times as quick of runs that are.
    ordered = np.sort(values, axis=None, kind="stable")
    return np.asarray(ordered[starts_of_runs(ordered)])


def do_at_once(work: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """Do the same for several things, two at a time: long work of numpy lets others run.

    Parameters
    ----------
    work
        What is done.
    things
        For each of which it is; what it gives comes in their order.
    """
    given = list(things)
    if len(given) == 1:  # a thread costs more
        return [work(given[0])]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(work, given))


def list_blocks(count: int, at_once: int) -> Iterator[slice]:
    """Part things into blocks of so many at most, of which few arrays stay in a processor's memory.

    Parameters
    ----------
    count
        How many things there are; of none there is one empty block.
    at_once
        How many are in a block.
    """
    return (slice(start, start + at_once) for start in range(0, max(count, 1), at_once))


def find_places(known: NDArray[Any], sought: NDArray[Any]) -> NDArray[np.intp]:
    """Say where values go among known ones, which are sorted; millions of them in two threads."""
    if len(sought) < _MANY:
        return np.searchsorted(known, sought)
    halves = np.array_split(sought, 2)
    return np.concatenate(do_at_once(lambda half: np.searchsorted(known, half), halves))


def order_stably(keys: NDArray[Any]) -> NDArray[np.intp] | slice:
    """Give what puts keys in order; of those that are in order, all as they are: not a copy."""
    if (keys[1:] >= keys[:-1]).all():
        return slice(None)
    return np.argsort(keys, kind="stable")


def list_ranges(
    start: NDArray[np.integer] | int, stop: NDArray[np.integer]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """List start[i]:stop[i] for every i, end to end: each one's i, and the numbers themselves."""
    sizes = np.asarray(stop - start, dtype=np.intp)
    before = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner, np.arange(len(owner)) + np.repeat(start - before, sizes)


def sum_by_owner(
    owner: NDArray[np.integer], parts: ArrayLike, owners: int = 0
) -> NDArray[np.int64]:
    """Add up whole parts by their owner, shape (owners,) or as many as there are.

    Parameters
    ----------
    owner
        Number of the owner of each part, 0 and up; shape (parts,).
    parts
        Whole numbers, shape (parts,).
    owners
        How many there are at least.
    """
    # Sums of whole numbers far below 2**53: exact in floating point.
    return np.bincount(owner, weights=parts, minlength=owners).astype(np.int64)


def divide_or_nan(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """Divide; NaN where the whole is not above nought."""
    part, whole = np.asarray(part), np.asarray(whole)
    divided = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=divided, where=whole > 0)
    return divided


def is_compiled(kernel: Any) -> bool:
    """Whether a kernel of numba was compiled on this machine before, for this very code."""
    try:
        # numba's own, told nowhere
        return bool(kernel._cache._cache_file._load_index())  # noqa: SLF001
    except (AttributeError, OSError):  # another numba keeps it otherwise: then nothing is said
        return True
