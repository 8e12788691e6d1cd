"""Why a figure changed, as `stemgeo explain` tells it: the bridge, its chart and its summary."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from stemgeo.coverage import ALL_BANDS
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.files import clean_text
from stemgeo.maps.text import MapText, province_name
from stemgeo.notes import Note, write_in_all
from stemgeo.report.comparison import (
    label_results,
    list_differences,
    list_notices,
    name_sources,
    refuse_absent,
    say_over,
)
from stemgeo.report.files import EXPLAIN, join_lines
from stemgeo.report.manifests import list_made_with, read_study
from stemgeo.report.outcome import Outcome
from stemgeo.report.plan import say_over_roads
from stemgeo.report.summary import (
    begin_markdown,
    end_markdown,
    escape_markdown,
    name_level,
    write_markdown_table,
)
from stemgeo.speech import DASH, format_decimals, format_signed, format_whole
from stemgeo.stages import DRAWING_MAPS, Progress, count_off

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from stemgeo.maps.press import Press
    from stemgeo.maps.waterfall import WaterfallStep
    from stemgeo.report.outcome import Tables
    from stemgeo.study import Study

    Manifest = dict[str, Any]

A, B, VERSION = "a", "b", "version"
"""Rows of the bridge: both ends, and the part that is of none of the inputs."""


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Outcome):
    """Why the children within reach are others in B than in A.

    Attributes
    ----------
    study
        That of B.
    table
        The table `bridge` of the data dictionary: what each part contributes, at every level.
    questions
        The table `bridge-questions`: what is asked otherwise, and of which part that is.
    new
        The table `bridge-new`: what came and went on the ground, or in the data alone.
    differing
        The parts in which A and B differ.
    measurements
        How many searches it took.
    a, b
        What a manifest tells of each.
    printed
        What is printed around the chart, in each language; of a folder see `text`.
    notes
        What the reader of the figures must know.
    """

    COMMAND = EXPLAIN
    FILES: ClassVar[Mapping[str, str]] = {
        "table": "tables/bridge.csv",
        "questions": "tables/bridge-questions.csv",
        "new": "tables/bridge-new.csv",
    }
    SAID: ClassVar[Mapping[str, str]] = {
        name: name for name in ("a", "b", "differing", "measurements")
    }
    study: Study
    table: pd.DataFrame
    questions: pd.DataFrame
    new: pd.DataFrame
    differing: list[str]
    measurements: int
    a: Manifest
    b: Manifest
    printed: dict[str, MapText]
    notes: tuple[Note, ...]

    @property
    def made_of(self) -> tuple[Manifest, ...]:
        """What manifests tell of both."""
        return self.a, self.b

    @property
    def ends(self) -> tuple[str, str]:
        """What both are called: by their days."""
        return label_results(self.a, self.b, self.language)

    @property
    def profiles(self) -> list[str]:
        """The roads over which both are measured."""
        return list(dict.fromkeys(self.table["profile"]))

    @property
    def parts(self) -> list[str]:
        """The parts of the bridge, in their order."""
        return [one for one in dict.fromkeys(self.table["part"]) if one not in (A, B)]

    def of(self, level: str, *, profile: str = "all", band: str = ALL_BANDS) -> pd.DataFrame:
        """Give the rows of one level; those of a place stand under one another.

        Parameters
        ----------
        level
            region, province, municipality, zone or a layer.
        profile, band
            Which roads, and which ages.

        Raises
        ------
        ResultError
            If the bridge has no such level, profile or band; it names those that there are.
        """
        asked = {"level": level, "profile": profile, "band": band}
        refuse_absent(self.table, EXPLAIN, **asked)
        rows = self.table[(self.table[list(asked)] == list(asked.values())).all(axis=1)]
        return rows.reset_index(drop=True)

    def shown(self) -> pd.DataFrame:
        """Give the bridge of the whole region in words."""
        return format_bridge(self.of("region"), self)

    def chart(self, profile: str = "all") -> Figure:
        """Draw the bridge of the whole region as a waterfall."""
        from stemgeo.maps.page import describe_figure
        from stemgeo.maps.waterfall import describe_waterfall, draw_waterfall

        given = self._list_steps(profile), self._say_roads(profile)
        return describe_figure(draw_waterfall(*given), describe_waterfall(*given))

    def _list_steps(self, profile: str) -> list[WaterfallStep]:
        from stemgeo.maps.waterfall import WaterfallStep

        rows = self.of("region", profile=profile).to_dict("records")
        return [
            WaterfallStep(
                self.name_part(row["part"]),
                int(row["covered"]),
                int(row["covered_least"]),
                int(row["covered_most"]),
                is_end=row["part"] in (A, B),
                is_idle=self.is_alike(row["part"]),
            )
            for row in rows
        ]

    def name_part(self, part: str) -> str:
        """Name a part, or an end by its day."""
        ends = dict(zip((A, B), self.ends, strict=True))
        return ends.get(part) or self.words(f"explain.part.{part}")

    def is_alike(self, part: str) -> bool:
        """Whether both ends have a part alike, so that it takes nothing."""
        return part not in (A, B, VERSION, *self.differing)

    def _say_roads(self, profile: str) -> MapText:
        roads = say_over_roads(profile, self.language)
        return replace(self.text, measure=f"{self.text.heading}{roads}", roads=roads)

    def _draw_maps(self, maps: Path, press: Press, progress: Progress) -> None:
        from stemgeo.maps.waterfall import describe_waterfall

        for number, profile in enumerate(self.profiles):
            told = count_off(DRAWING_MAPS, number + 1, len(self.profiles))
            progress(told, number / len(self.profiles))
            name = "bridge" if profile == "all" else f"bridge-{profile.replace('_', '-')}"
            said = describe_waterfall(self._list_steps(profile), self._say_roads(profile))
            press.save(self.chart(profile), maps / name, said, self.study.output.formats)

    def _read_field(self, name: str) -> Any:
        return read_study(self.b) if name == "study" else super()._read_field(name)

    def _build_map_text(self) -> MapText:
        return self.printed[str(self.language)]

    def _build_texts(self) -> dict[str, str]:
        sources = name_sources(self.a, self.b, self.words)
        lines = join_lines((*list_notices(self.a, self.b, self.language), sources))
        return {"tables/LEESMIJ.txt": lines, "summary.md": _write_markdown(self)}

    def _build_manifest(self) -> Manifest:
        return {
            "command": EXPLAIN,
            **list_made_with(),
            "text": {language: asdict(one) for language, one in self.printed.items()},
            "differing": self.differing,
            "measurements": self.measurements,
            "a": self.a,
            "b": self.b,
            "notes": write_in_all(self.notes, self.study.languages),
        }


def format_bridge(rows: pd.DataFrame, found: Explanation) -> pd.DataFrame:
    """Turn the rows of one place into text columns with headings, for people."""
    words = found.words

    def write(values: pd.Series) -> list[str]:
        return [
            _write_figure(value, part, found)
            for value, part in zip(values, rows["part"], strict=True)
        ]

    ends = zip(*(write(rows[f"covered{one}"]) for one in ("_least", "_most")), strict=True)
    span = [DASH if least == most else f"{least} {DASH} {most}" for least, most in ends]
    return pd.DataFrame(
        {
            words("explain.head.part"): [found.name_part(one) for one in rows["part"]],
            words("explain.head.covered"): write(rows["covered"]),
            words("explain.head.span"): span,
            words("explain.head.not_covered"): write(rows["not_covered"]),
            words("explain.head.children"): write(rows["children"]),
        }
    )


def format_places(rows: pd.DataFrame, found: Explanation, level: str) -> pd.DataFrame:
    """Lay the bridges of places side by side: a row for each place, a column for each part.

    Parameters
    ----------
    rows
        Of one level.
    found
        Whose words the headings have.
    level
        Its name.
    """
    words = found.words
    parts = list(dict.fromkeys(rows["part"]))
    wide = rows["covered"].to_numpy().reshape(-1, len(parts))
    names = rows["name"].iloc[:: len(parts)]
    columns = {name_level(level, words): [province_name(one, words) for one in names]}
    for at, part in enumerate(parts):
        columns[found.name_part(part)] = [_write_figure(one, part, found) for one in wide[:, at]]
    return pd.DataFrame(columns)


def _write_figure(value: int, part: str, found: Explanation) -> str:
    """Write the figure of an end, what a part adds, or that both ends have it alike."""
    if part in (A, B):
        return format_whole(value, found.language)
    if found.is_alike(part):
        return found.words("chart.waterfall.idle")
    return format_signed(value, found.language)


def say_heading(found: Explanation, profile: str) -> str:
    """Say over which roads the figures of a profile are."""
    return say_over(found.a, found.b, profile, found.language)


def say_change(found: Explanation, profile: str) -> str:
    """Say in a sentence how many more or fewer are within reach."""
    covered = found.of("region", profile=profile)["covered"]
    words, language = found.words, found.language
    first, last = int(covered.iloc[0]), int(covered.iloc[-1])
    told = {
        "a": found.ends[0],
        "b": found.ends[1],
        "before": format_whole(first, language),
        "after": format_whole(last, language),
        "count": format_whole(abs(last - first), language),
    }
    which = "more" if last > first else "fewer" if last < first else "same"
    return words(f"explain.{which}", **told)


def say_questions(found: Explanation) -> list[str]:
    """Write what differs between the questions, a line each, by the part that it is of."""
    words, ends = found.words, found.ends
    if found.questions.empty:
        return [words("compare.nothing")]
    lines = []
    for part, what, *each in found.questions.to_numpy().tolist():
        told = words.join_series(
            words.join_pair(end, one or DASH) for end, one in zip(ends, each, strict=True)
        )
        lines.append(words.join_pair(f"{words(f'explain.part.{part}')}, {what}", told))
    return lines


def say_new(found: Explanation) -> list[str]:
    """Say what came and went, on the ground or in the data alone, as far as these tell."""
    words, lines = found.words, []
    for (change, part), rows in found.new.groupby(["change", "part"], sort=False):
        told = [
            words(
                f"explain.told.{change}.{part}.{row['told']}",
                count=format_whole(row["number"], found.language),
                km=format_decimals(row["length_m"] / 1000, found.language),
            )
            for row in rows.to_dict("records")
        ]
        lines.append(words(f"explain.{change}.{part}", told=words.join_series(told)))
    return lines


def gather_bridge(found: Explanation, source: Tables) -> dict[str, Any]:
    """Gather what a template of the answer can name of a bridge.

    Parameters
    ----------
    found
        The bridge, told in the language of the answer.
    source
        The result that is answered of: B.

    Raises
    ------
    ResultError
        If the bridge leads to another study, or to other figures.
    """
    _refuse_other_end(found, source)
    rows = found.of("region").set_index("part")
    parts = [one for one in found.parts if not found.is_alike(one)]
    figures = {
        "more": rows["covered"],
        "least": rows["covered_least"],
        "most": rows["covered_most"],
        "children": rows["children"],
    }
    return {
        "said": say_change(found, "all"),
        "a": found.ends[0],
        "b": found.ends[1],
        "before": int(rows["covered"].iloc[0]),
        "after": int(rows["covered"].iloc[-1]),
        "parts": [
            {
                "name": found.name_part(one),
                **{
                    name: format_signed(column[one], found.language)
                    for name, column in figures.items()
                },
            }
            for one in parts
        ],
        "alike": [found.name_part(one) for one in found.parts if found.is_alike(one)],
        "new": say_new(found),
    }


def _refuse_other_end(found: Explanation, source: Tables) -> None:
    """Refuse a bridge that does not end at the result that is answered of."""
    read = {f"inputs.{one['role'].partition('.')[0]}" for one in found.b["inputs"]}
    asked = ("study.date", "study.area", "study.vintage", "travel.", "academies.", "demand.")
    unlike = [
        one
        for one in list_differences(found.b, source.manifest)["what"]
        if one.startswith(asked) or one in read or one == "inputs.plan"
    ]
    name = clean_text(found.folder.name) if found.folder else "explain"
    if unlike:
        what = f"leads to another study than the result: {', '.join(unlike)} differ"
        mend = "explain with the study of this result as B, `stemgeo explain A B`"
        raise ResultError(Problem(name, what, mend))
    told = source.summary("region")["covered"].iloc[0]
    if int(found.of("region")["covered"].iloc[-1]) != int(told):
        what = f"ends at other figures than the result has: {told} children within reach"
        raise ResultError(Problem(name, what, "run the study again, and explain again"))


def _write_markdown(found: Explanation) -> str:
    """Write the bridge for people."""
    words = found.words
    titles = [
        words.join_pair(end, one["study"]["study"]["title"])
        for end, one in zip(found.ends, found.made_of, strict=True)
    ]
    lines = begin_markdown(words("explain.title"), *list_notices(found.a, found.b, found.language))
    lines += [*(f"- {escape_markdown(title)}" for title in titles), ""]
    for profile in found.profiles:
        lines += [f"## {say_heading(found, profile)}", "", say_change(found, profile), ""]
        whole, places = (found.of(one, profile=profile) for one in ("region", "province"))
        lines += [*write_markdown_table(format_bridge(whole, found), left=1), ""]
        lines += [*write_markdown_table(format_places(places, found, "province"), left=1), ""]
    lines += [words("explain.reading"), "", f"## {words('compare.differences')}", ""]
    lines += [*(f"- {escape_markdown(one)}" for one in say_questions(found)), ""]
    lines += [line for one in say_new(found) for line in (escape_markdown(one), "")]
    sources = name_sources(found.a, found.b, words)
    return "\n".join([*lines, *end_markdown(sources, found.notes, words, "compare.notes")])
