"""Makes the tables of kombu's SQLAlchemy transport, as its first worker does. Argument: the broker's URL."""

import sys

from kombu import Connection

with Connection(sys.argv[1]) as connection:
    connection.SimpleQueue('made by kombu').put({})
