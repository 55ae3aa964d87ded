"""Change the solvers in small ways, one at a time, and see which changes no test notices (``make mutants``).

A change is a *mutant*: another operator or number, a condition turned round, a loop left early. Those that all tests of
a module pass *survive*; each of them is a test that is missing, or a change without effect. cosmic-ray makes them in a
copy of the checkout below ``build/mutants``. A sample of each module's mutants is drawn with a fixed seed. The kernels
run as plain Python, since with each mutant all would have to be compiled anew.

Left out are mutants of ``|``, which here stands in annotations, that Python never evaluates, of decorators and of the
exceptions caught.

A run that was interrupted goes on where it ended; ``--anew`` forgets what is there. The shares are written into
``benchmarks/mutants.md``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "mutants"
TARGET = ROOT / "benchmarks" / "mutants.md"
SEED, SAMPLE = 1, 200
SLOWEST = 4.0  # times the processor's seconds that the tests take without a change: what takes more is an endless loop
PATIENCE = 10.0  # times these seconds by the clock, for mutants that wait for ever
LEFT_OUT = ("ReplaceBinaryOperator_BitOr", "RemoveDecorator", "ExceptionReplacer", "_BitOr")


@dataclass(frozen=True)
class Module:
    """A folder of solvers, or some of its files, and the tests that are to notice a change, the quickest first."""

    name: str
    tests: tuple[str, ...]
    slow: str = ""
    """Names of tests (an expression for ``-k``) that take too long in plain Python."""
    folder: str = ""
    """The folder of solvers, where it is not called as the module."""
    files: tuple[str, ...] = ()
    """Patterns of the only files of the folder that are changed; all where there is none."""

    @property
    def solvers(self) -> str:
        """The folder of solvers, from the checkout."""
        return f"plugin/solvers/{self.folder or self.name}"

    def has(self, path: str) -> bool:
        """Return whether the file at ``path``, from the checkout, is changed."""
        return not self.files or any(fnmatch(path, f"{self.solvers}/{pattern}") for pattern in self.files)


MODULES = (
    Module(
        "routing",
        (
            "test_routing_figures.py", "test_routing_delay_value.py", "test_routing_searches.py",
            "test_assignment_steps.py", "test_routing_cost_to_go.py", "test_routing_records.py",
            "test_routing_sweep.py", "test_routing_operations.py", "test_routing_time_dependent_search.py",
            "test_routing_simulation.py", "test_routing_vehicles.py", "test_routing_clearance.py",
            "test_assignment_cost.py", "test_routing_marginal.py", "test_routing_background.py",
            "test_routing_results.py", "test_routing_refinement.py", "test_routing_capacity_floor.py",
            "test_assignment_search.py", "test_assignment_small.py",
            "test_routing_methods.py", "test_routing_resimulation.py", "test_queue_closings.py",
            "test_present_closings.py",
        ),
        "not plain_python and not foretells and not steady and not number_of_threads and not every_plan",
    ),
    Module(
        "allocation", ("test_allocation_*.py",),
        "not facility and not large and not published and not near_its_bound",
    ),
    Module("shelters", ("test_shelters_*.py", "test_rounding.py"), ""),
    Module(
        "location",
        (
            "test_shelters_facility_location.py", "test_shelters_bounds.py", "test_shelters_set_covering.py",
            "test_allocation_opening.py", "test_shelters_edges.py", "test_shelters_ties.py",
            "test_shelters_covering.py", "test_allocation_knapsack_bound.py",
        ),
    ),
    Module("timing", ("test_timing_latest.py", "test_timing_stage.py")),
    Module("joint", ("test_joint_closings.py", "test_joint.py"), "not step_by_step"),
    Module(
        "closings",
        (
            "test_queue_rescue.py", "test_queue_closings.py", "test_earliest_ways.py", "test_present_closings.py",
            "test_timing_latest.py",
        ),
        "not every_plan and not unless_the_limit",
        folder="routing",
        files=(
            "arriving.py", "caught.py", "shared/closings.py", "shared/bars.py", "shared/closed_arcs.py",
            "shared/margins.py", "queue/bars.py", "queue/catches.py", "queue/fates.py", "queue/safe_ways.py",
            "queue/ways_in_time.py", "queue/rescue.py", "queue/menu_rescue.py", "present/closed_*.py",
        ),
    ),
)  # fmt: skip


def copy_checkout(module: Module) -> Path:
    """Return a copy of what git knows of the checkout, linked as the package; mutants are made in it.

    The solvers are kept beside it as they were: a mutant that was being tried when a run was interrupted is undone.
    """
    name = module.name
    folder, kept = FOLDER / name, FOLDER / f"{name}.kept"
    if folder.exists():
        shutil.copytree(kept, folder / module.solvers, dirs_exist_ok=True)
    else:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for path in filter(None, listed.split("\0")):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
        (folder / "build" / "plugins").mkdir(parents=True)
        (folder / "build" / "plugins" / "evacuation_planner").symlink_to(folder)
        shutil.copytree(folder / module.solvers, kept, dirs_exist_ok=True)
    return folder


def test_command(module: Module, folder: Path) -> list[str]:
    """Return the command that runs the tests of a module until the first that fails."""
    found = [path for name in module.tests for path in sorted(folder.glob(f"tests/solvers/{name}"))]
    tests = [str(path.relative_to(folder)) for path in found]
    options = ["-x", "-q", "-p", "no:pytest_qgis", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return [sys.executable, "-m", "pytest", *options, *(["-k", module.slow] if module.slow else []), *tests]


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of the tests: plain Python, one thread each for libraries, the copy as the package."""
    return {
        **os.environ, "EVACUATION_NO_NUMBA": "1", "PYTHONPATH": str(folder / "build" / "plugins"),
        "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip


def baseline(module: Module, folder: Path) -> float:
    """Return the processor's seconds that the tests take without a change; they must pass."""
    command, variables = test_command(module, folder), environment(folder)
    before = os.times()
    run = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{module.name}: the tests fail without any change:\n{run.stdout[-2000:]}")
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def begin(module: Module, folder: Path, cosmic_ray: str, sample: int) -> tuple[Path, Path]:
    """Return configuration and session of a module, with the sample drawn; both may be there already."""
    config, session = FOLDER / f"{module.name}.toml", FOLDER / f"{module.name}.sqlite"
    if session.exists():
        return config, session
    seconds = max(20.0, SLOWEST * baseline(module, folder))
    words = [
        "prlimit",
        f"--cpu={seconds:.0f}",
        *test_command(module, folder),
    ]  # not by the clock: others may be at work
    command = " ".join(f"'{word}'" if " " in word else word for word in words)
    config.write_text(
        "[cosmic-ray]\n"
        f'module-path = "{module.solvers}"\ntimeout = {PATIENCE * seconds:.0f}\nexcluded-modules = []\n'
        f'test-command = "{command}"\n\n[cosmic-ray.distributor]\nname = "local"\n',
        encoding="utf-8",
    )
    subprocess.run([cosmic_ray, "init", str(config), str(session)], cwd=folder, check=True)
    draw(session, sample, module)
    return config, session


def draw(session: Path, sample: int, module: Module) -> None:
    """Keep a sample of a session's mutants, drawn with a fixed seed from those of the module that count."""
    with closing(sqlite3.connect(session)) as database:
        listed = database.execute(
            "SELECT job_id, operator_name, module_path FROM mutation_specs ORDER BY module_path, start_pos_row,"
            " start_pos_col, operator_name, occurrence"
        ).fetchall()
        counting = [
            job for job, operator, path in listed if module.has(path) and not any(part in operator for part in LEFT_OUT)
        ]
        kept = set(random.Random(SEED).sample(counting, min(sample, len(counting)))) if sample else set(counting)
        dropped = [(job,) for job, _, _ in listed if job not in kept]
        database.executemany("DELETE FROM mutation_specs WHERE job_id = ?", dropped)
        database.executemany("DELETE FROM work_items WHERE job_id = ?", dropped)
        database.execute("CREATE TABLE sampled (counting INTEGER)")
        database.execute("INSERT INTO sampled VALUES (?)", (len(counting),))
        database.commit()


def results(session: Path) -> tuple[int, list[tuple[str, int, str, int, str]]]:
    """Return how many mutants count, and (file, line, operator, occurrence, outcome) of those tried so far."""
    with closing(sqlite3.connect(session)) as database:
        (counting,) = database.execute("SELECT counting FROM sampled").fetchone()
        rows = database.execute(
            "SELECT m.module_path, m.start_pos_row, m.operator_name, m.occurrence, r.test_outcome FROM mutation_specs m"
            " JOIN work_results r ON r.job_id = m.job_id WHERE r.test_outcome IS NOT NULL"
            " ORDER BY m.module_path, m.start_pos_row, m.operator_name, m.occurrence"
        ).fetchall()
    return counting, [(path, row, name.split("/")[-1], count, outcome) for path, row, name, count, outcome in rows]


def report() -> str:
    """Return what ``benchmarks/mutants.md`` says: shares by module and the survivors."""
    lines = [
        "# Results of `make mutants`", "",
        "Small changes to the solvers, one at a time, that no test notices. Drawn with a fixed seed from all that "
        "cosmic-ray makes but those of `|`, decorators and caught exceptions; kernels in plain Python; tests that are "
        "slow there are left out (`scripts/mutants.py` names them). Many survivors change nothing that a result shows: "
        "where a search begins to look, how much room a list is given, how often progress is told.", "",
        "| module | mutants | tried | caught | survived | share that survives % | aim |",
        "| ------ | ------- | ----- | ------ | -------- | --------------------- | --- |",
    ]  # fmt: skip
    survivors = []
    for module in MODULES:
        session = FOLDER / f"{module.name}.sqlite"
        if not session.exists():
            continue
        counting, tried = results(session)
        left = [row for row in tried if row[4].upper() == "SURVIVED"]
        share = f"{100 * len(left) / len(tried):.1f}" if tried else "-"
        caught = len(tried) - len(left)
        lines.append(f"| {module.name} | {counting} | {len(tried)} | {caught} | {len(left)} | {share} | below 15 |")
        survivors += [f"- `{path}:{row}` {operator} ({occurrence})" for path, row, operator, occurrence, _ in left]
    return "\n".join([*lines, "", "## Survivors", "", *(survivors or ["None."]), ""])


def main() -> None:
    """Make and try the mutants of the modules asked for and write the report."""
    parser = argparse.ArgumentParser(description="Which small changes to the solvers does no test notice?")
    parser.add_argument("modules", nargs="*", metavar="module", help=", ".join(module.name for module in MODULES))
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants of each module, 0 for all")
    parser.add_argument("--cosmic-ray", default=str(FOLDER / "venv" / "bin" / "cosmic-ray"))
    parser.add_argument("--anew", action="store_true", help="forget what was tried before")
    parser.add_argument("--report", action="store_true", help="only write the report of what was tried so far")
    asked = parser.parse_args()
    unknown = set(asked.modules) - {module.name for module in MODULES}
    if unknown:
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        if asked.report or (asked.modules and module.name not in asked.modules):
            continue
        if asked.anew:
            for name in (module.name, f"{module.name}.kept"):
                shutil.rmtree(FOLDER / name, ignore_errors=True)
            (FOLDER / f"{module.name}.sqlite").unlink(missing_ok=True)
        folder = copy_checkout(module)
        config, session = begin(module, folder, asked.cosmic_ray, asked.sample)
        command = [asked.cosmic_ray, "exec", str(config), str(session)]
        subprocess.run(command, cwd=folder, env=environment(folder), check=True)
        TARGET.write_text(report(), encoding="utf-8")
    TARGET.write_text(report(), encoding="utf-8")
    print(f"Written: {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
