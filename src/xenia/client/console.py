"""A guest's text console, and its screen, over WebSocket."""

from __future__ import annotations

from xenia.client.domains import domain_path
from xenia.client.http import Client
from xenia.client.websocket import WebSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self


class Console(WebSocket):
    """An open text console or, with the `door` vncviewer, the screen of a guest: what is received the guest has
    written, and what is sent is typed at it. The guest runs on when it is closed.
    """

    @classmethod
    def connect(
        cls,
        client: Client,
        ref: str,
        kind: str = "auto",
        *,
        door: str = "console",
        view: bool = False,
        seconds: float = 10,
    ) -> Self:
        """Open the console of the domain `ref`; `kind` is auto, pv or serial. What is sent to one that is there to
        `view` does not reach the guest. Its screen is another `door`: vncviewer.

        Raises ClientError: unreachable, timed_out, or xend's reason for refusing.
        """
        query = f"?kind={kind}{'&view=true' if view else ''}" if door == "console" else ""
        what = f"{'the console' if door == 'console' else 'the screen'} of '{ref}'"
        return cls.open(client, f"{domain_path(ref)}/{door}{query}", what, seconds)
