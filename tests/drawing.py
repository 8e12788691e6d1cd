"""How fine maps are drawn: most tests look at what they say, few at their dots and letters."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from fontTools.subset import Options

from stemgeo.maps import page

if TYPE_CHECKING:
    from collections.abc import Iterator

_DPI = page._DPI
_LEFT_OUT = list(Options._drop_tables_default)
_SHAPING = ["GDEF", "GPOS", "GSUB", "kern"]
"""Of a font; no reader of a PDF uses them, and reading them takes half of the time of a map."""


@contextmanager
def coarse() -> Iterator[None]:
    """Draw with a fifth of the dots, and embed of a font its letters alone."""
    with _drawn(_DPI // 5, _LEFT_OUT + _SHAPING):
        yield


@contextmanager
def fine() -> Iterator[None]:
    """Draw as published, and as another process draws."""
    with _drawn(_DPI, _LEFT_OUT):
        yield


@contextmanager
def _drawn(dpi: int, left_out: list[str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_DPI", dpi)
        patch.setattr(Options, "_drop_tables_default", left_out)
        yield
