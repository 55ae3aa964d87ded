"""GWNN-STGM: a graph-wavelet network for series of many places, on PyTorch.

From [E] 4.1 are three parts: a layer of graph wavelets, an adjacency that the network learns from embeddings of the
places, and stacked dilated causal convolutions whose receptive field grows from layer to layer. [E] gives no sizes and
no formula; the rest (gates, residual and skip connections, normalisation, the linear path) is ours, after the common
form of such networks.

Tensors are (places, series of a batch, steps, channels). This file imports PyTorch: import it only where it is needed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import nn

from ..graph import ORDER, shifted_laplacian
from .inputs import CHANNELS, OUT, PROFILE, VALUE

HIDDEN, MIXED, EMBEDDING = 32, 16, 10  # channels; channels that are exchanged between places; size of an embedding
DILATIONS = (1, 2, 4, 8)
RECEPTIVE = 1 + sum(DILATIONS)  # steps that a forecast sees
FIRST_SCALES, LARGEST_SCALE = (0.5, 2.0, 6.0), 8.0  # to 8 the expansion of exp(-s L) is exact to 1e-6
QUADRATURE = 64
DROPOUT = 0.25


def polynomials(adjacency: csr_matrix) -> np.ndarray:
    """Return Chebyshev's polynomials T_0 to T_ORDER of L - I, shape (ORDER + 1, p, p)."""
    symmetric = adjacency.maximum(adjacency.T).tocsr()
    shifted = shifted_laplacian(symmetric)
    out = [np.eye(symmetric.shape[0]), shifted.toarray()]
    while len(out) <= ORDER:
        out.append(2.0 * (shifted @ out[-1]) - out[-2])
    return np.stack(out)


def wavelets(scales: Any, chebyshev: Any) -> Any:
    """Return exp(-s L) for scales (s,), from the polynomials (k, p, p): shape (s, p, p), differentiable in s.

    exp(-s L) = sum over k of c_k T_k(L - I) with c_k = 2/pi times the integral over [0, pi] of
    exp(-s (1 + cos a)) cos(k a), half of it for k = 0 (Hammond et al. 2011), by quadrature at Chebyshev's nodes.
    """
    angle = (torch.arange(QUADRATURE, dtype=chebyshev.dtype) + 0.5) * (math.pi / QUADRATURE)
    waves = torch.cos(torch.arange(len(chebyshev), dtype=chebyshev.dtype)[:, None] * angle)
    coefficients = torch.exp(-scales[:, None] * (1.0 + torch.cos(angle))) @ waves.T * (2.0 / QUADRATURE)
    halved = torch.cat([coefficients[:, :1] / 2.0, coefficients[:, 1:]], dim=1)
    return torch.einsum("sk,kmn->smn", halved, chebyshev)


class Layer(nn.Module):
    """A gated causal convolution in time, then the exchange between places, with a residual connection."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.gates = nn.Linear(2 * HIDDEN, 2 * HIDDEN)  # of a step and the one `dilation` before: a kernel of size 2
        self.narrow = nn.Linear(HIDDEN, MIXED)
        self.mix = nn.Linear((len(FIRST_SCALES) + 1) * MIXED, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN)
        first = torch.tensor(FIRST_SCALES) / LARGEST_SCALE
        self.scales = nn.Parameter(torch.log(first / (1.0 - first)))
        self.skip = nn.Linear(HIDDEN, 2 * HIDDEN)

    def forward(self, x: Any, chebyshev: Any, adaptive: Any, last: int, dropped: Any) -> tuple[Any, Any]:
        """Return the layer's output, `dilation` steps shorter, and what it adds to the last steps' forecast."""
        h = self.gates(torch.cat([x[:, :, : -self.dilation], x[:, :, self.dilation :]], dim=-1))
        value, gate = h.chunk(2, dim=-1)
        h = dropped(torch.tanh(value) * torch.sigmoid(gate))
        psi = wavelets(LARGEST_SCALE * torch.sigmoid(self.scales), chebyshev)
        exchanged = torch.cat([psi, adaptive[None]]).flatten(0, 1) @ self.narrow(h).flatten(1)
        parts = exchanged.reshape(len(psi) + 1, *h.shape[:3], MIXED)
        mixed = self.mix(torch.cat(list(parts), dim=-1))  # a sum over the wavelets and the learned adjacency
        return self.norm(mixed + x[:, :, self.dilation :]), self.skip(h[:, :, -last:])


class Network(nn.Module):
    """The whole network: channels of every place and step in, the next OUT scaled values out."""

    def __init__(self, chebyshev: np.ndarray) -> None:
        super().__init__()
        places = chebyshev.shape[1]
        self.register_buffer("chebyshev", torch.from_numpy(chebyshev.astype(np.float32)), persistent=False)
        self.enter = nn.Linear(len(CHANNELS), HIDDEN)
        self.place = nn.Parameter(torch.zeros(places, HIDDEN))
        self.source = nn.Parameter(torch.zeros(places, EMBEDDING))
        self.target = nn.Parameter(torch.zeros(places, EMBEDDING))
        self.layers = nn.ModuleList(Layer(dilation) for dilation in DILATIONS)
        self.head = nn.Linear(2 * HIDDEN, 4 * HIDDEN)
        self.out = nn.Linear(4 * HIDDEN, OUT)
        # The linear path: how far the last value and the profile are kept, by horizon.
        keep = torch.linspace(0.95, 0.4, OUT)
        self.keep = nn.Parameter(torch.stack([keep, 1.0 - keep, torch.zeros(OUT)]))

    def begin(self, generator: Any) -> None:
        """Draw the first weights from a generator, so that the global one is left alone."""
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, nn.Linear):
                    bound = 1.0 / math.sqrt(module.in_features)
                    module.weight.uniform_(-bound, bound, generator=generator)
                    module.bias.uniform_(-bound, bound, generator=generator)
            for embedding in (self.source, self.target):
                embedding.normal_(0.0, 0.5, generator=generator)
            self.out.weight.zero_()
            self.out.bias.zero_()

    def adaptive(self) -> Any:
        """Return the learned adjacency, softmax(relu(E1 E2^T)), rows of sum 1, shape (p, p)."""
        return torch.softmax(torch.relu(self.source @ self.target.T), dim=1)

    def forward(self, x: Any, generator: Any = None) -> Any:
        """Return the scaled forecasts (p, b, t - RECEPTIVE + 1, OUT) from channels (p, b, t, c).

        The first is made at step RECEPTIVE - 1 and sees all steps up to it. With a generator for the dropout.
        """
        last = x.shape[2] - RECEPTIVE + 1

        def dropped(h: Any) -> Any:
            if generator is None:
                return h
            kept = torch.rand((*h.shape[:2], 1, h.shape[3]), generator=generator) >= DROPOUT
            return h * kept / (1.0 - DROPOUT)

        adaptive = self.adaptive()
        h = self.enter(x) + self.place[:, None, None]
        total = torch.zeros(())
        for layer in self.layers:
            h, skip = layer(h, self.chebyshev, adaptive, last, dropped)
            total = total + skip
        learned = self.out(torch.relu(self.head(torch.relu(total))))
        return learned + self._linear(x)

    def _linear(self, x: Any) -> Any:
        """Return the part of the forecast that is linear in the last value and in the profile now and then."""
        profile = x[..., PROFILE]  # at each step that of OUT steps later
        value = x[:, :, RECEPTIVE - 1 :, VALUE, None]
        then = profile.unfold(2, OUT, 1)[:, :, RECEPTIVE - OUT :]
        now = profile[:, :, RECEPTIVE - 1 - OUT : -OUT, None]
        return self.keep[0] * value + self.keep[1] * then + self.keep[2] * now


def empty(chebyshev: np.ndarray) -> Network:
    """Return a network whose weights are still to be drawn or loaded; the global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        return Network(chebyshev)


def shapes(places: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights of a network, by name."""
    network = empty(np.zeros((ORDER + 1, places, places), dtype=np.float32))
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}
