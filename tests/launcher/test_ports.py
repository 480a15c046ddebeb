"""Whether a port can be had, and which one instead."""

import socket

from launcher import ports


def test_a_port_taken_on_any_address_of_localhost_is_in_use():
    for family, host in (
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET, "0.0.0.0"),
        (socket.AF_INET6, "::1"),
    ):
        with socket.socket(family) as taken:
            taken.bind((host, 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert ports.why_not(port) == "is in use by another program", host
            other = ports.next_free(port)
            assert other > port
            assert ports.why_not(other) is None
        assert ports.why_not(port) is None
