"""The page "From a Python script" of the README, run as it stands."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import environment


def blocks() -> list[str]:
    """Return the Python of the page, block by block."""
    text = (environment.ROOT / "README.md").read_text(encoding="utf-8")
    page = text.partition("## From a Python script")[2].partition("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), names)  # the README's own words
    return names


def test_the_page_has_both_ways() -> None:
    assert len(blocks()) == 2


def test_arrays(capsys: pytest.CaptureFixture[str]) -> None:
    """Ten cars on each road meet 100 s (1 + 0.1 * 10) = 200 s; all twenty on one, 300 s."""
    result = run(blocks()[0])["result"]
    assert (result.total_time, result.individual_time) == (pytest.approx(4000.0), pytest.approx(6000.0))
    assert 0.0 <= result.gap < 1.0
    assert capsys.readouterr().out


def test_layers(qgis_processing: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(environment.ROOT)
    names = run(blocks()[1])
    plan = names["plan"]
    assert (len(plan.routed), plan.problem.people.sum()) == (60, 120.0)
    assert (plan.travel >= plan.fastest - 1e-6).all()
    assert np.isfinite(plan.total_time)
    assert capsys.readouterr().out.startswith("60 cars, ")
