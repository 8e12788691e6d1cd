"""The summary of a run: the province table and what one must know to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo import facts, speech
from stemgeo.coverage import ALL_BANDS
from stemgeo.inputs.plan import CLOSED, MOVED, NEW
from stemgeo.maps.series import find_partly_measured
from stemgeo.maps.text import (
    define_reasons,
    name_gap_places,
    province_name,
    say_gap_reason,
    say_reason,
)
from stemgeo.notes import Note, say_list
from stemgeo.profiles import QUIET
from stemgeo.reasons import REASONS
from stemgeo.recognition import Standing
from stemgeo.report.subsidy import say_subsidy
from stemgeo.speech import (
    DASH,
    SPACE,
    format_day,
    format_decimals,
    format_number,
    format_whole,
    join_with_and,
)
from stemgeo.study import BEST, DOOR_S, FLAT, SAYS_NOTHING
from stemgeo.tables import COARSE, STUDY, SURFACE, WITHIN, list_kinds, list_sides, share_column
from stemgeo.texts import load_texts
from stemgeo.uncertainty import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stemgeo.maps.text import MapText
    from stemgeo.report.outcome import Tables
    from stemgeo.study import Band, Study
    from stemgeo.texts import Texts


_PLACINGS = ("best", "addresses", "dwellings", "streets", "buildings", "grid", "centroid")
"""Ways to place children, in the order in which they are named."""
_ASSUMPTIONS = (
    *("speed", "door", "placing", "walking", "waiting", "dates", "recognition", "detour"),
    "surfaces",
)
"""Those that the share over all roads rests on, in the order in which they are named."""
PLACING_MATTERS = 0.01
"""From a point's difference on the share under other methods stands beside the headline."""


PARTLY = "*"
"""Beside a share that rests on fewer than half of the children."""


def format_share(share: float, language: str) -> str:
    """Write a share for Markdown and the terminal: 62,4 %; a dash when there is none."""
    return speech.format_percent(share, language, SPACE)


_SAID = {"whole": format_whole, "decimal": format_decimals, "share": format_share}


def format_coverage(
    table: pd.DataFrame,
    language: str,
    level: str = "province",
    *,
    band: str = "all",
    sex: str = "all",
) -> pd.DataFrame:
    """Turn a summary table into text columns with headings, for people.

    Parameters
    ----------
    table
        As from `Tables.summary`.
    language
        Of the words.
    level, band, sex
        Of the table; the headings say them.
    """
    words = load_texts(language)
    who = words(f"group.{sex.lower()}") + (f" {band}" if band != "all" else "")
    heads = list_short_heads(words) | {"name": name_level(level, words), "children": who}
    names = table["name"].where(table["code"] != "", words("summary.outside_layer"))
    columns: dict[str, list[str]] = {heads["name"]: [province_name(one, words) for one in names]}
    marks = np.where(find_partly_measured(table), PARTLY, "")
    of = list_sides("provinces")
    for name, kind in list_kinds("provinces").items():
        measure, speeds, _ = of.get(name, (name, "central", "all"))
        if kind == "text" or name not in table or speeds == "high":
            continue
        if speeds == "low":
            ends = zip(table[name], table[f"{measure}_high"], strict=True)
            columns[heads[f"{measure}_range"]] = [_format_range(*pair, language) for pair in ends]
        else:
            columns[heads[name]] = [_SAID[kind](value, language) for value in table[name]]
            if name == "share":
                marked = zip(columns[heads[name]], marks, strict=True)
                columns[heads[name]] = [f"{said}{mark}" for said, mark in marked]
    return pd.DataFrame(columns)


def name_level(level: str, words: Texts) -> str:
    """Give the head of a column of places; a layer is called as the study does."""
    return words.list_below("level").get(level, level)


def list_short_heads(words: Texts) -> dict[str, str]:
    """Give the heads of columns of coverage, short where a summary has little room."""
    quiet = {
        f"share_{name}": words("summary.on_roads", roads=one.roads.to_text(words.language))
        for name, one in QUIET.items()
    }
    return words.list_below("head") | quiet | words.list_below("summary.head")


def _list_quiet_roads(table: pd.DataFrame) -> list[str]:
    """Name the profiles of quiet roads of which a table has the share."""
    return [profile for profile in QUIET if f"share_{profile}" in table]


def say_quiet_roads(table: pd.DataFrame, language: str, stress_rules: str) -> list[str]:
    """Say which roads the shares over quiet roads of a table are of, and by which rules.

    Parameters
    ----------
    table
        A table with shares.
    language
        Of the words.
    stress_rules
        Of the study.
    """
    words = load_texts(language)
    said = [
        words("summary.quiet", roads=one.roads.to_text(language), kept=one.kept.to_text(language))
        for one in (QUIET[profile] for profile in _list_quiet_roads(table))
    ]
    rules = facts.read_stress_rules(stress_rules)[language]
    return [*said, words("summary.stress_rules", rules=rules)] if said else []


def say_how_sure(result: Tables) -> list[str]:
    """Say what the range leaves out, and where it was measured what that comes to."""
    language = result.study.language
    words, bars = load_texts(language), result.uncertainty
    region = bars[bars["level"] == "region"]
    over_all = _find_share_by_end(region[region["profile"] == "all"], "part")
    straight = "_straight" if result.study.straight_line else ""
    if TOGETHER not in over_all:
        on_foot = "_on_foot" if result.study.travel.on_foot and not straight else ""
        said = [words(f"summary.left_out{straight}{on_foot}")]
        if "door" in over_all:
            door = format_share(over_all["door"]["low"], language)
            said.insert(0, words("summary.door", seconds=f"{DOOR_S:g}", share=door))
        return said
    parts = [
        words(
            "summary.one_part",
            name=words(f"assumption.{part}"),
            **_format_ends(over_all[part], language),
        )
        for part in _ASSUMPTIONS
        if part in over_all
    ]
    together = words(f"summary.together{straight}", **_format_ends(over_all[TOGETHER], language))
    said = [words("summary.each", parts=words.join_series(parts)), together]
    of_map = _find_share_by_end(region[region["part"] == "map"], "profile")
    of_rules = _find_share_by_end(region[region["part"] == "rules"], "profile")
    for profile in (one for one in QUIET if one in of_map):
        said += _say_map_bounds(result, profile, of_map[profile], language)
        if profile in of_rules:
            said.append(words("summary.rules", **_format_ends(of_rules[profile], language)))
    return said


def _find_share_by_end(rows: pd.DataFrame, by: str) -> dict[str, dict[str, float]]:
    """Give the share of each part, or profile, at its low and its high end."""
    ends: dict[str, dict[str, float]] = {}
    for row in rows.to_dict("records"):
        ends.setdefault(row[by], {})[row["end"]] = row["share"]
    return ends


def _format_ends(ends: dict[str, float], language: str) -> dict[str, str]:
    return {end: format_share(ends[end], language) for end in ("low", "high")}


def _say_map_bounds(
    result: Tables, profile: str, ends: dict[str, float], language: str
) -> list[str]:
    """Say within which bounds a quiet share lies, and how many municipalities are settled."""
    words, verdicts = load_texts(language), result.verdicts
    if verdicts is None or result.to_check is None:
        return []
    measured = verdicts["covered"] + verdicts["uncovered"] > 0
    of_profile = verdicts[(verdicts["profile"] == profile) & measured]
    certain = int((of_profile["covered_least"] == of_profile["covered_most"]).sum())
    ways = result.to_check.loc[result.to_check["profile"] == profile, "way"].nunique()
    line = words(
        "summary.map",
        roads=QUIET[profile].roads.to_text(language),
        certain=words.say_count("map.count.municipality", certain),
        other=words.say_count("map.count.municipality", len(of_profile) - certain),
        ways=words.say_count("summary.ways", ways),
        **_format_ends(ends, language),
    )
    nothing = ends["high"] - ends["low"] > SAYS_NOTHING
    return [line, words("summary.says_nothing")] if nothing else [line]


def _format_range(low: float, high: float, language: str) -> str:
    if np.isnan(low):
        return DASH
    ends = {"low": format_share(low, language), "high": format_share(high, language)}
    return load_texts(language)("summary.span", **ends)


def write_summary_markdown(result: Tables, text: MapText) -> str:
    """Write the summary of a run in Markdown."""
    study, table = result.study, result.summary()
    language = study.language
    words = load_texts(language)
    shown = format_coverage(table, language)
    lines = begin_markdown(text.title, text.notice, text.method_note)
    lines += [
        say_lead(result),
        *_say_planned(result, language),
        *_say_beside_headline(result, language),
        "",
    ]
    lines += write_markdown_table(shown, left=1)
    lines += ["", *([words("summary.partly"), ""] if find_partly_measured(table).any() else [])]
    lines += [
        words("summary.share"),
        words("summary.range"),
        *say_how_sure(result),
        say_speeds(study),
    ]
    lines += say_quiet_roads(table, language, study.travel.stress_rules)
    lines += _say_by_group(result, language)
    lines += say_times(result.times, study)
    lines += _say_effect_of_surfaces(result, language)
    lines += _say_both_ways(result, language)
    lines += _say_by_attribute(result, language)
    lines += _say_by_method(result, language)
    rules = study.gaps
    lines += ["", *say_gaps(result.gaps, result.coverage, rules.min_children, language)]
    lines += [text.outline_note] if study.method == "grid" and len(result.gaps) else []
    lines += _list_largest_gaps(result.gaps, study)
    lines += ["", say_candidates(result.candidates, study)]
    costs = say_subsidy(result)
    lines += ["", " ".join(costs)] if costs else []
    lines += ["", text.date, ""]
    return "\n".join([*lines, *end_markdown(text.source, result.notes, words)])


def begin_markdown(title: str, *cautions: str) -> list[str]:
    """Write the title of a summary, and what must be read before it."""
    said = [f"**{escape_markdown(line)}**\n" for line in cautions if line]
    return [f"# {escape_markdown(title)}", "", *said]


def end_markdown(
    source: str, notes: tuple[Note, ...], words: Texts, heading: str = "summary.notes"
) -> list[str]:
    """Write what stands below a summary: its sources, and what the reader must know.

    Parameters
    ----------
    source, notes
        What is told.
    words
        Of its language.
    heading
        Of the notes, by its key.
    """
    lines = [f"## {words('summary.sources')}", "", escape_markdown(source), ""]
    listed = [f"- {escape_markdown(note.to_text(words.language))}" for note in notes]
    return [*lines, *([f"## {words(heading)}", "", *listed, ""] if notes else [])]


def say_lead(result: Tables) -> str:
    """Answer the question in a sentence, for the whole region."""
    study, region = result.study, result.summary("region").iloc[0]
    language = study.language
    words, unmeasured = load_texts(language), int(region["unmeasured"])
    return words(
        "summary.lead",
        measured=format_whole(region["covered"] + region["uncovered"], language),
        ages=say_ages(study),
        share=format_share(region["share"], language),
        low=format_share(region["share_low"], language),
        high=format_share(region["share_high"], language),
        minutes=format_number(study.travel.cutoff_min, language),
        recognised=Standing.from_academies(result.academies, language).say_one(
            format_day(study.about.date, language),
            or_planned=bool(result.academies["planned"].any()),
        ),
        unmeasured=words.say_count("summary.unmeasured", unmeasured) if unmeasured else "",
        towns=_say_towns(int(region["with_academy"]), int(region["municipalities"]), language),
    )


def _say_towns(having: int, towns: int, language: str) -> str:
    """Say how many municipalities have one, of a single one whether it has."""
    words = load_texts(language)
    if towns == 1:
        return words("summary.town_with" if having else "summary.town_without")
    return words.say_count(
        "summary.towns_with", having, municipalities=format_whole(towns, language)
    )


def _say_planned(result: Tables, language: str) -> list[str]:
    """Say how many planned places are counted along, where there is nothing else, what goes."""
    changes, words = result.plan_changes, load_texts(language)
    moved = () if changes is None else changes.loc[changes["change"] == MOVED, "academy_id"]
    planned = result.academies[result.academies["planned"]]
    count, lines = int((~planned["academy_id"].isin(moved)).sum()), []
    if count:
        towns = result.municipalities
        only = int(((towns["planned"] > 0) & (towns["planned"] == towns["academies"])).sum())
        bare = words.say_count("summary.only_planned", only) if only else ""
        told = words.say_count("summary.planned_places", count)
        lines.append(words("summary.planned", count=told, only=bare))
    if changes is not None and changes["change"].isin([MOVED, CLOSED]).any():
        lines.append(escape_markdown(say_changes(changes, words)))
    return lines


def say_changes(changes: pd.DataFrame, words: Texts) -> str:
    """Say in a sentence what a plan opens, moves and closes.

    Parameters
    ----------
    changes
        With `change` and `name`, a row each.
    words
        Of the language.
    """
    done = []
    for kind in (NEW, MOVED, CLOSED):
        names = changes["name"][changes["change"] == kind].tolist()
        if names:
            told = say_list(names).to_text(words.language)
            done.append(words.say_count(f"summary.does.{kind}", len(names), names=told))
    return words("summary.plan_does", does=join_with_and(done, words.language)) if done else ""


def say_ages(study: Study, *only: Band) -> str:
    """Say the ages of bands, of all when none is given; those that follow on each other in one."""
    language = study.language
    spans: list[tuple[int, int]] = []
    for first, last in sorted(band.ages for band in only or study.travel.bands):
        if spans and spans[-1][1] + 1 == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    told = [load_texts(language)("summary.ages", first=first, last=last) for first, last in spans]
    return join_with_and(told, language)


def name_bands(study: Study, words: Texts) -> dict[str, str]:
    """Name the ages of all bands and of each, as people say them, by key."""
    bands = {ALL_BANDS: (), **{one.name: (one,) for one in study.travel.bands}}
    return {
        key: words("web.switch.ages", ages=say_ages(study, *only)) for key, only in bands.items()
    }


def say_speeds(study: Study) -> str:
    """State the assumed speeds, band by band."""
    language, travel = study.language, study.travel
    bands = [
        load_texts(language)(
            "summary.speed",
            ages=band.name,
            **{
                scenario: format_number(travel.speed_of(band, scenario), language)
                for scenario in ("low", "central", "high")
            },
        )
        for band in travel.bands
    ]
    return load_texts(language)("summary.speeds", speeds=", ".join(bands))


def _say_by_group(result: Tables, language: str) -> list[str]:
    """Say the share of each band, and of girls and boys, in all of Flanders."""
    words, rows = load_texts(language), result.groups
    rows = rows[
        (rows["level"] == "region") & (rows["scenario"] == "central") & (rows["profile"] == "all")
    ]
    by_band = rows[rows["sex"] == "all"].set_index("band")["share"]
    bands = [
        words("summary.band", ages=band.name, share=format_share(by_band[band.name], language))
        for band in result.study.travel.bands
    ]
    lines = [words("summary.bands", bands=", ".join(bands))]
    by_sex = rows[rows["band"] == "all"].set_index("sex")["share"]
    if "F" in by_sex:
        girls, boys = (format_share(by_sex[sex], language) for sex in ("F", "M"))
        lines.append(words("summary.sexes", girls=girls, boys=boys))
    return lines


def say_times(times: pd.DataFrame, study: Study) -> list[str]:
    """Say how many minutes it is, how many academies are near, and by the fixed convention.

    Of the region, over all roads; nothing where no child is measured.
    """
    language, travel = study.language, study.travel
    rows = times[(times["level"] == "region") & (times["band"] == "all")]
    rows = rows[rows["profile"] == "all"]
    own = rows[rows["convention"] == STUDY].iloc[0]
    words, measured = load_texts(language), int(own["measured"])
    if not measured:
        return []
    half, most = float(own["nearest_median_min"]), float(own["nearest_p90_min"])
    told = ["summary.not_half"] if np.isnan(half) else ["summary.half"]
    if not np.isnan(half):
        told.append("summary.not_most" if np.isnan(most) else "summary.most")
    numbers = {
        "horizon": format_number(travel.horizon_min, language),
        "minutes": format_number(travel.cutoff_min, language),
        "median": format_decimals(half, language),
        "p90": format_decimals(most, language),
    }
    for name, column in zip(("one", "two", "three"), WITHIN[1:], strict=True):
        numbers[name] = format_share(int(own[column]) / measured, language)
    line = "".join(words(key, **numbers) for key in (*told, "summary.within"))
    if travel.on_foot:  # the convention is of bicycles
        return [line]
    flat = rows.loc[rows["convention"] == FLAT.name, share_column(round(FLAT.cutoff_min))].iloc[0]
    of_flat = {
        "km": format_number(FLAT.speed_kmh * FLAT.cutoff_min / 60, language),
        "kmh": format_number(FLAT.speed_kmh, language),
        "share": format_share(float(flat), language),
    }
    return [line, words("summary.flat", **of_flat)]


def say_placing(method: str, placement: pd.DataFrame, language: str) -> str:
    """Say how a method places the children; of "best" what it came to.

    Parameters
    ----------
    method
        Of the study, or another.
    placement
        The table of the study's own method.
    language
        "nl", "en" or "fr".
    """
    words = load_texts(language)
    used = set(placement["method"][placement["children"] > 0])
    parts = [words(f"placed_by.{name}") for name in _PLACINGS if name in used]
    several = method == BEST and parts
    return words("summary.or_else").join(parts) if several else words(f"placed_by.{method}")


def _say_otherwise(result: Tables, language: str) -> tuple[str, str, bool]:
    """Say how the children are placed, the share when placed otherwise, and whether it matters."""
    rows = result.sensitivity[result.sensitivity["level"] == "region"]
    words = load_texts(language)
    named = words.list_below("placed_by")
    own = say_placing(rows["method"].iloc[0], result.placement, language)
    others = [
        words(
            "summary.placed",
            share=format_share(row["share"], language),
            name=named[row["method"]],
            measured=format_whole(row["covered"] + row["uncovered"], language),
        )
        for row in rows.iloc[1:].to_dict("records")
        # The study's own may come to another that is asked for.
        if (named[row["method"]], row["covered"]) != (own, rows["covered"].iloc[0])
    ]
    apart = (rows["share"] - rows["share"].iloc[0]).abs().max() > PLACING_MATTERS
    return own, ", ".join(others), bool(apart)


def _say_beside_headline(result: Tables, language: str) -> list[str]:
    """Say how the children are placed, and the share placed otherwise, where it is far off."""
    own, others, apart = _say_otherwise(result, language)
    line = load_texts(language)("summary.placed_beside", own=own, others=others)
    return [line] if apart else []


def _say_by_method(result: Tables, language: str) -> list[str]:
    """Say that places are an estimate, and the share when the other methods place the children."""
    own, others, apart = _say_otherwise(result, language)
    words = load_texts(language)
    told = words("summary.otherwise", others=others) if others and not apart else ""
    return [words("summary.placing", own=own) + told]


def _say_by_attribute(result: Tables, language: str) -> list[str]:
    """Say for each attribute of the study how the lowest and the highest fifth fare."""
    if result.quintiles is None or result.concentration is None:
        return []
    rows = result.quintiles[result.quintiles["profile"] == "all"]
    shares = rows.set_index(["attribute", "quintile"])["share"].to_dict()
    rows = result.concentration
    rows = rows[(rows["profile"] == "all") & (rows["scenario"] == "central")]
    indices = rows.set_index("attribute")["concentration_index"].to_dict()
    words = load_texts(language)
    return [
        words(
            "summary.fifths",
            title=escape_markdown(attribute.title or key),
            lowest=format_share(shares[key, 1], language),
            highest=format_share(shares[key, 5], language),
            index=format_decimals(indices[key], language, 2),
        )
        for key, attribute in result.study.inputs.attributes.items()
    ]


def _say_effect_of_surfaces(result: Tables, language: str) -> list[str]:
    """Say in a sentence what counting surfaces changes for all of Flanders."""
    effects = result.effects[result.effects["variant"].str.startswith(SURFACE)]
    if effects.empty:
        return []
    now, other = (int(effects[name].sum()) for name in ("covered", "covered_variant"))
    key = "summary.surfaces" if result.study.travel.surface else "summary.no_surfaces"
    return [
        load_texts(language)(
            key, now=format_whole(now, language), other=format_whole(other, language)
        )
    ]


def find_both_ways(result: Tables) -> list[dict[str, Any]]:
    """Give the share with and without the academies that are placed roughly: of all, by province.

    Returns
    -------
    list of dict
        `name`, `counted` and `without`, of all first; nothing where none is placed so.
    """
    effects = result.effects[result.effects["variant"].str.startswith(COARSE)]
    towns = result.municipalities.set_index("nis_code")
    at = towns.reindex(effects["code"])
    rows = pd.DataFrame(
        {
            "measured": (at["covered"] + at["uncovered"]).to_numpy(),
            "province": at["province"].to_numpy(),
            **{name: effects[name].to_numpy() for name in ("covered", "covered_variant")},
        }
    )
    if not rows["measured"].sum():
        return []
    order = ["covered", "covered_variant"]
    order = order if result.study.academies.coarse == "count" else order[::-1]

    def both(name: str, part: pd.DataFrame) -> dict[str, Any]:
        counted, without = (part[one].sum() / part["measured"].sum() for one in order)
        return {"name": name, "counted": counted, "without": without}

    provinces = rows[rows["measured"] > 0].groupby("province", sort=False)
    return [both("", rows), *(both(str(name), part) for name, part in provinces)]


def _say_both_ways(result: Tables, language: str) -> list[str]:
    """Say the share with and without the academies that are placed roughly, by province too."""
    words, found = load_texts(language), find_both_ways(result)
    if not found:
        return []
    whole, *provinces = (
        {one: format_share(row[one], language) for one in ("counted", "without")}
        | {"place": province_name(row["name"], words, result.partly_provinces)}
        for row in found
    )
    metres = format_number(result.study.academies.coarse_over_m, language)
    told = "; ".join(words("summary.coarse_in", **one) for one in provinces)
    return [
        words("summary.coarse", metres=metres, **whole),
        words("summary.coarse_by_province", provinces=told),
    ]


def write_markdown_table(shown: pd.DataFrame, *, left: int) -> list[str]:
    """Lay a table of text out in Markdown; its first `left` columns are not numbers."""
    marks = [":--"] * left + ["--:"] * (len(shown.columns) - left)
    return [
        _write_row(shown.columns),
        _write_row(marks),
        *map(_write_row, shown.itertuples(index=False)),
    ]


def _write_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(escape_markdown(cell) for cell in cells) + " |"


def escape_markdown(text: str) -> str:
    """Keep text from a file from becoming markup."""
    for mark in "\\`*[]<>|_~$&":
        text = text.replace(mark, f"\\{mark}")
    return text


CANDIDATES_NAMED = 5
"""Candidate municipalities that the summary names; the table has all."""
GAPS_NAMED = 10
"""Gaps that the summary lists; the table has all."""


def format_gaps(table: pd.DataFrame, language: str, profile: str = "all") -> pd.DataFrame:
    """Turn the gaps of one profile into text columns with headings, for people.

    Parameters
    ----------
    table
        Rows of the gaps table, all of that profile.
    language
        "nl", "en" or "fr".
    profile
        "all" or "low_stress"; the heading above the number of children says it.

    Returns
    -------
    DataFrame
        A row for each gap: municipalities, id, children, median time, reason.
    """
    said = load_texts(language)
    heads = said.list_below("gap.head")
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    minutes = [
        f"{format_decimals(row['median_time_s'] / 60, language)} min"
        if np.isfinite(row["median_time_s"])
        else DASH
        for row in rows
    ]
    columns = {
        heads["places"]: [name_gap_places(row, said) for row in rows],
        heads["gap"]: [row["gap_id"] for row in rows],
        heads[profile]: [format_whole(row["uncovered"], language) for row in rows],
        heads["median"]: minutes,
        heads["why"]: [say_gap_reason(row, said) for row in rows],
    }
    return pd.DataFrame(columns)


def _list_largest_gaps(gaps: pd.DataFrame, study: Study) -> list[str]:
    """List the largest gaps of all roads, in Markdown; nothing when there are none."""
    language = study.language
    largest = gaps[gaps["profile"] == "all"].head(GAPS_NAMED)
    if largest.empty:
        return []
    shown = format_gaps(pd.DataFrame(largest.drop(columns="geometry")), language)
    words = load_texts(language)
    roads = "" if study.straight_line else words("summary.over_all_roads")
    return [
        "",
        words("summary.largest_gaps", roads=roads),
        "",
        *write_markdown_table(shown, left=2),
        "",
        *say_meanings(gaps[gaps["profile"] == "all"], study),
    ]


def say_meanings(gaps: pd.DataFrame, study: Study) -> list[str]:
    """Say once what each reason of these gaps means; nothing where there are no gaps."""
    words = load_texts(study.language)
    shown = [name for name in REASONS if gaps[f"children_{name}"].any()]
    told = words.join_series(
        words("list.pair", what=say_reason(name, words), told=meaning)
        for name, meaning in define_reasons(shown, study, words).items()
    )
    return [words("summary.reasons", told=told)] if told else []


def format_candidates(
    table: pd.DataFrame, language: str, partly: Collection[str] = ()
) -> pd.DataFrame:
    """Turn the candidate municipalities into text columns with headings, for people.

    Parameters
    ----------
    table
        The table `candidate-municipalities`.
    language
        "nl", "en" or "fr".
    partly
        The provinces of which the study has but a part.
    """
    said = load_texts(language)
    columns = {
        "municipality": table["name"],
        "province": [province_name(one, said, partly) for one in table["province"]],
        "uncovered": [format_whole(value, language) for value in table["uncovered"]],
        "share": [format_share(value, language) for value in table["share"]],
        "academy": [say_yes_or_no(value, said) for value in table["has_academy"]],
        "why": [say_reason(value, said) for value in table["reason"]],
        "place": table["place"].fillna(""),
        "adds": [format_whole(value, language) for value in table["adds"]],
        "here": [format_whole(value, language) for value in table["adds_here"]],
    }
    return pd.DataFrame(columns).rename(columns=said.list_below("candidate.head"))


def say_yes_or_no(so: bool, words: Texts) -> str:  # noqa: FBT001 -- it is what is said
    """Say yes or no."""
    return words("word.yes") if so else words("word.no")


def say_candidates(table: pd.DataFrame, study: Study) -> str:
    """Say which municipalities come first, by which rule, and what an academy would add there."""
    language = study.language
    words = load_texts(language)
    told = ", ".join(
        words.say_count(
            "summary.candidate",
            int(row["adds"]),
            name=escape_markdown(str(row["name"])),
            here=format_whole(row["adds_here"], language),
        )
        for row in table.head(CANDIDATES_NAMED).to_dict("records")
    )
    rule = words(f"summary.rank_{study.gaps.rank_by}")
    return words("summary.candidates", rule=rule, told=told) if len(table) else ""


def say_gaps(
    gaps: pd.DataFrame, coverage: pd.DataFrame, min_children: int, language: str
) -> list[str]:
    """Say how many children the gaps hold, why they are out of reach, and who is in none.

    Parameters
    ----------
    gaps, coverage
        The tables; every uncovered child is told of.
    min_children
        That make a gap.
    language
        "nl", "en" or "fr".

    Returns
    -------
    list of str
        A sentence on the children whom no road brings within reach; their reasons, which add up to
        those of them in gaps; and, of a study of quiet roads, one on those whom only busy roads
        bring within reach.
    """
    words = load_texts(language)
    rows = coverage[(coverage["level"] == "region") & (coverage["scenario"] == "central")]
    due = rows[rows["band"] == "all"].set_index("profile")[["uncovered", "unmeasured"]].to_dict()
    late, unmeasured = int(due["uncovered"]["all"]), int(due["unmeasured"]["all"])
    mine = gaps[gaps["profile"] == "all"]
    beside = words.say_count("summary.beside", unmeasured) if unmeasured else ""
    lines = [
        words(
            "summary.gaps_all",
            min=format_whole(min_children, language),
            beside=beside,
            count=words.say_count("map.count.gap", len(mine)),
            **_count_in_gaps(mine, late, language)
            | {"children": words.say_count("map.count.child", int(mine["uncovered"].sum()))},
        ),
        *_say_reasons(mine, language),
    ]
    if "low_stress" in due["uncovered"]:
        mine = gaps[gaps["profile"] == "low_stress"]
        every = int(due["uncovered"]["low_stress"]) - late
        told = _count_in_gaps(mine, every, language)
        lines.append(words.say_count("summary.gaps_low_stress", len(mine), **told))
    return lines


def _count_in_gaps(gaps: pd.DataFrame, every: int, language: str) -> dict[str, str]:
    """Count the children in gaps and, of so many, those in none."""
    inside = int(gaps["uncovered"].sum())
    counts = {"children": inside, "below": every - inside}
    return {name: format_whole(count, language) for name, count in counts.items()}


def _say_reasons(gaps: pd.DataFrame, language: str) -> list[str]:
    """Add up the reasons of the children in gaps; nothing when there are none."""
    said = load_texts(language)
    sums = {name: int(gaps[f"children_{name}"].sum()) for name in REASONS}
    told = [
        f"{say_reason(name, said)} {format_whole(count, language)}"
        for name, count in sums.items()
        if count
    ]
    children = format_whole(gaps["uncovered"].sum(), language)
    why = load_texts(language)("summary.why", children=children, reasons=", ".join(told))
    return [why] if told else []
