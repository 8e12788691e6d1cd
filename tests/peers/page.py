"""The page docs/peers.md, made of what a comparison found."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
from classes import AGREE, KINDS, REASONS, TO_WEIGH, UNEXPLAINED
from peer import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from records import Comparison, Floats, Survey

SHOWN = (0, 5, 25, 50, 75, 95, 100)
"""Percentiles."""

EXAMPLES = 3

HEAD = """# Held against Valhalla

An engine that others wrote reads the same extracts: [Valhalla](https://valhalla.github.io/valhalla/)
{version}, from its Python wheel. `make peers` installs it into a folder of its own, builds its
tiles, compares and writes this page; nothing of it is part of the package. What it said tag by tag
is kept (`tests/peers/lab.csv`): `make test` holds the rules of today against it and this page.

## How

- Each extract is trimmed first: ways are cut where the extract has no nodes, for Valhalla leaves
  such ways out (ways cut: {cuts}). Both engines read the trimmed copy.
- **Access and direction** are compared for every way with a `highway` tag, every ferry and every
  node inside of one that may stop a cyclist, along the way and against it: Valhalla's tiles say
  who may use an edge or pass a node. A node that they do not hold stops nobody.
- **Distances** are compared for random pairs of places on roads that both use, 0.5 to 5 km apart in
  a straight line, each metre of road as likely as any other (seeded). Valhalla is asked for
  `shortest`, which sets its costs to none. Ours is the shortest way by the package's own kernel,
  which is checked against networkx in passing. Two lengths agree within 2 %: Valhalla rounds each
  edge to a metre.
- **A difference is explained by taking it over.** The extract is written anew with Valhalla's
  access for one class of difference, our own network is built from that, and when the pair then
  agrees, that class is the reason. Turn restrictions: Valhalla is asked to ignore them. Ways on
  foot beside main roads (`network.md`): our network is built without.
- Valhalla has no boundaries in these extracts, so it uses its worldwide defaults.
"""

RATIOS = """## How far apart

Ours over Valhalla's, by percentile of the pairs. "Without pushing" and "all taken over" are our
network with Valhalla's access on what we push along (and nothing pushed beside main roads), or on
everything: what is then left is geometry, rounding and turn restrictions. "Fastest" compares the
lengths of the fastest ways, ours at 15 km/h on good roads, Valhalla's with its costs for a hybrid
bicycle, also at 15 km/h.
"""

PUSHING = """## What pushing is worth

Time of our fastest way at 15 km/h, with all closed along which one would push, over the time with
pushing.
"""

CLASSES = """## Classes of difference

Kilometres and number of ways that differ in at least one direction, and the pairs that the class
explains. One class can hold much road and explain no pair: a private drive leads nowhere.
"""

LAB = """## Tag by tag

The same question on an extract of nothing but tags: {ways} ways and {nodes} nodes, one for each
combination of a kind of road with what mappers write on it (`tests/peers/lab.py`), so that what
these towns do not have is compared as well. They agree on all but the following; on footways and
against plain one-way streets we push and Valhalla does not go, which is not listed again.
"""

PLAIN = {"pushing on a footway", "pushing against a one-way street"}
PLAIN |= {"pushing against a one-way main road", "trunk"}


def write_page(path: Path, done: Sequence[Comparison], lab: Survey) -> None:
    """Write the page."""
    version = re.search(r"==(\S+)", REQUIREMENTS.read_text())
    cuts = ", ".join(f"{one.survey.name} {one.cut}" for one in done)
    parts = [
        HEAD.format(version=version[1] if version else "", cuts=cuts),
        "## In short\n",
        *_short(done),
        RATIOS,
        *_ratios(done),
        PUSHING,
        *_pushing(done),
        CLASSES,
        *_classes(done),
        "### What each is, and what we make of it\n",
        *_explained(done, lab),
        "### Examples\n",
        *_examples(done),
        LAB.format(ways=len(lab.ways), nodes=len(lab.nodes)),
        *lab_table(lab),
        "## Conclusions\n",
        *_conclusions(done, lab),
    ]
    path.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines] + [""]


def _short(done: Sequence[Comparison]) -> list[str]:
    rows = []
    for one in done:
        found = Counter(
            zip(np.isfinite(one.lengths.ours), np.isfinite(one.lengths.theirs), strict=True)
        )
        ways, ours = one.survey.ways, one.survey.difference.ways
        all_km = sum(way.length_m for way in ways.values()) / 1000
        same_km = all_km - sum(ways[number].length_m for number in ours) / 1000
        rows.append(
            [
                one.survey.name,
                f"{len(ways)} ({all_km:.0f} km)",
                f"{len(ways) - len(ours)} ({same_km:.0f} km, {100 * same_km / all_km:.1f} %)",
                len(one.pairs),
                found[True, True],
                found[True, False],
                found[False, True],
                found[False, False],
                one.reasons.count(AGREE),
            ]
        )
    head = ["extract", "ways", "alike", "pairs", "both find a way", "only ours", "only Valhalla"]
    return _table([*head, "neither", "within 2 %"], rows)


def _ratios(done: Sequence[Comparison]) -> list[str]:
    rows = []
    for one in done:
        lengths = one.lengths
        for name, ours, theirs in (
            ("shortest", lengths.ours, lengths.theirs),
            ("shortest, without pushing", lengths.without_pushing, lengths.theirs),
            ("shortest, all taken over", lengths.adopted, lengths.theirs),
            ("the same, no turn restrictions", lengths.adopted, lengths.unrestricted),
            ("fastest", lengths.fastest, lengths.their_fastest),
        ):
            rows.append([one.survey.name, name, *_percentiles(ours, theirs)])
    return _table(["extract", "ways", *(f"{p} %" for p in SHOWN)], rows)


def _percentiles(above: Floats, below: Floats) -> list[str]:
    both = np.isfinite(above) & np.isfinite(below)
    return [f"{value:.3f}" for value in np.percentile(above[both] / below[both], SHOWN)]


def _pushing(done: Sequence[Comparison]) -> list[str]:
    rows = []
    for one in done:
        riding, pushing = one.times.riding, one.times.pushing
        lost = int((np.isinf(riding) & np.isfinite(pushing)).sum())
        longer = int((riding[np.isfinite(riding)] > 1.02 * pushing[np.isfinite(riding)]).sum())
        rows.append([one.survey.name, lost, longer, *_percentiles(riding, pushing)])
    head = ["extract", "pairs with no way left", "over 2 % longer"]
    return _table([*head, *(f"{p} %" for p in SHOWN)], rows)


def _classes(done: Sequence[Comparison]) -> list[str]:
    rows = []
    for name in REASONS:
        cells = [_extent(one.survey, name) for one in done]
        pairs = [one.reasons.count(name) for one in done]
        if any(cells) or any(pairs):
            rows.append([name, *(cell or "-" for cell in cells), *pairs])
    names = [one.survey.name for one in done]
    head = ["class", *(f"{name}, road" for name in names), *(f"{name}, pairs" for name in names)]
    return _table(head, rows)


def _extent(survey: Survey, kind: str) -> str:
    """Say how much road or how many nodes are of a class; nothing when there are none."""
    ways = [number for number, kinds in survey.difference.ways.items() if kind in kinds]
    nodes = sum(found == kind for found in survey.difference.nodes.values())
    if nodes:
        return f"{nodes} nodes"
    metres = sum(survey.ways[number].length_m for number in ways)
    return f"{metres / 1000:.1f} km ({len(ways)})" if ways else ""


def _explained(done: Sequence[Comparison], lab: Survey) -> list[str]:
    met = {name for one in done for name in (*one.reasons, *one.survey.difference.kinds)}
    met |= set(lab.difference.kinds)
    return [
        f"- **{kind.name}**: {kind.what} *{kind.verdict}* ({kind.source}.)"
        for name, kind in REASONS.items()
        if name in met
    ] + [""]


def _conclusions(done: Sequence[Comparison], lab: Survey) -> list[str]:
    """Say how far the engines agree, and which rules of ours need a second look."""
    pairs = sum(len(one.pairs) for one in done)
    reasons = Counter(reason for one in done for reason in one.reasons)
    explained = pairs - reasons[AGREE] - reasons[UNEXPLAINED]
    found = Counter(
        kind for one in [*(one.survey for one in done), lab] for kind in one.difference.kinds
    )
    first = (
        f"- Of {pairs} pairs {reasons[AGREE]} agree, {explained} differ for a reason that stands "
        f"above, and {reasons[UNEXPLAINED]} for none that was found."
    )
    lines = [first]
    for opinion in ("Valhalla is right", TO_WEIGH):
        names = [kind.name for kind in KINDS.values() if kind.verdict.startswith(opinion)]
        named = "; ".join(name for name in names if found[name])
        lines.append(f"- {opinion}: {named or 'nothing'}.")
    return [*lines, "- In all else ours stands, for the reason given with each class.", ""]


def _examples(done: Sequence[Comparison]) -> list[str]:
    rows = []
    for one in done:
        for name in one.survey.difference.kinds:
            numbers = _examples_of(one, name)
            things = one.survey.ways if name in _kinds_of_ways(one) else one.survey.nodes
            for number in numbers[:EXAMPLES]:
                what = "way" if things is one.survey.ways else "node"
                tags = things[number].tags  # type: ignore[index]
                rows.append([name, one.survey.name, f"{what} {number}", _show(tags)])
    return _table(["class", "extract", "OSM", "tags"], rows)


def _kinds_of_ways(one: Comparison) -> set[str | None]:
    return {kind for kinds in one.survey.difference.ways.values() for kind in kinds}


def _examples_of(one: Comparison, name: str) -> list[int]:
    """List ways or nodes of a class, first those on routes that the class explains."""
    used = {
        way
        for reason, ours, theirs in zip(one.reasons, one.our_ways, one.their_ways, strict=True)
        if reason == name
        for way in ours ^ theirs
    }
    difference = one.survey.difference
    ways = [number for number, kinds in difference.ways.items() if name in kinds]
    nodes = [number for number, kind in difference.nodes.items() if kind == name]
    return sorted(ways, key=lambda way: (way not in used, way)) + sorted(nodes)


SHOWN_KEYS = re.compile(
    r"(highway|route|access|vehicle|motor_vehicle|bicycle|foot|oneway|junction|motorroad|area"
    r"|barrier|locked|cycleway|cyclestreet|bicycle_road|segregated|psv|mofa|moped|horse|sidewalk"
    r"|building|landuse|leisure|natural)"
    r"(:\w+)*"
)


def _show(tags: dict[str, str]) -> str:
    shown = [f"{k}={v}" for k, v in sorted(tags.items()) if SHOWN_KEYS.fullmatch(k)]
    return f"`{' '.join(shown)}`" if shown else "none"


def lab_table(lab: Survey) -> list[str]:
    """List what differs tag by tag."""
    on_ways: dict[tuple[str, str], set[str]] = defaultdict(set)
    for number, kinds in lab.difference.ways.items():
        tags = dict(lab.ways[number].tags)
        highway = tags.pop("highway")
        for kind in {kind for kind in kinds if kind} - PLAIN:
            on_ways[kind, _show(tags)].add(highway)
    on_nodes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for number, kind in lab.difference.nodes.items():
        tags = dict(lab.nodes[number].tags)
        barrier = tags.pop("barrier", "none")
        on_nodes[kind, _show(tags)].add(barrier)
    rows = []
    for found in (on_ways, on_nodes):
        alike: dict[tuple[str, str], list[str]] = defaultdict(list)
        for (kind, tags), what in sorted(found.items()):
            alike[kind, ", ".join(sorted(what))].append(tags)
        rows += [
            [kind, ", ".join(tags), what]
            for (kind, what), tags in sorted(alike.items(), key=lambda item: ORDER[item[0][0]])
        ]
    return _table(["class", "tags", "on"], rows)


ORDER = {kind: place for place, kind in enumerate(KINDS)}
