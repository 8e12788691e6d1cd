"""What the pages of a site are made of, whatever their language: rows, places, pictures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stemgeo.coverage import ALL_BANDS, REGION
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.files import clean_text
from stemgeo.inputs.territory import PARTLY, PROVINCE_CODES
from stemgeo.inputs.vintages import list_former, name_of
from stemgeo.maps.series import choose_classes, lighten_outlines
from stemgeo.maps.text import is_moved, mark_moved
from stemgeo.profiles import QUIET
from stemgeo.publish.cells import CellTable
from stemgeo.publish.pictures import PictureGround, PlacePicture, ShapeLayer
from stemgeo.report.outcome import FINEST_DETAIL_M
from stemgeo.study import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import shapely

    from stemgeo.publish.cells import Row
    from stemgeo.report.outcome import Tables

COUNTED = ("coverage", "groups")
"""Tables of several levels, of which a site tells the large ones."""
_LEVELS = ("region", "province", "municipality")
OF_TOWNS = {
    "coverage": "code",
    "groups": "code",
    "annex-1-municipalities": "nis_code",
    "academies": "nis_code",
    "gap-municipalities": "nis_code",
    "gaps": "",
    "candidate-municipalities": "nis_code",
    "to-check": "nis_code",
    "verdicts": "nis_code",
}
"""Tables that can be downloaded, whole and by municipality, by the column that names it."""
MOST_ROWS = 10
"""So many gaps and streets of a municipality stand in its page; all of them in its files."""
_DETAIL_M = 15.0


class SiteTown(NamedTuple):
    """A municipality: its place among them, its code, name and province."""

    number: int
    code: str
    name: str
    province: str


class Former(NamedTuple):
    """A code that a municipality no longer has, its name then, and the one that took it in."""

    code: str
    name: str
    since: SiteTown


@dataclass(frozen=True)
class Stock:
    """A result, laid out by place.

    Attributes
    ----------
    result
        Of a run, in its folder.
    """

    result: Tables

    @cached_property
    def sheets(self) -> dict[str, CellTable]:
        """The tables by name, as far as the result has them."""
        found = {}
        for name in (*OF_TOWNS, "provinces"):
            # Some are made on demand alone, and of those a field is None.
            if getattr(self.result, name.replace("-", "_"), "") is not None:
                whole = CellTable.from_result(name, self.result)
                found[name] = whole.keep("level", _LEVELS) if name in COUNTED else whole
        return found

    @cached_property
    def towns(self) -> list[SiteTown]:
        """The municipalities in the order of their codes, which name their pages: five digits."""
        table = self.places
        named = zip(table["nis_code"], table["name"], table["province"], strict=True)
        return [SiteTown(number, *map(str, one)) for number, one in enumerate(named)]

    @cached_property
    def provinces(self) -> dict[str, str]:
        """The codes of the pages of the provinces, by what tables call them."""
        there = {town.province for town in self.towns}
        ranked = sorted(there, key=lambda one: (_rank(one), one))
        return {one: _code_of_province(one) for one in ranked}

    @cached_property
    def former(self) -> list[Former]:
        """The codes that mergers took away, of municipalities that are there."""
        known = {town.code: town for town in self.towns}
        return [
            Former(code, name or name_of(code), known[since])
            for code, name, since in sorted(list_former(self.result.study.about.vintage))
            if since in known and code not in known
        ]

    @cached_property
    def moved(self) -> frozenset[str]:
        """The ids of the academies that a plan moves: they are there, and not planned."""
        return frozenset(self.academies.loc[is_moved(self.academies), "academy_id"])

    @cached_property
    def academies(self) -> gpd.GeoDataFrame:
        """Those of the result, each with whether a plan has `moved` it."""
        return mark_moved(self.result.academies, self.result.plan_changes)

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """The municipalities with light outlines, in the order of their codes."""
        full = self.result.municipalities.sort_values("nis_code", ignore_index=True)
        return full.set_geometry(lighten_outlines(full.geometry, FINEST_DETAIL_M))

    @cached_property
    def by_town(self) -> dict[str, dict[str, list[Row]]]:
        """The rows of each table by municipality."""
        found: dict[str, dict[str, list[Row]]] = {}
        for name, sheet in self.sheets.items():
            column = OF_TOWNS.get(name, "")
            if column:
                found[name] = sheet.group(column)
        found["gaps"] = {
            code: [self.get("gaps", row.cells["gap_id"]) for row in rows]
            for code, rows in found["gap-municipalities"].items()
        }
        return found

    def get(self, name: str, *key: str) -> Row:
        """Give the row of a table that other tables speak of.

        Parameters
        ----------
        name
            Of the table.
        *key
            Of the row.

        Raises
        ------
        ResultError
            If it is not there: tables of a folder need not be of one run.
        """
        row = self.sheets[name].find(*key)
        if row is None:
            what = f"{name}.csv has no row of {clean_text(' '.join(key))}, which other tables name"
            raise ResultError(Problem(str(self.result.folder), what, "run the study again"))
        return row

    def rows_of(self, name: str, code: str) -> list[Row]:
        """Give the rows of a table that are of a municipality."""
        return self.by_town.get(name, {}).get(code, [])

    def list_gaps(self, code: str, profile: str) -> list[tuple[Row, Row]]:
        """Give the gaps of a municipality, most of its children first, each beside its own row."""
        pairs = zip(
            self.rows_of("gap-municipalities", code), self.rows_of("gaps", code), strict=True
        )
        own = [(here, gap) for here, gap in pairs if gap.cells["profile"] == profile]
        return sorted(own, key=lambda pair: -int(pair[0].cells["uncovered"]))

    def list_streets(self, code: str) -> list[Row]:
        """Give the streets to check over the roads that are quiet to most, most ridden first."""
        rows = self.rows_of("to-check", code)
        own = [row for row in rows if row.cells["profile"] == self.checked]
        return sorted(own, key=lambda row: (-int(row.cells["children"]), int(row.cells["way"])))

    @cached_property
    def profiles(self) -> list[str]:
        """Over which roads it was measured, all of them first."""
        there = set(self.result.coverage["profile"].unique())
        return [one for one in ("all", *QUIET) if one in there]

    @property
    def checked(self) -> str:
        """The quiet roads whose streets to check pages name."""
        return next((one for one in self.profiles if one in QUIET), "")

    @cached_property
    def bands(self) -> list[str]:
        """All ages, and each band where there are several."""
        own = [band.name for band in self.result.study.travel.bands]
        return [ALL_BANDS, *(own if len(own) > 1 else [])]

    @cached_property
    def classes(self) -> Sequence[float]:
        """The bounds of the shares on all pictures, percent."""
        shares = self.result.municipalities["share"]
        return choose_classes(self.result.study.output.classes, shares).bounds

    @cached_property
    def ground(self) -> PictureGround:
        """What pictures are drawn of."""
        result = self.result
        gaps = result.gaps[result.gaps["profile"] == "all"].geometry
        around, roads = result.surroundings, result.main_roads
        beside = [] if around is None else around[around["kind"] == "municipality"].geometry
        lines = [] if roads is None else roads.geometry.simplify(_DETAIL_M).to_numpy()
        return PictureGround(
            self.places,
            self._zones,
            self.classes,
            ShapeLayer.of_parts(gaps.simplify(_DETAIL_M).to_numpy()),
            self.academies,
            ShapeLayer.of_parts(lines),
            ShapeLayer(np.array([*self.places.geometry, *beside], dtype=object)),
        )

    @cached_property
    def _zones(self) -> gpd.GeoDataFrame | None:
        if self.result.study.inputs.zones is None:
            return None
        zones = self.result.zones
        return zones.set_geometry(lighten_outlines(zones.geometry, _DETAIL_M))

    @cached_property
    def _ways(self) -> Mapping[int, shapely.Geometry]:
        lines = self.result.to_check_lines
        if lines is None:
            return {}
        return dict(zip(lines["way"].astype(int), lines.geometry, strict=True))

    @cached_property
    def _best(self) -> Mapping[str, shapely.Point]:
        there = self.result.candidate_places
        there = there[there["adds"] > 0]
        return dict(zip(there["nis_code"], there.geometry, strict=True))

    def draw_town(self, town: SiteTown) -> PlacePicture:
        """Draw the picture of a municipality."""
        ways = (int(row.cells["way"]) for row in self.list_streets(town.code)[:MOST_ROWS])
        streets = [self._ways[one] for one in ways if one in self._ways]
        return self.ground.draw_town(town.number, streets, self._best.get(town.code))


def _rank(province: str) -> int:
    plain = province.removesuffix(PARTLY.format(""))
    return PROVINCES.index(plain) if plain in PROVINCES else len(PROVINCES)


_CODES = {name: code for code, name in PROVINCE_CODES.items()}


def _code_of_province(name: str) -> str:
    """Give the NIS code of a province; of what is none a word that hangs on its name alone."""
    plain = name.removesuffix(PARTLY.format(""))
    return _CODES.get(plain) or f"p-{hashlib.sha256(name.encode()).hexdigest()[:10]}"


REGION_CODE = REGION[0]
"""Of all of the study in its tables."""
