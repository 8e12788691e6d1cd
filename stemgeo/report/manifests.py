"""What a manifest holds, as models: a written result is input too, and can be a stranger's."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from stemgeo import facts
from stemgeo.errors import Problem, ResultError, StudyError
from stemgeo.maps.text import MapText
from stemgeo.notes import keep_seen
from stemgeo.speech import LANGUAGES, Language
from stemgeo.study import Profile, SaidBy, parse_study

if TYPE_CHECKING:
    from stemgeo.inputs import Inputs
    from stemgeo.study import Study

PLAIN_NAME = r"\w[\w .-]*"
"""A text of a folder: what a template or a manifest names lies nowhere else."""
LIBRARIES = (
    *("babel", "folium", "geopandas", "highspy", "jinja2", "matplotlib", "numba", "numpy"),
    *("openpyxl", "osmium", "pandas", "pillow", "pyarrow", "pyogrio", "pyproj", "rapidfuzz"),
    *("rasterio", "scipy", "shapely"),
)
"""Those that make the figures and the bytes of what is written: workers have the same of each."""
MOST_BYTES = 50_000_000
"""Of a manifest; that of Flanders has less than one hundredth of it."""


class _Model(BaseModel):
    """Types are as JSON has them: a number in quotes is none. More may stand in it."""

    model_config = ConfigDict(strict=True, defer_build=True)  # most commands read none


class _FileEntry(_Model):
    sha256: str


class _StudyEntry(_FileEntry):
    name: str


class _PieceEntry(_FileEntry):
    """Something that an input was made from, as it was fetched."""

    address: str = ""
    name: str = ""
    fetched: str
    size_bytes: int


class _InputEntry(_Model):
    role: str
    name: str
    sha256: str
    date: str | None = None
    attribution: str = ""
    address: str = ""
    fetched: str | None = None
    pieces: list[_PieceEntry] = []
    made_by: str = ""


class _NoteEntry(_Model):
    """In the languages that the study has words in."""

    nl: str = ""
    en: str = ""
    fr: str = ""


_Words: Any = create_model(  # type: ignore[call-overload]
    "_Words",
    __config__=ConfigDict(strict=True, extra="forbid"),
    **{
        one.name: (
            Language if one.name == "language" else str,
            ... if one.default is MISSING else one.default,  # older ones lack what came later
        )
        for one in fields(MapText)
    },
)


class _TextsByLanguage(_Model):
    nl: _Words | None = None
    en: _Words | None = None
    fr: _Words | None = None


class _ManifestMakers(_Model):
    """By which versions."""

    stemgeo: str
    python: str = ""
    libraries: dict[str, str] = {}


class AnyManifest(_ManifestMakers):
    """What every manifest has."""

    outputs: dict[str, _FileEntry]


class _AskedAbout(_Model):
    vintage: int


class _AskedInputs(_Model):
    network: Any


class _AskedTravel(_Model):
    cutoff_min: float


class _AskedGaps(_Model):
    min_children: int


class _AskedOutput(_Model):
    language: Language


class _AskedSiting(_Model):
    profile: Profile


class _AskedStudy(_Model):
    """What is read of a study as it stands; all of it is a study, see `fit_manifest`."""

    study: _AskedAbout
    inputs: _AskedInputs
    travel: _AskedTravel
    gaps: _AskedGaps
    output: _AskedOutput
    siting: _AskedSiting


class SideManifest(_ManifestMakers):
    """What has a study, as the manifest of a comparison tells of its results."""

    notice: str
    method_note: str
    attribution: str
    study: _AskedStudy
    study_file: _StudyEntry | None = None
    inputs: list[_InputEntry]


class _StudyManifest(SideManifest, AnyManifest):
    """The manifest of what is made of a study."""

    notes: list[_NoteEntry | str] = []


class _AnnexEntry(_Model):
    title: str
    file: Annotated[str, Field(pattern=r"^annexes/[0-9]{1,3}-[a-z0-9.-]{1,80}$")]


class RunManifest(_StudyManifest):
    """The manifest of a run."""

    text: _TextsByLanguage
    annexes: list[_AnnexEntry] = []
    network: dict[str, dict[str, int]] = {}
    buildings: dict[str, int] = {}


class ComparisonManifest(AnyManifest):
    """The manifest of a comparison."""

    a: SideManifest
    b: SideManifest
    notices: list[str]
    same_children: bool
    notes: list[_NoteEntry | str] = []


class ExplanationManifest(AnyManifest):
    """The manifest of a bridge."""

    a: SideManifest
    b: SideManifest
    text: _TextsByLanguage
    differing: list[str]
    measurements: int
    notes: list[_NoteEntry | str] = []


class _SolutionEntry(_Model):
    candidates: int
    proven_optimal: bool


class _CostEntry(_Model):
    total_eur: float | None
    suffices: bool | None


class TrendManifest(_StudyManifest):
    """The manifest of a trend."""

    text: _Words | _TextsByLanguage
    years: list[int]


class PlanManifest(_StudyManifest):
    """The manifest of a plan."""

    text: _Words
    solution: _SolutionEntry
    cost: _CostEntry


class LinksManifest(_StudyManifest):
    """The manifest of which road."""

    text: _Words
    looked_at: int
    gaining: int
    left_out: dict[str, int]
    in_time: int
    measured_children: int
    counted: int
    proven: bool


class _OptionsEntry(_Model):
    language: Language


class AnswerManifest(AnyManifest):
    """The manifest of an answer."""

    notice: str
    method_note: str
    options: _OptionsEntry
    templates: dict[Annotated[str, Field(pattern=rf"^{PLAIN_NAME}$")], str] = {}
    typed_numbers: list[str] = []
    unanswered: list[int] = []
    pdf_standard: str = ""
    result: RunManifest
    plan: PlanManifest | None = None
    planned: RunManifest | None = None
    compared: ComparisonManifest | None = None
    before: RunManifest | None = None
    trend: TrendManifest | None = None
    links: LinksManifest | None = None
    why: ExplanationManifest | None = None


class PublishManifest(AnyManifest):
    """The manifest of a site."""

    notice: str
    method_note: str
    languages: list[Language]
    result: RunManifest


def load_json(path: Path) -> Any:
    """Read JSON as it is defined: no NaN, no names twice as deep as anyone writes, no great size.

    Raises
    ------
    OSError, ValueError
        If it is not there, or no JSON.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("too large")
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("too deep") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def fit_manifest(content: dict[str, Any], model: type[AnyManifest], path: Path) -> dict[str, Any]:
    """Give a manifest back that fits its model, the words in it clean.

    Parameters
    ----------
    content
        As read.
    model
        Of the manifests of its command.
    path
        What a problem is said of.

    Raises
    ------
    ResultError
        In one line that names the first thing that does not fit.
    """
    try:
        model.model_validate(content)
        pairs = [content.get(name) or {} for name in ("compared", "why")]
        behind = [one.get(name) or {} for one in (content, *pairs) for name in _BEHIND]
        for one in (content, *behind):
            if "study" in one:
                parse_study(one["study"], name="study", said_by=SaidBy.RESULT)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        _refuse_manifest(path, f"'{where}': {first['msg']}")
    except StudyError as error:
        _refuse_manifest(path, str(error).split("\n")[0])
    except RecursionError:
        _refuse_manifest(path, "it is too deep")
    sides = {side: _clean_manifest(content[side]) for side in ("a", "b") if side in content}
    return _clean_manifest(content) | sides


def _clean_manifest(content: dict[str, Any]) -> dict[str, Any]:
    return content | {name: _clean_words(content[name]) for name in _WORDS if name in content}


def _refuse_manifest(path: Path, why: str) -> NoReturn:
    raise ResultError(Problem(str(path), f"is not as stemgeo writes it ({why})", "run it again"))


_WORDS = ("notice", "notices", "method_note", "attribution", "text", "notes", "typed_numbers",
          "annexes")  # fmt: skip
"""What is printed and drawn."""
_BEHIND = ("result", "plan", "planned", "before", "trend", "links", "a", "b")
"""Of what an answer is made, and what a comparison lays side by side."""


def _clean_words(value: Any) -> Any:
    """Take marks out of words that no terminal and no document should get."""
    if isinstance(value, str):
        return keep_seen(value)
    if isinstance(value, list):
        return [_clean_words(one) for one in value]
    return (
        {name: _clean_words(one) for name, one in value.items()}
        if isinstance(value, dict)
        else value
    )


def read_study(content: dict[str, Any]) -> Study:
    """Give the study of a manifest."""
    return parse_study(content["study"], name="study", said_by=SaidBy.RESULT)


def build_origins(study: Study, *inputs: Inputs, text: MapText) -> dict[str, Any]:
    """Say what every manifest says: versions, the study, the inputs, the words on outputs.

    Parameters
    ----------
    study
        What was asked.
    *inputs
        Of which data.
    text
        The words on outputs.
    """
    files = dict.fromkeys(item for one in inputs for item in one.provenance)
    unridden = study.straight_line or study.travel.on_foot
    return {
        **list_made_with(),
        "notice": study.about.notice,
        "method_note": text.method_note,
        "attribution": text.source,
        "text": asdict(text),
        "study": list_choices(study),
        "study_file": study.file and asdict(study.file),
        "stress_rules": None if unridden else _describe_stress_rules(study),
        "inputs": [item.to_entry() for item in files],
    }


def _describe_stress_rules(study: Study) -> dict[str, Any]:
    """Say by whose rules roads are quiet; `study` has their name."""
    rules = facts.read_stress_rules(study.travel.stress_rules)
    return {
        **{language: rules[language] for language in LANGUAGES},
        "sources": list(rules["sources"].values()),
    }


def list_made_with(*others: str) -> dict[str, Any]:
    """Say with which versions of stemgeo, Python and the libraries something is made now."""
    return {
        "stemgeo": importlib.metadata.version("stemgeo"),
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in (*LIBRARIES, *others)},
    }


def list_choices(study: Study) -> dict[str, Any]:
    """Give every choice of a study, without folders of the machine: a manifest is published."""
    content = study.model_dump(mode="json", by_alias=True)
    return content | {
        "inputs": {role: _drop_folders(value) for role, value in content["inputs"].items()},
        "annex": [one | {"file": Path(one["file"]).name} for one in content["annex"]],
    }


def _drop_folders(value: Any) -> Any:
    if isinstance(value, list):
        return [_drop_folders(one) for one in value]
    if isinstance(value, dict) and "path" in value:
        return value | {"path": Path(value["path"]).name}
    if isinstance(value, dict):
        return {key: _drop_folders(one) for key, one in value.items()}
    return value
