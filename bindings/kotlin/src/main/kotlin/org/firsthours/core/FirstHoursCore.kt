package org.firsthours.core

import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.isActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * First Hours for one deputy on one phone, and the only caller of the generated code. [open] it when the phone is
 * unlocked, keep the one object, end it with [shutdown].
 *
 * Every function may be called from the main thread: none blocks it, and nothing of the library runs on it. Acts and
 * reads run one after the other in the order in which they were asked for; a sync runs beside them. When an act returns,
 * it is on disk, encrypted.
 *
 * Every function throws [CoreError], and nothing else, when it did not do what it was asked.
 */
class FirstHoursCore internal constructor(
    private val core: FirstHoursInterface,
    private val background: CoroutineDispatcher = Dispatchers.IO,
) {
    // A limit on shared threads and not a thread of its own: it keeps the order and holds nothing while nothing is asked.
    private val commands = background.limitedParallelism(1, "firsthours-commands")
    private val views = HashMap<String, MutableStateFlow<EncounterView?>>()
    private var shut = false
    private val oneSync = Mutex()
    private val progress = MutableStateFlow<SyncProgress?>(null)

    /** How far the running sync is; `null` while none runs. */
    val syncProgress: StateFlow<SyncProgress?> = progress.asStateFlow()

    /**
     * The newest view of a record that any call has given, to draw from; `null` until one has. An older one never
     * replaces it, whichever comes back last.
     */
    fun view(encounter: String): StateFlow<EncounterView?> = flowOf(encounter).asStateFlow()

    /** Begins a record under the protocol in force. [beside] is another record of the same scene, if there is one. */
    suspend fun startEncounter(beside: String? = null): EncounterView =
        command { it.startEncounter(beside).published() }

    /**
     * Does one thing to a record. [seen] is the token of the view that it was done on: nothing is replaced that this
     * view did not show. The view that comes back is the new screen.
     */
    suspend fun act(encounter: String, seen: Long, act: Act): EncounterView =
        command { it.act(encounter, seen, act).published() }

    /**
     * Keeps a half-written text safe; call it at most half a second after the last key. An empty text drops it.
     * What comes back says whether it would do as the answer; one that would not is kept all the same.
     */
    suspend fun draft(
        encounter: String,
        seen: Long,
        step: String,
        entry: String?,
        field: String,
        text: String,
    ): DraftKept = command { it.draft(encounter, seen, step, entry, field, text) }

    /**
     * Copies what this record says of the scene into the other records of the scene on this phone. Nothing that is
     * written there is replaced.
     */
    suspend fun copyToIncident(encounter: String): EncounterView = command { it.copyToIncident(encounter).published() }

    /** Says that a record belongs to the scene of [beside], another record on this phone. */
    suspend fun linkIncident(encounter: String, seen: Long, beside: String): EncounterView =
        command { it.linkIncident(encounter, seen, beside).published() }

    /** Moves a record to the version of a [moveCard]. Every answer is carried over, or stays in sight. */
    suspend fun moveRecord(encounter: String, seen: Long, protocol: String, reason: String? = null): EncounterView =
        command { it.moveRecord(encounter, seen, protocol, reason).published() }

    /** What moving a record to the newest version of its protocol would change; `null` when it is under that already. */
    suspend fun moveCard(encounter: String): MoveCard? = command { it.moveCard(encounter) }

    /** A sheet of a record, by the id that its view gives. Nothing is sent anywhere. */
    suspend fun sheet(encounter: String, sheet: String): SheetView = command { it.sheet(encounter, sheet) }

    /** What should ring from now on, the next first, at most 50. Ask again after each act and each sync. */
    suspend fun alarms(): List<Alarm> = command { it.alarms() }

    /** The first screen. */
    suspend fun home(): Home = command { it.home() }

    /** One record, whole. */
    suspend fun encounter(encounter: String): EncounterView = command { it.encounter(encounter).published() }

    /** One page of a record's history, newest first, at most 50 rows. The first page is 0. */
    suspend fun timeline(encounter: String, page: Int = 0): TimelinePage =
        command { it.timeline(encounter, page) }

    /** Who is to be called for a record, and how that stands. */
    suspend fun calls(encounter: String): List<CallView> = command { it.calls(encounter) }

    /** The records on this phone whose handle or code has this text in it, at most 50. */
    suspend fun search(text: String): List<HomeRow> = command { it.search(text) }

    /** What this phone still holds, and whether the station has it. */
    suspend fun holdings(): List<Holding> = command { it.holdings() }

    /** How this phone stands with the station. */
    suspend fun syncState(): SyncState = command { it.syncState() }

    /** Every fixed word of the app in a language, by a key that never changes. */
    suspend fun words(language: String): List<WordEntry> = command { it.words(language) }

    /** What went wrong lately on this phone, as codes for support, the oldest first, at most 64. */
    suspend fun faults(): List<FaultCode> = command { it.faults() }

    /** Derives every record again from its history and gives how many were not as they should be. */
    suspend fun rebuild(): Int = command { it.rebuild() }

    /** Asks the station to take this phone, with the one-time code; asked again with the same code, how that stands. */
    suspend fun enrol(server: ServerEndpoint, code: String): EnrolmentView =
        oneSync.withLock { told(background) { core.enrol(server, code) } }

    /**
     * Sends and fetches once, beside the acts. Trouble with the station is told in the report. [syncProgress] is
     * renewed every [every] while it runs; afterwards each changed record that [view] was asked for is read again.
     *
     * Cancelling the coroutine stops it after the request that it is at. The coroutine ends when it has stopped; what
     * was acknowledged until then counts.
     */
    suspend fun sync(every: Duration = 250.milliseconds): SyncReport {
        val report = oneSync.withLock { syncOnce(every) }
        report.changed.filter { synchronized(views) { it in views } }.forEach { encounter ->
            try {
                encounter(encounter)
            } catch (_: CoreError) {
                // The sync is done and told; what cannot be read again now shows its trouble to whoever looks at it.
            }
        }
        return report
    }

    private suspend fun syncOnce(every: Duration): SyncReport = coroutineScope {
        val ended = AtomicBoolean()
        val watcher = launch(background) {
            try {
                while (isActive) {
                    progress.value = ifPossible { core.syncProgress() }
                    delay(every)
                }
            } finally {
                // The sync has ended, or the caller was cancelled. A sync forgets a request to stop that came before it
                // had begun: so it is asked until it has ended.
                withContext(NonCancellable) {
                    while (!ended.get()) {
                        ifPossible { core.cancelSync() }
                        delay(ASK_AGAIN)
                    }
                }
                progress.value = null
            }
        }
        try {
            told(background) { core.syncNow() }
        } finally {
            ended.set(true)
            watcher.cancel()
        }
    }

    /**
     * Ends it: stops a running sync, closes the store, drops its key, and takes every view off the screen. It does not
     * wait for the acts that are still to come; they throw [CoreProblem.Closed], as every later call does.
     */
    suspend fun shutdown() {
        synchronized(views) {
            shut = true
            views.values.forEach { it.value = null }
        }
        withContext(NonCancellable) { told(background) { core.shutdown() } }
    }

    private suspend fun <T> command(block: (FirstHoursInterface) -> T): T = told(commands) { block(core) }

    /** Inside the command, and not after it: a caller that was cancelled has acted all the same. */
    private fun EncounterView.published(): EncounterView = also { new ->
        synchronized(views) {
            if (!shut) flowOf(id).update { old -> if (old == null || old.seen <= new.seen) new else old }
        }
    }

    private fun flowOf(encounter: String): MutableStateFlow<EncounterView?> =
        synchronized(views) { views.getOrPut(encounter) { MutableStateFlow(null) } }

    companion object {
        private val ASK_AGAIN = 20.milliseconds

        /**
         * Opens the store in a folder, or makes a new one there. [key] is the store's key, 32 random bytes that the
         * phone's keystore guards; it is wiped here, whatever comes of it. [language] is a code such as `es` or `es-MX`.
         * [sessionFile] is a file under `Context.noBackupFilesDir`: by it the store knows that it was put back from a copy.
         */
        suspend fun open(
            folder: String,
            key: ByteArray,
            language: String,
            sessionFile: String? = null,
        ): FirstHoursCore {
            // Outside the heap: there the collector makes no copies, and the library reads it where it lies.
            val direct = ByteBuffer.allocateDirect(key.size)
            var opened: FirstHours? = null
            try {
                direct.put(key).flip()
                told(Dispatchers.IO) { opened = FirstHours.open(folder, direct, language, sessionFile) }
                return FirstHoursCore(checkNotNull(opened))
            } catch (cancelled: CancellationException) {
                withContext(NonCancellable + Dispatchers.IO) { opened?.shutdown() }
                throw cancelled
            } finally {
                key.fill(0)
                repeat(direct.capacity()) { direct.put(it, 0) }
            }
        }
    }
}

/** Runs a call of the library off the caller's thread, and gives its errors their place among the problems. */
private suspend fun <T> told(on: CoroutineDispatcher, call: () -> T): T = withContext(on) {
    try {
        call()
    } catch (error: CoreException) {
        throw CoreError(error.toProblem(), error)
    } catch (error: InternalException) {
        throw CoreError(CoreProblem.Bug(error.message.orEmpty()), error)
    } catch (error: IllegalStateException) {
        // The generated object says so of itself once its memory is given back.
        throw CoreError(CoreProblem.Closed(""), error)
    }
}

/** A look that may fail without harm to the call beside which it is made: that call tells the trouble. */
private inline fun <T> ifPossible(look: () -> T): T? = try {
    look()
} catch (_: CoreException) {
    null
} catch (_: InternalException) {
    null
} catch (_: IllegalStateException) {
    null
}
