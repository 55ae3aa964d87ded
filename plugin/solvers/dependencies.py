"""Optional packages: what is there, and a sentence on how to get what is not."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from .errors import SolverError


class MissingDependency(SolverError):
    """A package that this step needs is not installed (or too old)."""


HOW_TO_INSTALL = (
    "Windows: open the OSGeo4W Shell of your QGIS and run  python -m pip install {spec}\n"
    "macOS: in Terminal run  /Applications/QGIS.app/Contents/MacOS/bin/python3 -m pip install {spec}\n"
    "Linux: run  python3 -m pip install --user {spec}  (Debian and Ubuntu: add --break-system-packages, or use a "
    "virtual environment made with --system-site-packages)\n"
)
QPIP = "The qpip plugin reads this plugin's requirements.txt and does the same from inside QGIS."
RESTART = " Restart QGIS afterwards."

SPECS = {
    "pulp": "pulp>=2.7,<4",
    "highspy": "highspy>=1.5,<2",
    "numba": "numba>=0.57,<1",
    "pyswarms": "pyswarms>=1.3,<2",
    "shapely": "shapely>=2.0,<3",
    "scipy": "scipy>=1.8,<2",
    "networkx": "networkx>=2.6,<4",
    "matplotlib": "matplotlib>=3.5,<4",
}
# Not in requirements.txt, each with what pip is told and why.
EXTRAS = {
    "psycopg2": ('"psycopg2-binary>=2.8,<3"', ""),  # QGIS brings it along
    "pyvrp": ('"pyvrp>=0.13,<0.15"', "It needs Python 3.11 or later."),
    "torch": (
        '"torch>=2.0,<3" --index-url https://download.pytorch.org/whl/cpu',
        "That is the build without support of graphics cards, some 200 MB; the one on PyPI takes 3 GB on Linux.",
    ),
}


def how_to_install(package: str) -> str:
    """Return the sentence that tells, per platform, how to install ``package``."""
    spec, note = EXTRAS.get(package) or (f'"{SPECS.get(package, package)}"', QPIP)
    return HOW_TO_INSTALL.format(spec=spec) + note + RESTART


def require(package: str, purpose: str) -> ModuleType:
    """Import ``package`` or raise :class:`MissingDependency` with the purpose and the way to get it.

    Parameters
    ----------
    package : str
        Name to import, as in :data:`SPECS`.
    purpose : str
        What it is needed for, completing "... is needed for <purpose>".
    """
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        raise MissingDependency(
            f"The Python package {package} is needed for {purpose} and could not be loaded ({error}).\n"
            + how_to_install(package)
        ) from error
    if package == "shapely" and int(module.__version__.split(".")[0]) < 2:
        raise MissingDependency(
            f"shapely 2 or later is needed for {purpose}; version {module.__version__} is installed.\n"
            + how_to_install(package)
        )
    return module


def available(package: str) -> bool:
    """Whether ``package`` is installed, found without importing it (pyswarms writes a file when it is imported)."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False
