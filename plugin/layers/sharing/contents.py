"""What a scenario's record says: its layers, its inputs, the run. Plain data, to and from JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from .command import EFFORT, SEED, START_TIME, Command
from .fingerprint import Fingerprint

RUN_TABLE = "scenario_run"
RESERVED = (RUN_TABLE, "layer_styles")
_RESERVED_STARTS = ("gpkg_", "sqlite_", "rtree_")
COLUMNS = (
    "saved", "algorithm", "command", "plugin_version", "qgis_version", "seed", "effort", "start_time", "inputs",
    "layers",
)  # fmt: skip


@dataclass(frozen=True)
class StoredLayer:
    """A layer of a scenario.

    Attributes
    ----------
    name : str
        As the user calls it.
    kind : str
        vector, table or raster.
    table : str
        Where it is in the GeoPackage, "" for a raster.
    output : str
        The output of the command that it is, "" for none.
    source, provider : str
        Where it was read from.
    crs : bool
        Whether it has a reference system.
    style : str
        QML of a raster; styles of the others are in ``layer_styles``.
    fingerprint : Fingerprint or None
        Of a raster, which is not in the GeoPackage.
    renamed : dict
        Columns whose names the file cannot hold: old name, new name.
    """

    name: str
    kind: str
    table: str = ""
    output: str = ""
    source: str = ""
    provider: str = ""
    crs: bool = True
    style: str = ""
    fingerprint: Fingerprint | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredInput:
    """An input of the run.

    Attributes
    ----------
    parameter, name : str
    kind : str
        vector, table, raster or file.
    source, provider : str
    table : str
        The table of the scenario in which a scratch layer is kept, "" for an input that stays where it is.
    needs_password : bool
    fingerprint : Fingerprint or None
    why : str
        Why there is no fingerprint.
    """

    parameter: str
    name: str
    kind: str
    source: str = ""
    provider: str = ""
    table: str = ""
    needs_password: bool = False
    fingerprint: Fingerprint | None = None
    why: str = ""


class Facts(NamedTuple):
    """Seed, effort and start time of a run, as text; None where it has none."""

    seed: str | None
    effort: str | None
    start_time: str | None

    @classmethod
    def of(cls, command: Command) -> Facts:
        """Return those of a command: as given, or the defaults of this version."""
        values = (command.value(name) for name in (SEED, EFFORT, START_TIME))
        return cls(*(None if value is None else str(value) for value in values))


@dataclass(frozen=True)
class Run:
    """What the table ``scenario_run`` holds."""

    saved: str
    command: Command
    plugin_version: str
    qgis_version: str
    facts: Facts
    inputs: Sequence[StoredInput]
    layers: Sequence[StoredLayer]

    def row(self) -> dict[str, str | None]:
        """Return the one row of the table."""
        listed = [json.dumps([asdict(one) for one in many]) for many in (self.inputs, self.layers)]
        values = (
            self.saved, self.command.algorithm, json.dumps(self.command.as_json()), self.plugin_version,
            self.qgis_version, *self.facts, *listed,
        )  # fmt: skip
        return dict(zip(COLUMNS, values))

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Run:
        """Return the run of a row.

        Raises
        ------
        KeyError, TypeError, ValueError
            When it is not as :meth:`row` wrote it.
        """
        tree = json.loads(row["command"])
        command = Command(str(tree["algorithm_id"]), dict(tree["parameters"]), dict(tree.get("results", {})))
        inputs = [_made(StoredInput, one) for one in json.loads(row["inputs"])]
        layers = [_made(StoredLayer, one) for one in json.loads(row["layers"])]
        facts = Facts(*(row[name] for name in Facts._fields))
        versions = (str(row["plugin_version"]), str(row["qgis_version"]))
        return cls(str(row["saved"]), command, *versions, facts, inputs, layers)


def _made(kind: Any, tree: Mapping[str, Any]) -> Any:
    known = {one.name for one in fields(kind)}
    values = {name: value for name, value in tree.items() if name in known}
    if values.get("fingerprint") is not None:
        values["fingerprint"] = Fingerprint.from_json(values["fingerprint"])
    return kind(**values)


def table_names(names: Iterable[str]) -> list[str]:
    """Return a table's name for each layer's name, no two alike whatever their case.

    Examples
    --------
    >>> table_names(["Routes", "routes", "a|b'c", "layer_styles", " "])
    ['Routes', 'routes_2', 'a_b_c', 'layer_styles_2', 'layer']
    """
    taken, out = {name.casefold() for name in RESERVED}, []
    for name in names:
        text = "".join(sign if sign.isalnum() or sign in " _-" else "_" for sign in name).strip() or "layer"
        if text.casefold().startswith(_RESERVED_STARTS):
            text = f"layer_{text}"
        free, count = text, 1
        while free.casefold() in taken:
            count += 1
            free = f"{text}_{count}"
        taken.add(free.casefold())
        out.append(free)
    return out
