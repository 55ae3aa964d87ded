"""Tests of this folder call the algorithms through Processing's registry."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def registered(provider):
    """Register the provider before the first test."""
    return provider
