"""Comparing a picture with the golden one that was looked at."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
KEPT = ROOT / "out" / "golden-differences"
STEP = 48
"""Of 255: what a channel may differ before a pixel counts as another."""


def share_that_differs(one: Image.Image, other: Image.Image) -> float:
    """Measure which share of the pixels is another colour."""
    if one.size != other.size:
        return 1.0
    return float((np.asarray(ImageChops.difference(one, other)).max(axis=2) > STEP).mean())


def assert_like_golden(made: bytes, name: str, tolerance: float = 0.01) -> None:
    """Compare with `tests/golden/{name}.png`; letters may be drawn a little otherwise elsewhere.

    When more than the tolerance differs, the picture and the difference are kept.
    """
    picture = Image.open(io.BytesIO(made)).convert("RGB")
    golden = Image.open(GOLDEN / f"{name}.png").convert("RGB")
    share = share_that_differs(picture, golden)
    if share <= tolerance:
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    picture.save(KEPT / f"{name}.png")
    if picture.size == golden.size:
        ImageChops.difference(picture, golden).save(KEPT / f"{name}-difference.png")
    raise AssertionError(
        f"{share:.1%} of {name}.png differs from the golden picture, at most {tolerance:.0%} may: "
        f"see {KEPT.relative_to(ROOT)}; when it is meant, look at it and copy it to tests/golden"
    )
