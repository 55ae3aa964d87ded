"""One file an algorithm; the provider registers what is listed here, in the order of the pipeline."""

from __future__ import annotations

from importlib import import_module

_CLASSES = {
    "check_roads": "CheckRoads",
    "mend_roads": "MendRoads",
    "count_presence": "CountPresence",
    "forecast_flow": "ForecastFlow",
    "zones_at_risk": "ZonesAtRisk",
    "recommend_shelters": "RecommendShelters",
    "nearest_shelters": "NearestShelters",
    "allocate_crowd": "AllocateCrowd",
    "route_evacuation": "RouteEvacuation",
    "metro_scenario": "MetroScenario",
    "allocate_metro_resources": "AllocateMetroResources",
    "metro_sensitivity": "MetroSensitivity",
}
ALGORITHMS = [getattr(import_module(f".{module}", __name__), name) for module, name in _CLASSES.items()]
