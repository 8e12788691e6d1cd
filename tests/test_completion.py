"""What a shell fills in: studies, results, provinces, levels; asked as a shell asks it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stemgeo import completion
from stemgeo.maps.kinds import KINDS

BIN = Path(sys.executable).parent
EMPTY = ' ""'
"""The word that one is about to begin."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two studies, a result and other things, in which the shell stands."""
    monkeypatch.chdir(tmp_path)
    for study in ("berlare", "mijn studie", ".hidden"):
        (tmp_path / study).mkdir()
        (tmp_path / study / "study.toml").touch()
    (tmp_path / "bergen").mkdir()
    (tmp_path / "betere.toml").touch()
    (tmp_path / "result").mkdir()
    told = '{"study": {"inputs": {"layers": {"buurten": {}, "wijken": {}}}}}'
    (tmp_path / "result" / "manifest.json").write_text(told, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_studies_and_results_are_named_as_they_are_typed() -> None:
    """Of the folder that the word is in; what a shell would have to quote is left to it."""
    assert completion.complete_studies("be") == ["berlare", "betere.toml"]
    assert completion.complete_studies("./be") == ["./berlare", "./betere.toml"]
    assert completion.complete_studies("berlare/") == ["berlare/study.toml"]
    assert completion.complete_studies("") == ["berlare", "betere.toml"]
    assert completion.complete_studies("nowhere/x") == []
    assert completion.complete_results("") == ["result"]


@pytest.mark.usefixtures("folder")
def test_names_are_found_in_capitals_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Provinces, municipalities, kinds of maps with what they show, and levels of a result."""
    assert completion.complete_provinces("l") == ["Limburg"]
    assert completion.complete_provinces("OO") == ["Oost-Vlaanderen"]
    assert completion.complete_areas("berl") == ["Berlaar", "Berlare"]
    assert dict(completion.complete_kinds("")) == {key: one.help for key, one in KINDS.items()}
    assert completion.complete_levels("z") == ["zone"]
    monkeypatch.setenv("COMP_WORDS", "stemgeo coverage result --by")
    assert completion.complete_levels("") == [
        *("region", "province", "municipality", "zone", "buurten", "wijken")
    ]


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_what_a_stranger_wrote_breaks_no_completion(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be looked into hides no other; no name is read as an option."""
    for name in ("--replace", "$(touch x)", "a b", "shut"):
        (folder / name).mkdir()
        (folder / name / "study.toml").write_text("", encoding="utf-8")
    is_file = Path.is_file

    def refuse(self: Path) -> bool:
        if self.parent.name == "shut":
            raise PermissionError
        return is_file(self)

    monkeypatch.setattr(Path, "is_file", refuse)
    found = completion.complete_studies("")
    assert "berlare" in found
    assert not {"--replace", "$(touch x)", "a b", "shut"} & {*found}
    assert completion.complete_studies("./--") == ["./--replace"]


@pytest.mark.parametrize("layers", ['[1, null, "wijk"]', "7", "[" * 100_000])
def test_a_broken_manifest_breaks_no_completion(
    folder: Path, monkeypatch: pytest.MonkeyPatch, layers: str
) -> None:
    """The usual levels are named all the same."""
    told = f'{{"study": {{"inputs": {{"layers": {layers}}}}}}}'
    (folder / "odd").mkdir()
    (folder / "odd" / "manifest.json").write_text(told, encoding="utf-8")
    monkeypatch.setenv("COMP_WORDS", "stemgeo coverage odd --by")
    found = completion.complete_levels("")
    assert {*found} >= {*completion.LEVELS}
    assert ("wijk" in found) == ("wijk" in layers)


def test_bash_fills_in_what_follows(folder: Path) -> None:
    """By the script that the command itself gives: commands, options, studies, results."""
    asked = ["stemgeo expl", "stemgeo check ber", "stemgeo map result --prov",
             "stemgeo map result --province W", "stemgeo map result --lang ",
             "stemgeo coverage result --by w"]  # fmt: skip
    lines = [
        f"COMP_WORDS=({line.rstrip()}{EMPTY if line.endswith(' ') else ''}); "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _stemgeo_completion stemgeo; "
        'echo "${COMPREPLY[*]}"'
        for line in asked
    ]
    script = "\n".join(['eval "$(stemgeo --show-completion)"', *lines])
    own = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    ended = subprocess.run(
        ["bash", "--norc", "-c", script], check=True, capture_output=True, text=True, cwd=folder,
        env=own,
    )  # fmt: skip
    assert ended.stdout.splitlines() == [
        "explain explore", "berlare", "--province", "West-Vlaanderen", "nl en fr", "wijken",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shell", "place"),
    [
        ("bash", ".bash_completions/stemgeo.sh"),
        ("zsh", ".zfunc/_stemgeo"),
        ("fish", ".config/fish/completions/stemgeo.fish"),
    ],
)
def test_completion_is_installed_for_the_shell_that_one_has(
    tmp_path: Path, shell: str, place: str
) -> None:
    """One file in the home, and in that of bash and zsh a line of their own; doctor finds it."""
    own = {**os.environ, "HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    ended = subprocess.run(
        [BIN / "stemgeo", "--install-completion", shell],
        check=True, capture_output=True, text=True, env=own,
    )  # fmt: skip
    assert shell in ended.stdout
    assert "_STEMGEO_COMPLETE" in (tmp_path / place).read_text("utf-8")
