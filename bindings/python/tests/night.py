"""Plays night.json, and says what a record shows in the form of night.expected.json."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from firsthours import Act, AnswerValue, EncounterView, FieldAnswer, FirstHoursCore, CoreError, FieldKind, Phase

FOLDER = Path(os.environ["FIRSTHOURS_BINDINGS"])
NIGHT = json.loads((FOLDER / "night.json").read_text(encoding="utf-8"))
EXPECTED = FOLDER / "night.expected.json"
KILL = next(at for at, act in enumerate(NIGHT["acts"]) if act["do"] == "kill")


async def play(phone: FirstHoursCore, view: EncounterView, act: dict) -> EncounterView:
    """Does one act of the night on a view and gives the next one. An act that must be refused leaves it as it was."""
    if act["do"] == "draft":
        await phone.draft(view.id, view.seen, act["step"], None, act["field"], act["text"])
        return await phone.encounter(view.id)
    try:
        after = await phone.act(view.id, view.seen, read(view, act))
    except CoreError.Refused as refused:
        assert refused.because.name.lower() == act.get("refused"), refused
        return await phone.encounter(view.id)
    assert "refused" not in act, f"not refused: {act}"
    return after


def read(view: EncounterView, act: dict) -> Act:
    """An act of the night as the core takes it."""
    match act["do"]:
        case "answer":
            values = [FieldAnswer(field=given["field"], value=_value(given)) for given in act["values"]]
            return Act.ANSWER(act["step"], _entry(view, act), values, act.get("reason"))
        case "cannot":
            return Act.CANNOT(act["step"], act["why"], act.get("note"))
        case "reopen":
            return Act.REOPEN(act["step"])
        case "note":
            return Act.NOTE(act["text"], act.get("step"))
        case "submit":
            return Act.SUBMIT(Phase[act["phase"].upper()])
    raise AssertionError(f"no act is called {act['do']}")


def _entry(view: EncounterView, act: dict) -> str | None:
    """The last entry of the step, if the act goes on with it."""
    if act.get("entry") != "last":
        return None
    return next(step for section in view.sections for step in section.steps if step.id == act["step"]).entries[-1].id


def _value(given: dict) -> AnswerValue:
    match given:
        case {"choice": option}:
            return AnswerValue.CHOICE(option)
        case {"choices": options}:
            return AnswerValue.CHOICES(options)
        case {"flag": yes}:
            return AnswerValue.FLAG(yes)
        case {"moment": minutes}:
            return AnswerValue.MOMENT(int(time.time() * 1000) + minutes * 60_000)
        case {"count": count}:
            return AnswerValue.COUNT(count)
        case {"text": text}:
            return AnswerValue.TEXT(text)
    raise AssertionError(f"no value: {given}")


async def shown(phone: FirstHoursCore, encounter: str) -> dict:
    """What a record shows, less what differs from night to night: ids, times and the sentences that have them."""
    view = await phone.encounter(encounter)
    steps = [step for section in view.sections for step in section.steps]
    answers, drafts = {}, {}
    for step in steps:
        for number, entry in enumerate(step.entries, 1):
            for field in entry.fields:
                where = f"{step.id}.{number}.{field.id}"
                if field.value_text and field.kind != FieldKind.MOMENT:
                    answers[where] = field.value_text
                if field.draft is not None:
                    drafts[where] = field.draft
    return {
        "kept": view.kept,
        "protocol": view.protocol,
        "notices": view.notices,
        "next": view.next and [view.next.step, view.next.title, view.next.because],
        "phases": [[phase.title, phase.status.name.lower(), phase.submit, phase.still_open] for phase in view.phases],
        "sections": [[section.title, section.progress] for section in view.sections],
        "steps": {step.id: [step.title, step.state_text] for step in steps},
        "answers": answers,
        "drafts": drafts,
        "notes": [note.text for note in view.notes],
        "clocks": [[clock.title, clock.state_text] for clock in view.clocks],
        "calls": [[c.partner, c.state_text, len(c.attempts), [n.number for n in c.numbers]] for c in view.calls],
        "history": sorted([row.sentence for row in await history(phone, encounter)]),
    }


async def history(phone: FirstHoursCore, encounter: str) -> list:
    """Every row of a record's history, newest first."""
    rows, page = [], 0
    while page is not None:
        read = await phone.timeline(encounter, page)
        rows, page = rows + read.rows, read.next
    return rows
