"""Maps: choropleths for paper and one page for the web. They draw figures, they make none."""

from stemgeo.maps.static import choropleth, save_figure
from stemgeo.maps.text import MapText, alt_text
from stemgeo.maps.web import web_map

__all__ = ["MapText", "alt_text", "choropleth", "save_figure", "web_map"]
