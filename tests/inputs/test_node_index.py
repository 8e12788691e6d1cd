"""Nodes from osmium's own index: the same as from text, and nothing of it is left behind."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pytest

from stemgeo.inputs import extracts, node_index

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = ("barrier", "highway", "crossing")


def write(path: Path, *nodes: str) -> Path:
    """Write a map of nodes."""
    path.write_text(f"<osm version='0.6'>{''.join(nodes)}</osm>", encoding="utf-8")
    return path


def node(number: int, place: str = "lon='4.1' lat='51.2'", tags: str = "") -> str:
    """Write a node."""
    return f"<node id='{number}' {place}>{tags}</node>"


def tell(nodes: extracts.Nodes) -> list[Any]:
    """Give all that is known of each node."""
    tags = [nodes.tags[one] for one in nodes.kind]
    columns = nodes.ids.tolist(), nodes.lon.tolist(), nodes.lat.tolist(), nodes.extract.tolist()
    return list(zip(*columns, tags, strict=True))


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Take every extract for a large one; whether each reading could be done by the index."""
    could: list[bool] = []
    index = node_index.index_places

    def noted(count: int, pass_nodes: Any) -> Any:
        found = index(count, pass_nodes)
        could.append(found is not None)
        return found

    monkeypatch.setattr(extracts, "_SMALL", 0)
    monkeypatch.setattr(extracts, "index_places", noted)
    return could


def test_nodes_are_those_of_the_text(
    extract_of: Callable[[str], Path], request: pytest.FixtureRequest
) -> None:
    """Ids, places to the last bit, tags and order; of those that are asked for."""
    path = extract_of("porto.osm.pbf")
    ids = np.unique(extracts.read_ways([path], osmium.filter.KeyFilter("highway"), ()).refs)[::3]
    expected = [tell(extracts.read_nodes([path], ids, keys)) for keys in (KEYS, ())]
    assert len(expected[0]) > 1000
    assert sum(bool(one[-1]) for one in expected[0]) > 50
    could = request.getfixturevalue("indexed")
    assert [tell(extracts.read_nodes([path], ids, keys)) for keys in (KEYS, ())] == expected
    assert could == [True, True]


def test_nodes_without_a_place_or_outside_the_world_are_none(
    tmp_path: Path, indexed: list[bool]
) -> None:
    """One with the id 0 as well is read, and places of nought are places."""
    gate = "<tag k='barrier' v='gate'/>"
    nodes = node(0), node(1, ""), node(2, "lon='0' lat='0'"), node(3, "lon='4' lat='91'")
    path = write(tmp_path / "x.osm", *nodes, node(4, tags=gate), node(9), node(10, "", gate))
    found = extracts.read_nodes([path], np.array([0, 1, 2, 3, 4, 5, 10]), KEYS)
    assert tell(found) == [
        (0, 4.1, 51.2, 1, {}),
        (2, 0.0, 0.0, 1, {}),
        (4, 4.1, 51.2, 1, {"barrier": "gate"}),
    ]
    assert indexed == [True]


@pytest.mark.parametrize("nodes", [(1, 3, 2), (1, 2, 2), (2, 1, 1)])
def test_what_is_not_in_order_is_read_by_its_text(
    tmp_path: Path, indexed: list[bool], nodes: tuple[int, ...]
) -> None:
    """Of a node that is there twice the first place counts, and it is counted."""
    places = [f"lon='{at}' lat='51'" for at in range(3)]
    path = write(tmp_path / "x.osm", *map(node, nodes, places))
    found = extracts.read_nodes([path], np.array([1, 2, 3]), ())
    assert indexed == [False] or not indexed
    assert found.ids.tolist() == list(dict.fromkeys(nodes))
    assert found.lon.tolist() == [float(nodes.index(one)) for one in dict.fromkeys(nodes)]
    assert found.repeats.tolist() == ([2] if nodes == (1, 2, 2) else [1] * (nodes == (2, 1, 1)))


def test_a_folder_that_osmium_cannot_name_is_no_fault(
    tmp_path: Path, indexed: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a comma in its name the text is read instead."""
    folder = tmp_path / "a,b"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    path = write(tmp_path / "x.osm", node(1), node(2))
    assert len(extracts.read_nodes([path], np.array([1, 2]), ()).ids) == 2
    assert indexed == [False]
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system does not tell")
@pytest.mark.usefixtures("indexed")
def test_no_file_stays_open(tmp_path: Path) -> None:
    """The file of its index, which osmium leaves open, is closed: else its room stays taken."""
    path = write(tmp_path / "x.osm", node(1), node(2))
    opened = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        extracts.read_nodes([path], np.array([1, 2]), ())
    assert len(list(Path("/proc/self/fd").iterdir())) == opened


def test_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    """Before osmium writes: what it cannot write it would end the process for."""
    path = write(tmp_path / "x.osm", node(1))
    code = (
        "import resource, sys; from pathlib import Path; import numpy as np\n"
        "from stemgeo.errors import StemgeoError; from stemgeo.inputs import extracts\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); extracts._SMALL = 0\n"
        "try: extracts.read_nodes([Path(sys.argv[1])], np.array([1]), ())\n"
        "except StemgeoError as error: print(error)\n"
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    command = [sys.executable, "-c", code, str(path)]
    ended = subprocess.run(
        command, env={"TMPDIR": str(folder)}, capture_output=True, text=True, check=True
    )
    assert ended.stdout == (
        f"{folder}: cannot be written: File too large; "
        "make room there, or name another folder in TMPDIR\n"
    )
    assert list(folder.iterdir()) == []
