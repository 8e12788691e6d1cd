"""Files of one's own that go along with an answer: `[[annex]]` of a study, of any kind.

A run copies them into its result, so that the answer is made of the folder of the result alone.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from stemgeo.errors import Problem, ResultError

if TYPE_CHECKING:
    from stemgeo.study import OwnAnnex, Study

FOLDER = "annexes"
"""Of a result."""
_LONGEST = 60
_ENDING = re.compile(r"\.[a-z0-9]{1,10}")


def list_own_annexes(study: Study) -> list[dict[str, str]]:
    """Name the files of one's own in a result: `title`, and `file` in its folder."""
    return [
        {"title": one.title, "file": f"{FOLDER}/{number}-{clean_name(one.file)}"}
        for number, one in enumerate(study.annexes, start=1)
    ]


def clean_name(path: Path) -> str:
    """Give the name of a file with what every system takes: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST].strip("-") or "file"
    ending = path.suffix.lower()
    return stem + (ending if _ENDING.fullmatch(ending) else "")


def copy_own_annexes(study: Study, folder: Path) -> None:
    """Copy the files into the folder of a result.

    Raises
    ------
    ResultError
        If one is no longer there, or no file that can be read.
    """
    for one, named in zip(study.annexes, list_own_annexes(study), strict=True):
        place = folder / named["file"]
        place.parent.mkdir(exist_ok=True)
        try:
            shutil.copyfile(one.file, place)
        except (OSError, shutil.SpecialFileError) as error:
            raise ResultError(_describe_unread(one, error)) from None


def _describe_unread(annex: OwnAnnex, error: Exception) -> Problem:
    missing = isinstance(error, FileNotFoundError)
    what = "does not exist" if missing else "cannot be copied: is it a file that may be read?"
    return Problem(f"annex '{annex.title}'", f"{annex.file} {what}", "give its file")
