"""Which roads each profile keeps, in words: for whom they are quiet enough, not who may go there.

In the literature level of traffic stress 1 is that of children and 2 that of most adults (Mekuria,
Furth and Nixon, "Low-Stress Bicycling and Network Connectivity", MTI report 11-19, 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

from stemgeo.notes import Said, say


@dataclass(frozen=True)
class ProfileWords:
    """How a profile is called.

    Attributes
    ----------
    roads
        As in "over quiet roads".
    stress
        Their level of traffic stress.
    fit
        For whom they are quiet enough, as in "only roads quiet enough for children".
    """

    roads: Said
    stress: Said
    fit: Said

    @property
    def kept(self) -> Said:
        """Which roads these are, in full."""
        return say(
            "{fit} ({stress}; {source})",
            "{fit} ({stress}; {source})",
            "{fit} ({stress} ; {source})",
            **self._list_parts(),
        )

    @property
    def roads_with_stress(self) -> Said:
        """The roads with their level."""
        return say(
            "{roads} ({stress})", "{roads} ({stress})", "{roads} ({stress})", **self._list_parts()
        )

    def _list_parts(self) -> dict[str, Said]:
        return {"roads": self.roads, "stress": self.stress, "fit": self.fit, "source": SOURCE}


SOURCE = Said(
    "Mekuria, Furth and Nixon, 2012",
    "Mekuria, Furth en Nixon, 2012",
    "Mekuria, Furth et Nixon, 2012",
)

QUIET = {
    "low_stress": ProfileWords(
        Said("quiet roads", "rustige wegen", "routes calmes"),
        Said(
            "level of traffic stress 1 and 2",
            "verkeersstress 1 en 2",
            "stress du trafic de niveau 1 et 2",
        ),
        Said(
            "roads quiet enough for most adults and for children who can cope with traffic",
            "wegen die rustig genoeg zijn voor de meeste volwassenen en voor kinderen die het "
            "verkeer aankunnen",
            "routes assez calmes pour la plupart des adultes et pour les enfants à l’aise "
            "dans la circulation",
        ),
    ),
    "quiet_1": ProfileWords(
        Said("very quiet roads", "zeer rustige wegen", "routes très calmes"),
        Said("level of traffic stress 1", "verkeersstress 1", "stress du trafic de niveau 1"),
        Said(
            "roads quiet enough for children",
            "wegen die rustig genoeg zijn voor kinderen",
            "routes assez calmes pour les enfants",
        ),
    ),
}
"""The profiles of quiet roads, those with most roads first."""

ROADS = {"all": Said("all roads", "alle wegen", "toutes les routes")} | {
    name: w.roads for name, w in QUIET.items()
}
"""The roads of every profile."""
