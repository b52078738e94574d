"""From a scenario to a plan that can be played on this machine."""

from importlib.metadata import version
from pathlib import Path

import msgspec

from monerosim.build.binaries import resolve_binaries
from monerosim.build.compile import compile_plan
from monerosim.engine import load_engine
from monerosim.plan.plan import Plan
from monerosim.plugins import PluginFiles
from monerosim.scenario.load import Examination
from monerosim.scenario.permissions import NOTHING, Permissions
from monerosim.scenario.tables import Scenario


def build_plan(
    scenario: Scenario | Examination,
    base: Path | None = None,
    files: PluginFiles | None = None,
    permissions: Permissions = NOTHING,
) -> Plan:
    """Compile a scenario, and look up the real programs if its engine starts any.

    Args:
        scenario: From a file or composed in Python; one that has been examined is not examined again.
        base: The scenario file's directory, which relative paths of programs are relative to; the working directory
            if left out.
        files: The scenario's own files, if it has not been examined; those below ``base`` if left out.
        permissions: What the user allows it, likewise.

    Raises:
        ScenarioError: The scenario has errors.
        BinaryError: A program is missing, or does not fit the scenario.
    """
    compiled = compile_plan(scenario, files or PluginFiles(base or Path()), permissions)
    plan = msgspec.structs.replace(compiled, monerosim=version("monerosim"))
    if not load_engine(plan.engine).real_programs:
        return plan
    if not isinstance(scenario, Scenario):
        scenario = scenario.scenario
    return resolve_binaries(plan, base, (*scenario.binaries.monerod_flags, *scenario.binaries.wallet_flags))
