"""The examples in the docstrings of the solvers, run as they stand."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

from evacuation_planner.plugin import solvers

MODULES = sorted(found.name for found in pkgutil.walk_packages(solvers.__path__, f"{solvers.__name__}."))


OPTIONAL = ("torch",)  # what only a module that needs it imports


def module_of(name: str) -> ModuleType | None:
    """Return the module; None where an optional package is missing that it stands on."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name not in OPTIONAL:
            raise
        return None


@pytest.mark.parametrize("name", MODULES, ids=lambda name: name.partition("solvers.")[2])
def test_examples_of_a_module(name: str) -> None:
    module = module_of(name)
    if module is None:
        pytest.skip(f"{name} needs one of the optional packages {', '.join(OPTIONAL)}")
    assert doctest.testmod(module).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [module for module in map(module_of, MODULES) if module is not None]
    with_examples = [test for module in modules for test in finder.find(module) if test.examples]
    assert len(MODULES) > 100
    assert {"Control", "arcs_at", "first_of"} <= {test.name.rpartition(".")[2] for test in with_examples}
