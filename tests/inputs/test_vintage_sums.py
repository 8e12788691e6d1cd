"""Statbel's people at all vintages: every sum equals a count that shares no code with stemgeo."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from statbel import CHILDREN, facts, province_column
from statbel import people as people_of

from stemgeo.errors import Findings
from stemgeo.inputs import read_population, vintages
from stemgeo.inputs.population import load_population
from stemgeo.study import Input

if TYPE_CHECKING:
    from collections.abc import Callable

    from statbel import Key

pytestmark = pytest.mark.usefixtures("statbel_once")


@pytest.fixture(scope="module", params=[2013, 2015])
def published(request: pytest.FixtureRequest, shared_data: Path) -> tuple[Path, Counter[Key]]:
    """A file of Statbel, and its Flemish people by code of 2018, age and sex, row by row."""
    path = shared_data / "population" / f"TF_SOC_POP_STRUCT_{request.param}.zip"
    return path, people_of(path)


@cache
def everyone(path: Path, vintage: int) -> pd.DataFrame:
    """Those of all ages in a file, read once; not to be changed."""
    return read_population(path, ages=range(121), vintage=vintage)


def regrouped(people: Counter[Key], by: Callable[[Key], object]) -> dict[object, int]:
    sums: Counter[object] = Counter()
    for key, count in people.items():
        sums[by(key)] += count
    return dict(sums)


def by_key(frame: pd.DataFrame) -> dict[object, int]:
    return frame.set_index(["nis_code", "age", "sex"])["children"].to_dict()


def test_the_independent_count_is_of_everyone(published: tuple[Path, Counter[Key]]) -> None:
    """The count against which all is held: 308 municipalities, of which Flanders is made."""
    path, people = published
    assert len({code for code, _, _ in people}) == 308
    children = sum(count for (_, age, _), count in people.items() if 5 <= age <= 17)
    assert children == CHILDREN[int(path.stem[-4:])]


@pytest.mark.parametrize("vintage", [2018, 2024, 2025])
def test_every_sum_at_every_vintage(published: tuple[Path, Counter[Key]], vintage: int) -> None:
    """Municipalities, ages, sexes and provinces hold everyone of all ages, to the last one."""
    path, people = published
    code = {row["nis2018"]: row[f"nis{vintage}"] for row in facts()}
    province = {row["nis2018"]: row[province_column(vintage)] for row in facts()}
    found = everyone(path, vintage)
    assert by_key(found) == regrouped(people, lambda key: (code[key[0]], *key[1:]))

    def sums(by: pd.Series) -> dict[object, int]:
        return found.groupby(by)["children"].sum().to_dict()

    assert sums(found["nis_code"]) == regrouped(people, lambda key: code[key[0]])
    assert sums(found["age"]) == regrouped(people, lambda key: key[1])
    assert sums(found["sex"]) == regrouped(people, lambda key: key[2])
    own = found["nis_code"].map(lambda one: vintages.province_of(one, vintage))
    assert sums(own) == regrouped(people, lambda key: province[key[0]])
    assert found["children"].sum() == people.total()


def test_zwijndrecht_moves_its_children_to_another_province(
    published: tuple[Path, Counter[Key]],
) -> None:
    """From 2024 to 2025 Antwerpen loses those of Zwijndrecht, and Oost-Vlaanderen gains them."""
    path, people = published
    moved = sum(n for (code, age, _), n in people.items() if code == "11056" and 5 <= age <= 17)
    assert moved > 2000
    sums = {}
    for vintage in (2024, 2025):
        found = everyone(path, vintage).query("5 <= age <= 17")
        own = found["nis_code"].map(lambda one, at=vintage: vintages.province_of(one, at))
        sums[vintage] = found.groupby(own)["children"].sum()
    change = sums[2025] - sums[2024]
    assert change[change != 0].to_dict() == {"Antwerpen": -moved, "Oost-Vlaanderen": moved}


def test_residents_are_everyone(published: tuple[Path, Counter[Key]]) -> None:
    """The file is of all ages, and its residents by municipality are all of them.

    Herstappe has 86, none of whom is seven.
    """
    path, people = published
    code = {row["nis2018"]: row["nis2025"] for row in facts()}
    population, _ = load_population(Input(path=path), frozenset({7}), 2025, None, Findings())
    assert population.residents is not None
    assert population.residents.to_dict() == regrouped(people, lambda key: code[key[0]])
    assert (population.year, population.vintage) == (int(path.stem[-4:]), 2018)


@pytest.mark.parametrize("vintage", [2018, 2024])
def test_back_from_2025_every_sum_stays(
    published: tuple[Path, Counter[Key]], vintage: int, tmp_path: Path
) -> None:
    """Written with the codes of 2025 and read at an earlier vintage: an estimate, nobody lost.

    Ages and sexes add up exactly, and so does each municipality of 2025 over what it was made of;
    what never merged is what was counted.
    """
    _, people = published
    later = {row["nis2018"]: row["nis2025"] for row in facts()}
    merged = regrouped(people, lambda key: (later[key[0]], *key[1:]))
    lines = ["nis_code;age;sex;children"]
    lines += [f"{code};{age};{sex};{count}" for (code, age, sex), count in merged.items()]
    (tmp_path / "p.csv").write_text("\n".join([*lines, ""]))
    findings = Findings()
    given = Input(path=tmp_path / "p.csv", date="2025-01-01")
    ages = frozenset(age for _, age, _ in people)
    population, _ = load_population(given, ages, vintage, None, findings)
    assert findings.errors == []
    divided = {2018: 20, 2024: 13}[vintage]
    (warning,) = map(str, findings.warnings)
    assert f"the children of {divided} merged municipalities are divided" in warning

    found = population.children
    assert set(found["nis_code"]) == {row[f"nis{vintage}"] for row in facts()}
    up = {row[f"nis{vintage}"]: row["nis2025"] for row in facts()}
    again = found.assign(nis_code=found["nis_code"].map(up))
    sums = again.groupby(["nis_code", "age", "sex"])["children"].sum().reset_index()
    assert by_key(sums) == merged
    now = {row["nis2018"]: row[f"nis{vintage}"] for row in facts()}
    counted = regrouped(people, lambda key: (now[key[0]], *key[1:]))
    size = Counter(up.values())
    alone = found[[size[up[code]] == 1 for code in found["nis_code"]]]
    assert all(counted[key] == count for key, count in by_key(alone).items())


def test_the_estimate_is_near_what_was_counted(shared_data: Path) -> None:
    """The children of 2013, brought to 2025 and back, are within 6 % of the real ones everywhere.

    The weights are those of 2015, so this says how well two years' difference is borne.
    """
    path = shared_data / "population" / "TF_SOC_POP_STRUCT_2013.zip"
    real = read_population(path, vintage=2018).groupby("nis_code")["children"].sum()
    known = pd.DataFrame(facts()).set_index("nis2018")
    bands = [name for name in known if name.startswith(("girls", "boys"))]
    weights = known[bands].astype(int).sum(axis=1)
    merged = read_population(path, vintage=2025)
    back = vintages.convert_counts(merged, ["children"], 2025, 2018, weights)
    estimate = back.groupby("nis_code")["children"].sum()
    assert back.loc[back["estimated"], "nis_code"].nunique() == 43
    assert ((estimate - real).abs() / real).max() < 0.06
