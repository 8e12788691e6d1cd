"""Facts about saved variants: plan files that a run takes, whole or not at all, of their owner."""

from __future__ import annotations

import datetime as dt
import os
from itertools import product
from typing import TYPE_CHECKING

import hand
import killed
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import stemgeo as sg
from stemgeo.errors import Findings, WriteError
from stemgeo.explore.board import Board
from stemgeo.explore.messages import MovedAcademy, PlacedAcademy, Variant, VariantRoad, WrongMessage
from stemgeo.explore.shelf import MOST_FILES, Clash, VariantShelf
from stemgeo.explore.variants import Placer
from stemgeo.inputs.plan import CLOSED, PLACES, load_places
from stemgeo.study import Register

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")

NEW = PlacedAcademy(id="N1", name="Bibliotheek", lon=4.455, lat=51.115, min_age=6)
ONE = Variant(name="Noord", placed=(NEW,))
OTHER = Variant(
    name='Zuid, "2"', moved=(MovedAcademy(id="S1", lon=4.4, lat=51.12),), closed=("S2",)
)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """The small study, opened; it is not changed."""
    folder = tmp_path_factory.mktemp("shelf") / "study"
    return Board.from_study(sg.load_study(hand.write_study(folder, straight_line=True)))


def shelf_at(folder: Path, board: Board) -> VariantShelf:
    """Give the shelf of a folder."""
    return VariantShelf(folder, board, Placer(board.register, board.municipalities))


@pytest.fixture
def shelf(board: Board, tmp_path: Path) -> VariantShelf:
    """A folder of its own, which is not there yet."""
    return shelf_at(tmp_path / "variants", board)


# -- there and back ---------------------------------------------------------------------------


def test_what_is_saved_is_there_again(shelf: VariantShelf) -> None:
    """Name, places, ages and what moves and closes; and nothing else lies in the folder."""
    hashes = {
        slug: shelf.save(slug, one, "").sha256 for slug, one in (("noord", ONE), ("zuid-2", OTHER))
    }
    told = {one.slug: one for one in shelf.list_saved()}
    assert {slug: one.variant for slug, one in told.items()} == {"noord": ONE, "zuid-2": OTHER}
    assert {slug: one.sha256 for slug, one in told.items()} == hashes
    assert [one.name for one in told.values()] == ["Noord", 'Zuid, "2"']
    assert all(one.ours and not one.problem for one in told.values())
    assert sorted(one.name for one in shelf.folder.iterdir()) == ["noord.csv", "zuid-2.csv"]


ROAD = VariantRoad(
    id="W1", name="Brug", change="close", line=((4.41, 51.12), (4.42, 51.12), (4.425, 51.121))
)


BOTH = ONE.model_copy(update={"roads": (ROAD,)})


def test_roads_lie_beside_the_plan(shelf: VariantShelf) -> None:
    """In a file of their own, alone or with the plan; and what changes no more is gone."""
    both = ONE.model_copy(update={"roads": (ROAD,)})
    alone = Variant(name="Wegen", roads=(ROAD,))
    sha256 = shelf.save("a", both, "").sha256
    shelf.save("b", alone, "")
    assert [one.variant for one in shelf.list_saved()] == [both, alone]
    assert all(one.ours for one in shelf.list_saved())
    names = {one.name for one in shelf.folder.iterdir()}
    assert names == {"a.csv", "a.edits.geojson", "b.edits.geojson"}
    sha256 = shelf.save("a", ONE, sha256).sha256
    assert {one.name for one in shelf.folder.iterdir()} == {"a.csv", "b.edits.geojson"}
    sha256 = shelf.save("a", alone, sha256).sha256
    assert {one.name for one in shelf.folder.iterdir()} == {"a.edits.geojson", "b.edits.geojson"}
    shelf.delete("a", sha256)
    assert {one.name for one in shelf.folder.iterdir()} == {"b.edits.geojson"}


def test_roads_that_someone_changed_are_not_replaced(shelf: VariantShelf) -> None:
    """Nor joined to a plan that the page writes: they are shown as theirs, and stay."""
    both = ONE.model_copy(update={"roads": (ROAD,)})
    sha256 = shelf.save("a", both, "").sha256
    place = shelf.folder / "a.edits.geojson"
    place.write_text(place.read_text("utf-8").replace('"Brug"', '"Onze brug", "x": 1'), "utf-8")
    mine = place.read_bytes()
    (told,) = shelf.list_saved()
    assert not told.ours
    assert told.variant is not None
    assert [one.name for one in told.variant.roads] == ["Onze brug"]
    for wanted, based_on in product((ONE, both), (sha256, told.sha256, "")):
        with pytest.raises(Clash):
            shelf.save("a", wanted, based_on)
    assert place.read_bytes() == mine


def test_edits_that_a_page_cannot_show_are_told(shelf: VariantShelf) -> None:
    """A whole way without a line; and a file that is none: named, with why."""
    shelf.folder.mkdir()
    feature = (
        '{"type": "Feature", "geometry": null, "properties": {"change": "close", "osm_way": 7}}'
    )
    whole = f'{{"type": "FeatureCollection", "features": [{feature}]}}'
    (shelf.folder / "a.edits.geojson").write_text(whole, "utf-8")
    (shelf.folder / "b.edits.geojson").write_text("{}", "utf-8")
    told = {one.slug: one for one in shelf.list_saved()}
    assert sorted(told) == ["a", "b"]
    assert all(one.variant is None and one.problem and not one.ours for one in told.values())
    assert "verkenner" in told["a"].problem


words = st.text(max_size=30).map(lambda text: " ".join(text.split()))
ids = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=9)
ages = st.none() | st.integers(0, 18)
days = st.none() | st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))
lons = st.floats(2.5, 6.0).map(lambda lon: round(lon, 7))
lats = st.floats(50.6, 51.5).map(lambda lat: round(lat, 7))


@st.composite
def variants(draw: st.DrawFn) -> Variant:
    """Draw what a page may say, of strange names and ids too."""
    new = draw(st.lists(ids.filter(lambda one: one not in ("S1", "S2", "S3")), unique=True))
    placed = [
        {
            "id": one,
            "name": draw(words),
            "lon": draw(lons),
            "lat": draw(lats),
            **dict(
                zip(("min_age", "max_age"), sorted([draw(st.integers(0, 18)), 18]), strict=True)
            ),
            **draw(st.fixed_dictionaries({"valid_from": days})),
        }
        for one in new
    ]
    known = draw(st.permutations(["S1", "S2", "S3"]))
    moves, closes = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    moved = [{"id": one, "lon": draw(lons), "lat": draw(lats)} for one in known[:moves]]
    closed = known[moves:][:closes]
    told = {"name": draw(words), "placed": tuple(placed), "moved": tuple(moved), "closed": closed}
    return Variant.model_validate(told | {"closed": tuple(closed)})


@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(variant=variants())
def test_a_file_is_the_variant(
    board: Board, tmp_path_factory: pytest.TempPathFactory, variant: Variant
) -> None:
    """Whatever its names hold: the page reads it back, and a run reads the very places."""
    shelf = shelf_at(tmp_path_factory.mktemp("drawn"), board)
    if variant.is_empty:
        with pytest.raises(WrongMessage):
            shelf.save("a", variant, "")
        return
    shelf.save("a", variant, "")
    (told,) = shelf.list_saved()
    laid = Placer(board.register, board.municipalities).lay_out(variant)
    findings = Findings()
    place = shelf.folder / "a.csv"
    plan, _ = load_places(
        Register(path=place), PLACES, board.register, board.municipalities, findings
    )
    assert [str(one) for one in findings.errors] == []
    assert told.problem == ""
    assert told.variant is not None
    assert told.ours
    by_id = {one.id: one for one in variant.placed}
    assert {one.id for one in told.variant.placed} == set(by_id)
    for one in told.variant.placed:
        given_ = by_id[one.id]
        assert one == given_.model_copy(update={"name": given_.name or given_.id})
    assert set(told.variant.moved) == set(variant.moved)
    assert set(told.variant.closed) == set(variant.closed)
    stays = plan[plan["change"] != CLOSED].drop(columns="change").reset_index(drop=True)
    assert_frame_equal(stays, laid.placed, check_dtype=False)


# -- of its owner -----------------------------------------------------------------------------


def test_a_file_that_changed_is_not_replaced(shelf: VariantShelf) -> None:
    """By another window, by hand, or taken away: what it holds now is told, and it stays."""
    first = shelf.save("a", ONE, "").sha256
    second = shelf.save("a", OTHER, first).sha256
    for based_on in (first, "", "0" * 64):
        with pytest.raises(Clash) as clash:
            shelf.save("a", ONE, based_on)
        assert (clash.value.reply.sha256, clash.value.reply.variant) == (second, OTHER)
        with pytest.raises(Clash):
            shelf.delete("a", based_on)
    place = shelf.folder / "a.csv"
    place.unlink()
    for change in (lambda: shelf.save("a", ONE, second), lambda: shelf.delete("a", second)):
        with pytest.raises(Clash) as clash:
            change()
        assert clash.value.reply.variant is None
    assert not place.exists()


def test_what_was_not_heard_of_can_be_said_again(shelf: VariantShelf) -> None:
    """A page whose reply was lost saves the same once more."""
    first = shelf.save("a", ONE, "")
    assert shelf.save("a", ONE, "") == first
    shelf.delete("a", first.sha256)
    assert shelf.list_saved() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Bibliotheek", "Bib"),
        lambda text: text + "\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("academy_id", "academy_id,remark").replace("N1", "N1,let op"),
    ],
)
def test_what_someone_edited_is_theirs(shelf: VariantShelf, change: object) -> None:
    """It is shown, and neither replaced nor taken away, though the page read it as it is."""
    shelf.save("a", ONE, "")
    place = shelf.folder / "a.csv"
    text = change(place.read_text("utf-8"))  # type: ignore[operator]
    place.write_bytes(text.encode())
    (told,) = shelf.list_saved()
    if told.ours:  # another name, as the explorer would have written it
        assert told.variant != ONE
        return
    assert told.variant is not None
    assert told.variant.placed[0].id == "N1"
    for change_ in (shelf.save, lambda slug, _, sha: shelf.delete(slug, sha)):
        with pytest.raises(Clash, match="met de hand"):
            change_("a", OTHER, told.sha256)
    assert place.read_bytes() == text.encode()


def test_a_plan_of_another_is_shown_as_far_as_can_be(shelf: VariantShelf) -> None:
    """With what of it is not shown; and what would be counted otherwise is not shown at all."""
    shelf.folder.mkdir()
    plans = {
        "cost": "academy_id;naam;x;y;min_age;valid_from;organisatie;cost_eur\n"
        "P1;Plein;156000;205000;7;2022-03-01;Proef;1500\n",
        "aged": "academy_id;change;x;y;min_age\nS2;moved;156000;205000;9\n",
        "address": "academy_id;naam;gemeente\nP1;Plein;Aartselaar\n",
        "broken": "academy_id;x\nP1;hier\n",
        "unknown": "academy_id;change\nnobody;closed\n",
        "empty": "",
        "many": "academy_id;x;y\n" + "".join(f"P{n};{150000 + n};205000\n" for n in range(101)),
    }
    for slug, text in plans.items():
        (shelf.folder / f"{slug}.csv").write_text(text, "utf-8")
    told = {one.slug: one for one in shelf.list_saved()}
    assert set(told) == set(plans)
    shown = told["cost"]
    assert shown.variant is not None
    (place,) = shown.variant.placed
    assert (place.name, place.min_age, str(place.valid_from)) == ("Plein", 7, "2022-03-01")
    assert any("organisation, cost_eur" in note for note in shown.notes)
    for slug in set(plans) - {"cost"}:
        one = told[slug]
        assert one.variant is None
        assert one.problem
        assert "\n" not in one.problem
    assert "meer dan de plaats" in told["aged"].problem
    assert "geen coördinaten" in told["address"].problem


def test_what_is_no_variant_is_said(shelf: VariantShelf, tmp_path: Path) -> None:
    """Other names, links, folders, too large, too many: nothing is passed over in silence."""
    shelf.save("a", ONE, "")
    (tmp_path / "secret.csv").write_text("secret", "utf-8")
    (shelf.folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (shelf.folder / "Mijn plan.csv").write_text("x", "utf-8")
    (shelf.folder / "plan.xlsx").write_text("x", "utf-8")
    (shelf.folder / "large.csv").write_bytes(b"x" * 1_000_001)
    os.mkfifo(shelf.folder / "pipe.csv")
    (shelf.folder / "a").mkdir()
    told = shelf.list_saved()
    assert [one.slug for one in told if one.variant] == ["a"]
    names = {one.name for one in told if one.problem}
    assert names == {"link", "Mijn plan.csv", "plan.xlsx", "large", "pipe"}
    assert "secret" not in "".join(one.problem for one in told)
    with pytest.raises(Clash):
        shelf.save("link", ONE, "")
    assert (tmp_path / "secret.csv").read_text("utf-8") == "secret"
    for number in range(MOST_FILES):
        (shelf.folder / f"b{number}.txt").touch()
    assert "6 bestanden meer" in shelf.list_saved()[-1].problem


@pytest.mark.parametrize(
    "slug",
    ["", "..", ".", "a/b", "../a", "a.csv", "A", "a b", "-a", "a-", "é", "a\0", "a\n", "a" * 61],
)
def test_a_name_is_no_path(shelf: VariantShelf, slug: str) -> None:
    """Letters, digits and hyphens alone name a file: nothing else is even looked for."""
    for change in (
        lambda: shelf.save(slug, ONE, ""),
        lambda: shelf.delete(slug, "0" * 64),
        lambda: shelf.read(slug),
    ):
        with pytest.raises(WrongMessage):
            change()
    assert not shelf.folder.exists()


def test_a_folder_that_cannot_be_written_is_said(board: Board, tmp_path: Path) -> None:
    """In one line with its name."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(WriteError, match="file"):
        shelf_at(tmp_path / "file" / "variants", board).save("a", ONE, "")
    assert [bool(one.problem) for one in shelf_at(tmp_path / "file", board).list_saved()] == [True]


# -- killed -----------------------------------------------------------------------------------


def test_a_killed_server_loses_no_saved_variant(shelf: VariantShelf, tmp_path: Path) -> None:
    """At any moment of saving over it: the old one is there, or the new one, and nothing half."""
    first = shelf.save("a", ONE, "").sha256
    shelf.save("b", OTHER, "")
    log = tmp_path / "log"

    def work() -> None:
        shelf.save("a", OTHER, first)

    events = killed.ended(*killed.child(work, log), log)
    assert events.status == 0, events.said
    (shelf.folder / "a.csv").unlink()
    shelf.save("a", ONE, "")
    seen = set()
    for at in killed.moments(events.events, 30):
        assert killed.ended(*killed.child(work, log, at), log).status == -9
        told = {one.slug: one for one in shelf.list_saved()}
        assert set(told) == {"a", "b"}
        assert told["b"].variant == OTHER
        assert told["a"].variant in (ONE, OTHER)
        seen.add(told["a"].name)
        assert not list(shelf.folder.glob(".*"))
        if told["a"].variant == OTHER:
            shelf.save("a", ONE, told["a"].sha256)
    assert seen == {ONE.name, OTHER.name}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (BOTH, BOTH.model_copy(update={"name": "Zuid", "placed": (), "closed": ("S2",)})),
        (BOTH, OTHER),
        (BOTH, Variant(name="Wegen", roads=(ROAD,))),
        (ONE, BOTH.model_copy(update={"name": "Zuid", "placed": (), "closed": ("S2",)})),
        (Variant(name="Wegen", roads=(ROAD,)), OTHER),
    ],
)
def test_a_killed_server_mixes_no_variants(
    shelf: VariantShelf, tmp_path: Path, old: Variant, new: Variant
) -> None:
    """Of plan and roads: what stands there is one of both, or said to be saved apart."""
    first = shelf.save("a", old, "").sha256
    log = tmp_path / "log"

    def work() -> None:
        shelf.save("a", new, first)

    files = {one: one.read_bytes() for one in shelf.folder.iterdir()}
    events = killed.ended(*killed.child(work, log), log)
    assert events.status == 0, events.said
    for at in killed.moments(events.events, 12):
        for one in shelf.folder.iterdir():
            one.unlink()
        for place, content in files.items():
            place.write_bytes(content)
        assert killed.ended(*killed.child(work, log, at), log).status == -9
        (told,) = shelf.list_saved()
        if told.ours:
            assert told.variant in (old, new)
        else:
            assert told.problem or any("niet samen bewaard" in one for one in told.notes)
