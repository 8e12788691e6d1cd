"""Two maps look as they did when somebody last looked at them; see CONTRIBUTING, "Pictures"."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.style
import numpy as np
import pytest
from PIL import Image, ImageChops

from stemgeo.maps import kinds
from stemgeo.maps.page import STYLE
from stemgeo.maps.series import DEFAULT_CLASSES
from stemgeo.maps.sheet import Ground

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stemgeo.maps.text import MapText

GOLDEN = Path(__file__).parent.parent / "golden"
KEPT = Path(__file__).parent.parent.parent / "out" / "golden"
DPI = 60
MOST = 4.0
"""Root mean square difference of grey values, 0 to 255: versions of FreeType differ by about 1."""


def picture(figure: Figure) -> Image.Image:
    """Draw a figure small."""
    drawn = BytesIO()
    with matplotlib.style.context(STYLE, after_reset=True):
        figure.savefig(drawn, format="png", dpi=DPI)
    return Image.open(drawn).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Give the root mean square difference; that of other sizes is as large as it can be."""
    if one.size != other.size:
        return 255.0
    apart: NDArray[np.float64] = np.asarray(one, float) - np.asarray(other, float)
    return float(np.sqrt((apart**2).mean()))


def compare(figure: Figure, name: str) -> None:
    """Compare with the picture that is kept; a failure leaves both and their difference."""
    actual, path = picture(figure), GOLDEN / f"{name}.png"
    if os.environ.get("RENEW_GOLDEN") == "yes":
        GOLDEN.mkdir(exist_ok=True)
        actual.save(path, optimize=True)
    expected = Image.open(path).convert("RGB")
    apart = difference(actual, expected)
    if apart <= MOST:
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    actual.save(KEPT / f"{name}.png")
    size = expected.size
    ImageChops.difference(actual.resize(size), expected).save(KEPT / f"{name}-difference.png")
    pytest.fail(f"{name} differs by {apart:.1f} of 255; look at {KEPT}/{name}*.png")


def test_map_of_a_province(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """The share in Limburg: classes, hatches, neighbours, names, legend, credits."""
    ground = Ground(municipalities, academies, text, "Limburg")
    compare(kinds.share.draw_map(ground, chosen=DEFAULT_CLASSES).figure, "share-limburg")


def test_map_of_the_academies(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """With and without an academy, of all municipalities: the map of the annex."""
    many = municipalities["academies"] * (1 + municipalities.index % 5)
    ground = Ground(municipalities.assign(academies=many), academies, text)
    compare(kinds.academies.draw_map(ground).figure, "academies")


def test_another_map_is_found_out(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One province with its figures turned round differs, and the pictures of it are kept."""
    monkeypatch.setattr(f"{__name__}.KEPT", tmp_path)
    monkeypatch.delenv("RENEW_GOLDEN", raising=False)
    turned = municipalities.assign(share=1 - municipalities["share"])
    ground = Ground(turned, academies, text, "Limburg")
    figure = kinds.share.draw_map(ground, chosen=DEFAULT_CLASSES).figure
    with pytest.raises(pytest.fail.Exception, match="look at"):
        compare(figure, "share-limburg")
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["share-limburg-difference.png", "share-limburg.png"]
