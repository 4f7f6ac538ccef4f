from __future__ import annotations

import asyncio
import ssl
import time
from types import SimpleNamespace
from typing import Any

import pytest

from kvitt import __version__
from kvitt.delivery.client import OutgoingClient

LIVE = "P12345678"
TEST = "T12345678"


async def test_the_request_arrives_as_it_was_made(client: OutgoingClient, shop_server: Any) -> None:
    url = f"{shop_server.url}/cb%20x?b=x+y&a=%7E"
    result = await client.send(TEST, "POST", url, {"event-delivery": "e1", "Content-Type": "application/json"}, b"{}")
    assert (result.status, result.fault) == (200, None)
    (request,) = shop_server.requests
    assert (request.method, request.target, request.body) == ("POST", "/cb%20x?b=x+y&a=%7E", b"{}")
    assert request.headers["event-delivery"] == "e1"
    assert request.headers["user-agent"] == f"kvitt/{__version__}"
    assert request.headers["content-type"] == "application/json"


async def test_a_redirect_is_not_followed(client: OutgoingClient, shop_server: Any, reply: Any) -> None:
    shop_server.replies = [reply(302, headers=f"location: {shop_server.url}/elsewhere\r\n")]
    assert (await client.send(TEST, "GET", f"{shop_server.url}/cb", {})).status == 302
    assert [request.target for request in shop_server.requests] == ["/cb"]


async def test_a_cookie_is_not_kept(client: OutgoingClient, shop_server: Any, reply: Any) -> None:
    shop_server.replies = [reply(headers="set-cookie: a=b; Path=/\r\n")]
    for _ in range(2):
        await client.send(TEST, "GET", f"{shop_server.url}/cb", {})
    assert "cookie" not in shop_server.requests[1].headers


async def test_a_proxy_in_the_environment_is_not_used(
    client: OutgoingClient, shop_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert (await client.send(TEST, "GET", f"{shop_server.url}/cb", {})).status == 200


async def test_a_slow_answer_is_a_timeout(client: OutgoingClient, shop_server: Any, reply: Any) -> None:
    shop_server.replies = [reply(after=5)]
    started = time.monotonic()
    assert (await client.send(TEST, "GET", f"{shop_server.url}/cb", {})).fault == "timeout"
    assert time.monotonic() - started < 3


async def test_a_long_answer_is_not_read_to_its_end(client: OutgoingClient, shop_server: Any, reply: Any) -> None:
    shop_server.replies = [reply(body=b"x" * 50_000_000), reply()]
    assert (await client.send(TEST, "GET", f"{shop_server.url}/cb", {})).status == 200
    assert (await client.send(TEST, "GET", f"{shop_server.url}/cb", {})).status == 200
    assert shop_server.connections == 2


async def test_a_connection_is_used_again(client: OutgoingClient, shop_server: Any, reply: Any) -> None:
    shop_server.replies = [reply(body=b"thank you")]
    for _ in range(5):
        await client.send(TEST, "GET", f"{shop_server.url}/cb", {})
    assert shop_server.connections == 1


async def test_nobody_listening_is_a_connection_fault(client: OutgoingClient) -> None:
    assert (await client.send(TEST, "GET", "http://127.0.0.1:9/cb", {})).fault == "connection"


async def test_an_unknown_host_is_a_connection_fault(client: OutgoingClient) -> None:
    assert (await client.send(TEST, "GET", "http://shop.invalid/cb", {})).fault in ("connection", "timeout")


async def test_an_answer_that_is_not_http_is_a_connection_fault(client: OutgoingClient) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 smtp.example ready\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(nonsense, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await client.send(TEST, "GET", f"http://127.0.0.1:{port}/cb", {})).fault == "connection"


async def test_an_untrusted_certificate_is_a_tls_fault(client: OutgoingClient, certificate: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file)

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await client.send(TEST, "GET", f"https://127.0.0.1:{port}/cb", {})).fault == "tls"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "192.168.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_a_live_account_calls_no_private_address(client: OutgoingClient, host: str) -> None:
    assert (await client.send(LIVE, "GET", f"https://{host}:9/cb", {})).fault == "url"


async def test_a_live_account_calls_https_only(client: OutgoingClient, shop_server: Any) -> None:
    assert (await client.send(LIVE, "GET", "http://example.com/cb", {})).fault == "scheme"
    assert (await client.send(LIVE, "GET", f"{shop_server.url}/cb", {})).fault == "scheme"
    assert shop_server.connections == 0


async def test_a_name_that_leads_inside_is_refused_when_connecting(client: OutgoingClient, shop_server: Any) -> None:
    assert (await client.send(LIVE, "GET", f"https://localhost:{shop_server.port}/cb", {})).fault == "address"
    assert shop_server.connections == 0


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0"])
async def test_a_disguised_private_address_is_refused(client: OutgoingClient, shop_server: Any, host: str) -> None:
    assert (await client.send(LIVE, "GET", f"https://{host}:{shop_server.port}/cb", {})).fault in ("address", "url")
    assert shop_server.connections == 0


async def test_a_test_account_is_refused_link_local_addresses(client: OutgoingClient) -> None:
    assert (await client.send(TEST, "GET", "http://169.254.169.254/latest/meta-data/", {})).fault == "address"


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://shop.example/", "http://", "file:///etc/passwd"])
async def test_what_is_no_url_is_refused(client: OutgoingClient, url: str) -> None:
    assert (await client.send(TEST, "GET", url, {})).fault == "url"


async def test_a_header_cannot_be_smuggled_in(client: OutgoingClient, shop_server: Any) -> None:
    result = await client.send(TEST, "GET", f"{shop_server.url}/cb", {"event-delivery": "a\r\nx-evil: 1"})
    assert result.fault == "url"
    assert shop_server.requests == []


@pytest.fixture
def certificate(tmp_path: Any) -> SimpleNamespace:
    """A self-signed certificate for 127.0.0.1 with its key."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(pem))
    return SimpleNamespace(file=file)
