"""Forecast tables: the people to expect at each site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import first_of
from ...solvers.rounding import MOST_PEOPLE, whole_above
from ..tables import read_table
from ..values import id_text, number


def expected_presence(
    source: QgsProcessingFeatureSource,
    place_field: str,
    time_field: str | None,
    value_field: str,
    site_ids: Sequence[str],
    feedback: QgsProcessingFeedback,
    parameter: str = "FORECAST",
) -> np.ndarray:
    """Return the people to expect at each site, shape (k,) int64: the largest value of its series, rounded up.

    Every row counts, whatever its time: the table is the horizon. Rows without a value are passed over; a site
    without a series counts as 0, rows of other places are left aside; all with a warning.

    Raises
    ------
    LayerError
        When a field is missing or a value is no number.
    """
    columns = {"place": place_field, "value": value_field}
    if time_field:
        columns["time"] = time_field
    table = read_table(source, parameter, columns)
    name = source.sourceName()
    position = {site: k for k, site in enumerate(site_ids)}
    largest = np.full(len(site_ids), -np.inf)
    unknown: dict[str, int] = {}
    empty = negative = 0
    for row, (place, raw) in enumerate(zip(table["place"], table["value"]), start=1):
        place = id_text(place)
        value = number(raw, parameter, name, f"in row {row} (place {place or 'without a name'})", value_field)
        if np.isnan(value):
            empty += 1
        elif place not in position:
            unknown[place] = unknown.get(place, 0) + 1
        else:
            negative += value < 0.0
            largest[position[place]] = max(largest[position[place]], value)
    missing = [site for site, value in zip(site_ids, largest) if value == -np.inf]
    _warn(name, parameter, len(table["place"]), missing, unknown, empty, negative, feedback)
    _span(name, parameter, table.get("time"), feedback)
    return whole_above(np.clip(largest, 0.0, MOST_PEOPLE)).astype(np.int64)


def _warn(
    name: str,
    parameter: str,
    rows: int,
    missing: list[str],
    unknown: dict[str, int],
    empty: int,
    negative: int,
    feedback: QgsProcessingFeedback,
) -> None:
    if rows == 0:
        feedback.pushWarning(f"{parameter}: “{name}” has no rows; nobody is expected at any site.")
        return
    if missing:
        feedback.pushWarning(
            f"{parameter}: {len(missing)} site(s) have no series in “{name}”; 0 people are expected there: "
            f"{_first(missing)}."
        )
    if unknown:
        feedback.pushWarning(
            f"{parameter}: {sum(unknown.values())} row(s) of “{name}” belong to places that are no site and were left "
            f"aside: {_first(sorted(unknown))}."
        )
    if empty:
        feedback.pushWarning(f"{parameter}: {empty} row(s) of “{name}” have no value and were passed over.")
    if negative:
        feedback.pushWarning(f"{parameter}: {negative} value(s) of “{name}” are negative and count as 0 people.")


def _span(name: str, parameter: str, times: list[object] | None, feedback: QgsProcessingFeedback) -> None:
    """Say which stretch of time the forecast covers, as far as its times can be compared."""
    if not times:
        return
    texts = [time.toString("yyyy-MM-dd HH:mm") if hasattr(time, "toString") else str(time or "") for time in times]
    texts = [text for text in texts if text]
    if texts:
        feedback.pushInfo(
            f"{parameter}: “{name}” covers {min(texts)} to {max(texts)}; each site's largest value counts."
        )


def _first(names: Sequence[str]) -> str:
    return first_of([name or "(empty)" for name in names])
