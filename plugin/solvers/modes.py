"""How people travel, in the words of tables: by car, on foot, by bus."""

from __future__ import annotations

from collections.abc import Iterable

CAR, FOOT, BUS = MODES = ("car", "foot", "bus")


def in_order(modes: Iterable[str]) -> list[str]:
    """Return the modes that occur, each once, cars first."""
    there = set(modes)
    return [mode for mode in MODES if mode in there]
