"""The two pages that explain a pack to whoever opens it."""

from kintsugi.core.errors import Text

README = Text(
    """证据包 {number}

{title}

数据时点: {as_of}
生成人: {person}
原因: {reason}
生成程序: {generator}

内容
  evidence.pdf      供阅读和签字的 PDF/A 文件({language})
  evidence.xlsx     全部表格,一张工作表一个表,文本均为文本,没有公式
  data/*.csv        同样的表格,UTF-8,每列一个字段名;“之前/之后”为 JSON
  files/            原始文件,与接收时逐字节相同;脱敏的证据包只列其哈希
  seal/             每条更改已被封存的证明;verify_pack.py 核验,其中的 verify_export.py 亦可
  manifest.json     每个文件的大小、SHA-256 和含义
  manifest.sha256   清单本身的 SHA-256
  verify_pack.py    独立校验程序,只需 Python 3.8 以上,不联网

如何校验
  python3 verify_pack.py 证据包.zip --expect 登记册中的哈希
  它指出被更改、缺失或多出的文件,核验 seal/ 中的每个证明,并与更改表逐行对照。
  清单哈希登记在系统中,并由系统的更改日志保存:有人替换文件并重写清单,哈希就与登记册不同。校验程序可以从另一份证据包中取用,
  或用任何计算 SHA-256 的工具逐项核对清单。

阅读提示
  金色表示来源:一个值出自哪个文件、哪张工作表、哪个单元格。
  时间带有时区偏移。空值写作空白。
  data/ 中会被电子表格当作公式的文本前加一个撇号;evidence.xlsx 中为原文。
""",
    """Evidence pack {number}

{title}

As of: {as_of}
Made by: {person}
Reason: {reason}
Made with: {generator}

What is inside
  evidence.pdf      PDF/A to read and sign ({language})
  evidence.xlsx     all tables, one a sheet; text is text, there are no formulas
  data/*.csv        the same tables, UTF-8, one column a field name; before and after are JSON
  files/            original files, byte for byte as they were received; a masked pack names
                    their hashes only
  seal/             proofs that the changes are sealed; verify_pack.py verifies them, and so does
                    verify_export.py beside them
  manifest.json     size, SHA-256 and meaning of every file
  manifest.sha256   SHA-256 of the manifest itself
  verify_pack.py    a verifier that needs Python 3.8 or newer, nothing else, no network

How to verify
  python3 verify_pack.py PACK.zip --expect HASH-IN-THE-REGISTER
  It names every file that was changed, is missing or was added, verifies every proof in seal/ and
  compares it with its row in the table of changes. The manifest's hash stands in the
  register of the system, and the system's change log keeps it: whoever exchanges a file and
  writes the manifest again gets another hash than the register has. The verifier may be taken
  from another pack, or the manifest compared with any tool that computes SHA-256.

How to read it
  Gold marks origin: the file, sheet and cell that a value came from.
  Times carry their offset from UTC. A missing value is blank.
  In data/ a text that a spreadsheet would run as a formula has an apostrophe before it;
  evidence.xlsx has it as it is.
""",
)
