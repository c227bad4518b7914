#!/usr/bin/env python3
"""Verify a Kintsugi evidence pack. Needs Python 3.8 or newer and nothing else, no network.

    python3 verify_pack.py PACK.zip            a pack as it was handed out
    python3 verify_pack.py FOLDER              the same, unpacked
    python3 verify_pack.py PACK.zip --expect HASH
                                               and compare the manifest with the hash in the
                                               register (printed on the pack's page)
    python3 verify_pack.py PACK.zip --key FINGERPRINT
                                               and want the proofs signed by this key, or by keys
                                               that it endorsed

Says of every file whether it is as it was when the pack was made: changed, missing, added. Where
proofs are enclosed that changes are sealed: whether each leads to a signed root, and whether the
table of changes says the same as what was sealed. Runs no code of the pack.
Ends 0 when all is as it was, 1 when anything differs, 2 when it is no evidence pack.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sys
import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

MANIFEST = "manifest.json"
OWN_HASH = "manifest.sha256"
FORMAT = "kintsugi-evidence-pack/1"
BLOCK = 1024 * 1024
#: What a damaged archive or file raises.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
PROOF = "kintsugi-proof 1"
CHANGES = "data/changes.csv"
#: Entries about a table and no row of it stand under these ids, and have none in the table.
NO_ROW = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")


class Folder:
    """An unpacked pack."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        return sorted(
            p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file()
        )

    def open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb")


class Archive:
    """A pack as one file. A name that occurs twice is a trick and is refused."""

    def __init__(self, path: Path) -> None:
        self.zip = zipfile.ZipFile(path)

    def names(self) -> list[str]:
        return sorted(i.filename for i in self.zip.infolist() if not i.is_dir())

    def open(self, name: str) -> IO[bytes]:
        return self.zip.open(name)


def digest(pack: Folder | Archive, name: str) -> tuple[str, int]:
    """SHA-256 and size of one file."""
    found, size = hashlib.sha256(), 0
    with pack.open(name) as file:
        while True:
            block = file.read(BLOCK)
            if not block:
                return found.hexdigest(), size
            found.update(block)
            size += len(block)


def examine(
    pack: Folder | Archive, expect: str | None = None
) -> tuple[dict[str, Any], str, list[dict[str, str]]]:
    """The findings, each {kind, file, detail}; an empty list means that all is as it was."""
    names = pack.names()
    findings = []
    for name in sorted({n for n in names if names.count(n) > 1}):
        findings.append(finding("twice", name, "the name occurs more than once in the archive"))
    if MANIFEST not in names:
        raise ValueError("there is no manifest.json")
    with pack.open(MANIFEST) as file:
        raw = file.read()
    manifest = json.loads(raw.decode("utf-8"))
    if manifest.get("format") != FORMAT:
        raise ValueError(f"the format is {manifest.get('format')!r}, not {FORMAT!r}")
    own = hashlib.sha256(raw).hexdigest()
    if OWN_HASH not in names:
        findings.append(finding("missing", OWN_HASH, "the manifest's own hash is gone"))
    else:
        with pack.open(OWN_HASH) as file:
            own_said = file.read().decode("ascii", "replace").split()
        if not own_said or own_said[0] != own:
            findings.append(finding("manifest-changed", MANIFEST, f"its hash is {own}"))
    if expect and expect.lower() != own:
        findings.append(finding("not-the-registered-pack", MANIFEST, f"its hash is {own}"))
    listed = {one["path"]: one for one in manifest["files"]}
    for path in sorted(listed):
        one = listed[path]
        if path not in names:
            findings.append(finding("missing", path, "listed in the manifest"))
            continue
        try:
            sha256, size = digest(pack, path)
        except UNREADABLE as error:
            findings.append(finding("changed", path, f"it cannot be read: {error}"))
            continue
        if sha256 != one["sha256"] or size != one["bytes"]:
            said = f"the manifest says {one['bytes']} bytes, {one['sha256']}"
            findings.append(finding("changed", path, f"{size} bytes, SHA-256 {sha256}; {said}"))
    for name in names:
        if name not in listed and name not in (MANIFEST, OWN_HASH):
            findings.append(finding("added", name, "not in the manifest"))
    return manifest, own, findings


def finding(kind: str, file: str, detail: str) -> dict[str, str]:
    return {"kind": kind, "file": file, "detail": detail}


# -- proofs that changes are sealed ----------------------------------------------------------------


def sealed_findings(
    pack: Folder | Archive, names: list[str], key: str | None
) -> tuple[int, list[dict[str, str]]]:
    """How many proofs hold, and what is wrong with the others or with the rows they prove."""
    rows = changes_of(pack, names)
    findings, sound = [], 0
    for name in names:
        if not (name.startswith("seal/change-") and name.endswith(".json")):
            continue
        try:
            with pack.open(name) as file:
                proof = json.loads(file.read().decode("utf-8"))
            wrong = proof_fault(proof, key)
            leaf = json.loads(proof["line"])
            if not wrong and name != f"seal/change-{leaf['id']}.json":
                wrong = ("proof-broken", f"it proves change {leaf['id']}")
            if not wrong and rows is not None:
                wrong = row_fault(leaf, rows.get(str(leaf["id"])))
        except (ValueError, KeyError, TypeError, AttributeError, *UNREADABLE) as error:
            wrong = ("proof-broken", f"it cannot be read: {type(error).__name__}: {error}")
        if wrong:
            findings.append(finding(wrong[0], name, wrong[1]))
        else:
            sound += 1
    return sound, findings


@lru_cache(maxsize=1024)
def holds(public: bytes, body: str, signature: bytes) -> bool:
    """``signed``, once for each: all proofs of a pack share their keys and checkpoint."""
    return signed(public, body, signature)


def proof_fault(proof: dict[str, Any], key: str | None) -> tuple[str, str] | None:
    """What is wrong with a proof: its keys, the checkpoint's signature, or its path."""
    if proof["format"] != PROOF:
        return "proof-broken", f"the format is {proof['format']!r}"
    keys: dict[str, bytes] = {}
    trusted = set()
    for one in proof["keys"]:
        public = bytes.fromhex(one["public"])
        name = hashlib.sha256(public).hexdigest()
        signer = keys.get(one["endorsed_by"]) if one["endorsed_by"] else public
        if (
            name != one["fingerprint"]
            or note(one["body"]).get("public") != one["public"]
            or signer is None
            or not holds(signer, one["body"], bytes.fromhex(one["endorsement"]))
        ):
            return "proof-broken", f"the key {one['fingerprint']} is endorsed by nobody"
        if one["role"] != "witness":
            keys[name] = public
            if key in (None, name) or one["endorsed_by"] in trusted:
                trusted.add(name)
    body = proof["checkpoint"]["body"]
    says = note(body)
    by = keys.get(says.get("key", ""))
    if (
        says["title"] != "kintsugi checkpoint v1"
        or by is None
        or not holds(by, body, bytes.fromhex(proof["checkpoint"]["signature"]))
    ):
        return "proof-broken", "the signature of its checkpoint does not hold"
    if says["key"] not in trusted:
        return "key-unexpected", f"it is signed by the key {says['key']}"
    path = [bytes.fromhex(one) for one in proof["path"]]
    leaf = leaf_hash(proof["line"].encode("utf-8"))
    root = root_of_path(leaf, proof["index"], int(says["size"]), path)
    if root is None or root.hex() != says["root"]:
        return "proof-broken", "it does not lead to the signed root"
    return None


def changes_of(pack: Folder | Archive, names: list[str]) -> dict[str, dict[str, str]] | None:
    """The rows of the table of changes by number; None where there is no such table."""
    if CHANGES not in names:
        return None
    csv.field_size_limit(2**31 - 1)
    try:
        with pack.open(CHANGES) as file:
            text = io.TextIOWrapper(file, "utf-8", errors="replace", newline="")
            return {row.get("change_id", ""): row for row in csv.DictReader(text)}
    except (csv.Error, *UNREADABLE):
        return {}  # the file itself is named already


def row_fault(leaf: dict[str, Any], row: dict[str, str] | None) -> tuple[str, str] | None:
    """Where the table of changes says something else than what was sealed."""
    number = leaf["id"]
    if row is None:
        return "row-missing", f"{CHANGES} has no change {number}"
    made = leaf["transaction"]
    sealed = {
        "table": leaf["table"],
        "record_id": "" if leaf["row"] in NO_ROW else leaf["row"],
        "person": made["actor"],
        "command_id": made["command"],
        "reason": made["reason"],
        "transaction": str(made["xid"]),
    }
    for column, value in sealed.items():
        if row[column] not in (value, f"'{value}"):  # the apostrophe keeps a formula from running
            return "row-differs", f"{CHANGES}, change {number}: {column} is not what was sealed"
    for column in ("before", "after"):
        said = json.loads(row[column]) if row[column] else None
        if said != leaf[column]:
            return "row-differs", f"{CHANGES}, change {number}: {column} is not what was sealed"
    return None


# What follows stands in verify_export.py too; a test holds both together.

# -- Ed25519 verification (RFC 8032, 5.1.7), in plain integers ------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def _decode_point(data: bytes) -> tuple[int, int, int, int] | None:
    """A curve point in extended coordinates (X, Y, Z, T); None when these are no point."""
    if len(data) != 32:
        return None
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_M1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The sum of two points."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def _times(scalar: int, point: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """scalar · point."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


BASE = _decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
assert BASE is not None


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) over ``message`` was made with the key of ``public``."""
    if len(signature) != 64:
        return False
    a, r = _decode_point(public), _decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or BASE is None or s >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % ORDER
    left, right = _times(s, BASE), _add(r, _times(h, a))
    return not (
        (left[0] * right[2] - right[0] * left[2]) % P
        or (left[1] * right[2] - right[1] * left[2]) % P
    )


def signed(public: bytes, body: str, signature: bytes) -> bool:
    """The same over text; through the ``cryptography`` package where it is installed, which is
    about a hundred times faster."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return ed25519_verify(public, body.encode(), signature)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


# -- the tree of RFC 6962 -------------------------------------------------------------------------


def leaf_hash(line: bytes) -> bytes:
    """Hash of one line of the log."""
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion path leads to, None for an impossible path."""
    if not 0 <= index < size:
        return None
    position, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            found = node_hash(found, sibling)
        position >>= 1
        last >>= 1
    return found if last == 0 else None


def note(body: str) -> dict[str, str]:
    """The values of a signed note."""
    title, *lines = body.rstrip("\n").split("\n")
    return {"title": title, **dict(line.partition(" ")[::2] for line in lines)}


# -- the command -----------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify a Kintsugi evidence pack.")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--expect", help="SHA-256 of the manifest as the register says")
    parser.add_argument("--key", help="fingerprint of the sealing key that you wrote down")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        pack: Folder | Archive = Folder(given.pack) if given.pack.is_dir() else Archive(given.pack)
        manifest, own, findings = examine(pack, given.expect)
        key = given.key.replace(" ", "").lower() if given.key else None
        proofs, broken = sealed_findings(pack, pack.names(), key)
        findings += broken
    except Exception as error:  # whatever is wrong with the file, it is not a pack we can vouch for
        if given.json:
            print(json.dumps({"ok": False, "error": f"{type(error).__name__}: {error}"}))
        else:
            print(f"NOT AN EVIDENCE PACK 不是证据包: {error}", file=sys.stderr)
        return 2
    if given.json:
        print(
            json.dumps(
                {
                    "ok": not findings,
                    "pack": manifest["pack"],
                    "files": len(manifest["files"]),
                    "proofs": proofs,
                    "manifest_sha256": own,
                    "findings": findings,
                },
                ensure_ascii=False,
                indent=2,
            )
        )
        return 1 if findings else 0
    print(f"{manifest['pack']}  {manifest['title']['zh']}")
    print(f"    {manifest['title']['en']}")
    for one in findings:
        print(f"✗ {one['kind']:<24} {one['file']}: {one['detail']}")
    if findings:
        print(f"✗ {len(findings)} findings 项不符")
        return 1
    print(f"✓ {len(manifest['files'])} files are as they were 个文件均与生成时一致")
    print(f"  {proofs} changes are proven sealed 条更改已证明封存")
    print(f"  manifest SHA-256 清单哈希: {own}")
    if not given.expect:
        print("  Compare it with the register 请与登记册中的哈希核对: --expect HASH")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
