"""What a customer's field may hold, judged alike whether it was typed or came in a file."""

from __future__ import annotations

import re
import unicodedata

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_countries import countries

from imports.problems import Wrong
from users.models import Kind, User

LONGEST_NAME = 128


def plain_name(text: str, _mark: str = "") -> str:
    """In one line, composed, without signs that nobody sees, by which two names would look alike.

    Raises Wrong where nothing is left, or too much.
    """
    if any(unicodedata.category(sign) == "Cc" and not sign.isspace() for sign in text):
        raise Wrong(_("has signs that cannot be printed. Type it again."))
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFC", seen)).strip()
    if not plain:
        raise Wrong(_("has no letter that can be seen. Type a name."))
    if len(plain) > LONGEST_NAME:
        raise Wrong(
            _("has %(count)s characters; at most %(most)s fit. Shorten it.")
            % {"count": len(plain), "most": LONGEST_NAME}
        )
    return plain


def country_code(text: str, _mark: str = "") -> str:
    """A country's code of two letters, from its code or English name. Raises Wrong."""
    code = text.upper() if len(text) == 2 else countries.by_name(text, language="en")
    if code not in countries:
        raise Wrong(_("is no country. Use its code of two letters, such as DE."))
    return str(code)


def account_managers(present: int | None = None) -> QuerySet[User]:
    """Whom a customer may be given to: our own staff who may sign in, and who it is now."""
    return User.objects.filter(Q(kind=Kind.STAFF, is_active=True, reseller=None) | Q(pk=present))
