"""What ends a solver: a problem that cannot be solved as given, or the user."""

from __future__ import annotations


class Cancelled(Exception):
    """The user asked to stop."""


class SolverError(ValueError):
    """The problem cannot be solved as given; the text says what to mend, in words for the user."""
