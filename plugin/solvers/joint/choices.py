"""What a joint plan may be asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import SolverError
from ..routing.shared.choices import REROUTE_MINUTES, STUCK_SECONDS
from .kinds import (
    AIM_NAMES,
    BY_GROUP,
    BY_VEHICLE,
    FREE,
    HAZARD,
    PREFERENCE_SECONDS,
    SPLIT_NAMES,
    TIME,
    UNIT_NAMES,
    WHERE_NEEDED,
    WHOLE,
)
from .problem import JointProblem


@dataclass(frozen=True)
class Choices:
    """What :func:`.solve.solve` was asked to do; the parameters are explained there."""

    unit: int = BY_GROUP
    split: int = WHERE_NEEDED
    aim: int = TIME
    preference_seconds: float = PREFERENCE_SECONDS
    stuck_seconds: float = STUCK_SECONDS
    reroute_minutes: float = REROUTE_MINUTES
    max_routes: int = 0
    certify: bool = True
    seed: int = 0

    def refuse(self, problem: JointProblem) -> None:
        """Raise SolverError for choices that do not exist or do not go with the problem."""
        for name, value, names in (
            ("UNIT", self.unit, UNIT_NAMES),
            ("SPLIT", self.split, SPLIT_NAMES),
            ("AIM", self.aim, AIM_NAMES),
        ):
            if value not in range(len(names)):
                raise SolverError(f"{name} {value} does not exist; it is a number from 0 to {len(names) - 1}.")
        for name, number in (
            ("PREFERENCE_SECONDS", self.preference_seconds),
            ("STUCK_SECONDS", self.stuck_seconds),
            ("REROUTE_MINUTES", self.reroute_minutes),
            ("MAX_ROUTES", self.max_routes),
        ):
            if not (np.isfinite(number) and number >= 0):
                raise SolverError(f"{name} must be at least 0, not {number}.")
        if self.aim == HAZARD and problem.hazard is None:
            raise SolverError("AIM: little time in the hazard needs HAZARD; give one or choose another aim.")

    @property
    def whole(self) -> bool:
        """Whether no group may be divided."""
        return self.unit == BY_GROUP and self.split == WHOLE

    @property
    def free(self) -> bool:
        """Whether every vehicle may go where it likes."""
        return self.unit == BY_VEHICLE or self.split == FREE
