"""The record over HTTP."""

from ninja import Router

from kintsugi.audit.packs.api import router as packs
from kintsugi.audit.reports.api import router as reports
from kintsugi.audit.retention.api import router as retention

ROUTERS: tuple[Router, ...] = (packs, reports, retention)
