"""STUDIES.toml: many studies, and of each its years, speeds, other values and draws, by name."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import unicodedata
from collections import Counter
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from stemgeo.errors import MissingFileError, Problem, StemgeoError, StudyError
from stemgeo.facts import STRESS_RULES
from stemgeo.inputs.checking import write_key, write_toml
from stemgeo.notes import clean_text
from stemgeo.study import (
    DETOUR,
    STRAIGHT_LINE,
    WAITS_S,
    WALKING_MS,
    YEARS,
    Line,
    Study,
    StudyFile,
    fit_model,
    is_file_of_area,
    load_study,
    parse_study,
    parse_toml,
)
from stemgeo.writing.whole import expand_home

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Options = dict[str, Any]
    """By full name, as travel.cutoff_min."""

OVERVIEW = "batch"
"""The folder beside the results with the table over all, and the studies that were made."""
MOST_STUDIES = 20_000
_MOST_BYTES = 10_000_000
_LONGEST_NAME = 100
_MOST_SAID = 20
"""So many names of studies are told that cannot be: a list of combinations has thousands."""
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]*")


_LONGEST_PART = 255
"""Bytes of the name of a file or folder, on every system."""


def _take_path(text: str) -> str:
    if any(len(part.encode()) > _LONGEST_PART for part in PurePath(text).parts):
        raise ValueError("has a name in it that is too long for a file or folder")
    return expand_home(text)


_PathText = Annotated[Line, Field(min_length=1, max_length=1000), AfterValidator(_take_path)]


class _BatchPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class BatchEntry(_BatchPart):
    """One `[[study]]`: a study, or several by a pattern, and what is varied in it.

    Attributes
    ----------
    study
        A study.toml or its folder, from where STUDIES.toml stands; with `*` each that fits.
    name
        Of its result; else that of its folder.
    plan, edits
        As `--plan` and `--edits` of `stemgeo run`, from where STUDIES.toml stands.
    uncertainty, anyway
        As `--uncertainty` and `--anyway` of `stemgeo run`.
    years
        In each of which it is measured: on its day, with the population that it names for it.
    speeds_kmh
        One flat speed for all, each in turn, in place of those of the bands.
    set, each
        Options by their table in study.toml, as `set.travel.cutoff_min = 20`: a value, or a list of
        values that are taken in turn.
    draws, seed
        So many studies of which the assumptions are drawn between their ends, see `draw_options`.
    """

    study: _PathText
    name: str | None = None
    plan: _PathText | None = None
    edits: _PathText | None = None
    uncertainty: bool = False
    anyway: bool = False
    years: list[Annotated[int, Field(ge=YEARS[0], le=YEARS[-1])]] = Field(
        default=[], max_length=200
    )
    speeds_kmh: list[Annotated[float, Field(gt=0, le=45)]] = Field(default=[], max_length=200)
    set: dict[str, dict[str, Any]] = Field(default={}, max_length=20)
    each: dict[str, dict[str, list[Any]]] = Field(default={}, max_length=20)
    draws: int = Field(default=0, ge=0, le=MOST_STUDIES)
    seed: int | None = Field(default=None, ge=0, le=2**31)

    def yield_variants(self) -> Iterator[tuple[str, Options, int]]:
        """Give of each combination the end of its name, its options and the number of its draw."""
        axes: list[list[tuple[str, Options]]] = [
            [(f"-{year}", {"year": year}) for year in self.years]
        ]
        axes += [
            [(f"-{_name_number(one)}kmh", {"travel.speed_kmh": one}) for one in self.speeds_kmh]
        ]
        for table, lists in self.each.items():
            for key, values in lists.items():
                option = f"{table}.{key}"
                axes.append([(f"-{_name_value(key, one)}", {option: one}) for one in values])
        fixed = {f"{table}.{key}": one for table, of in self.set.items() for key, one in of.items()}
        for parts in product(*(axis or [("", {})] for axis in axes)):
            end = "".join(name for name, _ in parts)
            options = fixed | {key: one for _, chosen in parts for key, one in chosen.items()}
            for draw in range(1, self.draws + 1) or [0]:
                number = f"-d{draw:0{len(str(self.draws))}}" if draw else ""
                yield end + number, options, draw


class _Studies(_BatchPart):
    """All of STUDIES.toml."""

    study: list[BatchEntry] = Field(min_length=1, max_length=MOST_STUDIES)


@dataclass(frozen=True)
class BatchStudy:
    """One study to be measured: a row of the table over all.

    Attributes
    ----------
    name
        Of its folder.
    file
        The study.toml that it is, or is made from.
    told
        How STUDIES.toml calls that.
    entry
        What is asked of it besides.
    options, draw
        What is other than in that study.toml, and the number of the draw; 0 for none.
    home, place
        The folder of STUDIES.toml, and that in which a study.toml that is made will stand.
    """

    name: str
    file: Path
    told: str
    entry: BatchEntry
    options: Options
    draw: int
    home: Path
    place: Path

    @property
    def is_varied(self) -> bool:
        """Whether it has a study.toml that is made for it."""
        return bool(self.options or self.draw)

    def load(self) -> Study:
        """Read the study, as `stemgeo run` would.

        Raises
        ------
        StudyError
            With one line for each key or value that cannot be used.
        """
        study = load_study(self.file)
        if self.is_varied:
            study = self._parse_varied()
        if self.entry.plan is not None:
            study = study.with_plan(self.home / self.entry.plan)
        if self.entry.edits is not None:
            study = study.with_network_edits(self.home / self.entry.edits)
        return study

    def choose(self) -> Options:
        """Give each option that is other than in the study.toml that it is made from."""
        base, options = load_study(self.file), dict(self.options)
        year = options.pop("year", None)
        if year is not None:
            options["study.date"] = base.day_in(year)
        return options | (draw_options(base, self.entry.seed or 1, self.draw) if self.draw else {})

    def write(self) -> str:
        """Give the study.toml that is made for it, to stand in `place`."""
        moved = _move_paths(self._fill(), self.file.parent.resolve(), self.place.resolve())
        annexes = moved.get("annex", [])
        for one, (_, name) in zip(annexes, self._list_annexes(annexes), strict=True):
            one["file"] = name
        return _write_content(moved)

    def list_annexes(self) -> list[tuple[Path, str]]:
        """List the files that go with that study.toml: where they are, and come to be."""
        return self._list_annexes(self._fill().get("annex", [])) if self.is_varied else []

    def _list_annexes(self, annexes: list[dict[str, Any]]) -> list[tuple[Path, str]]:
        files = [Path(one["file"]) for one in annexes]
        return [
            (self.file.parent / one, f"{self.name}/{number}/{one.name}")
            for number, one in enumerate(files, start=1)
        ]

    def _fill(self) -> dict[str, Any]:
        """Give what is in the study.toml, with the options in their places."""
        content = parse_toml(self.file.read_bytes(), self.file.name)
        inputs = content["inputs"]
        own = inputs.get("populations", {}).get(str(self.options.get("year")))
        if own is not None:
            inputs["population"] = own
        for option, value in self.choose().items():
            table, _, key = option.partition(".")
            content.setdefault(table, {})
            if not isinstance(content[table], dict):
                raise StudyError(Problem(self.name, f"'{clean_text(table)}' has no options"))
            content[table][key] = value
        bands = content["travel"].get("bands") if self.entry.speeds_kmh else None
        for band in bands if isinstance(bands, list) else ():
            if isinstance(band, dict):  # else it is refused as it is read
                band.pop("speed_kmh", None)
        return content

    def _parse_varied(self) -> Study:
        content, name = self._fill(), f"{self.name}.toml"
        # What is wrong with the options is said before anything is made of them.
        parse_study(content, folder=self.file.parent, name=name)
        written = self.write().encode()
        file = StudyFile(name, len(written), hashlib.sha256(written).hexdigest())
        return parse_study(content, folder=self.file.parent, name=name, file=file)


def read_studies(path: Path, out: Path) -> list[BatchStudy]:
    """Read which studies are to be measured; a study itself is read when its turn comes.

    Parameters
    ----------
    path
        Of STUDIES.toml.
    out
        Where the results go.

    Raises
    ------
    MissingFileError
        If there is no such file.
    StudyError
        If it is not TOML or holds what cannot be used; all at once.
    """
    if not path.is_file():
        raise MissingFileError(Problem(str(path), "does not exist", "docs/scale.md has an example"))
    if path.stat().st_size > _MOST_BYTES:
        raise StudyError(Problem(path.name, f"is larger than {_MOST_BYTES // 10**6} MB"))
    name = path.name
    read = fit_model(_Studies, parse_toml(path.read_bytes(), name), name=name)
    problems: list[Problem] = []
    asked: list[BatchStudy] = []
    for entry in read.study:
        where = f"{name}, '{clean_text(entry.study, 80)}'"
        problems += [Problem(where, what, mend) for what, mend in _find_odd(entry)]
        # Combined they may be more than any memory holds: no more are made than are refused.
        room = MOST_STUDIES + 1 - len(asked)
        asked += islice(_expand(entry, where, path, out / OVERVIEW, problems), room)
        if len(asked) > MOST_STUDIES:
            problems.append(Problem(name, f"has more than {MOST_STUDIES} studies", "take parts"))
            raise StudyError(*problems)
    unfit = list(_find_unfit_names(asked, name))
    problems += unfit[:_MOST_SAID]
    if len(unfit) > _MOST_SAID:
        problems.append(Problem(name, f"{len(unfit) - _MOST_SAID} names more cannot be either"))
    if problems:
        raise StudyError(*problems)
    return asked


def find_language_of(asked: Sequence[BatchStudy]) -> str | None:
    """Give the language of the first study that can be read; None where none can."""
    for one in asked:
        with suppress(StemgeoError, OSError):
            return load_study(one.file).language
    return None


def _find_odd(entry: BatchEntry) -> Iterator[tuple[str, str]]:
    """Say what cannot be, or changes nothing."""
    if entry.seed is not None and not entry.draws:
        yield "seed changes nothing without draws", "leave it out, or say how many draws"
    if entry.name is not None and not _PLAIN.fullmatch(entry.name):
        what = f"name '{clean_text(entry.name, 60)}' is no name of a folder"
        yield what, "small letters, digits, - and _, and a letter or digit first"
    varied = {f"{table}.{key}" for table, of in entry.each.items() for key in of}
    of_draws = {"travel.bands", "travel.speed_kmh"} if entry.draws else set()
    own = varied | {f"{table}.{key}" for table, of in entry.set.items() for key in of}
    twice = {"study.date"} & own if entry.years else set()
    twice |= {"travel.speed_kmh"} & own if entry.speeds_kmh else set()
    twice |= varied & {f"{table}.{key}" for table, of in entry.set.items() for key in of}
    twice |= of_draws & own
    for option in sorted(twice):
        yield f"'{clean_text(option)}' is chosen twice", "leave one out"
    if entry.draws and entry.speeds_kmh:
        yield "speeds_kmh and draws both choose the speed", "leave one out"
    for option, values in [(f"{t}.{k}", v) for t, of in entry.each.items() for k, v in of.items()]:
        if not values:
            yield f"each.{clean_text(option)} is an empty list", "give values, or leave it out"


def _expand(
    entry: BatchEntry, where: str, asking: Path, place: Path, problems: list[Problem]
) -> Iterator[BatchStudy]:
    """Give each study of an entry of the file that asks."""
    told, home = entry.study, asking.parent
    if "*" not in told:
        paths = [home / told]
    elif Path(told).is_absolute() or entry.name is not None:
        what = "a pattern begins where STUDIES.toml stands, and names each by its folder"
        problems.append(Problem(where, what, "leave name and the first / out"))
        return
    elif any("**" in part and part != "**" for part in PurePath(told).parts):
        problems.append(Problem(where, "'**' stands beside something else", "write * or **/"))
        return
    else:
        paths = sorted(one for one in home.glob(told) if one != asking and _has_study(one))
    if not paths:
        problems.append(Problem(where, f"no study fits '{clean_text(told)}'", "correct it"))
    for path in paths:
        file = path / "study.toml" if path.is_dir() else path
        called = file.parent if file.name == "study.toml" else file.with_suffix("")
        name = entry.name or _make_name(called.resolve().name)
        one = path.relative_to(home).as_posix() if "*" in told else told
        for end, options, draw in entry.yield_variants():
            yield BatchStudy(name + end, file, one, entry, options, draw, home, place)


def _has_study(path: Path) -> bool:
    return path.suffix == ".toml" or (path / "study.toml").is_file()


def _find_unfit_names(asked: list[BatchStudy], file: str) -> Iterator[Problem]:
    """Say which names cannot be those of folders, or are of two studies."""
    for name, times in Counter(one.name for one in asked).items():
        called = f"'{clean_text(name, 80)}'"
        if times > 1:
            yield Problem(file, f"{times} studies are called {called}", "give each a name")
        elif name == OVERVIEW or not _PLAIN.fullmatch(name) or len(name) > _LONGEST_NAME:
            yield Problem(file, f"{called} can be no folder here", "give the study another name")


def _make_name(text: str) -> str:
    """Make a name that every system takes of any text."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain)[:60].strip("-") or "study"


def _name_number(number: float) -> str:
    return f"{number:g}".replace(".", "-")


def _name_value(key: str, value: object) -> str:
    """Name a value: a text by itself, any other with its option."""
    made = _make_name(value if isinstance(value, str) else json.dumps(value, default=str))
    return made if isinstance(value, str) else f"{_make_name(key)}-{made}"


# -- the study.toml that is made ----------------------------------------------------------------


def _move_paths(content: dict[str, Any], old: Path, new: Path) -> dict[str, Any]:
    """Give a study.toml with its paths as they are seen from another folder."""
    moved = deepcopy(content)
    inputs, about = moved["inputs"], moved.get("study", {})
    moved["inputs"] = {role: _move(given, old, new) for role, given in inputs.items()}
    if is_file_of_area(about.get("area")):
        about["area"] = _move(about["area"], old, new)
    return moved


def _move(given: Any, old: Path, new: Path) -> Any:
    """Move the paths of an input: one, a list, a table with a path, or one of these by name."""
    if isinstance(given, list):
        return [_move(one, old, new) for one in given]
    if isinstance(given, dict):
        return {
            key: _move(one, old, new) if key == "path" or "path" not in given else one
            for key, one in given.items()
        }
    if given == STRAIGHT_LINE or not isinstance(given, str):
        return given
    given = expand_home(given)
    if Path(given).is_absolute():
        return given
    try:
        return Path(os.path.relpath(old / given, new)).as_posix()
    except ValueError:  # on another drive
        return (old / given).as_posix()


def _write_content(content: dict[str, Any]) -> str:
    """Write a study.toml."""
    plain = {key: one for key, one in content.items() if not isinstance(one, dict)}
    lines = [f"{key} = {write_toml(one)}" for key, one in plain.items()]
    for table in [one for one in content if one not in plain]:
        lines += ["", f"[{table}]"]
        lines += [f"{write_key(key)} = {write_toml(one)}" for key, one in content[table].items()]
    return "\n".join([*lines, ""])


# -- draws ----------------------------------------------------------------------------------------


def draw_options(study: Study, seed: int, number: int) -> Options:
    """Draw what a study assumes between the ends that `stemgeo.uncertainty` takes.

    Of three estimates each is drawn from the triangle of low, central and high: the speed of all
    bands at once, walking to the road, waiting at signals and crossings, and the detour of a
    straight line; rules for quiet roads are drawn with equal chances. How long doors take, undated
    academies, placing and tags are not drawn: `--uncertainty` has both their ends.

    Parameters
    ----------
    study
        Of which the assumptions are.
    seed, number
        Which draw: the same, whatever others are asked for.
    """
    travel = study.travel
    # Each has its own chance, whether or not the others are drawn.
    of_speed, of_walk, of_wait, of_detour, of_rules = np.random.default_rng([seed, number]).random(
        5
    )
    options: Options = {}
    if travel.speed_kmh:
        speed = travel.speed_kmh
        options["travel.speed_kmh"] = _take(of_speed, speed.low, speed.central, speed.high)
    else:
        bands = [(one, one.speed_kmh) for one in travel.bands if one.speed_kmh]
        options["travel.bands"] = [
            {"ages": [*one.ages], "speed_kmh": _take(of_speed, v.low, v.central, v.high)}
            for one, v in bands
        ]
    if study.straight_line:
        own = travel.detour_factor
        ends = min(own, DETOUR[0]), own, max(own, DETOUR[1])
        return options | {"travel.detour_factor": _take(of_detour, *ends)}
    for name, most in WAITS_S.items():
        own = getattr(travel, name)
        options[f"travel.{name}"] = _take(of_wait, 0, own, max(own, most))
    if not travel.on_foot:
        own = travel.walking_speed_ms
        ends = min(own, WALKING_MS[0]), own, max(own, WALKING_MS[1])
        options["travel.walking_speed_ms"] = _take(of_walk, *ends)
    if travel.profiles != ("all",):
        options["travel.stress_rules"] = STRESS_RULES[int(of_rules * len(STRESS_RULES))]
    return options


def _take(chance: float, low: float, central: float, high: float) -> float:
    """Take the value below which a draw from a triangle falls with this chance."""
    width = high - low
    if width <= 0:
        return low
    below = chance * width < central - low
    side = chance * (central - low) if below else (1 - chance) * (high - central)
    off = math.sqrt(width * side)
    return round(low + off if below else high - off, 3)
