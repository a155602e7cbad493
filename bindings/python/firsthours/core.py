"""The core for a program with an event loop: the only caller of the generated code."""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Callable, TypeVar

from . import _ffi

T = TypeVar("T")

_ASK_AGAIN_S = 0.02


class Bug(Exception):
    """Something broke inside the core. Read the view again before going on; the object can be used on."""


class FirstHoursCore:
    """First Hours for one deputy in one folder. Open one with `open`, end it with `shutdown`.

    No call blocks the event loop, and none runs on its thread. Acts and reads run one after the other, in the order in
    which they were asked for; a sync runs beside them. An act that returns is on disk, encrypted.

    Errors are `CoreError`, whose cases are classes of it (`CoreError.Closed`), or `Bug`.
    """

    def __init__(self, core: _ffi.FirstHours):
        """Takes over an opened core. A program calls `open`; a test may give one of its own making."""
        self._core = core
        self._commands = ThreadPoolExecutor(1, "firsthours-commands")
        self._sync = ThreadPoolExecutor(1, "firsthours-sync")
        self._beside = ThreadPoolExecutor(1, "firsthours-beside")
        self._one_sync = asyncio.Lock()
        self._views: dict[str, _ffi.EncounterView] = {}

    @classmethod
    async def open(
        cls, folder: str, key: bytearray, language: str, session_file: str | None = None
    ) -> FirstHoursCore:
        """Opens the store in a folder, or makes a new one there.

        `session_file` is a file that no backup takes along: by it the store knows that it was put back from a copy.
        `key` is wiped, whatever comes of it. The copy that Python makes for the call is not: it is freed soon after.
        """
        try:
            opening = functools.partial(
                _told, _ffi.FirstHours.open, folder, bytes(key), language, session_file
            )
        finally:
            key[:] = bytes(len(key))
        thread = ThreadPoolExecutor(1, "firsthours-open")
        opened = thread.submit(opening)
        # Holding on to it would hold on to the copy of the key.
        del opening
        thread.shutdown(wait=False)
        try:
            return cls(await asyncio.wrap_future(opened))
        except asyncio.CancelledError:
            opened.add_done_callback(_end_what_was_opened)
            raise

    # Acts

    async def start_encounter(self, beside: str | None = None) -> _ffi.EncounterView:
        """Begins a record under the protocol in force; `beside` is another record of the same scene."""
        return self._publish(await self._command(self._core.start_encounter, beside))

    async def act(self, encounter: str, seen: int, act: _ffi.Act) -> _ffi.EncounterView:
        """Does one thing to a record, on the view whose token is `seen`. The view that comes back is the new screen."""
        return self._publish(await self._command(self._core.act, encounter, seen, act))

    async def draft(self, encounter: str, seen: int, step: str, entry: str | None, field: str, text: str) -> _ffi.DraftKept:
        """Keeps a half-written text safe, and says whether it would do as the answer."""
        return await self._command(self._core.draft, encounter, seen, step, entry, field, text)

    async def copy_to_incident(self, encounter: str) -> _ffi.EncounterView:
        """Copies what this record says of the scene into the other records of the scene. Nothing there is replaced."""
        return self._publish(await self._command(self._core.copy_to_incident, encounter))

    async def link_incident(self, encounter: str, seen: int, beside: str) -> _ffi.EncounterView:
        """Says that a record belongs to the scene of another record here, `beside`."""
        return self._publish(await self._command(self._core.link_incident, encounter, seen, beside))

    async def move_record(
        self, encounter: str, seen: int, protocol: str, reason: str | None = None
    ) -> _ffi.EncounterView:
        """Moves a record to the version of a `move_card`. Every answer is carried over, or stays in sight."""
        return self._publish(await self._command(self._core.move_record, encounter, seen, protocol, reason))

    # Reads

    async def move_card(self, encounter: str) -> _ffi.MoveCard | None:
        """What moving a record to the newest version of its protocol would change; `None` when it is under that."""
        return await self._command(self._core.move_card, encounter)

    async def sheet(self, encounter: str, sheet: str) -> _ffi.SheetView:
        """A sheet of a record, by the id that its view gives. Nothing is sent anywhere."""
        return await self._command(self._core.sheet, encounter, sheet)

    async def alarms(self) -> list[_ffi.Alarm]:
        """What should ring from now on, the next first. Ask again after each act and each sync."""
        return await self._command(self._core.alarms)

    async def home(self) -> _ffi.Home:
        """The first screen."""
        return await self._command(self._core.home)

    async def encounter(self, encounter: str) -> _ffi.EncounterView:
        """One record, whole."""
        return self._publish(await self._command(self._core.encounter, encounter))

    async def timeline(self, encounter: str, page: int = 0) -> _ffi.TimelinePage:
        """One page of a record's history, newest first."""
        return await self._command(self._core.timeline, encounter, page)

    async def calls(self, encounter: str) -> list[_ffi.CallView]:
        """Who is to be called for a record, and how that stands."""
        return await self._command(self._core.calls, encounter)

    async def search(self, text: str) -> list[_ffi.HomeRow]:
        """The records whose handle or code has this text in it."""
        return await self._command(self._core.search, text)

    async def holdings(self) -> list[_ffi.Holding]:
        """What is still held here, and whether the station has it."""
        return await self._command(self._core.holdings)

    async def sync_state(self) -> _ffi.SyncState:
        """How this store stands with the station."""
        return await self._command(self._core.sync_state)

    async def words(self, language: str) -> list[_ffi.WordEntry]:
        """Every fixed word of the app in a language."""
        return await self._command(self._core.words, language)

    async def faults(self) -> list[_ffi.FaultCode]:
        """What went wrong lately, as codes for support, the oldest first, at most 64."""
        return await self._command(self._core.faults)

    async def rebuild(self) -> int:
        """Derives every record again and gives how many were not as they should be."""
        return await self._command(self._core.rebuild)

    def shown(self, encounter: str) -> _ffi.EncounterView | None:
        """The newest view of a record that any call has given; an older one never replaces it."""
        return self._views.get(encounter)

    # The station

    async def enrol(self, server: _ffi.ServerEndpoint, code: str) -> _ffi.EnrolmentView:
        """Asks the station to take this store, with a one-time code; asked again, how that stands."""
        async with self._one_sync:
            return await self._on(self._sync, self._core.enrol, server, code)

    async def sync(
        self, progress: Callable[[_ffi.SyncProgress], None] | None = None, every_s: float = 0.1
    ) -> _ffi.SyncReport:
        """Sends and fetches once. Trouble with the station is told in the report.

        `progress` is called from the event loop, again and again while it runs. Cancelling the task stops the sync after
        the request that it is at; the task ends when it has stopped, and what was acknowledged until then counts. Read
        the records that the report names as changed again.
        """
        async with self._one_sync:
            running = asyncio.wrap_future(self._sync.submit(_told, self._core.sync_now))
            try:
                while not running.done():
                    await asyncio.wait({running}, timeout=every_s)
                    if progress is not None:
                        progress(await self._on(self._beside, self._core.sync_progress))
            except BaseException:
                await asyncio.shield(asyncio.ensure_future(self._stop(running)))
                raise
            return running.result()

    async def _stop(self, running: asyncio.Future) -> None:
        # A sync forgets a request to stop that came before it had begun: so it is asked until it has ended.
        while not running.done():
            await self._on(self._beside, self._core.cancel_sync)
            await asyncio.wait({running}, timeout=_ASK_AGAIN_S)
        if not running.cancelled():
            # Looked at, so that nobody complains that it was not.
            running.exception()

    async def shutdown(self) -> None:
        """Ends it: stops a running sync, closes the store, drops its key. Later calls raise `CoreError.Closed`."""
        await self._on(self._beside, self._core.shutdown)
        self._views.clear()

    # How calls get off the event loop's thread

    async def _command(self, call: Callable[..., T], *given: object) -> T:
        return await self._on(self._commands, call, *given)

    async def _on(self, thread: Executor, call: Callable[..., T], *given: object) -> T:
        return await asyncio.wrap_future(thread.submit(_told, call, *given))

    def _publish(self, view: _ffi.EncounterView) -> _ffi.EncounterView:
        held = self._views.get(view.id)
        if held is None or held.seen <= view.seen:
            self._views[view.id] = view
        return view


def _told(call: Callable[..., T], *given: object) -> T:
    try:
        return call(*given)
    except _ffi.InternalError as error:
        raise Bug(str(error)) from error


def _end_what_was_opened(opened: Future) -> None:
    if not opened.cancelled() and opened.exception() is None:
        opened.result().shutdown()
