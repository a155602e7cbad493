"""One night: recorded, killed, opened again, synced with a real server, receipted. The same in every language."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import unittest

from firsthours import FirstHoursCore, CoreError

from . import night
from .station import StandInStation


class NightTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_night_survives_its_kill_and_reaches_the_station_whole(self):
        station = StandInStation()
        self.addCleanup(station.close)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        key = secrets.token_bytes(32)
        phone = await FirstHoursCore.open(folder, bytearray(key), "en")
        await station.enrol(phone, night.NIGHT["person"])
        await phone.shutdown()

        first, second, acknowledged = self.record_until_killed(folder, key)

        phone = await FirstHoursCore.open(folder, bytearray(key), "en")
        view = await phone.encounter(first)
        self.assertEqual(view.seen, acknowledged[first])
        self.assertEqual(len(await night.history(phone, first)), acknowledged[first])
        # What was not acknowledged may be there: the kill came after it was written, or before.
        notes = (await phone.encounter(second)).seen
        self.assertIn(notes - acknowledged[second], (0, 1))

        typed = next(act for act in night.NIGHT["acts"] if act["do"] == "draft")
        drafts = (await night.shown(phone, first))["drafts"]
        self.assertEqual(drafts, {f"{typed['step']}.1.{typed['field']}": typed["text"]})
        for act in night.NIGHT["acts"][night.KILL + 1 :]:
            view = await night.play(phone, view, act)

        before = await night.shown(phone, first)
        report = await phone.sync()
        self.assertTrue(report.complete, report.trouble)
        self.assertEqual(report.trouble, "")
        self.assertEqual((await phone.sync_state()).unsent, 0)
        after = await night.shown(phone, first)
        for record in (first, second):
            here = [row.event for row in await night.history(phone, record)]
            there = station.ask(f"events {record}")
            self.assertEqual(sorted(here), sorted(there["ids"]), "0 lost, 0 doubled")
            self.assertEqual(there["pos"], len(here))
        self.assertEqual({held.id: held.kept for held in await phone.holdings()}[first], after["kept"])
        await phone.shutdown()

        phone = await FirstHoursCore.open(folder, bytearray(key), "es")
        spanish = await night.shown(phone, first)
        refused = await self.refusal(phone, first)
        await phone.shutdown()
        self.compare(
            {"before the sync": before["kept"], "en": after, "es": spanish, "refused in Spanish": refused}
        )

    async def test_the_records_of_a_scene_know_one_another_and_ring_in_neutral_words(self):
        station = StandInStation()
        self.addCleanup(station.close)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        phone = await FirstHoursCore.open(folder, bytearray(secrets.token_bytes(32)), "en", f"{folder}/session")
        await station.enrol(phone, night.NIGHT["person"])
        view = await phone.start_encounter()
        for act in night.NIGHT["acts"][: night.KILL]:
            view = await night.play(phone, view, act)
        other = await phone.start_encounter(view.id)
        self.assertEqual([sibling.id for sibling in other.incident], [view.id])
        view = await phone.copy_to_incident(view.id)
        self.assertEqual([sibling.lacks for sibling in view.incident], [""])

        alarms = await phone.alarms()
        self.assertTrue(alarms)
        self.assertEqual(alarms, sorted(alarms, key=lambda alarm: alarm.at_ms))
        for alarm in alarms:
            self.assertRegex(alarm.text, r"^Something is due (now|at \d\d:\d\d)\.$")
        self.assertIsNone(await phone.move_card(view.id))
        with self.assertRaises(CoreError.Refused):
            await phone.sheet(view.id, "nowhere")
        await phone.shutdown()

    def record_until_killed(self, folder, key):
        """The two records, and how many of their events were acknowledged when the process was killed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.record", folder, key.hex()], stdout=subprocess.PIPE, text=True
        )
        begun, acknowledged = [], {}
        for line in process.stdout:
            told = json.loads(line)
            if "begun" in told:
                begun.append(told["begun"])
            else:
                acknowledged[told["record"]] = told["seen"]
            if len(begun) == 2 and acknowledged.get(begun[1], 0) >= 6:
                process.send_signal(signal.SIGKILL)
        self.assertEqual(process.wait(timeout=20), -signal.SIGKILL)
        process.stdout.close()
        return *begun, acknowledged

    async def refusal(self, phone, record):
        """The sentence of an act that the night refuses once it is submitted."""
        act = next(act for act in night.NIGHT["acts"] if act.get("refused") == "reason_needed")
        view = await phone.encounter(record)
        with self.assertRaises(CoreError.Refused) as refused:
            await phone.act(record, view.seen, night.read(view, act))
        return refused.exception.sentence

    def compare(self, shown):
        if "UPDATE_NIGHT" in os.environ:
            text = json.dumps(shown, ensure_ascii=False, indent=1) + "\n"
            night.EXPECTED.write_text(text, encoding="utf-8")
        expected = json.loads(night.EXPECTED.read_text(encoding="utf-8"))
        self.maxDiff = None
        for part in expected.keys() | shown.keys():
            self.assertEqual(shown.get(part), expected.get(part), part)


