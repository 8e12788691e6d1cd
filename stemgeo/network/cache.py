"""Networks kept between runs, named by the content they were made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stemgeo.inputs import cache as work
from stemgeo.inputs import extracts
from stemgeo.network.graph import Network
from stemgeo.network.osm import read_roads
from stemgeo.network.stress_rules import load_stress_rules

if TYPE_CHECKING:
    from collections.abc import Sequence


def load_network(
    paths: Sequence[Path], sha256s: Sequence[str], stress_rules: str = "default"
) -> Network:
    """Take the network of these extracts from the cache, or read it and keep it.

    It has everything, ferries too: `Network.restricted` makes a profile of it.

    An entry is named by the hash of the extracts, of the code that reads them and of the rules by
    which roads are quiet, so neither another file nor another rule can meet a stale one. It is
    checked when opened and rebuilt when it is not what was written.

    Parameters
    ----------
    paths
        The extracts.
    sha256s
        Of each extract, in the same order.
    stress_rules
        The set of rules by which roads are quiet, see `stress_rules`.
    """
    code = [*sorted(map(str, Path(__file__).parent.glob("*.py"))), *extracts.CODE]
    made_from = sorted(sha256s), load_stress_rules(stress_rules).model_dump_json()
    place = work.entry_path("networks", *made_from, code=code)
    return work.load_or_make(
        place,
        lambda: Network.whole_from_roads(read_roads(paths, stress_rules)),
        _store_network,
        Network.load,
    )


def _store_network(network: Network, place: Path) -> None:
    place.mkdir()
    network.save(place)
