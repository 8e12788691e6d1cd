"""The bridge from A to B: what every part contributes, at every level, to the child."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.explain.as_written import VERSION, count_as_written
from stemgeo.explain.contributions import PartShares, list_sets, share_difference
from stemgeo.explain.ends import PARTS, load_ends, take_end
from stemgeo.explain.hybrids import Hybrids
from stemgeo.explain.newness import list_new
from stemgeo.explain.questions import list_questions, list_versions
from stemgeo.measure import count_cores
from stemgeo.network.study_edits import place_edits
from stemgeo.notes import Note, Said, say, say_list, tell_notes
from stemgeo.profiles import ROADS
from stemgeo.report.bridge import Explanation
from stemgeo.report.comparison import label_results, list_notices, name_sides, name_sources
from stemgeo.report.imprint import build_map_text
from stemgeo.report.manifests import build_origins
from stemgeo.stages import COUNTING_CHANGES, READING_FILES, Progress, count_off, report_nothing
from stemgeo.tables import check_table, order_columns
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

    from stemgeo.explain.ends import BridgeEnd, LoadedEnd
    from stemgeo.maps.text import MapText
    from stemgeo.report.outcome import Tables
    from stemgeo.speech import Language
    from stemgeo.study import Study

    Longs = NDArray[np.int64]

KEYS = ["level", "code", "band", "profile"]
MEASURES = ("covered", "not_covered", "children")
"""What is bridged: each of them adds up by itself."""


def explain(
    a: Study | Tables | str | Path,
    b: Study | Tables | str | Path,
    *,
    progress: Progress = report_nothing,
    threads: int | None = None,
) -> Explanation:
    """Say why the children within reach are others in B than in A, part by part.

    Parameters
    ----------
    a, b
        Each a study, a study.toml or its folder, or what `run` gave or wrote, of which the study
        and its files are found again.
    progress
        Called with what is being done and the share behind us.
    threads
        Searches that run side by side, all cores when not given; the result is the same.

    Returns
    -------
    Explanation
        The bridge, told in the language of B.

    Raises
    ------
    StudyError
        If they are of other ground, or of another thing.
    ResultError
        If a result is given of which the study or a file is not found as it was.
    InputError
        With every problem of the files of one.
    """
    return bridge_ends(take_end(a), take_end(b), progress=progress, threads=threads)


def bridge_ends(
    a: BridgeEnd, b: BridgeEnd, *, progress: Progress = report_nothing, threads: int | None = None
) -> Explanation:
    """Say it of two ends that were taken.

    Parameters
    ----------
    a, b
        As from `take_end`.
    progress, threads
        As for `explain`.
    """
    progress(READING_FILES, 0.0)
    hybrids = Hybrids(*load_ends(a, b), threads or count_cores())
    loaded = hybrids.a, hybrids.b
    ends = _describe_end(a, loaded[0]), _describe_end(b, loaded[1])
    notes = _note_inputs(hybrids, list(name_sides(*ends).values()))
    counted = count_hybrids(hybrids, progress)
    versions = [
        list_versions(side, one.written, now)
        for side, one, now in zip("AB", (a, b), ends, strict=True)
        if one.written is not None
    ]
    questions = pd.concat([list_questions(*ends), *versions], ignore_index=True)
    return Explanation(
        study=b.study,
        table=check_table("bridge", build_bridge(hybrids, counted, (a, b))),
        questions=check_table("bridge-questions", questions),
        differing=list(hybrids.differing),
        measurements=len(hybrids.searched),
        a=ends[0],
        b=ends[1],
        new=check_table("bridge-new", list_new(hybrids)),
        printed=_build_texts(hybrids, (a.study, b.study), ends),
        notes=tell_notes((*notes, *_note_left_out(hybrids)), b.study.languages),
    )


def count_hybrids(
    hybrids: Hybrids, progress: Progress = report_nothing
) -> dict[frozenset[str], pd.DataFrame]:
    """Count who is within reach in every study between A and B.

    Parameters
    ----------
    hybrids
        Of both ends.
    progress
        Told how far it is.

    Returns
    -------
    dict
        By the parts that are of B the coverage table, its counts by `KEYS`.
    """
    counted = {}
    every = list(list_sets(hybrids.differing))
    for done, changed in enumerate(every):
        told = count_off(COUNTING_CHANGES, done + 1, len(every))
        progress(told, 0.1 + 0.8 * done / len(every))
        counted[changed] = _take_counts(hybrids.count(changed))
    return counted


def _note_inputs(hybrids: Hybrids, sides: list[Said]) -> list[Note]:
    """Tell what is to be known of the inputs of both, and of which one where they differ.

    What `run` refuses of the edited roads of either is refused here too.
    """
    read = [dict.fromkeys(one.inputs.warnings) for one in (hybrids.a, hybrids.b)]
    told = [one for one in read[0] if one in read[1]]
    for end, of_end, side in zip((hybrids.a, hybrids.b), read, sides, strict=True):
        told += [_note_of(one, side) for one in of_end if one not in told]
        edits, network = end.inputs.network_edits, hybrids.load_roads(end, end.study)
        if edits is not None and network is not None:
            told += place_edits(network, edits, end.study.travel, side)[1]
    return told


def _note_of(note: Note, side: Said) -> Note:
    """Say of which of both measurements a note is."""
    both = say("{where}, {side}", "{where}, {side}", "{where}, {side}", where=note.where, side=side)
    return replace(note, where=both if note.where else side)


def _take_counts(coverage: pd.DataFrame) -> pd.DataFrame:
    return coverage.set_index(KEYS)[["name", "covered", "children"]]


def _describe_end(end: BridgeEnd, loaded: LoadedEnd) -> dict[str, Any]:
    """Tell of one end what a manifest tells of a result."""
    text = build_map_text(end.study, loaded.inputs)
    sealed = {"result_sha256": end.seal} if end.written else {}
    told = build_origins(end.study, loaded.inputs, text=text) | sealed
    return {name: value for name, value in told.items() if name != "text"}


def _build_texts(
    hybrids: Hybrids, studies: Sequence[Study], ends: tuple[dict[str, Any], dict[str, Any]]
) -> dict[str, MapText]:
    """Say what is printed around the chart: as of B, with dates, notices and sources of both."""
    found = {}
    for language in studies[1].languages:
        words, named = load_texts(language), label_results(*ends, language)
        texts = [
            build_map_text(_speak(one, language), of.inputs)
            for one, of in zip(studies, (hybrids.a, hybrids.b), strict=True)
        ]
        dates = [
            words.join_pair(name, one.date.rstrip("."))
            for name, one in zip(named, texts, strict=True)
        ]
        found[str(language)] = replace(
            texts[1],
            notice="; ".join(list_notices(*ends, language)),
            source=name_sources(*ends, words),
            date=words.join_series(dates),
            method_note="",
        )
    return found


def _note_left_out(hybrids: Hybrids) -> Iterator[Note]:
    """Tell of what one end alone is measured by, and so is not explained."""
    studies = [one.study for one in (hybrids.a, hybrids.b)]
    roads = [{"all"} if one.straight_line else {*one.travel.profiles} for one in studies]
    bands = [{band.name for band in one.travel.bands} for one in studies]
    layers = [set(one.inputs.layers) for one in studies]
    alone: dict[str, Sequence[Any]] = {
        "roads": [ROADS[one] for one in ROADS if one in roads[0] ^ roads[1]],
        "bands": sorted(bands[0] ^ bands[1]),
        "layers": sorted(layers[0] - layers[1]),
    }
    where = Said("explanation", "verklaring", "explication")
    mend = say("not explained", "niet verklaard", "non expliqué")
    told = {
        "roads": say(
            "one of both alone is measured over {named}",
            "maar één van beide is gemeten over {named}",
            "une seule des deux mesures porte sur : {named}",
            named=say_list(alone["roads"]),
        ),
        "bands": say(
            "one of both alone counts the ages {named}",
            "maar één van beide telt de leeftijden {named}",
            "une seule des deux mesures compte les âges {named}",
            named=say_list(alone["bands"]),
        ),
        "layers": say(
            "the first alone counts by the layers {named}",
            "enkel de eerste telt volgens de lagen {named}",
            "seule la première compte par les couches {named}",
            named=say_list(alone["layers"]),
        ),
    }
    yield from (Note(where, what, mend) for name, what in told.items() if alone[name])


def _speak(study: Study, language: Language) -> Study:
    """Let a study speak a language, or its own where it has no words for what it seeks."""
    return study.with_language(language) if language in study.languages else study


def build_bridge(
    hybrids: Hybrids, counted: dict[frozenset[str], pd.DataFrame], ends: tuple[BridgeEnd, BridgeEnd]
) -> pd.DataFrame:
    """Lay the bridge out: A, every part, B, at every place, band and profile.

    Parameters
    ----------
    hybrids, counted
        Of both ends, as from `count_hybrids`.
    ends
        With what was written of them.
    """
    parts = hybrids.differing
    now = counted[frozenset()], counted[frozenset(parts)]
    then = [
        one if end.written is None else count_as_written(end.written, hybrids.b, hybrids.profiles)
        for end, one in zip(ends, now, strict=True)
    ]
    index, names = _lay_rows([*then[::-1], *reversed(counted.values())])
    figures = {changed: _measure(table, index) for changed, table in counted.items()}
    found = share_difference(figures, parts)
    first, last = (_measure(one, index) for one in then)
    rows: dict[str, PartShares] = {"a": _repeat(first)}
    for part in PARTS:
        rows[part] = found.rows(parts.index(part)) if part in parts else _repeat(0 * first)
    if any(one.written is not None for one in ends):
        rows[VERSION] = _repeat(last - first - found.difference)
    return _write_rows(index, names, rows | {"b": _repeat(last)})


def _measure(table: pd.DataFrame, index: pd.MultiIndex) -> Longs:
    """Give the measures of each row one after another: `MEASURES` of the first, of the second."""
    rows = table[["covered", "children"]].reindex(index, fill_value=0).to_numpy(np.int64)
    return np.column_stack([rows[:, 0], rows[:, 1] - rows[:, 0], rows[:, 1]]).ravel()


def _repeat(figures: Longs) -> PartShares:
    """Give figures that are the same in every order."""
    return PartShares(figures, figures, figures, figures, 1)


def _lay_rows(tables: list[pd.DataFrame]) -> tuple[pd.MultiIndex, dict[Any, str]]:
    """List the places, bands and profiles that any of the tables has, and the names of places.

    A band that only one of the two counts is left out.
    """
    every = pd.concat(tables).reset_index()
    names = every.drop_duplicates(["level", "code"]).set_index(["level", "code"])["name"].to_dict()
    bands = set.intersection(*(set(one.index.unique("band")) for one in tables))
    frame = every.loc[every["band"].isin(bands), KEYS].drop_duplicates()
    size = {name: at for at, name in enumerate(every["level"].unique())}
    frame = frame.iloc[np.argsort(frame["level"].map(size), kind="stable")]
    return pd.MultiIndex.from_frame(frame), names


def _write_rows(
    index: pd.MultiIndex, names: dict[Any, str], rows: dict[str, PartShares]
) -> pd.DataFrame:
    """Write the rows of each place under one another: A, the parts, B."""
    kinds = [np.stack([one[kind] for one in rows.values()], axis=1) for kind in range(3)]
    front = index.to_frame(index=False)
    front.insert(2, "name", [names[one] for one in zip(front["level"], front["code"], strict=True)])
    table = front.loc[front.index.repeat(len(rows))].reset_index(drop=True)
    columns: dict[str, Any] = {"part": np.tile([*rows], len(index))}
    for at, measure in enumerate(MEASURES):
        for name, values in zip(("", "_least", "_most"), kinds, strict=True):
            columns[f"{measure}{name}"] = values[at :: len(MEASURES)].ravel()
    exact = [one.write_exactly(slice(0, None, len(MEASURES))) for one in rows.values()]
    columns["covered_exact"] = np.stack(exact, axis=1).ravel()
    return order_columns("bridge", table.assign(**columns))
