"""`make run` as a person meets it: the real launcher and real servers around a toy application."""

import os
import signal
import stat
import time

import pytest

from launcher.processes import wait_for
from tests.launcher.toys import Running, is_alive, make_toy_checkout, running

ROUNDS = int(os.environ.get("CONNEX_SOAK", "1"))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return make_toy_checkout(tmp_path_factory.mktemp("run"))


def test_it_prints_address_email_and_password_once_the_page_answers_and_ctrl_c_twice_ends_all(checkout):
    with running(checkout, DEMO_PASSWORD="correct horse") as run:
        run.wait_until_ready()
        assert run.answers()
        assert f"http://localhost:{run.port}" in run.output
        assert "admin@connex.example" in run.output
        assert "correct horse" in run.output
        assert wait_for(lambda: "toy simulate_traffic" in run.output, seconds=10)
        children = run.children()
        assert {"postgres", "valkey", "web", "worker", "beat", "pulse", "traffic"} == set(children)

        run.press_ctrl_c()
        time.sleep(0.3)
        run.press_ctrl_c()
        assert run.exit_code() == 0
    assert "Traceback" not in run.output
    assert run.output.rstrip().endswith("Stopped.")
    assert not any(is_alive(pid) for pid in children.values())


def test_what_runs_is_written_for_a_second_terminal_and_read_by_the_owner_alone(checkout):
    with running(checkout) as run:
        run.wait_until_ready()
        path = run.home / "run.env"
        values = dict(line.split("=", 1) for line in path.read_text().splitlines())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert values["PORT"] == str(run.port)
        assert values["DATABASE_URL"].startswith("postgres://connex:")
        assert values["REDIS_URL"].startswith("redis://:")
        assert len(values["SECRET_KEY"]) >= 50
        assert len(values["ENCRYPTION_KEYS"]) >= 32
        secrets = (run.home / "secrets.json").stat()
        assert stat.S_IMODE(secrets.st_mode) == 0o600
    assert not path.exists()


@pytest.mark.soak
def test_whoever_is_killed_comes_back_and_the_others_keep_running(checkout):
    with running(checkout) as run:
        run.wait_until_ready()
        assert wait_for(lambda: "traffic" in run.children(), seconds=20)
        for round_ in range(ROUNDS):
            for name in ("web", "worker", "pulse", "valkey", "postgres"):
                kill_one_and_see_it_return(run, name)
            if round_ + 1 < ROUNDS:
                time.sleep(60 / 4)  # five deaths of one child within a minute would rightly end the run
        run.press_ctrl_c()
        assert run.exit_code() == 0


def kill_one_and_see_it_return(run, name):
    before = run.children()
    os.kill(before[name], signal.SIGKILL)
    assert wait_for(lambda: run.children().get(name, before[name]) != before[name], seconds=20), name
    assert wait_for(run.answers, seconds=20), name
    after = run.children()
    assert after.pop(name) != before.pop(name)
    assert after == before


def test_a_start_after_kill_9_of_the_launcher_just_works_and_keeps_password_and_ports(checkout):
    first = Running(checkout).wait_until_ready()
    told = (first.home / "run.env").read_text()
    first.process.kill()
    first.process.wait()
    with running(checkout, PORT=str(first.port)) as second:
        second.wait_until_ready()
        assert second.answers()
        assert (second.home / "run.env").read_text() == told


def test_a_new_demo_password_does_not_change_the_old_users_and_that_is_said(checkout, tmp_path):
    home = str(tmp_path / "home")
    for given, told in (("first password", "first password"), ("other password", "first password")):
        with running(checkout, CONNEX_HOME=home, DEMO_PASSWORD=given) as run:
            run.wait_until_ready()
            assert f"Password  {told}\n" in run.output
    assert "DEMO_PASSWORD has changed" in run.output


def test_a_second_start_on_the_same_data_folder_is_told_who_has_it(checkout):
    with running(checkout) as first:
        first.wait_until_ready()
        with running(checkout) as second:
            assert second.exit_code() == 2
        assert (
            f"already running on the data folder {first.home} (process {first.process.pid})" in second.output
        )
        assert first.answers()


def test_a_port_in_use_is_named_with_a_free_one_to_try(checkout):
    with running(checkout) as first:
        first.wait_until_ready()
        with running(checkout, PORT=str(first.port), CONNEX_HOME=str(checkout / "other")) as second:
            assert second.exit_code() == 2
        assert f"PORT={first.port} is in use" in second.output
        assert "make run PORT=" in second.output
        assert "Traceback" not in second.output


def test_a_child_that_cannot_live_ends_the_run_with_its_name_and_last_words(checkout):
    with running(checkout, TOY_PULSE="broken") as run:
        assert run.exit_code(60) == 1
    assert "pulse ended 5 times within a minute (exit code 1)" in run.output
    assert "the pulse cannot reach its lock" in run.output
    assert "Traceback" not in run.output
    assert not run.children()


def test_a_setting_the_application_refuses_is_said_in_its_own_words_before_any_server_starts(checkout):
    with running(checkout, TOY_SETTINGS="wrong") as run:
        assert run.exit_code() == 1
    assert "PULSE_TICK_MS='fast' is not understood. Use a whole number." in run.output
    assert "Traceback" not in run.output
    assert "Stopping" not in run.output


def test_a_server_given_by_address_is_used_and_an_unreachable_one_is_named(checkout):
    with running(checkout, DATABASE_URL="postgres://connex:no@127.0.0.1:1/connex") as run:
        assert run.exit_code() == 1
    assert "DATABASE_URL: the server does not let us in" in run.output
    assert "unset DATABASE_URL" in run.output


def test_without_demo_or_traffic_nothing_is_made_up(checkout, tmp_path):
    with running(checkout, DEMO="0", CONNEX_HOME=str(tmp_path / "empty")) as run:
        run.wait_until_ready()
        assert "toy demo" not in run.output
        assert "traffic" not in run.children()
        assert "createsuperuser" in run.output


def test_the_servers_alone_are_there_for_a_second_terminal_and_nobody_else_is(checkout, tmp_path):
    with running(checkout, verb="servers", CONNEX_HOME=str(tmp_path / "home")) as run:
        assert wait_for(lambda: "and nothing else" in run.output, seconds=60), run.output
        assert {"postgres", "valkey"} == set(run.children())
        assert "DATABASE_URL=postgres://connex:" in (run.home / "run.env").read_text()
        assert not run.answers()
        run.press_ctrl_c()
        assert run.exit_code() == 0
    assert "Traceback" not in run.output
