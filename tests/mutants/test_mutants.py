"""Facts about mutants: which are drawn, which are left out, and what becomes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mutants.change import Module, drawn
from mutants.drive import equivalents
from mutants.killers import KILLERS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "stemgeo"
NO_FIGURE = {"gaps/outlines.py", "demand/placement_notes.py"}

SOURCE = '''"""Says what is added."""

from math import floor

STEP = 2


def more(one: int, word: str = "a word") -> int:
    """Add to a number."""
    if one < STEP:
        raise ValueError("less than " + str(1 + 1))
    say("nothing", "niets")
    return floor(one + 1)
'''


def test_a_mutant_is_one_change_and_the_same_for_a_seed(tmp_path: Path) -> None:
    """Of what makes a figure: no word, no error, no import; as many as there are at most."""
    (tmp_path / "more.py").write_text(SOURCE, encoding="utf-8")
    assert len(Module(tmp_path, "more.py").places) == 4
    found = drawn(tmp_path, ["more.py"], 9, "3")
    assert found == drawn(tmp_path, ["more.py"], 9, "3")
    assert {(one.line, one.was, one.now) for one in found} == {
        (5, "STEP = 2", "STEP = 3"),
        (10, "if one < STEP:", "if one <= STEP:"),
        (13, "return floor(one + 1)", "return floor(one - 1)"),
        (13, "return floor(one + 1)", "return floor(one + 2)"),
    }
    for one in found:
        before, after = SOURCE.splitlines(), one.code.splitlines()
        changed = [i + 1 for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
        assert changed == [one.line]


def test_every_module_of_the_figures_has_tests_that_may_kill() -> None:
    """A new module of these parts is added to the table, or named here as one without figures."""
    parts = ("network", "access", "demand", "gaps", "siting", "links")
    modules = {
        str(path.relative_to(PACKAGE))
        for part in parts
        for path in (PACKAGE / part).glob("*.py")
        if path.name != "__init__.py"
    }
    alone = {f"{name}.py" for name in ("coverage", "equity", "measure", "recognition", "subsidy")}
    alone |= {"arrays.py", "steps.py", "times.py", "uncertainty.py"}
    assert set(KILLERS) == (modules - NO_FIGURE) | alone
    for own, farther in KILLERS.values():
        assert own
        assert not set(own) & set(farther)
        assert all((ROOT / name).is_file() for name in own + farther)


def test_what_is_called_equivalent_is_a_mutant_of_the_code_as_it_is() -> None:
    """Its lines stand in its module, and it has a reason: what was mended or changed goes."""
    for one in equivalents():
        lines = [line.strip() for line in (PACKAGE / one["module"]).read_text("utf-8").split("\n")]
        assert one["was"] in " ".join(lines), one
        assert one["was"] != one["now"]
        assert len(one["why"]) > 10


TRIED = """
import sys
from pathlib import Path
import hypothesis
from mutants import drive
from mutants.change import Mutant

folder = Path(sys.argv[1])
drive.TIMES, drive.MORE_S = 1, 1
drive.KILLERS = {"more.py": (["tests/test_a.py"], ["tests/test_b.py"])}
code = (folder / "tree" / "stemgeo" / "more.py").read_text()
for now in ("n + 2", "n - 1", "1 + n", "n + (1, lambda: [0 for _ in iter(int, 1)])[n > 2 or 1]()"):
    mutant = Mutant("more.py", 2, "return n + 1", now, code.replace("n + 1", now))
    print(drive.Copy(folder).tried(mutant))
print((folder / "tree" / "stemgeo" / "more.py").read_text() == code)
"""


def test_a_mutant_dies_of_its_tests_or_of_time(tmp_path: Path) -> None:
    """Noticed by the first tests or by the second, by none, or for ever busy; then it is gone."""
    (tmp_path / "numba").mkdir()
    tree = tmp_path / "tree"
    (tree / "stemgeo").mkdir(parents=True)
    (tree / "tests").mkdir()
    (tree / "stemgeo" / "__init__.py").touch()
    (tree / "stemgeo" / "more.py").write_text("def more(n):\n    return n + 1\n", encoding="utf-8")
    for name, fact in (("a", "more(1) in (0, 2)"), ("b", "more(2) == 3")):
        test = f"from stemgeo.more import more\n\n\ndef test_it():\n    assert {fact}\n"
        (tree / "tests" / f"test_{name}.py").write_text(test, encoding="utf-8")
    words = [sys.executable, "-c", TRIED, str(tmp_path)]
    ended = subprocess.run(words, cwd=ROOT / "tests", capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["failed", "failed", "lives", "time", "True"]
