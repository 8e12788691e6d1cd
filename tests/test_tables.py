"""Facts about the tables: what each must hold, and that what comes in and goes out does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import numpy as np
import pandas as pd
import pytest

from stemgeo.errors import InputError
from stemgeo.tables import COUNTS, SCHEMAS, check_table, data_dictionary, list_kinds, list_sides

if TYPE_CHECKING:
    from stemgeo.study_run import Result

COVERAGE = pd.DataFrame(
    {
        "level": pd.Series(["region", "zone"], dtype=str),
        "code": pd.Series(["VLG", "Z1"], dtype=str),
        "name": pd.Series(["Vlaanderen", "Zone 1"], dtype=str),
        "band": pd.Series(["5-8", "5-8"], dtype=str),
        "scenario": pd.Series(["central", "central"], dtype=str),
        "profile": pd.Series(["all", "all"], dtype=str),
        "children": [10, 0],
        "covered": [6, 0],
        "uncovered": [3, 0],
        "unmeasured": [1, 0],
        "share": [6 / 9, np.nan],
    }
)


def test_a_table_that_fits_is_given_back_as_it_was() -> None:
    """Nothing is coerced, sorted or dropped."""
    before = COVERAGE.copy()
    assert check_table("coverage", COVERAGE) is COVERAGE
    pd.testing.assert_frame_equal(COVERAGE, before)


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("children", [11, 0], "covered + uncovered + unmeasured must be children"),
        ("covered", [6.0, 0.0], "covered"),
        ("covered", [-6, 0], "covered"),
        ("share", [1.2, np.nan], "share"),
        ("scenario", ["slow", "central"], "scenario"),
        ("level", ["zone", "zone"], ""),
    ],
)
def test_a_table_that_does_not_fit_is_refused(column: str, values: list[object], told: str) -> None:
    """A lost child, half a child, a share above one, an unknown scenario: named by column."""
    wrong = COVERAGE.assign(**{column: values})
    if not told:
        wrong = wrong.assign(code="VLG")
    with pytest.raises(InputError) as caught:
        check_table("coverage", wrong)
    assert told in str(caught.value)
    assert all(line.startswith("table coverage: ") for line in str(caught.value).splitlines())


def test_a_missing_column_is_named() -> None:
    """Leaving a column out is told by its name."""
    with pytest.raises(InputError, match="share"):
        check_table("coverage", COVERAGE.drop(columns="share"))


def test_a_column_that_no_schema_has_leaves_with_no_table() -> None:
    """It would stand in a file, and in no dictionary: it is named, beside what else is wrong."""
    with pytest.raises(InputError) as caught:
        check_table("coverage", COVERAGE.assign(extra=1, share=[2.0, np.nan]))
    said = str(caught.value).splitlines()
    assert len(said) == 2
    assert said[1] == "table coverage: has a column 'extra' that its schema does not have"


def test_every_table_with_coverage_has_each_of_its_measures() -> None:
    """In the order of the dictionary; ends and quiet roads stand behind their measure."""
    measures = list(dict.fromkeys(measure for measure, *_ in list_sides("provinces").values()))
    assert measures == [*COUNTS, "share"]
    for name in ("quintiles", "trend", "annex-1-municipalities", "answer-municipalities"):
        assert list(dict.fromkeys(measure for measure, *_ in list_sides(name).values())) == measures
    own = list_sides("answer-municipalities")
    assert own["covered_low"] == ("covered", "low", "all")
    assert own["share_quiet_1"] == ("share", "central", "quiet_1")
    assert {list_kinds("answer-municipalities")[name] for name in own if "share" in name} == {
        "share"
    }


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Two wrong columns give two lines."""
    wrong = COVERAGE.assign(share=[2.0, np.nan], scenario=["slow", "central"])
    with pytest.raises(InputError) as caught:
        check_table("coverage", wrong)
    assert len(str(caught.value).splitlines()) == 2


def test_a_code_is_five_digits_of_text() -> None:
    """No number, no zero less, no space."""
    table = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))})
    assert check_table("municipalities", table) is table
    for code in ("1100", "110011", "11 01", "1100A"):
        with pytest.raises(InputError, match="nis_code"):
            check_table("municipalities", table.assign(nis_code=code))
    with pytest.raises(InputError, match="nis_code"):
        check_table("municipalities", table.assign(nis_code=[11001]))


def test_a_place_without_ground_is_refused() -> None:
    """An empty or missing geometry."""
    table = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))})
    for nothing in (None, hand.shapely.Polygon()):
        with pytest.raises(InputError, match="geometry"):
            check_table("municipalities", table.set_geometry([nothing], crs=hand.CRS))


@pytest.mark.parametrize("name", ["municipalities", "zones", "children", "academies"])
def test_what_is_read_of_the_sample_fits_its_schema(sample_result: Result, name: str) -> None:
    """The tables of the inputs, with their dates, empty ages and Lambert coordinates."""
    check_table(name, getattr(sample_result.inputs, name))


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("coverage", "coverage"),
        ("annex-1-municipalities", "municipalities"),
        ("academies", "academies"),
        ("gaps", "gaps"),
        ("gap-municipalities", "gap_municipalities"),
        ("groups", "groups"),
        ("placement", "placement"),
        ("sensitivity", "sensitivity"),
        ("times", "times"),
        ("demand", "demand"),
        ("access", "access"),
    ],
)
def test_what_a_run_gives_fits_its_schema(sample_result: Result, name: str, of: str) -> None:
    """Every table of the result, and its columns in the order of the dictionary."""
    table = check_table(name, getattr(sample_result, of))
    fixed = [column for column in SCHEMAS[name].columns if not column.startswith("^")]
    assert [column for column in table.columns if column in fixed] == fixed


def test_the_dictionary_describes_every_column_of_every_table() -> None:
    """A heading per table, a row per column, none without words."""
    text = data_dictionary()
    for name, schema in SCHEMAS.items():
        assert f"## {name}\n" in text
        assert schema.description
        part = text.split(f"## {name}\n")[1].split("\n## ")[0]
        rows = [line for line in part.splitlines() if line.startswith("| `")]
        assert len(rows) == len(schema.columns)
        assert all(len(row.split("|")) == 5 for row in rows)
        assert all(cell.strip() for row in rows for cell in row.split("|")[1:4])
    assert "None" not in text
    assert "string[pyarrow]" not in text
    assert "datetime64" not in text
