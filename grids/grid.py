"""Grid: one declaration gives filtered, sorted, paged rows for one user and one URL.

This module only orders the steps; each step lives in its own module. No room's name appears here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable, OrderBy
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids.columns import Column, Row, Sight
from grids.filters import MomentFilter, Viewpoint
from grids.groups import Tree, tree
from grids.layout import UTC_ZONE, shown_by_default
from grids.paging import Page, page
from grids.pivot import Pivot, pivot
from grids.rowkeys import RowKeys
from grids.rows import Drawn, drawn, totals_bar
from grids.savedviews import Shelf
from grids.shared import Glance
from grids.span import Ends, Span
from grids.state import Filters, GridState, Rules, SortKey, read_state, sort_keys
from grids.totals import Totals, recent_page, recent_totals


@dataclass(frozen=True)
class Feed:
    """How fresh the live figures are. since: when they were last known to be true; None: never yet."""

    stale: bool = False
    since: datetime | None = None


class GridMeta(type):
    """Collects the columns of a declaration, in the order they are written, with those of its parents."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> GridMeta:
        own = {key: value for key, value in namespace.items() if isinstance(value, Column)}
        for key, column in own.items():
            # Out of the namespace: a column may be called like anything, and never hides a method.
            del namespace[key]
            column.__set_name__(object, key)
        columns: dict[str, Column] = {}
        for base in reversed(bases):
            columns |= getattr(base, "declared", {})
        columns |= dict(sorted(own.items(), key=lambda item: item[1].creation_counter))
        namespace["declared"] = columns
        return super().__new__(mcs, name, bases, namespace)


class Grid(metaclass=GridMeta):
    """Base of all grids. A subclass names its model, its columns and little else.

    slug: id of the fragment and root of its names.
    nouns: what one row and several are called ("customer", "customers").
    permission: without it the grid does not open. The model's manager offers `visible_to(user)`, where
    every list and every count starts, and the method named by `search`, if words can be searched for.
    default_filters: what a bare URL redirects to, as in the query string ({"status": "in:active"}).
    counted: whether a page says how many rows there are in all. Of a table without bounds it does not: its
    pages have no number to jump to, and set filters offer the values of its first rows.
    keys: how an address writes the primary key of a row.
    span: of a table that is cut by time, which of it is looked through at once (see grids.span).
    styled: whether the style sheet knows how wide its declared columns are, and how a phone shows its rows.
    form: id of a form on the page that the boxes of the rows belong to, as `ids`.
    patience_ms: how long looking rows up may take before it is given up, 0 for as long as it takes.
    """

    declared: ClassVar[Mapping[str, Column]]
    model: ClassVar[Any]
    slug: ClassVar[str]
    nouns: ClassVar[tuple[Any, Any]] = (gettext_lazy("row"), gettext_lazy("rows"))
    permission: ClassVar[str] = ""
    default_sort: ClassVar[tuple[str, ...]] = ()
    default_filters: ClassVar[Mapping[str, str]] = {}
    search: ClassVar[str] = ""
    per_page: ClassVar[int] = 50
    max_per_page: ClassVar[int] = 200
    counted: ClassVar[bool] = True
    keys: ClassVar[RowKeys] = RowKeys()
    span: ClassVar[Span | None] = None
    patience_ms: ClassVar[int] = 0
    form: ClassVar[str] = ""
    styled: ClassVar[bool] = False
    totals_age_s = 0

    def __init__(
        self,
        *,
        user: Any,
        params: QueryDict,
        path: str,
        now: datetime | None = None,
        glance: Glance | None = None,
        scope: Mapping[str, Any] | None = None,
    ) -> None:
        """user: whose eyes. params: the query string. path: the URL of the grid without its query.

        glance: what a poll has just read, so that it is not read twice. scope: what the path itself narrows
        the list to, such as the customer whose page it stands on.
        """
        self.user = user
        self.path = path
        self.now = now or timezone.now()
        self.glanced = glance
        self.scope = dict(scope or {})
        self.gave_up = False  # looking took too long: there are no rows to show, which does not mean none
        self.checks: dict[Any, dict[Any, str]] = {}  # reader -> row -> checksum, see grids.live
        self.filterable: dict[str, Column] = {
            name: self.variant(column)
            for name, column in self.declared.items()
            if self.offers(name) and (not column.permission or all(map(self.may, column.rights)))
        }
        zone = UTC if params.get("z") == UTC_ZONE else self.zone()
        self.view = Viewpoint(now=self.now, zone=zone, rows=self.held, user=user)
        self.ends: Ends | None = self._ends(None)
        self.rules = Rules(self.filterable, self.default_sort, self.per_page, self.max_per_page, self.view)
        self.state = read_state(params, self.rules)
        self.ends = self._ends(self.state.filters)
        # What is on screen, in order.
        shown = self.state.layout.columns or shown_by_default(self.filterable)
        self.columns: dict[str, Column] = {name: self.filterable[name] for name in shown}

    def may(self, right: str) -> bool:
        """Whether the user has a right, by full name."""
        if self.glanced is not None:
            return right in self.glanced.rights
        return bool(self.user.has_perm(right))

    # -- what a grid may refine -----------------------------------------------------------------

    def variant(self, column: Column) -> Column:
        """The column to use for `column`: a setting may pick another definition of the same figure."""
        return column

    def offers(self, name: str) -> bool:
        """Whether a declared column makes sense here, as the customer does not on one customer's page."""
        return True

    def limits(self) -> Mapping[str, float]:
        """The installation's thresholds by name, in the unit of the columns that name them."""
        return {}

    def currency_digits(self, code: str) -> int:
        """Minor digits of a currency."""
        return 2

    def feed(self) -> Feed | None:
        """Freshness of the live figures; None for a grid without any."""
        return None

    def when_stale(self) -> str:
        """What old figures mean for the list on screen, in a sentence."""
        return _("The live feed does not answer; the list itself is current.")

    @classmethod
    def glance(cls, user: Any) -> Glance | None:  # noqa: ARG003 - for those who override it
        """In one small query what decides whether a poll may use what another one has read; None: it never
        may. Must hold every right that the user has now, and `eyes` that no other choice of rows has."""
        return None

    def zone(self) -> tzinfo:
        """Where the viewer's days begin and end; UTC where the stored name means nothing here."""
        try:
            return ZoneInfo(getattr(self.user, "time_zone", "") or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")

    # -- rows -------------------------------------------------------------------------------------

    def visible(self) -> QuerySet[Any]:
        """Every row this user may see; lists, counts and live answers all start here."""
        return self.model.objects.visible_to(self.user)

    def _ends(self, filters: Filters | None) -> Ends | None:
        if self.span is None:
            return None
        return self.span.ends(self._moment, filters, self.view)

    @property
    def _moment(self) -> MomentFilter:
        assert self.span is not None
        kind = self.declared[self.span.column].filter
        assert isinstance(kind, MomentFilter), f"{self.slug} is cut by a column without moments"
        return kind

    def held(self) -> QuerySet[Any]:
        """Visible rows within the time that the list is about."""
        rows = self.visible()
        if self.span is None or self.ends is None:
            return rows
        return rows.filter(self.span.where(self._moment, self.ends))

    def searched(self) -> QuerySet[Any]:
        """Visible rows that the search box finds."""
        rows, words = self.held(), self.state.filters.words
        if self.gave_up:
            return rows.none()
        return getattr(rows, self.search)(words, self.user) if words and self.search else rows

    def where(self, *, exclude: tuple[str, ...]) -> Q:
        """The typed conditions as SQL, without those on the columns in `exclude`."""
        filters, rows = self.state.filters, Q()
        for name in filters.columns():
            kind = self.filterable[name].filter
            if kind is None or name in exclude:
                continue
            parts = [kind.where(condition, self.view) for condition in filters.all_on(name)]
            rows &= reduce(or_ if filters.is_any(name) else and_, parts)
        return rows

    def sentence(self, name: str) -> tuple[str, SafeString]:
        """The conditions on one column in words, plain and as HTML with the values in bold."""
        column, filters = self.filterable[name], self.state.filters
        if column.filter is None:
            return "", SafeString("")
        said = [column.filter.sentence_for(str(column.label), one, self.view) for one in filters.all_on(name)]
        between = format_html(" {} ", _("or") if filters.is_any(name) else _("and"))
        html = format_html_join(between, "{}", ((html,) for _plain, html in said))
        return str(between).join(plain for plain, _html in said), html

    def matching(self) -> QuerySet[Any]:
        """Rows under search and filters, in no order."""
        return self.searched().filter(self.where(exclude=()))

    def ordering(self) -> list[OrderBy]:
        """The order of the state, always ended by the primary key, so that no row can be on two pages."""
        terms = [
            self.filterable[key.column].ordering(
                descending=key.descending, nullable=self.is_nullable(key.column)
            )
            for key in self.state.sort
        ]
        return [*terms, *(F(field.attname).asc() for field in self.model._meta.pk_fields)]

    def usual_order(self) -> list[OrderBy]:
        """The order that a bare address leads to."""
        return [
            self.declared[key.column].ordering(
                descending=key.descending, nullable=self.is_nullable(key.column)
            )
            for key in sort_keys(self.default_sort)
        ]

    def is_nullable(self, name: str) -> bool:
        """Whether a row may have nothing to be sorted by in a column."""
        source = self.filterable[name].sort_by
        if isinstance(source, Combinable):
            return True
        try:
            return bool(self.model._meta.get_field(source).null) or self._generated(source)
        except FieldDoesNotExist:
            return True  # a path or an annotation: nobody promises a value

    def _generated(self, name: str | None) -> bool:
        """A generated column may be NULL whatever its field says (a ratio of nothing)."""
        return bool(getattr(self.model._meta.get_field(name), "generated", False))

    def selected(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """`rows` as dicts of just the fields that columns on screen read."""
        sorted_by = [self.filterable[key.column] for key in self.state.sort]
        annotations = {
            key: value
            for column in (*self.columns.values(), *sorted_by)
            for key, value in column.annotations.items()
        }
        fields = {name for column in self.columns.values() for name in column.fields}
        return rows.annotate(**annotations).values(*self.key_names, *sorted(fields - {*self.key_names}))

    @property
    def key_names(self) -> tuple[str, ...]:
        """What `values()` is asked for so that `keyed` knows the primary key. Django counts one of several
        columns as a single one, and would sort by wrong ones where it numbers them."""
        fields = self.model._meta.pk_fields
        return ("pk",) if len(fields) == 1 else tuple(field.attname for field in fields)

    def keyed(self, rows: Iterable[dict[str, Any]]) -> list[Row]:
        """Those rows, each with its primary key as `pk`."""
        names = self.key_names
        if len(names) == 1:
            return list(rows)
        return [{**row, "pk": tuple(row[name] for name in names)} for row in rows]

    @cached_property
    def totals(self) -> Totals:
        """Now for a page, at most `totals_age_s` old for a poll; if not `counted`, of the page alone."""
        if self.counted:
            return recent_totals(self, self.totals_age_s)
        if self.state.layout.is_pivot:
            return Totals(rows=self.pivot.whole.rows, exact=False)
        if self.is_grouped:
            return Totals(rows=sum(group.figures.rows for group in self.tree.groups), exact=False)
        return Totals(rows=len(self.standing.rows), exact=False)

    @property
    def noun(self) -> str:
        """The word after the number of rows."""
        return str(self.nouns[self.totals.rows != 1])

    @property
    def is_grouped(self) -> bool:
        """Whether rows stand in groups."""
        return bool(self.state.layout.groups) and not self.state.layout.is_pivot

    @cached_property
    def shelf(self) -> Shelf:
        """The saved views of this grid that its user has."""
        return Shelf(self)

    @cached_property
    def tree(self) -> Tree:
        """The groups of the page with what is open in them; only of a grid that is grouped."""
        return tree(self)

    @cached_property
    def pivot(self) -> Pivot:
        """What a pivot shows; only of a grid whose layout has column labels."""
        return pivot(self)

    @property
    def pages(self) -> int:
        """Number of pages, at least 1; of groups, where rows stand in groups.

        If nobody counts these are the pages up to this one, and one more if there is any."""
        if self.state.layout.is_pivot:
            standing = self.pivot.count
        elif self.is_grouped:
            standing = self.tree.count
        elif self.counted:
            standing = self.totals.rows
        else:
            return self.page + bool(self.standing.after)
        return max(1, -(-standing // self.state.place.per_page))

    @property
    def is_list(self) -> bool:
        """Whether rows stand one below the other, neither in groups nor in a pivot."""
        return not (self.is_grouped or self.state.layout.is_pivot)

    @property
    def page(self) -> int:
        """The page shown: the one asked for, or the last if there are not so many."""
        place = self.state.place
        if self.counted or not self.is_list:
            return min(place.page, self.pages)
        return place.page if place.after or place.before else 1

    @property
    def first(self) -> int:
        """Position of the first row of the page, from 0."""
        return (self.page - 1) * self.state.place.per_page

    @cached_property
    def standing(self) -> Page:
        """Which rows are on the page of a list, and the ways to those beside it.

        If nobody counts these are the rows themselves. Else they are the keys alone: in one step the database
        would carry every column of every matching row into the sort (at 100,000 rows 50 ms instead of 32 ms).
        """
        if not self.counted:
            return page(self, self.selected(self.matching()))
        needed: dict[str, Any] = {}
        for key in self.state.sort:
            needed |= self.filterable[key.column].annotations
        keys = self.matching().annotate(**needed).values(*self.key_names)
        return recent_page(self, self.totals_age_s, lambda: page(self, keys))

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of the page: first which, then all that shows of them."""
        if self.counted and not self.totals.rows:
            return []
        if self.state.layout.is_pivot:
            return []
        if self.is_grouped:
            return self.tree.leaves
        if not self.counted:
            return list(self.standing.rows)
        ids = [row["pk"] for row in self.standing.rows]
        return self.keyed(self.selected(self.held().filter(pk__in=ids)).order_by(*self.ordering()))

    @cached_property
    def drawn(self) -> dict[Any, Drawn]:
        """The live parts of the page's rows by primary key, in their order."""
        return {row["pk"]: drawn(self, row) for row in self.rows}

    @cached_property
    def known_ids(self) -> dict[str, Any]:
        """Primary keys of the page's rows by how an address writes them."""
        return {self.keys.word(row["pk"]): row["pk"] for row in self.rows}

    @cached_property
    def totals_bar(self) -> str:
        """The sums at the foot, as markup."""
        return totals_bar(self)

    @cached_property
    def summed(self) -> str:
        """What groups or a pivot show, as it can be compared; "" for a plain list."""
        if self.state.layout.is_pivot:
            return repr((self.pivot.whole, self.pivot.cells))
        if self.is_grouped:
            return repr([(group.key, group.figures) for group in self.tree.all()])
        return ""

    @cached_property
    def moves_by_itself(self) -> bool:
        """Whether figures that change put rows in another order."""
        return any(self.filterable[key.column].order_moves for key in self.state.sort)

    def version(self) -> str:
        """Differs as soon as any row may; "" where nobody counts, so that only polls share results."""
        return ""

    @cached_property
    def sight(self) -> Sight:
        return Sight(
            now=self.now,
            may=self.may,
            limits=self.limits(),
            digits=self.currency_digits,
            zone=self.view.zone,
            word=self.keys.word,
        )

    # -- links --------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The canonical address of what is on screen; beyond the last page that is the last page."""
        return self.url_of(self.state.changed(page=self.page))

    @property
    def matching_query(self) -> str:
        """The part of the address that says which rows match: search, conditions and the zone of days."""
        pairs = parse_qsl(self.state.query, keep_blank_values=True)
        return urlencode(
            [pair for pair in pairs if pair[0] in ("q", "z") or pair[0].startswith("f.")], safe=":,"
        )

    def url_of(self, state: GridState) -> str:
        return f"{self.path}?{state.query}"

    @classmethod
    def default_query(cls) -> str:
        """The canonical query of a bare URL: default filters in the default order."""
        pairs = [(f"f.{name}", text) for name, text in cls.default_filters.items()]
        pairs.append(("s", ",".join(key.text for key in sort_keys(cls.default_sort))))
        return urlencode(pairs, safe=":,")

    def sort_url(self, name: str) -> str:
        """Where a click on a header leads: ascending, then descending, then no order."""
        now = self.state.sorted_on(name)
        if now is None:
            after: tuple[SortKey, ...] = (SortKey(name),)
        else:
            after = () if now.descending else (SortKey(name, descending=True),)
        return self.url_of(self.state.changed(sort=after))

    def choice_url(self, name: str, key: str) -> str:
        """Where choosing one entry of a set filter leads; "" is all. key: as an address writes it."""
        kind = self.filterable[name].filter
        filters = self.state.filters.without(name)
        if key and kind is not None:
            one = kind.condition(name, str(self.filterable[name].label), f"in:{key}")
            filters = filters.having((one,), (), self.filterable)
        return self.url_of(self.state.changed(filters=filters))

    @property
    def next_url(self) -> str | None:
        """The page behind this one; None on the last."""
        if self.page >= self.pages:
            return None
        after = self.standing.after if self.is_list else ""
        return self.url_of(self.state.changed(page=self.page + 1, after=after))

    @property
    def previous_url(self) -> str | None:
        """The page before this one; None on the first. Rows that came meanwhile are on pages before that."""
        before = self.standing.before if self.is_list else ""
        if self.page == 1 and (self.counted or not before):
            return None
        page = max(1, self.page - 1)
        return self.url_of(
            self.state.changed(page=page, before=before if page > 1 or not self.counted else "")
        )
