"""What the Univention registry gives settings."""

from __future__ import annotations

from xenia.settings.given import Given, Origin, Source
from xenia.settings.kinds import Unfit
from xenia.settings.settings import SETTINGS, Setting
from xenia.ucr.registry import Registry, Variable


def of_registry(registry: Registry) -> tuple[dict[str, Given], tuple[str, ...]]:
    """Its values, by the names of the settings, and what there is to say of it.

    A value that cannot be used is left out, with a remark: one wrong word in a policy must not keep the xends of all
    hosts from starting. An empty one counts as not set.
    """
    given, remarks = {}, list(registry.remarks)
    for row in SETTINGS.values():
        variable = registry.variables.get(row.variable)
        if variable is None or not variable.value:
            continue
        try:
            given[row.name] = _given(row, variable)
        except Unfit as unfit:
            hint = f": {unfit.hint}" if unfit.hint else ""
            remarks.append(f"{variable.place}: {variable.name} has no effect, it {unfit.wrong}{hint}")
    return given, tuple(remarks)


def _given(row: Setting, variable: Variable) -> Given:
    return Given(row.kind.of_text(variable.value), Origin(Source.REGISTRY, variable.place, variable.layer))
