"""Whose call it is, where a record names an account, a SIP user or an address."""

import pytest

from calls import callers
from calls.records import Incoming
from tests.factories import make_carrier, make_customer, make_ip_auth, make_sip_user

pytestmark = pytest.mark.django_db


def settled(**record) -> int:
    incoming, refused = callers.settle([Incoming(0, record)])
    assert not refused, refused
    return incoming[0].record["customer_id"]


def refusal(**record) -> str:
    incoming, refused = callers.settle([Incoming(0, record)])
    assert not incoming
    assert refused[0].field == "customer_id"
    assert refused[0].raw is not None
    return refused[0].reason


def test_an_account_of_digits_is_the_customers_id_whatever_else_is_said():
    customer = make_customer()
    make_sip_user(customer, username="acme")
    assert settled(account="17", auth_user="acme") == 17


def test_an_account_in_words_is_a_sip_user():
    customer = make_customer()
    make_sip_user(customer, username="Acme")
    assert settled(account="acme") == customer.pk


def test_then_the_sip_user_who_signed_in_decides_and_then_the_address():
    one, two = make_customer(), make_customer()
    make_sip_user(one, username="phone-1")
    make_ip_auth(two, host="203.0.113.0/24")
    assert settled(account="nobody", auth_user="PHONE-1", source_ip="203.0.113.7") == one.pk
    assert settled(account="nobody", auth_user="phone-2", source_ip="203.0.113.7") == two.pk


def test_the_narrowest_network_and_the_longest_tech_prefix_decide():
    wide, narrow, prefixed = make_customer(), make_customer(), make_customer()
    make_ip_auth(wide, host="203.0.112.0/22")
    make_ip_auth(narrow, host="203.0.113.7")
    make_ip_auth(prefixed, host="203.0.113.7", tech_prefix="99#")
    assert settled(source_ip="203.0.113.8") == wide.pk
    assert settled(source_ip="203.0.113.7", destination_received="4930") == narrow.pk
    assert settled(source_ip="203.0.113.7", destination_received="99#4930") == prefixed.pk


def test_an_address_of_ipv6_is_found_too():
    customer = make_customer()
    make_ip_auth(customer, host="2001:db8::/32")
    assert settled(source_ip="2001:db8:0::7") == customer.pk


def test_what_points_to_several_customers_is_refused_with_their_ids():
    one, two = make_customer(), make_customer()
    make_sip_user(one, username="phone", realm="a.example.com")
    make_sip_user(two, username="phone", realm="b.example.com")
    make_ip_auth(one, host="203.0.113.7", port=5060)
    make_ip_auth(two, host="203.0.113.7", port=5061)
    ids = f"{one.pk}, {two.pk}"
    assert f"SIP user 'phone' belongs to several customers: {ids}." in refusal(auth_user="phone")
    assert f"Address 203.0.113.7 belongs to several customers: {ids}." in refusal(source_ip="203.0.113.7")


def test_what_points_to_nobody_is_refused_with_all_that_was_looked_for():
    make_ip_auth(make_customer(), host="sip.example.com", may_send=False, is_network=False)
    make_ip_auth(make_customer(), host="203.0.113.9", may_send=False)
    words = refusal(account="acme", auth_user="x", source_ip="203.0.113.9")
    assert "account 'acme', SIP user 'x' and address '203.0.113.9' are nobody's" in words


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", ["x"], True, {"a": 1}, "9" * 30, "fe80::1%eth0", 1.5])
def test_whatever_is_sent_as_a_name_is_refused_and_never_breaks_the_delivery(value):
    for name in ("account", "auth_user", "source_ip"):
        incoming, refused = callers.settle([Incoming(0, {name: value, "carrier": value})])
        assert len(incoming) + len(refused) == 1
        assert not incoming or "customer_id" not in incoming[0].record


def test_a_carrier_is_known_by_id_or_name_and_left_out_where_it_is_not_known():
    carrier = make_carrier(name="Nordic Voice")
    records = [
        {"customer_id": 1, "carrier": name} for name in ("nordic VOICE", str(carrier.pk), "999999", "who")
    ]
    incoming, _refused = callers.settle([Incoming(n, record) for n, record in enumerate(records)])
    assert [one.record.get("carrier_id") for one in incoming] == [carrier.pk, carrier.pk, None, None]


def test_many_records_cost_as_many_queries_as_one(django_assert_num_queries):
    customer = make_customer()
    make_sip_user(customer, username="phone")
    make_ip_auth(customer, host="203.0.113.0/24")
    for count in (1, 50):
        records = [
            Incoming(n, {"auth_user": f"p{n}", "source_ip": f"203.0.113.{n}", "carrier": "x"})
            for n in range(count)
        ]
        with django_assert_num_queries(3):
            callers.settle(records)
