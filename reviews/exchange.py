"""Service records and reviews as other platforms write them: national field names, JSON and CSV.

A row is checked here against the data elements of 政务服务“好差评” (domain.md §3); what it means for
what is stored already is decided in `reviews.importing`. Times without a zone are the city's.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from core.calendar import LOCAL


def _local(value: datetime) -> datetime:
    return value.astimezone(LOCAL) if value.tzinfo else value.replace(tzinfo=LOCAL)


def _moment(value: Any) -> Any:
    """A time in one of the three ways it is written: ISO, with a space, or 14 digits."""
    if isinstance(value, int):
        value = str(value)
    try:
        if isinstance(value, str) and value.isdecimal() and len(value) == 14:
            value = datetime.strptime(value, "%Y%m%d%H%M%S")
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("不是有这一天的时间，请写成 2026-01-31 09:30:00") from None
    return _local(value) if isinstance(value, datetime) else value


def _tags(value: Any) -> Any:
    return [tag for tag in value.split(",") if tag] if isinstance(value, str) else value


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    PlainSerializer(lambda at: at.astimezone(LOCAL).isoformat(), return_type=str, when_used="json"),
]
Tags = Annotated[list[Annotated[str, Field(pattern=r"^\d{3}$")]], BeforeValidator(_tags)]
Short = Annotated[str, Field(max_length=100)]
Long = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z._#:-]*$")]
Yes = Annotated[int, Field(ge=0, le=1)]
OneOrTwo = Annotated[int, Field(ge=1, le=2)]


class Row(BaseModel):
    """What every row has in common: who it is about, and who delivers it."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        extra="ignore",
        str_strip_whitespace=True,
        coerce_numbers_to_str=True,
    )

    project_no: Code = ""
    service_number: int = Field(1, ge=1, le=999)
    task_code: Code = ""
    dept_code: Annotated[str, Field(max_length=18)] = ""
    user_name: Annotated[str, Field(max_length=64)] = ""
    user_prop: OneOrTwo | None = None
    mobile: Annotated[str, Field(max_length=32)] = ""
    pf: int
    data_source: Annotated[str, Field(max_length=64)] = ""


class RecordRow(Row):
    """One service (办件). ``handle_user_name`` is the agent, ``cert_key`` the applicant's number."""

    project_no: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z._-]+$")]
    task_name: Annotated[str, Field(min_length=1, max_length=200)]
    sub_matter: Short = ""
    dept_name: Long = ""
    pro_depart: Short = ""
    pro_manager: Short = ""
    transact_addr: Long = ""
    pro_status: Annotated[int, Field(ge=1, le=3)]
    project_type: int | None = None
    cert_key: Short = ""
    handle_user_name: Short = ""
    accept_date: Moment
    promisetime: date | None = None
    result_date: Moment | None = None


class ReviewRow(Row):
    """One review. Names, window, place and ``handle_time`` are as the reviewer said them.

    ``evaluation_id`` is the platform's own number of the review; ``ticket_no`` the number of a case
    of this line. ``is_named`` is 1 when the reviewer agreed that the unit learns who it was.
    """

    evaluation_id: Code = ""
    ticket_no: Code = ""
    assess_number: int = Field(1, ge=1, le=99)
    satisfaction: int
    eval_detail: Tags = []
    writing_evaluation: Annotated[str, Field(max_length=2000)] = ""
    assess_time: Moment
    is_default: Yes = 0
    is_named: Yes = 0
    task_name: Long = ""
    dept_name: Long = ""
    pro_depart: Short = ""
    transact_addr: Long = ""
    handle_time: Annotated[str, Field(max_length=40)] = ""


FIELD_NAMES = {
    "projectNo": "办件编号",
    "serviceNumber": "服务次数",
    "taskCode": "事项编码",
    "taskName": "事项名称",
    "subMatter": "主题",
    "deptCode": "部门编码",
    "deptName": "部门名称",
    "userName": "姓名",
    "userProp": "对象类型",
    "mobile": "电话",
    "pf": "渠道",
    "dataSource": "数据来源",
    "proDepart": "窗口",
    "proManager": "经办人",
    "transactAddr": "地点",
    "proStatus": "办件状态",
    "projectType": "办件类型",
    "certKey": "证件号",
    "handleUserName": "代理人",
    "acceptDate": "受理时间",
    "promisetime": "承诺办结日",
    "resultDate": "办结时间",
    "evaluationId": "评价编号",
    "ticketNo": "工单编号",
    "assessNumber": "评价次数",
    "satisfaction": "满意度",
    "evalDetail": "评价标签",
    "writingEvaluation": "文字评价",
    "assessTime": "评价时间",
    "isDefault": "是否默认",
    "isNamed": "是否实名",
    "handleTime": "办理时间",
}
