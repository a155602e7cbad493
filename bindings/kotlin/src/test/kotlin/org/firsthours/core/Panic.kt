package org.firsthours.core

import java.io.File
import kotlinx.coroutines.runBlocking

/** A process on the library that breaks on request: says what became of a call that panicked, and of the next one. */
fun main(arguments: Array<String>): Unit = runBlocking {
    val folder = arguments.single()
    val phone = FirstHoursCore.open(folder, ByteArray(32), "en")
    File(folder, "panic").createNewFile()
    try {
        phone.home()
    } catch (trouble: CoreError) {
        println((trouble.problem as CoreProblem.Bug).detail)
    }
    println(phone.home().nothing)
    phone.shutdown()
}
