"""What the API is sent about images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from xenia.api.bodies import Body, Text
from xenia.model.image import ImageFormat, NewImage


class NewImageBody(Body):
    path: Annotated[Text, Field(description="where it is to lie; not from / on: below the first of the roots")]
    size: Annotated[int | None, Field(description="bytes; null for the size of its base", ge=1, lt=2**62)] = None
    format: Annotated[
        ImageFormat | None, Field(description="null for what the name and the base say", strict=False)
    ] = None
    backing: Annotated[Text, Field(description="the image that it is to be based on; empty for none")] = ""
    preallocate: Annotated[bool, Field(description="take all its space now")] = False

    def wish(self) -> NewImage:
        return NewImage(self.path, self.size, self.format, self.backing, self.preallocate)


class CloneImageBody(Body):
    source: Annotated[Text, Field(description="the image that it begins as")]
    target: Annotated[Text, Field(description="where it is to lie; not from / on: below the first of the roots")]
    full: Annotated[bool, Field(description="copy all, so that it stands alone")] = False


class DeleteImageBody(Body):
    path: Annotated[Text, Field(description="the image")]
    force: Annotated[bool, Field(description="also where a guest file names it")] = False
