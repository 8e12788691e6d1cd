"""Blocks of a PBF by kernels: the same as by the text of osmium, and no byte of one ends us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pytest

from stemgeo.inputs import extracts, pbf
from stemgeo.inputs.pbf_blocks import NOWHERE, TagsAsked, place_nodes, take_ways

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = ("barrier", "highway", "crossing")
ASKED = [
    extracts.WaysAsked(("highway", "route"), ("highway", "name", "oneway")),
    extracts.WaysAsked(("highway=motorway", "waterway=river"), ("highway", "ref")),
    extracts.WaysAsked(("building",), ()),
]


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Take every extract for a large one; whether each reading could be done by blocks."""
    could: list[bool] = []

    def note(name: str) -> None:
        unpack = getattr(extracts, name)

        def noted(*asked: Any) -> Any:
            found = unpack(*asked)
            could.append(found is not None)
            return found

        monkeypatch.setattr(extracts, name, noted)

    pbf._list_blobs.cache_clear()
    extracts._read_traits.cache_clear()
    monkeypatch.setattr(pbf, "WHOLE_BELOW", 0)
    for name in ("_SMALL", "_TINY"):
        monkeypatch.setattr(extracts, name, 0)
    note("_unpack_ways")
    note("_unpack_nodes")
    return could


def tell_nodes(nodes: extracts.Nodes) -> list[Any]:
    """Give all that is known of each node that has a place."""
    tags = [nodes.tags[one] for one in nodes.kind]
    columns = nodes.ids.tolist(), nodes.lon.tolist(), nodes.lat.tolist(), nodes.extract.tolist()
    return list(zip(*columns, tags, strict=True))


def tell_ways(ways: extracts.Ways) -> list[Any]:
    """Give all that is known of each way."""
    refs = [one.tolist() for one in ways.split_by_way(ways.refs)]
    return list(zip(ways.ids.tolist(), refs, [ways.tags[one] for one in ways.kind], strict=True))


def write(path: Path, opl: str, options: str = "pbf") -> Path:
    """Write objects, told in OPL, as PBF."""
    with osmium.SimpleWriter(osmium.io.File(str(path), options)) as writer:
        osmium.apply(osmium.io.Reader(osmium.io.FileBuffer(opl.encode(), "opl")), writer)
    return path


@pytest.mark.parametrize("extract", ["porto.osm.pbf", "wechelderzande.osm.pbf"])
def test_ways_and_nodes_are_those_of_the_text(
    extract_of: Callable[[str], Path], extract: str, request: pytest.FixtureRequest
) -> None:
    """Ids, nodes, tags and order; places to the last bit; of those that are asked for."""
    path = extract_of(extract)

    def read() -> list[list[Any]]:
        ways = extracts.read_ways_at_once([path], ASKED)
        ids = np.unique(ways[0].refs)[::3]
        nodes = [tell_nodes(extracts.read_nodes([path], ids, keys)) for keys in (KEYS, ())]
        return [*map(tell_ways, ways), *nodes]

    expected = read()
    assert len(expected[0]) > 100
    assert len(expected[3]) > 100
    assert any(one[-1] for one in expected[3])
    could = request.getfixturevalue("in_blocks")
    assert read() == expected
    assert could == [True, True, True]


OBJECTS = """n0 x4.1 y51.2
n1 x-4.1234567 y-51.7654321 Tbarrier=gate,name=x
n2 Tbarrier=gate
n3 x4 y91
n4 x0 y0 Tcrossing=%20%%2c%%3d%é%1f6b2%
n9 x4 y51
w1 Thighway=motorway,ref=E%20%17,highway_=x Nn1,n4,n1
w2 Tname=x Nn1,n4
w3 Thighway=,waterway=river
w4 Tbuilding=house,highway=path Nn4
w5 Troute=ferry,oneway=motorway Nn9,n4
"""


@pytest.mark.parametrize("options", ["pbf", "pbf,locations_on_ways=true,add_metadata=false"])
def test_odd_objects_are_those_of_the_text(
    tmp_path: Path, options: str, request: pytest.FixtureRequest
) -> None:
    """Nodes without a place, south and west; texts of any letters; ways without nodes or tags."""
    path = write(tmp_path / "x.osm.pbf", OBJECTS, options)
    ids = np.array([0, 1, 2, 3, 4, 5, 9])

    def read() -> list[Any]:
        nodes = extracts.read_nodes([path], ids, KEYS)
        return [*map(tell_ways, extracts.read_ways_at_once([path], ASKED)), tell_nodes(nodes)]

    expected = read()
    assert [[one[0] for one in each] for each in expected] == [
        [1, 3, 4, 5],
        [1, 3],
        [4],
        [0, 1, 4, 9],
    ]
    could = request.getfixturevalue("in_blocks")
    assert read() == expected
    assert could == [True, True]


@pytest.mark.parametrize(
    ("opl", "options"),
    [
        ("n2 x1 y1\nn1 x2 y2\nw1 Thighway=path Nn1,n2\nw1 Thighway=path Nn2,n1\n", "pbf"),
        ("n1 x1 y1\nn1 x2 y2\nn2 x1 y2\nw1 Thighway=path Nn1\nw1 Thighway=path Nn2\n", "pbf"),
        ("n1 x2 y2\nw1 Thighway=path Nn1\n", "pbf,pbf_dense_nodes=false"),
        ("n1 x2 y2\nw1 Thighway=path Nn1\n", "pbf,pbf_compression=none"),
    ],
)
def test_what_is_not_plain_is_read_by_its_text(
    tmp_path: Path, opl: str, options: str, request: pytest.FixtureRequest
) -> None:
    """Nodes not in order, objects that are there twice, nodes one by one, blocks not packed."""
    path = write(tmp_path / "x.osm.pbf", opl, options)

    def read() -> list[Any]:
        nodes = extracts.read_nodes([path], np.array([1, 2]), KEYS)
        return [tell_nodes(nodes), tell_ways(extracts.read_ways_at_once([path], ASKED)[0])]

    expected = read()
    could = request.getfixturevalue("in_blocks")
    assert read() == expected
    assert could == [False, options == "pbf,pbf_dense_nodes=false"]


def test_any_byte_of_a_block_may_be_wrong(shared_data: Path) -> None:
    """It is read, or said not to be plain: nothing else, and each time soon."""
    path = shared_data / "osm" / "wechelderzande.osm.pbf"
    blobs = pbf._list_blobs.__wrapped__
    size = path.stat().st_size
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pbf, "WHOLE_BELOW", 0)
        blocks = [pbf._unpack(path, one) for one in blobs(path, size, 0)[1:]]
    asked = TagsAsked.from_tags(*ASKED[0])
    ids, draw = np.arange(1, 10**4), np.random.default_rng(20)
    read, refused = 0, 0
    for block in blocks:
        for _ in range(200):
            data = np.frombuffer(block, dtype=np.uint8).copy()
            at = draw.integers(0, min(len(data), 10 ** draw.integers(2, 7)), 3)
            data[at] = draw.choice([0, 1, 0x0A, 0x12, 0x7F, 0x80, 0xFF], 3)
            data = np.frombuffer(data.tobytes(), dtype=np.uint8)
            places = np.full((2, len(ids)), NOWHERE, dtype=np.int32)
            try:
                place_nodes(data, ids, places, asked.of_keys)
                take_ways(data, asked.of_keys, asked.means)
                read += 1
            except pbf.NOT_PLAIN:
                refused += 1
    assert min(read, refused) > 20
