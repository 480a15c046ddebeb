"""What a contact's fields may hold."""

import ipaddress
import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_NETWORKS = 100
_SPACING = re.compile(r"[\s().\-/\u00a0]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# "password: hunter2", "pw=…", "Kennwort ist …": what should not stand in a note.
_PASSWORD = re.compile(
    r"\b(?:password|passwd|passwort|kennwort|passcode|pass|pwd?|pin|mot de passe|contraseña)\b"
    r"\s*(?:[:=]|\bis\b|\bist\b)\s*\S",
    re.IGNORECASE,
)


def phone_number(text: str) -> str:
    """E.164 with the plus, from a number as people write it; empty from empty. Raises ValidationError."""
    plain = _SPACING.sub("", text)
    if not plain:
        return ""
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    if not _E164.fullmatch(plain):
        raise ValidationError(
            _("“%(typed)s” is no international number. Write it with country code, such as +49 30 123456."),
            params={"typed": text.strip()[:40]},
        )
    return plain


def networks(text: str) -> list[str]:
    """Addresses and networks, each once, as the machine writes them. Raises ValidationError naming each
    entry that is neither."""
    found, wrong = [], []
    for entry in re.split(r"[\s,;]+", text.strip()):
        try:
            network = ipaddress.ip_network(entry, strict=False) if entry else None
        except ValueError:
            wrong.append(entry[:43])
            continue
        if network is not None:
            one = network.prefixlen == network.max_prefixlen
            found.append(str(network.network_address) if one else str(network))
    if wrong:
        raise ValidationError(
            _("No address or network: %(entries)s. Write such as 192.0.2.7 or 192.0.2.0/24."),
            params={"entries": ", ".join(wrong[:5])},
        )
    found = list(dict.fromkeys(found))
    if len(found) > MOST_NETWORKS:
        raise ValidationError(
            _("At most %(most)s addresses and networks fit; these are %(n)s."),
            params={"most": MOST_NETWORKS, "n": len(found)},
        )
    return found


def looks_like_a_password(text: str) -> bool:
    """Whether a note seems to tell one."""
    return _PASSWORD.search(text) is not None
