"""Every error edgevoice raises on purpose.

::

    EdgeVoiceError
    ├── ConfigError            the owner's configuration is wrong      (ValueError)
    ├── ScenarioError          a simulator scenario is wrong           (ValueError)
    ├── PlotError              no picture can be drawn                 (RuntimeError)
    ├── FlightRecordError      a record that cannot be played again    (ValueError)
    ├── LaboratoryError        this machine cannot play a network      (OSError)
    ├── ModelError             a model file is missing or unreadable   (OSError)
    ├── AudioError
    │   ├── WavError           a sound file is not what we can play    (ValueError)
    │   ├── SamplesLost        asked for samples the ring has dropped  (LookupError)
    │   ├── MicrophoneError    no microphone, or it went away          (OSError)
    │   └── SpeakerError       no loudspeaker, or it went away         (OSError)
    ├── GpioError              a button, LED or lamp is not reachable  (OSError)
    ├── NetworkUnknown         the kernel does not say how we are connected (OSError)
    ├── LinkError              the relay cannot be reached or used     (ConnectionError)
    │   ├── LinkRefused        it answered, and said no; see .status
    │   ├── LinkAbsent         there is no such relay
    │   ├── LinkUntrusted      its certificate is not one we trust
    │   ├── LinkTimeout        it did not answer in time               (TimeoutError)
    │   └── UnsupportedLibrary the installed aiortc cannot be made safe
    ├── ProtocolError
    │   ├── LocalProtocolError   we broke the rules: a bug here        (AssertionError)
    │   └── RemoteProtocolError  they did; their message is dropped    (ValueError)
    ├── CredentialError        a token or key is missing or malformed  (PermissionError)
    │   └── CallTokenError     a device's token that the relay does not believe
    │       ├── TokenForged      malformed, or not signed by that device
    │       ├── TokenForAnother  good for another relay, request or body
    │       ├── TokenUsed        it has been used
    │       └── TokenUntimely    clocks differ; see .made_at
    │           ├── TokenStale     too old
    │           └── TokenTooEarly  from the future
    ├── StoreError             what the relay keeps cannot be kept or read (OSError)
    ├── DoctorError            a support bundle cannot be written      (OSError)
    ├── ControlError           the daemon's socket refuses or is gone  (ConnectionError)
    ├── CallRefused            a call the relay does not take; relay/http/refusal.py
    ├── CheckFailed            a server that is not as OpenAI's clients need it
    ├── CheckSkipped           a check that cannot be made here
    ├── EngineError            the thing that answers cannot answer    (RuntimeError)
    ├── ToolError              a tool cannot do what it was asked      (ValueError)
    ├── McpError               a server of tools cannot be used        (ConnectionError)
    └── NeighbourError         whom the board tells of itself is away  (ConnectionError)

The message says what to do next. Trouble that is expected at run time becomes
an input of the transceiver at the edge where it is caught.
"""

from collections.abc import Iterator


class EdgeVoiceError(Exception):
    """Base of all of them."""


class ConfigError(EdgeVoiceError, ValueError):
    """One or several mistakes in a configuration, each with its path."""


class ScenarioError(EdgeVoiceError, ValueError):
    """A scenario file the simulator cannot play."""


class PlotError(EdgeVoiceError, RuntimeError):
    """Nothing to draw, nothing to draw with, or no picture of that kind."""


class FlightRecordError(EdgeVoiceError, ValueError):
    """No flight record, or one of a version that this edgevoice does not read."""


class LaboratoryError(EdgeVoiceError, OSError):
    """The simulated network cannot be made on this machine, or broke down."""


class ModelError(EdgeVoiceError, OSError):
    """A model file is missing, damaged or of an unsupported kind."""


class AudioError(EdgeVoiceError):
    """Base of errors about samples and the devices that make or play them."""


class WavError(AudioError, ValueError):
    """A sound file that cannot be read as 16-bit PCM."""


class SamplesLost(AudioError, LookupError):
    """Samples older than the ring buffer reaches, or not captured yet."""


class MicrophoneError(AudioError, OSError):
    """The microphone is missing, busy or gone."""


class SpeakerError(AudioError, OSError):
    """The loudspeaker is missing, busy or gone."""


class GpioError(EdgeVoiceError, OSError):
    """A pin that cannot be used as configured."""


class NetworkUnknown(EdgeVoiceError, OSError):
    """The list of addresses and routes could not be read."""


class LinkError(EdgeVoiceError, ConnectionError):
    """The relay cannot be reached, or the session with it broke."""


class LinkRefused(LinkError):
    """The relay answered with an error status."""

    def __init__(
        self,
        status: int,
        message: str,
        retry_after_s: float | None = None,
        *,
        code: str = "",
        date: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        """In the relay's words."""
        self.date = date
        """By the relay's clock."""
        self.retry_after_s = retry_after_s
        """Before that it will say no again, by its own word."""

    @property
    def is_final(self) -> bool:
        """It is us: trying again is of no use (RFC 9110, section 15.5)."""
        return self.status < 500 and self.status not in (408, 425, 429)


class LinkAbsent(LinkError):
    """There is no such relay: none is installed."""


class LinkUntrusted(LinkError):
    """The relay's certificate is not to be trusted: trying again is of no use."""


class LinkTimeout(LinkError, TimeoutError):
    """The relay did not answer within its deadline."""


class UnsupportedLibrary(LinkError):
    """aiortc or aioice is of a version that we cannot protect from strangers."""


class ProtocolError(EdgeVoiceError):
    """Somebody broke the rules of the Realtime protocol."""


class LocalProtocolError(ProtocolError, AssertionError):
    """We were about to break the protocol. A bug in edgevoice."""


class RemoteProtocolError(ProtocolError, ValueError):
    """The other side sent something malformed, oversized or out of order."""


class CredentialError(EdgeVoiceError, PermissionError):
    """A token or key file is missing, empty, malformed or readable by others."""


class CallTokenError(CredentialError):
    """Base of what is wrong with the token that a device signed for one request."""


class TokenForged(CallTokenError):
    """It is malformed, or that device never signed it."""


class TokenForAnother(CallTokenError):
    """It was signed for another relay, another request or another body."""


class TokenUsed(CallTokenError):
    """Each is good for one request."""


class TokenUntimely(CallTokenError):
    """It is not of this minute: the clocks of device and relay differ."""

    def __init__(self, message: str, made_at: float) -> None:
        super().__init__(message)
        self.made_at = made_at


class TokenStale(TokenUntimely):
    """It is too old, or the clock of the device is behind."""


class TokenTooEarly(TokenUntimely):
    """It is from the future: the clock of the device is ahead."""


class StoreError(EdgeVoiceError, OSError):
    """The relay's own file cannot be opened, read or written."""


class DoctorError(EdgeVoiceError, OSError):
    """What the doctor was to write cannot be written, or nobody can be asked."""


class ControlError(EdgeVoiceError, ConnectionError):
    """The daemon is not running, or refused the command."""


class EngineError(EdgeVoiceError, RuntimeError):
    """Recognition, thinking or synthesis failed; the session goes on."""


class ToolError(EdgeVoiceError, ValueError):
    """A tool was called with arguments it cannot use, or failed."""


class CheckFailed(EdgeVoiceError):
    """A server that was to be checked does otherwise."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}; came {came}")
        self.expected = expected
        self.came = came


class CheckSkipped(EdgeVoiceError):
    """Something that a check needs is not here; the message says how to get it."""


class NeighbourError(EdgeVoiceError, ConnectionError):
    """Somebody whom the board tells of itself cannot be reached, or not in this way."""


class McpError(EdgeVoiceError, ConnectionError):
    """An MCP server cannot be reached, broke off, or sends what nobody can use."""


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error
