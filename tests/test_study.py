"""Facts about study.toml: what may stand in it, what is said when it does not fit."""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

import stemgeo
from stemgeo.errors import MissingFileError, StudyError
from stemgeo.example import sample
from stemgeo.study import (
    DEFAULT_BANDS,
    MODES,
    SCENARIOS,
    STREET_WEIGHTS,
    Band,
    Demand,
    GapRules,
    Output,
    SaidBy,
    Study,
    StudyFile,
    Travel,
    load_study,
    parse_study,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "study.toml"
MEANT = 'did you mean "bna"?'
NO_QUIET_ROADS = "changes nothing without a profile of quiet roads in travel.profiles; leave it out"


def content(**tables: dict[str, Any]) -> dict[str, Any]:
    """Give the least that a study holds, with some tables replaced or added."""
    least: dict[str, Any] = {
        "study": {"title": "Proef", "date": dt.date(2022, 12, 31)},
        "inputs": {
            "municipalities": "m.gpkg",
            "population": "p.zip",
            "academies": "a.csv",
            "network": "w.osm.pbf",
        },
    }
    return least | tables


def inputs(**changes: object) -> dict[str, Any]:
    """Give the least inputs with some of them changed."""
    return {"inputs": content()["inputs"] | changes}


def parsed(**tables: dict[str, Any]) -> Study:
    return parse_study(content(**tables), folder=Path("/ergens"), name=NAME)


def lines(**tables: dict[str, Any]) -> list[str]:
    """Give the lines of the error that a study with these tables must raise."""
    with pytest.raises(StudyError) as caught:
        parsed(**tables)
    return str(caught.value).splitlines()


def test_a_study_knows_its_file(tmp_path: Path) -> None:
    """Name, size and hash of what was read, also with another plan or siting; none in code."""
    path = tmp_path / "fiets.toml"
    text = """[study]\r\ntitle = "Proef"\ndate = 2022-12-31\n[inputs]
    municipalities = "m"\npopulation = "p"\nacademies = "a"\nnetwork = "w.osm"\n"""
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    study = load_study(path)
    hash_ = hashlib.sha256(path.read_bytes()).hexdigest()
    assert study.file == StudyFile("fiets.toml", path.stat().st_size, hash_)
    assert study.with_plan("plan.csv").file == study.with_siting(places=3).file == study.file
    assert "file" not in study.model_dump()
    assert parsed().file is None
    assert lines(file={"name": "x"})[0].startswith("study.toml: unknown key 'file'")


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            inputs(academies={"path": "a.csv", "events": "b.csv"}),
            "unknown key 'inputs.academies.events'; it belongs right below the line [inputs]",
        ),
        ({"studdy": {}}, "unknown key 'studdy'; did you mean 'study'?"),
        (
            {"travel": {"cutof_min": 15}},
            "unknown key 'travel.cutof_min'; did you mean 'cutoff_min'?",
        ),
        (
            inputs(municipalities={"path": "m.gpkg", "licence_": "x"}),
            "unknown key 'inputs.municipalities.licence_'; did you mean 'licence'?",
        ),
        (
            inputs(network=["a.pbf", {"path": "b.pbf", "sourc": "x"}]),
            "unknown key 'inputs.network.1.sourc'; did you mean 'source'?",
        ),
        (
            {"travel": {"bands": [{"ages": [5, 8], "speed_kmh": 10, "sped": 3}]}},
            "unknown key 'travel.bands.0.sped'; did you mean 'speed_kmh'?",
        ),
        (
            {
                "travel": {
                    "speed_kmh": {"low": 1, "central": 2, "high": 3, "centrall": 2},
                }
            },
            "unknown key 'travel.speed_kmh.centrall'; did you mean 'central'?",
        ),
    ],
)
def test_a_misspelt_key_is_named_with_its_place_and_the_nearest_known_one(
    tables: dict[str, Any], line: str
) -> None:
    """One line, at any depth: where the key stands and which key was probably meant."""
    assert lines(**tables) == [f"{NAME}: {line}"]


def test_a_key_that_resembles_none_is_answered_with_the_known_ones() -> None:
    """Without a near name the known keys of that table are listed."""
    known = "method, distance_m, min_children, barrier_detour, just_too_far_min, rank_by"
    assert lines(gaps={"zzz": 1}) == [f"{NAME}: unknown key 'gaps.zzz'; known keys: {known}"]


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            inputs(layers={"regio": {"path": "r.gpkg", "code": "nr"}}),
            (
                "unknown key 'inputs.layers.regio.code'; known keys: path, source, licence, date, "
                "sha256, crs, layer, sheet, id, name"
            ),
        ),
        (
            inputs(layers={"province": "p.gpkg"}),
            "'inputs.layers.province': is a level that every study has; choose another name",
        ),
        (
            {"study": {"title": "t", "date": "31/12/2024"}},
            "'study.date' is no day: write 2024-12-31 without quotes",
        ),
        (
            inputs(population={"path": "p.zip", "date": "1-2-2022"}),
            "'inputs.population.date' is no day: write 2022-02-01 without quotes",
        ),
        (
            {"study": {"title": "t", "date": "31/02/2024"}},
            "'study.date' is no day: write it as 2022-12-31, without quotes",
        ),
        (
            {"study": {"title": "t", "date": 2024}},
            "'study.date' is no day: write it as 2022-12-31, without quotes",
        ),
        (
            {"demand": {"method": "building"}},
            (
                '\'demand.method\': must be "streets", "buildings", "grid" or "centroid"; did you '
                'mean "buildings"?'
            ),
        ),
        (
            {"demand": {"method": "houses"}},
            '\'demand.method\': must be "streets", "buildings", "grid" or "centroid"',
        ),
        (
            {"study": {"title": "t", "date": dt.date(2022, 1, 1), "vintage": "2024"}},
            "'study.vintage': must be 2018, 2024 or 2025; write 2024 without quotes",
        ),
        (inputs(populations={"oud": "p.zip"}), "'inputs.populations.oud': must be a whole number"),
    ],
)
def test_a_value_that_cannot_be_is_answered_with_one_that_can(
    tables: dict[str, Any], line: str
) -> None:
    """One line says what may stand there, and what was probably meant."""
    assert lines(**tables) == [f"{NAME}: {line}"]


def test_a_wrong_name_and_a_wrong_key_under_it_are_both_told() -> None:
    """What is wrong inside a layer does not hide that its name cannot be used."""
    told = lines(**inputs(layers={"Regio": {"path": "r.gpkg", "nam": "nr"}}))
    assert len(told) == 2
    assert any("'inputs.layers.Regio': must be small letters" in line for line in told)
    assert any("did you mean 'name'?" in line for line in told)


@pytest.mark.parametrize(
    "word", ["straightline", "straight line", "Straight-Line", "straight_line"]
)
def test_a_misspelt_straight_line_is_no_file(word: str) -> None:
    """The word written otherwise would be looked for as an extract, which has an ending."""
    (line,) = lines(**inputs(network=word))
    assert line.endswith(f'"{word}" is no extract of roads; did you mean "straight-line"?')
    given = parsed(**inputs(network="straight-line.osm.pbf")).inputs.network
    assert [one.path.name for one in given] == ["straight-line.osm.pbf"]


def test_all_problems_are_told_at_once() -> None:
    """Wrong values, missing and unknown keys in four tables give a line each, none twice."""
    told = lines(
        study={"title": "Proef", "vintage": 2023},
        travel={"cutoff_min": 0, "bands": [{"ages": [8, 5], "speed_kmh": 10}]},
        output={"formats": [], "lanuage": "nl"},
        demand={"method": "houses"},
    )
    expected = (
        r"'study\.date' is missing",
        r"'study\.vintage': .*2018, 2024 or 2025",
        r"'travel\.cutoff_min': .*greater than 0",
        r"'travel\.bands\.0\.ages': .*first not above the last",
        r"'output\.formats': holds too few values",
        r"unknown key 'output\.lanuage'; did you mean 'language'\?",
        r"'demand\.method': .*streets",
    )
    assert len(told) == len(expected)
    for pattern in expected:
        assert sum(bool(re.search(pattern, line)) for line in told) == 1, pattern


def test_what_is_wrong_inside_a_list_is_not_told_again_of_the_list() -> None:
    """A misspelt key in an extract does not also say that it is not "straight-line"."""
    assert len(lines(**inputs(network={"path": "a.pbf", "sourc": "x"}))) == 1
    band = {"ages": [5, 8], "speed_kmh": {"low": 12, "central": 10, "high": 14}}
    assert lines(travel={"bands": [band]}) == [
        f"{NAME}: 'travel.bands.0.speed_kmh': must rise: low <= central <= high"
    ]


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        ({"travel": {"bands": {"ages": [5, 8]}}}, "'travel.bands': must be a list"),
        ({"travel": 15}, "'travel': must be a table"),
        (inputs(population=3), "'inputs.population': must be a table"),
        ({"travel": {"bands": []}}, "'travel.bands': holds too few values"),
        (inputs(network=[]), "'inputs.network': holds too few values"),
        ({"travel": {"bands": [{"ages": [5, 8, 9], "speed_kmh": 9}]}}, "holds too many values"),
    ],
)
def test_a_value_of_the_wrong_kind_is_explained_in_terms_of_the_file(
    tables: dict[str, Any], line: str
) -> None:
    """No word of Python's types reaches the reader."""
    (told,) = lines(**tables)
    assert line in told
    assert not re.search(r"[Tt]uple|dict|instance|[Vv]alidation", told)


def test_a_path_is_taken_from_the_folder_of_the_study(tmp_path: Path) -> None:
    """Relative paths start at study.toml, wherever the command was typed; absolute ones stay."""
    (tmp_path / NAME).write_text(
        """
        [study]
        title = "Proef"
        date = 2022-12-31
        [inputs]
        municipalities = "kaart/m.gpkg"
        population = "/elders/p.zip"
        academies = { path = "a.csv", crs = "EPSG:4326" }
        network = ["n.osm.pbf", { path = "z.osm.pbf", source = "OSM" }]
        weights = "../w.tif"
        """,
        encoding="utf-8",
    )
    given = load_study(tmp_path).inputs
    assert given.municipalities.path == tmp_path / "kaart" / "m.gpkg"
    assert given.population.path == Path("/elders/p.zip")
    assert given.academies.path == tmp_path / "a.csv"
    assert given.academies.crs == "EPSG:4326"
    assert given.weights is not None
    assert given.weights.path == tmp_path / "../w.tif"
    assert not isinstance(given.network, str)
    assert [one.path for one in given.network] == [tmp_path / "n.osm.pbf", tmp_path / "z.osm.pbf"]


def test_a_tilde_is_the_home_folder_in_a_study_and_not_in_a_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an input, an extract and an area; what a manifest says is a stranger's, and no path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    paths = inputs(academies="~/a.csv", network=["~/w.osm.pbf", "~nobody-known/w.osm.pbf"])
    about = {"study": content()["study"] | {"area": "~/gebied.geojson"}}
    found = parsed(**paths, **about).inputs
    assert found.academies.path == tmp_path / "a.csv"
    assert [one.path for one in found.network] == [  # type: ignore[union-attr]
        tmp_path / "w.osm.pbf",
        Path("/ergens/~nobody-known/w.osm.pbf"),
    ]
    assert found.area is not None
    assert found.area.path == tmp_path / "gebied.geojson"
    told = parse_study(content(**paths), name=NAME, said_by=SaidBy.RESULT).inputs
    assert told.academies.path == Path("~/a.csv")


def test_one_extract_needs_no_brackets_and_the_word_is_no_path() -> None:
    """A lone path is a list of one; "straight-line" stays a word."""
    one = parsed().inputs.network
    assert not isinstance(one, str)
    assert [item.path.name for item in one] == ["w.osm.pbf"]
    study = parsed(**inputs(network="straight-line"))
    assert study.inputs.network == "straight-line"
    assert study.straight_line
    assert not parsed().straight_line


def test_one_number_is_a_speed_for_all_three_scenarios() -> None:
    """`speed_kmh = 11` means low, central and high are 11."""
    band = {"ages": [5, 8], "speed_kmh": 11}
    speed = parsed(travel={"bands": [band]}).travel.bands[0].speed_kmh
    assert [speed[scenario] for scenario in SCENARIOS] == [11.0, 11.0, 11.0]


def test_a_flat_speed_replaces_the_speeds_of_the_bands() -> None:
    """`travel.speed_kmh` holds for every band, in each scenario; without it the band's own."""
    flat = parsed(travel={"speed_kmh": {"low": 9, "central": 13, "high": 16}}).travel
    own = parsed().travel
    for band in DEFAULT_BANDS:
        assert [flat.speed_of(band, s) for s in SCENARIOS] == [9, 13, 16]
        assert [own.speed_of(band, s) for s in SCENARIOS] == [band.speed_kmh[s] for s in SCENARIOS]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("table", "key", "wrap"),
    [
        ("travel", "cutoff_min", lambda x: x),
        ("travel", "speed_kmh", lambda x: x),
        ("travel", "detour_factor", lambda x: x),
        ("demand", "spacing_m", lambda x: x),
        ("output", "classes", lambda x: [0, x, 100]),
        ("output", "isochrone_minutes", lambda x: [x]),
    ],
)
def test_no_number_is_infinite_or_none_at_all(
    table: str, key: str, wrap: Callable[[float], object], value: float
) -> None:
    """TOML knows nan and inf; no choice of a study may be one."""
    told = lines(**{table: {key: wrap(value)}})
    assert all(f"'{table}.{key}" in line for line in told)


def test_a_background_says_what_a_page_may_fetch() -> None:
    """None unless asked for; then scheme, host and port, and nothing of the path."""
    assert parsed().output.background is None
    url = "https://tiles.example.be:8443/osm/{z}/{x}/{y}.png?style=grey"
    asked = parsed(output={"background": {"url": url, "attribution": "Maker"}}).output.background
    assert asked is not None
    assert asked.host == "https://tiles.example.be:8443"


def test_yes_is_no_speed() -> None:
    """`speed_kmh = true` is refused, and not taken as 1 km/h."""
    assert len(lines(travel={"speed_kmh": True})) == 1


@pytest.mark.parametrize("second", [(8, 11), (5, 5), (3, 20), (6, 7)])
def test_an_age_in_two_bands_is_refused(second: tuple[int, int]) -> None:
    """Whatever the order of the bands, an overlap is named by the age."""
    for spans in ([(5, 8), second], [second, (5, 8)]):
        bands = [{"ages": list(span), "speed_kmh": 10} for span in spans]
        (told,) = lines(travel={"bands": bands})
        assert "is in two bands" in told
        age = int(re.search(r"age (\d+)", told)[1])  # type: ignore[index]
        assert 5 <= age <= 8
        assert second[0] <= age <= second[1]


def test_bands_may_leave_a_gap_and_stand_in_any_order() -> None:
    """Bands 12-17 and 5-8, in that order and without 9-11, are a study of their own."""
    bands = [{"ages": [12, 17], "speed_kmh": 15}, {"ages": [5, 8], "speed_kmh": 10}]
    assert [band.name for band in parsed(travel={"bands": bands}).travel.bands] == ["12-17", "5-8"]


def test_streets_need_roads() -> None:
    """`method = "streets"` with "straight-line" is refused in one line."""
    assert lines(**inputs(network="straight-line"), demand={"method": "streets"}) == [
        f'{NAME}: demand.method: "streets" needs a network, not "straight-line"'
    ]


def test_grid_needs_weights() -> None:
    """`method = "grid"` without weights is refused in one line."""
    assert lines(demand={"method": "grid"}) == [
        f'{NAME}: demand.method: "grid" needs inputs.weights'
    ]


@pytest.mark.parametrize(
    ("changes", "demand", "method"),
    [
        ({}, {}, "best"),
        ({}, {"method": "best"}, "best"),
        ({"weights": "w.tif"}, {}, "best"),
        ({"weights": "w.tif"}, {"method": "streets"}, "streets"),
        ({"network": "straight-line", "weights": "w.tif"}, {}, "grid"),
        ({"network": "straight-line"}, {}, "centroid"),
        ({"weights": "w.tif"}, {"method": "centroid"}, "centroid"),
        ({"weights": "w.tif"}, {"method": "grid"}, "grid"),
    ],
)
def test_the_method_is_the_declared_one_or_the_best_the_inputs_allow(
    changes: dict[str, Any], demand: dict[str, Any], method: str
) -> None:
    """The best with roads, else grid with weights, else centroid; a declared one wins."""
    assert parsed(**inputs(**changes), demand=demand).method == method


@pytest.mark.parametrize(
    ("demand", "told"),
    [
        ({"street_weights": {"tertairy": 1}}, "no kind of street; did you mean 'tertiary'?"),
        ({"street_weights": {"snelweg": 1}}, "there are residential, living_street, pedestrian"),
        ({"street_weights": dict.fromkeys(STREET_WEIGHTS, 0)}, "leave no street to live along"),
        ({"dwelling_m2": [400, 40]}, "must be two areas, the first not above the last"),
        ({"method": "streets", "flat_m2": 80}, "demand.flat_m2: changes nothing"),
        ({"method": "streets", "dwelling_m2": [10, 900]}, "demand.dwelling_m2: changes nothing"),
        ({"method": "grid", "dwellings_per_100": 10}, "demand.dwellings_per_100: changes nothing"),
        (
            {"method": "grid", "compare": ["centroid"], "street_weights": {"tertiary": 2}},
            "demand.street_weights: changes nothing",
        ),
    ],
)
def test_a_choice_of_places_that_cannot_be_or_changes_nothing_is_refused(
    demand: dict[str, Any], told: str
) -> None:
    """Each with what is wrong; the same choices stand where they are used."""
    (line,) = lines(**inputs(weights="w.tif"), demand=demand)
    assert told in line


def test_a_kind_of_street_that_is_not_named_weighs_what_it_did() -> None:
    """One weight of the study's own leaves the others alone."""
    along = parsed(demand={"street_weights": {"tertiary": 3}}).demand.road_weights
    assert along == STREET_WEIGHTS | {"tertiary": 3}


def test_a_horizon_below_the_cutoff_is_refused() -> None:
    """Nobody can be within reach of an academy that is not looked for."""
    (told,) = lines(travel={"cutoff_min": 30, "horizon_min": 20})
    assert "horizon_min" in told
    assert parsed(travel={"cutoff_min": 30, "horizon_min": 30}).travel.horizon_min == 30


@pytest.mark.parametrize(
    "output",
    [
        {"classes": [0, 100]},
        {"classes": [0, 50, 50, 100]},
        {"classes": [10, 50, 100]},
        {"classes": [0, 50, 90]},
        {"classes": [0, 60, 40, 100]},
        {"isochrone_minutes": []},
        {"isochrone_minutes": [0, 5]},
        {"isochrone_minutes": [10, 5]},
        {"formats": ["jpg"]},
        {"language": "de"},
        *(
            {"background": {"url": url, "attribution": "Maker"}}
            for url in (
                "http://tiles.example.be/{z}/{x}/{y}.png",
                "https://{s}.example.be/{z}/{x}/{y}.png",
                "https://tiles.example.be/{z}/{x}.png",
                "https://tiles.example.be/{z}/{x}/{y}.png; script-src *",
                "https://tiles.example.be/{z}/{x}/{y}/{{7*7}}",
                "https://a@b.example.be/{z}/{x}/{y}.png",
                "https:///{z}/{x}/{y}",
            )
        ),
        {"background": {"url": "https://tiles.example.be/{z}/{x}/{y}.png"}},
    ],
)
def test_classes_and_minutes_must_rise_and_be_shown_in_a_known_form(output: dict[str, Any]) -> None:
    """Each wrong way to show a result is one line that names its key."""
    (told,) = lines(output=output)
    assert f"'output.{next(iter(output))}" in told


@pytest.mark.parametrize(
    "mark", ["\u202e", "\u2066", "\n", "\r", "\t", "\x07", "\x1b", "\u2028", "\x85"]
)
def test_what_is_printed_is_one_line(mark: str) -> None:
    """A title, notice or source with a line break or control character is refused by its key."""
    told = lines(
        study=content()["study"] | {"title": f"a{mark}b", "notice": f"a{mark}b"},
        **inputs(population={"path": "p.zip", "source": f"a{mark}b"}),
    )
    assert [line.split("'")[1] for line in told] == [
        "study.title",
        "study.notice",
        "inputs.population.source",
    ]


def test_a_space_that_does_not_break_and_an_accent_are_printed() -> None:
    """Text as a word processor gives it."""
    title = "Reële kansen – 15\u00a0minuten"  # noqa: RUF001
    assert parsed(study=content()["study"] | {"title": title}).about.title == title


def test_a_study_is_frozen() -> None:
    """Neither the study nor any part of it can be changed after it was read."""
    study = parsed()
    for part, name in (
        (study, "travel"),
        (study.about, "title"),
        (study.travel, "cutoff_min"),
        (study.travel.bands[0], "ages"),
        (study.travel.bands[0].speed_kmh, "low"),
        (study.inputs.population, "path"),
    ):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, getattr(part, name))


def test_the_defaults_are_those_of_the_design() -> None:
    """What a study does not say: the numbers of the example in the design, and their sources."""
    travel, output = Travel(), Output()
    assert travel.cutoff_min == 15
    assert travel.horizon_min == 60
    assert travel.snap_limit_m == 500
    assert travel.detour_factor == 1.3
    assert travel.walking_speed_ms == 1.3
    assert travel.pushing_speed_kmh == 4.0
    assert travel.speed_kmh is None
    assert {band.name: [band.speed_kmh[s] for s in SCENARIOS] for band in travel.bands} == {
        "5-8": [8.0, 10.0, 12.0],
        "9-11": [9.6, 12.0, 14.4],
        "12-17": [12.0, 15.0, 18.0],
    }
    assert output.classes == (0, 20, 40, 60, 80, 100)
    assert output.isochrone_minutes == (5, 10, 15)
    assert output.language == "nl"
    assert Demand().spacing_m == 50
    assert (GapRules().method, GapRules().distance_m, GapRules().min_children) == (
        "points",
        None,
        50,
    )
    assert (GapRules().barrier_detour, GapRules().just_too_far_min) == (2.0, 5)
    assert parsed().about.vintage == 2025
    assert parsed().about.notice == ""


def test_low_and_high_speeds_are_twenty_percent_either_side() -> None:
    """Of every default band, as its documentation says."""
    for band in DEFAULT_BANDS:
        speed = band.speed_kmh
        assert speed.low == pytest.approx(0.8 * speed.central)
        assert speed.high == pytest.approx(1.2 * speed.central)


def test_the_default_bands_hold_the_ages_5_to_17_once_each() -> None:
    """Between 5 and 18 years: 5 up to and including 17."""
    ages = [age for band in DEFAULT_BANDS for age in range(band.ages[0], band.ages[1] + 1)]
    assert ages == list(range(5, 18))


def test_a_band_of_one_age_is_a_band() -> None:
    """First and last age are both included, so they may be the same."""
    assert Band.model_validate({"ages": [8, 8], "speed_kmh": 10}).name == "8-8"


def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path) -> None:
    """A syntax error names the file and the line."""
    (tmp_path / NAME).write_text('[study]\ntitle = "x\n', encoding="utf-8")
    with pytest.raises(StudyError, match=r"study\.toml: is not valid TOML: .*line 2"):
        load_study(tmp_path)


def test_bytes_that_are_no_text_are_no_toml(tmp_path: Path) -> None:
    """A latin-1 file is an expected error, not a crash."""
    (tmp_path / NAME).write_bytes('[study]\ntitle = "Hé"\n'.encode("latin-1"))
    with pytest.raises(StudyError, match=r"study\.toml: is not valid TOML"):
        load_study(tmp_path / NAME)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    """Notepad writes one; the study is read as without it."""
    text = """
        [study]
        title = "Proef"
        date = 2022-12-31
        [inputs]
        municipalities = "m"
        population = "p"
        academies = "a"
        network = "n"
        """
    (tmp_path / NAME).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_study(tmp_path / NAME).about.title == "Proef"


@pytest.mark.parametrize("name", ["geen.toml", "leeg"])
def test_a_missing_study_says_how_to_get_one(tmp_path: Path, name: str) -> None:
    """A file that is not there, or a folder without study.toml, is one line with a way out."""
    (tmp_path / "leeg").mkdir()
    with pytest.raises(MissingFileError, match="does not exist; `stemgeo sample DIR`") as caught:
        load_study(tmp_path / name)
    assert isinstance(caught.value, FileNotFoundError)
    assert len(str(caught.value).splitlines()) == 1


# --- Limits ------------------------------------------------------------------------------------

MANY = range(10_000)
LIST = "must be a list: [ ... ], or [[ ]] above each of its tables"


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            {"output": {"isochrone_minutes": [*MANY[1:]]}},
            "'output.isochrone_minutes': must be 1 to 20 numbers above 0, 600 at most",
        ),
        (
            {"output": {"isochrone_minutes": [5, 1e300]}},
            "'output.isochrone_minutes': must be 1 to 20 numbers above 0, 600 at most",
        ),
        (
            {"output": {"classes": [*(i / 100 for i in MANY), 100]}},
            "'output.classes': must run from 0 to 100, with 2 to 20 classes",
        ),
        (
            {"output": {"classes": "many"}},
            "'output.classes': must be \"quantiles\", or " + LIST,
        ),
        (
            {"output": {"formats": ["png", "pdf", "png"]}},
            "'output.formats': names \"png\" twice: name each once",
        ),
        (
            {"demand": {"compare": ["centroid", "centroid"]}},
            "'demand.compare': names \"centroid\" twice: name each once",
        ),
        (
            {"demand": {"building_kinds": ["house", "farm", "house"]}},
            "'demand.building_kinds': names \"house\" twice: name each once",
        ),
        (
            {"demand": {"building_kinds": [f"kind{i}" for i in MANY]}},
            "'demand.building_kinds': holds too many values: 200 at most",
        ),
        (
            inputs(populations={"0": "p.zip"}),
            "'inputs.populations.0': must be a year from 1900 to 2100",
        ),
        (
            inputs(populations={"-5": "p.zip"}),
            "'inputs.populations.-5': must be a year from 1900 to 2100",
        ),
        (
            inputs(populations={"02022": "p.zip", "2022": "q.zip"}),
            "'inputs.populations.02022': must be a year from 1900 to 2100",
        ),
        (
            inputs(layers={f"l{i}": "l.gpkg" for i in MANY}),
            "'inputs.layers': holds too many values: 50 at most",
        ),
        (
            inputs(attributes={f"a{i}": "a.csv" for i in MANY}),
            "'inputs.attributes': holds too many values: 50 at most",
        ),
        (
            inputs(network=["a.osm.pbf", "b.osm.pbf", "a.osm.pbf"]),
            "'inputs.network': names \"/ergens/a.osm.pbf\" twice: name each once",
        ),
        (
            inputs(network=[f"{i}.osm" for i in MANY]),
            "'inputs.network': holds too many values: 100 at most",
        ),
        (
            {"study": {"title": "t", "date": dt.date(1, 1, 1)}},
            "'study.date': must be a day from 1900 to 2100",
        ),
        (
            inputs(population={"path": "p", "date": dt.date(9999, 1, 1)}),
            "'inputs.population.date': must be a day from 1900 to 2100",
        ),
        (
            inputs(population={"path": "p", "source": "x" * 10_000}),
            "'inputs.population.source': must have at most 300 characters",
        ),
        (
            inputs(population={"path": "p", "crs": "x" * 10_000}),
            "'inputs.population.crs': must have at most 5000 characters",
        ),
        (inputs(population="x" * 10_000), "'inputs.population.path': must be the path of a file"),
        (inputs(population=""), "'inputs.population.path': must be the path of a file"),
        (
            {"travel": {"cutoff_min": True}},
            "'travel.cutoff_min': must be something else than true or false",
        ),
        ({"travel": {"cutoff_min": 10**400}}, "'travel.cutoff_min': must be a number"),
        (
            {"siting": {"floor_places": {"Limburg": 10**20}}},
            "'siting.floor_places.Limburg': must be less than or equal to 5000",
        ),
        (
            {"gaps": {"min_children": 10**30}},
            "'gaps.min_children': must be less than or equal to 20000000",
        ),
        (
            {"travel": {"stress_rules": "bna2"}},
            '\'travel.stress_rules\': must be "default", "bna" or "vademecum-2022"; ' + MEANT,
        ),
        (
            {"travel": {"stress_rules": "bna"}} | inputs(network="straight-line"),
            "travel.stress_rules: changes nothing in a straight line; leave it out",
        ),
        (
            {"travel": {"stress_rules": "bna", "profiles": ["all"]}},
            "travel.stress_rules: " + NO_QUIET_ROADS,
        ),
        (
            {"travel": {"busy_crossings": "push", "profiles": ["all"]}},
            "travel.busy_crossings: " + NO_QUIET_ROADS,
        ),
        (
            {"travel": {"busy_crossings": "stop"}},
            '\'travel.busy_crossings\': must be "ignore", "push" or "end"',
        ),
    ],
)
def test_what_no_study_can_mean_is_refused_in_one_line(tables: dict[str, Any], line: str) -> None:
    """Thousands of classes or layers, a year 0, a text without end: what may be is said."""
    assert lines(**tables) == [f"{NAME}: {line}"]


def test_a_key_without_end_is_told_shortly() -> None:
    """Nobody reads a line of ten thousand letters."""
    (line,) = lines(**{"x" * 10_000: 1})
    assert len(line) < 250


@pytest.mark.parametrize(
    ("travel", "line"),
    [
        (
            {"mode": "voet"},
            '\'travel.mode\': must be "bicycle", "e-bike" or "foot"',
        ),
        (
            {"mode": "foot", "bands": [{"ages": [5, 17], "speed_kmh": 12}]},
            (
                "'travel': bands: 5-17 goes up to 12 km/h with mode = \"foot\"; nobody walks "
                "faster than 8 km/h"
            ),
        ),
        (
            {"mode": "e-bike", "bands": [{"ages": [12, 17], "speed_kmh": 26}]},
            (
                "'travel': bands: 12-17 goes up to 26 km/h with mode = \"e-bike\"; an e-bike "
                "helps up to 25 km/h, and a speed pedelec is ridden from 16 years on"
            ),
        ),
        (
            {"mode": "foot", "profiles": ["all", "quiet_1"]},
            "'travel': profiles: on foot there is \"all\" alone; leave it out",
        ),
    ],
)
def test_a_mode_that_cannot_be_is_refused(travel: dict[str, Any], line: str) -> None:
    """In one line: an unknown mode, a speed that it has not, and quiet roads on foot."""
    assert lines(travel=travel) == [f"study.toml: {line}"]


def test_each_mode_has_speeds_of_its_own() -> None:
    """By age, from slow to fast, and none of them counts as chosen; a pedelec at 16 may go 45."""
    straight = inputs(network="straight-line")
    for mode, own in MODES.items():
        study = parsed(**straight, travel={"mode": mode})
        speeds = [[band.speed_kmh[one] for one in SCENARIOS] for band in study.travel.bands]
        assert study.travel.profiles == own.profiles
        assert sorted(speeds) == speeds
        assert all(sorted(one) == one for one in speeds)
        assert study.output.isochrone_speed_kmh == own.isochrone_speed_kmh == speeds[1][1]
        assert not study.is_chosen("travel", "bands")
        assert study.with_siting(places=3).output == study.output
        flat = parsed(**straight, travel={"mode": mode, "speed_kmh": 5})
        assert flat.travel.speed_of(flat.travel.bands[0], "low") == 5
    fast = {"mode": "e-bike", "bands": [{"ages": [16, 17], "speed_kmh": 45}]}
    assert parsed(travel=fast).travel.mode == "e-bike"


QUESTION = {"number": 275, "asked": dt.date(2019, 2, 11), "from": "A", "questions": ["Waar?"]}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"questions": []}, "'question.questions': holds too few values: 1 at least"),
        ({"questions": [" "]}, "'question.questions.0.text': must not be empty"),
        (
            {"questions": ["a\x0bb"]},
            "'question.questions.0.text': must be plain text, without control characters",
        ),
        (
            {"questions": ["a\u202eb"]},
            "'question.questions.0.text': must be plain text, without control characters",
        ),
        ({"from": "A\nB"}, "'question.from': must be one line, without control characters"),
        ({"questions": [3]}, "must be a question in quotes, or { text ="),
        ({"answered": dt.date(2018, 1, 1)}, "answered: must not lie before asked (2019-02-11)"),
        ({"asked": "11/02/2019"}, "'question.asked' is no day: write 2019-02-11 without quotes"),
        (
            {"questions": [{"text": "a", "sections": ["budget"]}] * 2},
            'names "budget" twice: name each once',
        ),
        ({"form": "A"}, "unknown key 'question.form'; did you mean 'from'?"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(given: dict[str, Any], line: str) -> None:
    """In one line that says where, and what may stand there; a table without questions too."""
    (told,) = lines(question=QUESTION | given)
    assert line in told


def test_a_question_keeps_its_paragraphs_and_not_its_lines() -> None:
    """Breaks of a page are none of the question; an empty line and an item of a list are."""
    asked = parsed(question=QUESTION | {"questions": ["Eén\n  regel.\n\nDan\r\n- dit\n- en dat"]})
    assert asked.question is not None
    assert asked.question.questions[0].lines == ["Eén regel.", "Dan", "- dit", "- en dat"]
    assert asked.question.number == "275"
    assert asked.with_siting(places=3).question == asked.question


def test_other_days_areas_and_files_are_checked_as_the_study_is() -> None:
    """`with_about` and `with_inputs` change what they name alone, and refuse what cannot be."""
    study = sample()
    other = study.with_about(area="provincie Limburg", date="2021-12-31")
    assert (other.about.area, other.about.date.year) == (("provincie Limburg",), 2021)
    assert other.inputs.model_dump() == study.inputs.model_dump()
    assert study.about.date.year == 2022
    # Whoever verifies a result of it finds all in the result: its file says something else.
    assert other.file is None
    assert study.with_links(together=2).file == study.file
    moved = study.with_inputs(academies={"path": "register.xlsx", "sheet": "2022"})
    assert (moved.inputs.academies.path.name, moved.inputs.academies.sheet) == (
        "register.xlsx",
        "2022",
    )
    assert moved.inputs.network == study.inputs.network
    for wrong in ({"date": "31/12/2021"}, {"titel": "x"}):
        with pytest.raises(StudyError, match=r"no day|did you mean 'title'"):
            study.with_about(**wrong)
    with pytest.raises(StudyError, match="sheet"):
        study.with_inputs(academies={"path": "register.xlsx", "sheet": 3})


@pytest.mark.parametrize("name", ["check", "links", "run", "site", "trend"])
def test_whoever_takes_a_study_takes_its_path(name: str, tmp_path: Path) -> None:
    """As text or as a path: it is read by `load_study`, which says what lacks."""
    years = [[2022]] if name == "trend" else []
    for one in (tmp_path, str(tmp_path)):
        with pytest.raises(MissingFileError, match=r"study\.toml: does not exist"):
            getattr(stemgeo, name)(one, *years)
    with pytest.raises(TypeError, match="study must be a Study or a path, not int"):
        getattr(stemgeo, name)(3, *years)
    (study, *_) = inspect.signature(getattr(stemgeo, name)).parameters.values()
    assert study.annotation == "Study | str | Path"
