"""The structure of the project: who may import whom, what loads when, what the metadata says."""

from __future__ import annotations

import ast
import configparser
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import environment

ROOT = environment.ROOT
SHIPPED = ("plugin", "processing_provider", "ui")
QGIS = {"qgis", "PyQt5", "PyQt6", "PySide2", "PySide6", "sip", "osgeo", "processing"}
HEAVY = {
    "numba", "pulp", "pyswarms", "highspy", "networkx", "scipy", "matplotlib", "shapely", "jinja2", "pandas"
}  # fmt: skip

# What each part may import of the others: ui and processing_provider -> layers and reports -> solvers -> nobody.
MAY_IMPORT = {
    "plugin.solvers": {"plugin.solvers"},
    "plugin.layers": {"plugin.layers", "plugin.solvers"},
    "plugin.reports": {"plugin.reports", "plugin.layers", "plugin.solvers"},
    "processing_provider": {"processing_provider", "plugin.layers", "plugin.reports", "plugin.solvers"},
    "ui": {"ui", "plugin.layers", "plugin.reports", "plugin.solvers"},
    "plugin.evacuation_plugin": {"processing_provider", "ui"},
    "__init__": {"plugin.evacuation_plugin"},
    "plugin.__init__": set(),
}


def project_files() -> list[Path]:
    """Return every Python file of the project, in order."""
    folders = (*SHIPPED, "tests", "scripts", "benchmarks", "tools", "resources")
    return [ROOT / "__init__.py", *sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]


def module_of(path: Path) -> tuple[str, ...]:
    """Return the dotted name of a file inside the package, split; ``__init__`` is kept."""
    return path.relative_to(ROOT).with_suffix("").parts


def imported(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield every module that a file imports; see :func:`imports_in`."""
    return imports_in(path.read_text(encoding="utf-8"), module_of(path))


def imports_in(source: str, here: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield every module that ``source``, the module ``here``, imports anywhere in it, by its full name, split."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = tuple(node.module.split(".")) if node.module else ()
            base = here[: len(here) - node.level] if node.level else ()
            names = [(*base, *module, alias.name) for alias in node.names]
            # A relative import is of the package: mark it as one.
            names = [("evacuation_planner", *name) if node.level else name for name in names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            first = node.args[0] if node.args else None
            names = [tuple(first.value.split("."))] if isinstance(first, ast.Constant) else []
        else:
            continue
        yield from names


def part_of(module: tuple[str, ...]) -> str:
    """Return the part of the house that a module of the package belongs to."""
    for length in (2, 1):
        if ".".join(module[:length]) in MAY_IMPORT:
            return ".".join(module[:length])
    return ".".join(module)


@pytest.mark.parametrize("path", sorted((ROOT / "plugin" / "solvers").rglob("*.py")), ids=lambda path: path.name)
def test_solvers_import_no_qgis(path: Path) -> None:
    assert not [name for name in imported(path) if name and name[0] in QGIS]


def test_the_walk_finds_imports_wherever_they_hide() -> None:
    source = """
def hidden():
    import qgis.core
    from osgeo import ogr
    importlib.import_module("processing")
    from ...layers import places
"""
    found = set(imports_in(source, ("plugin", "solvers", "roads", "imaginary")))
    assert {("qgis", "core"), ("osgeo", "ogr"), ("processing",)} <= found
    assert ("evacuation_planner", "plugin", "layers", "places") in found


def test_imports_go_one_way() -> None:
    wrong = []
    for path in project_files():
        here = part_of(module_of(path))
        if here not in MAY_IMPORT:
            continue
        for name in imported(path):
            if name[0] == "evacuation_planner" and part_of(name[1:]) not in MAY_IMPORT[here]:
                wrong.append(f"{path.relative_to(ROOT)} imports {'.'.join(name[1:])}")
    assert not wrong


def test_every_module_belongs_to_a_part() -> None:
    shipped = [path for path in project_files() if module_of(path)[0] in SHIPPED]
    assert [path for path in shipped if part_of(module_of(path)) not in MAY_IMPORT] == []


def test_qt_comes_through_qgis() -> None:
    direct = {"PyQt5", "PyQt6", "PySide2", "PySide6"}
    assert [path for path in project_files() if any(name and name[0] in direct for name in imported(path))] == []


def test_nothing_imports_the_package_under_another_name() -> None:
    """The checkout is on the path under its own name only; a second copy of a module has other classes."""
    others = {"plugin", "processing_provider", "ui"}
    assert [path for path in project_files() if any(name and name[0] in others for name in imported(path))] == []


def test_the_provider_loads_without_heavy_packages() -> None:
    """Judged against what QGIS's own Processing plugin has loaded before."""
    pytest.importorskip("qgis.core")
    program = """
import json, sys
from qgis.core import QgsApplication
application = QgsApplication([], False)
application.initQgis()
sys.path.append(QgsApplication.pkgDataPath() + "/python/plugins")
from processing.core.Processing import Processing
Processing.initialize()
before = set(sys.modules)
from evacuation_planner.plugin.evacuation_plugin import EvacuationPlugin
plugin = EvacuationPlugin(None)
plugin.initProcessing()
for algorithm in plugin.provider.algorithms():
    algorithm.create().shortHelpString()
after = set(sys.modules)
count = len(plugin.provider.algorithms())
plugin.unload()
print(json.dumps([count, sorted({name.split(".")[0] for name in after - before})]))
"""
    paths = os.pathsep.join([str(environment.PLUGINS), *environment.site_packages()])
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout, finished.stderr
    count, loaded = json.loads(finished.stdout.splitlines()[-1])
    assert count > 0
    assert "evacuation_planner" in loaded
    assert HEAVY & set(loaded) == set()


def test_metadata_has_what_the_plugin_repository_requires() -> None:
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    required = (
        "name", "description", "about", "version", "qgisMinimumVersion", "qgisMaximumVersion", "author", "email",
        "homepage", "repository", "tracker", "tags", "icon", "license",
    )  # fmt: skip
    assert [key for key in required if not general.get(key, "").strip()] == []
    assert (general["qgisMinimumVersion"], general["qgisMaximumVersion"]) == ("3.22", "4.99")
    assert general["hasProcessingProvider"] == "yes"
    assert general["homepage"] == general["repository"]
    assert general["tracker"] == general["repository"] + "/issues"
    assert general["repository"].endswith("/evacuation_planner")
    assert (ROOT / general["icon"]).is_file()
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{general["version"]}"\n' in project


def test_advice_on_packages_agrees_with_the_requirements() -> None:
    from evacuation_planner.plugin.solvers.dependencies import SPECS

    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [spec for spec in SPECS.values() if spec not in lines] == []


def test_shell_scripts_can_be_executed() -> None:
    scripts = [ROOT / ".ci" / "run", *sorted((ROOT / "scripts").glob("*.sh"))]
    assert [path for path in scripts if not os.access(path, os.X_OK)] == []
