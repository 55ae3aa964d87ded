"""Zones, shelters, preferences and distances read for an allocation, and the allocation as layers."""
