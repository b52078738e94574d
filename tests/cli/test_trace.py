"""``monerosim trace``: choosing lines, following one cause across actors and hosts."""

import json

import msgspec
import pytest
from click.testing import CliRunner
from small_runs import WHOLE, happened, play

from monerosim.cli import main
from monerosim.events import BlockFound, OrderChanged, PaymentConfirmed, PaymentReceived, PaymentSent
from monerosim.units import SECOND, parse_duration


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("trace") / "run", trace_level="TRACE")


def call(*arguments):
    result = CliRunner().invoke(main, ["trace", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback (" not in result.output
    return result


@pytest.fixture
def lines(played):
    def lines(*options):
        if not {"--since", "--until", "--follow"} & set(options):
            options = (*options, "--since", "-24h")
        result = call(played.directory, "--json", *options)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    return lines


def of_actors(lines):
    return [line for line in lines if line["message"] != "engine"]


def of_nodes(lines):
    return [line for line in lines if line["message"] == "engine"]


def test_all_lines_are_shown_in_time_order(played, lines):
    shown = lines()
    stored = [line for path in (played.directory / "hosts").rglob("*.jsonl") for line in path.read_text().splitlines()]
    assert sorted(json.dumps(line, sort_keys=True) for line in shown) == sorted(
        json.dumps(json.loads(line), sort_keys=True) for line in stored
    )
    keys = [(line["t"], line["participant"], line["number"]) for line in shown]
    assert keys == sorted(keys)


def test_participants_actors_and_levels_choose(lines):
    assert {line["participant"] for line in lines("-p", "miner", "-p", "user-001")} == {"miner", "user-001"}
    assert {line["actor"] for line in lines("-a", "wallet", "-a", "node")} == {"wallet", "node"}
    assert {line["level"] for line in lines("-l", "info")} <= {"INFO", "WARNING", "ERROR"}
    both = lines("-p", "miner", "-a", "wallet")
    assert {(line["participant"], line["actor"]) for line in both} == {("miner", "wallet")}


@pytest.mark.parametrize(("since", "until"), [("-2m", "1s"), ("-90s", "-30s"), ("5m", "6m"), ("0s", "1h")])
def test_times_choose(lines, since, until):
    def at(text):
        return -parse_duration(text[1:]) if text[0] == "-" else parse_duration(text)

    shown = lines("--since", since, "--until", until)
    assert shown == [line for line in lines() if at(since) <= line["t"] <= at(until)]
    assert shown


def test_a_payment_is_followed_from_the_decision_to_the_receipt(played, lines):
    received = happened(played, PaymentReceived)
    for record in (received[0], received[-1]):
        shown = of_actors(lines("--follow", record.data.txid))
        steps = [(line["participant"].split("-")[0], line["actor"], line["text"].split()[0]) for line in shown]
        payer = [step for step in steps if step[0] == "user"]
        # The wallet sends before the user can say that it has paid.
        assert payer.index(("user", "wallet", "sent")) < payer.index(("user", "regular-user", "paid"))
        assert ("marketplace", "marketplace", "received") in steps
        assert ("user", "wallet", "payment") in steps
        assert {line["data"]["txid"] for line in shown if "txid" in line.get("data", {})} == {record.data.txid}
        assert len({line["participant"] for line in shown}) == 2


def test_a_payment_that_waited_is_followed_from_its_beginning(lines):
    waits = [line for line in lines("-l", "debug", "-a", "regular-user") if "waits" in line["text"]]
    chains = [lines("--follow", line["cause"]) for line in waits]
    whole = next(chain for chain in chains if any(line["text"].startswith("paid") for line in chain))
    assert "waits" in whole[0]["text"]
    assert whole[-1]["t"] - whole[0]["t"] >= 60 * SECOND


def test_a_block_is_followed_to_registrar_and_pool_through_the_mailboxes(played, lines):
    (found, *_) = happened(played, BlockFound)
    shown = of_actors(lines("--follow", found.data.hash))
    places = [(line["participant"], line["actor"]) for line in shown]
    assert places == [
        ("block-controller", "node-of-miner"),
        ("block-controller", "mailbox"),  # it sends the registrar a note
        ("block-controller", "block-controller"),
        ("block-controller", "mailbox"),  # it sends the pool a letter
        ("block-controller", "mailbox"),  # it hands the registrar its note
        ("miner", "mailbox"),
        ("miner", "mining-pool"),
    ]
    assert len({line["cause"] for line in shown}) == 1
    assert lines("--follow", shown[0]["cause"]) == shown


def test_a_payments_way_from_node_to_node_is_among_what_is_followed(played, lines):
    sent = next(one for one in happened(played, PaymentSent) if one.participant == "user-002")
    shown = lines("--follow", sent.data.txid)
    assert shown == sorted(shown, key=lambda line: (line["t"], line["participant"], line.get("number", 0)))
    way = of_nodes(shown)
    assert {line["participant"] for line in way} == {"miner", "user-001", "user-002", "user-003"}
    assert {(line["actor"], line["level"], line["data"]["txid"]) for line in way} == {("node", "TRACE", sent.data.txid)}
    assert (way[0]["t"], way[0]["participant"]) == (sent.t, "user-002")
    assert way[0]["text"] == "has the transaction, as the first node"
    last = (way[-1]["t"] - sent.t) / SECOND
    assert way[-1]["text"] == f"has the transaction, {last:.3f} s after the first"
    confirmed = next(line for line in shown if line["text"].startswith("payment confirmed"))
    assert all(line["t"] < confirmed["t"] for line in way)


def test_a_blocks_way_names_its_height(played, lines):
    (found, *_) = happened(played, BlockFound)
    way = of_nodes(lines("--follow", found.data.hash))
    assert len(way) == 4
    assert all(line["text"].startswith(f"has block {found.data.height}, ") for line in way)


def test_what_is_chosen_counts_for_nodes_too(played, lines):
    sent = happened(played, PaymentSent, "user-002")[0]
    choose = ("--follow", sent.data.txid)
    assert of_nodes(lines(*choose, "-l", "debug")) == []
    assert of_nodes(lines(*choose, "-a", "wallet")) == []
    assert {line["participant"] for line in of_nodes(lines(*choose, "-p", "miner"))} == {"miner"}
    (alone,) = of_nodes(lines(*choose, "--until", f"{sent.t // SECOND}s"))
    assert alone["participant"] == "user-002"


def test_connections_are_shown_when_asked_for(played, lines):
    assert of_nodes(lines()) == []
    way = of_nodes(lines("--connections"))
    (miner,) = (host.node for host in played.plan.hosts if host.name == "miner")
    assert [line["text"] for line in way if line["participant"] == "miner"] == [
        f"is connected to {peer}, which it dialled" for peer in miner.peers
    ]
    assert {line["participant"] for line in way} == {"miner", "user-001", "user-002", "user-003"}
    assert way[0] in lines("--connections", "-a", "node")


def test_the_plain_form_names_time_place_and_message(played):
    (found, *_) = happened(played, BlockFound)
    shown = call(played.directory, "--follow", found.data.hash, "-a", "mining-pool").stdout
    assert f"miner/mining-pool: found block {found.data.height}, 1 so far" in shown
    assert f"block={found.data.hash}" in shown
    assert "< block-controller/block-controller#" in shown
    first = call(played.directory, "--until", "-1m").stdout.splitlines()[0]
    assert first.strip().startswith("-0:")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-p", "usr-001"], "no such participant: 'usr-001'; did you mean 'user-001'?"),
        (["-a", "walet"], "no such actor: 'walet'; did you mean 'wallet'?"),
        (["--since", "soon"], "expected a duration"),
        (["--level", "loud"], "loud"),
    ],
)
def test_a_wrong_choice_is_an_error(played, options, message):
    result = call(played.directory, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_an_order_is_followed_to_its_confirmation_and_no_other(tmp_path):
    played = play(WHOLE, tmp_path / "run", "participants.user.orders=true", "participants.user.wallet.outputs=10")
    changed = [record.data for record in happened(played, OrderChanged) if record.data.state == "confirmed"]
    assert len(changed) >= 3
    for order in changed:
        shown = [
            json.loads(line) for line in call(played.directory, "--json", "--follow", order.order).stdout.splitlines()
        ]
        told = [line["text"] for line in shown if line["actor"] == "marketplace"]
        assert [text.split(":")[0] for text in told[-3:]] == [
            f"order is {it}" for it in ("seen", "received", "confirmed")
        ]
        assert {line["data"]["order"] for line in shown if "order" in line.get("data", {})} == {order.order}
        assert any(line["text"].startswith("paid ") for line in shown)
        of_payment = call(played.directory, "--json", "--follow", order.txid).stdout.splitlines()
        named = [json.loads(line).get("data", {}) for line in of_payment]
        assert {data["order"] for data in named if "order" in data} == {order.order}


def test_a_message_is_followed_to_the_payments_confirmation(played, lines):
    sent = next(record for record in happened(played, PaymentConfirmed) if record.participant != "funder")
    texts = [line["text"] for line in lines("--follow", sent.cause)]
    assert any(text.startswith("payment confirmed in block ") for text in texts)


def test_a_group_stands_for_all_its_members(lines):
    assert lines("-p", "user") == lines("-p", "user-001", "-p", "user-002", "-p", "user-003")


def test_times_may_be_written_as_lines_have_them(lines):
    assert lines("--since", "0:05:00.000", "--until", "0:06:00") == lines("--since", "5m", "--until", "6m")
    assert lines("--until", "-0:01:30") == lines("--until", "-90s")


def test_what_is_followed_is_chosen_from_afterwards(played, lines):
    txid = happened(played, PaymentReceived)[0].data.txid
    whole = lines("--follow", txid)
    for participant in {line["participant"] for line in whole}:
        of_one = [line for line in whole if line["participant"] == participant]
        assert lines("--follow", txid, "-p", participant) == of_one
    assert lines("--follow", txid, "-l", "info") == [line for line in whole if line["level"] == "INFO"]


def test_the_beginning_of_a_hash_is_enough(played, lines):
    txid = happened(played, PaymentReceived)[0].data.txid
    assert lines("--follow", txid[:8]) == lines("--follow", txid)


def test_a_beginning_that_several_have_is_an_error(tmp_path):
    played = play(WHOLE, tmp_path / "run")
    last = [*played.traces(participants=("miner",), actors=("mining-pool",))][-1]
    items = ["abcdef" + character * 58 for character in "01"]
    with (played.directory / "hosts" / "miner" / "mining-pool.jsonl").open("a") as file:
        file.writelines(msgspec.structs.replace(last, data={"txid": item}).json() + "\n" for item in items)
    result = call(played.directory, "--follow", "abcdef")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: 2 transactions and blocks begin with abcdef: {', '.join(items)}\n"
    shown = call(played.directory, "--follow", "abcdef0").stdout
    assert items[0] in shown
    assert items[1] not in shown


@pytest.mark.parametrize("options", [["-a", "mining-pool", "-p", "user-001"], ["--follow", "ffff"], ["--since", "9h"]])
def test_no_line_is_told(played, options):
    result = call(played.directory, *options)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "no matching lines\n")


def test_what_is_no_run_is_an_error(tmp_path):
    result = call(tmp_path)
    assert result.exit_code == 1
    assert "no run directory" in result.stderr
    assert call(tmp_path / "nowhere").exit_code == 2


@pytest.mark.parametrize("options", [[], ["--follow", "ffff"]])
def test_a_damaged_line_is_named(tmp_path, options):
    play(WHOLE, tmp_path / "run")
    with (tmp_path / "run" / "hosts" / "miner" / "mining-pool.jsonl").open("ab") as file:
        file.write(b"\xff{\n")
    result = call(tmp_path / "run", *options)
    assert result.exit_code == 1
    assert "mining-pool.jsonl, line " in result.stderr


def test_a_damaged_event_is_named(tmp_path):
    play(WHOLE, tmp_path / "run")
    with (tmp_path / "run" / "events.jsonl").open("ab") as file:
        file.write(b"\xff{\n")
    result = call(tmp_path / "run", "--follow", "ffff")
    assert result.exit_code == 1
    assert "events.jsonl, line " in result.stderr


def test_a_run_that_is_still_going_on_can_be_looked_at(tmp_path):
    running = play(WHOLE, tmp_path / "run")
    (tmp_path / "run" / "summary.json").unlink()
    path = tmp_path / "run" / "hosts" / "miner" / "mining-pool.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-1]) + whole[-1][:25])
    result = call(running.directory, "-p", "miner", "-a", "mining-pool", "--json")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [line.decode().rstrip() for line in whole[:-1]]


def test_a_run_whose_events_are_not_read_back_yet_has_no_lines_of_nodes(tmp_path):
    running = play(WHOLE, tmp_path / "run")
    txid = happened(running, PaymentReceived)[0].data.txid
    (tmp_path / "run" / "events.jsonl").unlink()
    result = call(running.directory, "--json", "--follow", txid, "--connections")
    assert result.exit_code == 0
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert shown == of_actors(shown)
    assert "has no events (yet): what its nodes saw is left out" in result.stderr


def test_the_bootstrap_is_left_out_unless_asked_for(played, lines):
    shown = call(played.directory, "--json", "-l", "info")
    times = [json.loads(line)["t"] for line in shown.stdout.splitlines()]
    all_of_it = lines("-l", "info")
    left_out = [line for line in all_of_it if line["t"] < 0]
    assert left_out
    assert min(times) >= 0
    assert len(times) == len(all_of_it) - len(left_out)
    first = left_out[0]["t"] // SECOND
    assert shown.stderr == f"{len(left_out)} lines of the bootstrap left out; --since {first}s shows them\n"
    assert len(lines("-l", "info", "--since", f"{first}s")) == len(all_of_it)


def test_a_tree_puts_what_a_message_led_to_below_it(played):
    txid = happened(played, PaymentConfirmed)[0].data.txid
    plain = call(played.directory, "--follow", txid, "--json")
    tree = call(played.directory, "--follow", txid, "--json", "--tree")
    told = [json.loads(line) for line in tree.stdout.splitlines()]
    causes = [line["cause"] for line in told]
    # Those of one cause stand together.
    assert len([cause for cause, before in zip(causes, [None, *causes], strict=False) if cause != before]) == len(
        set(causes)
    )
    assert all(line["text"].startswith("  - ") == (line["message"] != line["cause"]) for line in told)
    assert sorted(line["text"].removeprefix("  - ") for line in told) == sorted(
        json.loads(line)["text"] for line in plain.stdout.splitlines()
    )
