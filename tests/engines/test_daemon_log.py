"""What a monerod's log tells: blocks, transactions, connections and reorganisations, from logs of the real program."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monerosim.engines.daemon_log import (
    BlockHad,
    BranchLeft,
    Connected,
    Disconnected,
    TransactionHad,
    read_daemon_log,
)
from monerosim.units import SECOND

REORGANISATION = Path(__file__).with_name("reorganisation.log")
"""monerod 0.18.0.0 with --log-level=0,blockchain:INFO, three blocks of its own, then a peer with five; stack traces
of its allocator, which it logs, are cut out."""

ARRIVALS = Path(__file__).with_name("arrivals.log")
"""monerod 0.18.0.0 with the log level of a plan, a node whose wallet pays three times, killed and started again after
the second; its greetings, and the blocks 1 to 99, are cut out."""

OLD_TIP = "12a485892f917bf0b83728a5be878950c89797e5bad83d598caf7d60f7d83e01"
NEW_TIP = "64babdf5291d89c13e49d0a4ae4aa051c32a9e27a7560ae5f5ee332edfc7689e"
GENESIS = "418015bb9ae982a1975da7d79277c2705727a56894ba0fb246adaabb1f4632e3"

TALK = """\
2000-01-01 00:00:02.100\t[P2P0]\tINFO\tnet.p2p\tsrc/p2p/net_node.inl:2673\t[11.0.0.4:18080 f4796914-f02b-457b-8f47-6378eb75cc6c OUT] NEW CONNECTION
2000-01-01 00:00:02.150\t[P2P8]\tINFO\tnet.p2p\tsrc/p2p/net_node.inl:2673\t[11.0.0.6:28575 232ee524-ca61-4278-b8f0-508561667563 INC] NEW CONNECTION
2000-01-01 00:00:02.200\t[P2P5]\tINFO\tnet.p2p\tsrc/p2p/net_node.inl:1215\t[11.0.0.4:18080 OUT] New connection handshaked, pruning seed 0
2000-01-01 00:00:02.250\t[P2P8]\tINFO\tnet.p2p\tsrc/p2p/net_node.inl:2673\t[11.0.0.6:18080 99b724ec-d238-4529-8053-34844fabba01 OUT] NEW CONNECTION
2000-01-01 00:00:02.250\t[P2P8]\tINFO\tnet.p2p\tsrc/p2p/net_node.inl:2692\t[11.0.0.6:18080 99b724ec-d238-4529-8053-34844fabba01 OUT] CLOSE CONNECTION
2000-01-01 00:00:02.250\t[P2P9]\tINFO\tnet.p2p\tsrc/p2p/net_node.inl:2673\t[11.0.0.4:18080 2b07f267-1282-40ac-958c-586bc3829295 OUT] NEW CONNECTION
2000-01-01 00:00:02.250\t[P2P9]\tINFO\tnet.p2p\tsrc/p2p/net_node.inl:2692\t[11.0.0.4:18080 2b07f267-1282-40ac-958c-586bc3829295 OUT] CLOSE CONNECTION
"""  # noqa: E501  (as monerod writes it)
"""monerod 0.18.0.0 under Shadow: it dials 11.0.0.4, and is dialled by 11.0.0.6; it dials both for a moment to see
whether they can be reached."""


def at(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * SECOND)


def found(log, *kinds):
    return [one for one in read_daemon_log(log) if isinstance(one, kinds)]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "monerod.log"


def test_blocks_are_told_when_they_are_added():
    blocks = found(ARRIVALS, BlockHad)
    assert blocks[0] == BlockHad(at("2026-11-21 11:19:19.905"), GENESIS, 0)
    assert [block.height for block in blocks] == [0, 100, 101, 102, 103, 104]
    assert blocks[2] == BlockHad(
        at("2026-11-21 11:20:41.351"), "02b35772e6996f13846f6f94adf27e572322f5f4bd87727e58bf03ca90cca6e8", 101
    )


def test_a_block_of_another_branch_is_told_when_it_comes():
    blocks = found(REORGANISATION, BlockHad)
    first = {block.hash: block for block in reversed(blocks)}
    branch = "0aff5e90f14627c8285675f5c8af9c3def8a8d51893c1ee3ae6c57b2e4dfd0f6"
    assert first[branch] == BlockHad(at("2026-11-21 08:06:43.701"), branch, 1)
    assert first[OLD_TIP] == BlockHad(at("2026-11-21 08:06:36.545"), OLD_TIP, 3)


def test_transactions_are_told_when_they_are_taken_and_again_when_monerod_starts_with_them():
    times = [(one.at, one.txid[:4]) for one in found(ARRIVALS, TransactionHad)]
    assert times == [
        (at("2026-11-21 11:20:27.788"), "0d94"),
        (at("2026-11-21 11:20:40.278"), "a622"),
        (at("2026-11-21 11:20:47.185"), "a622"),
        (at("2026-11-21 11:20:56.691"), "0ac0"),
    ]


def test_the_connections_of_a_node_that_was_killed_are_over_when_it_starts_again():
    address = "127.9.0.1:18080"
    assert found(ARRIVALS, Connected, Disconnected) == [
        Connected(at("2026-11-21 11:19:20.919"), address),
        Disconnected(at("2026-11-21 11:20:47.165"), address),
        Connected(at("2026-11-21 11:20:48.189"), address),
        Disconnected(at("2026-11-21 11:21:10.865"), address),
    ]


def test_a_peer_that_is_only_dialled_to_see_whether_it_is_there_is_no_connection(log):
    log.write_text(TALK)
    assert list(read_daemon_log(log)) == [Connected(at("2000-01-01 00:00:02.200"), "11.0.0.4:18080")]


def test_which_of_two_connections_has_shaken_hands_is_known_when_one_is_over(log):
    _, _, shaken, *_, dialled, over = TALK.splitlines(keepends=True)
    closed = over.replace("00:00:02.250", "00:09:00.000").replace("2b07f267-1282-40ac-958c-586bc3829295", "{}")
    first, second = "f4796914-f02b-457b-8f47-6378eb75cc6c", "2b07f267-1282-40ac-958c-586bc3829295"
    for one, other in ((first, second), (second, first)):
        log.write_text(TALK.splitlines(keepends=True)[0] + dialled + shaken + over.replace(second, one))
        assert found(log, Disconnected) == []
        with log.open("a") as file:
            file.write(closed.format(other))
            file.write(closed.format(other))
        assert found(log, Disconnected) == [Disconnected(at("2000-01-01 00:09:00"), "11.0.0.4:18080")]


def test_a_reorganisation_is_told_with_both_tips():
    assert found(REORGANISATION, BranchLeft) == [BranchLeft(at("2026-11-21 08:06:45.274"), 3, OLD_TIP, NEW_TIP)]


def test_at_the_default_log_level_the_new_tip_of_a_reorganisation_is_not_known(log):
    recorded = REORGANISATION.read_text().splitlines(keepends=True)
    log.write_text("".join(one for one in recorded if "\tblockchain\t" not in one))
    (told,) = found(log, BranchLeft)
    assert told[1:] == (3, OLD_TIP, "")


def test_logs_that_monerod_has_moved_aside_come_first(log):
    whole = ARRIVALS.read_text().splitlines(keepends=True)
    log.with_name("monerod.log-2026-11-21-11-20-30").write_text("".join(whole[:12]))
    log.with_name("monerod.log-2026-11-21-11-20-45").write_text("".join(whole[12:22]))
    log.write_text("".join(whole[22:]))
    assert list(read_daemon_log(log)) == list(read_daemon_log(ARRIVALS))


def test_a_node_that_wrote_no_log_tells_nothing(log):
    assert list(read_daemon_log(log)) == []


def test_a_log_that_ends_anywhere_tells_what_was_whole(log):
    whole = ARRIVALS.read_bytes()[:2500]
    told = list(read_daemon_log(ARRIVALS))
    for length in range(len(whole)):
        log.write_bytes(whole[:length])
        cut = list(read_daemon_log(log))
        assert cut == told[: len(cut)]
    assert len(cut) >= 3


DAMAGE = st.one_of(
    st.sampled_from([*REORGANISATION.read_text().splitlines(), *ARRIVALS.read_text().splitlines()]),
    st.sampled_from(TALK.splitlines()).flatmap(lambda line: st.integers(0, len(line)).map(lambda end: line[:end])),
    st.just("2026-99-99 99:99:99.000\t[P2P0]\tINFO\tnet.p2p\tx:1\tMonero '' (v"),
    st.text(max_size=80),
)


@given(st.lists(DAMAGE))
def test_no_log_is_too_damaged_to_be_read(tmp_path_factory, lines):
    log = tmp_path_factory.mktemp("log") / "monerod.log"
    log.write_text("\n".join([*lines, ""]), encoding="utf-8", errors="surrogatepass")
    for told in read_daemon_log(log):
        assert told.at > 0
