"""Whether a tenant's devices are described to other programs by Home Assistant's discovery."""

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage import integrations
from storage.session import transaction


async def switch_home_assistant(by: Viewer, on: bool) -> Refusal | None:
    """Switches it; what was said of devices is taken back within seconds. NOT_ALLOWED, ALREADY_SO."""
    if not by.may(Intent.MANAGE_DEVICES):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        if not await integrations.set_home_assistant(tx, by.tenant_id, on):
            return Refusal.ALREADY_SO
        await announce(tx, Announcement(Topic.TENANT, by.tenant_id, id=str(by.tenant_id)))
        await audit.record(
            tx, tenant_id=by.tenant_id, by=by, intent="set_home_assistant", kind="tenant",
            object_id=str(by.tenant_id), object_name="Home Assistant", before={"enabled": not on},
            after={"enabled": on},
        )  # fmt: skip
    return None


async def is_home_assistant_on(by: Viewer) -> bool:
    async with transaction(by.tenant_id) as tx:
        return await integrations.home_assistant(tx, by.tenant_id)
