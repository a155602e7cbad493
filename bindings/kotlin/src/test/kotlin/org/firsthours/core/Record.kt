package org.firsthours.core

import kotlinx.coroutines.runBlocking

/**
 * The process that is killed: records the night up to its kill, then notes in a second record until the kill comes. Takes
 * the folder and the key in hex; prints a line of JSON for each act that was acknowledged, after it was.
 */
fun main(arguments: Array<String>): Unit = runBlocking {
    val (folder, key) = arguments
    val phone = FirstHoursCore.open(folder, key.chunked(2).map { it.toInt(16).toByte() }.toByteArray(), Night.language)
    var view = phone.startEncounter()
    println("""{"begun": "${view.id}"}""")
    for (act in Night.beforeTheKill) {
        view = Night.play(phone, view, act)
        println("""{"record": "${view.id}", "seen": ${view.seen}}""")
    }
    view = phone.startEncounter(beside = view.id)
    println("""{"begun": "${view.id}"}""")
    while (true) {
        view = phone.act(view.id, view.seen, Act.Note("Note after ${view.seen}."))
        println("""{"record": "${view.id}", "seen": ${view.seen}}""")
    }
}
