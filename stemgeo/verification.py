"""A result computed again from its inputs, and what differs from what was written then.

The manifest says what was asked, of which files, and what came out. The study is found again by
its hash, its inputs are hashed, all is computed into a temporary folder, and each file that comes
out is compared with the hash that the manifest has of it. The folder itself is only read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.errors import Problem, ResultError, StemgeoError
from stemgeo.explain.bridging import bridge_ends
from stemgeo.explain.ends import BridgeEnd, keep_asked, take_end_of_then
from stemgeo.inputs.files import clean_text
from stemgeo.linking import links
from stemgeo.notes import Said, say_amount, say_count, say_text
from stemgeo.planning import site
from stemgeo.recovery import StudyOfThen, give_of_then, read_study_again, shorten_hash
from stemgeo.report.answers import build_answer
from stemgeo.report.comparison import compare
from stemgeo.report.describing import DESCRIPTIONS
from stemgeo.report.figures import ChangedFigure, compare_tables
from stemgeo.report.files import (
    ANSWER,
    COMPARE,
    EXPLAIN,
    LINKS,
    RUN,
    SITE,
    TREND,
    flatten_values,
    read_checked_manifest,
    versions_in_both,
)
from stemgeo.report.letter import Letter
from stemgeo.report.manifests import list_choices, list_made_with
from stemgeo.report.outcome import Outcome, Tables
from stemgeo.speech import format_whole, join_with_and
from stemgeo.stages import COMPARING, Progress, report_nothing, tell_between
from stemgeo.study import Study
from stemgeo.study_run import run
from stemgeo.texts import load_texts
from stemgeo.writing.seal import MANIFEST, is_as_written, is_litter
from stemgeo.writing.whole import temporary_folder
from stemgeo.written import read_result
from stemgeo.years import trend

if TYPE_CHECKING:
    from stemgeo.texts import Texts

    Manifest = dict[str, Any]

FILES, STUDY, INPUTS, RESULT = "files", "study", "inputs", "result"
"""What may differ, in the order in which it is looked at."""


BesideStudy = dict[str, str | Path | None]
"""What is given here of what was given beside a study, by its role."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    Attributes
    ----------
    part
        "files" (of the folder), "study", "inputs", "versions" or "result" (computed again).
    where, what
        A file, a setting as travel.cutoff_min, an input by its role and name; and what is wrong,
        in each language.
    then, now
        What the manifest says, and what is so now; empty where that says nothing more.
    rows, of_rows
        Of a table: how many of its rows differ.
    figures
        Of a table: the first that differ, see `report.figures`.
    """

    part: str
    where: str
    what: Said
    then: str = ""
    now: str = ""
    rows: int = 0
    of_rows: int = 0
    figures: tuple[ChangedFigure, ...] = ()

    @property
    def sentence(self) -> Said:
        """Say it in one line."""
        told = say_text("list.pair", what=clean_text(self.where, 200), told=self.what)
        if self.then or self.now:
            nothing = say_text("verify.nothing")
            then, now = (clean_text(value, 200) or nothing for value in (self.then, self.now))
            told = say_text("verify.then_and_now", told=told, then=then, now=now)
        if self.rows:
            rows, every = say_amount(self.rows), say_amount(self.of_rows)
            told = say_text("verify.rows", told=told, rows=rows, all=every)
        return told

    def __str__(self) -> str:
        return str(self.sentence)


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
    language
        Of the result: `lines` speak it.
    """

    folder: Path
    study: str
    files: int
    inputs: int
    differences: tuple[Difference, ...]
    versions: tuple[Difference, ...]
    left_out: tuple[str, ...] = ()
    language: str = "en"

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def of(self, *parts: str) -> tuple[Difference, ...]:
        """Give the differences of some parts."""
        return tuple(one for one in self.differences if one.part in parts)

    def table(self) -> pd.DataFrame:
        """Give all differences, a row each, without their figures."""
        columns = [name for name in Difference.__dataclass_fields__ if name != "figures"]
        rows = [[getattr(one, name) for name in columns] for one in self.differences]
        return pd.DataFrame(rows, columns=columns).assign(what=[str(row[2]) for row in rows])

    def lines(self) -> list[str]:
        """Say it for people: a line for each step, below it what differs, and the sum of it."""
        words = load_texts(self.language)
        said = {
            "files": format_whole(self.files - len(self.left_out), self.language),
            "inputs": say_count(self.inputs, "input").to_text(self.language),
            "names": join_with_and(self.left_out, self.language),
            "study": clean_text(self.study, 200) or words("verify.in_code"),
        }
        steps = {
            "files": (self.of(FILES), said | {"files": format_whole(self.files, self.language)}),
            "asked": (self.of(STUDY, INPUTS), said),
            "versions": (self.versions, said),
            "result": (self.of(RESULT), said),
        }
        told = [line for step, one in steps.items() for line in _yield_step(words, step, *one)]
        told += [words("verify.left_out", names=said["names"])] if self.left_out else []
        if self.same:
            return [*told, words("verify.all_but" if self.left_out else "verify.all", **said)]
        every = format_whole(len(self.differences), words.language)
        counts = {part: len(self.of(part)) for part in (FILES, STUDY, INPUTS, RESULT)}
        parts = ", ".join(
            f"{words(f'verify.part.{part}')} {format_whole(count, words.language)}"
            for part, count in counts.items()
            if count
        )
        return [*told, words("verify.not_same", all=every, parts=parts)]


def _yield_step(
    words: Texts, step: str, found: tuple[Difference, ...], as_then: Mapping[str, str]
) -> Iterator[str]:
    """Tell one step: that nothing differs, or what does."""
    name = words(f"verify.step.{step}")
    if not found:
        yield words("verify.step", step=name, told=words(f"verify.same.{step}", **as_then))
        return
    remark = words("verify.no_fault") if step == "versions" else ""
    yield words.say_count("verify.differ", len(found), step=name, remark=remark)
    for one in found:
        yield f"  {one.sentence.to_text(words.language)}"
        yield from (f"    {figure.sentence.to_text(words.language)}" for figure in one.figures)


@dataclass(frozen=True)
class Again:
    """What a result is made from again.

    Attributes
    ----------
    asked
        Its studies; two of a comparison.
    content
        The manifest of then.
    places
        Folders in which files of then may be, see `recovery.find_again`.
    beside
        A folder for what the result itself is made of.
    trust_templates
        Whether the texts in the manifest are filled in too.
    progress, threads
        As in `stemgeo.study_run`.
    """

    asked: tuple[StudyOfThen, ...]
    content: Manifest
    places: tuple[Path, ...]
    beside: Path
    trust_templates: bool
    progress: Progress
    threads: int | None


def _run_again(again: Again, of: StudyOfThen) -> Tables:
    sure = bool(of.then.get("uncertainty"))
    return run(
        of.study, uncertainty=sure, anyway=True, progress=again.progress, threads=again.threads
    )


def _site_again(again: Again) -> Outcome:
    return site(again.asked[0].study, progress=again.progress, threads=again.threads)


def _links_again(again: Again) -> Outcome:
    return links(again.asked[0].study, progress=again.progress, threads=again.threads)


def _trend_again(again: Again) -> Outcome:
    return trend(again.asked[0].study, again.content["years"], progress=again.progress)


def _compare_again(again: Again) -> Outcome:
    a, b = (_run_again(again, one) for one in again.asked)
    return compare(a, b)


def _explain_again(again: Again) -> Outcome:
    a, b = (take_end_of_then(one.study, one.then, again.places) for one in again.asked)
    return bridge_ends(a, b, progress=again.progress, threads=again.threads)


def _give_siting(study: Study, then: Manifest) -> Study:
    """Ask for the plan that was asked: all that the study does not say was said beside it."""
    own = study.siting.model_dump(mode="json")
    siting = then["study"]["siting"].items()
    return study.with_siting(**{key: one for key, one in siting if one != own.get(key)})


def _give_links(study: Study, then: Manifest) -> Study:
    """Ask for the changes of roads that were asked: all that the study does not say, alike."""
    own = study.links.model_dump(mode="json")
    asked = then["study"]["links"].items()
    return study.with_links(**{key: one for key, one in asked if one != own.get(key)})


_GIVE_ASKED = {SITE: _give_siting, LINKS: _give_links}
"""What puts into a study what a command was asked beside it."""


def _answer_again(again: Again) -> Outcome:
    """Run, and where the answer told of a plan or an earlier result, make these again too."""
    content, beside, (asked,) = again.content, again.beside, again.asked
    plan = before = years = roads = why = text = templates = None
    if content.get("plan"):
        chosen = site(
            _give_siting(asked.study, content["plan"]),
            progress=again.progress,
            threads=again.threads,
        )
        plan = chosen.write(beside / "plan")
    if then := content.get("links"):
        found = links(
            _give_links(asked.study, then), progress=again.progress, threads=again.threads
        )
        roads = found.write(beside / "links")
    if then := content.get("planned"):
        plan = _run_beside(again, then, "planned")
    if then := content.get("compared"):
        sides = [_run_beside(again, then[side], side) for side in "ab"]
        plan = compare(*sides).write(beside / "compared")
    if then := content.get("before"):
        before = _run_beside(again, then, "before")
    if then := content.get("why"):
        ends = (_take_end(again, then[side]) for side in "ab")
        why = bridge_ends(*ends, progress=again.progress).write(beside / "why")
    if then := content.get("trend"):
        years = trend(asked.study, then["years"], progress=again.progress).write(beside / "trend")
    if (own := content.get("templates", {})) and again.trust_templates:
        templates = beside / "templates"
        templates.mkdir()
        for name, one in own.items():
            (templates / name).write_text(one, encoding="utf-8", newline="")
    elif own:
        typed, lacking = (tuple(content.get(one, ())) for one in ("typed_numbers", "unanswered"))
        text = Letter((), typed, own, lacking)
    result = _run_again(again, asked).write(beside / "run")
    language = content["options"]["language"]
    return build_answer(
        *(result, plan, before, years, roads, why),
        language=language,
        templates=templates,
        text=text,
    )


def _take_end(again: Again, then: Manifest) -> BridgeEnd:
    """Find an end of the bridge of then."""
    study, home = read_study_again(again.beside, then, None, again.places)
    for role in ("plan", "network_edits"):
        study = give_of_then(role, study, then, None, (*again.places, home))
    return take_end_of_then(study, then, (*again.places, home))


def _run_beside(again: Again, then: Manifest, name: str) -> Path:
    """Run the study of then that is not the one asked about; give its folder."""
    study, home = read_study_again(again.beside / name, then, None, again.places)
    for role in ("plan", "network_edits"):
        study = give_of_then(role, study, then, None, (*again.places, home))
    return _run_again(again, StudyOfThen(then, study)).write(again.beside / name)


_MAKERS: dict[str, Callable[[Again], Outcome]] = {
    RUN: lambda again: _run_again(again, again.asked[0]),
    SITE: _site_again,
    LINKS: _links_again,
    TREND: _trend_again,
    COMPARE: _compare_again,
    EXPLAIN: _explain_again,
    ANSWER: _answer_again,
}
"""What makes the result of each command again."""


def verify(
    folder: Outcome | str | Path,
    study: Study | str | Path | Sequence[Study | str | Path] | None = None,
    *,
    plan: str | Path | None = None,
    edits: str | Path | None = None,
    trust_templates: bool = False,
    progress: Progress = report_nothing,
    threads: int | None = None,
) -> Verification:
    """Compute a result again from its inputs and say what differs.

    Parameters
    ----------
    folder
        That a command wrote: a run, a plan, a trend, a comparison, a bridge or an answer; or what
        `read_result` gave of it. It is read and not changed.
    study
        A study, a study.toml or its folder. Without it the file with the hash that the manifest has
        is looked for: in the current folder, in `folder` and the one above it, and one level below
        these. Of a comparison and a bridge two, in their order.
    plan
        The plan that a run was given beside its study; without it looked for in the same way.
    edits
        Its edits of roads, alike.
    trust_templates
        Fill in the texts of one's own that an answer was made of too, out of its manifest. A
        manifest can be a stranger's: without this they are not read, and the documents that come
        of them stand in `left_out`.
    progress, threads
        As in `stemgeo.study_run`.

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
    found = folder if isinstance(folder, Outcome) else read_result(folder)
    if found.folder is None:
        raise ResultError(Problem("result", "stands in no folder", "write it, and verify that"))
    content, folder = found.manifest, found.folder
    own = bool(content.get("templates"))
    if trust_templates and not own:
        what = "holds no templates of its own to trust"
        raise ResultError(Problem(str(folder), what, "leave --trust-templates out"))
    left_out = _name_own_texts(found.language) if own and not trust_templates else ()
    given = (study,) if isinstance(study, Study | str | Path) else tuple(study or ())
    given_beside: BesideStudy = {"plan": plan, "network_edits": edits, "road_projects": None}
    _refuse_idle_beside(found, folder, given_beside)
    asked, places = _find_studies(found, folder, given, given_beside)
    with temporary_folder() as beside:
        made: Path | None = None
        try:
            tell = tell_between(progress, 0.0, 0.95)
            again = Again(asked, content, places, beside, trust_templates, tell, threads)
            made = _MAKERS[found.COMMAND](again).write(beside / RESULT, progress=tell)
            problems: tuple[Difference, ...] = ()
        except StemgeoError as error:
            problems = tuple(map(_report_not_computed, error.problems))
        progress(COMPARING, 0.95)
        differences = (
            *_compare_files(folder, content, made),
            *(other for one in asked for other in (*_compare_study(one), *_compare_inputs(one))),
            *(_compare_result(found, folder, made, left_out) if made else problems),
        )
    files = [(one.then.get("study_file") or {}).get("name", "") for one in asked]
    versions = versions_in_both(content, list_made_with(*found.LIBRARIES))
    return Verification(
        folder=folder,
        study=", ".join(dict.fromkeys(filter(None, files))),
        files=len(content["outputs"]),
        inputs=sum(len(one.then["inputs"]) for one in asked),
        differences=differences,
        versions=tuple(_yield_differences("versions", *versions)),
        left_out=left_out,
        language=found.language,
    )


def _find_studies(
    found: Outcome, folder: Path, given: Sequence[Study | str | Path], beside: BesideStudy
) -> tuple[tuple[StudyOfThen, ...], tuple[Path, ...]]:
    """Find the studies that a result was made of, and the folders in which files of then may be."""
    behind = found.made_of
    if given and len(given) != len(behind):
        what = f"is made of {len(behind)} studies, {len(given)} given"
        raise ResultError(Problem(str(folder), what, "give each, in their order, or none"))
    places: tuple[Path, ...] = (Path(), folder, folder.resolve().parent)
    studies: list[Study] = []
    for then, one in zip_longest(behind, given):
        study, home = (
            (one, Path()) if isinstance(one, Study) else read_study_again(folder, then, one, places)
        )
        studies, places = [*studies, study], (*places, home)
    alone = len(behind) == 1
    asked = []
    for then, study, side in zip(behind, studies, ("A: ", "B: "), strict=False):
        as_then = study
        for role, given_path in beside.items():
            # One of two may have been measured without it; a trend is of no plan.
            own = alone or bool(then["study"]["inputs"].get(role))
            own &= (found.COMMAND, role) != (TREND, "plan")
            as_then = give_of_then(role, as_then, then, given_path if own else None, places)
        give = _GIVE_ASKED.get(found.COMMAND)
        as_then = as_then if give is None else give(as_then, then)
        as_then = keep_asked(as_then) if found.COMMAND == EXPLAIN else as_then
        years = tuple(found.manifest.get("years", ()))
        asked.append(StudyOfThen(then, as_then, "" if alone else side, years))
    return tuple(asked), places


def _refuse_idle_beside(found: Outcome, folder: Path, beside: BesideStudy) -> None:
    """Refuse a plan or edits that are given here, where the result has none."""
    alone, asked = len(found.made_of) == 1, [one["study"]["inputs"] for one in found.made_of]
    idle = {
        "plan": found.COMMAND == TREND or not (alone or any(one.get("plan") for one in asked)),
        "network_edits": not (alone or any(one.get("network_edits") for one in asked)),
    }
    told = {
        "plan": ("counts no plan", "leave --plan out"),
        "network_edits": ("has no edits of roads", "leave --edits out"),
    }
    for role, given in beside.items():
        if given is not None and idle[role]:
            raise ResultError(Problem(str(folder), *told[role]))


def _name_own_texts(language: str) -> tuple[str, ...]:
    """Name the documents of an answer whose text comes of templates of one's own."""
    stem = load_texts(language)("file.letter")
    return f"{stem}.docx", f"{stem}.pdf"


# -- what differs ----------------------------------------------------------------------------


def _compare_files(folder: Path, content: Manifest, made: Path | None) -> Iterator[Difference]:
    """Compare the files of the folder with the manifest."""
    then = content["outputs"]
    there = {path.relative_to(folder).as_posix(): path for path in _list_own_files(folder)}
    for name in sorted({*then, *there} - {MANIFEST}):
        if name not in there:
            yield Difference(FILES, name, say_text("verify.is.missing"))
        elif name not in then:
            yield Difference(FILES, name, say_text("verify.is.added"))
        elif there[name].is_symlink():
            yield Difference(FILES, name, say_text("verify.is.link"))
        elif not is_as_written(there[name], then[name]["sha256"]):
            changed = Difference(FILES, name, say_text("verify.is.changed"))
            # What comes out otherwise is told there, with its figures.
            as_then = made is not None and is_as_written(made / name, then[name]["sha256"])
            yield _add_figures(changed, folder, made) if made and as_then else changed


def _list_own_files(folder: Path) -> list[Path]:
    # A link is no folder of a result, whatever it leads to.
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return [path for path in found if not is_litter(path)]


def _compare_study(asked: StudyOfThen) -> Iterator[Difference]:
    """Compare the study's file and its choices with those of then."""
    then, now = asked.then.get("study_file"), asked.study.file
    if then and now and then["sha256"] != now.sha256:
        hashes = (shorten_hash(then["sha256"]), shorten_hash(now.sha256))
        yield Difference(
            STUDY, f"{asked.side}{now.name}", say_text("verify.is.other_file"), *hashes
        )
    chosen, now_chosen = (
        dict(flatten_values(one)) for one in (asked.then["study"], list_choices(asked.asked))
    )
    yield from _yield_differences(STUDY, chosen, now_chosen, asked.side)


def _compare_inputs(asked: StudyOfThen) -> Iterator[Difference]:
    """Compare the files of the study with the hashes of then."""
    for where, kind, then, now in asked.list_other_inputs():
        yield Difference(INPUTS, f"{asked.side}{where}", say_text(f"verify.is.{kind}"), then, now)


def _report_not_computed(problem: Problem | str) -> Difference:
    where, what = (problem.where, problem.what) if isinstance(problem, Problem) else ("", problem)
    return Difference(RESULT, where or RESULT, say_text("verify.is.not_computed", what=what))


def _compare_result(
    found: Outcome, folder: Path, made: Path, left_out: tuple[str, ...]
) -> Iterator[Difference]:
    """Compare what came out now with the hashes of then; tables figure by figure."""
    content, content_now = found.manifest, read_checked_manifest(made, found.COMMAND)
    then, now = _list_outputs(content), _list_outputs(content_now)
    others = {name for name in {*then, *now} if then.get(name) != now.get(name)}
    others -= set(left_out)
    # What describes the other files differs with each of them, and with those left out.
    figures = {name for name in others if name.partition(" (")[0] not in DESCRIPTIONS}
    for name in sorted(figures if figures or left_out else others):
        if name not in now:
            yield Difference(RESULT, name, say_text("verify.is.gone"))
        elif name not in then:
            yield Difference(RESULT, name, say_text("verify.is.new"))
        else:
            other = Difference(RESULT, name, say_text("verify.is.otherwise"))
            yield _add_figures(other, folder, made)
    told_then, told_now = _list_told(content), _list_told(content_now)
    if left_out:  # a PDF that was not made has no standard
        told_now["pdf_standard"] = told_then.get("pdf_standard", "")
    yield from _yield_differences(RESULT, told_then, told_now, f"{MANIFEST}, ")


_BEHIND = {"result": "of the run", "plan": "of the plan", "before": "of the earlier result",
           "trend": "of the trend", "links": "of which road", "planned": "of the run with the plan",
           "compared": "of the comparison", "why": "of the bridge"}  # fmt: skip
"""Manifests of what an answer was made of, and what their files are called."""
_TOLD_ELSEWHERE = re.compile(
    # Of each manifest: versions, files, and a hash of all, which differs where anything else does.
    r"((result|plan|planned|before|trend|links|compared|why|((compared|why)\.)?[ab])\.)?(stemgeo|python|libraries|outputs|seal)(\..*)?"
    # Of those that tell of the studies asked: these, and what their files hold.
    r"|((result|a|b)\.)?(study(_file)?|inputs\.\d+\.(size_bytes|sha256))(\..*)?"
    r"|(plan|planned|before|trend|links|(compared|why)\.[ab])\.study_file\.(name|size_bytes)",
    re.DOTALL,
)
"""What a manifest tells that another step compares, by its full name."""


def _list_outputs(content: Manifest) -> dict[str, str]:
    """Give the hash of each file, and of those that the result was made of."""
    parts = {f" ({called})": content.get(part) for part, called in _BEHIND.items()}
    return {
        f"{name}{of}": item["sha256"]
        for of, one in ({"": content} | parts).items()
        for name, item in (one or {"outputs": {}})["outputs"].items()
    }


def _list_told(content: Manifest) -> dict[str, Any]:
    """Give what a manifest tells that no other step compares."""
    told = flatten_values(content)
    return {name: value for name, value in told if not _TOLD_ELSEWHERE.fullmatch(name)}


def _yield_differences(
    part: str, then: dict[str, Any], now: dict[str, Any], before: str = ""
) -> Iterator[Difference]:
    """List the values that are others now, by name."""
    for name in dict.fromkeys([*then, *now]):
        values = [one.get(name, "") for one in (then, now)]
        if values[0] != values[1]:
            then_, now_ = map(str, values)
            yield Difference(part, f"{before}{name}", say_text("verify.is.differs"), then_, now_)


def _add_figures(difference: Difference, folder: Path, made: Path) -> Difference:
    """Add the figures in which a table of the folder differs from the one that came out now."""
    rows, of_rows, figures = compare_tables(folder / difference.where, made / difference.where)
    return replace(difference, rows=rows, of_rows=of_rows, figures=figures)
