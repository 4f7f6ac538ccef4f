"""`kvitt listen`: an account's events, posted to a receiver on the developer's own machine as they happen.

An event is posted again and again until the receiver takes it, so nothing is skipped and nothing comes out of order. A
connection that is lost is opened again behind the last event that was taken. Imports nothing of the server.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx

from kvitt.sse import Message, Messages

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_SILENCE = 45.0
"""Seconds without a sign of life after which the connection counts as lost; the server gives one every 15."""


class CannotListen(Exception):
    """There is no use in trying on; the message says why."""


class _Lost(Exception):
    """The stream ended or never began; the message says how. Worth another try."""


@dataclass
class Listener:
    """`after`: a cursor, `latest`, or None for the account's first event. Afterwards it is where to go on from.

    `tell` gets a line for each post; `warn` gets what went wrong with the server.
    """

    url: str
    account_id: str
    client_id: str
    client_secret: str
    forward_to: str
    types: tuple[str, ...] = ()
    after: str | None = "latest"
    tell: Callable[[str], None] = print
    warn: Callable[[str], None] = print
    _token: str = field(default="", repr=False)

    async def run(self) -> None:
        """Until it is cancelled. Raises CannotListen when the server refuses for good."""
        pause = _FIRST_PAUSE
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=httpx.Timeout(10, read=_SILENCE)) as server,
            httpx.AsyncClient(timeout=30) as receiver,
        ):
            while True:
                try:
                    async with aclosing(self._messages(server)) as messages:
                        async for message in messages:
                            pause = _FIRST_PAUSE
                            if message.data:
                                await self._forward(receiver, message)
                            self.after = message.id or self.after
                except (httpx.HTTPError, _Lost) as error:
                    self.warn(f"{_words(error)}; connecting again in {pause:g} s")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _messages(self, server: httpx.AsyncClient) -> AsyncGenerator[Message, None]:
        """The stream from `after` on, until it ends."""
        fresh = not self._token
        if fresh:
            self._token = await self._fetch_token(server)
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {self._token}"}
        query: dict[str, Any] = {"type": self.types}
        if self.after is not None:
            query["after"] = self.after
        path = f"/v1/accounts/{self.account_id}/events"
        async with server.stream("GET", path, params=query, headers=headers) as answer:
            if answer.status_code == 401 and not fresh:
                self._token = ""  # it expired: the stream ended for that
                return
            if answer.status_code != 200:
                await answer.aread()
                _refuse(answer)
            messages = Messages()
            async for chunk in answer.aiter_bytes():
                for message in messages.feed(chunk):
                    yield message

    async def _fetch_token(self, server: httpx.AsyncClient) -> str:
        answer = await server.post(
            f"/v1/accounts/{self.account_id}/auth/token",
            auth=(self.client_id, self.client_secret),
            json={"grant_type": "client_credentials", "audience": f"{self.url}/v1/accounts/{self.account_id}"},
        )
        if answer.status_code != 200:
            _refuse(answer)
        return str(answer.json()["access_token"])

    async def _forward(self, receiver: httpx.AsyncClient, message: Message) -> None:
        """Posts an event until the receiver takes it: any status from 200 to 399, as for callbacks."""
        event = json.loads(message.data)
        headers = {"content-type": "application/json", "event": event["type"], "event-delivery": event["id"]}
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                answer = await receiver.post(self.forward_to, content=message.data, headers=headers)
                taken, came = 200 <= answer.status_code <= 399, str(answer.status_code)
            except httpx.HTTPError as error:
                taken, came = False, _words(error)
            again = "" if taken else f"  again in {pause:g} s"
            took = round((time.monotonic() - began) * 1000)
            what = f"{time.strftime('%H:%M:%S')}  {event['type']:<26} {event['object']['id']}"
            self.tell(f"{what}  {came}  {took} ms{again}")
            if taken:
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _refuse(answer: httpx.Response) -> None:
    """Raises: _Lost when another try may do, else CannotListen in the server's words."""
    try:
        said = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        said = answer.reason_phrase
    words = f"The server answers {answer.status_code}: {said}"
    if answer.status_code == 429 or answer.status_code >= 500:
        raise _Lost(words)
    raise CannotListen(words)


def _words(error: Exception) -> str:
    if isinstance(error, _Lost):
        return str(error)
    if isinstance(error, httpx.ConnectError):
        return f"{error.request.url.netloc.decode()} cannot be reached"
    return str(error) or type(error).__name__
