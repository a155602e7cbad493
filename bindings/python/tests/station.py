"""The throwaway station: a real server on loopback, spoken to in lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess

import firsthours


class StandInStation:
    """Runs for as long as it is not closed. What it understands is told in tests/src/bin/station.rs."""

    def __init__(self):
        self._process = subprocess.Popen(
            [os.environ["FIRSTHOURS_STATION"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        begun = self._hear()
        self.station = firsthours.ServerEndpoint(address=begun["address"], fingerprint=begun["fingerprint"], ca_pem=None)

    def ask(self, line: str) -> dict:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._hear()

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _hear(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the station has gone")
        answer = json.loads(line)
        if "fault" in answer:
            raise AssertionError(f"the station says: {answer['fault']}")
        return answer

    async def enrol(self, phone: firsthours.FirstHoursCore, person: str) -> None:
        """Enrols a phone as a person does, and fetches what it needs to record."""
        code = self.ask(f"code {person}")["code"]
        assert not (await phone.enrol(self.station, code)).approved
        self.ask("approve")
        assert (await phone.enrol(self.station, code)).approved
        report = await phone.sync()
        assert report.complete, report.trouble
