"""What a second of delay costs everyone: the adjoint of the event simulation, from the last event back to the first.

A vehicle that is held up on an arc stays on it longer, and slows those that enter then; it enters its next arc later,
where it meets more or fewer vehicles than it would have met and spares those that now enter before it. Let W be the
derivative of everyone's total time by the moment at which a vehicle leaves an arc, U that by the moment at which it
enters one, d the seconds by which one vehicle more slows those that enter, and in(t), out(t) the rates at which
vehicles enter and leave the arc. With e and x a vehicle's entry and exit, and W(x) that of those who enter at x,

    W = U(next arc) + in(x) d(x) W(x),      U = W (1 - d(e) out(e)),

and U = 1 at the destination. In a steady flow U = 1 on all arcs and W = 1 / (1 - d in): who is held up holds up those
who enter meanwhile, and these others again. (Ours. Rates are counted over the time of a stay.)
"""

from __future__ import annotations

import numpy as np

from ...control import Control
from ...kernels import compiled
from ..shared.problem import RoutingProblem
from ..shared.schedule import Schedule
from ..shared.timetable import Timetable, copied, seek
from ..shared.volume_delay import slowing

SLICE = 250_000  # hops between two looks at whether the user wants to stop
LARGEST = 20.0  # of a value: above, the rates are too uncertain


@compiled
def kept_between(value):
    """Return a value of delay within the bounds."""
    if value < 0.0:
        return 0.0
    return LARGEST if value > LARGEST else value


@compiled
def value_hops(cost, table, arc, entry, arrival, ends, order, last_hop, steps, near, enter_value, at_entry):
    """Fill the values U (k,) of up to ``steps`` hops, and W of their vehicles by the place in the timetable's entries.

    Parameters
    ----------
    arc, entry, ends : (k,)
        Hops of all trips, one after the other; ``ends`` is the number of the trip from 1 on at its last one, else 0.
    arrival : (t,) float64
        When each trip arrives.
    order : (k,) int32
        Hops in the order of their exits; those before position ``last_hop`` are still to do.
    near : (m, 8) int64
        Scratch: how many entries or exits of an arc lay before the last moments asked for; all of them at first.
    """
    for k in range(last_hop - 1, max(last_hop - steps, 0) - 1, -1):
        hop = order[k]
        hop_arc = arc[hop]
        first = table.start[hop_arc]
        last = first + table.size[hop_arc]
        come = np.float32(entry[hop])
        gone = np.float32(arrival[ends[hop] - 1] if ends[hop] > 0 else entry[hop + 1])
        stay = max(float(gone - come), 1e-6)
        half = 0.5 * stay
        count = near[hop_arc]
        value = 1.0 if ends[hop] > 0 else enter_value[hop + 1]
        behind = seek(table.entries, first, last, count[0], gone)
        count[0] = behind
        if first + behind < last:
            count[1] = seek(table.entries, first, last, count[1], gone + half)
            count[2] = seek(table.entries, first, last, count[2], gone - half)
            count[3] = seek(table.exits, first, last, count[3], gone)
            slower = slowing(cost, hop_arc, behind - count[3], gone)
            value += slower * (count[1] - count[2]) / stay * at_entry[first + behind]
        value = kept_between(value)
        place = seek(table.entries, first, last, count[4], come) - 1
        count[4] = place + 1
        at_entry[first + place] = value
        count[5] = seek(table.exits, first, last, count[5], come + half)
        count[6] = seek(table.exits, first, last, count[6], come - half)
        count[7] = seek(table.exits, first, last, count[7], come)
        slower = slowing(cost, hop_arc, place - count[7], come)
        enter_value[hop] = kept_between(value * (1.0 - slower * (count[5] - count[6]) / stay))


@compiled
def add_up(table, at_entry):
    """Set the values of delays in the timetable from that of each vehicle."""
    for arc in range(len(table.start)):
        total = 0.0
        for k in range(table.start[arc], table.start[arc] + table.size[arc]):
            total += at_entry[k]
            table.delay_value[k] = total


def valued_timetable(problem: RoutingProblem, schedule: Schedule, control: Control | None = None) -> Timetable:
    """Return a copy of the timetable of a recorded ``schedule`` with the value of a delay to each vehicle.

    Raises
    ------
    Cancelled
        When the user stops.
    """
    control = control or Control()
    if schedule.table is None or schedule.order is None:
        raise ValueError("The schedule was not recorded.")
    table, hops = copied(schedule.table, control), len(schedule.arc)
    ends, used = np.zeros(hops, dtype=np.int32), np.flatnonzero(np.diff(schedule.indptr))
    ends[schedule.indptr[used + 1] - 1] = used + 1
    near = np.repeat(table.size[:, None], 8, axis=1)
    enter_value, at_entry = np.empty(hops), np.ones(int(table.used[0]), dtype=np.float32)
    for last_hop in range(hops, 0, -SLICE):
        control.stop_if_cancelled()
        value_hops(
            problem.cost, table, schedule.arc, schedule.entry, schedule.arrival, ends, schedule.order, last_hop, SLICE,
            near, enter_value, at_entry,
        )  # fmt: skip
    add_up(table, at_entry)
    return table
