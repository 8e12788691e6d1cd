"""Ways and nodes of extracts, held against osmium's own objects, one by one."""

from __future__ import annotations

import bz2
import gzip
import random
import subprocess
import sys
import tempfile
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import numpy as np
import osmium
import pytest

from stemgeo.errors import InputError
from stemgeo.inputs import extracts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXTRACTS = ("berlare.osm", "wechelderzande.osm.pbf", "porto.osm.pbf")
PACKED = {".osm": bytes, ".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}
WAY_KEYS = ("highway", "name", "maxspeed:forward", "a.b")
NODE_KEYS = ("barrier", "highway")
STRANGE = (
    *("a\nb", "a\tb", " ", "", "%", "%20%", "%41%", "a=b", "a,b", ",highway=path", "T", "N", "n1"),
    *('"', '"a" "b', "'", "\\", "\\n", "@", "|", "#", "NULL", "nan", "\u00a0", "\u0085", "\u2028"),
    *("é", "漢字", "😀", "x" * 1024, "é" * 512, "% x" * 300),
)
HIGHWAYS = osmium.filter.KeyFilter("highway")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the folder of temporary files; whatever happens, nothing may be left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def those(path: Path, entity: Any, wanted: set[int]) -> Any:
    """Read the objects with these ids in the order of the file, each of their versions."""
    return osmium.FileProcessor(str(path), entity).with_filter(osmium.filter.IdFilter(wanted))


def newest(objects: Any, spare: Callable[[Any], Any]) -> set[int]:
    """Give the places among some objects of those that count, one for each id.

    The newest version; of copies the one with the most to spare, then the first; none when that
    version deletes it.
    """
    met = defaultdict(list)
    for place, item in enumerate(objects):
        met[item.id].append(((item.version, item.deleted), spare(item), -place))
    best = {number: max(versions) for number, versions in met.items()}
    return {-place for (_, gone), _, place in best.values() if not gone}


MARKS = ("Cc", "Cf", "Cs", "Co")


def as_kept(text: str) -> str:
    """Take out what has no place in a name: control characters, marks of direction, line breaks."""
    if text.isprintable():
        return text
    kept = ["\t\r\n".find(one) >= 0 or unicodedata.category(one) not in MARKS for one in text]
    return " ".join("".join(one for one, keep in zip(text, kept, strict=True) if keep).split())


def ways_one_by_one(path: Path) -> list[tuple[int, list[int], dict[str, str]]]:
    """Read highways with osmium and no code of the package."""
    roads = osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(HIGHWAYS)
    ever = {way.id for way in roads}  # no other may count, whatever its newest version is
    counting = newest(
        those(path, osmium.osm.WAY, ever), lambda way: ("highway" in way.tags, len(way.nodes))
    )
    return [
        (
            way.id,
            [node.ref for node in way.nodes],
            {as_kept(t.k): as_kept(t.v) for t in way.tags if t.k in WAY_KEYS},
        )
        for place, way in enumerate(those(path, osmium.osm.WAY, ever))
        if place in counting and "highway" in way.tags
    ]


def nodes_one_by_one(
    path: Path, wanted: set[int]
) -> list[tuple[int, float, float, dict[str, str]]]:
    """Read nodes that have a valid place with osmium and no code of the package."""
    counting = newest(those(path, osmium.osm.NODE, wanted), lambda node: node.location.valid())
    return [
        (
            node.id,
            node.lon,
            node.lat,
            {as_kept(t.k): as_kept(t.v) for t in node.tags if t.k in NODE_KEYS},
        )
        for place, node in enumerate(those(path, osmium.osm.NODE, wanted))
        if place in counting and node.location.valid()
    ]


def assert_read_as_one_by_one(path: Path) -> int:
    """Compare all ways, and all nodes on them, in order; coordinates to the last bit."""
    ways = extracts.read_ways([path], HIGHWAYS, WAY_KEYS)
    refs = [part.tolist() for part in np.split(ways.refs, ways.first[1:-1])][: len(ways.ids)]
    tags = [ways.tags[kind] for kind in ways.kind]
    assert list(zip(ways.ids.tolist(), refs, tags, strict=True)) == ways_one_by_one(path)
    wanted = np.unique(ways.refs)
    nodes = extracts.read_nodes([path], wanted, NODE_KEYS)
    tags = [nodes.tags[kind] for kind in nodes.kind]
    columns = (nodes.ids.tolist(), nodes.lon.tolist(), nodes.lat.tolist(), tags)
    assert list(zip(*columns, strict=True)) == nodes_one_by_one(path, set(wanted.tolist()))
    return len(nodes.ids)


@pytest.mark.parametrize("extract", EXTRACTS)
@pytest.mark.usefixtures("temporary")
def test_real_extracts_are_read_as_object_by_object(
    extract_of: Callable[[str], Path], extract: str
) -> None:
    """Of three real extracts: the same ways, nodes, tags and coordinates, in the same order."""
    assert assert_read_as_one_by_one(extract_of(extract)) > 1000


def test_ways_of_two_sorts_in_one_pass(extract_of: Callable[[str], Path]) -> None:
    """Each sort is as if it had been read by itself; some ways are of both, some of neither."""
    path = extract_of("porto.osm.pbf")
    streets = extracts.WaysAsked(
        ("highway=residential", "highway=motorway_link", "railway"), WAY_KEYS
    )
    rest = extracts.WaysAsked(("highway", "railway=platform"), ("name", "railway"))
    pairs = [tuple(one.split("=")) for one in streets.having[:2]]
    only = [osmium.filter.TagFilter(*pairs), osmium.filter.KeyFilter("railway")]
    one, other = extracts.read_ways_at_once([path], [streets, rest])
    alone = [extracts.read_ways([path], of, WAY_KEYS) for of in only]
    assert sorted(one.ids.tolist()) == sorted(np.concatenate([of.ids for of in alone]).tolist())
    assert min(len(of.ids) for of in alone) > 0
    highways = extracts.read_ways([path], HIGHWAYS, ("name", "railway"))
    is_highway = np.isin(other.ids, highways.ids)
    assert 0 < is_highway.sum() < len(other.ids)
    assert {other.tags[kind].get("railway") for kind in other.kind[~is_highway]} == {"platform"}
    found = other.take(is_highway)
    for name in ("ids", "refs", "first"):
        np.testing.assert_array_equal(getattr(found, name), getattr(highways, name))
    tags = [[ways.tags[kind] for kind in ways.kind] for ways in (found, highways)]
    assert tags[0] == tags[1]


@pytest.mark.usefixtures("temporary")
def test_filter_of_ids_gives_what_choosing_afterwards_gives(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large extract, of which osmium lets only the wanted nodes pass, gives the same nodes."""
    monkeypatch.setattr(extracts, "_SMALL", 0)
    assert assert_read_as_one_by_one(shared_data / "osm" / "berlare.osm") > 1000


@pytest.mark.parametrize("extract", EXTRACTS[:2])
@pytest.mark.usefixtures("temporary")
def test_text_taken_apart_in_pieces_gives_the_same(
    shared_data: Path, extract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In many pieces, each with sets of tags of its own, it is the same as in one."""
    monkeypatch.setattr(extracts, "_AT_ONCE", 3000)
    assert assert_read_as_one_by_one(shared_data / "osm" / extract) > 1000


def strange_tags(rng: random.Random, keys: tuple[str, ...]) -> str:
    """Draw tags with wanted and unwanted keys and texts that could be taken for more."""
    drawn = {rng.choice(keys): rng.choice(STRANGE) for _ in range(rng.randrange(3))}
    drawn |= {rng.choice(STRANGE): rng.choice(STRANGE) for _ in range(rng.randrange(3))}
    # XML itself makes a space of a raw line break; written as a number it comes through.
    breaks = {"\n": "&#10;", "\t": "&#9;"}
    return "".join(
        f"<tag k={quoteattr(key, breaks)} v={quoteattr(value, breaks)}/>"
        for key, value in drawn.items()
    )


def strange_map(rng: random.Random) -> str:
    """Draw nodes without a place, outside the world, twice and with odd tags; ways likewise."""
    ids = [rng.randrange(1, rng.choice([20, 12_000_000_000])) for _ in range(20)]
    lines = []
    for number in rng.choices(ids, k=25):
        lat = rng.choice([rng.uniform(-90, 90)] * 8 + [-90, 90.0000001])
        place = rng.choice([f"lon='{rng.uniform(-180, 180):.7f}' lat='{lat:.7f}'"] * 9 + [""])
        more = rng.choice(["", "visible='false'", "version='2' user='a b' uid='3'"])
        lines.append(f"<node id='{number}' {place} {more}>{strange_tags(rng, NODE_KEYS)}</node>")
    for _ in range(20):
        refs = "".join(f"<nd ref='{ref}'/>" for ref in rng.choices(ids, k=rng.choice([0, 1, 6])))
        more = rng.choice(["", "visible='false'", "version='2'"])
        number = rng.randrange(1, 30)
        tags = strange_tags(rng, WAY_KEYS) + "<tag k='highway' v='path'/>" * (rng.random() < 0.3)
        lines.append(f"<way id='{number}' {more}>{refs}{tags}</way>")
    rng.shuffle(lines)
    return "<?xml version='1.0' encoding='UTF-8'?><osm version='0.6'>" + "".join(lines) + "</osm>"


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.usefixtures("temporary")
def test_hostile_texts_come_through(tmp_path: Path, ending: str) -> None:
    """Commas, percent signs, quotes and any script stay so; what no name may hold is taken out."""
    for seed in range(40):
        path = tmp_path / f"{seed}{ending}"
        drawn = strange_map(random.Random(seed))  # noqa: S311 (maps, not secrets)
        path.write_bytes(PACKED[ending](drawn.encode()))
        assert_read_as_one_by_one(path)


@pytest.mark.usefixtures("temporary")
def test_nodes_of_several_extracts_name_theirs(tmp_path: Path) -> None:
    """Nodes come in the order of the extracts, each once, with those that have it."""
    maps = ("<node id='2' lon='4' lat='51'/><node id='5'/>", "", "<node id='5' lon='5' lat='52'/>")
    paths = [tmp_path / f"{i}.osm" for i in range(3)]
    for path, content in zip(paths, maps, strict=True):
        both = content + "<node id='7' lon='3' lat='50'/><node id='9' lon='3' lat='50'/>"
        path.write_text(f"<osm version='0.6'>{both}</osm>")
    nodes = extracts.read_nodes(paths, np.array([2, 5, 7]), ())
    assert nodes.ids.tolist() == [2, 7, 5]
    assert nodes.extract.tolist() == [0b001, 0b111, 0b101]
    assert (nodes.tags, nodes.repeats.tolist()) == ([{}], [5, 7, 7])


@pytest.mark.usefixtures("temporary")
def test_text_that_is_no_utf8_is_refused_in_one_line(tmp_path: Path) -> None:
    """A name with a broken character, also one that would swallow a line end, ends the reading.

    Only a number above those of all characters is read on, as the last of them.
    """
    path = tmp_path / "broken.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number in (1, 2):
            tags = {"highway": "path", "name": "Dorp\u00e9"}
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=[1, 2], tags=tags))
    assert len(extracts.read_ways([path], HIGHWAYS, ("name",)).ids) == 2
    plain = tmp_path / "plain.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(plain), "pbf,pbf_compression=none")) as writer:
        for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
            writer.add_way(way)
    content = plain.read_bytes()
    for broken in (b"Dorp\xc3\n", b"Dorp\xc3,", b"Dorp\xff\xff", b"Dorpx\xe9"):
        assert content.count("Dorpé".encode()) == 1
        path.write_bytes(content.replace("Dorpé".encode(), broken))
        with pytest.raises(InputError, match=r"^broken\.osm\.pbf: cannot be read to its end \(.*"):
            extracts.read_ways([path], HIGHWAYS, ("name",))
    path.write_bytes(content.replace("Dorpé".encode(), b"Do\xf7\xbf\xbf\xbf"))
    assert extracts.read_ways([path], HIGHWAYS, ("name",)).tags[0]["name"] == "Do\U0010ffff"


def test_full_disk_is_told_in_one_line(shared_data: Path, temporary: Path) -> None:
    """When the text does not fit, the line names the folder, and the process lives on."""
    code = (
        "import resource, sys; from pathlib import Path; import osmium\n"
        "from stemgeo.errors import StemgeoError; from stemgeo.inputs import extracts\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "only = osmium.filter.KeyFilter('highway')\n"
        "try: extracts.read_ways([Path(sys.argv[1])], only, ())\n"
        "except StemgeoError as error: print(error)\n"
    )
    extract = shared_data / "osm" / "porto.osm.pbf"
    ended = subprocess.run(
        [sys.executable, "-c", code, str(extract)],
        env={"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == (
        f"{temporary}: cannot take the text of porto.osm.pbf (Write failed: File too large); "
        "make room there, or name another folder in TMPDIR\n"
    )
    assert ended.stderr == ""
