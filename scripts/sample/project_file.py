"""Write a QGIS project that says nothing about the machine or the moment it was made on."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

from qgis.core import QgsProject

# The zip format's earliest time, for every member.
EPOCH = (1980, 1, 1, 0, 0, 0)


def write_project(project: QgsProject, target: Path) -> None:
    """Write ``project`` as a .qgz at ``target``: relative paths, fixed layer ids and dates, no user name.

    Raises
    ------
    RuntimeError
        When QGIS cannot write the project.
    """
    plain = target.with_suffix(".qgs")
    _write(project, plain)
    text = plain.read_text(encoding="utf-8")
    for identifier, layer in project.mapLayers().items():
        text = text.replace(identifier, f"sample_{re.sub('[^a-z0-9]+', '_', layer.name().lower()).strip('_')}")
    plain.write_text(text, encoding="utf-8")
    # Read again with the ids of its own: QGIS lists layers in the order of their ids.
    project.read(str(plain))
    _write(project, plain)
    text = plain.read_text(encoding="utf-8")
    plain.unlink()
    plain.with_suffix(".qgs~").unlink(missing_ok=True)
    text = re.sub(r' (saveUser|saveUserFull|saveDateTime)="[^"]*"', "", text)
    # Snapping settings of the layers (all by default) come in the order of memory addresses.
    text = re.sub(r"<layer-setting [^>]*/>\s*", "", text)
    text = re.sub(r"Annotations_[0-9a-f_]{36}", "Annotations", text)
    text = re.sub(r"<creation>[^<]*</creation>", "<creation>2026-11-21T00:00:00</creation>", text)
    text = re.sub(r"(?<=[\"{])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=[\"}])", _counter(), text)
    draft = target.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(plain.name, EPOCH), text, zipfile.ZIP_DEFLATED)
    os.replace(draft, target)


def _write(project: QgsProject, path: Path) -> None:
    """Write a plain project file."""
    if not project.write(str(path)):
        raise RuntimeError(f"{path}: {project.error()}")


def _counter():
    """Return a replacement for random identifiers: the same one for the same, numbered in order of appearance."""
    seen: dict[str, str] = {}

    def replace(match: re.Match) -> str:
        number = seen.setdefault(match.group(), f"{len(seen) + 1:08x}-0000-4000-8000-000000000000")
        return number

    return replace
