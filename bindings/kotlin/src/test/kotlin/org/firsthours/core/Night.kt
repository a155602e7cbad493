package org.firsthours.core

import com.google.gson.GsonBuilder
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File

/** Plays night.json, and says what a record shows in the form of night.expected.json. */
internal object Night {
    private val night = read("night.json").asJsonObject
    private val acts = night["acts"].asJsonArray.map { it.asJsonObject }
    private val kill = acts.indexOfFirst { it.text("do") == "kill" }
    val language: String = night["language"].asString
    val person: String = night["person"].asString
    val beforeTheKill: List<JsonObject> = acts.take(kill)
    val afterTheKill: List<JsonObject> = acts.drop(kill + 1)
    val draft: JsonObject = acts.first { it.text("do") == "draft" }
    val expected: JsonObject = read("night.expected.json").asJsonObject

    /** An act that is refused once the night is submitted. */
    val refusedInTheEnd: JsonObject = acts.first { it.textOrNull("refused") == "reason_needed" }

    private val plain = GsonBuilder().serializeNulls().disableHtmlEscaping().create()

    private fun read(name: String): JsonElement = JsonParser.parseString(File(Given.bindings, name).readText())

    /** Does one act on a view and gives the next one. An act that must be refused leaves it as it was. */
    suspend fun play(phone: FirstHoursCore, view: EncounterView, act: JsonObject): EncounterView {
        if (act.text("do") == "draft") {
            phone.draft(view.id, view.seen, act.text("step"), null, act.text("field"), act.text("text"))
            return phone.encounter(view.id)
        }
        val after = try {
            phone.act(view.id, view.seen, actOf(view, act))
        } catch (trouble: CoreError) {
            val refused = trouble.problem as? CoreProblem.Refused ?: throw trouble
            check(refused.because.name.lowercase() == act.textOrNull("refused")) { "$act: $refused" }
            return phone.encounter(view.id)
        }
        check(!act.has("refused")) { "not refused: $act" }
        return after
    }

    /** An act of the night as the core takes it. */
    fun actOf(view: EncounterView, act: JsonObject): Act =
        when (val what = act.text("do")) {
            "answer" -> {
                val values = act["values"].asJsonArray.map { it.asJsonObject }
                val answers = values.map { FieldAnswer(it.text("field"), valueOf(it)) }
                Act.Answer(act.text("step"), entryOf(view, act), answers, act.textOrNull("reason"))
            }
            "cannot" -> Act.Cannot(act.text("step"), act.text("why"), act.textOrNull("note"))
            "reopen" -> Act.Reopen(act.text("step"))
            "note" -> Act.Note(act.text("text"), act.textOrNull("step"))
            "submit" -> Act.Submit(Phase.valueOf(act.text("phase").uppercase()))
            else -> error("no act is called $what")
        }

    /** The last entry of the step, if the act goes on with it. */
    private fun entryOf(view: EncounterView, act: JsonObject): String? {
        if (act.textOrNull("entry") != "last") return null
        return view.steps().first { it.id == act.text("step") }.entries.last().id
    }

    private fun valueOf(given: JsonObject): AnswerValue =
        when (val kind = (given.keySet() - "field").single()) {
            "choice" -> AnswerValue.Choice(given.text(kind))
            "choices" -> AnswerValue.Choices(given[kind].asJsonArray.map { it.asString })
            "flag" -> AnswerValue.Flag(given[kind].asBoolean)
            "moment" -> AnswerValue.Moment(System.currentTimeMillis() + given[kind].asLong * 60_000)
            "count" -> AnswerValue.Count(given[kind].asLong)
            "text" -> AnswerValue.Text(given.text(kind))
            else -> error("no value is called $kind")
        }

    /** What a record shows, less what differs from night to night: ids, times and the sentences that have them. */
    suspend fun shown(phone: FirstHoursCore, encounter: String): JsonObject {
        val view = phone.encounter(encounter)
        val fields = view.steps().flatMap { step ->
            step.entries.flatMapIndexed { at, entry -> entry.fields.map { "${step.id}.${at + 1}.${it.id}" to it } }
        }
        val answers = fields.filter { (_, it) -> it.valueText.isNotEmpty() && it.kind != FieldKind.MOMENT }
        val drafts = fields.mapNotNull { (where, field) -> field.draft?.let { where to it } }
        val shown = mapOf(
            "kept" to view.kept,
            "protocol" to view.protocol,
            "notices" to view.notices,
            "next" to view.next?.run { listOf(step, title, because) },
            "phases" to view.phases.map { listOf(it.title, it.status.name.lowercase(), it.submit, it.stillOpen) },
            "sections" to view.sections.map { listOf(it.title, it.progress) },
            "steps" to view.steps().associate { it.id to listOf(it.title, it.stateText) },
            "answers" to answers.associate { (where, it) -> where to it.valueText },
            "drafts" to drafts.toMap(),
            "notes" to view.notes.map { it.text },
            "clocks" to view.clocks.map { listOf(it.title, it.stateText) },
            "calls" to view.calls.map { call ->
                listOf(call.partner, call.stateText, call.attempts.size, call.numbers.map { it.number })
            },
            "history" to history(phone, encounter).map { it.sentence }.sorted(),
        )
        // Through text, so that numbers compare as they are written.
        return JsonParser.parseString(plain.toJson(shown)).asJsonObject
    }

    /** Every row of a record's history, newest first. */
    suspend fun history(phone: FirstHoursCore, encounter: String): List<TimelineRow> {
        val rows = mutableListOf<TimelineRow>()
        var page: Int? = 0
        while (page != null) {
            val read = phone.timeline(encounter, page)
            rows += read.rows
            page = read.next
        }
        return rows
    }
}

internal fun EncounterView.steps(): List<StepView> = sections.flatMap { it.steps }

internal fun JsonObject.text(name: String): String = get(name).asString

internal fun JsonObject.textOrNull(name: String): String? = get(name)?.asString
