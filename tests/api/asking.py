"""How the tests of the API ask, and what every refusal looks like."""

from typing import Any

from django.test import Client


def logged_in(person: Any, **how: Any) -> Client:
    """A client of this person; failures on our side become answers, as in production."""
    client = Client(raise_request_exception=False, **how)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    """The error of a refusal, which has the one shape that all have."""
    body = response.json()
    assert (response.status_code, body.get("ok")) == (status, False), body
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "remedy", "facts", "retryable"}
    assert error["code"] == code
    assert error["message"]
    assert error["remedy"]
    return error
