"""All that a study of Flanders needs, from an empty folder: planned, brought, checked, written.

Each file is taken from the nearest place that has it: the folder itself, one that a person gave,
the store of downloads, its server.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import math
import os
import re
import shlex
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.beginning import FILE as STUDY
from stemgeo.beginning import begin_study
from stemgeo.errors import FetchError, Findings, InputError, Problem
from stemgeo.facts import REGION
from stemgeo.fetch.by_hand import (
    ROADS,
    GivenFile,
    GivenFolder,
    name_in_folder,
    piece_by_hand,
    recognise_folder,
    say_unknown,
    take_file,
)
from stemgeo.fetch.checks import check_file, check_provinces, link_file
from stemgeo.fetch.folder import Candidate, enter_file, find_kept, piece_of, place_file
from stemgeo.inputs.vintages import flemish_codes, names_by_code, vintage_in_force
from stemgeo.notes import Said, clean_text, say, say_list
from stemgeo.sources.client import Client
from stemgeo.sources.content import GO_ON
from stemgeo.sources.lock import FILE as LOCK
from stemgeo.sources.lock import LockedFile, Piece, read_lock
from stemgeo.stages import FETCHING, Progress, count_off, report_nothing
from stemgeo.study import INPUTS, STRAIGHT_LINE, Study, load_study, parse_study
from stemgeo.writing.whole import clear_leftovers, temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapely import MultiPolygon, Polygon

    from stemgeo.beginning import NewStudy
    from stemgeo.sources.catalogue import Catalogue, DataSource
    from stemgeo.speech import Language

PROVINCES, MUNICIPALITIES, SMALL_ROADS = "provinces", "municipalities", "overpass"
_KINDS = ("file", "features", "by-hand")
CROSSWALK = "zone_codes"
"""The input that brings residents over from codes of before."""
_CUT, EVERYWHERE = "cut to", REGION[1]
_CUT_TO = re.compile(rf", {_CUT} (?P<area>.*) and (?P<around>\d+) m around$")
_NEEDED = ("municipalities", "population")
_NO_NEIGHBOURS = Said(
    "roads: the one extract given has none of the neighbours beyond the border",
    "wegen: het ene extract dat gegeven is, heeft er geen van de buurlanden over de grens",
    "routes : le seul extrait donné n’en a pas des pays voisins au-delà de la frontière",
)
_TOO_WIDE = Said(
    "roads: the area with the strip around it is too wide for Overpass: extracts are cut",
    "wegen: het gebied met de strook errond is te groot voor Overpass: uittreksels worden "
    "versneden",
    "routes : la zone et la bande qui l’entoure sont trop grandes pour Overpass : des extraits "
    "sont découpés",
)


@dataclass(frozen=True)
class PlannedFile:
    """A file of the plan.

    Attributes
    ----------
    key, source, year
        Of its source, and the year that was asked for.
    """

    key: str
    source: DataSource
    year: int

    @property
    def file(self) -> str:
        """Its name in the folder; empty where that of the file by hand is kept."""
        return self.source.fill(self.source.file, self.year)

    @property
    def address(self) -> str:
        """Where it is, as it is sent."""
        named = self.source.locate(self.year) if self.source.address else ""
        of_features = self.source.kind == "features"
        return f"{named}collections/{self.source.collection}/items" if of_features else named

    @property
    def size_bytes(self) -> int | None:
        """As published, where that is known."""
        known = self.source.known.get(self.year)
        return known.size_bytes if known else None

    @property
    def is_of_year(self) -> bool:
        """Whether there is one of its year."""
        return not self.source.years or self.year in self.source.years


@dataclass(frozen=True)
class Step:
    """What became of a file of the plan.

    Attributes
    ----------
    item
        Of the plan.
    how
        kept, by hand, store, downloaded, made; lacking where it comes by hand and did not; failed.
    entry
        Of the lock, where the file is there.
    """

    item: PlannedFile
    how: str
    entry: LockedFile | None = None


@dataclass
class Fetched:
    """What a fetch brought.

    Attributes
    ----------
    steps
        A row for each file of the plan.
    problems
        Of the files that did not come.
    spared
        The same, of files that a study does without: it is written all the same.
    told
        What must be known of those that did.
    begun
        The study, where it was written.
    lines
        That a study which was there lacks.
    """

    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    spared: list[Problem] = field(default_factory=list)
    told: list[Said] = field(default_factory=list)
    begun: NewStudy | None = None
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FlandersAsked:
    """What is asked of a fetch.

    Attributes
    ----------
    folder, year, catalogue
        Where it goes, of when, and what is known of sources.
    only
        Keys of sources; empty: all.
    area
        A municipality, NIS code or province, of which the study is; empty: all of Flanders.
    academies
        The register of the study.
    given
        A folder with files by hand.
    offline
        Whether no server is asked.
    replace
        Whether all is brought anew, and what stands there kept beside it.
    language
        Of the study.
    study
        That is there already, if one is: how its children travel says how far roads are needed.
    mirror
        The file of sources that was given, for the command to go on.
    """

    folder: Path
    year: int
    catalogue: Catalogue
    only: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    academies: Path | None = None
    given: Path | None = None
    offline: bool = False
    replace: bool = False
    language: Language = "nl"
    study: Study | None = None
    mirror: Path | None = None

    @property
    def command(self) -> str:
        """What is typed to go on with files by hand: all that was given, but whence.

        What is of a study to be written only where there is none yet.
        """
        writes = not (self.folder / STUDY).exists()
        words = [str(self.folder)]
        for name, given in (
            ("--only", self.only),
            ("--area", self.area if writes else ()),
            ("--academies", [self.academies] if self.academies and writes else []),
            ("--lang", [self.language] if self.language != "nl" and writes else []),
            ("--sources", [self.mirror] if self.mirror else []),
        ):
            words += [word for one in given for word in (name, str(one))]
        typed = " ".join(map(shlex.quote, words))
        rest = " --replace" if self.replace else ""
        return f"stemgeo fetch flanders --year {self.year} {typed}{rest} --from FOLDER"


def plan_flanders(asked: FlandersAsked) -> tuple[PlannedFile, ...]:
    """List the files that a study of Flanders takes, boundaries first and roads last.

    Raises
    ------
    FetchError
        If a key is no source of it, or there is nothing of the year.
    StemgeoError
        If the area is none, or the register is not there.
    """
    _refuse_mistakes(asked)
    sources = asked.catalogue.sources
    keys = [
        key
        for key, one in sources.items()
        if one.kind in _KINDS
        and (key == PROVINCES or one.input not in ("", "academies", "network"))
    ]
    keys += [ROADS] if ROADS in sources else []
    unknown = [key for key in asked.only if key not in keys]
    if unknown:
        raise FetchError(Problem("--only", f"'{unknown[0]}' is none of: {', '.join(keys)}"))
    chosen = [key for key in keys if key in asked.only or not asked.only]
    items = tuple(PlannedFile(key, sources[key], asked.year) for key in chosen)
    dated = [one for one in items if one.source.years]
    if dated and not any(one.is_of_year for one in dated):
        years = sorted({year for one in dated for year in one.source.years})
        known = ", ".join(map(str, years))
        raise FetchError(
            Problem("--year", f"of {asked.year} no address is known", f"there are: {known}")
        )
    if asked.area and sources.get(SMALL_ROADS) and sources[SMALL_ROADS].address:
        small = PlannedFile(SMALL_ROADS, sources[SMALL_ROADS], asked.year)
        items = tuple(small if one.key == ROADS else one for one in items)
    return items


def follow_study(asked: FlandersAsked) -> FlandersAsked:
    """Give what is asked, of the area and in the language of the study that is there, if one is.

    Raises
    ------
    StemgeoError
        If that study cannot be read.
    """
    place = asked.folder / STUDY
    if not place.exists():
        return asked
    study = load_study(place)
    return replace(asked, study=study, area=study.about.area, language=study.language)


def _refuse_mistakes(asked: FlandersAsked) -> None:
    """Refuse what would fail after hours of downloads: a wrong name, a file that is not there."""
    for option, place in (("--academies", asked.academies), ("--from", asked.given)):
        if place is not None and not place.exists():
            raise FetchError(Problem(str(place), "is not there", f"give {option} as it is called"))
    if asked.area:
        from stemgeo.inputs.territory import find_codes_of_area

        findings, vintage = Findings(), vintage_in_force(asked.year)
        names = names_by_code(vintage)
        known = [(code, names[code]) for code in flemish_codes(vintage)]
        towns = pd.DataFrame(known, columns=["nis_code", "name"])
        find_codes_of_area(asked.area, towns, vintage, findings)
        findings.raise_errors()


def list_parts(item: PlannedFile, catalogue: Catalogue) -> list[PlannedFile]:
    """List what a file is made of: of roads each extract, of others itself."""
    sources = catalogue.sources
    others = [key for key in sources if key.startswith(f"{ROADS}_")] if item.key == ROADS else []
    return [item, *(PlannedFile(key, sources[key], item.year) for key in others)]


def fetch_flanders(
    asked: FlandersAsked, store: Path, progress: Progress = report_nothing
) -> Fetched:
    """Bring what a study of Flanders needs into a folder, and write the study.

    Parameters
    ----------
    asked
        What is wanted.
    store
        The folder of downloads, shared by studies.
    progress
        Told how far it is.

    Returns
    -------
    Fetched
        With what did not come: the rest is there all the same.

    Raises
    ------
    StemgeoError
        If the whole cannot begin or the study cannot be written.
    """
    plan = plan_flanders(asked)
    clear_leftovers(asked.folder)
    given = GivenFolder()
    if asked.given is not None:
        given = recognise_folder(asked.given, asked.catalogue, asked.year)
    found = Fetched(problems=list(given.problems), told=list(say_unknown(given)))
    _tell_unused(given, plan, found)
    with Client(asked.catalogue.manners, store, offline=asked.offline) as client:
        work = _Bringing(asked, client, given, found)
        for number, item in enumerate(plan):
            work.tell = _tell_share(progress, item, number, len(plan))
            work.tell(0, None)
            found.steps.append(work.bring(item))
        work.compare_provinces()
    came = {one.item.key for one in found.steps if one.entry is not None}
    found.problems += [page for key, page in given.pages.items() if key not in came]
    _tell_whole(asked, found)
    _write_study(asked, found)
    return found


def _tell_share(
    progress: Progress, item: PlannedFile, number: int, of: int
) -> Callable[[int, int | None], None]:
    def tell(so_far: int, size: int | None) -> None:
        whole = f" / {size / 1e6:.0f}" if size else ""
        # Which, and how much of it: that of files whose size is not known too.
        what = f"{item.key}: {so_far / 1e6:.0f}{whole} MB" if so_far else item.key
        told = count_off(FETCHING, number + 1, of, Said(what, what, what))
        progress(told, (number + (so_far / size if size else 0)) / of)

    return tell


def _tell_unused(given: GivenFolder, plan: Sequence[PlannedFile], found: Fetched) -> None:
    """Tell of files by hand that this plan does not take."""
    keys = {one.key for one in plan}
    for key, one in given.files.items():
        if key not in keys:
            found.told.append(_say_unasked([one], key))
    if given.roads and not keys & {ROADS, SMALL_ROADS}:
        found.told.append(_say_unasked(given.roads, ROADS))


def _say_unasked(files: Sequence[GivenFile], key: str) -> Said:
    return say(
        "{files}: of {key}, which was not asked for: left out",
        "{files}: van {key}, dat niet gevraagd werd: niet genomen",
        "{files} : de {key}, qui n’a pas été demandé : pas pris",
        files=say_list([clean_text(one.path.name) for one in files]),
        key=key,
    )


@dataclass
class _Bringing:
    """Brings the files of a plan, each from the nearest place that has it."""

    asked: FlandersAsked
    client: Client
    given: GivenFolder
    found: Fetched
    tell: Callable[[int, int | None], None] = lambda _so_far, _of: None

    def bring(self, item: PlannedFile) -> Step:
        """Bring a file; why one does not come is kept."""
        try:
            return self._bring(item)
        except (FetchError, InputError) as error:
            for one in error.problems:
                told = one if isinstance(one, Problem) else Problem(item.file, str(one))
                # The whole command is long, and is said once.
                mend = told.mend.replace(GO_ON, "--from FOLDER")
                found = self.found.spared if item.source.optional else self.found.problems
                found.append(replace(told, mend=mend))
            return Step(item, "failed")

    def _bring(self, item: PlannedFile) -> Step:
        kept = self._find_kept(item)
        if kept is not None and not self.asked.replace:
            return Step(item, "kept", kept)
        given = self.given.files.get(item.key)
        if item.key in (ROADS, SMALL_ROADS):
            return self._bring_roads(item)
        self._refuse_lost(item, given)
        if given is not None:
            return self._take(item, given)
        if item.source.kind == "by-hand":
            return Step(item, "lacking" if kept is None else "kept", kept)
        if not item.is_of_year:
            years = ", ".join(map(str, item.source.years))
            what = f"of {item.year} no address is known"
            raise FetchError(Problem(item.key, what, f"there are: {years}; or give it by hand"))
        if item.source.kind == "features":
            return self._bring_features(item)
        return self._place(item, *self._bring_file(item))

    def _find_kept(self, item: PlannedFile) -> LockedFile | None:
        lock = read_lock(self.asked.folder)
        if item.file and (found := find_kept(self.asked.folder, lock, item.file)):
            cut = _CUT_TO.search(found.made_by)
            # Roads that were cut to another area, or closer to it, are not those that are wanted.
            return (
                found if cut is None or self._is_within(cut["area"], int(cut["around"])) else None
            )
        # In another form by hand, under another name.
        for entry in lock.files:
            if entry.source == item.key and entry.is_of(item.year):
                found = find_kept(self.asked.folder, lock, entry.file)
                if found is not None:
                    return found
        return None

    def _refuse_lost(self, item: PlannedFile, given: GivenFile | None) -> None:
        """Refuse to go on without a file that the lock holds, or with one of another name."""
        name = name_in_folder(item.source, item.year, given) if given else item.file
        lock = read_lock(self.asked.folder)
        for entry in () if self.asked.replace else lock.files:
            # One of its name is compared where it is placed.
            if entry.source == item.key and entry.is_of(item.year) and entry.file != name:
                place = self.asked.folder / entry.file
                what = "changed since" if place.exists() else "is not there"
                mend = "put it back, or give --replace, with which that is given up"
                raise FetchError(
                    Problem(str(place), f"{what}, and {LOCK} holds it as {item.key}", mend)
                )

    def _take(self, item: PlannedFile, given: GivenFile) -> Step:
        of = item.source, item.year
        folder, store = self.asked.folder, self.client.store
        taken = take_file(given, folder, store, of, replace=self.asked.replace)
        self._say(taken.told)
        return Step(item, "by hand", taken.entry)

    def _bring_file(self, item: PlannedFile) -> tuple[Candidate, str]:
        """Give the file of an address, from the store or its server."""

        def check(path: Path) -> None:
            check_file(path, item.source, item.year, item.address, item.file)

        # Whoever wants all anew means the server; without one the store is all there is.
        if not self.asked.replace or self.asked.offline:
            stored = self.client.find_stored(item.address)
            if stored is not None:
                check(stored[0])
                return Candidate(stored[0], (piece_of(stored[1]),)), "store"
        self._refuse_offline(item)
        known = item.source.known.get(item.year)
        path, told = self.client.download(item.source, item.address, check, self.tell, known)
        return Candidate(path, (piece_of(told),)), "downloaded"

    def _refuse_offline(self, item: PlannedFile) -> None:
        if self.asked.offline:
            what = "is neither in the folder nor in the store, and --offline asks no server"
            raise FetchError(
                Problem(item.file or item.key, what, f"leave --offline out, or {GO_ON}")
            )

    def _bring_features(self, item: PlannedFile) -> Step:
        self._refuse_offline(item)
        from stemgeo.fetch.features import fetch_features

        with temporary_folder() as work:
            into = work / item.file
            pieces = fetch_features(self.client, item.source, item.year, into, tell=self._say)
            check_file(into, item.source, item.year, item.address, item.file)
            made_by = f"stemgeo {importlib.metadata.version('stemgeo')}"
            return self._place(item, Candidate(into, pieces, made_by), "made")

    def _place(self, item: PlannedFile, of: Candidate, how: str) -> Step:
        entry = enter_file(item.file, item.key, item.source, item.year, of)
        folder, store = self.asked.folder, self.client.store
        self._say(place_file(folder, store, entry, of, replace=self.asked.replace))
        return Step(item, how, entry)

    def _say(self, told: Said | None) -> None:
        if told is not None:
            self.found.told.append(told)

    # -- roads and provinces ------------------------------------------------------------------

    def _bring_roads(self, item: PlannedFile) -> Step:
        """Bring the roads of the area and a strip around it: cut, or asked for if it is small."""
        from stemgeo.fetch.roads import cut_roads, widen_ground

        ground = widen_ground(self._find_ground(), self._study)
        if item.key == SMALL_ROADS and self._takes_extracts(item, ground):
            item = PlannedFile(ROADS, self.asked.catalogue.find(ROADS), item.year)
            kept = self._find_kept(item)
            if kept is not None and not self.asked.replace:
                return Step(item, "kept", kept)
        with temporary_folder() as work:
            into = work / item.file
            if item.key == SMALL_ROADS:
                from stemgeo.fetch.overpass import fetch_overpass

                self._refuse_offline(item)
                pieces = fetch_overpass(self.client, item.source, ground, into)
                how = f"stemgeo {importlib.metadata.version('stemgeo')}"
            else:
                extracts = self._find_extracts(item, ground, work)
                for told in cut_roads([path for path, _ in extracts], ground, into):
                    self._say(told)
                pieces = tuple(piece for _, piece in extracts)
                how = f"pyosmium {importlib.metadata.version('osmium')}"
            check_file(into, item.source, item.year, item.address, item.file)
            return self._place(
                item,
                Candidate(
                    into, pieces, f"{how}, {_CUT} {self._area} and {self._around_m} m around"
                ),
                "made",
            )

    def _takes_extracts(self, item: PlannedFile, ground: Polygon | MultiPolygon) -> bool:
        """Whether roads are cut from extracts after all: given by hand, or of a wide ground."""
        most = item.source.most_km2
        if not self.given.roads and (not most or ground.area / 1e6 <= most):
            return False
        if not self.given.roads:
            self._say(_TOO_WIDE)
        return True

    def _is_within(self, area: str, around_m: int) -> bool:
        """Whether the roads that are wanted are among those of an area and so far around it."""
        return area in (self._area, EVERYWHERE) and around_m >= self._around_m

    @property
    def _area(self) -> str:
        return str(say_list(self.asked.area)) if self.asked.area else EVERYWHERE

    @property
    def _around_m(self) -> int:
        from stemgeo.fetch.roads import measure_reach

        return math.ceil(measure_reach(self._study))

    @cached_property
    def _study(self) -> Study:
        """The study that is there, or one as it is begun: what it will choose is not known."""
        if self.asked.study is not None:
            return self.asked.study
        about: dict[str, Any] = {"title": "-", "date": dt.date(self.asked.year, 12, 31)}
        about["vintage"] = vintage_in_force(self.asked.year)
        if self.asked.area:
            about["area"] = list(self.asked.area)
        inputs = dict.fromkeys(("municipalities", "population", "academies"), "-")
        content = {"study": about, "inputs": inputs | {"network": STRAIGHT_LINE}}
        return parse_study(content, name=STUDY)

    def _find_ground(self) -> Polygon | MultiPolygon:
        """Give the ground of the study: its municipalities, which must be there."""
        from stemgeo.inputs.boundaries import read_municipalities
        from stemgeo.inputs.territory import find_towns_inside

        entry = read_lock(self.asked.folder).find(source=MUNICIPALITIES)
        if entry is None:
            what = "are cut to the municipalities, and those are not there"
            raise FetchError(Problem(ROADS, what, "fetch those first"))
        study, findings = self._study, Findings()
        path = self.asked.folder / entry.file
        towns = read_municipalities(path, vintage=study.about.vintage)
        inside = find_towns_inside(study, None, towns, findings)
        findings.raise_errors()
        ground: Polygon | MultiPolygon = towns[inside].geometry.union_all()
        return ground

    def _find_extracts(
        self, item: PlannedFile, ground: Polygon | MultiPolygon, work: Path
    ) -> list[tuple[Path, Piece]]:
        """Give the extracts that are joined: those by hand, else all from their servers."""
        by_hand = [(one.path, piece_by_hand(one.path)) for one in self.given.roads]
        if any(_covers(path, ground) for path, _ in by_hand):
            if len(by_hand) == 1:
                self._say(_NO_NEIGHBOURS)
            return by_hand
        parts = [item] if by_hand else list_parts(item, self.asked.catalogue)
        found = []
        for part in parts:
            of, _ = self._bring_file(part)
            # In the store its name does not end as an extract's does.
            found.append((link_file(of.path, work / f"{part.key}.osm.pbf"), of.pieces[0]))
        return [*found, *by_hand]

    def compare_provinces(self) -> None:
        """Compare the provinces with the municipalities, and say that it was done."""
        lock = read_lock(self.asked.folder)
        drawn = next((one.entry for one in self.found.steps if one.item.key == PROVINCES), None)
        towns = lock.find(source=MUNICIPALITIES)
        if drawn is None or towns is None:
            return
        folder = self.asked.folder
        vintage = vintage_in_force(self.asked.year)
        try:
            number = check_provinces(folder / drawn.file, folder / towns.file, vintage)
        except (FetchError, InputError) as error:
            self.found.problems += [one for one in error.problems if isinstance(one, Problem)]
            return
        self._say(
            say(
                "{file}: used to check the municipalities: {number} provinces are the same; the "
                "study makes its provinces of its municipalities",
                "{file}: gebruikt om de gemeenten na te kijken: {number} provincies zijn gelijk; "
                "de studie stelt haar provincies samen uit haar gemeenten",
                "{file} : utilisé pour vérifier les communes : {number} provinces sont "
                "identiques ; l’étude compose ses provinces de ses communes",
                file=drawn.file,
                number=str(number),
            )
        )


def _covers(path: Path, ground: Polygon | MultiPolygon) -> bool:
    """Whether an extract covers the ground, as it says of itself; if not it is a neighbour's."""
    import osmium
    import shapely

    from stemgeo.facts import LAMBERT_72
    from stemgeo.inputs.vectors import make_transformer

    box = osmium.io.Reader(str(path)).header().box()
    if not box.valid():
        return True
    corners = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    left, bottom, right, top = ground.bounds
    to_degrees = make_transformer(LAMBERT_72, "EPSG:4326")
    around = [to_degrees.transform(x, y) for x in (left, right) for y in (bottom, top)]
    return bool(shapely.box(*corners).buffer(0.05).contains(shapely.MultiPoint(around)))


# -- the study -----------------------------------------------------------------------------------


def _tell_whole(asked: FlandersAsked, found: Fetched) -> None:
    """Tell of files that are of all of Flanders, where the study is of a part."""
    if asked.area and len(found.steps) > 1:
        found.told.append(
            say(
                "the files stay whole, of all that their source gives; the roads and the study are "
                "of {area}",
                "de bestanden blijven heel, van alles wat hun bron geeft; de wegen en de studie "
                "zijn van {area}",
                "les fichiers restent entiers, de tout ce que donne leur source ; les routes et "
                "l’étude sont de {area}",
                area=say_list(asked.area),
            )
        )
    lacking = [one.item.key for one in found.steps if one.how == "lacking"]
    if lacking:
        found.told.append(
            say(
                "a study does without {keys}, which come by hand only: --dry-run says where they "
                "are, --from FOLDER takes them in",
                "een studie kan zonder {keys}, die alleen met de hand komen: --dry-run zegt waar "
                "ze staan, --from MAP neemt ze op",
                "une étude se passe de {keys}, qui ne viennent qu’à la main : --dry-run dit où "
                "ils sont, --from DOSSIER les prend",
                keys=say_list(lacking),
            )
        )


def _write_study(asked: FlandersAsked, found: Fetched) -> None:
    """Write the study of what is there, or say what one that is there lacks."""
    place = asked.folder / STUDY
    files, roads = _list_inputs(asked, found)
    if place.exists() or place.is_symlink():
        found.lines = _list_lacking(place, files | ({"network": roads[0]} if roads else {}))
        return
    if found.problems or any(one not in files for one in _NEEDED):
        return
    given = files | ({"academies": asked.academies} if asked.academies else {})
    # Residents have the codes of their zones, unless those of before were given by hand.
    codes = {role: given.pop(role) for role in [CROSSWALK] if role in given}
    how: dict[str, Any] = {"roads": roads, "area": asked.area, "language": asked.language}
    try:
        found.begun = begin_study(asked.folder, given, **how)
    except InputError as error:
        if not codes or CROSSWALK not in str(error):
            raise
        found.begun = begin_study(asked.folder, given | codes, **how)
        return
    for path in codes.values():
        found.told.append(
            say(
                "{file}: not in the study, whose residents have the codes of its zones; for "
                'those of before: zone_codes = "{file}"',
                "{file}: niet in de studie, waarvan de inwoners de codes van de zones hebben; voor "
                'codes van vroeger: zone_codes = "{file}"',
                "{file} : pas dans l’étude, dont les habitants ont les codes des zones ; pour les "
                'codes d’avant : zone_codes = "{file}"',
                file=path.name,
            )
        )


def _list_inputs(asked: FlandersAsked, found: Fetched) -> tuple[dict[str, Path], list[Path]]:
    """List the files of the folder by the input that they are; of two of one input the first."""
    files: dict[str, Path] = {}
    roads: list[Path] = []
    lock = read_lock(asked.folder)
    for key, source in asked.catalogue.sources.items():
        fitting = (
            one
            for one in lock.files
            if one.source == key and one.is_of(asked.year) and (asked.folder / one.file).is_file()
        )
        entry = next(fitting, None)
        if entry is None or (source.input not in INPUTS and key != SMALL_ROADS):
            continue
        if key in (ROADS, SMALL_ROADS):
            roads = roads or [asked.folder / entry.file]
        elif source.input in files:
            other = files[source.input].name
            found.told.append(
                say(
                    "{file}: not in the study, which takes {other} for the same",
                    "{file}: niet in de studie, die er {other} voor neemt",
                    "{file} : pas dans l’étude, qui prend {other} pour cela",
                    file=entry.file,
                    other=other,
                )
            )
        else:
            files[source.input] = asked.folder / entry.file
    return files, roads


def _list_lacking(place: Path, files: dict[str, Path]) -> list[str]:
    """Write the lines that a study which is there lacks of what was brought."""
    given = load_study(place).inputs
    lines = []
    for role, path in files.items():
        value = getattr(given, role)
        if role != CROSSWALK and (value is None or value == STRAIGHT_LINE):
            relative = Path(os.path.relpath(path, place.parent)).as_posix()
            lines.append(f'{role} = "{clean_text(relative)}"')
    return lines
