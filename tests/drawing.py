"""How fine maps are drawn: most tests look at what they say, few at their dots and letters."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pytest

from stemgeo.maps import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.figure import Figure

    Writer = Callable[[Figure, str, str], bytes]

_DPI = page._DPI
_TRUETYPE, _OUTLINES = 42, 3
"""How a PDF holds its letters: as a part of the font, which takes half of its time, or drawn."""


_WRITERS = dict(page._WRITERS)
_drawn_before: dict[tuple[str, bytes], bytes] = {}
_svg_of: WeakKeyDictionary[Figure, dict[tuple[str, str], bytes]] = WeakKeyDictionary()


def _svg(figure: Figure, title: str, alt: str) -> bytes:
    """Draw the SVG of a figure once: a figure that is written in several forms is not changed."""
    drawn = _svg_of.setdefault(figure, {})
    if (title, alt) not in drawn:
        drawn[title, alt] = _WRITERS["svg"](figure, title, alt)
    return drawn[title, alt]


def _once(kind: str) -> Writer:
    """Draw a PNG or PDF once of those with the same SVG, which is drawn in a tenth of the time.

    Small studies are drawn many times, and most tests look at something else.
    """

    def write(figure: Figure, title: str, alt: str) -> bytes:
        key = kind, sha256(_svg(figure, title, alt)).digest()
        if key not in _drawn_before:
            _drawn_before[key] = _WRITERS[kind](figure, title, alt)
        return _drawn_before[key]

    return write


@contextmanager
def coarse() -> Iterator[None]:
    """Draw with a fifth of the dots, letters of a PDF as outlines, the same picture once."""
    once = {"svg": _svg} | {kind: _once(kind) for kind in ("png", "pdf")}
    with _drawn(_DPI // 5, _OUTLINES, _WRITERS | once):
        yield


@contextmanager
def each_time() -> Iterator[None]:
    """Draw a picture again although it was drawn before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_WRITERS", _WRITERS)
        yield


@contextmanager
def fine() -> Iterator[None]:
    """Draw as published, and as another process draws."""
    with _drawn(_DPI, _TRUETYPE, _WRITERS):
        yield


@contextmanager
def _drawn(dpi: int, letters: int, writers: dict[str, Writer]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_DPI", dpi)
        patch.setattr(page, "_WRITERS", writers)
        patch.setitem(page.STYLE, "pdf.fonttype", letters)
        yield
