"""A scheduler with its workers, here or elsewhere, and what may befall them told in one line.

Scheduling, retries and spilling are Dask's. Ours is that all are of one version, that each reaches
the store, that nothing but this machine is let in to `local`, and that a fault is one clear line.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import re
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from stemgeo import facts
from stemgeo.errors import Problem, ScaleError, StemgeoError
from stemgeo.measure import count_cores
from stemgeo.notes import clean_text
from stemgeo.report.manifests import list_made_with
from stemgeo.scale import need_extra
from stemgeo.scale.store import Store, name_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from distributed import Client, Future

LOCAL = "local"
"""Workers that are started here, for this run alone."""
DASHBOARD = "127.0.0.1:8787"
"""Where the scheduler of `local` shows how far it is, if that is asked for."""
_LOOPBACK = "127.0.0.1"
_ELSEWHERE = re.compile(r"tcp://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_DIED = 3
"""So many workers may die over a unit before it is given up."""
_NOTHING_SHOWN: dict[str, Any] = {"distributed.scheduler.http.routes": []}
"""There is nothing to be read over HTTP, unless a dashboard is asked for."""
_QUIET = {
    "distributed.worker.http.routes": [],
    # What a study starts beside it is its own affair.
    "distributed.worker.daemon": False,
    # A worker that is nearly full of what it keeps open would wait for ever: it goes on, and ends
    # where the memory does.
    "distributed.worker.memory.pause": False,
    "distributed.scheduler.allowed-failures": _DIED - 1,
    "logging": {"distributed": "critical"},
}
_LEAVE_SIGNALS = ["from signal import *; signal(SIGINT, SIG_IGN); signal(SIGTERM, SIG_IGN)"]
"""In a worker that is a process: Ctrl-C and what `timeout` sends reach all of them, and who asked
ends the others, without a word of theirs. One that ended by itself would be started again, and
waited for."""
_RUN_AGAIN = "type the command again; a batch, or a run with --store, goes on where it was"


def check_address(scheduler: str) -> str:
    """Give the address of a scheduler: `local` or tcp://HOST:PORT.

    Raises
    ------
    ScaleError
        If it is neither.
    """
    found = _ELSEWHERE.fullmatch(scheduler)
    if scheduler != LOCAL and not (found and 0 < int(found[2]) < 65536):
        mend = "give local, or tcp://HOST:PORT as `dask scheduler` prints it"
        raise ScaleError(Problem("--scheduler", f"'{clean_text(scheduler)}' is no address", mend))
    return scheduler


class SchedulerLostError(ScaleError):
    """Nothing more will come of what was asked."""


# -- who works with whom ------------------------------------------------------------------------


@cache
def identify() -> dict[str, str]:
    """Tell what figures and bytes hang on here: versions, and a hash of the code and its facts."""
    made_with = list_made_with()
    own = {name: str(made_with[name]) for name in ("stemgeo", "python")}
    return {**own, "code": _hash_code(), **made_with["libraries"]}


def _hash_code() -> str:
    package = Path(__file__).parent.parent
    data = facts.fact_path("")
    files = [path for path in package.rglob("*") if path.is_file() and "_data" not in path.parts]
    files = [path for path in files if "__pycache__" not in path.parts]
    of_data = [*data.glob("*.csv"), *data.glob("*.toml"), *data.glob("stress/*.toml")]
    named = [(path.relative_to(package).as_posix(), path) for path in files]
    named += [(f"_data/{path.relative_to(data).as_posix()}", path) for path in of_data]
    digest = hashlib.sha256()
    for name, path in sorted(named):
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _examine(url: str, key: str) -> tuple[dict[str, str], str]:
    """Tell of a worker what it is, and what it makes of the store; "" when it can read it."""
    try:
        there = Store(url).has(_PROBE, key)
    except StemgeoError as error:
        return identify(), str(error)
    return identify(), "" if there else "does not see what was put there"


_PROBE = "probes"


def _describe_other(worker: Mapping[str, str]) -> str:
    """Say in which way another is not as we are; "" where it is."""
    own = identify()
    other = [
        f"{name} {clean_text(str(worker.get(name, 'none')), 40)}, not {own[name]}"
        for name in own
        if name != "code" and worker.get(name) != own[name]
    ]
    if not other and worker.get("code") != own["code"]:
        other = [f"other code of stemgeo {own['stemgeo']}"]
    return ", ".join(other)


# -- units --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Unit:
    """A piece of work, and the version by which alone it is done."""

    work: Callable[..., Any]
    by: str

    def __call__(self, *given: Any) -> Any:
        if name_key(identify()) != self.by:
            from distributed import get_worker

            raise ScaleError(_refuse_worker(get_worker().address, "is of another version"))
        return self.work(*given)


def _refuse_worker(address: object, what: str) -> Problem:
    mend = "install the same on all machines, and start its `dask worker` again"
    return Problem(f"worker {clean_text(str(address), 100)}", what, mend)


@dataclass(frozen=True)
class Cluster:
    """Workers that do units of work; open one with `open_cluster`.

    Attributes
    ----------
    client
        Of Dask.
    scheduler
        As it was asked for.
    store
        That all of them reach.
    """

    client: Client
    scheduler: str
    store: Store

    @property
    def workers(self) -> int:
        """How many units are done at a time."""
        return sum(self.count_units().values())

    def count_units(self) -> dict[str, int]:
        """Give how many units each worker does at a time, by its address.

        Raises
        ------
        ScaleError
            If the scheduler is lost.
        """
        try:
            threads: dict[str, int] = self.client.nthreads()
        except OSError:
            raise self._tell_lost() from None
        return threads

    def submit(self, work: Callable[..., Any], *given: Any, name: str = "", **how: Any) -> Future:
        """Hand a unit to the workers.

        Parameters
        ----------
        work
            A function of a module, which gives the same when it is done again.
        *given
            What it is given; the future of another unit stands for what that gives.
        name
            Of the unit, for the dashboard and for what is told when it fails.
        **how
            More for Dask's `submit`, as `priority` or `workers`.

        Raises
        ------
        ScaleError
            If the scheduler is lost.
        """
        key = f"{name or work.__name__}-{uuid4().hex[:12]}"
        try:
            return self.client.submit(_Unit(work, name_key(identify())), *given, key=key, **how)
        except Exception as error:
            raise self._explain(error, key) from error

    def gather(self, futures: Sequence[Future]) -> list[Any]:
        """Give what units gave, in the order of their futures; at a fault the rest is let go.

        Raises
        ------
        ScaleError
            If workers or the scheduler are lost for good.
        """
        found = {}
        with ExitStack() as stack:
            stack.callback(self.cancel, futures)
            for future, outcome in self.as_completed(futures):
                if isinstance(outcome, StemgeoError):
                    raise outcome
                found[future.key] = outcome
            stack.pop_all()
        return [found[one.key] for one in futures]

    def as_completed(self, futures: Iterable[Future]) -> Iterator[tuple[Future, Any]]:
        """Give each future as it is done, with what it gave or the `StemgeoError` of its failure.

        A fault of the program itself is raised.
        """
        from distributed import as_completed

        for future in as_completed([*futures], loop=self.client.loop):
            yield future, self._result_of(future)

    def _result_of(self, future: Future) -> Any:
        from distributed import CancelledError

        try:
            return future.result()
        except StemgeoError as error:
            return error
        except (Exception, CancelledError) as error:  # noqa: BLE001  (raised where unexpected)
            return self._explain(error, str(future.key))

    def cancel(self, futures: Iterable[Future]) -> None:
        """Let go of units that are not done."""
        with suppress(Exception):  # the scheduler may be what is lost
            self.client.cancel([*futures], force=True)

    def _explain(self, error: BaseException, unit: str) -> ScaleError:
        """Say in one line what became of a unit; what nobody expects is raised as it is."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        done = unit.rpartition("-")[0]
        if isinstance(error, KilledWorker):
            lost, limit = error.last_worker, getattr(error.last_worker, "memory_limit", 0)
            what = f"{error.allowed_failures + 1} workers died over '{done}', as of want of memory"
            room = f" (each has {limit / 1e9:.1f} GB)" if limit else ""
            mend = "take fewer workers or machines with more memory; " + _RUN_AGAIN
            return ScaleError(Problem(f"worker {lost.address}", what + room, mend))
        if isinstance(error, MemoryError):
            mend = "take fewer workers or machines with more memory; " + _RUN_AGAIN
            return ScaleError(Problem(self.scheduler, f"no memory is left for '{done}'", mend))
        if self.client.status != "running" or isinstance(error, CommClosedError | CancelledError):
            return self._tell_lost()
        if isinstance(error, OSError):
            where = str(error.filename or self.scheduler)
            why = f"{error.strerror or error} (a worker, over '{done}')"
            return ScaleError(Problem(where, why, _RUN_AGAIN))
        raise error

    def _tell_lost(self) -> SchedulerLostError:
        return SchedulerLostError(Problem(self.scheduler, "the scheduler is lost", _RUN_AGAIN))


# -- opening ------------------------------------------------------------------------------------


@contextmanager
def open_cluster(
    scheduler: str,
    store: Store,
    *,
    workers: int | None = None,
    dashboard: bool = False,
    processes: bool = True,
) -> Iterator[Cluster]:
    """Open workers of one version that all reach the store, and let go of them at the end.

    Parameters
    ----------
    scheduler
        "local": workers of this run, which listen on this machine alone; or tcp://HOST:PORT.
    store
        By which files come to workers and back.
    workers
        Of `local`: one for each core when not given.
    dashboard
        Of `local`: whether it shows on `DASHBOARD` how far it is.
    processes
        Of `local`: whether each is a process of its own; else they are threads of this one, which
        listen nowhere.

    Raises
    ------
    ScaleError
        If there is no scheduler, it has no workers, or one of them is of another version or does
        not reach the store.
    """
    need_extra("--scheduler")
    check_address(scheduler)
    import dask
    import distributed  # noqa: F401  (else its own settings would go with ours)

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        settings = _QUIET | ({} if dashboard else _NOTHING_SHOWN)
        stack.enter_context(dask.config.set(settings))
        if scheduler == LOCAL:
            client = _start(
                workers or count_cores(), stack, dashboard=dashboard, processes=processes
            )
        else:
            client = _connect(scheduler, stack)
        found = Cluster(client, scheduler, store)
        _refuse_unfit(found)
        if processes:
            client.forward_logging("stemgeo")
        yield found


def _start(workers: int, stack: ExitStack, *, dashboard: bool, processes: bool) -> Client:
    from distributed import Client, LocalCluster

    if dashboard and not _has_bokeh():
        raise ScaleError(Problem("--dashboard", "needs what is not installed", "pip install bokeh"))
    shown = {
        "dashboard": dashboard,
        "dashboard_address": DASHBOARD if dashboard else f"{_LOOPBACK}:0",
    }
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=processes,
        host=_LOOPBACK if processes else None,
        dashboard_address=None,
        worker_dashboard_address=f"{_LOOPBACK}:0",
        scheduler_kwargs=shown,
        preload=_LEAVE_SIGNALS if processes else [],
        silence_logs=logging.CRITICAL,
    )
    stack.enter_context(cluster)
    client: Client = stack.enter_context(Client(cluster, set_as_default=False))
    return client


def _has_bokeh() -> bool:
    return importlib.util.find_spec("bokeh") is not None


def _connect(scheduler: str, stack: ExitStack) -> Client:
    from distributed import Client

    try:
        client: Client = stack.enter_context(
            Client(scheduler, timeout=_ANSWER_S, set_as_default=False)
        )
    except (OSError, ValueError) as error:
        why = clean_text(str(error) or type(error).__name__, 200)
        mend = "start `dask scheduler` there, or correct the address"
        raise ScaleError(Problem(scheduler, f"no scheduler answers ({why})", mend)) from None
    return client


_ANSWER_S = 10
"""Within which a scheduler answers."""


def _refuse_unfit(cluster: Cluster) -> None:
    """Ask each worker what it is and whether it sees what is put in the store."""
    key = name_key("probe", uuid4().hex)
    cluster.store.put(_PROBE, key, lambda folder: (folder / "probe").write_bytes(b""))
    try:
        told = cluster.client.run(_examine, cluster.store.url, key, on_error="return")
    except OSError as error:
        what = f"the scheduler is lost ({clean_text(str(error), 200)})"
        raise ScaleError(Problem(cluster.scheduler, what, _RUN_AGAIN)) from None
    finally:
        cluster.store.drop(_PROBE, key)
    if not told:
        mend = f"start `dask worker {cluster.scheduler}` on each machine"
        raise ScaleError(Problem(cluster.scheduler, "has no workers", mend))
    problems = []
    for address, answer in told.items():
        if isinstance(answer, BaseException):
            what = f"has no stemgeo that fits ({type(answer).__name__}: {answer})"
            problems.append(_refuse_worker(address, what))
        elif other := _describe_other(answer[0]):
            problems.append(_refuse_worker(address, f"is of another version: {other}"))
        elif answer[1]:
            mend = "give a --store that all machines reach, as s3://BUCKET/NAME"
            what = f"does not reach the store {cluster.store.url}: {answer[1]}"
            problems.append(Problem(f"worker {clean_text(address, 100)}", what, mend))
    if problems:
        raise ScaleError(*problems)
