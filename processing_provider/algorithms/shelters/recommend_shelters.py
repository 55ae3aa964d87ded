"""``evacuation:recommendshelters``: which candidate sites to open as shelters, and why not the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
)

from ....plugin.solvers.errors import SolverError
from ....plugin.solvers.modes import BOTH, ON_FOOT, travel_of
from ...base import EvacuationAlgorithm
from ...effort_parameters import STOPPED_EARLY, read_effort, stopped_early
from ..roads.door_parameters import (
    add_access_speed,
    add_door_minutes,
    add_entrance_parameters,
    idle_fields,
    read_door_use,
)
from ..roads.hazard_parameters import HazardParameters
from ..roads.network_parameters import NetworkParameters, add_network_parameters
from ..roads.road_attributes import ROAD_CAPACITY_FIELD
from . import names
from .shelter_inputs import ShelterParameters, read_site_options
from .shelter_parameters import (
    add_choice_parameters,
    add_forecast_parameters,
    add_site_parameters,
    add_zone_parameters,
)

if TYPE_CHECKING:
    from ....plugin.layers.places import Places
    from ....plugin.layers.shelters.case import PeopleAtRisk
    from ....plugin.layers.shelters.outputs import OutputLayer
    from ....plugin.solvers.shelters.recommendation import Recommendation, ShelterProblem


class RecommendShelters(EvacuationAlgorithm):
    """Chooses sites by room, safety and travel time."""

    ID = "recommendshelters"
    TITLE = "Recommend shelters"
    TAGS = ("shelter", "site selection", "capacity", "covering", "location", "forecast")
    SUMMARY = (
        "Recommends which candidate sites to open as shelters, so that everybody at risk finds room within reach: by "
        "default with the least travel time in all, each opened site counted as the person-minutes that SITE_MINUTES "
        "says; or the fewest sites, or all that are suitable. Every site keeps its row, with a rank or with the reason "
        "why it is rejected or not opened.\n"
        "Room is what the people predicted to be at a site leave of its safe capacity: floor(usable share × area / "
        "area per person) − largest forecast. Travel times are free-flow times over the road network to "
        "the quickest door, the ways between place and road included. The set is chosen by facility location with "
        "capacities (for the fewest sites, by capacitated set covering): flows of people between zones and sites "
        "within the travel limit serve every zone, and no site takes more than its room / (1 + reserve) nor, with "
        "DOOR_MINUTES, more than its doors let in. Where there is not enough room, as many people as possible are "
        "sheltered, and the log says by zone who is left out.\n"
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
        add_network_parameters(self, capacity=ROAD_CAPACITY_FIELD)
        add_entrance_parameters(self)
        add_access_speed(self)
        add_door_minutes(self)
        add_choice_parameters(self)
        tr = self.tr
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT, tr("Candidate sites, assessed")),
            "All sites with status (selected, standby, rejected), rank, score, reason, capacity, predicted people, "
            "residual capacity, people in reach and their mean travel time in minutes, doors, and the people whom "
            "these let in in DOOR_MINUTES, and the rule, which later steps read.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(names.OUTPUT_SELECTED, tr("Selected shelters")),
            "The selected sites only, with the same fields; feeds “Allocate people to shelters”.",
        )
        self.add(
            QgsProcessingParameterFeatureSink(
                names.OUTPUT_CATCHMENTS,
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
            (names.SELECTED_COUNT, tr("Sites selected")),
            (names.SELECTED_CAPACITY, tr("Room left in the selected sites (people)")),
            (names.PEOPLE, tr("People at risk")),
            (names.UNCOVERED_PEOPLE, tr("People without room")),
            (names.GAP, tr("Gap to the proven bound (%)")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, description))

    def check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        from ....plugin.solvers.shelters.covering import ALL_SITES

        most = self.parameterAsInt(parameters, names.MAX_SITES, context)
        if most > 0 and self.parameterAsEnum(parameters, names.CHOICE, context) == ALL_SITES:
            raise SolverError(
                self.tr(
                    "MAX_SITES is {most}, but CHOICE 2 opens all suitable sites. Set MAX_SITES to 0 or choose another "
                    "CHOICE."
                ).format(most=most)
            )

    # --- running ----------------------------------------------------------------------------------------------

    def calculate(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        from ....plugin.layers.places import read_places
        from ....plugin.layers.shelters.case import read_people
        from ....plugin.layers.shelters.outputs import carried_on, recommendation_layers, report
        from ....plugin.solvers.shelters.covering import BALANCED
        from ....plugin.solvers.shelters.recommendation import solve

        given = ShelterParameters.read(self, parameters, context, feedback)
        at_risk = read_people(given.zones, given.zone_id, given.population, given.foot, context, feedback)
        somebody = bool(len(at_risk.people))
        sites = read_places(given.sites, names.SITES, given.site_id, context, feedback, empty_is_error=somebody)
        zones, kind = at_risk.zones, given.sites.wkbType()
        carried = carried_on(zones, sites, given.zone_name, given.site_name, given.site_id, given.rule, feedback)
        if not somebody:
            feedback.pushWarning(f"ZONES: nobody is at risk in “{zones.name}”; no shelter is needed.")
            layers = recommendation_layers(zones, sites, carried, kind, None, at_risk.on_foot, context)
            return {**self._write(parameters, context, layers), **_numbers(None, at_risk), STOPPED_EARLY: 0}
        problem = self._problem(parameters, context, feedback, given, at_risk, sites)
        if given.limits.site_minutes is not None and given.limits.choice != BALANCED:
            feedback.pushInfo("SITE_MINUTES: plays no part with this CHOICE; only the balanced one counts it.")
        control = self.control(feedback, 50.0, 95.0, read_effort(self, parameters, context))
        found = solve(problem, control=control)
        report(problem, at_risk.groups, found, feedback)
        early = stopped_early(control.effort, feedback)
        layers = recommendation_layers(zones, sites, carried, kind, (problem, found), at_risk.on_foot, context)
        return {**self._write(parameters, context, layers), **_numbers(found, at_risk), **early}

    def _problem(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        given: ShelterParameters,
        at_risk: PeopleAtRisk,
        places: Places,
    ) -> ShelterProblem:
        from ....plugin.layers.shelters.case import candidate_sites
        from ....plugin.layers.shelters.travel import RoadsToSites, shelter_problem

        danger = HazardParameters.read(self, parameters, context, feedback)
        options = read_site_options(self, parameters, given, danger.hazard, context, feedback)
        sites = candidate_sites(places, options, context, feedback)
        travel = travel_of(at_risk.on_foot) if at_risk.on_foot.any() else None
        roads = NetworkParameters.read(self, parameters, context, feedback, idle_fields(parameters), travel=travel)
        field = self.field(parameters, names.ORDER_TIME_FIELD, given.zones, context, feedback, required=False)
        orders = danger.orders(self, parameters, at_risk.zones, field, context, feedback)
        control, closing = self.control(feedback, 5.0, 35.0), danger.at(orders.start)
        if travel == BOTH:
            reads = zip(roads.networks(context, feedback, control, closing), (False, True))
        else:
            reads = zip([roads.network(context, feedback, control, closing)], [travel == ON_FOOT])
        ways = [
            RoadsToSites(read, read_door_use(self, parameters, context, feedback, walk if travel else None), walk)
            for read, walk in reads
        ]
        control = self.control(feedback, 35.0, 50.0)
        return shelter_problem(at_risk, sites, given.limits, ways, orders.seconds, context, feedback, control)

    def _write(
        self, parameters: dict[str, Any], context: QgsProcessingContext, layers: tuple[OutputLayer, ...]
    ) -> dict[str, Any]:
        outputs = {}
        for name, layer in zip((names.OUTPUT, names.OUTPUT_SELECTED, names.OUTPUT_CATCHMENTS), layers):
            written = self.write(parameters, name, context, layer)
            if written is not None:
                outputs[name] = written
        return outputs


def _numbers(found: Recommendation | None, at_risk: PeopleAtRisk) -> dict[str, Any]:
    """Return the output numbers; ``found`` is None where nobody has a place to leave from."""
    lost = at_risk.unplaced
    if found is None:
        return {
            names.SELECTED_COUNT: 0,
            names.SELECTED_CAPACITY: 0,
            names.PEOPLE: lost,
            names.UNCOVERED_PEOPLE: lost,
        }
    numbers = {
        names.SELECTED_COUNT: int(found.selected.sum()),
        names.SELECTED_CAPACITY: int(found.residual[found.selected].sum()),
        names.PEOPLE: int(at_risk.people.sum()) + lost,
        names.UNCOVERED_PEOPLE: int(found.uncovered.sum()) + lost,
    }
    return numbers if found.gap is None else {**numbers, names.GAP: found.gap}
