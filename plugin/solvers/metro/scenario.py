"""The two-level scenario of a metro emergency, in values or estimated intervals: [M] section 3.3 and Table 2."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import SolverError


@dataclass(frozen=True)
class Interval:
    """A number that lies between ``low`` and ``high``; both are the same where it is known.

    Attributes
    ----------
    low, high : float
        Not negative, finite, low <= high.
    """

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The value to expect."""
        return (self.low + self.high) / 2.0

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g}..{self.high:g}"


ZERO = Interval(0.0, 0.0)


def parse_interval(text: str, name: str) -> Interval:
    """Read ``"40"`` or ``"40..60"``; an empty text is 0.

    Raises
    ------
    SolverError
        When it cannot be read, an end is negative or not finite, or the ends are exchanged; ``name`` says where.

    Examples
    --------
    >>> parse_interval("40..60", "STRANDED").middle
    50.0
    """
    parts = [part.strip() for part in str(text).split("..")]
    if parts == [""]:
        return ZERO
    try:
        if len(parts) > 2:
            raise ValueError
        low, high = float(parts[0]), float(parts[-1])
    except ValueError:
        raise SolverError(
            f"{name}: “{text}” cannot be read. Write a number, or an interval as “lo..hi”, for example 40..60."
        ) from None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SolverError(f"{name}: “{text}” is not finite.")
    if low < 0:
        raise SolverError(f"{name}: “{text}” is negative; it must be 0 or more.")
    if high < low:
        raise SolverError(f"{name}: in “{text}” the upper end lies below the lower one. Exchange the two.")
    return Interval(low, high)


EMERGENCY_TYPES = ("natural disaster", "production safety", "social security", "public health")
STAGES = ("initial", "middle", "end")
PERIODS = ("peak", "secondary peak", "off-peak")
SPECIAL_DATES = ("working day", "weekend", "holiday")
STATION_TYPES = ("transfer", "terminal", "normal")
SPOTS = ("carriage", "platform", "gate", "ladder", "tunnel")
WEATHERS = ("clear", "fog", "rain", "heavy rain", "snow", "typhoon", "flood")

# Second-level elements with a closed list of values ([M] has no list for the weather: this one is ours).
CLOSED_LISTS = {
    "emergency_type": EMERGENCY_TYPES,
    "stage": STAGES,
    "period": PERIODS,
    "special_date": SPECIAL_DATES,
    "station_type": STATION_TYPES,
    "spot": SPOTS,
    "weather": WEATHERS,
    "weather_later": WEATHERS,
}
# Second-level elements that are numbers or intervals, with their units.
QUANTITIES = {
    "interruption": "minutes",
    "fatalities": "people",
    "wounded": "people",
    "property_loss": "",  # in the currency of the costs
    "flow_volume": "people per hour",
    "flow_density": "people per m²",
    "stranded": "people",
}
TEXTS = ("cause", "occurred", "now", "line", "station")
# First level: dimension, the part it plays in the chain of [M] section 3.3, its second-level elements. The demand and
# the supply are tables of their own.
DIMENSIONS = (
    (
        "Event",
        "causing",
        ("emergency_type", "cause", "interruption", "fatalities", "wounded", "property_loss", "stage"),
    ),
    ("Passengers", "bearing", ("flow_volume", "flow_density", "stranded")),
    ("Time", "breeding", ("occurred", "now", "period", "special_date")),
    ("Location", "bearing", ("line", "station", "station_type", "spot")),
    ("Environment", "breeding", ("weather", "weather_later")),
)


@dataclass(frozen=True)
class Scenario:
    """One incident, described in the five dimensions that are not demand and supply.

    Attributes
    ----------
    incident : str
        Its id.
    emergency_type, stage, period, special_date, station_type, spot, weather, weather_later : str
        Values of :data:`CLOSED_LISTS`.
    cause, occurred, now, line, station : str
    interruption, fatalities, wounded, property_loss, flow_volume, flow_density, stranded : Interval
        In the units of :data:`QUANTITIES`.
    """

    incident: str
    emergency_type: str = "production safety"
    cause: str = ""
    interruption: Interval = ZERO
    fatalities: Interval = ZERO
    wounded: Interval = ZERO
    property_loss: Interval = ZERO
    stage: str = "initial"
    flow_volume: Interval = ZERO
    flow_density: Interval = ZERO
    stranded: Interval = ZERO
    occurred: str = ""
    now: str = ""
    period: str = "off-peak"
    special_date: str = "working day"
    line: str = ""
    station: str = ""
    station_type: str = "normal"
    spot: str = "platform"
    weather: str = "clear"
    weather_later: str = "clear"

    def __post_init__(self) -> None:
        for element in CLOSED_LISTS:
            check_value(element, getattr(self, element), f"The scenario of {self.incident}")

    def text(self, element: str) -> str:
        """Return an element as text, with its unit."""
        value = getattr(self, element)
        if not isinstance(value, Interval):
            return str(value)
        return f"{value} {QUANTITIES[element]}".strip()


def check_value(element: str, value: str, where: str) -> None:
    """Raise :class:`SolverError` for a value that is not in the element's closed list."""
    if value not in CLOSED_LISTS[element]:
        raise SolverError(f"{where}: “{value}” is no {element}. It must be one of: {', '.join(CLOSED_LISTS[element])}.")
