"""What a result said when it was written, in the codes of the bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from stemgeo.inputs.vintages import bring_each_forward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.explain.ends import LoadedEnd
    from stemgeo.report.outcome import Tables

VERSION = "version"
"""The part of what another version of stemgeo computes otherwise."""

KEYS = ["level", "code", "band", "profile"]


def count_as_written(written: Tables, end: LoadedEnd, profiles: Sequence[str]) -> pd.DataFrame:
    """Give who was within reach by a result as it was written, at every level.

    Parameters
    ----------
    written
        The result.
    end
        Whose codes and provinces hold: merged municipalities are added up, and of a municipality
        that went to another province the children go along.
    profiles
        The roads of which it is told.

    Returns
    -------
    DataFrame
        By level, code, band and profile: `name`, `covered`, `children`.
    """
    rows = written.coverage
    rows = rows[(rows["scenario"] == "central") & rows["profile"].isin(profiles)]
    since, towns = bring_each_forward(end.study.about.vintage), end.inputs.municipalities
    placed = rows["level"].isin(["municipality", "zone"])
    # A zone has the code of its municipality where there were no zones: others keep theirs.
    code = rows["code"].where(~placed, rows["code"].map(lambda one: since.get(one, one)))
    rows = rows.assign(code=code.astype("str"))
    province = towns.set_index("nis_code")["province"]
    of_towns = rows[rows["level"] == "municipality"]
    of_provinces = of_towns.assign(
        level="province", code=of_towns["code"].map(province), name=of_towns["code"].map(province)
    )
    parts = [rows[rows["level"] != "province"], of_provinces.dropna(subset=["code"])]
    every = pd.concat(parts, ignore_index=True)
    grouped = every.groupby(KEYS, sort=False)
    return pd.DataFrame({"name": grouped["name"].first(), **grouped[["covered", "children"]].sum()})
