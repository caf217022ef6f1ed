"""The SMS simulators, over HTTP, as the platform's own clients meet them."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from notify_adapters.embedded import EmbeddedPartError, free_port
from notify_adapters.simulators.client import SimulatorClient

NUMBER = "447700900123"
QUICK = ("--receipt-delay", "0.01")


def post(simulator: SimulatorClient, body: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    parts = urlsplit(simulator.url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
    try:
        connection.request("POST", "/send", body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def mmg_request(**changes: Any) -> str:
    fields = {
        "reqType": "BULK",
        "MSISDN": NUMBER,
        "msg": "Your code is 1234",
        "sender": "GOVUK",
        "cid": "message-1",
        "multi": True,
    }
    return json.dumps({name: value for name, value in (fields | changes).items() if value is not None})


def firetext_request(**changes: str) -> str:
    fields = {"apiKey": "key", "from": "GOVUK", "to": NUMBER, "message": "Hello £5", "reference": "message-1"}
    return urlencode(fields | changes)


def test_mmg_accepts_a_message_and_reports_it_delivered(start_simulator: Any, webhook: Any) -> None:
    mmg = start_simulator("mmg", "--receipts-url", webhook.url.replace("//", "//user:p%40ss@"), *QUICK)

    status, body = post(mmg, mmg_request())

    assert status == 200
    assert isinstance(json.loads(body)["Reference"], int)
    (receipt,) = webhook.wait_for(1)
    told = json.loads(receipt.body)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told.pop("deliverytime"))
    assert told == {
        "reference": "mmg_reference",
        "CID": "message-1",
        "MSISDN": NUMBER,
        "status": "3",
        "substatus": "5",
    }
    assert receipt.headers["content-type"] == "application/json"
    assert receipt.headers["authorization"] == "Basic dXNlcjpwQHNz"
    (message,) = mmg.messages()
    assert (message["reference"], message["to"]) == ("message-1", NUMBER)
    assert message["content"]["msg"] == "Your code is 1234"


def test_a_delurl_in_the_request_gets_the_receipt_instead(start_simulator: Any, listen_on: Any) -> None:
    general, own = listen_on(0), listen_on(0)
    mmg = start_simulator("mmg", "--receipts-url", general.url, *QUICK)

    post(mmg, mmg_request(delurl=own.url))

    own.wait_for(1)
    assert general.posts == []


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"MSISDN": "seven"}, "Invalid MSISDN"),
        ({"MSISDN": None}, "Missing or invalid parameter MSISDN"),
        ({"msg": ""}, "Missing or invalid parameter msg"),
        ({"cid": 7}, "Missing or invalid parameter cid"),
        ({"delurl": "ftp://x"}, "Invalid delurl"),
    ],
)
def test_mmg_refuses_requests_it_cannot_send(mmg: SimulatorClient, changes: dict[str, Any], description: str) -> None:
    status, body = post(mmg, mmg_request(**changes))

    assert status == 400
    assert json.loads(body) == {"Error": 206, "Description": description}


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "\x00"])
def test_mmg_refuses_what_is_no_request(mmg: SimulatorClient, body: str) -> None:
    status, answer = post(mmg, body)

    assert status == 400
    assert set(json.loads(answer)) == {"Error", "Description"}


def test_mmg_insists_on_its_key(start_simulator: Any) -> None:
    mmg = start_simulator("mmg", "--api-key", "secret")

    refused = post(mmg, mmg_request(), {"Authorization": "Basic wrong"})
    accepted = post(mmg, mmg_request(), {"Authorization": "Basic secret"})

    assert refused[0] == 401
    assert "Error" in json.loads(refused[1])
    assert accepted[0] == 200


def test_firetext_accepts_a_message_and_reports_it_delivered(start_simulator: Any, webhook: Any) -> None:
    firetext = start_simulator("firetext", "--receipts-url", webhook.url, *QUICK)

    status, body = post(firetext, firetext_request())

    assert status == 200
    assert json.loads(body) == {
        "data": [],
        "description": "SMS successfully queued",
        "code": 0,
        "responseData": 1,
    }
    (receipt,) = webhook.wait_for(1)
    told = parse_qs(receipt.body.decode())
    assert (told["mobile"], told["status"], told["reference"]) == ([NUMBER], ["0"], ["message-1"])
    assert receipt.headers["content-type"] == "application/x-www-form-urlencoded"
    assert firetext.messages()[0]["content"]["message"] == "Hello £5"


def test_firetext_reports_pending_before_a_failure(start_simulator: Any, webhook: Any) -> None:
    firetext = start_simulator("firetext", "--receipts-url", webhook.url, *QUICK)

    post(firetext, firetext_request(to="447700900003"))
    webhook.wait_for(2)
    post(firetext, firetext_request(to="447700900002"))

    told = [parse_qs(one.body.decode()) for one in webhook.wait_for(4)]
    assert [(one["status"][0], one.get("code", [""])[0]) for one in told] == [
        *(("2", ""), ("1", "102")),
        *(("2", ""), ("1", "101")),
    ]


def test_firetext_words_its_refusals(start_simulator: Any) -> None:
    firetext = start_simulator("firetext", "--api-key", "key", "--international-api-key", "other")

    assert json.loads(post(firetext, firetext_request(apiKey="wrong"))[1])["code"] == 1
    assert json.loads(post(firetext, firetext_request(apiKey="other"))[1])["code"] == 0
    assert json.loads(post(firetext, firetext_request(to="x"))[1])["code"] == 2
    assert json.loads(post(firetext, firetext_request(message=""))[1])["code"] == 5
    assert post(firetext, firetext_request(apiKey="wrong"))[0] == 200


@pytest.mark.parametrize(
    ("ending", "statuses"),
    [("002", ["2"]), ("003", ["4"]), ("008", []), ("009", ["3", "3"]), ("011", ["000"])],
)
def test_the_ending_of_a_number_decides_what_is_reported(
    start_simulator: Any, webhook: Any, ending: str, statuses: list[str]
) -> None:
    mmg = start_simulator("mmg", "--receipts-url", webhook.url, *QUICK)

    assert post(mmg, mmg_request(MSISDN=f"447700900{ending}"))[0] == 200
    post(mmg, mmg_request(cid="the last"))

    webhook.wait_for(len(statuses) + 1)
    told = [json.loads(one.body) for one in webhook.posts]
    assert [one["status"] for one in told if one["CID"] == "message-1"] == statuses


def test_a_provider_in_trouble_accepts_nothing(mmg: SimulatorClient) -> None:
    assert post(mmg, mmg_request(MSISDN="447700900004"))[0] == 500
    with pytest.raises(http.client.RemoteDisconnected):
        post(mmg, mmg_request(MSISDN="447700900005"))
    status, body = post(mmg, mmg_request(MSISDN="447700900007"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)

    assert status == 200
    assert mmg.counts()["accepted"] == 0
    assert mmg.counts()["refused"] == {"fail": 1, "refuse": 1, "nonsense": 1}


def test_a_lost_answer_is_an_accepted_message(mmg: SimulatorClient) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        post(mmg, mmg_request(MSISDN="447700900012"))

    assert mmg.counts()["accepted"] == 1


def test_behaviours_are_told_for_a_number_of_times_and_forgotten(mmg: SimulatorClient) -> None:
    mmg.behave("07700 900123", "fail", times=2)

    assert [post(mmg, mmg_request())[0] for _ in range(3)] == [500, 500, 200]

    mmg.behave(NUMBER, "fail")
    assert post(mmg, mmg_request())[0] == 500
    mmg.behave_normally()
    assert post(mmg, mmg_request())[0] == 200


def test_the_default_can_be_that_everything_fails(mmg: SimulatorClient) -> None:
    mmg.behave_by_default("fail")

    assert post(mmg, mmg_request())[0] == 500

    mmg.behave_normally()
    assert post(mmg, mmg_request())[0] == 200


def test_slow_messages_do_not_hold_up_others(mmg: SimulatorClient) -> None:
    mmg.behave("447700900200", "slow", seconds=1.5)
    started = time.monotonic()

    parts = urlsplit(mmg.url)
    slow = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
    slow.request("POST", "/", mmg_request(MSISDN="447700900200"))
    assert post(mmg, mmg_request())[0] == 200
    quick = time.monotonic() - started
    assert slow.getresponse().status == 200
    slow.close()

    assert quick < 1.5 <= time.monotonic() - started


@pytest.mark.parametrize("told", ["sulk", "complaint"])
def test_behaviours_that_are_none_are_refused(mmg: SimulatorClient, told: str) -> None:
    with pytest.raises(EmbeddedPartError, match="behaviour must be one of"):
        mmg.behave(NUMBER, told)


def test_messages_sent_twice_are_counted(mmg: SimulatorClient) -> None:
    for reference in ("a", "b", "a", "a"):
        post(mmg, mmg_request(cid=reference))

    counts = mmg.counts()
    assert (counts["accepted"], counts["references"], counts["duplicates"]) == (4, 2, 2)
    assert counts["duplicate_references"] == {"a": 3}
    second = mmg.messages()[1]["sequence"]
    assert [one["reference"] for one in mmg.messages(since=second)] == ["a", "a"]
    assert len(mmg.messages(reference="b")) == len(mmg.messages(to=NUMBER, limit=1)) == 1

    mmg.clear()
    assert mmg.counts()["accepted"] == 0
    assert mmg.messages() == []


def test_only_the_last_messages_are_kept_but_all_are_counted(start_simulator: Any) -> None:
    mmg = start_simulator("mmg", "--keep-messages", "2")

    for reference in ("a", "b", "c"):
        post(mmg, mmg_request(cid=reference))

    assert [one["reference"] for one in mmg.messages()] == ["b", "c"]
    assert [one["reference"] for one in mmg.messages(since=2)] == ["c"]
    assert mmg.counts()["accepted"] == 3


def test_receipts_survive_a_restart_of_the_webhook(start_simulator: Any, listen_on: Any) -> None:
    port = free_port()
    mmg = start_simulator("mmg", "--receipts-url", f"http://127.0.0.1:{port}/", *QUICK)
    for number in range(20):
        post(mmg, mmg_request(cid=f"message-{number}"))
    deadline = time.monotonic() + 20
    while not mmg.counts()["receipts"]["retried"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    webhook = listen_on(port)

    references = {json.loads(one.body)["CID"] for one in webhook.wait_for(20)}
    assert len(references) == 20
    mmg.wait_for_receipts(20)


def test_receipts_are_tried_again_after_trouble_but_not_after_a_refusal(start_simulator: Any, webhook: Any) -> None:
    webhook.statuses += [503, 500, 429]
    mmg = start_simulator("mmg", "--receipts-url", webhook.url, *QUICK)

    post(mmg, mmg_request())
    webhook.wait_for(4)
    mmg.wait_for_receipts(1)
    webhook.statuses += [400]
    post(mmg, mmg_request())
    webhook.wait_for(5)

    deadline = time.monotonic() + 30
    while not mmg.counts()["receipts"]["failed"] and time.monotonic() < deadline:
        time.sleep(0.01)
    receipts = mmg.counts()["receipts"]
    assert (receipts["sent"], receipts["failed"], receipts["retried"]) == (1, 1, 3)
    assert receipts["waiting"] == 0


@pytest.fixture(scope="module")
def shared_mmg(start_simulator: Callable[..., SimulatorClient]) -> SimulatorClient:
    return start_simulator("mmg")


@pytest.fixture
def mmg(shared_mmg: SimulatorClient) -> SimulatorClient:
    """An MMG that knows of nothing yet."""
    shared_mmg.behave_normally()
    shared_mmg.clear()
    return shared_mmg
