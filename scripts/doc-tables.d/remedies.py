"""Where in a sentence it says what to do, and what helps where sentences of a kind need not say it.

A kind is the class of an error, or the status of a refusal.
"""

import re

IMPERATIVES = (
    "add|approve|ask|attach|begin|convert|download|fetch|build|call|change|check|choose|confirm|close|copy|correct|cool|cut|edit|end|export|"
    "free|give|go|log|hang|hold|install|join|leave|load|look|make|mend|move|name|pair|plug|post|press|"
    "put|raise|read|rebuild|reinstall|remove|renew|repeat|replace|report|reset|restart|restore|"
    "revoke|run|say|see|send|set|show|start|stop|switch|take|talk|type|unload|train|try|turn|undo|unplug|unset|update|use|"
    "wait|wake|write"
)
SAYS_IT = re.compile(
    rf"`[^`]+`|\b(?:sudo|systemctl|scripts/\w+|edgevoice \w+|pip install|apt-get|chmod)\b"
    rf"|(?:^|[;:,.?(]\s+(?:or |and |then |please |on Debian: )?)(?:{IMPERATIVES})\b"
    rf"|\bor (?:{IMPERATIVES}) "
    r"|\b(?:must|wanted|needs? |are needed|has to|is as|such as|it is \d|at most|allows more"
    r"|known are|there (?:is|are): |there are …|is none of|are for|only …|it has: |the boards are"
    r"|decides|is there already|is enough|forbids|is the most|can be told|from … to …|letters"
    r"|is (?:it|the|UDP) .*\?|does .*\?|only that switch|those it has|lamps: |are the days)",
    re.IGNORECASE,
)
JOINTS = re.compile(r"(?<=\S)(?:; |: |\? |\. |, or | \()(?=\S)")

BROKEN_PROTOCOL = "send what it asks for"
OF_KIND = {
    "RemoteProtocolError": BROKEN_PROTOCOL,
    "LocalProtocolError": "a bug in edgevoice: report it, with an `edgevoice doctor --bundle`",
    "TokenForged": "introduce the device anew: `edgevoice pair`; if nobody tampered, report it",
    "TokenForAnother": "call the relay by the address it was paired at (`link.url`), or pair anew",
    "TokenUsed": "call again: a device signs a new token for each request",
    "TokenStale": "set the device's clock: `sudo timedatectl set-ntp true`",
    "TokenTooEarly": "set the device's clock: `sudo timedatectl set-ntp true`",
    "ToolError": "say it another way",
    "EngineError": "look at that server, and at its log",
    "McpError": "look at that server, and at its log",
    "CheckSkipped": "nothing, if that server need not have it",
    "LaboratoryError": "run it as root on Linux with iproute2; `apt install iproute2`",
    "NetworkUnknown": "nothing: it is read again at the next change",
    "FlightRecordError": "name the folder of a failure or a turn; `edgevoice why` tells where",
    "Config": "correct that line",
    "Scenario": "correct that line",
}
OF_STATUS = {
    "400": "send what it asks for",
    "401": "send a valid token: `edgevoice relay token NAME` makes one; a device: `edgevoice pair`",
    "403": "use the token or device that this belongs to",
    "404": "begin anew: what was asked for is over, or never was",
    "408": "send the body at once, or look at the way there",
    "409": "join a call whose events pass the relay (`relay.upstream.mode: terminator`)",
    "413": "send less",
    "415": "send the type of content that the message names",
    "429": "wait as `Retry-After` says; `relay.limits` allows more",
    "501": "use the engine `local` or a voice server (`relay.local.tts`)",
    "502": "look at the server behind the relay; its own log says more",
    "503": "wait as `Retry-After` says; the relay's log says why",
    "504": "look at the server behind the relay, or at the way there",
}
PASSED_ON = {
    "microphone.device: …",
    "speaker.device: …",
    "not called for another … s, as it asked: …",
    "no usable GPIO on this machine: …",
    "the local engine cannot hear: …",
    "no relay says it: …",
    "… does not pair (…): …",
    "… does not accept our token (…): …",
    "…. It says: …",
    "what the relay keeps in … cannot be used (…); …",
}
"""They end with another sentence, or with one of several remedies."""


def parted(sentence: str) -> tuple[str, str]:
    """What is wrong, and what to do; the latter is empty where the sentence does not say it."""
    for joint in JOINTS.finditer(sentence):
        rest = sentence[joint.end() :]
        if joint.group() == " (" and not rest.endswith(")"):
            continue
        if SAYS_IT.search(f": {rest}") and SAYS_IT.search(": " + _clause(rest)):
            trouble = sentence[: joint.start()] + ("?" if joint.group() == "? " else "")
            return trouble, rest.removesuffix(")") if joint.group() == " (" else rest
    if sentence in PASSED_ON:
        return sentence, "what stands at its end says it"
    return sentence, "as it says" if SAYS_IT.search(sentence) else ""


def _clause(text: str) -> str:
    return JOINTS.split(text, maxsplit=1)[0]
