"""The device: everything wired together, started in order, stopped in reverse.

One TaskGroup runs what runs by itself; whoever is built here is run here.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgevoice import __version__
from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.audio.vad import WebRtcVad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import Config
from edgevoice.daemon.board import Board, real_board
from edgevoice.daemon.capture import Capture
from edgevoice.daemon.control import ControlServer
from edgevoice.daemon.credentials import read_token
from edgevoice.daemon.ears import Ears
from edgevoice.daemon.gate_light import GateLight
from edgevoice.daemon.performer import Body, Performer
from edgevoice.daemon.privacy_log import PrivacyLog
from edgevoice.daemon.runner import Runner
from edgevoice.daemon.tool_host import ToolHost
from edgevoice.daemon.turn_log import TurnLog
from edgevoice.daemon.watchdog import Progress, Watchdog
from edgevoice.daemon.waterfall import SampleCounts
from edgevoice.errors import ControlError
