"""What measurements say about the sound of this board, in words. Pure.

What would make it better is in `proposals.py`.
"""

from collections.abc import Iterator, Sequence

from edgevoice.audio.calibration import Echo, Measured
from edgevoice.config import Config
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.proposals import (
    HOPELESS_DB,
    LINEAR_DB,
    MOST_CANCELLED_DRIFT_PPM,
    MOST_CLIPPED,
    VERY_QUIET_DBFS,
    Round,
)

LOUD_DBFS = -40.0
"""A voice at two metres is hardly above this."""
MOST_DC = 0.02
UNSTEADY_MS = 5.0
CABLE_DB, CABLE_TAIL_MS = 0.7, 5.0
"""No room gives back what was played so exactly."""
LONGEST_TAIL_MS = 480.0


def diagnosis(config: Config, rounds: Sequence[Round]) -> Iterator[Finding]:
    """The last round is the one that counts."""
    last = rounds[-1]
    measured = last.measured
    if measured.dead:
        yield Finding(
            "fail", "microphone", "delivers always the same value", _right_microphone(config)
        )
        return
    yield from _microphone(measured)
    if measured.too_short:
        yield Finding("fail", "echo", "too much sound was lost while measuring", "run it once more")
    elif measured.echo is None:
        yield _unheard(config, last)
    else:
        yield from _echo(config, last, measured.echo)


def _microphone(measured: Measured) -> Iterator[Finding]:
    noise = f"{measured.noise_dbfs:.0f} dBFS"
    if measured.noise_dbfs > LOUD_DBFS:
        todo = "look for a quieter place, or lower the card's capture level in alsamixer"
        yield Finding("warn", "noise", f"{noise}: speech will hardly stand out", todo)
    else:
        yield Finding("ok", "noise", noise)
    if abs(measured.dc_offset) > MOST_DC:
        text = f"the sound is off centre by {measured.dc_offset:.0%} of full scale"
        yield Finding("warn", "microphone", text, "try another cable or card")
    if measured.clipped > MOST_CLIPPED:
        text = f"{measured.clipped:.1%} of the samples are at full scale"
        todo = "lower the card's capture level in alsamixer, or the loudspeaker"
        yield Finding("warn", "clipping", text, todo)
    else:
        yield Finding(
            "ok", "clipping", f"none; the loudest sample is at {_db(measured.peak_dbfs)}FS"
        )


def _unheard(config: Config, last: Round) -> Finding:
    if config.echo.canceller == "hardware":
        return Finding("ok", "echo", "the chirps are not heard: the card removes them")
    todo = (
        f"play louder than {last.volume_percent} (--volume), check speaker.device;"
        f" {_right_microphone(config)}; with headphones set echo.canceller: none"
    )
    return Finding("fail", "echo", "none of the chirps was heard", todo)


def _echo(config: Config, last: Round, echo: Echo) -> Iterator[Finding]:
    if not echo.interrupted:
        yield _delay(echo)
    yield _return_loss(config, last.measured, echo)
    yield _distortion(last, echo)
    yield _tail(echo)
    yield _drift(echo)


def _delay(echo: Echo) -> Finding:
    text = f"{echo.delay_ms:.1f} ms from playing to hearing"
    if echo.delay_spread_ms > UNSTEADY_MS:
        text += f", and it varied by {echo.delay_spread_ms:.0f} ms"
        return Finding("warn", "delay", text, "close other programs that use sound")
    return Finding("ok", "delay", text)


def _return_loss(config: Config, measured: Measured, echo: Echo) -> Finding:
    loss = echo.return_loss_db
    if _is_a_cable(measured, echo):
        text = "what is captured is a copy of what is played, not a room"
        return Finding("warn", "echo return loss", text, _right_microphone(config))
    how = (
        f"{loss:.1f} dB quieter than played" if loss >= 0 else f"{-loss:.1f} dB louder than played"
    )
    text = f"{how}, at {_db(echo.dbfs)}FS"
    if config.echo.canceller == "hardware":
        todo = "echo.canceller: software, if the assistant interrupts itself"
        return Finding("warn", "echo return loss", f"{text}: the card does not remove it", todo)
    return Finding("ok", "echo return loss", text)


def _is_a_cable(measured: Measured, echo: Echo) -> bool:
    short = echo.tail_ms is not None and echo.tail_ms < CABLE_TAIL_MS
    return abs(echo.return_loss_db) < CABLE_DB and short and measured.noise_dbfs < VERY_QUIET_DBFS


def _distortion(last: Round, echo: Echo) -> Finding:
    text = f"{100 * 10 ** (echo.distortion_db / 20):.1f} % at volume {last.volume_percent}"
    if echo.distortion_db > HOPELESS_DB:
        todo = "a better loudspeaker, further from the microphone"
        return Finding("fail", "distortion", f"{text}: no echo can be removed", todo)
    if echo.distortion_db > LINEAR_DB:
        todo = "play quieter, or use a better loudspeaker"
        return Finding("warn", "distortion", f"{text}: less echo is removed", todo)
    return Finding("ok", "distortion", text)


def _tail(echo: Echo) -> Finding:
    if echo.tail_ms is None:
        return Finding("warn", "room", "too much noise to hear it die away", "measure when quiet")
    text = f"30 dB quieter after {echo.tail_ms:.0f} ms"
    if echo.tail_ms > LONGEST_TAIL_MS:
        todo = "curtains, carpets or another place"
        return Finding("warn", "room", f"{text}: longer than what is removed", todo)
    return Finding("ok", "room", text)


def _drift(echo: Echo) -> Finding:
    if echo.interrupted:
        todo = "set microphone.period_ms and speaker.period_ms to 20, or relieve the processor"
        return Finding("fail", "clocks", "sound was lost between the chirps", todo)
    if echo.drift_ppm is None:
        return Finding("warn", "clocks", "not measured", "run it once more")
    how = "slower" if echo.drift_ppm < 0 else "faster"
    text = f"the loudspeaker's is {abs(echo.drift_ppm):.1f} ppm {how}"
    if abs(echo.drift_ppm) > MOST_CANCELLED_DRIFT_PPM:
        todo = "use microphone and loudspeaker of one card"
        return Finding("fail", "clocks", f"{text} than the microphone's", todo)
    return Finding("ok", "clocks", text)


def _right_microphone(config: Config) -> str:
    return (
        f"check microphone.device and microphone.channel (now {config.microphone.channel}),"
        " `edgevoice devices` lists what there is"
    )


def _db(level: float) -> str:
    return f"{level:.1f} dB"
