"""Cut the font of maps to the letters that they nearly always have.

    python data/make_letters.py [OUTDIR]

DejaVu Sans as matplotlib has it, without the letters of other scripts: those come from the whole
font, which stands behind this one. Of six thousand signs four hundred are left, and a PDF takes
half the time. Made anew when matplotlib has another DejaVu Sans, which
`tests/maps/test_layout.py` tells.
"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font
from matplotlib import get_data_path

WHOLE, CUT = "DejaVu Sans", "Stemgeo Sans"
FACES = "", "-Bold", "-Oblique"
KEPT = [
    *chain(range(0x20, 0x7F), range(0xA0, 0x180)),  # the letters of Western and Central Europe
    *map(ord, "\u2009\u2010\u2011\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u202f\u20ac"),
    *map(ord, "\u2190\u2192\u2212\u2248\u2264\u2265"),
]
NAMED = "0 1 2 3 4 5 6 13 14"
"""What the font says of itself: whose it is, how it is called, its licence."""


def cut_face(face: str, folder: Path) -> None:
    """Write a face into a folder, with the same shapes, widths, kerning and ligatures."""
    options = Options(
        layout_features=["*"], name_IDs=[*map(int, NAMED.split())], drop_tables=["FFTM", "MATH"]
    )
    whole = Path(get_data_path(), "fonts", "ttf", f"{_join(WHOLE)}{face}.ttf")
    font = load_font(str(whole), options)
    cut = Subsetter(options)
    cut.populate(unicodes=KEPT)
    cut.subset(font)
    for said in font["name"].names:
        # What is changed is called otherwise, as the licence asks; whose it is stays.
        if said.nameID in {1, 3, 4, 6}:
            named = said.toUnicode().replace(WHOLE, CUT).replace(_join(WHOLE), _join(CUT))
            said.string = named
    font.save(folder / f"{_join(CUT)}{face}.ttf")


def _join(name: str) -> str:
    return name.replace(" ", "")


if __name__ == "__main__":
    place = Path(__file__).parents[1] / "stemgeo" / "maps" / "letters"
    for one in FACES:
        cut_face(one, Path(*sys.argv[1:]) if sys.argv[1:] else place)
