"""One file an algorithm; the provider registers what is listed here, in the order of the pipeline."""

from __future__ import annotations

from importlib import import_module

_CLASSES = {
    "check_roads": "CheckRoads",
    "zones_at_risk": "ZonesAtRisk",
    "recommend_shelters": "RecommendShelters",
    "allocate_crowd": "AllocateCrowd",
    "route_evacuation": "RouteEvacuation",
    "allocate_metro_resources": "AllocateMetroResources",
}
ALGORITHMS = []
for _module, _class in _CLASSES.items():
    try:
        ALGORITHMS.append(getattr(import_module(f".{_module}", __name__), _class))
    except ModuleNotFoundError as _error:  # while the house is being built
        if _module not in str(_error):
            raise
