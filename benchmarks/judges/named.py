"""The plans that are judged, by name.

A plan to be judged besides is one more function here; one that takes long is kept as a file in ``plans/``.
"""

from __future__ import annotations

from typing import Callable

from benchmarks.judges import dua_iterate
from benchmarks.judges.plans import (
    Case,
    Plan,
    few_ways_plan,
    individual_plan,
    informed_plan,
    keep_plan,
    kept_plan,
    present_plan,
    queue_plan,
)

PLANS: dict[str, Callable[[Case], Plan]] = {
    "individual": individual_plan,
    "present": present_plan,
    "informed": informed_plan,
    "queue": queue_plan,
    "few ways": few_ways_plan,
    dua_iterate.NAME: dua_iterate.find,
}
KEPT = ("present", "queue", "few ways", dua_iterate.NAME)  # a minute and more to make, and an hour


def planned(case: Case, name: str, anew: bool = False) -> Plan:
    """Return the plan ``name`` of PLANS for a case; one that takes long is read from its file unless asked for anew."""
    if name not in KEPT:
        return PLANS[name](case)
    plan = None if anew else kept_plan(case, name)
    if plan is None:
        plan = PLANS[name](case)
        keep_plan(case, plan)
    return plan
