"""Facts about files of edits of roads: whatever their form they are read alike, or refused."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.errors import Findings, InputError
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.network_edits import (
    CHANGES,
    COLUMNS,
    load_network_edits,
    write_network_edits,
    write_network_edits_text,
)
from stemgeo.study import Register
from stemgeo.tables import check_table

LINE = "LINESTRING (4.35 51.1, 4.36 51.105)"


def read(path: Path, **said: object) -> tuple[gpd.GeoDataFrame | None, Findings]:
    """Read a file, with what was told of it."""
    findings = Findings()
    given_ = Register.model_validate({"path": path, **said})
    return load_network_edits(given_, "network_edits", findings)[0], findings


def of_text(folder: Path, text: str, name: str = "wegen.csv", **said: object) -> gpd.GeoDataFrame:
    """Read a text that must be fine."""
    (folder / name).write_text(text, encoding="utf-8")
    table, findings = read(folder / name, **said)
    findings.raise_errors()
    assert table is not None
    return check_table("network-edits", table)


def told(folder: Path, text: str, name: str = "wegen.csv", **said: object) -> str:
    """Give every problem of a text, a line each."""
    (folder / name).write_text(text, encoding="utf-8")
    table, findings = read(folder / name, **said)
    assert table is None
    return "\n".join(map(str, findings.errors))


def features(*each: tuple[dict[str, object], dict[str, object] | None]) -> str:
    """Write GeoJSON."""
    rows = [{"type": "Feature", "properties": said, "geometry": at} for said, at in each]
    return json.dumps({"type": "FeatureCollection", "features": rows})


def make(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    """Make a table of edits as it is read."""
    usual = {"level": pd.NA, "oneway": False, "osm_way": pd.NA, "cost_eur": np.nan}
    each = [{"name": row["edit_id"], **usual, "geometry": None, **row} for row in rows]
    table = gpd.GeoDataFrame(pd.DataFrame(each)[list(COLUMNS)], crs=LAMBERT_72)
    return table.astype({"level": "Int64", "osm_way": "Int64", "cost_eur": "float64"})


def test_a_line_is_the_same_in_every_form(tmp_path: Path) -> None:
    """WKT in degrees or metres, four numbers and GeoJSON say the same road."""
    degrees = of_text(tmp_path, f"change;wkt\nadd;{LINE}\n")
    ends = of_text(
        tmp_path, "wijziging;van_lon;van_lat;naar_lon;naar_lat\nnieuw;4,35;51,1;4,36;51,105\n"
    )
    layer = features(({"changement": "ajouter"}, shapely.geometry.mapping(shapely.from_wkt(LINE))))
    drawn = of_text(tmp_path, layer, "wegen.geojson")
    metres = shapely.to_wkt(degrees.geometry[0], 6)
    stated = of_text(tmp_path, f"change;geometry\nnew;{metres}\n", crs="EPSG:31370")
    for other in (ends, drawn, stated):
        assert other.drop(columns="geometry").equals(degrees.drop(columns="geometry"))
        assert other.geometry[0].equals_exact(degrees.geometry[0], 1e-3)
    assert degrees.crs == LAMBERT_72
    assert degrees["edit_id"].tolist() == degrees["name"].tolist() == ["E1"]


@pytest.mark.parametrize(
    ("word", "change"),
    [("quiet", "quiet"), ("Rustig", "quiet"), ("calme", "quiet"), ("openen", "open"),
     ("ouvrir", "open"), ("sluiten", "close"), ("fermer", "close"), ("closed", "close")],
)  # fmt: skip
def test_changes_are_known_in_three_languages(tmp_path: Path, word: str, change: str) -> None:
    """What becomes of a road is said in the words of who fills in the file."""
    table = of_text(tmp_path, f"id;naam;wijziging;osm_way\nA;Brug;{word};way/23402115\n")
    assert table["change"].tolist() == [change]
    assert table["osm_way"].tolist() == [23402115]
    assert table.geometry.isna().all()


@pytest.mark.parametrize("way", ["23402115", "23402115.0", "23402115,0", "w23402115"])
def test_a_way_that_a_spreadsheet_took_for_an_amount_is_its_number(
    tmp_path: Path, way: str
) -> None:
    """A column with empty cells is often saved with decimals."""
    table = of_text(tmp_path, f"change;osm_way\nquiet;{way}\n")
    assert table["osm_way"].tolist() == [23402115]


def test_a_crossing_is_one_place(tmp_path: Path) -> None:
    """Of a crossing a point is enough, as WKT or as lon and lat."""
    table = of_text(
        tmp_path,
        "change;geometry;lon;lat\noversteek;POINT (4.35 51.1);;\ntraversée;;4.36;51.1\n",
    )
    assert table["change"].tolist() == ["crossing"] * 2
    assert table.geometry.geom_type.tolist() == ["Point"] * 2


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Each row says what is wrong and how to mend it, and no half of a file is taken."""
    text = "\n".join(
        [
            "edit_id;change;geometry;osm_way;level;oneway;cost_eur",
            f"A;rustg;{LINE};;;;",
            f"A;add;{LINE};;7;;",
            "B;add;;;;;",
            "C;close;;;;;",
            f"D;crossing;{LINE};;;;",
            f"E;open;{LINE};;2;ja;veel",
            "F;quiet;LINESTRING (4.35);;;misschien;",
            f"G;add;{LINE};12;;;",
            f"H;add;{LINE};12;;;",
            "I;quiet;;nummer;3;;",
            "J;add;MULTILINESTRING ((4.35 51.1, 4.36 51.1), (4.37 51.1, 4.38 51.1));;;;",
            "K;open;LINESTRING (4.35 51.1, 4.35 51.1);;;;",
            "L;open;POINT (4.35 51.1);;;;",
        ]
    )
    lines = told(tmp_path, text)
    for place, what in [
        ("row 2:", "'change' is 'rustg', not one of quiet, open, add, close, crossing"),
        ("row 2:", "did you mean quiet?"),
        ("row 2, 3", "the edit_id 'A' is given 2 times"),
        ("row 3:", "'level' is '7', not a level of stress from 1 to 4"),
        ("row 4", "adds a road without a line"),
        ("row 5", "says neither by a line nor by osm_way which road"),
        ("row 6", "is a crossing, and no point"),
        ("row 7", "level changes nothing"),
        ("row 7", "oneway changes nothing"),
        ("row 7", "'cost_eur' is 'veel'"),
        ("row 8", "not a line in WKT"),
        ("row 8", "'oneway' is 'misschien', not yes or no"),
        ("row 9", "osm_way changes nothing"),
        ("row 10", "is the same as a row before it"),
        ("row 11", "'osm_way' is 'nummer', not the number of a way"),
        ("row 11", "'level' is '3', not a level of stress from 1 to 2"),
        ("row 12", "adds a line of several parts"),
        ("row 13", "is a line of no length"),
        ("row 14", "is no line"),
    ]:  # fmt: skip
        assert any(place in one and what in one for one in lines.split("\n")), (place, what, lines)


@pytest.mark.parametrize(
    ("text", "said", "what"),
    [
        (f"naam;wkt\nBrug;{LINE}\n", {}, "has no column change"),
        ("change;wkt\nadd;LINESTRING (150000 200000, 151000 200000)\n", {}, 'crs = "EPSG:31370"'),
        ("change;wkt\nadd;LINESTRING (51.1 4.35, 51.1 4.36)\n", {}, "swapped"),
        ("change;osm_way\nclose;12\n", {"crs": "EPSG:31370"}, "`crs` changes nothing"),
        ("change;van_lon;van_lat;naar_lon\nadd;4,3;51;4,4\n", {}, "has not all of from_lon"),
        (f"change;wkt;lon;lat\ncrossing;{LINE};4,3;51\n", {}, "and from_lon, from_lat too"),
        ("change;van_lon;van_lat\ncrossing;oost;51\n", {}, "not a number of degrees"),
        ("change;wkt\n", {}, "no rows"),
        ("change;wkt\nadd;LINESTRING (4.3 nan, 4.4 51)\n", {}, "not"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, text: str, said: dict[str, str], what: str
) -> None:
    """What lies elsewhere, or says half a place, is refused with what would mend it."""
    assert what in told(tmp_path, text, **said)


def test_a_wrong_place_hides_no_other_problem(tmp_path: Path) -> None:
    """What is wrong with the CRS is told with all the rest, and a row that cannot be read once."""
    far = "LINESTRING (150000 200000, 151000 200000)"
    lines = told(tmp_path, f"id;change;wkt\nA;add;{far}\nA;sloop;{far}\n")
    for what in ('crs = "EPSG:31370"', "'sloop', not one of", "the edit_id 'A' is given 2 times"):
        assert what in lines
    lines = told(
        tmp_path, "change;osm_way;level\nquiet;eerste;\nquiet;tweede;\nquiet;3;8\nquiet;3;9\n"
    )
    assert "'tweede'" in lines
    assert "same as a row" not in lines


def test_columns_that_are_not_used_are_told(tmp_path: Path) -> None:
    """A column that nobody knows is named, with the one that may be meant."""
    (tmp_path / "wegen.csv").write_text("change;osm_way;levl;kleur\nadd;1;2;rood\n", "utf-8")
    _, findings = read(tmp_path / "wegen.csv")
    notes = " ".join(note.what.en for note in findings.notes)
    assert "'levl' (is 'level' meant?), 'kleur'" in notes


def test_text_of_strangers_is_data(tmp_path: Path) -> None:
    """Marks that steer a terminal are gone, and what a sheet takes for a formula stays text."""
    table = of_text(tmp_path, "id;name;change;osm_way\n\x1b[31mA;'=1+1;close;3\n")
    assert table["edit_id"].tolist() == ["[31mA"]
    assert table["name"].tolist() == ["=1+1"]
    assert "'=1+1" in write_network_edits_text(table, "csv")


SHAPES = {
    "crossing": st.just(shapely.Point(152_000, 201_000)),
    **dict.fromkeys(
        ("quiet", "open", "close", "add"),
        st.integers(1, 900).map(
            lambda n: shapely.LineString([(152_000, 201_000), (152_000 + n / 7, 201_009)])
        ),
    ),
}


@st.composite
def edits(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Draw tables of edits, each with what its change may have."""
    rows = []
    for number in range(draw(st.integers(1, 4))):
        change = draw(st.sampled_from(CHANGES))
        row: dict[str, object] = {"edit_id": f"W{number}", "change": change}
        row["name"] = draw(st.sampled_from(["Brug", "=1+1", "Fiets;straat, 'x'", 'Ång "a"']))
        row["geometry"] = draw(SHAPES[change])
        row["osm_way"] = number + 7 if change in ("quiet", "open", "close") else pd.NA
        if change in ("quiet", "close") and draw(st.booleans()):
            row["geometry"] = None
        if change in ("quiet", "add"):
            row["level"] = draw(st.sampled_from([pd.NA, 1, 2]))
        row["oneway"] = change == "add" and draw(st.booleans())
        row["cost_eur"] = draw(st.sampled_from([np.nan, 12.5, 1_500_000.0]))
        rows.append(row)
    return make(*rows)


@given(edits(), st.sampled_from(["csv", "geojson"]))
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: gpd.GeoDataFrame, form: str
) -> None:
    """Every edit comes back as it was, to a centimetre; written again it is the same text."""
    path = tmp_path_factory.mktemp("edits") / f"wegen.{form}"
    # The same place may stand there twice by chance, and would be refused.
    plain = table.assign(at=table.geometry.to_wkb(hex=True))
    table = table[~plain[["change", "level", "oneway", "osm_way", "at"]].astype(str).duplicated()]
    table = table.reset_index(drop=True)
    write_network_edits(table, path)
    again, findings = read(path)
    findings.raise_errors()
    assert again is not None
    assert not findings.notes
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.drop(columns="geometry")), pd.DataFrame(table.drop(columns="geometry")),
        check_dtype=False,
    )  # fmt: skip
    for one, other in zip(again.geometry, table.geometry, strict=True):
        assert (one is None) == (other is None)
        assert one is None or one.equals_exact(other, 0.02)
    assert write_network_edits_text(again, form) == path.read_text(encoding="utf-8")


def test_nothing_gives_way_to_a_file(tmp_path: Path) -> None:
    """What stands there already stays, and what would not be read back is not written."""
    table = make({"edit_id": "A", "change": "close", "osm_way": 3})
    (tmp_path / "a.csv").write_text("mijn", "utf-8")
    with pytest.raises(InputError, match="is there already"):
        write_network_edits(table, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8") == "mijn"
    with pytest.raises(InputError, match="none of"):
        write_network_edits(table.assign(change="weg"), tmp_path / "b.csv")


def test_a_study_in_a_straight_line_refuses_edits(tmp_path: Path) -> None:
    """Where there are no roads none can change."""
    folder = hand.write_study(tmp_path / "s", straight_line=True)
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(
        text.replace("[inputs]", '[inputs]\nnetwork_edits = "wegen.csv"'), "utf-8"
    )
    import stemgeo as sg
    from stemgeo.errors import StudyError

    with pytest.raises(StudyError, match="network_edits: changes nothing in a straight line"):
        sg.load_study(folder / "study.toml")
