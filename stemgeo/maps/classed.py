"""What kinds of maps share: places in classes, the hatches over them, and their counts in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stemgeo.maps.page import INK, Key, Looks
from stemgeo.maps.series import NO_CLASS, choose_line_colour, find_partly_measured
from stemgeo.maps.sheet import Fill
from stemgeo.speech import to_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from stemgeo.texts import Texts

MUNICIPALITY_LINE = 0.4
NO_FIGURE: Looks = {
    "facecolor": "white",
    "edgecolor": "#6f6f6f",
    "hatch": "//////",
    "linewidth": 0.35,
}
PARTLY: Looks = {"facecolor": "none", "edgecolor": INK, "hatch": "\\\\\\", "linewidth": 0.35}


def line_looks(colour: str, width: float = MUNICIPALITY_LINE, **more: Any) -> Looks:
    """Line each class so that two places of the same class stay apart (3:1 or more).

    Parameters
    ----------
    colour
        Of the ground.
    width
        Of the line, points.
    **more
        Other looks, as matplotlib calls them.
    """
    return {
        "facecolor": colour,
        "edgecolor": choose_line_colour(colour),
        "linewidth": width,
        **more,
    }


@dataclass(frozen=True)
class Classed:
    """Places in classes: how each class looks, and the class of each place.

    Attributes
    ----------
    places
        With a figure each.
    numbers
        The class of each, `NO_CLASS` where there is no figure.
    labels, looks
        Of each class.
    noun
        What is counted: a key below "map.count".
    words
        Of a language.
    figure
        Column of the figure; one that speaks for less than half of the children is hatched over.
        Empty where that cannot be.
    """

    places: GeoDataFrame
    numbers: NDArray[np.int64]
    labels: Sequence[str]
    looks: Sequence[Looks]
    noun: str
    words: Texts
    figure: str = ""

    def format_count(self, count: int) -> str:
        """Write a number of such places."""
        return self.words.say_count(f"map.count.{self.noun}", count)

    @property
    def colours(self) -> list[str]:
        """The ground of each class."""
        return [str(looks["facecolor"]) for looks in self.looks]

    @property
    def counts(self) -> list[int]:
        """How many places each class has."""
        return [int((self.numbers == number).sum()) for number in range(len(self.labels))]

    @property
    def count_without(self) -> int:
        """How many places have no figure."""
        return int((self.numbers == NO_CLASS).sum())

    @property
    def is_partly(self) -> NDArray[np.bool_]:
        """Which places have a figure that speaks for less than half of their children."""
        if not self.figure:
            return np.zeros(len(self.places), dtype=bool)
        return find_partly_measured(self.places, self.figure)

    @property
    def fills(self) -> list[Fill]:
        """Colour each class by itself: an empty class cannot shift the colours of the others."""
        areas, partly, fills = self.places.geometry, self.is_partly, []
        for place, looks in enumerate(self.looks):
            members = self.numbers == place
            fills.append(Fill(areas[members], looks))
            if self.figure:
                hatched = {**PARTLY, "edgecolor": choose_line_colour(looks["facecolor"])}
                fills.append(Fill(areas[members & partly], hatched, 3.5))
        return [*fills, Fill(areas[self.numbers == NO_CLASS], NO_FIGURE)]

    @property
    def names(self) -> list[str]:
        """The class of each place in words."""
        nothing = self.words("map.no_figure")
        return [nothing if n == NO_CLASS else self.labels[n] for n in self.numbers]

    @property
    def rows(self) -> pd.DataFrame:
        """The places with their class in words."""
        rows: pd.DataFrame = self.places.assign(**{"class": self.names})
        return rows

    @property
    def keys(self) -> list[Key]:
        """Each class with its count, for the legend."""
        parts = zip(self.labels, self.looks, self.counts, strict=True)
        return [Key(label, looks, self.format_count(count)) for label, looks, count in parts]

    @property
    def hatches(self) -> list[Key]:
        """Explain the hatches: no figure, and where there is one, a figure for less than half."""
        told = {"no_figure": (self.count_without, NO_FIGURE)}
        if partly := int(self.is_partly.sum()):
            told["partly_measured"] = partly, PARTLY
        return [
            Key(f"{self.words(f'map.{key}')} ({self.format_count(count)})", looks)
            for key, (count, looks) in told.items()
        ]

    @property
    def class_sentence(self) -> str:
        """Each class with its count, in a sentence."""
        parts = zip(self.labels, self.counts, strict=True)
        counted = (self.words.join_pair(label, self.format_count(count)) for label, count in parts)
        return f"{self.words.join_series(counted)}."


def name_extremes(
    places: pd.DataFrame, figure: str, told: Callable[[float], str], words: Texts, *leads: str
) -> list[str]:
    """Name the three first at each end; equal figures in order of name.

    Parameters
    ----------
    places
        With `name` and the figure.
    figure
        Its column.
    told
        Writes a figure.
    words
        Of a language.
    leads
        What leads the three highest, then the three lowest: keys below "map.alt", or empty.
    """
    known = places[places[figure].notna()]
    found = []
    for lead, ascending in zip(leads, (False, True), strict=False):
        ranked = known.sort_values([figure, "name"], ascending=[ascending, True]).head(3)
        if lead and len(ranked):
            named = zip(ranked["name"], ranked[figure], strict=True)
            said = ", ".join(f"{to_one_line(name)} ({told(value)})" for name, value in named)
            found.append(words(f"map.alt.{lead}", named=said))
    return found
