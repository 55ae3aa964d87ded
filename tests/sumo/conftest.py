"""Tests with the simulator SUMO, which ``make test-sumo`` installs; no other command runs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of netconvert and sumo."""
    if os.environ.get("TEST_SUMO", "") in ("", "0"):
        pytest.skip("make test-sumo runs this")
    from benchmarks.bench_venv import sumo_home

    home = sumo_home()
    os.environ["SUMO_HOME"] = str(home)
    return home / "bin"


@pytest.fixture(scope="session", autouse=True)
def registered(provider):
    """Register the provider before the first test."""
    return provider
