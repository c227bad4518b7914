"""A house that buys and sells, and its people at their phones; for the journey through trade.

Three monitors with serial numbers, twenty stents of a lot and twenty gloves in cases of ten are on
order from the supplier. Nothing else is there yet.
"""

import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.test_scanning import MONITOR, PASSWORD, PATIENCE_MS, STENT, wedge
from tests.identity.people import create_user
from tests.purchasing.depot import Depot

WIDTH, HEIGHT = 360, 780
#: So far away that the journey means the same for years.
LICENSED_UNTIL = "2040-12-31"
LOT, EXPIRY = "ST77", "350630"
#: What people type in Chinese in either language.
SIGNER, WHY, FINDING = TYPED = ("吴护士长", "外箱压坏", "看过")
#: A folder for a picture of every page, for whoever wants to look at them.
SHOTS = os.environ.get("KINTSUGI_SHOTS", "")

#: What people press and read, in Chinese and English; written by hand, not taken from the product.
WORDS = {
    "Menu": "菜单",
    "Home": "首页",
    "Purchase orders": "采购订单",
    "Receipts and acceptance": "收货与验收",
    "Receive goods": "收货",
    "Start scanning": "开始扫描",
    "Scan into": "扫描收货",
    "Post the receipt": "收货过账",
    "Inspect": "验收",
    "Record the acceptance": "记录验收",
    "Put away": "上架",
    "To the receipt": "回到收货单",
    "Sales contracts": "销售合同",
    "Write a contract": "起草合同",
    "Save as a draft": "存为草稿",
    "Submit": "提交",
    "Approve": "批准",
    "Take an order": "接单",
    "Sales orders": "销售订单",
    "Reserve goods": "预留货物",
    "Waves": "波次",
    "Plan a wave": "安排波次",
    "Plan": "安排",
    "Deliveries": "出库单",
    "Pick by scanning": "扫描拣货",
    "Enter a quantity": "录入数量",
    "Finish picking": "完成拣货",
    "Begin the check": "开始复核",
    "Check by scanning": "扫描复核",
    "Pass the check": "复核通过",
    "Ship": "出库",
    "Record a receipt": "登记签收",
    "Ask for a return": "申请退货",
    "Returns and exchanges": "退换货",
    "Receive by scanning": "扫描接收",
    "Decide": "判定",
    "Settle": "结清",
}
#: What a page says in the other language. A Chinese page: words with small letters and no digits,
#: outside codes. An English one: Han characters.
STRANGE = r"""(zh) => {
  const found = new Set();
  const walk = document.createTreeWalker(document.querySelector("#content"), NodeFilter.SHOW_TEXT);
  const codes = "code, .k-code, noscript, script, style, template, [hidden]";
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent;
    if (walk.currentNode.parentElement.closest(codes)) continue;
    for (const word of text.match(zh ? /[A-Za-z0-9_.\/-]+/g : /[\u3400-\u9fff]+/g) ?? [])
      if (!zh || (/[a-z]{2}/.test(word) && !/\d/.test(word))) found.add(word);
  }
  return [...found];
}"""

#: Fields and buttons that lie beyond the edge of the screen; tabs and sorted heads may scroll.
BEYOND = """() => [...document.querySelectorAll(
    "#content :is(input, select, textarea, button):not([type=hidden], [aria-hidden])"
  )].filter((one) => {
    const place = one.getBoundingClientRect();
    return place.width && (place.right > innerWidth + 1 || place.left < 0);
  }).map((one) => one.name || one.textContent.trim())"""


def label(identifier: str, *, expiry: str = "", serial: str = "", lot: str = "") -> str:
    """What a scanner sends of a DataMatrix: parts of open length end with the separator."""
    parts = [f"]d201{identifier}"]
    parts += [f"17{expiry}"] if expiry else []
    parts += [f"21{serial}\x1d"] if serial and lot else [f"21{serial}"] if serial else []
    return "".join([*parts, f"10{lot}"] if lot else parts)


class House(Depot):
    """Made inside ``recorded``; everybody's pages are in one language."""

    def __init__(self, language: str) -> None:
        from kintsugi.identity.models import User
        from kintsugi.parties.models import Party
        from kintsugi.products.models import UdiIdentifier

        keeper = create_user(
            username="keeper", password=PASSWORD, display_name="王库管", roles=["warehouse"]
        )
        super().__init__(keeper)
        self.seller = self._person("seller", "李销售", "sales")
        self.checker = self.second
        Party.objects.filter(pk=self.hospital.pk).update(customer_type="hospital")
        self.trade.licence(self.hospital, "medical_institution_permit", until=LICENSED_UNTIL)
        self.trade.approve("customer", self.hospital, ("I", "II", "III"))
        for product, identifier in ((self.monitor, MONITOR), (self.stent, STENT)):
            UdiIdentifier.objects.create(
                product=product, device_identifier=identifier, issuer="GS1", kind="primary"
            )
        self.order_placed = self.order(
            self.line(self.monitor, 3, "5000"),
            self.line(self.stent, 20, "400"),
            self.line(self.gloves, 20, "8"),
        )
        User.objects.update(language=language)

    def _may_trade(self) -> None:
        from kintsugi.products.models import Product

        for kind in ("business_licence", "quality_agreement", "sales_person_proxy",
                     "operating_permit"):  # fmt: skip
            self.trade.licence(self.supplier, kind, until=LICENSED_UNTIL)
        self.trade.approve("supplier", self.supplier, ("II", "III"))
        Product.objects.update(item_kind="spare")

    def names(self) -> str:
        """Everything that is called so in any language: data, not words of the pages."""
        from kintsugi.identity.models import User

        people = [f"{one.username} {one.display_name}" for one in User.objects.all()]
        things: list[Any] = [self.hospital, self.supplier, self.monitor, self.stent, self.gloves]
        things += [self.main, self.other]
        return " ".join([*people, *(one.name for one in things), *TYPED])


def whereabouts() -> tuple[dict[str, tuple[str, str]], dict[tuple[str, str, str], Decimal]]:
    """By the database: place and quality of each serial number; and of goods without, by product
    name, place and quality, how many there are in the house and at the customer's."""
    from kintsugi.stock.models import Balance, Unit

    def named(place: Any) -> str:
        return str(place.code if place.warehouse_id else place.kind)

    units = {
        one.serial_no: (named(one.location), one.quality)
        for one in Unit.objects.select_related("location")
    }
    rows = Balance.objects.select_related("location", "product").filter(on_hand__gt=0)
    goods = {
        (one.product.name, named(one.location), one.quality): one.on_hand
        for one in rows
        if one.product.tracking != "serial"
    }
    return units, goods


class Phone:
    """Somebody's phone: pages 360 px wide, looked at as they are passed."""

    def __init__(self, browser: Browser, server: Any, who: Any, language: str, data: str) -> None:
        self.is_chinese, self.language, self.data = language.startswith("zh"), language, data
        self.who = who.username
        self.complaints: list[str] = []
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, base_url=server.url,
            locale="zh-CN" if self.is_chinese else "en-GB", color_scheme="light",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto("/accounts/login/")
        self.page.fill("#id_login", self.who)
        self.page.fill("#id_password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.arrive("Home")

    def words(self, english: str) -> str:
        """Words of a page in this phone's language."""
        return WORDS[english] if self.is_chinese else english

    # -- going about -------------------------------------------------------------------------------

    def menu(self, english: str) -> None:
        """Go somewhere by the menu, and look at where it leads."""
        self.page.get_by_role("link", name=self.words("Menu"), exact=True).click()
        place = self.page.locator("#side")
        self.follow(place.get_by_role("link", name=self.words(english), exact=True))
        self.arrive(english)

    def button(self, english: str) -> Locator:
        """The link or button of the page that says this; an empty list offers it twice."""
        said = self.words(english)
        place = self.page.locator("#content")
        return (
            place.get_by_role("link", name=said, exact=True)
            .or_(place.get_by_role("button", name=said, exact=True))
            .first
        )

    def press(self, english: str, *, leads_to: str = "") -> None:
        """Press it; look at the page whose heading says ``leads_to``, or the same words."""
        self.follow(self.button(english))
        self.arrive(leads_to or english)

    def follow(self, way: Locator) -> None:
        """Press what leads to a page, and wait until that page is there."""
        with self.page.expect_navigation():
            way.click()

    def choose(self, number: str) -> None:
        """Open a document from the list that is shown."""
        links = self.page.locator("#content").get_by_role("link", name=number, exact=True)
        self.follow(links.first)
        self.arrive(number)

    def done(self, english: str, document: str, /, **given: str) -> None:
        """Fill a form, send it by the button that says this, and come to the document."""
        self.fill(**given)
        self.press(english, leads_to=document)
        # Whoever stays on the form reads its number too.
        expect(self.page.locator("#content .k-toasts .k-tone-good").first).to_be_visible()

    def step(self, english: str, document: str, /, **given: str) -> None:
        """Take a step of a document: its link, what its form asks, and its button."""
        self.press(english)
        self.done(english, document, **given)

    def fill(self, **given: str) -> None:
        """Type into fields by their names; of lines as ``lines_0_qty``."""
        for name, value in given.items():
            field = re.sub("_([0-9]+)_", r"-\1-", name)
            box = self.page.locator(f'#content [name="{field}"]')
            if box.evaluate("one => one.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.fill(value)

    # -- scanning ----------------------------------------------------------------------------------

    def scan(self, text: str) -> None:
        """A wedge's burst into the scan field; it was taken."""
        lines = self.page.locator("[data-scan-lines] > li")
        before = lines.count()
        wedge(self.page, text)
        expect(lines).to_have_count(before + 1)
        expect(lines.first).to_have_class(re.compile("k-tone-good"))

    def scan_wrong(self, text: str) -> None:
        """A wedge's burst that stops everything, until somebody has seen it."""
        band = self.page.locator("[data-scan-band]")
        wedge(self.page, text)
        expect(band).to_be_visible()
        expect(self.page.locator("[data-scan]")).to_have_attribute("data-sounded", "bad")
        self.look("stopped")
        self.page.locator("[data-scan-seen]").click()
        expect(band).to_be_hidden()

    def enter(self, thing: str, qty: str) -> None:
        """So many of a lot or product, below the scan field."""
        self.page.fill("#scan-many", thing)
        self.page.fill("#scan-qty", qty)
        self.follow(self.button("Enter a quantity"))
        self.answered()

    def by_hand(self, **given: str) -> None:
        """Goods without a barcode, on a page of the dock."""
        more = self.page.locator(".p-more")
        more.locator("summary").click()
        self.fill(**given)
        self.follow(more.get_by_role("button"))
        self.answered()

    def answered(self) -> None:
        """The page says that what was typed was taken."""
        expect(self.page.locator(".k-scan:not([data-scan]) .k-tone-good")).to_be_visible()

    # -- looking -----------------------------------------------------------------------------------

    def arrive(self, heading: str) -> None:
        """The page has come; look at it. A heading that is no word of the pages is a number."""
        said = self.words(heading) if heading in WORDS else heading
        expect(self.page.locator("#content h1")).to_contain_text(said)
        self.look(heading)

    def look(self, name: str) -> None:
        """The page fits the screen and says nothing in another language."""
        if SHOTS:
            folder = Path(SHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            number = len(list(folder.glob(f"{self.language}-*.png"))) + 1
            file = f"{self.language}-{number:02}-{self.who}-{name.replace(' ', '-')}.png"
            self.page.screenshot(path=folder / file, full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        beyond = self.page.evaluate(BEYOND)
        self.must(not beyond, name, beyond)
        strange = self.page.evaluate(STRANGE, self.is_chinese)
        self.must(wide <= WIDTH, name, wide)
        foreign = [one for one in strange if one not in self.data]
        self.must(not foreign, name, foreign)

    def must(self, holds: bool, name: str, found: Any) -> None:
        """What is wrong with a page is told at the end, all of it: the journey goes on."""
        if not holds:
            self.complaints.append(f"{self.who}, {name}, {self.page.url}: {found}")

    def is_accessible(self, *, once: bool = False) -> None:
        """Nothing serious for those who hear the page or use only keys; ``once`` for pages that
        are looked at in one language only, since it takes its time."""
        if once and not self.is_chinese:
            return
        # A stop's flash is over, and what a scan changed is drawn.
        self.page.wait_for_timeout(700)
        self.look("looked-at")
        # After a click the next page may be there in part only.
        self.page.wait_for_load_state()
        found = Axe().run(self.page).response["violations"]
        bad = [
            (one["id"], [node["target"] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        self.must(not bad, "accessible", bad)
