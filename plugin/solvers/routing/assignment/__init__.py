"""Static assignment of all trips to routes at least total time, with a certified distance from the optimum."""
