"""What the API is sent."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from xenia.model.request import CreateRequest


class Body(BaseModel):
    """Nothing is converted (`false` is no number, `"1"` none either) and nothing unknown is passed over."""

    model_config = ConfigDict(strict=True, extra="forbid")


class CreateBody(Body):
    """A guest file, read by the caller with the caller's own rights."""

    text: Annotated[str, Field(description="the content of the guest file")]
    file: Annotated[str, Field(description="its absolute path, or empty for a text without one")] = ""
    overrides: Annotated[list[str], Field(description="key=value words that beat the file, in order")] = []
    paused: Annotated[bool, Field(description="leave the guest's CPUs stopped")] = False

    def request(self) -> CreateRequest:
        return CreateRequest(self.text, self.file, tuple(self.overrides), self.paused)


class OperationBody(Body):
    until_gone: Annotated[
        bool, Field(description="the job ends when the guest has ended (shutdown) or started over (reboot)")
    ] = False
