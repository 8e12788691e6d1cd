"""Places to put an academy at: candidates, schools, libraries, municipalities, addresses.

They are found by what is typed, however it is accented and with a slip or two, or by nearness.
Nothing is asked of a server: all of it is in the study's own files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from stemgeo.inputs.addresses import parse_address
from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.placing import Refused
from stemgeo.inputs.vectors import find_codes
from stemgeo.notes import Note, clean_text, say, say_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.errors import StemgeoError
    from stemgeo.inputs.placing import Place, PlaceSources

    Longs = NDArray[np.int64]

CANDIDATE, SCHOOL, LIBRARY = "candidate", "school", "library"
MUNICIPALITY, ADDRESS = "municipality", "address"

MOST = 12
"""Places that one answer holds."""

_WHOLE = 100.0
_LEAST_ALIKE = 70.0
"""Of a hundred, from when a word may be another with slips."""

_MOST_WORDS = 10
_FEWEST_MARKS = 2
"""A letter by itself names nothing."""

_COLUMNS = ["kind", "name", "place", "id", "x", "y"]


class PlaceFound(NamedTuple):
    """A place that an academy can be put at.

    Attributes
    ----------
    kind
        candidate, school, library, municipality or address.
    name, place
        What it is called (empty: nobody wrote it), and the municipality in which it lies.
    id
        Of a candidate, as its file has it; else empty.
    x, y
        Lambert 72.
    """

    kind: str
    name: str
    place: str
    id: str
    x: float
    y: float


class SnapPlaces:
    """The places of a study, to be searched.

    Parameters
    ----------
    candidates
        In the form of the register, with `municipality`.
    mapped
        As from `load_mapped_places`; None for a study without extracts.
    municipalities
        `nis_code`, `name`, geometry: places outside these are left out.
    """

    def __init__(
        self,
        candidates: gpd.GeoDataFrame,
        mapped: pd.DataFrame | None,
        municipalities: gpd.GeoDataFrame,
    ) -> None:
        parts = [_list_candidates(candidates), _list_municipalities(municipalities)]
        if mapped is not None:
            parts.append(_list_mapped(mapped, municipalities))
        self.table = pd.concat([part for part in parts if len(part)], ignore_index=True)
        self._at = self.table[["x", "y"]].to_numpy(np.float64)
        self._keys: list[str] = []
        owner: list[int] = []
        called = zip(self.table["name"], self.table["also"], self.table["place"], strict=True)
        # Each name by itself, with its municipality behind it: either may be typed.
        for row, (name, also, town) in enumerate(called):
            for one in dict.fromkeys((name, *also.split("\n"))):
                if key := _fold(one):
                    self._keys.append(f"{key} {_fold(town)}".strip())
                    owner.append(row)
        self._owner = np.array(owner, dtype=np.int64)
        words = [key.split() for key in self._keys]
        number, vocabulary = pd.factorize(np.array([one for key in words for one in key], object))
        self._word, self._vocabulary = number, [*vocabulary]
        self._first = np.append(0, np.cumsum([len(key) for key in words]))[:-1].astype(np.int64)

    def find_near(self, x: float, y: float, most: int = MOST) -> list[PlaceFound]:
        """List the places nearest to a spot, whatever they are called; no municipality is one.

        Parameters
        ----------
        x, y
            Lambert 72.
        most
            How many.
        """
        away = np.hypot(*(self._at - [x, y]).T)
        rows = np.flatnonzero(self.table["kind"].to_numpy() != MUNICIPALITY)
        return self._take(rows[np.argsort(away[rows], kind="stable")][:most])

    def find_named(
        self, text: str, near: tuple[float, float] | None = None, most: int = MOST
    ) -> list[PlaceFound]:
        """List the places that what is typed may name, best first; of equal ones the nearest.

        Parameters
        ----------
        text
            As it was typed.
        near
            Lambert 72.
        most
            How many.
        """
        asked = _fold(text)
        if len(asked.replace(" ", "")) < _FEWEST_MARKS or not self._keys:
            return []
        score = np.zeros(len(self.table))
        np.maximum.at(score, self._owner, self._score(asked))
        rows = np.flatnonzero(score)
        away = np.zeros(len(rows)) if near is None else np.hypot(*(self._at[rows] - near).T)
        return self._take(rows[np.lexsort((rows, away, -score[rows]))][:most])

    def _score(self, asked: str) -> NDArray[np.float64]:
        """Say how well each key fits: from 200 as begun, more from its start, most as a whole."""
        words = [*dict.fromkeys(asked.split())][:_MOST_WORDS]
        alike = process.cdist(words, self._vocabulary, scorer=fuzz.ratio, dtype=np.float64)
        begun = np.array([[one.startswith(word) for one in self._vocabulary] for word in words])
        alike[begun] = _WHOLE
        alike[alike < _LEAST_ALIKE] = 0
        each = np.maximum.reduceat(alike[:, self._word], self._first, axis=1)
        score = np.where((each > 0).all(axis=0), each.mean(axis=0), 0)
        score += _WHOLE * (each == _WHOLE).all(axis=0)
        return score + _WHOLE * np.array(
            [key.startswith(asked) + (key == asked) for key in self._keys]
        )

    def _take(self, rows: Longs) -> list[PlaceFound]:
        chosen = self.table.iloc[rows][_COLUMNS]
        return [PlaceFound(*row) for row in chosen.itertuples(index=False)]


def _fold(text: str) -> str:
    """Write a name as names are compared: small letters without accents, saints alike."""
    words = fold_label(text).split("_")
    return " ".join("st" if one in _SAINTS else one for one in words if one)


_SAINTS = ("sint", "sinte", "saint", "sainte", "ste")


def _list_candidates(candidates: gpd.GeoDataFrame) -> pd.DataFrame:
    x, y = candidates.geometry.x.to_numpy(), candidates.geometry.y.to_numpy()
    return pd.DataFrame(
        {
            "kind": CANDIDATE,
            "name": [clean_text(one) for one in candidates["name"]],
            "also": candidates["academy_id"].to_numpy(object),
            "place": candidates["municipality"].fillna("").to_numpy(object),
            "id": candidates["academy_id"].to_numpy(object),
            "x": x,
            "y": y,
        }
    )


def _list_municipalities(municipalities: gpd.GeoDataFrame) -> pd.DataFrame:
    at = municipalities.geometry.representative_point()
    names = municipalities["name"].to_numpy(object)
    told = {"also": municipalities["nis_code"].to_numpy(object), "place": "", "id": ""}
    return pd.DataFrame(
        {"kind": MUNICIPALITY, "name": names, **told, "x": at.x.to_numpy(), "y": at.y.to_numpy()}
    )


def _list_mapped(mapped: pd.DataFrame, municipalities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Give the schools and libraries in the municipalities."""
    import geopandas as gpd

    at = gpd.GeoSeries(gpd.points_from_xy(mapped["x"], mapped["y"], crs=municipalities.crs))
    code = find_codes(at, municipalities, "nis_code").to_numpy(object)
    names = dict(zip(municipalities["nis_code"], municipalities["name"], strict=True))
    table = mapped.assign(place=[names.get(one, "") for one in code], id="")
    inside: pd.DataFrame = table[code != ""]
    return inside


# -- addresses ----------------------------------------------------------------------------------


_WHERE = say("addresses", "adressen", "adresses")


def is_address(text: str) -> bool:
    """Whether what was typed is an address: a street with a number."""
    one = parse_address(clean_text(text, 200))
    return bool(one.street) and one.number is not None


def find_address(text: str, sources: PlaceSources) -> tuple[list[PlaceFound], tuple[Note, ...]]:
    """Find an address that was typed, in the study's own files alone.

    Parameters
    ----------
    text
        A line, such as "Kerkstraat 12, 9290 Berlare".
    sources
        Of the study.

    Returns
    -------
    tuple
        The place, if it is known at least by its street; and why not.
    """
    one = parse_address(clean_text(text, 200))
    if not (one.municipality or one.postcode):
        return [], (_ASK_TOWN,)
    found = sources.find_places([one])[0]
    if isinstance(found, Refused) or found.placed_by not in _AT_STREET:
        return [], (_UNKNOWN,)
    exact = found.placed_by != "street"
    place = PlaceFound(ADDRESS, found.placed_at or str(one), "", "", found.x, found.y)
    return [place], () if exact else (_note_street(found),)


_AT_STREET = ("address_point", "map_address", "adresmatch", "street")

_ASK_TOWN = Note(
    _WHERE,
    say(
        "an address needs its municipality or postcode",
        "een adres heeft een gemeente of postcode nodig",
        "une adresse demande sa commune ou son code postal",
    ),
)
_UNKNOWN = Note(
    _WHERE,
    say(
        "this address is not in the files of the study",
        "dit adres staat niet in de bestanden van de studie",
        "cette adresse ne figure pas dans les fichiers de l’étude",
    ),
)
NO_SOURCE = Note(
    _WHERE,
    say(
        "the study has no file with addresses",
        "de studie heeft geen bestand met adressen",
        "l’étude n’a pas de fichier d’adresses",
    ),
    say(
        "see inputs.addresses, or give roads",
        "zie inputs.addresses, of geef wegen",
        "voir inputs.addresses, ou donnez des routes",
    ),
)
"""Said where there is nothing in which an address could be found."""


def note_unread(error: OSError | StemgeoError) -> Note:
    """Say that the files of addresses cannot be read any more; other places are found still."""
    told = str(error)
    if isinstance(error, OSError) and error.filename:
        told = f"{Path(str(error.filename)).name}: {error.strerror}"
    what = say(
        "cannot be looked up: {why}",
        "kunnen niet opgezocht worden: {why}",
        "recherche impossible : {why}",
        why=clean_text(told, 200),
    )
    return Note(_WHERE, what, _OPEN_ANEW)


_OPEN_ANEW = say(
    "put the file back, or start the explorer anew",
    "zet het bestand terug, of start de verkenner opnieuw",
    "remettez le fichier, ou relancez l’explorateur",
)


def _note_street(found: Place) -> Note:
    what = say(
        "the number is not known: somewhere in the street, within {metres} m",
        "het nummer is niet bekend: ergens in de straat, tot op {metres} m",
        "le numéro n’est pas connu : quelque part dans la rue, à {metres} m près",
        metres=say_amount(found.precision_m),
    )
    return Note(_WHERE, what)


def list_lacking(mapped: pd.DataFrame | None) -> tuple[Note, ...]:
    """Say of which kinds of places a study has none, so that nobody looks for them.

    Parameters
    ----------
    mapped
        As from `load_mapped_places`; None for a study without extracts.
    """
    return (_NONE_MAPPED,) if mapped is None or mapped.empty else ()


_NONE_MAPPED = Note(
    say("schools and libraries", "scholen en bibliotheken", "écoles et bibliothèques"),
    say(
        "the roads of the study hold none",
        "het wegenbestand van de studie bevat er geen",
        "le fichier des routes de l’étude n’en contient aucune",
    ),
)


def say_nothing_found(places: Sequence[PlaceFound], notes: Sequence[Note]) -> tuple[Note, ...]:
    """Say that nothing was found, where nothing was and no other note says why."""
    return () if places or notes else (_NOTHING,)


_NOTHING = Note(
    say("places", "plaatsen", "lieux"),
    say(
        "nothing found by that name",
        "niets gevonden met die naam",
        "rien trouvé sous ce nom",
    ),
)
