"""HTTP at the front of xenia-web: whatever the bytes, no answer of 500, and nothing but whole requests reaches xend."""

from __future__ import annotations

import asyncio

from tests.support.front import Front, NotedXend

WORDS = (
    "GET ", "POST ", "HEAD ", "OPTIONS ", "DELETE ", "PATCH ", "PUT ", "/v1/domains", "/v1/", "/metrics", "/login",
    "/logout", "/health", "/RPC2", "/v1/events?follow=true", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: here\r\n",
    "Content-Length: 5\r\n", "Content-Length: 99999999\r\n", "Transfer-Encoding: chunked\r\n", "\r\n", "0\r\n\r\n",
    "5\r\nhello\r\n", "Authorization: Bearer abc\r\n", "Cookie: __Host-xenia=abc\r\n", "Origin: https://here\r\n",
    "Sec-Fetch-Site: same-origin\r\n", "Connection: close\r\n", "Connection: Upgrade\r\n", "Upgrade: websocket\r\n",
    "Upgrade: h2c\r\n", "Expect: 100-continue\r\n", "X-Xenia-Address: 127.0.0.1\r\n", "Content-Type: text/xml\r\n",
    "Accept: */*\r\n", "If-Match: \"1\"\r\n", "Last-Event-ID: 7\r\n", "{\"user\": \"a\", \"password\": \"b\"}",
    "<?xml version=\"1.0\"?><methodCall><methodName>session.login_with_password</methodName><params/></methodCall>",
)  # fmt: skip
_PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
_LOGIN = b'{"secret": "s", "token": {"expires": 9, "created": 1}}'
_CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % len(_LOGIN) + _LOGIN
_REFUSED = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 2\r\n\r\n{}"
_CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf"
_ANSWERS = (_PLAIN, _CHUNKED, _CREATED, _REFUSED, _CUT)
_FRONT = Front()


def one(data: bytes) -> None:
    """The first byte says how xend answers, the second in what pieces the rest comes."""
    if len(data) < 2:
        return
    size, said = data[1] or 1_000, data[2:]
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    answer = _ANSWERS[data[0] % len(_ANSWERS)]
    asyncio.run(_FRONT.visited(pieces[:50], NotedXend(answer), cut=answer is _CUT))
