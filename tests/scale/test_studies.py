"""STUDIES.toml: which studies there are, what is other in each, and what cannot be."""

from __future__ import annotations

import datetime as dt
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import hand
import pytest

from stemgeo.errors import MissingFileError, StudyError
from stemgeo.scale.studies import (
    BatchStudy,
    _take,
    _write_content,
    find_language_of,
    read_studies,
)
from stemgeo.study import WALKING_MS, load_study

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two studies in a folder: one over roads, one in a straight line."""
    folder = tmp_path_factory.mktemp("studies")
    hand.write_study(folder / "over-roads")
    hand.write_study(folder / "Rechte lijn!", straight_line=True)
    return folder


@pytest.fixture
def ask(home: Path) -> Callable[[str], list[BatchStudy]]:
    """Give what reads a STUDIES.toml beside them."""

    def read(text: str) -> list[BatchStudy]:
        (home / "STUDIES.toml").write_text(text, encoding="utf-8")
        return read_studies(home / "STUDIES.toml", home / "out")

    return read


STRAIGHT = "[[study]]\nstudy = 'Rechte lijn!'\nname = 'a'\n"
YEARS = [*range(2000, 2030)]
MANY = [f"each.travel.a{number} = {YEARS}" for number in range(10)]
"""More combinations than any memory holds."""
ROADS = "[[study]]\nstudy = 'over-roads/study.toml'\n"


def test_a_pattern_names_each_by_its_folder(ask: Callable[[str], list[BatchStudy]]) -> None:
    """Every folder with a study that fits is one, by a name that any system takes."""
    found = ask("[[study]]\nstudy = '*'")
    assert [one.name for one in found] == ["rechte-lijn", "over-roads"]
    assert [one.told for one in found] == ["Rechte lijn!", "over-roads"]
    assert find_language_of(found) == "nl"


def test_a_tilde_is_the_home_folder(
    ask: Callable[[str], list[BatchStudy]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a study that is asked for, and of an input of one that is made of it."""
    monkeypatch.setenv("HOME", str(home))
    (asked,) = ask("[[study]]\nstudy = '~/over-roads'\nplan = '~/plan.csv'\nyears = [2021]")
    assert asked.file == home / "over-roads" / "study.toml"
    assert asked.entry.plan == str(home / "plan.csv")
    text = asked.file.read_text("utf-8").replace('"academies.csv"', '"~/over-roads/academies.csv"')
    (home / "at-home").mkdir()
    (home / "at-home" / "study.toml").write_text(text, encoding="utf-8")
    (asked,) = ask("[[study]]\nstudy = 'at-home'\neach.travel.cutoff_min = [7]")
    assert f'"{home}/over-roads/academies.csv"' in asked.write()
    shutil.rmtree(home / "at-home")


def test_years_speeds_and_values_are_combined(ask: Callable[[str], list[BatchStudy]]) -> None:
    """Each combination is a study of its own, with its options and a name that tells them."""
    found = ask(
        STRAIGHT
        + "years = [2021, 2022]\nspeeds_kmh = [12, 15.5]\nset.travel.cutoff_min = 20\n"
        + "each.study.area = ['M11001', ['11004', '71002']]"
    )
    assert [one.name for one in found][:3] == [
        "a-2021-12kmh-m11001",
        "a-2021-12kmh-area-11004-71002",
        "a-2021-15-5kmh-m11001",
    ]
    assert len({one.name for one in found}) == 8
    assert found[0].choose() == {
        "travel.cutoff_min": 20,
        "travel.speed_kmh": 12.0,
        "study.area": "M11001",
        "study.date": dt.date(2021, 12, 31),
    }


def test_one_speed_for_all_is_in_place_of_those_of_bands(
    ask: Callable[[str], list[BatchStudy]], home: Path
) -> None:
    """A study that names speeds by age is measured at each; bands that are none are said."""
    shutil.copytree(home / "over-roads", home / "by-age")
    file = home / "by-age" / "study.toml"
    band = "\n[[travel.bands]]\nages = [6, 18]\nspeed_kmh = { low = 9, central = 10, high = 12 }\n"
    file.write_text(file.read_text("utf-8").replace("speed_kmh = ", "# ") + band, "utf-8")
    assert load_study(file).travel.bands[0].speed_kmh is not None
    for one, kmh in zip(
        ask("[[study]]\nstudy = 'by-age'\nspeeds_kmh = [12, 18]"), (12, 18), strict=True
    ):
        travel = one.load().travel
        assert (travel.speed_kmh["central"], travel.bands[0].ages) == (kmh, (6, 18))
    (odd,) = ask("[[study]]\nstudy = 'by-age'\nspeeds_kmh = [12]\nset.travel.bands = [3]")
    with pytest.raises(StudyError, match=r"travel\.bands"):
        odd.load()
    shutil.rmtree(home / "by-age")


def test_the_study_that_is_made_is_the_one_that_is_measured(
    ask: Callable[[str], list[BatchStudy]], home: Path
) -> None:
    """Its study.toml, with paths seen from its place, reads as the study and has its hash."""
    text = (home / "over-roads" / "study.toml").read_text("utf-8")
    text += "\n[inputs.populations]\n2021 = 'bevolking.txt'\n[[annex]]\ntitle = 'Bij'\nfile='x.pdf'"
    shutil.copytree(home / "over-roads", home / "annexed", dirs_exist_ok=True)
    (home / "annexed" / "study.toml").write_text(text, encoding="utf-8")
    (home / "annexed" / "x.pdf").write_bytes(b"%PDF")
    (asked,) = ask("[[study]]\nstudy = 'annexed'\nyears = [2021]\neach.travel.cutoff_min = [7]")
    study = asked.load()
    assert (study.about.date.year, study.travel.cutoff_min) == (2021, 7)
    # The population of the year, though the study gives its own another date.
    assert study.inputs.population.date is None
    asked.place.mkdir(parents=True)
    made = asked.place / f"{asked.name}.toml"
    made.write_text(asked.write(), encoding="utf-8")
    ((annex, place),) = asked.list_annexes()
    (asked.place / place).parent.mkdir(parents=True)
    shutil.copyfile(annex, asked.place / place)
    again = load_study(made)
    assert again.file == study.file
    assert again.inputs.academies.path.resolve() == (home / "annexed/academies.csv").resolve()
    assert again.annexes[0].file.read_bytes() == b"%PDF"
    assert again.inputs.network[0].path.is_file()  # type: ignore[union-attr]
    shutil.rmtree(home / "annexed")


def test_any_study_is_written_as_it_is_read() -> None:
    """Odd keys and texts, lists of tables and yes or no come back the same."""
    odd = {
        "inputs": {"academies": {"path": "/a.csv", "columns": {"naam x": 'q"\\', "b": "é\n"}}},
        "travel": {"surface": True, "bands": [{"ages": [5, 8], "speed_kmh": 9.5}], "e": {}},
        "study": {"date": dt.date(2022, 1, 1)},
        "annex": [{"title": "x", "file": "f"}],
    }
    assert tomllib.loads(_write_content(odd)) == odd


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'study' is missing"),
        ("[[study]]\n", "'study.0.study' is missing"),
        (STRAIGHT + "year = [2021]", "unknown key 'study.0.year'; did you mean 'years'?"),
        (STRAIGHT + "years = ['2021']", "'study.0.years.0': must be a whole number"),
        (STRAIGHT + "years = [12]", "'study.0.years.0': "),
        (STRAIGHT + "speeds_kmh = [0]", "'study.0.speeds_kmh.0': "),
        (STRAIGHT + "uncertainty = 1", "'study.0.uncertainty': must be true or false"),
        (STRAIGHT + "seed = 3", "seed changes nothing without draws"),
        (STRAIGHT + "draws = 2\nspeeds_kmh = [12]", "speeds_kmh and draws both choose the speed"),
        (STRAIGHT + "years = [2021]\nset.study.date = 2022-01-01", "'study.date' is chosen twice"),
        (STRAIGHT + "each.travel.cutoff_min = []", "each.travel.cutoff_min is an empty list"),
        (STRAIGHT + STRAIGHT, "2 studies are called 'a'"),
        (STRAIGHT + "years = [2021, 2021]", "2 studies are called 'a-2021'"),
        (STRAIGHT.replace("'a'", "'batch'"), "'batch' can be no folder here"),
        (STRAIGHT.replace("'a'", "'../x'"), "name '../x' is no name of a folder"),
        (STRAIGHT.replace("'a'", "'" + "a" * 101 + "'"), "can be no folder here"),
        ("[[study]]\nstudy = 'niets-*'", "no study fits 'niets-*'"),
        ("[[study]]\nstudy = '*'\nname = 'x'", "names each by its folder"),
        ("[[study]", "is not valid TOML"),
        ('[[study]]\nstudy = "a\\u0000"', "must be one line, without control characters"),
        (STRAIGHT + 'edits = "a\\u001b[0m"', "must be one line, without control characters"),
        (f"[[study]]\nstudy = '{'a' * 256}'", "too long for a file or folder"),
        ("[[study]]\nstudy = 'a**'", "'**' stands beside something else"),
        (STRAIGHT + f"draws = 20000\nyears = {YEARS}", "has more than 20000 studies"),
        (STRAIGHT + "\n".join(MANY), "has more than 20000 studies"),
        (STRAIGHT + f"years = {YEARS * 2}", "10 names more cannot be either"),
    ],
)
def test_what_cannot_be_is_told_at_the_door(
    ask: Callable[[str], list[BatchStudy]], text: str, told: str
) -> None:
    """Each problem in a line of its own, before anything is measured."""
    with pytest.raises(StudyError) as error:
        ask(text)
    assert told in str(error.value)
    assert all(line.startswith("STUDIES.toml") for line in str(error.value).split("\n"))


def test_no_file_is_told(home: Path) -> None:
    """A STUDIES.toml that is not there is one line."""
    with pytest.raises(MissingFileError, match=r"geen\.toml: does not exist"):
        read_studies(home / "geen.toml", home / "out")


def test_what_is_wrong_with_one_study_waits_for_its_turn(
    ask: Callable[[str], list[BatchStudy]],
) -> None:
    """A study that is not there, or that its options make impossible, hinders no other."""
    absent, odd, idle = ask(
        "[[study]]\nstudy = 'weg'\n"
        + STRAIGHT.replace("'a'", "'b'")
        + "set.travel.cutof_min = 9\n"
        + STRAIGHT
        + "set.travel.surface = false"
    )
    with pytest.raises(MissingFileError, match="does not exist"):
        absent.load()
    with pytest.raises(StudyError, match=r"b\.toml: unknown key 'travel.cutof_min'; did you mean"):
        odd.load()
    with pytest.raises(StudyError, match=r"a\.toml: travel.surface: changes nothing"):
        idle.load()


def test_draws_lie_between_the_ends_and_stay_the_same(
    ask: Callable[[str], list[BatchStudy]],
) -> None:
    """The n-th draw is the same whatever others are asked for; another seed gives others."""
    draws = [one.choose() for one in ask(ROADS + "draws = 40")]
    assert draws[:3] == [one.choose() for one in ask(ROADS + "draws = 3")]
    assert draws[:3] != [one.choose() for one in ask(ROADS + "draws = 3\nseed = 2")]
    speeds = [[band["speed_kmh"] for band in one["travel.bands"]] for one in draws]
    for low, high, values in zip(
        (8, 9.6, 12), (12, 14.4, 18), zip(*speeds, strict=True), strict=True
    ):
        assert low <= min(values) < max(values) <= high
    walks = [one["travel.walking_speed_ms"] for one in draws]
    assert WALKING_MS[0] <= min(walks) < max(walks) <= WALKING_MS[1]
    assert {one["travel.stress_rules"] for one in draws} == {"default", "bna", "vademecum-2022"}


def test_each_draw_is_a_study_that_can_be_measured(
    ask: Callable[[str], list[BatchStudy]],
) -> None:
    """What is drawn changes something, over roads, in a straight line, on foot and at one speed."""
    for text in (
        ROADS,
        STRAIGHT,
        ROADS + "set.travel.mode = 'foot'\n",
        ROADS + "set.travel.profiles = ['all']\n",
    ):
        for one in ask(text + "draws = 2"):
            if "foot" not in text and "profiles" not in text:
                assert one.load() != load_study(one.file)


def test_a_narrow_triangle_gives_its_only_value() -> None:
    """Where low, central and high are one, so is each draw; else all of the triangle is drawn."""
    assert _take(0.3, 5, 5, 5) == 5
    assert [_take(chance, 0, 1, 4) for chance in (0, 0.25, 1)] == [0, 1, 4]
    assert _take(0.5, 0, 0, 4) == pytest.approx(4 - 8**0.5, abs=1e-3)
