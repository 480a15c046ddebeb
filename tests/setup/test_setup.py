"""What an installation is set to."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from setup.models import Currency, Installation, InvoiceTemplate, PortalDomain, Reseller
from tests import factories


def words(error: pytest.ExceptionInfo) -> str:
    return " ".join(error.value.messages)


def test_without_any_setting_the_defaults_hold(db):
    current = Installation.current()
    assert (current.company, current.number_range_start, current.number_block_size) == (
        "Connex",
        100_000,
        100,
    )
    assert not Installation.objects.exists()


@pytest.mark.accept("T-02", part="stored; the page is missing")
def test_number_range_and_block_size_are_kept(db):
    Installation(pk=1, number_range_start=700_000, number_block_size=10).save()
    current = Installation.current()
    assert (current.number_range_start, current.number_block_size) == (700_000, 10)


def test_there_is_one_row_of_settings(db):
    Installation(pk=1).save()
    with pytest.raises(IntegrityError, match="installation_is_one_row"), transaction.atomic():
        Installation(pk=2).save()


@pytest.mark.parametrize("code", ["eur", "EU", "EURO", "E1R", ""])
def test_a_currency_has_an_iso_code(db, code):
    with pytest.raises(ValidationError):
        Currency(code=code, name="x").full_clean()


def test_a_currency_has_at_most_eight_minor_digits(db):
    with pytest.raises(ValidationError) as error:
        Currency(code="EUR", name="Euro", digits=9).full_clean()
    assert "at most 8 minor digits" in words(error)
    with pytest.raises(IntegrityError), transaction.atomic():
        Currency.objects.create(code="EUR", name="Euro", digits=9)


def test_a_currency_in_use_cannot_go(db):
    factories.make_customer(currency="USD")
    with pytest.raises(IntegrityError):
        Currency.objects.get(pk="USD").delete()


def test_resellers_are_told_apart_by_name_without_case(db):
    Reseller.objects.create(name="Alpha")
    with pytest.raises(ValidationError) as error:
        Reseller(name="ALPHA").full_clean()
    assert "already exists" in words(error)


@pytest.mark.parametrize(
    "host",
    [
        "https://portal.example.com",
        "portal.example.com:8000",
        "Portal.example.com",
        "a b",
        "-a.com",
        "a..b",
        "",
    ],
)
def test_a_portal_host_is_a_bare_host_name(db, host):
    with pytest.raises(ValidationError):
        PortalDomain(host=host, brand="Brand", sip_realm="sip.example.com").full_clean()


@pytest.mark.parametrize(
    "host", ["portal.example.com", "portal.localhost", "localhost", "xn--bcher-kva.example"]
)
def test_host_names_of_every_kind_are_taken(db, host):
    PortalDomain(host=host, brand="Brand", sip_realm="sip.example.com").full_clean()


def test_a_host_belongs_to_one_domain(portal_domain):
    with pytest.raises(ValidationError) as error:
        PortalDomain(host=portal_domain.host, brand="B", sip_realm="r").full_clean()
    assert "already a portal domain" in words(error)


def test_invoice_templates_have_different_names(db):
    InvoiceTemplate.objects.create(name="Plain")
    with pytest.raises(ValidationError):
        InvoiceTemplate(name="Plain").full_clean()
