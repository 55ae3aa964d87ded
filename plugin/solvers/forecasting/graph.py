"""Which places are neighbours, and graph wavelets that smooth over them."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix, diags, identity
from scipy.spatial import cKDTree
from scipy.special import ive

NEIGHBOURS = 8
LEAST_WEIGHT = 0.01
ORDER = 16  # of the Chebyshev expansion; its error is below 1e-6 for scales up to 8


def adjacency_by_distance(xyz: np.ndarray, neighbours: int = NEIGHBOURS) -> csr_matrix:
    """Return weights exp(-(d / sigma)^2) between each place and its nearest ones, symmetric.

    Parameters
    ----------
    xyz : ndarray, shape (p, 2 or 3)
        Positions in metres; NaN for a place without one, which then has no neighbour.

    Notes
    -----
    sigma is the mean distance to those neighbours: a Gaussian kernel with few neighbours, as in Shuman et al. 2013.
    """
    count = len(xyz)
    placed = np.flatnonzero(np.isfinite(xyz).all(axis=1))
    if len(placed) < 2:
        return csr_matrix((count, count))
    k = min(neighbours + 1, len(placed))
    distance, near = cKDTree(xyz[placed]).query(xyz[placed], k=k)
    distance, near = distance[:, 1:], near[:, 1:]
    sigma = max(float(distance.mean()), 1e-9)
    weight = np.exp(-((distance / sigma) ** 2)).ravel()
    rows = np.repeat(placed, k - 1)
    keep = (weight >= LEAST_WEIGHT) & (rows != placed[near.ravel()])
    matrix = csr_matrix((weight[keep], (rows[keep], placed[near.ravel()][keep])), shape=(count, count))
    return matrix.maximum(matrix.T).tocsr()


def adjacency_by_correlation(deviation: np.ndarray, neighbours: int = NEIGHBOURS) -> csr_matrix:
    """Return weights from the correlation of deviations (t, p) from the seasonal profile, each place's strongest ones.

    Used where neither positions nor a table of neighbours are given: the series themselves tell who moves together.
    """
    filled = np.nan_to_num(deviation)
    scale = np.sqrt((filled**2).mean(axis=0))
    unit = filled / np.where(scale > 0.0, scale, 1.0)
    correlation = np.clip(unit.T @ unit / max(len(unit), 1), 0.0, 1.0)
    np.fill_diagonal(correlation, 0.0)
    count = len(correlation)
    if count < 2:
        return csr_matrix((count, count))
    kept = min(neighbours, count - 1)
    least = np.partition(correlation, -kept, axis=1)[:, -kept][:, None]
    matrix = csr_matrix(np.where((correlation >= least) & (correlation > 0.1), correlation, 0.0))
    return matrix.maximum(matrix.T).tocsr()


def shifted_laplacian(adjacency: csr_matrix) -> csr_matrix:
    """Return L - I with the normalised Laplacian L = I - D^-1/2 A D^-1/2, shape (p, p).

    L has its eigenvalues in [0, 2], this one in [-1, 1], where Chebyshev polynomials are at home.
    """
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    root = np.divide(1.0, np.sqrt(degree), out=np.zeros(len(degree)), where=degree > 0)
    shifted = (-(diags(root) @ adjacency @ diags(root))).tocsr()
    if (degree == 0).any():  # a place alone keeps its signal: its row of L is 0
        shifted = (shifted - diags((degree == 0).astype(float)) @ identity(len(degree))).tocsr()
    return shifted


def heat_wavelets(adjacency: csr_matrix, signal: np.ndarray, scales: tuple[float, ...]) -> list[np.ndarray]:
    """Smooth a signal over the graph at several scales.

    psi_s x = U exp(-s lambda) U^T x with the eigenvectors U of the normalised Laplacian L = I - D^-1/2 A D^-1/2, the
    wavelet basis of graph wavelet networks (the model that [E] uses for road flows builds on it), evaluated without
    eigenvectors by a Chebyshev expansion of exp(-s L) (Hammond et al. 2011).

    Parameters
    ----------
    adjacency : csr_matrix, shape (p, p)
    signal : ndarray, shape (t, p)
    scales : tuple of float
        s > 0; the larger, the wider.

    Returns
    -------
    list of ndarray, shape (t, p)
    """
    shifted = shifted_laplacian(adjacency)
    before, now = signal.T, shifted @ signal.T
    out = [ive(0, s) * before - 2.0 * ive(1, s) * now for s in scales]
    for k in range(2, ORDER + 1):
        before, now = now, 2.0 * (shifted @ now) - before
        for i, s in enumerate(scales):
            out[i] = out[i] + (2.0 * (-1) ** k * ive(k, s)) * now
    return [smooth.T for smooth in out]
