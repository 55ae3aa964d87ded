"""Kernels that do not count references can neither make nor return arrays: numba itself refuses to compile them."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from evacuation_planner.plugin.solvers.kernels import (
    awaits_compiling,
    compiled,
    compiled_with_arrays,
    kernels_compiled,
)

pytestmark = pytest.mark.skipif(not kernels_compiled(), reason="numba is not installed")


def twice(values):
    return values + values


def but_the_first(values):
    return values[1:]


def total_of_a_copy(values):
    return values.copy().sum()


def total_but_the_first(values):
    return values[1:].sum()


def test_a_kernel_that_makes_an_array_says_so():
    assert compiled_with_arrays(twice)(np.arange(3.0)).tolist() == [0.0, 2.0, 4.0]


@pytest.mark.parametrize("function", [but_the_first, total_of_a_copy])
def test_a_kernel_that_does_not_say_so_is_refused(function):
    from numba.core.errors import NumbaError

    with pytest.raises(NumbaError):
        compiled(function)(np.arange(3.0))


def test_a_kernel_may_look_at_a_part_of_an_array():
    assert compiled(total_but_the_first)(np.arange(4.0)) == 6.0


def test_a_kernel_awaits_compiling_until_it_has_run_once_on_this_machine(tmp_path):
    file = tmp_path / "half.py"
    file.write_text("def half(value):\n    return value / 2\n")
    spec = spec_from_file_location("half", file)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    kernel = compiled(module.half)
    assert awaits_compiling(kernel)
    assert kernel(3.0) == 1.5
    assert not awaits_compiling(kernel)
    assert not awaits_compiling(compiled(module.half))  # as in another process: it finds the cache
    assert not awaits_compiling(module.half)  # plain Python
