"""The assignment on networks small enough to try every combination of routes, and on awkward input."""

from __future__ import annotations

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.control import Control
from evacuation_planner.plugin.solvers.errors import SolverError
from evacuation_planner.plugin.solvers.routing.cumulative.cost import ArcCost
from evacuation_planner.plugin.solvers.routing.cumulative.solve import solve
from tests.solvers.assignment_cases import Case, beckmann, check_routes, exhaustive, grid, tiny, total_time


def solve_case(case: Case, **options):
    given = {name: options.pop(name) for name in ("demand",) if name in options}
    return solve(case.problem(nodes=case.nodes, **given), **{"target_gap": 0.01, "threads": 1, **options})


def line(free: list[float], alpha: float = 0.02) -> Case:
    """Arcs 0 -> 1 -> 2 ... with the given times and one trip along the whole line."""
    nodes = np.arange(len(free))
    cost = ArcCost.linear(np.array(free), alpha)
    return Case(len(free) + 1, nodes, nodes + 1, cost, np.zeros(len(free)), np.array([0]), np.array([len(free)]))


@pytest.mark.parametrize("block", range(10))
def test_bound_and_value_against_every_combination(block: int) -> None:
    """No bound above the optimum, no value below it, and whole routes within 5 % of it in nearly all cases."""
    close = 0
    for seed in range(30 * block, 30 * block + 30):
        case = tiny(seed)
        result = solve_case(case)
        best = exhaustive(case)
        check_routes(case, result)
        assert result.value == pytest.approx(total_time(case, result.flow))
        assert result.lower_bound <= best * (1 + 1e-9) + 1e-9, seed
        assert result.value >= best * (1 - 1e-9), seed
        assert result.value >= result.lower_bound
        close += result.value <= best * 1.05 + 1e-9
    assert close >= 28


def test_fractional_optimum_of_two_parallel_roads() -> None:
    """Pigou-like: 10 trips over t = 10 (1 + 0.1 f) and t = 20; marginal costs are equal at 5 trips each."""
    case = Case(
        2, np.array([0, 0]), np.array([1, 1]), ArcCost(np.array([10.0, 20.0]), np.array([0.1, 0.0]), np.ones(2)),
        np.zeros(2), np.zeros(10, dtype=int), np.ones(10, dtype=int),
    )  # fmt: skip
    system = solve_case(case, target_gap=1e-6)
    assert system.flow.tolist() == [5, 5]
    assert system.value == pytest.approx(5 * 15 + 5 * 20)
    assert system.lower_bound == pytest.approx(system.value, rel=1e-6)
    user = solve_case(case, objective="user", integer=False, target_gap=1e-8)
    assert user.flow == pytest.approx([10.0, 0.0], abs=1e-6)


def test_background_raises_cost_but_is_not_counted() -> None:
    """Two equal roads, 8 vehicles in the way on the first: x1 (1 + 0.1 (8 + x1)) + x2 (1 + 0.1 x2) is least at 3, 7."""
    case = Case(
        2, np.array([0, 0]), np.array([1, 1]), ArcCost.linear(np.ones(2), 0.1), np.array([8.0, 0.0]),
        np.zeros(10, dtype=int), np.ones(10, dtype=int),
    )  # fmt: skip
    result = solve_case(case)
    assert result.flow.tolist() == [3, 7]
    assert result.value == pytest.approx(3 * 2.1 + 7 * 1.7)


@pytest.mark.parametrize("bpr", [False, True])
def test_whole_routes_close_to_the_bound_on_a_grid(bpr: bool) -> None:
    case = grid(12, 400, 5, seed=3, bpr=bpr)
    result = solve_case(case, target_gap=0.5)
    check_routes(case, result)
    assert result.value == pytest.approx(total_time(case, result.flow))
    assert result.lower_bound <= result.fractional_value <= result.value * (1 + 1e-9)
    assert result.gap <= 0.5
    assert result.gap == pytest.approx(100 * (result.value / result.lower_bound - 1))
    assert [step.phase for step in result.history][-1] == "whole"


def test_without_congestion_everyone_takes_the_fastest_way() -> None:
    case = grid(8, 60, 3, seed=1)
    case = Case(**{**vars(case), "cost": ArcCost.linear(case.cost.free_flow, 0.0)})
    result = solve_case(case)
    assert result.gap == pytest.approx(0.0, abs=1e-6)
    for trip in range(60):
        alone = Case(**{**vars(case), "source": case.source[[trip]], "destination": case.destination[[trip]]})
        arcs = result.routes.route(result.routes.of_trip[trip])
        assert case.cost.free_flow[arcs].sum() == pytest.approx(solve_case(alone).value)


def test_identical_trips_share_their_routes() -> None:
    """20,000 trips between few places: as many routes as the flow needs, each with its number of vehicles."""
    case = grid(10, 20_000, 4, seed=12)
    case = Case(**{**vars(case), "source": case.source % 7, "cost": ArcCost.linear(case.cost.free_flow, 2e-4)})
    result = solve_case(case, target_gap=1.0)
    check_routes(case, result)
    routes = result.routes
    assert len(routes.of_trip) == 20_000
    assert (routes.flow(len(case.tail)) == result.flow).all()
    listed = [tuple(routes.route(index).tolist()) for index in range(routes.count)]
    assert len([route for route in listed if route]) == len({route for route in listed if route})
    assert routes.count < 400
    assert result.gap <= 1.0


def test_user_objective_with_whole_vehicles_is_beckmann_s() -> None:
    case = grid(6, 80, 3, seed=2, bpr=True)
    result = solve_case(case, objective="user", target_gap=2.0)
    check_routes(case, result)
    assert result.value == pytest.approx(beckmann(case, result.flow))
    assert result.value >= result.lower_bound


def test_trip_that_starts_where_it_ends_has_an_empty_route() -> None:
    case = line([3.0, 4.0])
    case = Case(**{**vars(case), "source": np.array([0, 1]), "destination": np.array([2, 1])})
    result = solve_case(case)
    assert result.routes.hops().tolist() == [2, 0]
    assert result.value == pytest.approx(7 * 1.02)
    assert len(result.unreachable) == 0


def test_unreachable_destination_is_listed_and_said() -> None:
    case = line([3.0, 4.0])
    case = Case(**{**vars(case), "source": np.array([2, 0, 1]), "destination": np.array([0, 2, 0])})
    said: list[str] = []
    result = solve_case(case, control=Control(log=said.append))
    assert result.unreachable.tolist() == [0, 2]
    assert result.routes.hops().tolist() == [0, 2, 0]
    assert any("2 trips cannot reach their destination" in text for text in said)


@pytest.mark.parametrize("source", [[], [1, 2]])
def test_no_trips_at_all(source: list[int]) -> None:
    case = line([3.0, 4.0])
    ends = np.array(source, dtype=int)
    result = solve_case(Case(**{**vars(case), "source": ends, "destination": ends}))
    assert result.value == result.lower_bound == result.gap == 0.0
    assert result.routes.hops().tolist() == [0] * len(source)
    assert result.flow.tolist() == [0, 0]


def test_roads_without_time_do_not_trap_the_search() -> None:
    case = grid(5, 30, 2, seed=4)
    free = case.cost.free_flow.copy()
    free[::2] = 0.0
    case = Case(**{**vars(case), "cost": ArcCost.linear(free, 0.02)})
    result = solve_case(case, target_gap=5.0)
    check_routes(case, result)
    assert result.lower_bound <= result.value


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"background": np.array([-1.0, 0.0])}, "background"),
        ({"background": np.array([0.0])}, "background"),
        ({"source": np.array([7])}, "source"),
        ({"source": np.array([0, 0])}, "2 sources and 1 destinations"),
        ({"cost": ArcCost.linear(np.array([1.0, -2.0]), 0.02)}, "free-flow time of arc 1"),
        ({"cost": ArcCost.linear(np.array([1.0, 2.0]), np.nan)}, "delay factor of arc 0"),
    ],
)
def test_unusable_input_is_named(change: dict, text: str) -> None:
    with pytest.raises(SolverError, match=text):
        solve_case(Case(**{**vars(line([3.0, 4.0])), **change}))


def test_unusable_options_are_named() -> None:
    with pytest.raises(SolverError, match="objective"):
        solve_case(line([1.0]), objective="both")
    with pytest.raises(SolverError, match="Whole vehicles"):
        solve_case(line([1.0]), demand=np.array([2.5]))
    with pytest.raises(SolverError, match="capacity of arc 1"):
        ArcCost.bpr(np.ones(2), np.array([5.0, 0.0]))
