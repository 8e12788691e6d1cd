"""Inputs of studies read once each: a study that changes one file reads that one anew."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from kept import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

PLACED = ("academies", "plan", "candidates")
PLACING = ("addresses", "postcodes", "matched_addresses", "corrections")
"""What is read along with the academies, where it is given: those studies read anew."""

NEEDS: dict[str, tuple[str, ...]] = {
    "municipalities": (),
    "population": (),
    "zones": (),
    "zone_population": ("zones", "population"),
    "weights": (),
    "academies": ("network",),
    "plan": ("network", "academies"),
    "candidates": ("network", "academies"),
    "layers": (),
    "attributes": ("zones",),
}
"""What is read once, and the inputs that it is read with beside municipalities and area."""

_read: dict[bytes, tuple[Any, list[list[Any]]]] = {}


def list_files(value: object) -> Iterator[Path]:
    """List the files that a study names."""
    if isinstance(value, dict | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from list_files(one)
    elif hasattr(value, "path"):
        yield value.path


def _told(of: Any) -> list[list[Any]]:
    return [of.findings.errors, of.findings.warnings, of.findings.unused]


def _key_of(of: Any, role: str) -> bytes | None:
    """Give all that reading an input depends on, but for where files lie; None: read it anew."""
    study = of.study
    given = {name: getattr(study.inputs, name) for name in type(study.inputs).model_fields}
    if role in PLACED and any(given[name] for name in PLACING):
        return None
    if role == "zone_population" and given["zone_codes"]:
        return None
    parts = {name: given[name] for name in ("area", "municipalities", role, *NEEDS[role])}
    files = [*list_files(parts)]
    if not all(path.is_file() for path in files):
        return None
    chosen = {name: _without_paths(one) for name, one in parts.items()}
    about = study.about.model_dump(exclude={"title", "notice"})
    content = [(path.name, sha256(path.read_bytes()).digest()) for path in files]
    rules = study.academies, sorted(study.academies.model_fields_set), str(study._said_by)
    whom = of.ages, study.languages
    return sha256(repr((role, chosen, about, content, rules, whom)).encode()).digest()


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_paths(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [_without_paths(one) for one in value]
    return value.model_dump(exclude={"path"}) if hasattr(value, "path") else value


def _once(role: str, read: Callable[..., Any]) -> Callable[..., Any]:
    def reading(of: Any, given: Any) -> Any:
        if role != "municipalities":
            _ = of.towns  # what this tells, it tells once, of whichever input is read first
        key = _key_of(of, role)
        if key is None:
            return read(of, given)
        if key not in _read:
            before = [len(told) for told in _told(of)]
            found = read(of, given)
            new = [told[start:] for told, start in zip(_told(of), before, strict=True)]
            if not new[0]:
                _read[key] = found, new
            return found
        found, new = _read[key]
        for told, more in zip(_told(of), new, strict=True):
            told.extend(more)
        if role == "population":
            of.told_of_population = set(new[1] + new[2])
        return found

    return reading


@cache
def _find_land_once() -> list[Callable[..., Any]]:
    from stemgeo.inputs import boundaries

    return [kept(find, 10) for find in (boundaries.find_overlaps, boundaries._find_holes)]


def keep_readings(patch: pytest.MonkeyPatch) -> None:
    """Let each input of the same content be read once, for the same that a study says of it.

    Land that lies in several zones or in none is looked for once of the same outlines.
    """
    from stemgeo import inputs
    from stemgeo.inputs import boundaries

    for find in _find_land_once():
        patch.setattr(boundaries, find.__name__, find)
    for role in NEEDS:
        patch.setitem(inputs.READERS, role, _once(role, inputs.READERS[role]))
