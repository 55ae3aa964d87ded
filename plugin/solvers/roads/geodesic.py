"""Lengths on the ellipsoid, all segments of a network at once.

Short segments by the radii of curvature at their middle latitude; longer ones, and those near the poles, by
Vincenty's inverse formula (T. Vincenty, *Direct and inverse solutions of geodesics on the ellipsoid*, Survey Review
23, 1975), which is exact to well under a millimetre and converges for every pair of points that is not nearly
opposite on the globe.
"""

from __future__ import annotations

import numpy as np

WGS84_A, WGS84_F = 6378137.0, 1 / 298.257223563
ROUNDS = 50
SHORT = 0.01  # degrees; below it, and away from the poles, the middle-latitude formula is right to 1e-8
POLAR = 75.0  # degrees
CONVERGED = 1e-13  # rad; under a micrometre on the ground


def segment_lengths(
    longitude1: np.ndarray,
    latitude1: np.ndarray,
    longitude2: np.ndarray,
    latitude2: np.ndarray,
    semi_major: float = WGS84_A,
    flattening: float = WGS84_F,
) -> np.ndarray:
    """Length in metres of the geodesic between pairs of points.

    Parameters
    ----------
    longitude1, latitude1, longitude2, latitude2 : (k,) float64
        Degrees.
    semi_major, flattening : float
        Of the ellipsoid; metres and a ratio.

    Returns
    -------
    (k,) float64
        Metres; NaN where the formula does not converge (nearly opposite points) or a coordinate is NaN.

    Examples
    --------
    A degree along the equator is the 360th part of a circle of the semi-major axis:

    >>> metres = segment_lengths(np.array([0.0]), np.array([0.0]), np.array([1.0]), np.array([0.0]))
    >>> round(float(metres[0]), 3), round(2 * np.pi * WGS84_A / 360, 3)
    (111319.491, 111319.491)
    """
    turn = longitude2 - longitude1
    turn = turn - 360 * np.round(turn / 360)  # across the date line the short way
    climb = latitude2 - latitude1
    short = (np.abs(turn) < SHORT) & (np.abs(climb) < SHORT) & (np.abs(latitude1) < POLAR)
    if short.all():
        return middle_latitude(turn, latitude1, climb, semi_major, flattening)
    length = np.empty(len(turn))
    length[short] = middle_latitude(turn[short], latitude1[short], climb[short], semi_major, flattening)
    length[~short] = vincenty(turn[~short], latitude1[~short], latitude2[~short], semi_major, flattening)
    return length


def middle_latitude(
    turn: np.ndarray, latitude: np.ndarray, climb: np.ndarray, semi_major: float, flattening: float
) -> np.ndarray:
    """Length in metres of short segments from the radii of curvature at their middle latitude; arguments in degrees."""
    eccentricity2 = flattening * (2 - flattening)
    middle = np.radians(latitude + climb / 2)
    w2 = 1 - eccentricity2 * np.sin(middle) ** 2
    across = semi_major / np.sqrt(w2)
    along = across * (1 - eccentricity2) / w2
    return np.hypot(along * np.radians(climb), across * np.cos(middle) * np.radians(turn))


def vincenty(
    turn_degrees: np.ndarray, latitude1: np.ndarray, latitude2: np.ndarray, semi_major: float, flattening: float
) -> np.ndarray:
    """Length in metres by Vincenty's inverse formula; arguments in degrees, NaN where it does not converge."""
    u1 = np.arctan((1 - flattening) * np.tan(np.radians(latitude1)))
    u2 = np.arctan((1 - flattening) * np.tan(np.radians(latitude2)))
    turn = np.radians(turn_degrees)
    sin1, cos1, sin2, cos2 = np.sin(u1), np.cos(u1), np.sin(u2), np.cos(u2)
    length = np.full(len(turn), np.nan)
    left = np.flatnonzero(np.isfinite(turn) & np.isfinite(u1) & np.isfinite(u2))
    guess = turn[left]
    for _ in range(ROUNDS):
        if len(left) == 0:
            break
        metres, following = _round(
            guess, turn[left], sin1[left], cos1[left], sin2[left], cos2[left], semi_major, flattening
        )
        done = np.abs(following - guess) <= CONVERGED
        length[left[done]] = metres[done]
        left, guess = left[~done], following[~done]
    return length


def _round(
    guess: np.ndarray,
    turn: np.ndarray,
    sin1: np.ndarray,
    cos1: np.ndarray,
    sin2: np.ndarray,
    cos2: np.ndarray,
    semi_major: float,
    flattening: float,
) -> tuple[np.ndarray, np.ndarray]:
    """One round: the length for a guessed difference of longitude on the auxiliary sphere, and the next guess."""
    sin_guess, cos_guess = np.sin(guess), np.cos(guess)
    sin_sigma = np.hypot(cos2 * sin_guess, cos1 * sin2 - sin1 * cos2 * cos_guess)
    cos_sigma = sin1 * sin2 + cos1 * cos2 * cos_guess
    sigma = np.arctan2(sin_sigma, cos_sigma)
    some = sin_sigma > 0
    sin_alpha = np.divide(cos1 * cos2 * sin_guess, sin_sigma, out=np.zeros_like(sigma), where=some)
    cos2_alpha = 1 - sin_alpha**2
    off_equator = cos2_alpha > 1e-15
    mid = cos_sigma - np.divide(2 * sin1 * sin2, cos2_alpha, out=cos_sigma.copy(), where=off_equator)
    mid = np.where(off_equator, mid, 0.0)
    c = flattening / 16 * cos2_alpha * (4 + flattening * (4 - 3 * cos2_alpha))
    spread = sigma + c * sin_sigma * (mid + c * cos_sigma * (2 * mid**2 - 1))
    following = turn + (1 - c) * flattening * sin_alpha * spread
    semi_minor = semi_major * (1 - flattening)
    u_squared = cos2_alpha * (semi_major**2 - semi_minor**2) / semi_minor**2
    a = 1 + u_squared / 16384 * (4096 + u_squared * (-768 + u_squared * (320 - 175 * u_squared)))
    b = u_squared / 1024 * (256 + u_squared * (-128 + u_squared * (74 - 47 * u_squared)))
    inner = cos_sigma * (2 * mid**2 - 1) - b / 6 * mid * (4 * sin_sigma**2 - 3) * (4 * mid**2 - 3)
    metres = semi_minor * a * (sigma - b * sin_sigma * (mid + b / 4 * inner))
    return metres, following
