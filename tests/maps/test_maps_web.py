"""The web map: what stands in it, and what cannot get out of its data."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import stemgeo.maps
from stemgeo.maps import series, web
from stemgeo.maps.text import MapText
from stemgeo.maps.web import escape_for_web, web_map

ASSETS = Path(stemgeo.maps.__file__).parent / "assets" / "leaflet"
HACK = "document.title='HACKED'"
PAYLOADS = (
    f"<script>{HACK}</script>",
    f"</script><script>{HACK}</script>",
    f"<img src=x onerror={HACK}>",
    f"`${{{HACK}}}`",
    f"${{{HACK}}}",
    f"`+({HACK})+`",
    f"');{HACK};//",
    f'");{HACK};//',
    f"\\');{HACK};//",
    "{{7*7}}",
    "{% raw %}",
    "{# weg #}",
    "&lt;b&gt;",
    f"</title><svg onload={HACK}>",
    f'" autofocus onfocus="{HACK}',
    f"-->]]>{HACK}",
)
ALL_PAYLOADS = " ".join(PAYLOADS)


@pytest.fixture
def page(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> str:
    """The web map of the small land."""
    return web_map(municipalities, academies, isochrones, gaps, text)


@pytest.fixture
def hostile_page(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
) -> str:
    """A web map in which every text that comes from data is a payload."""
    payloads = [PAYLOADS[number % len(PAYLOADS)] for number in range(len(municipalities))]
    return web_map(
        municipalities.assign(name=payloads, province=payloads),
        academies.assign(name=payloads[: len(academies)]),
        isochrones,
        gaps.assign(name=payloads[: len(gaps)], reason=payloads[-len(gaps) :]),
        MapText(*[ALL_PAYLOADS] * 4, method_note=ALL_PAYLOADS, measure=ALL_PAYLOADS),
    )


class Page(HTMLParser):
    """What a browser would make of a page: its tags, and the text of each."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text, with the tag that was last opened."""
        if self.tags:
            self.texts.append((self.tags[-1][0], data))

    def of(self, tag: str) -> list[str]:
        """Give the texts that follow a kind of tag."""
        return [said for where, said in self.texts if where == tag and said.strip()]

    @property
    def said(self) -> str:
        """Everything that can be read."""
        return " ".join(said for tag, said in self.texts if tag not in {"script", "style"})


def data_of(page: str) -> list[dict[str, object]]:
    """The GeoJSON collections in folium's script."""
    found = re.findall(r"_add\((\{.*\})\);", page)
    return [json.loads(collection) for collection in found]


def shares_of(page: str) -> dict[str, dict[str, str]]:
    """The tooltip's figures of each municipality, as they are read."""
    collection = next(c for c in data_of(page) if "Aandeel op tijd" in str(c))
    return {
        feature["id"]: {key: unescape(value) for key, value in feature["properties"].items()}
        for feature in collection["features"]  # type: ignore[attr-defined]
    }


# What stands in it


def test_everything_is_said(page: str) -> None:
    """Title, language, notice, method, source and date stand in the page."""
    read = Page(page)
    assert dict(read.tags)["html"] == {"lang": "nl"}
    assert read.of("title") == read.of("h1") == ["Wie raakt op tijd bij een STEM-academie?"]
    for line in (
        "Voorbeeld, niet voor publicatie",
        "Methode: benadering in vogelvlucht",
        "Bron: Bronhouders van de proef",
        "Datum van de gegevens: 31 december 2022",
    ):
        assert line in read.said


def test_tooltips_show_the_table(page: str, municipalities: gpd.GeoDataFrame) -> None:
    """Each municipality's tooltip has its own figures, written as in a Dutch text."""
    shares = shares_of(page)
    assert set(shares) == set(municipalities["nis_code"])
    lede = municipalities.set_index("name").loc["Lede"]
    assert shares[lede["nis_code"]] == {
        "Gemeente": "Lede",
        "Provincie": "Limburg",
        "Aandeel op tijd": "30,0\N{NO-BREAK SPACE}%",
        "Kinderen": "1.090",
        "Op tijd": "57",
        "Niet op tijd": "133",
        "Niet gemeten": "900",
        "STEM-academies": "1",
    }
    assert shares["10008"]["Aandeel op tijd"] == "geen cijfer"


def test_table_in_the_page_is_the_tooltips(page: str) -> None:
    """The table under the map, for who does not point, has the same figures."""
    cells = [said for tag, said in Page(page).texts if tag in {"td", "th"} and said.strip()]
    names, rows = cells[:8], cells[8:]
    assert len(rows) == 40 * 8
    table = {rows[i]: rows[i : i + 8] for i in range(0, len(rows), 8)}
    for figures in shares_of(page).values():
        assert [figures[name] for name in names] == table[figures["Gemeente"]]


def test_same_classes_and_colours_as_on_paper(page: str, municipalities: gpd.GeoDataFrame) -> None:
    """Legend and ground have the colours and the counts of the static maps."""
    counts = series.class_counts(municipalities["share"], series.DEFAULT_CLASSES)
    said = [s for tag, s in Page(page).texts if tag == "span" and "gemeente" in s]
    assert said[:5] == [f"{count} gemeenten" for count in counts]
    colours = re.findall(r"\.swatch-\d \{ background: (#\w+)", page)
    assert colours == series.colours(5)
    fills = set(re.findall(r'"className": "", "color": "[^"]+", "fillColor": "([^"]+)"', page))
    assert fills == {colour for colour, count in zip(colours, counts, strict=True) if count}


def test_layers(page: str) -> None:
    """One chooses ground (shares or cycling time), and adds gaps and academies."""
    control = re.search(r"base_layers : (\{.*?\}),\s*overlays :\s*(\{.*?\}),\s*\}", page, re.DOTALL)
    assert control
    ground, over = (re.findall(r'"([^"]+)" :', part) for part in control.groups())
    assert ground == [
        "Aandeel kinderen op tijd, per gemeente",
        "Fietstijd tot de dichtstbijzijnde STEM-academie",
    ]
    assert over == [
        "Hiaten: kinderen niet op tijd",
        "Hiaten: kinderen alleen over drukke wegen op tijd",
        "STEM-academies",
    ]
    assert [s for s in Page(page).of("span") if "minuten" in s] == [
        "0 tot 5 minuten",
        "5 tot 10 minuten",
        "10 tot 15 minuten",
    ]


def test_a_gap_is_drawn_as_its_outline_and_says_why(page: str) -> None:
    """Each is a polygon; the largest names three municipalities and how far the nearest lies."""
    features = re.findall(r'"geometry": \{[^}]*?"type": "(\w+)"\}, "id": "G\d+"', page)
    assert features == ["Polygon"] * 10
    said = re.search(r'"id": "G001", "properties": (\{.*?\})', page)
    assert said
    told = json.loads(said[1])
    assert told["Gemeenten"].endswith(" en 2 andere")
    assert told["Mediane fietstijd"] == "geen academie binnen bereik"
    assert told["Reden"] == (
        "geen academie in de buurt (de dichtstbijzijnde op 4,0 km in vogelvlucht)"
    )


def test_a_gap_of_quiet_roads_is_not_said_to_be_late(page: str) -> None:
    """Its children are in time over busy roads: the tooltip and the layer say so."""
    for gap_id, head, other in (
        ("G001", "Niet op tijd", "Alleen over drukke wegen op tijd"),
        ("G010", "Alleen over drukke wegen op tijd", "Niet op tijd"),
    ):
        said = re.search(rf'"id": "{gap_id}", "properties": (\{{.*?\}})', page)
        assert said
        told = json.loads(said[1])
        assert head in told
        assert other not in told
    assert "Hiaten: kinderen alleen over drukke wegen op tijd" in page


def test_outlines_of_gaps_keep_the_page_small(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Outlines of a million corners are drawn with less than a tenth of them."""
    detailed = gaps.set_geometry(gaps.buffer(-100).segmentize(0.35))
    assert detailed.count_coordinates().sum() > 1_000_000
    page = web_map(municipalities, academies, None, detailed, text)
    assert len(page.encode()) < 3_000_000


@pytest.mark.parametrize("isochrones_too", [None, "empty"])
def test_without_isochrones_gaps_and_academies(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
    isochrones_too: str | None,
) -> None:
    """What there is not is neither a layer nor in the legend; the rest is drawn."""
    nothing = None if isochrones_too is None else isochrones.iloc[:0]
    page = web_map(municipalities, academies.iloc[:0], nothing, gaps.iloc[:0], text)
    assert len(shares_of(page)) == 40
    assert "Fietstijd" not in Page(page).said
    assert "Hiaten" not in Page(page).said


def test_english(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """In English no Dutch word is left, but for what the study itself says."""
    quiet = replace(text, language="en", title="T", notice="N", source="S", date="D")
    english = replace(quiet, method_note="")
    page = Page(web_map(municipalities, academies, isochrones, gaps, english))
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert not re.search(r"\b(gemeente|kinderen|minuten|aandeel|bron|lagen)", page.said.lower())


def test_shared_borders_stay_shared(page: str) -> None:
    """After simplifying and rounding, neighbours still have their corners in common."""
    collection = next(c for c in data_of(page) if "Aandeel op tijd" in str(c))
    squares = [
        shapely.geometry.shape(feature["geometry"])
        for feature in collection["features"]  # type: ignore[attr-defined]
    ]
    assert shapely.coverage_is_valid(squares)
    coordinates = shapely.get_coordinates(squares)
    assert len(np.unique(coordinates, axis=0)) == 11 * 5
    assert (coordinates == coordinates.round(5)).all()
    assert ((coordinates > (2.5, 50.6)) & (coordinates < (6.0, 51.6))).all()


def test_isochrones_are_simplified_until_they_fit(
    isochrones: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stays small whatever the network: detail gives way, bands do not."""
    usual = web._sketched(isochrones.geometry)
    monkeypatch.setattr(web, "_MOST_ISOCHRONE_POINTS", 1300)
    coarse = web._sketched(isochrones.geometry)
    assert coarse.count_coordinates().sum() <= 1300 < usual.count_coordinates().sum()
    assert coarse.area.tolist() == pytest.approx(isochrones.area.tolist(), rel=0.15)


def test_specks_go_with_the_holes_they_fill() -> None:
    """Small parts and holes leave the sketch, larger ones stay: they are real."""
    speck, island = shapely.box(10, 10, 20, 20), shapely.box(200, 200, 400, 400)
    outer = shapely.box(0, 0, 1000, 1000).difference(shapely.union_all([speck, island]))
    inner = shapely.union_all([speck, island])
    assert web._without_specks(outer, 50.0).area == 1000**2 - 200**2
    assert web._without_specks(inner, 50.0).area == 200**2


def test_same_page(
    page: str,
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """The same study gives the same page, in whatever order its rows come."""
    tables = (table[::-1] for table in (municipalities, academies, isochrones, gaps))
    assert web_map(*tables, text) == page


def test_tables_are_not_changed(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Drawing leaves the tables as they were."""
    tables = municipalities, academies, isochrones, gaps
    before = [table.copy() for table in tables]
    web_map(*tables, text)
    assert all(table.equals(copy) for table, copy in zip(tables, before, strict=True))


# What it needs from outside, and what cannot get out of its data


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("leaflet.js", "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a"),
        ("leaflet.css", "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6"),
        ("LICENSE", "53e8dc25862014e4324741ca18fbe3611e11d42ef69f59f86ea8c5389647d4cb"),
    ],
)
def test_leaflet_is_as_published(name: str, sha256: str) -> None:
    """What we ship is Leaflet 1.9.4 as its makers published it, not a byte else."""
    assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == sha256


def test_page_needs_nothing_from_outside(page: str) -> None:
    """No tag, style or script of the page points to another file or address."""
    read = Page(page)
    addresses = [
        (tag, name, value)
        for tag, attributes in read.tags
        for name, value in attributes.items()
        if name in {"src", "href", "action", "data", "srcset", "poster", "background"}
    ]
    assert addresses == []
    styles = " ".join(said for tag, said in read.texts if tag == "style")
    assert not re.search(r"url\((?!#)|@import", styles)
    assert "link" not in dict(read.tags)
    assert "sourceMappingURL" not in page
    named = set(re.findall(r"https?://[^\s\"'<>)\\,]+", page))
    assert named == {
        "http://www.w3.org/2000/svg",  # the name of a language
        "https://leafletjs.com",  # in Leaflet's own comment and credit
        "https://bugs.chromium.org/p/chromium/issues/detail?id=600120",
        "https://bugzilla.mozilla.org/show_bug.cgi?id=888319",
    }
    assert "Copyright (c) 2010-2023, Volodymyr Agafonkin" in page


def test_policy_allows_our_scripts_only(page: str) -> None:
    """The content security policy names the hash of each script, and allows no fetching."""
    policy = next(a["content"] for tag, a in Page(page).tags if tag == "meta" and "content" in a)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    hashes = [f"'sha256-{web.base64.b64encode(digest).decode()}'" for digest in digests]
    assert policy == (
        f"default-src 'none'; script-src {' '.join(hashes)}; "
        "style-src 'unsafe-inline'; img-src data:"
    )


@given(st.text())
def test_escaped_text_reads_as_it_was(said: str) -> None:
    """Escaping loses nothing, and leaves no character with a meaning to HTML, JS or Jinja."""
    escaped = escape_for_web(said)
    assert not re.search(r"[<>\"'`${}\\]|&(?!(?:#x?[0-9a-f]+|lt|gt|amp|quot);)", escaped)
    assert unescape(escaped) == said


def test_payloads_are_text(hostile_page: str, page: str) -> None:
    """A page full of payloads has the same tags as a quiet one, and shows them as they are."""
    hostile, quiet = Page(hostile_page), Page(page)
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in quiet.tags]
    assert not [a for _, a in hostile.tags for name in a if name.startswith("on")]
    assert hostile.of("title") == hostile.of("h1") == [ALL_PAYLOADS]
    shown = {figures["Gemeente"] for figures in shares_of(hostile_page).values()}
    assert shown == set(PAYLOADS)
    assert "49" not in shown


def test_payloads_are_in_no_script(hostile_page: str) -> None:
    """In scripts the payloads stand only in strings, without a character that could end one."""
    scripts = re.findall(r"<script>(.*?)</script>", hostile_page, re.DOTALL)
    assert len(scripts) == 3
    places = [match.start() for match in re.finditer("HACKED", scripts[1])]
    assert places
    for place in places:
        before = scripts[1][scripts[1].rindex('"', 0, place) : place]
        assert not re.search(r"[`${}<>']", before)


# In a browser


@pytest.fixture(scope="session")
def browser() -> str:
    """The command of a Chromium on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        reason = "no Chromium on this machine: install it to run the page in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def opened(browser: str, page: str, folder: Path) -> tuple[str, list[str]]:
    """Load a page without a network; give the document as it became, and the console's lines."""
    file = folder / "map.html"
    file.write_text(page, encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr"]
    command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000"]
    command += ["--dump-dom", file.as_uri()]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def without_policy(page: str, script: str = "") -> str:
    """Take the second line of defence away, and add a script of the test's own."""
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", page)
    assert bare != page
    return bare.replace("</body>", f"<script>{script}</script></body>")


EVERY_TOOLTIP = """
const shown = [];
document.querySelectorAll(".leaflet-control-layers-selector").forEach((box) => {
  if (box.type === "checkbox" && !box.checked) box.click();
});
Object.values(window[document.body.dataset.map]._layers).forEach((layer) => {
  if (!layer.feature || !layer.options.interactive) return;
  const latlng = layer.getLatLng ? layer.getLatLng() : layer.getBounds().getCenter();
  layer.fire("mouseover", { latlng }, true);
  const tip = [...document.querySelectorAll(".leaflet-tooltip")].pop();
  shown.push(tip ? tip.innerText : "");
});
const place = document.createElement("pre");
place.id = "tooltips";
place.textContent = JSON.stringify(shown);
document.body.append(place);
"""


def test_page_loads_in_a_browser(browser: str, page: str, tmp_path: Path) -> None:
    """It loads without a word on the console and draws what the tables hold."""
    document, console = opened(browser, page, tmp_path)
    assert console == []
    assert document.count("leaflet-interactive") >= 40 + 20
    assert "Kilometer" not in document
    assert re.search(r'leaflet-control-scale-line"[^>]*>\d+ km', document)


def test_tooltips_in_a_browser(
    browser: str, page: str, municipalities: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """Pointing at each municipality, gap and academy shows the figures of its row."""
    document, console = opened(browser, without_policy(page, EVERY_TOOLTIP), tmp_path)
    assert console == []
    shown = json.loads(Page(document).of("pre")[0])
    assert len(shown) == 40 + 10 + 20
    lede = next(tip for tip in shown if "Lede" in tip and "Niet gemeten" in tip)
    assert " ".join(lede.split()) == (
        "Gemeente Lede Provincie Limburg Aandeel op tijd 30,0 % Kinderen 1.090 "
        "Op tijd 57 Niet op tijd 133 Niet gemeten 900 STEM-academies 1"
    )
    names = {name for name in municipalities["name"] if any(name in tip for tip in shown)}
    assert names == set(municipalities["name"])


SEARCH = """
const wanted = document.getElementById("wanted");
wanted.value = "lede";
wanted.dispatchEvent(new Event("change"));
"""


def test_search_in_a_browser(browser: str, page: str, tmp_path: Path) -> None:
    """Typing a name goes there and reads its figures out: no mouse is needed."""
    document, console = opened(browser, without_policy(page, SEARCH), tmp_path)
    assert console == []
    read = Page(document)
    found = " ".join(read.of("output")).replace("\N{NO-BREAK SPACE}", " ")
    assert found.startswith("Lede · Provincie: Limburg · Aandeel op tijd: 30,0 % · Kinderen: 1.090")


@pytest.mark.parametrize("guarded", ["with policy", "without policy"])
def test_payloads_do_not_run_in_a_browser(
    browser: str, hostile_page: str, tmp_path: Path, guarded: str
) -> None:
    """With and without the policy behind it, no payload runs: on load, or in a tooltip."""
    page = hostile_page if guarded == "with policy" else without_policy(hostile_page, EVERY_TOOLTIP)
    document, console = opened(browser, page, tmp_path)
    assert console == []
    read = Page(document)
    assert read.of("title") == [ALL_PAYLOADS]
    if guarded == "without policy":
        shown = " ".join(json.loads(read.of("pre")[0]))
        assert [payload for payload in PAYLOADS if payload not in shown] == []


def test_browser_test_can_fail(browser: str, page: str, tmp_path: Path) -> None:
    """A page that lets a payload through is noticed by the same look at its title."""
    leaky = without_policy(page, "throw new Error('seen')").replace(
        "<h1>", f"<h1><img src=x onerror={HACK}>"
    )
    document, console = opened(browser, leaky, tmp_path)
    assert Page(document).of("title") == ["HACKED"]
    assert "seen" in " ".join(console)


# At the size of Flanders


def test_real_boundaries(shared_data: Path, text: MapText) -> None:
    """The 304 real outlines of 2025 give a page under 10 MB in which each has its figures."""
    table = gpd.read_file(shared_data / "boundaries" / "gemeente2025.gpkg")
    number = np.arange(len(table))
    places = gpd.GeoDataFrame(
        {
            "nis_code": table["geoitem"].astype(str),
            "name": table["naam"],
            "province": "Vlaanderen",
            "children": 1000 + number,
            "covered": number,
            "uncovered": 1000,
            "unmeasured": 0,
            "share": number / (1000 + number),
            "academies": 1,
            "has_academy": True,
        },
        geometry=table.geometry,
    )
    points = places.representative_point()
    academies = gpd.GeoDataFrame(
        {"academy_id": places["nis_code"], "name": places["name"]}, geometry=points
    )
    gaps = gpd.GeoDataFrame({"gap_id": []}, geometry=[], crs="EPSG:31370")
    page = web_map(places, academies, None, gaps, text)
    assert len(page.encode()) < 10_000_000
    assert len(shares_of(page)) == len(table)
