"""Our own schema, one JSON object each, as docs/switch-api.md describes it."""

from collections.abc import Iterable

from calls.formats.reading import Item, Layout, each
from calls.formats.rows import object_of
from calls.records import Delivery


def read(items: Iterable[Item], layout: Layout) -> Delivery:
    return each(items, object_of)
