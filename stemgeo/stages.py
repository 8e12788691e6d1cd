"""What a long piece of work tells while it goes on: the stages of each command, in their order.

A stage is told with the share that is behind it; one of many things alike is counted off,
"Drawing maps (3 of 13)". A command shows which stage of how many that is, see `terminal`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stemgeo.notes import Said, say, say_amount

Progress = Callable[[Said, float], None]
"""Told what is being done, in each language, and which share of the work is behind us, 0 to 1."""


def report_nothing(_what: Said, _share: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class CountedOff(Said):
    """One of many things that a stage goes through."""

    stage: Said


def count_off(stage: Said, number: int, of: int, what: Said | None = None) -> CountedOff:
    """Tell of a stage which thing of how many it is at.

    Parameters
    ----------
    stage
        What is being done.
    number, of
        From 1.
    what
        In the place of the stage's own words, where they name the thing.
    """
    told = say(
        "{what} ({number} of {of})",
        "{what} ({number} van {of})",
        "{what} ({number} sur {of})",
        what=what or stage,
        number=say_amount(number),
        of=say_amount(of),
    )
    return CountedOff(told.en, told.nl, told.fr, stage=stage)


def tell_between(progress: Progress, start: float, end: float) -> Progress:
    """Let a part of the work, from 0 to 1, tell how far the whole is.

    Parameters
    ----------
    progress
        Of the whole.
    start, end
        Where the part begins and ends in it.
    """
    return lambda what, share: progress(what, start + (end - start) * share)


READING_FILES = Said("Reading files", "Bestanden lezen", "Lecture des fichiers")
READING_ROADS = Said("Reading roads", "Wegen lezen", "Lecture des routes")
READING_BUILDINGS = Said("Reading buildings", "Gebouwen lezen", "Lecture des bâtiments")
READING_STREETS = Said("Reading streets", "Straten lezen", "Lecture des rues")
PLACING = Said("Placing children", "Kinderen plaatsen", "Placement des enfants")
TRAVEL_TIMES = Said("Computing travel times", "Reistijden berekenen", "Calcul des temps de trajet")
COUNTING_MINUTES = Said("Counting minutes", "Minuten tellen", "Comptage des minutes")
SENSITIVITY = Said("Checking sensitivity", "Gevoeligheid nagaan", "Test de sensibilité")
ASSUMPTIONS = Said("Trying assumptions", "Aannames proberen", "Essai des hypothèses")
ISOCHRONES = Said("Drawing isochrones", "Isochronen tekenen", "Tracé des isochrones")
FINDING_GAPS = Said("Finding gaps", "Hiaten zoeken", "Recherche des lacunes")
WRITING_TABLES = Said("Writing tables", "Tabellen schrijven", "Écriture des tableaux")
DRAWING_MAPS = Said("Drawing maps", "Kaarten tekenen", "Dessin des cartes")
WRITING_TEXTS = Said("Writing texts", "Teksten schrijven", "Rédaction des textes")
REACHING = Said("Reaching candidates", "Kandidaten bereiken", "Accès aux lieux candidats")
CHOOSING = Said("Choosing places", "Plaatsen kiezen", "Choix des lieux")
COMPARING = Said("Comparing", "Vergelijken", "Comparaison")
MEASURING_PLAN = Said("Measuring the plan", "Plan meten", "Mesure du plan")
LOOKING_FOR_ROADS = Said("Looking for roads", "Wegen zoeken", "Recherche de routes")
TRYING_ROADS = Said("Trying roads", "Wegen uitproberen", "Essai des routes")
CHOOSING_ROADS = Said("Choosing roads", "Wegen kiezen", "Choix des routes")
RANKING_ROADS = Said(
    "Trying other assumptions", "Andere aannames proberen", "Essai d’autres hypothèses"
)
MEASURING_ROADS = Said("Measuring the choice", "Keuze meten", "Mesure du choix")
MEASURING_YEARS = Said("Measuring years", "Jaren meten", "Mesure des années")
MEASURING_STUDIES = Said("Measuring studies", "Studies meten", "Mesure des études")
WAITING_FOR_WORKERS = Said(
    "Waiting for workers", "Wachten op rekenprocessen", "Attente des processus de calcul"
)
BRINGING_FILES = Said(
    "Bringing files to the workers",
    "Bestanden naar de rekenprocessen brengen",
    "Envoi des fichiers aux processus de calcul",
)
COUNTING_CHANGES = Said("Counting changes", "Wijzigingen tellen", "Comptage des changements")
READING_RESULT = Said("Reading the result", "Resultaat lezen", "Lecture du résultat")
DRAWING_PICTURES = Said("Drawing", "Tekenen", "Dessin")
WRITING_PAGES = Said("Writing pages", "Pagina’s schrijven", "Écriture des pages")
WRITING_ANNEXES = Said("Writing annexes", "Bijlagen schrijven", "Rédaction des annexes")
WRITING_ANSWER = Said("Writing the answer", "Antwoord schrijven", "Rédaction de la réponse")
TRYING_PLACES = Said("Trying every place", "Elke plaats proberen", "Essai de chaque lieu")
OPENING = Said("Opening", "Openen", "Ouverture")
ASKING = Said("Asking servers", "Servers bevragen", "Interrogation des serveurs")
FETCHING = Said("Fetching", "Ophalen", "Récupération")

PREPARING = (READING_FILES, READING_ROADS, READING_BUILDINGS, READING_STREETS, PLACING)
WRITING = (DRAWING_MAPS, WRITING_TABLES, WRITING_TEXTS)
STAGES: dict[str, tuple[Said, ...]] = {
    "check": PREPARING,
    "run": (
        *PREPARING,
        TRAVEL_TIMES,
        COUNTING_MINUTES,
        SENSITIVITY,
        ASSUMPTIONS,
        FINDING_GAPS,
        ISOCHRONES,
        *WRITING,
    ),
    "site": (*PREPARING, TRAVEL_TIMES, REACHING, CHOOSING, COMPARING, MEASURING_PLAN, *WRITING),
    "links": (
        *PREPARING,
        TRAVEL_TIMES,
        LOOKING_FOR_ROADS,
        TRYING_ROADS,
        CHOOSING_ROADS,
        RANKING_ROADS,
        MEASURING_ROADS,
        *WRITING,
    ),
    "batch": (READING_FILES, WAITING_FOR_WORKERS, BRINGING_FILES, MEASURING_STUDIES),
    "trend": (*PREPARING, MEASURING_YEARS, *WRITING),
    "compare": (READING_RESULT, COMPARING, *WRITING),
    "explain": (READING_FILES, COUNTING_CHANGES, *WRITING),
    "answer": (READING_RESULT, DRAWING_MAPS, WRITING_ANNEXES, WRITING_ANSWER),
    "publish": (READING_RESULT, DRAWING_PICTURES, WRITING_PAGES),
    "map": (READING_RESULT, DRAWING_MAPS),
    "explore": (*PREPARING, TRAVEL_TIMES, FINDING_GAPS, TRYING_PLACES, OPENING),
}
"""Of each command in their order; a study may need fewer of them."""


def needs_search(stages: Sequence[Said]) -> bool:
    """Whether roads are searched in one of these stages."""
    return any(one in stages for one in (TRAVEL_TIMES, MEASURING_YEARS, COUNTING_CHANGES))
