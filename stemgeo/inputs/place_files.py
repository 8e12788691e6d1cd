"""The files that say where addresses are: address points, postcodes, corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.addresses import read_postcode
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, strip_control, unquote_formula
from stemgeo.inputs.messages import MOST_TOLD, report_rows, report_wrong, tell_rest
from stemgeo.inputs.names import ADDRESS_NAMES
from stemgeo.inputs.placing import AddressBook
from stemgeo.inputs.points import match_columns, read_points
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_text
from stemgeo.notes import say, say_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from stemgeo.errors import Findings
    from stemgeo.inputs.columns import Synonyms
    from stemgeo.study import Input

_OF_POINTS = {name: ADDRESS_NAMES[name] for name in ("street", "postcode", "municipality")} | {
    "house_number": (*ADDRESS_NAMES["house_number"], "nr nummer number numero")
}
_OF_POSTCODES: Synonyms = {
    "postcode": ADDRESS_NAMES["postcode"],
    "name": ("name", "naam nom", *ADDRESS_NAMES["municipality"]),
}
_OF_CORRECTIONS: Synonyms = {
    "academy_id": ("academy_id", "academie_id academie_nr id_academie", "id nr nummer code"),
    "note": ("note", "noot nota opmerking toelichting reden remarque commentaire comment reason"),
}


def keep_addresses(table: pd.DataFrame, points: gpd.GeoSeries, file: OpenedFile) -> AddressBook:
    """Keep of a file of address points what places an academy; what it lacks for that is told.

    Parameters
    ----------
    table, points
        As from `read_points`.
    file
        Takes what it lacks.
    """
    found = match_columns(table, _OF_POINTS, file)
    missing = [name for name in ("street", "house_number") if name not in found]
    if missing:
        file.warn(
            say(
                "has no column {missing}: it places no {short}",
                "heeft geen kolom {missing}: er is geen {short} mee te plaatsen",
                "n’a pas de colonne {missing} : elle ne situe {aucun|aucune} {short}",
                missing=say_list(missing),
            )
        )
    there = points.notna() & (len(missing) == 0)
    empty = pd.Series("", index=table.index, dtype=str)
    rows = {name: as_text(table[found[name]]) if name in found else empty for name in _OF_POINTS}
    return AddressBook(
        "address_point", pd.DataFrame(rows).assign(x=points.x, y=points.y)[there].reset_index()
    )


def load_postcodes(
    given: Input, municipalities: gpd.GeoDataFrame, findings: Findings
) -> tuple[gpd.GeoDataFrame | None, Provenance | None]:
    """Read a point, or several, of each postcode.

    Parameters
    ----------
    given, municipalities, findings
        As for `load_addresses`.

    Returns
    -------
    (GeoDataFrame or None, Provenance or None)
        postcode, name (text), x, y, geometry (EPSG:31370).
    """
    return _load(given, "postcodes", _OF_POSTCODES, municipalities, findings, _check_postcodes)


def _check_postcodes(table: gpd.GeoDataFrame, label: str, file: OpenedFile) -> gpd.GeoDataFrame:
    text = table["postcode"].rename(label)
    codes = text.map(read_postcode).astype(str)
    mend = "correct it, or leave the row out"
    report_wrong(text, codes == "", "a postcode from 1000 to 9999", file, mend)
    table = table.assign(postcode=codes)[table.geometry.notna()]
    return table.assign(x=table.geometry.x, y=table.geometry.y)


def load_corrections(
    given: Input, municipalities: gpd.GeoDataFrame, findings: Findings
) -> tuple[gpd.GeoDataFrame | None, Provenance | None]:
    """Read the places that a person put right.

    Parameters
    ----------
    given, municipalities, findings
        As for `load_addresses`.

    Returns
    -------
    (GeoDataFrame or None, Provenance or None)
        academy_id, note (text), geometry (EPSG:31370); each id once.
    """
    known = _OF_CORRECTIONS
    return _load(given, "corrections", known, municipalities, findings, _check_corrections)


def _check_corrections(table: gpd.GeoDataFrame, _: str, file: OpenedFile) -> gpd.GeoDataFrame:
    plain = {
        name: table[name].map(strip_control).map(unquote_formula).astype(str)
        for name in _OF_CORRECTIONS
    }
    table = table.assign(**plain)
    ids = table["academy_id"]
    without = ids.index[ids == ""]
    report_rows(without, "no academy_id", "give that of the register", file)
    twice = [*ids[ids.duplicated(keep=False) & (ids != "")].groupby(ids)]
    for one, rows in twice[:MOST_TOLD]:
        where = say_list(rows.index.tolist())
        what = f"the academy_id '{clean_text(str(one), 40)}' is corrected {len(rows)} times"
        file.error_at(f"{ids.index.name} {where}", what, "keep one")
    if twice:
        rest = pd.Index([rows.index[0] for _, rows in twice], name=ids.index.name)
        tell_rest(rest, "its academy_id is corrected more than once too", file)
    return table


def _load(
    given: Input,
    role: str,
    known: Synonyms,
    municipalities: gpd.GeoDataFrame,
    findings: Findings,
    check: Callable[[gpd.GeoDataFrame, str, OpenedFile], gpd.GeoDataFrame],
) -> tuple[gpd.GeoDataFrame | None, Provenance | None]:
    """Read a file of points, known by the first of these columns; without that it is refused."""
    with open_input(given, role, findings) as file:
        if file is None:
            return None, None
        read = read_points(file, known, municipalities)
        if read is None:
            return None, file.provenance
        raw, points = read
        found = match_columns(raw, known, file)
        key = next(iter(known))
        if key not in found:
            file.error(f"has no column {key}", f"name the column {key}")
            return None, file.provenance
        empty = pd.Series("", index=raw.index, dtype=str)
        table = {name: as_text(raw[found[name]]) if name in found else empty for name in known}
        frame = gpd.GeoDataFrame(table, geometry=points, crs=LAMBERT_72)
        return check(frame, str(found[key]), file), file.provenance
