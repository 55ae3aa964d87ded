"""Who walks, how far, and who farther than people can be asked to."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .errors import SolverError
from .naming import first_of
from .numerals import number_in

MOST_KILOMETRES = 100.0  # more is metres written for kilometres
HAIR = 1e-6  # metres by which sums of floats may miss a limit
_TWO_IN_ONE = re.compile(r":\s*[\d.,]+[,\s]")  # elderly:1.5, children:2


@dataclass(frozen=True)
class MaxWalk:
    """How far people can be asked to walk.

    Attributes
    ----------
    everybody : float
        Metres for classes without a limit of their own, infinite for no limit.
    by_class : mapping of str to float
        Metres by class, as the user wrote it.
    """

    everybody: float = math.inf
    by_class: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return bool(self.by_class) or math.isfinite(self.everybody)

    def metres(self, classes: Sequence[str]) -> np.ndarray:
        """Return the limit (k,) float64 of people of ``classes``, m; upper and lower case are the same."""
        own = {name.casefold(): limit for name, limit in self.by_class.items()}
        return np.array([own.get(name.casefold(), self.everybody) for name in classes], dtype=np.float64)

    def unknown(self, classes: Iterable[str]) -> str:
        """Return a sentence on limits of classes that are not among ``classes``, "" for none."""
        there = {name.casefold(): name for name in classes}
        strange = [name for name in self.by_class if name.casefold() not in there]
        if not strange:
            return ""
        known = first_of([f"“{name}”" for name in there.values()]) or "none"
        return (
            f"MAX_WALK: there is no class {first_of([f'“{name}”' for name in strange])} among the people; the classes "
            f"are {known}."
        )

    def refuse_unknown(self, classes: Iterable[str]) -> None:
        """Refuse limits of classes that are not among ``classes``.

        Raises
        ------
        SolverError
        """
        text = self.unknown(classes)
        if text:
            raise SolverError(text)


def read_max_walk(text: Any) -> MaxWalk:
    """Return the limits that a text such as "2", "elderly:1.5; children:2" or "2; elderly:1" gives in kilometres.

    A number without a class holds for everybody who has none of his own. None and an empty text are no limit.

    Raises
    ------
    SolverError
        What is no number, not above 0 or beyond what anybody walks, a class without a name or named twice.

    Examples
    --------
    >>> read_max_walk("2; elderly:0.5")
    MaxWalk(everybody=2000.0, by_class={'elderly': 500.0})
    """
    everybody: list[float] = []
    by_class: dict[str, float] = {}
    parts = [] if text is None else [part.strip() for part in str(text).split(";")]
    for part in filter(None, parts):
        name, colon, number = part.rpartition(":")
        name = name.strip().strip("“”\"'").strip()
        metres = 1000.0 * _kilometres("" if _TWO_IN_ONE.search(name) else number, part)
        if colon and not name:
            raise SolverError(f"MAX_WALK: “{part}” names no class before the colon. Write a class and km: elderly:1.5")
        if not colon:
            everybody.append(metres)
        elif name.casefold() in (known.casefold() for known in by_class):
            raise SolverError(f"MAX_WALK: the class “{name}” is given twice. Keep one of them.")
        else:
            by_class[name] = metres
    if len(everybody) > 1:
        raise SolverError(
            f"MAX_WALK: “{text}” has two numbers for everybody. Give one, and a class before each other: elderly:1.5"
        )
    return MaxWalk(everybody[0] if everybody else math.inf, by_class)


def _kilometres(number: str, part: str) -> float:
    value = number_in(number)
    if math.isnan(value):
        raise SolverError(
            f"MAX_WALK: “{part}” is no number of kilometres, nor a class and one. Write 2, or by class elderly:1.5; "
            "children:2 (semicolons between the classes)."
        )
    if value <= 0.0:
        raise SolverError(f"MAX_WALK: “{part}” must be more than 0 km. Leave MAX_WALK empty for no limit.")
    if value > MOST_KILOMETRES:
        raise SolverError(
            f"MAX_WALK: “{part}” is farther than anybody walks (at most {MOST_KILOMETRES:g} km). The number is "
            "kilometres, not metres."
        )
    return value


class Walks(NamedTuple):
    """Whole people who walk, metres of the longest walk (0 for none), and whole people beyond their limit."""

    people: int
    longest: float
    over: int


def walks_of(people: np.ndarray, metres: np.ndarray, limit: np.ndarray) -> Walks:
    """Return how many walk, how far, and how many of them farther than their limit.

    Parameters
    ----------
    people : (k,) int
        Of each way on foot; ways of nobody count for nothing.
    metres : (k,) float64
        Its length from place to door.
    limit : (k,) float64
        Metres, as :meth:`MaxWalk.metres`; a way as long as the limit is not beyond it.

    Raises
    ------
    ValueError
        When people are negative, or some of them have a way without a length.

    Examples
    --------
    >>> walks_of(np.array([3, 2, 0]), np.array([900.0, 1600.0, 5000.0]), np.array([np.inf, 1500.0, 1.0]))
    Walks(people=5, longest=1600.0, over=2)
    """
    people = np.asarray(people, dtype=np.int64)
    somebody = people != 0
    people, metres, limit = people[somebody], np.asarray(metres, float)[somebody], np.asarray(limit, float)[somebody]
    if np.any(people < 0) or not np.all(metres >= 0.0) or np.isinf(metres).any():
        raise ValueError("a walk has a negative number of people, or no length")
    return Walks(
        int(people.sum()), float(metres.max(initial=0.0)), int(people[metres > limit * (1.0 + 1e-12) + HAIR].sum())
    )


def walk_sentence(found: Walks, limit: MaxWalk) -> str:
    """Return how many walk, how far, and how many farther than they can be asked to; "" where nobody walks."""
    if not found.people:
        return ""
    over = f"; {found.over:,} of them farther than MAX_WALK" if limit else ""
    return f"{found.people:,} people are on foot, the longest walk is {found.longest:,.0f} m{over}."
