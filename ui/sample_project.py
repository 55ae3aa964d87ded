"""The samples as projects of the user's own, so that the copies in the plugin's folder stay as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import QgsApplication

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
PROJECT, FLOOD_PROJECT, NEAR_FIELD_PROJECT = "sample.qgz", "sample_flood.qgz", "sample_nearfield.qgz"
ON_FOOT_PROJECT = "sample_nearfield_on_foot.qgz"
METRO_PROJECT = "nanjing.qgz"


def copy_sample(target: Path | None = None, project: str = PROJECT) -> Path:
    """Copy resources/sample, the city, into the user's profile, unless it is there, and return a project's path.

    A copy that exists is left as it is: the user may have worked in it.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    return _copy(RESOURCES / "sample", target or _profile() / "sample") / project


def copy_metro_sample(target: Path | None = None) -> Path:
    """Copy resources/metro/sample, the metro emergency, in the same way.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    return _copy(RESOURCES / "metro" / "sample", target or _profile() / "metro_sample") / METRO_PROJECT


def _profile() -> Path:
    return Path(QgsApplication.qgisSettingsDirPath()) / "evacuation_planner"


def _copy(origin: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(origin.iterdir()):
        if source.is_file() and not (folder / source.name).exists():
            part = folder / (source.name + ".part")
            shutil.copyfile(source, part)
            part.replace(folder / source.name)
    return folder
