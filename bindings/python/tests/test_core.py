"""What `FirstHoursCore` promises beside the night: threads, order, an end in the middle, a cancelled sync, a panic."""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from firsthours import Act, Bug, FirstHoursCore, CoreError, FirstHours, RefusedBecause, SyncProgress

from . import night
from .station import StandInStation


class Watched:
    """Stands before a core and notes on which thread each of its calls runs."""

    def __init__(self, core):
        self._core = core
        self.threads = []

    def __getattr__(self, name):
        call = getattr(self._core, name)

        def watched(*given):
            self.threads.append((name, threading.current_thread()))
            return call(*given)

        return watched


class Slow:
    """No core: each act takes as long as it says and writes down that it ran."""

    def __init__(self):
        self.ran = []
        self.inside = 0

    def act(self, encounter, seen, act):
        self.inside += 1
        assert self.inside == 1, "two acts at once"
        time.sleep(0.02 if seen % 2 else 0)
        self.ran.append(seen)
        self.inside -= 1
        return View(encounter, seen)


class View:
    def __init__(self, id, seen):
        self.id, self.seen = id, seen


class FirstHoursCoreTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.key = secrets.token_bytes(32)

    async def open(self, language="en"):
        return await FirstHoursCore.open(self.folder, bytearray(self.key), language)

    async def test_open_wipes_the_key_that_it_was_given_even_when_it_does_not_fit(self):
        key = bytearray(self.key)
        phone = await FirstHoursCore.open(self.folder, key, "en")
        self.assertEqual(key, bytes(32))
        await phone.shutdown()
        wrong = bytearray(b"\x09" * 32)
        with self.assertRaises(CoreError.WrongKey) as error:
            await FirstHoursCore.open(self.folder, wrong, "es")
        self.assertEqual(wrong, bytes(32))
        self.assertTrue(error.exception.sentence.startswith("Esta clave no abre"))

    async def test_no_call_of_the_library_runs_on_the_thread_of_the_event_loop(self):
        core = Watched(FirstHours.open(self.folder, self.key, "en"))
        phone = FirstHoursCore(core)
        await phone.home()
        await phone.sync(progress=lambda told: self.assertIsInstance(told, SyncProgress), every_s=0.001)
        with self.assertRaises(CoreError.Refused) as refused:
            await phone.encounter("B · 21:14")
        self.assertEqual(refused.exception.because, RefusedBecause.BAD_INPUT)
        await phone.shutdown()
        called = {name for name, _ in core.threads}
        self.assertLessEqual({"home", "sync_now", "encounter", "shutdown"}, called)
        on_the_loop = [name for name, thread in core.threads if thread is threading.current_thread()]
        self.assertEqual(on_the_loop, [])

    async def test_acts_keep_the_order_in_which_they_were_asked_for(self):
        core = Slow()
        phone = FirstHoursCore(core)
        await asyncio.gather(*(phone.act("a", seen, None) for seen in range(40)))
        self.assertEqual(core.ran, list(range(40)))
        self.assertEqual(phone.shown("a").seen, 39)

    async def test_an_older_view_never_replaces_a_newer_one(self):
        phone = FirstHoursCore(Slow())
        await phone.act("a", 8, None)
        self.assertEqual((await phone.act("a", 2, None)).seen, 2)
        self.assertEqual(phone.shown("a").seen, 8)

    async def test_calls_that_race_with_the_end_give_a_value_or_closed(self):
        values = closed = 0
        for _ in range(100):
            phone = await self.open()
            calls = [asyncio.ensure_future(phone.home()) for _ in range(4)]
            calls.append(asyncio.ensure_future(phone.sync()))
            beside = [threading.Thread(target=self.call_directly, args=(phone._core,)) for _ in range(3)]
            for thread in beside:
                thread.start()
            await asyncio.sleep(0.001 if values % 2 else 0)
            calls += [asyncio.ensure_future(phone.shutdown()), asyncio.ensure_future(phone.home())]
            for outcome in await asyncio.gather(*calls, return_exceptions=True):
                if isinstance(outcome, CoreError.Closed):
                    closed += 1
                else:
                    self.assertNotIsInstance(outcome, BaseException)
                    values += 1
            for thread in beside:
                thread.join()
            with self.assertRaises(CoreError.Closed):
                await phone.home()
        self.assertGreater(closed, 0)
        self.assertGreater(values, 100)
        self.assertEqual(self.strange, [])

    strange: list = []

    def call_directly(self, core):
        """As a program does that kept the generated object."""
        try:
            while True:
                core.home()
        except CoreError.Closed:
            pass
        except BaseException as error:  # noqa: BLE001, what else can come is the question
            self.strange.append(error)

    async def test_a_cancelled_sync_stops_soon_and_the_next_one_ends_it(self):
        station = StandInStation()
        self.addCleanup(station.close)
        phone = await self.open()
        await station.enrol(phone, "alvarez")
        view = await phone.start_encounter()
        for number in range(260):
            view = await phone.act(view.id, view.seen, Act.NOTE(f"Note {number}."))
        station.ask("slow 3000")
        running = asyncio.ensure_future(phone.sync())
        while station.ask("uploads")["uploads"] == 0:
            await asyncio.sleep(0.01)
        # An act is not held up by it.
        view = await phone.act(view.id, view.seen, Act.NOTE("Written while it synced."))
        running.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await running
        self.assertEqual(station.ask("uploads")["uploads"], 1, "it went on to the next upload")
        unsent = (await phone.sync_state()).unsent
        self.assertTrue(0 < unsent < 262, unsent)

        station.ask("slow 0")
        seen = []
        report = await phone.sync(progress=seen.append, every_s=0.001)
        self.assertTrue(report.complete, report.trouble)
        self.assertEqual(report.events_sent, unsent)
        self.assertEqual(seen[-1], SyncProgress(acknowledged=unsent, to_send=unsent))
        there = station.ask(f"events {view.id}")["ids"]
        self.assertEqual(sorted(there), sorted(row.event for row in await night.history(phone, view.id)))
        self.assertEqual(len(there), 262)
        await phone.shutdown()

    async def test_a_panic_in_rust_is_a_bug_and_the_next_call_works(self):
        code = (
            "import asyncio, sys, pathlib, firsthours\n"
            "async def main():\n"
            "    phone = await firsthours.FirstHoursCore.open(sys.argv[1], bytearray(32), 'en')\n"
            "    pathlib.Path(sys.argv[1], 'panic').touch()\n"
            "    try:\n"
            "        await phone.home()\n"
            "    except firsthours.Bug as bug:\n"
            "        print(bug)\n"
            "    print((await phone.home()).nothing)\n"
            "    await phone.shutdown()\n"
            "asyncio.run(main())\n"
        )
        proof = os.environ["FIRSTHOURS_PROOF"]
        ran = subprocess.run(
            [sys.executable, "-c", code, self.folder],
            env={**os.environ, "PYTHONPATH": proof},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(
            ran.stdout, "the clock broke, as it was asked to\nNo records on this phone yet.\n", ran.stderr
        )

    async def test_the_library_that_ships_does_not_break_on_request(self):
        phone = await self.open()
        open(os.path.join(self.folder, "panic"), "w").close()
        self.assertEqual((await phone.home()).nothing, "No records on this phone yet.")
        await phone.shutdown()

    def test_bug_is_no_field_error(self):
        self.assertFalse(issubclass(Bug, CoreError))
