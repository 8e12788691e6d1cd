"""Changes the code in any number of small ways and counts what the tests notice: `make mutants`.

`make mutants N=120 SEED=1` draws 120 mutants of the modules from which figures come, puts each into
a copy of the project and runs the tests of its module (`mutants.killers`) in a fork of a process
that has the libraries loaded. A test that fails kills it, and so does time: many times the
processor seconds that the same tests take without it. What lives is printed; what cannot be told
apart stands in `equivalent.toml` with the reason. `ONLY=17` repeats one.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import tomllib
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba
import pytest
from mutants.change import drawn
from mutants.killers import KILLERS, NOT_RUN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mutants.change import Mutant

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
LEAST = 0.97
"""So much of what is not equivalent must die."""

TIMES, MORE_S = 10, 60
"""A mutant has so many times the processor seconds of the unmutated run, and so many more."""

_MOST_BYTES = 6 * 1024**3
"""Of memory, with all that the libraries map: one that asks for ever more ends."""

_HANGS_S = 1800
"""Without using the processor for so long it waits for what never comes."""

_LOADED_ONCE = (
    *("numpy", "pandas", "geopandas", "shapely", "pyproj", "pyogrio", "pyarrow", "rasterio"),
    *("scipy.sparse.csgraph", "scipy.spatial", "scipy.optimize", "networkx", "osmium", "highspy"),
    *("pydantic", "pandera.pandas", "babel.numbers", "openpyxl", "hypothesis"),
)


class _NoSample:
    """Leaves tests out that need the whole sample."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [one for one in items if not set(NOT_RUN) & set(one.fixturenames)]


@dataclass
class Copy:
    """A copy of the project in which mutants are put, one after another."""

    folder: Path
    limits_s: dict[str, float] = field(default_factory=dict)
    changes: int = 0

    @classmethod
    def of(cls, root: Path, folder: Path) -> Copy:
        """Copy what git knows or would, as it stands."""
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "numba").mkdir(parents=True)
        words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(words, cwd=root, capture_output=True, check=True).stdout
        for name in filter(None, listed.decode().split("\0")):
            if (root / name).is_file():
                place = folder / "tree" / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, place)
        return cls(folder)

    def run(self, tests: Sequence[str], limit_s: float | None = None) -> tuple[str, float]:
        """Run tests until one fails; say how they ended, with the processor seconds."""
        pid = os.fork()
        if not pid:
            self._child(tests, limit_s)
        watch = threading.Timer(_HANGS_S, os.kill, (pid, signal.SIGKILL))
        watch.start()
        _, status, used = os.wait4(pid, 0)
        watch.cancel()
        code = os.waitstatus_to_exitcode(status)
        told = {0: "lives", 5: "no test", -signal.SIGXCPU: "time", -signal.SIGKILL: "hangs"}
        return told.get(code, "failed"), used.ru_utime + used.ru_stime

    def _child(self, tests: Sequence[str], limit_s: float | None) -> None:
        code = 1
        try:
            with (self.folder / "log.txt").open("w") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            tree = self.folder / "tree"
            os.chdir(tree)
            os.environ["PYTHONPATH"] = str(tree)
            os.environ.pop("CI", None)
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            sys.path[:] = [str(tree), *(one for one in sys.path if one != str(ROOT / "tests"))]
            for name in [one for one in sys.modules if one.partition(".")[0] == "mutants"]:
                del sys.modules[name]
            # Compiling well is dearer here than what it saves.
            os.environ |= {"NUMBA_CACHE_DIR": str(self.folder / "numba"), "NUMBA_OPT": "1"}
            numba.config.reload_config()
            sys.dont_write_bytecode = limit_s is not None
            if limit_s is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit_s), int(limit_s) + 5))
                resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
            words = ["-q", "-x", "--tb=short", "-p", "no:cacheprovider"]
            words += ["-p", "pytest_socket", "-p", "_hypothesis_pytestplugin"]
            words += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of libraries loaded once
            words += ["--hypothesis-profile", _profile(), "--basetemp", str(self.folder / "temp")]
            words += tests
            code = int(pytest.main(words, plugins=[_NoSample()]))
        except BaseException:  # noqa: BLE001  (told in the log; a failed run is a failed run)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def limit_s(self, tests: Sequence[str]) -> float:
        """Say how long a mutant may take over tests: they are run without one, once."""
        key = " ".join(tests)
        if key not in self.limits_s:
            ended, used_s = self.run(tests)
            if ended != "lives":
                _say(f"without a mutant: {ended}: {key}: see {self.folder / 'log.txt'}")
                sys.exit(2)
            self.limits_s[key] = TIMES * used_s + MORE_S
        return self.limits_s[key]

    def tried(self, mutant: Mutant) -> str:
        """Run the tests of a mutant's module with it until one notices; say by what it died."""
        for tests in filter(None, KILLERS[mutant.module]):
            limit_s = self.limit_s(tests)
            with self._changed(mutant):
                ended, _ = self.run(tests, limit_s)
            if ended != "lives":
                return ended
        return "lives"

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[None]:
        """Put a mutant in, and take it out."""
        path = self.folder / "tree" / "stemgeo" / mutant.module
        numba_dir, kept = self.folder / "numba", self.folder / "numba-kept"
        before, stat = path.read_text(encoding="utf-8"), path.stat()
        # What was compiled of the unmutated code is used where it still holds: numba and Python
        # tell by the time of a file, so each mutant has another.
        self.changes += 1
        numba_dir.rename(kept)
        if "njit" in before and _outside_functions(mutant, before):
            numba_dir.mkdir()  # a constant may be in what other modules compiled
        else:
            shutil.copytree(kept, numba_dir, copy_function=os.link)
        try:
            path.write_text(mutant.code, encoding="utf-8")
            os.utime(path, (stat.st_atime, stat.st_mtime + 2 * self.changes))
            yield
        finally:
            path.write_text(before, encoding="utf-8")
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            shutil.rmtree(numba_dir)
            kept.rename(numba_dir)


def _profile() -> str:
    """Make and name a way to draw examples: fewer, and none simpler once one fails."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
    )
    return "mutants"


def _outside_functions(mutant: Mutant, before: str) -> bool:
    line = before.splitlines()[mutant.line - 1]
    return not line.startswith((" ", ")"))


def equivalents() -> list[dict[str, str]]:
    """Read the mutants that no test can tell apart, each with the reason."""
    listed: list[dict[str, str]] = tomllib.loads(EQUIVALENT.read_text("utf-8"))["mutant"]
    return listed


def is_equivalent(mutant: Mutant, known: list[dict[str, str]]) -> bool:
    """Whether a mutant is listed, by its module and its lines."""
    mine = (mutant.module, mutant.was, mutant.now)
    return mine in {(one["module"], one["was"], one["now"]) for one in known}


def main() -> None:
    """Draw as many as asked, try each, print what lives and the share that died."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--n", type=int, default=120)
    words.add_argument("--seed", default="1")
    words.add_argument("--only", type=int)
    words.add_argument("--module", help="of this one alone, as gaps/join.py")
    words.add_argument("--folder", type=Path, default=ROOT / "out" / "mutants")
    asked = words.parse_args()
    names = [asked.module] if asked.module else list(KILLERS)
    every = drawn(ROOT / "stemgeo", names, asked.n, asked.seed)
    numbers = range(len(every)) if asked.only is None else [asked.only]
    copy = Copy.of(ROOT, asked.folder)
    for name in _LOADED_ONCE:
        importlib.import_module(name)
    known, counts = equivalents(), Counter[tuple[str, str]]()
    for number in numbers:
        mutant = every[number]
        ended = copy.tried(mutant)
        if ended == "lives" and is_equivalent(mutant, known):
            ended = "equivalent"
        counts[mutant.module, ended] += 1
        if ended not in ("failed", "time") or asked.only is not None:
            _say(f"{number:4} {ended}: {mutant}")
        elif sys.stdout.isatty() or number % 20 == 19:
            _say(f"{number:4} {ended}")
    sys.exit(0 if _summed_up(counts, asked.seed) else 1)


def _summed_up(counts: Counter[tuple[str, str]], seed: str) -> bool:
    """Print by module how mutants ended, and the share of those that can be told apart."""
    modules = sorted({module for module, _ in counts})
    _say(f"\n{'module':26} {'mutants':>8} {'died':>8} {'same':>8} {'live':>8}")
    totals = Counter[str]()
    for module in modules:
        mine = Counter({ended: n for (one, ended), n in counts.items() if one == module})
        totals += mine
        _say(f"{module:26} {_counted(mine)}")
    _say(f"{'all':26} {_counted(totals)}")
    apart = totals.total() - totals["equivalent"]
    died = apart - totals["lives"] - totals["no test"]
    share = died / apart if apart else 1.0
    _say(f"\nseed {seed}: {died} of {apart} that are not equivalent died: {100 * share:.1f} %")
    return share >= LEAST


def _counted(ended: Counter[str]) -> str:
    same, live = ended["equivalent"], ended["lives"] + ended["no test"]
    numbers = (ended.total(), ended.total() - same - live, same, live)
    return " ".join(f"{number:8}" for number in numbers)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
