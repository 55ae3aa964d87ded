"""``evacuation:recommendshelters``: which candidate sites to open as shelters, and why not the others."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsWkbTypes,
)

from ...base import EvacuationAlgorithm
from ...effort_parameters import read_effort, stopped_early
from ..roads.network_parameters import NetworkParameters, add_network_parameters
from .shelter_parameters import (
    add_choice_parameters,
    add_forecast_parameters,
    add_site_parameters,
    add_zone_parameters,
)

if TYPE_CHECKING:
    from ....plugin.layers.carrying import Carried
    from ....plugin.layers.places import Places
    from ....plugin.layers.shelters.case import Forecast, SiteOptions
    from ....plugin.solvers.shelters.recommendation import Recommendation, ShelterProblem


class RecommendShelters(EvacuationAlgorithm):
    """Chooses sites by room, safety and travel time."""

    ID = "recommendshelters"
    TITLE = "Recommend shelters"
    TAGS = ("shelter", "site selection", "capacity", "covering", "location", "forecast")
    SUMMARY = (
        "Recommends which candidate sites to open as shelters, so that everybody at risk finds room within reach: the "
        "fewest sites, then the least travel time in all. Every site keeps its row, with a rank or with the reason why "
        "it is rejected.\n"
        "Room is what the people predicted to be at a site leave of its safe capacity: floor(usable share × area / "
        "area per person) − largest forecast. Travel times are free-flow times over the road network. The set is "
        "chosen by capacitated set covering: flows of people between zones and sites within the travel limit serve "
        "every zone, and no site takes more than its room / (1 + reserve). Where there is not enough room, as many "
        "people as possible are sheltered, and the log says by zone who is left out.\n"
        "The score (0 to 100) fills a site with the people in its reach, nearest first: the part of all people at risk "
        "it could take, each counted by how near it is compared with that person's nearest usable site.\n"
        "Xu et al. 2023 (Chinese Journal of Computers, doi 10.11897/SP.J.1016.2023.01427) name a recommendation from "
        "predicted pedestrian flow; its page is missing from the available text, so this is a reconstruction. Solved "
        "with HiGHS where the Python package highspy is installed, else with CBC. Several plans can be equally good; "
        "both give the same one where the log says that every solver agrees on it, else it may depend on the solver."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_site_parameters(self)
        add_forecast_parameters(self)
        add_zone_parameters(self)
        add_network_parameters(self, capacity=False)
        add_choice_parameters(self)
        tr = self.tr
        self.add(
            QgsProcessingParameterFeatureSink("OUTPUT", tr("Candidate sites, assessed")),
            "All sites with status (selected, standby, rejected), rank, score, reason, capacity, predicted people, "
            "residual capacity, people in reach and their mean travel time in minutes.",
        )
        self.add(
            QgsProcessingParameterFeatureSink("OUTPUT_SELECTED", tr("Selected shelters")),
            "The selected sites only, with the same fields; feeds “Allocate people to shelters”.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                "OUTPUT_CATCHMENTS",
                tr("Catchments of the selected shelters"),
                QgsProcessing.SourceType.TypeVectorLine,
                None,
                optional=True,
                createByDefault=False,
            ),
            "Lines from zone to selected site with the people who go there in the plan that the choice rests on, the "
            "part of the zone that is, and the minutes. Zones may be divided; “Allocate people to shelters” decides.",
        )
        for name, description in (
            ("SELECTED_COUNT", tr("Sites selected")),
            ("SELECTED_CAPACITY", tr("Room left in the selected sites (people)")),
            ("PEOPLE", tr("People at risk")),
            ("UNCOVERED_PEOPLE", tr("People without room")),
            ("GAP", tr("Gap to the proven bound (%)")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, description))

    # --- running ----------------------------------------------------------------------------------------------

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.carrying import SHELTER_NAME, ZONE_NAME, all_others, renamed
        from ....plugin.layers.people import say_unplaced, whole_people
        from ....plugin.layers.places import read_places
        from ....plugin.layers.population_fields import totals_among
        from ....plugin.layers.shelters.outputs import COLUMNS, catchment_rows, report, site_rows
        from ....plugin.solvers.shelters.recommendation import solve

        source = self.source(parameters, "SITES", context)
        site_id = self.field(parameters, "SITE_ID_FIELD", source, context, feedback, required=False)
        zone_source = self.source(parameters, "ZONES", context)
        zone_id = self.field(parameters, "ZONE_ID_FIELD", zone_source, context, feedback, required=False)
        zones = read_places(zone_source, "ZONES", zone_id, context, feedback)
        fields = self.fields(
            parameters, "POPULATION_FIELDS", zone_source, context, feedback, fallbacks=[["population"]]
        )
        fields = [name for name in fields if name not in totals_among(zones, fields, feedback)]
        placed, unplaced = whole_people(zones, fields, feedback)
        people, lost = placed.sum(axis=1), say_unplaced(zones, unplaced.sum(axis=1), feedback)
        sites = read_places(source, "SITES", site_id, context, feedback, empty_is_error=bool(people.any()))
        zone_name = self.field(parameters, "ZONE_NAME_FIELD", zone_source, context, feedback, required=False)
        site_name = self.field(parameters, "SHELTER_NAME_FIELD", source, context, feedback, required=False)
        names = renamed(zones, {ZONE_NAME: zone_name}), renamed(sites, {SHELTER_NAME: site_name})
        carried = names[1] + all_others(sites, [*COLUMNS, *names[1].fields], site_id, feedback)
        if not people.any():
            feedback.pushWarning(f"ZONES: nobody is at risk in “{zones.name}”; no shelter is needed.")
            nothing = self._write(parameters, context, sites, carried, source.wkbType(), [], None, 0, lost)
            return {**nothing, **self._catchments(parameters, context, zones, names, []), "STOPPED_EARLY": 0}
        zones = zones.subset(np.flatnonzero(people))
        problem = self._problem(parameters, context, feedback, sites, zones, people[people > 0])
        control = self.control(feedback, 50.0, 95.0, read_effort(self, parameters, context))
        found = solve(problem, control=control)
        report(problem, found, feedback)
        early = stopped_early(control.effort, feedback)
        rows = site_rows(sites, carried, problem, found)
        outputs = self._write(
            parameters, context, sites, carried, source.wkbType(), rows, found, int(people.sum()), lost
        )
        lines = catchment_rows(sites, zones, names, problem, found, context)
        return {**outputs, **self._catchments(parameters, context, zones, names, lines), **early}

    def _catchments(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        zones: Places,
        names: tuple[Carried, Carried],
        rows: Iterable[Any],
    ) -> dict[str, Any]:
        from ....plugin.layers.shelters.outputs import CATCHMENTS

        columns = [*CATCHMENTS, *names[0].fields, *names[1].fields]
        name, line = "OUTPUT_CATCHMENTS", QgsWkbTypes.Type.LineString
        style = "recommendshelters_output_catchments"
        layer = self.write(parameters, name, context, columns, rows, line, zones.crs, style)
        return {} if layer is None else {name: layer}

    def _problem(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        places: Places,
        zones: Places,
        people: np.ndarray,
    ) -> ShelterProblem:
        from ....plugin.layers.shelters.case import Limits, candidate_sites, shelter_problem

        def value(name: str) -> float:
            return float(self.parameterAsDouble(parameters, name, context))

        sites = candidate_sites(places, self._site_options(parameters, context, feedback), context, feedback)
        roads = NetworkParameters.read(self, parameters, context, feedback)
        read = roads.network(context, feedback, self.control(feedback, 5.0, 35.0))
        limited = parameters.get("MAX_TRAVEL_TIME") not in (None, "")
        limits = Limits(
            minutes=value("MAX_TRAVEL_TIME") if limited else math.inf,
            reserve=value("RESERVE") / 100.0,
            min_capacity=self.parameterAsInt(parameters, "MIN_CAPACITY", context),
            max_sites=self.parameterAsInt(parameters, "MAX_SITES", context),
            max_snap_distance=roads.max_snap_distance,
        )
        control = self.control(feedback, 35.0, 50.0)
        return shelter_problem(zones, people, sites, limits, read, context, feedback, control)

    def _site_options(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> SiteOptions:
        from ....plugin.layers.shelters.case import SiteOptions
        from ....plugin.solvers.shelters.capacity import area_per_person

        source = self.source(parameters, "SITES", context)
        area, capacity, rule = (
            self.field(parameters, name, source, context, feedback, required=False)
            for name in ("AREA_FIELD", "CAPACITY_FIELD", "RULE_FIELD")
        )
        custom = float(self.parameterAsDouble(parameters, "AREA_PER_PERSON", context))
        return SiteOptions(
            area,
            capacity,
            rule,
            area_per_person(self.parameterAsEnum(parameters, "AREA_STANDARD", context), custom),
            float(self.parameterAsDouble(parameters, "USABLE_SHARE", context)),
            capacity_named=parameters.get("CAPACITY_FIELD") not in (None, ""),
            hazard=self.source(parameters, "HAZARD", context),
            buffer=float(self.parameterAsDouble(parameters, "HAZARD_BUFFER", context)),
            forecast=self._forecast(parameters, context, feedback),
        )

    def _forecast(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> Forecast | None:
        from ....plugin.layers.shelters.case import Forecast

        source = self.source(parameters, "FORECAST", context)
        if source is None:
            return None
        place, value = (
            self.field(parameters, name, source, context, feedback)
            for name in ("FORECAST_SITE_FIELD", "FORECAST_VALUE_FIELD")
        )
        time = self.field(parameters, "FORECAST_TIME_FIELD", source, context, feedback, required=False)
        return Forecast(source, str(place), time, str(value))

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        sites: Places,
        carried: Carried,
        kind: Any,
        rows: list[tuple[Any, list[Any]]],
        found: Recommendation | None,
        people: int,
        lost: int,
    ) -> dict[str, Any]:
        from ....plugin.layers.shelters.outputs import COLUMNS, common_type, in_type, selected_rows

        kind = common_type(sites, kind)
        rows = in_type(rows, kind)
        polygons = QgsWkbTypes.geometryType(kind) == QgsWkbTypes.GeometryType.PolygonGeometry
        shape, outputs = "_polygon" if polygons else "", {}
        for name, content, style in (
            ("OUTPUT", rows, f"recommendshelters_output{shape}"),
            ("OUTPUT_SELECTED", selected_rows(rows), f"recommendshelters_output_selected{shape}"),
        ):
            outputs[name] = self.write(
                parameters, name, context, [*COLUMNS, *carried.fields], content, kind, sites.crs, style
            )
        if found is None:
            return {**outputs, "SELECTED_COUNT": 0, "SELECTED_CAPACITY": 0, "PEOPLE": lost, "UNCOVERED_PEOPLE": lost}
        outputs["SELECTED_COUNT"] = int(found.selected.sum())
        outputs["SELECTED_CAPACITY"] = int(found.residual[found.selected].sum())
        outputs["PEOPLE"] = people + lost
        outputs["UNCOVERED_PEOPLE"] = int(found.uncovered.sum()) + lost
        if found.gap is not None:
            outputs["GAP"] = found.gap
        return outputs
