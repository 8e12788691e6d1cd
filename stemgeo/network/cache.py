"""Networks kept between runs, named by the content they were made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stemgeo.inputs import cache as work
from stemgeo.inputs import extracts
from stemgeo.network.graph import Network
from stemgeo.network.osm import RULES, read_roads
from stemgeo.network.stress_rules import load_stress_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.study import Mode


def load_network(
    paths: Sequence[Path],
    sha256s: Sequence[str],
    stress_rules: str = "default",
    mode: Mode = "bicycle",
) -> Network:
    """Take the network of these extracts from the cache, or read it and keep it.

    It has everything, ferries too: `Network.restricted` makes a profile of it.

    An entry is named by the hash of the extracts, of the code that reads them, of the rules by
    which roads are quiet and of who goes where, so neither another file nor another rule can meet
    a stale one. It is checked when opened and rebuilt when it is not what was written.

    Parameters
    ----------
    paths
        The extracts.
    sha256s
        Of each extract, in the same order.
    stress_rules
        The set of rules by which roads are quiet, see `stress_rules`.
    mode
        Of travel; on foot the rules are others, and by e-bike those of a bicycle.
    """
    code = [*sorted(map(str, Path(__file__).parent.glob("*.py"))), *extracts.CODE]
    rules = RULES[mode].__name__, load_stress_rules(stress_rules).model_dump_json()
    made_from = sorted(sha256s), *rules
    place = work.entry_path("networks", *made_from, code=code)
    return work.load_or_make(
        place,
        lambda: Network.whole_from_roads(read_roads(paths, stress_rules, mode)),
        _store_network,
        Network.load,
    )


def _store_network(network: Network, place: Path) -> None:
    place.mkdir()
    network.save(place)
