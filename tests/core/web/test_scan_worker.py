"""WebAssembly may be compiled by the worker of the scan field and by no page."""


def policy_of(path: str) -> str:
    """The content security policy that goes out with an address, files included: this middleware
    stands before the one that serves them."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from kintsugi.core.middleware import SecurityHeaders

    answer = SecurityHeaders(lambda _request: HttpResponse())(RequestFactory().get(path))
    return str(answer.headers["Content-Security-Policy"])


def test_only_the_scan_worker_may_compile_web_assembly() -> None:
    worker = policy_of("/static/core/scan-worker.js")
    assert "script-src 'self' 'wasm-unsafe-eval';" in worker
    for path in (
        "/stock/scan/",
        "/static/core/scan.js",
        "/static/vendor/zxing/zxing-reader.js",
        "/stock/scan/?x=/static/core/scan-worker.js",
    ):
        assert "script-src 'self';" in policy_of(path), path


def test_the_headers_come_before_the_files() -> None:
    from django.conf import settings

    order = settings.MIDDLEWARE
    assert order.index("kintsugi.core.middleware.SecurityHeaders") < order.index(
        "whitenoise.middleware.WhiteNoiseMiddleware"
    )
