"""Facts about roads that a page changes: found at a place, joined, written, refused in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hand
import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from pyproj import Transformer
from town import write_town

import stemgeo as sg
from stemgeo.errors import Findings
from stemgeo.explore.board import Board
from stemgeo.explore.messages import (
    BestRequest,
    ChangeRequest,
    IsochroneRequest,
    Spot,
    Variant,
    VariantRoad,
    WrongMessage,
)
from stemgeo.explore.replies import Desk
from stemgeo.explore.road_desk import lay_roads, read_roads, take_roads, write_roads
from stemgeo.inputs.network_edits import load_network_edits
from stemgeo.study import Register

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town that a busy road parts, where crossing it costs; it is not changed."""
    place = write_town(tmp_path_factory.mktemp("roads") / "study")
    file = place / "study.toml"
    text = file.read_text("utf-8").replace("[gaps]", '[travel]\nbusy_crossings = "push"\n[gaps]')
    file.write_text(text, "utf-8")
    return place


@pytest.fixture(scope="module")
def desk(folder: Path) -> Desk:
    return Desk(Board.from_study(sg.load_study(folder)))


def at(*places: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Give places of the town in degrees."""
    moved = Transformer.from_crs(hand.CRS, "EPSG:4326", always_xy=True)
    spots = [hand.spot(*one) for one in places]
    return tuple(
        (round(lon, 7), round(lat, 7))
        for lon, lat in (moved.transform(one.x, one.y) for one in spots)
    )


def road(change: str, *places: tuple[float, float], **more: Any) -> VariantRoad:
    return VariantRoad(id="W1", name="Weg", change=change, line=at(*places), **more)  # type: ignore[arg-type]


BUSY = (3.25, 2.0)
"""On the busy road, from (3, 2) to (3.5, 2)."""


def test_a_stretch_runs_from_junction_to_junction(desk: Desk) -> None:
    """Where one points: how long and how busy it is, and what would change anything."""
    ((lon, lat),) = at((3.25, 2.02))
    told = desk.roads.tell_stretch(1, lon, lat)
    ends = np.sort(np.array(told.line), axis=0)
    np.testing.assert_allclose(ends, np.sort(np.array(at((3, 2), (3.5, 2))), axis=0), atol=2e-7)
    assert told.length_m == pytest.approx(500, abs=1)
    assert (told.quiet, told.changes) == ("4", ("quiet", "close"))
    quiet = desk.roads.tell_stretch(2, *at((1.25, 2.02))[0])
    assert (quiet.quiet, quiet.crossing) == ("2", None)
    nowhere = desk.roads.tell_stretch(3, *at((-3, -3))[0])
    assert (nowhere.line, nowhere.why) == ((), "geen weg binnen 100 m")


def test_what_a_road_changes_is_counted(desk: Desk) -> None:
    """Quiet it brings children over quiet roads; all that the page shows of it comes along."""
    variant = Variant(roads=(road("quiet", (3, 2), (3.5, 2)),))
    told = desk.tell_change(ChangeRequest(request=1, variant=variant))
    assert [(one.id, round(one.length_m or 0)) for one in told.roads] == [("W1", 500)]
    (region,) = told.places["region"]
    central = {name: by["central"]["all"] for name, by in region.figures.items()}
    assert central["all"][3:] == (0, 0)
    assert central["low_stress"][3] > 0
    assert central["low_stress"][4] == 0
    best = BestRequest(request=2, variant=variant, profile="all")
    assert "wegen zoals ze zijn" in desk.tell_best(best).why


def test_one_gets_as_far_as_roads_let(desk: Desk) -> None:
    """How far one gets from a place is drawn over the roads of the variant."""
    ((lon, lat),) = at((3.0, 2.0))
    place = Spot(lon=lon, lat=lat)
    closed = tuple(
        road("close", (3, 2), end).model_copy(update={"id": f"W{number}"})
        for number, end in enumerate([(3.5, 2), (2.5, 2), (3, 2.5), (3, 1.5)])
    )
    open_, shut = (
        desk.tell_isochrone(IsochroneRequest(request=1, place=place, roads=roads)).areas
        for roads in ((), closed)
    )
    assert len(open_["features"]) > 0
    assert open_ != shut


def test_a_new_road_is_joined_and_told_how_far(desk: Desk) -> None:
    """Drawn some metres from the roads it is drawn on to them."""
    told = desk.roads.tell_road(1, road("add", (3.0, 2.755), (3.49, 2.76)))
    assert told.joined_m[0] == pytest.approx(0, abs=0.2)
    assert told.joined_m[1] == pytest.approx(10, abs=0.2)
    assert told.length_m == pytest.approx(500, abs=1)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (road("add", (3.0, 2.75), (3.2, 2.75)), "meer dan 20 m van elke weg"),
        (road("quiet", (1.0, 1.2), (1.4, 1.2)), "geen weg langs de lijn"),
        (road("open", (3, 2), (3.5, 2)), "al in beide richtingen"),
        (road("crossing", (1.0, 1.0)), "geen drukke oversteek"),
    ],
)
def test_what_has_no_place_is_refused_in_one_line(
    desk: Desk, wrong: VariantRoad, what: str
) -> None:
    """Whoever asks for it: by its name, in the language of the study."""
    for ask in (
        lambda: desk.roads.tell_road(1, wrong),
        lambda: desk.tell_change(ChangeRequest(request=1, variant=Variant(roads=(wrong,)))),
    ):
        with pytest.raises(WrongMessage) as told:
            ask()
        line = told.value.said.to_text("nl")
        assert line.startswith("Weg: ")
        assert what in line


def test_what_changes_nothing_in_a_study_is_refused(tmp_path: Path) -> None:
    """In a straight line no road can be chosen, and none is taken."""
    board = Board.from_study(sg.load_study(hand.write_study(tmp_path / "s", straight_line=True)))
    desk = Desk(board)
    assert desk.study_reply.road_changes == ()
    assert "vogelvlucht" in desk.roads.tell_stretch(1, *at((1, 1))[0]).why
    with pytest.raises(WrongMessage, match="changes nothing in this study"):
        desk.roads.match([road("close", (1, 1), (2, 1))])


def test_a_file_of_roads_is_read_as_a_run_reads_it(tmp_path: Path) -> None:
    """Each kind, with the edits of the study before them; and as a page has them again."""
    roads = (
        road("quiet", (3, 2), (3.5, 2), level=2, way=7),
        road("add", (3, 2.75), (3.2, 2.9), (3.5, 2.75), level=3, oneway=True),
        road("close", (1, 1), (1.5, 1)),
        road("crossing", (3, 2)),
    )
    names = ('=SOM(1) "x"', "Weg <b>", "Rue de l’Été", "W4")
    roads = tuple(
        one.model_copy(update={"id": f"W{number}", "name": name})
        for number, (one, name) in enumerate(zip(roads, names, strict=True), 1)
    )
    own = lay_roads([road("close", (2, 2), (2.5, 2))]).assign(edit_id="E1")
    place = tmp_path / "a.edits.geojson"
    text = write_roads(own, lay_roads(roads), 'Noord "2"')
    place.write_text(text, "utf-8")
    findings = Findings()
    read, _ = load_network_edits(Register(path=place), "network_edits", findings)
    assert findings.errors == []
    assert read is not None
    assert read["edit_id"].tolist() == ["E1", "W1", "W2", "W3", "W4"]
    ours = lay_roads(roads)
    assert_frame_equal(read.iloc[1:].reset_index(drop=True), ours, check_dtype=False)
    assert (read.geometry.iloc[1:].to_numpy() == ours.geometry.to_numpy()).all()
    assert read_roads(text, own) == ('Noord "2"', roads)
    assert take_roads(read, own) == roads
