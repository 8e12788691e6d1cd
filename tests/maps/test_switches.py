"""The switches of the web map, in a browser: every figure is that of the coverage table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from chromium import find_barriers
from measured import AGES, make_coverage
from pages import data_of
from test_web_browser import Opened, browser, opened

from stemgeo.errors import ResultError
from stemgeo.maps.ahead import Ahead
from stemgeo.maps.kinds import refuse_other_places
from stemgeo.maps.series import DEFAULT_CLASSES, classify_shares
from stemgeo.maps.streets import StreetsToCheck, build_streets
from stemgeo.maps.switches import Switches
from stemgeo.maps.text import MapText, say_reason, say_share
from stemgeo.maps.web import build_web_map
from stemgeo.speech import format_signed, format_whole
from stemgeo.tables import COUNTS

__all__ = ["browser", "opened"]
READ = """([band, roads, scenario]) => {
  const { figures } = document.body.stemgeo;
  figures.choose({ band, roads, scenario });
  const cells = (row) => [...row.cells].map((cell) => cell.textContent);
  const told = (ground) => document.body.stemgeo.data.tables[ground].rows.map(
    (_, number) => figures.told(ground, number).map(([, cell]) => cell));
  return {
    headline: document.querySelector("#share").textContent,
    told: document.querySelector("#headline").textContent,
    provinces: [...document.querySelectorAll("table.provinces tbody tr")].map(cells),
    municipalities: told("municipalities"),
    zones: told("zones"),
    change: told("change"),
    legend: [...document.querySelectorAll("[data-shares=municipalities] .count")]
      .map((one) => one.textContent),
    fills: [...document.querySelectorAll(".leaflet-overlay-pane path")]
      .map((one) => one.getAttribute("fill")),
    name: document.querySelector(".leaflet-overlay-pane path").getAttribute("aria-label"),
  };
}"""


@pytest.fixture
def coverage(municipalities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Of now."""
    return make_coverage(municipalities, zones)


@pytest.fixture
def before(municipalities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Of an earlier result."""
    return make_coverage(municipalities, seed=2)


@pytest.fixture
def whole_page(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
    coverage: pd.DataFrame,
    before: pd.DataFrame,
    streets: StreetsToCheck,
) -> str:
    """A page with all that there may be."""
    middle = municipalities.centroid
    number = np.arange(1, 31)
    candidates = pd.DataFrame(
        {
            "rank": number,
            **{name: municipalities[name][:30] for name in ("nis_code", "name", "province")},
            "adds": 3000 - 100 * number,
            "adds_here": 40,
            "adds_beyond": 2960 - 100 * number,
            "reason": "too_far",
            "place": [f"School {one}" for one in number],
            "x_m": middle.x[:30],
            "y_m": middle.y[:30],
        }
    )
    plan = pd.DataFrame(
        {
            "rank": [1, 2],
            "name": ["Bibliotheek", "School"],
            "municipality": ["Damme", "Genk"],
            "newly": [400, 1200],
            "cost_eur": [2500.5, np.nan],
            "x_m": middle.x[:2],
            "y_m": middle.y[:2],
        }
    )
    reasons = ["no_academy_near", "barrier", "age", "just_too_far", "lapsed", "too_far", "too_far"]
    evidence = ["barriers", "detour_factor", "age_academy_id", "age_academy_ages", "stretch_m"]
    evidence += ["lapsed_academy_id", "lapsed_on", "stretch"]
    told = gaps.assign(reason=[*reasons, "barrier", "stress", "stress"], **dict.fromkeys(evidence))
    return build_web_map(
        *(municipalities, academies, None, told, text),
        zones=zones,
        measured=Switches(coverage, AGES, before),
        meanings={"barrier": "de weg is te lang om"},
        roads=gpd.GeoDataFrame(
            {"kind": ["motorway", "primary"]},
            geometry=[
                shapely.MultiLineString([[(150_000, 195_000), (250_000, 190_000)]]),
                shapely.MultiLineString([[(160_000, 175_000), (200_000, 208_000)]]),
            ],
            crs=municipalities.crs,
        ),
        ahead=Ahead(candidates, plan, "rustige wegen", before=academies[3:], dates=("toen", "nu")),
        streets=streets,
    )


def test_every_figure_is_that_of_the_table(
    opened: Callable[..., Opened],
    whole_page: str,
    coverage: pd.DataFrame,
    before: pd.DataFrame,
    municipalities: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Of each age, road and speed: headline, provinces, places, change, classes and colours."""
    shown, words = opened(whole_page), text.words
    keys = ["level", "band", "profile", "scenario"]
    tables = {key: part.set_index("code") for key, part in coverage.groupby(keys)}
    earlier = {key: part.set_index("code")["share"] for key, part in before.groupby(keys)}
    assert len(tables) == 4 * 4 * 7
    grounds = {
        "municipalities": ("municipality", municipalities["nis_code"]),
        "zones": ("zone", zones["zone_id"]),
    }

    def written(row: pd.Series) -> list[str]:
        counts = [row[name] for name in ("children", "covered", "uncovered", "unmeasured")]
        return [say_share(row["share"], words), *(format_whole(n, "nl") for n in counts)]

    for level, *choice in tables:
        if level != "region":
            continue
        seen: dict[str, Any] = shown.tab.evaluate(READ, choice)
        whole = tables["region", *choice].loc["VLG"]
        assert seen["headline"] == written(whole)[0]
        measured = whole["covered"] + whole["uncovered"]
        counts = [format_whole(n, "nl") for n in (whole["covered"], measured)]
        ends = [tables.get(("region", *choice[:2], one)) for one in ("low", "high")]
        shares = [say_share(one.loc["VLG", "share"], words) for one in ends if one is not None]
        low_to_high = " (bij de lage fietssnelheid {}, bij de hoge {})".format(*shares or ("", ""))
        assert seen["told"].startswith(
            "van de kinderen kan binnen 15 minuten fietsen een STEM-academie bereiken: "
            f"{counts[0]} van de {counts[1]}{low_to_high if shares else ''}."
        )
        rows = [tables["province", *choice].loc[one] for one in ("Limburg", "Antwerpen")]
        for cells, row in zip(seen["provinces"], [*rows, whole], strict=True):
            assert [cells[1], *cells[3:]] == written(row)
            of = "region" if row is whole else "province"
            ends = [tables.get((of, *choice[:2], one)) for one in ("low", "high")]
            shares = [one.loc[row.name, "share"] for one in ends if one is not None]
            shares = [say_share(one, words) for one in shares]
            assert cells[2] == " tot ".join(shares)
        for ground, (of, codes) in grounds.items():
            table = tables[of, *choice].loc[codes]
            for cells, row in zip(seen[ground], table.to_dict("records"), strict=True):
                assert cells[2:7] == written(pd.Series(row))
        now = tables["municipality", *choice].loc[municipalities["nis_code"]]
        points = (now["share"] - earlier["municipality", *choice].reindex(now.index)) * 100
        then = earlier["municipality", *choice].reindex(now.index)
        for cells, share, change in zip(seen["change"], then, points, strict=True):
            no = np.isnan(change)
            assert cells[2] == say_share(share, words)
            assert cells[4] == ("" if no else f"{format_signed(change, 'nl', 1)} procentpunten")
        numbers = classify_shares(now["share"], DEFAULT_CLASSES)
        partly = (2 * (now["children"] - now["unmeasured"]) < now["children"]) & (numbers >= 0)
        noun = [(numbers == n).sum() for n in range(5)] + [(numbers < 0).sum(), partly.sum()]
        assert seen["legend"] == [words.say_count("map.count.municipality", int(n)) for n in noun]
        looks = data_of(whole_page)["layers"]["shares"]["parts"][0]["looks"]
        expected = [
            looks[-1 if n < 0 else n + 5 * p]["fillColor"]
            for n, p in zip(numbers, partly, strict=True)
        ]
        assert seen["fills"] == expected
        is_start = choice == ["all", "all", "central"]
        assert (AGES[choice[0]] in seen["name"]) is not is_start
    assert shown.complaints == shown.outside == []


def test_what_was_not_measured_is_not_offered(
    opened: Callable[..., Opened], whole_page: str
) -> None:
    """By its reader: very quiet roads at the usual speed alone, and the other way round."""
    shown = opened(whole_page)
    roads, speed = (shown.tab.locator(f"[data-switch={one}]") for one in ("roads", "scenario"))

    def offered(one: Any) -> list[str]:
        return [each.inner_text() for each in one.locator("option:not([disabled])").all()]

    assert len(offered(roads)) == len(offered(speed)) == 3
    roads.select_option("quiet_1")
    assert offered(speed) == ["gewone fietssnelheid"]
    assert len(offered(roads)) == 3
    roads.select_option("low_stress")
    speed.select_option("low")
    assert offered(roads) == ["alle wegen", "rustige wegen"]
    first = shown.tab.locator("[data-shares=municipalities] .choice").inner_text()
    assert first == "5 tot en met 17 jaar; rustige wegen; lage fietssnelheid"


def test_layers_of_before_and_of_what_may_come(
    opened: Callable[..., Opened], whole_page: str, text: MapText
) -> None:
    """Change, candidates, plan and gaps by reason: each with its shapes, legend and figures."""
    shown, said = opened(whole_page), data_of(whole_page)
    assert shown.tab.locator(".leaflet-academies-pane path").count() == 20 + 2
    assert shown.tab.locator(".leaflet-roads-pane path").count() == 2
    assert "with-roads" in str(shown.tab.locator("#map").get_attribute("class"))
    shown.tab.get_by_label("Hoofdwegen").uncheck()
    assert shown.tab.locator(".leaflet-roads-pane path").count() == 0
    assert "with-roads" not in str(shown.tab.locator("#map").get_attribute("class"))
    plan = said["tables"]["plan"]["rows"]
    assert plan == [
        ["Bibliotheek", "Damme", "1", "400", "2.500,50"],
        ["School", "Genk", "2", "1.200", ""],
    ]
    radios = shown.tab.locator("#layers input[type=radio]")
    names = [one.inner_text().strip() for one in shown.tab.locator("#layers label").all()]
    for key, count in (("change", 20 + 2 + 3), ("candidates", 20 + 2 + 10)):
        radios.nth(names.index(said["layers"][key]["name"])).check()
        assert shown.legend()[0] == key
        assert shown.tab.locator(".leaflet-academies-pane path").count() == count
    shown.tab_to(lambda name: name.startswith("Gemeente:"))
    assert shown.tooltip()["Rang"] == "1"
    assert shown.tooltip()["Extra kinderen binnen bereik"] == "2.900"
    assert shown.tooltip()["Reden"] == say_reason("too_far", text.words)
    shown.tab.get_by_label(said["layers"]["gaps"]["name"]).check()
    lines = shown.tab.locator("[data-layer=gaps] li").all_inner_texts()
    assert len(lines) == 6
    assert f"{say_reason('barrier', text.words)} (de weg is te lang om)" in lines[1]
    assert "2 hiaten" in lines[1]
    fills = {
        one.get_attribute("fill") for one in shown.tab.locator(".leaflet-gaps-pane path").all()
    }
    assert len(fills) == 6
    assert shown.complaints == []


def test_streets_to_check_are_a_layer(opened: Callable[..., Opened], whole_page: str) -> None:
    """Not shown at first; as lines over the grounds, each told as the annex does, by keyboard."""
    shown, said = opened(whole_page), data_of(whole_page)
    paths = shown.tab.locator(".leaflet-streets-pane path")
    legend = shown.tab.locator("[data-layer=streets]")
    assert paths.count() == 0
    assert not legend.is_visible()
    shown.tab.get_by_label("Na te kijken straten").check()
    assert paths.count() == 3
    assert "3 straten" in legend.inner_text()
    heads = said["tables"]["streets"]["columns"]
    assert heads[3:5] == [
        "Kinderen die erover rijden, rustige wegen",
        "Kinderen die erover rijden, zeer rustige wegen",
    ]
    assert said["tables"]["streets"]["rows"] == [
        ["Dorpsstraat", "Aalter, Beernem", "maxspeed, lanes", "Aalter: 1.200, Beernem: 40"]
        + ["Aalter: 900", "12"],
        ["", "Aalter", "maxspeed", "40", "", "11"],
        ["N74", "Damme", "cycleway", "", "7", "13"],
    ]
    shown.tab_to(lambda name: name.startswith("Straat: Dorpsstraat, "))
    assert shown.tooltip()["Wat op de kaart ontbreekt"] == "maxspeed, lanes"
    assert shown.tab.locator(".leaflet-focus-pane path").get_attribute("fill") == "none"
    # What is pointed at is lined over as it lies: a line is not closed to an area.
    drawn = shown.tab.evaluate(
        "['streets', 'focus'].map((pane) => document.querySelector("
        "`.leaflet-${pane}-pane path`).getAttribute('d'))"
    )
    assert drawn[0] == drawn[1]
    shown.press("ArrowDown")
    assert shown.focused().startswith("Gemeente: Aalter, Wat op de kaart ontbreekt: maxspeed")
    shown.tab.get_by_label("Na te kijken straten").uncheck()
    assert paths.count() == 0
    assert shown.complaints == shown.outside == []


def test_of_many_streets_those_of_most_children_are_drawn(
    municipalities: gpd.GeoDataFrame,
    streets: StreetsToCheck,
    text: MapText,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And it is said of how many; without a street there is no layer."""
    whole = build_streets(streets, municipalities, text)
    assert whole is not None
    assert len(whole.notes) == 1
    monkeypatch.setattr("stemgeo.maps.streets.MOST_STREETS", 2)
    some = build_streets(streets, municipalities, text)
    assert some is not None
    assert [row[-1] for row in some.grounds[0].rows] == ["12", "11"]
    assert "de 2 straten, van de 3, waar de meeste kinderen" in some.notes[0]
    nothing = StreetsToCheck(streets.table[:0], streets.lines[:0])
    assert build_streets(nothing, municipalities, text) is None


def test_the_headline_stands_there_before_any_script(
    whole_page: str, opened: Callable[..., Opened]
) -> None:
    """What the page says at first is what its script says of the same choice."""
    shown = opened(whole_page)
    texts = "['#share', '#headline', '.headline .choice', 'table.provinces']"
    read = f"{texts}.map((one) => document.querySelector(one).textContent)"
    first = shown.tab.evaluate(read)
    assert "In het vroegere resultaat was het" in first[1]
    shown.tab.evaluate("document.body.stemgeo.figures.choose({})")
    assert shown.tab.evaluate(read) == first


def test_a_page_that_opens_on_zones(
    opened: Callable[..., Opened],
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """As that of one municipality: its zones are shown, told, counted, and follow the choice."""
    measured = Switches(make_coverage(municipalities, zones), AGES)
    page = build_web_map(
        *(municipalities, academies, None, gaps, text),
        zones=zones,
        measured=measured,
        opens_on_zones=True,
    )
    shown = opened(page)
    assert shown.legend()[0] == "zones"
    assert not shown.tab.locator("[data-layer=gaps]").is_visible()
    paths = ".leaflet-overlay-pane path"
    assert shown.tab.locator(paths).count() == len(zones)
    fills = f"[...document.querySelectorAll('{paths}')].map((one) => one.getAttribute('fill'))"
    first = shown.tab.evaluate(fills)
    shown.tab.locator("[data-switch=band]").select_option("12-17")
    assert shown.tab.evaluate(fills) != first
    counts = shown.tab.locator("[data-shares=zones] .count").all_inner_texts()
    known = [int(one.split()[0]) for one in counts if one]
    assert sum(known[:6]) == len(zones)
    shown.tab_to(lambda name: name.startswith("Zone:"))
    assert shown.tooltip()["Keuze"].startswith(AGES["12-17"])


def test_one_province_is_not_told_beside_the_whole(
    municipalities: gpd.GeoDataFrame, text: MapText
) -> None:
    """It would say the same twice; a part of one is named so."""
    alone = municipalities[municipalities["province"] == "Limburg"]
    table = make_coverage(municipalities).query("code != 'Antwerpen'")
    table.loc[table["code"] == "Limburg", "name"] = "Limburg (deel)"
    measured = Switches(table, AGES)
    page = build_web_map(
        *(alone, gpd.GeoDataFrame({"academy_id": [], "name": []}, geometry=[], crs=31370), None),
        *(gpd.GeoDataFrame({"gap_id": []}, geometry=[], crs=31370), text),
        measured=measured,
    )
    assert data_of(page)["tables"]["provinces"]["rows"] == [["Vlaanderen"]]
    assert {row[1] for row in data_of(page)["tables"]["municipalities"]["rows"]} == {
        "Limburg (deel)"
    }


def test_an_earlier_result_of_other_municipalities_is_refused(
    municipalities: gpd.GeoDataFrame,
) -> None:
    """Their shares have nothing to differ from."""
    with pytest.raises(ResultError, match=r"other municipalities \(39 before, 40 now\)"):
        refuse_other_places(municipalities, municipalities[1:])


def test_the_table_that_is_taken_along_is_of_what_is_chosen(
    opened: Callable[..., Opened], whole_page: str, coverage: pd.DataFrame, text: MapText
) -> None:
    """In the order of its share, each figure that of the table, and the choice beside it."""
    shown = opened(whole_page)
    shown.tab.evaluate(
        """() => document.body.stemgeo.figures.choose(
        { band: "9-11", roads: "low_stress", scenario: "low" })"""
    )
    shown.tab.locator("#figures summary").click()
    shown.tab.locator("#figures thead button").nth(2).click()
    with shown.tab.expect_download() as waiting:
        shown.tab.locator("#download").click()
    taken = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert "9-tot-en-met-11-jaar" in waiting.value.suggested_filename
    lines = list(csv.DictReader(io.StringIO(taken), delimiter=";"))
    chosen = {"level": "municipality", "band": "9-11", "profile": "low_stress", "scenario": "low"}
    rows = coverage[(coverage[list(chosen)] == pd.Series(chosen)).all(axis=1)]
    rows = rows.set_index("code").loc[[line["NIS-code"] for line in lines]]
    assert len(rows) == len(lines) == 40
    heads = ("Kinderen", "Binnen bereik", "Niet binnen bereik", "Niet gemeten")
    for head, name in zip(heads, COUNTS, strict=True):
        assert [int(line[head]) for line in lines] == rows[name].tolist()
    shares = [say_share(share, text.words) for share in rows["share"]]
    written = [line["Aandeel binnen bereik (%)"] for line in lines]
    assert [f"{one}\N{NO-BREAK SPACE}%" if one else "geen cijfer" for one in written] == shares
    assert rows["share"].dropna().is_monotonic_decreasing
    assert rows["share"].isna().tolist() == sorted(rows["share"].isna())
    assert {line["Keuze"].split("; ")[0] for line in lines} == {"9 tot en met 11 jaar"}


@pytest.mark.parametrize("size", [(1200, 800), (320, 568)])
def test_axe_finds_nothing_with_all_there_may_be(
    opened: Callable[..., Opened], whole_page: str, size: tuple[int, int]
) -> None:
    """Every layer, the table and another choice."""
    shown = opened(whole_page, size)
    shown.tab.locator("#figures summary").click()
    for ground in shown.tab.locator("#layers input").all():
        ground.check()
    shown.tab.locator("select[data-switch=band]").select_option("5-8")
    assert find_barriers(shown.tab) == []
    assert shown.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    provinces = shown.tab.locator(".by-province")
    assert provinces.evaluate("(part) => part.scrollWidth <= part.clientWidth")
