#!/usr/bin/env python3
"""Verify a Kintsugi evidence pack. Needs Python 3.8 or newer and nothing else, no network.

    python3 verify_pack.py PACK.zip            a pack as it was handed out
    python3 verify_pack.py FOLDER              the same, unpacked
    python3 verify_pack.py PACK.zip --expect HASH
                                               and compare the manifest with the hash in the
                                               register (printed on the pack's page)

Says of every file whether it is as it was when the pack was made: changed, missing, added.
Ends 0 when all is as it was, 1 when anything differs, 2 when it is no evidence pack.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import IO, Any

MANIFEST = "manifest.json"
OWN_HASH = "manifest.sha256"
FORMAT = "kintsugi-evidence-pack/1"
BLOCK = 1024 * 1024


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
        sha256, size = digest(pack, path)
        if sha256 != one["sha256"] or size != one["bytes"]:
            said = f"the manifest says {one['bytes']} bytes, {one['sha256']}"
            findings.append(finding("changed", path, f"{size} bytes, SHA-256 {sha256}; {said}"))
    for name in names:
        if name not in listed and name not in (MANIFEST, OWN_HASH):
            findings.append(finding("added", name, "not in the manifest"))
    return manifest, own, findings


def finding(kind: str, file: str, detail: str) -> dict[str, str]:
    return {"kind": kind, "file": file, "detail": detail}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify a Kintsugi evidence pack.")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--expect", help="SHA-256 of the manifest as the register says")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        pack: Folder | Archive = Folder(given.pack) if given.pack.is_dir() else Archive(given.pack)
        manifest, own, findings = examine(pack, given.expect)
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
    print(f"  manifest SHA-256 清单哈希: {own}")
    if not given.expect:
        print("  Compare it with the register 请与登记册中的哈希核对: --expect HASH")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
