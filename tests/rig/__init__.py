"""The test rig: a real broker and a real database, our programs as processes, faults on the wire.

Fixtures (from ``tests/conftest.py``, no import needed)
    ``broker``        a fresh virtual host on the shared private RabbitMQ node: ``.url``, ``.management_url``,
                      ``.vhost``, ``.publish`` (as the Management UI does), ``.peek``, ``.take``, ``.count``,
                      ``.consumers``, ``.exists``, ``.purge``, ``.queues``, ``.exchanges``, ``.bindings``,
                      ``.channel()`` (pika), ``.close_connections``
    ``node``          the shared node itself; never stop, kill or pause it
    ``own_node``      a node for this test alone, to be killed, paused, restarted (10 s each); ``own_broker`` on it.
                      Call ``own_node.write_down()`` between declaring quorum queues and ``own_node.kill()``
    ``database_url``  a fresh database for this test: runs twice, with SQLite and (marked ``postgres``) PostgreSQL
    ``sqlite_url``, ``postgres_url``  a fresh database of just that kind
    ``usual_database_url``  of the kind of this run: SQLite, or PostgreSQL in the second half of `make test-matrix`
    ``process``       ``process(*argv, environment={...})`` starts a program: ``.wait_line``, ``.wait_port``,
                      ``.wait_url``, ``.terminate``, ``.kill``, ``.wait_end``, ``.output``; shown on failure,
                      ended in any case
    ``proxy``         ``proxy(url)`` gives a ``TcpProxy``: ``.url(url)``, ``.stall``, ``.stall_replies``,
                      ``.trickle``, ``.reset``, ``.refuse``, ``.pass_on``
Functions
    ``tests.rig.waiting.wait_for(condition, timeout_seconds=..., what=...)``: the only sleep
    ``tests.rig.processes.counterfoil("worker", "orders")``: the console script as a command

Mark tests that use a broker with ``pytest.mark.broker``, PostgreSQL with ``pytest.mark.postgres``, long ones with
``pytest.mark.slow``. Without RabbitMQ they are skipped, and fail if the variable ``CI`` is set.
"""
