"""The best plan of few requests, proved: all plans are tried, those that cannot be better are given up early."""

from __future__ import annotations

import numpy as np

from ..control import Control
from ..kernels import compiled
from .arrays import NEVER, Case, Plan
from .changing import keep_plan, less, value_of
from .walking import drive_row, drive_to, start_of_tour

MOST_PARTS, MOST_VEHICLES, MOST_SHELTERS = 5, 2, 2
STEPS = 200_000  # of the search between two looks at the cancel button


@compiled
def _feasible_start(case, plan, v):
    """Whether the stops that row v has so far may go on: driven as if its open tour ended at no cost."""
    t = case.free[v]
    here = case.start[v]
    load = np.int64(0)
    wheels = np.int64(0)
    boarded = np.int64(0)
    waited = np.int64(0)
    i = 0
    m = plan.length[v]
    while i < m:
        token = plan.rows[v, i]
        if i == 0 or plan.rows[v, i - 1] < 0:
            earliest = np.int64(-NEVER)
            j = i
            while j < m and plan.rows[v, j] >= 0:
                earliest = max(earliest, case.not_before[plan.rows[v, j]])
                j += 1
            t = start_of_tour(case, v, i == 0, t, earliest)
            if t > case.until[here]:
                return np.int64(-1)
        possible, here, t, load, wheels, boarded, wait, _ = drive_to(case, v, token, here, t, load, wheels, boarded)
        if not possible:
            return np.int64(-1)
        waited += wait
        i += 1
    return waited


@compiled
def _people_of_last(case, plan, v, end):
    """Return the people of the parts in row v from the last shelter before stop ``end`` on."""
    load = np.int64(0)
    i = end - 1
    while i >= 0 and plan.rows[v, i] >= 0:
        load += case.people[plan.rows[v, i]]
        i -= 1
    return load


@compiled
def _keep_if_best(case, plan, best, value, best_value):
    """Keep a whole plan where it is possible and better than the best so far."""
    for s in range(len(case.room)):
        if plan.used[s] > case.room[s]:
            return
    for k in range(len(case.seats)):
        if not drive_row(case, plan, k, k):
            return
    value_of(case, plan, value)
    if not less(value, best_value):
        return
    keep_plan(case, plan, best, value, best_value)


@compiled
def _take_back(case, plan, state, choice):
    """Undo a choice of :func:`search`."""
    n = len(case.place)
    v = state[1]
    if choice >= n + len(case.room):
        state[1] = v - 1
        return
    plan.length[v] -= 1
    if choice < n:
        plan.row_of[choice] = -1
    else:
        plan.used[choice - n] -= _people_of_last(case, plan, v, plan.length[v])


@compiled
def search(case, plan, best, value, best_value, option, state, steps):
    """Go on with the search by so many steps; return whether it goes on.

    At each depth a choice: a part (0 ... n - 1), a shelter for the open tour (n ... n + s - 1), the next vehicle
    (n + s). ``option`` (d,) holds the next choice to try at each depth; ``state`` (3,) the depth, the vehicle,
    and whether the search has ended.
    """
    n = len(case.place)
    shelters = len(case.room)
    vehicles = len(case.seats)
    for _ in range(steps):
        depth = state[0]
        v = state[1]
        choice = option[depth]
        m = plan.length[v] if v < vehicles else 0
        opened = v < vehicles and m > 0 and plan.rows[v, m - 1] >= 0
        if v == vehicles:  # a whole plan
            _keep_if_best(case, plan, best, value, best_value)
            choice = n + shelters + 1
        if choice > n + shelters:  # back
            if depth == 0:
                state[2] = 1
                return False
            state[0] = depth - 1
            _take_back(case, plan, state, option[depth - 1] - 1)
            continue
        option[depth] = choice + 1
        if choice < n:
            if plan.row_of[choice] >= 0:
                continue
            plan.rows[v, m] = choice
            plan.length[v] = m + 1
            plan.row_of[choice] = v
            if not _promising(case, plan, v, best_value):
                plan.row_of[choice] = -1
                plan.length[v] = m
                continue
        elif choice < n + shelters:
            if not opened:
                continue
            load = _people_of_last(case, plan, v, m)
            if plan.used[choice - n] + load > case.room[choice - n]:
                continue
            plan.rows[v, m] = -1 - (choice - n)
            plan.length[v] = m + 1
            if _feasible_start(case, plan, v) < 0:
                plan.length[v] = m
                continue
            plan.used[choice - n] += load
        else:
            if opened:
                continue
            state[1] = v + 1
        state[0] = depth + 1
        option[depth + 1] = 0
    return True


@compiled
def _promising(case, plan, v, best_value):
    """Whether the stops so far are possible, and do not wait more than a plan that serves everybody."""
    total = np.int64(0)
    for k in range(v + 1):
        waited = _feasible_start(case, plan, k)
        if waited < 0:
            return False
        total += waited
    return best_value[0] > 0 or total <= best_value[1]


def few(case: Case) -> bool:
    """Whether a plan is small enough to try them all."""
    return (
        0 < case.parts <= MOST_PARTS and len(case.seats) <= MOST_VEHICLES and 0 < len(case.room) <= MOST_SHELTERS
    )  # fmt: skip


def best_of_all(case: Case, incumbent: Plan, most_steps: int, control: Control) -> tuple[Plan, bool]:
    """Return the best of all plans, or the best found in so many steps, and whether it is proved.

    Raises
    ------
    Cancelled
    """
    plan, best = Plan.empty(case), incumbent.copy()
    value, best_value = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    value_of(case, incumbent, best_value)
    option = np.zeros(2 * case.parts + len(case.seats) + 2, dtype=np.int64)
    state, done = np.zeros(3, dtype=np.int64), 0
    while done < most_steps and search(case, plan, best, value, best_value, option, state, STEPS):
        done += STEPS
        control.stop_if_cancelled()
    for v in range(len(case.seats)):
        drive_row(case, best, v, v)
    return best, bool(state[2])
