"""Everything that can be chosen, and the only home of policy numbers.

A study is read from `study.toml`. Every number that steers a figure stands here
with its default and its source; no other module holds one.

An option that is chosen and can change nothing beside the others is refused (`Study._idle`,
`Siting.idle`); `docs/method.md` has a table of them.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import inspect
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import (
    Annotated,
    Any,
    ClassVar,
    Concatenate,
    Literal,
    NamedTuple,
    ParamSpec,
    Self,
    TypeVar,
    cast,
    get_args,
)

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from stemgeo.errors import MissingFileError, Problem, StudyError
from stemgeo.notes import clean_text
from stemgeo.speech import LANGUAGES, Language
from stemgeo.texts.wording import (
    STEM_ACADEMY,
    Tongue,
    Wording,
    Words,
    find_wording,
    guess_an,
    guess_elision,
)
from stemgeo.writing.whole import expand_home

M = TypeVar("M", bound=BaseModel)
STRAIGHT_LINE = "straight-line"
SCENARIOS = ("low", "central", "high")
PROVINCES = ("Limburg", "Antwerpen", "Oost-Vlaanderen", "Vlaams-Brabant", "West-Vlaanderen")
"""The five provinces of Flanders, in the order of the ministry's annexes 3 to 7."""

Profile = Literal["all", "low_stress", "quiet_1"]
StressRules = Literal["default", "bna", "vademecum-2022"]
BusyCrossings = Literal["ignore", "push", "end"]
Mode = Literal["bicycle", "e-bike", "foot"]


class _StudyPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        inner = value if isinstance(value, list | tuple) else (value,)
        truth = any(isinstance(one, bool) for one in inner)
        if truth and cls.model_fields[str(info.field_name)].annotation not in (bool, bool | None):
            raise ValueError("must be something else than true or false")
        return value


_TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""They turn the direction of what follows, so that it reads otherwise than it is written."""


def _check_one_line(text: str) -> str:
    if any(unicodedata.category(mark) in ("Cc", "Zl", "Zp") or mark in _TURNING for mark in text):
        raise ValueError("must be one line, without control characters")
    return text


Line = Annotated[str, AfterValidator(_check_one_line)]
"""Text that is printed on outputs."""

ShortLine = Annotated[str, Field(max_length=300), AfterValidator(_check_one_line)]
YEARS = range(1900, 2101)
"""Of the days that a study can be about."""


def _check_day(day: dt.date) -> dt.date:
    if day.year not in YEARS:
        raise ValueError(f"must be a day from {YEARS[0]} to {YEARS[-1]}")
    return day


Day = Annotated[dt.date, AfterValidator(_check_day)]


def _parse_year(key: object) -> int:
    # As it is written, so that no two keys are one year.
    number = re.fullmatch("-?[0-9]{1,9}", str(key))
    if not number:
        raise ValueError("must be a whole number")
    if str(key)[0] == "0" or int(str(key)) not in YEARS:
        raise ValueError(f"must be a year from {YEARS[0]} to {YEARS[-1]}")
    return int(str(key))


Year = Annotated[int, BeforeValidator(_parse_year)]


def _check_each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = [value for value, times in Counter(values).items() if times > 1]
    if twice:
        raise ValueError(f'names "{clean_text(twice[0])}" twice: name each once')
    return values


Once = AfterValidator(_check_each_once)
"""Of a list in which none stands twice."""


_AREAS = 'give a name in quotes, a NIS code as 46013 or "46013", or one file of polygons in quotes'


def _as_names(value: object, info: ValidationInfo) -> object:
    """Take one name as a list of one, and NIS codes as text; an empty list in a file is none."""
    if value == [] and (info.context or {}).get("said_by") is SaidBy.FILE:
        raise ValueError(f"names nothing; {_AREAS}, or leave it out for all of Flanders")
    many = value if isinstance(value, list | tuple) else (value,)
    odd = [one for one in many if not isinstance(one, str | int)]
    if odd:
        raise ValueError(f"{clean_text(str(odd[0]), 40)} is none; {_AREAS}")
    return tuple(f"{one:05}" if isinstance(one, int) else one for one in many)


def is_file_of_area(area: object) -> bool:
    """Whether an area is a file of polygons: a table, a path, or a text with a file's ending."""
    return isinstance(area, dict | Path) or (
        isinstance(area, str) and re.search(_OF_FILE, area.lower()) is not None
    )


_OF_FILE = (
    r"[/\\]|[.](gpkg|(geo)?json[ls]?|ndjson|topojson|shp|fgb|(geo)?parquet|gml|xml|kml|kmz|tiff?|csv|"
    r"txt|tsv|xlsx?|xlsm|ods|zip|gz|bz2|pbf|osm|osh|gpx|dbf|tab|mif|gdb|dxf|qgz|pdf|docx?)$"
)
"""The endings of all that the door takes, or refuses as what it is."""


VINTAGE: Literal[2025] = 2025
"""Of the NIS codes of results, unless a study says another: the newest."""


def _check_word(text: str) -> str:
    if not re.fullmatch(r"[^\W_](?:[ '’.-]?[^\W_])*\.?", text):
        raise ValueError("must be a word or some: letters, digits, spaces, hyphens, apostrophes")
    return text


Word = Annotated[str, Field(max_length=60), AfterValidator(_check_word)]
"""Of what is sought; it stands in every text, file name and page."""


class _FacilityWords(_StudyPart):
    """What is sought in one language, with what its grammar asks.

    Attributes
    ----------
    singular, plural
        In full: "bibliotheek", "bibliotheken".
    article
        Dutch "de" or "het", French "un" or "une", English "a" or "an"; the last may be left out
        where the first letter tells it.
    short, short_plural
        After it was said in full; the same unless given.
    label, label_noun
        What one is called on a day on which it counts, and the noun of that with its article:
        "erkend", "de erkenning"; "reconnue", "une reconnaissance"; without them it is open.
    """

    singular: Word
    plural: Word
    short: Word | None = None
    short_plural: Word | None = None
    label: Word | None = None
    label_noun: Word | None = None

    @model_validator(mode="after")
    def _in_pairs(self) -> Self:
        for one, other in (("short", "short_plural"), ("label", "label_noun")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other}: give both, or neither")
        articles = self._ARTICLES
        if self.label_noun and self.label_noun.split(" ")[0] not in articles:
            raise ValueError(f"label_noun: must begin with its article, {' or '.join(articles)}")
        if self.label_noun and " " not in self.label_noun:
            raise ValueError("label_noun: must be an article and a noun")
        return self

    _ARTICLES: ClassVar[tuple[str, ...]]

    def _build_words(self, article: str, label: str, form: str, noun: str, **more: Any) -> Words:
        return Words(
            *(self.singular, self.plural, article, self.label or label, form),
            *(self.label_noun or noun, self.short or "", self.short_plural or ""),
            **more,
        )


class DutchWords(_FacilityWords):
    """In Dutch.

    Attributes
    ----------
    label_inflected
        The label before the word, "erkende", where no rule has it.
    """

    _ARTICLES: ClassVar[tuple[str, ...]] = ("de", "het")
    article: Literal["de", "het"]
    label_inflected: Word | None = None

    @model_validator(mode="after")
    def _inflects(self) -> Self:
        if self.label_inflected and not self.label:
            raise ValueError("label_inflected: changes nothing without label; leave it out")
        if self.label and not (self.label_inflected or _inflect_dutch(self.label)):
            raise ValueError(
                f"label_inflected: is missing: how '{self.label}' stands before the word"
            )
        return self

    def to_words(self) -> Words:
        """Give the words for texts."""
        form = self.label_inflected or _inflect_dutch(self.label or "open") or ""
        return self._build_words(self.article, "open", form, "de openstelling")


def _inflect_dutch(label: str) -> str | None:
    """Give the form before a word where a rule is sure: open, erkende."""
    if label.endswith("en"):
        return label
    return f"{label}e" if re.search("[bcdfghklmnprstvwz]{2}$", label) else None


class FrenchWords(_FacilityWords):
    """In French; the label agrees with the word.

    Attributes
    ----------
    elision, label_elision
        Whether "le" becomes "l’" before the word, and before the label, where that is not seen
        from its first letter.
    label_plural
        The label of several, where no rule has it.
    """

    _ARTICLES: ClassVar[tuple[str, ...]] = ("un", "une")
    article: Literal["un", "une"]
    elision: bool | None = None
    label_elision: bool | None = None
    label_plural: Word | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.label_plural and not self.label:
            raise ValueError("label_plural: changes nothing without label; leave it out")
        label = self.label or "ouvert"
        if not self.label_plural and re.search("(s|x|al|au|eu|ou)$", label):
            raise ValueError(f"label_plural: is missing: '{label}' of several")
        noun = (self.label_noun or "").partition(" ")[2]
        for key, words in (("elision", self._list_nouns()), ("label_elision", [noun] * bool(noun))):
            unsure = [one for one in words if guess_elision(one) is None]
            if unsure and getattr(self, key) is None:
                what = f"whether l’ and d’ stand before '{unsure[0]}', true or false"
                raise ValueError(f"{key}: is missing: {what}")
            if not unsure and getattr(self, key) is not None:
                why = "the first letter tells" if words else "there is no label_noun"
                raise ValueError(f"{key}: changes nothing, {why}; leave it out")
        return self

    def _list_nouns(self) -> list[str]:
        return [one for one in (self.singular, self.plural, self.short, self.short_plural) if one]

    def to_words(self) -> Words:
        """Give the words for texts."""
        label = self.label or ("ouvert" if self.article == "un" else "ouverte")
        plural, noun = self.label_plural or f"{label}s", "une période d’ouverture"
        elided = {"elision": self.elision, "label_elision": self.label_elision}
        return self._build_words(self.article, label, plural, noun, **elided)


class EnglishWords(_FacilityWords):
    """In English."""

    _ARTICLES: ClassVar[tuple[str, ...]] = ("a", "an")
    article: Literal["a", "an"] | None = None

    @model_validator(mode="after")
    def _has_article(self) -> Self:
        if not (self.article or guess_an(self.singular)):
            raise ValueError(f'article: is missing: "a" or "an" before \'{self.singular}\'')
        return self

    def to_words(self) -> Words:
        """Give the words for texts."""
        article = self.article or guess_an(self.singular) or "a"
        label = self.label or "open"
        return self._build_words(article, label, label, "a period of opening")


class Facility(_StudyPart):
    """What is sought, in each language that outputs speak; `docs/other-facilities.md` shows it."""

    nl: DutchWords | None = None
    fr: FrenchWords | None = None
    en: EnglishWords | None = None

    @model_validator(mode="after")
    def _in_some_language(self) -> Self:
        if not self.languages:
            raise ValueError("has no words: give [study.facility.nl], .fr or .en")
        return self

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those in which it has words."""
        return tuple(one for one in LANGUAGES if getattr(self, one) is not None)


class About(_StudyPart):
    """What the study is called and which day it describes.

    Attributes
    ----------
    title
        Printed on every output.
    date
        The day on which a recognition must be valid.
    vintage
        Which NIS codes the results use: 2018 (308 municipalities), 2024 (300) or 2025 (285).
    notice
        Printed on every output when given, e.g. "Ontwerp, niet voor publicatie".
    area
        What the study is of, where that is not all of its municipalities: names of municipalities
        (former ones too) and provinces, or NIS codes of any vintage; or a file of polygons, which
        is read as `inputs.area`.
    area_name
        What the area is called on outputs; empty: by what it names, or by the name in the file.
    facility
        What is sought, in the words of each language; STEM academies unless given, and then the
        rules for these hold: ages, recognition, subsidy.
    """

    title: Line = Field(min_length=1, max_length=200)
    date: Day
    vintage: Literal[2018, 2024, 2025] = VINTAGE
    notice: Line = Field(default="", max_length=300)
    area: Annotated[tuple[ShortLine, ...], BeforeValidator(_as_names), Once] = Field(
        default=(), max_length=400
    )
    area_name: Line = Field(default="", max_length=200)
    facility: Facility | None = None


_LONGEST_PATH = 4096
"""Of Linux, the longest of all systems."""


class Input(_StudyPart):
    """One file of the user and what is known of it.

    In study.toml either the path alone or a table with a `path` and any of the rest.

    Attributes
    ----------
    path
        Relative to study.toml.
    source, licence
        Who made the data and under which terms; carried to every output.
    date
        The day that the data describe.
    sha256
        When given, the file must have it.
    crs
        For files that do not say theirs, e.g. "EPSG:31370".
    layer
        For files with more than one; a folder of a KML file.
    sheet
        For workbooks with more than one.
    """

    path: Path
    source: ShortLine = ""
    licence: ShortLine = ""
    date: Day | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    crs: str | None = Field(default=None, max_length=5000)
    layer: str | None = Field(default=None, max_length=300)
    sheet: str | None = Field(default=None, max_length=300)

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: object) -> object:
        return {"path": value} if isinstance(value, str | Path) else value

    @field_validator("path")
    @classmethod
    def _relative_to_study(cls, path: Path, info: ValidationInfo) -> Path:
        return _find_beside_study(path, info)


def _find_beside_study(path: Path, info: ValidationInfo) -> Path:
    """Give a path that a study.toml says, from where it stands."""
    if path == Path() or len(str(path)) > _LONGEST_PATH:
        raise ValueError("must be the path of a file")
    folder = (info.context or {}).get("folder")
    # What a result says has no folder, and is nobody's home here.
    return folder / expand_home(str(path)) if folder else path


class Register(Input):
    """A register, or another table of which the study can say how it is read.

    Attributes
    ----------
    header_row
        Of a table the row with the names of its columns, as a spreadsheet numbers it; found by what
        it holds when not given.
    columns
        What the file calls our columns, such as valid_from = "Startdatum"; the others are found by
        their names.
    """

    header_row: int | None = Field(default=None, ge=1, le=1000)
    columns: dict[str, ShortLine] = Field(default={}, max_length=50)

    _folder: Path | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Keep from where the path was written."""
        self._folder = (context or {}).get("folder")

    @property
    def written_path(self) -> str:
        """The path as study.toml has it."""
        folder = self._folder or Path()
        known = self.path.is_relative_to(folder)
        return (self.path.relative_to(folder) if known else self.path).as_posix()


LEVELS = ("region", "province", "municipality", "zone")
"""Levels that every study has; a layer of the user's own is called otherwise."""


def _check_key(key: str) -> str:
    if key in LEVELS:
        raise ValueError("is a level that every study has; choose another name")
    if not re.fullmatch("[a-z][a-z0-9_]{0,39}", key):
        raise ValueError("must be small letters, digits and underscores, 40 at most")
    return key


Key = Annotated[str, AfterValidator(_check_key)]
"""The name of a layer or attribute: small letters, digits and underscores."""


class Layer(Input):
    """Polygons of the user by which children are counted too, such as transport regions.

    Attributes
    ----------
    id, name
        Columns with the code and the name of each polygon; empty: found by themselves.
    """

    id: ShortLine = ""
    name: ShortLine = ""


class Attribute(Input):
    """A number known of each zone or municipality, such as the median income.

    Attributes
    ----------
    column
        With the number; empty: the only column of numbers.
    title
        What it is called on outputs; empty: its key.
    """

    column: ShortLine = ""
    title: ShortLine = ""


def _as_tuple(value: object) -> object:
    """Take one extract as a list of one; leave the word "straight-line" alone."""
    if value == STRAIGHT_LINE or isinstance(value, list | tuple):
        return value
    # Every extract has an ending, and this word none.
    word = value.lower() if isinstance(value, str) and "." not in value else ""
    if difflib.get_close_matches(word, [STRAIGHT_LINE], cutoff=0.8):
        raise ValueError(f'"{value}" is no extract of roads; did you mean "{STRAIGHT_LINE}"?')
    return (value,)


class Given(NamedTuple):
    """The row of an input: what may be given for it; what reads it stands in `inputs.READERS`.

    Attributes
    ----------
    form
        `inputs.files` has the formats of each.
    what
        For the page that lists the inputs.
    proposed
        Whether it is what the study itself proposes: no one else's data.
    """

    form: Literal["layer", "table", "points", "grid", "roads"]
    what: str
    proposed: bool = False


class InputPaths(_StudyPart):
    """The files of the study; see `docs/data-dictionary.md` for what each must hold."""

    municipalities: Annotated[
        Input,
        Given(
            "layer",
            "boundaries in any format GDAL reads; the column with NIS codes is found by what it "
            "holds",
        ),
    ]
    population: Annotated[
        Input,
        Given(
            "table",
            "Statbel's `TF_SOC_POP_STRUCT_YYYY.zip`, or a table with nis_code, age, sex, children",
        ),
    ]
    populations: Annotated[
        dict[Year, Input], Given("table", "the same of other years, for a trend; else `population`")
    ] = {}
    academies: Annotated[
        Register,
        Given("points", "CSV as a Belgian spreadsheet saves it, XLSX, GeoJSON or GeoPackage"),
    ]
    network: Annotated[
        tuple[Input, ...] | Literal["straight-line"],
        BeforeValidator(_as_tuple),
        Given("roads", 'OpenStreetMap extracts, or `"straight-line"` as long as there are none'),
    ] = Field(min_length=1, max_length=100)
    zones: Annotated[Input | None, Given("layer", "statistical sectors")] = None
    zone_population: Annotated[Input | None, Given("table", "the residents of each zone")] = None
    zone_codes: Annotated[
        Register | None,
        Given(
            "table",
            "old and new codes of zones, and shares of those that were divided: for residents by "
            "the codes of before a renumbering, as Statbel's of 2024",
        ),
    ] = None
    weights: Annotated[
        Input | None, Given("grid", "a population grid: a raster, polygons or points")
    ] = None
    addresses: Annotated[
        Input | None,
        Given(
            "points",
            "points where people live; without them the dwellings of the extract, else its "
            "streets; with streets and numbers they place academies without coordinates too",
        ),
    ] = None
    postcodes: Annotated[
        Input | None,
        Given(
            "points",
            "a point for each postcode: academies of which no street is found, and the search on "
            "the web map",
        ),
    ] = None
    matched_addresses: Annotated[
        Input | None,
        Given(
            "table",
            "what the Flemish address register answered to `stemgeo fetch addresses`: academies "
            "that no other file has at their number",
        ),
    ] = None
    corrections: Annotated[
        Input | None,
        Given("points", "places put right by hand, by academy_id: they win over all others"),
    ] = None
    plan: Annotated[
        Register | None,
        Given("points", "a plan: what opens, moves and closes beside the register", proposed=True),
    ] = None
    candidates: Annotated[
        Register | None,
        Given(
            "points",
            "where an academy could come, any file of points; else one place for each zone",
            proposed=True,
        ),
    ] = None
    network_edits: Annotated[
        Register | None,
        Given(
            "points",
            "roads that change before anything is measured: made quiet, opened, closed, added, or "
            "made safe to cross; lines, or a table",
            proposed=True,
        ),
    ] = None
    road_projects: Annotated[
        Register | None,
        Given(
            "points",
            "roads that could change, with what they cost: candidates of `stemgeo links`, in the "
            "same form",
            proposed=True,
        ),
    ] = None
    area: Annotated[
        Input | None,
        Given(
            "layer",
            "polygons whose children the study counts, as `area` under `[study]`",
            proposed=True,
        ),
    ] = None
    layers: Annotated[dict[Key, Layer], Given("layer", "polygons to count by")] = Field(
        default={}, max_length=50
    )
    attributes: Annotated[
        dict[Key, Attribute], Given("table", "numbers known of zones or municipalities")
    ] = Field(default={}, max_length=50)
    reported: Annotated[
        Register | None,
        Given(
            "table",
            "figures that were reported: year, indicator, level, code, value, at_least, source",
        ),
    ] = None
    participants: Annotated[
        Register | None,
        Given(
            "table",
            "who took part: academy_id or municipality, year, children, girls, boys, "
            "trajectories, online",
        ),
    ] = None
    budget: Annotated[
        Register | None,
        Given("table", "what was granted: year, line, euro, recipients, source"),
    ] = None
    events: Annotated[
        Register | None,
        Given("table", "a row for each event: date, place or postcode, label, ages"),
    ] = None

    @field_validator("network")
    @classmethod
    def _extracts_once(cls, network: tuple[Input, ...] | str) -> tuple[Input, ...] | str:
        if not isinstance(network, str):
            _check_each_once(tuple(str(extract.path) for extract in network))
        return network


INPUTS: dict[str, Given] = {
    name: next(one for one in field.metadata if isinstance(one, Given))
    for name, field in InputPaths.model_fields.items()
}
"""The rows of the inputs, by their name under [inputs]."""


def list_inputs() -> list[str]:
    """Write the inputs as a table in Markdown, for their page."""
    lines = ["| input | what may be given |", "|---|---|"]
    for name, row in INPUTS.items():
        needed = InputPaths.model_fields[name].is_required()
        lines.append(f"| {name} | {'' if needed else 'optional: '}{row.what} |")
    return lines


class Speed(_StudyPart):
    """A riding speed on a good surface with its estimates; one number is all three.

    Attributes
    ----------
    low, central, high
        In km/h.
    """

    low: float = Field(gt=0, le=45)
    central: float = Field(gt=0, le=45)
    high: float = Field(gt=0, le=45)

    @model_validator(mode="before")
    @classmethod
    def _one_number(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return dict.fromkeys(SCENARIOS, value)
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low <= self.central <= self.high:
            raise ValueError("must rise: low <= central <= high")
        return self

    def __getitem__(self, scenario: str) -> float:
        return float(getattr(self, scenario))


OLDEST = 120
"""No age is above this."""


def list_ages(spans: Iterable[tuple[int, int]]) -> list[int]:
    """List every age from the first to the last of each span."""
    return [age for first, last in spans for age in range(first, last + 1)]


def _check_from_to(ages: tuple[int, int]) -> tuple[int, int]:
    if not 0 <= ages[0] <= ages[1] <= OLDEST:
        raise ValueError(f"must be two ages between 0 and {OLDEST}, the first not above the last")
    return ages


Ages = Annotated[tuple[int, int], AfterValidator(_check_from_to)]
"""First and last age, both included."""


class Band(_StudyPart):
    """An age band, and how fast it rides.

    Attributes
    ----------
    ages
        The first and the last, both included.
    speed_kmh
        Left out where `travel.speed_kmh` gives one for all.
    """

    ages: Ages
    speed_kmh: Speed | None = None

    @property
    def name(self) -> str:
        """The band's name in tables, e.g. "5-8"."""
        return f"{self.ages[0]}-{self.ages[1]}"


DEFAULT_BANDS = (
    Band(ages=(5, 8), speed_kmh=Speed(low=8, central=10, high=12)),
    Band(ages=(9, 11), speed_kmh=Speed(low=9.6, central=12, high=14.4)),
    Band(ages=(12, 17), speed_kmh=Speed(low=12, central=15, high=18)),
)
"""No solid source gives children's speeds, so they are declared, with 20 % either side."""


@dataclass(frozen=True)
class ModeOfTravel:
    """What a mode of travel has by itself, and how fast it may go.

    Attributes
    ----------
    bands
        The age bands of a study that gives none.
    profiles
        Which roads are measured of a study that does not say it.
    isochrone_speed_kmh
        Of the isochrones that are drawn: the central speed of the middle band.
    fastest_kmh, fast_from_age, too_fast
        Who is younger goes no faster, and why.
    """

    bands: tuple[Band, ...]
    profiles: tuple[Profile, ...]
    isochrone_speed_kmh: float
    fastest_kmh: float = 45
    fast_from_age: int = 0
    too_fast: str = ""


def _bands_around(*central_kmh: float) -> tuple[Band, ...]:
    """Give the default bands central speeds, with 20 % either side."""
    speeds = [Speed(low=round(0.8 * v, 1), central=v, high=round(1.2 * v, 1)) for v in central_kmh]
    return tuple(
        Band(ages=band.ages, speed_kmh=speed)
        for band, speed in zip(DEFAULT_BANDS, speeds, strict=True)
    )


_RIDDEN: tuple[Profile, ...] = ("all", "low_stress", "quiet_1")
MODES: dict[Mode, ModeOfTravel] = {
    "bicycle": ModeOfTravel(DEFAULT_BANDS, _RIDDEN, 12),
    "e-bike": ModeOfTravel(
        _bands_around(12, 14, 17),
        _RIDDEN,
        14,
        fastest_kmh=25,
        fast_from_age=16,
        too_fast="an e-bike helps up to 25 km/h, and a speed pedelec is ridden from 16 years on",
    ),
    "foot": ModeOfTravel(
        _bands_around(4.3, 4.5, 4.6),
        ("all",),
        4.5,
        fastest_kmh=8,
        fast_from_age=OLDEST + 1,
        too_fast="nobody walks faster than 8 km/h",
    ),
}
"""The speeds of an e-bike are those of a bicycle and 2 km/h: by so much its riders, adults, were
faster (Schleinitz e.a., Safety Science 92, 2017). On foot: children of 6 and 7 walk 1.20 m/s, of 11
to 14 1.28 m/s (Hausdorff e.a., Journal of Applied Physiology 86, 1999), those between them in
between. All with 20 % either side, declared. By Belgian law the motor of an e-bike helps up to 25
km/h, and a speed pedelec (45 km/h) is ridden from 16 on."""


@dataclass(frozen=True)
class Convention:
    """A measure that others publish: one speed on every road and for all ages.

    Attributes
    ----------
    name
        In tables.
    speed_kmh, cutoff_min
        How far is within reach: their product.
    horizon_min
        How far the nearest academies are looked for, in minutes.
    """

    name: str
    speed_kmh: float
    cutoff_min: float
    horizon_min: float


LEAST_SHOWN = 5
"""Smaller counts, but 0, are hidden in what is uploaded for others: the threshold most used by
provincies.incijfers.be (its documentation, "threshold")."""

CUTOFF_MIN = 15
"""What Flanders promises every child."""

FLAT = Convention("flat_15_kmh", speed_kmh=15, cutoff_min=15, horizon_min=60)
"""3.75 km, as 15 minutes at 15 km/h: that of the Flemish indicator of access to basic provisions
(Departement Omgeving, 98 % of the residents in 2022). Fixed: no study changes it."""


WITHIN_M = 50.0
"""A door opens onto every road within this: a front garden, or the yard behind a house."""

LIMIT_M = 500.0
"""Where no road is so near, onto the nearest within this."""

WALKING_SPEED_MS = 1.3
"""From a door to the road: 4.7 km/h."""

PUSHING_KMH = 4.0
"""Where a bicycle must be pushed, as OSRM."""

CLASSES = (0, 20, 40, 60, 80, 100)
"""Bounds of the classes of the share, percent."""

ISOCHRONE_MINUTES = (5, 10, 15)
ISOCHRONE_CELL_M = 25
"""Size of the raster cell behind the isochrones."""

ROAD_BUFFER_M = 50.0
"""How far from a reached road the isochrone extends."""

DOOR_S = 60.0
"""What a ride may take besides at its doors, once unlocked and once parked: declared."""
WAITS_S = {"signal_s": 20.0, "crossing_s": 10.0}
"""What one may wait: at signals red for 60 of 90 s, 60 x 60 / (2 x 90) for who comes at any moment;
at crossings as on a road of level of service B (Highway Capacity Manual 2000, chapter 18)."""
WALKING_MS = (0.9, 1.6)
"""Slow and brisk: 3 feet a second (TxDOT, Roadway Design Manual, 19.2), and the highest mean of
towns in New Zealand, 95 m a minute."""
DETOUR = (1.2, 1.4)
"""Usual detours of cyclists, over a straight line."""
RECOGNITION_YEARS = (1, 3)
"""How long a recognition may last of which only the first day is known: see `AcademyRules`."""
COARSE_OVER_M = 500.0
"""An academy may lie so far from where it is placed: 2.5 of the 15 minutes at 12 km/h, and as far
as a door from its road (`LIMIT_M`). Beyond it, who is within reach is a guess."""
AT_DOOR_M, AT_NUMBER_M = 25, 50
"""How far off an address point may be: drawn at the door, the house or its parcel; and one with the
same number and another mark, as 12 for 12A."""
BESIDE_M, BY_NUMBER_M = 150, 15
"""How far off the nearest number of the same side may be, and more for each number between: so it
is for 97 of 100 in Berlare (docs/method.md)."""
ADRESMATCH_SURE = 90
"""A likeness that Adresmatch gives below this is told with its address, to be checked. Declared:
no figures of how often it is wrong are known."""
STREET_M = 300
"""The least that the middle of a street may be off: a file may hold but some of its houses."""
POSTCODE_M = 3000
"""How far the points of a postcode lie from its own: 24 km2 on average, a circle of 2.8 km."""
SAYS_NOTHING = 0.25
"""A share of which the bounds lie more than a quarter of the children apart says nothing."""
PARTLY_MEASURED_BELOW = 0.5
"""Below this share of its children measured, a place's figure is marked, and hatched on maps."""
MOSTLY = 0.5
"""Less of a zone than this on the extract, and no place there: its people live beyond it."""

PAVEMENTS_BELOW = 10
"""The age under which the Belgian highway code lets one ride on a pavement, since 31 May 2019."""


def _of_mode(chosen: dict[str, Any]) -> ModeOfTravel:
    return MODES[chosen.get("mode", "bicycle")]


class Travel(_StudyPart):
    """How a child travels to an academy.

    Attributes
    ----------
    mode
        "bicycle", "e-bike": over the same roads at other speeds, or "foot": by rules of its own,
        at one's own pace from door to door. `MODES` has what each has by itself.
    cutoff_min
        Minutes that count as within reach, inclusive. 15: the minister's promise (question 275 of
        11 February 2019).
    horizon_min
        How far the nearest academy is looked for, in minutes.
    bands
        Age bands with their speeds; without any those of the mode.
    speed_kmh
        One flat speed for all bands instead of theirs.
    snap_within_m
        Whoever leaves a door takes whichever road within this serves best (50 m: a front garden,
        or the yard behind a house; isochrones show ground as near to a road).
    snap_limit_m
        Where no road is so near the nearest is taken; a child or academy farther than this from
        any usable road is unmeasured.
    walking_speed_ms
        On the leg between a door and the road, metres per second (1.3: 4.7 km/h).
    pushing_speed_kmh
        Where a bicycle must be pushed (4 km/h, as OSRM).
    detour_factor
        Distance by road over distance in a straight line; used with "straight-line" alone.
    surface
        Whether poor surfaces slow a rider.
    profiles
        "all": every road open to bicycles. "low_stress": ridden on levels of traffic stress 1
        and 2. "quiet_1": on level 1 alone. On other roads the bicycle is pushed, where walking
        is allowed. "all" always has to be there.
    stress_rules
        Which set of `data/stress/` says how quiet a road is: "default"; "bna", the strict rules
        of PeopleForBikes; "vademecum-2022", by which mixed traffic at 50 km/h is quiet enough in
        a built-up area on all but main roads.
    busy_crossings
        What crossing a road of 65 km/h or more, or of four lanes, without signals costs a quiet
        ride. "ignore": nothing, as most measures of stress do; "push": the bicycle is pushed
        across, 20 m; "end": there is no way across.
    pavements_under_10
        Whether children under 10 ride on pavements, as they may (Belgian highway code, since 31
        May 2019): where the bicycle would else be pushed, and beside roads that are not quiet.
    signal_s, crossing_s, barrier_s
        Seconds lost at a traffic signal, a crossing and a barrier that lets one pass; 0, so that
        the plain answer is the riding time alone.
    ferries
        Whether ferries are used that take bicycles, or on foot pedestrians.
    ferry_wait_min
        Minutes until a ferry leaves, when they are used.
    lift_wait_s
        Seconds until a lift has come and gone, whichever two doors one takes (90: what
        OpenTripPlanner takes to board one).
    """

    cutoff_min: float = Field(default=CUTOFF_MIN, gt=0, le=120)
    horizon_min: float = Field(default=60, gt=0, le=600)
    mode: Mode = "bicycle"
    profiles: tuple[Profile, ...] = Field(default_factory=lambda set_: _of_mode(set_).profiles)
    stress_rules: StressRules = "default"
    busy_crossings: BusyCrossings = "ignore"
    bands: tuple[Band, ...] = Field(default_factory=lambda set_: _of_mode(set_).bands, min_length=1)
    speed_kmh: Speed | None = None
    snap_within_m: float = Field(default=WITHIN_M, gt=0, le=500)
    snap_limit_m: float = Field(default=LIMIT_M, gt=0, le=5000)
    walking_speed_ms: float = Field(default=WALKING_SPEED_MS, gt=0, le=3)
    pushing_speed_kmh: float = Field(default=PUSHING_KMH, gt=0, le=8)
    detour_factor: float = Field(default=1.3, ge=1, le=3)
    surface: bool = True
    pavements_under_10: bool = False
    signal_s: float = Field(default=0, ge=0, le=300)
    crossing_s: float = Field(default=0, ge=0, le=300)
    barrier_s: float = Field(default=0, ge=0, le=300)
    ferries: bool = False
    ferry_wait_min: float = Field(default=5, ge=0, le=60)
    lift_wait_s: float = Field(default=90, ge=0, le=600)

    @field_validator("profiles")
    @classmethod
    def _with_all(cls, profiles: tuple[Profile, ...]) -> tuple[Profile, ...]:
        if "all" not in profiles or len(set(profiles)) < len(profiles):
            raise ValueError('must have "all", and each profile once')
        return profiles

    @model_validator(mode="after")
    def _bands_apart(self) -> Self:
        spans = sorted(band.ages for band in self.bands)
        for (_, last), (first, _) in pairwise(spans):
            if first <= last:
                raise ValueError(f"bands: age {first} is in two bands")
        if self.horizon_min < self.cutoff_min:
            raise ValueError("horizon_min: must not be below cutoff_min")
        slow = [band.name for band in self.bands if not (self.speed_kmh or band.speed_kmh)]
        if slow:
            raise ValueError(f"bands: {slow[0]} has no speed_kmh; give it, or one for all bands")
        by = MODES[self.mode]
        for band in self.bands:
            if band.ages[0] < by.fast_from_age and self.speed_of(band, "high") > by.fastest_kmh:
                fast = f"{band.name} goes up to {self.speed_of(band, 'high'):g} km/h"
                raise ValueError(f'bands: {fast} with mode = "{self.mode}"; {by.too_fast}')
        if self.on_foot and self.profiles != by.profiles:
            raise ValueError('profiles: on foot there is "all" alone; leave it out')
        return self

    @property
    def on_foot(self) -> bool:
        """Whether one walks, and nothing is ridden, pushed or carried."""
        return self.mode == "foot"

    @property
    def cuts(self) -> frozenset[int]:
        """The ages from which on one rides elsewhere."""
        return frozenset({PAVEMENTS_BELOW} if self.pavements_under_10 else ())

    def on_pavements(self, ages: tuple[int, int]) -> bool:
        """Whether children of these ages ride on pavements; no age of `cuts` lies within them."""
        return self.pavements_under_10 and ages[1] < PAVEMENTS_BELOW

    def speed_of(self, band: Band, scenario: str) -> float:
        """Riding speed of a band in a scenario, in km/h."""
        speed = self.speed_kmh or band.speed_kmh
        assert speed is not None  # noqa: S101  (no band is without, see `_apart`)
        return speed[scenario]


class AcademyRules(_StudyPart):
    """What holds for an academy of which the register says nothing else.

    Attributes
    ----------
    ages
        Served when `min_age` or `max_age` is empty: 5 up to and including 17 ("tussen 5 en 18
        jaar"); of another facility every age.
    recognition, recognition_from
        How long a recognition lasts when only its start is known: two years (VLAIO, criteria of
        2021), but of starts from `recognition_from` on "first": one year, provisional, or
        "renewed": three (VLAIO's page on what follows an application, which has no date: so the
        study says from when it holds, and which of the two a register means).
        "endless": until the register gives a last day, as of another facility than STEM academies.
    recognition_years
        So many years instead, whatever the start.
    coarse
        Whether an academy whose place is too coarse, as that of a municipality, counts ("count") or
        not ("leave-out"); the summary has the share both ways.
    coarse_over_m
        From what `precision_m` on a place is too coarse (500: `COARSE_OVER_M`).
    """

    ages: Ages = (5, 17)
    coarse: Literal["count", "leave-out"] = "count"
    coarse_over_m: float = Field(default=COARSE_OVER_M, gt=0, le=50_000)
    recognition: Literal["first", "renewed", "endless"] | None = None
    recognition_from: dt.date | None = None
    recognition_years: int | None = Field(default=None, ge=1, le=50)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.recognition in (None, "endless")) != (self.recognition_from is None):
            raise ValueError("recognition and recognition_from: give both, or neither")
        if self.recognition and self.recognition_years:
            raise ValueError("recognition_years: takes the place of recognition; leave one out")
        return self


BEST = "best"
METHODS = (BEST, "streets", "buildings", "grid", "centroid")
RESIDENTIAL_BUILDINGS = (
    "apartments",
    "bungalow",
    "cabin",
    "detached",
    "dormitory",
    "farm",
    "house",
    "houseboat",
    "residential",
    "semidetached_house",
    "static_caravan",
    "terrace",
)
"""Values of OSM's `building` for dwellings (OSM wiki, Key:building, "Accommodation")."""

FLAT_BUILDINGS = ("apartments", "dormitory", "terrace")
"""Of these, those that hold several homes as a rule: they are counted by their floor area."""

FLATS_FROM_STOREYS = 4
"""From so many storeys on a building holds flats, whatever its kind: a house has three at most."""

STREET_WEIGHTS = {
    "residential": 1.0,
    "living_street": 1.0,
    "pedestrian": 1.0,
    "unclassified": 0.5,
    "tertiary": 1.25,
    "secondary": 1.75,
    "primary": 1.0,
    "trunk": 0.0,
    "road": 0.5,
    "service": 0.5,
    "track": 0.0,
}
"""Homes along a kilometre of each kind of road, for one along a residential street.

Of unclassified, tertiary and secondary roads between what Berlare and Wechelderzande have, near
their geometric mean (`tests/bench/placing.py`, tables in docs/method.md). Of service roads (drives
and car parks apart) half of it: today's map has many more of them than those two. A track leads
through fields; those of Wechelderzande that have houses are an exception. No extract at hand tells
of the others: they count as what they are most like, and along a trunk road, as along a motorway,
nobody lives.
"""

RESIDENTS_FOR_A_CHILD_OF_AN_AGE = 93
"""Where a population file has no other ages: 6,444,127 residents of Flanders for 902,071 of the
thirteen ages 5 to 17 (Statbel, 1 January 2015)."""

Method = Literal["streets", "buildings", "grid", "centroid"]
Extracted = Literal["streets", "buildings", "dwellings"]
"""What is read of where people live from the extracts."""


class Demand(_StudyPart):
    """Where the children are put.

    Attributes
    ----------
    method
        "best": the best that the inputs hold, zone by zone: at `addresses`; where a zone has none
        at the dwellings of the extract, if they are enough for its residents; else along the
        streets. "streets": along all streets of the zone, by `street_weights`; "buildings": at
        `addresses`, or without them at the residential buildings of the extract, however few;
        "grid": by `weights`; "centroid": all in one point of the zone, for comparison only. Empty:
        "best", which in a straight line is "buildings" when the study has addresses, else "grid"
        when it has weights, else "centroid".
    compare
        Methods whose shares stand beside those of `method` in the sensitivity table; empty: all
        that the inputs allow.
    spacing_m
        The largest distance between two points along a street.
    street_weights
        Homes along a kilometre of a kind of road, for one along a residential street; of the kinds
        that are not named as in `STREET_WEIGHTS`. 0: nobody is put there.
    building_kinds
        Values of OSM's `building` that are dwellings.
    dwelling_m2
        Smallest and largest footprint of a house: a building of which the extract does not say what
        it is (`building=yes`), nor what it is used for, is a dwelling when it has an address or a
        footprint between these. 40 to 400 m2: 97 % of the 1,288 buildings that Wechelderzande calls
        a house.
    flat_m2
        Of a building of flats (`FLAT_BUILDINGS`, or from `FLATS_FROM_STOREYS` storeys) the floor
        area that counts as one dwelling. 100 m2, declared: a flat of about 80, and what they share.
    dwellings_per_100
        The fewest dwellings for 100 residents of a zone with which "best" puts its children at
        dwellings. 30, declared: a household in Flanders is 2.28 people (Statbel, 1 January 2024),
        so that 44 are due. A neighbourhood of families of 3.3 that is mapped as a whole has
        enough; one of which a third is not mapped has not.
    """

    method: Literal["", "streets", "buildings", "grid", "centroid"] = ""
    compare: Annotated[tuple[Method, ...], Once] = ()
    spacing_m: float = Field(default=50, ge=10, le=1000)
    street_weights: dict[str, Annotated[float, Field(ge=0, le=100)]] = {}
    building_kinds: Annotated[tuple[ShortLine, ...], Once] = Field(
        default=RESIDENTIAL_BUILDINGS, min_length=1, max_length=200
    )
    dwelling_m2: tuple[
        Annotated[float, Field(ge=0, le=100_000)], Annotated[float, Field(ge=0, le=100_000)]
    ] = (40.0, 400.0)
    flat_m2: float = Field(default=100, ge=10, le=1000)
    dwellings_per_100: float = Field(default=30, ge=0, le=1000)

    @field_validator("method", mode="before")
    @classmethod
    def _best_is_the_default(cls, method: object) -> object:
        return "" if method == BEST else method

    @field_validator("street_weights")
    @classmethod
    def _of_streets(cls, given: dict[str, float]) -> dict[str, float]:
        for name in given:
            if name not in STREET_WEIGHTS:
                near = difflib.get_close_matches(name, STREET_WEIGHTS, n=1)
                mend = (
                    f"did you mean '{near[0]}'?"
                    if near
                    else f"there are {_list_values(STREET_WEIGHTS)}"
                )
                raise ValueError(f"'{clean_text(name)}' is no kind of street; {mend}")
        if not any((STREET_WEIGHTS | given).values()):
            raise ValueError("leave no street to live along: one weight at least above 0")
        return given

    @field_validator("dwelling_m2")
    @classmethod
    def _from_small_to_large(cls, given: tuple[float, float]) -> tuple[float, float]:
        if given[0] > given[1]:
            raise ValueError("must be two areas, the first not above the last")
        return given

    @property
    def road_weights(self) -> dict[str, float]:
        """What a kilometre of each kind of road weighs."""
        return STREET_WEIGHTS | self.street_weights


GAP_DISTANCE_M = 300.0
"""Tried on real villages and the sample, it keeps the streets of a village together and villages
apart."""
GAP_CHILDREN = 50
"""About two classes: fewer are no gap."""
SOLVING_S = 60
"""After which the best plan so far is given."""


class GapRules(_StudyPart):
    """What counts as a gap, and how its reason is told.

    Attributes
    ----------
    method
        How uncovered children are joined to an area. "points": those who live at most
        `distance_m` apart in a straight line. "roads": at most `distance_m` apart along the
        roads, the walk to them left out. "zones": those in zones that share a border. Where fewer
        than half of `min_children` live within the distance, as along ribbon building, a place
        joins no others; it belongs to the nearest that does.
    distance_m
        Unless given 300 m (`GAP_DISTANCE_M`), or with a population grid as far as its cells
        reach; a cell by itself is then no gap.
    min_children
        An area with fewer is no gap; its children are told as one number. 50: about two classes.
    barrier_detour
        From how many times the straight-line time on a ride counts as cut off by a barrier.
        2.0, declared: usual detours of cyclists are 1.2 to 1.4 (`detour_factor`), so that twice
        is more than half as much again.
    just_too_far_min
        Within so many minutes beyond the cutoff a child is "just too far". 5, declared.
    rank_by
        What puts a candidate municipality first. "adds": the children whom one academy at the
        best place there would bring within reach, there and around; "uncovered": its own children
        out of reach; "share": the lowest share within reach.
    """

    method: Literal["points", "roads", "zones"] = "points"
    distance_m: float | None = Field(default=None, ge=10, le=5000)
    min_children: int = Field(default=GAP_CHILDREN, ge=1, le=20_000_000)
    barrier_detour: float = Field(default=2.0, gt=1, le=20)
    just_too_far_min: float = Field(default=5, ge=0, le=120)
    rank_by: Literal["adds", "uncovered", "share"] = "adds"


class SubsidyChoice(_StudyPart):
    """By which rules the academies' subsidies are counted; see `stemgeo/subsidy.py`.

    Attributes
    ----------
    year
        Of the call whose rules hold: 2021, whose presentation is among the sources, or 2023. Of
        another facility than STEM academies none does unless it is given, and nothing has a price
        but candidates with a cost of their own.
    trajectories_per_place
        Of an academy of which the register does not say it: 1, the least for which a place is
        paid.
    place_layer
        Key of a layer whose polygons are the former municipalities; it stands for the postcode
        of an academy that has none. Empty: the municipality does.
    """

    year: int | None = 2021
    trajectories_per_place: int = Field(default=1, ge=1, le=1000)
    place_layer: ShortLine = ""

    @field_validator("year")
    @classmethod
    def _is_known(cls, year: int | None) -> int | None:
        from stemgeo import facts

        if year is None:
            return None

        known = sorted(one["year"] for one in facts.read_subsidy_rules())
        if year not in known:
            raise ValueError(f"no rules of {year} are known; there are: {_list_values(known)}")
        return year

    @property
    def pays_trajectories(self) -> bool:
        """Whether the rules pay a trajectory beyond the first."""
        from stemgeo import facts

        if self.year is None:
            return True
        (of,) = (one for one in facts.read_subsidy_rules() if one["year"] == self.year)
        return bool(of["extra_trajectory_eur"])


def _list_values(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


class EquityWeights(_StudyPart):
    """What a child counts for by the fifth of an attribute in which it lives.

    Attributes
    ----------
    attribute
        Key of an attribute of zones or municipalities.
    by_quintile
        From the fifth where the value is lowest to that where it is highest; children of whom it
        is not known count for 1.
    """

    attribute: ShortLine
    by_quintile: tuple[float, ...] = Field(min_length=5, max_length=5)

    @field_validator("by_quintile")
    @classmethod
    def _not_negative(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        return _check_weights(weights)


def _read_span(name: str) -> tuple[int, int]:
    """Read "14-17", or "14" for one age."""
    first, dash, last = name.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise ValueError(f"'{clean_text(name)}' must be ages, as \"14-17\"")
    return _check_from_to((int(first), int(last or first)))


def _check_weights(weights: tuple[float, ...]) -> tuple[float, ...]:
    for weight in weights:
        exact = Decimal(str(weight))
        if not 0 <= exact <= 1000 or exact != exact.quantize(Decimal("0.01")):
            raise ValueError("must be weights from 0 to 1000 with two decimals at most")
    return weights


_OF_OTHER_PROBLEMS = {
    "mclp": ("share", "backup_weight"),
    "lscp": ("places", "budget_eur", "weights", "equity", "backup_weight", "largest_share"),
    "p_median": ("share", "backup_weight", "floor_share"),
    "backup": ("share",),
}
"""What changes nothing in each problem: it is of another."""


class Siting(_StudyPart):
    """Which new places are looked for; none of it moves a figure of a run.

    Attributes
    ----------
    problem
        "mclp": most children within reach with so many places or a budget; "lscp": fewest places
        for a share of the children; "p_median": least mean time to an academy; "backup": most
        children within reach, and within reach of a second academy.
    places
        The most new places (mclp, p_median, backup).
    budget_eur
        The most that they cost together; beside `places`, or in its stead.
    share
        Of the children who are measured, to be within reach (lscp).
    profile
        The roads that are used.
    weights
        What a child counts for by its age, as {"14-17" = 2}: first and last age, both included; 1
        for the ages that are not named.
    equity
        What a child counts for by where it lives.
    backup_weight
        What a second academy within reach counts for beside the first (backup).
    floor_places, floor_share
        By province the least number of new places, and the least share of its children in reach.
    largest_share
        No province gets more than this share of `places`.
    time_limit_s
        Seconds of solving; then the best so far is given with what it could still gain.
    curve_to
        The share of children within reach is drawn against the number of new places up to this one.
    random_plans
        Plans drawn by chance that stand beside for comparison.
    """

    problem: Literal["mclp", "lscp", "p_median", "backup"] = "mclp"
    places: int | None = Field(default=None, ge=0, le=5000)
    budget_eur: Decimal | None = Field(default=None, ge=0, decimal_places=2, max_digits=13)
    share: float = Field(default=1.0, ge=0, le=1)
    profile: Literal["all", "low_stress"] = "all"
    weights: dict[str, float] = {}
    equity: EquityWeights | None = None
    backup_weight: float = Field(default=0.5, ge=0, le=1)
    floor_places: dict[str, Annotated[int, Field(ge=0, le=5000)]] = {}
    floor_share: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    largest_share: float | None = Field(default=None, gt=0, le=1)
    time_limit_s: float = Field(default=SOLVING_S, gt=0, le=86_400)
    curve_to: int = Field(default=50, ge=1, le=500)
    random_plans: int = Field(default=100, ge=1, le=10_000)

    @field_validator("weights")
    @classmethod
    def _usable_weights(cls, weights: dict[str, float]) -> dict[str, float]:
        _check_weights(tuple(weights.values()))
        spans = sorted(map(_read_span, weights))
        for (_, last), (first, _) in pairwise(spans):
            if first <= last:
                raise ValueError(f"age {first} is named twice")
        return weights

    def weight_of(self, ages: tuple[int, int]) -> float:
        """Give what a child of some ages counts for; no weight begins or ends within them."""
        spans = {_read_span(name): value for name, value in self.weights.items()}
        named = (value for (a, b), value in spans.items() if a <= ages[0] and ages[1] <= b)
        return next(named, 1.0)

    def yield_idle(self) -> Iterator[tuple[str, str]]:
        """Yield each option that changes nothing beside the others, given or not, and why."""
        for name in _OF_OTHER_PROBLEMS[self.problem]:
            yield name, f' with problem = "{self.problem}"'
        if self.problem != "lscp" and self.places is None:
            yield "largest_share", " without places: it is a share of them"

    @property
    def cuts(self) -> frozenset[int]:
        """The ages at which a weight begins, or has just ended."""
        spans = [_read_span(name) for name in self.weights]
        return frozenset(first for first, _ in spans) | {last + 1 for _, last in spans}

    @field_validator("floor_places", "floor_share")
    @classmethod
    def _of_provinces(cls, floors: dict[str, float]) -> dict[str, float]:
        for name in floors:
            if name not in PROVINCES:
                raise ValueError(f"'{clean_text(name)}' is not one of {', '.join(PROVINCES)}")
        return floors


LinkKind = Literal["stretch", "chain", "junction", "barrier", "gap", "project"]
LINK_KINDS: tuple[LinkKind, ...] = get_args(LinkKind)


LinkCostKind = Literal["stretch", "junction", "gap", "motorway", "railway", "water"]


class LinkCost(_StudyPart):
    """What changing a road costs, as someone estimated it: of one kind.

    Attributes
    ----------
    per_m_eur, each_eur
        By the metre, and for each beside that. No default: stemgeo knows no price of a road.
    source
        Who says so, as "AWV, richtprijzen 2024": it is told beside every amount.
    """

    per_m_eur: float = Field(default=0.0, ge=0, le=1e7)
    each_eur: float = Field(default=0.0, ge=0, le=1e10)
    source: ShortLine = Field(min_length=1)

    @model_validator(mode="after")
    def _costs_something(self) -> Self:
        if not self.per_m_eur and not self.each_eur:
            raise ValueError("costs nothing: give per_m_eur, each_eur or both")
        return self


class LinkRules(_StudyPart):
    """Which changes of roads are looked at; none of it moves a figure of a run.

    Attributes
    ----------
    profile
        The roads that are used; "low_stress" unless given, or "all" in a study without it.
    kinds
        "stretch": too stressful between two places that are not; "chain": several that follow each
        other on a street or a ride; "junction": crossing a busy road, where the study lets that
        cost (`travel.busy_crossings`); "barrier": over or under a motorway, a railway or water;
        "gap": between near places that are far by road; "project": those of the user's file.
    max_stretch_m, max_chain_m
        How long a stretch, and all of a chain, may be. 1,000 and 3,000 m, declared: what one
        project makes quiet, and what a municipality does in a few years.
    max_barrier_m, max_gap_m
        How far apart in a straight line the roads may be that a bridge or tunnel joins, and a link
        on the ground. 300 m, declared: the widest canals and knots of motorways with their
        ramps; and as far as neighbours of a gap live apart (`gaps.distance_m`).
    least_detour
        A new link is looked at where the ride now takes at least so many times as long. 2.0, as for
        `gaps.barrier_detour`.
    spacing_m, per_spot
        In each square of 300 m of ground the best two of new links of a kind, declared: those
        beside each other bring the same children.
    most
        Of each kind so many at most, those over which most children would ride, or who would save
        most; how many are left out is told.
    together
        So many at most are chosen together: a year's work of a road authority, declared.
    budget_eur
        The most that these cost; beside `together`.
    with_academies
        Whether new academies are among what is chosen, at the cost of the subsidy rules or their
        own: "one academy or this crossing?"
    shown
        So many of those that bring most are listed, and ranked under other speeds and rules.
    cost
        What a kind costs, with its source; without it no euro is told.
    """

    profile: Literal["all", "low_stress", "quiet_1"] | None = None
    kinds: Annotated[tuple[LinkKind, ...], Once] = Field(default=LINK_KINDS, min_length=1)
    max_stretch_m: float = Field(default=1000, ge=10, le=20_000)
    max_chain_m: float = Field(default=3000, ge=10, le=50_000)
    max_barrier_m: float = Field(default=300, ge=10, le=3000)
    max_gap_m: float = Field(default=300, ge=10, le=3000)
    least_detour: float = Field(default=2.0, ge=1, le=20)
    spacing_m: float = Field(default=300, ge=50, le=5000)
    per_spot: int = Field(default=2, ge=1, le=50)
    most: int = Field(default=25_000, ge=1, le=1_000_000)
    together: int = Field(default=3, ge=0, le=50)
    budget_eur: Decimal | None = Field(default=None, ge=0, decimal_places=2, max_digits=13)
    with_academies: bool = False
    shown: int = Field(default=50, ge=1, le=1000)
    cost: dict[LinkCostKind, LinkCost] = {}


_MOST_CLASSES = 20
"""More shades than that no eye tells apart."""

_TILES = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9._~%/?=&@+{}-]*")


class Background(_StudyPart):
    """A map under the web map, which its readers then fetch from where it is kept.

    Attributes
    ----------
    url
        Of its tiles, with {z}, {x} and {y}.
    attribution
        Whose it is, as its maker wants to be named; shown on the map.
    """

    url: str = Field(max_length=300)
    attribution: Line = Field(min_length=1, max_length=300)

    @field_validator("url")
    @classmethod
    def _of_tiles(cls, url: str) -> str:
        fields = sorted(re.findall(r"{.*?}", url))
        if not _TILES.fullmatch(url) or fields != ["{x}", "{y}", "{z}"]:
            raise ValueError("must be like https://tiles.example.be/{z}/{x}/{y}.png")
        return url

    @property
    def host(self) -> str:
        """What the page may fetch from: scheme, host and port."""
        return "/".join(self.url.split("/")[:3])


def _check_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"{}|\\^`/]+(/[^\s<>\"{}|\\^`]*)?", text):
        raise ValueError("must be a whole address, as https://www.example.be/page")
    return text


Address = Annotated[
    str, Field(max_length=300), AfterValidator(_check_one_line), AfterValidator(_check_address)
]
"""Of a page, or that by which a body or a licence is known."""


class Publisher(_StudyPart):
    """Who publishes: for the accessibility statement of the web map, and for catalogues of data.

    Attributes
    ----------
    name
        Of the body.
    contact
        Where it hears what is not accessible, and questions on the data: an e-mail address, a
        telephone number, a page.
    uri
        The address by which catalogues know the body.
    page
        Where the data are presented to people.
    folder
        The address of the folder when it is published; else what lies beside the description.
    licence
        The address of the licence of the result.
    access
        Who may have the data.
    """

    name: Line = Field(min_length=1, max_length=200)
    contact: Line = Field(min_length=1, max_length=300)
    uri: Address | None = None
    page: Address | None = None
    folder: Address | None = None
    licence: Address | None = None
    access: Literal["public", "restricted", "non-public"] | None = None


class Output(_StudyPart):
    """How results are shown.

    Attributes
    ----------
    language
        One of `speech.LANGUAGES`.
    formats
        Of the static maps.
    qgis
        Whether a result has `result.gpkg` and `result.qgz`, which QGIS opens.
    classes
        Class bounds of the share in per cent, or "quantiles": five classes of as many
        municipalities of the whole study. The same for all maps of a series.
    isochrone_minutes
        Bounds of the isochrone bands.
    isochrone_speed_kmh
        Whose isochrones are drawn; unless given at the mode's own (12 km/h by bicycle, the central
        speed of the middle band).
    isochrone_cell_m
        Size of the raster cell behind the isochrones, metres.
    background
        A map under the web map; none unless asked for, so that the page opens without a network.
    publisher
        Who publishes; statements and catalogues leave open what the study does not say.
    """

    language: Language = "nl"
    formats: Annotated[tuple[Literal["png", "svg", "pdf"], ...], Once] = Field(
        default=("png", "svg", "pdf"), min_length=1
    )
    qgis: bool = True
    classes: Literal["quantiles"] | tuple[float, ...] = CLASSES
    isochrone_minutes: tuple[float, ...] = ISOCHRONE_MINUTES
    isochrone_speed_kmh: float = Field(default=MODES["bicycle"].isochrone_speed_kmh, gt=0, le=45)
    isochrone_cell_m: float = Field(default=ISOCHRONE_CELL_M, ge=5, le=500)
    background: Background | None = None
    publisher: Publisher | None = None

    @field_validator("classes")
    @classmethod
    def _from_0_to_100(cls, classes: str | tuple[float, ...]) -> str | tuple[float, ...]:
        if isinstance(classes, str):
            return classes
        if not 2 <= len(classes) - 1 <= _MOST_CLASSES or classes[0] != 0 or classes[-1] != 100:
            raise ValueError(f"must run from 0 to 100, with 2 to {_MOST_CLASSES} classes")
        return _check_rising(classes)

    @field_validator("isochrone_minutes")
    @classmethod
    def _some_minutes(cls, minutes: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(minutes) <= _MOST_CLASSES or not 0 < min(minutes) <= max(minutes) <= 600:
            raise ValueError(f"must be 1 to {_MOST_CLASSES} numbers above 0, 600 at most")
        return _check_rising(minutes)


def _check_rising(numbers: tuple[float, ...]) -> tuple[float, ...]:
    if any(b <= a for a, b in pairwise(numbers)):
        raise ValueError("must rise from one number to the next")
    return numbers


TargetShare = Annotated[float, Field(gt=0, le=1)]
TargetCount = Annotated[int, Field(ge=1, le=10_000_000)]


class Targets(_StudyPart):
    """What is to be reached by the end of a year: beside the overview by year of an answer.

    No source: they are promises, and change no figure.

    Attributes
    ----------
    share
        Of the measured children who can reach an academy within the cutoff: 0.6 is 60 %.
    children
        How many can.
    municipalities, academies
        With an academy of their own; and how many academies.
    """

    share: dict[Year, TargetShare] = Field(default={}, max_length=50)
    children: dict[Year, TargetCount] = Field(default={}, max_length=50)
    municipalities: dict[Year, TargetCount] = Field(default={}, max_length=50)
    academies: dict[Year, TargetCount] = Field(default={}, max_length=50)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_alone(cls, values: object) -> object:
        if isinstance(values, dict) and any(isinstance(one, bool) for one in values.values()):
            raise ValueError("must be numbers, not true or false")
        return values

    @field_validator("share", mode="before")
    @classmethod
    def _no_per_cent(cls, shares: object) -> object:
        for value in shares.values() if isinstance(shares, dict) else ():
            if isinstance(value, int | float) and 1 < value <= 100:
                raise ValueError(f"must be shares between 0 and 1: {value / 100:g} for {value:g} %")
        return shares

    @model_validator(mode="after")
    def _some(self, info: ValidationInfo) -> Self:
        said_by = (info.context or {}).get("said_by")
        for name in self.model_fields_set if said_by is SaidBy.FILE else ():
            if not getattr(self, name):
                raise ValueError(f"{name}: names no year; give one, or leave it out")
        if said_by is SaidBy.FILE and not self.model_fields_set:
            raise ValueError(f"holds none; give {_list_values(type(self).model_fields)}")
        return self

    def list_all(self) -> list[tuple[int, str, float]]:
        """Give each as year, what and value, by year."""
        found = [
            (year, name, float(value))
            for name in type(self).model_fields
            for year, value in getattr(self, name).items()
        ]
        return sorted(found, key=lambda one: one[0])


class OwnAnnex(_StudyPart):
    """A file of one's own that goes along with an answer, behind its other annexes.

    Attributes
    ----------
    title
        In the list of annexes.
    file
        Of any kind, in the folder of study.toml or below it: it goes along with what is published,
        and a study that somebody else wrote could name any file of ours.
    """

    title: Line = Field(min_length=1, max_length=200)
    file: Path

    @field_validator("file")
    @classmethod
    def _in_folder_of_study(cls, path: Path, info: ValidationInfo) -> Path:
        found = _find_beside_study(path, info)
        if folder := (info.context or {}).get("folder"):
            if path.is_absolute() or ".." in path.parts:
                raise ValueError("must lie in the folder of study.toml: copy it there")
            if any((folder / one).is_symlink() for one in (path, *path.parents)[:-1]):
                raise ValueError("is a link, or lies behind one: copy the file itself")
        return found


@dataclass(frozen=True)
class StudyFile:
    """The file that a study was read from: name without its folders, size and hash."""

    name: str
    size_bytes: int
    sha256: str


class SaidBy(Enum):
    """Who says what a study holds: that decides which of its options were chosen."""

    FILE = "a study.toml: all that stands in it"
    CODE = "a program: what is not as it is by itself"
    RESULT = "a manifest: it holds every option, and of an older version idle ones too"


_MISSING_WORDS = "has no words in '{}'", "give [study.facility.{}] its singular and plural"


def _check_lines(text: str) -> str:
    told = text.replace("\r\n", "\n").replace("\t", " ").strip()
    try:
        for line in told.split("\n"):
            _check_one_line(line)
    except ValueError:
        raise ValueError("must be plain text, without control characters") from None
    if not told:
        raise ValueError("must not be empty")
    return told


def _check_section(key: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]{0,39}", key):
        raise ValueError("must be the name of a section: small letters, digits and underscores")
    return key


class Asked(_StudyPart):
    """One of the literal questions: its text alone, or with the sections that answer it.

    Attributes
    ----------
    text
        As it was asked, in one or more lines.
    sections
        Of the answer's text, by the names that its template gives them; empty: whichever fit the
        words of the question, see `report.questions`.
    """

    text: Annotated[str, Field(max_length=10_000), AfterValidator(_check_lines)]
    sections: Annotated[tuple[Annotated[str, AfterValidator(_check_section)], ...], Once] = Field(
        default=(), max_length=20
    )

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, value: object) -> object:
        if not isinstance(value, str | dict | Asked):
            what = 'must be a question in quotes, or { text = "...", sections = [...] }'
            raise ValueError(what)  # noqa: TRY004 -- what pydantic takes for a problem
        return {"text": value} if isinstance(value, str) else value

    @property
    def lines(self) -> list[str]:
        """Give its text by paragraph, and by item of a list; other breaks are those of a page."""
        parts = re.split(r"\n\s*\n|\n\s*(?=(?:[-\u2013\u2022*]|\w{1,2}[.)])\s)", self.text)
        return [" ".join(part.split()) for part in parts]


class ParliamentQuestion(_StudyPart):
    """The question of a member of parliament that the answer is to.

    Attributes
    ----------
    number
        As parliament numbers it.
    asked, answered
        The day of the question, and that of the answer.
    from
        Who asks.
    to, function
        Who answers, and as what: "Vlaams minister van Werk".
    language
        In which it was asked; that of the outputs unless given.
    questions
        The literal questions, in their order.
    """

    model_config = ConfigDict(populate_by_name=True)

    number: Annotated[
        ShortLine, BeforeValidator(lambda one: str(one) if isinstance(one, int) else one)
    ] = ""
    asked: Day
    answered: Day | None = None
    from_: ShortLine = Field(alias="from", min_length=1)
    to: ShortLine = ""
    function: ShortLine = ""
    language: Language | None = None
    questions: tuple[Asked, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.answered and self.answered < self.asked:
            raise ValueError(f"answered: must not lie before asked ({self.asked})")
        _check_each_once(tuple(name for one in self.questions for name in one.sections))
        return self


_OF_ROADS = {
    "travel": (
        *("stress_rules", "busy_crossings", "snap_within_m", "snap_limit_m", "walking_speed_ms"),
        *("pushing_speed_kmh", "surface", "signal_s", "crossing_s", "barrier_s", "ferries"),
        *("ferry_wait_min", "lift_wait_s", "pavements_under_10"),
    ),
    "demand": (
        *("spacing_m", "street_weights", "building_kinds", "dwelling_m2", "flat_m2"),
        "dwellings_per_100",
    ),
    "gaps": ("barrier_detour",),
    "links": (
        *("profile", "kinds", "max_stretch_m", "max_chain_m", "max_barrier_m", "max_gap_m"),
        *("least_detour", "spacing_m", "per_spot", "most", "together", "budget_eur"),
        *("with_academies", "shown", "cost"),
    ),
    "output": ("isochrone_minutes", "isochrone_speed_kmh", "isochrone_cell_m"),
    "inputs": ("network_edits", "road_projects"),
}
"""What changes nothing in a straight line."""

_OF_LINK_KINDS: dict[str, tuple[LinkKind, ...]] = {
    "max_stretch_m": ("stretch",),
    "max_chain_m": ("chain",),
    "max_barrier_m": ("barrier",),
    "max_gap_m": ("gap",),
    **dict.fromkeys(("least_detour", "spacing_m", "per_spot"), ("barrier", "gap")),
}
"""The kinds of which each option of `[links]` limits what is looked for."""

_OF_RIDING = (
    *("stress_rules", "busy_crossings", "walking_speed_ms", "pushing_speed_kmh", "surface"),
    "pavements_under_10",
)
"""What changes nothing on foot."""

_OF_PLACES: dict[str, Extracted] = {
    "spacing_m": "streets",
    "street_weights": "streets",
    "building_kinds": "buildings",
    "dwelling_m2": "dwellings",
    "flat_m2": "dwellings",
    "dwellings_per_100": "dwellings",
}
"""By what each option of `[demand]` places children."""


class Study(_StudyPart):
    """One question, with every choice that its answer depends on."""

    model_config = ConfigDict(populate_by_name=True)

    about: About = Field(alias="study")
    inputs: InputPaths
    travel: Travel = Travel()
    academies: AcademyRules = AcademyRules()
    demand: Demand = Demand()
    gaps: GapRules = GapRules()
    subsidy: SubsidyChoice = SubsidyChoice()
    siting: Siting = Siting()
    links: LinkRules = LinkRules()
    output: Output = Output()
    targets: Targets = Targets()
    annexes: tuple[OwnAnnex, ...] = Field(default=(), alias="annex", max_length=50)
    question: ParliamentQuestion | None = None

    # No choice, and nothing that a study.toml may say.
    _file: StudyFile | None = PrivateAttr(default=None)
    _said_by: SaidBy = PrivateAttr(default=SaidBy.CODE)

    @model_validator(mode="before")
    @classmethod
    def _area_is_a_file(cls, content: Any) -> Any:
        """Take the polygons of an area as an input: they are read, hashed and named as one."""
        about = content.get("study") if isinstance(content, dict) else None
        if not isinstance(about, dict) or not is_file_of_area(about.get("area")):
            return content
        inputs = content.get("inputs")
        if not isinstance(inputs, dict) or inputs.get("area"):
            raise ValueError("area stands under [study] and under [inputs]; give it once")
        rest = {name: value for name, value in about.items() if name != "area"}
        return content | {"study": rest, "inputs": inputs | {"area": about["area"]}}

    def model_post_init(self, context: Any, /) -> None:
        """Keep which file this was read from, and who chose."""
        self._file = (context or {}).get("file")
        self._said_by = (context or {}).get("said_by", SaidBy.CODE)

    @property
    def file(self) -> StudyFile | None:
        """The file that this was read from; None for a study made in code."""
        return self._file

    @field_validator("annexes")
    @classmethod
    def _annexes_once(cls, annexes: tuple[OwnAnnex, ...]) -> tuple[OwnAnnex, ...]:
        _check_each_once(tuple(one.title for one in annexes))
        _check_each_once(tuple(str(one.file) for one in annexes))
        return annexes

    @model_validator(mode="after")
    def _as_the_facility_has_it(self) -> Self:
        """Of another facility no rule for STEM academies holds that the study does not choose."""
        if self.about.facility is None:
            return self
        mine: dict[str, dict[str, Any]] = {"subsidy": {"year": None}}
        mine["academies"] = {"ages": (0, OLDEST)}
        if self.academies.recognition_years is None:
            mine["academies"]["recognition"] = "endless"
        for table, values in mine.items():
            # Of a copy, so that it is there and still counts as not chosen.
            self.__dict__[table] = part = getattr(self, table).model_copy()
            given = part.model_fields_set
            part.__dict__.update({name: one for name, one in values.items() if name not in given})
        return self

    @model_validator(mode="after")
    def _as_the_mode_has_it(self) -> Self:
        if "isochrone_speed_kmh" not in self.output.model_fields_set:
            # Of a copy, so that it is there and still counts as not chosen.
            self.__dict__["output"] = output = self.output.model_copy()
            output.__dict__["isochrone_speed_kmh"] = MODES[self.travel.mode].isochrone_speed_kmh
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        lines = [*self._yield_impossible()]
        lines += [f"{key}: changes nothing{why}; leave it out" for key, why in self._yield_idle()]
        if lines:
            raise ValueError("\n".join(lines))
        return self

    def _yield_impossible(self) -> Iterator[str]:
        """Say which choices ask for something that is not there."""
        facility, language = self.about.facility, self.output.language
        if facility is not None and self.academies.recognition in ("first", "renewed"):
            what = f'academies.recognition: "{self.academies.recognition}" is of STEM academies'
            yield f"{what}; give recognition_years, or leave it out"
        if facility is not None and language not in facility.languages:
            what, mend = (text.format(language) for text in _MISSING_WORDS)
            yield f"study.facility: {what}, in which outputs are; {mend}"
        siting, equity, attributes = self.siting, self.siting.equity, self.inputs.attributes
        if equity and equity.attribute not in attributes:
            named = _list_values(attributes) or "none"
            what = f"siting.equity: no attribute '{equity.attribute}'"
            yield f"{what}; inputs.attributes has: {named}"
        if siting.profile not in self.travel.profiles or (
            siting.profile != "all" and self.straight_line
        ):
            yield f"siting.profile: the study has no roads '{siting.profile}'"
        if self.links.profile not in (None, *self.travel.profiles):
            yield f"links.profile: the study has no roads '{self.links.profile}'"
        yield from self._yield_impossible_areas()
        key, layers = self.subsidy.place_layer, self.inputs.layers
        if key and key not in layers:
            there = _list_values(layers) or "none"
            yield f"subsidy.place_layer: no layer '{key}'; inputs.layers has: {there}"
        needs = {
            "grid": "inputs.weights",
            "streets": 'a network, not "straight-line"',
            "buildings": 'inputs.addresses, or a network, not "straight-line"',
        }
        for name, methods in (("method", [self.demand.method]), ("compare", self.demand.compare)):
            for method in methods:
                if method and not self.allows_method(method):
                    yield f'demand.{name}: "{method}" needs {needs[method]}'
        if self.gaps.method == "roads" and self.straight_line:
            yield 'gaps.method: "roads" needs a network, not "straight-line"'

    def _yield_impossible_areas(self) -> Iterator[str]:
        if self.about.area and self.inputs.area:
            yield "study.area: names an area, and inputs.area draws one; give one of the two"
        if self.about.area_name and not self.has_area:
            yield "study.area_name: there is no area to name; give area, or leave it out"

    def _yield_idle(self) -> Iterator[tuple[str, str]]:
        """Yield each option that was chosen and changes nothing beside the others, and why.

        [siting] is looked at by whoever sites: the command line can ask another problem.
        """
        if self._said_by is SaidBy.RESULT:
            return
        of_roads = *self._idle_over_roads(), *self._idle_links()
        of_inputs = self._idle_in_a_straight_line() if self.straight_line else of_roads
        for key, why in (*of_inputs, *self._idle_beside_others()):
            table, _, name = key.partition(".")
            if self.is_chosen(table, name.partition(".")[0]):
                yield key, why

    def is_chosen(self, table: str, name: str) -> bool:
        """Whether an option was written, or in code made other than it is by itself."""
        part = getattr(self, table)
        value = getattr(part, name)
        if name not in part.model_fields_set or value is None:
            return False
        usual = (
            type(part)
            .model_fields[name]
            .get_default(call_default_factory=True, validated_data=vars(part))
        )
        return self._said_by is SaidBy.FILE or bool(value != usual)

    def _idle_in_a_straight_line(self) -> Iterator[tuple[str, str]]:
        for table, names in _OF_ROADS.items():
            for name in names:
                yield f"{table}.{name}", " in a straight line"
        if self.travel.profiles != ("all",):
            yield "travel.profiles", " in a straight line"

    def _idle_over_roads(self) -> Iterator[tuple[str, str]]:
        travel = self.travel
        yield "travel.detour_factor", " over roads, which have lengths of their own"
        if travel.on_foot:
            for name in _OF_RIDING:
                yield f"travel.{name}", " on foot"
        elif travel.profiles == ("all",):
            for name in ("stress_rules", "busy_crossings"):
                yield f"travel.{name}", " without a profile of quiet roads in travel.profiles"
        if not travel.ferries:
            yield "travel.ferry_wait_min", " without ferries = true"
        if not travel.on_foot and min(band.ages[0] for band in travel.bands) >= PAVEMENTS_BELOW:
            yield "travel.pavements_under_10", f": no band has an age under {PAVEMENTS_BELOW}"
        if travel.snap_limit_m < travel.snap_within_m:
            yield "travel.snap_limit_m", f" below snap_within_m ({travel.snap_within_m:g} m)"
        methods = [f'"{one}"' for one in (self.method, *self.demand.compare)]
        for name, what in _OF_PLACES.items():
            if not self.draws_on(what):
                by = f" and compare = [{_list_values(methods[1:])}]" if methods[1:] else ""
                yield f"demand.{name}", f" with method {methods[0]}{by}"

    def _idle_links(self) -> Iterator[tuple[str, str]]:
        kinds = set(self.links.kinds)
        for name, of in _OF_LINK_KINDS.items():
            if kinds.isdisjoint(of):
                there = " or ".join(f'"{one}"' for one in of)
                yield f"links.{name}", f" without {there} in links.kinds"
            elif self.links_profile == "all" and {"stretch", "chain"}.issuperset(of):
                yield f"links.{name}", " over all roads, where none is too stressful"

    def _idle_beside_others(self) -> Iterator[tuple[str, str]]:
        if self.travel.speed_kmh and any(band.speed_kmh for band in self.travel.bands):
            yield "travel.bands.speed_kmh", " where travel.speed_kmh is one for all"
        if self.travel.horizon_min == self.travel.cutoff_min:
            yield "gaps.just_too_far_min", " where nobody is looked for beyond cutoff_min"
        if self.gaps.method == "zones":
            yield "gaps.distance_m", ' with method = "zones"'
        if self.inputs.zone_population is None:
            yield "inputs.zone_codes", " without inputs.zone_population"
        if self.subsidy.year is None:
            for name in ("trajectories_per_place", "place_layer"):
                yield f"subsidy.{name}", " without subsidy.year: the rules for STEM academies"
        if not self.subsidy.pays_trajectories:
            what = f": the rules of {self.subsidy.year} pay no extra trajectories"
            yield "subsidy.trajectories_per_place", what

    @property
    def has_area(self) -> bool:
        """Whether it is of a territory that it names or draws."""
        return bool(self.about.area) or self.inputs.area is not None

    @property
    def straight_line(self) -> bool:
        """Whether distances are straight lines times a detour factor: a screening."""
        return self.inputs.network == STRAIGHT_LINE

    @property
    def links_profile(self) -> Profile:
        """The roads over which links are weighed."""
        usual: Profile = "low_stress" if "low_stress" in self.travel.profiles else "all"
        return self.links.profile or usual

    def with_siting(self, **asked: Any) -> Study:
        """Give this study with other choices for `siting`, checked; None leaves one as it is.

        What the study itself says for another problem than the one that is asked is left out.

        Raises
        ------
        StudyError
            If a choice cannot be.
        """
        new = {name: value for name, value in asked.items() if value is not None}
        content = self.model_dump(by_alias=True, exclude_unset=True)
        of_others = _OF_OTHER_PROBLEMS.get(str(new.get("problem", "")), ())
        own = content.get("siting", {})
        own = {name: value for name, value in own.items() if name not in of_others}
        content["siting"] = own | new
        return parse_study(content, name="study", file=self.file, said_by=self._said_by)

    def with_links(self, **asked: Any) -> Study:
        """Give this study with other choices for `links`, checked; None leaves one as it is.

        Raises
        ------
        StudyError
            If a choice cannot be.
        """
        return self._with_asked("links", asked, self.file)

    def with_about(self, **asked: Any) -> Study:
        """Give this study with something else under `[study]`, checked; None leaves it as it is.

        >>> sg.sample().with_about(area="provincie Limburg", date="2021-12-31")

        Raises
        ------
        StudyError
            If a choice cannot be.
        """
        days = {
            name: _read_day(value) if name == "date" else value for name, value in asked.items()
        }
        return self._with_asked("study", days)

    def with_inputs(self, **asked: Any) -> Study:
        """Give this study with other files, checked; None leaves one as it is.

        >>> sg.sample().with_inputs(academies="register.xlsx")
        >>> sg.sample().with_inputs(academies={"path": "register.xlsx", "sheet": "2022"})

        Parameters
        ----------
        **asked
            As `[inputs]` of a study.toml: the path of a file, or a table with it; a path begins
            where Python runs.

        Raises
        ------
        StudyError
            If a choice cannot be.
        """
        return self._with_asked("inputs", asked)

    def _with_asked(
        self, table: str, asked: dict[str, Any], file: StudyFile | None = None
    ) -> Study:
        """Give this study with other values in one of its tables; `file` says all but these."""
        new = {name: value for name, value in asked.items() if value is not None}
        content = self.model_dump(by_alias=True, exclude_unset=True)
        content[table] = content.get(table, {}) | new
        return parse_study(content, name="study", file=file, said_by=self._said_by)

    def with_projects(self, projects: str | Path | None) -> Study:
        """Give this study with the road projects of a file in place of its own, or with none."""
        given = None if projects is None else Register(path=Path(projects))
        inputs = self.inputs.model_copy(update={"road_projects": given})
        return self.model_copy(update={"inputs": inputs})

    def with_plan(self, plan: str | Path | None) -> Study:
        """Give this study with the places of a plan beside its register, or with no plan."""
        given = None if plan is None else Register(path=Path(plan))
        return self.model_copy(update={"inputs": self.inputs.model_copy(update={"plan": given})})

    def with_network_edits(self, edits: str | Path | None) -> Study:
        """Give this study with the edits of a file in place of its own, or with none.

        Raises
        ------
        StudyError
            If it measures in a straight line, where there are no roads.
        """
        if edits is not None and self.straight_line:
            what = "edits of roads change nothing in a straight line"
            raise StudyError(Problem(str(edits), what, "leave them out, or give a network"))
        given = None if edits is None else Register(path=Path(edits))
        inputs = self.inputs.model_copy(update={"network_edits": given})
        return self.model_copy(update={"inputs": inputs})

    @property
    def language(self) -> Language:
        """In which its outputs are, with its words for what is sought and how one gets there."""
        return self.say_in(self.output.language)

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those in which it can be told, its own first, with its words."""
        facility, own = self.about.facility, self.output.language
        others = LANGUAGES if facility is None else facility.languages
        return tuple(self.say_in(one) for one in sorted(others, key=lambda one: one != own))

    def say_in(self, language: Language) -> Language:
        """Give a language with the words of the study.

        Raises
        ------
        StudyError
            If it has none in that language.
        """
        facility = self.about.facility
        own = STEM_ACADEMY[language]
        if facility is not None:
            given = getattr(facility, language)
            if given is None:
                what, mend = _MISSING_WORDS
                raise StudyError(
                    Problem("study.facility", what.format(language), mend.format(language))
                )
            own = given.to_words()
        # It is that language: what else it carries, whoever speaks finds.
        return cast("Language", Tongue(language, Wording(own, self.travel.mode)))

    def seeks_other_than(self, other: Study) -> bool:
        """Whether in no language that both speak they call what they seek the same."""
        ours, theirs = (
            {str(one): find_wording(one).words.singular for one in study.languages}
            for study in (self, other)
        )
        return all(ours[one] != theirs[one] for one in ours.keys() & theirs.keys())

    def with_language(self, language: Language) -> Study:
        """Give this study with its outputs in another language.

        Raises
        ------
        StudyError
            If it has no words for what is sought in it.
        """
        self.say_in(language)
        output = self.output.model_copy(update={"language": str(language)})
        return self.model_copy(update={"output": output})

    def day_in(self, year: int) -> dt.date:
        """Give the study's day in another year; of 29 February, the last of the month."""
        day = self.about.date
        leap = (day.month, day.day) == (2, 29)
        return day.replace(year=year, day=28) if leap else day.replace(year=year)

    def allows_method(self, method: str) -> bool:
        """Whether the inputs allow a demand method."""
        return {
            BEST: True,
            "streets": not self.straight_line,
            "buildings": self.inputs.addresses is not None or not self.straight_line,
            "grid": self.inputs.weights is not None,
            "centroid": True,
        }[method]

    @property
    def method(self) -> str:
        """The demand method that applies: the declared one, or the best the inputs allow."""
        if self.demand.method:
            return self.demand.method
        # In a straight line only one is left to choose from.
        in_turn = METHODS[2:] if self.straight_line else METHODS
        return next(method for method in in_turn if self.allows_method(method))

    @property
    def methods_compared(self) -> tuple[str, ...]:
        """The methods of the sensitivity table, that of the study first."""
        others: tuple[str, ...] = self.demand.compare
        others = others or tuple(method for method in METHODS[1:] if self.allows_method(method))
        return tuple(dict.fromkeys((self.method, *others)))

    def draws_on(self, what: Extracted) -> bool:
        """Whether children are placed by what the extracts hold of this, or zones estimated by it.

        The estimate is of who lives in which zone, where nobody said it. It is by all that the
        extracts hold, whatever the method: which ones are compared moves no child.
        """
        if self.straight_line:
            return False
        if self.inputs.zones is not None and self.inputs.zone_population is None:
            return True
        by = {
            "streets": {BEST, "streets", "buildings"},
            "buildings": {BEST} if self.inputs.addresses is not None else {BEST, "buildings"},
            "dwellings": {BEST},
        }
        return not by[what].isdisjoint(self.methods_compared)


_MOST_BYTES = 100_000
"""Of study.toml: ten times the largest that can be imagined; what is larger takes long to read."""


_Given = ParamSpec("_Given")
_Found = TypeVar("_Found")


def load_study(path: str | Path) -> Study:
    """Read a study.

    Parameters
    ----------
    path
        A study.toml, or the folder that holds one.

    Raises
    ------
    MissingFileError
        If there is no such file.
    StudyError
        If it is not TOML, or holds a key or value that cannot be used; all at once.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "study.toml"
    if not path.is_file():
        raise MissingFileError(
            Problem(str(path), "does not exist", "`stemgeo sample DIR` writes an example study")
        )
    if path.stat().st_size > _MOST_BYTES:
        what = f"is larger than {_MOST_BYTES // 1000} kB, and no study is"
        raise StudyError(Problem(path.name, what, "name study.toml, or leave out what is no study"))
    written = path.read_bytes()
    content = parse_toml(written, path.name)
    file = StudyFile(path.name, len(written), hashlib.sha256(written).hexdigest())
    return parse_study(content, folder=path.parent, name=path.name, file=file)


def or_its_path(
    work: Callable[Concatenate[Study, _Given], _Found],
) -> Callable[Concatenate[Study | str | Path, _Given], _Found]:
    """Let a function that takes a study take its study.toml, or the folder of it, as well."""

    @wraps(work)
    def take(study: Study | str | Path, *given: _Given.args, **named: _Given.kwargs) -> _Found:
        if isinstance(study, str | Path):
            study = load_study(study)
        elif not isinstance(study, Study):
            raise TypeError(f"study must be a Study or a path, not {type(study).__name__}")
        return work(study, *given, **named)

    # What `help` shows.
    signature = inspect.signature(work)
    first, *others = signature.parameters.values()
    taken = [first.replace(annotation="Study | str | Path"), *others]
    take.__signature__ = signature.replace(parameters=taken)  # type: ignore[attr-defined]
    return cast("Callable[Concatenate[Study | str | Path, _Given], _Found]", take)


def parse_toml(written: bytes, name: str) -> dict[str, Any]:
    """Take TOML apart.

    Raises
    ------
    StudyError
        If it is none; `name` is that of its file.
    """
    try:
        return tomllib.loads(written.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        row = written.count(b"\n", 0, error.start) + 1
        what = f"is not valid TOML: row {row} is not text in UTF-8"
        raise StudyError(Problem(name, what, "save it as UTF-8")) from None
    except RecursionError:
        what = "is not valid TOML: its lists and tables stand too deep in each other"
        raise StudyError(
            Problem(name, what, "write it as the example of `stemgeo sample`")
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(Problem(name, f"is not valid TOML: {error}")) from None
    except ValueError:
        # Of Python itself, which reads no number of more than 4,300 digits.
        raise StudyError(Problem(name, "is not valid TOML: holds an endless number")) from None


def parse_study(
    content: dict[str, Any],
    *,
    folder: Path | None = None,
    name: str,
    file: StudyFile | None = None,
    said_by: SaidBy = SaidBy.FILE,
) -> Study:
    """Check the content of a study.toml; relative paths start at `folder`.

    An option that changes nothing beside the others is refused; of a manifest, which holds all
    options none is.

    Parameters
    ----------
    content
        As TOML gives it.
    folder
        Where relative paths start.
    name
        What problems are said of.
    file
        From which it was read.
    said_by
        Who wrote it: a file, code or a result.

    Raises
    ------
    StudyError
        With one line for each key or value that cannot be used.
    """
    context = {"folder": folder, "file": file, "said_by": said_by}
    return fit_model(Study, content, name=name, context=context)


def fit_model(
    model: type[M], content: dict[str, Any], *, name: str, context: dict[str, Any] | None = None
) -> M:
    """Fit the content of a TOML file to a model.

    Parameters
    ----------
    model
        Of the file.
    content
        As TOML gives it.
    name
        What problems are said of.
    context
        For the validators of the model.

    Raises
    ------
    StudyError
        With one line for each key or value that cannot be used.
    """
    try:
        return model.model_validate(content, context=context)
    except ValidationError as error:
        details = [one for detail in error.errors() for one in _split_detail(detail)]
        inside = {loc[:i] for loc in map(_key_path, details) for i in range(len(loc))}
        # What is wrong inside a table or list makes the whole wrong: that says nothing more.
        told = [
            detail
            for detail in details
            # Nor that what follows from the mode waits for what is wrong before it.
            if _key_path(detail) not in inside and detail["type"] != "default_factory_not_called"
        ]
        raise StudyError(*_write_problems(told, name, model)) from None


def _split_detail(detail: Any) -> list[Any]:
    """Take apart what is told of the study as a whole, line by line."""
    return [{**detail, "msg": line} for line in detail["msg"].split("\n")]


def _write_problems(details: list[Any], name: str, model: type[BaseModel]) -> list[Problem]:
    """Give one line for each key; of what may be two things, both are said in it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for detail in details:
        what = str(_write_problem(detail, name, model)).removeprefix(f"{name}: ")
        said = found.setdefault(_key_path(detail) or (what,), [])
        if what not in said:
            said.append(what)
    lines = []
    for what, *others in found.values():
        start = what.partition("': ")[0] + "': "
        lines.append(Problem(name, ", or ".join([what, *(o.removeprefix(start) for o in others)])))
    return lines


_PLAIN = {
    "model_type": "must be a table: {{ key = value, ... }}",
    "tuple_type": "must be a list: [ ... ], or [[ ]] above each of its tables",
    "too_short": "holds too few values: {min_length} at least",
    "too_long": "holds too many values: {max_length} at most",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a number, not nan or inf",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "decimal_parsing": "must be an amount, as 20000 or 20000.50",
    "decimal_type": "must be an amount, as 20000 or 20000.50",
    "decimal_max_digits": "must be an amount of 13 digits at most",
    "decimal_whole_digits": "must be an amount of 13 digits at most",
    "decimal_max_places": "must be an amount in euro and cents",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be 64 digits and letters from a to f, as sha256sum writes it",
    "path_type": "must be the path of a file, in quotes",
    "dict_type": "must be a table: {{ key = value, ... }}",
}
"""Our words for what pydantic says in terms of Python."""


_THE_KEY = "[key]"
"""How pydantic marks that the user's own name of a layer is wrong, not what stands under it."""


def _key_path(detail: Any) -> tuple[str, ...]:
    """Give the keys that lead to what one pydantic error is about."""
    parts = map(str, detail["loc"])
    return tuple(part for part in parts if not part.startswith(("tuple[", "literal[")))


def _write_problem(detail: Any, name: str, model: type[BaseModel]) -> Problem:
    """Turn one pydantic error into a line with the key's place and the nearest known key."""
    loc = _key_path(detail)
    key = clean_text(".".join(part for part in loc if part != _THE_KEY), 80)
    if detail["type"] == "extra_forbidden":
        known = _known_keys(model, loc[:-1])
        near = difflib.get_close_matches(loc[-1], known, n=1)
        mend = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"
        if len(loc) > 2 and not near and loc[-1] in _known_keys(model, loc[:1]):
            # Written at the end of the file, where the last table is another.
            mend = f"it belongs right below the line [{loc[0]}]"
        return Problem(name, f"unknown key '{key}'", mend)
    if detail["type"] == "missing":
        return Problem(name, f"'{key}' is missing")
    if detail["type"] == "literal_error":
        return _choice_problem(detail, key, name)
    if detail["type"].startswith("date_"):
        return Problem(name, f"'{key}' is no day: write {_write_day_meant(detail['input'])}")
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] in _PLAIN:
        message = _PLAIN[detail["type"]].format(**detail.get("ctx", {}))
    message = message.replace("Input should ", "must ").replace("String should ", "must ")
    return Problem(name, f"'{key}': {message}" if key else message)


def _choice_problem(detail: Any, key: str, name: str) -> Problem:
    """Say between what one can choose; an empty text is the same as leaving the key out."""
    choices = re.sub(r"''(, | or )", "", detail["ctx"]["expected"]).replace("'", '"')
    words = re.findall('"([^"]+)"', choices)
    given = str(detail["input"])
    near = difflib.get_close_matches(given.lower(), words, n=1)
    mend = f'did you mean "{near[0]}"?' if near else ""
    if given in re.findall(r"\d+", choices):
        mend = f"write {given} without quotes"
    return Problem(name, f"'{key}': must be {choices}", mend)


def _read_day(value: object) -> object:
    """Take a day that is written as TOML has it; of anything else the study says what is wrong."""
    with suppress(ValueError, TypeError):
        return dt.date.fromisoformat(value) if isinstance(value, str) else value
    return value


def _write_day_meant(value: object) -> str:
    """Write a day as TOML wants it: the one that the text says, else an example."""
    found = re.fullmatch(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})", str(value).strip())
    with suppress(ValueError):
        if found is not None:
            day, month, year = map(int, found.groups())
            return f"{dt.date(year, month, day)} without quotes"
    return "it as 2022-12-31, without quotes"


def _known_keys(model: Any, loc: tuple[str, ...]) -> list[str]:
    """Names of the keys that the table at `loc` may hold."""
    for part in loc:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        # What is no field is a place in a list, or the user's own name of a layer.
        if part in fields:
            model = _find_model(fields[part].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _find_model(annotation: Any) -> Any:
    """Find the model inside `Model`, `Model | None` or `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _find_model(argument)
        if found is not None:
            return found
    return None
