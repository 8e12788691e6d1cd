"""What this machine has and lacks for stemgeo: what a colleague looks at first, and sends along.

Each finding works, is lacking without harm, or is a fault with the way to mend it. Nothing here
fails: what breaks is what is told. Home folder and user name are in no finding.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import locale
import os
import platform
import re
import shutil
import sys
import tempfile
import webbrowser
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stemgeo.notes import Said, clean_text, say, say_amount, strip_control
from stemgeo.stages import Progress, count_off, report_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stemgeo.writing.guarded import Opening

EXAMINING = Said("Examining", "Nakijken", "Examen")
_IMPORTED = {
    **dict.fromkeys(
        (
            *("folium", "geopandas", "highspy", "matplotlib", "numba", "numpy", "osmium"),
            *("pandas", "pyarrow", "pyogrio", "pyproj", "rasterio", "scipy", "shapely", "typst"),
        ),
        "",
    ),
    "python-docx": "docx",
}
"""Libraries with code for one kind of machine or that write files, by the module that is tried."""
_DRIVERS = ("ESRI Shapefile", "GeoJSON", "GPKG", "OpenFileGDB", "OSM")
_DATA = (
    *("exonyms.csv", "municipalities.csv", "recognition-rules.toml", "reported.csv", "sample"),
    *("sources.toml", "stress", "subsidy-rules.toml"),
)
_KNOWN_PLACE = (150_000.0, 170_000.0, 4.368_752, 50.840_411)
"""In Lambert 72, and where that is in degrees: in Brussels, 90 m from where no datum is minded."""
_LEAST_FREE_MB = 500
_PROGRAMS = {
    "libreoffice": (
        ("soffice", "libreoffice"),
        Said(
            "opens what is written as .docx",
            "opent wat als .docx geschreven is",
            "ouvre ce qui est écrit en .docx",
        ),
        ("apt install libreoffice-writer", "brew install --cask libreoffice",
         "choco install libreoffice-fresh"),
    ),
    "qgis": (
        ("qgis", "qgis-bin"),
        Said("opens the .gpkg files", "opent de .gpkg-bestanden", "ouvre les fichiers .gpkg"),
        ("apt install qgis", "brew install --cask qgis", "choco install qgis"),
    ),
}  # fmt: skip


class Health(StrEnum):
    """How it is with a part."""

    works = "works"
    lacks = "lacks"
    fault = "fault"


_WORDS = {
    Health.works: Said("ok", "in orde", "en ordre"),
    Health.lacks: Said("not there", "niet aanwezig", "absent"),
    Health.fault: Said("FAULT", "FOUT", "ERREUR"),
}


@dataclass(frozen=True)
class Examined:
    """What was found of one part of the machine.

    Attributes
    ----------
    part
        By which it is known.
    health
        Whether it works.
    found
        Names, versions and numbers, alike in each language.
    mend
        What follows from it, or how to mend it; None where there is nothing to do.
    """

    part: str
    health: Health
    found: str
    mend: Said | None = None


def examine(progress: Progress = report_nothing) -> list[Examined]:
    """Look at all that stemgeo needs or can use here.

    Parameters
    ----------
    progress
        Called with what is being done and the share behind us: libraries load in seconds.
    """
    found: list[Examined] = []
    for number, (part, look) in enumerate(_LOOKS.items()):
        progress(count_off(EXAMINING, number + 1, len(_LOOKS)), number / len(_LOOKS))
        try:
            found += look()
        except Exception as error:  # noqa: BLE001 -- whatever breaks is what is asked for
            found.append(_tell_broken(part, error))
    return [
        Examined(
            one.part,
            one.health,
            _hide_person(one.found),
            None if one.mend is None else _hide_in_each(one.mend),
        )
        for one in found
    ]


def works(found: list[Examined]) -> bool:
    """Whether all that is needed works."""
    return all(one.health is not Health.fault for one in found)


def format_examined(found: list[Examined], language: str) -> list[str]:
    """Write a line for each, in a language."""
    names = max(len(one.part) for one in found)
    words = {health: told.to_text(language) for health, told in _WORDS.items()}
    width = max(map(len, words.values()))
    lines = []
    for one in found:
        told = "; ".join(filter(None, (one.found, _to_text(one.mend, language))))
        lines.append(f"{words[one.health]:<{width}}  {one.part:<{names}}  {told}")
    return lines


def describe_examined(found: list[Examined], language: str) -> dict[str, Any]:
    """Give it fit for JSON, to be sent along with a report."""
    rows = [asdict(one) | {"mend": _to_text(one.mend, language)} for one in found]
    return {"works": works(found), "language": language, "found": rows}


def _to_text(mend: Said | None, language: str) -> str:
    return "" if mend is None else mend.to_text(language)


def _look_at_python() -> Iterator[Examined]:
    needed = importlib.metadata.metadata("stemgeo")["Requires-Python"] or ""
    yield Examined("stemgeo", Health.works, importlib.metadata.version("stemgeo"))
    least = re.search(r">=3\.(\d+)", needed)
    most = re.search(r"<3\.(\d+)", needed)
    minor = _find_minor()
    fits = (not least or minor >= int(least[1])) and (not most or minor < int(most[1]))
    found = f"{platform.python_implementation()} {platform.python_version()}, {_name_system()}"
    mend = say("needs {needed}", "vraagt {needed}", "demande {needed}", needed=needed)
    yield Examined("python", Health.works if fits else Health.fault, found, None if fits else mend)


def _find_minor() -> int:
    return sys.version_info.minor


def _name_system() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def _look_at_libraries() -> Iterator[Examined]:
    """Import what may break on one machine; compare each version with what is asked for."""
    sound = []
    for line in importlib.metadata.requires("stemgeo") or ():
        if not (asked := re.match(r"([\w.-]+)(?:\[\w+\])?>=([\w.]+)", line)) or ";" in line:
            continue
        name, least = asked.groups()
        install = f"pip install --upgrade '{name}>={least}'"
        try:
            version = importlib.metadata.version(name)
            if name in _IMPORTED:
                importlib.import_module(_IMPORTED[name] or name)
        except Exception as error:  # noqa: BLE001 -- whatever breaks is what is asked for
            yield _tell_broken(name, error, install)
            continue
        if _parse_version(version) < _parse_version(least):
            yield Examined(name, Health.fault, version, _say_run(install))
        elif name in _IMPORTED:
            sound.append(f"{name} {version}")
    yield Examined("libraries", Health.works, ", ".join(sound))


def _parse_version(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", text)[:3])


def _look_at_gdal() -> Iterator[Examined]:
    import pyogrio
    import pyproj
    import rasterio
    import shapely

    found = (
        f"GDAL {pyogrio.__gdal_version_string__} (pyogrio) {rasterio.__gdal_version__} (rasterio), "
        f"GEOS {shapely.geos_version_string}, PROJ {pyproj.proj_version_str}"
    )
    lacking = [one for one in _DRIVERS if one not in pyogrio.list_drivers()]
    if lacking:
        yield Examined("gdal", Health.fault, f"{found}; {', '.join(lacking)}",
                       _say_run("pip install --force-reinstall pyogrio"))  # fmt: skip
    else:
        yield Examined("gdal", Health.works, found)


def _look_at_proj() -> Iterator[Examined]:
    """Try Lambert 72, and say which grids would make it finer."""
    from pyproj.datadir import get_data_dir
    from pyproj.transformer import TransformerGroup

    from stemgeo.facts import LAMBERT_72
    from stemgeo.inputs.vectors import make_transformer

    x, y, lon, lat = _KNOWN_PLACE
    at = make_transformer(LAMBERT_72, "EPSG:4326").transform(x, y)
    own = [f"{name}={os.environ[name]}" for name in ("PROJ_DATA", "PROJ_LIB") if name in os.environ]
    found = ", ".join([get_data_dir(), *own])
    if not (abs(at[0] - lon) < 1e-4 and abs(at[1] - lat) < 1e-4):
        mend = say(
            "Lambert 72 lies elsewhere than it should; unset PROJ_DATA and PROJ_LIB",
            "Lambert 72 ligt elders dan het hoort; haal PROJ_DATA en PROJ_LIB weg",
            "Lambert 72 est mal situé ; retirez PROJ_DATA et PROJ_LIB",
        )
        yield Examined("proj", Health.fault, found, mend)
        return
    group = TransformerGroup(LAMBERT_72, "EPSG:4326", always_xy=True)
    grids = [grid.short_name for one in group.unavailable_operations for grid in one.grids]
    if grids:
        found = f"{found}, -{', -'.join(dict.fromkeys(grids))}"
    fine = say(
        "without these grids places are right to a metre, which is enough",
        "zonder die rasters kloppen plaatsen op een meter, en dat volstaat",
        "sans ces grilles, les lieux sont justes à un mètre près, ce qui suffit",
    )
    yield Examined("proj", Health.works, found, fine if grids else None)


def _look_at_cache() -> Iterator[Examined]:
    """Say where it is, how large, whether others may write it, and whether there is room."""
    from stemgeo.inputs.cache import cache_folder
    from stemgeo.writing.guarded import find_opening

    place = cache_folder()
    home = next(one for one in (place, *place.parents) if one.exists())
    files = [one for one in place.rglob("*") if one.is_file()] if place.is_dir() else []
    used_mb = sum(one.stat().st_size for one in files) / 1e6
    free_mb = shutil.disk_usage(home).free / 1e6
    told = say(
        "{count} files, {free} GB free; may be thrown away, and is made anew",
        "{count} bestanden, {free} GB vrij; mag weg, en wordt opnieuw gemaakt",
        "{count} fichiers, {free} Go libres ; peut être jeté, et sera refait",
        count=say_amount(len(files)),
        free=say_amount(free_mb / 1000),
    )
    found = f"{place}, {used_mb:.0f} MB"
    elsewhere = say(
        "cannot be written: name another folder in STEMGEO_CACHE",
        "is niet te beschrijven: noem een andere map in STEMGEO_CACHE",
        "ne peut pas être écrit : nommez un autre dossier dans STEMGEO_CACHE",
    )
    if opening := find_opening(place):
        yield Examined("cache", Health.fault, f"{opening.path}: {opening.what}", _say_own(opening))
    elif not _is_writable(home):
        yield Examined("cache", Health.fault, found, elsewhere)
    elif free_mb < _LEAST_FREE_MB:
        yield Examined("cache", Health.fault, found, _MAKE_ROOM)
    else:
        yield Examined("cache", Health.works, found, told)


def _say_own(opening: Opening) -> Said:
    name = say(
        "name a folder of your own in STEMGEO_CACHE",
        "noem een eigen map in STEMGEO_CACHE",
        "nommez un dossier à vous dans STEMGEO_CACHE",
    )
    if not opening.mend:
        return name
    return say(
        "run {command}, or {name}",
        "voer {command} uit, of {name}",
        "exécutez {command}, ou {name}",
        command=opening.mend,
        name=name,
    )


_MAKE_ROOM = Said("make room on the disk", "maak plaats op de schijf", "libérez de la place")


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _look_at_temporary() -> Iterator[Examined]:
    from stemgeo.writing.whole import temporary_home

    home = temporary_home()
    free_mb = shutil.disk_usage(home).free / 1e6
    sound = _is_writable(home) and free_mb >= _LEAST_FREE_MB
    mend = say(
        "name another folder in TMPDIR, or make room",
        "noem een andere map in TMPDIR, of maak plaats",
        "nommez un autre dossier dans TMPDIR, ou libérez de la place",
    )
    yield Examined(
        "temporary",
        Health.works if sound else Health.fault,
        str(home),
        None if sound else mend,
    )


def _look_at_search() -> Iterator[Examined]:
    """Say on how many cores roads are searched, and whether that is compiled."""
    from stemgeo.access.search import is_compiled
    from stemgeo.measure import count_cores

    found = f"{count_cores()}/{os.cpu_count()} CPU"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found += f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB"
    first = say(
        "the first run compiles the search, some 20 seconds",
        "de eerste keer wordt het zoeken gecompileerd, zo’n 20 seconden",
        "la première fois, la recherche est compilée, en une vingtaine de secondes",
    )
    yield Examined("threads", Health.works, found, None if is_compiled() else first)


def _look_at_fonts() -> Iterator[Examined]:
    """Find the letters of maps and of the PDF: those that come with matplotlib."""
    from matplotlib.font_manager import FontProperties, findfont

    from stemgeo.maps.layout import FONT

    path = findfont(FontProperties(family=FONT), fallback_to_default=False)
    yield Examined("fonts", Health.works, f"{FONT}, {path}")


def _look_at_data() -> Iterator[Examined]:
    """See whether the facts that travel along are there, and the example can be opened."""
    from stemgeo import facts
    from stemgeo.example import sample

    lacking = [name for name in _DATA if not facts.fact_path(name).exists()]
    place = facts.fact_path("")
    if lacking:
        found = f"{place}: {', '.join(lacking)}"
        yield Examined(
            "data", Health.fault, found, _say_run("pip install --force-reinstall stemgeo")
        )
        return
    sample()
    yield Examined("data", Health.works, f"{place}, {len(facts.list_municipalities())} NIS")


def _look_at_terminal() -> Iterator[Examined]:
    """Say which letters can be shown."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    language = ".".join(one for one in locale.getlocale() if one) or "C"
    size = shutil.get_terminal_size()
    found = f"{encoding}, {language}, {size.columns}x{size.lines}"
    plain = say(
        "letters that it does not know are written as the nearest: set PYTHONUTF8=1",
        "letters die hij niet kent, worden door de dichtste vervangen: zet PYTHONUTF8=1",
        "les lettres inconnues sont remplacées par les plus proches : mettez PYTHONUTF8=1",
    )
    if encoding == "utf8":
        yield Examined("terminal", Health.works, found)
    else:
        yield Examined("terminal", Health.lacks, found, plain)


def _look_at_programs() -> Iterator[Examined]:
    """Look for programs that open what is written; none of them is needed to write it."""
    at = {"darwin": 1, "win32": 2}.get(sys.platform, 0)
    try:
        yield Examined("browser", Health.works, getattr(webbrowser.get(), "name", "") or "default")
    except webbrowser.Error:
        told = say(
            "maps (.html) and `stemgeo explore` open in any browser, also of another machine",
            "kaarten (.html) en `stemgeo explore` openen in elke browser",
            "les cartes (.html) et `stemgeo explore` s’ouvrent dans tout navigateur",
        )
        yield Examined("browser", Health.lacks, "", told)
    for part, (programs, what, ways) in _PROGRAMS.items():
        there = next(filter(None, map(shutil.which, programs)), None)
        if there:
            yield Examined(part, Health.works, there)
        else:
            told = say("{what}: {way}", "{what}: {way}", "{what} : {way}", what=what, way=ways[at])
            yield Examined(part, Health.lacks, "", told)


_COMPLETED = (
    *(".bash_completions/stemgeo.sh", ".zfunc/_stemgeo"),
    ".config/fish/completions/stemgeo.fish",
)


def _look_at_completion() -> Iterator[Examined]:
    there = [one for one in _COMPLETED if (Path.home() / one).exists()]
    way = _say_run("stemgeo --install-completion")
    found = ", ".join(f"~/{one}" for one in there)
    yield Examined("completion", Health.works if there else Health.lacks, found,
                   None if there else way)  # fmt: skip


_LOOKS: dict[str, Callable[[], Iterator[Examined]]] = {
    "python": _look_at_python,
    "libraries": _look_at_libraries,
    "gdal": _look_at_gdal,
    "proj": _look_at_proj,
    "threads": _look_at_search,
    "cache": _look_at_cache,
    "temporary": _look_at_temporary,
    "data": _look_at_data,
    "fonts": _look_at_fonts,
    "terminal": _look_at_terminal,
    "programs": _look_at_programs,
    "completion": _look_at_completion,
}


def _say_run(command: str) -> Said:
    return say("run: {command}", "voer uit: {command}", "lancez : {command}", command=command)


def _tell_broken(part: str, error: Exception, command: str = "") -> Examined:
    """Tell of what did not load, in the words of whoever refused."""
    told = clean_text(f"{type(error).__name__}: {error}", 300)
    way = command or "pip install --force-reinstall stemgeo"
    return Examined(part, Health.fault, told, _say_run(way))


def _hide_in_each(told: Said) -> Said:
    return Said(_hide_person(told.en), _hide_person(told.nl), _hide_person(told.fr))


def _hide_person(text: str) -> str:
    """Write the home folder as ~, the name of the user nowhere, and all on one line.

    Names of folders are a stranger's: a terminal would obey what stands in them.
    """
    homes = {str(Path.home()), str(Path.home().resolve())}
    for home in sorted(homes - {"/"}, key=len, reverse=True):
        text = text.replace(home, "~")
    names = {os.environ.get(one, "") for one in ("USER", "USERNAME", "LOGNAME")} - {""}
    for name in names:
        text = re.sub(rf"(?<=[/\\]){re.escape(name)}(?=[/\\,;]|$)", "USER", text)
    return strip_control(text)
