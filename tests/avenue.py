"""A small study of which every gain of a better road can be worked out on paper.

The academy lies where four roads meet; everyone rides 250 m a minute for 8 minutes, 2 km. West of
it, in 11001, 520 children live at 1.5 km, beyond 400 m of busy Kerkstraat. South, in 11004, 208 at
0.9 km beyond 450 m of Zuidlaan. North, in 11004, 104 at 1.5 km beyond twice 200 m of Noordlaan: one
half alone brings nobody. A busy road is walked along at 4 km/h: from the west that takes 4.4 + 6
minutes, from the south 1.8 + 6.75, from the north 4.4 + 6, with one half 5.2 + 3 = 8.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STREET = {"highway": "residential", "maxspeed": "30", "surface": "asphalt"}
LOUD = {"highway": "primary", "maxspeed": "70", "lanes": "2", "surface": "asphalt"}
WEST, SOUTH, NORTH = 520, 208, 104
NODES = {
    1: (6.2, 1.0),
    **{10 + at: (x, 1.0) for at, x in enumerate((4.5, 5.2, 5.6))},
    **{20 + at: (6.2, y) for at, y in enumerate((0.0, 0.3, 0.75))},
    **{30 + at: (6.2, y) for at, y in enumerate((2.7, 2.2, 2.0, 1.8, 1.6))},
}
WAYS: Sequence[tuple[Sequence[int], Mapping[str, str]]] = [
    ([10, 11], STREET),
    ([11, 12], LOUD | {"name": "Kerkstraat"}),
    ([12, 1], STREET),
    ([20, 21], STREET),
    ([21, 22], LOUD | {"name": "Zuidlaan"}),
    ([22, 1], STREET),
    ([30, 31], STREET),
    ([31, 32], LOUD | {"name": "Noordlaan"}),
    ([32, 33], STREET),
    ([33, 34], LOUD | {"name": "Noordlaan"}),
    ([34, 1], STREET),
]
HOMES = [(4.7, 1.01), (6.19, 0.1), (6.19, 0.12), (6.19, 2.5)]
"""One door west, two south, one north; those of 71002 live beyond the roads."""
COST = """
[links.cost.stretch]
per_m_eur = 500
source = "Raming | van de gemeente"
"""


def write_study(folder: Path, more: str = "", inputs: str = "") -> Path:
    """Write its files; `more` stands behind [links], `inputs` under [inputs]."""
    hand.write_study(folder)
    (folder / "wegen.osm").write_text(hand.osm_xml(NODES, WAYS), encoding="utf-8")
    rows = ["CD_REFNIS|CD_SEX|CD_AGE|MS_POPULATION|CD_YEAR"]
    rows += [
        f"{code}|{sex}|{age}|{count}|2022"
        for code, count in {"11001": 20, "11004": 12, "71002": 1}.items()
        for sex in "FM"
        for age in range(5, 18)
    ]
    (folder / "bevolking.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "academies.csv").write_text(
        "academy_id;naam;x;y;valid_from\nS1;Academie Kruispunt;156200;201000;01/01/2022\n",
        encoding="utf-8",
    )
    doors = [f"{hand.X0 + x * 1000:.0f};{hand.Y0 + y * 1000:.0f}" for x, y in (*HOMES, (1.0, 5.0))]
    (folder / "deuren.csv").write_text("\n".join(["x;y", *doors]) + "\n", encoding="utf-8")
    study = (folder / "study.toml").read_text(encoding="utf-8")
    study = study.replace(
        'network = "wegen.osm"',
        'network = { path = "wegen.osm", source = "OSM" }\n'
        f'addresses = {{ path = "deuren.csv", crs = "EPSG:31370" }}\n{inputs}',
    )
    study += f"""
[travel]
cutoff_min = 8
speed_kmh = {{ low = 11.0, central = 15.0, high = 18.0 }}
[demand]
method = "buildings"
compare = ["buildings"]
[links]
kinds = ["stretch", "chain"]
{more}
"""
    (folder / "study.toml").write_text(study, encoding="utf-8")
    return folder


def take(table: Any, column: str, key: str = "name") -> dict[Any, Any]:
    """Give a column of a table by the name of each row."""
    return dict(zip(table[key], table[column].tolist(), strict=True))
