"""The text of an answer: a template that a cabinet can change, filled in, as blocks to print.

A template is Markdown with Jinja2: `{{ region.share | percent }}`. What stands between braces is
written in the language's way and marked while the text is made. So two things hold of any template:
text from data is never markup, and every number that did not come from the figures is known.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import jinja2
import numpy as np
from babel.dates import format_date
from babel.numbers import format_decimal
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markdown_it import MarkdownIt

from stemgeo.errors import Problem, ResultError
from stemgeo.maps.text import printable, tenths
from stemgeo.report.summary import number, percent
from stemgeo.writing import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from markdown_it.token import Token

    from stemgeo.study import Language

TEMPLATES: dict[Language, str] = {"nl": "antwoord.nl.md", "en": "answer.en.md"}
"""The template of each language, in the package or in a folder of one's own."""
CAPTION: dict[Language, str] = {"nl": "Tabel", "en": "Table"}
"""A paragraph that begins so is the caption of the table below it; its number is added."""

MOST_LETTERS = 2_000_000
"""Of a text that was filled in; the answer for Flanders has some twenty thousand."""

_OPEN, _SHUT = "\ue000", "\ue001"
_LOST = str.maketrans({_OPEN: "\ufffd", _SHUT: "\ufffd"})
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
_FILLED = re.compile(f"{_OPEN}[^{_SHUT}]*{_SHUT}")
_ADDRESSES = ("https://", "http://", "mailto:")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FURNITURE = re.compile(r"^\s*#*\s*\d+\. |\]\([^)]*\)")
"""Numbers that are no figures: those of headings and lists, and in addresses and keys."""


@dataclass(frozen=True)
class Run:
    """A piece of text in one look."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str = ""


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a caution stands in a frame."""

    runs: Line
    kind: Literal["text", "caution"] = "text"


@dataclass(frozen=True)
class Item:
    """An item of a list; `number` is 0 in a list without numbers."""

    runs: Line
    number: int = 0
    depth: int = 0


@dataclass(frozen=True)
class Table:
    """A table with its caption; the first row is the head, `right` tells columns of numbers."""

    caption: str
    rows: tuple[tuple[Line, ...], ...]
    right: tuple[bool, ...]


@dataclass(frozen=True)
class Picture:
    """A map on a page of its own, by the key of its annex."""

    key: str
    caption: str


Block = Heading | Paragraph | Item | Table | Picture


@dataclass(frozen=True)
class Letter:
    """A text as blocks.

    Attributes
    ----------
    blocks
        In order.
    typed
        The numbers that stand in the template itself: no table vouches for them.
    own
        Texts of one's own that it was made of, by file name: the template and what it includes.
    """

    blocks: tuple[Block, ...]
    typed: tuple[str, ...]
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The first heading."""
        return next((one.text for one in self.blocks if isinstance(one, Heading)), "")


def write_letter(
    figures: Mapping[str, Any], language: Language, templates: Path | None = None
) -> Letter:
    """Fill the template of a language in.

    Parameters
    ----------
    figures
        What a template can name, see `report.content`.
    language
        "nl" or "en".
    templates
        A folder with a template of one's own, and the texts that it includes.

    Raises
    ------
    ResultError
        If there is no such template, or it names what there is not, or is not understood; with
        the line.
    """
    environment = _environment(language, templates)
    filled = _filled(environment, figures, TEMPLATES[language])
    own = environment.loader.texts if isinstance(environment.loader, _Folder) else {}
    typed = [
        found
        for line in filled.splitlines()
        for found in _NUMBER.findall(_FILLED.sub("", _FURNITURE.sub("", line)))
    ]
    typed += [found for text in own.values() for found in _within_braces(environment.parse(text))]
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    blocks = _Blocks(CAPTION[language], TEMPLATES[language])
    return Letter(tuple(blocks.of(reader.parse(filled))), tuple(dict.fromkeys(typed)), own)


def write_templates(folder: Path, *, replace: bool = False) -> list[Path]:
    """Write the templates of the package into a folder, to be changed.

    Raises
    ------
    StemgeoError
        If the folder holds something, unless it is to be kept beside it (`replace`).
    """
    with whole.whole_folder(folder, whole.refuse_filled, keep=replace) as new:
        for name in TEMPLATES.values():
            (new / name).write_text(_packaged(name), encoding="utf-8")
    return [folder / name for name in TEMPLATES.values()]


def _packaged(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


class _Folder(jinja2.FileSystemLoader):
    """Reads templates of one's own, and keeps what it read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, encoding="utf-8-sig")
        self.texts: dict[str, str] = {}

    def get_source(self, environment: jinja2.Environment, template: str) -> Any:
        """Read a text of the folder, without marks that a document cannot hold."""
        if Path(template).name != template:
            raise jinja2.TemplateNotFound(template)
        try:
            text, path, fresh = super().get_source(environment, template)
        except UnicodeDecodeError:
            what = "is not text in UTF-8"
            raise ResultError(Problem(template, what, "save it as UTF-8")) from None
        lines = text.translate(_LOST).expandtabs(4).split("\n")
        self.texts[template] = "\n".join(map(printable, lines))
        return self.texts[template], path, fresh


def _within_braces(node: nodes.Node) -> Iterator[str]:
    """Find the numbers typed between braces; not those that tell which figure is meant, or when."""
    if isinstance(node, nodes.Const):
        yield from _NUMBER.findall(str(node.value))
        return
    for child in node.iter_child_nodes():
        beside = isinstance(child, nodes.TemplateData | nodes.Compare | nodes.Slice | nodes.Test)
        if isinstance(child, nodes.Getitem):
            yield from _within_braces(child.node)
        elif not beside and not (isinstance(child, nodes.Filter) and child.name == "as_is"):
            yield from _within_braces(child)


def _filled(environment: jinja2.Environment, figures: Mapping[str, Any], name: str) -> str:
    try:
        return "".join(_not_endless(environment.get_template(name).generate(figures), name))
    except ResultError:
        raise
    except jinja2.TemplateSyntaxError as error:
        where, what = f"{error.name or name}, line {error.lineno}", "is not understood"
        raise ResultError(Problem(where, f"{what}: {error.message}", "mend it")) from None
    except (RecursionError, MemoryError):
        raise ResultError(Problem(name, "has no end, or is too large", "mend it")) from None
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError) as error:
        mend = "docs/answer.md lists what a template can name"
        what = f"cannot be filled in: {error}"
        raise ResultError(Problem(_place_of(error, name), what, mend)) from None


def _not_endless(parts: Iterator[str], name: str) -> Iterator[str]:
    """Give the parts of a text, as long as they fit in an answer."""
    length = 0
    for part in parts:
        length += len(part)
        if length > MOST_LETTERS:
            what = f"becomes longer than {MOST_LETTERS} letters"
            raise ResultError(Problem(name, what, "does it repeat itself?"))
        yield part


def _place_of(error: BaseException, name: str) -> str:
    """Find the template and its line in which filling in stopped."""
    trace, place = error.__traceback__, f"{name}, line 0"
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.suffix == ".md":
            place = f"{file.name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _environment(language: Language, templates: Path | None) -> jinja2.Environment:
    """Make the place in which templates are filled in: they read and run nothing else."""
    if templates and not (templates / TEMPLATES[language]).is_file():
        what = f"holds no text {TEMPLATES[language]}"
        raise ResultError(Problem(str(templates), what, "`stemgeo templates DIR` writes one"))
    environment = _Sandbox(
        loader=_Folder(templates) if templates else jinja2.PackageLoader("stemgeo.report"),
        undefined=_Unknown,
        finalize=lambda value: _written(value, language),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    writers: dict[str, Callable[..., str]] = {"percent": _percent, "decimal": _decimal}
    writers |= {"minutes": _minutes, "euro": _euro, "listed": _listed}
    for word, write in writers.items():
        environment.filters[word] = partial(write, language=language)
    environment.filters["as_is"] = _AsIs
    environment.globals["counted"] = partial(_counted, language=language)
    return environment


class _Sandbox(ImmutableSandboxedEnvironment):
    """Lets a template reckon, but not make what no memory holds."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(
        self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any
    ) -> Any:
        """Refuse powers, and a text or list so many times."""
        if operator == "**" or not all(isinstance(one, int | float) for one in (left, right)):
            raise TypeError(f"'{operator}' has no place in a text, but * and % of two numbers")
        return super().call_binop(context, operator, left, right)


class _Unknown(jinja2.StrictUndefined):
    """A name that is not there, told as one who writes a text knows it."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:  # the sandbox says why
            return self._undefined_hint
        known = self._undefined_obj if isinstance(self._undefined_obj, dict) else {}
        near = difflib.get_close_matches(str(self._undefined_name), map(str, known), 1)
        nearest = f"; the nearest is '{near[0]}'" if near else ""
        return f"there is no '{self._undefined_name}'{nearest}"


class _AsIs(str):
    """A word of our own that is markup: the key of a picture."""

    __slots__ = ()

    def __new__(cls, text: str) -> _AsIs:
        """Take a key, nothing else."""
        if not re.fullmatch(r"[a-z0-9-]+", text):
            raise ValueError(f"{text!r} is no key")
        return super().__new__(cls, text)


def _written(value: Any, language: str) -> str:
    """Write a value as the language does, so that none of it is markup, and mark it."""
    if isinstance(value, _AsIs):
        return value
    if isinstance(value, jinja2.Undefined):
        return str(value)  # StrictUndefined says what is missing
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{value} is no text; ask for it with {{% if %}}")
    if isinstance(value, int | np.integer):
        text = number(int(value), language)
    elif isinstance(value, float):
        text = format_decimal(value, "#,##0.###", locale=language)
    elif isinstance(value, dt.date):
        text = format_date(value, "long", locale=language)
    else:
        text = str(value)
    escaped = _MARKUP.sub(r"\\\1", printable(text.translate(_LOST)))
    return f"{_OPEN}{escaped}{_SHUT}" if escaped else ""


def _counted(count: int, one: str, many: str, language: str) -> str:
    """Write a number with its thing: "1 gemeente", "2 gemeenten"."""
    return f"{number(count, language)} {one if count == 1 else many}"


def _percent(share: float, language: str) -> str:
    """Write a share as the summary does, so that no line breaks before the sign."""
    return percent(share, language).replace(" ", "\N{NO-BREAK SPACE}")


def _decimal(value: float, language: str) -> str:
    return str(format_decimal(tenths(value), "#,##0.0", locale=language))


def _minutes(seconds: float, language: str) -> str:
    return _decimal(seconds / 60, language)


def _euro(value: float, language: str) -> str:
    whole = float(value).is_integer()
    return str(format_decimal(value, "#,##0" if whole else "#,##0.00", locale=language))


def _listed(names: Sequence[str], language: str) -> str:
    """Write names as a sentence does: A, B en C."""
    last = {"nl": " en ", "en": " and "}[language]
    return last.join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


class _Blocks:
    """Turns the tokens of Markdown into blocks."""

    def __init__(self, caption: str, name: str) -> None:
        self.caption, self.name = caption, name

    def of(self, tokens: Sequence[Token]) -> Iterator[Block]:
        """Give the blocks; a caption waits for its table."""
        caption, place = "", 0
        while place < len(tokens):
            token = tokens[place]
            end = _end(tokens, place)
            inside = tokens[place + 1 : end]
            self._refuse_alone(caption, [one for one in (token,) if one.type != "table_open"])
            if token.type == "heading_open":
                yield Heading(int(token.tag[1]), _plain(self._runs(inside[0])))
            elif token.type == "paragraph_open":
                *pictures, words = self._paragraphs(inside[0])
                lead, _, said = _plain(words.runs).partition(": ")
                yield from pictures
                if lead == self.caption and said:
                    caption = said
                elif _plain(words.runs).strip():
                    yield words
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                yield from self._items(tokens[place : end + 1], 0)
            elif token.type == "blockquote_open":
                yield from self._cautions(token, inside)
            elif token.type == "table_open":
                yield self._table(inside, caption)
                caption = ""
            elif token.type != "hr":
                self._refuse(token, f"{token.type} has no place in an answer")
            place = end + 1
        self._refuse_alone(caption, tokens[-1:])

    def _cautions(self, token: Token, inside: Sequence[Token]) -> Iterator[Paragraph]:
        for one in self.of(inside):
            if not isinstance(one, Paragraph):
                self._refuse(token, "a caution in a frame holds paragraphs alone")
            yield Paragraph(one.runs, "caution")

    def _refuse_alone(self, caption: str, below: Sequence[Token]) -> None:
        """Refuse a caption with something else below it than a table: it would be lost."""
        for token in below if caption else ():
            self._refuse(token, f"a caption stands above no table: {caption}")

    def _paragraphs(self, inline: Token) -> tuple[*tuple[Picture, ...], Paragraph]:
        """Give the pictures that stand in a paragraph, and its words."""
        children = inline.children or []
        pictures = [
            Picture(str(child.attrs["src"]), _plain(self._runs(child)))
            for child in children
            if child.type == "image"
        ]
        words = replace(inline, children=[one for one in children if one.type != "image"])
        return *pictures, Paragraph(self._runs(words))

    def _items(self, tokens: Sequence[Token], depth: int) -> Iterator[Item]:
        ordered = tokens[0].type == "ordered_list_open"
        place, count = 1, int(tokens[0].attrs.get("start", 1)) if ordered else 0
        while place < len(tokens) - 1:
            end = _end(tokens, place)
            inside, at = tokens[place + 1 : end], 0
            while at < len(inside):
                stop = _end(inside, at)
                if inside[at].type == "paragraph_open":
                    yield Item(self._runs(inside[at + 1]), count, depth)
                elif inside[at].type.endswith("list_open"):
                    yield from self._items(inside[at : stop + 1], depth + 1)
                else:
                    self._refuse(inside[at], "a list holds lines and lists alone")
                at = stop + 1
            place, count = end + 1, count + ordered
        return

    def _table(self, tokens: Sequence[Token], caption: str) -> Table:
        rows: list[list[Line]] = []
        right: list[bool] = []
        for place, token in enumerate(tokens):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append(self._runs(tokens[place + 1]))
                if token.type == "th_open":
                    right.append("right" in str(token.attrs.get("style", "")))
        return Table(caption, tuple(tuple(row) for row in rows), tuple(right))

    def _runs(self, inline: Token) -> Line:
        """Give the text of a line, piece by piece."""
        runs, bold, italic, link = [], 0, 0, ""
        for child in inline.children or []:
            if child.type in ("text", "code_inline"):
                runs.append(Run(_clean(child.content), bold > 0, italic > 0, link))
            elif child.type in ("softbreak", "hardbreak"):
                runs.append(Run(" ", bold > 0, italic > 0, link))
            elif child.type in ("strong_open", "strong_close"):
                bold += child.nesting
            elif child.type in ("em_open", "em_close"):
                italic += child.nesting
            elif child.type in ("link_open", "link_close"):
                link = str(child.attrs.get("href", ""))
                if link and not link.lower().startswith(_ADDRESSES):
                    self._refuse(inline, f"a link leads to the web or to mail, not to '{link}'")
            else:
                self._refuse(inline, f"{child.type} has no place in an answer")
        return tuple(run for run in runs if run.text)

    def _refuse(self, token: Token, what: str) -> NoReturn:
        line = token.map[0] + 1 if token.map else 0
        raise ResultError(Problem(f"{self.name}, line {line} of the filled text", what, "mend it"))


def _end(tokens: Sequence[Token], place: int) -> int:
    """Find the token that closes the one at a place; itself when it opens nothing."""
    depth = 0
    for number_, token in enumerate(tokens[place:], start=place):
        depth += token.nesting
        if depth == 0:
            return number_
    raise AssertionError


def _clean(text: str) -> str:
    return text.replace(_OPEN, "").replace(_SHUT, "")


def _plain(runs: Line) -> str:
    return "".join(run.text for run in runs)


_WIDE, _MARGIN, _BOLD = 34, 2, 1.15
"""Letters: the widest text, what stands free beside it, and how much wider bold ones are."""


def column_weights(table: Table) -> list[float]:
    """Give each column its part of the width, by the words that stand in it; they add up to 1."""
    wanted = []
    for place in range(len(table.right)):
        head, *texts = [row[place] for row in table.rows if place < len(row)]
        # A head breaks between words; so does a long text.
        words = max(map(len, _plain(head).split(" "))) * _BOLD
        words = max([words, *(_letters(text, word) for text in texts for word in _words(text))])
        longest = max((_letters(text, _plain(text)) for text in texts), default=0)
        wanted.append(max(words, min(longest, _WIDE)) + _MARGIN)
    return [one / sum(wanted) for one in wanted]


def _words(line: Line) -> list[str]:
    return _plain(line).split(" ")


def _letters(line: Line, text: str) -> float:
    """Count the letters of a text of that line, as wide as they are."""
    return len(text) * (_BOLD if any(run.bold for run in line) else 1.0)
