"""Many studies on many workers: each result as `run` writes it, and a table over all.

What is done is not done again: a result is named by all that it is made from, its files, options
and code. It waits in the store until it stands in its folder and in the table, so that whatever is
killed in between, the next run finds it. A study that fails is a row with the line that says why.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.errors import InputError, Problem, ResultError, ScaleError, StemgeoError
from stemgeo.notes import Note, Said, clean_text, say, say_amount, say_list
from stemgeo.report.files import (
    read_manifest,
    refuse_taken,
    result_folder,
    write_csv,
    write_manifest,
    write_parquet,
)
from stemgeo.report.manifests import list_choices, list_made_with
from stemgeo.report.summary import format_coverage
from stemgeo.result import Result
from stemgeo.scale.cluster import Cluster, SchedulerLostError, identify
from stemgeo.scale.store import Store, link_or_copy, name_key
from stemgeo.scale.studies import OVERVIEW, BatchStudy
from stemgeo.sources import lock
from stemgeo.stages import (
    BRINGING_FILES,
    MEASURING_STUDIES,
    READING_FILES,
    WAITING_FOR_WORKERS,
    Progress,
    count_off,
    report_nothing,
    tell_between,
)
from stemgeo.study import Input, Study
from stemgeo.study_run import run
from stemgeo.tables import SCHEMAS, check_table
from stemgeo.writing.seal import MANIFEST, hash_file, hash_if_readable, list_others_work
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from distributed import Future


RESULTS = "results"
"""The kind of entries that are the folder of a result."""
DONE, FAILED, WAITING = "done", "failed", "waiting"
_FIGURES = ("municipalities", "with_academy", "children", "covered", "uncovered", "unmeasured",
            "share", "share_low", "share_high", "share_low_stress", "share_quiet_1")  # fmt: skip
"""What the table over all takes of the region of each result."""
_STUDY = Said("Study", "Studie", "Étude")
_READ, _BROUGHT = 0.1, 0.15
"""Shares of the work that are behind when all is read, and when files are with the workers."""
_ONE_AT_A_TIME = threading.Lock()
"""In a process: maps and GDAL's settings are of all of its threads."""


# -- how a study travels ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Packed:
    """A study with its files by hash, to be measured where there is no folder of it.

    Attributes
    ----------
    study
        As it is here.
    folders
        In which its files lie.
    files
        Folder (its place in `folders`), name and SHA-256 of each; none of what is not there.
    """

    study: Study
    folders: tuple[str, ...]
    files: tuple[tuple[int, str, str], ...]

    def unpack(self, store: Store, work: Path) -> Study | None:
        """Give the study with its files below a folder; None where the store has lost one."""
        for number in range(len(self.folders)):
            (work / str(number)).mkdir()
        for number, name, sha256 in self.files:
            content = store.get_file(sha256)
            if content is None:
                return None
            link_or_copy(content, work / str(number) / name)
        return _change_paths(self.study, lambda path: self._find(path, work))

    def _find(self, path: Path, work: Path) -> Path:
        return work / str(self.folders.index(str(path.parent))) / path.name

    def name_as_here(self, line: str, work: Path) -> str:
        """Give a line with files where they are, not where they were unpacked."""
        for number, folder in enumerate(self.folders):
            line = line.replace(str(work / str(number)), folder)
        return line


def _pack(study: Study, hash_once: Callable[[Path], str]) -> _Packed:
    paths = list(dict.fromkeys(list_paths(study)))
    folders = tuple(dict.fromkeys(str(path.parent) for path in paths))
    # Beside its files may lie what says where they came from.
    beside = [Path(folder) / lock.FILE for folder in folders]
    there = [path for path in dict.fromkeys([*paths, *beside]) if path.is_file()]
    files = [(folders.index(str(one.parent)), one.name, hash_once(one)) for one in there]
    return _Packed(study, folders, tuple(files))


def list_paths(study: Study) -> Iterator[Path]:
    """List the files of a study."""
    for role in type(study.inputs).model_fields:
        value = getattr(study.inputs, role)
        several = value.values() if isinstance(value, dict) else value
        for one in several if isinstance(value, dict | tuple) else (value,):
            if isinstance(one, Input):
                yield one.path
    for annex in study.annexes:
        yield annex.file


def _change_paths(study: Study, change: Callable[[Path], Path]) -> Study:
    """Give a study with its files at other places."""

    def move(value: Any) -> Any:
        if isinstance(value, Input):
            return value.model_copy(update={"path": change(value.path)})
        if isinstance(value, dict):
            return {key: move(one) for key, one in value.items()}
        return tuple(map(move, value)) if isinstance(value, tuple) else value

    roles = {role: getattr(study.inputs, role) for role in type(study.inputs).model_fields}
    moved = {role: move(value) for role, value in roles.items() if value and value != move(value)}
    annexes = [one.model_copy(update={"file": change(one.file)}) for one in study.annexes]
    inputs = study.inputs.model_copy(update=moved)
    return study.model_copy(update={"inputs": inputs, "annexes": tuple(annexes)})


# -- on a worker --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Work:
    """All that a worker is told of a study.

    Attributes
    ----------
    packed
        The study.
    key
        Of its result in the store.
    options
        Of `run`.
    """

    packed: _Packed
    key: str
    options: dict[str, Any]


def measure_study(work: _Work, store: Store) -> tuple[str, ...] | None:
    """Measure a study on a worker; its result goes into the store.

    Returns
    -------
    tuple or None
        The lines that say why it cannot be measured, none when it was; None where the store has
        lost a file of it.
    """
    if store.has(RESULTS, work.key):
        return ()
    with _ONE_AT_A_TIME, temporary_folder() as folder:
        try:
            study = work.packed.unpack(store, folder)
            if study is None:
                return None
            result = run(study, **work.options)
            store.put(RESULTS, work.key, result.write)
        except ScaleError:
            raise
        except StemgeoError as error:
            lines = str(error).split("\n")
        except (OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  (the other studies go on)
            what = f"a fault of stemgeo itself ({type(error).__name__}: {error})"
            lines = [str(Problem(what, "the others went on", "`stemgeo run` shows where"))]
        else:
            return ()
        return tuple(work.packed.name_as_here(line, folder) for line in lines)


# -- here ---------------------------------------------------------------------------------------


@dataclass
class _BatchRow:
    """How far a study is."""

    asked: BatchStudy
    status: str = WAITING
    line: str = ""
    work: _Work | None = None
    options: str = ""
    made: str = ""
    annexes: Sequence[tuple[str, bytes]] = ()
    manifest: str = ""
    is_kept: bool = False

    def keep_made(self, read_once: Callable[[Path], bytes]) -> None:
        """Keep what is other in it, as it is measured: its files may change or go meanwhile."""
        if self.asked.is_varied:
            chosen = self.asked.choose().items()
            self.options = clean_text("; ".join(f"{key} = {one}" for key, one in chosen), 2000)
            self.made = self.asked.write()
            self.annexes = [(name, read_once(path)) for path, name in self.asked.list_annexes()]

    def fail_to_read(self, error: OSError) -> None:
        """Say which file cannot be read."""
        what = f"cannot be read: {error.strerror or error}"
        self.fail(Problem(str(error.filename or self.asked.file), what))

    def fail(self, line: object) -> None:
        """Say why there is no result."""
        self.status, self.line = FAILED, clean_text("; ".join(str(line).split("\n")), 2000)


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch.

    Attributes
    ----------
    table
        The table `batch` of the data dictionary.
    kept
        How many were done before and are unchanged.
    notes
        What the reader must know.
    """

    table: pd.DataFrame
    kept: int
    notes: tuple[Note, ...] = ()

    def count(self, status: str) -> int:
        """Count the studies of a status."""
        return int((self.table["status"] == status).sum())

    def shown(self, language: str) -> pd.DataFrame:
        """Give those that are done as people read them on a terminal."""
        done = self.table[self.table["status"] == DONE].dropna(axis="columns", how="all")
        shown = done.assign(code=done["name"])
        return format_coverage(shown, language, _STUDY.to_text(language))

    def tell(self, out: Path) -> Said:
        """Say how many are done and where they are."""
        return say(
            "Results in {out}: {done} of {all} studies, {kept} of them unchanged since; "
            "{failed} failed. All in one table: {table}",
            "Resultaten in {out}: {done} van {all} studies, waarvan {kept} sindsdien ongewijzigd; "
            "{failed} mislukt. Alles in één tabel: {table}",
            "Résultats dans {out} : {done} études sur {all}, dont {kept} inchangées depuis ; "
            "{failed} en échec. Le tout en un tableau : {table}",
            out=str(out),
            done=say_amount(self.count(DONE)),
            all=say_amount(len(self.table)),
            kept=say_amount(self.kept),
            failed=say_amount(self.count(FAILED)),
            table=str(out / OVERVIEW / "batch.csv"),
        )


@dataclass
class _Batch:
    """A batch that is going on."""

    out: Path
    store: Store
    options: dict[str, Any]
    replace: bool
    rows: list[_BatchRow]
    before: dict[str, Any]
    progress: Progress
    hashes: dict[Path, str] = field(default_factory=dict)
    contents: dict[Path, bytes] = field(default_factory=dict)

    def hash_once(self, path: Path) -> str:
        if path not in self.hashes:
            self.hashes[path] = hash_file(path)
        return self.hashes[path]

    def read_once(self, path: Path) -> bytes:
        if path not in self.contents:
            self.contents[path] = path.read_bytes()
        return self.contents[path]

    def begin(self, row: _BatchRow) -> None:
        """Find out what a study needs, and whether it is done."""
        try:
            study = row.asked.load()
            packed = _pack(study, self.hash_once)
            row.keep_made(self.read_once)
            row.work = self._describe(row.asked, packed)
            if self._is_done(row):
                row.status, row.is_kept = DONE, True
            else:
                self._may_write(row)
        except StemgeoError as error:
            row.fail(error)
        except OSError as error:
            row.fail_to_read(error)

    def _describe(self, asked: BatchStudy, packed: _Packed) -> _Work:
        study, entry = packed.study, asked.entry
        how = {"uncertainty": entry.uncertainty, "anyway": entry.anyway}
        made_from = [list_choices(study), study.file and asdict(study.file), packed.files, how]
        return _Work(packed, name_key(identify(), made_from), how | self.options)

    def place_of(self, row: _BatchRow) -> Path:
        return self.out / row.asked.name

    def _is_done(self, row: _BatchRow) -> bool:
        """Whether its result stands there as it was written, of the same study."""
        known = self.before.get(row.asked.name, {})
        there = hash_if_readable(self.place_of(row) / MANIFEST)
        if there is None or row.work is None or known.get("key") != row.work.key:
            return False
        row.manifest = there
        return bool(known.get("manifest") == there and not list_others_work(self.place_of(row)))

    def _may_write(self, row: _BatchRow) -> bool:
        """Raise where someone worked on the folder; tell whether it is to be kept beside."""
        try:
            refuse_taken(self.place_of(row))
        except ResultError:
            if not self.replace:
                raise
            return True
        return False

    def submit(self, row: _BatchRow, cluster: Cluster) -> Future:
        """Hand a study to the workers, with its files."""
        assert row.work is not None  # noqa: S101  (it waits)
        packed = row.work.packed
        for number, name, sha256 in packed.files:
            path = Path(packed.folders[number]) / name
            if self.store.put_file(path) != sha256:
                raise InputError(Problem(str(path), "changed meanwhile", "type the command again"))
        return cluster.submit(measure_study, row.work, self.store, name=row.asked.name)

    def bring_in(self, row: _BatchRow) -> bool:
        """Put a result of the store in its folder; False where the store has lost it."""
        assert row.work is not None  # noqa: S101
        found = self.store.get(RESULTS, row.work.key)
        if found is None:
            return False
        try:
            with result_folder(self.place_of(row), replace=self._may_write(row)) as new:
                for path in found.iterdir():
                    if path.name != "entry.json":
                        copy = shutil.copytree if path.is_dir() else shutil.copyfile
                        copy(path, new / path.name)
        except StemgeoError as error:
            row.fail(error)
        else:
            row.status, row.manifest = DONE, hash_file(self.place_of(row) / MANIFEST)
        return True

    def tell(self) -> None:
        """Tell how many studies are done, or cannot be."""
        done, of = sum(row.status != WAITING for row in self.rows), len(self.rows)
        self.progress(count_off(MEASURING_STUDIES, done, of), _BROUGHT + (1 - _BROUGHT) * done / of)

    def measure(self, rows: Sequence[_BatchRow], cluster: Cluster) -> list[_BatchRow]:
        """Measure studies; give those of which the store has lost something meanwhile."""
        futures: dict[Future, _BatchRow] = {}
        lost = []
        with ExitStack() as stack:
            stack.callback(lambda: cluster.cancel([*futures]))
            bringing = tell_between(self.progress, _READ, _BROUGHT)
            for number, row in enumerate(rows):
                bringing(count_off(BRINGING_FILES, number + 1, len(rows)), number / len(rows))
                try:
                    futures[self.submit(row, cluster)] = row
                except OSError as error:
                    row.fail_to_read(error)
                except InputError as error:
                    row.fail(error)
            self.tell()
            for future, outcome in cluster.as_completed(futures):
                row = futures[future]
                if isinstance(outcome, SchedulerLostError):
                    raise outcome
                if isinstance(outcome, StemgeoError) or outcome:
                    row.fail(outcome if isinstance(outcome, StemgeoError) else "; ".join(outcome))
                elif outcome is None or not self.bring_in(row):
                    lost.append(row)
                self.tell()
        return lost


def run_batch(
    asked: Sequence[BatchStudy],
    out: Path,
    store: Store,
    open_workers: Callable[[], AbstractContextManager[Cluster]],
    *,
    threads: int | None = None,
    replace: bool = False,
    progress: Progress = report_nothing,
) -> BatchResult:
    """Measure many studies, those alone that are not done or have changed since.

    Parameters
    ----------
    asked
        As from `read_studies`.
    out
        The folder of the results, each in one of its name, and of the table over all.
    store
        By which files reach the workers, and results come back.
    open_workers
        Gives those that measure; not called where nothing is to be measured.
    threads
        Searches that run side by side for each; the results are the same.
    replace
        Whether a folder in which someone worked is kept beside it, as NAME.old-DATE, and written.
    progress
        Called with what is being done and the share behind us.

    Raises
    ------
    ScaleError
        If the scheduler is lost; what is done is kept.
    ResultError
        If someone worked in the folder of the table over all.
    """
    overview = out / OVERVIEW
    refuse_taken(overview, OVERVIEW, replace=replace)
    before = _read_before(overview)
    rows = [_BatchRow(one) for one in asked]
    batch = _Batch(out, store, {"threads": threads}, replace, rows, before, progress)

    with ExitStack() as stack:
        # However it ends, the table says what is done.
        stack.callback(lambda: _write_overview(batch, overview))
        reading = tell_between(progress, 0.0, _READ)
        for number, row in enumerate(rows):
            reading(count_off(READING_FILES, number + 1, len(rows)), number / len(rows))
            batch.begin(row)
        waiting = [row for row in rows if row.status == WAITING and not batch.bring_in(row)]
        if waiting:
            progress(WAITING_FOR_WORKERS, _READ)
            cluster = stack.enter_context(open_workers())
            lost = batch.measure(waiting, cluster)
            for row in batch.measure(lost, cluster) if lost else ():
                row.fail(Problem(store.url, "loses what is put there", "choose another --store"))
    for row in rows:
        if row.work is not None and row.status == DONE and not row.is_kept:
            store.drop(RESULTS, row.work.key)
    kept = sum(row.is_kept for row in rows)
    return BatchResult(build_table(rows, out), kept, _note_others(before, rows))


def _read_before(overview: Path) -> dict[str, Any]:
    """Read of which studies the results are that stand there."""
    try:
        found = read_manifest(overview, OVERVIEW).get("studies", {})
    except ResultError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: one for name, one in found.items() if isinstance(one, dict)}


def _note_others(before: dict[str, Any], rows: Sequence[_BatchRow]) -> tuple[Note, ...]:
    """Name results of before that are asked for no more."""
    others = sorted(before.keys() - {row.asked.name for row in rows})
    if not others:
        return ()
    what = say(
        "of before, and asked for no more: left as they are",
        "van vroeger, en niet meer gevraagd: ze blijven staan",
        "d’avant, et plus demandées : elles restent telles quelles",
    )
    return (Note(say_list(others, 5), what),)


def _write_overview(batch: _Batch, overview: Path) -> None:
    """Write the table over all, and the studies that were made."""
    keep = batch.replace and overview.exists() and bool(list_others_work(overview))
    table = build_table(batch.rows, batch.out)
    done = {
        row.asked.name: {"key": row.work.key, "manifest": row.manifest}
        for row in batch.rows
        if row.work is not None and row.status == DONE
    }
    with result_folder(overview, OVERVIEW, replace=keep) as new:
        write_csv(table, new / "batch.csv")
        write_parquet(table, new / "batch.parquet")
        for row in batch.rows:
            if row.asked.is_varied and row.work is not None:
                (new / f"{row.asked.name}.toml").write_text(row.made, encoding="utf-8")
                for name, content in row.annexes:
                    (new / name).parent.mkdir(parents=True, exist_ok=True)
                    (new / name).write_bytes(content)
        write_manifest(new, {"command": OVERVIEW, **list_made_with(), "studies": done})


def build_table(rows: Sequence[_BatchRow], out: Path) -> pd.DataFrame:
    """Give the table over all: a row for each study, whatever became of it."""
    made = [_describe_row(row, out) for row in rows]
    columns = SCHEMAS["batch"].columns
    table = pd.DataFrame(made, columns=[*columns])
    types = {name: str(one.dtype) for name, one in columns.items()}
    whole = [name for name, one in types.items() if one == "Int64"]
    decimal = [name for name, one in types.items() if one == "float64"]
    table = table.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(decimal, "float64"))
    table["date"] = pd.to_datetime(table["date"]).astype("datetime64[s]")
    return check_table("batch", table)


def _describe_row(row: _BatchRow, out: Path) -> dict[str, Any]:
    asked = row.asked
    told: dict[str, Any] = {
        "name": asked.name,
        "study": clean_text(asked.told, 1000),
        "options": row.options,
    }
    told |= {"status": row.status, "line": row.line, "draw": asked.draw or None}
    if row.work is not None:
        told["date"] = pd.Timestamp(row.work.packed.study.about.date)
    if row.status != DONE:
        return told
    try:
        result = Result.from_folder(out / asked.name)
        region, gaps = result.summary("region").iloc[0], result.table("gaps")
    except ResultError as error:  # its folder went, or was changed, since it was done
        return told | {
            "status": FAILED,
            "line": clean_text("; ".join(str(error).split("\n")), 2000),
        }
    figures = {name: region[name] for name in _FIGURES if name in region}
    return told | figures | {"gaps": int((gaps["profile"] == "all").sum())}
