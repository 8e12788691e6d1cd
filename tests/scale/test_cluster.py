"""A scheduler with its workers: one version, one store, loopback alone, faults in one line."""

from __future__ import annotations

import importlib.metadata
import os
import signal
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import psutil
import pytest
from distributed import LocalCluster, get_worker, worker_memory

from stemgeo.errors import InputError, Problem, ScaleError
from stemgeo.scale import cluster
from stemgeo.scale.cluster import (
    Cluster,
    SchedulerLostError,
    check_address,
    identify,
    open_cluster,
)
from stemgeo.scale.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.enable_socket


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def refuse(name: str) -> None:
    """Fail as a study does."""
    raise InputError(Problem(name, "is no file"))


def want_memory() -> None:
    """Fail as a machine does."""
    raise MemoryError


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Open two workers in this process."""
    store = Store(str(tmp_path_factory.mktemp("store")))
    with open_cluster("local", store, workers=2, processes=False) as found:
        yield found


def test_units_are_done_and_may_build_on_each_other(local: Cluster) -> None:
    """What one gives the next is given, and the order of the answers is that of the questions."""
    assert local.workers == 2
    three = local.submit(add, 1, 2)
    assert local.gather([local.submit(add, three, 4), three]) == [7, 3]


def test_what_a_unit_refuses_is_told_as_it_is(local: Cluster) -> None:
    """A problem of a study is the same error here as there."""
    with pytest.raises(InputError, match=r"^m\.gpkg: is no file$"):
        local.gather([local.submit(refuse, "m.gpkg"), local.submit(add, 1, 1)])


def test_want_of_memory_is_one_line(local: Cluster) -> None:
    """It names the unit and what to do."""
    with pytest.raises(ScaleError, match=r"no memory is left for 'tile'; take fewer workers"):
        local.gather([local.submit(want_memory, name="tile")])


def test_a_fault_of_the_program_is_raised_as_it_is(local: Cluster) -> None:
    """Nothing unexpected is dressed up as a fault of a machine."""
    with pytest.raises(TypeError):
        local.gather([local.submit(add, 1)])


def test_only_this_machine_is_let_in(local: Cluster) -> None:
    """`local` listens on loopback alone, and shows nothing over HTTP unless asked."""
    listening = [
        one.laddr.ip for one in psutil.Process().net_connections() if one.status == "LISTEN"
    ]
    assert local.workers
    assert set(listening) <= {"127.0.0.1"}


@pytest.mark.parametrize(
    "address", ["", "Local", "tcp://", "tcp://a:0", "tcp://a:70000", "http://a:1", "tcp://a;b:1"]
)
def test_an_address_is_local_or_a_host_and_port(address: str) -> None:
    """Anything else is refused with what would do."""
    with pytest.raises(ScaleError, match=r"^--scheduler: .* is no address; give local, or tcp:"):
        check_address(address)
    assert check_address("tcp://[::1]:8786") == "tcp://[::1]:8786"


def test_a_worker_of_another_version_is_named(
    local: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening says which worker, which version it has, and what would do."""
    ours = cluster.identify()
    monkeypatch.setattr(cluster, "_examine", _is_older)
    with pytest.raises(ScaleError, match=r"^worker inproc://\S+: is of another version: stemgeo 0"):
        cluster._refuse_unfit(local)
    assert cluster._describe_other(ours) == ""
    assert "other code" in cluster._describe_other(ours | {"code": "0"})
    other = cluster._describe_other(ours | {"scipy": "1.0"})
    assert other == f"scipy 1.0, not {importlib.metadata.version('scipy')}"


def _is_older(_url: str, _key: str) -> tuple[dict[str, str], str]:
    return cluster.identify() | {"stemgeo": "0.0.1"}, ""


def test_a_store_that_workers_do_not_reach_is_told(
    local: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening says which worker and which store."""
    monkeypatch.setattr(cluster, "_examine", _sees_nothing)
    with pytest.raises(ScaleError, match="does not reach the store"):
        cluster._refuse_unfit(local)


def _sees_nothing(_url: str, _key: str) -> tuple[dict[str, str], str]:
    return cluster.identify(), "does not see what was put there"


def test_no_scheduler_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address at which nobody answers is told with what to do."""
    monkeypatch.setattr(cluster, "_ANSWER_S", 0.2)
    with (
        pytest.raises(ScaleError, match="no scheduler answers") as told,
        open_cluster("tcp://127.0.0.1:1", Store(str(tmp_path))),
    ):
        pass
    assert "\n" not in str(told.value)


def test_a_dashboard_that_lacks_its_library_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names what is to be installed; nothing was started."""
    monkeypatch.setattr(cluster, "_has_bokeh", lambda: False)
    with (
        pytest.raises(ScaleError, match=r"^--dashboard: .*; pip install bokeh$"),
        open_cluster("local", Store(str(tmp_path)), dashboard=True),
    ):
        pass


# -- workers that are processes ------------------------------------------------------------------


def die_once(mark: str) -> int:
    """Die by SIGKILL, but the second time."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def die() -> None:
    """Die by SIGKILL."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Open two workers that are processes; a unit is given up when two died over it."""
    store = Store(str(tmp_path_factory.mktemp("store")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(cluster._QUIET, "distributed.scheduler.allowed-failures", 1)
        patch.setattr(worker_memory.system, "MEMORY_LIMIT", 1_200_000_000)
        with open_cluster("local", store, workers=2) as found:
            yield found


def test_a_killed_worker_costs_nothing_but_time(processes: Cluster, tmp_path: Path) -> None:
    """Its unit is done by another; a unit that kills every worker is given up in one line."""
    units = [processes.submit(die_once, str(tmp_path / "mark")), processes.submit(add, 1, 2)]
    who, three = processes.gather(units)
    assert three == 3
    assert who != os.getpid()
    with pytest.raises(ScaleError, match=r"^worker tcp://\S+: 2 workers died over 'tile', as of"):
        processes.gather([processes.submit(die, name="tile")])
    assert processes.gather([processes.submit(add, 3, 4)]) == [7]


HELD: list[bytearray] = []


def fill(share: float) -> float:
    """Hold so much of the memory that a worker may have; say how much of it is in use."""
    limit = get_worker().memory_manager.memory_limit
    while (used := psutil.Process().memory_info().rss / limit) < share:
        HELD.append(bytearray(b"1") * 4_000_000)
    if used > 1:
        Event().wait()  # until Dask ends it
    return used


def test_a_full_worker_goes_on_and_one_that_takes_more_is_one_line(processes: Cluster) -> None:
    """At 90 % of its memory Dask would let a worker wait for ever; at the limit it is ended."""
    processes.client.wait_for_workers(2)
    for one in processes.client.nthreads():
        (used,) = processes.gather([processes.submit(fill, 0.9, workers=[one])])
        assert 0.8 < used < 1
    assert processes.gather([processes.submit(add, 3, 4)]) == [7]
    told = (
        r"^worker tcp://\S+: 2 workers died over 'tile', .* memory \(each has 0\.6 GB\); take fewer"
    )
    with pytest.raises(ScaleError, match=told) as line:
        processes.gather([processes.submit(fill, 1.05, name="tile")])
    assert "\n" not in str(line.value)
    assert processes.gather([processes.submit(add, 3, 4)]) == [7]


def name_handlers() -> list[object]:
    """Say what becomes of the signals that reach all of a terminal or of a job."""
    return [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]


def test_what_ends_a_job_is_left_to_who_asked(processes: Cluster) -> None:
    """Ctrl-C, and the SIGTERM of `timeout` or a queue, which reach every process of a job."""
    processes.client.wait_for_workers(2)
    told = processes.client.run(name_handlers)
    assert len(told) == 2
    assert set(map(tuple, told.values())) == {(signal.SIG_IGN, signal.SIG_IGN)}


def test_processes_listen_on_this_machine_alone(processes: Cluster) -> None:
    """The scheduler, the nannies and the workers, each with all that it listens on."""
    processes.client.wait_for_workers(2)
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = [
        one.laddr.ip for who in family for one in who.net_connections() if one.status == "LISTEN"
    ]
    assert len(listening) > 4
    assert set(listening) == {"127.0.0.1"}


# -- a scheduler elsewhere -----------------------------------------------------------------------

_LET_GO = Event()


def wait_for_it() -> None:
    """Wait until the test says so."""
    _LET_GO.wait()


def test_a_lost_scheduler_is_one_line_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for it ends at once; the same command with another scheduler does its work."""
    monkeypatch.setattr(cluster, "_ANSWER_S", 1)
    store = Store(str(tmp_path))
    how = {
        "n_workers": 1,
        "processes": False,
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
    }
    how |= {"worker_dashboard_address": "127.0.0.1:0", "scheduler_port": 0}
    elsewhere = LocalCluster(**how, protocol="tcp", silence_logs=50)
    with open_cluster(elsewhere.scheduler_address, store) as found:
        unit = found.submit(wait_for_it)
        elsewhere.close()
        with pytest.raises(SchedulerLostError, match="the scheduler is lost; type the command"):
            found.gather([unit])
        with pytest.raises(SchedulerLostError):
            found.count_units()
        _LET_GO.set()
    with (
        LocalCluster(**how, protocol="tcp", silence_logs=50) as another,
        open_cluster(another.scheduler_address, store) as found,
    ):
        assert found.gather([found.submit(add, 1, 1)]) == [2]


def test_a_scheduler_without_workers_says_how_to_start_one(tmp_path: Path) -> None:
    """It names the command and the address."""
    how = {"n_workers": 0, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with (
        LocalCluster(**how, processes=False, protocol="tcp", silence_logs=50) as elsewhere,
        pytest.raises(ScaleError, match="has no workers; start `dask worker tcp:"),
        open_cluster(elsewhere.scheduler_address, Store(str(tmp_path))),
    ):
        pass


def test_a_worker_that_comes_later_refuses_to_work_for_another(
    local: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each unit bears the version by which it is done, and the line names the worker."""
    unit = local.submit(add, 1, 2)
    assert local.gather([unit]) == [3]
    ours = identify()
    asked = iter([ours, ours | {"code": "0"}])
    monkeypatch.setattr(cluster, "identify", lambda: next(asked))
    with pytest.raises(ScaleError, match=r"^worker inproc://\S+: is of another version; install"):
        local.gather([local.submit(add, 1, 2)])
