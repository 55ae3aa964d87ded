"""Surveyed entrances of sites, and the rules by which sites get doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import first_of
from ..errors import LayerError
from ..places import Places, read_places

ENTRANCES = "ENTRANCES"
MODE, FOOT = "mode", "foot"
SHOWN = 3  # ids of each side where none is on the other


@dataclass(frozen=True)
class Entrances:
    """Surveyed entrances.

    Attributes
    ----------
    places : Places
    site : list of str
        Id of the site of each, "" where none is given.
    limit : (e,) float64
        Most vehicles/h, infinite where nobody says; 0 is closed.
    """

    places: Places
    site: list[str]
    limit: np.ndarray


@dataclass(frozen=True)
class DoorRules:
    """Where the doors of sites are.

    Attributes
    ----------
    entrances : Entrances or None
    most : int
        Doors guessed of a site without entrances (MAX_DOORS).
    elsewhere : frozenset of str
        Ids of sites that there are but to which nobody goes in this run: their entrances are no mistake.
    """

    entrances: Entrances | None = None
    most: int = 2
    elsewhere: frozenset[str] = frozenset()


def read_entrances(
    source: QgsProcessingFeatureSource,
    site_field: str,
    capacity_field: str | None,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
    on_foot: bool = False,
) -> Entrances:
    """Read a layer of entrances; those whose field “mode” names another mode of travel are left out.

    On foot only those remain that are said to be for walkers, who otherwise enter anywhere.

    Raises
    ------
    LayerError
        No CRS, lines, a capacity that is negative or no number.
    """
    places = read_places(source, ENTRANCES, None, context, feedback)
    place = {name.casefold(): name for name in source.fields().names()}
    words = [word.strip().lower() for word in places.texts(place[MODE])] if MODE in place else [""] * len(places)
    keep = [k for k, word in enumerate(words) if (word == FOOT if on_foot else word != FOOT)]
    if len(keep) < len(words):
        feedback.pushInfo(
            f"{ENTRANCES}: {len(words) - len(keep)} of {len(words)} entrance(s) of “{places.name}” play no part "
            + ("on foot: walkers enter anywhere, but where “mode” is foot." if on_foot else "by car (“mode” foot).")
        )
        places = places.subset(keep)
    limit = np.full(len(places), np.inf)
    if capacity_field:
        limit = places.numbers(capacity_field, null=np.inf, minimum=0.0)
    return Entrances(places, places.texts(site_field), limit)


def refuse_strangers(parameter: str, layer: str, ids: Sequence[str], others: Sequence[str], what: str) -> None:
    """Refuse ids of which none is among ``others``.

    Raises
    ------
    LayerError
        With three of each side.
    """
    if len(ids) and len(others) and not set(ids) & set(others):
        mine, theirs = (", ".join(f"“{name}”" for name in sorted(set(side))[:SHOWN]) for side in (ids, others))
        raise LayerError(
            f"{parameter}: no id of “{layer}” ({mine}) is that of {what} ({theirs}). Choose the id fields that go "
            f"together."
        )


def entrances_by_site(rules: DoorRules, ids: list[str], feedback: QgsProcessingFeedback) -> dict[str, list[int]]:
    """Return the entrances of each site by its id; those of unknown sites are named in the log."""
    entrances = rules.entrances
    if entrances is None:
        return {}
    name = entrances.places.name
    refuse_strangers(
        ENTRANCES, name, [site for site in entrances.site if site], [*ids, *rules.elsewhere], "a destination"
    )
    known, found, strange = set(ids), {}, []
    for e, site in enumerate(entrances.site):
        if site in known:
            found.setdefault(site, []).append(e)
        elif site not in rules.elsewhere:
            strange.append(f"{entrances.places.ids[e]} (of “{site}”)")
    if strange:
        feedback.pushInfo(  # as a rule those of sites that a step before did not choose
            f"{ENTRANCES}: {len(strange)} of {len(entrances.site)} entrance(s) of “{name}” belong to no destination "
            f"of this run and are passed over: {first_of(strange)}."
        )
    return found
