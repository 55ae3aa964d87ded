"""Names of the parameters and outputs of the algorithms that keep and share plans."""

from __future__ import annotations

LAYERS = "LAYERS"
COMMAND = "COMMAND"
OUTPUT = "OUTPUT"
LAYER_COUNT = "LAYER_COUNT"
INPUT_COUNT = "INPUT_COUNT"
SCENARIO = "SCENARIO"
CONNECTION = "CONNECTION"
SCHEMA = "SCHEMA"
PLAN_NAME = "PLAN_NAME"
READER = "READER"
PLAN_ID = "PLAN_ID"
VERSION = "VERSION"
PUBLISHED = "PUBLISHED"
