"""The part of the configuration that is about the local engine: `relay.local`.

Written as in `config.py`, which is where everybody else imports these from.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ChatConfig:
    url: str = ""
    """An OpenAI-compatible chat server, such as http://127.0.0.1:11434/v1; empty: none."""
    model: str = ""
    """The model to ask for there."""
    key_file: str = ""
    """File that holds its API key; empty: none is sent."""
    first_token_s: float = 30.0
    """Wait this long for the first word; small machines load models slowly."""
    idle_s: float = 10.0
    """Give up when the stream stalls for this long."""


@dataclass(frozen=True, slots=True)
class SttConfig:
    backend: Literal["moonshine", "openai", "wyoming", "faster-whisper", "none"] = "moonshine"
    """What recognises speech: networks on this machine (moonshine, faster-whisper), a server (openai, wyoming), or nothing."""
    url: str = ""
    """Of the server: http://127.0.0.1:8000/v1 (openai), tcp://127.0.0.1:10300 (wyoming)."""
    model: str = ""
    """The model to ask for there; for faster-whisper a folder, also one below the models' folder."""
    language: str = ""
    """Of the speech, such as en; empty: the server's default."""
    key_file: str = ""
    """File that holds the server's API key; empty: none is sent."""
    connect_s: float = 2.0
    """A server that cannot be reached in this time is taken for dead."""
    answer_s: float = 15.0
    """Wait this long for the words after the end of the speech."""
    fallback: bool = False
    """Load moonshine too, and let it recognise what the server fails to."""


@dataclass(frozen=True, slots=True)
class TtsConfig:
    backend: Literal["hibari", "openai", "wyoming"] = "hibari"
    """What speaks: the network on this machine (hibari), or a server."""
    url: str = ""
    """Of the server: http://127.0.0.1:8000/v1 (openai), tcp://127.0.0.1:10200 (wyoming)."""
    model: str = ""
    """The model to ask for there."""
    voice: str = ""
    """Its voice; empty: the server's default."""
    language: str = ""
    """Of the text, such as en; empty: the server's default."""
    key_file: str = ""
    """File that holds the server's API key; empty: none is sent."""
    rate_hz: int = 24000
    """Sampling rate of the sound that the openai server sends without saying so."""
    connect_s: float = 2.0
    """A server that cannot be reached in this time is taken for dead."""
    answer_s: float = 10.0
    """Wait this long for the next piece of sound."""
    fallback: bool = False
    """Load hibari too, and let it say what the server fails to."""


@dataclass(frozen=True, slots=True)
class LocalEngineConfig:
    threads: int = 1
    """Processor threads per recognition or synthesis."""
    voice_seed: int = 7
    """Same number, same intonation."""
    speculate: bool = True
    """Begin an answer where the user may have finished, and say it only if that was so. A chat server is then asked more often."""
    stt: SttConfig = field(default_factory=SttConfig)
    """Hears: speech to text."""
    tts: TtsConfig = field(default_factory=TtsConfig)
    """Speaks: text to speech."""
    chat: ChatConfig = field(default_factory=ChatConfig)
    """Answers what no built-in intent answers."""
