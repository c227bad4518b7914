"""Made-up tables with known truth for trying repairs: (dirty, clean) frames from a seed.

They stand for kinds of dirt that public sets show: sources that contradict each other, formats of
dates and durations, lost zeros, typing errors in tables that hold dependencies.
"""

import calendar
import random
import string

import polars as pl

Pair = tuple[pl.DataFrame, pl.DataFrame]


def _frames(dirty: list[dict[str, str]], clean: list[dict[str, str]]) -> Pair:
    schema = dict.fromkeys(clean[0], pl.String)
    return pl.DataFrame(dirty, schema=schema), pl.DataFrame(clean, schema=schema)


def _clock(rng: random.Random) -> str:
    hour, minute = rng.randrange(24), rng.randrange(60)
    return _shown(hour * 60 + minute)


def _shown(minutes: int) -> str:
    hour, minute = divmod(minutes % 1440, 60)
    return f"{hour % 12 or 12}:{minute:02} {'p.m.' if hour >= 12 else 'a.m.'}"


def _minutes(shown: str) -> int:
    hour, minute = shown[:-5].split(":")
    return (int(hour) % 12 + (12 if shown.endswith("p.m.") else 0)) * 60 + int(minute)


def sources(seed: int, keys: int = 100, tellers: int = 24, habits: int = 0) -> Pair:
    """Flights told by websites: each gets some times wrong, some in another form, some not at
    all; a few copy one another. ``habits`` sites give actual times some minutes late (runway for
    gate), the same minutes for all of them."""
    rng = random.Random(seed)
    fields = ("sched_dep", "act_dep", "sched_arr", "act_arr")
    quality = [rng.choice((0.03, 0.1, 0.25, 0.5)) for _ in range(tellers)]
    truth = {}
    for key in range(keys):
        line, leg = rng.choice(("AA", "UA", "CO")), rng.choice(("ORD-PHX", "MIA-SFO", "BOS-JFK"))
        name = f"{line}-{key * 13 + 101}-{leg}"
        truth[name] = {f: _clock(rng) for f in fields}
    dirty, clean = [], []
    rumours = {(k, f): _clock(rng) for k in truth for f in fields}
    late = {
        (k, f): _shown(_minutes(truth[k][f]) + rng.randrange(5, 20)) for k in truth for f in fields
    }
    for teller in range(tellers):
        for name, times in truth.items():
            if rng.random() < 0.05:
                continue
            row = {"id": str(len(dirty) + 1), "src": f"site{teller}", "flight": name}
            clean.append({**row, **times})
            told = dict(times)
            for f in fields:
                dice = rng.random()
                if dice < quality[teller] * 0.4:
                    told[f] = ""
                elif dice < quality[teller]:
                    told[f] = rumours[name, f] if rng.random() < 0.4 else _clock(rng)
                elif teller >= tellers - habits and f.startswith("act"):
                    told[f] = late[name, f]
                elif teller in (3, 7) and rng.random() < 0.5:
                    told[f] = f"12/{rng.randrange(13, 28)}/2011 {told[f]}"
            dirty.append({**row, **told})
    return _frames(dirty, clean)


def people(seed: int, rows: int = 20_000, wrong: float = 0.004) -> Pair:
    """Tax payers: dependencies (zip, area code, state, rate), codes with leading zeros, typing
    errors and stray characters."""
    rng = random.Random(seed)
    states = [a + b for a in "ACMNTW" for b in "AEIKTV"][:30]
    towns = [
        ("".join(rng.choice(string.ascii_uppercase) for _ in range(rng.randrange(5, 12))))
        for _ in range(900)
    ]
    zips = []
    for n in range(1500):
        state = rng.choice(states)
        zips.append((f"{n * 61 + 501:05}", rng.choice(towns), state))
    areas = {s: [str(200 + 9 * i + k) for k in range(3)] for i, s in enumerate(states)}
    rates = {(s, b): f"{rng.randrange(0, 900) / 100:g}" for s in states for b in range(5)}
    firsts = [
        "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randrange(4, 9))).title()
        for _ in range(2000)
    ]
    gender = {f: rng.choice("MF") for f in firsts}
    dirty, clean = [], []
    for _ in range(rows):
        zip_, town, state = rng.choice(zips)
        first = rng.choice(firsts)
        salary = rng.randrange(1, 20) * 5000
        married, kids = rng.choice("MS"), rng.choice("YN")
        row = {
            "f_name": first, "l_name": rng.choice(firsts), "gender": gender[first],
            "area_code": rng.choice(areas[state]),
            "phone": f"{rng.randrange(100, 999)}-{rng.randrange(10000):04}",
            "city": town, "state": state, "zip": zip_, "marital": married, "has_child": kids,
            "salary": str(salary), "rate": rates[state, salary // 20001],
            "single_exemp": str(0 if married == "M" else states.index(state) * 10 + 100),
            "married_exemp": str(0 if married == "S" else states.index(state) * 20 + 100),
            "child_exemp": str(0 if kids == "N" else states.index(state) * 5 + 50),
        }  # fmt: skip
        clean.append(row)
        told = dict(row)
        for f in row:
            if rng.random() < wrong:
                told[f] = _spoilt(rng, f, row[f], states)
        if told["zip"].startswith("0") and rng.random() < 0.3:
            told["zip"] = told["zip"].lstrip("0")
        dirty.append(told)
    return _frames(dirty, clean)


def _spoilt(rng: random.Random, field: str, value: str, states: list[str]) -> str:
    if field == "state":
        return rng.choice(states)
    if field in ("zip", "area_code", "salary", "rate", "phone") or len(value) < 3:
        return value + rng.choice(("-*", "*", "x"))
    at = rng.randrange(len(value))
    return rng.choice(
        (value + "-*", value[:at] + "x" + value[at + 1 :], value[:at] + value[at + 1 :])
    )


def films(seed: int, rows: int = 3000) -> Pair:
    """Films: durations, dates and counts in several forms, stand-ins for missing values."""
    rng = random.Random(seed)
    words = [
        "".join(rng.choice("aeiorstlnmd") for _ in range(rng.randrange(3, 9))).title()
        for _ in range(800)
    ]
    people_ = [f"{rng.choice(words)} {rng.choice(words)}" for _ in range(900)]
    months = list(calendar.month_name)[1:]
    genres = ["Drama", "Comedy", "Action", "Horror", "Romance", "Crime", "Sci-Fi", "Documentary"]
    dirty, clean = [], []
    for n in range(rows):
        year, month, day = rng.randrange(1930, 2015), rng.randrange(12), rng.randrange(1, 29)
        minutes, votes = rng.randrange(60, 200), int(10 ** rng.uniform(1, 6))
        row = {
            "id": f"tt{n:07}", "title": " ".join(rng.sample(words, rng.randrange(1, 4))),
            "year": str(year),
            "released": f"{day} {months[month]} {year}", "director": rng.choice(people_),
            "language": rng.choice(["English"] * 8 + ["French", "German", "Mandarin"]),
            "duration": f"{minutes} min", "rating": f"{rng.uniform(2, 9):.1f}", "votes": str(votes),
            "genre": ",".join(sorted(rng.sample(genres, rng.randrange(1, 4)))),
        }  # fmt: skip
        clean.append(row)
        told = dict(row)
        if rng.random() < 0.06:
            told["duration"] = f"{minutes // 60} hr. {minutes % 60} min."
        if rng.random() < 0.06:
            told["released"] = f"{months[month][:3]} {day}, {year}"
        if rng.random() < 0.05 and votes > 999:
            told["votes"] = f"{votes:,}"
        if rng.random() < 0.05:
            told["rating"] += "/10"
        if rng.random() < 0.03:
            told["language"] = rng.choice(
                (told["language"].lower(), told["language"] + " ", "ENGLISH")
            )
            clean[-1] = row | ({"language": "English"} if told["language"] == "ENGLISH" else {})
        dirty.append(told)
    return _frames(dirty, clean)


def papers(seed: int, rows: int = 1000) -> Pair:
    """References: journals with their ISSN and abbreviation, dates, pages, missing values."""
    rng = random.Random(seed)
    words = [
        "".join(rng.choice("abcdefghiklmnoprstu") for _ in range(rng.randrange(4, 11)))
        for _ in range(900)
    ]
    journals = []
    for _ in range(220):
        title = " ".join(rng.sample(words, rng.randrange(2, 5))).title()
        issn = f"{rng.randrange(10000):04}-{rng.randrange(10000):04}"
        journals.append((title, " ".join(w[:4] + "." for w in title.split()), issn))
    dirty, clean = [], []
    for n in range(rows):
        title, short, issn = journals[min(int(rng.expovariate(1 / 50)), 219)]
        m, d, y = rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(1, 15)
        first = rng.randrange(1, 2000)
        row = {
            "id": str(n + 1), "article_title": " ".join(rng.sample(words, 6)),
            "language": rng.choice(["eng"] * 12 + ["fre", "ger", "chi"]),
            "journal": title, "abbreviation": short, "issn": issn,
            "volume": str(rng.randrange(1, 90)),
            "issue": str(rng.randrange(1, 13)), "pages": f"{first}-{first + rng.randrange(2, 20)}",
            "created": f"{m}/{d}/{y:02}",
        }  # fmt: skip
        clean.append(row)
        told = dict(row)
        for f in ("journal", "abbreviation", "issn"):
            dice = rng.random()
            if dice < 0.04:
                told[f] = ""
            elif dice < 0.07:
                at = rng.randrange(len(told[f]))
                told[f] = told[f][:at] + rng.choice("qxzw") + told[f][at + 1 :]
        if rng.random() < 0.06:
            told["created"] = f"20{y:02}-{m:02}-{d:02}"
        if rng.random() < 0.03:
            told["language"] = {
                "eng": "English",
                "fre": "French",
                "ger": "German",
                "chi": "Chinese",
            }[row["language"]]
        dirty.append(told)
    return _frames(dirty, clean)
