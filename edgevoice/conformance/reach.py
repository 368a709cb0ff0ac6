"""The way to the server, before any check: is somebody there, and is it whom we trust?"""

import asyncio
import base64
import hashlib
import ssl
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgevoice.conformance.target import Target
from edgevoice.errors import LinkAbsent, LinkUntrusted

CONNECT_S = 10.0


async def reach(target: Target) -> None:
    """LinkAbsent, LinkUntrusted otherwise: no check could say more than that."""
    (await _connect(target)).close()


async def key_hash(target: Target) -> str:
    """Of the server's public key (SPKI), base64. Chromium takes no CA by option, but this."""
    writer = await _connect(target)
    certificate = x509.load_der_x509_certificate(
        writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    )
    writer.close()
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


async def _connect(target: Target) -> asyncio.StreamWriter:
    place = urlsplit(target.url)
    port = place.port or (443 if target.is_secure else 80)
    context = target.trust() if target.is_secure else None
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(place.hostname, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        raise LinkUntrusted(
            f"{target.url} has a certificate that is not trusted ({error.verify_message}):"
            " name its CA with --ca-file, or trust it blindly with --insecure"
        ) from error
    except OSError as error:  # ssl.SSLError and TimeoutError are of this kind
        raise LinkAbsent(
            f"no server of this kind at {target.url} ({error}): is it running?"
        ) from error
    return writer
