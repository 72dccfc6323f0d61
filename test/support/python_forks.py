"""Runs `python -c PROGRAM ARGUMENT...` again and again in forks of a process that has loaded Celery: python_forks.py SOCKET

Loading Celery takes most of the time of a short program. Each connection brings the arguments, the folder, the environment and the
file descriptors 0 to 3 of a process that wants to be the program; it may end at once, because the fork holds its descriptors.
"""
import json
import os
import signal
import socket
import sys

import celery.backends.redis  # noqa: F401
import celery.beat  # noqa: F401
import kombu.transport.memory  # noqa: F401
import kombu.transport.redis  # noqa: F401

# Seconds after which a program that hangs ends.
LIMIT = 120


def become(descriptors, arguments, folder, environment):
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.closerange(len(descriptors), 64)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    option, program, *rest = [argument for argument in arguments if argument != '-B']
    assert option == '-c'
    sys.argv[:] = ['-c', *rest]
    sys.path[0] = ''
    signal.alarm(LIMIT)
    exec(compile(program, '<string>', 'exec'), {'__name__': '__main__'})


# The forks are never waited for.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print('ready', flush=True)
while True:
    connection, _ = server.accept()
    text, descriptors, _, _ = socket.recv_fds(connection, 65_536, 4)
    text += connection.makefile('rb').read()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        become(descriptors, **json.loads(text))
        os._exit(0)
    for descriptor in descriptors:
        os.close(descriptor)
    connection.close()
