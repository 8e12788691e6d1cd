"""The folder that a run writes: tables, maps, a summary, a manifest."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib.metadata
import os
import platform
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo import facts
from stemgeo.coverage import ALL_BANDS, REGION, region_name
from stemgeo.gaps.grid import drawn_in_words
from stemgeo.inputs.files import harmless, is_formula
from stemgeo.inputs.messages import PROPOSED
from stemgeo.maps.kinds import save_drawn
from stemgeo.maps.series import lighter
from stemgeo.maps.text import MapText
from stemgeo.notes import in_all
from stemgeo.recognition import Standing, recognised
from stemgeo.report.annex_words import ROLES
from stemgeo.report.files import RUN, whole_folder, write_manifest
from stemgeo.report.sheets import FINEST_DETAIL_M, Sheets, zone_table
from stemgeo.report.summary import summary_markdown
from stemgeo.speech import LANGUAGES, long_day, number
from stemgeo.study import OFFERED, PROVINCES
from stemgeo.tables import checked
from stemgeo.texts import texts
from stemgeo.uncertainty import TOGETHER

if TYPE_CHECKING:
    from stemgeo.inputs import Inputs, Provenance
    from stemgeo.result import Tables
    from stemgeo.speech import Language
    from stemgeo.study import Study
    from stemgeo.texts import Texts

CHECKED = (
    *("changes", "groups", "placement", "sensitivity", "quintiles", "concentration", "subsidy"),
    "times",
)
"""Tables that are written as they are, checked as they leave."""
FLANDERS = "Vlaanderen"
LIBRARIES = (
    *("folium", "geopandas", "matplotlib", "numba", "numpy", "osmium", "pandas", "pyarrow"),
    *("pyogrio", "pyproj", "shapely"),
)
"""Those that make the figures and the bytes of what is written."""
OSM_SOURCE = "© OpenStreetMap contributors (ODbL)"


def map_text(study: Study, inputs: Inputs) -> MapText:
    """Say what is printed around every map: title, notice, sources, dates, method."""
    language = study.output.language
    words = texts(language)
    counting, _ = recognised(inputs.academies, study.about.date, study.academies)
    standing = Standing.of(counting, language)
    return MapText(
        title=study.about.title,
        notice=study.about.notice,
        source=attribution(inputs, language=language),
        date=words(
            "about.dates",
            population=population_date(study, inputs),
            academies=standing.on(long_day(study.about.date, language)),
        ),
        language=language,
        method_note=_method_note(study, words),
        measure=words("about.measure", minutes=number(study.travel.cutoff_min, language)),
        region=_part_of_flanders(inputs, language),
        gap_caution=drawn_in_words(study, inputs.weights, language),
    )


def _part_of_flanders(inputs: Inputs, language: str) -> str:
    """Name the study area when it is not all of Flanders."""
    whole = region_name(inputs.municipalities) == REGION[1]
    return "" if whole else texts(language)("about.part")


def _method_note(study: Study, words: Texts) -> str:
    """Say what sets this measurement apart from the plain one; printed on every output."""
    notes = []
    if study.straight_line:
        factor = number(study.travel.detour_factor, words.language)
        notes.append(words("about.straight_line", factor=factor))
    elif study.travel.ferries:
        notes.append(words("about.ferries"))
    if study.inputs.plan is not None:
        notes.append(words("about.planned"))
    return words.series(notes)


def attribution(*inputs: Inputs, language: Language) -> str:
    """Name every source once, with its licence; last the data of which the study names none."""
    named, nameless = [], []
    for item in (item for one in inputs for item in one.provenance):
        source = item.source
        if item.role == "network" and _of_openstreetmap(item):
            source = f"{item.source}; {OSM_SOURCE}" if item.source else OSM_SOURCE
        licence = f" ({item.licence})" if item.licence and item.licence not in source else ""
        if source:
            named.append(source + licence)
        elif item.role not in PROPOSED:
            nameless.append(role_in_words(item.role, language))
    words = texts(language)
    told = words("about.no_source", data=", ".join(dict.fromkeys(nameless)))
    return words.series(dict.fromkeys([*named, *([told] if nameless else [])]))


def role_in_words(role: str, language: Language) -> str:
    """Say which data an input of the study are: Gemeentegrenzen, or Indeling wijken."""
    role, _, which = role.partition(".")
    return f"{ROLES[language].get(role, role)} {which}".rstrip()


def _of_openstreetmap(item: Provenance) -> bool:
    """Whether roads owe their source to OpenStreetMap: all do that say no other licence."""
    named = "openstreetmap" in item.source.lower()
    return not named and (not item.licence or "odbl" in item.licence.lower())


def population_date(study: Study, inputs: Inputs) -> str:
    """Say of which day the children are, and when their municipalities were others."""
    language, vintage = study.output.language, study.about.vintage
    words, day = texts(language), population_day(inputs)
    brought = ""
    if inputs.population_vintage is not None and inputs.population_vintage != vintage:
        way = "forward" if inputs.population_vintage < vintage else "back"
        brought = words(f"about.brought.{way}", vintage=vintage)
    return f"{long_day(day, language) if day else words('about.no_date')}{brought}"


def population_day(inputs: Inputs) -> dt.date | None:
    """Give the day that the children are of, as declared; else 1 January, as Statbel counts."""
    roles = ("population", "populations")
    files = [item for item in inputs.provenance if item.role.partition(".")[0] in roles]
    if files and files[0].date:
        return files[0].date
    return dt.date(inputs.population_year, 1, 1) if inputs.population_year else None


def sheets_of(result: Tables) -> Sheets:
    """Give the maps of a result."""
    return Sheets.of_result(result, map_text(result.study, result.inputs))


def interactive_map(result: Tables) -> str:
    """Give the web map as one HTML text."""
    return sheets_of(result).page()


def write(result: Tables, place: Path, *, replace: bool = False) -> Path:
    """Write a result: whole, or not at all.

    Parameters
    ----------
    result
        The tables of a run.
    place
        The folder; an older result there is replaced where nobody worked on it.
    replace
        Whether anything else there is kept beside it, as NAME.old-DATE, in place of refused.

    Returns
    -------
    Path
        The folder.
    """
    # Detail that no sheet can show is left out once, not for each map again.
    outlines = lighter(result.municipalities.geometry, FINEST_DETAIL_M)
    words = said(map_text(result.study, result.inputs))
    areas = said_of_isochrones(result)
    shown = dataclasses.replace(result, municipalities=result.municipalities.set_geometry(outlines))
    with whole_folder(place, replace=replace) as folder:
        for name in ("tables", "maps"):
            (folder / name).mkdir()
        _write_tables(result, folder / "tables")
        (folder / "tables" / "LEESMIJ.txt").write_text(
            "".join(f"{line}\n" for line in (words | areas).values() if line), encoding="utf-8"
        )
        if result.isochrones is not None:
            _write_areas(result.isochrones, folder / "isochrones.gpkg", words | areas)
        _write_areas(_finite(result.gaps), folder / "gaps.gpkg", words)
        sheets, formats = sheets_of(result), result.study.output.formats
        for province in (None, *_provinces_of(result.municipalities)):
            name = (province or FLANDERS).lower()
            save_drawn(sheets.draw("share", province), folder / "maps" / name, formats)
        (folder / "map.html").write_text(interactive_map(shown), encoding="utf-8")
        (folder / "summary.md").write_text(
            summary_markdown(result, map_text(result.study, result.inputs)), encoding="utf-8"
        )
        write_manifest(folder, manifest(result))
    return place


def said(text: MapText) -> dict[str, str]:
    """Give what goes with every file that has no place for words of its own."""
    words = {"title": text.title, "notice": text.notice, "method": text.method_note}
    return words | {"dates": text.date, "sources": text.source}


def said_of_isochrones(result: Tables) -> dict[str, str]:
    """Say on which side the areas err; nothing where there are none."""
    words = texts(result.study.output.language)
    return {} if result.isochrones is None else {"isochrones": words("about.isochrones")}


def _provinces_of(municipalities: gpd.GeoDataFrame) -> list[str]:
    present = set(municipalities["province"])
    return [province for province in PROVINCES if province in present]


def _write_tables(result: Tables, folder: Path) -> None:
    plain = {
        "coverage": result.coverage,
        "gaps": _finite(checked("gaps", result.gaps).drop(columns="geometry")),
        "gap-municipalities": checked("gap-municipalities", result.gap_municipalities),
        "annex-1-municipalities": pd.DataFrame(result.municipalities.drop(columns="geometry")),
        "academies": _with_coordinates(result.academies),
        "provinces": result.summary(),
        "effects": result.effects,
        "uncertainty": result.uncertainty,
        **{
            name: table
            for name, table in (("to-check", result.to_check), ("verdicts", result.verdicts))
            if table is not None
        },
        "candidate-municipalities": checked("candidate-municipalities", result.candidates),
        **{
            name: checked(name, table)
            for name in CHECKED
            if (table := getattr(result, name)) is not None
        },
    }
    for name, table in plain.items():
        write_csv(table, folder / f"{name}.csv")
    for name in ("demand", "access"):
        write_parquet(checked(name, getattr(result, name)), folder / f"{name}.parquet")
    write_parquet(result.municipalities, folder / "municipalities.parquet")
    write_parquet(result.academies, folder / "academies.parquet")
    write_parquet(checked("zone-shares", zone_table(result)), folder / "zones.parquet")


def write_csv(table: pd.DataFrame, place: Path | TextIO) -> None:
    """Write a table for programs: commas, points, the same bytes everywhere.

    The one writer of these: a text that a spreadsheet would compute stands behind an apostrophe,
    which `reading` takes away again.
    """
    safe = table.rename(columns={name: harmless(str(name)) for name in table.columns})
    for name in safe.columns:
        texts = [one for one in _texts(safe[name]) if is_formula(one)]
        if texts:
            safe[name] = safe[name].astype(object).replace({one: harmless(one) for one in texts})
    for name in map(str, safe.select_dtypes("float")):
        safe[name] = _as_text(safe[name])
    safe.to_csv(place, index=False, lineterminator="\n")


def _as_text(column: pd.Series) -> pd.Series:
    """Write numbers to six decimals, each value once: a share stands in many rows."""
    # Only what is missing has no number; there is one zero.
    at, values = pd.factorize(column + 0.0)
    texts = np.array([*(f"{value:.6f}" for value in values), ""], dtype=object)
    return pd.Series(texts[at], index=column.index, dtype=object)


def _texts(column: pd.Series) -> list[str]:
    """Give each text that stands in a column once."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return []
    return [one for one in column.dropna().unique() if isinstance(one, str)]


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table with its types, and its places where it has any."""
    content = BytesIO()
    table.to_parquet(content, index=False)
    path.write_bytes(content.getvalue())


def _with_coordinates(academies: gpd.GeoDataFrame) -> pd.DataFrame:
    plain = pd.DataFrame(academies.drop(columns="geometry"))
    return plain.assign(x_m=academies.geometry.x.round(1), y_m=academies.geometry.y.round(1))


def _finite(table: pd.DataFrame) -> pd.DataFrame:
    """Leave empty what is beyond measure: a file has no infinity."""
    return table.replace({np.inf: np.nan})


def _write_areas(areas: gpd.GeoDataFrame, path: Path, said: dict[str, str]) -> None:
    """Write a GeoPackage with one layer.

    Its own timestamp is fixed, so that the same run gives the same bytes.
    """
    content = BytesIO()
    before = os.environ.get("OGR_CURRENT_DATE")
    os.environ["OGR_CURRENT_DATE"] = "2000-01-01T00:00:00Z"
    try:
        # In memory first: GDAL would write half a file to a full disk.
        how: dict[str, Any] = {"driver": "GPKG", "engine": "pyogrio"}
        areas.to_file(content, layer=path.stem, layer_metadata=said, **how)
    finally:
        if before is None:
            del os.environ["OGR_CURRENT_DATE"]
        else:
            os.environ["OGR_CURRENT_DATE"] = before
    path.write_bytes(content.getvalue())


def manifest(result: Tables) -> dict[str, Any]:
    """Say what was asked, of which data, with which versions, and that the sums hold."""
    return {
        "command": RUN,
        **origins(result.study, result.inputs, text=map_text(result.study, result.inputs)),
        "text": {
            language: asdict(map_text(result.study.with_language(language), result.inputs))
            for language in OFFERED
        },
        "network": result.network_counts,
        "buildings": result.building_counts,
        "placement": {
            method: {"zones": len(rows), "children": int(rows["children"].sum())}
            for method, rows in result.placement[result.placement["children"] > 0].groupby("method")
        },
        "sums": sum_checks(result),
        "uncertainty": bool((result.uncertainty["part"] == TOGETHER).any()),
        "notes": in_all(result.notes),
    }


def origins(study: Study, *inputs: Inputs, text: MapText) -> dict[str, Any]:
    """Say what every manifest says: versions, the study, the inputs, the words on outputs."""
    files = dict.fromkeys(item for one in inputs for item in one.provenance)
    return {
        **made_with(),
        "notice": study.about.notice,
        "method_note": text.method_note,
        "attribution": text.source,
        "text": asdict(text),
        "study": choices(study),
        "study_file": study.file and asdict(study.file),
        "stress_rules": None if study.straight_line else _stress_rules(study),
        "inputs": [asdict(item) for item in files],
    }


def _stress_rules(study: Study) -> dict[str, Any]:
    """Say by whose rules roads are quiet; `study` has their name."""
    rules = facts.stress_rules(study.travel.stress_rules)
    return {
        **{language: rules[language] for language in LANGUAGES},
        "sources": list(rules["sources"].values()),
    }


def made_with(*others: str) -> dict[str, Any]:
    """Say with which versions of stemgeo, Python and the libraries something is made now."""
    return {
        "stemgeo": importlib.metadata.version("stemgeo"),
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in (*LIBRARIES, *others)},
    }


def choices(study: Study) -> dict[str, Any]:
    """Give every choice of a study, without folders of the machine: a manifest is published."""
    content = study.model_dump(mode="json", by_alias=True)
    return content | {"inputs": {role: _named(value) for role, value in content["inputs"].items()}}


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(one) for one in value]
    if isinstance(value, dict) and "path" in value:
        return value | {"path": Path(value["path"]).name}
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    return value


def sum_checks(result: Tables) -> dict[str, int]:
    """Count the children at each step; all of these are equal."""
    central = result.coverage[
        (result.coverage["band"] == ALL_BANDS)
        & (result.coverage["scenario"] == "central")
        & (result.coverage["profile"] == "all")
    ]
    columns = [name for name in result.demand.columns if name.startswith("children_")]
    sums = {
        "children_in": int(result.inputs.children["children"].sum()),
        "children_at_points": int(result.demand[columns].to_numpy().sum()),
    }
    for level, rows in central.groupby("level", sort=False):
        parts = rows[["covered", "uncovered", "unmeasured"]].to_numpy().sum()
        sums[f"covered_uncovered_unmeasured_{level}"] = int(parts)
    return sums
