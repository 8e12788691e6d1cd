"""The words and numbers on maps, in Dutch and English."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stemgeo import speech
from stemgeo.speech import Language, decimal, long_day, number, percent_sign, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray


_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class MapText:
    """What a map says beside its figures.

    Attributes
    ----------
    title
        Of the map.
    notice
        Printed visibly on the map; may be empty.
    source
        One line with the attribution of all sources.
    date
        Of the data, as it should be read.
    language
        "nl" or "en".
    method_note
        Empty, or a caution on the method ("benadering in vogelvlucht").
    measure
        Heading of the legend; empty for the words of the language.
    region
        Name of the ground of all municipalities; empty for Flanders.
    gap_caution
        What the outlines of gaps are drawn around; empty for the words of the language.
    """

    title: str
    notice: str
    source: str
    date: str
    language: Language = "nl"
    method_note: str = ""
    measure: str = ""
    region: str = ""
    gap_caution: str = ""

    @property
    def drawn(self) -> str:
        """What the outlines of gaps are drawn around, and that nothing is counted from them."""
        return self.gap_caution or self.words.gap_caution

    @property
    def words(self) -> Words:
        """The fixed words of its language."""
        return WORDS[self.language]

    def place(self, province: str | None) -> str:
        """Name the ground that a map shows; None is all municipalities of the study."""
        words = self.words
        if province is None:
            return self.region or words.region
        return words.of_province.format(name=province)

    @property
    def heading(self) -> str:
        """The heading of the legend."""
        return self.measure or self.words.measure

    @property
    def cautions(self) -> list[str]:
        """The lines that must be read before the map."""
        method = f"{self.words.method}: {self.method_note}" if self.method_note else ""
        return [line for line in (self.notice, method) if line]

    @property
    def credits(self) -> list[str]:
        """The lines on source and date."""
        words = self.words
        return [f"{words.source}: {self.source}", f"{words.date}: {self.date}"]


@dataclass(frozen=True)
class Words:
    """The fixed words of one language."""

    language: Language
    measure: str
    share: str
    to: str
    one_municipality: str
    many_municipalities: str
    class_rule: str
    no_figure: str
    partly_measured: str
    outside: str
    academy: str
    academies: str
    one_academy: str
    planned: str
    with_academy: str
    province_border: str
    method: str
    source: str
    date: str
    region: str
    of_province: str
    municipality: str
    province: str
    children: str
    covered: str
    uncovered: str
    unmeasured: str
    minutes: str
    shares: str
    isochrones: str
    isochrone_caution: str
    gaps: str
    quiet_gaps: str
    quiet_uncovered: str
    of_children: str
    gap_caution: str
    gap_places: str
    more_places: str
    median_time: str
    beyond: str
    reason: str
    reasons: dict[str, str]
    shown_by: dict[str, str]
    barriers: dict[str, str]
    search: str
    not_found: str
    layers: str
    zoom_in: str
    zoom_out: str
    table: str
    keyboard: str
    legend: str
    map: str
    alt_highest: str
    alt_lowest: str
    alt_none: str
    has_academy: str
    with_one: str
    without_one: str
    minutes_by_place: str
    or_more: str
    zone_shares: str
    zone: str
    zones: str
    names: str
    brussels: str
    organisation: str
    walk: str
    to_map: str
    to_table: str
    print_page: str


_DUTCH = Words(
    language="nl",
    measure="Aandeel van de kinderen dat op tijd een STEM-academie bereikt",
    share="Aandeel op tijd",
    to="tot",
    one_municipality="gemeente",
    many_municipalities="gemeenten",
    class_rule=f"Ondergrens inbegrepen; 100{_NO_BREAK_SPACE}% hoort bij de hoogste klasse.",
    no_figure="geen cijfer",
    partly_measured="meer dan de helft niet gemeten",
    outside="buiten de provincie",
    academy="STEM-academie",
    academies="STEM-academies",
    one_academy="een academie",
    planned="gepland",
    with_academy="Gemeenten met een STEM-academie: {count} van de {total}",
    province_border="provinciegrens",
    method="Methode",
    source="Bron",
    date="Datum van de gegevens",
    region="Vlaanderen",
    of_province="Provincie {name}",
    municipality="Gemeente",
    province="Provincie",
    children="Kinderen",
    covered="Op tijd",
    uncovered="Niet op tijd",
    unmeasured="Niet gemeten",
    minutes="minuten",
    shares="Aandeel kinderen op tijd, per gemeente",
    isochrones="Fietstijd tot de dichtstbijzijnde STEM-academie",
    isochrone_caution="Vereenvoudigd, om naar te kijken: hieruit is niet geteld. De vlakken zijn "
    "eerder te ruim dan te krap: wie er woont, is niet altijd op tijd.",
    gaps="Hiaten: kinderen niet op tijd",
    quiet_gaps="Hiaten: kinderen alleen over drukke wegen op tijd",
    quiet_uncovered="Alleen over drukke wegen op tijd",
    of_children="{count} van de {total} kinderen",
    gap_caution="Getekend rond de straten waar deze kinderen wonen; hieruit is niet geteld.",
    gap_places="Gemeenten",
    more_places="{names} en {count} andere",
    median_time="Mediane fietstijd",
    beyond="geen academie binnen bereik",
    reason="Reden",
    reasons={
        "no_academy_near": "geen academie in de buurt",
        "barrier": "omweg rond een barrière",
        "stress": "alleen over drukke wegen",
        "age": "academie voor andere leeftijden",
        "just_too_far": "enkele minuten te ver",
        "lapsed": "erkenning verlopen",
        "too_far": "verder weg",
    },
    shown_by={
        "no_academy_near": "de dichtstbijzijnde op {straight_km} km in vogelvlucht",
        "detour": "{detour_factor} keer zo lang als in vogelvlucht",
        "stretch": "het vaakst over {stretch_m} m {stretch}",
        "unnamed": "een weg zonder naam",
        "age": "{age_academy}, voor {first} tot en met {last} jaar",
        "just_too_far": "{extra_min} minuten te lang",
        "lapsed": "{lapsed_academy}, erkend tot en met {lapsed_on}",
        "lapsed_by_rule": "{lapsed_academy}, waarvan de erkenning naar haar duur liep tot en met "
        "{lapsed_on}",
    },
    barriers={
        "motorway": "autosnelweg",
        "trunk": "autoweg",
        "railway": "spoorweg",
        "waterway": "kanaal of rivier",
        "water": "water",
    },
    search="Zoek een gemeente",
    not_found="Niet gevonden",
    layers="Lagen",
    zoom_in="Inzoomen",
    zoom_out="Uitzoomen",
    table="Cijfers per gemeente",
    keyboard="Met het toetsenbord: pijltjes verschuiven de kaart, + en - zoomen.",
    legend="Legende",
    map="Kaart",
    alt_highest="Hoogst: ",
    alt_lowest="Laagst: ",
    alt_none="Zonder cijfer: {count}.",
    has_academy="Gemeenten met en zonder STEM-academie",
    with_one="met STEM-academie",
    without_one="zonder STEM-academie",
    minutes_by_place="Mediane fietstijd, per gemeente",
    or_more="{minutes} minuten of meer",
    zone_shares="Aandeel kinderen op tijd, per zone",
    zone="zone",
    zones="zones",
    names="Namen van gemeenten",
    brussels="Brussel",
    organisation="Organisatie",
    walk="De Tab-toets brengt u bij de gemeenten; met de pijltjes gaat u van de ene naar de andere "
    "en leest u de cijfers, Escape sluit ze.",
    to_map="Naar de kaart",
    to_table="Naar de tabel",
    print_page="Afdrukken",
)

_ENGLISH = Words(
    language="en",
    measure="Share of the children who reach a STEM academy in time",
    share="Share in time",
    to="to",
    one_municipality="municipality",
    many_municipalities="municipalities",
    class_rule="Lower bounds included; 100% belongs to the highest class.",
    no_figure="no figure",
    partly_measured="more than half not measured",
    outside="outside the province",
    academy="STEM academy",
    academies="STEM academies",
    one_academy="an academy",
    planned="planned",
    with_academy="Municipalities with a STEM academy: {count} of {total}",
    province_border="provincial border",
    method="Method",
    source="Source",
    date="Date of the data",
    region="Flanders",
    of_province="Province of {name}",
    municipality="Municipality",
    province="Province",
    children="Children",
    covered="In time",
    uncovered="Not in time",
    unmeasured="Not measured",
    minutes="minutes",
    shares="Share of children in time, by municipality",
    isochrones="Cycling time to the nearest STEM academy",
    isochrone_caution="Simplified, for looking at: nothing is counted from these areas. They lean "
    "outward: not all who live in them are in time.",
    gaps="Gaps: children not in time",
    quiet_gaps="Gaps: children in time only over busy roads",
    quiet_uncovered="In time only over busy roads",
    of_children="{count} of {total} children",
    gap_caution="Drawn around the streets where these children live; nothing is counted from it.",
    gap_places="Municipalities",
    more_places="{names} and {count} more",
    median_time="Median cycling time",
    beyond="no academy within range",
    reason="Reason",
    reasons={
        "no_academy_near": "no academy nearby",
        "barrier": "detour around a barrier",
        "stress": "over busy roads only",
        "age": "academy for other ages",
        "just_too_far": "a few minutes too far",
        "lapsed": "recognition ended",
        "too_far": "farther away",
    },
    shown_by={
        "no_academy_near": "the nearest at {straight_km} km in a straight line",
        "detour": "{detour_factor} times as long as in a straight line",
        "stretch": "most often over {stretch_m} m of {stretch}",
        "unnamed": "a road without a name",
        "age": "{age_academy}, for {first} to {last} years",
        "just_too_far": "{extra_min} minutes too long",
        "lapsed": "{lapsed_academy}, recognised until {lapsed_on}",
        "lapsed_by_rule": "{lapsed_academy}, recognised, by how long that lasts, until {lapsed_on}",
    },
    barriers={
        "motorway": "motorway",
        "trunk": "trunk road",
        "railway": "railway",
        "waterway": "canal or river",
        "water": "water",
    },
    search="Find a municipality",
    not_found="Not found",
    layers="Layers",
    zoom_in="Zoom in",
    zoom_out="Zoom out",
    table="Figures by municipality",
    keyboard="By keyboard: arrows move the map, + and - zoom.",
    legend="Legend",
    map="Map",
    alt_highest="Highest: ",
    alt_lowest="Lowest: ",
    alt_none="Without a figure: {count}.",
    has_academy="Municipalities with and without a STEM academy",
    with_one="with a STEM academy",
    without_one="without a STEM academy",
    minutes_by_place="Median cycling time, by municipality",
    or_more="{minutes} minutes or more",
    zone_shares="Share of children in time, by zone",
    zone="zone",
    zones="zones",
    names="Names of municipalities",
    brussels="Brussels",
    organisation="Organisation",
    walk="Tab brings you to the municipalities; the arrows go from one to the next and show its "
    "figures, Escape closes them.",
    to_map="To the map",
    to_table="To the table",
    print_page="Print",
)

WORDS: dict[Language, Words] = {"nl": _DUTCH, "en": _ENGLISH}


def percent(share: float, words: Words) -> str:
    """Write a share between 0 and 1 as 62,4 % in Dutch; the words for "no figure" for NaN."""
    return words.no_figure if np.isnan(share) else speech.percent(share, words.language)


def gap_places(gap: Mapping[str, Any], words: Words) -> str:
    """Name the municipalities of a gap: Lochristi, Laarne, Lokeren en 2 andere."""
    names = str(gap["name"])
    # At most three have a name, and none has a comma in it.
    others = int(gap["municipalities"]) - len(names.split(", "))
    return words.more_places.format(names=names, count=others) if others > 0 else names


def gap_reason(gap: Mapping[str, Any], words: Words, names: Mapping[str, str] | None = None) -> str:
    """Say why most children of a gap are not in time, how many if not all, and what shows it.

    Parameters
    ----------
    gap
        A row of the gaps table, of a run or as it was written.
    words
        Of a language.
    names
        Of academies, by their id. One that has none, such as an academy of before, is not named:
        its id says nothing to a reader, and the table has it. Without names ids stand there.
    """
    reason = str(gap["reason"])
    lead = words.reasons.get(reason, reason)
    told = [_of_them(reason, gap, words), _shown_by(reason, gap, words, names)]
    shown = "; ".join(one for one in told if one)
    return f"{lead} ({shown})" if shown else lead


def _of_them(reason: str, gap: Mapping[str, Any], words: Words) -> str:
    """Count the children of a reason beside all of the gap; empty where it is that of all."""
    count, total = (_known(gap.get(name, "")) for name in (f"children_{reason}", "uncovered"))
    if count in ("", total):
        return ""
    told = {"count": count, "total": total}
    return words.of_children.format(**{name: whole(n, words.language) for name, n in told.items()})


def _shown_by(
    reason: str, gap: Mapping[str, Any], words: Words, names: Mapping[str, str] | None
) -> str:
    """Put the evidence of the gap's reason in words; empty where there is none."""
    if reason == "barrier":
        across = [_barrier(one, words) for one in str(_known(gap["barriers"])).split("; ") if one]
        factor = _decimal(gap["detour_factor"], words)
        detour = words.shown_by["detour"].format(detour_factor=factor) if factor else ""
        return ", ".join([*across, *([detour] if detour else [])])
    told = {
        "straight_km": _decimal(gap.get("straight_km"), words),
        "extra_min": _decimal(gap.get("extra_min"), words),
        "age_academy": _academy(gap.get("age_academy_id"), words, names),
        "lapsed_academy": _academy(gap.get("lapsed_academy_id"), words, names),
    }
    needs = {"no_academy_near": "straight_km", "just_too_far": "extra_min"}
    needs |= {"age": "age_academy", "lapsed": "lapsed_academy"}
    if reason == "stress" and _known(gap["stretch_m"]) != "":
        told["stretch"] = str(_known(gap["stretch"])) or words.shown_by["unnamed"]
        told["stretch_m"] = whole(gap["stretch_m"], words.language)
        return words.shown_by["stretch"].format(**told)
    if not told.get(needs.get(reason, "")):
        return ""
    if reason == "age":
        told["first"], _, told["last"] = str(gap["age_academy_ages"]).partition("-")
    if reason == "lapsed":
        told["lapsed_on"] = long_day(_day(gap["lapsed_on"]), words.language)
        reason += "_by_rule" * (gap.get("lapsed_by") == "rule")
    return words.shown_by[reason].format(**told)


def _academy(academy_id: Any, words: Words, names: Mapping[str, str] | None) -> str:
    """Name an academy where names are given, else by its id; empty where there is none."""
    known = str(_known(academy_id))
    return known if names is None or not known else names.get(known, words.one_academy)


def _barrier(text: str, words: Words) -> str:
    """Name a barrier: a water by its own name, a road or railway by its kind too."""
    kind, _, name = text.partition(" ")
    if kind in ("waterway", "water") and name:
        return name
    return f"{words.barriers.get(kind, kind)} {name}".rstrip()


def _known(value: Any) -> Any:
    """Give a cell of a table, an empty text when it is missing."""
    return "" if str(value) in ("None", "nan", "<NA>", "NaT") else value


def _decimal(value: Any, words: Words) -> str:
    known = _known(value)
    if known == "" or not np.isfinite(known):
        return ""
    return decimal(known, words.language)


def _day(value: Any) -> dt.date:
    return dt.date.fromisoformat(str(value)[:10])


def class_label(lower: float, upper: float, words: Words) -> str:
    """Write the bounds of a class, in percent: 20 tot 40 %."""
    low, high = (number(n, words.language, 2) for n in (lower, upper))
    return f"{low} {words.to} {high}{percent_sign(words.language)}"


def class_labels(classes: Sequence[float], words: Words) -> list[str]:
    """Write the bounds of every class."""
    pairs = pairwise(classes)
    return [class_label(lower, upper, words) for lower, upper in pairs]


def municipalities_counted(count: int, words: Words) -> str:
    """Write a number of municipalities."""
    noun = words.one_municipality if count == 1 else words.many_municipalities
    return f"{whole(count, words.language)} {noun}"


def is_planned(academies: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell the places of a plan from the academies of the register, shape (academies,)."""
    if "planned" not in academies:
        return np.zeros(len(academies), dtype=bool)
    return academies["planned"].to_numpy(bool)


def as_sentences(lines: Sequence[str]) -> str:
    """Join lines into one text; each ends as a sentence does."""
    return " ".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in lines)


def one_line(text: str) -> str:
    """Write a name on one line, without marks that an XML file cannot hold."""
    return printable(text).strip()


def printable(text: str) -> str:
    """Put a space for every mark that an XML file cannot hold, and for every line break."""
    return "".join(map(_kept, str(text)))


def _kept(mark: str) -> str:
    no_letter = unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp")
    return " " if no_letter or ord(mark) & 0xFFFE == 0xFFFE else mark


def of_province(municipalities: pd.DataFrame, province: str | None) -> pd.DataFrame:
    """Keep the municipalities of a province; all of them for None."""
    if province is None:
        return municipalities
    return municipalities[municipalities["province"] == province]
