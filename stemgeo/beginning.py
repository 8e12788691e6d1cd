"""A first study.toml for files of one's own, with what was recognised in them."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.errors import InputError, MissingFileError, Problem, StudyError
from stemgeo.inputs import load_inputs
from stemgeo.inputs.boundaries import find_vintage
from stemgeo.inputs.checking import write_toml
from stemgeo.inputs.territory import WHERE
from stemgeo.inputs.vintages import VINTAGES
from stemgeo.notes import Note, Said
from stemgeo.study import STRAIGHT_LINE, load_study, parse_study
from stemgeo.writing.whole import whole_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stemgeo.inputs import Inputs
    from stemgeo.inputs.provenance import Provenance
    from stemgeo.speech import Language
    from stemgeo.study import Study

FILE = "study.toml"
REGISTER = "academies.csv"
"""The name of a register that is still to come."""
_TITLE = Said("A first study", "Een eerste studie", "Une première étude")
_DAY = Said(
    "the day that it describes: proposed, change it",
    "de dag die ze beschrijft: een voorstel, pas het aan",
    "le jour qu’elle décrit : une proposition, à adapter",
)
_VINTAGE = Said(
    "of the NIS codes in the boundaries",
    "van de NIS-codes in de gemeentegrenzen",
    "des codes NIS dans les limites communales",
)
_AWAITED = Said(
    "your register is not here yet: put it here under this name, or write where it is",
    "uw register is er nog niet: zet het hier onder deze naam, of schrijf waar het staat",
    "votre registre n’est pas encore là : placez-le ici sous ce nom, ou écrivez où il se trouve",
)
_ASKED = Said(
    "What is still to be said or mended; a line below without # in front is read:",
    "Wat nog te zeggen of te herstellen is; een regel hieronder zonder # vooraan wordt gelezen:",
    "Ce qui reste à dire ou à corriger ; une ligne ci-dessous sans # au début est lue :",
)
_LINE = re.compile(r"as in (\w+ = .+)$")
"""The line that a problem asks for."""


@dataclass(frozen=True)
class NewStudy:
    """A study that was begun.

    Attributes
    ----------
    path
        Of its study.toml.
    study
        As it stands there.
    text
        What stands in it.
    asks
        What the files ask or hold wrong: it stands there too, to be filled in.
    notes
        What the reader of the figures must know of the files.
    """

    path: Path
    study: Study
    text: str
    asks: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()


def begin_study(
    folder: str | Path,
    files: Mapping[str, str | Path],
    *,
    roads: Sequence[str | Path] = (),
    area: Sequence[str] = (),
    title: str = "",
    language: Language = "nl",
    of_register: Mapping[str, str] | None = None,
) -> NewStudy:
    """Write the smallest study of some files, after reading them.

    Where the register asks something, as which of two sheets is meant, the study is written too,
    with the lines to fill in.

    Parameters
    ----------
    folder
        Where its study.toml goes; made if need be.
    files
        By the name of their input at least those of "municipalities" and "population". Without
        "academies" the study has the line to fill in, and all else is read.
    roads
        Extracts of OpenStreetMap; without them distances are straight lines.
    area
        What the study is of: names or NIS codes; or one file of polygons.
    title
        Printed on every output.
    language
        Of outputs, and of what is said in the file.
    of_register
        What is known of the academies beside their path: `sheet` or `layer`.

    Raises
    ------
    StudyError
        If there is a study.toml: what someone edited is theirs.
    InputError
        With every problem of the files at once, when a file is not there, the area is not known,
        or none is of the register; then nothing is written.
    """
    place = Path(folder) / FILE
    _refuse_taken(place)
    network = [str(path) for path in roads] or STRAIGHT_LINE
    inputs: dict[str, Any] = {role: str(path) for role, path in files.items()}
    awaited = "academies" not in files
    inputs.setdefault("academies", str(place.parent / REGISTER))
    inputs["network"] = network[0] if len(roads) == 1 else network
    about: dict[str, Any] = {"title": title or _TITLE.to_text(language)}
    about["date"] = dt.date(VINTAGES[-1], 12, 31)
    vintage = find_vintage(Path(files["municipalities"]))
    if vintage != VINTAGES[-1]:
        about["vintage"] = vintage
    if area:
        about["area"] = area[0] if len(area) == 1 and Path(area[0]).is_file() else list(area)
    told = dict(of_register or {})
    given = inputs | ({"academies": {"path": inputs["academies"], **told}} if told else {})
    content = {"study": about, "inputs": given, "output": {"language": language}}
    # Read from where they are named: the folder of the study may not be there yet.
    study = parse_study(content, name=FILE)
    awaited &= not study.inputs.academies.path.exists()
    found, asks, notes = _read_files(study, about, awaited=awaited)
    if told:
        found.setdefault("academies", {}).update(told)
    elif asks:
        found.setdefault("academies", {})
    if isinstance(about.get("area"), str):
        about["area"] = _point_to(about["area"], place.parent)
    inputs = {role: _point_all(given, place.parent) for role, given in inputs.items()}
    text = _write_study(about, inputs, found, asks, language, awaited=awaited)
    with whole_files(place.parent, lambda path, _: _refuse_taken(path)) as into:
        (into / FILE).write_text(text, encoding="utf-8")
    return NewStudy(place, load_study(place), text, asks, notes)


def _read_files(
    study: Study, about: dict[str, Any], *, awaited: bool
) -> tuple[dict[str, dict[str, Any]], tuple[Problem, ...], tuple[Note, ...]]:
    """Read a study's files: how each was read, what they ask and what is told; set its day."""
    try:
        read = load_inputs(study)
    except InputError as error:
        asks = tuple(one for one in error.problems if isinstance(one, Problem))
        name = study.inputs.academies.path.name
        of_register = [one.where.startswith(name) for one in asks]
        if awaited and all(of_register):
            return _list_entries(error.files), (), error.notes
        if isinstance(error, MissingFileError) or not any(of_register):
            raise
        if any(one.where == WHERE for one in asks):
            raise
        return _list_entries(error.files), asks, ()
    about["date"] = _propose_day(read)
    return _list_entries(read.provenance), (), read.warnings


def _list_entries(files: Sequence[Provenance]) -> dict[str, dict[str, Any]]:
    return {one.role: dict(one.entry) for one in files if one.entry}


def _refuse_taken(place: Path) -> None:
    """Refuse a place where there is a study: what someone edited is theirs."""
    if place.exists() or place.is_symlink():
        mend = "edit it, or name another folder"
        raise StudyError(Problem(str(place), "is there already, and stays as it is", mend))


def _point_all(given: str | list[str], folder: Path) -> str | list[str]:
    if isinstance(given, list):
        return [_point_to(path, folder) for path in given]
    return given if given == STRAIGHT_LINE else _point_to(given, folder)


def _point_to(path: str | Path, folder: Path) -> str:
    """Write the path of a file as seen from the folder of the study."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return Path(path).resolve().as_posix()


def _propose_day(inputs: Inputs) -> dt.date:
    """Propose the end of the year in which the last academy began, else of the population's."""
    begun = inputs.academies["valid_from"].max()
    if not pd.isna(begun):
        return dt.date(begun.year, 12, 31)
    return dt.date(inputs.population_year or VINTAGES[-1], 12, 31)


def _write_study(
    about: dict[str, Any],
    inputs: dict[str, Any],
    entries: dict[str, dict[str, Any]],
    asks: Sequence[Problem],
    language: Language,
    *,
    awaited: bool,
) -> str:
    """Write the study: what was given, what else fixes how a file was read, and what is asked."""
    notes = {"date": _DAY, "vintage": _VINTAGE}
    lines = ["[study]"]
    for key, value in about.items():
        note = f"  # {notes[key].to_text(language)}" if key in notes else ""
        lines.append(f"{key} = {write_toml(value)}{note}")
    lines += ["", "[inputs]"]
    for role in [one for one in inputs if one not in entries]:
        note = f"  # {_AWAITED.to_text(language)}" if awaited and role == "academies" else ""
        lines.append(f"{role} = {write_toml(inputs[role])}{note}")
    for role, entry in entries.items():
        columns = {f"columns.{ours}": label for ours, label in entry.pop("columns", {}).items()}
        told: dict[str, Any] = {**entry, "path": inputs[role], **columns}
        lines += ["", f"[inputs.{role}]"]
        lines += [f"{key} = {write_toml(value)}" for key, value in told.items()]
        lines += _write_asked(asks, language) if role == "academies" and asks else []
    if language != "nl":
        lines += ["", "[output]", f"language = {write_toml(language)}"]
    return "\n".join([*lines, ""])


def _write_asked(asks: Sequence[Problem], language: Language) -> list[str]:
    """Write what the files ask as comments, with each line that may be the answer."""
    lines = ["", f"# {_ASKED.to_text(language)}"]
    for one in asks:
        line = _LINE.search(one.mend)
        lines += [f"# - {one}", *([f"# {line[1]}"] if line else [])]
    return lines
