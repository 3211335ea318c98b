"""Beginnings of answers to citizens, by what came of the matter. A clerk fills in the brackets.

[D] Written for this line after what hotlines check in an answer: what was found out, what was done,
what the citizen can do next; nothing that blames who asked.
"""

from __future__ import annotations

from cases.vocabulary import ADOPTION, RESULT_NAMES, CaseType, Result

_SOLVED = (
    "您好，您反映的【事项】已收悉。经【单位】工作人员【日期】现场核实，情况属实。"
    "我们已【采取的措施】，目前【现状】。如再发生类似情况，请随时拨打 12345，感谢您的反映。"
)
_PARTLY = (
    "您好，您反映的【事项】已收悉。经核实，【已经解决的部分】已于【日期】处理完毕；"
    "【未解决的部分】因【原因】暂不能完成，计划于【日期】前【下一步安排】，届时我们会再与您联系。"
)
_UNSOLVED = (
    "您好，您反映的【事项】已收悉。经核实，因【客观原因、政策依据】，目前不能按您的要求解决。"
    "我们已【采取的临时措施】，您也可以通过【其他途径】办理。感谢您的理解。"
)
_EXPLAINED = (
    "您好，您咨询的【事项】已收悉。根据【文件名称、文号】，【规定内容】。"
    "办理地点：【地点】，所需材料：【材料】，咨询电话：【电话】。"
)
_ADOPTED = (
    "您好，感谢您对【事项】提出的建议。经研究，您的建议可行，我们将予以采纳，"
    "计划于【日期】前【具体安排】。"
)
_PARTLY_ADOPTED = (
    "您好，感谢您对【事项】提出的建议。经研究，其中【采纳的部分】予以采纳，将于【日期】前落实；"
    "【未采纳的部分】因【理由】暂不采纳。"
)
_NOT_ADOPTED = (
    "您好，感谢您对【事项】提出的建议。经研究，因【理由、依据】，目前暂不采纳。"
    "我们会在今后的工作中继续关注这一问题。"
)
TEMPLATES: dict[Result, str] = {
    Result.SOLVED: _SOLVED,
    Result.PARTLY: _PARTLY,
    Result.UNSOLVED: _UNSOLVED,
    Result.EXPLAINED: _EXPLAINED,
    Result.ADOPTED: _ADOPTED,
    Result.PARTLY_ADOPTED: _PARTLY_ADOPTED,
    Result.NOT_ADOPTED: _NOT_ADOPTED,
}


def results_for(type: CaseType) -> list[tuple[Result, str]]:
    """What an answer to a case of ``type`` may end with, and its name; 采纳 is for suggestions."""
    wanted = type is CaseType.SUGGESTION
    return [
        (result, name) for result, name in RESULT_NAMES.items() if (result in ADOPTION) == wanted
    ]


def templates_for(type: CaseType) -> list[tuple[str, str]]:
    """Names and texts of the beginnings that fit a case of ``type``."""
    return [(name, TEMPLATES[result]) for result, name in results_for(type)]
