"""The sets of rules by which roads are quiet: data in `data/stress/`, of which a study chooses one.

`make docs` writes their tables into docs/network.md.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import product
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stemgeo import facts

Road = Literal[
    "no_cars", "cycle_street", "local", "narrow",
    "street", "unclassified", "tertiary", "main", "busway",
]  # fmt: skip
CLASSES = ("no_cars", "cycle_street", "street", "unclassified", "tertiary", "main", "busway")
"""One of these every road is; a road can be `local` or `narrow` beside it."""

Facility = Literal["track", "buffered_lane", "lane", "none"]
FACILITIES: tuple[Facility, ...] = get_args(Facility)
"""The best first."""

StressLevel = Annotated[int, Field(ge=1, le=4)]


class _RulePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class RuleRow(_RulePart):
    """One rule: the level of roads of these kinds, with such a facility, up to a limit.

    Attributes
    ----------
    road, facility
        Of which it speaks.
    built_up
        Inside a built-up area alone, outside one alone, or in both (None).
    up_to_kmh
        The highest limit; none: any.
    level, level_many_lanes
        With one lane for cars in the direction, and with two or more; as `level` unless given.
    source
        Key of the set's `sources`.
    """

    road: tuple[Road, ...] = Field(min_length=1)
    facility: tuple[Facility, ...] = Field(default=FACILITIES, min_length=1)
    built_up: bool | None = None
    up_to_kmh: float = Field(default=float("inf"), gt=0)
    level: StressLevel
    level_many_lanes: StressLevel
    source: str

    @model_validator(mode="before")
    @classmethod
    def _as_with_one_lane(cls, row: dict[str, object]) -> dict[str, object]:
        return {"level_many_lanes": row.get("level"), **row}

    def fits_place(self, limit_kmh: float, built_up: bool) -> bool:  # noqa: FBT001
        """Whether this row speaks of such a place, of the roads that it is of."""
        place = self.built_up is None or self.built_up == built_up
        return place and limit_kmh <= self.up_to_kmh


class Crossings(_RulePart):
    """From which limit, or how many lanes in all, a road is a busy one to cross."""

    from_kmh: float = Field(gt=0)
    from_lanes: int = Field(ge=2)


class AssumedKmh(_RulePart):
    """Limits where nobody tagged one, inside a built-up area and outside, km/h."""

    living_street: tuple[float, float]
    street: tuple[float, float]
    road: tuple[float, float]


class AssumedLanes(_RulePart):
    """Lanes in each direction where nobody tagged them; of all other roads one."""

    main: int = Field(ge=1)


class StressRuleSet(_RulePart):
    """A set of rules, as `data/stress/` has it.

    Attributes
    ----------
    name
        As a study names it.
    nl, en, fr
        What they are called.
    rules
        Of each kind of road the first row that fits counts.
    sources
        In words, by key.
    """

    name: str
    nl: str
    en: str
    fr: str
    assumed_kmh: AssumedKmh
    assumed_lanes: AssumedLanes
    crossings: Crossings
    sources: dict[str, str]
    rules: tuple[RuleRow, ...]

    def __hash__(self) -> int:
        """Let what rules say of a way be kept beside them."""
        return hash(self.name)

    @cached_property
    def _of(self) -> dict[tuple[str, str], list[RuleRow]]:
        """The rows by kind of road and facility."""
        return {
            (road, facility): [r for r in self.rules if road in r.road and facility in r.facility]
            for road, facility in product(get_args(Road), FACILITIES)
        }

    @model_validator(mode="after")
    def _no_road_without_a_level(self) -> Self:
        unknown = {row.source for row in self.rules} - set(self.sources)
        if unknown:
            raise ValueError(f"rules name sources that are not there: {', '.join(unknown)}")
        for road in CLASSES:
            for facility in FACILITIES:
                self.find_level([road], facility, 1e6, many_lanes=True, built_up=False)
        return self

    def scale_limits(self, ratio: float) -> Self:
        """Give the same rules with limits of speed so many times as high; lanes stay as they are.

        What nobody tagged is assumed as before.
        """
        told = self.model_dump()
        told["crossings"]["from_kmh"] *= ratio
        for row in told["rules"]:
            row["up_to_kmh"] *= ratio
        return self.model_validate(told)

    def find_level(
        self,
        roads: list[str],
        facility: str,
        limit_kmh: float,
        *,
        many_lanes: bool,
        built_up: bool,
    ) -> int:
        """Give the quietest level of a road that is of several kinds.

        Parameters
        ----------
        roads
            Its kinds, as the rules call them.
        facility
            What it has for bicycles.
        limit_kmh
            Its speed limit.
        many_lanes, built_up
            Whether it has more lanes than the rules say, and lies in a built-up area.

        Raises
        ------
        ValueError
            If no row fits.
        """
        rows = [
            next(
                (row for row in self._of[road, facility] if row.fits_place(limit_kmh, built_up)),
                None,
            )
            for road in roads
        ]
        found = [row.level_many_lanes if many_lanes else row.level for row in rows if row]
        if not found:
            raise ValueError(f"no rule for {roads[-1]} with {facility} at {limit_kmh:g} km/h")
        return min(found)


@cache
def load_stress_rules(name: str = "default") -> StressRuleSet:
    """Give a set of rules by its name in `data/stress/`, or as `name_scaled` names one."""
    own, _, ratio = name.partition(_TIMES)
    rules = {"name": name, **facts.read_stress_rules(own)}
    found = StressRuleSet.model_validate(rules)
    return found.scale_limits(float(ratio)) if ratio else found


def name_scaled(name: str, ratio: float) -> str:
    """Name the set of rules of which every limit is so many times as high."""
    return f"{name}{_TIMES}{ratio:g}"


_TIMES = "*"


# --- for docs/network.md ------------------------------------------------------------------------


def list_tables() -> list[str]:
    """List the lines of the tables of all sets of rules, for `docs/network.md`."""
    tables = (_write_rules(load_stress_rules(name)) for name in facts.STRESS_RULES)
    return "\n".join(tables).rstrip("\n").split("\n")


def _write_rules(by: StressRuleSet) -> str:
    """Write a set as a table in Markdown: a row for each kind of road."""
    heads = " | ".join(FACILITIES).replace("_", " ")
    lines = [f"**`{by.name}`**: {by.en}.", "", f"| road | {heads} |", "|---" * 5 + "|"]
    for road in get_args(Road):
        cells = [
            _write_rows([r for r in by.rules if road in r.road and f in r.facility])
            for f in FACILITIES
        ]
        if any(cells):
            lines.append(f"| {road.replace('_', ' ')} | {' | '.join(cells)} |")
    kmh, crossings = by.assumed_kmh, by.crossings
    assumed = (
        f"Limits that nobody tagged: living streets {_write_in_and_out(kmh.living_street)}, "
        f"streets {_write_in_and_out(kmh.street)}, other roads {_write_in_and_out(kmh.road)} km/h. "
        f"Lanes of main roads that nobody tagged: {by.assumed_lanes.main} in each direction. "
        f"A crossing is busy from {crossings.from_kmh:g} km/h or {crossings.from_lanes} lanes on."
    )
    told = {} if by.name == facts.STRESS_RULES[0] else load_stress_rules().sources
    sources = [f"- {key}: {text}" for key, text in by.sources.items() if told.get(key) != text]
    lines += ["", assumed, "", *sources, ""]
    return "\n".join(lines)


def _write_rows(rows: list[RuleRow]) -> str:
    """Write the rows of one kind of road and facility, down to the one that always fits."""
    told: list[str] = []
    for row in rows:
        many = f" ({row.level_many_lanes})" if row.level_many_lanes != row.level else ""
        where = {True: "inside ", False: "outside ", None: ""}[row.built_up]
        last = row.up_to_kmh == float("inf") and row.built_up is None
        limit = "" if row.up_to_kmh == float("inf") else f" to {row.up_to_kmh:g}"
        otherwise = "else " if last and told else ""
        told.append(f"{where}{otherwise}{row.level}{many}{limit}")
        if last:
            break
    return ", ".join(told)


def _write_in_and_out(kmh: tuple[float, float]) -> str:
    inside, outside = kmh
    return f"{inside:g}" if inside == outside else f"{inside:g} inside and {outside:g} outside"
