"""Speed limits that a text implies: "RO:urban", "none", "walk" (resources/roads/implicit_limits.csv)."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path

from ..data_file import RESOURCES, read_lines
from ..errors import SolverError

LIMITS = RESOURCES / "roads" / "implicit_limits.csv"
KMH_PER_MPH = 1.609344
MILES = ("gb", "uk", "us")  # countries whose zones are in miles per hour
_ZONE = re.compile(r"zone:?(\d+)")


@lru_cache(maxsize=4)
def read_limits(path: Path = LIMITS) -> dict[tuple[str, str], float]:
    """Read the table: km/h by country and limit, in lower case; the country "" stands for all others.

    Raises
    ------
    SolverError
        An unreadable file, a speed that is no number above 0, a limit that is there twice.
    """
    limits: dict[tuple[str, str], float] = {}
    for line in read_lines(path, "SPEED_FIELD", ("country", "limit", "speed")):
        key = (line["country"].lower(), line["limit"].lower())
        if key in limits:
            raise SolverError(f"{line.where}: “{':'.join(key)}” is there twice. Delete one of the rows.")
        limits[key] = line.number("speed")
    return limits


def implicit_limit(text: str) -> float:
    """Return the km/h that a text implies: of its country, else of the part before "-", else of all others.

    NaN where the table says nothing. "DE:zone:30" and "IT:zone30" name their number.

    Examples
    --------
    >>> implicit_limit("RO:urban"), implicit_limit("DE:rural"), implicit_limit("BE-WAL:motorway")
    (50.0, 100.0, 120.0)
    """
    country, colon, limit = text.strip().lower().partition(":")
    if not colon:
        country, limit = "", country
    zone = _ZONE.fullmatch(limit)
    if zone:
        return float(zone.group(1)) * (KMH_PER_MPH if country in MILES else 1.0)
    limits = read_limits()
    places = (country, country.partition("-")[0], "")
    return next((limits[place, limit] for place in places if (place, limit) in limits), math.nan)
