"""What would change, as a register has it: a variant of the page in rows, and as a file."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.explore.messages import (
    MovedAcademy,
    PlacedAcademy,
    Variant,
    WrongMessage,
    to_degrees,
    to_lambert,
)
from stemgeo.explore.road_desk import lay_roads
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.academies import COLUMNS, DAYS, TRAJECTORIES, empty_register
from stemgeo.inputs.files import unquote_formula
from stemgeo.inputs.placing import AS_GIVEN
from stemgeo.inputs.plan import CLOSED, MOVED, NEW, write_plan_text
from stemgeo.inputs.vectors import find_polygons
from stemgeo.notes import clean_text, say

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stemgeo.notes import Said


@dataclass(frozen=True)
class Laid:
    """A variant in the rows of a register.

    Attributes
    ----------
    placed
        Those that come, and those that move at their new place: the columns of the register.
    moved, closed
        Ids of the register that move, and that close.
    edits
        Of roads: the table `network_edits`; None without any.
    """

    placed: gpd.GeoDataFrame
    moved: tuple[str, ...]
    closed: tuple[str, ...]
    edits: gpd.GeoDataFrame | None

    @property
    def going(self) -> tuple[str, ...]:
        """Ids that are gone from where they were."""
        return *self.moved, *self.closed


class Placer:
    """Lays variants out in the rows of a register; what all of them need is worked out once.

    Parameters
    ----------
    register
        All academies, as from `load_academies`.
    municipalities
        Of the study.
    """

    def __init__(self, register: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame) -> None:
        self.register = register
        self._known = {row["academy_id"]: row for row in register.to_dict("records")}
        ranked = municipalities.sort_values("nis_code")
        self._outlines = ranked.geometry.to_numpy()
        shapely.prepare(self._outlines)
        # Behind them stands that of a place in none.
        self._codes = np.append(ranked["nis_code"].to_numpy(object), "")

    def find_name(self, academy_id: str) -> str:
        """Give the name of an academy of the register."""
        return str(self._known[academy_id]["name"])

    def lay_out(self, variant: Variant) -> Laid:
        """Lay a variant out in rows.

        Parameters
        ----------
        variant
            What would change.

        Raises
        ------
        WrongMessage
            If one closes or moves that the register does not have, or one comes or changes twice.
        """
        _refuse_wrong(variant, self._known.keys())
        both: list[PlacedAcademy | MovedAcademy] = [*variant.placed, *variant.moved]
        every = sorted(both, key=lambda one: one.id)
        at = to_lambert([one.lon for one in every], [one.lat for one in every])
        spots = gpd.points_from_xy(*at, crs=LAMBERT_72)
        towns = self._codes[find_polygons(np.asarray(spots), self._outlines)]
        # A cost of its own a place has from its row alone; that of the register is not counted.
        there = AS_GIVEN | {"planned": True, "cost_eur": ""}
        rows = [
            (_as_row(one) if isinstance(one, PlacedAcademy) else self._known[one.id])
            | there
            | {"nis_code": town}
            for one, town in zip(every, towns, strict=True)
        ]
        columns = {
            name: pd.Series([row[name] for row in rows], dtype=dtype)
            for name, dtype in _DTYPES.items()
        }
        placed = gpd.GeoDataFrame(columns, geometry=spots)
        moved = tuple(one.id for one in variant.moved)
        edits = lay_roads(variant.roads) if variant.roads else None
        return Laid(placed, moved, variant.closed, edits)


_DTYPES = {name: dtype for name, dtype in empty_register().dtypes.items() if name != "geometry"}
_DTYPES = {name: _DTYPES[name] for name in COLUMNS if name != "geometry"}


def _as_row(one: PlacedAcademy) -> dict[str, Any]:
    """Give what is known of an academy that would come; the rest is as a register leaves it."""
    told = {name: getattr(one, name) for name in ("min_age", "max_age", *DAYS)}
    bare = dict.fromkeys(("organisation", "postcode"), "") | dict.fromkeys(TRAJECTORIES)
    return told | bare | {"academy_id": one.id, "name": one.name or one.id}


# -- as a file --------------------------------------------------------------------------------


def write_variant(variant: Variant, laid: Laid, register: gpd.GeoDataFrame) -> str:
    """Write a variant as a plan file.

    Of those that move or close the register tells the rest, as it does when it changes: the file
    has their names alone, for its reader.

    Parameters
    ----------
    variant, laid
        The same, as a page has it and in rows.
    register
        All academies.
    """
    closed = register[register["academy_id"].isin(laid.closed)]
    nowhere = gpd.GeoSeries([None] * len(closed), index=closed.index, crs=LAMBERT_72)
    parts = [
        laid.placed.assign(change=laid.placed["academy_id"].isin(laid.moved).map(_CHANGE)),
        closed.assign(change=CLOSED, geometry=nowhere),
    ]
    plan = pd.concat([part for part in parts if len(part)], ignore_index=True)
    plan = gpd.GeoDataFrame(plan, crs=LAMBERT_72).sort_values("academy_id", ignore_index=True)
    bare = pd.DataFrame(empty_register()).reindex(plan.index).fillna({"organisation": ""})
    known = plan["change"] != NEW
    kept = {
        name: plan[name].where(~known, bare[name]).astype(bare[name].dtype)
        for name in ("organisation", "min_age", "max_age", *DAYS, "postcode", *TRAJECTORIES)
    }
    return write_plan_text(plan.assign(**kept, cost_eur="", variant=variant.name))


_CHANGE = {True: MOVED, False: NEW}


def read_variant(text: str) -> Variant | None:
    """Read a plan file that `write_variant` wrote; None where it is none such.

    Parameters
    ----------
    text
        Of a file. Whoever changed it made it another: see `VariantShelf`.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    try:
        by_change = {name: [row for row in rows if row["change"] == name] for name in _CHANGES}
        told = {
            "name": unquote_formula(rows[0]["variant"]),
            "placed": [_read_spot(row) | _read_rest(row) for row in by_change[NEW]],
            "moved": [_read_spot(row) for row in by_change[MOVED]],
            "closed": [unquote_formula(row["academy_id"]) for row in by_change[CLOSED]],
        }
        return Variant.model_validate_json(json.dumps(told))
    except (KeyError, IndexError, ValueError, TypeError, AttributeError):
        return None


_CHANGES = (NEW, MOVED, CLOSED)


def _read_spot(row: dict[str, str]) -> dict[str, Any]:
    lon, lat = to_degrees(float(row["x_lambert72"]), float(row["y_lambert72"]))
    return {
        "id": unquote_formula(row["academy_id"]),
        "lon": float(lon[0]),
        "lat": float(lat[0]),
    }


def _read_rest(row: dict[str, str]) -> dict[str, Any]:
    ages = {name: int(row[name]) for name in ("min_age", "max_age") if row[name]}
    return {"name": unquote_formula(row["name"]), **ages} | {
        name: row[name] for name in DAYS if row[name]
    }


# -- rows -------------------------------------------------------------------------------------


def _refuse_wrong(variant: Variant, known: Collection[str]) -> None:
    """Refuse what names no academy of the register, or names one twice."""
    changed = [*(one.id for one in variant.moved), *variant.closed]
    for one in changed:
        if one not in known:
            raise WrongMessage(
                say(
                    "{id}: is not known to the register",
                    "{id}: is niet bekend in het register",
                    "{id} : inconnu du registre",
                    id=clean_text(one),
                )
            )
    for one in _list_twice([road.id for road in variant.roads]):
        raise WrongMessage(_say_twice(one))
    coming = [one.id for one in variant.placed]
    for one in coming:
        if one in known:
            raise WrongMessage(
                say(
                    "{id}: is a number of the register; give the place another",
                    "{id}: is een nummer uit het register; geef de plaats een ander",
                    "{id} : est un numéro du registre ; donnez-en un autre au lieu",
                    id=clean_text(one),
                )
            )
    for one in _list_twice([*changed, *coming]):
        raise WrongMessage(_say_twice(one))


def _say_twice(one: str) -> Said:
    return say(
        "{id}: changes twice; keep one of the changes",
        "{id}: verandert twee keer; houd één wijziging over",
        "{id} : change deux fois ; gardez une seule modification",
        id=clean_text(one),
    )


def _list_twice(ids: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [one for one in ids if one in seen or seen.add(one)]  # type: ignore[func-returns-value]
