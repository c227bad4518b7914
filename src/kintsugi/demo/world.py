"""The fictitious world behind the fragments: products, hospitals and devices as they truly are.

Hospitals, people, credit codes, telephone and serial numbers are invented. Products are real
catalogue records (GUDID, CC0). Everything follows from one seed.
"""

import csv
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

AS_OF = date(2024, 6, 30)

CITIES = ("示例市", "样本市", "演示市", "虚构市", "假想市", "测试市")
CITIES_EN = ("Shili", "Yangben", "Yanshi", "Xugou", "Jiaxiang", "Ceshi")
KINDS = (
    ("第一人民医院", "一院", "First People's Hospital"),
    ("第二人民医院", "二院", "Second People's Hospital"),
    ("中心医院", "中心院", "Central Hospital"),
    ("中医院", "中医", "TCM Hospital"),
    ("妇幼保健院", "妇幼", "Maternity & Child Hospital"),
    ("儿童医院", "儿医", "Children's Hospital"),
    ("肿瘤医院", "肿瘤", "Cancer Hospital"),
    ("胸科医院", "胸科", "Chest Hospital"),
    ("红十字会医院", "红会", "Red Cross Hospital"),
    ("大学附属医院", "附院", "University Hospital"),
)

#: Makers of the serialised equipment: (company in the catalogue, spellings in the wild).
MAKERS: dict[str, tuple[str, ...]] = {
    "Fresenius Usa, Inc.": ("费森尤斯", "Fresenius", "费森尤斯(美国)", "FRESENIUS USA"),
    "DATEX-OHMEDA INC": ("欧美达", "Datex-Ohmeda", "达特欧美达", "Datex Ohmeda Inc."),
    "INVACARE CORPORATION": ("英维康", "Invacare", "INVACARE CORP"),
    "U-Systems, Inc.": ("尤系统", "U-Systems", "USystems"),
    "GE MEDICAL SYSTEMS": ("GE医疗", "通用电气", "GEHC"),
}
IMPLANT_MAKERS = ("STAAR SURGICAL COMPANY", "Lenstec Barbados Inc", "LEMAITRE VASCULAR, INC.")

DEPARTMENTS = {
    "Fresenius Usa, Inc.": ("血液净化中心", "肾内科"),
    "DATEX-OHMEDA INC": ("麻醉科", "手术室", "重症医学科"),
    "INVACARE CORPORATION": ("呼吸科", "康复科"),
    "U-Systems, Inc.": ("乳腺外科", "超声科"),
    "GE MEDICAL SYSTEMS": ("放射科", "乳腺外科"),
}
PRICE_RANGE_WAN = {
    "Fresenius Usa, Inc.": (12, 26),
    "DATEX-OHMEDA INC": (8, 60),
    "INVACARE CORPORATION": (1, 4),
    "U-Systems, Inc.": (150, 320),
    "GE MEDICAL SYSTEMS": (160, 350),
}


@dataclass(frozen=True)
class Product:
    """A catalogue record; ``di`` is its product code in the golden view."""

    di: str
    brand: str
    model: str
    catalog: str
    company: str

    @property
    def spoken(self) -> str:
        """How people in the field call it: brand and model in one breath."""
        return f"{self.brand.replace('®', '').replace('™', '').replace('  ', ' ')} {self.model}"


@dataclass(frozen=True)
class Hospital:
    """An invented hospital; ``aliases`` are the spellings a steward has confirmed."""

    code: str
    name: str
    city: str
    name_en: str
    short: str
    uscc: str
    phones: tuple[str, ...]
    address: str
    aliases: tuple[str, ...]


@dataclass
class Device:
    """One physical unit. ``values`` are the true field values as canonical text."""

    number: int
    product: Product
    serial: str
    hospital: Hospital | None
    region: str
    values: dict[str, str] = field(default_factory=dict)
    #: What the fragments make of this device: usd, comment, two-makers, oh-zero.
    tags: set[str] = field(default_factory=set)

    @property
    def key(self) -> str:
        return f"{self.product.di}|{self.serial}"

    def day(self, name: str) -> date:
        return date.fromisoformat(self.values[name])


@dataclass(frozen=True)
class World:
    """All that is true. ``unique_refs``: product references that name exactly one product."""

    seed: int
    products: tuple[Product, ...]
    equipment: tuple[Product, ...]
    implants: tuple[Product, ...]
    hospitals: tuple[Hospital, ...]
    devices: tuple[Device, ...]
    unique_refs: dict[str, str]

    def rng(self, purpose: str) -> random.Random:
        """An independent random stream, so that one file's changes do not move another's."""
        return random.Random(f"{self.seed}:{purpose}")

    def in_region(self, *regions: str) -> list[Device]:
        return [d for d in self.devices if d.region in regions]


#: How many devices are known first to which fragment.
REGION_SIZES = {"east": 430, "south": 400, "stock": 230, "legacy": 80, "orders": 60}


def build_world(*, seed: int, catalogue: Path) -> World:
    """The whole truth from the committed catalogue excerpt and a seed."""
    with catalogue.open(encoding="utf-8", newline="") as handle:
        records = list(csv.DictReader(handle))
    products = tuple(
        Product(r["primary_di"], r["brand"], r["model"], r["catalog"], r["company"])
        for r in records
    )
    serial = {r["primary_di"] for r in records if r["serial"] == "true"}
    equipment = tuple(p for p in products if p.di in serial and p.company in MAKERS)
    implants = tuple(p for p in products if p.di in serial and p.company in IMPLANT_MAKERS)
    hospitals = _hospitals(random.Random(f"{seed}:hospitals"))
    world = World(
        seed=seed,
        products=products,
        equipment=equipment,
        implants=implants,
        hospitals=hospitals,
        devices=(),
        unique_refs=_unique_refs(products),
    )
    devices = _devices(world)
    return World(
        seed=seed,
        products=products,
        equipment=equipment,
        implants=implants,
        hospitals=hospitals,
        devices=tuple(devices),
        unique_refs=world.unique_refs,
    )


def fold(text: str) -> str:
    """The form in which product references are compared."""
    return " ".join(text.upper().split())


def _unique_refs(products: tuple[Product, ...]) -> dict[str, str]:
    named: dict[str, set[str]] = {}
    for p in products:
        for ref in {fold(p.di), fold(p.model), fold(p.catalog)} - {""}:
            named.setdefault(ref, set()).add(p.di)
    return {ref: next(iter(dis)) for ref, dis in named.items() if len(dis) == 1}


USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def credit_code(organisation: str) -> str:
    """A credit code in the invented region 990000 with sound check digits (GB 32100, GB 11714)."""
    rest = (
        11 - sum(int(c) * w for c, w in zip(organisation, ORGANISATION_WEIGHTS, strict=True)) % 11
    )
    body = "12990000" + organisation + {10: "X", 11: "0"}.get(rest, str(rest))
    total = sum(USCC_ALPHABET.index(c) * w for c, w in zip(body, USCC_WEIGHTS, strict=True))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]


def _hospitals(rng: random.Random) -> tuple[Hospital, ...]:
    made = []
    for i, (city, city_en) in enumerate(zip(CITIES, CITIES_EN, strict=True)):
        for j, (kind, short, kind_en) in enumerate(KINDS):
            n = i * len(KINDS) + j + 1
            stem = city.removesuffix("市")
            phones = [f"+86105555{n:04d}"]
            if n % 5 == 0:
                phones.append(f"+8619900000{n:03d}")
            made.append(
                Hospital(
                    code=f"H{n:04d}",
                    name=f"{city}{kind}",
                    city=city,
                    name_en=f"{city_en} {kind_en}",
                    short=short,
                    uscc=credit_code(f"{rng.randrange(10**8):08d}"),
                    phones=tuple(phones),
                    address=f"{city}虚构路{rng.randrange(1, 400)}号",
                    aliases=(f"{stem}{short}", f"{city}{short}", f"{city_en} {kind_en}"),
                )
            )
    return tuple(made)


def _serial(rng: random.Random, product: Product, taken: set[tuple[str, str]]) -> str:
    while True:
        n = rng.randrange(10**6)
        match product.company:
            case "Fresenius Usa, Inc.":
                text = f"{rng.randrange(1, 9)}K{rng.choice('ASX')}{n:06d}"
            case "DATEX-OHMEDA INC":
                text = f"AN{rng.choice('ABEJ')}{rng.choice('LPQ')}{n:05d}"
            case "INVACARE CORPORATION":
                # Digits only, half of them with a zero in front: what spreadsheets spoil.
                text = f"{rng.choice(('0', ''))}{rng.randrange(10, 24)}{n:06d}"
            case "U-Systems, Inc.":
                text = f"US-{rng.randrange(2012, 2024)}-{n % 10000:04d}"
            case "GE MEDICAL SYSTEMS":
                text = f"1{n:06d}{rng.randrange(10**13):013d}"
            case "STAAR SURGICAL COMPANY":
                text = f"T{n:06d}{rng.randrange(10, 99)}"
            case "Lenstec Barbados Inc":
                text = f"1{n:06d}{rng.randrange(100, 999)}"
            case _:
                text = f"LM{n:06d}"
        # A serial that reads like a placeholder or number 0 would be dirt nobody planted.
        if (product.company, text) not in taken and len(set(text)) > 3:
            taken.add((product.company, text))
            return text


def _devices(world: World) -> list[Device]:
    rng = world.rng("devices")
    taken: set[tuple[str, str]] = set()
    devices: list[Device] = []
    by_region = {
        "east": world.hospitals[:30],
        "south": world.hospitals[30:],
        "legacy": world.hospitals,
        "orders": world.hospitals,
    }
    for region, size in REGION_SIZES.items():
        for k in range(size):
            in_stock = region == "stock"
            pool = world.implants if in_stock and k % 3 else world.equipment
            product = rng.choice(pool)
            places = by_region.get(region)
            # Neighbouring rows of a register belong to one hospital, as in real life.
            hospital = None if places is None else places[k * len(places) // size]
            device = Device(
                number=len(devices) + 1,
                product=product,
                serial=_serial(rng, product, taken),
                hospital=hospital,
                region=region,
            )
            _fill(device, rng, in_stock=in_stock)
            devices.append(device)
    _twist(devices, rng)
    return devices


def _twist(devices: list[Device], rng: random.Random) -> None:
    """Facts that later show as dirt: they are true of the devices, not of one file."""
    east = [d for d in devices if d.region == "east"]
    south = [d for d in devices if d.region == "south"]
    for device in rng.sample(south, 6):
        device.tags.add("usd")
        device.values["currency"] = "USD"
        device.values["purchase_price"] = f"{rng.randrange(4, 60) * 500}.00"
    for device in rng.sample([d for d in east if d.values["status"] == "installed"], 6):
        device.tags.add("comment")
        device.values["status"] = "scrapped"
    pairs = 0
    for other in rng.sample(south, 60):
        twin = rng.choice(east)
        if pairs < 5 and twin.product.company != other.product.company and not twin.tags:
            other.serial = twin.serial
            other.tags.add("two-makers")
            twin.tags.add("two-makers")
            pairs += 1
    zeros = [d for d in east if not d.tags and d.serial[:1] == "A" and "0" in d.serial]
    for device in rng.sample(zeros, 8):
        device.tags.add("oh-zero")


def _fill(device: Device, rng: random.Random, *, in_stock: bool) -> None:
    values = device.values
    bought = date(2016, 1, 4) + timedelta(days=rng.randrange(3050))
    if in_stock:
        bought = date(2023, 1, 4) + timedelta(days=rng.randrange(500))
        values["status"] = "in_stock"
        values["purchase_date"] = bought.isoformat()
        values["mfg_date"] = (bought - timedelta(days=rng.randrange(30, 200))).isoformat()
        if device.product.company in IMPLANT_MAKERS:
            values["lot_no"] = f"L{rng.randrange(10**5):05d}"
            values["expiry_date"] = (
                date(2025, 1, 1) + timedelta(days=rng.randrange(1000))
            ).isoformat()
        return
    assert device.hospital is not None
    installed = bought + timedelta(days=rng.randrange(15, 60))
    months = rng.choice((12, 12, 24, 36))
    low, high = PRICE_RANGE_WAN[device.product.company]
    values["customer"] = device.hospital.name
    values["department"] = rng.choice(DEPARTMENTS[device.product.company])
    values["mfg_date"] = (bought - timedelta(days=rng.randrange(30, 200))).isoformat()
    values["purchase_date"] = bought.isoformat()
    values["purchase_price"] = f"{rng.randrange(low * 20, high * 20) * 500}.00"
    values["install_accepted_on"] = installed.isoformat()
    values["warranty_months"] = str(months)
    values["warranty_end"] = _add_months(installed, months).isoformat()
    roll = rng.random()
    values["status"] = "retired" if roll < 0.05 else "under_repair" if roll < 0.09 else "installed"


def _add_months(start: date, months: int) -> date:
    """The last day of a term of whole months: start + months − 1 day."""
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month, min(start.day, last)) - timedelta(days=1)
