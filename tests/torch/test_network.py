"""The network's parts against dense algebra, and what it must not look at."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import expm
from scipy.sparse import csr_matrix

from evacuation_planner.plugin.solvers.forecasting.graph import heat_wavelets
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.inputs import CHANNELS, OUT
from evacuation_planner.plugin.solvers.forecasting.wavelet_network.network import (
    DILATIONS,
    LARGEST_SCALE,
    RECEPTIVE,
    empty,
    polynomials,
    wavelets,
)
from tests.torch.graph_processes import ring


def drawn_graph(places: int, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    weight = np.triu(draw.random((places, places)) * (draw.random((places, places)) < 0.4), 1)
    return weight + weight.T


def laplacian(weight: np.ndarray) -> np.ndarray:
    """I - D^-1/2 A D^-1/2; the row of a place without neighbours is 0."""
    degree = weight.sum(axis=1)
    out = np.zeros_like(weight)
    for i in range(len(weight)):
        for j in range(len(weight)):
            if degree[i] > 0 and i == j:
                out[i, j] = 1.0
            if weight[i, j] > 0:
                out[i, j] -= weight[i, j] / np.sqrt(degree[i] * degree[j])
    return out


def network(weight, seed=0):
    made = empty(polynomials(csr_matrix(weight)))
    made.begin(torch.Generator().manual_seed(seed))
    with torch.no_grad():  # the last layer begins at 0, which would hide what lies before it
        made.out.weight.normal_(0.0, 0.3, generator=torch.Generator().manual_seed(seed + 1))
    return made


def channels(places, steps, seed=0):
    draw = np.random.default_rng(seed)
    return torch.from_numpy(draw.normal(size=(places, 2, steps, len(CHANNELS))).astype(np.float32))


@pytest.mark.parametrize("seed", range(4))
def test_the_filter_is_the_heat_kernel(seed):
    weight = drawn_graph(9, seed)
    weight[3], weight[:, 3] = 0.0, 0.0  # a place by itself
    scales = [0.05, 0.5, 2.0, LARGEST_SCALE]
    found = wavelets(torch.tensor(scales, dtype=torch.float64), torch.from_numpy(polynomials(csr_matrix(weight))))
    for psi, scale in zip(found.numpy(), scales):
        assert psi == pytest.approx(expm(-scale * laplacian(weight)), abs=1e-6)
    assert found[:, 3, 3].numpy() == pytest.approx(1.0, abs=1e-6)


def test_the_filter_is_that_of_the_graph_ridge():
    weight, signal = csr_matrix(drawn_graph(7, 5)), np.random.default_rng(1).normal(size=(3, 7))
    psi = wavelets(torch.tensor([0.5, 6.0], dtype=torch.float64), torch.from_numpy(polynomials(weight))).numpy()
    for one, other in zip(psi, heat_wavelets(weight, signal, (0.5, 6.0))):
        assert signal @ one.T == pytest.approx(other, abs=1e-9)


def test_the_scales_gradient_is_the_derivative_of_the_heat_kernel():
    weight = drawn_graph(6, 8)
    scale = torch.tensor([1.7], dtype=torch.float64, requires_grad=True)
    wavelets(scale, torch.from_numpy(polynomials(csr_matrix(weight))))[0, 1, 2].backward()
    dense = laplacian(weight)
    assert scale.grad.item() == pytest.approx((-dense @ expm(-1.7 * dense))[1, 2], abs=1e-6)


def test_the_receptive_field_grows_by_layer_and_ends():
    assert [sum(DILATIONS[: k + 1]) + 1 for k in range(len(DILATIONS))] == [2, 4, 8, 16] and RECEPTIVE == 16
    made, x = network(ring(5).toarray()), channels(5, RECEPTIVE + 4)
    x.requires_grad_(True)
    made(x)[2, 0, 0].sum().backward()  # the first forecast of one place
    seen = x.grad.abs().sum(dim=(0, 3))
    assert (seen[0, :RECEPTIVE] > 0).all()  # all of its past
    assert (seen[0, RECEPTIVE:] == 0).all() and (seen[1] == 0).all()  # nothing later, nothing of another series


def test_the_future_changes_nothing_before():
    made, x = network(ring(6).toarray()), channels(6, RECEPTIVE + 20)
    before = made(x)
    changed = x.clone()
    changed[:, :, RECEPTIVE + 9 :] += 100.0
    after = made(changed)
    assert torch.equal(before[:, :, :10], after[:, :, :10])  # forecasts made at steps up to RECEPTIVE + 8
    assert (before[:, :, 10:] != after[:, :, 10:]).any(dim=-1).all()


def test_a_window_by_itself_is_forecast_as_within_the_series():
    made, x = network(ring(6).toarray()), channels(6, RECEPTIVE + 7)
    whole = made(x)
    for k in range(8):
        alone = made(x[:, :, k : k + RECEPTIVE])[:, :, 0].detach().numpy()
        assert alone == pytest.approx(whole[:, :, k].detach().numpy(), abs=1e-5)


def test_places_learn_from_one_another_by_the_graph_and_by_the_learned_adjacency():
    apart = np.zeros((4, 4))
    apart[0, 1] = apart[1, 0] = apart[2, 3] = apart[3, 2] = 1.0
    made, x = network(apart), channels(4, RECEPTIVE)
    assert made.adaptive().sum(dim=1).detach().numpy() == pytest.approx(np.ones(4))
    narrow = made.layers[0].mix.in_features // 4

    def reached() -> torch.Tensor:
        x.requires_grad_(True)
        x.grad = None
        made(x)[0].sum().backward()
        return x.grad.abs().sum(dim=(1, 2, 3))

    assert (reached() > 0).all()
    with torch.no_grad():
        for layer in made.layers:
            layer.mix.weight[:, 3 * narrow :] = 0.0  # without the learned adjacency
    found = reached()
    assert (found[:2] > 0).all() and (found[2:] == 0).all()


def test_the_linear_path_keeps_the_value_and_knows_the_profile():
    made, x = network(ring(3).toarray()), torch.zeros(3, 1, RECEPTIVE, len(CHANNELS))
    with torch.no_grad():
        made.out.weight.zero_()
        made.out.bias.zero_()
    x[:, 0, -1, CHANNELS.index("value")] = 2.0
    x[:, 0, :, CHANNELS.index("profile")] = torch.arange(RECEPTIVE, dtype=torch.float32)  # at each step OUT later
    keep = made.keep.detach().numpy()
    now, then = RECEPTIVE - 1 - OUT, RECEPTIVE - OUT + np.arange(OUT)
    expected = 2.0 * keep[0] + then * keep[1] + now * keep[2]
    assert made(x)[1, 0, 0].detach().numpy() == pytest.approx(expected, rel=1e-6)
