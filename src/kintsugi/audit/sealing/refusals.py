"""Why sealing or witnessing stopped, with what to do about it."""

from typing import Any

from kintsugi.core.errors import KintsugiError, Text

NEW_EPOCH = Text(
    "若确实恢复过数据库,用 kintsugi audit new-epoch --reason … 开始新纪元;"
    "否则请调查谁改动了数据库。",
    "If the database was restored, begin a new epoch with kintsugi audit new-epoch --reason …; if "
    "it was not, find out who changed it.",
)


def rolled_back(**facts: Any) -> KintsugiError:
    """The database is older than, or another than, what was sealed before."""
    return KintsugiError(
        "audit.rolled-back",
        Text(
            "数据库落后于先前的封存,或不是原来的数据库:它被恢复或回退过。",
            "The database is behind what was sealed before, or is another one: it was restored or "
            "rolled back.",
        ),
        NEW_EPOCH,
        **facts,
    )


def key_lost(*, expected: str, found: str | None) -> KintsugiError:
    """The key in the home folder is not the one the log was sealed with."""
    return KintsugiError(
        "audit.seal-key-lost",
        Text(
            "本机的封存密钥与日志所用的不符。",
            "The sealing key of this machine is not the one that the log was sealed with.",
        ),
        Text(
            "请从备份恢复 secrets/seal-key;若已丢失,用 kintsugi audit new-epoch 开始新纪元。",
            "Restore secrets/seal-key from its backup; if it is lost, begin a new epoch with "
            "kintsugi audit new-epoch.",
        ),
        expected=expected,
        found=found,
    )


def busy() -> KintsugiError:
    """Another sealer is at work."""
    error = KintsugiError(
        "audit.sealer-busy",
        Text("另一个封存进程正在运行。", "Another sealer is at work."),
        Text("请稍后再试。", "Try again in a moment."),
    )
    error.retryable = True
    return error


def nothing_to_renew() -> KintsugiError:
    """A new epoch was asked for where nothing has been sealed."""
    return KintsugiError(
        "audit.no-epoch",
        Text(
            "尚未封存过,没有可接续的纪元。", "Nothing is sealed yet: there is no epoch to follow."
        ),
        Text("请运行 kintsugi audit seal。", "Run kintsugi audit seal."),
    )


def no_reason() -> KintsugiError:
    """What needs a reason was given none."""
    return KintsugiError(
        "audit.no-reason",
        Text("请说明理由。", "Give a reason."),
        Text(
            "理由会随封存永久保存,例如“从 11 月 20 日的备份恢复”。",
            "It is kept with the record for ever, such as “restored from the backup of "
            "20 November”.",
        ),
    )


def nothing_sealed() -> KintsugiError:
    """There is no checkpoint yet."""
    return KintsugiError(
        "audit.nothing-sealed",
        Text("尚未封存任何更改。", "Nothing is sealed yet."),
        Text("请先运行 kintsugi audit seal。", "Run kintsugi audit seal first."),
    )
