"""Who asks to be fetched: how many people, from when on, and from when that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsProcessingContext, QgsProcessingFeatureSource, QgsProcessingFeedback

from ...solvers.naming import first_of
from ..allocation.groups import by_id
from ..errors import LayerError
from ..moments import MomentColumn, Start, moment_column
from ..people import counts, say_unplaced, whole_people
from ..places import Places, read_places

REQUESTS, MINUTE = "REQUESTS", 60.0
PEOPLE_FIELD, WHEELCHAIR_FIELD, PROBABILITY_FIELD = "PEOPLE_FIELD", "WHEELCHAIR_FIELD", "PROBABILITY_FIELD"
READY_FIELD, KNOWN_FIELD = "READY_FIELD", "KNOWN_FIELD"


@dataclass(frozen=True)
class RequestFields:
    """Fields of the layer, None where there is none."""

    key: str | None = None
    people: str = "people"
    ready: str | None = None
    known: str | None = None
    wheelchairs: str | None = None
    probability: str | None = None


@dataclass(frozen=True)
class Requests:
    """Requests in the order of their ids; those for nobody are left out.

    Attributes
    ----------
    places : Places
    people, wheelchairs : (r,) int64
        The latter of these.
    ready, known : MomentColumn or None
        None where no field says it.
    probability : (r,) float64
    unplaced : list of (id, people, reason)
        Those whose feature has no usable place.
    """

    places: Places
    people: np.ndarray
    wheelchairs: np.ndarray
    ready: MomentColumn | None
    known: MomentColumn | None
    probability: np.ndarray
    unplaced: list[tuple[str, int, str]]

    @property
    def moments(self) -> list[MomentColumn]:
        """The columns of moments there are."""
        return [column for column in (self.ready, self.known) if column is not None]

    def ready_seconds(self, start: Start, feedback: QgsProcessingFeedback) -> np.ndarray:
        """Return from when on people can be fetched (r,), s from t = 0 and not before it."""
        if self.ready is None:
            return np.zeros(len(self.people))
        seconds = np.nan_to_num(self.ready.seconds(start, feedback), nan=0.0)
        early = np.flatnonzero(seconds < 0.0)
        if len(early):
            feedback.pushInfo(
                f"{READY_FIELD}: {len(early)} request(s) are ready before START_TIME ({start.text()}) and wait from "
                f"then on: {first_of([self.places.ids[k] for k in early.tolist()])}."
            )
        return np.maximum(seconds, 0.0)

    def known_seconds(self, start: Start, feedback: QgsProcessingFeedback) -> np.ndarray:
        """Return from when requests are known (r,), s from t = 0: -inf from the start, inf for never.

        An expected request, one of a probability below 1, without a moment never comes true.
        """
        seconds = np.full(len(self.people), np.nan)
        if self.known is not None:
            seconds = self.known.seconds(start, feedback)
        out = np.where(seconds > 0.0, seconds, -np.inf)
        never = np.isnan(seconds) & (self.probability < 1.0)
        out[never] = np.inf
        if never.any():
            feedback.pushInfo(
                f"{PROBABILITY_FIELD}: {int(never.sum())} request(s) with {int(self.people[never].sum()):,} people are "
                f"expected and have no moment in {KNOWN_FIELD}: they are reckoned with but never come true."
            )
        return out


def read_requests(
    source: QgsProcessingFeatureSource,
    fields: RequestFields,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> Requests:
    """Read a layer of requests.

    Raises
    ------
    LayerError
        As :func:`.places.read_places` and :func:`.people.whole_people`; more wheelchairs than people, a probability
        outside 0 to 1, a moment that is none.
    """
    places = by_id(read_places(source, REQUESTS, fields.key, context, feedback))
    people, unplaced = whole_people(places, [fields.people], feedback)
    say_unplaced(places, unplaced[:, 0], feedback)
    lost = [(key, int(n), why) for (key, why), n in zip(places.rejected, unplaced[:, 0].tolist()) if n > 0]
    some = np.flatnonzero(people[:, 0] > 0)
    if len(some) < len(places):
        nobody = [places.ids[k] for k in np.flatnonzero(people[:, 0] == 0).tolist()]
        feedback.pushWarning(
            f"{PEOPLE_FIELD}: {len(nobody)} request(s) of “{places.name}” have no people in “{fields.people}” and are "
            f"left out: {first_of(nobody)}. Fill in how many are to be fetched."
        )
    places = places.subset(some.tolist())
    return Requests(
        places, people[some, 0], _wheelchairs(places, fields.wheelchairs, fields.people, people[some, 0]),
        _moments(places, fields.ready, READY_FIELD), _moments(places, fields.known, KNOWN_FIELD),
        _probability(places, fields), lost,
    )  # fmt: skip


def _moments(places: Places, field: str | None, parameter: str) -> MomentColumn | None:
    if field is None:
        return None
    features = [f"request {name}" for name in places.ids]
    return moment_column(places.values(field), features, parameter, places.name, field, MINUTE)


def _wheelchairs(places: Places, field: str | None, of: str, people: np.ndarray) -> np.ndarray:
    if field is None:
        return np.zeros(len(people), dtype=np.int64)
    found = np.ceil(np.nan_to_num(counts(places, field), nan=0.0))
    wrong = np.flatnonzero(found > people)
    if len(wrong):
        k = int(wrong[0])
        raise LayerError(
            f"{WHEELCHAIR_FIELD}: request {places.ids[k]} of “{places.name}” has {found[k]:g} wheelchairs in “{field}” "
            f"but {people[k]:,} people in “{of}”. Who uses a wheelchair counts among the people; "
            "correct one of the two."
        )
    return found.astype(np.int64)


def _probability(places: Places, fields: RequestFields) -> np.ndarray:
    if fields.probability is None:
        return np.ones(len(places))
    found = places.numbers(fields.probability, null=1.0)
    wrong = np.flatnonzero((found < 0.0) | (found > 1.0))
    if len(wrong):
        k = int(wrong[0])
        raise LayerError(
            f"{PROBABILITY_FIELD}: request {places.ids[k]} of “{places.name}” has {found[k]:g} in “"
            f"{fields.probability}”; a probability is between 0 and 1 (0.3 for 30 percent). Correct the value."
        )
    return found
