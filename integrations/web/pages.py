"""The citizen's pages. Thin: each asks a room and renders.

Forms carry an idempotency key and no session: a citizen is not logged in, so there is nothing that
a forged request could borrow.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from bot.city import City
from cases.citizen_requests import Wanted, carry_out
from cases.progress import NOT_FOUND, PublicCase, Wish, look_up
from cases.vocabulary import TYPE_NAMES, CaseType, Source
from core.database import Database, now
from core.errors import Conflict, Gone, InvalidInput, NotFound, TooManyTries
from intake.emergencies import screen
from intake.service import file_form
from integrations.web.forms import MAX_DETAIL, known_key, new_key, read_form, read_review
from integrations.web.rating_over import rating_over
from integrations.web.render import render
from notices.service import choose_sms
from reviews.grades import BAD, CHOICES
from reviews.service import rated_thing, submit

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_FIELD_NAMES = {
    "detail": "事情",
    "place": "地点",
    "since": "时间",
    "contact": "联系方式",
    "name": "姓名",
    "phone": "联系电话",
    "on_behalf_of": "替谁反映",
    "number": "工单编号",
    "code": "查询码",
    "grade": "满意程度",
    "tags": "原因",
    "text": "意见",
}
_FORM_TYPES = [
    (kind, TYPE_NAMES[kind])
    for kind in (
        CaseType.HELP,
        CaseType.COMPLAINT,
        CaseType.REPORT,
        CaseType.SUGGESTION,
        CaseType.CONSULTATION,
        CaseType.PRAISE,
    )
]

# status -> (heading, what to do)
_ERRORS = {
    404: ("没有找到", "请检查地址是否输入完整，或从下面的入口重新进入。"),
    409: ("现在还不能这样做", ""),
    410: ("链接已失效", "您仍可以查看办理进度；对办理结果有意见，可以再次反映，我们会继续跟进。"),
    413: ("内容太大", "请减少内容后再试。"),
    422: ("这次请求没有看懂", "请返回上一页，检查后再试。"),
    429: ("请稍等一会儿", ""),
    500: ("系统出了点问题", "这不是您的操作有误。请过一会儿再试；着急的话请直接拨打 12345。"),
    503: ("系统正在恢复", "请过一会儿再试；着急的话请直接拨打 12345。"),
}
_OTHER_ERROR = ("无法完成", "请返回上一页再试，或者拨打 12345。")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _city(request: Request) -> City:
    city: City = request.app.state.city
    return city


@router.get("/progress")
async def progress_form(request: Request, number: str = "") -> HTMLResponse:
    """Asks for number and query code; ``number`` fills the first field in."""
    return _progress(request, number[:40])


@router.post("/progress")
async def progress(
    request: Request, number: Annotated[str, Form()] = "", code: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """The case behind number and query code, or what is wrong with them."""
    number, code = number.strip()[:40], code.strip()[:20]
    missing = {}
    if not number:
        missing["number"] = "请填写工单编号"
    if not code:
        missing["code"] = "请填写查询码"
    if missing:
        return _progress(request, number, 422, "还差一点，请补充", missing)
    try:
        async with _database(request).unit_of_work() as session:
            case = await look_up(session, number, code, _city(request).tree, now())
    except TooManyTries as locked:
        return _progress(request, number, locked.status, locked.message)
    if case is None:
        return _progress(request, number, 404, NOT_FOUND)
    return _case(request, case, code)


@router.post("/progress/request")
async def progress_request(
    request: Request,
    number: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
    wish: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Hurry the case, add to it, take it back or have it done again; shows it as it is then."""
    number, code = number.strip()[:40], code.strip()[:20]
    if wish not in tuple(Wish) or len(text) > MAX_DETAIL:
        return _progress(request, number, 422, "请求不完整，请重新查询后再试")
    wanted = Wanted(Wish(wish), known_key(key), text)
    tree = _city(request).tree
    try:
        async with _database(request).unit_of_work() as session:
            case = await carry_out(session, number, code, wanted, tree, now())
    except TooManyTries as locked:
        return _progress(request, number, locked.status, locked.message)
    except (Conflict, Gone, InvalidInput) as refused:
        async with _database(request).unit_of_work() as session:
            case = await look_up(session, number, code, tree, now())
        if case is not None:
            said = "；".join(refused.fields.values()) or refused.message
            return _case(request, case, code, refused.status, problem=said, text=text)
    if case is None:
        return _progress(request, number, 404, NOT_FOUND)
    return _case(request, case, code, done=_DONE[wanted.wish])


_DONE = {
    Wish.URGE: "已催办，承办单位会看到。",
    Wish.SUPPLEMENT: "已补充，承办单位会看到。",
    Wish.WITHDRAW: "已撤回，不再办理。",
    Wish.REOPEN: "已重新交办，承办单位会再次答复您。",
}


def _case(
    request: Request,
    case: PublicCase,
    code: str,
    status: int = 200,
    *,
    done: str = "",
    problem: str = "",
    text: str = "",
) -> HTMLResponse:
    return render(
        request,
        "case.html",
        status,
        case=case,
        code=code,
        key=new_key(),
        done=done,
        problem=problem,
        text=text,
    )


def _progress(
    request: Request,
    number: str,
    status: int = 200,
    message: str = "",
    problems: dict[str, str] | None = None,
) -> HTMLResponse:
    return render(
        request,
        "progress.html",
        status,
        number=number,
        message=message,
        problems=problems or {},
        names=_FIELD_NAMES,
    )


@router.get("/r/{key}")
async def rating_form(request: Request, key: str) -> HTMLResponse:
    """The page of a rating link ``<number>-<token>``, or why it cannot be used any more.

    Raises NotFound for a forged link.
    """
    try:
        return await _rating(request, key)
    except (Gone, Conflict) as refused:
        return rating_over(request, refused, number=key.partition("-")[0])


@router.post("/r/{key}")
async def rating(
    request: Request,
    key: str,
    grade: Annotated[str, Form()] = "",
    tags: Annotated[list[str] | None, Form()] = None,
    text: Annotated[str, Form()] = "",
    named: Annotated[str, Form()] = "",
) -> HTMLResponse:
    """Takes the rating and says what follows, or why it cannot be given any more.

    Raises NotFound for a forged link.
    """
    try:
        return await _rate(request, key, grade, tags or [], text, bool(named))
    except (Gone, Conflict) as refused:
        return rating_over(request, refused, number=key.partition("-")[0])


async def _rate(
    request: Request, key: str, grade: str, tags: list[str], text: str, named: bool
) -> HTMLResponse:
    review = read_review(grade, tags, text)
    if review.problems or review.grade is None:
        return await _rating(
            request, key, review.problems, int(review.grade or 0), review.tags, review.text, named
        )
    number, _, token = key.partition("-")
    try:
        async with _database(request).unit_of_work() as session:
            stored = await submit(
                session,
                number,
                token,
                review.grade,
                review.tags,
                review.text,
                Source.WEB,
                now(),
                named=named,
            )
    except InvalidInput as error:
        return await _rating(
            request, key, error.fields, int(review.grade), review.tags, review.text, named
        )
    return render(
        request,
        "rated.html",
        number=stored.case_number,
        grade=stored.grade,
        grade_name=stored.grade_name,
        bad=stored.grade in BAD,
        named=named,
    )


async def _rating(
    request: Request,
    key: str,
    problems: dict[str, str] | None = None,
    grade: int = 0,
    tags: list[str] | None = None,
    text: str = "",
    named: bool = False,
) -> HTMLResponse:
    number, dash, token = key.partition("-")
    if not dash:
        raise NotFound("评价链接不完整，请检查是否复制完整")
    async with _database(request).unit_of_work() as session:
        thing = await rated_thing(session, number, token, now())
    return render(
        request,
        "rating.html",
        422 if problems else 200,
        thing=thing,
        unit=_city(request).tree.name(thing.unit) if thing.unit else None,
        grades=CHOICES,
        grade=grade,
        tags=tags or [],
        text=text,
        named=named,
        problems=problems or {},
        names=_FIELD_NAMES,
    )


@router.get("/form")
async def written_form(request: Request) -> HTMLResponse:
    """The form that works when nobody and nothing can talk."""
    return _form(request, {"key": new_key()})


@router.post("/form")
async def file_written_form(request: Request) -> HTMLResponse:
    """Files the form once, however often it is sent, and shows number and query code."""
    async with request.form() as data:
        typed = {name: value for name, value in data.items() if isinstance(value, str)}
    read = read_form(typed)
    if screen(typed.get("detail", "")) is None:
        await request.app.state.limits.request(request)
    if read.entry is None:
        return _form(request, typed, read.problems)
    try:
        async with _database(request).unit_of_work() as session:
            filed = await file_form(session, _city(request).intake, read.entry)
            if read.entry.sms:
                await choose_sms(session, filed.case_id, True)
    except InvalidInput as error:
        return _form(request, typed, error.fields or {"detail": error.message})
    unit = _city(request).tree.name(filed.lead_unit) if filed.lead_unit else None
    return render(
        request,
        "filed.html",
        filed=filed,
        unit=unit,
        emergency=screen(read.entry.detail),
    )


def _form(
    request: Request, typed: dict[str, str], problems: dict[str, str] | None = None
) -> HTMLResponse:
    return render(
        request,
        "form.html",
        422 if problems else 200,
        typed={**typed, "key": known_key(typed.get("key", ""))},
        types=_FORM_TYPES,
        problems=problems or {},
        names=_FIELD_NAMES,
    )


def error_page(request: Request, status: int, message: str) -> HTMLResponse:
    """An error as a page for people: ``message`` is the Chinese sentence of the error."""
    unknown = _ERRORS[500] if status >= 500 else _OTHER_ERROR
    heading, advice = _ERRORS.get(status, unknown)
    return render(
        request,
        "error.html",
        status,
        status=status,
        heading=heading,
        message=message,
        advice=advice,
    )
