"""Facts that travel with the package: municipality codes, reported figures, rules, an example.

In the source tree they stand in `data/`; the wheel carries them inside the package.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

LAMBERT_72 = "EPSG:31370"
"""Coordinates inside are Belgian Lambert 72, in metres."""
REGION = ("VLG", "Vlaanderen")
"""Code and name of all of it."""

_PACKAGED = Path(__file__).parent / "_data"
_SOURCE_TREE = Path(__file__).parent.parent / "data"


def fact_path(name: str) -> Path:
    """Where the fact file or folder `name` is on this machine."""
    return (_PACKAGED if _PACKAGED.is_dir() else _SOURCE_TREE) / name


@cache
def list_municipalities() -> pd.DataFrame:
    """The 308 Flemish and 19 Brussels municipalities of before 2019, one row each.

    Returns
    -------
    DataFrame
        NIS codes and names of the vintages 2018, 2024 and 2025 (text), province, a point inside
        (degrees), area (km2), children by sex and age band on 1 January 2015. Sources: Statbel
        TF_SOC_POP_STRUCT_2015; provinciesincijfers/gebiedsniveaus. Do not change it in place.
    """
    codes = {f"nis{vintage}": str for vintage in (2018, 2024, 2025)}
    return pd.read_csv(fact_path("municipalities.csv"), dtype=codes)


@cache
def list_exonyms() -> dict[str, str]:
    """NIS code of 2018 of the municipalities that French or English calls otherwise, by that name.

    Of Flanders and Brussels.

    Source: the French and English editions of Statbel's list of municipalities and usual maps.
    """
    table = pd.read_csv(fact_path("exonyms.csv"), dtype=str)
    return dict(zip(table["name"], table["nis2018"], strict=True))


@cache
def read_reported() -> pd.DataFrame:
    """What was reported to parliament and press, 2014 to 2023: to lay beside figures of one's own.

    Not measured by stemgeo. Children *reached* took part; children *within reach* can reach
    one.

    Returns
    -------
    DataFrame
        One row for each figure: `year`, `indicator`, `region` (Vlaanderen or a province), `value`
        in `unit` (municipalities, children, events, organisations, EUR, percent, ...), `label`
        (Dutch), `qualifier` (the source's own "minstens", "meer dan" or "gemiddeld"; else empty)
        and `source` (Dutch). Sources: the answer to written question 275 of 11 February 2019;
        question and answer on 2022; a press release of 2017. Do not change it in place.
    """
    return pd.read_csv(fact_path("reported.csv"), keep_default_na=False)


@cache
def read_subsidy_rules() -> tuple[dict[str, Any], ...]:
    """The rules of the calls for subsidies, one table for each year; see `subsidy.SubsidyRules`."""
    return tuple(
        tomllib.loads(fact_path("subsidy-rules.toml").read_text(encoding="utf-8"))["rules"]
    )


STRESS_RULES = ("default", "bna", "vademecum-2022")
"""The sets of rules in `stress/`, the one that is used unless another is chosen first."""


@cache
def read_stress_rules(name: str) -> dict[str, Any]:
    """One set of rules by which roads are quiet, with the rows of the set that it extends behind.

    Raises
    ------
    KeyError
        If there is no such set.
    """
    if name not in STRESS_RULES:
        raise KeyError(name)
    own = tomllib.loads(fact_path(f"stress/{name}.toml").read_text(encoding="utf-8"))
    base = (
        read_stress_rules(own.pop("extends")) if "extends" in own else {"sources": {}, "rules": []}
    )
    both = {"sources": base["sources"] | own["sources"], "rules": own["rules"] + base["rules"]}
    return base | own | both


@cache
def read_recognition_rules() -> dict[str, dict[str, Any]]:
    """How long a recognition lasts, by the key of each rule; see `recognition`."""
    rules = tomllib.loads(fact_path("recognition-rules.toml").read_text(encoding="utf-8"))["rules"]
    return {one["key"]: one for one in rules}
