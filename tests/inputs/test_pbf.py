"""Large PBFs in parts: nothing is lost, nothing is unpacked for nothing, and it is told how far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import osmium
import pytest

from stemgeo.errors import InputError
from stemgeo.inputs import extracts, pbf
from stemgeo.network import Network
from stemgeo.stages import READING_ROADS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stemgeo.notes import Said

NODE, WAY, RELATION = osmium.osm.NODE, osmium.osm.WAY, osmium.osm.RELATION
HIGHWAYS = osmium.filter.KeyFilter("highway")


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every extract for a large one, of many parts."""
    pbf._list_blobs.cache_clear()
    monkeypatch.setattr(pbf, "WHOLE_BELOW", 0)
    monkeypatch.setattr(pbf, "AT_ONCE", 100_000)
    monkeypatch.setattr(extracts, "_SMALL", 0)


def list_ids(sources: list[Any], kind: Any) -> list[int]:
    """Give the ids of all objects of a kind, in their order."""
    return [one.id for source in sources for one in osmium.FileProcessor(source, kind)]


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("extract", ["porto.osm.pbf", "wechelderzande.osm.pbf"])
def test_the_parts_of_a_kind_hold_all_objects_of_it(shared_data: Path, extract: str) -> None:
    """Of one whose blobs hold a kind each, and of one that has all in one blob."""
    path = shared_data / "osm" / extract
    for kind in (NODE, WAY, RELATION):
        parts = list(pbf.list_parts(path, kind))
        whole = list_ids([str(path)], kind)
        assert list_ids([part.source for part in parts], kind) == whole
        assert len(whole) > 10
        assert [part.number for part in parts] == list(range(1, len(parts) + 1))
        assert parts[-1].read == parts[-1].of <= path.stat().st_size
        assert sorted(part.read for part in parts) == [part.read for part in parts]


@pytest.mark.usefixtures("in_parts")
def test_only_what_is_sought_is_unpacked(shared_data: Path) -> None:
    """The blobs of nodes, ways and relations make the file: hardly any is in two of them."""
    path = shared_data / "osm" / "porto.osm.pbf"
    sizes = [next(iter(pbf.list_parts(path, kind))).of for kind in (NODE, WAY, RELATION)]
    assert path.stat().st_size * 0.95 < sum(sizes) < path.stat().st_size * 1.05


@pytest.mark.parametrize("extract", ["porto.osm.pbf", "wechelderzande.osm.pbf"])
def test_a_network_read_in_parts_is_the_same(
    extract_of: Callable[[str], Path], extract: str, request: pytest.FixtureRequest
) -> None:
    """Array by array, ride by ride, count by count; on foot too."""
    path = extract_of(extract)
    whole = {mode: Network.from_osm(path, mode=mode) for mode in ("bicycle", "foot")}
    request.getfixturevalue("in_parts")
    for mode, expected in whole.items():
        found = Network.from_osm(path, mode=mode)
        assert (found.rides, found.counts) == (expected.rides, expected.counts)
        for name, array in expected._list_arrays().items():
            assert getattr(found, name).tobytes() == array.tobytes(), name


@pytest.mark.usefixtures("in_parts")
def test_what_is_not_plain_to_see_is_read_as_a_whole(shared_data: Path, tmp_path: Path) -> None:
    """Packed in no way that is known here, no PBF at all, or a blob with two kinds of objects."""
    path = shared_data / "osm" / "wechelderzande.osm.pbf"
    raw, text = tmp_path / "raw.osm.pbf", tmp_path / "text.osm"
    for place, options in ((raw, "pbf,pbf_compression=none"), (text, "xml")):
        with osmium.SimpleWriter(osmium.io.File(str(place), options)) as writer:
            for one in osmium.FileProcessor(str(path)):
                writer.add(one)
    for place in (raw, text):
        for kind in (NODE, WAY):
            sources = [part.source for part in pbf.list_parts(place, kind)]
            assert list_ids(sources, kind) == list_ids([str(path)], kind)
    assert pbf._list_blobs(path, 1 << 30, 0) == []  # ends too soon
    assert {one.kind for one in pbf._list_blobs(raw, raw.stat().st_size, 0)} == {None}


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("kept", [0.999, 0.5, 0.01])
def test_half_a_file_is_refused_in_one_line(shared_data: Path, tmp_path: Path, kept: float) -> None:
    """Wherever it was cut off, osmium says that it does not end well."""
    content = (shared_data / "osm" / "porto.osm.pbf").read_bytes()
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match=r"^half\.osm\.pbf: cannot be read to its end \("):
        extracts.read_ways([path], HIGHWAYS, ())


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("place", [3, 40, 400, 4_000, 40_000])
def test_any_byte_may_be_wrong(shared_data: Path, tmp_path: Path, place: int) -> None:
    """A damaged head or blob is refused as such, or read as osmium reads it; nothing else ends."""
    content = bytearray((shared_data / "osm" / "wechelderzande.osm.pbf").read_bytes())
    path = tmp_path / "x.osm.pbf"
    for value in (0, 0x0A, 0x7F, 0x80, 0xFF):
        content[place] = value
        path.write_bytes(content)
        pbf._list_blobs.cache_clear()
        try:
            ways = osmium.FileProcessor(str(path), WAY).with_filter(HIGHWAYS)
            expected = [way.id for way in ways]
        except extracts.UNREADABLE:
            with pytest.raises(InputError, match=r"^x\.osm\.pbf: "):
                extracts.read_ways([path], HIGHWAYS, ())
        else:
            assert extracts.read_ways([path], HIGHWAYS, ()).ids.tolist() == expected


@pytest.mark.usefixtures("in_parts")
def test_it_is_told_how_much_is_read(shared_data: Path) -> None:
    """Pass by pass, in megabytes of what is read in it; the share that is behind only grows."""
    told: list[tuple[Said, float]] = []
    with pbf.tell_reading(READING_ROADS, lambda what, share: told.append((what, share))):
        Network.from_osm(shared_data / "osm" / "porto.osm.pbf")
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1
    ends = [[what.to_text(one) for one in ("en", "nl", "fr")] for what, _ in (told[0], told[-1])]
    assert ends[0][0] == "Reading roads: lines, 0 of 1 MB"
    assert ends[1] == [
        "Reading roads: points, 2 of 2 MB",
        "Wegen lezen: punten, 2 van 2 MB",
        "Lecture des routes\N{NO-BREAK SPACE}: points, 2 sur 2 Mo",
    ]
    before = len(told)
    Network.from_osm(shared_data / "osm" / "wechelderzande.osm.pbf")
    assert len(told) == before


@pytest.mark.usefixtures("in_parts")
def test_the_first_large_extract_on_a_machine_says_that_its_reading_is_compiled(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first block, in which that takes ten seconds; and never again, nor of a text."""
    told: list[str] = []

    def read(extract: str) -> list[str]:
        told.clear()
        with pbf.tell_reading(READING_ROADS, lambda what, _: told.append(what.en)):
            Network.from_osm(shared_data / "osm" / extract)
        return [*dict.fromkeys(one.split(":")[0] for one in told)]

    compiling = "Compiling how large extracts are read, once on this machine"
    assert read("porto.osm.pbf") == ["Reading roads"]
    monkeypatch.setattr(pbf, "is_compiled", lambda _: False)
    assert read("porto.osm.pbf") == [compiling, "Reading roads"]
    assert told.index(compiling) == 0
    assert read("berlare.osm") == []
