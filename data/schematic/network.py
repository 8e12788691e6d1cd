"""The whole road map of the example land, in the order in which it is drawn."""

from __future__ import annotations

from schematic.corridors import make_corridors
from schematic.countryside import (
    draw_border_roads,
    draw_farms,
    draw_island,
    draw_tracks,
    make_roundabouts,
    put_places,
    put_signals,
)
from schematic.drawing import Drawing
from schematic.ground import Ground
from schematic.links import lead_through, make_links
from schematic.roads import (
    draw_canal,
    draw_cycle_highway,
    draw_ferry,
    draw_link,
    draw_motorway,
)
from schematic.streets import draw_streets, plan_streets


def draw_network(ground: Ground) -> Drawing:
    """Draw streets, roads, canals, motorways, cycleways and tracks."""
    corridors = make_corridors(ground)
    barriers = corridors.barriers
    drawing = Drawing()
    plans = [
        plan_streets(drawing, village, zone, barriers)
        for village, zone in zip(ground.villages, ground.zones, strict=True)
    ]
    links, ferry = make_links(ground, plans, drawing, corridors.canals)
    lead_through(links, plans)
    for plan in plans:
        draw_streets(drawing, plan)
    met = [found for link in links for found in draw_link(drawing, link, plans, corridors)]
    for canal in corridors.canals:
        draw_canal(drawing, canal, corridors)
    for highway in corridors.cycle_highways:
        draw_cycle_highway(drawing, highway, corridors)
    for motorway in corridors.motorways:
        here = [found for found in met if found.motorway == motorway.name]
        draw_motorway(drawing, motorway, corridors, here)
    draw_ferry(drawing, ferry, plans, corridors.canals)
    draw_border_roads(drawing, ground, plans, corridors)
    draw_tracks(drawing, corridors)
    draw_farms(drawing, corridors)
    while drawing.add_junctions():
        pass
    put_signals(drawing)
    make_roundabouts(drawing)
    drawing.open_one_ways()
    draw_island(drawing, ground)
    put_places(drawing, plans)
    return drawing
