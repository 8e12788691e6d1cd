"""The folder of a result: written in the place of nothing but its like, read with its hashes."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
import pandas as pd

from stemgeo.errors import Problem, ResultError
from stemgeo.inputs import cache
from stemgeo.inputs.files import clean_text, quote_formula
from stemgeo.report import manifests
from stemgeo.writing import whole
from stemgeo.writing.guarded import make_own_folder
from stemgeo.writing.seal import (
    LINKED,
    MANIFEST,
    hash_file,
    is_as_written,
    list_others_work,
    seal_manifest,
    settle_geopackage,
)

if TYPE_CHECKING:
    import pyarrow as pa

RUN = "run"
TREND = "trend"
SITE = "site"
LINKS = "links"
COMPARE = "compare"
EXPLAIN = "explain"
ANSWER = "answer"
PUBLISH = "publish"
EXPORT = "export"
"""Commands that write a folder, as its manifest names them; one that names none is of a run."""
ROWS_TOGETHER = 50_000
"""In a group of a table with places: as few as GeoParquet advises, a study is often a province."""
BOX = "bbox"
"""The column of a parquet table with the box around each place, as geopandas calls it."""
WRITTEN_ON = "2000-01-01T00:00:00Z"
"""What a GeoPackage says of the moment at which it was written."""
_MOST_NAMES = 5
_DRAWN = "drawn"
"""So many are told by name."""
_LINES_TOGETHER = 50_000
"""Of a CSV: as much text at once as takes no memory to speak of."""
_QUOTED = re.compile('[",\r\n]')
"""What a text must have to be written in quotes."""


@contextmanager
def result_folder(place: Path, command: str = RUN, *, replace: bool = False) -> Iterator[Path]:
    """Give a folder to write into that takes its place only when the block ends well.

    An older result of the same command is replaced where every file in it is as it was written.
    Anything else at the place is left alone, or with `replace` kept beside it as NAME.old-DATE.

    Parameters
    ----------
    place
        Where it goes.
    command
        That writes it.
    replace
        Whether anything else there is kept beside it.

    Raises
    ------
    ResultError
        If the place holds something that this command did not write.
    WriteError
        If it cannot be written.
    """
    with whole.whole_folder(
        place, lambda one: _refuse_worked_on(one, command), keep=replace
    ) as new:
        yield new


def refuse_taken(
    place: Path, command: str = RUN, *, replace: bool = False, reads: Sequence[Path] = ()
) -> None:
    """Refuse a place that `result_folder` would refuse, before the long work.

    Parameters
    ----------
    place, command, replace
        As for `result_folder`.
    reads
        What is read: a place that holds it is not even kept under another name.

    Raises
    ------
    ResultError, WriteError
        As for `result_folder`.
    """
    whole.make_ready(place, keep=replace)
    for one in reads if replace else ():
        if one.resolve().is_relative_to(place.resolve()):
            raise ResultError(
                Problem(str(place), f"holds {one}, which is read", "choose another place")
            )
    if not replace:
        whole.ask_place(place, lambda one: _refuse_worked_on(one, command))


def _refuse_worked_on(place: Path, command: str) -> None:
    """Refuse a place that holds what a command did not write, or someone worked on: named."""
    if not os.path.lexists(place):
        return
    found = list_others_work(place)
    content = None if ("", LINKED) in found else _read_any_manifest(place)
    what = ""
    if ("", LINKED) in found:
        what = "is a link"
    elif content is None:
        what = "is there already and is no result of stemgeo" if found else ""
    elif command_of(content) != command:
        what = f"is the result of `stemgeo {clean_text(command_of(content))}`"
    elif found:
        what = f"holds what stemgeo did not write: {_name_found(found)}"
    if what:
        raise ResultError(Problem(str(place), what, whole.describe_keeping(place)))


def _name_found(found: list[tuple[str, str]]) -> str:
    """Name what someone worked on: a few, and how many more."""
    named = [f"{clean_text(name, 100)} ({what})" for name, what in found[:_MOST_NAMES]]
    more = len(found) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


@contextmanager
def drawings_folder(folder: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a folder to draw in; its files go to another one only when the block ends well.

    A file of the same name there gives way when it is as stemgeo wrote it: what was written is
    remembered by its hash, in the cache. Any other is left alone, or with `replace` kept beside it
    as NAME.old-DATE.

    Raises
    ------
    ResultError
        If there is a file that stemgeo did not write.
    WriteError
        If they cannot be written.
    CacheError
        If someone else could change what is remembered.
    """
    cache.find_own_folder(_DRAWN)
    with whole.whole_files(folder, _refuse_other_drawing, keep=replace) as new:
        yield new
        with suppress(OSError):
            for path in new.iterdir():
                make_own_folder(_memory_path(path))


def _refuse_other_drawing(place: Path, new: Path) -> None:
    """Refuse to draw over what is neither the same nor remembered."""
    what = "was changed after stemgeo wrote it, or is of someone else"
    if place.is_symlink() or not place.is_file():
        what = "is a link" if place.is_symlink() else "is no file"
    elif hash_file(place) == hash_file(new) or _memory_path(place).exists():
        return
    raise ResultError(Problem(str(place), what, whole.describe_keeping(place)))


def _memory_path(path: Path) -> Path:
    return cache.entry_path(_DRAWN, hash_file(path))


def list_files(folder: Path, known: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Give size and hash of every file of a folder, by its name.

    Parameters
    ----------
    folder
        In which they are.
    known
        Those that are listed already: they are not hashed again.
    """
    listed = dict(known or {})
    paths = {one.relative_to(folder).as_posix(): one for one in folder.rglob("*") if one.is_file()}
    for name in sorted(paths.keys() - listed.keys()):
        path = paths[name]
        listed[name] = {"size_bytes": path.stat().st_size, "sha256": hash_file(path)}
    return dict(sorted(listed.items()))


def write_manifest(
    folder: Path, content: dict[str, Any], known: Mapping[str, Any] | None = None
) -> None:
    """Write the manifest, with size and hash of every file that is there.

    Parameters
    ----------
    folder, content
        Where, and what it tells.
    known
        As of `list_files`: files that are hashed already.
    """
    files = list_files(folder, known)
    (folder / MANIFEST).write_text(seal_manifest(content | {"outputs": files}), encoding="utf-8")


def read_manifest(folder: Path, *commands: str) -> dict[str, Any]:
    """Read the manifest of a result of one of these commands; of a run when none is named.

    Raises
    ------
    ResultError
        If the folder holds no result, or that of another command, or not as stemgeo writes it.
    """
    content = _read_manifest_of(folder, commands or (RUN,))
    return manifests.fit_manifest(content, manifests.AnyManifest, folder / MANIFEST)


def read_checked_manifest(folder: Path, *commands: str) -> dict[str, Any]:
    """Read a manifest as `read_manifest` does, and let through what fits its command's model alone.

    The one door for whatever a command reads of a written result.

    Raises
    ------
    ResultError
        As for `read_manifest`, or if it is not as stemgeo writes it.
    """
    content = _read_manifest_of(folder, commands or (RUN,))
    return manifests.fit_manifest(content, _MODELS[command_of(content)], folder / MANIFEST)


def find_command(folder: Path, *commands: str) -> str:
    """Tell which of these commands wrote a result; raises as `read_manifest` where none did."""
    return command_of(_read_manifest_of(folder, commands))


_MODELS: dict[str, type[manifests.AnyManifest]] = {
    TREND: manifests.TrendManifest,
    COMPARE: manifests.ComparisonManifest,
    EXPLAIN: manifests.ExplanationManifest,
    RUN: manifests.RunManifest,
    SITE: manifests.PlanManifest,
    LINKS: manifests.LinksManifest,
    ANSWER: manifests.AnswerManifest,
    PUBLISH: manifests.PublishManifest,
}


def _read_manifest_of(folder: Path, wanted: tuple[str, ...]) -> dict[str, Any]:
    """Read the manifest of a result of one of these commands, as it stands there."""
    content, mend = _read_any_manifest(folder), f"`stemgeo {wanted[0]} STUDY --out DIR` writes one"
    if folder.is_file() and {RUN, SITE} <= {*wanted}:
        mend = f"if it is a plan, `stemgeo run STUDY --plan {folder.name} --out DIR` measures it"
    if content is None:
        raise ResultError(Problem(str(folder), f"holds no result of a {' or '.join(wanted)}", mend))
    if command_of(content) == PUBLISH:
        mend = "its tables are those of the result that it was made of: give the folder of that"
    if command_of(content) not in wanted:
        what = f"is the result of `stemgeo {command_of(content)}`, not of a {' or '.join(wanted)}"
        raise ResultError(Problem(str(folder), what, mend))
    return content


def _read_any_manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of whichever command; None when the folder holds no result."""
    try:
        content = manifests.load_json(folder / MANIFEST)
    except (OSError, ValueError):
        return None
    # Programs of all kinds keep a manifest.json: ours has these.
    is_ours = isinstance(content, dict) and {"stemgeo", "outputs"} <= content.keys()
    return content if is_ours else None


def command_of(content: dict[str, Any]) -> str:
    """Tell which command wrote a result."""
    return str(content.get("command", RUN))


def versions_in_both(a: dict[str, Any], b: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Give the versions of stemgeo, Python and the libraries that both of two manifests name.

    An older one names fewer: of the others nobody knows which they were.

    Parameters
    ----------
    a, b
        Manifests, or what `list_made_with` gives.
    """
    ours, theirs = (
        {name: str(one.get(name, "")) for name in ("stemgeo", "python")} | one.get("libraries", {})
        for one in (a, b)
    )
    both = [name for name in ours if name in theirs]
    return {name: ours[name] for name in both}, {name: theirs[name] for name in both}


def flatten_values(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Give each value of a manifest or a part of it with its full name, as travel.cutoff_min."""
    if isinstance(value, list) and all(not isinstance(one, dict | list) for one in value):
        value = ", ".join(map(str, value))
    if isinstance(value, list):
        value = {str(place): one for place, one in enumerate(value, start=1)}
    if isinstance(value, dict):
        for key, one in value.items():
            yield from flatten_values(one, f"{name}.{key}" if name else key)
    elif value is not None and value != "":
        yield name, value


def check_file(folder: Path, name: str, content: dict[str, Any]) -> Path:
    """Give the path of a file of a result, after checking that it is as its manifest has it.

    Parameters
    ----------
    folder, name
        Of the result, and of the file in it.
    content
        Its manifest.

    Raises
    ------
    ResultError
        If it is missing or was changed.
    """
    listed, path = content["outputs"].get(name), folder / name
    # A folder below that is a link leads elsewhere; the result itself may be one.
    inside = [path, *(folder / one for one in Path(name).parents if one.name)]
    leads_out = Path(name).is_absolute() or ".." in Path(name).parts
    linked = leads_out or any(one.is_symlink() for one in inside)
    if listed is None or linked or not path.is_file():
        raise ResultError(Problem(str(path), "is missing from the result", "run the study again"))
    if not is_as_written(path, listed["sha256"]):
        raise ResultError(Problem(str(path), "was changed after the run", "run the study again"))
    return path


def write_table(table: Any, path: Path, words: Mapping[str, str]) -> None:
    """Write a table in the form that the name of its file asks for.

    Parameters
    ----------
    table, path
        What is written, and where.
    words
        What goes with it where the form has a place for that.
    """
    if path.suffix == ".csv":
        write_csv(table, path)
    elif path.suffix == ".parquet":
        write_parquet(table, path)
    else:
        write_areas(table, path, words)


def join_lines(words: Iterable[str]) -> str:
    """Give what stands beside files that have no place for words: each in a line of its own."""
    return "".join(f"{line}\n" for line in words if line)


def write_csv(table: pd.DataFrame, place: Path | TextIO) -> None:
    """Write a table for programs: commas, points, the same bytes everywhere.

    The one writer of these: a text that a spreadsheet would compute stands behind an apostrophe,
    which `reading` takes away again. Arrow puts the lines together: as rows of Python they take
    three times as long.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(place, Path):
        with place.open("w", encoding="utf-8", newline="") as file:
            write_csv(table, file)
        return
    # Readers pass over an empty line: what is empty in a table of one column stands in quotes.
    empty = "" if len(table.columns) > 1 else '""'
    place.write(",".join(_write_text(str(name), empty) for name in table.columns) + "\n")
    columns = [_write_cells(table.iloc[:, at], empty) for at in range(len(table.columns))]
    for start in range(0, len(table) if columns else 0, _LINES_TOGETHER):
        cells = [one.slice(start, _LINES_TOGETHER).cast(pa.string()) for one in columns]
        how = {"null_handling": "replace", "null_replacement": empty}
        lines = pc.binary_join_element_wise(*cells, ",", **how)
        rows = pa.ListArray.from_arrays([0, len(lines)], lines)
        place.write(pc.binary_join(rows, "\n")[0].as_py() + "\n")


def _write_cells(column: pd.Series, empty: str) -> pa.Array:
    """Write what stands in a column, once for all rows in which it does; of whole numbers they."""
    import pyarrow as pa

    if pd.api.types.is_integer_dtype(column):
        return pa.array(column)
    values: Any
    if pd.api.types.is_float_dtype(column):
        # There is one zero.
        at, values = pd.factorize(column.to_numpy(np.float64, na_value=np.nan) + 0.0)
        texts = [f"{one:.6f}" for one in values.tolist()]
    else:
        at, values = pd.factorize(column.astype("string"))
        texts = [_write_text(one, empty) for one in values.tolist()]
    return pa.DictionaryArray.from_arrays(pa.array(at, mask=at < 0), pa.array(texts, pa.string()))


def _write_text(text: str, empty: str) -> str:
    """Write a text as a cell: harmless, in quotes where it has commas, quotes or line breaks."""
    safe = quote_formula(text)
    if not _QUOTED.search(safe):
        return safe or empty
    cell = StringIO()
    csv.writer(cell, lineterminator="\n").writerow([safe])
    return cell.getvalue()[:-1]


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table with its types; one with places as GeoParquet 1.1, a box beside each.

    Of the boxes each group of rows tells its extent: a reader that asks for a part of the map
    leaves the other groups alone. Whoever reads with geopandas never sees them.
    """
    import geopandas as gpd

    content = BytesIO()
    how: dict[str, Any] = {}
    if isinstance(table, gpd.GeoDataFrame):
        how = {"schema_version": "1.1.0", "write_covering_bbox": True}
        how |= {"row_group_size": ROWS_TOGETHER}
    table.to_parquet(content, index=False, **how)
    path.write_bytes(content.getvalue())


def write_areas(areas: Any, path: Path, said: Mapping[str, str]) -> None:
    """Write a GeoPackage with one layer.

    Its own timestamp is fixed, so that the same run gives the same bytes.

    Parameters
    ----------
    areas, path
        What is written, and where.
    said
        What goes with it, by its name.
    """
    content = BytesIO()
    before = os.environ.get("OGR_CURRENT_DATE")
    os.environ["OGR_CURRENT_DATE"] = WRITTEN_ON
    try:
        # In memory first: GDAL would write half a file to a full disk.
        how: dict[str, Any] = {"driver": "GPKG", "engine": "pyogrio"}
        areas.to_file(content, layer=path.stem, layer_metadata=dict(said), **how)
    finally:
        if before is None:
            del os.environ["OGR_CURRENT_DATE"]
        else:
            os.environ["OGR_CURRENT_DATE"] = before
    path.write_bytes(settle_geopackage(content.getvalue()))
