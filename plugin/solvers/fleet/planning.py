"""The plan of one period: starts, ruin and recreate, local search; of few requests the best of all plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..control import Control
from .arrays import LESS, MORE, Case, Plan, Value
from .changing import add_used
from .exact import best_of_all, few
from .local_search import improve
from .regret import insert_waiting
from .ruin import drive, ruin_and_recreate, value
from .walking import drive_row
from .with_pyvrp import handed_out, least_driving

Row = list[int]
LEAST_ATTEMPTS, SWEEPS = 50, 20
MOST_STEPS = 5_000_000  # of the search through all plans of few requests


class Planned(NamedTuple):
    """A plan.

    Attributes
    ----------
    plan : Plan
    value : Value
    proved : bool
        Whether all plans were tried.
    """

    plan: Plan
    value: Value
    proved: bool


def plan_of_rows(case: Case, rows: Sequence[Row]) -> Plan:
    """Return the plan of these rows, without the tours that are not possible or for which there is no room."""
    plan = Plan.empty(case)
    drive(case, plan)  # rows of no tours, too: an insertion reads where each vehicle is
    for v, row in enumerate(rows):
        tours, begin = [], 0
        for i, token in enumerate(row):
            if token < 0:
                tours.append(row[begin : i + 1])
                begin = i + 1
        kept: Row = []
        for tour in tours:
            _set_row(case, plan, v, [*kept, *tour])
            if drive_row(case, plan, v, v) and (plan.used <= case.room).all():
                kept += tour
        _set_row(case, plan, v, kept)
        drive_row(case, plan, v, v)
    for v in range(len(case.seats)):
        for token in plan.rows[v, : plan.length[v]].tolist():
            if token >= 0:
                plan.row_of[token] = v
    return plan


def _set_row(case: Case, plan: Plan, v: int, row: Row) -> None:
    add_used(case, plan, v, LESS)
    plan.rows[v, : len(row)] = row
    plan.length[v] = len(row)
    add_used(case, plan, v, MORE)


def rows_of(plan: Plan, case: Case) -> list[Row]:
    """Return the stops of each vehicle."""
    return [plan.rows[v, : plan.length[v]].tolist() for v in range(len(case.seats))]


def make_plan(
    case: Case,
    starts: Sequence[Sequence[Row]],
    rounds: int,
    seed: int,
    control: Control,
    *,
    exact: bool = True,
    pyvrp: int = 0,
) -> Planned:
    """Plan the tours of one period for least unserved, then least waiting, then least driving.

    Parameters
    ----------
    case : Case
    starts : sequence of rows of all vehicles
        Plans to start from besides regret insertion, which is done from nothing, and after what each start holds; the
        plan is never worse than any of them whose tours are possible.
    rounds : int
        Of ruin and recreate, with about as many attempts as there are parts, each followed by local search.
    seed : int
    exact : bool
        Whether to try all plans where there are few requests.
    pyvrp : int
        Iterations of PyVRP for one more start, from which the whole search is done again; 0 for none.

    Raises
    ------
    Cancelled
    MissingDependency
        Without PyVRP, where it is asked for.
    """
    best = Plan.empty(case)
    drive(case, best)
    if not case.parts or not len(case.seats) or not len(case.room):
        return Planned(best, value(case, best), True)
    for rows in [[], *starts]:
        plan = plan_of_rows(case, rows)
        insert_waiting(case, plan, control)
        if value(case, plan) < value(case, best):
            best = plan
    found, proved = _searched(case, best, rounds, seed, control.part(0.0, 0.5 if pyvrp else 1.0)), False
    if pyvrp:
        plan = plan_of_rows(case, handed_out(case, least_driving(case, pyvrp, seed, control)))
        insert_waiting(case, plan, control)
        plan = _searched(case, plan, rounds, seed, control.part(0.5, 1.0))
        if value(case, plan) < value(case, found):
            found = plan
    if exact and few(case):
        found, proved = best_of_all(case, found, MOST_STEPS, control)
    return Planned(found, value(case, found), proved)


def _searched(case: Case, plan: Plan, rounds: int, seed: int, control: Control) -> Plan:
    """Return the best plan found from a plan, which is changed."""
    attempts = max(case.parts, LEAST_ATTEMPTS)
    improve(case, plan, SWEEPS, control)
    for k in range(rounds):
        if control.effort.passed():
            break
        plan = ruin_and_recreate(case, plan, attempts, seed + k, control.part(k / rounds, (k + 1) / rounds))
        improve(case, plan, SWEEPS, control)
    return plan
