"""Travel between the places of a fleet on empty roads, as it is known period by period, and the roads of each leg."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..control import Control
from ..roads.network import RoadNetwork
from ..roads.shortest_paths import fastest_paths, seconds_between
from .arrays import MILLISECONDS, NEVER
from .problem import Knowledge, TravelTimes, milliseconds
from .windows import ArcsClosed, Window, lengthened_as_needed

SETS, MOST_SETS = 24, 60  # of closed arcs, for each of which all ways are looked for; the latter for few places
SEARCHES = 24_000  # from a place under a set
ENTRIES = 60_000_000  # of all matrices together


class Reached(NamedTuple):
    """When the hazard reaches places (p,), s from t = 0, infinite for never, as it is known from ``since`` on."""

    since: float
    seconds: np.ndarray


@dataclass(frozen=True)
class RoadTravel:
    """Places on a network, and what is known of the ways between them.

    Attributes
    ----------
    network : RoadNetwork
    leave, reach : (p,) int64
        Nodes at which a vehicle leaves each place, and at which it comes there.
    windows : list of Window
        Of all closings.
    knowledge : list of Knowledge
        The last one, how things are, is known at no moment.
    longer : float
        Seconds by which closings begin earlier or end later at most, to keep windows few; 0 for not at all.
    """

    network: RoadNetwork
    leave: np.ndarray
    reach: np.ndarray
    windows: list[Window]
    knowledge: list[Knowledge] = field(repr=False)
    longer: float

    @property
    def truth(self) -> TravelTimes:
        """The travel times as they are."""
        return self.knowledge[-1].times

    def ways(self, legs: Sequence[tuple[int, int, int]], control: Control) -> list[np.ndarray]:
        """Return the arcs of each leg (here, there, moment in ms); none for a leg within a place.

        Raises
        ------
        Cancelled
        """
        quickest = [self.truth.quickest(*leg) for leg in legs]  # of all windows, as `windows` has them
        chosen = [-1 if way is None else way[2] for way in quickest]
        out: list[np.ndarray] = [np.empty(0, dtype=np.int32)] * len(legs)
        used = sorted(set(chosen) - {-1})
        for number, w in enumerate(used):
            own = [k for k, each in enumerate(chosen) if each == w and legs[k][0] != legs[k][1]]
            pairs = [(int(self.leave[legs[k][0]]), int(self.reach[legs[k][1]])) for k in own]
            part = control.part(number / len(used), (number + 1) / len(used))
            found = fastest_paths(self.network, pairs, _weight(self.network, self.windows[w].closed), control=part)
            for k, arcs in zip(own, found):
                out[k] = arcs
        return out


def _weight(network: RoadNetwork, closed: np.ndarray) -> np.ndarray:
    weight = network.free_flow.astype(np.float64)
    weight[closed] = np.inf
    return weight


def road_travel(
    network: RoadNetwork,
    leave: np.ndarray,
    reach: np.ndarray,
    closed: ArcsClosed,
    reached: Sequence[Reached],
    period: float,
    control: Control | None = None,
) -> RoadTravel:
    """Work out the travel between all places as it is known from each period on.

    Parameters
    ----------
    network : RoadNetwork
    leave, reach : (p,) int
        Nodes.
    closed : ArcsClosed
        Who has entered a closed arc before it closes counts as held up by it all the same: a way counts only while
        none of its arcs is closed.
    reached : sequence of Reached
        By moment; the last are the truth.
    period : float
        Seconds; plans are made at whole multiples of it only.

    Raises
    ------
    Cancelled
    """
    control, places = control or Control(), len(leave)
    levels = _levels(closed, reached, period)
    most = min(max(SETS, SEARCHES // max(places, 1)), MOST_SETS, max(ENTRIES // max(places * places, 1), 1))
    longer, windows = lengthened_as_needed(closed, levels[:-1], most)
    sets = {window.closed.tobytes(): window.closed for group in windows for window in group}
    matrices = {}
    for number, (key, arcs) in enumerate(sets.items()):
        part = control.part(number / len(sets), (number + 1) / len(sets))
        matrices[key] = _matrix(network, leave, reach, arcs, part)
    knowledge = []
    for moment, ends, group in zip(levels, [*levels[1:], math.inf], windows):
        times = TravelTimes(
            np.stack([matrices[window.closed.tobytes()] for window in group]),
            np.array([window.opens for window in group]), np.array([window.closes for window in group]),
            _until(_reached_by(reached, moment)),
        )  # fmt: skip
        knowledge += [each for each in _as_time_goes_by(moment, times, period) if each.since < ends]
    knowledge.append(Knowledge(math.inf, times))
    return RoadTravel(network, np.asarray(leave), np.asarray(reach), windows[-1], knowledge, longer)


def _levels(closed: ArcsClosed, reached: Sequence[Reached], period: float) -> list[float]:
    """Return the moments from which something is known, put off to the next plan; the first is -inf."""
    found = np.concatenate([closed.known, [each.since for each in reached]])
    later = found[np.isfinite(found)]
    return [-math.inf, *np.unique(np.ceil(later / period) * period).tolist()]


def _as_time_goes_by(since: float, times: TravelTimes, period: float) -> list[Knowledge]:
    """Return times known from ``since`` on, from each period on without the windows that have ended by then."""
    plans = np.ceil(times.closes[times.closes < NEVER] / (MILLISECONDS * period)) * period
    moments = [since, *np.unique(plans[plans > max(since, 0.0)]).tolist()]
    out = []
    for moment in moments:
        past = int(np.searchsorted(times.closes, max(moment, 0.0) * MILLISECONDS))
        rest = TravelTimes(times.matrix[past:], times.opens[past:], times.closes[past:], times.until)
        out.append(Knowledge(moment, rest, moment == since))
    return out


def _reached_by(reached: Sequence[Reached], moment: float) -> np.ndarray:
    """Return when the hazard reaches places (p,) as it is known at a moment; where it is already, it is seen."""
    told = reached[0].seconds
    for each in reached:
        if each.since <= moment:
            told = each.seconds
    truth = reached[-1].seconds
    return np.where(truth <= moment, np.minimum(truth, told), told)


def _until(seconds: np.ndarray) -> np.ndarray:
    """Return the last millisecond (p,) before moments in seconds."""
    out = np.full(len(seconds), NEVER, dtype=np.int64)
    known = np.isfinite(seconds)
    out[known] = np.ceil(seconds[known] * MILLISECONDS).astype(np.int64) - 1
    return out


def _matrix(
    network: RoadNetwork, leave: np.ndarray, reach: np.ndarray, closed: np.ndarray, control: Control
) -> np.ndarray:
    seconds = seconds_between(network, leave, reach, _weight(network, closed), control=control)
    np.fill_diagonal(seconds, 0.0)
    return milliseconds(seconds)
