"""What all tests share: the package on the path, a headless QGIS, the provider in the registry."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT / "scripts", ROOT / "build" / "plugins"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from hypothesis import settings

import environment

environment.link_package()
# The same cases in every run, and no verdict that depends on how busy the machine is.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

WITHOUT_QGIS = ROOT / "tests" / "solvers"
HAVE_QGIS = importlib.util.find_spec("qgis") is not None
# Kernels are compiled once and kept. The solvers' tests run beside the others and compile most of them, so what needs
# them comes last there and finds them compiled.
NEED_KERNELS = ("processing", "demo", "headless")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return NEED_KERNELS.index(folder) + 1 if folder in NEED_KERNELS else 0

    items.sort(key=place)


class SkippedModule(pytest.Module):
    """A test module that is skipped as a whole, with the reason, without being imported."""

    def collect(self):
        pytest.skip("QGIS and its Python bindings are not installed", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    if HAVE_QGIS or WITHOUT_QGIS in module_path.parents:
        return None
    return SkippedModule.from_parent(parent, path=module_path)


@pytest.fixture(scope="session")
def provider(qgis_processing):
    """The provider ``evacuation``, registered as qgis_process does it, beside QGIS's native algorithms."""
    from qgis.analysis import QgsNativeAlgorithms
    from qgis.core import QgsApplication

    from evacuation_planner.plugin.evacuation_plugin import EvacuationPlugin

    registry = QgsApplication.processingRegistry()
    if registry.providerById("native") is None:
        registry.addProvider(QgsNativeAlgorithms(registry))
    plugin = EvacuationPlugin(None)
    plugin.initProcessing()
    yield plugin.provider
    plugin.unload()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with test data beside the checkout; a test that needs it is skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    return folder
