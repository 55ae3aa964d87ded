"""The course of the search: fractional sweeps, rounding, rerouting, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...control import Control
from .flows import DestinationFlows
from .fractional import Bound, bound_at, sweep
from .integer_flows import reroute, round_all
from .result import Step, excess_percent
from .workers import TreeWorkers

FIRST_AIM = 0.9  # share of the target gap at which the fractional flow is first rounded
ROUNDS = 5  # of rounding, from ever better fractional flows
LEAST_REROUTINGS = 5  # sweeps over whole vehicles that are allowed however many fractional ones there were
USUAL_FALL = 0.75  # of the gap that is left after one more sweep, by experience
LEAST_SWEEP_GAIN = 1e-12  # of the objective: a fractional sweep that gains less is the last one


@dataclass
class AssignmentSearch:
    """Flows, evidence so far, and how to stop.

    Attributes
    ----------
    flows : DestinationFlows
        The fractional flow.
    target : float
        Gap in percent at which to stop.
    control : Control
        Its fence is the time limit of everything.
    most_sweeps : int
        Over the fractional flow and, for each rounding, over the whole vehicles that are left of these.
    """

    flows: DestinationFlows
    workers: TreeWorkers
    control: Control
    target: float
    lower_bound: float
    most_sweeps: int
    iterations: int = 0
    stalled: bool = False
    share: float = 0.0
    whole: DestinationFlows | None = None
    history: list[Step] = field(default_factory=list)

    @property
    def fractional_gap(self) -> float:
        """Gap of the fractional flow, percent."""
        return excess_percent(self.flows.value, self.lower_bound)

    @property
    def whole_gap(self) -> float:
        """Gap of the best whole flow, percent."""
        return float("inf") if self.whole is None else excess_percent(self.whole.value, self.lower_bound)

    def note(self, phase: str, value: float) -> None:
        """Add a line to the history and tell the progress."""
        seconds = self.control.effort.elapsed
        self.history.append(Step(phase, self.iterations, seconds, value, self.lower_bound))
        gap = excess_percent(value, self.lower_bound)
        near = 1.0 if gap <= self.target else np.log1p(self.target) / np.log1p(gap)
        self.share = min(1.0, max(self.share, float(near), seconds / self.control.effort.seconds))
        self.control.progress(self.share, f"{phase} flow, at most {gap:.2f} % from the optimum")

    def over(self) -> bool:
        """Return whether sweeps or time are used up."""
        return self.iterations >= self.most_sweeps or self.control.effort.passed()

    def sweep_until(self, aim: float) -> None:
        """Sweep the fractional flow until it is within ``aim`` percent of the bound, or sweeps or time are used up."""
        value = self.flows.value
        bounded = False
        while excess_percent(value, self.lower_bound) > aim and not self.over():
            bound = None if bounded else Bound(self.flows, self.workers)
            moved = sweep(self.flows, self.workers, self.control, bound=bound)
            self.iterations += 1
            before, value = value, self.flows.value
            if moved >= 0 and bound is not None:
                self.lower_bound = max(self.lower_bound, bound.result(self.control))
            gap = excess_percent(value, self.lower_bound)
            bounded = aim < gap and (gap * USUAL_FALL <= aim or self.over())
            if bounded:  # the bound is one sweep old: at the present flow it may do
                self.lower_bound = max(self.lower_bound, bound_at(self.flows, self.workers, self.control))
            self.note("fractional", value)
            if moved >= 0 and before - value <= LEAST_SWEEP_GAIN * before:
                self.stalled = True
                break

    def round_and_reroute(self) -> None:
        """Make whole flows from the present fractional ones and keep them when they are the best so far."""
        whole = round_all(self.flows, self.workers, self.control)
        self.note("rounded", whole.value)
        enough = self.lower_bound * (1.0 + self.target / 100.0)
        most = max(self.most_sweeps - self.iterations, LEAST_REROUTINGS)
        self.iterations += reroute(whole, self.workers, self.control, enough, most)
        self.note("whole", whole.value)
        if self.whole is None or whole.value < self.whole.value:
            self.whole = whole

    def run(self, integer: bool) -> None:
        """Alternate both until the whole flow is within the target, nothing gets better, or sweeps or time are up."""
        if not integer:
            self.sweep_until(self.target)
            return
        aim = FIRST_AIM * self.target
        for _ in range(ROUNDS):
            self.sweep_until(aim)
            self.round_and_reroute()
            if self.whole_gap <= self.target or self.stalled or self.over():
                break
            aim = 0.5 * min(aim, self.fractional_gap)
