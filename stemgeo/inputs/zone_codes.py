"""Codes of zones over a renumbering: statistical sectors got other codes in 2025.

A code of before may be that of another sector since, so what meets is not enough: which codes a
file has is told by all of them together, and by the municipalities that it names beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.errors import Findings
from stemgeo.inputs import vintages
from stemgeo.inputs.cells import read_table
from stemgeo.inputs.columns import Header
from stemgeo.inputs.counting import read_numbers
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, strip_control
from stemgeo.inputs.messages import check_values
from stemgeo.inputs.points import match_columns
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_codes, as_text
from stemgeo.notes import Said, say, say_amount, say_count, say_list
from stemgeo.study import VINTAGE

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from stemgeo.study import Input

_NAMES = {
    "old_code": (
        "old_code code_old oude_code code_oud ancien_code code_ancien zone_id_old old oud ancien",
        "cd_sector_old cd_sector2024 cd_sector_2024 sector2024 sector_2024 statsec2024 van from",
    ),
    "new_code": (
        "new_code code_new nieuwe_code code_nieuw nouveau_code code_nouveau zone_id_new new nieuw",
        "cd_sector_new cd_sector2025 cd_sector_2025 sector2025 sector_2025 statsec2025 naar to",
    ),
    "share": ("share aandeel deel part fraction fractie ratio proportion", "gewicht weight poids"),
}
_SHARED = 1_000_000_000
"""Shares as whole numbers, so that no resident depends on how a sum is rounded."""

_SAME_SHAPE = 0.98
"""Of the ground of both together: borders that were drawn anew move a little."""

_SLIVER = 0.01
"""Of an old zone: less of it in a new one is how borders were drawn."""

_MOSTLY_MET = 0.01
"""Of the people of a municipality: so many may be of codes that are no zones."""

_YEAR = re.compile(r"20[0-9]{2}")
_UNKNOWN = "ZZZZ"
"""The end of Statbel's code for people of whom the sector is not known."""


# --- A crosswalk made of two layers ------------------------------------------------------------


def make_crosswalk(old_layer: gpd.GeoDataFrame, new_layer: gpd.GeoDataFrame) -> pd.DataFrame:
    """Make a crosswalk out of two layers of zones, by how they overlap.

    Parameters
    ----------
    old_layer, new_layer
        Each with a geometry and `zone_id` (or `cd_sector`), and `nis_code` (or `cd_munty_refnis`)
        where it is known: no zone then goes to another municipality. The CRS of the new is taken.

    Returns
    -------
    DataFrame
        old_code, new_code, share (of the people of the old zone, adding up to 1 for each), by:
        "shape" where the zone was only given another code, which is exact; else "area", which is
        an estimate. Sorted by codes. An old zone that meets no new one is not there.
    """
    old, new = _as_zones(old_layer, new_layer.crs), _as_zones(new_layer, new_layer.crs)
    first, second = shapely.STRtree(new.geometry.to_numpy()).query(
        old.geometry.to_numpy(), predicate="intersects"
    )
    apart = (old["nis"].to_numpy()[first] != new["nis"].to_numpy()[second]) & (
        (old["nis"].to_numpy()[first] != "") & (new["nis"].to_numpy()[second] != "")
    )
    first, second = first[~apart], second[~apart]
    common = shapely.intersection(old.geometry.to_numpy()[first], new.geometry.to_numpy()[second])
    common_m2 = shapely.area(common)
    old_m2, new_m2 = old.area.to_numpy()[first], new.area.to_numpy()[second]
    pairs = pd.DataFrame(
        {
            "old_code": old["zone_id"].to_numpy(object)[first],
            "new_code": new["zone_id"].to_numpy(object)[second],
            "share": common_m2 / old_m2,
            "same": common_m2 > _SAME_SHAPE * (old_m2 + new_m2 - common_m2),
        }
    )
    return _add_up_to_one(pairs)


def _as_zones(layer: gpd.GeoDataFrame, crs: Any) -> gpd.GeoDataFrame:
    named = {"cd_sector": "zone_id", "cd_munty_refnis": "nis_code"}
    known = layer.rename(columns={one: ours for one, ours in named.items() if one in layer})
    towns = known["nis_code"] if "nis_code" in known else pd.Series("", index=known.index)
    forward = vintages.bring_each_forward(VINTAGE)
    table = {"zone_id": as_text(known["zone_id"]).map(strip_control)}
    table["nis"] = as_codes(towns).map(lambda code: forward.get(code, code))
    placed = gpd.GeoDataFrame(table, geometry=known.geometry.make_valid(), crs=layer.crs)
    placed = placed[placed.geometry.notna() & ~placed.geometry.is_empty]
    placed = placed[placed["zone_id"] != ""].sort_values("zone_id", ignore_index=True)
    return placed if crs is None or layer.crs is None else placed.to_crs(crs)


def _add_up_to_one(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep of each old zone the one of its shape, else its parts, whose shares add up to 1."""
    has_same = pairs.groupby("old_code")["same"].transform("any")
    kept = pairs[np.where(has_same, pairs["same"], pairs["share"] > _SLIVER)]
    kept = kept.sort_values(["old_code", "new_code"], ignore_index=True)
    of_old = kept.groupby("old_code")["share"]
    share = (kept["share"] / of_old.transform("sum")).round(9)
    rest = 1 - share.groupby(kept["old_code"]).transform("sum")
    last = ~kept["old_code"].duplicated(keep="last")
    share = (share + rest.where(last, 0.0)).round(9)
    by = np.where(kept["same"], "shape", "area")
    return kept[["old_code", "new_code"]].assign(share=share, by=by)


# --- A crosswalk that is given -----------------------------------------------------------------


def load_zone_codes(
    given: Input, zones: Collection[str], wanted: Collection[str], findings: Findings
) -> tuple[pd.DataFrame | None, Provenance | None]:
    """Read a table of old and new codes, whatever its columns are called.

    Parameters
    ----------
    given
        The file.
    zones
        All zones that the study's layer has: they tell which column has the new codes.
    wanted
        The codes whose people are to be given to zones: they tell which column has the old ones.
    findings
        Takes the problems and notes.

    Returns
    -------
    (DataFrame or None, Provenance or None)
        old_code, new_code, share (NaN where the file says none): each pair once.
    """
    with open_input(given, "zone_codes", findings) as file:
        if file is None:
            return None, None
        table = read_table(file, header=Header(_NAMES, row=file.header_row))
        pairs = None if table is None else _read_pairs(table, set(zones), set(wanted), file)
        return pairs, file.provenance


def _read_pairs(
    table: pd.DataFrame, zones: set[str], wanted: set[str], file: OpenedFile
) -> pd.DataFrame | None:
    file.choose_columns([*_NAMES])
    texts = table.apply(lambda column: as_text(column).map(strip_control))
    chosen = _choose_columns(texts, zones, wanted, file)
    if chosen is None:
        return None
    old, new = chosen
    pairs = pd.DataFrame({"old_code": texts[old], "new_code": texts[new], "share": np.nan})
    named = match_columns(table.drop(columns=[old, new]), {"share": _NAMES["share"]}, file)
    if "share" in named:
        share = read_numbers(texts[named["share"]], file, whole=False)
        if share is None:
            return None
        fine = (share >= 0) & (share <= 1)
        if not check_values(texts[named["share"]], fine, "not a share from 0 to 1", file):
            return None
        pairs["share"] = share
    pairs = pairs[(pairs["old_code"] != "") & (pairs["new_code"] != "") & (pairs["share"] != 0)]
    return _check_pairs(pairs, file)


def _choose_columns(
    texts: pd.DataFrame, zones: set[str], wanted: set[str], file: OpenedFile
) -> tuple[Any, Any] | None:
    """Choose the columns of old and new codes by what they hold; by name where that is alike."""
    said = tuple(file.chosen.get(name) for name in ("old_code", "new_code"))
    held = {name: set(texts[name]) for name in texts}
    rated = [
        (len(held[old] & wanted), len(held[new] & zones), old, new)
        for old in held
        for new in held
        if old != new and said[0] in (None, old) and said[1] in (None, new)
    ]
    fitting = [one for one in rated if one[0] and one[1]]
    if not fitting:
        has = say_list([file.label_of(name) for name in texts], 8)
        file.error(
            "has no two columns of codes, one with those of zone_population and one with those of "
            f"the zones (columns: {has})",
            "give the table of old and new codes of these two years",
        )
        return None
    most = max(one[0] + one[1] for one in fitting)
    best = [(old, new) for met, there, old, new in fitting if met + there == most]
    if len(best) > 1:
        best = _choose_by_name(best, texts, file)
    if len(best) != 1:
        file.error(
            "does not tell which of its columns has the old codes and which the new",
            'write columns = { old_code = "...", new_code = "..." }',
        )
        return None
    (old, new), names = best[0], ("old_code", "new_code")
    for column, name in zip((old, new), names, strict=True):
        file.use_column(column, name)
    labels = [clean_text(file.label_of(one), 40) for one in (old, new)]
    file.note(
        say(
            "old codes from '{old}', new ones from '{new}'",
            "oude codes uit '{old}', nieuwe uit '{new}'",
            "anciens codes de « {old} », nouveaux de « {new} »",
            old=labels[0],
            new=labels[1],
        )
    )
    return old, new


def _choose_by_name(
    pairs: list[tuple[Any, Any]], texts: pd.DataFrame, file: OpenedFile
) -> list[tuple[Any, Any]]:
    """Keep the pairs of columns that are called so, else those whose years are in order."""
    known = {name: _NAMES[name] for name in ("old_code", "new_code")}
    by_name = match_columns(texts, known, file)
    called = [one for one in pairs if one == (by_name.get("old_code"), by_name.get("new_code"))]
    years = [[_YEAR.findall(file.label_of(name)) for name in one] for one in pairs]
    in_order = [one for one, (old, new) in zip(pairs, years, strict=True) if old and old < new]
    return called or in_order


def _check_pairs(pairs: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
    """Refuse pairs that are there with two shares, and shares that do not add up to 1."""
    pairs = pairs.drop_duplicates()
    twice = pairs[pairs.duplicated(["old_code", "new_code"])]
    if len(twice):
        row, one = twice.index[0], twice.iloc[0]
        what = f"{clean_text(one['old_code'], 30)} goes to {clean_text(one['new_code'], 30)} twice"
        file.error_at(f"{pairs.index.name} {row}", what, "give each pair once")
        return None
    sums = pairs.groupby("old_code")["share"].sum(min_count=1)
    wrong = sums[sums.notna() & ((sums - 1).abs() > 0.001)]
    given = pairs["share"].notna().groupby(pairs["old_code"])
    some = sums.index[(given.any() & ~given.all()).to_numpy()]
    if len(wrong) or len(some):
        code = clean_text(str([*wrong.index, *some][0]), 30)
        told = f"add up to {wrong.iloc[0]:.4g}" if len(wrong) else "lack one"
        file.error(f"the shares of {code} {told}", "let those of each old code add up to 1")
        return None
    file.note(say_count(len(pairs), "pair"))
    return pairs.reset_index(drop=True)


# --- People of the codes of then, by the codes of now ------------------------------------------


@dataclass(frozen=True)
class ZoneTotals:
    """The people of each code of a file.

    Attributes
    ----------
    rows
        zone_id, nis_code (as the file has it, empty where it has none), population.
    zones
        zone_id, nis_code, geometry where it is known: all of the study's layer.
    file
        Takes what is wrong.
    """

    rows: pd.DataFrame
    zones: pd.DataFrame
    file: OpenedFile

    @property
    def known(self) -> frozenset[str]:
        """The ids of the zones."""
        return frozenset(self.zones["zone_id"])

    def find_contradictions(self) -> pd.DataFrame:
        """Find the people of a code that is of another municipality in the zones."""
        forward = vintages.bring_each_forward(VINTAGE)
        town_of = self.zones.drop_duplicates("zone_id").set_index("zone_id")["nis_code"]
        rows = self.rows[(self.rows["population"] > 0) & (self.rows["nis_code"] != "")]
        there = rows.assign(
            here=rows["zone_id"].map(town_of).map(forward), then=rows["nis_code"].map(forward)
        )
        there = there[there["here"].notna() & there["then"].notna()]
        return there[there["here"] != there["then"]]

    def bring(self, pairs: pd.DataFrame) -> ZoneTotals | None:
        """Give the people of old codes to new ones, to the last; None when that cannot be told.

        Parameters
        ----------
        pairs
            As from `load_zone_codes`.
        """
        peopled = self.rows[self.rows["population"] > 0]
        old, known = frozenset(pairs["old_code"]), self.known
        there = peopled["zone_id"].isin(known)
        lead_here = pairs.loc[pairs["new_code"].isin(known), "old_code"]
        lost = ~there & peopled["zone_id"].isin(lead_here)
        if not lost.any() and self.find_contradictions().empty:
            return self._keep_as_new(peopled[there], pairs)
        whole = pairs.merge(self.rows, left_on="old_code", right_on="zone_id")
        moved = _share_out(whole, self.zones, self.file)
        if moved is None:
            return None
        rest = self.rows[~self.rows["zone_id"].isin(old)]
        both = pd.concat([rest, moved], ignore_index=True)
        before, after = (int(one["population"].sum()) for one in (self.rows, both))
        if before != after:  # pragma: no cover  (whole numbers are divided without a rest)
            raise AssertionError("no resident is lost over a renumbering")
        self.file.note(
            say(
                "{zones} brought to the codes of the zones: {people}",
                "{zones} naar de codes van de zones gebracht: {people}",
                "{zones} avec les codes des zones : {people}",
                zones=say_count(len(self.rows) - len(rest), "zone"),
                people=say_count(int(moved["population"].sum()), "person"),
            )
        )
        return ZoneTotals(both, self.zones, self.file)

    def _keep_as_new(self, there: pd.DataFrame, pairs: pd.DataFrame) -> ZoneTotals | None:
        """Keep people whose codes are those of the zones; where both may be meant it is asked."""
        elsewhere = pairs[pairs["old_code"] != pairs["new_code"]]
        doubtful = there["zone_id"].isin(elsewhere["old_code"]) & (there["nis_code"] == "")
        if doubtful.any() and there["zone_id"].isin(pairs["old_code"]).all():
            one = clean_text(str(there["zone_id"][doubtful].iloc[0]), 30)
            self.file.error(
                f"its codes may be old or new ({one} is both, of two zones)",
                "add the municipality of each row as CD_REFNIS, or leave zone_codes out if they "
                "are those of the zones",
            )
            return None
        self.file.warn(
            Said(
                "has the codes of the zones already: zone_codes is not used",
                "heeft al de codes van de zones: zone_codes is niet gebruikt",
                "a déjà les codes des zones : zone_codes n’est pas utilisé",
            )
        )
        return self

    def check_met(self) -> bool:
        """Whether its codes are those of the zones; what shows that they are not is told."""
        return self._check_towns() and self._check_lost()

    def _check_towns(self) -> bool:
        apart = self.find_contradictions()
        if apart.empty:
            return True
        one = apart.iloc[0]
        code = clean_text(str(one["zone_id"]), 30)
        more = f", and {len(apart) - 1} more such" if len(apart) > 1 else ""
        then, now = (f"{town} {vintages.name_of(town)}" for town in (one["then"], one["here"]))
        self.file.error(
            f"its codes are not those of the zones: {code} is of {then} here, and of {now} "
            f"there{more}",
            _MEND,
        )
        return False

    def _check_lost(self) -> bool:
        """Report towns with people of codes that are no zones, and with zones without people."""
        forward = vintages.bring_each_forward(VINTAGE)
        rows = self.rows[
            (self.rows["population"] > 0) & ~self.rows["zone_id"].str.endswith(_UNKNOWN)
        ]
        said = rows["nis_code"].where(rows["nis_code"] != "", rows["zone_id"].str[:5])
        rows = rows.assign(town=said.map(forward), met=rows["zone_id"].isin(self.known))
        lacking = ~self.zones["zone_id"].isin(self.rows["zone_id"])
        towns = set(self.zones.loc[lacking, "nis_code"].map(forward).dropna())
        rows = rows[rows["town"].isin(towns)]
        whole = rows.groupby("town")["population"].sum()
        lost = rows[~rows["met"]].groupby("town")["population"].sum()
        much = lost[lost > _MOSTLY_MET * whole.reindex(lost.index)]
        if much.empty:
            return True
        code = clean_text(
            str(rows.loc[~rows["met"] & rows["town"].isin(much.index)].iloc[0, 0]), 30
        )
        towns_told = say_list([f"{one} {vintages.name_of(one)}" for one in much.index], 3)
        self.file.error(
            f"its codes are not those of the zones: {say_amount(int(much.sum()))} people of "
            f"{towns_told} are of codes that are no zones, such as {code}",
            _MEND,
        )
        return False


_MEND = (
    "give the totals of these zones (Statbel has those of 2025 by new codes, ..._NEW), or a table "
    "of old and new codes under [inputs] zone_codes"
)


def _share_out(whole: pd.DataFrame, zones: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
    """Share the people of each old code over its new ones, by largest remainder."""
    parts = whole.groupby("old_code")["new_code"].transform("size")
    alone = whole[parts == 1]
    found = [alone[["new_code", "nis_code", "population"]]]
    several = whole[parts > 1].sort_values(["old_code", "new_code"])
    several = _weigh_by_area(several, zones, file)
    for _, one in several.groupby("old_code"):
        weights: NDArray[np.int64] = np.rint(one["share"].to_numpy() * _SHARED).astype(np.int64)
        if not weights.any():
            code = clean_text(str(one["old_code"].iloc[0]), 30)
            file.error(f"nothing tells how {code} is divided", "give zone_codes a column share")
            return None
        (got,) = vintages.divide_counts([int(one["population"].iloc[0])], weights.tolist())
        found.append(one[["new_code", "nis_code"]].assign(population=got))
    moved = pd.concat(found, ignore_index=True)
    return moved.rename(columns={"new_code": "zone_id"}).astype({"population": "int64"})


def _weigh_by_area(several: pd.DataFrame, zones: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
    """Give the parts of old codes without shares those of the ground, and say so."""
    unsaid = several["share"].isna()
    if not unsaid.any():
        return several
    area = pd.Series(0.0, index=zones["zone_id"])
    if isinstance(zones, gpd.GeoDataFrame):
        area = pd.Series(zones.area.to_numpy(), index=zones["zone_id"])
    area_m2 = several["new_code"].map(area[~area.index.duplicated()]).fillna(0.0)
    by_area = area_m2 / area_m2.groupby(several["old_code"]).transform("sum").replace(0, 1)
    codes = sorted(several.loc[unsaid, "old_code"].unique())
    file.warn(
        say(
            "zone_codes divides {zones} and says no shares: {names}",
            "zone_codes verdeelt {zones} en zegt geen aandelen: {names}",
            "zone_codes divise {zones} sans dire les parts : {names}",
            zones=say_count(len(codes), "zone"),
            names=say_list(codes, 5),
        ),
        say(
            "their people are divided by area",
            "hun inwoners zijn verdeeld naar oppervlakte",
            "leurs habitants sont répartis selon la superficie",
        ),
    )
    return several.assign(share=several["share"].where(~unsaid, by_area))
