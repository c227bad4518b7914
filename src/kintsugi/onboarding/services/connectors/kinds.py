"""The kinds of connectors and the settings each asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from django.conf import settings

from kintsugi.core.errors import KintsugiError, Text

_NAME = re.compile(r"[A-Za-z0-9_-]{1,120}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_SECRET = re.compile(r"key|token|secret|password|pwd|sig|auth", re.I)
DATABASES = ("postgresql", "postgres", "mysql", "mariadb", "mssql", "sqlserver", "oracle", "sqlite")
BATCH_MAX = 10_000


@dataclass(frozen=True)
class Setting:
    """One setting: its name, what it is called and what it means."""

    name: str
    title: Text
    help: Text
    required: bool = False
    default: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of connector."""

    title: Text
    settings: tuple[Setting, ...]


_FOLDER = (
    Setting(
        "path",
        Text("文件夹", "Folder"),
        Text(
            "服务器上的文件夹,须在允许监看的位置之内。",
            "A folder of the server, within those that may be watched.",
        ),
        required=True,
    ),
    Setting(
        "pattern",
        Text("文件名", "File names"),
        Text("例如 *.csv;空为全部可读文件。", "*.csv for example; empty takes all readable files."),
    ),
    Setting(
        "marker",
        Text("完成标记", "Done marker"),
        Text(
            "例如 .done:有“文件名.done”才读取;空则看文件大小与时间两次不变。",
            "With .done a file is read once “name.done” stands beside it; empty: once its size and "
            "time were the same twice.",
        ),
    ),
)

KINDS: dict[str, Kind] = {
    "folder": Kind(Text("监看文件夹", "Watched folder"), _FOLDER),
    "paper": Kind(Text("纸质文件夹(照片、PDF)", "Paper folder (photos, PDF)"), _FOLDER),
    "database": Kind(
        Text("数据库", "Database"),
        (
            Setting(
                "url",
                Text("地址", "Address"),
                Text(
                    "mariadb://用户@主机/库名;密码移入密钥。",
                    "mariadb://user@host/database; a password in it is moved to the secret.",
                ),
                required=True,
            ),
            Setting("table", Text("表", "Table"), Text("要读取的表。", "The table to read.")),
            Setting(
                "query",
                Text("查询", "Query"),
                Text("代替表的一条 SELECT。", "One SELECT in place of a table."),
            ),
            Setting(
                "watermark",
                Text("水位列", "Watermark column"),
                Text(
                    "只增不减的列(修改时间、编号);只读取其后的行。",
                    "A column that only grows (time of change, number): rows from there on.",
                ),
            ),
        ),
    ),
    "rest": Kind(
        Text("网络接口(REST)", "Web address (REST)"),
        (
            Setting(
                "url",
                Text("地址", "Address"),
                Text("https://…;分页自动跟随。", "https://…; its pages are followed."),
                required=True,
            ),
            Setting(
                "header",
                Text("授权标头", "Header of the log-in"),
                Text("密钥放入此标头。", "The secret goes into this header."),
                default="Authorization",
            ),
            Setting(
                "prefix",
                Text("标头前缀", "Before the secret"),
                Text("例如 Bearer。", "Bearer for example."),
                default="Bearer",
            ),
        ),
    ),
    "queue": Kind(
        Text("消息队列(NATS JetStream)", "Message queue (NATS JetStream)"),
        (
            Setting(
                "server",
                Text("服务器", "Server"),
                Text("nats://主机:4222 或 tls://主机:4222", "nats://host:4222 or tls://host:4222"),
                required=True,
            ),
            Setting("stream", Text("流", "Stream"), Text("流的名称。", "Its name."), required=True),
            Setting(
                "consumer",
                Text("消费者", "Consumer"),
                Text("持久拉取式消费者。", "A durable pull consumer."),
                required=True,
            ),
            Setting("user", Text("用户", "User"), Text("空则密钥为令牌。", "Empty: a token.")),
            Setting(
                "batch",
                Text("每批条数", "Messages at a time"),
                Text("一批消息成为一个快照。", "One batch becomes one snapshot."),
                default="1000",
            ),
        ),
    ),
}


def clean_settings(kind: str, given: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """The settings of a kind as they are kept, and the secret that stood among them (in an
    address), else empty. Raises KintsugiError ``connector.kind``, ``connector.setting``, and
    ``connector.folder`` for a folder that may not be watched."""
    if kind not in KINDS:
        raise KintsugiError(
            "connector.kind",
            Text(f"没有“{kind[:40]}”这种连接器。", f"There is no connector “{kind[:40]}”."),
            Text(f"可选:{'、'.join(KINDS)}。", f"Choose one of {', '.join(KINDS)}."),
            field="kind",
        )
    known = {one.name: one for one in KINDS[kind].settings}
    for name in given:
        if name not in known:
            raise wrong(name, Text("没有这项设置。", "There is no such setting."))
    kept: dict[str, str] = {}
    for name, one in known.items():
        value = str(given.get(name, one.default) or one.default).strip()
        if "\0" in value or ("\n" in value and name != "query") or len(value) > 4000:
            raise wrong(name, Text("内容无效。", "It is not valid."))
        if one.required and not value:
            raise wrong(name, Text("必须填写。", "It is needed."))
        kept[name] = value
    if kind in ("folder", "paper"):
        watched(kept["path"])
        if "/" in kept["pattern"] or "/" in kept["marker"]:
            raise wrong("pattern", Text("不能含有路径。", "It names no folder."))
        return kept, ""
    if kind == "database":
        return _database(kept)
    if kind == "rest":
        return _rest(kept)
    return _queue(kept)


def _database(kept: dict[str, str]) -> tuple[dict[str, str], str]:
    scheme = kept["url"].partition("://")[0].partition("+")[0].lower()
    if scheme not in DATABASES:
        raise wrong("url", Text("不支持这种数据库地址。", "This is no address of a database."))
    if bool(kept["table"]) == bool(kept["query"]):
        raise wrong("table", Text("表与查询须二选一。", "Name a table or a query, one of them."))
    if kept["query"] and not re.match(r"(?is)\s*(select|with)\b[^;]*;?\s*$", kept["query"]):
        raise wrong("query", Text("须为一条 SELECT。", "It is one SELECT."))
    if re.search(r"(?i)\binto\s+(outfile|dumpfile)\b|\bload_file\b", kept["query"]):
        raise wrong("query", Text("不能读写服务器的文件。", "It reads and writes no files there."))
    if kept["watermark"] and kept["query"]:
        raise wrong("watermark", Text("水位列只用于表。", "A watermark goes with a table."))
    if scheme == "sqlite":
        watched(urlsplit(kept["url"]).path.removeprefix("/"))
        return kept, ""
    kept["url"], secret = _without_password(kept["url"])
    return kept, secret


def _rest(kept: dict[str, str]) -> tuple[dict[str, str], str]:
    parts = urlsplit(kept["url"])
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise wrong("url", Text("须为 http 或 https 地址。", "It begins with http or https."))
    if not _HEADER.fullmatch(kept["header"]):
        raise wrong("header", Text("不是标头名称。", "This is no name of a header."))
    for name, _ in parse_qsl(parts.query):
        if _SECRET.search(name):
            raise wrong(
                "url",
                Text(
                    f"地址里的 {name} 像是密钥,请改用标头。",
                    f"{name} in the address seems a secret; send it in a header.",
                ),
            )
    if parts.username and parts.password:
        raise wrong("url", Text("请把登录放入密钥。", "Put the log-in into the secret."))
    return kept, ""


def _queue(kept: dict[str, str]) -> tuple[dict[str, str], str]:
    parts = urlsplit(kept["server"])
    if parts.scheme not in ("nats", "tls") or not parts.hostname:
        raise wrong("server", Text("须为 nats:// 或 tls:// 地址。", "It begins with nats or tls."))
    for name in ("stream", "consumer"):
        if not _NAME.fullmatch(kept[name]):
            raise wrong(name, Text("名称无效。", "This is no name of it."))
    if not kept["batch"].isdigit() or not 1 <= int(kept["batch"]) <= BATCH_MAX:
        raise wrong("batch", Text(f"1 到 {BATCH_MAX}。", f"From 1 to {BATCH_MAX}."))
    secret = unquote(parts.password or "")
    if parts.username:
        kept["user"] = kept["user"] or unquote(parts.username)
    kept["server"] = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
    return kept, secret


def _without_password(url: str) -> tuple[str, str]:
    """The address without its password, and the password."""
    parts = urlsplit(url)
    who, at, host = parts.netloc.rpartition("@")
    user, _, password = who.partition(":")
    query = [(n, v) for n, v in parse_qsl(parts.query) if not _SECRET.search(n)]
    bare = urlunsplit((parts.scheme, f"{user}{at}{host}", parts.path, urlencode(query), ""))
    return bare, unquote(password)


def watched(path: str) -> Path:
    """The folder or file, below one that the installation lets be watched.

    Raises KintsugiError ``connector.folder``: also for a link that leads out of there.
    """
    real = Path(path).resolve()
    roots = [Path(root).resolve() for root in settings.WATCH_ROOTS]
    if not path.startswith("/") or not any(real.is_relative_to(root) for root in roots):
        raise KintsugiError(
            "connector.folder",
            Text("这个位置不允许监看。", "This place may not be watched."),
            Text(
                f"选择其下的绝对路径:{'、'.join(map(str, roots))}(KINTSUGI_WATCH 可改)。",
                f"Give an absolute path below {', '.join(map(str, roots))} (set KINTSUGI_WATCH for "
                "others).",
            ),
            field="path",
        )
    return real


def wrong(name: str, why: Text) -> KintsugiError:
    """A setting that cannot be kept."""
    return KintsugiError(
        "connector.setting",
        Text(f"设置“{name[:40]}”:{why.zh}", f"Setting “{name[:40]}”: {why.en}"),
        Text("请改正后再保存。", "Correct it and save again."),
        field=name[:40],
    )
