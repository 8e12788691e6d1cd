"""The territory of a study: municipalities and provinces by name or code, or the ground of a file.

Children, denominators, maps and annexes are of it; academies and roads around it serve on.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo import facts
from stemgeo.inputs import vintages
from stemgeo.inputs.boundaries import shrink_outlines
from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.files import clean_text, open_input, strip_control
from stemgeo.inputs.vectors import as_text, keep_polygons, read_layer, to_lambert
from stemgeo.notes import Said, say, say_count, say_list, write_in_each
from stemgeo.speech import LANGUAGES, join_with_and
from stemgeo.study import PROVINCES
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stemgeo.errors import Findings
    from stemgeo.inputs.provenance import Provenance
    from stemgeo.study import Input, Study

WHERE = "area under [study]"
"""What its problems are said of."""

PART = "Studiegebied"
"""What stands in tables for all of a study that is a part of Flanders and has no name."""

PARTLY = "{} (deel)"
"""What in tables a place is called of which the area of a study holds but a part."""

NAMED = 3
"""More municipalities than that make no name together."""

_WORDS = re.compile(
    r"(?:(?P<town>gemeente|stad|municipality|city|town|commune|ville)"
    r"|(?P<province>provincie|province|prov[.]?))\s+",
    re.IGNORECASE,
)
_OF = re.compile(r"(?:of|van|de|du)\s+|d['’]", re.IGNORECASE)
"""What may stand before a name, to say of what it is; "gemeente De Panne" has no word too many."""

_ENGLISH = {
    "antwerp": "Antwerpen",
    "eastflanders": "Oost-Vlaanderen",
    "westflanders": "West-Vlaanderen",
    "flemishbrabant": "Vlaams-Brabant",
}
PROVINCE_CODES = dict(zip(("70000", "10000", "40000", "20001", "30000"), PROVINCES, strict=True))


@dataclass(frozen=True)
class Area:
    """The territory of a study.

    Attributes
    ----------
    label
        What it is called in tables, in no language; empty for what no study asked for.
    name
        The same, as each language has it.
    outline
        Of the file that says it, in EPSG:31370; None where whole municipalities make it.
    partly
        The provinces of which only a part is in it.
    """

    label: str = ""
    name: Said | None = None
    outline: shapely.Geometry | None = field(default=None, compare=False)
    partly: frozenset[str] = frozenset()


EVERYWHERE = Area()
"""All that the files hold."""


class AreaPolygons(NamedTuple):
    """The polygons of a file, as one, and their name if they have one."""

    outline: shapely.Geometry
    name: str


def load_ground(given: Input, findings: Findings) -> tuple[AreaPolygons | None, Provenance | None]:
    """Read the polygons that say the territory; problems go to `findings`."""
    with open_input(given, "area", findings) as file:
        if file is None:
            return None, None
        raw = read_layer(file, len)
        moved = None if raw is None else to_lambert(raw, file)
        if moved is None:
            return None, file.provenance
        there = moved[~(moved.geometry.isna() | moved.geometry.is_empty)]
        kept = keep_polygons(there, pd.Series(there.index.astype(str), there.index), file)
        if kept.empty:
            file.error("holds no polygon", "give the outline of the area")
            return None, file.provenance
        file.note(
            say(
                "{polygons}: what lies in any of them is in the area",
                "{polygons}: wat in een ervan ligt, ligt in het gebied",
                "{polygons} : ce qui est dans l’un d’eux est dans la zone",
                polygons=say_count(len(kept), "polygon"),
            )
        )
        names = [name for name in kept.columns if str(name).lower() in ("naam", "name", "nom")]
        own = ""
        if len(kept) == 1 and names:
            own = strip_control(as_text(kept[names[0]]).iloc[0])[:200]
            file.use_column(names[0], "name")
        return AreaPolygons(kept.geometry.union_all(), own), file.provenance


# --- Names and codes --------------------------------------------------------------------------


def _fold(name: str) -> str:
    """Write a name as labels are compared, and without spaces."""
    return fold_label(_drop_district(name)).replace("_", "")


def _drop_district(name: str) -> str:
    """Leave out the district that stands in brackets behind a name."""
    return re.sub(r"\s*\(.*\)$", "", name)


@cache
def _list_towns(vintage: int) -> dict[str, dict[str, str]]:
    """List by folded name the municipalities of a vintage, code to name; its exonyms too."""
    found: dict[str, dict[str, str]] = {}
    names = vintages.names_by_code(vintage)
    for code in vintages.flemish_codes(vintage):
        found.setdefault(_fold(names[code]), {})[code] = names[code]
    if vintage == vintages.VINTAGES[0]:
        for name, code in facts.list_exonyms().items():
            if code not in vintages.brussels_codes():
                found.setdefault(_fold(name), {})[code] = name
    return found


@cache
def _list_provinces() -> dict[str, str]:
    """List the provinces by folded name in each language."""
    return _ENGLISH | {
        _fold(load_texts(language)(f"province.name.{one.lower().replace('-', '_')}")): one
        for language in LANGUAGES
        for one in PROVINCES
    }


class _Meant(NamedTuple):
    """What a name or code stands for: codes of the study's vintage, and the code of then."""

    codes: frozenset[str]
    of_then: str = ""


def _carry(code: str, given: int, wanted: int) -> _Meant:
    """Bring a code to the study's vintage: to what it went into, or to what it was made of."""
    if given == wanted:
        return _Meant(frozenset({code}))
    if given < wanted:
        return _Meant(frozenset(vintages.bring_forward([code], given, wanted)), code)
    return _Meant(vintages.parts_of(code, given, wanted), code)


def _yield_vintages(wanted: int) -> Iterator[int]:
    """Yield the study's vintage first, then older ones, which go forward whole, then newer ones."""
    yield from sorted(vintages.VINTAGES, key=lambda one: (one != wanted, one > wanted, -one))


def _find_code(text: str, wanted: int) -> _Meant | str:
    """Find what a code stands for, or say what is wrong with it."""
    if text in PROVINCE_CODES:
        return _Meant(codes_of(PROVINCE_CODES[text], wanted))
    for vintage in _yield_vintages(wanted):
        if text in vintages.flemish_codes(vintage):
            return _carry(text, vintage, wanted)
    if text in vintages.brussels_codes():
        return f"{text} is of Brussels, which is left out"
    return f"{text} is no NIS code of a Flemish municipality of 2018, 2024 or 2025"


def codes_of(province: str, vintage: int) -> frozenset[str]:
    """Give the NIS codes of the municipalities of a province, in a vintage."""
    return frozenset(
        code
        for code in vintages.flemish_codes(vintage)
        if vintages.province_of(code, vintage) == province
    )


def _find_name(text: str, wanted: int, own: dict[str, set[str]]) -> _Meant | str:
    """Find what a name stands for, or say why nothing does; `own` are those of the file."""
    said, called = _WORDS.match(text), clean_text(text)
    bare = text[said.end() :] if said else text
    for folded in (_fold(bare), _fold(_OF.sub("", bare, count=1)) if said else ""):
        province = None if said and said["town"] else _list_provinces().get(folded)
        town = None if said and said["province"] else _find_town(folded, wanted, own)
        if province or town:
            break
    if province and town:
        return (
            f'"{called}" is a municipality and a province; write "gemeente {province}" or '
            f'"provincie {province}"'
        )
    if province:
        return _Meant(codes_of(province, wanted))
    if town is None:
        return _say_unknown(called, _fold(bare), wanted, own)
    codes = [f"{code} {name}" for code, name in town[1].items()]
    if len(codes) > 1:
        return f'"{called}" is the name of {say_list(codes)}; write the code'
    it = _carry(next(iter(town[1])), town[0], wanted)
    now = {_fold(vintages.names_by_code(wanted)[code]) for code in it.codes}
    # What kept its name is what whoever names it means.
    kept = it.of_then and now == {_fold(vintages.names_by_code(town[0])[it.of_then])}
    return _Meant(it.codes) if kept else it


def find_municipality(text: str, vintage: int, own: dict[str, set[str]]) -> tuple[str, str]:
    """Find the one municipality of a vintage that a name or NIS code of any vintage stands for.

    Parameters
    ----------
    text
        As a file has it.
    vintage
        Of the code wanted.
    own
        The codes by folded name of those that the study has, see `list_own`.

    Returns
    -------
    (str, str)
        Its code, and why there is none; one of the two is empty.
    """
    named = text if _WORDS.match(text) else f"gemeente {text}"
    it = _find_code(text, vintage) if text.isdigit() else _find_name(named, vintage, own)
    if isinstance(it, str):
        return "", it.replace('"gemeente ', '"', 1)
    if len(it.codes) > 1:
        told = say_list([f"{code} {vintages.name_of(code)}" for code in sorted(it.codes)])
        return "", f'"{clean_text(text)}" stands for {told}; write one of these'
    return next(iter(it.codes)), ""


def list_own(towns: pd.DataFrame) -> dict[str, set[str]]:
    """Give the codes of municipalities by their folded name."""
    own: dict[str, set[str]] = {}
    for code, name in towns[["nis_code", "name"]].itertuples(index=False):
        own.setdefault(_fold(name), set()).add(code)
    return own


def find_province(text: str) -> str:
    """Find the province that a name in any language or a NIS code stands for; empty: none."""
    said = _WORDS.match(text)
    return PROVINCE_CODES.get(text, "") or _list_provinces().get(
        _fold(_OF.sub("", text[said.end() :], count=1) if said else text), ""
    )


def _find_town(
    folded: str, wanted: int, own: dict[str, set[str]]
) -> tuple[int, dict[str, str]] | None:
    """Find a municipality by name: in the file, then in the study's vintage, then in others."""
    if len(own.get(folded, ())) == 1:
        (code,) = own[folded]
        return wanted, {code: code}
    for vintage in _yield_vintages(wanted):
        if folded in _list_towns(vintage):
            return vintage, _list_towns(vintage)[folded]
    return None


def _say_unknown(called: str, folded: str, wanted: int, own: dict[str, set[str]]) -> str:
    if folded in ("vlaanderen", "flanders", "flandre", "vlaamsgewest"):
        return f'"{called}" is all of it; leave area out'
    names = vintages.names_by_code(wanted)
    brussels = {
        _fold(name): name for code, name in names.items() if code in vintages.brussels_codes()
    }
    if folded in brussels:
        return f'"{called}" is of Brussels, which is left out'
    known = {name: name for name in own}
    for vintage in vintages.VINTAGES:
        known |= {name: next(iter(codes.values())) for name, codes in _list_towns(vintage).items()}
    known |= _list_provinces()
    near = [known[one] for one in difflib.get_close_matches(folded, known, n=3, cutoff=0.7)]
    mend = (
        f"did you mean {' or '.join(dict.fromkeys(near))}?"
        if near
        else ("write a municipality, a NIS code, a province or a file of polygons")
    )
    return f'"{called}" is no municipality or province of Flanders; {mend}'


def find_codes_of_area(
    asked: Sequence[str], towns: pd.DataFrame, vintage: int, findings: Findings
) -> frozenset[str]:
    """Find the municipalities that an area names; problems and mergers go to `findings`.

    Parameters
    ----------
    asked
        Names of municipalities, of today or former, and provinces; NIS codes of any vintage.
    towns
        nis_code and name of all that the file has.
    vintage
        Of the study.
    findings
        Takes all problems at once, and says what an old name stands for now.
    """
    own = list_own(towns)
    there, found = set(towns["nis_code"]), set[str]()
    names = vintages.names_by_code(vintage)
    for one in asked:
        text = strip_control(one)
        it = _find_code(text, vintage) if text.isdigit() else _find_name(text, vintage, own)
        if isinstance(it, str):
            findings.error(WHERE, *it.split("; ", 1))
            continue
        absent = sorted(it.codes - there)
        if absent and len(towns):
            told = say_list([f"{code} {names[code]}" for code in absent], 5)
            mend = "give boundaries of the whole area, or leave it out of the area"
            findings.error(WHERE, f'"{clean_text(text)}": the municipalities lack {told}', mend)
        if it.of_then:
            _warn_of_merger(it, vintage, findings)
        found |= it.codes
    return frozenset(found)


def _warn_of_merger(it: _Meant, vintage: int, findings: Findings) -> None:
    """Say what an area of another vintage stands for, where that is other ground."""
    names, then = vintages.names_by_code(vintage), vintages.name_of(it.of_then)
    now = say_list([f"{code} {names[code]}" for code in sorted(it.codes)])
    older = [
        one
        for one in vintages.VINTAGES
        if one < vintage and it.of_then in vintages.flemish_codes(one)
    ]
    if older and len(vintages.parts_of(min(it.codes), vintage, older[-1])) == 1:
        return
    findings.warn(
        Said("study area", "studiegebied", "zone d’étude"),
        say(
            "{then} is no municipality of {vintage}: all of {now} is in the area",
            "{then} is geen gemeente van {vintage}: heel {now} hoort bij het gebied",
            "{then} n’est pas une commune de {vintage} : tout {now} fait partie de la zone",
            then=say_list([f"{then} ({it.of_then})"]),
            vintage=str(vintage),
            now=now,
        ),
    )


# --- What a study is of -----------------------------------------------------------------------


def find_towns_inside(
    study: Study, ground: AreaPolygons | None, towns: gpd.GeoDataFrame, findings: Findings
) -> NDArray[np.bool_]:
    """Say which municipalities are of a study, or have more than a sliver of ground in it.

    Parameters
    ----------
    study, findings
        What is asked; takes the problems.
    ground
        As from `load_ground`.
    towns
        All that the file has.
    """
    if study.about.area:
        codes = find_codes_of_area(study.about.area, towns, study.about.vintage, findings)
        return np.asarray(towns["nis_code"].isin(codes), dtype=np.bool_)
    if ground is None:
        return np.ones(len(towns), dtype=np.bool_)
    meet = shapely.intersection(towns.geometry.to_numpy(), ground.outline)
    inside = ~shapely.is_empty(shrink_outlines(meet))
    if len(towns) and not inside.any():
        findings.error(WHERE, "no municipality has ground in its polygons", "give the right file")
    return np.asarray(inside)


def cut_to_ground(places: gpd.GeoDataFrame, outline: shapely.Geometry) -> gpd.GeoDataFrame:
    """Give municipalities or zones as far as they lie on the ground of a study."""
    cut = shapely.intersection(places.geometry.to_numpy(), outline)
    # Where borders run together lines are left over.
    polygons = [
        shapely.union_all([part for part in shapely.get_parts(one) if part.geom_type == "Polygon"])
        if one.geom_type == "GeometryCollection"
        else one
        for one in cut
    ]
    return places.set_geometry(gpd.GeoSeries(polygons, index=places.index, crs=places.crs))


def find_cut(whole: gpd.GeoDataFrame, land: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Say which municipalities lie only partly on the ground of a study.

    Parameters
    ----------
    whole, land
        The same municipalities, whole and as far as they lie in it.
    """
    # As much as the simplest drawing of the same border leaves.
    return np.asarray(land.area.to_numpy() < 0.999 * whole.area.to_numpy())


def name_parts(land: gpd.GeoDataFrame, cut: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Give what lies in the area, those of which that is but a part called so; of `find_cut`."""
    names = land["name"].where(~cut, land["name"].map(PARTLY.format))
    return land.assign(name=names.astype(land["name"].dtype))


def add_rests(
    around: gpd.GeoDataFrame,
    whole: gpd.GeoDataFrame,
    land: gpd.GeoDataFrame,
    cut: NDArray[np.bool_],
) -> gpd.GeoDataFrame:
    """Add to the municipalities around an area what of its own lies outside.

    Parameters
    ----------
    around
        The municipalities around; as of `Inputs`.
    whole, land
        The municipalities of the area, with all their ground and with that in it.
    cut
        From `find_cut`.
    """
    if not cut.any():
        return around
    rest = whole[cut].set_geometry(whole.geometry[cut].difference(land.geometry[cut]))
    return pd.concat([around, rest[~rest.is_empty]], ignore_index=True)


def tell_cut(towns: gpd.GeoDataFrame, cut: NDArray[np.bool_], findings: Findings) -> None:
    """Say once of which municipalities all is told of a part.

    Parameters
    ----------
    towns
        Of the area.
    cut
        From `find_cut`.
    findings
        Takes the note.
    """
    if cut.any():
        findings.warn(
            Said("study area", "studiegebied", "zone d’étude"),
            say(
                "only a part of {towns} lies in it: the children and {shorts} of that part are "
                "counted, and whether there are any in the area is told",
                "van {towns} ligt er maar een deel in: geteld en vermeld worden de kinderen en "
                "{shorts} van dat deel, in het gebied",
                "seule une partie de {towns} s’y trouve : seuls y comptent les enfants et les "
                "{shorts} de cette partie, dans la zone",
                towns=say_list(towns["name"][cut].tolist(), 10),
            ),
        )


def name_area(
    study: Study, ground: AreaPolygons | None, inside: gpd.GeoDataFrame, cut: NDArray[np.bool_]
) -> Area:
    """Name the territory of a study.

    Parameters
    ----------
    study
        With an area, or without one: then it has no name.
    ground
        As from `load_ground`.
    inside
        The municipalities in it.
    cut
        From `find_cut`.
    """
    if not study.has_area:
        return EVERYWHERE
    outline, own = ground or (None, "")
    own = study.about.area_name or own
    there = set(inside["nis_code"][~cut])
    partly = frozenset(
        one for one in set(inside["province"]) if not codes_of(one, study.about.vintage) <= there
    )
    if own:
        return Area(own, Said(own, own, own), outline, partly)
    provinces = set(inside["province"])
    if outline is None and len(provinces) == 1 and not partly:
        (province,) = provinces
        named = write_in_each(
            lambda language: load_texts(language)(
                f"province.of.{province.lower().replace('-', '_')}"
            )
        )
        return Area(named.nl, named, None, partly)
    names = [*map(_drop_district, inside["name"])]
    if outline is None and len(names) <= NAMED:
        return Area(
            ", ".join(names), write_in_each(lambda lang: join_with_and(names, lang)), None, partly
        )
    return Area(PART, write_in_each(lambda lang: load_texts(lang)("about.part")), outline, partly)
