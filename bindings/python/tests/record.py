"""The process that is killed: records the night up to its kill, then notes in a second record until the kill comes.

    python -m tests.record FOLDER KEY_IN_HEX

Prints a line of JSON for each act that was acknowledged, after it was.
"""

import asyncio
import json
import sys

from firsthours import Act, FirstHoursCore

from . import night


async def record(folder: str, key: bytearray) -> None:
    phone = await FirstHoursCore.open(folder, key, night.NIGHT["language"])
    view = await phone.start_encounter()
    say(begun=view.id)
    for act in night.NIGHT["acts"][: night.KILL]:
        view = await night.play(phone, view, act)
        say(record=view.id, seen=view.seen)
    view = await phone.start_encounter(view.id)
    say(begun=view.id)
    while True:
        view = await phone.act(view.id, view.seen, Act.NOTE(f"Note after {view.seen}."))
        say(record=view.id, seen=view.seen)


def say(**what) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1], bytearray.fromhex(sys.argv[2])))
