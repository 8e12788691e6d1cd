"""Facts about every CSV that stemgeo writes: no cell is computed, and each text comes back."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import stemgeo

import stemgeo as sg
from stemgeo.inputs.files import is_formula, quote_formula, unquote_formula
from stemgeo.report.files import write_csv
from stemgeo.report.reading import restore_texts

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "-", "@SUM(1)", "\t=1", "\r1", "\uff1d1",
            "\uff20a", " =1", "'=1", '"=1"', "' \uff0b1"]  # fmt: skip
TEXTS = [
    "Aalst",
    "'s-Gravenvoeren",
    "'",
    "-2",
    "-2.5",
    "-1e-05",
    "12",
    "",
    " a",
    "a=b",
    "2-3",
    '"a"',
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_compute_is_seen(text: str) -> None:
    """Full-width marks and those behind spaces and quotes too."""
    assert is_formula(text)
    assert quote_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS)
def test_a_number_or_a_name_is_left_alone(text: str) -> None:
    """A negative number is a number, and a name that begins with an apostrophe keeps it."""
    assert quote_formula(text) == unquote_formula(text) == text


@given(
    st.lists(
        st.floats(-1e9, 1e9)
        | st.sampled_from([float("nan"), float("inf"), 1 / 3])
        | st.integers(-9, 9).map(float),
        min_size=1,
    )
)
def test_each_number_has_six_decimals(numbers: list[float]) -> None:
    """As pandas would write it one by one; of what is missing nothing, and nought has no sign."""
    table = pd.DataFrame({"name": "x", "share": numbers, "count": len(numbers)})
    own = io.StringIO()
    write_csv(table, own)
    given_ = table.assign(share=table["share"] + 0.0)
    assert own.getvalue() == given_.to_csv(index=False, float_format="%.6f", lineterminator="\n")


@given(st.text(alphabet="=+-@'\" \t\ra1.\uff1d") | st.text())
def test_every_text_comes_back(text: str) -> None:
    """Whatever it is: what `harmless` did is undone, and nothing else is."""
    assert unquote_formula(quote_formula(text)) == text


def test_a_table_is_written_harmless_and_read_back_the_same() -> None:
    """Heads and cells, beside numbers that stay numbers and what is empty."""
    # A line break stands in no text that came through a door.
    texts = [one for one in (*FORMULAS, *TEXTS) if "\r" not in one]
    table = pd.DataFrame({"=kop": texts, "getal": -1.5, "geheel": -3, "leeg": None})
    place = io.StringIO()
    write_csv(table, place)
    heads, *rows = csv.reader(io.StringIO(place.getvalue(), newline=""))
    assert heads == ["'=kop", "getal", "geheel", "leeg"]
    assert {tuple(row[1:]) for row in rows} == {("-1.500000", "-3", "")}
    assert [unquote_formula(row[0]) for row in rows] == texts
    read = pd.DataFrame({"a": ["'=1", "'s-Gravenvoeren", "x\x1b[31m", "a\u202eb", "-2"]})
    assert restore_texts(read)["a"].tolist() == ["=1", "'s-Gravenvoeren", "x[31m", "ab", "-2"]


def test_no_cell_of_any_csv_of_a_study_is_computed(tmp_path: Path) -> None:
    """Of a run, its plan, their comparison, and what the terminal prints; and names stay names."""
    hand.write_study(tmp_path / "study", straight_line=True)
    register = tmp_path / "study" / "academies.csv"
    text = register.read_text("utf-8").replace("Proefacademie Oost", "=1+1")
    register.write_text(text.replace("S1;", "@S1;"), encoding="utf-8")
    study = sg.load_study(tmp_path / "study")
    sg.run(study).write(tmp_path / "result")
    sg.site(study.with_siting(places=1)).write(tmp_path / "plan")
    sg.compare(tmp_path / "result", tmp_path / "result").write(tmp_path / "compared")
    said = stemgeo("map", tmp_path / "result", "--kind", "academies", "--out", tmp_path / "a.svg")
    assert said.status == 0
    found = list(tmp_path.glob("*/**/*.csv")) + list(tmp_path.glob("*.csv"))
    found = [path for path in found if path != register]
    assert len(found) > 20
    for path in found:
        for row in csv.reader(io.StringIO(path.read_bytes().decode(), newline="")):
            for cell in row:
                assert not is_formula(cell) or cell.startswith("'"), (path.name, cell)
    names = sg.read_result(tmp_path / "result").table("academies").set_index("academy_id")["name"]
    assert names["@S1"] == "=1+1"
    raw = (tmp_path / "result" / "tables" / "academies.csv").read_text("utf-8")
    assert re.search(r"^'@S1,'=1\+1,", raw, re.MULTILINE)


def test_the_plan_of_an_academy_called_as_a_formula_comes_back(tmp_path: Path) -> None:
    """A place that a plan names is the same place when a run reads it."""
    hand.write_study(tmp_path / "study", straight_line=True)
    (tmp_path / "plan.csv").write_text(
        "academy_id,name,x_lambert72,y_lambert72\n'=P1,'@naam,152000,203000\n", encoding="utf-8"
    )
    study = sg.load_study(tmp_path / "study").with_plan(tmp_path / "plan.csv")
    academies = sg.run(study).academies
    assert academies.loc[academies["planned"], ["academy_id", "name"]].to_numpy().tolist() == [
        ["=P1", "@naam"]
    ]
