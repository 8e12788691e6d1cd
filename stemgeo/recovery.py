"""The study of a written result and its files, found again by their hashes."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stemgeo import facts
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.files import clean_text
from stemgeo.report.manifests import list_choices
from stemgeo.study import Input, Study, load_study
from stemgeo.writing.seal import hash_if_readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Manifest = dict[str, Any]

ASK_STUDY = "say where it is: --study STUDY"
_IN_ITS_PLACE = "give the study in the place of its result"
_LOOKED_IN = "in the current folder, the result, the folder above it, or one level below these"


@dataclass(frozen=True)
class StudyOfThen:
    """A study that a result was made of.

    Attributes
    ----------
    then
        What the manifest says of it: the study, its file and its inputs.
    study
        As it is now.
    side
        "A: " and "B: " of a comparison.
    years
        Of a trend.
    """

    then: Manifest
    study: Study
    side: str = ""
    years: tuple[int, ...] = ()

    @property
    def asked(self) -> Study:
        """What the manifest is to say of it: a trend leaves out its plan."""
        return self.study.with_plan(None) if self.years else self.study

    @property
    def paths(self) -> dict[str, list[Path]]:
        """Its files by role, as the provenance names them.

        A run counts the children of one year; a trend those of its years, as far as they have
        their own.
        """
        found: dict[str, list[Path]] = {}
        inputs = self.asked.inputs
        for role in type(inputs).model_fields:
            value = getattr(inputs, role)
            if isinstance(value, dict):
                years_of = self.years if role == "populations" else value
                of_years = {key: one for key, one in value.items() if key in years_of}
                found |= {f"{role}.{key}": [one.path] for key, one in of_years.items()}
            elif isinstance(value, tuple):
                found[role] = [one.path for one in value]
            elif isinstance(value, Input):
                found[role] = [value.path]
        if self.years and all(f"populations.{year}" in found for year in self.years):
            del found["population"]
        return found

    def list_other_inputs(self) -> Iterator[tuple[str, str, str, str]]:
        """List its files that are not those of then: which, how, and the hashes of then and now.

        How: "no_input", "new_input", "unreadable" or "other_file".
        """
        then: dict[str, list[tuple[str, str]]] = {}
        for item in self.then["inputs"]:
            then.setdefault(item["role"], []).append((item["name"], item["sha256"]))
        now = self.paths
        for role in dict.fromkeys([*then, *now]):
            for of_then, path in zip_longest(then.get(role, ()), now.get(role, ())):
                where = f"{role} {path.name if path else of_then[0]}"
                if path is None:
                    yield where, "no_input", "", ""
                elif of_then is None:
                    yield where, "new_input", "", ""
                elif not (hash_ := hash_if_readable(path)):
                    yield where, "unreadable", "", ""
                elif hash_ != of_then[1]:
                    yield where, "other_file", shorten_hash(of_then[1]), shorten_hash(hash_)


def read_study_again(
    folder: Path,
    of_run: Manifest,
    given: str | Path | None,
    places: tuple[Path, ...],
    mend: str = ASK_STUDY,
) -> tuple[Study, Path]:
    """Read the study that is given, or the one with the hash of then; tell its folder.

    Parameters
    ----------
    folder, of_run
        Of a result, and what its manifest says of its study.
    given
        A study.toml or its folder.
    places
        Folders in which it may be.
    mend
        What to do where it is not found.

    Raises
    ------
    ResultError
        If it is not found.
    """
    if given is not None:
        return load_study(given), Path(given) if Path(given).is_dir() else Path(given).parent
    then = of_run.get("study_file")
    if not then:
        told = "study_file" in of_run
        what = f"{'was made of a study in code' if told else 'is of an older version'} and names"
        if mend == ASK_STUDY:
            mend = "give the study: --study STUDY, or stemgeo.verify(folder, study) in Python"
        raise ResultError(Problem(str(folder), f"{what} no file of a study", mend))
    names = (then["name"], "study.toml")
    found = find_again((*places, facts.fact_path("sample")), names, then["sha256"])
    if not found:
        what = f"the study of then (SHA-256 {shorten_hash(then['sha256'])}) is not {_LOOKED_IN}"
        raise ResultError(Problem(clean_text(then["name"]), what, mend))
    studies = [(load_study(path), path.parent) for path in found]
    if len(studies) == 1:
        return studies[0]

    def others(of: Study) -> int:
        return len([*StudyOfThen(of_run, of).list_other_inputs()])

    # A study that was copied has other files beside it: the ones of then are meant.
    return min(studies, key=lambda one: others(one[0]))


@dataclass(frozen=True)
class _GivenBeside:
    """What can be given beside a study: what it is, how it is asked for, how a study takes it."""

    called: str
    ask: str
    usual_name: str
    give: Callable[[Study, str | Path | None], Study]


_BESIDE = {
    "plan": _GivenBeside(
        *("plan", "say where it is: --plan FILE", "plan.csv"), lambda one, to: one.with_plan(to)
    ),
    "network_edits": _GivenBeside(
        *("edits of roads", "say where they are: --edits FILE", "network-edits.geojson"),
        lambda one, to: one.with_network_edits(to),
    ),
    "road_projects": _GivenBeside(
        *("road projects", "put them beside the study", "projects.csv"),
        lambda one, to: one.with_projects(to),
    ),
}
"""By its role."""


def give_of_then(
    role: str,
    study: Study,
    of_run: Manifest,
    given: str | Path | None,
    places: tuple[Path, ...],
    mend: str = "",
) -> Study:
    """Give the study the plan or edits of then, when these were given beside the study.

    Parameters
    ----------
    role
        "plan", "network_edits" or "road_projects".
    study, of_run
        As it is found, and what a manifest says of it.
    given
        The file.
    places
        Folders in which it may be.
    mend
        What to do where it is not found; by itself to say where it is.

    Raises
    ------
    ResultError
        If it is not found.
    """
    beside, then = _BESIDE[role], of_run["study"]["inputs"].get(role)
    if given is not None:
        return beside.give(study, given)
    if then is None or then == list_choices(study)["inputs"][role]:
        return study
    hash_ = next((item["sha256"] for item in of_run["inputs"] if item["role"] == role), "")
    found = find_again(places, (then["path"], beside.usual_name), hash_)
    if not found:
        then_ = f"the {beside.called} of then (SHA-256 {shorten_hash(hash_)})"
        what = f"{then_} is not beside the study or {_LOOKED_IN}"
        raise ResultError(Problem(clean_text(then["path"]), what, mend or beside.ask))
    return beside.give(study, found[0])


def recover_study(folder: Path, of_run: Manifest) -> Study:
    """Find the study of a result again, with the plan and edits that were given beside it.

    Raises
    ------
    ResultError
        If it or what was given beside it is not found, or a file is no longer what it was then.
    """
    places = (Path(), folder, folder.resolve().parent)
    study, home = read_study_again(folder, of_run, None, places, _IN_ITS_PLACE)
    for role in _BESIDE:
        study = give_of_then(role, study, of_run, None, (*places, home), _IN_ITS_PLACE)
    others = [where for where, *_ in StudyOfThen(of_run, study).list_other_inputs()]
    if others:
        named = clean_text(", ".join(others), 300)
        what = f"was computed from other files than there are now: {named}"
        mend = f"bring them back, or {_IN_ITS_PLACE}"
        raise ResultError(Problem(str(folder), what, mend))
    return study


def find_again(places: tuple[Path, ...], names: tuple[str, ...], hash_: str) -> list[Path]:
    """Find a file by its name and SHA-256, in some folders and one level below them.

    Parameters
    ----------
    places
        Folders.
    names
        That it may have.
    hash_
        Its SHA-256.
    """
    # A name has no folders: what a manifest says leads nowhere else.
    plain = dict.fromkeys(Path(name).name for name in names)
    paths = [
        path
        for place in dict.fromkeys(one.resolve() for one in places)
        for name in plain
        for path in (place / name, *sorted(place.glob(f"*/{glob.escape(name)}")))
    ]
    return [path for path in dict.fromkeys(paths) if hash_if_readable(path) == hash_]


def shorten_hash(hash_: str) -> str:
    """Give as much of a hash as people compare."""
    return f"{clean_text(hash_[:12])}..."
