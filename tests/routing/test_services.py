"""The verbs that write authentication and routes."""

import hashlib

import pytest
from django.core.exceptions import ValidationError

from customers.models import Customer, Listing
from routing import services
from routing.models import IngressRoute, IpAuth, SipUser
from tests import factories


def warnings_of(customer):
    return Listing.objects.get(pk=customer.pk).routing_warnings


def test_an_ip_entry_takes_the_warning_away(alice):
    customer = factories.make_customer()
    assert warnings_of(customer) == ["no_authentication", "no_routing"]

    services.add_ip_auth(customer_id=customer.pk, host="203.0.113.7/32", by=alice)

    assert warnings_of(customer) == ["no_routing"]
    assert IpAuth.objects.get().host == "203.0.113.7"


def test_a_disabled_entry_authenticates_nobody(alice):
    customer = factories.make_customer()
    entry = services.add_ip_auth(customer_id=customer.pk, host="203.0.113.7", by=alice)

    services.set_enabled(IpAuth, entry.pk, False, by=alice)

    assert "no_authentication" in warnings_of(customer)


def test_enabling_again_takes_the_warning_away(alice):
    customer = factories.make_customer()
    route = factories.make_route(customer, enabled=False)
    assert "no_routing" in warnings_of(customer)

    services.set_enabled(IngressRoute, route.pk, True, by=alice)

    assert "no_routing" not in warnings_of(customer)


def test_deleting_the_last_route_brings_the_warning_back(alice):
    customer = factories.make_customer()
    route = services.add_route(customer_id=customer.pk, name="World", by=alice)
    assert "no_routing" not in warnings_of(customer)

    services.delete(IngressRoute, route.pk, by=alice)

    assert "no_routing" in warnings_of(customer)


def test_deleting_twice_is_harmless(alice):
    route = factories.make_route(factories.make_customer())

    services.delete(IngressRoute, route.pk, by=alice)
    services.delete(IngressRoute, route.pk, by=alice)

    assert not IngressRoute.objects.exists()


def test_switching_off_what_is_off_writes_no_history(alice):
    route = factories.make_route(factories.make_customer(), enabled=False)
    before = IngressRoute.pgh_event_model.objects.count()

    services.set_enabled(IngressRoute, route.pk, False, by=alice)

    assert IngressRoute.pgh_event_model.objects.count() == before


def test_who_added_an_entry_and_why_is_kept(alice):
    entry = services.add_ip_auth(
        customer_id=factories.make_customer().pk, host="203.0.113.7", by=alice, reason="ticket 4711"
    )

    event = IpAuth.pgh_event_model.objects.get(pgh_obj_id=entry.pk)
    assert event.pgh_context.metadata["user"] == alice.pk
    assert event.pgh_context.metadata["reason"] == "ticket 4711"


def test_an_address_is_kept_once_per_customer_and_port(alice):
    customer = factories.make_customer()
    services.add_ip_auth(customer_id=customer.pk, host="2001:db8::1", by=alice)

    with pytest.raises(ValidationError, match="already has an entry"):
        services.add_ip_auth(customer_id=customer.pk, host="2001:DB8:0::1", by=alice)

    assert IpAuth.objects.count() == 1


def test_the_same_address_at_another_port_is_another_entry(alice):
    customer = factories.make_customer()
    services.add_ip_auth(customer_id=customer.pk, host="203.0.113.7", by=alice)

    services.add_ip_auth(customer_id=customer.pk, host="203.0.113.7", port=5080, by=alice)

    assert IpAuth.objects.count() == 2


def test_a_deleted_customer_gets_no_entry(alice):
    customer = factories.make_customer()
    Customer.objects.filter(pk=customer.pk).update(deleted_at="2026-01-01T00:00:00Z")

    with pytest.raises(Customer.DoesNotExist):
        services.add_ip_auth(customer_id=customer.pk, host="203.0.113.7", by=alice)


def test_a_sip_users_digest_is_made_for_the_customers_own_realm(alice):
    factories.make_portal_domain(host="first.example.com")
    home = factories.make_portal_domain(host="home.example.com", sip_realm="sip.home.example.com")
    customer = factories.make_customer(domain=home)

    user = services.add_sip_user(customer_id=customer.pk, username="desk1", password="Abc1!xyz", by=alice)

    assert user.realm == "sip.home.example.com"
    assert user.ha1 == hashlib.md5(b"desk1:sip.home.example.com:Abc1!xyz").hexdigest()


def test_without_a_home_domain_the_first_one_gives_the_realm(alice):
    factories.make_portal_domain(host="off.example.com", enabled=False)
    factories.make_portal_domain(host="first.example.com")
    factories.make_portal_domain(host="second.example.com")

    user = services.add_sip_user(
        customer_id=factories.make_customer().pk, username="desk1", password="Abc1!xyz", by=alice
    )

    assert user.realm == "first.example.com"


def test_a_sip_user_needs_a_realm(alice):
    with pytest.raises(ValidationError, match="no portal domain"):
        services.add_sip_user(
            customer_id=factories.make_customer().pk, username="desk1", password="Abc1!xyz", by=alice
        )


def test_a_sip_user_name_is_taken_for_everybody(alice):
    factories.make_portal_domain()
    services.add_sip_user(
        customer_id=factories.make_customer().pk, username="desk1", password="Abc1!xyz", by=alice
    )

    with pytest.raises(ValidationError, match="Duplicate User Detected"):
        services.add_sip_user(
            customer_id=factories.make_customer().pk, username="DESK1", password="Abc1!xyz", by=alice
        )

    assert SipUser.objects.count() == 1


def test_a_sip_user_gets_no_more_channels_than_the_customer_has(alice):
    factories.make_portal_domain()
    customer = factories.make_customer(channels_limit=10)

    with pytest.raises(ValidationError, match="No channel capacity available"):
        services.add_sip_user(
            customer_id=customer.pk, username="desk1", password="Abc1!xyz", channels_limit=11, by=alice
        )


def test_the_password_is_nowhere_in_the_database(alice):
    factories.make_portal_domain()
    customer = factories.make_customer()

    user = services.add_sip_user(customer_id=customer.pk, username="desk1", password="Abc1!xyz", by=alice)

    kept = SipUser.objects.values().get(pk=user.pk)
    history = SipUser.pgh_event_model.objects.values().get(pgh_obj_id=user.pk)
    assert "Abc1!xyz" not in str(kept)
    assert "Abc1!xyz" not in str(history)
    assert "ha1" not in history


# --- Addresses that two customers share ----------------------------------------------------------------


def mistaken_for(entry):
    return {other.customer.name for other in IpAuth.objects.mistaken_for(entry)}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.0/24", True),
        ("203.0.113.0/24", "203.0.113.128/25", True),
        ("2001:db8::1", "2001:db8::/64", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "2001:db8::/32", False),
    ],
)
def test_addresses_that_overlap_are_noticed(alice, one, other, same):
    factories.make_ip_auth(factories.make_customer(name="Other Ltd"), host=other)
    factories.make_ip_auth(
        factories.make_customer(name="By Name"), host="sip.example.com", is_network=False, may_send=False
    )

    entry = services.add_ip_auth(customer_id=factories.make_customer().pk, host=one, by=alice)

    assert mistaken_for(entry) == ({"Other Ltd"} if same else set())


def test_a_tech_prefix_keeps_customers_on_one_address_apart(alice):
    factories.make_ip_auth(factories.make_customer(), host="203.0.113.7")

    entry = services.add_ip_auth(
        customer_id=factories.make_customer().pk, host="203.0.113.7", tech_prefix="77#", by=alice
    )

    assert mistaken_for(entry) == set()


def test_cli_authentication_must_be_on_at_both_to_keep_them_apart(alice):
    other = factories.make_ip_auth(factories.make_customer(name="Other Ltd"), host="203.0.113.7")
    entry = services.add_ip_auth(
        customer_id=factories.make_customer().pk, host="203.0.113.7", cli_authentication=True, by=alice
    )
    assert mistaken_for(entry) == {"Other Ltd"}

    IpAuth.objects.filter(pk=other.pk).update(cli_authentication=True)

    assert mistaken_for(entry) == set()
