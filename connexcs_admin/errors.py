"""The page of last resort: it must come out right when the database, the session and the user are gone."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers 500 with the request id, which stands in the log too. Runs no context processor."""
    return HttpResponse(render_to_string("500.html", {"request": request}), status=500)
