"""What is drawn around a place: from where it is reached, and how quiet the roads are there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import shapely

from stemgeo.access.areas import draw_catchments
from stemgeo.access.travel_time import straight_ms_per_m
from stemgeo.access.travellers import OverNetwork, Pace
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.vectors import make_transformer
from stemgeo.network import bicycle
from stemgeo.network.window import list_segments
from stemgeo.notes import Note, say, say_amount

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from stemgeo.explore.ground import SearchGround
    from stemgeo.network.graph import Network
    from stemgeo.network.legs import Box

ROADS_UP_TO_M = 5_000.0
"""The largest side of a window in which roads are drawn; beyond none is told from another."""

PUSHED = "pushed"
"""Where one walks with the bicycle in the hand."""
WALKED = "walked"
"""What a road is to who goes on foot: none is too busy."""

_DECIMALS = 6
_ROAD_DETAIL_M = 1.5
_BESIDE_M = 2.0
_ARC_SIDES = 32


class Isochrone(NamedTuple):
    """From where a place is reached.

    Attributes
    ----------
    areas
        `minutes_from`, `minutes_to`, geometry in EPSG:31370: bands that do not overlap.
    notes
        What one must know to read it.
    """

    areas: gpd.GeoDataFrame
    notes: tuple[Note, ...]


def draw_isochrone(
    ground: SearchGround,
    x: float,
    y: float,
    cut_roads: Callable[[Box], OverNetwork | None] | None = None,
) -> Isochrone:
    """Draw from where a place is reached, as a run draws it of an academy there.

    Parameters
    ----------
    ground
        Of the study; its output says how many minutes, at which speed.
    x, y
        Lambert 72.
    cut_roads
        Gives the roads in a box; when not given they are those of the ground.
    """
    output = ground.first.study.output
    minutes = sorted(set(output.isochrone_minutes))
    east, north = make_transformer(LAMBERT_72, ground.crs).transform(x, y)
    far = ground.find_farthest_m([output.isochrone_speed_kmh], minutes[-1])
    far += ground.first.study.travel.snap_limit_m
    here = (cut_roads or ground.cut_roads)((east - far, north - far, east + far, north + far))
    if here is None:
        return _draw_circles(ground, x, y, minutes)
    import geopandas as gpd

    at = gpd.GeoDataFrame(geometry=gpd.points_from_xy([x], [y], crs=LAMBERT_72))
    tied = here.tie_places(at)
    rider = here.find_rider(Pace(output.isochrone_speed_kmh), minutes[-1])
    one = np.array([""], dtype=object)
    areas = draw_catchments(rider, tied, one, minutes, output.isochrone_cell_m, threads=1)
    notes = () if tied.found.all() else (_note_off_the_roads(here),)
    return Isochrone(areas.to_crs(LAMBERT_72), notes)


def _note_off_the_roads(rider: OverNetwork) -> Note:
    return Note(
        say("this place", "deze plek", "ce lieu"),
        say(
            "has no usable road within {metres} m",
            "heeft geen bruikbare weg binnen {metres} m",
            "n’a pas de route praticable à moins de {metres} m",
            metres=say_amount(rider.study.travel.snap_limit_m),
        ),
        say("nobody reaches it", "niemand bereikt ze", "personne ne l’atteint"),
    )


def _draw_circles(ground: SearchGround, x: float, y: float, minutes: list[float]) -> Isochrone:
    """Draw circles: where nothing but the distance counts, they are what is reached."""
    import geopandas as gpd

    study = ground.first.study
    per_m = straight_ms_per_m(study.output.isochrone_speed_kmh, study.travel.detour_factor)
    discs = [
        shapely.Point(x, y).buffer(one * 60_000 / per_m, quad_segs=_ARC_SIDES) for one in minutes
    ]
    bands = [discs[0], *(outer - inner for inner, outer in pairwise(discs))]
    table = {"minutes_from": [0.0, *minutes[:-1]], "minutes_to": minutes}
    areas = gpd.GeoDataFrame(table, geometry=bands, crs=LAMBERT_72)
    note = Note(
        say("reach", "bereik", "portée"),
        say(
            "a circle: this study measures in a straight line",
            "een cirkel: deze studie meet in vogelvlucht",
            "un cercle : cette étude mesure à vol d’oiseau",
        ),
        say(
            "no road was looked at",
            "naar wegen is niet gekeken",
            "aucune route n’est prise en compte",
        ),
    )
    return Isochrone(areas, (note,))


def draw_roads(
    ground: SearchGround, west: float, south: float, east: float, north: float
) -> dict[str, Any]:
    """Draw the roads in a window, each by how quiet it is to ride: GeoJSON in degrees.

    Parameters
    ----------
    ground
        Of the study.
    west, south, east, north
        Degrees.

    Returns
    -------
    dict
        Lines with `quiet`: the level of traffic stress, 1 to 4, of the busier direction; PUSHED, or
        WALKED for who goes on foot. Where the window is too large, or the study has no roads, it is
        empty, and `empty` says which: "too large", "no roads".
    """
    edge = shapely.segmentize(shapely.box(west, south, east, north), max(east - west, 1e-6) / 8)
    to_metres = make_transformer("EPSG:4326", ground.crs)
    x, y = to_metres.transform(*shapely.get_coordinates(edge).T)
    box = float(np.min(x)), float(np.min(y)), float(np.max(x)), float(np.max(y))
    if ground.of_roads is None or not isinstance(ground.first, OverNetwork):
        return _collect([]) | {"empty": "no roads"}
    if max(box[2] - box[0], box[3] - box[1]) > ROADS_UP_TO_M:
        return _collect([]) | {"empty": "too large"}
    network = ground.first.network
    segments = list_segments(network, ground.of_roads.list_edges(box))
    quiet = tell_quiet(network, segments)
    ends = _take_ends(network, segments)
    seen = (
        (np.maximum(ends[:, 0, 0], ends[:, 1, 0]) >= box[0])
        & (np.minimum(ends[:, 0, 0], ends[:, 1, 0]) <= box[2])
        & (np.maximum(ends[:, 0, 1], ends[:, 1, 1]) >= box[1])
        & (np.minimum(ends[:, 0, 1], ends[:, 1, 1]) <= box[3])
    )
    features: list[tuple[dict[str, Any], BaseGeometry]] = []
    for kind in (*range(1, 5), PUSHED, WALKED):
        own = np.array([one == kind for one in quiet], dtype=np.bool_) & seen
        if own.any():
            pieces = np.asarray(shapely.linestrings(ends[own]), dtype=object)
            lines = shapely.line_merge(shapely.multilinestrings(pieces))
            light = cast("BaseGeometry", shapely.simplify(lines, _ROAD_DETAIL_M))
            features.append(({"quiet": kind}, light))
    return _collect(_move_to_degrees(features, ground.crs))


def _take_ends(network: Network, segments: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give x and y of both ends of segments, shape (segments, 2, 2)."""
    vertex = segments + network.segment_edge[segments]
    x, y = network.vertex_x, network.vertex_y
    return np.stack([np.stack([x[at], y[at]], axis=1) for at in (vertex, vertex + 1)], axis=1)


def tell_quiet(network: Network, segments: NDArray[np.intp]) -> list[int | str | None]:
    """Say of each segment how quiet it is; nothing of ferries and what is closed."""
    mode = np.array([one.mode for one in network.rides], dtype=np.int64)
    ways = np.stack([mode[one[segments]] for one in (network.forward, network.backward)])
    stress = np.stack([network.stress_forward[segments], network.stress_backward[segments]]).astype(
        np.int64
    )
    ridden = ways == bicycle.RIDE
    level = np.where(ridden, stress, 0).max(axis=0)
    on_foot = ((ways == bicycle.PUSH) | (ways == bicycle.STEPS)).any(axis=0)
    if network.on_foot:
        return [WALKED if one else None for one in (ridden.any(axis=0) | on_foot).tolist()]
    pairs = zip(level.tolist(), on_foot.tolist(), strict=True)
    return [of or (PUSHED if walked else None) for of, walked in pairs]


# -- GeoJSON ----------------------------------------------------------------------------------


def write_areas(areas: gpd.GeoDataFrame) -> dict[str, Any]:
    """Write areas as GeoJSON in degrees, their outlines as fine as a screen shows."""
    light = shapely.simplify(areas.geometry.to_numpy(), _BESIDE_M)
    properties = areas[["minutes_from", "minutes_to"]].to_dict("records")
    return _collect(_move_to_degrees(zip(properties, light, strict=True), LAMBERT_72))


def _move_to_degrees(
    features: Iterable[tuple[dict[str, Any], BaseGeometry]], crs: str
) -> list[tuple[dict[str, Any], BaseGeometry]]:
    moved = make_transformer(crs, "EPSG:4326")

    def move(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(np.stack(moved.transform(at[:, 0], at[:, 1]), axis=1), _DECIMALS)

    return [(own, shapely.transform(shape, move)) for own, shape in features]


def _collect(features: Iterable[tuple[dict[str, Any], BaseGeometry]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": own, "geometry": shapely.geometry.mapping(shape)}
            for own, shape in features
        ],
    }
