"""manage.py ingest_cdrs: files of every format, however large, interrupted, repeated, packed or broken."""

import gzip
import io
import json
import re
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from calls import files, reading_files, replay
from calls.management import progress
from calls.models import Cdr, HalfCall, QuarantinedRecord, ReadFile
from tests.calls.conversation import now, record
from tests.calls.formats import freeswitch_bodies
from tests.calls.formats.kamailio_rows import acc, acc_cdr
from tests.calls.formats.test_asterisk import row
from tests.calls.formats.test_kamailio import csv_of
from tests.factories import make_customer, make_ip_auth, make_sip_user, make_switch

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    customer = make_customer()
    make_ip_auth(customer, host="203.0.113.0/24")
    return customer


@pytest.fixture
def switch():
    return make_switch(name="fra-1")[0]


def ingest(*paths: Path, capsys, **options) -> str:
    call_command("ingest_cdrs", *paths, switch="fra-1", **options)
    return capsys.readouterr().out


def ndjson(customer, count: int, **fields) -> bytes:
    return b"".join(json.dumps(record(customer, **fields)).encode() + b"\n" for _n in range(count))


# --- Our own format


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", ["lines", "array"])
def test_a_file_of_our_own_records_is_stored_packed_or_not(tmp_path, customer, switch, capsys, shape, packed):
    records = [record(customer, cli=f"Zoë {n}") for n in range(7)]
    raw = (
        json.dumps(records).encode()
        if shape == "array"
        else b"\n".join(json.dumps(r).encode() for r in records)
    )
    path = tmp_path / "calls.json"
    path.write_bytes(gzip.compress(raw) if packed else raw)
    assert "7 stored, 0 known already, 0 refused" in ingest(path, capsys=capsys)
    assert set(Cdr.objects.values_list("cli", flat=True)) == {f"Zoë {n}" for n in range(7)}
    assert "0 stored, 7 known already" in ingest(path, capsys=capsys, restart=True)


def test_refused_records_are_named_by_their_number_and_wait_in_the_quarantine(
    tmp_path, customer, switch, capsys
):
    path = tmp_path / "calls.ndjson"
    path.write_bytes(
        ndjson(customer, 1) + b"{broken\n" + ndjson(customer, 1, sip_code=1) + b"7\n" + ndjson(customer, 1)
    )
    with pytest.raises(CommandError, match="3 records were refused and wait in the quarantine") as failed:
        call_command("ingest_cdrs", path, switch="fra-1")
    said = capsys.readouterr()
    assert failed.value.returncode == 1
    assert "2 stored, 0 known already, 3 refused" in said.out
    assert "record 2: This is no valid JSON" in said.err
    assert "record 3: sip_code: 1 is not" in said.err
    assert "record 4: 7 is not a JSON object" in said.err
    assert QuarantinedRecord.objects.count() == 3


def test_a_rehearsal_says_what_would_happen_and_keeps_nothing(tmp_path, customer, switch, capsys):
    path = tmp_path / "calls.ndjson"
    path.write_bytes(ndjson(customer, 2) + b"{broken\n")
    with pytest.raises(CommandError, match="1 record would be refused"):
        call_command("ingest_cdrs", path, switch="fra-1", dry_run=True)
    assert "2 would be stored, 0 known already, 1 would be refused" in capsys.readouterr().out
    assert not Cdr.objects.exists()
    assert not QuarantinedRecord.objects.exists()
    assert not ReadFile.objects.exists()


def test_a_file_that_has_grown_is_read_on_from_where_it_ended(tmp_path, customer, switch, capsys):
    path = tmp_path / "calls.ndjson"
    path.write_bytes(ndjson(customer, 3))
    ingest(path, capsys=capsys)
    with path.open("ab") as file:
        file.write(ndjson(customer, 2))
    assert "2 stored, 0 known already" in ingest(path, capsys=capsys)
    assert "0 stored, 0 known already" in ingest(path, capsys=capsys)


def test_a_new_file_under_an_old_name_is_read_from_its_beginning(tmp_path, customer, switch, capsys):
    path = tmp_path / "calls.ndjson"
    path.write_bytes(ndjson(customer, 3))
    ingest(path, capsys=capsys)
    path.write_bytes(ndjson(customer, 4))
    assert "4 stored, 0 known already" in ingest(path, capsys=capsys)


@pytest.mark.parametrize("shape", ["lines", "array"])
def test_an_interrupted_file_goes_on_after_the_last_piece_that_was_stored(
    tmp_path, customer, switch, capsys, monkeypatch, shape
):
    monkeypatch.setattr(files, "AT_ONCE", 10)
    raw = ndjson(customer, 45)
    path = tmp_path / "calls.json"
    path.write_bytes(b"[" + raw.strip().replace(b"\n", b",\n ") + b" ]\n" if shape == "array" else raw)
    real, taken = reading_files._take, []

    def pulled_out(*args):
        taken.append(args)
        if len(taken) == 3:
            raise KeyboardInterrupt
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(reading_files, "_take", pulled_out)
        with pytest.raises(KeyboardInterrupt):
            call_command("ingest_cdrs", path, switch="fra-1")
    assert Cdr.objects.count() == 20
    assert "25 stored, 0 known already" in ingest(path, capsys=capsys)


def test_an_array_is_read_at_flat_memory(tmp_path, customer, switch, monkeypatch):
    """Four times the records must not take much more memory."""
    monkeypatch.setattr(files, "AT_ONCE", 500)

    def peak(count: int) -> int:
        path = tmp_path / f"{count}.json"
        one = json.dumps(record(customer, meta={"note": "x" * 500})).encode()
        path.write_bytes(b"[" + b",".join([one] * count) + b"]")
        tracemalloc.start()
        with files.Source(path) as source:
            total = sum(len(chunk.items) for chunk in files.chunks(source, "connex"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert total == count
        return most

    assert peak(12_000) < 1.5 * peak(3_000)


# --- Other switches


def test_a_folder_of_freeswitchs_error_files_comes_in_once(tmp_path, customer, switch, capsys):
    start = now() - timedelta(minutes=5)
    day = tmp_path / "2026-11-21"
    day.mkdir()
    for n in range(3):
        (day / f"u{n}.cdr.json").write_bytes(
            freeswitch_bodies.body(start, uuid=f"u{n}", answer_ms=5, talk_ms=1_000)
        )
    (tmp_path / "a_u3.cdr.json.gz").write_bytes(
        gzip.compress(freeswitch_bodies.body(start, uuid="u3", lasted_ms=5))
    )
    (tmp_path / "b.cdr.json").write_bytes(
        freeswitch_bodies.body(start, uuid="b", lasted_ms=5, direction="outbound")
    )
    (tmp_path / "notes.txt").write_text("not a call")
    first = ingest(tmp_path, capsys=capsys, format="freeswitch")
    again = ingest(tmp_path, capsys=capsys, format="freeswitch")
    assert "4 stored, 0 known already, 0 refused, 1 left out: a leg towards a carrier (B-leg)" in first
    assert "0 stored, 4 known already" in again
    assert Cdr.objects.count() == 4


def test_a_broken_error_file_is_named_and_the_others_are_stored(tmp_path, customer, switch, capsys):
    (tmp_path / "good.cdr.json").write_bytes(freeswitch_bodies.body(now(), uuid="u", lasted_ms=5))
    (tmp_path / "torn.cdr.json").write_bytes(b'{"core-uuid": "')
    with pytest.raises(CommandError, match="1 record was refused"):
        call_command("ingest_cdrs", tmp_path, switch="fra-1", format="freeswitch")
    assert "torn.cdr.json: This is no valid JSON" in capsys.readouterr().err
    assert Cdr.objects.count() == 1


def test_asterisks_master_csv_comes_in_by_the_format_that_the_switch_is_set_to(tmp_path, customer, capsys):
    make_switch(name="fra-1", cdr_format="asterisk", time_zone="Europe/Berlin")
    start = (now() - timedelta(hours=1)).replace(microsecond=0)
    path = tmp_path / "Master.csv"
    path.write_bytes(b"".join(row(start, accountcode=str(customer.pk), sequence=str(n)) for n in range(5)))
    assert "5 stored" in ingest(path, capsys=capsys)
    assert set(Cdr.objects.values_list("started_at", flat=True)) == {start}


@pytest.mark.parametrize("columns", [17, 18, 20, 21])
def test_rows_of_one_asterisk_call_are_never_torn_apart(tmp_path, customer, capsys, monkeypatch, columns):
    monkeypatch.setattr(files, "AT_ONCE", 2)
    make_switch(name="fra-1", cdr_format="asterisk", time_zone="Europe/Berlin")
    start = (now() - timedelta(hours=1)).replace(microsecond=0)
    rows = [
        row(start, columns=columns, accountcode=str(customer.pk), sequence=str(n), disposition="BUSY",
            dstchannel=f"PJSIP/nordic-{n}")
        for n in range(3)
    ]  # fmt: skip
    path = tmp_path / "Master.csv"
    path.write_bytes(b"".join(rows))
    ingest(path, capsys=capsys)
    assert Cdr.objects.filter(is_last=True).count() == 1


def test_a_refused_row_keeps_the_names_of_its_columns_and_can_be_replayed(tmp_path, capsys):
    make_switch(name="fra-1", cdr_format="asterisk")
    path = tmp_path / "own.csv"
    path.write_text(f'"{now():%Y-%m-%d %H:%M:%S}",BUSY,0,PJSIP/new-01,"Zoë"\n')
    with pytest.raises(CommandError, match="1 record was refused"):
        call_command("ingest_cdrs", path, switch="fra-1", columns="start,disposition,billsec,channel,clid")
    make_sip_user(make_customer(), username="new")
    assert replay.replay(QuarantinedRecord.objects.all(), by=None).stored == 1
    assert Cdr.objects.get().meta["asterisk"]["clid"] == "Zoë"


def test_a_row_that_asterisk_is_still_writing_is_taken_when_it_is_whole(tmp_path, customer, capsys):
    make_switch(name="fra-1", cdr_format="asterisk", time_zone="Europe/Berlin")
    start = (now() - timedelta(hours=1)).replace(microsecond=0)
    one, two = (row(start, accountcode=str(customer.pk), sequence=str(n)) for n in (1, 2))
    path = tmp_path / "Master.csv"
    path.write_bytes(one + two[:100])
    with pytest.raises(CommandError):
        call_command("ingest_cdrs", path, switch="fra-1")
    path.write_bytes(one + two)
    assert "1 stored, 0 known already" in ingest(path, capsys=capsys)


def test_exports_of_kamailios_tables_come_in_with_their_header(tmp_path, customer, switch, capsys):
    start = now() - timedelta(hours=1)
    (tmp_path / "acc.csv").write_bytes(
        csv_of(acc("BYE", "c", start + timedelta(seconds=8)), acc("INVITE", "d", start))
    )
    (tmp_path / "acc_cdrs.csv").write_bytes(csv_of(acc_cdr("e", start, 4.0), acc_cdr("f", start, 5.0)))
    (tmp_path / "more.ndjson").write_text(json.dumps(acc("INVITE", "c", start)) + "\n")
    said = ingest(tmp_path, capsys=capsys, format="kamailio")
    assert "In all: 3 stored, 0 known already, 0 refused" in said
    assert HalfCall.objects.filter(state="waiting").get().callid == "d"


# --- Several processes


@pytest.mark.django_db(transaction=True)
def test_two_processes_store_one_file_once(tmp_path, capsys, monkeypatch):
    customer = make_customer()
    make_switch(name="fra-1")
    monkeypatch.setattr(files, "AT_ONCE", 50)
    path = tmp_path / "calls.ndjson"
    path.write_bytes(ndjson(customer, 400) + b"{broken\n")
    with pytest.raises(CommandError, match="1 record was refused"):
        call_command("ingest_cdrs", path, switch="fra-1", processes=2)
    assert "400 stored, 0 known already, 1 refused" in capsys.readouterr().out
    assert Cdr.objects.count() == 400
    assert ReadFile.objects.get().records == 401


def test_a_terminal_sees_how_far_it_is_and_a_file_does_not(tmp_path, customer, switch, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(files, "AT_ONCE", 10)
    monkeypatch.setattr(progress, "_EVERY_S", 0)
    path = tmp_path / "calls.ndjson"
    path.write_bytes(ndjson(customer, 20))
    for out, watched in ((Terminal(), True), (io.StringIO(), False)):
        call_command("ingest_cdrs", path, switch="fra-1", restart=True, stderr=out, stdout=io.StringIO())
        assert ("%" in out.getvalue()) is watched


# --- What cannot be read


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'[{"a": 1}, {"b": ', "ends early|broken at byte"),
        (b'[{"a": 1}, nonsense', "broken at byte 11"),
        (b"[" * 100_000, "broken at byte"),
        (gzip.compress(b'{"a": 1}\n' * 5_000)[:-9], "no whole gzip file"),
    ],
)
def test_a_file_that_breaks_off_is_named_with_the_place(tmp_path, switch, capsys, raw, words):
    path = tmp_path / "calls.json"
    path.write_bytes(raw)
    with pytest.raises(CommandError, match="Not all files could be read") as failed:
        call_command("ingest_cdrs", path, switch="fra-1")
    assert failed.value.returncode == 2
    assert re.search(words, capsys.readouterr().err)


def test_a_bomb_of_gzip_is_refused_before_it_is_unpacked(tmp_path, switch, capsys):
    path = tmp_path / "calls.ndjson.gz"
    path.write_bytes(gzip.compress(b" " * 80_000_000))
    with pytest.raises(CommandError, match="Not all files could be read"):
        call_command("ingest_cdrs", path, switch="fra-1")
    assert "more than 200 times its size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"switch": "fra-2"}, "no switch “fra-2”"),
        ({"format": "freeswitch", "columns": "a"}, "records have names"),
        ({"format": "asterisk", "columns": "src,dst"}, "billsec, channel, disposition, start"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_read(tmp_path, switch, options, words):
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(CommandError, match=words) as failed:
        call_command("ingest_cdrs", tmp_path / "x", **{"switch": "fra-1", **options})
    assert failed.value.returncode == 2


def test_a_file_that_is_not_there_is_named(tmp_path, switch):
    with pytest.raises(CommandError, match=r"gone\.json does not exist"):
        call_command("ingest_cdrs", tmp_path / "gone.json", switch="fra-1")
