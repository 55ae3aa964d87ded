"""Optional packages: what is there, and a sentence on how to get what is not."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

from .control import SolverError


class MissingDependency(SolverError):
    """A package that this step needs is not installed (or too old)."""


HOW_TO_INSTALL = (
    "Windows: open the OSGeo4W Shell of your QGIS and run  python -m pip install {spec}\n"
    "macOS: in Terminal run  /Applications/QGIS.app/Contents/MacOS/bin/python3 -m pip install {spec}\n"
    "Linux: run  python3 -m pip install --user {spec}  (Debian and Ubuntu: add --break-system-packages, or use a "
    "virtual environment made with --system-site-packages)\n"
    "The qpip plugin reads this plugin's requirements.txt and does the same from inside QGIS. Restart QGIS afterwards."
)

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


def how_to_install(package: str) -> str:
    """Return the sentence that tells, per platform, how to install ``package``."""
    return HOW_TO_INSTALL.format(spec=f'"{SPECS.get(package, package)}"')


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


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel with numba when it is installed (cached on disk), else return it unchanged.

    Kernels are written once in the subset of Python that numba compiles. Setting the environment variable
    ``EVACUATION_NO_NUMBA`` keeps them in plain Python. Where no folder for the cache can be written, kernels are
    compiled anew in each run.
    """
    import os

    if os.environ.get("EVACUATION_NO_NUMBA"):
        return function
    try:
        import numba
    except ImportError:
        return function
    try:
        kernel = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba found no folder that it may write
        return numba.njit(nogil=True)(function)
    try:  # numba looks only at the kernel's own file; the kernels that it calls may lie in files beside it
        cached: Any = kernel._cache  # type: ignore[attr-defined]
        cached._cache_file._source_stamp = _source_stamp(Path(function.__code__.co_filename).resolve())
        cached._cache_file._load_index = _readable(cached._cache_file._load_index)
    except AttributeError:  # another version of numba keeps it elsewhere
        return kernel
    return kernel


def _readable(load_index: Callable[[], dict]) -> Callable[[], dict]:
    """Return ``load_index`` of a kernel's cache, for which one of an earlier version, with other types, is empty."""

    def load() -> dict:
        try:
            return load_index()
        except Exception:  # whatever unpickling names that are no longer there may raise
            return {}

    return load


def kernels_compiled() -> bool:
    """Whether kernels run compiled; else they are plain Python, about a hundred times slower."""
    import os

    return not os.environ.get("EVACUATION_NO_NUMBA") and available("numba")


def _source_stamp(path: Path) -> tuple[float, int]:
    """Return newest change and total size of the sources that a kernel in ``path`` may depend on."""
    solvers = Path(__file__).resolve().parent
    inside = solvers in path.parents and path.parent != solvers
    return _folder_stamp(solvers / path.relative_to(solvers).parts[0]) if inside else _stamp([path])


@cache
def _folder_stamp(folder: Path) -> tuple[float, int]:
    return _stamp(sorted(folder.rglob("*.py")))


def _stamp(paths: list[Path]) -> tuple[float, int]:
    stats = [path.stat() for path in paths]
    return max(s.st_mtime for s in stats), sum(s.st_size for s in stats)
