"""Isochrones and a matrix of minutes for the same academies, beside Valhalla over the same extract.

Valhalla is an engine in C++ with rules and speeds of its own (`make peers` says where they differ),
so nothing is asserted to be the same: how alike the answers are stands beside each row. Both work
on one core; seconds of the processor are counted, each in its own process, their roads read.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import pyproj
import shapely
from bench.opponents import shared_part
from bench.ratios import CELL_M, KMH, Row
from bench.timing import TESTS

from stemgeo.access.areas import draw_catchments
from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.network.graph import Network
from stemgeo.network.snap import snap_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stemgeo.network.snap import TiedPoints

    Floats = NDArray[np.float64]

T = TypeVar("T")
sys.path.append(str(TESTS / "peers"))

ACADEMIES, POINTS, DRAWN = 25, 100, 20
"""2,500 pairs: what Valhalla's default settings let anyone ask for at once."""

MINUTES, HORIZON_MIN = 15.0, 300.0
COSTING = {
    "bicycle_type": "hybrid",
    "cycling_speed": KMH,
    "use_roads": 1,
    "use_hills": 1,
    "avoid_bad_surfaces": 0,
}
"""Of Valhalla: someone of our speed, who minds neither roads nor hills nor surfaces."""

SIDE = Path(__file__).with_name("valhalla_side.py")


def rows(extract: Path, folder: Path) -> list[Row]:
    """Compare on one extract, in this run; raises `PeerError` where Valhalla cannot be had.

    Parameters
    ----------
    extract
        That both read.
    folder
        In which Valhalla's own environment is kept.
    """
    from peer import Peer, install, python_for_valhalla

    folder.mkdir(parents=True, exist_ok=True)
    peer = Peer(install(folder, python_for_valhalla(None)), folder)
    tiles_s, _ = _spend(lambda: peer.build(extract), 1)
    network_s, network = _spend(lambda: Network.from_osm(extract), 1)
    places = _scatter(network)
    theirs = _ask(peer, _to_degrees(network, places))
    sites, points = (snap_points(network, *part) for part in _parted(places))
    return [
        Row(
            "an extract made ready for searches", "Porto", "Valhalla, its tiles built",
            network_s, tiles_s, "", "its tiles hold cars and walking as well",
        ),
        _isochrones(network, sites, theirs),
        _matrix(network, sites, points, theirs),
    ]  # fmt: skip


def _spend(work: Callable[[], T], times: int = 3) -> tuple[float, T]:
    """Give the least seconds of the processor that the work took, its children's too."""
    least, given = float("inf"), None
    for _ in range(times):
        begun = _spent()
        given = work()
        least = min(least, _spent() - begun)
    return least, cast("T", given)


def _spent() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def section(extract: Path, folder: Path) -> str:
    """Measure, and write the section of the page: Valhalla, and what is published of R5."""
    from peer import PeerError

    try:
        told = [HEAD, *map(str, rows(extract, folder))]
    except PeerError as error:
        told = [f"Not measured here: {str(error).splitlines()[0]}"]
    published = [f"| {' | '.join(one)} |" for one in PUBLISHED]
    return "\n".join([SECTION, *told, R5, *published, ""])


SECTION = f"""## Beside other engines

Valhalla 3.9.0, as `make peers` installs it, over the same extract in the same run, for the same
academies and places. Its rules and costs differ from ours ([peers.md](peers.md)), so nothing is
asserted to be the same; how alike the answers are stands beside. A ratio below 1: Valhalla is
faster. Seconds are those of the processor, on one core. Its matrix is of {POINTS * ACADEMIES:,}
pairs, as many as its default settings allow.
"""
HEAD = """| what | where | against | ours, s | theirs, s | ratio | aim | note |
|---|---|---|---|---|---|---|---|"""
R5 = """
Published of R5, **not rerun**: other places, machines and questions (walking and public transport,
many departures), so they say of what order R5 is, not how much faster anything is.

| what | where | machine | time | source |
|---|---|---|---|---|"""
PUBLISHED = (
    (
        "matrix of 1,227 x 1,227 points, a departure in each of 120 minutes",
        "Porto Alegre", "1.9 GHz Intel i7, 16 GB", "less than two minutes",
        "Pereira et al., *r5r*, Findings (2021), doi 10.32866/001c.21262; r5r 0.3-2, R5 6.0.1",
    ),
    (
        "matrix of 10,124 x 10,124 points, departure at 06:00, 120 minutes at most",
        "São Paulo", "Intel Xeon 2.3 GHz, 12 cores", "3.5 minutes",
        "[ipeaGIT/r5r, issue 106](https://github.com/ipeaGIT/r5r/issues/106), 8 September 2020",
    ),
)  # fmt: skip


def _scatter(network: Network) -> Floats:
    """Choose places on quiet streets where one may live: academies, then points; x and y."""
    random = np.random.default_rng(4)
    segments = np.flatnonzero((network.stress_forward <= 2) & network.door)
    chosen = random.choice(segments, ACADEMIES + POINTS, replace=False)
    vertex = chosen + network.segment_edge[chosen]
    return np.stack([network.vertex_x[vertex], network.vertex_y[vertex]])


def _parted(places: Floats) -> tuple[Floats, Floats]:
    return places[:, :ACADEMIES], places[:, ACADEMIES:]


def _to_degrees(network: Network, places: Floats) -> list[list[float]]:
    """Give latitude and longitude of each."""
    turn = pyproj.Transformer.from_crs(network.crs, "EPSG:4326", always_xy=True)
    lon, lat = turn.transform(*places)
    return np.stack([lat, lon], axis=1).tolist()


def _ask(peer: Any, places: list[list[float]]) -> dict[str, Any]:
    """Have Valhalla answer, in its own environment."""
    asked, answered = peer.folder / "asked.json", peer.folder / "answered.json"
    question = {
        "academies": places[:ACADEMIES],
        "points": places[ACADEMIES:],
        "drawn": DRAWN,
        "minutes": MINUTES,
        "costing": COSTING,
    }
    asked.write_text(json.dumps(question), encoding="utf-8")
    command = [peer.python, SIDE, peer.config, asked, answered]
    subprocess.run(list(map(str, command)), check=True)
    return dict(json.loads(answered.read_text(encoding="utf-8")))


def _isochrones(network: Network, sites: TiedPoints, theirs: dict[str, Any]) -> Row:
    rider = Rider(network, network.travel_times(KMH), minutes_to_ms(MINUTES))
    some = sites.take_points(np.arange(DRAWN))
    ids = np.array([str(one) for one in range(DRAWN)], dtype=object)

    def draw() -> Any:
        return draw_catchments(rider, some, ids, (MINUTES,), CELL_M, threads=1)

    draw()
    ours_s, drawn = _spend(draw)
    turn = pyproj.Transformer.from_crs("EPSG:4326", network.crs, always_xy=True)
    alike = [
        shared_part(one, _turned(other, turn))
        for one, other in zip(drawn.geometry, theirs["polygons"], strict=True)
    ]
    note = f"IoU {np.median(alike):.2f} in the median; ours in cells of {CELL_M:.0f} m"
    what = f"isochrone polygons of {DRAWN} academies, {MINUTES:.0f} min"
    return Row(what, "Porto", "Valhalla, `isochrone`", ours_s, theirs["isochrones_s"], "", note)


def _turned(geometry: dict[str, Any], turn: pyproj.Transformer) -> shapely.Geometry:
    shape = shapely.geometry.shape(geometry)
    return shapely.transform(shape, turn.transform, interleaved=False)


def _matrix(network: Network, sites: TiedPoints, points: TiedPoints, theirs: dict[str, Any]) -> Row:
    rider = Rider(network, network.travel_times(KMH), minutes_to_ms(HORIZON_MIN))
    first = np.zeros(1, dtype=np.intp)

    def search() -> Floats:
        of_each = [
            rider.find_nearest(sites.take_points(np.array([one])), points, first)
            for one in range(ACADEMIES)
        ]
        label = np.stack(of_each, axis=1)
        return np.where(label == UNREACHED, np.nan, unpack_labels(label)[0] / 60_000)

    search()
    ours_s, minutes = _spend(search)
    other = np.array(theirs["minutes"], dtype=np.float64)
    both = (minutes <= HORIZON_MIN) & (other <= HORIZON_MIN)
    ratio = np.median(minutes[both] / np.maximum(other[both], 0.1))
    by_itself = f"{theirs['by_itself_s']:.3g} s as it chooses by itself"
    note = f"its `timedistancematrix`; {by_itself}; our rides {ratio:.2f} times as long"
    what = f"minutes of {POINTS:,} points to {ACADEMIES} academies"
    return Row(
        what, "Porto", "Valhalla, `sources_to_targets`", ours_s, theirs["matrix_s"], "", note
    )
