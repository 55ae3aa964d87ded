"""Which stretches to turn: one after the other, each judged by a full run of the routing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsVectorLayer

from ...solvers.contraflow.turning import Reach
from ...solvers.control import Control
from ...solvers.effort import Effort
from ..places import Places
from ..roads.options import ReadNetwork
from .candidates import Candidate, Routed, candidates, cut_off, reach_of
from .drawing import NotDrawn, say_gain, with_turned
from .elsewhere import queues_elsewhere

TURNED, REFUSED, TRIED, LEFT = "turned", "refused", "gains less", "not tried"
TRIES = (2, 4, 10)  # full runs in a step, by effort: at least so many,
WORK = (30_000, 200_000, 1_000_000)  # and as many as drive so many roads together: in a small town all
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


class _Tried(NamedTuple):
    """The candidates of a step by name, the best of those that were tried with its roads and its run, and the last."""

    seen: dict[str, Judged]
    best: tuple[Judged, QgsVectorLayer, Routed] | None
    last: Judged | None
    found: int


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

    In each step the stretches are tried whose capacity is worth most (:data:`TRIES` of them, or more where runs are
    short); the best of them is kept.

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
    before = now = runs.route(layer)
    elsewhere = queues_elsewhere(before, limits.classes)
    if elsewhere:
        feedback.pushInfo(elsewhere)
    steps: list[Judged] = []
    seen: dict[str, Judged] = {}
    sentence = f"Turning was still paying when MAX_STRETCHES ({limits.most}) was reached."
    while len(steps) < limits.most:
        step = len(steps) + 1
        left = limits.kilometres - sum(judged.candidate.kilometres for judged in steps)
        part = control.part((step - 1) / limits.most, step / limits.most)
        most = max(effort.pick(*TRIES), effort.pick(*WORK) // max(now.roads_driven, 1))
        tried = _try(layer, now, step, left, runs, limits, kept, most, context, part)
        seen.update(tried.seen)
        if tried.best is None:
            sentence = _stops(steps, tried)
            break
        lost, (judged, layer, now) = now.value[0], tried.best
        steps.append(judged._replace(status=TURNED))
        say_gain(layer, step, judged.gain or 0.0)
        feedback.pushInfo(
            f"Step {step}: {judged.candidate.name} is turned ({judged.candidate.kilometres:.1f} km): "
            f"{_saved(lost - now.value[0], judged.gain or 0.0)}."
        )
    names = {judged.candidate.name for judged in steps}
    return Turning(layer, before, now, steps, [j for name, j in seen.items() if name not in names], sentence)


def _saved(arriving: float, seconds: float) -> str:
    """Return in words what a step saves: people who arrive besides, or else vehicle-seconds."""
    if arriving > 0:
        more = "more" if seconds < 0 else "less"
        return f"{arriving:,.0f} more people arrive; all who do drive {abs(seconds) / 3600.0:,.1f} vehicle-hours {more}"
    return f"{seconds / 3600.0:,.1f} vehicle-hours less"


def _try(
    layer: QgsVectorLayer,
    now: Routed,
    step: int,
    left: float,
    runs: Runs,
    limits: Limits,
    kept: Places | None,
    most: int,
    context: QgsProcessingContext,
    control: Control,
) -> _Tried:
    """Look at all stretches, and run the routing with those turned, one at a time, that are worth most."""
    control.progress(0.0, f"Step {step}: looking for a stretch to turn")
    read = runs.read(layer)
    found = candidates(read, now, limits.classes, limits.keep, limits.table, limits.stuck_seconds)
    reach = reach_of(now.case, kept, limits.max_snap_distance, context)
    seen: dict[str, Judged] = {}
    best: tuple[Judged, QgsVectorLayer, Routed] | None = None
    last, count = None, 0
    for candidate in found:
        control.stop_if_cancelled()
        reason, drawn = _refused(candidate, left, reach, read), None
        if not reason and count < most:
            try:
                drawn = with_turned(layer, read, candidate.turned, step, limits.length_field, context)
            except NotDrawn:
                reason = NOT_DRAWN
        if drawn is None:
            seen[candidate.name] = Judged(candidate, step, REFUSED if reason else LEFT, reason, None, read)
            continue
        count += 1
        control.progress(count / (most + 1), f"Step {step}: {candidate.name}")
        routed = runs.route(drawn)
        gain = now.result.total_time - routed.result.total_time
        seen[candidate.name] = last = Judged(candidate, step, TRIED, "", gain, read)
        if routed.value < (now if best is None else best[2]).value:
            best = last, drawn, routed
    return _Tried(seen, best, last, len(found))


def _refused(candidate: Candidate, left: float, reach: Reach, read: ReadNetwork) -> str:
    """Return why a stretch must not be turned, "" where it may."""
    if candidate.kilometres > left:
        return NO_LENGTH
    lost = cut_off(reach, read, candidate)
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        return f"no way in from outside any more to {', '.join(lost[:3])}{more}"
    return ""


def _stops(steps: list[Judged], tried: _Tried) -> str:
    """Return the sentence that says where turning stops paying."""
    after = f"After {len(steps)} stretch(es) turning stops paying" if steps else "Turning no stretch pays"
    if tried.last is None:
        why = "no other may be turned" if tried.found else "on none of the classes asked for do vehicles queue"
        return f"{after}: {why}."
    runs = [judged for judged in tried.seen.values() if judged.status == TRIED]
    best = max(runs, key=lambda judged: judged.gain or 0.0)
    gain = best.gain or 0.0
    change = f"cost {-gain / 3600.0:,.1f} vehicle-hours" if gain < 0 else "save nothing that counts"
    left = sum(judged.status == LEFT for judged in tried.seen.values())
    more = f"; {left} with less worth were not tried" if left else ""
    return f"{after}: of {len(runs)} tried the best, {best.candidate.name}, would {change}{more}."
