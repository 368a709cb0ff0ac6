"""Every scene on one LED, three, and rings: what an owner can rely on."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.hardware.lights.colours import DARK, OKABE_ITO, PALETTES, SINGLE, WHITE, Palette
from edgevoice.hardware.lights.motions import follow
from edgevoice.hardware.lights.patterns import MANY, PAIRING, PATTERNS, UPDATING
from edgevoice.hardware.lights.scene import Scene, Volume, picture
from edgevoice.hardware.lights.shows import LASTS_S, SHOWS
from edgevoice.transceiver.indication import SESSION, Countdown, Hold, Indication
from tests.hardware.lights.look import (
    BEGAN,
    COUNTS,
    flashes_per_second,
    frames,
    light,
    luminance,
    mean_light,
)

WHOLE_S = 12.0
"""Every rhythm fits into it whole, or nearly."""


def saying(indication: Indication) -> Scene:
    return Scene(indication, since=BEGAN)


def strip(scene: Scene, count: int, after_s: float = 0.0) -> str:
    """A frame of white LEDs as a string: `#` full, `o` above half, `+` less, `.` dark."""
    frame, _ = picture(scene, BEGAN + after_s, count, SINGLE)
    return "".join(
        "#" if r > 250 else "o" if r > 127 else "+" if r > 0 else "." for r, _, _ in frame
    )


ONE_LED = {
    "muted": "#.............................#.........",
    "error": "###..###..##...##...##..###..###..##...#",
    "timer ringing": "###......###......###......###......###.",
    "listening": "########################################",
    "thinking": "#ooo+++ooo#ooo+++ooo#ooo+++ooo#ooo+++ooo",
    "speaking": "#########.#########.#########.#########.",
    "connecting": "#####...#####..#####...#####..#####...##",
    "announcement": "##oooo++++++++oooo##oooo++++++++oooo##oo",
    "timer missed": "###...................###...............",
    "offline": "#####...................................",
    "recording": "##...........##...........##...........#",
    "idle": "........................................",
    "countdown": "........................................",
    "volume": "........................................",
    "long press": "####.####.####.####.####.####.####.####.",
    "pairing": "##########..........##########..........",
    "updating": "##oooo++++.+++++oooo##oooo++++.+++++oooo",
}
"""A character for each tenth of a second, just after it began."""


@pytest.mark.parametrize("name", SHOWS)
def test_one_led_frame_by_frame(name: str) -> None:
    seen = "".join(strip(SHOWS[name].scene(BEGAN), 1, tenth / 10 + 0.001) for tenth in range(40))
    assert seen == ONE_LED[name]


def test_a_ring_of_twelve_frame_by_frame() -> None:
    assert strip(saying(Indication.MUTED), 12) == "#..#..#..#.."
    assert strip(saying(Indication.OFFLINE), 12) == "#..........."
    assert strip(saying(Indication.LISTENING), 12) == "############"
    assert strip(saying(Indication.IDLE), 12) == "............"
    thinking = saying(Indication.THINKING)
    assert strip(thinking, 12) == "####++++++++"
    assert strip(thinking, 12, 0.1) == "+####+++++++"
    assert strip(thinking, 12, 1.1) == "###++++++++#"
    assert strip(thinking, 12, 1.2) == "####++++++++"
    connecting = saying(Indication.CONNECTING)
    assert [strip(connecting, 12, t) for t in (0, 0.5, 0.75)] == ["#" * 12, "+" * 12, "#" * 12]


def test_the_colours_of_a_frame_are_the_palette_s() -> None:
    assert picture(saying(Indication.LISTENING), BEGAN, 1, OKABE_ITO)[0] == ((0, 114, 178),)
    muted, _ = picture(saying(Indication.MUTED), BEGAN, 12, OKABE_ITO)
    assert muted[:4] == ((213, 94, 0), DARK, DARK, (213, 94, 0))
    half = Scene(Indication.SPEAKING, since=BEGAN, level=0.0)
    assert picture(half, BEGAN, 12, OKABE_ITO)[0] == ((0, 87, 63),) * 12


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("indication", sorted(SESSION, key=lambda i: i.value))
def test_while_the_gate_may_be_open_it_is_lit_half_of_the_time(
    indication: Indication, count: int
) -> None:
    seen = list(frames(saying(indication), count, WHOLE_S))
    lit = sum(s for frame, s in seen if all(map(any, frame)))
    assert lit >= WHOLE_S / 2
    assert mean_light(saying(indication), count, WHOLE_S, SINGLE) >= 0.5


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("indication", sorted(SESSION, key=lambda i: i.value))
def test_it_is_lit_from_the_first_moment(indication: Indication, count: int) -> None:
    assert light(picture(saying(indication), BEGAN, count, OKABE_ITO)[0]) >= 0.3


QUIET_SCENES = [
    saying(Indication.MUTED),
    saying(Indication.OFFLINE),
    saying(Indication.IDLE),
    replace(saying(Indication.IDLE), countdown=Countdown(BEGAN + 60, 60)),
    replace(saying(Indication.IDLE), volume=Volume(100, BEGAN)),
    replace(saying(Indication.OFFLINE), volume=Volume(100, BEGAN)),
]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("scene", QUIET_SCENES, ids=range(len(QUIET_SCENES)))
def test_muted_offline_and_idle_never_look_like_listening(
    scene: Scene, palette: Palette, count: int
) -> None:
    """Whatever lies over them: at most half of its light, and never as much at any moment on."""
    listening = mean_light(saying(Indication.LISTENING), count, WHOLE_S, palette)
    assert mean_light(scene, count, WHOLE_S, palette) <= 0.5 * listening
    assert not all(light(f) >= 0.9 * listening for f, _ in frames(scene, count, WHOLE_S, palette))


def test_one_led_alone_tells_them_apart() -> None:
    """Without the colour, rhythms differ by more than the eye's tolerance."""
    seen = {
        name: [light(picture(show.scene(BEGAN), BEGAN + i / 20, 1, SINGLE)[0]) for i in range(80)]
        for name, show in SHOWS.items()
        if name not in ("countdown", "volume", "idle")  # one LED has no room for bars
    }
    for (one, a), (other, b) in combinations(seen.items(), 2):
        different_s = sum(abs(x - y) > 0.2 for x, y in zip(a, b, strict=True)) / 20
        assert different_s >= 0.4, f"{one} looks like {other}"


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_nothing_flashes_more_than_three_times_a_second(palette: Palette, count: int) -> None:
    for name, show in SHOWS.items():
        seen = [(luminance(f), s) for f, s in frames(show.scene(BEGAN), count, LASTS_S, palette)]
        assert flashes_per_second(seen, LASTS_S) <= 3, name


@pytest.mark.parametrize("syllables_per_s", [3, 4, 6, 8])
def test_an_answer_however_spoken_does_not_flash(syllables_per_s: int) -> None:
    """The hardest light: a ring in the purest colours, full sound and silence in turns."""
    shown, seen = 0.0, []
    for step in range(250):
        loud = (step * 0.04 * syllables_per_s) % 1 < 0.5
        shown = follow(shown, float(loud), 0.04)
        scene = Scene(Indication.SPEAKING, since=BEGAN, level=shown)
        for palette in PALETTES.values():
            seen.append((palette, luminance(picture(scene, BEGAN, 12, palette)[0])))
    for palette in PALETTES.values():
        levels = [(luminance, 0.04) for p, luminance in seen if p is palette]
        assert flashes_per_second(levels, 10.0) <= 3


@given(
    st.sampled_from(Indication),
    st.sampled_from(COUNTS),
    st.floats(0, 100),
    st.integers(0, 100),
    st.booleans(),
)
def test_a_bar_never_hides_an_open_gate_or_mute(
    indication: Indication, count: int, passed_s: float, percent: int, held: bool
) -> None:
    """It has the indication's own colour, and no LED beside it is darker than a quarter."""
    scene = saying(indication)
    over = replace(
        scene,
        volume=Volume(percent, BEGAN + passed_s),
        hold=Hold(BEGAN, BEGAN + 50) if held else None,
    )
    frame, _ = picture(over, BEGAN + passed_s, count, OKABE_ITO)
    if indication in SESSION or indication is Indication.MUTED:
        expected = getattr(OKABE_ITO, indication.name.lower())
        hues = {tuple(part > 0 for part in colour) for colour in frame if any(colour)}
        assert hues <= {tuple(part > 0 for part in expected)}
        if count >= 3:
            assert light(frame) >= 0.24 * light((expected,))


def test_the_volume_is_a_bar_for_two_seconds() -> None:
    scene = Scene(since=BEGAN, volume=Volume(50, BEGAN))
    assert strip(scene, 12) == "++++++......"
    assert picture(scene, BEGAN, 12, OKABE_ITO)[1] == 2.0
    assert strip(scene, 12, 2.0) == "............"
    answering = replace(scene, indication=Indication.SPEAKING)
    assert strip(answering, 12) == "######++++++"


def test_a_long_press_fills_the_ring_until_it_acts() -> None:
    scene = Scene(since=BEGAN, hold=Hold(BEGAN, BEGAN + 8))
    assert [strip(scene, 4, t) for t in (0, 2, 4, 8, 99)] == [
        "....",
        "+...",
        "++..",
        "++++",
        "++++",
    ]
    assert strip(scene, 1, 0.0) == "#"


def test_a_countdown_shrinks_and_is_seen_while_idle_only() -> None:
    scene = Scene(since=BEGAN, countdown=Countdown(BEGAN + 120, 120))
    assert [strip(scene, 12, t) for t in (0, 60, 119, 120)] == [
        "++++++++++++", "++++++......", "+...........", "............",
    ]  # fmt: skip
    assert strip(replace(scene, indication=Indication.OFFLINE), 12) == "#..........."
    assert strip(replace(scene, indication=Indication.MUTED), 12) == "#..#..#..#.."
    assert strip(scene, 1) == "."


@given(st.floats(1, 86_400), st.sampled_from((3, 12, 24)))
def test_a_countdown_wakes_nobody_more_often_than_it_must(total_s: float, count: int) -> None:
    scene = Scene(countdown=Countdown(BEGAN + total_s, total_s))
    seen = list(frames(scene, count, total_s))
    assert len(seen) <= 4 * count + 1
    lights = [light(frame) for frame, _ in seen]
    assert lights == sorted(lights, reverse=True)
    assert lights[-1] > 0  # lit to the end


def test_a_notice_is_seen_while_nothing_else_must_be() -> None:
    assert strip(Scene(since=BEGAN, notice=PAIRING), 3) == "###"
    assert strip(Scene(since=BEGAN, notice=PAIRING), 3, 1.0) == "..."
    assert strip(Scene(Indication.OFFLINE, since=BEGAN, notice=UPDATING), 12) == "#" * 12
    muted = Scene(Indication.MUTED, since=BEGAN, notice=PAIRING)
    assert strip(muted, 12) == "#..#..#..#.."


def test_what_stands_for_hours_stands_still() -> None:
    """No wake-ups of a ring while muted, offline, listening or idle."""
    for indication in (
        Indication.MUTED,
        Indication.OFFLINE,
        Indication.LISTENING,
        Indication.IDLE,
    ):
        assert picture(saying(indication), BEGAN, MANY, OKABE_ITO)[1] == float("inf")


def test_every_indication_has_a_pattern_and_a_colour() -> None:
    assert set(PATTERNS) == set(Indication)
    for palette in PALETTES.values():
        for indication in Indication:
            frame, _ = picture(saying(indication), BEGAN, 3, palette)
            assert all(0 <= part <= 255 for colour in frame for part in colour)
    assert SINGLE.muted == WHITE
