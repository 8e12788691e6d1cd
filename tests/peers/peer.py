"""Valhalla as a peer: its own venv, its tiles, its answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    Place = tuple[float, float]

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
NEEDS = (3, 12)

NEWER_PYTHONS = ("python3.12", "python3.13", "python3.14", "python3")
PYENV = Path.home() / ".pyenv" / "versions"


class PeerError(RuntimeError):
    """Valhalla cannot be had here, or did not do what it was asked."""


def python_for_valhalla(given: str | None) -> str:
    """Find a Python that Valhalla's wheels run on.

    Raises
    ------
    PeerError
        If the given one is too old, or none is found.
    """
    if given:
        candidates = [given]
    else:
        installed = sorted(PYENV.glob("3.1[2-9].*/bin/python"), reverse=True)
        candidates = [sys.executable, *NEWER_PYTHONS, *map(str, installed)]
    for candidate in candidates:
        if _new_enough(candidate):
            return candidate
    raise PeerError(
        f"Valhalla needs Python {NEEDS[0]}.{NEEDS[1]} or newer, and none of {candidates} is; "
        "name one with --python"
    )


def _new_enough(python: str) -> bool:
    if shutil.which(python) is None:
        return False
    test = f"import sys; sys.exit(sys.version_info < {NEEDS})"
    return subprocess.run([python, "-c", test], capture_output=True, check=False).returncode == 0


class Peer:
    """Valhalla over one extract.

    Parameters
    ----------
    python
        Of the venv that `install` made.
    folder
        Where tiles, questions and answers go.
    """

    def __init__(self, python: Path, folder: Path) -> None:
        self.python = python
        self.folder = folder
        self.config = folder / "valhalla.json"

    def build(self, extract: Path) -> None:
        """Build the tiles of an extract; tiles of an earlier one are thrown away."""
        tiles = self.folder / "tiles"
        shutil.rmtree(tiles, ignore_errors=True)
        settings = {"tile-dir": str(tiles), "tile-extract": "", "concurrency": "2"}
        options = [part for key, value in settings.items() for part in (f"--mjolnir-{key}", value)]
        bin_ = self.python.parent
        self.config.write_text(_run([str(bin_ / "valhalla_build_config"), *options]))
        # The wheel's commands look each other up on PATH; the executable itself does not.
        found = _run([str(self.python), "-m", "valhalla", "print_bin_path"]).strip()
        _run([f"{found}/valhalla_build_tiles", "--config", str(self.config), str(extract)])

    def ask(
        self,
        *,
        ways: Sequence[Place] = (),
        nodes: Sequence[Place] = (),
        routes: Sequence[tuple[Place, Place, Any]] = (),
    ) -> dict[str, Any]:
        """Have places on ways and nodes looked up, and routes found; see `valhalla_side.py`."""
        questions, answers = self.folder / "questions.json", self.folder / "answers.json"
        asked = {"ways": list(ways), "nodes": list(nodes), "routes": list(routes)}
        questions.write_text(json.dumps(asked))
        side = str(HERE / "valhalla_side.py")
        _run([str(self.python), side, str(self.config), str(questions), str(answers)])
        return dict(json.loads(answers.read_text()))


def install(folder: Path, python: str) -> Path:
    """Make Valhalla's venv, unless it is there, and give its Python."""
    inside = folder / "venv" / "bin" / "python"
    stamp = folder / "venv" / "installed.txt"
    wanted = REQUIREMENTS.read_text()
    if not stamp.is_file() or stamp.read_text() != wanted:
        _run([python, "-m", "venv", "--clear", str(folder / "venv")])
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        hashed = ["--require-hashes", "--only-binary", ":all:", "--requirement"]
        _run([*pip, *hashed, str(REQUIREMENTS)])
        stamp.write_text(wanted)
    return inside


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"{' '.join(command)} failed:\n{(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
