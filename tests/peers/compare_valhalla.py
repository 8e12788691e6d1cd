"""Compare access, direction and distance with Valhalla; write docs/peers.md.

Run by `make peers`. Needs Python 3.12 or newer for Valhalla (the project itself may run on an
older one), the real extracts, and a package registry for Valhalla's wheel.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from classes import (
    AGREE,
    BESIDE_MAIN,
    MOVED,
    PUSHING,
    REASONS,
    RESTRICTION,
    SEVERAL,
    UNEXPLAINED,
)
from extract import Node, read, rewrite, trim
from lab import keep_answers, write_lab
from ours import Paths, draw_pairs, fastest_ms, nothing_beside_main, shortest_m, without_pushing
from page import write_page
from peer import Peer, PeerError, install, python_for_valhalla
from records import Comparison, Difference, Lengths, Survey, Times

from stemgeo.network import Network, bicycle
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from extract import Way
    from numpy.typing import NDArray
    from ours import Pair
    from records import Access, Floats

ROOT = Path(__file__).parents[2]
EXTRACTS = {"porto": "porto.osm.pbf", "berlare": "berlare.osm"}
EXTRACTS["wechelderzande"] = "wechelderzande.osm.pbf"
PAIRS = {"porto": 300, "berlare": 100, "wechelderzande": 100}
SEED = 20190211

RATIO = (0.98, 1.02)
"""Ours over Valhalla's: within these the two agree. Valhalla rounds each edge to a metre."""

MOVED_M = 5.0
"""A place that Valhalla puts farther away than this is not the same place."""

RIDER_KMH = 15
COSTINGS: dict[str, dict[str, Any]] = {
    "shortest": {"shortest": True},
    "unrestricted": {"shortest": True, "ignore_restrictions": True},
    "fastest": {
        "bicycle_type": "hybrid",
        "cycling_speed": RIDER_KMH,
        "use_roads": 1,
        "use_hills": 1,
        "avoid_bad_surfaces": 0,
    },
}


def main() -> None:
    """Run the comparison and write the page."""
    options = _options()
    names = options.extracts or list(EXTRACTS)
    data = ROOT.parent / "shared" / "data" / "osm"
    missing = [
        str(data / EXTRACTS[name]) for name in names if not (data / EXTRACTS[name]).is_file()
    ]
    if missing:
        sys.exit(f"real extracts not found: {', '.join(missing)}")
    try:
        with tempfile.TemporaryDirectory() as work:
            folder = Path(options.folder or work)
            folder.mkdir(parents=True, exist_ok=True)
            python = install(folder, python_for_valhalla(options.python))
            peer = Peer(python, folder)
            lab = folder / "lab.osm.pbf"
            write_lab(lab)
            tags = survey("lab", lab, peer)
            keep_answers(tags.difference)
            done = [compare(name, data / EXTRACTS[name], peer) for name in names]
    except PeerError as error:
        sys.exit(str(error))
    write_page(Path(options.page), done, tags)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extracts", nargs="*", choices=[[], *EXTRACTS], help="default: all")
    parser.add_argument("--python", help="a Python 3.12 or newer, for Valhalla")
    parser.add_argument("--folder", help="keep Valhalla's venv and tiles here")
    parser.add_argument("--page", default=ROOT / "docs" / "peers.md", help="where to write")
    return parser.parse_args()


def survey(name: str, extract: Path, peer: Peer) -> Survey:
    """Build Valhalla's tiles and compare access and direction of every way."""
    _say(f"{name}: tiles")
    peer.build(extract)
    ways, nodes = read(extract)
    by_id = {way.id: way for way in ways}, {node.id: node for node in nodes}
    return Survey(name, *by_id, Difference.of(*by_id, *ask(ways, nodes, peer)))


def compare(name: str, source: Path, peer: Peer) -> Comparison:
    """Compare the engines on one extract."""
    extract = peer.folder / f"{name}.osm.pbf"
    cut = trim(source, extract)
    found = survey(name, extract, peer)
    difference = found.difference
    network = Network.from_osm(extract)
    common = [way for way, access in difference.theirs.items() if any(access)]
    pairs = draw_pairs(network, PAIRS[name], np.random.default_rng(SEED), common)
    _say(f"{name}: {len(pairs)} pairs")
    answers = {
        key: peer.ask(routes=[(*pair, costing) for pair in pairs])["routes"]
        for key, costing in COSTINGS.items()
    }
    adopt = Adopter(extract, found.ways, difference, pairs)
    paths = Paths(network, RIDER_KMH)
    short, fast = paths.find(pairs, "length"), paths.find(pairs, "travel_time_ms")
    everyone = list(range(len(pairs)))
    lengths = Lengths(
        ours=shortest_m(network, pairs),
        without_pushing=adopt.lengths({kind for kind in REASONS if "pushing" in kind}, everyone),
        adopted=adopt.lengths(set(REASONS), everyone),
        fastest=np.array([path.length_m if path else np.inf for path in fast]),
        theirs=_lengths(answers["shortest"]),
        unrestricted=_lengths(answers["unrestricted"]),
        their_fastest=_lengths(answers["fastest"]),
    )
    times = Times(
        fastest_ms(network, pairs, RIDER_KMH),
        fastest_ms(without_pushing(extract), pairs, RIDER_KMH),
    )
    _check(lengths.ours, [path.length_m if path else np.inf for path in short])
    moved = [bool(answer) and answer["moved_m"] > MOVED_M for answer in answers["shortest"]]
    return Comparison(
        found,
        cut,
        pairs,
        lengths,
        times,
        explain(lengths, adopt, np.array(moved)),
        [path.ways if path else frozenset() for path in short],
        [frozenset(answer["ways"] if answer else ()) for answer in answers["shortest"]],
    )


def _lengths(answers: list[Any]) -> Floats:
    return np.array([answer["length_m"] if answer else np.inf for answer in answers])


def _check(kernel: Floats, paths: list[float]) -> None:
    """Hold the kernel's lengths against networkx: what follows must rest on the product's own."""
    np.testing.assert_allclose(kernel, paths, rtol=1e-3, atol=1.0)


def ask(
    ways: list[Way], nodes: list[Node], peer: Peer
) -> tuple[dict[int, Access], dict[int, bool]]:
    """Ask Valhalla who rides every way, and who passes every node inside a way that it rides."""
    found = peer.ask(
        ways=[(way.lat, way.lon) for way in ways], nodes=[(node.lat, node.lon) for node in nodes]
    )
    theirs = {}
    for way, answer in zip(ways, found["ways"], strict=True):
        edges = {forward: open_ for number, forward, open_ in answer["edges"] if number == way.id}
        theirs[way.id] = edges.get(True), edges.get(False)
    passes = {}
    for node, answer in zip(nodes, found["nodes"], strict=True):
        if any(any(theirs[way]) for way in node.ways):
            here = [open_ for lat, lon, open_ in answer["nodes"] if _same(node, lat, lon)]
            passes[node.id] = all(here)  # none of the tiles: nothing stands there
    return theirs, passes


def _same(node: Node, lat: float, lon: float) -> bool:
    return abs(node.lat - lat) < 2e-6 and abs(node.lon - lon) < 2e-6


class Adopter:
    """Our own lengths on the extract as Valhalla reads it, one class or all at a time."""

    def __init__(
        self, extract: Path, ways: dict[int, Way], difference: Difference, pairs: list[Pair]
    ) -> None:
        self.extract = extract
        self.ways = ways
        self.difference = difference
        self.pairs = pairs

    def lengths(self, kinds: set[str], which: list[int]) -> Floats:
        """Shortest ways of the chosen pairs when Valhalla's access holds for these classes."""
        target = self.extract.with_name("adopted.osm.pbf")
        ways = {}
        for number, ours in self.difference.ways.items():
            if kinds.intersection(ours):
                rides, theirs = (
                    bicycle.classify_way(self.ways[number].tags),
                    self.difference.theirs[number],
                )
                along, against = (
                    bool(theirs[side])
                    if ours[side] in kinds
                    else rides[side].mode != bicycle.CLOSED
                    for side in range(2)
                )
                ways[number] = along, against
        passable = {
            node: self.difference.passes[node]
            for node, kind in self.difference.nodes.items()
            if kind in kinds
        }
        rewrite(self.extract, target, ways, passable)
        roads = read_roads([target])
        if BESIDE_MAIN in kinds:
            roads = nothing_beside_main(roads)
        return shortest_m(Network.from_roads(roads), [self.pairs[i] for i in which])


def explain(lengths: Lengths, adopt: Adopter, moved: NDArray[np.bool_]) -> list[str]:
    """Find for each pair that differs the one class that, taken over, makes it agree."""
    theirs, unrestricted = lengths.theirs, lengths.unrestricted
    reason = np.where(moved, MOVED, UNEXPLAINED).astype(object)
    reason[agree(lengths.ours, theirs)] = AGREE

    def settle(name: str, agreeing: NDArray[np.bool_]) -> None:
        reason[(reason == UNEXPLAINED) & agreeing] = name

    for kind in [*adopt.difference.kinds, BESIDE_MAIN]:
        left = np.flatnonzero(reason == UNEXPLAINED)
        if not len(left):
            break
        adopted = lengths.ours.copy()
        adopted[left] = adopt.lengths({kind}, left.tolist())
        settle(kind, agree(adopted, theirs))
    settle(PUSHING, agree(lengths.without_pushing, theirs))
    settle(RESTRICTION, agree(lengths.ours, unrestricted))
    settle(SEVERAL, agree(lengths.adopted, theirs) | agree(lengths.adopted, unrestricted))
    return [str(name) for name in reason]


def agree(ours: Floats, theirs: Floats) -> NDArray[np.bool_]:
    """Whether lengths agree: the ratio is within `RATIO`, or neither engine finds a way."""
    with np.errstate(invalid="ignore"):
        ratio = np.where(np.isinf(ours) & np.isinf(theirs), 1.0, ours / theirs)
    return (ratio >= RATIO[0]) & (ratio <= RATIO[1])


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")


if __name__ == "__main__":
    main()
