"""Shared fixtures: real data beside the project, and the sample study."""

from __future__ import annotations

import fcntl
import gc
import importlib
import os
import pickle
import shutil
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import drawing
import porto
import pytest
import pytest_socket
from hypothesis import HealthCheck, settings
from kept import kept
from longest import LONGEST
from readings import keep_readings, list_files
from served import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stemgeo.inputs import Inputs
    from stemgeo.report.outcome import Outcome
    from stemgeo.study import Study
    from stemgeo.study_run import Result
    from stemgeo.verification import Again, StudyOfThen

ROOT = Path(__file__).parent.parent

# One profile for all: what a test draws follows from its code alone, on every machine and in CI,
# and no machine is too slow. `--hypothesis-profile=anew` draws other examples each time.
settings.register_profile(
    "steady",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    print_blob=True,
)
settings.register_profile("anew", settings.get_profile("steady"), derandomize=False)
settings.load_profile("steady")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let workers begin with the longest files; within each and after them the order is random.

    But the sample, for which other workers may soon wait, is made before all else.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = {name: number for number, name in enumerate(LONGEST)}
        items.sort(
            key=lambda item: (
                place.get(item.path.name, len(place)),
                item.path.name == LONGEST[0] and "written_sample" not in item.fixturenames,
            )
        )


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass by what was imported, and come less often: a twentieth.

    To what has stayed for long it comes a fifth as often again: that holds all that is kept.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 50)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data beside the project; never committed to it.

    With CI=true a missing folder is a failure, elsewhere a skip that says so.
    """
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        reason = "real data not found: expected ../shared/data beside the project"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice, with its spreadsheet; missing it fails with CI=true, and skips elsewhere."""
    program = shutil.which("soffice")
    if program and any(Path(program).resolve().parent.glob("libsclo.*")):
        return program
    reason = "LibreOffice with Writer and Calc is not installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Once:
    """Work that all tests share, done by the first that asks for it, whichever worker that is."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        base = factory.getbasetemp()  # of this worker; that of the whole run is above it
        base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        self.folder = base / "once"
        self.folder.mkdir(exist_ok=True)

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """Give the place where `make` left its work; it is to be read, not to be changed."""
        place = self.folder / name
        with place.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not place.exists():
                make(place.with_suffix(".half"))
                place.with_suffix(".half").rename(place)
        return place


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Do a piece of work once, for all tests in all workers."""
    return Once(tmp_path_factory)


@pytest.fixture(scope="session")
def extract_of(shared_data: Path, once: Once) -> Callable[[str], Path]:
    """Give a real extract by its name; of that of Porto the middle, see `porto`."""

    def find(name: str) -> Path:
        whole = shared_data / "osm" / name
        return once(name, partial(porto.cut, whole)) if name == "porto.osm.pbf" else whole

    return find


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Play the servers of open data; the only one that this test can speak to."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    pytest_socket.enable_socket()
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    played = Server()
    try:
        yield played
    finally:
        played.close()
        pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(once: Once) -> Iterator[None]:
    """Keep work in a cache of this run's own, that of the user left alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEMGEO_CACHE", str(once.folder / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _coarse() -> Iterator[None]:
    """Draw maps coarsely: most tests look at what they say; others take `fine`."""
    with drawing.coarse():
        yield


@pytest.fixture(scope="session", autouse=True)
def _unsynced() -> Iterator[None]:
    """Wait for no disk: only a power cut shows it. Processes of their own do (`reliability`)."""
    from stemgeo.writing import whole

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "sync_to_disk", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _tables_read_once() -> Iterator[None]:
    """Let a table of a written result be taken apart once: a copy of its file holds the same."""
    from stemgeo.report import outcome

    def parts(path: Path, schema: str) -> object:
        return sha256(path.read_bytes()).digest(), schema

    once = kept(outcome.read_table, 100, parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcome, "read_table", lambda *which: once(*which).copy(deep=False))
        yield


@pytest.fixture
def drawn_each_time() -> Iterator[None]:
    """Draw every picture and web map anew, to ask whether the same comes out again."""
    with drawing.each_time():
        yield


@pytest.fixture
def fine() -> Iterator[None]:
    """Draw maps as they are published, for a test that looks at them."""
    with drawing.fine():
        yield


@pytest.fixture(scope="session")
def sample_result(once: Once) -> Result:
    """The result of the example study, computed once."""
    import stemgeo as sg

    made: list[Result] = []

    def compute(place: Path) -> None:
        made.append(sg.run(sg.sample()))
        with place.open("wb") as file:
            pickle.dump(made[0], file, pickle.HIGHEST_PROTOCOL)

    kept = once("sample-result", compute)
    return made[0] if made else pickle.loads(kept.read_bytes())  # noqa: S301 -- our own


@pytest.fixture(scope="session")
def written_sample(sample_result: Result, once: Once) -> Path:
    """The folder of that result, written once; to be read, not to be changed."""
    return once("sample", sample_result.write)


@pytest.fixture(scope="session")
def sample_answer(written_sample: Path, once: Once) -> Path:
    """The answer made of it, in Dutch; to be read, not to be changed."""
    import stemgeo as sg

    return once("answer", lambda place: sg.answer(written_sample, place))


@pytest.fixture(scope="module")
def computed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let `verify` compute the run of a study and its files once; it is compared in many ways."""
    from stemgeo.report.manifests import list_choices
    from stemgeo.result import Result

    verify = importlib.import_module("stemgeo.verification")
    compute = verify._run_again
    known: dict[str, Path] = {}

    def run_again(again: Again, of: StudyOfThen) -> Outcome:
        paths = [path for role in of.paths.values() for path in role]
        if not all(path.is_file() for path in paths):
            return compute(again, of)
        files = [sha256(path.read_bytes()).hexdigest() for path in paths]
        key = repr((list_choices(of.study), of.study.file, files, of.then.get("uncertainty")))
        if key not in known:
            known[key] = compute(again, of).write(tmp_path_factory.mktemp("again") / "result")
        return Result.from_folder(known[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "_run_again", run_again)
        yield


def _parts_of_inputs(study: Study) -> object:
    """List all that reading the files of a study depends on, but for where they lie."""
    from stemgeo.report.manifests import list_choices

    told = list_choices(study)
    about = {name: one for name, one in told["study"].items() if name not in ("title", "notice")}
    bands = [band.ages for band in study.travel.bands]
    chosen = str(study._said_by), sorted(study.academies.model_fields_set)
    files = [
        (one.name, sha256(one.read_bytes()).digest()) for one in list_files(dict(study.inputs))
    ]
    return repr((told["inputs"], told["academies"], told["subsidy"], about, bands, chosen, files))


@cache
def _load_once() -> Callable[[Study], Inputs]:
    return kept(importlib.import_module("stemgeo.measure").load_inputs, 50, _parts_of_inputs)


@pytest.fixture(scope="module")
def read_once() -> Iterator[None]:
    """Let files of the same content be read once, for the same that a study says of them.

    Where only some are other than before, those alone are read anew.
    """
    measure = importlib.import_module("stemgeo.measure")
    load, load_once = measure.load_inputs, _load_once()

    def read(study: Study) -> Inputs:
        paths = [*list_files(dict(study.inputs))]
        if study.annexes or not all(path.is_file() for path in paths):
            return load(study)
        return replace(load_once(study), network=(*list_files(dict(study.inputs).get("network")),))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "load_inputs", read)
        keep_readings(patch)
        yield


_parsed: dict[tuple[str, str | None], Any] = {}


@pytest.fixture(scope="module")
def statbel_once() -> Iterator[None]:
    """Let a file of people be taken apart once; who is studied, and where, is asked each time."""
    population = importlib.import_module("stemgeo.inputs.population")
    opened = importlib.import_module("stemgeo.inputs.files").OpenedFile

    def once(step: Callable[..., Any]) -> Callable[..., Any]:
        def parse(*given: Any, **more: Any) -> Any:
            (file,) = (one for one in given if isinstance(one, opened))
            key = step.__name__, file.provenance.sha256
            if key not in _parsed:
                parsed = step(*given, **more)
                if file._findings.errors or file._findings.warnings:
                    return parsed
                _parsed[key] = parsed
            return _parsed[key]

        return parse

    with pytest.MonkeyPatch.context() as patch:
        for step in (population.read_table, population._read_people):
            patch.setattr(population, step.__name__, once(step))
        yield
