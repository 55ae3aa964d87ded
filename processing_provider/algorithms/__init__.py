"""One folder a topic, one file an algorithm; the provider registers what is listed here, in this order."""

from __future__ import annotations

from importlib import import_module

_CLASSES = {
    "roads.check_roads": "CheckRoads",
    "roads.mend_roads": "MendRoads",
    "forecasting.count_presence": "CountPresence",
    "forecasting.forecast_flow": "ForecastFlow",
    "forecasting.flow_to_background": "FlowToBackground",
    "shelters.zones_at_risk": "ZonesAtRisk",
    "shelters.recommend_shelters": "RecommendShelters",
    "shelters.nearest_shelters": "NearestShelters",
    "safety.time_to_safety": "TimeToSafety",
    "allocation.allocate_crowd": "AllocateCrowd",
    "routing.route_evacuation": "RouteEvacuation",
    "joint.joint_plan": "JointPlan",
    "timing.latest_departure": "LatestDeparture",
    "timing.stage_departure": "StageDeparture",
    "rolling.rolling_horizon": "RollingHorizon",
    "fleet.dispatch_fleet": "DispatchFleet",
    "contraflow.contraflow": "Contraflow",
    "routing.export_sumo": "ExportSumo",
    "sharing.save_scenario": "SaveScenario",
    "sharing.publish_plan": "PublishPlan",
    "metro.metro_scenario": "MetroScenario",
    "metro.allocate_metro_resources": "AllocateMetroResources",
    "metro.metro_sensitivity": "MetroSensitivity",
}
ALGORITHMS = [getattr(import_module(f".{module}", __name__), name) for module, name in _CLASSES.items()]
