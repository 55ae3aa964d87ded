"""Weights of the two objectives: the analytic hierarchy process and the entropy method that [M] section 4.1.3 names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import SolverError
from .problem import MetroProblem

# Saaty's mean consistency index of random matrices of 1, 2, 3, ... criteria.
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
ACCEPTABLE = 0.1  # consistency ratio up to which judgements count as consistent
OBJECTIVES = ("delay", "cost")


@dataclass(frozen=True)
class PairwiseWeights:
    """Weights of a pairwise comparison.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        Sum 1.
    consistency_ratio : float
        0 for perfect consistency; above 0.1 the judgements contradict each other.
    """

    weights: np.ndarray
    consistency_ratio: float


def parse_matrix(text: str) -> np.ndarray:
    """Read a matrix as ``"1, 7/3; 3/7, 1"``: rows with semicolons, values with commas or spaces, fractions allowed.

    Raises
    ------
    SolverError
    """
    rows = [row.replace(",", " ").split() for row in text.replace("\n", ";").split(";") if row.strip()]
    try:
        values = [[_ratio(cell) for cell in row] for row in rows]
    except (ValueError, ZeroDivisionError):
        raise SolverError(f"PAIRWISE: “{text}” cannot be read. Write rows with semicolons: 1, 7/3; 3/7, 1.") from None
    if not values or any(len(row) != len(values) for row in values):
        raise SolverError("PAIRWISE: the matrix must be square: as many values in each row as there are rows.")
    return np.array(values)


def _ratio(cell: str) -> float:
    """Read ``"3"`` or ``"7/3"``; ValueError for what is no finite number."""
    top, _, below = cell.partition("/")
    value = float(top) / float(below or "1")
    if not math.isfinite(value):
        raise ValueError(cell)
    return value


def pairwise_weights(matrix: np.ndarray) -> PairwiseWeights:
    """Return the principal eigenvector of a matrix of judgements and Saaty's consistency ratio.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        Entry (a, b): how many times as important a is as b; 1 on the diagonal, reciprocals across it.

    Raises
    ------
    SolverError
        When the matrix is no matrix of judgements, or larger than ten criteria.

    Examples
    --------
    >>> found = pairwise_weights(np.array([[1.0, 7 / 3], [3 / 7, 1.0]]))
    >>> found.weights.round(6).tolist(), found.consistency_ratio
    ([0.7, 0.3], 0.0)
    """
    n = len(matrix)
    if n > len(RANDOM_INDEX):
        raise SolverError(f"PAIRWISE: at most {len(RANDOM_INDEX)} criteria can be compared; there are {n}.")
    if not (matrix > 0).all() or not np.isfinite(matrix).all():
        raise SolverError("PAIRWISE: every judgement must be above 0.")
    # Judgements are written with few digits (0.43 for 3/7), so reciprocity is asked for to 2 %.
    if not np.allclose(matrix * matrix.T, 1.0, atol=0.02):
        raise SolverError(
            "PAIRWISE: the matrix must hold 1 on its diagonal, and reciprocals across it (3 there is 1/3 here)."
        )
    values, vectors = np.linalg.eig(matrix)
    first = int(np.argmax(values.real))
    vector = np.abs(vectors[:, first].real)
    index = (float(values[first].real) - n) / (n - 1) if n > 1 else 0.0
    expected = RANDOM_INDEX[n - 1]
    ratio = max(0.0, index / expected) if expected > 0 else 0.0
    return PairwiseWeights(vector / vector.sum(), ratio if ratio > 1e-12 else 0.0)


def objective_weights(weights: np.ndarray, criteria: Sequence[str]) -> tuple[float, float]:
    """Add the weights of criteria up to the two objectives, delay and cost.

    Raises
    ------
    SolverError
        When there is not one objective for each criterion, or a name is neither delay nor cost.
    """
    if len(criteria) != len(weights):
        raise SolverError(
            f"PAIRWISE_OBJECTIVES: {len(criteria)} are named, but the matrix compares {len(weights)} criteria."
        )
    for name in criteria:
        if name not in OBJECTIVES:
            raise SolverError(f"PAIRWISE_OBJECTIVES: “{name}” must be delay or cost.")
    delay, cost = (float(sum(w for w, c in zip(weights, criteria) if c == name)) for name in OBJECTIVES)
    return delay, cost


def entropy_weights(alternatives: np.ndarray) -> np.ndarray:
    """Return the weights of criteria by how much the alternatives differ in them.

    e = -1/ln(m) Σ p ln p with p the share of an alternative in its criterion's sum; w = (1 - e) / Σ (1 - e).

    Parameters
    ----------
    alternatives : ndarray, shape (m, n)
        Values of m alternatives in n criteria, not negative.

    Returns
    -------
    ndarray, shape (n,)
        Sum 1.

    Raises
    ------
    SolverError
        With fewer than two alternatives, or when they do not differ in any criterion.

    Examples
    --------
    Costs are all alike, so only the time decides.

    >>> entropy_weights(np.array([[10.0, 5.0], [30.0, 5.0]])).tolist()
    [1.0, 0.0]
    """
    m = len(alternatives)
    if m < 2:
        raise SolverError("Entropy weights need at least two alternatives, that is two ways from a rescue point.")
    total = alternatives.sum(axis=0)
    share = alternatives / np.where(total > 0, total, 1.0)
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=0) / math.log(m)
    differs = np.where(total > 0, np.maximum(0.0, 1.0 - entropy), 0.0)
    differs[differs < 1e-12] = 0.0
    if not differs.any():
        raise SolverError("Entropy weights: all alternatives are alike in time and in cost. Give the weights yourself.")
    return differs / differs.sum()


def alternatives_of(problem: MetroProblem) -> np.ndarray:
    """Return travel time and mean unit cost of what is demanded for every way that exists, shape (m, 2)."""
    rows = []
    for i, j in np.argwhere(problem.reachable):
        types = (problem.demand[j] > 0) & (problem.inventory[i] > 0)
        if types.any():
            rows.append((problem.minutes[i, j], problem.unit_cost[i, j, types].mean()))
    return np.array(rows, dtype=float).reshape(-1, 2)
