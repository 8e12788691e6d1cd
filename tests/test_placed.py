"""A study of which some academies have an address alone: from its files to its summary and maps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest

import stemgeo as sg
from stemgeo.errors import InputError, StudyError
from stemgeo.inputs import load_inputs, mapped_addresses
from stemgeo.maps.sheet import ACADEMY, ROUGH, mark_academies
from stemgeo.report.summary import _say_both_ways

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.inputs import Inputs
    from stemgeo.result import Result
    from stemgeo.study import Study

REGISTER = """academy_id;naam;x;y;Straat + nr;Postcode;Gemeente
S1;Oost;160500;203500;;;
S2;Dorp;;;Kerkstraat 12;;Aartselaar
S3;Ruw;;;Nergens 1;2530;Boechout
S4;Recht;;;Elders 5;;Boechout
"""
DOORS = """straat;huisnummer;gemeente;x;y
Kerkstraat;12;Aartselaar;151000;201000
Molenstraat;3;Aartselaar;152000;201000
"""
MAPPED = {"addr:street": "Veldstraat", "addr:housenumber": "7", "building": "yes"}


def write(folder: Path, register: str = REGISTER, more: str = "", rules: str = "") -> Study:
    """Write the small study with a register of addresses."""
    hand.write_study(folder, straight_line=True)
    (folder / "academies.csv").write_text(register, encoding="utf-8")
    (folder / "deuren.csv").write_text(DOORS, encoding="utf-8")
    (folder / "codes.csv").write_text("postcode;x;y\n2530;158000;202000\n", encoding="utf-8")
    (folder / "recht.csv").write_text("id;x;y;note\nS4;157000;201000;bezocht\n", encoding="utf-8")
    toml = (folder / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace("[gaps]", f"{more}\n[academies]\n{rules}\n[gaps]")
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    return sg.load_study(folder)


FILES = 'addresses = "deuren.csv"\npostcodes = "codes.csv"\ncorrections = "recht.csv"'


def told(inputs: Inputs) -> str:
    """Give all notes."""
    return "\n".join(map(str, inputs.warnings))


def test_each_file_of_the_study_places_what_it_knows(tmp_path: Path) -> None:
    """Points at the number, a postcode, a correction; doors stay where children live."""
    inputs = load_inputs(write(tmp_path, more=FILES))
    by = inputs.academies.set_index("academy_id")
    assert by["placed_by"].to_dict() == {
        "S1": "coordinates", "S2": "address_point", "S3": "postcode", "S4": "correction"
    }  # fmt: skip
    assert (by.geometry["S2"].x, by.geometry["S2"].y) == (151000, 201000)
    assert by["placed_at"].to_dict()["S4"] == "bezocht"
    assert len(inputs.addresses) == 2
    roles = [file.role for file in inputs.provenance]
    assert {"addresses", "postcodes", "corrections"} <= set(roles)
    assert roles.count("addresses") == 1


def test_points_without_streets_place_no_academy_and_say_so(tmp_path: Path) -> None:
    """Their own study still has them as doors."""
    study = write(tmp_path, more='addresses = "kaal.csv"')
    (tmp_path / "kaal.csv").write_text("x;y\n151000;201000\n", encoding="utf-8")
    inputs = load_inputs(study)
    assert "has no column street, house_number: it places no academy" in told(inputs)
    assert inputs.academies["placed_by"].tolist() == ["coordinates", *["municipality"] * 3]


def test_addresses_are_read_only_where_an_academy_needs_them(tmp_path: Path) -> None:
    """With coordinates for all their columns are not used; a file of codes serves to search."""
    rows = [line.replace(";;;", ";151000;201000;", 1) for line in REGISTER.splitlines()[2:]]
    study = write(tmp_path, "\n".join([*REGISTER.splitlines()[:2], *rows]), FILES)
    inputs = load_inputs(study)
    assert set(inputs.academies["placed_by"]) == {"coordinates", "correction"}
    assert "'straat'" in told(inputs)
    assert "used for the search on the web map alone: no academy is placed by" in told(inputs)
    assert inputs.postcodes is not None
    assert inputs.postcodes.to_numpy().tolist() == [["2530", "11004"]]


def test_addresses_of_the_extract_place_what_the_points_do_not_know(tmp_path: Path) -> None:
    """A way has a point inside; a node its own place."""
    register = (
        "academy_id;naam;adres\nS1;A;Veldstraat 7, Aartselaar\nS2;B;Veldstraat 9, Aartselaar\n"
    )
    write(tmp_path, register)
    corners = {1: (1, 1), 2: (1.02, 1), 3: (1.02, 1.02), 4: (1, 1.02), 5: (3, 1), 6: (0.5, 1)}
    ways = [([1, 2, 3, 4, 1], MAPPED), ([6, 1, 5], {"highway": "residential"})]
    node = {5: {"addr:street": "Veldstraat", "addr:housenumber": "9"}}
    (tmp_path / "wegen.osm").write_text(hand.osm_xml(corners, ways, node), encoding="utf-8")
    toml = (tmp_path / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace('"straight-line"', '"wegen.osm"')
    (tmp_path / "study.toml").write_text(toml, encoding="utf-8")
    academies = load_inputs(sg.load_study(tmp_path)).academies
    assert academies["placed_by"].tolist() == ["map_address"] * 2
    assert academies.geometry[0].distance(hand.spot(1.01, 1.01)) < 5
    assert academies.geometry[1].distance(hand.spot(3, 1)) < 1


def test_addresses_of_an_extract_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time they come from the cache, equal to the last bit."""
    node = {1: {"addr:street": "Veldstraat", "addr:housenumber": "9", "addr:postcode": "2530"}}
    ways = [([1, 2], {"highway": "residential"})]
    path = tmp_path / "wegen.osm"
    path.write_text(hand.osm_xml({1: (3, 1), 2: (3.1, 1)}, ways, node), encoding="utf-8")
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    made = mapped_addresses.load_mapped_addresses([path], {"veldstraat"}).rows
    monkeypatch.setattr(mapped_addresses, "read_mapped_addresses", None)
    kept = mapped_addresses.load_mapped_addresses([path], {"veldstraat"}).rows
    assert len(made) == 1
    pd.testing.assert_frame_equal(kept, made, check_exact=True)


def test_a_choice_for_coarse_places_that_touches_none_is_refused(tmp_path: Path) -> None:
    """As every option that changes nothing."""
    register = "academy_id;naam;x;y\nS1;Oost;160500;203500\n"
    for name, rule in (("coarse", '"leave-out"'), ("coarse_over_m", "300")):
        study = write(tmp_path / name, register, rules=f"{name} = {rule}")
        with pytest.raises(StudyError, match=rf"'academies\.{name}' changes nothing"):
            load_inputs(study)


def test_problems_of_the_files_of_places_are_told_at_once(tmp_path: Path) -> None:
    """An id that is corrected twice or missing, a code that is none."""
    study = write(tmp_path, more=FILES)
    (tmp_path / "recht.csv").write_text(
        "id;x;y\nS4;157000;201000\nS4;157001;201000\n;157000;201000"
    )
    (tmp_path / "codes.csv").write_text("postcode;x;y\n25300;158000;202000\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_inputs(study)
    lines = str(error.value).splitlines()
    assert any("recht.csv, row 2, 3: the academy_id 'S4' is corrected 2 times" in x for x in lines)
    assert any("recht.csv, row 4: no academy_id" in x for x in lines)
    assert any("'25300', not a postcode from 1000 to 9999; correct it" in x for x in lines)


def test_what_is_beyond_twenty_rows_is_told_too(tmp_path: Path) -> None:
    """In one line, for each kind of fault."""
    study = write(tmp_path, more=FILES)
    at = "157000;201000\n"
    (tmp_path / "recht.csv").write_text("id;x;y\n" + f";{at}" * 23)
    (tmp_path / "codes.csv").write_text("postcode;x;y\n" + f"25300;{at}" * 22)
    with pytest.raises(InputError) as error:
        load_inputs(study)
    lines = str(error.value).splitlines()
    assert any("recht.csv, row 22, 23, 24: no academy_id either; see above" in x for x in lines)
    assert any("codes.csv, row 22, 23: 'postcode' is not a postcode" in x for x in lines)


def test_ids_and_notes_of_corrections_are_cleaned(tmp_path: Path) -> None:
    """As those of the register are: without marks that turn text, and quotes before formulas."""
    study = write(tmp_path, more=FILES)
    line = "id;x;y;note\n\u202eS4;157000;201000;\u202e'=1+\u00072\n"
    (tmp_path / "recht.csv").write_text(line, encoding="utf-8")
    by = load_inputs(study).academies.set_index("academy_id")
    assert (by["placed_by"]["S4"], by["placed_at"]["S4"]) == ("correction", "=1+2")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Result, Result]:
    """The study with its coarse academies counted, left out, and never in the register."""
    made = []
    bare = "\n".join(line for line in REGISTER.splitlines() if not line.startswith("S3"))
    for register, rules in ((REGISTER, ""), (REGISTER, 'coarse = "leave-out"'), (bare, "")):
        files = FILES if register is REGISTER else FILES.replace('postcodes = "codes.csv"\n', "")
        made.append(sg.run(write(tmp_path_factory.mktemp("s"), register, files, rules)))
    return made[0], made[1], made[2]


def test_the_share_is_given_both_ways(results: tuple[Result, Result, Result]) -> None:
    """Left out is as if it were not in the register; `effects` has the other way."""
    counted, left_out, without = results
    pd.testing.assert_frame_equal(left_out.coverage, without.coverage)
    both = [counted.summary("region")["covered"][0], without.summary("region")["covered"][0]]
    assert both[0] > both[1]
    for result, variant, order in (
        (counted, "coarse = leave-out", both),
        (left_out, "coarse = count", both[::-1]),
    ):
        rows = result.effects[result.effects["variant"] == variant]
        assert [rows["covered"].sum(), rows["covered_variant"].sum()] == order
    assert without.effects.empty


def test_where_nothing_is_measured_there_is_no_share_to_give_both_ways(
    results: tuple[Result, Result, Result],
) -> None:
    """None is divided by none."""
    towns = results[0].municipalities.assign(covered=0, uncovered=0)
    assert _say_both_ways(results[0], "nl")
    assert _say_both_ways(replace(results[0], municipalities=towns), "nl") == []


def test_the_summary_names_the_coarse_academies(
    results: tuple[Result, Result, Result], tmp_path: Path
) -> None:
    """With both shares, by province too; tables and what is read back say how each was placed."""
    counted, left_out, _ = results
    counted.write(tmp_path / "r")
    summary = (tmp_path / "r" / "summary.md").read_text(encoding="utf-8")
    assert "Ruw (3.000 m, op postcode)" in summary
    line = next(one for one in summary.splitlines() if one.startswith("Met de academies waarvan"))
    covered = [one.summary("region")["covered"][0] for one in (counted, left_out)]
    shares = [f"{100 * count / hand.CHILDREN:.1f}".replace(".", ",") for count in covered]
    assert f"{shares[0]} % van de kinderen er een binnen bereik" in line
    assert line.endswith(f"zonder die academies is dat {shares[1]} %.")
    assert "Per provincie, met en zonder: Antwerpen " in summary
    table = pd.read_csv(tmp_path / "r" / "tables" / "academies.csv", dtype=str).set_index(
        "academy_id"
    )
    assert table["address"]["S2"] == "Kerkstraat 12, Aartselaar"
    read = sg.read_result(tmp_path / "r").academies.set_index("academy_id")
    assert read["coarse"].to_dict() == {"S1": False, "S2": False, "S3": True, "S4": False}


def test_coarse_academies_have_a_mark_of_their_own(results: tuple[Result, Result, Result]) -> None:
    """On paper with a key, on the web map in a layer; none where there is none."""
    counted, _, without = results
    marks = {one.looks["marker"]: len(one.points) for one in mark_academies(counted.academies)}
    assert marks == {ACADEMY["marker"]: 3, ROUGH["marker"]: 1}
    for result, is_there in ((counted, True), (without, False)):
        page = result.sheets.draw_web_map()
        assert ("Plaats bij benadering" in page) == is_there
