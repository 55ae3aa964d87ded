"""Kernels that drive a row of stops: exactly, and as far as needed to tell what an insertion costs."""

from __future__ import annotations

import numpy as np

from ..kernels import compiled
from .arrays import (
    BOARDED,
    DRIVEN,
    EARLIEST,
    FIRST,
    LAST,
    LOAD,
    NEVER,
    NO_TOKEN,
    NOTHING,
    PLACE,
    TIME,
    WAITED,
    WHEELS,
)


@compiled
def leg(case, here, there, moment):
    """Return arrival and driving for who leaves ``here`` at the earliest at ``moment``; -1, 0 where there is no way.

    A way counts within one window of time; who comes before a window opens waits for it.
    """
    best = np.int64(-1)
    drive = np.int64(0)
    for w in range(len(case.opens)):
        if case.closes[w] < moment:
            continue
        takes = np.int64(case.travel[w, here, there])
        if takes < 0:
            continue
        arrival = max(moment, case.opens[w]) + takes
        if arrival <= case.closes[w] and (best < 0 or arrival < best or (arrival == best and takes < drive)):
            best = arrival
            drive = takes
    return best, drive


@compiled
def start_of_tour(case, vehicle, first, moment, earliest):
    """Return when a tour starts whose vehicle is free at ``moment``; ``first``: it has not driven yet."""
    start = moment
    if first:
        start = case.free[vehicle]
    elif case.period > 0:
        start = ((moment + case.period - 1) // case.period) * case.period
    return max(start, earliest)


@compiled
def drive_to(case, vehicle, stop, here, moment, load, wheels, boarded):
    """Drive to a stop, let people in or all out; return (possible, place, moment, load, wheels, boarded, wait, drive).

    ``boarded`` is what those aboard took to get in; ``wait`` that of those who get in, weighted.
    """
    if stop < 0:
        there = case.shelter[-1 - stop]
        arrival, drive = leg(case, here, there, moment)
        possible = arrival >= 0 and arrival <= case.last
        return possible, there, arrival + case.stop + boarded, NOTHING, NOTHING, NOTHING, NOTHING, drive
    there = case.place[stop]
    arrival, drive = leg(case, here, there, moment)
    t = max(arrival, case.ready[stop]) + case.service[stop]
    load += case.people[stop]
    wheels += case.wheels[stop]
    fits = load <= case.seats[vehicle] and wheels <= case.chairs[vehicle]
    possible = arrival >= 0 and fits and t <= case.until[there]
    wait = case.weight[stop] * (t - case.base[stop])
    return possible, there, t, load, wheels, boarded + case.service[stop] - case.stop, wait, drive


@compiled
def drive_row(case, plan, r, vehicle):
    """Drive row ``r`` as ``vehicle``, filling ``plan.before``; return whether all its stops are possible.

    Shelters' room is not looked at: it is shared with other rows.
    """
    row = plan.rows
    before = plan.before
    m = plan.length[r]
    t = case.free[vehicle]
    here = case.start[vehicle]
    load = np.int64(0)
    wheels = np.int64(0)
    boarded = np.int64(0)
    waited = np.int64(0)
    driven = np.int64(0)
    first = 0
    last = -1
    earliest = np.int64(0)
    for i in range(m + 1):
        if i == m or last < i:  # a tour begins here
            first = i
            last = i
            earliest = np.int64(-NEVER)
            while last < m and row[r, last] >= 0:
                earliest = max(earliest, case.not_before[row[r, last]])
                last += 1
        before[r, i, TIME] = t
        before[r, i, PLACE] = here
        before[r, i, LOAD] = load
        before[r, i, WHEELS] = wheels
        before[r, i, BOARDED] = boarded
        before[r, i, WAITED] = waited
        before[r, i, DRIVEN] = driven
        before[r, i, FIRST] = first
        before[r, i, LAST] = last
        before[r, i, EARLIEST] = earliest
        if i == m:
            break
        token = row[r, i]
        if i == first:
            if token < 0 or last == m:
                return False  # an empty tour, or one that leads nowhere
            t = start_of_tour(case, vehicle, i == 0, t, earliest)
            if t > case.until[here]:
                return False
        possible, here, t, load, wheels, boarded, wait, drive = drive_to(
            case, vehicle, token, here, t, load, wheels, boarded
        )
        if not possible:
            return False
        waited += wait
        driven += drive
    return True


@compiled
def _earliest(case, before, v, own, position, part, alone):
    """Return before when a tour does not start whose first stop is ``own``, or the part itself (-1)."""
    if own < 0:
        earliest = case.not_before[part]
        return earliest if alone else max(earliest, before[v, position, EARLIEST])
    earliest = before[v, own, EARLIEST]
    if not alone and own <= position and position <= before[v, own, LAST]:
        earliest = max(earliest, case.not_before[part])
    return earliest


@compiled
def _standing(before, r, i):
    """Return moment, place, people, wheelchairs, boarding, waiting and driving before stop i of a row."""
    row = before[r, i]
    return row[TIME], row[PLACE], row[LOAD], row[WHEELS], row[BOARDED], row[WAITED], row[DRIVEN]


@compiled
def _begins_anew(case, before, v, own, position, part, stage, alone, t, here):
    """Return when the tour whose first stop is ``own`` (-1: the part itself) starts now, and whether as it did before.

    Where it does, all that follows stays as it was.
    """
    first = position == 0 if own < 0 else own == 0 and stage == 0
    start = start_of_tour(case, v, first, t, _earliest(case, before, v, own, position, part, alone))
    if own < 0 or stage == 0 or here != before[v, own, PLACE]:
        return start, False
    old = start_of_tour(case, v, own == 0, before[v, own, TIME], before[v, own, EARLIEST])
    return start, start == old


@compiled
def _too_much(case, wait, drive, most_wait, most_drive):
    """Whether what an insertion adds so far is too much; what follows is driven no earlier than before."""
    return wait > most_wait or (wait == most_wait and drive > most_drive and len(case.opens) == 1)


@compiled
def cost_of_insertion(case, plan, v, position, part, token, changed, instead, most_wait, most_drive):
    """Return whether a part can be inserted into row v, and the waiting and driving that it adds.

    Parameters
    ----------
    position
        Before the stop of this number.
    token
        Shelter (below 0) of a tour of its own, else NO_TOKEN.
    changed, instead
        The stop whose shelter becomes ``instead``; -1 for none.
    most_wait, most_drive
        An insertion that adds more is given up (not possible).
    """
    before = plan.before
    m = plan.length[v]
    alone = token != NO_TOKEN
    i = position
    if not alone and case.not_before[part] > before[v, position, EARLIEST]:
        i = before[v, position, FIRST]  # the whole tour starts later
    t, here, load, wheels, boarded, wait, driven = _standing(before, v, i)
    begun = load > 0
    stage = 0
    while True:
        own = np.int64(-1)
        if stage == 0 and i == position:
            stop = part
            stage = 1
        elif stage == 1 and alone:
            stop = token
            stage = 2
        else:
            more, drive = wait - before[v, i, WAITED], driven - before[v, i, DRIVEN]
            if i == m:
                return True, more, drive
            if stage > 0 and _too_much(case, more, drive, most_wait, most_drive):
                return False, most_wait, most_drive
            own = i
            stop = instead if i == changed else plan.rows[v, i]
            i += 1
        if not begun:
            t, same = _begins_anew(case, before, v, own, position, part, stage, alone, t, here)
            if same:
                return True, wait - before[v, own, WAITED], driven - before[v, own, DRIVEN]
            if t > case.until[here]:
                return False, most_wait, most_drive
            begun = True
        possible, here, t, load, wheels, boarded, more, drive = drive_to(case, v, stop, here, t, load, wheels, boarded)
        if not possible:
            return False, most_wait, most_drive
        begun = stop >= 0
        wait += more
        driven += drive
