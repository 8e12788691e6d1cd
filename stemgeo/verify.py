"""A result computed again from its inputs, and what differs from what was written then.

The manifest says what was asked, of which files, and what came out. The study is found again by
its hash, its inputs are hashed, all is computed into a temporary folder, and each file that comes
out is compared with the hash that the manifest has of it. The folder itself is only read.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo import facts
from stemgeo.errors import Problem, ResultError, StemgeoError
from stemgeo.inputs.files import clean
from stemgeo.measure import Progress, quiet
from stemgeo.notes import Said
from stemgeo.report.answer import LIBRARIES as OF_ANSWERS
from stemgeo.report.answer import answer, answer_without_text
from stemgeo.report.figures import Figure, differing
from stemgeo.report.files import (
    ANSWER,
    RUN,
    command_of,
    flat,
    opened_manifest,
    versions,
)
from stemgeo.report.letter import Letter
from stemgeo.report.manifests import choices, made_with
from stemgeo.run import run
from stemgeo.site import site
from stemgeo.study import Input, Study, load_study
from stemgeo.texts import texts
from stemgeo.writing.seal import MANIFEST, is_litter, sha256
from stemgeo.writing.whole import temporary

if TYPE_CHECKING:
    Manifest = dict[str, Any]

FILES, STUDY, INPUTS, RESULT = "files", "study", "inputs", "result"
"""What may differ, in the order in which it is looked at."""
_LOOKED_IN = "in the current folder, the result, the folder above it, or one level below these"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    Attributes
    ----------
    part
        "files" (of the folder), "study", "inputs", "versions" or "result" (computed again).
    where, what
        A file, a setting as travel.cutoff_min, an input by its role and name; and what is wrong.
    then, now
        What the manifest says, and what is so now; empty where that says nothing more.
    rows, of_rows
        Of a table: how many of its rows differ.
    figures
        Of a table: the first that differ, see `report.figures`.
    """

    part: str
    where: str
    what: str
    then: str = ""
    now: str = ""
    rows: int = 0
    of_rows: int = 0
    figures: tuple[Figure, ...] = ()

    def __str__(self) -> str:
        told = f"{clean(self.where, 200)}: {self.what}"
        if self.then or self.now:
            then, now = (clean(value, 200) or "nothing" for value in (self.then, self.now))
            told += f"; then: {then}; now: {now}"
        return f"{told}; {self.rows} of {self.of_rows} rows differ" if self.rows else told


@dataclass(frozen=True)
class Verification:
    """What differs between a result and its inputs computed again.

    Attributes
    ----------
    folder
        The result.
    study, files, inputs
        Name of the study's file (empty: a study made in code), and how many files and inputs the
        manifest names.
    differences
        All that is not as it was.
    versions
        Versions of stemgeo, Python and libraries that are others now: no difference by itself, but
        the first place to look for the cause of one.
    left_out
        Files that were compared with the manifest but not made again: their text comes of
        templates that stand in it, which are not filled in unless they are trusted.
    """

    folder: Path
    study: str
    files: int
    inputs: int
    differences: tuple[Difference, ...]
    versions: tuple[Difference, ...]
    left_out: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def of(self, *parts: str) -> tuple[Difference, ...]:
        """Give the differences of some parts."""
        return tuple(one for one in self.differences if one.part in parts)

    def table(self) -> pd.DataFrame:
        """Give all differences, a row each, without their figures."""
        rows = [asdict(replace(one, figures=())) for one in self.differences]
        columns = [name for name in Difference.__dataclass_fields__ if name != "figures"]
        return pd.DataFrame(rows, columns=columns)

    def lines(self) -> list[str]:
        """Say it for people: a line for each step, below it what differs, and the sum of it."""
        files, asked, result = self.of(FILES), self.of(STUDY, INPUTS), self.of(RESULT)
        named = f"{self.study or 'a study made in code'}, {self.inputs} inputs"
        return [
            *_step("Files", f"all {self.files} as they were written", files),
            *_step("Study and inputs", f"as they were: {named}", asked),
            *_step("Versions", "as they were", self.versions, "by itself no fault"),
            *_step("Result, computed again", f"the same {self._made} files", result),
            *self._not_made(),
            self._sum(),
        ]

    @property
    def _made(self) -> int:
        """How many files were made again."""
        return self.files - len(self.left_out)

    def _not_made(self) -> Iterator[str]:
        """Say what was left out, and how to have it in."""
        if self.left_out:
            yield (
                f"Left out: {' and '.join(self.left_out)}, and the numbers typed in them. Their "
                "text comes of templates in the manifest, which are filled in only when you trust "
                "them: --trust-templates."
            )

    def _sum(self) -> str:
        if self.same:
            all_but = (
                f"Everything but {' and '.join(self.left_out)}" if self.left_out else "Everything"
            )
            return f"{all_but} is the same: {self._made} files, {self.inputs} inputs."
        counts = {part: len(self.of(part)) for part in (FILES, STUDY, INPUTS, RESULT)}
        told = ", ".join(f"{part} {count}" for part, count in counts.items() if count)
        return f"Not the same, differences: {len(self.differences)} ({told})."


def _step(
    what: str, as_it_was: str, found: tuple[Difference, ...], remark: str = ""
) -> Iterator[str]:
    """Tell one step: that nothing differs, or what does."""
    if not found:
        yield f"{what}: {as_it_was}."
        return
    yield f"{what}: {len(found)} {'differs' if len(found) == 1 else 'differ'}" + (
        f", {remark}:" if remark else ":"
    )
    for one in found:
        yield f"  {one}"
        yield from (f"    {figure}" for figure in one.figures)


@dataclass(frozen=True)
class Again:
    """What a result is made from again.

    Attributes
    ----------
    study
        As it is now.
    content
        The manifest of then.
    places
        Folders in which files of then may be, see `found_again`.
    progress, threads
        As in `stemgeo.run`.
    trust_templates
        Whether the texts in the manifest are filled in too.
    """

    study: Study
    content: Manifest
    places: tuple[Path, ...]
    progress: Progress
    threads: int | None
    trust_templates: bool


def _run_again(again: Again, place: Path) -> None:
    asked = bool(_of_run(again.content).get("uncertainty"))
    run(again.study, uncertainty=asked, progress=again.progress, threads=again.threads).write(place)


def _answer_again(again: Again, place: Path) -> None:
    """Run, and where the answer told of a plan or an earlier result, make these again too."""
    content, result = again.content, place.with_name("run")
    _run_again(again, result)
    plan = before = templates = None
    if content.get("plan"):
        # All that the study does not say itself was asked beside it.
        own = again.study.siting.model_dump(mode="json")
        siting = content["plan"]["study"]["siting"].items()
        asked = again.study.with_siting(**{key: one for key, one in siting if one != own.get(key)})
        plan = site(asked, threads=again.threads).write(place.with_name("plan"))
    if content.get("before"):
        then = content["before"]
        study, home = _study_again(place.with_name("before"), then, None, again.places)
        study = _with_its_plan(study, then, None, (*again.places, home))
        sure = bool(then.get("uncertainty"))
        then_again = run(study, uncertainty=sure, threads=again.threads)
        before = then_again.write(place.with_name("before"))
    language, own = content["options"]["language"], content.get("templates", {})
    if own and not again.trust_templates:
        text = Letter((), tuple(content.get("typed_numbers", ())), own)
        answer_without_text(result, place, text, language=language, plan=plan, before=before)
        return
    if own:
        templates = place.with_name("templates")
        templates.mkdir()
        for name, text in own.items():
            (templates / name).write_text(text, encoding="utf-8", newline="")
    answer(result, place, language=language, plan=plan, before=before, templates=templates)


_MAKERS: dict[str, Callable[[Again, Path], None]] = {RUN: _run_again, ANSWER: _answer_again}
"""What writes the result of each command again, into a place that is not there yet."""


def verify(
    folder: str | Path,
    study: Study | str | Path | None = None,
    *,
    plan: str | Path | None = None,
    trust_templates: bool = False,
    progress: Progress = quiet,
    threads: int | None = None,
) -> Verification:
    """Compute a result again from its inputs and say what differs.

    Parameters
    ----------
    folder
        That `stemgeo run` wrote; it is read and not changed.
    study
        A study, a study.toml or its folder. Without it the file with the hash that the manifest has
        is looked for: in the current folder, in `folder` and the one above it, and one level below
        these.
    plan
        The plan that the run was given beside its study; without it looked for in the same way.
    trust_templates
        Fill in the texts of one's own that an answer was made of too, out of its manifest. A
        manifest can be a stranger's: without this they are not read, and the documents that come
        of them stand in `left_out`.
    progress, threads
        As in `stemgeo.run`.

    Returns
    -------
    Verification
        All differences; `same` when there are none.

    Raises
    ------
    ResultError
        If the folder holds no such result, or its study or plan is not found.
    StudyError, MissingFileError
        If a study that is given cannot be read.
    """
    folder = Path(folder)
    content = opened_manifest(folder, *_MAKERS)
    of_run = _of_run(content)
    own = bool(content.get("templates"))
    if trust_templates and not own:
        what = "holds no templates of its own to trust"
        raise ResultError(Problem(str(folder), what, "leave --trust-templates out"))
    left_out = _of_own_text(content) if own and not trust_templates else ()
    places: tuple[Path, ...] = (Path(), folder, folder.resolve().parent)
    if isinstance(study, Study):
        asked = study
    else:
        asked, home = _study_again(folder, of_run, study, places)
        places = (*places, home)
    asked = _with_its_plan(asked, of_run, plan, places)
    with temporary() as beside:
        made: Path | None = beside / RESULT
        problems: tuple[Difference, ...] = ()
        try:
            maker = _MAKERS[command_of(content)]
            again = Again(asked, content, places, progress, threads, trust_templates)
            maker(again, beside / RESULT)
        except StemgeoError as error:
            made, problems = None, tuple(map(_not_computed, error.problems))
        progress(Said("Comparing", "Vergelijken", "Comparaison"), 0.95)
        differences = (
            *_of_files(folder, content, made),
            *_of_study(of_run, asked),
            *_of_inputs(of_run, asked),
            *(problems if made is None else _of_result(folder, content, made, left_out)),
        )
    others = OF_ANSWERS if command_of(content) == ANSWER else ()
    return Verification(
        folder=folder,
        study=(of_run.get("study_file") or {}).get("name", ""),
        files=len(content["outputs"]),
        inputs=len(of_run["inputs"]),
        differences=differences,
        versions=tuple(_unlike("versions", versions(content), versions(made_with(*others)))),
        left_out=left_out,
    )


def _of_own_text(content: Manifest) -> tuple[str, ...]:
    """Name the documents of an answer whose text comes of templates of one's own."""
    stem = texts(content["options"]["language"])("file.letter")
    return f"{stem}.docx", f"{stem}.pdf"


def _of_run(content: Manifest) -> Manifest:
    """Give the manifest of the run: this one, or the one that it was made of."""
    made_of: Manifest = content.get("result", content)
    return made_of


# -- what is found again ---------------------------------------------------------------------


def _study_again(
    folder: Path, of_run: Manifest, given: str | Path | None, places: tuple[Path, ...]
) -> tuple[Study, Path]:
    """Read the study that is given, or the one with the hash of then; tell its folder."""
    if given is not None:
        return load_study(given), Path(given) if Path(given).is_dir() else Path(given).parent
    then = of_run.get("study_file")
    if not then:
        told = "study_file" in of_run
        what = f"{'was made of a study in code' if told else 'is of an older version'} and names"
        mend = "give the study: --study STUDY, or stemgeo.verify(folder, study) in Python"
        raise ResultError(Problem(str(folder), f"{what} no file of a study", mend))
    names = (then["name"], "study.toml")
    found = found_again((*places, facts.path("sample")), names, then["sha256"])
    if not found:
        what = f"the study of then (SHA-256 {_short(then['sha256'])}) is not {_LOOKED_IN}"
        raise ResultError(Problem(clean(then["name"]), what, "say where it is: --study STUDY"))
    studies = [(load_study(path), path.parent) for path in found]
    if len(studies) == 1:
        return studies[0]
    # A study that was copied has other files beside it: the ones of then are meant.
    return min(studies, key=lambda one: len(list(_of_inputs(of_run, one[0]))))


def _with_its_plan(
    study: Study, of_run: Manifest, given: str | Path | None, places: tuple[Path, ...]
) -> Study:
    """Give the study the plan of then, when that was given beside the study."""
    then = of_run["study"]["inputs"].get("plan")
    if given is not None:
        return study.with_plan(given)
    if then is None or then == choices(study)["inputs"]["plan"]:
        return study
    hash_ = next((item["sha256"] for item in of_run["inputs"] if item["role"] == "plan"), "")
    found = found_again(places, (then["path"], "plan.csv"), hash_)
    if not found:
        what = f"the plan of then (SHA-256 {_short(hash_)}) is not beside the study or {_LOOKED_IN}"
        raise ResultError(Problem(clean(then["path"]), what, "say where it is: --plan FILE"))
    return study.with_plan(found[0])


def found_again(places: tuple[Path, ...], names: tuple[str, ...], hash_: str) -> list[Path]:
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
    return [path for path in dict.fromkeys(paths) if _hash(path) == hash_]


def _hash(path: Path) -> str:
    """Hash a file; empty when there is none that can be read."""
    try:
        return sha256(path) if path.is_file() else ""
    except OSError:
        return ""


def _short(hash_: str) -> str:
    """Give as much of a hash as people compare."""
    return f"{clean(hash_[:12])}..."


# -- what differs ----------------------------------------------------------------------------


def _of_files(folder: Path, content: Manifest, made: Path | None) -> Iterator[Difference]:
    """Compare the files of the folder with the manifest."""
    then = content["outputs"]
    there = {path.relative_to(folder).as_posix(): path for path in _files_in(folder)}
    for name in sorted({*then, *there} - {MANIFEST}):
        if name not in there:
            yield Difference(FILES, name, "is missing")
        elif name not in then:
            yield Difference(FILES, name, "was added")
        elif there[name].is_symlink():
            yield Difference(FILES, name, "is a link and no file any more")
        elif _hash(there[name]) != then[name]["sha256"]:
            changed = Difference(FILES, name, "was changed after it was written")
            # What comes out otherwise is told there, with its figures.
            as_then = made is not None and _hash(made / name) == then[name]["sha256"]
            yield _with_figures(changed, folder, made) if made and as_then else changed


def _files_in(folder: Path) -> list[Path]:
    # A link is no folder of a result, whatever it leads to.
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return [path for path in found if not is_litter(path)]


def _of_study(of_run: Manifest, study: Study) -> Iterator[Difference]:
    """Compare the study's file and its choices with those of then."""
    then, now = of_run.get("study_file"), study.file
    if then and now and then["sha256"] != now.sha256:
        hashes = (_short(then["sha256"]), _short(now.sha256))
        yield Difference(STUDY, now.name, "is not the file of then", *hashes)
    yield from _unlike(STUDY, dict(flat(of_run["study"])), dict(flat(choices(study))))


def _of_inputs(of_run: Manifest, study: Study) -> Iterator[Difference]:
    """Compare the files of the study with the hashes of then."""
    then: dict[str, list[tuple[str, str]]] = {}
    for item in of_run["inputs"]:
        then.setdefault(item["role"], []).append((item["name"], item["sha256"]))
    now = _paths(study)
    for role in dict.fromkeys([*then, *now]):
        for of_then, path in zip_longest(then.get(role, ()), now.get(role, ())):
            name = path.name if path else of_then[0]
            where = f"{role} {name}"
            if path is None:
                yield Difference(INPUTS, where, "is no input of the study any more")
            elif of_then is None:
                yield Difference(INPUTS, where, "was no input of the study then")
            elif not (hash_ := _hash(path)):
                yield Difference(INPUTS, where, "is missing, or cannot be read")
            elif hash_ != of_then[1]:
                hashes = (_short(of_then[1]), _short(hash_))
                yield Difference(INPUTS, where, "is not the file of then", *hashes)


def _paths(study: Study) -> dict[str, list[Path]]:
    """Give the files that a run of this study reads, by role, as the provenance names them."""
    found: dict[str, list[Path]] = {}
    for role in type(study.inputs).model_fields:
        value = getattr(study.inputs, role)
        # A run counts the children of one year; those of others are for a trend.
        if isinstance(value, dict) and role != "populations":
            found |= {f"{role}.{key}": [one.path] for key, one in value.items()}
        elif isinstance(value, tuple):
            found[role] = [one.path for one in value]
        elif isinstance(value, Input):
            found[role] = [value.path]
    return found


def _not_computed(problem: Problem | str) -> Difference:
    where, what = (problem.where, problem.what) if isinstance(problem, Problem) else ("", problem)
    return Difference(RESULT, where or "the result", f"cannot be computed again: {what}")


def _of_result(
    folder: Path, content: Manifest, made: Path, left_out: tuple[str, ...]
) -> Iterator[Difference]:
    """Compare what came out now with the hashes of then; tables figure by figure."""
    content_now = opened_manifest(made, *_MAKERS)
    then, now = _outputs(content), _outputs(content_now)
    for name in sorted({*then, *now} - set(left_out)):
        if name not in now:
            yield Difference(RESULT, name, "does not come out any more")
        elif name not in then:
            yield Difference(RESULT, name, "comes out now and did not then")
        elif then[name] != now[name]:
            other = Difference(RESULT, name, "comes out otherwise")
            yield _with_figures(other, folder, made)
    told_then, told_now = _told_here(content), _told_here(content_now)
    if left_out:  # a PDF that was not made has no standard
        told_now["pdf_standard"] = told_then.get("pdf_standard", "")
    yield from _unlike(RESULT, told_then, told_now, f"{MANIFEST}, ")


_BEHIND = {"result": "of the run", "plan": "of the plan", "before": "of the earlier result"}
"""Manifests of what an answer was made of, and what their files are called."""


def _behind(content: Manifest) -> dict[str, Manifest]:
    return {name: content[name] for name in _BEHIND if content.get(name)}


def _outputs(content: Manifest) -> dict[str, str]:
    """Give the hash of each file, and of those that the result was made of."""
    hashes = {name: item["sha256"] for name, item in content["outputs"].items()}
    for part, made_of in _behind(content).items():
        hashes |= {f"{name} ({_BEHIND[part]})": hash_ for name, hash_ in _outputs(made_of).items()}
    return hashes


def _told(content: Manifest) -> dict[str, Any]:
    """Give what a manifest tells that no other step compares."""
    # The seal is a hash of all this: it differs where anything else does.
    others = ("stemgeo", "python", "libraries", "outputs", "seal", *_BEHIND)
    told = {name: value for name, value in content.items() if name not in others}
    told["notes"] = {str(place): note for place, note in enumerate(content.get("notes", ()), 1)}
    for part, made_of in _behind(content).items():
        told[part] = _told(made_of)
    if "study_file" in told:
        told["study_file"] = (told["study_file"] or {}).get("sha256")
    return told


def _told_here(content: Manifest) -> dict[str, Any]:
    """Leave out of what a manifest tells the study and the hashes of inputs of its own run."""
    told = _told(content)
    of_run = told.get("result", told)
    for name in ("study", "study_file"):
        of_run.pop(name, None)
    of_run["inputs"] = [
        {name: value for name, value in item.items() if name not in ("size_bytes", "sha256")}
        for item in of_run["inputs"]
    ]
    return dict(flat(told))


def _unlike(
    part: str, then: dict[str, Any], now: dict[str, Any], before: str = ""
) -> Iterator[Difference]:
    """List the values that are others now, by name."""
    for name in dict.fromkeys([*then, *now]):
        values = [one.get(name, "") for one in (then, now)]
        if values[0] != values[1]:
            then_, now_ = map(str, values)
            yield Difference(part, f"{before}{name}", "differs", then_, now_)


def _with_figures(difference: Difference, folder: Path, made: Path) -> Difference:
    """Add the figures in which a table of the folder differs from the one that came out now."""
    rows, of_rows, figures = differing(folder / difference.where, made / difference.where)
    return replace(difference, rows=rows, of_rows=of_rows, figures=figures)
