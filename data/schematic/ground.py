"""The ground: an outline, villages, and the zones and municipalities around them.

All of it follows from the points and areas in `data/municipalities.csv`; nothing is copied from
boundary files. Coordinates are EPSG:31370, metres.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.spatial import Voronoi, cKDTree
from shapely.geometry.base import BaseGeometry

from schematic.lots import spread, stream

GRID_M = 0.1
SAMPLE_STEP_M = 400.0
LAMBERT_72 = (
    "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=push +v_3 "
    "+step +proj=cart +ellps=WGS84 +step +inv +proj=helmert +x=-106.8686 +y=52.2978 +z=-103.7239 "
    "+rx=-0.3366 +ry=0.457 +rz=-1.8422 +s=-1.2747 +convention=coordinate_frame "
    "+step +inv +proj=cart +ellps=intl +step +proj=pop +v_3 +step +proj=lcc +lat_0=90 "
    "+lon_0=4.36748666666667 +lat_1=51.1666672333333 +lat_2=49.8333339 +x_0=150000.013 "
    "+y_0=5400088.438 +ellps=intl"
)
"""Degrees to EPSG:31370, written out: PROJ would choose by the grids that a machine has."""

BRUSSELS = "Brussels Hoofdstedelijk Gewest"
BANDS = ("5_8", "9_11", "12_14", "15_17")
SEXES = {"F": "girls", "M": "boys"}
_HAMLETS = (
    "Heide Dries Kouter Broek Molenhoek Statie Berg Veld Heikant Hoek Bos Driehoek Kapel Linde "
    "Meers Eikel Donk Laar Hof Kruis Zandstraat Beek Hulst Schoot Vijver Kasteel Rode Vaart Eik "
    "Akker Voorde Rozenhoek Wilg Pannenhoek Mortel Bremt Brug Winning Olmen Tuinwijk Nieuwstad "
    "Zavel Roosberg Oever Terlo Spoor Park Hazelaar Geer Plas"
)
HAMLETS = _HAMLETS.split()


@dataclass(frozen=True)
class Village:
    """The heart of one zone: a village, hamlet or part of a town."""

    index: int
    zone_id: str
    nis: str
    municipality: str
    province: str
    name: str
    x: float
    y: float
    residents: int
    children: int
    is_centre: bool


@dataclass(frozen=True)
class Ground:
    """All villages, with their zones in the same order, and the land they lie in."""

    facts: pd.DataFrame
    villages: list[Village]
    zones: list[BaseGeometry]
    outline: BaseGeometry
    borders: Voronoi

    def municipalities(self) -> dict[str, BaseGeometry]:
        """Outline of each municipality of 2024: its zones, put together."""
        groups: dict[str, list[BaseGeometry]] = {}
        for village, zone in zip(self.villages, self.zones, strict=True):
            groups.setdefault(village.nis, []).append(zone)
        return {nis: shapely.coverage_union_all(groups[nis]) for nis in sorted(groups)}


def read_facts(path: Path) -> pd.DataFrame:
    """Read the 327 municipalities and add their points in EPSG:31370 (`x`, `y`)."""
    facts = pd.read_csv(path, dtype={f"nis{year}": str for year in (2018, 2024, 2025)})
    to_lambert = Transformer.from_pipeline(LAMBERT_72)
    x, y = to_lambert.transform(facts["lon"].to_numpy(), facts["lat"].to_numpy())
    children = facts[[f"{sex}_{band}" for sex in SEXES.values() for band in BANDS]].sum(axis=1)
    return facts.assign(x=np.round(x, 1), y=np.round(y, 1), children=children)


def make_ground(facts: pd.DataFrame) -> Ground:
    """Lay out the example land of the facts."""
    outline = _outline(facts)
    owner, samples = _divide(facts, outline)
    villages = _villages(facts, owner, samples)
    borders = _voronoi(villages)
    zones = _zones(villages, borders, outline)
    return Ground(facts, villages, zones, outline, borders)


def _outline(facts: pd.DataFrame) -> BaseGeometry:
    """One smooth land around all points, as large as the municipalities together."""
    target = facts["area_km2"].sum() * 1e6
    low, high = 0.8, 2.4
    for _ in range(14):
        middle = (low + high) / 2
        if _discs(facts, middle).area < target:
            low = middle
        else:
            high = middle
    return shapely.set_precision(_discs(facts, high).simplify(40.0), GRID_M)


def _discs(facts: pd.DataFrame, scale: float) -> BaseGeometry:
    points = shapely.points(facts["x"], facts["y"])
    radius = scale * np.sqrt(facts["area_km2"].to_numpy() * 1e6 / math.pi)
    land = shapely.union_all(shapely.buffer(points, radius, quad_segs=6))
    closed = land.buffer(5000.0, quad_segs=6).buffer(-5000.0, quad_segs=6)
    smooth = closed.buffer(-900.0, quad_segs=6).buffer(900.0, quad_segs=6)
    return shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(smooth)])


def _divide(facts: pd.DataFrame, outline: BaseGeometry) -> tuple[np.ndarray, np.ndarray]:
    """Give every sample point of the land to a municipality, so that areas come out right.

    A Voronoi division with weights (a power diagram), the weights found by repetition.

    Returns
    -------
    owner, samples
        The row of `facts` for each sample, and the samples' coordinates, shape (n,) and (n, 2).
    """
    samples = _sample_points(outline)
    sites = facts[["x", "y"]].to_numpy()
    area = facts["area_km2"].to_numpy() * 1e6
    target = area * outline.area / area.sum()
    distance, near = cKDTree(sites).query(samples, k=24)
    # A site keeps its own place while its weight stays below this part of the gap to the next.
    limit = 0.35 * cKDTree(sites).query(sites, k=2)[0][:, 1] ** 2
    weight = np.zeros(len(sites))
    owner = near[:, 0]
    for _ in range(60):
        best = np.argmin(distance**2 - weight[near], axis=1)
        owner = near[np.arange(len(samples)), best]
        found = np.bincount(owner, minlength=len(sites)) * SAMPLE_STEP_M**2
        weight = np.clip(weight + 0.25 * (target - found), -limit, limit)
    return owner, samples


def _sample_points(outline: BaseGeometry) -> np.ndarray:
    left, bottom, right, top = outline.bounds
    axes = (np.arange(left, right, SAMPLE_STEP_M), np.arange(bottom, top, SAMPLE_STEP_M))
    x, y = (axis.ravel() for axis in np.meshgrid(*axes))
    inside = shapely.contains_xy(outline, x, y)
    return np.column_stack([x[inside], y[inside]])


def _villages(facts: pd.DataFrame, owner: np.ndarray, samples: np.ndarray) -> list[Village]:
    villages: list[Village] = []
    for row, place in enumerate(facts.itertuples()):
        points = _village_points(place, samples[owner == row])
        villages += _named(place, points, first=len(villages))
    return villages


def _village_points(place: Any, samples: np.ndarray) -> list[tuple[float, float]]:
    """Put the centre on the point of the facts and the others as far apart as they can."""
    lot = stream("villages", place.nis2018)
    dense = 25_000 if place.province2018 == BRUSSELS else 10_000
    wanted = round(place.area_km2 / 11 + place.total_2015 / dense)
    pool = samples + _shifts(len(samples), lot)
    points = _far_apart(place, pool, wanted)
    for _ in range(5):
        points = _centred(points, pool)
    return [(round(x, 1), round(y, 1)) for x, y in points]


def _shifts(count: int, lot: random.Random) -> np.ndarray:
    reach = 0.4 * SAMPLE_STEP_M
    pairs = [(lot.uniform(-reach, reach), lot.uniform(-reach, reach)) for _ in range(count)]
    return np.array(pairs).reshape(-1, 2)


def _far_apart(place: Any, pool: np.ndarray, wanted: int) -> np.ndarray:
    """Pick points of the pool, each as far from the earlier ones as it can be."""
    points = [(place.x, place.y)]
    to_centre = np.hypot(pool[:, 0] - place.x, pool[:, 1] - place.y)
    radius = math.sqrt(place.area_km2 * 1e6 / math.pi)
    town = min(place.total_2015 / place.area_km2 / 1500, 2.0)
    # In a town the parts near the centre lie closer together than those at its rim.
    room = 1 + town * to_centre / radius
    nearest = to_centre.copy()
    for _ in range(min(wanted, len(pool))):
        best = int(np.argmax(nearest / room))
        if nearest[best] < 450:
            break
        points.append(pool[best])
        nearest = np.minimum(nearest, np.hypot(*(pool - pool[best]).T))
    return np.array(points)


def _centred(points: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """Move each point but the first to the middle of the ground that is nearest to it."""
    owner = cKDTree(points).query(pool)[1]
    moved = points.copy()
    for i in range(1, len(points)):
        if (owner == i).any():
            moved[i] = pool[owner == i].mean(axis=0)
    return moved


def _named(place: Any, points: list[tuple[float, float]], *, first: int) -> Iterable[Village]:
    """Give each point of a municipality its name, code and share of the residents."""
    lot = stream("names", place.nis2018)
    town = re.sub(r" \(.*\)", "", place.name2018)
    names = [f"{town} - Centrum", *(f"{town} - {name}" for name in lot.sample(HAMLETS, 49))]
    while len(names) < len(points):
        names.append(f"{names[len(names) - 49]} 2")
    residents = spread(place.total_2015, _attraction(place, points))
    children = spread(place.children, [count + 1 for count in residents])
    for i, (x, y) in enumerate(points):
        yield Village(
            index=first + i,
            zone_id=f"{place.nis2018}{chr(ord('A') + i // 10)}{i % 10}0-",
            nis=place.nis2024,
            municipality=place.name2024,
            province=place.province2018,
            name=names[i],
            x=x,
            y=y,
            residents=residents[i],
            children=children[i],
            is_centre=i == 0,
        )


def _attraction(place: Any, points: list[tuple[float, float]]) -> list[float]:
    """Weigh the centre most, then what is near it, with chance beside it."""
    lot = stream("attraction", place.nis2018)
    radius = math.sqrt(place.area_km2 * 1e6 / math.pi)
    weights = [
        math.exp(-0.9 * math.hypot(x - place.x, y - place.y) / radius) * lot.lognormvariate(0, 0.4)
        for x, y in points
    ]
    return [weights[0] * 1.4, *weights[1:]]


def _voronoi(villages: list[Village]) -> Voronoi:
    """Divide the plane by nearest village; far points keep every inner cell finite."""
    far = [(150_000 + 6e5 * math.cos(a), 200_000 + 6e5 * math.sin(a)) for a in range(6)]
    return Voronoi(np.array([(village.x, village.y) for village in villages] + far))


def _zones(villages: list[Village], borders: Voronoi, outline: BaseGeometry) -> list[BaseGeometry]:
    """Cut the land along the borders; neighbours share every point of their border.

    All lines are noded on one grid before they become faces, so no gap or overlap can arise.
    """
    lines = [*_border_lines(borders), outline.boundary]
    noded = shapely.union_all(lines, grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inner = shapely.point_on_surface(faces)
    inside = shapely.contains(outline, inner)
    tree = cKDTree(np.array([(village.x, village.y) for village in villages]))
    _, nearest = tree.query(shapely.get_coordinates(inner[inside]))
    cells: dict[int, list[BaseGeometry]] = {}
    for face, index in zip(faces[inside], nearest, strict=True):
        cells.setdefault(int(index), []).append(face)
    return [shapely.coverage_union_all(cells[i]).normalize() for i in range(len(villages))]


def _border_lines(borders: Voronoi) -> list[BaseGeometry]:
    """Draw each border between two villages once, slightly winding as real ones are."""
    lines = []
    count = len(borders.points) - 6
    for pair, ends in zip(borders.ridge_points, borders.ridge_vertices, strict=True):
        if min(ends) < 0 or min(pair) >= count:
            continue
        start, end = (borders.vertices[i] for i in ends)
        lines.append(shapely.LineString(_winding(start, end, stream("border", *sorted(pair)))))
    return lines


def _winding(start: np.ndarray, end: np.ndarray, lot: random.Random) -> list[tuple[float, float]]:
    dx, dy = end - start
    length = math.hypot(dx, dy)
    if not 350 < length < 20_000:
        return [tuple(start), tuple(end)]
    steps = min(int(length // 250) + 1, 6)
    middle = []
    for k in range(1, steps):
        along, aside = k / steps, lot.uniform(-0.045, 0.045)
        middle.append((start[0] + along * dx - aside * dy, start[1] + along * dy + aside * dx))
    return [tuple(start), *middle, tuple(end)]
