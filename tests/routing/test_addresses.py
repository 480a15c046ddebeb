"""What people type as an address, and what we keep."""

import pytest
from django.core.exceptions import ValidationError

from routing.addresses import canonical_host, is_private


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("  203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("203.0.113.0/255.255.255.0", "203.0.113.0/24"),
        ("2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("2001:db8::1/128", "2001:db8::1"),
        ("2001:DB8:AB::/48", "2001:db8:ab::/48"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_an_address_is_kept_in_one_form(typed, stored):
    assert canonical_host(typed) == (stored, True)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("sip.example.com", "sip.example.com"),
        ("SIP.Example.COM.", "sip.example.com"),
        ("a-b.x1.io", "a-b.x1.io"),
    ],
)
def test_a_host_name_is_kept_in_lower_case(typed, stored):
    assert canonical_host(typed) == (stored, False)


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("", "Required"),
        ("   ", "Required"),
        ("203.0.113.7\x00", "cannot be stored"),
        ("203.0.113.7 203.0.113.8", "One address per entry"),
        ("203.0.113.7\n203.0.113.8", "One address per entry"),
        ("203.0.113.7,203.0.113.8", "One address per entry"),
        ("203.0.113.7/24", "203.0.113.0/24 for the whole network, or 203.0.113.7 alone"),
        ("2001:db8::1/64", "2001:db8::/64 for the whole network, or 2001:db8::1 alone"),
        ("203.0.113.7:5061", "port 5061"),
        ("[2001:db8::1]:5061", "port 5061"),
        ("sip.example.com:5061", "port 5061"),
        ("sip:203.0.113.7", "SIP address"),
        ("alice@example.com", "SIP address"),
        ("https://example.com/", "web address"),
        ("300.0.113.7", "no address or network"),
        ("203.0.113", "no address or network"),
        ("203.0.113.7/33", "no address or network"),
        ("203.000.113.007", "no address or network"),
        ("2001:db8:::1", "no address or network"),
        ("fe80::1%eth0", "zone"),
        ("0.0.0.0/0", "every address"),
        ("::/0", "every address"),
        ("0.0.0.0", "cannot be a customer's: addresses in 0.0.0.0/8 stand for no machine."),
        ("::", "stand for no machine"),
        ("224.0.0.1", "(multicast)"),
        ("ff02::1", "(multicast)"),
        ("127.0.0.1", "127.0.0.1 cannot be a customer's: addresses in 127.0.0.0/8 are what every machine"),
        ("127.0.0.0/8", "what every machine calls itself"),
        ("126.0.0.0/7", "what every machine calls itself"),  # reaches into it
        ("::1", "what every machine calls itself"),
        ("::ffff:127.0.0.1", "what every machine calls itself"),
        ("169.254.1.1", "(link-local)"),
        ("fe80::1", "(link-local)"),
        ("255.255.255.255", "reserved"),
        ("bücher.example", "xn--"),
        ("localhost", "no full host name"),
        ("exa_mple.com", "no host name"),
        ("-a.example.com", "no host name"),
        ("a..example.com", "no host name"),
        (f"{'a' * 64}.example.com", "no host name"),
        (".".join(["a" * 60] * 5), "no host name"),
    ],
)
def test_what_is_no_address_is_refused_with_advice(typed, advice):
    with pytest.raises(ValidationError) as refusal:
        canonical_host(typed)

    assert advice in " ".join(refusal.value.messages)


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("10.1.2.3", True),
        ("172.31.255.255", True),
        ("172.32.0.0", False),
        ("192.168.0.0/16", True),
        ("100.64.0.1", True),
        ("8.0.0.0/6", True),  # reaches into 10.0.0.0/8
        ("fd00::1", True),
        ("203.0.113.7", False),
        ("2001:db8::1", False),
        ("sip.example.com", False),
    ],
)
def test_private_ranges_are_known_and_accepted(host, private):
    assert is_private(canonical_host(host)[0]) is private
