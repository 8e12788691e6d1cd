"""A site of a result: written whole or not at all, the same bytes of the same result.

In it lie a folder for each language with a page for each place, called by its NIS code; `data` with
the rows of each place; `pictures`, one for all languages; and `assets`, what pages share.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stemgeo.maps.finder import list_aliases
from stemgeo.maps.web import read_script
from stemgeo.notes import Note, Said, say, say_amount, write_in_all
from stemgeo.publish.pages import REGION_PAGE, Pages, write_choice
from stemgeo.publish.stock import OF_TOWNS, Stock
from stemgeo.report.files import PUBLISH, join_lines, refuse_taken, result_folder, write_manifest
from stemgeo.report.imprint import list_file_words
from stemgeo.report.manifests import list_made_with
from stemgeo.report.outcome import Tables
from stemgeo.stages import (
    DRAWING_PICTURES,
    READING_RESULT,
    WRITING_PAGES,
    Progress,
    count_off,
    report_nothing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stemgeo.publish.pictures import PlacePicture
    from stemgeo.speech import Language

MOST_BYTES = 60_000_000
"""A site of all of Flanders stays below this, so that any host takes it."""
README = "LEESMIJ.txt"


@dataclass(frozen=True)
class Site:
    """A site that was written.

    Attributes
    ----------
    folder
        Where it lies.
    pages, size_bytes
        How many pages it has, and how large it is.
    notes
        What whoever publishes it must know.
    """

    folder: Path
    pages: int
    size_bytes: int
    notes: tuple[Note, ...]


def publish_site(
    result: Tables | str | Path,
    out: str | Path,
    *,
    replace: bool = False,
    progress: Progress = report_nothing,
) -> Site:
    """Write a site of the result of a run, in each language in which its study has words.

    Parameters
    ----------
    result
        Of a run, or its folder.
    out
        The folder of the site; an older site is replaced where nobody worked on it.
    replace
        Whether anything else there is kept beside it, as NAME.old-DATE, in place of refused.
    progress
        Called with what is being done and the share behind us.

    Returns
    -------
    Site
        Where it lies and how large it is.

    Raises
    ------
    ResultError
        If the folder holds no result of a run, or the place what this command did not write.
    """
    given, place = Tables.from_given(result), Path(out)
    reads = [] if given.folder is None else [given.folder]
    refuse_taken(place, PUBLISH, replace=replace, reads=reads)
    # What stands in the pages is what stands in files, to the last decimal.
    with given.in_folder() as folder, result_folder(place, PUBLISH, replace=replace) as new:
        found = given if given.folder is not None else Tables.from_folder(folder)
        notes, count = _fill_folder(new, found, progress)
        size = sum(one.stat().st_size for one in new.rglob("*") if one.is_file())
        notes += _note_size(size)
        write_manifest(new, _build_manifest(found, notes))
    return Site(place, count, size, notes)


def _fill_folder(folder: Path, result: Tables, progress: Progress) -> tuple[tuple[Note, ...], int]:
    """Write all but the manifest; give the notes and the number of pages."""
    stock = Stock(result)
    progress(READING_RESULT, 0.02)
    _write_data(folder / "data", stock)
    drawn = _write_pictures(folder / "pictures", stock, progress)
    languages = result.study.languages
    every = [Pages(stock, result.told_in(one), drawn, languages) for one in languages]
    count = 1
    for number, pages in enumerate(every):
        count += _write_language(folder, pages, number, len(every), progress)
    _write_text(folder / "index.html", write_choice(every))
    _write_assets(folder / "assets", every)
    return _list_notes(stock), count


def _write_data(folder: Path, stock: Stock) -> None:
    """Write the tables, whole and by municipality."""
    folder.mkdir()
    for name, sheet in stock.sheets.items():
        _write_text(folder / f"{name}.csv", sheet.write(sheet.rows))
    for town in stock.towns:
        (folder / town.code).mkdir()
        for name in OF_TOWNS:
            rows = stock.rows_of(name, town.code)
            if rows:
                own = folder / town.code / f"{name}.csv"
                _write_text(own, stock.sheets[name].write(rows))
    told = (stock.result.told_in(one) for one in stock.result.study.languages)
    words = [join_lines(list_file_words(one.text).values()) for one in told]
    _write_text(folder / README, "\n".join(words))


def _write_pictures(folder: Path, stock: Stock, progress: Progress) -> dict[str, PlacePicture]:
    """Draw the picture of each place; give them by the name of its pages."""
    folder.mkdir()
    drawn = {REGION_PAGE: stock.ground.draw_towns(None)}
    for province, code in stock.provinces.items():
        drawn[code] = stock.ground.draw_towns(province)
    for number, town in enumerate(stock.towns):
        told = count_off(DRAWING_PICTURES, number + 1, len(stock.towns))
        progress(told, 0.1 + 0.2 * number / len(stock.towns))
        drawn[town.code] = stock.draw_town(town)
    for stem, picture in drawn.items():
        _write_text(folder / f"{stem}.svg", picture.svg)
    return drawn


def _write_language(
    folder: Path, pages: Pages, behind: int, languages: int, progress: Progress
) -> int:
    """Write the pages of a language; give their number."""
    home = folder / str(pages.words.language)
    home.mkdir()
    number = 0
    for number, page in enumerate(pages.yield_pages(), start=1):
        _write_text(home / f"{page.stem}.html", page.html)
        done, every = behind * pages.count + number, pages.count * languages
        progress(count_off(WRITING_PAGES, done, every), 0.3 + 0.65 * done / every)
    return number


def _write_assets(folder: Path, every: Sequence[Pages]) -> None:
    """Write what pages share: their look, their script, and by which names places are found."""
    folder.mkdir()
    own = resources.files("stemgeo.publish") / "assets"
    _write_text(folder / "site.css", (own / "site.css").read_text(encoding="utf-8"))
    script = read_script("search", more=(own / "site.js").read_text(encoding="utf-8"))
    _write_text(folder / "site.js", script)
    for name, text in every[0].web_map.list_files().items():
        _write_text(folder / name, text)
    for pages in every:
        data = json.dumps(list_places(pages), ensure_ascii=False, separators=(",", ":"))
        name = f"places-{pages.words.language}.js"
        _write_text(folder / name, f'"use strict";\nwindow.stemgeoPlaces = {data};\n')


def list_places(pages: Pages) -> Mapping[str, Any]:
    """List by which names a page is found, and what the search says."""
    said = pages.words.list_below("web.page")
    names = ("not_found", "hits", "hits_first")
    return {"words": {name: said[name] for name in names}, "places": list(_yield_places(pages))}


def _yield_places(pages: Pages) -> Iterator[tuple[str, str, str]]:
    stock, result = pages.stock, pages.result
    called = {one: pages.name_province(one) for one in stock.provinces}
    for town in stock.towns:
        yield pages.name_town(town), called[town.province], town.code
    for province, code in stock.provinces.items():
        yield called[province], pages.words("web.column.province"), code
    towns = stock.places[["nis_code"]].assign(name=[pages.name_town(one) for one in stock.towns])
    for town in stock.towns:
        yield town.code, pages.words("web.found.nis_code", name=pages.name_town(town)), town.code
    for one in list_aliases(towns, result.study.about.vintage, pages.postcodes, pages.words):
        if one.name:
            yield one.name, one.said, stock.towns[one.number].code


def _list_notes(stock: Stock) -> tuple[Note, ...]:
    """Say what is not in the site."""
    found = []
    if stock.checked and "to-check" not in stock.sheets:
        found.append(
            say(
                "no streets to check: `stemgeo run --uncertainty` looks for them",
                "geen na te kijken straten: `stemgeo run --uncertainty` zoekt ze",
                "pas de rues à vérifier : `stemgeo run --uncertainty` les cherche",
            )
        )
    if stock.result.study.output.background is not None:
        found.append(
            say(
                "the background of the web map is left out: a site loads nothing from elsewhere",
                "de achtergrond van de webkaart is weggelaten: een site haalt niets van elders",
                "le fond de la carte en ligne est omis : un site ne charge rien d’ailleurs",
            )
        )
    if stock.result.study.output.publisher is None:
        found.append(
            say(
                "the accessibility statement names no publisher: say who under [output.publisher]",
                "de toegankelijkheidsverklaring noemt niemand: zet wie publiceert onder "
                "[output.publisher]",
                "la déclaration d’accessibilité ne nomme personne : dites qui publie sous "
                "[output.publisher]",
            )
        )
    return tuple(Note(_SITE, one) for one in found)


_SITE = Said("site", "site", "site")


def _note_size(size: int) -> tuple[Note, ...]:
    if size < MOST_BYTES:
        return ()
    told = say(
        "the site has {size} MB, more than {most}: some hosts refuse that",
        "de site is {size} MB groot, meer dan {most}: sommige hosts weigeren dat",
        "le site pèse {size} Mo, plus que {most} : certains hébergeurs le refusent",
        size=say_amount(round(size / 1_000_000)),
        most=say_amount(MOST_BYTES // 1_000_000),
    )
    return (Note(_SITE, told),)


def _build_manifest(result: Tables, notes: tuple[Note, ...]) -> dict[str, Any]:
    languages: tuple[Language, ...] = result.study.languages
    return {
        "command": PUBLISH,
        **list_made_with(),
        "notice": result.text.notice,
        "method_note": result.text.method_note,
        "attribution": result.text.source,
        "languages": [str(one) for one in languages],
        "notes": write_in_all(notes, languages),
        "result": result.manifest,
    }


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
