"""Where houses stand, class by class: what `streets` weighs, and how near it comes to dwellings.

    python tests/bench/placing.py ../shared/data/osm/berlare.osm \
        ../shared/data/osm/wechelderzande.osm.pbf

prints the two tables of docs/method.md. Counted are the dwellings (as "best" takes them) within
50 m of a street, by the class of the nearest one, and the kilometres of street within 100 m of a
dwelling: beyond that nobody can say whether houses are missing on the ground or on the map.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from stemgeo.demand import PlacingGround
from stemgeo.inputs.buildings import read_buildings
from stemgeo.inputs.streets import STREETS, read_streets
from stemgeo.inputs.uninhabited import read_uninhabited
from stemgeo.study import STREET_WEIGHTS, parse_study

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEAR_M, MAPPED_M, SQUARE_M = 50.0, 100.0, 250.0
ALONE = {"residential": 1.0, "living_street": 1.0}
"""What `streets` took before."""


@dataclass(frozen=True)
class Village:
    """The pieces of street of an extract near dwellings, and those dwellings."""

    name: str
    kind: NDArray[np.str_]
    km: Floats
    spots: NDArray[np.object_]
    homes: NDArray[np.object_]
    home_kind: NDArray[np.str_]

    @classmethod
    def of(cls, path: Path) -> Village:
        """Read an extract."""
        files = {"municipalities": "m", "population": "p", "academies": "a", "network": str(path)}
        about = {"title": "Proef", "date": "2022-12-31"}
        study = parse_study({"study": about, "inputs": files}, name="study.toml")
        found = read_buildings([path], study.demand.building_kinds)
        ground = PlacingGround(None, study, None, found)  # type: ignore[arg-type] -- no zones are asked of
        homes = ground.dwellings.geometry.to_numpy()
        x, y, length, number = read_streets([path]).cut_pieces(study.demand.spacing_m)
        spots = np.asarray(shapely.points(x, y), dtype=object)
        near = shapely.STRtree(homes).query(spots, predicate="dwithin", distance=MAPPED_M)[0]
        kept = np.isin(np.arange(len(spots)), near) & ~read_uninhabited([path]).contains_points(
            x, y
        )
        kind = np.array(STREETS)[number[kept]]
        tree = shapely.STRtree(spots[kept])
        home, spot = tree.query_nearest(homes, max_distance=NEAR_M, all_matches=False)
        return cls(
            path.name.split(".")[0].capitalize(), kind, length[kept] / 1e6, spots[kept],
            homes[home], kind[spot],
        )  # fmt: skip

    def per_km(self, name: str) -> tuple[int, float]:
        """Give dwellings and kilometres of a kind of street."""
        return int((self.home_kind == name).sum()), float(self.km[self.kind == name].sum())

    def weights(self) -> dict[str, float]:
        """Give dwellings per kilometre of each kind, relative to residential streets."""
        homes, km = self.per_km("residential")
        mine = {name: self.per_km(name) for name in STREETS}
        return {name: (n / length) / (homes / km) for name, (n, length) in mine.items() if length}

    def misplaced(self, weights: dict[str, float]) -> float:
        """Give the share of the dwellings that streets with these weights put in another square."""
        weight = self.km * [weights.get(one, STREET_WEIGHTS[one]) for one in self.kind]
        squares = [_squares(self.homes), _squares(self.spots)]
        _, number = np.unique(np.concatenate(squares), return_inverse=True)
        here, there = np.split(number, [len(self.homes)])
        count = number.max() + 1
        due = np.bincount(here, minlength=count) / len(here)
        got = np.bincount(there, weights=weight, minlength=count) / weight.sum()
        return float(np.abs(due - got).sum() / 2)


def _squares(spots: NDArray[np.object_]) -> NDArray[np.int64]:
    x, y = np.floor(shapely.get_coordinates(spots) / SQUARE_M).astype(np.int64).T
    return np.asarray(x * 1_000_000 + y)


def main(paths: list[Path]) -> None:
    """Print both tables."""
    villages = [Village.of(path) for path in paths]
    heads = [f"{v.name}: dwellings | km | per km | weight" for v in villages]
    print("| street |", " | ".join(heads), "| declared |")  # noqa: T201
    print("|---|" + "---|" * (4 * len(villages) + 1))  # noqa: T201
    for name in STREETS:
        cells = [name]
        for village in villages:
            homes, km = village.per_km(name)
            own = village.weights().get(name)
            cells += [f"{homes:,}", f"{km:.2f}"]
            cells += ["-", "-"] if own is None else [f"{homes / km:.1f}", f"{own:.2f}"]
        print("|", " | ".join([*cells, f"{STREET_WEIGHTS[name]:g}"]), "|")  # noqa: T201
    nothing = dict.fromkeys(STREETS, 0.0)
    tried = {"residential streets alone": nothing | ALONE}
    tried |= {"every street alike": dict.fromkeys(STREETS, 1.0)}
    tried |= {f"weights of {v.name}": v.weights() for v in villages}
    tried |= {"declared": STREET_WEIGHTS}
    print("\n| weights |", " | ".join(v.name for v in villages), "|")  # noqa: T201
    print("|---|" + "---|" * len(villages))  # noqa: T201
    for name, weights in tried.items():
        print("|", name, "|", " | ".join(f"{v.misplaced(weights):.1%}" for v in villages), "|")  # noqa: T201


if __name__ == "__main__":
    main([Path(one) for one in sys.argv[1:]])
