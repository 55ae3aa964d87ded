"""``evacuation:nearestshelters``: the fastest routes from every zone to its nearest shelters, or to all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ....plugin.layers.writing import OutputLayer
from ...base import EvacuationAlgorithm
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ...name_parameters import add_name_field
from ..roads.door_parameters import add_access_speed, add_entrance_parameters, read_door_use
from ..roads.hazard_parameters import (
    HazardParameters,
    add_closures,
    add_hazard,
    add_rule_field,
    add_start_time,
    rule_of,
)
from ..roads.network_parameters import NetworkParameters, add_network_parameters
from ..roads.road_attributes import ROAD_CAPACITY_FIELD
from . import names


class NearestShelters(EvacuationAlgorithm):
    """Draws the routes to the nearest shelters."""

    ID = "nearestshelters"
    TITLE = "Nearest shelters"
    TAGS = ("shelter", "route", "nearest", "shortest path", "origin-destination", "closest facility")
    SUMMARY = (
        "Draws for each zone the routes to its nearest shelters by travel time without other traffic, each to the "
        "shelter's quickest door, with length and time; with K = 0 from every zone to every shelter. A quick look: "
        "nobody is counted and no shelter fills up; “Allocate people to shelters” does that. "
        "Everybody goes as TRAVEL_MODE says; where some have no car, run it twice, by car and on foot.\n"
        "As in Xu et al. 2023 (Chinese Journal of Computers, doi 10.11897/SP.J.1016.2023.01427), section 5.3, Tables 6 "
        "and 7 and Figure 12. The output may serve as the table of distances in “Allocate people to shelters”."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr, any_field = self.tr, QgsProcessingParameterField.DataType.Any
        places = [QgsProcessing.SourceType.TypeVectorAnyGeometry]
        self.add(
            QgsProcessingParameterFeatureSource(names.ZONES, tr("Zones"), places),
            "Points or polygons to leave from. A polygon acts at its point on surface.",
        )
        self.add(
            QgsProcessingParameterField(
                names.ZONE_ID_FIELD, tr("Zone id field"), "zone_id", names.ZONES, any_field, False, True
            ),
            "Names a zone. Default: the field “zone_id” if there is one, else the feature id.",
        )
        add_name_field(self, ZONE_NAME_FIELD, names.ZONES)
        self.add(
            QgsProcessingParameterFeatureSource(names.SHELTERS, tr("Shelters"), places),
            "Points or polygons to go to: any layer, such as candidate sites or selected shelters. Every row counts, "
            "whatever its status. A polygon is entered at its doors.",
        )
        self.add(
            QgsProcessingParameterField(
                names.SHELTER_ID_FIELD, tr("Shelter id field"), "site_id", names.SHELTERS, any_field, False, True
            ),
            "Names a shelter. Default: the field “site_id” if there is one, else the feature id.",
        )
        add_name_field(self, SHELTER_NAME_FIELD, names.SHELTERS)
        self.add(
            QgsProcessingParameterNumber(
                names.K, tr("Shelters for each zone"), QgsProcessingParameterNumber.Type.Integer, 3, minValue=0
            ),
            "How many of its nearest shelters each zone is led to; 0 for all.",
        )
        self._add_danger()
        add_network_parameters(self, capacity=ROAD_CAPACITY_FIELD, factor=False)
        add_entrance_parameters(self)
        add_access_speed(self)
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Routes")),
            "A line from zone to shelter for each pair: zone_id, shelter_id, rank, length_m, free_flow_s and "
            "distance_km of the road alone, minutes from place to door, access_m and access_minutes between places and "
            "road; in the reference system of the zones.",
        )
        unreachable = QgsProcessingParameterFeatureSink(
            names.OUTPUT_UNREACHABLE,
            tr("Pairs without a route"),
            QgsProcessing.SourceType.TypeVector,
            optional=True,
            createByDefault=False,
        )
        self.add(unreachable, "Table of the pairs without a route, each with the reason.")
        self.addOutput(QgsProcessingOutputNumber(names.ROUTES, tr("Routes")))
        self.addOutput(QgsProcessingOutputNumber(names.UNREACHABLE, tr("Pairs without a route")))

    def _add_danger(self) -> None:
        """Add the hazard, closures, and when people leave."""
        order = QgsProcessingParameterField(
            names.ORDER_TIME_FIELD,
            self.tr("Order time field"),
            "order_time",
            names.ZONES,
            QgsProcessingParameterField.DataType.Any,
            False,
            True,
        )
        self.add(
            order,
            "When the order to leave reaches the zone: minutes after the start time, or date and time; empty values: "
            "the start time. Default: the field “order_time” if there is one.",
            advanced=True,
        )
        add_hazard(
            self,
            "Polygons; no route leads to a shelter that they ever reach, or their buffer, unless its rule is "
            "“vertical”. With an arrival (below) their roads close then, and a route is the quickest that stays open "
            "for who leaves at the order.",
        )
        add_closures(self)
        add_rule_field(self, names.SHELTERS)
        add_start_time(self)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.carrying import SHELTER_NAME, ZONE_NAME, renamed
        from ....plugin.layers.places import read_places
        from ....plugin.layers.roads.door_travel import quickest, routes_to_doors
        from ....plugin.layers.roads.doors import join_sites
        from ....plugin.layers.roads.open_ground import Leaving
        from ....plugin.layers.shelters.nearest_routes import (
            COLUMNS,
            NearestRoutes,
            not_selected,
            report,
            route_rows,
            unreachable_rows,
            unsafe_shelters,
        )
        from ....plugin.solvers.shelters.nearest import nearest

        groups, titles = [], []
        for name, fields, title in (
            (names.ZONES, (names.ZONE_ID_FIELD, ZONE_NAME_FIELD), ZONE_NAME),
            (names.SHELTERS, (names.SHELTER_ID_FIELD, SHELTER_NAME_FIELD), SHELTER_NAME),
        ):
            source = self.source(parameters, name, context)
            key, called = (self.field(parameters, f, source, context, feedback, required=False) for f in fields)
            # shelters are an error to lack only where a zone needs one
            needed = name == names.SHELTERS and bool(len(groups[0]))
            groups.append(read_places(source, name, key, context, feedback, empty_is_error=needed))
            titles.append(renamed(groups[-1], {title: called}))
        zones, shelters = groups
        not_selected(shelters, feedback)
        control = self.control(feedback, 0.0, 40.0)
        somebody = bool(len(zones))
        roads = NetworkParameters.read(self, parameters, context, feedback, needed=somebody)
        danger = HazardParameters.read(self, parameters, context, feedback)
        field, rule = self._danger_fields(parameters, context, feedback)
        orders = danger.orders(self, parameters, zones, field, context, feedback)
        read = roads.network(context, feedback, control, danger.at(orders.start))
        if not somebody:
            feedback.pushWarning(f"ZONES: “{zones.name}” has no zones; there is nothing to draw.")
        use = read_door_use(self, parameters, context, feedback)
        leaving = Leaving(orders.seconds, use.access_speed)
        farthest = roads.max_snap_distance
        joined = join_sites(read, zones, [shelters], use.rules, farthest, context, feedback, leaving=leaving)
        read, origin = joined.read, joined.origins.node
        times = quickest(joined, use, self.control(feedback, 40.0, 60.0), leave=orders.seconds)
        unsafe = unsafe_shelters(shelters, danger.hazard, rule, context, feedback)
        times = times.without(np.array([bool(why) for why in unsafe], dtype=bool))
        found = nearest(times.seconds, times.road.metres, self.parameterAsInt(parameters, names.K, context))
        routes = routes_to_doors(
            joined, orders.seconds, found.zone, times.point[found.zone, found.shelter],
            self.control(feedback, 60.0, 90.0),
        )  # fmt: skip
        missing = unreachable_rows(zones, shelters, joined, found, unsafe)
        report(zones, shelters, found, missing, times, feedback)
        drawn = NearestRoutes(found, times, routes, origin)
        rows = route_rows(read, zones, shelters, drawn, (titles[0], titles[1]), context)
        columns = [*COLUMNS, *titles[0].fields, *titles[1].fields]
        return {**self._write(parameters, context, columns, rows, missing, zones.crs), names.ROUTES: len(routes)}

    def _danger_fields(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> tuple[str | None, str | None]:
        """Return the zones' field with orders, and the shelters' with their rule."""
        zones, shelters = (self.source(parameters, name, context) for name in (names.ZONES, names.SHELTERS))
        order = self.field(parameters, names.ORDER_TIME_FIELD, zones, context, feedback, required=False)
        return order, rule_of(self, parameters, shelters, context, feedback)

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        columns: list[Any],
        rows: Any,
        missing: list[Any],
        crs: Any,
    ) -> dict[str, Any]:
        from ....plugin.layers.shelters.nearest_routes import UNREACHABLE_COLUMNS

        line, style = QgsWkbTypes.Type.LineString, "nearestshelters_output"
        outputs: dict[str, Any] = {
            names.OUTPUT: self.write(parameters, names.OUTPUT, context, OutputLayer(columns, rows, line, crs, style)),
            names.UNREACHABLE: sum(1 for _, (zone, shelter, _) in missing if zone and shelter),
        }
        table = self.write(parameters, names.OUTPUT_UNREACHABLE, context, OutputLayer(UNREACHABLE_COLUMNS, missing))
        if table is not None:
            outputs[names.OUTPUT_UNREACHABLE] = table
        return outputs
