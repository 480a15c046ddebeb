"""Grids of calls in a real browser: durations tick, states move, ticked records are tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from calls.models import Cdr, Dialog, DialogState
from tests import factories
from tests.calls.conversation import record, send

pytestmark = pytest.mark.django_db(transaction=True)


def test_durations_tick_and_a_state_changes_in_its_place(visit: Any, settings: Any):
    settings.GRID_POLL_SECONDS = 1
    switch = factories.make_switch()[0]
    at = timezone.now()
    Dialog.objects.create(
        customer_id=factories.make_customer().pk, switch=switch, callid="a", state=DialogState.RINGING,
        started_at=at - timedelta(seconds=59), seen_at=at + timedelta(minutes=5), told_at=at,
    )  # fmt: skip
    page = visit("/calls/live/?s=-start")
    lasted = page.locator("td[data-c=duration] time")
    expect(lasted).to_have_text("1:01", timeout=9_000)
    expect(lasted).to_have_text("1:02", timeout=3_000)
    Dialog.objects.update(state=DialogState.CONNECTED, answered_at=timezone.now())
    expect(page.locator("td[data-c=state]")).to_have_text("Connected", timeout=6_000)
    expect(lasted).to_have_text("0:03", timeout=9_000)


@pytest.mark.parametrize("scripts", [True, False])
def test_ticked_records_are_tried_again(visit: Any, scripts: bool):
    token = factories.make_switch("token-of-a-switch-1234")[1]
    customer = factories.make_customer()
    for number in range(3):
        send("cdrs", token, [record(customer, callid=f"call {number}") | {"customer_id": 987_654}])
    factories.make_customer(id=987_654)
    page = visit("/calls/quarantine/?f.state=in:waiting&s=-last", java_script_enabled=scripts)
    boxes = page.locator("tbody .sel input")
    expect(boxes).to_have_count(3)
    boxes.nth(0).check()
    boxes.nth(2).check()
    page.get_by_role("button", name="Try the ticked again").click()
    expect(page.get_by_text("2 stored, 0 known already, 0 refused again.")).to_be_visible()
    expect(boxes).to_have_count(1)
    assert Cdr.objects.count() == 2
