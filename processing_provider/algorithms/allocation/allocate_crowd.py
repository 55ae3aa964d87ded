"""``evacuation:allocatecrowd``: who goes to which shelter ([E] 3.2, eq. 3 to 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback, QgsWkbTypes

from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...effort_parameters import read_effort, stopped_early
from ...field_choice import SHELTER_NAME_FIELD, ZONE_NAME_FIELD
from ..roads.network_parameters import NETWORK, NetworkParameters
from . import allocation_parameters as names

if TYPE_CHECKING:
    from ....plugin.layers.allocation.case import AllocationCase
    from ....plugin.layers.allocation.groups import Groups, Shelters
    from ....plugin.layers.allocation.outputs import CarriedOn
    from ....plugin.layers.allocation.separation import Separation
    from ....plugin.layers.carrying import Carried
    from ....plugin.layers.places import Places
    from ....plugin.solvers.allocation.problem import Allocation
    from ....plugin.solvers.allocation.tradeoff import Point


class AllocateCrowd(EvacuationAlgorithm):
    """Sends groups of people to shelters by preference and distance, within the shelters' room."""

    ID = "allocatecrowd"
    TITLE = "Allocate people to shelters"
    TAGS = ("allocation", "assignment", "shelter", "preference", "capacity", "crowd")
    SUMMARY = (
        "Sends each group of people (a zone and a class) to a shelter, so that dissatisfaction and distance are least "
        "and no shelter takes more than it can.\n"
        "The 0-1 program of Xu et al. 2023 (Chinese Journal of Computers, doi 10.11897/SP.J.1016.2023.01427), "
        "equations 3 to 13, with two departures: near shelters are good (equation 11 prints the opposite; choose “as "
        "printed” to reproduce the paper's tables), and people count, not groups (choose “groups” for the paper's "
        "way).\n"
        "Where there is not room for everyone, as many people as possible are sheltered first; who is left out is "
        "given back with the reason, and reasons that can be seen beforehand are said before the solver is asked.\n"
        "The trade-off table and the report show what other weights would give: which preference costs how many "
        "kilometres. Solved with HiGHS where the Python package highspy is installed, else with CBC."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        names.add_allocation_parameters(self)
        names.add_allocation_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.layers.allocation.separation import BY_TIME

        if parameters.get(NETWORK) in (None, ""):
            if parameters.get(names.MAX_TRAVEL_TIME) not in (None, ""):
                raise SolverError(
                    self.tr("MAX_TRAVEL_TIME: travel times need the road network; give NETWORK or no limit.")
                )
            if self.parameterAsEnum(parameters, names.IMPEDANCE, context) == BY_TIME:
                raise SolverError(
                    self.tr("IMPEDANCE: travel time needs the road network; give NETWORK or choose length.")
                )

    # --- running ----------------------------------------------------------------------------------------------

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.allocation.case import build_case
        from ....plugin.layers.allocation.preferences import read_preferences
        from ....plugin.solvers.allocation.allocate import solve
        from ....plugin.solvers.allocation.tradeoff import curve
        from ....plugin.solvers.dependencies import require

        path = self.parameterAsFileOutput(parameters, names.OUTPUT_HTML, context)
        if path:  # what the report needs is asked for before the work, not after
            require("jinja2", "writing HTML reports")
            require("matplotlib", "drawing charts")
        options = names.read_options(self, parameters, context)
        groups, shelters, carried = self._read_layers(parameters, context, feedback)
        table, columns = self._table(parameters, names.PREFERENCES, context, feedback)
        preference = read_preferences(table, columns, groups, shelters, options.known_preference, feedback)
        separation = self._separation(parameters, options.impedance, groups, shelters, context, feedback)
        case = build_case(groups, shelters, preference, separation, options, feedback)
        count = self._points(parameters, context)
        control = self.control(feedback, 40.0, 60.0 if count else 95.0, read_effort(self, parameters, context))
        found = solve(case.problem, control=control)
        points: tuple[Point, ...] = ()
        if count:
            control = self.control(feedback, 60.0, 95.0, control.effort)
            points = curve(case.problem, case.objective, case.kilometres, found, count, control=control)
        numbers = self._numbers(found, case, feedback)
        numbers.update(stopped_early(control.effort, feedback))
        said = [control.effort.warning(), *case.said] if control.effort.stopped_early else case.said
        outputs = self._write(parameters, context, found, case, carried, points)
        if path:
            from ....plugin.layers.allocation.outputs import shelter_labels
            from ....plugin.reports.allocation import write_allocation_report

            with self.reporting(names.OUTPUT_HTML, path):
                labels = shelter_labels(shelters, carried)
                write_allocation_report(path, found, case, points, numbers, said, labels)
            outputs[names.OUTPUT_HTML] = path
        return {**outputs, **numbers}

    def _points(self, parameters: dict[str, Any], context: QgsProcessingContext) -> int:
        """Return how many points the trade-off curve has, 0 where it is not asked for."""
        asked = any(parameters.get(name) not in (None, "") for name in (names.OUTPUT_TRADEOFF, names.OUTPUT_HTML))
        count = self.parameterAsInt(parameters, names.TRADEOFF_POINTS, context)
        return count if asked and count >= 2 else 0

    def _read_layers(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> tuple[Groups, Shelters, CarriedOn]:
        """Return who is to be placed, where there is room, and what the outputs keep of both layers."""
        from ....plugin.layers.allocation import outputs as rows
        from ....plugin.layers.allocation.groups import read_groups, read_shelters
        from ....plugin.layers.carrying import ORDER_TIME, SHELTER_NAME, ZONE_NAME, all_others, renamed

        def kept(places: Places, column: str, name: str, layer: QgsProcessingFeatureSource) -> Carried:
            return renamed(places, {column: self.field(parameters, name, layer, context, feedback, required=False)})

        zones = self.source(parameters, names.ZONES, context)
        zone_id = self.field(parameters, names.ZONE_ID_FIELD, zones, context, feedback, required=False)
        classes = self.fields(parameters, names.GROUP_FIELDS, zones, context, feedback, fallbacks=[["population"]])
        groups = read_groups(zones, zone_id, classes, context, feedback)
        source = self.source(parameters, names.SHELTERS, context)
        shelter_id = self.field(parameters, names.SHELTER_ID_FIELD, source, context, feedback, required=False)
        needed = bool(len(groups.sizes)) and source.featureCount() != 0
        capacity = self.field(parameters, names.CAPACITY_FIELD, source, context, feedback, required=needed)
        shelters = read_shelters(source, shelter_id, capacity, bool(len(groups.sizes)), context, feedback)
        if not len(groups.sizes):
            feedback.pushWarning(self.tr("ZONES: there are no people to allocate; the outputs are empty."))
        shelter = kept(shelters.places, SHELTER_NAME, SHELTER_NAME_FIELD, source)
        carried = rows.CarriedOn(
            kept(groups.zones, ZONE_NAME, ZONE_NAME_FIELD, zones),
            shelter,
            kept(groups.zones, ORDER_TIME, names.ORDER_TIME_FIELD, zones),
            all_others(shelters.places, [*rows.SHELTERS, *shelter.fields], None, feedback),
        )
        return groups, shelters, carried

    def _table(
        self, parameters: dict[str, Any], name: str, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> tuple[QgsProcessingFeatureSource | None, dict[str, str]]:
        """Return an optional table and its fields by what they hold."""
        source = self.source(parameters, name, context)
        if source is None:
            return None, {}
        return source, {
            key: self.field(parameters, field, source, context, feedback) for key, field, _ in names.TABLE_FIELDS[name]
        }

    def _separation(
        self,
        parameters: dict[str, Any],
        kind: int,
        groups: Groups,
        shelters: Shelters,
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Separation:
        """Return kilometres by the table, the network or the straight line, and minutes where there is a network."""
        from ....plugin.layers.allocation.preferences import read_distances
        from ....plugin.layers.allocation.separation import Separation, nowhere, over_network, straight_line

        if not len(groups.sizes) or not len(shelters.places):
            return nowhere(groups, shelters)
        table, columns = self._table(parameters, names.DISTANCES, context, feedback)
        kilometres = None if table is None else read_distances(table, columns, groups, shelters, feedback)
        control = self.control(feedback, 0.0, 20.0)
        roads = NetworkParameters.read_optional(self, parameters, context, feedback)
        if roads is None:
            if kilometres is not None:
                return Separation(kilometres, None)
            return straight_line(groups, shelters, context, feedback, control.unseen())
        read = roads.network(context, feedback, control)
        control = self.control(feedback, 20.0, 40.0)
        found = over_network(read, roads.max_snap_distance, kind, groups, shelters, context, feedback, control)
        if kilometres is None:
            return found
        feedback.pushInfo(self.tr("Kilometres are those of DISTANCES, minutes those of NETWORK."))
        return Separation(kilometres, found.minutes)

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        found: Allocation,
        case: AllocationCase,
        carried: CarriedOn,
        points: tuple[Point, ...],
    ) -> dict[str, Any]:
        from ....plugin.layers.allocation import outputs as rows

        lines = rows.allocation_rows(found, case, carried, context)
        groups, shelters = case.groups, case.shelters
        loads = rows.shelter_rows(found, shelters, carried)
        left = rows.unallocated_rows(found, groups, case.separation, carried)
        line = QgsWkbTypes.Type.LineString
        zones, sites = rows.geometry_type(groups.zones), rows.geometry_type(shelters.places)
        at_zones, at_sites = groups.zones.crs, shelters.places.crs
        trip, at_shelter = carried.zone + carried.shelter + carried.order, carried.shelter + carried.shelter_fields
        out = {}
        for name, columns, values, kind, crs in (
            (names.OUTPUT, [*rows.ALLOCATION, *trip.fields], lines, line, at_zones),
            (names.OUTPUT_SHELTERS, [*rows.SHELTERS, *at_shelter.fields], loads, sites, at_sites),
            (names.OUTPUT_UNALLOCATED, [*rows.UNALLOCATED, *carried.zone.fields], left, zones, at_zones),
        ):
            style = f"allocatecrowd_{name.lower()}{rows.style_variant(name, kind)}"
            out[name] = self.write(parameters, name, context, columns, values, kind, crs, style)
        table = self.write(parameters, names.OUTPUT_TRADEOFF, context, rows.TRADEOFF, rows.tradeoff_rows(points))
        return out if table is None else {**out, names.OUTPUT_TRADEOFF: table}

    def _numbers(self, found: Allocation, case: AllocationCase, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        groups, objective = case.groups, case.objective
        z1, z2 = objective.parts(found.people)
        allocated = int(found.people.sum())
        left = int(groups.sizes.sum()) - allocated + sum(people for _, _, people in groups.stranded)
        if allocated:
            far = np.where(found.people > 0, case.kilometres, 0.0)
            mean = float((far * found.people).sum()) / allocated
            feedback.pushInfo(
                self.tr("{people} people have a place, on average {mean:.1f} km away, at most {most:.1f} km.").format(
                    people=allocated, mean=mean, most=float(far.max())
                )
            )
        if left:
            feedback.pushWarning(self.tr("{left} people have no place; see OUTPUT_UNALLOCATED.").format(left=left))
        numbers = {
            names.OBJECTIVE: objective.weight_preference * z1 + objective.weight_distance * z2,
            names.Z1: z1,
            names.Z2: z2,
            names.ALLOCATED: allocated,
            names.UNALLOCATED: left,
        }
        if found.gap is not None:
            numbers[names.GAP] = found.gap
        return numbers
