"""A result opened in QGIS itself: `make qgis`. Runs on the Python that has QGIS, without ours.

Takes the folder of a result and one for pictures. Each layer of the GeoPackage is opened as a user
adds it, and must come with its own style; the project must find all its layers; every print layout
is drawn as PNG and PDF, and every style as a picture, for who looks. What is wrong is told in a
line each, and ends with status 1.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
try:
    from qgis import core  # type: ignore[import-not-found]
    from qgis.PyQt.QtCore import QSize  # type: ignore[import-not-found]
except ImportError:
    sys.exit(
        "QGIS is not installed for this Python; on Debian and Ubuntu: apt install python3-qgis"
        " qgis-providers, or name another with make qgis QGIS_PYTHON=..."
    )

GROUND = core.QgsRectangle(20_000, 150_000, 260_000, 250_000)


def check_layers(place: Path) -> list[str]:
    """Open each layer as it is added by hand: valid, in our coordinates, styled, named."""
    uri = f"{place.resolve().as_uri()}?mode=ro&immutable=1"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as base:
        tables = [one for (one,) in base.execute(
            "SELECT table_name FROM gpkg_geometry_columns ORDER BY 1")]  # fmt: skip
        aliases = {
            table: dict(base.execute(
                "SELECT column_name, title FROM gpkg_data_columns WHERE table_name = ?", (table,)
            ))
            for table in tables
        }  # fmt: skip
    wrong = []
    for table in tables:
        layer = core.QgsVectorLayer(f"{place}|layername={table}", table, "ogr")
        named = {
            field.name(): layer.attributeAlias(at)
            for at, field in enumerate(layer.fields())
            if field.name() != "fid"
        }
        facts = {
            "is not valid": layer.isValid(),
            "is empty": layer.featureCount() > 0,
            "is in other coordinates": layer.crs().authid() == "EPSG:31370",
            "has no style of its own": layer.renderer().type() == "RuleRenderer",
            "has other names of columns": named == aliases[table],
            "has no sources": bool(layer.metadata().rights()),
        }
        wrong += [f"{table} {what}" for what, holds in facts.items() if not holds]
        wrong += check_features(layer)
    return wrong


def check_features(layer: Any) -> list[str]:
    """Find features that no rule of a choropleth draws: each has a class, or none on purpose."""
    if layer.name() not in ("municipalities", "zones", "gaps", "isochrones", "academies"):
        return []
    context = core.QgsExpressionContext(
        core.QgsExpressionContextUtils.globalProjectLayerScopes(layer)
    )
    drawing = core.QgsRenderContext()
    drawing.setExpressionContext(context)
    renderer = layer.renderer().clone()
    renderer.startRender(drawing, layer.fields())
    bare = 0
    for feature in layer.getFeatures():
        drawing.expressionContext().setFeature(feature)
        bare += not renderer.willRenderFeature(feature, drawing)
    renderer.stopRender(drawing)
    return [f"{layer.name()}: {bare} features have no class"] if bare else []


def check_project(place: Path) -> list[str]:
    """Open the project: all layers valid, relative, in our coordinates."""
    project = core.QgsProject.instance()
    if not project.read(str(place)):
        return ["the project cannot be read"]
    wrong = [f"{one.name()} is not valid" for one in project.mapLayers().values()
             if not one.isValid()]  # fmt: skip
    if project.crs().authid() != "EPSG:31370":
        wrong.append("the project is in other coordinates")
    if not project.layoutManager().layouts():
        wrong.append("the project has no print layouts")
    return wrong


def draw_layouts(pictures: Path) -> list[str]:
    """Draw each print layout."""
    wrong = []
    for layout in core.QgsProject.instance().layoutManager().layouts():
        name = pictures / layout.name().replace(" ", "-")
        exporter = core.QgsLayoutExporter(layout)
        asked = core.QgsLayoutExporter.ImageExportSettings()
        asked.dpi = 110
        done = exporter.exportToImage(f"{name}.png", asked)
        paper = exporter.exportToPdf(f"{name}.pdf", core.QgsLayoutExporter.PdfExportSettings())
        if {done, paper} != {core.QgsLayoutExporter.Success}:
            wrong.append(f"the layout {layout.name()} cannot be drawn")
        pages = layout.pageCollection().page(0).pageSize()
        if sorted((round(pages.width()), round(pages.height()))) != [210, 297]:
            wrong.append(f"the layout {layout.name()} is no A4")
    return wrong


def draw_styles(pictures: Path) -> None:
    """Draw each layer of the project by itself, under the borders of provinces."""
    project = core.QgsProject.instance()
    order = project.layerTreeRoot().layerOrder()
    borders = [one for one in order if one.id().startswith("stemgeo_provinces")]
    for layer in order:
        settings = core.QgsMapSettings()
        settings.setLayers([layer, *borders])
        settings.setDestinationCrs(project.crs())
        settings.setOutputSize(QSize(1300, 700))
        settings.setExtent(GROUND)
        settings.setExpressionContext(project.createExpressionContext())
        job = core.QgsMapRendererParallelJob(settings)
        job.start()
        job.waitForFinished()
        job.renderedImage().save(str(pictures / f"{layer.id()}.png"))


def hash_files(folder: Path) -> dict[str, str]:
    """Hash what lies in the folder."""
    return {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest()
        for one in sorted(folder.iterdir())
        if one.is_file()
    }


def main(folder: Path, pictures: Path) -> int:
    """Check a result; give the status."""
    pictures.mkdir(parents=True, exist_ok=True)
    before = hash_files(folder)
    application = core.QgsApplication([], False)
    application.initQgis()
    wrong = check_layers(folder / "result.gpkg")
    wrong += check_project(folder / "result.qgz")
    wrong += draw_layouts(pictures)
    draw_styles(pictures)
    core.QgsProject.instance().clear()
    application.exitQgis()
    after = hash_files(folder)
    changed = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    told = {"qgis": core.Qgis.QGIS_VERSION, "pictures": str(pictures), "touched": sorted(changed)}
    sys.stdout.write(json.dumps(told | {"wrong": wrong}, indent=2, ensure_ascii=False) + "\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
