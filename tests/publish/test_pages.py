"""What pages say of the example: zones, mergers, what is found, and addresses that stay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from stemgeo.inputs.vintages import VINTAGES, flemish_codes, list_former
from stemgeo.publish.pages import Pages
from stemgeo.publish.site import list_places
from stemgeo.publish.stock import Stock
from stemgeo.result import Result

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pages(written_sample: Path) -> Pages:
    """The pages of the example in Dutch, with the pictures of two municipalities and a province."""
    result = Result.from_folder(written_sample)
    stock = Stock(result)
    towns = {town.code: town for town in stock.towns}
    drawn = {code: stock.draw_town(towns[code]) for code in ("12041", "44021")}
    drawn["70000"] = stock.ground.draw_towns("Limburg")
    return Pages(stock, result, drawn, result.study.languages)


def test_no_address_dies_when_municipalities_merge() -> None:
    """Each code that Flanders ever had is a page today, its own or one that leads on."""
    for newest in VINTAGES:
        there = {*flemish_codes(newest), *(code for code, _, _ in list_former(newest))}
        for older in VINTAGES:
            if older <= newest:
                assert flemish_codes(older) <= there


def test_an_old_code_leads_to_the_municipality_of_today(pages: Pages) -> None:
    """Puurs is in Puurs-Sint-Amands since 2019, which says what it took in."""
    (puurs,) = [one for one in pages.stock.former if one.code == "12030"]
    old = pages.write_former(puurs)
    assert old.stem == "12030"
    assert '<a href="12041.html"><bdi>Puurs-Sint-Amands</bdi></a>' in old.html
    codes = {one.code for one in pages.stock.former}
    assert not codes & {town.code for town in pages.stock.towns}
    since = next(town for town in pages.stock.towns if town.code == "12041")
    assert "Hierin zijn opgegaan: <bdi>Puurs</bdi>, <bdi>Sint-Amands</bdi>." in (
        pages.write_town(since).html
    )


def test_a_city_has_its_zones_on_its_map(pages: Pages) -> None:
    """Coloured by the classes of the study; gaps, academies and the best place lie on them."""
    drawn = pages.drawn["44021"]
    assert drawn.shows >= {"class", "gap", "academy", "best", "road", "border", "around"}
    assert len(set(re.findall(r'<path fill="(#\w{6})" stroke="(?:white|#404040)"', drawn.svg))) == 5
    assert len(drawn.svg) < 60_000
    gent = next(town for town in pages.stock.towns if town.code == "44021")
    page = pages.write_town(gent).html
    assert "per zone" in page
    assert "waar één academie meer het meest toevoegt" in page


def test_a_page_says_which_gaps_it_leaves_to_the_file(pages: Pages) -> None:
    """Ten of them stand there, those with most children of the municipality first."""
    found = pages.stock.list_gaps("44021", "all")
    children = [int(here.cells["uncovered"]) for here, _ in found]
    assert len(found) > 10
    assert children == sorted(children, reverse=True)
    gent = next(town for town in pages.stock.towns if town.code == "44021")
    page = pages.write_town(gent).html
    told = re.findall(r'data-of="gap-municipalities/(\w+)\|44021/uncovered"', page)
    quiet = [here for here, _ in pages.stock.list_gaps("44021", "low_stress")]
    assert told == [row.cells["gap_id"] for row in [*(h for h, _ in found[:10]), *quiet[:10]]]
    assert page.count("Alle staan in een bestand bij deze pagina.") == 2


def test_what_was_not_looked_for_is_said(pages: Pages) -> None:
    """A run without --uncertainty has no streets to check: the page says so."""
    gent = next(town for town in pages.stock.towns if town.code == "44021")
    assert "niet nagegaan van welke straten" in pages.write_town(gent).html


def test_a_province_has_its_own_municipalities_alone(pages: Pages) -> None:
    """Its page is called by its NIS code and lists those that are in it."""
    page = pages.write_province("Limburg")
    assert page.stem == "70000"
    assert "<h1><bdi>Provincie Limburg</bdi></h1>" in page.html
    listed = re.findall(r'<th scope="row"><a href="(\d{5})\.html">', page.html)
    own = {town.code: town.name for town in pages.stock.towns if town.province == "Limburg"}
    assert set(listed) == set(own)
    names = [own[code] for code in listed[-len(own) :]]
    assert names == sorted(names)


def test_the_search_knows_every_name_of_a_place(pages: Pages) -> None:
    """Municipalities, provinces, what mergers took in, and what French or English calls them."""
    found = list_places(pages)["places"]
    led = {name: (said, page) for name, said, page in found}
    assert led["Gent"] == ("Oost-Vlaanderen", "44021")
    assert led["Limburg"] == ("Provincie", "70000")
    assert led["Puurs"] == ("vroegere gemeente, nu Puurs-Sint-Amands", "12041")
    assert led["Gand"] == ("Gent", "44021")
    assert led["44021"] == ("NIS-code, Gent", "44021")
    stock = pages.stock
    there = {town.code for town in stock.towns} | set(stock.provinces.values())
    assert {page for _, _, page in found} == there
