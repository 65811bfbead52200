"""The routes of one part of the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.params import Depends

Declare = Callable[[Callable[..., Any]], Callable[..., Any]]


class Routes:
    """What a part answers, declared as on FastAPI's own router and kept until all parts are put into the one router of
    the app: routers within a router are walked for each request, which costs more than most answers.
    """

    def __init__(self, *tags: str, prefix: str = "", in_schema: bool = True) -> None:
        self._tags = list(tags)
        self._prefix = prefix
        self._in_schema = in_schema
        self._declared: list[Callable[[APIRouter, str, Sequence[Depends]], None]] = []

    def get(self, path: str, **told: Any) -> Declare:
        return lambda endpoint: self.add(path, endpoint, "GET", **told)

    def post(self, path: str, **told: Any) -> Declare:
        return lambda endpoint: self.add(path, endpoint, "POST", **told)

    def put(self, path: str, **told: Any) -> Declare:
        return lambda endpoint: self.add(path, endpoint, "PUT", **told)

    def patch(self, path: str, **told: Any) -> Declare:
        return lambda endpoint: self.add(path, endpoint, "PATCH", **told)

    def delete(self, path: str, **told: Any) -> Declare:
        return lambda endpoint: self.add(path, endpoint, "DELETE", **told)

    def websocket(self, path: str) -> Declare:
        def declare(endpoint: Callable[..., Any]) -> Callable[..., Any]:
            self._declared.append(
                lambda router, prefix, dependencies: router.add_api_websocket_route(
                    prefix + self._prefix + path, endpoint, dependencies=dependencies
                )
            )
            return endpoint

        return declare

    def add(self, path: str, endpoint: Callable[..., Any], method: str, **told: Any) -> Callable[..., Any]:
        """One route; `told` is what FastAPI's add_api_route is told of it. `endpoint` is given back. A client generated
        from the description has it as `domains_pause`: by the file that has it, and its name.
        """
        room, name = endpoint.__module__.rpartition(".")[2], told.get("name") or endpoint.__name__
        operation = f"{room}_{name}".replace("-", "_")
        self._declared.append(
            lambda router, prefix, dependencies: router.add_api_route(
                prefix + self._prefix + path,
                endpoint,
                methods=[method],
                tags=[*self._tags],
                include_in_schema=self._in_schema,
                dependencies=dependencies,
                operation_id=operation,
                **told,
            )
        )
        return endpoint

    def put_into(self, router: APIRouter, prefix: str, dependencies: Sequence[Depends] = ()) -> None:
        """Each of them depends on `dependencies`, and has `prefix` before its path."""
        for declare in self._declared:
            declare(router, prefix, dependencies)
