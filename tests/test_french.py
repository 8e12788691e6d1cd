"""A study in French from its file to its answer: nothing to read is in another language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import hand
from docx import Document
from terminal import stemgeo

if TYPE_CHECKING:
    from pathlib import Path

FOREIGN = re.compile(
    r"\b(?:het|een|van|niet|gemeenten?|kinderen|wegen|bereiken|the|of|children|roads|which|with)\b"
)


def test_a_study_in_french_is_told_in_french(tmp_path: Path) -> None:
    """Summary, what lies beside the tables, maps, web map, answer and what is printed."""
    folder = hand.write_study(tmp_path / "étude", straight_line=True, notice="Essai")
    asked = (folder / "study.toml").read_text("utf-8").replace("Kleine | proef", "Petit essai")
    asked = asked.replace("[output]", '[output]\nlanguage = "fr"')
    asked = re.sub("Proef(grenzen|bevolking|register)", "Essai", asked)
    (folder / "study.toml").write_text(asked, encoding="utf-8")
    ran = stemgeo("run", folder, "--out", tmp_path / "result")
    answered = stemgeo("answer", tmp_path / "result", "--out", tmp_path / "reponse")
    assert (ran.status, answered.status) == (0, 0), ran.err + answered.err
    read = {"printed": (ran.err + answered.err).replace(str(tmp_path), "")}
    for name in ("summary.md", "tables/LEESMIJ.txt"):
        read[name] = (tmp_path / "result" / name).read_text("utf-8")
    for path in (tmp_path / "result" / "maps").glob("*.svg"):
        read[path.name] = " ".join(re.findall(r"<(?:title|desc)[^>]*>([^<]*)<", path.read_text()))
    page = (tmp_path / "result" / "map.html").read_text("utf-8")
    page = re.sub(r"(?s)<(script|style).*?</\1>|<!--.*?-->|<[^>]*>", " ", page)
    letter = Document(str(tmp_path / "reponse" / "reponse.docx"))
    read |= {"map.html": page, "letter": "\n".join(one.text for one in letter.paragraphs)}
    assert len(read) >= 6
    assert all(text.strip() for text in read.values())
    told = re.compile(r"\S+\.(?:gpkg|txt|csv|osm|toml)\b|tables/\S+")
    assert {name: FOREIGN.findall(told.sub("", text)) for name, text in read.items()} == {
        name: [] for name in read
    }
