"""The one door for a user's files: nothing reads a file that was not opened here.

Only existing regular files come in, their content must be what their name says, zips are taken
apart under limits, cut-off files are refused where that can be seen, and the SHA-256 of what is
read is kept. What each rule is against stands in `tests/inputs/test_files.py`, rule by rule.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import sqlite3
import stat
import struct
import zipfile
import zlib
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError, ParserCreate

from stemgeo import notes
from stemgeo.errors import InputError, Problem
from stemgeo.inputs.columns import NO_VALUE, Columns, Synonyms, find_nearest, fold_label, say_unused
from stemgeo.inputs.formats import (
    EXTRACT,
    HEAD_BYTES,
    TABLE,
    VECTOR,
    Format,
    UnreadableError,
    check_whole,
    recognise_head,
)
from stemgeo.inputs.osmxml import read_marks
from stemgeo.inputs.provenance import Provenance, fill_from_lock, fill_origin
from stemgeo.notes import Said, say, say_list, write_in_each
from stemgeo.sources.lock import read_lock
from stemgeo.study import INPUTS, Register
from stemgeo.writing.seal import hash_file
from stemgeo.writing.whole import temporary_folder, temporary_home

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pandas as pd

    from stemgeo.errors import Findings
    from stemgeo.study import Input

# GDAL reads this once, when pyogrio or rasterio loads it; so it must stand before either. These
# drivers follow what a file points to: other files of the disk, or addresses. A process that
# loaded GDAL earlier is past this point: then the look at the content and the named driver hold.
_DRIVERS_THAT_POINT_ELSEWHERE = (
    "VRT,OGR_VRT,GTI,GDALG,DERIVED,HTTP,WFS,OAPIF,OGCAPI,CSW,WCS,WMS,WMTS,STACIT,STACTA,DAAS,EEDA,"
    "EEDAI,PLMOSAIC,PLSCENES,NGW,Carto,AmigoCloud,Elasticsearch,ADBC,MiraMonVector,GPSBabel"
)
_GDAL = {
    "GDAL_SKIP": _DRIVERS_THAT_POINT_ELSEWHERE,
    # No file is fetched, whatever its name: no address ends so.
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    # Files that lie beside a user's file are not read along.
    "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
    "GDAL_PAM_ENABLED": "NO",
    # Megabytes that one GeoJSON feature may take.
    "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
}
_skipped_by_user = os.environ.get("GDAL_SKIP", "").removeprefix(_DRIVERS_THAT_POINT_ELSEWHERE)
os.environ.update(_GDAL)
if _skipped_by_user:
    os.environ["GDAL_SKIP"] += f",{_skipped_by_user.lstrip(',')}"

_FORMATS = {
    "layer": VECTOR,
    "table": TABLE,
    "points": VECTOR | TABLE,
    "grid": VECTOR | TABLE | {Format.GEOTIFF},
    "roads": EXTRACT,
}
"""What an input of each form may be; a zip may hold any of it, save a road extract."""

# Limits on zips. Official ones hold a file or a few; Statbel's text packs about 42 to 1, and a bomb
# a thousand to 1.
MAX_MEMBERS = 200
MAX_RATIO = 150
MAX_TOTAL_BYTES = 4 * 1024**3
_FREE_OF_RATIO_BYTES = 10 * 1024**2
_CHUNK = 1024 * 1024
# pathlib folds "https://x" to "https:/x"; a study puts its own folder in front. One letter before
# the colon is a drive of Windows.
_ADDRESS = re.compile(r"(^|[/\\])[a-z][a-z0-9+.-]+:[/\\]", re.IGNORECASE)
_DATA = re.compile(r"(^|[/\\])\s*[{<\[]|\x00")
_READ_AGAIN = "a reading library would take it for something else: rename it"


@dataclass(frozen=True)
class OpenedFile:
    """A file that passed the door, and what its reader has to say of it.

    Attributes
    ----------
    name
        File name, for messages.
    path
        What readers open: the file itself, or the member taken out of its zip. Absolute.
    kind
        What the content is.
    crs, layer, sheet, said
        As the study says, if it does; all of a register.
    """

    name: str
    path: Path
    kind: Format
    crs: str | None
    layer: str | None
    sheet: str | None
    said: Register | None
    _origin: Provenance
    _findings: Findings
    _notes: list[Said] = field(default_factory=list)
    _columns: Columns = field(default_factory=Columns)

    def error(self, what: str, mend: str = "") -> None:
        """Report that the file cannot be used."""
        self._findings.error(self.name, what, mend)

    def error_at(self, place: str, what: str, mend: str = "") -> None:
        """Report that a place in the file, such as "row 17", cannot be used.

        Parameters
        ----------
        place
            In the file.
        what, mend
            As of a `Problem`.
        """
        self._findings.error(f"{self.name}, {place}", what, mend)

    def warn(self, what: Said, mend: Said | None = None) -> None:
        """Report what the reader of the figures must know."""
        self._findings.warn(self.name, what, mend)

    def warn_at(self, place: Said, what: Said, mend: Said | None = None) -> None:
        """Report what the reader of the figures must know of a place in the file.

        Parameters
        ----------
        place
            In the file.
        what, mend
            As of a `Note`.
        """
        where = say(
            "{file}, {place}", "{file}, {place}", "{file}, {place}", file=self.name, place=place
        )
        self._findings.warn(where, what, mend)

    def note_unused(self, what: Said) -> None:
        """Report what of the file is not used."""
        self._findings.note_unused(self.name, what)

    def note(self, what: Said) -> None:
        """Keep for the manifest, and for who checks the file, how it was read."""
        self._notes.append(what)

    def keep_columns(self, labels: Mapping[str, str]) -> None:
        """Keep which columns the file has: their labels, by the names under which they are read.

        Whichever of them no reader `takes` is told to the reader of the figures.
        """
        self._columns.labels = {name: clean_text(label, 300) for name, label in labels.items()}

    def label_of(self, column: object) -> str:
        """Give what the file calls a column that is read under this name."""
        return self._columns.labels.get(str(column), str(column))

    def choose_columns(self, known: Collection[str]) -> None:
        """Keep which columns the study says are ours; what is not there is told.

        Parameters
        ----------
        known
            Ours that there can be here.
        """
        for ours, label in self.said.columns.items() if self.said else ():
            names, called = self._columns.find(label), f"'{clean_text(label, 40)}'"
            if ours not in known:
                what = f"`columns` gives '{clean_text(ours, 40)}', which is no column here"
                self.error(what, _propose(ours, known))
            elif not names:
                labels = [clean_text(one, 40) for one in self._columns.labels.values()]
                what = f"`columns` takes {ours} from {called}, and there is none"
                self.error(what, _propose(label, labels))
            elif names[0] in self.chosen.values():
                self.error(f"`columns` gives {called} twice", "one column is one of ours")
            else:
                self.chosen[ours] = names[0]

    @property
    def chosen(self) -> dict[str, str]:
        """The columns that the study says are ours, by our names."""
        return self._columns.chosen

    def keep_examples(self, table: pd.DataFrame) -> None:
        """Keep the first values of each column."""
        for name in map(str, table.columns):
            texts = [str(one).strip() for one in table[name].head(100).dropna()]
            values = dict.fromkeys(filter(None, texts))
            self._columns.examples[name] = [clean_text(text, 30) for text in [*values][:3]]

    def keep_rows(self, table: pd.DataFrame) -> None:
        """Keep the rows as they stand in the file, so that a message can quote them."""
        self._columns.rows = table

    def quote_rows(self, rows: Sequence[Any]) -> str:
        """Write in brackets what some rows hold; nothing where they hold no words."""
        kept = self._columns.rows
        if kept is None:
            return ""
        texts = kept.loc[kept.index.isin(rows[:3])].fillna("").astype(str).agg(" ".join, axis=1)
        told = [f"'{clean_text(text)}'" for text in texts if text.strip()]
        return f" ({', '.join(told)})" if told else ""

    def keep_misread(self, values: pd.Series) -> None:
        """Keep which values of a column are not understood."""
        if len(values):
            seen = self._columns.misread.setdefault(str(values.name), [])
            seen += [clean_text(str(one), 30) for one in values]

    def keep_place(self, **place: str | int) -> None:
        """Keep where the table stands and how it is read, in the words of study.toml."""
        self._columns.place |= place

    def keep_days(self, zero: dt.date) -> None:
        """Keep from when the workbook counts its days."""
        self._columns.zero = zero

    @property
    def day_zero(self) -> dt.date | None:
        """From when the file counts days, if it says that."""
        return self._columns.zero

    @property
    def header_row(self) -> int | None:
        """The row of the names of columns, if the study says it."""
        return self.said.header_row if self.said else None

    @property
    def given_names(self) -> Synonyms:
        """The names that the study gives for our columns, whatever else they are called."""
        given = self.said.columns.items() if self.said else ()
        return {ours: (fold_label(label),) for ours, label in given}

    def use_column(self, column: object, meaning: str, known: Synonyms | None = None) -> None:
        """Keep that a column is used, and what it is taken as.

        Parameters
        ----------
        column
            The name under which it is read; one that the file does not have changes nothing.
        meaning
            Our name for it, or some words.
        known
            The names that columns may have here, for what is told of those that are not used.
        """
        label, labels = self._columns.labels.get(str(column)), self._columns.labels.values()
        if label is not None and str(column) not in self._columns.taken:
            self._columns.taken[str(column)] = meaning
            times = sum(one.lower() == label.lower() for one in labels)
            if times > 1:
                self.error(
                    f"has {times} columns '{clean_text(label, 40)}'", "keep the one that is meant"
                )
            self._tell_faults(str(column), label)
        self.keep_known_names(known or {})

    @property
    def taken(self) -> Collection[str]:
        """What the columns that are used were taken as."""
        return self._columns.taken.values()

    def keep_faults(self, column: str, cells: dict[int, str]) -> None:
        """Keep which cells of a column have no value, by row: what stands there instead.

        It is told when the column is taken: in any other it does no harm.
        """
        self._columns.faults[column] = cells

    def _tell_faults(self, column: str, label: str) -> None:
        wrong = self._columns.faults.get(column, {})
        formulas = [row for row, text in wrong.items() if text == NO_VALUE]
        if formulas:
            rest = len(formulas) - 1
            more = f", and {rest} {'row' if rest == 1 else 'rows'} more" if rest else ""
            self.error_at(
                f"row {formulas[0]}",
                f"a formula without its value ('{clean_text(label, 40)}'{more})",
                "open the file in a spreadsheet program and save it",
            )
        for row, text in [item for item in wrong.items() if item[1] != NO_VALUE][:20]:
            self.error_at(
                f"row {row}",
                f"'{clean_text(label, 40)}' is {clean_text(text, 30)}, what a spreadsheet shows "
                "for a value it has not",
                "mend the cell, or leave it empty",
            )

    def keep_known_names(self, names: Synonyms) -> None:
        """Keep which names columns may have here."""
        self._columns.known |= {meaning: tuple(known) for meaning, known in names.items()}

    @property
    def provenance(self) -> Provenance:
        """Where the file came from, with the notes and the use of its columns so far."""
        columns = self._columns
        read = write_in_each(
            lambda language: "; ".join(one.in_any_words(language) for one in self._notes)
        )
        told = replace(self._origin, note=read.en, columns=columns.listed, seen=columns.seen)
        told = replace(told, read=read)
        told = replace(told, entry=tuple(self._write_entry().items()))
        return fill_origin(told, self._columns.labels.values(), of_roads=self.kind in EXTRACT)

    def _write_entry(self) -> dict[str, Any]:
        """Write what study.toml must say of a register for it to be read so, if it does not."""
        if self.said is None:
            return {}
        given = self.said.model_dump(exclude_defaults=True, exclude={"path", "columns"})
        found = {key: one for key, one in self._columns.place.items() if (key, one) != _USUAL_ROW}
        names = {ours: label for ours, label in self._columns.renamed.items() if len(label) < 300}
        asked = {ours: fold_label(label) for ours, label in self.said.columns.items()}
        folded = {ours: fold_label(label) for ours, label in names.items()}
        if found.items() <= given.items() and folded.items() <= asked.items():
            return {}
        return {"path": self.said.written_path, **found, **given, "columns": names}

    def _tell_unused(self) -> None:
        unused = self._columns.unused
        if unused:
            self.note_unused(say_unused(unused))


def _propose(word: str, known: Collection[str]) -> str:
    """Propose the nearest of what there is, else all of it."""
    near = find_nearest(word, known, 60)
    return f"did you mean '{near}'?" if near else f"there are: {say_list(list(known), 20)}"


@contextmanager
def open_input(given: Input, role: str, findings: Findings) -> Iterator[OpenedFile | None]:
    """Open a user's file for the readers; what was unpacked is removed at the end.

    Parameters
    ----------
    given
        The file and what the study says of it.
    role
        Which input it is, a key of `study.INPUTS`; "layers.regions" for one of several.
    findings
        Takes the problems.

    Yields
    ------
    OpenedFile or None
        None when the file cannot be used; the reason stands in `findings`.
    """
    name = clean_text(given.path.name)
    with ExitStack() as stack:
        file: OpenedFile | None = None
        before: os.stat_result | None = None
        try:
            path = _regular_file(given.path, findings)
            before = path.stat()
            file = _enter_file(given, path, role, stack, findings)
        except UnreadableError as error:
            findings.error(name, error.what, error.mend)
        except OSError as error:
            findings.error(name, f"cannot be read: {error.strerror or type(error).__name__}")
        yield file
        if file is not None:
            file._tell_unused()  # noqa: SLF001  (at the door, so that no reader can forget it)
        if file is not None and before is not None and not _is_unchanged(before, path):
            findings.error(name, "changed while it was read", "run again when it is complete")


def _enter_file(
    given: Input, path: Path, role: str, stack: ExitStack, findings: Findings
) -> OpenedFile:
    """Check the file, unpack it if it is a zip, and check what was in it."""
    digest = hash_file(path)
    if given.sha256 and digest != given.sha256:
        raise UnreadableError(
            f"is not the file that the study means: its SHA-256 is {digest}",
            f"the study says {given.sha256}; give that file, or correct `sha256`",
        )
    # Of "layers.regions" the part before the point counts: the rest is the user's own name for it.
    form = INPUTS[role.partition(".")[0]].form
    accepted = _FORMATS[form]
    kind = recognise_file(path)
    if kind is Format.ZIP and form != "roads":
        try:
            read_from = unpack_zip(path, stack.enter_context(temporary_folder()), accepted)
        except OSError as error:
            what = f"cannot be unpacked in {temporary_home()}: {error.strerror or error}"
            mend = "make room there, or name another folder in TMPDIR"
            raise UnreadableError(what, mend) from None
        kind = recognise_file(read_from)
    else:
        read_from = path
    if kind not in accepted:
        known = ", ".join(sorted(one.label for one in accepted))
        raise UnreadableError(f"is {kind.label}, which cannot be used as {role}", f"give {known}")
    _refuse_idle(given, role, kind)
    check_whole(read_from, kind)
    if kind in EXTRACT:
        read_marks(read_from)
    if kind is Format.GEOPACKAGE:
        check_geopackage(read_from)
    name = clean_text(given.path.name)
    size = path.stat().st_size
    provenance = Provenance(role, name, size, digest, given.source, given.licence, given.date)
    provenance = _ask_lock(path, provenance, findings)
    meant = given.crs, given.layer, given.sheet
    said = given if isinstance(given, Register) else None
    return OpenedFile(name, read_from, kind, *meant, said, provenance, findings)


def _ask_lock(path: Path, given: Provenance, findings: Findings) -> Provenance:
    """Take where a file came from out of the lock beside it, if that is of this very file."""
    try:
        lock = read_lock(path.parent)
    except InputError as error:
        known = findings.errors
        known += [p for p in error.problems if isinstance(p, Problem) and p not in known]
        return given
    entry = lock.find(sha256=given.sha256)
    if entry is not None:
        return fill_from_lock(given, entry)
    before = lock.find(file=path.name)
    if before is not None:
        findings.warn(
            given.name,
            say(
                "changed since it was fetched on {day} from {source}: its origin is told no more",
                "gewijzigd sinds het op {day} bij {source} is opgehaald: de herkomst wordt niet "
                "meer vermeld",
                "modifié depuis qu’il a été obtenu le {day} auprès de {source} : son origine "
                "n’est plus indiquée",
                day=before.pieces[-1].fetched.date().isoformat(),
                source=clean_text(before.publisher, 100),
            ),
            say(
                "`stemgeo fetch` brings it back; if it is meant so, say its source in the study",
                "`stemgeo fetch` brengt het terug; is het zo bedoeld, geef dan de bron op in de "
                "studie",
                "`stemgeo fetch` le rétablit ; si c’est voulu, indiquez sa source dans l’étude",
            ),
        )
    return given


_USUAL_ROW = ("header_row", 1)
_LAYERED = VECTOR - {Format.PARQUET} | {Format.XLSX}


def _refuse_idle(given: Input, role: str, kind: Format) -> None:
    """Refuse what the study says of a file and can change nothing."""
    idle = {
        "crs": given.crs and INPUTS[role.partition(".")[0]].form in ("table", "roads"),
        "layer": given.layer and (kind not in _LAYERED or given.sheet),
        "sheet": given.sheet and kind is not Format.XLSX,
        "header_row": isinstance(given, Register) and given.header_row and kind not in TABLE,
    }
    for option, is_idle in idle.items():
        if is_idle:
            raise UnreadableError(
                f"`{option}` changes nothing: {kind.label} as {role} has none", "leave it out"
            )


def _regular_file(path: Path, findings: Findings) -> Path:
    """Refuse whatever is not an existing regular file, before any library sees its name."""
    try:
        mode = path.stat().st_mode
    except PermissionError:
        raise
    except (OSError, ValueError):
        raise _missing_error(str(path), findings) from None
    if not stat.S_ISREG(mode):
        what = "is a folder" if stat.S_ISDIR(mode) else "is not a regular file"
        raise UnreadableError(what, "give the file itself")
    absolute = path.resolve()
    if str(absolute).startswith("/vsi"):
        raise UnreadableError("lies in a folder named /vsi...", _READ_AGAIN)
    # pyogrio splits paths at these.
    if any(mark in str(absolute) for mark in "!?"):
        raise UnreadableError("has a '!' or '?' in its path", _READ_AGAIN)
    return absolute


def _missing_error(text: str, findings: Findings) -> UnreadableError:
    """Say what stands in the place of a path: an address, data, or a file that is not there."""
    if "/vsi" in text:
        return UnreadableError("is a path for GDAL", "give the path of the file itself")
    if _DATA.search(text):
        return UnreadableError("is not a path", "give the path of a file")
    if _ADDRESS.search(text):
        return UnreadableError("is an address", "download it first and give the file")
    findings.missing = True
    return UnreadableError("does not exist", f"looked for {clean_text(text, 300)}")


def _is_unchanged(before: os.stat_result, path: Path) -> bool:
    after = path.stat() if path.exists() else None
    return after is not None and (before.st_size, before.st_mtime_ns) == (
        after.st_size,
        after.st_mtime_ns,
    )


def recognise_file(path: Path) -> Format:
    """Tell what the file holds; its ending must agree.

    Raises
    ------
    UnreadableError
        If it is of no known kind, or of another than its name says.
    """
    with path.open("rb") as stream:
        kind = recognise_head(stream.read(HEAD_BYTES))
    if kind is Format.ZIP and _is_workbook(path):
        kind = Format.XLSX
    ending = path.suffix.lower()
    if ending not in kind.endings:
        claim = f"not {ending}" if ending else "but its name has no ending"
        raise UnreadableError(
            f"its content is {kind.label}, {claim}", f"name it {' or '.join(kind.endings)}"
        )
    return kind


# --- Zips --------------------------------------------------------------------------------------


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip; whatever is damaged in it, now or while its members are read, is told as such."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UnreadableError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error):
        raise UnreadableError("is a zip that is cut off or damaged", "download it again") from None


def _is_workbook(path: Path) -> bool:
    """Whether this zip is an Excel workbook; a bomb in that shape is refused."""
    with _open_zip(path) as archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
            return False
        _check_limits(members)
        for member in members:
            with archive.open(member) as stream:
                if _has_document_type(stream):
                    raise UnreadableError("declares an XML document type", "save it again")
    return True


def _has_document_type(stream: IO[bytes]) -> bool:
    """Whether XML declares a document type, and with it entities, before its first element."""
    found: list[bool] = []
    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: found.append(True)
    parser.StartElementHandler = lambda *_: found.append(False)
    with suppress(ExpatError):  # a picture, or damaged: told where it is read
        while not found and (chunk := stream.read(HEAD_BYTES)):
            parser.Parse(chunk)
    return bool(found) and found[0]


def _check_limits(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise UnreadableError(
            f"holds {len(members)} files, more than {MAX_MEMBERS}", "unpack it and give the file"
        )
    if sum(member.file_size for member in members) > MAX_TOTAL_BYTES:
        raise UnreadableError("unpacks to more than 4 GiB", "unpack it and give the file")
    for member in members:
        limit = max(_FREE_OF_RATIO_BYTES, MAX_RATIO * member.compress_size)
        if member.file_size > limit:
            raise UnreadableError(
                f"holds {clean_text(member.filename)}, packed more than {MAX_RATIO} to 1",
                "unpack it and give the file, if you trust it",
            )
        if member.flag_bits & 1:
            raise UnreadableError("is locked with a password", "unpack it and give the file")


def unpack_zip(path: Path, folder: Path, accepted: frozenset[Format]) -> Path:
    """Take a zip apart into `folder` and return the one file in it that can be read.

    Members get plain names of our own, whatever the zip calls them; none lands elsewhere.

    Parameters
    ----------
    path, folder
        Of the zip, and where its parts go.
    accepted
        Forms that can be read.

    Raises
    ------
    UnreadableError
        If a limit is passed, or there is no such file or more than one.
    """
    with _open_zip(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_limits(members)
        for member in members:
            _check_member_name(member)
        members = [member for member in members if not _is_clutter(member.filename)]
        main = _main_member(members, accepted)
        stem = PurePosixPath(main.filename).with_suffix("")
        wanted = [main]
        if main.filename.lower().endswith(".shp"):
            wanted = [m for m in members if PurePosixPath(m.filename).with_suffix("") == stem]
        for member in wanted:
            _unpack_member(archive, member, folder)
    return folder / f"data{PurePosixPath(main.filename).suffix.lower()}"


def _check_member_name(member: zipfile.ZipInfo) -> None:
    name = member.filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if not parts or parts[0] == "/" or ".." in parts or ":" in parts[0] or is_link:
        raise UnreadableError(
            f"holds '{clean_text(name)}', a name that leads out of the zip", "do not use this zip"
        )


def _is_clutter(name: str) -> bool:
    """Whether an archiver or a system put this beside the data."""
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or parts[-1].startswith(".")


def _main_member(members: list[zipfile.ZipInfo], accepted: frozenset[Format]) -> zipfile.ZipInfo:
    """Find the one member whose ending says that it can be read."""
    endings = {ending for kind in accepted for ending in kind.endings}
    found = [m for m in members if PurePosixPath(m.filename).suffix.lower() in endings]
    if len(found) > 1 and any(m.filename.lower().endswith(".shp") for m in found):
        found = [m for m in found if not m.filename.lower().endswith(".xml")]
    if len(found) != 1:
        names = ", ".join(clean_text(m.filename) for m in (found or members)[:5])
        what = "several files that could be meant" if found else "no file that can be read"
        raise UnreadableError(f"holds {what} ({names})", "unpack it and give the file")
    return found[0]


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / f"data{PurePosixPath(member.filename).suffix.lower()}"
    written = 0
    with archive.open(member) as source, target.open("xb") as sink:
        while chunk := source.read(_CHUNK):
            # The zip's own word on sizes is not believed.
            written += len(chunk)
            if written > member.file_size:
                raise UnreadableError("is a zip that is damaged", "download it again")
            sink.write(chunk)


# --- GeoPackage --------------------------------------------------------------------------------


def check_geopackage(path: Path) -> None:
    """Refuse an SQLite file that is no GeoPackage, or computes instead of holding its rows.

    A view may run for ever; so may a generated column or a virtual table.

    Raises
    ------
    UnreadableError
        Naming the view or table.
    """
    changes = path.with_name(f"{path.name}-wal")
    if changes.exists() and changes.stat().st_size:
        raise UnreadableError(
            f"has changes that are not saved in it ({clean_text(changes.name)})",
            "close the program that has it open",
        )
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            entries = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
            _check_entries(entries)
            layers = connection.execute("SELECT table_name FROM gpkg_contents").fetchmany(1000)
            computed = "SELECT count(*) FROM pragma_table_xinfo(?) WHERE hidden > 0"
            for layer in layers:
                _check_ordinary(str(layer[0]), entries, connection.execute(computed, layer))
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError):  # what SQLite complains of may be no text
        raise UnreadableError(
            "is a GeoPackage that is cut off or damaged", "copy it again"
        ) from None


def _check_ordinary(
    layer: str, entries: list[tuple[str, str, str | None]], computed: sqlite3.Cursor
) -> None:
    """Refuse a layer that is a virtual table or has computed columns."""
    virtual = any(
        name == layer and str(sql).upper().startswith("CREATE VIRTUAL") for _, name, sql in entries
    )
    if virtual or computed.fetchone()[0]:
        raise UnreadableError(
            f"its layer '{clean_text(layer)}' is computed when read",
            "save the layer to a file of its own",
        )


def _check_entries(entries: list[tuple[str, str, str | None]]) -> None:
    views = [clean_text(str(name)) for kind, name, _ in entries if kind == "view"]
    if views:
        raise UnreadableError(
            f"holds a view ({', '.join(views[:5])}), and a view can run for ever",
            "save the layer to a file of its own",
        )
    names = {name for kind, name, _ in entries if kind == "table"}
    if not {"gpkg_contents", "gpkg_spatial_ref_sys"} <= names:
        raise UnreadableError("is an SQLite database, but no GeoPackage", "save it as GeoPackage")


# --- Text from files ---------------------------------------------------------------------------


clean_text, strip_control = notes.clean_text, notes.strip_control
"""Told from here too: it is the door that cleans what a stranger wrote."""


_FORMULA = re.compile(r"[\t\r\n]|[\s'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b]")
_BELOW_ZERO = re.compile(r"-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet may compute a text instead of showing it.

    It begins with ``= + - @``, of full width too, after spaces or quotes or not, or with a tab or
    line break; a negative number is a number.
    """
    return bool(_FORMULA.match(text)) and not _BELOW_ZERO.fullmatch(text)


def quote_formula(text: str) -> str:
    """Write a text into a CSV so that no spreadsheet computes it: behind an apostrophe."""
    return f"'{text}" if is_formula(text) else text


def unquote_formula(text: str) -> str:
    """Read a text of a CSV back as it was before `quote_formula`; any other text stays."""
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text
