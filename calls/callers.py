"""Whose call a record is, where it names an account, a SIP user or an address instead of a customer's id."""

import ipaddress
from collections import defaultdict
from typing import Any

from django.db import connection
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from psycopg2 import sql

from calls import quarantine
from calls.fields import Cause, Refusal, shown
from calls.records import Incoming
from carriers.models import Carrier
from routing.models import IpAuth, SipUser

_BIG = 2**63 - 1

# Entries by equality for each length of network there is, so that many addresses cost one pass over them.
_BY_ADDRESS = sql.SQL(
    """
    WITH entry AS MATERIALIZED (
        SELECT customer_id, tech_prefix, enabled, CASE WHEN is_network THEN host::inet END AS network
          FROM {entries} WHERE is_network AND may_send
    ), length AS (SELECT DISTINCT family(network) AS family, masklen(network) AS bits FROM entry)
    SELECT asked.address, masklen(entry.network), entry.tech_prefix, entry.enabled, entry.customer_id
      FROM unnest(%s::text[]) AS asked(address)
      JOIN length ON length.family = family(asked.address::inet)
      JOIN entry ON entry.network = network(set_masklen(asked.address::inet, length.bits))::inet
    """
)


def settle(incoming: list[Incoming]) -> tuple[list[Incoming], list[Refusal]]:
    """Gives records without a customer_id the one that they point to, and names of carriers their ids.

    The first of these that a record has decides: `account` of digits, which is our own id; `account` as the
    name of a SIP user; `auth_user`; `source_ip` among the entries that calls may come from, the narrowest
    network and the longest tech prefix first. What points to nobody, or to several, is refused. A carrier
    that is not known stays empty.
    """
    _name_carriers(incoming)
    asked = [one for one in incoming if one.record.get("customer_id") is None and _points(one.record)]
    if not asked:
        return incoming, []
    users = _customers_of_users(asked)
    entries = _entries_of_addresses(asked)
    refused = []
    for one in asked:
        try:
            customer_id = _customer(one.record, users, entries)
        except _NobodyError as nobody:
            refused.append(Refusal(one.index, "customer_id", str(nobody), Cause.UNKNOWN_CUSTOMER, one.sent))
            continue
        if one.raw is None:
            one.raw = quarantine.written(one.record)  # as it was sent, without what we add
        one.record["customer_id"] = customer_id
    if not refused:
        return incoming, []
    out = {refusal.index for refusal in refused}
    return [one for one in incoming if one.index not in out], refused


class _NobodyError(Exception):
    """No customer, or more than one; the message says what was looked for."""


def _word(record: dict[str, Any], name: str) -> str:
    """A name in a record, as text; whatever else stands there is for the reader of fields to refuse."""
    value = record.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    word = str(value).strip()
    return word if word.isprintable() else ""  # neither NUL nor half a surrogate pair reaches the database


def _points(record: dict[str, Any]) -> bool:
    return any(_word(record, name) for name in ("account", "auth_user", "source_ip"))


def _customer(
    record: dict[str, Any],
    users: dict[str, set[int]],
    entries: dict[str, list[tuple[int, str, bool, int]]],
) -> int:
    account, user, address = (_word(record, name) for name in ("account", "auth_user", "source_ip"))
    if account.isascii() and account.isdigit() and 0 < int(account[:20]) <= _BIG:
        return int(account)
    for name in (account, user):
        if found := users.get(name.lower()) if name else None:
            return _only(found, _("SIP user %(name)s") % {"name": shown(name)})
    dialled = _word(record, "destination_received")
    if fitting := [entry for entry in entries.get(address, []) if dialled.startswith(entry[1])]:
        best = max((bits, len(prefix), enabled) for bits, prefix, enabled, _id in fitting)
        nearest = {
            customer for bits, prefix, enabled, customer in fitting if (bits, len(prefix), enabled) == best
        }
        return _only(nearest, _("Address %(address)s") % {"address": address})
    raise _NobodyError(
        _(
            "Nothing says whose call it is: account %(account)s, SIP user %(user)s and address %(address)s"
            " are nobody's. Enter one of them for its customer, or send its id as account; then replay."
        )
        % {"account": shown(account), "user": shown(user), "address": shown(address)}
    )


def _only(customers: set[int], who: str) -> int:
    if len(customers) > 1:
        raise _NobodyError(
            _("%(who)s belongs to several customers: %(ids)s. Send the customer's id as account.")
            % {"who": who, "ids": ", ".join(map(str, sorted(customers)[:5]))}
        )
    return next(iter(customers))


def _customers_of_users(asked: list[Incoming]) -> dict[str, set[int]]:
    names = {
        word.lower()
        for one in asked
        for name in ("account", "auth_user")
        if (word := _word(one.record, name))
    }
    found: dict[str, set[int]] = defaultdict(set)
    if names:
        rows = SipUser.objects.annotate(lower_name=Lower("username")).filter(lower_name__in=names)
        for name, customer_id in rows.values_list("lower_name", "customer_id"):
            found[name].add(customer_id)
    return found


def _entries_of_addresses(asked: list[Incoming]) -> dict[str, list[tuple[int, str, bool, int]]]:
    """IP entries by address: (bits of its network, tech prefix, enabled, customer)."""
    addresses = {word for one in asked if _is_address(word := _word(one.record, "source_ip"))}
    found: dict[str, list[tuple[int, str, bool, int]]] = defaultdict(list)
    if addresses:
        with connection.cursor() as cursor:
            statement = _BY_ADDRESS.format(entries=sql.Identifier(IpAuth._meta.db_table))
            cursor.execute(statement, [sorted(addresses)])
            for address, *entry in cursor.fetchall():
                found[address].append(tuple(entry))
    return found


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return "%" not in word


def _name_carriers(incoming: list[Incoming]) -> None:
    """Carriers are named by id, or by their name in any case."""
    asked = [
        one.record for one in incoming if one.record.get("carrier_id") is None and one.record.get("carrier")
    ]
    if not asked:
        return
    names = {_word(record, "carrier").lower() for record in asked}
    rows = Carrier.objects.annotate(lower_name=Lower("name")).filter(lower_name__in=names)
    ids = dict(rows.values_list("lower_name", "pk"))
    numbers = {int(name) for name in names if name.isascii() and name.isdigit() and len(name) < 19}
    ids |= {str(pk): pk for pk in Carrier.objects.filter(pk__in=numbers).values_list("pk", flat=True)}
    for record in asked:
        if (found := ids.get(_word(record, "carrier").lower())) is not None:
            record["carrier_id"] = found
