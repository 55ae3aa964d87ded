"""What the texts of a road's attributes say: speeds with units, lanes, capacities, and tags kept in one text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Callable

import numpy as np

from ..numerals import number_in
from .implicit_limits import KMH_PER_MPH, implicit_limit

LOWEST_SPEED, HIGHEST_SPEED = 1.0, 200.0  # km/h; what lies outside is no speed of a road and gives the default
MOST_LANES = 24.0
SPEED_UNITS = ("km/h", "mph", "m/s")
KMH_OF = {
    "km/h": 1.0,
    "kmh": 1.0,
    "kph": 1.0,
    "kmph": 1.0,
    "mph": KMH_PER_MPH,
    "mi/h": KMH_PER_MPH,
    "knots": 1.852,
    "m/s": 3.6,
}

_QUANTITY = re.compile(r"^([-+]?[\d.,][^a-z]*?)\s*([a-z/]*)$")
_MAY_BE_LIST = re.compile(r"\d,\d\d")  # "50,30": two values or one


def plain_text(value: Any) -> str:
    """Return an attribute as text for comparing: 1, 1.0 and "1" are the same, None is ""."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def speed_kmh(value: Any, unit: str = "km/h") -> float:
    """Read a speed in km/h: 50, "50", "30 mph", "50;30" (the lowest); numbers without a unit are in ``unit``.

    "none", "walk" and the like of "RO:urban" are read as :mod:`.implicit_limits` says. NaN where there is none or it is
    not understood ("signals"); zero, negative and absurd ones are returned as they are.

    Examples
    --------
    >>> speed_kmh("50;30"), speed_kmh(10, "m/s"), round(speed_kmh("30 mph"), 3)
    (30.0, 36.0, 48.28)
    """
    if isinstance(value, str) and _MAY_BE_LIST.search(value):
        return math.nan
    return _lowest(value, {**KMH_OF, "": KMH_OF[unit]}, implicit_limit)


def is_implicit(value: Any) -> bool:
    """Whether a speed is no number but a limit that its text implies, "RO:urban"."""
    return isinstance(value, str) and math.isnan(_lowest(value, {**KMH_OF, "": 1.0})) and speed_kmh(value) > 0


def lane_count(value: Any) -> float:
    """Read a number of lanes: 2, "2", "2;3" (the lowest); NaN where there is none or a comma leaves it open."""
    if isinstance(value, str) and "," in value and not value.strip().startswith("["):
        return math.nan
    return _lowest(value, {"": 1.0})


def flow_capacity(value: Any) -> float:
    """Read a capacity in vehicles/h: 1500, "1500", "1 500", "1500;900" (the lowest).

    NaN where there is none, it is no number, or it can be read two ways ("1,500").
    """
    return _lowest(value, {"": 1.0})


def metres(value: Any) -> float:
    """Read a length in metres: 120.5, "120.5", "120.5 m"; NaN where there is none."""
    return _lowest(value, {"": 1.0, "m": 1.0})


def _lowest(value: Any, units: dict[str, float], word: Callable[[str], float] = lambda text: math.nan) -> float:
    """Read the lowest of the numbers of a value; ``word`` says what a part is that has none."""
    if value is None or isinstance(value, bool):
        return math.nan
    if not isinstance(value, str):
        try:
            return float(value) * units[""]
        except (TypeError, ValueError):
            return math.nan
    found = []
    text = value.lower().strip()
    separator = r"[;|]"
    if text.startswith("["):  # a list written out: "['50', '30']"
        text, separator = re.sub(r"[\[\]'\"]", "", text), r"[;|,]"
    for part in re.split(separator, text):
        match = _QUANTITY.match(part.strip())
        bare, unit = match.groups() if match and match.group(2) in units else (part, "")
        number = number_in(bare) * units[unit]
        found.append(word(part) if math.isnan(number) else number)
    return min((number for number in found if not math.isnan(number)), default=math.nan)


def without_unit(value: Any) -> bool:
    """Whether a speed is a number alone, so that its unit is that of the column."""
    return not isinstance(value, str) or not re.search(r"[a-z]", value.lower())


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

    def empty(self) -> np.ndarray:
        """Return which rows (r,) have no value: NULL, empty text, a real that is no number."""
        return self.each(lambda value: plain_text(value) in ("", "nan"), np.bool_)


# Fields that hold tags, in the order in which they are looked for: of GDAL's driver, then of osm2pgsql and others.
TAG_FIELDS = ("other_tags", "all_tags", "tags")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def tags_in(value: Any, wanted: Collection[str]) -> dict[str, str]:
    """Return the tags of the keys ``wanted`` (lower case), as text.

    ``value`` is hstore text (``"maxspeed"=>"50","name"=>"a \\"b\\""``), a JSON object as text, or a mapping; whatever
    else it is holds no tags.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("{"):
            try:
                value = json.loads(text)
            except ValueError:
                return {}
        else:
            return _hstore(text, wanted)
    if not isinstance(value, dict):
        return {}
    return {key: str(given) for key, given in value.items() if key in wanted and given is not None}


def _hstore(text: str, wanted: Collection[str]) -> dict[str, str]:
    return {
        key: _ESCAPED.sub(r"\1", given) if "\\" in given else given
        for key, given in _pairs(frozenset(wanted)).findall(text)
        if given
    }


@lru_cache(maxsize=8)
def _pairs(wanted: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the keys with their values; within a value the quotes are escaped, so no key is found there."""
    keys = "|".join(map(re.escape, sorted(wanted)))
    return re.compile(rf'"({keys})"\s*=>\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
