"""Which road: a study in, the changes of roads that bring most children within reach out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo import subsidy
from stemgeo.coverage import municipality_table
from stemgeo.errors import InputError, Problem
from stemgeo.inputs.network_edits import write_network_edits_text
from stemgeo.inputs.plan import add_plan
from stemgeo.links import table as tables
from stemgeo.links.candidates import list_candidates
from stemgeo.links.ends import measure_ends
from stemgeo.links.gains import Options, RoadGains
from stemgeo.links.quiet import mark_taken, refuse_projects
from stemgeo.links.ranks import rank_otherwise
from stemgeo.links.sets import choose_together
from stemgeo.links.table import CENTRAL, TOGETHER, UNKNOWN_CENTS, LinkFigures, LinkTables
from stemgeo.maps.kinds import DrawnMap, draw_links
from stemgeo.maps.sheet import Ground
from stemgeo.measure import Measured, Prepared, measure_day, prepare_study
from stemgeo.network.edit_places import match_edits
from stemgeo.network.edits import lay_edits
from stemgeo.notes import Note, Said, say, say_amount, say_count, tell_notes, write_in_all
from stemgeo.planning import build_run_plan
from stemgeo.report.files import LINKS, join_lines
from stemgeo.report.imprint import list_file_words
from stemgeo.report.links import format_links, write_links_markdown
from stemgeo.report.manifests import build_origins
from stemgeo.report.outcome import Outcome, WrittenLinks
from stemgeo.report.plan import say_over_roads
from stemgeo.siting.places import find_candidates
from stemgeo.stages import (
    CHOOSING_ROADS,
    MEASURING_ROADS,
    RANKING_ROADS,
    TRAVEL_TIMES,
    TRYING_ROADS,
    Progress,
    report_nothing,
    tell_between,
)
from stemgeo.study import or_its_path
from stemgeo.tables import check_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stemgeo.access.travellers import OverNetwork
    from stemgeo.links.candidates import LinkCandidates
    from stemgeo.maps.press import Press
    from stemgeo.network.edits import LaidEdits, RoadEdit
    from stemgeo.network.graph import Network
    from stemgeo.study import Study

    Indices = NDArray[np.intp]
    Longs = NDArray[np.int64]

EDITS_FILE = "network-edits.geojson"


@dataclass(frozen=True, eq=False, repr=False)
class LinksResult(LinkTables, Outcome):
    """The changes of roads that bring most, and what was chosen, with their folder."""

    COMMAND = LINKS
    FILES = WrittenLinks.FILES
    SAID: ClassVar[Mapping[str, str]] = {
        name: name for name in ("looked_at", "gaining", "left_out", "in_time", "measured_children")
    } | {"counted": "counted", "proven": "proven"}

    def shown(self) -> pd.DataFrame:
        """Give what brings most in words."""
        return format_links(self, self.language)

    def table(self, name: str) -> pd.DataFrame:
        """Give a table as a CSV of the folder has it.

        Parameters
        ----------
        name
            links, links-municipalities, link-ranks or link-sets.
        """
        return self._read_csv_table(name)

    def map(self) -> Figure:
        """Draw the share of children within reach now, with the changes that bring most."""
        return self._draw_links_map().figure

    def _draw_links_map(self) -> DrawnMap:
        text, profile = self.text, self.study.links_profile
        if profile != "all":
            roads = say_over_roads(profile, text.language)
            text = replace(text, measure=f"{text.heading}{roads}", roads=roads)
        ground = Ground(self.municipalities, self.register, text)
        return draw_links(ground, self.links, chosen=self.study.output.classes)

    def _draw_maps(self, maps: Path, press: Press, _progress: Progress) -> None:
        drawn = self._draw_links_map()
        press.save(drawn.figure, maps / "links", drawn.alt, self.study.output.formats)

    def _build_plain(self, name: str) -> pd.DataFrame | None:
        if name == "links":
            return pd.DataFrame(self.links.drop(columns="geometry"))
        return super()._build_plain(name)

    def _build_tables(self) -> dict[str, Any]:
        plain = {"tables/links.csv": self._build_plain("links")}
        if len(self.academies):
            plain["plan.csv"] = self._build_run_plan()
        return super()._build_tables() | plain

    def _build_run_plan(self) -> pd.DataFrame:
        """Give the chosen academies in the form of the register, for `stemgeo run --plan`."""
        return build_run_plan(self.academies, self.inputs.plan)

    def _build_texts(self) -> dict[str, str]:
        readme = join_lines(list_file_words(self.text).values())
        texts = {"tables/LEESMIJ.txt": readme, "summary.md": write_links_markdown(self, self.text)}
        if len(self.edits):
            texts[EDITS_FILE] = write_network_edits_text(self.edits)
        return texts

    def _build_manifest(self) -> dict[str, Any]:
        return {
            "command": LINKS,
            **build_origins(self.study, self.inputs, text=self.text),
            **{key: getattr(self, name) for name, key in self.SAID.items()},
            "promised": self.promised,
            "notes": write_in_all(self.notes, self.study.languages),
        }


@dataclass(frozen=True, eq=False)
class _RoadQuestion:
    """What may be done, and whom it brings.

    Attributes
    ----------
    prepared, measured
        The study with nothing done.
    found
        The candidates.
    laid
        Their edits.
    gains
        Counts what options bring.
    academies
        Those that may come; None: none.
    members
        The numbers of the edits of each option: the candidates, then the academies.
    sites
        The numbers of the academies of each.
    cents
        What each edit costs, and each academy.
    """

    prepared: Prepared
    measured: Measured
    found: LinkCandidates
    laid: LaidEdits
    gains: RoadGains
    academies: gpd.GeoDataFrame | None
    members: list[Indices]
    sites: list[Indices]
    cents: tuple[Longs, Longs]

    @property
    def profile(self) -> str:
        """The roads that this is about."""
        return self.prepared.study.links_profile

    @property
    def network(self) -> Network:
        """That the edits are of."""
        return _take_network(self.measured)

    @property
    def costs(self) -> Longs:
        """What each option costs."""
        roads = tables.sum_costs(self.members[: len(self.found)], self.cents[0])
        return np.append(roads, self.cents[1])

    def give_options(self, which: Sequence[int]) -> Options:
        """Give some of the options."""
        return Options.of_lists(
            [self.members[one].tolist() for one in which],
            [self.sites[one].tolist() for one in which],
        )

    def join_options(self, parts: Sequence[Sequence[int]]) -> Options:
        """Give options each of which is several, done together; an edit that they share is one."""
        joined = (
            [
                np.unique(np.concatenate([_NONE, *(of[one] for one in part)])).tolist()
                for part in parts
            ]
            for of in (self.members, self.sites)
        )
        return Options.of_lists(*joined)

    def count(self, options: Options) -> Longs:
        """Count whom options bring, over these roads, at the central speeds."""
        counted = self.gains.count(options, profiles=[self.profile], scenarios=["central"])
        return counted.sum_up(self.profile)


_NONE = np.zeros(0, dtype=np.intp)


def _take_network(measured: Measured) -> Network:
    """Give the roads that edits are of: a straight line was refused."""
    return cast("OverNetwork", measured.riders[0]).network


@or_its_path
def links(
    study: Study, *, progress: Progress = report_nothing, threads: int | None = None
) -> LinksResult:
    """Find which changes of roads bring most children within reach, as `[links]` asks.

    Parameters
    ----------
    study
        From `load_study`, or the path of it; over roads.
    progress
        Called with what is being done and the share behind us.
    threads
        Searches that run side by side, all cores when not given; the result is the same.

    Raises
    ------
    InputError
        With every problem of the inputs, in a straight line, or for a budget of which no price
        is known.
    """
    _refuse_without_roads(study)
    return find_links(prepare_study(study, progress), progress=progress, threads=threads)


def find_links(
    prepared: Prepared, *, progress: Progress = report_nothing, threads: int | None = None
) -> LinksResult:
    """Find the same of a study that is prepared.

    Parameters
    ----------
    prepared
        Over roads.
    progress, threads
        As for `links`.
    """
    study = prepared.study
    progress(TRAVEL_TIMES, 0.35)
    measured = measure_day(prepared, study.about.date, threads=threads, with_access=False)
    measured = measured.keep_all_roads()
    asked = _build_question(prepared, measured, tell_between(progress, 0.4, 0.5), threads)
    progress(TRYING_ROADS, 0.5)
    counted = asked.gains.count(
        asked.give_options(range(len(asked.members))),
        profiles=[asked.profile],
        progress=tell_between(progress, 0.5, 0.7),
    )
    newly = counted.sum_up(asked.profile)
    progress(CHOOSING_ROADS, 0.7)
    chosen, proven = _choose(asked)
    progress(RANKING_ROADS, 0.75)
    listed = _list_links(asked, newly, chosen)
    ids = asked.found.table["link_id"].to_numpy(object)[listed].tolist()
    options = asked.give_options(listed.tolist())
    views = {CENTRAL: newly[listed]}
    views |= rank_otherwise(asked.gains, asked.found.edits, options, asked.profile)
    ranks = tables.rank_views(ids, views)
    towns = prepared.inputs.municipalities
    parts = [[one] for one in listed.tolist()] + ([chosen] if chosen else [])
    gained = _list_gained(asked, asked.join_options(parts))
    figures = _gather_figures(asked, counted, listed, tables.find_same(gained, len(listed)))
    rows = tables.build_links(asked.found.table.iloc[listed], figures, ranks, towns)
    of_towns = _build_towns(asked, [*ids, TOGETHER][: len(parts)], gained)
    edits, academies = _give_chosen(asked, chosen)
    progress(MEASURING_ROADS, 0.85)
    after = _measure_chosen(asked, edits, academies, threads)
    before, then = (_choose_profile(prepared, one) for one in (measured, after))
    more = int(then["covered"].sum() - before["covered"].sum())
    sets = _build_sets(asked, newly, chosen)
    return LinksResult(
        study=study,
        inputs=prepared.inputs,
        links=check_table("links", rows),
        towns=check_table("links-municipalities", of_towns),
        ranks=check_table("link-ranks", ranks),
        sets=check_table("link-sets", sets),
        edits=edits,
        academies=academies,
        municipalities=before,
        register=after.academies,
        looked_at=len(asked.found),
        gaining=int((newly[: len(asked.found)] > 0).sum()),
        left_out=dict(asked.found.left_out),
        in_time=int(before["covered"].sum()),
        measured_children=int((before["covered"] + before["uncovered"]).sum()),
        counted=more,
        proven=proven,
        notes=tell_notes(
            (
                *prepared.notes,
                *_note_taken(asked),
                *after.notes,
                *_note_not_kept(int(sets["adds"].sum()), more),
            ),
            study.languages,
        ),
    )


def _build_question(
    prepared: Prepared, measured: Measured, progress: Progress, threads: int | None
) -> _RoadQuestion:
    study, inputs, network = prepared.study, prepared.inputs, _take_network(measured)
    projects: list[RoadEdit] = []
    if inputs.road_projects is not None:
        projects = match_edits(network, inputs.road_projects)
        refuse_projects(projects)
    found = list_candidates(prepared, measured, projects, progress)
    laid = lay_edits(network, found.edits)
    academies = find_candidates(prepared, measured).table if study.links.with_academies else None
    gains = RoadGains.from_measured(prepared, measured, laid, academies, threads=threads)
    of = found.members
    members = [of.member[slice(*of.first[at : at + 2])].astype(np.intp) for at in range(len(found))]
    come = 0 if academies is None else len(academies)
    cents = _price_roads(inputs.road_projects, found, network, study)
    asked = _RoadQuestion(
        prepared,
        measured,
        found,
        laid,
        gains,
        academies,
        [*members, *([_NONE] * come)],
        [*([_NONE] * len(found)), *np.arange(come)[:, None]],
        (cents, _price_academies(academies, study)),
    )
    _refuse_unpriced(asked)
    return asked


def _note_taken(asked: _RoadQuestion) -> Iterator[Note]:
    """Tell of stressful roads that are not looked at, as a project changes them otherwise."""
    kinds = {"stretch", "chain"}.intersection(asked.prepared.study.links.kinds)
    taken = mark_taken(asked.network, asked.profile, asked.found.edits)
    if kinds and taken.any():
        metres = round(asked.network.length_mm[taken].sum(dtype=np.int64) / 1000)
        yield Note(
            _WHICH_ROAD,
            say(
                "{metres} m of busy road is no stretch here: a project of yours changes it, and "
                "what both bring there could not be told apart",
                "{metres} m drukke weg is hier geen stuk: een project van u wijzigt die, en wat "
                "beide er brengen is niet uit elkaar te houden",
                "{metres} m de route trop stressante n’est pas un tronçon ici : un de vos projets "
                "la modifie, et l’apport de chacun ne pourrait être distingué",
                metres=say_amount(metres),
            ),
            say(
                "leave the project out to see what a quiet road brings there",
                "laat het project weg om te zien wat een rustige weg daar brengt",
                "retirez le projet pour voir ce qu’une route calme y apporte",
            ),
        )


def _refuse_without_roads(study: Study) -> None:
    if study.straight_line:
        what = "in a straight line there are no roads that could be better"
        raise InputError(Problem("links", what, "give an extract of roads as inputs.network"))


def _price_roads(
    projects: gpd.GeoDataFrame | None, found: LinkCandidates, network: Network, study: Study
) -> Longs:
    """Say what each edit of the candidates costs."""
    own: dict[str, float] = {}
    if projects is not None:
        costs = projects["cost_eur"].astype(np.float64)
        own = dict(zip(projects["edit_id"].astype(str), costs, strict=True))
    of, across = found.members, found.table["across"]
    crossed = {
        int(of.member[of.first[row]]): str(across.iloc[row])
        for row in np.flatnonzero(across.to_numpy(object) != "")
        if of.first[row + 1] - of.first[row] == 1
    }
    return tables.price_edits(found.edits, crossed, own, study.links.cost, network)


def _price_academies(academies: gpd.GeoDataFrame | None, study: Study) -> Longs:
    if academies is None:
        return np.zeros(0, dtype=np.int64)
    rules = subsidy.find_rules(study.subsidy)
    cents = subsidy.place_costs_cents(
        academies, rules, trajectories_per_place=study.subsidy.trajectories_per_place
    )
    return np.where(subsidy.have_cost(academies, rules), cents, UNKNOWN_CENTS)


def _refuse_unpriced(asked: _RoadQuestion) -> None:
    """Refuse a budget where there is something, and nothing has a price."""
    known = asked.costs != UNKNOWN_CENTS
    if asked.prepared.study.links.budget_eur is None or known.any() or not len(known):
        return
    what = "needs what a change costs, and no price is known"
    mend = "declare it with its source, as [links.cost.stretch] per_m_eur = 400, source = '...'"
    raise InputError(Problem("links.budget_eur", what, mend))


def _choose(asked: _RoadQuestion) -> tuple[list[int], bool]:
    """Choose what to do together: the options in order of what each adds, and whether proven."""
    rules = asked.prepared.study.links
    budget = None if rules.budget_eur is None else int(rules.budget_eur * subsidy.CENTS)
    # Of those that bring as many the first is chosen: the shortest.
    roads = np.argsort(asked.found.table["length_m"].to_numpy(), kind="stable")
    order = np.append(roads, np.arange(len(roads), len(asked.members)))
    found = choose_together(
        asked.gains,
        asked.give_options(order.tolist()),
        profile=asked.profile,
        most=rules.together,
        edit_cents=asked.cents[0],
        site_cents=asked.cents[1],
        budget_cents=budget,
    )
    return [int(order[one]) for one in found.chosen], found.optimal


def _list_links(asked: _RoadQuestion, newly: Longs, chosen: list[int]) -> Indices:
    """List the candidates that bring most, and those that are chosen."""
    found, roads = asked.found, len(asked.found)
    edit_m = tables.measure_edits(found.edits, asked.network)
    shown = asked.prepared.study.links.shown
    each = asked.members[:roads], edit_m, newly[:roads]
    return tables.order_links(found.table, *each, shown, chosen)


def _gather_figures(
    asked: _RoadQuestion, counted: Any, listed: Indices, same: Longs
) -> LinkFigures:
    bands = [band.name for band in asked.prepared.study.travel.bands]
    profile = asked.profile
    newly = {"": counted.sum_up(profile)[listed]}
    newly |= {band: counted.sum_up(profile, band=band)[listed] for band in bands}
    low, high = (counted.sum_up(profile, one)[listed] for one in ("low", "high"))
    minutes = _measure_minutes(asked, listed)
    cents = asked.costs[listed]
    return LinkFigures(newly, low, high, minutes, cents, same)


def _measure_minutes(asked: _RoadQuestion, listed: Indices) -> NDArray[np.float64]:
    """Measure those that are listed from end to end, at the central speed of the oldest."""
    from stemgeo.access.travellers import find_pace

    travel = asked.prepared.study.travel
    oldest = max(asked.prepared.cells, key=lambda one: one.ages[0])
    pair = asked.gains.before, asked.gains.after
    before, after = (
        (one if asked.profile == "all" else one.in_profile(asked.profile)).find_rider(
            find_pace(travel, oldest), travel.horizon_min
        )
        for one in pair
    )
    rows = [
        measure_ends(before, after, asked.laid, asked.found.edits, asked.members[one].tolist())
        for one in listed.tolist()
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _list_gained(asked: _RoadQuestion, options: Options) -> pd.DataFrame:
    """List whom each option brings within reach: `option`, `point`, `cell` and `children`."""
    parts = [pd.DataFrame(columns=["option", "point", "cell", "children"], dtype=np.int64)]
    for search in asked.gains.list_searches([asked.profile], ["central"]):
        first, gained = search.try_options(options)
        option = np.repeat(np.arange(len(options)), np.diff(first))
        for kind, column in zip(search.kinds, search.children.T, strict=True):
            of = {"option": option, "point": search.points[gained], "cell": kind.cell}
            parts.append(pd.DataFrame({**of, "children": column[gained]}))
    every = pd.concat(parts[1:] or parts, ignore_index=True)
    return every[every["children"] > 0]


def _build_towns(asked: _RoadQuestion, ids: list[str], gained: pd.DataFrame) -> pd.DataFrame:
    """Build the table `links-municipalities`, of each by itself and of what is chosen."""
    bands = [cell.band.name for cell in asked.prepared.cells]
    codes = asked.prepared.points["nis_code"]
    towns = asked.prepared.inputs.municipalities
    return tables.build_towns(ids, gained, bands, codes, towns)


def _build_sets(asked: _RoadQuestion, newly: Longs, chosen: list[int]) -> pd.DataFrame:
    """Build the table `link-sets`: what each adds to those before it."""
    together = asked.count(asked.join_options([chosen[:at] for at in range(1, len(chosen) + 1)]))
    roads = len(asked.found)
    total = _sum_costs_so_far(asked, chosen)
    costs = tables.to_euros(asked.costs[chosen]) if chosen else np.zeros(0)
    rows = []
    towns = asked.prepared.inputs.municipalities.set_index("nis_code")["name"]
    for option in chosen:
        is_road = option < roads
        table = asked.found.table if is_road or asked.academies is None else asked.academies
        row = table.iloc[option if is_road else option - roads]
        rows.append(
            {
                "what": "link" if is_road else "academy",
                "id": str(row["link_id" if is_road else "academy_id"]),
                "name": str(row["name"]),
                "municipality": str(towns.get(row["nis_code"], "")),
            }
        )
    front = pd.DataFrame(rows, columns=["what", "id", "name", "municipality"], dtype=object)
    counts = {
        "alone": newly[chosen] if chosen else np.zeros(0, np.int64),
        "adds": np.diff(together, prepend=0),
        "together": together,
        "cost_eur": costs,
        "total_cost_eur": total,
    }
    rank = pd.Series(np.arange(1, len(chosen) + 1), name="rank", dtype=np.int64)
    return pd.concat([rank, front, pd.DataFrame(counts)], axis=1)


def _sum_costs_so_far(asked: _RoadQuestion, chosen: list[int]) -> NDArray[np.float64]:
    """Add costs up as more is done; an edit that two share is paid once."""
    joined = asked.join_options([chosen[:at] for at in range(1, len(chosen) + 1)])
    sums = []
    for at in range(len(chosen)):
        edits = asked.cents[0][joined.edit[slice(*joined.first[at : at + 2])]]
        sites = asked.cents[1][joined.site[slice(*joined.first_site[at : at + 2])]]
        every = np.append(edits, sites)
        sums.append(every.sum() if (every != UNKNOWN_CENTS).all() else UNKNOWN_CENTS)
    return tables.to_euros(np.array(sums, dtype=np.int64))


def _give_chosen(
    asked: _RoadQuestion, chosen: list[int]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Give what is chosen as edits of roads, behind the study's own, and as academies."""
    joined = asked.join_options([chosen])
    names = _name_edits(asked, chosen)
    edits = [asked.found.edits[one] for one in joined.edit]
    rows = tables.list_edit_rows(
        asked.network,
        edits,
        [names.get(one, "") for one in joined.edit.tolist()],
        asked.cents[0][joined.edit],
    )
    own = asked.prepared.inputs.network_edits
    if own is not None:
        rows = gpd.GeoDataFrame(pd.concat([own, rows], ignore_index=True), crs=own.crs)
    register = asked.prepared.inputs.academies
    come = register[:0] if asked.academies is None else asked.academies.iloc[joined.site]
    return rows, come[register.columns].assign(planned=True)


def _name_edits(asked: _RoadQuestion, chosen: list[int]) -> dict[int, str]:
    """Name each edit of what is chosen as the first candidate that it is of."""
    names: dict[int, str] = {}
    for option in chosen:
        if option < len(asked.found):
            row = asked.found.table.iloc[option]
            for edit in asked.members[option].tolist():
                names.setdefault(edit, str(row["name"] or row["link_id"]))
    return names


def _measure_chosen(
    asked: _RoadQuestion, edits: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, threads: int | None
) -> Measured:
    """Measure the study with all that is chosen, as a run with the files does."""
    prepared = asked.prepared
    changed = replace(
        prepared.inputs,
        academies=add_plan(prepared.inputs.academies, academies)
        if len(academies)
        else prepared.inputs.academies,
        network_edits=edits if len(edits) else None,
    )
    there, day = replace(prepared, inputs=changed), prepared.study.about.date
    return measure_day(there, day, threads=threads, with_access=False)


def _choose_profile(prepared: Prepared, measured: Measured) -> gpd.GeoDataFrame:
    return municipality_table(
        measured.coverage,
        prepared.inputs.municipalities,
        measured.academies,
        prepared.study.links_profile,
    )


_WHICH_ROAD = Said("links", "wegen", "routes")


def _note_not_kept(promised: int, counted: int) -> Iterator[Note]:
    """Tell of a promise that the whole chain does not keep."""
    if promised != counted:
        yield Note(
            _WHICH_ROAD,
            say(
                "{promised} more were promised within reach, a run with the changes counts "
                "{counted}",
                "{promised} extra binnen bereik beloofd, een meting met de aanpassingen telt er "
                "{counted}",
                "{promised} de plus promis à portée, une mesure avec les modifications en compte "
                "{counted}",
                promised=say_count(promised, "child"),
                counted=say_amount(counted),
            ),
            say(
                "use the number of the run",
                "gebruik het getal van de meting",
                "prenez le nombre de la mesure",
            ),
        )
