"""A guest as an xl.cfg: plain assignments of the keys of xl.cfg(5), nothing that was not meant."""

from __future__ import annotations

from xenia.engines.xen.boot import boot_settings
from xenia.engines.xen.disk import disk_settings
from xenia.engines.xen.display import display_settings
from xenia.engines.xen.machine import machine_settings
from xenia.engines.xen.passed_on import passed_on_settings
from xenia.engines.xen.platform import platform_settings
from xenia.engines.xen.prepared import Prepared
from xenia.engines.xen.vif import vif_settings
from xenia.engines.xen.xlcfg import Settings, written
from xenia.model.domain import Started


def render(started: Started, prepared: Prepared) -> str:
    """The xl.cfg that starts `started` with what was prepared for it, to be written as UTF-8.

    Raises invalid for what cannot be told to Xen's tools as it is; `explain` has said so before.
    """
    return written(settings_of(started, prepared))


def settings_of(started: Started, prepared: Prepared) -> Settings:
    """The same as keys and values. No key is written by two of the nouns."""
    config = started.config
    return {
        **machine_settings(started),
        **boot_settings(config, prepared),
        **disk_settings(config, prepared.disks),
        **vif_settings(config, prepared.vifs),
        **display_settings(config, prepared.vnc),
        **platform_settings(config),
        **passed_on_settings(config),
    }
