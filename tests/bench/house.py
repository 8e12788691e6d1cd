"""How the house stands: lines, names and repeats of the package, now and at another commit.

`make house` prints them now; `make house SINCE=v0.1.0` beside those of that commit.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAME_LINES = 6
"""From so many lines that are the same but for names and values, two places count as a repeat."""

Sources = dict[str, str]


def package_now() -> Sources:
    """Give the modules of the package as they stand, by their path."""
    files = (ROOT / "stemgeo").rglob("*.py")
    return {str(one.relative_to(ROOT)): one.read_text(encoding="utf-8") for one in files}


def package_at(commit: str) -> Sources:
    """Give the modules of the package as a commit has them."""
    archive = subprocess.run(
        ["git", "archive", commit, "stemgeo"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {
            one.name: files.extractfile(one).read().decode("utf-8")  # type: ignore[union-attr]
            for one in files
            if one.name.endswith(".py")
        }


def definitions(sources: Sources, kind: tuple[type[ast.AST], ...]) -> dict[str, list[str]]:
    """Give the files that define each name: of functions and methods, or of classes."""
    found = defaultdict(list)
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, kind) and not node.name.startswith("__"):  # type: ignore[attr-defined]
                found[node.name].append(path)  # type: ignore[attr-defined]
    return found


def repeats(sources: Sources) -> int:
    """Count the places where a run of statements begins whose like stands elsewhere."""
    places = defaultdict(set)
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                for run, line in _runs(node):
                    places[run].add((path, line))
    return sum(len(at) for at in places.values() if len(at) > 1)


def _runs(function: ast.FunctionDef) -> set[tuple[str, int]]:
    """Give each run of two and more statements of some lines, and the line where it begins."""
    found = set()
    bodies = (getattr(one, "body", None) for one in ast.walk(function))
    for body in (one for one in bodies if isinstance(one, list)):
        block = [one for one in body if not _is_docstring(one)]
        for first in range(len(block)):
            for last in range(first + 1, len(block)):
                if block[last].end_lineno - block[first].lineno + 1 >= SAME_LINES:
                    run = " ".join(map(_shape, block[first : last + 1]))
                    found.add((run, block[first].lineno))
                    break
    return found


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def lines_of_code(source: str) -> int:
    """Count the lines that hold code: no docstrings, comments or empty lines."""
    told: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if _is_docstring(node):
            told |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(map(str.strip, source.splitlines()), start=1)
    return sum(bool(line) and not line.startswith("#") and at not in told for at, line in lines)


def _shape(node: ast.AST) -> str:
    """Write a statement without its names and values."""
    kinds = (type(one).__name__ for one in ast.walk(node) if not isinstance(one, ast.expr_context))
    return "-".join(kinds)


def measured(sources: Sources) -> dict[str, str]:
    """Give each figure of the house, written out."""
    functions = definitions(sources, (ast.FunctionDef, ast.AsyncFunctionDef))
    classes = definitions(sources, (ast.ClassDef,))
    total = sum(map(len, functions.values()))
    one_word = sum(len(at) for name, at in functions.items() if "_" not in name.strip("_"))
    spread = {name for name, at in functions.items() if len(set(at)) > 2}
    in_spread = sum(len(functions[name]) for name in spread)
    return {
        "lines of Python": f"{sum(len(one.splitlines()) for one in sources.values()):,}",
        "of them with code": f"{sum(map(lines_of_code, sources.values())):,}",
        "functions and methods": f"{total:,}",
        "functions named by one word": f"{one_word:,} ({one_word / total:.0%})",
        "functions with a name that three files define": f"{in_spread:,} ({in_spread / total:.0%})",
        "class names that two classes bear": str(sum(len(at) > 1 for at in classes.values())),
        f"places of {SAME_LINES} lines and more like another": str(repeats(sources)),
    }


def main() -> None:
    """Print the figures as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--since", default="", help="a commit to lay beside what stands here")
    since = parser.parse_args().since
    columns = [measured(package_at(since))] if since else []
    columns.append(measured(package_now()))
    for name in columns[-1]:
        print(f"| {name} | " + " | ".join(one[name] for one in columns) + " |")  # noqa: T201


if __name__ == "__main__":
    main()
