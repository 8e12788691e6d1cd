"""The answer to parliament: a text in Word and PDF, tables, maps, and a file behind each number.

Everything is made of a written result, so that the answer says what the result says.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, ClassVar

from stemgeo.coverage import REGION as WHOLE
from stemgeo.errors import Problem, ResultError
from stemgeo.maps.page import save_described
from stemgeo.maps.text import province_name
from stemgeo.measure import UPPER
from stemgeo.report.accounts import find_question, list_sources
from stemgeo.report.annex import (
    GAPS,
    MUNICIPALITIES,
    SURENESS,
    YEARS,
    Beside,
    annex_stem,
    write_gaps,
    write_municipalities,
)
from stemgeo.report.bridge import Explanation
from stemgeo.report.content import Source, gather_figures, name_province
from stemgeo.report.describing import DESCRIPTIONS
from stemgeo.report.files import ANSWER, refuse_taken, write_csv
from stemgeo.report.letter import TEMPLATES, Heading, Letter, Picture, write_letter
from stemgeo.report.manifests import list_made_with, read_study
from stemgeo.report.outcome import Outcome, Tables, WrittenLinks, WrittenPlan, WrittenTrend
from stemgeo.report.overview import (
    draw_trend_chart,
    draw_trend_maps,
    judge_targets,
    refuse_other_trend,
    write_overview,
)
from stemgeo.report.paper import Look, Plate, write_pdf
from stemgeo.report.questions import arrange_letter
from stemgeo.report.sheets import Sheets
from stemgeo.report.summary import format_coverage
from stemgeo.report.sureness import write_sureness
from stemgeo.report.variant import MeasuredPlan, is_measured_plan
from stemgeo.report.word import write_docx
from stemgeo.stages import (
    DRAWING_MAPS,
    READING_RESULT,
    WRITING_ANNEXES,
    WRITING_ANSWER,
    Progress,
    count_off,
    report_nothing,
)
from stemgeo.study import PROVINCES
from stemgeo.subsidy import find_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from stemgeo.speech import Language

REGION, WEB = 2, 9
"""Numbers of annexes that are maps; provinces follow the region in the order of the ministry."""
TABLES = (
    *("coverage", "changes", "groups", "provinces", "academies", "sensitivity", "effects"),
    *("placement", "subsidy", "uncertainty", "verdicts", "to-check"),
    *("reported-figures", "participants", "budget", "events"),
)
"""Tables of the result that go along as they are."""
KINDS = {"share": "", "academies": "-{file_facilities}"}
"""Maps of the region and of each province, and what their file names end in."""


@dataclass(frozen=True)
class AnswerMap:
    """A map of the answer: what it draws, how a template calls it, its file without suffix."""

    kind: str
    province: str | None
    called: str
    number: int
    stem: str
    title: str


@dataclass(frozen=True, eq=False, repr=False)
class Answer(Outcome):
    """An answer to parliament: its text, and the results behind it.

    Attributes
    ----------
    source, plan, variant, before, trend, links, why
        The results that it is made of, each from its folder; in no folder of an answer. `plan` is
        of `stemgeo site`, `variant` a plan that was measured, `why` of `stemgeo explain`.
    letter
        Its text; without blocks no document is written of it.
    maps, annexes
        What it draws, and how its text calls the files beside it.
    typed_numbers
        The numbers that stand in a template: no table vouches for them.
    unanswered
        The numbers of the questions of the study that no section of its text answers.
    pdf_standard
        That its PDF keeps to; empty when a text has a letter that no font at hand can show.
    templates
        The texts of one's own that it was made of, by file name.
    notes
        Those of the result.
    """

    COMMAND = ANSWER
    LIBRARIES = ("markdown-it-py", "python-docx", "typst", "xlsxwriter")
    SAID: ClassVar[Mapping[str, str]] = {
        name: name for name in ("typed_numbers", "unanswered", "pdf_standard", "templates")
    }
    NO_OTHER_TONGUE = "is written in '{own}'", "write it again in '{other}'"

    source: Source
    plan: WrittenPlan | None
    variant: MeasuredPlan | None
    before: Tables | None
    trend: WrittenTrend | None
    links: WrittenLinks | None
    why: Explanation | None
    letter: Letter
    maps: tuple[AnswerMap, ...]
    annexes: dict[str, Any]
    typed_numbers: list[str] = field(init=False)
    unanswered: list[int] = field(init=False)
    pdf_standard: str = field(init=False)
    templates: dict[str, str] = field(init=False)

    @property
    def language(self) -> Language:
        """In which it is written."""
        return read_study(self.manifest["result"]).say_in(self.manifest["options"]["language"])

    @cached_property
    def targets(self) -> pd.DataFrame:
        """The table `targets`: what the study wants to reach, beside what was measured."""
        return judge_targets(self.source.study.targets, self.source, self.trend)

    @property
    def made_of(self) -> tuple[dict[str, Any], ...]:
        """The manifest of its result."""
        return (self.manifest["result"],)

    def shown(self) -> pd.DataFrame:
        """Give the province table in words."""
        return format_coverage(self.table("provinces"), self.language)

    def table(self, name: str) -> pd.DataFrame:
        """Give one of the tables that go along as they are, see `TABLES`."""
        if name not in TABLES:
            what = f"has no table '{name}'"
            raise ResultError(Problem(self._name_of_folder, what, f"it has: {', '.join(TABLES)}"))
        if self.folder is None:
            return self.source.table(name)
        found: pd.DataFrame = self._read_file(f"{self.words('file.data')}/{name}.csv")
        return found

    def _write_files(self, folder: Path, progress: Progress) -> dict[str, Any]:
        """Draw the maps, copy tables, write annexes, the text and the read me."""
        source, words = self.source, self.words
        data = folder / words("file.data")
        data.mkdir()
        atlas = Sheets(source)
        plates = dict(self._yield_drawn(atlas, folder, data, progress))
        progress(WRITING_ANNEXES, 0.8)
        beside = Beside(self.plan, self.before, self.variant)
        write_municipalities(source, folder, beside)
        write_gaps(source, folder, beside)
        write_sureness(source, folder, annex_stem(SURENESS, self.language))
        if self.trend:
            stem = annex_stem(YEARS, self.language)
            write_overview(source, self.trend, self.targets, folder, stem)
        for one in self.annexes["own"]:
            shutil.copyfile(source.path(one["of"]), folder / one["file"])
        self._copy_tables(data)
        page = folder / f"{annex_stem(WEB, self.language)}.html"
        page.write_text(self._draw_web_map(atlas), encoding="utf-8")
        progress(WRITING_ANSWER, 0.9)
        standard, stem = "", words("file.letter")
        if self.letter.blocks:
            look = Look(self.language, source.study.about.date, source.text.notice)
            write_docx(self.letter, plates, look, folder / f"{stem}.docx")
            standard = write_pdf(self.letter, plates, look, folder / f"{stem}.pdf")
        readme = "".join(f"{line}\n" for line in self._list_readme())
        (folder / words("file.readme")).write_text(readme, encoding="utf-8")
        return {"pdf_standard": standard}

    def _draw_web_map(self, atlas: Sheets) -> str:
        """Give the web map; the run has written it in its own language, of itself alone."""
        source, before = self.source, Sheets(self.before) if self.before else None
        own = source.language == source.manifest["study"]["output"]["language"]
        if not own or before or self.plan or self.links:
            return atlas.draw_web_map(plan=self.plan, before=before, links=self.links)
        path = source.path("map.html")
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ResultError(Problem(str(path), "is no page", "run the study again")) from None

    def _yield_drawn(
        self, atlas: Sheets, folder: Path, data: Path, progress: Progress
    ) -> Iterator[tuple[str, Plate]]:
        """Draw every map, with its rows beside the other tables."""
        earlier = Sheets(self.before) if self.before else None
        for done, one in enumerate(self.maps):
            told = count_off(DRAWING_MAPS, done + 1, len(self.maps))
            progress(told, 0.1 + 0.7 * done / len(self.maps))
            before = earlier if one.kind == "change" else None
            figure, alt, table = self._draw(one, atlas, before)
            paths = {path.suffix: path for path in save_described(figure, folder / one.stem, alt)}
            write_csv(table, data / f"{one.stem}.csv")
            yield one.stem, Plate(paths[".png"], paths[".svg"], alt)

    def _draw(
        self, one: AnswerMap, atlas: Sheets, before: Sheets | None
    ) -> tuple[Figure, str, pd.DataFrame]:
        """Draw one picture: it, what it shows in words, and its rows."""
        if one.kind == "years" and self.trend:
            return draw_trend_chart(self.trend)
        if one.kind == "year_maps" and self.trend:
            return draw_trend_maps(self.source, self.trend)
        if one.kind == "plan" and self.plan:
            drawn = atlas.draw_plan(self.plan, one.province)
        elif one.kind == "plan" and self.variant and self.variant.with_plan:
            planned = Sheets(self.variant.with_plan)
            drawn = planned.draw("plan", one.province, before=atlas)
        else:
            drawn = atlas.draw(one.kind, one.province, before=before)
        return drawn.figure, drawn.alt, drawn.table

    def _copy_tables(self, data: Path) -> None:
        """Put the tables beside the answer from which it was written: a file behind each number."""
        there = {name: f"tables/{name}.csv" for name in TABLES}
        known = self.source.manifest["outputs"]
        files = {f"{k}.csv": self.source.path(one) for k, one in there.items() if one in known}
        if "to-check.gpkg" in known:
            files["to-check.gpkg"] = self.source.path("to-check.gpkg")
        if self.plan:
            names = ("plan.csv", "plan-provinces.csv", "plan-municipalities.csv")
            files |= {name: self.plan.path(f"tables/{name}") for name in names}
        if self.links:
            for name in ("links", "link-sets", "links-municipalities", "link-ranks"):
                files[f"{name}.csv"] = self.links.path(f"tables/{name}.csv")
            files["links.gpkg"] = self.links.path("links.gpkg")
        if self.trend:
            of = {"trend": "trend", "trend-municipalities": "trend-municipalities",
                  "trend-reported": "reported"}  # fmt: skip
            written = self.trend.manifest["outputs"]
            files |= {
                f"{name}.csv": self.trend.path(f"tables/{one}.csv")
                for name, one in of.items()
                if f"tables/{one}.csv" in written
            }
        if self.why:
            names = ("bridge.csv", "bridge-questions.csv", "bridge-new.csv")
            files |= {name: self.why.path(f"tables/{name}") for name in names}
        if self.before:
            files["coverage-before.csv"] = self.before.path("tables/coverage.csv")
        for name, path in files.items():
            shutil.copyfile(path, data / name)
        times = self.source.times
        # Those of zones are more than a spreadsheet holds.
        write_csv(times[times["level"].isin(UPPER)], data / "times.csv")
        if len(self.targets):
            write_csv(self.targets, data / "targets.csv")
        self._write_compared(data)

    def _write_compared(self, data: Path) -> None:
        """Write what a plan changes, at each level."""
        if self.variant is None:
            return
        compared = self.variant.compared
        write_csv(self.variant.places, data / "plan-academies.csv")
        for level in UPPER:
            rows = compared.table[compared.table["level"] == level]
            if len(rows):
                write_csv(rows, data / f"plan-{level}.csv")

    def _list_readme(self) -> Iterator[str]:
        """Say what each file is, of which day and whose data, and how to compute it again."""
        words, text = self.words, self.source.text
        yield from (words("answer.read", title=text.title), *text.cautions)
        yield from ("", words("answer.files"))
        ours = len(self.annexes["all"]) - len(self.annexes["own"])
        files = [
            (f"{words('file.letter')}.docx, .pdf", words("answer.letter")),
            *((Path(one["file"]).stem, one["title"]) for one in self.annexes["all"][:ours]),
            *((one["file"], one["title"]) for one in self.annexes["own"]),
            (f"{words('file.data')}/", words("answer.data")),
            ("manifest.json", words("answer.manifest")),
            (", ".join(DESCRIPTIONS), words("answer.described")),
        ]
        yield from (f"  {words.join_pair(*one)}" for one in files)
        yield from ("", words("answer.again"))
        if self.letter.unanswered:
            told = ", ".join(map(str, self.letter.unanswered))
            yield from ("", words.join_pair(words("answer.unanswered"), told))
        if self.letter.typed:
            yield from ("", words.join_pair(words("answer.typed"), ", ".join(self.letter.typed)))
        yield from ("", words.join_pair(words("answer.dates"), text.date))
        sources = words.join_series(dict.fromkeys([text.source, *list_sources(self.source)]))
        yield words.join_pair(words("answer.sources"), sources)
        if self.source.notes:
            yield from ("", words("answer.notes"))
            yield from (f"- {one.to_text(self.language)}" for one in self.source.notes)

    def _build_manifest(self) -> dict[str, Any]:
        """Say of what the answer was made, so that it can be made again."""
        source, text = self.source, self.source.text
        of = find_rules(source.study.subsidy)
        return {
            "command": ANSWER,
            **list_made_with(*self.LIBRARIES),
            "notice": text.notice,
            "method_note": text.method_note,
            "attribution": text.source,
            "options": {"language": source.language},
            "templates": dict(self.letter.own),
            "subsidy_rules": of and of.model_dump(),
            "result": source.manifest,
            "plan": self.plan and self.plan.manifest,
            "planned": self.variant and self.variant.with_plan and self.variant.with_plan.manifest,
            "compared": None
            if self.variant is None or self.variant.with_plan
            else self.variant.compared.manifest,
            "before": self.before and self.before.manifest,
            "trend": self.trend and self.trend.manifest,
            "links": self.links and self.links.manifest,
            "why": self.why and self.why.manifest,
            "pdf_standard": "",
            "typed_numbers": list(self.letter.typed),
            "unanswered": list(self.letter.unanswered),
        }


def answer(
    result: Tables | str | Path,
    place: str | Path,
    *,
    language: Language | None = None,
    plan: Outcome | str | Path | None = None,
    before: Tables | str | Path | None = None,
    trend: Outcome | str | Path | None = None,
    links: Outcome | str | Path | None = None,
    why: Outcome | str | Path | None = None,
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
        What `site` gave for the same study, or its folder: what the next places would add. Or a
        plan that was measured: what `run` gave for the study with a plan, or `compare` for the
        results without and with it.
    before
        A result of the year before, to tell how the shares changed.
    trend
        What `trend` gave for the same study, or its folder: the overview by year.
    links
        What `links` gave for the same study, or its folder: which roads would help.
    why
        What `explain` gave with this study as B, or its folder: why the figure changed.
    templates
        A folder with texts of one's own, see `letter.TEMPLATES`.
    replace
        Whether anything else there is kept beside it, as NAME.old-DATE, in place of refused.
    progress
        Called with what is being done and the share behind us.

    Returns
    -------
    Path
        The place; `read_result` reads it back.

    Raises
    ------
    ResultError
        If a table was changed after the run, the plan or the trend is of another study, or a
        template names what there is not.
    """
    if language is None and isinstance(result, Outcome):
        language = result.language
    own = None if templates is None else Path(templates)
    given = [
        one if one is None or isinstance(one, Outcome) else Path(one)
        for one in (result, plan, before, trend, links, why)
    ]
    there = [one.folder if isinstance(one, Outcome) else one for one in given]
    reads = [one for one in there if one is not None]
    refuse_taken(Path(place), ANSWER, replace=replace, reads=[*reads, own] if own else reads)
    _refuse_inside(Path(place), reads)
    progress(READING_RESULT, 0.0)
    with ExitStack() as stack:
        asked, *others = (
            stack.enter_context(one.in_folder()) if isinstance(one, Outcome) else one
            for one in given
        )
        made = build_answer(asked or Path(), *others, language=language, templates=own)
        return made.write(place, replace=replace, progress=progress)


def build_answer(
    result: Path,
    plan: Path | None = None,
    before: Path | None = None,
    trend: Path | None = None,
    links: Path | None = None,
    why: Path | None = None,
    *,
    language: Language | None = None,
    templates: Path | None = None,
    text: Letter | None = None,
) -> Answer:
    """Gather an answer from the folders of results, ready to be written.

    Parameters
    ----------
    result, plan, before, trend, links, why, language, templates
        As for `answer`.
    text
        In the place of a template, of which none is run: see `Answer.letter`.

    Raises
    ------
    ResultError
        As for `answer`.
    """
    source = Source.from_folder(result, language)
    variant = MeasuredPlan.from_folder(source, plan) if plan and is_measured_plan(plan) else None
    planned = WrittenPlan.from_folder(plan) if plan and not variant else None
    earlier = Tables.from_folder(before, source.language) if before else None
    years = WrittenTrend.from_folder(trend, source.language) if trend else None
    roads = WrittenLinks.from_folder(links, source.language) if links else None
    bridge = Explanation.from_folder(why, source.language) if why else None
    if years:
        refuse_other_trend(source, years)
    drawn = _yield_maps(source, planned or variant, earlier, has_trend=years is not None)
    maps = tuple(sorted(drawn, key=lambda one: one.number))
    annexes = _list_annexes(source, maps)
    told = gather_figures(
        source,
        plan=planned,
        variant=variant,
        before=earlier,
        trend=years,
        links=roads,
        why=bridge,
    )
    letter = text or write_letter(told | {"annexes": annexes}, source.language, templates)
    if text is None:
        letter = arrange_letter(letter, find_question(source), source.language)
        _refuse_unknown_pictures(letter, maps, source.language)
        _refuse_headings_out_of_order(letter, source.language)
    return Answer(source, planned, variant, earlier, years, roads, bridge, letter, maps, annexes)


def _refuse_inside(place: Path, folders: list[Path]) -> None:
    """Refuse to write into what is read: a result with an answer in it is no longer as it was."""
    for folder in folders:
        if place.resolve().is_relative_to(folder.resolve()):
            what = f"lies in {folder}, of which the answer is made"
            raise ResultError(Problem(str(place), what, "choose another folder"))


def _yield_maps(
    source: Source,
    plan: WrittenPlan | MeasuredPlan | None,
    before: Tables | None,
    *,
    has_trend: bool = False,
) -> Iterator[AnswerMap]:
    """List the maps: share and academies, of all and of each province; gaps; years."""
    words = source.words
    there, of_area = source.whole_provinces, source.study.has_area
    planned = _find_planned(plan)

    def name_map(
        kind: str, number: int, suffix: str = "", province: str | None = None, called: str = ""
    ) -> AnswerMap:
        end = suffix.format(**words.forms)
        stem = f"{annex_stem(number, source.language, of_area=of_area)}{end}"
        about = "province_gaps" if kind == "gaps" and province else kind
        title = words(f"answer.map.{about}", place=source.text.name_place(province))
        called = called or (province_name(province, words) if province else "region")
        return AnswerMap(kind, province, called, number, stem, title)

    for number, province in enumerate((None, *PROVINCES), start=REGION):
        if province is None or province in there:
            yield from (name_map(kind, number, end, province) for kind, end in KINDS.items())
            if before:
                yield name_map("change", number, words("file.change"), province)
            if province in planned:
                yield name_map("plan", number, words("file.plan"), province)
    yield name_map("gaps", GAPS, called="gaps")
    gaps = source.table("gaps")
    of_gaps = gaps.loc[gaps["profile"] == "all", "provinces"]
    for province in there if len(there) > 1 else ():
        if any(province in one.split(", ") for one in of_gaps):
            yield name_map("gaps", GAPS, f"-{province.lower()}", province, "gaps")
    if source.find_counts("region", WHOLE[0])["measured"]:
        for kind in ("tornado", "by_minute"):
            yield name_map(kind, SURENESS, words(f"file.{kind}"), called="sureness")
    if has_trend:
        yield name_map("years", YEARS, called="years")
        yield name_map("year_maps", YEARS, words("file.year_maps"), called="years")


def _find_planned(plan: WrittenPlan | MeasuredPlan | None) -> set[str | None]:
    """Find the provinces in which a plan has a place, and None for all, as far as it is drawn."""
    if plan is None or (isinstance(plan, MeasuredPlan) and plan.with_plan is None):
        return set()
    found = (
        plan.provinces if isinstance(plan, MeasuredPlan) else set(plan.table("plan")["province"])
    )
    return {*found, None} if found else set()


_ANNEXES = ("municipalities", "region", "gaps", "map", "sureness", "years", "last_map")
"""What templates call the annexes that an answer makes."""


def _list_annexes(source: Source, maps: Sequence[AnswerMap]) -> dict[str, Any]:
    """Give a template the annexes: by what they are about, file by file, and their pictures."""
    words, language = source.words, source.language
    first = f"{annex_stem(MUNICIPALITIES, language)}.xlsx"
    rows = [(MUNICIPALITIES, "municipalities", first, words("answer.municipalities"))]
    rows += [(one.number, one.called, f"{one.stem}.pdf", one.title) for one in maps]
    rows += [(GAPS, "gaps", f"{annex_stem(GAPS, language)}.xlsx", words("answer.gaps"))]
    rows += [(WEB, "map", f"{annex_stem(WEB, language)}.html", words("answer.web"))]
    sure = f"{annex_stem(SURENESS, language)}.xlsx"
    rows += [(SURENESS, "sureness", sure, words("answer.sureness"))]
    if any(one.kind == "years" for one in maps):
        rows.append((YEARS, "years", f"{annex_stem(YEARS, language)}.xlsx", words("answer.years")))
    own = _list_own(source, max(number for number, *_ in rows))
    rows += [(one["number"], one["title"], one["file"], one["title"]) for one in own]
    of_own = {one["file"] for one in own}
    rows.sort(key=itemgetter(0))
    named: dict[str, Any] = {}
    ours = {*_ANNEXES, *PROVINCES, *(province_name(one, words) for one in PROVINCES)}
    for number, key, file, title in rows:
        # What a template asks of ours is never one's own that happens to be called so.
        if file not in of_own or key not in ours:
            named.setdefault(key, {"number": number, "title": title, "file": file})
    counts = Counter(number for number, *_ in rows)
    letters = {number: iter(ascii_lowercase) for number in counts}
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
        {"number": of_file[f"{one.stem}.pdf"], "title": one.title, "key": one.stem} for one in maps
    ]
    last = max((one for one in maps if one.kind == "share"), key=lambda one: one.number)
    # A province that lies partly in the study's area is on the map of the area.
    towns = source.table("annex-1-municipalities")
    partly = {name_province(source, one): named["region"] for one in set(towns["province"])}
    lists = {"all": every, "pictures": pictures, "own": own}
    return partly | named | {"last_map": named[last.called]} | lists


def _list_own(source: Source, last: int) -> list[dict[str, Any]]:
    """Number the files of one's own behind the other annexes; `of` is their file in the result."""
    start, own = source.words("file.annex"), source.manifest.get("annexes", [])
    return [
        {
            "number": number,
            "title": one["title"],
            "file": f"{start}-{number}-{one['file'].rpartition('/')[2].partition('-')[2]}",
            "of": one["file"],
        }
        for number, one in enumerate(own, start=last + 1)
    ]


def _refuse_unknown_pictures(letter: Letter, maps: Sequence[AnswerMap], language: Language) -> None:
    known = [one.stem for one in maps]
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
