"""What a routing run may be asked for: methods, flow models and cost functions by number, and which go together."""

from __future__ import annotations

from ...errors import SolverError

INDIVIDUAL, GREEDY, REFINED, SYSTEM_OPTIMAL = 0, 1, 2, 3
METHOD_NAMES = ("individual", "greedy", "refined", "system optimal")
PRESENT, CUMULATIVE = 0, 1
FLOW_MODEL_NAMES = ("present", "cumulative")
LINEAR, DENSITY, BPR = 0, 1, 2
COST_NAMES = ("linear", "density", "BPR")
USUAL_COST = (DENSITY, BPR)  # by flow model
STUCK_SECONDS = 300.0  # after so long without an entry into a full road somebody is let in


def refuse_mismatch(flow_model: int, kind: int) -> None:
    """Raise SolverError for a cost function that does not go with the flow model (spec 5)."""
    if kind == DENSITY and flow_model != PRESENT:
        raise SolverError("COST: density needs FLOW_MODEL present; with cumulative choose BPR or linear.")
    if kind == BPR and flow_model != CUMULATIVE:
        raise SolverError("COST: BPR needs FLOW_MODEL cumulative; with present choose density or linear.")
