"""Template tags of the look, and the pages that must render when everything else is broken."""

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.template import engines
from django.template.loader import render_to_string
from django.urls import get_resolver
from django.utils import timezone

from connexcs_admin.templatetags import look


def render(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context)


def test_an_icon_is_hidden_from_screen_readers_and_drawn_from_the_sprite():
    html = render('{% icon "warn" "s" %}')
    assert 'class="i s"' in html
    assert 'aria-hidden="true"' in html
    assert '.svg#warn"' in html


def test_a_status_is_shown_by_colour_shape_and_word():
    html = render("{% pill status label %}", status="pending_approval", label="Pending Approval")
    assert 'data-status="pending_approval"' in html
    assert "#status-pending_approval" in html
    assert ">Pending Approval</span>" in html


def test_money_carries_its_code_and_a_debt_is_red_with_a_real_minus():
    yen = SimpleNamespace(code="JPY", digits=0)
    assert "\u22121,480.12" in render('{% money amount "USD" %}', amount=Decimal("-1480.12"))
    assert 'class="bad"' in render('{% money amount "USD" %}', amount=Decimal("-1480.12"))
    assert render("{% money amount yen %}", amount=Decimal("1234.00"), yen=yen) == (
        '<span class="">1,234</span><span class="cur"> JPY</span>'
    )
    assert "1.235" in render('{% money amount "KWD" 3 %}', amount=Decimal("1.2345"))


def test_no_amount_is_a_dash_without_a_currency():
    html = render('{% money amount "USD" %}', amount=None)
    assert "\u2014" in html
    assert "USD" not in html


def test_an_age_tells_the_exact_time_with_its_zone():
    then = timezone.now() - timedelta(minutes=12, seconds=30)
    html = render("{% age then %}", then=then)
    assert ">12 min</time>" in html
    assert f'title="{then:%Y-%m-%d %H:%M:%S} UTC"' in html
    assert "data-age" in html
    assert "\u2014" in render("{% age then %}", then=None)


def test_a_duration_is_minutes_and_seconds():
    assert render("{% duration_ms 168000 %}") == "2:48"


@pytest.mark.parametrize(
    ("used", "limit", "step"),
    [
        (0, 100, 0),
        (1, 1000, 1),
        (50, 100, 10),
        (69, 100, 14),
        (96, 100, 19),
        (100, 100, 20),
        (250, 100, 20),
        (5, 0, 0),
    ],
)
def test_a_bar_is_as_long_as_what_is_used(used, limit, step):
    assert look.bar_step(used, limit) == step


@pytest.mark.parametrize(
    ("used", "tone"),
    [(79, 'class="bar"'), (80, 'class="bar w"'), (94, 'class="bar w"'), (95, 'class="bar b"')],
)
def test_a_bar_warns_near_the_limit_and_says_so_in_words(used, tone):
    html = render("{% bar used 100 %}", used=used)
    assert tone in html
    assert f'aria-label="{used} % of the limit"' in html


def test_without_a_limit_there_is_no_bar():
    assert render("{% bar 5 limit %}", limit=None) == ""


def test_names_become_two_letters():
    assert [look.initials(n) for n in ("Ana Ribeiro", "noc@x.example", "Jan van der Berg", " ")] == [
        "AR",
        "N",
        "JB",
        "?",
    ]


class AddressForm(forms.Form):
    address = forms.CharField(label="IP address", help_text="IPv4, IPv6 or a network.")
    kind = forms.ChoiceField(widget=forms.RadioSelect, choices=[("ip", "IP"), ("sip", "SIP user")])
    live = forms.BooleanField(label="Enabled", required=False)

    def clean_address(self) -> str:
        raise forms.ValidationError("'10.0.0.300' is no address. Use one like 192.0.2.10.")


def test_a_wrong_field_says_what_is_wrong_and_is_tied_to_its_message():
    html = render("{% field form.address %}", form=AddressForm({"address": "10.0.0.300", "kind": "ip"}))
    assert 'for="id_address"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_address_error"' in html
    assert "id_address_error" in html.split("aria-describedby=")[1]
    assert "&#x27;10.0.0.300&#x27; is no address. Use one like 192.0.2.10." in html
    assert "IPv4, IPv6 or a network." in html


def test_choices_are_a_group_with_a_name_and_the_chosen_one_is_checked():
    html = render("{% field form.kind %}", form=AddressForm({"address": "x", "kind": "sip"}))
    assert "<legend>Kind" in html
    assert html.count('type="radio"') == 2
    assert 'value="sip" id="id_kind_1" checked' in html
    assert 'value="ip" id="id_kind_0" checked' not in html


def test_a_check_box_keeps_its_state_and_its_label():
    html = render("{% field form.live %}", form=AddressForm(initial={"live": True}))
    assert "checked" in html
    assert 'class="ck"' in html
    assert "<span>Enabled</span>" in html


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "429", "500"])
def test_error_pages_render_without_request_user_or_database(code):
    html = render_to_string(f"{code}.html")
    assert "<h1>" in html
    assert 'href="/"' in html
    assert "css/tokens" in html


def test_an_error_page_shows_the_request_id_to_quote():
    html = render_to_string("500.html", {"request": SimpleNamespace(request_id="b3f9c2d1")})
    assert "<code>b3f9c2d1</code>" in html


@pytest.mark.parametrize("urlconf", ["connexcs_admin.urls", "portal.urls"])
def test_both_sites_answer_a_fault_with_the_number_that_stands_in_the_log(urlconf, rf):
    request = rf.get("/")
    request.request_id = "b3f9c2d1"
    response = get_resolver(urlconf).resolve_error_handler(500)(request)
    assert response.status_code == 500
    assert "b3f9c2d1" in response.content.decode()
