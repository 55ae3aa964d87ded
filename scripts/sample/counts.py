"""Auckland's hourly pedestrian counts, given to the sites: four weeks, and how many people to expect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from .sites import Site

# Four whole weeks, Monday to Sunday, late summer, no change of the clock, no sensor missing.
FIRST = datetime(2025, 2, 10)
DAYS = 28
WEEK = 168
QUANTILE = 0.9
METHOD = "90 % quantile by hour of week over four weeks"


@dataclass(frozen=True)
class Series:
    """The counts given to a site."""

    site_id: str
    sensor: str
    values: np.ndarray
    """(hours,) int64, people an hour."""


def clock(date: str, hour: str) -> datetime:
    """Return the beginning of the hour a row counts.

    The file's day runs from 6:00 to 5:59: the hours 0 to 5 stand last under a date and belong to the next day (the
    crowd of New Year's Eve at midnight and Saturday's at one in the morning show it).
    """
    begin = int(hour.split(":")[0])
    day = datetime.fromisoformat(date) + timedelta(days=1 if begin < 6 else 0)
    return day + timedelta(hours=begin)


def hourly(header: list[str], rows: list[list[str]]) -> dict[str, np.ndarray]:
    """Return (hours,) counts by sensor over the chosen weeks.

    Raises
    ------
    ValueError
        When an hour is missing, double or empty.
    """
    hours = DAYS * 24
    table = np.full((hours, len(header) - 3), -1, dtype=np.int64)
    for row in rows:
        position = (clock(row[0], row[1]) - FIRST) // timedelta(hours=1)
        if 0 <= position < hours:
            if table[position].max() >= 0:
                raise ValueError(f"hour {row[0]} {row[1]} comes twice")
            table[position] = [int(float(value)) if value else -1 for value in row[3:]]
    if table.min() < 0:
        raise ValueError("an hour of the chosen weeks is missing")
    return {name: table[:, i] for i, name in enumerate(header[3:])}


def give_to_sites(sites: list[Site], sensors: dict[str, np.ndarray]) -> list[Series]:
    """Give each site a sensor: the busiest to the largest; beyond the number of sensors, the quietest once more."""
    busiest_first = sorted(sensors, key=lambda name: (-int(sensors[name].sum()), name))
    largest_first = sorted(sites, key=lambda site: (-site.area_m2, site.site_id))
    extra = len(sites) - len(busiest_first)
    order = busiest_first + (busiest_first[-extra:] if extra > 0 else [])
    given = {site.site_id: name for site, name in zip(largest_first, order)}
    return [Series(site.site_id, given[site.site_id], sensors[given[site.site_id]]) for site in sites]


def hour_time(position: int) -> datetime:
    """Return the time of an hour counted from the first."""
    return FIRST + timedelta(hours=position)


def occupancy(series: Series) -> np.ndarray:
    """Return the upper estimate for each hour of the week after the counts, (168,) int64."""
    weeks = series.values.reshape(-1, WEEK)
    return np.ceil(np.quantile(weeks, QUANTILE, axis=0) - 1e-9).astype(np.int64)
