"""Tiles that lie: cut with less of a halo than they say they have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stemgeo.scale import tiles as work
from stemgeo.scale.over_tiles import TiledRoads

if TYPE_CHECKING:
    from stemgeo.network import TiedPoints
    from stemgeo.scale.tiles import WayOfTravel


def shrink_halo(laid: TiledRoads, share: float) -> TiledRoads:
    """TileCut with a share of the halo, and take it for the whole of it."""
    less = TiledRoads.lay(laid.tiling, laid.network, laid.places, laid.cut.halo_m * share)
    lying = [replace(one, halo_m=laid.cut.halo_m) for one in less.held]
    return replace(less, held=lying)


def label_nearest(laid: TiledRoads, sites: TiedPoints, way: WayOfTravel, horizon_ms: int) -> Any:
    """Label the points of tiles."""
    return laid.label(work.label_tile, way, laid.take_near(sites), horizon_ms, None)
