"""Chromium takes no CA by option, but the hash of a key: that of a certificate we have verified."""

import asyncio
import base64
import hashlib
import ssl
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgevoice.conformance.target import Target
from edgevoice.errors import CheckFailed


async def key_hash(target: Target) -> str:
    """Of the server's public key (SPKI), base64. CheckFailed when its certificate is no good."""
    place = urlsplit(target.url)
    try:
        _, writer = await asyncio.open_connection(
            place.hostname, place.port or 443, ssl=target.trust()
        )
    except (OSError, ssl.SSLError) as error:
        raise CheckFailed(f"a certificate that {target.ca_file} vouches for", str(error)) from error
    certificate = x509.load_der_x509_certificate(
        writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    )
    writer.close()
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
