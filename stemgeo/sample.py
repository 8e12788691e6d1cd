"""The example study that travels with the package: a schematic Flanders."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from stemgeo import facts
from stemgeo.errors import Problem, StemgeoError
from stemgeo.study import Study, load_study

_NAME = "sample"


def sample() -> Study:
    """Load the example study where the package keeps it.

    Returns
    -------
    Study
        Real names, codes and numbers of children on invented ground, with invented roads and
        academies; every output bears its notice. See `data/README.md`.
    """
    return load_study(facts.path(_NAME))


def write_sample(folder: Path) -> Path:
    """Write the files of the example study, to look at and to start a study from.

    Parameters
    ----------
    folder
        A folder that is not there yet, or is empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    StemgeoError
        If the folder holds something, or cannot be written.
    """
    folder = Path(folder)
    _refuse_taken(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".stemgeo-", dir=folder.parent) as beside:
            whole = Path(beside) / _NAME
            # Contents only: a packaged file may be read-only, its copy is there to be changed.
            shutil.copytree(facts.path(_NAME), whole, copy_function=shutil.copyfile)
            _move(whole, folder)
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise StemgeoError(Problem(str(folder), what, "name another folder")) from None
    return folder


def _refuse_taken(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise StemgeoError(Problem(str(folder), "is not empty", "name a folder that is new"))
    if folder.exists() and not folder.is_dir():
        raise StemgeoError(Problem(str(folder), "is a file", "name a folder that is new"))


def _move(whole: Path, folder: Path) -> None:
    """Put a complete copy in its place; an empty folder that is there stays the same one."""
    if not folder.exists():
        whole.rename(folder)
        return
    for file in sorted(whole.iterdir()):
        file.rename(folder / file.name)
