"""The checks every grid gets for nothing; `tests/test_every_grid.py` runs them over all grids there are.

They ask through the same door as people do, with Django's test client, and look at what comes back.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from grids.columns import Column
from grids.export.formulas import defused
from grids.filters import ColumnFilter
from grids.grid import Grid

MOST_QUERIES = 8  # of a whole request: session, user, rights, grid
ASK_NOTHING = ("SAVEPOINT", "RELEASE", "SET LOCAL")  # how a transaction looks inside that of a test
SCRIPT = '<script>alert("x")</script>'
HOSTILE = (
    "page=99999999999999999999", "page=-1", "page=x", "page=", "n=0", "n=1000000", "n=%00",
    "q=%00", "q=" + "a" * 5000, "q=%27%3B+DROP+TABLE+x--", "q=%25_%5C", "q=%F0%9F%93%9E",
    "s=pk", "s=password", "s=-", "s=,,,", "s=" + ",".join(["name"] * 500), "s=__class__", "s=%00",
    "s=name__startswith", "f.pk=in:1", "f.=", "f.x=y", "f.status=", "f.status=in:", "f.status=in:%00",
    "f.status=in:nobody", "f.status=drop:all", "f.status__in=active", "f.status=in:" + "a," * 3000,
    "user__password=x", "%00=%00", "=", "&&&", "ids=1,2,x", "since=%00",
    "a=1&a=2&b=3&c=4&d=5&e=6&f=7&g=8&h=9",
    "panel=x", "panel=filters.x", "panel=filters", "panel=.", "panel=%00",
    "apply=filters", "apply=filters&card=x&o.x=lt&v.x=1", "apply=&card=&o.=&v.=&w.=&j.=any",
    "apply=filters&card=name&o.name=has&v.name=%00&m.name=%00", "q=name:%00", "q=name:", "q=%22", "q=a:b",
    "q=" + "name:a+" * 200, "q=" + "%28" * 400, "f.name=any", "f.name=any&f.name=any", "f.name=has:%00",
    "&".join(["f.name=has:a"] * 10000),
)  # fmt: skip


@dataclass(frozen=True)
class GridCase:
    """What the checks need to know of one grid.

    url, poll_url: its doors. add_rows: makes that many rows which the default filters show, the text given
    in every column that holds words. vary: gives each row but one other figures than the rest.
    """

    grid_class: type[Grid]
    url: str
    poll_url: str
    add_rows: Callable[[int, str], None]
    vary: Callable[[], None]

    def grid(self, user: Any, query: str) -> Grid:
        return self.grid_class(user=user, params=QueryDict(query), path=self.url)


class _Cells(HTMLParser):
    """Collects what a person sees: columns of the head, ids of the rows, chips, raw script tags."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: dict[str, str] = {}
        self.ids: list[str] = []
        self.bad_chips = 0
        self.scripts: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "th" and found.get("data-c"):
            self.columns[str(found["data-c"])] = str(found.get("aria-sort"))
        elif tag == "tr" and found.get("data-id"):
            self.ids.append(str(found["data-id"]))
        elif tag == "span" and found.get("class") == "chip bad":
            self.bad_chips += 1
        elif tag == "script":
            self.scripts.append(found)


def seen(response: Any) -> _Cells:
    """A page or fragment, read as a person sees it."""
    cells = _Cells()
    cells.feed(response.content.decode())
    return cells


def check_sorts(case: GridCase, client: Client, user: Any) -> None:
    """Each column sorts both ways; rows without a value come last both ways; equal rows keep one order."""
    case.add_rows(4, "Same")
    case.vary()
    case.add_rows(2, "Same")
    for name, column in case.grid(user, "s=").columns.items():
        if not column.sortable:
            continue
        for key, word in ((name, "ascending"), (f"-{name}", "descending")):
            page = seen(client.get(f"{case.url}?s={key}"))
            assert page.columns[name] == word, f"{key}: the head says {page.columns[name]}"
            grid = case.grid(user, f"s={key}")
            assert page.ids == [grid.keys.word(row["pk"]) for row in grid.rows]
            if isinstance(column.sort_by, str):
                _check_order(key, [(row["pk"], row[column.sort_by]) for row in grid.rows])


def _check_order(key: str, rows: list[tuple[Any, Any]]) -> None:
    """rows: (primary key, value) as they stand on the page. Words are left to the database's collation."""
    values = [value for _pk, value in rows]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known, f"{key}: a row without a value is not last"
    if not any(isinstance(value, str) for value in known):
        assert known == sorted(known, reverse=key.startswith("-")), f"{key}: {known} is not sorted"
    for value in set(values):
        equal = [pk for pk, other in rows if other == value]
        assert equal == sorted(equal), f"{key}: equal rows are not in the order of their keys"


def check_bad_addresses(case: GridCase, client: Client) -> None:
    """No query string fails; what is not understood is a chip, and nothing is silently dropped."""
    case.add_rows(1, "Someone")
    for query in HOSTILE:
        for url in (case.url, case.poll_url):
            response = client.get(f"{url}?{query}")
            assert response.status_code in (200, 204, 302, 400), f"{url}?{query}: {response.status_code}"
    assert seen(client.get(f"{case.url}?nonsense=1")).bad_chips == 1
    assert seen(client.get(f"{case.url}?f.nonsense=in:1")).bad_chips == 1
    assert seen(client.get(f"{case.url}?s=nonsense")).bad_chips == 1


def check_cost(case: GridCase, client: Client) -> None:
    """A page and a poll cost the same number of queries at 2 and at 20 rows, at most MOST_QUERIES."""
    query = case.grid_class.default_query()
    client.get(f"{case.poll_url}?{query}")  # names of rights are looked up once for all
    case.add_rows(2, "Few")
    few = _queries(client, f"{case.url}?{query}")
    few_polled = _queries(client, f"{case.poll_url}?{query}")
    case.add_rows(18, "Many")
    many = _queries(client, f"{case.url}?{query}")
    assert len(many) == len(few), "\n".join(many)
    assert len([sql for sql in many if not sql.startswith(ASK_NOTHING)]) <= MOST_QUERIES, "\n".join(many)
    assert len(_queries(client, f"{case.poll_url}?{query}")) == len(few_polled)


def _queries(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in captured]


def check_permissions(case: GridCase, client: Client, user: Any, grant: Callable[[str], None]) -> None:
    """A column its permission is missing for is not there: not shown, not sorted by, not filtered.

    client, user: somebody without any right. grant: gives that user one permission by its full name.
    """
    case.add_rows(2, "Someone")
    assert client.get(f"{case.url}?s=").status_code == (403 if case.grid_class.permission else 200)
    assert client.get(f"{case.poll_url}?s=").status_code == (403 if case.grid_class.permission else 200)
    grant(case.grid_class.permission)
    for name, column in case.grid_class.declared.items():
        if not column.permission:
            continue
        page = client.get(f"{case.url}?s={name}")
        assert page.status_code == 200
        assert name not in seen(page).columns
        assert seen(page).bad_chips == 1, f"sorting by the hidden {name} is not refused with a chip"
        assert seen(client.get(f"{case.url}?f.{name}=in:1")).bad_chips == 1
        assert f'data-c="{name}"' not in page.content.decode()
        assert client.get(f"{case.url}export/?c={name}&s=&format=csv").status_code == 400
        file = exported(case, client, "s=", "csv").decode("utf-8-sig")
        assert str(column.label) not in next(csv.reader(io.StringIO(file)))
        check_hidden(case, client, name, column)


def check_hidden(case: GridCase, client: Client, name: str, column: Column) -> None:
    """A column that is not for this person is one that does not exist, in the same words, at every door."""
    absent = "z" * len(name)  # as long, because faults name places

    def answer(query: str, key: str, url: str = case.url) -> tuple[int, str]:
        response = client.get(f"{url}?{query.format(key)}", headers={"HX-Request": "true"})
        page = re.sub(r'data-now="\d+"', "", response.content.decode())
        for hint in re.findall(r" Did you mean “(\w+)”\?", page):  # of names this person may know
            assert hint != name
        return response.status_code, re.sub(f"{key}|{name}", "?", re.sub(r" Did you mean “\w+”\?", "", page))

    raw = _sample(column.filter, next(iter(column.filter.operators))) if column.filter else "in:1"
    for query in (f"f.{{}}={raw}&s=", "s=-{}", "q={}:1&s=", "q={}:&s=", "panel=filters.{}&s="):
        assert answer(query, name) == answer(query, absent), f"{query} tells {name} from no column at all"
    sent = f"apply=filters&card={{0}}&o.{{0}}={raw.partition(':')[0]}&v.{{0}}=1&s="
    assert answer(sent, name) == answer(sent, absent)
    for url in (f"{case.url}values/", f"{case.url}suggest/"):
        query = "column={0}&q={0}:&at=99&s="
        assert answer(query, name, url) == answer(query, absent, url)
    file = "format=csv&c={0}&s=-{0}&f.{0}=in:1"
    assert answer(file, name, f"{case.url}export/") == answer(file, absent, f"{case.url}export/")


def sample_conditions(grid: Grid) -> dict[str, list[str]]:
    """A condition for each operator of each column that the grid's user may filter by, as in a URL."""
    found: dict[str, list[str]] = {}
    for name, column in grid.filterable.items():
        if column.filter is not None:
            found[name] = [_sample(column.filter, operator) for operator in column.filter.operators]
    return found


def _sample(kind: ColumnFilter, operator: str) -> str:
    takes = kind.operators[operator].takes
    if takes == 0:
        return f"{operator}:"
    entries = getattr(kind, "entries", None)
    one = {"moment": "2026-01-31", "number": "1", "choice": "yes"}.get(kind.kind, "1")
    if operator in ("prev", "older"):
        one = "7d"
    return f"{operator}:{next(iter(entries)) if entries else one}" + (f",{one}" if takes == 2 else "")


def check_filters(case: GridCase, client: Client, user: Any) -> None:
    """Each operator of each column answers, as chip and as card, at the same cost for 2 and 200 rows."""
    user.get_all_permissions()  # asked once for each request
    case.add_rows(2, "Few")
    few = _filter_costs(case, client, user)
    case.add_rows(198, "Many")
    case.vary()
    many = _filter_costs(case, client, user)
    differ = {key: (few[key], many[key]) for key in few if key in many and few[key] != many[key]}
    assert not differ, f"queries at 2 and at 200 rows: {differ}"


def _filter_costs(case: GridCase, client: Client, user: Any) -> dict[str, int]:
    """Condition -> queries of its rows and its chip; column -> queries of a page with its card open."""
    costs = {}
    for name, conditions in sample_conditions(case.grid(user, "s=")).items():
        for raw in conditions:
            grid = case.grid(user, f"f.{name}={raw}&s=&n=1")
            assert not grid.state.notes, f"f.{name}={raw} is not understood: {grid.state.notes}"
            with CaptureQueriesContext(connection) as captured:
                assert len(grid.matching().values_list("pk")[:1]) <= 1
                assert grid.sentence(name)[0]
            costs[f"{name}={raw}"] = len(captured)
        cache.clear()
        query = f"f.{name}={conditions[0]}&panel=filters.{name}&s=&n=1"
        with CaptureQueriesContext(connection) as captured:
            page = client.get(f"{case.url}?{query}", headers={"HX-Request": "true"})
        assert page.status_code == 200, f"{query}: {page.status_code}"
        if seen(page).ids:  # an empty page counts what each way out of it would give
            costs[name] = len(captured)
            asked = [one["sql"] for one in captured if not one["sql"].startswith(ASK_NOTHING)]
            assert len(asked) <= MOST_QUERIES + 3, "\n".join(asked)
    return costs


def check_search(case: GridCase, client: Client, user: Any) -> None:
    """Searching answers, on the page and in the poll, whatever columns its reader may see.

    client: that of `user`, who may not see a single row, or not even open the grid.
    """
    expected = 200 if user.has_perm(case.grid_class.permission) else 403
    case.add_rows(1, "Someone")
    for query in ("q=someone", "q=someone&s=", "q=nobody-is-called-this", "s="):
        for url in (case.url, case.poll_url):
            assert client.get(f"{url}?{query}").status_code == expected, f"{url}?{query}"


def check_escaping(case: GridCase, client: Client) -> None:
    """Names that are markup are shown as text, on the page and in the poll."""
    case.add_rows(1, SCRIPT)
    query = case.grid_class.default_query()
    page = client.get(f"{case.url}?{query}&q=%3Cscript%3E&{SCRIPT}={SCRIPT}")
    assert not [script for script in seen(page).scripts if not script.get("src")]
    assert "alert(&quot;x&quot;)" in client.get(f"{case.url}?{query}").content.decode()
    ids = ",".join(seen(client.get(f"{case.url}?{query}")).ids)
    answer = client.get(f"{case.poll_url}?{query}&ids={ids}").json()
    assert "<script" not in str(answer["rows"])


def check_paging(case: GridCase, client: Client) -> None:
    """Next leads past every row exactly once, Previous back; a page beyond the last shows the last."""
    case.add_rows(7, "Row")
    pages = [_page(client, f"{case.url}?s=&n=3")]
    while onwards := pages[-1][1]:
        pages.append(_page(client, onwards))
    found = [pk for ids, _onwards, _back in pages for pk in ids]
    assert len(found) == len(set(found)) == case.grid_class.model.objects.count()
    assert {len(ids) for ids, _onwards, _back in pages[:-1]} == {3}
    assert _page(client, pages[-1][2])[0] == pages[-2][0]
    if case.grid_class.counted:
        by_number = [seen(client.get(f"{case.url}?s=&n=3&page={n + 1}")).ids for n in range(len(pages))]
        assert by_number == [ids for ids, _onwards, _back in pages]
        assert seen(client.get(f"{case.url}?s=&n=3&page=99")).ids == pages[-1][0]


def _page(client: Client, url: str) -> tuple[list[str], str, str]:
    """Ids of a page, and where its links to the next and the previous one lead ("" without one)."""
    response = client.get(url)
    links = dict(re.findall(r'rel="(next|prev)" href="([^"]*)"', response.content.decode()))
    return seen(response).ids, unescape(links.get("next", "")), unescape(links.get("prev", ""))


def check_exports(case: GridCase, client: Client, user: Any) -> None:
    """A file holds every row of all pages in their order and every column on screen, formulas as words, at
    the same number of queries for 2 rows and for 20."""
    every = ",".join(name for name, column in case.grid(user, "s=").filterable.items() if column.displayable)
    query = f"c={every}&s=&n=3"
    case.add_rows(2, "=1+1")
    few = _export_costs(case, client, query)
    case.add_rows(18, "=1+1")
    case.vary()
    assert _export_costs(case, client, query) == few
    grid = case.grid(user, query)
    count = case.grid_class.model.objects.count()
    heads, *rows = csv.reader(io.StringIO(exported(case, client, query, "csv").decode("utf-8-sig")))
    keys: dict[str, str] = {}  # a currency that several amounts share stands once, beside the first
    for column in grid.columns.values():
        for one in column.filed():
            keys.setdefault(one.key, one.label)
    assert heads == list(keys.values()), (heads, keys)
    assert len(rows) == count
    assert not [cell for row in rows for cell in row if cell.startswith("=")]
    assert any(cell.startswith("'=1+1") for row in rows for cell in row), (
        "the words of the rows are not there"
    )
    # Of the grid in which exports are noted the last row is new.
    objects = json.loads(exported(case, client, query, "json"))[:count]
    assert [list(found) for found in objects] == [list(keys)] * count
    for found, row in zip(objects, rows, strict=True):
        assert [_as_csv(value) for value in found.values()] == row, (found, row)
    assert exported(case, client, query, "xlsx").startswith(b"PK")


def exported(case: GridCase, client: Client, query: str, kind: str) -> bytes:
    """The file of a state."""
    answer: Any = client.get(f"{case.url}export/?{query}&format={kind}")
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def _as_csv(value: Any) -> str:
    """How the same value stands in CSV."""
    if value is None:
        return ""
    if isinstance(value, str):
        return defused(value)
    return format(Decimal(repr(value)).normalize(), "f")


def _export_costs(case: GridCase, client: Client, query: str) -> dict[str, int]:
    costs = {}
    for kind in ("csv", "json", "xlsx"):
        with CaptureQueriesContext(connection) as captured:
            exported(case, client, query, kind)
        costs[kind] = len(captured)
    return costs
