"""Reading the web map from outside, and the texts that try to run in it."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import shapely

from stemgeo.maps.text import say_share
from stemgeo.speech import format_whole
from stemgeo.texts import load_texts

HACK = "window.HACKED=1,document.title='HACKED'"
PAYLOADS = (
    f"<script>{HACK}</script>",
    f"</script><script>{HACK}</script>",
    f"<img src=x onerror={HACK}>",
    f"`${{{HACK}}}`",
    f"${{{HACK}}}",
    f"`+({HACK})+`",
    f"');{HACK};//",
    f'");{HACK};//',
    f"\\');{HACK};//",
    "{{7*7}}",
    "{% raw %}",
    "{# weg #}",
    "&lt;b&gt;",
    f"</title><svg onload={HACK}>",
    f'" autofocus onfocus="{HACK}',
    f"-->]]>{HACK}",
    "'\"`",
)
ALL_PAYLOADS = " ".join(PAYLOADS)


class Page(HTMLParser):
    """What a browser would make of a page: its tags, and the text of each."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text, with the tag that was last opened."""
        if self.tags:
            self.texts.append((self.tags[-1][0], data))

    def of(self, tag: str) -> list[str]:
        """Give the texts that follow a kind of tag."""
        return [said for where, said in self.texts if where == tag and said.strip()]

    @property
    def said(self) -> str:
        """Everything that can be read."""
        return " ".join(said for tag, said in self.texts if tag not in {"script", "style"})


@lru_cache(maxsize=2)
def data_of(page: str) -> dict[str, Any]:
    """What the page's script draws from; not to be changed."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def counts_of(page: str, ground: str, band: str = "all", *of: str) -> list[dict[str, int]]:
    """The counts of each place of a ground, of ages, roads ("all") and a speed ("central")."""
    figures = data_of(page)["figures"]
    laid, (roads, speed) = figures["counts"][ground], of or ("all", "central")
    size = len(data_of(page)["tables"][ground]["rows"])
    columns = {"children": laid["children"]}
    columns |= {name: laid[name][roads][speed] for name in ("covered", "unmeasured")}
    sums = {
        name: np.sum(
            [np.broadcast_to(column[one], size) for one in figures["parts"][band]], axis=0
        ).tolist()
        for name, column in columns.items()
    }
    sums["uncovered"] = [a - b - c for a, b, c in zip(*sums.values(), strict=True)]
    return [dict(zip(sums, row, strict=True)) for row in zip(*sums.values(), strict=True)]


def told(page: str, ground: str) -> list[dict[str, str]]:
    """What pointing at each shape of a ground tells at first."""
    table = data_of(page)["tables"][ground]
    if "figures" not in table:
        return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    language = dict(Page(page).tags)["html"]["lang"] or ""
    words, rows = load_texts(language), []
    for own, counts in zip(map(iter, table["rows"]), counts_of(page, ground), strict=True):
        figures = {name: format_whole(count, language) for name, count in counts.items()}
        measured = counts["covered"] + counts["uncovered"]
        figures["share"] = say_share(
            counts["covered"] / measured if measured else float("nan"), words
        )
        rows.append([figures.get(name) or next(own) for name in table["figures"]])
    return [dict(zip(table["columns"], row, strict=True)) for row in rows]


def shares_of(page: str) -> dict[str, dict[str, str]]:
    """The tooltip's figures of each municipality, by name."""
    return {row["Gemeente"]: row for row in told(page, "municipalities")}


@lru_cache(maxsize=2)
def _arcs_of(page: str) -> list[list[list[float]]]:
    topology = data_of(page)["topology"]
    scale, move = topology["transform"]["scale"], topology["transform"]["translate"]
    return [(np.cumsum(arc, axis=0) * scale + move).tolist() for arc in topology["arcs"]]


def decoded(page: str, ground: str) -> list[shapely.Geometry]:
    """Read the shapes of a ground out of the topology, in degrees, by the format's own rules."""
    topology, arcs = data_of(page)["topology"], _arcs_of(page)

    def ring(numbers: list[int]) -> list[list[float]]:
        points: list[list[float]] = []
        for number in numbers:
            arc = arcs[number] if number >= 0 else arcs[~number][::-1]
            points += arc[1 if points else 0 :]
        return points

    shapes = []
    for geometry in topology["objects"][ground]["geometries"]:
        parts = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        polygons = [shapely.Polygon(ring(own), [ring(h) for h in holes]) for own, *holes in parts]
        shapes.append(polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons))
    return shapes
