package org.firsthours.core

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The public names of the generated code, compared with api.txt: what a change of the boundary means here is reviewed. */
class ApiTest {
    private val generated = File(Given.generated, "src/org/firsthours/core/firsthours.kt").readText()

    @Test
    fun `the public names of the generated code are those of api txt`() {
        val lines = publicNames(generated)
        val found = "Every public name of the generated code. Written by ApiTest.kt.\n" + lines.joinToString("") { "$it\n" }
        val snapshot = File(Given.bindings, "kotlin/api.txt")
        if (System.getenv("UPDATE_API") != null) snapshot.writeText(found)
        assertTrue(lines.size > 300, "only ${lines.size} were found")
        assertEquals(snapshot.readText(), found, "it changed; if that is meant, run again with UPDATE_API=1")
    }

    @Test
    fun `what is added, taken away, made nullable or given another type is seen`() {
        val now = publicNames(generated)
        val changes = listOf(
            "val `stateText`: kotlin.String" to "val `stateWord`: kotlin.String",
            "val `conflicts`: kotlin.Int" to "val `conflicts`: kotlin.Long",
            "val `kept`: kotlin.String" to "val `kept`: kotlin.String?",
            "MET_LATE," to "MET_LATE, FORGIVEN,",
            "data class Cannot(" to "data class CanNot(",
            "fun `rebuild`(): kotlin.Int" to "fun `rebuild`(): kotlin.Long",
        )
        for ((old, new) in changes) {
            assertTrue(old in generated, old)
            assertNotEquals(now, publicNames(generated.replace(old, new)), new)
        }
    }

    /** The declarations that an app can name, one a line; of what carries the calls across, nothing. */
    private fun publicNames(code: String): List<String> {
        val plain = code.replace(Regex("""/\*.*?\*/""", RegexOption.DOT_MATCHES_ALL), "").replace("`", "").replace("kotlin.", "")
        var shown = false
        return plain.lines().filter { it.isNotBlank() }.mapNotNull { line ->
            // What is declared at the margin goes to the next such line.
            if (line[0].isLetter() || line[0] == '@') shown = DECLARED.containsMatchIn(line) && !CARRIES.containsMatchIn(line)
            val indent = if (line[0].isWhitespace()) "    " else ""
            val name = line.trim().removePrefix("@Throws(CoreException::class) ").trimEnd(' ', ',', '{')
            if (shown && NAME.containsMatchIn(name) && "uniffi" !in name) indent + name else null
        }
    }

    private companion object {
        val DECLARED = Regex("""^(public )?((data|sealed|enum|open) )?(class|interface|object) """)
        val CARRIES = Regex("""\b(class|interface|object) (Ffi|Uniffi|RustBuffer|ForeignBytes|NoHandle|Disposable)""")
        val NAME = Regex(
            """^(public )?((data|sealed|enum|open) )?(class|interface) |^object |^fun |^val \w+: |^[A-Z][A-Z_]*[,;]?( [A-Z_]+[,;]?)*$""",
        )
    }
}
