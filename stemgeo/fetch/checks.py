"""Whether a file is what its source should give: format, columns, rows, totals, municipalities."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING

from stemgeo.errors import FetchError, InputError, Problem
from stemgeo.notes import clean_text, say_list
from stemgeo.sources.content import refuse_unlike
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stemgeo.inputs.contents import Content
    from stemgeo.sources.catalogue import DataSource, Known

_OF_MUNICIPALITIES = ("niscode", "cd_munty_refnis", "cd_refnis", "cd_munty")
_CHILDREN = range(18)
_MEND = "its publisher changed it, or it is another file: look at it, and tell who keeps stemgeo"
_HALF_WIDTH_M = 5.0
"""Outlines of one publisher that are apart by less than twice this are the same outline."""


def link_file(path: Path, place: Path) -> Path:
    """Give a file at a place on the way too, without a copy where that can be."""
    try:
        os.link(path.resolve(), place)
    except OSError:  # on another disk
        shutil.copyfile(path, place)
    return place


@contextmanager
def named(path: Path, name: str) -> Iterator[Path]:
    """Give a file under a name that ends as its content asks: its own, or of a link or copy."""
    if path.suffix and path.suffix.lower() == PurePath(name).suffix.lower():
        yield path
        return
    with temporary_folder() as work:
        yield link_file(path, work / name)


def check_file(path: Path, source: DataSource, year: int | None, called: str, name: str) -> None:
    """Refuse a file that is not what its source should give of a year.

    Parameters
    ----------
    path
        The file.
    source, year
        What it should be.
    called
        Its address or name, for messages.
    name
        Under which it is kept, which says of what type it is.

    Raises
    ------
    FetchError
        In one line.
    """
    known = source.known.get(year) if year else None
    refuse_unlike(path, source, called, known)
    from stemgeo.inputs.contents import look_inside

    with named(path, name) as place:
        try:
            content = look_inside(place, source.columns)
            _check_columns(content, source, called)
            _check_rows(content, known, called)
            _check_municipalities(content, year, called)
            if source.input == "population":
                _check_people(place, known, year, called)
        except InputError as error:
            first = error.problems[0]
            what = first.what if isinstance(first, Problem) else clean_text(str(first), 300)
            mend = first.mend if isinstance(first, Problem) else ""
            raise FetchError(Problem(called, what, mend or _MEND)) from None


def _check_columns(content: Content, source: DataSource, called: str) -> None:
    missing = content.list_missing(source.columns)
    if missing:
        has = say_list([clean_text(one, 40) for one in content.columns] or ["none"], 12)
        one = "column" if len(missing) == 1 else "columns"
        what = f"lacks the {one} {say_list(missing)}; it has: {has}"
        raise FetchError(Problem(called, what, _MEND))


def _check_rows(content: Content, known: Known | None, called: str) -> None:
    if known is None or known.rows is None or content.table is None:
        return
    if len(content.table) != known.rows:
        what = f"has {len(content.table)} rows, and as published it has {known.rows}"
        raise FetchError(Problem(called, what, _MEND))


def _check_municipalities(content: Content, year: int | None, called: str) -> None:
    """Refuse codes that municipalities of another year have, and of this year none."""
    codes = content.find_codes(_OF_MUNICIPALITIES)
    if codes is None or year is None:
        return
    from stemgeo.inputs.vintages import flemish_codes, known_codes, name_of, vintage_in_force

    now = flemish_codes(vintage_in_force(year))
    flemish = {code for one in (2018, 2024, 2025) for code in flemish_codes(one)} & known_codes()
    wrong = sorted(set(codes) & (flemish - now))
    if wrong:
        names = say_list([f"{code} {name_of(code)}" for code in wrong], 3)
        what = f"has municipalities that there are none of in {year}: {names}"
        raise FetchError(Problem(called, what, f"it is of another year than {year}"))


def _check_people(path: Path, known: Known | None, year: int | None, called: str) -> None:
    from stemgeo.inputs.contents import count_flemish

    children, of_year = count_flemish(path, _CHILDREN)
    if year is not None and of_year not in (None, year):
        what = f"is of {of_year}, and {year} was asked for"
        raise FetchError(Problem(called, what, f"fetch that of {year}"))
    wanted = known.flemish_children_0_17 if known else None
    if wanted is not None and children != wanted:
        what = f"counts {children} Flemish children of 0 to 17 years, and as published {wanted}"
        raise FetchError(Problem(called, what, _MEND))


def check_provinces(provinces: Path, municipalities: Path, vintage: int) -> int:
    """Compare the provinces as published with those that the municipalities make up.

    Parameters
    ----------
    provinces, municipalities
        Their files.
    vintage
        Of the codes of the municipalities.

    Returns
    -------
    int
        How many provinces were compared.

    Raises
    ------
    FetchError
        Naming the province whose outline is another, or the municipality that lies in two.
    """
    import geopandas as gpd

    from stemgeo.facts import LAMBERT_72
    from stemgeo.inputs.boundaries import dissolve_provinces, read_municipalities
    from stemgeo.inputs.contents import look_inside

    towns = read_municipalities(municipalities, vintage=vintage)
    table = look_inside(provinces).table
    # A layer has outlines; without, it was refused by its columns.
    theirs = [] if table is None else [*gpd.GeoDataFrame(table).to_crs(LAMBERT_72).geometry]
    middles = towns.geometry.representative_point()
    dissolved = dissolve_provinces(towns)
    for name, outline in zip(dissolved["province"], dissolved.geometry, strict=True):
        own = middles[towns["province"] == name]
        around = [one for one in theirs if own.within(one).any()]
        if len(around) != 1 or not own.within(around[0]).all():
            lost = towns.loc[own.index[~own.within(around[0])], "name"] if around else []
            where = f" (as {say_list(list(lost), 3)})" if len(lost) else ""
            what = f"does not have all municipalities of {name} in one province{where}"
            raise FetchError(Problem(provinces.name, what, _MEND))
        apart = outline.symmetric_difference(around[0]).buffer(-_HALF_WIDTH_M)
        if not apart.is_empty:
            at = apart.representative_point()
            what = (
                f"draws {name} otherwise than its municipalities do, by {apart.area / 1e4:.0f} ha "
                f"near x {at.x:.0f}, y {at.y:.0f}"
            )
            raise FetchError(Problem(provinces.name, what, _MEND))
    return int(towns["province"].nunique())
