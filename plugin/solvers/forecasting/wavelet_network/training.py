"""Training of the network: masked absolute errors, chunks of the series in random order, the best weights kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...control import Control
from ...errors import SolverError
from .inputs import OUT, Inputs, targets_of
from .network import RECEPTIVE, empty

CHUNK = 24  # forecasts, one after the other, of a training example
CHUNK_CELLS = 800  # places times chunks of a batch
MOST_CHUNKS = 8
LEAST_BATCHES, MOST_BATCHES = 16, 48  # of an epoch
HELD_OUT = 8  # every eighth block of steps tells when to stop
LEAST_STEPS = 96
PATIENCE = 15  # epochs
LEARNING_RATE, WARM_UP, DECAY = 0.005, 0.15, 1e-4
CLIPPED = 1.0  # length of the gradient
AVERAGING = 0.98  # of the weights, step by step
MOST_STEPS, MOST_CELLS = 20_000, 2_500_000  # that are learned from: the latest
THREADS = 1  # sums are taken in the same order on every machine


@contextmanager
def repeatable() -> Iterator[None]:
    """Let PyTorch compute the same each time, in one thread; its settings are put back afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class Trained:
    """Weights and how they came about.

    Attributes
    ----------
    weights : dict of ndarray
        By the names of :class:`.network.Network`.
    epochs, best : int
        How many were run, and which was best.
    error : float
        Mean absolute error on the steps held out, in units of the places' spread.
    """

    weights: dict[str, np.ndarray]
    epochs: int
    best: int
    error: float


@dataclass(frozen=True)
class _Examples:
    """Channels (p, t + RECEPTIVE - 1, c), targets to learn from and held out (p, t, OUT), and where each has any."""

    channels: Any
    learned: Any
    held_out: Any
    learned_steps: np.ndarray
    held_out_steps: np.ndarray


def train(inputs: Inputs, chebyshev: np.ndarray, epochs: int, seed: int, control: Control) -> Trained:
    """Train a network on a series of at least LEAST_STEPS steps.

    Parameters
    ----------
    chebyshev : ndarray, shape (k, p, p)
        Of :func:`.network.polynomials`.
    epochs : int
        At most; training ends earlier where the steps held out have not been forecast better for PATIENCE epochs.

    Raises
    ------
    SolverError
        Where nothing is known, or no neighbouring steps.
    Cancelled
        Asked between batches, each well below a second.
    """
    examples = _examples(inputs)
    if not len(examples.learned_steps) or not len(examples.held_out_steps):
        raise SolverError(
            "COUNTS: too many values are missing for the GWNN-STGM (METHOD 4) to learn from. Choose another METHOD."
        )
    network = empty(chebyshev)
    random, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    network.begin(generator)
    with repeatable():
        return _Run(network, examples, epochs, random, generator, control).all()


class _Run:
    def __init__(self, network: Any, examples: _Examples, epochs: int, random: Any, generator: Any, control: Control):
        self.network, self.examples, self.epochs = network, examples, epochs
        self.random, self.generator, self.control = random, generator, control
        places, chunks = examples.channels.shape[0], len(_starts(examples.learned_steps, 0))
        self.size = max(1, min(CHUNK_CELLS // places, MOST_CHUNKS, chunks // LEAST_BATCHES))
        batches = min(MOST_BATCHES, -(-chunks // self.size))
        self.batches = batches
        self.optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=DECAY)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, LEARNING_RATE, total_steps=epochs * batches + 1, pct_start=WARM_UP
        )
        self.average = _copied(network)
        self.taken = 0

    def all(self) -> Trained:
        """Train until the end or until nothing has become better for long."""
        best, at, weights, epoch = np.inf, 0, _copied(self.network), 0
        for epoch in range(1, self.epochs + 1):
            self._epoch(epoch)
            error = self._error()
            if error < best:
                best, at, weights = error, epoch, {name: value.clone() for name, value in self.average.items()}
            text = f"Training GWNN-STGM: epoch {epoch} of {self.epochs}, error on steps held out {error:.4f}"
            self.control.progress(epoch / self.epochs, text)
            if epoch - at >= PATIENCE:
                break
        if not np.isfinite(best):
            raise SolverError(
                "COUNTS: the GWNN-STGM (METHOD 4) found no weights; are there values too large to compute with? Choose "
                "another METHOD."
            )
        self.control.progress(1.0, "")
        return Trained({name: value.numpy() for name, value in weights.items()}, epoch, at, float(best))

    def _epoch(self, epoch: int) -> None:
        starts = _starts(self.examples.learned_steps, int(self.random.integers(CHUNK)))
        chosen = self.random.permutation(starts)[: self.batches * self.size]
        batches = np.array_split(chosen, -(-len(chosen) // self.size))
        for number, batch in enumerate(batches[: self.batches]):
            self.control.stop_if_cancelled()
            loss = _loss(*self._batch(batch, self.examples.learned), self.network, self.generator)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIPPED)
            self.optimizer.step()
            self.schedule.step()
            self._average()
            self.control.progress((epoch - 1 + number / len(batches)) / self.epochs, "")

    def _batch(self, starts: np.ndarray, targets: Any) -> tuple[Any, Any]:
        """Return channels (p, b, CHUNK + RECEPTIVE - 1, c) and targets (p, b, CHUNK, OUT)."""
        starts = np.minimum(starts, targets.shape[1] - CHUNK).tolist()
        x = [self.examples.channels[:, start : start + CHUNK + RECEPTIVE - 1] for start in starts]
        return torch.stack(x, dim=1), torch.stack([targets[:, start : start + CHUNK] for start in starts], dim=1)

    def _average(self) -> None:
        """Take the newest weights into their average, which forecasts more steadily than each of them."""
        self.taken += 1
        keep = min(AVERAGING, self.taken / (self.taken + 10.0))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].mul_(keep).add_(value, alpha=1.0 - keep)

    def _error(self) -> float:
        """Return the mean absolute error of the averaged weights on the steps held out."""
        trained = _copied(self.network)
        self.network.load_state_dict(self.average)
        total, count = 0.0, 0
        starts = _starts(self.examples.held_out_steps, 0)
        with torch.no_grad():
            for batch in np.array_split(starts, -(-len(starts) // self.size)):
                self.control.stop_if_cancelled()
                x, target = self._batch(batch, self.examples.held_out)
                known = ~torch.isnan(target)
                total += float((self.network(x) - target)[known].abs().sum())
                count += int(known.sum())
        self.network.load_state_dict(trained)
        return total / count if count and np.isfinite(total) else np.inf


def _loss(x: Any, target: Any, network: Any, generator: Any) -> Any:
    """Return the mean absolute error over the targets that are known."""
    return masked_error(network(x, generator), target)


def masked_error(forecast: Any, target: Any) -> Any:
    """Return the mean absolute error where the target is known; missing ones have no part in it nor in its gradient."""
    known = ~torch.isnan(target)
    return (forecast[known] - target[known]).abs().sum() / known.sum().clamp(min=1)


def _copied(network: Any) -> dict[str, Any]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _starts(steps: np.ndarray, offset: int) -> np.ndarray:
    """Return where chunks begin that together hold all of the ascending ``steps``, the first ``offset`` before them."""
    if not len(steps):
        return steps
    number = np.unique((steps - steps[0] + offset) // CHUNK)
    return np.maximum(steps[0] - offset + number * CHUNK, 0)


def _examples(inputs: Inputs) -> _Examples:
    """Return what is learned from and what is held out: every HELD_OUT-th block of steps."""
    steps, places = inputs.scaled.shape
    first = max(0, steps - min(MOST_STEPS, max(LEAST_STEPS, MOST_CELLS // places)))
    begin = np.arange(first - RECEPTIVE + 1, steps)
    channels = inputs.windows(begin[None], np.array([steps]))[0]
    block = min(2 * OUT, max(1, (steps - first) // HELD_OUT))
    held = (np.arange(steps) // block) % HELD_OUT == HELD_OUT // 2
    learned = targets_of(np.where(held[:, None], np.nan, inputs.scaled))[first:]
    held_out = targets_of(np.where(held[:, None], inputs.scaled, np.nan))[first:]
    return _Examples(
        _by_place(channels), _by_place(learned), _by_place(held_out), _with_any(learned), _with_any(held_out)
    )


def _with_any(targets: np.ndarray) -> np.ndarray:
    return np.flatnonzero(~np.isnan(targets).all(axis=(1, 2)))


def _by_place(values: np.ndarray) -> Any:
    """Return values (t, p, ...) as a tensor (p, t, ...)."""
    return torch.from_numpy(np.ascontiguousarray(values.swapaxes(0, 1)))
