"""The mutants of a module: one small change each, by the operators of mutmut.

Left out is what makes no figure: imports, types, decorators, docstrings, errors and their words,
text with a space, and checks that a call makes of its arguments (`strict`, `copy`). So is what ends
in an error at once: None in the place of a value, and text in capitals beside another change of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators

if TYPE_CHECKING:
    from pathlib import Path

_WORDS = ("say", "Said", "Note", "Problem", "counted", "amount", "listed")
_TYPES = ("cast", "isinstance", "len", "field")
_CHECKS = ("strict", "copy", "allow_pickle")


def _text(node: cst.CSTNode) -> str:
    return cst.Module(body=[]).code_for_node(node)


_NO_FIGURE = m.OneOf(
    *(m.Annotation(), m.Decorator(), m.Import(), m.ImportFrom(), m.Raise()),
    m.If(test=m.Name("TYPE_CHECKING")),
    m.Expr(value=m.SimpleString() | m.ConcatenatedString()),  # a docstring
    m.Assign(targets=[m.AssignTarget(target=m.Name("__all__"))]),
    m.Assign(value=m.MatchIfTrue(lambda one: isinstance(one, cst.Subscript) and '"' in _text(one))),
    m.Arg(keyword=m.Name(m.MatchIfTrue(_CHECKS.__contains__))),
    m.Call(func=m.Name(m.MatchIfTrue((_WORDS + _TYPES).__contains__))),
    m.SimpleString(value=m.MatchIfTrue(lambda text: " " in text.strip())),
)


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Attributes
    ----------
    module
        Its path in the package, as "network/snap.py".
    line
        Number of the first line that changes.
    was, now
        The lines that change, without indent, and what stands there instead.
    code
        The whole module.
    """

    module: str
    line: int
    was: str
    now: str
    code: str

    def __str__(self) -> str:
        """Give it as a line of a diff."""
        return f"stemgeo/{self.module}:{self.line}: - {self.was}  + {self.now}"


class _Places(cst.CSTVisitor):
    """Lists the nodes that can be changed, with what each can be changed to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, list[cst.CSTNode]]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if m.matches(node, _NO_FIGURE):
            return False
        instead = [
            one
            for kind, operator in mutation_operators
            if isinstance(node, kind)
            for one in operator(node)
            if _text(one).count("None") <= _text(node).count("None")
        ]
        if isinstance(node, cst.SimpleString):
            instead = instead[:1]
        if instead:
            self.found.append((node, instead))
        return True


class Module:
    """A module of the package, with the places where it can be changed."""

    def __init__(self, package: Path, name: str) -> None:
        self.name = name
        self.tree = cst.parse_module((package / name).read_text(encoding="utf-8"))
        visitor = _Places()
        self.tree.visit(visitor)
        self.places = visitor.found

    def mutant(self, place: int, random: Random) -> Mutant:
        """Change a place to one of what it can be changed to."""
        node, instead = self.places[place]
        changed = self.tree.deep_replace(node, random.choice(instead))
        assert isinstance(changed, cst.Module)
        before, after = (one.code.splitlines() for one in (self.tree, changed))
        first = next(
            (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
            min(len(before), len(after)) - 1,
        )
        last = -1
        while len(before) + last >= first and before[last] == after[last]:
            last -= 1
        was, now = (
            " ".join(line.strip() for line in lines[first : len(lines) + last + 1])
            for lines in (before, after)
        )
        return Mutant(self.name, first + 1, was, now, changed.code)


def drawn(package: Path, names: list[str], number: int, seed: str) -> list[Mutant]:
    """Draw mutants, at most one of a place; the same for the same code, number and seed."""
    random = Random(seed)  # noqa: S311
    modules = [Module(package, name) for name in sorted(names)]
    every = [(module, place) for module in modules for place in range(len(module.places))]
    chosen = random.sample(every, min(number, len(every)))
    return [module.mutant(place, random) for module, place in chosen]
