"""The places of a plan: what would be, beside the register of what is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from stemgeo.inputs.academies import DAYS, RegisterKind, empty_register, read_register
from stemgeo.inputs.files import OpenedFile, clean_text, open_input
from stemgeo.inputs.placing import PlaceSources
from stemgeo.inputs.provenance import Provenance
from stemgeo.notes import say, say_list

if TYPE_CHECKING:
    from collections.abc import Collection

    from stemgeo.errors import Findings
    from stemgeo.study import Input

CANDIDATES = RegisterKind(role="candidates", made_id="K", thing="candidate place", once=True)
PLACES = RegisterKind(role="plan", made_id="PLAN-", thing="planned place")


def load_places(
    given: Input,
    kind: RegisterKind,
    register: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    findings: Findings,
    ages: Collection[int] = (),
    sources: PlaceSources | None = None,
) -> tuple[gpd.GeoDataFrame, Provenance | None]:
    """Read the places of a plan, or those where an academy could come; problems go to `findings`.

    Parameters
    ----------
    given
        A file in the form of the register; coordinates are enough.
    kind
        PLACES, or CANDIDATES: of these what lies outside the study or on another's spot stays, for
        whoever chooses among them to leave out and name.
    register
        As from `load_academies`: no place has the id of one of these.
    municipalities, findings, ages, sources
        As for `load_academies`.

    Returns
    -------
    (GeoDataFrame, Provenance or None)
        The columns of the register with `planned` true, without dates, by academy_id.
    """
    with open_input(given, kind.role, findings) as file:
        if file is None:
            return empty_register(), None
        own = replace(sources or PlaceSources(municipalities), corrections=None)
        table = read_register(file, kind, own, ages)
        if table.empty and not findings.errors:
            file.error("holds no place", f"give {kind.thing}s, or leave the file out")
        _refuse_known_ids(table, register, file)
        if kind == PLACES:
            _warn_of_known_spots(table, register, file)
        return _drop_days(table, file).assign(planned=True), file.provenance


def add_plan(register: gpd.GeoDataFrame, plan: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lay the places of a plan among the academies of a register, by academy_id."""
    parts = [part for part in (register, plan) if len(part)]
    if not parts:
        return register
    both = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=register.crs)
    return both.sort_values("academy_id", ignore_index=True)


def _refuse_known_ids(plan: gpd.GeoDataFrame, register: gpd.GeoDataFrame, file: OpenedFile) -> None:
    known = set(register["academy_id"])
    for one in plan.loc[plan["academy_id"].isin(known), "academy_id"]:
        file.error(
            f"the academy_id '{clean_text(one, 40)}' is also one of the register",
            "give the place another",
        )


def _warn_of_known_spots(
    plan: gpd.GeoDataFrame, register: gpd.GeoDataFrame, file: OpenedFile
) -> None:
    """Name planned places that stand exactly where an academy is: they may be that academy."""
    spots = register.geometry.to_wkb(hex=True)
    there = dict(zip(spots, register["name"], strict=True))
    at = plan.geometry.to_wkb(hex=True)
    for spot, name in zip(at, plan["name"], strict=True):
        if spot in there:
            known = clean_text(there[spot])
            file.warn(
                say(
                    "{name} stands exactly where {known} of the register is",
                    "{name} staat precies waar {known} uit het register staat",
                    "{name} est exactement là où se trouve {known} du registre",
                    name=clean_text(name),
                    known=known,
                ),
                say("check it", "ga dat na", "vérifiez-le"),
            )


def _drop_days(plan: gpd.GeoDataFrame, file: OpenedFile) -> gpd.GeoDataFrame:
    dated = plan.loc[plan[list(DAYS)].notna().any(axis=1), "name"]
    if len(dated):
        file.warn(
            say(
                "the dates of {names} are not used",
                "de datums van {names} zijn niet gebruikt",
                "les dates de {names} ne sont pas utilisées",
                names=say_list(dated.tolist()),
            ),
            say(
                "a place of a plan counts as open on any day",
                "een plaats van een plan telt op elke dag als open",
                "un lieu d’un plan compte comme ouvert chaque jour",
            ),
        )
    never = pd.Series(pd.NaT, index=plan.index, dtype="datetime64[s]")
    return plan.assign(**dict.fromkeys(DAYS, never))
