"""The server that is looked at: where it is, who we are there, and whom we trust."""

import ssl
from dataclasses import dataclass

from edgevoice.errors import ConfigError

PATHS = ("/realtime", "/v1")
"""What people copy along with the address."""


@dataclass(frozen=True, slots=True)
class Target:
    url: str
    """With http or https, without the path /v1."""
    token: str
    """Empty: it asks for none."""
    model: str
    ca_file: str = ""
    insecure: bool = False

    @property
    def api(self) -> str:
        """What SDKs call their base URL."""
        return self.url + "/v1"

    @property
    def socket_url(self) -> str:
        return "ws" + self.api.removeprefix("http") + "/realtime"

    @property
    def key(self) -> str:
        """For clients that insist on one, where the server asks for none."""
        return self.token or "none"

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https:")

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def base_url(text: str) -> str:
    """The same server, as the other parts here name it. ConfigError when it is no address."""
    scheme, separator, rest = text.partition("://")
    schemes = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
    if not separator or not rest or scheme.lower() not in schemes:
        raise ConfigError(f'"{text}" is no address of a server, such as https://relay.example:8790')
    rest = rest.rstrip("/")
    for path in PATHS:
        rest = rest.removesuffix(path)
    return f"{schemes[scheme.lower()]}://{rest}"
