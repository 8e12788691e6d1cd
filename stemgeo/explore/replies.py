"""What the server answers: a study as it is, and what a variant brings."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.coverage import KEYS, REGION, lay_side_by_side
from stemgeo.demand import served_ages
from stemgeo.explore.meaning import Meaning
from stemgeo.explore.messages import (
    BestPlace,
    BestReply,
    ChangedAcademy,
    ChangedRoad,
    ChangeReply,
    CostReply,
    FindReply,
    FoundPlace,
    GapReply,
    IsochroneReply,
    KnownAcademy,
    Named,
    PlaceFigures,
    StudyReply,
    WrongMessage,
    to_degrees,
    to_lambert,
)
from stemgeo.explore.road_desk import RoadDesk, lay_roads
from stemgeo.explore.snap_places import list_lacking
from stemgeo.explore.variants import Placer
from stemgeo.maps.series import choose_classes, choose_colours
from stemgeo.maps.switches import Switches
from stemgeo.maps.topology import sketch_places
from stemgeo.measure import UPPER
from stemgeo.notes import Said, clean_text, say, say_day, say_list
from stemgeo.report.summary import name_bands
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from stemgeo.explore.board import Board, Change
    from stemgeo.explore.cost import Cost
    from stemgeo.explore.messages import (
        BestRequest,
        ChangeRequest,
        Figures,
        FindRequest,
        IsochroneRequest,
        RoadReply,
        RoadRequest,
        RoadsRequest,
        StretchReply,
        StretchRequest,
        Variant,
    )
    from stemgeo.explore.variants import Laid
    from stemgeo.notes import Note

    Place = tuple[str, str]
    """Level and code."""
    Cell = tuple[str, str, str]
    """Profile, scenario and band."""

_OUTLINE_DECIMALS = 5
"""Of degrees: a metre, finer than outlines are drawn."""
_LEVEL_KEYS = [one for one in KEYS if one != "name"]
_ALL = "region", REGION[0]


class Desk:
    """An opened study, and what is answered of it.

    Parameters
    ----------
    board
        The study; it is asked by one at a time.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.study = board.study
        self.language = self.study.language
        self.meaning = Meaning.of(board)
        self.placer = Placer(board.register, board.municipalities)
        self.roads = RoadDesk(board)
        self._before = _gather_figures(board.coverage)

    # -- the study as it is -------------------------------------------------------------------

    @cached_property
    def study_reply(self) -> StudyReply:
        """All that no change changes."""
        text = self.board.text
        switches = self._switches.list_switches(text.words)
        towns = self.board.municipalities
        bounds = choose_classes(self.study.output.classes, self._shares).bounds
        west, south, east, north = towns.to_crs("EPSG:4326").total_bounds.tolist()
        return StudyReply(
            title=text.title,
            notice=text.notice,
            attribution=text.source,
            language=str(self.language),
            day=self.study.about.date,
            cutoff_min=self.study.travel.cutoff_min,
            bands=_name(switches["band"]),
            profiles=_name(switches["roads"]),
            scenarios=_name(switches["scenario"]),
            classes=bounds,
            colours=tuple(choose_colours(len(bounds) - 1)),
            words=text.words.list_below("explore"),
            bounds=(west, south, east, north),
            municipalities=self._draw_municipalities(),
            provinces=tuple(dict.fromkeys(sorted(self.board.municipalities["province"]))),
            academies=self._list_academies(),
            road_changes=self.roads.possible,
            places={
                level: tuple(self._tell_place(level, code, {}) for code in self._names[level])
                for level in UPPER
            },
            notes=(
                *((text.method_note,) if text.method_note else ()),
                *self.board.notes[str(self.language)],
                *self._tell(list_lacking(self.board.beside.mapped)),
            ),
        )

    @cached_property
    def _switches(self) -> Switches:
        rows = self.board.coverage
        return Switches(
            rows[rows["level"].isin(UPPER)], name_bands(self.study, load_texts(self.language))
        )

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        """The name of each place by its code, by level."""
        rows = self.board.coverage
        there = rows[rows["level"].isin(UPPER)].drop_duplicates(["level", "code"])
        return {
            str(level): dict(zip(part["code"], part["name"], strict=True))
            for level, part in there.groupby("level")
        }

    @property
    def _shares(self) -> pd.Series:
        """Of the municipalities: the share of all children, over all roads, at the usual speed."""
        rows = self.board.coverage[self.board.coverage["level"] == "municipality"]
        return lay_side_by_side(rows, "annex-1-municipalities", ["code"])["share"]

    @cached_property
    def _province_of(self) -> dict[str, str]:
        towns = self.board.municipalities
        return dict(zip(towns["nis_code"], towns["province"], strict=True))

    def _draw_municipalities(self) -> dict[str, Any]:
        """Draw outlines that fit together, simplified for a screen."""
        towns = self.board.municipalities
        light = sketch_places(towns, None)[0].to_crs("EPSG:4326")
        table = towns[["name", "province"]].assign(code=towns["nis_code"])
        rounded = shapely.transform(light.to_numpy(), lambda at: at.round(_OUTLINE_DECIMALS))
        drawn = gpd.GeoDataFrame(table, geometry=rounded, crs=light.crs)
        return dict(json.loads(drawn.to_json(drop_id=True)))

    def _list_academies(self) -> tuple[KnownAcademy, ...]:
        """List those of the register, whether they count on the day or not."""
        register = self.board.register
        lon, lat = to_degrees(register.geometry.x, register.geometry.y)
        open_ids = set(self.board.academies["academy_id"])
        return tuple(
            KnownAcademy(
                id=row["academy_id"],
                name=row["name"],
                lon=float(lon[at]),
                lat=float(lat[at]),
                min_age=_as_int(row["min_age"]),
                max_age=_as_int(row["max_age"]),
                valid_from=_as_day(row["valid_from"]),
                valid_until=_as_day(row["valid_until"]),
                address=row["address"],
                nis_code=row["nis_code"],
                open=row["academy_id"] in open_ids,
            )
            for at, row in enumerate(register.to_dict("records"))
        )

    # -- what a variant brings ----------------------------------------------------------------

    def lay_out(self, variant: Variant) -> Laid:
        """Lay a variant out in rows of the register.

        Raises
        ------
        WrongMessage
            If it names what is not there, or one academy twice.
        """
        return self.placer.lay_out(variant)

    def change(self, laid: Laid) -> Change:
        """Count what a variant brings."""
        ours = self.board.row_of
        going = [one for one in laid.going if one in ours]
        return self.board.change(laid.placed, going, laid.edits)

    def tell_change(self, asked: ChangeRequest) -> ChangeReply:
        """Answer what a variant brings.

        Parameters
        ----------
        asked
            The variant.

        Raises
        ------
        WrongMessage
            If it names what is not there, or one academy twice.
        """
        laid = self.lay_out(asked.variant)
        edits = self.roads.match(asked.variant.roads)
        change = self.change(laid)
        cost = self.meaning.tell_cost(change)
        moved = _gather_moved(change, self._province_of)
        changed = {level: [code for at, code in moved if at == level] for level in UPPER}
        places = {
            level: tuple(
                self._tell_place(level, code, moved.get((level, code), {}))
                for code in (changed[level] if level == "municipality" else self._names[level])
            )
            for level in UPPER
        }
        return ChangeReply(
            request=asked.request,
            places=places,
            cost=_tell_cost(cost),
            gaps=tuple(GapReply(**one._asdict()) for one in self.meaning.list_gaps(change)),
            academies=self._tell_academies(laid, change),
            roads=tuple(
                ChangedRoad(id=one.edit_id, length_m=self.roads.measure_m(one)) for one in edits
            ),
            notes=self._tell([*self._list_notes(laid, change), *cost.notes]),
        )

    def _tell(self, notes: Iterable[Said | Note]) -> tuple[str, ...]:
        return tuple(one.to_text(self.language) for one in notes)

    # -- around a place -----------------------------------------------------------------------

    def tell_isochrone(self, asked: IsochroneRequest) -> IsochroneReply:
        """Answer from where a place is reached."""
        x, y = to_lambert(asked.place.lon, asked.place.lat)
        self.roads.match(asked.roads)
        edits = lay_roads(asked.roads) if asked.roads else None
        drawn = self.meaning.draw_isochrone(float(x[0]), float(y[0]), edits)
        notes = self._tell(drawn.notes)
        return IsochroneReply(request=asked.request, areas=drawn.areas, notes=notes)

    def tell_stretch(self, asked: StretchRequest) -> StretchReply:
        """Answer which road is at a place."""
        return self.roads.tell_stretch(asked.request, asked.place.lon, asked.place.lat)

    def tell_road(self, asked: RoadRequest) -> RoadReply:
        """Answer where a road lies that would change.

        Raises
        ------
        WrongMessage
            If it has no place on the roads, or changes nothing.
        """
        return self.roads.tell_road(asked.request, asked.road)

    def tell_best(self, asked: BestRequest) -> BestReply:
        """Answer which place brings most beside a variant.

        Parameters
        ----------
        asked
            The variant, and over which roads.

        Raises
        ------
        WrongMessage
            If the variant cannot be, or the study has no such roads, or no such province.
        """
        if asked.profile not in self.board.ground.profiles:
            raise WrongMessage(_NO_ROADS)
        if asked.province not in {"", *self.study_reply.provinces}:
            raise WrongMessage(_NO_PROVINCE)
        if asked.variant.roads:
            why = _BEST_AS_READ.to_text(self.language)
            return BestReply(request=asked.request, place=None, why=why)
        change = self.change(self.lay_out(asked.variant))
        found = self.meaning.find_best(change, asked.profile, asked.province)
        place = None if found.place is None else BestPlace(**found.place)
        why = "" if found.why is None else found.why.to_text(self.language)
        return BestReply(request=asked.request, place=place, why=why)

    def tell_found(self, asked: FindRequest) -> FindReply:
        """Answer which places are called so, or are near."""
        near = None
        if asked.near is not None:
            x, y = to_lambert(*asked.near)
            near = float(x[0]), float(y[0])
        found = self.meaning.find_places(asked.text, near)
        places = tuple(FoundPlace(**one) for one in found.places)
        return FindReply(request=asked.request, places=places, notes=self._tell(found.notes))

    def draw_roads(self, asked: RoadsRequest) -> dict[str, Any]:
        """Draw the roads in a window by how quiet they are."""
        window = asked.around_belgium
        nothing = {"type": "FeatureCollection", "features": []}
        return nothing if window is None else self.meaning.draw_roads(*window)

    # -- parts --------------------------------------------------------------------------------

    def _tell_place(
        self, level: str, code: str, moved: dict[Cell, tuple[int, int]]
    ) -> PlaceFigures:
        """Give the figures of a place, with the children who are gained and lost."""
        figures: Figures = {}
        for cell, (children, covered, unmeasured) in self._before[level, code].items():
            gained, lost = moved.get(cell, (0, 0))
            profile, scenario, band = cell
            by_band = figures.setdefault(profile, {}).setdefault(scenario, {})
            by_band[band] = (children, covered + gained - lost, unmeasured, gained, lost)
        province = self._province_of.get(code, "") if level == "municipality" else ""
        return PlaceFigures(
            code=code, name=self._names[level][code], province=province, figures=figures
        )

    def _tell_academies(self, laid: Laid, change: Change) -> tuple[ChangedAcademy, ...]:
        """Tell of each that comes or moves where it is, if on a road, and if it counts."""
        placed = laid.placed
        if placed.empty:
            return ()
        at = zip(placed.geometry.x, placed.geometry.y, strict=True)
        snap_m = [self.board.search(*spot).snap_m for spot in at]
        counts = set(change.come["academy_id"])
        towns = self._names["municipality"]
        return tuple(
            ChangedAcademy(
                id=one,
                nis_code=code,
                municipality=towns.get(code, ""),
                found=away is None or bool(np.isfinite(away)),
                snap_m=None if away is None or not np.isfinite(away) else round(float(away), 1),
                counts=one in counts,
            )
            for one, code, away in zip(
                placed["academy_id"], placed["nis_code"], snap_m, strict=True
            )
        )

    def _list_notes(self, laid: Laid, change: Change) -> list[Said]:
        """Say which changes change nothing."""
        idle = [self.placer.find_name(one) for one in laid.closed if one not in self.board.row_of]
        notes = [_note_closed([clean_text(one) for one in idle])] if idle else []
        placed, come = laid.placed, set(change.come["academy_id"])
        names = dict(zip(placed["academy_id"], placed["name"], strict=True))
        away = [name for one, name in names.items() if one not in come]
        if away:
            notes.append(_note_not_open(away, self.study.about.date))
        first, last = served_ages(laid.placed, self.study.academies)
        cells = self.board.cells
        none = [
            name
            for name, low, high in zip(names.values(), first, last, strict=True)
            if not any(low <= cell.ages[0] and cell.ages[1] <= high for cell in cells)
        ]
        if none:
            notes.append(_note_ages(none))
        return notes


_BEST_AS_READ = Said(
    "the best next place is counted over the roads as they are: first take the changes of roads "
    "out of this variant, or ask `stemgeo site --edits`",
    "de beste volgende plaats wordt geteld over de wegen zoals ze zijn: neem eerst de wijzigingen "
    "van wegen uit deze variant, of vraag het aan `stemgeo site --edits`",
    "le meilleur lieu suivant se compte sur les routes telles quelles : retirez d’abord les "
    "modifications de routes, ou demandez-le à `stemgeo site --edits`",
)
_NO_PROVINCE = Said(
    "province: the study has no such province",
    "province: de studie heeft die provincie niet",
    "province : l’étude n’a pas cette province",
)
_NO_ROADS = Said(
    "profile: the study has no such roads",
    "profile: de studie heeft zulke wegen niet",
    "profile : l’étude n’a pas de telles routes",
)


def _tell_cost(cost: Cost) -> CostReply | None:
    """Give what is known of a cost; its notes are told beside it."""
    told = {name: value for name, value in cost._asdict().items() if name != "notes"}
    return None if cost.rules_year is None else CostReply(**told)


def _note_closed(names: list[str]) -> Said:
    return say(
        "{names}: is not open on the day of the study; closing it changes nothing",
        "{names}: is niet open op de dag van de studie; sluiten verandert niets",
        "{names} : pas ouvert le jour de l’étude ; fermer ne change rien",
        names=say_list(names),
    )


def _note_not_open(names: list[str], day: dt.date) -> Said:
    return say(
        "not open on {day}, and not counted: {names}",
        "niet open op {day}, en niet meegeteld: {names}",
        "fermé au {day}, et non compté : {names}",
        day=say_day(day),
        names=say_list(names),
    )


def _note_ages(names: list[str]) -> Said:
    return say(
        "{names}: serves no age of the study",
        "{names}: is voor geen leeftijd van de studie",
        "{names} : pour aucun âge de l’étude",
        names=say_list(names),
    )


def _gather_figures(coverage: pd.DataFrame) -> dict[Place, dict[Cell, tuple[int, int, int]]]:
    """Take the counts of the upper levels out of a coverage table, by place."""
    rows = coverage[coverage["level"].isin(UPPER)]
    found: dict[Place, dict[Cell, tuple[int, int, int]]] = {}
    columns = [*_LEVEL_KEYS, "children", "covered", "unmeasured"]
    for level, code, band, scenario, profile, *counts in _rows(rows, columns):
        children, covered, unmeasured = counts
        cells = found.setdefault((level, code), {})
        cells[profile, scenario, band] = (children, covered, unmeasured)
    return found


def _gather_moved(
    change: Change, province_of: Mapping[str, str]
) -> dict[Place, dict[Cell, tuple[int, int]]]:
    """Count the children gained and lost by place: what municipalities add up to is the rest."""
    towns = next(level for level in change.board.levels if level.name == "municipality")
    sums = change.add_up(towns)
    cells = [(profile, scenario, band) for band, scenario, profile in sums]
    by_town = np.stack([*sums.values(), np.zeros((2, len(towns.code)), np.int64)])[:-1]
    moved = np.flatnonzero(by_town.any(axis=(0, 1)))
    members: dict[Place, list[int]] = {}
    for town in moved.tolist():
        code = towns.code[town]
        for place in (("municipality", code), ("province", province_of[code]), _ALL):
            members.setdefault(place, []).append(town)
    return {
        place: dict(zip(cells, map(tuple, by_town[:, :, which].sum(axis=2).tolist()), strict=True))
        for place, which in members.items()
    }


def _rows(table: pd.DataFrame, columns: list[str]) -> Iterable[list[Any]]:
    return zip(*(table[name].tolist() for name in columns), strict=True)  # type: ignore[return-value]


def _name(choices: list[dict[str, str]]) -> tuple[Named, ...]:
    return tuple(Named(**one) for one in choices)


def _as_int(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _as_day(value: Any) -> Any:
    return None if pd.isna(value) else pd.Timestamp(value).date()
