#!/usr/bin/env python3
"""Verifies an exported log, or the proof of one change, on any machine with Python 3.9 or newer.

    python verify_export.py FILE [--json] [--key FINGERPRINT] [--at-least NUMBER]

This file needs nothing but itself. ``--key`` is a fingerprint that you wrote down: the log must be
signed by that key, or by keys that it endorsed. ``--at-least`` is the number of a checkpoint that
you saw: a log that ends before it was rolled back or cut off. Exit code 0: whole; 1: findings;
2: not such a file. The format stands in the documentation, "The format of the sealed log".

检验导出的日志或一条更改的证明;只需本文件与 Python。退出码:0 完好,1 有发现,2 不是这种文件。
"""

from __future__ import annotations

import argparse
import base64
import datetime
import hashlib
import json
import sys
from collections.abc import Sequence
from typing import Any

FORMAT = "kintsugi-log-export 1"
PROOF = "kintsugi-proof 1"

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


class Tree:
    """A growing tree: its size and the roots of its complete subtrees, largest first."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)

    def copy(self) -> Tree:
        """The same tree, to grow apart."""
        return Tree(self.size, self.peaks)

    def add(self, leaf: bytes) -> None:
        """One more leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            size >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root hash."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


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


# -- the file -------------------------------------------------------------------------------------

#: What is found, in Chinese and English.
TEXTS = {
    "leaf-changed": ("更改在封存之后被改动", "a change was altered after it was sealed"),
    "leaf-missing": ("封存过的更改缺失", "a sealed change is missing"),
    "leaf-added": ("多出未封存的更改", "a change was added that was never sealed"),
    "reordered": ("更改的次序被改动", "changes stand in another order than they were sealed"),
    "hashes-changed": ("所附叶哈希被改动;更改完好", "the hashes beside the changes were altered"),
    "root-differs": ("更改与签名的树根不符", "the changes do not give the signed root"),
    "peaks-changed": ("起点与签名的树根不符", "the beginning does not give the signed root"),
    "checkpoint-forged": ("检查点签名不成立", "the signature of a checkpoint does not hold"),
    "checkpoint-missing": ("检查点不连续", "a checkpoint does not follow the one before it"),
    "cosignature-forged": ("见证签名不成立", "a witness's signature does not hold"),
    "key-forged": ("密钥未得到认可", "a key is endorsed by nobody"),
    "key-unexpected": ("不是您记下的密钥", "it is not signed by the key you wrote down"),
    "truncated": ("文件不完整,末尾被截去", "the file was cut off"),
    "rolled-back": ("日志在您见过的检查点之前结束", "it ends before a checkpoint that you saw"),
    "malformed": ("有一行无法读取", "a line cannot be read"),
    "path-broken": ("证明不通向签名的树根", "the proof does not lead to the signed root"),
}


class NotALog(Exception):
    """The file is neither an export nor a proof."""


def note(body: str) -> dict[str, str]:
    """The values of a signed note."""
    title, *lines = body.rstrip("\n").split("\n")
    return {"title": title, **dict(line.partition(" ")[::2] for line in lines)}


def moment(micros: Any) -> str:
    """Microseconds since 1970 as ISO 8601 in UTC."""
    begin = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)  # noqa: UP017
    return (begin + datetime.timedelta(microseconds=int(micros))).isoformat()


class Check:
    """Reads a file once from top to bottom and collects what is wrong."""

    def __init__(self, key: str | None = None, at_least: int | None = None) -> None:
        self.expected_key, self.at_least = key, at_least
        self.findings: list[dict[str, Any]] = []
        self.keys: dict[str, bytes] = {}
        self.witnesses: dict[str, bytes] = {}
        self.trusted: set[str] = set()
        self.tree = Tree()
        self.lines: list[bytes] = []
        self.hashes: list[bytes] = []
        self.last: str | None = None
        self.changes = self.checkpoints = self.cosigned = self.number = 0
        self.header: dict[str, Any] | None = None
        self.ended = False

    def found(
        self, kind: str, table: str = "", key: Any = "", at: str | None = None, **facts: Any
    ) -> None:
        """One finding."""
        zh, en = TEXTS[kind]
        self.findings.append(
            {"kind": "export." + kind, "table": table, "key": str(key), "at": at,
             "zh": zh, "en": en, "facts": facts}
        )  # fmt: skip

    def found_line(self, kind: str, line: bytes) -> None:
        """A finding about a line, which names its row."""
        try:
            leaf = json.loads(line)
            self.found(
                kind, leaf["table"], leaf["row"], moment(leaf["transaction"]["at"]),
                change=leaf["id"], actor=leaf["transaction"]["actor"],
            )  # fmt: skip
        except (ValueError, KeyError, TypeError):
            self.found("malformed", line=line[:200].decode("utf-8", "replace"))

    # one kind of line each

    def take(self, line: bytes) -> None:
        """The next line, without its end."""
        self.number += 1
        if not line.startswith(b"#"):
            self.lines.append(line)
            return
        name, _, rest = line[1:].partition(b" ")
        try:
            value = json.loads(rest)
            handler = getattr(self, "take_" + name.decode("ascii").replace("-", "_"))
            handler(value)
        except (ValueError, KeyError, AttributeError, TypeError):
            self.found("malformed", key=self.number, line=line[:200].decode("utf-8", "replace"))

    def take_kintsugi(self, value: dict[str, Any]) -> None:
        if value["format"] != FORMAT:
            raise NotALog(value["format"])
        self.header = value

    def take_key(self, value: dict[str, Any]) -> None:
        public = bytes.fromhex(value["public"])
        name = hashlib.sha256(public).hexdigest()
        says = note(value["body"])
        signer = self.keys.get(value["endorsed_by"]) if value["endorsed_by"] else public
        sound = (
            name == value["fingerprint"]
            and says.get("public") == value["public"]
            and signer is not None
            and signed(signer, value["body"], bytes.fromhex(value["endorsement"]))
        )
        if not sound:
            self.found("key-forged", "audit_seal_key", value["fingerprint"])
        elif value["role"] == "witness":
            self.witnesses[name] = public
        else:
            self.keys[name] = public
            chosen = name == self.expected_key or (self.expected_key is None)
            if chosen or value["endorsed_by"] in self.trusted:
                self.trusted.add(name)

    def take_from(self, value: dict[str, Any]) -> None:
        peaks = base64.b64decode(value["peaks"])
        self.tree = Tree(value["size"], [peaks[i : i + 32] for i in range(0, len(peaks), 32)])
        self.check_signature(value["checkpoint"])
        says = note(value["checkpoint"]["body"])
        if (str(self.tree.size), self.tree.root().hex()) != (says["size"], says["root"]):
            self.found("peaks-changed", "audit_checkpoint", says["number"], moment(says["at"]))
        self.last = value["checkpoint"]["body"]

    def take_epoch(self, value: dict[str, Any]) -> None:
        self.tree = Tree()

    def take_hashes(self, value: dict[str, Any]) -> None:
        whole = base64.b64decode(value["hashes"])
        self.hashes += [whole[i : i + 32] for i in range(0, len(whole), 32)]

    def take_checkpoint(self, value: dict[str, Any]) -> None:
        says = note(value["body"])
        self.check_signature(value)
        self.checkpoints += 1
        self.check_step(says)
        self.check_leaves(says)
        self.last = value["body"]
        self.check_cosignatures(value, says)

    def check_cosignatures(self, value: dict[str, Any], says: dict[str, str]) -> None:
        """What witnesses said about a checkpoint is signed by them and about this one."""
        name = hashlib.sha256(value["body"].encode()).hexdigest()
        for one in value.get("cosignatures", []):
            told = note(one["body"])
            public = self.witnesses.get(one["key"])
            if (
                public is None
                or told.get("checkpoint") != name
                or not signed(public, one["body"], bytes.fromhex(one["signature"]))
            ):
                self.found(
                    "cosignature-forged", "audit_cosignature", says["number"], moment(says["at"])
                )
            else:
                self.cosigned += 1

    def take_end(self, value: dict[str, Any]) -> None:
        self.ended = True
        if self.lines or value["changes"] != self.changes:
            self.found("truncated", key=value["changes"], changes=self.changes)

    # what they must satisfy

    def check_signature(self, value: dict[str, Any]) -> None:
        """A checkpoint is signed by a key of the file, and by one that is trusted."""
        says = note(value["body"])
        public = self.keys.get(says.get("key", ""))
        if (
            says["title"] != "kintsugi checkpoint v1"
            or public is None
            or not signed(public, value["body"], bytes.fromhex(value["signature"]))
        ):
            self.found(
                "checkpoint-forged", "audit_checkpoint", says.get("number"), moment(says["at"])
            )
        elif says["key"] not in self.trusted:
            self.found("key-unexpected", "audit_seal_key", says["key"], moment(says["at"]))

    def check_step(self, says: dict[str, str]) -> None:
        """A checkpoint follows the one before it."""
        if self.last is None:
            follows = (int(says["number"]), says["previous"]) == (1, "0" * 64)
        else:
            before = note(self.last)
            name = hashlib.sha256(self.last.encode()).hexdigest()
            begins = int(says["epoch"]) == int(before["epoch"]) + 1 and "reason" in says
            follows = (int(says["number"]), says["previous"]) == (int(before["number"]) + 1, name)
            # A later epoch follows a checkpoint that the restored database may have lost.
            follows = follows or (begins and int(says["number"]) > int(before["number"]))
        if not follows:
            self.found("checkpoint-missing", "audit_checkpoint", says["number"], moment(says["at"]))

    def check_leaves(self, says: dict[str, str]) -> None:
        """The lines since the checkpoint before, against the signed root; names what differs."""
        actual = [leaf_hash(line) for line in self.lines]
        expected, start = self.hashes, self.tree
        wanted = (says["size"], says["root"])
        grown = start.copy()
        for one in actual:
            grown.add(one)
        whole = (str(grown.size), grown.root().hex()) == wanted
        if not whole:
            sealed = start.copy()
            for one in expected:
                sealed.add(one)
            known = (str(sealed.size), sealed.root().hex()) == wanted
            self.name_differences(expected, actual)
            if known:
                grown = sealed
            else:
                self.found(
                    "root-differs", "audit_checkpoint", says["number"], moment(says["at"]),
                    lines=len(actual), sealed=int(says["size"]) - start.size,
                )  # fmt: skip
        elif expected != actual:
            self.found("hashes-changed", "audit_leaf_run", says["number"], moment(says["at"]))
        self.changes += len(self.lines)
        self.tree, self.lines, self.hashes = grown, [], []

    def name_differences(self, expected: list[bytes], actual: list[bytes]) -> None:
        """Which lines were altered, added, taken out or moved."""
        if sorted(expected) == sorted(actual):
            for one, other, line in zip(expected, actual, self.lines):  # noqa: B905
                if one != other:
                    self.found_line("reordered", line)
            return
        known, there = set(expected), set(actual)
        changed = [(i, line) for i, line in enumerate(self.lines) if actual[i] not in known]
        missing = [i for i, one in enumerate(expected) if one not in there]
        for place, (_, line) in enumerate(changed):
            self.found_line("leaf-changed" if place < len(missing) else "leaf-added", line)
        for place in missing[len(changed) :]:
            self.found("leaf-missing", "audit_change", f"leaf {self.tree.size + place}")

    def finish(self) -> None:
        """The end of the file."""
        if self.header is None:
            raise NotALog("no header")
        if not self.ended or self.lines:
            self.found("truncated", key=self.number)
        last = int(note(self.last)["number"]) if self.last else 0
        if last < int(self.header["last"]):
            self.found("truncated", "audit_checkpoint", self.header["last"], last=last)
        if self.at_least is not None and last < self.at_least:
            self.found("rolled-back", "audit_checkpoint", self.at_least, last=last)
        if self.expected_key is not None and self.expected_key not in self.keys:
            self.found("key-unexpected", "audit_seal_key", self.expected_key)


def check_proof(check: Check, proof: dict[str, Any]) -> None:
    """The proof of one change: its line, its path, the signed checkpoint."""
    for key in proof["keys"]:
        check.take_key(key)
    check.header = {"last": 0, "from": None}
    says = note(proof["checkpoint"]["body"])
    check.check_signature(proof["checkpoint"])
    check.check_cosignatures({**proof["checkpoint"], "cosignatures": proof["cosignatures"]}, says)
    line = proof["line"].encode()
    path = [bytes.fromhex(one) for one in proof["path"]]
    root = root_of_path(leaf_hash(line), proof["index"], int(says["size"]), path)
    if root is None or root.hex() != says["root"]:
        check.found_line("path-broken", line)
    check.changes, check.checkpoints, check.last = 1, 1, proof["checkpoint"]["body"]


def verify(path: str, key: str | None = None, at_least: int | None = None) -> dict[str, Any]:
    """Everything that can be said about the file. Raises NotALog."""
    check = Check(key.replace(" ", "").lower() if key else None, at_least)
    with open(path, "rb") as file:
        first = file.readline()
        file.seek(0)
        if first.startswith(b"#kintsugi "):
            for line in file:
                if not line.endswith(b"\n"):
                    check.found("truncated", key=check.number + 1)
                check.take(line.rstrip(b"\n"))
            check.finish()
        else:
            try:
                proof = json.loads(file.read())
                if proof["format"] != PROOF:
                    raise NotALog(proof["format"])
                check_proof(check, proof)
            except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
                raise NotALog(str(error)) from error
    says = note(check.last) if check.last else {}
    return {
        "ok": not check.findings,
        "changes": check.changes,
        "checkpoints": check.checkpoints,
        "cosignatures": check.cosigned,
        "last": {name: says.get(name) for name in ("number", "epoch", "size", "root", "at")},
        "keys": sorted(check.keys),
        "witnesses": sorted(check.witnesses),
        "findings": check.findings,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--key", metavar="FINGERPRINT")
    parser.add_argument("--at-least", type=int, metavar="NUMBER")
    asked = parser.parse_args(arguments)
    try:
        told = verify(asked.file, asked.key, asked.at_least)
    except (NotALog, OSError) as error:
        print(f"not an exported log / 不是导出的日志: {error}", file=sys.stderr)
        return 2
    if asked.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        show(told)
    return 0 if told["ok"] else 1


def show(told: dict[str, Any]) -> None:
    """The same for people."""
    print(f"changes 更改 {told['changes']}, checkpoints 检查点 {told['checkpoints']}")
    print(f"last checkpoint 最后检查点: {json.dumps(told['last'])}")
    for role, names in (("sealer 封存", told["keys"]), ("witness 见证", told["witnesses"])):
        for name in names:
            groups = " ".join(name[i : i + 8] for i in range(0, 64, 8))
            print(f"key 密钥 ({role}): {groups}")
    for one in told["findings"]:
        print("{kind}  {table} {key}  {at}  {en} / {zh}".format(**one))
    print("whole 完好" if told["ok"] else f"FINDINGS 有发现: {len(told['findings'])}")


if __name__ == "__main__":
    sys.exit(main())
