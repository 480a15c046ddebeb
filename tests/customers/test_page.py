"""One customer's page: head with live figures, warnings, tabs, and who may see what."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer, FeedState, NumberBlock, Status
from tests import factories
from tests.conftest import browser_of
from tests.pages import figure, links, words
from users.roles import Role


def page_of(customer, name="customers:detail"):
    return reverse(name, args=[customer.pk])


@pytest.fixture
def rheinfon(db):
    """A customer with figures whose ratios are easy to compute by hand."""
    customer = factories.make_customer(
        name="Rheinfon GmbH", tags=["retail"], channels_limit=200, cps_limit=10, debit_limit=5000
    )
    factories.set_figures(
        customer,
        balance="12904.77",
        charge_today="1188.4",
        channels=88,
        cps="2.8",
        attempts_24h=200,
        connected_24h=50,
        duration_ms_24h=50 * 206_000,
        pdd_sum_ms_24h=320_000,
        pdd_count_24h=200,
        last_call_at=timezone.now() - timedelta(minutes=5),
    )
    return customer


@pytest.mark.accept("C-01")
def test_the_head_shows_status_balance_debit_limit_and_channels(client_alice, rheinfon):
    page = client_alice.get(page_of(rheinfon))

    assert "Active" in words(page, "data-status", "active")
    assert figure(page, "balance") == "Balance 12,904.77 EUR"
    assert figure(page, "debit_limit") == "Debit limit 5,000.00 EUR"
    assert figure(page, "channels") == "Channels in use 88 / 200"


def test_the_head_shows_the_other_figures_each_by_its_formula(client_alice, rheinfon):
    page = client_alice.get(page_of(rheinfon))

    assert figure(page, "available") == "Can still spend 17,904.77 EUR"
    assert figure(page, "cps") == "CPS 2.8 / 10"
    assert figure(page, "asr") == "ASR, 24 h 25.0 %"  # 50 of 200
    assert figure(page, "acd") == "ACD, 24 h 3:26 answered · 0:52 all"  # 206 s; 10,300 s ÷ 200 = 51.5 s
    assert figure(page, "pdd") == "PDD, 24 h 1.6 s"  # 320 s ÷ 200
    assert figure(page, "spent") == "Spent today 1,188.40 EUR"
    assert figure(page, "last_call") == "Last call 5 min"


def test_a_customer_without_calls_or_limits_has_no_ratios(client_alice):
    page = client_alice.get(page_of(factories.make_customer()))

    assert figure(page, "asr") == "ASR, 24 h —"
    assert figure(page, "acd") == "ACD, 24 h — answered · — all"
    assert figure(page, "channels") == "Channels in use 0"
    assert figure(page, "last_call") == "Last call —"


def test_spending_is_shown_beside_its_limit(client_alice):
    customer = factories.make_customer(daily_spend_limit=Decimal(2500))
    factories.set_figures(customer, charge_today="1188.4")

    assert figure(client_alice.get(page_of(customer)), "spent") == "Spent today 1,188.40 of 2,500.00 EUR"


def test_money_is_written_with_the_digits_of_its_currency(client_alice):
    factories.make_currency("KWD", digits=3)
    customer = factories.make_customer(currency="KWD")
    factories.set_figures(customer, balance="-1.5")

    assert figure(client_alice.get(page_of(customer)), "balance") == "Balance −1.500 KWD"


def test_name_number_and_tags_stand_in_the_head_and_cannot_break_it(client_alice):
    customer = factories.make_customer(id=1047, name="<b>Eve & Sons</b>", tags=["<i>retail"])

    page = client_alice.get(page_of(customer))

    assert "#1047" in words(page)
    assert "<b>Eve & Sons</b>" in words(page)
    assert "<b>Eve" not in page.content.decode()
    assert "<i>retail" not in page.content.decode()


# --- Status --------------------------------------------------------------------------------------------


def test_a_penalty_that_is_over_is_said_to_be_over_though_nobody_stored_it(client_alice):
    customer = factories.make_customer()
    Customer.objects.filter(pk=customer.pk).update(
        status=Status.PENALTY,
        penalty_until=timezone.now() - timedelta(seconds=1),
        status_after_penalty=Status.PENDING,
    )

    page = words(client_alice.get(page_of(customer)), "id", "customer-head")

    assert "Pending" in page
    assert "The penalty is over since" in page


def test_a_penalty_that_lasts_says_until_when(client_alice):
    until = timezone.now() + timedelta(hours=2)
    customer = factories.make_customer(status=Status.PENALTY, penalty_until=until)

    page = words(client_alice.get(page_of(customer)), "id", "customer-head")

    assert f"Until {until:%Y-%m-%d %H:%M:%S} UTC" in page
    assert "treated as" not in page


# --- Warnings ------------------------------------------------------------------------------------------


def test_each_warning_says_what_to_do_and_leads_there(client_alice):
    customer = factories.make_customer()

    page = client_alice.get(page_of(customer))

    shown = words(page, "id", "customer-warnings")
    assert "No Authentication Set" in shown
    assert "No Routing Set" in shown
    assert page_of(customer, "routing:auth") in links(page)
    assert page_of(customer, "routing:routes") in links(page)


def test_a_customer_that_can_call_has_no_warning(client_alice):
    customer = factories.make_customer(debit_limit=10)
    factories.make_ip_auth(customer)
    factories.make_route(customer)

    assert words(client_alice.get(page_of(customer)), "id", "customer-warnings") == ""


def test_used_up_credit_is_told_with_its_amounts(client_alice):
    customer = factories.make_customer(debit_limit=100)
    factories.set_figures(customer, balance="-212.4")

    shown = words(client_alice.get(page_of(customer)), "id", "customer-warnings")

    assert "Credit used up" in shown
    assert "Available −112.40 EUR: balance −212.40 EUR, debit limit 100.00 EUR" in shown


# --- The poll ------------------------------------------------------------------------------------------


def token_of(answer):
    return answer.content.decode().split("?seen=")[1].split('"')[0]


def test_the_poll_answers_with_nothing_while_nothing_changed(client_alice, rheinfon):
    seen = token_of(client_alice.get(page_of(rheinfon)))

    assert client_alice.get(f"{page_of(rheinfon, 'customers:head')}?seen={seen}").status_code == 204


def test_the_poll_brings_new_figures_and_takes_warnings_away(client_alice):
    customer = factories.make_customer(debit_limit=10)
    seen = token_of(client_alice.get(page_of(customer)))
    factories.make_ip_auth(customer)
    factories.make_route(customer)
    factories.set_figures(customer, channels=7)

    answer = client_alice.get(f"{page_of(customer, 'customers:head')}?seen={seen}")

    assert figure(answer, "channels") == "Channels in use 7"
    assert words(answer, "id", "customer-warnings") == ""


def test_the_poll_notices_that_a_penalty_is_over_though_no_row_changed(client_alice, rheinfon):
    Customer.objects.filter(pk=rheinfon.pk).update(
        status=Status.PENALTY, penalty_until=timezone.now() + timedelta(seconds=2)
    )
    seen = token_of(client_alice.get(page_of(rheinfon)))
    head = f"{page_of(rheinfon, 'customers:head')}?seen={seen}"

    answers = []
    deadline = timezone.now() + timedelta(seconds=5)
    while not answers or (answers[-1].status_code == 204 and timezone.now() < deadline):
        answers.append(client_alice.get(head))

    assert "The penalty is over since" in words(answers[-1], "id", "customer-head")


def test_old_figures_are_said_to_be_old(client_alice, rheinfon):
    silent = timezone.now() - timedelta(minutes=4)
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": timezone.now(), "heard_at": silent})

    assert "Figures are old" in words(client_alice.get(page_of(rheinfon)), "id", "customer-head")


# --- Tabs and what else the first one shows --------------------------------------------------------------


def test_tabs_lead_to_what_exists_and_count_it(client_alice):
    customer = factories.make_customer()
    factories.make_ip_auth(customer)
    factories.make_sip_user(customer)
    factories.make_route(customer)

    page = client_alice.get(page_of(customer))

    assert (
        words(page, "aria-label", "Customer sections")
        == "Main Auth 2 Routing 1 Latest calls Dialogs CDR Audit"
    )
    assert {page_of(customer, "routing:auth"), page_of(customer, "routing:routes")} <= set(links(page))


def test_number_blocks_are_listed_without_separators(client_alice):
    customer = factories.make_customer()
    NumberBlock.objects.create(customer=customer, first=104700, last=104749)

    assert "104700 104749 50" in words(client_alice.get(page_of(customer)), "class", "cl1")


def test_panels_of_other_rooms_are_links_where_no_script_loads_them(client_alice, rheinfon):
    found = links(client_alice.get(page_of(rheinfon)))

    assert page_of(rheinfon, "contacts:panel") in found
    assert page_of(rheinfon, "panels:summary") in found


def test_the_page_costs_the_same_however_much_belongs_to_the_customer(client_alice):
    def queries(customer):
        with CaptureQueriesContext(connection) as asked:
            client_alice.get(page_of(customer))
        return len(asked)

    small, big = factories.make_customer(), factories.make_customer(tags=["a", "b"])
    for number in range(5):
        factories.make_ip_auth(big)
        factories.make_route(big)
        NumberBlock.objects.create(customer=big, first=1 + number * 10, last=5 + number * 10)

    assert queries(small) == queries(big) <= 12


# --- Who may see what ------------------------------------------------------------------------------------


def test_a_stranger_is_sent_to_the_sign_in_page(client, rheinfon):
    answer = client.get(page_of(rheinfon))

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


@pytest.mark.parametrize("name", ["customers:detail", "customers:head"])
def test_bob_may_see_no_customer(client_bob, rheinfon, name):
    assert client_bob.get(page_of(rheinfon, name)).status_code == 403


@pytest.mark.parametrize("name", ["customers:detail", "customers:head"])
def test_a_resellers_user_sees_its_own_customers_only(client_rita, reseller_a, reseller_b, name):
    own = factories.make_customer(reseller=reseller_a)
    foreign = factories.make_customer(reseller=reseller_b)

    assert client_rita.get(page_of(own, name)).status_code == 200
    assert client_rita.get(page_of(foreign, name)).status_code == 404


def test_a_deleted_customer_has_no_page(client_alice, rheinfon):
    Customer.objects.filter(pk=rheinfon.pk).update(deleted_at=timezone.now())

    assert client_alice.get(page_of(rheinfon)).status_code == 404


@pytest.mark.parametrize("name", ["customers:detail", "customers:head"])
def test_the_page_is_only_for_reading(client_alice, rheinfon, name):
    assert client_alice.post(page_of(rheinfon, name)).status_code == 405


def test_support_sees_no_money_anywhere(rheinfon):
    Customer.objects.filter(pk=rheinfon.pk).update(debit_limit=-100_000)
    support = browser_of(factories.make_staff(role=Role.SUPPORT), factories.STAFF_HOST)

    page = words(support.get(page_of(rheinfon)))

    assert "Credit used up. New calls are refused." in page
    assert "Channels in use" in page
    for hidden in ("12,904", "Balance", "Debit limit", "Can still spend", "Spent today", "EUR"):
        assert hidden not in page


def test_finance_has_no_tabs_it_may_not_open(rheinfon):
    finance = browser_of(factories.make_staff(role=Role.FINANCE), factories.STAFF_HOST)

    assert (
        words(finance.get(page_of(rheinfon)), "aria-label", "Customer sections")
        == "Main Latest calls CDR Audit"
    )
