"""Kernels that look for the best way to insert a part, and that change a plan."""

from __future__ import annotations

import numpy as np

from ..kernels import compiled
from .arrays import (
    CHANGED,
    CLOSEST_SHELTERS,
    DRIVE_MORE,
    DRIVEN,
    FIRST,
    INSTEAD,
    LAST,
    LOAD,
    NEVER,
    NO_TOKEN,
    NONE,
    NOTHING,
    POSITION,
    ROW,
    TIME,
    TOKEN,
    WAIT_MORE,
    WAITED,
)
from .walking import cost_of_insertion, drive_row

CLOSE = 3  # parts nearby whose rows are looked at first


@compiled
def draw(random, below):
    """Return a random whole number from 0 to ``below`` - 1 (Lehmer's generator, multiplier 48271)."""
    random[0] = random[0] * 48271 % 2147483647
    return random[0] % below


@compiled
def try_way(case, plan, v, position, part, token, changed, instead, found):
    """Look at one way to insert; keep it in ``found`` where it adds least."""
    possible, wait, drive = cost_of_insertion(
        case, plan, v, position, part, token, changed, instead, found[WAIT_MORE], found[DRIVE_MORE]
    )
    if possible and (wait < found[WAIT_MORE] or (wait == found[WAIT_MORE] and drive < found[DRIVE_MORE])):
        found[ROW] = v
        found[POSITION] = position
        found[TOKEN] = token
        found[CHANGED] = changed
        found[INSTEAD] = instead
        found[WAIT_MORE] = wait
        found[DRIVE_MORE] = drive


@compiled
def ways_into_row(case, plan, v, part, shelters, blink, random, found):
    """Look at all ways to insert a part into row v, but for one in ``blink`` by chance (0: none is left out).

    So many ``shelters`` are tried, from the nearest on.
    """
    people = case.people[part]
    if people > case.seats[v] or case.wheels[part] > case.chairs[v]:
        return
    m = plan.length[v]
    at_once = case.service[part] - case.base[part]
    for position in range(m + 1):
        if case.weight[part] * (plan.before[v, position, TIME] + at_once) > found[WAIT_MORE]:
            return  # its own wait alone is longer, here and at later stops
        if blink > 0 and draw(random, blink) == 0:
            continue
        if position == m or plan.before[v, position, FIRST] == position:  # a tour of its own
            for j in range(shelters):
                s = case.near_shelter[part, j]
                if plan.used[s] + people <= case.room[s]:
                    try_way(case, plan, v, position, part, np.int64(-1 - s), NONE, NOTHING, found)
            if position == m:
                break
        end = plan.before[v, position, LAST]
        load = plan.before[v, end, LOAD]
        if load + people > case.seats[v]:
            continue
        here = -1 - plan.rows[v, end]
        fits = plan.used[here] + people <= case.room[here]
        if fits:
            try_way(case, plan, v, position, part, NO_TOKEN, NONE, NOTHING, found)
        if position == end or not fits:
            latest = part if position == end else plan.rows[v, end - 1]
            for j in range(shelters):
                s = case.near_shelter[latest, j]
                if s != here and plan.used[s] + load + people <= case.room[s]:
                    try_way(case, plan, v, position, part, NO_TOKEN, end, np.int64(-1 - s), found)


@compiled
def best_way(case, plan, part, blink, random, found):
    """Fill ``found`` with the way to insert a part that adds least; its ROW is -1 where there is none."""
    found[ROW] = -1
    found[WAIT_MORE] = NEVER
    found[DRIVE_MORE] = NEVER
    shelters = min(np.int64(CLOSEST_SHELTERS), np.int64(case.near_shelter.shape[1]))
    for k in range(min(CLOSE, case.near.shape[1])):  # good ways first: what is worse is given up early
        v = plan.row_of[case.near[part, k]]
        if v >= 0:
            ways_into_row(case, plan, v, part, shelters, blink, random, found)
    for v in range(len(case.seats)):
        ways_into_row(case, plan, v, part, shelters, blink, random, found)
    if found[ROW] < 0 and shelters < case.near_shelter.shape[1]:  # farther ones may have room, or a way to them
        shelters = np.int64(case.near_shelter.shape[1])
        for v in range(len(case.seats)):
            ways_into_row(case, plan, v, part, shelters, blink, random, found)


@compiled
def tour_people(case, plan, r, first, last):
    """Return the people of the stops ``first`` up to before ``last`` of a row."""
    total = np.int64(0)
    for i in range(first, last):
        if plan.rows[r, i] >= 0:
            total += case.people[plan.rows[r, i]]
    return total


@compiled
def insert(case, plan, part, way):
    """Insert a part in the way found, and drive its row anew."""
    v = way[ROW]
    position = way[POSITION]
    if way[CHANGED] >= 0:
        end = way[CHANGED]
        load = plan.before[v, end, LOAD]
        plan.used[-1 - plan.rows[v, end]] -= load
        plan.rows[v, end] = way[INSTEAD]
        plan.used[-1 - way[INSTEAD]] += load
    more = 1 if way[TOKEN] == NO_TOKEN else 2
    for i in range(plan.length[v] - 1, position - 1, -1):
        plan.rows[v, i + more] = plan.rows[v, i]
    plan.rows[v, position] = part
    if more == 2:
        plan.rows[v, position + 1] = way[TOKEN]
    plan.length[v] += more
    end = position
    while plan.rows[v, end] >= 0:
        end += 1
    plan.used[-1 - plan.rows[v, end]] += case.people[part]
    plan.row_of[part] = v
    return drive_row(case, plan, v, v)


@compiled
def take_out(case, plan, part):
    """Take a part out of its row, with its tour where it was alone there; the row is not driven anew."""
    v = plan.row_of[part]
    position = 0
    while plan.rows[v, position] != part:
        position += 1
    end = position
    while plan.rows[v, end] >= 0:
        end += 1
    plan.used[-1 - plan.rows[v, end]] -= case.people[part]
    alone = end == position + 1 and (position == 0 or plan.rows[v, position - 1] < 0)
    less = 2 if alone else 1
    for i in range(position + less, plan.length[v]):
        plan.rows[v, i - less] = plan.rows[v, i]
    plan.length[v] -= less
    plan.row_of[part] = -1
    return v


@compiled
def copy_row(plan, source, target):
    """Copy the stops of a row to another row of the plan."""
    for i in range(plan.length[source]):
        plan.rows[target, i] = plan.rows[source, i]
    plan.length[target] = plan.length[source]


@compiled
def add_used(case, plan, r, sign):
    """Add (1) or subtract (-1) the people of row r at the shelters; return whether none is over its room."""
    load = np.int64(0)
    fits = True
    for i in range(plan.length[r]):
        token = plan.rows[r, i]
        if token >= 0:
            load += case.people[token]
        else:
            plan.used[-1 - token] += sign * load
            load = np.int64(0)
            if plan.used[-1 - token] > case.room[-1 - token]:
                fits = False
    return fits


@compiled
def value_of(case, plan, out):
    """Fill ``out`` (3,) with worth of those not served, waiting, driving of a plan whose rows have been driven."""
    out[0] = 0
    for part in range(len(case.place)):
        if plan.row_of[part] < 0:
            out[0] += case.worth[part]
    out[1] = 0
    out[2] = 0
    for v in range(len(case.seats)):
        out[1] += plan.before[v, plan.length[v], WAITED]
        out[2] += plan.before[v, plan.length[v], DRIVEN]


@compiled
def less(one, other):
    """Whether the value ``one`` (3,) is better than the ``other``."""
    for k in range(3):
        if one[k] != other[k]:
            return one[k] < other[k]
    return False


@compiled
def keep_plan(case, plan, best, value, best_value):
    """Copy a plan and its value (3,) to the best ones; how things stand before its stops (Plan.before) is left out."""
    for k in range(3):
        best_value[k] = value[k]
    for v in range(len(case.seats)):
        best.length[v] = plan.length[v]
        for i in range(plan.length[v]):
            best.rows[v, i] = plan.rows[v, i]
    for part in range(len(case.place)):
        best.row_of[part] = plan.row_of[part]
    for s in range(len(case.room)):
        best.used[s] = plan.used[s]
