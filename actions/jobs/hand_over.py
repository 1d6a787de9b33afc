"""The car goes home: somebody signs for it, and the job is delivered, in one step."""

import re
from datetime import datetime
from uuid import UUID

from actions.jobs.move import moved
from domain.access import Intent, Viewer
from domain.jobs.job import Ask, Job, Refused
from domain.jobs.words import Event
from domain.refusals import Refusal
from storage import job_papers
from storage.session import transaction

NAME_CHARS = 80
SIGNATURE_CHARS = 20_000
_PATH = re.compile(r"M\d{1,3} \d{1,3}(?:[ML]\d{1,3} \d{1,3})+")  # nothing of a drawing can be more than lines


async def hand_over(
    job_id: UUID, version: int, signed_by: str, signature: str, by: Viewer, now: datetime
) -> Refusal | Refused | Job:
    """`signature`: the path of an SVG drawing of lines (M and L, whole numbers) in a box of 600 by 200. EMPTY: no name,
    or nothing drawn; UNREADABLE: it is no such path.
    """
    if not by.may(Intent.WORK_ON_JOBS):
        return Refusal.NOT_ALLOWED
    name = signed_by.strip()
    if not name or not name.isprintable() or not signature:
        return Refusal.EMPTY
    if len(name) > NAME_CHARS or len(signature) > SIGNATURE_CHARS:
        return Refusal.TOO_LONG
    if _PATH.fullmatch(signature) is None:
        return Refusal.UNREADABLE
    async with transaction(by.tenant_id) as tx:
        answer = await moved(tx, job_id, Ask(Event.DELIVER, version, by.role), by, now, signed_by=name)
        if isinstance(answer, Job):
            await job_papers.add_hand_over(tx, by.tenant_id, job_id, name, signature, now, by.person_id)
    return answer
