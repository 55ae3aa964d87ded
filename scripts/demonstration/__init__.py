"""The parts of scripts/demo.py: the steps, how they run, the map and the report."""
