"""The best rescue points of one number."""

from __future__ import annotations

from dataclasses import dataclass

from .allocation import Worth


@dataclass(frozen=True)
class Choice:
    """The best of all subsets with at most ``count`` rescue points.

    Attributes
    ----------
    count : int
    stations : tuple of int
        Indices of the rescue points chosen.
    missing, late : int
        Units missing, and demands without one unit on time.
    worth : Worth
        Of the best allocation from these rescue points.
    proved : bool
        Whether no other subset is better.
    """

    count: int
    stations: tuple[int, ...]
    missing: int
    late: int
    worth: Worth
    proved: bool
