"""GWNN-STGM as a method of forecasting: trained on a series, it forecasts OUT steps at once and goes on from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from ...control import Control
from ...dependencies import require
from ...errors import SolverError
from ..graph import adjacency_by_correlation
from ..seasons import season_of
from ..series import DAY, Series
from .inputs import OUT, Frame, Inputs, frame_of, inputs_of

NAME = "GWNN-STGM"
PURPOSE = "the GWNN-STGM (METHOD 4); every other METHOD works without it"
LEAST_STEPS, LEAST_DAYS = 96, 2  # to learn from
MOST_PLACES = 500
CELLS_AT_ONCE = 4000  # origins times places: well below a second


@dataclass(frozen=True)
class Options:
    """How to train.

    Attributes
    ----------
    epochs : int
        At most.
    seed : int
    """

    epochs: int = 60
    seed: int = 0


@dataclass(frozen=True)
class WaveletNetwork:
    """A trained network.

    Attributes
    ----------
    places : list of str
    frame : Frame
    adjacency : csr_matrix, shape (p, p)
    weights : dict of ndarray
        By the names of :class:`.network.Network`, float32.
    until : float
        The first moment after the data learned from, seconds since 1970.
    """

    places: list[str]
    frame: Frame
    adjacency: csr_matrix
    weights: dict[str, np.ndarray]
    until: float

    def predict(self, series: Series, origins: np.ndarray, steps: int, *, control: Control | None = None) -> np.ndarray:
        """Return forecasts, shape (o, steps, p), from what lies before each origin (o,).

        Beyond OUT steps the forecasts are fed back as if they had been measured.

        Raises
        ------
        Cancelled
        """
        import torch

        from .network import empty, polynomials
        from .training import repeatable

        control, origins = control or Control(), np.asarray(origins)
        network = empty(polynomials(self.adjacency))
        network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in self.weights.items()})
        rounds = -(-steps // OUT)
        inputs = inputs_of(series.before(int(origins.max())), self.frame, rounds * OUT)
        batches = np.array_split(origins, -(-len(origins) // max(1, CELLS_AT_ONCE // len(self.places))))
        out = []
        with repeatable(), torch.no_grad():
            for number, batch in enumerate(batches):
                fed = np.zeros((len(batch), 0, len(self.places)))
                for _ in range(rounds):
                    control.stop_if_cancelled()
                    fed = np.concatenate([fed, _forecast(network, inputs, batch, fed)], axis=1)
                out.append(self.frame.unscaled(fed[:, :steps]))
                control.progress((number + 1) / len(batches), "Forecasting with GWNN-STGM")
        return np.concatenate(out)


def _forecast(network: Any, inputs: Inputs, origins: np.ndarray, fed: np.ndarray) -> np.ndarray:
    """Return the next OUT scaled values, (o, OUT, p), after the origins and what was forecast already."""
    import torch

    from .network import RECEPTIVE

    begin = np.asarray(origins)[:, None] + fed.shape[1] + np.arange(-RECEPTIVE, 0)
    x = inputs.windows(begin, origins, fed)
    found = network(torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1, 3))))
    return found[:, :, 0].permute(1, 2, 0).numpy().astype(float)


def too_short(series: Series) -> str:
    """Return why a series is too short to learn from, "" where it is long enough."""
    days = len(series) * series.step / DAY
    if len(series) >= LEAST_STEPS and days >= LEAST_DAYS:
        return ""
    least = max(LEAST_DAYS, LEAST_STEPS * series.step / DAY)
    return (
        f"{days:.1f} days in steps of {series.step / 60:g} minutes are too short for the GWNN-STGM (METHOD 4) to learn "
        f"from: it needs {least:g} days of them"
    )


def fit(
    series: Series, adjacency: csr_matrix | None, options: Options, *, control: Control | None = None
) -> WaveletNetwork:
    """Train a network on a series.

    Parameters
    ----------
    adjacency : csr_matrix, shape (p, p), optional
        Weights between neighbours; without it they follow from the correlation of the deviations.

    Raises
    ------
    MissingDependency
        Without PyTorch.
    SolverError
        A series that is too short, has too many places, or nothing to learn from.
    Cancelled
    """
    require("torch", PURPOSE)
    from .network import polynomials
    from .training import train

    control = control or Control()
    places, wrong = len(series.places), too_short(series)
    if wrong:
        raise SolverError(f"COUNTS: {wrong}. Give a longer table, or choose another METHOD.")
    if places > MOST_PLACES:
        raise SolverError(
            f"COUNTS: {places:,} places are more than the {MOST_PLACES} that the GWNN-STGM (METHOD 4) can learn at a "
            f"time. Choose the graph ridge (METHOD 3), or fewer places."
        )
    frame = frame_of(series, season_of(series))
    if adjacency is None:
        adjacency = adjacency_by_correlation(series.values - frame.profile.at(series, 0, len(series)))
    inputs = inputs_of(series, frame, OUT, learning=True)
    trained = train(inputs, polynomials(adjacency), options.epochs, options.seed, control)
    control.log(
        f"GWNN-STGM: {trained.epochs} of {options.epochs} epochs, the best was {trained.best}; mean absolute error on "
        f"the steps held out {trained.error:.3f} of a place's standard deviation."
    )
    until = series.start + series.step * len(series)
    return WaveletNetwork(list(series.places), frame, adjacency.tocsr(), trained.weights, until)
