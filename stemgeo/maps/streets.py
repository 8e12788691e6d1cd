"""The layer of the web map with the streets to check: on them it depends who is within reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stemgeo.maps.themes import Shapes, Swatch, Theme, build_part
from stemgeo.maps.topology import STREETS
from stemgeo.profiles import QUIET
from stemgeo.speech import format_whole

if TYPE_CHECKING:
    import pandas as pd
    from geopandas import GeoDataFrame

    from stemgeo.maps.text import MapText
    from stemgeo.texts import Texts

MOST_STREETS = 2000
"""Of those that most children ride over: about half a megabyte, and as many as an eye can use."""
COLOUR = "#5e3c99"
"""Of the streets."""


@dataclass(frozen=True)
class StreetsToCheck:
    """The streets to check.

    Attributes
    ----------
    table
        The table `to-check`: a row for each municipality, kind of roads and way.
    lines
        The table `to-check-lines`: each way once.
    """

    table: pd.DataFrame
    lines: GeoDataFrame


def build_streets(streets: StreetsToCheck, places: GeoDataFrame, text: MapText) -> Theme | None:
    """Draw the streets over all grounds, with what nobody tagged and whom it concerns.

    Parameters
    ----------
    streets
        What there is.
    places
        `nis_code` and `name`, as the map has them.
    text
        Of the map.

    Returns
    -------
    Theme or None
        Not shown at first; None where no street is to be checked.
    """
    words, lines = text.words, streets.lines
    if lines.empty:
        return None
    drawn = lines.sort_values(["children", "way"], ascending=[False, True]).head(MOST_STREETS)
    drawn = drawn.reset_index(drop=True)
    profiles = [one for one in QUIET if one in set(streets.table["profile"])]
    ridden = [f"{words('head.of_street')}, {_name_roads(one, words)}" for one in profiles]
    heads = [words(one) for one in ("head.street", "web.column.municipality", "head.untagged")]
    ground = Shapes(
        STREETS,
        [*heads, *ridden, words("head.way")],
        _tell_streets(streets.table, drawn, _name_places(places), profiles, words),
        shapes=drawn.geometry,
    )
    counts = {"shown": len(drawn), "count": len(lines)}
    told = {name: format_whole(one, words.language) for name, one in counts.items()}
    return Theme(
        key=STREETS,
        name=words("annex.sheet.streets"),
        parts=[build_part(ground, STREETS, [{"color": COLOUR, "weight": 4, "opacity": 0.9}], 0)],
        grounds=[ground],
        overlay=True,
        heading=words("annex.sheet.streets"),
        swatches=[
            Swatch(
                COLOUR,
                words("annex.title.streets"),
                words.say_count("map.count.street", len(drawn)),
                kind="line",
            )
        ],
        notes=[
            *([words("web.streets_shown", **told)] if len(drawn) < len(lines) else []),
            words("meaning.of_street"),
        ],
    )


def _name_roads(profile: str, words: Texts) -> str:
    return QUIET[profile].roads.to_text(str(words.language))


def _name_places(places: GeoDataFrame) -> dict[str, str]:
    return dict(zip(places["nis_code"], places["name"], strict=True))


def _tell_streets(
    table: pd.DataFrame,
    drawn: GeoDataFrame,
    names: dict[str, str],
    profiles: list[str],
    words: Texts,
) -> list[list[str]]:
    """Tell of each street what the annex does: of each municipality whose share depends on it."""
    table = table.sort_values(["way", "nis_code"])
    rows: dict[int, dict[str, dict[str, str]]] = {}
    for way, code, profile, children in zip(
        *(table[one] for one in ("way", "nis_code", "profile", "children")), strict=True
    ):
        of_way = rows.setdefault(int(way), {}).setdefault(str(profile), {})
        of_way[str(code)] = format_whole(children, words.language)
    told = []
    for one in drawn.to_dict("records"):
        own = rows[int(one["way"])]
        towns = {code: names[code] for counts in own.values() for code in counts}
        untagged = str(one["untagged"]).replace(";", ", ")
        counts = [_tell_counts(own.get(profile, {}), towns, words) for profile in profiles]
        told.append(
            [str(one["street"]), ", ".join(towns.values()), untagged, *counts, str(one["way"])]
        )
    return told


def _tell_counts(counts: dict[str, str], towns: dict[str, str], words: Texts) -> str:
    """Write the children of each municipality; of the only one its number alone."""
    if len(towns) == 1:
        return "".join(counts.values())
    return ", ".join(words.join_pair(towns[code], count) for code, count in counts.items())
