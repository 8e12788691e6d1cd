"""What docs/style-guide.md asks of every text, where a machine can hold it."""

from __future__ import annotations

import re
import textwrap
from itertools import pairwise
from pathlib import Path

import pytest

from stemgeo.speech import LANGUAGES

HERE = Path(__file__).parents[2]
TEXTS = [
    *(HERE / name for name in ("README.md", "CONTRIBUTING.md")),
    *(
        path
        for folder in ("stemgeo", "docs", "data", "notebooks")
        for path in sorted((HERE / folder).rglob("*"))
        if path.suffix in (".css", ".html", ".ipynb", ".js", ".md", ".po", ".py", ".toml", ".typ")
        and path.name != "style-guide.md"
    ),
]


def find_in_texts(pattern: str) -> list[str]:
    """Give each place in a text of the package, its documents and its data where this stands."""
    wrong = re.compile(pattern, re.IGNORECASE)
    return [
        f"{path.relative_to(HERE)}: {found[0]}"
        for path in TEXTS
        # Lines of a catalogue, a document or a string are joined: a phrase may run over them.
        for found in wrong.finditer(re.sub(r'["\s]*\n[\s"#]*', " ", path.read_text("utf-8")))
    ]


def test_who_can_get_there_is_within_reach_and_never_in_time() -> None:
    """To a Dutch reader "op tijd" says "not late"; who can reach an academy is "binnen bereik"."""
    assert len(TEXTS) > 150
    assert find_in_texts(r"\bop tijd\b|\bà temps\b|(?<!ahead )\bin time\b") == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (r"te laat\b|\bblinde vlek|\balsmede\b|\bmet betrekking tot\b|\bconform\b", "nl"),
        (r"\bau niveau de\b|et/ou\b|\bsans effet\b|n’en est compté|\brapportés?\b", "fr"),
        (r"\bin order to\b|\bcan can\b|\bdataset\b", "en"),
    ],
)
def test_what_the_style_guide_never_writes(wrong: str, why: str) -> None:
    """Officialese, and Dutch put into French; of catalogues and templates."""
    folder = HERE / "stemgeo"
    files = [folder / f"texts/{why}.po", *(folder / "report/templates").glob(f"*.{why}.md")]
    assert len(files) == 2
    texts = [re.sub(r'"\s*"', "", one.read_text("utf-8")) for one in files]
    assert [found[0] for one in texts for found in re.finditer(wrong, one, re.IGNORECASE)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_apostrophes_are_typographic(language: str) -> None:
    """Between letters, in catalogues and templates; not in what a template computes."""
    folder = HERE / "stemgeo"
    files = [
        folder / f"texts/{language}.po",
        *(folder / "report/templates").glob(f"*.{language}.md"),
    ]
    prose = [re.sub(r"(?s)\{[{%#].*?[%#}]\}", "", one.read_text("utf-8")) for one in files]
    assert [found[0] for one in prose for found in re.finditer(r"\w+'\w+", one)] == []


def test_the_guide_is_where_writers_look() -> None:
    """The first pages of the repository lead to it."""
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "docs/style-guide.md" in (HERE / name).read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_of_the_letter_take_two_lines_at_most(language: str) -> None:
    """Of tables that always have the same columns, each as wide as the page allows it."""
    (path,) = (HERE / "stemgeo/report/templates").glob(f"*.{language}.md")
    lines = path.read_text("utf-8").splitlines()
    said = re.compile(r"\{\{ word\.(\w+) \}\}")
    tall, tables = [], 0
    for line, below in pairwise(lines):
        if not below.startswith("| :--") or "{%" in line:
            continue
        heads = [said.sub("STEM-academie", one).strip() for one in line.strip("| ").split(" | ")]
        tables += 1
        # A hundred letters go on a line of a table; columns share them, one takes 14 at least.
        width = max(14, 100 // len(heads))
        tall += [one for one in heads if len(textwrap.wrap(one, width)) > 2]
    assert tables >= 6
    assert tall == []
