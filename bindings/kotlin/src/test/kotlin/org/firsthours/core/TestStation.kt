package org.firsthours.core

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.util.concurrent.TimeUnit
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue

/** What bindings/kotlin/test hands to the tests. */
internal object Given {
    val bindings = File(System.getProperty("firsthours.bindings"))
    val generated = File(System.getProperty("firsthours.generated"))
    val station = File(System.getProperty("firsthours.station"))

    /** Starts this program again as another process, at another `main`. */
    fun anotherJvm(main: String, arguments: List<String>, vararg options: String): Process {
        val java = File(System.getProperty("java.home"), "bin/java").path
        val classes = System.getProperty("surefire.test.class.path") ?: System.getProperty("java.class.path")
        val properties = listOf("bindings", "generated", "station").map {
            "-Dfirsthours.$it=${System.getProperty("firsthours.$it")}"
        }
        return ProcessBuilder(listOf(java, "-cp", classes) + properties + options + main + arguments)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
    }
}

/** A real server on loopback, spoken to in lines of JSON. What it understands is told in tests/src/bin/station.rs. */
internal class TestStation : AutoCloseable {
    private val process =
        ProcessBuilder(Given.station.path).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val said = process.inputStream.bufferedReader()
    private val asked = process.outputStream.bufferedWriter()
    val server: ServerEndpoint = hear().let { ServerEndpoint(it["address"].asString, it["fingerprint"].asString, null) }

    fun ask(line: String): JsonObject {
        asked.write(line + "\n")
        asked.flush()
        return hear()
    }

    fun events(encounter: String): List<String> = ask("events $encounter")["ids"].asJsonArray.map { it.asString }

    fun uploads(): Int = ask("uploads")["uploads"].asInt

    /** Enrols a phone as a person does, and fetches what it needs to record. */
    suspend fun enrol(phone: FirstHoursCore, person: String) {
        val code = ask("code $person")["code"].asString
        assertFalse(phone.enrol(server, code).approved)
        ask("approve")
        assertTrue(phone.enrol(server, code).approved)
        val report = phone.sync()
        assertTrue(report.complete, report.trouble)
    }

    override fun close() {
        asked.close()
        if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly()
    }

    private fun hear(): JsonObject {
        val line = checkNotNull(said.readLine()) { "the station has gone" }
        val answer = JsonParser.parseString(line).asJsonObject
        check(!answer.has("fault")) { "the station says: $line" }
        return answer
    }
}
