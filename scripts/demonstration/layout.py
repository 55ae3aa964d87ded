"""The printed map: title, map, legend, scale bar, notes."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLayerTree,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemPolyline,
    QgsLayoutItemScaleBar,
    QgsLayoutMeasurement,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendStyle,
    QgsLineSymbol,
    QgsPointXY,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QPointF, Qt
from qgis.PyQt.QtGui import QColor, QFont, QPolygonF

PAGE = (297.0, 260.0)  # mm
MARGIN = 8.0
SIDE = 78.0  # width of the legend's column, mm
TOP = 17.0  # height of the title, mm
DPI = 150
FONT = "Open Sans"
# QGIS 3.30 moved the units.
if hasattr(Qgis, "DistanceUnit"):
    KILOMETRES = Qgis.DistanceUnit.Kilometers
else:
    KILOMETRES = QgsUnitTypes.DistanceUnit.DistanceKilometers


def export_map(project: QgsProject, texts: dict, picture: Path) -> None:
    """Add a layout to ``project`` and draw it at ``picture``.

    Raises
    ------
    RuntimeError
        When the picture cannot be written.
    """
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.setName("Evacuation plan")
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(*PAGE))
    project.layoutManager().addLayout(layout)
    width, height = PAGE[0] - SIDE - 2 * MARGIN, PAGE[1] - TOP - 2 * MARGIN
    chart = _map(layout, project, MARGIN, MARGIN + TOP, width, height)
    _water(layout, project, chart, texts)
    _text(layout, texts["title"], 20, True, MARGIN, MARGIN - 1, PAGE[0] - 2 * MARGIN, 10)
    _text(layout, texts["subtitle"], 10.5, False, MARGIN, MARGIN + 9, PAGE[0] - 2 * MARGIN, 14)
    left = MARGIN + width + 4
    _legend(layout, project, chart, left, MARGIN + TOP)
    _text(layout, texts["notes"], 7.5, False, left, PAGE[1] - MARGIN - 34, SIDE - 4, 34, bottom=True)
    _width_key(layout, texts["widths"], texts.get("unit", "vehicles"), left, PAGE[1] - MARGIN - 88)
    _scale_bar(layout, chart, left, PAGE[1] - MARGIN - 52)
    _north_arrow(layout, MARGIN + 4, MARGIN + TOP + 4)
    settings = QgsLayoutExporter.ImageExportSettings()
    settings.dpi = DPI
    settings.exportMetadata = False  # GDAL would try to write where the map lies into the picture
    if QgsLayoutExporter(layout).exportToImage(str(picture), settings) != QgsLayoutExporter.ExportResult.Success:
        raise RuntimeError(f"{picture} could not be written")


def _place(item, x: float, y: float, width: float, height: float) -> None:
    item.attemptMove(QgsLayoutPoint(x, y))
    item.attemptResize(QgsLayoutSize(width, height))


def _map(layout: QgsPrintLayout, project: QgsProject, x: float, y: float, width: float, height: float):
    """Add the map, with the project's default view fitted into it."""
    item = QgsLayoutItemMap(layout)
    _place(item, x, y, width, height)
    layout.addLayoutItem(item)
    item.setCrs(project.crs())
    extent = QgsRectangle(project.viewSettings().defaultViewExtent())
    # A new map has no extent that could be zoomed: it takes this one, and with it a shape of its own.
    item.setExtent(extent)
    _place(item, x, y, width, height)
    item.zoomToExtent(extent)
    item.setFrameEnabled(True)
    item.setFrameStrokeWidth(QgsLayoutMeasurement(0.2))
    item.setBackgroundColor(QColor("#ffffff"))
    return item


def _water(layout: QgsPrintLayout, project: QgsProject, chart, texts: dict) -> None:
    """Write the name of the water onto it, where the map shows the place."""
    longitude, latitude = texts["water_at"]
    transform = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), project.crs(), project)
    place = transform.transform(QgsPointXY(longitude, latitude))
    if not chart.extent().contains(place):
        return
    spot = chart.mapToItemCoords(place.toQPointF())
    item = _text(layout, texts["water"], 12, False, chart.x() + spot.x() - 20, chart.y() + spot.y() - 4, 50, 8)
    font = item.font()
    font.setItalic(True)
    item.setFont(font)
    item.setFontColor(QColor("#0072b2"))


def _text(layout, text: str, size: float, bold: bool, x, y, width, height, bottom: bool = False) -> QgsLayoutItemLabel:
    """Add a text block and return it."""
    item = QgsLayoutItemLabel(layout)
    item.setText(text)
    font = QFont(FONT)
    font.setPointSizeF(size)
    font.setBold(bold)
    item.setFont(font)
    item.setHAlign(Qt.AlignmentFlag.AlignLeft)
    item.setVAlign(Qt.AlignmentFlag.AlignBottom if bottom else Qt.AlignmentFlag.AlignTop)
    _place(item, x, y, width, height)
    layout.addLayoutItem(item)
    return item


def _legend(layout: QgsPrintLayout, project: QgsProject, chart, x: float, y: float) -> None:
    """Add the legend of the layers that are visible and unfolded in the layer tree."""
    item = QgsLayoutItemLegend(layout)
    item.setLinkedMap(chart)
    item.setAutoUpdateModel(False)
    tree: QgsLayerTree = item.model().rootGroup()
    for node in project.layerTreeRoot().findLayers():
        if not node.isVisible() or not node.isExpanded() or not node.layer().isSpatial():
            tree.removeLayer(node.layer())
    for style, size, bold in (
        (QgsLegendStyle.Style.Subgroup, 9.5, True),
        (QgsLegendStyle.Style.SymbolLabel, 8.5, False),
    ):
        look = item.style(style)
        font = QFont(FONT)
        font.setPointSizeF(size)
        font.setBold(bold)
        look.setFont(font)
        item.setStyle(style, look)
    item.setSymbolWidth(7)
    # Only classes that the map shows.
    item.setLegendFilterByMapEnabled(True)
    item.attemptMove(QgsLayoutPoint(x, y))
    layout.addLayoutItem(item)
    item.adjustBoxSize()


def _width_key(layout: QgsPrintLayout, widths: list[tuple[int, float]], unit: str, x: float, y: float) -> None:
    """Add lines of the given widths (mm), each with its number of what ``unit`` says."""
    if not widths:
        return
    _text(layout, "Width of a street", 9.5, True, x + 2, y, SIDE - 6, 6)
    for row, (count, width) in enumerate(widths):
        level = y + 9 + 5.5 * row
        line = QgsLayoutItemPolyline(QPolygonF([QPointF(x + 2, level), QPointF(x + 16, level)]), layout)
        line.setSymbol(QgsLineSymbol.createSimple({"color": "#555555", "width": str(width), "capstyle": "flat"}))
        layout.addLayoutItem(line)
        _text(layout, f"{count:,} {unit}", 8.5, False, x + 19, level - 2.2, SIDE - 24, 5)


def _scale_bar(layout: QgsPrintLayout, chart, x: float, y: float) -> None:
    """Add a scale bar in kilometres."""
    item = QgsLayoutItemScaleBar(layout)
    item.setStyle("Single Box")
    item.setLinkedMap(chart)
    item.setUnits(KILOMETRES)
    item.setUnitLabel("km")
    item.setUnitsPerSegment(1)
    item.setNumberOfSegments(3)
    item.setNumberOfSegmentsLeft(0)
    item.setHeight(2)
    form = item.textFormat()
    form.setSize(9)
    item.setTextFormat(form)
    item.update()
    item.attemptMove(QgsLayoutPoint(x, y))
    layout.addLayoutItem(item)


def _north_arrow(layout: QgsPrintLayout, x: float, y: float) -> None:
    """Add an arrow to the north."""
    item = QgsLayoutItemPicture(layout)
    item.setPicturePath(":/images/north_arrows/layout_default_north_arrow.svg")
    _place(item, x, y, 11, 14)
    layout.addLayoutItem(item)
