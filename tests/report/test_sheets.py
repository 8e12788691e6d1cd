"""Maps of a result, from its folder and from memory: each figure is that of the tables."""

from __future__ import annotations

import pickle
import shutil
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest

import stemgeo as sg
from stemgeo.errors import InputError, ResultError
from stemgeo.maps.kinds import KINDS, save_map
from stemgeo.report.sheets import draw_from_folder

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

CASES = [(key, by) for key, kind in KINDS.items() if kind.before != "must" for by in kind.by]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The small study, run and written."""
    base = tmp_path_factory.mktemp("sheets")
    result = sg.run(sg.load_study(hand.write_study(base / "study")))
    return result, result.write(base / "result")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in a straight line: without isochrones, and another share."""
    base = tmp_path_factory.mktemp("straight")
    study = hand.write_study(base / "study", straight_line=True)
    return sg.run(sg.load_study(study)).write(base / "result")


def by_hand(folder: Path) -> pd.DataFrame:
    """Give each child on its own: place, seconds, whether measured; from the written tables."""
    demand = gpd.read_parquet(folder / "tables" / "demand.parquet").set_index("point_id")
    access = pd.read_parquet(folder / "tables" / "access.parquet").query("profile == 'all'")
    rows = []
    for one in access.itertuples():
        point = demand.loc[one.point_id]
        count = int(point[f"children_{one.ages}"])
        measured = one.status != "unmeasured"
        rows += [(point["nis_code"], point["zone_id"], one.travel_time_s, measured)] * count
    return pd.DataFrame(rows, columns=["nis_code", "zone_id", "time_s", "measured"])


@pytest.mark.parametrize(("kind", "by"), CASES)
@pytest.mark.parametrize("province", [None, "Limburg"])
def test_folder_and_memory_give_the_same_map(
    ran: tuple[Result, Path], tmp_path: Path, kind: str, by: str | None, province: str | None
) -> None:
    """Table, words and picture are the same, whichever they are drawn from."""
    result, folder = ran
    ours = result.sheets.draw(kind, province, by=by)
    theirs = sg.read_result(folder).sheets.draw(kind, province, by=by)
    assert ours.alt == theirs.alt
    assert ours.table.astype(str).equals(theirs.table.astype(str))
    (one,) = save_map(ours, tmp_path / "1", ("svg",))
    (other,) = save_map(theirs, tmp_path / "2", ("svg",))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(("of", "key"), [("municipality", "nis_code"), ("zone", "zone_id")])
def test_minutes_are_the_middle_child(ran: tuple[Result, Path], of: str, key: str) -> None:
    """Half of the measured children, each counted on its own, need no longer."""
    folder = ran[1]
    table = draw_from_folder(folder, "minutes", by=of).table.set_index(key)["minutes"]
    children = by_hand(folder)
    for place, rows in children[children["measured"]].groupby(key):
        times = sorted(rows["time_s"])
        assert table[place] * 60 == pytest.approx(times[(len(times) - 1) // 2])


def test_dots_are_the_children_not_in_time(ran: tuple[Result, Path]) -> None:
    """One dot is one child here, and each municipality has as many as the coverage table says."""
    result, folder = ran
    table = draw_from_folder(folder, "uncovered").table
    late = by_hand(folder).query("measured and time_s > 900").groupby("nis_code").size()
    expected = late.reindex(table["nis_code"], fill_value=0)
    assert list(table["uncovered"]) == list(expected)
    worth = table["children_per_dot"].iloc[0]
    assert list(table["dots"]) == [int(n / worth + 0.5) for n in expected]
    assert table["uncovered"].sum() == result.municipalities["uncovered"].sum()


def test_zones_are_those_of_the_coverage_table(ran: tuple[Result, Path]) -> None:
    """Children and share of each zone, in zones.parquet and on the map."""
    result, folder = ran
    written = gpd.read_parquet(folder / "tables" / "zones.parquet")
    rows = result.coverage.query(
        "level == 'zone' and band == 'all' and scenario == 'central' and profile == 'all'"
    ).set_index("code")
    drawn = draw_from_folder(folder, "share", by="zone").table.set_index("zone_id")
    for name in ("children", "covered", "uncovered", "unmeasured"):
        assert dict(zip(written["zone_id"], written[name], strict=True)) == rows[name].to_dict()
        assert drawn[name].to_dict() == rows[name].to_dict()
    assert written.geometry.is_valid.all()
    assert set(written["nis_code"]) == set(result.municipalities["nis_code"])


def test_a_changed_table_is_refused(ran: tuple[Result, Path], tmp_path: Path) -> None:
    """A map is not drawn from a file that is not the run's."""
    folder = tmp_path / "result"
    shutil.copytree(ran[1], folder)
    path = folder / "tables" / "zones.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ResultError, match="was changed after the run"):
        draw_from_folder(folder, by="zone")
    assert len(draw_from_folder(folder).table)


def test_each_table_is_read_once(ran: tuple[Result, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many maps are drawn."""
    read: list[str] = []

    def counted(folder: Path, name: str, _: object) -> Path:
        read.append(name)
        return folder / name

    monkeypatch.setattr("stemgeo.report.outcome.check_file", counted)
    sheets = sg.read_result(ran[1]).sheets
    for kind, by in CASES * 2:
        sheets.draw(kind, by=by, isochrone_edge=not KINDS[kind].is_chart)
    assert len(read) == len(set(read))
    assert "tables/access.parquet" in read


def test_sheets_can_be_sent_to_another_process(ran: tuple[Result, Path]) -> None:
    """Before and after it has read."""
    sheets = sg.read_result(ran[1], "en").sheets
    first = sheets.draw("uncovered").alt
    assert pickle.loads(pickle.dumps(sheets)).draw("uncovered").alt == first  # noqa: S301
    assert "Children who cannot reach" in first


def test_nothing_changed_between_a_result_and_itself(ran: tuple[Result, Path]) -> None:
    """Every difference is nought, every academy stayed."""
    folder = ran[1]
    table = draw_from_folder(folder, "change", before=folder).table
    assert set(table["points"].dropna()) == {0.0}
    assert list(table["academies_before"]) == list(table["academies_after"])


def test_change_is_the_later_minus_the_earlier(ran: tuple[Result, Path], straight: Path) -> None:
    """Points are a hundred times the difference of the shares of both annexes."""
    table = draw_from_folder(ran[1], "change", before=straight).table.set_index("nis_code")
    after, before = (
        pd.read_csv(folder / "tables" / "annex-1-municipalities.csv", dtype={"nis_code": str})
        for folder in (ran[1], straight)
    )
    apart = after.set_index("nis_code")["share"] - before.set_index("nis_code")["share"]
    assert np.allclose(table["points"], apart.reindex(table.index) * 100, atol=1e-3, equal_nan=True)
    assert (table["points"].abs() > 1).any()


def test_the_result_itself_draws_every_kind(ran: tuple[Result, Path]) -> None:
    """`Result.map` takes kind, by and an earlier result."""
    result = ran[0]
    assert result.map("Limburg", kind="minutes", by="zone").axes
    assert result.map(kind="change", before=result).axes


def test_quantiles_are_the_same_for_all_maps(ran: tuple[Result, Path]) -> None:
    """The classes of a province are those of all municipalities, and are said to be quantiles."""
    drawn = [
        draw_from_folder(ran[1], "share", province, classes="quantiles")
        for province in (None, "Limburg")
    ]
    labels = [
        [text.get_text() for text in one.figure.axes[0].texts if " tot " in text.get_text()]
        for one in drawn
    ]
    assert labels[0][:2] == labels[1][:2]
    said = " ".join(text.get_text() for text in drawn[1].figure.axes[0].texts)
    assert "kwintielen" in said


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"kind": "heatmap"}, "there is no kind 'heatmap'"),
        ({"kind": "change"}, "name the earlier one"),
        ({"kind": "plan"}, "with --before the one without it"),
        ({"kind": "gaps", "by": "zone"}, "use children or reason"),
        ({"kind": "gaps", "classes": (0, 50, 100)}, "are fixed"),
        ({"kind": "minutes", "classes": "quantiles"}, "bounds in minutes"),
        ({"kind": "minutes", "classes": (5, 3)}, "must rise from 0"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    ran: tuple[Result, Path], asked: dict[str, object], line: str
) -> None:
    """One line with what is wrong and how to mend it."""
    with pytest.raises(ResultError, match=line):
        draw_from_folder(ran[1], **asked)  # type: ignore[arg-type]


def test_kinds_that_need_something_else(ran: tuple[Result, Path], straight: Path) -> None:
    """A plan needs planned places, an edge roads, `before` its kinds; a province exists."""
    folder = ran[1]
    with pytest.raises(ResultError, match="no planned places"):
        draw_from_folder(folder, "plan", before=folder)
    with pytest.raises(ResultError, match="measured in a straight line"):
        draw_from_folder(straight, isochrone_edge=True)
    with pytest.raises(ResultError, match="no use for an earlier result"):
        draw_from_folder(folder, "share", before=folder)
    with pytest.raises(InputError, match="no province 'Luik'"):
        draw_from_folder(folder, "share", "Luik")
