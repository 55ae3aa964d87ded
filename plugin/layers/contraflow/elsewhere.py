"""Queues on roads of classes that are not asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..roads.options import ReadNetwork
from .candidates import Routed

LEAST = 0.5  # of the time lost in queues that roads of the classes asked for should hold


def queues_elsewhere(routed: Routed, classes: Sequence[str]) -> str:
    """Return a sentence where most time in queues is lost on roads of other classes, else "".

    It names the class that holds most of what is lost elsewhere, and its worst road.
    """
    read: ReadNetwork = routed.case.read
    network, kinds = read.network, read.kinds
    arc = routed.use.arc
    arc, lost = arc[network.is_road[arc]], np.nan_to_num(routed.use.delay[network.is_road[arc]], posinf=0.0)
    total = float(lost.sum())
    if total <= 0.0:
        return ""
    kind = np.array([kinds.classes[r] for r in network.piece_road[network.piece[arc]].tolist()], dtype=object)
    other = ~np.isin(kind, list(classes)) & (kind != "")
    inside = float(lost[np.isin(kind, list(classes))].sum())
    if inside >= LEAST * total or not other.any():
        return ""
    hours = {name: float(lost[kind == name].sum()) for name in sorted(set(kind[other].tolist()))}
    most = max(hours, key=lambda name: hours[name])
    own = np.flatnonzero(kind == most)
    worst = read.arc_name(int(arc[own[np.argmax(lost[own])]]))
    return (
        f"CLASSES: of the {total / 3600.0:,.0f} vehicle-hours lost in queues {100.0 * inside / total:.0f} % are on "
        f"roads of the classes asked for; {100.0 * hours[most] / total:.0f} % are on {most}, most on “{worst}”. "
        f"Add {most} to CLASSES to have its stretches looked at."
    )
