"""Variants on disk: a plan file each, that any run takes; what someone changed is left alone."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

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
from stemgeo.explore.variants import read_variant, write_variant
from stemgeo.inputs.academies import DAYS
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
_DEVICES = r"con|prn|aux|nul|(com|lpt)[0-9]"
"""What no file of Windows can be called, whatever its ending."""
MOST_FILES = 200
"""Of a folder that are read."""
_NOT_SHOWN = ("organisation", "postcode", "trajectories", "online_trajectories", "cost_eur")
"""What a plan may say of a place that comes, and the page does not."""


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
        told = [self._read(one) for one in files[:MOST_FILES]]
        if len(files) > MOST_FILES:
            more = _say_many(len(files) - MOST_FILES)
            told.append(self._tell_problem("", self.folder.name, more))
        return told

    def read(self, slug: str) -> SavedVariant | None:
        """Read one; None where there is no such file."""
        place = self._find_place(slug)
        return self._read(place) if os.path.lexists(place) else None

    def find_saved(self, slug: str, text: str) -> Path:
        """Give the file of a variant that was saved as it is.

        Parameters
        ----------
        slug
            Its name on disk.
        text
            What the file must hold.

        Raises
        ------
        Clash
            If it holds anything else.
        """
        place, there = self._find_place(slug), self.read(slug)
        if there is None or there.sha256 != _hash(text.encode()):
            raise Clash(self._tell_clash(_UNSAVED, there))
        return place

    def _find_place(self, slug: str) -> Path:
        """Give where a variant is; its name is letters, digits and hyphens alone."""
        if not re.fullmatch(SLUG, slug, re.ASCII):
            raise WrongMessage(_NO_SLUG)
        if re.fullmatch(_DEVICES, slug):
            raise WrongMessage(_DEVICE)
        return self.folder / f"{slug}{ENDING}"

    def _tell_problem(self, slug: str, name: str, what: Said, content: bytes = b"") -> SavedVariant:
        return SavedVariant(
            slug=slug,
            name=clean_text(name),
            sha256=sha256(content).hexdigest() if content else "",
            variant=None,
            problem=what.to_text(self.board.study.language),
            ours=False,
        )

    def _read(self, place: Path) -> SavedVariant:
        slug = place.stem
        if place.suffix != ENDING or not re.fullmatch(SLUG, slug, re.ASCII):
            return self._tell_problem("", place.name, _OTHER_NAME)
        try:
            content = _read_bytes(place)
        except OSError as error:
            return self._tell_problem(slug, slug, _say_system(error))
        if content is None:
            return self._tell_problem(slug, slug, _NO_FILE)
        variant = self._read_ours(content)
        if variant is None:
            return self._read_any(place, content)
        name = variant.name or slug
        return SavedVariant(slug=slug, name=name, sha256=_hash(content), variant=variant)

    def _read_ours(self, content: bytes) -> Variant | None:
        """Read a file that is to the letter what would be written; None for any other."""
        try:
            variant = read_variant(content.decode())
            if variant is None or variant.is_empty or self._write(variant) != content:
                return None
        except (UnicodeDecodeError, WrongMessage, StemgeoError):
            return None
        return variant

    def _write(self, variant: Variant) -> bytes:
        laid = self.placer.lay_out(variant)
        return write_variant(variant, laid, self.board.register).encode()

    def _read_any(self, place: Path, content: bytes) -> SavedVariant:
        """Read a plan of someone, as a run reads it, as far as a page can show it."""
        findings, slug = Findings(), place.stem
        board, language = self.board, self.board.study.language
        plan, origin = load_places(
            Register(path=place),
            PLACES,
            board.register,
            board.municipalities,
            findings,
            sources=PlaceSources(board.municipalities),
        )
        if findings.errors or origin is None:
            what = "; ".join(str(one) for one in findings.errors)
            return self._tell_problem(slug, slug, Said(what, what, what), content)
        problem = _find_unshowable(plan, board.register)
        if problem:
            return self._tell_problem(slug, slug, problem, content)
        notes = [one.to_text(language) for one in findings.notes]
        if not_shown := _list_not_shown(plan):
            notes.append(_say_not_shown(not_shown).to_text(language))
        try:
            variant = _as_variant(plan, slug)
            self.placer.lay_out(variant)
        except WrongMessage as wrong:
            return self._tell_problem(slug, slug, wrong.said, content)
        except ValueError:  # more changes than a page shows, or a place far away
            return self._tell_problem(slug, slug, _NOT_FOR_A_PAGE, content)
        return SavedVariant(
            slug=slug,
            name=slug,
            sha256=origin.sha256,
            variant=variant,
            ours=False,
            notes=tuple(notes),
        )

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
        place = self._find_place(slug)
        if variant.is_empty:
            raise WrongMessage(_NOTHING)
        content = self._write(variant)
        if based_on and not os.path.lexists(place):
            raise Clash(self._tell_clash(_GONE, None))

        def refuse(there: Path, new: Path) -> None:
            # What is there already need not be written: the page did not hear of it.
            if _read_bytes(there) != new.read_bytes():
                self._refuse(there, based_on)

        with whole_files(self.folder, refuse) as new:
            (new / place.name).write_bytes(content)
        return SaveReply(slug=slug, sha256=_hash(content))

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
        place = self._find_place(slug)
        with tell_refusal(self.folder), lock_folder(self.folder):
            if not os.path.lexists(place):
                raise Clash(self._tell_clash(_GONE, None))
            self._refuse(place, based_on)
            place.unlink()

    def _refuse(self, place: Path, based_on: str) -> None:
        """Refuse to touch a file that is not what the page has of it."""
        there = self._read(place)
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


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


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
