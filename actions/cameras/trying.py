"""Testing a camera before it is kept: a still, what the stream is, or what is wrong and what would be right."""

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

from actions import keys, video
from actions.cameras import reach
from actions.cameras.keeping import Wrong, door_fault, is_same_door, unsealed
from actions.cameras.pace import Pace
from domain.access import Intent, Viewer
from domain.cameras.address import AddressFault, CameraAddress
from domain.cameras.makes import PATHS
from domain.cameras.words import CameraRefusal
from domain.refusals import Refusal, TryLater
from domain.video import Probe, VideoRefusal
from storage import cameras
from storage.cameras import CameraSettings
from storage.session import EVERY_TENANT, transaction

OTHER_PATHS_MAX = 3
WITHIN_S = 25.0  # one test with the other paths that it suggests
_pace = Pace(burst=6, every_s=5.0)
"""By tenant: a test asks any address on the LAN, so nobody gets to knock at all doors quickly."""


@dataclass(frozen=True, slots=True)
class Failed:
    """No picture there. `picture_at`: another of the maker's paths, under which there is one."""

    why: VideoRefusal
    picture_at: str = ""


async def try_camera(
    said: CameraSettings, by: Viewer, camera_id: UUID | None = None, *, keep_password: bool = False
) -> Wrong | TryLater | Failed | Probe:
    """Asks the camera for one picture. With `keep_password` the stored one of `camera_id` is used, as long as it goes
    where it was typed for.
    """
    if not by.may(Intent.MANAGE_CAMERAS):
        return Refusal.NOT_ALLOWED
    if wrong := await door_fault(said):
        return wrong
    address = said.address
    if keep_password:
        stored = await _stored(camera_id, said, by)
        if isinstance(stored, Refusal | CameraRefusal):  # these are texts too
            return stored
        address = address.signing_in(stored)
    if later := _pace.ask(str(by.tenant_id)):
        return later
    found = await _probe(address)
    if found is VideoRefusal.NO_VIDEO:
        return Failed(found, await _path_with_picture(said, address))
    return Failed(found) if isinstance(found, VideoRefusal) else found


async def _stored(camera_id: UUID | None, said: CameraSettings, by: Viewer) -> str | Refusal | CameraRefusal:
    if camera_id is None:
        return ""
    async with transaction(EVERY_TENANT) as tx:
        found = await cameras.connected(tx, camera_id)
    if not found or found[0].row.tenant_id != by.tenant_id:
        return Refusal.NOT_FOUND
    if not is_same_door(found[0].row.settings, said):
        return CameraRefusal.PASSWORD_AGAIN
    try:
        return unsealed(found[0].sealed, by.tenant_id)
    except keys.Unsealable:
        return CameraRefusal.PASSWORD_AGAIN


async def _probe(address: CameraAddress) -> Probe | VideoRefusal | AddressFault:
    url = await reach.url_of(address)
    return url if isinstance(url, AddressFault) else await video.gateway().probe(url, hears=True)


async def _path_with_picture(said: CameraSettings, address: CameraAddress) -> str:
    """The camera speaks, but has no picture at this path: perhaps at another one of its maker's."""
    others = [path for path in PATHS[said.make] if path != address.path][:OTHER_PATHS_MAX]
    try:
        async with asyncio.timeout(WITHIN_S):
            for path in others:
                if isinstance(await _probe(replace(address, path=path)), Probe):
                    return path
    except TimeoutError:
        pass  # a suggestion that takes too long is none
    return ""
