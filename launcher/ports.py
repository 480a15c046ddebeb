"""TCP ports of this machine."""

import socket


def is_free(port: int, host: str = "") -> bool:
    """True when a server could listen on `port`. host "": on every address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: TIME_WAIT is no hindrance
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port on 127.0.0.1 that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def next_free(after: int) -> int:
    """The first free port above `after`, for a message that suggests one."""
    for port in range(after + 1, min(after + 100, 65536)):
        if is_free(port):
            return port
    return any_free()
