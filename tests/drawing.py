"""How fine maps are drawn: most tests look at what they say, few at their dots and letters."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pytest
from kept import kept
from matplotlib.text import Text
from matplotlib.textpath import TextToPath

from stemgeo.maps import kinds, page, press
from stemgeo.report import sheets, word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    Writer = Callable[[Figure, str, str], bytes]

_DPI = page._DPI
_TRUETYPE, _OUTLINES = 42, 3
"""How a PDF holds its letters: as a part of the font, which takes half of its time, or drawn."""


_WRITERS = dict(page._WRITERS)
_drawn_before: dict[tuple[str, bytes], bytes] = {}
_svg_of: WeakKeyDictionary[Figure, dict[tuple[str, str], bytes]] = WeakKeyDictionary()
_without_letters = ContextVar("_without_letters", default=False)
_draw_text, _lighten = Text.draw, word._lighten_plate
_lightened: dict[bytes, tuple[bytes, tuple[int, int]]] = {}
_measure = TextToPath.get_text_width_height_descent
_measured: dict[tuple[str, int, object], tuple[float, float, float]] = {}


def _svg(figure: Figure, title: str, alt: str) -> bytes:
    """Draw the SVG of a figure once: a figure that is written in several forms is not changed."""
    drawn = _svg_of.setdefault(figure, {})
    if (title, alt) not in drawn:
        drawn[title, alt] = _WRITERS["svg"](figure, title, alt)
    return drawn[title, alt]


_SHEETS = (kinds.draw_sheet, kinds.draw_tornado, kinds.draw_by_minute)
_AFRESH = [*((kinds, make) for make in _SHEETS), (sheets, sheets.compose_web_map)]
"""What makes maps, with the module that asks for it; small studies often show the same."""


def _parts(*given: Any, **more: Any) -> object:
    """Give what a map is made of: how bands are taken is of the isochrones."""
    return given, {name: value for name, value in more.items() if name != "take_bands"}


_ONCE = [(module, kept(make, 50 if module is kinds else 12, _parts)) for module, make in _AFRESH]


def _made_by(patch: pytest.MonkeyPatch, makers: list[tuple[Any, Callable[..., Any]]]) -> None:
    """Let pictures and web maps be made so."""
    for module, make in makers:
        patch.setattr(module, make.__name__, make)


def _bare(kind: str) -> Writer:
    """Draw a PNG or PDF without letters: they take most of its time, and few tests read them."""

    def write(figure: Figure, title: str, alt: str) -> bytes:
        token = _without_letters.set(True)
        try:
            return _WRITERS[kind](figure, title, alt)
        finally:
            _without_letters.reset(token)

    return write


_BARE = _WRITERS | {kind: _bare(kind) for kind in ("png", "pdf")}


def _once(kind: str) -> Writer:
    """Draw a PNG or PDF once of those with the same SVG.

    Small studies are drawn many times, and most tests look at something else.
    """

    def write(figure: Figure, title: str, alt: str) -> bytes:
        key = kind, sha256(_svg(figure, title, alt)).digest()
        if key not in _drawn_before:
            _drawn_before[key] = _BARE[kind](figure, title, alt)
        return _drawn_before[key]

    return write


@wraps(_draw_text)
def _draw_text_if_any(text: Text, renderer: RendererBase) -> None:
    if not _without_letters.get():
        _draw_text(text, renderer)


def _measure_once(
    measurer: TextToPath, s: str, prop: FontProperties, ismath: object
) -> tuple[float, float, float]:
    """Shape a text once: it is as wide in each figure, and on small maps nothing takes longer."""
    key = s, hash(prop), ismath
    if key not in _measured:
        _measured[key] = _measure(measurer, s, prop, ismath)
    return _measured[key]


def _lighten_once(plate: word.Plate) -> tuple[BytesIO, tuple[int, int]]:
    """Make the picture of a document lighter once of those with the same PNG."""
    key = plate.png.read_bytes()
    if key not in _lightened:
        picture, size = _lighten(plate)
        _lightened[key] = picture.getvalue(), size
    content, size = _lightened[key]
    return BytesIO(content), size


@contextmanager
def coarse() -> Iterator[None]:
    """Draw with a fifth of the dots, letters in SVG alone, the same picture and web map once."""
    once = {"svg": _svg} | {kind: _once(kind) for kind in ("png", "pdf")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", _draw_text_if_any)
        patch.setattr(TextToPath, "get_text_width_height_descent", _measure_once)
        patch.setattr(word, "_lighten_plate", _lighten_once)
        with _drawn(_DPI // 5, _OUTLINES, _WRITERS | once, _ONCE):
            yield


@contextmanager
def each_time() -> Iterator[None]:
    """Draw a picture or a web map again although it was made before."""
    with pytest.MonkeyPatch.context() as patch:
        _made_by(patch, _AFRESH)
        patch.setattr(page, "_WRITERS", _BARE)
        yield


@contextmanager
def lettered(*forms: str) -> Iterator[None]:
    """Draw a picture each time, as coarsely, but with its letters in these forms, or in every."""
    with pytest.MonkeyPatch.context() as patch:
        _made_by(patch, _AFRESH)
        patch.setattr(page, "_WRITERS", _BARE | {one: _WRITERS[one] for one in forms or _WRITERS})
        yield


@contextmanager
def fine() -> Iterator[None]:
    """Draw as published, and as another process draws."""
    with _drawn(_DPI, _TRUETYPE, _WRITERS, _AFRESH):
        yield


@contextmanager
def _drawn(
    dpi: int,
    letters: int,
    writers: dict[str, Writer],
    makers: list[tuple[Any, Callable[..., Any]]],
) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        _made_by(patch, makers)
        # In this process, where they are drawn so; `test_press` asks for another.
        patch.setattr(press, "can_go_beside", lambda: False)
        patch.setattr(page, "_DPI", dpi)
        patch.setattr(page, "_WRITERS", writers)
        patch.setitem(page.STYLE, "pdf.fonttype", letters)
        yield
