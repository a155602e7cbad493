package org.firsthours.core

/**
 * Why a call did not do what it was asked: each case is something that an app does differently. Two problems with the
 * same content are equal, so a screen's state that holds one changes only when it does.
 *
 * [sentence] is for the person and already in the app's language; of the rest nothing is to be shown.
 */
sealed interface FieldProblem {
    /** What to show. Empty where the core had no chance to say something. */
    val sentence: String

    /** The key does not open the store; nothing was touched. Ask to unlock again. */
    data class WrongKey(override val sentence: String) : FieldProblem

    /** A newer app wrote the store; nothing was touched. This app must be updated. */
    data class NewerStore(override val sentence: String) : FieldProblem

    /** The store is damaged. If [setAside] names a file or folder, it lies there, and opening again makes a new one. */
    data class CorruptStore(val setAside: String?, override val sentence: String) : FieldProblem

    /** Nothing of the call was kept: the phone is full. */
    data class DiskFull(override val sentence: String) : FieldProblem

    /** The phone could not read or write. Read the view again before going on; never just repeat the call. */
    data class StoreFault(val detail: String, override val sentence: String) : FieldProblem

    /** It was shut down. Open it again. */
    data class Closed(override val sentence: String) : FieldProblem

    /** It is not possible, and nothing was changed. [because] says what to do about it. */
    data class Refused(
        val because: RefusedBecause,
        val steps: List<String>,
        val field: String?,
        override val sentence: String,
    ) : FieldProblem

    /** There is no such record on this phone, or not any more. Leave its screen. */
    data class NoSuchRecord(override val sentence: String) : FieldProblem

    /** Without [enrolled] the station must first approve this phone; with it, one sync brings what is missing. */
    data class NotReady(val enrolled: Boolean, override val sentence: String) : FieldProblem

    /** The station could not be reached or did not agree. With [tryAgain] the same call may work later. */
    data class Station(val tryAgain: Boolean, override val sentence: String) : FieldProblem

    /** Something broke inside the core: a fault of the app. Read the view again; the core can be used on. */
    data class Bug(val detail: String) : FieldProblem {
        override val sentence: String get() = ""
    }
}

/** What every function of [FieldCore] throws when it did not do what it was asked. */
class FieldTrouble(val problem: FieldProblem, cause: Throwable) : Exception(problem.sentence, cause)

// No `else`: a case that is new in the core must be given its place here.
internal fun FieldException.toProblem(): FieldProblem =
    when (this) {
        is FieldException.WrongKey -> FieldProblem.WrongKey(sentence)
        is FieldException.NewerStore -> FieldProblem.NewerStore(sentence)
        is FieldException.CorruptStore -> FieldProblem.CorruptStore(setAside, sentence)
        is FieldException.DiskFull -> FieldProblem.DiskFull(sentence)
        is FieldException.StoreFault -> FieldProblem.StoreFault(detail, sentence)
        is FieldException.Closed -> FieldProblem.Closed(sentence)
        is FieldException.Refused -> FieldProblem.Refused(because, steps, `field`, sentence)
        is FieldException.NoSuchRecord -> FieldProblem.NoSuchRecord(sentence)
        is FieldException.NotReady -> FieldProblem.NotReady(enrolled, sentence)
        is FieldException.Station -> FieldProblem.Station(tryAgain, sentence)
    }
