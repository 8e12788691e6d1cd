"""A town that a busy road parts for who rides quietly, and where an academy could come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import hand
import numpy as np

import stemgeo as sg
from stemgeo.explore.board import Board
from stemgeo.inputs.plan import add_plan
from stemgeo.measure import Prepared, measure_day, prepare_study
from stemgeo.stages import report_nothing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from stemgeo.measure import Measured

CANDIDATES = """academy_id;naam;x;y;min_age;max_age
K3;Sporthal;154600;201000;;
K1;Bibliotheek Noord;151200;205000;;
K2;School Oost;156000;200100;5;9
K4;Zaal ver weg;160000;204500;;
"""
SCHOOLS = [
    (9101, (1.2, 1.1), {"amenity": "school", "name": "Basisschool De Linde"}),
    (9102, (4.1, 2.1), {"amenity": "library", "name": "Bibliotheek Édouard"}),
    (9103, (2.0, 3.0), {"amenity": "school"}),
    (9104, (30.0, 30.0), {"amenity": "school", "name": "Ver weg"}),
    (9105, (2.5, 2.5), {"addr:street": "Dorp", "addr:housenumber": "7", "addr:postcode": "2630"}),
]
"""Nodes of the map: a number, where, and what they are."""

ACADEMIES = """academy_id;naam;organisatie;x;y;min_age;max_age;valid_from;valid_until
S1;Proefacademie Noord;Proef;152500;204500;8;12;01/01/2021;
S2;Proefacademie <b>West</b>;Proef & Co;151000;201000;;;01/01/2022;31/12/2023
S3;Proefacademie Vroeger;Proef;155000;201000;;;01/01/2018;31/12/2019
S4;Proefacademie Oost;Proef;155500;205000;12;;01/01/2022;
"""

AGES = [(None, None), (5, 7), (9, 12), (12, 17), (6, 6)]


def write_town(folder: Path, *, straight_line: bool = False) -> Path:
    """Write the small study with its west and middle parted by a busy road; give its folder."""
    hand.write_study(folder, straight_line=straight_line)
    (folder / "wegen.osm").write_text(_draw_roads(), encoding="utf-8")
    (folder / "academies.csv").write_text(ACADEMIES, encoding="utf-8")
    (folder / "kandidaten.csv").write_text(CANDIDATES, encoding="utf-8")
    file = folder / "study.toml"
    given = 'candidates = { path = "kandidaten.csv", source = "Proef", crs = "EPSG:31370" }'
    text = file.read_text(encoding="utf-8").replace("[gaps]", f"{given}\n[gaps]")
    text = text.replace("min_children = 1", "min_children = 4")
    file.write_text(text, encoding="utf-8")
    return folder


def _draw_roads() -> str:
    nodes = {100 * i + j: (i / 2, j / 2) for i in range(13) for j in range(13)}
    nodes |= {9000: (12.0, 0.0)} | {number: at for number, at, _ in SCHOOLS}
    nodes |= {9201: (1.0, 4.0), 9202: (1.2, 4.0), 9203: (1.2, 4.2), 9204: (1.0, 4.2)}
    street = {"highway": "residential", "surface": "asphalt"}
    busy = {"highway": "primary", "maxspeed": "90"}
    ways: list[tuple[Sequence[int], Mapping[str, str]]] = [
        ([100 * i + j for j in range(13)], street) for i in range(13)
    ]
    for j in range(13):
        ways += [([100 * i + j for i in range(7)], street), ([600 + j, 700 + j], busy)]
        ways += [([100 * i + j for i in range(7, 13)], street)]
    ways.append(([1200, 9000], {"highway": "tertiary"}))
    school = {"amenity": "school", "name": "Atheneum", "building": "yes"}
    ways.append(([9201, 9202, 9203, 9204, 9201], school))
    return hand.osm_xml(nodes, ways, {number: tags for number, _, tags in SCHOOLS})


def draw(random: np.random.Generator, ids: list[str]) -> gpd.GeoDataFrame:
    """Draw places for some ids, of some ages."""
    spans = random.integers(len(AGES), size=len(ids))
    return hand.academies(
        {one: hand.spot(*random.uniform([-0.5, -0.5], [8, 6.5])) for one in ids},
        ages={one: AGES[span] for one, span in zip(ids, spans, strict=True)},
    )


def draw_change(board: Board, seed: int) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Draw what comes and what goes, some of it under an id that goes: it moves."""
    random = np.random.default_rng(seed)
    ours = board.academies["academy_id"].tolist()
    closed = [one for one in ours if random.random() < 0.5]
    moved = [one for one in closed if random.random() < 0.5]
    return draw(random, [*moved, *(f"N{n}" for n in range(random.integers(0, 4)))]), closed


@dataclass(frozen=True)
class OpenTown:
    """The town on the board, and as it is measured anew."""

    board: Board
    prepared: Prepared

    @classmethod
    def write(cls, folder: Path, **choices: bool) -> OpenTown:
        """Write it and open it from the cache."""
        study = sg.load_study(write_town(folder, **choices))
        prepared = prepare_study(study, report_nothing, [*range(5, 18)])
        return cls(Board.open(study), prepared)

    def measure(self, placed: gpd.GeoDataFrame | None, closed: list[str]) -> Measured:
        """Measure it with other academies, from the beginning."""
        inputs = self.prepared.inputs
        register = inputs.academies[~inputs.academies["academy_id"].isin(closed)]
        register = register if placed is None else add_plan(register, placed)
        there = replace(self.prepared, inputs=replace(inputs, academies=register))
        return measure_day(there, self.board.study.about.date, threads=1)
