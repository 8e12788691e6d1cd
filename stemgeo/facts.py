"""Facts that travel with the package: municipality codes, the example study.

In the source tree they stand in `data/`; the wheel carries them inside the package.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

_PACKAGED = Path(__file__).parent / "_data"
_SOURCE_TREE = Path(__file__).parent.parent / "data"


def path(name: str) -> Path:
    """Where the fact file or folder `name` is on this machine."""
    return (_PACKAGED if _PACKAGED.is_dir() else _SOURCE_TREE) / name


@cache
def municipalities() -> pd.DataFrame:
    """The 308 Flemish and 19 Brussels municipalities of before 2019, one row each.

    Returns
    -------
    DataFrame
        NIS codes and names of the vintages 2018, 2024 and 2025 (text), province, a point inside
        (degrees), area (km2), children by sex and age band on 1 January 2015. Sources: Statbel
        TF_SOC_POP_STRUCT_2015; provinciesincijfers/gebiedsniveaus. Do not change it in place.
    """
    codes = {f"nis{vintage}": str for vintage in (2018, 2024, 2025)}
    return pd.read_csv(path("municipalities.csv"), dtype=codes)
