#!/usr/bin/env python3
"""Make the project of the flood and play it: play.py FOLDER, with FOLDER/flood.gpkg and FOLDER/play.json.

A program of its own, so that QGIS's state dies with it. Writes FOLDER/flood.qgz, whose temporal controller plays roads
and water together, and FOLDER/flood.gif, frames of the same drawn by QGIS. FOLDER/play.json: title, begin (ISO),
minutes (how long it plays).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDateTimeRange,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter, QPen
from sample import playing
from sample.stories import STEP
from sample.styling import ARRIVALS, STYLES, label, style_land, style_roads_plain

CRS = "EPSG:32719"
CAUGHT = "People caught, and why"
FLOWS = "Vehicles on the roads, by 5 minutes"
WATER = "Flood front: minutes to its arrival (illustrative)"
# table, title, what styles it besides the style stored with the table; from top to bottom
LAYERS = (
    ("shelter_load", "Open shelters: how full", None),
    ("caught", CAUGHT, None),
    ("flows", FLOWS, None),
    ("flood", WATER, STYLES["flood"]),
    ("roads", "Other roads", style_roads_plain),
    ("zones", "Land (all zones)", style_land),
)
MOVING = (FLOWS, WATER)
WATER_COLOUR = [int(part) for part in ARRIVALS[2].split(",")]
FRAMES = 40
SIZE = QSize(820, 760)
DPI = 80
COLOURS = 192
FRAME_SECONDS, LAST_SECONDS = 0.35, 3.0


def build(folder: Path, texts: dict) -> QgsProject:
    """Return the project with the layers of flood.gpkg, ready for the temporal controller."""
    project = QgsProject.instance()
    project.setFileName(str(folder / "flood.qgz"))
    project.setCrs(QgsCoordinateReferenceSystem(CRS))
    project.setEllipsoid("EPSG:7030")
    project.setTitle(texts["title"])
    playing.set_time(project, texts["begin"], playing.after(texts["begin"], texts["minutes"]), STEP)
    for name, title, style in LAYERS:
        layer = QgsVectorLayer(f"{folder / 'flood.gpkg'}|layername={name}", title, "ogr")
        if not layer.isValid():
            raise RuntimeError(f"flood.gpkg has no layer {name}")
        # Opening a layer loads the style that is stored in the file; QGIS 3.22 then forgets its temporal settings.
        layer.loadDefaultStyle()
        if style:
            style(layer)
        if name == "shelter_load":
            layer.setSubsetString('"load" > 0')
            label(layer, "shelter_id", 8, "#000000")
        project.addMapLayer(layer, False)
        project.layerTreeRoot().addLayer(layer)
    extent = extent_of(project, MOVING)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent, project.crs()))
    return project


def extent_of(project: QgsProject, titles: Sequence[str]) -> QgsRectangle:
    """Return the extent of layers, with some room around."""
    extent = QgsRectangle()
    for title in titles:
        layer = project.mapLayersByName(title)[0]
        transform = QgsCoordinateTransform(layer.crs(), project.crs(), project)
        extent.combineExtentWith(transform.transformBoundingBox(layer.extent()))
    extent.scale(1.04)
    return extent


def settings_of(project: QgsProject, moving: bool) -> QgsMapSettings:
    """Return the settings of a frame's picture of what moves (from the shelters to the water), or of the ground."""
    settings = QgsMapSettings()
    settings.setDestinationCrs(project.crs())
    layers = [layer for layer in project.layerTreeRoot().layerOrder() if layer.isSpatial()]
    last = [layer.name() for layer in layers].index(WATER) + 1
    settings.setLayers(layers[:last] if moving else layers[last:])
    settings.setExtent(project.viewSettings().defaultViewExtent())
    settings.setOutputSize(SIZE)
    settings.setOutputDpi(DPI)
    settings.setBackgroundColor(QColor(Qt.GlobalColor.transparent) if moving else QColor("#ffffff"))
    context = QgsExpressionContext()
    for scope in (QgsExpressionContextUtils.globalScope(), QgsExpressionContextUtils.projectScope(project)):
        context.appendScope(scope)
    settings.setExpressionContext(context)
    return settings


def draw(settings: QgsMapSettings) -> QImage:
    """Return the picture of ``settings``."""
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def frame_times(minutes: int) -> list[int]:
    """Return the minutes at which the frames begin: whole steps, as few between them as ``FRAMES`` allow."""
    apart = STEP
    while minutes // apart + 1 > FRAMES:
        apart += STEP
    return list(range(0, minutes + 1, apart))


def frames(project: QgsProject, texts: dict) -> list[QImage]:
    """Return the frames: what is on the roads in the five minutes from each moment on, and the water there by then."""
    ground = draw(settings_of(project, False))
    settings = settings_of(project, True)
    settings.setIsTemporal(True)
    begin, pictures = playing.moment(texts["begin"]), []
    for minute in frame_times(texts["minutes"]):
        moment = begin.addSecs(60 * minute)
        settings.setTemporalRange(QgsDateTimeRange(moment, moment.addSecs(60 * STEP), True, False))
        picture = QImage(ground)
        painter = QPainter(picture)
        painter.drawImage(0, 0, draw(settings))
        write(painter, texts["title"], f"{moment.toString('HH:mm')}  ({minute} min after the beginning)")
        key(painter, project)
        painter.end()
        pictures.append(picture)
    return pictures


def write(painter: QPainter, title: str, clock: str) -> None:
    """Write title and clock at the top."""
    painter.fillRect(QRectF(0, 0, SIZE.width(), 54), QColor(255, 255, 255, 215))
    painter.setPen(QColor("#000000"))
    for text, size, bold, line in ((title, 15, False, 20), (clock, 20, True, 45)):
        painter.setFont(font(size, bold))
        painter.drawText(QPointF(10, line), text)


def key(painter: QPainter, project: QgsProject) -> None:
    """Draw what the colours of the roads mean, at the lower edge."""
    lines = [(one.symbol().color(), one.label()) for one in project.mapLayersByName(FLOWS)[0].renderer().ranges()]
    for layer in project.mapLayersByName(CAUGHT):
        lines += [(one.symbol().color(), f"caught: {one.value()}") for one in layer.renderer().categories()]
    lines.append((QColor(*WATER_COLOUR), "under water, the darkest first"))
    top = SIZE.height() - 18 * len(lines) - 8
    painter.fillRect(QRectF(0, top - 4, 400, SIZE.height() - top + 4), QColor(255, 255, 255, 215))
    painter.setFont(font(12, False))
    for row, (colour, text) in enumerate(lines):
        level = top + 18 * row + 8
        painter.setPen(QPen(colour, 5))
        painter.drawLine(QPointF(10, level), QPointF(34, level))
        painter.setPen(QColor("#000000"))
        painter.drawText(QPointF(42, level + 4), text)


def font(pixels: int, bold: bool) -> QFont:
    """Return the font of every QGIS in a size."""
    made = QFont("Open Sans")
    made.setPixelSize(pixels)
    made.setBold(bold)
    return made


def write_gif(pictures: Sequence[QImage], target: Path) -> None:
    """Write pictures as an animation that begins again, in one set of colours; the last one stays longer."""
    with tempfile.TemporaryDirectory() as folder:
        opened = []
        for number, picture in enumerate(pictures):
            file = Path(folder) / f"{number}.png"
            if not picture.save(str(file)):
                raise RuntimeError(f"{file} could not be written")
            with Image.open(file) as image:
                opened.append(image.convert("RGB"))
    sheet = Image.new("RGB", (SIZE.width(), 3 * SIZE.height()))
    for row, number in enumerate((0, len(opened) // 2, len(opened) - 1)):
        sheet.paste(opened[number], (0, row * SIZE.height()))
    colours = sheet.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    drawn = [picture.quantize(palette=colours, dither=Image.Dither.NONE) for picture in opened]
    spans = [round(1000 * FRAME_SECONDS)] * (len(drawn) - 1) + [round(1000 * LAST_SECONDS)]
    drawn[0].save(target, save_all=True, append_images=drawn[1:], duration=spans, loop=0, optimize=True)


def main() -> None:
    """Make FOLDER/flood.qgz and FOLDER/flood.gif."""
    folder = Path(sys.argv[1])
    texts = json.loads((folder / "play.json").read_text(encoding="utf-8"))
    application = QgsApplication([], False)
    application.initQgis()
    project = build(folder, texts)
    write_gif(frames(project, texts), folder / "flood.gif")
    if not project.write():
        raise RuntimeError(f"flood.qgz: {project.error()}")
    project.clear()
    application.exitQgis()


if __name__ == "__main__":
    main()
