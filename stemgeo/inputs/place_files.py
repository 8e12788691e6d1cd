"""The files that say where addresses are: address points, extracts, postcodes, corrections."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import addresses, cache, extracts, placing
from stemgeo.inputs.addresses import fold_street, read_postcode
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, strip_control, unquote_formula
from stemgeo.inputs.messages import report_wrong, tell_rest
from stemgeo.inputs.names import ADDRESS_NAMES
from stemgeo.inputs.placing import AddressBook, find_near
from stemgeo.inputs.points import match_columns, read_points
from stemgeo.inputs.sources import Provenance
from stemgeo.inputs.vectors import as_text, make_transformer
from stemgeo.notes import say, say_list
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

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
    for row in without[:20]:
        file.error_at(f"{ids.index.name} {row}", "no academy_id", "give that of the register")
    tell_rest(without, "no academy_id either", file)
    twice = [*ids[ids.duplicated(keep=False) & (ids != "")].groupby(ids)]
    for one, rows in twice[:20]:
        where = say_list(rows.index.tolist())
        what = f"the academy_id '{clean_text(str(one), 40)}' is corrected {len(rows)} times"
        file.error_at(f"{ids.index.name} {where}", what, "keep one")
    if len(twice) > 20:
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


# --- Addresses of extracts ---------------------------------------------------------------------


_KEYS = ("addr:housenumber", "addr:street", "addr:place", "addr:postcode", "addr:city")


def load_mapped_addresses(paths: Sequence[Path], wanted: Collection[str]) -> AddressBook:
    """Take the addresses of extracts in some streets from the cache, or read and keep them.

    Parameters
    ----------
    paths
        Of the extracts.
    wanted
        Streets, as `fold_street` writes them: those that may be one of them are kept.
    """
    made_from = [hash_file(path) for path in paths], sorted(wanted)
    code = [__file__, addresses.__file__, placing.__file__, *extracts.CODE]
    place = cache.entry_path("addresses", *made_from, code=code)
    rows = cache.load_or_make(
        place,
        lambda: read_mapped_addresses(paths, wanted),
        lambda rows, path: cache.write_sealed(rows.to_parquet(), path),
        lambda path: pd.read_parquet(io.BytesIO(cache.read_sealed(path))),
    )
    return AddressBook("map_address", rows)


def read_mapped_addresses(paths: Sequence[Path], wanted: Collection[str]) -> pd.DataFrame:
    """Read the addresses of nodes, and of ways with a point inside, in streets that may be meant.

    Raises
    ------
    InputError
        If an extract cannot be read to its end.
    """
    only = osmium.filter.KeyFilter("addr:street", "addr:place")
    nodes = _keep_meant(extracts.read_tagged(paths, osmium.osm.NODE, only, _KEYS), wanted)
    ways = _keep_meant(extracts.read_tagged(paths, osmium.osm.WAY, only, _KEYS), wanted)
    moved = make_transformer("EPSG:4326", LAMBERT_72)
    east, north = moved.transform(nodes["lon"].to_numpy(), nodes["lat"].to_numpy())
    lines = extracts.refs_by_way(paths, ways["id"])
    refs = np.concatenate([np.empty(0, np.int64), *lines.values()])
    located = extracts.locate_nodes(paths, refs, LAMBERT_72)
    inside = [_point_inside(located.follow_refs(lines[way])) for way in ways["id"]]
    both = pd.concat([
        nodes.assign(x=east, y=north),
        ways.assign(x=[x for x, _ in inside], y=[y for _, y in inside]),
    ])  # fmt: skip
    both = both.rename(
        columns={
            "addr:housenumber": "house_number",
            "addr:postcode": "postcode",
            "addr:city": "municipality",
        }
    )
    text = ["street", "house_number", "postcode", "municipality"]
    both = both[[*text, "x", "y"]]
    # A house on the border of two streets, "Heirweg; Haststraat", is of each of them too.
    each = both[both["street"].str.contains(";")]
    each = each.assign(street=each["street"].str.split(r"\s*;\s*", regex=True)).explode("street")
    both = pd.concat([both, each])
    # Not in the order of the files: that must not matter.
    both = both.dropna().astype(dict.fromkeys(text, str))
    return both.sort_values([*both.columns], ignore_index=True)


def _keep_meant(found: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    street = found["addr:street"].where(found["addr:street"] != "", found["addr:place"])
    number, streets = pd.factorize(street)
    keys = [{fold_street(part) for part in (one, *one.split(";"))} for one in streets]
    near = find_near(wanted, {key for one in keys for key in one})
    meant = {key for one in near.values() for key in one}
    kept = np.array([not one.isdisjoint(meant) for one in keys], dtype=np.bool_)
    return found.assign(street=street)[kept[number]]


def _point_inside(line: np.ndarray) -> tuple[float, float]:
    """Give a point inside a closed way, the middle of an open one; NaN where a node is missing."""
    if len(line) < 2 or not np.isfinite(line).all():
        return float("nan"), float("nan")
    shape = shapely.LineString(line)
    ring = len(line) >= 4 and shape.is_closed and shape.is_simple
    at = shapely.point_on_surface(shapely.Polygon(line)) if ring else shape.interpolate(0.5, True)
    return at.x, at.y
