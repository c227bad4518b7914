"""Who may do what: every view and API operation has a rule, and what has none is refused.

A rule is a permission such as ``device.read`` (object and action of the matrix in identity), or
``SIGNED_IN`` (any account), or ``OPEN`` (anybody). Identity binds the access of the person at the
beginning of a request; everything drawn or read in it asks here. Nothing bound means nothing
allowed.
"""

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from kintsugi.core import scope
from kintsugi.core.errors import KintsugiError, Text
from kintsugi.core.scope import EVERYTHING, NOTHING, Scope

OPEN = "open"
SIGNED_IN = "signed-in"
#: Whether personal data is shown as it is; see ``core.masks``.
PERSONAL = "personal.read"

#: A permission for all methods of a view, or one for each method.
Rule = str | Mapping[str, str]
V = TypeVar("V", bound=Callable[..., Any])


class AccessDenied(KintsugiError):
    """The person has no role that permits this."""

    def __init__(self, permission: str, message: Text, remedy: Text, **facts: Any) -> None:
        what, _, action = permission.partition(".")
        super().__init__(
            "access.denied", message, remedy, permission=permission, object=what, action=action,
            **facts,
        )  # fmt: skip


class NoRule(KintsugiError):
    """A view that nobody gave a rule: a mistake of ours, refused until it has one."""

    def __init__(self, view: str) -> None:
        super().__init__(
            "access.no-rule",
            Text("此页面没有访问规则,因此不开放。", "This page has no access rule and stays shut."),
            Text("请把地址告诉支持人员。", "Tell support its address."),
            view=view,
        )


@dataclass(frozen=True)
class Access:
    """What somebody may do at one instant.

    ``reach`` gives for each permission the rows it extends to: the union of the grants that give
    the permission, never of those that give another. ``without`` are taken away even from the
    system: what it makes for others to read must not show more than they may see.
    """

    reach: Mapping[str, Scope] = field(default_factory=dict)
    is_signed_in: bool = False
    is_system: bool = False
    without: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Whether the permission is among those granted."""
        return permission not in self.without and (self.is_system or permission in self.reach)

    def rows(self, rule: str) -> Scope:
        """The rows that a view with this rule may read: those of its permission. A view without one
        reads none where the permissions differ; what it is made of asks for itself."""
        if self.is_system:
            return EVERYTHING
        if rule in (SIGNED_IN, OPEN):
            every = set(self.reach.values())
            return every.pop() if len(every) == 1 else NOTHING
        return self.reach.get(rule, NOTHING)

    def follows(self, rule: str) -> bool:
        """Whether a view with this rule may be opened."""
        if rule == OPEN:
            return True
        return self.is_signed_in if rule == SIGNED_IN else self.may(rule)


NOBODY = Access()
#: Commands, jobs and migrations: whoever runs them has the installation itself in hand.
SYSTEM = Access(is_signed_in=True, is_system=True)
#: The same at work on something that people without ``personal.read`` will read.
SYSTEM_MASKED = Access(is_signed_in=True, is_system=True, without=frozenset({PERSONAL}))

_bound: contextvars.ContextVar[Access] = contextvars.ContextVar("access", default=NOBODY)


@contextlib.contextmanager
def bound(access: Access) -> Iterator[None]:
    """Everything inside happens under this access."""
    token = _bound.set(access)
    try:
        yield
    finally:
        _bound.reset(token)


def current() -> Access:
    """The access that is bound; ``NOBODY`` where none is."""
    return _bound.get()


def may(permission: str) -> bool:
    """Whether whoever is at work may do this."""
    return current().may(permission)


@contextlib.contextmanager
def within(permission: str) -> Iterator[None]:
    """Everything inside reads the rows of this permission and no others; used where one page is
    made of parts that belong to several (home, search, panels)."""
    wanted = current().rows(permission)
    if wanted == scope.current():
        yield
        return
    with scope.bound(wanted):
        yield


def _plain_denial(permission: str) -> AccessDenied:
    return AccessDenied(
        permission,
        Text(f"没有权限:{permission}。", f"You may not do this: {permission}."),
        Text("如工作需要,请联系管理员。", "Ask an administrator if you need it for your work."),
    )


#: Makes the refusal of a permission; identity puts one here that names the roles that have it.
denial: Callable[[str], AccessDenied] = _plain_denial


def name_denials(make: Callable[[str], AccessDenied]) -> None:
    """Let refusals be worded by whoever knows objects, actions and roles."""
    global denial
    denial = make


def require(permission: str) -> None:
    """Raise AccessDenied unless whoever is at work may do this."""
    if not may(permission):
        raise denial(permission)


# -- rules of views --------------------------------------------------------------------------------


def requires(rule: Rule) -> Callable[[V], V]:
    """Give a view or an API operation its rule.

    On an API operation it stands directly above the function: the operation documents the
    permission (``x-permission``) and the answer 403.
    """

    def mark(view: V) -> V:
        view.access_rule = rule  # type: ignore[attr-defined]
        told = [*getattr(view, "_ninja_contribute_to_operation", ()), _document]
        view._ninja_contribute_to_operation = told  # type: ignore[attr-defined]
        return view

    return mark


def _document(operation: Any) -> None:
    rule = operation.view_func.access_rule
    operation.openapi_extra = {**(operation.openapi_extra or {}), "x-permission": rule}


def rule_of(view: Any, method: str) -> str | None:
    """The rule of a view for a method; None where it has none."""
    rule = getattr(view, "access_rule", None)
    if rule is None and _is_of_account(view):
        return SIGNED_IN if getattr(view, "login_required", True) else OPEN
    if isinstance(rule, Mapping):
        method = "GET" if method in ("HEAD", "OPTIONS") and method not in rule else method
        return rule.get(method) or next(iter(rule.values()), None)
    return rule


def _is_of_account(view: Any) -> bool:
    """Whether a view is allauth's, or made from one of its: those concern the person's own account
    and nobody else's."""
    made = getattr(view, "view_class", view)
    kinds = made.__mro__ if isinstance(made, type) else (made,)
    return any(str(getattr(one, "__module__", "")).startswith("allauth.") for one in kinds)


def may_open(url: str, method: str = "GET") -> bool:
    """Whether the page at this address of ours may be opened; links and buttons ask this. An
    address elsewhere, or of a file, is nobody's to forbid."""
    path = urlsplit(str(url)).path
    if not path.startswith("/") or path.startswith("/static/"):
        return True
    rule = _rule_at(_SAME_PLACE.sub(_ANY_ID, path), method, settings.ROOT_URLCONF)
    return rule is not None and current().follows(rule)


# Addresses that differ in the record's id only have the same view; a list has hundreds of them.
_SAME_PLACE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ANY_ID = "00000000-0000-7000-8000-000000000000"


@lru_cache(maxsize=2048)
def _rule_at(path: str, method: str, urlconf: str) -> str | None:
    try:
        return rule_of(resolve(path, urlconf).func, method)
    except Resolver404:
        return OPEN  # it leads nowhere, so it shows nothing


def openable(urls: Iterable[str]) -> set[str]:
    """Those of the addresses that may be opened."""
    return {url for url in set(urls) if may_open(url)}
