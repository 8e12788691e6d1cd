"""The pages of a site in one language: what each says, filled into its template."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from stemgeo.coverage import ALL_BANDS
from stemgeo.maps.finder import gather_postcodes
from stemgeo.maps.series import choose_colours
from stemgeo.maps.statement import write_site_statement
from stemgeo.maps.text import (
    define_reasons,
    format_classes,
    name_parts_in,
    name_planned,
    province_name,
    say_gap_reason,
)
from stemgeo.maps.web import LinkedMap, WebMap
from stemgeo.profiles import QUIET, ROADS
from stemgeo.publish import pictures
from stemgeo.publish.cells import Figures, Row, fill, write_given, write_name
from stemgeo.publish.stock import MOST_ROWS, OF_TOWNS, REGION_CODE, Former, SiteTown, Stock
from stemgeo.report.annex import sort_key
from stemgeo.report.sheets import Sheets
from stemgeo.report.summary import say_ages, say_changes
from stemgeo.speech import format_day, format_number, format_whole
from stemgeo.study import PARTLY_MEASURED_BELOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd

    from stemgeo.publish.pictures import PlacePicture
    from stemgeo.report.outcome import Tables
    from stemgeo.speech import Language
    from stemgeo.texts import Texts

    Told = dict[str, Any]

POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; "
    "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
)
"""Only what lies in the site; from a disk some browsers know no 'self', which `file:` is for."""
REGION_PAGE, MAP, ABOUT, STATEMENT = "index", "map", "about", "accessibility"
"""What pages are called that are of no code."""


class WrittenPage(NamedTuple):
    """A page: what its file is called in the folder of its language, and all of it."""

    stem: str
    html: str


class Subject(NamedTuple):
    """What a page is of: its level and code in tables, and how it is called."""

    level: str
    code: str
    name: Markup


@dataclass(frozen=True)
class Pages:
    """The pages of one language.

    Attributes
    ----------
    stock
        What they are made of.
    result
        The same result, told in the language.
    drawn
        The picture of each page that has one, by its stem.
    languages
        All of the site.
    """

    stock: Stock
    result: Tables
    drawn: Mapping[str, PlacePicture]
    languages: Sequence[Language]

    @cached_property
    def words(self) -> Texts:
        """The texts of the language."""
        return self.result.words

    @cached_property
    def figures(self) -> Figures:
        """How figures are written."""
        return Figures(self.words)

    @cached_property
    def said(self) -> dict[str, str]:
        """The texts of the site, by the last part of their key."""
        return self.words.list_below("publish")

    def yield_pages(self) -> Iterator[WrittenPage]:
        """Give the pages, one after the other."""
        yield self.write_region()
        for province in self.stock.provinces:
            yield self.write_province(province)
        for town in self.stock.towns:
            yield self.write_town(town)
        for former in self.stock.former:
            yield self.write_former(former)
        yield self.write_about()
        yield self.write_statement()
        yield WrittenPage(MAP, self.web_map.write_linked(self._link_map()))

    @property
    def count(self) -> int:
        """How many pages there are."""
        stock = self.stock
        return 4 + len(stock.provinces) + len(stock.towns) + len(stock.former)

    # -- places ----------------------------------------------------------------------------------

    def write_region(self) -> WrittenPage:
        """Write the page of all of the study."""
        place = Subject("region", REGION_CODE, write_given(self.result.text.name_place(None)))
        rows = [
            self._tell_line(Subject("province", one, self._link_province(one)))
            for one in self.stock.provinces
        ]
        told = {
            **self._tell_place(place, REGION_PAGE),
            "counts": self._count_academies(REGION_CODE),
            "provinces": rows,
            "towns": [self._tell_town_line(town) for town in self._rank_towns()],
            "candidates": list(self._yield_candidates()),
            "files": self._list_files("", list(self.stock.sheets)),
        }
        return self._render("towns", REGION_PAGE, self.result.text.name_place(None), told)

    def write_province(self, province: str) -> WrittenPage:
        """Write the page of a province."""
        code = self.stock.provinces[province]
        called = self.name_province(province)
        place = Subject("province", province, write_name(called))
        told = {
            **self._tell_place(place, code),
            "counts": self._count_academies(province),
            "provinces": [],
            "towns": [
                self._tell_town_line(town)
                for town in self._rank_towns()
                if town.province == province
            ],
            "candidates": list(self._yield_candidates(province)),
            "files": [],
        }
        partly = province in self.result.partly_provinces
        title = called if partly else self.result.text.name_place(province)
        return self._render("towns", code, title, told)

    def write_town(self, town: SiteTown) -> WrittenPage:
        """Write the page of a municipality."""
        called = self.name_town(town)
        place = Subject("municipality", town.code, write_name(called))
        there = [one for one in OF_TOWNS if self.stock.rows_of(one, town.code)]
        told = {
            **self._tell_place(place, town.code),
            "province": self._link_province(town.province),
            "took_in": self._name_former(town),
            "gaps": [self._tell_gaps(town, one) for one in self.stock.profiles if one in _GAPS],
            "streets": self._tell_streets(town),
            "academies": [self._tell_academy(one) for one in self._list_academies(town)],
            "best": self._tell_best(town),
            "files": self._list_files(f"{town.code}/", there),
        }
        return self._render("town", town.code, called, told)

    def write_former(self, former: Former) -> WrittenPage:
        """Write the page of a code that is no longer one: where it went."""
        since = former.since
        told = {
            "former": write_name(former.name),
            "former_code": write_given(former.code),
            "since": self._link(since.code, self.name_town(since)),
        }
        return self._render("former", former.code, former.name, told)

    # -- about -----------------------------------------------------------------------------------

    def write_about(self) -> WrittenPage:
        """Write the page with what a reader of the figures must know."""
        text, study = self.result.text, self.result.study
        changes = self.result.plan_changes
        quiet = [
            {"roads": one.roads.to_text(str(self.words.language)),
             "fit": one.fit.to_text(str(self.words.language))}
            for key, one in QUIET.items() if key in self.stock.profiles
        ]  # fmt: skip
        told = {
            "measure": text.measure,
            "changes": "" if changes is None else say_changes(changes, self.words),
            "quiet": quiet,
            "credits": text.credits,
            "outline": text.outline_note,
            "notes": [one.to_text(str(self.words.language)) for one in self.result.notes],
            "reasons": list(self._define_reasons(self.result.gaps["reason"]).items()),
            "place": self.words("plan.zone_places") if study.inputs.candidates is None else "",
        }
        return self._render("about", ABOUT, self.said["about"], told)

    def write_statement(self) -> WrittenPage:
        """Write the accessibility statement."""
        publisher = self.result.study.output.publisher
        parts = write_site_statement(self.result.text.title, publisher, self.words)
        heading = self.words.list_below("web.page")["statement"]
        return self._render("statement", STATEMENT, heading, {"parts": parts})

    @cached_property
    def web_map(self) -> WebMap:
        """The interactive map; a background is left out, as it would come from elsewhere."""
        return Sheets(self.result).compose_web_map(None, None, None)

    def _link_map(self) -> LinkedMap:
        """Say what leads back from the map, and to it in other languages."""
        pages = self.words.list_below("web.page")
        others = [one for one in map(str, self.languages) if one != str(self.words.language)]
        return LinkedMap(
            assets="../assets",
            policy=POLICY,
            links=[
                (f"{REGION_PAGE}.html", self.result.text.name_place(None)),
                (f"{ABOUT}.html", self.said["about"]),
                (f"{STATEMENT}.html", pages["statement"]),
            ],
            languages=[(f"../{one}/{MAP}.html", one, NAMES[one]) for one in others],
        )

    # -- names -----------------------------------------------------------------------------------

    def name_town(self, town: SiteTown) -> str:
        """Name a municipality as the language does."""
        return name_parts_in(town.name, self.words)

    def name_province(self, province: str) -> str:
        """Name a province as the language does."""
        return province_name(province, self.words, self.result.partly_provinces)

    def _link(self, stem: str, name: str) -> Markup:
        return Markup('<a href="{}.html"><bdi>{}</bdi></a>').format(stem, name)

    def _link_province(self, province: str) -> Markup:
        return self._link(self.stock.provinces[province], self.name_province(province))

    def _name_former(self, town: SiteTown) -> Markup:
        """Name the municipalities that were taken in."""
        names = [one.name for one in self.stock.former if one.since == town]
        told = [write_name(one) for one in dict.fromkeys(names) if one != town.name]
        if not told:
            return Markup()
        return fill(self.said["took_in"], names=Markup(", ").join(told))

    def _rank_towns(self) -> list[SiteTown]:
        """Give the municipalities in the order of their names, without regard to marks."""
        return sorted(
            self.stock.towns, key=lambda town: (sort_key(self.name_town(town)), town.code)
        )

    # -- figures of a place ----------------------------------------------------------------------

    def _tell_place(self, place: Subject, stem: str) -> Told:
        """Say what every page of a place says: the share, its range, counts, ages, the map."""
        row = self._find(place)
        figures = self.figures
        measured = sum(int(row.cells[one]) for one in ("covered", "uncovered"))
        shown = {
            "ages": write_given(say_ages(self.result.study)),
            "minutes": write_given(self._minutes),
        }
        counted = self.words.list_below("web.column")
        told = self._tell_line(place)
        return {
            "place": place.name,
            "share": told["share"] if row.cells["share"] else None,
            "headline": fill(self.said["headline"], **shown),
            "range": fill(self.said["range"], range=told["range"]) if told["range"] else None,
            "partly": 0 < measured < PARTLY_MEASURED_BELOW * int(row.cells["children"]),
            "counts_of": [
                (counted[one], figures.write_count(row, one))
                for one in ("children", "covered", "uncovered", "unmeasured")
            ],
            "ages": list(self._yield_ages(place)),
            "picture": self._tell_picture(place, stem),
        }

    @property
    def _minutes(self) -> str:
        return format_number(self.result.study.travel.cutoff_min, self.words.language)

    def _find(
        self,
        place: Subject,
        band: str = ALL_BANDS,
        scenario: str = "central",
        profile: str = "all",
    ) -> Row:
        return self.stock.get("coverage", place.level, place.code, band, scenario, profile)

    def _tell_line(self, place: Subject, band: str = ALL_BANDS) -> Told:
        """Give the figures that stand beside each other in a line."""
        figures, stock = self.figures, self.stock
        row = self._find(place, band=band)
        coverage = stock.sheets["coverage"]
        ends = [
            coverage.find(place.level, place.code, band, scenario, "all")
            for scenario in ("low", "high")
        ]
        return {
            "name": place.name,
            "children": figures.write_count(row, "children"),
            "covered": figures.write_count(row, "covered"),
            "uncovered": figures.write_count(row, "uncovered"),
            "share": figures.write_share(row),
            "range": figures.write_range(*ends),
            "quiet": [
                figures.write_share(self._find(place, band=band, profile=one))
                for one in stock.profiles[1:]
            ],
        }

    def _tell_town_line(self, town: SiteTown) -> Told:
        place = Subject("municipality", town.code, self._link(town.code, self.name_town(town)))
        own = self.stock.sheets["annex-1-municipalities"].find(town.code)
        academies = None if own is None else self.figures.write_count(own, "academies")
        return self._tell_line(place) | {
            "academies": academies,
            "province": write_name(self.name_province(town.province)),
        }

    def _yield_ages(self, place: Subject) -> Iterator[Told]:
        study = self.result.study
        bands = {one.name: (one,) for one in study.travel.bands} | {ALL_BANDS: ()}
        for band in self.stock.bands:
            ages = self.words("web.switch.ages", ages=say_ages(study, *bands[band]))
            yield self._tell_line(place, band) | {"name": write_given(ages)}

    def _count_academies(self, code: str) -> list[tuple[str, Markup]]:
        row = self.stock.sheets["provinces"].find(code)
        if row is None:
            return []
        heads = self.words.list_below("head")
        return [
            (heads["municipalities"], self.figures.write_count(row, "municipalities")),
            (heads["with_academy"], self.figures.write_count(row, "with_academy")),
        ]

    # -- the map ---------------------------------------------------------------------------------

    def _tell_picture(self, place: Subject, stem: str) -> Told:
        """Say in words what a picture shows, and what its marks mean."""
        drawn = self.drawn[stem]
        is_town = place.level == "municipality"
        by_zone = is_town and self.result.study.inputs.zones is not None
        what = self.words("web.zone_shares" if by_zone else "web.shares")
        alt = fill(
            self.said["alt_town" if is_town else "alt_towns"], place=place.name, what=what
        ).striptags()
        return {
            "file": f"../pictures/{stem}.svg",
            "alt": alt,
            "width": pictures.WIDTH,
            "height": drawn.height,
            "legend": list(self._yield_legend(drawn.shows, is_town=is_town)),
            "heading": what,
            "link": f"{MAP}.html#{stem if is_town else ''}".rstrip("#"),
        }

    def _yield_legend(self, shows: frozenset[str], *, is_town: bool) -> Iterator[Told]:
        words, classes = self.words, self.stock.classes
        colours = choose_colours(len(classes) - 1)
        for fill_, label in zip(colours, format_classes(classes, words), strict=True):
            yield {"kind": "area", "fill": fill_, "label": write_given(label)}
        outside = "legend_around" if is_town else "legend_beside"
        planned = name_planned(self.stock.academies, words)
        marks = {
            "none": ("none", "#ffffff", words("map.no_figure")),
            "partly": ("partly", "#ffffff", words("map.partly_measured")),
            "gap": ("gap", pictures.GAP, self.said["legend_gap"]),
            "academy": ("dot", "#ffffff", words("map.academy")),
            "planned": ("dot", pictures.INK, planned),
            "rough": ("dot", pictures.ROUGH, words("map.academy_rough")),
            "best": ("best", "#ffffff", self.said["legend_best"]),
            "street": ("line", pictures.STREET, words("annex.sheet.streets")),
            "road": ("line", pictures.ROAD, words("map.main_road")),
            "around": ("area", pictures.AROUND, self.said[outside]),
        }
        for key, (kind, colour, label) in marks.items():
            if key in shows:
                yield {"kind": kind, "fill": colour, "label": label}

    # -- gaps, streets, academies ----------------------------------------------------------------

    @cached_property
    def _reasons(self) -> dict[str, tuple[Markup, str, Markup]]:
        """Say of each gap where it is, why it is and why in a sentence."""
        names = self.result.academy_names
        rows = self.stock.sheets["gaps"].by_key
        found = {}
        for gap in self.result.table("gaps").to_dict("records"):
            own = {str(key): value for key, value in gap.items()}
            row = rows[own["gap_id"]]
            why = say_gap_reason(own, self.words, names)
            told = self.figures.write_sentence(row, "reason", why)
            found[own["gap_id"]] = (self._name_gap(row), str(own["reason"]), told)
        return found

    def _name_gap(self, row: Row) -> Markup:
        """Say where a gap is, without counting the municipalities that it does not name."""
        names = row.tell("name")
        named = write_name(name_parts_in(names, self.words))
        if int(row.cells["municipalities"]) > len(names.split(", ")):
            named = fill(self.said["and_others"], names=named)
        near = row.tell("near") if "near" in row.cells else ""
        if not near:
            return named
        return fill(self.words.list_below("gaps")["near"], names=named, near=write_name(near))

    def _define_reasons(self, reasons: Any) -> dict[str, str]:
        study, words = self.result.study, self.words
        meanings = define_reasons(reasons, study, words)
        return {words(f"reason.name.{one}"): said for one, said in meanings.items()}

    def _tell_gaps(self, town: SiteTown, profile: str) -> Told:
        found = self.stock.list_gaps(town.code, profile)
        figures, kind = self.figures, _GAPS[profile]
        lines, reasons = [], []
        for here, gap in found[:MOST_ROWS]:
            where, reason, why = self._reasons[gap.cells["gap_id"]]
            reasons.append(reason)
            lines.append(
                {
                    "where": where,
                    "here": figures.write_count(here, "uncovered"),
                    "whole": figures.write_count(gap, "uncovered"),
                    "why": why,
                }
            )
        least = self.result.study.gaps.min_children
        none = self.words.say_count(f"publish.no_{kind}", least, least="{least}")
        given = write_given(format_whole(least, self.words.language))
        return {
            "heading": self.words(f"web.{kind}"),
            "lines": lines,
            "more": len(found) > len(lines),
            "none": fill(none, least=given),
            "reasons": list(self._define_reasons(reasons).items()),
        }

    def _tell_streets(self, town: SiteTown) -> Told | None:
        """Name the streets to check; None where nobody looked for them."""
        if "to-check" not in self.stock.sheets or not self.stock.checked:
            return None
        found = self.stock.list_streets(town.code)
        roads = QUIET[self.stock.checked].roads.to_text(str(self.words.language))
        lines = [
            {
                "street": write_name(row.tell("street")) if row.tell("street") else None,
                "untagged": self._name_untagged(row),
                "children": self.figures.write_count(row, "children"),
            }
            for row in found[:MOST_ROWS]
        ]
        verdict = next(
            (
                row
                for row in self.stock.rows_of("verdicts", town.code)
                if row.cells["profile"] == self.stock.checked
            ),
            None,
        )
        sure = verdict and fill(
            self.said["verdict"],
            roads=roads,
            least=self.figures.write_count(verdict, "covered_least"),
            most=self.figures.write_count(verdict, "covered_most"),
        )
        return {"lines": lines, "more": len(found) > len(lines), "sure": sure}

    def _name_untagged(self, row: Row) -> str:
        """Say what nobody put on the map; a tag that has no word stands as it is."""
        named = self.words.list_below("publish.untagged")
        tags = row.tell("untagged").split(";")
        return ", ".join(named.get(one, one) for one in tags)

    def _list_academies(self, town: SiteTown) -> list[Row]:
        rows = self.stock.rows_of("academies", town.code)
        return sorted(rows, key=lambda row: (row.tell("name").casefold(), row.key))

    def _tell_academy(self, row: Row) -> Told:
        moved = row.cells["academy_id"] in self.stock.moved
        notes = {
            "planned": self.said["moved" if moved else "planned"],
            "coarse": self.words("map.academy_rough"),
        }
        told = [said for name, said in notes.items() if row.cells.get(name) == "True"]
        return {
            "name": write_name(row.tell("name")),
            "notes": told,
            "organisation": write_name(row.tell("organisation")),
            "address": write_name(row.tell("address")) if row.cells.get("address") else "",
            "ages": self._tell_ages(row),
            "from": self._tell_day(row, "valid_from"),
            "until": self._tell_day(row, "valid_until"),
        }

    def _tell_ages(self, row: Row) -> Markup:
        """Say for which ages an academy is; of each end it may say nothing."""
        ends = {
            name: self.figures.write_count(row, column)
            for name, column in (("first", "min_age"), ("last", "max_age"))
            if row.cells[column]
        }
        if len(ends) == 2:
            return fill(self.said["ages"], **ends)
        if ends:
            return fill(self.said["ages_from" if "first" in ends else "ages_to"], **ends)
        return fill(self.said["ages_any"])

    def _tell_day(self, row: Row, column: str) -> Markup:
        cell = row.cells[column][:10]
        if not cell:
            return Markup()
        day = format_day(dt.date.fromisoformat(cell), self.words.language)
        return Markup('<time datetime="{}" data-of="{}">{}</time>').format(
            cell, row.point(column), day
        )

    # -- what one more would bring ---------------------------------------------------------------

    def _tell_best(self, town: SiteTown) -> Markup:
        row = self.stock.sheets["candidate-municipalities"].find(town.code)
        if row is None or int(row.cells["adds"] or 0) == 0:
            return fill(self.said["best_none"])
        figures = self.figures
        return fill(
            self.said["best"],
            where=write_name(row.tell("place")),
            adds=figures.write_count(row, "adds"),
            here=figures.write_count(row, "adds_here"),
            beyond=figures.write_count(row, "adds_beyond"),
        )

    def _yield_candidates(self, province: str | None = None) -> Iterator[Told]:
        """Give the municipalities where one more brings most, first those that bring most."""
        towns = {town.code: town for town in self.stock.towns}
        rows = [
            row
            for row in self.stock.sheets["candidate-municipalities"].rows
            if row.cells["nis_code"] in towns
            and province in (None, towns[row.cells["nis_code"]].province)
            and int(row.cells["adds"] or 0) > 0
        ]
        ranked = sorted(rows, key=lambda row: (-int(row.cells["adds"]), row.key))
        for row in ranked[:MOST_ROWS]:
            town = towns[row.cells["nis_code"]]
            yield {
                "name": self._link(town.code, self.name_town(town)),
                "where": write_name(row.tell("place")),
                **{
                    one: self.figures.write_count(row, one)
                    for one in ("adds", "adds_here", "adds_beyond")
                },
            }

    # -- all pages -------------------------------------------------------------------------------

    def _list_files(self, folder: str, names: Sequence[str]) -> list[tuple[str, str]]:
        said = self.words.list_below("publish.file")
        return [(f"../data/{folder}{one}.csv", said[one.replace("-", "_")]) for one in names]

    @cached_property
    def postcodes(self) -> pd.DataFrame:
        """The postcodes that lead to a municipality."""
        found = gather_postcodes(self.result.academies, self.result.postcodes).dropna()
        return found[found["postcode"] != ""]

    @cached_property
    def shared(self) -> Told:
        """What stands in every page."""
        text, words = self.result.text, self.words
        roads = [ROADS[one].to_text(str(words.language)) for one in self.stock.profiles[1:]]
        return {
            "text": text,
            "own": str(self.result.study.languages[0]),
            "policy": POLICY,
            "language": str(words.language),
            "languages": [(str(one), NAMES[str(one)]) for one in self.languages],
            "said": self.said,
            "heads": words.list_below("head"),
            "columns": words.list_below("web.column"),
            "page_words": words.list_below("web.page"),
            "over_roads": [words("annex.over_roads", roads=one) for one in roads],
            "rule": words("map.candidates.rule"),
            "no_figure": words("web.headline.nothing"),
            "partly_said": self.said["partly_measured"],
            "has_quiet": bool(self.stock.checked),
            "by_age": self.said["by_age" if self.stock.checked else "by_age_alone"],
            "street_title": words("annex.title.streets"),
            "street_note": words("meaning.of_street"),
            "candidates_title": words("map.candidates.listed"),
            "academies_title": words("web.academies"),
            "region": text.name_place(None),
            "map_file": f"{MAP}.html",
            "search": self.said["search_postcodes" if len(self.postcodes) else "search"],
        }

    def _render(self, template: str, stem: str, title: str, told: Told) -> WrittenPage:
        heading = write_given(title) if stem == REGION_PAGE else write_name(title)
        shared = self.shared | {"stem": stem, "title": title, "heading": heading}
        return WrittenPage(stem, _TEMPLATES.get_template(f"{template}.html").render(shared | told))


NAMES = {"nl": "Nederlands", "en": "English", "fr": "Français"}
"""Of languages, in themselves."""
_GAPS = {"all": "gaps", "low_stress": "quiet_gaps"}
"""How gaps over roads are called in texts."""
_TEMPLATES = Environment(
    loader=PackageLoader("stemgeo.publish", "assets"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_choice(pages: Sequence[Pages]) -> str:
    """Write the page at the top of a site, where a reader chooses a language.

    Parameters
    ----------
    pages
        Of each language, that of the study first.
    """
    first = pages[0]
    choices = [
        (str(one.words.language), NAMES[str(one.words.language)], one.said["enter"])
        for one in pages
    ]
    told = first.shared | {"stem": "", "title": first.result.text.title, "choices": choices}
    return _TEMPLATES.get_template("choice.html").render(told)
