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

import argparse
import hashlib
import json
import sys
import zipfile
from pathlib import Path

MANIFEST = "manifest.json"
OWN_HASH = "manifest.sha256"
FORMAT = "kintsugi-evidence-pack/1"
BLOCK = 1024 * 1024


class Folder:
    """An unpacked pack."""

    def __init__(self, path):
        self.path = path

    def names(self):
        return sorted(
            p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file()
        )

    def open(self, name):
        return (self.path / name).open("rb")


class Archive:
    """A pack as one file. A name that occurs twice is a trick and is refused."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)

    def names(self):
        return sorted(i.filename for i in self.zip.infolist() if not i.is_dir())

    def open(self, name):
        return self.zip.open(name)


def digest(pack, name):
    """SHA-256 and size of one file."""
    found, size = hashlib.sha256(), 0
    with pack.open(name) as file:
        while True:
            block = file.read(BLOCK)
            if not block:
                return found.hexdigest(), size
            found.update(block)
            size += len(block)


def examine(pack, expect=None):
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
        raise ValueError("the format is %r, not %r" % (manifest.get("format"), FORMAT))
    own = hashlib.sha256(raw).hexdigest()
    if OWN_HASH not in names:
        findings.append(finding("missing", OWN_HASH, "the manifest's own hash is gone"))
    else:
        with pack.open(OWN_HASH) as file:
            said = file.read().decode("ascii", "replace").split()
        if not said or said[0] != own:
            findings.append(finding("manifest-changed", MANIFEST, "its hash is %s" % own))
    if expect and expect.lower() != own:
        findings.append(finding("not-the-registered-pack", MANIFEST, "its hash is %s" % own))
    listed = {one["path"]: one for one in manifest["files"]}
    for path in sorted(listed):
        one = listed[path]
        if path not in names:
            findings.append(finding("missing", path, "listed in the manifest"))
            continue
        sha256, size = digest(pack, path)
        if sha256 != one["sha256"] or size != one["bytes"]:
            detail = "%d bytes, SHA-256 %s; the manifest says %d bytes, %s"
            findings.append(
                finding("changed", path, detail % (size, sha256, one["bytes"], one["sha256"]))
            )
    for name in names:
        if name not in listed and name not in (MANIFEST, OWN_HASH):
            findings.append(finding("added", name, "not in the manifest"))
    return manifest, own, findings


def finding(kind, file, detail):
    return {"kind": kind, "file": file, "detail": detail}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pack", type=Path)
    parser.add_argument("--expect", help="SHA-256 of the manifest as the register says")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        pack = Folder(given.pack) if given.pack.is_dir() else Archive(given.pack)
        manifest, own, findings = examine(pack, given.expect)
    except Exception as error:  # whatever is wrong with the file, it is not a pack we can vouch for
        if given.json:
            print(json.dumps({"ok": False, "error": "%s: %s" % (type(error).__name__, error)}))
        else:
            print("NOT AN EVIDENCE PACK 不是证据包: %s" % error, file=sys.stderr)
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
    print("%s  %s" % (manifest["pack"], manifest["title"]["zh"]))
    print("    %s" % manifest["title"]["en"])
    for one in findings:
        print("✗ %-24s %s: %s" % (one["kind"], one["file"], one["detail"]))
    if findings:
        print("✗ %d findings 项不符" % len(findings))
        return 1
    print("✓ %d files are as they were 个文件均与生成时一致" % len(manifest["files"]))
    print("  manifest SHA-256 清单哈希: %s" % own)
    if not given.expect:
        print("  Compare it with the register 请与登记册中的哈希核对: --expect HASH")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
