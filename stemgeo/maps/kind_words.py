"""The words of the kinds of maps, in Dutch and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stemgeo.speech import Language


@dataclass(frozen=True)
class KindWords:
    """The fixed words of one language."""

    one_zone: str
    many_zones: str
    one_gap: str
    many_gaps: str
    fixed: str
    quantiles: str
    own: str
    zone_border: str
    edge: str
    academies_heading: str
    academies_before_heading: str
    one_academy: str
    academies: str
    academies_or_more: str
    without: str
    planned_only: str
    statuses: dict[str, str]
    academies_counted: str
    minutes_heading: str
    minutes_class: str
    minutes_value: str
    beyond: str
    minutes_rule: str
    uncovered_heading: str
    dot: str
    dots_rule: str
    uncovered_counted: str
    no_dot: str
    gaps_heading: dict[str, str]
    gap_class: str
    gap_class_last: str
    gaps_rule: str
    gaps_counted: str
    candidate: str
    candidates_heading: str
    candidate_line: str
    change_heading: str
    change_classes: tuple[str, str, str, str, str]
    change_rule: str
    points: str
    new_academy: str
    lost_academy: str
    kept_academy: str
    before: str
    after: str
    plan_rule: str
    planned_counted: str
    before_after_date: str
    alt_kinds: dict[str, str]
    alt_most: str
    alt_least: str
    alt_fastest: str
    alt_slowest: str
    alt_rise: str
    alt_fall: str
    alt_candidates: str
    alt_view: str


_DUTCH = KindWords(
    one_zone="zone",
    many_zones="zones",
    one_gap="hiaat",
    many_gaps="hiaten",
    fixed="Vaste klassen, dezelfde op alle kaarten.",
    quantiles="Klassen: kwintielen van de gemeenten van de hele studie, op hele procenten; "
    "dezelfde op alle kaarten.",
    own="Klassen gekozen voor deze studie, dezelfde op alle kaarten.",
    zone_border="gemeentegrens",
    edge="grens van {minutes} minuten fietsen aan {speed} km/u, eerder te ruim dan te krap",
    academies_heading="Gemeenten met een STEM-academie",
    academies_before_heading="Gemeenten met een STEM-academie, en wat veranderde",
    one_academy="1 STEM-academie",
    academies="{low} tot {high} STEM-academies",
    academies_or_more="{low} of meer STEM-academies",
    without="zonder STEM-academie",
    planned_only="alleen gepland",
    statuses={
        "with": "met, zoals voorheen",
        "new": "nieuw: voorheen zonder",
        "lost": "niet langer: voorheen met",
        "without": "zonder STEM-academie",
    },
    academies_counted="STEM-academies: {count}",
    minutes_heading="Fietstijd tot de dichtstbijzijnde STEM-academie: de helft van de kinderen "
    "heeft niet langer nodig (mediaan, minuten)",
    minutes_class="{low} tot {high} minuten",
    minutes_value="{minutes} minuten",
    beyond="geen academie binnen {minutes} minuten",
    minutes_rule="Alle wegen, gewone snelheid. De bovengrens hoort bij de klasse.",
    uncovered_heading="Kinderen die niet binnen {minutes} minuten fietsen een STEM-academie "
    "bereiken",
    dot="{count} kinderen niet op tijd",
    dots_rule="Per gemeente zoveel stippen als het aantal gedeeld door {count}, afgerond; elke "
    "stip staat op een plek waar zulke kinderen wonen. Een grotere stip: meer op dezelfde plek.",
    uncovered_counted="Kinderen niet op tijd: {count} van de {total} gemeten",
    no_dot="Gemeenten zonder stip: {count}",
    gaps_heading={
        "children": "Hiaten: gebieden met kinderen die niet op tijd een STEM-academie bereiken, "
        "naar aantal",
        "reason": "Hiaten: gebieden met kinderen die niet op tijd een STEM-academie bereiken, "
        "naar reden",
    },
    gap_class="{low} tot {high} kinderen",
    gap_class_last="{low} kinderen of meer",
    gaps_rule="{drawn} Gebieden met minder dan {least} kinderen staan er niet op.",
    gaps_counted="Kinderen in deze hiaten: {count}",
    candidate="kandidaat-gemeente, rang onder alle gemeenten",
    candidates_heading="Extra kinderen op tijd met één academie, per kandidaat-gemeente",
    candidate_line="{rank}. {name}: {adds}",
    change_heading="Verschil in het aandeel kinderen op tijd, in procentpunten (na min voor)",
    change_classes=(
        "{high} punten of meer lager",
        "{low} tot {high} punten lager",
        "minder dan {low} punten verschil",
        "{low} tot {high} punten hoger",
        "{high} punten of meer hoger",
    ),
    change_rule="Vaste klassen, dezelfde op alle kaarten; {low} en {high} horen bij de grotere "
    "verandering.",
    points="procentpunten",
    new_academy="nieuwe STEM-academie",
    lost_academy="STEM-academie die er niet meer is",
    kept_academy="STEM-academie, voor en na",
    before="Voor",
    after="Na",
    plan_rule="Aantal gemeenten: voor \N{RIGHTWARDS ARROW} na.",
    planned_counted="Geplande STEM-academies: {count}",
    before_after_date="Voor: {before} Na: {after}",
    alt_kinds={
        "share": "{place}: kaart met {total}, ingekleurd per klasse. {heading}:",
        "academies": "{place}: kaart met {total}, ingekleurd naar hun STEM-academies:",
        "minutes": "{place}: kaart met {total}, ingekleurd per klasse. {heading}:",
        "uncovered": "{place}: stippenkaart met {total}. {heading}:",
        "gaps": "{place}: kaart met {total}. {heading}:",
        "change": "{place}: kaart met {total}, ingekleurd per klasse. {heading}:",
        "plan": "{place}: twee kaarten met {total}, voor en na. {heading}:",
    },
    alt_most="Meest: ",
    alt_least="Minst: ",
    alt_fastest="Kortst: ",
    alt_slowest="Langst: ",
    alt_rise="Het meest gestegen: ",
    alt_fall="Het meest gedaald: ",
    alt_candidates="Kandidaten: {names}.",
    alt_view="{name}: {classes}.",
)

_ENGLISH = KindWords(
    one_zone="zone",
    many_zones="zones",
    one_gap="gap",
    many_gaps="gaps",
    fixed="Fixed classes, the same on all maps.",
    quantiles="Classes: quintiles of the municipalities of the whole study, in whole per cent; "
    "the same on all maps.",
    own="Classes chosen for this study, the same on all maps.",
    zone_border="municipal border",
    edge="limit of {minutes} minutes by bicycle at {speed} km/h, leaning outward",
    academies_heading="Municipalities with a STEM academy",
    academies_before_heading="Municipalities with a STEM academy, and what changed",
    one_academy="1 STEM academy",
    academies="{low} to {high} STEM academies",
    academies_or_more="{low} STEM academies or more",
    without="without a STEM academy",
    planned_only="planned only",
    statuses={
        "with": "with one, as before",
        "new": "new: without one before",
        "lost": "no longer: with one before",
        "without": "without a STEM academy",
    },
    academies_counted="STEM academies: {count}",
    minutes_heading="Cycling time to the nearest STEM academy: half of the children need no "
    "longer (median, minutes)",
    minutes_class="{low} to {high} minutes",
    minutes_value="{minutes} minutes",
    beyond="no academy within {minutes} minutes",
    minutes_rule="All roads, central speed. Upper bounds included.",
    uncovered_heading="Children who do not reach a STEM academy within {minutes} minutes by "
    "bicycle",
    dot="{count} children not in time",
    dots_rule="As many dots in each municipality as its number divided by {count}, rounded; each "
    "dot stands where such children live. A larger dot: more of them at the same spot.",
    uncovered_counted="Children not in time: {count} of {total} measured",
    no_dot="Municipalities without a dot: {count}",
    gaps_heading={
        "children": "Gaps: areas with children who do not reach a STEM academy in time, by number",
        "reason": "Gaps: areas with children who do not reach a STEM academy in time, by reason",
    },
    gap_class="{low} to {high} children",
    gap_class_last="{low} children or more",
    gaps_rule="{drawn} Areas with fewer than {least} children are left out.",
    gaps_counted="Children in these gaps: {count}",
    candidate="candidate municipality, rank among all",
    candidates_heading="More children in time with one academy, by candidate municipality",
    candidate_line="{rank}. {name}: {adds}",
    change_heading="Change in the share of children in time, percentage points (after minus "
    "before)",
    change_classes=(
        "{high} points lower or more",
        "{low} to {high} points lower",
        "less than {low} points either way",
        "{low} to {high} points higher",
        "{high} points higher or more",
    ),
    change_rule="Fixed classes, the same on all maps; {low} and {high} belong to the larger "
    "change.",
    points="percentage points",
    new_academy="new STEM academy",
    lost_academy="STEM academy that is no longer there",
    kept_academy="STEM academy, before and after",
    before="Before",
    after="After",
    plan_rule="Number of municipalities: before \N{RIGHTWARDS ARROW} after.",
    planned_counted="Planned STEM academies: {count}",
    before_after_date="Before: {before} After: {after}",
    alt_kinds={
        "share": "{place}: map with {total}, coloured by class. {heading}:",
        "academies": "{place}: map with {total}, coloured by their STEM academies:",
        "minutes": "{place}: map with {total}, coloured by class. {heading}:",
        "uncovered": "{place}: dot map with {total}. {heading}:",
        "gaps": "{place}: map with {total}. {heading}:",
        "change": "{place}: map with {total}, coloured by class. {heading}:",
        "plan": "{place}: two maps with {total}, before and after. {heading}:",
    },
    alt_most="Most: ",
    alt_least="Fewest: ",
    alt_fastest="Shortest: ",
    alt_slowest="Longest: ",
    alt_rise="Rose most: ",
    alt_fall="Fell most: ",
    alt_candidates="Candidates: {names}.",
    alt_view="{name}: {classes}.",
)

KIND_WORDS: dict[Language, KindWords] = {"nl": _DUTCH, "en": _ENGLISH}
