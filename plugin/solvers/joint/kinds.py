"""What a joint plan may be asked for, by number; light enough for dialogs to load."""

from __future__ import annotations

BY_GROUP, BY_VEHICLE = 0, 1  # UNIT: what is sent to one destination
UNIT_NAMES = ("group", "vehicle")
WHOLE, WHERE_NEEDED, FREE = 0, 1, 2  # SPLIT: whether a group may be divided between destinations
SPLIT_NAMES = ("no", "where needed", "free")
TIME, CLEARANCE, HAZARD = 0, 1, 2  # AIM
AIM_NAMES = ("time", "clearance", "time in the hazard")
PREFERENCE_SECONDS = 600.0
