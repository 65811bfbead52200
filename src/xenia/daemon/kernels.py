"""Kernels for direct boot, as the engine at hand wants them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xenia.model.domain import DomainConfig
from xenia.model.errors import ResourceError, XeniaError
from xenia.storage.inspect import Inspect
from xenia.storage.kernel import PreparedBoot, close_boot, prepare_boot
from xenia.storage.paths import Roots


@dataclass(frozen=True, slots=True)
class QemuKernels:
    inspect: Inspect

    async def prepare(self, config: DomainConfig, roots: Roots) -> PreparedBoot | None:
        """Raises ResourceError, under the key of what is at fault."""
        try:
            return await prepare_boot(config, roots, self.inspect)
        except XeniaError as error:
            raise ResourceError(await self._at_fault(config, roots), error) from error

    async def _at_fault(self, config: DomainConfig, roots: Roots) -> str:
        """The ramdisk where the kernel alone would do."""
        if config.boot.ramdisk is None:
            return "kernel"
        try:
            alone = await prepare_boot(replace(config, boot=replace(config.boot, ramdisk=None)), roots, self.inspect)
        except XeniaError:
            return "kernel"
        if alone is not None:
            close_boot(alone)
        return "ramdisk"


async def no_kernel(config: DomainConfig, roots: Roots) -> PreparedBoot | None:
    """For an engine that executes nothing."""
    del config, roots
    return None
