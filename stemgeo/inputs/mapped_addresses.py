"""The addresses of extracts: `addr:*` of nodes and ways, in streets that may be meant."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pandas as pd
import shapely

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import addresses, cache, extracts, placing
from stemgeo.inputs.address_index import StreetIndex, load_index
from stemgeo.inputs.addresses import fold_street
from stemgeo.inputs.placing import AddressBook, find_near
from stemgeo.inputs.vectors import make_transformer
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

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


def load_every_mapped(paths: Sequence[Path]) -> StreetIndex:
    """Take all addresses of extracts from the cache, or read and keep them."""
    hashes = [hash_file(path) for path in paths]
    code = [__file__, *extracts.CODE]
    return load_index("map_address", hashes, code, lambda: read_mapped_addresses(paths, None))


def read_mapped_addresses(paths: Sequence[Path], wanted: Collection[str] | None) -> pd.DataFrame:
    """Read the addresses of nodes, and of ways with a point inside, in streets that may be meant.

    Parameters
    ----------
    paths
        Of the extracts.
    wanted
        As for `load_mapped_addresses`; None for all.

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
    inside = [point_inside(located.follow_refs(lines[way])) for way in ways["id"]]
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


def _keep_meant(found: pd.DataFrame, wanted: Collection[str] | None) -> pd.DataFrame:
    street = found["addr:street"].where(found["addr:street"] != "", found["addr:place"])
    if wanted is None:
        return found.assign(street=street)
    number, streets = pd.factorize(street)
    keys = [{fold_street(part) for part in (one, *one.split(";"))} for one in streets]
    near = find_near(wanted, {key for one in keys for key in one})
    meant = {key for one in near.values() for key in one}
    kept = np.array([not one.isdisjoint(meant) for one in keys], dtype=np.bool_)
    return found.assign(street=street)[kept[number]]


def point_inside(line: np.ndarray) -> tuple[float, float]:
    """Give a point inside a closed way, the middle of an open one; NaN where a node is missing."""
    if len(line) < 2 or not np.isfinite(line).all():
        return float("nan"), float("nan")
    shape = shapely.LineString(line)
    ring = len(line) >= 4 and shape.is_closed and shape.is_simple
    at = shapely.point_on_surface(shapely.Polygon(line)) if ring else shape.interpolate(0.5, True)
    return at.x, at.y
