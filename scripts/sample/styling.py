"""How the sample's layers look: colours that colour-blind readers can tell apart, units in the legend."""

from __future__ import annotations

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsCentroidFillSymbolLayer,
    QgsColorRampShader,
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsPalLayerSettings,
    QgsRasterLayer,
    QgsRasterShader,
    QgsRendererCategory,
    QgsRendererRange,
    QgsRuleBasedRenderer,
    QgsSingleBandPseudoColorRenderer,
    QgsSingleSymbolRenderer,
    QgsTextBufferSettings,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.PyQt.QtGui import QColor, QFont

from .playing import appears_at

ROADS = (
    (("motorway", "trunk"), "Motorway, trunk road", "#7a5195", 0.7),
    (("primary",), "Primary road", "#6f6f6f", 0.55),
    (("secondary",), "Secondary road", "#808080", 0.4),
    (("tertiary",), "Tertiary road", "#8c8c8c", 0.3),
    (("residential", "unclassified", "living_street"), "Other road", "#9c9c9c", 0.18),
)
PEOPLE = ((0, 1_500), (1_500, 2_500), (2_500, 3_500), (3_500, 4_500), (4_500, 5_500))
PEOPLE_COLOURS = ("#fff7ec", "#fee8c8", "#fdd49e", "#fdbb84", "#fc8d59")
# Water by the minute of its arrival, the first darkest; no blue, which roads without delay have.
ARRIVALS = ("0,68,61", "0,109,102", "38,148,138", "102,184,174", "166,215,207")

# Heights of the ground, m, and their colours.
HEIGHTS = (
    (0.0, "#8fb996"), (10.0, "#c3d8a5"), (30.0, "#ece5b3"), (60.0, "#dcc28f"), (120.0, "#c09c74"), (240.0, "#a58468"),
    (380.0, "#f2f0ec"),
)  # fmt: skip


def style_roads(layer: QgsVectorLayer) -> None:
    """Draw roads by class."""
    categories = []
    for classes, label, colour, width in ROADS:
        symbol = QgsLineSymbol.createSimple({"color": colour, "width": str(width), "capstyle": "round"})
        categories.append(QgsRendererCategory(list(classes) if len(classes) > 1 else classes[0], symbol, label))
    layer.setRenderer(QgsCategorizedSymbolRenderer("highway", categories))


def style_roads_plain(layer: QgsVectorLayer) -> None:
    """Draw all roads alike and faint, as the ground of a map."""
    symbol = QgsLineSymbol.createSimple({"color": "#b5b5b5", "width": "0.15", "capstyle": "round"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))


def style_land(layer: QgsVectorLayer) -> None:
    """Draw the zones as plain land, the ground of a map whose background is the sea."""
    layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple({"color": "#f4f1ea", "outline_style": "no"})))


def style_zones(layer: QgsVectorLayer) -> None:
    """Draw zones by people."""
    ranges = []
    for (low, high), colour in zip(PEOPLE, PEOPLE_COLOURS):
        symbol = QgsFillSymbol.createSimple(
            {"color": colour, "outline_color": "#8a8a8a", "outline_width": "0.15", "outline_style": "solid"}
        )
        ranges.append(QgsRendererRange(low, high, symbol, f"{low:,} - {high:,} people"))
    layer.setRenderer(QgsGraduatedSymbolRenderer("population", ranges))
    layer.setOpacity(0.55)


def style_hazard(layer: QgsVectorLayer) -> None:
    """Draw the strip translucent."""
    symbol = QgsFillSymbol.createSimple(
        {"color": "0,114,178,70", "outline_color": "0,114,178,255", "outline_width": "0.4"}
    )
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))


def style_arrivals(layer: QgsVectorLayer) -> None:
    """Draw bands by the minute at which the water is there, the first darkest, and have them appear then."""
    found = sorted(layer.uniqueValues(layer.fields().indexFromName("hazard_arrival")))
    least = next(size for size in (1, 60) if len({value // size for value in found}) <= len(ARRIVALS))
    ranges = []
    for low, colour in zip(sorted({value // least * least for value in found}), ARRIVALS):
        inside = [value for value in found if value // least * least == low]
        symbol = QgsFillSymbol.createSimple(
            {"color": f"{colour},150", "outline_color": "0,68,61,200", "outline_width": "0.2"}
        )
        text = f"{inside[0]}" if len(inside) == 1 else f"{inside[0]} to {inside[-1]}"
        ranges.append(QgsRendererRange(inside[0], inside[-1], symbol, f"{text} min after the beginning"))
    layer.setRenderer(QgsGraduatedSymbolRenderer("hazard_arrival", ranges))
    appears_at(layer)


def style_orders(layer: QgsVectorLayer) -> None:
    """Draw the zones' borders with their order times."""
    symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": "#7f3b08", "outline_width": "0.35"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    text = "if(\"order_time\" is null, 'order at once', 'order at ' || \"order_time\" || ' min')"
    label(layer, text, 7, "#7f3b08")


def style_sites(layer: QgsVectorLayer) -> None:
    """Draw the plots of candidate shelters with a square by area that is seen at any scale, labelled with their ids."""
    ranges = []
    for low, high, size in ((0, 10_000, 2.2), (10_000, 20_000, 3.2), (20_000, 40_000, 4.4)):
        symbol = QgsFillSymbol.createSimple({"color": "#009e73", "outline_color": "#00533c", "outline_width": "0.3"})
        marker = QgsCentroidFillSymbolLayer()
        marker.setSubSymbol(
            QgsMarkerSymbol.createSimple(
                {"name": "square", "color": "#009e73", "outline_color": "#ffffff", "outline_width": "0.3",
                 "size": str(size)}
            )
        )  # fmt: skip
        symbol.appendSymbolLayer(marker)
        ranges.append(QgsRendererRange(low, high, symbol, f"{low:,} - {high:,} m² of open area"))
    layer.setRenderer(QgsGraduatedSymbolRenderer("area_m2", ranges))
    label(layer, "site_id", 7, "#00533c")


def style_entrances(layer: QgsVectorLayer) -> None:
    """Draw the entrances of shelters, where the map is near enough to tell them from the plots."""
    symbol = QgsMarkerSymbol.createSimple(
        {"name": "triangle", "color": "#f0e442", "outline_color": "#00533c", "outline_width": "0.3", "size": "2.4"}
    )
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(20_000)


def style_carless(layer: QgsVectorLayer) -> None:
    """Draw the borders of zones, the wider the more of their people have no car, labelled with the share."""
    ranges = []
    for low, high, width in ((0.2, 0.4, 0.3), (0.4, 0.5, 0.6), (0.5, 0.7, 1.0)):
        symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": "#7f3b08", "outline_width": str(width)})
        ranges.append(QgsRendererRange(low, high, symbol, f"{low:.0%} to {high:.0%} have no car"))
    layer.setRenderer(QgsGraduatedSymbolRenderer("carless", ranges))
    label(layer, "round(100 * \"carless\") || ' % no car'", 7, "#7f3b08")


def style_towers(layer: QgsVectorLayer) -> None:
    """Draw tall buildings with a mark by their room that is seen at any scale, labelled with it."""
    ranges = []
    for low, high, size in ((0, 600, 2.6), (600, 1_000, 3.6), (1_000, 2_000, 4.6)):
        symbol = QgsFillSymbol.createSimple({"color": "#cc79a7", "outline_color": "#5b2145", "outline_width": "0.3"})
        marker = QgsCentroidFillSymbolLayer()
        marker.setSubSymbol(
            QgsMarkerSymbol.createSimple(
                {"name": "pentagon", "color": "#cc79a7", "outline_color": "#ffffff", "outline_width": "0.3",
                 "size": str(size)}
            )
        )  # fmt: skip
        symbol.appendSymbolLayer(marker)
        ranges.append(QgsRendererRange(low, high, symbol, f"room for {low:,} - {high:,} people"))
    layer.setRenderer(QgsGraduatedSymbolRenderer("capacity", ranges))
    label(layer, '"site_id" || \': \' || "capacity"', 7, "#5b2145")


def style_sensors(layer: QgsVectorLayer) -> None:
    """Draw the places at which vehicles are counted."""
    look = {"name": "triangle", "size": "3", "color": "#0072B2", "outline_color": "#ffffff", "outline_width": "0.3"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(look)))


def style_depots(layer: QgsVectorLayer) -> None:
    """Draw depots, labelled with what stands there."""
    symbol = QgsMarkerSymbol.createSimple(
        {"name": "square", "color": "#0072b2", "outline_color": "#ffffff", "outline_width": "0.4", "size": "4.4"}
    )
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    label(layer, "\"vehicles\" || ' x ' || \"seats\" || ' seats'", 7, "#0072b2", 1.6)


def style_requests(layer: QgsVectorLayer) -> None:
    """Draw requests: those on a list, those that call, those that are only expected."""
    root = QgsRuleBasedRenderer.Rule(None)
    for words, condition, colour in (
        ("Known before (list)", '"known_time" = 0', "#e69f00"),
        ("Calls later", '"known_time" > 0 and "probability" is null', "#ffffff"),
        ("Expected, with a probability", '"probability" is not null', "#bdbdbd"),
    ):
        symbol = QgsMarkerSymbol.createSimple(
            {"name": "circle", "color": colour, "outline_color": "#000000", "outline_width": "0.3", "size": "2.4"}
        )
        root.appendChild(QgsRuleBasedRenderer.Rule(symbol, filterExp=condition, label=words))
    layer.setRenderer(QgsRuleBasedRenderer(root))


def style_elevation(layer: QgsRasterLayer) -> None:
    """Draw heights from green to white, finer where the strip is."""
    ramp = QgsColorRampShader(0.0, HEIGHTS[-1][0], None, QgsColorRampShader.Type.Interpolated)
    ramp.setColorRampItemList(
        [QgsColorRampShader.ColorRampItem(high, QColor(colour), f"{high:g} m") for high, colour in HEIGHTS]
    )
    shader = QgsRasterShader(0.0, HEIGHTS[-1][0])
    shader.setRasterShaderFunction(ramp)
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader))
    layer.setOpacity(0.6)


def label(layer: QgsVectorLayer, field: str, size: float, colour: str, distance: float = 0.8) -> None:
    """Label the features of a layer with a field or expression, with a white halo, ``distance`` mm beside them."""
    form = QgsTextFormat()
    form.setFont(QFont("Open Sans"))  # comes with every QGIS
    form.setSize(size)
    form.setColor(QColor(colour))
    halo = QgsTextBufferSettings()
    halo.setEnabled(True)
    halo.setSize(0.7)
    halo.setColor(QColor("#ffffff"))
    form.setBuffer(halo)
    settings = QgsPalLayerSettings()
    settings.fieldName = field
    settings.isExpression = not field.isidentifier()
    settings.dist = distance
    settings.setFormat(form)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)


STYLES = {"roads": style_roads, "zones": style_zones, "hazard": style_hazard, "sites": style_sites,
          "entrances": style_entrances, "flood": style_arrivals, "nearfield": style_arrivals,
          "flood_zones": style_orders, "near_zones": style_carless, "towers": style_towers, "depots": style_depots,
          "requests": style_requests, "traffic_sensors": style_sensors, "elevation.tif": style_elevation}  # fmt: skip
