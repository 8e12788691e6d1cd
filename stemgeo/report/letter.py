"""The text of an answer: a template that a cabinet can change, filled in, as blocks to print.

A template is Markdown with Jinja2: `{{ region.share | percent }}`. What stands between braces is
written in the language's way and marked while the text is made. So two things hold of any template:
text from data is never markup, and every number that did not come from the figures is known.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from markdown_it import MarkdownIt

from stemgeo.errors import Problem, ResultError
from stemgeo.report.filling import LOST, NUMBER, OPEN, SHUT, fill_template
from stemgeo.report.manifests import PLAIN_NAME
from stemgeo.speech import held_together, make_printable
from stemgeo.texts import load_texts
from stemgeo.writing import whole
from stemgeo.writing.seal import is_litter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from markdown_it.token import Token

    from stemgeo.speech import Language


TEMPLATES: dict[Language, str] = {
    "nl": "antwoord.nl.md",
    "en": "answer.en.md",
    "fr": "reponse.fr.md",
}
"""The template of each language, in the package or in a folder of one's own."""
MOST_BYTES = 200_000
"""Of a text of one's own; that of the package has fourteen thousand."""
MOST_PIECES = 50_000
"""Of a text; that of the package has some two thousand, and Word takes long for many."""
_FILLED = re.compile(f"{OPEN}[^{SHUT}]*{SHUT}")
_ADDRESSES = ("https://", "http://", "mailto:")
_FURNITURE = re.compile(r"^\s*+#*+\s*+\d++\. |\]\([^()]*\)")
"""Numbers that are no figures: those of headings and lists, and in addresses and keys."""
_SECTION = re.compile(r"\{([a-z][a-z0-9_]*)(?: (\d{1,3}))?\}$")
_MARKED = re.compile(r"^## .*" + _SECTION.pattern)
_OF_SECTIONS = 2
"""Level of the headings that can mark a section."""


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
    """A heading; level 1 is the title.

    Attributes
    ----------
    level, text
        As it stands there.
    key, asked
        Of a section that its template marks: its name, and the number of the question that it
        answers, 0 where the template says none.
    """

    level: int
    text: str
    key: str = ""
    asked: int = 0


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a caution stands in a frame, a question as it was asked, in its language."""

    runs: Line
    kind: Literal["text", "caution", "question"] = "text"
    language: str = ""


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
    unanswered
        The numbers of the questions that no section answers.
    """

    blocks: tuple[Block, ...]
    typed: tuple[str, ...]
    own: Mapping[str, str] = field(default_factory=dict)
    unanswered: tuple[int, ...] = ()

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
        "nl", "en" or "fr".
    templates
        A folder with a template of one's own, and the texts that it includes.

    Raises
    ------
    ResultError
        If there is no such template, or it names what there is not, or is not understood; with
        the line.
    """
    own: dict[str, str] = {}
    read = _make_reader(templates, language, own) if templates else _read_packaged
    filled, braced = fill_template(figures, language, TEMPLATES[language], read)
    typed = [
        found
        for line in filled.splitlines()
        for found in NUMBER.findall(_FILLED.sub("", _FURNITURE.sub("", _drop_mark(line))))
    ]
    typed += braced if templates else ()
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    blocks = _Blocks(language, TEMPLATES[language])
    tokens = reader.parse(filled)
    if sum(1 + len(one.children or ()) for one in tokens) > MOST_PIECES:
        what = f"becomes more than {MOST_PIECES} pieces: paragraphs, items, cells, words in bold"
        raise ResultError(Problem(TEMPLATES[language], what, "does it repeat itself?"))
    return Letter(tuple(blocks.yield_blocks(tokens)), tuple(dict.fromkeys(typed)), own)


def write_templates(folder: Path, *, replace: bool = False) -> list[Path]:
    """Write the templates of the package into a folder, to be changed.

    Raises
    ------
    StemgeoError
        If the folder holds something, unless it is to be kept beside it (`replace`).
    """
    with whole.whole_folder(folder, whole.refuse_filled, keep=replace) as new:
        for name in TEMPLATES.values():
            (new / name).write_text(_read_packaged(name), encoding="utf-8")
    return [folder / name for name in TEMPLATES.values()]


def _read_packaged(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _make_reader(folder: Path, language: Language, texts: dict[str, str]) -> Callable[[str], str]:
    """Give a reader of the texts of a folder, without marks that a document cannot hold.

    It takes plain files of that folder alone, and keeps what it read in `texts`.
    """
    if not (folder / TEMPLATES[language]).is_file():
        what = f"holds no text {TEMPLATES[language]}"
        raise ResultError(Problem(str(folder), what, "`stemgeo templates DIR` writes one"))

    def read(name: str) -> str:
        if not re.fullmatch(PLAIN_NAME, name):
            raise LookupError(f"{name} is no plain name of a text in the same folder")
        text = _read_plain_text(folder / name).expandtabs(4)
        texts[name] = "\n".join(map(make_printable, text.split("\n")))
        return texts[name]

    return read


def _read_plain_text(path: Path) -> str:
    """Read a file that is a file: no link that leads elsewhere, and no larger than a text is."""
    if not os.path.lexists(path):
        raise LookupError(f"there is no text {path.name} in the folder")
    problem = None
    if path.is_symlink() or not path.is_file():
        problem = "is a link or a folder, and no file", "put the text itself there"
    elif path.stat().st_size > MOST_BYTES:
        problem = f"is larger than {MOST_BYTES} bytes", "a text is some ten thousand"
    else:
        try:
            text = path.read_bytes()[: MOST_BYTES + 1].decode("utf-8-sig")
            return text.replace("\r\n", "\n").replace("\r", "\n").translate(LOST)
        except UnicodeDecodeError:
            problem = "is not text in UTF-8", "save it as UTF-8"
    raise ResultError(Problem(path.name, *problem))


def list_unused_texts(folder: Path, used: Collection[str]) -> list[str]:
    """Name what lies in a folder of templates and was not read, but for the other language."""
    known = {*used, *TEMPLATES.values()}
    return sorted(
        path.name for path in folder.iterdir() if path.name not in known and not is_litter(path)
    )


class _Blocks:
    """Turns the tokens of Markdown into blocks."""

    def __init__(self, language: Language, name: str) -> None:
        self.language, self.name = language, name
        self.caption = load_texts(language)("answer.caption")

    def yield_blocks(self, tokens: Sequence[Token]) -> Iterator[Block]:
        """Give the blocks; a caption waits for its table."""
        caption, place = "", 0
        while place < len(tokens):
            token = tokens[place]
            end = _find_end(tokens, place)
            inside = tokens[place + 1 : end]
            self._refuse_alone(caption, [one for one in (token,) if one.type != "table_open"])
            if token.type == "heading_open":
                yield self._build_heading(token, inside[0])
            elif token.type == "paragraph_open":
                *pictures, words = self._split_paragraph(inside[0])
                lead, _, said = _join_runs(words.runs).partition(": ")
                yield from pictures
                if lead.rstrip() == self.caption and said:
                    caption = said
                elif _join_runs(words.runs).strip():
                    yield words
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                yield from self._yield_items(tokens[place : end + 1], 0)
            elif token.type == "blockquote_open":
                yield from self._yield_cautions(token, inside)
            elif token.type == "table_open":
                yield self._build_table(inside, caption)
                caption = ""
            elif token.type != "hr":
                self._refuse_token(token, f"{token.type} has no place in an answer")
            place = end + 1
        self._refuse_alone(caption, tokens[-1:])

    def _build_heading(self, token: Token, inline: Token) -> Heading:
        """Give a heading; a section bears its mark at the end: {budget}, or {budget 2}."""
        told, level = _join_runs(self._list_runs(inline)), int(token.tag[1])
        # What was filled in ends in a mark of its own: no data is taken for one.
        mark = _SECTION.search(inline.content) if level == _OF_SECTIONS else None
        if mark is None:
            return Heading(level, told)
        return Heading(level, told[: told.rindex("{")].rstrip(), mark[1], int(mark[2] or 0))

    def _yield_cautions(self, token: Token, inside: Sequence[Token]) -> Iterator[Paragraph]:
        for one in self.yield_blocks(inside):
            if not isinstance(one, Paragraph):
                self._refuse_token(token, "a caution in a frame holds paragraphs alone")
            yield Paragraph(one.runs, "caution")

    def _refuse_alone(self, caption: str, below: Sequence[Token]) -> None:
        """Refuse a caption with something else below it than a table: it would be lost."""
        for token in below if caption else ():
            self._refuse_token(token, f"a caption stands above no table: {caption}")

    def _split_paragraph(self, inline: Token) -> tuple[*tuple[Picture, ...], Paragraph]:
        """Give the pictures that stand in a paragraph, and its words."""
        children = inline.children or []
        pictures = [
            Picture(str(child.attrs["src"]), _join_runs(self._list_runs(child)))
            for child in children
            if child.type == "image"
        ]
        words = replace(inline, children=[one for one in children if one.type != "image"])
        return *pictures, Paragraph(self._list_runs(words))

    def _yield_items(self, tokens: Sequence[Token], depth: int) -> Iterator[Item]:
        ordered = tokens[0].type == "ordered_list_open"
        place, count = 1, int(tokens[0].attrs.get("start", 1)) if ordered else 0
        while place < len(tokens) - 1:
            end = _find_end(tokens, place)
            inside, at = tokens[place + 1 : end], 0
            while at < len(inside):
                stop = _find_end(inside, at)
                if inside[at].type == "paragraph_open":
                    yield Item(self._list_runs(inside[at + 1]), count, depth)
                elif inside[at].type.endswith("list_open"):
                    yield from self._yield_items(inside[at : stop + 1], depth + 1)
                else:
                    self._refuse_token(inside[at], "a list holds lines and lists alone")
                at = stop + 1
            place, count = end + 1, count + ordered
        return

    def _build_table(self, tokens: Sequence[Token], caption: str) -> Table:
        rows: list[list[Line]] = []
        right: list[bool] = []
        for place, token in enumerate(tokens):
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                rows[-1].append(self._list_runs(tokens[place + 1]))
                if token.type == "th_open":
                    right.append("right" in str(token.attrs.get("style", "")))
        return Table(caption, tuple(tuple(row) for row in rows), tuple(right))

    def _list_runs(self, inline: Token) -> Line:
        """Give the text of a line, piece by piece."""
        runs, bold, italic, link = [], 0, 0, ""
        for child in inline.children or []:
            if child.type in ("text", "code_inline"):
                told = held_together(_strip_marks(child.content), self.language)
                runs.append(Run(told, bold > 0, italic > 0, link))
            elif child.type in ("softbreak", "hardbreak"):
                runs.append(Run(" ", bold > 0, italic > 0, link))
            elif child.type in ("strong_open", "strong_close"):
                bold += child.nesting
            elif child.type in ("em_open", "em_close"):
                italic += child.nesting
            elif child.type in ("link_open", "link_close"):
                link = str(child.attrs.get("href", ""))
                if link and not link.lower().startswith(_ADDRESSES):
                    self._refuse_token(
                        inline, f"a link leads to the web or to mail, not to '{link}'"
                    )
            else:
                self._refuse_token(inline, f"{child.type} has no place in an answer")
        return tuple(run for run in runs if run.text)

    def _refuse_token(self, token: Token, what: str) -> NoReturn:
        line = token.map[0] + 1 if token.map else 0
        raise ResultError(Problem(f"{self.name}, line {line} of the filled text", what, "mend it"))


def _drop_mark(line: str) -> str:
    """Take the mark of a section off its heading: the number of a question is no figure."""
    return _SECTION.sub("", line) if _MARKED.match(line) else line


def _find_end(tokens: Sequence[Token], place: int) -> int:
    """Find the token that closes the one at a place; itself when it opens nothing."""
    depth = 0
    for number_, token in enumerate(tokens[place:], start=place):
        depth += token.nesting
        if depth == 0:
            return number_
    raise AssertionError


def _strip_marks(text: str) -> str:
    return text.replace(OPEN, "").replace(SHUT, "")


def _join_runs(runs: Line) -> str:
    return "".join(run.text for run in runs)


_WIDE, _MARGIN, _BOLD = 34, 2, 1.15
"""Letters: the widest text, what stands free beside it, and how much wider bold ones are."""


def weigh_columns(table: Table) -> list[float]:
    """Give each column its part of the width, by the words that stand in it; they add up to 1."""
    wanted = []
    for place in range(len(table.right)):
        head, *texts = [row[place] for row in table.rows if place < len(row)]
        # A head breaks between words; so does a long text.
        words = max(map(len, _join_runs(head).split(" "))) * _BOLD
        words = max(
            [words, *(_count_letters(text, word) for text in texts for word in _split_words(text))]
        )
        longest = max((_count_letters(text, _join_runs(text)) for text in texts), default=0)
        wanted.append(max(words, min(longest, _WIDE)) + _MARGIN)
    return [one / sum(wanted) for one in wanted]


def _split_words(line: Line) -> list[str]:
    return _join_runs(line).split(" ")


def _count_letters(line: Line, text: str) -> float:
    """Count the letters of a text of that line, as wide as they are."""
    return len(text) * (_BOLD if any(run.bold for run in line) else 1.0)
