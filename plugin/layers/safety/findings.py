"""What was found about the time to safety, in numbers and in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...solvers.naming import first_of
from ...solvers.safety.people import share_safe_by
from .case import SafetyCase

MINUTE = 60.0


def numbers_of(case: SafetyCase) -> dict[str, Any]:
    """Return the numbers of a run by name; without anybody who makes it there is no MINUTES_95."""
    numbers: dict[str, Any] = {
        "PEOPLE": case.all_people,
        "TOO_LATE": case.too_late,
        "PEOPLE_WITHOUT_PLACE": case.people.unplaced,
    }
    if case.too_late < case.all_people:
        numbers["MINUTES_95"] = share_safe_by(case.fate.arrival, case.counts) / MINUTE
    return numbers


def sentences(case: SafetyCase) -> list[str]:
    """Return what matters most, in words."""
    inside, one, network = case.piece_inside, case.pieces, case.read.network
    metres = network.piece_lengths()
    total = float(metres[inside].sum())
    said = [f"{len(case.places)} safe place(s): {first_of(case.places)}."] if case.places else []
    if total > 0:
        far = inside & np.isfinite(one.seconds)
        longest = float(one.seconds[far].max(initial=0.0)) / MINUTE
        cut_off = float(metres[inside & ~np.isfinite(one.seconds)].sum())
        late = float(metres[far & (one.latest < case.reaction)].sum())
        said.append(
            f"{total / 1000.0:,.1f} km of road have to be left; from the farthest safety is {longest:.1f} minutes away "
            f"on empty roads. From {late / 1000.0:,.1f} km one is too late after {case.reaction / MINUTE:g} minutes; "
            f"{cut_off / 1000.0:,.1f} km have no way to safety at all."
        )
    if case.all_people:
        safe = case.all_people - case.too_late
        said.append(
            f"{safe:,} of {case.all_people:,} people make it on empty roads when they leave {case.reaction / MINUTE:g} "
            f"minutes after their order; {case.too_late:,} do not"
            + (f", of whom {case.without_way:,} have no way on the roads" if case.without_way else "")
            + ". Queues only make it later: this is the best case."
        )
    return said
