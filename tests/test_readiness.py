"""What a run will find is said before it: roads, academies of the day, and where children stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import pytest
from terminal import stemgeo

import stemgeo as sg

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study over its roads, which lie in its west."""
    return hand.write_study(tmp_path_factory.mktemp("ready") / "study")


def test_what_lies_ahead_stands_on_top(study: Path) -> None:
    """Children near a road are those that a run measures; academies are counted with a road."""
    found = sg.check(sg.load_study(study))
    roads, academies, placed = found.lines()[:3]
    result = sg.run(sg.load_study(study))
    whole = result.summary("region").iloc[0]
    measured = int(whole["covered"] + whole["uncovered"])
    share = f"{100 * measured / hand.CHILDREN:.1f}".replace(".", ",")
    assert roads.startswith(f"wegen: {share} % van de {hand.CHILDREN} kinderen woont binnen 500 m")
    assert academies == (
        "academies die meetellen op 31 december 2022: 2, waarvan in het gebied: 2; met een weg "
        "binnen 500 m: 1"
    )
    assert placed.startswith("waar kinderen geplaatst worden: ")
    assert not found.blocked


def test_without_a_road_at_any_academy_a_run_asks(study: Path, tmp_path: Path) -> None:
    """It stands on top of check, which ends with 1; run refuses, and runs when asked anyway."""
    import shutil

    far = tmp_path / "far"
    shutil.copytree(study, far)
    register = "academy_id;naam;x;y\nS1;Ver weg;161500,0;203500,0\n"
    (far / "academies.csv").write_text(register, encoding="utf-8")
    said = stemgeo("check", far)
    assert said.status == 1
    alone = "geen weg binnen 500 m van de enige academie die meetelt op 31 december 2022: niemand"
    assert said.out.startswith(alone)
    with pytest.raises(sg.InputError, match=r"^network: no road within 500 m of the only academy "):
        sg.run(sg.load_study(far))
    refused = stemgeo("run", far, "--out", tmp_path / "r")
    assert refused.status == 1
    assert not (tmp_path / "r").exists()
    assert "or run with --anyway" in refused.err
    assert sg.run(sg.load_study(far), anyway=True).summary("region")["covered"].iloc[0] == 0


def test_in_a_straight_line_there_are_no_roads_to_speak_of(tmp_path: Path) -> None:
    """Two lines: the academies and the places."""
    found = sg.check(sg.load_study(hand.write_study(tmp_path / "s", straight_line=True)))
    assert [str(one).partition(":")[0] for one in found.ahead] == [
        "academies that count on 31 December 2022",
        "where children are placed",
    ]
