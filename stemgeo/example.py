"""The example study that travels with the package: a schematic Flanders."""

from __future__ import annotations

import shutil
from pathlib import Path

from stemgeo import facts
from stemgeo.study import Study, load_study
from stemgeo.writing import whole

_NAME = "sample"


def sample() -> Study:
    """Load the example study where the package keeps it.

    Returns
    -------
    Study
        Real names, codes and numbers of children on invented ground, with invented roads and
        academies; every output bears its notice. See `data/README.md`.
    """
    return load_study(facts.fact_path(_NAME))


def write_sample(folder: Path, *, replace: bool = False) -> Path:
    """Write the files of the example study, to look at and to start a study from.

    Parameters
    ----------
    folder
        A folder that is not there yet, or is empty.
    replace
        Whether anything that stands there is kept beside it, as NAME.old-DATE, in place of refused.

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
    with whole.whole_folder(folder, whole.refuse_filled, keep=replace) as new:
        # Contents only: a packaged file may be read-only, its copy is there to be changed.
        for path in facts.fact_path(_NAME).iterdir():
            shutil.copyfile(path, new / path.name)
    return folder
