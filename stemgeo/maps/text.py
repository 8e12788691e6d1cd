"""The words and numbers on maps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stemgeo import speech
from stemgeo.inputs.plan import MOVED
from stemgeo.inputs.territory import PARTLY
from stemgeo.reasons import REASONS
from stemgeo.speech import (
    Language,
    format_day,
    format_decimals,
    format_number,
    format_whole,
    join_with_and,
    percent_sign,
)
from stemgeo.texts import Texts, load_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from stemgeo.study import Study


@dataclass(frozen=True)
class MapText:
    """What a map says beside its figures.

    Attributes
    ----------
    title
        Of the study.
    notice
        Printed visibly on the map; may be empty.
    source
        One line with the attribution of all sources.
    date
        Of the data, as it should be read.
    language
        One of those that have a catalogue.
    method_note
        Empty, or a caution on the method ("benadering in vogelvlucht").
    measure
        Heading of the legend; empty for the words of the language.
    region
        Name of the ground of all municipalities; empty for Flanders.
    gap_caution
        What the outlines of gaps are drawn around; empty for the words of the language.
    minutes
        Within how many one must arrive.
    year
        Of the study; empty: it is not said.
    roads
        Over which roads, where they are not all: " over rustige wegen".
    shown
        What a sheet shows, as a sentence; empty where it is of the study as a whole.
    """

    title: str
    notice: str
    source: str
    date: str
    language: Language = "nl"
    method_note: str = ""
    measure: str = ""
    region: str = ""
    gap_caution: str = ""
    minutes: str = "15"
    year: str = ""
    roads: str = ""
    shown: str = ""

    def showing(self, what: str, place: str, year: str | None = None) -> MapText:
        """Give it for a sheet that shows something: that is what its title says.

        Parameters
        ----------
        what
            A key; its text may name `minutes`.
        place
            Of what ground.
        year
            Of which year or years; that of the study when not given.
        """
        year = self.year if year is None else year
        said = self.words(what, minutes=self.minutes) + self.roads
        parts = {"what": said, "place": place, "year": year}
        shown = self.words("map.title" if year else "map.title_undated", **parts)
        return replace(self, shown=shown)

    @property
    def headline(self) -> str:
        """What stands at the top of a sheet: what it shows, else the title of the study."""
        return self.shown or self.title

    @property
    def opening(self) -> list[str]:
        """The lines that come before all: what is shown, of which study, with which cautions."""
        return [*dict.fromkeys([self.headline, self.title]), *self.cautions]

    @property
    def outline_note(self) -> str:
        """What the outlines of gaps are drawn around, and that nothing is counted from them."""
        streets = self.words("gaps.drawn.streets") + self.words("gaps.drawn.counted")
        return self.gap_caution or streets

    @property
    def words(self) -> Texts:
        """The texts of its language."""
        return load_texts(self.language)

    def name_place(self, province: str | None) -> str:
        """Name the ground that a map shows; None is all municipalities of the study."""
        if province is None:
            return self.region or self.words("map.region")
        named = self.words.list_below("province.of").get(_province_key(province))
        return named or self.words("map.of_province", name=province)

    @property
    def heading(self) -> str:
        """The heading of the legend."""
        return self.measure or self.words("map.share.measure")

    @property
    def cautions(self) -> list[str]:
        """The lines that must be read before the map."""
        method = self.words("map.method", note=self.method_note) if self.method_note else ""
        return [line for line in (self.notice, method) if line]

    @property
    def credits(self) -> list[str]:
        """The lines on source and date."""
        return [
            self.words("map.source", source=self.source),
            self.words("map.date", date=self.date),
        ]


_PARTLY = PARTLY.format("")
_ALL_OF = "Provincie "
"""Before the name of a province in the tables of a study that is of it alone."""


def province_name(name: str, words: Texts, partly: Collection[str] = ()) -> str:
    """Name a province as the language does, a part of one too; what is none as the data do.

    Parameters
    ----------
    name
        As tables have it; what ends in "(deel)" is a part.
    words
        Of the language.
    partly
        The provinces of which a study has but a part.
    """
    whole = name.removesuffix(_PARTLY)
    if whole != name or name in partly:
        return words("map.partly", name=province_name(whole, words))
    if name.startswith(_ALL_OF):
        return words.list_below("province.of").get(_province_key(name.removeprefix(_ALL_OF)), name)
    return words.list_below("province.name").get(_province_key(name), name)


def name_parts_in(names: str, words: Texts) -> str:
    """Say in a language of municipalities, one or several, that an area has but a part of them."""
    return names.replace(_PARTLY, words("map.partly", name=""))


def name_link_kind(row: Mapping[Any, Any], words: Texts) -> str:
    """Say what is done: "new link", or over or under what.

    Parameters
    ----------
    row
        Of the table `links`.
    words
        Of a language.
    """
    names = words.list_below("links.across")
    crossed = [names.get(one, one) for one in str(row["across"]).split("; ") if one]
    across = join_with_and(crossed, words.language) if crossed else ""
    # Of a kind by itself nothing is crossed.
    return words(f"links.kind.{row['kind']}", across=across).rstrip(", ")


def _province_key(province: str) -> str:
    return province.lower().replace("-", "_")


def say_share(share: float, words: Texts) -> str:
    """Write a share between 0 and 1 as 62,4 % in Dutch; the words for "no figure" for NaN."""
    return (
        words("map.no_figure") if np.isnan(share) else speech.format_percent(share, words.language)
    )


def name_gap_places(gap: Mapping[str, Any], words: Texts) -> str:
    """Say where a gap is: Lochristi, Laarne, Lokeren en 2 andere, bij Voorde."""
    names = name_parts_in(str(gap["name"]), words)
    # At most three have a name, and none has a comma in it.
    others = int(gap["municipalities"]) - len(names.split(", "))
    if others > 0:
        names = words.say_count("gaps.more_places", others, names=names)
    near = _empty_if_missing(gap.get("near"))  # results of before do not have it
    return words("gaps.near", names=names, near=near) if near else names


def say_gap_reason(
    gap: Mapping[str, Any], words: Texts, names: Mapping[str, str] | None = None
) -> str:
    """Say why most children of a gap are out of reach, how many if not all, and what shows it.

    Parameters
    ----------
    gap
        A row of the gaps table, of a run or as it was written.
    words
        Of a language.
    names
        Of academies, by their id. One that has none, such as an academy of before, is not named:
        its id says nothing to a reader, and the table has it. Without names ids stand there.
    """
    reason = str(gap["reason"])
    lead = say_reason(reason, words)
    told = [_say_part_of_gap(reason, gap, words), _say_evidence(reason, gap, words, names)]
    shown = words.join_series(one for one in told if one)
    return f"{lead} ({shown})" if shown else lead


def say_reason(reason: str, words: Texts) -> str:
    """Say why a child is out of reach; of another reason what stands there."""
    return words(f"reason.name.{reason}") if reason in REASONS else reason


def define_reasons(reasons: Iterable[str], study: Study, words: Texts) -> dict[str, str]:
    """Say when each reason holds, by its key, in so few words that they fit a legend.

    Parameters
    ----------
    reasons
        Keys of `reasons.REASONS`; they are told in the order of that.
    study, words
        Whose limits these are, and in which language.
    """
    cutoff, rules = study.travel.cutoff_min, study.gaps
    numbers = {
        "minutes": cutoff,
        "far": cutoff + rules.just_too_far_min,
        "detour": rules.barrier_detour,
    }
    told = {name: speech.format_number(one, words.language) for name, one in numbers.items()}
    return {one: words(f"reason.meaning.{one}", **told) for one in REASONS if one in set(reasons)}


def _say_part_of_gap(reason: str, gap: Mapping[str, Any], words: Texts) -> str:
    """Count the children of a reason beside all of the gap; empty where it is that of all."""
    count, total = (
        _empty_if_missing(gap.get(name, "")) for name in (f"children_{reason}", "uncovered")
    )
    if count in ("", total):
        return ""
    counts = [format_whole(n, words.language) for n in (count, total)]
    return words("reason.shown.of_children", count=counts[0], total=counts[1])


def _say_evidence(
    reason: str, gap: Mapping[str, Any], words: Texts, names: Mapping[str, str] | None
) -> str:
    """Put the evidence of the gap's reason in words; empty where there is none."""
    if reason == "barrier":
        across = [
            _name_barrier(one, words)
            for one in str(_empty_if_missing(gap["barriers"])).split("; ")
            if one
        ]
        factor = _format_decimal(gap["detour_factor"], words)
        detour = words("reason.shown.detour", detour_factor=factor) if factor else ""
        return ", ".join([*across, *([detour] if detour else [])])
    named = REASONS[reason].told if reason in REASONS else ()
    if not named or not _say_cell(named[0], gap.get(named[0]), words, names):
        return ""
    told = {column: _say_cell(column, gap.get(column), words, names) for column in named}
    reason += "_by_rule" * (reason == "lapsed" and gap.get("lapsed_by") == "rule")
    return words(f"reason.shown.{reason}", **told)


def _say_cell(column: str, value: Any, words: Texts, names: Mapping[str, str] | None) -> str:
    """Put a column of evidence in words; empty where it is."""
    known = _empty_if_missing(value)
    if column.endswith("_academy_id"):
        return _name_academy(known, words, names)
    if column in ("lapsed_academy", "stretch"):  # a lapsed one stands in no register of today
        return str(known) or words("reason.shown.unnamed") * (column == "stretch")
    if column.endswith("_ages"):
        first, _, last = str(known).partition("-")
        return words("reason.shown.ages", first=first, last=last)
    if column.endswith("_on"):
        return format_day(_parse_day(known), words.language)
    if column.endswith("_m"):
        return known if known == "" else format_whole(known, words.language)
    return _format_decimal(known, words)


def _name_academy(academy_id: Any, words: Texts, names: Mapping[str, str] | None) -> str:
    """Name an academy where names are given, else by its id; empty where there is none."""
    known = str(academy_id)
    return (
        known if names is None or not known else names.get(known, words("reason.shown.an_academy"))
    )


def _name_barrier(text: str, words: Texts) -> str:
    """Name a barrier: a water by its own name, a road or railway by its kind too."""
    kind, _, name = text.partition(" ")
    if kind in ("waterway", "water") and name:
        return name
    return f"{words.list_below('reason.barrier').get(kind, kind)} {name}".rstrip()


def _empty_if_missing(value: Any) -> Any:
    """Give a cell of a table, an empty text when it is missing."""
    return "" if str(value) in ("None", "nan", "<NA>", "NaT") else value


def _format_decimal(value: Any, words: Texts) -> str:
    known = _empty_if_missing(value)
    if known == "" or not np.isfinite(known):
        return ""
    return format_decimals(known, words.language)


def _parse_day(value: Any) -> dt.date:
    return dt.date.fromisoformat(str(value)[:10])


def format_class(lower: float, upper: float, words: Texts) -> str:
    """Write the bounds of a class, in percent: 20 tot 40 %.

    Parameters
    ----------
    lower, upper
        Percent.
    words
        Of the language.
    """
    low, high = (format_number(n, words.language, 2) for n in (lower, upper))
    return words("map.share.class", low=low, high=high, sign=percent_sign(words.language))


def format_classes(classes: Sequence[float], words: Texts) -> list[str]:
    """Write the bounds of every class."""
    pairs = pairwise(classes)
    return [format_class(lower, upper, words) for lower, upper in pairs]


def format_minute_classes(bounds: Sequence[float], words: Texts) -> list[str]:
    """Write the bounds of every class of minutes, and what is beyond the last."""
    said = [format_number(bound, words.language, 2) for bound in bounds]
    labels = [words("map.minutes.class", low=low, high=high) for low, high in pairwise(said)]
    return [*labels, words("map.minutes.beyond", minutes=said[-1])]


def is_planned(academies: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell the places of a plan from the academies of the register, shape (academies,)."""
    return np.asarray(academies.get("planned", np.zeros(len(academies))), dtype=bool)


def mark_moved(academies: GeoDataFrame, changes: pd.DataFrame | None) -> GeoDataFrame:
    """Say of each academy whether a plan has `moved` it: it is there, and is not planned.

    Parameters
    ----------
    academies, changes
        The tables `academies` and `plan-changes`; None without a plan.
    """
    ids: Iterable[str] = ()
    if changes is not None:
        ids = changes.loc[changes["change"] == MOVED, "academy_id"]
    return academies.assign(moved=is_planned(academies) & academies["academy_id"].isin(ids))


def is_moved(academies: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which of the places of a plan are academies that it moves, shape (academies,)."""
    return np.asarray(academies.get("moved", np.zeros(len(academies))), dtype=bool)


def name_planned(academies: pd.DataFrame, words: Texts) -> str:
    """Name the places of a plan in a legend, where all have one mark."""
    planned, moved = is_planned(academies), is_moved(academies)
    if not moved.any():
        return words("map.academy_planned")
    key = "map.academy_planned_or_moved" if (planned & ~moved).any() else "map.academy_moved"
    return words(key)


def is_coarse(academies: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell the academies of which the place is known roughly, shape (academies,)."""
    return np.asarray(academies.get("coarse", np.zeros(len(academies))), dtype=bool)


def join_sentences(lines: Sequence[str]) -> str:
    """Join lines into one text; each ends as a sentence does."""
    return " ".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in lines)


def keep_province(municipalities: pd.DataFrame, province: str | None) -> pd.DataFrame:
    """Keep the municipalities of a province; all of them for None."""
    if province is None:
        return municipalities
    return municipalities[municipalities["province"] == province]
