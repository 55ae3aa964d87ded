"""Rescue points, supply, incidents and demand as the arrays of a metro problem."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np
from qgis.core import QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import NAMED_IN_LOG, first_of
from ..errors import LayerError
from ..places import Places
from ..tables import read_table
from ..values import id_text, number

_KEYS = ("station", "incident", "resource")

MOST = 1_000_000_000  # units, cost, minutes or km in a row: sums and products stay exact enough, and finite


@dataclass(frozen=True)
class StockAndNeed:
    """What there is and what is wanted.

    Attributes
    ----------
    resources : tuple of str
        Types, the demanded ones first, in the order of the tables.
    inventory, use_cost : ndarray, shape (i, k)
    demand : ndarray of int, shape (j, k)
    """

    resources: tuple[str, ...]
    inventory: np.ndarray
    use_cost: np.ndarray
    demand: np.ndarray


@dataclass(frozen=True)
class Rows:
    """Rows of a table with text keys.

    Attributes
    ----------
    parameter, layer : str
        For messages.
    fields : mapping
        From the keys used here to the layer's field names.
    values : mapping
        Columns, NULL as None; the keys as text.
    """

    parameter: str
    layer: str
    fields: Mapping[str, str]
    values: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def name(self, row: int) -> str:
        """Return how a row is called in messages, as “3 (S1, gas mask)”."""
        keys = ", ".join(self.values[key][row] for key in _KEYS if key in self.values)
        return f"{row + 1} ({keys})"

    def number(self, row: int, key: str) -> float:
        """Return a cell as a number, NaN for NULL.

        Raises
        ------
        LayerError
            When it is text that is no number, negative, or more than :data:`MOST`.
        """
        value = number(self.values[key][row], self.parameter, self.layer, self.name(row), self.fields[key])
        if value < 0:
            raise LayerError(
                f"{self.parameter}: row {self.name(row)} of “{self.layer}” has {value:g} in the field "
                f"“{self.fields[key]}”; it must not be negative. Correct the value."
            )
        if value > MOST:
            raise LayerError(
                f"{self.parameter}: row {self.name(row)} of “{self.layer}” has {value:g} in the field "
                f"“{self.fields[key]}”; more than {MOST:,} cannot be planned with. Correct the value."
            )
        return value


def read_rows(source: QgsProcessingFeatureSource, parameter: str, fields: Mapping[str, str]) -> Rows:
    """Read a table; the columns named station, incident and resource are keys, which must be filled and not repeat.

    Raises
    ------
    LayerError
        A missing field, an empty key, or the same keys in two rows.
    """
    layer = source.sourceName()
    values = read_table(source, parameter, fields)
    keys = [key for key in _KEYS if key in fields]
    for key in keys:
        values[key] = [id_text(value) for value in values[key]]
        if "" in values[key]:
            raise LayerError(
                f"{parameter}: row {values[key].index('') + 1} of “{layer}” has no value in the field "
                f"“{fields[key]}”. Fill it or delete the row."
            )
    seen: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(zip(*(values[key] for key in keys))):
        if key in seen:
            raise LayerError(
                f"{parameter}: rows {seen[key] + 1} and {row + 1} of “{layer}” are both for {', '.join(key)}. "
                f"Merge them into one row."
            )
        seen[key] = row
    return Rows(parameter, layer, fields, values)


def read_stock_and_need(
    supply: Rows, demand: Rows, stations: Places, incidents: Places, feedback: QgsProcessingFeedback
) -> StockAndNeed:
    """Turn the supply and demand tables into arrays.

    Stocks are rounded down and demands up to whole units, with a warning; an empty stock or demand counts as 0.
    Supply of unknown rescue points is passed over with a warning.

    Raises
    ------
    LayerError
        A supply table that is empty though there is a demand, or none of whose rows is for a known rescue point;
        demand at an unknown incident; a negative or unreadable number; a stock without a cost.
    """
    if len(supply) == 0 and len(demand):
        raise LayerError(f"SUPPLY: “{supply.layer}” is empty. Choose a table with the stocks of the rescue points.")
    at, where = _positions(stations), _positions(incidents)
    _refuse_unknown_incidents(demand, where, incidents)
    resources = tuple(dict.fromkeys([*demand.values["resource"], *supply.values["resource"]]))
    of = {name: k for k, name in enumerate(resources)}
    inventory = np.zeros((len(stations), len(resources)), dtype=np.int64)
    use_cost = np.zeros(inventory.shape)
    stocks = _whole(supply, "inventory", math.floor, "down", feedback)
    unknown = []
    for row, (station, resource) in enumerate(zip(supply.values["station"], supply.values["resource"])):
        cost = supply.number(row, "cost")
        if station not in at:
            unknown.append(supply.name(row))
            continue
        if stocks[row] > 0 and math.isnan(cost):
            raise LayerError(
                f"SUPPLY: row {supply.name(row)} of “{supply.layer}” has a stock but no unit cost in the field "
                f"“{supply.fields['cost']}”. Fill it (0 for no cost)."
            )
        inventory[at[station], of[resource]] = stocks[row]
        use_cost[at[station], of[resource]] = 0.0 if math.isnan(cost) else cost
    if unknown and len(unknown) == len(supply):
        raise LayerError(
            f"SUPPLY: no row of “{supply.layer}” is for a rescue point of “{stations.name}”. Check "
            f"SUPPLY_STATION_FIELD and STATION_ID_FIELD (the table has "
            f"{supply.values['station'][0]}, the layer {stations.ids[0]})."
        )
    _warn(feedback, unknown, f"SUPPLY: {{count}} row(s) are for no rescue point of “{stations.name}” and were ignored")
    need = np.zeros((len(incidents), len(resources)), dtype=np.int64)
    wanted = _whole(demand, "quantity", math.ceil, "up", feedback)
    for row, (incident, resource) in enumerate(zip(demand.values["incident"], demand.values["resource"])):
        need[where[incident], of[resource]] = wanted[row]
    _hint_at_spelling(need, inventory, resources, feedback)
    return StockAndNeed(resources, inventory, use_cost, need)


def stock_of(supply: Rows, stations: Places, feedback: QgsProcessingFeedback) -> dict[str, int]:
    """Return the units of each resource at all known rescue points together, rounded down row by row.

    Raises
    ------
    LayerError
        A negative or unreadable number.
    """
    known = set(stations.ids)
    total: dict[str, int] = {}
    stocks = _whole(supply, "inventory", math.floor, "down", feedback)
    for station, resource, units in zip(supply.values["station"], supply.values["resource"], stocks):
        if station in known:
            total[resource] = total.get(resource, 0) + units
    return total


def _positions(places: Places) -> dict[str, int]:
    return {name: position for position, name in enumerate(places.ids)}


def _refuse_unknown_incidents(demand: Rows, known: Mapping[str, int], incidents: Places) -> None:
    unusable = dict(incidents.rejected)
    for row, incident in enumerate(demand.values["incident"]):
        if incident in known:
            continue
        why = (
            f"that incident cannot be used ({unusable[incident]})"
            if incident in unusable
            else "there is no such incident"
        )
        ids = ", ".join(incidents.ids[:NAMED_IN_LOG]) or "none"
        raise LayerError(
            f"DEMAND: row {demand.name(row)} of “{demand.layer}” is for the incident {incident}, but {why} in "
            f"“{incidents.name}”. Its incidents are: {ids}. Add it, or correct the row."
        )


def _whole(
    rows: Rows, key: str, rounding: Callable[[float], int], word: str, feedback: QgsProcessingFeedback
) -> list[int]:
    out, empty, fractions = [], [], []
    for row in range(len(rows)):
        value = rows.number(row, key)
        if math.isnan(value):
            empty.append(rows.name(row))
            value = 0.0
        # A stock computed as 0.1 * 30 must not lose a unit to floating point.
        near = round(value)
        units = near if abs(value - near) <= 1e-9 * max(1.0, value) else rounding(value)
        if units != near or abs(value - near) > 1e-9 * max(1.0, value):
            fractions.append(f"{rows.name(row)}: {value:g} to {units}")
        out.append(int(units))
    field = rows.fields[key]
    _warn(feedback, empty, f"{rows.parameter}: {{count}} row(s) have no value in “{field}” and count as 0")
    _warn(
        feedback,
        fractions,
        f"{rows.parameter}: units are whole; {{count}} value(s) of “{field}” were rounded {word}",
    )
    return out


def _hint_at_spelling(
    need: np.ndarray, inventory: np.ndarray, resources: tuple[str, ...], feedback: QgsProcessingFeedback
) -> None:
    stocked = [name for k, name in enumerate(resources) if inventory[:, k].any()]
    for k in np.flatnonzero(need.any(axis=0) & ~inventory.any(axis=0)):
        close = difflib.get_close_matches(resources[k], stocked, n=1, cutoff=0.75)
        hint = f" Is “{close[0]}” meant? Names must be the same in both tables." if close else ""
        feedback.pushWarning(f"DEMAND: no rescue point stocks “{resources[k]}”; it stays unmet.{hint}")


def _warn(feedback: QgsProcessingFeedback, names: list[str], text: str) -> None:
    if names:
        feedback.pushWarning(f"{text.format(count=len(names))}: {first_of(names, '; ', brackets=True)}.")
