"""What the network sees of a series: values in units of each place's spread, whether known, averages, season.

Values are taken relative to each place's mean, not to its seasonal profile: with few days a profile is rough, and the
network learns itself how far to trust it. In training the profile of a moment leaves out that moment's own value, which
no forecast will have either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..seasons import Profile, profile_of
from ..series import DAY, WEEK, Series

OUT = 12  # steps ahead at once
AVERAGES = (24, 168)  # steps
SEASONS_BACK = (DAY, WEEK)
CHANNELS = ("value", "known", "a day before", "a week before", *(f"mean of {width}" for width in AVERAGES), "profile",
            "sine of day", "cosine of day", "sine of week", "cosine of week")  # fmt: skip
VALUE, PROFILE = CHANNELS.index("value"), CHANNELS.index("profile")
LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Frame:
    """The units in which the network sees values.

    Attributes
    ----------
    profile : Profile
        Averages by slot of the season, (s, p).
    mean, scale : ndarray, shape (p,)
        Of the values learned from; NaN and 1 for a place without any.
    step : int
        Seconds.
    """

    profile: Profile
    mean: np.ndarray
    scale: np.ndarray
    step: int

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Return (value - mean) / scale, (..., p), NaN where missing."""
        return (values - self.mean) / self.scale

    def unscaled(self, scaled: np.ndarray) -> np.ndarray:
        """Return the values of scaled ones, (..., p); NaN for a place that was never seen."""
        return scaled * self.scale + self.mean


def frame_of(series: Series, season: int) -> Frame:
    """Return the frame of a series; ``season`` in seconds, 0 for none."""
    mean = profile_of(series, 0).mean[0]
    off = series.values - mean
    known = ~np.isnan(off)
    spread = np.sqrt((np.where(known, off, 0.0) ** 2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
    return Frame(profile_of(series, season), mean, np.where(spread > LEAST_SPREAD, spread, 1.0), series.step)


@dataclass(frozen=True)
class Inputs:
    """A series in the units of a frame, from which windows are cut.

    Attributes
    ----------
    scaled : ndarray, shape (t, p)
        NaN where missing.
    profile : ndarray, shape (t + reach, p)
        The scaled profile, also of the steps after the data.
    time : ndarray, shape (t + reach, 4)
        Sine and cosine of the time of day and of the week; 0 where the season has none.
    step : int
    """

    scaled: np.ndarray
    profile: np.ndarray
    time: np.ndarray
    step: int

    def windows(self, steps: np.ndarray, origins: np.ndarray, fed: np.ndarray | None = None) -> np.ndarray:
        """Return the channels at steps (o, r), from what lies before origins (o,), float32 (o, r, p, c).

        Steps before the data are empty. ``fed`` (o, k, p) are scaled forecasts of the steps from the origins on, which
        stand in for data there. No step may look at the origin or later ones without them.
        """
        known = _Known(self.scaled, origins, fed)
        value, there = known.at(steps)
        channels = [value, there]
        for season in SEASONS_BACK:
            length = max(1, season // self.step)
            back = -(-OUT // length) * length  # the first whole season before the last step that is forecast from here
            channels.append(known.at(steps + OUT - back)[0])
        channels += [known.mean(steps, width) for width in AVERAGES]
        inside = np.clip(steps, 0, None)
        channels.append(np.where((steps >= 0)[..., None], self.profile[inside + OUT], 0.0))
        time = np.where((steps >= 0)[..., None], self.time[inside], 0.0)
        channels += [np.broadcast_to(time[..., k, None], value.shape) for k in range(time.shape[-1])]
        return np.stack([channel.astype(np.float32) for channel in channels], axis=-1)


class _Known:
    """Scaled values before each origin, followed by what was forecast; 0 where nothing is known."""

    def __init__(self, scaled: np.ndarray, origins: np.ndarray, fed: np.ndarray | None) -> None:
        self.origins = np.asarray(origins)[:, None]
        self.known, self.value = ~np.isnan(scaled), np.nan_to_num(scaled)
        self.fed = np.zeros((len(origins), 0, scaled.shape[1])) if fed is None else np.nan_to_num(fed)
        self.total = _running(self.value, 0)
        self.fed_total = _running(self.fed, 1)

    def at(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the values at steps (o, r) and whether they are known, both (o, r, p)."""
        inside = np.clip(steps, 0, len(self.value) - 1)
        before = ((steps >= 0) & (steps < self.origins))[..., None]
        value = np.where(before, self.value[inside], 0.0)
        known = np.where(before, self.known[inside], False)
        if self.fed.shape[1]:
            ahead = steps - self.origins
            after = ((ahead >= 0) & (ahead < self.fed.shape[1]))[..., None]
            row = np.arange(len(steps))[:, None]
            fed = self.fed[row, np.clip(ahead, 0, self.fed.shape[1] - 1)]
            value, known = np.where(after, fed, value), known | after
        return value, known

    def mean(self, steps: np.ndarray, width: int) -> np.ndarray:
        """Return the mean of ``width`` values up to steps, (o, r, p); missing ones count as the place's mean."""
        return (self._sum(steps + 1) - self._sum(steps + 1 - width)) / width

    def _sum(self, ends: np.ndarray) -> np.ndarray:
        """Return the sum of all values before ``ends``, (o, r, p)."""
        total = self.total[np.clip(np.minimum(ends, self.origins), 0, len(self.value))]
        if self.fed.shape[1]:
            row = np.arange(len(ends))[:, None]
            total = total + self.fed_total[row, np.clip(ends - self.origins, 0, self.fed.shape[1])]
        return total


def _running(values: np.ndarray, axis: int) -> np.ndarray:
    """Return sums of the first 0, 1, ... values along an axis."""
    shape = list(values.shape)
    shape[axis] = 1
    return np.concatenate([np.zeros(shape), np.cumsum(values, axis=axis)], axis=axis)


def inputs_of(series: Series, frame: Frame, reach: int, learning: bool = False) -> Inputs:
    """Return a series as inputs, with season and time for ``reach`` steps after it.

    ``learning`` leaves each value out of its own profile.
    """
    reach = max(reach, OUT)
    last = len(series) + reach
    profile = frame.profile.at(series, 0, last)
    if learning:
        profile = profile.copy()
        profile[: len(series)] = _without_itself(series, frame)
    time = np.zeros((last, 4))
    for column, season in ((0, DAY), (2, WEEK)):
        if frame.profile.season >= season:
            angle = 2.0 * np.pi * series.slots(0, last, season) * series.step / season
            time[:, column], time[:, column + 1] = np.sin(angle), np.cos(angle)
    return Inputs(frame.scaled(series.values), np.nan_to_num(frame.scaled(profile)), time, series.step)


def _without_itself(series: Series, frame: Frame) -> np.ndarray:
    """Return the profile at each step without that step's value, (t, p); the place's mean where it was the only one."""
    season, values = frame.profile.season, series.values
    slot = series.slots(0, len(series), season) if season else np.zeros(len(series), dtype=np.int64)
    known = ~np.isnan(values)
    count = np.zeros(frame.profile.mean.shape)
    np.add.at(count, slot, known)
    mean, number = frame.profile.mean[slot], count[slot]
    others = (mean * number - np.where(known, values, 0.0)) / np.maximum(number - 1.0, 1.0)
    return np.where(known & (number >= 2), others, np.where(known, frame.mean, mean))


def targets_of(scaled: np.ndarray) -> np.ndarray:
    """Return what follows each step, float32 (t, p, OUT): NaN where it is missing or after the data."""
    out = np.full((*scaled.shape, OUT), np.nan, dtype=np.float32)
    for h in range(1, OUT + 1):
        out[: len(scaled) - h, :, h - 1] = scaled[h:]
    return out
