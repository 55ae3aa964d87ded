"""Write the styles of latestdeparture and stagedeparture into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/timing.py
Margins run from orange (told too late) to blue (time to spare), of Okabe and Ito's set, which colour-blind readers can
tell apart; zones without a limit are grey, those of which nobody has a way black,
those of which some have none purple. Waves are of the same set.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsFillSymbol,
    QgsMarkerSymbol,
    QgsRuleBasedRenderer,
    QgsSymbol,
    QgsVectorLayer,
)
from writing import labelled, write_styles

LATEST = (
    "field=zone_id:string&field=result:string&field=latest_of_rest:integer&field=staying:integer&field=margin:double"
)
STAGED = "field=zone_id:string&field=wave:integer&field=order_time:double"
MARGINS = (
    ('"result" = \'too late\' OR "margin" < 0', "#d55e00", "Told too late"),
    ('"margin" >= 0 AND "margin" < 15', "#e69f00", "Less than 15 minutes to spare"),
    ('"margin" >= 15 AND "margin" < 60', "#56b4e9", "15 - 60 minutes to spare"),
    ('"margin" >= 60', "#0072b2", "60 minutes and more to spare"),
    ("\"result\" = 'no limit'", "#bbbbbb", "Gets out whenever it is told"),
    ("\"result\" = 'some stay'", "#cc79a7", "Some have no way in the plan and stay"),
    ("\"result\" = 'no way'", "#000000", "Has no way in the plan"),
)
WAVES = (
    ('"wave" = 1', "#0072b2", "First call"),
    ('"wave" = 2', "#e69f00", "Second call"),
    ('"wave" = 3', "#009e73", "Third call"),
    ('"wave" > 3', "#cc79a7", "Later calls"),
)


def zones(kind: str, fields: str, classes: tuple[tuple[str, str, str], ...], text: str) -> QgsVectorLayer:
    """Zones by rules, labelled."""
    layer = QgsVectorLayer(f"{kind}?{fields}", "zones", "memory")
    root = QgsRuleBasedRenderer.Rule(None)
    root.setRuleKey("zones")  # drawn anew at every run otherwise
    for expression, colour, label in classes:
        rule = QgsRuleBasedRenderer.Rule(_symbol(kind, colour))
        rule.setFilterExpression(expression)
        rule.setLabel(label)
        rule.setRuleKey(label)
        root.appendChild(rule)
    layer.setRenderer(QgsRuleBasedRenderer(root))
    labelled(layer, text)
    return layer


def _symbol(kind: str, colour: str) -> QgsSymbol:
    look = {"color": colour, "outline_color": "#333333", "outline_width": "0.25"}
    symbol: QgsSymbol
    if kind == "Point":
        symbol = QgsMarkerSymbol.createSimple({**look, "name": "square", "size": "3.5"})
    else:
        symbol = QgsFillSymbol.createSimple(look)
    symbol.setOpacity(0.7)
    return symbol


def styles() -> dict[str, QgsVectorLayer]:
    """Return the layers whose styles are written, by name."""
    alone = (
        "\"zone_id\" || if(\"result\" = 'some stay', '\\n' || \"staying\" || ' stay', '') || "
        "coalesce(if(\"result\" = 'some stay', '; the others by min ', '\\nby min ') || "
        "to_string(\"latest_of_rest\") || ' (this zone alone)', '')"
    )
    call = '"zone_id" || \'\\nmin \' || to_string(round("order_time"))'
    made = {}
    for kind, ending in (("Polygon", ""), ("Point", "_point")):
        made[f"latestdeparture_output{ending}"] = zones(kind, LATEST, MARGINS, alone)
        made[f"stagedeparture_output{ending}"] = zones(kind, STAGED, WAVES, call)
    return made


if __name__ == "__main__":
    sys.exit(write_styles(styles))
