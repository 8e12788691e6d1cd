"""What leads to a municipality on the web map beside its name: former ones, others, postcodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from stemgeo import facts
from stemgeo.inputs.vintages import bring_forward, list_former

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stemgeo.texts import Texts


class Alias(NamedTuple):
    """A name, or a code, that leads to a municipality.

    Attributes
    ----------
    name
        By which it is searched; empty for a code alone.
    said
        What stands beside it in a list of hits.
    number
        Of the municipality, in the order in which they were given.
    key
        The NIS code that it had, for a link; empty where there is none.
    """

    name: str
    said: str
    number: int
    key: str = ""


def list_aliases(
    places: pd.DataFrame, vintage: int | None, postcodes: pd.DataFrame | None, words: Texts
) -> list[Alias]:
    """List what leads to municipalities: former ones, what French or English calls them, postcodes.

    Parameters
    ----------
    places
        `nis_code`, `name`.
    vintage
        Of the codes; None for none that is known: then only postcodes lead there.
    postcodes
        `postcode`, `nis_code` (text): a row or more for each municipality that one is of. Empty
        postcodes, and municipalities that are not there, are passed over.
    words
        Of the language.
    """
    number = {code: at for at, code in enumerate(places["nis_code"])}
    names = places["name"].tolist()
    found = [
        *(() if vintage is None else _yield_former(vintage, words, number, names)),
        *(() if vintage is None else _yield_other_names(vintage, number, names)),
    ]
    if postcodes is not None:
        pairs = postcodes[["postcode", "nis_code"]].dropna().astype(str).drop_duplicates()
        known = pairs[(pairs["postcode"] != "") & pairs["nis_code"].isin(list(number))]
        for postcode, code in sorted(known.itertuples(index=False, name=None)):
            said = words("web.found.postcode", name=names[number[code]])
            found.append(Alias(postcode, said, number[code]))
    return found


def gather_postcodes(*tables: pd.DataFrame | None) -> pd.DataFrame:
    """Gather the postcodes that tables have: `postcode`, `nis_code`."""
    columns = ["postcode", "nis_code"]
    there = [one[columns] for one in tables if one is not None and {*columns} <= {*one.columns}]
    return pd.concat(there) if there else pd.DataFrame(columns=columns)


def _yield_former(
    vintage: int, words: Texts, number: dict[str, int], names: list[str]
) -> Iterator[Alias]:
    for code, name, since in sorted(list_former(vintage), key=lambda one: one[1]):
        if since in number:
            at = number[since]
            yield Alias(name, words("web.found.former", name=names[at]), at, code)


def _yield_other_names(vintage: int, number: dict[str, int], names: list[str]) -> Iterator[Alias]:
    for name, old in sorted(facts.list_exonyms().items()):
        (code,) = bring_forward([old], 2018, vintage)
        if code in number and name != names[number[code]]:
            yield Alias(name, names[number[code]], number[code])
