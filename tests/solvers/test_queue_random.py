"""The queue model on random networks: against a slow second evaluator, and against the rules themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict, deque
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evacuation_planner.plugin.solvers.routing.queue.events import RING_ARCS
from evacuation_planner.plugin.solvers.routing.queue.moments import run_moments
from evacuation_planner.plugin.solvers.routing.queue.simulation import starting_state
from tests.solvers.queue_cases import Case, moments, random_case

SIZES = [(5, 12, 30), (3, 6, 20), (8, 20, 60), (4, 5, 40)]  # junctions, roads, trips
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("patience", [300.0, 20.0, 3.0, 0.0])
def test_two_evaluators_agree_to_the_last_event(size, patience):
    vehicles = forced = rings = shared = 0
    for seed in range(30):
        case = random_case(seed, *size)
        run, told = case.run(patience), case.told(patience)
        assert moments(case, run) == told.moments, seed
        assert (run.forced, run.rings) == (told.forced, len(told.rings)), seed
        assert [set(ring.tolist()) for ring in run.ring_roads] == told.rings, seed
        vehicles, forced, rings = vehicles + len(told.moments), forced + run.forced, rings + run.rings
        shared += len(run.moment) - len(np.unique(run.moment))
    assert vehicles == 30 * size[2]
    assert shared > 300  # moves at a moment at which there are others
    if patience:
        assert forced > 30
        assert rings > 5


def check_the_rules(case: Case, stuck_seconds: float) -> None:
    """Make every move again in its order and see that the rules allow it."""
    run, roads, plan = case.run(stuck_seconds, record_order=True), case.roads, case.plan
    assert sorted(run.order.tolist()) == list(range(len(run.moment)))
    assert (np.diff(run.moment[run.order]) >= 0).all()
    trip_of = np.repeat(np.arange(len(case.ways)), np.diff(plan.move))
    on, waiting, ready = defaultdict(deque), defaultdict(deque), {}
    headway, room = roads.headway.copy(), roads.room.copy()
    last_exit = np.full(len(room), -(2**60))
    changes = deque(zip(*(column.tolist() for column in roads[6:10])))
    for trip, way in enumerate(case.ways):
        if way:
            waiting[way[0]].append(trip)
    above = 0
    for move in run.order.tolist():
        now, trip = int(run.moment[move]), int(trip_of[move])
        while changes and changes[0][0] <= now:
            _, road, headway[road], room[road] = changes.popleft()
        step, way = move - int(plan.move[trip]), case.ways[trip]
        if step < len(way) and stuck_seconds > 0:
            above += len(on[way[step]]) >= room[way[step]]
        if step == 0:
            assert waiting[way[0]].popleft() == trip  # by departure, then by number
            assert now >= plan.departure[trip]
        else:
            road = way[step - 1]
            assert on[road].popleft() == trip  # first in, first out
            assert now >= ready.pop(trip)
            assert now >= last_exit[road]
            last_exit[road] = now + headway[road]
        if step < len(way):
            on[way[step]].append(trip)
            ready[trip] = now + int(roads.travel[way[step]])
    assert not any(on.values()) and not any(waiting.values())
    assert above == run.forced
    assert run.total() == sum(trip[-1] for trip in moments(case, run) if trip) - sum(
        int(departure) for departure, way in zip(plan.departure, case.ways) if way
    )


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32), junctions=st.integers(1, 8), arcs=st.integers(1, 25), trips=st.integers(0, 60),
    patience=st.sampled_from([300.0, 10.0, 0.5, 0.0]),
)  # fmt: skip
def test_nobody_is_lost_or_overtaken_or_above_the_room(seed, junctions, arcs, trips, patience):
    check_the_rules(random_case(seed, junctions, arcs, trips), patience)


def state_after(case: Case, events: int) -> list[list]:
    state = starting_state(case.roads, case.plan, True)
    while run_moments(case.roads, case.plan, state, 20_000_000, events):
        pass
    rings = state.ring[: state.counts[RING_ARCS]]
    return [values.tolist() for values in (state.moment, state.order, state.counts, rings)]


@pytest.mark.parametrize("seed", range(8))
def test_the_same_result_in_any_slices(seed):
    case = random_case(seed, *SIZES[seed % 4])
    whole = state_after(case, 10**9)
    assert state_after(case, 1) == whole
    assert state_after(case, 7) == whole


def digest() -> str:
    """Return a fingerprint of what happens in some cases."""
    found = sha256()
    for seed in range(40):
        run = random_case(seed, *SIZES[seed % 4]).run(20.0, record_order=True)
        found.update(run.moment.astype("<i8").tobytes() + run.order.astype("<i8").tobytes())
        found.update(str((run.forced, run.rings, [ring.tolist() for ring in run.ring_roads])).encode())
    return found.hexdigest()


def test_the_same_result_compiled_and_in_plain_python():
    script = "from tests.solvers.test_queue_random import digest; print(digest())"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "build" / "plugins")])
    plain = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": paths, "EVACUATION_NO_NUMBA": "1"},
    )  # fmt: skip
    assert plain.stdout.strip() == digest()
