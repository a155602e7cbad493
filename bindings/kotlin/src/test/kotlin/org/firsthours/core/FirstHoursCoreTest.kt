package org.firsthours.core

import java.io.File
import java.lang.reflect.Proxy
import java.nio.ByteBuffer
import java.util.Collections
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.delay
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir

/** What [FirstHoursCore] promises beside the night: threads, order, an end in the middle, a cancelled sync, a panic. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FirstHoursCoreTest {
    @TempDir
    lateinit var folder: File
    private val key = ByteArray(32) { 7 }

    private suspend fun open(language: String = "en") = FirstHoursCore.open(folder.path, key.copyOf(), language)

    private fun openGenerated(): FirstHours =
        FirstHours.open(folder.path, ByteBuffer.allocateDirect(32).put(key).flip(), "en")

    @Test
    fun `open wipes the key that it was given, also when it does not fit`(): Unit = runBlocking {
        val given = key.copyOf()
        FirstHoursCore.open(folder.path, given, "en").shutdown()
        assertArrayEquals(ByteArray(32), given)
        val wrong = ByteArray(32) { 9 }
        val trouble = assertThrows<CoreError> { runBlocking { FirstHoursCore.open(folder.path, wrong, "es") } }
        assertArrayEquals(ByteArray(32), wrong)
        assertTrue((trouble.problem as CoreProblem.WrongKey).sentence.startsWith("Esta clave no abre"))
    }

    @Test
    fun `no call of the library runs on the thread that asked for it`() {
        val calls = Collections.synchronizedList(mutableListOf<Pair<String, Thread>>())
        val real = openGenerated()
        fun <T> noted(name: String, call: () -> T): T {
            calls += name to Thread.currentThread()
            return call()
        }
        val watched = object : FirstHoursInterface by real {
            override fun home() = noted("home", real::home)

            override fun encounter(encounter: String) = noted("encounter") { real.encounter(encounter) }

            override fun syncNow() = noted("syncNow", real::syncNow)

            override fun syncProgress() = noted("syncProgress", real::syncProgress)

            override fun cancelSync() = noted("cancelSync", real::cancelSync)

            override fun shutdown() = noted("shutdown", real::shutdown)
        }
        runBlocking {
            val phone = FirstHoursCore(watched)
            phone.home()
            phone.sync(every = Duration.ZERO)
            assertThrows<CoreError> { runBlocking { phone.encounter("B · 21:14") } }
            phone.shutdown()
        }
        val names = calls.map { it.first }.toSet()
        assertTrue(names.containsAll(setOf("home", "syncNow", "syncProgress", "encounter", "shutdown")), "$names")
        assertEquals(emptyList<String>(), calls.filter { it.second == Thread.currentThread() }.map { it.first })
    }

    @Test
    fun `acts keep the order in which they were asked for, and never overlap`(): Unit = runBlocking {
        val ran = mutableListOf<Long>()
        val inside = AtomicInteger()
        val phone = FirstHoursCore(
            standIn { _, (encounter, seen) ->
                assertEquals(1, inside.incrementAndGet())
                Thread.sleep((seen as Long) % 3)
                ran += seen
                inside.decrementAndGet()
                emptyView(encounter as String, seen)
            },
        )
        (0L until 200L).map { async { phone.act("a", it, Act.Unvoid) } }.awaitAll()
        assertEquals((0L until 200L).toList(), ran)
        assertEquals(199, phone.view("a").value?.seen)
    }

    @Test
    fun `an older view never replaces a newer one`(): Unit = runBlocking {
        val phone = FirstHoursCore(standIn { _, (encounter, seen) -> emptyView(encounter as String, seen as Long) })
        val shown = phone.view("a")
        assertNull(shown.value)
        phone.act("a", 8, Act.Unvoid)
        assertEquals(2, phone.act("a", 2, Act.Unvoid).seen)
        assertEquals(8, shown.value?.seen)
        (0L until 100L).map { launch(Dispatchers.Default) { phone.act("b", it, Act.Unvoid) } }.joinAll()
        assertEquals(99, phone.view("b").value?.seen)
    }

    @Test
    fun `an act whose caller was cancelled is still on the screen`(): Unit = runBlocking {
        val phone = FirstHoursCore(
            standIn { _, (encounter, seen) ->
                Thread.sleep(100)
                emptyView(encounter as String, seen as Long)
            },
        )
        val caller = launch { phone.act("a", 8, Act.Unvoid) }
        delay(30)
        caller.cancel()
        caller.join()
        assertEquals(8, phone.view("a").value?.seen)
    }

    @Test
    fun `the same problem twice is equal, and so no news for a screen`(): Unit = runBlocking {
        val phone = open()
        val problems = List(2) {
            assertThrows<CoreError> { runBlocking { phone.startEncounter() } }.problem
        }
        assertEquals(problems[0], problems[1])
        assertFalse((problems[0] as CoreProblem.NotReady).enrolled)
        val refused = assertThrows<CoreError> { runBlocking { phone.encounter("B · 21:14") } }.problem
        assertEquals(RefusedBecause.BAD_INPUT, (refused as CoreProblem.Refused).because)
        phone.shutdown()
        val closed = assertThrows<CoreError> { runBlocking { phone.home() } }.problem
        assertEquals(CoreProblem.Closed("The app is locked. Unlock it to go on."), closed)
    }

    @Test
    fun `calls that race with the end give a value or closed`() {
        val values = AtomicInteger()
        val closed = AtomicInteger()
        repeat(120) { round ->
            runBlocking(Dispatchers.Default) {
                val phone = open()
                suspend fun outcome(call: suspend () -> Any) {
                    try {
                        call()
                        values.incrementAndGet()
                    } catch (trouble: CoreError) {
                        assertTrue(trouble.problem is CoreProblem.Closed, "$trouble")
                        closed.incrementAndGet()
                    }
                }
                outcome(phone::home)
                val callers = List(6) { launch { repeat(4) { outcome(phone::home) } } } +
                    launch { outcome { phone.sync() } } + launch { outcome(phone::holdings) }
                delay(round % 3L)
                List(2) { launch { phone.shutdown() } }.joinAll()
                outcome(phone::home)
                callers.joinAll()
            }
        }
        assertTrue(values.get() > 120, "${values.get()} values")
        assertTrue(closed.get() >= 120, "${closed.get()} closed")
    }

    @Test
    fun `giving back the memory of the generated object while others call it crashes nothing`() {
        val strange = Collections.synchronizedList(mutableListOf<Throwable>())
        val late = AtomicInteger()
        repeat(120) {
            val core = openGenerated()
            val callers = List(3) {
                thread {
                    try {
                        while (true) core.home()
                    } catch (_: IllegalStateException) {
                        late.incrementAndGet()
                    } catch (_: CoreException.Closed) {
                        late.incrementAndGet()
                    } catch (error: Throwable) {
                        strange += error
                    }
                }
            }
            core.shutdown()
            core.close()
            core.close()
            callers.forEach(Thread::join)
        }
        assertEquals(emptyList<Throwable>(), strange)
        assertEquals(360, late.get())
    }

    @Test
    fun `a cancelled sync stops soon and the next one ends it`(): Unit = runBlocking(Dispatchers.Default) {
        TestStation().use { station ->
            val phone = open()
            station.enrol(phone, "alvarez")
            var view = phone.startEncounter()
            repeat(260) { view = phone.act(view.id, view.seen, Act.Note("Note $it.")) }
            station.ask("slow 3000")
            val running = async { phone.sync() }
            while (station.uploads() == 0) delay(10)
            // An act is not held up by it.
            phone.act(view.id, view.seen, Act.Note("Written while it synced."))
            running.cancel()
            assertThrows<CancellationException> { runBlocking { running.await() } }
            running.join()
            assertEquals(1, station.uploads(), "it went on to the next upload")
            assertNull(phone.syncProgress.value)
            val unsent = phone.syncState().unsent
            assertTrue(unsent in 1..261, "$unsent")

            station.ask("slow 200")
            val told = Collections.synchronizedSet(mutableSetOf<SyncProgress>())
            val watcher = launch { phone.syncProgress.collect { it?.let(told::add) } }
            val report = phone.sync(every = 5.milliseconds)
            watcher.cancel()
            assertTrue(report.complete, report.trouble)
            assertEquals(unsent, report.eventsSent)
            assertTrue(told.any { it.toSend == unsent }, "$told")
            val here = Night.history(phone, view.id).map { it.event }
            assertEquals(here.sorted(), station.events(view.id).sorted())
            assertEquals(262, here.size)
            // The screen was renewed by the sync: it says that the station has the record.
            assertEquals(phone.encounter(view.id).kept, phone.view(view.id).value?.kept)
            phone.shutdown()
        }
    }

    @Test
    fun `a panic in rust is a bug and the next call works`() {
        val library = File(Given.generated, "proof/libfirsthours.so").path
        val process = Given.anotherJvm(
            "org.firsthours.core.PanicKt",
            listOf(folder.path),
            "-Duniffi.component.firsthours.libraryOverride=$library",
        )
        val said = process.inputStream.bufferedReader().readText()
        assertTrue(process.waitFor(60, TimeUnit.SECONDS))
        assertEquals("the clock broke, as it was asked to\nNo records on this phone yet.\n", said)
    }

    @Test
    fun `the library that ships does not break on request`(): Unit = runBlocking {
        val phone = open()
        File(folder, "panic").createNewFile()
        assertEquals("No records on this phone yet.", phone.home().nothing)
        phone.shutdown()
    }

    /** A core that answers every call with what the block makes of its name and arguments. */
    private fun standIn(answer: (String, List<Any?>) -> Any?): FirstHoursInterface =
        Proxy.newProxyInstance(javaClass.classLoader, arrayOf(FirstHoursInterface::class.java)) { _, method, given ->
            answer(method.name, given.orEmpty().toList())
        } as FirstHoursInterface

    private fun emptyView(id: String, seen: Long) = EncounterView(
        id = id,
        seen = seen,
        handle = "",
        code = "",
        protocol = "",
        kept = "",
        phases = emptyList(),
        notices = emptyList(),
        void = false,
        canVoid = false,
        next = null,
        sections = emptyList(),
        clocks = emptyList(),
        calls = emptyList(),
        threads = emptyList(),
        notes = emptyList(),
        offers = emptyList(),
        colleagues = emptyList(),
        conflicts = 0,
        carried = emptyList(),
        newer = null,
        incident = emptyList(),
        sheets = emptyList(),
    )
}
