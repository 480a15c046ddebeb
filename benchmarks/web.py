"""The web server under test, started as `make run` starts it, and a person signed in on it."""

import http.client
import os
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.cookies import SimpleCookie
from pathlib import Path

from launcher import ports
from launcher.processes import Child, wait_for
from launcher.stack import web_command

CHECKOUT = Path(__file__).resolve().parent.parent
SIGN_IN = "/accounts/login/"
START_S = 60.0


class NotReady(Exception):
    """The server did not start, or did not let us in."""


@contextmanager
def server() -> Iterator[tuple[int, int]]:
    """Yields the port it answers on, and the session its processes are in. Raises NotReady."""
    port = ports.any_free()
    child = Child("web", web_command(), env={**os.environ, "PORT": str(port)}, cwd=CHECKOUT)
    child.start()
    try:
        if not wait_for(lambda: _answers(port) or not child.is_running(), seconds=START_S, pause=0.2):
            raise NotReady(f"The web server did not answer within {START_S:.0f} s.")
        if not child.is_running():
            raise NotReady("The web server ended:\n" + "\n".join(child.last_lines))
        yield port, child.pid or 0
    except Exception as error:
        for line in child.last_lines:
            error.add_note(f"web: {line}")
        raise
    finally:
        child.stop()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", SIGN_IN, headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    return False


def sign_in(port: int, email: str, password: str) -> str:
    """The Cookie header of a session, made through the sign-in page. Raises NotReady."""
    cookies: dict[str, str] = {}
    status, page = _visit(port, "GET", "", cookies)
    found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if found is None:
        raise NotReady(f"{SIGN_IN} answered {status} without a form to sign in with.")
    form = {"login": email, "password": password, "csrfmiddlewaretoken": found[1].decode()}
    status, _page = _visit(port, "POST", urllib.parse.urlencode(form), cookies)
    if status != 302:
        raise NotReady(
            f"{email} could not sign in (status {status}). With --reuse, set DEMO_PASSWORD to the password "
            "that the data was made with."
        )
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _visit(port: int, method: str, body: str, cookies: dict[str, str]) -> tuple[int, bytes]:
    """One request to the sign-in page; what it sets is added to `cookies`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "Host": f"localhost:{port}",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request(method, SIGN_IN, body, headers)
    answer = connection.getresponse()
    page = answer.read()
    for line in answer.headers.get_all("Set-Cookie") or ():
        cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
    connection.close()
    return answer.status, page
