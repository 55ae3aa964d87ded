"""How texts that speak of vehicles speak of people, where everybody walks."""

from __future__ import annotations

# In this order: words of the left become those of the right.
WORDS = (
    ("vehicle-", "person-"),
    ("Vehicle-", "Person-"),
    ("vehicles/h", "persons/h"),
    ("drivers with", "people with"),
    ("Drivers with", "People with"),
    ("Vehicles", "People on foot"),
    ("vehicles", "people on foot"),
    ("vehicle", "person on foot"),
)


def said_of_people(text: str) -> str:
    """Return ``text`` with people on foot where it has vehicles.

    Examples
    --------
    >>> said_of_people("Delay (vehicle-hours) at 300 vehicles/h")
    'Delay (person-hours) at 300 persons/h'
    """
    for word, other in WORDS:
        text = text.replace(word, other)
    return text
