"""How loud sound is."""

import numpy as np
import pytest

from edgevoice.audio.level import SILENCE_DBFS, dbfs, peak_dbfs, rms_dbfs


def test_a_square_wave_that_fills_all_bits_is_0() -> None:
    square = np.full(320, -32768, np.int16)
    assert rms_dbfs(square) == pytest.approx(0, abs=0.01)
    assert peak_dbfs(square) == pytest.approx(0, abs=0.01)


def test_half_is_6_db_less_and_a_sine_3_db_below_its_peak() -> None:
    sine = (16_384 * np.sin(np.arange(1600) * np.pi / 8)).astype(np.int16)
    assert peak_dbfs(sine) == pytest.approx(-6.02, abs=0.01)
    assert rms_dbfs(sine) == pytest.approx(-9.03, abs=0.01)
    assert dbfs(0.1) == pytest.approx(-20)


@pytest.mark.parametrize("samples", [0, 320])
def test_nothing_is_silence(samples: int) -> None:
    silence = np.zeros(samples, np.int16)
    assert rms_dbfs(silence) == peak_dbfs(silence) == SILENCE_DBFS
