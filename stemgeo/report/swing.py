"""An upload for provincies.incijfers.be, in the form of Swing: counts by place, and what they are.

Counts and their denominators, never shares, so that Swing makes the share of any group of places.
Every place of a level has a row. Small counts are hidden, and so many others that no sum over
places, ages or sexes gives them away.

Sources: provinciesincijfers/JiveDocumentation ("Missing values", "Algemene principes data inlezen",
"Onderwerpentabel", "threshold") and provinciesincijfers/swing-data-validation (codes of places).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.coverage import ALL_BANDS, REGION
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.territory import PARTLY, codes_of
from stemgeo.inputs.vintages import brussels_codes, flemish_codes
from stemgeo.notes import Note, say, say_amount, say_list
from stemgeo.profiles import QUIET
from stemgeo.report.described import list_sentences
from stemgeo.report.files import EXPORT, refuse_taken, result_folder, write_csv, write_manifest
from stemgeo.report.manifests import list_made_with
from stemgeo.report.outcome import Tables
from stemgeo.report.summary import say_ages
from stemgeo.study import LEAST_SHOWN, PROVINCES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from stemgeo.notes import Said

HIDDEN, UNKNOWN = -99997, -99999
"""What Swing takes for a count that is kept back, and for one that nobody knows."""
MOST_SUBJECTS = 57
"""In a file: beyond 60 columns, three of them the place, uploads are known to go wrong."""
_EXACT, _MOVED = 1e-13, 1e-6
"""Of a change of counts, which is about 1: how exactly it is computed, and what is none."""
_NOWHERE = ""
_KEY = ["period", "geolevel", "geoitem"]
_LEVELS = {
    2025: ("gemeente", "provincie", "gewest"),
    2024: ("gemeente2024", "provincie2024", "gewest"),
    2018: ("gemeente2018", "provincie2024", "gewest"),
}
"""As Swing calls municipalities, provinces and regions, by vintage: provinces changed in 2025."""
_PROVINCES = {
    "Antwerpen": "10000",
    "Limburg": "70000",
    "Oost-Vlaanderen": "40000",
    "Vlaams-Brabant": "20001",
    "West-Vlaanderen": "30000",
}
_FLANDERS, _BRUSSELS = "2000", "4000"
_SEXES = {"all": "", "F": "_f", "M": "_m"}


@dataclass(frozen=True)
class Swing:
    """An upload.

    Attributes
    ----------
    tables
        By level of Swing: period, geolevel, geoitem, and a count for each subject.
    subjects
        The table of subjects: code, name, text, source, unit and what each is made of.
    hidden
        How many counts are kept back.
    notes
        What its reader must know.
    """

    tables: dict[str, pd.DataFrame]
    subjects: pd.DataFrame
    hidden: int
    notes: tuple[Note, ...]


def export_swing(
    result: Tables | str | Path, out: str | Path, *, code: str = "stem", replace: bool = False
) -> Swing:
    """Write an upload for provincies.incijfers.be of a result.

    Parameters
    ----------
    result
        Of a run, or its folder.
    out
        The folder; an older upload is replaced where nobody worked on it.
    code
        What the codes of subjects have behind "v" and "vp": four digits that the site gives out.
    replace
        Whether anything else there is kept beside it, as NAME.old-DATE, in place of refused.

    Raises
    ------
    ResultError
        If it is no result of a run, has places that the site does not know, or only parts of some.
    """
    found, place = Tables.from_given(result), Path(out)
    reads = [] if found.folder is None else [found.folder]
    refuse_taken(place, EXPORT, replace=replace, reads=reads)
    made = build_swing(found, code)
    with result_folder(place, EXPORT, replace=replace) as new:
        for level, table in made.tables.items():
            codes = [*table.columns[len(_KEY) :]]
            for number, start in enumerate(range(0, len(codes), MOST_SUBJECTS), start=1):
                more = f"-{number}" if number > 1 else ""
                part = table[[*_KEY, *codes[start : start + MOST_SUBJECTS]]]
                write_csv(part, new / f"swing-{level}{more}.csv")
        write_csv(made.subjects, new / "swing-onderwerpen.csv")
        told = {"command": EXPORT, **list_made_with(), "to": "swing"}
        told |= {name: found.manifest[name] for name in ("notice", "attribution", "study")}
        write_manifest(new, told)
    return made


def build_swing(result: Tables, code: str = "stem") -> Swing:
    """Give an upload of a result; see `export_swing`."""
    study = result.study
    rows = result.groups[result.groups["scenario"] == "central"]
    towns = _check_towns(result)
    places = [*towns, *(one for one in PROVINCES if one in set(towns.values())), REGION[0]]
    bands = [ALL_BANDS, *(band.name for band in study.travel.bands)]
    sexes = [one for one in _SEXES if one in set(rows["sex"])]
    profiles = [one for one in study.travel.profiles if one in result.profiles]
    counts = _lay_out(rows, places, [profiles, sexes, bands])
    hidden = _hide(counts, towns, places)
    names = [*_yield_subjects(code, profiles, sexes, bands)]
    values = np.where(hidden, HIDDEN, counts).reshape(len(places), -1)
    table = pd.DataFrame(values, index=places, columns=names)
    whole = _list_whole(result, towns)
    if not whole:
        what = "has no municipality as a whole, and Swing takes no parts of one"
        mend = "measure whole municipalities: name them under `area` of the study"
        raise ResultError(Problem(str(result.folder or "result"), what, mend))
    tables = _split_levels(table, study.about.date.year, study.about.vintage, whole)
    kept = sum(int((one[names] == HIDDEN).to_numpy().sum()) for one in tables.values())
    subjects = _describe_subjects(result, code, profiles, sexes, bands)
    notes = (Note(_NOWHERE, one) for one in _yield_notes(tables, kept, code, whole, towns))
    return Swing(tables, subjects, kept, tuple(notes))


def _check_towns(result: Tables) -> dict[str, str]:
    """Give the province of each municipality; one that the site does not know is refused."""
    towns = result.table("annex-1-municipalities")
    there = dict(zip(towns["nis_code"], towns["province"], strict=True))
    vintage = result.study.about.vintage
    strange = sorted(there.keys() - flemish_codes(vintage))
    if strange:
        what = f"has municipalities that Swing has not in vintage {vintage}: {say_list(strange).en}"
        mend = "run the study with the boundaries and the vintage of one day"
        raise ResultError(Problem(str(result.folder or "result"), what, mend))
    return there


def _lay_out(
    rows: pd.DataFrame, places: Sequence[str], axes: Sequence[Sequence[str]]
) -> NDArray[np.int64]:
    """Lay counts out by place, measure, sex and band.

    The measures are all children, those that were measured, and those within reach over each kind
    of roads.
    """
    profiles, sexes, bands = axes
    keys = ["profile", "code", "sex", "band"]
    every = pd.MultiIndex.from_product([profiles, places, sexes, bands])
    counted = rows.set_index(keys)[["children", "covered", "uncovered"]].loc[every]
    shape = (len(profiles), len(places), len(sexes), len(bands))
    children, covered, uncovered = (
        counted[name].to_numpy(np.int64).reshape(shape)
        for name in ("children", "covered", "uncovered")
    )
    measured = covered + uncovered
    if not (measured == measured[:1]).all():  # one denominator stands for all kinds of roads
        raise ResultError(Problem("groups.csv", "has other measured children by kind of roads"))
    return np.moveaxis(np.concatenate([children[:1], measured[:1], covered]), 0, 1)


# -- what is kept back -----------------------------------------------------------------------


def _hide(
    counts: NDArray[np.int64], towns: dict[str, str], places: Sequence[str]
) -> NDArray[np.bool_]:
    """Say which counts are kept back: the small ones, and those that would give them away.

    Of the children, measured and within reach of a place the differences can be seen too: where
    one of these is small, the smaller of the two is kept back. None at all is no secret.
    """
    hidden = _are_small(counts)
    hidden[:, 1] |= _are_small(counts[:, 0] - counts[:, 1])
    for whole in (0, 1):
        hidden[:, 2:] |= _are_small(counts[:, [whole]] - counts[:, 2:])
    hidden &= counts > 0
    at = {one: number for number, one in enumerate(places)}
    provinces = [one for one in places if one in _PROVINCES]
    ground = [[at[REGION[0]], *(at[one] for one in provinces)]]
    ground += [[at[one], *(at[town] for town in towns if towns[town] == one)] for one in provinces]
    lines = [(0, line) for line in ground]
    lines += [(axis, [*range(counts.shape[axis])]) for axis in (2, 3) if counts.shape[axis] > 1]
    sums = _list_sums(counts[:, 0].shape, lines)
    more = True
    while more:
        more = any(_hide_more(counts, hidden, axis, line) for axis, line in lines)
        more = more or any(
            _hide_known(counts[:, one], hidden[:, one], sums) for one in range(counts.shape[1])
        )
    return hidden


def _are_small(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray((counts > 0) & (counts < LEAST_SHOWN))


def _hide_more(
    counts: NDArray[np.int64], hidden: NDArray[np.bool_], axis: int, line: Sequence[int]
) -> bool:
    """Keep one count more back in each sum that gives one away; say whether there was any.

    Parameters
    ----------
    counts, hidden
        As of `_hide`; the latter is changed.
    axis, line
        Along which places of an axis the sums run: the sum, and what adds up to it.
    """
    values = np.moveaxis(counts, axis, -1)[..., line].reshape(-1, len(line))
    kept = np.moveaxis(hidden, axis, -1)[..., line].reshape(-1, len(line))
    few = kept.sum(axis=1) == 1
    # Of two that add up to next to nothing, or to all that is small, each is known as well.
    known = np.where(kept[:, 1:], values[:, 1:], 0).sum(axis=1) < 2 * LEAST_SHOWN
    given_away = np.flatnonzero(few | (kept.any(axis=1) & ~kept[:, 0] & known))
    changed = False
    for row in given_away:
        free = np.flatnonzero(~kept[row, 1:] & (values[row, 1:] > 0)) + 1
        chosen = free[values[row, free].argmin()] if len(free) else 0
        changed |= not kept[row, chosen]
        kept[row, chosen] = True
    shape = np.moveaxis(hidden, axis, -1)[..., line].shape
    np.moveaxis(hidden, axis, -1)[..., line] = kept.reshape(shape)
    return bool(changed)


def _list_sums(shape: tuple[int, ...], lines: Sequence[tuple[int, Sequence[int]]]) -> csr_array:
    """Write down every sum over the counts of a measure: a row each, 1 its whole, -1 its parts."""
    from scipy.sparse import csr_array

    at = np.arange(np.prod(shape)).reshape(shape)
    found = [
        cells
        for axis, line in lines
        for cells in np.moveaxis(at, max(axis - 1, 0), -1)[..., line].reshape(-1, len(line))
    ]
    signs = np.concatenate([[1.0] + [-1.0] * (len(cells) - 1) for cells in found])
    starts = np.cumsum([0, *map(len, found)])
    return csr_array((signs, np.concatenate(found), starts), shape=(len(found), at.size))


def _hide_known(counts: NDArray[np.int64], hidden: NDArray[np.bool_], sums: csr_array) -> bool:
    """Keep one count more back where the sums together give one away; say whether there was any.

    Parameters
    ----------
    counts, hidden
        Of a measure; the latter is changed.
    sums
        As of `_list_sums`.
    """
    near = _find_known(hidden.ravel(), sums)
    free = ~hidden.ravel() & (counts.ravel() > 0)
    if not near.any():
        return False
    beside = abs(sums)
    while not (near & free).any():  # all hidden, a group of sums cannot give any of it away
        near = beside.T @ (beside @ near) > 0
    chosen = np.flatnonzero(near & free)
    hidden.flat[chosen[counts.ravel()[chosen].argmin()]] = True
    return True


def _find_known(hidden: NDArray[np.bool_], sums: csr_array) -> NDArray[np.bool_]:
    """Say which hidden counts follow from all sums together.

    A change that was drawn, of the hidden counts alone, less all of it that would change a sum:
    whatever it leaves as it is can have no other value.
    """
    from scipy.sparse.linalg import lsqr

    columns = np.flatnonzero(hidden)
    known = np.zeros(hidden.shape, dtype=bool)
    if len(columns):
        part = sums[:, columns]
        drawn = np.random.default_rng(0).standard_normal(len(columns))
        told = lsqr(part, part @ drawn, atol=_EXACT, btol=_EXACT, conlim=0, iter_lim=10**5)
        known[columns] = abs(drawn - told[0]) < _MOVED
    return known


# -- places ----------------------------------------------------------------------------------


def _list_whole(result: Tables, towns: dict[str, str]) -> set[str]:
    """Name the places of which the study has all children; of a part nothing is said."""
    names = result.table("annex-1-municipalities").set_index("nis_code")["name"]
    cut = {code for code, name in names.items() if str(name).endswith(PARTLY.format(""))}
    whole = set(towns) - cut
    vintage = result.study.about.vintage
    provinces = {one for one in PROVINCES if codes_of(one, vintage) <= whole}
    region = {REGION[0]} if provinces == set(PROVINCES) else set()
    return whole | provinces | region


def _split_levels(
    table: pd.DataFrame, year: int, vintage: int, whole: set[str]
) -> dict[str, pd.DataFrame]:
    """Give every place of each level a row; Brussels, and what was not measured, is not known."""
    brussels = brussels_codes()
    codes = {
        one: {code: code for code in sorted(flemish_codes(vintage) | brussels)}
        if number == 0
        else _PROVINCES | {"": _BRUSSELS}
        if number == 1
        else {REGION[0]: _FLANDERS, "": _BRUSSELS}
        for number, one in enumerate(_LEVELS[vintage])
    }
    found = {}
    for level, items in codes.items():
        known = table[table.index.isin(whole)]
        part = known.reindex([*items], fill_value=UNKNOWN).reset_index(drop=True)
        key = pd.DataFrame({"period": year, "geolevel": level, "geoitem": [*items.values()]})
        found[level] = pd.concat([key, part], axis=1)
    return found


# -- subjects --------------------------------------------------------------------------------


def _yield_subjects(
    code: str, profiles: Sequence[str], sexes: Sequence[str], bands: Sequence[str]
) -> Iterator[str]:
    """Name the subjects in the order in which counts are laid out."""
    for what in ("kids", "base", *(_name_reach(one) for one in profiles)):
        for sex in sexes:
            for band in bands:
                yield f"v{code}_{what}{_name_group(band, sex)}"


def _name_reach(profile: str) -> str:
    return "reach" if profile == "all" else f"reach_{profile}"


def _name_group(band: str, sex: str) -> str:
    ages = "t" if band == ALL_BANDS else band.replace("-", "_")
    return f"_{ages}{_SEXES[sex]}"


def _describe_subjects(
    result: Tables, code: str, profiles: Sequence[str], sexes: Sequence[str], bands: Sequence[str]
) -> pd.DataFrame:
    """Make the table of subjects: the counts, and the shares that Swing makes of them."""
    words, study = result.words, result.study
    of_band = {band.name: say_ages(study, band) for band in study.travel.bands}
    of_band[ALL_BANDS] = say_ages(study)
    rows = []
    for what in ("kids", "base", *profiles):
        for sex in sexes:
            for band in bands:
                group = words(f"swing.who.{sex}", ages=of_band[band])
                roads = QUIET[what].roads.to_text(words.language) if what in QUIET else ""
                over = words("swing.over", roads=roads) if roads else ""
                key = what if what in ("kids", "base") else "reach"
                parts = {"who": group, "over": over, "minutes": result.text.minutes}
                rest = _name_group(band, sex)
                short = key if key != "reach" else _name_reach(what)
                name = words(f"swing.{key}", **parts)
                count = {"Onderwerpcode": f"v{code}_{short}{rest}", "Onderwerpnaam": name}
                rows.append(count | _describe_count(name, result))
                if key == "reach":
                    share = words("swing.share", **parts)
                    top, base = f"v{code}_{short}{rest}", f"v{code}_base{rest}"
                    ratio = {"Onderwerpcode": f"vp{code}_{short}{rest}", "Onderwerpnaam": share}
                    rows.append(ratio | _describe_share(share, top, base, result))
    return pd.DataFrame(rows)


def _describe_count(name: str, result: Tables) -> dict[str, Any]:
    told: dict[str, Any] = {"Beschrijving": _tell(name, result), "Formule": ""}
    told |= {"Aggregatieonderwerp": ""}
    told |= {"Datatype": "Numeriek", "Eenheid": result.words("described.children"), "Afronding": 0}
    return told | {"Drempelwaarde": LEAST_SHOWN, "Drempelonderwerp": ""} | _name_source(result)


def _describe_share(name: str, top: str, base: str, result: Tables) -> dict[str, Any]:
    told: dict[str, Any] = {"Beschrijving": f"{_tell(name, result)} [percentage]"}
    told |= {
        "Formule": f"{top}/{base}",
        "Aggregatieonderwerp": base,
        "Datatype": "Percentage",
        "Eenheid": "p",
        "Afronding": 1,
    }
    return told | {"Drempelwaarde": LEAST_SHOWN, "Drempelonderwerp": top} | _name_source(result)


def _tell(name: str, result: Tables) -> str:
    """Say what a subject is; a plan, a straight line and the notice go where its figures go."""
    text = result.text
    rest = {"method_note": text.method_note, "date": text.date, "notice": text.notice}
    return " ".join([f"{name}.", *list_sentences(rest)])


def _name_source(result: Tables) -> dict[str, str]:
    source = f"{result.text.source} | provincies.incijfers.be"
    return {"Bron": source, "Periodetype": "Stock"}


def _yield_notes(
    tables: dict[str, pd.DataFrame], kept: int, code: str, whole: set[str], towns: dict[str, str]
) -> Iterator[Said]:
    """Say what whoever uploads must know."""
    lowest, *above = tables
    if kept:
        yield say(
            "{kept} counts are kept back as {code}, those of 1 to {least} and what would give "
            "them away: upload {above} too, Swing adds up nothing that is kept back",
            "{kept} aantallen zijn verborgen als {code}, die van 1 tot {least} en wat hen zou "
            "verraden: laad ook {above} op, Swing telt niets op dat verborgen is",
            "{kept} nombres sont masqués par {code}, ceux de 1 à {least} et ce qui les "
            "trahirait : chargez aussi {above}, Swing n’additionne rien de masqué",
            kept=say_amount(kept),
            code=str(HIDDEN),
            least=say_amount(LEAST_SHOWN - 1),
            above=say_list(above),
        )
    else:
        yield say(
            "nothing is kept back: {lowest} is enough, Swing adds up the rest",
            "niets is verborgen: {lowest} volstaat, Swing telt de rest op",
            "rien n’est masqué : {lowest} suffit, Swing additionne le reste",
            lowest=lowest,
        )
    part = sorted(set(towns) - whole)
    if part:
        yield say(
            "not known, since the study has a part of them alone ({code}): {names}",
            "onbekend, want de studie heeft er maar een deel van ({code}): {names}",
            "inconnues, car l’étude n’en a qu’une partie ({code}) : {names}",
            code=str(UNKNOWN),
            names=say_list(part),
        )
    if not code.isdigit():
        yield say(
            "the codes begin with v{code}: give the four digits of the site with --code",
            "de codes beginnen met v{code}: geef de vier cijfers van de site met --code",
            "les codes commencent par v{code} : donnez les quatre chiffres du site avec --code",
            code=code,
        )
