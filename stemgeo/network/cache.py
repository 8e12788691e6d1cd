"""Networks kept between runs, named by the content they were made from."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from stemgeo.errors import InputError
from stemgeo.network.graph import Network
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from collections.abc import Sequence


def folder() -> Path:
    """Where networks are kept: $STEMGEO_CACHE, else the user's cache folder."""
    return Path(os.environ.get("STEMGEO_CACHE") or platformdirs.user_cache_dir("stemgeo"))


def load_network(paths: Sequence[Path], sha256s: Sequence[str]) -> Network:
    """Take the network of these extracts from the cache, or read it and keep it.

    It has everything, ferries too: `Network.restricted` makes a profile of it.

    An entry is named by the hash of the extracts and of the code that reads them, so neither
    another file nor another rule can meet a stale one. It is checked when opened and rebuilt
    when it is not what was written.

    Parameters
    ----------
    paths
        The extracts.
    sha256s
        Of each extract, in the same order.
    """
    name = hashlib.sha256("\n".join([_version(), *sorted(sha256s)]).encode()).hexdigest()[:32]
    place = folder() / "networks" / name
    if place.is_dir():
        try:
            return Network.load(place)
        except InputError:
            shutil.rmtree(place, ignore_errors=True)
    network = Network.whole(read_roads(paths))
    try:
        _keep(network, place)
    except OSError:
        # A cache saves work; a full or read-only disk must not cost the result.
        return network
    return network


def _keep(network: Network, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".writing-", dir=place.parent))
    try:
        network.save(beside)
        beside.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


@cache
def _version() -> str:
    """Hash of the modules that turn an extract into a network."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for module in ("bicycle.py", "stress.py", "osm.py", "graph.py"):
        digest.update((here / module).read_bytes())
    return digest.hexdigest()
