"""What open pump pages of one tenant show, read at once for all of them, however many there are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump.limits import LeaseTerms
from storage import pump_group, pump_reads
from storage.pump_history import RUN_VIEW, run_view
from storage.pump_views import GroupView, MemberPump, RunView
from storage.wallet_views import WalletView

_WALLETS = """
    SELECT m.id, coalesce(w.available_s, 0), coalesce(w.held_s, 0),
        (SELECT count(*) FROM minute_request q WHERE q.member_id = m.id AND q.status = 'pending')
    FROM unnest(CAST(:members AS uuid[])) m(id) LEFT JOIN wallet w ON w.member_id = m.id"""


@dataclass(frozen=True, slots=True)
class PumpState:
    """A tenant's motors and lines, and the wallets and open runs of those who were asked for."""

    groups: tuple[GroupView, ...]
    wallets: dict[UUID, WalletView]
    runs: dict[UUID, RunView]
    """By member."""
    minimum_s: int
    longest_s: int

    def of_member(self, member_id: UUID, device_id: str = "") -> MemberPump:
        """What this member's page shows; the member was among those asked for. `device_id`: the motor that is looked
        at while there is no own run, else the first.
        """
        own = self.runs.get(member_id)
        wanted = own.device_id if own is not None else device_id
        mine = [group for group in self.groups if any(motor.device_id == wanted for motor in group.motors)]
        shown = mine or [group for group in self.groups if group.motors]
        line = shown[0].line if shown else ()
        return MemberPump(
            wallet=self.wallets[member_id],
            motors=tuple(motor for group in self.groups for motor in group.motors),
            run=own,
            place=next((place for place in line if own is not None and place.run_id == own.id), None),
            line=line,
            minimum_s=self.minimum_s,
            longest_s=self.longest_s,
        )

    @property
    def is_moving(self) -> bool:
        """Something is measured that changes by the second."""
        return any(motor.run is not None for group in self.groups for motor in group.motors)


async def read(tx: AsyncSession, members: Collection[UUID], now: datetime) -> PumpState:
    """In a transaction that is scoped to the tenant. Waits are estimated for the head of each line."""
    asked = {"members": list(members)}
    groups = await pump_reads.groups(tx, now)
    wallets = (await tx.execute(text(_WALLETS), asked)).all()
    runs = await tx.execute(text(f"{RUN_VIEW} WHERE r.member_id = ANY(:members) AND r.ended_at IS NULL"), asked)
    said = (await tx.execute(text("SELECT limits FROM pump_settings"))).scalar_one_or_none() or {}
    limits = pump_group.limits_of(said, LeaseTerms())
    return PumpState(
        groups=tuple(groups),
        wallets={row[0]: WalletView(*row) for row in wallets},
        runs={view.member_id: view for view in map(run_view, runs.all())},
        minimum_s=limits.minimum_run_s,
        longest_s=limits.longest_run_s,
    )
