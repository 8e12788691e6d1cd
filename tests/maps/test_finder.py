"""What leads to a municipality beside its name."""

from __future__ import annotations

import pandas as pd

from stemgeo.maps.finder import Alias, list_aliases
from stemgeo.texts import load_texts

NL = load_texts("nl")
PLACES = pd.DataFrame({"nis_code": ["44083", "11002", "37022"], "name": ["Deinze", "A", "Tielt"]})


def test_former_municipalities_and_other_names_lead_to_those_of_today() -> None:
    """By name and by code; one that kept its name by its code alone, none of another vintage."""
    found = list_aliases(PLACES, 2025, None, NL)
    assert Alias("Nevele", "vroegere gemeente, nu Deinze", 0, "44049") in found
    assert Alias("", "vroegere gemeente, nu Tielt", 2, "37015") in found
    assert Alias("Meulebeke", "vroegere gemeente, nu Tielt", 2, "37007") in found
    assert Alias("Anvers", "A", 1) in found
    assert len({one.key for one in found if one.key}) == sum(bool(one.key) for one in found)
    before = list_aliases(PLACES[:2], 2018, None, NL)
    assert {one.name for one in before} == {"Antwerp", "Anvers"}
    assert list_aliases(PLACES, None, None, NL) == []


def test_a_postcode_leads_to_each_municipality_that_it_is_of() -> None:
    """Once, in order; what is empty or of no municipality of the page is passed over."""
    codes = ["44083", "11002", "44083", "99999", "11002", "44083"]
    table = pd.DataFrame(
        {"postcode": ["9800", "2000", "9800", "1000", "", None], "nis_code": codes}
    )
    found = [one for one in list_aliases(PLACES, 2024, table, NL) if one.name.isdecimal()]
    assert found == [Alias("2000", "postcode, A", 1), Alias("9800", "postcode, Deinze", 0)]
