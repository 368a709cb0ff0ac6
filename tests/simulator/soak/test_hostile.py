import random
import socket

from edgevoice.simulator.soak.hostile import DATAGRAMS, DTLS, RTP, STUN, send_datagrams


def test_datagrams_are_noise_and_what_looks_like_more() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        taken.settimeout(20)
        told = send_datagrams([taken.getsockname()[1]], random.Random(1))
        got = [taken.recv(65_536) for _ in range(100)]
    assert told == f"{DATAGRAMS} datagrams to each of 1 ports"
    for begins in (STUN, RTP, DTLS):
        assert any(datagram.startswith(begins) for datagram in got)
    assert len(set(map(len, got))) > 50


def test_nobody_to_send_to_is_no_trouble() -> None:
    assert send_datagrams([], random.Random(1)).endswith("each of 0 ports")
