"""The notebooks as they stand in git: nothing shown, public names alone, one cell to switch."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

import stemgeo as sg

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    """Give the cells of a kind."""
    every = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [one | {"text": "".join(one["source"])} for one in every if one["cell_type"] == kind]


def test_the_index_lists_all() -> None:
    """Each has its line in the index of the folder, in its order; the README leads there."""
    listed = re.findall(
        r"^\| \[(\w+)\]\(\1\.ipynb\) \| \S", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert listed == [path.stem for path in NOTEBOOKS]
    assert [name[:2] for name in listed] == [f"{number:02}" for number in range(1, 10)]
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert "](notebooks)" in readme


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_what_it_showed(path: Path) -> None:
    """No output, no count of executions, no name of the machine's kernel."""
    code = cells(path, "code")
    assert [one for one in code if one["outputs"] or one["execution_count"] is not None] == []
    about = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert about["kernelspec"]["name"] == "python3"
    assert about["language_info"] == {"name": "python"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_title_and_one_cell_to_switch(path: Path) -> None:
    """The title is that of its metadata; the first cell of code alone says of which study it is."""
    title = cells(path, "markdown")[0]["text"].partition("\n")[0]
    assert title == f"# {json.loads(path.read_text(encoding='utf-8'))['metadata']['title']}"
    first, *others = (one["text"] for one in cells(path, "code"))
    assert 'uitvoer = Path("../out/' in first
    if "sg.run" in "".join(others):
        assert re.search(
            r"^studie = sg[.]sample\(\).*# eigen.*sg[.]load_study\(", first, re.MULTILINE
        )
    assert not any("sample()" in one for one in others)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_public_names_alone(path: Path) -> None:
    """What is asked of stemgeo is in `stemgeo.__all__`; nothing is asked of its insides."""
    trees = [ast.parse(one["text"]) for one in cells(path, "code")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {one for one in imported if one.startswith("stemgeo")} == {"stemgeo"}
    named = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "sg"
    }
    assert named
    assert named <= set(sg.__all__)
    private = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    assert not [one for one in private if one.startswith("_")]
