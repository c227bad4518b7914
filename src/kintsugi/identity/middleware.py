"""Web requests see what their person may see."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kintsugi.core.scope import bind
from kintsugi.identity.access import scope_of


class PersonScope:
    """Binds the scope of the person before anything of the business is read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bind(scope_of(request.user))
        return self.get_response(request)
