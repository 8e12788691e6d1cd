"""Seeded ways in which a file goes wrong: in its bytes, and in the table that it holds."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import shapely
import shapely.affinity

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

ODD = (
    *(
        "",
        " ",
        "-",
        "0",
        "-1",
        "1e300",
        "-1e-300",
        "nan",
        "inf",
        "1.000",
        "1,5",
        "999999999999999999",
    ),
    *(
        "9" * 400,
        "x",
        "=1+1",
        "a\nb",
        "a\r\nerror: b",
        "a\x00b",
        "\u202etxt",
        "\ufeff",
        "é",
        "日本",
        '"',
    ),
    *(
        "true",
        "2022-12-31",
        "31/12/2022",
        "0000-00-00",
        "2022-12-31T23:30:00Z",
        "12-17",
        "{{ 7*7 }}",
    ),
    *("../../etc/passwd", "\x1b[31m", "\ud7ff", "99999", "11001", "11004", "Z\u0301", "x" * 5000),
)
"""Texts that a cell may hold and no one expects."""

TYPED: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    math.nan,
    math.inf,
    2**70,
    [],
    {},
    [1],
    "x",
)
"""Values that JSON may hold where a text or a number should be."""


@dataclass
class Table:
    """Rows of a file, and with a layer their geometry; `same` as long as it says the same."""

    columns: list[str]
    rows: list[list[Any]]
    geometry: list[shapely.Geometry | None] | None = None
    crs: str | None = "EPSG:31370"
    same: bool = True
    done: list[str] = field(default_factory=list)

    def copy(self) -> Table:
        """Give one that can be changed."""
        geometry = None if self.geometry is None else list(self.geometry)
        return Table(list(self.columns), [list(row) for row in self.rows], geometry, self.crs)


Change = "Callable[[Table, Random], None]"


# --- Tables ------------------------------------------------------------------------------------


def _row(table: Table, random: Random) -> int:
    return random.randrange(len(table.rows)) if table.rows else 0


def shuffle_rows(table: Table, random: Random) -> None:
    """The order of rows says nothing."""
    order = list(range(len(table.rows)))
    random.shuffle(order)
    table.rows = [table.rows[place] for place in order]
    if table.geometry is not None:
        table.geometry = [table.geometry[place] for place in order]


def shuffle_columns(table: Table, random: Random) -> None:
    """Nor does that of columns."""
    order = list(range(len(table.columns)))
    random.shuffle(order)
    table.columns = [table.columns[place] for place in order]
    table.rows = [[row[place] for place in order] for row in table.rows]


def capital_names(table: Table, random: Random) -> None:
    """Names of columns may be in capitals."""
    del random
    table.columns = [name.upper() for name in table.columns]


def drop_column(table: Table, random: Random) -> None:
    place = random.randrange(len(table.columns))
    table.columns.pop(place)
    for row in table.rows:
        row.pop(place)


def double_column(table: Table, random: Random) -> None:
    place = random.randrange(len(table.columns))
    table.columns.append(table.columns[place])
    for row in table.rows:
        row.append(row[place])


def rename_column(table: Table, random: Random) -> None:
    table.columns[random.randrange(len(table.columns))] = random.choice(ODD)


def add_column(table: Table, random: Random) -> None:
    table.columns.append(random.choice(["nationality", "x", "lon", "date", "opmerking", *ODD]))
    value = random.choice(ODD)
    for row in table.rows:
        row.append(value)


def drop_rows(table: Table, random: Random) -> None:
    kept = sorted(random.sample(range(len(table.rows)), random.randrange(len(table.rows) + 1)))
    table.rows = [table.rows[place] for place in kept]
    if table.geometry is not None:
        table.geometry = [table.geometry[place] for place in kept]


def no_rows(table: Table, random: Random) -> None:
    del random
    table.rows = []
    if table.geometry is not None:
        table.geometry = []


def double_row(table: Table, random: Random) -> None:
    if table.rows:
        place = _row(table, random)
        table.rows.append(list(table.rows[place]))
        if table.geometry is not None:
            table.geometry.append(table.geometry[place])


def odd_cell(table: Table, random: Random) -> None:
    if table.rows:
        row = table.rows[_row(table, random)]
        row[random.randrange(len(row))] = random.choice(ODD)


def typed_cell(table: Table, random: Random) -> None:
    if table.rows:
        row = table.rows[_row(table, random)]
        row[random.randrange(len(row))] = random.choice(TYPED)


def odd_column(table: Table, random: Random) -> None:
    place, value = random.randrange(len(table.columns)), random.choice(ODD)
    for row in table.rows:
        row[place] = value


def swap_cells(table: Table, random: Random) -> None:
    if table.rows:
        place = random.randrange(len(table.columns))
        one, other = table.rows[_row(table, random)], table.rows[_row(table, random)]
        one[place], other[place] = other[place], one[place]


def short_row(table: Table, random: Random) -> None:
    if table.rows:
        table.rows[_row(table, random)].pop()


SAME = (shuffle_rows, shuffle_columns)
"""What leaves the meaning of a table as it is."""

CELLS = (
    *(drop_column, double_column, rename_column, add_column, drop_rows, no_rows, double_row),
    *(odd_cell, odd_cell, odd_cell, typed_cell, odd_column, swap_cells),
)


# --- Geometry ----------------------------------------------------------------------------------


def odd_geometry(table: Table, random: Random) -> None:
    """Another type, empty, none, crossing itself, far away, or with numbers that are none."""
    if not table.geometry:
        return
    place = random.randrange(len(table.geometry))
    one = table.geometry[place] or shapely.Point(150_000, 200_000)
    x, y = (one.centroid.x, one.centroid.y) if not one.is_empty else (0.0, 0.0)
    odd: tuple[Callable[[], shapely.Geometry | None], ...] = (
        lambda: None,
        shapely.Polygon,
        shapely.Point,
        lambda: shapely.Point(x, y),
        lambda: shapely.LineString([(x, y), (x + 10, y + 10)]),
        lambda: shapely.Polygon([(x, y), (x + 900, y + 900), (x + 900, y), (x, y + 900)]),
        lambda: shapely.Polygon([(x, y), (x, y), (x, y), (x, y)]),
        lambda: shapely.GeometryCollection([one, shapely.Point(x, y)]),
        lambda: shapely.MultiPoint([(x, y), (x + 1, y)]),
        lambda: shapely.affinity.translate(one, 1e7, 0),
        lambda: shapely.affinity.translate(one, random.choice([500, 90_000]), 0),
        lambda: shapely.affinity.scale(one, 1e-9, 1e-9),
        lambda: shapely.affinity.scale(one, 1e3, 1e3),
        lambda: shapely.transform(one, lambda at: at * math.nan),
        lambda: shapely.transform(one, lambda at: at[:, ::-1]),
        lambda: shapely.force_3d(one, 5),
    )
    table.geometry[place] = random.choice(odd)()


def odd_place(table: Table, random: Random) -> None:
    """The CRS lies, or is not said."""
    table.crs = random.choice([None, "EPSG:4326", "EPSG:3812", "EPSG:3857", "EPSG:32631"])


def no_geometry(table: Table, random: Random) -> None:
    del random
    if table.geometry:
        table.geometry = [None] * len(table.geometry)


SHAPES = (odd_geometry, odd_geometry, odd_geometry, odd_place, no_geometry)


# --- Bytes -------------------------------------------------------------------------------------


def flip(content: bytearray, random: Random) -> None:
    for _ in range(random.choice([1, 1, 1, 8, 64])):
        if content:
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)


def head_flip(content: bytearray, random: Random) -> None:
    """Where a format says what it is."""
    for _ in range(random.choice([1, 4])):
        if content:
            content[random.randrange(min(200, len(content)))] = random.randrange(256)


def cut(content: bytearray, random: Random) -> None:
    del content[random.randrange(len(content) + 1) :]


def cut_out(content: bytearray, random: Random) -> None:
    start = random.randrange(len(content) + 1)
    del content[start : start + random.choice([1, 2, 16, 512, 4096])]


def insert(content: bytearray, random: Random) -> None:
    place = random.randrange(len(content) + 1)
    content[place:place] = random.randbytes(random.choice([1, 2, 3, 64]))


def repeat(content: bytearray, random: Random) -> None:
    start = random.randrange(len(content) + 1)
    part = content[start : start + random.choice([1, 16, 512])]
    content[start:start] = part * random.choice([1, 2, 100])


def zero(content: bytearray, random: Random) -> None:
    start = random.randrange(len(content) + 1)
    part = content[start : start + random.choice([1, 4, 64, 4096])]
    content[start : start + len(part)] = bytes(len(part))


def ones(content: bytearray, random: Random) -> None:
    start = random.randrange(len(content) + 1)
    part = content[start : start + random.choice([1, 2, 4, 8])]
    content[start : start + len(part)] = b"\xff" * len(part)


def mark(content: bytearray, random: Random) -> None:
    """A mark of an encoding that is not that of the file, or half a letter."""
    place = random.choice([0, 0, random.randrange(len(content) + 1)])
    marks = (
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\x00\xd8",
        b"\xd8\x00",
        b"\xff",
        b"\xc3",
        b"\x00",
    )
    content[place:place] = random.choice(marks)


def nothing_left(content: bytearray, random: Random) -> None:
    content[:] = random.choice([b"", b"\n", b" ", b"\x00" * 64, b"{}", b"[]", b"<a/>", b"null"])


BYTES = (flip, flip, head_flip, cut, cut_out, insert, repeat, zero, ones, mark, nothing_left)


# --- JSON and XML ------------------------------------------------------------------------------


def odd_json(content: bytes, random: Random) -> bytes:
    """Change, drop or retype one value anywhere in a JSON document."""
    tree = json.loads(content)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in items:
            places.append((node, key))
            if isinstance(value, dict | list):
                walk(value)

    walk(tree)
    for _ in range(random.choice([1, 1, 3])):
        node, key = random.choice(places)
        if random.random() < 0.3:
            if isinstance(node, dict):
                node.pop(key, None)
            elif key < len(node):
                node.pop(key)
        elif isinstance(node, dict) or key < len(node):
            node[key] = random.choice((*TYPED, *ODD[:24]))
    return json.dumps(tree).encode()


def odd_lines(content: bytes, random: Random) -> bytes:
    """Drop, repeat, swap or spoil lines of a text, such as elements of XML."""
    lines = content.split(b"\n")
    for _ in range(random.choice([1, 1, 4, 20])):
        place = random.randrange(len(lines))
        match random.randrange(5):
            case 0:
                lines[place : place + 1] = []
            case 1:
                lines.insert(place, lines[place])
            case 2:
                other = random.randrange(len(lines))
                lines[place], lines[other] = lines[other], lines[place]
            case 3:
                parts = lines[place].split(b'"')
                if len(parts) > 2:
                    text = random.choice(ODD).replace("&", "").replace("<", "").replace('"', "")
                    parts[random.randrange(len(parts) // 2) * 2 + 1] = text.encode(
                        "utf-8", "ignore"
                    )
                    lines[place] = b'"'.join(parts)
            case _:
                lines[place] = lines[place][: random.randrange(len(lines[place]) + 1)]
        lines = lines or [b""]
    return b"\n".join(lines)
