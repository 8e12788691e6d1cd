"""A study of a part: the children of the part, to the last one, and nothing of what lies around."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stemgeo as sg
from stemgeo.coverage import REGION, summary_table
from stemgeo.inputs import load_inputs
from stemgeo.maps.text import name_parts_in
from stemgeo.measure import (
    Measured,
    Prepared,
    measure_day,
    prepare_study,
)
from stemgeo.recognition import Standing
from stemgeo.report.imprint import build_map_text
from stemgeo.report.plan import write_plan_markdown
from stemgeo.report.subsidy import say_subsidy
from stemgeo.stages import report_nothing
from stemgeo.study import parse_study
from stemgeo.subsidy import cost_of_places, find_rules
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.speech import Language
    from stemgeo.study import Study
    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

TOWNS = {
    "11001": ("Antwerpen", hand.square(0, 0, 4, 4)),
    "11004": ("Antwerpen", hand.square(4, 0, 4, 4)),
    "71002": ("Limburg", hand.square(0, 4, 4, 4)),
    "71004": ("Limburg", hand.square(4, 4, 4, 4)),
}
ZONES = {
    f"{code}{letter}": (code, hand.square(x + dx, y + dy, 2, 2))
    for code, (x, y) in zip(TOWNS, ((0, 0), (4, 0), (0, 4), (4, 4)), strict=True)
    for letter, (dx, dy) in zip("ABCD", ((0, 0), (2, 0), (0, 2), (2, 2)), strict=True)
}


@cache
def draw_ground() -> dict[str, bytes]:
    """Draw four municipalities of two provinces, each of four zones, as files that all share."""
    drawn = {}
    for name, table in (
        ("gemeenten", hand.municipalities(TOWNS).drop(columns="province")),
        ("zones", hand.zones(ZONES)),
    ):
        content = io.BytesIO()
        table.to_file(content, driver="GPKG", layer=name)
        drawn[f"{name}.gpkg"] = content.getvalue()
    return drawn


def write_ground(folder: Path) -> None:
    """Write that ground; the same bytes are read once."""
    for name, content in draw_ground().items():
        (folder / name).write_bytes(content)


def write_people(
    folder: Path,
    children: dict[str, int],
    academies: list[tuple[float, float]],
    addresses: list[tuple[float, float, float]],
) -> None:
    """Write children, academies and addresses (with their weight)."""
    rows = [
        f"{code};{age};{sex};{count + age % 3}"
        for code, count in children.items()
        for age in range(5, 18)
        for sex in "FM"
    ]
    (folder / "bevolking.csv").write_text("\n".join(["nis_code;age;sex;children", *rows]))
    for name, head, places in (
        ("academies", "academy_id;name;x;y", academies),
        ("adressen", "weight;x;y", addresses),
    ):
        lines = [head]
        for number, (x, y, *weight) in enumerate(places):
            first = f"{weight[0]:g}" if weight else f"A{number:03};Academie {number}"
            lines.append(f"{first};{hand.X0 + x * 1000:.1f};{hand.Y0 + y * 1000:.1f}")
        (folder / f"{name}.csv").write_text("\n".join(lines))


def study_of(folder: Path, area: Any = None, **inputs: str) -> Study:
    """Give the study of these files in a straight line, of an area or of all."""
    about = {"title": "Deel", "date": "2022-12-31"} | ({"area": area} if area else {})
    files = {"municipalities": "gemeenten.gpkg", "population": "bevolking.csv"}
    files |= {"academies": "academies.csv", "network": "straight-line"} | inputs
    return parse_study({"study": about, "inputs": files}, folder=folder, name="study.toml")


def measured(study: Study) -> tuple[Prepared, Measured]:
    """Measure a study, and draw nothing."""
    prepared = Prepared.from_inputs(study, load_inputs(study))
    return prepared, measure_day(prepared, study.about.date, threads=1)


def rows_of(table: pd.DataFrame, codes: set[str]) -> pd.DataFrame:
    """Give the rows of municipalities, and of zones whose id begins with their code."""
    kept = table[table["level"].isin(["municipality", "zone"]) & table["code"].str[:5].isin(codes)]
    return kept.reset_index(drop=True)


COUNTS = st.dictionaries(st.sampled_from(sorted(TOWNS)), st.integers(0, 40), min_size=4)
PLACE = st.integers(0, 32).map(lambda n: n / 4)  # on borders too


@settings(max_examples=10)
@given(
    children=COUNTS,
    academies=st.lists(st.tuples(PLACE, PLACE), min_size=1, max_size=4, unique=True),
    addresses=st.lists(st.tuples(PLACE, PLACE, st.floats(0.001, 9000)), min_size=1, max_size=30),
    subset=st.sets(st.sampled_from(sorted(TOWNS)), min_size=1, max_size=3),
    zoned=st.booleans(),
)
def test_any_municipalities_alone_are_those_rows_of_all(
    tmp_path_factory: pytest.TempPathFactory,
    children: dict[str, int],
    academies: list[tuple[float, float]],
    addresses: list[tuple[float, float, float]],
    subset: set[str],
    *,
    zoned: bool,
) -> None:
    """Each child stands where it stood: people on a border, weights and zones move nobody.

    Also where none of the addresses lies in the part.
    """
    folder = tmp_path_factory.mktemp("area")
    write_ground(folder)
    write_people(folder, children, academies, [*addresses, (1, 1, 1), (7.9, 7.9, 9000)])
    more = {"addresses": "adressen.csv"} | ({"zones": "zones.gpkg"} if zoned else {})
    _, whole = measured(study_of(folder, **more))
    prepared, part = measured(study_of(folder, sorted(subset), **more))
    pd.testing.assert_frame_equal(rows_of(part.coverage, subset), rows_of(whole.coverage, subset))
    assert set(part.coverage.loc[part.coverage["level"] == "municipality", "code"]) == subset
    total = sum(children[code] * 26 + 2 * sum(age % 3 for age in range(5, 18)) for code in subset)
    region = part.coverage[part.coverage["level"] == "region"]
    assert set(region.loc[region["band"] == "all", "children"]) == {total}
    assert len(prepared.inputs.academies) == len(academies)


PEOPLE = dict.fromkeys(TOWNS, 10)


def place(folder: Path) -> Path:
    """Write the ground, its people and an academy in the south-west."""
    write_ground(folder)
    homes = [(x + 0.5, y + 0.5, 1.0) for x in range(8) for y in range(8)]
    write_people(folder, PEOPLE, [(0.5, 0.5)], homes)
    return folder


def draw_polygon(folder: Path, *outlines: Any, **columns: Any) -> str:
    """Write polygons to a file."""
    gpd.GeoDataFrame(columns, geometry=list(outlines), crs=hand.CRS).to_file(folder / "g.gpkg")
    return "g.gpkg"


def test_a_polygon_counts_the_children_inside_it(tmp_path: Path) -> None:
    """Those at points inside, of four municipalities in part: the rows are exactly theirs."""
    folder = place(tmp_path)
    polygon = hand.square(2, 1, 4, 5)
    more = {"addresses": "adressen.csv", "zones": "zones.gpkg"}
    whole, all_of_it = measured(study_of(folder, **more))
    area = draw_polygon(folder, polygon, naam=["Middenland"])
    prepared, part = measured(study_of(folder, area, **more))
    inside = whole.points[whole.points.intersects(polygon)]
    columns = [name for name in inside if name.startswith("children_")]
    assert 0 < len(inside) < len(whole.points)
    assert prepared.points[columns].to_numpy().sum() == inside[columns].to_numpy().sum()
    assert set(prepared.points.geometry.to_wkb()) == set(inside.geometry.to_wkb())
    keys = ["level", "band", "scenario", "profile"]
    central = part.coverage.set_index(keys).loc[("region", "all", "central", "all")]
    assert central["name"] == "Middenland"
    ride_m = inside.distance(hand.spot(0.5, 0.5)) * 1.3
    reached = [
        inside.loc[ride_m <= kmh * 250, f"children_{band}"].sum()
        for band, kmh in (("5-8", 10), ("9-11", 12), ("12-17", 15))
    ]
    assert central["covered"] == sum(reached) > 0
    assert central["children"] == inside[columns].to_numpy().sum()
    provinces = part.coverage[part.coverage["level"] == "province"]
    assert set(provinces["name"]) == {"Antwerpen (deel)", "Limburg (deel)"}
    # Drawn is what is counted.
    assert part.municipalities.area.sum() == pytest.approx(polygon.area)
    assert prepared.inputs.zones.area.sum() == pytest.approx(polygon.area)
    assert len(all_of_it.municipalities) == len(part.municipalities) == 4
    assert part.municipalities["has_academy"].sum() == 0
    # Each is cut: called so, told once, and the rest of it lies around.
    assert set(part.municipalities["name"].str[-7:]) == {" (deel)"}
    said = [str(one) for one in prepared.inputs.warnings if "only a part of" in str(one)]
    assert len(said) == 1
    assert "Aartselaar" in said[0]
    around = prepared.inputs.around
    assert around is not None
    assert around.area.sum() == pytest.approx(64e6 - polygon.area)
    assert not around["name"].str.contains("deel").any()


def test_a_sliver_without_a_child_is_in_no_denominator(tmp_path: Path) -> None:
    """Two of the four have nobody in the area: their ground is on the map, and not counted."""
    folder = place(tmp_path)
    area = draw_polygon(folder, hand.square(0, 0, 8, 4.2))
    _, part = measured(study_of(folder, area, addresses="adressen.csv", zones="zones.gpkg"))
    assert len(part.municipalities) == 4
    counted = summary_table(part.coverage, part.municipalities).set_index("code")
    assert counted.loc[REGION[0], ["municipalities", "with_academy"]].tolist() == [2, 1]
    # Nor is a province of such slivers: it has a row, of nothing.
    assert (
        counted.loc["Limburg", ["municipalities", "with_academy", "children"]].tolist() == [0] * 3
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            (
                "De enige gemeente zonder academie krijgt er een.",
                "kost deze plaats 1.000 euro",
                "Eén plaats die het toeval kiest, haalt gemiddeld",
                "Voor 60 % van de kinderen volstaat 1 academie.",
                "| Antwerpen (deel) |",
                "| Aartselaar (deel) |",
            ),
        ),
        (
            "fr",
            (
                "La seule commune sans académie en reçoit une.",
                "ce lieu coûte 1 000 euros",
                "Un lieu choisi au hasard donne en moyenne",
                "Pour 60 % des enfants, il suffit de 1 académie.",
                "| Anvers (en partie) |",
                "| Aartselaar (en partie) |",
            ),
        ),
        (
            "en",
            (
                "The only municipality without an academy gets one.",
                "this place costs 1,000 euro",
                "One place chosen by chance comes to",
                "For 60% of the children 1 academy is enough.",
                "| Antwerp (part) |",
                "| Aartselaar (part) |",
            ),
        ),
    ],
)
def test_a_plan_of_a_part_counts_who_lives_in_it(
    tmp_path: Path, language: Language, said: tuple[str, ...]
) -> None:
    """Of four municipalities two have nobody inside: one of the other two has no academy."""
    folder = place(tmp_path)
    write_people(folder, PEOPLE, [(4.5, 0.5)], [(1, 1, 1.0), (1.5, 1, 1.0), (5, 1, 1.0)])
    area = draw_polygon(folder, hand.square(0.5, 0, 7, 4.2))
    study = study_of(folder, area, addresses="adressen.csv", zones="zones.gpkg")
    siting = study.siting.model_copy(update={"places": 1})
    plan = sg.site(study.model_copy(update={"siting": siting})).told_in(language)
    text = write_plan_markdown(plan, plan.text).replace("\xa0", " ").replace("\u202f", " ")
    assert plan.without == 1
    assert [one for one in said if one not in text] == []


def test_parts_are_called_so_in_each_language() -> None:
    """One or several municipalities, as in the name of a gap."""
    told = {
        one: name_parts_in("Zele (deel), Berlare", load_texts(one)) for one in ("nl", "fr", "en")
    }
    assert told["nl"] == "Zele (deel), Berlare"
    assert told["en"] == "Zele (part), Berlare"
    assert told["fr"] == "Zele (en partie), Berlare"


def test_a_polygon_of_whole_municipalities_is_those_municipalities(tmp_path: Path) -> None:
    """Drawn or named, it is the same study, whoever lives on its border."""
    folder = place(tmp_path)
    more = {"addresses": "adressen.csv", "zones": "zones.gpkg"}
    outlines = [TOWNS[code][1] for code in ("11001", "71002")]
    _, drawn = measured(study_of(folder, draw_polygon(folder, *outlines), **more))
    _, named = measured(study_of(folder, ["11001", "71002"], **more))
    counts = ["level", "code", "band", "children", "covered", "uncovered", "unmeasured"]
    pd.testing.assert_frame_equal(drawn.coverage[counts], named.coverage[counts])


@pytest.mark.parametrize(
    ("area", "label", "name"),
    [
        (["11001"], "Aartselaar", "Aartselaar"),
        (["11001", "71002"], "Aartselaar, As", "Aartselaar en As"),
        (["11001", "11004", "71002", "71004"], "Studiegebied", "Studiegebied"),
    ],
)
def test_an_area_is_called_by_its_municipalities(
    tmp_path: Path, area: list[str], label: str, name: str
) -> None:
    """In tables in no language, on maps and in texts in that of the study; never Vlaanderen."""
    study = study_of(place(tmp_path), area)
    prepared, part = measured(study)
    rows = part.coverage[part.coverage["level"] == "region"]
    assert set(zip(rows["code"], rows["name"], strict=True)) == {(REGION[0], label)}
    assert build_map_text(study, prepared.inputs).name_place(None) == name


def test_an_academy_outside_serves_children_inside(tmp_path: Path) -> None:
    """It stands in the next municipality: it counts for them, and in none of the area."""
    folder = place(tmp_path)
    write_people(folder, PEOPLE, [(4.2, 2)], [(3.9, 2, 1.0), (7, 7, 1.0)])
    _, part = measured(study_of(folder, ["11001"], addresses="adressen.csv"))
    row = part.municipalities.set_index("nis_code").loc["11001"]
    assert row["covered"] == row["children"] > 0
    assert (row["academies"], row["has_academy"]) == (0, False)
    assert part.academies["nis_code"].tolist() == [""]


def test_only_academies_of_the_area_are_paid(tmp_path: Path) -> None:
    """One inside, two around, one planned: one place without the plan, two with it; never less."""
    folder = place(tmp_path)
    write_people(folder, PEOPLE, [(0.5, 0.5), (4.5, 0.5), (0.5, 4.5)], [(1, 1, 1.0)])
    plan = f"id;name;x;y;cost\nP1;Nieuw;{hand.X0 + 3500};{hand.Y0 + 3500};\n"
    plan += f"P2;Ernaast;{hand.X0 + 4500};{hand.Y0 + 3500};250\n"
    (folder / "plan.csv").write_text(plan.replace("cost", "cost_eur"))
    study = study_of(folder, ["11001"])
    alone = sg.run(study)
    told = say_subsidy(alone)
    assert "1.000 euro (1 plaats, 1 aanvrager)" in told[0]
    with_plan = sg.run(study.with_plan(folder / "plan.csv"))
    told = say_subsidy(with_plan)
    assert "1.000 euro (1 plaats, 1 aanvrager)" in told[0]
    assert "2.000 euro (2 plaatsen, 2 aanvragers)" in told[1]
    assert not any("250" in line for line in told)
    asked = study.model_copy(update={"siting": study.siting.model_copy(update={"places": 1})})
    beside = cost_of_places(pd.DataFrame(), find_rules(study.subsidy), register=alone.academies[:1])
    assert sg.site(asked).cost.left_cents == beside.left_cents


def test_who_has_a_date_is_told_of_the_academies_of_the_area(tmp_path: Path) -> None:
    """Of three without dates one lies inside: the answer speaks of one; where none does, of all."""
    folder = place(tmp_path)
    write_people(folder, PEOPLE, [(0.5, 0.5), (4.5, 0.5), (0.5, 4.5)], [(1, 1, 1.0)])
    for area, counts in ((["11001"], (1, 1)), (["71004"], (3, 3)), (None, (3, 3))):
        study = study_of(folder, area)
        _, part = measured(study)
        standing = Standing.in_area(study, part.academies, "nl")
        assert (standing.academies, standing.undated, standing.dated) == (*counts, False)


@pytest.mark.parametrize(
    ("area", "line"),
    [
        (
            "St.Niklaas",
            '"St.Niklaas" is no municipality or province of Flanders; did you mean Sint',
        ),
        ("grens.gpkg", "grens.gpkg"),
        ("kaart/grens", "kaart/grens"),
    ],
)
def test_a_name_with_a_point_is_no_file(tmp_path: Path, area: str, line: str) -> None:
    """Only an ending of files, or a separator of folders, makes one."""
    with pytest.raises(sg.InputError) as caught:
        load_inputs(study_of(place(tmp_path), area))
    assert line in str(caught.value)
    assert ("municipality" in str(caught.value)) == (area == "St.Niklaas")


def test_nothing_is_said_of_what_lies_outside(tmp_path: Path) -> None:
    """No 283 municipalities are missing, and no child of them is unmeasured."""
    prepared, part = measured(study_of(place(tmp_path), ["11001"]))
    assert not any("not in it" in str(note) for note in prepared.inputs.warnings)
    assert part.coverage["unmeasured"].sum() == 0
    assert set(prepared.points["nis_code"]) == {"11001"}


@pytest.mark.parametrize(
    ("about", "inputs", "line"),
    [
        ({"area": ["11001"]}, {"area": "g.gpkg"}, "names an area, and inputs.area draws one"),
        ({"area": "g.gpkg"}, {"area": "g.gpkg"}, "area stands under [study] and under [inputs]"),
        ({"area_name": "Denderstreek"}, {}, "there is no area to name"),
        ({"area": ["11001", "11001"]}, {}, 'names "11001" twice'),
        ({"area": [True]}, {}, "must be something else than true or false"),
        ({"area": []}, {}, "'study.area': names nothing; give a name in quotes, a NIS code"),
        ({"area": [1.5]}, {}, '1.5 is none; give a name in quotes, a NIS code as 46013 or "'),
    ],
)
def test_an_area_that_cannot_be_is_refused(
    tmp_path: Path, about: dict[str, Any], inputs: dict[str, str], line: str
) -> None:
    """One clear line, before any file is read."""
    files = dict.fromkeys(("municipalities", "population", "academies"), "x")
    asked = {"title": "x", "date": "2022-12-31"} | about
    content = {"study": asked, "inputs": files | {"network": "straight-line"} | inputs}
    with pytest.raises(sg.StudyError) as caught:
        parse_study(content, folder=tmp_path, name="study.toml")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_polygon_elsewhere_is_refused(tmp_path: Path) -> None:
    """No municipality has ground in it: one line, with what to do."""
    folder = place(tmp_path)
    area = draw_polygon(folder, hand.square(40, 40))
    with pytest.raises(sg.InputError) as caught:
        load_inputs(study_of(folder, area))
    assert str(caught.value) == (
        "area under [study]: no municipality has ground in its polygons; give the right file"
    )


def test_maps_of_an_area_show_what_lies_around(tmp_path: Path) -> None:
    """The municipalities beside it and the roads of the extract; computed again it is the same."""
    toml = hand.write_study(tmp_path / "s") / "study.toml"
    asked = 'notice = "Proef'
    toml.write_text(toml.read_text("utf-8").replace(asked, f'area = ["Aartselaar"]\n{asked}'))
    result = sg.run(sg.load_study(toml))
    folder = result.write(tmp_path / "r")
    assert [path.name for path in (folder / "maps").iterdir()] == ["gebied.svg"]
    drawn = (folder / "maps" / "gebied.svg").read_text("utf-8")
    assert "grens van het gebied" in drawn
    assert "gemeente buiten het gebied" in drawn
    assert "Vlaanderen" not in drawn
    read = sg.read_result(folder).surroundings
    kinds = read.groupby("kind")["name"].agg(set).to_dict()
    assert kinds == {"main": {""}, "municipality": {"As", "Boechout"}, "street": {""}}
    _check_web_map(folder)
    named = read[read["kind"] == "municipality"]
    assert not named.intersects(hand.SMALL["11001"][1].buffer(-1)).any()
    assert sg.verify(folder, sg.load_study(toml)).same


def _check_web_map(folder: Path) -> None:
    """In each language it says that its province is but a part, once."""
    for language, name in (("nl", "Antwerpen (deel)"), ("en", "Antwerp (part)")):
        page = sg.read_result(folder, language).web_map()  # type: ignore[arg-type]
        block = page.partition('id="data">')[2].partition("</script>")[0]
        data = json.loads(block)
        assert data["tables"]["municipalities"]["rows"][0][:2] == ["Aartselaar", name]
        assert len(data["tables"]["provinces"]["rows"]) == 1


def test_the_sample_in_part_is_those_rows_of_all(sample_result: Result) -> None:
    """A province and a municipality: each band, speed and road, at every level, to the child."""
    whole = sg.sample()
    about = whole.about.model_copy(update={"area": ("provincie Limburg", "Berlare")})
    study = whole.model_copy(update={"about": about})
    prepared = prepare_study(study, report_nothing)
    part = measure_day(prepared, study.about.date).coverage
    keys = ["level", "code", "band", "scenario", "profile"]
    ours = part[part["level"].isin(["province", "municipality", "zone"])]
    ours = ours[ours["code"] != "Oost-Vlaanderen"].set_index(keys).sort_index()
    theirs = sample_result.coverage.set_index(keys).sort_index().loc[ours.index]
    pd.testing.assert_frame_equal(ours, theirs)
    assert set(ours.loc["province"].index.get_level_values("code")) == {"Limburg"}
    assert "42003" in ours.loc["municipality"].index.get_level_values("code")
    assert len(ours.loc["zone"]) > 1000
