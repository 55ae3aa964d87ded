"""How what is said of vehicles is said of people, where everybody walks or some do."""

from __future__ import annotations

import re

# Of words that begin alike the longer one comes first.
OF_PEOPLE = {
    "vehicle-": "person-",
    "Vehicle-": "Person-",
    "vehicles/h": "persons/h",
    "vehicle(s)": "person(s) on foot",
    "vehicles": "people on foot",
    "Vehicles": "People on foot",
    "vehicle": "person on foot",
    "drivers with": "people with",
    "Drivers with": "People with",
}
OF_BOTH = {
    "vehicle-": "unit-",
    "Vehicle-": "Unit-",
    "vehicles/h": "units/h",
    "vehicle(s)": "vehicle(s) or people on foot",
    "vehicles": "vehicles and people on foot",
    "Vehicles": "Vehicles and people on foot",
    "vehicle": "vehicle or person on foot",
    "drivers with": "drivers and walkers with",
    "Drivers with": "Drivers and walkers with",
}
_WORD = re.compile("“[^”]*”|" + "|".join(map(re.escape, OF_PEOPLE)))  # names of fields and layers stay


def said_of_people(text: str) -> str:
    """Return ``text`` with people on foot where it has vehicles, but in “quotes”.

    Examples
    --------
    >>> said_of_people("Delay (vehicle-hours) at 300 vehicles/h of “vehicles”")
    'Delay (person-hours) at 300 persons/h of “vehicles”'
    """
    return _WORD.sub(lambda found: OF_PEOPLE.get(found[0], found[0]), text)


def said_of_both(text: str) -> str:
    """Return ``text`` with vehicles and people on foot where it has vehicles, but in “quotes”.

    Examples
    --------
    >>> said_of_both("40 vehicles take 2 vehicle-hours")
    '40 vehicles and people on foot take 2 unit-hours'
    """
    return _WORD.sub(lambda found: OF_BOTH.get(found[0], found[0]), text)
