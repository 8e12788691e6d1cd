"""A scheduler with its workers: one version, one store, loopback alone, faults in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from stemgeo.errors import InputError, Problem, ScaleError
from stemgeo.scale import cluster
from stemgeo.scale.cluster import Cluster, check_address, open_cluster
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
