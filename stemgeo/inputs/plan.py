"""A plan: what would be opened, moved and closed, beside the register of what is."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from stemgeo.errors import InputError, Problem
from stemgeo.inputs.academies import (
    COLUMNS,
    RegisterKind,
    RegisterRows,
    empty_register,
    read_register,
    read_rows,
)
from stemgeo.inputs.columns import find_nearest, fold_label, know_label, list_meanings
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, quote_formula
from stemgeo.inputs.messages import report_rows, report_wrong, say_rows
from stemgeo.inputs.names import OF_PLANS
from stemgeo.inputs.placing import AS_GIVEN, PlaceSources
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_text
from stemgeo.notes import Said, say, say_count, say_list
from stemgeo.writing.whole import whole_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from stemgeo.errors import Findings
    from stemgeo.study import Input

CANDIDATES = RegisterKind(role="candidates", made_id="K", thing="candidate place", once=True)
PLACES = RegisterKind(role="plan", made_id="PLAN-", thing="planned place")
NEW, MOVED, CLOSED = "new", "moved", "closed"
"""What a plan does: opens a place, gives an academy of the register another, closes one."""
_WORDS = {
    NEW: " nieuw nieuwe nouveau nouvelle opened open geopend ouvert ouverte",
    MOVED: "moved move verplaatst verplaatsen verhuisd verhuizen deplace deplacee deplacer",
    CLOSED: "closed close gesloten sluiten ferme fermee fermer",
}
_MEANING = {word: change for change, words in _WORDS.items() for word in words.split(" ")}
_MEANING |= dict.fromkeys((NEW, ""), NEW)
_KEPT = [name for name in COLUMNS if name not in ("planned", "geometry", "cost_eur", *AS_GIVEN)]
"""What stays of an academy that moves, where its row does not say otherwise.

Not its cost: of the register that is not counted, of a place of a plan it is.
"""
_WRITTEN = ("academy_id", "change", *(one for one in _KEPT[1:] if one != "nis_code"), "cost_eur")


def load_places(
    given: Input,
    kind: RegisterKind,
    register: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    findings: Findings,
    ages: Collection[int] = (),
    sources: PlaceSources | None = None,
) -> tuple[gpd.GeoDataFrame, Provenance | None]:
    """Read a plan, or the places where an academy could come; problems go to `findings`.

    Parameters
    ----------
    given
        A file in the form of the register; coordinates are enough.
    kind
        PLACES, or CANDIDATES: of these what lies outside the study or on another's spot stays, for
        whoever chooses among them to leave out and name.
    register
        As from `load_academies`: no place has the id of one of these, but what is moved or closed.
    municipalities, findings, ages, sources
        As for `load_academies`.

    Returns
    -------
    (GeoDataFrame, Provenance or None)
        The columns of the register, by academy_id, with `planned` true. Of a plan also `change`:
        NEW, MOVED (what the register says of it, at its new place) or CLOSED (the row of the
        register, `planned` false).
    """
    with open_input(given, kind.role, findings) as file:
        if file is None:
            return _as_plan(empty_register()), None
        own = replace(sources or PlaceSources(municipalities), corrections=None)
        if kind == PLACES:
            # What could not be read is told: that its ids are not known would be told in vain.
            known = len(register) or not findings.errors
            table = _read_plan(file, register if known else None, own, ages)
        else:
            table = read_register(file, kind, own, ages).assign(planned=True)
            _refuse_known_ids(table, register, file)
        if table.empty and not findings.errors:
            file.error("holds no place", f"give {kind.thing}s, or leave the file out")
        return table, file.provenance


def apply_plan(register: gpd.GeoDataFrame, plan: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Do what a plan says to the academies of a register, which stay in their order of ids.

    Parameters
    ----------
    register, plan
        As from `load_academies` and `load_places`.
    """
    places = plan.loc[plan["change"] != CLOSED, list(COLUMNS)]
    return add_plan(register[~register["academy_id"].isin(list_changed(plan))], places)


def list_changed(plan: gpd.GeoDataFrame) -> list[str]:
    """List the academies of the register that a plan moves or closes, by their ids."""
    found: list[str] = plan.loc[plan["change"] != NEW, "academy_id"].tolist()
    return found


def add_plan(register: gpd.GeoDataFrame, plan: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Lay the places of a plan among the academies of a register, by academy_id."""
    parts = [part for part in (register, plan) if len(part)]
    if not parts:
        return register
    both = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=register.crs)
    return both.sort_values("academy_id", ignore_index=True)


def write_plan(
    places: gpd.GeoDataFrame,
    path: Path,
    refuse: Callable[[Path, Path], None] | None = None,
) -> None:
    """Write a plan as a file that `load_places` reads back as it was: whole, or not at all.

    Parameters
    ----------
    places
        The columns of a register, and `change`: without it all are new; `variant`, if it is there,
        is what the plan is called. Points in EPSG:31370 are kept to the millimetre. How a place was
        found is not: it stands where it stands.
    path
        The CSV.
    refuse
        Raises where what stands at `path`, its first argument, may not give way to the new file;
        when not given, nothing gives way.

    Raises
    ------
    InputError
        If an id is lacking or there twice, or what is no closing has no place; or if something
        stands there.
    WriteError
        If it cannot be written.
    """
    text = write_plan_text(places)
    with whole_files(path.parent, refuse or _refuse_any) as folder:
        (folder / path.name).write_text(text, encoding="utf-8", newline="")


def _refuse_any(place: Path, _: Path) -> None:
    raise InputError(Problem(str(place), "is there already", "choose another name"))


def write_plan_text(places: gpd.GeoDataFrame) -> str:
    """Give the text of the file that `write_plan` writes.

    Parameters
    ----------
    places
        As for `write_plan`.
    """
    table = _as_plan(places)
    _refuse_unwritable(table)
    names = [*_WRITTEN, *(one for one in ("variant",) if one in table)]
    columns = [[_write_cell(one) for one in table[name]] for name in names]
    there = (table.geometry.notna() & ~table.geometry.is_empty).to_numpy()
    for axis in ("x", "y"):
        at = getattr(table.geometry.where(there), axis)
        columns.append(
            [_write_metres(one) if known else "" for one, known in zip(at, there, strict=True)]
        )
    content = io.StringIO()
    writer = csv.writer(content, lineterminator="\n")
    writer.writerow([*names, "x_lambert72", "y_lambert72"])
    writer.writerows(zip(*columns, strict=True))
    return content.getvalue()


def _write_metres(value: float) -> str:
    """Write metres to the millimetre; the mark of 1.234 would as well stand between thousands."""
    return f"{value:.3f}" if abs(value) >= _THOUSAND else f"{value:.4f}"


_THOUSAND = 1000


def _write_cell(value: Any) -> str:
    """Write one value: days as ISO 8601, what is missing as nothing."""
    if pd.isna(value):
        return ""
    return quote_formula(f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value))


def _refuse_unwritable(table: gpd.GeoDataFrame) -> None:
    """Refuse what would not be read back."""
    ids = table["academy_id"].astype(str)
    bare = (table.geometry.isna() | table.geometry.is_empty) & (table["change"] != CLOSED)
    wrong = {
        "has no academy_id": ids[ids == ""],
        "is there twice": ids[ids.duplicated() & (ids != "")],
        "has no place": ids[bare],
        "is neither new, moved nor closed": ids[~table["change"].isin([NEW, MOVED, CLOSED])],
    }
    problems = [
        Problem(f"plan, {clean_text(one, 40) or 'a place'}", what)
        for what, found in wrong.items()
        for one in found
    ]
    if problems:
        raise InputError(*problems)


def _as_plan(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a register the column of a plan: all are new where there is none."""
    return table if "change" in table else table.assign(change=pd.Series(NEW, table.index, str))


# -- reading ----------------------------------------------------------------------------------


def _read_plan(
    file: OpenedFile,
    register: gpd.GeoDataFrame | None,
    sources: PlaceSources,
    ages: Collection[int],
) -> gpd.GeoDataFrame:
    """Read what a plan opens, moves and closes; without a register any id may be of one."""
    rows = read_rows(file, PLACES, sources, OF_PLANS, lambda raw: _closes_any(raw, file))
    if rows is None:
        return _as_plan(empty_register())
    change = _read_changes(rows)
    _refuse_wrong_ids(rows, change)
    if register is None:
        register = empty_register()
    else:
        _refuse_unknown_ids(rows, change, register)
    known = register.drop_duplicates("academy_id").set_index("academy_id", drop=False)
    gone = change == CLOSED
    ids = rows.table["academy_id"]
    closed = known.loc[[one for one in dict.fromkeys(ids[gone]) if one in known.index]]
    _warn_of_unused_places(rows.take(gone), closed)
    table = empty_register()
    if not gone.all():
        placed, moves = rows.take(~gone), (change == MOVED)[~gone]
        table = placed.place(sources)
        table = _keep_what_is_known(table, moves & ids[~gone].isin(known.index), known)
        table = placed.check(table, sources).assign(planned=True)
    table = table.assign(change=_name_changes(table["academy_id"], {*ids[change == MOVED]}))
    said = ids[rows.table["postcode"] != ""]
    _warn_of_postcodes(table[~table["academy_id"].isin(said)], known, file)
    _note_counts(table, closed, file)
    rows.note(table, ages)
    _warn_of_spots(table, register, closed, file)
    whole = add_plan(table, closed.assign(change=CLOSED))
    return whole.drop_duplicates("academy_id", ignore_index=True)  # twice is an error already


def _name_changes(ids: pd.Series, moved: Collection[str]) -> pd.Series:
    return ids.isin(moved).map({True: MOVED, False: NEW}).astype(str)


def _closes_any(raw: pd.DataFrame, file: OpenedFile) -> bool:
    """Whether a row closes an academy, and so needs no place."""
    meanings = list_meanings({"change": OF_PLANS["change"]})
    own = file.chosen.get("change")
    return any(
        _mean(text) == CLOSED
        for name in raw.columns
        if str(name) == own or know_label(file.label_of(name), meanings) in meanings
        for text in as_text(raw[name]).unique()
    )


def _mean(text: str) -> str:
    """Read what is to become of an academy; empty where it is not known."""
    return _MEANING.get(fold_label(text), "")


def _read_changes(rows: RegisterRows) -> pd.Series:
    """Read what each row does; what is not known is told, and empty."""
    if "change" not in rows.found:
        return pd.Series(NEW, index=rows.raw.index, dtype=str)
    text = as_text(rows.raw[rows.found["change"]])
    change = text.map(_mean).astype(str)
    must = "new, moved or closed"
    report_wrong(text, change == "", must, rows.file, f"write one of these, empty is {NEW}")
    return change


def _refuse_wrong_ids(rows: RegisterRows, change: pd.Series) -> None:
    """Refuse ids that are lacking or there twice."""
    file, kind = rows.file, str(rows.raw.index.name)
    own, said = rows.found.get("academy_id"), change.isin([MOVED, CLOSED])
    ids = rows.table["academy_id"]
    bare = pd.Series(data=True, index=ids.index) if own is None else as_text(rows.raw[own]) == ""
    for row in ids.index[bare & said].tolist():
        what = f"is {change[row]}, and no academy_id says which it is"
        file.error_at(f"{kind} {row}", what, "give the academy_id that the register has")
    report_rows(ids.index[(ids == "") & ~said], "no 'academy_id'", "give it one", file)
    ids = ids[~(bare & said) & (ids != "")]
    twice = ids[ids.duplicated(keep=False)]
    for one, group in twice.groupby(twice):
        done = say_list([word for word in dict.fromkeys(change[group.index]) if word])
        file.error_at(
            f"{kind} {say_list(group.index.tolist())}",
            f"the academy_id '{clean_text(str(one), 40)}' is given {len(group)} times ({done})",
            "keep one of these rows",
        )


def _refuse_unknown_ids(rows: RegisterRows, change: pd.Series, register: gpd.GeoDataFrame) -> None:
    """Refuse new ones whose id the register has, and others whose id it has not."""
    file, known = rows.file, set(register["academy_id"])
    new = rows.table.loc[change == NEW, "academy_id"]
    for row, one in new[new.isin(known)].items():
        file.error_at(
            f"{rows.raw.index.name} {row}",
            _say_known_id(one),
            f"give the place another, or say in a column 'change' that it is {MOVED}",
        )
    said = change.isin([MOVED, CLOSED]) & ("academy_id" in rows.found)
    ids = rows.table.loc[said, "academy_id"]
    unknown = ids[~ids.isin(known) & (ids != "")]
    for row, one in zip(unknown.index.tolist(), unknown, strict=True):
        near = find_nearest(one, known)
        file.error_at(
            f"{rows.raw.index.name} {row}",
            f"'{clean_text(one, 40)}' is {change[row]}, and the register has no such academy_id"
            + (f" (is '{clean_text(near, 40)}' meant?)" if near else ""),
            "give the academy_id that the register has",
        )


def _refuse_known_ids(places: pd.DataFrame, register: gpd.GeoDataFrame, file: OpenedFile) -> None:
    known = set(register["academy_id"])
    for one in places.loc[places["academy_id"].isin(known), "academy_id"]:
        file.error(_say_known_id(one), "give the place another")


def _say_known_id(one: str) -> str:
    return f"the academy_id '{clean_text(one, 40)}' is also one of the register"


def _keep_what_is_known(
    table: gpd.GeoDataFrame, which: pd.Series, known: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Fill what rows do not say of academies that move with what the register says of them."""
    was = known.loc[table.loc[which, "academy_id"]]
    filled = {}
    for name in (one for one in _KEPT if one not in ("academy_id", "nis_code")):
        own, column = table.loc[which, name], table[name].copy()
        said = (own.notna() & (own.astype(str) != "")).to_numpy()
        column[which] = own.where(said, pd.Series(was[name].to_numpy(), own.index, own.dtype))
        filled[name] = column
    return table.assign(**filled)


def _warn_of_unused_places(rows: RegisterRows, closed: gpd.GeoDataFrame) -> None:
    """Tell of places of academies that are closed, where the register has them elsewhere."""
    at = closed.geometry.to_dict()
    away = [
        row
        for row, one, point in zip(
            rows.raw.index, rows.table["academy_id"], rows.points, strict=True
        )
        if one in at and point and not point.is_empty and point.distance(at[one]) > 1
    ]
    if away:
        what = say(
            "closed: the place that stands here is not used, the register has another",
            "gesloten: de plaats die hier staat is niet gebruikt, het register heeft een andere",
            "à fermer : le lieu indiqué ici n’est pas utilisé, le registre en donne un autre",
        )
        rows.file.warn_at(say_rows(rows.raw.index.name, away), what)


def _warn_of_postcodes(plan: gpd.GeoDataFrame, known: gpd.GeoDataFrame, file: OpenedFile) -> None:
    """Name what moves to another municipality under a postcode of where it was."""
    was = known["nis_code"].reindex(plan["academy_id"]).to_numpy()
    away = (plan["change"] == MOVED) & (plan["postcode"] != "") & (plan["nis_code"] != was)
    if away.any():
        file.warn(
            say(
                "moved to another municipality under the postcode that the register has, by which "
                "the subsidy is counted: {names}",
                "verplaatst naar een andere gemeente met de postcode van het register, waarop de "
                "subsidie wordt geteld: {names}",
                "à déplacer dans une autre commune avec le code postal du registre, sur lequel la "
                "subvention est comptée : {names}",
                names=say_list(plan.loc[away, "name"].tolist()),
            ),
            say(
                "give its postcode in the plan",
                "geef de postcode in het plan",
                "indiquez le code postal dans le plan",
            ),
        )


def _note_counts(table: gpd.GeoDataFrame, closed: gpd.GeoDataFrame, file: OpenedFile) -> None:
    """Say how many places a plan has, and how many academies it moves and closes."""
    moved = int((table["change"] == MOVED).sum())
    if len(table) > moved or not (moved or len(closed)):
        file.note(say_count(len(table) - moved, PLACES.thing))
    for count, done in ((moved, _IS_MOVED), (len(closed), _IS_CLOSED)):
        if count:
            academies = say_count(count, "academy")
            file.note(
                say("{many} {done}", "{many} {done}", "{many} {done}", many=academies, done=done)
            )


_IS_MOVED = Said("moved", "verplaatst", "à déplacer")
_IS_CLOSED = Said("closed", "gesloten", "à fermer")


def _warn_of_spots(
    plan: gpd.GeoDataFrame, register: gpd.GeoDataFrame, closed: gpd.GeoDataFrame, file: OpenedFile
) -> None:
    """Name what stands exactly where an academy is: it may be that one, or was not moved."""
    gone = {*closed["academy_id"], *plan.loc[plan["change"] == MOVED, "academy_id"]}
    there: dict[str, list[tuple[str, str]]] = {}
    spots = register.geometry.to_wkb(hex=True)
    for spot, one, name in zip(spots, register["academy_id"], register["name"], strict=True):
        there.setdefault(spot, []).append((one, name))
    at = plan.geometry.to_wkb(hex=True)
    for spot, one, name in zip(at, plan["academy_id"], plan["name"], strict=True):
        for other, known in there.get(spot, ()):
            if other == one:
                file.warn(
                    say(
                        "{name} is moved to where it is already",
                        "{name} is verplaatst naar waar het al staat",
                        "{name} est à déplacer là où il se trouve déjà",
                        name=clean_text(name),
                    ),
                    _CHECK,
                )
            elif other not in gone:
                file.warn(
                    say(
                        "{name} stands exactly where {known} of the register is",
                        "{name} staat precies waar {known} uit het register staat",
                        "{name} est exactement là où se trouve {known} du registre",
                        name=clean_text(name),
                        known=clean_text(known),
                    ),
                    _CHECK,
                )


_CHECK = say("check it", "ga dat na", "vérifiez-le")
