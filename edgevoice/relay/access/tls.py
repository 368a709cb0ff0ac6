"""The relay's own TLS: which certificate it shows, read again while it runs."""

import logging
import ssl

from edgevoice.config import RelayConfig
from edgevoice.config_rules import is_loopback
from edgevoice.errors import ConfigError

log = logging.getLogger(__name__)


def tls_context(config: RelayConfig) -> ssl.SSLContext | None:
    """None: plain HTTP, which only this machine or a proxy in front may use."""
    if not config.tls_cert:
        if not config.behind_proxy and not is_loopback(config.host):
            raise ConfigError(
                f"relay.host {config.host} is reachable by others, and without TLS they could "
                "read tokens: `edgevoice relay init` makes a certificate, or set relay.tls_cert "
                "and relay.tls_key, or relay.behind_proxy"
            )
        return None
    return _load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), config)


def renew(context: ssl.SSLContext | None, config: RelayConfig) -> None:
    """For handshakes from now on. ConfigError where it cannot be used: the old one stays."""
    if context is None:
        return
    # Elsewhere first: a certificate without its key would spoil the one in use.
    _load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), config)
    _load(context, config)
    log.info("the certificate was read again from %s", config.tls_cert)


def _load(context: ssl.SSLContext, config: RelayConfig) -> ssl.SSLContext:
    try:
        context.load_cert_chain(config.tls_cert, config.tls_key or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"cannot use relay.tls_cert {config.tls_cert} with relay.tls_key {config.tls_key}: "
            f"{error.strerror or error}; they must be PEM files that this user can read"
        ) from error
    return context
