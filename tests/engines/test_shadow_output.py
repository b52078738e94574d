"""What is read from Shadow's output: lines that Shadow 3.3 has printed, paths shortened."""

import pytest

from monerosim.engines.shadow.output import Heartbeats, dead_programs, explain_failure
from monerosim.events.traces import TraceLine

HEARTBEAT = """\
00:00:00.5 [1:shadow] n/a [INFO] [n/a] [manager.rs:753] [shadow_rs::core::manager] System memory usage in bytes at \
simtime {} ns reported by /proc/meminfo: {{"mem_total":25276}}
"""

FAILED = """\
** Starting Shadow 3.3.0
00:00:01.2 [1:shadow-worker] 00:00:31.0 [WARN] [user:11.0.0.6] [legacy_tcp.rs:1252] [shadow_rs] Cannot disable \
TCP_NODELAY since shadow does not implement Nagle's algorithm.
Error: process 'user-002.monerod.1000' exited with status Normal(1); expected end state was running but was exited: 1
Error: process 'funder.python3.11.1002' exited with status StoppedByShadow; expected end state was exited: 0 but was \
running
Error: Failed to run the simulation
Error:
Error: Caused by:
Error:     2 managed processes in unexpected final state
Error:
Error: Stack backtrace:
Error:    0: anyhow::error::<impl anyhow::Error>::msg
Error:              at ./csu/../sysdeps/nptl/libc_start_call_main.h:58:16
** Shadow did not complete successfully: Failed to run the simulation
**   2 managed processes in unexpected final state
** See the log for details
"""


REFUSED = """\
Failed to load configuration file shadow.yaml

Caused by:
    0: Could not parse configuration file
    1: unknown field `bogus_option`, expected one of `stop_time`, `seed`, `parallelism`

Stack backtrace:
   0: <E as anyhow::context::ext::StdError>::ext_context
   1: shadow_rs::shadow::run_shadow
   2: main_runShadow
   3: __libc_start_call_main
             at ./csu/../sysdeps/nptl/libc_start_call_main.h:58:16
   4: __libc_start_main_impl
             at ./csu/../csu/libc-start.c:360:3
   5: _start"""


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "shadow.log"
    path.write_text("** Starting Shadow 3.3.0\n")
    return path


def test_the_time_is_that_of_the_last_whole_heartbeat(log):
    heartbeats = Heartbeats(log)
    assert heartbeats.look() == 0
    with log.open("a") as file:
        file.write(HEARTBEAT.format(20000514000) + "something else\n" + HEARTBEAT.format(30050002000))
        file.write(HEARTBEAT.format(40101180000)[:-30])
        file.flush()
        assert heartbeats.look() == 30_050_002
        file.write(HEARTBEAT.format(40101180000)[-30:])
    assert heartbeats.look() == 40_101_180
    assert heartbeats.look() == 40_101_180


def test_programs_that_ended_are_named_with_their_last_words(log, tmp_path):
    log.write_text(FAILED)
    host = tmp_path / "data" / "hosts" / "user-002"
    host.mkdir(parents=True)
    (host / "monerod.1000.stderr").write_text("")
    (host / "monerod.1000.stdout").write_text("".join(f"line {number}\n" for number in range(20)) + "no such flag\n")
    told = explain_failure(log, tmp_path / "data", tmp_path / "hosts", 1)
    assert told.splitlines()[0] == f"Shadow ended with status 1 ({log}), because of 2 programs:"
    assert "monerod of user-002 exited with status Normal(1); expected end state was running but was exited: 1" in told
    assert "  line 0\n  line 1\n  ...\n  line 15\n" in told
    assert "  no such flag" in told
    assert "line 3\n" not in told
    assert "agent of funder exited with status StoppedByShadow" in told
    assert "(nothing)" in told


def test_an_agent_that_printed_nothing_has_its_last_warning_told(log, tmp_path):
    log.write_text(FAILED)
    funder = tmp_path / "hosts" / "funder"
    funder.mkdir(parents=True)
    for actor, lines in {
        "node": [(1, "WARNING", "no answer"), (7, "ERROR", "still no answer"), (9, "DEBUG", "asked again")],
        "wallet": [(5, "WARNING", "no wallet")],
    }.items():
        trace = "".join(
            TraceLine(t, level, "funder", actor, "m", "c", text, error="Traceback:\n  ...\nGone: away\n").json() + "\n"
            for t, level, text in lines
        )
        (funder / f"{actor}.jsonl").write_text(trace)
    (funder / "events.jsonl").write_text("{}\n")
    told = explain_failure(log, tmp_path / "data", tmp_path / "hosts", 1)
    assert "running. Its last words:\n  node: still no answer\n  Gone: away" in told
    assert "no wallet" not in told


def test_why_shadow_refused_its_configuration_is_told_and_not_where_in_its_code(log, tmp_path):
    log.write_text(REFUSED)
    told = explain_failure(log, tmp_path, tmp_path, 1).splitlines()
    assert told[1:] == [
        "  Failed to load configuration file shadow.yaml",
        "  Caused by:",
        "      0: Could not parse configuration file",
        "      1: unknown field `bogus_option`, expected one of `stop_time`, `seed`, `parallelism`",
    ]


def test_many_programs_are_counted(log, tmp_path):
    line = "Error: process 'user-{}.monerod.1000' exited with status Normal(1); expected end state was running\n"
    log.write_text("".join(line.format(number) for number in range(9)))
    told = explain_failure(log, tmp_path, tmp_path, 1)
    assert "because of 9 programs" in told
    assert told.endswith("and 6 more")


def test_where_no_program_failed_shadow_has_the_last_word(log, tmp_path):
    log.write_text(
        "** Starting Shadow 3.3.0\nError: Failed to initialize the simulation\nError:\nError: Stack backtrace:\n"
        "Error:   10: _start\n** Shadow did not complete successfully: Failed to initialize the simulation\n"
        "**   Process start time '90 s' must be earlier than the simulation stop time '45 s'\n"
    )
    told = explain_failure(log, tmp_path, tmp_path, 1)
    assert "must be earlier than the simulation stop time" in told
    assert "backtrace" not in told
    assert "_start" not in told
    assert explain_failure(log, tmp_path, tmp_path, -9).startswith("Shadow was killed by signal 9")


def test_who_ended_before_its_time_is_named_with_its_status(tmp_path):
    log = tmp_path / "shadow.log"
    log.write_text(
        "Error: process 'user-002.monerod.1000' exited with status Normal(1); expected end state was running\n"
        "Error: process 'user-003.monero-wallet-rpc.1001' exited with status Signaled(SIGSEGV); expected\n"
        "Error: process 'funder.python3.11.1002' exited with status Signaled(Signal(9)); expected\n"
        "Error: process 'miner.python3.11.1002' exited with status StoppedByShadow; expected end state was exited: 0\n"
    )
    assert list(dead_programs(log)) == [
        ("user-002", "monerod", 1),
        ("user-003", "monero-wallet-rpc", -11),
        ("funder", "agent", -9),
    ]
