"""The Auth and Routing tabs: adding, switching, deleting, and what is refused in which words."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from customers.models import Listing
from routing.models import IngressRoute, IpAuth, SipUser
from tests import factories
from tests.conftest import browser_of
from tests.pages import words
from users.roles import Role

ADDRESS = {"host": "203.0.113.7", "protocol": "udp", "may_send": "on", "may_receive": "on"}
USER = {"username": "desk1", "password": "Abc1!xyz", "protocol": "udp"}
ROUTE = {"name": "World", "max_duration_s": "3600", "enabled": "on"}


def url(name, customer, *more):
    return reverse(f"routing:{name}", args=[customer.pk, *more])


def error_of(answer, field_id):
    return words(answer, "id", f"{field_id}_error")


# --- Addresses -------------------------------------------------------------------------------------------


def test_adding_an_address_lists_it_and_lets_the_customer_in(client_alice):
    customer = factories.make_customer()
    form = ADDRESS | {
        "host": " 203.0.113.7/32 ",
        "tech_prefix": "77#",
        "channels_limit": "30",
        "cps_limit": "",
    }

    page = client_alice.post(url("add_ip", customer), form, follow=True)

    assert "203.0.113.7 5060 SIP UDP both 77# 30 no limit enabled" in words(page, "id", "ip-entries")
    assert "203.0.113.7 was added." in words(page, "id", "toasts")
    assert "no_authentication" not in Listing.objects.get(pk=customer.pk).routing_warnings


def test_tls_has_a_port_of_its_own(client_alice):
    customer = factories.make_customer()

    client_alice.post(url("add_ip", customer), ADDRESS | {"protocol": "tls"})

    assert IpAuth.objects.get().port == 5061


def test_a_host_name_is_an_address_that_calls_are_sent_to(client_alice):
    customer = factories.make_customer()
    form = {"host": "SIP.Example.com", "protocol": "udp", "may_receive": "on"}

    client_alice.post(url("add_ip", customer), form)

    entry = IpAuth.objects.get()
    assert (entry.host, entry.is_network, entry.may_send) == ("sip.example.com", False, False)


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"host": ""}, "host", "Required"),
        ({"host": "203.0.113.7/24"}, "host", "203.0.113.0/24 for the whole network"),
        ({"host": "203.0.113.7\x00"}, "host", "Null characters are not allowed"),
        ({"host": "203.0.113.7\n203.0.113.8"}, "host", "One address per entry"),
        ({"host": "x" * 400}, "host", "at most 300 characters"),
        ({"host": "sip.example.com"}, "may_send", "give the address in digits"),
        ({"may_send": "", "may_receive": ""}, "may_send", "Tick at least one direction"),
        ({"port": "70000"}, "port", "70000 is not a port; use 1 to 65535, or leave it empty."),
        ({"port": "0"}, "port", "0 is not a port;"),
        ({"port": "sip"}, "port", "sip is not a port;"),
        ({"protocol": "smpp"}, "protocol", "not one of the available choices"),
        (
            {"channels_limit": "-1"},
            "channels_limit",
            "-1 is not a number of channels; use 0 to 2147483647, or",
        ),
        ({"channels_limit": "1e3"}, "channels_limit", "1e3 is not a number of channels;"),
        ({"channels_limit": "9" * 99}, "channels_limit", f"{'9' * 40}… is not a number of channels;"),
        ({"cps_limit": "2.5"}, "cps_limit", "2.5 is not a number of calls per second; use 0 to"),
        ({"host": "127.0.0.1"}, "host", "cannot be a customer's"),
        ({"tech_prefix": "12a"}, "tech_prefix", "Use digits, #, + and * only"),
    ],
)
def test_a_wrong_address_is_refused_at_its_field_and_what_was_typed_stays(
    client_alice, wrong, field, message
):
    customer = factories.make_customer()

    page = client_alice.post(
        url("add_ip", customer), {k: v for k, v in (ADDRESS | wrong).items() if v or k == "host"}
    )

    assert page.status_code == 422
    assert message in error_of(page, f"ip_{field}")
    assert not IpAuth.objects.exists()


def test_the_same_address_twice_is_refused_at_the_field(client_alice):
    customer = factories.make_customer()
    client_alice.post(url("add_ip", customer), ADDRESS)

    page = client_alice.post(url("add_ip", customer), ADDRESS)

    assert page.status_code == 422
    assert "already has an entry for this address and port" in error_of(page, "ip_host")


def test_a_private_address_is_taken_with_a_warning(client_alice):
    customer = factories.make_customer()

    page = client_alice.post(url("add_ip", customer), ADDRESS | {"host": "10.1.2.3"}, follow=True)

    assert "10.1.2.3 is a private address: its calls reach us over a VPN" in words(page, "id", "toasts")
    assert IpAuth.objects.get().host == "10.1.2.3"
    page = client_alice.post(url("add_ip", customer), ADDRESS, follow=True)
    assert "private" not in words(page, "id", "toasts")


@pytest.mark.accept("C-69", part="an overlap warns; matching calls against a network is the switch's")
def test_an_address_of_another_customer_is_taken_with_a_warning(client_alice):
    factories.make_ip_auth(factories.make_customer(name="Other Ltd"), host="203.0.113.0/24")

    page = client_alice.post(url("add_ip", factories.make_customer()), ADDRESS, follow=True)

    assert "203.0.113.7 is also an address of Other Ltd" in words(page, "id", "toasts")
    assert IpAuth.objects.filter(host="203.0.113.7").exists()


def test_the_warning_names_three_customers_and_counts_the_rest(client_alice):
    for name in ("A", "B", "C", "D", "E"):
        factories.make_ip_auth(factories.make_customer(name=name), host="203.0.113.7")

    page = client_alice.post(url("add_ip", factories.make_customer()), ADDRESS, follow=True)

    assert "an address of A, B, C and 2 more." in words(page, "id", "toasts")


def test_another_resellers_customer_is_not_given_away_by_the_warning(client_rita, reseller_a, reseller_b):
    factories.make_ip_auth(
        factories.make_customer(name="Secret Ltd", reseller=reseller_b), host="203.0.113.7"
    )
    own = factories.make_customer(reseller=reseller_a)

    page = client_rita.post(url("add_ip", own), ADDRESS, follow=True)

    assert "203.0.113.7 was added." in words(page, "id", "toasts")
    assert "also an address" not in words(page)


def test_what_is_typed_is_shown_again_without_becoming_html(client_alice):
    page = client_alice.post(
        url("add_ip", factories.make_customer()), ADDRESS | {"host": "<script>x</script>"}
    )

    assert page.status_code == 422
    assert "<script>x" not in page.content.decode()


# --- SIP users -------------------------------------------------------------------------------------------


@pytest.mark.accept("C-76", part="rules, shown once; reset missing")
@pytest.mark.usefixtures("portal_domain")
def test_a_generated_password_is_shown_once(client_alice):
    customer = factories.make_customer()

    page = client_alice.post(url("add_user", customer), USER | {"password": ""})

    password = words(page, "id", "new-password")
    assert re.fullmatch(r"\S{20}", password)
    assert "no-store" in page["Cache-Control"]
    assert password not in client_alice.get(url("auth", customer)).content.decode()
    assert "desk1" in words(client_alice.get(url("auth", customer)), "id", "sip-users")


@pytest.mark.usefixtures("portal_domain")
@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"username": ""}, "username", "Required"),
        ({"username": "desk 1"}, "username", "without spaces"),
        ({"username": "desk:1"}, "username", "Use letters, digits"),
        ({"username": "x" * 65}, "username", "at most 64 characters"),
        (
            {"password": "secret"},
            "password",
            "at least 8 characters, an upper-case letter, a digit",
        ),
        ({"channels_limit": "11"}, "channels_limit", "No channel capacity available for your account."),
    ],
)
def test_a_wrong_sip_user_is_refused_at_its_field(client_alice, wrong, field, message):
    customer = factories.make_customer(channels_limit=10)

    page = client_alice.post(url("add_user", customer), USER | wrong)

    assert page.status_code == 422
    assert message in error_of(page, f"user_{field}")
    assert not SipUser.objects.exists()
    assert "Abc1!xyz" not in page.content.decode()


@pytest.mark.accept("C-75")
@pytest.mark.usefixtures("portal_domain")
def test_a_user_name_of_any_other_customer_is_refused(client_alice):
    client_alice.post(url("add_user", factories.make_customer()), USER)

    page = client_alice.post(url("add_user", factories.make_customer()), USER | {"username": "DESK1"})

    assert page.status_code == 422
    assert error_of(page, "user_username") == "Duplicate User Detected"


def test_without_a_portal_domain_it_is_said_what_is_missing(client_alice):
    page = client_alice.post(url("add_user", factories.make_customer()), USER)

    assert page.status_code == 422
    assert "no portal domain yet" in error_of(page, "user_username")


# --- Routes ----------------------------------------------------------------------------------------------


def test_adding_a_route_lists_it_and_takes_calls(client_alice):
    customer = factories.make_customer()
    form = ROUTE | {"tech_prefix": "#9*", "dial_strings": "49\r\n\r\n ^43(6|7) \r\n49", "cps_limit": "5"}

    page = client_alice.post(url("add_route", customer), form, follow=True)

    assert "#9* World 49 ^43(6|7) no limit 5 3,600 enabled" in words(page, "id", "routes")
    assert IngressRoute.objects.get().dial_strings == ["49", "^43(6|7)"]
    assert "no_routing" not in Listing.objects.get(pk=customer.pk).routing_warnings


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"name": ""}, "name", "Required"),
        ({"name": "x" * 129}, "name", "at most 128 characters"),
        ({"tech_prefix": "77-"}, "tech_prefix", "Use digits, #, + and * only"),
        ({"max_duration_s": "0"}, "max_duration_s", "0 is not a duration; use 1 to 2147483647 seconds, such"),
        (
            {"max_duration_s": ""},
            "max_duration_s",
            "Type after how many seconds a call is cut, such as 3600.",
        ),
        ({"cps_limit": "many"}, "cps_limit", "many is not a number of calls per second;"),
        (
            {"dial_strings": "49\n^(43"},
            "dial_strings",
            "Line 2, “^(43”, is neither a prefix nor",
        ),
        ({"dial_strings": "4" * 129}, "dial_strings", "Line 1 is longer than 128 characters"),
        ({"dial_strings": "\n".join(map(str, range(501)))}, "dial_strings", "501 lines are too many"),
        ({"dial_strings": "49\x00"}, "dial_strings", "Null characters are not allowed"),
    ],
)
def test_a_wrong_route_is_refused_at_its_field(client_alice, wrong, field, message):
    page = client_alice.post(url("add_route", factories.make_customer()), ROUTE | wrong)

    assert page.status_code == 422
    assert message in error_of(page, f"route_{field}")
    assert not IngressRoute.objects.exists()


def test_a_route_name_is_used_once_per_customer(client_alice):
    customer = factories.make_customer()
    client_alice.post(url("add_route", customer), ROUTE)

    page = client_alice.post(url("add_route", customer), ROUTE)

    assert page.status_code == 422
    assert "already has a route with this name" in error_of(page, "route_name")


# --- Switching and deleting ------------------------------------------------------------------------------


def entries():
    """One entry of each kind at one customer, with the names of its doors."""
    customer = factories.make_customer(name="Rheinfon GmbH")
    return customer, {
        "ip": factories.make_ip_auth(customer, host="203.0.113.7"),
        "user": factories.make_sip_user(customer, username="desk1"),
        "route": factories.make_route(customer, name="World"),
    }


@pytest.mark.parametrize("kind", ["ip", "user", "route"])
def test_an_entry_is_switched_off_and_on_again(client_alice, kind):
    customer, made = entries()
    entry, door = made[kind], url(f"{kind}_enabled", customer, made[kind].pk)

    client_alice.post(door, {"enabled": "0"})
    entry.refresh_from_db()
    assert not entry.enabled

    client_alice.post(door, {"enabled": "1"})
    entry.refresh_from_db()
    assert entry.enabled


@pytest.mark.parametrize("kind", ["ip", "user", "route"])
def test_deleting_names_the_effect_first_and_asking_changes_nothing(client_alice, kind):
    customer, made = entries()

    page = client_alice.get(url(f"{kind}_delete", customer, made[kind].pk))

    assert f"Delete {made[kind]}?" in words(page)
    assert "will" in words(page, "class", "body")
    assert "Calls that are up go on." in words(page)
    assert type(made[kind]).objects.filter(pk=made[kind].pk).exists()


@pytest.mark.parametrize("kind", ["ip", "user", "route"])
def test_deleting_deletes_and_says_so(client_alice, kind):
    customer, made = entries()

    page = client_alice.post(url(f"{kind}_delete", customer, made[kind].pk), follow=True)

    assert f"{made[kind]} was deleted." in words(page, "id", "toasts")
    assert not type(made[kind]).objects.exists()


def test_deleting_the_last_way_in_says_that_every_call_will_be_refused(client_alice):
    customer, made = entries()
    assert "last way in" not in words(client_alice.get(url("ip_delete", customer, made["ip"].pk)))
    made["user"].delete()

    page = client_alice.get(url("ip_delete", customer, made["ip"].pk))

    assert "It is the last way in: every call from Rheinfon GmbH will be refused." in words(page)


def test_deleting_the_last_enabled_route_says_that_every_call_will_be_refused(client_alice):
    customer, made = entries()
    factories.make_route(customer, enabled=False)

    page = client_alice.get(url("route_delete", customer, made["route"].pk))

    assert "It is the last enabled route: every call from Rheinfon GmbH will be refused." in words(page)


# --- Who may -----------------------------------------------------------------------------------------------


def doors(customer, made):
    """Every door that changes something, with what opens it."""
    yield url("add_ip", customer), ADDRESS
    yield url("add_user", customer), USER
    yield url("add_route", customer), ROUTE
    for kind, entry in made.items():
        yield url(f"{kind}_enabled", customer, entry.pk), {"enabled": "0"}
        yield url(f"{kind}_delete", customer, entry.pk), {}


def state():
    return [list(model.objects.order_by("pk").values()) for model in (IpAuth, SipUser, IngressRoute)]


def test_strangers_and_people_without_rights_change_nothing(client, client_bob):
    customer, made = entries()
    before = state()

    assert {client.post(door, data).status_code for door, data in doors(customer, made)} == {302}
    assert {client_bob.post(door, data).status_code for door, data in doors(customer, made)} == {403}
    assert state() == before


def test_who_may_only_read_sees_the_lists_but_no_form_or_button(db):
    customer, made = entries()
    reader = browser_of(factories.make_staff(role=Role.READ_ONLY), factories.STAFF_HOST)
    before = state()

    for name in ("auth", "routes"):
        page = reader.get(url(name, customer)).content.decode()
        assert f'action="/customers/{customer.pk}/' not in page
        assert "/delete/" not in page
    assert {reader.post(door, data).status_code for door, data in doors(customer, made)} == {403}
    assert state() == before


def test_another_resellers_customer_and_entries_are_not_there(client_rita, reseller_b):
    customer, made = entries()
    customer.reseller = reseller_b
    customer.save()
    before = state()

    answers = [client_rita.post(door, data).status_code for door, data in doors(customer, made)]

    # a reseller's user may not touch routes at all, and sees no customer of another reseller
    assert set(answers) == {403, 404}
    assert client_rita.get(url("auth", customer)).status_code == 404
    assert client_rita.get(url("routes", customer)).status_code == 404
    assert state() == before


def test_an_entry_is_only_found_under_its_own_customer(client_alice):
    _customer, made = entries()
    other = factories.make_customer()

    for kind, entry in made.items():
        assert client_alice.post(url(f"{kind}_delete", other, entry.pk)).status_code == 404
        assert client_alice.post(url(f"{kind}_enabled", other, entry.pk), {"enabled": "0"}).status_code == 404


def test_asking_a_door_that_changes_things_changes_nothing_and_leads_to_the_tab(client_alice):
    customer, made = entries()
    before = state()
    doors_and_tabs = [("add_ip", "auth"), ("add_user", "auth"), ("add_route", "routes")]
    doors_and_tabs += [("ip_enabled", "auth"), ("user_enabled", "auth"), ("route_enabled", "routes")]

    for name, tab in doors_and_tabs:
        pk = [made[name.partition("_")[0]].pk] if name.endswith("_enabled") else []
        answer = client_alice.get(f"{url(name, customer, *pk)}?enabled=0")
        assert (answer.status_code, answer["Location"]) == (302, url(tab, customer)), name

    assert state() == before


def test_the_first_wrong_field_gets_the_focus(client_alice):
    customer = factories.make_customer()

    page = client_alice.post(url("add_ip", customer), ADDRESS | {"port": "x", "cps_limit": "x"})

    focused = [tag for tag in re.findall(r"<input[^>]*>", page.content.decode()) if " autofocus" in tag]
    assert [re.search(r' id="(\w+)"', tag)[1] for tag in focused] == ["ip_port"]
    assert " autofocus" not in client_alice.get(url("auth", customer)).content.decode()


@pytest.mark.parametrize("tab", ["auth", "routes"])
def test_a_warning_has_no_button_that_leads_to_where_one_is(client_alice, tab):
    customer = factories.make_customer(debit_limit=10)
    other = {"auth": "routes", "routes": "auth"}[tab]
    post = {"auth": "add_ip", "routes": "add_route"}[tab]

    pages = [client_alice.get(url(tab, customer)), client_alice.post(url(post, customer), {})]
    head = re.search(r'hx-get="([^"]*/head/[^"]*)"', pages[0].content.decode())[1].replace("&amp;", "&")
    pages.append(client_alice.get(re.sub(r"seen=[^&]*", "seen=", head)))

    for page in pages:
        shown = page.content.decode()
        shown = shown[shown.index('id="customer-warnings"') :]
        assert "No Authentication Set" in shown
        assert f'class="btn sm" href="{url(tab, customer)}"' not in shown
        assert f'class="btn sm" href="{url(other, customer)}"' in shown


def test_who_may_add_an_entry_but_not_read_them_is_not_shown_them_with_his_errors(client, db):
    customer = factories.make_customer()
    factories.make_ip_auth(customer, host="198.51.100.77")
    group = Group.objects.create(name="Adds SIP users only")
    for codename in ("view_customer", "view_every_customer", "add_sipuser"):
        group.permissions.add(Permission.objects.get(codename=codename))
    client.force_login(factories.make_staff(role=group.name))

    response = client.post(f"/customers/{customer.pk}/auth/users/", {"username": ""})

    assert response.status_code == 422
    assert "198.51.100.77" not in response.content.decode()


def test_the_last_address_that_may_send_is_called_the_last_way_in_beside_one_that_only_receives(client_alice):
    customer = factories.make_customer()
    sends = factories.make_ip_auth(customer)
    factories.make_ip_auth(customer, host="sip.example.com", is_network=False, may_send=False)

    page = client_alice.get(f"/customers/{customer.pk}/auth/addresses/{sends.pk}/delete/").content.decode()

    assert "It is the last way in" in page
