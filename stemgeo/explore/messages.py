"""What the page and the server say to each other: every request and reply, and the door for both.

What comes in is data of a stranger: known fields of the right kind, so many and so long at most,
text in one line without marks that hide or turn it, places in degrees around Belgium. The same
models are the schema that the server gives away (`build_schema`).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import models_json_schema

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.vectors import DEGREES, make_transformer
from stemgeo.notes import Said, clean_text, say, strip_control
from stemgeo.study import OLDEST, YEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MOST_CHANGES = 100
"""Of one variant: places that come, that move and that close, each."""
MOST_ROADS, MOST_VERTICES = 50, 500
"""Roads that a variant changes, and places along each."""
MOST_VARIANTS = 6
"""That a page lays side by side."""
MOST_BYTES = 1_000_000
"""Of a request; a variant of the most changes with the longest names is a tenth of it."""
DECIMALS = 7
"""Of degrees: a centimetre."""
_LONGEST_ID, _LONGEST_NAME, _LONGEST_QUESTION = 200, 200, 200
_MOST_COUNTED = 2**53
"""Up to here a script counts in whole numbers."""
SLUG = r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?"
"""What a saved variant is called on disk: no mark of a path, no ending, no capital."""

M = TypeVar("M", bound=BaseModel)


# -- where a place is -------------------------------------------------------------------------


def to_lambert(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Give where degrees are in EPSG:31370, in whole millimetres: the one place of each.

    Parameters
    ----------
    lon, lat
        Degrees, shape (places,).

    Returns
    -------
    tuple
        x and y in metres, shape (places,): those that a plan file keeps.
    """
    moved = make_transformer("EPSG:4326", LAMBERT_72)
    x, y = moved.transform(_as_floats(lon), _as_floats(lat))
    return np.round(x, 3), np.round(y, 3)


def to_degrees(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Give where places in EPSG:31370 are in degrees, as messages write them.

    Of a place that came from degrees these are the same degrees again.

    Parameters
    ----------
    x, y
        Metres, shape (places,).
    """
    moved = make_transformer(LAMBERT_72, "EPSG:4326")
    lon, lat = moved.transform(_as_floats(x), _as_floats(y))
    return np.round(lon, DECIMALS), np.round(lat, DECIMALS)


def _as_floats(values: ArrayLike) -> Floats:
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


# -- what comes in ----------------------------------------------------------------------------


def _round_degrees(value: float) -> float:
    return round(value, DECIMALS)


def _refuse_empty(text: str) -> str:
    if not text:
        raise ValueError
    return text


def _clean(most: int) -> Any:
    return StringConstraints(max_length=most), AfterValidator(strip_control)


Name = Annotated[str, *_clean(_LONGEST_NAME)]
Id = Annotated[str, *_clean(_LONGEST_ID), AfterValidator(_refuse_empty)]
Lon = Annotated[float, Field(ge=DEGREES[0], le=DEGREES[2]), AfterValidator(_round_degrees)]
Lat = Annotated[float, Field(ge=DEGREES[1], le=DEGREES[3]), AfterValidator(_round_degrees)]
Age = Annotated[int, Field(ge=0, le=OLDEST)]
KnownDay = Annotated[
    dt.date, Field(ge=dt.date(YEARS.start, 1, 1), le=dt.date(YEARS.stop - 1, 12, 31))
]
RequestNumber = Annotated[int, Field(ge=0, le=_MOST_COUNTED)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


class _Request(BaseModel):
    """What a page says: nothing that is not known, nothing of another kind."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Spot(_Request):
    """A place in degrees."""

    lon: Lon
    lat: Lat


class PlacedAcademy(Spot):
    """An academy that would come; without an age or a day it is as the study says."""

    id: Id
    name: Name = ""
    min_age: Age | None = None
    max_age: Age | None = None
    valid_from: KnownDay | None = None
    valid_until: KnownDay | None = None

    @model_validator(mode="after")
    def _rise(self) -> PlacedAcademy:
        spans: list[tuple[Any, Any]] = [(self.min_age, self.max_age)]
        spans.append((self.valid_from, self.valid_until))
        if any(None not in span and span[1] < span[0] for span in spans):
            raise ValueError
        return self


class MovedAcademy(Spot):
    """An academy of the register that would go elsewhere; all else of it stays."""

    id: Id


class VariantRoad(_Request):
    """A road that would change.

    Attributes
    ----------
    change
        As `network.edits.RoadEdit` has it.
    line
        Places along the road in degrees, or of a new one; of a crossing the one place.
    level
        Of traffic stress, of a road that is made quiet and of a new one.
    oneway
        Whether a new road is ridden along its line alone.
    way
        The OSM way along which the line lies, where it lies along one; 0 where not.
    """

    id: Id
    name: Name = ""
    change: Literal["quiet", "open", "close", "add", "crossing"]
    line: tuple[tuple[Lon, Lat], ...] = Field(min_length=1, max_length=MOST_VERTICES)
    level: Annotated[int, Field(ge=1, le=4)] = 1
    oneway: bool = False
    way: RequestNumber = 0

    @model_validator(mode="after")
    def _fit(self) -> VariantRoad:
        if (len(self.line) == 1) != (self.change == "crossing"):
            raise ValueError
        if self.level > _MOST_LEVEL.get(self.change, 1):
            raise ValueError
        if self.oneway and self.change != "add":
            raise ValueError
        return self


_MOST_LEVEL = {"quiet": 2, "add": 4}


class Variant(_Request):
    """What would change: the academies that come, move and close, and the roads."""

    name: Name = ""
    placed: tuple[PlacedAcademy, ...] = Field(default=(), max_length=MOST_CHANGES)
    moved: tuple[MovedAcademy, ...] = Field(default=(), max_length=MOST_CHANGES)
    closed: tuple[Id, ...] = Field(default=(), max_length=MOST_CHANGES)
    roads: tuple[VariantRoad, ...] = Field(default=(), max_length=MOST_ROADS)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.places or self.roads)

    @property
    def places(self) -> bool:
        """Whether any academy comes, moves or closes."""
        return bool(self.placed or self.moved or self.closed)


class ChangeRequest(_Request):
    """What a variant brings is asked for.

    Attributes
    ----------
    request
        Comes back in the reply, by which a page knows a late one.
    window
        Which window asks; a newer request of it overtakes one that has not begun.
    """

    request: RequestNumber
    window: Name = ""
    variant: Variant


class IsochroneRequest(_Request):
    """The minutes around a place are asked for."""

    request: RequestNumber
    place: Spot
    roads: tuple[VariantRoad, ...] = Field(default=(), max_length=MOST_ROADS)


class StretchRequest(_Request):
    """The road at a place is asked for, and what can be changed of it."""

    request: RequestNumber
    place: Spot


class RoadRequest(_Request):
    """What would become of one road is asked for: where it lies and how long it is."""

    request: RequestNumber
    road: VariantRoad


class BestRequest(_Request):
    """The best next place is asked for, beside a variant."""

    request: RequestNumber
    variant: Variant
    profile: Name
    province: Name = ""
    """Where it must lie; anywhere when empty."""


class FindRequest(_Request):
    """Places are asked for by name, or by being near."""

    request: RequestNumber
    text: Annotated[str, *_clean(_LONGEST_QUESTION)] = ""
    near: tuple[Lon, Lat] | None = None


class RoadsRequest(_Request):
    """The roads in a window are asked for, in degrees: not as JSON, but in the address."""

    west: float = Field(ge=-180, le=180)
    south: float = Field(ge=-90, le=90)
    east: float = Field(ge=-180, le=180)
    north: float = Field(ge=-90, le=90)

    @property
    def around_belgium(self) -> tuple[float, float, float, float] | None:
        """The part of it where a study can have roads; None where there is none."""
        west, east = max(self.west, DEGREES[0]), min(self.east, DEGREES[2])
        south, north = max(self.south, DEGREES[1]), min(self.north, DEGREES[3])
        return (west, south, east, north) if west < east and south < north else None


class SaveRequest(_Request):
    """A variant is to be kept; `based_on` is what the page knows the file to hold, or ""."""

    variant: Variant
    based_on: Sha256 = ""


class DeleteRequest(_Request):
    """A variant that was kept is to go."""

    based_on: Sha256


class ProveRequest(_Request):
    """A run is to show the same.

    Attributes
    ----------
    variant
        Of which.
    keep
        The slug under which it was saved: the result of the run is written to a folder of that
        name, beside the file. Empty: it is compared alone.
    """

    variant: Variant
    keep: Annotated[str, StringConstraints(pattern=rf"^({SLUG})?$")] = ""


# -- what goes out ----------------------------------------------------------------------------

Figures = dict[str, dict[str, dict[str, tuple[int, int, int, int, int]]]]
"""By profile, scenario and band: children, covered, unmeasured, gained, lost."""
GeoJson = dict[str, Any]


class _Reply(BaseModel):
    """What the server says."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Named(_Reply):
    """A choice: its key, and its name in the language of the study."""

    key: str
    name: str


class PlaceFigures(_Reply):
    """The figures of a region, a province or a municipality."""

    code: str
    name: str
    province: str = ""
    figures: Figures


class KnownAcademy(_Reply):
    """An academy of the register; `open` is whether it counts on the day."""

    id: str
    name: str
    lon: float
    lat: float
    min_age: int | None
    max_age: int | None
    valid_from: dt.date | None
    valid_until: dt.date | None
    address: str
    nis_code: str
    open: bool


class StudyReply(_Reply):
    """All of a study that no change changes."""

    title: str
    notice: str
    attribution: str
    language: str
    day: dt.date
    cutoff_min: float
    bands: tuple[Named, ...]
    profiles: tuple[Named, ...]
    scenarios: tuple[Named, ...]
    classes: tuple[float, ...]
    colours: tuple[str, ...]
    words: dict[str, str]
    bounds: tuple[float, float, float, float]
    municipalities: GeoJson
    provinces: tuple[str, ...]
    academies: tuple[KnownAcademy, ...]
    places: dict[str, tuple[PlaceFigures, ...]]
    most_changes: int = MOST_CHANGES
    most_variants: int = MOST_VARIANTS
    road_changes: tuple[str, ...] = ()
    most_roads: int = MOST_ROADS
    notes: tuple[str, ...] = ()


class CostReply(_Reply):
    """What the academies cost under the rules of a year, and what there is for all of Flanders.

    It is known where all that come have a price.
    """

    before_eur: int
    after_eur: int
    known: bool
    rules_year: int
    envelope_eur: int | None = None


class GapReply(_Reply):
    """The children in a gap before and after; it closes when too few are left."""

    gap_id: str
    profile: str = "all"
    name: str
    before: int
    after: int
    closes: bool


class ChangedAcademy(_Reply):
    """What became of an academy that comes or moves.

    Attributes
    ----------
    nis_code, municipality
        In which it lies; empty outside the study.
    found, snap_m
        Whether a road is near, and how far; in a straight line there is no road to find.
    counts
        Whether it is open on the day.
    """

    id: str
    nis_code: str
    municipality: str
    found: bool
    snap_m: float | None
    counts: bool


class ChangeReply(_Reply):
    """What a variant brings."""

    request: int
    places: dict[str, tuple[PlaceFigures, ...]]
    cost: CostReply | None
    gaps: tuple[GapReply, ...]
    academies: tuple[ChangedAcademy, ...]
    roads: tuple[ChangedRoad, ...] = ()
    notes: tuple[str, ...]


class IsochroneReply(_Reply):
    """Areas by minutes: properties `minutes_from`, `minutes_to`."""

    request: int
    areas: GeoJson
    notes: tuple[str, ...] = ()


class RoadReply(_Reply):
    """Where a road that changes lies.

    Attributes
    ----------
    line
        As it was drawn, from where it is joined to where it is joined.
    length_m
        Of what changes.
    joined_m
        How far a new road is drawn on at its start and its end, to the roads that it is joined to.
    """

    request: int
    line: tuple[tuple[float, float], ...]
    length_m: float
    joined_m: tuple[float, float]


class StretchReply(_Reply):
    """The road at a place, from junction to junction; no line with the reason why there is none.

    Attributes
    ----------
    way
        Its OSM way; 0 where it is of several.
    quiet
        How quiet it is, as in the roads of a window.
    changes
        What can be done with it.
    crossing
        The busy junction that is nearest, where one can be made safe.
    """

    request: int
    line: tuple[tuple[float, float], ...] = ()
    way: int = 0
    length_m: float = 0
    quiet: str = ""
    changes: tuple[str, ...] = ()
    crossing: tuple[float, float] | None = None
    why: str = ""


class ChangedRoad(_Reply):
    """What became of a road: how long the part is that changes; nothing of a crossing."""

    id: str
    length_m: float | None


class BestPlace(_Reply):
    """The place at which one more brings most, and how many children."""

    id: str
    name: str
    lon: float
    lat: float
    nis_code: str
    municipality: str = ""
    children: int
    min_age: int | None = None
    max_age: int | None = None


class BestReply(_Reply):
    """The best next place; None with the reason why there is none."""

    request: int
    place: BestPlace | None
    why: str


class FoundPlace(_Reply):
    """A place with a name; where it is in words, and the id that a candidate has."""

    name: str
    place: str = ""
    id: str = ""
    kind: Literal["candidate", "school", "library", "address", "municipality"]
    lon: float
    lat: float


class FindReply(_Reply):
    """Places that were found, the best first."""

    request: int
    places: tuple[FoundPlace, ...]
    notes: tuple[str, ...] = ()


class SavedVariant(_Reply):
    """A variant on disk.

    Attributes
    ----------
    slug, name
        Of its file, without the ending; and what it is called.
    sha256
        Of its file.
    variant
        None where the file cannot be shown: `problem` says why.
    ours
        Whether the explorer wrote the file and nobody changed it since: no other is replaced.
    notes
        What was found on reading it, and what of it is not shown.
    """

    slug: str
    name: str
    sha256: str
    variant: Variant | None
    problem: str = ""
    ours: bool = True
    notes: tuple[str, ...] = ()


class SaveReply(_Reply):
    """Under which name a variant was kept, and what its file now holds."""

    slug: str
    sha256: str


class ConflictReply(_Reply):
    """Someone else changed the file: what it holds now; None where it is gone or not readable."""

    problem: str
    sha256: str
    variant: Variant | None


class ProveReply(_Reply):
    """The number of a proof, to ask how far it is."""

    job: str


class Differing(_Reply):
    """A row of the coverage table in which a run and the explorer differ."""

    level: str
    code: str
    name: str
    profile: str
    scenario: str
    band: str
    explorer: int
    run: int


class ProofReply(_Reply):
    """How far a proof is.

    Attributes
    ----------
    state
        Running, then what came out; or why nothing did.
    share, what
        Of the run, 0 to 1; what it is doing, or what came out, in words.
    rows, differing
        How many rows of the coverage table were compared, and those that differ (the first).
    folder
        Where the result is kept, if it was asked to be.
    """

    state: Literal["running", "equal", "different", "failed"]
    share: float
    what: str
    rows: int
    differing: tuple[Differing, ...]
    folder: str


class ProblemReply(_Reply):
    """Why a request was not answered, in one line; `overtaken` by a newer one of its window."""

    problem: str
    request: int | None = None
    overtaken: bool = False


REQUESTS: tuple[type[BaseModel], ...] = (
    *(ChangeRequest, IsochroneRequest, BestRequest, FindRequest, RoadsRequest),
    *(StretchRequest, RoadRequest),
    *(SaveRequest, DeleteRequest, ProveRequest),
)
REPLIES: tuple[type[BaseModel], ...] = (
    *(StudyReply, ChangeReply, IsochroneReply, BestReply, FindReply, StretchReply, RoadReply),
    *(SavedVariant, SaveReply, ConflictReply, ProveReply, ProofReply, ProblemReply),
)


def build_schema() -> dict[str, Any]:
    """Give every request and reply as JSON Schema, by name."""
    asked: list[tuple[type[BaseModel], Literal["validation", "serialization"]]]
    asked = [(one, "validation") for one in REQUESTS]
    asked += [(one, "serialization") for one in REPLIES]
    _, schema = models_json_schema(asked, title="stemgeo explore")
    return schema


# -- the door ---------------------------------------------------------------------------------


class WrongMessage(Exception):  # noqa: N818  (it is no failure of ours, but an answer)
    """A request that is not what was asked for, with what is wrong in each language."""

    def __init__(self, said: Said) -> None:
        super().__init__(str(said))
        self.said = said


def read_message(kind: type[M], body: bytes) -> M:
    """Read a request.

    Parameters
    ----------
    kind
        What it must be.
    body
        JSON, as it came.

    Raises
    ------
    WrongMessage
        If it is anything else; the first problem is told.
    """
    return _read(lambda: kind.model_validate_json(body))


def read_query(kind: type[M], query: Mapping[str, str]) -> M:
    """Read a request that stands in an address.

    Parameters
    ----------
    kind
        What it must be.
    query
        Its parts, by name.

    Raises
    ------
    WrongMessage
        As `read_message`.
    """
    return _read(lambda: kind.model_validate_strings(query))


def _read(read: Callable[[], M]) -> M:
    try:
        return read()
    except ValidationError as error:
        # Values are not quoted: they may be long, or of another's making.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise WrongMessage(_say_wrong(first["loc"], first["type"])) from None


def _say_wrong(place: tuple[int | str, ...], kind: str) -> Said:
    """Say in one line where a message is wrong, and how."""
    if kind == "json_invalid":
        return _NO_JSON
    where = clean_text(".".join(str(one) for one in place))
    what = _WRONG.get(kind, _NOT_THAT)
    return (
        say("{where}: {what}", "{where}: {what}", "{where} : {what}", where=where, what=what)
        if (where)
        else what
    )


_NO_JSON = Said(
    "the request is no JSON", "het verzoek is geen JSON", "la requête n’est pas du JSON"
)
_NOT_THAT = Said(
    "is not what is asked for here", "is niet wat hier gevraagd is", "n’est pas ce qui est demandé"
)
_OUTSIDE = Said(
    "is too small or too large; a place lies in or around Belgium",
    "is te klein of te groot; een plaats ligt in of rond België",
    "est trop petit ou trop grand ; un lieu se trouve en Belgique ou autour",
)
_WRONG = {
    "missing": Said("is missing", "ontbreekt", "manque"),
    "extra_forbidden": Said("is not known", "is niet gekend", "n’est pas connu"),
    "string_too_long": Said("is too long", "is te lang", "est trop long"),
    "too_long": say(
        "has more than {most} changes",
        "heeft meer dan {most} wijzigingen",
        "a plus de {most} modifications",
        most=str(MOST_CHANGES),
    ),
    "finite_number": _OUTSIDE,
    "greater_than_equal": _OUTSIDE,
    "less_than_equal": _OUTSIDE,
    "too_short": Said("has no place", "heeft geen plaats", "n’a pas de lieu"),
    "literal_error": Said(
        "is none of what can be done",
        "is niets van wat kan",
        "n’est rien de ce qui peut se faire",
    ),
    "value_error": Said(
        "is empty, ends before it begins, or does not go with the rest",
        "is leeg, eindigt voor het begint, of past niet bij de rest",
        "est vide, finit avant de commencer, ou ne va pas avec le reste",
    ),
}
