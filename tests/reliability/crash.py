"""Kills commands at many moments and counts what was lost: `make crash N=200`.

A warm process forks a child for each moment; the child counts what it does to files and kills
itself (SIGKILL) right before the n-th, or is killed after a while. Pictures are drawn and figures
computed once: what is tried is how files are written. A first read does all of it anew.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import hand
from killed import child, ended, moments

from stemgeo.cli import main as main_of_stemgeo
from stemgeo.inputs import cache
from stemgeo.report.files import drawings_folder, refuse_taken, result_folder, write_manifest
from stemgeo.writing import whole
from stemgeo.writing.seal import hash_file, list_others_work

Content = dict[str, str]


# -- one command, and what must hold after each kill ---------------------------------------------


@dataclass(frozen=True)
class Command:
    """A command that is killed.

    Attributes
    ----------
    work
        Does it, with a number that makes each result another.
    place
        What it writes.
    before
        Sets the stage for each moment.
    start
        What any next start does first.
    kept
        What must be somewhere afterwards, whatever happens: someone's work.
    in_one_step
        Whether the old or the new one stands there at any moment, not only after the next start.
    """

    name: str
    work: Callable[[str], object]
    place: Path
    before: Callable[[], object]
    start: Callable[[], object]
    kept: bytes = b""
    in_one_step: bool = True


def content_of(place: Path) -> Content:
    """Give the hash of each file."""
    if place.is_file():
        return {"": hash_file(place)}
    return {
        path.relative_to(place).as_posix(): hash_file(path)
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def leftovers(*folders: Path) -> list[Path]:
    """List what runs work in."""
    return [path for folder in folders for path in folder.rglob(".stemgeo-*")]


def faults(command: Command, base: Path, results: tuple[Content, Content]) -> Iterator[str]:
    """Say what is wrong after a kill, and after the next start."""
    before = content_of(command.place)
    command.start()
    after = content_of(command.place)
    if after not in results or (command.in_one_step and before not in results):
        yield f"neither the old nor the new result: {sorted(before)[:5]}, {sorted(after)[:5]}"
    if before in results and after != before:
        yield "the next start changed the result"
    for path in leftovers(base):
        yield f"left: {path.relative_to(base)}"
    texts = (
        [path.read_bytes() for path in base.rglob("*") if path.is_file()] if command.kept else []
    )
    if command.kept and texts.count(command.kept) != 1:
        yield f"someone's work stands {texts.count(command.kept)} times"


def killed(command: Command, base: Path, number: int) -> Counter[str]:
    """Kill a command at so many moments, a quarter of them by the clock; count what came of it."""
    log = base / "log.txt"
    command.before()
    old = content_of(command.place)
    began = time.monotonic()
    whole_run = ended(*child(partial(command.work, "new"), log), log)
    took = time.monotonic() - began
    if whole_run.status:
        raise SystemExit(f"{command.name} fails by itself: {whole_run.said}")
    results = (old, content_of(command.place))
    by_clock = number // 4
    found: Counter[str] = Counter()
    plan: list[int | float] = [*moments(whole_run.events, number - by_clock)]
    plan += [took * (one + 0.5) / by_clock for one in range(by_clock)]
    for moment in plan:
        command.before()
        at = moment if isinstance(moment, int) else 0
        pid, counted = child(partial(command.work, "new"), log, at)
        if isinstance(moment, float):
            time.sleep(moment)
            os.kill(pid, signal.SIGKILL)
        end = ended(pid, counted, log)
        found["moments"] += 1
        found["killed" if end.status == -signal.SIGKILL else "ended before"] += 1
        found["new result" if content_of(command.place) == results[1] else "old result"] += 1
        for fault in faults(command, base, results):
            found["FAULTS"] += 1
            _print(f"{command.name}, {moment}: {fault}")
    return found


DIES_AT = 8
"""The event before which one of several is killed: in the middle of its writing."""

RESULTS = ("result", "run", "answer", "site")
"""Places with a manifest."""


def together(command: Command, base: Path, number: int, dies_at: int = 0) -> Counter[str]:
    """Start some of a command at once, of which one may be killed; count how they ended."""
    found: Counter[str] = Counter()
    command.before()
    logs = [base / f"log{one}.txt" for one in range(number)]
    runs = [
        child(partial(command.work, ("old", "new")[one % 2]), log, 0 if one else dies_at)
        for one, log in enumerate(logs)
    ]
    for (pid, counted), log in zip(runs, logs, strict=True):
        end = ended(pid, counted, log)
        if dies_at and end.status == -signal.SIGKILL:
            found["killed"] += 1
            continue
        found["well" if end.status == 0 else "refused"] += 1
        if "Traceback" in end.said or end.status not in (0, 1):
            found["FAULTS"] += 1
            _print(f"{command.name}, {number} at once: {end.said}")
    for log in logs:
        log.unlink()
    if found["killed"]:
        command.start()
    if command.place.name in RESULTS and list_others_work(command.place):
        found["FAULTS"] += 1
        _print(f"{command.name}, {number} at once: mixed, {list_others_work(command.place)}")
    for path in leftovers(base):
        found["FAULTS"] += 1
        _print(f"{command.name}, {number} at once: left {path}")
    return found


# -- the commands ---------------------------------------------------------------------------------


@contextmanager
def stage() -> Iterator[Path]:
    """Give a folder of our own, with the cache and the temporary folder in it."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "tmp").mkdir()
        tempfile.tempdir = str(base / "tmp")
        os.environ["STEMGEO_CACHE"] = str(base / "cache")
        yield base


def put_back(saved: Path, place: Path) -> None:
    """Put the old result at its place, and nothing beside it."""
    for path in place.parent.glob(f"{place.stem}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(saved, place)


def small(base: Path) -> list[Command]:
    """List writers of next to nothing: every event of theirs can be tried in a second."""
    place, saved = base / "out" / "result", base / "saved"
    mine = b"mine"

    def write(text: str, at: Path = place, *, replace: bool = False) -> None:
        with result_folder(at, replace=replace) as folder:
            (folder / "tables").mkdir()
            for name in ("summary.md", "tables/a.csv"):
                (folder / name).write_text(text, encoding="utf-8")
            write_manifest(folder, {"stemgeo": "0"})

    def edited() -> None:
        put_back(saved, place)
        (place / "summary.md").write_bytes(mine)

    def draw(text: str) -> None:
        with drawings_folder(base / "out") as folder:
            (folder / "kaart.svg").write_text(text, encoding="utf-8")

    def draw_anew() -> None:
        (base / "out" / "kaart.svg").unlink(missing_ok=True)
        draw("old")

    entry = base / "cache" / "kind" / "entry"

    def keep(text: str) -> None:
        cache.load_or_make(entry, lambda: text, _save, lambda one: (one / "a").read_text("utf-8"))

    write("old", saved)
    start = partial(refuse_taken, place)
    asked = partial(refuse_taken, place, replace=True)
    again, slow = partial(put_back, saved, place), _without_exchange(write)
    svg, near = base / "out" / "kaart.svg", partial(whole.make_ready, base / "out" / "x")
    empty = partial(shutil.rmtree, base / "cache", ignore_errors=True)
    return [
        Command("folder", write, place, again, start),
        Command("folder, no exchange", slow, place, again, start, in_one_step=False),
        Command("folder kept", partial(write, replace=True), place, edited, asked, mine),
        Command("drawing", draw, svg, draw_anew, near),
        Command(
            "cache",
            keep,
            entry,
            empty,
            partial(cache.load_or_make, entry.with_name("x"), str, _save, str),
        ),
    ]


def _save(text: str, place: Path) -> None:
    place.mkdir()
    (place / "a").write_text(text, encoding="utf-8")


def _without_exchange(write: Callable[[str], None]) -> Callable[[str], None]:
    """Write where the system knows no exchange."""

    def work(text: str) -> None:
        whole._find_renameat2 = lambda: None  # type: ignore[assignment]
        write(text)

    return work


# -- the real commands ----------------------------------------------------------------------------

TITLES = ("old", "new")


def real(base: Path) -> list[Command]:
    """List the commands of the command line on the small study, all warm, pictures drawn once."""
    _draw_once()
    compute = _compute_once()

    def first(title: str, out: Path) -> None:
        compute()
        run(title, out)

    def run(title: str, out: Path) -> None:
        _call("run", base / f"study-{title}", "--threads", 1, "--out", out)

    def answer(title: str, out: Path) -> None:
        _call("answer", base / f"result-{title}", "--out", out)

    def site(title: str, out: Path) -> None:
        _call("site", base / f"study-{title}", "-n", 1, "--threads", 1, "--out", out)

    for title in TITLES:
        hand.write_study(base / f"study-{title}", notice=f"Proef {title}")
        run(title, base / f"result-{title}")
    commands = []
    for name, work in {"run": run, "answer": answer, "site": site}.items():
        work("new", base / f"warm-{name}")
        work("old", base / f"saved-{name}")
        place = base / "out" / name
        again = partial(put_back, base / f"saved-{name}", place)
        start = partial(refuse_taken, place, name)
        commands.append(Command(name, partial(_to, work, place), place, again, start))
    place = base / "out" / "run"
    cold, started = partial(_cold, base, place), partial(_started, base, place)
    return [*commands, Command("first read", partial(_to, first, place), place, cold, started)]


def _call(*arguments: object) -> None:
    sys.argv = ["stemgeo", *map(str, arguments)]
    try:
        main_of_stemgeo()
    except SystemExit as end:
        if end.code:
            raise


def _cold(base: Path, place: Path) -> None:
    """Set the stage for a first read: no cache."""
    shutil.rmtree(base / "cache", ignore_errors=True)
    put_back(base / "saved-run", place)


def _started(base: Path, place: Path) -> None:
    """Do what the next run does first, here and where it looks for work of then."""
    refuse_taken(place)
    for folder in (base / "cache", base / "tmp"):
        whole.clear_leftovers(folder)


def _to(work: Callable[[str, Path], None], place: Path, title: str) -> None:
    work(title, place)


def _compute_once() -> Callable[[], None]:
    """Compute a study once; give what makes it be computed anew from then on."""
    names = ("stemgeo.study_run", "stemgeo.planning")
    modules = [importlib.import_module(name) for name in names]
    real = [
        (module, name, getattr(module, name))
        for module, name in zip(modules, ("run", "site"), strict=True)
    ]
    for module, name, work in real:
        setattr(module, name, _once(work, lambda study, **_: study.about.notice))

    def anew() -> None:
        for module, name, work in real:
            setattr(module, name, work)

    return anew


def _draw_once() -> None:
    """Draw each picture once: a map takes seconds, and none of them are of what is tried."""
    from stemgeo.maps import page
    from stemgeo.report import paper
    from stemgeo.report.sheets import Sheets

    for kind, write in list(page._WRITERS.items()):
        page._WRITERS[kind] = _once(write, lambda figure, *_: str(figure.get_label()))
    sheet = lambda _, kind, province=None, **__: (kind, province)  # noqa: E731
    Sheets.draw = _once(Sheets.draw, sheet)  # type: ignore[method-assign]
    Sheets.draw_web_map = _once(Sheets.draw_web_map, lambda *_, **__: 0)  # type: ignore[method-assign]
    paper._typeset_pages = _once(paper._typeset_pages, lambda *_: 0)


def _once(make: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
    made: dict[Any, Any] = {}

    def given(*args: Any, **others: Any) -> Any:
        name = key(*args, **others)
        if name not in made:
            made[name] = make(*args, **others)
        return made[name]

    return given


def main() -> None:
    """Try all and print the counts; status 1 where anything was lost or left."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=200, help="moments, over all commands")
    parser.add_argument("--small", action="store_true", help="writers of next to nothing only")
    parser.add_argument("--only", default="", help="some of the commands, as site,answer")
    given = parser.parse_args()
    lost = 0
    with stage() as base:
        commands = small(base) if given.small else real(base)
        if given.only:
            commands = [one for one in commands if one.name in given.only.split(",")]
        for command in commands:
            found = killed(command, base, -(-given.number // len(commands)))
            _print(f"{command.name}: {told(found)}")
            lost += found["FAULTS"]
        for command in commands:
            for number, dies_at in ((2, 0), (4, 0), (8, 0), (8, DIES_AT)):
                found = together(command, base, number, dies_at)
                one = ", one killed" if dies_at else ""
                _print(f"{command.name}, {number} at once{one}: {told(found)}")
                lost += found["FAULTS"]
    sys.exit(1 if lost else 0)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def told(found: Counter[str]) -> str:
    """Give the counts as a line."""
    return ", ".join(f"{what} {count}" for what, count in found.items())


if __name__ == "__main__":
    main()
