"""Facts about what others counted: figures reported, participants, budgets and events."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import hand
import openpyxl
import pandas as pd
import pytest

from stemgeo.errors import Findings
from stemgeo.inputs import asides
from stemgeo.inputs.accounts import ACCOUNTS, KnownPlaces, load_account
from stemgeo.study import Register
from stemgeo.tables import check_table

if TYPE_CHECKING:
    from pathlib import Path

TOWNS = hand.municipalities(hand.SMALL).assign(name=["Aartselaar", "Boechout", "As"])
REGISTER = pd.DataFrame(
    {
        "academy_id": ["S1", "S2", "S3", "S4"],
        "name": ["Oost", "West", "Dubbel", "Dubbel"],
        "nis_code": ["11004", "11001", "11001", ""],
    }
)
GROUND = KnownPlaces(TOWNS, REGISTER, 2025, 2022, ("STEM-academie", "STEM academy"), whole=True)
TABLES = {"reported": "reported-figures"} | {one: one for one in ACCOUNTS[1:]}


def read(
    folder: Path, role: str, text: str, ground: KnownPlaces = GROUND, **said: object
) -> tuple[pd.DataFrame | None, list[str], list[str]]:
    """Read a file of that text: the table, the errors and the notes."""
    path = folder / f"{role}.csv"
    path.write_text(text, encoding="utf-8")
    findings = Findings()
    given = Register.model_validate({"path": path, **said})
    table, _ = load_account(role, given, ground, findings)
    if table is not None:
        check_table(TABLES[role], table)
    return table, [str(one) for one in findings.errors], [str(one) for one in findings.notes]


def fine(folder: Path, role: str, text: str, ground: KnownPlaces = GROUND) -> pd.DataFrame:
    """Read a file that has no problem."""
    table, errors, _ = read(folder, role, text, ground)
    assert errors == []
    assert table is not None
    return table


def test_figures_are_read_with_their_place_and_bound(tmp_path: Path) -> None:
    """Place by name or code and minstens in any language; cents and per cent are exact."""
    table = fine(
        tmp_path,
        "reported",
        "year;indicator;level;code;value;at_least;source\n"
        "2022;children_reached;region;VLG;37.376;ja;A\n"
        "2022;share_girls;;Flanders;28 %;;A\n"
        "2022;subsidy_innovation_projects;;;885.685,05;nee;A\n"
        "2021;children_reached;gewest;Vlaanderen;36.340,00;minstens;A\n"
        "2022;municipalities_with_academy;province;Flandre occidentale;64;;A\n"
        "2022;wachtlijst;commune;As;3;;B\n",
    )
    assert table["value"].tolist() == ["37376", "28", "885685.05", "36340", "64", "3"]
    assert table["at_least"].tolist() == [True, False, False, True, False, False]
    places = table[["level", "code"]].apply(tuple, axis=1).tolist()
    region, province = ("region", "VLG"), ("province", "West-Vlaanderen")
    assert places == [region] * 4 + [province, ("municipality", "71002")]
    assert table["unit"].tolist() == [
        "children",
        "percent",
        "EUR",
        "children",
        "municipalities",
        "",
    ]


def test_all_that_is_wrong_with_reported_figures_is_told_at_once(tmp_path: Path) -> None:
    """Year, indicator, place, level, number, yes or no and what stands there twice, by row."""
    table, errors, _ = read(
        tmp_path,
        "reported",
        "jaar;indicator;niveau;code;waarde;minstens\n"
        "22;series;;;1;\n"
        "2022;;;;1;\n"
        "2022;series;;Nergenshuizen;1;\n"
        "2022;series;province;As;1;\n"
        "2022;series;land;;1;\n"
        "2022;series;;Limburg;veel;\n"
        "2022;series;;Antwerpen;1;misschien\n"
        "2022;budget;;;1;\n"
        "2022;budget;region;VLG;2;\n",
    )
    assert table is None
    told = "\n".join(errors)
    for row, part in [
        (2, "'jaar' is '22', not a year"),
        (3, "'indicator' is '', not what the figure is of"),
        (4, '"Nergenshuizen" is no municipality or province'),
        (5, "'As' is a municipality, not a province"),
        (6, "'niveau' is 'land', not region, province or municipality"),
        (7, "'waarde' is 'veel', not a number"),
        (8, "'minstens' is 'misschien', not yes or no"),
        ("9, 10", "budget of 2022 in Vlaanderen is given 2 times"),
    ]:
        assert f"reported.csv, row {row}: {part}" in told
    assert len(errors) == 8


def test_a_mark_between_thousands_is_never_guessed(tmp_path: Path) -> None:
    """37.376 alone may be 37 and some: it is asked, for children and euros too."""
    for role, text in [
        ("reported", "year;indicator;value\n2022;series;37.376\n"),
        ("participants", "jaar;gemeente;kinderen\n2022;As;1.250\n"),
        ("budget", "jaar;post;euro\n2022;a;464.500\n"),
    ]:
        table, (error,), _ = read(tmp_path, role, text)
        assert table is None
        assert "not sure: the mark may stand between thousands or before decimals" in error


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("children_reached;72 %;", "'waarde' is '72 %', not a figure in children"),
        ("children_reached;5;euro", "'eenheid' is 'euro', not a figure in children"),
        ("budget;12 %;", "not a figure in EUR"),
        ("budget;2,5;miljoen euro", "write the figure in full"),
        ("eigen;5;duizend kinderen", "write the figure in full"),
        ("eigen;72 %;euro", "not a figure in EUR"),
        ("share_girls;0,28;", "not sure to be per cent; write 72 for 72 %"),
        ("share_girls;172;", "not a percentage up to 100"),
        ("children_reached;1234,5;", "not a whole number"),
        ("budget;%;", "fill it in, or leave the row out"),
        ("budget;\u0661\u0662;", "write it in the digits 0 to 9"),
    ],
)
def test_a_figure_is_in_the_unit_of_its_indicator(row: str, told: str, tmp_path: Path) -> None:
    """Per cent is no count, 2,5 million no 2,5, 0,28 perhaps 28 %, and no child is cut in two."""
    head = "jaar;indicator;waarde;eenheid\n"
    table, errors, _ = read(tmp_path, "reported", f"{head}2022;{row}\n")
    assert table is None
    assert any(told in one for one in errors)


def test_the_unit_that_a_cell_says_is_kept(tmp_path: Path) -> None:
    """72 % under a name of one's own stays per cent; what is below one per cent says so itself."""
    head = "jaar;indicator;waarde;eenheid\n"
    rows = "2022;eigen;72 %;\n2022;ander;€ 5;\n2022;derde;5;procent\n2022;share_girls;0,5 %;\n"
    table = fine(tmp_path, "reported", f"{head}{rows}2022;wachtlijst;5;gezinnen\n")
    assert table["value"].tolist() == ["72", "5", "5", "0.5", "5"]
    assert table["unit"].tolist() == ["percent", "EUR", "percent", "percent", "gezinnen"]


def test_an_academy_in_another_municipality_than_in_the_register_is_told(tmp_path: Path) -> None:
    """The row decides where who took part is counted, and it is said."""
    head = "academy_id;gemeente;jaar;kinderen\n"
    table, errors, notes = read(
        tmp_path, "participants", f"{head}S1;Aartselaar;2022;5\nS2;Aartselaar;2022;5\n"
    )
    assert errors == []
    assert table is not None
    assert table["nis_code"].tolist() == ["11001", "11001"]
    assert [one for one in notes if "not in that of the register: S1" in one and "row 2" in one]


def test_a_label_that_an_event_has_not_is_not_counted(tmp_path: Path) -> None:
    """Without, not and no before the label's name; rows that are alike are counted, and told."""
    rows = ["geen STEM-academie", "zonder STEM-academie label", "niet STEM-academie",
            "no STEM academy", "kamp, STEM-academie", "STEM-academie"]  # fmt: skip
    text = "".join(f"2022-01-01;As;{one}\n" for one in [*rows, rows[-1]])
    table, errors, notes = read(tmp_path, "events", f"datum;plaats;label\n{text}")
    assert errors == []
    assert table is not None
    assert table["has_label"].tolist() == [False] * 4 + [True] * 3
    assert [one for one in notes if "row 8" in one and "the same as an earlier row" in one]
    assert [one for one in notes if "counted as without: geen STEM-academie" in one]


def test_rows_that_name_no_place_are_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each column is added up once for the totals that may stand in it, not once a row."""
    added = []
    real = asides._add_up

    def count(numbers: pd.Series) -> tuple[float, int, set[float]]:
        added.append(len(numbers))
        return real(numbers)

    monkeypatch.setattr(asides, "_add_up", count)
    head = "gemeente;jaar;kinderen\n"
    rows = "".join(f"{'11001' if year % 2 else '11004'};{year};7\n" for year in range(1990, 2020))
    table = fine(tmp_path, "participants", f"{head}{rows}")
    assert len(table) == 30
    assert len(added) <= 3


def test_ages_that_end_before_they_begin_are_refused(tmp_path: Path) -> None:
    """From 12 to 6 is of no band; a percentage is no amount; and a bad day is of no year."""
    _, errors, notes = read(
        tmp_path, "events", "datum;plaats;leeftijd\n2022-01-01;As;12-6\nmorgen;As;6-12\n"
    )
    assert [one for one in errors if "'12-6', not ages" in one]
    assert not [one for one in notes if "other years" in one]
    _, errors, _ = read(tmp_path, "budget", "jaar;post;euro\n2022;X;12,5 %\n")
    assert [one for one in errors if "'12,5 %', not an amount in euro" in one]


def test_participants_are_read_by_academy_or_municipality(tmp_path: Path) -> None:
    """An academy by id or name has its municipality; a merged one is that of the study."""
    table = fine(
        tmp_path,
        "participants",
        "Academie;Gemeente;Jaar;Aantal kinderen;Meisjes;Jongens;Trajecten;Online\n"
        "Oost;;2022;100;30;60;3;1\nS2;;2022;50;;;;\n;As;2022;7;3;4;;\n;11004;2021;0;;;;\n"
        "Totaal;;;157;33;64;;\n",
    )
    assert table["academy_id"].tolist() == ["S1", "S2", "", ""]
    assert table["nis_code"].tolist() == ["11004", "11001", "71002", "11004"]
    assert table["children"].tolist() == [100, 50, 7, 0]
    assert table["girls"].fillna(-1).tolist() == [30, -1, 3, -1]
    wide = KnownPlaces(
        hand.municipalities({"44084": ("Oost-Vlaanderen", hand.square(0, 0))}),
        *(REGISTER, 2025, 2022, (), True),
    )
    merged = fine(tmp_path, "participants", "jaar;gemeente;kinderen\n2018;Aalter;5\n", wide)
    assert merged["nis_code"].tolist() == ["44084"]


def test_nobody_who_took_part_is_counted_twice(tmp_path: Path) -> None:
    """An academy or municipality twice in a year, or as a whole beside its parts, is refused."""
    head = "academy_id;gemeente;jaar;kinderen\n"
    for rows, part in [
        ("S1;;2022;1\nS1;;2022;2\n", "row 2, 3: S1 of 2022 is given 2 times"),
        (";As;2022;1\n;71002;2022;1\n", "row 2, 3: 71002 of 2022 is given 2 times"),
        ("S1;;2022;1\n;Boechout;2022;3\n", "row 3: Boechout is given as a whole, and by academy"),
    ]:
        table, (error,), _ = read(tmp_path, "participants", head + rows)
        assert table is None
        assert part in error
    assert len(fine(tmp_path, "participants", f"{head}S1;;2022;1\nS1;As;2022;1\nS1;;2021;1\n")) == 3


def test_girls_and_boys_are_never_more_than_all(tmp_path: Path) -> None:
    """More than all is refused by row; of one sex alone the others are the rest, and it is said."""
    head = "gemeente;jaar;kinderen;meisjes;jongens\n"
    table, errors, _ = read(
        tmp_path, "participants", f"{head}As;2022;5;3;3\nBoechout;2022;;3;\nAartselaar;2022;9;1;2\n"
    )
    assert table is None
    over = "3 girls and 3 boys are more than the 5 children; correct the one that is wrong"
    assert errors == [
        f"participants.csv, row 2: {over}",
        "participants.csv, row 3: girls or boys, and no children; give all children",
    ]
    table, errors, notes = read(
        tmp_path, "participants", "gemeente;jaar;kinderen;meisjes\nAs;2022;5;2\nBoechout;2022;4;\n"
    )
    assert errors == []
    assert table is not None
    assert table["boys"].fillna(-1).tolist() == [3, -1]
    assert any("tells no boys: they are the children who are no girls" in one for one in notes)
    table, _, notes = read(tmp_path, "participants", f"{head}As;2022;5;2;\nBoechout;2022;4;1;3\n")
    assert table is not None
    assert table["girls"].fillna(-1).tolist() == [-1, 1]
    assert any("row 2: girls or boys alone: left out of the split" in one for one in notes)


def test_participants_that_are_nowhere_are_told(tmp_path: Path) -> None:
    """Unknown academies are refused unless their municipality is given; others are not counted."""
    head = "academie;gemeente;jaar;kinderen\n"
    table, errors, notes = read(
        tmp_path,
        "participants",
        f"{head}Zuid;;2022;1\nDubbel;;2022;1\n;;2022;1\n;Nergenshuizen;2022;1\n",
    )
    assert table is None
    assert [one.split(", row ")[1][0] for one in errors] == ["2", "3", "5", "4"]
    table, errors, notes = read(
        tmp_path, "participants", f"{head}Zuid;As;2022;1\nS4;;2022;8\n;Gent;2022;5\nS1;;2022;2\n"
    )
    assert errors == []
    assert table is not None
    assert table["children"].tolist() == [1, 2]
    assert any("not in the register, and counted by municipality: Zuid" in one for one in notes)
    assert any("outside the study, and not counted: 13 children" in one for one in notes)


def test_amounts_keep_their_cents(tmp_path: Path) -> None:
    """As Belgians write them, or programs; a hundred amounts of ten cents are ten euro."""
    table = fine(
        tmp_path,
        "budget",
        "Jaar;Post;Bedrag;Begunstigden;Bron\n2022;a;€ 464.500;52 STEM-academies;x\n"
        "2022;b;885.685,05;13;x\n2023;c;2.500.000 euro;;y\n",
    )
    assert table["euro"].tolist() == ["464500", "885685.05", "2500000"]
    assert table["recipients"].tolist() == ["52 STEM-academies", "13", ""]
    dimes = "".join(f"2022;{number};0.10;;\n" for number in range(100))
    many = fine(tmp_path, "budget", f"year;line;euro;recipients;source\n{dimes}")
    assert sum(map(Decimal, many["euro"])) == 10
    table, errors, _ = read(
        tmp_path, "budget", "year;line;euro\n2022;a;1\n2022;a;2\n2022;;3\n2022;d;\n2022;e;-4\n"
    )
    assert table is None
    assert len(errors) == 4


def test_events_are_read_by_place_or_postcode(tmp_path: Path) -> None:
    """With and without the label, by yes or by name; what is elsewhere or nowhere is told."""
    table, errors, notes = read(
        tmp_path,
        "events",
        "Datum;Gemeente;Postcode;Label;Leeftijd\n2022-03-01;As;;STEM-academie;6-12\n"
        "1/4/2022;;2630;nee;\n1 mei 2022;;1000;ja;\n2021-05-01;Nergenshuizen;;natuur;12+\n"
        "2022-06-01;Gent;;ja;\n2022-07-01;;3665;natuur, STEM-academies;\n",
    )
    assert errors == []
    assert table is not None
    assert table["province"].tolist() == ["Limburg", "Antwerpen", "", "Limburg"]
    assert table["has_label"].tolist() == [True, False, False, True]
    assert table["min_age"].fillna(-1).tolist() == [6, -1, 12, -1]
    told = "\n".join(notes)
    assert "other labels, counted as without: natuur" in told
    assert "outside the study, and not counted: 2 rows (Gent)" in told
    assert "without a known place, and counted in no province: 1 row (Nergenshuizen)" in told
    assert "events of other years than 2022 stand apart, by year: 2021: 1" in told


def test_events_that_do_not_take_place_are_kept_apart(tmp_path: Path) -> None:
    """Status, form and places in words of each language; what is another is told, not refused."""
    table, errors, notes = read(
        tmp_path,
        "events",
        "datum;gemeente;status;attendance;capaciteit;titel\n2022-03-01;As;geannuleerd;online;20;X\n"
        "2022-03-02;As;uitgesteld;gemengd;;\n2022-03-03;As;volzet;;;\n2021-03-03;As;annulé;;;\n"
        "2022-03-04;;;online;;\n",
    )
    assert errors == []
    assert table is not None
    assert table["status"].tolist() == ["cancelled", "postponed", "", "cancelled", ""]
    assert table["attendance"].tolist() == ["online", "mixed", "offline", "offline", "online"]
    assert table["capacity"].sum() == 20
    assert "children_only" not in table
    told = " ".join(notes)
    assert "column status: taken for empty: volzet" in told
    assert "without a known place" not in told
    assert "other years" not in told


def test_events_without_labels_have_none_to_count(tmp_path: Path) -> None:
    """A file that has no label tells none apart: it is not said that no event bears it."""
    assert "has_label" not in fine(tmp_path, "events", "date;place\n2022-03-01;As\n")
    table, errors, _ = read(tmp_path, "events", "date;ages\n2022-13-01;6\n;6-12\n")
    assert table is None
    assert len(errors) == 3


def test_any_form_of_table_is_read_and_what_is_not_used_is_told(tmp_path: Path) -> None:
    """A workbook with a title, a total and a column of one's own, through the one door."""
    book = openpyxl.Workbook()
    for row in (["Middelen voor STEM"], [], ["annee", "poste", "montant", "kleur"],
                [2022, "ateliers", 12.5, "rood"], [2022, "kampen", 7, "blauw"],
                ["Totaal", None, 19.5, None]):  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    findings = Findings()
    table, file = load_account("budget", Register(path=tmp_path / "b.xlsx"), GROUND, findings)
    assert table is not None
    assert file is not None
    assert table["euro"].tolist() == ["12.5", "7"]
    told = "\n".join(map(str, findings.notes))
    assert "'kleur'" in told
    assert "row 6 left out as a total" in told
    assert dict(file.columns)["montant"] == "euro"


@pytest.mark.parametrize("role", ACCOUNTS)
def test_a_file_without_its_columns_says_which(role: str, tmp_path: Path) -> None:
    """Each that lacks, in one line, with the line of study.toml that would give it."""
    table, errors, _ = read(tmp_path, role, "kleur;vorm\nrood;rond\n")
    assert table is None
    assert all("has no column for" in one and "columns = {" in one for one in errors)
    table, (error,), _ = read(tmp_path, role, "year,line,euro,children,indicator,value,date\n")
    assert table is None
    assert "holds no rows below its header" in error


def test_the_sources_of_the_rows_are_those_of_the_file(tmp_path: Path) -> None:
    """A file whose every row names its source asks for none."""
    (tmp_path / "b.csv").write_text("year;line;euro;source\n2022;a;1;P\n2022;b;2;Q\n")
    _, file = load_account("budget", Register(path=tmp_path / "b.csv"), GROUND, Findings())
    assert file is not None
    assert file.source == "P; Q"
