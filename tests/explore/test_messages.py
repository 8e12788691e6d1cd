"""Facts about what the page and the server say: one place for each, and a door that holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.explore.messages import (
    MOST_ROADS,
    MOST_VERTICES,
    REQUESTS,
    ChangeRequest,
    RoadsRequest,
    WrongMessage,
    read_message,
    read_query,
    to_degrees,
    to_lambert,
)
from stemgeo.inputs.vectors import DEGREES
from stemgeo.speech import LANGUAGES

if TYPE_CHECKING:
    from pydantic import BaseModel

lons, lats = (st.floats(DEGREES[one], DEGREES[one + 2]) for one in (0, 1))


@given(lon=lons, lat=lats)
def test_a_place_is_one_place(lon: float, lat: float) -> None:
    """From degrees to whole millimetres and back: the same degrees, the same millimetres."""
    degrees = round(lon, 7), round(lat, 7)
    x, y = to_lambert(*degrees)
    assert np.round(x * 1000) / 1000 == x
    again = to_degrees(x, y)
    assert (again[0][0], again[1][0]) == degrees
    assert [one[0] for one in to_lambert(*again)] == [x[0], y[0]]


_KEYS = st.sampled_from(
    ["request", "variant", "placed", "moved", "closed", "id", "name", "lon", "lat", "min_age"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | st.text(), inner),
    max_leaves=12,
)


@given(told=trees, kind=st.sampled_from(REQUESTS))
def test_the_door_holds(told: Any, kind: type[BaseModel]) -> None:
    """Whatever comes is read, or refused in one line of each language; nothing else happens."""
    try:
        read_message(kind, json.dumps(told).encode())
    except WrongMessage as wrong:
        for language in LANGUAGES:
            line = wrong.said.to_text(language)
            assert line
            assert line.isprintable() or "\u00a0" in line or "\u202f" in line
            assert len(line) < 300


@given(content=st.binary(max_size=60))
def test_bytes_are_refused(content: bytes) -> None:
    """Also those that are no text."""
    with pytest.raises(WrongMessage):
        read_message(ChangeRequest, content)


@given(query=st.dictionaries(st.sampled_from(["west", "south", "east", "north", "x"]), st.text()))
def test_an_address_is_refused_or_read(query: dict[str, str]) -> None:
    """Four numbers are asked for: anything else is one line."""
    try:
        asked = read_query(RoadsRequest, query)
    except WrongMessage as wrong:
        told = str(wrong)
    else:
        told = ""
    if told:
        assert "\n" not in told
        return
    assert set(query) == {"west", "south", "east", "north"}
    assert all(np.isfinite(one) for one in asked.model_dump().values())


def test_what_is_hidden_in_text_is_gone() -> None:
    """Marks that hide, turn or move text; white space is one space."""
    named = {"name": " a\u202eb\u200bc\x1b[2J\n\td\u0000 ", "closed": ["\u2066S1\u2069"]}
    asked = read_message(ChangeRequest, json.dumps({"request": 1, "variant": named}).encode())
    assert asked.variant.name == "abc[2J d"
    assert asked.variant.closed == ("S1",)


ROAD = {"id": "W1", "change": "quiet", "line": [[4.4, 51.1], [4.41, 51.1]]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"change": "widen"},
        {"line": [[4.4, 51.1]]},
        {"line": []},
        {"line": [[4.4, 51.1]] * (MOST_VERTICES + 1)},
        {"line": [[4.4, 51.1], [400.0, 51.1]]},
        {"change": "crossing"},
        {"level": 3},
        {"change": "add", "level": 5},
        {"oneway": True},
        {"way": -1},
        {"id": ""},
        {"width_m": 3},
    ],
)
def test_a_road_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """Of no known kind, without its line, with too many places, or with what is of another kind."""
    fine = {"request": 1, "variant": {"roads": [ROAD]}}
    assert read_message(ChangeRequest, json.dumps(fine).encode()).variant.roads
    told = {"request": 1, "variant": {"roads": [ROAD | wrong]}}
    with pytest.raises(WrongMessage):
        read_message(ChangeRequest, json.dumps(told).encode())


def test_so_many_roads_and_no_more() -> None:
    """One more than a variant may change is refused."""
    every = [ROAD | {"id": f"W{number}"} for number in range(MOST_ROADS + 1)]
    for count in (MOST_ROADS, MOST_ROADS + 1):
        told = json.dumps({"request": 1, "variant": {"roads": every[:count]}}).encode()
        if count == MOST_ROADS:
            assert len(read_message(ChangeRequest, told).variant.roads) == count
        else:
            with pytest.raises(WrongMessage):
                read_message(ChangeRequest, told)
