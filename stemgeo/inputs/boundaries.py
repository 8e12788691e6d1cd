"""Municipalities, provinces and zones: where the children are counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.errors import Findings
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import vintages
from stemgeo.inputs.files import OpenedFile, clean_text, is_formula, open_input, strip_control
from stemgeo.inputs.formats import UnreadableError
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.shouting import write_as_people_do
from stemgeo.inputs.vectors import (
    are_among,
    as_codes,
    as_text,
    find_code_columns,
    keep_polygons,
    read_layer,
    to_lambert,
)
from stemgeo.notes import Said, say, say_amount, say_count, say_decimals, say_list
from stemgeo.study import PROVINCES, VINTAGE, Input

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Outlines = NDArray[np.object_]

_NAME_COLUMNS = (
    "naam",
    "name",
    "name_nl",
    "tx_sector_descr_nl",
    "t_sec_nl",
    "tx_descr_nl",
    "omschrijving",
)
ZONE_ID_COLUMNS = (
    "zone_id",
    "cd_sector",
    "sector",
    "nis9",
    "geoitem",
    "id",
)
"""Usual names of the column that names each zone once, in small letters."""

SLIVER_M = 10.0
"""Overlaps and holes narrower than this are not told: two files draw the same border metres apart
when each simplified it in its own way, and no street with its houses fits in between."""

EXCLAVE_M = 15_000.0
"""Pieces farther apart than this are of two municipalities: no exclave in Belgium, of Baarle-Hertog
say, lies so far from the rest of its own."""


def read_municipalities(path: str | Path | Input, *, vintage: int = VINTAGE) -> gpd.GeoDataFrame:
    """Read the Flemish municipalities of a file of boundaries.

    Parameters
    ----------
    path
        A file in any format that can be read, or an `Input` that says more of it.
    vintage
        Of the codes wanted: 2018, 2024 or 2025. An earlier vintage in the file is dissolved.

    Returns
    -------
    GeoDataFrame
        nis_code, name, province, geometry (EPSG:31370), by nis_code.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    frame, _ = load_municipalities(as_input(path), vintage, findings)
    findings.raise_errors()
    return frame


def as_input(path: str | Path | Input) -> Input:
    """Take a path alone as an `Input` of which nothing more is known."""
    return path if isinstance(path, Input) else Input(path=Path(path))


def load_municipalities(
    given: Input, vintage: int, findings: Findings, *, part: bool = False
) -> tuple[gpd.GeoDataFrame, Provenance | None]:
    """As `read_municipalities`, with the problems in `findings`; empty when there are any.

    Parameters
    ----------
    given, vintage
        As for `read_municipalities`.
    findings
        Takes the problems and notes.
    part
        Whether the study asks for a part of Flanders: then nothing is missing.
    """
    nothing = gpd.GeoDataFrame(
        {"nis_code": [], "name": [], "province": []}, geometry=[], crs=LAMBERT_72
    )
    with open_input(given, "municipalities", findings) as file:
        if file is None:
            return nothing, None
        frame = read_layer(file, _municipality_score)
        if frame is not None:
            frame = _keep_flemish_outlines(frame, file)
        if frame is not None:
            frame = _convert_outlines(frame, vintage, file, part=part)
        return nothing if frame is None else frame, file.provenance


def find_vintage(path: Path) -> int:
    """Find the newest vintage of which the codes of boundaries can be; the newest when none is."""
    with open_input(Input(path=path), "municipalities", Findings()) as file:
        frame = None if file is None else read_layer(file, _municipality_score)
    columns = {} if frame is None else find_code_columns(frame)
    if frame is None or not columns:
        return vintages.VINTAGES[-1]
    codes = as_codes(frame[next(iter(columns))])
    fits = vintages.find_vintages(codes[are_among(codes, vintages.known_codes())])
    return max(fits, default=vintages.VINTAGES[-1])


def _municipality_score(frame: gpd.GeoDataFrame) -> int:
    return max(find_code_columns(frame).values(), default=0)


def _keep_flemish_outlines(frame: gpd.GeoDataFrame, file: OpenedFile) -> gpd.GeoDataFrame | None:
    """Check codes and geometry and keep Flanders: nis_code, name (may be empty), geometry."""
    columns = find_code_columns(frame)
    moved = to_lambert(frame, file)
    file.keep_known_names({"name": _NAME_COLUMNS})
    if not columns:
        has = say_list([name for name in frame.columns if name != "geometry"])
        file.error(
            f"has no column with NIS codes of municipalities (it has: {has})",
            "give a file with the five-digit code of each municipality",
        )
        return None
    column = next(iter(columns))
    file.use_column(column, "nis_code")
    codes = as_codes(frame[column])
    names = _find_names(frame, codes, file)
    outlines = None if moved is None else moved.geometry
    _check_codes(frame, column, codes, names, outlines, file)
    of_brussels = are_among(codes, vintages.brussels_codes())
    flemish = are_among(codes, vintages.known_codes()) & ~of_brussels
    for count, what in (
        (int(of_brussels.sum()), vintages.IN_BRUSSELS),
        (int(codes.map(vintages.is_walloon).sum()), vintages.IN_WALLONIA),
    ):
        if count:
            file.note(
                say(
                    "{count} municipalities of {region} left out",
                    "{count} gemeenten van {region} weggelaten",
                    "laissé de côté : {count} communes de {region}",
                    count=say_amount(count),
                    region=what,
                )
            )
    if not flemish.any():
        file.error("holds no Flemish municipality")
    if moved is None or not flemish.any():
        return None
    table = gpd.GeoDataFrame(
        {"nis_code": codes, "name": names}, geometry=moved.geometry, crs=moved.crs
    )[flemish]
    empty = table.geometry.isna() | table.geometry.is_empty
    if empty.any():
        file.error(
            f"no outline for {say_list(label_places(table)[empty].tolist())}",
            "the file may be cut off: copy or download it again",
        )
    return keep_polygons(table[~empty], label_places(table)[~empty], file)


def label_places(table: pd.DataFrame, key: str = "nis_code") -> pd.Series:
    """How to call a place in a message: its code and its name, if it has one of its own."""
    named = table["name"].where(table["name"] != table[key], "")
    return (table[key] + " " + named).str.strip()


def _find_names(frame: gpd.GeoDataFrame, codes: pd.Series, file: OpenedFile) -> pd.Series:
    """Names from the column that holds those of the facts; empty when none does."""
    best, most = None, 0
    for label, column in frame.drop(columns=frame.geometry.name).items():
        text = as_text(column).map(strip_control)
        hits = sum(
            int((text == codes.map(vintages.names_by_code(vintage))).sum())
            for vintage in vintages.VINTAGES
        )
        if hits > most:
            best, most = label, hits
    if best is None:
        return pd.Series("", index=frame.index, dtype=str)
    file.use_column(best, "name")
    return as_text(frame[best]).map(strip_control)


def _check_codes(
    frame: gpd.GeoDataFrame,
    column: str,
    codes: pd.Series,
    names: pd.Series,
    outlines: gpd.GeoSeries | None,
    file: OpenedFile,
) -> None:
    """Report features without a code, with an unknown one, or with one that another has."""
    for feature in codes.index[codes == ""]:
        value = as_text(frame[column]).map(strip_control)[feature]
        name = f" ({names[feature]})" if names[feature] else _say_where(frame, feature)
        what = f"'{column}' is '{value[:40]}', not a NIS code" if value else f"no '{column}'"
        file.error_at(f"feature {feature}{name}", what, "give its five-digit NIS code")
    ours = are_among(codes, vintages.known_codes())
    unknown = codes.ne("") & ~ours & ~codes.map(vintages.is_walloon)
    for feature in codes.index[unknown]:
        name = f" ({names[feature]})" if names[feature] else ""
        file.error_at(
            f"feature {feature}{name}",
            f"unknown NIS code {codes[feature]}",
            "correct it; codes of 2018, 2024 and 2025 are known",
        )
    known = codes[ours]
    for code, group in known[known.duplicated(keep=False)].groupby(known):
        features = say_list(group.index.tolist())
        what = f"the NIS code {code} is given {len(group)} times"
        mend = "keep one feature for each municipality; dissolve its pieces"
        apart_m = 0.0 if outlines is None else _widest_gap_m(outlines[group.index])
        if apart_m > EXCLAVE_M:
            called_ = [name for name in names[group.index].unique() if name]
            named = f" ({say_list(called_)})" if called_ else ""
            what += f", for places {apart_m / 1000:.0f} km apart{named}: different municipalities"
            mend = "give each its own code"
        file.error_at(f"features {features}", what, mend)


def _widest_gap_m(outlines: gpd.GeoSeries) -> float:
    """Give the widest gap that must be bridged to join all of some outlines, metres."""
    there = outlines[outlines.notna() & ~outlines.is_empty].to_numpy()
    joined, rest, widest = there[:1], there[1:], 0.0
    while len(rest):
        gaps = np.array([shapely.distance(one, joined).min() for one in rest])
        nearest = int(gaps.argmin())
        widest = max(widest, float(gaps[nearest]))
        joined, rest = np.append(joined, rest[nearest]), np.delete(rest, nearest)
    return widest


def _say_where(frame: gpd.GeoDataFrame, feature: int) -> str:
    """Where a nameless feature lies, in the file's own coordinates."""
    geometry = frame.geometry[feature]
    if geometry is None or geometry.is_empty:
        return ""
    point = geometry.representative_point()
    return f" (at {point.x:.6g}, {point.y:.6g})"


def _convert_outlines(
    frame: gpd.GeoDataFrame, vintage: int, file: OpenedFile, *, part: bool
) -> gpd.GeoDataFrame | None:
    """Bring municipalities to the study's vintage and give each its name and province."""
    if frame.empty:
        return None
    try:
        given = vintages.settle_vintage(frame["nis_code"], vintage)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    warn_of_formulas(frame["name"], file)
    check_parts(set(frame["nis_code"]), given, vintage, file, ", or none")
    official = vintages.names_by_code(vintage)
    if given != vintage:
        file.note(
            say(
                "codes of {given}, dissolved to {vintage}",
                "codes van {given}, samengevoegd tot die van {vintage}",
                "codes de {given}, réunis en ceux de {vintage}",
                given=str(given),
                vintage=str(vintage),
            )
        )
        frame = frame.assign(nis_code=vintages.bring_forward(frame["nis_code"], given, vintage))
        frame = frame[["nis_code", "geometry"]].dissolve(by="nis_code", as_index=False)
        frame["name"] = frame["nis_code"].map(official)
    else:
        own = frame["name"]
        frame = frame.assign(name=own.where(own != "", frame["nis_code"].map(official)))
    frame["province"] = [vintages.province_of(code, vintage) for code in frame["nis_code"]]
    missing = sorted(vintages.flemish_codes(vintage) - set(frame["nis_code"]))
    if missing and not part:
        are = (
            Said("is", "staat", "figure") if len(missing) == 1 else Said("are", "staan", "figurent")
        )
        file.warn(
            say(
                "{missing} of the {all} Flemish municipalities of {vintage} {are} not in it: "
                "{names}",
                "{missing} van de {all} Vlaamse gemeenten van {vintage} {are} er niet in: {names}",
                "sur les {all} communes flamandes de {vintage}, {missing} n’y {are} pas : {names}",
                missing=say_amount(len(missing)),
                all=say_amount(len(vintages.flemish_codes(vintage))),
                vintage=str(vintage),
                are=are,
                names=say_list([f"{code} {official[code]}" for code in missing]),
            ),
            say(
                "right for a study of a part of Flanders only",
                "dat klopt alleen voor een studie van een deel van Vlaanderen",
                "normal seulement pour une étude d’une partie de la Flandre",
            ),
        )
    columns = ["nis_code", "name", "province", "geometry"]
    table = frame[columns].sort_values("nis_code", ignore_index=True)
    _warn_of_overlaps(table, file)
    return table


def _warn_of_overlaps(municipalities: gpd.GeoDataFrame, file: OpenedFile) -> None:
    """Warn of land that lies in two municipalities, wider than `SLIVER_M`."""
    pairs = find_overlaps(municipalities.geometry)
    if len(pairs):
        file.warn(
            say(
                "{pairs} of municipalities {overlap}, {area} in all: {names}",
                "{pairs} gemeenten {overlap}, samen {area}: {names}",
                "{pairs} de communes {overlap}, {area} au total : {names}",
                pairs=say_count(len(pairs), "pair"),
                overlap=Said("overlaps", "overlapt", "se chevauche")
                if len(pairs) == 1
                else Said("overlap", "overlappen", "se chevauchent"),
                area=say_area(pairs.area.sum()),
                names=say_pairs(pairs, label_places(municipalities)),
            ),
            say(
                "the children of both are placed there too; give boundaries that meet",
                "kinderen van beide komen er terecht; geef grenzen die op elkaar aansluiten",
                "les enfants des deux y sont aussi placés ; donnez des limites qui se touchent",
            ),
        )


def check_parts(
    present: set[str], given: int, vintage: int, file: OpenedFile, or_else: str = ""
) -> None:
    """Report merged municipalities of which only some parts are there.

    Parameters
    ----------
    present, given, vintage
        Codes that are there, of which vintage they are, and that of the mergers.
    file, or_else
        Takes the problems; what may be done instead of giving all parts.
    """
    for code in sorted(set(vintages.bring_forward(present, given, vintage))):
        absent = sorted(vintages.parts_of(code, vintage, given) - present)
        if absent:
            names = [f"{old} {vintages.names_by_code(given)[old]}" for old in absent]
            file.error(
                f"{code} {vintages.names_by_code(vintage)[code]} of {vintage} lacks "
                f"{say_list(names)}",
                f"give all municipalities that merged{or_else}",
            )


def warn_of_formulas(names: pd.Series, file: OpenedFile) -> None:
    """Warn of names that a spreadsheet would compute instead of show."""
    risky = names[names.map(is_formula).astype(bool)]
    if len(risky):
        file.warn(
            say(
                "names that a spreadsheet takes for a formula: {names}",
                "namen die een rekenblad voor een formule houdt: {names}",
                "des noms qu’un tableur prend pour une formule : {names}",
                names=say_list(risky.tolist()),
            ),
            say(
                "write them without = + - @ in front",
                "schrijf ze zonder = + - @ vooraan",
                "écrivez-les sans = + - @ au début",
            ),
        )


def dissolve_provinces(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Dissolve municipalities to provinces, in the order of the ministry's annexes.

    Returns
    -------
    GeoDataFrame
        province, geometry (EPSG:31370).
    """
    dissolved = municipalities[["province", "geometry"]].dissolve(by="province")
    order = [province for province in PROVINCES if province in dissolved.index]
    return dissolved.loc[order].rename_axis("province").reset_index()


# --- Zones -------------------------------------------------------------------------------------


def take_as_zones(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take each municipality as one zone, for studies without smaller ones."""
    return municipalities.assign(zone_id=municipalities["nis_code"])[
        ["zone_id", "nis_code", "name", "geometry"]
    ]


def read_zones(
    path: str | Path | Input, municipalities: gpd.GeoDataFrame, *, vintage: int = VINTAGE
) -> gpd.GeoDataFrame:
    """Read the zones (such as statistical sectors) inside municipalities.

    Parameters
    ----------
    path
        A file in any format that can be read, or an `Input` that says more of it.
    municipalities
        As `read_municipalities` returns them.
    vintage
        Of the codes of those municipalities.

    Returns
    -------
    GeoDataFrame
        zone_id, nis_code, name, geometry (EPSG:31370), by zone_id.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    frame, _ = load_zones(as_input(path), municipalities, vintage, findings)
    findings.raise_errors()
    return frame


def load_zones(
    given: Input,
    municipalities: gpd.GeoDataFrame,
    vintage: int,
    findings: Findings,
    around: gpd.GeoDataFrame | None = None,
) -> tuple[gpd.GeoDataFrame, Provenance | None]:
    """As `read_zones`, with the problems in `findings`.

    Parameters
    ----------
    given, municipalities, vintage
        As for `read_zones`.
    findings
        Takes the problems and notes.
    around
        Municipalities beside the study, whose zones are given too; nothing is told of them.
    """
    nothing = take_as_zones(municipalities)
    with open_input(given, "zones", findings) as file:
        if file is None:
            return nothing, None
        raw = read_layer(file, len)
        moved = None if raw is None else to_lambert(raw, file)
        id_column = None if raw is None else _find_zone_id_column(raw, file)
        if moved is None or id_column is None:
            return nothing, file.provenance
        table = gpd.GeoDataFrame(
            {
                "zone_id": as_text(moved[id_column]).map(strip_control),
                "name": take_usual_names(moved, file),
            },
            geometry=moved.geometry,
            crs=moved.crs,
        )
        table["name"] = table["name"].where(table["name"] != "", table["zone_id"])
        warn_of_formulas(table["name"], file)
        table = drop_without_outline(table, table["zone_id"], "zone", file)
        every = municipalities if around is None else pd.concat([municipalities, around])
        table["nis_code"] = _find_zone_codes(
            table, moved, every.sort_values("nis_code"), vintage, file
        )
        zones = _keep_in_study(table, municipalities, file)
        if around is not None and len(around):
            beside = _give_each_zones(table, around)
            zones = pd.concat([zones, beside]).sort_values("zone_id", ignore_index=True)
        return zones, file.provenance


def _find_zone_id_column(frame: gpd.GeoDataFrame, file: OpenedFile) -> str | None:
    column = find_key_column(frame)
    file.use_column(column, "zone_id", {"zone_id": ZONE_ID_COLUMNS})
    if column is None:
        has = say_list([name for name in frame.columns if name != frame.geometry.name])
        file.error(
            f"has no column that names each zone once (it has: {has})",
            "name it `zone_id` or `cd_sector`",
        )
    elif report_repeats(as_text(frame[column]).map(strip_control), column, "zone", file):
        return None
    return column


def find_key_column(frame: gpd.GeoDataFrame) -> str | None:
    """Find the column that names each feature once: by its name, else the first that does.

    One with a usual name is taken even if it names some twice: that is to be told, not passed by.
    """
    attributes = [str(name) for name in frame.columns if name != frame.geometry.name]

    def rank(column: str) -> tuple[int, int]:
        lower = column.lower()
        if lower in ZONE_ID_COLUMNS:
            return 0, ZONE_ID_COLUMNS.index(lower)
        return (1, 0) if lower.startswith("cs0") else (2, attributes.index(column))

    for column in sorted(attributes, key=rank):
        text = as_text(frame[column]).map(strip_control)
        usual = rank(column)[0] < 2
        whole = not pd.api.types.is_float_dtype(frame[column])
        if text.ne("").all() and (whole if text.is_unique else usual):
            return column
    return None


def report_repeats(ids: pd.Series, column: str, thing: str, file: OpenedFile) -> bool:
    """Report ids that are given more than once; whether there are any.

    Parameters
    ----------
    ids
        As the file has them.
    column
        Its label there.
    thing
        What one of them is, as `notes.say_count` knows it.
    file
        Takes the problem.
    """
    twice = sorted(set(ids[ids.duplicated()]))
    if twice:
        what = f"'{clean_text(column)}' is not unique: {say_list(twice)}"
        file.error(what, f"give each {thing} once")
    return bool(twice)


def take_usual_names(frame: gpd.GeoDataFrame, file: OpenedFile) -> pd.Series:
    """Take names from the first column called as columns of names are; empty without one."""
    lower = {str(name).lower(): name for name in frame.columns}
    for wanted in _NAME_COLUMNS:
        if wanted in lower:
            file.use_column(lower[wanted], "name", {"name": _NAME_COLUMNS})
            return take_names(frame[lower[wanted]])
    return pd.Series("", index=frame.index, dtype=str)


def take_names(column: pd.Series) -> pd.Series:
    """Give the names of places that a column has, as people write them."""
    return as_text(column).map(strip_control).map(write_as_people_do)


def drop_without_outline(
    table: gpd.GeoDataFrame, labels: pd.Series, thing: str, file: OpenedFile
) -> gpd.GeoDataFrame:
    """Leave out what has no outline, as Statbel's rest sectors have none, and say so.

    Parameters
    ----------
    table
        With outlines, or without.
    labels
        What each row is called in messages.
    thing
        What a row is, as `notes.say_count` knows it.
    file
        Takes the notes and problems.
    """
    empty = table.geometry.isna() | table.geometry.is_empty
    if empty.any():
        are = Said("is", "is", "compte") if empty.sum() == 1 else Said("are", "zijn", "comptent")
        file.warn(
            say(
                "{things} without an outline {are} left out: {names}",
                "{things} zonder omtrek {are} weggelaten: {names}",
                "{things} sans contour ne {are} pas : {names}",
                things=say_count(int(empty.sum()), thing),
                are=are,
                names=say_list(labels[empty].tolist()),
            )
        )
    return keep_polygons(table[~empty], labels[~empty], file)


def _find_zone_codes(
    table: gpd.GeoDataFrame,
    raw: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    vintage: int,
    file: OpenedFile,
) -> pd.Series:
    """Find each zone's municipality: a column of codes, its id's first digits, or its place.

    The first five digits of a zone's id are of the year in which the zone was drawn, often of
    several years in one file; each goes forward on its own. Codes later than the study's do not
    count; then the place does.
    """
    raw = raw.loc[table.index]
    candidates = {name: as_codes(raw[name]) for name in find_code_columns(raw)}
    candidates["the first digits of the id"] = (
        table["zone_id"].str.extract(r"^(\d{5})", expand=False).fillna("")
    )
    for name, codes in candidates.items():
        ours = are_among(codes, vintages.known_codes() - vintages.brussels_codes())
        elsewhere = are_among(codes, vintages.brussels_codes()) | codes.map(vintages.is_walloon)
        brought = codes.map(vintages.bring_each_forward(vintage)).fillna("")
        if ours.any() and (ours | elsewhere).all() and (brought[ours] != "").all():
            file.use_column(name, "nis_code")
            file.note(
                say(
                    "municipality by {name}",
                    "gemeente volgens {name}",
                    "commune d’après {name}",
                    name=str(name),
                )
            )
            return brought
    file.note(
        Said("municipality by location", "gemeente volgens de ligging", "commune d’après le lieu")
    )
    points = table.set_geometry(table.geometry.representative_point())[["geometry"]]
    joined = points.sjoin(municipalities[["nis_code", "geometry"]], predicate="within", how="left")
    located: pd.Series = joined["nis_code"][~joined.index.duplicated()].fillna("")
    return located


def _keep_in_study(
    table: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    file: OpenedFile,
) -> gpd.GeoDataFrame:
    """Keep the zones of the study's municipalities; one without zones becomes its own."""
    inside = table["nis_code"].isin(municipalities["nis_code"])
    if not inside.any():
        file.error("no zone lies in the municipalities of the study")
        return take_as_zones(municipalities)
    if not inside.all():
        left = say_count(int((~inside).sum()), "zone")
        file.note(
            say(
                "{left} outside the study's municipalities left out",
                "{left} buiten de gemeenten van de studie weggelaten",
                "laissé de côté, hors des communes de l’étude : {left}",
                left=left,
            )
        )
    zones = _give_each_zones(table, municipalities)
    without = ~municipalities["nis_code"].isin(table["nis_code"])
    if without.any():
        bare = say_list(label_places(municipalities[without]).tolist())
        file.warn(
            say(
                "no zone in {towns}", "geen zone in {towns}", "pas de zone dans {towns}", towns=bare
            ),
            say(
                "each counts as one zone",
                "elke gemeente zonder zones telt als één zone",
                "chaque commune sans zone compte comme une zone",
            ),
        )
    _warn_of_misplaced(zones, municipalities, file)
    return zones.sort_values("zone_id", ignore_index=True)


def _give_each_zones(table: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give the zones of municipalities; one without any is its own."""
    inside = table["nis_code"].isin(municipalities["nis_code"])
    zones = table.loc[inside, ["zone_id", "nis_code", "name", "geometry"]]
    without = ~municipalities["nis_code"].isin(zones["nis_code"])
    return pd.concat([zones, take_as_zones(municipalities[without])]) if without.any() else zones


def _warn_of_misplaced(
    zones: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    file: OpenedFile,
) -> None:
    """Warn of zones that lie outside the municipality that their code names."""
    outline = municipalities.set_index("nis_code").geometry
    own = gpd.GeoSeries(outline.loc[zones["nis_code"]].to_numpy(), index=zones.index, crs=zones.crs)
    apart = ~np.asarray(zones.geometry.representative_point().intersects(own))
    if apart.any():
        file.warn(_say_apart(zones.loc[apart, "zone_id"].tolist()))


def _say_apart(names: list[str]) -> Said:
    parts = {"zones": say_count(len(names), "zone"), "names": say_list(names)}
    if len(names) == 1:
        return say(
            "{zones} lies outside the municipality of its code: {names}",
            "{zones} ligt buiten de gemeente van haar code: {names}",
            "{zones} se trouve hors de la commune de son code : {names}",
            **parts,
        )
    return say(
        "{zones} lie outside the municipality of their code: {names}",
        "{zones} liggen buiten de gemeente van hun code: {names}",
        "{zones} se trouvent hors de la commune de leur code : {names}",
        **parts,
    )


# --- Overlaps and holes ------------------------------------------------------------------------


def warn_of_overlaps_and_holes(
    zones: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    children: pd.DataFrame,
    name: str,
    findings: Findings,
) -> None:
    """Warn of land that lies in several zones, and of land that lies in none.

    How many children that concerns is an estimate: those of the municipality times the share of
    its area.

    Parameters
    ----------
    zones, municipalities
        As `read_zones` and `read_municipalities` return them.
    children
        nis_code, children; any number of rows for each municipality.
    name
        Of the file with the zones.
    findings
        Takes the warnings, one of each kind at most. Slivers narrower than `SLIVER_M` are passed
        over.
    """
    outlines = municipalities.set_index("nis_code").geometry
    per_m2 = children.groupby("nis_code")["children"].sum() / outlines.area

    def about(land: gpd.GeoSeries) -> Said:
        children = say_count(round((land.area * per_m2).sum()), "child")
        return say(
            "about {children} by area",
            "naar oppervlakte ongeveer {children}",
            "environ {children} d’après la superficie",
            children=children,
        )

    pairs = find_overlaps(zones.geometry)
    if len(pairs):
        land = pairs.union_all()
        overlap = (
            Said("overlaps", "overlapt", "se chevauche")
            if len(pairs) == 1
            else Said("overlap", "overlappen", "se chevauchent")
        )
        findings.warn(
            name,
            say(
                "{pairs} of zones {overlap}, {area} in all with {about}: {names}",
                "{pairs} zones {overlap}, samen {area} met {about}: {names}",
                "{pairs} de zones {overlap}, {area} au total avec {about} : {names}",
                pairs=say_count(len(pairs), "pair"),
                overlap=overlap,
                area=say_area(land.area),
                about=about(outlines.intersection(land)),
                names=say_pairs(pairs, label_places(zones, "zone_id")),
            ),
            say(
                "a child there counts once, in the first zone by id",
                "een kind daar telt één keer, in de zone met de eerste code",
                "un enfant y compte une fois, dans la première zone par ordre de code",
            ),
        )
    bare = _find_holes(zones, outlines)
    if len(bare):
        names = label_places(municipalities).set_axis(outlines.index)
        worst = bare.area.sort_values(ascending=False, kind="stable")
        told = [_say_with_area(names[code], area_m2) for code, area_m2 in worst.items()]
        findings.warn(
            name,
            say(
                "no zone covers {area} in {towns}, with {about}: {names}",
                "geen zone dekt {area} in {towns}, met {about}: {names}",
                "aucune zone ne couvre {area} dans {towns}, avec {about} : {names}",
                area=say_area(bare.area.sum()),
                towns=say_count(len(bare), "municipality"),
                about=about(bare),
                names=say_list(told, 5),
            ),
            say(
                "these children are placed in the zones of their municipality",
                "deze kinderen zijn in de zones van hun gemeente geplaatst",
                "ces enfants sont placés dans les zones de leur commune",
            ),
        )


def find_overlaps(outlines: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Find the pairs of outlines that overlap by more than slivers, the largest overlap first.

    Returns
    -------
    GeoDataFrame
        first, second (positions in `outlines`, rising), geometry (what both cover).
    """
    inner = shrink_outlines(outlines.to_numpy())
    # What lies deep enough in two outlines lies as deep in their overlap: shrink first, so that
    # neighbours with a common border do not meet at all.
    first, second = shapely.STRtree(inner).query(inner, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    both = _grow_outlines(shapely.intersection(inner[first], inner[second]))
    order = np.lexsort((second, first, -shapely.area(both)))
    return gpd.GeoDataFrame(
        {"first": first[order], "second": second[order]}, geometry=both[order], crs=outlines.crs
    )


def say_pairs(pairs: gpd.GeoDataFrame, names: pd.Series) -> Said:
    """Write overlapping pairs by name with the area that both cover."""
    called_first = names.iloc[pairs["first"]]
    called_second = names.iloc[pairs["second"]]
    told = zip(called_first, called_second, pairs.area, strict=True)
    both = "{one} and {other}", "{one} en {other}", "{one} et {other}"
    return say_list(
        [_say_with_area(say(*both, one=one, other=other), area) for one, other, area in told], 5
    )


def _say_with_area(name: Said | str, area_m2: float) -> Said:
    return say(
        "{name} ({area})", "{name} ({area})", "{name} ({area})", name=name, area=say_area(area_m2)
    )


def say_area(area_m2: float) -> Said:
    """Write an area for a message."""
    if area_m2 < 5000:
        return say("less than 0.01 km2", "minder dan 0,01 km²", "moins de 0,01 km²")
    return say("{area} km2", "{area} km²", "{area} km²", area=say_decimals(area_m2 / 1e6, 2))


def shrink_outlines(outlines: Outlines) -> Outlines:
    """Draw outlines half a sliver inwards: what is narrower than `SLIVER_M` vanishes."""
    return np.asarray(shapely.buffer(outlines, -SLIVER_M / 2, join_style="mitre"))


def _grow_outlines(outlines: Outlines) -> Outlines:
    """Draw outlines outwards again to where they were before they were shrunk."""
    return np.asarray(shapely.buffer(outlines, SLIVER_M / 2, join_style="mitre"))


def _find_holes(zones: gpd.GeoDataFrame, outlines: gpd.GeoSeries) -> gpd.GeoSeries:
    """Find the land that no zone covers, by nis_code; municipalities without any are left out."""
    bare = _find_uncovered(outlines, zones.set_index("nis_code").geometry)
    # What a zone of a neighbour covers is no hole. Only what is left is worth a second look.
    place, zone = zones.sindex.query(bare, predicate="intersects")
    return _find_uncovered(bare, zones.geometry.iloc[zone].set_axis(bare.index[place]))


def _find_uncovered(land: gpd.GeoSeries, zones: gpd.GeoSeries) -> gpd.GeoSeries:
    """Take from each piece of land the zones with its label; what is a sliver then is left out."""
    covered = zones.groupby(level=0).agg(_unite_outlines)
    covered = gpd.GeoSeries(covered, crs=land.crs).reindex(land.index, fill_value=shapely.Point())
    rest = land.difference(covered)
    broad = gpd.GeoSeries(
        _grow_outlines(shrink_outlines(rest.to_numpy())), index=land.index, crs=land.crs
    )
    return broad[~broad.is_empty]


def _unite_outlines(outlines: gpd.GeoSeries) -> shapely.Geometry:
    """Unite outlines; where their borders fit together, as those of zones do, in half the time."""
    fit = shapely.coverage_is_valid(outlines.to_numpy())
    return (shapely.coverage_union_all if fit else shapely.union_all)(outlines.to_numpy())
