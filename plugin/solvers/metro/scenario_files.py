"""The editable files of a scenario: resources by emergency type ([M] Table 1), quantity rules, travel factors.

[M] derives quantities from the event and the passengers (section 3.4) and prints no rule for it; these are ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..data_file import RESOURCES, Line, read_lines
from ..errors import SolverError
from .scenario import CLOSED_LISTS, EMERGENCY_TYPES, QUANTITIES, Interval, Scenario, check_value, parse_interval

CLASSES = ("site management", "life rescue", "engineering")  # [M] section 3.2
CATALOGUE = RESOURCES / "metro" / "catalogue.csv"


@dataclass(frozen=True)
class Catalogue:
    """Resources by emergency type.

    Attributes
    ----------
    needs : dict
        From the emergency type to its resources in their order, each with its class.
    """

    needs: dict[str, dict[str, str]]

    @property
    def resources(self) -> list[str]:
        """Every resource of any type, once."""
        return list(dict.fromkeys(name for needs in self.needs.values() for name in needs))

    def of(self, emergency_type: str) -> dict[str, str]:
        """Return the resources of a type, each with its class; empty for a type the file does not have."""
        return self.needs.get(emergency_type, {})

    def check_names(self, names: list[str], parameter: str) -> None:
        """Raise :class:`SolverError` for a resource that is not in the catalogue, with the closest name."""
        for name in names:
            if name not in self.resources:
                close = difflib.get_close_matches(name, self.resources, n=1, cutoff=0.6)
                hint = f" Is “{close[0]}” meant?" if close else ""
                raise SolverError(f"{parameter}: the catalogue has no resource “{name}”.{hint}")


def read_catalogue(path: Path | str = CATALOGUE) -> Catalogue:
    """Read a catalogue.

    Raises
    ------
    SolverError
        An unreadable file, an unknown type or class, a resource without a name or twice in one type.
    """
    needs: dict[str, dict[str, str]] = {}
    for line in read_lines(path, "CATALOGUE_FILE", ("emergency_type", "class", "resource")):
        kind, group, resource = line["emergency_type"], line["class"], line["resource"]
        check_value("emergency_type", kind, line.where)
        if group not in CLASSES:
            raise SolverError(f"{line.where}: “{group}” is no class. It must be one of: {', '.join(CLASSES)}.")
        if not resource:
            raise SolverError(f"{line.where}: the resource has no name.")
        if resource in needs.setdefault(kind, {}):
            raise SolverError(f"{line.where}: “{resource}” is there twice for {kind}. Delete one of the rows.")
        needs[kind][resource] = group
    return Catalogue(needs)


FIXED, ANY = "fixed", "any"
RULES = RESOURCES / "metro" / "rules.csv"


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


def read_rules(path: Path | str = RULES) -> list[Rule]:
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


FACTORS = RESOURCES / "metro" / "travel_factors.csv"
_ELEMENTS = ("weather", "period")


@dataclass(frozen=True)
class TravelFactors:
    """Factors on the travel time by weather and by period; 1 for what the file does not have."""

    weather: dict[str, float]
    period: dict[str, float]

    def of_weather(self, weather: str) -> float:
        """Return the factor of a weather."""
        return self.weather.get(weather, 1.0)

    def of_period(self, period: str) -> float:
        """Return the factor of a passenger flow period."""
        return self.period.get(period, 1.0)


def read_travel_factors(path: Path | str = FACTORS) -> TravelFactors:
    """Read the factors.

    Raises
    ------
    SolverError
        An unreadable file or factor, an unknown weather or period, or one that is there twice.
    """
    factors: dict[str, dict[str, float]] = {element: {} for element in _ELEMENTS}
    for line in read_lines(path, "FACTORS_FILE", ("element", "value", "factor")):
        element, value = line["element"], line["value"]
        if element not in factors:
            raise SolverError(f"{line.where}: “{element}” must be one of: {', '.join(_ELEMENTS)}.")
        check_value(element, value, line.where)
        if value in factors[element]:
            raise SolverError(f"{line.where}: the {element} “{value}” is there twice. Delete one of the rows.")
        factors[element][value] = line.number("factor")
    return TravelFactors(**factors)
