"""Facts about the file of sources: it holds all that is known, and the code holds no address."""

from __future__ import annotations

import ast
import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stemgeo.errors import FetchError
from stemgeo.facts import fact_path
from stemgeo.sources.catalogue import (
    Catalogue,
    DataSource,
    host_of,
    is_safe,
    read_catalogue,
    shipped_catalogue,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SOURCES = shipped_catalogue().sources


@pytest.fixture(scope="module")
def reference() -> str:
    """What is known of the sources: beside the project, as the real data are."""
    path = ROOT.parent / "shared" / "reference" / "data-sources.md"
    if not path.is_file():
        reason = "not found: ../shared/reference/data-sources.md beside the project"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path.read_text("utf-8")


def spread(text: str) -> list[str]:
    """Write out "a{b,c}d" as "abd" and "acd"."""
    parts = [one.split(",") for one in re.split(r"\{([\w,.]+)\}", text)[1::2]]
    plain = re.split(r"\{[\w,.]+\}", text)
    rows = [zip(plain, [*one, ""], strict=True) for one in itertools.product(*parts)]
    return ["".join(itertools.chain(*row)) for row in rows]


def addresses_of(source: DataSource) -> set[str]:
    """Give every address of a source, of each year, with those of its collection."""
    found = set()
    for year in source.years or (None,):
        for one in (source.address, source.wfs, *source.also):
            whole = source.fill(one, year)
            items = f"{whole}collections/{source.collection}"
            found |= {whole, items, f"{items}/items"} if source.collection else {whole}
    return {one.rstrip("/") for one in found if one}


ALL = set().union(*map(addresses_of, SOURCES.values()))


def quoted(text: str) -> list[str]:
    """List what stands between backticks, with what is in braces written out."""
    return [one for part in re.findall(r"`([^`]+)`", text) for one in spread(part)]


def test_braces_are_written_out() -> None:
    """A row of forms in the reference is each of them."""
    assert spread("a_{1,2}.{x,y}") == ["a_1.x", "a_1.y", "a_2.x", "a_2.y"]
    assert spread("a") == ["a"]


def test_each_address_of_the_reference_is_known(reference: str) -> None:
    """What is known of the sources names no address that the file of sources lacks."""
    named = {one.rstrip("/") for one in quoted(reference) if one.startswith("http")}
    assert len(named) >= 7
    assert not named - ALL


def test_each_path_of_the_reference_is_known(reference: str) -> None:
    """Each folder and file on Statbel's site that is known stands in an address, spelled so."""
    paths = [one for one in quoted(reference) if "files/opendata/" in one]
    assert len(paths) >= 15
    assert not [one for one in paths if not any(one in address for address in ALL)]


def test_each_name_of_the_reference_is_known(reference: str) -> None:
    """Files by year, collections, layers and bare hosts are known by name."""
    files = {one.file for one in SOURCES.values()}
    by_year = {one.replace("YYYY", "{year}") for one in quoted(reference) if "YYYY" in one}
    known = files | {Path(one).name for source in SOURCES.values() for one in source.also}
    assert {one for one in by_year if one.startswith("OPENDATA")} <= known
    assert by_year <= known, by_year - known
    layers = set(re.findall(r"\bRef[a-z]+(?:G100)?\b", reference))
    assert len(layers) == 5
    assert layers <= {one.collection for one in SOURCES.values()}
    types = {
        one.fill(one.type_name, year) for one in SOURCES.values() for year in (None, *one.years)
    }
    assert set(re.findall(r"VRBG\d*:\w+", reference)) <= types
    text = fact_path("sources.toml").read_text("utf-8")
    for name in (
        "search-test.uitdatabank.be",
        "provincies.incijfers.be",
        "ni_inw_ha_vlaa_2019",
        "Statsect2025_2024.csv",
        "Wegsegment",
    ):
        assert name in reference
        assert name in text


def test_no_check_total_is_invented(reference: str) -> None:
    """Each number and hash by which a file is refused stands in what is known of the sources."""
    totals = [one for source in SOURCES.values() for one in source.known.values()]
    assert totals
    for one in totals:
        for value in (one.size_bytes, one.rows, one.flemish_children_0_17):
            assert value is None or f"{value:,}" in reference
        assert one.sha256 in reference


@pytest.mark.parametrize("key", SOURCES)
def test_each_source_says_whose_it_is(key: str) -> None:
    """Publisher, title, terms and the line that names it; where its address was read, or how."""
    source = SOURCES[key]
    assert source.publisher
    assert source.title
    assert source.licence == f"not stated: ask {source.publisher}" or re.match(
        "CC BY 4.0|ODbL|Modellicentie Gratis Hergebruik", source.licence
    )
    assert source.attribution
    assert source.seen_in
    assert source.address or source.how
    assert "{year}" not in source.address or source.years


def test_what_is_fetched_is_one_file_each() -> None:
    """No two sources that are asked are kept under one name."""
    names = [one.file for one in SOURCES.values() if one.file and one.kind != "reference"]
    assert len(set(names)) == len(names)


def spoken(tree: ast.Module) -> Iterator[str]:
    """Give the texts of a module that are no docstrings."""
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


NAMESPACES = (
    *(
        r"data\.europa\.eu/nuts/",
        r"data\.vlaanderen\.be/id/",
        r"publications\.europa\.eu/resource/",
    ),
    *(r"purl\.org/dc/", r"spdx\.org/rdf/", r"www\.iana\.org/assignments/", r"www\.w3\.org/"),
    *(r"xmlns\.com/foaf/", r"gdal\.org\b", r"mrcc\.com/qgis\.dtd\b", r"www\.geopackage\.org/spec"),
)
"""Names of things in the formats of others, which nobody asks."""
ADDRESS = re.compile(
    rf"\b(?:https?|ftp)://(?!tiles\.example\.be|www\.example\.be|{'|'.join(NAMESPACES)})[\w{{]"
)
"""But for those names and what is an example."""


def test_an_address_in_code_is_found() -> None:
    """A host behind a scheme is found, in parts of a text too; a scheme alone is none."""
    tree = ast.parse('"""https://doc.be"""\na = "https://x.be"\nb = f"http://{a}"\nc = "https://"')
    assert [one for one in spoken(tree) if ADDRESS.search(one)] == ["https://x.be"]
    assert "http://" in list(spoken(tree))


def test_no_address_stands_in_code() -> None:
    """Who moves a server edits the file of sources alone."""
    named = {
        path.name: found
        for path in sorted((ROOT / "stemgeo").rglob("*.py"))
        if (
            found := [
                one
                for one in spoken(ast.parse(path.read_text(encoding="utf-8")))
                if ADDRESS.search(one)
                or re.search(r"(?<!//data\.)vlaanderen\.be|statbel\.fgov", one)
            ]
        )
    }
    assert not named


SPEAKERS = {"aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "urllib3"}


def speaks(source: str) -> bool:
    """Tell whether a module could speak to a server by itself."""
    nodes = list(ast.walk(ast.parse(source)))
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return any(one.split(".")[0] in SPEAKERS or one == "urllib.request" for one in named)


def test_one_module_speaks_to_servers() -> None:
    """Nothing but the client can send anything anywhere; the explorer listens on this machine."""
    assert speaks("import urllib.request")
    assert not speaks("from urllib.parse import quote")
    found = {
        path.relative_to(ROOT / "stemgeo").as_posix()
        for path in (ROOT / "stemgeo").rglob("*.py")
        if speaks(path.read_text(encoding="utf-8"))
    }
    assert found == {"sources/client.py", "explore/server.py"}


# -- a file of sources of one's own ----------------------------------------------------------------

GOOD = (
    '[sources.a]\npublisher = "P"\ntitle = "T"\nkind = "file"\n'
    'address = "https://x.be/b c/{year}.zip"\nfile = "a.zip"\n'
)


def read(folder: Path, text: str | bytes) -> Catalogue:
    """Read a file of sources of one's own."""
    path = folder / "own.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_catalogue(path)


def test_an_own_file_is_read(tmp_path: Path) -> None:
    """A mirror is a file of sources of its own; an address is sent without spaces."""
    source = read(tmp_path, GOOD).find("a")
    assert source.locate(2025) == "https://x.be/b%20c/2025.zip"
    assert source.hosts == {"x.be"}
    with pytest.raises(FetchError, match=r"^b\?: is no source; there are: a$"):
        read(tmp_path, GOOD).find("b\x1b?")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://x.be", "http://x.be", r"sources\.a\.address: .*must begin with https"),
        ("https://x.be", "https://ann:pw@x.be", "no name and no password"),
        ("https://x.be", "https://[x", "must begin with https"),
        ("https://x.be/b c", "file:///etc", "must begin with https"),
        ('"file"', '"ftp"', r"sources\.a\.kind"),
        ('file = "a.zip"', "", "has no file"),
        ('"a.zip"', '"../a.zip"', r"sources\.a\.file"),
        ('"P"', '"P"\nadress = "x"', r"sources\.a\.adress: Extra"),
        ("[sources.a]", "[manners]\ntries = 0\n[sources.a]", r"manners\.tries"),
        ("[sources.a]", "[manners]\nstall_s = inf\n[sources.a]", r"manners\.stall_s"),
        ("[sources.a]", "[sources.a", "cannot be read as a file of sources"),
        ('"P"', '"P"\nredirects = ["x.be/y"]', r"sources\.a\.redirects"),
        ('"P"', "1", r"sources\.a\.publisher"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    """What is wrong in a file of sources is said with its place, in a line."""
    assert old in GOOD
    with pytest.raises(FetchError, match=said) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert str(caught.value).startswith("own.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = " + b"[" * 100_000, b"#" * 1_000_001])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    """Bytes, depth and size are no way to break the reader."""
    with pytest.raises(FetchError, match=r"^own\.toml: "):
        read(tmp_path, content)


def test_a_folder_is_no_file_of_sources(tmp_path: Path) -> None:
    """What is no file is not opened."""
    with pytest.raises(FetchError, match="is no file"):
        read_catalogue(tmp_path)


@pytest.mark.parametrize(
    ("address", "host", "safe"),
    [
        ("https://X.be/a", "x.be", True),
        ("http://127.0.0.1:80/a", "127.0.0.1:80", True),
        ("http://x.be", "x.be", False),
        ("https://ann@x.be", "", False),
        ("https://127.0.0.1@x.be", "", False),
        ("http://localhost.x.be", "localhost.x.be", False),
        ("https://x.be:port/", "", False),
        ("https:///a", "", False),
        ("ftp://x.be", "x.be", False),
        ("", "", False),
    ],
)
def test_hosts_and_safety(address: str, host: str, *, safe: bool) -> None:
    """Who is asked is read from an address as a browser reads it, not by how it begins."""
    assert (host_of(address), is_safe(address)) == (host, safe)
