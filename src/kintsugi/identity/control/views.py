"""The page of one act: what is to be done, who did what, and the steps open to the person here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from kintsugi.core.access import PERSONAL, require, requires
from kintsugi.core.errors import KintsugiError
from kintsugi.core.ids import uuid7
from kintsugi.core.middleware import status_of
from kintsugi.core.screens.parts import say
from kintsugi.identity.control import selectors, services
from kintsugi.identity.control.kinds import kind_of
from kintsugi.identity.control.models import Act
from kintsugi.identity.control.states import ACT, TONES
from kintsugi.identity.models import User
from kintsugi.identity.signing.services import (
    Proof,
    authenticate,
    has_passkey,
    has_totp,
    passkey_proof,
)

REASON_MAX = 400
KEY_MAX = 80


def _found(pk: UUID) -> Act:
    try:
        return selectors.act(pk)
    except ObjectDoesNotExist:
        raise Http404 from None


def _account(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "the log-in is required"
    return request.user


@requires("act.read")
@require_safe
def act_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One act."""
    return _page(request, _found(pk))


def _page(
    request: HttpRequest,
    act: Act,
    *,
    refused: KintsugiError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; after a refusal with what was typed, apart from the secret."""
    account = _account(request)
    try:
        view = selectors.act_view(act, account=account)
    except ObjectDoesNotExist:  # its record is not within this person's scope
        raise Http404 from None
    signing = [step for step in view.open_steps if step.signs]
    context = {
        "page_title": act.number,
        "page_subtitle": say(view.kind_title),
        "breadcrumbs": [(_("Acts and signatures"), reverse("acts:list"))],
        "view": view,
        "act": act,
        "pills": [(ACT.states[act.status], TONES.get(act.status, ""))],
        "edit_url": kind_of(act.kind).edit_url(act),
        "signing": signing,
        "plain": [s for s in view.open_steps if not s.signs and s.name != "undo"],
        "undo": next((s for s in view.open_steps if s.name == "undo"), None),
        "refused": refused,
        "typed_reason": request.POST.get("reason", "")[:REASON_MAX],
        "typed_method": request.POST.get("method", ""),
        "key": request.POST.get("key", "")[:KEY_MAX] or uuid7().hex,
        "has_totp": has_totp(account),
        "passkey": _fresh_passkey(request) if signing else None,
        "passkey_url": _passkey_url(account, act) if signing else "",
        "reason_max": REASON_MAX,
        "account": account,
    }
    response = render(request, "identity/act.html", context, status=status)
    if refused is not None:
        response.refusal = refused  # type: ignore[attr-defined]  # for the log of refused acts
        response.keeps_writes = getattr(refused, "keeps_writes", False)  # type: ignore[attr-defined]
    return response


def _passkey_url(account: User, act: Act) -> str:
    """Where this person's passkey is asked for; empty without one."""
    if not has_passkey(account):
        return ""
    try:
        asked = reverse("mfa_reauthenticate_webauthn")
    except NoReverseMatch:
        return ""
    return f"{asked}?{urlencode({'next': reverse('acts:detail', args=[act.pk])})}"


def _fresh_passkey(request: HttpRequest) -> Proof | None:
    """The proof of a passkey that was asked for in this session just now, if there is one."""
    records = get_authentication_records(request, _account(request))
    return passkey_proof(
        account=_account(request),
        records=records,
        session_key=request.session.session_key,
        at=timezone.now(),
    )


def _proof(request: HttpRequest) -> Proof:
    method = request.POST.get("method", "password")
    fresh = _fresh_passkey(request) if method == "passkey" else None
    if fresh is not None:
        return fresh
    return authenticate(
        account=_account(request),
        method=method,
        secret=request.POST.get("secret", "")[:1000],
        session_key=request.session.session_key,
        at=timezone.now(),
    )


@requires("signature.sign")
@sensitive_post_parameters("secret")
@require_POST
def sign_step(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a step that is signed: approve, refuse, execute, verify, fail."""
    act = _found(pk)
    step = request.POST.get("step", "")
    try:
        proof = _proof(request)
        with transaction.atomic():
            act = take_signed_step(
                step,
                act_id=pk,
                proof=proof,
                reason=request.POST.get("reason", "")[:REASON_MAX],
                expected_sha256=request.POST.get("plan_sha256", "")[:64],
                key=request.POST.get("key", "")[:KEY_MAX] or uuid7().hex,
            )
    except KintsugiError as error:
        return _page(request, _found(pk), refused=error, status=status_of(error))
    if act.status == "failed" and step == "execute":
        messages.error(request, _("The execution failed; nothing was changed. See the result."))
    else:
        messages.success(request, _("Signed."))
    return HttpResponseRedirect(reverse("acts:detail", args=[pk]))


def take_signed_step(
    step: str, *, act_id: UUID, proof: Proof, reason: str, expected_sha256: str, key: str
) -> Act:
    """The service behind a signed step, now. Raises KintsugiError, also for an unknown step, and
    for somebody who may not read all that he would sign."""
    found = selectors.act(act_id)
    plan = selectors.plan_of(found)
    if kind_of(found.kind).shown(plan) != plan:
        require(PERSONAL)
    common: dict[str, Any] = {
        "act_id": act_id,
        "proof": proof,
        "reason": reason,
        "at": timezone.now(),
        "expected_sha256": expected_sha256,
        "key": key,
    }
    steps: dict[str, Callable[[], Act]] = {
        "approve": lambda: services.decide_act(decision="approved", **common),
        "refuse": lambda: services.decide_act(decision="refused", **common),
        "execute": lambda: services.execute_act(**common),
        "verify": lambda: services.verify_act(outcome="passed", **common),
        "fail": lambda: services.verify_act(outcome="failed", **common),
    }
    if step not in steps:
        raise services.unknown_step(step, list(steps))
    return steps[step]()


@requires("act.create")
@require_POST
def plain_step(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take a step that needs no signature: submit, withdraw, cancel, undo."""
    act = _found(pk)
    step = request.POST.get("step", "")
    try:
        with transaction.atomic():
            act = take_plain_step(
                step,
                act_id=pk,
                account=_account(request),
                reason=request.POST.get("undo_reason", "")[:REASON_MAX],
                key=request.POST.get("key", "")[:KEY_MAX] or uuid7().hex,
            )
    except KintsugiError as error:
        return _page(request, _found(pk), refused=error, status=status_of(error))
    messages.success(request, _("Done."))
    return HttpResponseRedirect(reverse("acts:detail", args=[act.pk]))


def take_plain_step(step: str, *, act_id: UUID, account: User, reason: str, key: str) -> Act:
    """The service behind a step without a signature, now. Raises KintsugiError."""
    at = timezone.now()
    steps: dict[str, Callable[[], Act]] = {
        "submit": lambda: services.submit_act(act_id=act_id, account=account, at=at),
        "withdraw": lambda: services.withdraw_act(act_id=act_id, account=account),
        "cancel": lambda: services.cancel_act(act_id=act_id, account=account),
        "undo": lambda: services.undo_act(
            act_id=act_id, reason=reason, account=account, at=at, key=key
        ),
    }
    if step not in steps:
        raise services.unknown_step(step, list(steps))
    return steps[step]()
