"""TCP ports of this machine."""

import errno
import socket


def why_not(port: int) -> str | None:
    """None when a server can listen on `port` of localhost, else the reason in words.

    Both families are asked: a stranger on ::1 would be what a browser finds behind "localhost".
    """
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(
                    socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
                )  # as servers do: TIME_WAIT is fine
                probe.bind((host, port))
                probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is in use by another program"
            if error.errno == errno.EACCES:
                return "may be used by root only"
            if family == socket.AF_INET:
                return f"cannot be used ({error.strerror})"
    return None


def any_free() -> int:
    """A port on 127.0.0.1 that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def next_free(after: int) -> int:
    """The first usable port above `after` (and above those of root), for a message that suggests one."""
    first = max(after + 1, 1024)
    return next((port for port in range(first, min(first + 200, 65536)) if why_not(port) is None), any_free())
