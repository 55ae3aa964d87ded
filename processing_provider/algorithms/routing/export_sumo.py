"""``evacuation:exportsumo``: a plan as files that SUMO runs."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFolderDestination,
)

from ...base import EvacuationAlgorithm
from ...effort_parameters import stopped_early
from ..roads.travel_parameters import refuse_on_foot
from . import names
from .plan_parameters import PlanParameters, add_plan_parameters


class ExportSumo(EvacuationAlgorithm):
    """Writes a plan, with the roads it is driven on, as input of the traffic simulator SUMO."""

    ID = "exportsumo"
    TITLE = "Export a plan to SUMO"
    TAGS = ("sumo", "simulation", "traffic", "export", "microscopic", "mesoscopic", "xml", "plan")
    SUMMARY = (
        "Writes a plan as files of the traffic simulator SUMO (Eclipse, 1.20 or later), so that a program that shares "
        "nothing with this one says what becomes of it. In the folder run “sumo -c plan.sumocfg”: mesoscopic, without "
        "junction control, nobody is teleported; tripinfo.xml then has each vehicle's arrival.\n"
        "Free-flow times, capacities and rooms of the roads are ours, doors too: behind each place where vehicles "
        "arrive lies an exit edge, so that the road before it is metered. To come to our times and rooms, edges have a "
        "length of 7.5 m for each vehicle of their room, not that of the road, and a speed to match.\n"
        "What differs in SUMO: lanes are whole, rounded up; an edge is held as segments of about 100 m, between which "
        "gaps move backwards at a finite speed; streams merge in another order; nobody is let into a full road, "
        "whatever STUCK_SECONDS; background traffic lowers capacity and room to its busiest moment for all of the "
        "time. Microscopic runs and runs with junction control, whose junctions SUMO guesses, are more pessimistic: "
        "“netconvert -c plan.netccfg” makes a network with junctions of the same files.\n"
        "Roads that the hazard or closures close have a gate, a small edge before them, which a rerouter closes at "
        "the moment from which nobody may enter. Who is behind it drives on; who comes later stands at the end of the "
        "road before. So those whom the hazard would catch on a road leave it in SUMO, and the run ends a while after "
        "ours. Orders to leave are in the departures, and parameters of the vehicles.\n"
        "Vehicles that start at a door of their destination, or stay since no way arrives in time, have no route and "
        "are not written. People on foot are left out and counted in the log; buses are of class bus, as long as 2.5 "
        "cars and with 2.5 times their headway."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        add_plan_parameters(self)
        self.add(
            QgsProcessingParameterFolderDestination(names.FOLDER, self.tr("Folder")),
            "Where the files go: plan.sumocfg and those it names (roads plan.net.xml, headways plan.add.xml, vehicles "
            "plan.rou.xml), and the roads as plain files (plan.nod.xml, plan.edg.xml, plan.con.xml, plan.netccfg). "
            "Files of an earlier export are replaced once all are whole; others stay.",
        )
        self.addOutput(QgsProcessingOutputNumber(names.EDGES, self.tr("Directed pieces of road written")))
        self.addOutput(QgsProcessingOutputNumber(names.VEHICLES, self.tr("Vehicles written")))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        why = (
            "SUMO moves people on foot by a model of its own, without our widths and queues, so that no plan compares."
        )
        refuse_on_foot(self, parameters, context, why)

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.routing.sumo import export_plan, told_arrivals
        from ....plugin.solvers.routing.queue.network import roads_of

        folder = self.parameterAsFileOutput(parameters, names.FOLDER, context)
        given = PlanParameters.read(self, parameters, context, feedback)
        plan, background = given.on_roads(context, feedback, self.control(feedback, 0.0, 50.0))
        control = self.control(feedback, 50.0, 100.0)
        problem = plan.problem(background)
        roads = roads_of(problem)
        run = plan.simulate(problem, given.stuck_seconds, control)
        arrival = run.arrival()
        last, caught = int(arrival[run.arrived].max(initial=0)), int((~run.arrived).sum())
        feedback.pushInfo(
            f"Under the flow model queue the plan takes {run.total() / 3.6e9:,.1f} vehicle-hours and the last vehicle "
            f"arrives after {last / 6e7:,.1f} min ({run.forced} let into full roads): compare SUMO's tripinfo.xml."
        )
        different = told_arrivals(plan, run)
        if different:
            feedback.pushWarning(different)
        if len(roads.change_time):
            feedback.pushInfo("BACKGROUND: each road has the capacity and the room of its busiest moment.")
        feedback.setProgressText(self.tr("Writing the files"))
        edges, vehicles = export_plan(plan, roads, run.until(), folder, control)
        if edges.shut:
            feedback.pushInfo(
                f"{int(edges.gated.sum())} directed pieces of road close {len(edges.shut)} time(s), by gates before "
                f"them; {caught} vehicle(s) of the plan are caught, stand before a closed road or stay."
            )
        self._wrote(names.FOLDER, folder)
        numbers = {names.EDGES: len(edges.arc), names.VEHICLES: vehicles}
        return {names.FOLDER: folder, **numbers, **stopped_early(given.effort, feedback)}
