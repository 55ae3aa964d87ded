"""The fixture of the headless tests: one profile for the whole session, the plugin enabled in it once."""

from __future__ import annotations

from pathlib import Path

import pytest

import environment
from tests.headless.qgis_process import QgisProcess


@pytest.fixture(scope="session")
def qgis_process(tmp_path_factory: pytest.TempPathFactory) -> QgisProcess:
    """Call as ``qgis_process("evacuation:zonesatrisk", ZONES=...)`` for exit_code, results, stdout and stderr."""
    if environment.qgis_process() is None:
        pytest.skip("qgis_process is not installed")
    return QgisProcess(tmp_path_factory.mktemp("profile"), plugins=environment.link_package())


@pytest.fixture(scope="session")
def sample() -> Path:
    """The GeoPackage of the sample city."""
    return environment.ROOT / "resources" / "sample" / "sample.gpkg"
