"""Forget a person everywhere in a data home, and prove it.

The request is written down first, as keyed hashes; each place then changes in one step that may be repeated. So a
process that is killed at any point is ended by running the same command again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from identity.belongings import Belongings, belongings, is_built
from ingestion.erasure import landed, requests, search, warehouse
from ingestion.erasure.identifiers import ANY, Forgotten, Identifying, Keys, hash_of, spellings, system_of
from ingestion.warehouse import connect, writer_lock
from leadmill.errors import InputError, LeadmillError
from leadmill.settings import Home
from serving import forgetting

_DISTINCT_LENGTH = 9  # a shorter id or number stands in other data by chance
_LEFT_BY_RUNS = ("dbt", "gates", "packs")
_BY_ADDRESS = {"attendee", "subscriber"}  # types of records whose id is the address


@dataclass
class Erasure:
    """What an erasure did, or would do.

    Attributes:
        persons: how many of the addresses identity knew as one person.
        places: rows, or files, that go or change in each place.
        delivered: files of the sources themselves that still hold the person, `source: path`.
        left: what was found and stays, and why.
        searched: files of the home that were searched afterwards; none of them holds an identifier.
    """

    persons: int = 0
    places: dict[str, int] = field(default_factory=dict)
    delivered: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    searched: int = 0


def erase(
    home: Home,
    addresses: Sequence[str],
    at: datetime,
    *,
    dry_run: bool,
    address_only: bool,
    progress: Callable[[str], None],
) -> Erasure:
    """Erase the persons of e-mail addresses.

    Args:
        home: the data home.
        addresses: one or more.
        at: when, aware.
        dry_run: only count.
        address_only: go on where identity isn't built, though what carries no address then stays.
        progress: gets a line for each place.

    Raises:
        InputError: no e-mail address, or identity isn't built.
        LeadmillError: another process writes, or something of a person is still found afterwards.
    """
    addresses = [address.strip() for address in addresses]
    if wrong := [address for address in addresses if "@" not in address]:
        raise InputError(f"{len(wrong)} of the addresses hold no @; give e-mail addresses")
    if not home.path.exists():
        raise InputError(f"there is no data home {home.path}")
    home.prepare()
    with writer_lock(home):
        keys = Keys.of(home)
        asked = {hash_of(Identifying("email", "", address), keys) for address in addresses}
        interrupted = requests.unfinished(home)
        if not interrupted.asked <= asked:
            raise InputError("an erasure of another address was interrupted: name that one too")
        owned = _owned(home, addresses, interrupted.hashes or address_only)
        persons = [
            requests.Request(
                {hash_of(each, keys) for each in own.identifying}, {hash_of(Identifying("email", "", address), keys)}
            )
            for address, own in zip(addresses, owned, strict=True)
        ]
        hashes = interrupted.hashes.union(*(person.hashes for person in persons))
        texts = {text for own in owned for text in own.texts}
        forgotten = Forgotten(keys, frozenset(hashes), tuple(sorted(texts)))
        person_ids = {person for own in owned for person in own.belongings.person_ids}
        done = Erasure(
            persons=sum(bool(own.belongings.person_ids) for own in owned),
            left=[reason for own in owned for reason in own.belongings.left],
        )
        if dry_run:
            _tell_landing(done, landed.forget(home, forgotten, progress, dry_run=True))
            done.places["rows of published versions"] = forgetting.rows_of(home, person_ids)
            return done
        requests.begin(home, persons, at)
        done.places["submissions in the outbox"] = forgetting.forget_in_outbox(
            home, {address for own in owned for address in own.belongings.addresses}, forgotten
        )
        if landed.land_segments(home, at, progress):
            done.left.append("a collector is running: what it has not sealed yet is cut when it is extracted")
        _tell_landing(done, landed.forget(home, forgotten, progress))
        done.places["rows of published versions"] = forgetting.forget(home, person_ids, progress)
        done.places["files of runs"] = _forget_runs(home, texts)
        done.places["rows of raw and quarantine"] = warehouse.forget(home, forgotten, progress).rows
        done.searched = _proved(home, forgotten, texts, at, progress)
        requests.end(home, requests.Request(hashes, asked), at, done.places)
    return done


class _Owned(NamedTuple):
    """What belongs to the person of an address, and which system each source is of."""

    belongings: Belongings
    systems: dict[str, str]

    @property
    def identifying(self) -> Iterator[Identifying]:
        """What a record may not carry any more."""
        own = self.belongings
        yield from (Identifying("email", "", address) for address in own.addresses)
        yield from (Identifying("browser", "", browser) for browser in own.browsers)
        yield from (Identifying("record", ANY, record) for record in own.any_ids)
        for source, kind, record in self._ids:
            # Other tools name it by the system that gave the id. Not every column tells the type.
            for system in {source, self.systems.get(source, source)}:
                yield from (Identifying("record", system_of(system, told), record) for told in (kind, None))

    @property
    def _ids(self) -> set[tuple[str, str, str]]:
        """Source, type and id of the records. An address that is one is among the addresses, unless it is others'."""
        return {record for record in self.belongings.records if record[1] not in _BY_ADDRESS}

    @property
    def texts(self) -> set[str]:
        """What may stand in no text, in clear."""
        own = self.belongings
        ids = {record for _, _, record in self._ids} | own.browsers | own.phones
        return {text for text in ids if len(text) >= _DISTINCT_LENGTH}.union(*map(spellings, own.addresses))


def _owned(home: Home, addresses: Sequence[str], is_partial: object) -> list[_Owned]:
    """Return what belongs to the person of each address.

    Raises:
        InputError: identity isn't built, and `is_partial` does not allow for it.
    """
    if not home.warehouse.exists():
        return [_Owned(Belongings({address}), {}) for address in addresses]
    with connect(home, read_only=True) as connection:
        if not is_partial and not is_built(connection):
            raise InputError(
                "identity is not built (an erasure takes it away until the next night): run `leadmill nightly` first,"
                " so that all of the person is found; --address-only erases what carries the address, and no more"
            )
        systems = dict(connection.execute("select distinct source, system from ops.files").fetchall())
        owned = [_Owned(belongings(connection, address), systems) for address in addresses]
        for own in owned:
            if not own.belongings.is_shared:
                own.belongings.records |= warehouse.records_with(connection, own.belongings.addresses)
    return owned


def _tell_landing(done: Erasure, cuts: list[landed.Cut]) -> None:
    for cut in cuts:
        place = f"landing {cut.source} {cut.stream}"
        done.places[place] = done.places.get(place, 0) + cut.rows
        told = [f"{cut.source}: {path}" for path in cut.paths]
        done.delivered += [path for path in told if path not in done.delivered]  # one may hold several streams


def _forget_runs(home: Home, texts: set[str]) -> int:
    """Remove what former runs left behind and names the person: a run writes them anew. Journals lose only lines."""
    files = 0
    for folder in _LEFT_BY_RUNS:
        for path in search.holding(sorted((home.path / folder).rglob("*")), texts):
            path.unlink()
            files += 1
    for path in search.holding(sorted(home.path.glob("*.jsonl")), texts):
        new = path.with_suffix(".new")
        new.write_bytes(b"".join(line for line in path.read_bytes().splitlines(True) if not search.names(line, texts)))
        new.replace(path)
        files += 1
    return files


def _proved(home: Home, forgotten: Forgotten, texts: set[str], at: datetime, progress: Callable[[str], None]) -> int:
    """Search the home for the person; return how many files were searched.

    Raises:
        LeadmillError: something is left; the message names files, never what stands in them.
    """
    left = [
        f"landing {cut.source} {cut.stream}: {path}"
        for cut in landed.forget(home, forgotten, progress, dry_run=True)
        for path in cut.paths
    ]
    searched = search.search(home, texts, at)
    left += [f"{path.relative_to(home.path)}: {times} times" for path, times in searched.found.items()]
    if left:
        told = "\n".join(f"  {place}" for place in left)
        raise LeadmillError(
            f"the person is still found in {len(left)} place(s) of the data home; remove them and run again:\n{told}"
        )
    progress(f"proved: 0 occurrences in {searched.files:,} files ({searched.bytes:,} bytes)")
    return searched.files
