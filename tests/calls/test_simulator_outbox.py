"""The outbox: order, bounds, and what it finds after a stop."""

from pathlib import Path

import pytest

from calls.simulator.outbox import Outbox


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "plan.unsent"


def records(first: int, last: int) -> list[dict]:
    return [{"n": n, "name": "Ñandú\nline"} for n in range(first, last + 1)]


def drain(outbox: Outbox, size: int) -> list[str]:
    seen = []
    while batch := outbox.batch(size):
        seen += batch
        outbox.done(len(batch))
    return seen


def numbers(lines: list[str]) -> list[int]:
    return [int(line.split(":")[1].split(",")[0]) for line in lines]


@pytest.mark.parametrize("in_memory", [3, 10, 1000])
def test_records_leave_in_the_order_they_came_however_small_the_memory(spool, in_memory):
    outbox = Outbox(spool, in_memory=in_memory)
    for first in range(1, 100, 4):
        outbox.add(records(first, first + 3))
    assert len(outbox) == 100
    assert len(outbox.waiting) <= in_memory
    assert numbers(drain(outbox, 7)) == list(range(1, 101))
    assert not spool.exists()


def test_a_batch_comes_again_until_it_is_done(spool):
    outbox = Outbox(spool)
    outbox.add(records(1, 5))
    assert outbox.batch(3) == outbox.batch(3)
    outbox.done(3)
    assert numbers(outbox.batch(3)) == [4, 5]


@pytest.mark.parametrize("sent", [0, 2, 5, 9])
def test_what_was_not_acknowledged_is_there_after_a_stop(spool, sent):
    outbox = Outbox(spool, in_memory=3)
    outbox.add(records(1, 10))
    for _ in range(sent):
        outbox.batch(1)
        outbox.done(1)
    outbox.add(records(11, 12))
    outbox.close()
    assert spool.stat().st_mode & 0o077 == 0
    assert numbers(drain(Outbox(spool, in_memory=4), 5)) == list(range(sent + 1, 13))


def test_nothing_waiting_leaves_no_file(spool):
    outbox = Outbox(spool, in_memory=2)
    outbox.add(records(1, 9))
    drain(outbox, 4)
    outbox.close()
    assert not spool.exists()


def test_a_line_that_a_crash_cut_short_is_left_out(spool):
    spool.write_text('{"n": 1, "a": 1}\n{"n": 2, "a": 1}\n{"n": 3, "a')
    assert numbers(drain(Outbox(spool), 10)) == [1, 2]
