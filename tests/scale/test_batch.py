"""Many studies: each result as `run` writes it, in one table, and never done twice."""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import hand
import killed
import pandas as pd
import pytest
from followed import follow
from terminal import Said, content_of, stemgeo

from stemgeo.errors import Problem, ScaleError
from stemgeo.report.manifests import list_choices
from stemgeo.result import Result
from stemgeo.scale import batch, cluster
from stemgeo.scale.batch import BatchResult, run_batch
from stemgeo.scale.cluster import SchedulerLostError, open_cluster
from stemgeo.scale.store import Store
from stemgeo.scale.studies import read_studies
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stemgeo.study import Study


STUDIES = """
[[study]]
study = "recht"

[[study]]
study = "recht"
name = "b"
years = [2021]
each.travel.detour_factor = [1.1]

[[study]]
study = "weg"
"""
VARIED = "b-2021-detour_factor-1-1"


class Here:
    """Workers that are this very process: each study is measured when its turn comes."""

    def __init__(self, fault: ScaleError | None = None) -> None:
        self.asked: list[str] = []
        self.fault = fault

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""

    def submit(self, work: Any, *given: Any, name: str) -> object:
        """Keep what is to be done."""
        self.asked.append(name)
        return partial(work, *given)

    def as_completed(self, units: Any) -> Iterator[tuple[Any, Any]]:
        """Do it."""
        for one in units:
            yield one, self.fault or one()

    def cancel(self, _units: Any) -> None:
        """Do nothing."""


def ask(home: Path, out: Path, workers: Any = None, **how: Any) -> BatchResult:
    """Run what stands in STUDIES.toml; nobody is to be asked where no workers are given."""
    store = Store(str(home / "store"))
    asked = read_studies(home / "STUDIES.toml", out)
    return run_batch(asked, out, store, lambda: workers, **how)


@pytest.fixture(scope="module")
def in_this_process() -> Iterator[int]:
    """Let `local` have its workers in this process; give how many it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "open_cluster", partial(open_cluster, processes=False))
        yield 1


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, in_this_process: int) -> tuple[Path, Said]:
    """Run a batch by the command, on workers of this process; give its folder and what it said."""
    home = tmp_path_factory.mktemp("batch")
    hand.write_study(home / "recht", straight_line=True)
    (home / "STUDIES.toml").write_text(STUDIES, encoding="utf-8")
    words = ("--out", home / "out", "--workers", in_this_process, "--store", home / "store")
    return home, stemgeo("batch", home / "STUDIES.toml", *words)


@pytest.fixture
def home(first: tuple[Path, Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy to do with as a test likes, where measuring gives what was measured then."""
    place = tmp_path / "batch"
    shutil.copytree(first[0], place)
    made = {2022: "recht", 2021: VARIED}

    def find(study: Study, **_: object) -> Result:
        # Workers see no folder of the study: what they read came through the store.
        inputs = study.inputs
        for one in (inputs.municipalities, inputs.population, inputs.academies):
            assert one.path.is_file()
            assert not one.path.is_relative_to(place)
        return Result.from_folder(first[0] / "out" / made[study.about.date.year])

    monkeypatch.setattr(batch, "run", find)
    return place


pytestmark = pytest.mark.enable_socket


def test_each_result_is_as_run_writes_it(first: tuple[Path, Said], tmp_path: Path) -> None:
    """Byte for byte: of a study as it is, and of one that is made by its own study.toml."""
    home, said = first
    assert said.status == 1
    stemgeo("run", home / "recht", "--out", tmp_path / "recht")
    made = home / "out" / "batch" / f"{VARIED}.toml"
    stemgeo("run", made, "--out", tmp_path / "b")
    assert content_of(tmp_path / "recht") == content_of(home / "out" / "recht")
    assert content_of(tmp_path / "b") == content_of(home / "out" / VARIED)


def test_one_table_tells_of_all(first: tuple[Path, Said]) -> None:
    """What is done has its figures, what failed its line; on the terminal in the study's words."""
    home, said = first
    table = pd.read_parquet(home / "out" / "batch" / "batch.parquet")
    assert list(table["name"]) == ["recht", VARIED, "weg"]
    assert list(table["status"]) == ["done", "done", "failed"]
    assert list(table["options"]) == [
        "",
        "travel.detour_factor = 1.1; study.date = 2021-12-31",
        "",
    ]
    whole = Result.from_folder(home / "out" / "recht").summary("region").iloc[0]
    for name in ("children", "covered", "share", "share_low"):
        assert table[name][0] == whole[name]
    assert table["line"][2].startswith(f"{home}/weg: does not exist")
    assert (home / "out/batch/batch.csv").read_text("utf-8").count("\n") == 4
    assert "binnen bereik" in said.out
    assert said.err.splitlines()[-2].startswith(f"error: weg: {home}/weg: does not exist")
    assert "2 van 3 studies, waarvan 0 sindsdien ongewijzigd; 1 mislukt" in said.err


def test_what_is_done_is_not_done_again(home: Path) -> None:
    """Nothing is measured, nor are workers asked for, where all is done; no byte changes."""
    ask(home, home / "out")
    before = content_of(home / "out")
    found = ask(home, home / "out")
    assert (found.kept, found.count("done"), found.count("failed")) == (2, 2, 1)
    assert content_of(home / "out") == before


def test_it_is_told_what_a_batch_does_all_along(home: Path) -> None:
    """Reading, waiting for workers, bringing files to them, and each study that is done."""
    shutil.rmtree(home / "out")
    told: list[tuple[str, float]] = []
    ask(home, home / "out", Here(), progress=lambda what, share: told.append((what.en, share)))
    said, shares = zip(*told, strict=True)
    assert said == (
        *(f"Reading files ({number} of 3)" for number in (1, 2, 3)),
        "Waiting for workers",
        *(f"Bringing files to the workers ({number} of 2)" for number in (1, 2)),
        *(f"Measuring studies ({number} of 3)" for number in (1, 2, 3)),
    )
    # Where progress is lines, one is told for each step: of many studies not the first alone.
    assert list(shares) == sorted(shares)
    assert shares[0] == 0
    assert shares[2] < shares[3] < shares[5] < shares[6] < shares[8] == 1


@pytest.mark.parametrize("change", ["input", "options", "uncertainty", "code"])
def test_what_changed_is_done_again(
    home: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file, an option, what is asked of `run` or the code: that study, and no other."""
    text, wanted = STUDIES, ["recht", VARIED]
    if change == "input":
        register = home / "recht" / "academies.csv"
        register.write_text(register.read_text("utf-8").replace("Oost", "Oosten"), "utf-8")
    elif change == "options":
        (home / "recht" / "study.toml").write_text(
            (home / "recht" / "study.toml").read_text("utf-8") + "classes = 'quantiles'\n", "utf-8"
        )
    elif change == "uncertainty":
        text, wanted = text.replace('"b"', '"b"\nuncertainty = true'), wanted[1:]
    else:
        monkeypatch.setattr(batch, "identify", lambda: {"stemgeo": "9"})
    (home / "STUDIES.toml").write_text(text, encoding="utf-8")
    workers = Here()
    found = ask(home, home / "out", workers)
    assert workers.asked == wanted
    assert found.kept == 2 - len(wanted)
    assert ask(home, home / "out").kept == 2


def test_what_someone_edited_is_not_replaced_unasked(home: Path) -> None:
    """It fails with a line that names the file; with `replace` it is kept beside."""
    (home / "out" / "recht" / "summary.md").write_text("Mijn samenvatting", encoding="utf-8")
    found = ask(home, home / "out", Here())
    assert found.count("failed") == 2
    assert "summary.md (changed)" in found.table["line"][0]
    assert (home / "out/recht/summary.md").read_text("utf-8") == "Mijn samenvatting"
    found = ask(home, home / "out", Here(), replace=True)
    assert found.table["status"][0] == "done"
    (kept,) = (home / "out").glob("recht.old-*")
    assert (kept / "summary.md").read_text("utf-8") == "Mijn samenvatting"
    assert not list((home / "out").glob("b-*.old-*"))


def test_an_edited_table_over_all_is_not_replaced_unasked(home: Path) -> None:
    """Before anything is measured."""
    (home / "out/batch/batch.csv").write_text("x", encoding="utf-8")
    words = ("--out", home / "out", "--store", home / "store")
    said = stemgeo("batch", home / "STUDIES.toml", *words)
    assert said.status == 1
    assert "batch.csv (changed)" in said.err


def test_results_that_are_asked_for_no_more_stay(home: Path) -> None:
    """They are named, and left as they are."""
    (home / "STUDIES.toml").write_text("[[study]]\nstudy = 'recht'\n", encoding="utf-8")
    found = ask(home, home / "out")
    assert found.kept == 1
    assert [one.to_text("nl").startswith("b-2021") for one in found.notes] == [True]
    assert (home / "out" / VARIED / "manifest.json").is_file()


def test_a_study_that_goes_meanwhile_is_told_as_it_was_measured(home: Path) -> None:
    """What was made of its study.toml is what was measured, whatever became of that since."""
    made = (home / "out" / "batch" / f"{VARIED}.toml").read_text(encoding="utf-8")
    shutil.rmtree(home / "out")

    class Leaving(Here):
        def as_completed(self, units: Any) -> Iterator[tuple[Any, Any]]:
            shutil.rmtree(home / "recht", ignore_errors=True)
            yield from super().as_completed(units)

    row = ask(home, home / "out", Leaving()).table.set_index("name").loc[VARIED]
    assert (row["status"], "detour_factor = 1.1" in row["options"]) == ("done", True)
    assert (home / "out" / "batch" / f"{VARIED}.toml").read_text(encoding="utf-8") == made


@pytest.mark.parametrize("studies", [5, [1], "x", None])
def test_a_manifest_that_says_nothing_is_as_none(home: Path, studies: object) -> None:
    """Whatever stands there for its studies: they are done anew."""
    manifest = home / "out" / "batch" / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8")) | {"studies": studies}
    manifest.write_text(json.dumps(told), encoding="utf-8")
    assert batch._read_before(home / "out" / "batch") == {}


def test_a_lost_scheduler_leaves_what_is_done(home: Path) -> None:
    """It is one line; the table says what waits, and the next run goes on from there."""
    lost = SchedulerLostError(Problem("tcp://a:1", "the scheduler is lost", "run again"))
    shutil.rmtree(home / "out" / "recht")
    with pytest.raises(ScaleError, match="the scheduler is lost; run again"):
        ask(home, home / "out", Here(lost))
    table = pd.read_parquet(home / "out" / "batch" / "batch.parquet")
    assert list(table["status"]) == ["waiting", "done", "failed"]
    again = Here()
    assert ask(home, home / "out", again).kept == 1
    assert again.asked == ["recht"]


def test_a_worker_that_dies_over_a_study_hinders_no_other(home: Path) -> None:
    """It is a row with its line, and is tried again the next time."""
    shutil.rmtree(home / "out")
    fault = ScaleError(Problem("worker tcp://a:1", "3 workers died over 'recht'"))
    found = ask(home, home / "out", Here(fault))
    assert list(found.table["line"][:2]) == ["worker tcp://a:1: 3 workers died over 'recht'"] * 2
    assert ask(home, home / "out", Here()).count("done") == 2


def test_where_no_study_succeeds_each_says_why(tmp_path: Path) -> None:
    """There is no table to print, and the lines are told."""
    (tmp_path / "STUDIES.toml").write_text('[[study]]\nstudy = "weg"\n', encoding="utf-8")
    said = stemgeo("batch", tmp_path / "STUDIES.toml", "--out", tmp_path / "out")
    assert said.status == 1
    assert said.err.startswith("error: weg: ")
    assert "Traceback" not in said.out + said.err


def test_a_fault_of_stemgeo_in_one_study_hinders_no_other(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a row that says so."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(batch, "run", fail)
    shutil.rmtree(home / "out")
    found = ask(home, home / "out", Here())
    assert found.count("failed") == 3
    assert found.table["line"][0].startswith("a fault of stemgeo itself (KeyError: 'x')")


def test_what_the_store_lost_is_put_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a study that is damaged in the store, and a result, are made anew."""
    shutil.rmtree(home / "out")
    put, times = Store.put_file, []

    def put_damaged(self: Store, path: Path) -> str:
        sha256 = put(self, path)
        if path.name == "bevolking.txt" and not times:
            times.append(path)
            found = self.get_file(sha256)
            assert found is not None
            found.unlink()
            found.write_bytes(b"?")
        return sha256

    monkeypatch.setattr(Store, "put_file", put_damaged)
    workers = Here()
    found = ask(home, home / "out", workers)
    assert (found.count("done"), len(workers.asked)) == (2, 4)


class Bearing(Here):
    """Workers of which a fault is an answer, as from other processes."""

    def as_completed(self, units: Any) -> Iterator[tuple[Any, Any]]:
        """Do it."""
        for one in units:
            try:
                yield one, one()
            except ScaleError as error:
                yield one, error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_store_that_takes_no_result_costs_that_study_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It is full, or may no more be written: a row with the line, nothing half, and done later."""
    wanted = content_of(home / "out" / VARIED)
    shutil.rmtree(home / "out")
    write, refused = Path.write_bytes, []

    def refuse(path: Path, content: bytes) -> int:
        if b"manifest.json" in content and not refused:
            refused.append(path)
            raise OSError(number, os.strerror(number), str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    found = ask(home, home / "out", Bearing())
    assert found.table["status"].tolist() == ["failed", "done", "failed"]
    assert found.table["line"][0] == (
        f"{home}/store: cannot be written: {os.strerror(number)}; look at the address, the rights "
        "and the room there, or choose another --store"
    )
    assert not (home / "out" / "recht").exists()
    assert {one.name for one in (home / "store").iterdir()} <= {"files", "probes", "results"}
    assert content_of(home / "out" / VARIED) == wanted
    workers = Here()
    assert ask(home, home / "out", workers).count("done") == 2
    assert workers.asked == ["recht"]


def test_a_store_elsewhere_brings_files_and_results(home: Path) -> None:
    """Of which nothing is a folder of this machine: the same results, and none is left there."""
    ask(home, home / "out")
    wanted = content_of(home / "out")
    shutil.rmtree(home / "out")
    store = Store(f"memory://{uuid4().hex}", copies=home / "copies")
    asked = read_studies(home / "STUDIES.toml", home / "out")
    workers: Any = Here()
    assert run_batch(asked, home / "out", store, lambda: workers).count("done") == 2
    assert content_of(home / "out") == wanted
    files, root = store._place
    assert {one.split("/")[2] for one in files.find(root)} == {"files"}


def test_what_is_given_beside_a_study_travels_along(home: Path) -> None:
    """A plan, a lock and annexes are unpacked where nothing else is; the study is the same."""
    study = home / "recht"
    (study / "plan.csv").write_text(hand.SMALL_CHANGES, encoding="utf-8")
    (study / "bijlage.txt").write_text("bij", encoding="utf-8")
    (study / "sources.lock").write_text("{}", encoding="utf-8")
    text = (study / "study.toml").read_text("utf-8")
    text += "[[annex]]\ntitle = 'Bij'\nfile = 'bijlage.txt'\n"
    (study / "study.toml").write_text(text, encoding="utf-8")
    (home / "STUDIES.toml").write_text(
        "[[study]]\nstudy = 'recht'\nplan = 'recht/plan.csv'\n", encoding="utf-8"
    )
    (asked,) = read_studies(home / "STUDIES.toml", home / "out")
    packed, store = batch._pack(asked.load(), hash_file), Store(str(home / "store"))
    for number, name, _ in packed.files:
        store.put_file(Path(packed.folders[number]) / name)
    (home / "work").mkdir()
    unpacked = pickle.loads(pickle.dumps(packed)).unpack(store, home / "work")  # noqa: S301
    assert list_choices(unpacked) == list_choices(asked.load())
    assert unpacked.file == asked.load().file
    assert unpacked.inputs.plan.path.read_text("utf-8") == hand.SMALL_CHANGES
    assert (unpacked.inputs.plan.path.parent / "sources.lock").is_file()
    assert unpacked.annexes[0].file.read_text("utf-8") == "bij"


class Vanishing(Here):
    """Workers while whom files go: one when they are opened, others while they measure."""

    def __init__(self, first: Path, *then: Path) -> None:
        super().__init__()
        self.first, self.then = first, then

    def __enter__(self) -> Here:
        self.first.unlink()
        return self

    def as_completed(self, units: Any) -> Iterator[tuple[Any, Any]]:
        """Do it, and let files go."""
        yield from list(super().as_completed(units))
        then, self.then = self.then, ()
        for one in then:
            shutil.rmtree(one) if one.is_dir() else one.unlink()


def test_files_that_go_in_the_middle_break_nothing(home: Path) -> None:
    """An input is the row of its study; an annex is written as it was, and so is the table."""
    shutil.rmtree(home / "out")
    shutil.copytree(home / "recht", home / "andere")
    (home / "recht" / "bijlage.txt").write_text("bij", encoding="utf-8")
    toml = home / "recht" / "study.toml"
    annex = "[[annex]]\ntitle = 'Bij'\nfile = 'bijlage.txt'\n"
    toml.write_text(toml.read_text("utf-8") + annex, encoding="utf-8")
    (home / "STUDIES.toml").write_text(
        STUDIES.replace("weg", "andere").replace('study = "recht"\n\n', 'study = "recht"\n', 1)
    )
    academies = next(one for one in (home / "andere").glob("academ*"))
    gone = home / "recht" / "bijlage.txt", toml, home / "out" / "recht"
    found = ask(home, home / "out", Vanishing(academies, *gone)).table.set_index("name")
    assert found["status"].to_dict() == {"recht": "failed", VARIED: "done", "andere": "failed"}
    assert found.loc["andere", "line"].startswith(f"{academies}: cannot be read: No such file")
    assert str(home / "out" / "recht") in found.loc["recht", "line"]
    written = home / "out" / "batch" / VARIED / "1" / "bijlage.txt"
    assert written.read_text("utf-8") == "bij"
    assert pd.read_csv(home / "out" / "batch" / "batch.csv")["status"].tolist() == [
        "failed", "done", "failed"
    ]  # fmt: skip


def test_a_result_of_a_study_that_was_made_is_verified(
    first: tuple[Path, Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`verify` finds the study.toml in the folder beside, by its hash."""
    monkeypatch.chdir(tmp_path)
    said = stemgeo("verify", first[0] / "out" / VARIED)
    assert said.status == 0, said


def test_ctrl_c_keeps_what_is_done(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so in the language of the studies, and the table says what waits."""

    class Stopped(Here):
        def as_completed(self, units: Any) -> Iterator[tuple[Any, Any]]:
            yield from super().as_completed(list(units)[:1])
            raise KeyboardInterrupt

    shutil.rmtree(home / "out")
    monkeypatch.setattr(cluster, "open_cluster", lambda *_, **__: Stopped())
    words = ("--out", home / "out", "--store", home / "store")
    said = stemgeo("batch", home / "STUDIES.toml", *words)
    assert said.status == 130
    assert said.err.splitlines()[-1].startswith("gestopt; wat klaar is, blijft")
    assert "nothing was changed" not in said.err
    table = pd.read_parquet(home / "out" / "batch" / "batch.parquet")
    assert list(table["status"]) == ["done", "waiting", "failed"]


def test_a_problem_names_files_where_they_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line says the same as `stemgeo run`, though the study was measured from other folders."""
    from stemgeo import study_run

    monkeypatch.setattr(batch, "run", study_run.run)
    (home / "recht" / "bevolking.txt").unlink()
    (home / "STUDIES.toml").write_text("[[study]]\nstudy = 'recht'\n", encoding="utf-8")
    found = ask(home, home / "out", Here())
    said = stemgeo("run", home / "recht", "--out", home / "x")
    assert said.err.strip() == f"error: {found.table['line'][0]}"


@pytest.mark.parametrize("share", [0.02, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97])
def test_killed_at_any_moment_it_goes_on(home: Path, share: float, tmp_path: Path) -> None:
    """Whatever it was writing: the next run gives the same folder, and does nothing in vain."""
    ask(home, home / "out")
    wanted = content_of(home / "out")
    shutil.rmtree(home / "out")
    shutil.rmtree(home / "store")
    work = partial(ask, home, home / "out", Here())
    if not (counted := _EVENTS.get("all")):
        whole = killed.ended(*killed.child(work, tmp_path / "log"), tmp_path / "log")
        assert whole.status == 0, whole.said
        counted = _EVENTS.setdefault("all", whole.events)
        shutil.rmtree(home / "out")
        shutil.rmtree(home / "store")
    died = killed.ended(
        *killed.child(work, tmp_path / "log", at=max(1, round(share * counted))), tmp_path / "log"
    )
    assert died.status == -signal.SIGKILL
    stored = list((home / "store").glob("results/*"))
    workers = Here()
    found = ask(home, home / "out", workers)
    assert len(workers.asked) <= 2 - len(stored)
    assert found.count("done") == 2
    assert content_of(home / "out") == wanted
    assert list((home / "out").glob(".*")) == []


_EVENTS: dict[str, int] = {}


def test_the_extra_is_named_where_it_lacks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the command that installs it, before anything is read."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    said = stemgeo("batch", home / "STUDIES.toml", "--out", home / "out")
    assert said.status == 1
    assert (
        said.err
        == 'error: stemgeo batch: needs what is not installed; pip install "stemgeo[scale]"\n'
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scheduler", "tcp://a:1", "--workers", 2), "--workers is of local"),
        (("--scheduler", "tcp://a:1", "--dashboard"), "--dashboard is of local"),
        (("--scheduler", "overal"), "'overal' is no address"),
        (("--store", "memory://x"), "memory://x is of one process alone"),
    ],
)
def test_what_changes_nothing_is_refused(home: Path, words: tuple[str, ...], told: str) -> None:
    """An option of other workers, an address that is none, a store that no worker sees."""
    said = stemgeo("batch", home / "STUDIES.toml", "--out", home / "out", *words)
    assert said.status in (1, 2)
    assert told in " ".join(said.err.split())


def test_the_manifest_says_of_what_each_result_is(first: tuple[Path, Said]) -> None:
    """By the hash of all that it is made from, and of what was written."""
    told = json.loads((first[0] / "out/batch/manifest.json").read_text("utf-8"))
    assert told["command"] == "batch"
    assert {*told["studies"]} == {"recht", VARIED}


@pytest.mark.usefixtures("in_this_process")
def test_the_page_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What docs/scale.md types on one machine is typed here, and prints what it shows."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    hand.write_study(tmp_path / "studie", straight_line=True)
    follow(Path(__file__).parents[2] / "docs" / "scale.md", tmp_path)
    assert (tmp_path / "resultaten" / "studie-2021" / "manifest.json").is_file()
    assert (tmp_path / "resultaten" / "batch" / "studie-2021.toml").is_file()
