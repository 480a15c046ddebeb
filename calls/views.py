"""The doors a switch knocks at: call records and live calls."""

import functools
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from calls import dialogs, ingest, intake, quarantine, switches
from calls.models import CdrFormat, Switch
from calls.wire import BadBody, TooMany

_DRAINED = 64 * 1024
# A stranger is not worth much reading; a switch of ours shall see what was wrong with its body.
_DRAIN_STRANGER = 1024 * 1024
_DRAIN_SWITCH = 256 * 1024 * 1024

SwitchView = Callable[[HttpRequest, Switch, bytes], HttpResponse]


def switch_door(view: SwitchView) -> Callable[[HttpRequest], HttpResponse]:
    """A POST door for switches: token in, size checked, JSON out, 2xx only after the commit."""

    @csrf_exempt
    @login_not_required
    @require_POST
    @functools.wraps(view)
    def door(request: HttpRequest) -> HttpResponse:
        switch = switches.by_authorization(request.headers.get("Authorization", ""))
        if switch is None:
            _drain(request, _DRAIN_STRANGER)
            return _refused(
                401,
                _(
                    "The token is missing, wrong or revoked. Send “Authorization: Bearer <token>”, or Basic"
                    " with the switch's name and the token as password."
                ),
            )

        def unread(status: int, message: str) -> HttpResponse:
            """Nothing of the body is kept, but that it came is counted."""
            quarantine.count_unread(switch, view.__name__, status, message, timezone.now())
            return _refused(status, message)

        if "Transfer-Encoding" in request.headers:
            return unread(411, _("The length of the body is not said. Send Content-Length, not chunks."))
        if (packed := request.headers.get("Content-Encoding", "").strip().lower()) not in ("", "identity"):
            _drain(request, min(_DRAIN_SWITCH, settings.SWITCH_BODY_MAX_BYTES))
            return unread(
                415,
                _("The body is packed (%(packed)s). A few bytes may unpack to many: send it as it is.")
                % {"packed": packed[:32]},
            )
        length = request.headers.get("Content-Length", "")
        size = int(length) if length.isascii() and length.isdigit() else 0
        if size > settings.SWITCH_BODY_MAX_BYTES:
            _drain(request, _DRAIN_SWITCH)
            return unread(
                413,
                _("The body has %(size)s bytes; at most %(most)s are taken at once. Send it in parts.")
                % {"size": size, "most": settings.SWITCH_BODY_MAX_BYTES},
            )
        try:
            return view(request, switch, request.read())
        except TooMany as error:
            return unread(413, str(error))
        except BadBody as error:
            return unread(400, str(error))

    return door


def _refused(status: int, message: str) -> JsonResponse:
    response = JsonResponse({"error": message}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer, Basic realm="switch"'
    return response


def _drain(request: HttpRequest, left: int) -> None:
    """Reads on, up to `left` bytes: a client that is still sending would never see the answer."""
    while left > 0 and (chunk := request.read(_DRAINED)):
        left -= len(chunk)


@switch_door
def receive_cdrs(request: HttpRequest, switch: Switch, body: bytes) -> HttpResponse:
    return JsonResponse(ingest.receive(switch, body).as_json())


@switch_door
def receive_freeswitch(request: HttpRequest, switch: Switch, body: bytes) -> HttpResponse:
    return JsonResponse(intake.receive(switch, body, CdrFormat.FREESWITCH).as_json())


@switch_door
def receive_asterisk(request: HttpRequest, switch: Switch, body: bytes) -> HttpResponse:
    return JsonResponse(intake.receive(switch, body, CdrFormat.ASTERISK, _columns(request)).as_json())


@switch_door
def receive_kamailio(request: HttpRequest, switch: Switch, body: bytes) -> HttpResponse:
    return JsonResponse(intake.receive(switch, body, CdrFormat.KAMAILIO, _columns(request)).as_json())


def _columns(request: HttpRequest) -> tuple[str, ...]:
    return tuple(filter(None, request.GET.get("columns", "").split(",")))


@switch_door
def receive_dialogs(request: HttpRequest, switch: Switch, body: bytes) -> HttpResponse:
    return JsonResponse(dialogs.receive(switch, body).as_json())
