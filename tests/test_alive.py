"""Every option of study.toml is alive: changed by itself it moves what it is about, or is refused.

One small study, on one drawn map with something of everything, is measured for each option anew;
only as far as is needed to see what must move.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import hand
import pandas as pd
import pytest
from readings import keep_readings
from terminal import stemgeo

import stemgeo as sg
from stemgeo import measure as measuring
from stemgeo.access.travellers import draw_study_isochrones
from stemgeo.equity import count_quintiles
from stemgeo.errors import InputError, StudyError
from stemgeo.gaps import find_gaps
from stemgeo.inputs import Inputs, load_inputs
from stemgeo.inputs.address_match import Match, MatchedAddress, write_answers
from stemgeo.linking import LinksResult, find_links
from stemgeo.links.candidates import list_candidates
from stemgeo.maps.kinds import save_map
from stemgeo.measure import (
    Measured,
    Prepared,
    measure_day,
    measure_effects,
    measure_sensitivity,
    prepare_study,
)
from stemgeo.report.accounts import find_question, gather_question
from stemgeo.report.dcat import build_record
from stemgeo.report.imprint import build_map_text
from stemgeo.report.letter import Heading
from stemgeo.report.overview import judge_targets
from stemgeo.report.own_annexes import list_own_annexes
from stemgeo.report.questions import SECTIONS, answer_questions
from stemgeo.report.summary import write_summary_markdown
from stemgeo.siting.municipalities import candidate_municipalities
from stemgeo.siting.places import find_candidates
from stemgeo.siting.plan import limits_of
from stemgeo.stages import report_nothing
from stemgeo.study import (
    SCENARIOS,
    Attribute,
    Facility,
    Input,
    Layer,
    LinkCost,
    SaidBy,
    Study,
    _find_model,
    parse_study,
)
from stemgeo.subsidy import compute_for_study
from stemgeo.years import trend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import BaseModel

    from stemgeo.gaps import Gaps
    from stemgeo.planning import Plan
    from stemgeo.study_run import Result

Tables = dict[str, dict[str, Any]]

FILE = {"a.csv": {"size_bytes": 1, "sha256": "00"}}
STREET = {"highway": "residential", "surface": "asphalt", "maxspeed": "30"}
ALONG = {  # which half kilometres of the long street are something else
    4: STREET | {"surface": "sett"},
    5: STREET | {"surface": "sett"},
    6: {"highway": "footway"},
    2: {
        "highway": "tertiary",
        "maxspeed": "50",
        "zone:traffic": "BE-VLG:urban",
        "sidewalk": "both",
    },
}
ROADS = [
    *(([100 + i, 101 + i], ALONG.get(i, STREET)) for i in range(24)),
    ([200, 110, 201], {"highway": "primary", "maxspeed": "90", "lanes": "2"}),
    ([116, 300], {"highway": "elevator"}),
    ([300, 301, 302], STREET),
    ([120, 400], {"route": "ferry", "bicycle": "yes"}),
    ([400, 401, 301], STREET),
]
NODES = {100 + i: (i / 2, 1.0) for i in range(25)} | {
    200: (5.0, 0.2), 201: (5.0, 1.8), 300: (8.05, 1.06), 301: (8.05, 2.6), 302: (8.05, 4.8),
    400: (10.0, 2.8), 401: (9.0, 2.8),
}  # fmt: skip
SAID = {
    101: {"highway": "traffic_signals"},
    102: {"highway": "crossing"},
    103: {"barrier": "cycle_barrier"},
}
LIVE = [
    *((0.2, 1.03), (1.2, 1.03), (1.8, 1.2), (2.8, 1.03), (3.6, 1.03), (3.0, 1.58)),
    *((4.4, 1.03), (5.6, 1.03)),
    *((7.2, 1.03), (8.06, 2.4), (9.4, 2.77), (9.1, 1.4), (11.5, 1.03)),
    *((2.0, 5.0), (8.05, 4.2)),
]
"""Points of the grid: at the street, some off it, and some far from any road."""

ZONES = {
    "Z1": ("11001", hand.square(0, 0, 3, 4)),
    "Z2": ("11001", hand.square(3, 0, 3, 4)),
    "Z3": ("11004", hand.square(6, 0, 3, 4)),
    "Z4": ("11004", hand.square(9, 0, 3, 4)),
    "Z5": ("71002", hand.square(0, 4, 6, 2)),
    "Z6": ("71002", hand.square(6, 4, 6, 2)),
}
CHILDREN = {"11001": 3, "11004": 2, "71002": 1}
HEADER = (
    "academy_id;naam;organisatie;x;y;min_age;max_age;valid_from;valid_until;postcode;trajectories"
)
REGISTER = [
    "A1;West;Een;150050;201020;;;01/01/2022;31/12/2024;2000;2",
    "A2;Oost;Een;160500;201020;8;12;01/01/2021;31/12/2024;;",
    "A3;Vroeger;Twee;156000;201020;;;01/03/2020;;;",
    "A4;Ver;Twee;161900;201050;6;;01/02/2022;;;",
    "A5;Later;Twee;151500;201020;;;01/01/2023;;;",
]
PLACES = [
    "K1;Bieb;Drie;153100;201020;;;;;;",
    "K2;Hal;Drie;157400;201020;;;;;;",
    "K3;School;Drie;154400;201020;12;17;;;;",
    "K4;Zaal;Drie;158060;204500;;;;;;",
]
HOUSES = [(0.3 + i / 25, 1.06, 8) for i in range(12)]
"""Of Z1, by middle and side in metres; the last two are flats and a shed."""


def _building(number: int, x: float, y: float, side: float, **tags: str) -> dict[str, Any]:
    km = side / 2000
    corners = [(x - km, y - km), (x + km, y - km), (x + km, y + km), (x - km, y + km)]
    nodes = {9000 + 10 * number + i: corner for i, corner in enumerate(corners)}
    return {"nodes": nodes, "way": ([*nodes, next(iter(nodes))], {"building": "yes"} | tags)}


def write_files(folder: Path) -> None:
    """Write every file that the studies name."""
    towns = hand.SMALL | {"11001": ("Antwerpen", hand.square(0, 0, 5, 4)),
                          "11004": ("Antwerpen", hand.square(5, 0, 7, 4))}  # fmt: skip
    for name, of in (("gemeenten", hand.SMALL), ("gemeenten2", towns)):
        hand.municipalities(of).to_file(folder / f"{name}.gpkg")
    zones = hand.zones(ZONES)
    zones.to_file(folder / "zones.gpkg")
    for name, year, of in (("nu", 2022, CHILDREN), ("toen", 2020, CHILDREN | {"11001": 1})):
        rows = ["nis_code;sex;age;children;year"]
        rows += [f"{code};{s};{age};{n};{year}" for code, n in of.items() for s in "FM"
                 for age in range(3, 19)]  # fmt: skip
        (folder / f"{name}.csv").write_text("\n".join(rows), encoding="utf-8")
    at_plan = [PLACES[1].replace("K", "P", 1)]
    lists = {
        "register": REGISTER,
        "register2": REGISTER[1:],
        "plaatsen": PLACES,
        "plan": at_plan,
        "plaatsen2": PLACES[3:],
    }
    for name, lines in lists.items():
        (folder / f"{name}.csv").write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    street = ["academy_id;naam;adres", "R1;Ergens;Veldstraat 7, Aartselaar"]
    rough = [
        "academy_id;naam;postcode;gemeente",
        "R1;Ergens;2000;Aartselaar",
        "R2;Elders;;Boechout",
    ]
    (folder / "zonder.csv").write_text("\n".join(rough), encoding="utf-8")
    (folder / "adressen.csv").write_text("\n".join(street), encoding="utf-8")
    met = Match(
        *(100, "aangeduidDoorBeheerder", "gebouw", "inGebruik", 152_000, 201_020),
        *("Veldstraat 7, 2630 Aartselaar", "Aartselaar", "2630", "7", "1"),
    )
    question = ("Aartselaar", "", "Veldstraat", "7")
    answers = [MatchedAddress(dt.date(2026, 11, 30), question, (met,), "")]
    write_answers(answers, folder / "adresmatch.csv")
    (folder / "postcodes.csv").write_text("postcode;x;y\n2000;152000;201020", encoding="utf-8")
    accounts = {
        "cijfers": "year;indicator;value\n2022;children_reached;37376",
        "deelnemers": "academy;year;children\nA1;2022;12",
        "middelen": "year;line;euro\n2022;Oproep;464500",
        "evenementen": "date;place;label\n2022-03-01;Aartselaar;ja",
    }
    for name, text in accounts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "brug.csv").write_text("change;osm_way\nclose;4\n", encoding="utf-8")
    (folder / "recht.csv").write_text("id;x;y;note\nA1;150300;201020;poort", encoding="utf-8")
    for name, weight in (("rooster", 1), ("rooster2", 5)):
        grid = [f"{hand.X0 + 1000 * x};{hand.Y0 + 1000 * y};{weight + x}" for x, y in LIVE]
        (folder / f"{name}.csv").write_text("\n".join(["x;y;weight", *grid]), encoding="utf-8")
    doors = "\n".join(
        ["x;y", f"{hand.X0 + 900};{hand.Y0 + 1010}", f"{hand.X0 + 7000};{hand.Y0 + 1010}"]
    )
    (folder / "deuren.csv").write_text(doors, encoding="utf-8")
    for name, values in (("inwoners", (60, 300, 90, 90, 50, 20)), ("inkomen", (9, 3, 5, 1, 2, 8))):
        column = "population" if name == "inwoners" else "mediaan;gemiddeld"
        rows = [
            f"{zone};{one}" + ("" if name == "inwoners" else f";{10 - one}")
            for zone, one in zip(ZONES, values, strict=True)
        ]
        (folder / f"{name}.csv").write_text("\n".join([f"zone_id;{column}", *rows]), "utf-8")
    before = [f"O{zone}" for zone in ZONES]
    rows = [f"{zone};{60 * n * n}" for n, zone in enumerate(before, start=1)]
    (folder / "oud.csv").write_text("\n".join(["zone_id;population", *rows]), "utf-8")
    for name, since in (("codes", [*ZONES]), ("codes2", ["Z2", "Z1", *[*ZONES][2:]])):
        rows = [";".join(pair) for pair in zip(before, since, strict=True)]
        (folder / f"{name}.csv").write_text("\n".join(["toen;nu", *rows]), "utf-8")
    zones.to_file(folder / "twee.gpkg", layer="zones")
    zones.assign(name="elders").to_file(folder / "twee.gpkg", layer="anders")
    with pd.ExcelWriter(folder / "twee.xlsx") as book:
        for name, lines in (("register", REGISTER), ("later", REGISTER[:3])):
            rows = [line.split(";") for line in lines]
            table = pd.DataFrame(rows, columns=HEADER.split(";"))
            table.to_excel(book, sheet_name=name, index=False)
    halves = {"nr": ["1", "2"], "code2": ["x", "y"], "naam": ["west", "oost"], "anders": ["w", "o"]}
    shapes = [hand.square(0, 0, 5, 6), hand.square(5, 0, 7, 6)]
    gpd.GeoDataFrame(halves, geometry=shapes, crs=hand.CRS).to_file(folder / "helften.gpkg")
    ground = gpd.GeoDataFrame({"name": ["hier"]}, geometry=shapes[:1], crs=hand.CRS)
    ground.to_file(folder / "gebied.gpkg")
    made = [_building(n, x, y, side) for n, (x, y, side) in enumerate(HOUSES)]
    made.append(_building(50, 1.9, 1.05, 30, building="apartments", **{"building:levels": "6"}))
    made.append(_building(51, 2.1, 1.05, 5))
    made.append(_building(52, 2.4, 1.05, 10, building="hotel"))
    nodes, ways = NODES.copy(), list(ROADS)
    for one in made:
        nodes |= one["nodes"]
        ways.append(one["way"])
    (folder / "wegen.osm").write_text(hand.osm_xml(nodes, ways, SAID), encoding="utf-8")
    text = hand.osm_xml(LINKED_NODES, LINKED, SAID)
    (folder / "banen.osm").write_text(text, encoding="utf-8")
    bare = {number: NODES[number] for number in range(100, 105)}
    text = hand.osm_xml(bare, [([*bare], STREET)])
    (folder / "kaal.osm").write_text(text, encoding="utf-8")


LINKED = [
    *(one for one in ROADS if one[0] not in ([103, 104], [400, 401, 301])),
    ([103, 104], ALONG[2]),
    ([103, 500], STREET),
    ([401, 502, 301], STREET),
    ([400, 401], STREET),
    ([502, 505, 600, 601, 602], STREET),
    *(([600, 603], STREET), ([601, 604], STREET)),
    ([700, 701], {"waterway": "canal"}),
]
"""The same with two busy pieces in a row, ends near the long street, and one beyond a canal."""

LINKED_NODES = NODES | {
    500: (1.5, 1.2), 502: (9.0, 2.7), 505: (9.0, 1.2), 600: (9.7, 1.25), 601: (9.7, 1.22),
    602: (9.7, 1.19), 603: (9.9, 1.24), 604: (9.85, 1.21), 700: (8.2, 1.1), 701: (9.5, 1.1),
}  # fmt: skip

LEAST: Tables = {
    "study": {"title": "Levend", "date": dt.date(2022, 12, 31)},
    "inputs": {
        "municipalities": "gemeenten.gpkg",
        "population": "nu.csv",
        "academies": "register.csv",
        "network": "wegen.osm",
        "weights": "rooster.csv",
        "zones": "zones.gpkg",
        "zone_population": "inwoners.csv",
        "candidates": "plaatsen.csv",
        "layers": {"helft": {"path": "helften.gpkg", "id": "nr"}},
        "attributes": {
            "inkomen": {"path": "inkomen.csv", "column": "mediaan"},
            "anders": {"path": "inkomen.csv", "column": "gemiddeld"},
        },
    },
    "travel": {"cutoff_min": 12, "profiles": ["all", "low_stress"]},
    "demand": {"method": "grid", "compare": ["centroid"]},
    "gaps": {"min_children": 1},
    "output": {"formats": ["svg"]},
}
LINE: Tables = {"inputs": {"network": "straight-line"}, "travel": {"profiles": None}}
ONE = {"places": 1, "curve_to": 2}
RICH = {"attribute": "inkomen", "by_quintile": [5, 1, 1, 1, 0]}
LATER = {"study": {"date": dt.date(2024, 6, 30)}}
RENEWED = {"recognition": "renewed", "recognition_from": dt.date(2022, 1, 1)}
TILES = {"url": "https://a.be/{z}/{x}/{y}.png", "attribution": "A"}
BANDS = [
    {"ages": [5, 11], "speed_kmh": {"low": 8, "central": 10, "high": 12}},
    {"ages": [12, 17], "speed_kmh": {"low": 12, "central": 15, "high": 18}},
]
QUESTION: Tables = {
    "number": 1,
    "asked": dt.date(2023, 2, 3),
    "from": "An Vraag",
    "questions": ["Welk budget is er?"],
}
BASES: dict[str, Tables] = {
    "roads": {},
    "line": LINE,
    "ferry": {"travel": {"ferries": True}},
    "flat": {"travel": {"speed_kmh": {"low": 9, "central": 11, "high": 13}}},
    "bands": {"travel": {"bands": BANDS}},
    "best": {"demand": {"method": "best", "dwellings_per_100": 60}},
    "towns": {"inputs": {"zones": None, "zone_population": None, "attributes": None}},
    "renumbered": {"inputs": {"zone_population": "oud.csv", "zone_codes": "codes.csv"}},
    "part": {"study": {"area": ["11001", "71002"]}},
    "rough": {"inputs": {"academies": "zonder.csv"}},
    "addressed": {"inputs": {"academies": "adressen.csv"}},
    "renewed": LATER | {"academies": RENEWED},
    "quiet": {"siting": ONE},
    "linked": {"inputs": {"network": "banen.osm"}},
    "priced": {
        "inputs": {"network": "banen.osm"},
        "links": {"max_chain_m": 2000, "cost": {"stretch": {"per_m_eur": 1, "source": "A"}}},
    },
    "site": LINE | {"siting": ONE},
    "two": LINE | {"siting": ONE | {"places": 2}},
    "fewest": LINE | {"siting": {"problem": "lscp", "curve_to": 2}},
    "backup": LINE | {"siting": ONE | {"problem": "backup"}},
    "fair": LINE | {"siting": ONE | {"equity": RICH}},
    "web": {"output": {"background": TILES, "publisher": {"name": "A", "contact": "a@a.be"}}},
    "asked": LINE | {"question": QUESTION},
}
"""The studies in which options are changed, by what they say beside `LEAST`."""


def merged(first: Mapping[str, Any], *others: Mapping[str, Any]) -> dict[str, Any]:
    """Lay tables over each other; None takes a key away."""
    found = dict(first)
    for other in others:
        for key, value in other.items():
            if value is None:
                found.pop(key, None)
            elif isinstance(value, dict) and isinstance(found.get(key), dict):
                found[key] = merged(found[key], value)
            else:
                found[key] = value
    return found


class Seen:
    """What a study comes to, worked out as far as it is looked at."""

    def __init__(self, folder: Path, tables: Mapping[str, Any], like: Seen | None = None) -> None:
        self.study = parse_study(merged(LEAST, tables), folder=folder, name="study.toml")
        self.like = like

    def look(self, what: str) -> str:
        """Write down a table, a column of it, or a text: "access.travel_time_s", "words.title"."""
        thing, _, part = what.partition(".")
        value = getattr(self, thing)
        if part:
            value = value[part] if isinstance(value, pd.DataFrame | dict) else getattr(value, part)
        return value.to_csv() if isinstance(value, pd.DataFrame | pd.Series) else str(value)

    @cached_property
    def prepared(self) -> Prepared:
        """The children at points."""
        return prepare_study(self.study, report_nothing)

    @cached_property
    def measured(self) -> Measured:
        """Whom the academies reach."""
        return measure_day(self.prepared, self.study.about.date)

    @cached_property
    def found(self) -> Gaps:
        """Who is out of reach, and why."""
        return find_gaps(self.prepared, self.measured)

    @cached_property
    def plan(self) -> Plan:
        """Where the next academies come."""
        return sg.site(self.study)

    @cached_property
    def shown(self) -> Result:
        """The result, or that of the study it comes of: how it is shown moves no figure."""
        if self.like is None:
            return sg.run(self.study)
        return dataclasses.replace(self.like.shown, study=self.study)

    @property
    def candidates(self) -> pd.DataFrame:
        """Where one academy more adds most."""
        late = self.found.children
        places = find_candidates(self.prepared, self.measured).table
        of_all = late[late["profile"] == "all"]
        return candidate_municipalities(self.prepared, self.measured, places, of_all, threads=1)

    @property
    def isochrones(self) -> pd.DataFrame:
        """The ground within reach."""
        (rider, *_), (points, cells) = self.measured.riders, (self.demand, self.prepared.cells)
        return draw_study_isochrones(rider, points, cells, threads=1)

    @property
    def subsidy(self) -> pd.DataFrame:
        """What the academies get."""
        return compute_for_study(
            self.study.subsidy, self.measured.academies, self.prepared.inputs.layers
        )

    @property
    def maps(self) -> str:
        """The files of a map."""
        with TemporaryDirectory() as place:
            save_map(self.sheets.draw("share"), Path(place) / "m", self.study.output.formats)
            return str(sorted(one.name for one in Path(place).iterdir()))

    @property
    def for_qgis(self) -> str:
        """What of its files QGIS opens."""
        with TemporaryDirectory() as place:
            found = self.shown._write_files(Path(place), lambda *_: None)
            return str((found, sorted(one.name for one in Path(place).glob("result.*"))))

    @property
    def asked(self) -> str:
        """The question, and which sections of a text stand below it."""
        asked = find_question(self.shown)
        assert asked is not None
        marked = [Heading(2, one, one) for one in SECTIONS]
        told = answer_questions(marked, asked, "nl", "antwoord.nl.md")
        return str((gather_question(self.shown), told))

    @property
    def links(self) -> pd.DataFrame:
        """Which changes of roads may bring someone."""
        return list_candidates(self.prepared, self.measured).table

    @cached_property
    def roads(self) -> LinksResult:
        """What changes of roads bring."""
        return find_links(self.prepared, threads=1)

    inputs = property(lambda self: self.prepared.inputs)
    notes = property(lambda self: self.prepared.notes)
    demand = property(lambda self: self.prepared.points)
    access = property(lambda self: self.measured.access)
    coverage = property(lambda self: self.measured.coverage)
    gaps = property(lambda self: self.found.table)
    words = property(lambda self: build_map_text(self.study, self.prepared.inputs))
    quintiles = property(
        lambda self: count_quintiles(self.coverage, self.prepared.inputs.attributes)
    )
    effects = property(lambda self: measure_effects(self.prepared, self.measured))
    sensitivity = property(lambda self: measure_sensitivity(self.prepared, self.measured))
    trend = property(lambda self: trend(self.study, [2020, 2022]).table)
    sheets = property(lambda self: self.shown.sheets)
    page = property(lambda self: self.sheets.draw_web_map())
    record = property(
        lambda self: build_record(self.shown._describe(self.shown.manifest, FILE), str)
    )
    classes = property(lambda self: self.sheets.draw("share").table["class"])
    summary = property(
        lambda self: write_summary_markdown(
            self.shown, build_map_text(self.study, self.shown.inputs)
        )
    )
    targets = property(lambda self: judge_targets(self.study.targets, self.shown, None))
    annexes = property(lambda self: str(list_own_annexes(self.study)))
    solved = property(lambda self: self.plan.solution.objective)
    limits = property(lambda self: limits_of(self.study.siting))


class Alive(NamedTuple):
    """An option changed, in which study, and what must move."""

    moves: str
    change: Any
    base: str = "roads"


TIMES, WHO, WHERE = "access.travel_time_s", "coverage.covered", "demand.geometry"


def _band(**speed: float) -> list[dict[str, Any]]:
    return [BANDS[0] | {"speed_kmh": BANDS[0]["speed_kmh"] | speed}, BANDS[1]]


OPTIONS = {
    "study.title": Alive("words.title", "Anders"),
    "study.date": Alive(TIMES, dt.date(2022, 2, 1)),
    "study.vintage": Alive("notes", 2024),
    "study.notice": Alive("words.notice", "Ontwerp"),
    "study.facility": Alive(
        "words.measure", {"nl": {"singular": "park", "plural": "parken", "article": "het"}}, "line"
    ),
    "study.area": Alive("coverage.children", ["11001", "71002"]),
    "study.area_name": Alive("coverage.name", "Hier", "part"),
    "inputs.area": Alive("coverage.children", "gebied.gpkg"),
    "inputs.municipalities": Alive("demand.nis_code", "gemeenten2.gpkg", "towns"),
    "inputs.population": Alive("coverage.children", "toen.csv"),
    "inputs.populations": Alive("trend.children", {"2020": "toen.csv"}),
    "inputs.academies": Alive("access.academy_id", "register2.csv"),
    "inputs.network": Alive(TIMES, "kaal.osm"),
    "inputs.zones": Alive("demand.zone_id", "zones.gpkg", "towns"),
    "inputs.zone_population": Alive("demand", None),
    "inputs.zone_codes": Alive("demand", "codes2.csv", "renumbered"),
    "inputs.weights": Alive("demand", "rooster2.csv"),
    "inputs.addresses": Alive("demand.method", "deuren.csv", "best"),
    "inputs.postcodes": Alive("inputs.academies", "postcodes.csv", "rough"),
    "inputs.matched_addresses": Alive("inputs.academies", "adresmatch.csv", "addressed"),
    "inputs.corrections": Alive("inputs.academies", "recht.csv"),
    "inputs.plan": Alive("access.academy_id", "plan.csv"),
    "inputs.network_edits": Alive(TIMES, "brug.csv"),
    "inputs.road_projects": Alive("inputs.road_projects", "brug.csv"),
    "inputs.candidates": Alive("plan.places", "plaatsen2.csv", "site"),
    "inputs.layers": Alive("coverage.level", {"kant": "helften.gpkg"}),
    "inputs.attributes": Alive(
        "quintiles.covered", {"inkomen": {"path": "inkomen.csv", "column": "gemiddeld"}}
    ),
    "travel.cutoff_min": Alive(WHO, 9),
    "travel.horizon_min": Alive("access.status", 14),
    "travel.mode": Alive(TIMES, "foot", "line"),
    "travel.profiles": Alive("access.profile", ["all", "quiet_1"]),
    "travel.stress_rules": Alive(TIMES, "vademecum-2022"),
    "travel.busy_crossings": Alive(TIMES, "push"),
    "travel.bands.ages": Alive("coverage.band", [BANDS[0] | {"ages": [5, 10]}, BANDS[1]], "bands"),
    "travel.bands.speed_kmh.low": Alive(WHO, _band(low=3), "bands"),
    "travel.bands.speed_kmh.central": Alive(TIMES, _band(central=11), "bands"),
    "travel.bands.speed_kmh.high": Alive(WHO, _band(high=30), "bands"),
    "travel.speed_kmh.low": Alive(WHO, 3, "flat"),
    "travel.speed_kmh.central": Alive(TIMES, 12, "flat"),
    "travel.speed_kmh.high": Alive(WHO, 30, "flat"),
    "travel.snap_within_m": Alive(TIMES, 250),
    "travel.snap_limit_m": Alive("access.status", 700),
    "travel.walking_speed_ms": Alive(TIMES, 1.0),
    "travel.pushing_speed_kmh": Alive(TIMES, 5),
    "travel.detour_factor": Alive(TIMES, 1.5, "line"),
    "travel.surface": Alive(TIMES, False),
    "travel.signal_s": Alive(TIMES, 20),
    "travel.crossing_s": Alive(TIMES, 20),
    "travel.barrier_s": Alive(TIMES, 20),
    "travel.ferries": Alive(TIMES, True),
    "travel.pavements_under_10": Alive(WHO, True),
    "travel.ferry_wait_min": Alive(TIMES, 2, "ferry"),
    "travel.lift_wait_s": Alive(TIMES, 30),
    "academies.ages": Alive(TIMES, [8, 17]),
    "academies.coarse": Alive("inputs.academies", "leave-out", "rough"),
    "academies.coarse_over_m": Alive("inputs.academies", 20000, "rough"),
    "academies.recognition": Alive("access.academy_id", "first", "renewed"),
    "academies.recognition_from": Alive("access.academy_id", dt.date(2022, 3, 1), "renewed"),
    "academies.recognition_years": Alive("access.academy_id", 3),
    "demand.method": Alive(WHERE, "centroid"),
    "demand.compare": Alive("sensitivity.method", ["centroid", "streets"]),
    "demand.spacing_m": Alive(WHERE, 200, "best"),
    "demand.street_weights": Alive("demand", {"residential": 0.25}, "best"),
    "demand.building_kinds": Alive(WHERE, ["hotel"], "best"),
    "demand.dwelling_m2": Alive(WHERE, [70, 400], "best"),
    "demand.flat_m2": Alive("demand.method", 1000, "best"),
    "demand.dwellings_per_100": Alive("demand.method", 200, "best"),
    "gaps.method": Alive("gaps.uncovered", "zones"),
    "gaps.distance_m": Alive("gaps.uncovered", 300),
    "gaps.min_children": Alive("gaps.gap_id", 200),
    "gaps.barrier_detour": Alive("gaps.children_barrier", 10),
    "gaps.just_too_far_min": Alive("gaps.children_just_too_far", 60),
    "gaps.rank_by": Alive("candidates.nis_code", "share"),
    "subsidy.year": Alive("subsidy", 2023),
    "subsidy.trajectories_per_place": Alive("subsidy", 3),
    "subsidy.place_layer": Alive("subsidy", "helft"),
    "siting.problem": Alive("plan.goal", "p_median", "site"),
    "siting.places": Alive("plan.places", 2, "site"),
    "siting.budget_eur": Alive("plan.places", 1000, "two"),
    "siting.share": Alive("plan.places", 0.5, "fewest"),
    "siting.profile": Alive("plan.comparison", "low_stress", "quiet"),
    "siting.weights": Alive("plan.places", {"12-17": 9}, "site"),
    "siting.equity.attribute": Alive("plan.places", "anders", "fair"),
    "siting.equity.by_quintile": Alive("plan.places", [0, 1, 1, 1, 9], "fair"),
    "siting.backup_weight": Alive("solved", 1, "backup"),
    "siting.floor_places": Alive("plan.places", {"Limburg": 1}, "site"),
    "siting.floor_share": Alive("plan.places", {"Limburg": 0.2}, "site"),
    "siting.largest_share": Alive("plan.places", 0.5, "two"),
    "siting.time_limit_s": Alive("limits", 1, "site"),
    "siting.curve_to": Alive("plan.curve", 1, "site"),
    "siting.random_plans": Alive("plan.curve", 1, "site"),
    "links.profile": Alive("links.kind", "all", "linked"),
    "links.kinds": Alive("links.kind", ["gap"], "linked"),
    "links.max_stretch_m": Alive("links.kind", 100, "linked"),
    "links.max_chain_m": Alive("links.kind", 600, "linked"),
    "links.max_barrier_m": Alive("links.length_m", 120, "linked"),
    "links.max_gap_m": Alive("links.length_m", 210, "linked"),
    "links.least_detour": Alive("links.length_m", 12, "linked"),
    "links.spacing_m": Alive("links.length_m", 50, "linked"),
    "links.per_spot": Alive("links.length_m", 1, "linked"),
    "links.together": Alive("roads.sets", 1, "linked"),
    "links.budget_eur": Alive("roads.sets", 200, "priced"),
    "links.with_academies": Alive("roads.sets", True, "linked"),
    "links.shown": Alive("roads.links", 1, "linked"),
    "links.cost": Alive("roads.links", {"stretch": {"each_eur": 5, "source": "A"}}, "priced"),
    "links.most": Alive("links.kind", 1, "linked"),
    "output.language": Alive("words.measure", "en"),
    "output.formats": Alive("maps", ["pdf"]),
    "output.qgis": Alive("for_qgis", change=False),
    "output.classes": Alive("classes", [0, 50, 100]),
    "output.isochrone_minutes": Alive("isochrones.minutes_to", [4, 8]),
    "output.isochrone_speed_kmh": Alive("isochrones.geometry", 15),
    "output.isochrone_cell_m": Alive("isochrones.geometry", 100),
    "output.background.url": Alive("page", "https://b.be/{z}/{x}/{y}.png", "web"),
    "output.background.attribution": Alive("page", "B", "web"),
    "output.publisher.name": Alive("page", "B", "web"),
    "output.publisher.contact": Alive("page", "b@b.be", "web"),
    "output.publisher.uri": Alive("record", "https://data.b.be/id/b", "web"),
    "output.publisher.page": Alive("record", "https://b.be", "web"),
    "output.publisher.folder": Alive("record", "https://b.be/data", "web"),
    "output.publisher.licence": Alive("record", "https://b.be/licentie", "web"),
    "output.publisher.access": Alive("record", "public", "web"),
    "targets.share": Alive("targets", {"2022": 0.5}, "line"),
    "targets.children": Alive("targets", {"2022": 5}, "line"),
    "targets.municipalities": Alive("targets", {"2022": 2}, "line"),
    "targets.academies": Alive("targets", {"2022": 2}, "line"),
    "inputs.reported": Alive("inputs.accounts", "cijfers.csv"),
    "inputs.participants": Alive("inputs.accounts", "deelnemers.csv"),
    "inputs.budget": Alive("inputs.accounts", "middelen.csv"),
    "inputs.events": Alive("inputs.accounts", "evenementen.csv"),
    "question.number": Alive("asked", 2, "asked"),
    "question.asked": Alive("asked", dt.date(2023, 2, 4), "asked"),
    "question.answered": Alive("asked", dt.date(2023, 3, 4), "asked"),
    "question.from": Alive("asked", "Bo Vraag", "asked"),
    "question.to": Alive("asked", "An Antwoord", "asked"),
    "question.function": Alive("asked", "Vlaams minister", "asked"),
    "question.language": Alive("asked", "fr", "asked"),
    "question.questions.text": Alive("asked", ["Waar zijn er hiaten?"], "asked"),
    "question.questions.sections": Alive(
        "asked", [{"text": "Welk budget is er?", "sections": ["gaps"]}], "asked"
    ),
    "annex.title": Alive("annexes", [{"title": "A", "file": "plan.csv"}], "line"),
    "annex.file": Alive("annexes", [{"title": "A", "file": "plan.csv"}], "line"),
}
"""For each option of study.toml a change, and what it moves."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the studies."""
    place = tmp_path_factory.mktemp("levend")
    write_files(place)
    return place


@pytest.fixture(scope="module")
def of(folder: Path) -> Iterator[Callable[..., Seen]]:
    """See what a study comes to; what is read alike is read once, each input by itself."""
    read: dict[str, Inputs] = {}
    seen: dict[str, Seen] = {}

    def load(study: Study) -> Inputs:
        ages = [band.ages for band in study.travel.bands]
        about = study.about.vintage, study.about.area, study.about.area_name
        key = repr((study.inputs, about, ages, study.academies))
        if key not in read:
            read[key] = load_inputs(study)
        return read[key]

    def see(*tables: Mapping[str, Any]) -> Seen:
        key = repr(tables)
        if key not in seen:
            like = None if len(tables) < 2 else see(tables[0])
            seen[key] = Seen(folder, merged({}, *tables), like)
        return seen[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "load_inputs", load)
        keep_readings(patch)
        yield see


def options(model: type[BaseModel] = Study, place: str = "") -> Iterator[str]:
    """Name every option that there is, but for what is said of a file, and each word."""
    for name, field in model.model_fields.items():
        key = place + (field.alias or name)
        inner = _find_model(field.annotation)
        if inner is None or issubclass(inner, Input | Facility | LinkCost):
            yield key
        else:
            yield from options(inner, f"{key}.")


def test_every_option_has_a_row() -> None:
    """An option that is new, or gone, is named here until the table above has its row."""
    assert sorted(options()) == sorted(OPTIONS)


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_an_option_moves_what_it_is_about(of: Callable[..., Seen], option: str) -> None:
    """Changed by itself in a study where it acts; the study as it was gives what it gave."""
    row = OPTIONS[option]
    table, *keys = option.split(".")
    change = row.change
    if keys[-1] in SCENARIOS and keys[0] != "bands":
        keys, change = keys[:-1], {keys[-1]: change}
    for key in reversed(keys[1:] if keys[0] not in ("bands", "questions") else []):
        change = {key: change}
    changed = of(BASES[row.base], {table: change if table == "annex" else {keys[0]: change}})
    assert of(BASES[row.base]).look(row.moves) != changed.look(row.moves)


# -- what is said of a file ------------------------------------------------------------------


FILES: Tables = {
    "inputs": {
        "zones": {"path": "twee.gpkg", "layer": "zones"},
        "academies": {"path": "twee.xlsx", "sheet": "register"},
        "addresses": "deuren.csv",
        "plan": "plan.csv",
        "candidates": "plaatsen2.csv",
        "layers": {"helft": {"path": "helften.gpkg", "id": "nr", "name": "naam"}},
    }
}
OTHERWISE: Tables = {
    "inputs": {
        "zones": {"layer": "anders"},
        "academies": {"sheet": "later"},
        "weights": {"path": "rooster.csv", "crs": "EPSG:31370"},
        "layers": {"helft": {"id": "code2", "name": "anders"}},
        "attributes": {"inkomen": {"column": "gemiddeld", "title": "welstand"}},
    }
}
OF_A_FILE: dict[str, Callable[[Seen], object]] = {
    "layer": lambda seen: seen.inputs.zones["name"],
    "sheet": lambda seen: seen.inputs.academies["academy_id"],
    "crs": lambda seen: [str(one) for one in seen.inputs.warnings if "rooster.csv" in str(one)],
    "id": lambda seen: seen.inputs.layers["helft"]["code"],
    "name": lambda seen: seen.inputs.layers["helft"]["name"],
    "column": lambda seen: seen.inputs.attributes["inkomen"]["value"],
    "title": lambda seen: seen.summary,
    "source": lambda seen: [one.source for one in seen.inputs.provenance],
    "licence": lambda seen: [one.licence for one in seen.inputs.provenance],
    "date": lambda seen: [one.date for one in seen.inputs.provenance],
}
"""What each of the things that a study says of a file moves; for `path` see `OPTIONS`."""


def test_all_that_a_study_can_say_of_a_file_has_a_row() -> None:
    """As for the options; a hash refuses the file, see below."""
    known = {name for model in (Input, Layer, Attribute) for name in model.model_fields}
    assert known == {*OF_A_FILE, "path", "sha256"}


def test_what_is_said_of_a_file_moves_what_is_read_of_it(of: Callable[..., Seen]) -> None:
    """Another layer, sheet, column, name; and source, licence and day of each file are carried."""
    seen = of(FILES)
    told = {"source": "Wij", "licence": "CC0", "date": dt.date(2022, 5, 1)}
    roles = dict(merged(LEAST, FILES, OTHERWISE)["inputs"])
    for role in ("layers", "attributes"):
        roles |= {role: {key: one | told for key, one in roles[role].items()}}
    for role, given in roles.items():
        if role not in ("layers", "attributes"):
            roles[role] = (given if isinstance(given, dict) else {"path": given}) | told
    other = of(FILES, {"inputs": roles})
    for name, look in OF_A_FILE.items():
        assert str(look(seen)) != str(look(other)), name
    found = other.inputs.provenance
    assert {one.role.partition(".")[0] for one in found} == set(roles)
    assert {(one.source, one.licence, one.date) for one in found} == {tuple(told.values())}


def test_a_hash_refuses_another_file(folder: Path) -> None:
    """It changes nothing of the file that it is of, and stops the study with any other."""
    given = {"path": "register.csv", "sha256": "0" * 64}
    study = parse_study(merged(LEAST, {"inputs": {"academies": given}}), folder=folder, name="s")
    with pytest.raises(InputError, match=r"register\.csv: is not the file that the study means"):
        load_inputs(study)


# -- what cannot act is refused --------------------------------------------------------------


STRAIGHT = "in a straight line"
QUIET = "without a profile of quiet roads in travel.profiles"
USUAL = Study.model_validate(
    {"study": LEAST["study"], "inputs": dict.fromkeys(("municipalities", "population", "academies",
                                                       "network"), "x")}
)  # fmt: skip


def usual(option: str) -> Any:
    """Give the value that an option has by itself, as a study.toml would write it."""
    table, name = option.split(".")
    return getattr(USUAL, table).model_dump(mode="json")[name]


IDLE: list[tuple[Tables, str, str]] = [
    *((BASES["line"], f"{table}.{name}", STRAIGHT) for table, name in (
        *(("travel", one) for one in (
            "profiles", "stress_rules", "busy_crossings", "snap_within_m", "snap_limit_m",
            "walking_speed_ms", "pushing_speed_kmh", "surface", "signal_s", "crossing_s",
            "barrier_s", "ferries", "ferry_wait_min", "lift_wait_s", "pavements_under_10")),
        *(("demand", one) for one in (
            "spacing_m", "street_weights", "building_kinds", "dwelling_m2", "flat_m2",
            "dwellings_per_100")),
        ("gaps", "barrier_detour"),
        *(("links", one) for one in (
            "kinds", "max_stretch_m", "max_chain_m", "max_barrier_m", "max_gap_m",
            "least_detour", "spacing_m", "per_spot", "most")),
        *(("output", f"isochrone_{one}") for one in ("minutes", "speed_kmh", "cell_m")),
    )),
    ({}, "travel.detour_factor", "over roads, which have lengths of their own"),
    ({}, "travel.ferry_wait_min", "without ferries = true"),
    ({"travel": {"bands": [{"ages": [10, 17], "speed_kmh": 12}]}}, "travel.pavements_under_10",
     ": no band has an age under 10"),
    ({"travel": {"profiles": ["all"]}}, "travel.stress_rules", QUIET),
    ({"travel": {"profiles": ["all"]}}, "travel.busy_crossings", QUIET),
    *(({"travel": {"mode": "foot", "profiles": None}}, f"travel.{name}", "on foot") for name in (
        "stress_rules", "busy_crossings", "pavements_under_10", "surface", "pushing_speed_kmh",
        "walking_speed_ms")),
    ({"travel": {"horizon_min": 12}}, "gaps.just_too_far_min",
     "where nobody is looked for beyond cutoff_min"),
    ({"links": {"kinds": ["gap"]}}, "links.max_stretch_m", 'without "stretch" in links.kinds'),
    ({"links": {"kinds": ["stretch"]}}, "links.spacing_m",
     'without "barrier" or "gap" in links.kinds'),
    ({"links": {"profile": "all"}}, "links.max_chain_m",
     "over all roads, where none is too stressful"),
    ({"gaps": {"method": "zones"}}, "gaps.distance_m=300", 'with method = "zones"'),
    ({"subsidy": {"year": 2023}}, "subsidy.trajectories_per_place",
     ": the rules of 2023 pay no extra trajectories"),
    *(({}, f"demand.{name}", 'with method "grid" and compare = ["centroid"]') for name in (
        "spacing_m", "street_weights", "building_kinds", "dwelling_m2", "flat_m2",
        "dwellings_per_100")),
    *(({"demand": {"method": "streets", "compare": None}}, f"demand.{name}",
       'with method "streets"') for name in ("dwelling_m2", "flat_m2", "dwellings_per_100")),
    ({"demand": {"method": "buildings"}, "inputs": {"addresses": "deuren.csv"}},
     "demand.building_kinds", 'with method "buildings" and compare = ["centroid"]'),
]  # fmt: skip
"""Beside what an option changes nothing, and what is then said of it."""


def lines(*tables: Mapping[str, Any]) -> list[str]:
    """Give the lines with which a study is refused."""
    with pytest.raises(StudyError) as caught:
        parse_study(merged(LEAST, *tables), name="study.toml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("beside", "option", "why"), IDLE)
def test_an_option_that_cannot_act_is_refused(beside: Tables, option: str, why: str) -> None:
    """In one line, also when it says what is so by itself; without it the study is read."""
    option, _, value = option.partition("=")
    table, name = option.split(".")
    parse_study(merged(LEAST, beside), name="study.toml")
    told = f"study.toml: {option}: changes nothing {why}; leave it out".replace("g :", "g:")
    assert lines(beside, {table: {name: float(value) if value else usual(option)}}) == [told]


def test_a_speed_of_a_band_beside_one_for_all_is_refused() -> None:
    """Bands can say their ages alone then, and without one for all they cannot."""
    flat = {"speed_kmh": 12}
    (told,) = lines({"travel": flat | {"bands": BANDS}})
    why = "changes nothing where travel.speed_kmh is one for all; leave it out"
    assert told == f"study.toml: travel.bands.speed_kmh: {why}"
    ages = {"bands": [{"ages": [5, 9]}, {"ages": [10, 17]}]}
    study = parse_study(merged(LEAST, {"travel": flat | ages}), name="study.toml")
    assert [study.travel.speed_of(band, "low") for band in study.travel.bands] == [12, 12]
    assert lines({"travel": ages}) == [
        "study.toml: 'travel': bands: 5-9 has no speed_kmh; give it, or one for all bands"
    ]


def test_a_limit_below_the_distance_to_every_road_is_refused() -> None:
    """A door takes every road within `snap_within_m`, whatever the limit for the nearest."""
    assert lines({"travel": {"snap_within_m": 80, "snap_limit_m": 60}}) == [
        "study.toml: travel.snap_limit_m: changes nothing below snap_within_m (80 m); leave it out"
    ]


def test_all_that_cannot_act_is_told_at_once() -> None:
    """Beside what the study asks for and is not there."""
    told = lines(
        BASES["line"],
        {"travel": {"ferries": False, "signal_s": 3}, "gaps": {"method": "roads"}},
        {"subsidy": {"place_layer": "x"}},
    )
    keys = [line.split(": ")[1] for line in told]
    assert keys == ["subsidy.place_layer", "gaps.method", "travel.signal_s", "travel.ferries"]


def test_a_study_that_says_all_it_says_is_what_it_was() -> None:
    """Whoever writes a study down whole, as a manifest does, has chosen no more than before."""
    for tables in BASES.values():
        study = parse_study(merged(LEAST, tables), name="study.toml")
        whole = study.model_dump(mode="json", by_alias=True)
        again = parse_study(whole, name="x", said_by=SaidBy.RESULT), Study.model_validate(whole)
        assert [one.model_dump(mode="json", by_alias=True) for one in again] == [whole, whole]
    chosen = merged(LEAST, BASES["line"], {"travel": {"snap_limit_m": 300}})
    with pytest.raises(ValueError, match=r"travel\.snap_limit_m: changes nothing"):
        Study.model_validate(chosen)
    assert parse_study(chosen, name="x", said_by=SaidBy.RESULT).travel.snap_limit_m == 300


PROBLEMS = {
    "mclp": ({"places": 1}, ("share", "backup_weight")),
    "lscp": ({}, ("places", "budget_eur", "weights", "equity", "backup_weight", "largest_share")),
    "p_median": ({"places": 1}, ("share", "backup_weight", "floor_share")),
    "backup": ({"places": 1}, ("share",)),
}
EQUITY = {"attribute": "inkomen", "by_quintile": [1, 1, 1, 1, 2]}
OF_SITING = {"share": 1.0, "backup_weight": 0.5, "places": 1, "budget_eur": 3000, "weights": {},
             "equity": EQUITY, "largest_share": 0.5, "floor_share": {}}  # fmt: skip


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_is_of_another_problem_is_refused(problem: str) -> None:
    """Each in a line, before anything is read; a share of the places needs their number too."""
    asked, idle = PROBLEMS[problem]
    given = {"problem": problem} | asked | {name: OF_SITING[name] for name in idle}
    study = parse_study(merged(LEAST, {"siting": given}), name="study.toml")
    with pytest.raises(StudyError) as caught:
        sg.site(study)
    told = [f'siting.{name}: changes nothing with problem = "{problem}"; leave it out'
            for name in idle]  # fmt: skip
    assert str(caught.value).splitlines() == told
    budget = {"siting": {"budget_eur": 3000, "largest_share": 0.5}}
    with pytest.raises(StudyError, match=r"siting\.largest_share: changes nothing without places"):
        sg.site(parse_study(merged(LEAST, budget), name="study.toml"))


ON_PAPER = """
[study]
title = "Levend"
date = 2022-12-31
[inputs]
municipalities = "gemeenten.gpkg"
population = "nu.csv"
academies = "register.csv"
network = "straight-line"
candidates = "plaatsen.csv"
[siting]
places = 1
curve_to = 2
"""


def test_another_problem_leaves_out_what_the_study_says_for_its_own(folder: Path) -> None:
    """Asked on the command line, and told there; what is asked there and cannot act is refused."""
    (folder / "vraag.toml").write_text(ON_PAPER, encoding="utf-8")
    said = stemgeo("site", folder / "vraag.toml", "--share", "0.1")
    assert said.status == 0
    assert (
        "let op: siting.places van de studie telt niet mee: het hoort bij een ander probleem"
        in said.err
    )
    assert "siting.curve_to" not in said.err
    fewest = ON_PAPER.replace("places = 1", 'problem = "lscp"')
    (folder / "vraag.toml").write_text(fewest, encoding="utf-8")
    said = stemgeo("site", folder / "vraag.toml", "-n", 2)
    assert (said.status, said.out) == (1, "")
    line = 'error: siting.places: changes nothing with problem = "lscp"; leave it out'
    assert said.err.splitlines() == [line]


# -- what depends on the files is said -------------------------------------------------------


def test_an_option_of_what_no_road_has_is_told(folder: Path) -> None:
    """A note for each that was chosen, in both languages; of roads that have it all none."""
    chosen = {
        "signal_s": 5,
        "crossing_s": 5,
        "barrier_s": 5,
        "lift_wait_s": 5,
        "surface": False,
        "ferries": True,
        "busy_crossings": "end",
    }
    tables = {"travel": chosen}
    bare = Seen(folder, merged(tables, {"inputs": {"network": "kaal.osm"}})).measured.notes
    told = [str(one) for one in bare if "changes nothing" in str(one)]
    assert sorted(one.split()[1] for one in told) == sorted(f"travel.{name}" for name in chosen)
    assert (
        "network: travel.lift_wait_s changes nothing: the roads that were read have no lifts; "
        "leave it out"
    ) in told
    assert sum("verandert niets" in one.to_text("nl") for one in bare) == len(chosen)
    assert not any("ferries are used" in str(one) for one in bare)
    everything = Seen(folder, tables).measured.notes
    assert not [one for one in everything if "changes nothing" in str(one)]


def test_which_methods_are_compared_moves_no_child(of: Callable[..., Seen]) -> None:
    """Who lives in which zone is estimated by all that the extract holds, whatever is compared."""
    without = {"inputs": {"zone_population": None}}
    one, more = (of(without, {"demand": {"compare": names}})
                 for names in (["centroid"], ["streets", "buildings"]))  # fmt: skip
    pd.testing.assert_frame_equal(one.demand, more.demand)
    assert one.prepared.ground.streets is not None
