"""Valhalla's half of the comparison: runs in Valhalla's own venv, not in the project's.

Called as `python valhalla_side.py CONFIG QUESTIONS ANSWERS`; all three are JSON files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import valhalla

Place = tuple[float, float]
"""Latitude and longitude, degrees."""

AT_ONCE = 20
NO_ROUTE = {442, 443}
"""Valhalla's codes for: no way between these two."""


def location(place: Place, **how: float) -> dict[str, Any]:
    """Ask for this very place: no pull to nodes, no favour for large roads."""
    exact = {"radius": 0, "minimum_reachability": 0, "node_snap_tolerance": 0, "search_cutoff": 50}
    return {"lat": place[0], "lon": place[1], **exact, **how}


def located(actor: valhalla.Actor, places: list[Place], **how: float) -> list[dict[str, Any]]:
    """Say which edges and nodes lie at each place, whoever may use them."""
    answers: list[dict[str, Any]] = []
    for i in range(0, len(places), AT_ONCE):
        part = [location(place, **how) for place in places[i : i + AT_ONCE]]
        answers += actor.locate({"locations": part, "verbose": True})
    return [
        {
            "edges": [
                [edge["edge_info"]["way_id"], edge["edge"]["forward"], rideable(edge)]
                for edge in answer.get("edges") or []
            ],
            "nodes": [
                [node["lat"], node["lon"], node["access"]["bicycle"]]
                for node in answer.get("nodes") or []
            ],
        }
        for answer in answers
    ]


def rideable(edge: dict[str, Any]) -> bool:
    """Whether bicycles may use a located edge in its direction."""
    return bool(edge["edge"]["access"]["bicycle"])


def route(actor: valhalla.Actor, start: Place, end: Place, costing: dict[str, Any]) -> Any:
    """Give one route; None when there is none.

    Returns
    -------
    dict
        `length_m`, `time_s`, `ways` (OSM ids), and `moved_m`: how far Valhalla moved the places.
    """
    options = {"costing": "bicycle", "costing_options": {"bicycle": costing}}
    try:
        leg = actor.route({"locations": [location(start), location(end)], **options})["trip"]
    except valhalla.ValhallaError as error:
        if error.code in NO_ROUTE:
            return None
        raise
    traced = {
        "encoded_polyline": leg["legs"][0]["shape"],
        "shape_match": "walk_or_snap",
        "filters": {"attributes": ["edge.way_id"], "action": "include"},
    }
    tied = actor.locate({"locations": [location(start), location(end)], "verbose": True, **options})
    return {
        "length_m": leg["summary"]["length"] * 1000,
        "time_s": leg["summary"]["time"],
        "moved_m": max(min(edge["distance"] for edge in place["edges"]) for place in tied),
        "ways": [edge["way_id"] for edge in actor.trace_attributes(traced | options)["edges"]],
    }


def main(config: str, questions: str, answers: str) -> None:
    """Answer a file of questions."""
    actor = valhalla.Actor(config)
    asked = json.loads(Path(questions).read_text(encoding="utf-8"))
    told = {
        # Within 2 m, so that of two ways over the same nodes both are found.
        "ways": located(actor, asked["ways"], radius=2),
        "nodes": located(actor, asked["nodes"], node_snap_tolerance=1),
        "routes": [route(actor, *question) for question in asked["routes"]],
    }
    Path(answers).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
