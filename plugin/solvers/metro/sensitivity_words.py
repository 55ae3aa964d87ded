"""Curves of a sensitivity analysis in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .sensitivity import SAME, Sample, enough


def rescue_points_sentence(samples: Sequence[Sample]) -> str:
    """Say from which number on another rescue point stops helping."""
    if not samples:
        return "There is nothing to compare."
    stop, last = enough(samples), samples[-1]
    names = ", ".join(stop.chosen) or "none"
    fitness = f"F = {stop.worth.fitness:,.1f}"
    if stop is last and len(samples) > 1:
        text = f"Every rescue point helps, up to all {last.value:.0f} ({fitness})."
    elif len(samples) == 1:
        text = f"There is one rescue point only ({fitness})."
    else:
        text = (
            f"From {stop.value:.0f} rescue point(s) on, another one stops helping: the best are {names}, with "
            f"{fitness}, and all {last.value:.0f} together do no better."
        )
    first = next((s for s in samples if s.complete), None)
    if first is None:
        left = [f"{last.missing:,} unit(s) missing"] if last.missing else []
        left += [f"{last.late} demand(s) without a unit on time"] if last.late else []
        text += f" Even all together leave {' and '.join(left)}."
    elif first.value > samples[0].value:
        text += f" Fewer than {first.value:.0f} cannot serve the demand in full, so their F is not comparable."
    return text


def resource_types_sentence(samples: Sequence[Sample]) -> str:
    """Say how F grows with the types, and which one adds most."""
    if not samples:
        return "Nothing is demanded."
    fitness = np.array([sample.worth.fitness for sample in samples])
    rises = np.diff(fitness, prepend=0.0)
    most = int(np.argmax(rises))
    return (
        f"F grows from {fitness[0]:,.1f} with one resource type to {fitness[-1]:,.1f} with {len(samples)}; "
        f"{samples[most].chosen[-1]} adds most ({rises[most]:,.1f})."
    )


def parameter_sentence(name: str, samples: Sequence[Sample]) -> str:
    """Say between which values F moves, where it does not, and where the demand is no longer served."""
    fitness = np.array([sample.worth.fitness for sample in samples])
    low, high = int(np.argmin(fitness)), int(np.argmax(fitness))
    first, last = samples[0].value, samples[-1].value
    if fitness[high] - fitness[low] <= SAME * max(1.0, abs(fitness[high])):
        text = f"F does not answer to {name} between {first:g} and {last:g}: it stays at {fitness[0]:,.1f}."
    else:
        text = (
            f"F lies between {fitness[low]:,.1f} ({name} = {samples[low].value:g}) and {fitness[high]:,.1f} "
            f"({name} = {samples[high].value:g})."
        )
    short = [sample.value for sample in samples if not sample.complete]
    if short:
        text += (
            f" At {len(short)} of {len(samples)} values the demand cannot be served in full and in time "
            f"({min(short):g} to {max(short):g}), and F is not comparable there."
        )
    return text
