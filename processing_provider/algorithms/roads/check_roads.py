"""``evacuation:checkroads``: the problems of a road layer before they bite, and the network as it will be routed."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ....plugin.layers.fields import Column
from ....plugin.layers.writing import OutputLayer
from ....plugin.solvers.control import Control
from ...base import EvacuationAlgorithm
from .hazard_parameters import (
    START_TIME,
    USUAL_WINDOW,
    HazardParameters,
    add_closures,
    add_hazard,
    add_start_time,
)
from .network_parameters import NetworkParameters, add_network_parameters

if TYPE_CHECKING:
    from ....plugin.layers.roads.options import ReadNetwork
    from ....plugin.solvers.roads.connection_checks import Connection
    from ....plugin.solvers.roads.problem import Problem

NEAR_MISS = "NEAR_MISS"
OUTPUT, OUTPUT_NETWORK = "OUTPUT", "OUTPUT_NETWORK"
COMPONENTS, NODES, PIECES = "COMPONENTS", "NODES", "PIECES"
PROBLEM_COLUMNS = (
    Column("problem", "text", "kind of problem"),
    Column("road_id", "text", "road the problem is on"),
    Column("detail", "text", "what is wrong, in words"),
)
# number -> (kind of problem, title)
COUNTS = {
    "DEAD_ENDS": ("dead_end", "Dead-end one-way roads"),
    "CANNOT_LEAVE": ("cannot_leave", "Further junctions that cannot be left"),
    "CANNOT_REACH": ("cannot_reach", "Further junctions that cannot be reached"),
    "NEAR_MISSES": ("near_miss", "Road ends that nearly join another road"),
    "MISSING_SPEEDS": ("missing_speed", "Roads without a usable speed"),
    "ABSURD_SPEEDS": ("absurd_speed", "Roads with an absurd speed"),
    "DUPLICATES": ("duplicate", "Roads drawn on top of another"),
    "UNUSABLE": ("unusable", "Features that cannot be used"),
    "NOT_ROADS": ("not_a_road", "Lines that are no roads for cars"),
    "CLOSING_ROADS": ("closes", "Stretches of road that close by the hazard or a closure"),
    "CLOSED_ROADS": ("closed_road", "Roads closed by a speed or capacity of 0, or by their direction"),
    "ZERO_VALUES": ("zero_value", "Speeds and capacities of 0 that count as missing"),
    "UNKNOWN_DIRECTIONS": ("unknown_direction", "Roads with a direction that is not understood"),
    "SPEED_UNITS": ("speed_unit", "Speed fields that look like another unit (0 or 1)"),
}


class CheckRoads(EvacuationAlgorithm):
    """Lists the problems of a road network, and draws the network as the other algorithms route on it."""

    ID = "checkroads"
    TITLE = "Check roads"
    TAGS = ("network", "roads", "topology", "components", "one-way", "dead end", "near miss", "speed", "quality")
    SUMMARY = (
        "Finds the problems of a road layer before they bite: parts that are not connected, one-way roads that lead "
        "into a dead end, junctions that cannot be left or reached, ends that stop just short of another road, missing "
        "or absurd speeds, speeds that look like another unit, speeds and capacities of 0, directions that are not "
        "understood, roads drawn twice, lines that are no roads for cars, features that cannot be used, and roads that "
        "the hazard or a closure closes, with the time. Each is a point with the reason.\n"
        "The second output is the network as the other algorithms route on it: a row for each piece between junctions "
        "and direction, with length, speed, time, capacity, the connected part it belongs to, and the numbers of the "
        "junctions between which it leads, so that pgRouting and other libraries run on the same graph."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        tr = self.tr
        add_network_parameters(self, factor=False)
        add_hazard(self, "Polygons; with an arrival (below) the roads inside close then, and are listed.")
        add_closures(self)
        add_start_time(self)
        self.add(
            QgsProcessingParameterNumber(
                NEAR_MISS,
                tr("Near miss (m)"),
                QgsProcessingParameterNumber.Type.Double,
                1.0,
                minValue=0.0,
            ),
            "A road that ends within this distance of another one without joining it is listed; 0 lists none.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(OUTPUT, tr("Road problems")),
            "A point for each problem: component (a part of the network off the main one), dead_end, cannot_leave, "
            "cannot_reach, near_miss, missing_speed, absurd_speed, duplicate, unusable, not_a_road, "
            "closed_road, zero_value, unknown_direction, speed_unit, closes (by the hazard or a closure, with the "
            "time); with the road and the detail.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(OUTPUT_NETWORK, tr("Roads as routed"), optional=True),
            "A row for each piece of road between junctions and each direction in which it is open, drawn in the "
            "direction of travel: length (m), speed (km/h), free-flow time (s), connected part (1 is the largest), the "
            "numbers of the piece and of the junctions it leads from (source) and to (target), capacity (vehicles/h) "
            "and lanes of the direction. For pgRouting free_flow_s is the cost, without a reverse_cost. "
            "A road that closes for a while, or later, is there; what never opens is not.",
        )
        self.addOutput(QgsProcessingOutputNumber(COMPONENTS, tr("Connected parts of the network")))
        for name, (_, title) in COUNTS.items():
            self.addOutput(QgsProcessingOutputNumber(name, tr(title)))
        self.addOutput(QgsProcessingOutputNumber(PIECES, tr("Pieces of road")))
        self.addOutput(QgsProcessingOutputNumber(NODES, tr("Junctions and ends")))

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.moments import start_time
        from ....plugin.layers.roads.closing_roads import closing_problems
        from ....plugin.layers.roads.network_rows import COLUMNS, network_rows
        from ....plugin.layers.roads.route_geometry import points_in, rejected_problems
        from ....plugin.solvers.roads.connection_checks import connection, connection_problems

        control = self.control(feedback, 0.0, 70.0)
        roads = NetworkParameters.read(self, parameters, context, feedback, {})
        danger = HazardParameters.read(self, parameters, context, feedback)
        danger.tell_buffer(feedback)
        start = start_time(self.moment(parameters, START_TIME, context), [], [], feedback, danger.moments, USUAL_WINDOW)
        read = roads.network(context, feedback, control, danger.at(start))
        near_miss = self.parameterAsDouble(parameters, NEAR_MISS, context)
        control.stop_if_cancelled()
        found = connection(read.network)
        control.stop_if_cancelled()
        problems = connection_problems(read.network, found)
        control.stop_if_cancelled()
        problems += self._drawing(read, near_miss, roads.options.tolerance, feedback)
        problems += closing_problems(read)
        control.stop_if_cancelled()
        feedback.setProgress(90)
        crs = roads.source.sourceCrs()
        shapes = points_in(read, [(p.x, p.y) for p in problems], crs, context)
        unusable = rejected_problems(read)
        rows = chain(((shape, (p.kind, p.road_id, p.detail)) for shape, p in zip(shapes, problems)), unusable)
        kinds = [p.kind for p in problems] + [str(values[0]) for _, values in unusable]
        pieces = network_rows(read, found, crs, context)
        results = {
            OUTPUT: self.write(
                parameters,
                OUTPUT,
                context,
                OutputLayer(PROBLEM_COLUMNS, rows, QgsWkbTypes.Type.Point, crs, "checkroads_output"),
            ),
            OUTPUT_NETWORK: self.write(
                parameters,
                OUTPUT_NETWORK,
                context,
                OutputLayer(COLUMNS, pieces, QgsWkbTypes.Type.LineString, crs, "checkroads_output_network"),
            ),
        }
        return {**results, **self._numbers(read, found, kinds, feedback)}

    @staticmethod
    def _drawing(
        read: ReadNetwork, near_miss: float, tolerance: float, feedback: QgsProcessingFeedback
    ) -> list[Problem]:
        from ....plugin.solvers.roads.attribute_checks import attribute_problems, speed_problems
        from ....plugin.solvers.roads.drawing_checks import duplicates, near_misses

        problems = near_misses(
            read.network, near_miss, tolerance, control=Control(cancelled=feedback.isCanceled)
        ) + duplicates(read.network)
        if read.traffic is not None:
            problems += attribute_problems(read.network, read.traffic)
            if read.has_speeds:
                return problems + speed_problems(read.network, read.traffic)
        if not read.on_foot:
            feedback.pushWarning("SPEED_FIELD: no speed field was chosen, so speeds are not checked.")
        return problems

    @staticmethod
    def _numbers(
        read: ReadNetwork, found: Connection, kinds: list[str], feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        counted = Counter(kinds)
        numbers: dict[str, Any] = {COMPONENTS: int(found.part.max()) + 1}
        numbers.update({name: counted[kind] for name, (kind, _) in COUNTS.items()})
        numbers.update({PIECES: read.network.piece_count, NODES: read.network.node_count})
        feedback.pushInfo(f"{len(kinds)} problem(s) in {numbers[COMPONENTS]} connected part(s):")
        for kind, number in sorted(counted.items()):
            feedback.pushInfo(f"  {kind}: {number}")
        return numbers
