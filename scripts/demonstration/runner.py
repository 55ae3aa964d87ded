"""Run an algorithm with qgis_process, show its progress as it comes, and return its results."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from environment import run_arguments

# What QGIS itself says on standard error whatever the plugin does.
NOISE = ("DeprecationWarning", "QStandardPaths", "XDG_RUNTIME_DIR", "Warning 1:", "sipPyTypeDict")


TICKS = 40
# Said for every field of every step, and for every better solution of a solver; the log has them all.
QUIET = (": using the field ", "Best solution ")


class StepError(RuntimeError):
    """A step failed; the text is the algorithm's own message."""


class OutputReader:
    """Takes standard output of qgis_process as it comes and keeps progress, messages and results apart.

    qgis_process draws a bar of 40 ticks within the text, "0...10...20" up to "100 - done.", each tick as soon as it is
    reached and messages straight behind it, so that "...3048 roads" is tick 12 and a message about 48 roads. It ends
    with a block headed "Results".
    """

    def __init__(self, show: Callable[[int, str], None]) -> None:
        self.results: dict[str, str] = {}
        self._tick = -1
        self._section = ""
        self._rest = ""
        self._show = show

    @property
    def percent(self) -> int:
        """The progress so far."""
        return max(0, self._tick) * 100 // TICKS

    def feed(self, text: str) -> None:
        """Take more output."""
        self._rest += text
        while "\n" in self._rest:
            line, self._rest = self._rest.split("\n", 1)
            self._line(line)
        if self._section in ("Inputs", "Log"):
            self._rest = self._progress(self._rest)

    def _progress(self, text: str) -> str:
        """Take the ticks at the beginning of ``text`` and return what follows them."""
        before = self._tick
        while self._tick < TICKS:
            following = self._tick + 1
            token = "." if following % 4 else str(following * 100 // TICKS)
            if not text.startswith(token):
                break
            text, self._tick = text[len(token) :], following
        if self._tick != before:
            self._section = "Log"
            self._show(self.percent, "")
        return text

    def _line(self, line: str) -> None:
        if line in ("Inputs", "Results"):
            self._section = line
        elif line.startswith("----") or not line:
            return
        elif self._section == "Results":
            name, _, value = line.partition(":\t")
            self.results[name] = value.strip()
        elif self._section != "Inputs" or not re.match(r"[A-Z][A-Z_]*:\t", line):
            message = self._progress(line).strip().replace("\t", " ")
            self._section = "Log"
            if message and message != "- done.":
                self._show(self.percent, message)


def run(algorithm: str, parameters: Mapping[str, object], environment: Mapping[str, str], log: Path) -> dict[str, str]:
    """Run ``algorithm`` and return its results as text by name; everything it says is appended to ``log``.

    Raises
    ------
    StepError
        When the algorithm fails; the text is its message.
    """
    arguments = run_arguments(f"evacuation:{algorithm}", parameters, json=False)
    reader = OutputReader(_show)
    errors: list[str] = []
    with log.open("a", encoding="utf-8") as file:
        file.write(f"\n=== {algorithm}\n{subprocess.list2cmdline(arguments)}\n")
        process = subprocess.Popen(arguments, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        listener = threading.Thread(target=lambda: errors.append(process.stderr.read().decode("utf-8", "replace")))
        listener.start()
        try:
            for text in _chunks(process):
                file.write(text)
                reader.feed(text)
        finally:
            _end(process)
            listener.join()
        reader.feed("\n")
        file.write("".join(errors))
    if process.returncode != 0:
        raise StepError(
            message_of("".join(errors)) or f"qgis_process ended with status {process.returncode}; see {log}"
        )
    return reader.results


def _end(process: subprocess.Popen) -> None:
    """End our own process where it still runs: it is asked first."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def message_of(errors: str) -> str:
    """Return the algorithm's message from what qgis_process wrote on standard error.

    QGIS repeats a message: first as it is logged, then behind "ERROR:", perhaps with a traceback.
    """
    lines = [line for line in errors.splitlines() if line.strip() and not any(part in line for part in NOISE)]
    begins = [i for i, line in enumerate(lines) if line.startswith("ERROR:")]
    return "\n".join(dict.fromkeys(lines[begins[0] :] if begins else lines))


def _chunks(process: subprocess.Popen):
    """Yield standard output until it ends, as text, as soon as there is some."""
    rest = b""
    while True:
        data = os.read(process.stdout.fileno(), 4096)
        rest += data
        try:
            text, rest = rest.decode("utf-8"), b""
        except UnicodeDecodeError as error:
            # A character may be cut at the end of what has arrived.
            text, rest = (
                (rest.decode("utf-8", "replace"), b"")
                if not data
                else (
                    rest[: error.start].decode("utf-8", "replace"),
                    rest[error.start :],
                )
            )
        if text:
            yield text
        if not data:
            process.wait()
            return


# Every step reads the same roads and says the same about them.
_SAID: set[str] = set()


def _show(percent: int, text: str) -> None:
    """Print progress: messages on lines of their own, bare percentages only where a terminal can overwrite them."""
    if any(part in text for part in QUIET) or (text.startswith("NETWORK:") and text in _SAID):
        return
    _SAID.add(text)
    if text:
        clear = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{clear}  {percent:3d} %  {shorten(text)}", flush=True)
    elif sys.stdout.isatty():
        print(f"\r\033[K  {percent:3d} %", end="", flush=True)


def shorten(text: str, most: int = 140) -> str:
    """Return ``text`` cut at a word, with dots where something was left out."""
    return text if len(text) <= most else text[: text.rindex(" ", 0, most)] + " …"
