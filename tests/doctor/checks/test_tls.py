"""What is said of a certificate, by what OpenSSL complains of."""

import ssl
from pathlib import Path

import pytest

from edgevoice.doctor.checks.tls import DAY_S, Shaken, certificate, refused, shakes_old_hands
from tests.doctor import relays


@pytest.mark.parametrize(("days", "level"), [(90, "ok"), (5, "warn"), (-1, "warn")])
def test_how_long_it_is_good(days: int, level: str) -> None:
    found = certificate(Shaken("TLSv1.3", 1_000.0 + days * DAY_S), "", 1_000.0)
    assert found.level == level and f"{days} days" in found.text


@pytest.mark.parametrize(
    ("code", "todo"),
    [
        (10, "edgevoice relay init"),
        (9, "set-ntp"),
        (19, "edgevoice pair https://relay"),
        (62, "set link.url"),
    ],
)
def test_why_it_is_refused(code: int, todo: str) -> None:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code, error.verify_message = code, "of some reason"
    found = refused(error, "https://relay", "")
    assert found.level == "fail" and todo in found.todo


@pytest.mark.e2e
@pytest.mark.parametrize("is_old", [False, True])
async def test_who_still_speaks_tls_of_the_last_century(tmp_path: Path, is_old: bool) -> None:
    config = relays.config(tmp_path, tls=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.tls_cert, config.tls_key)
    if is_old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = ssl.TLSVersion.TLSv1
    with relays.server(lambda: relays.openai("x"), context) as url:
        port = int(url.rpartition(":")[2])
        assert await shakes_old_hands("127.0.0.1", port) is is_old
