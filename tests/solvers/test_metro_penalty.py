"""The penalty tiers of [M] Table 3."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.metro.problem import DEFAULT_TIERS, parse_tiers


def test_coefficients_of_table_3_with_ends_included():
    late = np.array([-3.0, 0.0, 0.1, 5.0, 5.001, 10.0, 10.5, 20.0, 20.1, 1e6, np.inf])
    assert parse_tiers(DEFAULT_TIERS).at(late).tolist() == [0, 0, 1, 1, 2, 2, 10, 10, 100, 100, 100]


def test_tiers_can_be_edited_and_written_with_semicolons():
    tiers = parse_tiers("2:0.5; inf:7")
    assert tiers.at(np.array([1.0, 2.0, 2.5])).tolist() == [0.5, 0.5, 7.0]


@pytest.mark.parametrize(
    "text, part",
    [
        ("", "empty"),
        ("0:0, five:1, inf:100", "five:1"),
        ("0:0, 5, inf:100", "“5”"),
        ("0:0, 5:1:2, inf:100", "5:1:2"),
        ("0:0, nan:1, inf:100", "nan:1"),
        ("0:0, 5:inf, inf:100", "5:inf"),
        ("0:0, 5:-1, inf:100", "negative"),
        ("0:0, 10:1, 5:2, inf:100", "5:2"),
        ("0:0, 5:1, 5:2, inf:100", "5:2"),
        ("0:0, 5:1", "inf"),
    ],
)
def test_unreadable_tiers_are_quoted(text, part):
    with pytest.raises(SolverError, match="PENALTY_TIERS") as caught:
        parse_tiers(text)
    assert part in str(caught.value)
