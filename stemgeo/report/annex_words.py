"""The words of the tables of an answer, in Dutch and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stemgeo.profiles import QUIET, ROADS
from stemgeo.study import PROVINCES
from stemgeo.tables import kinds

if TYPE_CHECKING:
    from stemgeo.tables import Kind

ANNEXES = {
    "nl": ("gemeenten", "vlaanderen", *PROVINCES, "hiaten", "kaart"),
    "en": ("municipalities", "flanders", *PROVINCES, "gaps", "map"),
}
"""What annexes 1 to 9 are about, in their order: that of the ministry."""
ANNEX = {"nl": "bijlage", "en": "annex"}
DATA = {"nl": "gegevens", "en": "data"}
"""The folder with the tables for programs."""
CANDIDATE_FILE = {"nl": "kandidaat-gemeenten", "en": "candidate-municipalities"}
MUNICIPALITIES, GAPS = 1, 8
"""Numbers of the annexes that are tables."""

KINDS: dict[str, Kind] = {
    **kinds("answer-municipalities"),
    **kinds("gap-municipalities"),
    **kinds("candidate-municipalities"),
    **dict.fromkeys(("area", "remark", "ages", "sex", "roads", "gap_id", "provinces"), "text"),
    **dict.fromkeys(("places", "academy", "academy_id", "topic", "text"), "text"),
    **dict.fromkeys(("role", "file", "source", "licence"), "text"),
    "median_min": "decimal",
    "date": "date",
}
"""How a column is shown; one that is not here holds whole numbers."""
WIDEST = {"text": 110, "reason": 60, "source": 60}

HEADS = {
    "nl": {
        "nis_code": "NIS-code",
        "name": "Gemeente",
        "area": "Gebied",
        "province": "Provincie",
        "municipalities": "Gemeenten",
        "with_academy": "Gemeenten met een STEM-academie",
        "academies": "STEM-academies",
        "planned": "STEM-academies, waarvan gepland",
        "has_academy": "Heeft een STEM-academie",
        "children": "Kinderen ({ages} jaar)",
        "ages": "Leeftijd",
        "sex": "Geslacht",
        "of_group": "Kinderen van de groep",
        "covered": "Op tijd ({minutes} minuten)",
        "covered_low": "Op tijd, laag",
        "covered_high": "Op tijd, hoog",
        "uncovered": "Niet op tijd",
        "unmeasured": "Niet gemeten",
        "share": "Aandeel op tijd",
        "share_low": "Aandeel op tijd, laag",
        "share_high": "Aandeel op tijd, hoog",
        **{f"share_{name}": f"Aandeel op tijd over {one.roads.nl}" for name, one in QUIET.items()},
        "remark": "Opmerking",
        "gap_id": "Hiaat",
        "roads": "Wegen",
        "places": "Gemeenten van het hiaat",
        "provinces": "Provincies",
        "count": "Aantal gemeenten",
        "late": "Kinderen niet op tijd ({minutes} minuten)",
        "late_low_stress": "Kinderen alleen over drukke wegen op tijd",
        "of_gap": "Kinderen van het hiaat",
        "late_band": "Van hen {band} jaar",
        "median_min": "Mediane fietstijd (minuten)",
        "reason": "Reden",
        "academy": "Dichtstbijzijnde STEM-academie",
        "academy_id": "Nummer van die academie",
        "share_of_gap": "Deel van het hiaat",
        "rank": "Rang",
        "place": "Beste plaats",
        "adds": "Extra kinderen op tijd met één academie",
        "adds_here": "Extra op tijd, uit de gemeente zelf",
        "adds_beyond": "Extra op tijd, uit andere gemeenten",
        "cost_eur": "Kost van één plaats (euro, regels van {year})",
        "topic": "Onderwerp",
        "text": "Toelichting",
        "role": "Gegevens",
        "file": "Bestand",
        "source": "Bron",
        "licence": "Licentie",
        "date": "Datum",
    },
    "en": {
        "nis_code": "NIS code",
        "name": "Municipality",
        "area": "Area",
        "province": "Province",
        "municipalities": "Municipalities",
        "with_academy": "Municipalities with a STEM academy",
        "academies": "STEM academies",
        "planned": "STEM academies, of them planned",
        "has_academy": "Has a STEM academy",
        "children": "Children (aged {ages})",
        "ages": "Age",
        "sex": "Sex",
        "of_group": "Children of the group",
        "covered": "In time ({minutes} minutes)",
        "covered_low": "In time, low",
        "covered_high": "In time, high",
        "uncovered": "Not in time",
        "unmeasured": "Not measured",
        "share": "Share in time",
        "share_low": "Share in time, low",
        "share_high": "Share in time, high",
        **{f"share_{name}": f"Share in time over {one.roads.en}" for name, one in QUIET.items()},
        "remark": "Remark",
        "gap_id": "Gap",
        "roads": "Roads",
        "places": "Municipalities of the gap",
        "provinces": "Provinces",
        "count": "Number of municipalities",
        "late": "Children not in time ({minutes} minutes)",
        "late_low_stress": "Children in time over busy roads only",
        "of_gap": "Children of the gap",
        "late_band": "Of them aged {band}",
        "median_min": "Median cycling time (minutes)",
        "reason": "Reason",
        "academy": "Nearest STEM academy",
        "academy_id": "Number of that academy",
        "share_of_gap": "Part of the gap",
        "rank": "Rank",
        "place": "Best place",
        "adds": "Children whom one academy would bring in time",
        "adds_here": "Of them, of the municipality itself",
        "adds_beyond": "Of them, of other municipalities",
        "cost_eur": "Cost of one place (euro, rules of {year})",
        "topic": "Subject",
        "text": "Explanation",
        "role": "Data",
        "file": "File",
        "source": "Source",
        "licence": "Licence",
        "date": "Date",
    },
}
"""Headings, each to be understood alone."""

MEANINGS = {
    "nl": {
        "academies": "Locaties van STEM-academies in de gemeente {recognised}.",
        "planned": "Geplande plaatsen, meegeteld als open; zij staan niet in het register.",
        "children": "Alle kinderen van {ages} jaar: op tijd, niet op tijd en niet gemeten samen.",
        "covered": "Kinderen die binnen {minutes} minuten fietsen een STEM-academie voor hun "
        "leeftijd kunnen bereiken, bij de centrale fietssnelheid. Niet de kinderen die er "
        "deelnemen.",
        "covered_low": "Hetzelfde bij de lage fietssnelheid.",
        "covered_high": "Hetzelfde bij de hoge fietssnelheid.",
        "uncovered": "Gemeten kinderen die geen STEM-academie op tijd kunnen bereiken.",
        "unmeasured": "Kinderen van wie niets gemeten is: geen weg in de buurt, of buiten het "
        "wegennet.",
        "share": "Op tijd / (op tijd + niet op tijd), bij de centrale fietssnelheid.",
        "share_low": "Hetzelfde bij de lage fietssnelheid.",
        "share_high": "Hetzelfde bij de hoge fietssnelheid.",
        **{
            f"share_{name}": f"Hetzelfde, alleen over {one.kept.nl}." for name, one in QUIET.items()
        },
        "remark": "Zegt waar geen cijfer is (de cel van het aandeel is dan leeg), en waar minder "
        "dan de helft van de kinderen gemeten is: dat aandeel zegt niets over het geheel.",
        "sex": "Binnen een gemeente zijn meisjes en jongens gelijk gespreid, zodat alleen "
        "verschillen tussen gemeenten en leeftijden meetellen.",
        "late": "Gemeten kinderen van het hiaat die over geen enkele weg op tijd zijn.",
        "late_low_stress": "Kinderen van het hiaat die over alle wegen wel op tijd zijn, maar niet "
        "over rustige.",
        "median_min": "De helft van deze kinderen heeft niet meer nodig tot de dichtstbijzijnde "
        "STEM-academie voor hun leeftijd; leeg: de helft bereikt er geen binnen {horizon} "
        "minuten.",
        "reason": "De reden van de meeste van deze kinderen, bij hoeveel van hen als het niet "
        "allen zijn, en wat ze aantoont.",
        "academy": "In fietstijd, voor de meeste van deze kinderen; leeg: meer van hen bereiken er "
        "geen binnen {horizon} minuten.",
        "share_of_gap": "Kinderen van het hiaat die hier wonen, als deel van het hiaat.",
        "rank": "De volgorde van de kandidaat-gemeenten: {rule}.",
        "place": "De onderzochte plaats in de gemeente waar een academie de meeste kinderen op "
        "tijd zou brengen; leeg: er is er geen.",
        "adds": "Kinderen die nu niet op tijd zijn en het met één academie op die plaats wel "
        "zouden zijn. Elk getal staat op zich: twee academies naast elkaar brengen samen minder "
        "bij.",
        "cost_eur": "Subsidie voor één nieuwe plaats volgens de regels van {year}, met "
        "{trajectories} per plaats, zonder het maximum per aanvrager.{own_cost}",
    },
    "en": {
        "academies": "Places of STEM academies in the municipality, {recognised}.",
        "planned": "Planned places, counted as open; they are not in the register.",
        "children": "All children aged {ages}: in time, not in time and not measured together.",
        "covered": "Children who can reach a STEM academy for their age within {minutes} minutes "
        "by bicycle, at the central riding speed. Not those who take part.",
        "covered_low": "The same at the low riding speed.",
        "covered_high": "The same at the high riding speed.",
        "uncovered": "Measured children who can reach no STEM academy in time.",
        "unmeasured": "Children of whom nothing is measured: no road nearby, or beyond the roads.",
        "share": "In time / (in time + not in time), at the central riding speed.",
        "share_low": "The same at the low riding speed.",
        "share_high": "The same at the high riding speed.",
        **{f"share_{name}": f"The same, only over {one.kept.en}." for name, one in QUIET.items()},
        "remark": "Says where there is no figure (the cell of the share is empty), and where fewer "
        "than half of the children are measured: that share says nothing of the whole.",
        "sex": "Within a municipality girls and boys are spread alike, so that only differences "
        "between municipalities and ages count.",
        "late": "Measured children of the gap whom no road brings in time.",
        "late_low_stress": "Children of the gap who are in time over all roads, but not over quiet "
        "ones.",
        "median_min": "Half of these children need no longer to the nearest STEM academy for their "
        "age; empty: half of them reach none within {horizon} minutes.",
        "reason": "The reason of most of these children, of how many if not of all, and what shows "
        "it.",
        "academy": "By cycling time, for most of these children; empty: more of them reach none "
        "within {horizon} minutes.",
        "share_of_gap": "Children of the gap who live here, as a part of the gap.",
        "rank": "The order of the candidate municipalities: {rule}.",
        "place": "The place in the municipality, of those looked at, where an academy would bring "
        "most children in time; empty: there is none.",
        "adds": "Children who are not in time now and would be with one academy at that place. "
        "Each number stands by itself: two academies side by side bring fewer together.",
        "cost_eur": "Subsidy for one new place under the rules of {year}, with {trajectories} in a "
        "place, without the maximum for an applicant.{own_cost}",
    },
}
"""What a heading leaves unsaid; a column that is not here needs no more than its heading."""

WORDS = {
    "nl": {
        "totals": "Totalen",
        "groups": "Leeftijd en geslacht",
        "gaps": "Hiaten",
        "quiet_gaps": "Hiaten over rustige wegen",
        "gap_places": "Gemeenten per hiaat",
        "candidates": "Kandidaat-gemeenten",
        "notes": "Toelichting",
        "sources": "Bronnen",
        "title_totals": "{place} en provincies: STEM-academies en kinderen op tijd, {day}",
        "title_groups": "{place} en provincies: kinderen op tijd naar leeftijd en geslacht, {day}",
        "title_province": "{place}: gemeenten, STEM-academies en kinderen op tijd, {day}",
        "title_gaps": "Hiaten: waar kinderen niet op tijd een STEM-academie bereiken, {day}",
        "title_quiet_gaps": "Hiaten over rustige wegen: waar kinderen alleen over drukke wegen op "
        "tijd zijn, {day}",
        "title_gap_places": "De gemeenten van elk hiaat, {day}",
        "title_candidates": "Kandidaat-gemeenten, {rule}, {day}",
        "title_notes": "Toelichting bij deze tabellen",
        "title_sources": "Bronnen van de cijfers",
        "total": "Totaal",
        "of": "van de",
        "every_age": "alle leeftijden",
        "F": "meisjes",
        "M": "jongens",
        "both": "meisjes en jongens",
        "years": "{ages} jaar",
        "few": "minder dan de helft gemeten",
        "none": "geen cijfer: niemand gemeten",
        "nobody": "geen cijfer: geen kinderen",
        "page": "Pagina {page} van {pages}",
        "cut": "[\N{HORIZONTAL ELLIPSIS}] ingekort; volledig in het CSV-bestand",
        **{name: roads.nl for name, roads in ROADS.items()},
        "line": "in vogelvlucht",
        "trajectories": "{count} trajecten",
        "one_trajectory": "1 traject",
        "own_cost": " Een eigen kost van een kandidaat-plaats is niet meegerekend.",
        "study": "Titel",
        "notice": "Vermelding",
        "caution": "Methode",
        "dates": "Datum van de gegevens",
        "measure": "Wat is gemeten",
        "measure_text": "Twee maten staan naast elkaar. Een gemeente heeft een STEM-academie als "
        "er ten minste één locatie staat. Een kind is op tijd als het binnen {minutes} minuten "
        "fietsen een STEM-academie voor zijn leeftijd kan bereiken.",
        "method": "Hoe is gemeten",
        "method_text": "De kinderen van elke gemeente zijn per leeftijd {placed} geplaatst; dat is "
        "een raming. {ride} Geteld zijn kinderen, geen oppervlakten. Elk kind is op tijd, niet op "
        "tijd of niet gemeten; die drie zijn samen alle kinderen. De marge (laag, hoog) is die van "
        "de lage en de hoge fietssnelheid.",
        "roads": "Van elk punt is de fietstijd berekend over de wegen die een fiets mag gebruiken, "
        "met de stukken te voet, tot de dichtstbijzijnde STEM-academie voor die leeftijd.",
        "straight": "Van elk punt is de fietstijd tot de dichtstbijzijnde STEM-academie voor die "
        "leeftijd geraamd uit de afstand in vogelvlucht.",
        "speed": "Fietssnelheid",
        "gap": "Hiaten",
        "column": "Kolom \N{LEFT DOUBLE QUOTATION MARK}{head}\N{RIGHT DOUBLE QUOTATION MARK}",
        "credit": "Bronvermelding",
        "no_source": "niet opgegeven",
        "note": "Opmerking bij de meting",
    },
    "en": {
        "totals": "Totals",
        "groups": "Age and sex",
        "gaps": "Gaps",
        "quiet_gaps": "Gaps over quiet roads",
        "gap_places": "Municipalities of gaps",
        "candidates": "Candidate municipalities",
        "notes": "Notes",
        "sources": "Sources",
        "title_totals": "{place} and provinces: STEM academies and children in time, {day}",
        "title_groups": "{place} and provinces: children in time by age and sex, {day}",
        "title_province": "{place}: municipalities, STEM academies and children in time, {day}",
        "title_gaps": "Gaps: where children do not reach a STEM academy in time, {day}",
        "title_quiet_gaps": "Gaps over quiet roads: where only busy roads bring children in time, "
        "{day}",
        "title_gap_places": "The municipalities of each gap, {day}",
        "title_candidates": "Candidate municipalities, {rule}, {day}",
        "title_notes": "Notes on these tables",
        "title_sources": "Sources of the figures",
        "total": "Total",
        "of": "of",
        "every_age": "all ages",
        "F": "girls",
        "M": "boys",
        "both": "girls and boys",
        "years": "{ages}",
        "few": "less than half measured",
        "none": "no figure: nobody measured",
        "nobody": "no figure: no children",
        "page": "Page {page} of {pages}",
        "cut": "[\N{HORIZONTAL ELLIPSIS}] shortened; whole in the CSV file",
        **{name: roads.en for name, roads in ROADS.items()},
        "line": "in a straight line",
        "trajectories": "{count} trajectories",
        "one_trajectory": "1 trajectory",
        "own_cost": " A candidate place's own cost is left out.",
        "study": "Title",
        "notice": "Notice",
        "caution": "Method",
        "dates": "Date of the data",
        "measure": "What is measured",
        "measure_text": "Two measures stand side by side. A municipality has a STEM academy if at "
        "least one place of one is there. A child is in time if it can reach a STEM academy for "
        "its age within {minutes} minutes by bicycle.",
        "method": "How it is measured",
        "method_text": "The children of each municipality are placed by age {placed}, which is an "
        "estimate. {ride} Children are counted, not ground. Every child is in time, not in time or "
        "not measured; the three make all children. The range (low, high) is that of the low and "
        "the high riding speed.",
        "roads": "From each point the cycling time is that over the roads a bicycle may use, "
        "walking included, to the nearest STEM academy for that age.",
        "straight": "From each point the cycling time to the nearest STEM academy for that age is "
        "estimated from the distance in a straight line.",
        "speed": "Riding speed",
        "gap": "Gaps",
        "column": "Column \N{LEFT DOUBLE QUOTATION MARK}{head}\N{RIGHT DOUBLE QUOTATION MARK}",
        "credit": "Attribution",
        "no_source": "not given",
        "note": "Note on the measurement",
    },
}
ROLES = {
    "nl": {
        "municipalities": "Gemeentegrenzen",
        "zones": "Statistische sectoren",
        "population": "Bevolking",
        "populations": "Bevolking",
        "zone_population": "Inwoners per sector",
        "academies": "STEM-academies",
        "network": "Wegen",
        "weights": "Bevolkingsrooster",
        "addresses": "Adressen",
        "plan": "Geplande plaatsen",
        "candidates": "Kandidaat-plaatsen",
        "layers": "Indeling",
        "attributes": "Kenmerk",
    },
    "en": {
        "municipalities": "Municipal borders",
        "zones": "Statistical sectors",
        "population": "Population",
        "populations": "Population",
        "zone_population": "Residents by sector",
        "academies": "STEM academies",
        "network": "Roads",
        "weights": "Population grid",
        "addresses": "Addresses",
        "plan": "Planned places",
        "candidates": "Candidate places",
        "layers": "Layer",
        "attributes": "Attribute",
    },
}
