"""Why a child is out of reach: each reason is a row here, and a child has the first that holds.

Columns of tables, colours and keys of maps and the table in `docs/method.md` come from these rows.
Their words stand in the catalogues: `reason.name` and, where something shows them, `reason.shown`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from stemgeo.study import GapRules

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

NOWHERE = -1
"""Stands for the position of an academy where there is none."""


class Late(Protocol):
    """What tests may ask of children who are out of reach: an array with a place for each."""

    @property
    def rules(self) -> GapRules:
        """What the study says of gaps."""

    def everyone(self) -> Bools:
        """Hold for all."""

    def within(self, more_min: float) -> Bools:
        """Whether the nearest that serves them is no farther than the cutoff and some minutes."""

    @property
    def near(self) -> Bools:
        """Whether any that is or was recognised is within the cutoff in a straight line."""

    @property
    def ahead(self) -> Ints:
        """The nearest academy in a straight line that serves them and lies on a road."""

    @property
    def detour(self) -> Floats:
        """Time of the ride to it over that of the line; NaN where the line takes too long."""

    @property
    def of_other_ages(self) -> Ints:
        """An academy within reach that does not serve their age."""

    @property
    def ended(self) -> Ints:
        """One within reach, among those whose recognition ended."""


class EvidenceColumn(NamedTuple):
    """What shows a reason, as the table of gaps has it."""

    kind: str
    meaning: str


@dataclass(frozen=True)
class Reason:
    """A reason why children are out of reach.

    Attributes
    ----------
    key
        Its name in tables.
    holds_when
        In English, for the pages of the documentation.
    colour
        On maps.
    test
        For whom it holds, of those for whom no earlier reason does.
    profile
        The roads over which they are late: each reason is of those of one profile.
    shown_by, figure
        The academy that shows it and a measure of it, where it has them; see `gaps.evidence`.
    columns
        What the table of gaps has to show it: by name.
    told
        The columns that its words name; without the first nothing is told.
    """

    key: str
    holds_when: str
    colour: str
    test: Callable[[Late], Bools]
    profile: str = "all"
    shown_by: Callable[[Late], Ints] | None = None
    figure: Callable[[Late], Floats] | None = None
    columns: dict[str, EvidenceColumn] = field(default_factory=dict)
    told: tuple[str, ...] = ()


_ROWS = (
    Reason(
        "no_academy_near",
        "no academy that is or was recognised, for whatever age, lies within the cutoff even in a "
        "straight line at the age's central speed",
        "#332288",
        test=lambda late: ~late.near,
        columns={
            "straight_km": EvidenceColumn(
                "to nearest",
                "Straight line to the nearest academy that is or was recognised, for whatever age, "
                "kilometres: half of them have it no farther; inf (empty in CSV): there is none",
            )
        },
        told=("straight_km",),
    ),
    Reason(
        "barrier",
        "the academy straight ahead (the nearest in a straight line that serves the age, is "
        "recognised and lies on a road) is within the cutoff in a straight line, and the ride to "
        "it takes gaps.barrier_detour times as long or more",
        "#000000",
        test=lambda late: late.detour >= late.rules.barrier_detour,
        shown_by=lambda late: late.ahead,
        figure=lambda late: late.detour,
        columns={
            "barrier_academy_id": EvidenceColumn(
                "str",
                "Of barrier: straight ahead of most of these children",
            ),
            "detour_factor": EvidenceColumn(
                "float64",
                "Of barrier: time of the ride over that of the straight line, lower median; "
                "inf (empty in CSV): "
                "the ride takes more than the cutoff times gaps.barrier_detour",
            ),
            "barriers": EvidenceColumn(
                "str",
                "Of barrier: what lies across the straight line to it, as met: motorway, trunk, "
                "railway, waterway or water, each with its name or number where it has one",
            ),
        },
    ),
    Reason(
        "stress",
        "within reach over all roads, not over quiet ones (low_stress, all of them)",
        "#888888",
        test=lambda late: late.everyone(),
        profile="low_stress",
        columns={
            "stretch": EvidenceColumn(
                "str",
                "Of stress: name of the road; empty: it has none, or nobody is here",
            ),
            "stretch_way": EvidenceColumn("Int64", "OSM way of it that most of them ride over"),
            "stretch_m": EvidenceColumn(
                "float64", "Metres of its ways, stressful, that they ride over"
            ),
        },
        told=("stretch_m", "stretch"),
    ),
    Reason(
        "age",
        "an academy within reach serves other ages",
        "#88ccee",
        test=lambda late: late.of_other_ages != NOWHERE,
        shown_by=lambda late: late.of_other_ages,
        columns={
            "age_academy_id": EvidenceColumn(
                "str", "Of age: within reach for most of these children"
            ),
            "age_academy_ages": EvidenceColumn("str", "First and last age that it serves"),
        },
        told=("age_academy_id", "age_academy_ages"),
    ),
    Reason(
        "just_too_far",
        "the nearest is within gaps.just_too_far_min minutes beyond the cutoff",
        "#eee488",
        test=lambda late: late.within(late.rules.just_too_far_min),
        told=("extra_min",),
    ),
    Reason(
        "lapsed",
        "an academy for these ages is within reach whose recognition ended before the day",
        "#e69f00",
        test=lambda late: late.ended != NOWHERE,
        shown_by=lambda late: late.ended,
        columns={
            "lapsed_academy_id": EvidenceColumn(
                "str", "Of lapsed: within reach for most of these children"
            ),
            "lapsed_academy": EvidenceColumn("str", "Its name"),
            "lapsed_on": EvidenceColumn("datetime64[s]", "Last day of its recognition"),
            "lapsed_by": EvidenceColumn(
                "str",
                "Whether the register gives that day (register), or how long a recognition lasts "
                "(rule)",
            ),
        },
        told=("lapsed_academy", "lapsed_on"),
    ),
    Reason("too_far", "none of these", "#8c510a", test=lambda late: late.everyone()),
)

REASONS = {one.key: one for one in _ROWS}
"""By key, in the order in which they are tested."""

COLUMNS = {name: column for one in _ROWS for name, column in one.columns.items()}
"""What shows them, as the table of gaps has it."""


def list_reasons() -> list[str]:
    """Write the reasons as a table in Markdown, for `docs/method.md`."""
    lines = ["| reason | holds when | shown by |", "|---|---|---|"]
    for one in _ROWS:
        shown = ", ".join(f"`{name}`" for name in dict.fromkeys((*one.columns, *one.told)))
        lines.append(f"| `{one.key}` | {one.holds_when} | {shown} |")
    return lines
