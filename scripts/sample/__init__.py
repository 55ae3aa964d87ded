"""The parts that make the sample city; see scripts/make_sample.py."""
