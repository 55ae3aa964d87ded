"""How many people go by car, on foot and by bus, how long and how far: what a report says of it."""

from __future__ import annotations

from typing import Any

from ..layers.routing.mode_rows import ModeFigures
from ..layers.routing.outputs import RoutedCase
from ..solvers.modes import BUS, CAR, FOOT
from .charts import line_chart

NAMES = {CAR: "by car", FOOT: "on foot", BUS: "by bus"}


def modes_story(found: RoutedCase) -> dict[str, Any]:
    """Return what the template ``modes.html`` needs; no modes where everybody drives."""
    modes = [each for each in found.modes if each.people or each.caught]
    told = [each for each in modes if each.mode != CAR]
    return {
        "modes": [{**each._asdict(), "name": NAMES[each.mode]} for each in modes] if told else [],
        "mixed": len(modes) > 1 and any(each.mode == FOOT for each in modes),
        "mode_chart": _arrivals(modes) if len(modes) > 1 else None,
    }


def _arrivals(modes: list[ModeFigures]) -> Any:
    """Return the people who have arrived by time, by mode."""
    curves = [(NAMES[each.mode], each.curve) for each in modes if each.curve is not None]
    if not curves:
        return None
    return line_chart(
        curves[0][1].seconds / 60.0, {name: curve.arrived for name, curve in curves}, title="Arrived, by mode",
        x_label="minutes from t = 0", y_label="people", step=True,
    )  # fmt: skip
