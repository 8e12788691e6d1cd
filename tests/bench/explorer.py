"""The explorer at the size of Flanders: its board made, opened, asked, and equal to a measurement.

Each part is a process of its own, so that its memory is told. The server is the real one, on a
port of this machine; it is asked by a client and by a browser in another process.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hand
import numpy as np
import osmium
import pandas as pd
import shapely
from bench import synthetic
from bench.timing import TESTS, THREADS, alone, once, say

from stemgeo.explore.board import Board, list_cells
from stemgeo.explore.messages import to_degrees
from stemgeo.inputs.plan import add_plan
from stemgeo.measure import Prepared, measure_day
from stemgeo.network.graph import Network
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    import geopandas as gpd

    from stemgeo.inputs import Inputs

VARIANTS, STEPS = 20, 10
"""Variants to which one change after another is added: 200 questions, the last of ten changes."""

BOARD, TWO = "board", "board-two"
"""Of the study that says nothing, three profiles, and of one with two of them."""

ASKED_FOR = ("all", "low_stress")

DROPS = 40
"""In the browser, in each of its kinds."""

WHOLE = 5
"""Changes that are measured again as a whole."""

AGES: tuple[hand.Span, ...] = ((None, None), (9, 12), (None, 8), (12, None))
CUTS = (9, 13)
"""The ages at which one of these begins, or that follow on its last."""

_DROP = """async (keys) => {
  const map = document.getElementById("map");
  const now = document.getElementById("now");
  const press = (one) => map.dispatchEvent(
    new KeyboardEvent("keydown", { key: one, bubbles: true }));
  const count = () => document.querySelectorAll("#change-list li.change").length;
  keys.forEach(press);
  await new Promise((done) => setTimeout(done, 60));
  const before = count();
  let began;
  const counted = new Promise((done, fail) => {
    const seen = new MutationObserver(() => {
      if (count() > before && now.getAttribute("aria-busy") === "false") {
        seen.disconnect();
        done(performance.now() - began);
      }
    });
    seen.observe(document.body,
      { attributes: true, childList: true, subtree: true, characterData: true });
    setTimeout(() => fail(new Error(`no figures: ${now.textContent}`)), 30000);
  });
  began = performance.now();
  press("Enter");
  const ms = await counted;
  // The second frame begins when the first was given to the screen.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return { counted: ms, painted: performance.now() - began,
           gained: document.getElementById("gained").textContent };
}"""


def make_inputs(network: Network) -> Inputs:
    """Make what the study of the made land reads."""
    return synthetic.inputs(network, synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS)


def write_extract(folder: Path) -> None:
    """Write an extract with one street: the page asks what is on the map around a place."""
    drawn = folder / "wegen.osm"
    street = [((1, 2), {"highway": "residential"})]
    drawn.write_text(hand.osm_xml({1: (0, 0), 2: (1, 0)}, street), encoding="utf-8")
    with osmium.SimpleWriter(str(folder / "wegen.osm.pbf")) as writer:
        for one in osmium.FileProcessor(str(drawn)):
            writer.add(one)


# -- the parts, each a process of its own -----------------------------------------------------


def keep(folder: Path) -> dict[str, Any]:
    """Measure the land and keep its board."""
    network, study = Network.load(folder / "network"), synthetic.study()
    write_extract(folder)
    made = make_inputs(network)
    every = [cell.ages[0] for cell in list_cells(study)]
    place_s, prepared = once(lambda: Prepared.from_inputs(study, made, network, every))
    measure_s, board = once(lambda: Board.from_prepared(prepared, threads=THREADS))
    save_s, _ = once(lambda: board.save(folder / BOARD))
    take_profiles(board, ASKED_FOR).save(folder / TWO)
    files = sum(one.stat().st_size for one in (folder / BOARD).rglob("*") if one.is_file())
    told = {"points": len(board.ground.x), "academies": len(board.academies)}
    told |= {"nodes": network.nodes, "rows": len(board.coverage), "mib": files / 2**20}
    return told | {"place_s": place_s, "measure_s": measure_s, "save_s": save_s}


def take_profiles(board: Board, profiles: tuple[str, ...]) -> Board:
    """Give the board of the same study with the first of its profiles alone."""
    first = board.ground.first
    study, kept = synthetic.study(profiles=profiles), board.ground.profiles[: len(profiles)]
    assert kept == profiles
    best, rows = board.beside.best, board.coverage["profile"].isin(profiles)
    of_kept = sum(search[0] in profiles for search in board.kinds.searches)
    best = replace(
        best,
        reach={of: found for of, found in best.reach.items() if of[0] in profiles},
        base={name: best.base[name] for name in profiles},
    )
    return replace(
        board,
        study=study,
        ground=replace(board.ground, profiles=profiles, first=replace(first, study=study)),
        counts=board.counts[:of_kept],
        served={of: found for of, found in board.served.items() if of[0] in profiles},
        coverage=board.coverage[rows].reset_index(drop=True),
        beside=replace(board.beside, best=best),
    )


def open_board(folder: Path, threads: int) -> Board:
    """Open a board that was kept, by the name of its folder."""
    profiles = {BOARD: {}, TWO: {"profiles": ASKED_FOR}}[folder.name]
    return Board.load(folder, synthetic.study(**profiles), threads=threads)


def serve(board_folder: Path) -> dict[str, Any]:
    """Open a board, say the address, and serve until the process is told to stop."""
    from stemgeo.explore import server

    folder = board_folder.parent
    os.chdir(folder)  # where the study's extract is
    board_s, board = once(lambda: open_board(board_folder, THREADS))
    explorer = server.Explorer.of_board(board, folder / "study.toml", folder / "variants")
    study_s, _ = once(lambda: explorer.desk.study_reply)
    taken = server.listen(0)
    door = server.Door.on_port(taken.getsockname()[1])
    sys.stdout.write(json.dumps({"address": door.address}) + "\n")
    sys.stdout.flush()
    server.serve(server.build_app(explorer, door), taken)
    return {"board_s": board_s, "study_s": study_s}


def equal(folder: Path) -> dict[str, Any]:
    """Measure some changes again, each from the beginning: every count must be the same."""
    study, random = synthetic.study(), np.random.default_rng(20)
    board = open_board(folder / BOARD, THREADS)
    network = Network.load(folder / "network")
    prepared = Prepared.from_inputs(study, make_inputs(network), network, CUTS)
    moved = 0
    for _ in range(WHOLE):
        placed, closed = draw_change(board, random)
        found = board.change(placed, closed)
        register = prepared.inputs.academies
        register = add_plan(register[~register["academy_id"].isin(closed)], placed)
        there = replace(prepared, inputs=replace(prepared.inputs, academies=register))
        again = measure_day(there, synthetic.DAY).coverage
        pd.testing.assert_frame_equal(found.coverage, again)
        moved += int((again["covered"] != board.coverage["covered"]).sum())
    if not moved:
        raise AssertionError("no change moved anyone: nothing was compared")
    return {"changes": WHOLE, "rows": len(board.coverage), "moved": moved}


def draw_change(board: Board, random: np.random.Generator) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Draw a change: three that close, of which one moves, and three that come, of some ages."""
    closed = random.choice(board.academies["academy_id"], 3, replace=False).tolist()
    ids = [closed[0], "N1", "N2", "N3"]
    spans = random.integers(len(AGES), size=len(ids))
    ages = {one: AGES[span] for one, span in zip(ids, spans, strict=True)}
    spots = {one: shapely.Point(draw_spot(board, random)) for one in ids}
    return hand.academies(spots, ages=ages), closed


def draw_spot(board: Board, random: np.random.Generator) -> tuple[float, float]:
    """Draw a place where children live, as far off as a street."""
    one = random.integers(len(board.ground.x))
    off = random.uniform(-200, 200, 2)
    return round(board.ground.x[one] + off[0], 3), round(board.ground.y[one] + off[1], 3)


# -- who asks -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """The server in its own process."""

    address: str
    open_s: float
    process: subprocess.Popen[str]

    def cpu_s(self) -> float:
        """Give the processor time that it took, where the system tells (Linux), else NaN."""
        status = Path(f"/proc/{self.process.pid}/stat")
        if not status.is_file():
            return float("nan")
        fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> dict[str, Any]:
        """End it as Ctrl-C does; give what it says then."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate()
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
        return found


@contextlib.contextmanager
def served(board: Path) -> Iterator[Served]:
    """Start the server; the time runs from the start of its process to its first answer."""
    import httpx

    command = [sys.executable, "-m", "bench.explorer", "serve", str(board)]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    address = json.loads(process.stdout.readline())["address"]
    httpx.get(f"{address}api/study").raise_for_status()
    open_s = time.perf_counter() - start

    try:
        yield Served(address, open_s, process)
    finally:
        process.kill()


def ask(folder: Path) -> dict[str, Any]:
    """Ask for 200 changes one after another, then drop academies in a browser."""
    with served(folder / TWO) as running:
        in_two = ask_server(running, folder / TWO)
        running.stop()
    with served(folder / BOARD) as running:
        found = ask_server(running, folder / BOARD)
        found |= drop_in_browser(running.address)
        told = running.stop()
    return found | {"two": in_two, "open_s": running.open_s, "server": told}


def ask_server(running: Served, folder: Path) -> dict[str, Any]:
    """Ask for the changes; give the milliseconds by the kind of the last one, and of the CPU."""
    before_s = running.cpu_s()
    kinds = ask_changes(running.address, open_board(folder, threads=1))
    cpu_ms = (running.cpu_s() - before_s) * 1000 / (VARIANTS + 1) / STEPS
    return {f"{kind}_ms": ms for kind, ms in kinds.items()} | {"cpu_ms": cpu_ms}


def ask_changes(address: str, board: Board) -> dict[str, list[float]]:
    """Ask through the loopback; give the milliseconds of each question, by its last change."""
    import httpx

    random, origin = np.random.default_rng(11), address.split("/", 3)
    headers = {"Origin": "/".join(origin[:3])}
    times: dict[str, list[float]] = {"placed": [], "moved": [], "closed": []}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        for number in range(VARIANTS + 1):
            variant: dict[str, Any] = {"placed": [], "moved": [], "closed": []}
            free = random.permutation(board.academies["academy_id"]).tolist()
            for step in range(STEPS):
                kind = ("placed", "moved", "closed")[step % 3]
                lon, lat = (float(one[0]) for one in to_degrees(*draw_spot(board, random)))
                one = {"id": free.pop() if kind == "moved" else f"N{step}", "lon": lon, "lat": lat}
                variant[kind].append(free.pop() if kind == "closed" else one)
                body = {"request": number * STEPS + step, "variant": {"name": "V"} | variant}
                seconds, said = once(lambda body=body: client.post("api/change", json=body))
                said.raise_for_status()
                if number:  # the first warms up what is read from the disk
                    times[kind].append(seconds * 1000)
    return times


def drop_in_browser(address: str) -> dict[str, Any]:
    """Drop academies by keys; give milliseconds until the figures are counted, and painted."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if program is None:
        return {}
    from playwright.sync_api import sync_playwright

    found: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, before in (("flat", _NO_WEBGL), ("webgl", "")):
            tab = browser.new_page(viewport={"width": 1300, "height": 900})
            tab.set_default_timeout(120_000)
            tab.add_init_script(before)
            tab.goto(address)
            tab.locator("body[data-ready=yes]").wait_for()
            ways = draw_walks(DROPS + 3)
            dropped = [tab.evaluate(_DROP, one.tolist()) for one in ways][3:]
            if len({one["gained"] for one in dropped}) == 1:
                raise AssertionError(f"{name}: no drop changed the figures: {dropped}")
            found[f"{name}_ms"] = [one["painted"] for one in dropped]
            found[f"{name}_counted_ms"] = [one["counted"] for one in dropped]
            tab.close()
        browser.close()
    return found


def draw_walks(drops: int) -> list[np.ndarray[Any, Any]]:
    """Draw the keys before each drop; every other one goes back, so that none leaves the land."""
    away = np.random.default_rng(12).choice(_ARROWS, ((drops + 1) // 2, 5))
    back = np.vectorize(_BACK.get)(away)
    return [keys for pair in zip(away, back, strict=True) for keys in pair][:drops]


_ARROWS = ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp")
_BACK = dict(zip(_ARROWS, (*_ARROWS[2:], *_ARROWS[:2]), strict=True))
_NO_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : get.call(this, kind, ...more);
};
"""


# -- the page -----------------------------------------------------------------------------------


def section(network: Path) -> str:
    """Time all of it and write its part of the page.

    Parameters
    ----------
    network
        The folder with the made network of the size of Flanders.
    """
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "network").symlink_to(network.absolute(), target_is_directory=True)
        kept, asked, same = (alone("bench.explorer", part, work) for part in PARTS)
    return write_section(kept, asked, same)


def write_section(kept: dict[str, Any], asked: dict[str, Any], same: dict[str, Any]) -> str:
    """Write what was found.

    Parameters
    ----------
    kept, asked, same
        As from `keep`, `ask` and `equal`.
    """
    server = asked["server"]
    every = list(synthetic.study().travel.profiles)
    rows = [
        *_list_changes(f"{len(every)} profiles", asked),
        *_list_changes(f"{len(ASKED_FOR)} profiles", asked["two"]),
    ]
    for name, what in (("flat", "the map without WebGL"), ("webgl", "WebGL in software")):
        if f"{name}_ms" in asked:
            rows.append(
                _row(f"a drop to figures in the page, {what}", asked[f"{name}_counted_ms"], "")
            )
            rows.append(_row(f"a drop to figures painted, {what}", asked[f"{name}_ms"], "300"))
    return f"""## The explorer at the size of Flanders

The same made land: {kept["nodes"]:,} nodes, {kept["points"]:,} demand points,
{kept["academies"]} academies, {len(SCENARIOS)} scenarios, and the {len(every)} profiles of a study
that does not say which ({_name(every)}); beside it a study with two of them ({_name(ASKED_FOR)}).
`stemgeo explore` without a study's files: reading and hashing these comes on top. The server is the
real one in a process of its own, asked over the loopback by {VARIANTS} variants to each of which
{STEPS} changes are added one by one; the browser is Chromium, where an academy is dropped by keys,
{DROPS} times, until the frame with its figures was drawn, over {len(every)} profiles.

| what | p50, ms | p95, ms | most, ms | aim of p95, ms |
|---|---|---|---|---|
{chr(10).join(rows)}

| what | s | peak memory, MiB |
|---|---|---|
| putting the children at points | {kept["place_s"]:.1f} | |
| measuring the board | {kept["measure_s"]:.1f} | |
| keeping it ({kept["mib"]:,.0f} MiB of files) | {kept["save_s"]:.1f} | {kept["peak_mib"]:,.0f} |
| opening it from the cache | {server["board_s"]:.2f} | |
| writing the study for the page | {server["study_s"]:.2f} | |
| from the start of the process to its first answer (aim 5 s) | {asked["open_s"]:.2f} | |
| the server after all questions (aim 3,072 MiB) | | {server["peak_mib"]:,.0f} |

A question takes the server {asked["cpu_ms"]:.0f} ms of processor time in the mean, with two
profiles {asked["two"]["cpu_ms"]:.0f} ms.

{same["changes"]} changes, each of three academies that close or move and three new ones of several
ages, were measured again from the beginning: all {same["rows"]:,} rows of the coverage table are
the same to the child; {same["moved"]:,} counts of them moved.
"""


def _list_changes(profiles: str, asked: dict[str, Any]) -> list[str]:
    kinds = {"a new place": "placed", "a move": "moved", "a closing": "closed"}
    times = {what: asked[f"{kind}_ms"] for what, kind in kinds.items()}
    every = [one for part in times.values() for one in part]
    return [
        _row(f"a change at the server, {profiles}", every, "100"),
        *(_row(f"{profiles}, its last change {what}", part, "") for what, part in times.items()),
    ]


def _name(profiles: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in profiles)


def _row(what: str, ms: list[float], aim: str) -> str:
    half, most = np.percentile(ms, [50, 95])
    return f"| {what} | {half:.0f} | {most:.0f} | {max(ms):.0f} | {aim} |"


PARTS = {"keep": keep, "ask": ask, "equal": equal}

if __name__ == "__main__":
    part, place = sys.argv[1], Path(sys.argv[2])
    say((PARTS | {"serve": serve, "section": lambda one: {"section": section(one)}})[part](place))
