"""What a routing run may be asked for: methods, flow models and cost functions by number, and which go together."""

from __future__ import annotations

from ...errors import SolverError

INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL, INFORMED = 0, 1, 2, 3, 4
METHOD_NAMES = ("individual", "greedy", "refined", "system optimal", "informed")
PRESENT, CUMULATIVE, QUEUE = 0, 1, 2
FLOW_MODEL_NAMES = ("present", "cumulative", "queue")
LINEAR, DENSITY, BPR = 0, 1, 2
COST_NAMES = ("linear", "density", "BPR")
USUAL_COST = (DENSITY, BPR, LINEAR)  # by flow model; under queue it only carries the free-flow times
STUCK_SECONDS = 300.0  # after so long without an entry into a full road somebody is let in
REROUTE_MINUTES = 5.0  # after which informed drivers look again
MAX_ROUTES = 3  # ways from an origin to a destination that people can be told
NO_COST = (
    "COST: under FLOW_MODEL queue roads have capacities and room instead of a cost function; leave COST empty, or "
    "choose present or cumulative."
)


def refuse_method(flow_model: int, method: int) -> None:
    """Raise SolverError for a method that does not go with the flow model."""
    if flow_model == QUEUE and method == REFINED:
        raise SolverError("METHOD: refined needs FLOW_MODEL present or cumulative; with queue choose system optimal.")
    if flow_model != QUEUE and method == INFORMED:
        raise SolverError("METHOD: informed needs FLOW_MODEL queue; the other models know no drivers who look around.")


def refuse_mismatch(flow_model: int, kind: int) -> None:
    """Raise SolverError for a cost function that does not go with the flow model (spec 5)."""
    if flow_model == QUEUE and kind != LINEAR:
        raise SolverError(NO_COST)
    if kind == DENSITY and flow_model != PRESENT:
        raise SolverError("COST: density needs FLOW_MODEL present; with cumulative choose BPR or linear.")
    if kind == BPR and flow_model != CUMULATIVE:
        raise SolverError("COST: BPR needs FLOW_MODEL cumulative; with present choose density or linear.")
