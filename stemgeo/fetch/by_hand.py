"""Files that a person downloaded: recognised by what is in them, not by what they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stemgeo.errors import FetchError, InputError, Problem
from stemgeo.fetch.checks import check_file, named
from stemgeo.fetch.folder import OURS, Candidate, enter_file, place_file
from stemgeo.notes import Said, clean_text, say, say_list
from stemgeo.sources.content import is_page
from stemgeo.sources.lock import LockedFile, Piece
from stemgeo.sources.store import now
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from stemgeo.inputs.contents import Content
    from stemgeo.sources.catalogue import Catalogue, DataSource

ROADS = "roads"
_BY_KIND = ("file", "features", "by-hand")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:\d{4})?(?!\d)")
_YEAR_COLUMNS = ("cd_year", "year", "jaar")
_MOST_FILES = 1000
_DAMAGED = "cut off or damaged"


@dataclass(frozen=True)
class GivenFile:
    """A file that was recognised.

    Attributes
    ----------
    path
        Of it.
    key
        Of its source.
    year
        That its content or its name says; None when neither does.
    ending
        That its content asks of its name.
    """

    path: Path
    key: str
    year: int | None
    ending: str


@dataclass(frozen=True)
class GivenFolder:
    """What was found in a folder that a person gave.

    Attributes
    ----------
    files
        By the key of their source, each once.
    roads
        Extracts of roads, of which there may be several.
    pages
        Web pages that were saved in the place of a file, by the key of its source: a problem
        where nothing else brings it.
    unknown
        What was not recognised.
    problems
        What may be meant and cannot be taken.
    """

    files: dict[str, GivenFile] = field(default_factory=dict)
    roads: tuple[GivenFile, ...] = ()
    pages: dict[str, Problem] = field(default_factory=dict)
    unknown: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def recognise_folder(folder: Path, catalogue: Catalogue, year: int | None) -> GivenFolder:
    """Recognise the files of a folder.

    Parameters
    ----------
    folder
        That a person gave.
    catalogue
        What is known of sources.
    year
        That is wanted; None: of any.

    Raises
    ------
    FetchError
        If it is no folder, or holds more than anyone downloads.
    """
    if not folder.is_dir():
        raise FetchError(Problem(str(folder), "is no folder", "give that of the downloads"))
    paths = sorted(
        one
        for one in folder.iterdir()
        if one.is_file() and not one.name.startswith(".") and one.name not in OURS
    )
    if len(paths) > _MOST_FILES:
        what = f"holds {len(paths)} files"
        raise FetchError(Problem(str(folder), what, "move what is meant into a folder of its own"))
    found: dict[str, list[GivenFile]] = {}
    pages: dict[str, Problem] = {}
    unknown, problems = [], []
    for path in paths:
        try:
            if key := _find_paged(path, catalogue, year):
                pages[key] = _describe_page(path, catalogue.find(key), year)
                continue
            told = _recognise(path, catalogue, year)
        except OSError as error:
            told = Problem(clean_text(path.name), f"cannot be read: {error.strerror}", _UNKNOWN)
        if isinstance(told, GivenFile):
            found.setdefault(told.key, []).append(told)
        elif told.mend == _UNKNOWN:
            unknown.append(told)
        else:
            problems.append(told)
    roads = tuple(found.pop(ROADS, ()))
    single, doubtful = _take_each_once(found)
    # A page that was saved before the file itself came is of no use any more.
    there = {*found, *([ROADS] if roads else [])}
    unknown += [replace(pages.pop(key), mend=_UNKNOWN) for key in there & pages.keys()]
    return GivenFolder(single, roads, pages, tuple(unknown), (*problems, *doubtful))


def _take_each_once(
    found: dict[str, list[GivenFile]],
) -> tuple[dict[str, GivenFile], list[Problem]]:
    """Take what is there once; of two that may be meant neither, unless they are the same."""
    single, problems = {}, []
    for key, files in found.items():
        if len({hash_file(one.path) for one in files}) == 1:
            single[key] = files[0]
            continue
        names = say_list([clean_text(one.path.name) for one in files])
        what = f"may each be {key}, and differ: {names}"
        problems.append(Problem(str(files[0].path.parent), what, "leave the one that is meant"))
    return single, problems


_UNKNOWN = "it is left out"


def _recognise(path: Path, catalogue: Catalogue, year: int | None) -> GivenFile | Problem:
    """Say of which source a file is, or why it is not taken."""
    name = clean_text(path.name)
    with path.open("rb") as stream:
        head = stream.read(4096)
    if is_page(head):
        return Problem(name, "is a web page, no data", _UNKNOWN)
    try:
        content, ending = _look(path, catalogue)
    except InputError as error:
        first = error.problems[0]
        why = first.what if isinstance(first, Problem) else str(first)
        return Problem(name, clean_text(why, 200), _UNKNOWN)
    keys = [key for key, one in catalogue.sources.items() if _fits(key, one, content)]
    if len(keys) != 1:
        also = f" (it may be {say_list(keys)})" if keys else ""
        return Problem(name, f"is of no source that is known here{also}", _UNKNOWN)
    key, of_content = keys[0], _find_year(content)
    told = _YEAR.search(path.stem)
    of_name = int(told[1]) if told else None
    if of_content and of_name and of_content != of_name:
        what = f"its content is of {of_content}, and its name says {of_name}"
        return Problem(name, what, "give it the name that it had, or download it again")
    of = of_content or of_name if catalogue.sources[key].years else None
    if of and year and of != year:
        return Problem(name, f"is of {of}, and {year} was asked for", "download that year")
    return GivenFile(path, key, of, ending)


def _find_paged(path: Path, catalogue: Catalogue, year: int | None) -> str:
    """Find the source in the place of whose file a web page was saved; empty: of none."""
    with path.open("rb") as stream:
        if not is_page(stream.read(4096)):
            return ""
    stem = re.sub(r"(?: ?\(\d+\))?(?:\.html?)?$", "", clean_text(path.name))
    return next(
        (
            key
            for key, one in catalogue.sources.items()
            if one.file and one.address and one.fill(one.file, _year_of_page(path, year)) == stem
        ),
        "",
    )


def _year_of_page(path: Path, year: int | None) -> int | None:
    told = _YEAR.search(path.name)
    return year or (int(told[1]) if told else None)


def _describe_page(path: Path, source: DataSource, year: int | None) -> Problem:
    """Name a web page that was saved in the place of a file, and the address of that file."""
    mend = (
        f"open {source.locate(_year_of_page(path, year))} in a browser, wait, and save what comes"
    )
    what = f"is a web page, not the data of {source.publisher}"
    return Problem(clean_text(path.name), what, mend)


def _look(path: Path, catalogue: Catalogue) -> tuple[Content, str]:
    """Look inside a file, whatever its name ends in."""
    from stemgeo.inputs.contents import look_inside
    from stemgeo.inputs.formats import HEAD_BYTES, Format, UnreadableError, recognise_head

    columns = [column for one in catalogue.sources.values() for column in one.columns]
    try:
        with path.open("rb") as stream:
            kind = recognise_head(stream.read(HEAD_BYTES))
    except UnreadableError as error:
        raise InputError(Problem(path.name, error.what, error.mend)) from None
    endings: tuple[str, ...] = kind.endings
    if kind is Format.ZIP:  # or a workbook, which is a zip too
        endings = (*kind.endings, *Format.XLSX.endings)
    own = path.suffix.lower()
    tried = (own,) if own in endings else (endings[0], *endings[1:2])
    for place, ending in enumerate(tried):
        try:
            with named(path, f"data{ending}") as link:
                return look_inside(link, columns), ending
        except InputError:
            if place == len(tried) - 1:
                raise
    raise AssertionError  # pragma: no cover


def _fits(key: str, source: DataSource, content: Content) -> bool:
    """Whether content is what a source gives."""
    from stemgeo.inputs.formats import EXTRACT, Format

    if source.kind not in _BY_KIND:
        return False
    if content.kind in EXTRACT:
        return key == ROADS
    if content.kind is Format.GEOTIFF:
        return source.input == "weights" and not source.columns
    if not source.columns:
        return _is_read_as(source.input, content.columns)
    of_towns = not source.collection or (
        _is_of_municipalities(content) == (source.input == "municipalities")
    )
    return of_towns and not content.list_missing(source.columns)


def _is_of_municipalities(content: Content) -> bool:
    """Tell municipalities from provinces, which have the same columns."""
    from stemgeo.inputs.vintages import known_codes

    codes = content.find_codes(("niscode",))
    return codes is not None and bool(codes.isin(known_codes()).mean() > 0.5)


def _is_read_as(role: str, columns: Iterable[str]) -> bool:
    """Whether the reader of an input finds its columns: of a source whose own are not known."""
    from stemgeo.inputs.columns import know_label, list_meanings
    from stemgeo.inputs.names import ADDRESS_NAMES

    names = {name: ADDRESS_NAMES[name] for name in ("street", "house_number", "postcode")}
    meanings = list_meanings(names)
    ours = {meanings.get(know_label(one, meanings)) for one in columns}
    if role == "addresses":
        return {"street", "house_number"} <= ours
    return role == "postcodes" and "postcode" in ours and "street" not in ours


def _find_year(content: Content) -> int | None:
    """Give the one year of a column of years."""
    years = content.find_texts(_YEAR_COLUMNS)
    told = set() if years is None else set(years) - {""}
    one = next(iter(told), "") if len(told) == 1 else ""
    found = _YEAR.fullmatch(one)
    return int(found[1]) if found else None


# -- placing -------------------------------------------------------------------------------------


def piece_by_hand(path: Path) -> Piece:
    """Describe a file that a person gave: by its name, without an address."""
    return Piece(
        name=clean_text(path.name),
        fetched=now(),
        size_bytes=path.stat().st_size,
        sha256=hash_file(path),
    )


def name_in_folder(source: DataSource, year: int | None, given: GivenFile) -> str:
    """Name a file as its source does; in another form, or without such a name, nearly as given.

    Parameters
    ----------
    source, year
        Of the file.
    given
        The file.
    """
    usual = source.fill(source.file, year)
    if usual and usual.lower().endswith(given.ending):
        return usual
    stem = usual.split(".")[0] if usual else given.path.name.removesuffix(given.path.suffix)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:150]
    return f"{plain or 'data'}{given.ending}"


@dataclass(frozen=True)
class Taken:
    """A file that was taken in, and what must be known of it."""

    entry: LockedFile
    told: Said | None = None


def take_folder(
    given: GivenFolder,
    into: Path,
    store: Path,
    catalogue: Catalogue,
    year: int | None,
    *,
    replace: bool = False,
) -> tuple[list[Taken], list[Problem]]:
    """Check recognised files, copy them into a folder and enter them into its lock.

    Parameters
    ----------
    given
        As from `recognise_folder`.
    into, store
        The folder, and that of downloads.
    catalogue
        What is known of sources.
    year
        That files are of which do not say theirs.
    replace
        As for `place_file`.

    Returns
    -------
    (list of Taken, list of Problem)
        What was taken, and why the others were not.
    """
    taken, problems = [], [*given.problems, *given.pages.values()]
    if len(given.roads) > 1:
        names = str(say_list([clean_text(one.path.name) for one in given.roads]))
        mend = "`stemgeo fetch flanders --from` joins them; or leave one"
        problems.append(Problem(names, "are several extracts of roads", mend))
    for one in [*given.files.values(), *(given.roads if len(given.roads) == 1 else ())]:
        source = catalogue.find(one.key)
        of = one.year or year
        if source.years and of is None:
            what = "says nowhere of which year it is"
            problems.append(Problem(clean_text(one.path.name), what, "say it: --year YEAR"))
            continue
        try:
            taken.append(take_file(one, into, store, (source, of), replace=replace))
        except FetchError as error:
            problems += [p for p in error.problems if isinstance(p, Problem)]
    return taken, problems


def take_file(
    given: GivenFile,
    into: Path,
    store: Path,
    of: tuple[DataSource, int | None],
    *,
    replace: bool = False,
) -> Taken:
    """Check a file that a person gave, copy it into a folder and enter it into its lock.

    Parameters
    ----------
    given
        The file.
    into, store
        The folder, and that of downloads.
    of
        Its source, and the year.
    replace
        As for `place_file`.

    Raises
    ------
    FetchError
        If it is not what its source gives, or may not be placed.
    """
    source, year = of
    file = name_in_folder(source, year, given)
    # In another form than the publisher's, as a person may save it, its content alone counts.
    usual = given.ending == f".{source.format}"
    meant = source if usual else source.model_copy(update={"format": ""})
    check_file(given.path, meant, year, clean_text(given.path.name), f"data{given.ending}")
    candidate = Candidate(given.path, (piece_by_hand(given.path),))
    entry = enter_file(file, given.key, source, year, candidate)
    return Taken(entry, place_file(into, store, entry, candidate, replace=replace))


def say_unknown(given: GivenFolder, most: int = 8) -> Iterator[Said]:
    """Say what was not taken: each file that is damaged, the others by their names in one line."""
    others = []
    for one in given.unknown:
        if _DAMAGED in one.what:
            yield Said(*[str(one)] * 3)
        else:
            others.append(clean_text(one.where))
    if others:
        yield say(
            "of no source that is known here, and left out: {names}",
            "van geen bron die hier gekend is, en niet genomen: {names}",
            "d’aucune source connue ici, et pas pris : {names}",
            names=say_list(others, most),
        )
