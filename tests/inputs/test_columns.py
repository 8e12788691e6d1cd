"""Every column of every table is used, or said not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from terminal import stemgeo

from stemgeo.inputs import load_inputs
from stemgeo.inputs.columns import Columns, find_nearest, list_meanings, say_unused
from stemgeo.inputs.names import SYNONYMS
from stemgeo.study import parse_study

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.inputs import Inputs

POINT = "105000;205000;terzijde"
TABLES = {
    "population": ("nis_code;age;children;terzijde", *(f"11001;{age};9;z" for age in range(5, 18))),
    "populations.2021": ("nis_code;age;children;terzijde", "11001;5;9;z", "11001;17;9;z"),
    "zone_population": ("zone_id;population;terzijde", "11001;90;z"),
    "weights": ("x_lambert72;y_lambert72;terzijde;weight", f"{POINT};3"),
    "addresses": ("x_lambert72;y_lambert72;terzijde", POINT),
    "academies": ("x_lambert72;y_lambert72;terzijde;academy_id;name", f"{POINT};A;a"),
    "plan": ("x_lambert72;y_lambert72;terzijde;academy_id;name", "105001;205000;z;B;b"),
    "candidates": ("x_lambert72;y_lambert72;terzijde;academy_id;name", f"{POINT};C;c"),
    "attributes.income": ("nis_code;income;terzijde", "11001;20000;z"),
}
LAYERS = ("municipalities", "zones", "layers.regions")


def study_of(folder: Path) -> dict[str, Any]:
    """Write a study with every kind of table, each with a column that nobody knows."""
    inputs: dict[str, Any] = {"network": "straight-line"}

    def put(role: str, path: str) -> None:
        kind, _, key = role.partition(".")
        if key:
            inputs.setdefault(kind, {})[key] = path
        else:
            inputs[role] = path

    for role, lines in TABLES.items():
        (folder / f"{role}.csv").write_text("\n".join([*lines, ""]))
        put(role, f"{role}.csv")
    ground = gpd.GeoDataFrame(
        {"nis_code": ["11001"], "name": ["Aartselaar"], "zone_id": ["11001"], "terzijde": ["z"]},
        geometry=[shapely.box(100_000, 200_000, 110_000, 210_000)],
        crs="EPSG:31370",
    )
    for role in LAYERS:
        ground.to_file(folder / f"{role}.gpkg")
        put(role, f"{role}.gpkg")
    return {"study": {"title": "t", "date": "2022-12-31"}, "inputs": inputs}


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """The inputs of such a study."""
    folder = tmp_path_factory.mktemp("study")
    return load_inputs(parse_study(study_of(folder), folder=folder, name="study.toml"))


@pytest.mark.parametrize("role", [*TABLES, *LAYERS])
def test_a_column_of_any_table_that_is_not_used_is_told(read: Inputs, role: str) -> None:
    """In both languages among the notes, and by name beside the file's provenance."""
    of = read.years[2021] if role == "populations.2021" else read
    (file,) = (one for one in of.provenance if one.role == role)
    assert ("terzijde", "") in file.columns
    told = [note for note in of.warnings if str(note.where) == file.name]
    assert any(
        "not used" in note.to_text("en") and "'terzijde'" in note.to_text("nl") for note in told
    )


@pytest.mark.parametrize("role", TABLES)
def test_the_columns_that_are_used_are_told_with_what_they_were_taken_as(
    read: Inputs, role: str
) -> None:
    """All but the one of which nobody knows what it is."""
    of = read.years[2021] if role == "populations.2021" else read
    (file,) = (one for one in of.provenance if one.role == role)
    header = TABLES[role][0].split(";")
    assert [label for label, meaning in file.columns if meaning] == [
        one for one in header if one != "terzijde"
    ]
    assert dict(file.columns).get("x_lambert72", "x") == "x"


def test_check_prints_both(tmp_path: Path) -> None:
    """Each column with what it was taken as and examples; of those not used that too."""
    content = study_of(tmp_path)["inputs"]
    keep = ("municipalities", "population", "academies")
    lines = ["[study]", 'title = "t"', "date = 2022-12-31", "[inputs]"]
    lines += [f'{role} = "{content[role]}"' for role in keep]
    (tmp_path / "study.toml").write_text("\n".join([*lines, 'network = "straight-line"', ""]))
    said = stemgeo("check", tmp_path)
    assert said.status == 0
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert "kolom gelezen als voorbeelden" in lines
    assert "nis_code nis_code 11001" in lines
    assert lines.count("terzijde (niet gebruikt) z") == 2
    assert any(
        "1 rij; geen enkele heeft een datum: alle tellen op elke dag" in line for line in lines
    )
    assert "left out" not in said.out
    assert lines.count("terzijde (niet gebruikt) terzijde") == 1
    assert "let op: academies.csv: 1 kolom is niet gebruikt: 'terzijde'" in said.err


@pytest.mark.parametrize(
    ("label", "near"),
    [("Erkend vannaf", "erkend_vanaf"), ("minimum-leeftijd", "minimumleeftijd"), ("straat", "")],
)
def test_the_nearest_known_name_is_told(label: str, near: str) -> None:
    """Where one is near, whatever its capitals, accents and marks; none that was found already."""
    known = {"from": ("erkend_vanaf",), "least": ("minimumleeftijd",), "name": ("straatt",)}
    columns = Columns({"n": "naam", label: label}, {"n": "name"}, known)
    assert columns.unused == [(label, near)]
    assert ("bedoeld?" in say_unused(columns.unused).nl) == bool(near)


SIDES = {"valid_from": "valid_until", "min_age": "max_age"}


@pytest.mark.parametrize("side", [*SIDES.items(), *((end, begin) for begin, end in SIDES.items())])
def test_an_end_is_never_proposed_for_a_beginning(side: tuple[str, str]) -> None:
    """Nor the other way round, whatever else is known; nor one of both for a label of both."""
    ours, other = side
    known = list_meanings(SYNONYMS)
    free = [name for name, meaning in known.items() if meaning != ours]
    own = [name for name, meaning in known.items() if meaning == ours]
    assert not {known.get(find_nearest(name, free, 60)) for name in own} & {other}
    assert find_nearest("Erkend van/tot", known) == ""
    assert known[find_nearest("Datum stopzetting erkenning", known)] == "valid_until"
    assert find_nearest("Einddatm erkenning", known) == "einddatum_erkenning"


def test_many_are_told_in_short() -> None:
    """Eight by name, those near a known name first, what programs add by themselves last."""
    labels = ["fid", "Shape_Area", *(f"kolom {place}" for place in range(20)), "geldig_vam"]
    columns = Columns({one: one for one in labels}, {}, {"from": ("geldig_van",)})
    told = say_unused(columns.unused)
    assert told.nl.startswith("23 kolommen zijn niet gebruikt: 'geldig_vam' (is 'geldig_van' bed")
    assert told.en.endswith("and 15 more")
    assert columns.unused[-2:] == [("fid", ""), ("Shape_Area", "")]
