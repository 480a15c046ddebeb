"""What a person types as the address of an IP entry, in the one form we store. Pure: no database."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST_HOST_NAME = 253  # RFC 1035, without the dot at the end
_LABEL = re.compile(r"^(?!-)[a-z0-9-]{1,63}(?<!-)$")
_LOOKS_NUMERIC = re.compile(r"^[0-9./]+$")

Network = IPv4Network | IPv6Network

# Ranges from which no customer's call can come, each with the reason that a person is told.
_NOBODYS: tuple[tuple[Network, StrOrPromise], ...] = (
    (ip_network("0.0.0.0/8"), gettext_lazy("stand for no machine")),
    (ip_network("::/128"), gettext_lazy("stand for no machine")),
    (ip_network("127.0.0.0/8"), gettext_lazy("are what every machine calls itself")),
    (ip_network("::1/128"), gettext_lazy("are what every machine calls itself")),
    (ip_network("169.254.0.0/16"), gettext_lazy("hold on one cable only (link-local)")),
    (ip_network("fe80::/10"), gettext_lazy("hold on one cable only (link-local)")),
    (ip_network("224.0.0.0/4"), gettext_lazy("stand for groups of machines (multicast)")),
    (ip_network("ff00::/8"), gettext_lazy("stand for groups of machines (multicast)")),
    (ip_network("240.0.0.0/4"), gettext_lazy("are reserved and given to nobody")),
)
# Ranges that no carrier of the internet forwards: RFC 1918, RFC 6598 and RFC 4193.
_PRIVATE: tuple[Network, ...] = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)


def canonical_host(typed: str) -> tuple[str, bool]:
    """The stored form of an address, network or host name, and whether it is an address or network.

    `203.0.113.7/32` is `203.0.113.7`, IPv6 is compressed and lower case, host names are lower case without
    a dot at the end. Raises ValidationError with a sentence that says what to type instead.
    """
    text = typed.strip()
    _refuse_what_is_no_single_word(text)
    network = _network(text)
    if network is not None:
        _refuse_what_is_nobodys_address(text, network)
        single = network.prefixlen == network.max_prefixlen
        return (str(network.network_address) if single else str(network)), True
    return _host_name(text), False


def is_private(host: str) -> bool:
    """Whether a host in stored form is or reaches into a private range; no host name does."""
    try:
        network = ip_network(host)
    except ValueError:
        return False
    return any(_overlap(network, private) for private in _PRIVATE)


def _overlap(one: Network, other: Network) -> bool:
    """Networks of two versions never overlap."""
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.overlaps(other)
    return isinstance(one, IPv6Network) and isinstance(other, IPv6Network) and one.overlaps(other)


def _refuse_what_is_no_single_word(text: str) -> None:
    if not text:
        raise ValidationError(_("Required"))
    if any(ord(character) < 32 and not character.isspace() for character in text):
        raise ValidationError(_("The address contains a character that cannot be stored. Type it by hand."))
    if len(text.split()) > 1 or "," in text or ";" in text:
        raise ValidationError(_("One address per entry. Add the others one by one."))
    if text.lower().startswith(("sip:", "sips:")) or "@" in text:
        raise ValidationError(
            _("“%(text)s” is a SIP address. Type only the part after the @, without sip:."),
            params={"text": text},
        )
    if "://" in text:
        raise ValidationError(
            _("“%(text)s” is a web address. Type only the host name."), params={"text": text}
        )


def _network(text: str) -> Network | None:
    """`text` as a network (a single address is one of its own length), None for what may be a host name."""
    before, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (":" not in before or before.endswith("]")):
        raise ValidationError(
            _("Type the port %(port)s in the field for the port, and here only %(host)s."),
            params={"port": port, "host": before.strip("[]")},
        )
    if "%" in text:
        raise ValidationError(_("An address with a zone is known on one machine only. Leave the zone out."))
    try:
        return _unmapped(ip_network(text))
    except ValueError:
        pass
    try:
        wider = ip_network(text, strict=False)
    except ValueError:
        if _LOOKS_NUMERIC.match(text) or ":" in text or "/" in text:
            raise ValidationError(
                _(
                    "“%(text)s” is no address or network. Type one such as 203.0.113.7, 203.0.113.0/24 or"
                    " 2001:db8::1."
                ),
                params={"text": text},
            ) from None
        return None
    raise ValidationError(
        _(
            "%(text)s is an address inside a network. Type %(network)s for the whole network, or"
            " %(address)s alone."
        ),
        params={"text": text, "network": wider, "address": text.partition("/")[0]},
    )


def _unmapped(network: Network) -> Network:
    """An IPv4 address written as IPv6 is seen on the wire as what it is."""
    if isinstance(network, IPv6Network) and network.prefixlen == 128:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network(mapped)
    return network


def _refuse_what_is_nobodys_address(text: str, network: Network) -> None:
    if network.prefixlen == 0:
        raise ValidationError(
            _("%(text)s would match every address there is. Type the one that calls come from."),
            params={"text": text},
        )
    for nobodys, why in _NOBODYS:
        if _overlap(network, nobodys):
            raise ValidationError(
                _(
                    "%(text)s cannot be a customer's: addresses in %(range)s %(why)s. Type the one that calls"
                    " come from."
                ),
                params={"text": text, "range": nobodys, "why": why},
            )


def _host_name(text: str) -> str:
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if not name.isascii():
        raise ValidationError(
            _("“%(text)s”: write letters outside a to z in the xn-- form."), params={"text": text}
        )
    if len(name) > LONGEST_HOST_NAME or not all(_LABEL.match(label) for label in labels):
        raise ValidationError(
            _("“%(text)s” is no host name. Use letters, digits, hyphens and dots, as in sip.example.com."),
            params={"text": text},
        )
    if len(labels) < 2 or labels[-1].isdigit():
        raise ValidationError(
            _("“%(text)s” is no full host name. Type one with its domain, as in sip.example.com."),
            params={"text": text},
        )
    return name
