"""What the switches of the web map choose among: figures by age, roads and speed, as data.

The page's script writes each figure; what it starts with is written here, by the same rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.coverage import ALL_BANDS, REGION, share_covered
from stemgeo.maps.kinds import CHANGE_POINTS, CHANGES, classify_change
from stemgeo.maps.series import NO_CLASS
from stemgeo.maps.text import say_share
from stemgeo.profiles import ROADS
from stemgeo.speech import format_percent, format_signed, format_whole, percent_sign
from stemgeo.study import PARTLY_MEASURED_BELOW, PROVINCES
from stemgeo.tables import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stemgeo.maps.text import MapText
    from stemgeo.texts import Texts

    Row = Mapping[str, Any]

SCENARIOS = ("central", "low", "high")
START = {"band": ALL_BANDS, "roads": "all", "scenario": "central"}
"""What a page shows first."""
_KEYS = ["profile", "scenario", "band"]
_LEVELS = {
    "municipalities": ["municipality"],
    "zones": ["zone"],
    "provinces": ["province", "region"],
}
"""Levels of the coverage table by the name of their ground."""
_EARLIER = ("municipalities", "provinces")
"""Grounds of which an earlier result is told too."""


@dataclass(frozen=True)
class Switches:
    """What was measured of the places of a page.

    Attributes
    ----------
    coverage
        The coverage table.
    ages
        Of all bands and of each, as people say them.
    before
        The coverage table of an earlier result; None without one.
    """

    coverage: pd.DataFrame
    ages: Mapping[str, str]
    before: pd.DataFrame | None = None

    @classmethod
    def from_places(cls, towns: pd.DataFrame, zones: pd.DataFrame | None, words: Texts) -> Switches:
        """Take the figures of all ages, all roads and the central speed from tables of places.

        Parameters
        ----------
        towns, zones
            With their codes and counts; no zones where there are none.
        words
            Of the language.
        """
        whole = towns.assign(region=REGION[0])
        parts = [
            whole.groupby(column)[[*COUNTS]].sum().reset_index(names="code").assign(level=level)
            for column, level in (
                ("region", "region"),
                ("province", "province"),
                ("nis_code", "municipality"),
            )
        ]
        if zones is not None:
            rows = zones.rename(columns={"zone_id": "code"})
            parts.append(rows[["code", *COUNTS]].assign(level="zone"))
        table = pd.concat(parts, ignore_index=True)
        table["share"] = share_covered(table)
        start = {"band": ALL_BANDS, "scenario": START["scenario"], "profile": START["roads"]}
        ages = {ALL_BANDS: words("web.switch.all_ages")}
        return cls(table.assign(name=table["code"], **start), ages)

    @property
    def provinces(self) -> list[str]:
        """The provinces: one alone is as the whole, and is not told beside it."""
        there = self.coverage[self.coverage["level"] == "province"]["code"].unique()
        named = sorted(
            there, key=lambda one: (PROVINCES.index(one) if one in PROVINCES else -1, one)
        )
        return named if len(named) > 1 else []

    @property
    def province_codes(self) -> list[str]:
        """The codes of the provinces and of the whole, which stands last."""
        return [*self.provinces, REGION[0]]

    @property
    def partly(self) -> frozenset[str]:
        """The provinces of which the study has but a part."""
        rows = self.coverage[self.coverage["level"] == "province"]
        return frozenset(rows["code"][rows["code"] != rows["name"]])

    @property
    def has_range(self) -> bool:
        """Whether it was measured at the low and at the high speed."""
        return set(SCENARIOS) <= set(self.coverage["scenario"].unique())

    @property
    def bands(self) -> dict[str, list[str]]:
        """Of each choice of ages the bands that it sums: all together first."""
        bands = [one for one in self.coverage["band"].unique() if one != ALL_BANDS]
        if len(bands) < 2:
            return {ALL_BANDS: bands or [ALL_BANDS]}
        return {ALL_BANDS: bands, **{one: [one] for one in bands}}

    def list_switches(self, words: Texts) -> dict[str, list[dict[str, str]]]:
        """List what each switch offers, by its key and name."""
        said = words.list_below("web.scenario")
        there = [set(self.coverage[name].unique()) for name in ("profile", "scenario")]
        language = str(words.language)
        return {
            "band": [{"key": one, "name": self.ages[one]} for one in self.bands],
            "roads": [
                {"key": one, "name": name.to_text(language)}
                for one, name in ROADS.items()
                if one in there[0]
            ],
            "scenario": [{"key": one, "name": said[one]} for one in SCENARIOS if one in there[1]],
        }

    def gather(
        self, grounds: Mapping[str, Sequence[str]], classes: Sequence[float], words: Texts
    ) -> dict[str, Any]:
        """Gather what the page's script works out figures from.

        Parameters
        ----------
        grounds
            The codes of the places of each ground, in its order.
        classes
            Bounds of classes, percent.
        words
            Of the language.
        """
        language = str(words.language)
        bands = self.bands
        return {
            "start": START,
            "switches": self.list_switches(words),
            "parts": bands,
            "classes": list(classes),
            "changes": CHANGE_POINTS,
            "partlyBelow": PARTLY_MEASURED_BELOW,
            "format": {
                "group": format_whole(1000, language)[1:-3],
                "decimal": format_percent(0.5, language)[2],
                "percent": percent_sign(language),
            },
            "counts": dict(self._yield_counts(grounds)),
        }

    def _yield_counts(self, grounds: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Row]]:
        """Lay the counts of each ground out, and of an earlier result those of some."""
        bands = self.bands[ALL_BANDS]
        for ground, codes in grounds.items():
            yield ground, _lay_out(self.coverage, _LEVELS[ground], codes, bands)
            if self.before is not None and ground in _EARLIER:
                yield f"{ground}_before", _lay_out(self.before, _LEVELS[ground], codes, bands)

    def count_changes(self, codes: Sequence[str]) -> dict[str, int]:
        """Count the municipalities in each class of change, by its key; "none": no figure."""
        now, then = (
            _keep_start(table[table["level"] == "municipality"])
            for table in (self.coverage, self.before)
            if table is not None
        )
        points = ((now["share"] - then["share"]).reindex(list(codes)) * 100).round(9)
        numbers = classify_change(points)
        known = {str(n): int((numbers == n).sum()) for n in range(len(CHANGES))}
        return known | {"none": int((numbers == NO_CLASS).sum())}

    def tell_rows(self, ground: str, codes: Sequence[str], words: Texts) -> list[dict[str, str]]:
        """Write the figures of places, of all ages, all roads and the central speed.

        Parameters
        ----------
        ground
            Of which they are.
        codes
            Of the places, in the order of the rows.
        words
            Of the language.
        """
        rows = self.coverage[self.coverage["level"].isin(_LEVELS[ground])]
        for column, value in (("band", ALL_BANDS), ("profile", START["roads"])):
            rows = rows[rows[column] == value]
        by_speed = {
            one: part.set_index("code").reindex(list(codes))
            for one, part in rows.groupby("scenario")
        }
        central = by_speed[START["scenario"]]
        told = {one: [format_whole(n, words.language) for n in central[one]] for one in COUNTS}
        told["share"] = [say_share(one, words) for one in central["share"]]
        if self.has_range:
            ends = zip(by_speed["low"]["share"], by_speed["high"]["share"], strict=True)
            told["range"] = [_say_range(*one, words) for one in ends]
        return [dict(zip(told, row, strict=True)) for row in zip(*told.values(), strict=True)]

    def tell_headline(self, text: MapText) -> dict[str, str]:
        """Say of the whole, after its share, what it is of, how many of how many, and the range.

        Parameters
        ----------
        text
            Of the map.
        """
        words, row = text.words, _find_whole(self.coverage)
        unmeasured = int(row["unmeasured"])
        if unmeasured == row["children"]:
            return {"share": "", "told": words("web.headline.nothing"), "choice": ""}
        counts = row["covered"], row["children"] - unmeasured
        covered, measured = (format_whole(n, words.language) for n in counts)
        ends = ""
        if self.has_range:
            low, high = (
                say_share(_find_whole(self.coverage, one)["share"], words) for one in SCENARIOS[1:]
            )
            ends = words("web.headline.range", low=low, high=high)
        parts = {"minutes": text.minutes, "covered": covered, "measured": measured, "range": ends}
        told = [words("web.headline.reach", **parts)]
        if self.before is not None:
            then = _find_whole(self.before)["share"]
            if not math.isnan(then):
                points = format_signed((row["share"] - then) * 100, words.language, 1)
                share = say_share(then, words)
                told.append(words("web.headline.before", share=share, points=points))
        if unmeasured:
            told.append(words.say_count("web.headline.unmeasured", unmeasured))
        chosen = [switch[0]["name"] for switch in self.list_switches(words).values()]
        return {
            "share": say_share(row["share"], words),
            "told": " ".join(told),
            "choice": f"{words.join_series(chosen)}.",
        }


def list_headline(text: MapText) -> dict[str, str]:
    """Give the texts of the headline, from which the page's script writes it too.

    Parameters
    ----------
    text
        Of the map.
    """
    own = ("covered", "measured", "range", "low", "high", "share", "points")
    parts = {one: f"{{{one}}}" for one in own} | {"minutes": text.minutes}
    names = ("reach", "range", "before", "nothing")
    return {name: text.words(f"web.headline.{name}", **parts) for name in names}


def _find_whole(table: pd.DataFrame, scenario: str = START["scenario"]) -> dict[Any, Any]:
    """Give the row of the whole, of all ages and roads."""
    rows = _keep_start(table[table["level"] == "region"], scenario)
    return dict(rows.iloc[0])


def _say_range(low: float, high: float, words: Texts) -> str:
    ends = {"low": low, "high": high}
    if any(math.isnan(one) for one in ends.values()):
        return ""
    return words("web.range", **{name: say_share(one, words) for name, one in ends.items()})


def _thin(column: pd.Series) -> int | list[int]:
    """Write a column; one number that is the same everywhere stands there once."""
    numbers = column.astype("int64").tolist()
    return numbers[0] if len(set(numbers)) == 1 else numbers


def _keep_start(rows: pd.DataFrame, scenario: str = START["scenario"]) -> pd.DataFrame:
    """Keep what a page shows first of a level, or at another speed, by code."""
    for column, value in (START | {"scenario": scenario}).items():
        rows = rows[rows["profile" if column == "roads" else column] == value]
    return rows.set_index("code")


def _lay_out(
    table: pd.DataFrame, levels: Sequence[str], codes: Sequence[str], bands: Sequence[str]
) -> Row:
    """Lay the counts of places out by roads, speed and ages, a column each."""
    rows = table[table["level"].isin(levels) & table["band"].isin(bands)]
    laid: dict[str, Any] = {"children": {}, "covered": {}, "unmeasured": {}}
    for (roads, scenario, band), part in rows.groupby(_KEYS, sort=False):
        counts = part.set_index("code").reindex(list(codes))
        laid["children"][band] = _thin(counts["children"])
        for name in ("covered", "unmeasured"):
            laid[name].setdefault(roads, {}).setdefault(scenario, {})[band] = _thin(counts[name])
    return laid
