"""Opening a scenario: its layers, its command, and which of its inputs have changed since."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsCoordinateReferenceSystem, QgsMapLayer, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtXml import QDomDocument

from ...solvers.control import Control
from ..database import PROVIDER
from ..destinations import input_target
from ..errors import LayerError
from ..passwords import without_passwords
from .contents import RUN_TABLE, Run, StoredInput, StoredLayer
from .database_layers import database_layer
from .fingerprint import Fingerprint, differences, of_file, of_raster, of_vector
from .package import table_source
from .run_layers import same_source


@dataclass(frozen=True)
class Scenario:
    """A scenario that was opened.

    Attributes
    ----------
    path : str
    run : Run
        Command, versions, seed, effort, start time; what is recorded of layers and inputs.
    layers : list of (StoredLayer, QgsMapLayer)
        With their styles. A raster that is gone is an invalid layer.
    """

    path: str
    run: Run
    layers: list[tuple[StoredLayer, QgsMapLayer]]


@dataclass(frozen=True)
class Change:
    """An input that is not what it was, or cannot be compared.

    Attributes
    ----------
    parameter, name : str
    what : str
        In words.
    compared : bool
        False: nobody knows whether it has changed.
    """

    parameter: str
    name: str
    what: str
    compared: bool = True

    def __str__(self) -> str:
        return f"{self.parameter}: “{self.name}”: {self.what}"


def is_scenario(path: str) -> bool:
    """Whether a file is a complete scenario."""
    try:
        read_run(path)
    except LayerError:
        return False
    return True


def read_run(path: str, parameter: str = "SCENARIO") -> Run:
    """Return the record of a scenario.

    Raises
    ------
    LayerError
        When the file is none, or is damaged.
    """
    if not os.path.isfile(path):
        raise LayerError(f"{parameter}: there is no file “{path}”.")
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute("SELECT * FROM scenario_run").fetchall()
        (row,) = rows
        return Run.of_row(dict(row))
    except sqlite3.Error as error:
        raise LayerError(
            f"{parameter}: “{path}” is no scenario ({error}). “Save a scenario” (savescenario) makes one."
        ) from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise LayerError(
            f"{parameter}: the table {RUN_TABLE} of “{path}” is damaged ({error}). Save the scenario again."
        ) from error


def open_scenario(path: str, parameter: str = "SCENARIO") -> Scenario:
    """Open a scenario.

    Raises
    ------
    LayerError
        When the file is none, is damaged, or lacks one of its tables.
    """
    run = read_run(path, parameter)
    layers: list[tuple[StoredLayer, QgsMapLayer]] = []
    for stored in run.layers:
        layer = _raster(stored.source, stored.name, stored.provider, path)
        if stored.kind != "raster":
            layer = QgsVectorLayer(table_source(path, stored.table), stored.name, "ogr")
            if not layer.isValid():
                raise LayerError(
                    f"{parameter}: the table “{stored.table}” of “{path}” is gone. Save the scenario again."
                )
        if not stored.crs:
            layer.setCrs(QgsCoordinateReferenceSystem())
        document = QDomDocument()
        if stored.style and layer.isValid() and document.setContent(stored.style):
            layer.importNamedStyle(document)
        layers.append((stored, layer))
    return Scenario(path, run, layers)


def changed_inputs(scenario: Scenario, control: Control, known: Sequence[QgsMapLayer] = ()) -> list[Change]:
    """Return which inputs are not what they were when the scenario was saved; rasters among its layers count too.

    ``known`` are layers that are open already, such as a project's: an input whose password was not kept is compared
    where it is among them.

    Raises
    ------
    Cancelled
    """
    rasters = [
        StoredInput("LAYERS", one.name, "raster", one.source, one.provider, fingerprint=one.fingerprint)
        for one in scenario.run.layers
        if one.kind == "raster" and all(one.source != other.source for other in scenario.run.inputs)
    ]
    inputs, out = [*scenario.run.inputs, *rasters], []
    for k, one in enumerate(inputs):
        control.stop_if_cancelled()
        control.progress(k / len(inputs), f"Looking at {one.parameter}")
        if one.fingerprint is None:
            out.append(Change(one.parameter, one.name, f"it was not looked at then: {one.why}", False))
            continue
        now = _now(one, scenario, known, control.unseen())
        if isinstance(now, str):
            out.append(Change(one.parameter, one.name, now, not one.needs_password))
            continue
        what = differences(one.fingerprint, now)
        if what:
            out.append(Change(one.parameter, one.name, "; ".join(what)))
    return out


def _now(one: StoredInput, scenario: Scenario, known: Sequence[QgsMapLayer], control: Control) -> Fingerprint | str:
    """Return the fingerprint of an input as it is now, or why there is none."""
    try:
        if one.kind == "file":
            path = _moved(one.source, scenario.path)
            return of_file(path, control) if path else f"there is no file “{one.source}” any more"
        layer = next((layer for layer in known if same_source(one.source, without_passwords(layer.source()))), None)
        if layer is None and one.needs_password:
            return "not compared: its password is not kept in a scenario. Open the layer first"
        if one.kind == "raster":
            layer = layer or _raster(one.source, one.name, one.provider, scenario.path)
            target = input_target(layer) if layer.isValid() else None
            gone = f"there is no raster “{one.source}” any more"
            return of_raster(layer, target.path if target else "", control) if layer.isValid() else gone
        if layer is None and one.provider == PROVIDER and not one.table:
            layer, why = database_layer(one.source, one.name)
            if layer is None:
                return why
        layer = layer or _vector(one, scenario)
        if not layer.isValid():
            return f"“{one.source}” cannot be read any more"
        return of_vector(layer, scenario.run.command, one.parameter, control)
    except OSError as error:
        return f"“{one.source}” cannot be read: {error.strerror}"


def _vector(one: StoredInput, scenario: Scenario) -> QgsVectorLayer:
    if one.table:
        return QgsVectorLayer(table_source(scenario.path, one.table), one.name, "ogr")
    layer = QgsVectorLayer(one.source, one.name, one.provider)
    if not layer.isValid() and one.provider == "ogr":
        path, bar, rest = one.source.partition("|")
        layer = QgsVectorLayer(f"{_moved(path, scenario.path)}{bar}{rest}", one.name, one.provider)
    return layer


def _raster(source: str, name: str, provider: str, beside: str) -> QgsRasterLayer:
    layer = QgsRasterLayer(source, name, provider)
    moved = "" if layer.isValid() or provider != "gdal" else _moved(source, beside)
    return QgsRasterLayer(moved, name, provider) if moved else layer


def _moved(path: str, beside: str) -> str:
    """Return a file's path, or that of its namesake beside the scenario; "" where neither is there."""
    if os.path.isfile(path):
        return path
    name = os.path.join(os.path.dirname(os.path.abspath(beside)), os.path.basename(path.replace("\\", "/")))
    return name if os.path.isfile(name) else ""
