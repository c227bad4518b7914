"""Every failure as ``{"ok": false, "error": {…}}`` with a fitting status; never a traceback."""

from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from kintsugi.core.api.auth import language_of
from kintsugi.core.errors import Conflict, IllegalTransition, KintsugiError, NotFound, StaleVersion
from kintsugi.engine.text import Text

log = structlog.get_logger(__name__)

#: Codes whose status is not 400.
STATUS: dict[str, int] = {
    "api.invalid": 422,
    "upload.too-large": 413,
    "snapshot.no-table": 404,
    "snapshot.missing": 404,
    "pipeline.no-step": 404,
    "pipeline.no-result": 404,
    "run.busy": 409,
    "audit.no-such-change": 404,
    "audit.not-sealed-yet": 409,
    "pack.not-ready": 409,
    "pack.file-changed": 409,
    "pack.file-gone": 404,
    "hold.released": 409,
    "hold.same-person": 403,
    "access.denied": 403,
    "access.no-rule": 403,
    "run.not-loaded": 409,
    "acceptance.none": 409,
    "acceptance.differs": 409,
    "acceptance.proposed": 409,
    "source.known": 409,
    "source.retired": 409,
    "source.not-approved": 409,
    "source.not-assessed": 409,
    "source.no-pilot": 409,
    "source.stays-governed": 409,
    "source.incomplete": 422,
    "source.shrunk": 409,
    "connector.known": 409,
    "connector.nothing": 404,
    "rollback.open": 409,
    "rollback.proposed": 409,
    "rollback.not-planned": 409,
    "rollback.not-approved": 409,
    "rollback.state": 409,
    "rollback.scope": 403,
    "run.cannot-pause": 409,
    "run.not-prepared": 409,
    "run.needs-approval": 409,
    "run.in-waves": 409,
    "run.withdrawn": 409,
    "run.contract-changed": 409,
    "run.not-rehearsed": 409,
    "run.other-rehearsal": 409,
    "run.proposed": 409,
    "run.has-waves": 409,
    "wave.not-prepared": 409,
    "wave.too-many": 409,
}
#: Refusals of stock and of what belongs to it: by the wrong person, against its state, or of what
#: was typed.
_STOCK: dict[str, dict[int, str]] = {
    "stock": {
        403: "same-person own-posting place-of-others",
        404: "check-unknown",
        409: (
            "not-enough unit-elsewhere recall hold rejected expired temperature month-closed "
            "unit-reserved reversed no-reversal released unit-fixed lot-differs code-taken "
            "month-running not-approved goods-too-warm of-document"
        ),
        422: (
            "unit-twice serial-twice serial-missing lot-missing not-tracked quantity no-lines "
            "too-many-lines backdated day-to-come reason-missing code-missing place-missing "
            "place-not-ours unit-of-other-lot unknown-product-code unknown-source unknown-target "
            "unknown-lot-no unknown-serial-no unknown-place unknown-places unknown-products "
            "several-warehouses bin-needs-zone"
        ),
    },
    "stocktake": {
        403: "counter nobody",
        409: (
            "not-counting not-ready open not-in-review counted-already no-difference "
            "with-customer too-large nothing"
        ),
        422: "not-in-plan entries too-many-codes reason-missing note-missing",
    },
    "storage": {
        403: "same-person nobody",
        409: "judged sensor-taken running",
        422: (
            "readings-wrong too-many-readings file-wrong range reason-missing unknown-sensor "
            "nothing-wrong kind no-such-goods"
        ),
    },
    "trace": {404: "unknown", 422: "range too-much"},
    "billing": {
        403: "same-person",
        409: (
            "more-than-signed nothing-billable credit-beyond fixed state-differs counted "
            "number-taken "
            "return-credited not-issued nothing-left not-refunded not-on-invoice too-much "
            "not-together undone not-a-match nobody-s payment-fixed reference-taken "
            "nothing-to-export entry-fixed not-a-charge not-a-credit two-currencies"
        ),
        422: (
            "unknown-kind too-many-lines number-missing day-ahead reason-missing amount sides "
            "reference-missing statement account line-strange"
        ),
        413: "too-large",
    },
    "sales": {
        403: "same-person picked-by-another checked-by-another",
        409: (
            "check-differs serials-differ not-all-picked nothing-reserved order-not-open "
            "put-back-first check-not-begun not-allowed state-differs ledger-differs "
            "more-than-shipped "
            "return-too-much return-of-another return-strange nothing-to-exchange exchanged "
            "not-exchanged on-consignment not-on-consignment cold-chain cold-mixed "
            "arrival-temperature"
        ),
        422: (
            "too-many-scans signer-missing carrier-missing transport-unknown decision-missing "
            "place-missing credit-missing outcome unknown-choice nothing-received "
            "several-customers "
            "not-of-delivery file-too-large other-warehouse"
        ),
    },
}
STATUS.update(
    (f"{app}.{name}", status)
    for app, listed in _STOCK.items()
    for status, names in listed.items()
    for name in names.split()
)
#: Refusals of licences, first reviews and merges; what was typed is 400.
_TRADE: dict[int, str] = {
    403: "licence.same-person licence.person-missing review.same-person review.not-yours",
    409: (
        "licence.needs-approval licence.stays-revoked licence.unlocked-once licence.not-ended "
        "licence.unlock-decided licence.number-taken certificate.number-taken "
        "certificate.withdrawn review.open review.incomplete review.fixed merge.refused "
        "merge.changed merge.void"
    ),
}
STATUS.update({code: status for status, codes in _TRADE.items() for code in codes.split()})
CHECK = Text("请检查地址,或用搜索查找。", "Check the address, or look for it with search.")
LATER = Text("请稍后再试。", "Try again later.")


def status_of(error: KintsugiError) -> int:
    """404 unknown, 409 in conflict with the state, 422 a key used for other content (IETF draft on
    the Idempotency-Key header), 413 too large, else 400."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, IllegalTransition | StaleVersion):
        return 409
    return 422 if isinstance(error, Conflict) else STATUS.get(error.code, 400)


def refusal(request: HttpRequest, error: KintsugiError, status: int | None = None) -> HttpResponse:
    """The refusal as JSON in the language of the request."""
    status = status or status_of(error)
    response = JsonResponse(
        {"ok": False, "error": error.as_dict(language_of(request))},
        status=status,
        json_dumps_params={"ensure_ascii": False, "default": str},
    )
    response.keeps_writes = getattr(error, "keeps_writes", False)  # type: ignore[attr-defined]
    response.refusal = error  # type: ignore[attr-defined]  # for the log of refused acts
    if status in (401, 403):
        response["Cache-Control"] = "no-store"
    return response


def not_found() -> KintsugiError:
    """Nothing lives at this address."""
    return KintsugiError("core.not-found", Text("找不到。", "There is no such thing."), CHECK)


def forbidden() -> KintsugiError:
    """This person may not do or see this."""
    return KintsugiError(
        "api.forbidden",
        Text("您没有权限。", "You may not do this."),
        Text("如工作需要,请联系管理员。", "Ask your administrator if you need it for your work."),
    )


def method_not_allowed(allowed: str) -> KintsugiError:
    """The address exists, but not for this method."""
    return KintsugiError(
        "api.method",
        Text("此地址不支持该方法。", "This address does not take this method."),
        Text(f"可用:{allowed}。", f"Use {allowed}."),
        allowed=allowed,
    )


def _http(status: int) -> KintsugiError:
    known = {
        401: KintsugiError(
            "api.unauthenticated",
            Text("请先登录。", "Log in first."),
            Text(
                "登录后携带会话 Cookie 再发送。",
                "Log in and send the session cookie with the request.",
            ),
        ),
        403: KintsugiError(
            "api.csrf",
            Text("缺少或错误的 CSRF 令牌。", "The CSRF token is missing or wrong."),
            Text(
                "请在 X-CSRFToken 头中发送 csrftoken Cookie 的值。",
                "Send the value of the csrftoken cookie in the header X-CSRFToken.",
            ),
        ),
        404: not_found(),
        413: KintsugiError(
            "api.too-large",
            Text("请求过大。", "The request is too large."),
            Text("请分批发送。", "Send it in parts."),
        ),
    }
    return known.get(status) or KintsugiError(
        "api.malformed",
        Text("无法读取该请求。", "The request cannot be read."),
        Text("请对照接口文档检查请求的格式。", "Compare its form with the API's documentation."),
    )


def _invalid(error: ValidationError) -> tuple[KintsugiError, int]:
    """422 with every wrong parameter; 400 where a required header is absent."""
    fields = []
    for one in error.errors:
        place, *path = one["loc"]
        fields.append(
            {
                "place": str(place),
                "field": ".".join(str(part) for part in path) or str(place),
                "rule": str(one["type"]),
                "message": str(one["msg"]),
            }
        )
    missing = [f for f in fields if f["place"] == "header" and f["rule"] == "missing"]
    if missing:
        name = missing[0]["field"]
        return (
            KintsugiError(
                "api.header-missing",
                Text(f"缺少请求头 {name}。", f"The header {name} is missing."),
                Text(
                    "请为每个操作生成一个新的键,重发时使用同一个键。",
                    "Make a new key for every command and send the same one when you repeat it.",
                ),
                fields=fields,
            ),
            400,
        )
    return invalid(fields), 422


def invalid(fields: list[dict[str, str]]) -> KintsugiError:
    """The refusal of wrong parameters; ``fields`` in the shape of ``FieldProblem``."""
    names = [field["field"] for field in fields]
    return KintsugiError(
        "api.invalid",
        Text(f"参数有误:{'、'.join(names)}。", f"Wrong parameters: {', '.join(names)}."),
        Text("请对照接口文档更正。", "Correct them as the API's documentation says."),
        fields=fields,
    )


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("api.unexpected", path=request.path, exc_info=error)
    ours = KintsugiError(
        "api.unexpected",
        Text("系统内部出错,没有任何改动。", "Something broke on our side; nothing was changed."),
        Text(
            "请重试;若仍然失败,请把响应头 X-Request-ID 告诉支持人员。",
            "Try again; if it stays, give support the response's header X-Request-ID.",
        ),
    )
    return refusal(request, ours, 500)


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("api.database-away", path=request.path, exc_info=error)
    away = KintsugiError(
        "api.database-away",
        Text("暂时无法访问数据库。", "The database cannot be reached now."),
        LATER,
    )
    away.retryable = True
    return refusal(request, away, 503)


def install(api: NinjaAPI) -> None:
    """Give the API these answers."""

    def of_status(status: int) -> Callable[[HttpRequest, Any], HttpResponse]:
        return lambda request, _error: refusal(request, _http(status), status)

    def of_http_error(request: HttpRequest, error: Any) -> HttpResponse:
        return refusal(request, _http(error.status_code), error.status_code)

    def of_validation(request: HttpRequest, error: Any) -> HttpResponse:
        found, status = _invalid(error)
        return refusal(request, found, status)

    def of_forbidden(request: HttpRequest, _error: Any) -> HttpResponse:
        return refusal(request, forbidden(), 403)

    def of_refusal(request: HttpRequest, error: Any) -> HttpResponse:
        return refusal(request, error)

    answers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        Exception: _unexpected,
        OperationalError: _away,
        InterfaceError: _away,
        KintsugiError: of_refusal,
        ValidationError: of_validation,
        HttpError: of_http_error,
        Http404: of_status(404),
        ObjectDoesNotExist: of_status(404),
        PermissionDenied: of_forbidden,
        RequestDataTooBig: of_status(413),
        SuspiciousOperation: of_status(400),
        BadRequest: of_status(400),
        MultiPartParserError: of_status(400),
    }
    for kind, answer in answers.items():
        api.add_exception_handler(kind, answer)
