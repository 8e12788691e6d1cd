"""Facts about the upload for provincies.incijfers.be: counts that Swing can add up, or hide."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import hand
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.inputs.vintages import brussels_codes, flemish_codes, province_of
from stemgeo.report.swing import (
    _LEVELS,
    _PROVINCES,
    HIDDEN,
    MOST_SUBJECTS,
    UNKNOWN,
    _hide,
    build_swing,
    export_swing,
)
from stemgeo.study import LEAST_SHOWN, PROVINCES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.report.swing import Swing
    from stemgeo.result import Result

pytestmark = pytest.mark.usefixtures("read_once")

BANDS = ["all", "5-8", "9-11", "12-17"]
KEY = ["period", "geolevel", "geoitem"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Three municipalities of two provinces, in a straight line."""
    base = tmp_path_factory.mktemp("small")
    return sg.run(sg.load_study(hand.write_study(base / "study", straight_line=True)))


def cells(code: str, level: str, counts: NDArray[np.int64]) -> pd.DataFrame:
    """Give the rows of a place: children, measured and within reach, by sex and band."""
    sexes, bands = ["all", "F", "M"], BANDS
    index = pd.MultiIndex.from_product([sexes, bands], names=["sex", "band"])
    told = pd.DataFrame(
        counts.reshape(3, -1).T, index=index, columns=["children", "base", "covered"]
    )
    told = told.reset_index().assign(level=level, code=code, name=code, scenario="central")
    told["uncovered"] = told["base"] - told["covered"]
    told["unmeasured"] = told["children"] - told["base"]
    return told.drop(columns="base").assign(profile="all")


@pytest.fixture(scope="module")
def flanders(small: Result) -> Result:
    """All of Flanders, with counts that were drawn: few and many children, by sex and band."""
    random = np.random.default_rng(22)
    codes = sorted(flemish_codes(2025))
    parts = random.integers(0, 400, (len(codes), 1, 2, 3))
    parts = np.concatenate([parts, random.binomial(parts, 0.97)], axis=1)
    parts = np.concatenate([parts, random.binomial(parts[:, 1:], 0.4)], axis=1)
    by_sex = np.concatenate([parts.sum(axis=2, keepdims=True), parts], axis=2)
    counts = np.concatenate([by_sex.sum(axis=3, keepdims=True), by_sex], axis=3)
    provinces = [province_of(code, 2025) for code in codes]
    rows = [cells(code, "municipality", one) for code, one in zip(codes, counts, strict=True)]
    for province in PROVINCES:
        of = np.array([one == province for one in provinces])
        rows.append(cells(province, "province", counts[of].sum(axis=0)))
    rows.append(cells("VLG", "region", counts.sum(axis=0)))
    towns = hand.municipalities(
        {code: (one, hand.square(0, 0)) for code, one in zip(codes, provinces, strict=True)}
    )
    return dataclasses.replace(
        small, groups=pd.concat(rows, ignore_index=True), municipalities=towns
    )


@pytest.fixture(scope="module")
def made(flanders: Result) -> Swing:
    """The upload of it."""
    return build_swing(flanders, "2715")


def test_every_place_of_a_level_has_one_row(made: Swing) -> None:
    """Those of the vintage and of Brussels, of which nothing is known; never an empty cell."""
    towns, provinces, region = made.tables.values()
    assert [*made.tables] == ["gemeente", "provincie", "gewest"]
    assert set(towns["geoitem"]) == flemish_codes(2025) | brussels_codes()
    assert len(towns) == 285 + 19
    assert set(provinces["geoitem"]) == {"10000", "70000", "40000", "20001", "30000", "4000"}
    assert region["geoitem"].tolist() == ["2000", "4000"]
    for level, table in made.tables.items():
        assert set(table["geolevel"]) == {level}
        assert set(table["period"]) == {2022}  # of the study's day
        values = table.drop(columns=KEY)
        assert (values.dtypes == np.int64).all()
        brussels = table["geoitem"].isin(brussels_codes() | {"4000"})
        assert (values[brussels] == UNKNOWN).all(axis=None)
        assert not (values[~brussels] == UNKNOWN).any(axis=None)


def test_shares_that_swing_makes_are_those_of_the_result(made: Swing, flanders: Result) -> None:
    """Numerator by denominator, for each place, age and sex that is shown; to the child."""
    groups = flanders.groups.set_index(["code", "sex", "band"])
    subjects = made.subjects[made.subjects["Datatype"] == "Percentage"]
    assert len(subjects) == 12
    codes = {"2000": "VLG"} | {code: one for one, code in _PROVINCES.items()}
    compared = 0
    for table in made.tables.values():
        for row in table.to_dict("records"):
            for one in subjects.to_dict("records"):
                top, base = one["Formule"].split("/")
                assert (base, top) == (one["Aggregatieonderwerp"], one["Drempelonderwerp"])
                if min(row[top], row[base]) < 0:
                    continue
                sex = {"f": "F", "m": "M"}.get(top.rpartition("_")[2], "all")
                ages = top.removeprefix("v2715_reach_").removesuffix(f"_{sex.lower()}")
                band = "all" if ages == "t" else ages.replace("_", "-")
                there = groups.loc[(codes.get(row["geoitem"], row["geoitem"]), sex, band)]
                assert row[top] == there["covered"]
                assert row[base] == there["covered"] + there["uncovered"]
                compared += 1
    assert compared > 2000


def test_municipalities_add_up_to_provinces_where_nothing_is_hidden(made: Swing) -> None:
    """And provinces to Flanders: Swing may add up, or take what is given."""
    towns, provinces, region = (
        one.set_index("geoitem").drop(columns=KEY[:2]) for one in made.tables.values()
    )
    towns = towns[towns.index.isin(flemish_codes(2025))]
    of = towns.index.map(lambda code: _PROVINCES[province_of(code, 2025)])
    shown = (towns != HIDDEN).groupby(of).all()
    sums = towns.groupby(of).sum()
    given_ = provinces.loc[sums.index]
    assert shown.any(axis=None)
    assert ((sums == given_) | ~shown | (given_ == HIDDEN)).all(axis=None)
    assert (given_[shown] != HIDDEN).all(axis=None)
    whole = (given_ != HIDDEN).all()
    assert (given_.sum()[whole] == region.loc["2000"][whole]).all()


def test_small_counts_and_what_gives_them_away_are_hidden(made: Swing, flanders: Result) -> None:
    """1 to 4 never stand in a file, 0 does; nor can one be had as the rest of a sum."""
    for table in made.tables.values():
        values = table.drop(columns=KEY)
        assert not ((values > 0) & (values < LEAST_SHOWN)).any(axis=None)
    towns = made.tables["gemeente"].set_index("geoitem")
    assert (towns.drop(columns=KEY[:2]) == 0).any(axis=None)
    base = flanders.groups.assign(base=lambda t: t["covered"] + t["uncovered"])
    small = base[(base["level"] == "municipality") & base["base"].between(1, 4)]
    assert len(small)
    for one in small.to_dict("records"):
        group = f"{one['band'].replace('-', '_').replace('all', 't')}"
        group += {"all": "", "F": "_f", "M": "_m"}[one["sex"]]
        assert towns.loc[one["code"], f"v2715_base_{group}"] == HIDDEN
    assert made.hidden == sum((one == HIDDEN).sum().sum() for one in made.tables.values())


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 12, 60]), st.booleans())
def test_nothing_that_is_hidden_is_the_rest_of_a_sum(
    seed: int,
    most: int,
    sexes: bool,  # noqa: FBT001 -- drawn
) -> None:
    """Over places, ages, sexes: of no sum is one part alone hidden, nor so few that they tell."""
    random = np.random.default_rng(seed)
    towns = {f"T{n}": ["Antwerpen", "Limburg"][n % 2] for n in range(5)}
    parts = random.integers(0, most, (5, 1, 2 if sexes else 1, 2))
    parts = np.concatenate([parts, random.binomial(parts, 0.9)], axis=1)
    parts = np.concatenate([parts, random.binomial(parts[:, 1:], 0.5)], axis=1)
    if sexes:
        parts = np.concatenate([parts.sum(axis=2, keepdims=True), parts], axis=2)
    parts = np.concatenate([parts.sum(axis=3, keepdims=True), parts], axis=3)
    of = np.array([[towns[one] == name for one in towns] for name in ("Antwerpen", "Limburg")])
    provinces = np.stack([parts[one].sum(axis=0) for one in of])
    counts = np.concatenate([parts, provinces, parts.sum(axis=0, keepdims=True)])
    hidden = _hide(counts, towns, [*towns, "Antwerpen", "Limburg", "VLG"])
    assert hidden[(counts > 0) & (counts < LEAST_SHOWN)].all()
    assert not hidden[counts == 0].any()
    lines = [(0, [7, 5, 6]), (0, [5, 0, 2, 4]), (0, [6, 1, 3]), (3, [0, 1, 2])]
    lines += [(2, [0, 1, 2])] if sexes else []
    for axis, line in lines:
        kept = np.moveaxis(hidden, axis, -1)[..., line].reshape(-1, len(line))
        values = np.moveaxis(counts, axis, -1)[..., line].reshape(-1, len(line))
        assert not (kept.sum(axis=1) == 1).any()
        told = kept.any(axis=1) & ~kept[:, 0]
        assert (np.where(kept, values, 0).sum(axis=1)[told] >= 2 * LEAST_SHOWN).all()


@pytest.mark.parametrize("seed", range(1, 9))
def test_nothing_that_is_hidden_follows_from_all_sums_together(seed: int) -> None:
    """By elimination over places, ages and sexes at once: each can be another number too.

    Few small counts among large ones: hidden ones lie in circles that a bridge joins, and the
    bridge follows from what goes in and comes out, though no sum has it as its rest.
    """
    random, names = np.random.default_rng(seed), ["Antwerpen", "Limburg"]
    shape = (16, 1, 2, 3)
    parts = random.integers(20, 400, shape)
    parts = np.where(random.random(shape) < 0.06, random.integers(1, 5, shape), parts)
    lost = np.where(random.random(shape) < 0.06, random.integers(1, 5, shape), 0)
    parts = np.concatenate([parts, (parts - lost).clip(0)], axis=1)
    parts = np.concatenate([parts, random.binomial(parts[:, 1:], 0.5)], axis=1)
    provinces = [parts[0::2].sum(axis=0), parts[1::2].sum(axis=0)]
    counts = np.concatenate([parts, provinces, parts.sum(axis=0, keepdims=True)])
    counts = np.concatenate([counts.sum(axis=2, keepdims=True), counts], axis=2)
    counts = np.concatenate([counts.sum(axis=3, keepdims=True), counts], axis=3)
    towns = {f"T{n}": names[n % 2] for n in range(16)}
    hidden = _hide(counts, towns, [*towns, *names, "VLG"])
    at = np.arange(19 * 3 * 4).reshape(19, 3, 4)
    lines = [(0, [18, 16, 17]), (0, [16, *range(0, 16, 2)]), (0, [17, *range(1, 16, 2)])]
    lines += [(1, [0, 1, 2]), (2, [0, 1, 2, 3])]
    sums = [
        cells
        for axis, line in lines
        for cells in np.moveaxis(at, axis, -1)[..., line].reshape(-1, len(line))
    ]
    matrix = np.zeros((len(sums), at.size))
    for row, (whole, *of) in zip(matrix, sums, strict=True):
        row[whole], row[of] = 1, -1
    assert not (matrix @ counts[:, 0].ravel()).any()
    for measure in range(3):
        kept = hidden[:, measure].ravel()
        *_, values, base = np.linalg.svd(matrix[:, kept])
        free = base[(values > 1e-9).sum() :]
        assert (abs(free).max(axis=0, initial=0) > 1e-9).all()


def test_few_who_are_not_measured_or_not_within_reach_are_hidden_together() -> None:
    """Of 100 children 97 measured, all within reach: the 97 would tell of the 3 as well."""
    counts = np.array([[100, 97, 97]] * 3).reshape(3, 3, 1, 1)
    hidden = _hide(counts, {"T": "Antwerpen"}, ["T", "Antwerpen", "VLG"])
    assert hidden[..., 0, 0].tolist() == [[False, True, True]] * 3


def test_subjects_are_told_with_what_they_are_made_of(made: Swing) -> None:
    """Each once; every count of a file, a share with its denominator, threshold and unit."""
    subjects = made.subjects.set_index("Onderwerpcode")
    assert subjects.index.is_unique
    assert subjects["Onderwerpnaam"].is_unique
    counts = subjects[subjects["Datatype"] == "Numeriek"]
    for table in made.tables.values():
        assert set(table.columns) - set(KEY) == set(counts.index)
    one = subjects.loc["vp2715_reach_9_11_f"]
    assert one["Onderwerpnaam"] == (
        "meisjes 9 tot en met 11 jaar binnen 15 minuten fietsen van een STEM-academie "
        "(t.o.v. gemeten meisjes 9 tot en met 11 jaar)"
    )
    assert one["Formule"] == "v2715_reach_9_11_f/v2715_base_9_11_f"
    assert (one["Eenheid"], one["Afronding"], one["Drempelwaarde"]) == ("p", 1, 5)
    assert (subjects["Periodetype"] == "Stock").all()
    assert subjects["Bron"].str.endswith(" | provincies.incijfers.be").all()
    assert subjects["Beschrijving"].str.contains("1 januari 2022").all()


def test_places_of_which_a_part_is_measured_are_unknown(small: Result) -> None:
    """A province that lacks a municipality, and Flanders: their counts would be too low."""
    made = build_swing(small)
    towns, provinces, region = (one.set_index("geoitem") for one in made.tables.values())
    known = towns[towns["vstem_kids_t"] != UNKNOWN]
    assert set(known.index) == set(hand.SMALL_CHILDREN)
    assert (provinces["vstem_kids_t"] == UNKNOWN).all()
    assert (region["vstem_kids_t"] == UNKNOWN).all()
    named = small.municipalities.assign(name=["A (deel)", "B", "C"])
    cut = build_swing(dataclasses.replace(small, municipalities=named))
    of_part = named["nis_code"].iloc[0]
    table = cut.tables["gemeente"].set_index("geoitem")
    assert table.loc[of_part, "vstem_kids_t"] == UNKNOWN
    assert any(of_part in str(one) for one in cut.notes)
    parts = small.municipalities.assign(name=["A (deel)", "B (deel)", "C (deel)"])
    with pytest.raises(ResultError, match="no municipality as a whole"):
        build_swing(dataclasses.replace(small, municipalities=parts))


def test_each_subject_tells_how_it_was_measured_and_what_is_noticed(small: Result) -> None:
    """A straight line and a notice go with the figures, not with the folder alone."""
    for told in build_swing(small).subjects["Beschrijving"]:
        assert "Benadering in vogelvlucht (afstand x 1,3). " in told
        assert "Proef, niet voor publicatie." in told


def test_an_upload_is_written_and_refused_in_one_line(small: Result, tmp_path: Path) -> None:
    """The same bytes twice; a code that is none, and what someone worked on, are refused."""
    small.write(tmp_path / "result")
    words = ("export", tmp_path / "result", "--to", "swing", "--code", "2715", "--out")
    said = stemgeo(*words, tmp_path / "a")
    assert said.status == 0, said.err
    assert "48 onderwerpen van gemeente, provincie, gewest" in said.err
    assert stemgeo(*words, tmp_path / "b").status == 0
    files = content_of(tmp_path / "a")
    assert files == content_of(tmp_path / "b")
    levels = ("gemeente", "provincie", "gewest", "onderwerpen")
    assert files.keys() == {*(f"swing-{one}.csv" for one in levels), "manifest.json"}
    table = pd.read_csv(tmp_path / "a" / "swing-gemeente.csv", dtype={"geoitem": str})
    assert table.columns[:3].tolist() == KEY
    listed = json.loads(files["manifest.json"])["outputs"]
    assert listed.keys() == files.keys() - {"manifest.json"}
    for code in ("=1+1", "", "../x", "A B"):
        said = stemgeo(*words[:4], "--code", code, "--out", tmp_path / "c")
        assert said.status == 1
        assert "--code" in said.err
    (tmp_path / "a" / "swing-gewest.csv").write_text("anders", encoding="utf-8")
    assert "swing-gewest.csv (changed)" in stemgeo(*words, tmp_path / "a").err
    assert stemgeo(*words[:3], "excel", "--out", tmp_path / "c").status == 2


def test_no_file_has_more_columns_than_an_upload_takes(
    flanders: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the subjects stand in a second file, of the same places."""
    assert len(KEY) + MOST_SUBJECTS == 60
    monkeypatch.setattr("stemgeo.report.swing.MOST_SUBJECTS", 20)
    export_swing(flanders, tmp_path / "out")
    first, second = (
        pd.read_csv(tmp_path / "out" / f"swing-gemeente{more}.csv") for more in ("", "-2")
    )
    assert len(first.columns) == 23
    assert len(second.columns) == 3 + 36 - 20
    pd.testing.assert_frame_equal(first[KEY], second[KEY])


def test_each_vintage_goes_to_the_level_of_its_day() -> None:
    """Municipalities of 2025, 2024 and 2018; Zwijndrecht changed its province in 2025."""
    assert {year: levels[0] for year, levels in _LEVELS.items()} == {
        2025: "gemeente",
        2024: "gemeente2024",
        2018: "gemeente2018",
    }
    assert province_of("11056", 2024) == "Antwerpen"
    assert _LEVELS[2024][1] != _LEVELS[2025][1]
