"""The board's key: made once, for its user alone, and what is said of a bad one."""

import os
import subprocess

import pytest

from edgevoice.errors import CredentialError
from edgevoice.identity.device_key import PublicKey, create, load, load_or_create


def test_a_key_that_was_made_is_there_the_next_time(tmp_path):
    made = load_or_create(tmp_path / "key")
    assert load_or_create(tmp_path / "key").public == made.public


def test_only_its_user_may_read_it_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        create(tmp_path / "key")
    finally:
        os.umask(before)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_one_that_others_can_read_is_refused_with_the_remedy(tmp_path, mode):
    create(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(CredentialError, match="chmod 600"):
        load(tmp_path / "key")


def test_a_key_is_never_replaced(tmp_path):
    made = create(tmp_path / "key")
    with pytest.raises(CredentialError, match="already"):
        create(tmp_path / "key")
    assert load(tmp_path / "key").public == made.public
    assert os.listdir(tmp_path) == ["key"]


def test_without_one_the_error_says_how_to_get_it(tmp_path):
    with pytest.raises(CredentialError, match="edgevoice pair"):
        load(tmp_path / "key")
    with pytest.raises(CredentialError, match="make the folder"):
        create(tmp_path / "nowhere" / "key")


# PKCS#8 of an algorithm that nobody knows, 1.2.3.
UNKNOWN = "-----BEGIN PRIVATE KEY-----\nMBECAQAwBAYCKgMEBgQEYWJjZA==\n-----END PRIVATE KEY-----\n"
CUT = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
OTHERS = ["", CUT, UNKNOWN, "x" * 9_000]


@pytest.mark.parametrize("content", OTHERS)
def test_something_else_is_no_key(tmp_path, content):
    (tmp_path / "key").write_text(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(CredentialError, match="pair anew"):
        load(tmp_path / "key")


def test_openssl_reads_it(tmp_path):
    made = create(tmp_path / "key")
    ask = ["openssl", "pkey", "-in", str(tmp_path / "key"), "-pubout", "-outform", "DER"]
    said = subprocess.run(ask, capture_output=True, check=True).stdout
    assert said[-32:] == made.public.raw


def test_the_public_key_goes_through_text(tmp_path):
    public = create(tmp_path / "key").public
    assert len(public.text) == 43
    assert PublicKey.parse(public.text) == public
    assert public.fingerprint.startswith("dev_")
    assert len(public.fingerprint) == 20


def test_another_spelling_of_a_key_is_refused(tmp_path):
    text = create(tmp_path / "key").public.text
    last = chr(ord(text[-1]) + 1)  # its two lowest bits are padding
    for other in (text + "=", text[:-1] + last, text[:-1], "", text + "\n", "ü" * 43):
        with pytest.raises(CredentialError, match="43 letters|Ed25519"):
            PublicKey.parse(other)


def test_what_it_signed_is_told_from_what_it_did_not(tmp_path):
    ours, other = create(tmp_path / "ours"), create(tmp_path / "other")
    signature = ours.sign(b"hello")
    assert ours.public.signed(signature, b"hello")
    assert not ours.public.signed(signature, b"hullo")
    assert not other.public.signed(signature, b"hello")
    assert not ours.public.signed(b"", b"hello")


def test_nothing_of_the_key_gets_into_a_log(tmp_path):
    made = create(tmp_path / "key")
    assert repr(made) == f"DeviceKey({made.fingerprint})"
