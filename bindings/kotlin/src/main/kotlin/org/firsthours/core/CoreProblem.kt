package org.firsthours.core

/**
 * Why a call did not do what it was asked: each case is something that an app does differently. Two problems with the
 * same content are equal, so a screen's state that holds one changes only when it does.
 *
 * [sentence] is for the person and already in the app's language; of the rest nothing is to be shown.
 */
sealed interface CoreProblem {
    /** What to show. Empty where the core had no chance to say something. */
    val sentence: String

    /** The key does not open the store; nothing was touched. Ask to unlock again. */
    data class WrongKey(override val sentence: String) : CoreProblem

    /** A newer app wrote the store; nothing was touched. This app must be updated. */
    data class NewerStore(override val sentence: String) : CoreProblem

    /** The store is damaged. If [setAside] names a file or folder, it lies there, and opening again makes a new one. */
    data class CorruptStore(val setAside: String?, override val sentence: String) : CoreProblem

    /** Nothing of the call was kept: the phone is full. */
    data class DiskFull(override val sentence: String) : CoreProblem

    /** The phone could not read or write. Read the view again before going on; never just repeat the call. */
    data class StoreFault(val detail: String, override val sentence: String) : CoreProblem

    /** It was shut down. Open it again. */
    data class Closed(override val sentence: String) : CoreProblem

    /** It is not possible, and nothing was changed. [because] says what to do about it. */
    data class Refused(
        val because: RefusedBecause,
        val steps: List<String>,
        val field: String?,
        override val sentence: String,
    ) : CoreProblem

    /** There is no such record on this phone, or not any more. Leave its screen. */
    data class NoSuchRecord(override val sentence: String) : CoreProblem

    /** Without [enrolled] the station must first approve this phone; with it, one sync brings what is missing. */
    data class NotReady(val enrolled: Boolean, override val sentence: String) : CoreProblem

    /** The station could not be reached or did not agree. With [tryAgain] the same call may work later. */
    data class Station(val tryAgain: Boolean, override val sentence: String) : CoreProblem

    /** Something broke inside the core: a fault of the app. Read the view again; the core can be used on. */
    data class Bug(val detail: String) : CoreProblem {
        override val sentence: String get() = ""
    }
}

/** What every function of [FirstHoursCore] throws when it did not do what it was asked. */
class CoreError(val problem: CoreProblem, cause: Throwable) : Exception(problem.sentence, cause)

// No `else`: a case that is new in the core must be given its place here.
internal fun CoreException.toProblem(): CoreProblem =
    when (this) {
        is CoreException.WrongKey -> CoreProblem.WrongKey(sentence)
        is CoreException.NewerStore -> CoreProblem.NewerStore(sentence)
        is CoreException.CorruptStore -> CoreProblem.CorruptStore(setAside, sentence)
        is CoreException.DiskFull -> CoreProblem.DiskFull(sentence)
        is CoreException.StoreFault -> CoreProblem.StoreFault(detail, sentence)
        is CoreException.Closed -> CoreProblem.Closed(sentence)
        is CoreException.Refused -> CoreProblem.Refused(because, steps, `field`, sentence)
        is CoreException.NoSuchRecord -> CoreProblem.NoSuchRecord(sentence)
        is CoreException.NotReady -> CoreProblem.NotReady(enrolled, sentence)
        is CoreException.Station -> CoreProblem.Station(tryAgain, sentence)
    }
