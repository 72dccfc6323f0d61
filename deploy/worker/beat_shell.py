"""The task `shell.run`, which runs the shell entries of beat in Celery workers: see docs/shell.md.

    celery -A beat_shell worker -Q shell

or, in an existing app, `from beat_shell import register; register(app)`.

Environment:
    CELERY_BROKER_URL      the broker (the setting `broker_url` wins in an existing app)
    CELERY_RESULT_BACKEND  where results are stored; default: nowhere
    BEAT_SHELL_COMMANDS    a JSON file: the output of `beat shell-commands`. The worker runs only these commands.
    BEAT_SHELL_ALLOW       `any`: run every command, from everyone who can write to the broker
    BEAT_SHELL_ACKS        `late` (default): a command whose worker dies is delivered again; `early`: it is not
    BEAT_SHELL_TASK        the name of the task, as in the setting `shellTask`; default: `shell.run`
"""

import datetime
import json
import os
import signal
import subprocess
import threading
import time

from celery import Celery
from celery.utils.log import get_task_logger

logger = get_task_logger(__name__)

# Seconds between SIGTERM and SIGKILL.
GRACE = 10
# Bytes of standard output and of standard error that the result contains.
MAX_OUTPUT = 64 * 1024
# Settings of beat and Celery, which contain passwords: commands do not inherit them, nor any name that begins with BEAT_.
PRIVATE = (
    'CELERY_BROKER_WRITE_URL', 'BROKER_URL', 'CELERY_BROKER_URL', 'CELERY_BROKER_READ_URL',
    'RESULT_BACKEND', 'CELERY_RESULT_BACKEND', 'SENTRY_DSN',
)


class JobFailed(Exception):
    """The job ended with another exit code than 0, or by a signal, or exceeded its time."""


class JobRejected(Exception):
    """This worker may not run the job, or cannot start it."""


def check_allowed(kwargs):
    """Raises JobRejected unless the arguments are those of a declared command, all of them."""
    allow = os.environ.get('BEAT_SHELL_ALLOW', 'declared')
    if allow == 'any':
        return
    if allow != 'declared':
        raise JobRejected(f'BEAT_SHELL_ALLOW: expected declared or any, got {allow!r}')
    path = os.environ.get('BEAT_SHELL_COMMANDS')
    if not path:
        raise JobRejected('BEAT_SHELL_COMMANDS is not set: write the output of `beat shell-commands` to a file')
    try:
        # Read for each run, so that a new list needs no restart.
        with open(path, encoding='utf-8') as file:
            declared = json.load(file)
    except (OSError, ValueError) as error:
        raise JobRejected(f'BEAT_SHELL_COMMANDS: {path} cannot be read: {error}') from None
    if not isinstance(declared, list):
        raise JobRejected(f'BEAT_SHELL_COMMANDS: {path}: expected a list of commands')
    if kwargs not in declared:
        raise JobRejected(f'{kwargs.get("command")!r} is not declared in {path}, with the same fields')


class Tail(threading.Thread):
    """Reads a pipe to its end and keeps the last bytes, so that the command never waits for its output to be read."""

    def __init__(self, pipe, limit):
        super().__init__(daemon=True)
        self.pipe, self.limit, self.kept = pipe, limit, b''
        self.start()

    def run(self):
        while chunk := self.pipe.read1(65536):
            self.kept = (self.kept + chunk)[-self.limit:] if self.limit else b''

    def text(self):
        return self.kept.decode('utf-8', 'replace')


def feed(pipe, data):
    try:
        with pipe:
            pipe.write(data)
    except BrokenPipeError:
        pass  # The command did not read all of its input.


def is_running(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def signal_group(group, number):
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass


def stop(process):
    """Ends the whole process group: SIGTERM, and SIGKILL if a process of it is left after the grace period."""
    signal_group(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        # Reaps the shell, which otherwise stays in its group as a zombie.
        process.poll()
        if not is_running(process.pid):
            return
        time.sleep(0.05)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def environment(env, due_at):
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith('BEAT_') and name.removesuffix('_FILE') not in PRIVATE
    }
    result = {**inherited, **env}
    try:
        datetime.datetime.strptime(due_at, '%Y-%m-%dT%H:%M:%S.%fZ')
        result['BEAT_DUE_AT'] = due_at
    except (TypeError, ValueError):
        result.pop('BEAT_DUE_AT', None)
    return result


def user_options(user):
    """Options of Popen that run the command as another user, with the groups of that user."""
    if user is None:
        return {}, {}
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise JobRejected(f'the user {user!r} does not exist on this host') from None
    groups = os.getgrouplist(user, entry.pw_gid)
    variables = {'HOME': entry.pw_dir, 'USER': user, 'LOGNAME': user}
    return {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': groups}, variables


def run_command(command, shell='/bin/sh', cwd=None, env=None, stdin='', timeout=None, user=None,
                max_output=MAX_OUTPUT, due_at=None):
    """Runs a command in a process group of its own; returns its exit code, its output and its duration."""
    options, variables = user_options(user)
    variables = {'SHELL': shell, **variables, **(env or {})}
    if cwd == '~':
        home = variables.setdefault('HOME', os.path.expanduser('~'))
        cwd = home if os.path.isdir(home) else '/'
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            [shell, '-c', command],
            cwd=cwd,
            env=environment(variables, due_at),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **options,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise JobRejected(f'{command!r} cannot be started: {error}') from None
    output, errors = Tail(process.stdout, max_output), Tail(process.stderr, max_output)
    threading.Thread(target=feed, args=(process.stdin, stdin.encode()), daemon=True).start()
    timed_out = False
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
        stop(process)
    except BaseException:
        # Celery's own time limit, or a worker that is stopped.
        stop(process)
        raise
    # A process in the background may hold the pipes open after the command has ended.
    for tail in (output, errors):
        tail.join(1)
    result = {
        'exit_code': process.returncode,
        'stdout': output.text(),
        'stderr': errors.text(),
        'seconds': round(time.monotonic() - started, 3),
    }
    if timed_out:
        raise JobFailed(f'{command!r} exceeded {timeout:g} s and was ended: {describe(result)}')
    if process.returncode != 0:
        raise JobFailed(f'{command!r} failed: {describe(result)}')
    return result


def describe(result):
    code = result['exit_code']
    how = f'signal {signal.Signals(-code).name}' if code < 0 else f'exit code {code}'
    last = (result['stderr'] or result['stdout']).strip()
    return f'{how} after {result["seconds"]} s' + (f': {last}' if last else '')


def register(app):
    """Adds the task to an app."""

    name = os.environ.get('BEAT_SHELL_TASK', 'shell.run')
    acks_late = os.environ.get('BEAT_SHELL_ACKS', 'late') != 'early'

    @app.task(bind=True, name=name, acks_late=acks_late)
    def run(self, **kwargs):
        check_allowed(kwargs)
        result = run_command(**kwargs, due_at=self.request.get('beat_due_at'))
        logger.info('%r succeeded in %s s', kwargs['command'], result['seconds'])
        return result

    return run


if os.environ.get('BEAT_SHELL_ALLOW') == 'any':
    logger.warning('BEAT_SHELL_ALLOW=any: everyone who can write to the broker can run commands on this host')

app = Celery('beat_shell')
# Only JSON, because unpickling a message runs code.
app.conf.update(accept_content=['json'], worker_prefetch_multiplier=1)
if os.environ.get('CELERY_BROKER_URL', '').startswith(('redis', 'sentinel')):
    # Redis delivers a message again that is not acknowledged for this long, in seconds, while its command still runs.
    app.conf.broker_transport_options = {'visibility_timeout': 7 * 24 * 3600}
register(app)
