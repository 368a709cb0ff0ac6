"""Which certificate the relay shows: refused when it cannot be used, read again while it runs."""

import asyncio
import datetime
import shutil
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from edgevoice.config import RelayConfig
from edgevoice.errors import ConfigError, CredentialError
from edgevoice.relay.access.authority import make_certificates, own_names
from edgevoice.relay.access.tls import renew, tls_context

NOW = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)


@pytest.fixture
def config() -> RelayConfig:
    return RelayConfig()


@pytest.fixture
def certified(tmp_path: Path) -> RelayConfig:
    _, (authority, _, certificate, key) = make_certificates(tmp_path, ["127.0.0.1"], NOW)
    return RelayConfig(
        tls_cert=str(certificate), tls_key=str(key), tls_ca=str(authority), host="0.0.0.0"
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "relay.example"])
def test_plain_http_is_for_this_machine_or_a_proxy(config, host):
    with pytest.raises(ConfigError, match="TLS"):
        tls_context(replace(config, host=host))
    assert tls_context(replace(config, host=host, behind_proxy=True)) is None
    for near in ("127.0.0.1", "::1", "localhost"):
        assert tls_context(replace(config, host=near)) is None


def test_bad_tls_files_are_named(config, tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        tls_context(replace(config, tls_cert="/nowhere.pem"))
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"broken\.pem"):
        tls_context(replace(config, tls_cert=str(broken), tls_key=str(broken)))


async def shown(port: int, authority: str) -> bytes:
    """The certificate that a new connection sees, verified."""
    context = ssl.create_default_context(cafile=authority)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return bytes(certificate)


async def test_a_new_certificate_is_shown_without_a_restart_and_a_broken_one_is_not(
    certified: RelayConfig, tmp_path: Path
) -> None:
    context = tls_context(certified)
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    port = runner.addresses[0][1]
    try:
        first = await shown(port, certified.tls_ca)
        make_certificates(tmp_path, ["127.0.0.1"], NOW)
        assert await shown(port, certified.tls_ca) == first
        renew(context, certified)
        second = await shown(port, certified.tls_ca)
        assert second != first
        # The certificate of another key: loading it would spoil the one in use.
        _, others = make_certificates(tmp_path / "other", ["127.0.0.1"], NOW)
        shutil.copy(others[2], certified.tls_cert)
        with pytest.raises(ConfigError, match="relay.tls_key"):
            renew(context, certified)
        assert await shown(port, certified.tls_ca) == second
    finally:
        await runner.cleanup()


def test_the_authority_is_kept_and_the_certificate_is_new(tmp_path: Path) -> None:
    is_new, paths = make_certificates(tmp_path, ["relay.lan", "192.0.2.7"], NOW)
    before = [path.read_bytes() for path in paths]
    again, _ = make_certificates(tmp_path, ["relay.lan"], NOW)
    after = [path.read_bytes() for path in paths]
    assert (is_new, again) == (True, False)
    assert before[:2] == after[:2]
    assert before[2] != after[2] and before[3] != after[3]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o644, 0o600, 0o644, 0o600]


def test_openssl_takes_it_for_what_it_is(tmp_path: Path) -> None:
    _, (authority, _, certificate, _) = make_certificates(tmp_path, ["relay.lan", "::1"], NOW)
    verify = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver"]
    for name in (["-verify_hostname", "relay.lan"], ["-verify_ip", "::1"]):
        told = subprocess.run(
            [*verify, "-CAfile", authority, *name, certificate], capture_output=True, text=True
        )
        assert told.returncode == 0, told.stderr
    told = subprocess.run(
        [*verify, "-CAfile", authority, "-verify_hostname", "other.lan", certificate],
        capture_output=True,
    )
    assert told.returncode != 0


def test_half_an_authority_is_not_replaced(tmp_path: Path) -> None:
    _, paths = make_certificates(tmp_path, ["relay.lan"], NOW)
    paths[1].unlink()
    with pytest.raises(CredentialError, match="no authority of ours"):
        make_certificates(tmp_path, ["relay.lan"], NOW)
    _, others = make_certificates(tmp_path / "other", ["relay.lan"], NOW)
    paths[1].write_bytes(others[1].read_bytes())
    with pytest.raises(CredentialError, match="not the key of"):
        make_certificates(tmp_path, ["relay.lan"], NOW)


def test_a_name_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="no name of a host"):
        make_certificates(tmp_path, ["küche"], NOW)


def test_this_machine_knows_its_own_names() -> None:
    names = own_names()
    assert "localhost" in names and "127.0.0.1" in names
    assert len(set(names)) == len(names)
