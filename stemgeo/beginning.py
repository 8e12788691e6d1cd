"""A first study.toml for files of one's own, with what was recognised in them."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.errors import Findings, Problem, StudyError
from stemgeo.inputs import load_inputs
from stemgeo.inputs.boundaries import load_municipalities
from stemgeo.inputs.checking import write_toml
from stemgeo.inputs.vintages import VINTAGES
from stemgeo.notes import Said
from stemgeo.study import STRAIGHT_LINE, Input, load_study, parse_study
from stemgeo.writing.whole import whole_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stemgeo.inputs import Inputs
    from stemgeo.speech import Language
    from stemgeo.study import Study

FILE = "study.toml"
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
    """

    path: Path
    study: Study
    text: str


def begin_study(
    folder: str | Path,
    files: Mapping[str, str | Path],
    *,
    roads: Sequence[str | Path] = (),
    area: Sequence[str] = (),
    title: str = "",
    language: Language = "nl",
) -> NewStudy:
    """Write the smallest study of some files, after reading them.

    Parameters
    ----------
    folder
        Where its study.toml goes; made if need be.
    files
        At least those of "municipalities", "population" and "academies".
    roads
        Extracts of OpenStreetMap; without them distances are straight lines.
    area
        What the study is of: names or NIS codes; or one file of polygons.
    title
        Printed on every output.
    language
        Of outputs, and of what is said in the file.

    Raises
    ------
    StudyError
        If there is a study.toml: what someone edited is theirs.
    InputError
        With every problem of the files at once; then nothing is written.
    """
    place = Path(folder) / FILE
    _refuse_taken(place)
    network = [str(path) for path in roads] or STRAIGHT_LINE
    inputs: dict[str, Any] = {role: str(path) for role, path in files.items()}
    inputs["network"] = network[0] if len(roads) == 1 else network
    about: dict[str, Any] = {"title": title or _TITLE.to_text(language)}
    about["date"] = dt.date(VINTAGES[-1], 12, 31)
    vintage = _find_vintage(Path(files["municipalities"]))
    if vintage != VINTAGES[-1]:
        about["vintage"] = vintage
    if area:
        about["area"] = area[0] if len(area) == 1 and Path(area[0]).is_file() else list(area)
    content = {"study": about, "inputs": inputs, "output": {"language": language}}
    # Read from where they are named: the folder of the study may not be there yet.
    read = load_inputs(parse_study(content, name=FILE))
    about["date"] = _propose_day(read)
    if isinstance(about.get("area"), str):
        about["area"] = _point_to(about["area"], place.parent)
    inputs = {role: _point_all(given, place.parent) for role, given in inputs.items()}
    text = _write_study(about, inputs, read, language)
    with whole_files(place.parent, lambda path, _: _refuse_taken(path)) as into:
        (into / FILE).write_text(text, encoding="utf-8")
    return NewStudy(place, load_study(place), text)


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


def _find_vintage(municipalities: Path) -> int:
    """Find the newest vintage of which the codes of boundaries can be; the newest when none is."""
    for vintage in reversed(VINTAGES):
        found = Findings()
        frame, file = load_municipalities(Input(path=municipalities), vintage, found, part=True)
        if len(frame) and file and "dissolved" not in file.note:
            return vintage
    return VINTAGES[-1]


def _propose_day(inputs: Inputs) -> dt.date:
    """Propose the end of the year in which the last academy began, else of the population's."""
    begun = inputs.academies["valid_from"].max()
    if not pd.isna(begun):
        return dt.date(begun.year, 12, 31)
    return dt.date(inputs.population_year or VINTAGES[-1], 12, 31)


def _write_study(
    about: dict[str, Any], inputs: dict[str, Any], read: Inputs, language: Language
) -> str:
    """Write the study: what was given, then what else fixes how a file was read."""
    notes = {"date": _DAY, "vintage": _VINTAGE}
    lines = ["[study]"]
    for key, value in about.items():
        note = f"  # {notes[key].to_text(language)}" if key in notes else ""
        lines.append(f"{key} = {write_toml(value)}{note}")
    entries: dict[str, dict[str, Any]] = {
        one.role: dict(one.entry) for one in read.provenance if one.entry
    }
    lines += ["", "[inputs]"]
    lines += [f"{k} = {write_toml(v)}" for k, v in inputs.items() if k not in entries]
    for role, entry in entries.items():
        columns = {f"columns.{ours}": label for ours, label in entry.pop("columns", {}).items()}
        told: dict[str, Any] = {**entry, "path": inputs[role], **columns}
        lines += ["", f"[inputs.{role}]"]
        lines += [f"{key} = {write_toml(value)}" for key, value in told.items()]
    if language != "nl":
        lines += ["", "[output]", f"language = {write_toml(language)}"]
    return "\n".join([*lines, ""])
