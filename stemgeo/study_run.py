"""The one call: a study in, a result out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from stemgeo import subsidy
from stemgeo.access.travellers import OverNetwork, draw_study_isochrones
from stemgeo.coverage import changes_table, groups_table
from stemgeo.equity import count_quintiles, measure_concentration
from stemgeo.facts import LAMBERT_72
from stemgeo.gaps import find_gaps
from stemgeo.inputs.accounts import ACCOUNTS
from stemgeo.maps.topology import sketch_bands
from stemgeo.measure import (
    Prepared,
    count_cores,
    measure_day,
    measure_effects,
    measure_sensitivity,
    network_hashes,
    prepare_study,
)
from stemgeo.notes import tell_notes
from stemgeo.readiness import refuse_without_roads
from stemgeo.recognition import choose_recognised, keep_own, list_changes
from stemgeo.result import Result
from stemgeo.siting.municipalities import candidate_municipalities
from stemgeo.siting.places import find_candidates
from stemgeo.stages import (
    COUNTING_MINUTES,
    FINDING_GAPS,
    ISOCHRONES,
    SENSITIVITY,
    TRAVEL_TIMES,
    Progress,
    report_nothing,
    tell_between,
)
from stemgeo.study import STREET_WEIGHTS, Study, or_its_path
from stemgeo.times import measure_times
from stemgeo.uncertainty import measure_uncertainty

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stemgeo.access.travellers import OverRoads
    from stemgeo.measure import Measured, Traveller

    _Drawn = tuple[gpd.GeoDataFrame | None, gpd.GeoSeries | None]

MAIN_ROADS = ("trunk", "primary", "secondary", "tertiary")
DRAWN_ROADS = {
    "main": MAIN_ROADS,
    "street": frozenset(STREET_WEIGHTS) - {*MAIN_ROADS, "service", "track"},
}
"""The highways that maps of an area show, by the kind in its table."""
DRAWN_UP_TO_M = {"main": 80_000, "street": 25_000}
"""The largest ground, metres, on which each kind of road is drawn."""


@or_its_path
def run(
    study: Study,
    *,
    uncertainty: bool = False,
    anyway: bool = False,
    progress: Progress = report_nothing,
    threads: int | None = None,
    over: OverRoads | None = None,
) -> Result:
    """Measure which children can reach an academy.

    Parameters
    ----------
    study
        From `load_study`, `sample` or made in code; or the path of its study.toml or folder.
    uncertainty
        Whether to measure too what each assumption and what the map does not say can change: some
        twenty measurements more, see `stemgeo.uncertainty`.
    anyway
        Whether to measure also where no academy of the day has a road within the limit.
    progress
        Called with what is being done and the share behind us.
    threads
        Searches that run side by side, all cores when not given; the result is the same.
    over
        Who travels over roads, as `scale.over_tiles.Tiling`; the result is the same.

    Raises
    ------
    InputError
        With every problem of the inputs at once; or when no academy has a road.
    """
    prepared = replace(prepare_study(study, progress), over=over)
    if not anyway:
        refuse_without_roads(prepared, study.about.date)
    progress(TRAVEL_TIMES, 0.45)
    cores = threads or count_cores()
    stopped, waiting = Event(), over is not None or cores == 1
    drawn: list[Callable[[], _Drawn]] = []
    with ThreadPoolExecutor(1) as beside:

        def draw(riders: Sequence[Traveller]) -> None:
            asked = partial(_draw_isochrones, prepared, riders[0], cores, stopped)
            # Drawing is the work of GEOS, the rest that of Python: they go on side by side.
            drawn.append(asked if waiting else beside.submit(asked).result)

        try:
            measured = measure_day(prepared, study.about.date, threads=threads, meet=draw)
            return _find_rest(
                prepared,
                measured,
                drawn[0],
                uncertainty=uncertainty,
                progress=progress,
                threads=threads,
            )
        except BaseException:  # Ctrl-C too does not wait for what nobody will see
            stopped.set()
            raise


def _draw_isochrones(prepared: Prepared, rider: Traveller, threads: int, stopped: Event) -> _Drawn:
    """Draw the isochrones, and those of the nearest for the web map; None without roads."""
    if not isinstance(rider, OverNetwork):
        return None, None
    points, cells = prepared.points, prepared.cells
    areas = draw_study_isochrones(rider, points, cells, threads=threads, stopped=stopped)
    nearest = areas[areas["academy_id"] == ""].sort_values("minutes_to")
    return areas, sketch_bands(nearest.geometry)


def _find_rest(
    prepared: Prepared,
    measured: Measured,
    take_isochrones: Callable[[], _Drawn],
    *,
    uncertainty: bool,
    progress: Progress,
    threads: int | None,
) -> Result:
    """Find all else that a run tells; isochrones are taken when the rest is there."""
    study, points, cells = prepared.study, prepared.points, prepared.cells
    progress(COUNTING_MINUTES, 0.65)
    minutes = measure_times(prepared, measured, threads=threads)
    progress(SENSITIVITY, 0.7)
    of_methods = measure_sensitivity(prepared, measured, threads=threads)
    sure = measure_uncertainty(
        prepared,
        measured,
        of_methods,
        searched=uncertainty,
        threads=threads,
        progress=tell_between(progress, 0.7, 0.75),
    )
    progress(FINDING_GAPS, 0.75)
    found = find_gaps(prepared, measured, threads=threads)
    on_all_roads = found.children["profile"] == "all"
    places = find_candidates(prepared, measured)
    candidates = candidate_municipalities(
        prepared, measured, places.table, found.children[on_all_roads], threads=threads
    )
    progress(ISOCHRONES, 0.85)
    areas, bands = take_isochrones()
    attributes = prepared.inputs.attributes
    upper = [level for level in prepared.levels if level.name != "zone"]
    return Result(
        study=study,
        inputs=prepared.inputs,
        coverage=measured.coverage,
        groups=groups_table(points, measured.reached, upper, measured.coverage),
        times=minutes,
        municipalities=measured.municipalities,
        academies=measured.academies,
        gaps=found.table,
        gap_municipalities=found.shares,
        gap_children=found.children,
        changes=_compare_year_before(prepared),
        candidates=candidates,
        demand=points,
        access=measured.access,
        isochrones=areas,
        band_outlines=bands,
        effects=measure_effects(prepared, measured, threads=threads),
        placement=prepared.placed.count_by_zone(prepared.inputs.zones),
        sensitivity=of_methods[of_methods["level"] != "municipality"].reset_index(drop=True),
        uncertainty=sure.bars,
        to_check=sure.to_check,
        to_check_lines=sure.to_check_lines,
        verdicts=sure.verdicts,
        quintiles=count_quintiles(measured.coverage, attributes) if attributes else None,
        concentration=measure_concentration(measured.coverage, attributes) if attributes else None,
        subsidy=subsidy.compute_for_study(
            study.subsidy, keep_own(study, measured.academies), prepared.inputs.layers
        ),
        subsidy_before=_cost_before(prepared),
        plan_changes=list_changes(prepared.inputs, study.about.date, study.academies),
        network_edits=prepared.edits,
        surroundings=draw_surroundings(prepared) if study.has_area else None,
        main_roads=_draw_main_roads(prepared),
        postcodes=prepared.inputs.postcodes,
        **{role: prepared.inputs.accounts.get(role) for role in ACCOUNTS},
        network_counts={
            one.profile: one.list_counts(points, cells)
            for one in measured.riders
            if isinstance(one, OverNetwork)
        },
        building_counts=prepared.ground.counts,
        notes=tell_notes(
            (*prepared.notes, *measured.notes, *places.notes, *sure.notes), study.languages
        ),
    )


def draw_surroundings(prepared: Prepared) -> gpd.GeoDataFrame:
    """Draw what maps show around an area: the municipalities beside it, and the roads there are.

    Streets only where the ground is small enough to tell one from another.
    """
    x0, y0, x1, y1 = prepared.inputs.municipalities.total_bounds
    side = max(x1 - x0, y1 - y0)
    box = shapely.box(x0 - side, y0 - side, x1 + side, y1 + side)
    rows = []
    around, streets = prepared.inputs.around, prepared.ground.streets
    if around is not None:
        near = around[around.intersects(box)]
        rows += [("municipality", *one) for one in zip(near["name"], near.geometry, strict=True)]
    for kind, names in DRAWN_ROADS.items():
        if streets is not None and side <= DRAWN_UP_TO_M[kind]:
            seen = streets.draw_within(box, names)
            if not seen.is_empty:
                rows.append((kind, "", seen))
    frame = pd.DataFrame(rows, columns=["kind", "name", "geometry"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=LAMBERT_72)


def _draw_main_roads(prepared: Prepared) -> gpd.GeoDataFrame | None:
    """Draw the main roads of the extracts; None where there are none."""
    inputs = prepared.inputs
    if not inputs.network:
        return None
    from stemgeo.inputs.streets import draw_main_roads

    drawn = draw_main_roads(inputs.network, network_hashes(inputs), inputs.municipalities)
    return drawn if len(drawn) else None


def _compare_year_before(prepared: Prepared) -> pd.DataFrame:
    """Lay the recognised academies beside those of a year earlier; places of a plan are neither."""
    study, inputs = prepared.study, prepared.inputs
    register = inputs.register
    today = study.about.date
    now, before = (
        choose_recognised(register, day, study.academies)[0]
        for day in (today, study.day_in(today.year - 1))
    )
    return changes_table(inputs.municipalities, now, before)


def _cost_before(prepared: Prepared) -> pd.DataFrame | None:
    """Say what the academies of the register cost, where a plan moves or closes some of them."""
    study, inputs = prepared.study, prepared.inputs
    if inputs.changed is None or inputs.changed.empty:
        return None
    counting, _ = choose_recognised(inputs.register, study.about.date, study.academies)
    return subsidy.compute_for_study(study.subsidy, keep_own(study, counting), inputs.layers)
