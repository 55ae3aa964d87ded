"""Writing a scenario: one GeoPackage with a run's layers, its command, and what its inputs were.

:func:`prepare` takes what is to be saved, on the thread that owns the layers; :func:`write` writes it, in any thread.
"""

from __future__ import annotations

import configparser
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from qgis.core import Qgis, QgsMapLayer, QgsProcessingContext, QgsVectorLayer

from ...solvers.control import Control
from ..errors import LayerError
from .command import Command
from .contents import Facts, Run, StoredInput, StoredLayer, table_names
from .fingerprint import Fingerprint, fact_fields, of_features, of_file, of_raster, of_vector
from .package import describe_columns, merge_journal, save_style, settle, table_source, write_run, write_table
from .run_layers import RunInput, inputs_of, output_of
from .snapshots import Snapshot, snapshot

METADATA = Path(__file__).resolve().parents[3] / "metadata.txt"


@dataclass(frozen=True)
class Prepared:
    """What is to be saved.

    Attributes
    ----------
    command : Command
    layers : list of Snapshot
        Those that were asked for, then the scratch layers that the run read besides.
    tables : list of str
        Where each goes in the GeoPackage, "" for a raster.
    inputs : list of RunInput
    said : list of str
        What the user should know of the choice.
    """

    command: Command
    layers: list[Snapshot]
    tables: list[str]
    inputs: list[RunInput]
    said: list[str]


def prepare(
    layers: Sequence[QgsMapLayer], command: Command, context: QgsProcessingContext, parameter: str = "LAYERS"
) -> Prepared:
    """Return what a scenario of these layers and this command holds.

    Raises
    ------
    LayerError
        When there is no layer, or one cannot be read.
    """
    if not layers:
        raise LayerError(f"{parameter}: no layer is chosen. Choose those that belong to the run.")
    said: list[str] = []
    chosen: list[Snapshot] = []
    for layer in layers:
        one = snapshot(layer, parameter)
        if any(one.id == other.id or one.same_source(other) for other in chosen):
            said.append(f"{parameter}: “{one.name}” is there twice; kept once.")
            continue
        chosen.append(one)
    inputs = inputs_of(command, chosen, context)
    for one in inputs:
        layer = one.layer
        if layer is not None and layer.scratch and all(layer is not other for other in chosen):
            if layer.raster is not None:
                said.append(f"{one.parameter}: the raster “{layer.name}” is a temporary file; save it, or it is lost.")
                continue
            said.append(f"{one.parameter}: the scratch layer “{layer.name}” is copied in.")
            chosen.append(layer)
    vectors = [layer for layer in chosen if layer.raster is None]
    names = iter(table_names(layer.name for layer in vectors))
    tables = ["" if layer.raster is not None else next(names) for layer in chosen]
    for layer, table in zip(chosen, tables):
        if table and table != layer.name:
            said.append(f"{parameter}: “{layer.name}” is kept as table “{table}”.")
    return Prepared(command, chosen, tables, inputs, said)


def write(path: str, prepared: Prepared, control: Control) -> Run:
    """Write a scenario to ``path``, a .gpkg; what is there stays until the new one is complete.

    It is written in a hidden folder beside ``path`` and moved at the end, so that nothing unfinished bears its name.

    Raises
    ------
    LayerError, QgsProcessingException
        When a layer cannot be written, or the file not be replaced.
    Cancelled, OSError
    """
    target = Path(path).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.stem}-unfinished-", dir=target.parent))
    try:
        file = folder / "scenario.gpkg"
        stored = []
        for k, (layer, table) in enumerate(zip(prepared.layers, prepared.tables)):
            control.progress(0.7 * k / len(prepared.layers), f"Writing “{layer.name}”")
            stored.append(_stored(file, layer, table, prepared.command, control))
        inputs = _fingerprinted(file, prepared, control.part(0.7, 1.0))
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        run = Run(
            now, prepared.command, plugin_version(), Qgis.QGIS_VERSION, Facts.of(prepared.command), inputs, stored
        )
        write_run(str(file), run.row())
        settle(str(file))
        control.stop_if_cancelled()
        _put(file, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return run


def plugin_version() -> str:
    """Return the version that the plugin's metadata states."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(METADATA, encoding="utf-8")
    return metadata.get("general", "version", fallback="unknown")


def _stored(file: Path, layer: Snapshot, table: str, command: Command, control: Control) -> StoredLayer:
    record = StoredLayer(
        layer.name, "raster", table, output_of(command, layer), layer.source, layer.provider, layer.crs.isValid()
    )
    if layer.raster is not None:
        return replace(record, style=layer.style, fingerprint=_of_raster(layer, control))
    renamed = write_table(str(file), table, layer, control)
    save_style(str(file), table, layer)
    describe_columns(str(file), table, layer.fields, renamed)
    return replace(record, kind="table" if layer.is_table else "vector", renamed=renamed)


def _of_raster(layer: Snapshot, control: Control) -> Fingerprint:
    return of_raster(layer.raster, layer.target.path if layer.target else "", control)


def _fingerprinted(file: Path, prepared: Prepared, control: Control) -> list[StoredInput]:
    tables = {id(layer): table for layer, table in zip(prepared.layers, prepared.tables)}
    out = []
    for k, one in enumerate(prepared.inputs):
        control.progress(k / len(prepared.inputs), f"Fingerprint of {one.parameter}")
        out.append(_input(one, file, tables, prepared.command, control.unseen()))
    return out


def _input(one: RunInput, file: Path, tables: dict[int, str], command: Command, control: Control) -> StoredInput:
    """Return the record of an input; a scratch layer's fingerprint is that of its copy."""
    layer = one.layer
    if layer is None:
        print_ = of_file(one.path, control) if one.path else None
        return StoredInput(one.parameter, one.value, "file", one.path, fingerprint=print_, why=one.why)
    kind = "raster" if layer.raster is not None else "table" if layer.is_table else "vector"
    record = StoredInput(
        one.parameter, layer.name, kind, layer.source, layer.provider, needs_password=layer.needs_password
    )
    if layer.raster is not None:
        return replace(record, fingerprint=_of_raster(layer, control))
    table = tables.get(id(layer), "") if layer.scratch else ""
    if table:
        copy = QgsVectorLayer(table_source(str(file), table), table, "ogr")
        return replace(record, table=table, fingerprint=of_vector(copy, command, one.parameter, control))
    facts = fact_fields(command, one.parameter, layer.stored_fields)
    read = layer.stored() if layer.stored is not None else ()
    return replace(record, fingerprint=of_features(layer.stored_fields, read, layer.crs.authid(), facts, control))


def told_inputs(prepared: Prepared, run: Run) -> list[str]:
    """Return what the log says of the inputs, one sentence each."""
    out = []
    for one, stored in zip(prepared.inputs, run.inputs):
        found = stored.fingerprint
        if found is None:
            continue
        told = [f"{found.features:,} features" if found.features is not None else "by its content"]
        if found.people_fields:
            total = "no number" if found.people is None else f"{found.people:,.10g}"
            told.append(f"people {total} ({', '.join(found.people_fields)})")
        told.append(f"ids by {found.id_field}" if found.id_field else "")
        told.append(f"copied in as “{stored.table}”" if stored.table else "")
        told.append("the run read selected features only, this is of all" if one.selected else "")
        edited = one.layer is not None and one.layer.edited and not stored.table
        told.append("edits that are not saved are left out" if edited else "")
        out.append(f"{stored.parameter}: “{stored.name}”: {'; '.join(filter(None, told))}.")
    return out


def _put(file: Path, target: Path) -> None:
    """Put a complete scenario in its place, where another may be."""
    try:
        if target.exists():
            merge_journal(str(target), end=False)
        for end in ("-wal", "-shm", "-journal"):  # of the file before: it would be read into the new one
            Path(f"{target}{end}").unlink(missing_ok=True)
        os.replace(file, target)
    except (OSError, sqlite3.Error) as error:
        raise LayerError(
            f"OUTPUT: “{target}” cannot be replaced ({error}); the one that is there stays. Is it open in another "
            f"program?"
        ) from error
