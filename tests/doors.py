"""Every door of both sites, found in the URLconfs, so that a new one is tried without being listed.

A door's parameters are filled by name (`FILLERS`). One that is not known there raises UnknownParameter,
which says where to add it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.urls import URLPattern, URLResolver

from calls.callkeys import CallKey
from calls.models import Cdr
from contacts.models import Contact
from customers.models import BulkChange, Customer, ScheduledChange
from imports.models import Upload


class UnknownParameter(Exception):
    """A URL parameter for which the walk has no value."""


@dataclass(frozen=True)
class Door:
    """One URL pattern. path: with <parameters>; given: the extra arguments of its path()."""

    path: str
    name: str
    parameters: tuple[str, ...]
    given: dict[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return self.path

    def url(self, values: dict[str, Any]) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), self.path)


def doors_of(urlconf: str) -> list[Door]:
    return list(_walk(import_module(urlconf).urlpatterns, "/", ""))


def staff_doors() -> list[Door]:
    """All but those of Django admin, which tests/connexcs_admin/test_back_door.py walks."""
    return [door for door in doors_of(settings.ROOT_URLCONF) if not door.name.startswith("admin:")]


def back_doors() -> list[Door]:
    return [door for door in doors_of(settings.ROOT_URLCONF) if door.name.startswith("admin:")]


def portal_doors() -> list[Door]:
    return doors_of(settings.PORTAL_URLCONF)


def _walk(patterns: list[Any], path: str, namespace: str) -> Iterator[Door]:
    for pattern in patterns:
        here = path + str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, here, inner)
        elif isinstance(pattern, URLPattern):
            names = tuple(re.findall(r"<(?:\w+:)?(\w+)>", here))
            yield Door(here, f"{namespace}{pattern.name}", names, pattern.default_args)


@dataclass(frozen=True)
class World:
    """One customer and a row of each kind that belongs to it: what the parameters of a door may mean."""

    customer: Customer
    rows: dict[type[Model], Model]

    def values(self, door: Door) -> dict[str, Any]:
        """The ids of this world for the parameters of a door."""
        return {name: self._value(door, name) for name in door.parameters}

    def _value(self, door: Door, name: str) -> Any:
        filler = FILLERS.get((door.name, name)) or FILLERS.get((door.name.partition(":")[0], name))
        filler = filler or FILLERS.get(("", name))
        if filler is not None:
            return filler(self)
        if name == "pk" and (model := door.given.get("model")) in self.rows:
            return self.rows[model].pk
        raise UnknownParameter(
            f"{door.path} ({door.name}): tests/doors.py does not know what “{name}” means there."
            " Add a row to World and a line to FILLERS."
        )


def row(model: type[Model]) -> Callable[[World], Any]:
    return lambda world: world.rows[model].pk


def _first_change(customer: Customer) -> int:
    events = apps.get_model("customers", "CustomerEvent")._default_manager
    return int(events.filter(pgh_obj_id=customer.pk).earliest("pgh_id").pgh_id)


# (URL name or its namespace, parameter) -> the id in a world; an empty name stands for every door.
FILLERS: dict[tuple[str, str], Callable[[World], Any]] = {
    ("", "customer_id"): lambda world: world.customer.pk,
    ("customers", "pk"): lambda world: world.customer.pk,
    ("customers:bulk_report", "pk"): row(BulkChange),
    ("customers:bulk_undo", "pk"): row(BulkChange),
    ("customers:delay_cancel", "pk"): row(ScheduledChange),
    ("customers:delay_run", "pk"): row(ScheduledChange),
    ("customers:block_delete", "block"): lambda world: world.customer.number_blocks.get().pk,
    ("customers:change", "change"): lambda world: f"customer-{_first_change(world.customer)}",
    ("contacts", "pk"): row(Contact),
    ("contacts", "contact_id"): row(Contact),
    ("imports", "pk"): row(Upload),
    ("help", "slug"): lambda _world: "lists",
    ("pages:call", "key"): lambda world: CallKey.of(world.rows[Cdr]).word,  # type: ignore[arg-type]
}
