"""The sample city as a project of the user's own, so that the copy in the plugin's folder stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import QgsApplication

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
PROJECT = "sample.qgz"


def copy_sample(target: Path | None = None) -> Path:
    """Copy resources/sample into the user's profile, unless it is there, and return the project's path.

    A copy that exists is left as it is: the user may have worked in it.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    folder = target or Path(QgsApplication.qgisSettingsDirPath()) / "evacuation_planner" / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted((RESOURCES / "sample").iterdir()):
        if source.is_file() and not (folder / source.name).exists():
            part = folder / (source.name + ".part")
            shutil.copyfile(source, part)
            part.replace(folder / source.name)
    return folder / PROJECT
