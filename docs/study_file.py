"""The page of all that study.toml may say, from the models that read it: `make docs`."""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from stemgeo.study import InputPaths, Study, list_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

HEAD = """# What study.toml may say

Every choice of a study, with its default; made from the code that reads the file, by `make docs`.
A study says only what it chooses otherwise, under the table (`[travel]`) that the choice stands in.
What would change nothing beside the other choices is refused, with the reason.
[How each figure is made](method.md) says what the choices mean for the figures.

## `[inputs]`

The files. Each is a path, or a table that says more of it, see below.
"""


class Part(NamedTuple):
    """A table of the file: how it is headed, and the model that reads it."""

    heading: str
    model: type[BaseModel]


def list_parts(model: type[BaseModel] = Study, above: str = "") -> Iterator[Part]:
    """Go through the tables of the file, in the order of the model."""
    for name, field in model.model_fields.items():
        key = f"{above}{field.alias or name}"
        for kind, inner in find_models(field.annotation):
            if kind is BaseModel:
                yield Part(f"[{key}]", inner)
                yield from list_parts(inner, f"{key}.")
            else:
                yield Part(f"[[{key}]]" if kind is tuple else f"[{key}.NAME]", inner)


def find_models(annotation: Any) -> Iterator[tuple[type, type[BaseModel]]]:
    """Find the models in a type, each by whether it stands alone, in a list or by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield BaseModel, annotation
        return
    outer = get_origin(annotation)
    for inner in get_args(annotation):
        for kind, model in find_models(inner):
            yield (outer if outer in (tuple, dict) else kind), model


def read_attributes(model: type[BaseModel]) -> dict[str, str]:
    """Read what a docstring says of each attribute; of several at once, each has the same."""
    said: dict[str, str] = {}
    for one in reversed(model.__mro__):
        text = inspect.cleandoc(one.__doc__ or "")
        _, _, section = text.partition("Attributes\n----------\n")
        section = re.split(r"\n\n\S[^\n]*\n-{3,}\n", section)[0]
        for names, meaning in re.findall(r"^(\S.*)\n((?:(?:    .*)?\n?)+)", section, re.MULTILINE):
            words = " ".join(meaning.split())
            said |= {name.strip().split(":")[0].strip(): words for name in names.split(",")}
    return said


NAMES = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "Decimal": "number",
    "bool": "true or false",
    "date": "day",
    "Path": "file",
}
"""Of a type, in words of the file's format; any other is a table."""


def tell_type(annotation: Any) -> str:
    """Say what may be written."""
    outer, inner = get_origin(annotation), get_args(annotation)
    if outer is Literal:
        return " or ".join(f"`{write(value)}`" for value in inner)
    if outer in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(tell_type(one) for one in inner if one is not type(None)))
    if outer is typing.Annotated:
        return tell_type(inner[0])
    if outer in (tuple, list):
        return f"list of {tell_type(inner[0])}"
    return NAMES.get(getattr(annotation, "__name__", ""), "table")


def write(value: Any) -> str:
    """Write a value as the file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(write, value))}]"
    return str(value)


def tell_default(field: FieldInfo) -> str:
    """Say what holds when a study says nothing."""
    if field.is_required():
        return "must be given"
    if field.default_factory is not None:
        return "by the mode of travel"
    empty = field.default in (None, PydanticUndefined) or field.default in ((), "", {})
    return "" if empty else f"`{write(field.default)}`"


def list_lines() -> Iterator[str]:
    """Write the page: each model once, under all the headings that it is read at."""
    yield HEAD
    yield from list_inputs()
    headings: dict[type[BaseModel], list[str]] = {}
    for heading, model in list_parts():
        headings.setdefault(model, []).append(heading)
    for model, names in headings.items():
        said = read_attributes(model)
        rows = [
            (field.alias or name, field, said[name if name in said else field.alias or name])
            for name, field in model.model_fields.items()
            if not list(find_models(field.annotation)) or name in said
        ]
        if model is InputPaths or not rows:
            continue
        yield f"\n## {', '.join(f'`{name}`' for name in names)}\n"
        yield " ".join(inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].split()) + "\n"
        yield "| key | what it takes | default | meaning |\n|---|---|---|---|"
        for key, field, meaning in rows:
            cells = (f"`{key}`", tell_type(field.annotation), tell_default(field), meaning)
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(list_lines()) + "\n")
