"""Blocks of a PBF by kernels: the same as by the text of osmium, and no byte of one ends us."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pytest

from stemgeo.errors import InputError
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
    assert could == [True, options == "pbf"]


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


def number(one: int) -> bytes:
    """Write a number as messages have it."""
    one &= 2**64 - 1
    return bytes([one & 127 | 128]) + number(one >> 7) if one > 127 else bytes([one])


def packed(*numbers: int) -> bytes:
    """Write numbers one behind the other."""
    return b"".join(map(number, numbers))


def zigzag(*numbers: int) -> bytes:
    """Write numbers of which the last bit is the sign."""
    return packed(*(one << 1 ^ one >> 63 for one in numbers))


def field(name: int, content: bytes) -> bytes:
    """Write a field that holds bytes."""
    return packed(name << 3 | 2, len(content)) + content


TEXTS = (b"", b"highway", b"path", b"building", b"yes", b"name", b"x")


def table(*more: bytes) -> bytes:
    """Write a table of texts."""
    return field(1, b"".join(field(1, one) for one in (*TEXTS, *more)))


def way(keys: bytes, values: bytes, more: bytes = b"", own: int = 1) -> bytes:
    """Write a way through nodes 1 and 2."""
    ends = field(2, keys) + field(3, values) + field(8, zigzag(1, 1))
    return field(3, packed(8, own) + ends + more)


PATH = way(b"\1", b"\2")
TAGS = b"\1\2\0\0"


def nodes(more: bytes = b"", tags: bytes = TAGS, first: int = 1) -> bytes:
    """Write nodes 1 and 2."""
    places = field(8, zigzag(510000000, 1)) + field(9, zigzag(40000000, -1))
    return field(2, field(1, zigzag(first, 1)) + places + field(10, tags) + more)


def blob(kind: bytes, block: bytes, other: bytes = b"", size: int = 0) -> bytes:
    """Write a block, packed; its size may be another, and something else may stand beside it."""
    body = other + packed(16, size or len(block)) + field(3, zlib.compress(block))
    head = field(1, kind) + packed(24, len(body))
    return len(head).to_bytes(4, "big") + head + body


NODES, WAYS = table() + field(2, nodes()), table() + field(2, PATH)
ODD_BLOCKS = {
    "value from the end": (NODES, table() + field(2, way(packed(1), packed(-1)))),
    "value of no text, not asked for": (NODES, table() + field(2, way(b"\1\5", b"\2\x63") + PATH)),
    "key of a node from the end": (table() + field(2, nodes(tags=packed(-2, 2, 0, 0))), WAYS),
    "letters that are moved": (NODES, table(b"a\x1b[31m") + field(2, way(b"\1\5", b"\2\7"))),
    "text with nought": (NODES, table(b"x\0highway\0path") + field(2, way(b"\5", b"\7"))),
    "no letters": (NODES, table(b"\xff") + field(2, way(b"\1\6", b"\2\7"))),
    "field written as a number": (NODES, table() + field(2, way(b"\1", b"\2", packed(64, 3)))),
    "places on half the nodes": (
        NODES,
        table() + field(2, way(b"\1", b"\2", field(9, zigzag(5)) + field(10, zigzag(5)))),
    ),
    "field nought": (NODES, table() + field(2, way(b"\1", b"\2", b"\0\1"))),
    "newer version of other tags": (
        NODES,
        table() + field(2, PATH),
        table() + field(2, way(b"\3", b"\4")),
    ),
    "newer version without a tag": (NODES, table() + field(2, PATH + way(b"", b""))),
    "ids that fall": (table() + field(2, nodes(first=3)), NODES, WAYS),
    "granularity": (NODES + packed(17 << 3, 1000, 19 << 3, -777, 20 << 3, 99), WAYS),
    "granularity of 33 bits": (NODES + packed(17 << 3, 2**32 + 100), WAYS),
    "no ways": (NODES,),
    "no nodes": (WAYS,),
    "nothing": (),
}


@pytest.mark.parametrize("odd", [*ODD_BLOCKS, "raw beside zlib", "size that lies"])
def test_what_is_odd_is_as_osmium_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    """The same ways and nodes as by the text, or the same line that refuses the file."""
    blocks = ODD_BLOCKS.get(odd, (NODES,))
    header = b"".join(field(4, one) for one in (b"OsmSchema-V0.6", b"DenseNodes"))
    blobs = [blob(b"OSMHeader", header), *(blob(b"OSMData", one) for one in blocks)]
    if odd == "raw beside zlib":
        blobs.append(blob(b"OSMData", WAYS, field(1, table() + field(2, way(b"\3", b"\4")))))
    if odd == "size that lies":
        blobs.append(blob(b"OSMData", WAYS, size=len(WAYS) - 1))
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(b"".join(blobs))

    def read() -> list[Any]:
        found: list[Any] = []
        for told in (
            lambda: [*map(tell_ways, extracts.read_ways_at_once([path], ASKED))],
            lambda: tell_nodes(extracts.read_nodes([path], np.array([1, 2]), KEYS)),
        ):
            try:
                found.append(told())
            except InputError as error:
                found.append(str(error))
        return found

    monkeypatch.setattr(extracts, "_TINY", 0)
    expected = read()
    pbf._list_blobs.cache_clear()
    monkeypatch.setattr(pbf, "WHOLE_BELOW", 0)
    monkeypatch.setattr(extracts, "_SMALL", 0)
    assert read() == expected


RELATION = field(4, packed(8, 1) + field(2, b"\1") + field(3, b"\2"))
PLAIN = field(1, packed(8, 2, 8 << 3, 1020000000, 9 << 3, 80000000))


@pytest.mark.parametrize(
    "group",
    [PATH + nodes(), PATH + PLAIN, nodes() + PATH, PLAIN + PATH, RELATION + PATH, PATH + RELATION],
    ids=["way node", "way plain", "node way", "plain way", "relation way", "way relation"],
)
@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("apart", [True, False], ids=["by blobs", "of any kind"])
def test_a_group_of_two_kinds_is_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: bytes, *, apart: bool
) -> None:
    """The format forbids it: what is behind the first is never left out without a word."""
    behind = b"" if apart else field(2, way(b"\3", b"\4", own=2))
    header = b"".join(field(4, one) for one in (b"OsmSchema-V0.6", b"DenseNodes"))
    path = tmp_path / "x.osm.pbf"
    blocks = ((b"OSMHeader", header), (b"OSMData", table() + field(2, group) + behind))
    path.write_bytes(b"".join(blob(*one) for one in blocks))

    def read() -> list[list[int]]:
        ways = extracts.read_ways_at_once([path], ASKED)[0]
        found = extracts.read_nodes([path], np.array([1, 2]), KEYS)
        every = extracts.read_objects([path], osmium.osm.RELATION, osmium.filter.EmptyTagFilter())
        return [ways.ids.tolist(), found.ids.tolist(), [one.id for one in every]]

    if apart:
        with pytest.raises(InputError, match=TOLD_OF_TWO) as told:
            read()
        assert "\n" not in str(told.value)
    with monkeypatch.context() as patch:
        patch.setattr(pbf, "WHOLE_BELOW", 1 << 23)
        pbf._list_blobs.cache_clear()
        as_a_whole = read()
    assert sum(map(len, as_a_whole)) >= 2
    if not apart:
        pbf._list_blobs.cache_clear()
        assert read() == as_a_whole


TOLD_OF_TWO = (
    r"^x\.osm\.pbf: has objects of two kinds in one group, which PBF forbids: .*; write it anew "
    r"\(osmium cat\), which parts them$"
)


@pytest.mark.usefixtures("in_blocks")
def test_what_is_broken_off_works_on_no_block(
    extract_of: Callable[[str], Path],
) -> None:
    """Ctrl-C ends it with the blocks that are being worked on."""
    worked: list[bytes] = []

    def work(block: bytes) -> None:
        worked.append(block)
        raise KeyboardInterrupt

    found = pbf.map_blocks(extract_of("porto.osm.pbf"), osmium.osm.NODE, work)
    assert found is not None
    with pytest.raises(KeyboardInterrupt):
        list(found)
    assert len(worked) < 8


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
