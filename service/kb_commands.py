"""``hotline kb``: the knowledge base from the command line."""

from __future__ import annotations

import typer

from service import (
    kb_check_command,
    kb_evaluation_command,
    kb_export_command,
    kb_import_command,
    kb_search_command,
)

EPILOG = "退出码：0 完成；1 已说明原因的失败；2 用法错误。"
app = typer.Typer(
    help="知识库：导入、检查、导出、检索、评测。", no_args_is_help=True, epilog=EPILOG
)
app.command("import", epilog=kb_import_command.EPILOG)(kb_import_command.import_)
app.command("check", epilog=kb_check_command.EPILOG)(kb_check_command.check)
app.command("export")(kb_export_command.export)
app.command("search")(kb_search_command.search)
app.command("evaluate")(kb_evaluation_command.evaluate)
