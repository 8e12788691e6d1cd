"""What a variant of academies means beyond its counts: cost, gaps, the best next place, the map.

All that a page asks of an opened study, in the form in which it is sent.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from stemgeo.errors import StemgeoError
from stemgeo.explore import drawn, snap_places
from stemgeo.explore.cost import Costs
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import open_place_sources
from stemgeo.inputs.vectors import make_transformer
from stemgeo.notes import Note, say

if TYPE_CHECKING:
    import geopandas as gpd

    from stemgeo.explore.board import Board, Change
    from stemgeo.explore.cost import Cost
    from stemgeo.explore.gaps_left import GapLeft
    from stemgeo.explore.snap_places import PlaceFound
    from stemgeo.inputs.placing import PlaceSources

_DECIMALS = 7


class BestFound(NamedTuple):
    """The candidate that brings most children newly within reach.

    Attributes
    ----------
    place
        `id`, `name`, `lon`, `lat`, `nis_code`, `municipality`, `children`, `min_age`, `max_age`;
        None where no candidate brings any.
    why
        Then why.
    """

    place: dict[str, Any] | None
    why: Note | None


class DrawnAreas(NamedTuple):
    """Areas as GeoJSON in degrees, and what one must know to read them."""

    areas: dict[str, Any]
    notes: tuple[Note, ...]


class PlacesFound(NamedTuple):
    """Places with `name`, `kind`, `place`, `id`, `lon`, `lat`, and what one must know of them."""

    places: list[dict[str, Any]]
    notes: tuple[Note, ...]


class Meaning:
    """What changes of an opened study mean.

    Parameters
    ----------
    board
        The study.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self._reading = Lock()

    @classmethod
    def of(cls, board: Board) -> Meaning:
        """Give it of an opened study."""
        return cls(board)

    # -- what a change brings -------------------------------------------------------------------

    def tell_cost(self, change: Change) -> Cost:
        """Say what the academies cost before and after."""
        return self._costs.tell(change)

    @cached_property
    def _costs(self) -> Costs:
        return Costs.from_board(self.board)

    def list_gaps(self, change: Change) -> list[GapLeft]:
        """List the gaps in which a child comes within reach, or falls out of it."""
        return self.board.beside.gaps.count_left(change.moves)

    def find_best(self, change: Change, profile: str, province: str = "") -> BestFound:
        """Find the candidate that brings most children newly within reach after a change.

        At the central speeds; of equal ones the first by id.

        Parameters
        ----------
        change
            Of the board.
        profile
            Over which roads.
        province
            Where it must lie; anywhere when empty.
        """
        candidates = self.board.beside.candidates
        there = (candidates["province"] == province).to_numpy() | (province == "")
        if not there.any():
            return BestFound(None, _NO_CANDIDATES)
        adds = np.where(there, self.board.beside.best.add_up(change.moves, profile), 0)
        best = int(np.argmax(adds))
        if adds[best] <= 0:
            return BestFound(None, _NOBODY_MORE)
        row = candidates.iloc[best]
        lon, lat = _to_degrees(row.geometry.x, row.geometry.y)
        ages = {name: _as_whole(row[name]) for name in ("min_age", "max_age")}
        text = {name: str(row[name]) for name in ("name", "nis_code", "municipality")}
        place = {"id": str(row["academy_id"]), **text, "lon": lon, "lat": lat}
        return BestFound(place | {"children": int(adds[best])} | ages, None)

    # -- around a place ---------------------------------------------------------------------------

    def draw_isochrone(
        self, x: float, y: float, edits: gpd.GeoDataFrame | None = None
    ) -> DrawnAreas:
        """Draw from where a place is reached, as a run does.

        Parameters
        ----------
        x, y
            Lambert 72.
        edits
            Of roads, beside those of the study: the table `network_edits`.
        """
        ground = self.board.ground
        cut = ground.cut_roads if edits is None else self.board.roads.cutter(edits)
        found = drawn.draw_isochrone(ground, x, y, cut)
        return DrawnAreas(drawn.write_areas(found.areas), found.notes)

    def draw_roads(self, west: float, south: float, east: float, north: float) -> dict[str, Any]:
        """Draw the roads in a window by how quiet they are.

        Parameters
        ----------
        west, south, east, north
            Degrees.
        """
        return drawn.draw_roads(self.board.ground, west, south, east, north)

    # -- places to snap to ------------------------------------------------------------------------

    def find_places(self, text: str, near: tuple[float, float] | None = None) -> PlacesFound:
        """Find places by what is typed; by nearness where nothing is.

        Parameters
        ----------
        text
            A name, or an address.
        near
            Lambert 72: of names that fit as well the nearest comes first.
        """
        if not text.strip():
            found = self._places.find_near(*near) if near else []
            return PlacesFound([_write_place(one) for one in found], ())
        found = self._places.find_named(text, near)
        at, notes = self._find_address(text)
        found = [*at, *found][: snap_places.MOST]
        notes += snap_places.say_nothing_found(found, notes)
        return PlacesFound([_write_place(one) for one in found], notes)

    def _find_address(self, text: str) -> tuple[list[PlaceFound], tuple[Note, ...]]:
        if not snap_places.is_address(text):
            return [], ()
        if self._sources is None:
            return [], (snap_places.NO_SOURCE,)
        try:
            with self._reading:  # files are read when the first of them is asked for
                return snap_places.find_address(text, self._sources)
        except (OSError, StemgeoError) as error:  # changed or gone since the study was opened
            return [], (snap_places.note_unread(error),)

    @cached_property
    def _sources(self) -> PlaceSources | None:
        inputs = self.board.study.inputs
        roads = not self.board.study.straight_line
        known = roads or inputs.addresses or inputs.matched_addresses
        return open_place_sources(self.board.study) if known else None

    @cached_property
    def _places(self) -> snap_places.SnapPlaces:
        beside, towns = self.board.beside, self.board.municipalities
        return snap_places.SnapPlaces(beside.candidates, beside.mapped, towns)


_SITING = say("best next place", "beste volgende plaats", "meilleur lieu suivant")
_NO_CANDIDATES = Note(
    _SITING,
    say(
        "the study has no place there that could be chosen",
        "de studie heeft daar geen plaats om uit te kiezen",
        "l’étude n’y a pas de lieu possible",
    ),
)
_NOBODY_MORE = Note(
    _SITING,
    say(
        "no place brings a child more within reach",
        "geen enkele plaats brengt nog een kind binnen bereik",
        "aucun lieu n’amène un enfant de plus à portée",
    ),
)


def _write_place(one: PlaceFound) -> dict[str, Any]:
    lon, lat = _to_degrees(one.x, one.y)
    text = {"kind": one.kind, "name": one.name, "place": one.place, "id": one.id}
    return text | {"lon": lon, "lat": lat}


def _to_degrees(x: float, y: float) -> tuple[float, float]:
    lon, lat = make_transformer(LAMBERT_72, "EPSG:4326").transform(x, y)
    return round(float(lon), _DECIMALS), round(float(lat), _DECIMALS)


def _as_whole(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
