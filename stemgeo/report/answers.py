"""The answer to parliament: a text in Word and PDF, tables, maps, and a file behind each number.

Everything is made of a written result, so that the answer says what the result says.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stemgeo.errors import Problem, ResultError
from stemgeo.maps.kinds import save_map
from stemgeo.maps.text import province_name
from stemgeo.measure import Progress, report_nothing
from stemgeo.notes import Said
from stemgeo.report.annex import GAPS, annex_stem, write_gaps, write_municipalities
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.files import (
    ANSWER,
    refuse_taken,
    result_folder,
    write_csv,
    write_manifest,
)
from stemgeo.report.letter import (
    TEMPLATES,
    Heading,
    Letter,
    Picture,
    write_letter,
)
from stemgeo.report.manifests import list_made_with
from stemgeo.report.outcome import Outcome, Tables, WrittenPlan
from stemgeo.report.paper import Look, Plate, write_pdf
from stemgeo.report.sheets import Sheets
from stemgeo.report.word import write_docx
from stemgeo.study import PROVINCES
from stemgeo.subsidy import load_subsidy_rules
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stemgeo.speech import Language

REGION, FIRST_PROVINCE, WEB = 2, 3, 9
"""Numbers of the annexes that are maps; provinces follow in the order of the ministry."""
TABLES = ("coverage", "changes", "groups", "provinces", "sensitivity", "effects", "placement",
          "subsidy")  # fmt: skip
"""Tables of the result that go along as they are."""
KINDS = {"share": "", "academies": "-academies"}
"""Maps of the region and of each province, and what their file names end in."""
LIBRARIES = ("babel", "jinja2", "markdown-it-py", "python-docx", "typst", "xlsxwriter")
"""Beside those of the run: what the bytes of an answer hang on."""


@dataclass(frozen=True)
class AnswerMap:
    """A map of the answer: what it draws, how a template calls it, its file without suffix."""

    kind: str
    province: str | None
    called: str
    number: int
    stem: str
    title: str


def answer(
    result: Tables | str | Path,
    place: str | Path,
    *,
    language: Language | None = None,
    plan: Outcome | str | Path | None = None,
    before: Tables | str | Path | None = None,
    templates: str | Path | None = None,
    replace: bool = False,
    progress: Progress = report_nothing,
) -> Path:
    """Write the answer to parliament from a result: whole, or not at all.

    Parameters
    ----------
    result
        What `run` or `read_result` gave, or the folder of a run. One in memory is written to a
        temporary folder first, as are those below: of a folder it is quicker.
    place
        Where the answer goes; an older answer there is replaced where nobody worked on it.
    language
        "nl", "en" or "fr"; that of the result when not given.
    plan
        What `site` gave for the same study, or its folder: what the next places would add.
    before
        A result of the year before, to tell how the shares changed.
    templates
        A folder with texts of one's own, see `letter.TEMPLATES`.
    replace
        Whether anything else there is kept beside it, as NAME.old-DATE, in place of refused.
    progress
        Called with what is being done and the share behind us.

    Returns
    -------
    Path
        The place.

    Raises
    ------
    ResultError
        If a table was changed after the run, the plan is of another study, or a template names
        what there is not.
    """
    if language is None and isinstance(result, Outcome):
        language = result.language
    given = (result, plan, before)
    there = [one.folder if isinstance(one, Outcome) else one for one in (*given, templates)]
    reads = [Path(one) for one in there if one is not None]
    refuse_taken(Path(place), ANSWER, replace=replace, reads=reads)
    with ExitStack() as stack:
        folder, of_plan, earlier = (
            stack.enter_context(one.in_folder()) if isinstance(one, Outcome) else one
            for one in given
        )
        return _write_answer(
            Source.from_folder(folder or "", language),
            Path(place),
            plan=None if of_plan is None else WrittenPlan.from_folder(of_plan),
            before=None if earlier is None else Tables.from_folder(earlier, language),
            templates=None if templates is None else Path(templates),
            replace=replace,
            progress=progress,
        )


def answer_without_text(
    folder: Path,
    place: Path,
    text: Letter,
    *,
    language: Language,
    plan: Path | None = None,
    before: Path | None = None,
) -> Path:
    """Write all of an answer but its text in Word and PDF: no template is run.

    Parameters
    ----------
    folder, place, language, plan, before
        As in `answer`.
    text
        What the read me and the manifest tell of it: the templates, and the numbers typed in them.
    """
    return _write_answer(
        Source.from_folder(folder, language),
        place,
        text=text,
        plan=WrittenPlan.from_folder(plan) if plan else None,
        before=Tables.from_folder(before, language) if before else None,
    )


def _write_answer(
    source: Source,
    place: Path,
    *,
    text: Letter | None = None,
    plan: WrittenPlan | None,
    before: Tables | None,
    templates: Path | None = None,
    replace: bool = False,
    progress: Progress = report_nothing,
) -> Path:
    asked = source.language
    _refuse_inside(place, [one.folder for one in (source, plan, before) if one and one.folder])
    sheets = sorted(_yield_maps(source, before), key=lambda one: (one.number, one.stem))
    annexes = _list_annexes(source, sheets)
    told = gather_figures(source, plan=plan, before=before)
    letter = text or write_letter(told | {"annexes": annexes}, asked, templates)
    if text is None:
        _refuse_unknown_pictures(letter, sheets, asked)
        _refuse_headings_out_of_order(letter, asked)
    with result_folder(place, ANSWER, replace=replace) as out:
        words = load_texts(asked)
        data = out / words("file.data")
        data.mkdir()
        atlas = Sheets(source)
        earlier = Sheets(before.told_in(asked)) if before else None
        plates = dict(_yield_drawn((atlas, earlier), sheets, out, data, progress))
        progress(Said("Writing annexes", "Bijlagen schrijven", "Rédaction des annexes"), 0.8)
        write_municipalities(source, out)
        write_gaps(source, out)
        _copy_tables(data, source, plan, before)
        page = out / f"{annex_stem(WEB, asked)}.html"
        page.write_text(_draw_web_map(atlas, source), encoding="utf-8")
        progress(Said("Writing the answer", "Antwoord schrijven", "Rédaction de la réponse"), 0.9)
        standard = ""
        if text is None:
            look = Look(asked, source.study.about.date, told["study"]["notice"])
            write_docx(letter, plates, look, out / f"{words('file.letter')}.docx")
            standard = write_pdf(letter, plates, look, out / f"{words('file.letter')}.pdf")
        lines = _write_readme(source, letter, annexes["all"])
        readme = "".join(f"{line}\n" for line in lines)
        (out / words("file.readme")).write_text(readme, encoding="utf-8")
        about = {"pdf_standard": standard, "typed_numbers": list(letter.typed)}
        write_manifest(out, _build_answer_manifest(source, letter, plan, before) | about)
    return place


def _refuse_inside(place: Path, folders: list[Path]) -> None:
    """Refuse to write into what is read: a result with an answer in it is no longer as it was."""
    for folder in folders:
        if place.resolve().is_relative_to(folder.resolve()):
            what = f"lies in {folder}, of which the answer is made"
            raise ResultError(Problem(str(place), what, "choose another folder"))


def _yield_maps(source: Source, before: Tables | None) -> Iterator[AnswerMap]:
    """List the maps: children in time and academies, of all and of each province; change; gaps."""
    words, language = load_texts(source.language), source.language
    text = source.text
    there = set(source.table("annex-1-municipalities")["province"])
    for number, province in enumerate((None, *PROVINCES), start=REGION):
        if province is None or province in there:
            for kind, suffix in KINDS.items():
                stem = f"{annex_stem(number, language)}{suffix}"
                title = words(f"answer.{kind}", place=text.name_place(province))
                called = province_name(province, words) if province else "region"
                yield AnswerMap(kind, province, called, number, stem, title)
    if before:
        stem = f"{annex_stem(REGION, language)}{words('file.change')}"
        yield AnswerMap(
            "change",
            None,
            "region",
            REGION,
            stem,
            words("answer.change", place=text.name_place(None)),
        )
    title = words("answer.gaps_map", place=text.name_place(None))
    yield AnswerMap("gaps", None, "gaps", GAPS, annex_stem(GAPS, language), title)


def _list_annexes(source: Source, sheets: list[AnswerMap]) -> dict[str, Any]:
    """Give a template the annexes: by what they are about, file by file, and their pictures."""
    words, language = load_texts(source.language), source.language
    rows = [
        (1, "municipalities", f"{annex_stem(1, language)}.xlsx", words("answer.municipalities"))
    ]
    rows += [(one.number, one.called, f"{one.stem}.pdf", one.title) for one in sheets]
    rows += [(GAPS, "gaps", f"{annex_stem(GAPS, language)}.xlsx", words("answer.gaps"))]
    rows += [(WEB, "map", f"{annex_stem(WEB, language)}.html", words("answer.web"))]
    named: dict[str, Any] = {}
    for number, key, file, title in rows:
        named.setdefault(key, {"number": number, "title": title, "file": file})
    counts = Counter(number for number, *_ in rows)
    letters = {number: iter("abc") for number in counts}
    every = [
        {
            "number": f"{number}{next(letters[number])}" if counts[number] > 1 else str(number),
            "title": title,
            "file": file,
        }
        for number, _, file, title in rows
    ]
    of_file = {one["file"]: one["number"] for one in every}
    pictures = [
        {"number": of_file[f"{one.stem}.pdf"], "title": one.title, "key": one.stem}
        for one in sheets
    ]
    last = max((one for one in sheets if one.kind == "share"), key=lambda one: one.number)
    return named | {"last_map": named[last.called], "all": every, "pictures": pictures}


def _refuse_unknown_pictures(letter: Letter, sheets: list[AnswerMap], language: Language) -> None:
    known = [sheet.stem for sheet in sheets]
    for block in letter.blocks:
        if isinstance(block, Picture) and block.key not in known:
            what = f"there is no picture '{block.key}'"
            where = TEMPLATES[language]
            raise ResultError(Problem(where, what, f"there are: {', '.join(known)}"))


def _refuse_headings_out_of_order(letter: Letter, language: Language) -> None:
    """Refuse what a screen reader cannot follow: no PDF/UA could be made of it."""
    levels = [block.level for block in letter.blocks if isinstance(block, Heading)]
    problem = None
    if not letter.title or levels[0] != 1:
        problem = "has no title", "begin with a line '# ...'"
    for above, level in pairwise(levels):
        if level > above + 1:
            marks = "#" * level, "#" * (above + 1)
            problem = f"a heading '{marks[0]}' stands below none '{marks[1]}'", "use one fewer #"
    if problem:
        raise ResultError(Problem(TEMPLATES[language], *problem))


def _yield_drawn(
    atlases: tuple[Sheets, Sheets | None],
    sheets: list[AnswerMap],
    out: Path,
    data: Path,
    progress: Progress,
) -> Iterator[tuple[str, Plate]]:
    """Draw every map, with its rows beside the other tables."""
    for done, sheet in enumerate(sheets):
        progress(
            Said("Drawing maps", "Kaarten tekenen", "Dessin des cartes"),
            0.1 + 0.7 * done / len(sheets),
        )
        atlas, earlier = atlases
        before = earlier if sheet.kind == "change" else None
        drawn = atlas.draw(sheet.kind, sheet.province, before=before)
        paths = {path.suffix: path for path in save_map(drawn, out / sheet.stem)}
        write_csv(drawn.table, data / f"{sheet.stem}.csv")
        yield sheet.stem, Plate(paths[".png"], paths[".svg"], drawn.alt)


def _copy_tables(
    data: Path, source: Source, plan: WrittenPlan | None, before: Tables | None
) -> None:
    """Put the tables beside the answer from which it was written: a file behind each number."""
    plan_tables = ("plan", "plan-provinces")
    named: list[tuple[Tables | WrittenPlan, dict[str, str]]] = [
        (source, {name: name for name in TABLES})
    ]
    named += [(plan, {name: name for name in plan_tables})] if plan else []
    named += [(before, {"coverage": "coverage-before"})] if before else []
    for one, names in named:
        for name, called in names.items():
            shutil.copyfile(one.path(f"tables/{name}.csv"), data / f"{called}.csv")


def _draw_web_map(atlas: Sheets, source: Source) -> str:
    """Give the web map; the run has written it in its own language."""
    if source.language == source.manifest["study"]["output"]["language"]:
        path = source.path("map.html")
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ResultError(Problem(str(path), "is no page", "run the study again")) from None
    return atlas.draw_web_map()


def _write_readme(source: Source, letter: Letter, annexes: list[dict[str, Any]]) -> list[str]:
    """Say what each file is, of which day and whose data, and how to compute it again."""
    words, text = load_texts(source.language), source.text
    lines = [words("answer.read", title=text.title), *text.cautions, "", words("answer.files")]
    lines += [f"  {words.join_pair(words('file.letter') + '.docx, .pdf', words('answer.letter'))}"]
    lines += [f"  {words.join_pair(Path(one['file']).stem, one['title'])}" for one in annexes]
    lines += [f"  {words.join_pair(words('file.data') + '/', words('answer.data'))}"]
    lines += [f"  {words.join_pair('manifest.json', words('answer.manifest'))}"]
    lines += ["", words("answer.again")]
    if letter.typed:
        lines += ["", words.join_pair(words("answer.typed"), ", ".join(letter.typed))]
    lines += ["", words.join_pair(words("answer.dates"), text.date)]
    lines += [words.join_pair(words("answer.sources"), text.source)]
    notes = [one.to_text(source.language) for one in source.notes]
    return lines + (["", words("answer.notes"), *(f"- {one}" for one in notes)] if notes else [])


def _build_answer_manifest(
    source: Source, letter: Letter, plan: WrittenPlan | None, before: Tables | None
) -> dict[str, Any]:
    """Say of what the answer was made, so that it can be made again."""
    text = source.text
    return {
        "command": ANSWER,
        **list_made_with(*LIBRARIES),
        "notice": text.notice,
        "method_note": text.method_note,
        "attribution": text.source,
        "options": {"language": source.language},
        "templates": dict(letter.own),
        "subsidy_rules": load_subsidy_rules(source.study.subsidy.year).model_dump(),
        "result": source.manifest,
        "plan": plan and plan.manifest,
        "before": before and before.manifest,
    }
