"""Filling a template in: Jinja's grammar, read by Jinja, worked out here step by step.

A template can be a stranger's. So it is no program: each kind of node, filter, test and function
that has a place in a text stands in a table of this module, and what stands in none is refused.
Figures are plain values whose items alone can be read. Steps and letters are counted.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import operator
import re
from collections import ChainMap
from functools import lru_cache, partial
from inspect import signature
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

import jinja2
from jinja2 import nodes

from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.files import clean_text
from stemgeo.speech import (
    format_day,
    format_decimals,
    format_euros,
    format_number,
    format_percent,
    format_whole,
    join_with_and,
    make_printable,
    plural_form,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MOST_LETTERS = 500_000
"""Of a text that was filled in; the answer for Flanders has some twenty thousand."""
MOST_STEPS = 1_000_000
"""To fill a text in, some seconds; the answer for Flanders takes some three thousand."""
MOST_DEEP = 20
"""Texts that include each other."""
MOST_WHOLE = 10**15
"""A whole number that a float holds exactly, and more than there is of anything."""
WRITING = 10
"""Steps that it takes to write a value; reading through a text takes one for so many letters:"""
LETTERS_A_STEP = 64

OPEN, SHUT = "\ue000", "\ue001"
"""Stand around what was filled in, so that nobody takes it for what the template says itself."""
LOST = str.maketrans({OPEN: "\ufffd", SHUT: "\ufffd"})
_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

_KINDS = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "a yes or no",
    dt.date: "a date",
    list: "a list",
    dict: "a group of figures",
    type(None): "nothing",
}
"""The kinds of figures, exactly these and none derived of them: they have no doors."""
_TAGS: dict[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.AssignBlock: "set ... endset",
    nodes.Block: "block",
    nodes.Extends: "extends",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.ScopedEvalContextModifier: "autoescape",
}
"""What a text has no place for, as it is written."""
_OF_DATES = ("year", "month", "day")


class AsIs(str):
    """A word of our own that is markup: the key of a picture."""

    __slots__ = ()


def fill_template(
    figures: Mapping[str, Any], language: str, name: str, read: Callable[[str], str]
) -> tuple[str, tuple[str, ...]]:
    """Fill a template in.

    Parameters
    ----------
    figures
        What it can name: text, numbers, yes or no, dates, nothing, and lists and groups of these.
    language
        "nl", "en" or "fr".
    name
        The template.
    read
        Gives the text of a template by its name.

    Returns
    -------
    tuple of str and tuple
        The text, each value in it between `OPEN` and `SHUT`, and the numbers typed between braces.

    Raises
    ------
    ResultError
        If the template names what there is not, or is not understood, or does not end; with the
        line.
    """
    for one, value in figures.items():
        refuse_unplain(value, one)
    filler = _Filler(language, read)
    filler.fill_text(name, ChainMap({}, dict(figures)))
    return "".join(filler.out), tuple(filler.typed)


def refuse_unplain(value: Any, name: str) -> None:
    """Refuse a figure of any other kind than a template may hold, wherever in the figures.

    Raises
    ------
    ResultError
        If there is one.
    """
    if type(value) not in _KINDS:
        what = f"is a {type(value).__name__}, and no text, number, date, list or group of these"
        raise ResultError(Problem(f"the figure '{name}'", what))
    if isinstance(value, list):
        for place, one in enumerate(value):
            refuse_unplain(one, f"{name}[{place}]")
    elif isinstance(value, dict):
        for key, one in value.items():
            refuse_unplain(key, f"a name in {name}")
            refuse_unplain(one, f"{name}.{key}")


class _NotThereError(Exception):
    """A name, or an item, that there is not."""


# It only reads: nothing is run, and what is written is escaped for Markdown.
_GRAMMAR = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)  # noqa: S701


@lru_cache(maxsize=16)
def _parse_template(text: str) -> nodes.Template:
    """Take a text apart, the same one once, and refuse what has no place in it."""
    tree = _GRAMMAR.parse(text)
    _refuse_foreign(tree)
    return tree


class _Filler:
    """Works a template out and keeps count.

    Attributes
    ----------
    out
        What was written, piece by piece.
    typed
        The numbers typed between braces.
    trees
        The templates that were read, by name.
    """

    def __init__(self, language: str, read: Callable[[str], str]) -> None:
        self.language, self.read = language, read
        self.trees: dict[str, nodes.Template] = {}
        self.out: list[str] = []
        self.typed: list[str] = []
        self.steps, self.letters, self.deep = 0, 0, 0
        self.name, self.line = "", 0

    # -- texts -------------------------------------------------------------------------------

    def fill_text(self, name: str, scope: ChainMap[str, Any]) -> None:
        """Fill one text in, and tell what is wrong with it in one line."""
        outer = self.name
        text = "" if name in self.trees else self.read(name)
        self.name, self.line = name, 0
        self.deep += 1
        try:
            if self.deep > MOST_DEEP:
                self._refuse_text(
                    f"has no end, or is too large: {MOST_DEEP} texts inside each other"
                )
            self.do_each(self._parse_text(name, text).body, scope)
        except jinja2.TemplateSyntaxError as error:
            self.line = error.lineno
            self._refuse_text(f"is not understood: {clean_text(str(error.message), 400)}")
        except (RecursionError, MemoryError):
            self._refuse_text("has no end, or is too large")
        except (_NotThereError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            if isinstance(error, ResultError):
                raise
            mend = "docs/answer.md lists what a template can name"
            self._refuse_text(f"cannot be filled in: {clean_text(str(error), 200)}", mend)
        self.deep -= 1
        self.name = outer

    def _parse_text(self, name: str, text: str) -> nodes.Template:
        """Read a text, once, and refuse what has no place in it."""
        if name not in self.trees:
            tree = _parse_template(text)
            self.typed += _find_typed_numbers(tree)
            self.trees[name] = tree
        return self.trees[name]

    def _refuse_text(self, what: str, mend: str = "mend it") -> NoReturn:
        where = f"{self.name}, line {self.line}" if self.line else self.name
        raise ResultError(Problem(where, what, mend)) from None

    def count_steps(self, steps: int) -> None:
        """Count what was done."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            self._refuse_text(f"takes more than {MOST_STEPS} steps", "does it repeat itself?")

    def add_text(self, text: str) -> None:
        """Add to the text, as long as it fits in an answer."""
        self.letters += len(text)
        if self.letters > MOST_LETTERS:
            self._refuse_text(
                f"becomes longer than {MOST_LETTERS} letters", "does it repeat itself?"
            )
        self.out.append(text)

    # -- statements --------------------------------------------------------------------------

    def do_each(self, every: Sequence[nodes.Node], scope: ChainMap[str, Any]) -> None:
        """Do what stands in a text, one thing after the other."""
        for node in every:
            self.count_steps(1)
            self.line = node.lineno
            _STATEMENTS[type(node)](self, node, scope)

    def do_output(self, node: nodes.Output, scope: ChainMap[str, Any]) -> None:
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                self.add_text(part.data)
            else:
                self.line = part.lineno
                self.add_text(self._mark_value(self.eval_node(part, scope)))

    def do_if(self, node: nodes.If, scope: ChainMap[str, Any]) -> None:
        for one in (node, *node.elif_):
            if self.eval_node(one.test, scope):
                self.do_each(one.body, scope)
                return
        self.do_each(node.else_, scope)

    def do_for(self, node: nodes.For, scope: ChainMap[str, Any]) -> None:
        """Do it for each; `loop` tells where we are."""
        rows = self.to_list(self.eval_node(node.iter, scope))
        scopes = []
        for row in rows:
            self.count_steps(1)
            inner = scope.new_child()
            self._assign_name(node.target, row, inner)
            if node.test is None or self.eval_node(node.test, inner):
                scopes.append(inner)
        for place, inner in enumerate(scopes):
            inner["loop"] = _describe_loop(place, len(scopes))
            self.do_each(node.body, inner)
        if not scopes:
            self.do_each(node.else_, scope)

    def do_assign(self, node: nodes.Assign, scope: ChainMap[str, Any]) -> None:
        self._assign_name(node.target, self.eval_node(node.node, scope), scope)

    def do_with(self, node: nodes.With, scope: ChainMap[str, Any]) -> None:
        inner = scope.new_child()
        for target, value in zip(node.targets, node.values, strict=True):
            self._assign_name(target, self.eval_node(value, scope), inner)
        self.do_each(node.body, inner)

    def do_include(self, node: nodes.Include, scope: ChainMap[str, Any]) -> None:
        name, line = self.eval_node(node.template, scope), self.line
        if not isinstance(name, str):
            raise TypeError(f"include takes the name of a text, not {say_kind(name)}")
        self.fill_text(name, scope.new_child())
        self.line = line

    def _assign_name(self, target: nodes.Node, value: Any, scope: ChainMap[str, Any]) -> None:
        """Give a value a name, or the parts of a list a name each."""
        if isinstance(target, nodes.Name):
            scope[target.name] = value
            return
        names = target.items if isinstance(target, nodes.Tuple) else []
        parts = self.to_list(value)
        if len(parts) != len(names):
            raise ValueError(f"{len(names)} names for {len(parts)} parts")
        for name, part in zip(names, parts, strict=True):
            self._assign_name(name, part, scope)

    # -- values ------------------------------------------------------------------------------

    def eval_node(self, node: nodes.Node, scope: ChainMap[str, Any]) -> Any:
        """Work a value out."""
        self.count_steps(1)
        return self.check_size(_VALUES[type(node)](self, node, scope))

    def check_size(self, value: Any) -> Any:
        """Let a value pass that is not too large."""
        if type(value) is str:
            if len(value) > MOST_LETTERS:
                self._refuse_text(f"makes a text longer than {MOST_LETTERS} letters")
        elif type(value) in (int, float) and abs(value) > MOST_WHOLE:
            raise OverflowError("a number is too large")
        return value

    def to_list(self, value: Any) -> list[Any]:
        """Give what can be gone through as a list, and count its length."""
        if type(value) not in (list, dict, str):
            raise TypeError(f"{say_kind(value)} cannot be gone through as a list can")
        self.count_steps(len(value))
        return list(value)

    def read_through(self, *values: Any) -> None:
        """Count what it takes to look at each of some values."""
        for value in values:
            if type(value) in (list, dict):
                self.count_steps(len(value))
            elif isinstance(value, str):
                self.count_steps(len(value) // LETTERS_A_STEP)

    def eval_name(self, node: nodes.Name, scope: ChainMap[str, Any]) -> Any:
        if node.name in scope:
            return scope[node.name]
        raise _missing_error(node.name, scope)

    def eval_field(self, node: nodes.Getattr, scope: ChainMap[str, Any]) -> Any:
        """Give an item by its name: a point leads to nothing else."""
        holder = self.eval_node(node.node, scope)
        if isinstance(holder, dt.date) and node.attr in _OF_DATES:
            return {"year": holder.year, "month": holder.month, "day": holder.day}[node.attr]
        if type(holder) is not dict:
            raise TypeError(f"access to attribute '{node.attr}' of {say_kind(holder)} is refused")
        return _take_item(holder, node.attr)

    def eval_item(self, node: nodes.Getitem, scope: ChainMap[str, Any]) -> Any:
        holder = self.eval_node(node.node, scope)
        if isinstance(node.arg, nodes.Slice):
            ends = (node.arg.start, node.arg.stop, node.arg.step)
            found = [None if one is None else self.eval_node(one, scope) for one in ends]
            if type(holder) not in (list, str) or any(type(one) is bool for one in found):
                raise TypeError(f"{say_kind(holder)} has no such part")
            self.read_through(holder)
            return holder[slice(*found)]
        return _take_item(holder, self.eval_node(node.arg, scope))

    def eval_call(self, node: Any, scope: ChainMap[str, Any]) -> Any:
        """Call one of our functions; a figure has nothing to call."""
        return self._call_with_values(_FUNCTIONS[node.node.name], node, scope)

    def eval_filter(self, node: Any, scope: ChainMap[str, Any]) -> Any:
        if node.name in ("default", "d") and isinstance(node.node, _LOOKED_UP):
            try:
                first = self.eval_node(node.node, scope)
            except _NotThereError:
                first = None
        else:
            first = self.eval_node(node.node, scope)
        return self._call_with_values(FILTERS[node.name], node, scope, first)

    def eval_test(self, node: Any, scope: ChainMap[str, Any]) -> bool:
        if node.name in ("defined", "undefined"):
            try:
                self.eval_node(node.node, scope)
            except _NotThereError:
                return bool(node.name == "undefined")
            return bool(node.name == "defined")
        first = self.eval_node(node.node, scope)
        return bool(self._call_with_values(TESTS[node.name], node, scope, first))

    def _call_with_values(
        self, do: Callable[..., Any], node: Any, scope: ChainMap[str, Any], *first: Any
    ) -> Any:
        values = [*first, *(self.eval_node(one, scope) for one in node.args)]
        others = {one.key: self.eval_node(one.value, scope) for one in node.kwargs}
        name = getattr(node, "name", "") or node.node.name
        return self.apply_function(name, do, *values, **others)

    def apply_function(
        self, name: str, do: Callable[..., Any], /, *values: Any, **others: Any
    ) -> Any:
        """Call one of our functions, filters and tests, and count what it takes."""
        self.count_steps(WRITING)
        self.read_through(*values)
        try:
            signature(do).bind(self, *values, **others)
        except TypeError:
            raise TypeError(f"'{name}' is not handed over what it takes") from None
        try:
            done = do(self, *values, **others)
        except AttributeError:  # a filter of texts that was given something else
            raise TypeError(f"'{name}' does nothing with {say_kind(values[0])}") from None
        self.read_through(done)
        return done

    def eval_compare(self, node: nodes.Compare, scope: ChainMap[str, Any]) -> bool:
        left = self.eval_node(node.expr, scope)
        for one in node.ops:
            right = self.eval_node(one.expr, scope)
            if not self.compare_values(one.op, left, right):
                return False
            left = right
        return True

    def compare_values(self, how: str, left: Any, right: Any) -> bool:
        """Compare two values; groups and lists have no size, and are the same as nothing else."""
        self.read_through(left, right)
        if how in ("in", "notin"):
            if type(right) not in (list, dict, str) or type(left) in (list, dict):
                raise TypeError(f"{say_kind(left)} is not looked for in {say_kind(right)}")
            return (left in right) is (how == "in")
        if left is not None and right is not None:
            for one in (left, right):
                if type(one) in (list, dict):
                    raise TypeError(f"{say_kind(one)} cannot be compared; its items can")
        return bool(_COMPARED[how](left, right))

    def eval_arithmetic(self, node: nodes.BinExpr, scope: ChainMap[str, Any]) -> Any:
        """Reckon with two numbers; `+` puts texts together, and lists."""
        left, right = self.eval_node(node.left, scope), self.eval_node(node.right, scope)
        alike = type(left) is type(right) and type(left) in (str, list)
        if isinstance(node, nodes.Add) and alike:
            self.read_through(left, right)
        elif node.operator not in _RECKONED or not all(
            type(one) in (int, float) for one in (left, right)
        ):
            raise TypeError(
                f"'{node.operator}' has no place in a text, but + - * / // % of two numbers"
            )
        return _RECKONED[node.operator](left, right)

    def eval_concat(self, node: nodes.Concat, scope: ChainMap[str, Any]) -> str:
        """Put values in a row, each as it would be written."""
        parts = [self.format_value(self.eval_node(one, scope)) for one in node.nodes]
        self.read_through(*parts)
        return "".join(parts)

    # -- writing -----------------------------------------------------------------------------

    def format_value(self, value: Any) -> str:
        """Write a value as the language does."""
        self.count_steps(WRITING)
        return format_value(value, self.language)

    def _mark_value(self, value: Any) -> str:
        """Write a value so that none of it is markup, and mark it."""
        if isinstance(value, AsIs):
            return value
        escaped = _MARKUP.sub(r"\\\1", make_printable(self.format_value(value).translate(LOST)))
        return f"{OPEN}{escaped}{SHUT}" if escaped else ""


def format_value(value: Any, language: str) -> str:
    """Write a value as a language does.

    Raises
    ------
    TypeError
        If it is nothing that a text can hold: a yes or no, a list.
    """
    if type(value) in (bool, list, dict):
        mend = "{% if %}" if type(value) is bool else "listed, or one of its items"
        raise TypeError(f"{say_kind(value)} is no text; ask for it with {mend}")
    if isinstance(value, int):
        return format_whole(value, language)
    if isinstance(value, float):
        return format_number(value, language)
    if isinstance(value, dt.date):
        return format_day(value, language)
    return str(value)


def say_kind(value: Any) -> str:
    """Say what a value is to one who writes a text."""
    return _KINDS.get(str if isinstance(value, str) else type(value), "no figure")


def _describe_loop(place: int, length: int) -> dict[str, Any]:
    return {
        "index": place + 1,
        "index0": place,
        "revindex": length - place,
        "revindex0": length - place - 1,
        "first": place == 0,
        "last": place == length - 1,
        "length": length,
    }


def _take_item(holder: Any, key: Any) -> Any:
    """Give an item of a group by its name, or of a list or text by its number."""
    by_name = type(holder) is dict and isinstance(key, str)
    by_number = type(holder) in (list, str) and type(key) is int
    if not by_name and not by_number:
        raise TypeError(f"{say_kind(holder)} has no item by {say_kind(key)}")
    try:
        return holder[key]
    except LookupError:
        raise _missing_error(str(key), holder if by_name else {}) from None


def _missing_error(name: str, known: Mapping[str, Any]) -> _NotThereError:
    near = difflib.get_close_matches(clean_text(name), islice(map(str, known), 1000), 1)
    nearest = f"; the nearest is '{near[0]}'" if near else ""
    return _NotThereError(f"there is no '{clean_text(name)}'{nearest}")


# -- what may stand in a text ------------------------------------------------------------------


def _refuse_foreign(node: nodes.Node) -> None:
    """Refuse each node, filter, test and function that stands in none of our tables."""
    what = None
    if getattr(node, "dyn_args", None) or getattr(node, "dyn_kwargs", None):
        what = "'*' and '**' have no place before what is handed over"
    elif type(node) in _TAGS:
        what = f"{{% {_TAGS[type(node)]} %}} has no place in a text"
    elif not (type(node) in _STATEMENTS or type(node) in _VALUES or isinstance(node, _BESIDE)):
        what = f"{type(node).__name__} has no place in a text"
    elif isinstance(node, nodes.Filter):
        what = _say_unknown("filter", node.name, FILTERS)
    elif isinstance(node, nodes.Test):
        what = _say_unknown("test", node.name, {*TESTS, "defined", "undefined"})
    elif isinstance(node, nodes.For) and node.recursive:
        what = "a loop that is recursive has no place in a text"
    elif isinstance(node, nodes.Call):
        what = _say_uncallable(node.node)
    if what:
        raise jinja2.TemplateSyntaxError(what, node.lineno)
    for child in node.iter_child_nodes():
        _refuse_foreign(child)


def _say_unknown(what: str, name: str, known: Mapping[str, Any] | set[str]) -> str | None:
    if name in known:
        return None
    return f"No {what} named '{name}'; there are: {', '.join(sorted(known))}"


def _say_uncallable(node: nodes.Node) -> str | None:
    """Say of what is called that it is none of our functions."""
    if isinstance(node, nodes.Getattr):
        return f"'.{node.attr}()' is no item: figures have items, and nothing to call"
    if not isinstance(node, nodes.Name):
        return "figures have items, and nothing to call"
    return _say_unknown("function", node.name, _FUNCTIONS)


def _find_typed_numbers(node: nodes.Node) -> Iterator[str]:
    """Find the numbers typed between braces; not those that tell which figure is meant, or when."""
    if isinstance(node, nodes.Const):
        yield from NUMBER.findall(str(node.value))
        return
    for child in node.iter_child_nodes():
        beside = isinstance(child, nodes.TemplateData | nodes.Compare | nodes.Slice | nodes.Test)
        if isinstance(child, nodes.Getitem):
            yield from _find_typed_numbers(child.node)
        elif not beside and not (isinstance(child, nodes.Filter) and child.name == "as_is"):
            yield from _find_typed_numbers(child)


_LOOKED_UP = (nodes.Name, nodes.Getattr, nodes.Getitem)
_BESIDE = (
    nodes.Template,
    nodes.TemplateData,
    nodes.Operand,
    nodes.Keyword,
    nodes.Pair,
    nodes.Slice,
    nodes.Scope,
)
"""What is read with the node that it stands in."""

_STATEMENTS: dict[type[nodes.Node], Callable[[_Filler, Any, ChainMap[str, Any]], None]] = {
    nodes.Output: _Filler.do_output,
    nodes.If: _Filler.do_if,
    nodes.For: _Filler.do_for,
    nodes.Assign: _Filler.do_assign,
    nodes.With: _Filler.do_with,
    nodes.Include: _Filler.do_include,
}
_VALUES: dict[type[nodes.Node], Callable[[_Filler, Any, ChainMap[str, Any]], Any]] = {
    nodes.Const: lambda _filler, node, _scope: node.value,
    nodes.Name: _Filler.eval_name,
    nodes.Getattr: _Filler.eval_field,
    nodes.Getitem: _Filler.eval_item,
    nodes.Call: _Filler.eval_call,
    nodes.Filter: _Filler.eval_filter,
    nodes.Test: _Filler.eval_test,
    nodes.Compare: _Filler.eval_compare,
    nodes.Concat: _Filler.eval_concat,
    nodes.List: lambda filler, node, scope: [filler.eval_node(one, scope) for one in node.items],
    nodes.Tuple: lambda filler, node, scope: [filler.eval_node(one, scope) for one in node.items],
    nodes.And: lambda filler, node, scope: (
        filler.eval_node(node.left, scope) and filler.eval_node(node.right, scope)
    ),
    nodes.Or: lambda filler, node, scope: (
        filler.eval_node(node.left, scope) or filler.eval_node(node.right, scope)
    ),
    nodes.Not: lambda filler, node, scope: not filler.eval_node(node.node, scope),
    nodes.Neg: lambda filler, node, scope: -_check_number(filler.eval_node(node.node, scope)),
    nodes.Pos: lambda filler, node, scope: _check_number(filler.eval_node(node.node, scope)),
    nodes.CondExpr: lambda filler, node, scope: (
        filler.eval_node(node.expr1, scope)
        if filler.eval_node(node.test, scope)
        else filler.eval_node(node.expr2, scope)
        if node.expr2 is not None
        else ""
    ),
}
_RECKONED: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
for _one in (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow):
    _VALUES[_one] = _Filler.eval_arithmetic
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def _check_number(value: Any) -> Any:
    if type(value) not in (int, float):
        raise TypeError(f"{say_kind(value)} is no number")
    return value


def _call_counted(filler: _Filler, count: Any, one: str, many: str) -> str:
    """Write a number with its thing: "1 gemeente", "2 gemeenten"."""
    alone = plural_form(_check_number(count), filler.language) == "one"
    return f"{format_whole(count, filler.language)} {one if alone else many}"


def _call_range(filler: _Filler, *ends: int) -> list[int]:
    """Count from one number to another."""
    numbers = range(*ends)
    if len(numbers) > MOST_STEPS:
        raise OverflowError(f"Range too big: more than {MOST_STEPS} numbers")
    filler.count_steps(len(numbers))
    return list(numbers)


def _filter_as_is(_filler: _Filler, text: Any) -> AsIs:
    """Take a key, nothing else."""
    if not isinstance(text, str) or not re.fullmatch(r"[a-z0-9-]+", text):
        raise ValueError(f"{str(text)[:100]!r} is no key")
    return AsIs(text)


def _filter_decimal(filler: _Filler, value: float) -> str:
    return format_decimals(_check_number(value), filler.language)


def _filter_percent(filler: _Filler, share: float | None) -> str:
    """Write a share as the summary does, so that no line breaks before the sign."""
    share = math.nan if share is None else _check_number(share)
    return format_percent(share, filler.language)


def _filter_euro(filler: _Filler, value: float) -> str:
    return format_euros(_check_number(value), filler.language)


def _filter_listed(filler: _Filler, names: list[Any]) -> str:
    """Write names as a sentence does: A, B en C."""
    return join_with_and(
        [filler.format_value(one) for one in filler.to_list(names)], filler.language
    )


def _filter_join(filler: _Filler, values: list[Any], between: str = "") -> str:
    texts = [filler.format_value(one) for one in filler.to_list(values)]
    length = sum(map(len, texts)) + len(between) * len(texts)
    if length > MOST_LETTERS:
        raise OverflowError(f"a text becomes longer than {MOST_LETTERS} letters")
    return between.join(texts)


def _filter_map(filler: _Filler, rows: list[Any], attribute: str | None = None) -> list[Any]:
    """Give each row of a list, or what stands in each under a name."""
    every = filler.to_list(rows)
    return every if attribute is None else [_take_item(one, attribute) for one in every]


def _filter_sort(
    filler: _Filler, rows: list[Any], *, reverse: bool = False, attribute: str | None = None
) -> list[Any]:
    keys = _filter_map(filler, rows, attribute)
    filler.count_steps(10 * len(keys))
    for one in keys:
        if type(one) in (list, dict):
            raise TypeError(f"{say_kind(one)} cannot be put in order; name what counts: attribute=")
        filler.read_through(*[one] * 10)
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=bool(reverse))
    every = filler.to_list(rows)
    return [every[place] for place in order]


def _filter_sum(filler: _Filler, rows: list[Any], attribute: str | None = None) -> Any:
    return sum(_check_number(one) for one in _filter_map(filler, rows, attribute))


def _make_extreme_filter(pick: Callable[..., Any]) -> Callable[..., Any]:
    def picked(filler: _Filler, rows: list[Any], attribute: str | None = None) -> Any:
        every = _filter_sort(filler, rows, attribute=attribute)
        if not every:
            raise ValueError("an empty list has no first or last")
        return every[0] if pick is min else every[-1]

    return picked


def _filter_rows(
    filler: _Filler, rows: list[Any], attribute: str, test: str = "", *values: Any, wanted: bool
) -> list[Any]:
    """Keep the rows in which what stands under a name passes a test, or is so at all."""
    if test and test not in TESTS:
        raise ValueError(_say_unknown("test", test, TESTS))
    every = zip(filler.to_list(rows), _filter_map(filler, rows, attribute), strict=True)
    return [
        row
        for row, value in every
        if bool(filler.apply_function(test, TESTS[test], value, *values) if test else value)
        is wanted
    ]


def _test_holds(how: str, filler: _Filler, value: Any, other: Any) -> bool:
    return filler.compare_values(how, value, other)


def _filter_round(_filler: _Filler, value: float, digits: int = 0) -> float:
    if type(digits) is not int or not 0 <= digits <= 15:
        raise ValueError("'round' takes 0 to 15 digits")
    return float(round(_check_number(value), digits))


def _filter_items(filler: _Filler, group: dict[str, Any]) -> list[list[Any]]:
    if type(group) is not dict:
        raise TypeError(f"{say_kind(group)} has no names")
    filler.count_steps(len(group))
    return [[name, value] for name, value in group.items()]


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": lambda _filler, value: abs(_check_number(value)),
    "as_is": _filter_as_is,
    "capitalize": lambda _filler, text: text.capitalize(),
    "count": lambda filler, value: len(filler.to_list(value)),
    "d": lambda _filler, value, other="": other if value is None else value,
    "decimal": _filter_decimal,
    "default": lambda _filler, value, other="": other if value is None else value,
    "euro": _filter_euro,
    "first": lambda _filler, value: _take_item(value, 0),
    "int": lambda _filler, value: int(_check_number(value)),
    "items": _filter_items,
    "join": _filter_join,
    "last": lambda _filler, value: _take_item(value, -1),
    "length": lambda filler, value: len(filler.to_list(value)),
    "listed": _filter_listed,
    "lower": lambda _filler, text: text.lower(),
    "map": _filter_map,
    "max": _make_extreme_filter(max),
    "min": _make_extreme_filter(min),
    "minutes": lambda filler, seconds: _filter_decimal(filler, _check_number(seconds) / 60),
    "percent": _filter_percent,
    "rejectattr": partial(_filter_rows, wanted=False),
    "reverse": lambda filler, value: filler.to_list(value)[::-1],
    "round": _filter_round,
    "selectattr": partial(_filter_rows, wanted=True),
    "sort": _filter_sort,
    "sum": _filter_sum,
    "trim": lambda _filler, text: text.strip(),
    "upper": lambda _filler, text: text.upper(),
}
"""All that stand behind a `|`; docs/answer.md tells them."""

TESTS: dict[str, Callable[..., bool]] = {
    "divisibleby": lambda _filler, value, by: _check_number(value) % _check_number(by) == 0,
    "even": lambda _filler, value: _check_number(value) % 2 == 0,
    "false": lambda _filler, value: value is False,
    "in": lambda filler, value, rows: filler.compare_values("in", value, rows),
    "none": lambda _filler, value: value is None,
    "number": lambda _filler, value: type(value) in (int, float),
    "odd": lambda _filler, value: _check_number(value) % 2 == 1,
    "string": lambda _filler, value: isinstance(value, str),
    "true": lambda _filler, value: value is True,
    **{
        name: partial(_test_holds, how)
        for how, names in {
            "eq": ("==", "eq", "equalto"),
            "ne": ("!=", "ne"),
            "lt": ("<", "lt", "lessthan"),
            "lteq": ("<=", "le"),
            "gt": (">", "gt", "greaterthan"),
            "gteq": (">=", "ge"),
        }.items()
        for name in names
    },
}
"""All that stand behind an `is`, beside `defined` and `undefined`."""

_FUNCTIONS: dict[str, Callable[..., Any]] = {"counted": _call_counted, "range": _call_range}
"""All that can be called."""
