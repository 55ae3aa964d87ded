"""Tests of the forecasting network, which needs PyTorch; only ``make test-torch`` collects them."""

from __future__ import annotations

import os

import pytest

from evacuation_planner.plugin.solvers.dependencies import available, how_to_install

collect_ignore_glob = [] if os.environ.get("TEST_TORCH", "") not in ("", "0") else ["test_*.py"]


@pytest.fixture(autouse=True, scope="session")
def _with_torch() -> None:
    """Skip where PyTorch is missing, with the way to get it."""
    if not available("torch"):
        pytest.skip(f"PyTorch is not installed. {how_to_install('torch')}For these tests use the project's Python.")
