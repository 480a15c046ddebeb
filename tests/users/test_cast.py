"""The cast of the tests is what the tests take it for."""

from tests import factories


def test_everybody_is_there(alice, bob, anna, rita, rolf, carol, mallory):
    assert alice.has_perm("customers.delete_customer")
    assert not bob.get_all_permissions()
    assert rita.reseller != rolf.reseller
    assert carol.contact.customer != mallory.contact.customer


def test_factories_make_what_they_say(db):
    customer = factories.make_customer()
    factories.make_ip_auth(customer)
    factories.make_route(customer)
    factories.make_sip_user(customer)
    factories.make_carrier()
    assert factories.set_figures(customer, channels=3).channels == 3
    switch, token = factories.make_switch()
    assert switch.token_hash == switch.hash_token(token)
