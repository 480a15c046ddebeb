"""The way to the web server: one HTTP connection that is kept open."""

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 10


class Away(Exception):
    """The server did not take it: no answer, or one that asks to send again (5xx, 429)."""


class Rejected(Exception):
    """The server will never take anything from us; the message says why and what to do."""


class TooLarge(Exception):
    """The body has to be cut."""


class Link:
    """Posts NDJSON. url: scheme, host and port; a path in it is a prefix. Raises ValueError on a bad one."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"--url {url!r} is no address. Use one such as http://127.0.0.1:8000")
        self.url = url
        self.prefix = parts.path.rstrip("/")
        self.connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self.connection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}

    def post(self, path: str, body: bytes) -> dict[str, Any]:
        """The answer's JSON. Raises Away (it may have been taken or not), Rejected or TooLarge."""
        kept_open = self.connection.sock is not None
        try:
            status, content = self._exchange(path, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not kept_open or isinstance(error, TimeoutError):
                raise Away(str(error) or type(error).__name__) from error
            # A server may close a connection that was idle: that says nothing about the server.
            return self._post_anew(path, body)
        return self._judged(path, status, content)

    def close(self) -> None:
        self.connection.close()

    def _post_anew(self, path: str, body: bytes) -> dict[str, Any]:
        try:
            status, content = self._exchange(path, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(str(error) or type(error).__name__) from error
        return self._judged(path, status, content)

    def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        self.connection.request("POST", self.prefix + path, body, self.headers)
        response = self.connection.getresponse()
        return response.status, response.read()

    def _judged(self, path: str, status: int, content: bytes) -> dict[str, Any]:
        if status in (401, 403):
            raise Rejected(
                f"{self.url} refuses the switch's token ({status}). The plan belongs to another installation"
                " or its switch was removed. Make both anew: manage.py demo --remove, then manage.py demo"
            )
        if status == 413:
            raise TooLarge
        if status == 429 or status >= 500:
            raise Away(f"it answered {status}")
        if status not in (200, 202):
            # Also 400: only a fault of ours makes a body that cannot be read, and only a person can mend it.
            reason = content.decode(errors="replace")[:300]
            raise Rejected(
                f"{self.url}{path} answered {status}. Is --url the address of Connex? It said: {reason}"
            )
        try:
            decoded = json.loads(content)
        except ValueError:
            decoded = {}
        return decoded if isinstance(decoded, dict) else {}
