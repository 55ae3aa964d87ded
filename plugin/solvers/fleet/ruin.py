"""Ruin and recreate: strings of neighbouring stops are taken out and inserted again, with annealing.

After Christiaens and Vanden Berghe 2020 (Transportation Science 54, slack induction by string removals), with the exact
aim of the fleet: who is not served never grows, waiting is annealed, driving decides between plans of equal waiting.
"""

from __future__ import annotations

import math

import numpy as np

from ..control import Control, Slices
from ..kernels import compiled
from .arrays import LESS, MORE, NOTHING, ROW, Case, Plan, Value
from .changing import add_used, best_way, draw, insert, keep_plan, less, take_out, value_of
from .walking import drive_row

TAKEN = np.int64(10)  # parts that are taken out at a time, on average
LONGEST = 10  # of a string
BLINK = np.int64(100)  # one position in so many is overlooked
HOT, COLD = 0.002, 0.0002  # first and last temperature, as shares of the mean cost of a part


@compiled
def _string_from(case, plan, part, saved, kept, kept_length, random, absent, count):
    """Take out a string of the row of ``part``; return the number of absent parts."""
    v = plan.row_of[part]
    saved[v] = True
    m = plan.length[v]
    for i in range(m):
        kept[v, i] = plan.rows[v, i]
    kept_length[v] = m
    position = 0
    while plan.rows[v, position] != part:
        position += 1
    size = min(1 + draw(random, TAKEN), min(LONGEST, m))
    first = max(0, position - draw(random, size))
    last = min(m, first + size)
    begin = count
    for i in range(first, last):
        if plan.rows[v, i] >= 0:
            absent[count] = plan.rows[v, i]
            count += 1
    for k in range(begin, count):
        take_out(case, plan, absent[k])
    return count


@compiled
def _order(case, absent, count, key, random):
    """Sort the absent parts: by chance, the most people first, or the longest wait."""
    kind = draw(random, np.int64(4))
    for k in range(count):
        part = absent[k]
        if kind == 0:
            key[k] = -case.people[part]
        elif kind == 1:
            key[k] = case.base[part]
        elif kind == 2:
            key[k] = -case.travel[0, case.start[0], case.place[part]]
        else:
            key[k] = draw(random, np.int64(1000000))
    for k in range(1, count):
        part = absent[k]
        own = key[k]
        j = k - 1
        while j >= 0 and key[j] > own:
            absent[j + 1] = absent[j]
            key[j + 1] = key[j]
            j -= 1
        absent[j + 1] = part
        key[j + 1] = own


@compiled
def _ruin(case, plan, saved, kept, kept_length, random, absent):
    """Take out strings around a part drawn by chance, after whatever is absent already; return how many are absent."""
    n = len(case.place)
    count = NOTHING
    for part in range(n):
        if plan.row_of[part] < 0:
            absent[count] = part
            count += 1
    before = count
    seed = draw(random, n)
    strings = 1 + draw(random, np.int64(4))
    for k in range(-1, case.near.shape[1]):
        part = seed if k < 0 else case.near[seed, k]
        v = plan.row_of[part]
        if v < 0 or saved[v]:
            continue
        count = _string_from(case, plan, part, saved, kept, kept_length, random, absent, count)
        strings -= 1
        if strings == 0 or count - before >= 2 * TAKEN:
            break
    return count


@compiled
def _restore(case, plan, saved, kept, kept_length):
    for v in range(len(case.seats)):
        if not saved[v]:
            continue
        add_used(case, plan, v, LESS)
        for i in range(plan.length[v]):
            if plan.rows[v, i] >= 0:
                plan.row_of[plan.rows[v, i]] = -1
    for v in range(len(case.seats)):
        if not saved[v]:
            continue
        for i in range(kept_length[v]):
            plan.rows[v, i] = kept[v, i]
            if kept[v, i] >= 0:
                plan.row_of[kept[v, i]] = v
        plan.length[v] = kept_length[v]
        add_used(case, plan, v, MORE)
        drive_row(case, plan, v, v)


@compiled
def _recreate(case, plan, saved, kept, kept_length, random, absent, count, found):
    """Insert the absent parts again, each where it adds least; rows that change are kept before."""
    for k in range(count):
        best_way(case, plan, absent[k], BLINK, random, found)
        v = found[ROW]
        if v < 0:
            continue
        if not saved[v]:
            saved[v] = True
            for i in range(plan.length[v]):
                kept[v, i] = plan.rows[v, i]
            kept_length[v] = plan.length[v]
        insert(case, plan, absent[k], found)


@compiled
def anneal(case, plan, best, now, value, best_value, heat, saved, kept, kept_length, random, absent, key, found, steps):
    """Make so many attempts; ``best`` keeps the best plan.

    ``heat`` (3,) holds the temperature, what it is multiplied with after each attempt, and whether driving is the aim
    because no waiting counts (1) or not (0).
    """
    vehicles = len(case.seats)
    for _ in range(steps):
        for v in range(vehicles):
            saved[v] = False
        count = _ruin(case, plan, saved, kept, kept_length, random, absent)
        possible = True
        for v in range(vehicles):
            if saved[v]:
                possible = drive_row(case, plan, v, v) and possible
        if possible:
            _order(case, absent, count, key, random)
            _recreate(case, plan, saved, kept, kept_length, random, absent, count, found)
            value_of(case, plan, value)
        chance = (draw(random, np.int64(1000000)) + 1) / 1000001.0
        slack = -heat[0] * math.log(chance)
        heat[0] *= heat[1]
        by_wait = 1 if heat[2] == 0.0 else 2
        accepted = possible and (
            value[0] < now[0] or (value[0] == now[0] and (less(value, now) or value[by_wait] < now[by_wait] + slack))
        )
        if not accepted:
            _restore(case, plan, saved, kept, kept_length)
            continue
        for k in range(3):
            now[k] = value[k]
        if less(value, best_value):
            keep_plan(case, plan, best, value, best_value)


def ruin_and_recreate(case: Case, plan: Plan, attempts: int, seed: int, control: Control) -> Plan:
    """Return the best plan found in so many attempts from ``plan``, never worse.

    Raises
    ------
    Cancelled
    """
    vehicles, n = len(case.seats), case.parts
    if n < 2 or attempts <= 0:
        return plan
    plan, best = plan.copy(), plan.copy()
    now, value, best_value = (np.zeros(3, dtype=np.int64) for _ in range(3))
    value_of(case, plan, now)
    best_value[:] = now
    by_driving = not case.weight.any()
    mean = float(max(now[2 if by_driving else 1], 1)) / n
    heat = np.array([HOT * mean, (COLD / HOT) ** (1.0 / attempts), float(by_driving)])
    random = np.random.default_rng(seed).integers(1, 2**31 - 1, 1)
    saved, kept = np.zeros(vehicles, dtype=np.bool_), np.zeros_like(plan.rows)
    kept_length, absent, key = (np.zeros(size, dtype=np.int64) for size in (vehicles, n + 1, n + 1))
    found = np.zeros(8, dtype=np.int64)
    slices, done = Slices(5, least=1), 0
    while done < attempts:
        control.stop_if_cancelled()
        control.progress(done / attempts, "Planning tours")
        steps = min(slices.next(), attempts - done)
        anneal(
            case, plan, best, now, value, best_value, heat, saved, kept, kept_length, random, absent, key, found, steps
        )
        done += steps
    drive(case, best)
    return best


def drive(case: Case, plan: Plan) -> bool:
    """Drive all rows of a plan; return whether all are possible."""
    possible = True
    for v in range(len(case.seats)):
        possible = drive_row(case, plan, v, v) and possible
    return possible


def value(case: Case, plan: Plan) -> Value:
    """Return the value of a plan whose rows have been driven."""
    out = np.zeros(3, dtype=np.int64)
    value_of(case, plan, out)
    return Value(*out.tolist())
