"""What of the map a study needs: said once for who cuts an extract and who asks Overpass."""

from __future__ import annotations

from stemgeo.inputs.uninhabited import KINDS

ROADS = ("highway", "route")
"""Keys of what is travelled on: roads, and ferries."""

BUILDINGS = ("building",)
ADDRESSES = ("addr:street", "addr:place")

BARRED = (
    *(("highway", name) for name in ("motorway", "motorway_link", "trunk", "trunk_link")),
    ("railway", "rail"),
    *(("waterway", name) for name in ("river", "canal")),
    ("natural", "water"),
)
"""What nobody crosses on the way to a door, as `network.barriers` reads it."""

UNINHABITED = KINDS
"""Where nobody lives."""
