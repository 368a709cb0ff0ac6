"""Stands in for edgevoice inside its unit's sandbox: tries what the program does, and what
nobody should be able to do, writes down what happened, and is ready.

Runs with the installed Python of the guest; imports nothing of the checkout.
"""

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path


def outcome(attempt: Callable[[], object]) -> str:
    try:
        return str(attempt())
    except (OSError, ImportError, MemoryError) as error:
        return type(error).__name__


def callbacks() -> str:
    """sounddevice and pyOpenSSL hand functions of ours to C."""
    import cffi

    ffi = cffi.FFI()
    return str(ffi.callback("int(int)", lambda x: x + 1)(1))


def packages() -> str:
    import aiortc
    import onnxruntime

    return f"{aiortc.__version__} {onnxruntime.get_available_providers()[-1]}"


def certificate() -> str:
    from aiortc import RTCCertificate

    return str(len(RTCCertificate.generateCertificate().getFingerprints()) > 0)


def datagrams() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        return "bound"


def written(path: str) -> Callable[[], object]:
    return lambda: Path(path).write_text("x")


def credential(name: str) -> str:
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "/nowhere")
    return Path(folder, name).read_text().strip()


def notify(text: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])


def main() -> None:
    state = os.environ["STATE_DIRECTORY"]
    status = Path("/proc/self/status").read_text()
    found = {
        "user": os.getuid(),
        "groups": sorted(os.getgroups()),
        "capabilities": status.split("CapBnd:\t")[1].split()[0],
        "environ": {key: os.environ.get(key) for key in ("ORT_DISABLE_TELEMETRY", "LG_WD")},
        "callbacks": outcome(callbacks),
        "packages": outcome(packages),
        "certificate": outcome(certificate),
        "datagrams": outcome(datagrams),
        "state": outcome(written(f"{state}/probe")),
        "configuration": outcome(lambda: Path("/etc/edgevoice/config.yaml").read_text()[:10]),
        "credential": outcome(lambda: credential("token")),
        "key credential": outcome(lambda: credential("device.key")),
        "token file": outcome(lambda: Path("/etc/edgevoice/token").read_text()),
        "tokens file": outcome(lambda: Path("/etc/edgevoice/tokens").read_text() and "read"),
        "processors": outcome(lambda: "processor" in Path("/proc/cpuinfo").read_text()),
        "null device": outcome(written("/dev/null")),
        "memory device": outcome(lambda: os.open("/dev/kmsg", os.O_RDONLY)),
        "home": outcome(lambda: os.listdir("/root")),
        "write configuration": outcome(written("/etc/edgevoice/probe")),
        "write program": outcome(written("/opt/edgevoice/probe")),
        "write state of others": outcome(written("/var/lib/probe")),
        "write run": outcome(written("/run/probe")),
        "raw packets": outcome(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
        "other processes": outcome(lambda: Path("/proc/1/status").read_text()[:4]),
        "real time": outcome(lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(5))),
    }
    Path(state, "found.json").write_text(json.dumps(found))
    notify("READY=1\nSTATUS=probed")
    # Does not feed the watchdog: systemd has to notice.
    signal.sigwait([signal.SIGTERM])


if __name__ == "__main__":
    main()
