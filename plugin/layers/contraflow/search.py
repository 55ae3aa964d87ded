"""Which stretches to turn: one after the other, each judged by a full run of the routing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsVectorLayer

from ...solvers.control import Control
from ...solvers.effort import Effort
from ..places import Places
from ..roads.options import ReadNetwork
from .candidates import Candidate, Routed, candidates, cut_off, reach_of
from .drawing import NotDrawn, say_gain, with_turned

TURNED, REFUSED, TRIED, LEFT = "turned", "refused", "gains less", "not tried"
NO_LENGTH = "longer than what MAX_LENGTH leaves"
NOT_DRAWN = "drawn several times in ways that do not fit"


@dataclass(frozen=True)
class Limits:
    """What the choice has to keep to.

    Attributes
    ----------
    classes : sequence of str
    most : int
        Stretches.
    kilometres : float
        Of all turned stretches together, infinite for no limit.
    keep : float or None
        Lanes that stay inbound; None: one on roads of at least 3 lanes, else none.
    table : str
        Table of road classes, "" for the shipped one.
    length_field : str or None
    max_snap_distance : float
        Metres.
    stuck_seconds : float
    """

    classes: Sequence[str]
    most: int
    kilometres: float
    keep: float | None
    table: str
    length_field: str | None
    max_snap_distance: float
    stuck_seconds: float


@dataclass(frozen=True)
class Runs:
    """How layers are read and routed.

    Attributes
    ----------
    read : callable
        Reads a road layer without barriers and closures.
    route : callable
        Runs the routing on it in full.
    """

    read: Callable[[QgsVectorLayer], ReadNetwork]
    route: Callable[[QgsVectorLayer], Routed]


class Judged(NamedTuple):
    """What became of a candidate.

    ``step`` is when it was looked at, ``gain`` (vehicle-seconds, None where it was not tried) what a full run says that
    it saves then; ``read`` are the roads on which it lies.
    """

    candidate: Candidate
    step: int
    status: str
    reason: str
    gain: float | None
    read: ReadNetwork


@dataclass(frozen=True)
class Turning:
    """What was found.

    Attributes
    ----------
    layer : QgsVectorLayer
        The roads after the last step.
    before, after : Routed
    steps : list of Judged
        Those turned, in their order.
    others : list of Judged
        Of the last step that saw them: refused, tried without being chosen, not tried.
    sentence : str
        Where turning stops paying.
    """

    layer: QgsVectorLayer
    before: Routed
    after: Routed
    steps: list[Judged] = field(default_factory=list)
    others: list[Judged] = field(default_factory=list)
    sentence: str = ""


def turn(
    layer: QgsVectorLayer,
    runs: Runs,
    limits: Limits,
    kept: Places | None,
    effort: Effort,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    control: Control,
) -> Turning:
    """Turn stretch after stretch, as long as a full run says that it saves something.

    In each step the stretches are tried whose capacity is worth most at the margin (one, four or ten of them by
    effort); the best of them is kept.

    Parameters
    ----------
    layer : QgsVectorLayer
        As :func:`.drawing.with_ways` makes it.
    kept : Places or None
        What has to stay reachable besides zones and shelters.

    Raises
    ------
    Cancelled
    """
    tried = effort.pick(1, 4, 10)
    before = now = runs.route(layer)
    steps: list[Judged] = []
    seen: dict[str, Judged] = {}
    sentence = ""
    while len(steps) < limits.most:
        step = len(steps) + 1
        control.progress((step - 1) / limits.most, f"Step {step}: looking for a stretch to turn")
        left = limits.kilometres - sum(judged.candidate.kilometres for judged in steps)
        best: tuple[Judged, QgsVectorLayer, Routed] | None = None
        read = runs.read(layer)
        found = candidates(read, now, limits.classes, limits.keep, limits.table, limits.stuck_seconds)
        reach = reach_of(now.case, kept, limits.max_snap_distance, context)
        count, last = 0, None
        for candidate in found:
            control.stop_if_cancelled()
            reason = _refused(candidate, left, reach, read)
            if reason:
                seen[candidate.name] = Judged(candidate, step, REFUSED, reason, None, read)
                continue
            if count >= tried:
                seen[candidate.name] = Judged(candidate, step, LEFT, "", None, read)
                continue
            try:
                drawn = with_turned(layer, read, candidate.turned, step, limits.length_field, context)
            except NotDrawn:
                seen[candidate.name] = Judged(candidate, step, REFUSED, NOT_DRAWN, None, read)
                continue
            count += 1
            control.progress((step - 1 + count / (tried + 1)) / limits.most, f"Step {step}: {candidate.name}")
            routed = runs.route(drawn)
            judged = Judged(candidate, step, TRIED, "", now.result.total_time - routed.result.total_time, read)
            seen[candidate.name] = last = judged
            if routed.value < (now if best is None else best[2]).value:
                best = judged, drawn, routed
        if best is None:
            sentence = _stops(steps, found, last, now)
            break
        judged, layer, now = best
        steps.append(judged._replace(status=TURNED))
        seen.pop(judged.candidate.name)
        say_gain(layer, step, judged.gain or 0.0)
        feedback.pushInfo(
            f"Step {step}: {judged.candidate.name} is turned ({judged.candidate.kilometres:.1f} km): "
            f"{(judged.gain or 0.0) / 3600.0:,.1f} vehicle-hours less."
        )
    else:
        sentence = f"Turning was still paying when MAX_STRETCHES ({limits.most}) was reached."
    names = {judged.candidate.name for judged in steps}
    return Turning(layer, before, now, steps, [j for n, j in seen.items() if n not in names], sentence)


def _refused(candidate: Candidate, left: float, reach: object, read: ReadNetwork) -> str:
    """Return why a stretch must not be turned, "" where it may."""
    if candidate.kilometres > left:
        return NO_LENGTH
    lost = cut_off(reach, read, candidate)  # type: ignore[arg-type]
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        return f"no way in from outside any more to {', '.join(lost[:3])}{more}"
    return ""


def _stops(steps: list[Judged], found: list[Candidate], last: Judged | None, now: Routed) -> str:
    """Return the sentence that says where turning stops paying."""
    after = f"After {len(steps)} stretch(es) turning stops paying" if steps else "Turning no stretch pays"
    if last is None:
        why = "no other may be turned" if found else "on none of the classes asked for do vehicles queue"
        return f"{after}: {why}."
    gain = last.gain or 0.0
    change = f"cost {-gain / 3600.0:,.1f} vehicle-hours" if gain < 0 else "save nothing"
    return f"{after}: of those tried, {last.candidate.name} would {change}, and none would save any."
