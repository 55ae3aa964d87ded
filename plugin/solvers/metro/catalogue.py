"""Which resources an emergency of each type needs: [M] Table 1, as an editable file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from ..data_file import RESOURCES, read_lines
from ..errors import SolverError
from .scenario import check_value

CLASSES = ("site management", "life rescue", "engineering")  # [M] section 3.2
SHIPPED = RESOURCES / "metro" / "catalogue.csv"


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


def read_catalogue(path: Path | str = SHIPPED) -> Catalogue:
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
