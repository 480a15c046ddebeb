"""How demo customers come in: addresses, digest users, routes."""

import hashlib
import random
import secrets
from collections.abc import Iterator
from typing import Any

from connexcs_admin.demo.arguments import SIP_REALM, SWITCH_IP, Arguments
from connexcs_admin.demo.customers import DemoCustomer, manufacturer

_ROUTES = ("A–Z standard", "A–Z premium", "CLI routes", "National", "Call centre")


class Addresses:
    """Documentation addresses: each IPv4 one once, then IPv6, or a shared IPv4 one under a tech prefix."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.all = [
            f"{net}.{host}" for net in ("192.0.2", "198.51.100", "203.0.113") for host in range(1, 255)
        ]
        self.all.remove(SWITCH_IP)
        self.free = self.all.copy()
        rng.shuffle(self.free)
        self.given = 0

    def next(self) -> tuple[str, str]:
        """An address and the tech prefix that tells its customer from others behind it."""
        self.given += 1
        if self.free and self.rng.random() < 0.7:
            return self.free.pop(), ""
        if self.rng.random() < 0.35:
            return self.rng.choice(self.all), f"{self.given + 1000}#"
        return f"2001:db8:{self.given // 0x10000:x}:{self.given % 0x10000:x}::{self.rng.randrange(1, 9)}", ""


def ip_auths(customers: list[DemoCustomer], arguments: Arguments) -> Iterator[dict[str, Any]]:
    """Addresses; fills `source_ip` and `tech_prefix` of their customers, so read it to the end."""
    rng = arguments.chance("addresses")
    addresses = Addresses(rng)
    for customer in customers:
        if not customer.has_auth or rng.random() < 0.2:
            continue
        host, prefix = addresses.next()
        customer.source_ip, customer.tech_prefix = host, prefix
        yield {
            "customer_id": customer.id,
            "host": host,
            "tech_prefix": prefix,
            "manufacturer": manufacturer(rng),
            "protocol": rng.choice(("udp", "udp", "tcp", "tls")),
            "channels_limit": customer.channels_limit if rng.random() < 0.2 else None,
            "enabled": True,
        }
        if rng.random() < 0.3:
            other, prefix = addresses.next()
            enabled = rng.random() < 0.8
            if other != host:  # two draws of shared addresses may fall on the same one
                yield {
                    "customer_id": customer.id,
                    "host": other,
                    "tech_prefix": prefix,
                    "enabled": enabled,
                }
        if rng.random() < 0.08:
            yield {
                "customer_id": customer.id,
                "host": f"sip.{customer.slug}.example",
                "is_network": False,
                "may_send": False,
            }


def sip_users(customers: list[DemoCustomer], arguments: Arguments) -> Iterator[dict[str, Any]]:
    """Digest users; whoever has no address has at least one. Fills `auth_user` where there is no address.

    Passwords are drawn by chance and forgotten: nobody who knows the seed can sign in to a switch.
    """
    rng = arguments.chance("digest")
    for customer in customers:
        if not customer.has_auth:
            continue
        count = rng.choice((0, 0, 0, 1, 2)) if customer.source_ip else rng.choice((1, 1, 2, 3))
        for number in range(1, count + 1):
            username = f"{customer.slug}-{number}"
            if number == 1 and not customer.source_ip:
                customer.auth_user = username
            yield {
                "customer_id": customer.id,
                "username": username,
                "realm": SIP_REALM,
                "ha1": hashlib.md5(  # noqa: S324 - digest authentication is defined with MD5
                    f"{username}:{SIP_REALM}:{secrets.token_urlsafe(16)}".encode()
                ).hexdigest(),
                "channels_limit": rng.choice((None, 2, 5, 10)),
                "sip_ping": rng.random() < 0.3,
            }


def ingress_routes(
    customers: list[DemoCustomer], arguments: Arguments, ids: Iterator[int]
) -> Iterator[dict[str, Any]]:
    """Routes; fills `route_id` with the one that calls take. ids: enough for two each."""
    rng = arguments.chance("routes")
    for customer in customers:
        if not customer.has_route:
            continue
        names = rng.sample(_ROUTES, 1 if rng.random() < 0.75 else 2)
        for number, name in enumerate(names):
            pk = next(ids)
            if number == 0:
                customer.route_id = pk
            yield {
                "id": pk,
                "customer_id": customer.id,
                "name": name,
                "tech_prefix": customer.tech_prefix if number == 0 else f"{rng.randrange(100, 999)}#",
                "dial_strings": ["44", "49", "33"] if number and rng.random() < 0.5 else [],
                "enabled": number == 0 or rng.random() < 0.7,
                "cps_buffer_s": rng.choice((0, 0, 0, 2)),
            }
