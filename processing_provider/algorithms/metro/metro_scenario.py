"""evacuation:metroscenario: from the description of a metro emergency to the resources and travel times it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterString,
    QgsWkbTypes,
)

from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from ...result_parameters import add_report
from ..roads.network_parameters import add_network_parameters
from . import metro_parameters as shared
from . import names
from . import scenario_parameters as form
from .metro_inputs import SUPPLY_KEYS, read_metro_places, read_metro_rows, read_roads

if TYPE_CHECKING:
    from ....plugin.layers.metro.metro_lines import MetroLines
    from ....plugin.layers.metro.scenario_case import Factors, ScenarioCase, Wishes
    from ....plugin.layers.places import Places

_VECTOR, _POINTS = QgsProcessing.SourceType.TypeVector, QgsProcessing.SourceType.TypeVectorPoint
_SINKS = (
    (
        names.OUTPUT,
        "Demand",
        _VECTOR,
        "Table: a row for each incident and resource, with low, expected and high units.",
    ),
    (
        names.OUTPUT_TRAVEL,
        "Travel times",
        _VECTOR,
        "Table: a row for each rescue point and incident; minutes are adjusted by weather and period already.",
    ),
    (names.OUTPUT_INCIDENTS, "Incidents", _POINTS, "A point for each incident, with the elements of its scenario."),
)
_NUMBERS = {
    names.RESOURCE_TYPES: "Resource types wanted",
    names.UNITS: "Units wanted",
    names.UNITS_LOW: "Units wanted, low",
    names.UNITS_HIGH: "Units wanted, high",
    names.UNREACHABLE: "Ways from rescue points to incidents that do not exist",
}


class MetroScenario(EvacuationAlgorithm):
    """Reads the form and the layers, derives demand and travel, and writes both with the report."""

    ID = "metroscenario"
    TITLE = "Describe a metro emergency"
    GROUP = ("metro", "Metro emergencies")
    SUMMARY = (
        "Turns the description of a metro emergency into the resources it needs and the travel times to it.\n"
        "The form has the two-level elements of Lu and Sun (Sustainability 2020, 12(16), 6380, section 3.3): event, "
        "passengers, time, location, environment, demand, supply. The emergency type gives the resource types (their "
        "Table 1), event and passengers give the quantities by rules that are ours and can be edited, and distance, "
        "speed, weather and period the travel times. Numbers may be intervals “lo..hi”.\n"
        "With several incidents, or where they differ: fields of INCIDENTS called like an element (emergency_type, "
        "stranded, wounded, weather, ...) take the place of the form for that incident.\n"
        "The demand, travel and incident outputs are inputs of evacuation:allocatemetroresources as they are."
    )
    TAGS = ("metro", "subway", "emergency", "scenario", "demand", "resources")

    def initAlgorithm(self, config: dict[str, Any] | None = None) -> None:
        form.add_form(self)
        shared.add_layer(self, names.INCIDENTS, optional=True)
        form.add_metro_stations(self)
        self._add_demand()
        shared.add_layer(self, names.STATIONS)
        shared.add_layer(self, names.SUPPLY, optional=True)
        add_network_parameters(self, optional=True, capacity="", factor=False, travel=False)
        shared.add_travel_numbers(self, (names.DETOUR_FACTOR, names.SPEED))
        form.add_files_and_factors(self)
        for name, title, kind, text in _SINKS:
            self.add(QgsProcessingParameterFeatureSink(name, self.tr(title), kind), text)
        add_report(self, "The scenario by dimension, the demand by class and the travel times.")
        for name, title in _NUMBERS.items():
            self.addOutput(QgsProcessingOutputNumber(name, self.tr(title)))

    def _add_demand(self) -> None:
        levels = [self.tr(level) for level in ("low", "expected", "high")]
        level = QgsProcessingParameterEnum(names.DEMAND_LEVEL, self.tr("Demand: level"), levels, defaultValue=1)
        self.add(level, "Which of the three quantities goes into the field quantity, which the allocation reads.")
        only = QgsProcessingParameterString(names.RESOURCES, self.tr("Demand: only these resources"), "", optional=True)
        self.add(only, "Names with semicolons; empty: all of the emergency's type.")
        known = QgsProcessingParameterString(
            names.KNOWN_QUANTITIES, self.tr("Demand: known quantities"), "", optional=True, multiLine=True
        )
        self.add(known, "“resource: units; resource: lo..hi”, instead of the rules' quantities, at every incident.")

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.solvers.metro.scenario_demand import parse_known

        form.read_form(self, parameters, context)
        parse_known(self.parameterAsString(parameters, names.KNOWN_QUANTITIES, context) or "")

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.metro.scenario_case import ScenarioCase, adjusted_travel, metro_rides, needs_of
        from ....plugin.layers.metro.scenarios import read_scenarios
        from ....plugin.layers.metro.travel import TravelRules, travel_between

        metro = self._metro(parameters, context, feedback)
        incidents = self._incidents(parameters, metro, context, feedback)
        scenarios = read_scenarios(incidents, form.read_form(self, parameters, context), metro, feedback)
        if not scenarios:
            feedback.pushWarning(self.tr("INCIDENTS: there is no incident, so nothing is needed."))
        needs = needs_of(scenarios, self._wishes(parameters, context), feedback)
        stations = read_metro_places(self, parameters, names.STATIONS, context, feedback)
        stock = self._stock(parameters, stations, context, feedback)
        speed, detour = (
            self.parameterAsDouble(parameters, name, context) for name in (names.SPEED, names.DETOUR_FACTOR)
        )
        rules = TravelRules(speed=speed, detour=detour, weather=1.0, period=1.0)
        control = self.control(feedback, 5.0, 90.0)
        factors = self._factors(parameters, context)
        ways = read_roads(self, parameters, rules, bool(len(incidents)), context, feedback, control)
        travel = travel_between(stations, incidents, ways, context, feedback, control=control)
        rides = metro_rides(metro, stations, scenarios)
        adjusted = adjusted_travel(travel, scenarios, factors, rides)
        case = ScenarioCase(stations, incidents, scenarios, needs, stock, adjusted)
        return self._write(parameters, context, feedback, case)

    def _metro(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> MetroLines | None:
        from ....plugin.layers.metro.metro_lines import read_metro_lines

        source = self.source(parameters, names.METRO_STATIONS, context)
        if source is None:
            return None
        fields = {
            key: self.field(parameters, name, source, context, feedback) or "" for key, name in form.metro_field_names()
        }
        return read_metro_lines(source, fields, context)

    def _incidents(
        self,
        parameters: dict[str, Any],
        metro: MetroLines | None,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Places:
        from ....plugin.layers.metro.metro_lines import station_place

        if self.source(parameters, names.INCIDENTS, context) is not None:
            return read_metro_places(self, parameters, names.INCIDENTS, context, feedback)
        station = (self.parameterAsString(parameters, names.STATION, context) or "").strip()
        if metro is None or not station:
            raise QgsProcessingException(
                self.tr(
                    "Where is the incident? Choose a layer of incidents, or METRO_STATIONS and the name of a STATION."
                )
            )
        return station_place(metro, station)

    def _wishes(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Wishes:
        from ....plugin.layers.metro.scenario_case import Wishes
        from ....plugin.solvers.metro import scenario_files
        from ....plugin.solvers.metro.scenario_demand import parse_known

        def text(name: str) -> str:
            return (self.parameterAsString(parameters, name, context) or "").strip()

        return Wishes(
            text(names.CATALOGUE_FILE) or scenario_files.CATALOGUE,
            text(names.RULES_FILE) or scenario_files.RULES,
            [name.strip() for name in text(names.RESOURCES).split(";") if name.strip()],
            parse_known(text(names.KNOWN_QUANTITIES)),
        )

    def _factors(self, parameters: dict[str, Any], context: QgsProcessingContext) -> Factors:
        from ....plugin.layers.metro.scenario_case import Factors
        from ....plugin.solvers.metro import scenario_files

        own = (self.parameterAsString(parameters, names.FACTORS_FILE, context) or "").strip()
        given = (
            form.read_factor(self, parameters, name, context) for name in (names.WEATHER_FACTOR, names.PERIOD_FACTOR)
        )
        return Factors(scenario_files.read_travel_factors(own or scenario_files.FACTORS), *given)

    def _stock(
        self,
        parameters: dict[str, Any],
        stations: Places,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, int] | None:
        """Return what the rescue points have of each resource together, None without a supply table."""
        from ....plugin.layers.metro.tables import stock_of

        rows = read_metro_rows(self, parameters, names.SUPPLY, SUPPLY_KEYS, context, feedback, optional=("cost",))
        return None if rows is None else stock_of(rows, stations, feedback)

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        case: ScenarioCase,
    ) -> dict[str, Any]:
        import numpy as np

        from ....plugin.layers.metro import scenario_outputs as rows
        from ....plugin.reports.metro_scenario import write_scenario_report
        from ....plugin.solvers.metro.scenario_demand import LEVELS

        scenarios, needs, adjusted = case.scenarios, case.needs, case.adjusted
        for scenario, note in zip(scenarios, adjusted.travel.notes):
            if note:
                feedback.pushWarning(f"{scenario.incident}: {note}.")
        level = LEVELS[self.parameterAsEnum(parameters, names.DEMAND_LEVEL, context)]
        report = self.parameterAsFileOutput(parameters, names.OUTPUT_HTML, context)
        if report:
            with self.reporting(names.OUTPUT_HTML, report):
                write_scenario_report(report, case, level)
        demand, travel = (
            rows.demand_rows(needs, level, case.stock),
            rows.travel_rows(adjusted, case.stations, scenarios),
        )
        points, style = rows.incident_rows(scenarios, case.incidents), "metroscenario_output_incidents"
        results = {
            names.OUTPUT: self.write(parameters, names.OUTPUT, context, OutputLayer(rows.DEMAND, demand)),
            names.OUTPUT_TRAVEL: self.write(parameters, names.OUTPUT_TRAVEL, context, OutputLayer(rows.TRAVEL, travel)),
            names.OUTPUT_INCIDENTS: self.write(
                parameters,
                names.OUTPUT_INCIDENTS,
                context,
                OutputLayer(rows.INCIDENTS, points, QgsWkbTypes.Type.Point, case.incidents.crs, style),
            ),
            names.OUTPUT_HTML: report or None,
            names.RESOURCE_TYPES: len({need.resource for need in needs if need.at(level) > 0}),
            names.UNITS: sum(need.at(level) for need in needs),
            names.UNITS_LOW: sum(need.low for need in needs),
            names.UNITS_HIGH: sum(need.high for need in needs),
            names.UNREACHABLE: int(np.isinf(adjusted.travel.minutes).sum()),
        }
        return {name: value for name, value in results.items() if value is not None}
