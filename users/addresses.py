"""Where a request comes from."""

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str | None:
    """The client's address, None where the connection has none.

    X-Forwarded-For is believed only as far as ALLAUTH_TRUSTED_PROXY_COUNT says, counted from the right.
    """
    return get_client_ip(request)
