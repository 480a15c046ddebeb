"""A real SMTP server on the loopback, which keeps what it takes and can be told to misbehave."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage


class PostOffice(socketserver.ThreadingTCPServer):
    """taken: messages, in the order they came. answers: what to say to a command instead of yes, once each,
    such as {"RCPT": "450 later"}; "drop" breaks the line, and "." stands for the end of the text."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.taken: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.answers: dict[str, str] = {}
        self.came = threading.Event()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def texts(self) -> list[str]:
        return [message.get_content() for message in self.taken]


class _Counter(socketserver.StreamRequestHandler):
    server: PostOffice

    def handle(self) -> None:
        self._say("220 post office")
        sender, to = "", []
        while line := self.rfile.readline():
            command = line.decode().strip()
            verb = command[:4].upper()
            if (answer := self.server.answers.pop(verb, "")) and not self._answered(answer):
                return
            if answer:
                continue
            if verb == "DATA":
                self._say("354 go on")
                text = self._text()
                if (answer := self.server.answers.pop(".", "")) and not self._answered(answer):
                    return
                if answer:
                    continue
                message = email.message_from_bytes(text, policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                self.server.taken.append(message)
                self.server.envelopes.append((sender, to))
                self._say("250 taken")
                self.server.came.set()
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                if verb == "MAIL":
                    sender, to = command[10:].partition(" ")[0].strip("<>"), []
                elif verb == "RCPT":
                    to.append(command[8:].partition(" ")[0].strip("<>"))
                self._say("250 yes")

    def _answered(self, answer: str) -> bool:
        """Whether the line still stands."""
        if answer == "drop":
            return False
        self._say(answer)
        return True

    def _text(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def open_office() -> Iterator[PostOffice]:
    with PostOffice() as office:
        threading.Thread(target=office.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield office
        office.shutdown()
