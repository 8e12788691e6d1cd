"""Names in capitals, as people write them."""

from __future__ import annotations

import pytest

from stemgeo.inputs.shouting import write_as_people_do


@pytest.mark.parametrize(
    ("shouted", "written"),
    [
        ("HEMIKSEM - TERLO", "Hemiksem - Terlo"),
        ("SINT-JOB-IN-'T-GOOR", "Sint-Job-in-'t-Goor"),
        ("'S-GRAVENWEZEL", "'s-Gravenwezel"),
        ("'S GRAVENWEZEL-VERSPR. BEW. ZUID-WEST", "'s Gravenwezel-verspr. bew. Zuid-West"),
        ("’T HEIKEN", "’t Heiken"),
        ("GROENE HOEK - TER BEKE", "Groene Hoek - Ter Beke"),
        ("OVER DE VAART", "Over de Vaart"),
        ("DE KLIJTE", "De Klijte"),
        ("HEIST-OP-DEN-BERG", "Heist-op-den-Berg"),
        ("IJZERDIJK", "IJzerdijk"),
        ("LO - IJSMOLEN", "Lo - IJsmolen"),
        ("KLAVERBLAD E17", "Klaverblad E17"),
        ("PIUS X (KIEL)", "Pius X (Kiel)"),
        ("KERKHOF II", "Kerkhof II"),
        ("ST.-WILLEBRORDUS (NOORDWIJK)", "St.-Willebrordus (Noordwijk)"),
        ("L.VAN HOUTTEBUURT(ST-ANTONIUS)", "L.van Houttebuurt(St-Antonius)"),
        ("CORON D'EN HAUT", "Coron d'en Haut"),
        ("L'ALOUETTE", "L'Alouette"),
        ("VILLERS-L'EVEQUE", "Villers-l'Eveque"),
        ("PLACE DE L'ÉGLISE", "Place de l'Église"),
        ("UZ GASTHUISBERG", "UZ Gasthuisberg"),
        # As someone wrote them, or without a letter:
        ("Hemiksem - Terlo", "Hemiksem - Terlo"),
        ("'s-Gravenwezel", "'s-Gravenwezel"),
        ("VUB-campus", "VUB-campus"),
        ("11001A00-", "11001A00-"),
        ("KMO", "KMO"),
        ("12", "12"),
        ("", ""),
    ],
)
def test_a_name_in_capitals_is_written_as_people_do(shouted: str, written: str) -> None:
    """Small words stay small inside it; a name with a small letter is left alone."""
    assert write_as_people_do(shouted) == written
    assert write_as_people_do(written) == written
