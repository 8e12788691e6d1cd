"""A proof: the study is run with the plan of a variant, and every count laid beside the explorer's.

The run is another process, which reads the files of the study anew: what it finds owes nothing to
the explorer but the plan. It ends with the server, whose hand it holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.coverage import KEYS
from stemgeo.errors import StemgeoError
from stemgeo.explore.messages import Differing, ProofReply
from stemgeo.notes import Said, clean_text, say, say_amount, say_list
from stemgeo.speech import LANGUAGES
from stemgeo.stages import TRAVEL_TIMES
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stemgeo.speech import Language

    Stamp = tuple[int, int] | None
    Tell = Callable[[Said, float], None]

OF_ROADS = ".edits.geojson"
"""What the file of roads that change ends in, beside the plan file of its name."""
MOST_SHOWN = 20
"""Of the rows that differ."""
_COUNTS = ("children", "covered", "unmeasured")


@dataclass(frozen=True)
class Asking:
    """What is to be run.

    Attributes
    ----------
    study
        The study.toml.
    text
        Of the plan file; empty where there is none.
    saved
        Where the plan file stands, or would, if the result is to be kept: in the folder of its
        name, beside it.
    threads
        Searches that run side by side; None for all cores.
    opened
        The files of the study as they were when it was opened: see `stamp_files`.
    roads
        Of the file of roads that change; empty where there is none.
    """

    study: Path
    text: str
    saved: Path | None = None
    threads: int | None = None
    opened: Mapping[Path, Stamp] = field(default_factory=dict)
    roads: str = ""

    @property
    def keep(self) -> Path | None:
        """Where the result is kept."""
        return None if self.saved is None else self.saved.with_suffix("")

    def list_changed(self) -> list[str]:
        """Name the files of the study that are others than when it was opened."""
        now = stamp_files(self.opened)
        return sorted(one.name for one, stamp in self.opened.items() if now[one] != stamp)


def stamp_files(files: Iterable[Path]) -> dict[Path, Stamp]:
    """Say of each file when it was written and how long it is; None where it is gone."""
    found: dict[Path, Stamp] = {}
    for one in files:
        try:
            told = one.stat()
        except OSError:
            found[one] = None
        else:
            found[one] = told.st_mtime_ns, told.st_size
    return found


# -- what differs -----------------------------------------------------------------------------


def compare_counts(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[Differing]:
    """Lay two coverage tables side by side; give the rows in which a count differs.

    Parameters
    ----------
    ours, theirs
        Of the explorer, and of a run.

    Returns
    -------
    list of Differing
        Of each row the number within reach; -1 where a table has no such row. A row whose children
        or unmeasured children differ is among them, whatever is within reach.
    """
    keys = [name for name in KEYS if name != "name"]
    one, other = (table.set_index(keys)[["name", *_COUNTS]] for table in (ours, theirs))
    rows = one.index.union(other.index, sort=False)
    one, other = one.reindex(rows), other.reindex(rows)
    names = one["name"].fillna(other["name"])
    counts = [table[[*_COUNTS]].fillna(-1).astype("int64") for table in (one, other)]
    differs = (counts[0] != counts[1]).any(axis=1).to_numpy()
    return [
        Differing(**dict(zip(keys, key, strict=True)), name=name, explorer=int(a), run=int(b))
        for key, name, a, b in zip(
            rows[differs],
            names[differs],
            counts[0]["covered"][differs],
            counts[1]["covered"][differs],
            strict=True,
        )
    ]


# -- the proofs of a server -------------------------------------------------------------------


@dataclass
class Prover:
    """Runs one proof at a time, and knows how far each is.

    Attributes
    ----------
    language
        In which it is told.
    run
        Runs what is asked, tells how far it is, and gives the coverage table.
    """

    language: Language
    run: Callable[[Asking, Tell, Prover], pd.DataFrame]
    _told: dict[str, ProofReply] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: subprocess.Popen[str] | None = None

    def begin(self, asking: Asking, ours: pd.DataFrame) -> str | None:
        """Begin to lay the coverage table of the explorer beside a run; None while one runs."""
        with self._lock:
            if any(one.state == "running" for one in self._told.values()):
                return None
            job = str(len(self._told) + 1)
            self._told[job] = ProofReply(
                state="running", share=0.0, what="", rows=0, differing=(), folder=""
            )
        name, given = f"proof {job}", (job, asking, ours)
        threading.Thread(target=self._prove, args=given, name=name, daemon=True).start()
        return job

    def tell(self, job: str) -> ProofReply | None:
        """Say how far a proof is; None for one that was never begun."""
        return self._told.get(job)

    def stop(self) -> None:
        """End the run that is under way, if any."""
        if (process := self._process) is not None:
            process.kill()

    def hold(self, process: subprocess.Popen[str] | None) -> None:
        """Keep the process of the run, to end it when the server does."""
        self._process = process

    def _prove(self, job: str, asking: Asking, ours: pd.DataFrame) -> None:
        def tell(what: Said, share: float) -> None:
            self._say(job, what=what.to_text(self.language), share=share)

        try:
            theirs = self.run(asking, tell, self)
            differing = compare_counts(ours, theirs)
            state = "different" if differing else "equal"
            told = _DIFFERENT if differing else _say_equal(len(ours))
            # What is equal by chance, or beside what changed, is not called equal in silence.
            parts = [told, *(_say_changed(one) for one in [asking.list_changed()] if one)]
            self._say(
                job,
                state=state,
                share=1.0,
                what="; ".join(one.to_text(self.language) for one in parts),
                rows=len(ours),
                differing=tuple(differing[:MOST_SHOWN]),
                folder="" if asking.keep is None else str(asking.keep),
            )
        except StemgeoError as error:
            self._say(job, state="failed", what=str(error).replace("\n", "; "))
        except Exception as error:  # noqa: BLE001  (whoever asks is told, and the server goes on)
            self._say(job, state="failed", what=clean_text(f"{type(error).__name__}: {error}", 300))

    def _say(self, job: str, **told: Any) -> None:
        self._told[job] = self._told[job].model_copy(update=told)


def _say_equal(rows: int) -> Said:
    return say(
        "the run gives the same: {rows} rows, every count",
        "de berekening geeft hetzelfde: {rows} rijen, elk aantal",
        "le calcul donne la même chose : {rows} lignes, chaque nombre",
        rows=say_amount(rows),
    )


_DIFFERENT = Said(
    "the run gives other figures: were files of the study changed since it was opened?",
    "de berekening geeft andere cijfers: zijn bestanden van de studie sinds het openen gewijzigd?",
    "le calcul donne d’autres chiffres : des fichiers de l’étude ont-ils changé depuis ?",
)


def _say_changed(files: list[str]) -> Said:
    return say(
        "changed since the study was opened here: {files}; start the explorer anew",
        "gewijzigd sinds de studie hier geopend is: {files}; start de verkenner opnieuw",
        "modifié depuis que l’étude est ouverte ici : {files} ; relancez l’explorateur",
        files=say_list([clean_text(one) for one in files[:_MOST_NAMED]]),
    )


_MOST_NAMED = 5


# -- the run of another process ---------------------------------------------------------------


def measure(
    asking: Asking, plan: Path | None, tell: Tell, edits: Path | None = None
) -> pd.DataFrame:
    """Measure a study with a plan from its files, as a run does; give the coverage table.

    Parameters
    ----------
    asking
        What is to be run; where the result is to be kept all of it is computed and written.
    plan, edits
        The plan file, and that of roads; None for none.
    tell
        Called with what is being done and the share behind us.

    Raises
    ------
    StemgeoError
        If it cannot be measured, or the result not be written.
    """
    from stemgeo.measure import count_cores, measure_day, prepare_study
    from stemgeo.report.files import refuse_taken
    from stemgeo.study import load_study
    from stemgeo.study_run import run

    study = load_study(asking.study).with_plan(plan)
    if edits is not None:
        study = study.with_network_edits(edits)
    if asking.keep is not None:
        refuse_taken(asking.keep)
        result = run(study, anyway=True, progress=tell, threads=asking.threads)
        result.write(asking.keep, progress=tell)
        return result.coverage
    prepared = prepare_study(study, tell)
    tell(TRAVEL_TIMES, 0.45)
    threads = asking.threads or count_cores()
    return measure_day(prepared, study.about.date, threads=threads).coverage


def run_aside(asking: Asking, tell: Tell, prover: Prover) -> pd.DataFrame:
    """Measure in another process.

    Parameters
    ----------
    asking, tell
        As for `measure`.
    prover
        Holds the process.

    Raises
    ------
    StemgeoError
        With what the run said, if it failed.
    """
    with temporary_folder() as folder:
        paths: dict[str, Path | None] = {"study": asking.study, "saved": asking.saved}
        paths |= _write_files(asking, folder)
        paths["table"] = table = folder / "coverage"
        told = {name: None if one is None else str(one.resolve()) for name, one in paths.items()}
        said_wrong = (folder / "said").open("w+", encoding="utf-8", errors="replace")
        process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", __name__, json.dumps(told | {"threads": asking.threads})],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said_wrong,
            text=True,
            encoding="utf-8",
            # Ctrl-C at the terminal is for the server, which ends the run.
            start_new_session=True,
        )
        prover.hold(process)
        problem = ""
        try:
            for line in process.stdout or ():
                said = json.loads(line)
                problem = said.get("problem", problem)
                if "share" in said:
                    tell(Said(**said["what"]), said["share"])
        finally:
            prover.hold(None)
            process.kill()
            process.communicate()
            said_wrong.seek(0)
            last = [line for line in said_wrong.read().splitlines() if line.strip()][-1:]
            said_wrong.close()
        if problem or not table.exists():
            raise StemgeoError(*(problem or ": ".join([_STOPPED, *last])).split("\n"))
        return pd.read_parquet(table)


def _write_files(asking: Asking, folder: Path) -> dict[str, Path | None]:
    """Give where the files of a variant are; those that nobody saved are written to a folder."""
    found: dict[str, Path | None] = {}
    for name, text, ending in (("plan", asking.text, ".csv"), ("edits", asking.roads, OF_ROADS)):
        place = (asking.saved or folder / "plan").with_suffix(ending)
        if text and asking.saved is None:
            place.write_text(text, encoding="utf-8", newline="")
        found[name] = place if text else None
    return found


_STOPPED = "the run was stopped before it ended"


def _watch_hand() -> None:
    """End when the server does, whose pipe this process reads."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def _say_line(**told: Any) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201  (to the server, which reads this pipe)


def main(words: str) -> None:
    """Measure what another process asks for, and write the coverage table for it.

    Parameters
    ----------
    words
        As JSON: see `run_aside`.
    """
    threading.Thread(target=_watch_hand, daemon=True).start()
    told = json.loads(words)
    saved = told["saved"] and Path(told["saved"])
    asking = Asking(Path(told["study"]), "", saved, told["threads"])

    def tell(what: Said, share: float) -> None:
        # What is counted off says more, which only a terminal shows.
        _say_line(what={one: getattr(what, one) for one in LANGUAGES}, share=share)

    try:
        plan, edits = (told[name] and Path(told[name]) for name in ("plan", "edits"))
        found = measure(asking, plan, tell, edits)
        half = Path(told["table"]).with_suffix(".half")
        found.to_parquet(half)
        half.rename(told["table"])
    except StemgeoError as error:
        _say_line(problem=str(error))


if __name__ == "__main__":
    main(sys.argv[1])
