"""Evidence of one stage of a choice made in order: what was reached, what was proved, by whom, in which time."""

from __future__ import annotations

from dataclasses import dataclass

from ..gap import gap_percent

UNCOVERED, SITES, TRAVEL, TRAVEL_AND_SITES = (
    "uncovered people",
    "sites",
    "person-minutes",
    "person-minutes with those of the sites",
)


@dataclass(frozen=True)
class Stage:
    """One objective of a lexicographic choice (all minimised).

    Attributes
    ----------
    name : str
        UNCOVERED, SITES, TRAVEL or TRAVEL_AND_SITES.
    value : float
        What the chosen set reaches.
    bound : float or None
        No set does better than this, given the stages before; None where nothing was proved.
    proved : bool
        Whether value and bound agree (within the gap asked for).
    method : str
        How, with the solver's name and version where one was used.
    seconds : float
    """

    name: str
    value: float
    bound: float | None
    proved: bool
    method: str
    seconds: float

    @property
    def gap(self) -> float | None:
        """The gap in percent, None without a bound; 0 where nothing is left to gain."""
        gap = gap_percent(self.value, self.bound, noise=0.0) if self.value > 0.0 else 0.0
        return None if self.bound is None or gap is None else max(0.0, gap)

    def sentence(self) -> str:
        """Return the evidence as a line for the log."""
        if self.bound is None:
            proof = "no bound"
        elif self.gap:
            proof = f"the proven bound lies {self.gap:.3g} % below"
        else:
            proof = "proved best"
        value = f"{self.value:,.0f}" if abs(self.value - round(self.value)) < 0.005 else f"{self.value:,.2f}"
        return f"Choice, {self.name}: {value} ({proof}; {self.method}; {self.seconds:.1f} s)."
