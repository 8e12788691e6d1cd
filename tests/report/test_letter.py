"""Facts about the text of an answer: templates filled in, and its pages in Word and PDF."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import numpy as np
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

import stemgeo.report
from stemgeo.errors import ResultError, StemgeoError
from stemgeo.report.letter import (
    TEMPLATES,
    Heading,
    Item,
    Letter,
    Paragraph,
    Picture,
    Table,
    list_unused_texts,
    write_letter,
    write_templates,
)
from stemgeo.report.paper import STANDARD, Look, Plate, write_pdf
from stemgeo.report.word import write_docx
from stemgeo.speech import make_printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from stemgeo.report.letter import Block, Line

    Fill = Callable[..., Letter]

TEMPLATE_FOLDER = Path(stemgeo.report.__file__).parent / "templates"

LOOK = Look("nl", dt.date(2022, 12, 31), "Proef, niet voor publicatie")
HOSTILE = (
    "<script>alert(1)</script>",
    "=1+1",
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2",
    "$x^2$",
    '#read("/etc/passwd")',
    '#import "@preview/x:1.0.0": *',
    "{{ 7 * 7 }}{% for i in x %}",
    "`code` **vet** _schuin_ [naam](http://x) ![kaart](http://x/y.png)",
    "# kop",
    "> citaat",
    "- punt",
    "1. punt",
    "| a | b |",
    "&amp; &lt; \\n \\",
    "~~~",
    "<!-- weg -->",
    "\u202eomgekeerd",
    "kind 👧 met emoji",
    "مدرسة",
    "a" * 10_000,
)


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Fill a template of one's own in."""

    def filled(template: str, language: str = "nl", **figures: object) -> Letter:
        folder = tmp_path / "templates"
        folder.mkdir(exist_ok=True)
        (folder / TEMPLATES[language]).write_text(template, encoding="utf-8")  # type: ignore[index]
        return write_letter(figures, language, folder)  # type: ignore[arg-type]

    return filled


def plain(runs: Line) -> str:
    return "".join(run.text for run in runs)


def plain_text(block: Block) -> str:
    """Give the words of a block without their looks."""
    if isinstance(block, Heading):
        return block.text
    if isinstance(block, Picture):
        return block.caption
    if isinstance(block, Table):
        rows = ["\t".join(plain(cell) for cell in row) for row in block.rows]
        return "\n".join([block.caption, *rows])
    return plain(block.runs)


def words(letter: Letter) -> list[str]:
    return [plain_text(block) for block in letter.blocks]


def text_of(document: Path) -> str:
    """Read all words of a document by its XML alone."""
    with zipfile.ZipFile(document) as archive:
        tree = etree.fromstring(archive.read("word/document.xml"))
    kind = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    return "\n".join(
        "".join(node.text or "" for node in par.iter(f"{kind}t")) for par in tree.iter(f"{kind}p")
    )


def plates(folder: Path, alt: str = "Kaart van Limburg: 3 gemeenten.") -> dict[str, Plate]:
    """Make two small maps, one lying and one standing."""
    found = {}
    for key, size in (("liggend", (300, 200)), ("staand", (200, 300))):
        Image.new("RGB", size, "#41b6c4").save(folder / f"{key}.png")
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}">'
            f'<rect width="{size[0]}" height="{size[1]}" fill="#41b6c4"/></svg>'
        )
        (folder / f"{key}.svg").write_text(svg, encoding="utf-8")
        found[key] = Plate(folder / f"{key}.png", folder / f"{key}.svg", alt)
    return found


# -- filling in ------------------------------------------------------------------------------


def test_values_are_written_as_the_language_does(fill: Fill) -> None:
    """37.376 and 62,4 % in Dutch, 37,376 and 62.4% in English; dates in words."""
    template = (
        "{{ n }} {{ share | percent }} {{ s | minutes }} {{ eur | euro }} {{ day }} {{ x }} "
        '{{ names | listed }} {{ counted(1, "kind", "kinderen") }} '
        '{{ counted(1200, "kind", "kinderen") }}'
    )
    figures = {"n": 37376, "share": 0.6244, "s": 754.0, "eur": 1250.5, "x": 9.6}
    figures |= {"day": dt.date(2022, 12, 31), "names": ["Aalst", "Boom", "Genk"]}
    dutch, english = (fill(template, language, **figures) for language in ("nl", "en"))
    assert " ".join(words(dutch)) == (
        "37.376 62,4\xa0% 12,6 1.250,50 31 december 2022 9,6 Aalst, Boom en Genk "
        "1 kind 1.200 kinderen"
    )
    assert " ".join(words(english)) == (
        "37,376 62.4% 12.6 1,250.50 31 December 2022 9.6 Aalst, Boom and Genk 1 kind 1,200 kinderen"
    )


def test_a_comma_between_braces_keeps_its_space(fill: Fill) -> None:
    """As in a list that a loop writes."""
    letter = fill('{% for n in names %}{{ n }}{{ ", " if not loop.last }}{% endfor %}', names="ab")
    assert words(letter) == ["a, b"]


def test_a_template_makes_headings_lists_tables_and_pictures(fill: Fill) -> None:
    """What a cabinet writes in Markdown comes out as what it is."""
    letter = fill(
        "# Titel\n\n## Kop\n\nGewoon **vet** en *schuin*.\n\n> Let op\n\n- een\n  - dieper\n- twee"
        "\n\n3. drie\n4. vier\n\nTabel: Onderschrift\n\n| a | b |\n| :-- | --: |\n| {{ x }} | 2 |\n"
        "\n![Kaart van {{ x }}](vlaanderen)\n",
        x="A|B",
    )
    kinds = [type(block) for block in letter.blocks]
    assert kinds == [Heading, Heading, Paragraph, Paragraph, *[Item] * 5, Table, Picture]
    assert letter.title == "Titel"
    table, picture = letter.blocks[-2:]
    assert isinstance(table, Table)
    assert table.right == (False, True)
    assert plain_text(table) == "Onderschrift\na\tb\nA|B\t2"
    assert picture == Picture("vlaanderen", "Kaart van A|B")
    items = [(one.number, one.depth) for one in letter.blocks if isinstance(one, Item)]
    assert items == [(0, 0), (0, 1), (0, 0), (3, 0), (4, 0)]
    caution = letter.blocks[3]
    assert isinstance(caution, Paragraph)
    assert caution.kind == "caution"


def test_numbers_that_someone_typed_are_known(fill: Fill) -> None:
    """Those of figures, headings, lists and keys are not among them."""
    letter = fill(
        "## 1. Kop\n\nSinds 2014 zijn er {{ n }}, of 12,5 % van {{ name }}.\n\n1. een\n\n"
        "![Kaart](bijlage-2-vlaanderen)\n",
        n=221,
        name="Studie 2022",
    )
    assert letter.typed == ("2014", "12,5")


@pytest.mark.parametrize(
    ("template", "typed"),
    [
        ("{{ 62.4 }} en {{ '7 op 10' }}", ("62.4", "7", "10")),
        ("{{ n + 100 }}", ("100",)),
        ("{% set k = 5 %}{{ k }}", ("5",)),
        ("{{ counted(3, 'kind', 'kinderen') }}", ("3",)),
        (
            "{% if n == 1 %}een{% elif n > 2 %}{{ names[0] }} {{ names[:2] | listed }}{% endif %}",
            (),
        ),
        ("{% include 'deel.md' %}", ("2015",)),
        ("\ue0002016\ue001", ("2016",)),
    ],
)
def test_a_number_typed_between_braces_is_known_too(
    fill: Fill, tmp_path: Path, template: str, typed: tuple[str, ...]
) -> None:
    """Nobody passes a figure of his own for one of the tables; a comparison is no figure."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "deel.md").write_text("Sinds {{ '2015' }}", encoding="utf-8")
    assert fill(template, n=3, names=["Aalst", "Boom", "Genk"]).typed == typed


def test_a_template_includes_its_own_texts(fill: Fill, tmp_path: Path) -> None:
    """They are kept with it, and with nothing else of the folder, to make the answer again."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "deel.md").write_bytes("\ufeffEen deel.\r\n\x0b".encode())
    (folder / "kladje.md").write_text("niet voor publicatie", encoding="utf-8")
    letter = fill("# T\n\n{% include 'deel.md' %}\n")
    assert words(letter) == ["T", "Een deel."]
    assert letter.own == {
        "antwoord.nl.md": "# T\n\n{% include 'deel.md' %}\n",
        "deel.md": "Een deel.\n ",
    }


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda path: path.write_bytes(b"# T\n\nge\xefnd\n"),
            "antwoord.nl.md: is not text in UTF-8",
        ),
        (lambda path: path.mkdir(), "holds no text antwoord.nl.md"),
        (lambda path: path.with_name("answer.en.md").touch(), "holds no text antwoord.nl.md"),
        (lambda path: path.parent.rmdir(), "holds no text antwoord.nl.md"),
    ],
)
def test_a_folder_without_a_readable_template_is_refused(
    tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    """Nobody who gives texts of his own signs those of the package unawares."""
    (tmp_path / "mine").mkdir()
    make(tmp_path / "mine" / "antwoord.nl.md")
    with pytest.raises(ResultError, match=re.escape(told)):
        write_letter({}, "nl", tmp_path / "mine")


def test_our_own_templates_have_no_number_typed_in() -> None:
    """Every figure of the answer comes from a table: none is written into the text."""
    for name in TEMPLATES.values():
        source = (TEMPLATE_FOLDER / name).read_text("utf-8")
        bare = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.DOTALL)
        bare = re.sub(r"(?m)^#+ \d+\. |^1\. ", "", bare)
        assert re.findall(r"\d+", bare) == []


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("een\n\n{{ nergens }}\n", "line 3: cannot be filled in: there is no 'nergens'"),
        ("{{ region.shaar }}", "cannot be filled in: there is no 'shaar'; the nearest is 'share'"),
        ("een\n{% if %}\n", "line 2: is not understood"),
        ("{{ n | procent }}", "line 1: is not understood: No filter named 'procent'"),
        ("{{ name | percent }}", "line 1: cannot be filled in"),
        ("{{ ().__class__.__mro__ }}", "line 1: cannot be filled in: access to attribute"),
        ("{% include '/etc/passwd' %}", "cannot be filled in: /etc/passwd"),
        ("```\ncode\n```\n", "line 1 of the filled text: fence has no place in an answer"),
        ("> - een\n", "line 1 of the filled text: a caution in a frame holds paragraphs alone"),
        ("> | a |\n> | - |\n", "a caution in a frame holds paragraphs alone"),
        ("> ![x](y)\n", "a caution in a frame holds paragraphs alone"),
        ("- een ![x](y)\n", "image has no place in an answer"),
        ("| ![x](y) |\n| - |\n", "image has no place in an answer"),
        ("Tabel: verloren\n\ntekst\n", "line 3 of the filled text: a caption stands above no"),
        ("[x](../../etc/passwd)\n", "leads to the web or to mail, not to '../../etc/passwd'"),
        ("Tabel: verloren\n", "a caption stands above no table: verloren"),
        ("{% include 'antwoord.nl.md' %}", ": has no end, or is too large"),
        ("{% include '../antwoord.nl.md' %}", "cannot be filled in: ../antwoord.nl.md"),
        ("{{ 'a' * 1000000000000 }}", "line 1: cannot be filled in: '*' has no place in a text"),
        ("{{ '%1000000000d' % 1 }}", "line 1: cannot be filled in: '%' has no place in a text"),
        ("{{ 10 ** 10 ** 10 }}", "line 1: cannot be filled in: '**' has no place in a text"),
        ("{% for i in range(10 ** 9) %}x{% endfor %}", "cannot be filled in: '**' has no place"),
        ("{% for i in range(999999999) %}x{% endfor %}", "cannot be filled in: Range too big"),
        (
            "{% for i in range(9999) %}" + "x" * 1000 + "{% endfor %}",
            "becomes longer than 500000 letters",
        ),
    ],
)
def test_what_is_wrong_with_a_template_is_one_line(fill: Fill, template: str, told: str) -> None:
    """File, line, what, and where to look it up."""
    with pytest.raises(ResultError) as error:
        fill(template, n=1, name="x", region={"share": 0.5})
    assert told in str(error.value)
    assert str(error.value).startswith("antwoord.nl.md")
    assert "\n" not in str(error.value)


BOMBS = {
    "'.tofile()' is no item": "{{ share.tofile('/tmp/x', ' ', 'text %s') }}",
    "'.items()' is no item": "{{ region.items() }}",
    "'.format()' is no item": "{{ '{0.__class__}'.format(n) }}",
    "'.strftime()' is no item": "{{ day.strftime('%Y' * 9) }}",
    "'.upper()' is no item": "{{ name.upper() }}",
    "attribute 'real' of a number": "{{ n.real }}",
    "attribute 'strftime' of a date": "{{ day.strftime }}",
    "there is no 'items'": "{{ region.items }}",
    "there is no '__class__'": "{{ region['__class__'] }}",
    **{
        f"No function named '{name}'": f"{{{{ {name}(9) }}}}"
        for name in ("lipsum", "cycler", "joiner", "namespace", "dict", "n")
    },
    **{
        f"No filter named '{name}'": f"{{{{ names | {name}(9) }}}}"
        for name in (
            *("format", "replace", "indent", "center", "wordwrap", "attr", "batch", "slice"),
            *("tojson", "pprint", "xmlattr", "urlize", "groupby", "truncate", "list", "safe"),
        )
    },
    "No test named 'callable'": "{{ 1 if n is callable }}",
    "{% macro %} has no place": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "recursive has no place": "{% for i in names recursive %}{{ loop(names) }}{% endfor %}",
    "{% block %} has no place": "{% block a %}{% endblock %}",
    "{% import %} has no place": "{% import 'antwoord.nl.md' as x %}",
    "{% from %} has no place": "{% from 'antwoord.nl.md' import x %}",
    "{% extends %} has no place": "{% extends 'antwoord.nl.md' %}",
    "{% set ... endset %} has no place": "{% set x %}a{% endset %}",
    "{% filter %} has no place": "{% filter upper %}x{% endfilter %}",
    "{% call %} has no place": "{% call f() %}{% endcall %}",
    "{% autoescape %} has no place": "{% autoescape true %}x{% endautoescape %}",
    "'*' and '**' have no place": "{{ n | percent(*names) }}",
    "a text longer than": "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 40,
    "a list is no text": "{% set a = [1] %}" + "{% set a = [a, a] %}" * 60 + "{{ a }}",
    "a list cannot be compared": "{{ 1 if [1] == [1] }}",
    "a list cannot be put in order": "{{ [[1], [1]] | sort }}",
    "is not looked for": "{{ 1 if [1] in [[1]] }}",
    "a number is too large": "{% set a = 9 %}" + "{% set a = a * a %}" * 40,
    "'round' takes 0 to 15 digits": "{{ n | round(-999999999) }}",
    "a yes or no is no text": "{{ n == 1 }}",
    "is not handed over what it takes": "{{ n | percent(name=1) }}",
    "'upper' does nothing with a number": "{{ n | upper }}",
    "is no plain name of a text": "{% include '\\x1b[31m' %}",
}


@pytest.mark.parametrize("told", BOMBS)
def test_a_template_reads_figures_and_does_nothing_else(fill: Fill, told: str) -> None:
    """No method, attribute, bomb or way round: one clear line, and a figure is only read."""
    figures = {"n": 1, "name": "x", "names": ["a", "b"], "region": {"share": 0.5}, "share": 0.5}
    with pytest.raises(ResultError) as error:
        fill(BOMBS[told], **figures, day=dt.date(2022, 12, 31))
    assert told in str(error.value)
    assert str(error.value).startswith("antwoord.nl.md, line 1: ")
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
        "{% for i in range(9999) if 0 %}{% endfor %}" * 200,
        "{% set a = [1] %}" + "{% set a = a + a %}" * 40,
        "{% set a = 'x' %}" + "{% set a = a ~ a %}" * 18 + "{{ a in a and '' }}" * 999,
        "{% for i in range(9999) %}{{ n | percent | upper }}{% endfor %}",
    ],
)
def test_what_takes_no_end_is_counted(
    fill: Fill, monkeypatch: pytest.MonkeyPatch, template: str
) -> None:
    """Every turn of a loop, every value and every look through a text or list is a step."""
    monkeypatch.setattr("stemgeo.report.filling.MOST_STEPS", 20_000)
    with pytest.raises(
        ResultError, match=r"^antwoord\.nl\.md, line 1: takes more than 20000 steps"
    ):
        fill(template, n=1)


@pytest.mark.parametrize("what", ["({})", "not {}", "n.a{}", "n + {}"])
def test_what_stands_too_deep_is_one_line(fill: Fill, what: str) -> None:
    """Also where it would never be worked out."""
    text = "n"
    for _ in range(4000):
        text = f"{text}.a" if what == "n.a{}" else what.format(text)
    with pytest.raises(ResultError, match="has no end, or is too large"):
        fill(f"{{% if false %}}{{{{ {text} }}}}{{% endif %}}", n=1)


def test_a_text_of_too_many_pieces_is_refused(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Word would work on it for hours."""
    monkeypatch.setattr("stemgeo.report.letter.MOST_PIECES", 500)
    with pytest.raises(ResultError, match=r"antwoord\.nl\.md: becomes more than 500 pieces"):
        fill("# T\n\n" + "{% for i in range(90) %}- **a** *b* **c**\n{% endfor %}")


def test_a_template_reckons_sorts_and_picks(fill: Fill) -> None:
    """What docs/answer.md lists works on rows, texts and dates, written as the language does."""
    rows = [{"a": 2, "b": "y"}, {"a": 1000, "b": "x"}]
    template = (
        "{% set k = n * 2 + 1 %}{{ k }} {{ rows | sum(attribute='a') }} {{ names | join('; ') }} "
        "{{ (rows | sort(attribute='b') | first).a }} {{ rows | map(attribute='b') | listed }} "
        "{% for one in rows | selectattr('a', 'gt', 2) %}{{ loop.index }}{{ one.b | upper }}"
        "{% endfor %} {{ x | default('leeg') }} {{ day.year == 2022 and 'ja' }} "
        "{% for name, value in rows[0] | items %}{{ name }}={{ value }}{% endfor %} "
        "{{ 'km ' ~ 1500 }} {{ -n }} {{ names | max }} {{ 7 // 2 }} {% with z = 3 %}{{ z }}"
        "{% endwith %} {{ 'b' in names and names is not none and n is odd and 'waar' }}"
    )
    figures = {"n": 3, "rows": rows, "names": ["a", "b"], "day": dt.date(2022, 12, 31)}
    assert words(fill(template, **figures)) == [
        "7 1.002 a; b 1.000 y en x 1X leeg ja a=2b=y km 1.500 -3 b 3 3 waar"
    ]


@pytest.mark.parametrize(
    "value",
    [np.float64(0.5), np.int64(1), np.bool_(True), dt.datetime(2022, 1, 1), (1,), {1: object()}],  # noqa: DTZ001
)
def test_a_figure_that_could_act_is_refused(fill: Fill, value: object) -> None:
    """Text, numbers, yes or no, dates, nothing, lists and groups of these; none derived."""
    with pytest.raises(ResultError, match="the figure 'x"):
        fill("# T", x=[value])


def test_a_folder_of_templates_is_read_as_plain_files(fill: Fill, tmp_path: Path) -> None:
    """A link leads nowhere, a folder is no text, and a text has a size."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "geheim.md").write_text("geheim", encoding="utf-8")
    (folder / "link.md").symlink_to(tmp_path / "geheim.md")
    (folder / "map.md").mkdir()
    (folder / "groot.md").write_bytes(b"x" * 200_001)
    for name, told in (
        ("link.md", "link.md: is a link or a folder, and no file"),
        ("map.md", "map.md: is a link or a folder, and no file"),
        ("groot.md", "groot.md: is larger than 200000 bytes"),
        (".verborgen.md", "is no plain name of a text"),
        ("weg.md", "there is no text weg.md in the folder"),
    ):
        with pytest.raises(ResultError, match=re.escape(told)):
            fill(f"{{% include '{name}' %}}")
    (folder / "antwoord.nl.md").unlink()
    (folder / "antwoord.nl.md").symlink_to(tmp_path / "geheim.md")
    with pytest.raises(ResultError, match=r"antwoord\.nl\.md: is a link"):
        write_letter({}, "nl", folder)


def test_texts_that_no_answer_used_are_named(tmp_path: Path) -> None:
    """But for those of the other language, and what systems leave by themselves."""
    write_templates(tmp_path / "mine")
    for name in ("kladje.md", ".verborgen", ".DS_Store"):
        (tmp_path / "mine" / name).touch()
    assert list_unused_texts(tmp_path / "mine", {"antwoord.nl.md"}) == [".verborgen", "kladje.md"]


def test_templates_are_written_to_be_changed(tmp_path: Path) -> None:
    """Both languages, word for word; a folder with something in it is left alone."""
    paths = write_templates(tmp_path / "mine")
    assert [path.name for path in paths] == list(TEMPLATES.values())
    for path in paths:
        assert path.read_bytes() == (TEMPLATE_FOLDER / path.name).read_bytes()
    with pytest.raises(StemgeoError, match="is not empty"):
        write_templates(tmp_path / "mine")


# -- data is never markup --------------------------------------------------------------------


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.sampled_from(HOSTILE[:-1])))
def test_a_text_from_data_reads_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """In a paragraph, a heading, an item and a cell: no markup, nothing lost, nothing run."""
    folder = tmp_path_factory.getbasetemp() / "one-template"
    folder.mkdir(exist_ok=True)
    template = "# {{ x }}.\n\n{{ x }}.\n\n- {{ x }}.\n\n| a |\n| :-- |\n| {{ x }}. |\n"
    (folder / TEMPLATES["nl"]).write_text(template, encoding="utf-8")
    letter = write_letter({"x": text}, "nl", folder)
    kept = make_printable(text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd"))
    assert words(letter) == [f"{kept}.", f"{kept}.", f"{kept}.", f"\na\n{kept}."]
    assert letter.typed == ()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stands_in_word_and_pdf_as_text(
    fill: Fill, tmp_path: Path, text: str
) -> None:
    """No field, link, formula or picture comes of it; typst reads no file and runs no command."""
    letter = fill("# {{ x }}\n\n{{ x }}\n\n- {{ x }}\n\n| a |\n| :-- |\n| {{ x }} |\n", x=text)
    look = Look("nl", LOOK.date, text[:200])
    document = write_docx(letter, {}, look, tmp_path / "a.docx")
    assert text_of(document).count(text) == 4
    with zipfile.ZipFile(document) as archive:
        xml = archive.read("word/document.xml").decode()
        links = archive.read("word/_rels/document.xml.rels").decode()
    assert "instrText" not in xml
    assert "hyperlink" not in xml
    assert "External" not in links
    write_pdf(letter, {}, look, tmp_path / "a.pdf")
    pages = pypdf.PdfReader(tmp_path / "a.pdf").pages
    assert not any("/Annots" in page for page in pages)
    if text.isascii():
        squeezed = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
        shown = re.sub(r"\s", "", text)
        assert squeezed.count(shown[:40]) >= 4


def test_alt_texts_and_captions_hold_hostile_names(fill: Fill, tmp_path: Path) -> None:
    """What a map says of a place is text too."""
    letter = fill("# T\n\n![{{ x }}](liggend)\n", x=HOSTILE[0])
    maps = plates(tmp_path, alt="; ".join(HOSTILE[:-1]))
    document = write_docx(letter, maps, LOOK, tmp_path / "a.docx")
    shape = docx.Document(str(document)).inline_shapes[0]
    assert shape._inline.docPr.get("descr") == maps["liggend"].alt
    write_pdf(letter, maps, LOOK, tmp_path / "a.pdf")
    assert HOSTILE[0] in pypdf.PdfReader(tmp_path / "a.pdf").pages[-1].extract_text()


# -- the pages -------------------------------------------------------------------------------

CONTENT = (
    "# Titel\n\n> Let op\n\n## 1. Kop\n\nTekst met [een verwijzing](https://www.vlaanderen.be).\n\n"
    "1. een\n2. twee\n\nTussenin.\n\n1. opnieuw een\n\nTabel: Onderschrift\n\n"
    "| Naam | Kinderen |\n| :-- | --: |\n| Genk | {{ n }} |\n\n![Kaart A](liggend)\n\n"
    "![Kaart B](staand)\n"
)


def test_the_document_has_styles_captions_alt_texts_and_turned_pages(
    fill: Fill, tmp_path: Path
) -> None:
    """Real headings and lists, a numbered caption, a repeated table head, maps on their pages."""
    maps = plates(tmp_path)
    path = write_docx(fill(CONTENT, n=37376), maps, LOOK, tmp_path / "a.docx")
    document = docx.Document(str(path))
    styles = {par.text: par.style.name for par in document.paragraphs if par.style}
    assert styles["Titel"] == "Title"
    assert styles["1. Kop"] == "Heading 1"
    assert styles["Tabel 1. Onderschrift"] == "Caption"
    assert styles["opnieuw een"] == "List Number"
    numbering = {
        par.text: par._p.pPr.numPr.numId.val
        for par in document.paragraphs
        if par._p.pPr is not None and par._p.pPr.numPr is not None
    }
    assert numbering["een"] == numbering["twee"] != numbering["opnieuw een"]
    assert [section.orientation for section in document.sections] == [0, 1, 0]
    alts = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert alts == [plate.alt for plate in maps.values()]
    table = document.tables[0]
    assert [cell.text for cell in table.rows[1].cells] == ["Genk", "37.376"]
    assert "tblHeader" in table.rows[0]._tr.xml
    assert document.core_properties.title == "Titel"
    assert document.core_properties.author == ""
    assert 'w:lang w:val="nl-BE"' in document.styles.element.xml
    foot = document.sections[0].footer.paragraphs[0].text
    assert foot.startswith(LOOK.foot)


def test_the_pdf_is_tagged_in_its_language_with_fonts_and_alt_texts(
    fill: Fill, tmp_path: Path
) -> None:
    """PDF/UA-1: structure, language, title, alt text on each map, and every font inside."""
    letter = fill(CONTENT, n=37376)
    assert write_pdf(letter, plates(tmp_path), LOOK, tmp_path / "a.pdf") == STANDARD
    reader = pypdf.PdfReader(tmp_path / "a.pdf")
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "nl-BE"
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Titel"
    raw = (tmp_path / "a.pdf").read_bytes()
    assert b"pdfuaid:part" in raw
    kinds, alts = structure(root["/StructTreeRoot"])
    assert {"/H1", "/P", "/L", "/LI", "/Table", "/TH", "/TD", "/Figure", "/Link"} <= kinds
    assert alts == ["Kaart van Limburg: 3 gemeenten."] * 2
    fonts = [font for page in reader.pages for font in fonts_of(page)]
    assert fonts
    assert all(any(key.startswith("/FontFile") for key in font) for font in fonts)
    turned = [page.mediabox.width > page.mediabox.height for page in reader.pages]
    assert turned == [False, True, False]


def structure(node: pypdf.generic.PdfObject) -> tuple[set[str], list[str]]:
    """Walk the tags of a PDF: which there are, and the alt texts of figures in order."""
    kinds: set[str] = set()
    alts: list[str] = []

    def walk(one: object) -> None:
        one = one.get_object() if hasattr(one, "get_object") else one
        if isinstance(one, list):
            for child in one:
                walk(child)
        elif isinstance(one, dict) and ("/S" in one or "/K" in one):
            kinds.add(str(one.get("/S", "")))
            if one.get("/S") == "/Figure" and "/Alt" in one:
                alts.append(str(one["/Alt"]))
            walk(one.get("/K", []))

    walk(node)
    return kinds, alts


def fonts_of(page: pypdf.PageObject) -> list[dict[str, object]]:
    """Give the descriptors of the fonts of a page."""
    found = []
    for font in page["/Resources"].get("/Font", {}).values():  # type: ignore[union-attr]
        one = font.get_object()
        inner = one["/DescendantFonts"][0].get_object() if "/DescendantFonts" in one else one
        found.append(inner["/FontDescriptor"].get_object())
    return found


def test_the_same_answer_gives_the_same_bytes(fill: Fill, tmp_path: Path) -> None:
    """Neither the clock nor the place is in a document."""
    letter, maps = fill(CONTENT, n=37376), plates(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_docx(letter, maps, LOOK, tmp_path / name / "x.docx")
        write_pdf(letter, maps, LOOK, tmp_path / name / "x.pdf")
    for form in ("docx", "pdf"):
        one, other = ((tmp_path / name / f"x.{form}").read_bytes() for name in ("a", "b"))
        assert one == other


def test_a_letter_without_a_font_is_told_by_the_standard(fill: Fill, tmp_path: Path) -> None:
    """A text that no font shows still makes a PDF, which does not claim to be PDF/UA."""
    letter = fill("# Titel\n\n{{ x }}\n", x="漢字")
    assert write_pdf(letter, {}, LOOK, tmp_path / "a.pdf") == ""
    raw = (tmp_path / "a.pdf").read_bytes()
    assert b"pdfuaid:part" not in raw
    assert pypdf.PdfReader(io.BytesIO(raw)).trailer["/Root"]["/MarkInfo"]["/Marked"]
