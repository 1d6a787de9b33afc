"""The chain of the audit trail, by itself."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit import (
    WHOLE_MAX,
    Break,
    Entry,
    Fault,
    Head,
    Link,
    SecretInAudit,
    as_json,
    canonical,
    first_fault,
    link,
    plain,
    refuse_secrets,
)  # fmt: skip

TENANT = UUID(int=7)
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def entry(n: int, **more: Any) -> Entry:
    said: dict[str, Any] = {"before": None, "after": {"i": n}, "address": "192.0.2.1", **more}
    return Entry(TENANT, n, START + timedelta(seconds=n), None, "", "move", "job", str(n), f"job {n}", **said)


def chained(count: int) -> list[Link]:
    links: list[Link] = []
    for n in range(1, count + 1):
        links.append(link(entry(n), links[-1].hash if links else Head().hash))
    return links


def head(links: list[Link]) -> Head:
    return Head(len(links), links[-1].hash)


def test_the_bytes_are_those_that_the_description_promises() -> None:
    said = entry(1, before={"b": 1.0, "a": "ü"}, after=None)
    expected = (
        '[1,"00000000-0000-0000-0000-000000000007",1,1795262401000000,null,"","move","job","1","job 1",'
        '{"a":"ü","b":1},null,"192.0.2.1","' + "0" * 64 + '"]'
    )
    assert canonical(said, Head().hash) == expected.encode()
    assert link(said, Head().hash).hash == hashlib.sha256(expected.encode()).digest()


numbers = st.integers(-WHOLE_MAX, WHOLE_MAX) | st.floats(-WHOLE_MAX, WHOLE_MAX)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text() | st.datetimes(timezones=st.just(UTC)) | st.uuids(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(values)
def test_a_value_says_the_same_after_it_was_stored(value: Any) -> None:
    assert plain(json.loads(as_json(plain(value)))) == plain(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, -1e300, object(), b"bytes"])
def test_what_can_not_be_kept_exactly_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        plain({"value": value})


@pytest.mark.parametrize(
    "key", ["password", "old_password", "passwords", "token", "access_token", "secret", "code", "claim_code", "key"]
)
def test_a_key_that_sounds_like_a_secret_is_refused_however_deep(key: str) -> None:
    for said in ({key: "x"}, {"list": [{"inner": {key.upper(): "x"}}]}):
        with pytest.raises(SecretInAudit, match=key.upper() if "list" in said else key):
            refuse_secrets(said)


@pytest.mark.parametrize("key", ["keyboard", "name", "zone", "encoded", "barcode", "monkey"])
def test_other_keys_are_not(key: str) -> None:
    refuse_secrets({key: "x"})


def test_a_whole_chain_has_no_fault_and_neither_has_an_empty_one() -> None:
    links = chained(6)
    assert first_fault(links, head(links)) is None
    assert first_fault([], Head()) is None


def forged(given: Link, previous: bytes, **change: Any) -> Link:
    return link(replace(given.entry, **change), previous)


def test_a_row_that_was_written_anew_with_a_fitting_hash_does_not_fit_its_neighbour() -> None:
    links = chained(6)
    links[2] = forged(links[2], links[1].hash, intent="nothing")
    assert first_fault(links, Head(6, links[5].hash)) == Fault(3, Break.REPLACED)


def test_nor_does_the_last_row_fit_the_head() -> None:
    links = chained(6)
    kept = head(links)
    links[5] = forged(links[5], links[4].hash, intent="nothing")
    assert first_fault(links, kept) == Fault(6, Break.REPLACED)


def test_rows_that_were_moved_up_show_the_one_for_which_they_made_room() -> None:
    links = chained(6)
    made_up = link(entry(4, after={}), links[2].hash)
    moved = [Link(replace(each.entry, n=each.entry.n + 1), each.previous, each.hash) for each in links[3:]]
    assert first_fault([*links[:3], made_up, *moved], head(links)) == Fault(4, Break.INSERTED)


def test_a_row_beyond_the_head_was_not_written_by_us() -> None:
    links = chained(6)
    assert first_fault(links, Head(5, links[4].hash)) == Fault(6, Break.INSERTED)


@given(st.integers(2, 9), st.data())
def test_any_single_damage_to_a_chain_is_found_at_its_place(count: int, data: st.DataObject) -> None:
    links = chained(count)
    kept = head(links)
    i = data.draw(st.integers(0, count - 1))
    match data.draw(st.sampled_from(["remove", "change", "anew", "swap"])):
        case "remove":
            del links[i]
        case "change":
            links[i] = replace(links[i], entry=replace(links[i].entry, object_name="another"))
        case "anew":
            links[i] = forged(links[i], links[i].previous, address="")
        case _:
            links[i] = Link(links[i - 1].entry, links[i].previous, links[i].hash)
            links[i] = replace(links[i], entry=replace(links[i].entry, n=i + 1))
    fault = first_fault(links, kept)
    assert fault is not None
    assert fault.n == i + 1
