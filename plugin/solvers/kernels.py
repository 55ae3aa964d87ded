"""Kernels: functions in the subset of Python that numba compiles, compiled when it is installed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Callable

from .dependencies import available

Function = Callable[..., Any]


def compiled(function: Function) -> Function:
    """Compile a kernel with numba when it is installed (cached on disk), else return it unchanged.

    The kernel neither makes nor returns arrays, so numba need not count who refers to an array: counting where arrays
    go from one kernel to the next takes longer than the work of many a kernel, and threads that count the same array
    wait for each other. :func:`compiled_with_arrays` is for the others.

    Setting the environment variable ``EVACUATION_NO_NUMBA`` keeps kernels in plain Python. Where no folder for the
    cache can be written, they are compiled anew in each run.
    """
    return _kernel(function, counts_references=False)


def compiled_with_arrays(function: Function) -> Function:
    """Compile a kernel that makes or returns arrays; see :func:`compiled`."""
    return _kernel(function, counts_references=True)


def _kernel(function: Function, counts_references: bool) -> Function:
    if os.environ.get("EVACUATION_NO_NUMBA"):
        return function
    try:
        import numba
    except ImportError:
        return function
    options: dict[str, Any] = {"nogil": True, **({} if counts_references else _without_counting())}
    try:
        kernel = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no folder that it may write
        return numba.njit(**options)(function)
    try:  # numba looks only at the kernel's own file; the kernels that it calls may lie in files beside it
        cached: Any = kernel._cache  # type: ignore[attr-defined]
        cached._cache_file._source_stamp = _source_stamp(Path(function.__code__.co_filename).resolve())
        cached._cache_file._load_index = _readable(cached._cache_file._load_index)
    except AttributeError:  # another version of numba keeps it elsewhere
        return kernel
    return kernel


def kernels_compiled() -> bool:
    """Whether kernels run compiled; else they are plain Python, about a hundred times slower."""
    return not os.environ.get("EVACUATION_NO_NUMBA") and available("numba")


def _without_counting() -> dict[str, Any]:
    """Return numba's option not to count references, where this version has it."""
    try:
        from numba.core.options import DefaultOptions
    except ImportError:
        return {}
    return {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}


def awaits_compiling(kernel: Any) -> bool:
    """Whether a kernel has never been compiled on this machine, or not since it changed."""
    if not hasattr(kernel, "py_func") or kernel.signatures:
        return False
    try:
        return not kernel._cache._cache_file._load_index()
    except AttributeError:  # it has no cache, or keeps it elsewhere
        return False


def _readable(load_index: Callable[[], dict]) -> Callable[[], dict]:
    """Return ``load_index`` of a kernel's cache, for which one of an earlier version, with other types, is empty."""

    def load() -> dict:
        try:
            return load_index()
        except Exception:  # whatever unpickling names that are no longer there may raise
            return {}

    return load


def _source_stamp(path: Path) -> tuple[float, int]:
    """Return newest change and total size of the sources that a kernel in ``path`` may depend on."""
    solvers = Path(__file__).resolve().parent
    inside = solvers in path.parents and path.parent != solvers
    return _folder_stamp(solvers / path.relative_to(solvers).parts[0]) if inside else _stamp([path])


@cache
def _folder_stamp(folder: Path) -> tuple[float, int]:
    # Kernels of every folder may call those of graph, the joint plan's also those of routing.
    others = ("graph", "routing") if folder.name == "joint" else ("graph",)
    return _stamp(sorted({path for each in (folder.name, *others) for path in (folder.parent / each).rglob("*.py")}))


def _stamp(paths: list[Path]) -> tuple[float, int]:
    stats = [path.stat() for path in [*paths, Path(__file__)]]
    return max(s.st_mtime for s in stats), sum(s.st_size for s in stats)
