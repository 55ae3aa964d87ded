"""The structure of the project: who may import whom, what loads when, what the metadata says."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import networkx
import pytest

import environment

ROOT = environment.ROOT
SHIPPED = ("plugin", "processing_provider", "ui")
QGIS = {"qgis", "PyQt5", "PyQt6", "PySide2", "PySide6", "sip", "osgeo", "processing"}
HEAVY = {
    "numba", "pulp", "pyswarms", "highspy", "networkx", "scipy", "matplotlib", "shapely", "jinja2", "pandas", "torch"
}  # fmt: skip


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


def circles(edges: Iterable[tuple[tuple[str, ...], tuple[str, ...]]]) -> list[list[str]]:
    """Return the groups of files or folders that import each other in a circle, [] for none."""
    graph = networkx.DiGraph((a, b) for a, b in edges if a != b)
    return [
        sorted("/".join(one) for one in group)
        for group in networkx.strongly_connected_components(graph)
        if len(group) > 1
    ]


def shipped_imports() -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the pairs (file, file that it imports) among the shipped files, as split paths without their ending."""
    files = {module_of(path) for path in project_files() if module_of(path)[0] in SHIPPED}
    pairs = [
        (here, target[:length])
        for here in sorted(files)
        for name in imported(ROOT.joinpath(*here).with_suffix(".py"))
        if name[0] == environment.PACKAGE
        for target in [name[1:]]
        for length in (len(target), len(target) - 1)
        if target[:length] in files
    ]
    return list(dict.fromkeys(pairs))


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


def test_no_circles_of_files_nor_of_folders() -> None:
    """Besides the contracts in pyproject.toml, which say who lies above whom."""
    pairs = shipped_imports()
    assert len(pairs) > 500
    assert circles(pairs) == []
    assert circles((a[:-1], b[:-1]) for a, b in pairs) == []


def test_a_circle_is_found() -> None:
    def file(name: str) -> tuple[str, ...]:
        return tuple(name.split("/"))

    pairs = [(file("p/a"), file("q/b")), (file("q/c"), file("r/d")), (file("r/d"), file("p/a"))]
    assert circles(pairs) == []
    assert circles((a[:-1], b[:-1]) for a, b in pairs) == [["p", "q", "r"]]


def test_every_folder_of_solvers_has_its_place_in_the_contracts() -> None:
    """The contracts in pyproject.toml name what may import what; a flow model left out would be free of them."""
    listed = set(re.findall(r"\w+", (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("importlinter")[2]))
    rooms = {
        p.parent.name for root in ("plugin", "processing_provider/algorithms") for p in (ROOT / root).rglob("*.py")
    }
    assert len(rooms) > 10
    assert rooms - listed == set()


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
