"""Variants on disk: a plan file each, and one of roads; what someone changed is left alone.

Any run takes them: `--plan NAME.csv --edits NAME.edits.geojson`. A variant has the file of what it
changes, or both.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from stemgeo.errors import Findings, StemgeoError
from stemgeo.explore.messages import (
    MOST_BYTES,
    SLUG,
    ConflictReply,
    MovedAcademy,
    PlacedAcademy,
    SavedVariant,
    SaveReply,
    Variant,
    WrongMessage,
    to_degrees,
)
from stemgeo.explore.proof import OF_ROADS
from stemgeo.explore.road_desk import (
    belongs_to,
    lay_roads,
    read_roads,
    take_roads,
    write_roads,
)
from stemgeo.explore.variants import read_variant, write_variant
from stemgeo.inputs.academies import DAYS
from stemgeo.inputs.network_edits import load_network_edits
from stemgeo.inputs.placing import AS_GIVEN, PlaceSources
from stemgeo.inputs.plan import CLOSED, MOVED, NEW, PLACES, load_places
from stemgeo.notes import Said, clean_text, say, say_amount, say_list
from stemgeo.study import Register
from stemgeo.writing.whole import clear_leftovers, lock_folder, tell_refusal, whole_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd

    from stemgeo.explore.board import Board
    from stemgeo.explore.variants import Placer

ENDING = ".csv"
"""Of what becomes of academies; `OF_ROADS` of what becomes of roads."""
_DEVICES = r"con|prn|aux|nul|(com|lpt)[0-9]"
"""What no file of Windows can be called, whatever its ending."""
MOST_FILES = 200
"""Of a folder that are read."""
_NOT_SHOWN = ("organisation", "postcode", "trajectories", "online_trajectories", "cost_eur")
"""What a plan may say of a place that comes, and the page does not."""


class _VariantFiles(NamedTuple):
    """What the files of a variant hold; None where there is none."""

    plan: bytes | None
    roads: bytes | None

    @property
    def sha256(self) -> str:
        """One for both; of a plan alone that of its file."""
        parts = [one for one in self if one is not None]
        return sha256((_BETWEEN if self.roads is not None else b"").join(parts)).hexdigest()


_BETWEEN = b"\0"


class Clash(Exception):  # noqa: N818  (an answer, no failure)
    """A file that is not what the page takes it for: it stays as it is."""

    def __init__(self, reply: ConflictReply) -> None:
        super().__init__(reply.problem)
        self.reply = reply


@dataclass(frozen=True)
class VariantShelf:
    """The folder of the saved variants.

    Attributes
    ----------
    folder
        Made when the first is saved.
    board
        The study of which they are.
    placer
        Lays them out in its rows.
    """

    folder: Path
    board: Board
    placer: Placer

    # -- reading ------------------------------------------------------------------------------

    def list_saved(self) -> list[SavedVariant]:
        """List every file of the folder that is a plan, or could be meant as one."""
        clear_leftovers(self.folder)
        try:
            found = sorted(one for one in self.folder.iterdir() if not one.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            return [self._tell_problem("", self.folder.name, _say_system(error))]
        files = [one for one in found if one.is_symlink() or not one.is_dir()]
        names = {one.name for one in files}
        # Of two that are one variant the plan stands for both.
        files = [one for one in files if f"{_cut_ending(one.name, OF_ROADS)}{ENDING}" not in names]
        told = [self._read_named(one) for one in files[:MOST_FILES]]
        if len(files) > MOST_FILES:
            more = _say_many(len(files) - MOST_FILES)
            told.append(self._tell_problem("", self.folder.name, more))
        return told

    def read(self, slug: str) -> SavedVariant | None:
        """Read one; None where there is no such file."""
        places = self._find_places(slug)
        return self._read(slug) if any(map(os.path.lexists, places)) else None

    def find_saved(self, slug: str, variant: Variant) -> Path:
        """Give the place of a variant that was saved as it is: of its plan, if it has one.

        Parameters
        ----------
        slug
            Its name on disk.
        variant
            What its files must hold.

        Raises
        ------
        Clash
            If they hold anything else.
        """
        there = self.read(slug)
        if there is None or there.sha256 != self._write(variant).sha256:
            raise Clash(self._tell_clash(_UNSAVED, there))
        return self._find_places(slug)[0]

    def _find_places(self, slug: str) -> tuple[Path, Path]:
        """Give where a variant is; its name is letters, digits and hyphens alone."""
        if not re.fullmatch(SLUG, slug, re.ASCII):
            raise WrongMessage(_NO_SLUG)
        if re.fullmatch(_DEVICES, slug):
            raise WrongMessage(_DEVICE)
        return self.folder / f"{slug}{ENDING}", self.folder / f"{slug}{OF_ROADS}"

    def _tell_problem(
        self, slug: str, name: str, what: Said, content: _VariantFiles | None = None
    ) -> SavedVariant:
        return SavedVariant(
            slug=slug,
            name=clean_text(name),
            sha256="" if content is None else content.sha256,
            variant=None,
            problem=what.to_text(self.board.study.language),
            ours=False,
        )

    def _read_named(self, place: Path) -> SavedVariant:
        """Read what a file of the folder is of."""
        slug = _cut_ending(place.name, ENDING) or _cut_ending(place.name, OF_ROADS)
        if not re.fullmatch(SLUG, slug, re.ASCII):
            return self._tell_problem("", place.name, _OTHER_NAME)
        return self._read(slug)

    def _read(self, slug: str) -> SavedVariant:
        try:
            content = _read_files(*(self.folder / f"{slug}{one}" for one in (ENDING, OF_ROADS)))
        except OSError as error:
            return self._tell_problem(slug, slug, _say_system(error))
        if content is None:
            return self._tell_problem(slug, slug, _NO_FILE)
        variant = self._read_ours(content)
        if variant is None:
            return self._read_any(slug, content)
        name = variant.name or slug
        return SavedVariant(slug=slug, name=name, sha256=content.sha256, variant=variant)

    def _read_ours(self, content: _VariantFiles) -> Variant | None:
        """Read files that are to the letter what would be written; None for any other."""
        try:
            plan = read_variant(content.plan.decode()) if content.plan is not None else Variant()
            if content.roads is not None and plan is not None:
                name, roads = read_roads(content.roads.decode(), self.board.roads.own)
                plan = plan.model_copy(update={"name": name, "roads": roads})
            if plan is None or plan.is_empty or self._write(plan) != content:
                return None
        except (UnicodeDecodeError, ValueError, KeyError, TypeError, WrongMessage, StemgeoError):
            return None
        return plan

    def _write(self, variant: Variant) -> _VariantFiles:
        laid, own = self.placer.lay_out(variant), self.board.roads.own
        register, plan = self.board.register, None
        if variant.places:
            plan = write_variant(variant, laid, register).encode()
        if not variant.roads:
            return _VariantFiles(plan, None)
        roads = write_roads(own, lay_roads(variant.roads), variant.name, plan)
        return _VariantFiles(plan, roads.encode())

    def write_texts(self, variant: Variant) -> tuple[str, str]:
        """Give the texts of both files; empty where nothing changes."""
        plan, roads = self._write(variant)
        return (plan or b"").decode(), (roads or b"").decode()

    def _read_any(self, slug: str, content: _VariantFiles) -> SavedVariant:
        """Read a plan and edits of roads of someone, as a run reads them, as a page shows them."""
        findings, language = Findings(), self.board.study.language
        plan, edits = self._load(slug, content, findings)
        if findings.errors:
            what = "; ".join(str(one) for one in findings.errors)
            return self._tell_problem(slug, slug, Said(what, what, what), content)
        problem = None if plan is None else _find_unshowable(plan, self.board.register)
        if problem:
            return self._tell_problem(slug, slug, problem, content)
        notes = [one.to_text(language) for one in findings.notes]
        if content.roads is not None and not belongs_to(content.roads, content.plan):
            notes.append(_NOT_OF_ONE.to_text(language))
        if not_shown := [] if plan is None else _list_not_shown(plan):
            notes.append(_say_not_shown(not_shown).to_text(language))
        try:
            variant = Variant(name=slug) if plan is None else _as_variant(plan, slug)
            if edits is not None:
                roads = take_roads(edits, self.board.roads.own)
                variant = Variant(**(dict(variant) | {"roads": roads}))
            self.placer.lay_out(variant)
        except WrongMessage as wrong:
            return self._tell_problem(slug, slug, wrong.said, content)
        except ValueError:  # more changes than a page shows, or a place far away
            return self._tell_problem(slug, slug, _NOT_FOR_A_PAGE, content)
        return SavedVariant(
            slug=slug,
            name=slug,
            sha256=content.sha256,
            variant=variant,
            ours=False,
            notes=tuple(notes),
        )

    def _load(
        self, slug: str, content: _VariantFiles, findings: Findings
    ) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
        """Read both files as a run does; problems go to `findings`."""
        board, (plan, roads) = self.board, self._find_places(slug)
        found = edits = None
        if content.plan is not None:
            given, sources = Register(path=plan), PlaceSources(board.municipalities)
            found, _ = load_places(
                given, PLACES, board.register, board.municipalities, findings, sources=sources
            )
        if content.roads is not None:
            edits, _ = load_network_edits(Register(path=roads), "network_edits", findings)
        return found, edits

    # -- writing ------------------------------------------------------------------------------

    def save(self, slug: str, variant: Variant, based_on: str) -> SaveReply:
        """Write a variant, whole or not at all.

        Parameters
        ----------
        slug
            Its name on disk.
        variant
            What to write.
        based_on
            The hash that the page has of the file; empty: there is none yet.

        Raises
        ------
        Clash
            If the file is another by now, or not of the explorer's making.
        WrongMessage
            If nothing changes, or what cannot.
        WriteError
            If it cannot be written.
        """
        places = self._find_places(slug)
        if variant.is_empty:
            raise WrongMessage(_NOTHING)
        content = self._write(variant)
        if based_on and not any(map(os.path.lexists, places)):
            raise Clash(self._tell_clash(_GONE, None))

        def refuse(*_: Path) -> None:
            # What is there already need not be written: the page did not hear of it.
            if _read_files(*places) != content:
                self._refuse(slug, based_on)

        if any(map(os.path.lexists, places)):
            refuse()
        before = _read_files(*places)
        # The roads first: they tell of which plan they are, also when this is killed in between.
        with whole_files(self.folder, refuse, first=places[1].name) as new:
            for place, part in zip(places, content, strict=True):
                if part is not None:
                    (new / place.name).write_bytes(part)
        # What the variant no longer changes, and the page knew of.
        with tell_refusal(self.folder), lock_folder(self.folder):
            for place, part, old in zip(places, content, before or (None, None), strict=True):
                if part is None and old is not None and _read_if_there(place) == old:
                    place.unlink()
        return SaveReply(slug=slug, sha256=content.sha256)

    def delete(self, slug: str, based_on: str) -> None:
        """Take a saved variant away.

        Parameters
        ----------
        slug, based_on
            As for `save`.

        Raises
        ------
        Clash
            If the file is another by now, or not of the explorer's making.
        """
        places = self._find_places(slug)
        with tell_refusal(self.folder), lock_folder(self.folder):
            if not any(map(os.path.lexists, places)):
                raise Clash(self._tell_clash(_GONE, None))
            self._refuse(slug, based_on)
            for place in places:
                place.unlink(missing_ok=True)

    def _refuse(self, slug: str, based_on: str) -> None:
        """Refuse to touch files that are not what the page has of them."""
        there = self._read(slug)
        if there.sha256 != based_on or not based_on:
            raise Clash(self._tell_clash(_OTHER, there))
        if not there.ours:
            raise Clash(self._tell_clash(_BY_HAND, there))

    def _tell_clash(self, what: Said, there: SavedVariant | None) -> ConflictReply:
        return ConflictReply(
            problem=what.to_text(self.board.study.language),
            sha256="" if there is None else there.sha256,
            variant=None if there is None else there.variant,
        )


def _cut_ending(name: str, ending: str) -> str:
    """Give a name without its ending; nothing where it ends otherwise."""
    return name.removesuffix(ending) if name.endswith(ending) else ""


def _read_files(*places: Path) -> _VariantFiles | None:
    """Read the files of a variant; None where one is none, or longer than any variant."""
    there = [os.path.lexists(one) for one in places]
    parts = [_read_if_there(one) for one in places]
    if any(one is None and is_there for one, is_there in zip(parts, there, strict=True)):
        return None
    return _VariantFiles(*parts)


def _read_if_there(place: Path) -> bytes | None:
    return _read_bytes(place) if os.path.lexists(place) else None


def _read_bytes(place: Path) -> bytes | None:
    """Read a file; None for what is none, or longer than any variant: a link is not followed."""
    if not stat.S_ISREG(place.lstat().st_mode):
        return None
    handle = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    return content if len(content) <= MOST_BYTES else None


# -- plans of others --------------------------------------------------------------------------


def _find_unshowable(plan: gpd.GeoDataFrame, register: gpd.GeoDataFrame) -> Said | None:
    """Say what of a plan a page cannot show as a run would count it."""
    named = plan[(plan["change"] != CLOSED) & (plan["placed_by"] != AS_GIVEN["placed_by"])]
    if len(named):
        return _say_addresses(named["name"].tolist())
    moved = plan[plan["change"] == MOVED].set_index("academy_id")
    was = register.set_index("academy_id").loc[moved.index]
    columns = ["min_age", "max_age", *DAYS]
    same = (moved[columns].astype(str) == was[columns].astype(str)).all(axis=1)
    return None if same.all() else _say_more(moved.loc[~same, "name"].tolist())


def _list_not_shown(plan: gpd.GeoDataFrame) -> list[str]:
    """List the columns of places that come which the page does not show."""
    new = plan[plan["change"] == NEW]
    return [
        name for name in _NOT_SHOWN if (new[name].notna() & (new[name].astype(str) != "")).any()
    ]


def _as_variant(plan: gpd.GeoDataFrame, name: str) -> Variant:
    """Give a plan as a page has it."""
    return Variant(
        name=name,
        placed=tuple(
            PlacedAcademy(**spot, name=row["name"], **_list_known(row))
            for spot, row in _list_spots(plan[plan["change"] == NEW])
        ),
        moved=tuple(MovedAcademy(**spot) for spot, _ in _list_spots(plan[plan["change"] == MOVED])),
        closed=tuple(plan.loc[plan["change"] == CLOSED, "academy_id"]),
    )


def _list_spots(rows: gpd.GeoDataFrame) -> Iterator[tuple[dict[str, Any], dict[Any, Any]]]:
    """Give the id and place of each row, and the row."""
    lon, lat = to_degrees(rows.geometry.x, rows.geometry.y)
    for at, row in enumerate(rows.to_dict("records")):
        yield {"id": row["academy_id"], "lon": float(lon[at]), "lat": float(lat[at])}, row


def _list_known(row: dict[Any, Any]) -> dict[str, Any]:
    """Give the ages and days of a row that it has."""
    ages = {name: int(row[name]) for name in ("min_age", "max_age") if pd.notna(row[name])}
    return ages | {name: row[name].date() for name in DAYS if pd.notna(row[name])}


# -- what is said -----------------------------------------------------------------------------

_NO_SLUG = Said(
    "a saved variant is called by small letters, digits and hyphens, 60 at most",
    "een bewaarde variant heet met kleine letters, cijfers en koppeltekens, hoogstens 60",
    "une variante enregistrée porte un nom en minuscules, chiffres et traits d’union, 60 au plus",
)
_DEVICE = Said(
    "this name is one that Windows keeps for itself; choose another",
    "deze naam houdt Windows voor zichzelf; kies een andere",
    "ce nom est réservé par Windows ; choisissez-en un autre",
)
_NOTHING = Said(
    "nothing changes: there is nothing to save",
    "er verandert niets: er is niets te bewaren",
    "rien ne change : il n’y a rien à enregistrer",
)
_OTHER = Said(
    "the file was changed meanwhile, or is another’s: it stays as it is; save under another name",
    "het bestand is intussen gewijzigd, of van iemand anders: het blijft zoals het is; bewaar "
    "onder een andere naam",
    "le fichier a été modifié entre-temps, ou est à quelqu’un d’autre : il reste tel quel ; "
    "enregistrez sous un autre nom",
)
_BY_HAND = Said(
    "the file was made or changed by hand: it stays as it is; save under another name",
    "het bestand is met de hand gemaakt of gewijzigd: het blijft zoals het is; bewaar onder een "
    "andere naam",
    "le fichier a été fait ou modifié à la main : il reste tel quel ; enregistrez sous un autre "
    "nom",
)
_NOT_OF_ONE = Said(
    "plan and roads were not saved together: saving was cut off, or one was changed by hand",
    "plan en wegen zijn niet samen bewaard: het bewaren brak af, of een ervan is met de hand "
    "gewijzigd",
    "plan et routes n’ont pas été enregistrés ensemble : l’enregistrement a été interrompu, ou "
    "l’un d’eux a été modifié à la main",
)
_GONE = Said(
    "the file is no longer there: save it anew if it is to stay",
    "het bestand is er niet meer: bewaar het opnieuw als het moet blijven",
    "le fichier n’est plus là : enregistrez-le à nouveau s’il doit rester",
)
_UNSAVED = Said(
    "save the variant first: the result stands beside its file",
    "bewaar de variant eerst: het resultaat komt naast zijn bestand",
    "enregistrez d’abord la variante : le résultat se place à côté de son fichier",
)
_OTHER_NAME = say(
    "is not shown: a variant is a file of small letters, digits and hyphens that ends in {ending}",
    "is niet getoond: een variant is een bestand met kleine letters, cijfers en koppeltekens dat "
    "eindigt op {ending}",
    "n’est pas montré : une variante est un fichier en minuscules, chiffres et traits d’union qui "
    "finit par {ending}",
    ending=ENDING,
)
_NO_FILE = Said(
    "is no file, or larger than a variant can be",
    "is geen bestand, of groter dan een variant kan zijn",
    "n’est pas un fichier, ou dépasse la taille d’une variante",
)
_NOT_FOR_A_PAGE = Said(
    "has more changes than the explorer shows, or a place outside Belgium; a run can take it",
    "heeft meer wijzigingen dan de verkenner toont, of een plaats buiten België; een berekening "
    "kan het wel aan",
    "a plus de modifications que l’explorateur n’en montre, ou un lieu hors de Belgique ; un "
    "calcul peut le prendre",
)


def _say_system(error: OSError) -> Said:
    why = clean_text(error.strerror or str(error))
    return say(
        "cannot be read: {why}", "kan niet gelezen worden: {why}", "illisible : {why}", why=why
    )


def _say_many(more: int) -> Said:
    return say(
        "{more} files more are not read",
        "{more} bestanden meer zijn niet gelezen",
        "{more} fichiers de plus ne sont pas lus",
        more=say_amount(more),
    )


def _say_addresses(names: list[str]) -> Said:
    return say(
        "{names}: has no coordinates; the explorer looks no address up, a run does",
        "{names}: heeft geen coördinaten; de verkenner zoekt geen adres op, een berekening wel",
        "{names} : pas de coordonnées ; l’explorateur ne cherche pas d’adresse, un calcul le fait",
        names=say_list(names),
    )


def _say_more(names: list[str]) -> Said:
    return say(
        "{names}: more than the place changes; the explorer cannot show that, a run can",
        "{names}: meer dan de plaats verandert; de verkenner toont dat niet, een berekening wel",
        "{names} : plus que le lieu change ; l’explorateur ne peut le montrer, un calcul le peut",
        names=say_list(names),
    )


def _say_not_shown(columns: list[str]) -> Said:
    return say(
        "not shown here: {columns}",
        "hier niet getoond: {columns}",
        "pas montré ici : {columns}",
        columns=say_list(columns),
    )
