"""What can be said of an allocation before the solver is asked: who cannot be sheltered, and what would help."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.allocation.problem import WHERE_NEEDED, WHOLE, Allocation, AllocationProblem
from ...solvers.allocation.room import Shortage, tightest
from ...solvers.naming import NAMED_IN_LOG, counted, heads
from .groups import Groups, Shelters


def explain_shortage(
    groups: Groups,
    shelters: Shelters,
    room: np.ndarray,
    allowed: np.ndarray,
    split: int,
    limited: bool,
    feedback: QgsProcessingFeedback,
) -> list[str]:
    """Warn of each reason for which some people cannot be sheltered, in a sentence; returns the sentences.

    Parameters
    ----------
    room : (n,) float64
        People whom each shelter may take: its capacity, or what its doors let in.
    allowed : (g, n) bool
        Pairs of group and shelter in reach.
    split : int
        Whether groups may be divided: ``WHOLE``, ``WHERE_NEEDED`` or ``FREE``.
    limited : bool
        Whether there is a longest distance or travel time.
    """
    said = []
    short = int(groups.sizes.sum() - room.sum())
    if short > 0:
        said.append(f"SHELTERS: there are {short} places too few; as many people as possible get one.")
    said += _out_of_reach(groups, shelters, allowed, limited)
    if split == WHOLE:
        said += _too_large(groups, room, allowed)
    said += _too_few_in_reach(groups, shelters, room, allowed, short)
    tight = np.flatnonzero(room < shelters.capacity)
    if said and len(tight):
        named = [f"{shelters.places.ids[j]} ({room[j]:.0f} of {shelters.capacity[j]:.0f})" for j in tight.tolist()]
        said.append(
            f"DOOR_MINUTES: of {counted(len(tight), 'shelter')} only the places count that their doors let people into "
            f"in time: {_some(named)}."
        )
    for text in said:
        feedback.pushWarning(text)
    return said


def explain_shortage_by_doors(
    groups: Groups,
    shelters: Shelters,
    room: np.ndarray,
    allowed: np.ndarray,
    split: int,
    limited: bool,
    feedback: QgsProcessingFeedback,
) -> list[str]:
    """Warn as :func:`explain_shortage` where some walk: ``room`` (n,) is for those who drive, capacity for all."""
    said = explain_shortage(groups, shelters, shelters.capacity, allowed, split, limited, feedback)
    driving = ~groups.on_foot
    silent = QgsProcessingFeedback(False)
    some = groups.only(driving)
    for text in explain_shortage(some, shelters, room, allowed[driving], split, limited, silent):
        if not text.startswith("ZONES:"):  # who is out of reach was said of all
            said.append(f"By car: {text}")
            feedback.pushWarning(said[-1])
    return said


def tell_divided(
    groups: Groups, problem: AllocationProblem, found: Allocation, feedback: QgsProcessingFeedback
) -> None:
    """Say which groups are divided, where groups are only where that is needed."""
    divided = problem.in_parts(found.people)
    if problem.split != WHERE_NEEDED or not divided.any():
        return
    keys = groups.keys()
    for which, why in (
        (divided & problem.divisible, "being larger than any shelter in reach"),
        (divided & ~problem.divisible, "so that everybody who can be placed is"),
    ):
        names = [f"zone {keys[i][0]}, class {keys[i][1]}" for i in np.flatnonzero(which).tolist()]
        if names:
            feedback.pushInfo(f"SPLIT: {counted(len(names), 'group')} divided, {why}: {_some(names)}.")


def _out_of_reach(groups: Groups, shelters: Shelters, allowed: np.ndarray, limited: bool) -> list[str]:
    alone = ~allowed.any(axis=1)
    if not alone.any():
        return []
    zones = [groups.zones.ids[m] for m in np.unique(groups.zone[alone]).tolist()]
    mend = "Raise MAX_DISTANCE or MAX_TRAVEL_TIME, or add shelters near them" if limited else "Add shelters, or roads"
    return [
        f"ZONES: {counted(len(zones), 'zone')} with {heads(int(groups.sizes[alone].sum()))} "
        f"{'has' if len(zones) == 1 else 'have'} no shelter in reach: {_some(zones)}. {mend}."
    ]


def _too_large(groups: Groups, room: np.ndarray, allowed: np.ndarray) -> list[str]:
    most = np.where(allowed, room, 0.0).max(axis=1, initial=0.0)
    large = np.flatnonzero((groups.sizes > most) & (most >= 1))
    if not len(large):
        return []
    keys = groups.keys()
    names = [f"zone {keys[i][0]}, class {keys[i][1]} ({groups.sizes[i]} > {most[i]:.0f})" for i in large.tolist()]
    return [
        f"GROUP_FIELDS: {counted(len(large), 'group')} with {heads(int(groups.sizes[large].sum()))} cannot go "
        f"together, larger than any shelter in reach: {_some(names)}. Allow groups to be divided where needed "
        "(SPLIT 1), or use smaller zones."
    ]


def _too_few_in_reach(
    groups: Groups, shelters: Shelters, room: np.ndarray, allowed: np.ndarray, short: int
) -> list[str]:
    """Name the zones that together reach too few places, unless all shelters together have too few."""
    zones = len(groups.zones)  # those who walk reach other shelters than those who drive
    people = np.bincount(groups.row, groups.sizes, 2 * zones).astype(np.int64)
    reach = np.zeros((2 * zones, len(room)), dtype=bool)
    reach[groups.row] = allowed
    found: Shortage | None = tightest(people, reach, room)
    if found is None or not len(found.shelters) or found.missing <= max(short, 0):
        return []
    there = np.unique(found.zones % zones)
    return [
        f"SHELTERS: {counted(len(there), 'zone')} with {heads(found.people)} "
        f"({_some([groups.zones.ids[m] for m in there.tolist()])}) reach only "
        f"{counted(len(found.shelters), 'shelter')} with {found.places} places "
        f"({_some([shelters.places.ids[j] for j in found.shelters.tolist()])}): at least {heads(found.missing)} there "
        "stay without a place whatever the plan. Add room there, or let them go farther."
    ]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED_IN_LOG]) + (", ..." if len(names) > NAMED_IN_LOG else "")
