"""Write the styles of contraflow's layers into resources/styles.

Run as  QT_QPA_PLATFORM=offscreen .venv/bin/python tools/styles/contraflow.py
Turned roads are orange and wide, all others grey; stretches are told apart by colours of Okabe and Ito's set, which
colour-blind readers can tell apart, and refused ones are dashed besides.
"""

from __future__ import annotations

import sys

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsLineSymbol,
    QgsRendererCategory,
    QgsVectorLayer,
)
from writing import KINDS, write_styles


def line(colour: str, width: str, dashed: bool = False) -> QgsLineSymbol:
    look = {"color": colour, "width": width, "capstyle": "flat"}
    return QgsLineSymbol.createSimple({**look, **({"line_style": "dash"} if dashed else {})})


def categories(field: str, kind: str, rows: list[tuple[object, QgsLineSymbol, str]]) -> QgsVectorLayer:
    layer = QgsVectorLayer(f"LineString?field={field}:{kind}", "style", "memory")
    layer.setRenderer(QgsCategorizedSymbolRenderer(field, [QgsRendererCategory(*row) for row in rows]))
    return layer


def styles() -> dict[str, QgsVectorLayer]:
    """Return the layers whose styles are written, by name."""
    made = {
        "output": categories(
            "turned",
            "integer",
            [(0, line("#b0b0b0", "0.25"), "as it is"), (1, line("#d55e00", "1.6"), "turned outbound")],
        ),
        "output_stretches": categories(
            "status",
            "string",
            [
                ("turned", line("#d55e00", "1.6"), "turned"),
                ("gains less", line("#e69f00", "0.9"), "tried, gains less"),
                ("not tried", line("#56b4e9", "0.7"), "queues, not tried"),
                ("refused", line("#000000", "0.7", True), "refused"),
            ],
        ),
    }
    return {f"contraflow_{name}": layer for name, layer in made.items()}


if __name__ == "__main__":
    sys.exit(write_styles(styles, KINDS.Symbology))
