"""What the judges said of plans, kept in a file: strict JSON, nothing of routes that are no more."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmarks.judges import kept
from benchmarks.judges.named import KEPT
from benchmarks.judges.plans import kept_plan

ONE = kept.Verdict("city", "queue", "a1", kept.SUMO, 1, 12.5, 30.0, 40.0, 10, 10, 1.0, "")


@pytest.fixture
def file(tmp_path, monkeypatch):
    """An empty file of verdicts."""
    monkeypatch.setattr(kept, "FILE", tmp_path / "kept.json")
    return tmp_path / "kept.json"


def test_who_never_arrives_is_null_in_the_file_and_infinite_when_read(file):
    kept.keep(replace(ONE, last_95=math.inf, arrived=9))

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    (row,) = json.loads(file.read_text(), parse_constant=refuse)
    assert row["last_95"] is None and row["last"] == 40.0
    assert kept.verdicts() == [replace(ONE, last_95=math.inf, arrived=9)]


def test_routes_that_changed_take_all_verdicts_on_the_earlier_ones_along(file):
    other = replace(ONE, plan="present")
    for verdict in (ONE, replace(ONE, seed=2), replace(ONE, judge=kept.UXSIM), other):
        kept.keep(verdict)
    kept.keep(replace(ONE, seed=2, total_time=12.0))
    assert len(kept.verdicts()) == 4
    new = replace(ONE, digest="b2")
    kept.keep(new)
    assert kept.verdicts() == [other, new]


def test_all_that_is_kept_of_plans_with_a_file_is_of_the_routes_in_it():
    digests = {}
    for verdict in kept.verdicts():
        named = verdict.case, verdict.plan
        if named not in digests:
            plan = kept_plan(SimpleNamespace(name=verdict.case), verdict.plan)
            assert plan is not None or verdict.plan not in KEPT, named
            digests[named] = verdict.digest if plan is None else plan.digest()
        assert verdict.digest == digests[named], verdict
    assert digests
