"""Tiles that lie in the store, and are searched by the workers of a cluster.

A tile has a home: the worker that has opened it, and keeps the times of its roads. Another takes
its units when that one is lost or has much to do, and opens the tile as well: the same labels.

What a unit gives is named by all that it is made from: the code, the tile, how one travels, and the
names of what other units give it. So what was kept of a run that was broken off is found again.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
from pydantic import BaseModel

from stemgeo.errors import Problem, ScaleError, StemgeoError
from stemgeo.notes import say
from stemgeo.report.manifests import list_choices
from stemgeo.scale.cluster import identify
from stemgeo.scale.store import Store, name_key
from stemgeo.scale.tiles import Tile, lend_labels
from stemgeo.writing.seal import hash_if_readable
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Future

    from stemgeo.scale.cluster import Cluster
    from stemgeo.study import Study

UNITS = "units"
"""The kind of entries that hold what a unit gave."""
_GAVE = "gave.npz"
TILES_KEPT = 64
"""So many tiles a worker keeps open: its share of them, as a rule."""
_OPENING = Lock()
_LOG = logging.getLogger("stemgeo")


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
    store
        Of this run alone: its tiles.
    kept
        Where what units gave is kept, and not done again; nowhere when not given.
    """

    cluster: Cluster
    store: Store
    kept: Store | None = None
    _tiles: int = 0
    _homes: list[str] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)

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
        name = name_key(identify(), work.__name__, self._describe(given)) if self.kept else ""
        # To hand labels on is quicker than to read them.
        kept = KeptUnit(self.kept, name) if self.kept and work is not lend_labels else None
        future = self.cluster.submit(_search, kept, work, *given, name=work.__name__, **how)
        self._names[future.key] = name
        return future

    def _describe(self, given: Any) -> Any:
        """Describe what a unit is given, fit for JSON: the same for the same, in any process."""
        if isinstance(given, np.ndarray):
            sha256 = hashlib.sha256(given.tobytes()).hexdigest()
            return [str(given.dtype), given.shape, sha256]
        if isinstance(given, HeldTile):
            return given.sha256
        if isinstance(given, BaseModel):
            return given.model_dump(mode="json")
        if isinstance(given, dict):
            given = sorted(given.items())
        elif is_dataclass(given):
            given = [getattr(given, one.name) for one in fields(given)]
        if isinstance(given, tuple | list):
            return [self._describe(one) for one in given]
        return self._names[given.key] if hasattr(given, "key") else given

    def _find_homes(self) -> list[str]:
        """Give the addresses of the workers; asked anew once units came back."""
        if not self._homes:
            # To ask takes longer than to hand a unit over: not for each of thousands.
            self._homes = sorted(self.cluster.count_units())
        return self._homes

    def gather(self, futures: Sequence[Future]) -> list[Any]:
        """Wait for units, and give what they gave."""
        found = self.cluster.gather(futures)
        self._homes = []
        return found

    def hold(self, tile: Tile) -> HeldTile:
        """Bring a tile into the store."""
        with temporary_folder() as folder:
            path = folder / "tile"
            path.write_bytes(pickle.dumps(tile, protocol=5))
            sha256 = self.store.put_file(path)
        self._tiles += 1
        return HeldTile(self.store, sha256, self._tiles - 1)


@contextmanager
def open_units(cluster: Cluster, study: Study | None = None) -> Iterator[OnWorkers]:
    """Give who does units on the workers of a cluster; what is in the store goes at the end.

    Parameters
    ----------
    cluster
        Whose workers they are.
    study
        Of which what units gave is kept in the store until all of it is done, also where the run is
        broken off: the next goes on from there. Nothing is kept where it is not given.
    """
    runs = f"{cluster.store.url}/runs"
    # Tiles are of this run alone: another of the same study may be done before it.
    store = Store(f"{runs}/{uuid4().hex}", cluster.store.copies)
    kept = Store(f"{runs}/{_name_study(study)}", cluster.store.copies) if study else None
    if kept and kept.holds(UNITS):
        _LOG.warning(
            say(
                "what a run of this study that is not done found is taken from the store",
                "wat een berekening van deze studie die niet af is al vond, komt uit de opslag",
                "ce qu’un calcul non terminé de cette étude avait trouvé est repris du stockage",
            )
        )
    try:
        yield OnWorkers(cluster, store, kept)
        if kept:
            kept.remove()
    finally:
        store.remove()


def _name_study(study: Study) -> str:
    """Name a study by its choices and its files, wherever these lie."""
    from stemgeo.scale.batch import list_paths  # of use to no worker, and brings much along

    paths = dict.fromkeys(list_paths(study))
    return name_key(identify(), list_choices(study), [hash_if_readable(path) for path in paths])


# -- on a worker --------------------------------------------------------------------------------


@dataclass(frozen=True)
class KeptUnit:
    """Where what a unit gives is kept.

    Attributes
    ----------
    store, name
        Of the entry.
    """

    store: Store
    name: str

    def find(self) -> Any:
        """Give what the unit gave; None where nothing is kept of it."""
        folder = self.store.get(UNITS, self.name)
        if folder is None:
            return None
        try:
            with np.load(folder / _GAVE, allow_pickle=False) as arrays:
                first, *others = arrays.values()
        except (OSError, ValueError, BadZipFile):
            # As its entry has it, but nothing that was kept here, or gone meanwhile.
            self.store.drop(UNITS, self.name)
            return None
        if others:
            return first, *others
        return first if first.ndim else first.item()

    def keep(self, gave: Any) -> None:
        """Keep what the unit gave: a number, an array, or several."""
        arrays = gave if isinstance(gave, tuple) else (gave,)

        def put() -> None:
            self.store.put(UNITS, self.name, lambda folder: np.savez(folder / _GAVE, *arrays))

        try:
            put()
        except (OSError, StemgeoError):
            # Another run of the same study was done, and took the whole away: it comes anew.
            put()


def _search(kept: KeptUnit | None, work: Callable[..., Any], *given: Any) -> Any:
    """Do a unit on a worker, unless what it gives is kept."""
    found = kept and kept.find()
    if found is None:
        found = _do(work, *given)
        if kept:
            kept.keep(found)
    return found


def _do(work: Callable[..., Any], *given: Any) -> Any:
    """Do a unit, with the tiles that it is given opened."""
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
