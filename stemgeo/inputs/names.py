"""What registers call their columns: the one table of names, in English, Dutch and French."""

from __future__ import annotations

import re
from itertools import zip_longest

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.columns import fold_label

LANGUAGES = ("en", "nl", "fr")
_TABLE = """
academy_id
  en academy_id academy_code academy_number academy_no id_academy; id code number no identifier
     reference ref
  nl academie_id academie_nr academienummer academie_nummer academiecode academie_code
     id_academie nummer_academie erkenningsnummer; nr nummer volgnummer volgnr
  fr code_academie numero_academie numero_d_academie numero_de_l_academie; numero n identifiant
     numero_d_ordre
name
  en name academy_name name_academy name_of_the_academy; academy
  nl naam_academie academienaam naam_van_de_academie academie_naam stem_academie stemacademie
     naam_stem_academie; naam academie benaming
  fr nom_academie nom_de_l_academie nom_d_academie academie_nom academie_stem nom_academie_stem;
     nom denomination intitule
organisation
  en organisation organization organisation_name organization_name name_organisation; organiser
     organizer partner provider
  nl organisatie naam_organisatie organisatienaam naam_van_de_organisatie; organisator inrichter
     inrichtende_macht organiserende_instantie vereniging
  fr nom_organisation nom_de_l_organisation; organisateur association partenaire
     pouvoir_organisateur
min_age
  en min_age age_min age_minimum minimum_age age_from from_age lowest_age youngest_age
  nl leeftijd_van leeftijd_vanaf min_leeftijd minimumleeftijd minimum_leeftijd leeftijd_min
     leeftijd_minimum van_leeftijd vanaf_leeftijd laagste_leeftijd jongste_leeftijd
  fr age_de de_age age_minimal age_a_partir_de a_partir_de_l_age_de
max_age
  en max_age age_max age_maximum maximum_age age_to to_age age_until highest_age oldest_age
  nl leeftijd_tot leeftijd_tot_en_met leeftijd_t_m leeftijd_tem max_leeftijd maximumleeftijd
     maximum_leeftijd leeftijd_max leeftijd_maximum tot_leeftijd tot_en_met_leeftijd
     hoogste_leeftijd oudste_leeftijd
  fr age_a age_maximal age_jusqu_a jusqu_a_l_age_de
ages
  en ages age age_range age_group age_category age_from_to age_min_max
  nl leeftijd leeftijden leeftijdsgroep leeftijdsgroepen leeftijdscategorie leeftijdsbereik
     leeftijd_van_tot leeftijd_van_tot_en_met leeftijd_vanaf_tot leeftijd_vanaf_tot_en_met
     leeftijd_min_max
  fr tranche_d_age tranches_d_age groupe_d_age categorie_d_age age_de_a
valid_from
  en valid_from valid_since recognised_from recognized_from recognised_since recognized_since
     recognition_start recognition_from recognition_start_date; start_date begin_date date_from
     from_date date_start date_of_recognition recognition_date recognised_on recognized_on
     first_day; start begin
  nl erkend_van erkend_vanaf erkend_sinds geldig_van geldig_vanaf geldig_sinds
     startdatum_erkenning begindatum_erkenning start_erkenning begin_erkenning erkenning_van
     erkenning_vanaf erkenning_start erkenning_begin erkenning_sinds ingangsdatum_erkenning
     aanvangsdatum_erkenning datum_begin_erkenning datum_start_erkenning
     begindatum_van_de_erkenning startdatum_van_de_erkenning begin_van_de_erkenning
     start_van_de_erkenning; startdatum begindatum datum_van datum_vanaf start_datum begin_datum
     ingangsdatum aanvangsdatum datum_start datum_begin datum_erkenning erkenningsdatum
     datum_van_erkenning datum_van_de_erkenning erkend_op erkend_per eerste_dag
  fr reconnu_depuis reconnue_depuis reconnu_du reconnue_du reconnu_a_partir_du valable_depuis
     valable_du debut_reconnaissance debut_de_reconnaissance debut_de_la_reconnaissance
     date_debut_reconnaissance date_de_debut_de_reconnaissance reconnaissance_du
     reconnaissance_depuis reconnaissance_debut date_de_debut_de_la_reconnaissance
     debut_de_validite; date_debut date_de_debut date_du date_de_reconnaissance
     date_reconnaissance date_de_la_reconnaissance reconnu_le reconnue_le premier_jour; debut
valid_until
  en valid_until valid_to recognised_until recognized_until recognised_to recognition_end
     recognition_until recognition_end_date; end_date date_to date_until to_date date_end
     last_day; end
  nl erkend_tot erkend_tot_en_met geldig_tot geldig_tot_en_met einddatum_erkenning
     einde_erkenning eind_erkenning erkenning_tot erkenning_tot_en_met erkenning_einde
     erkenning_eind vervaldatum_erkenning datum_einde_erkenning datum_eind_erkenning
     einddatum_van_de_erkenning einde_van_de_erkenning; einddatum eind_datum datum_tot
     datum_tot_en_met datum_einde datum_eind vervaldatum laatste_dag; einde eind
  fr reconnu_jusqu_au reconnue_jusqu_au reconnu_au valable_jusqu_au valable_au
     fin_reconnaissance fin_de_reconnaissance fin_de_la_reconnaissance date_fin_reconnaissance
     date_de_fin_de_reconnaissance reconnaissance_au reconnaissance_jusqu_au reconnaissance_fin
     date_de_fin_de_la_reconnaissance fin_de_validite; date_fin date_de_fin date_au
     date_jusqu_au dernier_jour; fin
trajectories
  en trajectories number_of_trajectories
  nl trajecten aantal_trajecten
  fr trajets nombre_de_trajets parcours nombre_de_parcours
online_trajectories
  en online_trajectories number_of_online_trajectories
  nl online_trajecten digitale_trajecten aantal_online_trajecten aantal_digitale_trajecten
  fr trajets_en_ligne nombre_de_trajets_en_ligne parcours_en_ligne
cost_eur
  en cost_eur; cost costs
  nl kost_eur kosten_eur kostprijs_eur; kostprijs kosten kost
  fr cout_eur couts_eur; cout couts
lon
  en lon lng long longitude
  nl lengtegraad oosterlengte; lengte
lat
  en lat latitude
  nl breedtegraad noorderbreedte; breedte
x
  en x
y
  en y
postcode
  en postcode postal_code post_code zip zip_code addr_postcode
  nl postnummer postnr
  fr code_postal
address
  en address full_address street_and_number street_number
  nl adres volledig_adres adres_academie adres_van_de_academie straat_nr straat_en_nr
     straat_nummer straat_en_nummer straat_huisnr straat_huisnummer straat_en_huisnummer
     straatnaam_en_huisnummer straatnaam_nr; vestigingsadres
  fr adresse adresse_complete adresse_de_l_academie rue_et_numero rue_numero rue_n
street
  en street street_name addr_street
  nl straat straatnaam
  fr rue nom_de_la_rue nom_de_rue nom_rue voie
house_number
  en house_number housenumber addr_housenumber
  nl huisnummer huisnr huis_nr nr_huis
  fr numero_de_maison numero_maison numero_de_police
box
  en box box_number
  nl bus busnummer busnr bus_nr
  fr boite numero_de_boite bte
municipality
  en municipality addr_city; city town locality
  nl gemeente gemeentenaam naam_gemeente naam_van_de_gemeente; stad plaats woonplaats postnaam
     plaatsnaam; deelgemeente
  fr commune nom_de_la_commune nom_commune; ville localite
change
  en change
  nl wijziging; verandering
  fr changement; modification
variant
  en variant
  nl naam_variant
  fr variante
"""
"""Ours, with what it is called in each language; ";" parts names that say it from those that may.

For what may stand around lon, lat, x and y see `read_axis`.
"""


def _read_names(column: str) -> dict[str, str]:
    """Take what the table says of a column apart: its names by language."""
    parts = re.split(r"^  (en|nl|fr) ", column, flags=re.MULTILINE)
    return dict.fromkeys(LANGUAGES, "") | dict(zip(parts[1::2], parts[2::2], strict=True))


_COLUMNS = re.findall(r"^(\w+)\n((?: .*\n)+)", _TABLE, re.MULTILINE)
NAMES = {ours: _read_names(column) for ours, column in _COLUMNS}
AXES = ("lon", "lat", "x", "y")


def _rank(ours: str) -> tuple[str, ...]:
    """Give the names of a column by rank: our own, those that say it, those that may."""
    ranks = zip_longest(*(text.split(";") for text in NAMES[ours].values()), fillvalue="")
    found = [[name for text in rank for name in text.split() if name != ours] for rank in ranks]
    return (ours, *(" ".join(dict.fromkeys(rank)) for rank in found if rank))


ADDRESS = ("address", "street", "house_number", "box", "postcode", "municipality")
ADDRESS_NAMES = {ours: _rank(ours) for ours in ADDRESS}
OF_PLANS = {ours: _rank(ours) for ours in ("change", "variant")}
"""Of a plan alone: what is to become of an academy, and what its maker calls the plan."""
_ELSEWHERE = {*AXES, *ADDRESS, *OF_PLANS} - {"postcode"}
SYNONYMS = {ours: _rank(ours) for ours in NAMES if ours not in _ELSEWHERE}
"""Names that a column may have, by rank; see `columns.Synonyms`.

A single `ages` holds both ends, as "6-12" does.
"""

AXIS_OF = {
    name: axis for axis in AXES for name in re.findall(r"\w+", " ".join(NAMES[axis].values()))
}
_GLUED = re.compile(
    r"(?P<a>[xy]|lon|lng|lat)(?P<b>coord\w*|lambert\d*|l72|lb72|wgs84|31370)|"
    r"(?P<c>coord\w*|lambert\d*|l72|wgs84|gps)(?P<d>[xy]|lon|lng|lat)"
)
_AROUND = re.compile(
    r"co|coord\w*|geo\w*|gps|wgs|84|wgs84|lambert\d*|belge|belgian|belgisch|lb?|l?b?72|72|bd72|"
    r"2008|l?b?08|epsg|31370|4326|3812|m|meters?|metres?|in|en|graden|degrees?|degres|deg|dd|dec\w*|"
    r"punt|point|positie|position|ligging|locatie|location|adres|adresse|address|academie|academy|"
    r"van|de|la|l|of|the"
)
_IS_LAMBERT_72 = {"31370", "lambert72", "l72", "lb72", "bd72", "72"}
_IS_LAMBERT_2008 = {"3812", "lambert2008", "l08", "lb08", "2008"}


def read_axis(label: str) -> tuple[str, frozenset[str]] | None:
    """Read a label of coordinates: its axis (lon, lat, x or y), and the words around it.

    The words of two columns that belong together are the same: "X (Lambert 72)" goes with
    "Y (Lambert 72)", "gps_lon" with "gps_lat".
    """
    words: list[str] = []
    for word in fold_label(label).split("_"):
        glued = _GLUED.fullmatch(word)
        words += filter(None, glued.groups()) if glued else [word]
    axes = [word for word in words if word in AXIS_OF]
    around = frozenset(word for word in words if word not in AXIS_OF)
    if len(axes) != 1 or not all(_AROUND.fullmatch(word) for word in around):
        return None
    return AXIS_OF[axes[0]], around


def find_system(axis: str, around: frozenset[str]) -> str | None:
    """Tell the reference system that the label of a coordinate says; None where it says none."""
    if axis in ("lon", "lat"):
        return "EPSG:4326"
    if around & _IS_LAMBERT_72:
        return LAMBERT_72
    return "EPSG:3812" if around & _IS_LAMBERT_2008 else None


def list_names() -> list[str]:
    """Write the names as a table in Markdown, for the page on registers."""
    lines = ["| column | Dutch | French | English |", "|---|---|---|---|"]
    for ours, names in NAMES.items():
        cells = [", ".join(re.findall(r"\w+", names[one])) for one in ("nl", "fr", "en")]
        lines.append(f"| `{ours}` | {' | '.join(cells)} |")
    return lines
