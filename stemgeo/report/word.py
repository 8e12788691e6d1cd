"""An answer as a Word document that a cabinet can edit: real styles, captions and headings."""

from __future__ import annotations

import datetime as dt
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from PIL import Image

from stemgeo.report.letter import Heading, Item, Paragraph, Picture, Table, weigh_columns
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.section import Section
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph as Par
    from docx.text.parfmt import ParagraphFormat
    from docx.text.run import Run as RunOfWord

    from stemgeo.report.letter import Block, Letter, Line, Run
    from stemgeo.report.paper import Look, Plate

_FONT = "Calibri"
_INK, _FILL, _FRAME = "1F2A44", "E7EBF0", "BFBFBF"
_CAUTION = "FFE9A8"
_A4_CM, _MARGIN_CM, _PLATE_MARGIN_CM, _CAPTION_CM = (21.0, 29.7), 2.0, 0.7, 2.0
_TABLE_PT = 8.5
_CELL_TWIPS = "60"
"""Left and right of what stands in a cell: a tenth of a centimetre, so that numbers fit."""
_KEPT_WHOLE = 14
"""Rows of a table that stays on one page."""
_PROPERTY = 255
_LIGHTER = 2 / 3
"""Of the 300 dots an inch of a map: 200, which print shows as well."""
_HEADINGS = ("Heading 1", "Heading 2", "Heading 3", "Heading 4")
_LANGUAGE = {"nl": "nl-BE", "en": "en-GB", "fr": "fr-BE"}
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def write_docx(letter: Letter, plates: Mapping[str, Plate], look: Look, path: Path) -> Path:
    """Write an answer as an editable document; the same answer gives the same bytes.

    Parameters
    ----------
    letter
        The text.
    plates
        Its pictures, by their key: PNG files with their alt texts.
    look
        Language, date and what stands at the foot of each page.
    path
        Of the document.

    Returns
    -------
    Path
        The same.
    """
    document = docx.Document()
    _set_styles(document, look)
    _set_page(document.sections[0], _MARGIN_CM, turned=False)
    _write_foot(document.sections[0], look)
    _Writer(document, plates, look).write_blocks(letter)
    facts = document.core_properties
    facts.title, facts.comments = (_cut_property(text) for text in (letter.title, look.foot))
    facts.author = ""
    facts.language, facts.last_modified_by = _LANGUAGE[look.language], ""
    day = dt.datetime.combine(look.date, dt.time(), dt.UTC)
    facts.created = facts.modified = day
    buffer = BytesIO()
    document.save(buffer)
    path.write_bytes(_drop_clock(buffer))
    return path


def _cut_property(text: str) -> str:
    """Cut a text to what a property of a document can hold; the page has it in full."""
    return text if len(text) <= _PROPERTY else f"{text[: _PROPERTY - 1]}\N{HORIZONTAL ELLIPSIS}"


def _drop_clock(archive: BytesIO) -> bytes:
    """Pack a zip again without the time of its making."""
    packed = BytesIO()
    with zipfile.ZipFile(archive) as given, zipfile.ZipFile(packed, "w") as made:
        for name in given.namelist():
            entry = zipfile.ZipInfo(name, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(entry, given.read(name))
    return packed.getvalue()


def _set_styles(document: Document, look: Look) -> None:
    """Give the styles that Word knows our font, colours and language."""
    styles: Any = document.styles
    for name in ("Normal", "Title", *_HEADINGS, "Caption", "Quote"):
        style = styles[name]
        style.font.name, style.font.color.rgb = _FONT, RGBColor.from_string(_INK)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in list(fonts.attrib):
            if "Theme" in kind:
                del fonts.attrib[kind]
        for kind in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(kind), _FONT)
    sizes = {"Normal": 11, "Title": 22, "Heading 1": 14, "Heading 2": 12, "Caption": 9.5}
    sizes |= {"Heading 3": 11, "Heading 4": 11}
    for name, size in sizes.items():
        styles[name].font.size = Pt(size)
    styles["Normal"].font.color.rgb = None
    styles["Caption"].font.bold = True
    styles["Caption"].paragraph_format.keep_with_next = True
    styles["Caption"].paragraph_format.space_before = Pt(8)
    styles["Caption"].paragraph_format.space_after = Pt(3)
    styles["Normal"].paragraph_format.space_after = Pt(6)
    for name in _HEADINGS:
        styles[name].paragraph_format.space_before = Pt(16)
        styles[name].paragraph_format.space_after = Pt(4)
    _draw_lines(styles)
    tongue = styles.element.find(f".//{qn('w:lang')}")
    tongue.set(qn("w:val"), _LANGUAGE[look.language])


def _draw_lines(styles: Any) -> None:
    """Give the title our colour for its line, and tables light lines between rows alone."""
    under = styles["Title"].element.find(f".//{qn('w:pBdr')}/{qn('w:bottom')}")
    for name in [one for one in under.attrib if "theme" in one]:
        del under.attrib[name]
    under.set(qn("w:color"), _INK)
    borders = styles["Table Grid"].element.find(f".//{qn('w:tblBorders')}")
    for side in borders:
        upright = side.tag in (qn("w:left"), qn("w:right"), qn("w:insideV"))
        side.set(qn("w:val"), "nil" if upright else "single")
        side.set(qn("w:color"), _FRAME)
    margins = OxmlElement("w:tblCellMar")
    for kind in ("w:left", "w:right"):
        margin = OxmlElement(kind)
        margin.set(qn("w:w"), _CELL_TWIPS)
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    borders.addnext(margins)


def _set_page(section: Section, margin_cm: float, *, turned: bool) -> None:
    short, long = _A4_CM
    section.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT
    section.page_width = Cm(long if turned else short)
    section.page_height = Cm(short if turned else long)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Cm(margin_cm))
    section.footer_distance = Cm(0.8)


def _write_foot(section: Section, look: Look) -> None:
    """Write notice and page number at the foot of every page."""
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words = foot.add_run(f"{look.foot} \N{EN DASH} " if look.foot else "")
    for run in (words, *_add_field(foot, "PAGE", "1")):
        run.font.size = Pt(8)


def _add_field(paragraph: Par, code: str, shown: str) -> list[RunOfWord]:
    """Add a field that Word works out anew, with what it shows until then; gives its runs."""
    runs = [paragraph.add_run() for _ in range(5)]
    for place, kind in ((0, "begin"), (2, "separate"), (4, "end")):
        mark = OxmlElement("w:fldChar")
        mark.set(qn("w:fldCharType"), kind)
        _xml_of(runs[place]).append(mark)
    order = OxmlElement("w:instrText")
    order.set(qn("xml:space"), "preserve")
    order.text = code
    _xml_of(runs[1]).append(order)
    runs[3].text = shown
    return runs


class _Writer:
    """Writes blocks one under the other."""

    def __init__(self, document: Document, plates: Mapping[str, Plate], look: Look) -> None:
        self.document, self.plates, self.look = document, plates, look
        self.tables = self.numbering = 0
        self.last: Block | None = None

    def write_blocks(self, letter: Letter) -> None:
        """Write all blocks."""
        for block, below in zip(letter.blocks, [*letter.blocks[1:], None], strict=True):
            if isinstance(block, Heading):
                self.document.add_heading(block.text, block.level - 1)
            elif isinstance(block, Paragraph):
                self._write_paragraph(block)
            elif isinstance(block, Item):
                self._write_item(block).keep_with_next = isinstance(below, Item)
            elif isinstance(block, Table):
                self._write_table(block)
            else:
                self._write_picture(block)
            self.last = block

    def _write_paragraph(self, block: Paragraph) -> None:
        asked = block.kind == "question"
        paragraph = self.document.add_paragraph(style="Quote" if asked else None)
        _add_runs(paragraph, block.runs)
        paragraph.paragraph_format.keep_with_next = paragraph.text.endswith(":") or asked or None
        for run in paragraph.runs if block.language else ():
            tongue = OxmlElement("w:lang")
            tongue.set(qn("w:val"), _LANGUAGE[block.language])
            _xml_of(run).get_or_add_rPr().append(tongue)
        if block.kind == "caution":
            _shade_part(_xml_of(paragraph).get_or_add_pPr(), _CAUTION)

    def _write_item(self, block: Item) -> ParagraphFormat:
        kind = "List Number" if block.number else "List Bullet"
        level = "" if not block.depth else f" {min(block.depth, 2) + 1}"
        paragraph = self.document.add_paragraph(style=kind + level)
        _add_runs(paragraph, block.runs)
        paragraph.paragraph_format.space_after = Pt(2)
        if block.number:
            before = self.last
            goes_on = isinstance(before, Item) and before.number == block.number - 1 > 0
            self.numbering = self.numbering if goes_on else self._begin_numbering(kind + level)
            numbers = _xml_of(paragraph).get_or_add_pPr().get_or_add_numPr()
            numbers.get_or_add_numId().val = self.numbering
            numbers.get_or_add_ilvl().val = 0
        facts: ParagraphFormat = paragraph.paragraph_format
        return facts

    def _begin_numbering(self, style: str) -> int:
        """Begin a list at one again, in the manner of its style."""
        part: Any = self.document.part.numbering_part.element
        own: Any = self.document.styles[style].element
        like = own.pPr.numPr.numId.val
        abstract = part.num_having_numId(like).abstractNumId.val
        number = part.add_num(abstract)
        number.add_lvlOverride(ilvl=0).add_startOverride(1)
        return int(number.numId)

    def _write_table(self, block: Table) -> None:
        if block.caption:
            self.tables += 1
            caption = self.document.add_paragraph(style="Caption")
            caption.add_run(f"{load_texts(self.look.language)('answer.caption')} ")
            _add_field(caption, "SEQ Tabel \\* ARABIC", str(self.tables))
            caption.add_run(f". {block.caption}")
        columns = len(block.right)
        table: Any = self.document.add_table(len(block.rows), columns, style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        room = _A4_CM[0] - 2 * _MARGIN_CM
        widths = [Cm(room * weight) for weight in weigh_columns(block)]
        for number, row in enumerate(table.rows):
            row_facts = _xml_of(row).get_or_add_trPr()
            row_facts.append(OxmlElement("w:cantSplit"))
            if number == 0:
                row_facts.append(OxmlElement("w:tblHeader"))
            for place, cell in enumerate(row.cells):
                cell.width = widths[place]
                runs = block.rows[number][place] if place < len(block.rows[number]) else ()
                _fill_cell(cell, runs, right=block.right[place], head=number == 0)
                together = number == 0 or number + 1 < len(block.rows) <= _KEPT_WHOLE
                cell.paragraphs[0].paragraph_format.keep_with_next = together
        for place, column in enumerate(table.columns):
            column.width = widths[place]
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def _write_picture(self, block: Picture) -> None:
        """Put a map on a page of its own, turned as it is; its caption below it."""
        plate = self.plates[block.key]
        picture, (width, height) = _lighten_plate(plate)
        turned = width > height
        section = self.document.add_section(WD_SECTION.NEW_PAGE)
        _set_page(section, _PLATE_MARGIN_CM, turned=turned)
        across, down = (_A4_CM[1], _A4_CM[0]) if turned else _A4_CM
        room = across - 2 * _PLATE_MARGIN_CM, down - 2 * _PLATE_MARGIN_CM - _CAPTION_CM
        scale = min(room[0] / width, room[1] / height)
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run()
        run.add_picture(picture, width=Cm(width * scale))
        about = _xml_of(run).find(f".//{qn('wp:docPr')}")
        about.set("descr", plate.alt)
        about.set("title", block.caption)
        about.set("name", block.key)
        caption = self.document.add_paragraph(block.caption, style="Caption")
        caption.paragraph_format.keep_with_next = False
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _lighten_plate(plate: Plate) -> tuple[BytesIO, tuple[int, int]]:
    """Give a map as light as a document that is mailed needs it, and its size in pixels.

    The file beside the document keeps the full resolution.
    """
    with Image.open(plate.png) as image:
        size = (round(image.width * _LIGHTER), round(image.height * _LIGHTER))
        light = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    buffer = BytesIO()
    # A map has few colours: a palette holds them at a quarter of the bytes.
    light.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG")
    buffer.seek(0)
    return buffer, size


def _add_runs(paragraph: Par, runs: Line) -> None:
    for run in runs:
        if run.link:
            _add_link(paragraph, run)
        else:
            written = paragraph.add_run(run.text)
            written.bold, written.italic = run.bold or None, run.italic or None


def _add_link(paragraph: Par, run: Run) -> None:
    key = paragraph.part.relate_to(run.link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), key)
    written = paragraph.add_run(run.text)
    written.underline = True
    link.append(_xml_of(written))
    _xml_of(paragraph).append(link)


def _fill_cell(cell: _Cell, runs: Line, *, right: bool, head: bool) -> None:
    paragraph = cell.paragraphs[0]
    _add_runs(paragraph, runs)
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT
    for run in paragraph.runs:
        run.font.size = Pt(_TABLE_PT)
        run.bold = True if head else run.bold
    if head:
        _shade_part(_xml_of(cell).get_or_add_tcPr(), _FILL)


def _xml_of(part: Any) -> Any:
    """Give the XML of a part of a document: what python-docx has no words for is written there."""
    return part._element  # noqa: SLF001 -- the one way in that all its parts have


def _shade_part(facts: BaseOxmlElement, colour: str) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:color"), "auto")
    shade.set(qn("w:fill"), colour)
    facts.append(shade)
