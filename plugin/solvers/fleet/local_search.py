"""Relocate, exchange, 2-opt* and another shelter, each kept only where the exact aim is better."""

from __future__ import annotations

import numpy as np

from ..control import Control
from ..kernels import compiled
from .arrays import DRIVE_MORE, DRIVEN, FIRST, LESS, MORE, NOTHING, ROW, WAIT_MORE, WAITED, Case, Plan
from .changing import add_used, best_way, copy_row, insert, take_out, tour_people
from .walking import drive_row

BATCH = 8  # parts between two looks at the cancel button


@compiled
def relocate(case, plan, part, random, found):
    """Take a part out and insert it where it adds least; return whether the plan is better."""
    spare = len(case.seats)
    old = plan.row_of[part]
    copy_row(plan, old, spare)
    end = plan.length[old]
    wait = plan.before[old, end, WAITED]
    drive = plan.before[old, end, DRIVEN]
    take_out(case, plan, part)
    if drive_row(case, plan, old, old):
        best_way(case, plan, part, NOTHING, random, found)
        new = found[ROW]
        if new >= 0:
            end = plan.length[old]
            wait -= plan.before[old, end, WAITED]  # what taking it out saves
            drive -= plan.before[old, end, DRIVEN]
            if found[WAIT_MORE] < wait or (found[WAIT_MORE] == wait and found[DRIVE_MORE] < drive):
                insert(case, plan, part, found)
                return True
    add_used(case, plan, old, LESS)
    copy_row(plan, spare, old)
    add_used(case, plan, old, MORE)
    plan.row_of[part] = old
    drive_row(case, plan, old, old)
    return False


@compiled
def keep_if_better(case, plan, a, b, value):
    """Take the spare rows for rows a and b where that is possible and better; return whether it was.

    ``value`` (4,) is for counting.
    """
    spare = len(case.seats)
    if not drive_row(case, plan, spare, a) or (b != a and not drive_row(case, plan, spare + 1, b)):
        return False
    value[0] = plan.before[a, plan.length[a], WAITED] - plan.before[spare, plan.length[spare], WAITED]
    value[1] = plan.before[a, plan.length[a], DRIVEN] - plan.before[spare, plan.length[spare], DRIVEN]
    if b != a:
        value[0] += plan.before[b, plan.length[b], WAITED] - plan.before[spare + 1, plan.length[spare + 1], WAITED]
        value[1] += plan.before[b, plan.length[b], DRIVEN] - plan.before[spare + 1, plan.length[spare + 1], DRIVEN]
    if value[0] < 0 or (value[0] == 0 and value[1] <= 0):
        return False
    add_used(case, plan, a, LESS)
    fits = True
    if b != a:
        add_used(case, plan, b, LESS)
        add_used(case, plan, spare + 1, MORE)
    add_used(case, plan, spare, MORE)
    for s in range(len(case.room)):
        fits = fits and plan.used[s] <= case.room[s]
    if not fits:
        add_used(case, plan, spare, LESS)
        add_used(case, plan, a, MORE)
        if b != a:
            add_used(case, plan, spare + 1, LESS)
            add_used(case, plan, b, MORE)
        return False
    for k in range(2 if b != a else 1):
        own = a if k == 0 else b
        copy_row(plan, spare + k, own)
        drive_row(case, plan, own, own)
        for i in range(plan.length[own]):
            if plan.rows[own, i] >= 0:
                plan.row_of[plan.rows[own, i]] = own
    return True


@compiled
def _position(plan, part):
    position = 0
    while plan.rows[plan.row_of[part], position] != part:
        position += 1
    return position


@compiled
def exchange(case, plan, one, other, value):
    """Let two parts change places; return whether the plan is better."""
    spare = len(case.seats)
    a = plan.row_of[one]
    b = plan.row_of[other]
    i = _position(plan, one)
    j = _position(plan, other)
    copy_row(plan, a, spare)
    if a == b:
        plan.rows[spare, j] = one
    else:
        copy_row(plan, b, spare + 1)
        plan.rows[spare + 1, j] = one
    plan.rows[spare, i] = other
    return keep_if_better(case, plan, a, b, value)


@compiled
def exchange_tails(case, plan, a, i, b, j, value):
    """2-opt*: rows a and b change what follows after their first i and j stops."""
    spare = len(case.seats)
    for k in range(i):
        plan.rows[spare, k] = plan.rows[a, k]
    m = i
    for k in range(j, plan.length[b]):
        plan.rows[spare, m] = plan.rows[b, k]
        m += 1
    plan.length[spare] = m
    for k in range(j):
        plan.rows[spare + 1, k] = plan.rows[b, k]
    m = j
    for k in range(i, plan.length[a]):
        plan.rows[spare + 1, m] = plan.rows[a, k]
        m += 1
    plan.length[spare + 1] = m
    return keep_if_better(case, plan, a, b, value)


@compiled
def two_opt_star(case, plan, one, other, value):
    """Try the exchanges of tails that let ``other`` follow ``one``, and ``one`` begin where ``other`` does."""
    a = plan.row_of[one]
    b = plan.row_of[other]
    if a == b:
        return False
    i = _position(plan, one)
    j = _position(plan, other)
    if exchange_tails(case, plan, a, i + 1, b, j, value) or exchange_tails(case, plan, a, i, b, j, value):
        return True
    first = plan.before[b, j, FIRST]
    return exchange_tails(case, plan, a, plan.before[a, i, FIRST], b, first, value)


@compiled
def other_shelter(case, plan, v, value):
    """Try every other shelter for every tour of a row, and the shelters of two tours exchanged."""
    spare = len(case.seats)
    better = False
    i = 0
    while i < plan.length[v]:
        if plan.rows[v, i] < 0:
            old = plan.rows[v, i]
            load = tour_people(case, plan, v, plan.before[v, i, FIRST], i)
            for s in range(len(case.room)):
                if -1 - s != plan.rows[v, i] and plan.used[s] + load <= case.room[s]:
                    copy_row(plan, v, spare)
                    plan.rows[spare, i] = -1 - s
                    better = keep_if_better(case, plan, v, v, value) or better
            if plan.rows[v, i] == old:
                for w in range(v, len(case.seats)):
                    for j in range(i + 1 if w == v else 0, plan.length[w]):
                        if plan.rows[w, j] < 0 and plan.rows[w, j] != plan.rows[v, i]:
                            copy_row(plan, v, spare)
                            own = spare
                            if w != v:
                                copy_row(plan, w, spare + 1)
                                own = spare + 1
                            plan.rows[own, j] = plan.rows[v, i]
                            plan.rows[spare, i] = plan.rows[w, j]
                            better = keep_if_better(case, plan, v, w, value) or better
        i += 1
    return better


@compiled
def improve_parts(case, plan, first, last, random, found, value):
    """Try the moves of the parts from ``first`` to before ``last``; return how many made the plan better."""
    count = 0
    for part in range(first, last):
        if plan.row_of[part] < 0:
            best_way(case, plan, part, NOTHING, random, found)
            if found[ROW] >= 0:
                insert(case, plan, part, found)
                count += 1
            continue
        if relocate(case, plan, part, random, found):
            count += 1
        for k in range(case.near.shape[1]):
            other = case.near[part, k]
            if plan.row_of[other] < 0:
                continue
            better = part < other and exchange(case, plan, part, other, value)
            if better or two_opt_star(case, plan, part, other, value):
                count += 1
    return count


def improve(case: Case, plan: Plan, sweeps: int, control: Control) -> None:
    """Improve a plan in place until no move makes it better, or so many sweeps are made.

    Raises
    ------
    Cancelled
    """
    random, found, value = (np.ones(size, dtype=np.int64) for size in (1, 8, 4))
    for _ in range(sweeps):
        better = 0
        for first in range(0, case.parts, BATCH):
            better += improve_parts(case, plan, first, min(first + BATCH, case.parts), random, found, value)
            control.stop_if_cancelled()
        for v in range(len(case.seats)):
            better += other_shelter(case, plan, v, value)
            control.stop_if_cancelled()
        if not better:
            return
