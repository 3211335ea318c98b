"""Who acts: staff roles, log-in, server-side sessions."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pwdlib import PasswordHash
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import now
from core.errors import NotAllowed, NotAuthenticated
from core.models import StaffAccount, StaffSession
from core.privacy import keyed_hash, new_token
from core.throttle import check_not_locked, forget_failures, record_failure

SESSION_LIFETIME = timedelta(hours=10)
_passwords = PasswordHash.recommended()


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    SEAT = "seat"
    UNIT_CLERK = "unit_clerk"
    UNIT_LEADER = "unit_leader"
    SUPERVISOR = "supervisor"
    CALLBACK_CLERK = "callback_clerk"
    KNOWLEDGE_EDITOR = "knowledge_editor"
    ADMINISTRATOR = "administrator"


ROLE_NAMES = {
    Role.DISPATCHER: "派单员",
    Role.SEAT: "话务员",
    Role.UNIT_CLERK: "承办人",
    Role.UNIT_LEADER: "承办单位负责人",
    Role.SUPERVISOR: "督办员",
    Role.CALLBACK_CLERK: "回访员",
    Role.KNOWLEDGE_EDITOR: "知识库编辑",
    Role.ADMINISTRATOR: "系统管理员",
}
UNIT_ROLES = frozenset({Role.UNIT_CLERK, Role.UNIT_LEADER})


@dataclass(frozen=True)
class Actor:
    """A member of staff as rules see him or her; ``units`` are the own unit and all below it."""

    login: str
    name: str
    role: Role
    unit: str
    units: frozenset[str]

    def require(self, *roles: Role) -> None:
        """Raises NotAllowed unless the actor has one of ``roles``."""
        if self.role not in roles:
            raise NotAllowed(f"{ROLE_NAMES[self.role]}没有这项权限")


@dataclass(frozen=True)
class LoggedIn:
    """A valid session: the account behind it and the token that forms must send back."""

    account: StaffAccount
    csrf_token: str


@functools.cache
def _nobodys_hash() -> str:
    """Verified when the login is unknown, so that an answer takes as long as for a known one."""
    return _passwords.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Argon2id hash of ``password``."""
    return _passwords.hash(password)


async def log_in(session: AsyncSession, login: str, password: str) -> StaffAccount | None:
    """The account when the password fits, else None (the failure is counted and must be committed).

    Raises TooManyTries while the login is locked after five wrong passwords.
    """
    subject = f"staff:{keyed_hash('staff-login', login)[:40]}"
    await check_not_locked(session, subject)
    account = await session.scalar(
        select(StaffAccount).where(StaffAccount.login == login, StaffAccount.active)
    )
    fits = _passwords.verify(password, account.password_hash if account else _nobodys_hash())
    if account is None or not fits:
        await record_failure(session, subject)
        return None
    await forget_failures(session, subject)
    return account


async def open_session(session: AsyncSession, account: StaffAccount) -> str:
    """Open a session for ``account``; returns the cookie's value."""
    token = new_token()
    await session.execute(delete(StaffSession).where(StaffSession.expires_at < now()))
    session.add(
        StaffSession(
            token_hash=keyed_hash("staff-session", token),
            account_id=account.id,
            csrf_token=new_token(),
            expires_at=now() + SESSION_LIFETIME,
        )
    )
    return token


async def current_session(session: AsyncSession, token: str | None) -> LoggedIn:
    """Raises NotAuthenticated without a valid session."""
    row = None
    if token:
        row = (
            await session.execute(
                select(StaffAccount, StaffSession.csrf_token)
                .join(StaffSession, StaffSession.account_id == StaffAccount.id)
                .where(
                    StaffSession.token_hash == keyed_hash("staff-session", token),
                    StaffSession.expires_at > now(),
                    StaffAccount.active,
                )
            )
        ).one_or_none()
    if row is None:
        raise NotAuthenticated("请先登录")
    return LoggedIn(row[0], row[1])


async def close_session(session: AsyncSession, token: str) -> None:
    """End one session; unknown ones are ignored."""
    await session.execute(
        delete(StaffSession).where(StaffSession.token_hash == keyed_hash("staff-session", token))
    )
