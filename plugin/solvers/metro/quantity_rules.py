"""How many units of a resource a scenario asks for: rules of an editable file, [M] section 3.4.

[M] derives quantities from the event and the passengers and prints no rule for it; these are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..data_file import RESOURCES, Line, read_lines
from ..errors import SolverError
from .interval import Interval, parse_interval
from .scenario import CLOSED_LISTS, EMERGENCY_TYPES, QUANTITIES, Scenario, check_value

FIXED, ANY = "fixed", "any"
SHIPPED = RESOURCES / "metro" / "rules.csv"


@dataclass(frozen=True)
class Rule:
    """``units`` for every ``every`` of what ``per`` names, where all conditions hold.

    Attributes
    ----------
    emergency_type : str
        One of the four types, or "any".
    resource : str
    units : Interval
    per : str
        "fixed", or an element of :data:`~.scenario.QUANTITIES`.
    every : float
    when : tuple of (str, tuple of str)
        Elements with the values that fulfil the condition.
    """

    emergency_type: str
    resource: str
    units: Interval
    per: str
    every: float
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def holds(self, scenario: Scenario) -> bool:
        """Whether the rule is one for this scenario."""
        return self.emergency_type in (ANY, scenario.emergency_type) and all(
            getattr(scenario, element) in values for element, values in self.when
        )

    def amount(self, scenario: Scenario) -> tuple[float, float, float]:
        """Return the low, expected and high number of units, not rounded."""
        base = Interval(self.every, self.every) if self.per == FIXED else getattr(scenario, self.per)
        return tuple(  # type: ignore[return-value]
            units * value / self.every
            for units, value in (
                (self.units.low, base.low),
                (self.units.middle, base.middle),
                (self.units.high, base.high),
            )
        )

    def __str__(self) -> str:
        if self.per == FIXED:
            return f"{self.units}"
        every = "" if self.every == 1 else f" {self.every:g}"
        return f"{self.units} per{every} {self.per.replace('_', ' ')}"


def read_rules(path: Path | str = SHIPPED) -> list[Rule]:
    """Read the rules.

    Raises
    ------
    SolverError
        An unreadable file, number, condition or name; the text names the line.
    """
    columns = ("emergency_type", "resource", "units", "per", "every", "when")
    return [_rule(line) for line in read_lines(path, "RULES_FILE", columns)]


def idle_rules(rules: Sequence[Rule], resources: Iterable[str]) -> list[str]:
    """Return the resources that have rules but are not among ``resources``, each once."""
    known = set(resources)
    return list(dict.fromkeys(rule.resource for rule in rules if rule.resource not in known))


def _rule(line: Line) -> Rule:
    kind, per = line["emergency_type"], line["per"]
    if kind not in (ANY, *EMERGENCY_TYPES):
        raise SolverError(
            f"{line.where}: “{kind}” is no emergency type. It must be {ANY} or one of: {', '.join(EMERGENCY_TYPES)}."
        )
    if per not in (FIXED, *QUANTITIES):
        raise SolverError(f"{line.where}: “{per}” in the column per must be one of: {', '.join((FIXED, *QUANTITIES))}.")
    if not line["resource"]:
        raise SolverError(f"{line.where}: the resource has no name.")
    if not line["units"]:
        raise SolverError(f"{line.where}: units is empty. Write a number or an interval lo..hi.")
    units = parse_interval(line["units"], f"{line.where}, units")
    return Rule(kind, line["resource"], units, per, line.number("every"), _conditions(line))


def _conditions(line: Line) -> tuple[tuple[str, tuple[str, ...]], ...]:
    out = []
    for part in (part.strip() for part in line["when"].split("&")):
        if not part:
            continue
        element, sign, values = (text.strip() for text in part.partition("="))
        if not sign or element not in CLOSED_LISTS or element == "emergency_type":
            known = ", ".join(name for name in CLOSED_LISTS if name != "emergency_type")
            raise SolverError(
                f"{line.where}: the condition “{part}” cannot be read. Write element=value, with one of the elements "
                f"{known}."
            )
        alternatives = tuple(value.strip() for value in values.split("|"))
        for value in alternatives:
            check_value(element, value, line.where)
        out.append((element, alternatives))
    return tuple(out)
