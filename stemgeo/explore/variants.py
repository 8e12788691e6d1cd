"""What would change, as a register has it: a variant of the page laid out in rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from stemgeo.explore.messages import WrongMessage, to_lambert
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.academies import COLUMNS, DAYS, empty_register
from stemgeo.inputs.placing import AS_GIVEN
from stemgeo.inputs.vectors import find_codes
from stemgeo.notes import clean_text, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stemgeo.explore.messages import PlacedAcademy, Spot, Variant


@dataclass(frozen=True)
class Laid:
    """A variant in the rows of a register.

    Attributes
    ----------
    placed
        Those that come, and those that move at their new place: the columns of the register.
    moved, closed
        Ids of the register that move, and that close.
    """

    placed: gpd.GeoDataFrame
    moved: tuple[str, ...]
    closed: tuple[str, ...]

    @property
    def going(self) -> tuple[str, ...]:
        """Ids that are gone from where they were."""
        return *self.moved, *self.closed


def lay_out(variant: Variant, register: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame) -> Laid:
    """Lay a variant out in rows.

    Parameters
    ----------
    variant
        What would change.
    register
        All academies, as from `load_academies`.
    municipalities
        Of the study.

    Raises
    ------
    WrongMessage
        If one closes or moves that the register does not have, or one comes or changes twice.
    """
    moved = tuple(one.id for one in variant.moved)
    _refuse_wrong(variant, set(register["academy_id"]))
    new = _as_rows(variant.placed)
    rows = register.set_index("academy_id", drop=False).loc[list(moved)].reset_index(drop=True)
    parts = [part for part in (new, rows) if len(part)]
    both = pd.concat(parts, ignore_index=True) if parts else empty_register()
    every: list[Spot] = [*variant.placed, *variant.moved]
    at = to_lambert([one.lon for one in every], [one.lat for one in every])
    spots = gpd.GeoSeries(gpd.points_from_xy(*at), crs=LAMBERT_72)
    codes = find_codes(spots, municipalities, "nis_code")
    there = dict(AS_GIVEN) | {"planned": True, "nis_code": codes}
    placed = gpd.GeoDataFrame(both.assign(**there), geometry=spots, crs=LAMBERT_72)
    placed = placed[list(COLUMNS)].sort_values("academy_id", ignore_index=True)
    return Laid(placed, moved, variant.closed)


def _as_rows(placed: tuple[PlacedAcademy, ...]) -> pd.DataFrame:
    """Give what is known of academies that would come; the rest is as a register leaves it."""
    bare = pd.DataFrame(empty_register()).drop(columns="geometry").reindex(range(len(placed)))
    ages = {
        name: pd.array([getattr(one, name) for one in placed], dtype="Int64")
        for name in ("min_age", "max_age")
    }
    days = {
        name: pd.to_datetime(pd.Series([getattr(one, name) for one in placed], dtype=object))
        for name in DAYS
    }
    return bare.assign(
        academy_id=[one.id for one in placed],
        name=[one.name or one.id for one in placed],
        **dict.fromkeys(("organisation", "postcode", "cost_eur"), ""),
        **ages,
        **{name: column.astype("datetime64[s]") for name, column in days.items()},
    )


def _refuse_wrong(variant: Variant, known: set[str]) -> None:
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
        raise WrongMessage(
            say(
                "{id}: changes twice; keep one of the changes",
                "{id}: verandert twee keer; houd één wijziging over",
                "{id} : change deux fois ; gardez une seule modification",
                id=clean_text(one),
            )
        )


def _list_twice(ids: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [one for one in ids if one in seen or seen.add(one)]  # type: ignore[func-returns-value]
