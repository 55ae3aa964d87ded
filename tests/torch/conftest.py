"""Tests of the forecasting network, which needs PyTorch; only ``make test-torch`` collects them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evacuation_planner.plugin.solvers.dependencies import EXTRAS, available

collect_ignore_glob = [] if os.environ.get("TEST_TORCH", "") not in ("", "0") else ["test_*.py"]
HOW = f"for these tests in the project's environment: .venv/bin/python -m pip install {EXTRAS['torch'][0]}"


class SkippedModule(pytest.Module):
    """A test module that is skipped as a whole, with the way to get PyTorch, without being imported."""

    def collect(self):
        pytest.skip(f"PyTorch is not installed; {HOW}", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return None if available("torch") else SkippedModule.from_parent(parent, path=module_path)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Without PyTorch there is no test, which is no failure."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not available("torch"):
        session.exitstatus = pytest.ExitCode.OK
