"""``evacuation:allocatecrowd``: who goes to which shelter ([E] 3.2, eq. 3 to 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ....plugin.layers.writing import OutputLayer
from ....plugin.solvers.errors import SolverError
from ...base import EvacuationAlgorithm
from ...effort_parameters import read_effort, stopped_early
from ..roads.door_parameters import DOOR_MINUTES, ENTRANCES
from ..roads.network_parameters import NETWORK
from ..roads.walk_parameters import max_walk, walk_numbers
from . import names
from .allocation_inputs import AllocationParameters
from .allocation_outputs import write_allocation
from .allocation_parameters import add_allocation_outputs, add_allocation_parameters

SPLIT_GROUPS = "SPLIT_GROUPS"  # what SPLIT was called in calls that were stored before

if TYPE_CHECKING:
    from ....plugin.layers.allocation.case import AllocationCase
    from ....plugin.solvers.allocation.problem import Allocation
    from ....plugin.solvers.allocation.tradeoff import Point


class AllocateCrowd(EvacuationAlgorithm):
    """Sends groups of people to shelters by preference and distance, within the shelters' room."""

    ID = "allocatecrowd"
    TITLE = "Allocate people to shelters"
    TAGS = ("allocation", "assignment", "shelter", "preference", "capacity", "crowd")
    SUMMARY = (
        "Sends each group of people (a zone and a class) to a shelter, so that dissatisfaction and distance are least "
        "and no shelter takes more than it can. Groups larger than any shelter in reach are divided, and as few "
        "others as possible, so that everybody who can be placed is (SPLIT).\n"
        "The 0-1 program of Xu et al. 2023 (Chinese Journal of Computers, doi 10.11897/SP.J.1016.2023.01427), "
        "equations 3 to 13, with two departures: near shelters are good (equation 11 prints the opposite; choose “as "
        "printed” to reproduce the paper's tables), and people count, not groups (choose “groups” for the paper's "
        "way).\n"
        "Where there is not room for everyone, as many people as possible are sheltered first; who is left out is "
        "given back with the reason, and reasons that can be seen beforehand are said before the solver is asked. With "
        "DOOR_MINUTES no shelter takes more people than its doors let in in that time.\n"
        "The trade-off table and the report show what other weights would give: which preference costs how many "
        "kilometres. Solved with HiGHS where the Python package highspy is installed, else with CBC."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_allocation_parameters(self)
        add_allocation_outputs(self)

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.layers.allocation.separation import BY_TIME

        if SPLIT_GROUPS in parameters:
            raise SolverError(
                self.tr(
                    "SPLIT_GROUPS: this call was stored before SPLIT took its place. Give SPLIT instead: 2 where "
                    "SPLIT_GROUPS was true, 0 where it was false; 1, the default, divides groups only where needed."
                )
            )
        max_walk(self, parameters, context)
        if parameters.get(NETWORK) in (None, ""):
            if parameters.get(names.MAX_TRAVEL_TIME) not in (None, ""):
                raise SolverError(
                    self.tr("MAX_TRAVEL_TIME: travel times need the road network; give NETWORK or no limit.")
                )
            if parameters.get(DOOR_MINUTES) not in (None, ""):
                raise SolverError(
                    self.tr("DOOR_MINUTES: what doors let in follows from the roads; give NETWORK or leave it empty.")
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
        from ....plugin.layers.allocation.checks import tell_divided
        from ....plugin.layers.population_fields import tell_refusing
        from ....plugin.solvers.allocation.allocate import solve
        from ....plugin.solvers.allocation.tradeoff import curve

        given = AllocationParameters.read(self, parameters, context, feedback)
        if parameters.get(ENTRANCES) not in (None, "") and parameters.get(NETWORK) in (None, ""):
            feedback.pushWarning(
                self.tr("ENTRANCES: play no part without NETWORK; distances are not taken over roads.")
            )
        case = build_case(given.sources, given.options, context, feedback, self.control(feedback, 0.0, 40.0))
        given.limit.refuse_unknown(case.groups.classes)
        last = 60.0 if given.points else 95.0
        control = self.control(feedback, 40.0, last, read_effort(self, parameters, context))
        found = solve(case.problem, control=control)
        tell_divided(case.groups, case.problem, found, feedback)
        points: tuple[Point, ...] = ()
        if given.points:
            control = self.control(feedback, 60.0, 95.0, control.effort)
            points = curve(case.problem, case.objective, case.kilometres, found, given.points, control=control)
        numbers = self._numbers(found, case, feedback)
        numbers.update(self._walks(found, case, given, feedback))
        numbers.update(stopped_early(control.effort, feedback))
        early = control.effort.warning() if control.effort.stopped_early else ""
        staying = tell_refusing(case.groups.zones, case.groups.classes, feedback)
        said = [text for text in (early, *case.said, staying) if text]
        outputs = self._write(parameters, context, found, case, points)
        if given.report:
            from ....plugin.layers.allocation.columns import shelter_labels
            from ....plugin.reports.allocation import write_allocation_report

            with self.reporting(names.OUTPUT_HTML, given.report):
                labels = shelter_labels(case.shelters, case.carried)
                write_allocation_report(given.report, found, case, points, numbers, said, labels)
            outputs[names.OUTPUT_HTML] = given.report
        return {**outputs, **numbers}

    def _write(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        found: Allocation,
        case: AllocationCase,
        points: tuple[Point, ...],
    ) -> dict[str, Any]:
        from ....plugin.layers.allocation.columns import TRADEOFF
        from ....plugin.layers.allocation.outputs import tradeoff_rows

        out = write_allocation(self, parameters, context, found, case)
        table = self.write(parameters, names.OUTPUT_TRADEOFF, context, OutputLayer(TRADEOFF, tradeoff_rows(points)))
        return out if table is None else {**out, names.OUTPUT_TRADEOFF: table}

    def _walks(
        self, found: Allocation, case: AllocationCase, given: AllocationParameters, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Return the numbers of those on foot, and say them."""
        from ....plugin.layers.allocation.separation import BY_LENGTH
        from ....plugin.layers.allocation.walking import walks_in
        from ....plugin.solvers.walks import walk_sentence

        walking = walks_in(found, case, given.limit, given.everybody_walks)
        if walking.people:
            feedback.pushInfo(walk_sentence(walking, given.limit))
        if case.groups.by_mode and case.separation.minutes is not None and given.options.impedance == BY_LENGTH:
            feedback.pushInfo(
                self.tr(
                    "IMPEDANCE: a kilometre on foot counts as one by car. With travel time (1) those who walk are sent "
                    "to nearer shelters."
                )
            )
        return walk_numbers(walking, given.limit)

    def _numbers(self, found: Allocation, case: AllocationCase, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        groups, objective = case.groups, case.objective
        z1, z2 = objective.parts(found.people)
        allocated = int(found.people.sum())
        left = int(groups.sizes.sum()) - allocated + sum(each.people for each in groups.stranded)
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
