"""The schema of every table: columns, types, units. The data dictionary is made from it.

Tables are checked with pandera where they enter and where they leave.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.pandas as pa

from stemgeo.errors import InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.profiles import QUIET
from stemgeo.reasons import COLUMNS, REASONS
from stemgeo.study import FLAT, OLDEST, SCENARIOS

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["text", "whole", "decimal", "share", "date"]

_KINDS = {
    "string[pyarrow]": "text",
    "str": "text",
    "int64": "whole number",
    "Int64": "whole number",
    "float64": "number",
    "bool": "yes or no",
    "datetime64[s]": "date",
    "datetime64[ns]": "date",
}


def _text_column(description: str, **checks: Any) -> pa.Column:
    return pa.Column(str, description=description, **checks)


def _count_column(description: str, **facts: Any) -> pa.Column:
    return pa.Column("int64", pa.Check.ge(0), description=description, **facts)


def _fraction_column(description: str, **facts: Any) -> pa.Column:
    told: dict[str, Any] = {"description": description, "metadata": {"kind": "share"}, **facts}
    return pa.Column(float, pa.Check.in_range(0, 1), nullable=True, **told)


def _optional_column(kind: Any, description: str) -> pa.Column:
    return pa.Column(kind, nullable=True, description=description)


def _evidence_column(kind: str, description: str) -> pa.Column:
    column = {"str": _text_column, "to nearest": _distance_column}.get(kind)
    return column(description) if column else _optional_column(kind, description)


def _geometry_column(kind: str) -> pa.Column:
    valid = pa.Check(lambda s: ~(s.isna() | s.is_empty), error="is missing or empty")
    return pa.Column("geometry", valid, description=f"{kind}, {LAMBERT_72}")


_NIS = _text_column("NIS code in the study's vintage", checks=pa.Check.str_matches(r"^\d{5}$"))
_NAME = _text_column("Name")
_PROVINCE = _text_column("Province, by code and vintage")
_COUNTS = {
    "children": _count_column("Children of the band"),
    "covered": _count_column("Children with an academy within the cutoff"),
    "uncovered": _count_column("Measured children without one"),
    "unmeasured": _count_column(
        "Children without a road within the snap limit, or off the extract"
    ),
}
_SHARE = _fraction_column("covered / (covered + uncovered), 0 to 1; empty if nothing was measured")
_MEASURES = {**_COUNTS, "share": _SHARE}
"""What coverage counts of a place; every table with coverage in it has these."""
COUNTS, MEASURES = list(_COUNTS), list(_MEASURES)


def _mark_side(column: pa.Column, *side: str, **facts: Any) -> pa.Column:
    """Say of which measure a column is, at which speeds and over which roads."""
    told: dict[str, Any] = {"description": column.description, **facts}
    known = {**(column.metadata or {}), "side": side}
    return pa.Column(column.dtype, column.checks, nullable=column.nullable, metadata=known, **told)


def _list_wide_columns(*ranged: str, quiet: bool = False) -> dict[str, pa.Column]:
    """Give the measures of coverage, at the central speeds and over all roads.

    Behind those of `ranged` stand the same at the low and the high speeds, behind the share, if
    `quiet`, those over quiet roads.
    """
    columns = {}
    for name, column in _MEASURES.items():
        columns[name] = _mark_side(column, name, "central", "all")
        for end in ("low", "high") if name in ranged else ():
            same = f"The same at the {end} speeds"
            columns[f"{name}_{end}"] = _mark_side(column, name, end, "all", description=same)
        for profile, one in QUIET.items() if quiet and name == "share" else ():
            over = f"Share over {one.roads.en} ({one.stress.en}), when the study has that profile"
            facts = {"description": over, "required": False}
            columns[f"{name}_{profile}"] = _mark_side(column, name, "central", profile, **facts)
    return columns


_YEAR = pa.Column("int64", description="Year; the study's date gives the day")
_PLACE = {
    "level": _text_column("region, province, municipality, zone or the key of a layer"),
    "code": _text_column(
        "VLG, province name, NIS code, zone id or code in the layer; empty: in none"
    ),
    "name": _NAME,
}
_RIDER = {
    "band": _text_column("Age band, or all"),
    "scenario": _text_column("low, central or high speed", checks=pa.Check.isin(SCENARIOS)),
    "profile": _text_column("Which roads may be used"),
}
_ADDS_UP = pa.Check(
    lambda t: t["covered"] + t["uncovered"] + t["unmeasured"] == t["children"],
    error="covered + uncovered + unmeasured must be children",
)

STUDY = "study"
"""The convention of the table of times that is the study's own; the other is `study.FLAT`."""

_FLAT_KM = FLAT.speed_kmh * FLAT.cutoff_min / 60

MINUTES = range(1, 31)
"""By each of which the table of times has a share."""

PLACED_BY = (
    "coordinates",
    "correction",
    "address_point",
    "map_address",
    "street",
    "postcode",
    "municipality",
)
"""How an academy can be placed: as it was given, by its address (of the study's points, or of the
extract), along its street, or by its postcode or municipality alone."""

COARSE, SURFACE = "coarse = ", "surface = "
"""How variants of the table of effects begin."""

WITHIN = ("within_0", "within_1", "within_2", "within_3_or_more")
"""Columns of the table of times, by the number of academies within the cutoff."""


def share_column(minute: int) -> str:
    """Name the column of the table of times with the share by a minute."""
    return f"share_{minute:02}_min"


def _distance_column(description: str) -> pa.Column:
    return pa.Column(float, pa.Check.ge(0), description=description)


def _minutes_column(description: str) -> pa.Column:
    return pa.Column(float, pa.Check.ge(0), nullable=True, description=description)


def _sum_columns(table: pd.DataFrame, pattern: str) -> pd.Series:
    return table.filter(regex=f"^{pattern}").sum(axis=1)


SCHEMAS: dict[str, pa.DataFrameSchema] = {
    "municipalities": pa.DataFrameSchema(
        {
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            "geometry": _geometry_column("Polygon"),
        },
        unique=["nis_code"],
        description="Flemish municipalities; Brussels is left out.",
    ),
    "zones": pa.DataFrameSchema(
        {
            "zone_id": _text_column("Statistical sector or other zone"),
            "nis_code": _NIS,
            "name": _NAME,
            "geometry": _geometry_column("Polygon"),
        },
        unique=["zone_id"],
        description="Zones inside municipalities; without a zone file the municipalities.",
    ),
    "children": pa.DataFrameSchema(
        {
            "nis_code": _NIS,
            "part": _text_column(
                "Code in the file's own vintage, before mergers; else the NIS code"
            ),
            "age": pa.Column("int64", pa.Check.in_range(0, OLDEST), description="Years"),
            "sex": _text_column("F or M; empty: not given", checks=pa.Check.isin(["F", "M", ""])),
            "children": _count_column("Children"),
        },
        unique=["part", "age", "sex"],
        description="Children by municipality, single age and sex.",
    ),
    "layer": pa.DataFrameSchema(
        {
            "code": _text_column(
                "Column `id` of the layer, or the one that names each polygon once"
            ),
            "name": _text_column("Column `name` of the layer, or one called so; else the code"),
            "geometry": _geometry_column("Polygon"),
        },
        unique=["code"],
        description="Polygons of one's own (`[inputs.layers]`) by which children are counted too.",
    ),
    "attribute": pa.DataFrameSchema(
        {
            "^(zone_id|nis_code)$": pa.Column(
                str, regex=True, description="Zone or municipality, each once"
            ),
            "value": _optional_column(
                float, "Column `column`, or the only one of numbers; empty, -, .. or n/a: not known"
            ),
        },
        description="A number of each zone or municipality (`[inputs.attributes]`), for equity.",
    ),
    "academies": pa.DataFrameSchema(
        {
            "academy_id": _text_column("The register's own id"),
            "name": _NAME,
            "organisation": _text_column("Who runs it; may be empty"),
            "min_age": _optional_column("Int64", "First age served; empty: no limit"),
            "max_age": _optional_column("Int64", "Last age served; empty: no limit"),
            "valid_from": _optional_column("datetime64[s]", "First day of the recognition"),
            "valid_until": _optional_column(
                "datetime64[s]", "Last day; empty: two years from the first"
            ),
            "postcode": _text_column("Where its activities are, for the subsidy; empty: not known"),
            "trajectories": _optional_column(
                "Int64", "Trajectories held there; empty: `subsidy.trajectories_per_place`"
            ),
            "online_trajectories": _optional_column(
                "Int64", "New online trajectories; empty: none"
            ),
            "cost_eur": _text_column("Cost of its own, euro; empty: what the subsidy rules say"),
            "nis_code": _text_column("Municipality by location; empty outside the study area"),
            "planned": pa.Column(bool, description="Of a plan, not in the register"),
            "placed_by": pa.Column(
                str,
                pa.Check.isin(PLACED_BY),
                description=f"How it was placed: {', '.join(PLACED_BY)}; see method.md",
            ),
            "precision_m": pa.Column(
                "int64",
                pa.Check.ge(0),
                description="As far as it may lie from there, metres; 0: as it was given",
            ),
            "score": pa.Column(
                "int64",
                pa.Check.in_range(0, 100),
                description="How well its address was met, 0 to 100; 100: as it was given",
            ),
            "placed_at": _text_column(
                "The address where it was placed, or the note of its correction"
            ),
            "coarse": pa.Column(
                bool, description="`precision_m` is above `academies.coarse_over_m`"
            ),
            "geometry": _geometry_column("Point"),
        },
        unique=["academy_id"],
        description="The register of academies, and the places of a plan.",
    ),
    "demand": pa.DataFrameSchema(
        {
            "point_id": _text_column("Number of the point"),
            "zone_id": _text_column("Zone of the point"),
            "nis_code": _NIS,
            r"^children_\d+-\d+$": pa.Column(
                "int64",
                pa.Check.ge(0),
                regex=True,
                description="Children of these ages (first and last included); whole numbers",
            ),
            r"^girls_\d+-\d+$": pa.Column(
                "int64",
                pa.Check.ge(0),
                regex=True,
                required=False,
                description="Girls among them; absent when the population does not tell sexes",
            ),
            "method": _text_column(
                "How the point was found: addresses, dwellings, streets, buildings, any_building "
                "(its kind not given), grid, centroid; outside: the part of a zone beyond the "
                "extract"
            ),
            "outside_network": pa.Column(bool, description="Beyond the area of the extract"),
            "geometry": _geometry_column("Point"),
        },
        unique=["point_id"],
        description="Children at points: an estimate, see method.md.",
    ),
    "access": pa.DataFrameSchema(
        {
            "point_id": _text_column("Demand point"),
            "profile": _text_column("all, low_stress or quiet_1"),
            "band": _text_column("Age band"),
            "ages": _text_column("Ages within the band that the same academies serve"),
            "academy_id": _text_column(
                "Nearest academy that serves these ages; empty: none in reach"
            ),
            "travel_time_s": pa.Column(
                float, pa.Check.ge(0), description="Seconds to it, walking legs included; inf: none"
            ),
            "snap_m": _optional_column(float, "Metres between point and road; empty: unmeasured"),
            "status": _text_column(
                "reached, beyond_horizon or unmeasured",
                checks=pa.Check.isin(["reached", "beyond_horizon", "unmeasured"]),
            ),
        },
        unique=["point_id", "ages", "profile"],
        description="Nearest academy of each point, central scenario.",
    ),
    "coverage": pa.DataFrameSchema(
        {
            **_PLACE,
            **_RIDER,
            **_MEASURES,
        },
        checks=_ADDS_UP,
        unique=["level", "code", "band", "scenario", "profile"],
        description="Children in time of an academy, at every level.",
    ),
    "groups": pa.DataFrameSchema(
        {
            **_PLACE,
            "sex": _text_column("all, F or M", checks=pa.Check.isin(["all", "F", "M"])),
            **_RIDER,
            **_MEASURES,
            "gap_to_all": _optional_column(
                float, "share minus that of all children of the place, scenario and profile"
            ),
            "girls_minus_boys": _optional_column(
                float, "share of girls minus that of boys of the band"
            ),
        },
        checks=_ADDS_UP,
        unique=["level", "code", "sex", "band", "scenario", "profile"],
        description="Girls, boys and bands side by side, down to municipalities.",
    ),
    "times": pa.DataFrameSchema(
        {
            **_PLACE,
            "band": _RIDER["band"],
            "profile": _RIDER["profile"],
            "convention": _text_column(
                f"{STUDY}: its central speeds, cutoff and horizon; {FLAT.name}: {_FLAT_KM:g} km at "
                f"{FLAT.speed_kmh:g} km/h for all ages (method.md)",
                checks=pa.Check.isin([STUDY, FLAT.name]),
            ),
            "children": _COUNTS["children"],
            "measured": _count_column(
                "Children of whom all that follows is told, but for the next"
            ),
            "unmeasured": _COUNTS["unmeasured"],
            "nearest_median_min": _minutes_column(
                "Half of them need no longer to the nearest academy; empty: half have none within "
                "the horizon"
            ),
            "nearest_p90_min": _minutes_column("The same of nine in ten"),
            "nearest_mean_min": _minutes_column(
                "Mean, at least: who has none within the horizon counts as at the horizon"
            ),
            "nearest_beyond": _count_column("Children who have none within the horizon"),
            "three_median_min": _minutes_column(
                "Half of them need no longer to their three nearest, each child's three taken in "
                "the mean; empty: half have no three within the horizon"
            ),
            "three_p90_min": _minutes_column("The same of nine in ten"),
            "three_mean_min": _minutes_column(
                "Mean, at least: each of the three beyond the horizon counts as at the horizon"
            ),
            "three_beyond": _count_column("Children who have no three within the horizon"),
            **{
                name: _count_column(f"Children with {what} within the cutoff")
                for name, what in zip(
                    WITHIN,
                    ("no academy", "one academy", "two academies", "three or more"),
                    strict=True,
                )
            },
            r"^share_\d\d_min$": pa.Column(
                float,
                pa.Check.in_range(0, 1),
                nullable=True,
                regex=True,
                description="Share of the measured children with an academy within so many minutes "
                "(01 to 30, included); empty beyond the horizon",
            ),
        },
        checks=[
            pa.Check(
                lambda t: t["measured"] + t["unmeasured"] == t["children"],
                error="measured + unmeasured must be children",
            ),
            pa.Check(
                lambda t: t[[*WITHIN]].sum(axis=1) == t["measured"],
                error="the numbers within the cutoff must add up to measured",
            ),
        ],
        unique=["level", "code", "band", "profile", "convention"],
        description="Minutes to the nearest academies that serve the age, how many are within "
        "reach, and the share minute by minute; central scenario. One row for each place, band, "
        "profile and convention, wide: zones by the minute in rows are more than a spreadsheet "
        "holds.",
    ),
    "sensitivity": pa.DataFrameSchema(
        {
            "method": _text_column("How the children are placed; the study's own method first"),
            "level": _text_column("region or province"),
            "code": _text_column("VLG or province name"),
            "name": _NAME,
            **_MEASURES,
            "fell_back": _count_column("Children of the region placed by the next method instead"),
        },
        checks=_ADDS_UP,
        unique=["method", "level", "code"],
        description="What the way of placing children changes; central scenario, profile all.",
    ),
    "placement": pa.DataFrameSchema(
        {
            "zone_id": _text_column("Zone"),
            "nis_code": _NIS,
            "name": _NAME,
            "method": _text_column("How its points were found; empty: no child lives there"),
            "points": _count_column("Points with children"),
            "children": _count_column("Children at them: an estimate"),
        },
        checks=pa.Check(lambda t: (t["points"] > 0) == (t["children"] > 0), error="points"),
        unique=["zone_id", "method"],
        description="By which method the children of each zone were placed.",
    ),
    "quintiles": pa.DataFrameSchema(
        {
            "attribute": _text_column("Key of the attribute in the study"),
            "profile": _text_column("Which roads may be used"),
            "quintile": pa.Column(
                "int64",
                pa.Check.in_range(0, 5),
                description="1: a fifth of the children, where the value is lowest; 0: not known",
            ),
            "value_from": _optional_column(float, "Lowest value in it"),
            "value_to": _optional_column(float, "Highest value in it"),
            "places": _count_column("Zones or municipalities in it"),
            **_list_wide_columns("share"),
        },
        checks=_ADDS_UP,
        unique=["attribute", "profile", "quintile"],
        description="Coverage by fifths of the children, ordered by what is known of their place.",
    ),
    "concentration": pa.DataFrameSchema(
        {
            "attribute": _text_column("Key of the attribute in the study"),
            "profile": _text_column("Which roads may be used"),
            "scenario": _text_column("low, central or high speed"),
            "places": _count_column("Zones or municipalities with a value and measured children"),
            "measured": _count_column("Their measured children"),
            "share": _fraction_column("Share of them in time"),
            "concentration_index": _optional_column(
                float, "-1 to 1; above 0: coverage is with the places of high value (method.md)"
            ),
            "erreygers_index": _optional_column(float, "The same, corrected for a bounded share"),
        },
        unique=["attribute", "profile", "scenario"],
        description="Whether coverage is concentrated in places of low or of high value.",
    ),
    "annex-1-municipalities": pa.DataFrameSchema(
        {
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            "geometry": _geometry_column("Outline, not in the CSV"),
            "academies": _count_column("Academies that count on the study's date"),
            "planned": _count_column("Of them planned, not in the register"),
            "has_academy": pa.Column(bool, description="At least one, planned or not"),
            **_list_wide_columns("share"),
        },
        unique=["nis_code"],
        description="Both measures side by side, central scenario, all bands.",
    ),
    "provinces": pa.DataFrameSchema(
        {
            "code": _PLACE["code"],
            "name": _NAME,
            "municipalities": _count_column("Municipalities in it", required=False),
            "with_academy": _count_column(
                "Of them with an academy, planned or not", required=False
            ),
            **_list_wide_columns("share", quiet=True),
        },
        unique=["code"],
        description="The table that answers the question: both measures by province, the region "
        "last; central scenario, all bands. `stemgeo coverage` gives it of any level.",
    ),
    "answer-municipalities": pa.DataFrameSchema(
        {
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            "academies": _count_column("Academies that count on the study's date"),
            "planned": _count_column("Of them planned, not in the register"),
            "has_academy": pa.Column(bool, description="At least one, planned or not"),
            **_list_wide_columns("covered", "share", quiet=True),
            "partly_measured": pa.Column(
                bool, description="There is a share, and it speaks for less than half of them"
            ),
        },
        checks=_ADDS_UP,
        unique=["nis_code"],
        description="Of the answer's annex 1: both measures with their range, central scenario, "
        "all bands; municipalities with an academy first in each province.",
    ),
    "zone-shares": pa.DataFrameSchema(
        {
            "zone_id": _text_column("Statistical sector or other zone"),
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            **_list_wide_columns(),
            "geometry": _geometry_column("Polygon"),
        },
        checks=_ADDS_UP,
        unique=["zone_id"],
        description="In zones.parquet: the zones with their outlines, simplified to about 10 m, "
        "and their children, central scenario, all bands, profile all.",
    ),
    "trend": pa.DataFrameSchema(
        {
            "year": _YEAR,
            "level": _text_column("region or province"),
            "code": _text_column("VLG or province name"),
            "name": _NAME,
            "municipalities": _count_column("Municipalities, the same in all years"),
            "with_academy": _count_column("Of them with an academy on the day"),
            "newly_with": _optional_column(
                "Int64", "Of those with one, without in the year shown before; empty: first year"
            ),
            "no_longer_with": _optional_column(
                "Int64", "Of those without, with one in the year shown before; empty: first year"
            ),
            "academies": _count_column("Academies that count on the day"),
            **_list_wide_columns("share", quiet=True),
        },
        checks=_ADDS_UP,
        unique=["year", "level", "code"],
        description="Of `stemgeo trend`: both measures by year, central scenario, all bands.",
    ),
    "changes": pa.DataFrameSchema(
        {
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            "academies": _count_column("Recognised on the study's date; without places of a plan"),
            "academies_before": _count_column("Recognised on that day of the year before"),
            "has_academy": pa.Column(bool, description="At least one on the study's date"),
            "had_academy": pa.Column(bool, description="At least one a year earlier"),
            "status": _text_column(
                "with or without on both days; new: only now; lost: only a year earlier",
                checks=pa.Check.isin(["with", "without", "new", "lost"]),
            ),
        },
        unique=["nis_code"],
        description="Recognised academies against the year before, by the dates of the register.",
    ),
    "trend-municipalities": pa.DataFrameSchema(
        {
            "year": _YEAR,
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            "academies": _count_column("Academies that count on the day"),
            "has_academy": pa.Column(bool, description="At least one"),
            "status": _text_column(
                "with or without an academy, alike in the year shown before if there is one; "
                "new: not in that year; lost: in that year and no longer",
                checks=pa.Check.isin(["with", "without", "new", "lost"]),
            ),
            **_list_wide_columns("share"),
        },
        checks=_ADDS_UP,
        unique=["year", "nis_code"],
        description="Of `stemgeo trend`: the same for each municipality.",
    ),
    "reported": pa.DataFrameSchema(
        {
            "year": pa.Column("int64", description="Year that the figure is about"),
            "indicator": _text_column("What was reported, in a word for programs"),
            "region": _text_column("Vlaanderen or a province"),
            "value": pa.Column(float, description="The figure, in `unit`"),
            "unit": _text_column("municipalities, children, EUR, percent, ..."),
            "label": _text_column("What was reported, in Dutch"),
            "qualifier": _text_column(
                "The source's own minstens, meer dan or gemiddeld; may be empty"
            ),
            "source": _text_column("Who said it, and where, in Dutch"),
        },
        unique=["year", "indicator", "region"],
        description="Of `stemgeo trend`: what was reported of recognised STEM academies in all of "
        "Flanders in these years; not measured. Not written for a part of Flanders.",
    ),
    "comparison": pa.DataFrameSchema(
        {
            **_PLACE,
            "band": _RIDER["band"],
            "profile": _RIDER["profile"],
            "children": _count_column("Children of the band, the same in both"),
            "covered_a": _count_column("In time in A"),
            "covered_b": _count_column("In time in B"),
            "difference": pa.Column("int64", description="covered_b - covered_a"),
            "unmeasured_a": _count_column("Unmeasured in A"),
            "unmeasured_b": _count_column("Unmeasured in B"),
            "share_a": _fraction_column(
                "covered / (covered + uncovered) in A; empty: nothing measured"
            ),
            "share_b": _fraction_column("The same in B"),
            "points": _optional_column(float, "share_b - share_a in percentage points"),
            "gained": _optional_column(
                "Int64",
                "Children in time in B and not in A; empty: not the same points, or a layer",
            ),
            "lost": _optional_column(
                "Int64", "Children in time in A and not in B; empty: as gained"
            ),
        },
        checks=pa.Check(
            lambda t: (t["gained"] - t["lost"] == t["difference"]).fillna(value=True).astype(bool),
            error="gained - lost must be difference",
        ),
        unique=["level", "code", "band", "profile"],
        description="Of `stemgeo compare`: two results beside each other, central scenario.",
    ),
    "comparison-questions": pa.DataFrameSchema(
        {
            "what": _text_column("Choice of the study, input by its role, or version"),
            "a": _text_column("In A; empty: not given"),
            "b": _text_column("In B; empty: not given"),
        },
        unique=["what"],
        description="Of `stemgeo compare`: what was asked otherwise, of which other files.",
    ),
    "subsidy": pa.DataFrameSchema(
        {
            "applicant": _text_column("Organisation; an academy without one stands by itself"),
            "academy_id": _text_column(
                "Of an academy that stands by itself; empty for an organisation"
            ),
            "academies": _count_column("Its academies that count on the study's date"),
            "planned": _count_column("Of them those of a plan, not in the register"),
            "not_counted": _count_column(
                "Of them those without a known place or without a trajectory"
            ),
            "places": _count_column("Paid places: what one is stands in the rules of the year"),
            "extra_trajectories": _count_column("Trajectories in a place after its first"),
            "online_trajectories": _count_column("New online trajectories, as the register says"),
            "places_by": _text_column(
                "What stands for the former municipality: postcode, layer of the "
                "study, municipality (may count fewer); several: mixed"
            ),
            "before_cap_eur": _count_column("Whole euro by the rules"),
            "cut_eur": _count_column("Whole euro that the cap per applicant takes off"),
            "amount_eur": _count_column(
                "Whole euro under the cap; nothing is taken off for the envelope"
            ),
        },
        checks=pa.Check(
            lambda t: t["before_cap_eur"] - t["cut_eur"] == t["amount_eur"],
            error="before_cap_eur - cut_eur must be amount_eur",
        ),
        unique=["applicant", "academy_id"],
        description="What each applicant gets under the subsidy rules of the study's year.",
    ),
    "effects": pa.DataFrameSchema(
        {
            "level": _text_column("municipality"),
            "code": _NIS,
            "name": _NAME,
            "profile": _text_column(
                "Of which roads: all (surface; coarse), low_stress (busy_crossings)"
            ),
            "variant": _text_column("What is chosen otherwise, e.g. surface = false"),
            "children": _count_column("Children of all bands"),
            "covered": _count_column("In time, as the study has it"),
            "covered_variant": _count_column("In time with the variant"),
        },
        unique=["code", "variant"],
        description="What a choice of the model changes, central scenario, all bands.",
    ),
    "uncertainty": pa.DataFrameSchema(
        {
            "part": _text_column(
                "speed, door, placing; with --uncertainty also walking, waiting, detour (in a "
                "straight line), dates (academies without one), recognition (its length where only "
                "the start is known), surfaces, map (what the rules of stress ask for), rules (of "
                "stress), and together: all of them at once, but for the rules"
            ),
            "end": _text_column("low or high", checks=pa.Check.isin(["low", "high"])),
            "value": _text_column("What is taken otherwise, e.g. travel.signal_s = 20"),
            "level": _text_column("region, province, municipality"),
            "code": _text_column("NIS code; name of a province; VLG"),
            "name": _NAME,
            "profile": _text_column("Of which roads"),
            **_MEASURES,
        },
        unique=["part", "end", "level", "code", "profile"],
        description="The shares with each assumption at both its ends, all bands.",
    ),
    "to-check": pa.DataFrameSchema(
        {
            "nis_code": _NIS,
            "name": _NAME,
            "profile": _text_column("low_stress or quiet_1"),
            "way": pa.Column("int64", description="OSM id of the way"),
            "street": _text_column("Its name or number"),
            "untagged": _text_column("What nobody tagged of it: maxspeed;lanes;cycleway"),
            "metres": pa.Column(float, pa.Check.ge(0), description="That they ride over"),
            "children": _count_column(
                "Of the municipality, who ride over it and are in time when roads are as quiet as "
                "they may be, and not when they are as busy; no sum: most ride over several"
            ),
        },
        unique=["nis_code", "profile", "way"],
        description="With --uncertainty: the roads on which quiet shares depend, to be tagged.",
    ),
    "verdicts": pa.DataFrameSchema(
        {
            "nis_code": _NIS,
            "name": _NAME,
            "profile": _text_column("low_stress or quiet_1"),
            "covered_least": _count_column(
                "In time when untagged roads are as busy as the law allows"
            ),
            "covered": _count_column("In time, as the study has it"),
            "covered_most": _count_column("In time when they are as quiet as may be"),
            "uncovered": _count_column("Measured children not in time, as the study has it"),
            "ways": _count_column("Ways in to-check: 0 when the share stands"),
        },
        checks=pa.Check(
            lambda t: (t["covered_least"] <= t["covered"]) & (t["covered"] <= t["covered_most"]),
            error="covered must lie within its bounds",
        ),
        unique=["nis_code", "profile"],
        description="With --uncertainty: whether the quiet share of a municipality stands.",
    ),
    "isochrones": pa.DataFrameSchema(
        {
            "academy_id": _text_column("The academy; empty: the nearest of all"),
            "minutes_from": pa.Column(float, description="Minutes"),
            "minutes_to": pa.Column(float, description="Minutes, included"),
            "area_km2": pa.Column(float, pa.Check.ge(0), description="Ground of the band"),
            "children": _count_column("Children of the ages served, by their time at that speed"),
            "geometry": _geometry_column("MultiPolygon"),
        },
        unique=["academy_id", "minutes_to"],
        description="Isochrones for a rider of `output.isochrone_speed_kmh`; in isochrones.gpkg.",
    ),
    "candidate-municipalities": pa.DataFrameSchema(
        {
            "rank": _count_column("By `gaps.rank_by` of the study; equals by NIS code"),
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            "children": _count_column("Children of all bands"),
            "uncovered": _count_column(
                "Measured children not in time, all roads, central scenario"
            ),
            "unmeasured": _count_column("Children of whom nothing is measured; in no other column"),
            "share": _SHARE,
            "academies": _count_column("Academies that count on the study's date"),
            "has_academy": pa.Column(bool, description="At least one"),
            "reason": _text_column("Reason of most of its uncovered children; see gaps"),
            "place_id": _text_column(
                "The candidate place there that adds most; empty: there is none"
            ),
            "place": _text_column("Its name"),
            "adds": _count_column("Children whom one academy there would bring in time"),
            "adds_here": _count_column("Of them those of the municipality"),
            "adds_beyond": _count_column("Of them those of other municipalities"),
            "x_m": _optional_column(float, "Place, Lambert 72"),
            "y_m": _optional_column(float, "Place, Lambert 72"),
        },
        unique=["nis_code"],
        description="Municipalities with children not in time: what one academy would add there.",
    ),
    "plan": pa.DataFrameSchema(
        {
            "rank": _count_column("In order of what each adds to those before it"),
            "academy_id": _text_column(
                "The candidate's own id; PLAN- and the zone for a zone's middle"
            ),
            "name": _NAME,
            "nis_code": _NIS,
            "municipality": _text_column("Its name"),
            "province": _PROVINCE,
            "newly": _count_column("Children whom it brings in time, beside those before it"),
            r"^newly_\d+-\d+$": pa.Column(
                "int64", pa.Check.ge(0), regex=True, description="Of them those of a band"
            ),
            "cost_eur": pa.Column(
                float, pa.Check.ge(0), description="Its own cost, or that of the subsidy rules"
            ),
            "total_cost_eur": pa.Column(float, description="With those before it, without caps"),
            "covered": _count_column("Children in time with it and those before it"),
            "share": _SHARE,
            "geometry": _geometry_column("Point"),
        },
        unique=["academy_id"],
        description="Of `stemgeo site`: the chosen places; plan.csv has x_lambert72, y_lambert72.",
    ),
    "plan-provinces": pa.DataFrameSchema(
        {
            "rank": _count_column("After so many places of the plan; 0: before the first"),
            "province": _PROVINCE,
            "covered": _count_column("Its children in time"),
            "measured": _count_column("Its measured children"),
            "share": _SHARE,
        },
        unique=["rank", "province"],
        description="Of `stemgeo site`: the share of each province as the plan grows.",
    ),
    "curve": pa.DataFrameSchema(
        {
            "places": _count_column("New places"),
            "covered": _count_column("Children in time with the best choice found"),
            "covered_bound": _count_column("No choice has more"),
            "share": _SHARE,
            "share_bound": _fraction_column("The same as a share"),
            "share_random": _fraction_column("Mean of `siting.random_plans` plans drawn by chance"),
            "share_random_least": _fraction_column("The least of them"),
            "share_random_most": _fraction_column("The most of them"),
        },
        unique=["places"],
        description="Of `stemgeo site`: the share in time against the number of new places.",
    ),
    "plan-comparison": pa.DataFrameSchema(
        {
            "choice": _text_column(
                "now; plan; random: as many places by chance, on average; each_municipality: the "
                "place that adds most in each municipality without an academy; best_as_many: as "
                "many as that, placed best"
            ),
            "places": _count_column("New places"),
            "covered": _count_column("Children in time"),
            "covered_bound": _optional_column(
                "Int64", "No choice of so many has more, where known"
            ),
            "covered_least": _optional_column("Int64", "The least of the plans drawn by chance"),
            "covered_most": _optional_column("Int64", "The most of them"),
            "share": _SHARE,
            "municipalities_with": _optional_column("Int64", "Municipalities with an academy then"),
            "cost_eur": _optional_column(float, "Of the new places, without caps"),
        },
        unique=["choice"],
        description="Of `stemgeo site`: the plan beside other choices.",
    ),
    "gaps": pa.DataFrameSchema(
        {
            "gap_id": _text_column("Rank by uncovered children"),
            "profile": _text_column(
                "all: not in time over any roads; low_stress: over all roads, not over quiet ones",
                checks=pa.Check.isin(["all", "low_stress"]),
            ),
            "name": _text_column("The municipalities with most of its children, three at most"),
            "municipalities": _count_column("Municipalities in which its children live"),
            "provinces": _text_column("Their provinces, that with most of its children first"),
            "uncovered": _count_column("Measured children not in time"),
            r"^uncovered_\d+-\d+$": pa.Column(
                "int64", pa.Check.ge(0), regex=True, description="Of them in the age band"
            ),
            "nearest_academy_id": _text_column(
                "Nearest by travel time to more of them than any other; empty: more of them reach "
                "none within the horizon than this one"
            ),
            "median_time_s": _distance_column(
                "Half of them need no longer to the nearest, over the roads of the profile, "
                "seconds; inf (empty in CSV): half reach none within the horizon"
            ),
            "extra_min": _distance_column("Minutes of that beyond the cutoff"),
            "reason": _text_column(
                "That of most of them; of as many the first in the order of method.md"
            ),
            **{
                f"children_{name}": _count_column(f"Children whose reason is: {one.holds_when}")
                for name, one in REASONS.items()
            },
            **{name: _evidence_column(*column) for name, column in COLUMNS.items()},
            "geometry": _geometry_column("Outline, in gaps.gpkg"),
        },
        checks=[
            pa.Check(lambda t: _sum_columns(t, r"uncovered_\d") == t["uncovered"], error="bands"),
            pa.Check(lambda t: _sum_columns(t, "children_") == t["uncovered"], error="reasons"),
        ],
        unique=["gap_id"],
        description="Connected areas of children who are not in time, most children first, central "
        "scenario; outlines in gaps.gpkg, for looking at.",
    ),
    "gap-municipalities": pa.DataFrameSchema(
        {
            "gap_id": _text_column("The gap"),
            "nis_code": _NIS,
            "name": _NAME,
            "province": _PROVINCE,
            "uncovered": _count_column("Children of the gap who live here"),
            "share_of_gap": _fraction_column("Their part of the gap, 0 to 1"),
        },
        unique=["gap_id", "nis_code"],
        description="The municipalities of each gap, that with most of its children first.",
    ),
}


for _schema in SCHEMAS.values():
    # A column that nobody declared is in no dictionary, so no reader would know what it is.
    _schema.strict = True


def check_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Check a table against its schema and give it back.

    Raises
    ------
    InputError
        With one line for each column that does not fit, or that the schema does not have.
    """
    import pandera.errors

    try:
        SCHEMAS[name].validate(table, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        unknown = cases[cases["check"] == "column_in_schema"]["failure_case"].unique()
        cases = cases[cases["check"] != "column_in_schema"].drop_duplicates(["column", "check"])
        told = [f"'{row.column}' fails {row.check} at {row.failure_case!r:.60}"
                for row in cases.itertuples()]  # fmt: skip
        told += [f"has a column '{one}' that its schema does not have" for one in unknown]
        raise InputError(*(Problem(f"table {name}", what) for what in told)) from None
    return table


def order_columns(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give the columns that a schema has, in its order."""
    return table[[column for column in SCHEMAS[name].columns if column in table]]


def list_sides(name: str) -> dict[str, tuple[str, str, str]]:
    """Say of each column of coverage in a table which measure it is, at which speeds and roads."""
    columns = SCHEMAS[name].columns.items()
    return {column: one.metadata["side"] for column, one in columns if "side" in _facts_of(one)}


def list_kinds(name: str) -> dict[str, Kind]:
    """Say how the columns of a table are shown to people."""
    shown: dict[str, Kind] = {"int64": "whole", "float64": "decimal", "datetime64[s]": "date"}
    return {
        column: _facts_of(one).get("kind", shown.get(str(one.dtype).lower(), "text"))
        for column, one in SCHEMAS[name].columns.items()
    }


def _facts_of(column: pa.Column) -> dict[str, Any]:
    return column.metadata or {}


def data_dictionary() -> str:
    """Write the data dictionary, in Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Made from `stemgeo/tables.py` by `make docs`; do not edit by hand.",
        f"Coordinates are {LAMBERT_72}, metres. Empty means: not known or none. In a CSV a text",
        "that a spreadsheet would compute (it begins with `=`, `+`, `-` or `@`) stands behind an",
        "apostrophe; stemgeo takes that away when it reads the table again.",
    ]
    for name, schema in SCHEMAS.items():
        lines += ["", f"## {name}", "", schema.description or "", ""]
        lines += ["| column | type | what it is |", "|---|---|---|"]
        for column, spec in schema.columns.items():
            shown = (
                column.strip("^$()")
                .replace(r"\d+-\d+", "<ages>")
                .replace(r"\d\d", "<minutes>")
                .replace("|", "` or `")
            )
            kind = _KINDS.get(str(spec.dtype), str(spec.dtype))
            lines.append(f"| `{shown}` | {kind} | {spec.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
