"""`docs/benchmarks/peers.md`: the table, what it was measured on, what it cannot say. Pure."""

from collections.abc import Mapping
from typing import Any

from peers.sheet import COLUMNS, restarted, rows, table, verdict

HEAD = """# edgevoice next to its peers

Made by `{command}` on {date}; the numbers are in [peers.json](peers.json). Same machine, same
run, same recordings; whoever is measured takes turns with the others. Less is better in every row.
A number is the median, in brackets the middle half (below five measurements: the whole
range) and how many there were. The last column compares edgevoice as it comes with the best
*assistant*; pyopen-wakeword and pymicro-wakeword are wake words and nothing else.
"""

BUSY = """> **Provisional**: the machine had other work while this was measured ({busy}),
> which delays most what needs it most.
"""

READING = """
## How it was measured

- **Room.** A private PulseAudio with a virtual microphone and loudspeaker. What was said, what was
  played and what a server got are set side by side on one clock; both tapes are late by the same
  10 to 20 ms. The microphone does not hear the loudspeaker, as with headphones.
- **Servers** all decide after 0.5 s of silence and answer at once with the same recording, so that
  only the way is compared. Those of the others are stand-ins, which tell speech by its loudness;
  edgevoice's relay asks Silero, which takes up to 0.1 s longer to be sure. Home Assistant waits
  for 0.7 s by default; the relay, as it comes, asks a network after 0.2 s, which is not used here.
- **wyoming-satellite --vad** looks for no wake word: what listening costs it is shown, but not
  compared. It sends all speech to its server, where a wake-word service has to run.
- **Listening**: all in one room at the same time; processor time and memory of everything that has
  to run on the board, children included, without the sound server and the assistant's server. What
  several processes of one system share is counted for each of them.
- **Wake words**: recordings of `alexa` behind one another, other speech behind one another, as
  fast as each engine takes it, at its default threshold. Heard counts until 1 s after the
  recording. "At the threshold without false wakes": the lowest at which nothing else woke it.
- **Words lost**: "alexa" and a command in one breath. What the server got is laid over what was
  said; speech of the command before that, and holes in it, are lost.
- **Recovery**: the wake word is said every two seconds, which is how fine the numbers are.
  Programs that end are begun again after a second, as by `Restart=always`.
"""

ABSENT = """- linux-voice-assistant and wyoming-satellite 1.4.1 are not on PyPI, so they are not in
  the table; wyoming-satellite's last release there is 1.0.0.
- wyoming-openwakeword 1.8.2 does not start with what pip chooses for it today (its TensorFlow
  Lite was built for NumPy 1); it is given NumPy 1.26.
"""


def page(results: Mapping[str, Any]) -> str:
    made = rows(results)
    shown = [name for name in COLUMNS if any(name in row.cells for row in made)]
    parts = [
        HEAD.format(command=results["command"], date=results["date"]),
        *([BUSY.format(busy=results["busy"])] if results.get("busy") else []),
        table(made, shown),
        _summary(results),
        *(f"![{name}](peers-{name}.png)" for name in results.get("plots", ())),
        READING,
        "## Who was measured\n\n" + _systems(results) + ABSENT,
        "## Machine\n\n" + _listed(results["machine"]),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _summary(results: Mapping[str, Any]) -> str:
    made = rows(results)
    behind = [f"- {row.title}: {verdict(row)}" for row in made if "behind" in verdict(row)]
    leads = sum("leads" in verdict(row) for row in made)
    level = sum("level" in verdict(row) for row in made)
    lines = [f"\nOf {len(made)} rows edgevoice leads {leads} and is level in {level}."]
    if behind:
        lines += ["It does not lead here:\n", *behind]
    for loss, names in restarted(results.get("recovering", {})).items():
        if names:
            lines.append(f"\nThe loss of the {loss} ended the program of {', '.join(names)}.")
    for room, systems in results.get("idle", {}).items():
        called = {name: one["calls"] for name, one in systems.items() if one.get("calls")}
        if called:
            told = ", ".join(f"{name} {count} times" for name, count in called.items())
            lines.append(f"\nWhile listening ({room}) something went to the server of {told}.")
    return "\n".join(lines) + "\n"


def _systems(results: Mapping[str, Any]) -> str:
    lines = [f"- **{name}**: {how}." for name, how in results["systems"].items()]
    lines += [f"- **{name}** could not be had: {why}." for name, why in results["missing"].items()]
    lines += [f"- The part {name} failed: {why}." for name, why in results["failed"].items()]
    for name, versions in results["versions"].items():
        told = ", ".join(f"{package} {version}" for package, version in versions.items())
        lines.append(f"- {name}: {told}.")
    return "\n".join(lines) + "\n"


def _listed(facts: Mapping[str, Any]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())
