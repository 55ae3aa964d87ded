"""Write the styles of timetosafety's layers into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/timetosafety.py
Minutes are in the classes that planners know, in the colours of Okabe and Ito from blue (near) over orange to purple
(far); margins in a bluish green and a vermilion of different lightness, which colour-blind readers can tell apart, and
lines that are too late are dashed besides. The areas are by minutes, the pieces of road by margin where something
closes, else by minutes.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsFillSymbol,
    QgsLineSymbol,
    QgsMarkerSymbol,
    QgsRuleBasedRenderer,
    QgsSymbol,
    QgsVectorLayer,
)
from writing import KINDS, write_styles

# condition on the minutes, colour, label
MINUTES = (
    ("{m} < 5", "#56b4e9", "under 5 minutes to safety"),
    ("{m} >= 5 and {m} < 10", "#0072b2", "5 to 10"),
    ("{m} >= 10 and {m} < 20", "#f0e442", "10 to 20"),
    ("{m} >= 20 and {m} < 30", "#e69f00", "20 to 30"),
    ("{m} >= 30", "#8c2d75", "30 and more"),
)
LATE, TIGHT, GOOD, PLENTY = "#b2182b", "#f4a582", "#66c2a5", "#00684a"  # from dark red to dark green, lightness apart
MARGINS = (
    ('"margin_minutes" < 0', LATE, "too late (margin below 0 minutes)"),
    ('"margin_minutes" >= 0 and "margin_minutes" < 10', TIGHT, "margin under 10 minutes"),
    ('"margin_minutes" >= 10 and "margin_minutes" < 30', GOOD, "margin 10 to 30 minutes"),
    ('"margin_minutes" >= 30', PLENTY, "margin 30 minutes and more"),
)

NO_WAY, OUTSIDE, OPEN = "#000000", "#bdbdbd", "#cfe8dc"


def line(colour: str, width: str = "0.7", dashed: bool = False) -> QgsLineSymbol:
    look = {"color": colour, "width": width, "capstyle": "flat"}
    return QgsLineSymbol.createSimple({**look, **({"line_style": "dash"} if dashed else {})})


def fill(colour: str, alpha: int = 150, outline: str = "#ffffff") -> QgsFillSymbol:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return QgsFillSymbol.createSimple(
        {"color": f"{red},{green},{blue},{alpha}", "outline_color": outline, "outline_width": "0.2"}
    )


def marker(colour: str) -> QgsMarkerSymbol:
    return QgsMarkerSymbol.createSimple({"name": "circle", "color": colour, "size": "3", "outline_color": "#ffffff"})


def ruled(kind: str, fields: str, rules: list[tuple[str, QgsSymbol, str]]) -> QgsVectorLayer:
    """A layer whose features are drawn by the first of the rules that holds."""
    layer = QgsVectorLayer(f"{kind}?{fields}", "style", "memory")
    root = QgsRuleBasedRenderer.Rule(None)
    root.setRuleKey("all")
    for number, (condition, symbol, label) in enumerate(rules):
        rule = QgsRuleBasedRenderer.Rule(symbol, 0, 0, condition, label)
        rule.setRuleKey(f"rule {number}")  # a key that QGIS makes is another one each time
        root.appendChild(rule)
    layer.setRenderer(QgsRuleBasedRenderer(root))
    return layer


def pieces() -> QgsVectorLayer:
    """Roads: minutes to safety; a dark dashed line lies above what is too late."""
    rules = [
        ("\"status\" = 'outside the hazard'", line(OUTSIDE, "0.3"), "outside the hazard"),
        ("\"status\" = 'no way'", line(NO_WAY, "0.7"), "no way to safety"),
    ]
    there = "\"status\" not in ('outside the hazard', 'no way') and "
    for condition, colour, label in MINUTES:
        rules.append((there + condition.format(m='"minutes_to_safety"'), line(colour, "0.9"), label))
    rules.append(("\"status\" = 'too late'", line(LATE, "1.6", True), "too late when people leave"))
    return ruled("LineString", "field=minutes_to_safety:double&field=margin_minutes:double&field=status:string", rules)


def zones(kind: str) -> QgsVectorLayer:
    """Zones by margin, those without a limit pale."""
    make = fill if kind == "Polygon" else marker
    rules = [(condition, make(colour), label) for condition, colour, label in MARGINS]
    rules += [
        ("\"status\" = 'no way'", make(NO_WAY), "no way to safety"),
        ('"margin_minutes" is null and "status" <> \'no way\'', make(OPEN), "no limit, or outside"),
    ]
    return ruled(kind, "field=margin_minutes:double&field=status:string", rules)


def areas() -> QgsVectorLayer:
    """Areas by class of minutes."""
    rules = [(condition.format(m='"from_minutes"'), fill(colour, 140), label) for condition, colour, label in MINUTES]
    rules.append(('"from_minutes" is null', fill(NO_WAY, 120), "no way to safety"))
    return ruled("Polygon", "field=from_minutes:double", rules)


def styles() -> dict[str, QgsVectorLayer]:
    """Return the layers whose styles are written, by name."""
    made = {
        "output": pieces(),
        "output_zones": zones("Polygon"),
        "output_zones_point": zones("Point"),
        "output_areas": areas(),
    }
    return {f"timetosafety_{name}": layer for name, layer in made.items()}


if __name__ == "__main__":
    sys.exit(write_styles(styles, KINDS.Symbology))
