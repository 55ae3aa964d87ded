"""Dispatch of a fleet that fetches people who can neither walk nor drive, period by period.

What other packages use: :class:`.problem.FleetProblem`, with :class:`.problem.Knowledge` of
:class:`.problem.TravelTimes`, goes in; :func:`.rolling.play` gives :class:`.rolling.Rolling` (tours and stops of
:mod:`.carrying_out`, and a :class:`.game.Period` for each plan); :func:`.unserved.unserved` who was not fetched, why;
:func:`.perfect.with_perfect_information` what knowing all from the start would have made possible. Moments that go in
are seconds, those that come out whole milliseconds, both from t = 0.
"""
