"""A session that was ended behind a test's back does not reach the next test."""

import psycopg
import pytest
from django.db import OperationalError, connection

from tests.conftest import pytest_runtest_setup


def ended_session(database_server) -> None:
    """Our own session, ended by the server as a forced drop of its database does."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(database_server.base_url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s)", [pid])


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_ended_is_replaced_before_the_next_test(
    request: pytest.FixtureRequest, database_server
) -> None:
    ended_session(database_server)
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("select 1")
    connection.close()
    ended_session(database_server)
    pytest_runtest_setup(request.node)
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
