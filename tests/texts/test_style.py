"""What docs/style-guide.md asks of every text, where a machine can hold it."""

from __future__ import annotations

import re
from pathlib import Path

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
