"""What a file may fill of a customer. See docs/how-to/declare-an-import.md."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django_countries import countries

from customers.deletion import objections_to
from customers.models import Customer, InvoiceSchedule, PaidMode, Status
from customers.rules import account_managers, country_code, plain_name
from customers.services import belongs_to, delete_customers
from customers.signals import customers_created
from imports import fields
from imports.fields import Field, Kept, Target, register
from setup.models import Currency, InvoiceTemplate, PortalDomain, Reseller
from users.models import User

LARGEST_LIMIT = 2_147_483_647
LARGEST_DAYS = 32_767


def _currencies() -> dict[str, str]:
    return {code: code for code in Currency.objects.filter(enabled=True).values_list("code", flat=True)}


def _managers() -> dict[str, int]:
    return dict(account_managers().values_list("email", "pk"))


def _take_back(ids: list[int], by: User, reason: str) -> list[Kept]:
    """Deletes customers as a person would; they can be brought back one by one. Changed ones stay."""
    rows = dict(Customer.objects.visible_to(by).filter(pk__in=ids).values_list("pk", "name"))
    events = apps.get_model("customers", "CustomerEvent").objects.filter(pgh_obj_id__in=rows)
    counted = events.values("pgh_obj_id").annotate(written=Count("pk")).filter(written__gt=1)
    why = {key: _("It was changed since.") for key in counted.values_list("pgh_obj_id", flat=True)}
    why = {found.customer_id: found.sentence for found in objections_to(sorted(rows))} | why
    delete_customers(sorted(rows.keys() - why.keys()), by=by, reason=reason)
    return [Kept(key, rows[key], why[key]) for key in sorted(why)]


def _countries() -> list[str]:
    with override("en"):  # the language in which country_code reads names
        return [str(name) for _code, name in countries]


def _announce(ids: list[int]) -> None:
    customers_created.send(Customer, customer_ids=ids)


_money = {"digits": 20, "decimals": 8}
FIELDS = (
    Field(
        "name",
        gettext_lazy("Name"),
        lambda: plain_name,
        ("company", "customer", "company name", "account"),
        required=True,
    ),
    Field(
        "currency",
        gettext_lazy("Currency"),
        fields.one_of(_currencies, what=gettext_lazy("currency of this account")),
        ("curr", "ccy", "currency code"),
        required=True,
    ),
    Field(
        "channels_limit",
        gettext_lazy("Channels"),
        fields.whole(LARGEST_LIMIT),
        ("max channels", "max ch", "ports", "concurrent calls"),
        numeric=True,
    ),
    Field(
        "cps_limit",
        gettext_lazy("Flow speed"),
        fields.whole(LARGEST_LIMIT),
        ("cps", "speed", "calls per second"),
        numeric=True,
    ),
    Field("status", gettext_lazy("Status"), fields.choice(Status, what=gettext_lazy("status")), ("state",)),
    Field(
        "debit_limit", gettext_lazy("Debit limit"), fields.decimal(**_money), ("credit limit",), numeric=True
    ),
    Field("min_payment", gettext_lazy("Minimum payment"), fields.decimal(**_money, lowest=0), numeric=True),
    Field(
        "daily_spend_limit",
        gettext_lazy("Daily spend limit"),
        fields.decimal(**_money, lowest=0),
        numeric=True,
    ),
    Field(
        "tax",
        gettext_lazy("Tax"),
        fields.decimal(digits=7, decimals=4, lowest=0, highest=100),
        ("vat",),
        numeric=True,
    ),
    Field("portal_access", gettext_lazy("Portal access"), fields.flag(), ("portal",)),
    Field("tags", gettext_lazy("Tags"), fields.listed(64), ("labels",)),
    Field("paypal_email", gettext_lazy("PayPal email"), fields.email(), ("paypal",)),
    Field("website", gettext_lazy("Website"), fields.website(), ("url", "web", "homepage")),
    Field(
        "ext_accounting_id",
        gettext_lazy("Ext. accounting ID"),
        fields.text(64),
        ("accounting id", "external id"),
    ),
    Field("notes", gettext_lazy("Notes"), fields.text(), ("note", "comment", "comments", "remarks")),
    Field("address1", gettext_lazy("Address 1"), fields.text(), ("address", "street")),
    Field("address2", gettext_lazy("Address 2"), fields.text()),
    Field("city", gettext_lazy("City"), fields.text(128), ("town",)),
    Field("county", gettext_lazy("County"), fields.text(128), ("region", "province")),
    Field("postcode", gettext_lazy("Postcode"), fields.text(32), ("zip", "zip code", "postal code")),
    Field("country", gettext_lazy("Country"), fields.among(country_code, _countries), ("country code",)),
    Field(
        "reseller",
        gettext_lazy("Reseller"),
        fields.one_of(
            lambda: dict(Reseller.objects.values_list("name", "pk")), what=gettext_lazy("reseller")
        ),
    ),
    Field(
        "account_manager",
        gettext_lazy("Account manager"),
        fields.one_of(_managers, what=gettext_lazy("email of a member of staff")),
        ("manager",),
    ),
    Field(
        "domain",
        gettext_lazy("Domain"),
        fields.one_of(
            lambda: dict(PortalDomain.objects.values_list("host", "pk")), what=gettext_lazy("portal domain")
        ),
    ),
    Field(
        "invoice_schedule",
        gettext_lazy("Invoice schedule"),
        fields.choice(InvoiceSchedule, what=gettext_lazy("invoice schedule")),
    ),
    Field(
        "invoice_due_days",
        gettext_lazy("Invoice due days"),
        fields.whole(LARGEST_DAYS),
        ("due days",),
        numeric=True,
    ),
    Field(
        "invoice_template",
        gettext_lazy("Invoice template"),
        fields.one_of(
            lambda: dict(InvoiceTemplate.objects.values_list("name", "pk")),
            what=gettext_lazy("invoice template"),
        ),
    ),
    Field(
        "paid_mode",
        gettext_lazy("P-Asserted-ID"),
        fields.choice(PaidMode, what=gettext_lazy("P-Asserted-ID mode")),
        ("pai",),
    ),
    Field("approved_clis_only", gettext_lazy("Approved CLIs only"), fields.flag()),
    Field("email_verification", gettext_lazy("Email verification"), fields.flag()),
    Field("mobile_verification", gettext_lazy("Mobile verification"), fields.flag()),
)

register(
    Target(
        slug="customers",
        nouns=(gettext_lazy("customer"), gettext_lazy("customers")),
        model=Customer,
        fields=FIELDS,
        permission="customers.add_customer",
        list_url="customers:list",
        unique={
            "name": "stored.deleted_at IS NULL",
            "paypal_email": "stored.deleted_at IS NULL AND stored.paypal_email <> ''",
        },
        given=belongs_to,
        created=_announce,
        take_back=_take_back,
        take_back_permission="customers.delete_customer",
    )
)
