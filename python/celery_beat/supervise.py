"""Keeps the beat of a worker running."""
import os
import select
import signal
import subprocess
import time

from .parent import end_with_parent

#: Seconds before a beat that ended is started again; doubled each time, until one has run for the longest.
FIRST_PAUSE = 1
LONGEST_PAUSE = 60

#: Signals that Python or Celery may have ignored or blocked; an ignored signal stays ignored in another program.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1, signal.SIGUSR2)

#: A terminal sends SIGINT and the worker SIGTERM, for one stop; a second signal would end beat at once.
STOPS = frozenset((signal.SIGINT, signal.SIGTERM))


def reset_signals():
    """Gives all signals their default effect, for another program."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def supervise(prepare, logger, first_pause=FIRST_PAUSE):
    """Runs beat until this process receives SIGTERM or SIGINT, and returns when it has ended.

    `prepare` returns its arguments for each start. A beat that ends by itself is an error in the log of the worker, and
    is started again after a pause.
    """
    signals = Signals()
    pause = first_pause
    while True:
        started = time.monotonic()
        beat = subprocess.Popen(prepare(), stdin=subprocess.DEVNULL, preexec_fn=_become_beat)
        stops = False
        while beat.poll() is None:
            received = signals.wait()
            if signal.SIGHUP in received:
                beat.send_signal(signal.SIGHUP)
            if not stops and received & STOPS:
                stops = True
                beat.terminate()
        if stops:
            return
        if time.monotonic() - started >= LONGEST_PAUSE:
            pause = first_pause
        logger.error('beat: its process %d ended (%s); starting it again in %g s', beat.pid, _describe(beat.returncode), pause)
        if signals.wait(pause) & STOPS:
            return
        pause = min(pause * 2, LONGEST_PAUSE)


def _become_beat():
    """In the new process, before it becomes beat. A Ctrl-C in the terminal reaches the supervisor alone."""
    os.setpgid(0, 0)
    end_with_parent()
    reset_signals()


def _describe(code):
    try:
        return 'exit code {}'.format(code) if code >= 0 else signal.Signals(-code).name
    except ValueError:
        return 'signal {}'.format(-code)


class Signals:
    """The signals that this process receives, from now on."""

    def __init__(self):
        self._read, write = os.pipe()
        for end in (self._read, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for number in (*STOPS, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def wait(self, seconds=None):
        """The signals that arrive, without SIGCHLD while there is a limit; none after it."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if deadline is None else max(0, deadline - time.monotonic())
            if not select.select([self._read], [], [], left)[0]:
                return frozenset()
            received = frozenset(os.read(self._read, 4096))
            if deadline is None or received - {signal.SIGCHLD}:
                return received
