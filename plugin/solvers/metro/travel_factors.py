"""How weather and period lengthen travel times: coefficients of an editable file, [M] section 3.4."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..data_file import RESOURCES, read_lines
from ..errors import SolverError
from .scenario import check_value

SHIPPED = RESOURCES / "metro" / "travel_factors.csv"
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


def read_travel_factors(path: Path | str = SHIPPED) -> TravelFactors:
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
