"""Standard output belongs to the caller: no solver prints on it, at the level of the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import environment

START = """
import os
import numpy as np
from scipy.sparse import csr_matrix
from evacuation_planner.plugin.solvers.mip import highs
from evacuation_planner.plugin.solvers.mip.linear import LinearProgram
from evacuation_planner.plugin.solvers.allocation.allocate import solve
from evacuation_planner.plugin.solvers.allocation.problem import AllocationProblem
"""
WITHOUT_HIGHS = "highs.usable = lambda: False"
LINEAR = """
ends = np.zeros(1), np.ones(1), csr_matrix([[1.0]]), np.array([0.5]), np.array([1.0])
value = LinearProgram(np.ones(1), *ends).solve().objective
"""
WHOLE = """
cost = np.arange(12.0).reshape(4, 3) / 12
problem = AllocationProblem(np.array([4, 3, 4, 4]), np.array([8.0, 5.0, 3.0]), cost, np.ones((4, 3), bool))
value = solve(problem).people.sum()
"""


@pytest.mark.parametrize("lines, value", [
    ((LINEAR,), 0.5),
    ((WITHOUT_HIGHS, LINEAR), 0.5),
    ((WHOLE,), 15),  # 4 + 4 in the room of 8, 4 in that of 5, 3 in that of 3: everybody
    ((WITHOUT_HIGHS, WHOLE), 15),
    (("value = len(highs.name())",), None),
], ids=["highs", "scipy", "highs whole", "cbc whole", "name"])  # fmt: skip
def test_solvers_print_nothing(lines, value):
    code = "\n".join([START, *lines, "os.write(2, str(float(value)).encode())"])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(environment.PLUGINS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if value is not None:
        assert float(done.stderr) == value
    assert done.stdout == ""
