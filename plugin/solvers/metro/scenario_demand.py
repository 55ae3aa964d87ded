"""From scenarios to a demand: types by the catalogue, quantities by the rules, [M] section 3.4."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import SolverError
from .scenario import Interval, Scenario, parse_interval
from .scenario_files import Catalogue, Rule

LEVELS = ("low", "expected", "high")
BY_OPERATOR = "known quantity"


@dataclass(frozen=True)
class Need:
    """Units of one resource at one incident.

    Attributes
    ----------
    incident, resource, group : str
        The group is the class of [M] section 3.2.
    low, expected, high : int
        Whole units, rounded up.
    basis : str
        Where the numbers come from.
    """

    incident: str
    resource: str
    group: str
    low: int
    expected: int
    high: int
    basis: str

    def at(self, level: str) -> int:
        """Return the units at one of :data:`LEVELS`."""
        return int(getattr(self, level))


def derive_demand(
    scenario: Scenario,
    catalogue: Catalogue,
    rules: Sequence[Rule],
    *,
    only: Iterable[str] = (),
    known: Mapping[str, Interval] | None = None,
) -> tuple[list[Need], list[str]]:
    """Return what a scenario needs, in the catalogue's order, and the resources that no rule covers.

    Parameters
    ----------
    only : iterable of str
        Resources to keep, in this order; empty for all of the emergency's type.
    known : mapping
        Quantities the operator knows, instead of the rules'; they may name resources the type does not need.
    """
    known = known or {}
    groups = catalogue.of(scenario.emergency_type)
    wanted = [name for name in only if name in groups] if list(only) else list(groups)
    wanted += [name for name in known if name not in wanted]
    needs, without = [], []
    for resource in wanted:
        group = groups.get(resource, "not in the catalogue for this type")
        if resource in known:
            ends = known[resource]
            low, expected, high = (whole_up(value) for value in (ends.low, ends.middle, ends.high))
            needs.append(Need(scenario.incident, resource, group, low, expected, high, BY_OPERATOR))
            continue
        of_resource = [rule for rule in rules if rule.resource == resource]
        if not any(rule.emergency_type in ("any", scenario.emergency_type) for rule in of_resource):
            without.append(resource)
        holding = [rule for rule in of_resource if rule.holds(scenario)]
        low, expected, high = (whole_up(sum(part)) for part in zip((0, 0, 0), *(r.amount(scenario) for r in holding)))
        basis = " + ".join(str(rule) for rule in holding) or "no rule holds"
        needs.append(Need(scenario.incident, resource, group, low, expected, high, basis))
    return needs, without


def whole_up(value: float) -> int:
    """Round up to whole units; floating-point noise does not add one."""
    return math.ceil(round(value, 9))


def parse_known(text: str) -> dict[str, Interval]:
    """Read ``"gas mask: 368; fume extractor: 10..14"``.

    Raises
    ------
    SolverError
        For a part that is not ``resource: number or lo..hi``, or a resource named twice.
    """
    known: dict[str, Interval] = {}
    for part in (part.strip() for part in text.replace("\n", ";").split(";")):
        if not part:
            continue
        name, sign, amount = (piece.strip() for piece in part.rpartition(":"))
        if not sign or not name or not amount:
            raise SolverError(f"KNOWN_QUANTITIES: “{part}” cannot be read. Write “resource: units; resource: lo..hi”.")
        if name in known:
            raise SolverError(f"KNOWN_QUANTITIES: “{name}” is there twice.")
        known[name] = parse_interval(amount, f"KNOWN_QUANTITIES, {name}")
    return known
