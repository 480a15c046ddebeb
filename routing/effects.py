"""What deleting an entry or a route would do to a customer's calls, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from routing.models import IngressRoute, IpAuth, SipUser


def effect_of_deleting(entry: IpAuth | SipUser | IngressRoute) -> list[str]:
    """Sentences for the person who decides, the gravest last: what stops, and what does not."""
    if isinstance(entry, IngressRoute):
        effects = [_of_a_route(entry)]
        others = IngressRoute.objects.filter(customer_id=entry.customer_id, enabled=True).exclude(pk=entry.pk)
        last = entry.enabled and not others.exists()
        gravest = _("It is the last enabled route: every call from %(customer)s will be refused.")
    else:
        effects = [_of_an_address(entry) if isinstance(entry, IpAuth) else _of_a_user(entry)]
        last = entry.enabled and not _other_ways_in(entry)
        gravest = _("It is the last way in: every call from %(customer)s will be refused.")
    effects.append(_("Calls that are up go on."))
    return [*effects, gravest % {"customer": entry.customer}] if last else effects


def _of_a_route(route: IngressRoute) -> str:
    if not route.enabled:
        return _("The route is disabled and takes no calls now.")
    if route.tech_prefix:
        return _("Calls with the tech prefix %(prefix)s will no longer go this way.") % {
            "prefix": route.tech_prefix
        }
    return _("Calls without a tech prefix will no longer go this way.")


def _of_an_address(entry: IpAuth) -> str:
    if not entry.enabled:
        return _("The entry is disabled and lets no calls in now.")
    if entry.may_send:
        return _("Calls from %(host)s will be refused.") % {"host": entry.host}
    return _("No more calls will be sent to %(host)s.") % {"host": entry.host}


def _of_a_user(user: SipUser) -> str:
    if not user.enabled:
        return _("The user is disabled and cannot sign in now.")
    return _("A phone that signs in as %(user)s will be refused. Its password cannot be brought back.") % {
        "user": user
    }


def _other_ways_in(entry: IpAuth | SipUser) -> bool:
    """Whether another enabled entry is left that lets calls in; an address that only receives does not."""
    addresses = IpAuth.objects.filter(customer_id=entry.customer_id, enabled=True, may_send=True)
    users = SipUser.objects.filter(customer_id=entry.customer_id, enabled=True)
    if isinstance(entry, IpAuth):
        addresses = addresses.exclude(pk=entry.pk)
    else:
        users = users.exclude(pk=entry.pk)
    return addresses.exists() or users.exists()
