"""Handing over to the outside: what webhooks may call, gateways, and reasons without secrets in them."""

import ipaddress
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from actions.outbox.post import Letter, Undeliverable, deliver
from actions.outbox.ways import MailServer, Offer
from actions.outbox.webhook import is_public, may_be_called
from domain.ways import Way
from tests.post_office import mail_server, web_server

LETTER = Letter("Critical: Pit 4: PM2.5 41.8 µg/m³", "The limit is 35.4.\n\nhttps://pits.example.com/alerts/1")
ROOT = Path(__file__).parent.parent.parent
TOKEN = "123456789:abcdefg_hijklmnop-abcdefghijklmnopqr"
LAN = Offer(private_hosts=True)


def test_a_gateway_in_the_lan_gets_json_with_the_messages_id() -> None:
    with web_server() as hook:
        deliver(Way.WEBHOOK, f"{hook.url}/sms?to=1", LETTER, "m-1", LAN)
        [(path, headers, body)] = hook.calls
    assert path == "/sms?to=1" and headers["Idempotency-Key"] == "m-1"
    assert body == {"id": "m-1", "subject": LETTER.subject, "text": LETTER.text}


def test_private_hosts_are_not_called_unless_the_operator_allows_it() -> None:
    with web_server() as hook:
        for url in (hook.url, f"http://localhost:{hook.port}", f"http://[::ffff:127.0.0.1]:{hook.port}"):
            with pytest.raises(Undeliverable, match="private networks"):
                deliver(Way.WEBHOOK, url, LETTER, "m-1", Offer())
        assert hook.calls == []


@pytest.mark.parametrize(
    ("address", "public", "in_the_lan"),
    [
        ("93.184.215.14", True, True), ("10.0.0.7", False, True), ("127.0.0.1", False, True),
        ("192.168.1.1", False, True),
        ("169.254.169.254", False, False), ("0.0.0.0", False, False),  # noqa: S104
        ("224.0.0.1", False, False),
        ("::1", False, True), ("fd00::1", False, True), ("fe80::1", False, False), ("2606:2800:21f::1", True, True),
        ("::ffff:169.254.169.254", False, False), ("::ffff:10.0.0.7", False, True),
        ("64:ff9b::a9fe:a9fe", False, False), ("64:ff9b::a00:7", False, True), ("2002:a00:7::1", False, True),
    ],
)  # fmt: skip
def test_which_addresses_may_be_called(address: str, public: bool, in_the_lan: bool) -> None:
    parsed = ipaddress.ip_address(address)
    assert (is_public(parsed), may_be_called(parsed, False), may_be_called(parsed, True)) == (
        public, public, in_the_lan,
    )  # fmt: skip


def test_a_redirect_is_not_followed() -> None:
    with web_server() as hook, web_server() as elsewhere:
        hook.status, hook.location = 307, f"{elsewhere.url}/steal"
        with pytest.raises(Undeliverable, match=r"answered 307: redirects are not followed"):
            deliver(Way.WEBHOOK, hook.url, LETTER, "m-1", LAN)
        assert elsewhere.calls == []


def test_hosts_of_the_internet_are_called_by_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    with pytest.raises(Undeliverable, match="https only"):
        deliver(Way.WEBHOOK, "http://hooks.example.com/", LETTER, "m-1", LAN)


@pytest.mark.parametrize(("status", "why"), [(500, "answered 500"), (404, "answered 404")])
def test_a_refusing_webhook_is_quoted(status: int, why: str) -> None:
    with web_server() as hook:
        hook.status = status
        with pytest.raises(Undeliverable, match=why):
            deliver(Way.WEBHOOK, hook.url, LETTER, "m-1", LAN)


def test_a_name_that_nobody_knows_is_said_so() -> None:
    with pytest.raises(Undeliverable, match="name can't be found"):
        deliver(Way.WEBHOOK, "https://nowhere.invalid/", LETTER, "m-1", LAN)


def test_telegram_gets_the_message_by_its_own_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.telegram import NotifyTelegram

    with web_server() as hook:
        monkeypatch.setattr(NotifyTelegram, "notify_url", f"{hook.url}/bot")
        deliver(Way.TELEGRAM, f"tgram://{TOKEN}/12345", LETTER, "m-1", Offer())
        [(path, _, body)] = hook.calls
        assert path == f"/bot{TOKEN}/sendMessage" and "PM2.5 41.8" in body["text"]
        hook.status = 401
        with pytest.raises(Undeliverable) as refused:
            deliver(Way.TELEGRAM, f"tgram://{TOKEN}/12345", LETTER, "m-1", Offer())
    assert "abcdefg" not in str(refused.value)


_LOUDLY = """
import sys
from apprise.plugins.telegram import NotifyTelegram
from actions.outbox.post import Letter, Undeliverable, deliver
from actions.outbox.ways import Offer
from domain.ways import Way
from logs import set_up_logs
set_up_logs("json", "debug")
NotifyTelegram.notify_url = sys.argv[1] + "/bot"
try:
    deliver(Way.TELEGRAM, "tgram://" + sys.argv[2] + "/12345", Letter("a", "swordfish"), "m-1", Offer())
except Undeliverable as error:
    print("refused:", error)
"""


@pytest.mark.parametrize("status", [200, 401])
def test_neither_token_nor_text_stands_in_the_log_at_any_level(status: int) -> None:
    with web_server() as hook:
        hook.status = status
        done = subprocess.run(
            [sys.executable, "-c", _LOUDLY, hook.url, TOKEN], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert len(hook.calls) == 1
    assert "abcdefg" not in done.stdout + done.stderr and "swordfish" not in done.stdout + done.stderr


def test_mail_comes_from_the_operators_address_with_its_id() -> None:
    with mail_server() as box:
        offer = Offer(MailServer("127.0.0.1", box.port, "plain", "pits@example.com"))
        deliver(Way.MAIL, "bina@example.com", LETTER, "m-1", offer)
    [mail] = box.mails
    assert "pits@example.com" in mail["from"] and mail["X-PitPilot-Message"] == "m-1"
    assert (mail["subject"], mail["Auto-Submitted"]) == (LETTER.subject, "auto-generated")
    assert "35.4" in box.text()


@pytest.mark.parametrize(
    ("url", "mode", "port"),
    [("smtps://me:pw@mail.example.com", "tls", 465), ("smtp://me:pw@mail.example.com", "starttls", 587),
     ("smtp://10.0.0.7:2525?tls=off", "plain", 2525)],
)  # fmt: skip
def test_a_mail_servers_address_says_how_to_talk_to_it(url: str, mode: str, port: int) -> None:
    server = MailServer.of(url, "pits@example.com")
    assert (server.mode, server.port) == (mode, port)


@pytest.mark.parametrize(
    "url",
    [
        "https://mail.example.com",
        "smtp://",
        "smtp://h:0",
        "smtp://h:x",
        "smtps://h?tls=off",
        "smtp://h/x",
        "smtp://h?a=b",
    ],
)
def test_what_is_no_mail_server_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="must look like smtps"):
        MailServer.of(url, "pits@example.com")
