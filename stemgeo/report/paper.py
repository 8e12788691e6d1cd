"""An answer as a PDF for print and for screen readers: tagged, fonts embedded, set by typst.

Text goes to typst as data, never as source: nothing in it can be a command.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import typst

from stemgeo.report.letter import Heading, Item, Paragraph, Table, weigh_columns
from stemgeo.texts import load_texts
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stemgeo.report.letter import Block, Letter, Line
    from stemgeo.speech import Language

STANDARD = "ua-1"
"""PDF/UA-1: what screen readers need is in the file."""
_FONTS = Path("fonts", "ttf")
_REGION = {"nl": "BE", "en": "GB", "fr": "BE"}
_ALL_FONTS = Path(mpl.get_data_path()) / _FONTS
"""They come with matplotlib and stand on the maps: the same on every machine."""


@dataclass(frozen=True)
class Plate:
    """A map of the answer: its pictures, and what it shows in words."""

    png: Path
    svg: Path
    alt: str


@dataclass(frozen=True)
class Look:
    """What all pages share: language, date of the study, and the line at the foot."""

    language: Language
    date: dt.date
    foot: str


def write_pdf(letter: Letter, plates: Mapping[str, Plate], look: Look, path: Path) -> str:
    """Write an answer as a PDF; the same answer gives the same bytes.

    Parameters
    ----------
    letter, plates, look, path
        As for `word.write_docx`; the maps go in as SVG.

    Returns
    -------
    str
        The standard that it keeps to: PDF/UA-1, or none where a text has a letter that no font at
        hand can show. It is tagged all the same.
    """
    with temporary_folder() as root:
        source = resources.files(__package__) / "templates" / "letter.typ"
        (root / "letter.typ").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        (root / _FONTS).mkdir(parents=True)
        for font in _ALL_FONTS.glob("DejaVuSans*.ttf"):
            shutil.copyfile(font, root / _FONTS / font.name)
        for key, plate in plates.items():
            shutil.copyfile(plate.svg, root / f"{key}.svg")
        content = _build_content(letter, plates, look)
        (root / "letter.json").write_text(json.dumps(content), encoding="utf-8")
        try:
            pages, standard = _typeset_pages(root, look, root / _FONTS, [STANDARD]), STANDARD
        except typst.TypstError:
            # One of the other fonts has a box for any letter: seen, though not read.
            pages, standard = _typeset_pages(root, look, _ALL_FONTS, []), ""
    path.write_bytes(pages)
    return standard


def _typeset_pages(root: Path, look: Look, fonts: Path, standards: list[Any]) -> bytes:
    midnight = dt.datetime.combine(look.date, dt.time(), dt.UTC)
    pages: bytes = typst.compile(
        root / "letter.typ",
        root=root,
        format="pdf",
        font_paths=[fonts],
        ignore_system_fonts=True,
        pdf_standards=standards,
        timestamp=int(midnight.timestamp()),
    )
    return pages


def _build_content(letter: Letter, plates: Mapping[str, Plate], look: Look) -> dict[str, Any]:
    """Give the answer as plain data."""
    return {
        "title": letter.title,
        "language": look.language,
        "region": _REGION[look.language],
        "date": [look.date.year, look.date.month, look.date.day],
        "foot": look.foot,
        "table": load_texts(look.language)("answer.caption"),
        "blocks": [_block_to_data(block, plates) for block in letter.blocks],
    }


def _block_to_data(block: Block, plates: Mapping[str, Plate]) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level - 1, "text": block.text}
    if isinstance(block, Paragraph):
        tongue = {"language": block.language, "region": _REGION.get(block.language, "")}
        return {"kind": block.kind, "runs": _runs_to_data(block.runs), **tongue}
    if isinstance(block, Item):
        where = {"number": block.number, "depth": block.depth}
        return {"kind": "item", **where, "runs": _runs_to_data(block.runs)}
    if isinstance(block, Table):
        return {
            "kind": "table",
            "caption": block.caption,
            "rows": [[_runs_to_data(cell) for cell in row] for row in block.rows],
            "right": list(block.right),
            "weights": weigh_columns(block),
        }
    about = {"key": block.key, "caption": block.caption, "alt": plates[block.key].alt}
    return {"kind": "picture", **about}


def _runs_to_data(line: Line) -> list[dict[str, Any]]:
    return [vars(run) for run in line]
