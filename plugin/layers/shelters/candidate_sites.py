"""What a layer of candidate sites says about each: room, and whether it is required or forbidden."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingFeedback

from ...solvers.naming import NAMED_IN_LOG, first_of
from ...solvers.rounding import whole_below
from ...solvers.shelters.capacity import safe_capacity
from ..closing.places_reached import VERTICAL
from ..errors import LayerError
from ..people import counts
from ..places import Places

REQUIRED = {"required", "require", "must", "fixed"}
FORBIDDEN = {"forbidden", "forbid", "never", "excluded"}
NO_RULE = {"", "none", "free", "optional", "allowed", VERTICAL}


def capacities(
    sites: Places,
    area_field: str | None,
    capacity_field: str | None,
    per_person: float,
    usable_share: float,
    feedback: QgsProcessingFeedback,
    *,
    named: bool = False,
) -> np.ndarray:
    """Return the safe capacity ``S_p`` of each site in people, shape (k,) int64.

    The capacity field counts where it is filled; else the area field, else a polygon's ellipsoidal area, by
    :func:`~..solvers.shelters.capacity.safe_capacity`. A site with none of them has room for nobody, with a warning.
    ``named`` tells that the user chose the capacity field, so that it must not be empty throughout.

    Raises
    ------
    LayerError
        When a value is negative or no number, no site has a capacity or area, or a field that was chosen is empty.
    """
    area = np.array(sites.area, dtype=float)
    if area_field:
        given = sites.numbers(area_field, minimum=0.0)
        area = np.where(np.isnan(given), area, given)
    capacity = np.full(len(sites), np.nan)
    if capacity_field:
        capacity = whole_below(counts(sites, capacity_field))
        if named and np.isnan(capacity).all():
            raise LayerError(
                f"CAPACITY_FIELD: the field “{capacity_field}” of “{sites.name}” is empty for every site. Fill it, or "
                f"leave CAPACITY_FIELD empty to work from the area."
            )
        _say_empty(sites, capacity_field, capacity, area, feedback)
    unknown = np.isnan(capacity) & np.isnan(area)
    if unknown.all():
        raise LayerError(
            f"{sites.parameter}: no site of “{sites.name}” has a capacity or an area"
            + (f" (the field “{capacity_field}” is empty throughout)" if capacity_field else "")
            + ". Fill CAPACITY_FIELD (people) or AREA_FIELD (m²), or use polygons."
        )
    if unknown.any():
        feedback.pushWarning(
            f"{sites.parameter}: {int(unknown.sum())} site(s) of “{sites.name}” have neither a capacity nor an area "
            f"and count as having room for nobody: {_named(sites, unknown)}."
        )
    by_area = safe_capacity(np.where(np.isnan(area), 0.0, area), per_person, usable_share)
    return np.where(np.isnan(capacity), by_area, np.nan_to_num(capacity)).astype(np.int64)


def rules(sites: Places, rule_field: str | None, feedback: QgsProcessingFeedback) -> tuple[np.ndarray, np.ndarray]:
    """Return which sites are required and which are forbidden, (k,) bool each; other words are named in a warning."""
    required, forbidden = np.zeros(len(sites), dtype=bool), np.zeros(len(sites), dtype=bool)
    if not rule_field:
        return required, forbidden
    strange: dict[str, str] = {}
    for k, text in enumerate(sites.texts(rule_field)):
        word = text.strip().lower()
        required[k], forbidden[k] = word in REQUIRED, word in FORBIDDEN
        if not required[k] and not forbidden[k] and word not in NO_RULE:
            strange[text] = sites.ids[k]
    if strange:
        shown = ", ".join(f"“{text}” (site {site})" for text, site in list(strange.items())[:NAMED_IN_LOG])
        feedback.pushWarning(
            f"RULE_FIELD: “{sites.name}” has words in “{rule_field}” that are none of “required”, “forbidden” and "
            f"“vertical” and were left aside: {shown}."
        )
    return required, forbidden


def _say_empty(
    sites: Places, field: str, capacity: np.ndarray, area: np.ndarray, feedback: QgsProcessingFeedback
) -> None:
    """Warn of sites without a capacity that are measured by their area."""
    measured = np.isnan(capacity) & ~np.isnan(area)
    if np.isnan(capacity).all() and measured.all():
        feedback.pushWarning(
            f"CAPACITY_FIELD: the field “{field}” of “{sites.name}” is empty throughout; capacities come from the area."
        )
    elif measured.any():
        feedback.pushWarning(
            f"CAPACITY_FIELD: the field “{field}” of “{sites.name}” is empty for {int(measured.sum())} site(s); their "
            f"capacity comes from the area: {_named(sites, measured)}."
        )


def _named(sites: Places, which: np.ndarray) -> str:
    return first_of([sites.ids[k] for k in np.flatnonzero(which)])
