"""The tree keeps the house rules, and each rule can fail."""

import functools

import pytest

from tools import house_rules as rules
from tools.house_rules import Source

NAMES = rules.tracked_files()


@functools.cache
def tree() -> tuple[Source, ...]:
    """Every Python file of the repository, parsed once."""
    return tuple(
        Source.of(name, (rules.ROOT / name).read_text("utf-8"))
        for name in NAMES
        if name.endswith(".py") and "/vendor/" not in name
    )


@pytest.mark.parametrize("rule", rules.PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule):
    breaches = [str(breach) for source in tree() for breach in rule(source)]
    assert not breaches, "\n" + "\n".join(breaches)


def test_no_tracked_file_names_a_workplace_or_a_registry():
    breaches = [str(breach) for breach in rules.text_breaches(NAMES)]
    assert not breaches, "\n" + "\n".join(breaches)


def test_the_walk_sees_the_product_and_its_tests():
    assert "src/kintsugi/engine/errors.py" in NAMES
    assert any(name.startswith("tests/architecture/") for name in NAMES)


def test_an_exception_of_the_clock_rule_still_needs_it():
    for path in rules.CLOCK_KEEPERS:
        text = (rules.ROOT / path).read_text("utf-8")
        assert rules.no_clock_inside(Source.of("src/kintsugi/devices/services.py", text)), path


def test_every_rule_has_a_failing_example():
    shown = {rule for rule, *_ in BAD}
    assert shown == set(rules.PYTHON_RULES)


DEVICES = "src/kintsugi/devices/models.py"
FIX = "FIX" + "ME"

BAD = [
    (rules.no_private_imports, DEVICES, "from kintsugi.parties.models import Party"),
    (rules.no_private_imports, DEVICES, "import kintsugi.parties.models"),
    (rules.no_private_imports, DEVICES, "from kintsugi import parties"),
    (rules.no_private_imports, DEVICES, "from ..parties.models import Party"),
    (rules.no_private_imports, DEVICES, "def late():\n    from kintsugi.audit.context import x"),
    (
        rules.no_private_imports,
        DEVICES,
        "import importlib\nimportlib.import_module('kintsugi.parties.models')",
    ),
    (rules.no_private_imports, "src/kintsugi/config/urls.py", "import kintsugi.parties.models"),
    (rules.no_writes_outside_services, "src/kintsugi/devices/views.py", "device.save()"),
    (rules.no_writes_outside_services, "src/kintsugi/devices/views.py", "device.delete()"),
    (
        rules.no_writes_outside_services,
        "src/kintsugi/devices/tasks.py",
        "Device.objects.bulk_create(rows)",
    ),
    (
        rules.no_writes_outside_services,
        "src/kintsugi/devices/selectors.py",
        "Device.objects.filter(pk=1).update(state='x')",
    ),
    (
        rules.no_writes_outside_services,
        "src/kintsugi/demo/load.py",
        "Device.objects.create(serial='1')",
    ),
    (rules.no_writes_outside_services, DEVICES, "class D:\n    def f(self): self.save()"),
    (rules.no_clock_inside, "src/kintsugi/devices/services.py", "at = timezone.now()"),
    (rules.no_clock_inside, "src/kintsugi/devices/services.py", "at = datetime.date.today()"),
    (rules.no_clock_inside, "src/kintsugi/engine/values/dates.py", "at = datetime.now()"),
    (rules.no_clock_inside, DEVICES, "field = DateTimeField(default=timezone.now)"),
    (rules.no_clock_inside, DEVICES, "today = timezone.localdate()"),
    (
        rules.no_sql_outside_its_folders,
        "src/kintsugi/devices/selectors.py",
        "query = 'SELECT serial FROM devices_device'",
    ),
    (
        rules.no_sql_outside_its_folders,
        "src/kintsugi/devices/services.py",
        "cursor.execute(f'update {table} set state = 1')",
    ),
    (
        rules.no_sql_outside_its_folders,
        "src/kintsugi/devices/services.py",
        "q = '''-- all of them\nwith x as (select 1) table x'''",
    ),
    (rules.no_nameless_modules, "src/kintsugi/devices/utils.py", "x = 1"),
    (rules.no_nameless_modules, "src/kintsugi/devices/helpers/dates.py", "x = 1"),
    (rules.nothing_unfinished, DEVICES, "def f():\n    raise " + "NotImplemented" + "Error"),
    (rules.nothing_unfinished, DEVICES, f"x = 1  # {FIX}: later"),
    (rules.nothing_too_long, DEVICES, "def f():\n" + "    x = 1\n" * 90),
    (rules.nothing_too_long, DEVICES, "x = 1\n" * 601),
    (rules.tests_assert_something, "tests/devices/test_x.py", "def test_it_runs():\n    run()"),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD)
def test_a_breach_is_found(rule, path, text):
    assert rule(Source.of(path, text))


GOOD = [
    (rules.no_private_imports, DEVICES, "from kintsugi.parties.services import register_party"),
    (rules.no_private_imports, DEVICES, "from kintsugi.parties import selectors"),
    (rules.no_private_imports, DEVICES, "from kintsugi.core.models import BusinessModel"),
    (rules.no_private_imports, DEVICES, "from . import states"),
    (rules.no_private_imports, DEVICES, "from kintsugi.devices.states import DEVICE"),
    (rules.no_private_imports, "src/kintsugi/config/urls.py", "from kintsugi.parties import urls"),
    (rules.no_private_imports, "tests/devices/test_x.py", "import kintsugi.parties.models"),
    (rules.no_writes_outside_services, "src/kintsugi/devices/services.py", "device.save()"),
    (
        rules.no_writes_outside_services,
        "src/kintsugi/devices/services/moves.py",
        "Device.objects.bulk_create(rows)",
    ),
    (rules.no_writes_outside_services, "src/kintsugi/devices/views.py", "facts.update(a=1)"),
    (rules.no_writes_outside_services, "src/kintsugi/demo/files.py", "workbook.save(path)"),
    (
        rules.no_writes_outside_services,
        "src/kintsugi/core/screens/forms.py",
        "class Form:\n    def f(self): self.save(user=1)",
    ),
    (rules.no_clock_inside, "src/kintsugi/devices/views.py", "at = timezone.now()"),
    (rules.no_clock_inside, "src/kintsugi/devices/services.py", "def f(*, at): return at.date()"),
    (rules.no_clock_inside, "src/kintsugi/devices/services.py", "day = timezone.localdate(at)"),
    (
        rules.no_sql_outside_its_folders,
        "src/kintsugi/audit/services.py",
        "query = 'SELECT 1 FROM audit_change'",
    ),
    (
        rules.no_sql_outside_its_folders,
        "src/kintsugi/devices/views.py",
        "label = 'Select a device from the list'",
    ),
    (
        rules.no_sql_outside_its_folders,
        "src/kintsugi/devices/views.py",
        '"""select words from prose in a docstring."""',
    ),
    (rules.nothing_too_long, DEVICES, "def f():\n" + "    x = 1\n" * 89),
    (rules.nothing_unfinished, DEVICES, "x = 1  # what is done"),
    (
        rules.tests_assert_something,
        "tests/devices/test_x.py",
        "def test_it():\n    with pytest.raises(ValueError):\n        run()",
    ),
]


@pytest.mark.parametrize(("rule", "path", "text"), GOOD)
def test_what_is_allowed_passes(rule, path, text):
    assert not rule(Source.of(path, text))


@pytest.mark.parametrize(
    "text",
    [
        "see /wo" + "rk/main/src",
        "https://p" + "ypi.org/simple",
        "https://registry.n" + "pmjs.org/htmx",
    ],
)
def test_a_path_of_the_workplace_or_a_registry_is_found(text):
    assert rules.nothing_of_a_workplace("README.md", text)


def test_a_relative_path_and_a_page_named_work_are_fine():
    text = "../shared/data and /work/orders and https://www.djangoproject.com/"
    assert not rules.nothing_of_a_workplace("README.md", text)
