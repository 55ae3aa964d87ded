"""Who goes where, and by which streets, at once: shelters and streets together (section 13 of the queue model)."""

from __future__ import annotations

from ..control import Control
from ..routing.shared.choices import REROUTE_MINUTES, STUCK_SECONDS
from .choices import Choices
from .problem import BY_GROUP, PREFERENCE_SECONDS, TIME, WHERE_NEEDED, JointProblem
from .result import JointResult


def solve(
    problem: JointProblem,
    *,
    unit: int = BY_GROUP,
    split: int = WHERE_NEEDED,
    aim: int = TIME,
    preference_seconds: float = PREFERENCE_SECONDS,
    stuck_seconds: float = STUCK_SECONDS,
    reroute_minutes: float = REROUTE_MINUTES,
    max_routes: int = 0,
    certify: bool = True,
    seed: int = 0,
    control: Control | None = None,
) -> JointResult:
    """Choose a destination and a way for every vehicle: fewest people unplaced first, then the least of the aim.

    Parameters
    ----------
    unit : int
        What is sent to one destination: BY_GROUP or BY_VEHICLE.
    split : int
        BY_GROUP: WHOLE, WHERE_NEEDED (groups larger than any destination in reach, and as few others as possible, so
        that everybody who can be placed is) or FREE. A vehicle is never divided.
    aim : int
        TIME (person-seconds of travel, and of dissatisfaction times ``preference_seconds``), CLEARANCE (the last
        arrival, then time) or HAZARD (person-seconds inside, then time).
    preference_seconds : float
        Travel seconds that one person's full dissatisfaction weighs.
    stuck_seconds, reroute_minutes : float
        As in :func:`..routing.solve.solve`.
    max_routes : int
        Most ways from an origin to a destination; 0: no limit.
    certify : bool
        Whether to give a lower bound of the aim.
    seed : int
        Of what is drawn.
    control : Control, optional
        Its effort says how thoroughly to search, in counted steps.

    Raises
    ------
    SolverError
        When the input is not usable.
    Cancelled
        When the user stops.
    """
    control = control or Control()
    choices = Choices(unit, split, aim, preference_seconds, stuck_seconds, reroute_minutes, max_routes, certify, seed)
    choices.refuse(problem)
    raise NotImplementedError
