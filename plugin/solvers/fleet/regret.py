"""Regret insertion: next is the part that would lose most if it did not get its best row now."""

from __future__ import annotations

import numpy as np

from ..control import Control
from ..kernels import compiled
from .arrays import CLOSEST_SHELTERS, DRIVE_MORE, NEVER, NONE, NOTHING, ROW, WAIT_MORE, Case, Plan
from .changing import best_way, insert, ways_into_row

STEPS = 20  # insertions between two looks at the cancel button


@compiled
def _row_cost(case, plan, part, v, random, found, cost):
    found[ROW] = -1
    found[WAIT_MORE] = NEVER
    found[DRIVE_MORE] = NEVER
    shelters = min(np.int64(CLOSEST_SHELTERS), np.int64(case.near_shelter.shape[1]))
    ways_into_row(case, plan, v, part, shelters, NOTHING, random, found)
    cost[part, v, 0] = found[WAIT_MORE]
    cost[part, v, 1] = found[DRIVE_MORE]


@compiled
def fill_costs(case, plan, waiting, random, found, cost):
    """Fill what the best insertion of each part that waits adds to each row, (n, v, 2)."""
    for part in range(len(case.place)):
        if waiting[part]:
            for v in range(len(case.seats)):
                _row_cost(case, plan, part, v, random, found, cost)


@compiled
def insert_by_regret(case, plan, waiting, random, found, cost, steps):
    """Insert up to ``steps`` parts; return whether any of those that wait may be left."""
    n = len(case.place)
    vehicles = len(case.seats)
    for _ in range(steps):
        chosen = NONE
        most = np.int64(-1)
        most_first = np.int64(NEVER)
        most_drive = np.int64(0)
        for part in range(n):
            if not waiting[part]:
                continue
            first = np.int64(NEVER)
            drive = np.int64(NEVER)
            second = np.int64(NEVER)
            second_drive = np.int64(NEVER)
            for v in range(vehicles):
                one = cost[part, v, 0]
                its = cost[part, v, 1]
                if one < first or (one == first and its < drive):
                    second = first
                    second_drive = drive
                    first = one
                    drive = its
                elif one < second or (one == second and its < second_drive):
                    second = one
                    second_drive = its
            if first == NEVER:
                continue
            regret = second - first
            regret_drive = second_drive - drive
            if (
                chosen < 0
                or regret > most
                or (regret == most and regret_drive > most_drive)
                or (regret == most and regret_drive == most_drive and first < most_first)
            ):
                chosen = np.int64(part)
                most = regret
                most_drive = regret_drive
                most_first = first
        if chosen < 0:
            return False
        best_way(case, plan, chosen, NOTHING, random, found)
        if found[ROW] < 0:  # the room that it counted on is taken
            waiting[chosen] = False
            continue
        v = found[ROW]
        insert(case, plan, chosen, found)
        waiting[chosen] = False
        for part in range(n):
            if waiting[part]:
                _row_cost(case, plan, part, v, random, found, cost)
    return True


def insert_waiting(case: Case, plan: Plan, control: Control) -> None:
    """Insert all parts that are in no row yet by regret; those that fit nowhere stay out.

    Raises
    ------
    Cancelled
    """
    waiting = plan.row_of < 0
    random, found = np.ones(1, dtype=np.int64), np.zeros(8, dtype=np.int64)
    cost = np.full((case.parts, len(case.seats), 2), NEVER, dtype=np.int64)
    for part in np.flatnonzero(waiting).tolist():  # one at a time, so that many can be cancelled
        one = np.zeros(case.parts, dtype=np.bool_)
        one[part] = True
        fill_costs(case, plan, one, random, found, cost)
        control.stop_if_cancelled()
    while insert_by_regret(case, plan, waiting, random, found, cost, STEPS):
        control.stop_if_cancelled()
