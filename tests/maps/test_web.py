"""The web map: what stands in it, and what cannot get out of its data."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from measured import AGES, make_coverage
from pages import ALL_PAYLOADS, PAYLOADS, Page, counts_of, data_of, decoded, shares_of, told
from sheets import left_over

import stemgeo.maps
from stemgeo.maps import series, topology, web
from stemgeo.maps.streets import StreetsToCheck
from stemgeo.maps.switches import Switches
from stemgeo.maps.text import MapText
from stemgeo.maps.web import MOST_BYTES, build_web_map, escape_for_web
from stemgeo.study import Background

ASSETS = Path(stemgeo.maps.__file__).parent / "assets"


# What stands in it


def test_everything_is_said(page: str) -> None:
    """Title, language, notice, method, source and date stand in the page."""
    read = Page(page)
    assert dict(read.tags)["html"] == {"lang": "nl"}
    assert read.of("title") == read.of("h1") == ["Wie kan een STEM-academie bereiken?"]
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
    assert set(shares) == set(municipalities["name"])
    assert shares["Lede"] == {
        "Gemeente": "Lede",
        "Provincie": "Limburg",
        "Aandeel binnen bereik": "30,0\N{NO-BREAK SPACE}%",
        "Kinderen": "1.090",
        "Binnen bereik": "57",
        "Niet binnen bereik": "133",
        "Niet gemeten": "900",
        "STEM-academies": "1",
    }
    assert shares["Jabbeke"]["Aandeel binnen bereik"] == "geen cijfer"


def test_each_shape_has_the_figures_of_its_own_ground(
    page: str, municipalities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> None:
    """The n-th shape of the topology lies where the n-th row of the tooltips says it does."""
    for ground, table, column in (
        ("municipalities", municipalities, "Gemeente"),
        ("zones", zones, "Zone"),
    ):
        homes = table.to_crs("EPSG:4326").set_index("name").geometry
        rows = told(page, ground)
        assert len(rows) == len(table)
        for row, shape in zip(rows, decoded(page, ground), strict=True):
            home = homes[row[column]]
            assert shape.symmetric_difference(home).area < 0.01 * home.area


def test_zones_and_academies_tell_their_own(page: str, academies: gpd.GeoDataFrame) -> None:
    """A zone names its municipality and has its own share; an academy has its name."""
    zone = next(row for row in told(page, "zones") if row["Zone"] == "Damme 1")
    assert zone == {
        "Zone": "Damme 1",
        "Gemeente": "Damme",
        "Aandeel binnen bereik": "80,0\N{NO-BREAK SPACE}%",
        "Kinderen": "255",
        "Binnen bereik": "204",
        "Niet binnen bereik": "51",
        "Niet gemeten": "0",
    }
    assert [row["STEM-academie"] for row in told(page, "academies")] == academies["name"].tolist()


def test_organisations_stand_beside_their_academies(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Where the register has them."""
    named = academies.assign(organisation=["vzw Techniek", *[None] * (len(academies) - 1)])
    rows = told(build_web_map(municipalities, named, None, gaps, text), "academies")
    assert [row["Organisatie"] for row in rows] == ["vzw Techniek", *[""] * (len(academies) - 1)]


def test_table_in_the_page_is_the_tooltips(page: str) -> None:
    """The table under the map, for who does not point, has the same figures."""
    table = page.partition('id="figures"')[2]
    cells = [said for tag, said in Page(table).texts if tag in {"td", "th", "a"} and said.strip()]
    names, rows = cells[:8], cells[8:]
    assert len(rows) == 40 * 8
    table = {rows[i]: rows[i : i + 8] for i in range(0, len(rows), 8)}
    for figures in shares_of(page).values():
        assert [figures[name] for name in names] == table[figures["Gemeente"]]


def legend_of(page: str, layer: str) -> list[tuple[str, str, str]]:
    """The fill, the label and the count of each line of a layer's legend."""
    part = re.search(rf'<div data-layer="{layer}"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert part
    line = r'fill="([^"]*)".*?class="meaning">(.*?)<.*?class="count">(.*?)<'
    return [(a, unescape(b), unescape(c)) for a, b, c in re.findall(line, part[1], re.DOTALL)]


def drawn_fills(page: str, layer: str) -> list[str]:
    """The fill of each shape in the first part of a layer."""
    part = data_of(page)["layers"][layer]["parts"][0]
    if part["look"] != "share":
        return [part["looks"][number]["fillColor"] for number in part["look"]]
    looks, fills = part["looks"], []
    for one in counts_of(page, part["ground"]):
        measured = one["covered"] + one["uncovered"]
        share = one["covered"] / measured if measured else np.nan
        number = int(series.classify_shares([share], series.DEFAULT_CLASSES)[0])
        hatched = number >= 0 and 2 * measured < one["children"]
        fills.append(looks[number + (len(looks) // 2) * hatched]["fillColor"])
    return fills


def test_same_classes_and_colours_as_on_paper(
    page: str, municipalities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> None:
    """Legend and ground have the colours and the counts of the static maps, hatches among them."""
    for layer, table, noun in (("shares", municipalities, "gemeente"), ("zones", zones, "zone")):
        lines, fills = legend_of(page, layer), drawn_fills(page, layer)
        counts = series.count_classes(table["share"], series.DEFAULT_CLASSES)
        assert [fill for fill, _, _ in lines[:5]] == series.choose_colours(5)
        assert [int(count.split()[0]) for _, _, count in lines[:5]] == counts
        assert noun in lines[0][2]
        for number, colour in enumerate(series.choose_colours(5)):
            assert fills.count(colour) + fills.count(f"url(#partly-{number})") == counts[number]
    assert legend_of(page, "shares")[5:] == [
        ("url(#no-figure)", "geen cijfer", "1 gemeente"),
        ("url(#partly-0)", "meer dan de helft niet gemeten", "1 gemeente"),
    ]
    fills = dict(zip(sorted(municipalities["nis_code"]), drawn_fills(page, "shares"), strict=True))
    assert fills["10008"] == "url(#no-figure)"
    assert fills["10010"] == "url(#partly-1)"


def test_with_and_without_an_academy(page: str, municipalities: gpd.GeoDataFrame) -> None:
    """The layer of the annex counts and colours those with one and those without."""
    lines = legend_of(page, "academy")
    assert [line[1:] for line in lines] == [
        ("met STEM-academie", "20 gemeenten"),
        ("zonder STEM-academie", "20 gemeenten"),
    ]
    expected = [
        lines[0][0] if has_one else lines[1][0] for has_one in municipalities["has_academy"]
    ]
    assert drawn_fills(page, "academy") == expected
    assert series.measure_luminance(lines[1][0]) > 2 * series.measure_luminance(lines[0][0])


def test_minutes_when_they_are_known(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """The classes are those of paper: an upper bound is in its class, as 15 minutes are."""
    seconds = np.full(40, 299.0)
    seconds[:7] = 60, 900, 901, np.inf, np.nan, 0, 1801
    places = municipalities.assign(median_time_s=seconds)
    page = build_web_map(places, academies, None, gaps, text, horizon_min=60)
    assert [line[1:] for line in legend_of(page, "minutes")] == [
        ("0 tot 10 minuten", "35 gemeenten"),
        ("10 tot 15 minuten", "1 gemeente"),
        ("15 tot 20 minuten", "1 gemeente"),
        ("20 tot 30 minuten", "0 gemeenten"),
        ("30 tot 60 minuten", "1 gemeente"),
        ("geen academie binnen 60 minuten", "1 gemeente"),
        ("geen cijfer", "1 gemeente"),
    ]
    fills = drawn_fills(page, "minutes")
    assert fills[0] == fills[5] == fills[7] == series.choose_colours(5)[-1]
    assert fills[3] == series.BEYOND
    assert fills[6] == series.choose_colours(5)[0]
    shown = [row["Mediane fietstijd"] for row in told(page, "municipalities")]
    assert shown[:4] == ["1 minuut", "15 minuten", "15 minuten", "geen academie binnen bereik"]


def test_layers(page: str) -> None:
    """One chooses a ground, and adds gaps, academies and names."""
    named = [one for one in data_of(page)["layers"].values() if one["name"]]
    ground, over = (
        [one["name"] for one in named if one["overlay"] is top] for top in (False, True)
    )
    assert ground == [
        "Aandeel kinderen binnen bereik, per gemeente",
        "Gemeenten met en zonder STEM-academie",
        "Aandeel kinderen binnen bereik, per zone",
        "Fietstijd tot de dichtstbijzijnde STEM-academie",
    ]
    assert over == [
        "Hiaten: kinderen niet binnen bereik",
        "Hiaten: kinderen alleen over drukke wegen binnen bereik",
        "Na te kijken straten",
        "STEM-academies",
        "Namen van gemeenten",
    ]
    assert [label for _, label, _ in legend_of(page, "isochrones")] == [
        "0 tot 5 minuten",
        "5 tot 10 minuten",
        "10 tot 15 minuten",
    ]


def test_a_gap_is_drawn_as_its_outline_and_says_why(page: str) -> None:
    """Each is a polygon; the largest names three municipalities and how far the nearest lies."""
    assert len(decoded(page, "gaps")) + len(decoded(page, "quiet-gaps")) == 10
    largest = told(page, "gaps")[0]
    assert largest["Waar"].endswith(" en 2 andere")
    assert largest["Mediane fietstijd"] == "geen academie binnen bereik"
    assert largest["Reden"] == (
        "geen academie in de buurt (de dichtstbijzijnde op 4,0 km in vogelvlucht)"
    )


def test_a_gap_of_quiet_roads_is_not_said_to_be_late(page: str) -> None:
    """Its children are within reach over busy roads: the tooltip and the layer say so."""
    for ground, head, other in (
        ("gaps", "Niet binnen bereik", "Alleen over drukke wegen binnen bereik"),
        ("quiet-gaps", "Alleen over drukke wegen binnen bereik", "Niet binnen bereik"),
    ):
        for row in told(page, ground):
            assert head in row
            assert other not in row
    assert "Hiaten: kinderen alleen over drukke wegen binnen bereik" in page


def test_outlines_of_gaps_keep_the_page_small(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Outlines of a million corners are drawn with less than a tenth of them."""
    detailed = gaps.set_geometry(gaps.buffer(-100).segmentize(0.35))
    assert detailed.count_coordinates().sum() > 1_000_000
    page = build_web_map(municipalities, academies, None, detailed, text)
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
    page = build_web_map(municipalities, academies.iloc[:0], nothing, gaps.iloc[:0], text)
    assert len(shares_of(page)) == 40
    assert "Fietstijd" not in Page(page).said
    assert "Hiaten" not in Page(page).said


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_page_is_in_its_language(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
    language: Any,
) -> None:
    """In the page, its tooltips and its scripts no other word is left but what the study says."""
    quiet = replace(text, language=language, title="T", notice="N", source="S", date="D")
    own, places = replace(quiet, method_note=""), municipalities.assign(median_time_s=900.0)
    page = build_web_map(places, academies, isochrones, gaps, own, horizon_min=60)
    read, data = Page(page), data_of(page)
    assert dict(read.tags)["html"] == {"lang": language}
    tables = [[one["columns"], one["rows"]] for one in data["tables"].values()]
    said = [read.said, json.dumps([tables, data["words"], data["headline"]], ensure_ascii=False)]
    said += [str(value) for _, named in read.tags for value in named.values()]
    assert left_over(re.sub(r"\{\w+\}", "", " ".join(said)), language) == []
    assert not re.search(r"\b(gemeente|kinderen|minuten|aandeel|bron|lagen)", said[0].lower())
    if language == "fr":
        assert data["words"]["pair"] == "{what}\N{NO-BREAK SPACE}: {told}"
        assert {row["Province"] for row in told(page, "municipalities")} == {"Anvers", "Limbourg"}


def test_shared_borders_stay_shared(page: str) -> None:
    """After simplifying and rounding, neighbours still have their corners in common."""
    squares, quarters = decoded(page, "municipalities"), decoded(page, "zones")
    for shapes, corners in ((squares, 11 * 5), (quarters, 21 * 9)):
        assert shapely.coverage_is_valid(shapes)
        coordinates = shapely.get_coordinates(shapes)
        assert len(np.unique(coordinates.round(9), axis=0)) <= 21 * 9
        assert len(np.unique(coordinates.round(9), axis=0)) >= corners
        assert ((coordinates > (2.5, 50.6)) & (coordinates < (6.0, 51.6))).all()
    assert shapely.union_all(squares).symmetric_difference(shapely.union_all(quarters)).area < 1e-9


def test_each_border_stands_in_the_page_once(page: str) -> None:
    """No two arcs of the topology run between the same corners."""
    topology_ = data_of(page)["topology"]
    edges = [
        tuple(sorted((tuple(start), tuple(stop))))
        for arc in topology_["arcs"]
        for start, stop in itertools.pairwise(np.cumsum(arc, axis=0).tolist())
    ]
    used = {n if n >= 0 else ~n for n in _numbers(topology_["objects"]["zones"])}
    of_zones = [
        tuple(sorted((tuple(start), tuple(stop))))
        for number in used
        for start, stop in itertools.pairwise(np.cumsum(topology_["arcs"][number], axis=0).tolist())
    ]
    assert len(of_zones) == len(set(of_zones))
    assert len(edges) < 1.2 * len(set(edges))


def _numbers(value: Any) -> list[int]:
    """Every arc that an object of a topology names."""
    if isinstance(value, int):
        return [value]
    parts = value.get("geometries", value.get("arcs")) if isinstance(value, dict) else value
    return [number for part in parts for number in _numbers(part)]


def test_zones_that_leave_holes_do_not_make_the_municipalities(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """A municipality keeps its own outline when its zones do not fill it."""
    page = build_web_map(municipalities, academies, None, gaps, text, zones=zones.iloc[1:])
    assert len(told(page, "zones")) == len(zones) - 1
    own = municipalities.to_crs("EPSG:4326").geometry[0]
    assert decoded(page, "municipalities")[0].symmetric_difference(own).area < 0.01 * own.area


def test_brussels_is_named_where_it_is_left_out(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """The hole around the Grote Markt has a name, first of all; other ground has none."""
    around = municipalities.translate(xoff=-52_000, yoff=-25_000)
    ring = municipalities.set_geometry(around)
    home = ring.contains(shapely.Point(148_900, 170_800))
    assert home.sum() == 1
    page = build_web_map(ring[~home], academies, None, gaps, text)
    (names,) = data_of(page)["layers"]["names"]["parts"]
    first = names["labels"][0]
    assert (first["name"], first["outside"]) == ("Brussel", True)
    lat, lon = first["at"]
    assert ring[home].to_crs("EPSG:4326").contains(shapely.Point(lon, lat)).all()
    (whole,) = data_of(build_web_map(ring, academies, None, gaps, text))["layers"]["names"]["parts"]
    assert not any(label["outside"] for label in whole["labels"])


def test_names_stand_in_their_municipality_largest_first(
    page: str, municipalities: gpd.GeoDataFrame
) -> None:
    """Most children first: when there is no room for all, these are kept."""
    (part,) = data_of(page)["layers"]["names"]["parts"]
    ranked = municipalities.sort_values("children", ascending=False)
    assert [label["name"] for label in part["labels"]] == ranked["name"].tolist()
    homes = ranked.to_crs("EPSG:4326").geometry
    spots = [shapely.Point(label["at"][::-1]) for label in part["labels"]]
    assert all(home.contains(spot) for home, spot in zip(homes, spots, strict=True))


def test_isochrones_are_simplified_until_they_fit(
    isochrones: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stays small whatever the network: detail gives way, bands do not."""
    usual = topology.sketch_bands(isochrones.geometry)
    assert topology.begin_bands(isochrones.geometry).result().geom_equals_exact(usual, 0).all()
    monkeypatch.setattr(topology, "_MOST_BAND_POINTS", 1300)
    coarse = topology.sketch_bands(isochrones.geometry)
    assert coarse.count_coordinates().sum() <= 1300 < usual.count_coordinates().sum()
    assert coarse.area.tolist() == pytest.approx(isochrones.area.tolist(), rel=0.15)


def test_specks_go_with_the_holes_they_fill() -> None:
    """Small parts and holes leave the sketch, larger ones stay: they are real."""
    speck, island = shapely.box(10, 10, 20, 20), shapely.box(200, 200, 400, 400)
    outer = shapely.box(0, 0, 1000, 1000).difference(shapely.union_all([speck, island]))
    inner = shapely.union_all([speck, island])
    assert topology._drop_specks(outer, 50.0).area == 1000**2 - 200**2
    assert topology._drop_specks(inner, 50.0).area == 200**2


def test_same_page(
    page: str,
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
    streets: StreetsToCheck,
) -> None:
    """The same study gives the same page, in whatever order its rows come."""
    tables = (table[::-1] for table in (municipalities, academies, isochrones, gaps))
    other = StreetsToCheck(streets.table[::-1], streets.lines[::-1])
    assert build_web_map(*tables, text, zones=zones[::-1], streets=other) == page


def test_tables_are_not_changed(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Drawing leaves the tables as they were."""
    tables = municipalities, academies, isochrones, gaps, zones
    before = [table.copy() for table in tables]
    build_web_map(*tables[:4], text, zones=zones)
    assert all(table.equals(copy) for table, copy in zip(tables, before, strict=True))


# What it needs from outside, and what cannot get out of its data


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("leaflet/leaflet.js", "db49d009c841f5ca34a888c96511ae936fd9f5533e90d8b2c4d57596f4e5641a"),
        ("leaflet/leaflet.css", "a7837102824184820dfa198d1ebcd109ff6d0ff9a2672a074b9a1b4d147d04c6"),
        ("leaflet/LICENSE", "53e8dc25862014e4324741ca18fbe3611e11d42ef69f59f86ea8c5389647d4cb"),
        (
            "topojson/topojson-client.min.js",
            "25cd02ae486cc5063e0215a4e4cfb15de83700c87ac48bac4d57dc6aaf3ebb89",
        ),
        ("topojson/LICENSE", "4c4d15b635e04e691825a76db7d33f7f2033b55669a7430011694f31e6c65999"),
    ],
)
def test_libraries_are_as_published(name: str, sha256: str) -> None:
    """What we ship is Leaflet 1.9.4 and topojson-client 3.1.0 as published, not a byte else."""
    assert hashlib.sha256((ASSETS / name).read_bytes()).hexdigest() == sha256


def test_page_needs_nothing_from_outside(page: str, municipalities: gpd.GeoDataFrame) -> None:
    """No tag, style or script of the page points to another file or address."""
    read = Page(page)
    addresses = [
        (tag, name, value)
        for tag, attributes in read.tags
        for name, value in attributes.items()
        if name in {"src", "href", "action", "data", "srcset", "poster", "background"}
    ]
    assert addresses[:2] == [("a", "href", "#map"), ("a", "href", "#figures")]
    codes = municipalities.sort_values("name")["nis_code"]
    assert [value for *_, value in addresses[2:]] == [f"#{code}" for code in codes]
    styles = " ".join(said for tag, said in read.texts if tag == "style")
    assert not re.search(r"url\((?!#)|@import", styles)
    assert "link" not in dict(read.tags)
    assert "sourceMappingURL" not in page
    named = set(re.findall(r"https?://[^\s\"'<>)\\,]+", page))
    assert named == {
        "http://www.w3.org/2000/svg",  # the name of a language
        "https://github.com/topojson/topojson-client",  # in the head of its script
        "https://leafletjs.com",  # in Leaflet's own comment and credit
        "https://bugs.chromium.org/p/chromium/issues/detail?id=600120",
        "https://bugzilla.mozilla.org/show_bug.cgi?id=888319",
    }
    assert "Copyright (c) 2010-2023, Volodymyr Agafonkin" in page
    assert "Copyright 2012-2019 Michael Bostock" in page


def policy_of(page: str) -> str:
    """The content security policy of a page."""
    policy = next(a["content"] for tag, a in Page(page).tags if tag == "meta" and "content" in a)
    assert policy
    return policy


def test_policy_allows_our_scripts_only(page: str) -> None:
    """The content security policy names the hash of each script, and allows no fetching."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 3
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    hashes = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
    assert policy_of(page) == (
        f"default-src 'none'; script-src {' '.join(hashes)}; "
        "style-src 'unsafe-inline'; img-src data:"
    )


def test_a_background_is_there_only_when_asked_for(
    page: str,
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Then the policy permits the host of its tiles and no other; its maker is named."""
    assert "tiles" not in str(data_of(page)["layers"])
    tiles = Background(
        url="https://tiles.example.be:8443/a/{z}/{x}/{y}.png", attribution="© Kaartmakers & co"
    )
    asked = build_web_map(municipalities, academies, None, gaps, text, background=tiles)
    assert policy_of(asked).endswith("; img-src data: https://tiles.example.be:8443")
    assert "© Kaartmakers & co" in Page(asked).said


@given(st.text())
def test_escaped_text_reads_as_it_was(said: str) -> None:
    """Escaping loses nothing, and leaves no character with a meaning to HTML, JS or Jinja."""
    escaped = escape_for_web(said)
    assert not re.search(r"[<>\"'`${}\\]|&(?!(?:#x?[0-9a-f]+|lt|gt|amp|quot);)", escaped)
    assert unescape(escaped) == said


def test_payloads_are_text(hostile_page: str, page: str) -> None:
    """A page full of payloads has the same tags as a quiet one, and shows them as they are."""
    hostile = Page(hostile_page)
    # Of provinces there are as many as payloads, their rows are looked at by themselves; the legend
    # of gaps has the reasons that there are.
    gaps = re.compile(r'(?s)<div data-layer="gaps">.*?</div>')
    parts = [
        re.split(r'(?s)data-ground="provinces">(.*?)</table>', gaps.sub("", one))
        for one in (hostile_page, page)
    ]
    tags, plain = ([tag for tag, _ in Page(one[0] + one[2]).tags] for one in parts)
    assert tags == plain
    assert {tag for tag, _ in Page(f"<table>{parts[0][1]}").tags} <= {*plain, "caption"}
    assert not [a for _, a in hostile.tags for name in a if name.startswith("on")]
    assert hostile.of("title") == hostile.of("h1") == [ALL_PAYLOADS]
    for ground, column in (
        ("municipalities", "Gemeente"),
        ("municipalities", "Provincie"),
        ("zones", "Zone"),
        ("academies", "STEM-academie"),
        ("academies", "Organisatie"),
    ):
        shown = {row[column] for row in told(hostile_page, ground)}
        assert shown <= set(PAYLOADS)
        assert len(shown) == min(len(PAYLOADS), len(told(hostile_page, ground)))
    assert "49" not in shown


def test_payloads_are_in_no_script(hostile_page: str, page: str) -> None:
    """No payload gets into a script; in the data none of its marks can end or begin anything."""
    for pages in (hostile_page, page):
        scripts = re.findall(r"<script>(.*?)</script>", pages, re.DOTALL)
        assert len(scripts) == 3
        assert not [script for script in scripts if "HACKED" in script or "7*7" in script]
    block = hostile_page.partition('id="data">')[2].partition("</script>")[0]
    assert block.count("HACKED") > 40
    assert not re.search(r"[<>&'`$]", block)


# At the size of Flanders


def wavy_land(towns: tuple[int, int], parts: int, bends: int) -> gpd.GeoDataFrame:
    """Zones on a lattice of which every border is a wave that both its neighbours have.

    Parameters
    ----------
    towns
        Columns and rows of municipalities.
    parts
        Columns and rows of zones in each.
    bends
        Corners of each border.
    """
    random, side = np.random.default_rng(7), 1500.0
    columns, rows = towns[0] * parts, towns[1] * parts
    node = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1) * side
    node = node + random.uniform(-150, 150, node.shape) + (30_000, 160_000)
    share = np.linspace(0, 1, bends + 2)[:-1, None]

    def waves(start: Any, stop: Any) -> Any:
        straight = start[..., None, :] + share * (stop - start)[..., None, :]
        straight[..., 1:, :] += random.uniform(-20, 20, straight[..., 1:, :].shape)
        return np.concatenate([straight, stop[..., None, :]], axis=-2)

    along, up = waves(node[:, :-1], node[:, 1:]), waves(node[:-1], node[1:])
    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    column, row = column.ravel(), row.ravel()
    sides = (
        along[row, column, :-1],
        up[row, column + 1, :-1],
        along[row + 1, column, :0:-1],
        up[row, column, ::-1],
    )
    town = row // parts * towns[0] + column // parts
    number = np.arange(len(town))
    return gpd.GeoDataFrame(
        {
            "zone_id": [f"Z{one:05}" for one in number],
            "nis_code": [f"{10_001 + one}" for one in town],
            "name": [f"Statistische sector {one}" for one in number],
            "children": 100 + number % 50,
            "covered": number % 100,
            "uncovered": 100 + number % 50 - number % 100,
            "unmeasured": 0,
            "share": (number % 100) / (100 + number % 50),
        },
        geometry=shapely.polygons(np.concatenate(sides, axis=1)),
        crs="EPSG:31370",
    )


def towns_of(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The municipalities that zones fill, with their sums."""
    towns = zones.dissolve("nis_code", aggfunc="sum", method="coverage", numeric_only=True)
    towns = towns.reset_index()
    number = np.arange(len(towns))
    return towns.assign(
        name=[f"Gemeente {code}" for code in towns["nis_code"]],
        province=np.array(["Antwerpen", "Limburg", "Vlaams-Brabant"])[number * 3 // len(towns)],
        share=towns["covered"] / towns["children"],
        academies=1,
        has_academy=True,
    )


def stars(spots: np.ndarray, radius_m: float, corners: int) -> np.ndarray:
    """A ragged ring around each spot."""
    random = np.random.default_rng(3)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radius_m * random.uniform(0.8, 1, (len(spots), corners))
    way = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(shapely.polygons(spots[:, None] + reach[..., None] * way))


def winding_roads(bounds: np.ndarray) -> gpd.GeoDataFrame:
    """15,000 km of main roads, as many as Flanders has, with a bend each 60 m."""
    random = np.random.default_rng(11)
    kinds = {"motorway": 90, "trunk": 20, "primary": 140, "secondary": 500}
    rows = []
    for number in kinds.values():
        start = random.uniform(bounds[:2], bounds[2:], (number, 2))
        turn = np.cumsum(random.normal(0, 0.4, (number, 333)), axis=1)
        turn += random.uniform(0, 2 * np.pi, (number, 1))
        path = np.cumsum(60 * np.stack([np.cos(turn), np.sin(turn)], axis=2), axis=1)
        rows.append(shapely.multilinestrings(shapely.linestrings(start[:, None] + path)))
    return gpd.GeoDataFrame({"kind": list(kinds)}, geometry=rows, crs="EPSG:31370")


def test_roads_are_drawn_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line lies where it was, to some metres; of too many the least are left out whole."""
    roads = winding_roads(np.array([100_000, 160_000, 200_000, 220_000]))
    drawn = topology.build_lines(roads)
    assert list(drawn["objects"]) == ["motorway", "trunk", "primary", "secondary"]
    homes = roads.to_crs("EPSG:4326").geometry
    scale, move = (np.array(drawn["transform"][one]) for one in ("scale", "translate"))
    for home, one in zip(homes, drawn["objects"].values(), strict=True):
        lines = [
            shapely.LineString(np.cumsum(drawn["arcs"][n], axis=0) * scale + move)
            for (n,) in one["geometries"][0]["arcs"]
        ]
        # Line by line: of all at once it takes minutes.
        assert shapely.hausdorff_distance(lines, shapely.get_parts(home)).max() < 0.001
    monkeypatch.setattr(topology, "_MOST_ROAD_POINTS", 20_000)
    fewer = topology.build_lines(roads)["objects"]
    assert "secondary" not in fewer
    assert "motorway" in fewer


def test_page_at_the_size_of_flanders(gaps: gpd.GeoDataFrame, text: MapText) -> None:
    """300 municipalities, 10,800 zones, 28 choices, 2,700 gaps, isochrones, roads: under 10 MB."""
    zones = wavy_land((20, 15), 6, 25)
    towns = towns_of(zones)
    assert (len(towns), len(zones)) == (300, 10_800)
    assert zones.count_coordinates().sum() > 1_000_000
    west, south, east, north = zones.total_bounds
    spots = np.random.default_rng(5).uniform((west, south), (east, north), (2700, 2))
    academies = gpd.GeoDataFrame(
        {"academy_id": [f"A{n:03}" for n in range(400)], "name": "Academie"},
        geometry=shapely.points(spots[:400]),
        crs=zones.crs,
    )
    areas = gpd.GeoDataFrame(
        {
            **{name: gaps[name].iloc[0] for name in gaps if name not in ("gap_id", "geometry")},
            "gap_id": [f"G{n:04}" for n in range(2700)],
        },
        geometry=stars(spots, 700, 120),
        crs=zones.crs,
    )
    # A corner about every 60 m, some twice the cell of isochrones; each ring lies in the next.
    rings = [shapely.union_all(stars(spots[:400], 1200 * n, 120 * n)) for n in (1, 2, 3)]
    assert sum(map(shapely.get_num_coordinates, rings)) > 150_000
    isochrones = gpd.GeoDataFrame(
        {"academy_id": "", "minutes_from": [0, 5, 10], "minutes_to": [5, 10, 15]},
        geometry=[rings[0], rings[1] - rings[0], rings[2] - rings[1]],
        crs=zones.crs,
    )
    coverage = make_coverage(towns, zones)
    lines = winding_roads(zones.total_bounds)
    page = build_web_map(
        *(towns, academies, isochrones, areas, text),
        zones=zones,
        measured=Switches(coverage, AGES, coverage),
        roads=lines,
    )
    assert len(page.encode()) < MOST_BYTES
    roads = json.dumps(data_of(page)["lines"], separators=(",", ":"))
    assert 500_000 < len(roads) < 2_000_000
    assert len(told(page, "zones")) == len(decoded(page, "zones")) == 10_800
    assert len(decoded(page, "municipalities")) == 300
    assert len(decoded(page, "gaps")) == 2700
    print(f"page at the size of Flanders: {len(page.encode()) / 1e6:.1f} MB")  # noqa: T201


@pytest.mark.parametrize("limit", ["MOST_BYTES", "_MOST_ZONE_POINTS"])
def test_zones_are_left_out_when_they_do_not_fit(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
) -> None:
    """The rest of the page is then as if there were none."""
    without = build_web_map(municipalities, academies, None, gaps, text)
    whole = build_web_map(municipalities, academies, None, gaps, text, zones=zones)
    home, most = (web, len(without.encode()) + 1) if limit == "MOST_BYTES" else (topology, 10)
    monkeypatch.setattr(home, limit, most)
    assert (
        build_web_map(municipalities, academies, None, gaps, text, zones=zones) == without != whole
    )


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
    page = build_web_map(places, academies, None, gaps, text)
    assert len(page.encode()) < 10_000_000
    assert len(shares_of(page)) == len(table)
