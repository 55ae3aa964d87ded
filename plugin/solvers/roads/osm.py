"""What OpenStreetMap's tags and QGIS's network parameters say of a road: direction, speed, lanes, capacity."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

FORWARD, BACKWARD, BOTH = 0, 1, 2
LOWEST_SPEED, HIGHEST_SPEED = 1.0, 200.0  # km/h; what lies outside is no speed of a road and gives the default
MOST_LANES = 24.0
KMH_OF = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "kmph": 1.0, "mph": 1.609344, "knots": 1.852}

_ONEWAY = {
    "yes": FORWARD,
    "true": FORWARD,
    "1": FORWARD,
    "-1": BACKWARD,
    "reverse": BACKWARD,
    "no": BOTH,
    "false": BOTH,
    "0": BOTH,
    "reversible": BOTH,
    "alternating": BOTH,
}
_CHANGING = ("reversible", "alternating")
_QUANTITY = re.compile(r"^(\d+(?:[.,]\d+)?)\s*([a-z/]*)$")


def plain_text(value: Any) -> str:
    """Return an attribute as text for comparing: 1, 1.0 and "1" are the same, None is ""."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


@dataclass(frozen=True)
class DirectionRule:
    """How a direction field is read.

    Attributes
    ----------
    value_forward, value_backward, value_both : str
        The field's values for the three directions; empty where not given.
    default : int
        0 forward, 1 backward, 2 both: for everything else.
    osm : bool
        Whether OpenStreetMap's words are understood besides.
    """

    value_forward: str = ""
    value_backward: str = ""
    value_both: str = ""
    default: int = BOTH
    osm: bool = True

    def direction(self, value: Any) -> int:
        """Return 0, 1 or 2; -1 where the value is not understood."""
        text = plain_text(value)
        for given, code in (
            (self.value_forward, FORWARD),
            (self.value_backward, BACKWARD),
            (self.value_both, BOTH),
        ):
            if given and text == given:
                return code
        return _ONEWAY.get(text.lower(), -1) if self.osm else -1


def changes_direction(value: Any) -> bool:
    """Whether a road's direction changes with the time (reversible, alternating)."""
    return plain_text(value).lower() in _CHANGING


def speed_kmh(value: Any) -> float:
    """Read a speed limit in km/h: 50, "50", "30 mph", "50;30" (the lowest).

    NaN where there is none or it is no number ("none", "walk", "CL:urban"); zero, negative and absurd ones are
    returned as they are.
    """
    return _lowest(value, KMH_OF)


def lane_count(value: Any) -> float:
    """Read a number of lanes: 2, "2", "2;3" (the lowest); NaN where there is none."""
    return _lowest(value, {"": 1.0})


def _lowest(value: Any, units: dict[str, float]) -> float:
    if value is None or isinstance(value, bool):
        return math.nan
    if not isinstance(value, str):
        try:
            return float(value)
        except (TypeError, ValueError):
            return math.nan
    found = []
    text = value.lower().strip()
    separator = r"[;|]"
    if text.startswith("["):  # a list written out: "['50', '30']"
        text, separator = re.sub(r"[\[\]'\"]", "", text), r"[;|,]"
    for part in re.split(separator, text):
        word = part.strip()
        sign = -1.0 if word.startswith("-") else 1.0
        match = _QUANTITY.match(word.lstrip("+-").strip())
        if match and match.group(2) in units:
            found.append(sign * float(match.group(1).replace(",", ".")) * units[match.group(2)])
    return min(found) if found else math.nan


class Values:
    """A column of attribute values, looked at once for each different value."""

    def __init__(self, values: Sequence[Any]) -> None:
        try:
            self.different = list(set(values))
        except TypeError:  # lists: several values of a tag, as some exports keep them
            values = [";".join(map(str, value)) if isinstance(value, list) else value for value in values]
            self.different = list(set(values))
        number = {value: k for k, value in enumerate(self.different)}
        self.code = np.fromiter(map(number.__getitem__, values), dtype=np.int64, count=len(values))

    def each(self, function: Callable[[Any], Any], dtype: type = np.float64) -> np.ndarray:
        """Return ``function(value)`` for every row."""
        return np.array([function(value) for value in self.different], dtype=dtype)[self.code]

    def texts(self, rows: np.ndarray) -> list[str]:
        """Return the different values of the rows of a mask as text, sorted."""
        return sorted({plain_text(self.different[code]) for code in np.unique(self.code[rows])})
