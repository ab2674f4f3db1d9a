"""Takes systemd's part for one service: the sockets of the journal and of notifications, and their environment.

Runs in a mount namespace of its own (`unshare --mount`), because the path of the journal's socket is fixed. Prints one JSON
object for each datagram. Ends the service by SIGTERM once the watchdog was fed twice, and itself when the service's last line
is in the journal. The protocols: sd_notify(3) with its barrier, systemd.exec(5) JOURNAL_STREAM, and
https://systemd.io/JOURNAL_NATIVE_PROTOCOL/.
"""

import array
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys

LAST_LINE = "the last line"
WATCHDOG_USEC = 300_000
DEADLINE_SECONDS = 60


def bound(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    one.bind(path)
    return one


def received(one):
    """The datagram, the sender's process, and whatever it passed, closed: a barrier waits for that."""
    data, ancillary, _, _ = one.recvmsg(1 << 20, 4096)
    pid = None
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            pid = struct.unpack("3i", content[:12])[0]
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds = array.array("i")
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
            for fd in fds:
                os.close(fd)
    return data.decode(), pid


def state_at_end(pid):
    """Z: the process has ended, and its /proc entry is still there for the journal. Empty: it is gone."""
    while True:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                state = file.read().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return ""
        if state == "Z":
            return state


def fields(data):
    return dict(line.split("=", 1) for line in data.splitlines() if "=" in line)


def main():
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    journal = bound("/run/systemd/journal/socket")
    notify = bound("/run/systemd/notify")
    read, write = os.pipe()
    status = os.fstat(write)
    env = {
        **os.environ,
        "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}",
        "NOTIFY_SOCKET": "/run/systemd/notify",
        "WATCHDOG_USEC": str(WATCHDOG_USEC),
    }
    child = subprocess.Popen(sys.argv[1:], env=env, stdout=write, stderr=write)
    os.close(write)
    signal.alarm(DEADLINE_SECONDS)
    fed = 0
    is_ending = False
    is_done = False
    open_fds = [journal, notify, read]
    while not is_done:
        for one in select.select(open_fds, [], [])[0]:
            if one is read:
                text = os.read(read, 1 << 16).decode()
                if text == "":
                    open_fds.remove(read)
                else:
                    print(json.dumps({"plain": text}), flush=True)
                continue
            data, pid = received(one)
            if one is notify:
                print(json.dumps({"notify": data}), flush=True)
                fed += data.count("WATCHDOG=1")
                if fed >= 2 and not is_ending:
                    is_ending = True
                    child.send_signal(signal.SIGTERM)
                continue
            entry = fields(data)
            print(json.dumps({"journal": entry, "sender": state_at_end(pid)}), flush=True)
            is_done = entry.get("MESSAGE") == LAST_LINE
    print(json.dumps({"exit": child.wait()}), flush=True)


main()
