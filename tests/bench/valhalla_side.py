"""Valhalla's half of its rows: runs in Valhalla's own environment, not in the project's.

Called as `python valhalla_side.py CONFIG ASKED ANSWERED`; all three are JSON files.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import valhalla

TIMES = 3
QUICKEST = "timedistancematrix"
"""Its searches from each place by itself; by itself it takes the other way for bicycles."""


def best(work: Callable[[], list[str]], times: int = TIMES) -> tuple[float, list[Any]]:
    """Give the least seconds of the processor, and what was answered, read afterwards."""
    seconds, answers = float("inf"), []
    for _ in range(times):
        start = time.process_time()
        answers = work()
        seconds = min(seconds, time.process_time() - start)
    return seconds, [json.loads(one) for one in answers]


def with_quickest(config: Path) -> str:
    """Write the settings once more, with the quicker way to a matrix."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    settings["thor"]["source_to_target_algorithm"] = QUICKEST
    place = config.with_name("valhalla-quickest.json")
    place.write_text(json.dumps(settings), encoding="utf-8")
    return str(place)


def located(places: list[list[float]]) -> list[dict[str, float]]:
    """Write places as it asks for them."""
    return [{"lat": lat, "lon": lon} for lat, lon in places]


def main(config: str, asked: str, answered: str) -> None:
    """Answer a file of questions, by the clock."""
    question = json.loads(Path(asked).read_text(encoding="utf-8"))
    actor = valhalla.Actor(config)
    academies, points = located(question["academies"]), located(question["points"])
    options = {"costing": "bicycle", "costing_options": {"bicycle": question["costing"]}}
    contours = {"contours": [{"time": question["minutes"]}], "polygons": True, "reverse": True}
    around = [
        json.dumps({"locations": [one], **contours, **options})
        for one in academies[: question["drawn"]]
    ]
    isochrones_s, drawn = best(lambda: [actor.isochrone(one) for one in around])
    pairs = json.dumps({"sources": points, "targets": academies, **options})
    by_itself_s, _ = best(lambda: [actor.matrix(pairs)], 1)
    told_how = valhalla.Actor(with_quickest(Path(config)))
    matrix_s, (matrix,) = best(lambda: [told_how.matrix(pairs)])
    told = {
        "isochrones_s": isochrones_s,
        "matrix_s": matrix_s,
        "by_itself_s": by_itself_s,
        "polygons": [one["features"][0]["geometry"] for one in drawn],
        "minutes": [
            [None if to["time"] is None else to["time"] / 60 for to in row]
            for row in matrix["sources_to_targets"]
        ],
    }
    Path(answered).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
