from __future__ import annotations

import builtins

import pytest

from evacuation_planner.plugin.solvers.control import Cancelled, Deadline, part, stop_if
from evacuation_planner.plugin.solvers.dependencies import MissingDependency, require


def test_part_fills_only_its_stretch():
    seen = []
    inner = part(lambda fraction, text="": seen.append((fraction, text)), 0.2, 0.6)
    inner(0.0, "start")
    inner(0.5)
    inner(2.0)
    assert seen == [(0.2, "start"), (pytest.approx(0.4), ""), (pytest.approx(0.6), "")]


def test_stop_if_raises_only_when_asked():
    stop_if(lambda: False)
    with pytest.raises(Cancelled):
        stop_if(lambda: True)


def test_no_time_limit_never_passes():
    assert not Deadline(0).passed()
    assert Deadline(0).remaining == float("inf")
    assert Deadline(1e-9).passed()


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
