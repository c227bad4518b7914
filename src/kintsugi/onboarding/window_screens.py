"""Load windows: their list and the form that makes or changes one."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from kintsugi.core.screens import Action, Column, Empty, FormScreen, ListScreen
from kintsugi.core.screens.parts import language
from kintsugi.engine.text import Text
from kintsugi.onboarding.models import LoadWindow
from kintsugi.onboarding.services.windows import (
    save_window,
    typed_blackouts,
    typed_hours,
    typed_limits,
)

NEW = Action(_("New window"), lambda _record: reverse("onboarding:new-window"), "plus", True)


def window_url(window: LoadWindow) -> str:
    """Where a window is changed."""
    return reverse("onboarding:window", args=[window.code])


def _windows(user: Any) -> QuerySet[LoadWindow]:
    return LoadWindow.objects.filter(is_void=False)


WINDOWS = ListScreen(
    name="load-windows",
    title=_("Load windows"),
    subtitle=_("Hours in which imports may load, and how hard they may work."),
    rows=_windows,
    permission="run.read",
    export_permission="run.export",
    columns=(
        Column("code", label=_("Code"), kind="code", link=window_url),
        Column("name", label=_("Name"), sort=("name_zh",),
               value=lambda w: Text(w.name_zh, w.name_en).get(language())),
        Column("time_zone", label=_("Time zone")),
        Column("hours", label=_("Hours"), value=lambda w: typed_hours(w).replace("\n", "; ")),
        Column("blackouts", label=_("Black-outs"), value=lambda w: len(w.blackouts),
               kind="number"),
        Column("at_once", label=_("Runs at once"), kind="number"),
        Column("rows_a_second", label=_("Rows a second"), kind="number",
               value=lambda w: w.rows_a_second or None),
        Column("limits", label=_("Pauses above"),
               value=lambda w: typed_limits(w).replace("\n", "; ")),
    ),
    search=("code", "name_zh", "name_en"),
    search_hint=_("Code, name"),
    order=("code",),
    empty=Empty(
        _("No load window yet"),
        _("Without one, runs load at any time, as fast as they can."),
        icon="clock",
        action=_("New window"),
        url=lambda: reverse("onboarding:new-window"),
    ),
    actions=(NEW,),
)  # fmt: skip


def window_form() -> type[forms.Form]:
    """Code, names, hours, black-outs, limits; lists one to a line."""
    area = {"rows": 3}
    made: dict[str, forms.Field] = {
        "code": forms.SlugField(label=gettext("Code"), max_length=60, allow_unicode=True),
        "name_zh": forms.CharField(label=gettext("Name in Chinese"), max_length=200),
        "name_en": forms.CharField(
            label=gettext("Name in English"), max_length=200, required=False
        ),
        "time_zone": forms.CharField(
            label=gettext("Time zone"), max_length=60, initial="Asia/Shanghai"
        ),
        "hours": forms.CharField(
            label=gettext("Hours"), required=False, max_length=4000,
            widget=forms.Textarea(attrs=area),
            help_text=gettext("One slot a line, such as mon-fri 22:00-06:00; empty: always."),
        ),
        "blackouts": forms.CharField(
            label=gettext("Black-outs"), required=False, max_length=8000,
            widget=forms.Textarea(attrs=area),
            help_text=gettext("One a line: 2026-12-01 08:00 - 2026-12-01 18:00 stocktake"),
        ),
        "at_once": forms.IntegerField(
            label=gettext("Runs at once"), min_value=1, max_value=16, initial=1
        ),
        "rows_a_second": forms.IntegerField(
            label=gettext("Rows a second"), min_value=0, max_value=1_000_000, initial=0,
            help_text=gettext("0: as fast as it goes."),
        ),
        "limits": forms.CharField(
            label=gettext("Pauses above"), required=False, max_length=400,
            widget=forms.Textarea(attrs=area),
            help_text=gettext(
                "Share of the records a run has loaded, such as quarantined 5%; also created, "
                "updated, merged."
            ),
        ),
    }  # fmt: skip
    return type("WindowForm", (forms.Form,), made)


def _save(*, user: Any, record: Any, version: Any, **given: Any) -> LoadWindow:
    return save_window(actor=user, **given)


def _find(user: Any, code: str) -> LoadWindow:
    return LoadWindow.objects.get(code=code, is_void=False)


def _values(window: Any) -> dict[str, Any]:
    if window is None:
        return {}
    plain = ("code", "name_zh", "name_en", "time_zone", "at_once", "rows_a_second")
    return {
        **{name: getattr(window, name) for name in plain},
        "hours": typed_hours(window),
        "blackouts": typed_blackouts(window),
        "limits": typed_limits(window),
    }


def _crumbs(_record: Any) -> list[tuple[Any, str]]:
    return [
        (_("Sources and runs"), reverse("onboarding:list")),
        (_("Load windows"), reverse("onboarding:windows")),
    ]


def _screen(**more: Any) -> FormScreen:
    return FormScreen(
        permission="run.approve",
        form=window_form,
        save=_save,
        values=_values,
        done=lambda _window: reverse("onboarding:windows"),
        saved=_("The window was saved."),
        cancel=lambda _record: reverse("onboarding:windows"),
        breadcrumbs=_crumbs,
        **more,
    )


NEW_WINDOW = _screen(title=lambda _record: gettext("New window"))
EDIT_WINDOW = _screen(title=lambda window: str(window.code), find=_find)
