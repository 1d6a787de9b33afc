"""`python -m tools.ordeal --minutes 30 --seed 7`: ends with status 1 if a rule broke."""

import argparse
import asyncio
import sys

from logs import set_up_logs
from tools.ordeal.run import Outcome, Plan, endure

EVERY_S, PACE, MEMBERS = (10.0, 50.0), 5.0, 4


def main() -> None:
    parser = argparse.ArgumentParser(description="Kills the program, the broker and PostgreSQL under running pumps.")
    parser.add_argument("--seed", type=int, default=1, help="victims and moments are drawn from it")
    parser.add_argument("--minutes", type=float, default=30.0, help="of traffic and blows")
    given = parser.parse_args()
    set_up_logs("console", "error")
    outcome = asyncio.run(endure(Plan(given.seed, given.minutes * 60, EVERY_S, PACE, MEMBERS)))
    print(sentence(outcome), flush=True)
    for fault in outcome.faults:
        print(f"BROKEN: {fault}", flush=True)
    sys.exit(1 if outcome.faults else 0)


def sentence(outcome: Outcome) -> str:
    """What happened, in numbers."""
    died = ", ".join(f"{victim} {count}" for victim, count in sorted(outcome.died.items()))
    runs = ", ".join(f"{count} {state}" for state, count in outcome.runs.most_common())
    verdict = f"{len(outcome.faults)} rules broke" if outcome.faults else "every rule held"
    return (
        f"seed {outcome.seed}, {outcome.seconds:.0f} s: killed {died}; {outcome.cuts} power cuts; {outcome.starts}"
        f" starts, {outcome.on_s:.1f} s ON at the relays, {outcome.charged_s} s charged; runs: {runs};"
        f" {outcome.diary.refused} refused, {outcome.diary.unanswered} asked again: {verdict}."
    )


if __name__ == "__main__":
    main()
