"""What a command shows while it works: on a terminal alone, in the language of its study."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import hand
import numba
import pandas as pd
import pytest
from terminal import Said, stemgeo, stemgeo_on_terminal

from stemgeo.access import search
from stemgeo.stages import ASSUMPTIONS, MEASURING_YEARS, STAGES
from stemgeo.terminal import PROGRESS_VARIABLE, Form, print_table, show_progress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OF = {"en": "of", "nl": "van", "fr": "sur"}


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The small study in each language, in Dutch over roads."""
    found = {}
    for language in OF:
        folder = tmp_path_factory.mktemp("shown") / language
        hand.write_study(folder, straight_line=language != "nl")
        text = (folder / "study.toml").read_text("utf-8")
        own = text.replace("[output]", f'[output]\nlanguage = "{language}"')
        (folder / "study.toml").write_text(own, encoding="utf-8")
        found[language] = folder
    return found


@pytest.fixture(scope="module")
def ran(studies: Mapping[str, Path]) -> tuple[Path, Said]:
    """The Dutch result, and what its run said on a terminal."""
    place = studies["nl"].parent / "result"
    return place, stemgeo_on_terminal("run", studies["nl"], "--out", place, "--uncertainty")


def stages_shown(said: Said, command: str, language: str) -> list[int]:
    """Number the stages that were drawn, each once; each in the words of the command's own."""
    assert said.status == 0, said.err
    every = STAGES[command]
    of = OF[language]
    line = rf"(\d+) {of} {len(every)}\s?: ([^━╸╺(\n]+)"
    found = dict.fromkeys((int(one), words.strip()) for one, words in re.findall(line, said.err))
    for number, words in found:
        told = every[number - 1]
        assert words == told.to_text(language) or told in (MEASURING_YEARS, ASSUMPTIONS)
    return list(dict.fromkeys(number for number, _ in found))


def test_a_run_tells_each_stage_in_the_language_of_its_study(ran: tuple[Path, Said]) -> None:
    """Which of fourteen; those that the study needs, in order."""
    assert stages_shown(ran[1], "run", "nl") == [*range(1, 15)]


@pytest.mark.parametrize(
    ("command", "language", "words", "needed"),
    [
        ("check", "fr", "check {study}", [1, 2, 5]),
        ("site", "fr", "site {study} -n 1 --out {new}", [1, 2, *range(5, 14)]),
        ("links", "nl", "links {study} -n 1 --out {new}", [*range(1, 15)]),
        ("trend", "fr", "trend {study} --years 2021-2022 --out {new}", [1, 2, 5, 6, 7, 8, 9]),
        ("explain", "en", "explain {study} {study} --out {new}", [1, 2, 3, 4, 5]),
        ("compare", "nl", "compare {result} {result}", [1, 2]),
        ("answer", "nl", "answer {result} --out {new}", [1, 2, 3, 4]),
        ("publish", "nl", "publish {result} --out {new}", [1, 2, 3]),
        ("map", "nl", "map {result} --out {new}.svg", [1, 2]),
    ],
)
def test_each_command_that_takes_long_tells_its_stages(
    studies: Mapping[str, Path],
    ran: tuple[Path, Said],
    tmp_path: Path,
    command: str,
    language: str,
    words: str,
    needed: list[int],
) -> None:
    """Those that it needs in order, with their number; in the language of study or result."""
    told = {"study": studies[language], "result": ran[0], "new": tmp_path / "new"}
    said = stemgeo_on_terminal(*(word.format(**told) for word in words.split()))
    assert stages_shown(said, command, language) == needed


def test_verify_tells_the_stages_of_what_it_computes_again(ran: tuple[Path, Said]) -> None:
    """Those of a run, and a last one: the comparison."""
    said = stemgeo_on_terminal("verify", ran[0])
    assert said.status == 0
    assert "6 van 15: Reistijden berekenen" in said.err
    assert "15 van 15: Vergelijken" in said.err


def test_in_a_pipe_and_when_quiet_nothing_is_shown(ran: tuple[Path, Said]) -> None:
    """Not a stage and no sign that moves a cursor; what is to be known is said all the same."""
    piped = stemgeo("compare", ran[0], ran[0])
    quiet = stemgeo_on_terminal("compare", ran[0], ran[0], "--quiet")
    assert piped.err.splitlines() == [line for line in quiet.err.splitlines() if line]
    assert piped.out == quiet.out
    assert "van 5" not in piped.err


def test_lines_are_told_to_a_file_when_they_are_asked_for(
    ran: tuple[Path, Said],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A line for each stage and thing, with the minutes and seconds so far."""
    monkeypatch.setenv(PROGRESS_VARIABLE, "lines")
    said = stemgeo("map", ran[0], "--out", tmp_path / "kaart.svg")
    told = [line for line in said.err.splitlines() if re.match(r"\d+:\d\d ", line)]
    assert [line.split(" ", 1)[1] for line in told] == [
        "1 van 2: Resultaat lezen",
        "2 van 2: Kaarten tekenen",
    ]


@pytest.mark.parametrize("compiled", [True, False])
def test_the_first_search_on_a_machine_says_that_it_is_compiled(
    studies: Mapping[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    compiled: bool,
) -> None:
    """Once, before anything else; and never again where that was done."""
    monkeypatch.setattr(search, "is_compiled", lambda: compiled)
    said = stemgeo_on_terminal("trend", studies["en"], "--years", "2021,2022", "--out",
                               tmp_path / "t")  # fmt: skip
    assert said.err.count("The first time on this machine") == (0 if compiled else 1)


@pytest.mark.parametrize(("searches", "times"), [(True, 1), (False, 0)])
def test_a_batch_says_it_where_its_workers_are_here(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    searches: bool,
    times: int,
) -> None:
    """Workers of a scheduler elsewhere compile elsewhere, and the line is of this machine."""
    monkeypatch.setattr(search, "is_compiled", lambda: False)
    monkeypatch.setenv(PROGRESS_VARIABLE, "lines")
    with show_progress("en", STAGES["batch"], searches=searches) as progress:
        progress(STAGES["batch"][0], 0.0)
    assert capsys.readouterr().err.count("The first time on this machine") == times


def _never_run(number: int) -> int:
    return number


@pytest.mark.usefixtures("ran")
def test_whether_the_search_is_compiled_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a run it is; a kernel that nobody called is not."""
    assert search.is_compiled()
    kernel = numba.njit(cache=True)(_never_run)
    monkeypatch.setattr(search, "_search_sources_to_points", kernel)
    assert not search.is_compiled()


def test_a_table_without_rows_is_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    """Not what a library says of one, in its own language."""
    print_table(pd.DataFrame(columns=["Waar", "Hiaat"]), Form.text)
    assert capsys.readouterr().out == "Waar   Hiaat\n"
