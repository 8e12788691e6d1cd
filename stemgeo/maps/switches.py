"""What the switches of the web map choose among: figures by age, roads and speed, as data.

The page's script writes each figure; what it starts with is written here, by the same rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.coverage import ALL_BANDS, REGION, share_covered
from stemgeo.maps.text import join_sentences, say_share
from stemgeo.profiles import ROADS
from stemgeo.speech import format_percent, format_whole, percent_sign
from stemgeo.study import PARTLY_MEASURED_BELOW, PROVINCES
from stemgeo.tables import COUNTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


@dataclass(frozen=True)
class Measured:
    """What was measured of the places of a page.

    Attributes
    ----------
    coverage
        The coverage table.
    ages
        Of all bands and of each, as people say them.
    """

    coverage: pd.DataFrame
    ages: Mapping[str, str]

    @classmethod
    def from_places(cls, towns: pd.DataFrame, zones: pd.DataFrame | None, words: Texts) -> Measured:
        """Take the figures of all ages, all roads and the central speed from tables of places."""
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
        return set(SCENARIOS) <= set(self.coverage["scenario"])

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
        there = set(self.coverage["profile"]), set(self.coverage["scenario"])
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
            "partlyBelow": PARTLY_MEASURED_BELOW,
            "format": {
                "group": format_whole(1000, language)[1:-3],
                "decimal": format_percent(0.5, language)[2],
                "percent": percent_sign(language),
            },
            "counts": {
                ground: self._lay_out(_LEVELS[ground], codes, set(bands[ALL_BANDS]))
                for ground, codes in grounds.items()
            },
        }

    def _lay_out(self, levels: Sequence[str], codes: Sequence[str], bands: set[str]) -> Row:
        """Lay the counts of places out by roads, speed and ages, a column each."""
        rows = self.coverage[
            self.coverage["level"].isin(levels) & self.coverage["band"].isin(bands)
        ]
        laid: dict[str, Any] = {"children": {}, "covered": {}, "unmeasured": {}}
        for (roads, scenario, band), part in rows.groupby(_KEYS, sort=False):
            counts = part.set_index("code").reindex(list(codes))
            laid["children"][band] = _thin(counts["children"])
            for name in ("covered", "unmeasured"):
                of_roads = laid[name].setdefault(roads, {}).setdefault(scenario, {})
                of_roads[band] = _thin(counts[name])
        return laid

    def tell_rows(self, ground: str, codes: Sequence[str], words: Texts) -> list[dict[str, str]]:
        """Write the figures of places, of all ages, all roads and the central speed."""
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

    def tell_headline(self, words: Texts) -> dict[str, str]:
        """Say of the whole what share is within reach, how many of how many, and the range."""
        rows = self.coverage[self.coverage["level"] == "region"]
        rows = rows[(rows["band"] == ALL_BANDS) & (rows["profile"] == START["roads"])]
        of: dict[Any, dict[Any, Any]] = rows.set_index("scenario").to_dict("index")
        row = of[START["scenario"]]
        unmeasured = row["unmeasured"]
        if unmeasured == row["children"]:
            return {"share": "", "told": words("web.headline.nothing"), "choice": ""}
        counts = row["covered"], row["children"] - unmeasured
        covered, measured = (format_whole(n, words.language) for n in counts)
        parts = [words("web.headline.counts", covered=covered, measured=measured)]
        if self.has_range:
            low, high = (say_share(of[one]["share"], words) for one in ("low", "high"))
            parts.append(words("web.headline.range", low=low, high=high))
        if unmeasured:
            parts.append(words.say_count("web.headline.unmeasured", unmeasured))
        chosen = [switch[0]["name"] for switch in self.list_switches(words).values()]
        return {
            "share": say_share(row["share"], words),
            "told": join_sentences(parts),
            "choice": words.join_series(chosen),
        }


def _say_range(low: float, high: float, words: Texts) -> str:
    ends = {"low": low, "high": high}
    if any(math.isnan(one) for one in ends.values()):
        return ""
    return words("web.range", **{name: say_share(one, words) for name, one in ends.items()})


def _thin(column: pd.Series) -> int | list[int]:
    """Write a column; one number that is the same everywhere stands there once."""
    numbers = column.astype("int64").tolist()
    return numbers[0] if len(set(numbers)) == 1 else numbers
