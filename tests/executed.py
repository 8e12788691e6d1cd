"""Run the notebooks, two side by side, and keep them with what they showed, for the site.

Each must run to its end and show no warning and no place of this machine. They lie in
`out/notebooks`, executed; `make notebooks ARGS="03 07"` runs those alone. The run of the sample
as it is, with which most begin, is measured once for all (`shared_run`).
"""

from __future__ import annotations

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
SOURCE, TARGET = ROOT / "notebooks", ROOT / "out" / "notebooks"
SIDE_BY_SIDE = 2
LONGEST_S = 1800
"""Of a cell, on a machine with much else to do."""
LARGEST = 6_000_000
"""Bytes of a notebook with its pictures: a page that is still opened at once."""


def execute(path: Path, shared: Path) -> tuple[str, str, list[str]]:
    """Run one notebook and keep it; say its name, what it took, and what is wrong with it."""
    begun = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=LONGEST_S,
        startup_timeout=LONGEST_S,
        resources={"metadata": {"path": str(SOURCE)}},
        extra_arguments=[
            f"--IPKernelApp.exec_lines=__import__('sys').path.append({str(TESTS)!r})",
            f"--IPKernelApp.exec_lines=__import__('shared_run').share_run({str(shared)!r})",
        ],
    )
    wrong = []
    with TemporaryDirectory() as beside:
        # By files, not ports: two kernels that begin at once may choose the same one.
        manager = client.create_kernel_manager()
        manager.transport, manager.ip = "ipc", f"{beside}/kernel"
        try:
            client.execute()
        except CellExecutionError as error:
            wrong.append(str(error)[-2000:])
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when, which no two runs share
    nbformat.write(notebook, TARGET / path.name)
    size = (TARGET / path.name).stat().st_size
    wrong += list_wrong(notebook) + ([f"holds {size:,} bytes"] if size > LARGEST else [])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s, took_s = used.ru_utime + used.ru_stime, time.perf_counter() - begun
    return path.stem, f"{took_s:5.0f} s, {cpu_s:4.0f} s of processor, {size / 1e6:.1f} MB", wrong


def list_wrong(notebook: nbformat.NotebookNode) -> list[str]:
    """List what a reader should not see: warnings, and places of this machine."""
    found = []
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            said = output.get("text", "") + "".join(map(str, output.get("data", {}).values()))
            if output.get("name") == "stderr":
                found.append(f"cell {number} warns: {said[:500]}")
            if any(str(place) in said for place in (ROOT, Path.home(), sys.prefix)):
                found.append(f"cell {number} shows a place of this machine")
    return found


def main(wanted: list[str]) -> int:
    """Run those whose names begin so, all when none is named; give the exit status."""
    TARGET.mkdir(parents=True, exist_ok=True)
    paths = [
        path
        for path in sorted(SOURCE.glob("*.ipynb"), reverse=True)  # the last is the longest
        if not wanted or path.name.startswith(tuple(wanted))
    ]
    status = 0 if paths else 1
    with (
        TemporaryDirectory() as folder,
        ProcessPoolExecutor(SIDE_BY_SIDE, max_tasks_per_child=1) as pool,
    ):
        run = partial(execute, shared=Path(folder) / "sample.pickle")
        for name, told, wrong in pool.map(run, paths):
            sys.stdout.write(f"{name:24}{told}\n")
            sys.stdout.flush()
            for line in wrong:
                sys.stderr.write(f"{name}: {line}\n")
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
