"""Tiles that lie in the store, and are searched by the workers of a cluster.

A tile has a home: the worker that has opened it, and keeps the times of its roads. Another takes
its units when that one is lost or has much to do, and opens the tile as well: the same labels.
"""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from stemgeo.errors import Problem, ScaleError
from stemgeo.scale.store import Store
from stemgeo.scale.tiles import Tile
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Future

    from stemgeo.scale.cluster import Cluster

TILES_KEPT = 64
"""So many tiles a worker keeps open: its share of them, as a rule."""
_OPENING = Lock()


@dataclass(frozen=True)
class HeldTile:
    """A tile where units are done.

    Attributes
    ----------
    store, sha256
        Where it lies, and its hash.
    number
        By which it has its home.
    """

    store: Store
    sha256: str
    number: int


@dataclass
class OnWorkers:
    """Does units of work on the workers of a cluster; see `over_tiles.Executor`.

    Attributes
    ----------
    cluster
        Whose they are.
    """

    cluster: Cluster
    _held: set[str] = field(default_factory=set)
    _homes: list[str] = field(default_factory=list)

    def submit(self, work: Callable[..., Any], *given: Any) -> Future:
        """Hand a unit over.

        Parameters
        ----------
        work, *given
            A function of a module, and what it is given: a tile by how it is held.
        """
        first = given[0] if given else None
        how: dict[str, Any] = {}
        if isinstance(first, HeldTile) and (homes := self._find_homes()):
            home = homes[first.number % len(homes)]
            how = {"workers": [home], "allow_other_workers": True}
        return self.cluster.submit(_search, work, *given, name=work.__name__, **how)

    def _find_homes(self) -> list[str]:
        """Give the addresses of the workers; asked anew once units came back."""
        if not self._homes:
            # To ask takes longer than to hand a unit over: not for each of thousands.
            self._homes = sorted(self.cluster.client.nthreads())
        return self._homes

    def gather(self, futures: Sequence[Future]) -> list[Any]:
        """Wait for units, and give what they gave."""
        found = self.cluster.gather(futures)
        self._homes = []
        return found

    def hold(self, tile: Tile) -> HeldTile:
        """Bring a tile into the store."""
        number = len(self._held)
        with temporary_folder() as folder:
            path = folder / "tile"
            path.write_bytes(pickle.dumps(tile, protocol=5))
            sha256 = self.cluster.store.put_file(path)
        self._held.add(sha256)
        return HeldTile(self.cluster.store, sha256, number)

    def let_go(self) -> None:
        """Take the tiles out of the store."""
        for sha256 in self._held:
            self.cluster.store.drop_file(sha256)


@contextmanager
def open_units(cluster: Cluster) -> Iterator[OnWorkers]:
    """Give who does units on the workers of a cluster; their tiles are let go at the end."""
    units = OnWorkers(cluster)
    try:
        yield units
    finally:
        units.let_go()


def _search(work: Callable[..., Any], *given: Any) -> Any:
    """Do a unit on a worker, with the tiles that it is given opened."""
    opened = [_open_once(one) if isinstance(one, HeldTile) else one for one in given]
    return work(*opened)


def _open_once(held: HeldTile) -> Tile:
    with _OPENING:
        return _open(held)


@lru_cache(maxsize=TILES_KEPT)
def _open(held: HeldTile) -> Tile:
    path = held.store.get_file(held.sha256)
    if path is None:
        what = "has lost a tile of the roads"
        raise ScaleError(Problem(held.store.url, what, "type the command again"))
    # The hash came from who asks, and what has it is what was put: nobody else's program.
    tile: Tile = pickle.loads(Path(path).read_bytes())  # noqa: S301
    return tile
