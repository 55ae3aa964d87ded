"""Scenarios of incidents as a case: what they need, and the travel to them in their weather and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.metro import scenario_files
from ...solvers.metro.metro_network import Ride
from ...solvers.metro.scenario import Interval, Scenario
from ...solvers.metro.scenario_demand import Need, derive_demand
from ..places import Places
from .metro_lines import MetroLines
from .travel import MetroTravel


@dataclass(frozen=True)
class Wishes:
    """What decides about the needs beside the scenarios.

    Attributes
    ----------
    catalogue, rules : path
        Files of resources by emergency type, and of quantities.
    only : sequence of str
        Resources to keep; empty for all.
    known : mapping
        Quantities that the operator knows.
    """

    catalogue: Path | str = scenario_files.CATALOGUE
    rules: Path | str = scenario_files.RULES
    only: Sequence[str] = ()
    known: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Factors:
    """Factors on travel times, and numbers that take their place for the weather now and the period."""

    table: scenario_files.TravelFactors
    weather: float | None = None
    period: float | None = None


@dataclass(frozen=True)
class AdjustedTravel:
    """Travel with the factors of each incident.

    Attributes
    ----------
    travel : MetroTravel
        Without factors.
    weather, period, later : ndarray, shape (j,)
        Factors of each incident: the weather now, the period, the weather to come.
    rides : list of list
        Way along the metro lines for each rescue point and incident; None where there is none or no metro is given.
    """

    travel: MetroTravel
    weather: np.ndarray
    period: np.ndarray
    later: np.ndarray
    rides: list[list[Ride | None]]

    @property
    def minutes(self) -> np.ndarray:
        """Adjusted travel times, shape (i, j)."""
        return self.travel.minutes * self.weather * self.period


@dataclass(frozen=True)
class ScenarioCase:
    """Scenarios with what they need and the travel to them.

    Attributes
    ----------
    stations, incidents : Places
    scenarios : list of Scenario
        One for each incident.
    needs : list of Need
    stock : dict or None
        Units of each resource at all rescue points, None where no supply is known.
    adjusted : AdjustedTravel
    """

    stations: Places
    incidents: Places
    scenarios: list[Scenario]
    needs: list[Need]
    stock: dict[str, int] | None
    adjusted: AdjustedTravel


def needs_of(scenarios: Sequence[Scenario], wishes: Wishes, feedback: QgsProcessingFeedback) -> list[Need]:
    """Return what the scenarios need, by catalogue and rules.

    Raises
    ------
    SolverError
        A file that cannot be read, or a resource to keep that the catalogue does not have.
    """
    catalogue = scenario_files.read_catalogue(wishes.catalogue)
    rules = scenario_files.read_rules(wishes.rules)
    catalogue.check_names(list(wishes.only), "RESOURCES")
    idle = scenario_files.idle_rules(rules, catalogue.resources)
    if idle:
        feedback.pushWarning(f"RULES_FILE: not in the catalogue: {', '.join(idle)}.")
    out: list[Need] = []
    for scenario in scenarios:
        needs, without = derive_demand(scenario, catalogue, rules, only=wishes.only, known=wishes.known)
        out += needs
        if without:
            feedback.pushWarning(
                f"{scenario.incident}: RULES_FILE has no rule for {', '.join(without)}; 0 units are wanted."
            )
        if not needs:
            feedback.pushWarning(
                f"{scenario.incident}: the catalogue has no resource for “{scenario.emergency_type}” among those asked "
                f"for."
            )
    return out


def adjusted_travel(
    travel: MetroTravel, scenarios: Sequence[Scenario], factors: Factors, rides: list[list[Ride | None]]
) -> AdjustedTravel:
    """Return travel, read without factors, with those of each scenario's weather and period."""
    read = factors.table
    weather = [read.of_weather(s.weather) if factors.weather is None else factors.weather for s in scenarios]
    period = [read.of_period(s.period) if factors.period is None else factors.period for s in scenarios]
    later = [read.of_weather(s.weather_later) for s in scenarios]
    arrays = (np.array(values, dtype=float) for values in (weather, period, later))
    return AdjustedTravel(travel, *arrays, rides)


def metro_rides(metro: MetroLines | None, stations: Places, scenarios: Sequence[Scenario]) -> list[list[Ride | None]]:
    """Return the ways along the metro lines from the stations nearest to the rescue points."""
    if metro is None:
        return [[None] * len(scenarios) for _ in stations.ids]
    near = metro.nearest(stations)
    return [[metro.network.ride(start, scenario.station) for scenario in scenarios] for start in near]
