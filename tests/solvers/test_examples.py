"""The examples in the docstrings of the solvers, run as they stand."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from evacuation_planner.plugin import solvers

MODULES = sorted(found.name for found in pkgutil.walk_packages(solvers.__path__, f"{solvers.__name__}."))


@pytest.mark.parametrize("name", MODULES, ids=lambda name: name.partition("solvers.")[2])
def test_examples_of_a_module(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(MODULES) > 100
    assert {"Control", "arcs_at", "first_of"} <= {test.name.rpartition(".")[2] for test in with_examples}
