from __future__ import annotations

import builtins
import os
import subprocess
import sys

import pytest

from evacuation_planner.plugin.solvers import control
from evacuation_planner.plugin.solvers.control import Control, Slices, part
from evacuation_planner.plugin.solvers.dependencies import MissingDependency, require
from evacuation_planner.plugin.solvers.effort import Deadline, Effort
from evacuation_planner.plugin.solvers.errors import Cancelled, SolverError
from tests.conftest import ROOT


def test_slices_of_slow_steps_shrink_to_the_least(monkeypatch):
    """Four steps that take a second: a tenth of that is less than one step, so the next call takes the least."""
    now = [0.0]
    monkeypatch.setattr(control.time, "perf_counter", lambda: now[0])
    slices, few = Slices(4), Slices(4, least=1)
    now[0] = 1.0
    assert (slices.next(), few.next()) == (50, 1)
    assert few.next() == 8  # in no time at all: eight times as many


def test_part_fills_only_its_stretch():
    seen = []
    inner = part(lambda fraction, text="": seen.append((fraction, text)), 0.2, 0.6)
    inner(0.0, "start")
    inner(0.5)
    inner(2.0)
    assert seen == [(0.2, "start"), (pytest.approx(0.4), ""), (pytest.approx(0.6), "")]


def test_a_control_raises_only_when_asked():
    Control(cancelled=lambda: False).stop_if_cancelled()
    with pytest.raises(Cancelled):
        Control(cancelled=lambda: True).stop_if_cancelled()


def test_no_time_limit_never_passes():
    assert not Deadline(0).passed()
    assert Deadline(0).remaining == float("inf")
    assert Deadline(1e-9).passed()


def test_effort_sets_the_gap_unless_one_is_given():
    assert [Effort(level).mip_gap for level in range(3)] == [1e-2, 1e-4, 1e-6]
    assert Effort(2, mip_gap=0.0).mip_gap == 0.0
    assert [Effort(level).pick(3, 30, 300) for level in range(3)] == [3, 30, 300]
    with pytest.raises(SolverError, match="EFFORT"):
        Effort(3)


def test_a_fence_remembers_that_it_stopped_a_search_and_starts_when_told(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(control.time, "monotonic", lambda: now[0])
    effort = Effort(1, 10.0)
    now[0] = 109.0  # compiling
    effort.begin()
    now[0] = 118.0
    assert not effort.passed() and effort.remaining == 1.0 and not effort.warning()
    now[0] = 119.0
    assert effort.passed() and effort.stopped_early
    assert "TIME_LIMIT" in effort.warning() and "10 s" in effort.warning()
    unlimited = Effort()
    now[0] = 1e9
    assert not unlimited.passed()


def test_missing_package_tells_how_to_get_it_on_each_platform(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == "pyswarms":
            raise ImportError("No module named 'pyswarms'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setitem(__import__("sys").modules, "pyswarms", None)
    with pytest.raises(MissingDependency) as error:
        require("pyswarms", "the particle swarm")
    text = str(error.value)
    for word in ("pyswarms", "the particle swarm", "Windows", "macOS", "Linux", "pip install"):
        assert word in text


KERNEL = """
import sys
sys.path[:0] = {paths!r}
from typing import NamedTuple
import numpy as np
from evacuation_planner.plugin.solvers.kernels import compiled

class {name}(NamedTuple):
    values: np.ndarray

@compiled
def total(pair):
    return pair.values.sum() * {factor}

if __name__ == "__main__":
    import kernel
    print(kernel.total(kernel.{name}(np.arange(4.0))))
"""


def test_kernels_cached_by_an_earlier_version_with_other_types_are_compiled_anew(tmp_path):
    pytest.importorskip("numba")
    paths = [str(ROOT), str(ROOT / "build" / "plugins"), str(tmp_path)]
    environment = {k: v for k, v in os.environ.items() if k != "EVACUATION_NO_NUMBA"}
    environment["NUMBA_CACHE_DIR"] = str(tmp_path / "cache")
    for name, factor in (("Pair", 1), ("Couple", 2)):
        (tmp_path / "kernel.py").write_text(KERNEL.format(paths=paths, name=name, factor=factor))
        run = subprocess.run(
            [sys.executable, str(tmp_path / "kernel.py")], env=environment, capture_output=True, text=True, check=False
        )
        assert run.stdout.strip() == str(6.0 * factor), run.stderr
    assert list((tmp_path / "cache").rglob("*.nbi"))
