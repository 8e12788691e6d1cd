"""Who is within reach when academies are placed, moved or closed: a search of those alone.

A child is covered when any academy of its age is within the cutoff. So how many there are is kept
for each point, roads, speed and age; one that comes or goes changes that where it reaches, and
whoever goes from none to one, or from one to none, is gained or lost. What comes out equals a whole
measurement to the child.

A search looks at the roads around its place alone, cut out of the whole as far as anyone comes
before the cutoff. What was measured is kept in the cache and mapped from there.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.access.travellers import find_pace, list_travellers
from stemgeo.arrays import sum_by_owner
from stemgeo.coverage import ALL_BANDS, KEYS, Level, Reached, coverage_table, with_shares
from stemgeo.demand import AgeCell, which_serve
from stemgeo.errors import Problem, StudyError
from stemgeo.explore.beside import BesideCounts
from stemgeo.explore.best import list_served_ages
from stemgeo.explore.edited import EditableRoads
from stemgeo.explore.ground import SearchGround, Window
from stemgeo.explore.moves import Moved, Moves, add_up_signs
from stemgeo.facts import fact_path
from stemgeo.inputs import cache
from stemgeo.inputs.plan import add_plan
from stemgeo.maps.text import MapText
from stemgeo.measure import count_cores, prepare_study
from stemgeo.recognition import choose_recognised
from stemgeo.report.imprint import build_map_text
from stemgeo.stages import OPENING, TRAVEL_TIMES, Progress, count_off, report_nothing
from stemgeo.study import SCENARIOS
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace
    from stemgeo.explore.edited import EditedWindow
    from stemgeo.inputs import Inputs
    from stemgeo.measure import Prepared
    from stemgeo.study import AcademyRules, Study

    Longs = NDArray[np.int64]
    Points = NDArray[np.intp]
    Bools = NDArray[np.bool_]
    Search = tuple[str, Pace]
    """Over which roads, and how one rides."""

SPOTS_KEPT = 200
"""Places of which the reach is kept, some 250 KB each."""


_CODE, _FACTS = Path(__file__).parent.parent, fact_path("stress").parent


class RideKind(NamedTuple):
    """Over which roads, at which speeds, and of which ages: the index of their cell."""

    profile: str
    scenario: str
    cell: int


class SpotReach(NamedTuple):
    """From where a place is reached.

    Attributes
    ----------
    snap_m
        How far it is from its road, as `Window.snap_m`.
    points
        Those that have it within the cutoff, by roads and pace.
    """

    snap_m: float | None
    points: dict[Search, Points]


class Served(NamedTuple):
    """The points of each academy: those of row i are `point[first[i]:first[i + 1]]`."""

    first: NDArray[np.int64]
    point: NDArray[np.int32]


def list_cells(study: Study) -> tuple[AgeCell, ...]:
    """Give each age a cell of its own: so they are whole, whatever the ages of an academy."""
    return tuple(
        AgeCell((age, age), band)
        for band in study.travel.bands
        for age in range(band.ages[0], band.ages[1] + 1)
    )


@dataclass(frozen=True, repr=False)
class Board:
    """A study that was measured once, on which academies can be placed, moved and closed.

    Attributes
    ----------
    study
        What is asked.
    register, academies
        All of the register, also what is placed too coarsely to count, and those that count on the
        day of the study; by academy_id.
    municipalities, candidates
        As read; None where the study has no list of places.
    ground
        The children at points, and the roads around them.
    roads
        As they were read, to be edited.
    levels
        The places to which the points belong.
    counts
        How many academies each point has within the cutoff, shape (kinds, points): a row for each
        number in `kinds`.
    served
        Which points have each academy within the cutoff, by roads and pace: so one that goes is
        searched no more.
    coverage
        The coverage table, before any change.
    notes
        What the reader of the figures must know, by language.
    text
        What is printed around a map of it: title, sources, day.
    beside
        What else is known of the study: its gaps, and whom candidates would bring within reach.
    threads
        Searches that run side by side; the result is the same.
    """

    study: Study
    register: gpd.GeoDataFrame
    academies: gpd.GeoDataFrame
    municipalities: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame | None
    ground: SearchGround
    roads: EditableRoads
    levels: tuple[Level, ...]
    counts: NDArray[np.uint16]
    served: Mapping[Search, Served]
    coverage: pd.DataFrame
    notes: dict[str, list[str]]
    text: MapText
    beside: BesideCounts
    threads: int
    _reach: OrderedDict[tuple[float, float], SpotReach] = field(
        compare=False, default_factory=OrderedDict
    )
    """Of the places asked last."""

    @classmethod
    def open(
        cls, study: Study, *, progress: Progress = report_nothing, threads: int | None = None
    ) -> Board:
        """Take a study that was measured before from the cache, or measure it and keep it.

        Parameters
        ----------
        study, progress, threads
            As for `from_study`.
        """
        cores = threads or count_cores()
        place, at = _find_place(study), 0.9

        def make() -> Board:
            return cls.from_study(study, progress=progress, threads=cores)

        def load(folder: Path) -> Board:
            return cls.load(folder, study, threads=cores)

        if not place.exists():
            made = cache.load_or_make(place, make, Board.save, load)
            if not place.exists():  # the disk is full
                return made
            # What was just made goes: mapped from the cache it takes a fraction of the memory.
            del made
        progress(OPENING, at)
        return cache.load_or_make(place, make, Board.save, load)

    @classmethod
    def from_study(
        cls, study: Study, *, progress: Progress = report_nothing, threads: int | None = None
    ) -> Board:
        """Read a study and measure it.

        Parameters
        ----------
        study
            What is asked.
        progress
            Told how far it is.
        threads
            Searches that run side by side, all cores when not given.

        Raises
        ------
        InputError
            With every problem of the inputs at once.
        """
        every = [cell.ages[0] for cell in list_cells(study)]
        prepared = prepare_study(study, progress, cuts=every)
        return cls.from_prepared(prepared, threads=threads or count_cores(), progress=progress)

    @classmethod
    def from_prepared(
        cls, prepared: Prepared, *, threads: int, progress: Progress = report_nothing
    ) -> Board:
        """Measure what was read.

        Parameters
        ----------
        prepared
            As from `prepare_study`, with each age as a cut.
        threads
            Searches that run side by side.
        progress
            Told how far it is, before each search.
        """
        study, inputs, cells = prepared.study, prepared.inputs, prepared.cells
        academies, notes = choose_recognised(inputs.academies, study.about.date, study.academies)
        edits = inputs.network_edits
        riders = list_travellers(study, prepared.ground.network, academies, prepared.points, edits)
        ground = SearchGround.from_travellers(riders, prepared.points, cells)
        kinds, by_profile = Kinds(study, ground, academies), {one.profile: one for one in riders}
        counts = np.zeros((len(kinds.searches), len(prepared.points)), dtype=np.uint16)
        served: dict[Search, Served] = {}
        for number, (profile, pace) in enumerate(kinds.rides):
            counted = count_off(TRAVEL_TIMES, number + 1, len(kinds.rides))
            progress(counted, 0.4 + 0.1 * number / len(kinds.rides))
            first, point, _ = by_profile[profile].list_served(
                academies, pace, study.travel.cutoff_min, threads=threads
            )
            served[profile, pace] = Served(first, point)
            for row, (of, at, serves) in enumerate(kinds.searches):
                if (of, at) == (profile, pace):
                    open_to = np.repeat(np.frombuffer(serves, dtype=np.bool_), np.diff(first))
                    counts[row] = np.bincount(point[open_to], minlength=counts.shape[1])
        reached = [
            Reached(
                ride.profile,
                ride.scenario,
                cells[ride.cell],
                (counts[row] > 0) & ground.measured,
                ground.measured,
            )
            for ride, row in kinds.row.items()
        ]
        beside = BesideCounts.from_prepared(
            prepared,
            ground,
            by_profile,
            lambda profile, cell: counts[kinds.row[RideKind(profile, "central", cell)]] > 0,
            threads,
            progress,
        )
        told = (*prepared.notes, *notes, *(note for one in riders for note in one.notes))
        return cls(
            study=study,
            register=_take_register(inputs),
            academies=academies,
            municipalities=inputs.municipalities,
            candidates=inputs.candidates,
            ground=ground,
            roads=EditableRoads.from_ground(ground, prepared.ground.network, edits),
            levels=tuple(prepared.levels),
            counts=counts,
            served=served,
            coverage=coverage_table(prepared.points, reached, prepared.levels),
            notes={str(one): [note.to_text(one) for note in told] for one in study.languages},
            text=build_map_text(study, inputs),
            beside=beside,
            threads=threads,
        )

    @property
    def cells(self) -> Sequence[AgeCell]:
        """The ages, each by itself."""
        return self.ground.cells

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each academy that counts, by its id."""
        return {one: row for row, one in enumerate(self.academies["academy_id"])}

    @cached_property
    def _own_serves(self) -> Bools:
        return list_served_ages(self.academies, self.cells, self.study.academies)

    def _take_served(self, row: int) -> dict[Search, Points]:
        return {
            search: point[first[row] : first[row + 1]].astype(np.intp)
            for search, (first, point) in self.served.items()
        }

    @cached_property
    def kinds(self) -> Kinds:
        """The rides, and the searches that they share."""
        return Kinds(self.study, self.ground, self.academies)

    def change(
        self,
        placed: gpd.GeoDataFrame | None = None,
        closed: Collection[str] = (),
        edits: gpd.GeoDataFrame | None = None,
    ) -> Change:
        """Say who is within reach when academies come and go; the board stays as it is.

        Parameters
        ----------
        placed
            Those that come, in the form of the register: they count where their dates hold on the
            day of the study. One that is moved goes under its id, and comes under it elsewhere.
        closed
            Ids of those that go.
        edits
            Of roads, beside those of the study: the table `network_edits`.

        Raises
        ------
        StudyError
            If one that goes is not open, or one that comes is there already; or roads are edited in
            a straight line.
        InputError
            If an edit lies on no road, or changes nothing.
        """
        self._refuse_wrong(placed, closed)
        coming = self.academies.iloc[:0]
        if placed is not None and len(placed):
            day, rules = self.study.about.date, self.study.academies
            coming, _ = choose_recognised(placed, day, rules)
        goes = np.array(sorted(self.row_of[one] for one in set(closed)), dtype=np.intp)
        new = Spots.from_academies(coming, self.cells, self.study.academies)
        reaches: list[Mapping[Search, Points]] = [self._take_served(row) for row in goes.tolist()]
        reaches += [self.search(*at).points for at in new.xy.tolist()]
        signs = np.repeat([-1, 1], [len(goes), len(coming)])
        serves = np.append(self._own_serves[:, goes], new.serves, axis=1)
        edited = None
        if edits is not None and len(edits):
            edited = self._search_edited(edits, goes, new, coming)
        moved = self._list_moved(reaches, signs, serves, edited)
        return Change(self, moved, frozenset(closed), coming)

    def _search_edited(
        self, edits: gpd.GeoDataFrame, goes: Points, new: Spots, coming: gpd.GeoDataFrame
    ) -> _Edited:
        """Say who has an academy that is then open within the cutoff over edited roads."""
        if self.ground.of_roads is None:
            what = "changes nothing: the study measures in a straight line"
            raise StudyError(Problem("road edits", what, "leave them out"))
        window, stay = self.roads.cut_out(edits), np.ones(len(self.academies), dtype=np.bool_)
        stay[goes] = False
        sites = window.tie_sites(self.roads.tie_sites(stay, coming))
        serves = np.append(self._own_serves[:, stay], new.serves, axis=1)
        asked = {
            ride: (*self.kinds.searches[row][:2], serves[ride.cell].tobytes())
            for ride, row in self.kinds.row.items()
        }

        def search(profile: str, pace: Pace, serve: bytes) -> Bools:
            serving = sites.untie_points(~np.frombuffer(serve, dtype=np.bool_))
            return window.find_reached(serving, profile, pace)

        each = tuple(dict.fromkeys(asked.values()))
        with ThreadPoolExecutor(self.threads) as pool:  # the kernel holds no lock
            found = dict(zip(each, pool.map(lambda one: search(*one), each), strict=True))
        return _Edited(window, {ride: found[one] for ride, one in asked.items()})

    def _refuse_wrong(self, placed: gpd.GeoDataFrame | None, closed: Collection[str]) -> None:
        """Refuse to close what is not open, and to place under an id that stays open."""
        ours = self.row_of.keys()
        wrong = sorted(set(closed) - ours)
        if wrong:
            raise StudyError(Problem(wrong[0], "cannot be closed: it is not open on the day"))
        coming = [] if placed is None else placed["academy_id"].tolist()
        stays = ours - set(closed)
        twice = [one for one in coming if one in stays or coming.count(one) > 1]
        if twice:
            raise StudyError(Problem(twice[0], "is there already", "give the place another id"))

    def _list_moved(
        self,
        reaches: Sequence[Mapping[Search, Points]],
        signs: Longs,
        serves: Bools,
        edited: _Edited | None,
    ) -> dict[RideKind, Moved]:
        """List whom academies move that come or go; rides that are searched alike share theirs."""
        room = np.full(len(self.ground.x), -1, dtype=np.int64)
        alike: dict[tuple[int, bytes], Moved] = {}
        found = {}
        for ride, row in self.kinds.row.items():
            which = np.flatnonzero(serves[ride.cell])
            key = row, which.tobytes()
            if key not in alike:
                profile, pace, _ = self.kinds.searches[row]
                each = [reaches[one][profile, pace] for one in which.tolist()]
                sizes = [len(one) for one in each]
                # Points with an edit near are looked at too; nobody comes there by this.
                near = _NOBODY if edited is None else edited.window.point
                point = np.concatenate([_NOBODY, *each, near])
                sign = np.append(signs[which], 0)
                points, by = add_up_signs(point, np.repeat(sign, [*sizes, len(near)]), room)
                before = self.counts[row, points].astype(np.int64)
                had, have = before > 0, before + by > 0
                if edited is not None:
                    have = edited.find_within(ride, points, have)
                measured = self.ground.measured[points]
                gained, lost = measured & ~had & have, measured & had & ~have
                alike[key] = Moved(self.counts[row], points[gained], points[lost])
            found[ride] = alike[key]
        return found

    def search(self, x: float, y: float) -> SpotReach:
        """Search from a place: of those asked last it is kept.

        Parameters
        ----------
        x, y
            Lambert 72.
        """
        found = self._reach.pop((x, y), None)
        if found is None:
            window = self.ground.near(x, y)
            found = SpotReach(window.snap_m, self._list_reached(window))
        self._reach[x, y] = found
        while len(self._reach) > SPOTS_KEPT:
            self._reach.popitem(last=False)
        return found

    def _list_reached(self, window: Window) -> dict[Search, Points]:
        """Search over each kind of roads at each pace: a share of these in each thread."""
        asked = self.kinds.rides

        def share(part: Sequence[Search]) -> list[tuple[Search, Points]]:
            return [(one, window.list_reached(*one)) for one in part]

        parts = [asked[number :: self.threads] for number in range(self.threads)]
        beside = [self._pool.submit(share, part) for part in parts[1:] if part]
        return dict([*share(parts[0]), *(pair for one in beside for pair in one.result())])

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(1, self.threads - 1))

    # -- the cache ------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write it as arrays and tables, each behind its hash."""
        folder.mkdir()
        self.ground.save(folder)
        self.beside.save(folder)
        self.roads.save(folder)
        for name in _TABLES:
            if (table := getattr(self, name)) is not None:
                content = io.BytesIO()
                table.to_parquet(content, index=False)
                cache.write_sealed(content.getvalue(), folder / name)
        arrays = {"counts": self.counts}
        for number, search in enumerate(self.kinds.rides):
            for name, array in self.served[search]._asdict().items():
                arrays[f"served_{number}_{name}"] = array
        for number, level in enumerate(self.levels):
            for name in ("code", "label"):
                arrays[f"{name}_{number}"] = getattr(level, name).astype(np.str_)
            arrays[f"place_{number}"] = level.place.astype(np.int32)
        told = {"levels": [level.name for level in self.levels], "notes": self.notes}
        told["text"] = vars(self.text)
        cache.save_arrays(folder, "board", told, **arrays)

    @classmethod
    def load(cls, folder: Path, study: Study, *, threads: int) -> Board:
        """Open what `save` wrote: large parts are mapped, not read.

        Parameters
        ----------
        folder
            Of `save`.
        study
            Of which it is.
        threads
            Searches that run side by side.

        Raises
        ------
        InputError
            If a file is missing or is not what was written.
        """
        told, arrays = cache.map_arrays(folder, "board")
        tables = {
            name: read(io.BytesIO(cache.read_sealed(folder / name)))
            for name, read in _TABLES.items()
            if name != "candidates" or (folder / name).exists()
        }
        levels = tuple(
            Level(
                name,
                arrays[f"code_{number}"].astype(object),
                arrays[f"label_{number}"].astype(object),
                arrays[f"place_{number}"],
            )
            for number, name in enumerate(told["levels"])
        )
        ground = SearchGround.load(folder, study, tables["academies"], list_cells(study))
        tables.setdefault("candidates", None)
        rides = Kinds(study, ground, tables["academies"]).rides
        return cls(
            study=study,
            ground=ground,
            roads=EditableRoads.load(folder, ground),
            levels=levels,
            counts=arrays["counts"],
            served={
                search: Served(*(arrays[f"served_{number}_{name}"] for name in Served._fields))
                for number, search in enumerate(rides)
            },
            notes=told["notes"],
            text=MapText(**told["text"] | {"language": study.language}),
            beside=BesideCounts.load(folder, ground),
            threads=threads,
            **tables,
        )


class _Edited(NamedTuple):
    """Who has an academy within the cutoff over edited roads, of the points of a window."""

    window: EditedWindow
    reached: dict[RideKind, Bools]

    def find_within(self, ride: RideKind, points: Points, unedited: Bools) -> Bools:
        """Say which points have one within reach, by which would over the roads as they were."""
        here = self.window.find_places(points)
        reached = np.append(self.reached[ride], np.False_)[here]
        if self.window.closes:
            return np.where(here < len(self.window.point), reached, unedited)
        return unedited | reached


_TABLES = {
    "register": gpd.read_parquet,
    "academies": gpd.read_parquet,
    "municipalities": gpd.read_parquet,
    "candidates": gpd.read_parquet,
    "coverage": pd.read_parquet,
}


class Spots(NamedTuple):
    """Where academies are, shape (academies, 2), and which ages each serves, (cells, academies)."""

    xy: NDArray[np.float64]
    serves: Bools

    @classmethod
    def from_academies(
        cls, academies: gpd.GeoDataFrame, cells: Sequence[AgeCell], rules: AcademyRules
    ) -> Spots:
        """Take both from rows of a register.

        Parameters
        ----------
        academies
            The rows.
        cells, rules
            The ages, and what serves them where the register is empty.
        """
        at = academies.geometry
        return cls(shapely.get_coordinates(at), list_served_ages(academies, cells, rules))


class Kinds:
    """The rides of a study, and the searches that they share.

    Attributes
    ----------
    searches
        Profile, pace and which academies serve: each once.
    row
        The search of each ride.
    rides
        Profile and pace of all searches, each once.
    """

    def __init__(self, study: Study, ground: SearchGround, academies: gpd.GeoDataFrame) -> None:
        numbers: dict[tuple[str, Pace, bytes], int] = {}
        self.row: dict[RideKind, int] = {}
        serves = [which_serve(academies, ages, study.academies).tobytes() for ages in ground.cells]
        for profile, scenario, (cell, ages) in product(
            ground.profiles, SCENARIOS, enumerate(ground.cells)
        ):
            search = profile, find_pace(study.travel, ages, scenario), serves[cell]
            self.row[RideKind(profile, scenario, cell)] = numbers.setdefault(search, len(numbers))
        self.searches = tuple(numbers)
        self.rides = tuple(dict.fromkeys(search[:2] for search in self.searches))


@dataclass(frozen=True, repr=False)
class Change:
    """What a change of academies brings.

    Attributes
    ----------
    board
        Of which it is.
    rides
        Of each ride whom it brings within reach and out of it.
    gone
        The ids of those that go.
    come
        The academies that come and count on the day.
    """

    board: Board
    rides: dict[RideKind, Moved]
    gone: frozenset[str]
    come: gpd.GeoDataFrame

    @cached_property
    def academies(self) -> gpd.GeoDataFrame:
        """The academies that count after the change, by academy_id."""
        ours = self.board.academies
        stay = ours[~ours["academy_id"].isin(self.gone)]
        return add_plan(stay, self.come).reset_index(drop=True)

    @cached_property
    def moves(self) -> Moves:
        """Who comes within reach and falls out of it at the central speeds."""
        central = {
            (ride.profile, ride.cell): moved
            for ride, moved in self.rides.items()
            if ride.scenario == "central"
        }
        return Moves(self.board.ground.children, central)

    def add_up(self, level: Level) -> dict[tuple[str, str, str], Longs]:
        """Add up the children of each place of a level who are gained and who are lost.

        Returns
        -------
        dict of arrays
            By band, scenario and profile: shape (2, places).
        """
        children = self.board.ground.children
        alike: dict[Moved, dict[tuple[str, str, str], list[int]]] = {}
        for ride, moved in self.rides.items():
            key = self.board.cells[ride.cell].band.name, ride.scenario, ride.profile
            alike.setdefault(moved, {}).setdefault(key, []).append(ride.cell)
        sums: dict[tuple[str, str, str], Longs] = {}
        for moved, by_key in alike.items():
            for number, points in enumerate((moved.gained, moved.lost)):
                place = level.place[points]
                for (band, scenario, profile), cells in by_key.items() if len(points) else ():
                    there = np.sum([children[cell, points] for cell in cells], axis=0)
                    by = sum_by_owner(place, there, len(level.code))
                    for one in (band, ALL_BANDS):
                        nobody = np.zeros((2, len(level.code)), dtype=np.int64)
                        sums.setdefault((one, scenario, profile), nobody)[number] += by
        return sums

    def count(self, level: Level) -> pd.DataFrame:
        """Lay out `add_up` as a table.

        Returns
        -------
        DataFrame
            `level`, `code`, `band`, `scenario`, `profile`, `gained` and `lost`: a row wherever
            there are any.
        """
        sums = self.add_up(level)
        rows = {
            "level": level.name,
            "code": np.tile(level.code, len(sums)),
            **{
                name: np.repeat([key[number] for key in sums], len(level.code)).astype(object)
                for number, name in enumerate(("band", "scenario", "profile"))
            },
        }
        counts = [np.concatenate([*(by[one] for by in sums.values()), _NOBODY]) for one in (0, 1)]
        table = pd.DataFrame(rows | dict(zip(("gained", "lost"), counts, strict=True)))
        return table[(table["gained"] > 0) | (table["lost"] > 0)]

    @cached_property
    def moved(self) -> pd.DataFrame:
        """The same of all levels."""
        parts = [self.count(level) for level in self.board.levels]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """The coverage table after the change; rows and order are those of before."""
        before, keys = self.board.coverage, [one for one in KEYS if one != "name"]
        if self.moved.empty:
            return before
        by = self.moved.set_index(keys)
        rows = pd.MultiIndex.from_frame(before[keys])
        more = (by["gained"] - by["lost"]).reindex(rows, fill_value=0).to_numpy(np.int64)
        covered, uncovered = before["covered"] + more, before["uncovered"] - more
        return with_shares(before.assign(covered=covered, uncovered=uncovered))


_NOBODY = np.zeros(0, dtype=np.int64)


def _take_register(inputs: Inputs) -> gpd.GeoDataFrame:
    """Take all of the register: what is placed too coarsely to count can be moved too."""
    coarse = inputs.coarse
    return inputs.academies if coarse is None else add_plan(inputs.academies, coarse)


def list_files(study: Study) -> list[Path]:
    """List the files that a study reads."""
    asked = study.model_dump(mode="json", by_alias=True)
    return sorted({Path(one) for one in _list_files(asked)})


def _find_place(study: Study) -> Path:
    """Give the place of a study in the cache, by all that it reads and what measures and says."""
    asked = study.model_dump(mode="json", by_alias=True)
    files = {str(one): hash_file(one) for one in list_files(study)}
    parts = (_CODE.rglob("*.py"), _CODE.rglob("*.po"), _FACTS.glob("*.*"), _FACTS.glob("stress/*"))
    code = sorted({str(one) for part in parts for one in part})
    return cache.entry_path("boards", asked, files, code=code)


def _list_files(asked: object) -> Iterator[str]:
    """List the files that are named anywhere, with those beside them of the same name."""
    if isinstance(asked, list | dict):
        for one in asked.values() if isinstance(asked, dict) else asked:
            yield from _list_files(one)
    elif isinstance(asked, str) and Path(asked).is_file():
        stem = Path(asked).stem
        yield from (
            str(one) for one in Path(asked).parent.iterdir() if one.stem == stem and one.is_file()
        )
