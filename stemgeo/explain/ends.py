"""The two ends of a bridge: each a study, or a result whose study can be found again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from stemgeo.errors import Problem, ResultError, StudyError
from stemgeo.inputs import load_inputs
from stemgeo.recovery import find_again, recover_study
from stemgeo.report.files import RUN, find_command
from stemgeo.report.outcome import Tables
from stemgeo.study import Study, load_study
from stemgeo.texts.wording import find_wording
from stemgeo.writing.seal import MANIFEST, hash_file

if TYPE_CHECKING:
    from stemgeo.inputs import Inputs

    Manifest = dict[str, Any]

ACADEMIES, ROADS, CHILDREN, RULES, PLACING = "academies", "roads", "children", "rules", "placing"
PARTS = (ACADEMIES, ROADS, CHILDREN, RULES, PLACING)
"""What a study is made of, as far as it decides who is within reach."""

ROLES = {
    **dict.fromkeys(("academies", "plan", "postcodes", "matched_addresses"), ACADEMIES),
    "corrections": ACADEMIES,
    **dict.fromkeys(("network", "network_edits"), ROADS),
    "population": CHILDREN,
    **dict.fromkeys(("area", "municipalities", "zones", "zone_population"), PLACING),
    **dict.fromkeys(("zone_codes", "weights", "addresses", "layers"), PLACING),
}
"""The part to which each input belongs; any other moves no child, and is not read."""


@dataclass(frozen=True)
class BridgeEnd:
    """What is asked at one end.

    Attributes
    ----------
    study
        With the inputs of `ROLES` alone.
    written
        The result as it was written, where that was given; None for a study.
    """

    study: Study
    written: Tables | None = None

    @property
    def seal(self) -> str:
        """The hash of the manifest of that result, by which it is found again; empty without."""
        return (
            hash_file(self.written.folder / MANIFEST)
            if self.written and self.written.folder
            else ""
        )


@dataclass(frozen=True)
class LoadedEnd:
    """A study in the codes of both, and what was read of it."""

    study: Study
    inputs: Inputs


def take_end(given: Study | Tables | str | Path) -> BridgeEnd:
    """Take a study, a study.toml or its folder, or a result and find its study again.

    Raises
    ------
    ResultError
        If it is the result of another command, or its study or files are not as they were.
    StudyError, MissingFileError
        If it is a study that cannot be read.
    """
    if isinstance(given, Study):
        return BridgeEnd(keep_asked(given))
    if isinstance(given, Tables) and given.folder is None:
        return BridgeEnd(keep_asked(given.study))
    folder = Path(given.folder or "") if isinstance(given, Tables) else Path(given)
    if not (folder / MANIFEST).is_file():
        return BridgeEnd(keep_asked(load_study(folder)))
    find_command(folder, RUN)
    written = given if isinstance(given, Tables) else Tables.from_folder(folder)
    return BridgeEnd(keep_asked(recover_study(folder, written.manifest)), written)


def take_end_of_then(study: Study, then: Manifest, places: tuple[Path, ...]) -> BridgeEnd:
    """Take an end as a manifest of a bridge tells of it.

    Parameters
    ----------
    study
        Found again.
    then
        What the manifest tells of that end.
    places
        Folders in which its result may be, if it was of one.

    Raises
    ------
    ResultError
        If that result is not found.
    """
    seal = then.get("result_sha256", "")
    if not seal:
        return BridgeEnd(keep_asked(study))
    found = find_again(places, (MANIFEST,), seal)
    if not found:
        what = "the result that was explained is not beside the bridge, the study or this folder"
        raise ResultError(Problem("explain", what, "bring its folder back"))
    return BridgeEnd(keep_asked(study), Tables.from_folder(found[0].parent))


def keep_asked(study: Study) -> Study:
    """Keep of a study what decides who is within reach: no other file need be there."""
    fields = type(study.inputs).model_fields
    others = {
        name: field.get_default(call_default_factory=True)
        for name, field in fields.items()
        if name not in ROLES
    }
    inputs = study.inputs.model_copy(update=others)
    return study.model_copy(update={"inputs": inputs, "annexes": (), "question": None})


def load_ends(a: BridgeEnd, b: BridgeEnd) -> tuple[LoadedEnd, LoadedEnd]:
    """Read the files of both, in the codes of the later of the two.

    Raises
    ------
    StudyError
        If they are of other ground, or seek another thing: no bridge leads from one to the other.
    InputError
        With every problem of the files of one.
    """
    if b.study.seeks_other_than(a.study):
        ours, theirs = (find_wording(one.study.language).words.plural for one in (a, b))
        what = f"A is of '{ours}', B of '{theirs}'"
        raise StudyError(Problem("explain", what, "give two studies of the same"))
    vintage = max(one.study.about.vintage for one in (a, b))
    spans = [tuple(band.ages for band in one.study.travel.bands) for one in (a, b)]
    loaded = []
    for one, other in ((a, b), (b, a)):
        about = one.study.about.model_copy(update={"vintage": vintage})
        study = one.study.model_copy(update={"about": about})
        bands = study.travel.bands
        if spans[0] != spans[1]:  # the children of either are counted by the rules of both
            bands = (*bands, *other.study.travel.bands)
        travel = study.travel.model_copy(update={"bands": bands})
        loaded.append(LoadedEnd(study, load_inputs(study.model_copy(update={"travel": travel}))))
    _refuse_other_ground(*loaded)
    return loaded[0], loaded[1]


def _refuse_other_ground(a: LoadedEnd, b: LoadedEnd) -> None:
    """Stop when both do not count the children of the same municipalities, or parts of them."""
    ours, theirs = (set(one.inputs.municipalities["nis_code"]) for one in (a, b))
    if ours != theirs:
        alone = sorted(ours ^ theirs)
        what = f"A counts {len(ours)} municipalities and B {len(theirs)}; in one alone: {alone[0]}"
        raise StudyError(Problem("explain", what, "give two studies of the same area"))
    outlines = [one.inputs.area.outline for one in (a, b)]
    if (outlines[0] is None) != (outlines[1] is None) or (
        outlines[0] is not None and not shapely.equals(*outlines)
    ):
        what = "A and B are of areas that are not the same ground"
        raise StudyError(Problem("explain", what, "give both the same area"))
