"""Every refusal of the readers, in both languages, each with what to do about it."""

from typing import Any

from kintsugi.engine.errors import KintsugiError
from kintsugi.engine.text import Text


class ReadError(KintsugiError):
    """A source cannot be read as it is. ``code`` starts with ``reading.``."""


class RetryableReadError(ReadError):
    """The same call may succeed later: a full disk, a host that does not answer."""

    retryable = True


def missing(file: str) -> ReadError:
    return ReadError(
        "reading.missing",
        Text("找不到该文件。", "There is no such file."),
        Text("请检查路径和文件名。", "Check the path and the file name."),
        file=file,
    )


def is_folder(file: str) -> ReadError:
    return ReadError(
        "reading.folder",
        Text("这是一个文件夹，不是文件。", "This is a folder, not a file."),
        Text("请逐个选择文件夹中的文件。", "Choose the files in the folder one by one."),
        file=file,
    )


def not_a_file(file: str) -> ReadError:
    return ReadError(
        "reading.not-a-file",
        Text("这不是普通文件。", "This is not a regular file."),
        Text("请选择普通文件。", "Choose a regular file."),
        file=file,
    )


def forbidden(file: str) -> ReadError:
    return ReadError(
        "reading.permission",
        Text("没有读取该文件的权限。", "There is no permission to read the file."),
        Text("请授予读取权限，或复制到可读的位置。", "Grant read permission or copy it elsewhere."),
        file=file,
    )


def empty(file: str, **facts: Any) -> ReadError:
    return ReadError(
        "reading.empty",
        Text("文件是空的。", "The file is empty."),
        Text("请重新导出，并确认文件中有数据。", "Export again and make sure there is data in it."),
        file=file,
        **facts,
    )


def no_rows(file: str, **facts: Any) -> ReadError:
    return ReadError(
        "reading.no-rows",
        Text("文件只有表头，没有数据行。", "There is a header but no row of data."),
        Text("请检查导出时的筛选条件。", "Check the filter that was used for the export."),
        file=file,
        **facts,
    )


def too_large(file: str, size: int, limit: int) -> ReadError:
    return ReadError(
        "reading.too-large",
        Text("文件超过大小上限。", "The file is larger than the limit."),
        Text("请拆分文件，或提高上限。", "Split the file or raise the limit."),
        file=file,
        bytes=size,
        limit=limit,
    )


def bomb(file: str, **facts: Any) -> ReadError:
    return ReadError(
        "reading.bomb",
        Text(
            "压缩内容展开后超过上限，疑似压缩炸弹，已停止读取。",
            "The compressed content unfolds beyond the limit; reading was stopped.",
        ),
        Text("请提供未压缩的文件，或提高上限。", "Supply it uncompressed or raise the limit."),
        file=file,
        **facts,
    )


def truncated(file: str, **facts: Any) -> ReadError:
    return ReadError(
        "reading.truncated",
        Text("压缩文件不完整或已损坏。", "The compressed file is cut off or damaged."),
        Text("请重新传输或重新导出该文件。", "Transfer or export the file again."),
        file=file,
        **facts,
    )


def nested(file: str, **facts: Any) -> ReadError:
    return ReadError(
        "reading.nested-archive",
        Text("压缩文件中还有压缩文件，不予读取。", "An archive within an archive is not read."),
        Text("请先解压，再选择其中的表格文件。", "Unpack it first and choose the table inside."),
        file=file,
        **facts,
    )


def archive_members(file: str, members: list[str]) -> ReadError:
    return ReadError(
        "reading.archive-members",
        Text("压缩包或邮件中没有可读的表格文件。", "It holds no table file that can be read."),
        Text("请解压后检查其中的文件。", "Unpack it and look at the files in it."),
        file=file,
        members=members[:20],
    )


def wrong_type(file: str, found: Text, **facts: Any) -> ReadError:
    return ReadError(
        "reading.wrong-type",
        Text(f"文件内容是{found.zh}，不是表格。", f"The content is {found.en}, not a table."),
        Text(
            "请导出为 CSV 或 XLSX 后再选择。",
            "Export the data as CSV or XLSX and choose that file.",
        ),
        file=file,
        found=found.en,
        **facts,
    )


def password(file: str) -> ReadError:
    return ReadError(
        "reading.password",
        Text("工作簿设有打开密码。", "The workbook is protected by a password."),
        Text("请在 Excel 中取消密码后另存。", "Remove the password in Excel and save it again."),
        file=file,
    )


def damaged(file: str, detail: str, **facts: Any) -> ReadError:
    return ReadError(
        "reading.damaged",
        Text("文件内部结构已损坏，无法读取。", "The inner structure of the file is damaged."),
        Text(
            "请用原程序打开并另存一份，再重新导入。",
            "Open it in its own program, save a copy and import that.",
        ),
        file=file,
        detail=detail[:300],
        **facts,
    )


def entities(file: str, part: str) -> ReadError:
    return ReadError(
        "reading.xml-entities",
        Text("工作簿含有 XML 实体声明，已拒绝。", "The workbook declares XML entities: refused."),
        Text("请用 Excel 打开并另存为新文件。", "Open it in Excel and save it as a new file."),
        file=file,
        part=part,
    )


def long_line(file: str, *, line: int, offset: int, limit: int) -> ReadError:
    return ReadError(
        "reading.line-too-long",
        Text("有一行超过长度上限。", "A line is longer than the limit."),
        Text(
            "请检查该处是否缺少换行；若确实如此长，请提高上限。",
            "Check whether line ends are missing there; raise the limit if it is meant to be so.",
        ),
        file=file,
        row=line,
        byte_offset=offset,
        limit=limit,
    )


def too_many(file: str, what: Text, *, count: int, limit: int, **facts: Any) -> ReadError:
    return ReadError(
        "reading.too-many",
        Text(f"{what.zh}超过上限。", f"There are more {what.en} than the limit."),
        Text("请拆分来源，或提高上限。", "Split the source or raise the limit."),
        file=file,
        count=count,
        limit=limit,
        **facts,
    )


def undecodable(file: str, encoding: str) -> ReadError:
    return ReadError(
        "reading.encoding",
        Text("不认识指定的编码。", "The encoding named is not known."),
        Text("请改用 UTF-8、GB18030、Big5 等编码名。", "Use UTF-8, GB18030, Big5 or the like."),
        file=file,
        value=encoding,
    )


def disk(file: str, detail: str, into: str) -> RetryableReadError:
    return RetryableReadError(
        "reading.disk-full",
        Text(
            "磁盘空间不足，快照没有写成，未留下半成品。",
            "There is no room to write the snapshot; nothing half-made was left.",
        ),
        Text("请腾出磁盘空间后重试。", "Make room on the disk and try again."),
        file=file,
        into=into,
        detail=detail,
    )


def unwritable(file: str, detail: str, into: str) -> ReadError:
    return ReadError(
        "reading.unwritable",
        Text("无法读写快照所需的文件。", "A file the snapshot needs cannot be read or written."),
        Text("请检查目录权限和磁盘状态。", "Check the permissions of the folder and the disk."),
        file=file,
        into=into,
        detail=detail,
    )


def changed(file: str) -> RetryableReadError:
    return RetryableReadError(
        "reading.changed",
        Text("文件在读取过程中被改动。", "The file changed while it was being read."),
        Text("请等它写完后重试。", "Wait until it is written completely and try again."),
        file=file,
    )


def bad_url(value: str) -> ReadError:
    return ReadError(
        "reading.bad-url",
        Text("数据库地址写法有误。", "The database address is not well formed."),
        Text(
            "写法如 postgresql://用户:密码@主机/库名。",
            "Write it like postgresql://user:password@host/database.",
        ),
        location=value,
    )


def no_driver(location: str, driver: str) -> ReadError:
    return ReadError(
        "reading.no-driver",
        Text("没有安装该数据库的驱动程序。", "The driver for this database is not installed."),
        Text(
            "请安装驱动（kintsugi[sqlserver] 或 kintsugi[oracle]），或导出为 CSV。",
            "Install it (SQL Server: kintsugi[sqlserver], Oracle: kintsugi[oracle]), or export the "
            "table as CSV.",
        ),
        location=location,
        driver=driver,
    )


def unreachable(location: str, detail: str) -> RetryableReadError:
    return RetryableReadError(
        "reading.database-unreachable",
        Text("无法连接该数据库。", "The database does not answer."),
        Text("请检查主机、端口、网络和库名。", "Check host, port, network and database name."),
        location=location,
        detail=detail,
    )


def rest_unreachable(location: str, detail: str) -> RetryableReadError:
    return RetryableReadError(
        "reading.rest-unreachable",
        Text("该地址没有应答。", "The address does not answer."),
        Text("请检查主机、端口与网络,稍后再试。", "Check host, port and network, or try later."),
        location=location,
        detail=detail,
    )


def rest_refused(location: str, status: int, *, retryable: bool) -> ReadError:
    kind = RetryableReadError if retryable else ReadError
    return kind(
        "reading.rest-refused",
        Text(f"服务器以 {status} 拒绝。", f"The server answered {status}."),
        Text(
            "401、403 请检查 --header 中的授权,404 请检查地址,429、5xx 请稍后再试。",
            "401, 403: check the authorisation in --header; 404: the address; 429, 5xx: try later.",
        ),
        location=location,
        status=status,
    )


def rest_elsewhere(location: str, other: str) -> ReadError:
    return ReadError(
        "reading.rest-elsewhere",
        Text("下一页在另一台服务器上。", "The next page is on another server."),
        Text(
            "为避免泄露授权,不会跟随;请从那台服务器读取。",
            "It is not followed, lest the log-in be told there; read from that server.",
        ),
        location=location,
        next=other,
    )


def inside(host: str) -> ReadError:
    return ReadError(
        "reading.inside",
        Text("该地址在内部网络或本机。", "The address is inside the house or on this machine."),
        Text(
            "若确实应从那里读取,请在连接器上注明“内部地址”。",
            "If it is meant, say at the connector that it may ask inside.",
        ),
        host=host,
    )


def queue_unreachable(location: str, detail: str) -> RetryableReadError:
    return RetryableReadError(
        "reading.queue-unreachable",
        Text("消息服务器没有应答。", "The message server does not answer."),
        Text("请检查主机、端口与网络,稍后再试。", "Check host, port and network, or try later."),
        location=location,
        detail=detail,
    )


def queue_refused(location: str, stream: str, consumer: str, detail: str) -> ReadError:
    return ReadError(
        "reading.queue-refused",
        Text(f"消息服务器拒绝:{detail}", f"The message server refused: {detail}"),
        Text(
            "请检查登录、流与消费者的名称,以及消费者是否为持久拉取式。",
            "Check the log-in, the names of stream and consumer, and that it is a durable pull "
            "consumer.",
        ),
        location=location,
        stream=stream,
        consumer=consumer,
    )


def rest_endless(location: str, pages: int) -> ReadError:
    return ReadError(
        "reading.rest-endless",
        Text("分页没有尽头。", "The pages have no end."),
        Text("同一页被要求两次,或页数过多;请缩小查询。", "Ask for less, or for one page."),
        location=location,
        pages=pages,
    )


def refused(location: str, user: str | None) -> ReadError:
    return ReadError(
        "reading.database-login",
        Text("数据库拒绝登录。", "The database refused the log-in."),
        Text("请检查用户名、密码和授权。", "Check user name, password and grants."),
        location=location,
        user=user,
    )


def no_table(location: str, table: str, known: list[str]) -> ReadError:
    return ReadError(
        "reading.no-table",
        Text("来源中没有这张表。", "The source has no such table."),
        Text("请从列出的表中选择。", "Choose one of the tables listed."),
        file=location,
        table=table,
        tables=known[:50],
    )


def query_failed(location: str, table: str, detail: str) -> ReadError:
    return ReadError(
        "reading.query",
        Text("读取该表或执行该查询失败。", "Reading this table or query failed."),
        Text("请检查查询语句和读取授权。", "Check the query and the grants."),
        location=location,
        table=table,
        detail=detail[:300],
    )


def picture_broken(file: str, detail: str, **facts: Any) -> ReadError:
    return ReadError(
        "reading.picture-broken",
        Text("图片不完整或已损坏，无法读取。", "The picture is cut off or damaged."),
        Text("请重新拍照、扫描或传输。", "Take, scan or transfer it again."),
        file=file,
        detail=detail[:300],
        **facts,
    )


def picture_too_large(file: str, *, limit: int, page: int, **facts: Any) -> ReadError:
    return ReadError(
        "reading.picture-too-large",
        Text(
            "图片的像素超过上限，没有解码。",
            "The picture has more pixels than the limit; it was not decoded.",
        ),
        Text(
            "请以 200–300 dpi 重新扫描，或提高上限。",
            "Scan it again at 200 to 300 dpi, or raise the limit.",
        ),
        file=file,
        page=page,
        limit=limit,
        **facts,
    )


def pdf_encrypted(file: str) -> ReadError:
    return ReadError(
        "reading.pdf-encrypted",
        Text("PDF 设有打开密码。", "The PDF is protected by a password."),
        Text(
            "请用密码打开后另存为不加密的 PDF。", "Open it with its password and save it without."
        ),
        file=file,
    )


def illegible(file: str, *, pages: int, tried: list[str]) -> ReadError:
    return ReadError(
        "reading.illegible",
        Text("没有读出任何文字或条码。", "No text and no barcode could be read."),
        Text(
            "请在光线均匀处正对纸面重新拍照，或以 200–300 dpi 扫描。",
            "Photograph it again straight on in even light, or scan it at 200 to 300 dpi.",
        ),
        file=file,
        pages=pages,
        tried=tried,
    )


def no_ocr(file: str, detail: str) -> ReadError:
    return ReadError(
        "reading.no-ocr",
        Text("本机无法加载文字识别组件。", "What reads pictures cannot be loaded on this machine."),
        Text("请重新安装依赖（make setup）。", "Install the dependencies again (make setup)."),
        file=file,
        detail=detail[:300],
    )
