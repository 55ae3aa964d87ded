"""Scenarios of incidents: what the form says, and what an incident's own attributes say instead."""

from __future__ import annotations

from collections.abc import Mapping

from qgis.core import QgsProcessingFeedback

from ...solvers.errors import SolverError
from ...solvers.metro.scenario import CLOSED_LISTS, QUANTITIES, TEXTS, Scenario, check_value, parse_interval
from ..errors import LayerError
from ..places import Places
from ..values import id_text
from .metro_lines import MetroLines

ELEMENTS = (*CLOSED_LISTS, *QUANTITIES, *TEXTS)


def read_scenarios(
    incidents: Places, form: Mapping[str, str], metro: MetroLines | None, feedback: QgsProcessingFeedback
) -> list[Scenario]:
    """Return the scenario of each incident.

    Parameters
    ----------
    incidents : Places
        Fields called like an element of the scenario take the place of the form where they are filled.
    form : mapping
        Texts of the elements; an empty station type, station or line is taken from the metro.
    metro : MetroLines or None

    Raises
    ------
    LayerError, SolverError
        A value that cannot be read or is not in its list.
    """
    own = [element for element in ELEMENTS if incidents.fields.indexFromName(element) >= 0]
    if own:
        feedback.pushInfo(
            f"{incidents.parameter}: the fields {', '.join(own)} of “{incidents.name}” take the place of the form's "
            f"values where they are filled."
        )
    columns = {element: [id_text(value) for value in incidents.values(element)] for element in own}
    near = metro.nearest(incidents) if metro is not None else [""] * len(incidents)
    out = []
    for row, (incident, nearest) in enumerate(zip(incidents.ids, near)):
        texts = {**form, **{element: column[row] for element, column in columns.items() if column[row]}}
        out.append(_scenario(incident, _located(texts, nearest, metro, incident), incidents))
    return out


def _located(texts: dict[str, str], nearest: str, metro: MetroLines | None, incident: str) -> dict[str, str]:
    """Fill in station, line and station type from the metro where they are not given."""
    located = dict(texts)
    station = located.get("station") or nearest
    if metro is not None and station:
        if station not in metro.network.graph:
            raise LayerError(f"The scenario of {incident}: the metro has no station “{station}”.")
        located["line"] = located.get("line") or ", ".join(metro.network.lines(station))
        located["station_type"] = located.get("station_type") or metro.network.kind(station)
    located["station"] = station
    located["station_type"] = located.get("station_type") or "normal"
    return located


def _scenario(incident: str, texts: Mapping[str, str], incidents: Places) -> Scenario:
    values: dict[str, object] = {}
    try:
        for element, text in texts.items():
            if element in QUANTITIES:
                values[element] = parse_interval(text, element.upper())
            elif element in CLOSED_LISTS:
                values[element] = text.strip().lower()
                check_value(element, text.strip().lower(), element.upper())
            else:
                values[element] = text
        return Scenario(incident, **values)  # type: ignore[arg-type]
    except SolverError as error:
        raise LayerError(f"Incident {incident} of “{incidents.name}”: {error}") from error
