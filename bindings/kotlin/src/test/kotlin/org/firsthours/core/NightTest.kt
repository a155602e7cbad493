package org.firsthours.core

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.security.SecureRandom
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** One night: recorded, killed, opened again, synced with a real server, receipted. The same in every language. */
class NightTest {
    @TempDir
    lateinit var folder: File
    private val key = ByteArray(32).also { SecureRandom().nextBytes(it) }

    private suspend fun open(language: String) = FirstHoursCore.open(folder.path, key.copyOf(), language)

    @Test
    fun `a night survives its kill and reaches the station whole`(): Unit = runBlocking(Dispatchers.Default) {
        TestStation().use { station ->
            open("en").run {
                station.enrol(this, Night.person)
                shutdown()
            }
            val (first, second, acknowledged) = recordUntilKilled()

            var phone = open("en")
            var view = phone.encounter(first)
            assertEquals(acknowledged[first], view.seen)
            assertEquals(acknowledged[first], Night.history(phone, first).size.toLong())
            // What was not acknowledged may be there: the kill came after it was written, or before.
            val more = phone.encounter(second).seen - acknowledged.getValue(second)
            assertTrue(more in 0..1, "$more more than acknowledged")
            val typed = Night.draft
            assertEquals(
                JsonObject().apply {
                    addProperty("${typed.text("step")}.1.${typed.text("field")}", typed.text("text"))
                },
                Night.shown(phone, first)["drafts"],
            )
            Night.afterTheKill.forEach { view = Night.play(phone, view, it) }

            val before = Night.shown(phone, first)
            val report = phone.sync()
            assertEquals("", report.trouble)
            assertTrue(report.complete)
            assertEquals(0, phone.syncState().unsent)
            val after = Night.shown(phone, first)
            for (record in listOf(first, second)) {
                val here = Night.history(phone, record).map { it.event }
                assertEquals(here.sorted(), station.events(record).sorted(), "0 lost, 0 doubled")
                assertEquals(here.size, station.ask("events $record")["pos"].asInt)
            }
            assertEquals(after.text("kept"), phone.holdings().single { it.id == first }.kept)
            phone.shutdown()

            phone = open("es")
            val spanish = Night.shown(phone, first)
            view = phone.encounter(first)
            val refused = assertThrows<CoreError> {
                runBlocking { phone.act(first, view.seen, Night.actOf(view, Night.refusedInTheEnd)) }
            }
            phone.shutdown()

            assertEquals(Night.expected.text("before the sync"), before.text("kept"))
            assertSame(Night.expected["en"].asJsonObject, after)
            assertSame(Night.expected["es"].asJsonObject, spanish)
            assertEquals(Night.expected.text("refused in Spanish"), refused.problem.sentence)
        }
    }

    /** Part by part: a difference is then read at a glance. */
    private fun assertSame(expected: JsonObject, shown: JsonObject) =
        (expected.keySet() + shown.keySet()).forEach { assertEquals(expected[it], shown[it], it) }

    /** The two records, and how many of their events were acknowledged when the process was killed. */
    private fun recordUntilKilled(): Triple<String, String, Map<String, Long>> {
        val hex = key.joinToString("") { "%02x".format(it) }
        val process = Given.anotherJvm("org.firsthours.core.RecordKt", listOf(folder.path, hex))
        val begun = mutableListOf<String>()
        val acknowledged = mutableMapOf<String, Long>()
        process.inputStream.bufferedReader().forEachLine { line ->
            val told = JsonParser.parseString(line).asJsonObject
            told.textOrNull("begun")?.let(begun::add)
            told.textOrNull("record")?.let { acknowledged[it] = told["seen"].asLong }
            // By its handle: the process's own function would close what it still has to say.
            if ((acknowledged[begun.getOrNull(1)] ?: 0) >= 6) process.toHandle().destroyForcibly()
        }
        assertEquals(128 + 9, process.waitFor(), "it ended by the kill, and by nothing else")
        return Triple(begun[0], begun[1], acknowledged)
    }
}
