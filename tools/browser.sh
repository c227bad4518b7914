#!/usr/bin/env bash
# Browser tests need Chromium and a Chinese font. Where they are missing and this machine lets us,
# install both from Debian's packages; otherwise say what will be skipped. Never fails.
set -uo pipefail

missing=()
found=""
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then found="$name"; break; fi
done
[ -n "$found" ] || missing+=(chromium)
if ! compgen -G "/usr/share/fonts/opentype/noto/NotoSans*CJK*" >/dev/null; then
  if ! { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family 2>/dev/null | head -n 1)" ]; }; then
    missing+=(fonts-noto-cjk)
  fi
fi
[ ${#missing[@]} -eq 0 ] && exit 0

skip() {
  echo "note: $1: ${missing[*]} not installed; browser tests will be skipped." >&2
  exit 0
}

command -v apt-get >/dev/null 2>&1 || skip "no apt-get on this machine"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true >/dev/null 2>&1 || skip "not root and sudo would ask for a password"
  as_root=(sudo -n)
fi

install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --quiet --no-install-recommends "${missing[@]}" \
    </dev/null >/dev/null 2>&1
}

echo "installing ${missing[*]} for the browser tests"
install && exit 0
"${as_root[@]}" apt-get update --quiet --quiet </dev/null >/dev/null 2>&1
install || skip "apt-get could not install"
exit 0
