"""Roads that a variant changes: found at a place, laid out as a table, and as a file."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from stemgeo.errors import InputError
from stemgeo.explore.drawn import tell_quiet
from stemgeo.explore.messages import (
    DECIMALS,
    RoadReply,
    StretchReply,
    VariantRoad,
    WrongMessage,
    to_lambert,
)
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.files import unquote_formula
from stemgeo.inputs.network_edits import COLUMNS, write_network_edits_text
from stemgeo.inputs.vectors import make_transformer
from stemgeo.network import bicycle
from stemgeo.network.edits import ROAD_CHANGES, RoadEdit
from stemgeo.network.study_edits import find_idle_changes
from stemgeo.network.window import list_segments
from stemgeo.notes import Said, clean_text, say, say_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stemgeo.explore.board import Board
    from stemgeo.network.graph import Network
    from stemgeo.study import Study

    Floats = NDArray[np.float64]

NEAR_M = 100.0
"""How far from a place its road, or a junction, may be."""


# -- as a table, and as a file ----------------------------------------------------------------


def lay_roads(roads: Sequence[VariantRoad]) -> gpd.GeoDataFrame:
    """Lay roads that change out as the table `network_edits`, as a run reads it of their file.

    Parameters
    ----------
    roads
        As a page has them.
    """
    shapes = [
        shapely.Point(one.line[0]) if len(one.line) == 1 else shapely.LineString(one.line)
        for one in roads
    ]
    with_level = [one.level if one.change in ("quiet", "add") else pd.NA for one in roads]
    columns = {
        "edit_id": pd.Series([one.id for one in roads], dtype=str),
        "name": pd.Series([one.name or one.id for one in roads], dtype=str),
        "change": pd.Series([one.change for one in roads], dtype=str),
        "level": pd.array(with_level, dtype="Int64"),
        "oneway": np.array([one.oneway for one in roads], dtype=np.bool_),
        "osm_way": pd.array([one.way or pd.NA for one in roads], dtype="Int64"),
        "cost_eur": np.full(len(roads), np.nan),
    }
    table = gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")
    return table.to_crs(LAMBERT_72)[list(COLUMNS)]


def write_roads(
    own: gpd.GeoDataFrame | None, edits: gpd.GeoDataFrame, name: str, plan: bytes | None = None
) -> str:
    """Write roads that change as GeoJSON, with the edits of the study, which a run takes with it.

    Parameters
    ----------
    own
        The edits of the study; None without any.
    edits
        Those of a variant.
    name
        What the variant is called.
    plan
        What its plan file holds: of another plan these roads are not. None without one.
    """
    every = edits if own is None else pd.concat([own, edits], ignore_index=True)
    text = write_network_edits_text(every)
    kind = '{"type": "FeatureCollection", '
    told = json.dumps({"name": name, _PLAN: _hash_plan(plan)}, ensure_ascii=False)
    return text.replace(kind, f"{kind}{told[1:-1]}, ", 1)


_PLAN = "plan_sha256"


def _hash_plan(plan: bytes | None) -> str:
    return "" if plan is None else sha256(plan).hexdigest()


def belongs_to(text: bytes, plan: bytes | None) -> bool:
    """Say whether a file of roads is of a plan, or says of none.

    Parameters
    ----------
    text
        Of a file of roads.
    plan
        What the plan file beside it holds; None without one.
    """
    try:
        told = json.loads(text)
    except ValueError:
        return True
    return not isinstance(told, dict) or told.get(_PLAN, _hash_plan(plan)) == _hash_plan(plan)


def read_roads(text: str, own: gpd.GeoDataFrame | None) -> tuple[str, tuple[VariantRoad, ...]]:
    """Read what `write_roads` wrote: the name of the variant, and its roads.

    Parameters
    ----------
    text
        Of a file.
    own
        The edits of the study, which are left out.

    Raises
    ------
    ValueError, KeyError, TypeError
        Where it is none such. Whoever changed it made it another: see `VariantShelf`.
    """
    told = json.loads(text)
    ours = set() if own is None else set(own["edit_id"])
    rows = [_read_road(one) for one in told["features"]]
    return str(told["name"]), tuple(
        VariantRoad.model_validate_json(json.dumps(row)) for row in rows if row["id"] not in ours
    )


def _read_road(feature: dict[str, Any]) -> dict[str, Any]:
    own, at = feature["properties"], feature["geometry"]["coordinates"]
    return {
        "id": unquote_formula(own["edit_id"]),
        "name": unquote_formula(own["name"]),
        "change": own["change"],
        "line": [at] if feature["geometry"]["type"] == "Point" else at,
        "level": own["level"] or 1,
        "oneway": own["oneway"],
        "way": own["osm_way"] or 0,
    }


def take_roads(table: gpd.GeoDataFrame, own: gpd.GeoDataFrame | None) -> tuple[VariantRoad, ...]:
    """Give the edits of a file of someone as a page has them.

    Parameters
    ----------
    table
        As read.
    own
        The edits of the study, which are left out.

    Raises
    ------
    ValueError
        If a page cannot show one: without a line, in several parts, or of too many places.
    """
    ours = set() if own is None else set(own["edit_id"])
    degrees = table.geometry.to_crs("EPSG:4326")
    found = []
    for row, shape in zip(table.to_dict("records"), degrees, strict=True):
        if row["edit_id"] in ours:
            continue
        if shape is None or shape.geom_type not in ("LineString", "Point"):
            raise ValueError(row["edit_id"])
        level = 1 if pd.isna(row["level"]) else int(row["level"])
        way = 0 if pd.isna(row["osm_way"]) else int(row["osm_way"])
        line = tuple(map(tuple, shapely.get_coordinates(shape).round(DECIMALS).tolist()))
        told = {"id": row["edit_id"], "name": row["name"], "change": row["change"], "line": line}
        found.append(VariantRoad(**told, level=level, oneway=bool(row["oneway"]), way=way))
    return tuple(found)


# -- on the roads of a study ------------------------------------------------------------------


def list_road_changes(study: Study) -> tuple[str, ...]:
    """List what can be done to roads that changes anything in a study."""
    idle = ROAD_CHANGES if study.straight_line else find_idle_changes(study.travel)
    return tuple(one for one in ROAD_CHANGES if one not in idle)


class _Nearest(NamedTuple):
    """The edge at a place, and the busy junction near it, of the roads of a study."""

    edge: int
    node: int


class RoadDesk:
    """What can be changed of the roads of an opened study.

    Parameters
    ----------
    board
        The study.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.possible = list_road_changes(board.study)

    @property
    def _network(self) -> Network:
        return self.board.roads.ground.take_roads()[0].network

    def refuse_idle(self, roads: Sequence[VariantRoad]) -> None:
        """Refuse what changes nothing however one travels by the study.

        Raises
        ------
        WrongMessage
            Naming the first.
        """
        for one in roads:
            if one.change not in self.possible:
                raise WrongMessage(_say_idle_here(one))

    def match(self, roads: Sequence[VariantRoad]) -> list[RoadEdit]:
        """Find where roads lie that change.

        Raises
        ------
        WrongMessage
            If one has no place on the roads, or changes nothing.
        """
        self.refuse_idle(roads)
        found = []
        for one in roads:
            try:
                found += self.board.roads.match(lay_roads([one]))
            except InputError:
                raise WrongMessage(_say_misplaced(one)) from None
        return found

    def measure_m(self, edit: RoadEdit) -> float | None:
        """Measure what an edit changes; None of a crossing."""
        if edit.change == "crossing":
            return None
        if edit.change == "add":
            return _measure_m(self._to_degrees(edit.line))
        return float(self._network.length_mm[edit.segments].sum()) / 1000

    def tell_road(self, request: int, road: VariantRoad) -> RoadReply:
        """Say where a road lies that would change.

        Parameters
        ----------
        request
            Comes back.
        road
            As it was drawn.

        Raises
        ------
        WrongMessage
            As `match`.
        """
        (edit,) = self.match([road])
        line = np.array(road.line)
        joined = 0.0, 0.0
        if edit.change == "add":
            ends = self._to_degrees(edit.line)
            first, last = (_measure_m(np.array([line[at], ends[at]])) for at in (0, -1))
            joined, line = (first, last), ends
        length_m = self.measure_m(edit) or 0.0
        return RoadReply(request=request, line=_as_line(line), length_m=length_m, joined_m=joined)

    def tell_stretch(self, request: int, lon: float, lat: float) -> StretchReply:
        """Say which road is at a place, from junction to junction, and what can be done with it.

        Parameters
        ----------
        request
            Comes back.
        lon, lat
            Degrees.
        """
        nearest = self._find_nearest(lon, lat) if self.possible else None
        language = self.board.study.language
        if nearest is None or nearest.edge < 0:
            why = _NO_ROADS if not self.possible else _NO_ROAD
            return StretchReply(request=request, why=why.to_text(language))
        network, edges = self._network, np.array([nearest.edge])
        segments = list_segments(network, edges)
        vertex = np.append(segments, segments[-1] + 1) + nearest.edge
        at = np.stack([network.vertex_x[vertex], network.vertex_y[vertex]], axis=1)
        line = _as_line(_drop_repeats(self._to_degrees(at)))
        ways = set(network.way[segments].tolist())
        told: dict[str, Any] = {"line": line, "way": max(ways.pop(), 0) if len(ways) == 1 else 0}
        quiet = [one for one in tell_quiet(network, segments) if one is not None]
        asked = [one for one in ("quiet", "open", "close") if one in self.possible]
        return StretchReply(
            request=request,
            **told,
            length_m=float(network.length_mm[segments].sum()) / 1000,
            quiet=str(max(quiet, key=str, default="")),
            changes=tuple(one for one in asked if self._is_possible(one, told)),
            crossing=self._tell_crossing(nearest.node),
        )

    def _is_possible(self, change: str, told: dict[str, Any]) -> bool:
        if len(told["line"]) < 2:
            return False
        try:
            self.match([VariantRoad(id="?", change=change, **told)])  # type: ignore[arg-type]
        except (WrongMessage, ValueError):
            return False
        return True

    def _tell_crossing(self, node: int) -> tuple[float, float] | None:
        if node < 0 or "crossing" not in self.possible:
            return None
        at = np.array([[self._network.node_x[node], self._network.node_y[node]]])
        (place,) = _as_line(self._to_degrees(at))
        return place

    def _find_nearest(self, lon: float, lat: float) -> _Nearest | None:
        """Find the edge that is nearest to a place, and the junction at which roads are busy."""
        every, squares = self.board.roads.ground.take_roads()
        network = every.network
        x, y = (float(one[0]) for one in to_lambert(lon, lat))
        x, y = make_transformer(LAMBERT_72, network.crs).transform(x, y)
        edges = squares.list_edges((x - NEAR_M, y - NEAR_M, x + NEAR_M, y + NEAR_M))
        segments = list_segments(network, edges)
        mode = np.array([ride.mode for ride in network.rides])
        usable = np.isin(mode, (bicycle.RIDE, bicycle.PUSH, bicycle.STEPS))
        passed = usable[network.forward[segments]] | usable[network.backward[segments]]
        segments = segments[passed & (network.length_mm[segments] > 0)]
        vertex = segments + network.segment_edge[segments]
        ends = [
            np.stack([network.vertex_x[at], network.vertex_y[at]], axis=1)
            for at in (vertex, vertex + 1)
        ]
        here = shapely.Point(x, y)
        off_m = np.asarray(shapely.distance(shapely.linestrings(np.stack(ends, axis=1)), here))
        if not (off_m <= NEAR_M).any():
            return None
        busy = network.busy_ends[edges]
        nodes = np.stack([network.edge_start[edges], network.edge_end[edges]], axis=1)[busy]
        far_m = np.hypot(network.node_x[nodes] - x, network.node_y[nodes] - y)
        node = int(nodes[np.argmin(far_m)]) if (far_m <= NEAR_M).any() else -1
        return _Nearest(int(network.segment_edge[segments[np.argmin(off_m)]]), node)

    def _to_degrees(self, at: Floats) -> Floats:
        moved = make_transformer(self._network.crs, "EPSG:4326").transform(at[:, 0], at[:, 1])
        return np.round(np.stack(moved, axis=1), DECIMALS)


def _measure_m(degrees: Floats) -> float:
    return float(Geod(ellps="WGS84").line_length(degrees[:, 0], degrees[:, 1]))


def _as_line(degrees: Floats) -> tuple[tuple[float, float], ...]:
    return tuple((float(lon), float(lat)) for lon, lat in degrees)


def _drop_repeats(at: Floats) -> Floats:
    kept = np.ones(len(at), dtype=np.bool_)
    kept[1:] = (at[1:] != at[:-1]).any(axis=1)
    return at[kept]


# -- what is said -----------------------------------------------------------------------------

_NO_ROADS = Said(
    "the study measures in a straight line: it has no roads to change",
    "de studie meet in vogelvlucht: er zijn geen wegen om te wijzigen",
    "l’étude mesure à vol d’oiseau : il n’y a pas de routes à modifier",
)
_NO_ROAD = say(
    "no road within {metres} m",
    "geen weg binnen {metres} m",
    "pas de route à moins de {metres} m",
    metres=say_amount(NEAR_M),
)


def _say_idle_here(road: VariantRoad) -> Said:
    return say(
        "{name}: changes nothing in this study, as it measures",
        "{name}: verandert niets in deze studie, zoals ze meet",
        "{name} : ne change rien dans cette étude, telle qu’elle mesure",
        name=clean_text(road.name or road.id),
    )


def _say_misplaced(road: VariantRoad) -> Said:
    what = _MISPLACED[road.change]
    name = clean_text(road.name or road.id)
    return say("{name}: {what}", "{name}: {what}", "{name} : {what}", name=name, what=what)


_MISPLACED = {
    "quiet": Said(
        "nothing that is ridden there is busier, or no road runs along the line",
        "wat daar gereden wordt is niet drukker, of er loopt geen weg langs de lijn",
        "rien de ce qui s’y roule n’est plus fréquenté, ou aucune route ne suit la ligne",
    ),
    "open": Said(
        "it is ridden both ways already, or no road runs along the line",
        "er wordt al in beide richtingen gereden, of er loopt geen weg langs de lijn",
        "on y roule déjà dans les deux sens, ou aucune route ne suit la ligne",
    ),
    "close": Said(
        "nobody passes there, or no road runs along the line",
        "daar komt niemand langs, of er loopt geen weg langs de lijn",
        "personne n’y passe, ou aucune route ne suit la ligne",
    ),
    "add": Said(
        "an end lies more than 20 m from any road, or both ends are one place: draw it from road "
        "to road",
        "een uiteinde ligt meer dan 20 m van elke weg, of beide zijn dezelfde plek: teken van weg "
        "tot weg",
        "une extrémité est à plus de 20 m de toute route, ou les deux sont un même lieu : tracez "
        "de route à route",
    ),
    "crossing": Said(
        "no busy crossing without signals within 20 m",
        "geen drukke oversteek zonder lichten binnen 20 m",
        "pas de traversée fréquentée sans feux à moins de 20 m",
    ),
}
