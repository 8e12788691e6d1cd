"""Facts about a study on foot from its file to what is written, and about a comparison of modes."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
from typing import TYPE_CHECKING

import hand
import pytest

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.network import Network
from stemgeo.network.bicycle import RIDE, Ride
from stemgeo.network.osm import read_roads
from stemgeo.study import MODES, Travel

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.result import Result
    from stemgeo.speech import Language
    from stemgeo.study import Mode

pytestmark = pytest.mark.usefixtures("read_once")

measure = importlib.import_module("stemgeo.measure")

TEXTS = (".md", ".json", ".html", ".csv", ".svg")
ON_FOOT = '\n[travel]\nmode = "foot"\ncutoff_min = 30\n'


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A small study on foot, and the folder that it is written to."""
    folder = hand.write_study(tmp_path_factory.mktemp("te voet"))
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text + ON_FOOT, encoding="utf-8")
    result = sg.run(sg.load_study(folder), uncertainty=True)
    result.write(folder / "result")
    return result, folder / "result"


def test_what_is_of_riding_is_left_out(walked: tuple[Result, Path]) -> None:
    """One profile, no convention of 15 km/h, no doors, surfaces or bounds of quiet roads."""
    result, folder = walked
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["study"]["travel"]["mode"] == "foot"
    assert manifest["study"]["output"]["isochrone_speed_kmh"] == MODES["foot"].isochrone_speed_kmh
    assert manifest["stress_rules"] is None
    assert manifest["network"]["all"]["ways_closed_on_foot"] == 0
    assert set(result.coverage["profile"]) == {"all"}
    assert set(result.times["convention"]) == {"study"}
    assert set(result.uncertainty["part"]) == {
        *("speed", "placing", "waiting", "recognition", "together")
    }
    assert result.effects.empty
    assert result.to_check is None
    assert result.isochrones["area_km2"].min() > 0
    with pytest.raises(ResultError, match='on foot no road is too busy; take "all"'):
        sg.read_result(folder).refuse_unmeasured("low_stress")


def test_a_result_on_foot_is_verified(walked: tuple[Result, Path]) -> None:
    """Computed again from its files, by the mode in its manifest, it is the same."""
    assert sg.verify(walked[1]).differences == ()


def test_who_walks_slower_than_a_bicycle_is_pushed_is_not_hurried(tmp_path: Path) -> None:
    """At 2 km/h over a street and a path with a sign against bicycles: 500 m take 15 minutes."""
    ways = [([1, 2], {"highway": "residential"}), ([2, 3], {"highway": "path", "bicycle": "no"})]
    network = hand.network(tmp_path, {1: (0, 0), 2: (0.25, 0), 3: (0.5, 0)}, ways)
    assert not network.on_foot
    walked = sg.Network.from_osm(tmp_path / "wegen.osm", mode="foot")
    times = walked.travel_times(2.0)
    assert walked.rides[walked.forward[0]] == Ride(RIDE)
    assert times.forward_ms.sum() == pytest.approx(900_000, abs=300)


OF_RIDING = re.compile(
    r"fiets|rijd|\brit\b|\brid(?:e|es|ing|den)\b|cycl|vélo|flat_15"
    r"|rustig|\bquiet|\bcalmes?\b|verkeersstress|traffic stress|stress du trafic",
    re.IGNORECASE,
)
"""Words of riding in three languages, and of roads that are quiet enough for it."""


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_no_text_speaks_of_riding(
    walked: tuple[Result, Path], tmp_path: Path, language: Language
) -> None:
    """Summary, notes, tables, manifest, maps with their alt texts and the page, but its program."""
    result, _ = walked
    told = dataclasses.replace(result, study=result.study.with_language(language))
    folder = told.write(tmp_path / language)
    texts = [path for path in folder.rglob("*.*") if path.suffix in TEXTS]
    assert {"summary.md", "manifest.json", "map.html", "coverage.csv", "vlaanderen.svg"} <= {
        path.name for path in texts
    }
    # The package defines columns as the data dictionary does, for each way of travelling.
    for path in (one for one in texts if one.name != "datapackage.json"):
        text = re.sub(
            r"(?s)<style.*?</style>|<script>.*?</script>", "", path.read_text(encoding="utf-8")
        )
        assert OF_RIDING.findall(text) == [], path.name


@pytest.mark.parametrize(("mode", "whom"), [("foot", "pedestrians"), ("bicycle", "bicycles")])
def test_ferries_say_whom_they_take(tmp_path: Path, mode: Mode, whom: str) -> None:
    """One that no tag closes takes both; where there is none the choice changes nothing: a note."""
    ways = [([1, 2], {"highway": "residential"}), ([2, 3], {"route": "ferry"})]
    hand.network(tmp_path, {1: (0, 0), 2: (0.25, 0), 3: (0.5, 0)}, ways)
    network = Network.whole_from_roads(read_roads([tmp_path / "wegen.osm"], mode=mode))
    assert f"1 ferry takes {whom}" in str(measure._note_ferries(network))
    none = dataclasses.replace(network, counts=network.counts | {"ferries": 0})
    (note,) = measure._note_idle(none, Travel(mode=mode, ferries=True))
    assert f"have no ferries that take {whom}" in str(note)


def test_a_comparison_of_two_modes_says_so(walked: tuple[Result, Path], tmp_path: Path) -> None:
    """In each language; of one mode there is nothing to say. As a change it is refused."""
    ridden = hand.write_study(tmp_path / "fiets", straight_line=True)
    other = sg.run(sg.load_study(ridden)).write(tmp_path / "result")
    (note,) = (one for one in sg.compare(walked[1], other).notes if "mode" in str(one))
    assert note.to_text("en") == (
        'comparison: measurement 1 is measured with mode = "foot", measurement 2 with '
        'mode = "bicycle"; differences are also of the measure'
    )
    assert 'meting 1 is gemeten met mode = "foot", meting 2 met mode = "bicycle"' in note.to_text(
        "nl"
    )
    assert "mesuré avec mode = «\u00a0foot\u00a0»" in note.to_text("fr")
    assert not [one for one in sg.compare(walked[1], walked[1]).notes if "mode" in str(one)]
    why = 'before: the earlier result is measured with mode = "bicycle", this one with "foot"'
    with pytest.raises(ResultError, match=why):
        walked[0].map(kind="change", before=sg.read_result(other))
    with pytest.raises(ResultError, match=why):
        sg.answer(walked[1], tmp_path / "antwoord", before=other)
