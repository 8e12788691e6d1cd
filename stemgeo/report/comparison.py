"""Two results beside each other: what changed at every level, who won and who lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import REACHED, minutes_to_ms
from stemgeo.coverage import ALL_BANDS, REGION, share_covered
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.files import clean_text
from stemgeo.maps.text import MapText, province_name
from stemgeo.network.study_edits import find_own_edits, say_roads
from stemgeo.notes import (
    Note,
    Said,
    say,
    say_count,
    say_day,
    say_list,
    tell_notes,
    write_in_all,
)
from stemgeo.profiles import QUIET, ROADS
from stemgeo.report.changed_academies import (
    compare_academies,
    compare_costs,
    say_academies,
    say_costs,
)
from stemgeo.report.files import (
    COMPARE,
    flatten_values,
    join_lines,
    versions_in_both,
)
from stemgeo.report.manifests import list_made_with, read_study
from stemgeo.report.outcome import Outcome, Tables
from stemgeo.report.summary import (
    begin_markdown,
    end_markdown,
    escape_markdown,
    format_share,
    name_level,
    write_markdown_table,
)
from stemgeo.speech import DASH, format_signed, format_whole
from stemgeo.stages import COMPARING, READING_RESULT, Progress, report_nothing
from stemgeo.study import LEVELS, STRAIGHT_LINE
from stemgeo.tables import SCHEMAS, check_table
from stemgeo.texts import load_texts
from stemgeo.texts.wording import find_wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stemgeo.speech import Language
    from stemgeo.texts import Texts

    Manifest = dict[str, Any]

KEYS = ["level", "code", "band", "profile"]
_OF_POINT = {"municipality": "nis_code", "zone": "zone_id"}
_NOT_ASKED = ("path", "sha256", "source", "licence", "date")
"""What a study says of a file that is no choice; files are told apart by their content."""
_MOST_NAMED = 10

_COMPARISON = Said("comparison", "vergelijking", "comparaison")
_OF_SIDE = (
    *("stemgeo", "python", "libraries", "notice", "method_note", "attribution"),
    *("study", "study_file", "inputs"),
)
"""What the manifest of a comparison tells of each result."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Outcome):
    """What differs between two results.

    Attributes
    ----------
    table
        The table `comparison` of the data dictionary: every level, band and profile of both.
    differences
        The table `comparison-questions`: what was asked otherwise, of which other files, with
        which other versions. Read it first.
    same_children
        Whether both have the same children at the same points, so that gains and losses are told
        apart.
    academies
        The table `comparison-academies`: which count in one alone, or elsewhere; None where both
        are of different registers.
    cost
        What the academies of both cost, under the same rules; empty where that is not known.
    a, b
        The manifests.
    notes
        What could not be compared.
    """

    COMMAND = COMPARE
    FILES: ClassVar[Mapping[str, str]] = {
        "differences": "tables/compare-questions.csv",
        "academies": "tables/comparison-academies.csv",
    }
    OPTIONAL = frozenset({"academies"})
    SAID: ClassVar[Mapping[str, str]] = {
        "a": "a",
        "b": "b",
        "same_children": "same_children",
        "cost": "cost",
    }
    DRAWN = False
    NO_OTHER_TONGUE = (
        "is told in '{own}', the language of its first result",
        "run that study in '{other}' and compare again",
    )

    table: pd.DataFrame
    differences: pd.DataFrame
    same_children: bool
    academies: pd.DataFrame | None
    cost: dict[str, Any]
    a: Manifest
    b: Manifest
    notes: tuple[Note, ...]

    @property
    def made_of(self) -> tuple[Manifest, ...]:
        """The manifests of both."""
        return self.a, self.b

    @property
    def language(self) -> Language:
        """That of A."""
        return read_study(self.a).language

    @cached_property
    def text(self) -> MapText:
        """What is said beside its tables."""
        title, notice = self.words("compare.title"), "; ".join(list_notices(self.a, self.b))
        return MapText(
            title, notice, name_sources(self.a, self.b, self.words), date="", language=self.language
        )

    def shown(self) -> pd.DataFrame:
        """Give the provinces of both in words."""
        return format_comparison(self.of("province"), self, "province")

    @property
    def profiles(self) -> list[str]:
        """Those that both have."""
        return list(dict.fromkeys(self.table["profile"]))

    def of(self, level: str, *, profile: str = "all", band: str = ALL_BANDS) -> pd.DataFrame:
        """Give one row for each place of a level; the region comes last below the provinces.

        Parameters
        ----------
        level
            region, province, municipality, zone or a layer.
        profile, band
            Which roads, and which ages.

        Raises
        ------
        ResultError
            If the comparison has no such level, profile or band; it names those that there are.
        """
        refuse_absent(self.table, COMPARE, level=level, profile=profile, band=band)
        rows = self.table[(self.table["profile"] == profile) & (self.table["band"] == band)]
        levels = [level, "region"] if level == "province" else [level]
        parts = [rows[rows["level"] == one] for one in levels]
        return pd.concat(parts, ignore_index=True)

    def _read_field(self, name: str) -> Any:
        if name != "table":
            return super()._read_field(name)
        there = [one for one in self.manifest["outputs"] if one.startswith("tables/compare-")]
        parts = [self._read_file(one) for one in there if one not in self.FILES.values()]
        levels: list[pd.DataFrame] = sorted(parts, key=_find_size_of_level)
        return pd.concat(levels, ignore_index=True)

    def _build_tables(self) -> dict[str, Any]:
        levels = self.table.groupby("level", sort=False)
        of_level = {f"tables/compare-{level}.csv": rows for level, rows in levels}
        return of_level | super()._build_tables()

    def _build_texts(self) -> dict[str, str]:
        readme = join_lines(
            (*list_notices(self.a, self.b), name_sources(self.a, self.b, self.words))
        )
        return {"LEESMIJ.txt": readme, "summary.md": _write_markdown(self)}

    def _build_manifest(self) -> Manifest:
        return {
            "command": COMPARE,
            **list_made_with(),
            "notices": list_notices(self.a, self.b),
            "attribution": name_sources(self.a, self.b, self.words),
            "differences": self.differences.to_dict("records"),
            "same_children": self.same_children,
            "cost": self.cost,
            **{
                side: {name: one[name] for name in _OF_SIDE if name in one}
                for side, one in zip("ab", self.made_of, strict=True)
            },
            "notes": write_in_all(self.notes, read_study(self.a).languages),
        }


def refuse_absent(table: pd.DataFrame, command: str, **asked: str) -> None:
    """Refuse a level, profile or band that a table of two results has not; name those it has.

    Parameters
    ----------
    table
        Of both results.
    command
        Whose it is.
    **asked
        The value that is sought in each column.
    """
    for column, value in asked.items():
        there = list(dict.fromkeys(table[column]))
        if value not in there:
            what = f"there is no {column} '{value}' in both results"
            raise ResultError(Problem(command, what, f"there are: {', '.join(there)}"))


def _find_size_of_level(rows: pd.DataFrame) -> tuple[int, str]:
    """Tell where a level stands: layers of one's own between provinces and municipalities."""
    level = str(rows["level"].iloc[0])
    return (LEVELS.index(level) + (level in _OF_POINT) if level in LEVELS else 2, level)


def compare(
    a: Tables | str | Path, b: Tables | str | Path, *, progress: Progress = report_nothing
) -> Comparison:
    """Say what changed from one result to another.

    Parameters
    ----------
    a, b
        What `run` gave, or the folder in which it was written.
    progress
        Called with what is being done and the share behind us.

    Returns
    -------
    Comparison
        The tables, in the central scenario, told in the language of the study of A.

    Raises
    ------
    ResultError
        If a folder holds no result of a run or was changed, or if the two count other children
        or other municipalities.
    """
    progress(READING_RESULT, 0.0)
    given = Tables.from_given(a), Tables.from_given(b)
    one, other = map(_read_side, given)
    progress(COMPARING, 0.5)
    _refuse_other_children(one, other)
    rows, notes = _lay_beside(one, other)
    cells = _cut_shared_cells(one, other)
    same = cells is not None
    moved = _leave_unknown(rows) if cells is None else _count_moved(one, other, cells)
    table = rows.merge(moved, on=KEYS, how="left")
    if same:
        # A place without children has no points: nobody moved there.
        counted = table["level"].isin(list(_list_codes(one)))
        nobody = table[["gained", "lost"]].fillna(0)
        table[["gained", "lost"]] = table[["gained", "lost"]].where(~counted, nobody)
    table = table.assign(difference=table["covered_b"] - table["covered_a"])
    table = table.assign(points=100 * (table["share_b"] - table["share_a"]))
    front = ["level", "code", "name", "band", "profile", "children"]
    measures = ["covered_a", "covered_b", "difference", "unmeasured_a", "unmeasured_b"]
    table = table[[*front, *measures, "share_a", "share_b", "points", "gained", "lost"]]
    return Comparison(
        table=check_table("comparison", table),
        differences=check_table(
            "comparison-questions", list_differences(one.content, other.content)
        ),
        same_children=same,
        academies=compare_academies(*given),
        cost=compare_costs(*given),
        a=one.content,
        b=other.content,
        notes=tell_notes((*_note_other_roads(*given), *notes), read_study(one.content).languages),
    )


@dataclass(frozen=True)
class _Side:
    """One of the two results, however it was given."""

    content: Manifest
    coverage: pd.DataFrame
    demand: gpd.GeoDataFrame
    access: pd.DataFrame
    provinces: Mapping[str, str]

    @property
    def cutoff_ms(self) -> int:
        """What counts as within reach."""
        return minutes_to_ms(self.content["study"]["travel"]["cutoff_min"])

    @property
    def population(self) -> list[str]:
        """Tell the files of the children by their content."""
        return [one["sha256"] for one in self.content["inputs"] if one["role"] == "population"]

    def take_central(self) -> pd.DataFrame:
        """Give the rows of the central scenario."""
        return self.coverage[self.coverage["scenario"] == "central"]

    def count_by_municipality(self) -> pd.Series:
        """Count the children of each municipality."""
        rows = self.take_central()
        rows = rows[(rows["profile"] == "all") & (rows["band"] == ALL_BANDS)]
        counted: pd.Series = rows[rows["level"] == "municipality"].set_index("code")["children"]
        return counted

    def find_ages_at(self, band: str, age: int) -> str:
        """Give the ages of a band among which an age is."""
        cells = self.bands[band]
        return cells[min(last for last in cells if last >= age)]

    def count_up_to(self, band: str) -> dict[int, NDArray[np.int64]]:
        """Count the children of each point in a band up to the last age of each of its cells."""
        cells = sorted(self.bands[band].items())
        columns = self.demand[[f"children_{ages}" for _, ages in cells]].to_numpy(np.int64)
        return dict(zip((last for last, _ in cells), columns.cumsum(axis=1).T, strict=True))

    def find_in_time(self, profile: str, ages: str) -> NDArray[np.bool_]:
        """Say of each demand point whether these ages are within reach from there."""
        rows = self._row_numbers[profile, ages]
        in_time = np.zeros(len(self.demand), dtype=bool)
        in_time[self._point_numbers[rows]] = self._is_reached[rows]
        return in_time

    @cached_property
    def _row_numbers(self) -> dict[tuple[str, str], NDArray[np.intp]]:
        """Where in the access table the rows of a profile and ages are."""
        groups: dict[Any, Any] = self.access.groupby(["profile", "ages"], sort=False).indices
        return {(profile, ages): np.asarray(at) for (profile, ages), at in groups.items()}

    @cached_property
    def _point_numbers(self) -> NDArray[np.intp]:
        """Of which demand point each row of the access table is."""
        points = pd.Index(self.demand["point_id"])
        found = np.asarray(points.get_indexer(self.access["point_id"]))
        if (found < 0).any():
            what = "the tables access and demand of a result are not of the same points"
            raise ResultError(Problem("compare", what, "run the study again"))
        return found

    @cached_property
    def profiles(self) -> list[str]:
        """The profiles of the access table."""
        return [str(one) for one in self.access["profile"].unique()]

    @cached_property
    def _is_reached(self) -> NDArray[np.bool_]:
        """Whether each row of the access table is within reach."""
        # Back to the whole milliseconds that were compared when the children were counted.
        time_ms = np.rint(self.access["travel_time_s"].to_numpy() * 1000)
        reached = (self.access["status"] == REACHED).to_numpy(bool)
        in_time: NDArray[np.bool_] = reached & (time_ms <= self.cutoff_ms)
        return in_time

    @cached_property
    def bands(self) -> dict[str, dict[int, str]]:
        """Give for each band its ages that the same academies serve, by their last."""
        found: dict[str, dict[int, str]] = {}
        for band, ages in self.access[["band", "ages"]].drop_duplicates().to_numpy().tolist():
            found.setdefault(band, {})[int(ages.partition("-")[2])] = ages
        return found


def _read_side(result: Tables) -> _Side:
    towns = result.table("annex-1-municipalities")
    provinces = dict(zip(towns["nis_code"], towns["province"], strict=True))
    return _Side(result.manifest, result.coverage, result.demand, result.access, provinces)


def _refuse_other_children(a: _Side, b: _Side) -> None:
    """Stop when the two count other municipalities, or other children in them."""
    ours, theirs = a.count_by_municipality(), b.count_by_municipality()
    vintages = [one.content["study"]["study"]["vintage"] for one in (a, b)]
    if set(ours.index) != set(theirs.index):
        what = (
            f"A counts {len(ours)} municipalities (vintage {vintages[0]}), "
            f"B {len(theirs)} others (vintage {vintages[1]})"
        )
        mend = "run both on the same area, boundaries and vintage"
        raise ResultError(Problem("compare", what, mend))
    drawn = [[i["sha256"] for i in one.content["inputs"] if i["role"] == "area"] for one in (a, b)]
    if drawn[0] != drawn[1] and not _have_same_points(a.demand, b.demand):
        what = "A and B are of areas that are not the same ground"
        raise ResultError(Problem("compare", what, "run both on the same area"))
    wrong = ours.index[ours != theirs.reindex(ours.index)]
    if len(wrong):
        what = (
            f"A counts {ours.sum()} children and B {theirs.sum()}; {len(wrong)} municipalities "
            f"differ, among them {wrong[0]}"
        )
        mend = "run both on the same population and the same ages"
        raise ResultError(Problem("compare", what, mend))


def _lay_beside(a: _Side, b: _Side) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Lay the coverage of both side by side where they count the same children."""
    columns = [*KEYS, "name", "children", "covered", "unmeasured", "share"]
    # Divided anew: a folder holds shares with six decimals, and counts that are exact.
    sides = (one.take_central() for one in (a, b))
    ours, theirs = (rows.assign(share=share_covered(rows))[columns] for rows in sides)
    parts = [
        *dict.fromkeys(_list_parts(ours)),
        *(p for p in _list_parts(theirs) if p not in set(_list_parts(ours))),
    ]
    kept, apart = [], []
    by_part = [dict(list(one.groupby(["level", "band", "profile"]))) for one in (ours, theirs)]
    for part in parts:
        pair = [one.get(part) for one in by_part]
        rows = None if pair[0] is None or pair[1] is None else _join_same_places(pair[0], pair[1])
        if rows is None:
            apart.append(part)
        else:
            kept.append(rows)
    table = pd.concat(kept)
    order = ours.reset_index(drop=True).reset_index(names="row")[[*KEYS, "row"]]
    table = table.merge(order, on=KEYS).sort_values("row", ignore_index=True)
    told = (
        *_note_other_means(a, b),
        *_note_one_sided(a, b),
        *_note_left_out(_keep_of_both(apart, a, b)),
    )
    return table.drop(columns="row"), told


def _keep_of_both(
    parts: list[tuple[str, str, str]], a: _Side, b: _Side
) -> list[tuple[str, str, str]]:
    """Leave out the parts of roads that only one has, which are told in a line of their own."""
    return [part for part in parts if part[2] in a.profiles and part[2] in b.profiles]


def _note_other_means(a: _Side, b: _Side) -> tuple[Note, ...]:
    """Tell when they seek two things, or by two modes, or one in a straight line."""
    found, sides = [], name_sides(a.content, b.content)
    seekers = [read_study(one.content) for one in (a, b)]
    if seekers[0].seeks_other_than(seekers[1]):
        ours, theirs = (find_wording(one.language).words.plural for one in seekers)
        found.append(
            say(
                "{a} is of '{ours}', {b} of '{theirs}'",
                "{a} gaat over '{ours}', {b} over '{theirs}'",
                "{a} porte sur « {ours} », {b} sur « {theirs} »",
                **sides,
                ours=clean_text(ours),
                theirs=clean_text(theirs),
            )
        )
    mode, other = (one.content["study"]["travel"].get("mode", "bicycle") for one in (a, b))
    if mode != other:
        found.append(
            say(
                '{a} is measured with mode = "{mode}", {b} with mode = "{other}"',
                '{a} is gemeten met mode = "{mode}", {b} met mode = "{other}"',
                "{a} : mesuré avec mode = « {mode} », {b} : avec mode = « {other} »",
                **sides,
                mode=clean_text(mode),
                other=clean_text(other),
            )
        )
    straight = [_is_straight(side.content) for side in (a, b)]
    if straight[0] != straight[1]:
        line, roads = ("a", "b") if straight[0] else ("b", "a")
        found.append(
            say(
                "{line} is measured in a straight line, {roads} over roads",
                "{line} is gemeten in vogelvlucht, {roads} over de weg",
                "{line} : mesuré à vol d’oiseau, {roads} : par la route",
                line=sides[line],
                roads=sides[roads],
            )
        )
    mend = say(
        "differences are also of the measure",
        "de verschillen zijn ook die van de maat",
        "les différences viennent aussi de la mesure",
    )
    return tuple(Note(_COMPARISON, what, mend) for what in found)


def _note_other_roads(a: Tables, b: Tables) -> tuple[Note, ...]:
    """Tell which roads are edited in one of both alone."""
    notes, sides = [], name_sides(a.manifest, b.manifest)
    for name, one, other in (("a", a, b), ("b", b, a)):
        own = find_own_edits(one.network_edits, other.network_edits)
        if own is not None:
            what = say(
                "roads that are edited in {name} alone: {roads}",
                "wegen die enkel in {name} zijn aangepast: {roads}",
                "voies modifiées dans {name} seulement : {roads}",
                name=sides[name],
                roads=say_roads(own),
            )
            notes.append(Note(_COMPARISON, what))
    return tuple(notes)


def _note_one_sided(a: _Side, b: _Side) -> tuple[Note, ...]:
    """Tell which roads cannot be compared, since only one result measured them."""
    notes, sides = [], name_sides(a.content, b.content)
    for name, side, other in (("a", a, b), ("b", b, a)):
        for profile in (one for one in side.profiles if one not in other.profiles):
            what = say(
                "only one is measured over {roads} ({name})",
                "maar één is gemeten over {roads} ({name})",
                "une seule mesure ({name}) par ces routes : {roads}",
                name=sides[name],
                roads=ROADS[profile],
            )
            mend = say(
                "these are not compared",
                "die zijn niet vergeleken",
                "il n’y a là pas de comparaison",
            )
            notes.append(Note(_COMPARISON, what, mend))
    return tuple(notes)


def _is_straight(content: Manifest) -> bool:
    return bool(content["study"]["inputs"]["network"] == STRAIGHT_LINE)


def say_heading(found: Comparison, profile: str) -> str:
    """Say over which roads the figures of a profile are."""
    return say_over(found.a, found.b, profile, found.language)


def say_over(a: Manifest, b: Manifest, profile: str, language: Language) -> str:
    """Say over which roads two results are measured.

    Parameters
    ----------
    a, b
        The manifests.
    profile
        The roads.
    language
        In which it is told.
    """
    words, straight = load_texts(language), [_is_straight(one) for one in (a, b)]
    if not any(straight) or profile != "all":
        if profile == "all":
            return words("compare.all")
        return words("compare.over", roads=QUIET[profile].roads_with_stress.to_text(language))
    if all(straight):
        return words("compare.straight")
    sides = label_results(a, b, language)
    line, roads = sides if straight[0] else sides[::-1]
    return words("compare.mixed", line=line, roads=roads)


def _note_left_out(parts: list[tuple[str, str, str]]) -> tuple[Note, ...]:
    """Tell in one line of what is not compared, since A and B do not count the same there."""
    if not parts:
        return ()
    what = say(
        "not the same places and children in both for {parts}: {names}",
        "niet dezelfde plaatsen en kinderen in beide voor {parts}: {names}",
        "pas les mêmes lieux et enfants dans les deux pour {parts} : {names}",
        parts=say_count(len(parts), "combination"),
        names=say_list([_say_part(*part) for part in parts]),
    )
    return (Note(_COMPARISON, what, say("left out", "weggelaten", "non comparé ici")),)


def _say_part(level: str, band: str, profile: str) -> Said:
    """Name a part of the coverage table."""
    niveau, niveau_fr = (name_level(level, load_texts(one)).lower() for one in ("nl", "fr"))
    return say(
        "level {level} band {band} profile {profile}",
        "{level} {band} {profile}",
        "{level} {band} {profile}",
        level=Said(level, niveau, niveau_fr),
        band=Said(
            band,
            "alle leeftijden" if band == ALL_BANDS else f"{band} jaar",
            "tous les âges" if band == ALL_BANDS else f"{band} ans",
        ),
        profile=Said(profile, f"over {ROADS[profile].nl}", f"sur {ROADS[profile].fr}"),
    )


def _list_parts(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    parts = rows[["level", "band", "profile"]].drop_duplicates()
    return [(level, band, profile) for level, band, profile in parts.itertuples(index=False)]


def _join_same_places(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame | None:
    """Join the rows of the same places; None when places or children differ."""
    rows = ours.merge(theirs.drop(columns="name"), on=KEYS, suffixes=("_a", "_b"))
    alike = len(rows) == len(ours) == len(theirs)
    if not alike or (rows["children_a"] != rows["children_b"]).any():
        return None
    return rows.rename(columns={"children_a": "children"}).drop(columns="children_b")


@dataclass(frozen=True)
class _Cell:
    """Ages of one band that the same academies serve, in A and in B."""

    band: str
    ages_a: str
    ages_b: str
    children: NDArray[np.int64]


def _cut_shared_cells(a: _Side, b: _Side) -> list[_Cell] | None:
    """Cut the ages where either register does; None unless the same children are at each point.

    The children up to a cut are known from whichever side has it, so those between two cuts are
    too: children are handed out by single age, whatever the academies (method.md).
    """
    if list(a.bands) != list(b.bands) or not _have_same_points(a.demand, b.demand):
        return None
    cells = []
    for band in a.bands:
        ours, theirs = a.count_up_to(band), b.count_up_to(band)
        if any((ours[last] != theirs[last]).any() for last in ours.keys() & theirs.keys()):
            return None
        # Between cuts of both only the same population has the same children.
        if ours.keys() != theirs.keys() and a.population != b.population:
            return None
        before = np.zeros(len(a.demand), dtype=np.int64)
        for last in sorted({*ours, *theirs}):
            after = ours[last] if last in ours else theirs[last]
            ages_a, ages_b = a.find_ages_at(band, last), b.find_ages_at(band, last)
            cells.append(_Cell(band, ages_a, ages_b, after - before))
            before = after
    return cells


def _have_same_points(ours: gpd.GeoDataFrame, theirs: gpd.GeoDataFrame) -> bool:
    """Tell whether both have the same points, in the same places."""
    if len(ours) != len(theirs):
        return False
    keys = ["point_id", "zone_id", "nis_code"]
    same = all((ours[key].to_numpy(object) == theirs[key].to_numpy(object)).all() for key in keys)
    wkb = (one.geometry.to_wkb().to_numpy() for one in (ours, theirs))
    return same and bool(np.equal(*wkb).all())


def _leave_unknown(rows: pd.DataFrame) -> pd.DataFrame:
    none = pd.array([pd.NA] * len(rows), dtype="Int64")
    return rows[KEYS].assign(gained=none, lost=none)


def _count_moved(a: _Side, b: _Side, cells: list[_Cell]) -> pd.DataFrame:
    """Count who is within reach in one and not in the other, at points and cells, by every level.

    A layer of the user's own is not among the levels: which points lie in it is not kept.
    """
    places = {level: pd.factorize(codes) for level, codes in _list_codes(a).items()}
    parts = []
    for (profile, band), counts in _count_by_part(a, b, cells).items():
        for level, (place, codes) in places.items():
            # Sums of whole numbers far below 2**53: exact in floating point.
            sums = [np.bincount(place, one, minlength=len(codes)) for one in counts]
            gained, lost = (pd.array(one.astype(np.int64), dtype="Int64") for one in sums)
            moved = pd.DataFrame({"code": codes, "gained": gained, "lost": lost})
            parts.append(moved.assign(level=level, band=band, profile=profile))
    return pd.concat(parts, ignore_index=True)


def _count_by_part(
    a: _Side, b: _Side, cells: list[_Cell]
) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Count by profile and band the children of each point who gained and lost: (2, points)."""
    counts: dict[tuple[str, str], NDArray[np.int64]] = {}
    for profile in (one for one in a.profiles if one in b.profiles):
        for cell in cells:
            before, after = (
                a.find_in_time(profile, cell.ages_a),
                b.find_in_time(profile, cell.ages_b),
            )
            pair = cell.children * np.stack([after & ~before, before & ~after])
            for one in (cell.band, ALL_BANDS):
                counts[profile, one] = counts.get((profile, one), 0) + pair
    return counts


def _list_codes(side: _Side) -> dict[str, NDArray[np.object_]]:
    """Give the place of each demand point at every level that all results have."""
    codes = {level: side.demand[name].to_numpy(object) for level, name in _OF_POINT.items()}
    province = side.demand["nis_code"].map(side.provinces).to_numpy(object)
    region = np.full(len(side.demand), REGION[0], dtype=object)
    return {"region": region, "province": province, **codes}


# -- what was asked -------------------------------------------------------------------------


def list_differences(a: Manifest, b: Manifest) -> pd.DataFrame:
    """List what differs between the questions: choices, files by their content, versions.

    Returns
    -------
    DataFrame
        The table `comparison-questions`: `what` by its full name, as travel.cutoff_min, `a`, `b`.
    """
    # A network is a choice in a straight line, and files over roads.
    ours, theirs = (
        _list_choices(one) | _list_files(one) | versions
        for one, versions in zip((a, b), versions_in_both(a, b), strict=True)
    )
    rows = [
        (what, ours.get(what, ""), theirs.get(what, ""))
        for what in dict.fromkeys([*ours, *theirs])
        if ours.get(what, "") != theirs.get(what, "")
    ]
    shown = [(what, *(_format_choice(value) for value in pair)) for what, *pair in rows]
    return pd.DataFrame(shown, columns=["what", "a", "b"], dtype="str")


def _list_choices(content: Manifest) -> dict[str, Any]:
    return {
        name: value
        for name, value in flatten_values(content["study"])
        if not (name.startswith("inputs.") and name.rpartition(".")[2] in _NOT_ASKED)
    }


def _list_files(content: Manifest) -> dict[str, Any]:
    """Give the files of each role; the same content under another name is the same file."""
    files: dict[str, list[tuple[str, str]]] = {}
    for item in content["inputs"]:
        files.setdefault(f"inputs.{item['role']}", []).append((item["sha256"], item["name"]))
    return {role: _RoleFiles(tuple(sorted(found))) for role, found in files.items()}


@dataclass(frozen=True, eq=False)
class _RoleFiles:
    found: tuple[tuple[str, str], ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _RoleFiles) and self.hashes == other.hashes

    def __hash__(self) -> int:
        return hash(self.hashes)

    def __str__(self) -> str:
        return ", ".join(f"{name} ({sha256[:12]})" for sha256, name in self.found)

    @property
    def hashes(self) -> tuple[str, ...]:
        """What tells files apart."""
        return tuple(sha256 for sha256, _ in self.found)


def _format_choice(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- for people -----------------------------------------------------------------------------


def format_comparison(rows: pd.DataFrame, found: Comparison, level: str) -> pd.DataFrame:
    """Turn rows of the table into text columns with headings, for people.

    Parameters
    ----------
    rows, level
        As from `Comparison.of`, and of which level.
    found
        The comparison, whose language and days the headings have.
    """
    words, language = found.words, found.language
    ours, theirs = _label_sides(found)
    heads = {
        name: one.format(a=ours, b=theirs) for name, one in words.list_below("compare.head").items()
    }
    names = [province_name(one, words) for one in rows["name"]]
    columns: dict[str, Any] = {name_level(level, words): names}
    for name in (one for one in SCHEMAS["comparison"].columns if one in heads):
        head = heads[name]
        if name in ("share_a", "share_b"):
            columns[head] = [format_share(value, language) for value in rows[name]]
        elif name == "points":
            columns[head] = [format_signed(value, language, 1) for value in rows[name]]
        elif name == "difference":
            columns[head] = [format_signed(value, language) for value in rows[name]]
        elif not rows[name].isna().all():
            columns[head] = [DASH if pd.isna(v) else format_whole(v, language) for v in rows[name]]
    return pd.DataFrame(columns)


def say_moved(found: Comparison, profile: str) -> str:
    """Say how many children gained and lost in all, or that it cannot be told."""
    words, region = found.words, found.of("region", profile=profile).iloc[0]
    if not found.same_children:
        return words("compare.net")
    counts = {name: format_whole(region[name], found.language) for name in ("gained", "lost")}
    return words("compare.moved", **counts)


def say_in_both(found: Comparison) -> list[str]:
    """Say which academies come, move and go, and what those of both cost; a line each."""
    sides = _label_sides(found)
    lines = say_academies(found.academies, found.words, sides)
    return [*lines, *(say_costs(found.cost, found.words, sides) if lines else [])]


def say_differences(found: Comparison) -> list[str]:
    """Write what differs between the questions, a line each."""
    if found.differences.empty:
        return [found.words("compare.nothing")]
    words, sides = found.words, _label_sides(found)
    return [
        words.join_pair(
            what,
            words.join_series(
                words.join_pair(side, one or DASH) for side, one in zip(sides, each, strict=True)
            ),
        )
        for what, *each in found.differences.to_numpy().tolist()
    ]


def list_notices(a: Manifest, b: Manifest, language: Language | None = None) -> list[str]:
    """Give the notices and methods of both, each thing once, and whose it is when one has it.

    Parameters
    ----------
    a, b
        The manifests.
    language
        That of the first when not given.
    """
    language = language or read_study(a).language
    lines, sides = [], label_results(a, b, language)
    for name in ("notice", "method_note"):
        ours, theirs = a.get(name, ""), b.get(name, "")
        if ours == theirs:
            lines += [ours]
        else:
            told = zip(sides, (ours, theirs), strict=True)
            words = load_texts(language)
            lines += [words.join_pair(side, said) for side, said in told if said]
    return [line for line in lines if line]


def name_sources(a: Manifest, b: Manifest, words: Texts) -> str:
    """Name the sources of two results, each once.

    Parameters
    ----------
    a, b
        The manifests.
    words
        Of the language in which it is told.
    """
    named = [
        part
        for one in (a, b)
        for part in one["attribution"].split(load_texts(read_study(one).language)("list.series"))
    ]
    return words.join_series(dict.fromkeys(named))


def _write_markdown(found: Comparison) -> str:
    """Write the comparison for people."""
    words = found.words
    sides = _label_sides(found)
    titles = [
        words.join_pair(side, one["study"]["study"]["title"])
        for side, one in zip(sides, found.made_of, strict=True)
    ]
    lines = begin_markdown(words("compare.title"))
    lines += [*(f"- {escape_markdown(title)}" for title in titles), ""]
    lines += [f"**{escape_markdown(line)}**\n" for line in list_notices(found.a, found.b)]
    lines += [f"## {words('compare.differences')}", ""]
    if found.differences.empty:
        lines += [words("compare.nothing"), ""]
    else:
        heads = {"what": words("compare.what"), "a": sides[0], "b": sides[1]}
        lines += [*write_markdown_table(found.differences.rename(columns=heads), left=3), ""]
    for line in say_in_both(found):
        lines += [escape_markdown(line), ""]
    for profile in found.profiles:
        shown = format_comparison(found.of("province", profile=profile), found, "province")
        lines += [f"## {say_heading(found, profile)}", "", say_moved(found, profile), ""]
        lines += [*write_markdown_table(shown, left=1), "", *_name_losers(found, profile)]
    end = end_markdown(name_sources(found.a, found.b, words), found.notes, words, "compare.notes")
    return "\n".join([*lines, words("compare.points", a=sides[0], b=sides[1]), "", *end])


def _name_losers(found: Comparison, profile: str) -> list[str]:
    """Name the municipalities in which most children are no longer within reach."""
    rows = found.of("municipality", profile=profile)
    rows = rows[rows["lost"].fillna(0) > 0]
    if rows.empty:
        return []
    words, language = found.words, found.language
    most = rows.sort_values(["lost", "code"], ascending=[False, True]).head(_MOST_NAMED)
    named = [
        words("compare.loser", name=escape_markdown(name), count=format_whole(lost, language))
        for name, lost in zip(most["name"], most["lost"], strict=True)
    ]
    return [words("compare.losers", named=", ".join(named)), ""]


def _label_sides(found: Comparison) -> tuple[str, str]:
    return label_results(found.a, found.b, found.language)


def label_results(a: Manifest, b: Manifest, language: Language) -> tuple[str, str]:
    """Call both by their days in a language.

    Parameters
    ----------
    a, b
        The manifests.
    language
        In which it is told.
    """
    names = name_sides(a, b)
    ours, theirs = (names[side].to_text(language) for side in ("a", "b"))
    return ours, theirs


def name_sides(a: Manifest, b: Manifest) -> dict[str, Said]:
    """Call both by their days, or of one day by their order: nobody knows what A and B were."""
    days = [read_study(one).about.date for one in (a, b)]
    if days[0] == days[1]:
        return {
            "a": Said("measurement 1", "meting 1", "mesure 1"),
            "b": Said("measurement 2", "meting 2", "mesure 2"),
        }
    return {"a": say_day(days[0]), "b": say_day(days[1])}
